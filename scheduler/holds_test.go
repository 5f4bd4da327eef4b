package scheduler_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"coalition/invites"
	"coalition/invites/google"
	"coalition/invites/google/googletest"
	"coalition/scheduler"
	"coalition/scheduler/conversation"
	"coalition/scheduler/holds"
	"coalition/scheduler/outbox"
	"coalition/scheduler/plan"
	"coalition/scheduler/store"
	"coalition/templates"
)

// A holder is a world beside a small Google, in which times that are offered are held.
type holder struct {
	*world
	google *googletest.Server
}

const threeTimes = "when: {times: [2027-03-04 10:00, 2027-03-05 15:00, 2027-03-08 9:30]}"

func newHolder(t testing.TB) *holder {
	t.Helper()
	w := newWorld(t)
	h := &holder{w, googletest.Start(t)}
	h.google.Set(func(s *googletest.Settings) { s.Now = func() time.Time { return h.now } })
	h.connect(func(*scheduler.Config) {})
	return h
}

// connect gives the world Google's calendar, as a process that has just started has it.
func (h *holder) connect(change func(*scheduler.Config)) {
	h.t.Helper()
	h.with(func(c *scheduler.Config) {
		calendar := h.calendar("")
		c.Settings.Calendar, c.Settings.Times.Hold = "google", true
		c.Calendar, c.Holds = calendar, calendar
		c.Link = func(token string) string { return "https://talk.example.org/a/" + token }
		change(c)
	})
}

func (h *holder) calendar(id string) *google.Calendar {
	h.t.Helper()
	return must(google.New(google.Config{Client: h.google.Client(), Endpoint: h.google.Endpoint(), ID: id,
		Account: func() string { return googletest.Account }}))
}

// process is another process on the same state, which has just started.
func (h *holder) process() *holder {
	w := *h.world
	other := &holder{&w, h.google}
	other.connect(func(*scheduler.Config) {})
	return other
}

// hold has what is offered be held.
func (h *holder) hold() {
	h.t.Helper()
	if _, err := h.Holds.Keep(context.Background()); err != nil {
		h.t.Fatal(err)
	}
}

// standing are the times that stand in the calendar and hold something, with whom they are for, in their order.
func (h *holder) standing() (list []string) {
	h.t.Helper()
	for _, e := range h.google.Events() {
		if e.Status == "cancelled" || !strings.HasPrefix(e.Id, "hold") {
			continue
		}
		start, end := must(time.Parse(time.RFC3339, e.Start.DateTime)), must(time.Parse(time.RFC3339, e.End.DateTime))
		list = append(list, fmt.Sprintf("%s %s %s", e.ExtendedProperties.Private["coalitionHoldFor"],
			start.In(lisbon).Format("2 Jan 15:04"), end.Sub(start)))
	}
	slices.Sort(list)
	return list
}

// wantHeld wants these times to stand, and nobody to have heard of it.
func (h *holder) wantHeld(want ...string) {
	h.t.Helper()
	if got := h.standing(); !slices.Equal(got, want) {
		h.t.Errorf("held: %q; want %q", got, want)
	}
	for _, n := range h.google.Notices() {
		if strings.HasPrefix(n.EventID, "hold") {
			h.t.Errorf("%s got a mail about a hold", n.To)
		}
	}
}

// offering is a holder that has offered Maya three times, which are held.
func offering(t testing.TB) *holder {
	t.Helper()
	h := newHolder(t)
	h.plan("maya", maya(threeTimes))
	h.pass()
	h.want("brief-0")
	h.hold()
	h.wantHeld("maya/1 4 Mar 10:00 1h0m0s", "maya/1 5 Mar 15:00 1h0m0s", "maya/1 8 Mar 09:30 1h0m0s")
	h.later(time.Hour)
	return h
}

// answers records an answer by command, to the time of that number, or 0 for none.
func (h *holder) answers(value string, number int) {
	h.t.Helper()
	a := conversation.Answer{Value: value, How: "command"}
	if number > 0 {
		a.Slot = h.find("maya").Offered[number-1]
	}
	h.take("maya", a)
}

// However an offer ends, nothing is held any more, at once; and what follows is the talk alone.
func TestHoldsEnd(t *testing.T) {
	for _, test := range []struct {
		name string
		end  func(h *holder)
		then string
	}{
		{"a mail takes one", func(h *holder) { h.receive(h.letter("2")) }, "invited"},
		{"a mail says no", func(h *holder) { h.receive(h.letter("no")) }, "declined"},
		{"a mail says later", func(h *holder) { h.receive(h.letter("later")) }, "later"},
		{"the page takes one", func(h *holder) { h.choose(h.token(), "yes2", "") }, "permitted"},
		{"the page says no", func(h *holder) { h.choose(h.token(), "no", "") }, "declined"},
		{"the page says later", func(h *holder) { h.choose(h.token(), "later", "") }, "later"},
		{"a command takes one", func(h *holder) { h.answers("yes", 1) }, "invited"},
		{"a command says no", func(h *holder) { h.answers("no", 0) }, "declined"},
		{"a command says later", func(h *holder) { h.answers("later", 0) }, "later"},
		{"an invitation to another time", func(h *holder) {
			h.answers("yes", 0)
			h.hold()
			// Nobody has chosen one of them yet.
			h.wantHeld("maya/1 4 Mar 10:00 1h0m0s", "maya/1 5 Mar 15:00 1h0m0s", "maya/1 8 Mar 09:30 1h0m0s")
			h.commit(h.invite(h.find("maya"), plan.SlotOf(start.AddDate(0, 0, 20)), "", h.now))
		}, "invited"},
		{"called off", func(h *holder) { h.commit(h.callOff(h.find("maya"), "", h.now)) }, "cancelled"},
		{"the brief came back", func(h *holder) {
			h.receive(&invites.Mail{Key: "b", At: h.now, Sort: invites.Report,
				Bounce: &invites.Bounce{Of: h.arrived[0].MessageID, Final: true}})
		}, "asked"},
		{"the times have passed", func(h *holder) { h.now = start.AddDate(0, 0, 4) }, "asked"},
		{"the plan names other times", func(h *holder) {
			h.plan("maya", maya("when: {times: [2027-03-11 10:00, 2027-03-12 15:00]}"))
			h.pass()
		}, "asked"},
		{"the config holds nothing", func(h *holder) {
			h.connect(func(c *scheduler.Config) { c.Settings.Times.Hold = false })
		}, "asked"},
		{"invitations go by mail", func(h *holder) {
			h.connect(func(c *scheduler.Config) { c.Settings.Calendar, c.Calendar = "", nil })
		}, "asked"},
		{"the calendar can't hold", func(h *holder) {
			h.connect(func(c *scheduler.Config) { c.Calendar = unable{h.calendar("")} })
		}, "asked"},
		{"the state is lost", func(h *holder) {
			h.dir = h.t.TempDir()
			h.reopen(store.Open)
			h.connect(func(*scheduler.Config) {})
		}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := offering(t)
			test.end(h)
			h.hold()
			h.wantHeld()
			h.pass()
			h.hold()
			h.wantHeld()
			if test.then != "" && string(h.status("maya")) != test.then {
				t.Errorf("it is %s; want %s", h.status("maya"), test.then)
			}
			h.google.Forget()
			h.hold()
			if n := h.google.Count(); n != 0 {
				t.Errorf("%d requests where nothing has changed", n)
			}
		})
	}
}

// unable is a calendar that holds nothing.
type unable struct{ *google.Calendar }

func (unable) Capabilities() invites.Capabilities { return invites.Capabilities{MailsGuests: true} }

// What is offered anew is held anew, also a time that was held before.
func TestHoldsAgain(t *testing.T) {
	h := offering(t)
	h.plan("maya", maya("when: {times: [2027-03-12 15:00, 2027-03-08 9:30], duration: 90m}"))
	h.pass()
	h.hold()
	h.wantHeld("maya/1 8 Mar 09:30 1h30m0s")
	h.answers("later", 0)
	h.hold()
	h.wantHeld()
	h.commit(h.ask(h.find("maya"), true, h.now))
	h.hold()
	h.wantHeld("maya/1 12 Mar 15:00 1h30m0s", "maya/1 8 Mar 09:30 1h30m0s")
	h.pass()
	for range 2 {
		h.google.Forget()
		h.connect(func(c *scheduler.Config) { c.Settings.Times.Hold = false })
		h.hold()
		h.wantHeld()
	}
	if n := h.google.Count(); n != 0 {
		t.Errorf("%d requests after nothing was held any more", n)
	}
	h.connect(func(*scheduler.Config) {})
	// One by one they pass.
	next := must(h.Holds.Keep(context.Background()))
	h.wantHeld("maya/1 12 Mar 15:00 1h30m0s", "maya/1 8 Mar 09:30 1h30m0s")
	if want := time.Date(2027, 3, 8, 9, 30, 0, 0, lisbon); !next.Equal(want) {
		t.Errorf("the next one is over at %s; want %s", next, want)
	}
	h.now = next
	next = must(h.Holds.Keep(context.Background()))
	h.wantHeld("maya/1 12 Mar 15:00 1h30m0s")
	h.now = next
	if next = must(h.Holds.Keep(context.Background())); !next.IsZero() {
		t.Errorf("there is another, at %s", next)
	}
	h.wantHeld()
}

// Two who have one name are offered times of their own.
func TestHoldsOfNamesakes(t *testing.T) {
	h := newHolder(t)
	h.plan("maya", maya("when: {times: [2027-03-04 10:00]}"))
	h.plan("other", maya("email: other@example.org", "when: {times: [2027-03-04 10:00]}"))
	h.pass()
	h.hold()
	h.wantHeld("maya/1 4 Mar 10:00 1h0m0s", "other/1 4 Mar 10:00 1h0m0s")
	h.answers("no", 0)
	h.hold()
	h.wantHeld("other/1 4 Mar 10:00 1h0m0s")
}

// A hold is in the organizer's own words, or has the name of whom it is for.
func TestHoldsAreCalled(t *testing.T) {
	for words, want := range map[string]string{"For {{.Partner.Name}}": "For Maya Chen", "For {{.Nobody}}": "Maya Chen"} {
		h := newHolder(t)
		dir := t.TempDir()
		if err := os.MkdirAll(filepath.Join(dir, "en"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "en", "hold.txt"), []byte(words), 0o600); err != nil {
			t.Fatal(err)
		}
		h.connect(func(c *scheduler.Config) { c.Words = must(templates.Load(dir)) })
		h.plan("maya", maya("timezone: Europe/Berlin\n  language: de", "when: {start: 2027-03-04 10:00}"))
		h.pass()
		h.hold()
		if e := h.google.Events(); len(e) != 1 || e[0].Summary != want {
			t.Errorf("%q: %d events, the first is called %q; want %q", words, len(e), e[0].Summary, want)
		}
	}
}

// A counter counts how often a calendar is looked at.
type counter int

func (*counter) Name() string { return "ana@example.org" }

func (c *counter) Hold(context.Context, string, string, []invites.Hold) (bool, error) {
	*c++
	return false, nil
}

// A calendar is looked at again an hour later, for what a process may have left that has ended.
func TestHoldsLookAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, looks := newWorld(t), counter(0)
		o := newOnline(w)
		o.can.KeepsHolds = true
		w.with(func(c *scheduler.Config) { c.Settings.Times.Hold, c.Holds = true, &looks })
		for _, want := range []counter{1, 1, 2, 2} {
			if _, err := w.Holds.Keep(t.Context()); err != nil || looks != want {
				t.Errorf("%d looks, %v; want %d", looks, err, want)
			}
			time.Sleep(holds.LookAgain/2 + time.Second)
		}
	})
}

// A time that somebody else has taken is not held any more, and one that was deleted by hand does not come back.
func TestHoldsOthersMayNot(t *testing.T) {
	h := offering(t)
	h.plan("tom", maya("email: tom@example.org", "permitted: He said yes.", "when: {start: 2027-03-05 14:30}"))
	h.pass()
	h.hold()
	h.wantHeld("maya/1 4 Mar 10:00 1h0m0s", "maya/1 8 Mar 09:30 1h0m0s")
	for _, e := range h.google.Events() {
		if strings.HasPrefix(e.Id, "hold") && e.Status != "cancelled" && strings.HasPrefix(e.Start.DateTime, "2027-03-08") {
			h.google.Delete(e.Id, false)
		}
	}
	h.connect(func(*scheduler.Config) {})
	h.hold()
	h.wantHeld("maya/1 4 Mar 10:00 1h0m0s")
	h.answers("no", 0)
	h.hold()
	h.wantHeld()
}

// Nothing is held before the brief has left, and nothing that nobody offers.
func TestHoldsWaitForTheBrief(t *testing.T) {
	h := newHolder(t)
	if err := h.store.Pause(context.Background(), true); err != nil {
		t.Fatal(err)
	}
	h.plan("maya", maya(threeTimes))
	h.plan("tom", maya("email: tom@example.org", "ready: false", threeTimes))
	h.pass()
	h.hold()
	h.wantHeld()
	if err := h.store.Pause(context.Background(), false); err != nil {
		t.Fatal(err)
	}
	h.pass()
	h.hold()
	h.wantHeld("maya/1 4 Mar 10:00 1h0m0s", "maya/1 5 Mar 15:00 1h0m0s", "maya/1 8 Mar 09:30 1h0m0s")
}

// Who has never held anything asks no calendar.
func TestHoldsNothing(t *testing.T) {
	h := newHolder(t)
	h.connect(func(c *scheduler.Config) { c.Settings.Times.Hold = false })
	h.plan("maya", maya(threeTimes))
	h.pass()
	h.google.Forget()
	h.hold()
	if n := h.google.Count(); n != 0 {
		t.Errorf("%d requests", n)
	}
}

// What was found is held, and is no obstacle to finding it again.
func TestHoldsWhatWasFound(t *testing.T) {
	h := newHolder(t)
	h.connect(func(c *scheduler.Config) { c.FreeBusy = diaryOf{h} })
	h.plan("maya", maya("when: {between: {from: 2027-02-08, to: 2027-02-12}}"))
	h.pass()
	h.hold()
	if got := h.standing(); len(got) != 3 {
		t.Fatalf("held: %q", got)
	}
	offered := h.offered()
	h.receive(h.letter("2"))
	h.hold()
	h.wantHeld()
	h.pass()
	if got := h.find("maya").Start(h.now); !got.Equal(offered[1]) {
		t.Errorf("the talk is at %s; they took %s", got, offered[1])
	}
}

// What is offered in the place of a time that has gone is held in its place.
func TestHoldsOtherTimes(t *testing.T) {
	h, d := newHolder(t), &diary{}
	h.connect(func(c *scheduler.Config) { c.FreeBusy = d })
	h.plan("maya", maya("when: {between: {from: 2027-02-08, to: 2027-02-12}}"))
	h.pass()
	h.hold()
	before, taken := h.standing(), h.offered()[1]
	d.take(taken)
	h.receive(h.letter("2"))
	h.hold()
	h.wantHeld()
	h.pass()
	h.want("brief-0 times-0")
	h.hold()
	after := h.standing()
	if len(before) != 3 || len(after) != 3 || slices.Contains(after, "maya/1 "+taken.Format("2 Jan 15:04")+" 1h0m0s") {
		t.Errorf("first held: %q; then, without %s: %q", before, taken, after)
	}
	h.receive(h.letter("1"))
	h.hold()
	h.wantHeld()
	h.pass()
	if st := h.status("maya"); st != conversation.Invited {
		t.Errorf("it is %s", st)
	}
}

// A diaryOf a holder is what Google says of its calendar.
type diaryOf struct{ *holder }

// FreeBusy implements [finder.Calendars].
func (d diaryOf) FreeBusy(ctx context.Context, _ string, from, to time.Time) []invites.FreeBusy {
	busy, err := d.calendar("").Busy(ctx, "", from, to)
	if err != nil {
		d.t.Error(err)
	}
	return []invites.FreeBusy{{Name: "google", Kind: "google", State: invites.FreshBusy, Busy: busy}}
}

// Holds follow the calendar and the organizer that the config names.
func TestHoldsMoveHouse(t *testing.T) {
	h := offering(t)
	const team = "team@group.calendar.google.com"
	h.google.AddCalendar(team, "The team", "owner")
	h.connect(func(c *scheduler.Config) {
		c.Settings.Organizer.Email = "ana.lopes@example.org"
		c.Holds = h.calendar(team)
	})
	// It can't be reached at first.
	h.google.Fail(googletest.Fault{Call: "events.patch", Status: 403, Reason: "rateLimitExceeded"})
	if _, err := h.Holds.Keep(context.Background()); err == nil {
		t.Error("nothing is wrong")
	}
	h.hold()
	h.wantHeld("maya/1 4 Mar 10:00 1h0m0s", "maya/1 5 Mar 15:00 1h0m0s", "maya/1 8 Mar 09:30 1h0m0s")
	for _, e := range h.google.Events() {
		if strings.HasPrefix(e.Id, "hold") && e.Status != "cancelled" && (e.Organizer.Email != team ||
			e.ExtendedProperties.Private["coalitionHold"] != "ana.lopes@example.org") {
			t.Errorf("%s is in %s, for %q", e.Id, e.Organizer.Email, e.ExtendedProperties.Private)
		}
	}
	// A calendar that is gone keeps nobody waiting.
	h.connect(func(c *scheduler.Config) { c.Holds = elsewhere{h.calendar("")} })
	h.hold()
	if got := h.standing(); len(got) != 6 {
		t.Errorf("held: %q", got)
	}
	h.google.Forget()
	h.connect(func(*scheduler.Config) {})
	h.hold()
	if n := h.google.Count("events.list"); n != 1 {
		t.Errorf("%d calendars are looked at", n)
	}
}

// elsewhere is a calendar whose account knows no other.
type elsewhere struct{ *google.Calendar }

func (e elsewhere) Hold(ctx context.Context, in, owner string, list []invites.Hold) (bool, error) {
	if in != googletest.Account {
		return false, &invites.DeliveryError{Final: true, Channel: true, Text: "there is no calendar " + in}
	}
	return e.Calendar.Hold(ctx, in, owner, list)
}

// Whose calendar it is may be learnt late.
func TestHoldsOfUnknownAccount(t *testing.T) {
	h := newHolder(t)
	h.connect(func(c *scheduler.Config) {
		c.Holds = must(google.New(google.Config{Client: h.google.Client(), Endpoint: h.google.Endpoint()}))
	})
	h.plan("maya", maya(threeTimes))
	h.pass()
	h.hold()
	h.connect(func(*scheduler.Config) {})
	h.google.Forget()
	h.hold()
	if n := h.google.Count(); n != 1 || len(h.standing()) != 3 {
		t.Errorf("%d requests, held: %q", n, h.standing())
	}
}

// Wherever a process ends, the next one puts it right: none is left, and none is doubled.
func TestHoldsAfterCrash(t *testing.T) {
	for _, call := range []string{"events.list", "events.insert", "events.patch", "events.delete"} {
		for _, point := range []googletest.Point{googletest.Arrived, googletest.Done} {
			for skip := range 3 {
				h := newHolder(t)
				h.plan("maya", maya(threeTimes))
				h.plan("tom", maya("email: tom@example.org", "when: {times: [2027-03-09 10:00]}"))
				h.pass()
				crash := func() {
					ctx, end := context.WithCancel(context.Background())
					defer end()
					n := 0
					h.google.Hook(func(p googletest.Point, r googletest.Request) {
						if r.Call == call && p == point {
							if n++; n > skip {
								end()
							}
						}
					})
					_, err := h.Holds.Keep(ctx)
					h.google.Hook(nil)
					if err != nil && !errors.Is(err, context.Canceled) {
						t.Errorf("it ended with %v", err)
					}
					h.connect(func(*scheduler.Config) {})
				}
				crash()
				h.hold()
				h.wantHeld("maya/1 4 Mar 10:00 1h0m0s", "maya/1 5 Mar 15:00 1h0m0s", "maya/1 8 Mar 09:30 1h0m0s",
					"tom/1 9 Mar 10:00 1h0m0s")
				h.answers("yes", 2)
				crash()
				h.hold()
				h.wantHeld("tom/1 9 Mar 10:00 1h0m0s")
			}
		}
	}
}

// A process that goes by what was true a moment ago leaves nothing behind, whatever another one does meanwhile.
func TestHoldsOfTwo(t *testing.T) {
	h := newHolder(t)
	h.plan("maya", maya(threeTimes))
	h.pass()
	other := h.process()
	other.hold()
	var once atomic.Bool
	h.google.Hook(func(p googletest.Point, r googletest.Request) {
		if p == googletest.Arrived && r.Call == "events.list" && once.CompareAndSwap(false, true) {
			other.answers("yes", 1)
			other.hold()
			other.wantHeld()
		}
	})
	h.hold()
	h.wantHeld()
	if n := h.google.Count("events.insert"); n <= 3 {
		t.Errorf("%d inserts: nothing was written by what was past", n)
	}
}

// heldTimes are those that a life offers.
var heldTimes = []string{"2027-03-04 10:00", "2027-03-05 15:00", "2027-03-08 9:30", "2027-03-09 11:00", "2027-03-10 14:00"}

// A heldLife is a random life of several conversations, whose times two processes hold.
type heldLife struct {
	*holder
	rt    *rapid.T
	other *holder
	// byHand are the holds that the organizer has deleted.
	byHand map[string]bool
}

// either is one of the two processes.
func (l *heldLife) either() *holder {
	return rapid.SampledFrom([]*holder{l.holder, l.other}).Draw(l.rt, "process")
}

// someone is one of the conversations.
func (l *heldLife) someone() *conversation.Conversation {
	return l.find(rapid.SampledFrom([]string{"maya", "tom"}).Draw(l.rt, "who"))
}

// write makes or changes the plan of one of them.
func (l *heldLife) write(id string) {
	n := rapid.IntRange(1, 3).Draw(l.rt, "times")
	times := rapid.Permutation(heldTimes).Draw(l.rt, "which")[:n]
	l.plan(id, maya("email: "+id+"@example.org", "name: "+id, "when: {times: ["+strings.Join(times, ", ")+"]}"))
}

// says has one of them answer, or the organizer for them.
func (l *heldLife) says() {
	c := l.someone()
	if c.Cancelled != nil || len(c.Offered) == 0 {
		return
	}
	a := conversation.Answer{How: "command", Value: rapid.SampledFrom([]string{conversation.Yes, conversation.Yes,
		conversation.No, conversation.Wait, conversation.Query}).Draw(l.rt, "answer")}
	if slot := rapid.SampledFrom(c.Offered).Draw(l.rt, "slot"); a.Value == conversation.Yes && slot.Time().After(l.now) &&
		rapid.Bool().Draw(l.rt, "with a time") {
		a.Slot = slot
	}
	if d, err := l.Take(c, a, l.now); err == nil {
		l.commit(d, nil)
	}
}

// interrupted holds what is offered, and somewhere in the middle something else happens.
func (l *heldLife) interrupted(h *holder, do func(end func())) {
	ctx, end := context.WithCancel(context.Background())
	defer end()
	at := int64(rapid.IntRange(1, 6).Draw(l.rt, "request"))
	point := rapid.SampledFrom([]googletest.Point{googletest.Arrived, googletest.Done}).Draw(l.rt, "point")
	var n atomic.Int64
	l.google.Hook(func(p googletest.Point, _ googletest.Request) {
		if p == point && n.Add(1) == at {
			do(end)
		}
	})
	_, _ = h.Holds.Keep(ctx)
	l.google.Hook(nil)
}

// open are the times that are to be held: those offered, and not decided.
func (l *heldLife) open() (list []string) {
	b := l.board()
	for _, c := range b.Conversations {
		decided := c.Said(conversation.No) || c.Said(conversation.Wait) || c.Cancelled != nil || c.Told() != nil ||
			!c.Start(l.now).IsZero() && c.Said(conversation.Yes)
		if decided || c.Last((*outbox.Message).MayHaveLeft, outbox.Brief) == nil {
			continue
		}
		for _, slot := range c.Offered {
			if at := slot.Time(); at.After(l.now) && slices.Contains(c.DatesAt(l.now).Times, slot) &&
				len(b.Overlaps(at, time.Hour, c)) == 0 {
				list = append(list, fmt.Sprintf("%s/1 %s 1h0m0s", c.ID, at.Format("2 Jan 15:04")))
			}
		}
	}
	slices.Sort(list)
	return list
}

// settle lets both processes come to rest, and looks at what stands.
func (l *heldLife) settle() {
	l.google.Heal()
	l.pass()
	l.hold()
	l.other.hold()
	want := slices.DeleteFunc(l.open(), func(s string) bool { return l.byHand[s] })
	if got := l.standing(); !slices.Equal(got, want) {
		l.rt.Fatalf("held: %q; want %q", got, want)
	}
}

// TestLivesLeaveNoHold: whatever happens, at rest exactly what is offered is held, once, and in the end nothing.
func TestLivesLeaveNoHold(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		l := &heldLife{holder: newHolder(&tb{T: t, fail: rt}), rt: rt, byHand: make(map[string]bool)}
		l.other = l.process()
		l.write("maya")
		l.write("tom")
		l.pass()
		rt.Repeat(map[string]func(*rapid.T){
			"":     func(*rapid.T) { l.later(time.Second) },
			"pass": func(*rapid.T) { l.either().pass() },
			"hold": func(*rapid.T) { l.either().hold() },
			"says": func(*rapid.T) { l.says() },
			"edit": func(*rapid.T) { l.write(string(l.someone().ID)) },
			"again": func(*rapid.T) {
				if d, err := l.ask(l.someone(), true, l.now); err == nil {
					l.commit(d, nil)
				}
			},
			"cancel": func(rt *rapid.T) {
				if c := l.someone(); rapid.IntRange(0, 3).Draw(rt, "really") == 0 {
					if d, err := l.callOff(c, "", l.now); err == nil {
						l.commit(d, nil)
					}
				}
			},
			"wait": func(rt *rapid.T) { l.later(time.Duration(rapid.IntRange(1, 200).Draw(rt, "hours")) * time.Hour) },
			"crash": func(*rapid.T) {
				h := l.either()
				l.interrupted(h, func(end func()) { end() })
				h.connect(func(*scheduler.Config) {})
			},
			"beside": func(*rapid.T) {
				one, two := l.holder, l.other
				if rapid.Bool().Draw(l.rt, "which") {
					one, two = two, one
				}
				l.interrupted(one, func(func()) {
					l.says()
					two.hold()
				})
			},
			"fault": func(rt *rapid.T) {
				l.google.Fail(googletest.Fault{Status: 403, Reason: "rateLimitExceeded", RetryAfter: time.Hour,
					Call: rapid.SampledFrom([]string{"events.insert", "events.patch", "events.delete"}).Draw(rt, "call")})
				_, _ = l.either().Holds.Keep(context.Background())
				l.google.Heal()
			},
			"hand": func(rt *rapid.T) {
				for _, e := range l.google.Events() {
					if !strings.HasPrefix(e.Id, "hold") || e.Status == "cancelled" || !rapid.Bool().Draw(rt, "this one") {
						continue
					}
					before := l.standing()
					l.google.Delete(e.Id, false)
					if e.ExtendedProperties.Private["coalitionHoldOver"] != "" {
						// The program was about to.
						continue
					}
					for _, s := range before {
						if !slices.Contains(l.standing(), s) {
							l.byHand[s] = true
						}
					}
				}
			},
			"settle": func(*rapid.T) { l.settle() },
		})
		l.settle()
		for _, id := range []string{"maya", "tom"} {
			if d, err := l.callOff(l.find(id), "", l.now); err == nil {
				l.commit(d, nil)
			}
		}
		l.hold()
		l.other.hold()
		if got := l.standing(); len(got) > 0 {
			rt.Fatalf("left behind: %q", got)
		}
		for _, n := range l.google.Notices() {
			if strings.HasPrefix(n.EventID, "hold") {
				rt.Fatalf("%s got a mail about a hold", n.To)
			}
		}
	})
}
