package sheet

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // sheet.html and sheet.css
	"encoding/base64"
	"fmt"
	"html/template"
)

//go:embed sheet.html
var pageTemplate string

//go:embed sheet.css
var style string

// A page is what sheet.html is filled with.
type page struct {
	Title, Notice string
	Facts         []fact
	Sections      []section
	// Size is the class of a level.
	Size string
	// Rules are as many lines to write on as a page can have.
	Rules  [30]struct{}
	Style  template.CSS
	Policy string
}

type fact struct {
	Label, Text string
	// Link is where the text leads; "": nowhere.
	Link string
}

// A section is a block whose lines are in groups: a list, or a paragraph.
type section struct {
	Title  string
	Groups []group
}

// A group is a list of that class, or, where it has none, paragraphs.
type group struct {
	Class string
	Lines []item
}

type item struct{ Label, Text, Tail string }

// HTML is the sheet as a page of HTML that needs nothing else, no script and no network: it prints on one page, A4 or
// Letter, and for that may be shortened, which it says.
func (s *Sheet) HTML() ([]byte, error) {
	c, l := content{s.title(), s.notice(), s.facts(), s.blocks()}.fit()
	sum := sha256.Sum256([]byte(style))
	p := page{Title: c.title, Notice: c.notice, Style: template.CSS(style),
		Size: fmt.Sprintf("size%d", int(10*l.size)), Policy: "default-src 'none'; base-uri 'none'; form-action 'none'; " +
			"style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"}
	for _, f := range c.facts {
		link := ""
		if f.label == joinLabel {
			link = s.Join
		}
		p.Facts = append(p.Facts, fact{f.label, f.text, link})
	}
	for _, b := range c.blocks {
		p.Sections = append(p.Sections, section{b.title, grouped(b.lines)})
	}
	t, err := template.New("sheet").Parse(pageTemplate)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = t.Execute(&out, p)
	return out.Bytes(), err
}

func grouped(lines []line) (groups []group) {
	for _, l := range lines {
		class := map[string]string{"": "", "-": "points", "[ ]": "boxes"}[l.mark]
		if l.mark != "" && class == "" {
			class = "numbers"
		}
		if last := len(groups) - 1; last < 0 || groups[last].Class != class {
			groups = append(groups, group{Class: class})
		}
		last := &groups[len(groups)-1]
		last.Lines = append(last.Lines, item{l.label, l.text, l.tail})
	}
	return groups
}
