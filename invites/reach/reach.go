// Package reach knows how servers on the network fail to be reached, in words for people, and how long one is to
// wait for them. It leaves to others what a server's own answer means, and what follows from a failure.
package reach

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Words are an error that says for people what a server did, as a phrase about it: "it hung up".
type Words string

// Error returns the words.
func (w Words) Error() string { return string(w) }

// Cause returns an error of the network or of TLS as a phrase for people, such as "its name is not known"; otherwise
// where it is none of these. What ctx, to which the work was bound, says of its end counts first.
func Cause(ctx context.Context, err error, otherwise string) string {
	var own Words
	var dns *net.DNSError
	var unknown x509.UnknownAuthorityError
	var wrongName x509.HostnameError
	var invalid x509.CertificateInvalidError
	var certificate *tls.CertificateVerificationError
	var noTLS tls.RecordHeaderError
	var timeout net.Error
	var errno syscall.Errno
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return "this program was told to stop"
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return "it did not answer in time"
	case errors.As(err, &own):
		return string(own)
	case errors.As(err, &dns) && dns.IsNotFound:
		return "its name is not known"
	case errors.As(err, &dns):
		return "its name can't be looked up just now"
	case errors.As(err, &unknown):
		return "its certificate is signed by nobody this machine trusts"
	case errors.As(err, &wrongName):
		return "its certificate is for another name"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "its certificate has expired or does not hold yet, or the clock of this machine is wrong"
	case errors.As(err, &invalid), errors.As(err, &certificate):
		return "its certificate is not valid"
	case errors.As(err, &noTLS):
		return "it does not speak TLS on this port"
	case strings.Contains(err.Error(), "tls: "):
		return "no TLS could be agreed on"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return "it did not answer in time"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nobody listens there"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed),
		errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "the connection was cut"
	case errors.As(err, &errno):
		// In the system's own words.
		return errno.Error()
	}
	return otherwise
}

// Unsent reports whether it is sure that a request which ended in that error never left.
func Unsent(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial" || errors.As(err, new(*tls.CertificateVerificationError))
}

// RetryAfter returns how long the value of a field Retry-After asks to wait (RFC 9110, section 10.2.3), from 0,
// which is also for a value that can't be read, to a day.
func RetryAfter(value string) time.Duration {
	const most = 24 * time.Hour
	if n, err := strconv.ParseUint(value, 10, 31); err == nil {
		return min(time.Duration(n)*time.Second, most)
	}
	for _, layout := range []string{time.RFC1123, time.RFC850, time.ANSIC} {
		if at, err := time.Parse(layout, value); err == nil {
			return min(max(time.Until(at), 0), most)
		}
	}
	return 0
}

// Sleep reports whether d passed before ctx ended.
func Sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
