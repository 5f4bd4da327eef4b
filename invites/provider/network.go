package provider

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"coalition/invites/plaintext"
)

// hosted returns the settings of the well-known provider to whose servers the domain's mail goes.
func (f *Finder) hosted(ctx context.Context, local, domain, ascii string) *Settings {
	list, err := f.DNS.LookupMX(ctx, ascii)
	if err != nil || len(list) == 0 {
		return nil
	}
	// The first is the one that counts: others are for when it is down.
	host := strings.ToLower(strings.TrimSuffix(list[0].Host, "."))
	s := known(local, domain, func(d string) bool { return host == d || strings.HasSuffix(host, "."+d) })
	if s != nil {
		s.Source, s.By = DNS, host
	}
	return s
}

// named returns what the domain's DNS names (RFC 6186 and 8314). TLS from the first byte on is better.
func (f *Finder) named(ctx context.Context, local, domain, ascii string) *Settings {
	look := func(encrypted, plain string) Server {
		for _, service := range []string{encrypted, plain} {
			_, list, err := f.DNS.LookupSRV(ctx, service, "tcp", ascii)
			if err != nil {
				continue
			}
			// They are in the order in which they are to be tried. A dot alone says that there is none.
			for _, r := range list {
				if host := strings.TrimSuffix(r.Target, "."); isHost(host) && r.Port > 0 {
					return Server{Host: host, Port: int(r.Port), TLS: service == encrypted, Username: local + "@" + domain}
				}
			}
		}
		return Server{}
	}
	s := &Settings{SMTP: look("submissions", "submission"), IMAP: look("imaps", "imap"), Source: DNS, By: domain}
	if s.SMTP.Host == "" && s.IMAP.Host == "" {
		return nil
	}
	return s
}

const (
	// longest is more than any such file has, in bytes.
	longest   = 64 << 10
	redirects = 3
)

// published returns what a web server of the domain says, at one of the addresses at which Thunderbird asks
// (https://www.bucksch.org/1/projects/thunderbird/autoconfiguration): only by https, so that it is the domain's word.
func (f *Finder) published(ctx context.Context, local, domain, host, path string) *Settings {
	address := &url.URL{Scheme: "https", Host: host, Path: path + "/mail/config-v1.1.xml",
		RawQuery: url.Values{"emailaddress": {local + "@" + domain}}.Encode()}
	s := read(f.get(ctx, address.String()), local, domain)
	if s != nil {
		s.By = host
	}
	return s
}

// get returns what stands at a web address; nil: nothing that can be used.
func (f *Finder) get(ctx context.Context, address string) []byte {
	client := *f.Client
	client.CheckRedirect = func(r *http.Request, via []*http.Request) error {
		if r.URL.Scheme != "https" || len(via) > redirects {
			return errors.New("it leads elsewhere")
		}
		return nil
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil
	}
	answer, err := client.Do(r)
	if err != nil {
		return nil
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(io.LimitReader(answer.Body, longest+1))
	if err != nil || answer.StatusCode != http.StatusOK || len(data) > longest {
		return nil
	}
	return data
}

// A published server, in the format of Thunderbird's configuration files, version 1.1.
type xmlServer struct {
	Type           string   `xml:"type,attr"`
	Hostname       string   `xml:"hostname"`
	Port           string   `xml:"port"`
	SocketType     string   `xml:"socketType"`
	Username       string   `xml:"username"`
	Authentication []string `xml:"authentication"`
}

// read returns what such a file says; nil: nothing that can be used.
func read(data []byte, local, domain string) *Settings {
	var file struct {
		XMLName  xml.Name `xml:"clientConfig"`
		Provider struct {
			Name     string      `xml:"displayName"`
			Incoming []xmlServer `xml:"incomingServer"`
			Outgoing []xmlServer `xml:"outgoingServer"`
		} `xml:"emailProvider"`
	}
	// It knows no entities but XML's own, and reads none from elsewhere.
	if xml.NewDecoder(bytes.NewReader(data)).Decode(&file) != nil {
		return nil
	}
	fill := strings.NewReplacer("%EMAILADDRESS%", local+"@"+domain, "%EMAILLOCALPART%", local, "%EMAILDOMAIN%", domain)
	s := &Settings{Source: Published}
	pick := func(list []xmlServer, kind string) (best Server) {
		var ways []string
		for _, x := range list {
			port, err := strconv.ParseUint(strings.TrimSpace(x.Port), 10, 16)
			way := strings.TrimSpace(x.SocketType)
			server := Server{Host: fill.Replace(strings.TrimSpace(x.Hostname)), Port: int(port), TLS: way == "SSL",
				Username: fill.Replace(strings.TrimSpace(x.Username))}
			switch {
			case x.Type != kind, err != nil, port == 0, way != "SSL" && way != "STARTTLS":
			case !isHost(server.Host) && net.ParseIP(server.Host) == nil, plaintext.CheckLine(server.Username) != nil:
			case best.Host == "", server.TLS && !best.TLS:
				best, ways = server, x.Authentication
			}
		}
		if noPassword(ways) {
			s.Need = OAuth
		}
		return best
	}
	s.SMTP, s.IMAP = pick(file.Provider.Outgoing, "smtp"), pick(file.Provider.Incoming, "imap")
	if s.SMTP.Host == "" && s.IMAP.Host == "" {
		return nil
	}
	if name := fill.Replace(plaintext.Line(file.Provider.Name)); len(name) <= 60 {
		s.Name = name
	}
	return s
}

// noPassword reports whether a server says how it can be signed in to, and names no password.
func noPassword(ways []string) bool {
	for _, way := range ways {
		if !strings.EqualFold(strings.TrimSpace(way), "OAuth2") {
			return false
		}
	}
	return len(ways) > 0
}
