package inbound

import (
	"bytes"
	"coalition/invites/email/inbound/prose"
	"coalition/invites/plaintext"
	"encoding/base64"
	"io"
	"mime"
	"strings"
	"unicode/utf8"

	"github.com/emersion/go-message/charset"
	"golang.org/x/text/encoding/charmap"
)

// What is read of a mail that comes in: more than any person or calendar writes. go-message's readers
// would stop at the first odd line of a header, and pull every part through all that it lies in; so
// only its charsets are used, and the mail is taken apart here, in slices of itself.
const (
	// mostBytes is that of a mail, its lines ending in LF.
	mostBytes  = 1 << 20
	mostHeader = 256 << 10
	// mostFields is that of one header.
	mostFields    = 2000
	mostValue     = 4 << 10
	mostParts     = 200
	mostDepth     = 20
	mostCalendars = 10
)

// Fields are a header in its order.
type fields []field

// A field is one of them: its name in lower case, its value unfolded and otherwise as it came.
type field struct{ name, value string }

// all returns the values of the fields of that name.
func (h fields) all(name string) []string {
	var values []string
	for _, f := range h {
		if f.name == name {
			values = append(values, f.value)
		}
	}
	return values
}

// get returns the value of the first field of that name; "" where there is none.
func (h fields) get(name string) string {
	for _, f := range h {
		if f.name == name {
			return f.value
		}
	}
	return ""
}

// word returns get's first word, in lower case and without what servers add to it.
func (h fields) word(name string) string {
	value := strings.ToLower(h.get(name))
	if i := strings.IndexAny(value, " \t;,("); i >= 0 {
		value = value[:i]
	}
	return value
}

// splitHeader returns the header that data begins with, whose lines end in LF, and what comes behind it.
// Lines that are no field are passed over. whole is false where there is more than may be.
func splitHeader(data []byte) (h fields, body []byte, whole bool) {
	head := data
	if bytes.HasPrefix(data, []byte("\n")) {
		return nil, data[1:], true
	} else if i := bytes.Index(data, []byte("\n\n")); i >= 0 {
		head, body = data[:i+1], data[i+2:]
	}
	if whole = len(head) <= mostHeader; !whole {
		head = head[:mostHeader]
	}
	for len(head) > 0 {
		if len(h) == mostFields {
			return h, body, false
		}
		end := 0
		// A line, and those that go on with it.
		for {
			i := bytes.IndexByte(head[end:], '\n')
			if i < 0 {
				end = len(head)
				break
			}
			end += i + 1
			if end == len(head) || head[end] != ' ' && head[end] != '\t' {
				break
			}
		}
		name, value, ok := bytes.Cut(head[:end], []byte(":"))
		name = bytes.TrimRight(name, " \t")
		odd := func(r rune) bool { return r <= ' ' || r >= 0x7f }
		if ok && len(name) > 0 && len(name) < 100 && !bytes.ContainsFunc(name, odd) {
			value = bytes.TrimSpace(bytes.ReplaceAll(value, []byte("\n"), nil))
			h = append(h, field{strings.ToLower(string(name)), string(value)})
		}
		head = head[end:]
	}
	return h, body, whole
}

// mediaType reads a Content-Type or Content-Disposition, also one that is not quite as it should be.
// It is "" for one that can't be read.
func mediaType(value string) (kind string, params map[string]string) {
	if len(value) > mostValue {
		return "", nil
	}
	kind, params, err := mime.ParseMediaType(value)
	if err == nil {
		return kind, params
	}
	params = make(map[string]string)
	for i, s := range strings.Split(value, ";") {
		name, value, _ := strings.Cut(s, "=")
		name = strings.ToLower(strings.TrimSpace(name))
		if i == 0 {
			kind = name
		} else if _, twice := params[name]; !twice {
			params[name] = strings.Trim(strings.TrimSpace(value), `"`)
		}
	}
	return kind, params
}

// A part is a mail, or a part of one. Nobody looks into a mail that lies in another as if it were this
// one: it is a part like any file.
type part struct {
	header fields
	// kind is its media type in lower case, "text/plain" where it does not say.
	kind   string
	params map[string]string
	// attached says that it asks to be shown as a file.
	attached bool
	// body is as it travelled.
	body  []byte
	parts []*part
}

// A taker takes a mail apart.
type taker struct {
	parts int
	// much says that there was more than may be.
	much bool
}

func (t *taker) part(data []byte, otherwise string, depth int) *part {
	h, body, whole := splitHeader(data)
	t.much = t.much || !whole
	return t.open(h, body, otherwise, depth)
}

// open returns the part with that header and body; otherwise is its kind where it does not say.
func (t *taker) open(h fields, body []byte, otherwise string, depth int) *part {
	t.parts++
	p := &part{header: h, body: body}
	p.kind, p.params = mediaType(h.get("content-type"))
	if !strings.Contains(p.kind, "/") {
		p.kind = otherwise
	}
	disposition, named := mediaType(h.get("content-disposition"))
	p.attached = depth > 0 && (disposition == "attachment" || named["filename"] != "")
	if !strings.HasPrefix(p.kind, "multipart/") {
		return p
	}
	children := cutParts(body, p.params["boundary"])
	// What is promised is not there: what is there is text.
	if len(children) == 0 {
		p.kind = "text/plain"
		return p
	}
	inner := "text/plain"
	if p.kind == "multipart/digest" {
		inner = "message/rfc822"
	}
	for _, child := range children {
		if depth == mostDepth || t.parts >= mostParts {
			t.much = true
			break
		}
		p.parts = append(p.parts, t.part(child, inner, depth+1))
	}
	return p
}

// cutParts returns what lies between the boundaries (RFC 2046, section 5.1.1); the last may be missing.
func cutParts(body []byte, boundary string) [][]byte {
	if boundary == "" {
		return nil
	}
	var parts [][]byte
	delimiter := []byte("--" + boundary)
	// begin is that of the part that is open.
	begin := -1
	for at := 0; at < len(body); {
		i := bytes.Index(body[at:], delimiter)
		if i < 0 {
			break
		}
		start := at + i
		after := start + len(delimiter)
		at = after
		end := bytes.IndexByte(body[after:], '\n')
		if end < 0 {
			end = len(body)
		} else {
			end += after
		}
		rest := bytes.TrimRight(body[after:end], " \t")
		last := bytes.HasPrefix(rest, []byte("--"))
		if start > 0 && body[start-1] != '\n' || len(rest) > 0 && !last {
			continue
		}
		if begin >= 0 {
			parts = append(parts, body[begin:max(begin, start-1)])
		}
		if begin = min(end+1, len(body)); last || len(parts) > mostParts {
			return parts
		}
	}
	if begin >= 0 {
		parts = append(parts, body[begin:])
	}
	return parts
}

// walk calls f with p and all parts in it, in their order.
func (p *part) walk(f func(*part)) {
	f(p)
	for _, child := range p.parts {
		child.walk(f)
	}
}

// data returns the body as it was before it travelled.
func (p *part) data() []byte {
	switch p.header.word("content-transfer-encoding") {
	case "base64":
		return decodeBase64(p.body)
	case "quoted-printable":
		return decodeQuotedPrintable(p.body)
	}
	return p.body
}

// text returns data as UTF-8, its lines ending in LF.
func (p *part) text() string {
	return string(unixLines([]byte(toUTF8(p.data(), p.params["charset"]))))
}

// shown returns the text of a part as its reader sees it, quotes and all, each line of HTML's quotes with a >
// in front; plain is whether its writer's program wrote it as plain text.
func (p *part) shown() (text string, plain bool) {
	switch {
	case p.kind == "multipart/alternative" || p.kind == "multipart/related":
		for _, child := range p.parts {
			t, isPlain := child.shown()
			if strings.TrimSpace(t) == "" {
				continue
			}
			if isPlain || p.kind == "multipart/related" {
				return t, isPlain
			}
			if text == "" {
				text = t
			}
		}
	// The other parts are not for people.
	case p.kind == "multipart/report" && len(p.parts) > 0:
		return p.parts[0].shown()
	case strings.HasPrefix(p.kind, "multipart/"):
		var all []string
		for _, child := range p.parts {
			t, isPlain := child.shown()
			if t != "" {
				all, plain = append(all, t), plain || isPlain
			}
		}
		text = strings.Join(all, "\n")
	case p.attached:
	case p.kind == "text/html":
		text = prose.FromHTML(p.text())
	case p.kind == "text/plain":
		text, plain = p.text(), true
		if strings.EqualFold(p.params["format"], "flowed") {
			text = prose.Unflow(text, strings.EqualFold(p.params["delsp"], "yes"))
		}
	}
	return text, plain
}

// decodeBase64 decodes what can be (RFC 2045, section 6.8): other characters are passed over, also
// in the middle, and it ends at the padding, behind which mailing lists write their own.
func decodeBase64(data []byte) []byte {
	clean := make([]byte, 0, len(data))
	for _, c := range data {
		if c == '=' {
			break
		}
		if c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '+' || c == '/' {
			clean = append(clean, c)
		}
	}
	n, _ := base64.RawStdEncoding.Decode(clean, clean)
	return clean[:n]
}

// decodeQuotedPrintable decodes what can be (RFC 2045, section 6.7); the rest stands for itself. The
// library's reader gives up at the first slip.
func decodeQuotedPrintable(data []byte) []byte {
	out := make([]byte, 0, len(data))
	for line := range bytes.Lines(data) {
		text := bytes.TrimRight(line, " \t\n")
		soft := bytes.HasSuffix(text, []byte("="))
		if soft {
			text = text[:len(text)-1]
		}
		for i := 0; i < len(text); i++ {
			if b, ok := hexByte(text[i:]); ok {
				out = append(out, b)
				i += 2
			} else {
				out = append(out, text[i])
			}
		}
		if !soft && bytes.HasSuffix(line, []byte("\n")) {
			out = append(out, '\n')
		}
	}
	return out
}

// hexByte returns the octet for which s begins with =XX.
func hexByte[S string | []byte](s S) (b byte, ok bool) {
	if len(s) < 3 || s[0] != '=' {
		return 0, false
	}
	for _, c := range [2]byte{s[1], s[2]} {
		switch {
		case c >= '0' && c <= '9':
			b = b<<4 | (c - '0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			b = b<<4 | ((c | 0x20) - 'a' + 10)
		default:
			return 0, false
		}
	}
	return b, true
}

// toUTF8 returns data out of the charset of that name. Many mails name none, or a wrong one: what is UTF-8
// although its label says Latin, is UTF-8, and what nobody knows is what Windows writes.
func toUTF8(data []byte, label string) string {
	label = strings.ToLower(strings.TrimSpace(label))
	switch label {
	case "", "us-ascii", "ascii", "utf-8", "utf8", "iso-8859-1", "windows-1252":
		switch {
		case utf8.Valid(data):
			return string(data)
		case bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")):
			label = "utf-16"
		default:
			label = "windows-1252"
		}
	}
	if len(label) < 40 {
		if r, err := charset.Reader(label, bytes.NewReader(data)); err == nil {
			if text, err := io.ReadAll(r); err == nil {
				return string(text)
			}
		}
	}
	if utf8.Valid(data) {
		return string(data)
	}
	// It knows every octet.
	text, _ := charmap.Windows1252.NewDecoder().Bytes(data)
	return string(text)
}

// An encoded word (RFC 2047), also one with spaces in it, which SOGo writes.
var encodedWord = plaintext.Pattern(`=\?([!->@-~]{1,60})\?([bBqQ])\?(.*?)\?=`)

// decodeWords returns the value of a field for people. Words beside each other in one charset are decoded
// as one: some programs cut letters in two.
func decodeWords(value string) string {
	var out strings.Builder
	// open is decoded, and not yet out of its charset.
	var open []byte
	var label string
	end := 0
	flush := func() {
		out.WriteString(toUTF8(open, label))
		open = nil
	}
	for _, m := range encodedWord().FindAllStringSubmatchIndex(value, -1) {
		between := value[end:m[0]]
		// A language may follow (RFC 2231, section 5).
		of, _, _ := strings.Cut(value[m[2]:m[3]], "*")
		if end == 0 || strings.TrimSpace(between) != "" {
			flush()
			out.WriteString(toUTF8([]byte(between), ""))
		} else if !strings.EqualFold(of, label) {
			flush()
		}
		label = of
		if word := value[m[6]:m[7]]; value[m[4]]|0x20 == 'b' {
			open = append(open, decodeBase64([]byte(word))...)
		} else {
			for i := 0; i < len(word); i++ {
				b, ok := hexByte(word[i:])
				switch {
				case ok:
					i += 2
				case word[i] == '_':
					b = ' '
				default:
					b = word[i]
				}
				open = append(open, b)
			}
		}
		end = m[1]
	}
	flush()
	out.WriteString(toUTF8([]byte(value[end:]), ""))
	return out.String()
}

// unixLines returns data with lines that end in LF.
func unixLines(data []byte) []byte {
	if bytes.IndexByte(data, '\r') < 0 {
		return data
	}
	out := make([]byte, 0, len(data))
	for line := range bytes.Lines(data) {
		if text, ok := bytes.CutSuffix(line, []byte("\n")); ok {
			out = append(append(out, bytes.TrimRight(text, "\r")...), '\n')
		} else {
			out = append(out, line...)
		}
	}
	return out
}

// oneLine returns s on one line, in at most that many characters.
func oneLine(s string, most int) string { return plaintext.Clip(plaintext.Line(s), most) }
