package email

import (
	"regexp"
	"strings"

	"coalition/invites"
)

// mostLetter is how much is read of a report that is written as a letter, in bytes.
const mostLetter = 32 << 10

// Reports of servers that write them as letters, as qmail does, and Exim did: how they begin, and what
// says that it was the last attempt or that there will be more.
var (
	letterBegins = regexp.MustCompile(`(?i)this is the qmail-send program|this message was created automatically by mail delivery software`)
	letterLate   = regexp.MustCompile(`(?i)keep trying|be retried|try again|not yet been delivered|delayed|no action is required`)
	letterFinal  = regexp.MustCompile(`(?i)permanent(ly)? |given up|not going to try again|\b5\.\d{1,3}\.\d{1,3}\b`)

	statusCode = regexp.MustCompile(`\b[245]\.\d{1,3}\.\d{1,3}\b`) // RFC 3463
	returnedID = regexp.MustCompile(`(?mi)^message-id:\s*(<[^<>\s]+>)`)
)

// isReport reports whether a mail tells what has become of another one. local is its sender before the
// @, unreturnable whether nothing may be sent back, as RFC 3464 demands (section 2).
func isReport(top *part, local string, unreturnable bool, shown string) bool {
	if top.kind == "multipart/report" {
		return find(top, "message/disposition-notification") == nil
	}
	if local == "mailer-daemon" {
		return true
	}
	return unreturnable && (find(top, "message/delivery-status", "message/global-delivery-status") != nil ||
		top.header.get("x-failed-recipients") != "" || letterBegins.MatchString(first(shown, mostLetter)))
}

// find is the last part of one of these kinds; nil where there is none.
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

// bounce is what a report says (RFC 3464); nil where it names no mail, or the mail has arrived, or it
// is not clear what has become of it.
func bounce(top *part, shown string) *invites.Bounce {
	b := new(invites.Bounce)
	status := find(top, "message/delivery-status", "message/global-delivery-status")
	var groups []fields
	if status == nil {
		if shown = first(shown, mostLetter); !letter(b, shown) {
			return nil
		}
	} else {
		groups = statusGroups(status.text())
		if !worst(b, groups) {
			return nil
		}
	}
	if original := find(top, "message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers"); original != nil {
		h, _, _ := splitHeader([]byte(strings.TrimLeft(original.text(), "\n")))
		b.Of = lastID(h.get("message-id"))
	}
	groups = append(groups, top.header)
	for _, name := range [...]string{"original-envelope-id", "x-original-message-id", "in-reply-to", "references"} {
		for _, h := range groups {
			if b.Of == "" {
				b.Of = lastID(h.get(name))
			}
		}
	}
	if b.Of == "" && status == nil {
		if m := returnedID.FindStringSubmatch(shown); m != nil {
			b.Of = lastID(m[1])
		}
	}
	if b.Of == "" {
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

// statusGroups are the fields about the mail, and those about each of its recipients.
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

// worst fills in what has become of the recipient who fared worst; ok is false where all went well.
func worst(b *invites.Bounce, groups []fields) (ok bool) {
	for _, g := range groups {
		action, code := g.word("action"), statusCode.FindString(g.get("status"))
		if action == "" { // which must not be
			action = map[string]string{"5": "failed", "4": "delayed"}[first(code, 1)]
		}
		final := action == "failed"
		if !final && action != "delayed" || ok && (b.Final || !final) {
			continue
		}
		ok = true
		said := g.get("diagnostic-code")
		if kind, text, typed := strings.Cut(said, ";"); typed && !strings.Contains(kind, " ") {
			said = text
		}
		b.Final, b.Text = final, cleanLine(decodeWords(first(said, mostValue)), mostSaid)
		if better := statusCode.FindString(b.Text); better != "" && (code == "" || strings.HasSuffix(code, ".0.0")) {
			code = better
		}
		b.Code = code
	}
	return ok
}

// letter fills in what a report says that is written for people only; ok is false where that leaves
// room for doubt.
func letter(b *invites.Bounce, shown string) (ok bool) {
	said := shown
	if i := returnedHeader.FindStringIndex(said); i != nil { // what comes back is not what is said
		said = said[:i[0]]
	}
	late, final := letterLate.MatchString(letterFinal.ReplaceAllString(said, "")), letterFinal.MatchString(said)
	if late == final {
		return false
	}
	b.Final, b.Code = final, statusCode.FindString(said)
	for line := range strings.Lines(said) {
		if b.Code != "" && strings.Contains(line, b.Code) {
			b.Text = cleanLine(line, mostSaid)
			break
		}
	}
	return true
}

var returnedHeader = regexp.MustCompile(`(?mi)^(received|return-path|message-id|date|from):`)
