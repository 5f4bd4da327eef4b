package slots_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"coalition/invites"
	"coalition/scheduler/plan"
	"coalition/scheduler/slots"
)

// at is a time of June 2027 on the clock of Lisbon, such as "14 09:00".
func at(t testing.TB, s string) time.Time {
	t.Helper()
	when, err := time.ParseInLocation("2006-01-02 15:04", "2027-06-"+s, zone(t, "Europe/Lisbon"))
	if err != nil {
		t.Fatal(err)
	}
	return when.UTC()
}

// span is such a time to another, as "14 09:00/14 10:00".
func span(t testing.TB, s string) invites.Span {
	from, to, _ := strings.Cut(s, "/")
	return invites.Span{Start: at(t, from), End: at(t, to)}
}

// calendar has these spans.
func calendar(t testing.TB, partner bool, spans ...string) invites.FreeBusy {
	f := invites.FreeBusy{Name: "work", State: invites.FreshBusy, Partner: partner}
	for _, s := range spans {
		f.Busy = append(f.Busy, invites.Busy{Span: span(t, s), Title: "Board"})
	}
	return f
}

// spans shows each as "14 09:00-16:00" on the clock of Lisbon.
func spans(list []invites.Span, at *time.Location) string {
	var all []string
	for _, s := range list {
		all = append(all, s.Start.In(at).Format("2 15:04")+"-"+s.End.In(at).Format("15:04"))
	}
	return strings.Join(all, ", ")
}

// TestRules has each rule by itself, on Monday 14 and Tuesday 15 June 2027, on which Lisbon and Berlin can both talk
// from 09:00 to 16:00 of Lisbon.
func TestRules(t *testing.T) {
	hours := func(from, to plan.Clock) plan.Block { return slots.Daily(from*60, to*60)[0] }
	for name, tt := range map[string]struct {
		change func(*slots.Query)
		want   string
	}{
		"none": {func(*slots.Query) {}, "14 09:00-16:00, 15 09:00-16:00"},
		"busy, with travel": {func(q *slots.Query) {
			q.Busy = []invites.FreeBusy{calendar(t, false, "14 11:00/14 12:00")}
		}, "14 09:00-10:45, 14 12:15-16:00, 15 09:00-16:00"},
		"busy, of the partner": {func(q *slots.Query) {
			q.Busy = []invites.FreeBusy{calendar(t, true, "14 11:00/14 12:00")}
		}, "14 09:00-10:45, 14 12:15-16:00, 15 09:00-16:00"},
		"busy, without travel": {func(q *slots.Query) {
			q.Travel = 0
			q.Busy = []invites.FreeBusy{calendar(t, false, "14 10:00/14 12:00", "14 12:00/14 13:00")}
		}, "14 09:00-10:00, 14 13:00-16:00, 15 09:00-16:00"},
		"a gap that is too short": {func(q *slots.Query) {
			q.Busy = []invites.FreeBusy{calendar(t, false, "14 09:00/14 10:00", "14 11:29/14 16:00")}
		}, "15 09:00-16:00"},
		"a gap that is just long enough": {func(q *slots.Query) {
			q.Busy = []invites.FreeBusy{calendar(t, false, "14 09:00/14 10:00", "14 11:30/14 16:00")}
		}, "14 10:15-11:15, 15 09:00-16:00"},
		"travel reaches out of the hours, and into an event there": {func(q *slots.Query) {
			q.Busy = []invites.FreeBusy{calendar(t, false, "14 08:00/14 08:50", "14 16:00/14 20:00")}
		}, "14 09:05-15:45, 15 09:00-16:00"},
		"travel reaches out of the window": {func(q *slots.Query) {
			q.Organizer.Hours, q.Partner.Hours = slots.Daily(0, 24*60), slots.Daily(0, 24*60)
			q.Busy = []invites.FreeBusy{calendar(t, false, "13 23:00/14 00:00", "16 00:00/16 01:00")}
		}, "14 00:15-23:00, 14 23:00-00:00, 15 00:00-23:00"},
		"an event of no length": {func(q *slots.Query) {
			q.Busy = []invites.FreeBusy{calendar(t, false, "14 11:00/14 11:00")}
		}, "14 09:00-16:00, 15 09:00-16:00"},
		"an event of days": {func(q *slots.Query) {
			q.Busy = []invites.FreeBusy{calendar(t, false, "12 11:00/15 11:00", "14 10:00/14 11:00")}
		}, "15 11:15-16:00"},
		"a talk, whose travel adds up": {func(q *slots.Query) {
			q.Talks = []slots.Talk{{Span: span(t, "14 12:00/14 13:00"), Travel: 30 * time.Minute, Agreed: true, Ref: "kim"}}
		}, "14 09:00-11:15, 14 13:45-16:00, 15 09:00-16:00"},
		"times that others are offered": {func(q *slots.Query) {
			q.Talks = []slots.Talk{{Span: span(t, "14 12:00/14 13:00"), Ref: "kim"}, {Span: span(t, "15 09:00/15 10:00"), Ref: "kim"}}
		}, "14 09:00-11:45, 14 13:15-16:00, 15 10:15-16:00"},
		"as many talks as a day may have": {func(q *slots.Query) {
			q.PerDay = 2
			q.Talks = []slots.Talk{{Span: span(t, "14 19:00/14 20:00"), Agreed: true, Ref: "kim"}, {Span: span(t, "14 21:00/14 22:00"), Ref: "lee"}}
		}, "15 09:00-16:00"},
		"several times of one talk count once": {func(q *slots.Query) {
			q.PerDay = 2
			q.Talks = []slots.Talk{{Span: span(t, "14 19:00/14 20:00"), Ref: "kim"}, {Span: span(t, "14 21:00/14 22:00"), Ref: "kim"}}
		}, "14 09:00-16:00, 15 09:00-16:00"},
		"several spans a day, of which some overlap or touch": {func(q *slots.Query) {
			q.Organizer.Hours = plan.Hours{hours(14, 16), hours(9, 11), hours(10, 12), hours(12, 13)}
		}, "14 09:00-13:00, 14 14:00-16:00, 15 09:00-13:00, 15 14:00-16:00"},
		"another day of the week": {func(q *slots.Query) {
			q.Organizer.Hours[0].Days = []plan.Weekday{plan.Weekday(time.Tuesday)}
		}, "15 09:00-16:00"},
		"hours of two days that touch": {func(q *slots.Query) {
			q.Organizer.Hours, q.Partner.Hours = slots.Daily(0, 24*60), slots.Daily(0, 24*60)
			q.Partner.Zone = q.Organizer.Zone
		}, "14 00:00-00:00, 15 00:00-00:00"},
		"a day of the partner's that ends within the organizer's": {func(q *slots.Query) {
			q.Partner.Zone, q.Partner.Hours = zone(t, "Asia/Kathmandu"), slots.Daily(0, 24*60)
			q.Organizer.Hours = slots.Daily(17*60, 22*60)
		}, "14 17:00-19:15, 14 19:15-22:00, 15 17:00-19:15, 15 19:15-22:00"},
		"a holiday of the organizer": {func(q *slots.Query) {
			q.Organizer.Holiday = func(day time.Time) (string, bool) { return "Feast", day.Day() == 14 }
		}, "15 09:00-16:00"},
		"a holiday of the partner, on their calendar": {func(q *slots.Query) {
			q.Partner.Zone, q.Partner.Hours = zone(t, "Asia/Kathmandu"), slots.Daily(0, 24*60)
			q.Partner.Holiday = func(day time.Time) (string, bool) { return "Feast", day.Day() == 15 }
			q.Organizer.Hours = slots.Daily(17*60, 22*60)
		}, "14 17:00-19:15, 15 19:15-22:00"},
		"notice, on to the next whole minute": {func(q *slots.Query) {
			q.Now = at(t, "13 10:30").Add(time.Nanosecond)
		}, "14 10:31-16:00, 15 09:00-16:00"},
		"notice, just in time": {func(q *slots.Query) {
			q.Now = at(t, "13 10:30")
		}, "14 10:30-16:00, 15 09:00-16:00"},
		"what suits, on the partner's clock": {func(q *slots.Query) {
			q.Suits = slots.Daily(11*60+30, 14*60)
		}, "14 10:30-13:00, 15 10:30-13:00"},
		"what is kept free": {func(q *slots.Query) {
			q.KeepFree = plan.Hours{hours(10, 12)}
			q.KeepFree[0].Days = []plan.Weekday{plan.Weekday(time.Monday)}
		}, "14 09:00-10:00, 14 12:00-16:00, 15 09:00-16:00"},
		"nobody who works": {func(q *slots.Query) {
			q.Window = span(t, "19 00:00/21 00:00")
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			q := office(t)
			q.Organizer.Hours = plan.Hours{hours(9, 17)}
			q.Now = at(t, "01 12:00")
			q.Window = span(t, "14 00:00/16 00:00")
			tt.change(q)
			if got := spans(q.Find().Free, q.Organizer.Zone); got != tt.want {
				t.Errorf("free is %s; want %s", got, tt.want)
			}
		})
	}
}

// TestClocks has days on which clocks are put: what is free of one day, where the next one is looked at, too.
func TestClocks(t *testing.T) {
	for _, tt := range []struct{ name, zone, day, hours, length, want string }{
		{"hours with the hour that is skipped", "Europe/Lisbon", "2027-03-28", "00:00-04:00", "1h",
			"00:00+0000 to 04:00+0100"},
		{"a talk that does not fit into a day that lacks an hour", "Europe/Lisbon", "2027-03-28", "00:00-04:00", "3h30m",
			""},
		{"hours around the skipped hour", "Europe/Lisbon", "2027-03-28", "00:00-01:00 02:00-04:00", "3h",
			"00:00+0000 to 04:00+0100"},
		{"hours with the hour that comes twice", "Europe/Lisbon", "2027-10-31", "00:00-04:00", "5h",
			"00:00+0100 to 04:00+0000"},
		{"hours from within the skipped hour", "Europe/Lisbon", "2027-03-28", "01:30-06:00", "1h",
			"02:30+0100 to 06:00+0100"},
		{"hours to within the skipped hour", "Europe/Lisbon", "2027-03-28", "00:00-01:30", "1h",
			"00:00+0000 to 02:30+0100"},
		{"hours from within the doubled hour", "Europe/Lisbon", "2027-10-31", "01:30-03:00", "1h",
			"01:30+0100 to 03:00+0000"},
		{"hours to within the doubled hour", "Europe/Lisbon", "2027-10-31", "00:00-01:30", "1h",
			"00:00+0100 to 01:30+0100"},
		{"a day without a midnight", "America/Santiago", "2027-09-05", "00:00-02:00", "1h", "01:00-0300 to 02:00-0300"},
		{"a day whose last hour is skipped", "America/Nuuk", "2027-03-27", "22:00-23:30", "1h",
			"22:00-0200 to 00:00-0100"},
		{"half an hour twice", "Australia/Lord_Howe", "2027-04-04", "00:00-04:00", "4h30m", "00:00+1100 to 04:00+1030"},
		{"a day that never was", "Pacific/Apia", "2011-12-30", "00:00-24:00", "1h", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			q := office(t)
			here := zone(t, tt.zone)
			day, err := time.Parse(time.DateOnly, tt.day)
			if err != nil {
				t.Fatal(err)
			}
			// Midnight in Kathmandu, which no talk may cross, is in none of these hours.
			q.Partner = slots.Person{Zone: zone(t, "Asia/Kathmandu"), Hours: slots.Daily(0, 24*60)}
			q.Organizer = slots.Person{Zone: here}
			for hours := range strings.FieldsSeq(tt.hours) {
				from, to, _ := strings.Cut(hours, "-")
				b := plan.Block{Days: []plan.Weekday{plan.Weekday(day.Weekday())}}
				if b.From.Parse(from) != nil || b.To.Parse(to) != nil {
					t.Fatal(hours)
				}
				q.Organizer.Hours = append(q.Organizer.Hours, b)
			}
			q.Window = invites.Span{Start: midnight(day, here), End: midnight(day.AddDate(0, 0, 2), here)}
			q.Now = day.AddDate(-1, 0, 0)
			if q.Length, err = time.ParseDuration(tt.length); err != nil {
				t.Fatal(err)
			}
			got := ""
			for _, s := range q.Find().Free {
				got += s.Start.In(here).Format("15:04-0700 to ") + s.End.In(here).Format("15:04-0700")
			}
			if got != tt.want {
				t.Errorf("free is %q; want %q", got, tt.want)
			}
		})
	}
}

// TestDays tells what blocks what.
func TestDays(t *testing.T) {
	q := office(t)
	q.Window = span(t, "12 00:00/15 00:00")
	q.Now = at(t, "11 08:00")
	q.Suits = slots.Daily(10*60, 17*60)
	q.PerDay = 1
	q.KeepFree = plan.Hours{{From: 9 * 60, To: 10 * 60}}
	q.Busy = []invites.FreeBusy{calendar(t, false, "13 22:00/14 01:00"), calendar(t, true, "14 14:00/14 15:00")}
	q.Talks = []slots.Talk{{Span: span(t, "12 20:00/12 21:00"), Agreed: true, Ref: "kim"},
		{Span: span(t, "13 20:00/13 21:00"), Ref: "lee/2"}, {Span: span(t, "13 20:30/13 21:00"), Ref: "lee/2"}}
	q.Partner.Holiday = func(day time.Time) (string, bool) { return "Feast", day.Day() == 13 }
	q.Organizer.Holiday = func(day time.Time) (string, bool) { return "Saint", day.Day() == 13 }
	var got []string
	for _, d := range q.Find().Days() {
		got = append(got, d.Start.In(q.Organizer.Zone).Format("Monday")+" "+spans(d.Free, q.Organizer.Zone))
		for _, b := range d.Blocked {
			line := fmt.Sprintf("%s %s %s %s %s", spans([]invites.Span{b.Span}, q.Organizer.Zone), b.Who, b.Why, b.Source, b.Title)
			got = append(got, strings.TrimRight(line, " "))
		}
	}
	want := strings.Split(strings.TrimSpace(`
Saturday 
12 00:00-08:00 both notice
12 00:00-09:00 both suits
12 00:00-00:00 both hours
12 00:00-00:00 organizer per_day
12 16:00-00:00 both suits
12 20:00-21:00 organizer busy kim
12 23:00-00:00 partner holiday Feast
Sunday 
13 00:00-09:00 both suits
13 00:00-23:00 partner holiday Feast
13 00:00-00:00 organizer holiday Saint
13 00:00-00:00 both hours
13 00:00-00:00 organizer per_day
13 16:00-00:00 both suits
13 20:00-21:00 organizer offered lee/2
13 20:30-21:00 organizer offered lee/2
13 22:00-00:00 organizer busy work Board
Monday 14 10:00-13:45
14 00:00-01:00 organizer busy work Board
14 00:00-08:00 partner hours
14 00:00-09:00 organizer hours
14 00:00-09:00 both suits
14 09:00-10:00 organizer keep_free
14 14:00-15:00 partner busy work
14 16:00-00:00 partner hours
14 16:00-00:00 both suits
14 17:00-00:00 organizer hours
`), "\n")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestBreaks tells what a start would break that somebody has in mind.
func TestBreaks(t *testing.T) {
	q := office(t)
	q.Now = at(t, "13 12:00")
	q.PerDay = 1
	q.Busy = []invites.FreeBusy{calendar(t, false, "17 10:30/17 11:00")}
	q.Talks = []slots.Talk{{Span: span(t, "18 12:00/18 13:00"), Agreed: true, Ref: "kim"}}
	for start, want := range map[string]string{
		"15 10:07": "",
		"14 11:00": "both notice",
		"12 23:30": "both window, both notice, both hours",
		"17 10:20": "organizer busy work Board",
		"17 11:14": "organizer busy work Board",
		"17 11:15": "",
		"18 09:00": "organizer per_day",
		"17 23:30": "organizer hours, partner hours",
		"29 10:00": "both window",
	} {
		var got []string
		for _, b := range q.Breaks(at(t, start)) {
			got = append(got, strings.TrimRight(fmt.Sprintf("%s %s %s %s", b.Who, b.Why, b.Source, b.Title), " "))
		}
		slices.Sort(got)
		wanted := strings.Split(want, ", ")
		slices.Sort(wanted)
		if strings.Join(got, ", ") != strings.Join(wanted, ", ") {
			t.Errorf("%s breaks %v; want %v", start, got, wanted)
		}
	}
}

// TestChoice tells which times are chosen out of all, and what their scores are made of.
func TestChoice(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*slots.Query)
		want   string
	}{
		"soon": {func(q *slots.Query) { q.Urgency = 5 }, `
15 12:00 0.924 soon 0.858 hours 0.985 room 1.000
14 14:00 0.883 soon 1.000 hours 0.610 room 1.000
16 10:00 0.740 soon 0.715 hours 0.610 room 1.000`},
		"it may be late": {func(q *slots.Query) { q.Urgency = 1 }, `
15 12:00 0.981 soon 0.972 hours 0.985 room 1.000
14 14:00 0.883 soon 1.000 hours 0.610 room 1.000
16 10:00 0.854 soon 0.943 hours 0.610 room 1.000`},
		"six on two days": {func(q *slots.Query) { q.Offer, q.Window = 6, span(t, "15 00:00/17 00:00") }, `
15 12:00 0.920 soon 0.850 hours 0.985 room 1.000
15 13:00 0.877 soon 0.838 hours 0.860 room 1.000
15 14:00 0.796 soon 0.826 hours 0.610 room 1.000
16 12:30 0.753 soon 0.544 hours 0.938 room 1.000
16 11:00 0.739 soon 0.563 hours 0.860 room 1.000
16 10:00 0.671 soon 0.576 hours 0.610 room 1.000`},
		"a day that is nearly full": {func(q *slots.Query) {
			q.Window = span(t, "15 00:00/16 00:00")
			q.Busy = []invites.FreeBusy{calendar(t, false, "15 10:15/15 15:00")}
		}, `
15 09:00 0.658 soon 0.775 hours 0.235 room 1.000`},
		"no island": {func(q *slots.Query) {
			q.Window, q.Offer = span(t, "15 00:00/16 00:00"), 1
			q.Busy = []invites.FreeBusy{calendar(t, false, "15 10:15/15 11:30", "15 10:20/15 10:30")}
			q.Talks = []slots.Talk{{Span: span(t, "15 13:00/15 13:30"), Ref: "kim"}}
		}, `
15 14:00 0.708 soon 0.651 hours 0.610 room 1.000`},
		"on the steps of a clock that is three quarters of an hour off": {func(q *slots.Query) {
			q.Organizer.Zone, q.Step = zone(t, "Asia/Kathmandu"), time.Hour
			q.Busy = []invites.FreeBusy{calendar(t, false, "14 00:00/16 08:30")}
		}, `
16 14:00 0.821 soon 0.832 hours 0.685 room 1.000
17 15:00 0.750 soon 0.735 hours 0.610 room 1.000
18 13:00 0.626 soon 0.649 hours 0.341 room 1.000`},
		"a calendar that could not be read": {func(q *slots.Query) {
			q.Busy = []invites.FreeBusy{{State: invites.FreshBusy}, {State: invites.FailedBusy}}
		}, ``},
		"one that is not regarded": {func(q *slots.Query) {
			q.Offer, q.Stale = 1, true
			q.Busy = []invites.FreeBusy{{State: invites.FreshBusy}, {State: invites.FailedBusy}}
		}, `
15 12:00 0.953 soon 0.915 hours 0.985 room 1.000`},
	} {
		t.Run(name, func(t *testing.T) {
			q := office(t)
			q.Window = span(t, "14 00:00/21 00:00")
			tt.change(q)
			var got string
			for _, c := range q.Find().Offered {
				got += fmt.Sprintf("\n%s %.3f soon %.3f hours %.3f room %.3f",
					c.Start.In(q.Organizer.Zone).Format("2 15:04"), c.Score, c.Soon, c.Hours, c.Room)
			}
			if got != tt.want {
				t.Errorf("got%s\nwant%s", got, tt.want)
			}
		})
	}
}

// TestRemedies tells what would help where nothing is free.
func TestRemedies(t *testing.T) {
	full := func(q *slots.Query) {
		q.Busy = []invites.FreeBusy{calendar(t, false, "14 08:00/15 18:00")}
	}
	for name, tt := range map[string]struct {
		change func(*slots.Query)
		want   string
	}{
		"days": {full, "window 1 0s 25"},
		"days, beyond a weekend": {func(q *slots.Query) {
			q.Window = span(t, "17 00:00/19 00:00")
			q.Busy = []invites.FreeBusy{calendar(t, false, "17 08:00/21 14:30")}
		}, "window 3 0s 2"},
		"notice": {func(q *slots.Query) {
			q.Now = at(t, "14 14:35")
			q.Busy = []invites.FreeBusy{calendar(t, false, "15 15:30/30 00:00")}
		}, "notice 0 23h0m0s 3"},
		"notice, within the hour": {func(q *slots.Query) {
			q.Now = at(t, "15 14:10")
			q.Busy = []invites.FreeBusy{calendar(t, false, "15 16:30/30 00:00")}
		}, "notice 0 50m0s 1"},
		"travel": {func(q *slots.Query) {
			q.Busy = []invites.FreeBusy{calendar(t, false, "14 08:00/15 10:00", "15 11:00/30 00:00")}
		}, "travel 0 0s 1"},
		"a talk more": {func(q *slots.Query) {
			q.PerDay = 1
			q.Busy = []invites.FreeBusy{calendar(t, false, "14 09:00/15 09:00", "16 00:00/30 00:00")}
			q.Talks = []slots.Talk{{Span: span(t, "15 19:00/15 20:00"), Agreed: true, Ref: "kim"}}
		}, "per_day 0 0s 24"},
		"what is kept free": {func(q *slots.Query) {
			q.KeepFree = slots.Daily(8*60, 15*60+30)
		}, "keep_free 0 0s 50"},
		"what suits": {func(q *slots.Query) {
			q.Suits = slots.Daily(18*60, 20*60)
		}, "suits 0 0s 50"},
		"what others are offered": {func(q *slots.Query) {
			q.Busy = []invites.FreeBusy{calendar(t, false, "14 09:00/15 10:00", "15 13:00/30 00:00")}
			q.Talks = []slots.Talk{{Span: span(t, "15 11:00/15 12:00"), Ref: "kim"}, {Span: span(t, "14 11:00/14 12:00"), Agreed: true, Ref: "lee"}}
		}, "travel 0 0s 2, offered 0 0s 7"},
		"nothing would": {func(q *slots.Query) {
			q.Busy = []invites.FreeBusy{calendar(t, false, "14 09:00/30 00:00")}
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			q := office(t)
			q.Now = at(t, "01 12:00")
			q.Window = span(t, "14 00:00/16 00:00")
			tt.change(q)
			if r := q.Find(); len(r.Free) > 0 {
				t.Fatalf("free is %s", spans(r.Free, q.Organizer.Zone))
			}
			var got []string
			for _, r := range q.Remedies() {
				got = append(got, fmt.Sprintf("%s %d %v %d", r.Why, r.Days, r.Notice, r.Times))
			}
			if strings.Join(got, ", ") != tt.want {
				t.Errorf("%s would help; want %s", strings.Join(got, ", "), tt.want)
			}
		})
	}
}

// steady are places whose clocks are never put.
var steady = []string{"UTC", "Asia/Kathmandu", "Asia/Tokyo", "America/Phoenix", "Australia/Brisbane"}

// TestShift: a week later, all is a week later.
func TestShift(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const week = 7 * 24 * time.Hour
		later := func(s invites.Span) invites.Span { return invites.Span{Start: s.Start.Add(week), End: s.End.Add(week)} }
		q := drawQuery(t, steady, near)
		first := q.Find()
		q.Now, q.Window = q.Now.Add(week), later(q.Window)
		for i, f := range q.Busy {
			for k := range f.Busy {
				q.Busy[i].Busy[k].Span = later(f.Busy[k].Span)
			}
		}
		for i := range q.Talks {
			q.Talks[i].Span = later(q.Talks[i].Span)
		}
		for _, p := range []*slots.Person{&q.Organizer, &q.Partner} {
			holiday := p.Holiday
			p.Holiday = func(day time.Time) (string, bool) { return holiday(day.AddDate(0, 0, -7)) }
		}
		for i, f := range first.Free {
			first.Free[i] = later(f)
		}
		for i := range first.Offered {
			first.Offered[i].Span = later(first.Offered[i].Span)
		}
		second := q.Find()
		if diff := cmp.Diff(first.Free, second.Free) + cmp.Diff(first.Offered, second.Offered); diff != "" {
			t.Fatal(diff)
		}
	})
}

// TestMoreBusy: one event more makes no time free, and none that overlaps it is offered; neither do two times that are
// offered overlap.
func TestMoreBusy(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := drawQuery(t, placesOnEarth, near)
		before := q.Find()
		start := q.Window.Start.Add(time.Duration(rapid.IntRange(-60, 72*60).Draw(t, "start")) * time.Minute)
		event := invites.Span{Start: start, End: start.Add(time.Duration(rapid.IntRange(0, 300).Draw(t, "minutes")) * time.Minute)}
		q.Busy = append(q.Busy, invites.FreeBusy{State: invites.FreshBusy, Busy: []invites.Busy{{Span: event}}})
		after := q.Find()
		for _, s := range after.Free {
			if !slices.ContainsFunc(before.Free, func(b invites.Span) bool { return !s.Start.Before(b.Start) && !s.End.After(b.End) }) {
				t.Fatalf("%v is free now", s)
			}
		}
		if len(after.Offered) > q.Offer {
			t.Fatalf("%d are offered of %d", len(after.Offered), q.Offer)
		}
		for i, c := range after.Offered {
			for _, o := range after.Offered[:i] {
				if c.Overlaps(o.Span) || o.Score < c.Score {
					t.Fatalf("%+v stands before %+v", o, c)
				}
			}
			if event.Start.Before(event.End) && c.Start.Add(-q.Travel).Before(event.End) && event.Start.Before(c.End.Add(q.Travel)) {
				t.Fatalf("%v is offered", c)
			}
			if !slices.ContainsFunc(after.Free, func(s invites.Span) bool { return !c.Start.Before(s.Start) && !c.End.After(s.End) }) {
				t.Fatalf("%v is offered, and not free", c)
			}
		}
	})
}
