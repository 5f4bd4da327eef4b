package templates

import (
	htmltemplate "html/template"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	texttemplate "text/template"
	"text/template/parse"
	"time"
)

// A Page is a talk as the partner sees it in a browser, where they can answer.
type Page struct {
	// Times of the talk are those that can still be chosen, with the numbers of the brief in Numbers.
	Talk
	Numbers []int
	// Answer is what is on record; "" where nothing is. It was given At, and can be changed here until Changeable,
	// which is zero where it can't.
	Answer         Choice
	At, Changeable time.Time
	// Open says that the form is shown: there is no answer, or one that can be changed.
	Open bool
	// Invited says that the invitation has gone: it is answered in the calendar.
	Invited bool
	// HasCalendar says that there is an entry to put into a calendar.
	HasCalendar bool
	// Problem is why the form that was just sent did not count, and Note and Own what was written into it.
	Problem   PageProblem
	Note, Own string
	// Path is the last part of the page's own address: the form goes there, the entry is found below.
	Path string
}

// A Reply is what the partner has sent from the page.
type Reply struct {
	Choice Choice
	// Note may have several lines; it may be empty.
	Note string
	// Own is a time of their own, as a browser writes it (2027-03-04T15:00, on their clock) or in their words; it may be
	// empty.
	Own string
}

// A Choice is what the partner decides on the page.
type Choice string

// The choices. A yes with a time is "yes" with its number behind it, such as "yes2".
const (
	// ChooseYes says that no time is offered, or none of several suits.
	ChooseYes   Choice = "yes"
	ChooseLater Choice = "later"
	ChooseNo    Choice = "no"
	ChooseAsk   Choice = "question"
)

// A PageProblem names a sentence of the page that says why an answer did not count.
type PageProblem string

// The problems.
const (
	NothingChosen PageProblem = "nothing chosen"
	// NothingAsked is a question without a text.
	NothingAsked PageProblem = "nothing asked"
	// TimeGone says that the time chosen has passed, or is taken.
	TimeGone PageProblem = "time gone"
	// TwoTimes says that a time was chosen, and another one named.
	TwoTimes PageProblem = "two times"
	// TooLong is said of the note.
	TooLong PageProblem = "too long"
	// TooLate says that something has followed from the answer before.
	TooLate PageProblem = "too late"
)

// A Trouble names what the page says that stands where no talk can be shown.
type Trouble string

// The troubles.
const (
	// NoTalk says that the link does not lead anywhere, or not any more.
	NoTalk Trouble = "no talk"
	// NoForm says that what was sent does not come from the form of the page.
	NoForm Trouble = "no form"
	// TooMuch says that more was sent than the form takes.
	TooMuch  Trouble = "too much"
	TooOften Trouble = "too often"
	// Failed says that the fault is ours.
	Failed Trouble = "failed"
)

// Page returns the whole HTML document, in a language of [Set.Languages]; in English where that language
// has messages but no page. Its style is [Set.PageStyle].
func (s *Set) Page(lang string, p *Page) ([]byte, error) {
	t, err := s.site(lang, "page.html")
	if err != nil {
		return nil, err
	}
	v, err := t.view(t.language.text, p)
	if err != nil {
		return nil, err
	}
	return t.write("page.html", v)
}

// Gone returns the page that stands where no talk can be shown, in a language as for [Set.Page].
func (s *Set) Gone(lang string, why Trouble) ([]byte, error) {
	t, err := s.site(lang, "gone.html")
	if err != nil {
		return nil, err
	}
	return t.write("gone.html", t.gone(why))
}

var cssComment = regexp.MustCompile(`(?ms)^/\*.*?\*/\n*`)

// PageStyle returns what stands between <style> and </style> of every page, byte for byte: the look of the
// mails, and what pages have besides, without the notes to whom may want to change them.
func (s *Set) PageStyle() (string, error) {
	mails, err := s.read("style.css")
	if err != nil {
		return "", err
	}
	own, err := s.read("page.css")
	return cssComment.ReplaceAllString(mails+own, ""), err
}

// siteFiles are the templates of the pages in one language. One that has only messages does without.
var siteFiles = []string{"page.html", "gone.html"}

// A site is the parsed pages of one language. They are not part of it, since most programs that write
// messages show no page, and since a page brings its style along instead of wearing it.
type site struct {
	language *language
	style    htmltemplate.CSS
	// plain is as they are before html gives them its escapes.
	plain *texttemplate.Template
	html  *htmltemplate.Template
	err   error
}

// site returns that of lang, or the English one where lang has no template of that name.
func (s *Set) site(lang, name string) (*site, error) {
	lang = s.spoken(lang, name)
	l, err := s.language(lang)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.sites[lang]
	if t == nil {
		t = &site{language: l}
		t.err = t.parse(s)
		s.sites[lang] = t
	}
	return t, t.err
}

func (t *site) parse(s *Set) error {
	style, err := s.PageStyle()
	if err != nil {
		return err
	}
	t.style = htmltemplate.CSS(style)
	t.plain, t.html, err = s.parseFiles(t.language.name, siteFiles, nil, func(*parse.ListNode) {})
	return err
}

func (t *site) write(name string, data any) ([]byte, error) {
	page, err := run(t.html, path.Join(t.language.name, name), data, whole)
	return []byte(page), err
}

// A pageView is a page as templates see it.
type pageView struct {
	*View
	Style htmltemplate.CSS

	// Answer is without a number, and Agreed the time of a yes; nil: it has none.
	Answer Choice
	Agreed *ShownTime
	// Answered and Until are moments: since when the answer stands, and how long it can be changed.
	Answered, Until            *ShownTime
	Open, Invited, HasCalendar bool
	Problem                    PageProblem
	Note, Own, Path            string
}

// view makes the parts of a view with the templates in text.
func (t *site) view(text *texttemplate.Template, p *Page) (*pageView, error) {
	v, err := t.language.view(text, &p.Talk)
	if err != nil {
		return nil, err
	}
	for i := range min(len(v.Choices), len(p.Numbers)) {
		v.Choices[i].Number = p.Numbers[i]
	}
	if v.Subject, err = run(text, "subject "+string(Brief), v, oneLine); err != nil {
		return nil, err
	}
	say := &speaker{language: t.language, text: text, partner: p.Partner.Zone, organizer: p.Organizer.Zone}
	page := &pageView{
		View: v, Style: t.style, Answer: p.Answer, Answered: say.span(p.At, 0), Until: say.span(p.Changeable, 0),
		Open: p.Open, Invited: p.Invited, HasCalendar: p.HasCalendar, Problem: p.Problem, Note: p.Note,
		Own: p.Own, Path: p.Path,
	}
	if number, ok := strings.CutPrefix(string(p.Answer), string(ChooseYes)); ok {
		page.Answer, page.Agreed = ChooseYes, v.When
		i := slices.IndexFunc(v.Choices, func(c ShownTime) bool { return strconv.Itoa(c.Number) == number })
		if page.Agreed == nil && i >= 0 {
			page.Agreed = &v.Choices[i]
		}
	}
	return page, say.err
}

// A goneView is what stands where no talk can be shown, as templates see it.
type goneView struct {
	Lang  string
	Style htmltemplate.CSS
	Why   Trouble
}

func (t *site) gone(why Trouble) *goneView { return &goneView{t.language.name, t.style, why} }
