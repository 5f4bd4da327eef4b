package email

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/textproto"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-sasl"

	"coalition/invites"
	"coalition/invites/email/inbound"
	"coalition/invites/email/wire"
	"coalition/invites/plaintext"
	"coalition/invites/reach"
)

// MailboxConfig is what [NewMailbox] wants.
type MailboxConfig struct {
	Server
	// Folder is what is read; "": INBOX.
	Folder string
	// SentFolder is where a copy of what is sent lies; "": nowhere.
	SentFolder string
	// Trust names the servers whose word about a mail counts; see [inbound.Read].
	Trust []string
	// Dial is how long to wait for a server that greets; 0 means 10 seconds.
	Dial time.Duration
	// Command is how long to wait for the answer to a command, for which there is more time where it is long; 0 means
	// a minute.
	Command time.Duration
	// Idle is how often the server is asked whether it is still there, while it has promised to tell of new mail
	// (RFC 2177); 0 means every 5 minutes.
	Idle time.Duration
	// Noop is how often it is asked where it can't promise that; 0 means every 2 minutes.
	Noop time.Duration
	// Poll is after how long something may have come, whatever the server says; 0 means 10 minutes.
	Poll time.Duration
}

// Mailbox reads what comes into one mailbox of an IMAP server (RFC 3501 and 9051), and changes nothing
// there. One goroutine may call Fetch and Wait, another one Sent, and any of them Close. Errors, but
// those of a caller's own function, are an [*invites.DeliveryError] with Channel; one with Wait means
// that the server refused the user name or the password, and that knocking again locks the account.
type Mailbox struct {
	config MailboxConfig

	mu   sync.Mutex
	open map[*imapSession]bool
	// kept is for between Fetch and Wait; one of open.
	kept *imapSession
}

// NewMailbox returns a mailbox that is not connected to yet.
func NewMailbox(c MailboxConfig) *Mailbox {
	c.Folder = cmp.Or(c.Folder, "INBOX")
	c.Dial, c.Command = cmp.Or(c.Dial, 10*time.Second), cmp.Or(c.Command, time.Minute)
	c.Idle, c.Noop = cmp.Or(c.Idle, 5*time.Minute), cmp.Or(c.Noop, 2*time.Minute)
	c.Poll = cmp.Or(c.Poll, 10*time.Minute)
	return &Mailbox{config: c, open: make(map[*imapSession]bool)}
}

const (
	// longestMail is in bytes; what is behind them is not read.
	longestMail = 1 << 20
	longestName = 4 << 10
	// manyMails is how many are in a batch at most.
	manyMails = 50
	// mostMails is how many can't have come.
	mostMails = 1 << 20
	// chatter is how many bytes an answer may have that brings no mail.
	chatter = 1 << 20
	// shortMail is what a mail counts at least, in bytes: some servers say that all are empty.
	shortMail = 16 << 10
	skew      = 5 * time.Minute

	noMail = " gave no mail"
)

// An imapSession is one connection that is signed in.
type imapSession struct {
	*imapclient.Client
	wire *wire.Conn
	// limit is how long a command may take.
	limit  time.Duration
	noIdle bool

	mu sync.Mutex
	// count is how many mails the server has told of.
	count uint32
	// more says that it has told of further ones; told gets a value then.
	more bool
	told chan struct{}
}

// Name returns the mailbox as no other one is called.
func (m *Mailbox) Name() string {
	return m.config.Username + "@" + m.config.address() + "/" + m.config.Folder
}

// Fetch calls take with the mails that have come after cursor, in the order of their arrival, batch by batch; next is
// the cursor once the whole batch is taken in. A cursor is UIDVALIDITY and UID, as "7:4392". Where it is "" or of no
// use any more, Fetch begins with the mails that came at or after since, or a little before, as clocks differ; with a
// zero since it begins at the end. A batch is empty where there is only a new cursor. Of each mail its first megabyte
// is read. An error of take ends Fetch, and is returned.
func (m *Mailbox) Fetch(
	ctx context.Context, cursor string, since time.Time, take func(batch []*invites.Mail, next string) error,
) error {
	for {
		s, reused, err := m.session(ctx)
		if err != nil {
			return err
		}
		var box *imap.SelectData
		err = m.on(ctx, s, func() (err error) {
			box, err = s.examine(m.config.Folder)
			return m.fault(ctx, s.wire, "EXAMINE", err)
		})
		var reply *imap.Error
		if reused && err != nil && ctx.Err() == nil && !errors.As(err, &reply) {
			// Servers close connections that lie idle; that is no fault.
			continue
		}
		if err != nil {
			return err
		}
		return m.on(ctx, s, func() error { return m.fetch(ctx, s, box, cursor, since, take) })
	}
}

func (m *Mailbox) fetch(
	ctx context.Context, s *imapSession, box *imap.SelectData, cursor string, since time.Time,
	take func([]*invites.Mail, string) error,
) error {
	if box.UIDValidity == 0 {
		return m.fault(ctx, s.wire, "EXAMINE", reach.Words("it gives its mails no lasting numbers"))
	}
	last, ok := position(cursor, box.UIDValidity)
	// A cursor may be of a mailbox that was there before a backup came back.
	fresh := !ok || box.UIDNext > 0 && last >= box.UIDNext
	var uids []imap.UID
	var err error
	switch {
	case !fresh:
		uids, err = s.search(&imap.SearchCriteria{UID: []imap.UIDSet{{{Start: last + 1}}}})
		// The range n:* names the last one always.
		uids = slices.DeleteFunc(uids, func(uid imap.UID) bool { return uid <= last })
	default:
		if last, err = s.last(box); err == nil && !since.IsZero() {
			// SINCE knows days only, and those of the server's zone.
			uids, err = s.search(&imap.SearchCriteria{Since: since.UTC().AddDate(0, 0, -1)})
		}
	}
	if err != nil {
		return m.fault(ctx, s.wire, "SEARCH", err)
	}
	given := cursor
	give := func(batch []*invites.Mail, uid imap.UID) error {
		if next := cursorOf(box.UIDValidity, uid); next != given {
			given = next
			return take(batch, next)
		}
		return nil
	}
	for missed := 0; len(uids) > 0; {
		here, bite, size, done := uids[:min(manyMails, len(uids))], []imap.UID(nil), int64(0), 0
		about, err := s.get(here, &imap.FetchOptions{InternalDate: true, RFC822Size: true}, chatter, 0)
		if err != nil {
			return m.fault(ctx, s.wire, "FETCH", err)
		}
		for _, uid := range here {
			if f := about[uid]; f != nil && (!fresh || f.at.IsZero() || !f.at.Before(since.Add(-skew))) {
				if f.at.IsZero() {
					// Another program has changed its flags, and the library takes that for the answer.
					break
				}
				if size += min(max(f.size, shortMail), longestMail); size > longestMail && len(bite) > 0 {
					break
				}
				bite = append(bite, uid)
			}
			// What was expunged meanwhile, or is too old, is done, too.
			done++
		}
		var batch []*invites.Mail
		if len(bite) > 0 {
			got, err := s.get(bite, &imap.FetchOptions{BodySection: []*imap.FetchItemBodySection{{
				Peek: true, Partial: &imap.SectionPartial{Size: longestMail}}}}, chatter+2*size, longestMail)
			if err != nil {
				return m.fault(ctx, s.wire, "FETCH", err)
			}
			for _, uid := range bite {
				f := got[uid]
				if f == nil || !f.whole {
					done = slices.Index(here, uid)
					break
				}
				mail := inbound.Read(f.raw, m.config.Trust)
				mail.At, mail.Cursor = about[uid].at.UTC(), cursorOf(box.UIDValidity, uid)
				batch = append(batch, mail)
			}
		}
		if done == 0 {
			if missed++; missed == 3 {
				return m.fault(ctx, s.wire, "FETCH", reach.Words("it does not give a mail that it says it has"))
			}
			continue
		}
		missed = 0
		if len(batch) > 0 {
			if err := give(batch, here[done-1]); err != nil {
				return err
			}
		}
		last = max(last, here[done-1])
		uids = uids[done:]
	}
	return give(nil, last)
}

// position returns the UID of a cursor, where the mailbox is the one it was made of.
func position(cursor string, validity uint32) (uid imap.UID, ok bool) {
	_, number, _ := strings.Cut(cursor, ":")
	n, err := strconv.ParseUint(number, 10, 32)
	return imap.UID(n), err == nil && cursor == cursorOf(validity, imap.UID(n))
}

func cursorOf(validity uint32, uid imap.UID) string { return fmt.Sprintf("%d:%d", validity, uid) }

// Wait returns when something may have come since the last Fetch began, and an error when the connection
// is lost or ctx ends.
func (m *Mailbox) Wait(ctx context.Context) error {
	m.mu.Lock()
	s := m.kept
	m.mu.Unlock()
	if s == nil {
		return &invites.DeliveryError{Channel: true,
			Text: "the mail server " + m.config.address() + " is not connected to"}
	}
	return m.on(ctx, s, func() error {
		until := time.Now().Add(m.config.Poll)
		for {
			// What came before this is told now, what comes later within IDLE: nothing is between them.
			s.command(chatter, 0)
			if err := s.Noop().Wait(); err != nil {
				return m.fault(ctx, s.wire, "NOOP", err)
			}
			left := time.Until(until)
			if s.hasMore() || left <= 0 {
				return nil
			}
			pause := m.config.Noop
			idle := !s.noIdle && s.Caps().Has(imap.CapIdle)
			if idle {
				pause = m.config.Idle
			}
			// Many daemons need not ask in step.
			pause = min(left, pause-rand.N(pause/10+1))
			if err := s.pause(pause, idle); err != nil {
				return m.fault(ctx, s.wire, "IDLE", err)
			}
			if s.hasMore() {
				return nil
			}
		}
	})
}

// pause returns when the server has told of mail, at the end of d, or when the connection is lost.
func (s *imapSession) pause(d time.Duration, idle bool) error {
	var cmd *imapclient.IdleCommand
	if idle {
		s.command(chatter, 0)
		var err error
		if cmd, err = s.Idle(); err != nil {
			var reply *imap.Error
			if errors.As(err, &reply) {
				s.noIdle, err = true, nil
			}
			return err
		}
	}
	s.rest()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-s.told:
	case <-timer.C:
	case <-s.Closed():
		return cmp.Or(s.Close(), io.ErrUnexpectedEOF)
	}
	if !idle {
		return nil
	}
	s.command(chatter, 0)
	return cmp.Or(cmd.Close(), cmd.Wait())
}

// Sent reports whether the folder of sent mail holds the message of that Message-ID (without its angle
// brackets); ok is false where there is no such folder. It makes a connection of its own.
func (m *Mailbox) Sent(ctx context.Context, messageID string) (found, ok bool, err error) {
	if m.config.SentFolder == "" {
		return false, false, nil
	}
	s, err := m.dial(ctx)
	if err != nil {
		return false, false, err
	}
	defer m.drop(s)
	err = m.on(ctx, s, func() (err error) {
		found, ok, err = s.sent(m.config.SentFolder, messageID)
		return m.fault(ctx, s.wire, "looking for what was sent", err)
	})
	return found, ok, err
}

func (s *imapSession) sent(folder, messageID string) (found, ok bool, err error) {
	if _, err := s.examine(folder); err != nil {
		var reply *imap.Error
		if !errors.As(err, &reply) {
			return false, false, err
		}
		s.command(chatter, longestName)
		boxes, failed := s.List("", folder, nil).Collect()
		if failed != nil {
			return false, false, failed
		}
		for _, box := range boxes {
			none := func(a imap.MailboxAttr) bool {
				return a == imap.MailboxAttrNonExistent || a == imap.MailboxAttrNoSelect
			}
			if box.Mailbox == folder && !slices.ContainsFunc(box.Attrs, none) {
				// It is there, and can't be read.
				return false, false, err
			}
		}
		return false, false, nil
	}
	header := []imap.SearchCriteriaHeaderField{{Key: "Message-ID", Value: messageID}}
	uids, err := s.search(&imap.SearchCriteria{Header: header})
	for err == nil && len(uids) > 0 && !found {
		here := uids[:min(manyMails, len(uids))]
		uids = uids[len(here):]
		var got map[imap.UID]*fetched
		got, err = s.get(here, &imap.FetchOptions{BodySection: []*imap.FetchItemBodySection{{
			Specifier: imap.PartSpecifierHeader, HeaderFields: []string{"Message-ID"}, Peek: true}}}, chatter, longestName)
		for _, f := range got {
			header, _ := textproto.NewReader(bufio.NewReader(bytes.NewReader(f.raw))).ReadMIMEHeader()
			found = found || slices.ContainsFunc(header.Values("Message-Id"), func(id string) bool {
				// SEARCH finds parts of it, too.
				return strings.TrimSpace(id) == "<"+messageID+">"
			})
		}
	}
	return found, err == nil, err
}

// ErrFolder is why [Mailbox.Check] can't open the folder.
var ErrFolder = errors.New("the server does not open this folder")

// A Checked is what [Mailbox.Check] has seen.
type Checked struct {
	// Sent is the folder in which the server says that a copy of what is sent lies (RFC 6154); "": it doesn't say.
	Sent string
	// Servers are, for each of the newest mails, those that say something of its sender, topmost first.
	Servers [][]string
}

// Check connects, signs in where there is a user name, opens the folder, looks at the headers of so many of the newest
// mails, and hangs up. With Account and Wait of the error, the user name or the password was refused; where it is
// [ErrFolder], the folder was.
func (m *Mailbox) Check(ctx context.Context, mails uint32) (seen Checked, err error) {
	s, err := m.dial(ctx)
	refused := false
	if err == nil {
		defer m.drop(s)
		err = m.on(ctx, s, func() error {
			box, err := s.examine(m.config.Folder)
			refused = errors.As(err, new(*imap.Error))
			if err == nil {
				seen.Sent, err = s.sentFolder()
			}
			if err == nil {
				seen.Servers, err = s.servers(box.NumMessages, mails)
			}
			return m.fault(ctx, s.wire, "opening "+m.config.Folder, err)
		})
	}
	var fault *invites.DeliveryError
	if errors.As(err, &fault) {
		if refused {
			fault.Err = ErrFolder
		}
		fault.Text = strings.Replace(fault.Text, noMail, notOpened, 1)
	}
	return seen, err
}

// servers returns, for each of the last of all mails, which servers say something of its sender.
func (s *imapSession) servers(all, last uint32) (list [][]string, err error) {
	last = min(all, last)
	if last == 0 {
		return nil, nil
	}
	uids, err := s.search(&imap.SearchCriteria{SeqNum: []imap.SeqSet{{{Start: all - last + 1, Stop: all}}}})
	if err != nil || len(uids) == 0 {
		return nil, err
	}
	got, err := s.get(uids, &imap.FetchOptions{BodySection: []*imap.FetchItemBodySection{{Peek: true,
		Specifier: imap.PartSpecifierHeader, HeaderFields: []string{"Authentication-Results"}}}}, chatter, chatter)
	for _, uid := range uids {
		if f := got[uid]; f != nil && f.whole {
			list = append(list, inbound.Servers(f.raw))
		}
	}
	return list, err
}

// sentFolder returns the folder that the server marks as that of sent mail; "": none.
func (s *imapSession) sentFolder() (string, error) {
	if !s.Caps().Has(imap.CapSpecialUse) {
		return "", nil
	}
	s.command(chatter, longestName)
	boxes, err := s.List("", "*", nil).Collect()
	if err != nil {
		return "", err
	}
	for _, box := range boxes {
		if slices.Contains(box.Attrs, imap.MailboxAttrSent) && plaintext.CheckLine(box.Mailbox) == nil {
			return box.Mailbox, nil
		}
	}
	return "", nil
}

// Close ends all connections; the Mailbox can be used again.
func (m *Mailbox) Close() {
	m.mu.Lock()
	open := m.open
	m.open, m.kept = make(map[*imapSession]bool), nil
	m.mu.Unlock()
	for s := range open {
		_ = s.Close()
	}
}

// drop ends a connection.
func (m *Mailbox) drop(s *imapSession) {
	m.mu.Lock()
	delete(m.open, s)
	if m.kept == s {
		m.kept = nil
	}
	m.mu.Unlock()
	_ = s.Close()
}

// on bounds work on a connection by ctx. Only a connection on which nothing failed is kept.
func (m *Mailbox) on(ctx context.Context, s *imapSession, work func() error) error {
	stop := context.AfterFunc(ctx, func() { _ = s.wire.Close() })
	err := work()
	var fault *invites.DeliveryError
	if !stop() || errors.As(err, &fault) {
		m.drop(s)
	} else {
		s.rest()
	}
	return err
}

// session returns the connection that is kept, or a new one.
func (m *Mailbox) session(ctx context.Context) (s *imapSession, reused bool, err error) {
	m.mu.Lock()
	s = m.kept
	m.mu.Unlock()
	if s != nil {
		return s, true, nil
	}
	if s, err = m.dial(ctx); err != nil {
		return nil, false, err
	}
	m.mu.Lock()
	m.kept = s
	m.mu.Unlock()
	return s, false, nil
}

// dial makes a connection that is encrypted, greeted and signed in.
func (m *Mailbox) dial(ctx context.Context) (*imapSession, error) {
	who, err := m.config.signIn(ctx)
	if err != nil {
		return nil, err
	}
	limited, cancel := context.WithTimeout(ctx, m.config.Dial)
	defer cancel()
	tcp, err := m.config.dial(limited)
	if err != nil {
		return nil, m.fault(limited, nil, "connecting", err)
	}
	stop := context.AfterFunc(limited, func() { tcp.Close() })
	w, step, err := m.secure(limited, tcp)
	if err != nil {
		stop()
		tcp.Close()
		return nil, m.fault(limited, nil, step, err)
	}
	s := &imapSession{wire: w, limit: m.config.Command, told: make(chan struct{}, 1)}
	w.Allow(0, chatter, 0)
	s.Client = imapclient.New(w, &imapclient.Options{UnilateralDataHandler: &imapclient.UnilateralDataHandler{
		Mailbox: func(data *imapclient.UnilateralDataMailbox) {
			if data.NumMessages != nil {
				s.exists(*data.NumMessages)
			}
		},
		Expunge: func(uint32) { s.expunged() },
	}})
	err = s.WaitGreeting()
	if !stop() && err == nil {
		err = net.ErrClosed
	}
	if err != nil {
		_ = s.Close()
		return nil, m.fault(limited, w, "greeting", err)
	}
	m.mu.Lock()
	m.open[s] = true
	m.mu.Unlock()
	return s, m.on(ctx, s, func() error { return m.signIn(ctx, s, who) })
}

// secure puts TLS on a connection. step is what it did last.
func (m *Mailbox) secure(ctx context.Context, tcp net.Conn) (w *wire.Conn, step string, err error) {
	config := m.config.tls()
	switch m.config.Security {
	case TLS:
		secure := tls.Client(tcp, config)
		return wire.New(secure, tcp, ""), "TLS", secure.HandshakeContext(ctx)
	case StartTLS:
		if err := startTLS(tcp); err != nil {
			return nil, "STARTTLS", err
		}
		secure := tls.Client(tcp, config)
		// What was said before TLS counts for nothing, its greeting included.
		return wire.New(secure, tcp, "* OK encrypted\r\n"), "STARTTLS", secure.HandshakeContext(ctx)
	case Clear:
		return wire.New(tcp, tcp, ""), "", nil
	}
	return nil, "connecting", reach.Words("no such security: " + m.config.Security)
}

// startTLS does what comes before TLS (RFC 9051, section 6.2.1). The library's own way waits for ever
// for the end of an answer that is cut short.
func startTLS(tcp net.Conn) error {
	r := bufio.NewReader(tcp)
	line := func() (first, kind, text string, err error) {
		l, err := r.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			err = reach.Words("its answer had no end")
		}
		first, text, _ = strings.Cut(string(bytes.TrimSpace(l)), " ")
		kind, text, _ = strings.Cut(text, " ")
		return first, strings.ToUpper(kind), text, err
	}
	first, kind, text, err := line()
	switch {
	case err != nil:
		return err
	case first == "*" && kind == "BYE":
		return &imap.Error{Type: imap.StatusResponseTypeBye, Text: text}
	// PREAUTH leaves no way to TLS.
	case first != "*" || kind != "OK":
		return wire.ErrGarbled
	}
	if _, err := io.WriteString(tcp, "a STARTTLS\r\n"); err != nil {
		return err
	}
	for range 100 {
		first, kind, _, err := line()
		switch {
		case err != nil:
			return err
		case first == "*":
			continue
		case first != "a":
			return wire.ErrGarbled
		case kind != "OK":
			return errNoStartTLS
		case r.Buffered() > 0:
			return reach.Words("something was slipped in before TLS")
		}
		return nil
	}
	return reach.Words("its answer had no end")
}

func (m *Mailbox) signIn(ctx context.Context, s *imapSession, who login) error {
	s.command(chatter, 0)
	if m.config.Username == "" || s.State() != imap.ConnStateNotAuthenticated {
		// The server greeted somebody it knows (PREAUTH), or will say what it wants.
		return nil
	}
	caps := s.Caps()
	// LOGIN is a command here.
	way, err := who.choose(func(mechanism string) bool {
		return mechanism != sasl.Login && caps.Has(imap.AuthCap(mechanism))
	})
	switch {
	case err == nil:
		err = s.Authenticate(way)
	case !who.token && !caps.Has(imap.CapLoginDisabled):
		err = s.Login(m.config.Username, who.secret).Wait()
	}
	if err == nil {
		// The library tells of the sign-in before it forgets what the server could do until then, and only then
		// does it ask again. After one more answer it has forgotten, and Caps waits for what it asked.
		s.command(chatter, 0)
		if err = s.Noop().Wait(); err == nil {
			s.Caps()
		}
		return m.fault(ctx, s.wire, "sign-in", err)
	}
	var reply *imap.Error
	if !errors.As(err, &reply) {
		return m.fault(ctx, s.wire, "sign-in", err)
	}
	fault := &invites.DeliveryError{Channel: true,
		Text: "the mail server " + m.config.address() + " refused the sign-in: " + replied(who.hide(reply.Text))}
	switch reply.Code {
	case imap.ResponseCodeUnavailable, imap.ResponseCodeInUse, imap.ResponseCodeLimit, imap.ResponseCodeServerBug:
		// not the secret's fault (RFC 5530)
	default:
		fault.Account, fault.Wait = true, 10*time.Minute
		who.again(fault)
	}
	return fault
}

// fault says what an error at a step means; nil is none. The wire knows more of the cause than the library.
func (m *Mailbox) fault(ctx context.Context, w *wire.Conn, step string, err error) error {
	if err == nil {
		return nil
	}
	fault := &invites.DeliveryError{Channel: true, Account: lasting(err), Err: err}
	var reply *imap.Error
	if errors.As(err, &reply) {
		fault.Text = fmt.Sprintf("the mail server %s refused (%s): %s", m.config.address(), step, replied(reply.Text))
		return fault
	}
	if w != nil {
		fault.Err = w.Cause(err)
	}
	fault.Text = fmt.Sprintf("the mail server %s%s (%s: %s)", m.config.address(), noMail, step, cause(ctx, fault.Err))
	fault.Err = cmp.Or(ctx.Err(), fault.Err)
	return fault
}

// command allows an answer of so many bytes, with literals of up to so many.
func (s *imapSession) command(bytes, literal int64) { s.wire.Allow(s.limit, bytes, literal) }

// rest lets the server be silent until the next command.
func (s *imapSession) rest() { s.wire.Allow(0, chatter, 0) }

func (s *imapSession) examine(folder string) (*imap.SelectData, error) {
	s.command(chatter, 0)
	if s.Caps().Has(imap.CapIMAP4rev2) && strings.ContainsFunc(folder, func(r rune) bool { return r > '~' }) {
		// The library writes other names than ASCII ones as if that were enabled wherever it is offered.
		if _, err := s.Enable(imap.CapIMAP4rev2).Wait(); err != nil {
			return nil, err
		}
	}
	s.mu.Lock()
	// Until the answer is there every mail is a further one.
	s.count, s.more = 0, false
	s.mu.Unlock()
	select {
	case <-s.told:
	default:
	}
	box, err := s.Select(folder, &imap.SelectOptions{ReadOnly: true}).Wait()
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.more {
		s.count = box.NumMessages
	}
	return box, nil
}

// exists takes the number of mails that there are now (RFC 9051, section 7.4.1).
func (s *imapSession) exists(n uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n > s.count {
		s.tell()
	}
	s.count = n
}

// expunged counts one that is gone. Then the same number means that another one has come.
func (s *imapSession) expunged() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.count == 0 {
		s.tell()
		return
	}
	s.count--
}

func (s *imapSession) tell() {
	s.more = true
	select {
	case s.told <- struct{}{}:
	default:
	}
}

func (s *imapSession) hasMore() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.more
}

// last returns the UID of the last mail that the mailbox held when it was opened; 0: it was empty.
func (s *imapSession) last(box *imap.SelectData) (imap.UID, error) {
	if box.UIDNext > 0 || box.NumMessages == 0 {
		return max(box.UIDNext, 1) - 1, nil
	}
	uids, err := s.search(&imap.SearchCriteria{SeqNum: []imap.SeqSet{imap.SeqSetNum(box.NumMessages)}})
	if err == nil && len(uids) == 0 {
		err = reach.Words("its mailbox changes too fast")
	}
	if err != nil {
		return 0, err
	}
	return uids[len(uids)-1], nil
}

// search returns what it finds in the order of the UIDs.
func (s *imapSession) search(criteria *imap.SearchCriteria) ([]imap.UID, error) {
	s.command(4*chatter, 0)
	data, err := s.UIDSearch(criteria, nil).Wait()
	if err != nil {
		return nil, err
	}
	ranges, ok := data.All.(imap.UIDSet)
	if !ok && data.All != nil {
		return nil, wire.ErrGarbled
	}
	var uids []imap.UID
	// The library's own way never ends at the last of all numbers.
	for _, r := range ranges {
		switch {
		case r.Start == 0 || r.Stop < r.Start:
			return nil, wire.ErrGarbled
		case uint64(len(uids))+uint64(r.Stop-r.Start) >= mostMails:
			return nil, reach.Words("it names more mails than there can be")
		}
		for uid := r.Start; ; uid++ {
			uids = append(uids, uid)
			if uid == r.Stop {
				break
			}
		}
	}
	slices.Sort(uids)
	return slices.Compact(uids), nil
}

// What was fetched of a mail; zero: it was not.
type fetched struct {
	at   time.Time
	size int64
	raw  []byte
	// whole says that raw is all that was asked for.
	whole bool
}

// get fetches mails. Those that are not there any more are missing.
func (s *imapSession) get(
	uids []imap.UID, options *imap.FetchOptions, bytes, literal int64,
) (map[imap.UID]*fetched, error) {
	s.command(bytes, literal)
	cmd := s.Fetch(imap.UIDSetNum(uids...), options)
	got := make(map[imap.UID]*fetched, len(uids))
	for msg := cmd.Next(); msg != nil; msg = cmd.Next() {
		f := &fetched{}
		for item := msg.Next(); item != nil; item = msg.Next() {
			switch item := item.(type) {
			case imapclient.FetchItemDataUID:
				got[item.UID] = f
			case imapclient.FetchItemDataInternalDate:
				f.at = item.Time
			case imapclient.FetchItemDataRFC822Size:
				f.size = item.Size
			case imapclient.FetchItemDataBodySection:
				f.whole = true
				if item.Literal != nil {
					f.raw, _ = io.ReadAll(item.Literal)
					if int64(len(f.raw)) < item.Literal.Size() {
						// Nothing may be asked of cmd any more: it would read on beside the library.
						return nil, io.ErrUnexpectedEOF
					}
				}
			}
		}
	}
	err := cmd.Close()
	var reply *imap.Error
	// Some are there no more (RFC 5530).
	if errors.As(err, &reply) && reply.Code == "EXPUNGEISSUED" {
		err = nil
	}
	return got, err
}
