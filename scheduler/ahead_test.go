package scheduler_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"coalition/invites"
	"coalition/scheduler/conversation"
	"coalition/scheduler/journal"
	"coalition/scheduler/nurture"
	"coalition/scheduler/plan"
)

// What is ahead is told once, on the organizer's day: what is over or off is not.
func TestAhead(t *testing.T) {
	w := newWorld(t)
	with := func(name string, changes ...string) string {
		return maya(append([]string{"  name: " + name, "  email: " + strings.ToLower(name) + "@example.org"}, changes...)...)
	}
	ahead := func(from string, days int, journals map[plan.ID]*journal.Journal) string {
		var list []string
		b := w.board()
		for _, m := range nurture.Ahead(b, nurture.All(b, journals, lisbon), lisbon, journal.Day(from), days) {
			text := fmt.Sprintf("%s %s %s", m.Day[5:], m.What, m.Round.ID)
			if !m.Start.IsZero() {
				text += " " + m.Start.In(lisbon).Format("15:04")
			}
			list = append(list, strings.TrimSpace(text+" "+string(m.Leaves)+m.Promise.Text))
		}
		return strings.Join(list, "; ")
	}
	want := func(from string, days int, journals map[plan.ID]*journal.Journal, list string) {
		t.Helper()
		if got := ahead(from, days, journals); got != list {
			t.Errorf("ahead is %s\nwant     %s", got, list)
		}
	}
	w.plan("asked", with("Asked", "when: {times: [2027-03-04 10:00, 2027-03-05 15:00]}"))
	w.plan("late", with("Late", "when: {start: 2027-03-04 23:30, timezone: Europe/Berlin}", "permitted: Yes."))
	w.plan("no", with("No", "when: {start: 2027-03-05 10:00}"))
	w.plan("wait", with("Wait", "when: {start: 2027-03-05 12:00}"))
	w.plan("off", with("Off", "when: {start: 2027-03-06 10:00}", "permitted: Yes."))
	w.pass()
	w.take("no", conversation.Answer{Value: conversation.No, How: "command"})
	w.take("wait", conversation.Answer{Value: conversation.Wait, How: "command"})
	w.commit(w.callOff(w.find("off"), "", w.now))
	w.plan("soon", with("Soon", "when: {start: 2027-03-08 10:00}", "ask_on: 2027-03-02"))
	w.plan("plan", with("Plan", "when: {start: 2027-03-07 10:00}", "ready: false"))
	all := "03-02 message soon 09:00 brief; 03-04 offered asked 10:00; 03-04 talk late 22:30; 03-05 offered asked 15:00; 03-07 talk plan 10:00; 03-08 talk soon 10:00"
	want("2027-02-01", 60, nil, all)
	want("2027-03-05", 3, nil, "03-05 offered asked 15:00; 03-07 talk plan 10:00")
	// The day after, the talk is to be looked back on; the promises of that day are a matter of today, too.
	w.now = time.Date(2027, 3, 5, 8, 0, 0, 0, lisbon)
	w.take("soon", conversation.Answer{Value: conversation.Yes, How: "command"})
	w.later(30 * time.Minute)
	journals := map[plan.ID]*journal.Journal{"late": {Entries: []journal.Entry{{Round: 1, On: "2027-03-04", Promises: []journal.Promise{
		{By: journal.Me, Text: "a", Due: "2027-03-04"}, {By: journal.Them, Text: "b", Due: "2027-03-06"}, {By: journal.Me, Text: "c"}}}}}}
	want("2027-03-05", 3, journals, "03-05 debrief late; 03-05 promise late a; 03-05 message soon 08:30 invite; 03-05 offered asked 15:00; 03-06 promise late b; 03-07 talk plan 10:00")
	want("2027-03-04", 1, journals, "03-04 talk late 22:30")
}

// A talk that the partner has declined still stands on its day until the organizer moves it, but not in the feed.
func TestAheadDeclined(t *testing.T) {
	w := newWorld(t)
	w.plan("maya", maya("permitted: Yes."))
	w.pass()
	if len(nurture.Agreed(w.board())) != 1 {
		t.Error("it is not in the feed")
	}
	w.receive(w.reply(invites.Reply, invites.Declined))
	b := w.board()
	if list := nurture.Ahead(b, nurture.All(b, nil, lisbon), lisbon, "2027-03-01", 7); len(list) != 1 || len(nurture.Agreed(b)) != 0 {
		t.Errorf("ahead are %d, agreed on %d", len(list), len(nurture.Agreed(b)))
	}
}
