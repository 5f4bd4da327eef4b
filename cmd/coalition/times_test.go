package main

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"coalition/scheduler/organizer"
	"coalition/scheduler/plan"
	"coalition/scheduler/strictyaml"
)

// configOf is the config of these lines below a first one, which is the organizer's, and what is told of it: problems
// and warnings.
func configOf(lines string) (c *config, told []string) {
	c, problems := parseConfig("", []byte("organizer: {name: Ana Lopes, email: ana@example.org, timezone: Europe/Lisbon}\n"+lines))
	if c != nil && problems == nil {
		problems = c.warnings()
	}
	for _, p := range problems {
		told = append(told, strings.TrimPrefix(p.String(), ":"))
	}
	return c, told
}

// Each rule of the keys for free times, and what breaks it.
func TestTimesRules(t *testing.T) {
	for _, tt := range []struct {
		lines string
		want  []string
	}{
		{"times:\n", nil},
		{"times: {notice: 0m, per_day: 20, offer: 6, step: 1h, hold: false}\n", nil},
		{"times: {notice: 1 day}\n", []string{"2:17: times.notice is no time from nothing to 30 days; write 24h, 48h or 30m"}},
		{"times: {notice: -1h}\n", []string{"2:17: times.notice is no time from nothing to 30 days; write 24h, 48h or 30m"}},
		{"times: {notice: 721h}\n", []string{"2:17: times.notice is no time from nothing to 30 days; write 24h, 48h or 30m"}},
		{"times: {per_day: 0}\n", []string{"2:18: per_day is no number from 1 to 20; write one of them"}},
		{"times: {per_day: three}\n", []string{"2:18: times.per_day wants a whole number, and this is text; write a whole number"}},
		{"times: {offer: 7}\n", []string{"2:16: offer is no number from 1 to 6; write one of them"}},
		{"times: {step: 20m}\n", []string{"2:15: times.step is none of the words known here; write 5m, 10m, 15m, 30m or 1h"}},
		{"times: {step: 5m30s}\n", []string{"2:15: times.step is none of the words known here; write 5m, 10m, 15m, 30m or 1h"}},
		{"times: {travel: 30m}\n", []string{"2:17: times.travel wants a block of keys, and this is text; write a block of keys"}},
		{"times: {travel: {run: 30m}}\n", []string{"2:18: there is no such key in times.travel; the keys here are neutral, walk, coffee, lunch, office, phone, video"}},
		{"times: {travel: {walk: 13h}}\n", []string{"2:24: times.travel.walk is no time to travel, from 0m to 12h; write 45m, 1h or 0m"}},
		{"times: {travel: {walk: -5m}}\n", []string{"2:24: times.travel.walk is no time to travel, from 0m to 12h; write 45m, 1h or 0m"}},
		{"times: {travel: {walk: 90s}}\n", []string{"2:24: times.travel.walk is no time to travel, from 0m to 12h; write 45m, 1h or 0m"}},
		{"times: {suits: {lunch: {from: \"13:00\"}, coffee: {}, phone: {to: \"12:00\"}}}\n", nil},
		{"times: {suits: {lunch: {from: \"15:00\"}}}\n", []string{"2:24: these hours end before they begin; write from: \"11:30\" and a later to:"}},
		{"times: {suits: {phone: {from: \"10:00\"}}}\n", []string{"2:24: these hours end before they begin; write from: \"11:30\" and a later to:"}},
		{"times: {suits: {phone: {from: ten, to: \"12:00\"}}}\n", []string{"2:31: times.suits.phone.from is no time of day; write it as \"09:00\""}},
		{"times: {suits: {phone: {days: [mon]}}}\n", []string{"2:25: there is no such key in times.suits.phone; the keys here are from, to"}},
		{"times:\n  keep_free:\n    - {days: [mon, wed], from: \"09:00\", to: \"11:00\"}\n    - {days: [fri]}\n    - {from: \"16:00\"}\n", nil},
		{"times: {keep_free: {days: [fri]}}\n", nil},
		{"times:\n  keep_free:\n    - {days: [fri]}\n    - {days: [mon], from: \"12:00\", to: \"11:00\"}\n", []string{
			"5:7: the working day ends before it begins; write from: \"09:00\" and a later to:"}},
		{"times: {keep_free: [{to: \"11:00\"}]}\n", []string{"2:21: the hours have no beginning; add from: \"09:00\""}},
		{"times: {keep_free: [{days: [fri]}, {}]}\n", []string{"2:36: this would keep all of every week free; add days:, or from: and to:"}},
		{"times: {keep_free: lunch}\n", []string{"2:20: times.keep_free wants a block of keys, and this is text; write a block of keys"}},
		{"times: {keep_free: []}\n", []string{"2:20: there are no hours in this list; write a block of days, from and to, or take the key out"}},
		{"times: {hold: true}\n", []string{"2:15: warning: only a Google calendar can hold what is offered, and invitations go by mail; write `via: google` under calendar, or take hold out"}},
		{"times: {hold: true}\ncalendar: {via: google, google: {client_file: x}}\n", nil},
		{"times: {hold: yes}\n", []string{"2:15: times.hold wants true or false, and this is text; write true or false"}},
	} {
		if _, told := configOf(tt.lines); !cmp.Equal(tt.want, told) {
			t.Errorf("%s%s", tt.lines, cmp.Diff(tt.want, told))
		}
	}
}

// TestBusyRules: each calendar that blocks time is one of three kinds, with what goes with it.
func TestBusyRules(t *testing.T) {
	const client = "calendar: {google: {client_file: x}, busy: ["
	for _, tt := range []struct {
		lines string
		want  []string
	}{
		{"calendar: {busy: [{name: private, ics: ./private.ics}, {ics: \"https://example.org/a.ics\", username: ana, password_file: x}, {caldav: \"https://example.org/a/\"}]}\n", nil},
		{"calendar: {busy: [{ics: \"webcal://example.org/a.ics\"}, {ics: \"http://127.0.0.1:8080/a\"}, {ics: \"http://[::1]/a\"}, {caldav: \"http://localhost:5232/a/\"}]}\n", nil},
		{"calendar: {busy: [{ics: \"http://example.org/a.ics\"}, {caldav: \"http://127.example.org/\"}]}\n", []string{
			"2:25: it would be read without https, which only this machine itself can do without; write https://…, or the path of a file",
			"2:63: it would be read without https, which only this machine itself can do without; write https://…"}},
		{"calendar: {busy: [{ics: \"file:///etc/passwd\"}]}\n", []string{"2:25: it is no address in full, such as https://calendar.example.org/ana.ics; write https://…, or the path of a file"}},
		{"calendar: {busy: [{ics: \"webcal:example.org/a.ics\"}]}\n", []string{"2:25: it is no address in full, such as https://calendar.example.org/ana.ics; write https://…, or the path of a file"}},
		{"calendar: {busy: [{ics: \"ftp://example.org/a.ics\"}]}\n", []string{"2:25: it is no address that begins with https:// or webcal://; write https://…, or the path of a file"}},
		{client + "{google: team@group.calendar.example.org}]}\n", nil},
		{"calendar: {busy: [{}]}\n", []string{"2:19: a busy calendar is one of google, ics and caldav; keep one of them"}},
		{"calendar: {busy: [{name: all, ics: a, google: b}]}\n", []string{"2:19: a busy calendar is one of google, ics and caldav; keep one of them",
			"2:47: a Google calendar needs a client of your own; add `client_file:` under calendar.google, with the Desktop client that you have downloaded from Google's console"}},
		{"calendar: {busy: [{name: " + strings.Repeat("x", 61) + ", ics: a}]}\n", []string{"2:26: calendar.busy, item 1, name is 61 characters long; keep it to 60"}},
		{"calendar: {busy: [{ics: a, username: ana}]}\n", []string{"2:38: a user name needs a password; add `password_file:`, `password_command:` or `password_keyring:`"}},
		{client + "{google: a, username: ana, password_file: x}]}\n", []string{"2:45: a Google calendar is read by the account that you sign in to; take username and its password out"}},
		{"calendar: {busy: [{caldav: ./private}]}\n", []string{"2:28: calendar.busy, item 1, caldav is no web address; write it in full, such as https://meet.example.org/x"}},
	} {
		if _, told := configOf(tt.lines); !cmp.Equal(tt.want, told) {
			t.Errorf("%s%s", tt.lines, cmp.Diff(tt.want, told))
		}
	}
}

// TestTimes: what is left out has its default, also beside what is written.
func TestTimes(t *testing.T) {
	everyDay := []plan.Weekday{0, 1, 2, 3, 4, 5, 6}
	want := func() organizer.Times {
		return organizer.Times{
			Notice: 24 * time.Hour, PerDay: 3, Offer: 3, Step: 15 * time.Minute,
			Travel: map[plan.Kind]time.Duration{plan.Neutral: 30 * time.Minute, plan.Walk: 15 * time.Minute, plan.Coffee: 10 * time.Minute,
				plan.Lunch: 10 * time.Minute, plan.Office: 10 * time.Minute, plan.Phone: 0, plan.Video: 0},
			Suits: map[plan.Kind]plan.Hours{plan.Lunch: {{Days: everyDay, From: 11*60 + 30, To: 14 * 60}}, plan.Coffee: {{Days: everyDay, From: 9 * 60, To: 17 * 60}}},
		}
	}
	for _, tt := range []struct {
		lines string
		other func(*organizer.Times)
	}{
		{"", func(*organizer.Times) {}},
		{"times: {notice: 48h, per_day: 1, offer: 6, step: 1h, hold: true, travel: {phone: 5m, walk: 0m}}\n", func(w *organizer.Times) {
			w.Notice, w.PerDay, w.Offer, w.Step, w.Hold = 48*time.Hour, 1, 6, time.Hour, true
			w.Travel[plan.Phone], w.Travel[plan.Walk] = 5*time.Minute, 0
		}},
		{"times: {suits: {lunch: {to: \"13:00\"}, phone: {from: \"10:00\", to: \"12:00\"}}}\n", func(w *organizer.Times) {
			w.Suits[plan.Lunch][0].To = 13 * 60
			w.Suits[plan.Phone] = plan.Hours{{Days: everyDay, From: 10 * 60, To: 12 * 60}}
		}},
		{"times: {keep_free: [{days: [fri]}, {from: \"16:00\"}]}\n", func(w *organizer.Times) {
			w.KeepFree = []plan.Block{{Days: []plan.Weekday{5}, To: 24 * 60}, {Days: everyDay, From: 16 * 60, To: 24 * 60}}
		}},
	} {
		c, _ := configOf(tt.lines)
		w := want()
		tt.other(&w)
		if diff := cmp.Diff(w, c.settings().Times); diff != "" {
			t.Errorf("%swant (-), got (+):\n%s", tt.lines, diff)
		}
	}
}

// TestWorkingHours: the organizer's hours are a block or a list of them, and what a block leaves out has its default.
func TestWorkingHours(t *testing.T) {
	for _, tt := range []struct {
		hours string
		want  plan.Hours
		told  []string
	}{
		{"", plan.Hours{{From: 9 * 60, To: 17*60 + 30}}, nil},
		{"{days: [sun, mon]}", plan.Hours{{Days: []plan.Weekday{0, 1}, From: 9 * 60, To: 17*60 + 30}}, nil},
		{"{from: \"10:00\"}", plan.Hours{{From: 10 * 60, To: 17*60 + 30}}, nil},
		{"[{to: \"12:00\"}, {from: \"13:00\", to: \"18:00\"}]", plan.Hours{{From: 9 * 60, To: 12 * 60}, {From: 13 * 60, To: 18 * 60}}, nil},
		{"[{from: \"18:00\"}]", nil, []string{"1:95: the working day ends before it begins; write from: \"09:00\" and a later to:"}},
		{"[]", nil, []string{"1:94: there are no hours in this list; write a block of days, from and to, or take the key out"}},
	} {
		text := "organizer: {name: Ana Lopes, email: ana@example.org, timezone: Europe/Lisbon, working_hours: " + tt.hours + "}\n"
		c, problems := parseConfig("", []byte(text))
		var told []string
		for _, p := range problems {
			told = append(told, strings.TrimPrefix(p.String(), ":"))
		}
		if !cmp.Equal(tt.told, told) || told == nil && !cmp.Equal(tt.want, c.settings().Hours) {
			t.Errorf("%s: %v, %v", tt.hours, c.settings().Hours, told)
		}
	}
}

// TestHolidays: holidays of the organizer are a region's or a file's, beside the config; check tells what is wrong with
// either, where it stands, and nothing else minds.
func TestHolidays(t *testing.T) {
	for _, tt := range []struct{ holidays, want string }{
		{"PT", ""},
		{"de-be", ""},
		{"XX", ":5:13: organizer.holidays is no country or region whose holidays are known here; write AT, AU, BE, "},
		{"webcal://example.org/x.ics", ":5:13: organizer.holidays is an address, and holidays are not fetched; name a file of this machine\n"},
		{"own/days.ics", ""},
		{"days.ics", ":5:13: organizer.holidays names a file that can't be read (no such file or directory); look at its name, and its permissions\n"},
		{"conversations/maya.yaml.ics", ":5:13: organizer.holidays names a file that is no calendar: it does not begin with BEGIN:VCALENDAR; name a calendar file (.ics) that lists the holidays\n"},
	} {
		dir := write(t, "config.yaml", anaConfig+"  holidays: "+tt.holidays+"\n", "conversations/maya.yaml", mayaPlan,
			"own/days.ics", "BEGIN:VCALENDAR\nEND:VCALENDAR\n", "conversations/maya.yaml.ics", mayaPlan)
		code, stdout, stderr := coalition(t, dir, "check")
		if wrong := tt.want != ""; wrong && code != exitUsage || !wrong && code != exitDone || !strings.Contains(stdout+stderr, tt.want) {
			t.Errorf("%s: exit %d\n%s%s, want %s", tt.holidays, code, stdout, stderr, tt.want)
		}
		if code, _, stderr := coalition(t, dir, "list"); code != exitDone && !strings.Contains(tt.want, "known here") && !strings.Contains(tt.want, "address") {
			t.Errorf("%s: list exits %d: %s", tt.holidays, code, stderr)
		}
	}
}

// TestConfigSchema: what editors are told of a config agrees with what is read, on the example with all of its blocks
// and on slips.
func TestConfigSchema(t *testing.T) {
	data, err := json.Marshal(strictyaml.Schema(reflect.TypeFor[config](), "coalition config"))
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("config.json", doc); err != nil {
		t.Fatal(err)
	}
	schema := c.MustCompile("config.json")
	valid := func(text string) error {
		var v any
		if err := yaml.Unmarshal([]byte(text), &v); err != nil {
			t.Fatal(err)
		}
		data, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		return schema.Validate(doc)
	}
	if err := valid(string(fullConfig(t))); err != nil {
		t.Errorf("the example: %v", err)
	}
	for lines, want := range map[string]bool{
		"times:\n": true, "times: {travel: {run: 1h}}\n": false, "times: {step: 20m}\n": false, "times: {suits: {lunch: {days: [mon]}}}\n": false,
		"times: {keep_free: {days: [fri]}}\n": true, "times: {keep_free: [{days: [fry]}]}\n": false, "times: {offer: many}\n": false,
	} {
		if err := valid(anaConfig + lines); (err == nil) != want {
			t.Errorf("%s%v, want it to be valid: %v", lines, err, want)
		}
		if _, problems := parseConfig("", []byte(anaConfig+lines)); (len(problems) == 0) != want {
			t.Errorf("%s%v, want it to be good: %v", lines, problems, want)
		}
	}
}
