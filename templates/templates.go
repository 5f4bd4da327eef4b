// Package templates knows the words: how a brief, an invitation, an update, a cancellation, a
// reminder, a refusal, a notice, a calendar entry and the partner's page are said, in each language, as
// text and as HTML, and where the words stand in which people answer, which [coalition/templates/answers] reads. Who says them, when, and to whom it leaves to the scheduler; how they
// travel, to invites. It has no type for what is private in a plan, so no template can name it.
package templates

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
	texttemplate "text/template"
	"text/template/parse"
	"time"
	"unicode/utf8"
)

// Each folder that has templates is a language.
//
//go:embed layout.html style.css page.css */*.tmpl */*.txt */*.html
var embedded embed.FS

// fallback is the language that serves where there is nothing in another.
const fallback = "en"

// A Kind names what is said.
type Kind string

// The kinds of message. Each language has one text and one HTML template for each.
const (
	Brief        Kind = "brief"        // the question whether the two may talk
	Invitation   Kind = "invitation"   // to a talk that was agreed to
	Update       Kind = "update"       // of an invitation
	Cancellation Kind = "cancellation" // of an invitation, or of the question
	Reminder     Kind = "reminder"
	Copy         Kind = "copy"    // to the organizer, for the own calendar
	Refusal      Kind = "refusal" // of another time that the partner has proposed
	Notice       Kind = "notice"  // to the organizer: something has come that waits for a decision
)

// Kinds are all kinds of message.
var Kinds = []Kind{Brief, Invitation, Update, Cancellation, Reminder, Copy, Refusal, Notice}

// newer are the files besides the pages that own templates of a further language may lack, since those
// may have been written before there was such a file: see [Set.spoken].
var newer = []string{"answers.tmpl", "refusal.txt", "refusal.html", "notice.txt", "notice.html", "event.html"}

// A Person is one of the two.
type Person struct {
	Name  string
	Call  string // how letters address them; "" is their name
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
// video; Phone and URL are empty for the others. The URL of a video is empty, too, while the calendar is
// still to make the room: then the invitation leads there.
type Setting struct {
	Kind, Place, Phone, URL string

	NoLink bool   // of a video call without URL: nothing that the partner has got says how to join, as far as is known
	Caller string // who calls whom on the phone: "partner", or "me" (the organizer), as "" is
}

// A Talk is all that a template may say. Times are instants; the zones are those of the two people.
type Talk struct {
	Organizer, Partner Person
	Familiar           bool   // the partner is addressed in the familiar form, where the language has one
	Opening            string // in the brief: words of the organizer that begin it; may be empty
	Purpose            string
	Offer, Ask         []string
	Agenda             []Item
	Setting            Setting
	Length             time.Duration

	Start     time.Time   // zero: not known yet
	Times     []time.Time // offered in the brief; one is the time proposed
	From, To  time.Time   // the first and last day between which a time is looked for; zero: none
	Again     bool        // the brief has been sent before
	Before    OtherTime   // in an update, the time until now; zero: unchanged
	NewPlace  bool        // in an update: the setting has changed
	NewClocks bool        // in an update: the talk keeps its time on a clock that is put otherwise; Before is what calendars may have shown
	NewAgenda bool        // in an update without these two: nothing but the agenda has changed
	Withdrawn bool        // in a cancellation: there was a brief but no invitation
	Proposed  OtherTime   // in a refusal or a notice: another time, proposed by the partner; zero: none, perhaps another place
	Reason    string      // for a cancellation or a refusal, in the organizer's words; may be empty
	CalledOff bool        // in a copy: the talk is cancelled
	Page      string      // in the brief: the address of the page where the partner can answer; "" none
	News      *News       // in a notice, which has nothing to say without it
}

// OtherTime is a time that does not hold.
type OtherTime struct {
	Start  time.Time
	Length time.Duration
}

// News is what has come from the partner, or from Google, and waits for a decision of the organizer.
type News struct {
	What     string    // one of the constants below
	From     string    // the address it came from; may be empty
	How      string    // "mail", "page" or "calendar"; "" is as good as none of them
	At       time.Time // when it came; zero: not known
	Why      string    // it is no answer, or not believed, a phrase in English; may be empty
	Text     string    // the partner's own words, or those of a server; may be empty
	Commands []string  // to act on it with, each as it is typed
}

// What has come.
const (
	NewsQuestion  = "question" // or a reply that says neither yes nor no nor later beyond doubt
	NewsYes       = "yes"      // without one of the Times of the talk, if any were offered
	NewsLater     = "later"
	NewsNo        = "no"
	NewsDeclined  = "declined"  // the invitation, in the calendar
	NewsTentative = "tentative" // likewise
	NewsCounter   = "counter"   // the time Proposed in the talk; zero: only another place
	NewsBounced   = "bounced"   // a message of ours came back
	NewsFailed    = "failed"    // a message of ours was refused at once, or given up
	NewsPassed    = "passed"    // a message of ours came back from an address that the partner's passes mail on to
	NewsTaken     = "taken"     // a yes to a time that another talk has by now
	NewsAdds      = "adds"      // lines for the agenda, in Text
	NewsMail      = "mail"      // a mail that is no answer, such as one after the invitation
	NewsDoubted   = "doubted"   // a mail that may not be the partner's
	NewsDeleted   = "deleted"   // the event, by the organizer or somebody else who may change it
	NewsLeft      = "left"      // the partner, who is no guest of the event any more
	NewsClocks    = "clocks"    // newer zone data has put the start at another instant
	NewsRefused   = "guests"    // the invitation waits, since Google takes no more guests for now; in Google's words, if in any
)

// A Wording is a talk put into words. Subject is one line; the lines of Text end in \n.
type Wording struct {
	Subject, Text, HTML string
}

// An EventWording is a talk as it stands in a calendar. Summary and Location are one line each.
type EventWording struct {
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
	sites     map[string]*site
}

// Load is the set with the organizer's own versions from the folder own, which has the layout of
// `coalition template list`; "" means none. A language of which every template is there is known,
// too; where one is missing that older versions did not have, the English one serves. Templates are
// parsed when they are first used; [Set.Check] looks at all of them.
func Load(own string) (*Set, error) {
	s := &Set{files: embedded, parsed: make(map[string]*language), sites: make(map[string]*site)}
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
		if s.complete(e.Name()) {
			s.languages = append(s.languages, e.Name())
		}
	}
	slices.Sort(s.languages)
	return s, nil
}

func (s *Set) complete(lang string) bool {
	return !slices.ContainsFunc(messageFiles(), func(name string) bool {
		return !slices.Contains(newer, name) && !s.has(path.Join(lang, name))
	})
}

func (s *Set) has(name string) bool {
	_, err := fs.Stat(s.files, name)
	return err == nil
}

// spoken is the language in which the files of those names are there for readers of lang: lang
// itself, or English where one of them is missing.
func (s *Set) spoken(lang string, names ...string) string {
	for _, name := range names {
		if !s.has(path.Join(lang, name)) {
			return fallback
		}
	}
	return lang
}

// languageFiles are all templates that a language can have.
func languageFiles() []string { return append(messageFiles(), siteFiles...) }

func messageFiles() []string {
	list := []string{"words.tmpl", "answers.tmpl", "event.txt", "event.html"}
	for _, k := range Kinds {
		list = append(list, string(k)+".txt", string(k)+".html")
	}
	return list
}

// overlay is a file system in which the files of own stand before those of base.
type overlay struct{ own, base fs.FS }

// has reports whether own has a file of that name, be it one that can't be read: then that is said,
// and the built-in one is not taken in silence.
func (o overlay) has(name string) bool {
	info, err := fs.Stat(o.own, name)
	return err == nil && !info.IsDir()
}

func (o overlay) Open(name string) (fs.File, error) {
	if o.has(name) {
		return o.own.Open(name)
	}
	return o.base.Open(name)
}

// Stat implements fs.StatFS.
func (o overlay) Stat(name string) (fs.FileInfo, error) {
	if o.has(name) {
		return fs.Stat(o.own, name)
	}
	return fs.Stat(o.base, name)
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
	for want != "" {
		for _, lang := range s.languages {
			if strings.EqualFold(lang, want) {
				return lang, true
			}
		}
		want = want[:max(strings.LastIndexByte(want, '-'), 0)]
	}
	return fallback, false
}

// Files are the names of all templates.
func (s *Set) Files() []string {
	list := []string{"layout.html", "style.css", "page.css"}
	for _, lang := range s.languages {
		for _, name := range languageFiles() {
			if name = path.Join(lang, name); s.has(name) {
				list = append(list, name)
			}
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
	return ok && o.has(name)
}

// language is the parsed templates of one language.
type language struct {
	name             string
	weekdays, months []string
	minutes          string
	cities           map[string]string
	text             *texttemplate.Template
	pages            *texttemplate.Template // those in HTML, as they are before html gives them its escapes
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

// read is the text of a template, whatever editor wrote it.
func (s *Set) read(name string) (string, error) {
	b, err := fs.ReadFile(s.files, name)
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
	l.text = texttemplate.New("").Funcs(functions)
	l.pages = texttemplate.New("").Funcs(functions)
	l.html = htmltemplate.New("").Funcs(functions)
	css, err := s.read("style.css")
	if err != nil {
		return err
	}
	if err := s.builtInLayout(l.pages); err != nil {
		return err
	}
	for _, name := range append([]string{"layout.html"}, messageFiles()...) {
		set := l.text
		if path.Ext(name) == ".html" {
			set = l.pages
		}
		if name != "layout.html" {
			name = path.Join(l.name, name)
		}
		if !s.has(name) {
			continue
		}
		source, err := s.read(name)
		if err != nil {
			return err
		}
		if _, err := set.New(name).Parse(source); err != nil {
			return err
		}
	}
	dress := dresser(css)
	for _, t := range l.pages.Templates() {
		if t.Tree == nil {
			continue
		}
		eachText(t.Root, dress)
		if _, err := l.html.AddParseTree(t.Name(), t.Copy()); err != nil {
			return err
		}
	}
	return l.readWords()
}

// functions are those that templates have besides the usual ones.
var functions = map[string]any{
	"lines": func(s string) []string { return strings.Split(s, "\n") },
	// Word knows no max-width: for it alone the card stands in a table of that width. Comments in a template
	// itself would be left out.
	"wordOpen": func() htmltemplate.HTML {
		return `<!--[if mso]><table role="presentation" width="600" cellpadding="0" cellspacing="0" border="0"><tr><td><![endif]-->`
	},
	"wordClose": func() htmltemplate.HTML { return `<!--[if mso]></td></tr></table><![endif]-->` },
}

// list is the words of a template in which commas stand between them.
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

var (
	cssRule  = regexp.MustCompile(`(?m)^\.([\w-]+) \{([^}]*)\}`)
	cssClass = regexp.MustCompile(`class="([\w-]+)"`)
)

// dresser puts the declarations of each class of css beside the class itself, since many mail
// programs read no style sheet, and the rules below the line "dark", which can't be inlined, where
// the layout wants them. It works on parsed templates, so that a message costs nothing more and a
// fault is still found in the place where it was written.
func dresser(css string) func(*parse.TextNode) {
	above, below, _ := strings.Cut(css, "/* dark */")
	below = strings.TrimSpace(below)
	styles := make(map[string]string)
	shorter := strings.NewReplacer(": ", ":", "; ", ";", `"`, "'")
	for _, m := range cssRule.FindAllStringSubmatch(above, -1) {
		rule := shorter.Replace(strings.Join(strings.Fields(m[2]), " "))
		styles[m[1]] = strings.TrimSuffix(rule, ";")
	}
	return func(n *parse.TextNode) {
		n.Text = cssClass.ReplaceAllFunc(n.Text, func(attr []byte) []byte {
			style := styles[string(cssClass.FindSubmatch(attr)[1])]
			if style == "" {
				return attr
			}
			return fmt.Appendf(nil, `%s style="%s"`, attr, style)
		})
		n.Text = bytes.ReplaceAll(n.Text, []byte("/* style.css */"), []byte(below))
	}
}

func eachText(list *parse.ListNode, do func(*parse.TextNode)) {
	if list == nil {
		return
	}
	branches := func(n *parse.BranchNode) {
		eachText(n.List, do)
		eachText(n.ElseList, do)
	}
	for _, n := range list.Nodes {
		switch n := n.(type) {
		case *parse.TextNode:
			do(n)
		case *parse.IfNode:
			branches(&n.BranchNode)
		case *parse.RangeNode:
			branches(&n.BranchNode)
		case *parse.WithNode:
			branches(&n.BranchNode)
		}
	}
}
