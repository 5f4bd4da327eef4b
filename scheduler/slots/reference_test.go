package slots_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"coalition/invites"
	"coalition/scheduler/plan"
	"coalition/scheduler/slots"
)

// A reference is the contract's sentences (section 7, "Busy"), tried out on each minute by itself. It is slow, and has
// nothing in common with the package but the types.
type reference struct {
	q *slots.Query
	// first is the minute with the number 0.
	first time.Time
	// mine and theirs are what the clocks of the two show in each minute.
	mine, theirs clockface
	// hours, foreign and suits are the minutes within them, by the day that they are of.
	hours, foreign, suits []map[int64]bool
	// keep are those kept free.
	keep []map[int64]bool
}

// A clockface is what a clock shows in each minute, by number.
type clockface []time.Time

const margin = 3 * 24 * 60

func newReference(q *slots.Query) *reference {
	r := &reference{q: q, first: q.Window.Start.Add(-margin * time.Minute)}
	n := int(q.Window.End.Sub(r.first)/time.Minute) + margin
	face := func(zone *time.Location) clockface {
		list := make(clockface, n)
		for i := range list {
			t := r.first.Add(time.Duration(i) * time.Minute).In(zone)
			_, offset := t.Zone()
			list[i] = t.UTC().Add(time.Duration(offset) * time.Second)
		}
		return list
	}
	r.mine, r.theirs = face(q.Organizer.Zone), face(q.Partner.Zone)
	r.hours = r.mine.inside(q.Organizer.Hours)
	r.foreign = r.theirs.inside(q.Partner.Hours)
	r.suits = r.theirs.inside(q.Suits)
	r.keep = r.mine.inside(q.KeepFree)
	return r
}

// date is the day on which a clock shows that, as a number.
func date(wall time.Time) int64 { return wall.Unix() / (24 * 3600) }

func midnightOf(wall time.Time) time.Time { return wall.Truncate(24 * time.Hour) }

// at is the number of the minute in which the clock shows that: the first, or where it never does, the one in which it
// would have been had it not been put.
func (c clockface) at(wall time.Time) int {
	before := -1
	for i, w := range c {
		switch {
		case w.Equal(wall):
			return i
		case w.Before(wall) && i == before+1:
			before = i
		}
	}
	return before + int(wall.Sub(c[before])/time.Minute)
}

// inside tells for each minute of which days' hours it is.
func (c clockface) inside(hours plan.Hours) []map[int64]bool {
	in := make([]map[int64]bool, len(c))
	for day := midnightOf(c[24*60]); day.Before(c[len(c)-24*60]); day = day.AddDate(0, 0, 1) {
		// "Hours of one day that overlap or touch are one span."
		var of [24*60 + 1]bool
		for _, h := range hours {
			for m := h.From; slices.Contains(h.Days, plan.Weekday(day.Weekday())) && m < h.To; m++ {
				of[m] = true
			}
		}
		from := -1
		for m, open := range of {
			if open && from < 0 {
				from = m
			}
			if open || from < 0 {
				continue
			}
			start, end := c.at(day.Add(time.Duration(from)*time.Minute)), c.at(day.Add(time.Duration(m)*time.Minute))
			for i := start; i < end; i++ {
				if date(c[i]) != date(day) {
					continue
				}
				if in[i] == nil {
					in[i] = make(map[int64]bool)
				}
				in[i][date(day)] = true
			}
			from = -1
		}
	}
	return in
}

// within tells whether all minutes are in the hours of one day.
func within(minutes []map[int64]bool) bool {
	for day := range minutes[0] {
		if !slices.ContainsFunc(minutes, func(m map[int64]bool) bool { return !m[day] }) {
			return true
		}
	}
	return false
}

// broken are the rules that a talk would break which begins in that minute.
func (r *reference) broken(i int) (list []string) {
	q := r.q
	say := func(who slots.Who, why slots.Why) { list = append(list, string(who)+" "+string(why)) }
	start := r.first.Add(time.Duration(i) * time.Minute)
	end := start.Add(q.Length)
	n := i + int(q.Length/time.Minute)
	for _, calendar := range q.Busy {
		for _, b := range calendar.Busy {
			if b.Start.Before(b.End) && b.Start.Before(end.Add(q.Travel)) && start.Add(-q.Travel).Before(b.End) {
				who := slots.Organizer
				if calendar.Partner {
					who = slots.Partner
				}
				say(who, slots.Busy)
			}
		}
	}
	talks := make(map[string]bool)
	for _, t := range q.Talks {
		both := q.Travel + t.Travel
		if t.Start.Before(end.Add(both)) && start.Add(-both).Before(t.End) {
			why := slots.Offered
			if t.Agreed {
				why = slots.Busy
			}
			say(slots.Organizer, why)
		}
		if date(r.mine[int(t.Start.Sub(r.first)/time.Minute)]) == date(r.mine[i]) {
			talks[t.Ref] = true
		}
	}
	if len(talks) >= q.PerDay {
		say(slots.Organizer, slots.PerDay)
	}
	if !within(r.hours[i:n]) {
		say(slots.Organizer, slots.NoHours)
	}
	if !within(r.foreign[i:n]) {
		say(slots.Partner, slots.NoHours)
	}
	if len(q.Suits) > 0 && !within(r.suits[i:n]) {
		say(slots.Both, slots.Unsuited)
	}
	if slices.ContainsFunc(r.keep[i:n], func(m map[int64]bool) bool { return m != nil }) {
		say(slots.Organizer, slots.KeepFree)
	}
	holiday := func(p *slots.Person, face clockface, who slots.Who) {
		day := int64(-1)
		for _, wall := range face[i:n] {
			if date(wall) == day {
				continue
			}
			day = date(wall)
			if _, ok := p.Holiday(midnightOf(wall)); ok {
				say(who, slots.Holiday)
			}
		}
	}
	holiday(&q.Organizer, r.mine, slots.Organizer)
	holiday(&q.Partner, r.theirs, slots.Partner)
	if soonest := q.Now.Add(q.Notice); start.Before(soonest) {
		say(slots.Both, slots.Notice)
	}
	if start.Before(q.Window.Start) || end.After(q.Window.End) {
		say(slots.Both, slots.Window)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// free are the longest spans in which the talk fits at each minute.
func (r *reference) free() (list []invites.Span) {
	var run *invites.Span
	for i := margin; i < len(r.mine)-margin; i++ {
		start := r.first.Add(time.Duration(i) * time.Minute)
		switch {
		case len(r.broken(i)) > 0:
			run = nil
		case run == nil:
			list = append(list, invites.Span{Start: start, End: start.Add(r.q.Length)})
			run = &list[len(list)-1]
		default:
			run.End = start.Add(r.q.Length)
		}
	}
	return list
}

// near are days about which clocks are put somewhere: in New York, Lisbon, Lord Howe, Cairo, Santiago, Auckland.
var near = []string{"2027-03-11", "2027-03-25", "2027-04-01", "2027-04-28", "2027-09-02", "2027-09-23", "2027-09-30",
	"2027-10-27", "2027-10-29", "2027-11-04", "2027-06-09"}

var placesOnEarth = []string{"Europe/Lisbon", "Europe/Berlin", "America/New_York", "America/St_Johns", "America/Nuuk",
	"America/Santiago", "Africa/Cairo", "Africa/Casablanca", "Asia/Kathmandu", "Asia/Tokyo", "Australia/Adelaide",
	"Australia/Lord_Howe", "Pacific/Auckland", "Pacific/Chatham", "Pacific/Apia", "UTC"}

func zone(t interface{ Fatal(...any) }, name string) *time.Location {
	z, err := invites.Location(name)
	if err != nil {
		t.Fatal(name, err)
	}
	return z
}

// drawQuery makes up a query over a few days about the time at which clocks are put, in one of the places.
func drawQuery(t *rapid.T, places []string, days []string) *slots.Query {
	minutes := func(name string, of ...int) time.Duration {
		return time.Duration(rapid.SampledFrom(of).Draw(t, name)) * time.Minute
	}
	clock := rapid.IntRange(1, 24*60-1)
	blocks := func(name string, most int) (list plan.Hours) {
		for range rapid.IntRange(1, most).Draw(t, name) {
			a := rapid.IntRange(0, 47).Draw(t, "from")
			b := rapid.IntRange(a+1, 48).Draw(t, "to")
			h := slots.Daily(plan.Clock(a*30), plan.Clock(b*30-rapid.SampledFrom([]int{0, 0, 7}).Draw(t, "less")))[0]
			off := rapid.IntRange(-7, 7).Draw(t, "not on")
			h.Days = slices.DeleteFunc(h.Days, func(d plan.Weekday) bool { return int(d) == off })
			list = append(list, h)
		}
		return list
	}
	person := func(name string) slots.Person {
		p := slots.Person{Zone: zone(t, rapid.SampledFrom(places).Draw(t, name))}
		switch rapid.IntRange(0, 3).Draw(t, name+"'s hours") {
		case 0:
			p.Hours = blocks(name, 3)
		case 1:
			p.Hours = slots.Daily(0, plan.Clock(clock.Draw(t, "until")))
			p.Hours = append(p.Hours, slots.Daily(plan.Clock(clock.Draw(t, "again")), 24*60)...)
		default:
			p.Hours = slots.Daily(0, 24*60)
		}
		off := rapid.IntRange(-7, 9).Draw(t, name+"'s holidays")
		p.Holiday = func(day time.Time) (string, bool) { return "feast", int(day.Unix()/(24*3600)%10) == off }
		return p
	}
	q := &slots.Query{Organizer: person("organizer"), Partner: person("partner")}
	from, _ := time.Parse(time.DateOnly, rapid.SampledFrom(days).Draw(t, "day"))
	from = from.AddDate(0, 0, rapid.IntRange(0, 3).Draw(t, "day of the window"))
	to := from.AddDate(0, 0, rapid.IntRange(1, 3).Draw(t, "days"))
	q.Window = invites.Span{Start: midnight(from, q.Organizer.Zone), End: midnight(to, q.Organizer.Zone)}
	near := func(name string) time.Time {
		most := int(q.Window.End.Sub(q.Window.Start) / time.Minute)
		minute := rapid.OneOf(rapid.IntRange(-60, most+60), rapid.Map(rapid.IntRange(0, most/30), func(n int) int { return n * 30 }))
		return q.Window.Start.Add(time.Duration(minute.Draw(t, name)) * time.Minute)
	}
	q.Length = minutes("length", 5, 30, 60, 75, 240)
	q.Travel = minutes("travel", 0, 10, 30)
	q.Now = q.Window.Start.Add(time.Duration(rapid.IntRange(-3*24*3600, 12*3600).Draw(t, "now")) * time.Second)
	q.Notice = minutes("notice", 0, 90, 24*60)
	q.Step = minutes("step", 5, 10, 15, 30, 60)
	q.PerDay = rapid.IntRange(1, 3).Draw(t, "per day")
	q.Offer = rapid.IntRange(1, 6).Draw(t, "offer")
	q.Urgency = rapid.IntRange(1, 5).Draw(t, "urgency")
	if rapid.IntRange(0, 3).Draw(t, "suits") == 0 {
		q.Suits = slots.Daily(plan.Clock(rapid.IntRange(0, 12*60).Draw(t, "from")),
			plan.Clock(rapid.IntRange(13*60, 24*60).Draw(t, "to")))
	}
	if rapid.IntRange(0, 3).Draw(t, "keep free") == 0 {
		q.KeepFree = blocks("blocks kept free", 1)
	}
	for range rapid.IntRange(0, 2).Draw(t, "calendars") {
		f := invites.FreeBusy{Name: "calendar", State: invites.FreshBusy, Partner: rapid.Bool().Draw(t, "partner's")}
		for range rapid.IntRange(0, 6).Draw(t, "events") {
			start := near("event")
			f.Busy = append(f.Busy, invites.Busy{Span: invites.Span{Start: start, End: start.Add(minutes("long", 0, 1, 30, 60, 600, 1500))}})
		}
		slices.SortFunc(f.Busy, func(a, b invites.Busy) int { return a.Start.Compare(b.Start) })
		q.Busy = append(q.Busy, f)
	}
	for range rapid.IntRange(0, 3).Draw(t, "talks") {
		start := near("talk")
		q.Talks = append(q.Talks, slots.Talk{Span: invites.Span{Start: start, End: start.Add(minutes("long", 30, 60))},
			Travel: minutes("way", 0, 15), Agreed: rapid.Bool().Draw(t, "agreed"), Ref: rapid.SampledFrom([]string{"maya", "kim/2"}).Draw(t, "ref")})
	}
	return q
}

// midnight is the first minute of a day.
func midnight(day time.Time, zone *time.Location) time.Time {
	for t := day.Add(-30 * time.Hour); ; t = t.Add(time.Minute) {
		if t.In(zone).Format(time.DateOnly) >= day.Format(time.DateOnly) {
			return t
		}
	}
}

func show(spans []invites.Span, zone *time.Location) string {
	var b strings.Builder
	for _, s := range spans {
		fmt.Fprintf(&b, "%s - %s\n", s.Start.In(zone).Format("Mon 2 Jan 15:04 -0700"), s.End.In(zone).Format("Mon 2 Jan 15:04 -0700"))
	}
	return b.String()
}

// TestReference holds what is found against the contract's sentences, on days when clocks are put and others.
func TestReference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := drawQuery(t, placesOnEarth, near)
		r := newReference(q)
		found := q.Find()
		if got, want := show(found.Free, q.Organizer.Zone), show(r.free(), q.Organizer.Zone); got != want {
			t.Fatalf("free:\n%swant\n%s", got, want)
		}
		for range 20 {
			i := rapid.IntRange(margin-24*60, len(r.mine)-margin+24*60-1).Draw(t, "start")
			if got, want := rules(q.Breaks(r.first.Add(time.Duration(i)*time.Minute))), r.broken(i); !slices.Equal(got, want) {
				t.Fatalf("at %v: breaks %v; want %v", r.mine[i], got, want)
			}
		}
		for _, c := range found.Offered {
			i := int(c.Start.Sub(r.first) / time.Minute)
			if broken := r.broken(i); len(broken) > 0 || r.mine[i].Minute()%int(q.Step/time.Minute) != 0 || c.End.Sub(c.Start) != q.Length {
				t.Fatalf("offered %v, which breaks %v", r.mine[i], broken)
			}
		}
	})
}

// rules are whose rules these are, and which.
func rules(blocked []slots.Blocked) (list []string) {
	for _, b := range blocked {
		who := []slots.Who{b.Who}
		if b.Who == slots.Both && (b.Why == slots.NoHours || b.Why == slots.Holiday || b.Why == slots.Busy) {
			who = []slots.Who{slots.Organizer, slots.Partner}
		}
		for _, w := range who {
			list = append(list, string(w)+" "+string(b.Why))
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}
