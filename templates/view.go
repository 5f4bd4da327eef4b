package templates

import (
	"bytes"
	"cmp"
	"io"
	"slices"
	"strings"
	"sync"
	texttemplate "text/template"
	"time"
	"unicode"
	"unicode/utf8"
)

// View puts what all messages about a talk share into the words of a language of [Set.Languages].
func (s *Set) View(lang string, t *Talk) (*View, error) {
	l, err := s.language(lang)
	if err != nil {
		return nil, err
	}
	v, err := l.view(l.text, t)
	if err == nil {
		v.set, v.talk = s, t
	}
	return v, err
}

// Message returns the talk as a message of that kind. Where own templates of the language lack it, it is in English.
func (v *View) Message(kind Kind) (*Wording, error) {
	if lang := v.set.spoken(v.Lang, string(kind)+".txt", string(kind)+".html"); lang != v.Lang {
		english, err := v.set.View(lang, v.talk)
		if err != nil {
			return nil, err
		}
		return english.Message(kind)
	}
	var m Wording
	var err error
	if m.Subject, err = run(v.language.text, "subject "+string(kind), v, oneLine); err != nil {
		return nil, err
	}
	v.Subject = m.Subject
	file := v.Lang + "/" + string(kind)
	if m.Text, err = run(v.language.text, file+".txt", v, tidy); err != nil {
		return nil, err
	}
	if m.HTML, err = run(v.language.html, file+".html", v, whole); err != nil {
		return nil, err
	}
	return &m, nil
}

// Heading returns the Subject of a message of that kind.
func (v *View) Heading(kind Kind) (string, error) {
	return run(v.language.text, "subject "+string(kind), v, oneLine)
}

// Event returns the talk as it stands in a calendar.
func (v *View) Event() (*EventWording, error) {
	var e EventWording
	var err error
	if e.Summary, err = run(v.language.text, "summary", v, oneLine); err != nil {
		return nil, err
	}
	if e.Location, err = run(v.language.text, "location", v, oneLine); err != nil {
		return nil, err
	}
	if e.Description, err = run(v.language.text, v.Lang+"/event.txt", v, tidy); err != nil {
		return nil, err
	}
	return &e, nil
}

// longestEvent is how many characters of a description Google Calendar surely takes. They count as they
// are written: an entity for as many as it has.
const longestEvent = 8000

// EventHTML returns the description of the talk for Google Calendar, on one line, in the few elements that are
// shown there. What would make it too long is left out: the offer and the ask first, then the end of the
// purpose and of the agenda; never the request. Where own templates of the language lack it, it is in English.
func (v *View) EventHTML() (string, error) {
	if lang := v.set.spoken(v.Lang, "event.html"); lang != v.Lang {
		english, err := v.set.View(lang, v.talk)
		if err != nil {
			return "", err
		}
		return english.EventHTML()
	}
	for less := *v; ; {
		text, err := run(v.language.html, v.Lang+"/event.html", &less, joined)
		if err != nil || utf8.RuneCountInString(text) <= longestEvent {
			return text, err
		}
		const fewer = 500
		switch purpose := []rune(less.Purpose); {
		case len(less.Offer)+len(less.Ask) > 0:
			less.Offer, less.Ask = nil, nil
		case len(purpose) > fewer+1:
			less.Purpose = string(purpose[:fewer]) + "…"
		case len(less.Agenda) > 2:
			half := len(less.Agenda) / 2
			less.Agenda = append(slices.Clone(less.Agenda[:half]), Item{Number: half + 1, Topic: "…"})
		// The template alone is too long.
		default:
			return text, nil
		}
	}
}

// Hold returns the title, in the organizer's own calendar, of a time that the talk is offered for. Where own templates
// of the language lack it, it is in English.
func (v *View) Hold() (string, error) {
	if lang := v.set.spoken(v.Lang, "hold.txt"); lang != v.Lang {
		english, err := v.set.View(lang, v.talk)
		if err != nil {
			return "", err
		}
		return english.Hold()
	}
	return run(v.language.text, v.Lang+"/hold.txt", v, oneLine)
}

// A proposal is what the template of a proposed agenda gets.
type proposal struct{ Past, Further bool }

// A Round is what a talk is for, among those of the two.
type Round int

// The rounds: a talk about the partnership, a first one about what stands between the two, and one after others.
const (
	Partnership Round = iota
	Past
	Further
)

// Agenda returns what is proposed as the agenda of a new plan for such a round, an hour in all: a point a line, with its
// minutes in brackets behind it. Where own templates of the language lack it, it is in English; lang is one of
// [Set.Languages].
func (s *Set) Agenda(lang string, round Round) ([]string, error) {
	lang = s.spoken(lang, "agenda.txt")
	l, err := s.language(lang)
	if err != nil {
		return nil, err
	}
	text, err := run(l.text, lang+"/agenda.txt", proposal{round == Past, round == Further}, tidy)
	return strings.FieldsFunc(text, func(r rune) bool { return r == '\n' }), err
}

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// run carries a template out and is what finish makes of the outcome.
func run(t interface {
	ExecuteTemplate(io.Writer, string, any) error
}, name string, data any, finish func([]byte) string) (string, error) {
	b := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(b)
	b.Reset()
	if err := t.ExecuteTemplate(b, name, data); err != nil {
		return "", err
	}
	return finish(b.Bytes()), nil
}

func whole(b []byte) string { return string(b) }

// oneLine returns the words of b, which it may overwrite, with one space between them. A space at which no line breaks
// is part of a word.
func oneLine(b []byte) string {
	line := b[:0]
	space := func(r rune) bool { return unicode.IsSpace(r) && r != '\u00a0' && r != '\u202f' }
	for word := range bytes.FieldsFuncSeq(b, space) {
		if len(line) > 0 {
			line = append(line, ' ')
		}
		line = append(line, word...)
	}
	return string(line)
}

// joined returns the HTML of b on one line. A line break becomes a space; none stands between two elements, and
// none beside a br, where it would be seen.
func joined(b []byte) string {
	const br = "<br>"
	line := make([]byte, 0, len(b))
	for part := range bytes.Lines(b) {
		part = bytes.TrimSpace(part)
		switch {
		case len(part) == 0:
			continue
		case len(line) == 0 || line[len(line)-1] == '>' && part[0] == '<':
		case bytes.HasSuffix(line, []byte(br)) || bytes.HasPrefix(part, []byte(br)):
		default:
			line = append(line, ' ')
		}
		line = append(line, part...)
	}
	return string(line)
}

// tidy returns the text of b, which it may overwrite, ending in one line break and never with more than
// one empty line, so that a template may write its conditions on lines of their own.
func tidy(b []byte) string {
	text := b[:0]
	empty := false
	for line := range bytes.Lines(b) {
		line = bytes.TrimRight(line, " \t\n")
		if len(line) == 0 {
			empty = true
			continue
		}
		if empty && len(text) > 0 {
			text = append(text, '\n')
		}
		empty = false
		text = append(text, line...)
		text = append(text, '\n')
	}
	return string(text)
}

// A View is a talk as templates see it: in the words of one language, and with its times on the clocks of the two.
type View struct {
	language *language
	set      *Set
	talk     *Talk

	Lang string
	// Subject is that of the message in the making.
	Subject string

	Organizer, Partner             Person
	Familiar                       bool
	Opening                        string
	Purpose                        string
	Offer, Ask                     []string
	Agenda                         []Item
	Setting                        Setting
	Again, Withdrawn               bool
	NewPlace, NewClocks, NewAgenda bool
	Reason, Thanks                 string
	CalledOff                      bool
	Page                           string
	News                           *News
	Week                           *ShownWeek

	// Where, WhyThere and Request are for the kind of setting, as the organizer writes to the partner.
	Where, WhyThere, Request string
	// WhereNamed is where, with the names of both, for words that both read, or the organizer.
	WhereNamed string
	Length     string
	// City is that of the partner's clock, in the language of the reader.
	City string
	// When, Was and Proposed are nil where the start is not known, none has changed or gone, and no other was proposed.
	When, Was, Proposed *ShownTime
	// Came is when the news came, where the organizer is. City and To are empty; so is Day where it is not known.
	Came ShownClock
	// Choices are the times offered, and Several says that they are more than one.
	Choices []ShownTime
	Several bool
	// Min is what minutes are called in short.
	Min string
	// First and Last are the days between which a time is looked for; "": none.
	First, Last string
}

// You returns how the partner is addressed: formal, or in the familiar form. Languages that have only one way have no
// use for it.
func (v *View) You(formal, familiar string) string { return you(v.Familiar, formal, familiar) }

func you(familiar bool, formal, other string) string {
	if familiar {
		return other
	}
	return formal
}

// A place is what the words about a setting are made of.
type place struct {
	Setting
	// Organizer and Partner are their names.
	Organizer, Partner string
	// Named says that both are named; else the organizer speaks to the partner.
	Named    bool
	Familiar bool
}

// You returns [View.You].
func (p place) You(formal, familiar string) string { return you(p.Familiar, formal, familiar) }

// A ShownTime is the time of a talk. It prints as a sentence on both clocks.
type ShownTime struct {
	// Number counts those offered from 1; 0 where it is none of them.
	Number int
	Text   string
	// There is where the partner is, and Here where the organizer is.
	There, Here ShownClock
	// Same says that both clocks and calendars show the same.
	Same bool
}

// String returns the text.
func (s ShownTime) String() string { return s.Text }

// A ShownClock is a time as one clock and calendar show it.
type ShownClock struct {
	// Day is in words, such as Thursday, 4 March 2027.
	Day string
	// From and To are such as 10:00, in 24 hours but where the language has a "clock" of its own.
	From, To string
	// City is that of the zone, in the language of the reader.
	City string
}

// view makes the parts of a view with the templates in text.
func (l *language) view(text *texttemplate.Template, t *Talk) (*View, error) {
	v := &View{
		language: l, Lang: l.name, Min: l.minutes,
		Organizer: t.Organizer, Partner: t.Partner, Familiar: t.Familiar, Opening: t.Opening, Purpose: t.Purpose,
		Offer: t.Offer, Ask: t.Ask, Agenda: t.Agenda, Setting: t.Setting, Again: t.Again, Withdrawn: t.Withdrawn,
		NewPlace: t.NewPlace, NewClocks: t.NewClocks, NewAgenda: t.NewAgenda, Reason: t.Reason, Thanks: t.Thanks, CalledOff: t.CalledOff,
		Page: t.Page, News: t.News,
	}
	say := &speaker{language: l, text: text, partner: t.Partner.Zone, organizer: t.Organizer.Zone}
	v.Organizer.Call = cmp.Or(t.Organizer.Call, t.Organizer.Name)
	v.Partner.Call = cmp.Or(t.Partner.Call, t.Partner.Name)
	kind, there := t.Setting.Kind, place{t.Setting, t.Organizer.Name, t.Partner.Name, false, t.Familiar}
	v.Where = say.words("where "+kind, there)
	v.WhyThere = say.words("why "+kind, there)
	v.Request = say.words("request "+kind, there)
	there.Named = true
	v.WhereNamed = say.words("where "+kind, there)
	v.Length = say.words("length", struct{ Hours, Minutes int }{int(t.Length.Hours()), int(t.Length.Minutes()) % 60})
	v.City = l.city(t.Partner.Zone)
	v.When, v.Was = say.span(t.Start, t.Length), say.span(t.Before.Start, t.Before.Length)
	v.Proposed = say.span(t.Proposed.Start, t.Proposed.Length)
	if t.News != nil && !t.News.At.IsZero() {
		at := t.News.At.In(t.Organizer.Zone)
		v.Came = ShownClock{Day: say.day(at), From: say.hour(at)}
	}
	for i, start := range t.Times {
		choice := say.span(start, t.Length)
		choice.Number = i + 1
		v.Choices = append(v.Choices, *choice)
	}
	v.Several = len(v.Choices) > 1
	if !t.From.IsZero() && !t.To.IsZero() {
		v.First, v.Last = say.day(t.From), say.day(t.To)
	}
	v.Week = say.week(t.Week)
	return v, say.err
}

// A ShownWeek is a [Week] in words.
type ShownWeek struct {
	Day              string
	Talks            []ShownTalk
	Yours, LookBack  []string
	Theirs, Drifting []ShownSince
	Promises         []WeekPromises
}

// A ShownTalk is a talk with its time, where Here is the organizer and There is the partner.
type ShownTalk struct {
	Name string
	When *ShownTime
}

// A ShownSince is a partner and a day.
type ShownSince struct{ Name, Day string }

// week returns a week in words; nil for none.
func (s *speaker) week(w *Week) *ShownWeek {
	if w == nil {
		return nil
	}
	since := func(list []WeekSince) (all []ShownSince) {
		for _, x := range list {
			all = append(all, ShownSince{x.Name, s.day(x.At)})
		}
		return all
	}
	shown := &ShownWeek{Day: s.day(w.Day), Yours: w.Yours, LookBack: w.LookBack, Theirs: since(w.Theirs), Drifting: since(w.Drifting),
		Promises: w.Promises}
	theirs := s.partner
	for _, t := range w.Talks {
		s.partner = t.Zone
		shown.Talks = append(shown.Talks, ShownTalk{t.Name, s.span(t.Start, t.Length)})
	}
	s.partner = theirs
	return shown
}

// A speaker puts the parts of one view into the words of its language. After an error it is silent.
type speaker struct {
	language           *language
	text               *texttemplate.Template
	partner, organizer *time.Location
	// days are in words; most times of a talk share theirs.
	days map[date]string
	err  error
}

type date struct {
	year  int
	month time.Month
	day   int
}

func (s *speaker) words(name string, data any) (words string) {
	if s.err == nil {
		words, s.err = run(s.text, name, data, oneLine)
	}
	return words
}

func (s *speaker) day(at time.Time) string {
	var on date
	on.year, on.month, on.day = at.Date()
	if s.days[on] == "" {
		if s.days == nil {
			s.days = make(map[date]string)
		}
		s.days[on] = s.words("day", struct {
			Weekday, Month string
			Day, Year      int
		}{s.language.weekdays[at.Weekday()], s.language.months[on.month-1], on.day, on.year})
	}
	return s.days[on]
}

func (s *speaker) clock(start time.Time, length time.Duration, zone *time.Location) ShownClock {
	start = start.In(zone)
	end := start.Add(length)
	return ShownClock{Day: s.day(start), From: s.hour(start), To: s.hour(end), City: s.language.city(zone)}
}

// hour is a time of day: such as 15:00, but where the language has a "clock" of its own.
func (s *speaker) hour(at time.Time) string {
	if s.text.Lookup("clock") == nil {
		return at.Format("15:04")
	}
	return s.words("clock", struct {
		Hour           int
		Hour12, Minute string
	}{at.Hour(), at.Format("3"), at.Format("04")})
}

// span returns a time on the clocks of both; nil where start is zero.
func (s *speaker) span(start time.Time, length time.Duration) *ShownTime {
	if start.IsZero() {
		return nil
	}
	span := &ShownTime{There: s.clock(start, length, s.partner), Here: s.clock(start, length, s.organizer)}
	span.Same = span.There.Day == span.Here.Day && span.There.From == span.Here.From && span.There.To == span.Here.To
	span.Text = s.words("span", span)
	return span
}

func (l *language) city(zone *time.Location) string {
	name := zone.String()
	name = strings.ReplaceAll(name[strings.LastIndexByte(name, '/')+1:], "_", " ")
	return cmp.Or(l.cities[name], name)
}
