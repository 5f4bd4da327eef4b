package provider

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"coalition/invites/email/emailtest"
)

// Each line of the list can be read, names servers of its own, and comes first for its domains.
func TestList(t *testing.T) {
	lines, seen := 0, make(map[string]bool)
	for line := range strings.Lines(providers) {
		if strings.HasPrefix(line, "#") || strings.TrimSpace(line) == "" {
			continue
		}
		lines++
		fields := strings.Split(strings.TrimSuffix(line, "\n"), "|")
		if len(fields) != 5 {
			t.Fatalf("%d fields: %s", len(fields), line)
		}
		for _, d := range strings.Fields(fields[4]) {
			if !isHost(d) || seen[d] {
				t.Errorf("%s is no domain, or there twice: %s", d, line)
			}
			seen[d] = true
			s := Known("ana.lopes@" + strings.ToUpper(d))
			if s == nil || s.Name == "" || s.Source != Kept || len(s.Name) > 40 {
				t.Fatalf("%s: %+v", d, s)
			}
			if s.Need == Nothing {
				if s.SMTP.Host+s.IMAP.Host != "" || s.Help == "" {
					t.Errorf("%s: %+v", d, s)
				}
				continue
			}
			for _, server := range []Server{s.SMTP, s.IMAP} {
				if !isHost(server.Host) || server.Port == 0 || server.Username != "ana.lopes" && server.Username != "ana.lopes@"+d {
					t.Errorf("%s: %+v", d, server)
				}
			}
			if need := strings.TrimSpace(fields[3]); need != "" && (s.Need == Password || !strings.HasPrefix(s.Help, "https://")) {
				t.Errorf("%s: %q is read as %+v", d, need, s)
			}
		}
	}
	if lines < 100 {
		t.Errorf("%d lines only", lines)
	}
}

func TestKnown(t *testing.T) {
	for address, want := range map[string]*Settings{
		"ana@gmail.com": {Name: "Gmail", Need: AppPassword, Help: "https://myaccount.google.com/apppasswords",
			IMAP: Server{"imap.gmail.com", 993, true, "ana@gmail.com"}, SMTP: Server{"smtp.gmail.com", 465, true, "ana@gmail.com"}},
		"Ana@iCloud.com": {Name: "iCloud", Need: AppPassword, Help: "https://account.apple.com",
			IMAP: Server{"imap.mail.me.com", 993, true, "Ana"}, SMTP: Server{"smtp.mail.me.com", 587, false, "Ana@icloud.com"}},
		"ana@mail.com.example.org": nil,
		"ana@example.org":          nil,
		"ana":                      nil,
	} {
		if diff := cmp.Diff(want, Known(address)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", address, diff)
		}
	}
}

// A web is a network on which one TLS server answers for all names of its certificate.
func web(t *testing.T, answer http.HandlerFunc) *http.Client {
	t.Helper()
	server := httptest.NewUnstartedServer(answer)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	transport := server.Client().Transport.(*http.Transport).Clone()
	// Its certificate is for example.com, and what lies below that.
	transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, server.Listener.Addr().String())
	}
	return &http.Client{Transport: transport}
}

const config = `<?xml version="1.0" encoding="UTF-8"?>
<clientConfig version="1.1">
 <emailProvider id="example.com">
  <domain>example.com</domain>
  <displayName>Mail of
   %EMAILDOMAIN%</displayName>
  <incomingServer type="pop3"><hostname>pop.example.com</hostname><port>995</port><socketType>SSL</socketType><username>x</username></incomingServer>
  <incomingServer type="imap"><hostname>imap.example.com</hostname><port>143</port><socketType>STARTTLS</socketType>
   <authentication>OAuth2</authentication><username>%EMAILLOCALPART%</username></incomingServer>
  <incomingServer type="imap"><hostname>imap.%EMAILDOMAIN%</hostname><port>993</port><socketType>SSL</socketType>
   <authentication>OAuth2</authentication><authentication>password-cleartext</authentication><username>%EMAILLOCALPART%</username></incomingServer>
  <outgoingServer type="smtp"><hostname>plain.example.com</hostname><port>25</port><socketType>plain</socketType><username>x</username></outgoingServer>
  <outgoingServer type="smtp"><hostname>smtp.example.com</hostname><port>587</port><socketType>STARTTLS</socketType><username>%EMAILADDRESS%</username></outgoingServer>
 </emailProvider>
</clientConfig>`

// What a domain publishes is asked of itself only, and of two addresses.
func TestPublished(t *testing.T) {
	dns := emailtest.Resolver(emailtest.DNS{}.Start(t))
	want := &Settings{Name: "Mail of example.com", Source: Published, IMAP: Server{"imap.example.com", 993, true, "ana+x"},
		SMTP: Server{"smtp.example.com", 587, false, "ana+x@example.com"}}
	for _, where := range []string{"autoconfig.example.com/mail/config-v1.1.xml", "example.com/.well-known/autoconfig/mail/config-v1.1.xml"} {
		f := &Finder{DNS: dns, Client: web(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Host+r.URL.Path != where || r.FormValue("emailaddress") != "ana+x@example.com" {
				http.NotFound(w, r)
				return
			}
			_, _ = io.WriteString(w, config)
		})}
		want.By, _, _ = strings.Cut(where, "/")
		if diff := cmp.Diff(want, f.Find(context.Background(), "ana+x@Example.com")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", where, diff)
		}
	}
}

// Nothing of what a hostile server sends is believed.
func TestHostile(t *testing.T) {
	dns := emailtest.Resolver(emailtest.DNS{}.Start(t))
	for name, answer := range map[string]string{
		"an endless file":       config + strings.Repeat(" ", longest),
		"entities":              `<!DOCTYPE x [<!ENTITY a "imap.example.com">]>` + strings.ReplaceAll(config, "imap.%EMAILDOMAIN%", "&a;"),
		"another format":        strings.ReplaceAll(config, "clientConfig", "serverConfig"),
		"no TLS":                strings.NewReplacer("STARTTLS", "plain", "SSL", "plain").Replace(config),
		"no host":               strings.NewReplacer("imap.", "a b.", "smtp.", "-.").Replace(config),
		"no port":               strings.NewReplacer("143", "0", "993", "99999", "587", "x").Replace(config),
		"a line in a user name": strings.NewReplacer("%EMAILLOCALPART%", "a&#10;b", "%EMAILADDRESS%", "a&#x202e;b").Replace(config),
		"nothing":               "",
	} {
		f := &Finder{DNS: dns, Client: web(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, answer) })}
		if s := f.Find(context.Background(), "ana@example.com"); s != nil {
			t.Errorf("%s: %+v", name, s)
		}
	}
	plain := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, config) }))
	t.Cleanup(plain.Close)
	client := web(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://example.com/mail/config-v1.1.xml", http.StatusFound)
	})
	transport := client.Transport.(*http.Transport)
	encrypted := transport.DialContext
	transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		if strings.HasSuffix(address, ":80") {
			return new(net.Dialer).DialContext(ctx, network, plain.Listener.Addr().String())
		}
		return encrypted(ctx, network, address)
	}
	f := &Finder{DNS: dns, Client: client}
	if s := f.Find(context.Background(), "ana@example.com"); s != nil {
		t.Errorf("over http: %+v", s)
	}
}

// Without a word of the domain's web servers its DNS counts: first the exchanger of a well-known provider, then what it
// names itself.
func TestDNS(t *testing.T) {
	none := web(t, http.NotFound)
	zone := emailtest.DNS{
		MX: map[string]string{"work.example": "aspmx.l.google.com", "firm.example": "firm-example.mail.protection.outlook.com",
			"xn--mller-kva.example": "in1-smtp.messagingengine.com", "own.example": "mail.own.example"},
		SRV: map[string]*net.SRV{
			"_submission._tcp.own.example":   {Target: "smtp.own.example.", Port: 587},
			"_imaps._tcp.own.example":        {Target: "imap.own.example.", Port: 993},
			"_imap._tcp.own.example":         {Target: "plain.own.example.", Port: 143},
			"_submissions._tcp.none.example": {Target: ".", Port: 0},
			"_submission._tcp.half.example":  {Target: "smtp.half.example.", Port: 2587},
		},
	}
	f := &Finder{DNS: emailtest.Resolver(zone.Start(t)), Client: none}
	find := func(address string) *Settings { return f.Find(context.Background(), address) }
	if s := find("ana@work.example"); s == nil || s.Name != "Gmail" || s.SMTP.Username != "ana@work.example" || s.By != "aspmx.l.google.com" || s.Source != DNS {
		t.Errorf("Google Workspace: %+v", s)
	}
	if s := find("ana@firm.example"); s == nil || s.Name != "Microsoft 365" || s.Need != OAuth {
		t.Errorf("Microsoft 365: %+v", s)
	}
	if s := find("ana@müller.example"); s == nil || s.Name != "Fastmail" || s.IMAP.Username != "ana@müller.example" {
		t.Errorf("a domain with an umlaut: %+v", s)
	}
	want := &Settings{Source: DNS, By: "own.example", IMAP: Server{"imap.own.example", 993, true, "ana@own.example"},
		SMTP: Server{"smtp.own.example", 587, false, "ana@own.example"}}
	if diff := cmp.Diff(want, find("ana@own.example")); diff != "" {
		t.Errorf("SRV (-want +got):\n%s", diff)
	}
	if s := find("ana@half.example"); s == nil || s.SMTP.Port != 2587 || s.IMAP.Host != "" {
		t.Errorf("sending only: %+v", s)
	}
	for _, address := range []string{"ana@none.example", "ana@unknown.example", "ana@.", "ana"} {
		if s := find(address); s != nil {
			t.Errorf("%s: %+v", address, s)
		}
	}
}

type silent struct{}

func (silent) RoundTrip(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// A network that is silent is waited for as long as the caller allows, and for a few seconds at most.
func TestSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hang := func(ctx context.Context, _, _ string) (net.Conn, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		f := &Finder{Client: &http.Client{Transport: silent{}}, DNS: &net.Resolver{PreferGo: true, Dial: hang}}
		for _, allowed := range []time.Duration{time.Second, time.Hour} {
			ctx, cancel := context.WithTimeout(context.Background(), allowed)
			began := time.Now()
			if s := f.Find(ctx, "ana@example.org"); s != nil {
				t.Errorf("%+v", s)
			}
			if took := time.Since(began); took != min(allowed, within) {
				t.Errorf("it took %v", took)
			}
			cancel()
		}
	})
}
