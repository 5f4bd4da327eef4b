package templates

import (
	"bytes"
	"flag"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/net/html"

	"coalition/invites/zones"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden holds got against a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", "golden", filepath.FromSlash(name))
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err, "(a new language gets its golden files with -update)")
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
	}
}

func load(t testing.TB, own string) *Set {
	t.Helper()
	s, err := Load(own)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func view(t testing.TB, s *Set, lang string, talk *Talk) *View {
	t.Helper()
	v, err := s.View(lang, talk)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func message(t testing.TB, v *View, kind Kind) *Wording {
	t.Helper()
	m, err := v.Message(kind)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func zone(name string) *time.Location {
	l, err := zones.Newest().Location(name)
	if err != nil {
		panic(err)
	}
	return l
}

// A variant is a talk in which something else is to be said.
type variant struct {
	name   string
	kind   Kind
	change func(*Talk)
}

var variants = []variant{
	{"brief", Brief, func(*Talk) {}},
	{"brief-no-page", Brief, func(t *Talk) { t.Page = "" }},
	{"brief-again", Brief, func(t *Talk) { t.Again = true }},
	{"brief-one-time", Brief, func(t *Talk) { t.Times = t.Times[:1] }},
	{"brief-opening", Brief, func(t *Talk) {
		t.Opening, t.Partner.Call, t.Familiar = "It was good to see you at the fair.\nI have thought about it since.", "Maya", true
	}},
	{"brief-between", Brief, func(t *Talk) { t.Times = nil }},
	{"brief-no-time", Brief, func(t *Talk) { t.Times, t.From = nil, time.Time{} }},
	{"brief-bare", Brief, func(t *Talk) {
		*t = Talk{Organizer: t.Organizer, Partner: t.Partner, Purpose: t.Purpose, Agenda: []Item{{1, "Us", 0}}, Setting: Setting{Kind: "neutral"}, Length: 90 * time.Minute}
	}},
	{"times", Times, func(*Talk) {}},
	{"times-one", Times, func(t *Talk) { t.Times = t.Times[:1] }},
	{"times-no-page", Times, func(t *Talk) { t.Page = "" }},
	{"invitation", Invitation, func(*Talk) {}},
	{"invitation-near", Invitation, func(t *Talk) { t.Organizer.Zone = t.Partner.Zone }},
	{"invitation-far", Invitation, func(t *Talk) { t.Partner.Zone = zone("Pacific/Auckland") }},
	{"update", Update, func(*Talk) {}},
	{"update-longer", Update, func(t *Talk) { t.Before = OtherTime{t.Start, 90 * time.Minute} }},
	{"update-time-and-place", Update, func(t *Talk) { t.NewPlace = true }},
	{"update-place", Update, func(t *Talk) { t.Before, t.NewPlace = OtherTime{}, true }},
	{"update-clocks", Update, func(t *Talk) { t.NewClocks, t.Before = true, OtherTime{t.Start.Add(time.Hour), time.Hour} }},
	{"update-agenda", Update, func(t *Talk) { t.Before, t.NewAgenda = OtherTime{}, true }},
	{"update-words", Update, func(t *Talk) { t.Before = OtherTime{} }},
	{"cancellation", Cancellation, func(*Talk) {}},
	{"cancellation-bare", Cancellation, func(t *Talk) { t.Reason = "" }},
	{"withdrawal", Cancellation, func(t *Talk) { t.Start, t.Withdrawn = time.Time{}, true }},
	{"reminder", Reminder, func(*Talk) {}},
	{"copy", Copy, func(*Talk) {}},
	{"copy-called-off", Copy, func(t *Talk) { t.CalledOff = true }},
	{"refusal", Refusal, func(*Talk) {}},
	{"refusal-bare", Refusal, func(t *Talk) { t.Reason = "" }},
	{"refusal-place", Refusal, func(t *Talk) { t.Proposed = OtherTime{} }},
	{"thanks", Thanks, func(*Talk) {}},
	{"thanks-own", Thanks, func(t *Talk) {
		t.Thanks, t.Partner.Call, t.Familiar = "That was a good hour.\n\nYou said what I had not seen: thank you.", "Maya", true
	}},
	{"thanks-familiar", Thanks, func(t *Talk) { t.Familiar = true }},
	{"digest", Digest, func(*Talk) {}},
	{"digest-bare", Digest, func(t *Talk) {
		t.Week = &Week{Day: t.Week.Day, Promises: []WeekPromises{{"Maya Chen", 0, 3}}}
	}},
	{"notice", Notice, func(*Talk) {}},
	{"notice-question-page", Notice, func(t *Talk) {
		t.Start, t.Times, t.News.How, t.News.Text = time.Time{}, nil, "page", "Who else would know of it?\n\nAnd is the walk a long one?"
	}},
	{"notice-yes", Notice, news("yes", "mail", "Yes, gladly.", "coalition answer maya yes --time 1", "coalition answer maya yes --time 2")},
	{"notice-yes-no-times", Notice, func(t *Talk) {
		news("yes", "page", "", "coalition slots maya", "coalition invite maya --start TIME")(t)
		t.Start, t.Times = time.Time{}, nil
	}},
	{"notice-later", Notice, func(t *Talk) {
		news("later", "mail", "Not now. After the launch.", "coalition ask maya --again")(t)
		t.Start = time.Time{}
	}},
	{"notice-no", Notice, func(t *Talk) {
		news("no", "page", "")(t)
		t.Start = time.Time{}
	}},
	{"notice-deleted", Notice, news("deleted", "", "", "coalition cancel maya", "coalition cancel maya --told", "coalition invite maya")},
	{"notice-clocks", Notice, news("clocks", "", "", "coalition move maya --start \"2027-03-04 10:00\"", "coalition move maya --start \"2027-03-04 10:00\" --told")},
	{"notice-talk", Notice, news("talk", "", "", "coalition debrief maya")},
	{"notice-quiet", Notice, news("quiet", "", "", "coalition ask maya --again", "coalition cancel maya --told")},
	{"notice-rest", Notice, news("rest", "", "", "coalition cancel maya --told")},
	{"notice-left", Notice, news("left", "calendar", "", "coalition move maya --start TIME", "coalition cancel maya")},
	{"notice-refused", Notice, news("guests", "", "Calendar usage limits exceeded.", "coalition invite maya --mail")},
	{"notice-declined", Notice, news("declined", "calendar", "", "coalition move maya --start TIME", "coalition cancel maya")},
	{"notice-tentative", Notice, news("tentative", "calendar", "")},
	{"notice-counter", Notice, news("counter", "calendar", "Could we meet on Saturday?", "coalition move maya --start '2027-03-06 13:00'")},
	{"notice-time", Notice, func(t *Talk) {
		news("time", "mail", "Saturday at 13:00 would be better.", "coalition counter maya take",
			"coalition counter maya decline")(t)
		t.Start, t.Proposed = time.Time{}, Sample().Proposed
	}},
	{"notice-counter-place", Notice, func(t *Talk) {
		news("counter", "calendar", "The café at the corner?")(t)
		t.Proposed = OtherTime{}
	}},
	{"notice-bounced", Notice, func(t *Talk) {
		news("bounced", "", "550 5.1.1 <maya@example.org>: no such mailbox", "coalition log maya")(t)
	}},
	{"notice-failed", Notice, func(t *Talk) {
		news("failed", "", "550 5.1.1 <maya@example.org>: no such mailbox", "coalition log maya")(t)
	}},
	{"notice-passed", Notice, news("passed", "mail", "552 5.2.2 mailbox full", "coalition log maya")},
	{"notice-taken", Notice, news("taken", "mail", "The first one, gladly.", "coalition invite maya --start TIME")},
	{"notice-adds", Notice, news("adds", "mail", "hiring plan\nthe budget of the second half", "coalition show maya")},
	{"notice-mail", Notice, news("mail", "mail", "Looking forward to it. I will bring the two studies.")},
	{"notice-doubted", Notice, func(t *Talk) {
		news("doubted", "mail", "1, gladly.", "coalition answer maya yes|no|later", "coalition show maya")(t)
		t.News.From, t.News.Why = "maya@home.example", "it does not come from maya@example.org. If maya@home.example is theirs, too, add it to with.aliases in the plan"
	}},
	{"notice-bare", Notice, func(t *Talk) {
		*t = Talk{Organizer: t.Organizer, Partner: t.Partner, Setting: t.Setting, News: &News{What: "question"}}
	}},
}

// familiar are those that speak to a partner who is addressed as a friend.
var familiar = []Kind{Brief, Times, Invitation, Update, Cancellation, Reminder, Refusal, Thanks}

// news changes a talk into one about which something has come.
func news(what, how, text string, commands ...string) func(*Talk) {
	return func(t *Talk) {
		from := t.News.From
		if how == "" { // it was not the partner
			from = ""
		}
		t.News = &News{What: what, From: from, How: how, At: t.News.At, Text: text, Commands: commands,
			Calendar: "Google Calendar", Provider: "Google"}
		if what != "counter" {
			t.Proposed = OtherTime{}
		}
	}
}

// inherits reports whether a language of a region has the words of that file from the broader one: then it is enough to
// hold a few of them against a file.
func inherits(s *Set, lang, name string) bool { return s.file(lang, name) != lang+"/"+name }

// TestGolden holds every message in every language, as it is read, against its file.
func TestGolden(t *testing.T) {
	s := load(t, "")
	for _, lang := range s.Languages() {
		for _, x := range variants {
			if x.name != string(x.kind) && inherits(s, lang, string(x.kind)+".txt") {
				continue
			}
			talk := Sample()
			x.change(talk)
			m := message(t, view(t, s, lang, talk), x.kind)
			golden(t, lang+"/"+x.name+".txt", m.Subject+"\n\n"+m.Text)
			if x.name == string(x.kind) && !inherits(s, lang, x.name+".html") { // the other pages say what their texts say: see TestSameWords
				golden(t, lang+"/"+x.name+".html", m.HTML)
			}
		}
		for _, kind := range familiar {
			if inherits(s, lang, string(kind)+".txt") {
				continue
			}
			talk := Sample()
			talk.Partner.Call, talk.Familiar = "Maya", true
			m := message(t, view(t, s, lang, talk), kind)
			golden(t, lang+"/familiar-"+string(kind)+".txt", m.Subject+"\n\n"+m.Text)
		}
		var b strings.Builder
		for _, kind := range settings {
			for _, place := range []string{"", "Riverside path"} {
				talk := Sample()
				talk.Setting.Kind, talk.Setting.Place = kind, place
				v := view(t, s, lang, talk)
				fmt.Fprintf(&b, "%s\n- %s\n- %s\n- %s\n- %s\n", kind, v.Where, v.WhereNamed, v.WhyThere, v.Request)
				talk.Familiar, talk.Setting.Caller = true, "partner"
				if du := view(t, s, lang, talk); du.Where != v.Where || du.WhyThere != v.WhyThere || du.Request != v.Request {
					fmt.Fprintf(&b, "- %s\n- %s\n- %s\n- %s\n", du.Where, du.WhereNamed, du.WhyThere, du.Request)
				}
				talk.Familiar, talk.Setting.Caller = false, ""
				e, err := v.Event()
				if err != nil {
					t.Fatal(err)
				}
				fmt.Fprintf(&b, "- %s | %s\n\n", e.Summary, e.Location)
				if kind == "walk" && place != "" && !inherits(s, lang, "event.txt") {
					golden(t, lang+"/event.txt", e.Description)
				}
			}
		}
		talk := Sample()
		talk.Setting = Setting{Kind: "video"}
		v := view(t, s, lang, talk)
		hold, err := v.Hold()
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "video, in a room that the calendar makes\n- %s\n\na time that is held\n- %s\n", v.Where, hold)
		golden(t, lang+"/settings.txt", b.String())
	}
}

// TestSettings: each setting has sentences of its own, and each message but those about the end of a
// talk makes the request not to multitask in the words of its setting.
func TestSettings(t *testing.T) {
	s := load(t, "")
	for _, lang := range s.Languages() {
		seen := make(map[string]string)
		for _, kind := range settings {
			talk := Sample()
			talk.Setting.Kind = kind
			v := view(t, s, lang, talk)
			for _, sentence := range []string{v.Where, v.Request} {
				if other := seen[sentence]; other != "" || sentence == "" {
					t.Errorf("%s: %s and %s share %q", lang, kind, other, sentence)
				}
				seen[sentence] = kind
			}
			for _, k := range []Kind{Brief, Invitation, Update, Reminder} {
				m := message(t, v, k)
				if !strings.Contains(m.Text, v.Request) || !strings.Contains(html.UnescapeString(m.HTML), v.Request) {
					t.Errorf("%s: the %s for %s makes no request", lang, k, kind)
				}
			}
			e, err := v.Event()
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(e.Description, v.Request) {
				t.Errorf("%s: the calendar entry for %s makes no request", lang, kind)
			}
		}
	}
}

// entries are talks as Google Calendar is to show them.
var entries = []struct {
	name   string
	change func(*Talk)
}{
	{"walk", func(*Talk) {}},
	{"phone", func(t *Talk) { t.Setting = Setting{Kind: "phone", Phone: "+49 30 1234567"} }},
	{"video", func(t *Talk) { t.Setting = Setting{Kind: "video", URL: "https://meet.example.org/x?a=1&b=2"} }},
	{"video-room", func(t *Talk) { t.Setting = Setting{Kind: "video"} }},
	{"bare", func(t *Talk) { t.Offer, t.Ask, t.Agenda = nil, nil, []Item{{1, "Us", 0}} }},
	{"long", func(t *Talk) {
		t.Agenda = nil
		for n := range 12 {
			t.Agenda = append(t.Agenda, Item{n + 1, fmt.Sprintf("Point %d, about which there is a little more to say than would fit on one line of a phone", n+1), 5})
		}
	}},
	{"hostile", func(t *Talk) {
		t.Organizer.Name = `O'Hara & "Sons" </b>`
		t.Purpose = "<script>alert(1)</script> & \"so on\"\n- no list\n\n2. <b>no number"
		t.Offer, t.Ask = []string{"<ul><li>"}, []string{`<a href="https://evil.example">x</a>`}
		t.Agenda = []Item{{1, "2. <b>This</b> first", 60}, {2, strings.Repeat("without-a-space", 20), 0}}
		t.Setting = Setting{Kind: "video", Place: "</ol>", URL: "javascript:alert(1)//\"><img src=x>"}
	}},
}

// TestEntryHTML: calendars get nothing but the elements that they show, each closed, on one line, and with
// the words of the text; what looks like an element in a plan stays words.
func TestEntryHTML(t *testing.T) {
	s := load(t, "")
	marks := regexp.MustCompile(`(?m)^(- |\d+[.] )`)
	for _, lang := range s.Languages() {
		for _, x := range entries {
			talk := Sample()
			x.change(talk)
			v := view(t, s, lang, talk)
			page, err := v.EventHTML()
			if err != nil {
				t.Fatal(err)
			}
			if !inherits(s, lang, "event.html") {
				golden(t, lang+"/event-"+x.name+".html", page)
			}
			if strings.ContainsAny(page, "\n\t") || strings.Contains(page, "  ") {
				t.Errorf("%s/%s: there is white space in\n%s", lang, x.name, page)
			}
			var open []string
			for _, element := range regexp.MustCompile("<[^>]*>").FindAllString(page, -1) {
				switch name := strings.Trim(element, "</>"); {
				case element == "<br>":
				case strings.HasPrefix(element, "</"):
					if len(open) == 0 || open[len(open)-1] != name {
						t.Fatalf("%s/%s: %s closes %v in\n%s", lang, x.name, element, open, page)
					}
					open = open[:len(open)-1]
				case slices.Contains([]string{"b", "ul", "ol", "li"}, name):
					open = append(open, name)
				case strings.HasPrefix(element, `<a href="https://meet.example.org/`) || element == `<a href="#ZgotmplZ">`:
					open = append(open, "a")
				default:
					t.Errorf("%s/%s: there is %s in\n%s", lang, x.name, element, page)
				}
			}
			if len(open) > 0 {
				t.Errorf("%s/%s: nothing closes %v in\n%s", lang, x.name, open, page)
			}
			if x.name == "video-room" || x.name == "hostile" { // other words, and marks that are none
				continue
			}
			e, err := v.Event()
			if err != nil {
				t.Fatal(err)
			}
			text := spaces.ReplaceAllString(marks.ReplaceAllString(e.Description, ""), "")
			if got := spaces.ReplaceAllString(visible(t, page), ""); got != text {
				t.Errorf("%s/%s: the reader sees\n%s\nand the text says\n%s", lang, x.name, got, text)
			}
		}
	}
}

// TestEntryFits: a description is never longer than Google takes, and always makes the request.
func TestEntryFits(t *testing.T) {
	s := load(t, "")
	many := func(n int, of string) (list []string) {
		for range n {
			list = append(list, of)
		}
		return list
	}
	for _, x := range []struct {
		name        string
		change      func(*Talk)
		offer       bool
		items, cuts int
	}{
		{"as it is", func(*Talk) {}, true, 3, 0},
		{"just fits", func(t *Talk) { t.Offer = many(13, strings.Repeat("ü", 500)) }, true, 3, 0},
		{"offer", func(t *Talk) { t.Offer = many(20, strings.Repeat("ü", 500)) }, false, 3, 0},
		{"purpose", func(t *Talk) { t.Purpose = strings.Repeat("\"", 2000) }, false, 3, 1},
		{"agenda", func(t *Talk) {
			t.Agenda = nil
			for n := range 100 {
				t.Agenda = append(t.Agenda, Item{n + 1, strings.Repeat("a", 200), 1})
			}
		}, false, 26, 1},
		{"all of it", func(t *Talk) {
			t.Purpose, t.Offer, t.Ask, t.Agenda = strings.Repeat("&", 2000), many(99, strings.Repeat("&", 500)), many(99, strings.Repeat("&", 500)), nil
			for n := range 100 {
				t.Agenda = append(t.Agenda, Item{n + 1, strings.Repeat("&", 300), 1})
			}
		}, false, 3, 2},
	} {
		talk := Sample()
		x.change(talk)
		v := view(t, s, "en", talk)
		page, err := v.EventHTML()
		if err != nil {
			t.Fatal(err)
		}
		if n := utf8.RuneCountInString(page); n > longestEvent {
			t.Errorf("%s: %d characters", x.name, n)
		}
		if !strings.HasSuffix(page, "<br>"+v.Request) {
			t.Errorf("%s: no request in\n%s", x.name, page)
		}
		_, agenda, _ := strings.Cut(page, "<ol>")
		if offer, items, cuts := strings.Contains(page, "can offer"), strings.Count(agenda, "<li>"), strings.Count(page, "…"); offer != x.offer || items != x.items || cuts != x.cuts {
			t.Errorf("%s: an offer %t, %d items, %d cuts; want %t, %d, %d", x.name, offer, items, cuts, x.offer, x.items, x.cuts)
		}
		if len(v.Agenda) != len(talk.Agenda) || v.Purpose != talk.Purpose {
			t.Errorf("%s: the other words have become fewer, too", x.name)
		}
	}
}

var spaces = regexp.MustCompile(`\s+`)

// TestSameWords: the text and the page of a message say the same, but for the marks of lists.
func TestSameWords(t *testing.T) {
	s := load(t, "")
	marks := regexp.MustCompile(`(?m)^(- |> ?|\d+[.)] )`)
	for _, lang := range s.Languages() {
		for _, x := range variants {
			talk := Sample()
			x.change(talk)
			m := message(t, view(t, s, lang, talk), x.kind)
			text := spaces.ReplaceAllString(marks.ReplaceAllString(m.Text, ""), "")
			page := spaces.ReplaceAllString(strings.Replace(visible(t, m.HTML), m.Subject, "", 1), "")
			same := 0
			for same < min(len(text), len(page)) && text[same] == page[same] {
				same++
			}
			if text != page {
				t.Errorf("%s/%s: the text goes on\n%.80s\nand the page\n%.80s", lang, x.name, text[same:], page[same:])
			}
		}
	}
}

// visible is what a reader sees of a page.
func visible(t *testing.T, page string) string {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for n := range root.Descendants() {
		if n.Type == html.TextNode && n.Parent.Data != "style" && n.Parent.Data != "title" {
			b.WriteString(n.Data)
		}
	}
	return b.String()
}

var drawn = regexp.MustCompile(`(?:padding|border(?:-left)?):[^;]*[1-9]`)

// TestPage: what a screen reader, a narrow screen and a program without style sheets need.
func TestPage(t *testing.T) {
	s := load(t, "")
	for _, lang := range s.Languages() {
		for _, kind := range Kinds {
			m := message(t, view(t, s, lang, Sample()), kind)
			root, err := html.Parse(strings.NewReader(m.HTML))
			if err != nil {
				t.Fatal(err)
			}
			headings := 0
			for n := range root.Descendants() {
				if n.Type != html.ElementNode {
					continue
				}
				attr := make(map[string]string)
				for _, a := range n.Attr {
					attr[a.Key] = a.Val
				}
				switch {
				case n.Data == "html" && attr["lang"] != lang:
					t.Errorf("%s/%s: the page says its language is %q", lang, kind, attr["lang"])
				case n.Data == "h1":
					headings++
				case slices.Contains([]string{"script", "img", "link", "iframe", "form"}, n.Data):
					t.Errorf("%s/%s: there is a <%s>", lang, kind, n.Data)
				case n.Data == "table" && attr["role"] != "presentation": // which is for the look only
					t.Errorf("%s/%s: a screen reader takes the table %q for one", lang, kind, attr["class"])
				}
				// Word, which shows mails in Outlook, draws neither around anything but a cell.
				if drawn.MatchString(attr["style"]) && !slices.Contains([]string{"td", "ul", "ol", "li"}, n.Data) {
					t.Errorf("%s/%s: <%s class=%q> has a padding or a border of its own", lang, kind, n.Data, attr["class"])
				}
				if attr["class"] != "" && attr["style"] == "" {
					t.Errorf("%s/%s: <%s class=%q> has no style of its own", lang, kind, n.Data, attr["class"])
				}
				if strings.Contains(attr["style"], "ZgotmplZ") || strings.Contains(attr["href"], "ZgotmplZ") {
					t.Errorf("%s/%s: html/template refused a value in <%s>", lang, kind, n.Data)
				}
			}
			if headings != 1 {
				t.Errorf("%s/%s: %d main headings", lang, kind, headings)
			}
			if len(m.HTML) > 100<<10 {
				t.Errorf("%s/%s: %d bytes: Gmail cuts a message off at 102 kB", lang, kind, len(m.HTML))
			}
		}
	}
}

// TestContrast: every text can be read on its ground, by day and in the dark (WCAG 2.2, section 1.4.3).
func TestContrast(t *testing.T) {
	css, err := load(t, "").Source("style.css")
	if err != nil {
		t.Fatal(err)
	}
	light, rest, _ := strings.Cut(string(css), "/* dark */")
	_, dark, _ := strings.Cut(rest, "prefers-color-scheme: dark) {")
	dark, _, _ = strings.Cut(dark, "\n}")
	rule := regexp.MustCompile(`(?m)^\s*(\.[^{]+) \{([^}]*)\}`)
	colors := regexp.MustCompile(`(background-)?color: #(\w{6})`)
	text, ground := make(map[string]string), make(map[string]string)
	for _, scheme := range []string{light, dark} {
		checked := 0
		for _, m := range rule.FindAllStringSubmatch(scheme, -1) {
			for class := range strings.SplitSeq(m[1], ",") {
				for _, c := range colors.FindAllStringSubmatch(strings.ReplaceAll(m[2], "border-color", "border"), -1) {
					if class = strings.TrimSpace(class); c[1] != "" {
						ground[class] = c[2]
					} else {
						text[class] = c[2]
					}
				}
			}
		}
		delete(text, ".page") // the card covers it
		for class, color := range text {
			for _, on := range []string{".card", ".question"} {
				checked++
				if r := contrast(color, ground[on]); r < 4.5 {
					t.Errorf("%s (#%s) on %s (#%s): the contrast is %.1f", class, color, on, ground[on], r)
				}
			}
		}
		if checked < 16 {
			t.Errorf("only %d pairs of colors were found", checked)
		}
	}
}

// contrast is the contrast ratio of two colors.
func contrast(a, b string) float64 {
	luminance := func(color string) (l float64) {
		for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
			n, _ := strconv.ParseUint(color[2*i:2*i+2], 16, 8)
			v := float64(n) / 255
			if v <= 0.03928 {
				v /= 12.92
			} else {
				v = math.Pow((v+0.055)/1.055, 2.4)
			}
			l += weight * v
		}
		return l
	}
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// TestHostile: what a plan says stays text, whatever it is.
func TestHostile(t *testing.T) {
	s := load(t, "")
	const evil = `"><script>alert(1)</script><img src=x onerror=alert(1)>{{.Organizer}}`
	talk := Sample()
	talk.Organizer.Name, talk.Partner.Name, talk.Purpose, talk.Reason, talk.Thanks = evil, evil, evil+"\n"+evil, evil, evil+"\n"+evil
	talk.Offer, talk.Ask, talk.Agenda = []string{evil}, []string{evil}, []Item{{1, evil, 60}}
	for _, kind := range settings {
		talk.Setting = Setting{Kind: kind, Place: evil, Phone: evil, URL: "javascript:alert(1)//" + evil}
		for _, lang := range s.Languages() {
			v := view(t, s, lang, talk)
			for _, k := range Kinds {
				m := message(t, v, k)
				if strings.Contains(m.Subject, "\n") {
					t.Errorf("%s/%s: the subject has two lines", lang, k)
				}
				root, err := html.Parse(strings.NewReader(m.HTML))
				if err != nil {
					t.Fatal(err)
				}
				for n := range root.Descendants() {
					if n.Type == html.ElementNode && (n.Data == "script" || n.Data == "img") {
						t.Errorf("%s/%s: a word of the plan became <%s>", lang, k, n.Data)
					}
					for _, a := range n.Attr {
						if a.Key == "href" && strings.HasPrefix(a.Val, "javascript") {
							t.Errorf("%s/%s: a link leads to %q", lang, k, a.Val)
						}
					}
				}
			}
		}
	}
}

// TestLanguage finds the language that serves best.
func TestLanguage(t *testing.T) {
	s := load(t, "")
	for _, x := range []struct {
		want, lang string
		ok         bool
	}{
		{"de", "de", true}, {"DE", "de", true}, {"de-AT", "de", true}, {"de-Latn-CH", "de", true}, {"en-GB", "en", true},
		{"en-us", "en-US", true}, {"en-US-x-mine", "en-US", true}, {"EN-gb", "en", true},
		{"pt-PT", "pt", true}, {"pt-br", "pt-BR", true}, {"pt", "pt", true}, {"nl-BE", "nl", true},
		{"xx", "en", false}, {"", "en", false}, {"d", "en", false},
	} {
		if lang, ok := s.Language(x.want); lang != x.lang || ok != x.ok {
			t.Errorf("Language(%q) is %q, %t; want %q, %t", x.want, lang, ok, x.lang, x.ok)
		}
	}
}

// own is a folder of own templates: pairs of name and text.
func own(t *testing.T, files ...string) string {
	t.Helper()
	dir := t.TempDir()
	for i := 0; i < len(files); i += 2 {
		path := filepath.Join(dir, files[i])
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(files[i+1]), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestOwn: a file of the organizer's stands in place of the built-in one, whatever editor wrote it,
// and the others stay.
func TestOwn(t *testing.T) {
	s := load(t, own(t, "en/brief.txt", "\ufeff{{define \"subject brief\"}}Mine{{end}}Dear {{.Partner.Name}},\r\n\r\nmay we?\r\n"))
	if list := s.Check(); len(list) > 0 {
		t.Error(list)
	}
	v := view(t, s, "en", Sample())
	m := message(t, v, Brief)
	if m.Subject != "Mine" || m.Text != "Dear Maya Chen,\n\nmay we?\n" || !strings.Contains(m.HTML, "Would you like to have this conversation with me?") {
		t.Errorf("got %q, %q", m.Subject, m.Text)
	}
	if !s.Own("en/brief.txt") || s.Own("en/brief.html") || s.Own("de/brief.txt") {
		t.Error("whose template is whose is not known")
	}
	if de := message(t, view(t, s, "de", Sample()), Brief); strings.Contains(de.Text, "may we?") {
		t.Error("the English words stand in the German brief")
	}
}

// TestOwnLayout: an own layout that lacks a newer part of the built-in one is not refused for that.
func TestOwnLayout(t *testing.T) {
	s := load(t, own(t, "layout.html", `{{define "open"}}<html lang="{{.Lang}}"><title>{{.Subject}}</title><body class="page"><p>Mine</p>{{end}}{{define "close"}}</body></html>{{end}}`))
	if list := s.Check(); len(list) > 0 {
		t.Error(list)
	}
	for _, kind := range Kinds {
		if m := message(t, view(t, s, "en", Sample()), kind); !strings.Contains(m.HTML, "<p>Mine</p>") {
			t.Errorf("%s: got %s", kind, m.HTML)
		}
	}
}

// TestOwnLanguage: a language of which every template is there is known.
func TestOwnLanguage(t *testing.T) {
	dir := own(t)
	if err := os.CopyFS(filepath.Join(dir, "xx"), sub(t, "de")); err != nil {
		t.Fatal(err)
	}
	s := load(t, dir)
	builtIn := load(t, "").Languages()
	all := slices.Sorted(slices.Values(append(slices.Clone(builtIn), "xx")))
	if got := s.Languages(); !slices.Equal(got, all) {
		t.Errorf("the languages are %v", got)
	}
	if lang, ok := s.Language("xx-BE"); lang != "xx" || !ok {
		t.Errorf("a further language is written in %q", lang)
	}
	if list := s.Check(); len(list) > 0 {
		t.Error(list)
	}
	for _, name := range messageFiles() {
		if slices.Contains(neededFiles(), name) {
			continue
		}
		if err := os.Remove(filepath.Join(dir, "xx", name)); err != nil {
			t.Fatal(err)
		}
	}
	s = load(t, dir)
	if got := s.Languages(); !slices.Equal(got, all) {
		t.Errorf("without what older versions did not have, the languages are %v", got)
	}
	if list := s.Check(); len(list) > 0 {
		t.Error(list)
	}
	if slices.Contains(s.Files(), "xx/refusal.txt") || !slices.Contains(s.Files(), "xx/update.txt") {
		t.Error("the templates are", s.Files())
	}
	further, english := view(t, s, "xx", Sample()), view(t, s, "en", Sample())
	for _, kind := range Kinds {
		if slices.Contains(first, kind) {
			continue
		}
		if got, want := message(t, further, kind), message(t, english, kind); *got != *want {
			t.Errorf("the %s is not the English one: %+v", kind, got)
		}
	}
	got, err := further.EventHTML()
	if err != nil {
		t.Fatal(err)
	}
	if want, err := english.EventHTML(); err != nil || got != want {
		t.Errorf("the event is not the English one (%v): %s", err, got)
	}
	if got, err := further.Hold(); err != nil || got != "Held for Maya Chen: conversation" {
		t.Errorf("the title of a hold is not the English one (%v): %s", err, got)
	}
	if got := message(t, further, Reminder); !strings.Contains(got.HTML, `lang="xx"`) {
		t.Errorf("the reminder is in another language: %+v", got)
	}
	if err := os.WriteFile(filepath.Join(dir, "xx", "refusal.txt"), []byte(`{{define "subject refusal"}}Nee{{end}}Nee`), 0o644); err != nil {
		t.Fatal(err)
	}
	if list := load(t, dir).Check(); len(list) != 1 || list[0].File != "xx/refusal.txt" {
		t.Error("half a refusal is no problem:", list)
	}
	if err := os.Remove(filepath.Join(dir, "xx", "update.html")); err != nil {
		t.Fatal(err)
	}
	if got := load(t, dir).Languages(); !slices.Equal(got, builtIn) {
		t.Errorf("with a template missing, the languages are %v", got)
	}
}

// TestKindsHaveGoldens tells whoever adds a kind of message that its words have no golden file yet.
func TestKindsHaveGoldens(t *testing.T) {
	for _, kind := range Kinds {
		if !slices.ContainsFunc(variants, func(v variant) bool { return v.kind == kind }) {
			t.Errorf("no golden file shows a %s: name a talk for it in variants", kind)
		}
	}
}

func sub(t *testing.T, dir string) fs.FS {
	t.Helper()
	f, err := fs.Sub(embedded, dir)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestCheckBuiltIn finds nothing wrong in what is built in, as if all of it were the organizer's own.
func TestCheckBuiltIn(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, embedded); err != nil {
		t.Fatal(err)
	}
	if list := load(t, dir).Check(); len(list) > 0 {
		t.Error(list)
	}
}

// TestCheck finds what is wrong in own templates, with its place, also where the sample would not come by.
func TestCheck(t *testing.T) {
	subject := `{{define "subject brief"}}Mine{{end}}`
	for _, x := range []struct {
		name, file, text, want string
		line, column           int
	}{
		{"misspelt field", "en/brief.txt", subject + "\nHello {{.Partner.Nmae}}", "Nmae", 2, 17},
		{"in another branch", "en/brief.txt", subject + "\n{{if .Again}}{{else}}{{.Pursope}}{{end}}", "Pursope", 2, 24},
		{"in a condition never true", "en/brief.txt", subject + "\n{{if and .Again .Withdrawn .Nothing}}x{{end}}", "Nothing", 2, 28},
		{"behind an or", "en/brief.txt", subject + "\n{{if or .Purpose .Nothing}}x{{end}}", "Nothing", 2, 18},
		{"in a with", "en/brief.txt", subject + "\n{{with .Was}}{{.Then}}{{end}}", "Then", 2, 16},
		{"private", "en/brief.txt", subject + "\n{{.Private.Goal}}", "Private", 2, 11},
		{"private, in html", "en/brief.html", "é {{.Goal}}", "Goal", 1, 5},
		{"in an event", "en/event.html", "{{if .Offer}}{{else}}\n{{.Ofer}}{{end}}", "Ofer", 2, 3},
		{"in the title of a hold", "de/hold.txt", "{{if .Familiar}}\n{{.Partner.Nmae}}{{end}}", "Nmae", 2, 11},
		{"in a proposed agenda", "de/agenda.txt", "{{if .Past}}\n{{.Nothing}}{{end}}", "Nothing", 2, 3},
		{"half a tag in an event", "de/event.html", "<a href=\"{{.Setting.URL}}", "ends in a non-text context", 1, 1},
		{"not closed", "en/brief.txt", subject + "\n\n{{if .Again}}", "unexpected EOF", 3, 1},
		{"no such template", "en/brief.html", "{{template \"nothing\"}}", "nothing", 1, 12},
		{"no such function", "en/brief.html", "\n{{shout .Purpose}}", "shout", 2, 1},
		{"half a tag", "en/brief.html", "<p title=\"{{.Purpose}}", "ends in a non-text context", 1, 1},
		{"no subject", "en/brief.txt", "Hello", "subject brief", 1, 1},
		{"not UTF-8", "en/brief.txt", "Gr\xfc\xdfe", "this is not UTF-8", 1, 1},
		{"too few days", "en/words.tmpl", `{{define "weekdays"}}Monday{{end}}`, "weekdays", 1, 1},
	} {
		t.Run(x.name, func(t *testing.T) {
			list := load(t, own(t, x.file, x.text)).Check()
			i := slices.IndexFunc(list, func(p Problem) bool { return strings.Contains(p.Text, x.want) })
			if i < 0 {
				t.Fatalf("not found: %v", list)
			}
			if p := list[i]; p.File != x.file || p.Line != x.line || p.Column != x.column && x.column != 1 {
				t.Errorf("found at %s:%d:%d, want %s:%d:%d (%s)", p.File, p.Line, p.Column, x.file, x.line, x.column, p.Text)
			}
		})
	}
	if list := load(t, "").Check(); len(list) > 0 {
		t.Error("the built-in templates have problems:", list)
	}
}

// TestAgenda: what is proposed follows the method, takes an hour in each language, and may be the organizer's own; a
// language that lacks it gets it in English.
func TestAgenda(t *testing.T) {
	s := load(t, "")
	minutes := regexp.MustCompile(`^\S.*\S \((\d+)\)$`)
	for _, lang := range s.Languages() {
		for _, round := range []Round{Partnership, Past, Further} {
			points, err := s.Agenda(lang, round)
			total := 0
			for _, point := range points {
				m := minutes.FindStringSubmatch(point)
				if m == nil {
					t.Fatalf("%s: %q has no minutes", lang, point)
				}
				n, _ := strconv.Atoi(m[1])
				total += n
			}
			if err != nil || len(points) != 3 || total != 60 {
				t.Errorf("%s, round %v: %q take %d minutes, %v", lang, round, points, total, err)
			}
		}
	}
	if points, err := load(t, own(t, "de/agenda.txt", "Was ansteht (60)\n")).Agenda("de", Past); err != nil ||
		!slices.Equal(points, []string{"Was ansteht (60)"}) {
		t.Errorf("own: %q, %v", points, err)
	}
	var files []string
	for _, name := range neededFiles() {
		data, err := s.Source("de/" + name)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, "xx/"+name, string(data))
	}
	english, _ := s.Agenda("en", Past)
	if points, err := load(t, own(t, files...)).Agenda("xx", Past); err != nil || !slices.Equal(points, english) {
		t.Errorf("lacking: %q, %v", points, err)
	}
}

// TestText: lines of the text can be read everywhere, and no template forgets a word.
func TestText(t *testing.T) {
	s := load(t, "")
	for _, lang := range s.Languages() {
		for _, x := range variants {
			talk := Sample()
			x.change(talk)
			m := message(t, view(t, s, lang, talk), x.kind)
			for _, bad := range []string{"<no value>", "%!", "\r", "\n\n\n", " \n", "  ", "{{", "<nil>"} {
				if strings.Contains(m.Text, bad) || strings.Contains(m.Subject, bad) {
					t.Errorf("%s/%s: the text has %q", lang, x.name, bad)
				}
			}
			if !strings.HasSuffix(m.Text, "\n") || !utf8.ValidString(m.Text) {
				t.Errorf("%s/%s: the text ends in %q", lang, x.name, m.Text[len(m.Text)-5:])
			}
		}
	}
}

func BenchmarkMessage(b *testing.B) {
	s := load(b, "")
	for _, k := range []Kind{Brief, Invitation} {
		b.Run(string(k), func(b *testing.B) {
			talk := Sample()
			b.ReportAllocs()
			for b.Loop() {
				message(b, view(b, s, "en", talk), k)
			}
		})
	}
}

// BenchmarkParse reads one language, which a command does once.
func BenchmarkParse(b *testing.B) {
	for b.Loop() {
		view(b, load(b, ""), "en", Sample())
	}
}

// Golden files of pages are compared as they are: no build may write them otherwise.
func TestSameTwice(t *testing.T) {
	a, b := load(t, ""), load(t, "")
	for _, lang := range a.Languages() {
		for _, kind := range Kinds {
			x, y := message(t, view(t, a, lang, Sample()), kind), message(t, view(t, b, lang, Sample()), kind)
			if !bytes.Equal([]byte(x.HTML), []byte(y.HTML)) || x.Text != y.Text || x.Subject != y.Subject {
				t.Errorf("%s/%s: two sets say it differently", lang, kind)
			}
		}
	}
}

// TestFamiliar: whom the organizer calls du is nowhere called Sie, in a letter or on the page. Which words are formal
// stands in the testdata/formal.txt of a language; one that has no familiar form has none.
func TestFamiliar(t *testing.T) {
	s := load(t, "")
	for _, lang := range s.Languages() {
		words := strings.TrimSpace(string(data(t, lang, "formal.txt")))
		if words == "" {
			continue
		}
		formal := regexp.MustCompile(words)
		look := func(what, text string) {
			t.Helper()
			if m := formal.FindString(text); m != "" {
				t.Errorf("%s, %s: there is %q in\n%s", lang, what, m, text)
			}
		}
		for _, kind := range settings {
			for _, x := range variants {
				if !slices.Contains(familiar, x.kind) {
					continue
				}
				talk := Sample()
				x.change(talk)
				talk.Familiar, talk.Partner.Call, talk.Setting.Kind = true, "Maya", kind
				m := message(t, view(t, s, lang, talk), x.kind)
				look(x.name, m.Subject+"\n"+m.Text)
				if hello, _, _ := strings.Cut(m.Text, "\n"); !strings.HasSuffix(strings.TrimRight(hello, ",:"), " Maya") {
					t.Errorf("%s, %s begins %q", lang, x.name, hello)
				}
			}
			for _, x := range states {
				p := state(t, x.name)
				p.Familiar, p.Partner.Call, p.Setting.Kind = true, "Maya", kind
				look(x.name, visible(t, page(t, s, lang, p)))
			}
			talk := Sample()
			talk.Familiar, talk.Setting.Kind = true, kind
			e, err := view(t, s, lang, talk).Event()
			if err != nil {
				t.Fatal(err)
			}
			look("entry", e.Description)
		}
	}
}

// TestCaller: who calls whom is said to the partner, and with both names where both read it.
func TestCaller(t *testing.T) {
	s := load(t, "")
	for _, x := range []struct{ lang, caller, letter, both string }{
		{"en", "", "I will call you on +49 30 1234567", "Ana Lopes calls Maya Chen on +49 30 1234567"},
		{"en", "me", "I will call you on +49 30 1234567", "Ana Lopes calls Maya Chen on +49 30 1234567"},
		{"en", "partner", "please call me on +49 30 1234567", "Maya Chen calls Ana Lopes on +49 30 1234567"},
		{"de", "me", "Ich rufe Sie unter +49 30 1234567 an", "Ana Lopes ruft Maya Chen unter +49 30 1234567 an"},
		{"de", "partner", "Bitte rufen Sie mich unter +49 30 1234567 an", "Maya Chen ruft Ana Lopes unter +49 30 1234567 an"},
		{"nl", "me", "ik bel u op +49 30 1234567", "Ana Lopes belt Maya Chen op +49 30 1234567"},
		{"nl", "partner", "wilt u mij bellen op +49 30 1234567?", "Maya Chen belt Ana Lopes op +49 30 1234567"},
		{"pt", "me", "eu ligo-lhe para o +49 30 1234567", "Ana Lopes liga a Maya Chen, para o +49 30 1234567"},
		{"pt", "partner", "ligue-me, por favor, para o +49 30 1234567", "Maya Chen liga a Ana Lopes, para o +49 30 1234567"},
		{"pt-BR", "me", "eu ligo para você no número +49 30 1234567", "Ana Lopes liga para Maya Chen no número +49 30 1234567"},
		{"pt-BR", "partner", "por favor, ligue para mim no número +49 30 1234567", "Maya Chen liga para Ana Lopes no número +49 30 1234567"},
		{"es", "me", "le llamo yo al +49 30 1234567", "Ana Lopes llama a Maya Chen al +49 30 1234567"},
		{"es", "partner", "llámeme, por favor, al +49 30 1234567", "Maya Chen llama a Ana Lopes al +49 30 1234567"},
		{"fr", "me", "je vous appellerai au +49 30 1234567", "Ana Lopes appelle Maya Chen au +49 30 1234567"},
		{"fr", "partner", "merci de m’appeler au +49 30 1234567", "Maya Chen appelle Ana Lopes au +49 30 1234567"},
		{"it", "me", "La chiamo io al +49 30 1234567", "Ana Lopes chiama Maya Chen al +49 30 1234567"},
		{"it", "partner", "mi chiami, per favore, al +49 30 1234567", "Maya Chen chiama Ana Lopes al +49 30 1234567"},
	} {
		talk := Sample()
		talk.Setting = Setting{Kind: "phone", Phone: "+49 30 1234567", Caller: x.caller}
		v := view(t, s, x.lang, talk)
		for kind, want := range map[Kind]string{Brief: x.letter, Invitation: x.letter, Reminder: x.letter, Copy: x.both} {
			if m := message(t, v, kind); !strings.Contains(m.Text, want) || !strings.Contains(html.UnescapeString(m.HTML), want) {
				t.Errorf("%s, %q: the %s does not say %q", x.lang, x.caller, kind, want)
			}
		}
		if e, err := v.Event(); err != nil || !strings.Contains(e.Description, x.both) {
			t.Errorf("%s, %q: the entry does not say %q", x.lang, x.caller, x.both)
		}
	}
}
