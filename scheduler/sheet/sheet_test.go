package sheet_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mattn/go-runewidth"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"golang.org/x/net/html"

	"coalition/invites"
	"coalition/invites/plaintext"
	"coalition/scheduler/command"
	"coalition/scheduler/conversation"
	"coalition/scheduler/event"
	"coalition/scheduler/inbox"
	"coalition/scheduler/journal"
	"coalition/scheduler/organizer"
	"coalition/scheduler/plan"
	"coalition/scheduler/sheet"
	"coalition/scheduler/ways"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var now = time.Date(2027, 2, 22, 9, 0, 0, 0, time.UTC)

const full = `
id: maya
round: 2
with: {name: Maya Chen, email: maya@example.org, timezone: Asia/Kolkata}
purpose: |
  Join forces on the spring launch.

  So that research and product pull the same way.
offer: [A seat in our roadmap review, Two of our engineers]
ask: [An early word when a study changes what we should build]
agenda: [{topic: What each of us is committed to, minutes: 20}, {topic: How we could support each other}]
setting: {kind: phone, phone: "+49 30 1234567", caller: partner}
when: {start: 2027-03-04 20:00}
private:
  why: She decides which studies run, and twice we learnt of one too late.
  goal: Neither of us launches without the other's word.
  measures: [A joint review before each launch, No surprise study]
  history: The March launch, where I went over her head.
`

// times is a plan that offers some, of a talk by video.
const times = `
with: {name: Tomás Rivera, email: tomas@example.org}
purpose: Agree how support and product hear from each other.
agenda: [{topic: What each of us needs, minutes: 60}]
setting: {kind: video, url: "https://meet.example.org/ana-tomas?a=1&b=2", place: "*Room* 3"}
when: {times: [2027-03-04 10:00, 2027-03-05 15:00]}
private: {goal: One answer for customers.}
`

// talk is the conversation of a plan, to which the changes have happened.
func talk(t *testing.T, text string, changes ...conversation.Change) *conversation.Conversation {
	t.Helper()
	plans, _, problems := plan.Parse("maya.yaml", "maya", []byte(text), false)
	if len(plans) != 1 {
		t.Fatal(problems)
	}
	c := conversation.New("maya", plans[0].Round, &organizer.Settings{
		Organizer: invites.Address{Name: "Ana Lopes", Email: "ana@example.org"},
		Zone:      "Europe/Lisbon", Language: "en", Hours: plan.Hours{{From: 9 * 60, To: 17 * 60}},
		How: func(way ways.Way, ref string, _ ...string) string { return string(way) + " " + ref },
	})
	if problems := c.Read(plans[0], now); problems != nil {
		t.Fatal(problems)
	}
	for _, change := range changes {
		if err := c.Apply(change, now); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// past are journals that have all there is to say.
func past() map[plan.ID][]journal.Entry {
	yes, no := true, false
	return map[plan.ID][]journal.Entry{
		"maya": {{
			Round: 1, On: "2026-11-12", Learned: "Her team is to be seen.", Note: "It got warm.",
			Measures: []journal.Measure{{Text: "We speak monthly", Met: &yes}, {Text: "No surprise", Met: &no}, {Text: "Trust"}},
			Promises: []journal.Promise{
				{By: journal.Me, Text: "Ask the board"},
				{By: journal.Them, Text: "Send the list", Due: "2027-03-01"},
				{By: journal.Me, Text: "Name her team", Due: "2027-02-21"},
				{By: journal.Me, Text: "Done long ago", Due: "2026-12-01"},
			},
		}, {
			// That of this talk, written by somebody who was early.
			Round: 2, On: "2027-03-04", Learned: "Not known yet.",
			Promises: []journal.Promise{{By: journal.Me, Text: "Done long ago", Due: "2026-12-01", Kept: &yes}},
		}},
		"review": {{Round: 1, On: "2027-01-20", Learned: "She hires until May."}, {Round: 2, On: "2027-02-01"}},
	}
}

// said is a conversation in which the partner has used every way to say something.
func said(t *testing.T) *conversation.Conversation {
	c := talk(t, full, command.CheckIn{},
		conversation.Answer{Value: conversation.Yes, At: now, How: "page", Note: "Gladly, after lunch."})
	c.Taken, c.Proposed = []string{"Hiring"}, []string{"The budget of next year"}
	c.Counter = &inbox.Proposal{At: now, Start: time.Date(2027, 3, 5, 17, 0, 0, 0, time.UTC), Length: time.Hour,
		Note: "I am in Porto before."}
	c.Remark = &inbox.Remark{At: now, From: "maya@example.org", Text: "Is Kim coming, too?"}
	c.Doubted = &inbox.Remark{At: now, From: "maya@example.net", Text: "DOUBTED"}
	return c
}

// TestForms holds a sheet that has everything, and one that has next to nothing, in the three forms against its files.
func TestForms(t *testing.T) {
	for name, s := range map[string]*sheet.Sheet{
		"full":  sheet.New(said(t), now, past()),
		"empty": sheet.New(talk(t, "with: {name: Li, email: li@example.org}"), now, nil),
		"times": sheet.New(talk(t, times, command.CheckIn{}), now, nil),
	} {
		page, err := s.HTML()
		if err != nil {
			t.Fatal(err)
		}
		for form, got := range map[string][]byte{
			"txt": []byte(s.Text(72, strings.ToUpper)), "md": []byte(s.Markdown()), "html": page,
		} {
			path := filepath.Join("testdata", name+"."+form)
			if *update {
				if err := os.WriteFile(path, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%s: got\n%s\nwant\n%s", path, got, want)
			}
			if bytes.Contains(got, []byte("DOUBTED")) || bytes.Contains(got, []byte("Not known yet")) {
				t.Errorf("%s says what is not believed, or of this talk what comes after it", path)
			}
		}
	}
}

// TestMethod: rows 11, 12 and 13 of the method stand on the sheet as its three parts; the past comes first where
// something stands between the two, and is not pressed on anybody where nothing does.
func TestMethod(t *testing.T) {
	for text, want := range map[string][]string{
		full: {"Between you: The March launch", "Own what was yours", "Thank them for going", "What you are committed to",
			"What would you like to ask me?", "hold each other to it", "find the day for it now", "try again"},
		"with: {name: Li, email: li@example.org}": {"What you are committed to", "hold each other to it",
			"if something old comes up", "find the day for it now", "try again"},
	} {
		rest := sheet.New(talk(t, text), now, nil).Text(200, strings.TrimSpace)
		for _, words := range want {
			_, after, found := strings.Cut(rest, words)
			if !found {
				t.Errorf("%q is not where it belongs in\n%s", words, rest)
			}
			rest = after
		}
	}
}

// TestStanding: the sheet says how the talk stands, before it is asked for as well as after it.
func TestStanding(t *testing.T) {
	answer := func(value string) conversation.Change {
		return conversation.Answer{Value: value, At: now, How: "command"}
	}
	cancelled := talk(t, full)
	cancelled.Cancelled = &conversation.Cancellation{At: now}
	unplanned := talk(t, full)
	unplanned.Heed(nil)
	for want, c := range map[string]*conversation.Conversation{
		"not checked in":                talk(t, full),
		"Not asked yet":                 talk(t, full, command.CheckIn{}),
		"The answer is yes":             talk(t, full, command.CheckIn{}, answer(conversation.Yes)),
		"The answer is no":              talk(t, full, command.CheckIn{}, answer(conversation.No)),
		"The answer is \"later\"":       talk(t, full, command.CheckIn{}, answer(conversation.Wait)),
		"Off: you have cancelled it":    cancelled,
		"The plan file is not there":    unplanned,
		"for them Fri 01:30 to 02:30":   talk(t, full),
		"Not fixed yet; it takes 60":    talk(t, strings.Replace(full, "when: {start: 2027-03-04 20:00}", "", 1)),
		"To choose from:\n         Thu": talk(t, times),
	} {
		if text := sheet.New(c, now, nil).Text(100, strings.TrimSpace); !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
}

// hostile is text that means something in HTML, in Markdown or to a terminal, as far as plans may hold it.
var hostile = []string{
	`<script>alert(1)</script> <img src=x onerror=alert(1)> &lt; </p></bdi>`, "# heading", "- item", "+ item", "1. item", "12) item", "* * *",
	"[link](https://evil.example) ![picture](https://evil.example/x.png) <https://evil.example>", "[ref]: https://evil.example",
	"`code` ```fence", "~~~ fence", "*bold* _it_ **b** __i__ ~~gone~~", "a | b | c", `back\slash \*`, "=== ---", "--- ", "$x$ : y", "> quote",
	"&amp; &#60;", "{{.Why}}", "שלום (1) سلام", "会议e\u0301",
}

// laden is a plan whose every text is hostile.
func laden(t *testing.T) *sheet.Sheet {
	quote := func(s string) string {
		data, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	var list, agenda, lines []string
	for _, s := range hostile {
		list, agenda = append(list, quote(s)), append(agenda, "{topic: "+quote(s)+"}")
		lines = append(lines, "x\n"+s)
	}
	text := quote(strings.Join(lines, "\n"))
	c := talk(t, fmt.Sprintf("with: {name: %s, email: x@example.org}\npurpose: %s\noffer: [%s]\nask: [%[3]s]\nagenda: [%s]\n"+
		"setting: {kind: walk, place: %[1]s}\nprivate: {why: %[2]s, goal: %[2]s, history: %[2]s, measures: [%[3]s]}\n",
		quote(hostile[0]), text, strings.Join(list, ", "), strings.Join(agenda, ", ")))
	steers := strings.Join(hostile, "\r\n") + "\x1b[2J\x07\u202eevil\u2028# heading"
	c.Proposed, c.Remark = append(hostile, steers), &inbox.Remark{At: now, Text: steers}
	place := steers
	c.Place = &place
	c.Booking = &event.Booking{Is: invites.Event{Join: "javascript:alert(1)> <b>\x1b[2J"}}
	return sheet.New(c, now, map[plan.ID][]journal.Entry{"maya": {{Round: 1, On: "2026-01-01", Learned: steers}, {
		Round: 2, On: "2026-02-01", Promises: []journal.Promise{{By: journal.Me, Text: steers, Due: "2026-01-01"}}}}})
}

// words are those of text, whatever stands between them.
func squeeze(s string) string { return strings.Join(strings.Fields(s), "") }

// read returns the text of a page of HTML, and how many there are of each element.
func read(t *testing.T, page []byte) (text string, elements map[string]int) {
	t.Helper()
	root, err := html.Parse(bytes.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	elements = make(map[string]int)
	for n := range root.Descendants() {
		switch n.Type {
		case html.ElementNode:
			elements[n.Data]++
			for _, a := range n.Attr {
				if strings.HasPrefix(a.Key, "on") || strings.Contains(a.Val, "evil") || strings.Contains(a.Val, "script:") {
					t.Errorf("<%s> has the attribute %s=%q", n.Data, a.Key, a.Val)
				}
			}
		case html.TextNode:
			text += n.Data
		case html.CommentNode:
			t.Errorf("a comment: %q", n.Data)
		}
	}
	return text, elements
}

// TestHostile: what people wrote is text in each form, and is all there; nothing steers a terminal.
func TestHostile(t *testing.T) {
	s := laden(t)
	text := s.Text(200, strings.TrimSpace)
	for line := range strings.Lines(text) {
		if err := plaintext.CheckLine(strings.TrimSuffix(line, "\n")); err != nil {
			t.Errorf("the line %q %v", line, err)
		}
	}
	page, err := s.HTML()
	if err != nil {
		t.Fatal(err)
	}
	_, elements := read(t, page)
	for e := range elements {
		if !strings.Contains(" html head meta title style body main header h1 p dl dt dd div section h2 b bdi ol ul li a ", " "+e+" ") {
			t.Errorf("the page has the element <%s>", e)
		}
	}
	var out bytes.Buffer
	if err := goldmark.New(goldmark.WithExtensions(extension.Table, extension.Strikethrough, extension.TaskList)).
		Convert([]byte(s.Markdown()), &out); err != nil {
		t.Fatal(err)
	}
	marked, elements := read(t, out.Bytes())
	for e := range elements {
		if !strings.Contains(" html head body h1 h2 p ul ol li strong br input ", " "+e+" ") {
			t.Errorf("the Markdown has the element <%s>:\n%s", e, out.String())
		}
	}
	if elements["h1"] != 1 || elements["h2"] != strings.Count(s.Markdown(), "\n## ") || elements["input"] != len(hostile)+1 {
		t.Errorf("the Markdown has the elements %v:\n%s", elements, out.String())
	}
	for form, words := range map[string]string{"text": text, "Markdown": marked} {
		for _, h := range hostile {
			if n := strings.Count(squeeze(words), squeeze(h)); n < 7 {
				t.Errorf("%q is %d times in the %s:\n%s", h, n, form, words)
			}
		}
	}
}

// TestWidth: no line is wider than the terminal, in any script.
func TestWidth(t *testing.T) {
	wide := talk(t, "with: {name: 山田太郎, email: y@example.org}\npurpose: "+strings.Repeat("春の発売に向けて力を合わせ、", 40)+
		"\nagenda: [{topic: Donaudampfschifffahrtsgesellschaftskapitänsversorgungseinrichtungsverordnung, minutes: 20}]\n"+
		"private: {why: "+strings.Repeat("e\u0301a\u0302", 200)+"}")
	for _, s := range []*sheet.Sheet{sheet.New(wide, now, nil), sheet.New(said(t), now, past())} {
		for _, columns := range []int{41, 80} {
			for line := range strings.Lines(s.Text(columns, strings.TrimSpace)) {
				if n := runewidth.StringWidth(strings.TrimSuffix(line, "\n")); n > columns {
					t.Errorf("%d columns, not %d: %s", n, columns, line)
				}
			}
		}
	}
}

// TestJSON: what is absent is null or an empty list, and a journal's entries, which refuse to be JSON, are not in it. A
// log can't have any of it.
func TestJSON(t *testing.T) {
	for _, s := range []*sheet.Sheet{
		sheet.New(talk(t, "with: {name: Li, email: li@example.org}"), now, nil), sheet.New(said(t), now, past()),
	} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d"} {
			if got := fmt.Sprintf(verb, s); got != "(private)" {
				t.Errorf("a log with %s says %s", verb, got)
			}
		}
		data, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		var fields map[string]any
		if err := json.Unmarshal(data, &fields); err != nil {
			t.Fatal(err)
		}
		for _, key := range []string{"offered", "measures", "offer", "ask", "agenda", "taken", "proposed", "words", "before", "promises"} {
			if _, list := fields[key].([]any); !list {
				t.Errorf("%s is %v", key, fields[key])
			}
		}
		if len(s.Before) > 0 && slices.ContainsFunc(fields["before"].([]any), func(v any) bool { return v == nil }) {
			t.Errorf("before is %v", fields["before"])
		}
	}
}
