package email_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"flag"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	jwemail "github.com/jordan-wright/email"

	"coalition/invites"
	"coalition/invites/email"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// calendar is small and whole; what a real one holds is tested where it is made.
func calendar(method string) []byte {
	return []byte("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//test//EN\r\nMETHOD:" + method + "\r\nBEGIN:VEVENT\r\n" +
		"UID:5b1d@example.org\r\nDTSTAMP:20270222T090000Z\r\nDTSTART:20270304T100000Z\r\nDTEND:20270304T110000Z\r\n" +
		"SUMMARY:Gespräch über den Frühling\r\nORGANIZER;CN=Ana Lopes:mailto:ana@example.org\r\n" +
		"ATTENDEE;CN=Jörg Müller:mailto:joerg@example.org\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")
}

func attached(method string) []*jwemail.Attachment {
	return []*jwemail.Attachment{{Filename: "invite.ics", ContentType: "text/calendar; method=" + method + "; charset=UTF-8", Content: calendar(method)}}
}

// letter is a message that Finish takes.
func letter() *jwemail.Email {
	return &jwemail.Email{
		From:    `"Ana Lopes" <ana@example.org>`,
		To:      []string{`"Maya Chen" <maya@example.org>`},
		Subject: "A conversation about the spring launch?",
		Text:    []byte("Dear Maya,\n\nmay we talk?\n"),
		HTML:    []byte("<p>Dear Maya,</p>\n<p>may we talk?</p>\n"),
		Headers: textproto.MIMEHeader{"Date": {"Mon, 22 Feb 2027 09:00:00 +0000"}, "Message-Id": {"<0123456789abcdef@example.org>"}},
	}
}

// The messages of the golden files, by name.
func letters() map[string]*jwemail.Email {
	brief := letter()
	brief.Headers["X-Unsent"] = []string{"1"}
	brief.Text = []byte("Dear Maya,\n\n.a line with a dot, a long one: " + strings.Repeat("partnership ", 20) + "\nFrom here on = and trailing space \n\tand a tab\n--=_a\n.\n")

	request := letter()
	request.From = (&mail.Address{Name: "Ana Lopes, Forschung & Produkt", Address: "ana@example.org"}).String()
	request.To = []string{(&mail.Address{Name: `Dr. Jörg "Jogi" Müller-Lüdenscheidt, Prüfung und Qualitätssicherung (Köln)`, Address: "joerg@example.org"}).String()}
	request.Subject = "Einladung: Gespräch über den Frühling – «wie wir uns gegenseitig unterstützen», 4. März 2027, 10:00 Uhr 🌱"
	request.Text = []byte("Lieber Jörg,\n\nüber den Frühling: 🌱 " + strings.Repeat("ä", 200) + "\n")
	request.HTML = []byte("<p>Lieber Jörg,</p>\n<p>über den Frühling 🌱</p>\n")
	request.Headers["Auto-Submitted"] = []string{"auto-generated"}
	request.Headers["References"] = []string{"<first@example.org>", "<second@example.org>"}
	request.Attachments = attached("REQUEST")

	cancel := letter()
	cancel.To = []string{(&mail.Address{Name: "李小龙", Address: "li@müller.example.org"}).String()}
	cancel.Subject = "取消:关于春季发布的谈话"
	cancel.Attachments = attached("CANCEL")

	publish := letter()
	publish.From = `"` + strings.TrimSpace(strings.Repeat("Ana Maria ", 12)) + `" <ana@example.org>`
	publish.To = []string{publish.From}
	publish.Subject = "Agenda: " + strings.Repeat("long ", 40) + "end"
	for range 5 {
		publish.Headers["References"] = append(publish.Headers["References"], "<"+strings.Repeat("0123456789", 6)+"@mail.example.org>")
	}
	publish.Attachments = attached("PUBLISH")
	return map[string]*jwemail.Email{"brief": brief, "request": request, "cancel": cancel, "publish": publish}
}

// A content is a message as a mail program understands it.
type content struct {
	From, To, Subject, ID, Date string
	Tree                        string // the media types, nested
	Text, HTML                  string
	Calendar, File              string // of the part that calendars act on, and of the one that is a file
	Method, Charset, Filename   string // of these parts
}

// sent is what e should read as.
func sent(t *testing.T, e *jwemail.Email) content {
	t.Helper()
	crlf := func(b []byte) string { return strings.ReplaceAll(string(b), "\n", "\r\n") }
	c := content{From: address(t, e.From), To: address(t, e.To[0]), Subject: e.Subject,
		ID: e.Headers.Get("Message-Id"), Date: e.Headers.Get("Date"),
		Text: crlf(e.Text), HTML: crlf(e.HTML), Tree: "multipart/alternative(text/plain text/html)"}
	for _, a := range e.Attachments {
		_, params, err := mime.ParseMediaType(a.ContentType)
		if err != nil {
			t.Fatal(err)
		}
		c.Tree = "multipart/mixed(multipart/alternative(text/plain text/html text/calendar) application/ics)"
		c.Calendar, c.File, c.Method, c.Charset, c.Filename = string(a.Content), string(a.Content), params["method"], "UTF-8", "invite.ics"
	}
	return c
}

// address is the name and the address in s, the domain in A-labels.
func address(t *testing.T, s string) string {
	t.Helper()
	a, err := mail.ParseAddress(s)
	if err != nil {
		t.Fatalf("%q: %v", s, err)
	}
	if a.Address, err = invites.ParseEmail(a.Address); err != nil {
		t.Fatalf("%q: %v", s, err)
	}
	return a.Name + " <" + a.Address + ">"
}

// read parses a message with nothing but the standard library.
func read(t *testing.T, data []byte) content {
	t.Helper()
	m, err := mail.ReadMessage(bytes.NewReader(data))
	if err != nil {
		t.Fatalf("net/mail: %v\n%s", err, data)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil {
		t.Fatal(err)
	}
	c := content{Subject: subject, ID: m.Header.Get("Message-Id"), Date: m.Header.Get("Date")}
	for name, to := range map[string]*string{"From": &c.From, "To": &c.To} {
		list, err := m.Header.AddressList(name)
		if err != nil || len(list) != 1 {
			t.Fatalf("%s: %d addresses, want 1; %v\n%s", name, len(list), err, data)
		}
		*to = list[0].Name + " <" + list[0].Address + ">"
	}
	c.Tree = c.part(t, textproto.MIMEHeader(m.Header), m.Body)
	return c
}

func (c *content) part(t *testing.T, h textproto.MIMEHeader, body io.Reader) (tree string) {
	t.Helper()
	kind, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		t.Fatalf("%q: %v", h.Get("Content-Type"), err)
	}
	if strings.HasPrefix(kind, "multipart/") {
		var parts []string
		for r := multipart.NewReader(body, params["boundary"]); ; {
			p, err := r.NextRawPart()
			if err == io.EOF {
				return kind + "(" + strings.Join(parts, " ") + ")"
			} else if err != nil {
				t.Fatal(err)
			}
			parts = append(parts, c.part(t, p.Header, p))
		}
	}
	switch h.Get("Content-Transfer-Encoding") {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	}
	data, err := io.ReadAll(body)
	if err != nil {
		t.Fatalf("%s: %v", kind, err)
	}
	switch kind {
	case "text/plain":
		c.Text = string(data)
	case "text/html":
		c.HTML = string(data)
	case "text/calendar":
		c.Calendar, c.Method, c.Charset = string(data), params["method"], params["charset"]
	case "application/ics":
		_, disposition, _ := mime.ParseMediaType(h.Get("Content-Disposition"))
		c.File, c.Filename = string(data), disposition["filename"]
	}
	return kind
}

// wellFormed checks what RFC 5322, sections 2.1.1 and 3.6, RFC 2045 and RFC 2047, section 2, ask of the
// bytes of any message.
func wellFormed(t *testing.T, data []byte) {
	t.Helper()
	rest, ended := strings.CutSuffix(string(data), "\r\n")
	if !ended {
		t.Errorf("does not end in CRLF")
	}
	head := true
	fields := []string{}
	for line := range strings.SplitSeq(rest, "\r\n") {
		if i := strings.IndexFunc(line, func(r rune) bool { return r >= 0x7f || r < ' ' && r != '\t' }); i >= 0 {
			t.Errorf("not printable ASCII: %q", line)
		}
		_, words, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch {
		case len(line) > 998, len(line) > 78 && strings.Contains(words, " "): // a name of a field and one long word can't be folded
			t.Errorf("a line of %d characters: %q", len(line), line)
		case len(line) > 76 && strings.Contains(line, "=?"):
			t.Errorf("encoded words in a line of %d characters: %q", len(line), line)
		}
		if line == "" {
			head = false
		}
		if head && line[0] != ' ' {
			name, _, _ := strings.Cut(line, ":")
			fields = append(fields, name)
		}
	}
	order := []string{"Date", "From", "To", "Subject", "Message-ID", "In-Reply-To", "References", "Auto-Submitted", "X-Unsent", "MIME-Version", "Content-Type"}
	want := slices.DeleteFunc(slices.Clone(order), func(name string) bool { return !slices.Contains(fields, name) })
	if d := cmp.Diff(want, fields); d != "" {
		t.Errorf("the header's fields (-want +got):\n%s", d)
	}
}

func TestFinish(t *testing.T) {
	for name, e := range letters() {
		t.Run(name, func(t *testing.T) {
			got, err := email.Finish(e)
			if err != nil {
				t.Fatal(err)
			}
			again, err := email.Finish(letters()[name])
			if err != nil || !bytes.Equal(got, again) {
				t.Errorf("the same message gives other bytes: %v\n%s", err, cmp.Diff(string(got), string(again)))
			}
			wellFormed(t, got)
			if d := cmp.Diff(sent(t, e), read(t, got)); d != "" {
				t.Errorf("read back (-want +got):\n%s", d)
			}
			golden := filepath.Join("testdata", name+".eml")
			if *update {
				if err := os.WriteFile(golden, got, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(string(want), string(got)); d != "" {
				t.Errorf("%s (-want +got):\n%s", golden, d)
			}
		})
	}
}

// Python's parser is the strictest one about defects, and of other hands than Go's.
func TestFinishPython(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Log("no python3 here: TestFinish has read the same messages with the standard library")
		return
	}
	const script = `
import email, email.header, email.policy, email.utils, json, sys
def tree(p):
    kind = p.get_content_type()
    if p.is_multipart(): return kind + "(" + " ".join(map(tree, p.iter_parts())) + ")"
    body = p.get_payload(decode=True).decode()
    if kind == "text/plain": c["Text"] = body.replace("\n", "\r\n")
    elif kind == "text/html": c["HTML"] = body.replace("\n", "\r\n")
    elif kind == "text/calendar": c["Calendar"], c["Method"], c["Charset"] = body, p.get_param("method"), p.get_param("charset")
    else: c["File"], c["Filename"] = body, p.get_filename()
    return kind
out = []
for path in sys.argv[1:]:
    m = email.message_from_binary_file(open(path, "rb"), policy=email.policy.default)
    c = {k: "" for k in ("Calendar", "File", "Method", "Charset", "Filename")}
    old = email.message_from_binary_file(open(path, "rb"))
    for k in ("From", "To"):
        # not a.display_name: before 3.13 it has a space between two encoded words
        a, = m[k].addresses
        name, _ = email.utils.parseaddr(old[k].replace("\r", "").replace("\n", ""))
        c[k] = str(email.header.make_header(email.header.decode_header(name))) + " <" + a.addr_spec + ">"
    c["Subject"], c["ID"], c["Date"] = m["Subject"], m["Message-ID"], m["Date"]
    c["Tree"] = tree(m)
    for p in m.walk(): assert not p.defects, p.defects
    for k, v in m.items(): assert not v.defects, (k, v.defects)
    out.append(c)
json.dump(out, sys.stdout)
`
	var args []string
	var want, got []content
	for _, name := range []string{"brief", "request", "cancel", "publish"} {
		args = append(args, filepath.Join("testdata", name+".eml"))
		want = append(want, sent(t, letters()[name]))
	}
	var complaint strings.Builder
	cmd := exec.Command(python, append([]string{"-c", script}, args...)...)
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, complaint.String())
	}
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("read by Python (-want +got):\n%s", d)
	}
}

func TestFinishRefuses(t *testing.T) {
	tests := []struct {
		name string
		do   func(e *jwemail.Email)
		want string // of the error
	}{
		{"line break in From", func(e *jwemail.Email) { e.From = "ana@example.org\r\nBcc: evil@example.org" }, "From has a line break"},
		{"line break in To", func(e *jwemail.Email) { e.To[0] = "Maya\n <maya@example.org>" }, "To has a line break"},
		{"line break hidden in a name", func(e *jwemail.Email) { e.To[0] = "=?utf-8?q?Maya=0D=0ABcc:_evil?= <maya@example.org>" }, "To is no address"},
		{"bidi in a name", func(e *jwemail.Email) { e.From = "\"Ana\u202e\" <ana@example.org>" }, "From has a character that reorders"},
		{"bidi hidden in a name", func(e *jwemail.Email) { e.From = "=?utf-8?q?Ana=E2=80=AE?= <ana@example.org>" }, "From has a character that reorders"},
		{"control in a name", func(e *jwemail.Email) { e.To[0] = "\"Maya\x1b[31m\" <maya@example.org>" }, "To has a control character"},
		{"not UTF-8 in a name", func(e *jwemail.Email) { e.To[0] = "\"Maya\xff\" <maya@example.org>" }, "To is not UTF-8"},
		{"line break in Subject", func(e *jwemail.Email) { e.Subject = "Hello\r\nBcc: evil@example.org" }, "the subject has a line break"},
		{"line separator in Subject", func(e *jwemail.Email) { e.Subject = "Hello\u2028Maya" }, "the subject has a line break"},
		{"tab in Subject", func(e *jwemail.Email) { e.Subject = "Hello\tMaya" }, "the subject has a tab"},
		{"control in Subject", func(e *jwemail.Email) { e.Subject = "Hello\x00" }, "the subject has a control character"},
		{"bidi in Subject", func(e *jwemail.Email) { e.Subject = "Hello\u2067Maya" }, "the subject has a character that reorders"},
		{"line break in a header", func(e *jwemail.Email) { e.Headers["References"] = []string{"<a@b>\r\nBcc: evil@example.org"} }, "References has a line break"},
		{"umlaut in a header", func(e *jwemail.Email) { e.Headers["Auto-Submitted"] = []string{"größe"} }, "Auto-Submitted is not a line of ASCII words"},
		{"endless word in a header", func(e *jwemail.Email) { e.Headers["References"] = []string{strings.Repeat("x", 999)} }, "References is not a line of ASCII words"},
		{"control in the text", func(e *jwemail.Email) { e.Text = []byte("a\x07b") }, "the text has a control character"},
		{"carriage return in the text", func(e *jwemail.Email) { e.Text = []byte("a\rb") }, "the text has a line break"},
		{"bidi in the HTML", func(e *jwemail.Email) { e.HTML = []byte("<p>\u202e</p>") }, "the HTML has a character that reorders"},
		{"no text", func(e *jwemail.Email) { e.Text = nil }, "a message has a text and HTML"},
		{"no HTML", func(e *jwemail.Email) { e.HTML = nil }, "a message has a text and HTML"},
		{"no From", func(e *jwemail.Email) { e.From = "" }, "From is no address"},
		{"two From", func(e *jwemail.Email) { e.From = "ana@example.org, eve@example.org" }, "From is no address"},
		{"a group", func(e *jwemail.Email) { e.To[0] = "all: maya@example.org, eve@example.org;" }, "To is no address"},
		{"quoted local part", func(e *jwemail.Email) { e.To[0] = `"maya chen"@example.org` }, "To has a character before the @"},
		{"address literal", func(e *jwemail.Email) { e.To[0] = "maya@[127.0.0.1]" }, "To has no valid domain"},
		{"umlaut before the @", func(e *jwemail.Email) { e.To[0] = "jörg@example.org" }, "To has a letter before the @"},
		{"nobody", func(e *jwemail.Email) { e.To = nil }, "one recipient"},
		{"two recipients", func(e *jwemail.Email) { e.To = append(e.To, "eve@example.org") }, "one recipient"},
		{"two in one", func(e *jwemail.Email) { e.To[0] += ", eve@example.org" }, "To is no address"},
		{"Cc", func(e *jwemail.Email) { e.Cc = []string{"eve@example.org"} }, "one recipient"},
		{"Bcc", func(e *jwemail.Email) { e.Bcc = []string{"eve@example.org"} }, "one recipient"},
		{"Reply-To", func(e *jwemail.Email) { e.ReplyTo = []string{"eve@example.org"} }, "from one address"},
		{"Sender", func(e *jwemail.Email) { e.Sender = "eve@example.org" }, "from one address"},
		{"unknown header", func(e *jwemail.Email) { e.Headers["X-Mailer"] = []string{"x"} }, `"X-Mailer" has no place`},
		{"header that is a field", func(e *jwemail.Email) { e.Subject, e.Headers["Subject"] = "", []string{"x"} }, `"Subject" has no place`},
		{"header in other letters", func(e *jwemail.Email) { e.Headers["Message-ID"] = []string{"<x@example.org>"} }, `"Message-ID" has no place`},
		{"header with a line break", func(e *jwemail.Email) { e.Headers["Date\r\nBcc"] = []string{"x"} }, "has no place"},
		{"header twice", func(e *jwemail.Email) { e.Headers.Add("Date", e.Headers.Get("Date")) }, `"Date" has no place`},
		{"no Date", func(e *jwemail.Email) { e.Headers.Del("Date") }, "Date is missing"},
		{"no Message-ID", func(e *jwemail.Email) { e.Headers["Message-Id"] = nil }, "Message-ID is missing"},
		{"empty Message-ID", func(e *jwemail.Email) { e.Headers["Message-Id"] = []string{""} }, "Message-ID is not a line of ASCII words"},
		{"calendar without method", func(e *jwemail.Email) { e.Attachments[0].ContentType = "text/calendar; charset=UTF-8" }, "names no method"},
		{"method in small letters", func(e *jwemail.Email) { e.Attachments[0].ContentType = "text/calendar; method=request" }, "names no method"},
		{"method of another calendar", func(e *jwemail.Email) { e.Attachments[0].ContentType = "text/calendar; method=CANCEL" }, "another method than the calendar"},
		{"type with line breaks", func(e *jwemail.Email) {
			e.Attachments[0].ContentType = "text/calendar; method=\"REQUEST\r\n\r\n\""
		}, "calendar"},
		{"attachment of another kind", func(e *jwemail.Email) { e.Attachments[0].ContentType = "application/pdf; method=REQUEST" }, "one calendar or none"},
		{"two calendars", func(e *jwemail.Email) { e.Attachments = append(e.Attachments, e.Attachments[0]) }, "one calendar or none"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := letter()
			e.Attachments = attached("REQUEST")
			tt.do(e)
			got, err := email.Finish(e)
			if err == nil || !strings.Contains(err.Error(), tt.want) || got != nil {
				t.Errorf("got error %v and %d bytes, want an error with %q and none", err, len(got), tt.want)
			}
		})
	}
}

// No body can end its part before its end: the boundary has what no encoding writes.
func TestBoundary(t *testing.T) {
	e := letter()
	data, err := email.Finish(e)
	if err != nil {
		t.Fatal(err)
	}
	boundary := regexp.MustCompile(`boundary="([^"]+)"`).FindSubmatch(data)
	if boundary == nil {
		t.Fatalf("no boundary:\n%s", data)
	}
	e.Text = []byte("before\n--" + string(boundary[1]) + "\nbetween\n--" + string(boundary[1]) + "--\nafter\n")
	if data, err = email.Finish(e); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(sent(t, e), read(t, data)); d != "" {
		t.Errorf("a text with the boundary in it, read back (-want +got):\n%s", d)
	}
}

func FuzzFinish(f *testing.F) {
	for _, e := range letters() {
		calendar := ""
		if e.Attachments != nil {
			calendar = string(e.Attachments[0].Content)
		}
		f.Add(e.From, e.To[0], e.Subject, string(e.Text), string(e.HTML), calendar)
	}
	f.Add("a@b", "=?utf-8?b?YSwKYg==?= <c@d.e>", "=?x", " ", "\n", "\r\nMETHOD:REQUEST\r\n")
	f.Add(`"a \" b" <a@b>`, "\"\u00a0\" <c@xn--mller-kva.de>", "  a  ", "--=_a\n.\n..\n", "=3D=\n", "")
	f.Add("\"=?utf-8?q?not_encoded?=\" <a@b>", "\"  two  spaces  \" <c@d>", "=?utf-8?q?not_encoded?=", "t", "h", "")
	f.Add("a@b", "<c@d>", strings.Repeat("x", 1000), "t", "h", "")
	f.Add("(c) a (d) @ b", "<c@d>", strings.Repeat("é", 40), "\ufffd", "&#8238;", "")
	f.Fuzz(func(t *testing.T, from, to, subject, text, html, calendar string) {
		e := letter()
		e.From, e.To, e.Subject, e.Text, e.HTML = from, []string{to}, subject, []byte(text), []byte(html)
		if calendar != "" {
			e.Attachments = attached("REQUEST")
			e.Attachments[0].Content = []byte(calendar)
		}
		data, err := email.Finish(e)
		if err != nil {
			if data != nil {
				t.Errorf("an error and %d bytes", len(data))
			}
			return
		}
		wellFormed(t, data)
		if d := cmp.Diff(sent(t, e), read(t, data)); d != "" {
			t.Errorf("read back (-want +got):\n%s\n%s", d, data)
		}
	})
}

// BenchmarkFinish writes an invitation of the usual size, beside what the library of the message type
// writes of the same text and HTML, which has no place for the calendar.
func BenchmarkFinish(b *testing.B) {
	e := letter()
	e.Text = bytes.Repeat([]byte("What each of us is committed to, and how we could support each other – 20 min\n"), 20)
	e.HTML = bytes.Repeat([]byte("<tr><td class=\"topic\">What each of us is committed to – 20 min</td></tr>\n"), 60)
	e.Attachments = attached("REQUEST")
	e.Attachments[0].Content = append(calendar("REQUEST"), bytes.Repeat([]byte("X-TEST:0123456789012345678901234567890123456789012345678901234567890123\r\n"), 35)...)
	plain := letter()
	plain.Text, plain.HTML = e.Text, e.HTML
	for _, bench := range []struct {
		name string
		do   func() ([]byte, error)
	}{
		{"calendar", func() ([]byte, error) { return email.Finish(e) }},
		{"plain", func() ([]byte, error) { return email.Finish(plain) }},
		{"plain-jordan-wright", plain.Bytes},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			size := 0
			for b.Loop() {
				data, err := bench.do()
				if err != nil {
					b.Fatal(err)
				}
				size = len(data)
			}
			b.ReportMetric(float64(size), "bytes/message")
		})
	}
}

// A name arrives as it is, also where it ends in what could be taken for an escape of the quote behind it.
func TestFinishNames(t *testing.T) {
	for _, name := range []string{`Ana \`, `\`, `Lopes, Ana \`, `Jo \\`, `"Jo" \`, `Müller \`, `李 "小" \ 龙`, `AC\DC`, `Ana (R&D) \`, `a "b\" c`, `Ana\`} {
		e := letter()
		e.From = invites.Address{Name: name, Email: "ana@example.org"}.Quoted()
		e.To = []string{invites.Address{Name: name, Email: "maya@example.org"}.Quoted()}
		data, err := email.Finish(e)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		m, err := mail.ReadMessage(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		for _, field := range []string{"From", "To"} {
			a, err := mail.ParseAddress(m.Header.Get(field))
			if err != nil || a.Name != name || !strings.HasSuffix(a.Address, "@example.org") {
				t.Errorf("%s: %s is %q, read as %v, %v", name, field, m.Header.Get(field), a, err)
			}
		}
	}
}
