package email

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"coalition/invites"
)

// How the connection to a server is kept from others' eyes.
const (
	TLS      = "tls"      // from the first byte (RFC 8314)
	StartTLS = "starttls" // required, never optional (RFC 3207)
	Clear    = "none"     // on the same machine only
)

// SMTP hands messages over to one submission server (RFC 6409). It keeps connections for further
// messages until [SMTP.Idle]. It is safe for concurrent use.
type SMTP struct {
	Host     string
	Port     int
	Security string // TLS, StartTLS or Clear
	Username string // "": no AUTH
	// Password is asked for once for each connection. Required with a user name.
	Password func(context.Context) (string, error)
	// Parallel is how many messages may be sent side by side; 0 means 1.
	Parallel int
	// Dial, Command, Data and Dot are how long to wait: for a connection and its TLS, for the reply to a
	// command, for the server to take the message, and for its reply to the end. Zero means what RFC
	// 5321, section 4.5.3.2, asks for, with a minute for Dial.
	Dial, Command, Data, Dot time.Duration

	mu   sync.Mutex
	free []*session
}

// A session is one connection that is ready for a message.
type session struct {
	*smtp.Client
	conn net.Conn
	used time.Time // when it last had a reply
}

// Connections is how many messages may be sent side by side.
func (s *SMTP) Connections() int { return max(1, s.Parallel) }

// Idle closes the connections that are kept for further messages.
func (s *SMTP) Idle() {
	s.mu.Lock()
	free := s.free
	s.free = nil
	s.mu.Unlock()
	for _, c := range free {
		c.CommandTimeout = 5 * time.Second
		c.Quit()
		c.conn.Close()
	}
}

func (s *SMTP) timeout(d, otherwise time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return otherwise
}

// Send hands p over. dot is called when the server has all of the message but its end; where it fails,
// Send hangs up without the end and returns dot's error. Every other error is an
// [*invites.DeliveryError]; it is Unclear when the end was sent and no reply came.
func (s *SMTP) Send(ctx context.Context, p *invites.Parcel, dot func() error) error {
	if domain := p.To[strings.LastIndexByte(p.To, '@')+1:]; domain == "example" || strings.HasSuffix(domain, ".example") {
		return &invites.DeliveryError{Final: true, Text: "addresses under .example are nobody's: they are never sent by SMTP"}
	}
	for {
		c, reused, err := s.session(ctx)
		if err != nil {
			return err
		}
		err = s.sendOn(ctx, c, p, dot)
		var fault *invites.DeliveryError
		if reused && errors.As(err, &fault) && fault.Channel && !fault.Unclear {
			continue // the server has closed a connection that lay idle; that is no fault of anybody's
		}
		return err
	}
}

func (s *SMTP) sendOn(ctx context.Context, c *session, p *invites.Parcel, dot func() error) error {
	stop := context.AfterFunc(ctx, func() { c.conn.Close() })
	defer stop()
	keep := false
	defer func() {
		if keep && ctx.Err() == nil {
			c.used = time.Now()
			s.mu.Lock()
			s.free = append(s.free, c)
			s.mu.Unlock()
		} else {
			c.conn.Close() // never QUIT here: the library would end an open DATA first, and so send the message
		}
	}()
	refused := func(step string, err error) error {
		fault := s.fault(step, err)
		// After a refusal the session goes on with the next message; after anything else it is over.
		if !fault.Channel && fault.Code != 0 {
			keep = c.Reset() == nil
		}
		return fault
	}
	if err := c.Mail(p.From, nil); err != nil {
		return refused("MAIL", err)
	}
	if err := c.Rcpt(p.To, nil); err != nil {
		return refused("RCPT", err)
	}
	data, err := c.Client.Data()
	if err != nil {
		return refused("DATA", err)
	}
	c.conn.SetWriteDeadline(time.Now().Add(s.timeout(s.Data, 3*time.Minute)))
	if _, err := data.Write(p.Data); err != nil {
		return s.fault("the message", err)
	}
	if err := dot(); err != nil {
		return err
	}
	c.conn.SetWriteDeadline(time.Now().Add(s.timeout(s.Data, 3*time.Minute)))
	if _, err := data.CloseWithResponse(); err != nil {
		var reply *smtp.SMTPError
		if !errors.As(err, &reply) || reply.Code < 400 {
			return &invites.DeliveryError{Unclear: true, Channel: true, Err: err,
				Text: "the message was handed over, and the server's answer did not come (" + cause(err) + ")"}
		}
		fault := s.fault("the message", err)
		keep = !fault.Channel
		return fault
	}
	keep = true
	return nil
}

// session is a connection of before, or a new one.
func (s *SMTP) session(ctx context.Context) (c *session, reused bool, err error) {
	for {
		s.mu.Lock()
		if n := len(s.free); n > 0 {
			c, s.free = s.free[n-1], s.free[:n-1]
		}
		s.mu.Unlock()
		if c == nil {
			c, err = s.dial(ctx)
			return c, false, err
		}
		if time.Since(c.used) < 5*time.Second || c.Noop() == nil {
			return c, true, nil
		}
		c.conn.Close()
		c = nil
	}
}

func (s *SMTP) dial(ctx context.Context) (c *session, err error) {
	limit := s.timeout(s.Dial, time.Minute)
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	addr := net.JoinHostPort(s.Host, strconv.Itoa(s.Port))
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, s.fault("connecting", err)
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	defer func() {
		if err != nil {
			conn.Close()
		}
	}()
	config := &tls.Config{ServerName: s.Host, MinVersion: tls.VersionTLS12}
	var client *smtp.Client
	switch s.Security {
	case TLS:
		secure := tls.Client(conn, config)
		if err := secure.HandshakeContext(ctx); err != nil {
			return nil, s.fault("TLS", err)
		}
		client = smtp.NewClient(secure)
	case StartTLS:
		if client, err = smtp.NewClientStartTLS(conn, config); err != nil {
			return nil, s.fault("STARTTLS", err)
		}
		if _, ok := client.TLSConnectionState(); !ok {
			return nil, s.fault("STARTTLS", errors.New("the connection is not encrypted"))
		}
	case Clear:
		if ip, ok := conn.RemoteAddr().(*net.TCPAddr); !ok || !ip.IP.IsLoopback() {
			return nil, s.fault("connecting", errors.New("without TLS only this machine itself is written to"))
		}
		client = smtp.NewClient(conn)
	default:
		return nil, s.fault("connecting", fmt.Errorf("no such security: %q", s.Security))
	}
	client.CommandTimeout = s.timeout(s.Command, 5*time.Minute)
	client.SubmissionTimeout = s.timeout(s.Dot, 10*time.Minute)
	// A laptop has no name of its own in DNS, and its host name is nobody's business.
	if err := client.Hello(literal(conn.LocalAddr())); err != nil && s.Security != StartTLS { // with STARTTLS it has been said
		return nil, s.fault("EHLO", err)
	}
	if s.Username != "" {
		if err := s.auth(ctx, client); err != nil {
			return nil, err
		}
	}
	return &session{Client: client, conn: conn}, nil
}

func (s *SMTP) auth(ctx context.Context, c *smtp.Client) error {
	password, err := s.Password(ctx)
	if err != nil {
		return &invites.DeliveryError{Channel: true, Err: err, Text: "the password for the mail server can't be read: " + err.Error()}
	}
	var client sasl.Client
	switch {
	case c.SupportsAuth(sasl.Plain):
		client = sasl.NewPlainClient("", s.Username, password)
	case c.SupportsAuth(sasl.Login):
		client = sasl.NewLoginClient(s.Username, password)
	default:
		return &invites.DeliveryError{Channel: true, Text: "the mail server " + s.Host + " offers no way to sign in that this program knows (PLAIN, LOGIN)"}
	}
	if err := c.Auth(client); err != nil {
		fault := s.fault("AUTH", err)
		if fault.Code >= 500 {
			// Knocking with a wrong password locks accounts.
			fault.Final, fault.Wait = false, 10*time.Minute
			fault.Text = "the mail server " + s.Host + " refused the user name or password: " + fault.Text
		}
		return fault
	}
	return nil
}

// literal is the address as a client without a name greets with (RFC 5321, section 4.1.3).
func literal(a net.Addr) string {
	ip, ok := a.(*net.TCPAddr)
	if !ok {
		return "localhost"
	}
	if v4 := ip.IP.To4(); v4 != nil {
		return "[" + v4.String() + "]"
	}
	return "[IPv6:" + ip.IP.String() + "]"
}

// fault says what an error before the end of the message means. The server's word on this message
// decides about this message; anything else is the channel's.
func (s *SMTP) fault(step string, err error) *invites.DeliveryError {
	var reply *smtp.SMTPError
	if !errors.As(err, &reply) {
		return &invites.DeliveryError{Channel: true, Err: err,
			Text: fmt.Sprintf("the mail server %s did not take the message (%s: %s)", s.Host, step, cause(err))}
	}
	fault := &invites.DeliveryError{Code: reply.Code, Text: reply.Message, Err: err}
	switch {
	case step == "MAIL" || step == "RCPT" || step == "DATA" || step == "the message":
		// 421: the server closes the connection. 530 and 535: it wants to be signed in to.
		fault.Channel = reply.Code == 421 || reply.Code == 530 || reply.Code == 535
		fault.Final = reply.Code >= 500 && !fault.Channel
	default:
		fault.Channel = true
	}
	return fault
}

// cause is an error of the network or of TLS in words for people.
func cause(err error) string {
	var dns *net.DNSError
	var unknown x509.UnknownAuthorityError
	var wrongName x509.HostnameError
	var invalid x509.CertificateInvalidError
	var timeout net.Error
	switch {
	case errors.As(err, &dns):
		return "its name is not known"
	case errors.As(err, &unknown):
		return "its certificate is signed by nobody this machine trusts"
	case errors.As(err, &wrongName):
		return "its certificate is for another name"
	case errors.As(err, &invalid):
		return "its certificate is not valid"
	case errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, context.DeadlineExceeded):
		return "it did not answer in time"
	case strings.Contains(err.Error(), "doesn't support STARTTLS"):
		return "it offers no STARTTLS, and nothing is sent in the clear"
	case strings.Contains(err.Error(), "connection refused"):
		return "nobody listens there"
	case errors.Is(err, net.ErrClosed) || strings.Contains(err.Error(), "EOF") || strings.Contains(err.Error(), "reset by peer") || strings.Contains(err.Error(), "broken pipe"):
		return "the connection was cut"
	}
	return err.Error()
}
