package journal_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"coalition/scheduler/journal"
)

func truth(b bool) *bool { return &b }

// first is the entry of a first round, with all there is to say.
func first() journal.Entry {
	return journal.Entry{
		Round: 1, On: "2027-03-04",
		Measures: []journal.Measure{
			{Text: "A joint review before each launch", Met: truth(true)},
			{Text: "No surprise: a study in the quarter", Met: truth(false)},
			{Text: "#3", Met: nil},
		},
		Learned: "She wants her people seen.\nAnd time to think.",
		Promises: []journal.Promise{
			{By: journal.Me, Text: "Send the roadmap", Due: "2027-03-11"},
			{By: journal.Them, Text: "yes", Kept: truth(true)},
		},
		Note: "Null",
	}
}

const firstText = `- round: 1
  on: 2027-03-04
  measures:
    - text: A joint review before each launch
      met: true
    - text: 'No surprise: a study in the quarter'
      met: false
    - text: '#3'
      met: null
  learned: |-
    She wants her people seen.
    And time to think.
  promises:
    - by: me
      text: Send the roadmap
      due: 2027-03-11
      kept: null
    - by: them
      text: "yes"
      due: null
      kept: true
  note: "Null"
`

const secondText = `- round: 2
  on: 2027-06-01
  measures: []
  learned: ""
  promises: []
  note: ""
`

func TestAppend(t *testing.T) {
	second := journal.Entry{Round: 2, On: "2027-06-01"}
	for _, tt := range []struct {
		name, before string
		entry        journal.Entry
		want         string
	}{
		{"a new journal", "", first(), firstText},
		{"the next round", firstText, second, firstText + secondText},
		{"comments, and no last line break", "# mine\n- round: 1 # early\n  on: 2027-03-04 # a Thursday\n# end", second,
			"# mine\n- round: 1 # early\n  on: 2027-03-04 # a Thursday\n# end\n" + secondText},
		{"nothing but a comment", "# of Maya\n\n", second, "# of Maya\n\n" + secondText},
		{"indented", "---\n  - {round: 1, on: 2027-03-04}\n\n", second,
			"---\n  - {round: 1, on: 2027-03-04}\n\n  " + strings.TrimSuffix(strings.ReplaceAll(secondText, "\n", "\n  "), "  ")},
		{"the line breaks of Windows", "\ufeff- round: 1\r\n  on: 2027-03-04\r\n", second,
			"\ufeff- round: 1\r\n  on: 2027-03-04\r\n" + strings.ReplaceAll(secondText, "\n", "\r\n")},
		{"text that goes on", "- round: 1\n  on: 2027-03-04\n  note: |\n    Long.\n\n", second,
			"- round: 1\n  on: 2027-03-04\n  note: |\n    Long.\n\n" + secondText},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "journal")
			path := journal.Path(dir, "maya")
			if tt.before != "" {
				if err := os.Mkdir(dir, 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(tt.before), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			j, problems := journal.Read(dir, "maya")
			if problems != nil {
				t.Fatal(problems)
			}
			before := len(j.Entries)
			if err := j.Append(tt.entry); err != nil {
				t.Fatal(err)
			}
			got, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, string(got)); diff != "" {
				t.Errorf("want (-), got (+):\n%s", diff)
			}
			if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("the file's mode is %v, %v", info.Mode(), err)
			}
			again, problems := journal.Read(dir, "maya")
			if problems != nil || len(again.Entries) != before+1 {
				t.Fatalf("read again: %d entries, %v", len(again.Entries), problems)
			}
			if e := again.Of(tt.entry.Round); e == nil || e.On != tt.entry.On || e.Learned != tt.entry.Learned {
				t.Errorf("read again, the entry is another")
			}
			if list, _ := filepath.Glob(filepath.Join(dir, ".writing-*")); list != nil {
				t.Errorf("left over: %v", list)
			}
		})
	}
}

// What can't be continued, has changed, or can't be read stays as it is.
func TestNotWritten(t *testing.T) {
	dir := t.TempDir()
	path := journal.Path(dir, "maya")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	stays := func(want string) {
		t.Helper()
		if got, err := os.ReadFile(path); err != nil || string(got) != want {
			t.Errorf("the file is %q, %v; want %q", got, err, want)
		}
	}
	const brackets = "[{round: 1, on: 2027-03-04}]\n"
	write(brackets)
	j, problems := journal.Read(dir, "maya")
	if problems != nil {
		t.Fatal(problems)
	}
	if err := j.Append(first()); !errors.Is(err, journal.ErrShape) {
		t.Errorf("behind brackets: %v, want ErrShape", err)
	}
	stays(brackets)
	if j, _ = journal.Read(dir, "maya"); j == nil {
		t.Fatal("it can't be read any more")
	}
	const own = "- {round: 1, on: 2027-03-05}\n"
	write(own)
	if err := j.Append(journal.Entry{Round: 2, On: "2027-03-06"}); err == nil {
		t.Error("it was changed meanwhile, and written to")
	}
	stays(own)
	j, problems = journal.Read(dir, "maya")
	if problems != nil {
		t.Fatal(problems)
	}
	write(own + "# and more\n")
	if err := j.Append(first()); !errors.Is(err, journal.ErrChanged) {
		t.Errorf("changed meanwhile: %v, want ErrChanged", err)
	}
	stays(own + "# and more\n")
}

func TestRead(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		want       []string
	}{
		{"a block", "round: 1\n", []string{"1:1: this file wants a list, and this is a block of keys; write a list"}},
		{"two documents", "- {round: 1, on: 2027-03-04}\n---\n- {round: 2, on: 2027-03-05}\n",
			[]string{"3:1: a journal is one list; take out what stands in the line ---"}},
		{"items that say nothing", "- \n- text\n", []string{
			"1:2: this item is empty; write it, or take the line out",
			"2:3: this item wants a block of keys, and this is text; write a block of keys"}},
		{"what is missing", "- learned: much\n", []string{
			"1:3: round is missing; add `round:`", "1:3: on is missing; add `on:`"}},
		{"what is wrong", `- round: 0
  on: in 3 days
  measures: [{text: "", met: perhaps}]
  promises:
    - {by: she, text: x, due: soon, kept: 1}
  feelings: mixed
`, []string{
			"1:10: round is none from 1 to 99; write 1 for the first talk",
			"2:7: on is no day; write it as 2027-03-04",
			"3:21: measures, item 1, text is empty; write it",
			"3:30: measures, item 1, met wants true or false, and this is text; write true or false",
			"5:12: promises, item 1, by is none of the words known here; write me or them",
			"5:31: promises, item 1, due is no day; write it as 2027-03-04",
			"5:43: promises, item 1, kept wants true or false, and this is a number; write true or false",
			"6:3: there is no such key; the keys here are round, on, measures, learned, promises, note"}},
		{"no YAML", "- round: 1\n  on: \"2027\n", []string{"2:3: this is not YAML (a quote is opened and not closed); close it; write ' twice inside single quotes"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(journal.Path(dir, "maya"), []byte(tt.text), 0o600); err != nil {
				t.Fatal(err)
			}
			j, problems := journal.Read(dir, "maya")
			if j != nil {
				t.Error("there is a journal all the same")
			}
			var got []string
			for _, p := range problems {
				if p.Owner != "maya" {
					t.Errorf("the owner is %q", p.Owner)
				}
				got = append(got, strings.TrimPrefix(p.String(), journal.Path(dir, "maya")+":"))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("want (-), got (+):\n%s", diff)
			}
		})
	}
}

func TestReadAll(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"maya.yaml": firstText, "tomas.yaml": "- no\n", ".maya.yaml.swp": "x", "notes.txt": "x"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	journals, problems := journal.ReadAll(dir)
	if len(journals) != 1 || journals["maya"] == nil || len(journals["maya"].Entries) != 1 {
		t.Errorf("read: %v", journals)
	}
	if len(problems) != 1 || problems[0].File != journal.Path(dir, "tomas") {
		t.Errorf("problems: %v", problems)
	}
	if journals, problems := journal.ReadAll(filepath.Join(dir, "none")); len(journals)+len(problems) > 0 {
		t.Errorf("of no folder: %v, %v", journals, problems)
	}
}

func TestOpen(t *testing.T) {
	promise := func(text string, due journal.Day, kept *bool) journal.Promise {
		return journal.Promise{By: journal.Me, Text: text, Due: due, Kept: kept}
	}
	entries := []journal.Entry{
		{Round: 1, On: "2027-03-04", Promises: []journal.Promise{
			promise("roadmap", "2027-03-11", nil), promise("study", "", nil), promise("told", "", truth(false)),
			promise("monthly", "2027-04-01", nil)}},
		{Round: 2, On: "2027-06-01", Promises: []journal.Promise{
			promise("roadmap", "2027-03-11", truth(true)), promise("monthly", "2027-07-01", nil)}},
	}
	want := []journal.Promise{promise("study", "", nil), promise("monthly", "2027-07-01", nil)}
	got := journal.Open(entries)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("want (-), got (+):\n%s", diff)
	}
	for _, tt := range []struct {
		p     journal.Promise
		today journal.Day
		want  bool
	}{
		{got[1], "2027-07-01", false}, {got[1], "2027-07-02", true}, {got[0], "2037-01-01", false},
		{promise("x", "2027-07-01", truth(false)), "2027-07-02", false},
	} {
		if got := tt.p.Overdue(tt.today); got != tt.want {
			t.Errorf("due %q, on %s: overdue %v", tt.p.Due, tt.today, got)
		}
	}
	if last := journal.LastMet(entries); last != "2027-06-01" {
		t.Errorf("last met %q", last)
	}
}

// An entry is private: it gets into no log and no store, whoever tries.
func TestPrivate(t *testing.T) {
	e := first()
	var all strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d"} {
		fmt.Fprintf(&all, verb+verb, e, e.Promises)
	}
	data, err := json.Marshal(map[string]any{"entry": e})
	if err != nil {
		t.Fatal(err)
	}
	all.Write(data)
	for _, word := range []string{"roadmap", "review", "seen"} {
		if strings.Contains(all.String(), word) {
			t.Errorf("%q is told: %s", word, &all)
		}
	}
}

func TestDay(t *testing.T) {
	var d journal.Day
	if !d.Time().IsZero() {
		t.Error("no day has a time")
	}
	if err := d.Parse("2027-02-30"); err == nil {
		t.Error("2027-02-30 is a day")
	}
	if err := d.Parse("2027-03-04"); err != nil || journal.DayOf(d.Time()) != d {
		t.Errorf("%q, %v", d, err)
	}
}
