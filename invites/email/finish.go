package email

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"mime"
	"net/mail"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	gomessage "github.com/emersion/go-message/textproto"
	jwemail "github.com/jordan-wright/email"

	"coalition/invites"
	"coalition/invites/plaintext"
)

// Unsent is the header that makes mail programs open a file as a draft.
const Unsent = "X-Unsent"

// The fields of a header in the order and the letters in which they are written.
var headerOrder = []string{"Date", "From", "To", "Subject", "Message-ID", "In-Reply-To", "References",
	"Auto-Submitted", Unsent, "MIME-Version", "Content-Type"}

// Those of them that come from Email.Headers, by their keys there.
var headerNames = map[string]string{"Date": "Date", "Message-Id": "Message-ID", "In-Reply-To": "In-Reply-To",
	"References": "References", "Auto-Submitted": "Auto-Submitted", Unsent: Unsent}

// Finish writes e as the bytes that travel (RFC 5322, 2045, 6047): multipart/alternative of its text
// and its HTML or, with a calendar as its one attachment, multipart/mixed of an alternative that
// holds the calendar, too, and invite.ics. That is the shape that every client recognises; e's own
// rendering has no place for it, leaves long headers unfolded and lets line breaks through.
//
// e has one recipient, its text and its HTML, and the headers Date and Message-Id. The same e gives the same bytes.
// Finish refuses every address and header that is not one clean line, and bodies with control characters.
func Finish(e *jwemail.Email) ([]byte, error) {
	h, err := header(e)
	if err != nil {
		return nil, err
	}
	if err := bodies(e); err != nil {
		return nil, err
	}
	contentType, err := calendarType(e)
	if err != nil {
		return nil, err
	}
	var encoded []byte
	if contentType != "" {
		encoded = base64Lines(e.Attachments[0].Content)
	}
	id := e.Headers.Get("Message-Id")
	b := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(b)
	b.Reset()
	inner := multipart{b, boundary(id, "alternative")}
	if contentType == "" {
		if err := writeHeader(b, h, inner.contentType("alternative")); err != nil {
			return nil, err
		}
		inner.alternative(e, "", nil)
		return bytes.Clone(b.Bytes()), nil
	}
	mixed := multipart{b, boundary(id, "mixed")}
	if err := writeHeader(b, h, mixed.contentType("mixed")); err != nil {
		return nil, err
	}
	mixed.part("Content-Type", inner.contentType("alternative"))
	inner.alternative(e, contentType, encoded)
	// Beside the part that calendars act on, the same as a file: some clients know only the one, some only the other.
	mixed.part("Content-Type", `application/ics; name="invite.ics"`,
		"Content-Disposition", `attachment; filename="invite.ics"`, "Content-Transfer-Encoding", "base64")
	b.Write(encoded)
	mixed.end()
	return bytes.Clone(b.Bytes()), nil
}

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// header returns the fields of e's header by their names, without what MIME adds; each is one clean line.
func header(e *jwemail.Email) (map[string]string, error) {
	if len(e.To) != 1 || len(e.Cc)+len(e.Bcc) > 0 {
		return nil, errors.New("a message has one recipient")
	}
	if len(e.ReplyTo)+len(e.ReadReceipt) > 0 || e.Sender != "" {
		return nil, errors.New("a message is from one address, and answers go there")
	}
	values := make(map[string]string, len(headerOrder))
	for _, f := range [...]struct{ name, address string }{{"From", e.From}, {"To", e.To[0]}} {
		value, err := address(f.address, len(f.name+": "))
		if err != nil {
			return nil, fmt.Errorf("%s %w", f.name, err)
		}
		values[f.name] = value
	}
	if err := plaintext.CheckLine(e.Subject); err != nil {
		return nil, fmt.Errorf("the subject %w", err)
	}
	values["Subject"] = e.Subject
	if e.Subject != "" && !plain(e.Subject) {
		values["Subject"] = encodedWords(e.Subject, len("Subject: "))
	}
	for key, list := range e.Headers {
		name, ok := headerNames[key]
		if !ok || len(list) > 1 && name != "References" {
			return nil, fmt.Errorf("the header %q has no place in a message", key)
		}
		for _, v := range list {
			if err := plaintext.CheckLine(v); err != nil {
				return nil, fmt.Errorf("%s %w", name, err)
			}
			// A line ends at 998.
			if !plaintext.IsASCII(v) || len(v) > 900 || slices.Contains(strings.Split(v, " "), "") {
				return nil, fmt.Errorf("%s is not a line of ASCII words", name)
			}
		}
		values[name] = strings.Join(list, " ")
	}
	for _, name := range []string{"Date", "Message-ID"} {
		if values[name] == "" {
			return nil, fmt.Errorf("%s is missing", name)
		}
	}
	if refs := e.Headers["References"]; len(refs) > 0 {
		values["In-Reply-To"] = refs[len(refs)-1]
	}
	return values, nil
}

// bodies refuses text and HTML that would not arrive as they are, or not at all: of two alternatives
// a mail program shows the last, also where that is empty.
func bodies(e *jwemail.Email) error {
	if len(e.Text) == 0 || len(e.HTML) == 0 {
		return errors.New("a message has a text and HTML")
	}
	if err := plaintext.CheckText(e.Text); err != nil {
		return fmt.Errorf("the text %w", err)
	}
	if err := plaintext.CheckText(e.HTML); err != nil {
		return fmt.Errorf("the HTML %w", err)
	}
	return nil
}

var methods = []invites.Method{invites.Request, invites.Cancel, invites.Publish, invites.DeclineCounter}

// calendarType returns the Content-Type of the calendar that e carries; "" where it carries none. Without
// the method of the calendar itself it is no invitation (RFC 6047, section 2.4).
func calendarType(e *jwemail.Email) (string, error) {
	if len(e.Attachments) == 0 {
		return "", nil
	}
	calendar := e.Attachments[0]
	kind, params, err := mime.ParseMediaType(calendar.ContentType)
	method := params["method"]
	switch {
	case err != nil || kind != "text/calendar" || len(e.Attachments) > 1:
		return "", errors.New("a message carries one calendar or none")
	case !slices.Contains(methods, invites.Method(method)):
		return "", errors.New("the type of the calendar names no method")
	case !bytes.Contains(calendar.Content, []byte("\r\nMETHOD:"+method+"\r\n")):
		return "", errors.New("the type of the calendar names another method than the calendar")
	}
	return "text/calendar; method=" + method + "; charset=UTF-8", nil
}

// writeHeader writes the fields in their order, and the empty line behind them.
func writeHeader(b *bytes.Buffer, values map[string]string, contentType string) error {
	values["MIME-Version"], values["Content-Type"] = "1.0", contentType
	// It writes what was added last first, as mail servers do.
	var h gomessage.Header
	for _, name := range slices.Backward(headerOrder) {
		if v := values[name]; v != "" {
			h.AddRaw(fold(name, v))
		}
	}
	return gomessage.WriteHeader(b, h)
}

// fold returns a field in lines of 76 characters. The library's own folding gives up at the first long word
// of a field, and spells Message-Id.
func fold(name, value string) []byte {
	field := make([]byte, 0, len(name)+len(value)+16)
	field = append(append(field, name...), ':')
	column := len(field)
	for word := range strings.SplitSeq(value, " ") {
		if column > len(name+":") && column+len(" "+word) > 76 {
			field, column = append(field, "\r\n"...), 0
		}
		field = append(append(field, ' '), word...)
		column += len(" " + word)
	}
	return append(field, "\r\n"...)
}

// address returns s, as net/mail reads addresses, for a line of a header of which used characters are taken.
func address(s string, used int) (string, error) {
	if err := plaintext.CheckLine(s); err != nil {
		return "", err
	}
	a, err := mail.ParseAddress(s)
	if err != nil {
		return "", errors.New("is no address")
	}
	bare, err := invites.ParseEmail(a.Address)
	if err != nil {
		return "", err
	}
	if err := plaintext.CheckLine(a.Name); err != nil {
		return "", err
	}
	switch {
	case a.Name == "":
		return "<" + bare + ">", nil
	case plain(a.Name) && !strings.ContainsAny(a.Name, `"\`):
		return `"` + a.Name + `" <` + bare + ">", nil
	}
	return encodedWords(a.Name, used) + " <" + bare + ">", nil
}

// plain reports whether s can stand in a header as it is: words of ASCII with one space between
// them, none too long for a line, and none that would be read as an encoded one.
func plain(s string) bool {
	for word := range strings.SplitSeq(s, " ") {
		if word == "" || len(word) > 60 || !plaintext.IsASCII(word) || strings.Contains(word, "=?") {
			return false
		}
	}
	return true
}

// encodedWords returns s in encoded words of 75 characters at most (RFC 2047, section 2), the first one
// short enough for a line of 76 of which used are taken. The standard library leaves no room for
// the name of the field, and in a person's name it leaves characters that must not stand there.
func encodedWords(s string, used int) string {
	const begin, end, line, hex = "=?utf-8?q?", "?=", 76, "0123456789ABCDEF"
	b := make([]byte, 0, 2*len(s)+len(begin+end))
	b = append(b, begin...)
	left := line - used - len(begin+end)
	// A character is never cut in two.
	for i, r := range s {
		asIs := r|0x20 >= 'a' && r|0x20 <= 'z' || r >= '0' && r <= '9' || strings.ContainsRune(" !*+-/", r)
		size := 1
		if !asIs {
			size = 3 * utf8.RuneLen(r)
		}
		if left < size {
			b = append(b, end+" "+begin...)
			left = line - 1 - len(begin+end)
		}
		left -= size
		switch {
		case r == ' ':
			b = append(b, '_')
		case asIs:
			b = append(b, byte(r))
		default:
			for _, octet := range []byte(s[i : i+utf8.RuneLen(r)]) {
				b = append(b, '=', hex[octet>>4], hex[octet&0xf])
			}
		}
	}
	return string(append(b, end...))
}

// boundary returns one with the two characters that stand next to each other in no quoted-printable and no base64
// (RFC 2045, section 6.7): no body can hold it.
func boundary(messageID, part string) string {
	sum := sha256.Sum256([]byte(part + messageID))
	return "=_" + part[:1] + hex.EncodeToString(sum[:12])
}

// A multipart writes parts between its boundaries (RFC 2046, section 5.1).
type multipart struct {
	b        *bytes.Buffer
	boundary string
}

func (w multipart) contentType(kind string) string {
	return "multipart/" + kind + `; boundary="` + w.boundary + `"`
}

// part begins a part with these header fields, given as name, value, name, value. What comes before
// it ends in CRLF, which belongs to the boundary.
func (w multipart) part(fields ...string) {
	w.b.WriteString("--" + w.boundary + "\r\n")
	for i := 0; i < len(fields); i += 2 {
		w.b.WriteString(fields[i] + ": " + fields[i+1] + "\r\n")
	}
	w.b.WriteString("\r\n")
}

func (w multipart) end() { w.b.WriteString("--" + w.boundary + "--\r\n") }

// alternative writes the text, the HTML and, where there is one, the calendar: the best last.
func (w multipart) alternative(e *jwemail.Email, contentType string, calendar []byte) {
	for _, body := range []struct {
		kind string
		text []byte
	}{{"plain", e.Text}, {"html", e.HTML}} {
		w.part("Content-Type", "text/"+body.kind+"; charset=utf-8", "Content-Transfer-Encoding", "quoted-printable")
		w.b.Write(quotedPrintable(w.b.AvailableBuffer(), body.text))
		w.b.WriteString("\r\n")
	}
	if calendar != nil {
		w.part("Content-Type", contentType, "Content-Transfer-Encoding", "base64")
		w.b.Write(calendar)
	}
	w.end()
}

// quotedPrintable appends text to out (RFC 2045, section 6.7), stretch by stretch: the standard library's
// writer, which goes byte by byte, takes longer than all the rest of a message.
func quotedPrintable(out, text []byte) []byte {
	// A line has 76 characters with the = of a soft break.
	const most, hex = 75, "0123456789ABCDEF"
	column := 0
	for i := 0; i < len(text); {
		begin, end := i, min(len(text), i+most-column)
		for i < end && asIs(text, i) {
			i++
		}
		out = append(out, text[begin:i]...)
		column += i - begin
		switch {
		case i == len(text):
		case text[i] == '\n':
			out, column = append(out, "\r\n"...), 0
			i++
		case asIs(text, i) || column > most-len("=XX"):
			out, column = append(out, "=\r\n"...), 0
		default:
			out = append(out, '=', hex[text[i]>>4], hex[text[i]&0xf])
			column += len("=XX")
			i++
		}
	}
	return out
}

// asIs reports whether text[i] stands for itself in quoted-printable: white space does so only where a line goes on.
func asIs(text []byte, i int) bool {
	c := text[i]
	if c > ' ' {
		return c < 0x7f && c != '='
	}
	return (c == ' ' || c == '\t') && i+1 < len(text) && text[i+1] != '\n'
}

// base64Lines returns data in lines of 76 characters.
func base64Lines(data []byte) []byte {
	// As many bytes make a line.
	const in = 57
	out := make([]byte, 0, len(data)*4/3+len(data)/in*2+8)
	for len(data) > 0 {
		n := min(in, len(data))
		out = base64.StdEncoding.AppendEncode(out, data[:n])
		out = append(out, '\r', '\n')
		data = data[n:]
	}
	return out
}
