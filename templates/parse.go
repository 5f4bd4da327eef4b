package templates

import (
	"errors"
	"fmt"
	htmltemplate "html/template"
	"io/fs"
	"path"
	"strings"
	texttemplate "text/template"
	"text/template/parse"
	"unicode/utf8"

	"coalition/templates/tree"
)

// language is the parsed templates of one language.
type language struct {
	name             string
	weekdays, months []string
	minutes          string
	cities           map[string]string
	// answersFile is which answers.tmpl it has; "": none.
	answersFile string
	text        *texttemplate.Template
	// pages are those in HTML, as they are before html gives them its escapes.
	pages *texttemplate.Template
	html  *htmltemplate.Template
	err   error
}

func (s *Set) language(lang string) (*language, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.parsed[lang]
	if l == nil {
		l = &language{name: lang}
		l.err = l.parse(s)
		s.parsed[lang] = l
	}
	return l, l.err
}

// read returns the text of a template, whatever editor wrote it.
func (s *Set) read(name string) (string, error) {
	b, err := fs.ReadFile(s.source, name)
	if err == nil && !utf8.Valid(b) {
		err = errors.New("this is not UTF-8")
	}
	if err != nil {
		return "", fmt.Errorf("template: %s:1:1: %w", name, err)
	}
	return strings.ReplaceAll(strings.TrimPrefix(string(b), "\ufeff"), "\r\n", "\n"), nil
}

// builtInLayout gives set what an own layout may lack, since it was written before there was such a part.
func (s *Set) builtInLayout(set *texttemplate.Template) error {
	if !s.Own("layout.html") {
		return nil
	}
	source, err := fs.ReadFile(embedded, "layout.html")
	if err == nil {
		_, err = set.New("layout.html, built in").Parse(string(source))
	}
	return err
}

func (l *language) parse(s *Set) error {
	css, err := s.read("style.css")
	if err != nil {
		return err
	}
	l.answersFile = s.file(l.name, "answers.tmpl")
	l.text = texttemplate.New("").Funcs(functions)
	if l.pages, l.html, err = s.parseFiles(l.name, messageFiles(), l.text, tree.Dresser(css)); err != nil {
		return err
	}
	return l.readWords()
}

// parseFiles reads the layout, and those of the named templates that lang has: in pages those in HTML, whose text dress
// may change, and in html the same with HTML's escapes; the others come into text.
func (s *Set) parseFiles(lang string, names []string, text *texttemplate.Template, dress func(*parse.ListNode)) (
	pages *texttemplate.Template, html *htmltemplate.Template, err error,
) {
	pages, html = texttemplate.New("").Funcs(functions), htmltemplate.New("").Funcs(functions)
	if err := s.builtInLayout(pages); err != nil {
		return nil, nil, err
	}
	if err := s.parseFile(pages, "layout.html", "layout.html"); err != nil {
		return nil, nil, err
	}
	for _, name := range names {
		set := text
		if path.Ext(name) == ".html" {
			set = pages
		}
		for _, file := range s.files(lang, name) {
			if err := s.parseFile(set, path.Join(lang, name), file); err != nil {
				return nil, nil, err
			}
		}
	}
	for _, t := range pages.Templates() {
		if t.Tree == nil {
			continue
		}
		dress(t.Root)
		if _, err := html.AddParseTree(t.Name(), t.Copy()); err != nil {
			return nil, nil, err
		}
	}
	return pages, html, nil
}

// parseFile gives set what stands in a file, which the template of that name is in.
func (s *Set) parseFile(set *texttemplate.Template, name, file string) error {
	source, err := s.read(file)
	if err != nil {
		return err
	}
	if name == file {
		_, err = set.New(name).Parse(source)
		return err
	}
	// Faults in it are found under the name of the file.
	of, err := texttemplate.New(file).Funcs(functions).Parse(source)
	if err != nil {
		return err
	}
	for _, t := range of.Templates() {
		as := t.Name()
		if as == file {
			as = name
		}
		if _, err := set.AddParseTree(as, t.Tree); err != nil {
			return err
		}
	}
	return nil
}

// functions are those that templates have besides the usual ones.
var functions = map[string]any{
	"lines": func(s string) []string { return strings.Split(s, "\n") },
	// Word knows no max-width: for it alone the card stands in a table of that width. Comments in a template
	// itself would be left out.
	"wordOpen": func() htmltemplate.HTML {
		return `<!--[if mso]><table role="presentation" width="600" cellpadding="0" cellspacing="0" border="0">` +
			`<tr><td><![endif]-->`
	},
	"wordClose": func() htmltemplate.HTML { return `<!--[if mso]></td></tr></table><![endif]-->` },
}

// list returns the words of a template in which commas stand between them.
func (l *language) list(name string) ([]string, error) {
	var b strings.Builder
	if err := l.text.ExecuteTemplate(&b, name, nil); err != nil {
		return nil, err
	}
	words := strings.Split(strings.TrimSpace(b.String()), ",")
	for i := range words {
		words[i] = strings.TrimSpace(words[i])
	}
	return words, nil
}

func (l *language) readWords() error {
	list := func(name string, want int) ([]string, error) {
		words, err := l.list(name)
		if err == nil && len(words) != want {
			return nil, l.fault(name, fmt.Sprintf("has %d words, not %d", len(words), want))
		}
		return words, err
	}
	var err error
	if l.weekdays, err = list("weekdays", 7); err != nil {
		return err
	}
	if l.months, err = list("months", 12); err != nil {
		return err
	}
	minutes, err := list("min", 1)
	if err != nil {
		return err
	}
	l.minutes = minutes[0]
	cities, err := l.list("cities")
	l.cities = make(map[string]string)
	for _, c := range cities {
		if from, to, ok := strings.Cut(c, "="); ok {
			l.cities[from] = to
		}
	}
	return err
}
