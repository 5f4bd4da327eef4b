package form

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"coalition/scheduler/plan"
	"coalition/scheduler/strictyaml"
)

var proposal = Proposal{Head: "Write.", Agenda: []string{"Commitment (20)", "Support (25)", "What we keep (15)"},
	Past: []string{"What I want (10)", "What happened (30)", "What is mine (20)"}}

// parse reads what File has written; problems that are no warnings fail the test.
func parse(t *testing.T, data []byte) []*plan.Plan {
	t.Helper()
	plans, _, problems := plan.Parse("maya.yaml", "maya", data, false)
	for _, p := range problems {
		if !p.Warning {
			t.Fatalf("%s\n%s", p, data)
		}
	}
	return plans
}

// all has something to say of every key.
func all() Said {
	return Said{
		"id": {"maya"}, "round": {"2"},
		"with.name": {"Maya: \"Chen\" #1"}, "with.email": {"maya@example.org"}, "with.call": {"Maya"}, "with.familiar": {"true"},
		"with.aliases": {"m@example.org", "chen@example.org"}, "with.timezone": {"Europe/Berlin"}, "with.language": {"de"},
		"with.working_hours": {"mon-wed,fri 09:00-12:30", "thu 14:00-18:00"}, "with.holidays": {"DE-BE"},
		"result": {"Spring launch"}, "opening": {"We met in May. I liked it."},
		"purpose": {strings.TrimSpace(strings.Repeat("Join forces, so that both pull the same way #one: yes. ", 6))},
		"offer":   {"a", "- b: c"}, "ask": {"[d]"}, "agenda": {"Where we stand, today (20)", "All else"},
		"setting.kind": {"office"}, "setting.place": {"Room 7"}, "setting.private_room": {"true"}, "setting.phone": {"+49 30 1234567"},
		"setting.caller": {"partner"}, "setting.url": {"https://meet.example.org/x"}, "setting.travel": {"45m"},
		"when.duration": {"45m"}, "when.short": {"true"}, "when.start": {"2027-03-04 10:00"},
		"when.times": {"2027-03-04 10:00", "in 8 working days at 15:00"}, "when.between": {"2027-03-01..in 3 weeks"},
		"when.timezone": {"Europe/Lisbon"}, "ask_on": {"2027-02-22"}, "ready": {"true"}, "permitted": {"She said yes"},
		"private.why": {"one\n\ntwo"}, "private.goal": {"g"}, "private.measures": {"m", "n"}, "private.importance": {"5"},
		"private.urgency": {"1"}, "private.history": {"h"},
	}
}

// What is said of any key stands in the file, as it was said; a key that plans get later is missed here.
func TestFile(t *testing.T) {
	said := all()
	for _, k := range Keys() {
		if len(said[k.Path]) == 0 {
			t.Errorf("nothing is said of %s: say it above, and write it in a file", k.Path)
		}
	}
	// A talk has one kind, and one way to name its time.
	without := func(paths ...string) Said {
		s := all()
		for _, path := range paths {
			delete(s, path)
		}
		return s
	}
	office := without("setting.phone", "setting.caller", "setting.url", "when.times", "when.between")
	got := parse(t, office.File("maya", proposal))[0]
	date := func(s string) plan.Date {
		d, err := plan.ParseDate(s)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	travel := plan.Travel(45 * time.Minute)
	want := &plan.Plan{
		ID: "maya", Round: 2,
		Terms: plan.Terms{
			With: plan.With{Name: "Maya: \"Chen\" #1", Email: "maya@example.org", Call: "Maya", Familiar: true,
				Aliases: []plan.Email{"m@example.org", "chen@example.org"}, Timezone: "Europe/Berlin", Language: "de",
				WorkingHours: plan.Hours{{Days: []plan.Weekday{1, 2, 3, 5}, From: 540, To: 750}, {Days: []plan.Weekday{4}, From: 840, To: 1080}},
				Holidays:     "DE-BE"},
			Result: "Spring launch", Opening: "We met in May. I liked it.", Purpose: said.One("purpose"),
			Offer: []string{"a", "- b: c"}, Ask: []string{"[d]"},
			Agenda:  []plan.Item{{Topic: "Where we stand, today", Minutes: 20}, {Topic: "All else"}},
			Setting: plan.Setting{Kind: plan.Office, Place: "Room 7", PrivateRoom: true, Travel: &travel},
			When: plan.When{Duration: plan.Duration(45 * time.Minute), Short: true, Start: date("2027-03-04 10:00"),
				Timezone: "Europe/Lisbon"},
			AskOn: date("2027-02-22"), Ready: true, Permitted: "She said yes",
		},
		Private: plan.Private{Why: "one\n\ntwo", Goal: "g", Measures: []string{"m", "n"}, Importance: 5, Urgency: 1, History: "h"},
	}
	// Private shows itself to nobody, a comparison included.
	same := []cmp.Option{cmpopts.IgnoreUnexported(plan.Plan{}), cmpopts.IgnoreFields(plan.Plan{}, "Private"),
		cmp.Comparer(func(a, b plan.Date) bool { return a.String() == b.String() })}
	if diff := cmp.Diff(want, got, same...); diff != "" {
		t.Error(diff)
	}
	p, q := got.Private, want.Private
	if p.Why != q.Why || p.Goal != q.Goal || !slices.Equal(p.Measures, q.Measures) || p.Importance != q.Importance ||
		p.Urgency != q.Urgency || p.History != q.History {
		t.Error("what is private is not what was said")
	}

	phone := without("setting.place", "setting.private_room", "setting.url", "when.start", "when.between")
	phone["setting.kind"] = []string{"phone"}
	if got := parse(t, phone.File("maya", proposal))[0]; got.Setting.Phone != "+49 30 1234567" ||
		got.Setting.Caller != plan.CallerPartner || len(got.When.Times) != 2 || got.When.Times[0].String() != "2027-03-04 10:00" {
		t.Errorf("%+v %+v", got.Setting, got.When)
	}
	video := without("setting.place", "setting.private_room", "setting.phone", "setting.caller", "when.start", "when.times")
	video["setting.kind"] = []string{"video"}
	got = parse(t, video.File("maya", proposal))[0]
	if got.Setting.URL != "https://meet.example.org/x" || got.When.Between.From.String() != "2027-03-01" ||
		got.When.Between.To.String() != "in 3 weeks" {
		t.Errorf("%+v %+v", got.Setting, got.When)
	}
	// What does not belong to its kind is not lost: reading the plan refuses it.
	lost := without("when.times", "when.between")
	_, _, problems := plan.Parse("", "maya", lost.File("maya", proposal), false)
	if len(problems) != 3 {
		t.Errorf("%v", problems)
	}
}

// A new plan lacks what only the organizer can say, and each of its comments can be taken at its word.
func TestComments(t *testing.T) {
	said := Said{"with.name": {"Maya Chen"}, "with.email": {"maya@example.org"}}
	for _, kind := range append([]string{""}, plan.Kinds...) {
		if kind != "" {
			said["setting.kind"] = []string{kind}
		}
		if kind == plan.Phone {
			said["setting.phone"] = []string{"030 1234567"}
		}
		data := said.File("maya", proposal)
		if kind != plan.Office && kind != plan.Video {
			parse(t, data)
		}
		delete(said, "setting.phone")
		lines := strings.Split(string(data), "\n")
		comment := regexp.MustCompile(`^( *)# ( *)([a-z_]+:.*)$`)
		taken := 0
		for i, line := range lines {
			m := comment.FindStringSubmatch(line)
			if m == nil || m[2] != "" {
				continue
			}
			plain := slices.Clone(lines)
			plain[i] = m[1] + m[3]
			// What stands below belongs to it.
			for j := i + 1; j < len(lines) && strings.HasPrefix(lines[j], m[1]+"#   "); j++ {
				plain[j] = m[1] + strings.TrimPrefix(lines[j], m[1]+"# ")
				if strings.HasSuffix(plain[j], "-") {
					plain[j] += " something"
				}
			}
			taken++
			_, _, problems := plan.Parse("", "maya", []byte(strings.Join(plain, "\n")), false)
			for _, p := range problems {
				wanted := strings.HasPrefix(line, "# ready:") || kind == plan.Office && !strings.Contains(line, "private_room") ||
					kind == plan.Video
				if !p.Warning && !wanted {
					t.Errorf("%s: %s", line, p)
				}
			}
		}
		if taken < 18 {
			t.Errorf("%s: only %d comments were found in\n%s", kind, taken, data)
		}
	}
}

// What is past comes first, and what stands between the two is written once; an agenda of one's own counts.
func TestPast(t *testing.T) {
	said := Said{"with.name": {"Maya"}, "with.email": {"maya@example.org"}, "private.history": {"The March launch"},
		"when.start": {"2027-03-04 10:00"}, "when.duration": {"90m"}, "ask_on": {"2027-02-22"}}
	plans := parse(t, said.File("maya", proposal))
	if len(plans) != 2 || plans[1].Round != 2 || plans[1].ID != "maya" {
		t.Fatalf("%d plans", len(plans))
	}
	if first := plans[0]; first.Agenda[0].Topic != "What I want" || first.Private.History == "" || first.When.Start.IsZero() {
		t.Errorf("the first: %+v", first.Terms)
	}
	if second := plans[1]; second.Agenda[0].Topic != "Commitment" || second.Private.History != "" || !second.When.Start.IsZero() ||
		!second.AskOn.IsZero() || second.When.Length() != 90*time.Minute {
		t.Errorf("the second: %+v", second.Terms)
	}
	said["agenda"] = []string{"Mine (60)"}
	if plans := parse(t, said.File("maya", proposal)); len(plans) != 1 || plans[0].Agenda[0].Topic != "Mine" {
		t.Errorf("with an own agenda: %d plans", len(plans))
	}
}

func TestCheck(t *testing.T) {
	for path, values := range all() {
		for _, v := range values {
			if fault := Check(path, v); fault != nil {
				t.Errorf("%s: %q: %s; %s", path, v, fault.Text, fault.Mend)
			}
		}
	}
	for _, x := range []struct{ path, value, want string }{
		{"with.email", "maya", "has no @"},
		{"with.aliases", "maya", "has no @"},
		{"with.timezone", "Berlin", "is no IANA time zone"},
		{"with.language", "german!", "is no language"},
		{"with.working_hours", "mon", "are no hours of work"},
		{"with.working_hours", "fri-mon 09:00-17:00", "are no hours of work"},
		{"with.working_hours", "17:00-09:00", "the working day ends before it begins"},
		{"with.working_hours", "25:00-26:00", "from is no time of day"},
		{"with.call", strings.Repeat("x", 101), "is 101 characters long"},
		{"with.name", "a\u202eb", "has"},
		{"with.familiar", "perhaps", "is neither true nor false"},
		{"purpose", "a\x07", "has"},
		{"agenda", "Talk (800)", "the agenda takes 800 minutes"},
		{"agenda", strings.Repeat("x", 201), "is 201 characters long"},
		{"setting.kind", "pub", "is none of"},
		{"setting.phone", "me", "is no phone number"},
		{"setting.url", "meet", "is no web address"},
		{"setting.travel", "13h", "is no time to travel"},
		{"when.duration", "an hour", "is no length of a talk"},
		{"when.start", "2027-03-04", "a talk needs the time of day too"},
		{"when.times", "tomorrow", "is no date"},
		{"when.between", "next week", "is no span of days"},
		{"when.between", "2027-03-12..2027-03-01", "between ends before it begins"},
		{"private.importance", "6", "importance is none from 1 to 5"},
		{"private.urgency", "high", "is no whole number"},
		{"round", "0", "is none from 1 to 99"},
	} {
		if fault := Check(x.path, x.value); fault == nil || !strings.Contains(fault.Text, x.want) || fault.Mend == "" {
			t.Errorf("%s: %q: %+v, want %q", x.path, x.value, fault, x.want)
		}
	}
	if path, fault := (Said{"agenda": {"a"}, "private.urgency": {"3", "high"}}).Misread(); path != "private.urgency" || fault == nil {
		t.Errorf("misread: %s, %v", path, fault)
	}
	if path, fault := all().Misread(); fault != nil {
		t.Errorf("misread: %s, %v", path, fault)
	}
}

func TestFit(t *testing.T) {
	points := []string{"One (20)", "Two (25)", "Three (15)"}
	for _, x := range []struct {
		length time.Duration
		want   string
	}{
		{time.Hour, "One (20), Two (25), Three (15)"},
		{90 * time.Minute, "One (30), Two (40), Three (20)"},
		{45 * time.Minute, "One (15), Two (20), Three (10)"},
		{20 * time.Minute, "One (6), Two (9), Three (5)"},
		{5 * time.Minute, "One (1), Two (3), Three (1)"},
	} {
		if got := strings.Join(Fit(points, x.length), ", "); got != x.want {
			t.Errorf("%s: %s, want %s", x.length, got, x.want)
		}
	}
	if got := Fit([]string{"One", "Two (20)"}, 2*time.Hour); got[1] != "Two (20)" {
		t.Errorf("an own proportion: %q", got)
	}
}

// Whatever is said comes back as it was said, or is refused.
func FuzzFile(f *testing.F) {
	for _, s := range []string{"a", " a", "a\n  b\n", "#", "- a", "a: b #c", strings.Repeat("word ", 60), strings.Repeat("two  ", 60),
		"\u0085", "\u2028", "'", `"\`, "null", "~", "=1+1", "2027-03-04", "1", "true", "%TAG", "---", "|", ">-", "{", "a\n---\nb",
		strings.Repeat("w ", 80) + "\n#x", strings.Repeat("é", 300), "a\tb\n\tc"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		said := Said{"with.name": {"Maya"}, "with.email": {"maya@example.org"}, "purpose": {s}, "private.why": {s},
			"private.measures": {s}, "offer": {s}, "agenda": {s}, "when.start": {s}, "with.working_hours": {s}}
		if strings.TrimSpace(s) == "" {
			return
		}
		plans, _, problems := plan.Parse("", "maya", said.File("maya", proposal), false)
		if slices.ContainsFunc(problems, func(p strictyaml.Problem) bool { return !p.Warning }) {
			return
		}
		if len(plans) != 1 {
			t.Fatalf("%d plans", len(plans))
		}
		p := plans[0]
		if want := strings.TrimSpace(s); p.Purpose != want || p.Private.Why != want || p.Private.Measures[0] != want || p.Offer[0] != want {
			t.Errorf("%q came back as %q", want, p.Purpose)
		}
	})
}

// A further round says again what the two of them and their partnership are, and nothing that was of one talk.
func TestAgain(t *testing.T) {
	for _, kind := range plan.Kinds {
		for _, length := range []string{"1h", "1h30m", "2h", "45m"} {
			said := all()
			said["setting.kind"], said["when.duration"] = []string{kind}, []string{length}
			for path, only := range map[string]string{"setting.private_room": plan.Office, "setting.phone": plan.Phone,
				"setting.caller": plan.Phone, "setting.url": plan.Video} {
				if kind != only {
					delete(said, path)
				}
			}
			delete(said, "when.start")
			delete(said, "when.times")
			before := parse(t, said.File("maya", proposal))[0]
			again := Again(before)
			if diff := cmp.Diff([]string{length}, again["when.duration"]); diff != "" {
				t.Errorf("the length, want (-), got (+):\n%s", diff)
			}
			again["round"] = []string{"3"}
			after := parse(t, again.File("maya", Proposal{Agenda: Fit(proposal.Agenda, again.Length())}))[0]
			want := *before
			want.Round, want.Opening, want.AskOn, want.Ready, want.Permitted = 3, "", plan.Date{}, false, ""
			want.When.Between, want.When.Timezone, want.Agenda = nil, "", after.Agenda
			if diff := cmp.Diff(&want, after, cmpopts.IgnoreUnexported(plan.Plan{}), cmp.AllowUnexported(plan.Date{}),
				cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("%s: want (-), got (+):\n%s", kind, diff)
			}
		}
	}
	// Hours that leave out their times, or their days.
	p := parse(t, []byte("with: {name: Maya, email: m@example.org, working_hours: [{days: [mon]}, {from: \"08:00\", to: \"12:00\"}]}\n"))[0]
	if diff := cmp.Diff([]string{"mon 09:00-17:00", "08:00-12:00"}, Again(p)["with.working_hours"]); diff != "" {
		t.Errorf("hours, want (-), got (+):\n%s", diff)
	}
}
