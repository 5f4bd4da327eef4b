// Package provider knows by which servers mail for an address leaves and comes, and what signing in there takes: from a
// kept list, from what the address's domain publishes, and from DNS. It leaves to its callers whether that is believed,
// and signing in.
package provider

import (
	"context"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/idna"
)

// A Source is who has said so.
type Source int

const (
	// Kept is the list that comes with the program.
	Kept Source = iota
	// Published is the web server of the address's own domain, by https.
	Published
	// DNS is what nothing vouches for.
	DNS
)

// A Need is what signing in takes.
type Need int

const (
	// Password is the account's own.
	Password Need = iota
	// AppPassword is one that is made for a single program; the account's own is refused.
	AppPassword
	// SwitchedOn is the account's own, once programs have been let in.
	SwitchedOn
	// OAuth is a sign-in by a page of the provider's; no password is taken.
	OAuth
	// Bridge is a program of the provider's on this machine, which gives out user name and password.
	Bridge
	// Nothing lets another program in.
	Nothing
)

// Settings are how mail for an address leaves and comes.
type Settings struct {
	// Name is the provider's, for people; "": nobody has said.
	Name string
	// SMTP and IMAP are its servers; one without a Host is not known.
	SMTP, IMAP Server
	Need       Need
	// Help is a web address that tells more of Need; may be "".
	Help string

	Source Source
	// By is the host or domain whose word this is; "" with Kept.
	By string
}

// A Server is one that wants TLS.
type Server struct {
	Host string
	Port int
	// TLS says that it is there from the first byte (RFC 8314); otherwise STARTTLS brings it.
	TLS bool
	// Username is who signs in.
	Username string
}

// A Resolver is what is asked of DNS; [net.Resolver] is one.
type Resolver interface {
	LookupMX(ctx context.Context, name string) ([]*net.MX, error)
	LookupSRV(ctx context.Context, service, proto, name string) (cname string, addrs []*net.SRV, err error)
}

// within is how long the network is asked. A domain that publishes nothing is as often silent as it says no.
const within = 6 * time.Second

// A Finder asks the network.
type Finder struct {
	Client *http.Client
	DNS    Resolver
}

// Known returns what the kept list says of an address; nil: nothing.
func Known(address string) *Settings {
	local, domain := split(address)
	return known(local, domain, func(d string) bool { return d == domain })
}

// Find returns what is known of an address, after the list by what its domain publishes, by whose servers its mail goes
// to, and by its DNS, in this order; nil: nothing is. It tells the domain's own servers the address, and nobody else.
func (f *Finder) Find(ctx context.Context, address string) *Settings {
	if s := Known(address); s != nil {
		return s
	}
	local, domain := split(address)
	// The name as DNS has it (RFC 5891).
	ascii, err := idna.Lookup.ToASCII(domain)
	if err != nil || !isHost(ascii) {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	asks := []func() *Settings{
		func() *Settings { return f.published(ctx, local, domain, "autoconfig."+ascii, "") },
		func() *Settings { return f.published(ctx, local, domain, ascii, "/.well-known/autoconfig") },
		func() *Settings { return f.hosted(ctx, local, domain, ascii) },
		func() *Settings { return f.named(ctx, local, domain, ascii) },
	}
	said := make([]*Settings, len(asks))
	var wg sync.WaitGroup
	for i, ask := range asks {
		wg.Go(func() { said[i] = ask() })
	}
	wg.Wait()
	for _, s := range said {
		if s != nil {
			return s
		}
	}
	return nil
}

// split returns what stands before and behind the @, the latter in lower case.
func split(address string) (local, domain string) {
	at := strings.LastIndexByte(address, '@')
	if at < 0 {
		return address, ""
	}
	return address[:at], strings.ToLower(strings.TrimSuffix(address[at+1:], "."))
}

// isHost reports whether s is the name of a host in full, as DNS writes it.
func isHost(s string) bool {
	if len(s) > 253 || !strings.Contains(s, ".") {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		if strings.Trim(label, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") != "" {
			return false
		}
	}
	return true
}
