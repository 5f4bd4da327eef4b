package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"coalition/invites"
	"coalition/invites/email"
	"coalition/invites/provider"
)

// loginWithin is how long a sign-in is waited for.
const loginWithin = 20 * time.Second

// A trial is what came of signing in at one of the mail servers of the config.
type trial struct {
	// area is smtp or imap; server is its name and port.
	area, server string
	// text says for people what was wrong, and mend what to do about it; both are "" where nothing was.
	text, mend string
	// refused says that it was the user name or the password.
	refused bool
	// ends is when the certificate of the server does; zero: none was shown, or none that is in order.
	ends time.Time
	// sent is the folder of sent mail, as the mailbox itself names it; "": it doesn't say.
	sent string
	// servers are, for each of the newest mails, those that say something of its sender.
	servers [][]string
}

// tryLogins signs in at the server that takes the mail, and at the mailbox, as far as the config has them. No mail is
// sent, and of so many of the newest what servers say of their senders is read. With areas only these are tried.
func (c *config) tryLogins(ctx context.Context, mails uint32, areas ...string) (list []trial) {
	ctx, cancel := context.WithTimeout(ctx, loginWithin)
	defer cancel()
	var try []func(t *trial, server email.Server) error
	var servers []email.Server
	add := func(area string, server email.Server, check func(t *trial, server email.Server) error) {
		if len(areas) > 0 && !slices.Contains(areas, area) {
			return
		}
		list = append(list, trial{area: area, server: fmt.Sprintf("%s, port %d", server.Host, server.Port)})
		servers, try = append(servers, server), append(try, check)
	}
	if s := c.Mail.SMTP; c.Mail.Via == "smtp" {
		server := c.server(s.Host, s.Port, s.Security, s.Auth, s.signIn, "mail.smtp")
		add("smtp", server, func(_ *trial, server email.Server) error {
			return email.NewSMTP(email.SMTPConfig{Server: server, Dial: loginWithin}).Check(ctx, string(c.Organizer.Email))
		})
	}
	if c.Replies != nil && c.Replies.IMAP != nil {
		i := c.Replies.IMAP
		server := c.server(i.Host, i.Port, i.Security, i.Auth, i.signIn, "replies.imap")
		add("imap", server, func(t *trial, server email.Server) error {
			m := email.NewMailbox(email.MailboxConfig{Server: server, Folder: i.Mailbox, Dial: loginWithin})
			seen, err := m.Check(ctx, mails)
			t.sent, t.servers = seen.Sent, seen.Servers
			return err
		})
	}
	var wg sync.WaitGroup
	for i := range list {
		t := &list[i]
		wg.Go(func() {
			servers[i].Met = func(state tls.ConnectionState) { t.ends = state.PeerCertificates[0].NotAfter }
			err := try[i](t, servers[i])
			if err == nil {
				return
			}
			t.text = err.Error()
			var fault *invites.DeliveryError
			if errors.As(err, &fault) {
				// A number means nothing to people.
				t.text = strings.TrimRight(fault.Text, ". ")
			}
			t.refused, t.mend = c.mendLogin(t.area, err)
		})
	}
	wg.Wait()
	return list
}

// mendLogin says what to do about a sign-in that failed, and whether it was the user name or the password.
func (c *config) mendLogin(area string, err error) (refused bool, mend string) {
	at, in, port := "mail.smtp", c.Mail.SMTP.signIn, c.Mail.SMTP.Port
	if area == "imap" {
		at, in, port = "replies.imap", c.Replies.IMAP.signIn, c.Replies.IMAP.Port
	}
	var fault *invites.DeliveryError
	var dns *net.DNSError
	var certificate *tls.CertificateVerificationError
	var invalid x509.CertificateInvalidError
	var authority x509.UnknownAuthorityError
	var noTLS tls.RecordHeaderError
	switch {
	// It says itself how.
	case errors.Is(err, invites.ErrLogin):
		return true, ""
	case errors.As(err, new(noPassword)) && len(in.passwords()) > 0:
		return false, "look at " + at + "." + in.passwords()[0]
	case errors.Is(err, email.ErrFolder):
		return false, "look at " + at + ".mailbox"
	case errors.As(err, &fault) && fault.Account && fault.Wait > 0:
		mend = fmt.Sprintf("look at the password, and at the user name (%s)", in.Username)
		if s := provider.Known(string(c.Organizer.Email)); s != nil && s.Need != provider.Password {
			mend = needed(s)
		}
		return true, mend
	case errors.As(err, &dns) && dns.IsNotFound:
		mend = "look at " + at + ".host, and at the network"
	case errors.Is(err, email.ErrSender):
		mend = fmt.Sprintf("sign in under %s with the account of %s, or name the account's own address in organizer.email",
			at, c.Organizer.Email)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		mend = "its certificate has ended, or the clock of this machine is wrong: look at the clock, then ask its provider"
	case errors.As(err, &authority):
		mend = "nobody whom this machine trusts vouches for its certificate: look at " + at +
			".host, and at the certificates of this machine (on Debian: the package ca-certificates)"
	case errors.As(err, &certificate):
		mend = "name the server in " + at + ".host as its certificate does; its provider knows that name"
	case errors.As(err, &noTLS):
		mend = fmt.Sprintf("write `security: starttls` under %s, or look at its port (%d)", at, port)
	case fault != nil && fault.Account:
		mend = "look at " + at
	default:
		mend = "look at " + at + ".host and its port, and at the network"
	}
	return false, mend
}

// needed says what a provider takes beside a plain password, and what can be done about it.
func needed(s *provider.Settings) string {
	at := ""
	if s.Help != "" {
		at = ": " + s.Help
	}
	switch s.Need {
	case provider.AppPassword:
		words := s.Name + " takes a password here that is made for one program, not the one of the account"
		if strings.HasSuffix(s.SMTP.Host, ".gmail.com") {
			words += " (or none, by a Google client of your own: the key auth, in config.example.yaml)"
		}
		return words + "; make one" + at
	case provider.SwitchedOn:
		return fmt.Sprintf("%s lets programs in only once that is switched on in its settings%s", s.Name, at)
	case provider.OAuth:
		name := s.Name
		if name == "" {
			name = "This provider"
		}
		return name + " lets programs in only by a sign-in page of its own (OAuth), which coalition can't use yet, " +
			"and takes no password" + at
	case provider.Bridge:
		return fmt.Sprintf("%s has a program of its own for this, which has to run on this machine, "+
			"and shows user name and password%s", s.Name, at)
	case provider.Nothing:
		return fmt.Sprintf("%s lets in no other program%s", s.Name, at)
	}
	return ""
}
