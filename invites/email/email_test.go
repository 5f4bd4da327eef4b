// Only the certificates that the tests make are trusted, on every system.
//go:debug x509usefallbackroots=1

package email_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"net"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if err := certify(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	goleak.VerifyTestMain(m)
}

// The certificates that servers show: as they should be, and with one fault each.
var good, otherName, expired, untrusted tls.Certificate

func certify() error {
	trusted, err := authority("trusted")
	if err != nil {
		return err
	}
	other, err := authority("other")
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	roots.AddCert(trusted.Leaf)
	x509.SetFallbackRoots(roots)
	for _, c := range []struct {
		to       *tls.Certificate
		by       *tls.Certificate
		name     string
		notAfter time.Time
	}{
		{&good, trusted, "127.0.0.1", time.Now().Add(time.Hour)},
		{&otherName, trusted, "mail.example.org", time.Now().Add(time.Hour)},
		{&expired, trusted, "127.0.0.1", time.Now().Add(-time.Hour)},
		{&untrusted, other, "127.0.0.1", time.Now().Add(time.Hour)},
	} {
		template := &x509.Certificate{SerialNumber: big.NewInt(2), NotBefore: time.Now().Add(-2 * time.Hour), NotAfter: c.notAfter}
		if ip := net.ParseIP(c.name); ip != nil {
			template.IPAddresses = []net.IP{ip}
		} else {
			template.DNSNames = []string{c.name}
		}
		made, err := sign(template, c.by)
		if err != nil {
			return err
		}
		*c.to = *made
	}
	return nil
}

func authority(name string) (*tls.Certificate, error) {
	return sign(&x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-2 * time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}, nil)
}

// sign makes a certificate with a key of its own; by nil signs itself.
func sign(template *x509.Certificate, by *tls.Certificate) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	if by == nil {
		by = &tls.Certificate{Leaf: template, PrivateKey: key}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, by.Leaf, key.Public(), by.PrivateKey)
	if err != nil {
		return nil, err
	}
	leaf, err := x509.ParseCertificate(der)
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, err
}
