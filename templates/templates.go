// Package templates knows the words: how a brief, an invitation, an update, a cancellation, a
// reminder and a calendar entry are said, in each language, as text and as HTML. Who says them,
// when, and to whom it leaves to the scheduler; how they travel, to invites. It has no type for
// what is private in a plan, so no template can name it.
package templates

import (
	"cmp"
	"embed"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	texttemplate "text/template"
	"time"
)

//go:embed layout.html style.css en de
var embedded embed.FS

// A Kind names what is said.
type Kind string

// The kinds of message. Each language has one text and one HTML template for each.
const (
	Brief        Kind = "brief"        // the question whether the two may talk
	Invitation   Kind = "invitation"   // to a talk that was agreed to
	Update       Kind = "update"       // of an invitation
	Cancellation Kind = "cancellation" // of an invitation, or of the question
	Reminder     Kind = "reminder"
	Copy         Kind = "copy" // to the organizer, for the own calendar
)

// Kinds are all kinds of message.
var Kinds = []Kind{Brief, Invitation, Update, Cancellation, Reminder, Copy}

// A Person is one of the two.
type Person struct {
	Name  string
	Email string
	Zone  *time.Location // of their own clock
}

// An Item is one point of the agenda; Minutes is 0 where no time was set.
type Item struct {
	Number  int // from 1
	Topic   string
	Minutes int
}

// A Setting is where and how the two talk. Kind is neutral, walk, coffee, lunch, office, phone or
// video; Phone and URL are empty for the others.
type Setting struct {
	Kind, Place, Phone, URL string
}

// A Talk is all that a template may say. Times are instants; the zones are those of the two people.
type Talk struct {
	Organizer, Partner Person
	Purpose            string
	Offer, Ask         []string
	Agenda             []Item
	Setting            Setting
	Length             time.Duration

	Start     time.Time   // zero: not known yet
	Times     []time.Time // offered in the brief; one is the time proposed
	From, To  time.Time   // the first and last day between which a time is looked for; zero: none
	Again     bool        // the brief has been sent before
	Before    time.Time   // in an update, the start until now; zero: unchanged
	NewPlace  bool        // in an update: the setting has changed
	Withdrawn bool        // in a cancellation: there was a brief but no invitation
	Reason    string      // for a cancellation, in the organizer's words; may be empty
}

// A Message is a talk put into words. Subject is one line; the lines of Text end in \n.
type Message struct {
	Subject, Text, HTML string
}

// An Entry is a talk as it stands in a calendar. Summary and Location are one line each.
type Entry struct {
	Summary, Location, Description string
}

// A Problem is a fault in a template, found by [Set.Check].
type Problem struct {
	File         string // as the set names it: "de/brief.txt"
	Line, Column int    // from 1
	Text         string
}

// A Set is the templates in all languages: those built in, and the organizer's own in their place.
// It is safe for concurrent use.
type Set struct {
	files     fs.FS
	languages []string
	mu        sync.Mutex
	parsed    map[string]*language
}

// Load is the set with the organizer's own versions from the folder own, which has the layout of
// `coalition template list`; "" means none. A language of which every template is there is known,
// too. Templates are parsed when they are first used; [Set.Check] looks at all of them.
func Load(own string) (*Set, error) {
	s := &Set{files: embedded, parsed: make(map[string]*language)}
	if own != "" {
		info, err := os.Stat(own)
		if err != nil || !info.IsDir() {
			return nil, fmt.Errorf("%s is no folder of templates", own)
		}
		s.files = overlay{os.DirFS(own), embedded}
	}
	entries, err := fs.ReadDir(s.files, ".")
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if e.IsDir() && s.complete(e.Name()) {
			s.languages = append(s.languages, e.Name())
		}
	}
	return s, nil
}

func (s *Set) complete(lang string) bool {
	return !slices.ContainsFunc(languageFiles(), func(name string) bool {
		_, err := fs.Stat(s.files, path.Join(lang, name))
		return err != nil
	})
}

func languageFiles() []string {
	list := []string{"words.tmpl", "event.txt"}
	for _, k := range Kinds {
		list = append(list, string(k)+".txt", string(k)+".html")
	}
	return list
}

// overlay is a file system in which the files of own stand before those of base.
type overlay struct{ own, base fs.FS }

func (o overlay) Open(name string) (fs.File, error) {
	if f, err := o.own.Open(name); err == nil {
		if info, err := f.Stat(); err == nil && !info.IsDir() {
			return f, nil
		}
		f.Close()
	}
	return o.base.Open(name)
}

// ReadDir implements fs.ReadDirFS: the names of both.
func (o overlay) ReadDir(name string) ([]fs.DirEntry, error) {
	list, err := fs.ReadDir(o.base, name)
	if more, err2 := fs.ReadDir(o.own, name); err2 == nil {
		err = nil
		for _, e := range more {
			if !slices.ContainsFunc(list, func(b fs.DirEntry) bool { return b.Name() == e.Name() }) {
				list = append(list, e)
			}
		}
	}
	return list, err
}

// Languages are those that can be written, in alphabetical order.
func (s *Set) Languages() []string { return s.languages }

// Language is the known language that serves the wanted one best: itself, the one without its
// region, or else English; ok is false for the last.
func (s *Set) Language(want string) (lang string, ok bool) {
	want = strings.ToLower(want)
	for want != "" {
		if slices.Contains(s.languages, want) {
			return want, true
		}
		want = want[:max(strings.LastIndexByte(want, '-'), 0)]
	}
	return "en", false
}

// Files are the names of all templates.
func (s *Set) Files() []string {
	list := []string{"layout.html", "style.css"}
	for _, lang := range s.languages {
		for _, name := range languageFiles() {
			list = append(list, path.Join(lang, name))
		}
	}
	return list
}

// Source is the text of a template named by [Set.Files].
func (s *Set) Source(name string) ([]byte, error) {
	if !slices.Contains(s.Files(), name) {
		return nil, fmt.Errorf("there is no template %q", name)
	}
	return fs.ReadFile(s.files, name)
}

// Own reports whether the template of that name is the organizer's own.
func (s *Set) Own(name string) bool {
	o, ok := s.files.(overlay)
	if !ok {
		return false
	}
	info, err := fs.Stat(o.own, name)
	return err == nil && !info.IsDir()
}

// language is the parsed templates of one language.
type language struct {
	name             string
	weekdays, months []string
	cities           map[string]string
	text             *texttemplate.Template
	html             *htmltemplate.Template
	err              error
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

func (l *language) parse(s *Set) error {
	read := func(name string) (string, error) {
		b, err := fs.ReadFile(s.files, name)
		return strings.ReplaceAll(string(b), "\r\n", "\n"), err
	}
	css, err := read("style.css")
	if err != nil {
		return err
	}
	inline := inliner(css)
	layout, err := read("layout.html")
	if err != nil {
		return err
	}
	words, err := read(path.Join(l.name, "words.tmpl"))
	if err != nil {
		return err
	}
	l.text = texttemplate.New("")
	l.html = htmltemplate.New("")
	if _, err := l.text.New(path.Join(l.name, "words.tmpl")).Parse(words); err != nil {
		return err
	}
	if _, err := l.html.New("layout.html").Parse(inline(strings.ReplaceAll(layout, "/* style.css */", dark(css)))); err != nil {
		return err
	}
	for _, name := range languageFiles()[1:] {
		full := path.Join(l.name, name)
		source, err := read(full)
		if err != nil {
			return err
		}
		if strings.HasSuffix(name, ".txt") {
			_, err = l.text.New(full).Parse(source)
		} else {
			_, err = l.html.New(full).Parse(inline(source))
		}
		if err != nil {
			return err
		}
	}
	return l.readWords()
}

func (l *language) readWords() error {
	list := func(name string, want int) ([]string, error) {
		var b strings.Builder
		if err := l.text.ExecuteTemplate(&b, name, nil); err != nil {
			return nil, err
		}
		words := strings.Split(strings.TrimSpace(b.String()), ",")
		for i := range words {
			words[i] = strings.TrimSpace(words[i])
		}
		if len(words) != want && want > 0 {
			return nil, fmt.Errorf("template: %s/words.tmpl:1:1: %q has %d words, not %d", l.name, name, len(words), want)
		}
		return words, nil
	}
	var err error
	if l.weekdays, err = list("weekdays", 7); err != nil {
		return err
	}
	if l.months, err = list("months", 12); err != nil {
		return err
	}
	cities, err := list("cities", 0)
	l.cities = make(map[string]string)
	for _, c := range cities {
		if from, to, ok := strings.Cut(c, "="); ok {
			l.cities[from] = to
		}
	}
	return err
}

var (
	cssRule  = regexp.MustCompile(`(?m)^\.([a-z-]+) \{([^}]*)\}`)
	cssClass = regexp.MustCompile(`class="([a-z-]+)"`)
)

// inliner puts the declarations of each class of css beside the class itself: many mail programs
// read no style sheet. It works on the source of templates, so that a message costs nothing more.
func inliner(css string) func(string) string {
	rules := make(map[string]string)
	for _, m := range cssRule.FindAllStringSubmatch(css, -1) {
		rules[m[1]] = strings.Join(strings.Fields(m[2]), " ")
	}
	return func(html string) string {
		return cssClass.ReplaceAllStringFunc(html, func(attr string) string {
			class := cssClass.FindStringSubmatch(attr)[1]
			if rules[class] == "" {
				return attr
			}
			return attr + ` style="` + rules[class] + `"`
		})
	}
}

// dark is what follows the line "/* dark */" of css: the rules that can't be inlined.
func dark(css string) string {
	_, rest, _ := strings.Cut(css, "/* dark */")
	return strings.TrimSpace(rest)
}

// View puts what all messages about a talk share into the words of a language of [Set.Languages].
func (s *Set) View(lang string, t *Talk) (*View, error) {
	l, err := s.language(lang)
	if err != nil {
		return nil, err
	}
	return l.view(l.text, t)
}

// Message is the talk as a message of that kind.
func (v *View) Message(kind Kind) (*Message, error) {
	var b strings.Builder
	if err := v.language.text.ExecuteTemplate(&b, "subject "+string(kind), v); err != nil {
		return nil, err
	}
	v.Subject = oneLine(b.String())
	b.Reset()
	file := path.Join(v.Lang, string(kind))
	if err := v.language.text.ExecuteTemplate(&b, file+".txt", v); err != nil {
		return nil, err
	}
	var html strings.Builder
	html.Grow(12 << 10)
	if err := v.language.html.ExecuteTemplate(&html, file+".html", v); err != nil {
		return nil, err
	}
	return &Message{Subject: v.Subject, Text: tidy(b.String()), HTML: html.String()}, nil
}

// Entry is the talk as it stands in a calendar.
func (v *View) Entry() (*Entry, error) {
	var out [3]string
	for i, name := range []string{"summary", "location", path.Join(v.Lang, "event.txt")} {
		var b strings.Builder
		if err := v.language.text.ExecuteTemplate(&b, name, v); err != nil {
			return nil, err
		}
		out[i] = b.String()
	}
	return &Entry{Summary: oneLine(out[0]), Location: oneLine(out[1]), Description: tidy(out[2])}, nil
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// tidy ends the text in one line break and never leaves more than one empty line, so that a
// template may write its conditions on lines of their own.
func tidy(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	empty := 1 // lines at the start are dropped
	for line := range strings.Lines(s) {
		line = strings.TrimRight(line, " \t\n")
		if line == "" {
			empty++
			continue
		}
		if empty > 0 && b.Len() > 0 {
			b.WriteByte('\n')
		}
		empty = 0
		b.WriteString(line)
		b.WriteByte('\n')
	}
	return b.String()
}

// A View is a talk as templates see it: in the words of one language, and with its times on the
// clocks of the two.
type View struct {
	language *language

	Lang    string
	Subject string // of the message in the making

	Organizer, Partner Person
	Purpose            string
	Offer, Ask         []string
	Agenda             []Item
	Setting            Setting
	Again, Withdrawn   bool
	NewPlace           bool
	Reason             string

	Where, WhyThere, Request string // for the kind of setting
	Length                   string
	When, Was                *Span  // nil: the start is not known, has not changed
	Choices                  []Span // the times offered
	Several                  bool   // more than one is
	First, Last              string // days between which a time is looked for; "": none
}

// A Span is the time of a talk. It prints as a sentence on both clocks.
type Span struct {
	Number int // among those offered, from 1
	Text   string
	There  Clock // where the partner is
	Here   Clock // where the organizer is
	Same   bool  // both clocks and calendars show the same
}

// String is the text.
func (s Span) String() string { return s.Text }

// A Clock is a span as one clock and calendar show it.
type Clock struct {
	Day      string // as Thursday, 4 March 2027
	From, To string // as 10:00
	City     string // the zone's, in the language of the reader
}

// view makes the parts of a view with the templates in text.
func (l *language) view(text *texttemplate.Template, t *Talk) (*View, error) {
	v := &View{language: l, Lang: l.name, Organizer: t.Organizer, Partner: t.Partner, Purpose: t.Purpose, Offer: t.Offer, Ask: t.Ask,
		Agenda: t.Agenda, Setting: t.Setting, Again: t.Again, Withdrawn: t.Withdrawn, NewPlace: t.NewPlace, Reason: t.Reason}
	var err error
	say := func(name string, data any) string {
		if err != nil {
			return ""
		}
		var b strings.Builder
		err = text.ExecuteTemplate(&b, name, data)
		return oneLine(b.String())
	}
	kind := t.Setting.Kind
	v.Where = say("where "+kind, t.Setting)
	v.WhyThere = say("why "+kind, t.Setting)
	v.Request = say("request "+kind, t.Setting)
	v.Length = say("length", struct{ Hours, Minutes int }{int(t.Length.Hours()), int(t.Length.Minutes()) % 60})
	day := func(at time.Time) string {
		return say("day", struct {
			Weekday, Month string
			Day, Year      int
		}{l.weekdays[at.Weekday()], l.months[at.Month()-1], at.Day(), at.Year()})
	}
	clock := func(start time.Time, zone *time.Location) Clock {
		start = start.In(zone)
		return Clock{Day: day(start), From: start.Format("15:04"), To: start.Add(t.Length).Format("15:04"), City: l.city(zone)}
	}
	span := func(start time.Time) *Span {
		if start.IsZero() {
			return nil
		}
		s := &Span{There: clock(start, t.Partner.Zone), Here: clock(start, t.Organizer.Zone)}
		s.Same = s.There.From == s.Here.From && s.There.Day == s.Here.Day
		s.Text = say("span", s)
		return s
	}
	v.When, v.Was = span(t.Start), span(t.Before)
	for i, start := range t.Times {
		choice := span(start)
		choice.Number = i + 1
		v.Choices = append(v.Choices, *choice)
	}
	v.Several = len(v.Choices) > 1
	if !t.From.IsZero() && !t.To.IsZero() {
		v.First, v.Last = day(t.From), day(t.To)
	}
	return v, err
}

func (l *language) city(zone *time.Location) string {
	name := zone.String()
	name = strings.ReplaceAll(name[strings.LastIndexByte(name, '/')+1:], "_", " ")
	return cmp.Or(l.cities[name], name)
}

var templateError = regexp.MustCompile(`^(?:html/)?template: ?([^:]+):(\d+)(?::(\d+))?: (.*)$`)

// problem reads the place out of an error of text/template or html/template.
func problem(file string, err error) Problem {
	p := Problem{File: file, Line: 1, Column: 1, Text: err.Error()}
	var escape *htmltemplate.Error
	if errors.As(err, &escape) && escape.Line > 0 {
		return Problem{File: cmp.Or(escape.Name, file), Line: escape.Line, Column: 1, Text: escape.Description}
	}
	if m := templateError.FindStringSubmatch(err.Error()); m != nil {
		p.File, p.Text = m[1], m[4]
		p.Line, _ = strconv.Atoi(m[2])
		if column, err := strconv.Atoi(m[3]); err == nil {
			p.Column = column + 1 // the library counts from 0
		}
	}
	return p
}
