package inbound

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"mime"
	"net/mail"
	"slices"
	"strings"
	"time"

	"coalition/invites"
	"coalition/invites/email/inbound/authres"
	"coalition/invites/email/inbound/prose"
	"coalition/invites/ical"
	"coalition/invites/plaintext"
)

// What is kept of a mail, in characters.
const (
	mostText    = 8000
	mostName    = 100
	mostSubject = 200
	// mostSaid is that of what a server said.
	mostSaid = 300
	mostID   = 500
	mostRefs = 50
)

// Read takes in a raw mail (RFC 5322): as a mailbox gives it, as a mail program saves it, or as the one
// mail of an mbox file. It reads the first MB, never fails, and takes a small part of a second whatever
// is in there; a mail that makes no sense comes back as far as it does. trust are the names of the
// servers whose word counts on who sent it; see [authres.Judge].
func Read(raw []byte, trust []string) (m *invites.Mail) {
	defer func() {
		// Whatever a stranger writes, the next mail is read.
		if recover() != nil {
			sum := sha256.Sum256(raw)
			m = &invites.Mail{Key: hex.EncodeToString(sum[:]), Doubt: "it can't be read, by a fault of this program"}
		}
	}()
	return read(raw, trust)
}

// Servers returns which servers say something of the sender of a mail with that header; see [authres.Servers].
func Servers(header []byte) []string {
	h, _, _ := splitHeader(unixLines(header[:min(len(header), mostHeader)]))
	return authres.Servers(h.all("authentication-results"))
}

func read(raw []byte, trust []string) *invites.Mail {
	data := unixLines(raw[:min(len(raw), 2*mostBytes)])
	data = data[:min(len(data), mostBytes)]
	data = bytes.TrimLeft(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")), "\n")
	data = outOfMbox(data)

	t := new(taker)
	h, body, whole := splitHeader(data)
	t.much = !whole
	if len(h) == 0 {
		body = data
	}
	top := t.open(h, body, "text/plain", 0)
	shown, _ := top.shown()

	m := &invites.Mail{
		Key:     key(h, body),
		At:      when(h),
		From:    correspondent(h.all("from")),
		ReplyTo: correspondent(h.all("reply-to")),
		Subject: oneLine(decodeWords(first(h.get("subject"), mostValue)), mostSubject),
		Refs:    references(h),
	}
	if ids := messageIDs(h.get("message-id")); len(ids) > 0 {
		m.MessageID = ids[0]
	}
	sender := authres.Judge(h.all("authentication-results"), m.From.Email, trust)
	m.Refused, m.Vouched = sender.Refused, sender.Vouched
	calendar, uids, doubt := theCalendar(top)
	m.UIDs = uids
	switch {
	case bytes.IndexByte(data[:len(data)-len(body)], 0) >= 0 || strings.Contains(shown, "\x00"):
		m.Doubt = "it holds NUL bytes, which no mail program writes"
	case t.much:
		m.Doubt = "it has more headers or parts than a mail has"
	case sender.Doubt != "":
		m.Doubt = sender.Doubt
	default:
		m.Doubt = doubt
	}
	own := prose.Own(clearSigned(shown))
	if m.Sealed = sealed(top, own); m.Sealed == "" {
		m.Text = plaintext.Clip(own, mostText)
	}
	m.Sort = sortOf(top, m.From.Email, calendar, shown)
	if m.Sort == invites.Report {
		m.Bounce = bounce(top, shown)
	} else {
		m.Calendar = calendar
	}
	if m.Sort == invites.Personal && calendar == nil && m.Sealed == "" {
		if sign := reaction(top, own); sign != "" {
			m.Sort, m.Text = invites.Reaction, sign
		}
	}
	return m
}

// outOfMbox takes off what an mbox file adds to a mail: the line in front, and the > before lines that
// would look like it.
func outOfMbox(data []byte) []byte {
	if !bytes.HasPrefix(data, []byte("From ")) && !bytes.HasPrefix(data, []byte(">From ")) {
		return data
	}
	_, data, _ = bytes.Cut(data, []byte("\n"))
	return bytes.ReplaceAll(data, []byte("\n>From "), []byte("\nFrom "))
}

// key tells a mail from all others, and is the same by whatever way it comes: mailboxes and files differ in line ends,
// in what is above and below, and in the fields that servers add.
func key(h fields, body []byte) string {
	// most is that of the body: the end of a large mail may not be there.
	const most = 256 << 10
	sum := sha256.New()
	for _, name := range [...]string{"message-id", "from", "date", "subject"} {
		for _, value := range h.all(name) {
			fmt.Fprintf(sum, "%s:%s\n", name, strings.Join(strings.Fields(value), " "))
		}
	}
	fmt.Fprintln(sum)
	_, _ = sum.Write(bytes.TrimRight(body[:min(len(body), most)], " \t\r\n"))
	return hex.EncodeToString(sum.Sum(nil))
}

// when returns the time at which the last server took the mail, or else its Date; zero where neither can be.
func when(h fields) time.Time {
	received := h.get("received")
	for _, s := range [...]string{received[strings.LastIndexByte(received, ';')+1:], h.get("date")} {
		at, err := mail.ParseDate(strings.TrimSpace(first(s, 200)))
		if at = at.UTC(); err == nil && at.Year() >= 2000 && at.Year() < 2100 {
			return at
		}
	}
	return time.Time{}
}

// correspondent returns the one address in the one field of these; otherwise the zero value.
func correspondent(values []string) invites.Address {
	if len(values) != 1 || len(values[0]) > mostValue {
		return invites.Address{}
	}
	value := toUTF8([]byte(values[0]), "")
	var name, bare string
	parser := mail.AddressParser{WordDecoder: &mime.WordDecoder{CharsetReader: anyCharset}}
	switch list, err := parser.ParseList(value); {
	case err != nil:
		name, bare = looseAddress(value)
	case len(list) == 1:
		name, bare = list[0].Name, list[0].Address
	}
	email, err := invites.ParseEmail(bare)
	if err != nil {
		email = ""
	}
	return invites.Address{Name: oneLine(decodeWords(name), mostName), Email: email}
}

func anyCharset(label string, r io.Reader) (io.Reader, error) {
	data, err := io.ReadAll(r)
	return strings.NewReader(toUTF8(data, label)), err
}

// looseAddress reads Name <address> with a name that should stand in quotes. It takes nothing that
// could be read as two addresses: what is more than one is none to [invites.ParseEmail].
func looseAddress(value string) (name, bare string) {
	name, bare, ok := strings.Cut(strings.TrimSpace(value), "<")
	bare, closed := strings.CutSuffix(bare, ">")
	name = strings.Trim(name, ` "'`)
	if !ok || !closed || strings.Contains(name, "@") && !strings.EqualFold(name, bare) {
		return "", ""
	}
	return name, bare
}

// references returns the Message-IDs of the mails that this one follows, the nearest last.
func references(h fields) []string {
	var refs []string
	for _, name := range [...]string{"references", "in-reply-to"} {
		for _, value := range h.all(name) {
			for _, id := range messageIDs(value) {
				if i := slices.Index(refs, id); i >= 0 {
					refs = slices.Delete(refs, i, i+1)
				}
				if refs = append(refs, id); len(refs) > mostRefs {
					refs = refs[1:]
				}
			}
		}
	}
	return refs
}

var angled = plaintext.Pattern(`<[^<>]+>`)

// messageIDs returns the Message-IDs in value, without angle brackets; without them there can be one.
func messageIDs(value string) []string {
	var ids []string
	found := angled().FindAllString(value, -1)
	if found == nil && strings.Contains(value, "@") && !strings.ContainsAny(value, " \t") {
		found = []string{value}
	}
	for _, id := range found {
		id = strings.Map(func(r rune) rune {
			// They are of a fold.
			if r == ' ' || r == '\t' {
				return -1
			}
			return r
		}, strings.Trim(id, "<>"))
		if id != "" && len(id) <= mostID && plaintext.IsASCII(id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// A UID within a calendar, in lines that may be folded.
var namedUID = plaintext.Pattern(`(?im)^UID[;:].*(?:\n[ \t].*)*`)

// uidsIn returns the UIDs in the text of a calendar, also of one that makes no sense; one that is "" where
// there are none.
func uidsIn(text string) (uids []string) {
	const most = 1000
	for _, line := range namedUID().FindAllString(text, most) {
		_, uid, _ := strings.Cut(strings.NewReplacer("\n ", "", "\n\t", "").Replace(line), ":")
		if uid = oneLine(uid, mostID); !slices.Contains(uids, uid) {
			uids = append(uids, uid)
		}
	}
	if uids == nil {
		return []string{""}
	}
	return uids
}

// theCalendar returns the one iTIP object in a mail (RFC 6047), or why there can't be one, and the UIDs in
// all of them. The type of a part decides, never its name (section 2.6). Many send it twice, also as a file.
func theCalendar(top *part) (one *invites.Object, uids []string, doubt string) {
	seen := 0
	top.walk(func(p *part) {
		if p.kind != "text/calendar" && p.kind != "application/ics" {
			return
		}
		if seen++; seen > mostCalendars {
			doubt = cmp.Or(doubt, "the calendars in it are too many")
			return
		}
		text := toUTF8(p.data(), p.params["charset"])
		uids = append(uids, uidsIn(string(unixLines([]byte(text))))...)
		if doubt != "" {
			return
		}
		if strings.Contains(text, "\x00") {
			doubt = "the calendar in it holds NUL bytes"
			return
		}
		o, err := ical.Parse([]byte(text))
		if err != nil {
			doubt = "the calendar in it " + err.Error()
			return
		}
		switch method := invites.Method(strings.ToUpper(strings.TrimSpace(p.params["method"]))); {
		case o.Method == "":
			o.Method = method
		case method != "" && method != o.Method:
			doubt = "the calendar in it says one method, and the mail around it another"
			return
		}
		switch {
		case one == nil:
			one = o
		case one.Method == "":
			one.Method = o.Method
		case o.Method == "":
			o.Method = one.Method
		}
		if !sameObject(one, o) {
			doubt = "there are two different calendars in it"
		}
	})
	if doubt != "" {
		return nil, uids, doubt
	}
	return one, uids, ""
}

func sameObject(a, b *invites.Object) bool {
	return a.Method == b.Method && a.UID == b.UID && a.Sequence == b.Sequence &&
		a.Stamp.Equal(b.Stamp) && a.Start.Equal(b.Start) && a.End.Equal(b.End) &&
		slices.Equal(a.Attendees, b.Attendees) &&
		a.Summary == b.Summary && a.Location == b.Location && a.Comment == b.Comment
}

// What automatic replies and the notes of people who are away say.
var (
	automatic   = named("automatic")
	away        = named("away")
	absent      = named("absent")
	perhapsAway = named("perhapsAway")
	awayText    = named("awayText")
)

// robots are the fields that only automatic mails have, unless they say "no".
var robots = []string{"auto-submitted", "x-autoreply", "x-auto-reply", "x-autorespond", "x-autoresponder",
	"x-mail-autoreply", "x-autoreply-from", "x-autogenerated", "x-fc-machinegenerated", "x-vacation"}

// sortOf returns what kind of writer a mail has. Calendars answer by machine, and say so: with an answer of a calendar
// in it only being a report, a list's or spam speaks against a mail. from is its sender, shown its text.
func sortOf(top *part, from string, calendar *invites.Object, shown string) invites.Sort {
	h := top.header
	answer := calendar != nil && (calendar.Method == invites.Reply || calendar.Method == invites.Counter)
	precedence := h.word("precedence")
	unreturnable := strings.TrimSpace(h.get("return-path")) == "<>"
	local, _, _ := strings.Cut(strings.ToLower(from), "@")
	says := func(name string) bool { return h.word(name) != "" && h.word(name) != "no" }
	subject := oneLine(decodeWords(first(h.get("subject"), mostValue)), mostSubject)
	bulk := precedence == "bulk" || precedence == "junk"
	switch {
	case h.word("x-spam-flag") == "yes" || h.word("x-spam-status") == "yes" || h.word("x-spam") == "yes":
		return invites.Spam
	case isReport(top, local, unreturnable, shown):
		return invites.Report
	case h.get("list-id") != "" || h.get("list-post") != "" || h.get("list-unsubscribe") != "" || precedence == "list":
		return invites.List
	case answer:
		return invites.Personal
	case slices.ContainsFunc(robots, says), precedence == "auto_reply", h.word("preference") == "auto_reply", unreturnable,
		// Such a report is of reading, not of delivery.
		local == "postmaster", top.kind == "multipart/report",
		automatic().MatchString(subject), away().MatchString(subject), absent().MatchString(subject),
		(precedence != "" || h.get("x-auto-response-suppress") != "") && perhapsAway().MatchString(subject),
		bulk && awayText().MatchString(plaintext.Clip(prose.Own(shown), 1000)):
		return invites.Robot
	case bulk:
		return invites.List
	}
	return invites.Personal
}

// first returns the first bytes of s, which may end within a character.
func first(s string, most int) string { return s[:min(len(s), most)] }
