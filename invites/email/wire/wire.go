// Package wire knows how far a server's IMAP answer may go: its deadlines, its length, and what go-imap would follow
// without end. What is asked, and what the answers mean, it leaves to invites/email.
package wire

import (
	"bytes"
	"io"
	"net"
	"sync"
	"time"

	"coalition/invites/reach"
)

// A Conn is a connection to an IMAP server as go-imap may see it. Every error of the network is an end of the file to
// it, since it waits for ever for the rest of a literal after any other.
type Conn struct {
	// Conn is in the clear, above the TLS of tcp.
	net.Conn
	tcp net.Conn
	// greeting is still to be read, before what the server says.
	greeting []byte

	mu sync.Mutex
	// left is how many bytes may still come.
	left int64
	// silence is how long it may take until the next one comes; 0: for ever.
	silence time.Duration
	// end is when the last one must have come.
	end   time.Time
	frame frame
	// fault is why nothing comes any more; nil: it was closed here.
	fault  error
	closed bool
}

// New returns a connection over conn, which is in the clear above the TLS of tcp, or tcp itself. greeting is read
// before what the server says. Nothing may come before the first [Conn.Allow].
func New(conn, tcp net.Conn, greeting string) *Conn {
	return &Conn{Conn: conn, tcp: tcp, greeting: []byte(greeting)}
}

// slowest is the rate at which long answers may come, in bytes per second: that of a poor phone.
const slowest = 8 << 10

// Allow lets the server say a number of bytes, with literals of up to a number of bytes among them, and
// be silent no longer than that before each of them; 0 is for ever.
func (w *Conn) Allow(silence time.Duration, bytes, literal int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.left, w.silence, w.frame.longest = bytes, silence, literal
	w.end = time.Now().Add(silence + time.Duration(bytes)*time.Second/slowest)
	w.wind()
}

// wind sets the deadline for the next bytes.
func (w *Conn) wind() {
	var at time.Time
	if w.silence > 0 {
		if at = time.Now().Add(w.silence); at.After(w.end) {
			at = w.end
		}
	}
	// It fails where reading fails, too.
	_ = w.Conn.SetDeadline(at)
}

func (w *Conn) Read(p []byte) (int, error) {
	if len(w.greeting) > 0 {
		n := copy(p, w.greeting)
		w.greeting = w.greeting[n:]
		return n, nil
	}
	n, err := w.Conn.Read(p)
	w.mu.Lock()
	defer w.mu.Unlock()
	if n > 0 {
		w.wind()
		err = w.frame.take(p[:n])
		if w.left -= int64(n); w.left < 0 {
			err = reach.Words("its answer had no end")
		}
	}
	if err != nil {
		w.fail(err)
		return 0, io.EOF
	}
	return n, nil
}

func (w *Conn) Write(p []byte) (int, error) {
	n, err := w.Conn.Write(p)
	if err != nil {
		w.mu.Lock()
		w.fail(err)
		w.mu.Unlock()
	}
	return n, err
}

func (w *Conn) fail(err error) {
	if w.fault == nil && !w.closed {
		w.fault = err
	}
}

// Close hangs up.
func (w *Conn) Close() error {
	w.mu.Lock()
	w.closed = true
	w.mu.Unlock()
	// The TLS above it would wait to say goodbye.
	return w.tcp.Close()
}

// Cause returns why the connection ended, or otherwise.
func (w *Conn) Cause(otherwise error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.fault != nil {
		return w.fault
	}
	return otherwise
}

// SetDeadline does nothing: the library sets deadlines for what it reads and takes them away again; the deadline of
// the whole answer is set by Allow.
func (w *Conn) SetDeadline(time.Time) error { return nil }

// SetReadDeadline does nothing either.
func (w *Conn) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline does nothing either.
func (w *Conn) SetWriteDeadline(time.Time) error { return nil }

// A frame follows what a server says as far as it takes to tell literals from the rest (RFC 9051,
// section 4.3), and refuses in the rest what go-imap v2.0.0-beta.8 would be lost in: lists nested so
// deep that the stack ends, and capabilities in brackets, which it reads for ever.
type frame struct {
	// longest is that of the literals that may come; literal, how many bytes of one are still to come.
	longest int64
	literal int64

	// head is the beginning of the response.
	head []byte
	// state is '"' within quotes, '\\' after a backslash there, '{' behind one, and '}' behind its end.
	state byte
	// size is what stands behind the '{'.
	size int64
	// closed says that a ']' has come.
	closed bool
	// depth is that of lists.
	depth int
}

const (
	// deepest is how many lists may be within lists: more than any answer has that is asked for here.
	deepest  = 20
	headSize = 64
)

const (
	// ErrGarbled is the fault where an answer is none of IMAP.
	ErrGarbled = reach.Words("its answer is none that this program understands")
	errTooMuch = reach.Words("it sent more than it was asked for")
)

func (f *frame) take(p []byte) error {
	for len(p) > 0 {
		if f.literal > 0 {
			n := min(f.literal, int64(len(p)))
			f.literal -= n
			p = p[n:]
			continue
		}
		if err := f.next(p[0]); err != nil {
			return err
		}
		p = p[1:]
	}
	return nil
}

func (f *frame) next(b byte) error {
	switch {
	case b == '\n' && (f.state == '"' || f.state == '\\'):
		return ErrGarbled
	case f.state == '\\':
		f.state = '"'
	case f.state == '"':
		switch b {
		case '"':
			f.state = 0
		case '\\':
			f.state = b
		}
	case b == '\n' && f.state == '}' && f.data():
		f.literal, f.state = f.size, 0
	case b == '\n':
		*f = frame{longest: f.longest, head: f.head[:0]}
	case b == '{':
		f.size, f.state = 0, b
	case f.state == '{' && '0' <= b && b <= '9':
		if f.size = 10*f.size + int64(b-'0'); f.size > f.longest && f.data() {
			return errTooMuch
		}
	case f.state == '{' && b == '}':
		f.state = b
	case b != '\r':
		return f.other(b)
	}
	return nil
}

// other takes a byte that is no part of a quoted string or a literal.
func (f *frame) other(b byte) error {
	f.state = 0
	if len(f.head) < headSize {
		f.head = append(f.head, b)
	}
	switch {
	case b == '"' && f.data():
		f.state = b
	case b == ']':
		f.closed = true
	case b == ')':
		f.depth--
	case b == '(':
		f.depth++
		head := bytes.ToUpper(f.head)
		lost := bytes.Contains(head, []byte("CAPABILITY")) || bytes.Contains(head, []byte("ENABLED"))
		if f.depth > deepest || lost && !f.closed {
			return ErrGarbled
		}
	}
	return nil
}

// data tells whether the response is one of data, and not of text for people, in which quotes and braces
// mean nothing (RFC 9051, section 7).
func (f *frame) data() bool {
	rest, untagged := bytes.CutPrefix(f.head, []byte("* "))
	kind, _, _ := bytes.Cut(rest, []byte(" "))
	switch string(bytes.ToUpper(kind)) {
	case "OK", "NO", "BAD", "BYE", "PREAUTH":
		return false
	}
	return untagged
}
