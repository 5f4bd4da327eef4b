package templates

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
)

var answered = time.Date(2027, 2, 24, 10, 0, 0, 0, time.UTC)

// states are pages on which something else is to be said.
var states = []struct {
	name   string
	change func(*Page)
}{
	{"question", func(*Page) {}},
	{"question-again", func(p *Page) { p.Again = true }},
	{"question-one-time", func(p *Page) { p.Times, p.Numbers = p.Times[1:], []int{2} }},
	{"question-between", func(p *Page) { p.Times, p.Numbers = nil, nil }},
	{"question-near", func(p *Page) { p.Organizer.Zone = p.Partner.Zone }},
	{"question-closed", func(p *Page) { p.Open = false }},
	{"nothing-chosen", func(p *Page) { p.Problem, p.Note = NothingChosen, "\nTwo lines:\n<b>bold</b> & more" }},
	{"nothing-asked", func(p *Page) { p.Problem = NothingAsked }},
	{"time-gone", func(p *Page) { p.Problem, p.Times, p.Numbers = TimeGone, p.Times[1:], []int{2} }},
	{"two-times", func(p *Page) { p.Problem, p.Own = TwoTimes, "2027-03-06T14:00" }},
	{"too-long", func(p *Page) { p.Problem, p.Note = TooLong, "What I wrote" }},
	{"yes", func(p *Page) { p.Answer, p.HasCalendar = "yes2", true }},
	{"yes-change", func(p *Page) { answer(p, "yes2") }},
	{"yes-near", func(p *Page) { answer(p, "yes2"); p.Organizer.Zone = p.Partner.Zone }},
	{"yes-change-problem", func(p *Page) { answer(p, "yes2"); p.Problem = NothingChosen }},
	{"yes-settled", func(p *Page) { answer(p, "yes2"); p.Open, p.Start = false, p.Times[1] }},
	{"yes-no-time", func(p *Page) { answer(p, "yes") }},
	{"yes-own-time", func(p *Page) { answer(p, "yes"); p.Proposed = Sample().Proposed }},
	{"times", func(p *Page) { others(p) }},
	{"times-one", func(p *Page) { others(p); p.Times, p.Numbers = p.Times[1:], []int{2} }},
	{"times-none", func(p *Page) { others(p); p.Times, p.Numbers = nil, nil }},
	{"times-problem", func(p *Page) { others(p); p.Problem = NothingChosen }},
	{"later", func(p *Page) { answer(p, "later") }},
	{"later-settled", func(p *Page) { answer(p, "later"); p.Open = false }},
	{"no", func(p *Page) { answer(p, "no") }},
	{"no-settled", func(p *Page) { answer(p, "no"); p.Open = false }},
	{"asked-own-time", func(p *Page) { answer(p, "question"); p.Proposed = Sample().Proposed }},
	{"asked", func(p *Page) { answer(p, "question") }},
	{"invited", func(p *Page) {
		answer(p, "yes2")
		p.Open, p.Invited, p.HasCalendar, p.Start = false, true, true, p.Times[1]
	}},
}

func answer(p *Page, c Choice) {
	p.Answer, p.At, p.Changeable = c, answered, answered.Add(5*time.Minute)
	p.HasCalendar = strings.HasPrefix(string(c), "yes") && c != ChooseYes
}

// others makes a page on which other times are offered.
func others(p *Page) {
	answer(p, "yes")
	p.Before = Sample().Before
}

// state is the page of that name of [states].
func state(t *testing.T, name string) *Page {
	t.Helper()
	for _, x := range states {
		if x.name == name {
			p := &Page{Talk: *Sample(), Numbers: []int{1, 2}, Open: true, Path: "link"}
			p.Start, p.Before, p.Proposed = time.Time{}, OtherTime{}, OtherTime{}
			x.change(p)
			return p
		}
	}
	t.Fatalf("there is no page %q", name)
	return nil
}

func page(t *testing.T, s *Set, lang string, p *Page) string {
	t.Helper()
	b, err := s.Page(lang, p)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func gone(t *testing.T, s *Set, lang string, why Trouble) string {
	t.Helper()
	b, err := s.Gone(lang, why)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

var troubles = []Trouble{NoTalk, NoForm, TooMuch, TooOften, Failed}

// allPages are all pages of one language, by the names of their golden files.
func allPages(t *testing.T, s *Set, lang string) map[string]string {
	t.Helper()
	all := make(map[string]string)
	for _, x := range states {
		all["page-"+x.name] = page(t, s, lang, state(t, x.name))
	}
	for _, why := range troubles {
		all["gone-"+strings.ReplaceAll(string(why), " ", "-")] = gone(t, s, lang, why)
	}
	return all
}

// TestGoldenPages holds every page in every language against its file. The style stands in none.
func TestGoldenPages(t *testing.T) {
	s := load(t, "")
	style, err := s.PageStyle()
	if err != nil {
		t.Fatal(err)
	}
	for _, lang := range s.Languages() {
		for name, got := range allPages(t, s, lang) {
			if name != "page-question" && inherits(s, lang, strings.SplitN(name, "-", 2)[0]+".html") {
				continue
			}
			bare := strings.Replace(got, "<style>"+style+"</style>", "<style></style>", 1)
			if bare == got {
				t.Errorf("%s/%s: the style is not that of PageStyle", lang, name)
			}
			golden(t, lang+"/"+name+".html", blank.ReplaceAllString(bare, "\n"))
		}
	}
}

var blank = regexp.MustCompile(`\n\s*\n`)

// TestPageForEveryone: what a screen reader, a keyboard and a browser under the strict policy need.
func TestPageForEveryone(t *testing.T) {
	s := load(t, "")
	for _, lang := range s.Languages() {
		for name, text := range allPages(t, s, lang) {
			root, err := html.Parse(strings.NewReader(text))
			if err != nil {
				t.Fatal(err)
			}
			count := make(map[string]int)
			ids := make(map[string]bool)
			var named []string // what other elements refer to
			title, heading := "", ""
			for n := range root.Descendants() {
				if n.Type != html.ElementNode {
					continue
				}
				count[n.Data]++
				attr := make(map[string]string)
				for _, a := range n.Attr {
					attr[a.Key] = a.Val
					switch {
					case a.Key == "style" || strings.HasPrefix(a.Key, "on") || a.Key == "checked" || a.Key == "action" && a.Val != "link":
						t.Errorf("%s/%s: <%s> has %s=%q", lang, name, n.Data, a.Key, a.Val)
					case strings.Contains(a.Val, "ZgotmplZ"):
						t.Errorf("%s/%s: html/template refused a value in <%s>", lang, name, n.Data)
					case a.Key == "id" && ids[a.Val]:
						t.Errorf("%s/%s: two elements are called %q", lang, name, a.Val)
					case a.Key == "id":
						ids[a.Val] = true
					case a.Key == "for" || a.Key == "aria-labelledby" || a.Key == "aria-describedby":
						named = append(named, a.Val)
					case a.Key == "href" && strings.HasPrefix(a.Val, "#"):
						named = append(named, a.Val[1:])
					}
				}
				switch n.Data {
				case "html":
					if attr["lang"] != lang {
						t.Errorf("%s/%s: the page says its language is %q", lang, name, attr["lang"])
					}
				case "title":
					title = n.FirstChild.Data
				case "h1":
					heading = n.FirstChild.Data
				case "input":
					choice := n.Parent.Data == "label" && attr["type"] == "radio"
					if !choice && (attr["type"] != "datetime-local" || attr["aria-describedby"] == "") {
						t.Errorf("%s/%s: <input type=%q> stands in <%s>", lang, name, attr["type"], n.Parent.Data)
					}
				case "script", "img", "link", "iframe", "base", "object":
					t.Errorf("%s/%s: there is a <%s>", lang, name, n.Data)
				}
			}
			for _, one := range []string{"h1", "main", "title", "style"} {
				if count[one] != 1 {
					t.Errorf("%s/%s: there are %d <%s>", lang, name, count[one], one)
				}
			}
			if !strings.HasSuffix(title, heading) || heading == "" {
				t.Errorf("%s/%s: the title is %q, the heading %q", lang, name, title, heading)
			}
			for _, id := range named {
				if !ids[id] {
					t.Errorf("%s/%s: there is nothing called %q", lang, name, id)
				}
			}
			open := count["form"] > 0
			if open && (count["form"] != 1 || count["button"] != 1 || count["textarea"] != 1 || count["legend"] != 1 || count["input"] < 4) {
				t.Errorf("%s/%s: the form has %v", lang, name, count)
			}
			if strings.HasPrefix(name, "page-") && open != state(t, strings.TrimPrefix(name, "page-")).Open {
				t.Errorf("%s/%s: there is a form: %t", lang, name, open)
			}
			for _, bad := range []string{"<no value>", "%!", "<nil>", "{{", "  "} {
				if strings.Contains(visible(t, text), bad) {
					t.Errorf("%s/%s: the page has %q", lang, name, bad)
				}
			}
		}
	}
}

// TestPageContrast: every text can be read, and every field and focus be seen, by day and in the dark
// (WCAG 2.2, sections 1.4.3 and 1.4.11).
func TestPageContrast(t *testing.T) {
	s := load(t, "")
	var parts [2]string // by day, and what is otherwise in the dark
	for _, name := range []string{"style.css", "page.css"} {
		css, err := s.Source(name)
		if err != nil {
			t.Fatal(err)
		}
		light, rest, _ := strings.Cut(string(css), "/* dark */")
		_, dark, _ := strings.Cut(rest, "prefers-color-scheme: dark) {")
		dark, _, _ = strings.Cut(dark, "\n}")
		parts[0], parts[1] = parts[0]+light, parts[1]+dark
	}
	rule := regexp.MustCompile(`(?m)^\s*([.:][^{]+) \{([^}]*)\}`)
	value := regexp.MustCompile(`(?:^|; ?| )([a-z-]+): (?:\d+px solid )?#(\w{6})`)
	colors := make(map[string]string)
	for i, part := range parts {
		for _, m := range rule.FindAllStringSubmatch(part, -1) {
			for selector := range strings.SplitSeq(m[1], ",") {
				for _, c := range value.FindAllStringSubmatch(m[2], -1) {
					property := map[string]string{"border-color": "border", "outline-color": "outline"}[c[1]]
					if property == "" {
						property = c[1]
					}
					colors[strings.TrimSpace(selector)+" "+property] = c[2]
				}
			}
		}
		for _, x := range []struct {
			least float64
			of    string
			on    []string
		}{
			{4.5, ".text color", []string{".card", ".record", ".question"}},
			{4.5, ".quiet color", []string{".card", ".record"}},
			{4.5, ".link color", []string{".card", ".record"}},
			{4.5, ".open color", []string{".card"}},
			{4.5, ".time color", []string{".card", ".record"}},
			{4.5, ".record color", []string{".record"}},
			{4.5, ".ask color", []string{".question"}},
			{4.5, ".choice color", []string{".choice"}},
			{4.5, ".zone color", []string{".choice", ".card", ".record"}},
			{4.5, ".label color", []string{".question"}},
			{4.5, ".hint color", []string{".question"}},
			{4.5, ".note color", []string{".note"}},
			{4.5, ".send color", []string{".send", ".send:hover"}},
			{4.5, ".problem color", []string{".problem"}},
			{4.5, ".fix color", []string{".problem"}},
			{3, ".choice border", []string{".question", ".choice"}},
			{3, ".note border", []string{".question", ".note"}},
			{3, ".choice:has(:checked) border", []string{".question", ".choice"}},
			{3, ".problem border", []string{".question", ".problem"}},
			{3, ":focus-visible outline", []string{".card", ".question", ".record", ".problem"}},
			{3, ".choice:has(:focus-visible) outline", []string{".question"}},
			{3, ".send background-color", []string{".question"}},
		} {
			for _, on := range x.on {
				text, ground := colors[x.of], colors[on+" background-color"]
				if text == "" || ground == "" {
					t.Fatalf("%s (%q) or the ground of %s (%q) has no color", x.of, text, on, ground)
				}
				if r := contrast(text, ground); r < x.least {
					t.Errorf("%s (#%s) on %s (#%s), dark: %t: the contrast is %.1f", x.of, text, on, ground, i == 1, r)
				}
			}
		}
	}
}

// TestPageSaysTheBrief: what the mail tells, the page tells, in the same words.
func TestPageSaysTheBrief(t *testing.T) {
	s := load(t, "")
	for _, lang := range s.Languages() {
		for _, kind := range settings {
			p := state(t, "question")
			p.Setting.Kind = kind
			brief := message(t, view(t, s, lang, &p.Talk), Brief)
			told, _, _ := strings.Cut(brief.HTML, `<table class="box"`)
			text := words(visible(t, page(t, s, lang, p)))
			for line := range strings.Lines(visible(t, told)) {
				if line = words(line); !strings.Contains(text, line) {
					t.Errorf("%s/%s: the page does not say %q", lang, kind, line)
				}
			}
		}
	}
}

// words are those of a page, or of a mail, in which the other zone stands in brackets.
func words(s string) string {
	return strings.Join(strings.Fields(strings.NewReplacer("(", " ", ")", " ").Replace(s)), " ")
}

// TestPageChoices: which answers the form offers, and that a number means the time of the brief.
func TestPageChoices(t *testing.T) {
	s := load(t, "")
	value := regexp.MustCompile(`name="choice" value="(\w+)"`)
	for name, want := range map[string][]string{
		"question":          {"yes1", "yes2", "yes", "later", "no", "question"},
		"question-one-time": {"yes2", "yes", "later", "no", "question"},
		"question-between":  {"yes", "later", "no", "question"},
		"yes-change":        {"yes1", "yes2", "yes", "later", "no", "question"},
		"times":             {"yes1", "yes2", "yes", "later", "no", "question"},
		"times-one":         {"yes2", "yes", "later", "no", "question"},
		"yes-settled":       nil,
		"invited":           nil,
	} {
		for _, lang := range s.Languages() {
			var got []string
			for _, m := range value.FindAllStringSubmatch(page(t, s, lang, state(t, name)), -1) {
				got = append(got, m[1])
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s/%s: the choices are %v, want %v", lang, name, got, want)
			}
		}
	}
}

// TestPageHostile: what people write stays text, whatever it is.
func TestPageHostile(t *testing.T) {
	s := load(t, "")
	const evil = `"></textarea></title></style><script>alert(1)</script><img src=x onerror=alert(1)>{{.Organizer}}`
	for _, lang := range s.Languages() {
		for _, x := range states {
			for _, kind := range settings {
				p := state(t, x.name)
				p.Organizer.Name, p.Partner.Name, p.Purpose, p.Note = evil, evil, evil+"\n"+evil, evil
				p.Offer, p.Ask, p.Agenda = []string{evil}, []string{evil}, []Item{{1, evil, 60}}
				p.Setting = Setting{Kind: kind, Place: evil, Phone: evil, URL: "javascript:alert(1)//" + evil}
				text := page(t, s, lang, p)
				root, err := html.Parse(strings.NewReader(text))
				if err != nil {
					t.Fatal(err)
				}
				for n := range root.Descendants() {
					if n.Type == html.ElementNode && (n.Data == "script" || n.Data == "img") {
						t.Errorf("%s/%s: somebody's words became <%s>", lang, x.name, n.Data)
					}
					for _, a := range n.Attr {
						if a.Key == "href" && strings.HasPrefix(a.Val, "javascript") {
							t.Errorf("%s/%s: a link leads to %q", lang, x.name, a.Val)
						}
					}
				}
			}
		}
	}
}

// TestPageNote: what was written comes back as it was, with its first line.
func TestPageNote(t *testing.T) {
	s := load(t, "")
	p := state(t, "nothing-chosen")
	root, err := html.Parse(strings.NewReader(page(t, s, "en", p)))
	if err != nil {
		t.Fatal(err)
	}
	for n := range root.Descendants() {
		if n.Type == html.ElementNode && n.Data == "textarea" {
			if n.FirstChild == nil || n.FirstChild.Data != p.Note {
				t.Errorf("the note has become %+v", n.FirstChild)
			}
			return
		}
	}
	t.Error("there is no place for a note")
}

// TestPageLanguage: a language of an older version, without pages, writes its mails and shows the page
// in English; own files stand in the place of the built-in ones.
func TestPageLanguage(t *testing.T) {
	dir := own(t, "de/gone.html", "<title>Fort</title><style>{{.Style}}</style>", "page.css", ".own { margin: 0; }\n")
	if err := os.CopyFS(filepath.Join(dir, "xx"), sub(t, "de")); err != nil {
		t.Fatal(err)
	}
	for _, name := range siteFiles {
		if err := os.Remove(filepath.Join(dir, "xx", name)); err != nil {
			t.Fatal(err)
		}
	}
	s := load(t, dir)
	if !slices.Contains(s.Languages(), "xx") {
		t.Fatalf("without pages, the languages are %v", s.Languages())
	}
	if list := s.Check(); len(list) > 0 {
		t.Error(list)
	}
	if slices.Contains(s.Files(), "xx/page.html") || !slices.Contains(s.Files(), "xx/brief.html") || !slices.Contains(s.Files(), "de/page.html") {
		t.Errorf("the files are %v", s.Files())
	}
	p := state(t, "question")
	if got := page(t, s, "xx", p); got != page(t, s, "en", p) {
		t.Errorf("the page in a further language is\n%s", got)
	}
	if got := gone(t, s, "xx", NoTalk); got != gone(t, s, "en", NoTalk) {
		t.Errorf("the page in a further language is\n%s", got)
	}
	style, err := s.PageStyle()
	if got := gone(t, s, "de", NoTalk); err != nil || got != "<title>Fort</title><style>"+style+"</style>" || !strings.HasSuffix(style, ".own { margin: 0; }\n") {
		t.Errorf("the own page is\n%s", got)
	}
}

// TestCheckPages finds what is wrong in own pages, in any branch.
func TestCheckPages(t *testing.T) {
	for _, x := range []struct {
		file, text, want string
		line, column     int
	}{
		{"en/page.html", "\n{{if and .Withdrawn .Nothing}}x{{end}}", "Nothing", 2, 21},
		{"en/page.html", "{{with .Agreed}}{{.There.Dya}}{{end}}", "Dya", 1, 25},
		{"en/page.html", "{{.Private}}", "Private", 1, 3},
		{"de/page.html", `<p title="{{.Note}}`, "ends in a non-text context", 1, 1},
		{"de/gone.html", "{{.Organizer}}", "Organizer", 1, 3},
		{"de/gone.html", "\n{{if}}", "missing value for if", 2, 1},
	} {
		list := load(t, own(t, x.file, x.text)).Check()
		i := slices.IndexFunc(list, func(p Problem) bool { return strings.Contains(p.Text, x.want) })
		if i < 0 {
			t.Errorf("%s %q: not found: %v", x.file, x.text, list)
		} else if p := list[i]; p.File != x.file || p.Line != x.line || p.Column != x.column && x.column != 1 {
			t.Errorf("%s %q: found at %s:%d:%d", x.file, x.text, p.File, p.Line, p.Column)
		}
	}
}
