package email

import (
	"slices"
	"strings"
)

// unverified reports whether the server that took the mail says that neither SPF nor DKIM passed
// (RFC 8601). Only the topmost Authentication-Results is read: those below it may be the sender's own.
// DMARC is not asked for: honest answers fail it, since calendars answer in other people's names.
//
// Nothing named is nothing said, and so is a pass that a server claims which is not one of trust, where
// there are any; what failed counts whoever says so.
func unverified(h fields, trust []string) bool {
	id, results := authResults(h.get("authentication-results"))
	trusted := len(trust) == 0 || slices.ContainsFunc(trust, func(s string) bool { return strings.EqualFold(s, id) })
	var passed, failed, missing bool
	for _, r := range results {
		switch r {
		case "pass":
			passed = true
		case "fail", "softfail", "permerror":
			failed = true
		default:
			missing = true
		}
	}
	if passed {
		return failed && !trusted
	}
	return failed || missing
}

// authResults reads one Authentication-Results: who says so, where it says that, and what has come of
// SPF and DKIM, each perhaps several times. Microsoft's servers leave their names out.
func authResults(value string) (id string, results []string) {
	for i, s := range strings.Split(unquoted(value), ";") {
		method, result, ok := strings.Cut(s, "=")
		if !ok {
			if words := strings.Fields(s); i == 0 && len(words) > 0 { // a version may follow
				id = words[0]
			}
			continue
		}
		method, _, _ = strings.Cut(strings.ToLower(strings.TrimSpace(method)), "/") // a version, too
		if words := strings.Fields(strings.ToLower(result)); len(words) > 0 && (method == "spf" || method == "dkim") {
			results = append(results, words[0])
		}
	}
	return id, results
}

// unquoted is value without its comments and quoted strings, in which a sender may have words.
func unquoted(value string) string {
	var out strings.Builder
	quoted, depth := false, 0
	for i := 0; i < len(value); i++ {
		switch c := value[i]; {
		case c == '\\' && (quoted || depth > 0):
			i++
		case quoted:
			quoted = c != '"'
		case c == '"' && depth == 0:
			quoted = true
		case c == '(':
			depth++
		case c == ')' && depth > 0:
			depth--
		case depth == 0:
			out.WriteByte(c)
		}
	}
	return out.String()
}
