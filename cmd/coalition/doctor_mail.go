package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-msgauth/dmarc"
	"golang.org/x/net/publicsuffix"

	"coalition/invites/provider"
)

// mailLooks are the sign-ins to the mail servers, and what DNS says of the organizer's domain.
func (d *doctor) mailLooks() (list []look) {
	c := d.config
	if c.Mail.Via == "smtp" {
		list = append(list, look{area: "smtp", what: "the server " + c.Mail.SMTP.Host, whom: c.Mail.SMTP.Host,
			ask: func(ctx context.Context) []finding { return d.tried(ctx, "smtp") }})
		email := string(c.Organizer.Email)
		// Providers look after their own domains.
		if domain := domainOf(email); provider.Known(email) == nil && !reserved(domain) {
			list = append(list, look{area: "smtp", what: "the domain " + domain, whom: "DNS",
				ask: func(ctx context.Context) []finding {
					return lookUpDomain(ctx, d.dns, domain)
				}})
		}
	} else {
		d.tell("smtp", "the server", fine, "there is none; mail goes to a folder, as files (mail.via in the config)", "")
	}
	if c.Replies != nil && c.Replies.IMAP != nil {
		list = append(list, look{area: "imap", what: "the server " + c.Replies.IMAP.Host, whom: c.Replies.IMAP.Host,
			ask: func(ctx context.Context) []finding { return d.tried(ctx, "imap") }})
		if len(c.Replies.Trust) == 0 && d.noNetwork {
			d.found = append(d.found, judgeTrust(nil, nil))
		}
	} else {
		d.tell("imap", "the mailbox", fine, "none is read (replies.imap in the config); tell answers with: "+d.hint("answer"),
			"")
	}
	if own, username := string(c.Organizer.Email), c.Mail.SMTP.Username; c.Mail.Via == "smtp" && strangeSender(own,
		username) {
		d.tell("smtp", "the sender", doubt,
			fmt.Sprintf("mail is from %s, and signed in as %s: many servers refuse that, or write another sender", own,
				username),
			"sign in with the account of "+own+", or name "+username+" in organizer.email")
	}
	return list
}

// strangeSender reports whether who signs in is an address of another domain than the sender's.
func strangeSender(sender, username string) bool {
	return strings.Contains(username, "@") && domainOf(username) != domainOf(sender)
}

// domainOf returns the domain of an address, in lower case.
func domainOf(address string) string {
	return strings.ToLower(address[strings.LastIndexByte(address, '@')+1:])
}

// reserved reports whether a domain is nobody's (RFC 6761), or of a network of one's own.
func reserved(domain string) bool {
	last := domain[strings.LastIndexByte(domain, '.')+1:]
	return !strings.Contains(domain, ".") || slices.Contains([]string{"example", "test", "invalid", "localhost", "local",
		"internal"}, last)
}

// tried says what came of the sign-in at the server of an area.
func (d *doctor) tried(ctx context.Context, area string) (list []finding) {
	for _, t := range d.config.tryLogins(ctx, newestMails, area) {
		what := "the server " + t.server
		if t.text != "" {
			text, mend := t.text, t.mend
			// Some say themselves how they are mended.
			if before, use, ok := strings.Cut(text, "; use: "); ok {
				text, mend = before, "use: "+strings.TrimSuffix(use, ")")
				text += strings.Repeat(")", strings.Count(text, "(")-strings.Count(text, ")"))
			}
			list = append(list, finding{area, what, faulty, text, mend})
			continue
		}
		text := "signs in, and lets the mailbox be read"
		if area == "smtp" {
			text = "signs in, and takes mail from " + string(d.config.Organizer.Email)
		}
		list = append(list, finding{area, what, fine, text, ""})
		if area == "imap" {
			list = append(list, judgeTrust(t.servers, d.config.Replies.Trust))
		}
		if f, ok := d.ending(area, what, t.ends, "ask its provider for a new one"); ok {
			list = append(list, f)
		}
	}
	return list
}

const (
	// newestMails is of how many the senders' servers are looked at, fewMails what is too few to tell anything by.
	newestMails = 20
	fewMails    = 5
)

// judgeTrust holds the servers whose word about a sender counts against those that say something in the newest mails.
func judgeTrust(mails [][]string, trust []string) finding {
	f := finding{Area: "imap", What: "trust", State: doubt}
	// What stands on top was added last, by the organizer's own server; unless that adds nothing.
	top, counts, most := "", make(map[string]int), 0
	trusted := 0
	for _, servers := range mails {
		if slices.ContainsFunc(servers, func(s string) bool {
			return slices.ContainsFunc(trust, func(t string) bool { return strings.EqualFold(s, t) })
		}) {
			trusted++
		}
		if len(servers) > 0 {
			if counts[servers[0]]++; counts[servers[0]] > most {
				top, most = servers[0], counts[servers[0]]
			}
		}
	}
	named := "name your own mail server under replies.trust, as its header Authentication-Results begins"
	if most > 1 {
		named = fmt.Sprintf("if %s is your own mail server, which stands on top in %d of your newest %d mails: "+
			"name it under replies.trust",
			top, most, len(mails))
	}
	switch {
	case len(trust) == 0:
		f.Text, f.Mend = "no server's word about a sender counts, and so answers wait until you look at them", named
	case trusted > 0 || len(mails) < fewMails:
		f.State, f.Text = fine, "what "+strings.Join(trust, " or ")+" says of a sender counts"
	case most > 0:
		f.Text, f.Mend = fmt.Sprintf("what %s says of a sender counts, and it says nothing in your newest %d mails",
			strings.Join(trust, " or "), len(mails)), named
	default:
		f.Text = fmt.Sprintf("in your newest %d mails no server says anything of the sender, "+
			"and so answers wait until you look at them", len(mails))
		f.Mend = "ask your provider whether its server writes the header Authentication-Results"
	}
	return f
}

// certificateSoon is how long before its end a certificate deserves a look: who renews them does so earlier.
const certificateSoon = 10 * 24 * time.Hour

// ending warns of a certificate that ends soon; ends may be zero.
func (d *doctor) ending(area, what string, ends time.Time, mend string) (f finding, soon bool) {
	left := ends.Sub(d.wall())
	if ends.IsZero() || left >= certificateSoon {
		return f, false
	}
	return finding{area, what, doubt, "its certificate ends on " + d.local(ends) + ", in " + several(int(left.Hours()/24),
		"day", "days"), mend}, true
}

// A mailResolver is what is asked of DNS; net.Resolver is one.
type mailResolver interface {
	LookupTXT(ctx context.Context, name string) ([]string, error)
	LookupMX(ctx context.Context, name string) ([]*net.MX, error)
}

// lookUpDomain looks at what the domain of the sender says of who may send for it. It only gives hints, and none where
// DNS does not answer: whether a mail passes, its receivers alone know.
func lookUpDomain(ctx context.Context, dns mailResolver, domain string) (list []finding) {
	what := "the domain " + domain
	add := func(state, text, mend string) { list = append(list, finding{"smtp", what, state, text, mend}) }
	texts, err := dns.LookupTXT(ctx, domain)
	if len(texts) == 0 && (err == nil || absent(err)) {
		// A network that knows no names says of every one that there is nothing.
		_, err = dns.LookupMX(ctx, domain)
	}
	if err != nil {
		add(fine, "DNS does not know it from here now, and so it can't be told who may send for it", "")
		return list
	}
	var policies []string
	for _, text := range texts {
		if version, _, _ := strings.Cut(strings.ToLower(text), " "); version == "v=spf1" {
			policies = append(policies, strings.ToLower(text))
		}
	}
	const ask = "ask who looks after your domain "
	switch {
	case len(policies) == 0:
		add(doubt, "it does not say in DNS who may send for it (SPF), and so mail of yours may be taken for spam",
			ask+"for an SPF record that names your mail server")
	case len(policies) > 1:
		add(doubt, fmt.Sprintf("it says in DNS %d times who may send for it (SPF), and so none counts", len(policies)),
			ask+"to make one SPF record of them")
	case slices.Equal(strings.Fields(policies[0])[1:], []string{"-all"}):
		add(doubt, "it says in DNS that nobody may send for it (SPF)", ask+"to name your mail server in the SPF record")
	}
	found, err := findDMARC(ctx, dns, domain)
	switch {
	case errors.Is(err, dmarc.ErrNoPolicy):
		add(doubt, "it does not say in DNS what becomes of mail in its name that is forged (DMARC), and some receivers mind",
			ask+"for a DMARC record; `v=DMARC1; p=none` is a beginning")
	case err != nil && !dmarc.IsTempFail(err):
		add(doubt, "its DMARC record can't be read", ask+"to write it anew")
	case err == nil && len(list) == 0:
		add(fine, fmt.Sprintf("it says who may send for it (SPF), and what becomes of the rest (DMARC: %s)", found.Policy),
			"")
	}
	return list
}

// absent reports whether DNS has said that there is nothing.
func absent(err error) bool {
	var fault *net.DNSError
	return errors.As(err, &fault) && fault.IsNotFound
}

// findDMARC finds the record of a domain, or of the one that it is part of (RFC 7489, section 6.6.3).
func findDMARC(ctx context.Context, dns mailResolver, domain string) (*dmarc.Record, error) {
	options := &dmarc.LookupOptions{LookupTXT: func(name string) ([]string, error) { return dns.LookupTXT(ctx, name) }}
	record, err := dmarc.LookupWithOptions(domain, options)
	if whole, e := publicsuffix.EffectiveTLDPlusOne(domain); e == nil && whole != domain && errors.Is(err,
		dmarc.ErrNoPolicy) {
		return dmarc.LookupWithOptions(whole, options)
	}
	return record, err
}
