// Package authres knows what the servers that took a mail say about who sent it: the fields
// Authentication-Results (RFC 8601). It leaves to others what follows from that, and asks no server anything.
package authres

import (
	"cmp"
	"slices"
	"strings"

	"golang.org/x/net/idna"
)

// A Verdict says what servers say about who sent a mail.
type Verdict struct {
	// Doubt is why nothing in the mail counts, a phrase for people; "": nothing speaks against it.
	Doubt string
	// Refused is the check that a plain reply has failed, although SPF or DKIM passed; "": none.
	Refused string
	// Vouched is whether a trusted server says that the mail comes from the domain of its From.
	Vouched bool
}

// Judge reads the values of the fields Authentication-Results of a mail from that address, topmost first. Those of the
// servers in trust count together, since many set-ups write one for each check; where there is none of these, or nobody
// is trusted by name, the topmost run of one server's.
//
// Of each method the highest field decides, as those further down may be the sender's own. So a pass
// below a failure is no pass, but a doubt. SPF and DKIM say whether anything counts. DMARC, and what
// Microsoft puts in its place, only speak against a plain reply: calendars answer honestly in other
// people's names. What failed counts also from a server that is not trusted, and a pass of its does not.
func Judge(values []string, from string, trust []string) (v Verdict) {
	var named, run [][]result
	var top string
	for i, value := range values {
		id, results := authResults(value)
		if i == 0 {
			top = id
		}
		if i == len(run) && strings.EqualFold(id, top) {
			run = append(run, results)
		}
		if slices.ContainsFunc(trust, func(s string) bool { return strings.EqualFold(s, id) }) {
			named = append(named, results)
		}
	}
	counted := named
	if len(named) == 0 {
		counted = run
	}
	foreign := len(trust) > 0 && len(named) == 0
	spf, dkim := newOutcome(counted, "spf"), newOutcome(counted, "dkim")
	dmarc, compauth := newOutcome(counted, "dmarc"), newOutcome(counted, "compauth")
	domain := domainOf(from)
	switch {
	case spf.disputed || dkim.disputed:
		check := "DKIM"
		if spf.disputed {
			check = "SPF"
		}
		v.Doubt = "the receiving server says that " + check +
			" failed, and a lower field, which may be forged, that it passed"
	case spf.passed() || dkim.passed():
		if foreign && (spf.failed || dkim.failed) {
			v.Doubt = unverified
		}
	// DMARC can't have passed then, whatever a field says.
	case spf.known() || dkim.known():
		v.Doubt = unverified
	}
	switch {
	case dmarc.failed:
		v.Refused = "DMARC failed"
	case compauth.failed:
		v.Refused = "compauth failed"
	}
	if len(named) == 0 || v.Doubt != "" || v.Refused != "" {
		return v
	}
	d, s := dkim.domains("header.d", "header.i"), spf.domains("smtp.mailfrom", "smtp.mail")
	passed := slices.Concat(d, s)
	v.Vouched = slices.ContainsFunc(passed, func(of string) bool { return related(of, domain) })
	// The server's own word on DMARC is enough, too, but not where all that passed is somebody else's.
	vouches := func(of string) bool { return of == "" || related(of, domain) }
	near := func(of string) bool { return of == "" || ending(of) == ending(domain) }
	if !v.Vouched && slices.ContainsFunc(dmarc.domains("header.from"), vouches) {
		v.Vouched = len(passed) == 0 || slices.ContainsFunc(passed, near)
	}
	return v
}

const unverified = "the receiving server could not verify who sent it: neither SPF nor DKIM passed"

// A result is what came of one check, with what it was about.
type result struct {
	method, value string
	// about has names such as "header.d".
	about map[string]string
}

// An outcome is what fields say of one method.
type outcome struct {
	// results are those of the highest field that names it; failed is what they say.
	results []result
	failed  bool
	// disputed says that it has failed there, and passed further down.
	disputed bool
}

func newOutcome(counted [][]result, method string) (o outcome) {
	for _, field := range counted {
		here := slices.Collect(func(yield func(result) bool) {
			for _, r := range field {
				if r.method == method && !yield(r) {
					return
				}
			}
		})
		if o.results == nil {
			o.results = here
			o.failed = slices.ContainsFunc(here, func(r result) bool {
				// A DMARC record that can't be read asks for nothing (RFC 7489, section 6.6.3).
				return strings.HasSuffix(r.value, "fail") || r.value == "permerror" && method != "dmarc"
			})
		} else if o.failed && !o.passed() {
			o.disputed = o.disputed || slices.ContainsFunc(here, passed)
		}
	}
	return o
}

func passed(r result) bool { return r.value == "pass" }

func (o *outcome) known() bool { return len(o.results) > 0 }

func (o *outcome) passed() bool { return slices.ContainsFunc(o.results, passed) }

// domains returns those for which a check has passed, as the first of these properties that is there says; ""
// where none does. Microsoft's servers say of domains which ask for nothing that they would pass DMARC.
func (o *outcome) domains(properties ...string) (list []string) {
	for _, r := range o.results {
		if r.value != "pass" && (r.method != "dmarc" || r.value != "bestguesspass") {
			continue
		}
		var of string
		for _, p := range properties {
			of = cmp.Or(of, r.about[p])
		}
		list = append(list, domainOf(of))
	}
	return list
}

// domainOf returns the domain of an address, or s itself where that is a domain alone.
func domainOf(s string) string {
	s = strings.Trim(s, "<>")
	return s[strings.LastIndexByte(s, '@')+1:]
}

// related reports whether one of two domains is the other one or below it (RFC 7489, section 3.1.1, asks
// whether they have been registered together; that they lie beside each other is rare, and then the server's
// own word on DMARC says it).
func related(a, b string) bool {
	a, b = asciiName(a), asciiName(b)
	within := func(a, b string) bool { return strings.Contains(b, ".") && (a == b || strings.HasSuffix(a, "."+b)) }
	return within(a, b) || within(b, a)
}

// asciiName returns a domain in small letters, in ASCII.
func asciiName(domain string) string {
	domain = strings.ToLower(strings.TrimSuffix(domain, "."))
	if ascii, err := idna.Lookup.ToASCII(domain); err == nil {
		return ascii
	}
	return domain
}

// ending returns the last two names of a domain: what has been registered together ends alike.
func ending(domain string) string {
	names := strings.Split(asciiName(domain), ".")
	return strings.Join(names[max(0, len(names)-2):], ".")
}

// Servers returns who has written the values of the fields Authentication-Results of a mail, topmost first, in lower
// case; those that leave their names out are not among them.
func Servers(values []string) (names []string) {
	for _, v := range values {
		if id, _ := authResults(v); id != "" {
			names = append(names, strings.ToLower(id))
		}
	}
	return names
}

// authResults reads one Authentication-Results: who says so, where it says that, and what has come of
// each check, which may be several of a method. Microsoft's servers leave their names out. Comments are
// passed over; what stands in quotes is a value, whatever a sender has put there.
func authResults(value string) (id string, results []result) {
	// open is the result that the properties belong to.
	var open *result
	var name, text strings.Builder
	// An = has come; within quotes; a space has come.
	var equals, quoted, gap bool
	depth, first := 0, true
	end := func() {
		key, word := strings.ToLower(name.String()), text.String()
		switch {
		case !equals && first && id == "":
			// A version may follow.
			id = word
		case !equals:
		case open == nil:
			// So may it here.
			key, _, _ = strings.Cut(key, "/")
			word = strings.ToLower(word)
			if i := strings.IndexFunc(word, func(r rune) bool { return (r < 'a' || r > 'z') && r != '_' }); i >= 0 {
				word = word[:i]
			}
			open = new(result)
			if word != "" {
				results = append(results, result{key, word, make(map[string]string)})
				open = &results[len(results)-1]
			}
		case open.about != nil && open.about[key] == "":
			open.about[key] = word
		}
		name.Reset()
		text.Reset()
		equals, gap = false, false
	}
	for i := 0; i < len(value); i++ {
		c := value[i]
		switch {
		case c == '\\' && (quoted || depth > 0):
			if i++; quoted && i < len(value) {
				text.WriteByte(value[i])
			}
		case quoted && c == '"':
			quoted = false
		case quoted:
			text.WriteByte(c)
		case c == '(':
			depth++
			gap = true
		case c == ')' && depth > 0:
			depth--
		case depth > 0:
		case c == ' ' || c == '\t':
			gap = true
		case c == ';':
			end()
			open, first = nil, false
		case c == '=' && !equals:
			name.WriteString(text.String())
			text.Reset()
			equals, gap = true, false
		default:
			if gap && text.Len() > 0 {
				end()
			}
			if gap = false; c == '"' {
				quoted = true
			} else {
				text.WriteByte(c)
			}
		}
	}
	end()
	return id, results
}
