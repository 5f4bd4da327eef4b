package inbound

import (
	"bytes"
	"cmp"
	"encoding/json"
	"strings"
	"unicode"

	"coalition/invites/plaintext"
)

const armored = "-----BEGIN PGP MESSAGE-----"

// sealed returns why the text of a mail can't be read here, as a phrase for people; "" where it can. own is what
// can be read of it.
func sealed(top *part, own string) string {
	why := ""
	top.walk(func(p *part) {
		name := strings.ToLower(p.params["name"])
		if _, more := mediaType(p.header.get("content-disposition")); name == "" {
			name = strings.ToLower(more["filename"])
		}
		with, protocol := "", strings.ToLower(p.params["protocol"])
		switch {
		case p.kind == "multipart/encrypted" && (protocol == "" || strings.Contains(protocol, "pgp")):
			with = "it is encrypted with OpenPGP"
		case p.kind == "multipart/encrypted":
			with = "it is encrypted"
		case p.kind == "application/x-microsoft-rpmsg-message" || strings.HasSuffix(name, ".rpmsg"):
			with = "it is encrypted by Microsoft's rights management"
		case p.kind == "application/pkcs7-mime", p.kind == "application/x-pkcs7-mime", strings.HasSuffix(name, ".p7m"):
			switch strings.ToLower(p.params["smime-type"]) {
			case "signed-data":
				with = "it is signed with S/MIME in the form that hides the text"
			case "certs-only":
			case "":
				with = "it is encrypted, or signed in the form that hides the text, with S/MIME"
			default:
				with = "it is encrypted with S/MIME"
			}
		case strings.TrimSpace(own) == "" && bytes.HasPrefix(bytes.TrimSpace(p.data()), []byte(armored)):
			with = "it is encrypted with OpenPGP"
		}
		whole := p == top || p.kind == "multipart/encrypted" || strings.HasSuffix(with, "management")
		if why == "" && (whole || strings.TrimSpace(own) == "") {
			why = with
		}
	})
	if why == "" && strings.Contains("\n"+own, "\n"+armored) {
		why = "it is encrypted with OpenPGP"
	}
	return why
}

// clearSigned returns a text without the frame of an inline OpenPGP signature (RFC 9580, section 7).
func clearSigned(text string) string {
	const begin, end = "-----BEGIN PGP SIGNED MESSAGE-----\n", "\n-----BEGIN PGP SIGNATURE-----"
	before, rest, ok := strings.Cut(text, begin)
	if !ok || before != "" && !strings.HasSuffix(before, "\n") {
		return text
	}
	// The text is behind its own header.
	if _, words, ok := strings.Cut(rest, "\n\n"); ok {
		rest = words
	}
	signed, after, ok := strings.Cut(rest, end)
	if !ok {
		return text
	}
	if _, below, ok := strings.Cut(after, "-----END PGP SIGNATURE-----"); ok {
		after = below
	}
	return before + strings.ReplaceAll("\n"+signed, "\n- ", "\n")[1:] + after
}

// What stands in a mail that is but a sign, put to another mail.
var (
	reacted    = named("reacted")
	reactedHow = named("reactedHow")
	reactedTo  = named("reactedTo")
	aLink      = plaintext.Pattern(`^<?https?://\S+$`)
)

// reaction returns the sign that a mail is, instead of words: what Gmail and Outlook send where somebody has
// reacted to a mail. It is "" for all others.
func reaction(top *part, own string) string {
	if p := find(top, "text/vnd.google.email-reaction+json"); p != nil {
		var r struct {
			Emoji string `json:"emoji"`
		}
		if err := json.Unmarshal(p.data(), &r); err == nil && strings.TrimSpace(r.Emoji) != "" {
			return oneLine(r.Emoji, 20)
		}
		return "a sign"
	}
	sign, says := "", false
	for line := range strings.Lines(own) {
		line = strings.TrimSpace(line)
		match := reacted().FindStringSubmatch(line)
		switch {
		case line == "", aLink().MatchString(line):
		case match == nil && !says && len(line) < 150 && reactedHow().MatchString(line) &&
			reactedTo().MatchString(line) && (sign != "" || strings.HasSuffix(line, ":")):
			says = true
		case match != nil && !says:
			says = true
			if match[2] != "" {
				sign = match[2]
			}
			i := strings.LastIndexByte(line, ':')
			if sign == "" && i >= 0 && !strings.ContainsFunc(line[i:], unicode.IsLetter) {
				sign = oneLine(line[i+1:], 20)
			}
		case !strings.ContainsFunc(line, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }):
			sign = oneLine(line, 20)
		// Whoever writes more has written.
		default:
			return ""
		}
	}
	if !says {
		return ""
	}
	return cmp.Or(sign, "a sign")
}
