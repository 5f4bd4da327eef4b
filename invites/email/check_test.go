package email_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"coalition/invites"
	"coalition/invites/email"
	"coalition/invites/email/emailtest"
)

func serverAt(t *testing.T, addr, security, password string) email.Server {
	t.Helper()
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	return email.Server{Host: host, Port: n, Security: security, Username: "ana",
		Password: func(context.Context) (string, error) { return password, nil }}
}

// A sign-in at real servers works, or is refused in words; it leaves no mail.
func TestCheck(t *testing.T) {
	t.Parallel()
	d := emailtest.StartDovecot(t, &good)
	s := emailtest.StartSubmission(t, d, &good)
	for _, tt := range []struct {
		name, smtp, imap, security, password string
		smtpSays, imapSays                   string
		refused                              bool
	}{
		{name: "tls", smtp: s.TLS, imap: d.IMAPS, security: email.TLS, password: emailtest.Password},
		{name: "starttls", smtp: s.STARTTLS, imap: d.IMAP, security: email.StartTLS, password: emailtest.Password},
		{name: "a wrong password", smtp: s.TLS, imap: d.IMAPS, security: email.TLS, password: "falsch", refused: true,
			smtpSays: "refused the user name or password", imapSays: "refused the sign-in"},
		{name: "no TLS there", smtp: s.STARTTLS, imap: d.IMAP, security: email.TLS, password: emailtest.Password,
			smtpSays: "127.0.0.1 can't be signed in to (TLS: it does not speak TLS on this port)", imapSays: "can't be signed in to (TLS: it does not speak TLS on this port)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			smtp := email.NewSMTP(email.SMTPConfig{Server: serverAt(t, tt.smtp, tt.security, tt.password)})
			says(t, smtp.Check(t.Context(), "ana@example.org"), tt.smtpSays, tt.refused)
			imap := email.NewMailbox(email.MailboxConfig{Server: serverAt(t, tt.imap, tt.security, tt.password)})
			seen, err := imap.Check(t.Context(), 0)
			says(t, err, tt.imapSays, tt.refused)
			if err == nil && seen.Sent != "Gesendet" {
				t.Errorf("the folder of sent mail is %q", seen.Sent)
			}
		})
	}
	imap := email.NewMailbox(email.MailboxConfig{Server: serverAt(t, d.IMAPS, email.TLS, emailtest.Password), Folder: "Nirgends"})
	_, err := imap.Check(t.Context(), 0)
	says(t, err, "refused (opening Nirgends): Mailbox doesn't exist", false)
	if mails := d.Messages("ana"); len(mails) > 0 {
		t.Errorf("there is mail: %q", mails)
	}
}

// What servers say of the senders of the newest mails is seen, and changes nothing of them.
func TestCheckServers(t *testing.T) {
	t.Parallel()
	d := emailtest.StartDovecot(t, &good)
	imap := email.NewMailbox(email.MailboxConfig{Server: serverAt(t, d.IMAPS, email.TLS, emailtest.Password)})
	if seen, err := imap.Check(t.Context(), 3); err != nil || len(seen.Servers) > 0 {
		t.Errorf("of no mail: %v, %v", seen.Servers, err)
	}
	for _, header := range []string{"Authentication-Results: old.example.org; spf=pass\r\n", "",
		"Authentication-Results: Scan.example.org; x=y\r\nAuthentication-Results: mx.example.org 1;\r\n spf=pass\r\n", "Authentication-Results: spf=fail\r\n"} {
		d.Deliver("ana", []byte(header+"Subject: x\r\n\r\nAuthentication-Results: body.example.org; spf=pass\r\n"))
	}
	seen, err := imap.Check(t.Context(), 3)
	if got := fmt.Sprint(seen.Servers); err != nil || got != "[[] [scan.example.org mx.example.org] []]" {
		t.Errorf("%s, %v", got, err)
	}
	if read, err := filepath.Glob(filepath.Join(d.Maildir("ana"), "cur", "*:2,*S*")); err != nil || len(read) > 0 {
		t.Errorf("mails are marked as read: %v, %v", read, err)
	}
}

func says(t *testing.T, err error, text string, refused bool) {
	t.Helper()
	if text == "" {
		if err != nil {
			t.Error(err)
		}
		return
	}
	var got *invites.DeliveryError
	if !errors.As(err, &got) || !strings.Contains(got.Text, text) || (got.Account && got.Wait > 0) != refused {
		t.Errorf("%+v, want %q", err, text)
	}
}
