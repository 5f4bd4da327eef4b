package email

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-smtp"

	"coalition/invites"
	"coalition/invites/email/wire"
	"coalition/invites/plaintext"
	"coalition/invites/reach"
)

// SMTPConfig is what [NewSMTP] wants. The times are how long to wait; zero means what RFC 5321, section 4.5.3.2,
// asks for.
type SMTPConfig struct {
	Server
	// Parallel is how many messages may be sent side by side; 0 means 1.
	Parallel int
	// Dial is for a connection that is ready, signed in where there is a user name; 0 means a minute.
	Dial time.Duration
	// Command is for the reply to a command; 0 means 5 minutes.
	Command time.Duration
	// Data is for the server to take the message; 0 means 3 minutes.
	Data time.Duration
	// Dot is for its reply to the end; 0 means 10 minutes.
	Dot time.Duration
}

// SMTP hands messages over to one submission server (RFC 6409). It keeps connections for further
// messages until [SMTP.Idle]. It is safe for concurrent use.
type SMTP struct {
	config SMTPConfig
	// dialing holds a value while somebody dials: a closed door is knocked at once, however many messages wait.
	dialing chan struct{}

	mu   sync.Mutex
	free []*session
	// failed is what came of the last dialing that was in vain, at the time since; fails counts them.
	failed *invites.DeliveryError
	since  time.Time
	fails  int
}

// NewSMTP returns a sender that has not connected yet.
func NewSMTP(c SMTPConfig) *SMTP {
	c.Parallel = max(1, c.Parallel)
	c.Dial, c.Command = cmp.Or(c.Dial, time.Minute), cmp.Or(c.Command, 5*time.Minute)
	c.Data, c.Dot = cmp.Or(c.Data, 3*time.Minute), cmp.Or(c.Dot, 10*time.Minute)
	return &SMTP{config: c, dialing: make(chan struct{}, 1)}
}

// A session is one connection that is ready for a message.
type session struct {
	*smtp.Client
	conn *line
}

// A line is a connection as it is under TLS.
type line struct {
	net.Conn
	// unasked is how many bytes came since the last ones that were sent.
	unasked int
	// waited says that a reply was waited for since this was cleared.
	waited bool
	// lost says that what was written before did not leave.
	lost bool
}

// longestAnswer is more than any server's reply, or its certificates, take.
const longestAnswer = 1 << 20

func (l *line) Read(p []byte) (int, error) {
	l.waited = true
	n, err := l.Conn.Read(p)
	if l.unasked += n; l.unasked > longestAnswer {
		return 0, reach.Words("its answer had no end")
	}
	return n, err
}

func (l *line) Write(p []byte) (int, error) {
	l.unasked = 0
	n, err := l.Conn.Write(p)
	// Afterwards it may be a word of TLS about what was read.
	if err != nil && !l.waited {
		l.lost = true
	}
	return n, err
}

const (
	errClear      = reach.Words("without TLS only this machine itself is written to")
	errNoStartTLS = reach.Words("it offers no STARTTLS, and nothing is sent in the clear")
	noWay         = "it offers no way to sign in that this program knows: "

	notTaken  = " did not take the message"
	notOpened = " can't be signed in to"
)

// Connections returns how many messages may be sent side by side.
func (s *SMTP) Connections() int { return s.config.Parallel }

// ErrSender says that a server takes no mail from that sender, or none to them.
var ErrSender = errors.New("the server does not take this sender")

// Check connects, signs in where there is a user name, asks whether mail from that address may go to the same one, and
// hangs up; no mail is begun. Its error is an [*invites.DeliveryError]; with Account and Wait the user name or the
// password was refused, and one that wraps [ErrSender] is a lasting no to the address.
func (s *SMTP) Check(ctx context.Context, address string) error {
	c, err := s.dial(ctx)
	if err == nil {
		stop := context.AfterFunc(ctx, func() { c.conn.Close() })
		defer stop()
		defer c.conn.Close()
		c.CommandTimeout = min(s.config.Command, 10*time.Second)
		err = s.checkSender(ctx, c, address)
		c.CommandTimeout = 5 * time.Second
		c.Quit()
	}
	var fault *invites.DeliveryError
	if errors.As(err, &fault) {
		fault.Text = strings.Replace(fault.Text, notTaken, notOpened, 1)
	}
	return err
}

// checkSender asks about an address, and takes back what it has said. Many servers look at the sender only with the
// first recipient, and what they put off for now they decide when there is a mail.
func (s *SMTP) checkSender(ctx context.Context, c *session, address string) error {
	step, err := "MAIL", c.Mail(address, nil)
	if err == nil {
		step, err = "RCPT", c.Rcpt(address, nil)
	}
	var reply *smtp.SMTPError
	switch {
	case err == nil:
		_ = c.Reset()
		return nil
	case !errors.As(err, &reply):
		return s.fault(ctx, step, err)
	case reply.Code < 500 || reply.Code == 530:
		return nil
	}
	fault := s.fault(ctx, step, err)
	fault.Channel, fault.Account, fault.Err = true, true, errors.Join(ErrSender, err)
	fault.Text = "the mail server " + s.config.Host + " takes no mail from " + address + ": " + replied(reply.Message)
	return fault
}

// Idle closes the connections that are kept for further messages, and forgets that there were none.
func (s *SMTP) Idle() {
	s.mu.Lock()
	free := s.free
	// Who comes after this may know better.
	s.free, s.since = nil, time.Time{}
	s.mu.Unlock()
	var wg sync.WaitGroup
	for _, c := range free {
		wg.Go(func() {
			c.CommandTimeout = 5 * time.Second
			c.Quit()
			c.conn.Close()
		})
	}
	wg.Wait()
}

// Send hands p over. dot is called when nothing of the message is missing but its end; where it fails, or the server
// has hung up by then, Send does so without the end. dot's error is returned as it is. Every other error is an
// [*invites.DeliveryError]; it is Unclear when the end was sent and no reply came.
func (s *SMTP) Send(ctx context.Context, p *invites.Submission, dot func() error) error {
	domain := strings.ToLower(strings.TrimSuffix(p.To[strings.LastIndexByte(p.To, '@')+1:], "."))
	if domain == "example" || strings.HasSuffix(domain, ".example") {
		return &invites.DeliveryError{Final: true,
			Text: "addresses under .example are nobody's: they are never sent by SMTP"}
	}
	for {
		c, reused, err := s.session(ctx)
		if err != nil {
			return err
		}
		dotted := false
		err = s.sendOn(ctx, c, p, func() error {
			dotted = true
			return dot()
		})
		var fault *invites.DeliveryError
		if reused && !dotted && ctx.Err() == nil && errors.As(err, &fault) && fault.Channel && !fault.Account {
			// Servers close connections that lie idle, or carried enough; that is no fault.
			continue
		}
		return err
	}
}

func (s *SMTP) sendOn(ctx context.Context, c *session, p *invites.Submission, dot func() error) error {
	stop := context.AfterFunc(ctx, func() { c.conn.Close() })
	keep := false
	defer func() {
		if stop() && keep {
			s.mu.Lock()
			s.free = append(s.free, c)
			s.mu.Unlock()
		} else {
			// Never QUIT here: the library would end an open DATA first, and so send the message.
			c.conn.Close()
		}
	}()
	refused := func(step string, err error) error {
		fault := s.fault(ctx, step, err)
		fault.Begun = fault.Channel && fault.Code == 0 && step != "MAIL"
		// After a refusal the session goes on with the next message; after anything else it is over.
		if !fault.Channel {
			keep = c.Reset() == nil
		}
		return fault
	}
	begun := func(err error) error {
		fault := s.fault(ctx, "DATA", err)
		fault.Begun = true
		return fault
	}
	if err := c.Mail(p.From, &smtp.MailOptions{Size: int64(len(p.Data))}); err != nil {
		return refused("MAIL", err)
	}
	if err := c.Rcpt(p.To, nil); err != nil {
		return refused("RCPT", err)
	}
	data, err := c.Data()
	if err != nil {
		return refused("DATA", err)
	}
	_ = c.conn.SetWriteDeadline(time.Now().Add(s.config.Data))
	if _, err := data.Write(p.Data); err != nil {
		return begun(err)
	}
	if err := dot(); err != nil {
		return err
	}
	// It does not want the end, which has not been sent.
	if !quiet(c.conn.Conn) {
		return begun(reach.Words("it hung up or objected before the message had ended"))
	}
	_ = c.conn.SetWriteDeadline(time.Now().Add(s.config.Data))
	c.conn.waited = false
	if _, err := data.CloseWithResponse(); err != nil {
		fault := s.fault(ctx, "DATA", err)
		fault.Begun = fault.Channel && fault.Code == 0
		// The end has left.
		if fault.Code == 0 && !c.conn.lost {
			fault.Unclear = true
			fault.Text = "the message was handed over, and no clear answer came (" + cause(ctx, err) + ")"
		}
		keep = !fault.Channel
		return fault
	}
	keep = true
	return nil
}

// moment is how long it is not tried again, until Idle, whether a server that was not to be had is there now: several
// messages may find out at the same time that it is gone.
const moment = 300 * time.Millisecond

// session returns a connection that is kept, or a new one, or one that has become free while another was made. Who
// waited for one that could not be made does not try it again.
func (s *SMTP) session(ctx context.Context) (c *session, reused bool, err error) {
	s.mu.Lock()
	c, fails := s.take(), s.fails
	s.mu.Unlock()
	if c != nil {
		return c, true, nil
	}
	select {
	case s.dialing <- struct{}{}:
		defer func() { <-s.dialing }()
	case <-ctx.Done():
		return nil, false, s.fault(ctx, "connecting", ctx.Err())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fails != fails || time.Since(s.since) < moment {
		again := *s.failed
		return nil, false, &again
	}
	if c = s.take(); c != nil {
		return c, true, nil
	}
	s.mu.Unlock()
	c, err = s.dial(ctx)
	s.mu.Lock()
	var fault *invites.DeliveryError
	if errors.As(err, &fault) {
		s.failed, s.since = fault, time.Now()
		s.fails++
	}
	return c, false, err
}

// take returns a connection that is kept, if there is one. mu is held.
func (s *SMTP) take() (c *session) {
	if n := len(s.free); n > 0 {
		c, s.free = s.free[n-1], s.free[:n-1]
	}
	return c
}

func (s *SMTP) dial(ctx context.Context) (*session, error) {
	who, err := s.config.signIn(ctx)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, s.config.Dial)
	defer cancel()
	tcp, err := s.config.dial(ctx)
	if err != nil {
		return nil, s.fault(ctx, "connecting", err)
	}
	conn := &line{Conn: tcp}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	client, step, err := s.open(ctx, conn, who)
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		conn.Close()
		fault := s.fault(ctx, step, err)
		if step == "AUTH" && fault.Code != 0 {
			// The error repeats the text.
			fault.Text, fault.Err = who.hide(fault.Text), nil
		}
		// Knocking with a wrong password locks accounts.
		if step == "AUTH" && ctx.Err() == nil {
			fault.Wait = time.Minute
		}
		if step == "AUTH" && fault.Code >= 500 {
			fault.Account, fault.Wait = true, 10*time.Minute
			fault.Text = "the mail server " + s.config.Host + " refused the user name or password: " + fault.Text
			who.again(fault)
		}
		return nil, fault
	}
	return &session{Client: client, conn: conn}, nil
}

// open makes conn a session that is encrypted, greeted and signed in. step is what it did last.
func (s *SMTP) open(ctx context.Context, conn *line, who login) (client *smtp.Client, step string, err error) {
	config := s.config.tls()
	switch s.config.Security {
	case TLS:
		secure := tls.Client(conn, config)
		if err := secure.HandshakeContext(ctx); err != nil {
			return nil, "TLS", err
		}
		client, step = smtp.NewClient(secure), "EHLO"
	case StartTLS:
		step = "STARTTLS"
		if client, err = smtp.NewClientStartTLS(conn, config); err != nil {
			return nil, step, err
		}
	case Clear:
		client, step = smtp.NewClient(conn), "EHLO"
	default:
		return nil, "connecting", reach.Words("no such security: " + s.config.Security)
	}
	client.CommandTimeout = s.config.Command
	client.SubmissionTimeout = s.config.Dot
	// A laptop has no name of its own in DNS, and its host name is nobody's business. After STARTTLS
	// this is the second EHLO, and the first thing that TLS carries.
	if err := client.Hello(literal(conn.LocalAddr())); err != nil {
		return nil, step, err
	}
	if who.ways == nil {
		return client, step, nil
	}
	way, err := who.choose(client.SupportsAuth)
	if err == nil {
		err = client.Auth(way)
	}
	return client, "AUTH", err
}

// literal returns the address as a client without a name greets with (RFC 5321, section 4.1.3).
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

// fault says what an error at a step means. The server's no to this message (4yz, 5yz) decides about this message;
// anything else is the channel's. The sender is the same for all messages, so that a no to it is a no to all.
func (s *SMTP) fault(ctx context.Context, step string, err error) *invites.DeliveryError {
	var reply *smtp.SMTPError
	if !errors.As(err, &reply) || reply.Code < 400 || reply.Code > 599 {
		return &invites.DeliveryError{Channel: true, Account: lasting(err), Err: err,
			Text: "the mail server " + s.config.Host + notTaken + " (" + step + ": " + cause(ctx, err) + ")"}
	}
	fault := &invites.DeliveryError{Code: reply.Code, Text: replied(reply.Message), Err: err, Channel: true}
	switch {
	// The server closes the connection.
	case reply.Code == 421:
	// It wants to be signed in to.
	case reply.Code == 530 || reply.Code == 535:
		fault.Account = true
	case step == "MAIL" && reply.Code/100 == 5 && !tooLong(reply):
		fault.Account = true
		fault.Text = "the mail server " + s.config.Host + " takes no mail from the sender: " + fault.Text
	case step == "MAIL" && !tooLong(reply):
	// What it is told there of the message is how long it is.
	case step == "MAIL":
		fault.Channel = false
	case step == "RCPT", step == "DATA":
		fault.Channel = false
		fault.Final = reply.Code >= 500
	}
	return fault
}

// tooLong reports whether a server refuses a message for its length (RFC 1870, RFC 3463).
func tooLong(reply *smtp.SMTPError) bool {
	size, length := smtp.EnhancedCode{5, 3, 4}, smtp.EnhancedCode{5, 2, 3}
	return reply.Code == 552 && (reply.EnhancedCode == size || reply.EnhancedCode == length)
}

// lasting reports whether an error lasts until somebody mends it: a certificate that is not the server's, or
// no TLS where it is asked for.
func lasting(err error) bool {
	var certificate *tls.CertificateVerificationError
	var noTLS tls.RecordHeaderError
	var own reach.Words
	return errors.As(err, &certificate) || errors.As(err, &noTLS) ||
		strings.Contains(err.Error(), "doesn't support STARTTLS") ||
		errors.As(err, &own) && (own == errNoStartTLS || own == errClear || strings.HasPrefix(string(own), noWay))
}

// replied returns what a server replied, fit for a log and a terminal.
func replied(reply string) string {
	return cmp.Or(plaintext.Line(reply), "the mail server gave no reason")
}

// cause returns a failure in words for people. ctx is what the work was bound to.
func cause(ctx context.Context, err error) string {
	var reply *smtp.SMTPError
	otherwise := string(wire.ErrGarbled)
	switch {
	case strings.Contains(err.Error(), "doesn't support STARTTLS"):
		err = errNoStartTLS
	case errors.As(err, &reply):
		otherwise = fmt.Sprintf("it answered %d, which has no place there", reply.Code)
	}
	return reach.Cause(ctx, err, otherwise)
}
