package emailtest

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

// A DNS is a name server that knows a few names: by name, and without its last dot.
type DNS struct {
	MX  map[string]string   // the host
	SRV map[string]*net.SRV // by _service._tcp.domain
	A   map[string]netip.Addr
	TXT map[string]string
}

// Start starts the server for t, and returns its address, host:port.
func (d DNS) Start(t testing.TB) (addr string) {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	go func() {
		buf := make([]byte, 2048)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			if answer := d.answer(buf[:n]); answer != nil {
				_, _ = conn.WriteTo(answer, from)
			}
		}
	}()
	return conn.LocalAddr().String()
}

// Resolver returns one that asks the name server at addr, and no other.
func Resolver(addr string) *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", addr)
	}}
}

func (d DNS) answer(query []byte) []byte {
	var m dnsmessage.Message
	if m.Unpack(query) != nil || len(m.Questions) != 1 {
		return nil
	}
	q := m.Questions[0]
	name := strings.ToLower(strings.TrimSuffix(q.Name.String(), "."))
	// The rest of the question, such as EDNS, is not answered.
	m = dnsmessage.Message{Header: dnsmessage.Header{ID: m.ID, Response: true, Authoritative: true}, Questions: m.Questions}
	var body dnsmessage.ResourceBody
	mx, hasMX := d.MX[name]
	srv, a, txt := d.SRV[name], d.A[name], d.TXT[name]
	switch {
	case q.Type == dnsmessage.TypeMX && hasMX:
		body = &dnsmessage.MXResource{Pref: 10, MX: dnsmessage.MustNewName(mx + ".")}
	case q.Type == dnsmessage.TypeSRV && srv != nil:
		body = &dnsmessage.SRVResource{Priority: srv.Priority, Weight: srv.Weight, Port: srv.Port, Target: dnsmessage.MustNewName(srv.Target)}
	case q.Type == dnsmessage.TypeA && a.Is4():
		body = &dnsmessage.AResource{A: a.As4()}
	case q.Type == dnsmessage.TypeTXT && txt != "":
		body = &dnsmessage.TXTResource{TXT: []string{txt}}
	case !hasMX && srv == nil && !a.IsValid() && txt == "":
		m.RCode = dnsmessage.RCodeNameError
	}
	if body != nil {
		m.Answers = []dnsmessage.Resource{{Header: dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class, TTL: 60}, Body: body}}
	}
	packed, err := m.Pack()
	if err != nil {
		return nil
	}
	return packed
}
