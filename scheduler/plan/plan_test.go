package plan_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"coalition/scheduler/plan"
	"coalition/scheduler/strictyaml"
)

// good is a plan without a problem; the tests change one thing in it.
const good = `with:
  name: Maya Chen
  email: maya@example.org
purpose: Join forces on the spring launch.
agenda:
  - {topic: Commitments, minutes: 30}
  - {topic: Support, minutes: 30}
setting:
  kind: walk
  place: Riverside path
when:
  start: 2027-03-04 10:00
ready: true
private:
  why: She decides which studies run in our house.
  importance: 5
`

// change is good with one change; it must have been there to be made.
func change(t *testing.T, from, to string) string {
	t.Helper()
	if strings.Count(good, from) != 1 {
		t.Fatalf("%q stands %d times in the plan, want once", from, strings.Count(good, from))
	}
	return strings.Replace(good, from, to, 1)
}

// told is what problems say, without the file's name.
func told(problems []strictyaml.Problem) (list []string) {
	for _, p := range problems {
		list = append(list, strings.TrimPrefix(p.String(), p.File+":"))
	}
	return list
}

func TestGood(t *testing.T) {
	plans, broken, problems := plan.Parse("maya.yaml", "maya", []byte(good), false)
	if broken != nil || problems != nil || len(plans) != 1 {
		t.Fatalf("%d plans, broken %v, problems %v, want one plan without a problem", len(plans), broken, problems)
	}
	start, err := plan.ParseDate("2027-03-04 10:00")
	if err != nil {
		t.Fatal(err)
	}
	want := &plan.Plan{
		ID: "maya", Round: 1,
		Terms: plan.Terms{
			With:    plan.With{Name: "Maya Chen", Email: "maya@example.org"},
			Purpose: "Join forces on the spring launch.",
			Agenda:  []plan.Item{{Topic: "Commitments", Minutes: 30}, {Topic: "Support", Minutes: 30}},
			Setting: plan.Setting{Kind: plan.Walk, Place: "Riverside path"},
			When:    plan.When{Start: start},
			Ready:   true,
		},
		Private: plan.Private{Why: "She decides which studies run in our house.", Importance: 5},
	}
	if diff := cmp.Diff(want, plans[0], cmpopts.IgnoreUnexported(plan.Plan{}), equalDates); diff != "" {
		t.Errorf("want (-), got (+):\n%s", diff)
	}
	if got := plans[0].When.Length(); got != time.Hour {
		t.Errorf("length %v, want an hour where none is given", got)
	}
	if got := plans[0].Private.Priority(); got != 15 {
		t.Errorf("priority %d, want 5×3: urgency is 3 where it is not given", got)
	}
}

var equalDates = cmp.Comparer(func(a, b plan.Date) bool { return a == b })

// Each rule of a plan, and the one change that breaks it.
func TestRules(t *testing.T) {
	for _, tt := range []struct {
		name, from, to string
		want           []string
	}{
		// Types of values.
		{"address with a name", "email: maya@example.org", "email: Maya <maya@example.org>", []string{"3:10: with.email is more than the bare address; write one bare address such as maya@example.org"}},
		{"address without @", "email: maya@example.org", "email: maya", []string{"3:10: with.email has no @; write one bare address such as maya@example.org"}},
		{"address with a line break", "email: maya@example.org", `email: "maya@example.org\nbcc: x"`, []string{"3:10: with.email has a line break; write it as one line of plain text"}},
		{"alias", "email: maya@example.org", "email: maya@example.org\n  aliases: [m@example.org, m]", []string{"4:28: with.aliases, item 2, has no @; write one bare address such as maya@example.org"}},
		{"zone", "email: maya@example.org", "email: maya@example.org\n  timezone: Berlin", []string{"4:13: with.timezone is no IANA time zone; write a name such as Europe/Berlin"}},
		{"zone of this machine", "start:", "timezone: Local\n  start:", []string{"12:13: when.timezone is no IANA time zone; write a name such as Europe/Berlin"}},
		{"zone outside of the database", "start:", "timezone: ../../etc/passwd\n  start:", []string{"12:13: when.timezone is no IANA time zone; write a name such as Europe/Berlin"}},
		{"language", "email: maya@example.org", "email: maya@example.org\n  language: german", []string{"4:13: with.language is no language; write its short name, such as en or de"}},
		{"language without end", "email: maya@example.org", "email: maya@example.org\n  language: de" + strings.Repeat("-x1", 20), []string{"4:13: with.language is no language; write its short name, such as en or de"}},
		{"date", "2027-03-04 10:00", "4 March 2027", []string{"12:10: when.start is no date; write 2027-03-04 10:00, or `in 10 days at 10:00`"}},
		{"day that is none", "2027-03-04 10:00", "2027-02-30 10:00", []string{"12:10: when.start is no day of the calendar; write 2027-03-04 10:00, or `in 10 days at 10:00`"}},
		{"year", "2027-03-04 10:00", "0227-03-04 10:00", []string{"12:10: when.start is in no year of this or the next century; look at the year"}},
		{"duration", "start:", "duration: 1 hour\n  start:", []string{"12:13: when.duration is no length of a talk; write 1h, 90m or 1h15m"}},
		{"duration without end", "start:", "duration: 13h\n  start:", []string{"12:13: when.duration is no length of a talk; write 1h, 90m or 1h15m"}},
		{"weekday", "email: maya@example.org", "email: maya@example.org\n  working_hours: {days: [mon, thr]}", []string{"4:31: with.working_hours.days, item 2, is none of the words known here; write mon, tue, wed, thu, fri, sat or sun"}},
		{"time of day", "email: maya@example.org", "email: maya@example.org\n  working_hours: {from: 9h, to: \"24:01\"}", []string{
			"4:25: with.working_hours.from is no time of day; write it as \"09:00\"", "4:33: with.working_hours.to is no time of day; write it as \"09:00\""}},
		{"kind", "kind: walk", "kind: run", []string{"9:9: setting.kind is none of the words known here; write neutral, walk, coffee, lunch, office, phone or video"}},
		{"phone number", "kind: walk", "kind: phone\n  phone: call me", []string{"10:10: setting.phone is no phone number; write it with its country, such as \"+49 30 1234567\""}},
		{"link", "kind: walk", "kind: video\n  url: meet.example.org/x", []string{"10:8: setting.url is no web address; write it in full, such as https://meet.example.org/x"}},
		{"link that runs", "kind: walk", "kind: video\n  url: javascript://example.org/%0aalert(1)", []string{"10:8: setting.url is no web address; write it in full, such as https://meet.example.org/x"}},
		{"link with a password", "kind: walk", "kind: video\n  url: https://ana:secret@example.org", []string{"10:8: setting.url is no web address; write it in full, such as https://meet.example.org/x"}},
		{"holidays of a region", "email: maya@example.org", "email: maya@example.org\n  holidays: de-be", nil},
		{"holidays of a file", "email: maya@example.org", "email: maya@example.org\n  holidays: ../berlin.ICS", nil},
		{"holidays of no region", "email: maya@example.org", "email: maya@example.org\n  holidays: GB-XX", []string{
			"4:13: with.holidays is no country or region whose holidays are known here; write GB, GB-ENG, GB-WLS, or name a calendar file (.ics) that lists them"}},
		{"holidays of an address", "email: maya@example.org", "email: maya@example.org\n  holidays: https://example.org/berlin.ics", []string{
			"4:13: with.holidays is an address, and holidays are not fetched; name a file of this machine"}},
		{"holidays in a list", "email: maya@example.org", "email: maya@example.org\n  holidays: [DE, PT]", []string{
			"4:13: with.holidays wants one value, and this is a list; write one value"}},
		{"travel", "kind: walk", "kind: walk\n  travel: 13h", []string{"10:11: setting.travel is no time to travel, from 0m to 12h; write 45m, 1h or 0m"}},
		{"travel backwards", "kind: walk", "kind: walk\n  travel: -5m", []string{"10:11: setting.travel is no time to travel, from 0m to 12h; write 45m, 1h or 0m"}},
		{"no travel", "kind: walk", "kind: walk\n  travel: 0m", nil},
		{"id", "with:", "id: ../x\nwith:", []string{"1:5: id is no id; use up to 64 letters, digits, dots, dashes and underscores, a letter or digit first"}},

		// Keys that are needed.
		{"no partner", "with:\n  name: Maya Chen\n  email: maya@example.org\n", "", []string{"1:1: with is missing; add `with:`"}},
		{"no name and no address", "  name: Maya Chen\n  email: maya@example.org\n", "  language: de\n", []string{"2:3: with.name is missing; add `name:`", "2:3: with.email is missing; add `email:`"}},
		{"agenda without topic", "topic: Support, ", "", []string{"7:5: agenda, item 2, topic is missing; add `topic:`"}},
		{"between without end", "start: 2027-03-04 10:00", "between: {from: 2027-03-01}", []string{"12:12: when.between.to is missing; add `to:`"}},
		{"no purpose", "purpose: Join forces on the spring launch.\n", "", []string{"1:1: purpose is not filled in yet; fill it in, or take `ready` out until you have"}},
		{"empty purpose", "purpose: Join forces on the spring launch.\n", "purpose: ''\n", []string{"4:10: purpose is not filled in yet; fill it in, or take `ready` out until you have"}},
		{"empty agenda", "agenda:\n  - {topic: Commitments, minutes: 30}\n  - {topic: Support, minutes: 30}\n", "agenda: []\n", []string{"5:9: agenda is not filled in yet; fill it in, or take `ready` out until you have"}},
		{"no place", "  place: Riverside path\n", "", []string{"9:3: setting.place is not filled in yet; fill it in, or take `ready` out until you have"}},
		{"no setting", "setting:\n  kind: walk\n  place: Riverside path\n", "", []string{"1:1: setting is not filled in yet; fill it in, or take `ready` out until you have"}},
		{"permitted, and not filled in", good[strings.Index(good, "purpose:"):strings.Index(good, "when:")] + "when:\n  start: 2027-03-04 10:00\nready: true\n", "permitted: She said yes\n", []string{
			"1:1: purpose is not filled in yet; fill it in, or take `ready` out until you have",
			"1:1: agenda is not filled in yet; fill it in, or take `ready` out until you have",
			"1:1: setting is not filled in yet; fill it in, or take `ready` out until you have"}},

		// Rules across keys.
		{"agenda too long", "Support, minutes: 30", "Support, minutes: 31", []string{"6:3: the agenda takes 61 minutes, the talk 60; give the talk more time, or the agenda less"}},
		{"agenda longer than a long talk", "start:", "duration: 5m\n  short: true\n  start:", []string{"6:3: the agenda takes 60 minutes, the talk 5; give the talk more time, or the agenda less"}},
		{"minutes", "Support, minutes: 30", "Support, minutes: -1", []string{"7:31: minutes is no length of a talk; write how many minutes it may take"}},
		{"short", "  - {topic: Support, minutes: 30}\n", "  # short\n", nil},
		{"short talk", "start:", "duration: 59m\n  start:", []string{
			"6:3: the agenda takes 60 minutes, the talk 59; give the talk more time, or the agenda less",
			"12:13: the talk is shorter than an hour, and such a talk usually needs one; write 1h or more, or add `short: true` if it is meant"}},
		{"office without a door", "kind: walk", "kind: office", []string{"9:9: an office is a safe place only with a door; add `private_room: true` if it has one, or choose another kind"}},
		{"cubicle", "kind: walk", "kind: office\n  private_room: false", []string{"9:9: an office is a safe place only with a door; add `private_room: true` if it has one, or choose another kind"}},
		{"office with a door", "kind: walk", "kind: office\n  private_room: true", nil},
		{"phone without a number", "kind: walk", "kind: phone", []string{"9:9: a talk by phone needs a number; add `phone:`"}},
		{"phone", "kind: walk\n  place: Riverside path", "kind: phone\n  phone: +49 30 1234567", nil},
		{"video without an address", "kind: walk", "kind: video", []string{"9:9: a talk by video needs an address; add `url:`"}},
		{"video", "kind: walk\n  place: Riverside path", "kind: video\n  url: https://meet.example.org/x", nil},
		{"what belongs to another kind", "kind: walk", "kind: walk\n  private_room: true\n  phone: +49 30 1234567\n  url: https://meet.example.org/x", []string{
			"10:17: private_room belongs to the kind office; take it out, or change the kind",
			"11:10: phone belongs to the kind phone; take it out, or change the kind",
			"12:8: url belongs to the kind video; take it out, or change the kind"}},
		{"start and times", "start:", "times: [2027-03-05 10:00]\n  start:", []string{"12:3: start, times and between exclude each other; keep one of them"}},
		{"start and between", "start:", "between: {from: 2027-03-01, to: 2027-03-12}\n  start:", []string{"12:3: start, times and between exclude each other; keep one of them"}},
		{"start without time of day", "2027-03-04 10:00", "2027-03-04", []string{"12:10: a talk needs the time of day too; write it as `2027-03-04 10:00`"}},
		{"times without time of day", "start: 2027-03-04 10:00", "times: [in 3 days at 10:00, in 4 days]", []string{"12:31: a talk needs the time of day too; write it as `in 4 days at 10:00`"}},
		{"ten times", "start: 2027-03-04 10:00", "times: [" + strings.Repeat("2027-03-04 10:00, ", 10) + "]", []string{"12:10: more than nine times are offered; offer fewer"}},
		{"between backwards", "start: 2027-03-04 10:00", "between: {from: 2027-03-12, to: 2027-03-01}", []string{"12:12: between ends before it begins; put the earlier day first"}},
		{"between", "start: 2027-03-04 10:00", "between: {from: 2027-03-01, to: in 3 days}", nil},
		{"working hours backwards", "email: maya@example.org", "email: maya@example.org\n  working_hours: {from: \"17:00\", to: \"9:00\"}", []string{"4:18: the working day ends before it begins; write from: \"09:00\" and a later to:"}},
		{"working hours without end", "email: maya@example.org", "email: maya@example.org\n  working_hours: {from: \"9:00\"}", []string{"4:18: the working day ends before it begins; write from: \"09:00\" and a later to:"}},
		{"working hours without beginning", "email: maya@example.org", "email: maya@example.org\n  working_hours: {to: \"9:00\"}", []string{"4:18: the hours have no beginning; add from: \"09:00\""}},
		{"a list of working hours", "email: maya@example.org", "email: maya@example.org\n  working_hours:\n    - {days: [mon], from: \"9:00\", to: \"12:00\"}\n    - {days: [mon], from: \"11:00\", to: \"17:00\"}", nil},
		{"one of a list backwards", "email: maya@example.org", "email: maya@example.org\n  working_hours:\n    - {days: [mon], from: \"9:00\", to: \"12:00\"}\n    - {days: [mon], from: \"17:00\", to: \"13:00\"}", []string{
			"6:7: the working day ends before it begins; write from: \"09:00\" and a later to:"}},
		{"one of a list that can't be read", "email: maya@example.org", "email: maya@example.org\n  working_hours:\n    - {days: [mon], form: \"9:00\"}\n    - {days: [tue], from: nine, to: \"13:00\"}\n    - all\n    -", []string{
			"5:21: there is no such key in with.working_hours, item 1; did you mean `from`?", "6:27: with.working_hours, item 2, from is no time of day; write it as \"09:00\"",
			"7:7: with.working_hours, item 3, wants a block of keys, and this is text; write a block of keys", "8:6: with.working_hours, item 4, is empty; write it, or take the line out"}},
		{"no working hours in a list", "email: maya@example.org", "email: maya@example.org\n  working_hours: []", []string{"4:18: there are no hours in this list; write a block of days, from and to, or take the key out"}},
		{"working hours in words", "email: maya@example.org", "email: maya@example.org\n  working_hours: nine to five", []string{"4:18: with.working_hours wants a block of keys, and this is text; write a block of keys"}},
		{"working days alone", "email: maya@example.org", "email: maya@example.org\n  working_hours: {days: [sun, Mon]}", nil},
		{"importance 0", "importance: 5", "importance: 0", []string{"16:15: importance is none from 1 to 5; write 1 for little, 5 for most"}},
		{"importance 6", "importance: 5", "importance: 6", []string{"16:15: importance is none from 1 to 5; write 1 for little, 5 for most"}},
		{"urgency", "importance: 5", "urgency: -3", []string{"16:12: urgency is none from 1 to 5; write 1 for little, 5 for most"}},
		{"round 0", "with:", "round: 0\nwith:", []string{"1:8: round is none from 1 to 99; write 2 for the second talk"}},
		{"round 100", "with:", "round: 100\nwith:", []string{"1:8: round is none from 1 to 99; write 2 for the second talk"}},

		// What only follows from another problem is not told as well.
		{"no follow-ups", "setting:\n  kind: walk\n  place: Riverside path\nwhen:\n", "round: x\nsetting: {kind: ofice, phone: 1}\nwhen:\n  duration: 10 min\n", []string{
			"8:8: round wants a whole number, and this is text; write a whole number",
			"9:17: setting.kind is none of the words known here; write neutral, walk, coffee, lunch, office, phone or video",
			"9:31: setting.phone is no phone number; write it with its country, such as \"+49 30 1234567\"",
			"11:13: when.duration is no length of a talk; write 1h, 90m or 1h15m"}},
		{"no length, no follow-up", "Support, minutes: 30}\nsetting:\n  kind: walk\n  place: Riverside path\nwhen:\n", "Support, minutes: 90}\nsetting: {kind: walk, place: here}\nwhen:\n  duration: two hours\n", []string{
			"10:13: when.duration is no length of a talk; write 1h, 90m or 1h15m"}},
		{"no kind, no follow-up", "kind: walk", "kind: run\n  phone: +49 30 1234567", []string{
			"9:9: setting.kind is none of the words known here; write neutral, walk, coffee, lunch, office, phone or video"}},
		{"no door, no follow-up", "kind: walk", "kind: office\n  private_room: yes", []string{"10:17: setting.private_room wants true or false, and this is text; write true or false"}},
		{"too long a purpose", "Join forces on the spring launch.", strings.Repeat("x", 2001), []string{"4:10: purpose is 2001 characters long; keep it to 2000"}},
		{"agenda that is none", "agenda:\n  - {topic: Commitments, minutes: 30}\n  - {topic: Support, minutes: 30}\n", "agenda: talk\n", []string{"5:9: agenda wants a list, and this is text; write a list"}},
		{"problems of reading and of rules, in order", "with:", "private_: x\nround: 0\nwith:", []string{
			"1:1: there is no such key; did you mean `private`?", "2:8: round is none from 1 to 99; write 2 for the second talk"}},

		// A private phrase in a public field: five words in a row, or all of a short one.
		{"leak in purpose", "Join forces on the spring launch.", "The one who DECIDES which-studies run in the spring.", []string{
			"4:10: warning: this repeats a phrase that stands under private; say it in other words if the partner should not read it"}},
		{"leak in a topic", "topic: Support", "topic: Why she decides which studies run", []string{
			"7:13: warning: this repeats a phrase that stands under private; say it in other words if the partner should not read it"}},
		{"leaks of short phrases", "  importance: 5", "  measures: [No surprise study]\nresult: No surprise study\noffer: [a, \"Again: no surprise study!\"]\nask: [no surprise study]\npermitted: no surprise study", []string{
			"17:9: warning: this repeats a phrase that stands under private; say it in other words if the partner should not read it",
			"18:12: warning: this repeats a phrase that stands under private; say it in other words if the partner should not read it",
			"19:7: warning: this repeats a phrase that stands under private; say it in other words if the partner should not read it",
			"20:12: warning: this repeats a phrase that stands under private; say it in other words if the partner should not read it"}},
		{"leak in the place", "place: Riverside path", "place: where she decides which studies run", []string{
			"10:10: warning: this repeats a phrase that stands under private; say it in other words if the partner should not read it"}},
		{"four words in a row are no leak", "Join forces on the spring launch.", "See which studies run in May.", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			plans, broken, problems := plan.Parse("maya.yaml", "maya", []byte(change(t, tt.from, tt.to)), false)
			if diff := cmp.Diff(tt.want, told(problems)); diff != "" {
				t.Errorf("want (-), got (+):\n%s", diff)
			}
			// Warnings don't keep a plan from being used; one problem does.
			refused := slices.ContainsFunc(problems, func(p strictyaml.Problem) bool { return !p.Warning })
			if refused != (len(plans) == 0) || refused != slices.Equal(broken, []plan.ID{"maya"}) {
				t.Errorf("%d plans, broken %v, refused is %v", len(plans), broken, refused)
			}
			for _, p := range problems {
				if p.Owner != "maya" {
					t.Errorf("%v belongs to %q, want maya", p, p.Owner)
				}
			}
		})
	}
}

// A plan that grows is not refused for what it lacks: it says what is missing until it is ready.
func TestMissing(t *testing.T) {
	plans, _, problems := plan.Parse("maya.yaml", "maya", []byte("with: {name: Maya, email: maya@example.org}\nsetting: {kind: coffee}\n"), false)
	want := []string{
		"1:1: warning: purpose is not filled in yet; nothing can be sent until it is",
		"1:1: warning: agenda is not filled in yet; nothing can be sent until it is",
		"2:10: warning: setting.place is not filled in yet; nothing can be sent until it is",
	}
	if diff := cmp.Diff(want, told(problems)); diff != "" || len(plans) != 1 {
		t.Errorf("%d plans, want one; want (-), got (+):\n%s", len(plans), diff)
	}
	if diff := cmp.Diff([]string{"purpose", "agenda", "setting.place"}, plans[0].Missing()); diff != "" {
		t.Errorf("Missing: want (-), got (+):\n%s", diff)
	}

	_, _, problems = plan.Parse("maya.yaml", "maya", []byte("with: {name: Maya, email: maya@example.org}\npurpose: [x]\nagenda: talk\nsetting: {kind: run}\n"), false)
	want = []string{
		"2:10: purpose wants text, and this is a list; write text",
		"3:9: agenda wants a list, and this is text; write a list",
		"4:17: setting.kind is none of the words known here; write neutral, walk, coffee, lunch, office, phone or video",
	}
	if diff := cmp.Diff(want, told(problems)); diff != "" {
		t.Errorf("what can't be read is not missing too; want (-), got (+):\n%s", diff)
	}
}

func TestDocuments(t *testing.T) {
	const unready = "{name: A, email: a@example.org}\npurpose: p\nagenda: [{topic: t}]\nsetting: {kind: coffee, place: here}\n"
	for _, tt := range []struct {
		name, file string
		plans      string // id and round
		broken     []plan.ID
		want       []string
	}{
		{"rounds and others", "with: " + unready + "---\nid: x\nround: 2\nwith: " + unready + "---\nid: tomás\nwith: " + unready, "x 1, x 2, tomás 1", nil, nil},
		{"own id of the first", "id: y\nwith: " + unready, "y 1", nil, nil},
		{"an id of digits", "id: 2027\nwith: " + unready, "2027 1", nil, nil},
		{"decomposed id", "id: toma\u0301s\nwith: " + unready, "tomás 1", nil, nil},
		{"second without id", "with: " + unready + "---\nwith: " + unready, "x 1", []plan.ID{"x"}, []string{"6:1: a further document of a file needs an id of its own; add `id:`"}},
		{"second with a bad id", "with: " + unready + "---\nid: a b\nwith: " + unready, "x 1", []plan.ID{"x"}, []string{
			"6:5: id is no id; use up to 64 letters, digits, dots, dashes and underscores, a letter or digit first"}},
		{"one bad of three", "with: " + unready + "---\nid: y\nwit: " + unready + "---\nid: z\nwith: " + unready, "x 1, z 1", []plan.ID{"y"}, []string{
			"6:1: with is missing; add `with:`", "7:1: there is no such key; did you mean `with`?"}},
		{"none that can be read", "with: " + unready + "---\nid: y\nwith: *a", "", []plan.ID{"x"}, []string{
			"7:1: this is not YAML (aliases (*name) are not read here); put text that begins with * in quotes"}},
		{"empty", "", "", []plan.ID{"x"}, []string{"1:1: the file is empty; write what it is for, or remove it"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			plans, broken, problems := plan.Parse("x.yaml", "x", []byte(tt.file), false)
			var got []string
			for _, p := range plans {
				got = append(got, fmt.Sprint(p.ID, " ", p.Round))
			}
			if s := strings.Join(got, ", "); s != tt.plans {
				t.Errorf("plans %q, want %q", s, tt.plans)
			}
			if diff := cmp.Diff(tt.broken, broken); diff != "" {
				t.Errorf("broken: want (-), got (+):\n%s", diff)
			}
			if diff := cmp.Diff(tt.want, told(problems)); diff != "" {
				t.Errorf("problems: want (-), got (+):\n%s", diff)
			}
		})
	}
	// A hundred documents with faults of their own are still one file's worth of problems.
	_, broken, problems := plan.Parse("x.yaml", "x", []byte(strings.Repeat("---\nid: y\na: 1\nb: 2\n", 100)), false)
	if len(problems) != 101 || len(broken) != 100 {
		t.Errorf("%d problems and %d broken, want 101 and 100", len(problems), len(broken))
	}
}

// What the contract and the repository show as examples has no problem.
func TestExamples(t *testing.T) {
	for _, file := range examples(t) {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		plans, _, problems := plan.Parse(file, "x", data, false)
		if len(plans) != 1 || problems != nil {
			t.Errorf("%s: %d plans, problems %v, want one without", file, len(plans), problems)
		}
	}
}

func examples(t testing.TB) []string {
	files, err := filepath.Glob("../../examples/*.yaml")
	if err != nil || len(files) < 3 {
		t.Fatalf("examples %v, %v, want three or more", files, err)
	}
	return append(files, "testdata/contract.yaml")
}

// Every field that goes out as one line refuses what could break out of it.
func TestHostileValues(t *testing.T) {
	for _, field := range []struct{ from, to string }{
		{"name: Maya Chen", "name: %s"}, {"email: maya@example.org", "email: %s"}, {"with:", "id: %s\nwith:"}, {"with:", "result: %s\nwith:"},
		{"topic: Support", "topic: %s"}, {"kind: walk", "kind: %s"}, {"place: Riverside path", "place: %s"}, {"start: 2027-03-04 10:00", "start: %s"},
		{"start: 2027-03-04 10:00", "times: [%s]"}, {"start: 2027-03-04 10:00", "between: {from: %s, to: %[1]s}"}, {"start:", "duration: %s\n  start:"}, {"start:", "timezone: %s\n  start:"},
		{"with:", "offer: [%s]\nwith:"}, {"with:", "ask: [%s]\nwith:"}, {"with:", "permitted: %s\nwith:"}, {"with:", "ask_on: %s\nwith:"}, {"importance: 5", "measures: [%s]"},
		{"kind: walk", "kind: phone\n  phone: %s"}, {"kind: walk", "kind: video\n  url: %s"},
		{"email:", "timezone: %s\n  email:"}, {"email:", "language: %s\n  email:"}, {"email:", "aliases: [%s]\n  email:"}, {"email:", "working_hours: {days: [%s], from: %[1]s, to: %[1]s}\n  email:"},
	} {
		for _, bad := range []struct{ escape, want string }{
			{`\r\nBcc: x`, "has a line break"}, {`\n`, "has a line break"}, {`\N`, "has a line break"}, {`\P`, "has a line break"}, {`\t`, "has a tab"},
			{`\0`, "has a control character (U+0000)"}, {`\e`, "has a control character (U+001B)"}, {`\x7f`, "has a control character (U+007F)"},
			{`\u202e`, "has a character that reorders text on the screen (U+202E)"}, {`\u2067`, "has a character that reorders text on the screen (U+2067)"},
		} {
			file := change(t, field.from, fmt.Sprintf(field.to, `"maya@example.org`+bad.escape+`x"`))
			plans, _, problems := plan.Parse("maya.yaml", "maya", []byte(file), false)
			if len(plans) != 0 || !slices.ContainsFunc(problems, func(p strictyaml.Problem) bool { return strings.Contains(p.Text, bad.want) }) {
				t.Errorf("%s with %s: %d plans, problems %v, want one that says %q", field.to, bad.escape, len(plans), problems, bad.want)
			}
		}
	}
	// What goes out as several lines may have line breaks, and nothing else of these.
	for _, from := range []string{"Join forces on the spring launch.", "She decides which studies run in our house."} {
		for escape, fits := range map[string]bool{`\n`: true, `\t`: true, `\r`: false, `\L`: false, `\e`: false, `\u202e`: false, `\u061c`: false} {
			plans, _, problems := plan.Parse("maya.yaml", "maya", []byte(change(t, from, `"A`+escape+`B"`)), false)
			if fits != (len(plans) == 1) || fits != (len(problems) == 0) {
				t.Errorf("%s in %s: %d plans, problems %v, want it to fit: %v", escape, from, len(plans), problems, fits)
			}
		}
	}
}

// Nobody can print, log or store the private block by mistake.
func TestPrivateStaysPrivate(t *testing.T) {
	const canary = "Quetzalcoatl"
	p := plan.Private{Why: canary, Goal: canary, Measures: []string{canary}, Importance: 4711, Urgency: 4711, History: canary}
	whole := &plan.Plan{ID: "maya", Private: p}
	for _, v := range []any{p, &p, whole, *whole, []plan.Private{p}, map[string]any{"p": p}, struct{ P *plan.Private }{&p}} {
		out := []string{fmt.Sprint(v), fmt.Sprintln(v)}
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x", "%X", "%o", "%t", "%10v"} {
			out = append(out, fmt.Sprintf(verb, v))
		}
		for name, marshal := range map[string]func(any) ([]byte, error){"json": json.Marshal, "yaml": yaml.Marshal, "xml": xml.Marshal} {
			b, err := marshal(v)
			if err != nil && name != "xml" { // which has no maps
				t.Errorf("%s of %T: %v", name, v, err)
			}
			out = append(out, string(b))
		}
		for _, s := range out {
			if strings.Contains(s, canary) || strings.Contains(s, fmt.Sprintf("%x", canary)) || strings.Contains(s, "4711") {
				t.Errorf("%T comes out as %s", v, s)
			}
		}
	}
	if b, _ := json.Marshal(whole); !bytes.Contains(b, []byte(`"Private":null`)) {
		t.Errorf("JSON is %s, want a private block of null", b)
	}
}

// What is kept of a plan is its terms as JSON: any plan without a problem comes back the same.
func TestTermsJSON(t *testing.T) {
	for _, file := range append(examples(t), "unfinished") {
		data := []byte("with: {name: A, email: a@example.org}\n")
		if file != "unfinished" {
			var err error
			if data, err = os.ReadFile(file); err != nil {
				t.Fatal(err)
			}
		}
		plans, _, problems := plan.Parse(file, "x", data, false)
		if len(plans) != 1 {
			t.Fatal(problems)
		}
		kept, err := json.Marshal(plans[0].Terms)
		if err != nil {
			t.Fatal(err)
		}
		var got plan.Terms
		if err := json.Unmarshal(kept, &got); err != nil {
			t.Errorf("%s: %v in %s", file, err, kept)
		}
		if diff := cmp.Diff(plans[0].Terms, got, equalDates); diff != "" {
			t.Errorf("%s: want (-), got (+):\n%s", file, diff)
		}
	}
}

// The schema that editors get agrees with what is read: on the examples, and on each kind of slip.
func TestSchema(t *testing.T) {
	data, err := json.Marshal(strictyaml.Schema(reflect.TypeFor[plan.Plan](), "coalition plan"))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(data, []byte(`"-"`)) || bytes.Contains(data, []byte("Terms")) {
		t.Errorf("the schema shows the inside of the program: %s", data)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("plan.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("plan.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range examples(t) {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(asEditorsRead(t, string(data))); err != nil {
			t.Errorf("%s: %v, want it to be valid", file, err)
		}
	}
	for _, tt := range []struct {
		name, from, to string
		valid          bool
	}{
		{"all keys empty that may be", "with:", "id:\nround:\nresult:\noffer:\nask:\nask_on:\npermitted:\nwith:\n  aliases:\n  timezone:\n  language:\n  working_hours:", true},
		{"blocks of empty keys", "setting:\n  kind: walk\n  place: Riverside path", "setting:\n  kind: walk\n  place:\n  private_room:\n  phone:\n  url:", true},
		{"nothing but with", good[strings.Index(good, "purpose:"):], "purpose:\nagenda:\nsetting:\nwhen:\nready:\nprivate:\n", true},
		{"times", "start: 2027-03-04 10:00", "duration:\n  short:\n  start:\n  times:\n  between:\n  timezone:", true},
		{"an id and a phone number of digits", "with:", "id: 2027\nwith:", true},
		{"phone of digits", "kind: walk", "kind: phone\n  phone: +49301234567", true},
		{"working hours", "with:", "with:\n  working_hours: {from: \"09:00\", to: \"17:00\"}", true},
		{"a list of working hours", "with:", "with:\n  working_hours: [{from: \"09:00\", to: \"12:00\"}, {from: \"13:00\", to: \"17:00\"}]", true},
		{"working hours in words", "with:", "with:\n  working_hours: nine to five", false},
		{"an unknown key in a list of working hours", "with:", "with:\n  working_hours: [{form: \"09:00\", to: \"12:00\"}]", false},
		{"unknown key", "with:", "purpos: x\nwith:", false},
		{"unknown key in a block", "kind: walk", "kind: walk\n  room: 5", false},
		{"no with", "with:\n  name: Maya Chen\n  email: maya@example.org\n", "", false},
		{"empty with", "with:\n  name: Maya Chen\n  email: maya@example.org\n", "with:\n", false},
		{"no name", "  name: Maya Chen\n", "", false},
		{"text for true", "ready: true", "ready: soon", false},
		{"text for number", "importance: 5", "importance: high", false},
		{"number for text", "name: Maya Chen", "name: 5", false},
		{"text for list", "with:", "offer: all\nwith:", false},
		{"no such kind", "kind: walk", "kind: run", false},
		{"no kind", "kind: walk", "kind:", false},
		{"empty item", "with:", "offer: [a, ]\nask: [~]\nwith:", false},
		{"too long", "Join forces on the spring launch.", strings.Repeat("x", 2001), false},
		{"too many", "with:", "ask: [" + strings.Repeat("x,", 51) + "]\nwith:", false},
	} {
		file := change(t, tt.from, tt.to)
		if err := schema.Validate(asEditorsRead(t, file)); (err == nil) != tt.valid {
			t.Errorf("%s: the schema says %v, want it to be valid: %v", tt.name, err, tt.valid)
		}
		// Whatever the schema says of types, the decoder says too.
		file = strings.Replace(file, "ready: true", "ready: false", 1)
		_, broken, problems := plan.Parse("maya.yaml", "maya", []byte(file), false)
		if (broken == nil) != tt.valid {
			t.Errorf("%s: the decoder says %v, want it to be valid: %v", tt.name, problems, tt.valid)
		}
	}
}

// asEditorsRead is the YAML as editors hand it to a schema: YAML 1.2, which has no dates.
func asEditorsRead(t *testing.T, text string) any {
	t.Helper()
	var root yaml.Node
	if err := yaml.Unmarshal([]byte(text), &root); err != nil {
		t.Fatal(err)
	}
	var value func(n *yaml.Node) any
	value = func(n *yaml.Node) any {
		switch n.Kind {
		case yaml.DocumentNode:
			return value(n.Content[0])
		case yaml.MappingNode:
			m := make(map[string]any)
			for i := 0; i < len(n.Content); i += 2 {
				m[n.Content[i].Value] = value(n.Content[i+1])
			}
			return m
		case yaml.SequenceNode:
			list := []any{}
			for _, c := range n.Content {
				list = append(list, value(c))
			}
			return list
		}
		if n.Tag == "!!timestamp" {
			return n.Value
		}
		var v any
		if err := n.Decode(&v); err != nil {
			t.Fatal(err)
		}
		return v
	}
	return value(&root)
}
