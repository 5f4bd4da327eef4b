package inbound

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"coalition/invites"
	"coalition/invites/email/inbound/prose"
	"coalition/invites/plaintext"
)

// mostLetter is how much is read of a report that is written as a letter, in bytes.
const mostLetter = 32 << 10

// mostSentence is how much of one of its sentences, likewise: no server has that much to say in one.
const mostSentence = 2 << 10

// What reports say that servers write as letters, and who sends them without an address.
var (
	letterBegins  = named("letterBegins")
	reportSubject = named("reportSubject")
	daemon        = plaintext.Pattern(`(?i)mailer-?daemon|mail delivery (sub)?system|postmaster`)
	letterLate    = named("letterLate")
	letterWarns   = named("letterWarns")
	letterFinal   = named("letterFinal")
	letterRefused = named("letterRefused")
	reasons       = named("reasons")
	supposes      = plaintext.Pattern(`(?i)\b(if|when|unless|until|after|in case|should|wenn|falls|sollte|sobald|nach)\b`)
	// A dot in the middle of a name or number ends no sentence.
	sentence = plaintext.Pattern(`([^.!?]|[.!?]+[^\s.!?])+[.!?]*`)
)

var (
	// RFC 3463.
	statusCode = plaintext.Pattern(`\b[245]\.\d{1,3}\.\d{1,3}\b`)
	// RFC 5321, section 4.2.
	replyCode  = plaintext.Pattern(`(?m)(?:^|[\s:("'“«>\[])([45][0-5]\d)(?:[ :)-]|$)`)
	returnedID = plaintext.Pattern(`(?mi)^[ \t>|]*(?:(?:x-original-)?message-?[- ]?id(?:entifier)?|nachrichten-?id)` +
		`\s*:?\s*(<[^<>\s]+@[^<>\s]+>)`)
	returnedField = named("returnedField")
	returnedSure  = named("returnedSure")
	returnedBelow = named("returnedBelow")
)

// isReport reports whether a mail tells what has become of another one. local is its sender before the
// @, unreturnable whether nothing may be sent back, as RFC 3464 demands (section 2).
func isReport(top *part, local string, unreturnable bool, shown string) bool {
	if top.kind == "multipart/report" {
		return find(top, "message/disposition-notification") == nil
	}
	if local == "mailer-daemon" || local == "" && daemon().MatchString(top.header.get("from")) {
		return true
	}
	subject := oneLine(decodeWords(first(top.header.get("subject"), mostValue)), mostSubject)
	byMachine := unreturnable || daemon().MatchString(local) ||
		strings.HasPrefix(top.header.word("auto-submitted"), "auto-")
	// Whatever a server calls itself: where nothing may be sent back, and a mail is given back, it is one.
	if unreturnable && top.kind != "message/rfc822" && returnedID().MatchString(first(shown, 8*mostLetter)) {
		return true
	}
	return unreturnable && (find(top, "message/delivery-status", "message/global-delivery-status") != nil ||
		top.header.get("x-failed-recipients") != "" || letterBegins().MatchString(first(shown, mostLetter))) ||
		byMachine && reportSubject().MatchString(subject)
}

// find returns the last part of one of these kinds; nil where there is none.
func find(top *part, kinds ...string) (found *part) {
	top.walk(func(p *part) {
		for _, kind := range kinds {
			if p.kind == kind {
				found = p
			}
		}
	})
	return found
}

// bounce returns what a report says (RFC 3464); nil where it names neither a mail nor a recipient, or the mail
// has arrived.
func bounce(top *part, shown string) *invites.Bounce {
	b := &invites.Bounce{Unclear: true}
	shown = first(shown, mostLetter)
	subject := oneLine(decodeWords(first(top.header.get("subject"), mostValue)), mostSubject)
	status := find(top, "message/delivery-status", "message/global-delivery-status")
	var groups []fields
	if status != nil {
		groups = statusGroups(status.text())
		// It went on its way, or has arrived.
		if known := worst(b, groups); known && b.Unclear {
			return nil
		}
	}
	said := above(shown)
	if b.Unclear {
		letter(b, subject, said)
	}
	if b.Text == "" && status != nil || b.Text == "" && !b.Unclear {
		b.Text = reason(said, b.Final)
	}
	if b.Code == "" {
		b.Code = statusCode().FindString(b.Text)
	}
	if b.For == "" {
		b.For, _ = invites.ParseEmail(strings.TrimSpace(top.header.get("x-failed-recipients")))
	}
	original := find(top, "message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers")
	if original != nil {
		h, _, _ := splitHeader([]byte(strings.TrimLeft(original.text(), "\n")))
		b.Of = lastID(h.get("message-id"))
	}
	top.walk(func(p *part) {
		isText := strings.HasPrefix(p.kind, "text/") || len(p.parts) == 0 && p.kind == "application/octet-stream"
		if b.Of == "" && isText {
			text := p.text()
			if p.kind == "text/html" {
				text = prose.FromHTML(first(text, 8*mostLetter))
			}
			if m := returnedID().FindStringSubmatch(first(text, 8*mostLetter)); m != nil {
				b.Of = lastID(m[1])
			}
		}
	})
	groups = append(groups, top.header)
	for _, name := range [...]string{"original-envelope-id", "x-original-message-id", "in-reply-to", "references"} {
		for _, h := range groups {
			if b.Of == "" {
				b.Of = lastID(h.get(name))
			}
		}
	}
	// It is the first that it speaks of, and that is neither its writer nor its reader.
	if b.Of == "" && b.For == "" {
		h := top.header
		known := strings.ToLower(h.get("from") + " " + h.get("to") + " " + h.get("delivered-to"))
		for _, s := range anAddress().FindAllString(said, 10) {
			if email, err := invites.ParseEmail(s); err == nil && !strings.Contains(known, strings.ToLower(email)) {
				b.For = email
				break
			}
		}
	}
	if b.Of == "" && b.For == "" {
		return nil
	}
	return b
}

func lastID(value string) string {
	ids := messageIDs(value)
	if len(ids) == 0 {
		return ""
	}
	return ids[len(ids)-1]
}

// statusGroups returns the fields about the mail, and those about each of its recipients.
func statusGroups(text string) []fields {
	const most = 50
	var groups []fields
	for data := []byte(strings.TrimLeft(text, "\n")); len(data) > 0 && len(groups) < most; {
		h, rest, _ := splitHeader(data)
		if len(h) > 0 {
			groups = append(groups, h)
		}
		data = rest
	}
	return groups
}

// worst fills in what has become of the recipient who fared worst; known is false where nothing says what
// has become of any. Where all went well b stays unclear.
func worst(b *invites.Bounce, groups []fields) (known bool) {
	for _, g := range groups {
		action, code := g.word("action"), statusCode().FindString(g.get("status"))
		// This must not be.
		if action == "" {
			action = map[string]string{"5": "failed", "4": "delayed", "2": "delivered"}[first(code, 1)]
		}
		known = known || action == "delivered" || action == "relayed" || action == "expanded"
		final := action == "failed"
		if !final && action != "delayed" || !b.Unclear && (b.Final || !final) {
			continue
		}
		known, b.Unclear = true, false
		said := typed(g.get("diagnostic-code"))
		// It is the number of a program's end.
		if !strings.ContainsFunc(said, unicode.IsLetter) {
			said = ""
		}
		if _, comment, ok := strings.Cut(g.get("status"), "("); ok && said == "" {
			said = strings.TrimSuffix(comment, ")")
		}
		b.Final, b.Text = final, oneLine(decodeWords(first(said, mostValue)), mostSaid)
		if better := statusCode().FindString(b.Text); better != "" && (code == "" || strings.HasSuffix(code, ".0.0")) {
			code = better
		}
		b.Code, b.For = code, ""
		for _, name := range [...]string{"original-recipient", "final-recipient"} {
			if b.For == "" {
				b.For, _ = invites.ParseEmail(strings.Trim(strings.TrimSpace(typed(g.get(name))), "<>"))
			}
		}
	}
	return known
}

// typed returns a value without its type: "smtp; 550 no".
func typed(value string) string {
	if kind, text, ok := strings.Cut(value, ";"); ok && !strings.Contains(strings.TrimSpace(kind), " ") {
		return text
	}
	return value
}

// above returns what a letter says for itself, without the mail that it gives back.
func above(shown string) string {
	lines := strings.Split(shown, "\n")
	run, sure := 0, false
	for i, line := range lines {
		switch {
		case i > 0 && returnedBelow().MatchString(line):
			return strings.Join(lines[:i], "\n")
		case returnedField().MatchString(line):
			run++
			sure = sure || returnedSure().MatchString(line)
		// A folded line.
		case run > 0 && (strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t")):
			run++
		default:
			run, sure = 0, false
		}
		isID := strings.HasPrefix(strings.ToLower(strings.TrimLeft(line, " \t>|")), "message-id:")
		if sure && (run > 1 || i+1 == len(lines) || isID) {
			return strings.Join(lines[:i+1-run], "\n")
		}
	}
	return shown
}

// letter fills in what a report says that is written for people only. b stays unclear where that leaves room for doubt.
func letter(b *invites.Bounce, subject, said string) {
	var late, final, refused, warns bool
	for paragraph := range strings.SplitSeq(subject+"\n\n"+said, "\n\n") {
		for _, s := range sentence().FindAllString(strings.Join(strings.Fields(paragraph), " "), -1) {
			s = first(s, mostSentence)
			// "If it fails permanently" has not happened.
			sure := !supposes().MatchString(s)
			last := letterFinal().MatchString(s)
			final = final || sure && last
			late = late || !last && letterLate().MatchString(s)
			warns = warns || sure && letterWarns().MatchString(s)
			refused = refused || sure && letterRefused().MatchString(s)
		}
	}
	codes := ""
	for _, m := range replyCode().FindAllStringSubmatch(said, 50) {
		codes += first(m[1], 1)
	}
	for _, code := range statusCode().FindAllString(said, 50) {
		codes += first(code, 1)
	}
	switch {
	// That is all that it is, whatever its transcript says.
	case warns:
	case final:
		b.Final = true
	case late:
	case strings.Contains(codes, "5"), refused:
		b.Final = true
	case !strings.Contains(codes, "4"):
		return
	}
	b.Unclear = false
	b.Text = reason(said, b.Final)
	if b.Code = statusCode().FindString(b.Text); b.Code == "" {
		for _, code := range statusCode().FindAllString(said, 50) {
			if (code[0] == '5') == b.Final {
				b.Code = code
				break
			}
		}
	}
}

// reason returns what the server said that would not take the mail, or else why it could not be delivered, in the
// words of the letter.
func reason(said string, final bool) string {
	lines := strings.Split(said, "\n")
	best, at := -1, 0
	for i, line := range lines {
		for _, m := range replyCode().FindAllStringSubmatchIndex(line, 10) {
			if best < 0 || final && line[m[2]] == '5' && lines[best][at] != '5' {
				best, at = i, m[2]
			}
		}
	}
	if best < 0 {
		for i, line := range lines {
			m := statusCode().FindStringIndex(line)
			if m != nil && best < 0 && !strings.HasPrefix(strings.ToLower(line), "status:") {
				best, at = i, m[0]
			}
		}
	}
	if best >= 0 {
		text := lines[best][at:]
		says := strings.ContainsFunc(statusCode().ReplaceAllString(text, ""), unicode.IsLetter)
		if !says && !replyCode().MatchString(text) {
			// What it says stands before its code.
			text = strings.TrimSpace(lines[best])
		}
		// A reply may have several lines, or be wrapped.
		for i := best + 1; i < len(lines) && i < best+5; i++ {
			line := strings.TrimSpace(lines[i])
			code := replyCode().FindStringSubmatchIndex(line)
			bare := len(strings.TrimSpace(text)) < 8
			switch {
			case line == "" || !bare && strings.ContainsAny(first(line, 1), "<[-") || strings.HasSuffix(line, ":"):
				i = len(lines)
			case code != nil && code[2] == 0:
				text += " " + strings.TrimLeft(line[code[3]:], " -")
			case code == nil && (len(lines[best]) > 60 || bare) && !strings.HasSuffix(strings.TrimSpace(text), "."):
				text += " " + line
			default:
				i = len(lines)
			}
		}
		text = strings.TrimRight(strings.TrimSpace(text), `'"”»`)
		if !strings.Contains(text, "(") {
			text = strings.TrimSuffix(text, ")")
		}
		return oneLine(text, mostSaid)
	}
	for _, words := range []*regexp.Regexp{reasons(), letterRefused()} {
		for paragraph := range strings.SplitSeq(said, "\n\n") {
			for _, s := range sentence().FindAllString(strings.Join(strings.Fields(paragraph), " "), -1) {
				if words.MatchString(s) && !supposes().MatchString(s) {
					return oneLine(recipient().ReplaceAllString(s, ""), mostSaid)
				}
			}
		}
	}
	if !final {
		return ""
	}
	// In whatever words: what stands behind the address, or else below the greeting.
	for i, line := range lines {
		m := anAddress().FindStringIndex(line)
		alone := m != nil && i+1 < len(lines) && len(line)-(m[1]-m[0]) < 10
		if alone && strings.ContainsFunc(lines[i+1], unicode.IsLetter) {
			return oneLine(lines[i+1], mostSaid)
		}
	}
	for paragraph := range strings.SplitSeq(said, "\n\n") {
		text := strings.Join(strings.Fields(paragraph), " ")
		if utf8.RuneCountInString(text) > 40 && !preamble().MatchString(text) {
			return oneLine(text, mostSaid)
		}
	}
	return ""
}

// recipient is the address with which a line begins that says what is wrong with it.
var recipient = plaintext.Pattern(`^\s*<?[\w.+=-]{1,64}@[\w.-]{1,200}\w>?[\s:]+`)

var preamble = plaintext.Pattern(`(?i)automatically|automatisch|this is the|do not reply|message was received|\*{5}`)

var anAddress = plaintext.Pattern(`[\w.+=-]{1,64}@[\w.-]{1,200}\w`)
