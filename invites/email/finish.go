// Package email knows how a message becomes bytes and how bytes reach a mail server or a folder:
// MIME, SMTP, and which failures are for now, for good, or unclear. What a message says, and whether
// it should be sent, it leaves to its callers.
package email

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"slices"
	"strings"

	gomessage "github.com/emersion/go-message/textproto"
	jwemail "github.com/jordan-wright/email"

	"coalition/invites"
)

// Unsent is the header that makes mail programs open a file as a draft.
const Unsent = "X-Unsent"

// The header fields that may stand in Email.Headers, in the order in which they are written.
var headerOrder = []string{"Date", "From", "To", "Subject", "Message-Id", "In-Reply-To", "References", "Auto-Submitted", Unsent}

// Finish writes e as the bytes that travel (RFC 5322, 2045, 6047): multipart/alternative of its text
// and its HTML or, with a calendar as its one attachment, multipart/mixed of an alternative that
// holds the calendar, too, and invite.ics. That is the shape that every client recognises; e's own
// rendering has no place for it, leaves long headers unfolded and lets line breaks through.
//
// e has one recipient, and the headers Date and Message-Id. The same e gives the same bytes. Finish
// refuses every address and header that is not one clean line.
func Finish(e *jwemail.Email) ([]byte, error) {
	h, err := header(e)
	if err != nil {
		return nil, err
	}
	id := e.Headers.Get("Message-Id")
	var b bytes.Buffer
	b.Grow(4096 + 2*len(e.Text) + 2*len(e.HTML))
	if len(e.Attachments) == 0 {
		w := multipart{&b, boundary(id, "alternative")}
		if err := writeHeader(&b, h, w.contentType("alternative")); err != nil {
			return nil, err
		}
		err := w.alternative(e, nil, "")
		return b.Bytes(), err
	}
	calendar := e.Attachments[0]
	if _, params, err := mime.ParseMediaType(calendar.ContentType); err != nil || params["method"] == "" || len(e.Attachments) > 1 {
		return nil, errors.New("a message carries one calendar, with its method, or none")
	}
	encoded := base64Lines(calendar.Content)
	mixed := multipart{&b, boundary(id, "mixed")}
	inner := multipart{&b, boundary(id, "alternative")}
	if err := writeHeader(&b, h, mixed.contentType("mixed")); err != nil {
		return nil, err
	}
	mixed.part("Content-Type", inner.contentType("alternative"))
	if err := inner.alternative(e, encoded, calendar.ContentType); err != nil {
		return nil, err
	}
	// Beside the part that calendars act on, the same as a file: some clients know only the one,
	// some only the other.
	mixed.part("Content-Type", `application/ics; name="invite.ics"`,
		"Content-Disposition", `attachment; filename="invite.ics"`, "Content-Transfer-Encoding", "base64")
	b.Write(encoded)
	mixed.end()
	return b.Bytes(), nil
}

// header is the header fields of e by their names, each one clean line.
func header(e *jwemail.Email) (map[string]string, error) {
	from, err := address(e.From)
	if err != nil {
		return nil, fmt.Errorf("From %w", err)
	}
	if len(e.To) != 1 || len(e.Cc)+len(e.Bcc) > 0 {
		return nil, errors.New("a message has one recipient")
	}
	to, err := address(e.To[0])
	if err != nil {
		return nil, fmt.Errorf("To %w", err)
	}
	if err := invites.Line(e.Subject); err != nil {
		return nil, fmt.Errorf("Subject %w", err)
	}
	values := map[string]string{"From": from, "To": to, "Subject": mime.QEncoding.Encode("utf-8", e.Subject)}
	for name, list := range e.Headers {
		if !slices.Contains(headerOrder, name) || values[name] != "" {
			return nil, fmt.Errorf("the header %s has no place in a message", name)
		}
		values[name] = strings.Join(list, " ")
		if err := invites.Line(values[name]); err != nil {
			return nil, fmt.Errorf("%s %w", name, err)
		}
	}
	for _, name := range []string{"Date", "Message-Id"} {
		if values[name] == "" {
			return nil, fmt.Errorf("%s is missing", name)
		}
	}
	if refs := e.Headers["References"]; len(refs) > 0 {
		values["In-Reply-To"] = refs[len(refs)-1]
	}
	return values, nil
}

// writeHeader writes the fields in their order, folded, and the empty line behind them.
func writeHeader(b *bytes.Buffer, values map[string]string, contentType string) error {
	var h gomessage.Header // which writes what was added last first, as mail servers do
	h.Add("Content-Type", contentType)
	h.Add("MIME-Version", "1.0")
	for _, name := range slices.Backward(headerOrder) {
		v := values[name]
		switch {
		case strings.Contains(v, "?= =?"): // the library folds only where the hard limit makes it
			h.AddRaw([]byte(name + ": " + strings.ReplaceAll(v, "?= =?", "?=\r\n =?") + "\r\n"))
		case v != "":
			h.Add(name, v)
		}
	}
	return gomessage.WriteHeader(b, h)
}

// address is s, as net/mail writes addresses, folded and encoded for a header.
func address(s string) (string, error) {
	if err := invites.Line(s); err != nil {
		return "", err
	}
	a, err := mail.ParseAddress(s)
	if err != nil {
		return "", errors.New("is no address")
	}
	if _, err := invites.ParseEmail(a.Address); err != nil {
		return "", err
	}
	if err := invites.Line(a.Name); err != nil {
		return "", err
	}
	return a.String(), nil
}

func boundary(messageID, part string) string {
	sum := sha256.Sum256([]byte(part + messageID))
	return part[:1] + hex.EncodeToString(sum[:15])
}

// A multipart writes parts between its boundaries (RFC 2046, section 5.1).
type multipart struct {
	b        *bytes.Buffer
	boundary string
}

func (w multipart) contentType(kind string) string {
	return "multipart/" + kind + `; boundary="` + w.boundary + `"`
}

// part begins a part with these header fields, given as name, value, name, value.
func (w multipart) part(fields ...string) {
	w.b.WriteString("\r\n--" + w.boundary + "\r\n")
	for i := 0; i < len(fields); i += 2 {
		w.b.WriteString(fields[i] + ": " + fields[i+1] + "\r\n")
	}
	w.b.WriteString("\r\n")
}

func (w multipart) end() { w.b.WriteString("\r\n--" + w.boundary + "--\r\n") }

// alternative writes the text, the HTML and, where there is one, the calendar: the best last.
func (w multipart) alternative(e *jwemail.Email, calendar []byte, contentType string) error {
	for _, body := range []struct {
		kind string
		text []byte
	}{{"plain", e.Text}, {"html", e.HTML}} {
		w.part("Content-Type", "text/"+body.kind+"; charset=utf-8", "Content-Transfer-Encoding", "quoted-printable")
		q := quotedprintable.NewWriter(w.b)
		if _, err := q.Write(body.text); err != nil {
			return err
		}
		if err := q.Close(); err != nil {
			return err
		}
	}
	if calendar != nil {
		w.part("Content-Type", contentType, "Content-Transfer-Encoding", "base64")
		w.b.Write(calendar)
	}
	w.end()
	return nil
}

// base64Lines is data in lines of 76 characters.
func base64Lines(data []byte) []byte {
	const in = 57 // bytes that make a line
	out := make([]byte, 0, len(data)*4/3+len(data)/in*2+8)
	for len(data) > 0 {
		n := min(in, len(data))
		out = base64.StdEncoding.AppendEncode(out, data[:n])
		out = append(out, '\r', '\n')
		data = data[n:]
	}
	return out
}
