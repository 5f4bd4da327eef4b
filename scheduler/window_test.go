package scheduler_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"coalition/scheduler/conversation"
	"coalition/scheduler/plan"
)

// A window is whole days of the organizer's clock, whatever the zone of the plan's times: from the first minute of the
// first day to that of the day after the last.
func TestWindow(t *testing.T) {
	for _, tt := range []struct{ name, when, zone, from, to string }{
		{"days", "{between: {from: 2027-03-01, to: 2027-03-12}}", "Europe/Lisbon", "2027-03-01T00:00:00Z", "2027-03-13T00:00:00Z"},
		{"days, and another zone for times", "{timezone: Asia/Tokyo, between: {from: 2027-03-01, to: 2027-03-12}}", "Europe/Lisbon", "2027-03-01T00:00:00Z", "2027-03-13T00:00:00Z"},
		{"one day on which clocks are put", "{between: {from: 2027-03-28, to: 2027-03-28}}", "Europe/Lisbon", "2027-03-28T00:00:00Z", "2027-03-29T00:00:00+01:00"},
		{"days that count from now", "{between: {from: in 3 days, to: in 2 weeks}}", "Europe/Lisbon", "2027-02-04T00:00:00Z", "2027-02-16T00:00:00Z"},
		{"times of day", "{between: {from: 2027-03-01 10:00, to: 2027-03-12 12:00}}", "Europe/Lisbon", "2027-03-01T10:00:00Z", "2027-03-12T12:00:00Z"},
		// Clocks in Santiago skip from 24:00 to 01:00 on the first Sunday of September.
		{"a day without midnight", "{between: {from: 2027-09-05, to: 2027-09-05}}", "America/Santiago", "2027-09-05T01:00:00-03:00", "2027-09-06T00:00:00-03:00"},
		{"the day before", "{between: {from: 2027-09-04, to: 2027-09-04}}", "America/Santiago", "2027-09-04T00:00:00-04:00", "2027-09-05T01:00:00-03:00"},
		{"no time at all", "{duration: 1h}", "Europe/Lisbon", "2027-02-02T00:00:00Z", "2027-02-16T00:00:00Z"},
		{"a start", "{start: 2027-03-04 10:00}", "Europe/Lisbon", "", ""},
		{"times", "{times: [2027-03-04 10:00, 2027-03-05 10:00]}", "Europe/Lisbon", "", ""},
	} {
		settings := ana
		settings.Zone = plan.Zone(tt.zone)
		c := conversation.New("maya", 1, &settings)
		if problems := c.Read(parse(t, maya("when: "+tt.when)), monday); problems != nil {
			t.Fatal(tt.name, problems)
		}
		d := c.DatesAt(monday)
		from, to := d.From.Time().Format(time.RFC3339), d.To.Time().Format(time.RFC3339)
		if tt.from == "" && (!d.From.IsZero() || !d.To.IsZero()) || tt.from != "" && (from != tt.from || to != tt.to) {
			t.Errorf("%s: from %s to %s, want %s to %s", tt.name, from, to, tt.from, tt.to)
		}
		if tt.to != "" && (d.Passed(d.LastDay()) || !d.Passed(d.To.Time())) {
			t.Errorf("%s: passed on its last day, or not at its end", tt.name)
		}
	}
}

// Ten working days count from when the plan is first acted on, also for one that an older version has fixed without
// them; and end when the plan names something else.
func TestWindowOfNoTime(t *testing.T) {
	c := talk(t, "when: {duration: 1h}")
	want := c.DatesAt(monday)
	later := monday.AddDate(0, 0, 3)
	if got := c.DatesAt(later); got.From != want.From || got.To != want.To {
		t.Errorf("three days later it is %v to %v, want still %v to %v", got.From, got.To, want.From, want.To)
	}

	c.Dates = &plan.Dates{AskOn: monday.AddDate(0, 0, 5)}
	c.Settle(later)
	if c.Dates.From.Wall != "2027-02-05T00:00" || c.Dates.To.Wall != "2027-02-19T00:00" || !c.Dates.AskOn.Equal(monday.AddDate(0, 0, 5)) {
		t.Errorf("one of an older version is fixed as %+v", c.Dates)
	}

	for _, tt := range []struct{ when, from string }{
		{"{start: 2027-03-04 10:00}", ""},
		{"{duration: 1h}", "2027-02-05T00:00"},
		{"{times: [2027-03-04 10:00]}", ""},
		{"{between: {from: 2027-03-01, to: 2027-03-02}}", "2027-03-01T00:00"},
		{"{duration: 90m}", "2027-02-05T00:00"},
		{"{duration: 2h}", "2027-02-05T00:00"},
	} {
		if problems := c.Read(parse(t, maya("when: "+tt.when)), later); problems != nil {
			t.Fatal(problems)
		}
		if c.Dates.From.Wall != tt.from {
			t.Errorf("%s: the window begins %q, want %q", tt.when, c.Dates.From.Wall, tt.from)
		}
	}
}

// Hours of several blocks: the brief goes when the first of them begins that day, and working days are those of any.
func TestSeveralHours(t *testing.T) {
	settings := ana
	if err := json.Unmarshal([]byte(`[{"days":["mon","tue"],"from":"14:00","to":"18:00"},{"days":["tue","wed"],"from":"08:30","to":"12:00"},{"days":["sat"],"from":"10:00","to":"12:00"}]`), &settings.Hours); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ askOn, want string }{
		{"2027-02-08", "2027-02-08T14:00:00Z"},
		{"2027-02-09", "2027-02-09T08:30:00Z"},
		// Nobody works that day.
		{"2027-02-12", "2027-02-12T08:30:00Z"},
		{"2027-02-12 15:00", "2027-02-12T15:00:00Z"},
		// Tuesday, Wednesday, Saturday, Monday.
		{"in 4 working days", "2027-02-08T14:00:00Z"},
	} {
		c := conversation.New("maya", 1, &settings)
		if problems := c.Read(parse(t, maya("ask_on: "+tt.askOn)), monday); problems != nil {
			t.Fatal(problems)
		}
		if got := c.DatesAt(monday).AskOn.Format(time.RFC3339); got != tt.want {
			t.Errorf("ask_on %s is %s, want %s", tt.askOn, got, tt.want)
		}
	}
}

// What is kept free around a talk is the plan's own or that of its kind, comes back from the state, and is nothing that
// the partner is told of.
func TestTravel(t *testing.T) {
	settings := ana
	settings.Times.Travel = map[plan.Kind]time.Duration{plan.Walk: 15 * time.Minute}
	c := conversation.New("maya", 1, &settings)
	var told string
	for _, tt := range []struct {
		setting string
		want    time.Duration
	}{
		{"{kind: walk, place: Riverside path}", 15 * time.Minute},
		{"{kind: walk, place: Riverside path, travel: 45m}", 45 * time.Minute},
		{"{kind: walk, place: Riverside path, travel: 0m}", 0},
		{"{kind: coffee, place: Riverside path}", 0},
	} {
		if problems := c.Read(parse(t, maya("setting: "+tt.setting)), monday); problems != nil {
			t.Fatal(problems)
		}
		data := must(json.Marshal(c))
		back := conversation.New("maya", 1, &settings)
		if err := json.Unmarshal(data, back); err != nil {
			t.Fatal(err)
		}
		if c.Travel() != tt.want || back.Travel() != tt.want {
			t.Errorf("%s: travel %v, kept as %v; want %v", tt.setting, c.Travel(), back.Travel(), tt.want)
		}
		if told == "" {
			told = c.PlaceKey()
		}
		if walks := strings.Contains(tt.setting, "walk"); (c.PlaceKey() == told) != walks {
			t.Errorf("%s: the place is another: %v", tt.setting, walks)
		}
	}
}
