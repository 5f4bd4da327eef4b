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

var functions = map[string]any{
	"inc": func(n int) int { return n + 1 },
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
	l.text = texttemplate.New("").Funcs(functions)
	l.html = htmltemplate.New("").Funcs(functions)
	if _, err := l.text.New(path.Join(l.name, "words.tmpl")).Parse(words); err != nil {
		return err
	}
	if _, err := l.html.New(path.Join(l.name, "words.tmpl")).Parse(words); err != nil {
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
		if want > 0 && len(words) != want {
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

// Render puts the talk into words, as a message of that kind in a language of [Set.Languages].
func (s *Set) Render(kind Kind, lang string, t *Talk) (*Message, error) {
	l, err := s.language(lang)
	if err != nil {
		return nil, err
	}
	v := l.view(t)
	var b strings.Builder
	file := path.Join(lang, string(kind))
	run := func(name string) (string, error) {
		b.Reset()
		err := l.text.ExecuteTemplate(&b, name, v)
		return b.String(), err
	}
	if v.Subject, err = run("subject " + string(kind)); err != nil {
		return nil, err
	}
	v.Subject = oneLine(v.Subject)
	text, err := run(file + ".txt")
	if err != nil {
		return nil, err
	}
	b.Reset()
	b.Grow(12 << 10)
	if err := l.html.ExecuteTemplate(&b, file+".html", v); err != nil {
		return nil, err
	}
	return &Message{Subject: v.Subject, Text: tidy(text), HTML: b.String()}, nil
}

// Event puts the talk into the words of a calendar entry, in a language of [Set.Languages].
func (s *Set) Event(lang string, t *Talk) (*Entry, error) {
	l, err := s.language(lang)
	if err != nil {
		return nil, err
	}
	v := l.view(t)
	var out [3]string
	for i, name := range []string{"summary", "location", path.Join(lang, "event.txt")} {
		var b strings.Builder
		if err := l.text.ExecuteTemplate(&b, name, v); err != nil {
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

// A view is what templates see: the talk, and its times on the clocks of the two.
type view struct {
	*Talk
	Lang    string
	Subject string
	When    *span // nil: the start is not known
	Was     *span // nil: the start has not changed
	Choices []span
	First   *day // with Last, the days between which a time is looked for; nil: none
	Last    *day
	Hours   int // of the length, with Minutes
	Minutes int
}

// A span is the time of a talk.
type span struct {
	There clock // where the partner is
	Here  clock // where the organizer is
	Same  bool  // both clocks show the same
}

// A clock is a span as one clock and calendar show it.
type clock struct {
	day
	From, To string // as 10:00
	City     string // the zone's, in the language of the reader
}

// A day is one of the calendar.
type day struct {
	Weekday, Month string
	Day, Year      int
}

func (l *language) view(t *Talk) *view {
	v := &view{Talk: t, Lang: l.name, Hours: int(t.Length.Hours()), Minutes: int(t.Length.Minutes()) % 60}
	v.When, v.Was = l.span(t, t.Start), l.span(t, t.Before)
	for _, start := range t.Times {
		v.Choices = append(v.Choices, *l.span(t, start))
	}
	if !t.From.IsZero() && !t.To.IsZero() {
		first, last := l.day(t.From), l.day(t.To)
		v.First, v.Last = &first, &last
	}
	return v
}

func (l *language) span(t *Talk, start time.Time) *span {
	if start.IsZero() {
		return nil
	}
	there, here := l.clock(start, t.Length, t.Partner.Zone), l.clock(start, t.Length, t.Organizer.Zone)
	return &span{There: there, Here: here, Same: there.From == here.From && there.day == here.day}
}

func (l *language) clock(start time.Time, length time.Duration, zone *time.Location) clock {
	start = start.In(zone)
	return clock{day: l.day(start), From: start.Format("15:04"), To: start.Add(length).Format("15:04"), City: l.city(zone)}
}

func (l *language) day(t time.Time) day {
	return day{Weekday: l.weekdays[t.Weekday()], Month: l.months[t.Month()-1], Day: t.Day(), Year: t.Year()}
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
