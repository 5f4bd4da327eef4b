package prose

import (
	"slices"
	"strings"

	"golang.org/x/net/html"

	"coalition/invites/plaintext"
)

// Elements of HTML that begin a line, those that stand apart from what is above, and those without an
// end. What stands in the unseen is for programs.
var (
	blocks = set("address article aside center dd div dl dt fieldset footer form h1 h2 h3 h4 h5 h6 " +
		"header hr li main nav ol p pre section table tr ul blockquote")
	apart  = set("blockquote dl h1 h2 h3 h4 h5 h6 ol p pre table ul")
	void   = set("area base br col embed hr img input link meta source track wbr")
	unseen = set("iframe math noframes object script select style svg template textarea title")

	invisible = plaintext.Pattern(`(?i)display\s*:\s*none|visibility\s*:\s*hidden|` +
		`mso-hide\s*:\s*all|font-size\s*:\s*0(px|pt|em|%)?\s*(;|$)`)
)

// What the classes, ids and names of elements say where mail programs have written them: that all of it
// is quoted, that it is a signature, or that what follows is the mail that is answered.
var (
	quoting = set("yahoo_quoted protonmail_quote moz-cite-prefix reply-intro __QUOTED_TEXT__ quote")
	signing = set("gmail_signature moz-signature protonmail_signature_block ms-outlook-mobile-signature Signature")
	answers = set("divRplyFwdMsg appendonsend mail-editor-reference-message-container OLK_SRC_BODY_SECTION")
)

func set(words string) map[string]bool {
	m := make(map[string]bool)
	for word := range strings.FieldsSeq(words) {
		m[word] = true
	}
	return m
}

const original = "-----Original Message-----"

// A region is an element that is open and matters for all that is in it. What it is not itself, but has
// its name, is counted in nested, so that its end is known.
type region struct {
	name           string
	nested         int
	hidden, quoted bool
}

// FromHTML returns what a person reads in HTML, each line of a quote with a > in front, without what is signed. It
// goes by tokens: a tree of what strangers write can cost any time.
func FromHTML(source string) string {
	const mostRegions = 100
	var w htmlWriter
	var open []region
	update := func() {
		quoted := slices.ContainsFunc(open, func(r region) bool { return r.quoted })
		if quoted != w.quoted {
			w.line()
		}
		w.quoted = quoted
		w.hidden = slices.ContainsFunc(open, func(r region) bool { return r.hidden })
		w.pre = slices.ContainsFunc(open, func(r region) bool { return r.name == "pre" })
	}
	z := html.NewTokenizer(strings.NewReader(source))
	for {
		kind := z.Next()
		switch kind {
		case html.ErrorToken:
			w.line()
			return w.out.String()
		case html.TextToken:
			w.text(string(z.Text()))
			continue
		case html.StartTagToken, html.SelfClosingTagToken, html.EndTagToken:
		default:
			continue
		}
		tag, hasAttributes := z.TagName()
		name := string(tag)
		if blocks[name] {
			w.line()
			w.apart = w.apart || apart[name]
		}
		namesake := -1
		for i := range open {
			if open[i].name == name {
				namesake = i
			}
		}
		switch {
		case name == "br" && kind != html.EndTagToken:
			w.newLine()
		case void[name]:
		case kind == html.EndTagToken:
			if name == "td" || name == "th" {
				w.text(" ")
			}
			if namesake < 0 {
				break
			}
			if open[namesake].nested--; open[namesake].nested < 0 {
				open = open[:namesake]
				update()
			}
		default:
			r := region{name: name, hidden: unseen[name], quoted: name == "blockquote"}
			answered := r.read(z, hasAttributes)
			if kind == html.SelfClosingTagToken {
				r = region{}
			}
			switch {
			case (r.hidden || r.quoted || r.name == "pre") && len(open) < mostRegions:
				open = append(open, r)
				update()
			case namesake >= 0 && r.name != "":
				open[namesake].nested++
			}
			if name == "li" {
				w.text("- ")
			}
			if answered {
				w.line()
				w.text(original)
				w.line()
			}
		}
	}
}

// read reads what the attributes of an element say.
func (r *region) read(z *html.Tokenizer, more bool) (answered bool) {
	for more {
		var key, value []byte
		key, value, more = z.TagAttr()
		switch string(key) {
		case "hidden":
			r.hidden = true
		case "style":
			r.hidden = r.hidden || invisible().Match(value)
		case "class", "id", "name", "data-marker":
			for word := range strings.FieldsSeq(string(value)) {
				// Outlook puts it in front of what others wrote.
				word = strings.TrimPrefix(word, "x_")
				r.quoted = r.quoted || quoting[word]
				r.hidden = r.hidden || signing[word]
				answered = answered || answers[word]
			}
		}
	}
	return answered
}

// An htmlWriter writes lines of text.
type htmlWriter struct {
	out strings.Builder
	// current is the line that is being written.
	current []byte

	hidden, quoted, pre bool
	// apart says that the next line stands apart.
	apart bool
}

func (w *htmlWriter) text(s string) {
	if w.hidden {
		return
	}
	for i := range len(s) {
		switch c := s[i]; {
		case w.pre && c == '\n':
			w.newLine()
		case c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f':
			if n := len(w.current); n > 0 && w.current[n-1] != ' ' {
				w.current = append(w.current, ' ')
			}
		default:
			w.current = append(w.current, c)
		}
	}
}

// line ends the line, where there is one.
func (w *htmlWriter) line() {
	if len(w.current) > 0 {
		w.newLine()
	}
}

// newLine ends the line, also where it is empty.
func (w *htmlWriter) newLine() {
	if w.hidden {
		return
	}
	if w.apart {
		w.out.WriteByte('\n')
	}
	if w.quoted {
		w.out.WriteString("> ")
	}
	w.out.Write(w.current)
	w.out.WriteByte('\n')
	w.current, w.apart = w.current[:0], false
}
