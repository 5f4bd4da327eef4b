package inbound_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"coalition/invites"
	"coalition/invites/email/inbound"
	"coalition/invites/plaintext"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var trust = []string{"mx.example.org"}

// fixtures are the mails in a folder of testdata, by their names.
func fixtures(t testing.TB, folder string) map[string][]byte {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", folder, "*.eml"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no mails in testdata/%s: %v", folder, err)
	}
	mails := make(map[string][]byte)
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		mails[path] = data
	}
	return mails
}

// told is what was read, for people. Fields that are empty are left out, and of a calendar those that are
// tested where calendars are read.
func told(m *invites.Mail) string {
	var out strings.Builder
	tell := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&out, "%s: %s\n", name, value)
		}
	}
	tell("sort", string(m.Sort))
	tell("sealed", m.Sealed)
	tell("doubt", m.Doubt)
	tell("refused", m.Refused)
	tell("id", m.MessageID)
	tell("refs", strings.Join(m.Refs, " "))
	if !m.At.IsZero() {
		tell("at", m.At.Format(time.RFC3339))
	}
	tell("from", m.From.String())
	tell("reply-to", m.ReplyTo.String())
	tell("subject", m.Subject)
	if o := m.Calendar; o != nil {
		answer := fmt.Sprintf("%s of %s", o.Method, o.UID)
		for _, a := range o.Attendees {
			answer += fmt.Sprintf(", %s %s", a.Email, a.PartStat)
		}
		tell("calendar", answer)
	}
	if b := m.Bounce; b != nil {
		what := map[bool]string{true: "final", false: "late"}[b.Final]
		if b.Unclear {
			what = "unclear"
		}
		tell("bounce", fmt.Sprintf("of %s, for %q, %s, code %s: %s", b.Of, b.For, what, b.Code, b.Text))
	}
	if m.Text != "" {
		fmt.Fprintf(&out, "\n%s\n", m.Text)
	}
	return out.String()
}

// ways are the ways by which the same mail comes: from a mailbox, out of a file with all that servers
// and programs add, and out of an mbox file.
func ways(data []byte) map[string][]byte {
	unix := bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))
	return map[string][]byte{
		"CRLF":      bytes.ReplaceAll(unix, []byte("\n"), []byte("\r\n")),
		"LF":        unix,
		"more ends": append(bytes.Clone(unix), "\n\r\n \n"...),
		"BOM":       append([]byte("\xef\xbb\xbf"), unix...),
		"mbox": append([]byte("From maya@example.org Tue Feb 23 10:20:31 2027\nX-Mozilla-Status: 0001\nX-UID: 12\n"),
			bytes.ReplaceAll(unix, []byte("\nFrom "), []byte("\n>From "))...),
	}
}

// Beside each mail in testdata/replies stands what is to be read in it.
func TestRead(t *testing.T) {
	keys := make(map[string]string)
	mails := fixtures(t, "replies")
	if len(mails) < 90 {
		t.Errorf("%d mails, want 90 at least", len(mails))
	}
	for path, data := range mails {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".eml"), func(t *testing.T) {
			m := expected(t, path, data)
			if other := keys[m.Key]; other != "" {
				t.Errorf("the key is that of %s", other)
			}
			keys[m.Key] = path
			if strings.HasPrefix(string(data), "\xef\xbb\xbf") {
				return // it comes out of an mbox file already
			}
			for way, data := range ways(data) {
				again := inbound.Read(data, trust)
				if again.Key != m.Key {
					t.Errorf("%s: another key", way)
				}
				if d := cmp.Diff(told(m), told(again)); d != "" {
					t.Errorf("%s (-first +%s):\n%s", way, way, d)
				}
			}
		})
	}
}

// expected reads a mail, beside which stands what is to be read in it.
func expected(t *testing.T, path string, data []byte) *invites.Mail {
	t.Helper()
	m := inbound.Read(data, trust)
	holds(t, m)
	golden := strings.TrimSuffix(path, ".eml") + ".txt"
	if *update {
		if err := os.WriteFile(golden, []byte(told(m)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), told(m)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	return m
}

// holds checks what is true of every mail that was read.
func holds(t *testing.T, m *invites.Mail) {
	t.Helper()
	lines := map[string]string{"Key": m.Key, "MessageID": m.MessageID, "From": m.From.Name, "ReplyTo": m.ReplyTo.Name,
		"Subject": m.Subject, "Doubt": m.Doubt, "Refs": strings.Join(m.Refs, " ")}
	most := map[string]int{"Key": 64, "MessageID": 500, "From": 100, "ReplyTo": 100, "Subject": 200, "Doubt": 120, "Refs": 50 * 501}
	if b := m.Bounce; b != nil {
		lines["Bounce.Of"], most["Bounce.Of"] = b.Of, 500
		lines["Bounce.Text"], most["Bounce.Text"] = b.Text, 300
		lines["Bounce.Code"], most["Bounce.Code"] = b.Code, 9
		lines["Bounce.For"], most["Bounce.For"] = b.For, 320
		// Without the mail that has come back it is known by whom it was for.
		if b.Of == "" && b.For == "" {
			t.Error("a bounce of nothing")
		}
		if m.Sort != invites.Report {
			t.Errorf("a bounce in a mail that is %s", m.Sort)
		}
	}
	for name, s := range lines {
		if err := plaintext.CheckLine(s); err != nil {
			t.Errorf("%s %q %v", name, s, err)
		}
		if n := utf8.RuneCountInString(s); n > most[name] {
			t.Errorf("%s has %d characters, want %d at most", name, n, most[name])
		}
	}
	if err := plaintext.CheckText(m.Text); err != nil {
		t.Errorf("the text %v", err)
	}
	if n := utf8.RuneCountInString(m.Text); n > 8000 {
		t.Errorf("the text has %d characters, want 8000 at most", n)
	}
	for _, a := range []invites.Address{m.From, m.ReplyTo} {
		if again, err := invites.ParseEmail(a.Email); a.Email != "" && (err != nil || again != a.Email) {
			t.Errorf("address %q %v", a.Email, err)
		}
	}
	if m.Calendar != nil && (strings.Contains(m.Doubt, "calendar") || m.Sort == invites.Report) {
		t.Errorf("a calendar, although the mail is %s, in doubt because %q", m.Sort, m.Doubt)
	}
	if !slices.Contains([]invites.Sort{invites.Personal, invites.Robot, invites.List, invites.Spam, invites.Reaction, invites.Report}, m.Sort) {
		t.Errorf("sort %q", m.Sort)
	}
	if m.At.Location() != time.UTC || !m.At.IsZero() && m.At.Year() < 2000 {
		t.Errorf("it came at %s", m.At)
	}
	if m.Cursor != "" || len(m.Key) != 64 {
		t.Errorf("cursor %q, key %q", m.Cursor, m.Key)
	}
}

// So does it beside those in testdata/hostile.
func TestReadHostile(t *testing.T) {
	mails := fixtures(t, "hostile")
	if len(mails) < 70 {
		t.Errorf("%d mails, want 70 at least", len(mails))
	}
	for path, data := range mails {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".eml"), func(t *testing.T) {
			m := expected(t, path, data)
			if again := inbound.Read(ways(data)["CRLF"], trust); again.Key != m.Key {
				t.Error("with CRLF it has another key")
			}
		})
	}
}

// repeat is what the parts give, again and again, up to that many bytes.
func repeat(size int, parts ...string) string {
	s := strings.Join(parts, "")
	return strings.Repeat(s, size/len(s))
}

// What nobody keeps in a file: each is read within a second, and comes to nothing.
func TestReadBombs(t *testing.T) {
	const mb = 1 << 20
	const from = "From: maya@example.org\nSubject: x\n"
	plain := from + "Content-Type: text/plain\n"
	markup := from + "Content-Type: text/html\n\n"
	ics := from + "Content-Type: text/calendar; method=REPLY\n\n"
	nested := func(n int, sameBoundary bool) string {
		var out strings.Builder
		out.WriteString(from)
		for i := range n {
			if sameBoundary {
				i = 0
			}
			fmt.Fprintf(&out, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i)
		}
		return out.String()
	}
	event := "BEGIN:VCALENDAR\nMETHOD:REPLY\nBEGIN:VEVENT\nUID:a\n"
	end := "END:VEVENT\nEND:VCALENDAR\n"
	tests := map[string]struct{ mail, doubt string }{
		"nested 20,000 deep":           {nested(20_000, false), "it has more headers or parts than a mail has"},
		"nested in itself":             {nested(20_000, true), "it has more headers or parts than a mail has"},
		"a report too deep":            {nested(20, false) + "Content-Type: multipart/report; boundary=c\n\n--c\n\nyes\n", "it has more headers or parts than a mail has"},
		"100,000 parts":                {from + "Content-Type: multipart/mixed; boundary=b\n\n" + strings.Repeat("--b\n\nx\n", 100_000), "it has more headers or parts than a mail has"},
		"4 MB of boundaries":           {from + "Content-Type: multipart/mixed; boundary=b\n\n" + repeat(4*mb, "--b\n"), "it has more headers or parts than a mail has"},
		"boundaries within lines":      {from + "Content-Type: multipart/mixed; boundary=b\n\n--b\n\n" + repeat(mb, "--b-"), ""},
		"100,000 header lines":         {strings.Repeat("X: y\n", 100_000) + from + "\nyes", "it has more headers or parts than a mail has"},
		"3,000 header lines":           {strings.Repeat("X: y\n", 3_000) + from + "\nyes", "it has more headers or parts than a mail has"},
		"a header of 1 MB":             {"X: " + repeat(mb, "y") + "\n" + from + "\nyes", "it has more headers or parts than a mail has"},
		"100,000 folds":                {"X: y\n" + strings.Repeat(" y\n", 100_000) + from + "\nyes", "it has more headers or parts than a mail has"},
		"a part's header of 900 kB":    {from + "Content-Type: multipart/mixed; boundary=b\n\n--b\n" + repeat(900<<10, "X: y\n") + "\nyes", "it has more headers or parts than a mail has"},
		"20,000 recipients":            {from + "To: " + repeat(200<<10, "a@example.org, ") + "b@example.org\n\nyes", ""},
		"10,000 senders":               {"From: " + repeat(200<<10, "maya@example.org, ") + "b@example.org\n\nyes", ""},
		"10,000 fields From":           {repeat(100<<10, "From: maya@example.org\n") + "\nyes", "it has more headers or parts than a mail has"},
		"a name of comments":           {"From: " + strings.Repeat("(", 4000) + "maya@example.org\n\nyes", ""},
		"a subject of 200 kB":          {from[:len("From: maya@example.org\n")] + "Subject: " + repeat(200<<10, "=?utf-8?q?=C3?= ") + "\n\nyes", ""},
		"20,000 references":            {from + "References: " + repeat(200<<10, "<a@b> <c@d>") + "\n\nyes", ""},
		"a date of comments":           {from + "Date: " + strings.Repeat("(", 200_000) + "\n\nyes", ""},
		"200 kB of results":            {"Authentication-Results: mx.example.org; " + repeat(200<<10, "dkim=fail ((;") + "\n" + from + "\nyes", "the receiving server could not verify who sent it: neither SPF nor DKIM passed"},
		"a type of 200 kB":             {from + "Content-Type: text/plain; x=\"" + repeat(200<<10, "y") + "\"\n\nyes", ""},
		"a type of 40,000 parameters":  {from + "Content-Type: text/plain" + repeat(200<<10, "; a*1=") + "\n\nyes", ""},
		"a boundary of 200 kB":         {from + "Content-Type: multipart/mixed; boundary=" + repeat(200<<10, "b") + "\n\nyes", ""},
		"1 MB of empty lines":          {plain + "\n" + repeat(mb, "\n"), ""},
		"1 MB of CR":                   {plain + "\n" + repeat(mb, "\r"), ""},
		"1 MB of CR before LF":         {plain + "\n" + repeat(mb, "\r\r\n"), ""},
		"1 MB in one line":             {plain + "\n" + repeat(mb, "On 1 Ana wrote:"), ""},
		"1 MB of short lines":          {plain + "\n" + repeat(mb, "a\nb\n"), ""},
		"1 MB of quote marks":          {plain + "\n" + repeat(mb, ">"), ""},
		"1 MB of announcements":        {plain + "\n" + repeat(mb, "On 1 a wrote:\n>\n"), ""},
		"1 MB of half announcements":   {plain + "\n" + repeat(mb, "On 1 a@b wrote\n"), ""},
		"1 MB of quoted headers":       {plain + "\n" + repeat(mb, "From: a\nSent: b\n"), ""},
		"1 MB of rules":                {plain + "\n" + repeat(mb, "____________________\n>\n"), ""},
		"1 MB of flow":                 {from + "Content-Type: text/plain; format=flowed; delsp=yes\n\n" + repeat(mb, "> a \n>> b \n"), ""},
		"1 MB flowing into one line":   {from + "Content-Type: text/plain; format=flowed\n\n" + repeat(mb, "a \n"), ""},
		"1 MB of footers":              {plain + "\n" + repeat(mb, "Sent from a\n"), ""},
		"1 MB of soft line ends":       {plain + "Content-Transfer-Encoding: quoted-printable\n\n" + repeat(mb, "=\n"), ""},
		"1 MB of quoted-printable":     {plain + "Content-Transfer-Encoding: quoted-printable\n\n" + repeat(mb, "=E2=80=AE"), ""},
		"4 MB of base64":               {plain + "Content-Transfer-Encoding: base64\n\n" + repeat(4*mb, "eWVzIQ\n"), ""},
		"1 MB of UTF-16":               {from + "Content-Type: text/plain; charset=utf-16\n\n" + repeat(mb, "\xd8\x00"), ""},
		"1 MB of shifts":               {from + "Content-Type: text/plain; charset=iso-2022-jp\n\n" + repeat(mb, "\x1b$B\x1b(B"), ""},
		"1 MB of open elements":        {markup + repeat(mb, "<div><b><a href=x><table>"), ""},
		"1 MB of quotes of HTML":       {markup + repeat(mb, "<blockquote>"), ""},
		"1 MB of quotes and their end": {markup + repeat(mb, "<blockquote><pre hidden>") + repeat(mb, "</i></p></blockquote>"), ""},
		"1 MB of ends":                 {markup + repeat(100, "<blockquote>") + repeat(mb, "</u>"), ""},
		"1 MB of attributes":           {markup + "<p" + repeat(mb, " class='a'"), ""},
		"1 MB of classes":              {markup + "<p class='" + repeat(mb, "a ") + "'>", ""},
		"1 MB of styles":               {markup + repeat(mb, "<p style='display:'>"), ""},
		"1 MB of entities":             {markup + repeat(mb, "&NotNestedGreaterGreater;&#x202e;"), ""},
		"1 MB of comments":             {markup + repeat(mb, "<!--<!-<![CDATA["), ""},
		"1 MB of scripts":              {markup + repeat(mb, "<script></scrip"), ""},
		"4 MB of BEGIN":                {ics + repeat(4*mb, "BEGIN:VCALENDAR\n"), "the calendar in it is larger than 256 kB"},
		"a calendar of 300 kB":         {ics + event + "SUMMARY:" + repeat(300<<10, "x\n ") + "\n" + end, "the calendar in it is larger than 256 kB"},
		"a parameter of 400 kB":        {ics + event + "ATTENDEE;CN=\"" + repeat(400<<10, "x") + "\":mailto:maya@example.org\n" + end, "the calendar in it is larger than 256 kB"},
		"20 calendars":                 {from + "Content-Type: multipart/mixed; boundary=b\n\n" + strings.Repeat("--b\nContent-Type: text/calendar\n\n"+event+end, 20), "the calendars in it are too many"},
		"a report of 1 MB":             {"From: MAILER-DAEMON@x\nContent-Type: multipart/report; boundary=b\n\n--b\n\n--b\nContent-Type: message/delivery-status\n\n" + repeat(mb, "Action: failed\n\n"), ""},
		"a report of empty groups":     {"From: MAILER-DAEMON@x\nContent-Type: multipart/report; boundary=b\n\n--b\n\n--b\nContent-Type: message/delivery-status\n\n" + repeat(mb, "\n"), ""},
		"a letter of 1 MB":             {"From: MAILER-DAEMON@x\n\n" + repeat(mb, "permanent 5.1.1 delayed\n"), ""},
		"zeros":                        {strings.Repeat("\x00", mb), "it holds NUL bytes, which no mail program writes"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var m *invites.Mail
			var took time.Duration
			for range 3 { // the machine may be busy with something else
				begin := time.Now()
				m = inbound.Read([]byte(tt.mail), trust)
				if took = time.Since(begin); took < time.Second {
					break
				}
			}
			if took >= time.Second {
				t.Errorf("it took %s", took)
			}
			holds(t, m)
			if m.Doubt != tt.doubt {
				t.Errorf("doubt %q, want %q", m.Doubt, tt.doubt)
			}
			if m.Calendar != nil || m.Bounce != nil {
				t.Errorf("calendar %v, bounce %v, want none", m.Calendar, m.Bounce)
			}
		})
	}
}

// A pass counts from servers that are trusted, a fail from all; where nobody is trusted by name, the
// word of the server that took the mail is all there is.
func TestReadTrust(t *testing.T) {
	tests := []struct {
		results       string
		doubt, nobody bool // with mx.example.org trusted, and with nobody
	}{
		{"", false, false},
		{"mx.example.org; none", false, false},
		{"mx.example.org; spf=pass; dkim=pass", false, false},
		{"mx.example.org; spf=fail; dkim=pass", false, false},
		{"mx.example.org; spf=pass; dkim=none", false, false},
		{"mx.example.org; spf=neutral", true, true},
		{"other.example.org; spf=pass; dkim=fail", true, false},
		{"other.example.org; spf=pass; dkim=none", false, false},
		{"mx.example.org.evil.example; spf=fail; dkim=pass", true, false},
		{"spf=pass; dkim=fail", true, false},
		{"other.example.org; spf=softfail; dkim=pass", true, false},
		{"other.example.org; spf=fail; dkim=fail", true, true},
		{"mx.example.org; spf=fail (of a; dkim=pass of b) smtp.mailfrom=b", true, true},
		{`mx.example.org; spf=fail smtp.mailfrom="\"; dkim=pass"`, true, true},
		{`mx.example.org; spf=fail (\); dkim=pass)`, true, true},
		{"other.example.org; dmarc=fail; arc=pass; iprev=pass", false, false},
		{"mx.example.org; spf=; dkim", false, false},
		{`mx.example.org; spf=fail reason="(; spf=pass`, true, true},
		{"mx.example.org; dkim=bestguesspass; x-dkim=pass", true, true},
	}
	for _, tt := range tests {
		mail := []byte("Authentication-Results: " + tt.results + "\nFrom: maya@example.org\n\nyes\n")
		for _, by := range []struct {
			trust []string
			want  bool
		}{{[]string{"else.example.org", "MX.example.org"}, tt.doubt}, {nil, tt.nobody}} {
			if got := inbound.Read(mail, by.trust).Doubt; (got != "") != by.want {
				t.Errorf("%q, %q trusted: doubt %q, want one: %t", tt.results, by.trust, got, by.want)
			}
		}
	}
}

// All fields of the servers that are trusted count together; of each check the highest one decides, and
// what a sender may have put below it is not believed.
func TestWhoVouches(t *testing.T) {
	const none, neither, disputed = "", "neither SPF nor DKIM passed", "may be forged"
	for _, tt := range []struct {
		name    string
		fields  []string
		trust   []string
		doubt   string // a part of it
		refused string
		vouched bool
	}{
		{"DMARC's record can't be read", []string{"mx.example.org; spf=pass smtp.mailfrom=partner.example; dmarc=permerror header.from=partner.example"}, trust, none, "", true},
		{"DMARC's record can't be read, and a stranger's pass", []string{"mx.example.org; spf=pass smtp.mailfrom=bulk.example; dmarc=permerror header.from=partner.example"}, trust, none, "", false},
		{"none and pass", []string{"mx.example.org; dkim=none", "mx.example.org; spf=pass smtp.mailfrom=partner.example"}, trust, none, "", true},
		{"each failed by itself", []string{"mx.example.org; dmarc=fail (p=reject dis=none) header.from=partner.example", `mx.example.org; dkim=fail reason="signature verification failed" header.d=partner.example`, "mx.example.org; spf=fail smtp.mailfrom=partner.example"}, trust, neither, "DMARC failed", false},
		{"a stranger's pass", []string{"mx.example.org; spf=pass smtp.mailfrom=news@bulk.example; dkim=none; dmarc=fail (p=REJECT) header.from=partner.example"}, trust, none, "DMARC failed", false},
		{"and without DMARC", []string{"mx.example.org; spf=pass smtp.mailfrom=news@bulk.example; dkim=none"}, trust, none, "", false},
		{"a scanner's on top", []string{"scan.example.net; x-virus=clean", "mx.example.org; dkim=pass header.d=partner.example", "mx.example.org; spf=softfail smtp.mailfrom=a@relay.example"}, trust, none, "", true},
		{"a scanner that checks again", []string{"scan.example.net; spf=fail; dkim=fail; dmarc=fail", "mx.example.org; dmarc=pass header.from=partner.example"}, trust, none, "", true},
		{"a scanner's alone", []string{"scan.example.net; dkim=pass header.d=partner.example"}, trust, none, "", false},
		{"the other trusted one", []string{"a.example.net; spf=neutral", "MX.EXAMPLE.ORG; dkim=pass header.i=@partner.example"}, []string{"a.example.net", "mx.example.org"}, none, "", true},
		{"nobody trusted", []string{"mx.example.org; dkim=none", "mx.example.org; spf=pass smtp.mailfrom=partner.example"}, nil, none, "", false},
		{"nobody trusted, failed", []string{"mx.example.org; dmarc=fail", "MX.example.org; spf=fail", "mx.example.org; dkim=none"}, nil, neither, "DMARC failed", false},
		{"the end of the run", []string{"mx.example.org; spf=fail", "a.example.net; spf=pass", "mx.example.org; dkim=pass"}, nil, neither, "", false},
		{"failed above, passed below", []string{"mx.example.org; dkim=fail header.d=partner.example", "mx.example.org; dkim=pass header.d=partner.example"}, trust, disputed, "", false},
		{"although another passed", []string{"mx.example.org; spf=softfail; dkim=pass header.d=partner.example", "mx.example.org; spf=pass"}, trust, disputed, "", false},
		{"of other signatures", []string{"mx.example.org; dkim=fail header.d=evil.example", "mx.example.org; spf=none", "mx.example.org; dkim=pass header.d=partner.example"}, trust, disputed, "", false},
		{"nobody trusted, and disputed", []string{"mx.example.org; spf=fail", "mx.example.org; spf=pass"}, nil, disputed, "", false},
		{"passed above, failed below", []string{"mx.example.org; spf=pass smtp.mailfrom=maya@partner.example", "mx.example.org; spf=fail"}, trust, none, "", true},
		{"nothing above, passed below", []string{"mx.example.org; spf=none; dkim=none", "mx.example.org; spf=pass; dkim=pass header.d=partner.example"}, trust, neither, "", false},
		{"DMARC failed above, passed below", []string{"mx.example.org; spf=pass smtp.mailfrom=bulk.example; dmarc=fail", "mx.example.org; dmarc=pass header.from=partner.example"}, trust, none, "DMARC failed", false},
		{"two signatures", []string{"mx.example.org; dkim=fail header.d=list.example; dkim=pass header.d=partner.example"}, trust, none, "", true},
		{"two signatures, and a pass further down", []string{"mx.example.org; dkim=fail header.d=list.example; dkim=pass header.d=partner.example", "mx.example.org; dkim=pass"}, trust, none, "", true},
		{"a list's signature", []string{"mx.example.org; dkim=fail header.d=partner.example; dkim=pass header.d=list.example"}, trust, none, "", false},
		{"DMARC failed for a domain below", []string{"mx.example.org; spf=pass smtp.mailfrom=a.partner.example; dmarc=fail (aspf=s) header.from=partner.example"}, trust, none, "DMARC failed", false},
		{"Microsoft's", []string{"mx.example.org; spf=pass (sender IP is 1.2.3.4) smtp.mailfrom=bulk.example; dkim=none (message not signed) header.d=none;dmarc=none action=none header.from=partner.example;compauth=fail reason=001"}, trust, none, "compauth failed", false},
		{"Microsoft's, without a name", []string{"spf=pass smtp.mailfrom=bulk.example;\n dkim=none;dmarc=bestguesspass action=none header.from=partner.example;compauth=fail reason=601"}, nil, none, "compauth failed", false},
		{"Microsoft's guess", []string{"mx.example.org; spf=pass smtp.mailfrom=a.partner.example; dmarc=bestguesspass action=none header.from=partner.example;compauth=pass reason=109"}, trust, none, "", true},
		{"compauth is no pass", []string{"mx.example.org; spf=none; dkim=none; dmarc=none; compauth=pass reason=703"}, trust, neither, "", false},
		{"DMARC alone", []string{"mx.example.org; dmarc=pass"}, trust, none, "", true},
		{"DMARC passed below what failed", []string{"mx.example.org; spf=fail; dkim=fail", "mx.example.org; dmarc=pass header.from=partner.example"}, trust, neither, "", false},
		{"DMARC passed below a stranger's pass", []string{"mx.example.org; spf=pass smtp.mailfrom=bulk.example", "mx.example.org; dmarc=pass header.from=partner.example"}, trust, none, "", false},
		{"DMARC without more", []string{"mx.example.org; spf=pass; dkim=pass; dmarc=pass"}, trust, none, "", true},
		{"DMARC of another From", []string{"mx.example.org; dmarc=pass header.from=bulk.example"}, trust, none, "", false},
		{"ARC", []string{"mx.example.org; arc=pass (i=1 spf=pass dkim=pass dkdomain=partner.example); spf=fail; dkim=fail"}, trust, neither, "", false},
		{"a domain below", []string{"mx.example.org; spf=pass smtp.mailfrom=bounce@mail.partner.example"}, trust, none, "", true},
		{"a domain beside", []string{"mx.example.org; dkim=pass header.d=partner.example.evil.example"}, trust, none, "", false},
		{"a name at the end", []string{"mx.example.org; dkim=pass header.d=badpartner.example"}, trust, none, "", false},
		{"its end alone", []string{"mx.example.org; dkim=pass header.d=example"}, trust, none, "", false},
		{"the helo alone", []string{"mx.example.org; spf=pass smtp.helo=partner.example"}, trust, none, "", false},
		{"about nobody", []string{"mx.example.org; spf=pass; dkim=pass"}, trust, none, "", false},
		{"a local part in quotes", []string{`mx.example.org; spf=pass smtp.mailfrom="x; dkim=pass header.d=partner.example y@partner.example"@evil.example`}, trust, none, "", false},
		{"in quotes", []string{`"mx.example.org" 1; dkim=pass header.d="partner.example"`}, trust, none, "", true},
		{"spaces", []string{"mx.example.org 1 ; dkim/1 = pass(fine)header.d = partner.example (x)"}, trust, none, "", true},
		{"in another case", []string{"mx.example.org; DKIM=Pass Header.D=Partner.Example."}, trust, none, "", true},
		{"only the ARC field", nil, trust, none, "", false},
	} {
		mail := "ARC-Authentication-Results: i=1; mx.example.org; dkim=pass header.d=partner.example; dmarc=pass\n"
		for _, f := range tt.fields {
			mail += "Authentication-Results: " + f + "\n"
		}
		m := inbound.Read([]byte(mail+"From: maya@partner.example\n\nyes\n"), tt.trust)
		if (m.Doubt == "") != (tt.doubt == "") || !strings.Contains(m.Doubt, tt.doubt) || m.Refused != tt.refused || m.Vouched != tt.vouched {
			t.Errorf("%s: doubt %q, refused %q, vouched %t", tt.name, m.Doubt, m.Refused, m.Vouched)
		}
	}
	for _, tt := range []struct {
		from, domain string
		vouched      bool
	}{
		{"a.partner.example; dmarc=pass", "b.partner.example", true},
		{"a.partner.example", "b.partner.example", false},
		{"partner.example; dmarc=pass", "bulk.example", false},
		{"partner.co.uk", "evil.co.uk", false}, // what people register names below belongs to nobody
		{"partner.github.io", "evil.github.io", false},
		{"a.partner.example", "partner.example", true},
		{"straße.example", "xn--strae-oqa.example", true},
		{"partner.example", "Partner.Example", true},
		{"partner.example", "partner.example.org", false},
	} {
		from, dmarc, ok := strings.Cut(tt.from, ";")
		if ok {
			dmarc = ";" + dmarc
		}
		if m := inbound.Read([]byte("Authentication-Results: mx.example.org; dkim=pass header.d="+tt.domain+dmarc+"\nFrom: maya@"+from+"\n\nyes\n"), trust); m.Vouched != tt.vouched {
			t.Errorf("%s vouched for %s: %t", tt.domain, tt.from, m.Vouched)
		}
	}
}

// Robots are known by their subjects, where they say it in no other way, and a vacation's mail in bulk is
// none of a list's.
func TestRobots(t *testing.T) {
	for _, tt := range []struct{ subject, header, text string }{
		{"Abwesenheitsnotiz: May we talk about working as partners?", "", "Ich bin bis 8. März nicht im Haus."},
		{"Automatic reply: May we talk about working as partners?", "", "1 March I am back."},
		{"[EXT] Automatic reply: May we talk?", "", "x"},
		{"Automatische Antwort: Darf ich Sie um ein Gespräch bitten?", "", "x"},
		{"Abwesenheit: AW: Gespräch", "", "x"},
		{"Abwesend bis 8. März", "", "x"},
		{"Nicht im Büro: Gespräch", "", "x"},
		{"Urlaub: Re: Gespräch", "", "x"},
		{"Réponse automatique : Puis-je vous parler ?", "", "x"},
		{"=?utf-8?q?R=C3=A9ponse_automatique=C2=A0=3A_Puis-je_vous_parler_=3F?=", "", "x"},
		{"Absence du bureau : Puis-je vous parler ?", "", "x"},
		{"Absent : Re: Puis-je", "", "x"},
		{"Respuesta automática: ¿Podemos hablar?", "", "x"},
		{"Fuera de la oficina: ¿Podemos hablar?", "", "x"},
		{"Risposta automatica: Possiamo parlare?", "", "x"},
		{"Fuori ufficio: Possiamo parlare?", "", "x"},
		{"Absente jusqu'au 8 mars", "", "x"},
		{"Je suis en congés du 1er au 8 mars", "", "x"},
		{"Re: Pouvons-nous parler ? (Réponse automatique)", "", "x"},
		{"Estoy de vacaciones hasta el 8 de marzo", "", "x"},
		{"[Respuesta automática] Re: ¿Hablamos?", "", "x"},
		{"Sono in ferie fino all'8 marzo", "", "x"},
		{"Assente dal 1 all'8 marzo", "", "x"},
		{"Automatisch antwoord: Zullen we praten?", "", "x"},
		{"Afwezig tot 8 maart", "", "x"},
		{"Ik ben met vakantie tot 8 maart", "", "x"},
		{"Re: Zullen we praten? (automatisch antwoord)", "", "x"},
		{"Niet bereikbaar van 1 tot 8 maart", "", "x"},
		{"Resposta automática: Podemos conversar?", "", "x"},
		{"Estou de férias até 8 de março", "", "x"},
		{"Fora do escritório: Re: Podemos conversar?", "", "x"},
		{"Ausente até 8 de março", "", "x"},
		{"Resposta automática: Podemos falar?", "", "x"},
		{"Ausência: Podemos falar?", "", "x"},
		{"Automatisch antwoord: Kunnen we praten?", "", "x"},
		{"Afwezig: Kunnen we praten?", "", "x"},
		{"Automatyczna odpowiedź: Czy możemy porozmawiać?", "", "x"},
		{"Poza biurem: Czy możemy porozmawiać?", "", "x"},
		{"Autosvar: Kan vi tale sammen?", "", "x"},
		{"Automaattinen vastaus: Voimmeko puhua?", "", "x"},
		{"Automatická odpověď: Můžeme si promluvit?", "", "x"},
		{"Автоматический ответ: Можем поговорить?", "", "x"},
		{"自动答复: 我们可以谈谈吗", "", "x"},
		{"自動応答: お話しできますか", "", "x"},
		{"AUTO: Maya Chen is out of the office (returning 05/03/2027)", "", "x"},
		{"Maya Chen is out of the office.", "", "x"},
		{"Maya Chen is currently out of office until 8 March", "", "x"},
		{"Maya Chen ist außer Haus.", "", "x"},
		{"Dr. Maya Chen ist nicht im Büro (Rückkehr am 08.03.2027)", "", "x"},
		{"Re: May we talk about working as partners? (Auto-Reply)", "", "x"},
		{"Re: May we talk about working as partners? [Out of Office]", "", "x"},
		{"AW: Gespräch [Automatische Antwort]", "", "x"},
		{"[OOO] Re: May we talk?", "", "x"},
		{"Away until 8 March: Re: May we talk?", "", "x"},
		{"Urlaub bis 8. März", "", "x"},
		{"Ich bin bis zum 8. März nicht im Büro", "", "x"},
		{"I am on holiday until March 8th", "", "x"},
		{"May we talk?", "X-FC-MachineGenerated: true", "x"},
		{"Out of Office: May we talk?", "", "x"},
		{"Out of office until Monday", "", "x"},
		{"I'm currently out of the office: Re: May we talk?", "", "x"},
		{"Ich bin im Urlaub: Re: Gespräch", "", "x"},
		{"Automatische Abwesenheitsmeldung: Gespräch", "", "x"},
		{"Automatic Out of Office: Gespräch", "", "x"},
		{"Vacation auto-reply", "", "x"},
		{"Autorespuesta: ¿Podemos hablar?", "", "x"},
		{"Message automatique : Puis-je vous parler ?", "", "x"},
		{"Automatische afwezigheidsmelding: Kunnen we praten?", "", "x"},
		{"Out of Office AutoReply: May we talk?", "", "x"},
		{"OOO: May we talk?", "", "x"},
		{"Re: May we talk?", "X-Autoreply-From: maya@example.org", "x"},
		{"Re: May we talk?", "Auto-Submitted: auto-replied", "x"},
		{"away from my mail", "Precedence: bulk", "I will not be reading my mail for a while."},
		{"Re: May we talk?", "Precedence: bulk", "I am on vacation until 8 March."},
		{"Re: May we talk?", "Precedence: junk", "Ich bin im Urlaub und ab 8. März wieder da."},
		{"Vacances", "Precedence: bulk", "x"},
		{"Vacances", "X-Auto-Response-Suppress: All", "x"},
		{"Gone fishing", "Precedence: bulk", "Thank you. I am out of the office, and back on Monday."},
	} {
		mail := "From: maya@example.org\nSubject: " + tt.subject + "\n"
		if tt.header != "" {
			mail += tt.header + "\n"
		}
		if m := inbound.Read([]byte(mail+"Content-Type: text/plain; charset=utf-8\n\n"+tt.text+"\n"), nil); m.Sort != invites.Robot {
			t.Errorf("%q, %s: %s", tt.subject, tt.header, m.Sort)
		}
	}
	for _, tt := range []struct {
		subject, header, text string
		sort                  invites.Sort
	}{
		{"Re: Automatic reply: May we talk?", "", "yes", invites.Personal},
		{"Out of office meeting next week?", "", "yes", invites.Personal},
		{"Vacation plans", "", "yes", invites.Personal},
		{"Absent mais disponible", "", "oui", invites.Personal},
		{"Vacaciones de marzo", "", "sí", invites.Personal},
		{"Afwezigen op vrijdag", "", "ja", invites.Personal},
		{"Férias de março", "", "sim", invites.Personal},
		{"Re: Maya Chen is out of the office", "", "yes", invites.Personal},
		{"The printer is out of the office network", "", "yes", invites.Personal},
		{"May we talk (out of the office)?", "", "yes", invites.Personal},
		{"Urlaub bis wohin?", "", "yes", invites.Personal},
		{"Automatic message routing", "", "yes", invites.Personal},
		{"Re: Out of office: May we talk?", "", "yes", invites.Personal},
		{"Absence next week", "", "yes", invites.Personal},
		{"Auto: Wer fährt?", "", "yes", invites.Personal},
		{"Automation: the next step", "", "yes", invites.Personal},
		{"Office: who has the key?", "", "yes", invites.Personal},
		{"Urlaubsplanung: März", "", "yes", invites.Personal},
		{"Re: May we talk?", "", "I am on vacation until Monday. 1 then.", invites.Personal},
		{"News of March", "Precedence: bulk", "Buy now.", invites.List},
		{"News of March", "List-Unsubscribe: <mailto:a@b.example>", "We are on holiday.", invites.List},
		{"Re: May we talk?", "Precedence: list", "I am on vacation.", invites.List},
	} {
		mail := "From: maya@example.org\nSubject: " + tt.subject + "\n"
		if tt.header != "" {
			mail += tt.header + "\n"
		}
		if m := inbound.Read([]byte(mail+"Content-Type: text/plain; charset=utf-8\n\n"+tt.text+"\n"), nil); m.Sort != tt.sort {
			t.Errorf("%q, %s: %s, want %s", tt.subject, tt.header, m.Sort, tt.sort)
		}
	}
}

// A calendar that can't be read tells all the same what it is about.
func TestReadUIDs(t *testing.T) {
	for _, tt := range []struct{ calendar, want string }{
		{"BEGIN:VCALENDAR\nMETHOD:REPLY\nBEGIN:VEVENT\nUID:a@x\nEND:VEVENT\nEND:VCALENDAR\n", "[a@x]"},
		{"BEGIN:VCALENDAR\nuid;X=1:lo\n ng\n\t@x\nUID:b\nUID:b\n", "[long@x b]"},
		{"nothing", "[]"},
	} {
		m := inbound.Read([]byte("From: maya@example.org\nContent-Type: text/calendar\n\n"+tt.calendar), nil)
		if fmt.Sprint(m.UIDs) != tt.want || len(m.UIDs) == 0 {
			t.Errorf("%q: %q", tt.calendar, m.UIDs)
		}
	}
	if m := inbound.Read([]byte("From: maya@example.org\n\nUID:a\n"), nil); m.UIDs != nil {
		t.Errorf("of no calendar: %q", m.UIDs)
	}
}

// What is long is cut between characters, and of references the last are kept.
func TestReadCuts(t *testing.T) {
	var ids, want []string
	for i := range 80 {
		ids = append(ids, fmt.Sprintf("<%d@x>", i))
	}
	for i := 31; i < 80; i++ {
		want = append(want, fmt.Sprintf("%d@x", i))
	}
	m := inbound.Read([]byte("From: "+strings.Repeat("ü", 300)+" <maya@example.org>\nSubject: "+strings.Repeat("ä ", 300)+
		"\nReferences: "+strings.Join(ids, "\n ")+"\nIn-Reply-To: <b1@example.org>\n\n"+strings.Repeat("ö\n", 3000)+strings.Repeat("ö", 6000)), nil)
	holds(t, m)
	if m.From.Name != strings.Repeat("ü", 99)+"…" || m.Subject != strings.Repeat("ä ", 99)+"ä…" || m.Text != strings.Repeat("ö\n", 3000)+strings.Repeat("ö", 1999)+"…" {
		t.Errorf("cut wrongly: %q, %q, %d bytes of text", m.From.Name, m.Subject, len(m.Text))
	}
	if d := cmp.Diff(append(want, "b1@example.org"), m.Refs); d != "" {
		t.Errorf("references (-want +got):\n%s", d)
	}
}

// A mailbox may give the beginning of a large mail, a file has all of it: it is the same mail. Another
// text, sender, subject, date or Message-ID is another mail.
func TestReadKey(t *testing.T) {
	mail := "Message-ID: <a@x>\nDate: Tue, 23 Feb 2027 10:20:30 +0100\nFrom: maya@example.org\nSubject: one\n two\n\nyes\n" + repeat(3<<20, "0123456789\n")
	key := inbound.Read([]byte(mail), nil).Key
	for name, same := range map[string]string{
		"its beginning":  mail[:1<<20],
		"and with CRLF":  strings.ReplaceAll(mail, "\n", "\r\n")[:1<<20],
		"folds":          strings.Replace(mail, "one\n two", "one two", 1),
		"other servers":  "Received: from a\nDelivered-To: b\nX-C: d\n" + mail,
		"order of field": "From: maya@example.org\n" + strings.Replace(mail, "From: maya@example.org\n", "", 1),
	} {
		if inbound.Read([]byte(same), nil).Key != key {
			t.Errorf("%s: another key", name)
		}
	}
	for _, other := range []string{"<a@x>/<b@x>", "23 Feb/24 Feb", "maya@/eve@", "one/two", "yes/no"} {
		from, to, _ := strings.Cut(other, "/")
		if inbound.Read([]byte(strings.Replace(mail, from, to, 1)), nil).Key == key {
			t.Errorf("%s: the same key", other)
		}
	}
}

// Whatever bytes come, what is read of them is plain and within bounds, and the same by every way.
func FuzzRead(f *testing.F) {
	for _, folder := range []string{"replies", "hostile"} {
		for _, data := range fixtures(f, folder) {
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m := inbound.Read(data, trust)
		holds(t, m)
		if d := cmp.Diff(m, inbound.Read(data, trust), cmp.Comparer(func(a, b time.Time) bool { return a.Equal(b) })); d != "" {
			t.Errorf("read again:\n%s", d)
		}
		unix := bytes.ReplaceAll(bytes.ReplaceAll(data, []byte("\r"), nil), []byte("\x00"), nil)
		lf, crlf := inbound.Read(unix, trust), inbound.Read(bytes.ReplaceAll(unix, []byte("\n"), []byte("\r\n")), trust)
		if lf.Key != crlf.Key {
			t.Error("with CRLF it has another key")
		}
		if d := cmp.Diff(told(lf), told(crlf)); d != "" {
			t.Errorf("with CRLF (-LF +CRLF):\n%s", d)
		}
		if inbound.Read(append(bytes.Clone(unix), "\n \n"...), trust).Key != lf.Key && bytes.Contains(unix, []byte("\n\n")) {
			t.Error("with more lines at its end it has another key")
		}
	})
}

// What counts as somebody's own words, apart from whole mails of whole programs.
func TestReadOwnWords(t *testing.T) {
	const plain, flowed, markup = "text/plain", "text/plain; format=flowed", "text/html"
	tests := []struct{ name, kind, body, want string }{
		{"an announcement below a line that begins like one", plain, "On 2 March I am away.\nOn Mon, 22 Feb 2027, Ana wrote:\n> x", "On 2 March I am away."},
		{"an announcement of a quote without marks", plain, "yes\n\nOn Mon, 22 Feb 2027 at 10:00, Ana wrote:\n\nno", "yes"},
		{"a sentence like one", plain, "On day 1 she wrote:\nso be it", "On day 1 she wrote:\nso be it"},
		{"a line with a colon above a quote", plain, "To this I say:\n> x\nno", "To this I say:\n\nno"},
		{"a journey", plain, "From: Lisbon\nTo: Berlin\nby train", "From: Lisbon\nTo: Berlin\nby train"},
		{"a header with a long field", plain, "yes\n*From:* Ana\n*To:* a@example.org,\n b@example.org,\n c@example.org\n*Cc:* d\n*Subject:* x\nno", "yes"},
		{"a header in Polish", plain, "ja\n\nOd: Ana <a@example.org>\nWysłano: poniedziałek\nDo: Maya\nTemat: x\n\nno", "ja"},
		{"a header in Japanese", plain, "1\n\n差出人: Ana\n送信日時: 2027年2月22日\n宛先: Maya\n件名: x\n\nno", "1"},
		{"a header in Chinese", plain, "1\n\n发件人： Ana\n发送时间： 2027年2月22日\n收件人： Maya\n主题： x\n\nno", "1"},
		{"a header in Russian", plain, "1\n\nОт: Ana\nОтправлено: 22 февраля\nКому: Maya\nТема: x\n\nno", "1"},
		{"when and who alone", plain, "1\n\n22.02.2027, 10:00, \"Ana Lopes\" <ana@example.org>:\nHello\nno", "1"},
		{"when and who alone, in Japanese", plain, "1\n\n2027年2月22日(月) 10:00 Ana Lopes <ana@example.org>:\nno", "1"},
		{"a time and a colon", plain, "1\n10:00 is fine for this:\na talk", "1\n10:00 is fine for this:\na talk"},
		{"a header that begins with the date", plain, "ja\n\nDatum: heute\nVon: Ana\nAn: Maya\nBetreff: x\n\nnein", "ja"},
		{"a forward by Apple", plain, "ja\n\nAnfang der weitergeleiteten Nachricht:\n\nnein", "ja"},
		{"a rule", plain, "yes\n" + strings.Repeat("_", 40) + "\nno", "yes"},
		{"a footer", plain, "yes\n\nSent from my iPhone\nGet Outlook for Android\n", "yes"},
		{"a footer of Outlook in French", plain, "oui\n\nObtenir Outlook pour iOS<https://aka.ms/o0ukef>\n", "oui"},
		{"a footer of a phone in French", plain, "oui\n\nEnvoyé à partir d’un Smartphone Samsung Galaxy.\n", "oui"},
		{"a footer of Windows in French", plain, "oui\n\nProvenance\u00a0: Courrier pour Windows\n", "oui"},
		{"a footer in Spanish", plain, "sí\n\nEnviado desde Outlook para Android\n", "sí"},
		{"a footer of Outlook in Spanish", plain, "sí\n\nObtener Outlook para iOS\n", "sí"},
		{"a footer in Italian", plain, "sì\n\nInviato con l'email sicura di Proton Mail.\n", "sì"},
		{"a footer of Outlook in Italian", plain, "sì\n\nScarica Outlook per iOS\n", "sì"},
		{"a quote in Spanish", plain, "sí\n\nEl lun, 3 nov 2026 a las 10:00, Ana Lopes (<ana@example.org>)\nescribió:\n\n> no", "sí"},
		{"a quote in French", plain, "oui\n\nLe lun. 3 nov. 2026 à 10:00, Ana Lopes <ana@example.org> a écrit\u00a0:\n\nnon", "oui"},
		{"a quote in Italian", plain, "sì\n\nIl giorno lun 3 nov 2026 alle ore 10:00 Ana Lopes <ana@example.org>\nha scritto:\n\n> no", "sì"},
		{"a header in Spanish", plain, "sí\n\nDe: Ana <ana@example.org>\nEnviado el: lunes, 3 de noviembre de 2026 10:00\nPara: Maya\nAsunto: x\n\nno", "sí"},
		{"a header in French", plain, "oui\n\nDe : Ana <ana@example.org>\nEnvoyé : lundi 3 novembre 2026 10:00\nÀ : Maya\nObjet : x\n\nnon", "oui"},
		{"a header in Italian", plain, "sì\n\nDa: Ana <ana@example.org>\nInviato: lunedì 3 novembre 2026 10:00\nA: Maya\nOggetto: x\n\nno", "sì"},
		{"a footer of a phone in Dutch", plain, "ja\n\nVerstuurd vanaf mijn iPhone\n", "ja"},
		{"a footer of Outlook in Dutch", plain, "ja\n\nOutlook voor Android downloaden\n", "ja"},
		{"a footer of a phone in Portuguese", plain, "sim\n\nEnviado do meu iPhone\n", "sim"},
		{"a footer of another phone in Portuguese", plain, "sim\n\nEnviado a partir do meu smartphone Samsung Galaxy.\n", "sim"},
		{"a footer of Outlook in Portuguese", plain, "sim\n\nObter o Outlook para iOS<https://aka.ms/o0ukef>\n", "sim"},
		{"a quote by Apple in Dutch", plain, "ja\n\nOp 3 nov 2026, om 10:00 heeft Ana Lopes <ana@example.org> het volgende geschreven:\n\nnee", "ja"},
		{"a quote by Gmail in Dutch", plain, "ja\n\nOp ma 3 nov 2026 om 10:00 schreef Ana Lopes <ana@example.org>:\n\nnee", "ja"},
		{"a quote by Gmail in Brazil", plain, "sim\n\nEm seg., 3 de nov. de 2026 às 10:00, Ana Lopes <ana@example.org>\nescreveu:\n\n> não", "sim"},
		{"a quote by Gmail in Portugal", plain, "sim\n\nAna Lopes <ana@example.org> escreveu (segunda, 3/11/2026 à(s) 10:00):\n\nnão", "sim"},
		{"a quote by Apple in Portugal", plain, "sim\n\nNo dia 03/11/2026, às 10:00, Ana Lopes <ana@example.org> escreveu:\n\nnão", "sim"},
		{"a header in Dutch", plain, "ja\n\nVan: Ana <ana@example.org>\nVerzonden: maandag 3 november 2026 10:00\nAan: Maya\nOnderwerp: x\n\nnee", "ja"},
		{"a header in Portugal", plain, "sim\n\nDe: Ana <ana@example.org>\nEnviado: segunda-feira, 3 de novembro de 2026 10:00\nPara: Maya\nAssunto: x\n\nnão", "sim"},
		{"a header in Brazil", plain, "sim\n\nDe: Ana <ana@example.org>\nEnviada em: segunda-feira, 3 de novembro de 2026 10:00\nPara: Maya\nAssunto: x\n\nnão", "sim"},
		{"a forward in Dutch", plain, "ja\n\n-------- Doorgestuurd bericht --------\nnee", "ja"},
		{"a forward in Portuguese", plain, "sim\n\n---------- Mensagem reencaminhada ---------\nnão", "sim"},
		{"a forward by Apple in Portuguese", plain, "sim\n\nInício da mensagem reencaminhada:\n\nnão", "sim"},
		{"a forward by Apple in Italian", plain, "sì\n\nInizio messaggio inoltrato:\n\nno", "sì"},
		{"a footer above a quote", plain, "yes\nVon meinem iPad gesendet\n\n> x\nalso this\n", "yes\n\nalso this"},
		{"a long sentence like a footer", plain, "Sent from " + strings.Repeat("far ", 40), strings.TrimSpace("Sent from " + strings.Repeat("far ", 40))},
		{"no footer in the middle", plain, "Sent from my heart\nyes", "Sent from my heart\nyes"},
		{"a signature", plain, "yes\n-- \nno", "yes"},
		{"a signature below a line that flows", flowed, "yes \n-- \nno", "yes"},
		{"a quote below a line that flows", flowed, "yes \n> no \nand", "yes\n\nand"},
		{"stuffed lines", flowed, " From a\n  b", "From a\n b"},
		{"small letters and blanks", plain, "y\u00ades\u00a0\u2003to\u200b 👨\u200d👩\u200d👧, no\u200dne", "yes  to 👨\u200d👩\u200d👧, none"},
		{"a list", markup, "<p>yes</p><ul><li>a<li>b</ul><table><tr><td>c</td><td>d</td></tr></table>", "yes\n\n- a\n- b\n\nc d"},
		{"lines", markup, "a<br>b<br/>c<pre>d\ne</pre>f\ng", "a\nb\nc\n\nd\ne\n\nf g"},
		{"a place where Outlook appends", markup, "yes<div id=x_appendonsend></div>no", "yes"},
		{"a head that is never closed", markup, "<html><head><meta charset=utf-8><title>no</title><body>yes", "yes"},
		{"many quotes in each other", markup, strings.Repeat("<blockquote>no", 300) + strings.Repeat("</blockquote>", 299) + "no</blockquote>yes", "yes"},
		{"a quote in what is unseen", markup, "<div style='visibility: hidden'><blockquote>no</div>yes", "yes"},
		{"what Yahoo quotes", markup, "yes<div class='ab yahoo_quoted'>no<div>no</div>no</div>", "yes"},
		{"a quote in a line", markup, "yes <a name=quote>no</a> and", "yes\n\nand"},
		{"an attached text without a name", "multipart/mixed; boundary=b", "--b\n\nyes\n--b\nContent-Disposition: attachment\n\nno\n--b--", "yes"},
		{"related parts", "multipart/related; boundary=b", "--b\nContent-Type: text/html\n\nyes\n--b\nContent-Type: text/plain\n\nno\n--b--", "yes"},
		{"an alternative that is empty", "multipart/alternative; boundary=b", "--b\n\n \n--b\nContent-Type: text/html\n\nyes\n--b--", "yes"},
		{"all of a mail named as a file", plain + "\nContent-Disposition: inline; filename=a.txt", "yes", "yes"},
		{"behind the end of base64", plain + "\nContent-Transfer-Encoding: base64", "eWVzIQ==\nlist footer", "yes!"},
		{"base64 that breaks off", plain + "\nContent-Transfer-Encoding: base64", "eWVzI", "yes"},
		{"UTF-16 without a label", plain + "\nContent-Transfer-Encoding: base64", "//55AGUAcwA=", "yes"},
	}
	for _, tt := range tests {
		m := inbound.Read([]byte("From: maya@example.org\nContent-Type: "+tt.kind+"\n\n"+tt.body+"\n"), nil)
		holds(t, m)
		if d := cmp.Diff(tt.want, m.Text); d != "" || m.Doubt != "" {
			t.Errorf("%s: doubt %q (-want +got):\n%s", tt.name, m.Doubt, d)
		}
	}
}
