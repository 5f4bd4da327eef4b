package scheduler_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"coalition/invites"
	"coalition/scheduler"
	"coalition/scheduler/check"
	"coalition/scheduler/conversation"
	"coalition/scheduler/outbox"
	"coalition/scheduler/plan"
	"coalition/scheduler/strictyaml"
	"coalition/scheduler/worklist"
)

// A diary is what the calendars of the organizer say.
type diary struct {
	busy  []invites.Busy
	state string
	// asked counts the questions.
	asked int
	// fault says that asking is one.
	fault bool
}

// FreeBusy implements [finder.Calendars].
func (d *diary) FreeBusy(_ context.Context, _ string, _, _ time.Time) []invites.FreeBusy {
	d.asked++
	if d.fault {
		panic("the calendars are out of order")
	}
	f := invites.FreeBusy{Name: "private", Kind: "ics", State: invites.FreshBusy, Busy: d.busy}
	if d.state != "" {
		f.State, f.Error = d.state, "the server does not answer"
	}
	return []invites.FreeBusy{f}
}

// take makes an event of an hour.
func (d *diary) take(starts ...time.Time) {
	for _, start := range starts {
		d.busy = append(d.busy, invites.Busy{Span: invites.Span{Start: start.UTC(), End: start.Add(time.Hour).UTC()},
			Title: "Dentist"})
	}
	slices.SortFunc(d.busy, func(a, b invites.Busy) int { return a.Start.Compare(b.Start) })
}

// searching is a world with a diary, and a plan whose times are looked for in a week.
func searching(t testing.TB) (*world, *diary) {
	t.Helper()
	w, d := newWorld(t), &diary{}
	w.with(func(c *scheduler.Config) { c.FreeBusy = d })
	w.plan("maya", maya("when: {between: {from: 2027-02-08, to: 2027-02-12}}"))
	return w, d
}

// offered are the times that the brief of maya offers.
func (w *world) offered() (list []time.Time) {
	w.t.Helper()
	for _, slot := range w.find("maya").Offered {
		list = append(list, slot.Time())
	}
	return list
}

func TestSearchedTimesAreOfferedAndTaken(t *testing.T) {
	w, d := searching(t)
	d.take(time.Date(2027, 2, 9, 13, 0, 0, 0, lisbon))
	w.pass()
	w.want("brief-0")
	offered := w.offered()
	if len(offered) != 3 {
		t.Fatalf("offered: %v; want three times", offered)
	}
	for _, at := range offered {
		if at.Before(time.Date(2027, 2, 8, 9, 0, 0, 0, lisbon)) || at.After(time.Date(2027, 2, 12, 16, 0, 0, 0, lisbon)) {
			t.Errorf("%s is offered, which is in no hours of the week", at)
		}
		if text := string(w.arrived[0].Data); !strings.Contains(text, at.In(lisbon).Format("15:04")) {
			t.Errorf("the brief does not name %s:\n%s", at, text)
		}
	}
	w.pass()
	w.want("brief-0")
	w.receive(w.letter("2"))
	w.pass()
	w.want("brief-0 invite-0")
	if got := w.find("maya").Start(w.now); !got.Equal(offered[1]) {
		t.Errorf("the talk is at %s; the second time offered was %s", got, offered[1])
	}
}

// On a holiday of either, on their own calendar, no time is offered; and none at all while it is not known when they are.
func TestSearchLeavesOutHolidays(t *testing.T) {
	w, _ := searching(t)
	when := "when: {between: {from: 2027-03-08, to: 2027-03-09}}"
	ready := func(holidays string) { w.plan("maya", maya(when, "  email: maya@example.org\n  holidays: "+holidays)) }
	days := func() (list []int) {
		t.Helper()
		search, err := w.Finder.Find(t.Context(), w.board(), w.find("maya"), false)
		if err != nil {
			t.Fatal(err)
		}
		for _, free := range search.Result.Free {
			list = append(list, free.Start.In(lisbon).Day())
		}
		return slices.Compact(list)
	}
	// In Berlin, the 8th of March is one.
	for holidays, want := range map[string][]int{"DE": {8, 9}, "DE-BE": {9}} {
		ready(holidays)
		if got := days(); !slices.Equal(got, want) {
			t.Errorf("holidays of %s: free on %v, want %v", holidays, got, want)
		}
	}
	own := filepath.Join(w.Plans.Path, "own.ics")
	w.with(func(c *scheduler.Config) { c.Settings.Holidays = plan.Holidays(own) })
	ready("DE-BE")
	w.pass()
	w.want("")
	if next := w.find("maya").Next(w.now).Next; !strings.Contains(next, "organizer.holidays names a file that can't be read") {
		t.Errorf("next is %q", next)
	}
	event := "BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nUID:x\nDTSTART;VALUE=DATE:20270309\nSUMMARY:Founding day\nEND:VEVENT\nEND:VCALENDAR\n"
	if err := os.WriteFile(own, []byte(event), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := days(); got != nil {
		t.Errorf("with a holiday of each: free on %v", got)
	}

	// The partner's file lies beside the plan.
	ready("theirs.ics")
	problems := check.Plans(w.board(), w.Words, w.Finder.Holidays)
	if !slices.ContainsFunc(problems, func(p strictyaml.Problem) bool {
		return !p.Warning && p.Line == 4 && p.Column == 13 && p.Text == "with.holidays names a file that can't be read (no such file or directory)"
	}) {
		t.Errorf("without the partner's file: %v", problems)
	}
	if err := os.Rename(own, filepath.Join(w.Plans.Path, "theirs.ics")); err != nil {
		t.Fatal(err)
	}
	w.with(func(c *scheduler.Config) { c.Settings.Holidays = "" })
	if got := days(); !slices.Equal(got, []int{8}) {
		t.Errorf("with the partner's file: free on %v, want 8", got)
	}
}

func TestSearchFindsNothing(t *testing.T) {
	w, d := searching(t)
	all := invites.Span{Start: monday.UTC(), End: monday.AddDate(0, 0, 12).UTC()}
	d.busy = []invites.Busy{{Span: all}}
	r := w.pass()
	w.want("")
	if next := w.find("maya").Next(w.now).Next; !strings.HasPrefix(next, "find a time: nothing suits both") {
		t.Errorf("next is %q", next)
	}
	if want := w.now.Add(conversation.SearchAgain); !r.Again.Equal(want) {
		t.Errorf("looked again at %s; want %s", r.Again, want)
	}
	d.busy = nil
	w.now = r.Again
	w.pass()
	w.want("brief-0")
}

func TestSearchTrustsNoOldCalendar(t *testing.T) {
	w, d := searching(t)
	d.state = invites.FailedBusy
	w.pass()
	w.want("")
	if next := w.find("maya").Next(w.now).Next; !strings.Contains(next, "private can't be read: the server does not answer") {
		t.Errorf("next is %q", next)
	}
}

func TestSearchedTimeIsGone(t *testing.T) {
	w, d := searching(t)
	w.pass()
	gone := w.offered()[1]
	d.take(gone.Add(-30 * time.Minute))
	w.receive(w.letter("2"))
	w.pass()
	c := w.find("maya")
	if c.Told() != nil {
		t.Fatalf("invited to %s, which is taken by then", c.Start(w.now))
	}
	if !c.Answer.Taken.Time().Equal(gone) {
		t.Errorf("the answer says %+v", c.Answer)
	}
}

// A brief that waits looks again, and offers other times where one is gone; the others stay where none is.
func TestWaitingBriefLooksAgain(t *testing.T) {
	w, d := searching(t)
	if err := w.Store.Pause(context.Background(), true); err != nil {
		t.Fatal(err)
	}
	w.pass()
	before := w.offered()
	w.now = w.now.Add(time.Hour)
	w.pass()
	if again := w.offered(); !slices.Equal(again, before) {
		t.Fatalf("offered %v, and then %v, with nothing new", before, again)
	}
	d.take(before[0])
	w.pass()
	after := w.offered()
	if slices.Contains(after, before[0]) || len(after) != 3 {
		t.Fatalf("offered %v after %s was taken", after, before[0])
	}
	d.busy = []invites.Busy{{Span: invites.Span{Start: monday.UTC(), End: monday.AddDate(0, 0, 12).UTC()}}}
	w.pass()
	for _, m := range w.find("maya").Messages {
		if m.Kind == outbox.Brief && m.Waits() {
			t.Errorf("a brief waits that offers %v, all of which are taken", w.offered())
		}
	}
	d.busy = nil
	if err := w.Store.Pause(context.Background(), false); err != nil {
		t.Fatal(err)
	}
	w.now = w.now.Add(conversation.SearchAgain)
	w.pass()
	w.want("brief-0")
}

// What has been held is looked at again before it is let go, and stays held until then.
func TestHeldBriefLooksAgain(t *testing.T) {
	w, d := searching(t)
	w.HoldOver = 0
	w.pass()
	before := w.offered()
	renew := func() {
		t.Helper()
		b, err := w.Look(context.Background(), 0)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Renew(context.Background(), b, b.Conversations...); err != nil {
			t.Fatal(err)
		}
	}
	d.take(before[0])
	renew()
	after, waiting := w.offered(), worklist.Approvable(w.find("maya"), w.now)
	if slices.Contains(after, before[0]) || len(after) != 3 {
		t.Errorf("offered %v after %s was taken", after, before[0])
	}
	if len(waiting) != 1 || waiting[0].State != outbox.Held {
		t.Errorf("%d messages wait; want the new brief, held", len(waiting))
	}
	d.busy = []invites.Busy{{Span: invites.Span{Start: monday.UTC(), End: monday.AddDate(0, 0, 12).UTC()}}}
	renew()
	if waiting := worklist.Approvable(w.find("maya"), w.now); len(waiting) != 0 {
		t.Errorf("a brief waits that offers %v, all of which are taken", w.offered())
	}
}

// What is offered to one is offered to nobody else, neither in the same pass nor later.
func TestOfferedToOneOnly(t *testing.T) {
	w, _ := searching(t)
	w.plan("tom", maya("email: tom@example.org", "when: {between: {from: 2027-02-08, to: 2027-02-12}}"))
	w.pass()
	w.plan("ines", maya("email: ines@example.org", "when: {between: {from: 2027-02-08, to: 2027-02-12}}"))
	w.pass()
	w.want("brief-0 brief-0 brief-0")
	seen := make(map[plan.Slot]string)
	for _, id := range []string{"maya", "tom", "ines"} {
		for _, slot := range w.find(id).Offered {
			if other := seen[slot]; other != "" {
				t.Errorf("%s is offered to %s and %s", slot, other, id)
			}
			seen[slot] = id
		}
	}
	if len(seen) != 9 {
		t.Errorf("%d times are offered; want nine", len(seen))
	}
}

// Neither are the times that another plan names, whose brief leaves in the same pass.
func TestNamedTimesAreOfferedToNobodyElse(t *testing.T) {
	alone, _ := searching(t)
	alone.pass()
	named := alone.offered()[0]
	w, _ := searching(t)
	w.plan("tom", maya("email: tom@example.org", "when: {start: "+named.In(lisbon).Format("2006-01-02 15:04")+"}"))
	w.pass()
	w.want("brief-0 brief-0")
	if slices.ContainsFunc(w.offered(), named.Equal) {
		t.Errorf("%s is offered to both", named)
	}
}

// An edit of the days looks anew; while the partner has times before them, these stand.
func TestEditedDays(t *testing.T) {
	w, _ := searching(t)
	w.pass()
	offered := w.offered()
	w.plan("maya", maya("when: {between: {from: 2027-02-15, to: 2027-02-19}}"))
	w.pass()
	w.receive(w.letter("1"))
	w.pass()
	w.want("brief-0 invite-0")
	if got := w.find("maya").Start(w.now); !got.Equal(offered[0]) {
		t.Errorf("the talk is at %s; they took %s", got, offered[0])
	}
}
