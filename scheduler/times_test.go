package scheduler_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"coalition/invites"
	"coalition/scheduler"
	"coalition/scheduler/conversation"
	"coalition/scheduler/outbox"
	"coalition/scheduler/plan"
	"coalition/scheduler/roster"
	"coalition/scheduler/worklist"
)

// rival makes a plan of somebody else who has said yes to a start.
func (w *world) rival(id, start string) {
	w.t.Helper()
	w.plan(id, maya("permitted: Agreed.", "when: {start: "+start+"}", "  name: Rival", "  email: "+id+"@example.org"))
}

// goneBy is a world with pages in which Maya was offered three times, and Tom has the second by now.
func goneBy(t *testing.T) (*world, string) {
	t.Helper()
	w, token := paged(t)
	w.rival("tom", "2027-03-05 15:30")
	w.pass()
	w.want("brief-0 invite-0")
	return w, token
}

// approve lets go what waits in a conversation for the organizer's word.
func (w *world) approve(ref string) {
	w.t.Helper()
	var rows []int64
	for _, m := range worklist.Approvable(w.find(ref), w.now) {
		rows = append(rows, m.Row)
	}
	if err := w.store.Approve(context.Background(), rows); err != nil {
		w.t.Fatal(err)
	}
}

// toBrief is a reply of Maya's to her brief, or to the n-th mail with other times.
func (w *world) toBrief(text string, n int) *invites.Mail {
	w.t.Helper()
	for _, p := range w.arrived {
		if p.To == "maya@example.org" && (p.Kind == "brief" || p.Kind == "times") {
			if n--; n < 0 {
				return w.letterOf(p, text)
			}
		}
	}
	w.t.Fatal("she has got no such mail")
	return nil
}

// Whoever says yes to a time that an event has taken meanwhile gets the next best ones at once, in one mail; what is
// offered then is kept free, and their answer to it leads to the invitation. Each time that has gone gets one mail.
func TestOtherTimes(t *testing.T) {
	w, d := searching(t)
	w.Notify = true
	w.pass()
	gone := w.offered()[1]
	d.take(gone)
	w.later(time.Hour)
	w.receive(w.toBrief("2", 0))
	for range 2 {
		w.pass()
		w.want("brief-0 times-0")
	}
	c := w.find("maya")
	first := w.offered()
	if c.Status(w.now) != conversation.Permitted || len(first) != 3 || slices.Contains(first, gone) {
		t.Fatalf("%s, offered %v after %s was taken", c.Status(w.now), first, gone)
	}
	text := string(w.arrived[1].Data)
	for _, at := range append(first, gone) {
		if !strings.Contains(text, at.Format("2 January 2006")) {
			t.Errorf("the mail does not name %s:\n%s", at, text)
		}
	}
	if next := roster.Next(c, w.now).Next; next != "wait until Maya Chen has chosen another time" {
		t.Errorf("next %q", next)
	}
	w.plan("tom", maya("email: tom@example.org", "when: {between: {from: 2027-02-08, to: 2027-02-12}}"))
	w.pass()
	w.want("brief-0 times-0 brief-0")
	for _, slot := range w.find("tom").Offered {
		if slices.Contains(first, slot.Time()) {
			t.Errorf("%s is offered to Tom, too", slot)
		}
	}
	d.take(first[0], first[1])
	w.later(time.Hour)
	w.receive(w.toBrief("1 or 2", 1))
	w.pass()
	w.pass()
	w.want("brief-0 times-0 brief-0 times-0")
	second := w.offered()
	w.later(time.Hour)
	w.receive(w.toBrief("3", 2))
	w.pass()
	w.want("brief-0 times-0 brief-0 times-0 invite-0")
	if got := w.find("maya").Start(w.now); !got.Equal(second[2]) {
		t.Errorf("the talk is at %s; the third of %v was chosen", got, second)
	}
	if len(w.find("maya").Notices) > 0 || len(w.sent(outbox.Notice)) > 0 {
		t.Error("the organizer was bothered with what went on by itself")
	}
}

// Of times that the plan names those are offered that are left; where none is, the organizer is told once, and what
// the plan names next is offered.
func TestOtherTimesOfThePlan(t *testing.T) {
	w, _ := goneBy(t)
	w.Notify = true
	w.receive(w.toBrief("2", 0))
	w.pass()
	w.want("brief-0 invite-0 times-0")
	want := []time.Time{start, start.Add(4*24*time.Hour - 30*time.Minute)}
	if got := w.offered(); !slices.EqualFunc(got, want, time.Time.Equal) {
		t.Fatalf("offered %v", got)
	}
	w.rival("ben", "2027-03-04 10:00")
	w.rival("nia", "2027-03-08 9:00")
	w.pass()
	w.later(time.Hour)
	w.receive(w.toBrief("2", 1))
	for range 2 {
		w.pass()
		w.want("brief-0 invite-0 times-0 invite-0 invite-0 notice-0")
	}
	w.wantStep("maya", "choose a time (Mon 8 Mar 2027 09:30 (Europe/Lisbon), which was offered, is taken by the talk nia; "+
		"no other time of the plan is left): coalition invite maya --start TIME", "")
	w.plan("maya", maya("when: {times: [2027-03-10 10:00, 2027-03-11 15:00]}"))
	w.pass()
	w.want("brief-0 invite-0 times-0 invite-0 invite-0 notice-0 times-0")
	w.later(time.Hour)
	w.receive(w.toBrief("2", 2))
	w.pass()
	if got := w.find("maya").Start(w.now); !got.Equal(start.Add(7*24*time.Hour + 5*time.Hour)) {
		t.Errorf("the talk is at %s", got)
	}
}

// Numbers of a reply mean the times that the partner has read, whatever the plan names since.
func TestOtherTimesOfAnEditedPlan(t *testing.T) {
	w, _ := goneBy(t)
	w.receive(w.toBrief("2", 0))
	w.pass()
	w.plan("maya", maya("when: {times: [2027-03-10 10:00, 2027-03-11 15:00]}"))
	w.pass()
	w.later(time.Hour)
	w.receive(w.toBrief("2", 1))
	w.pass()
	w.want("brief-0 invite-0 times-0 times-0")
	if got := w.offered(); len(got) != 2 || !got[0].Equal(start.Add(6*24*time.Hour)) {
		t.Errorf("offered %v", got)
	}
}

// A reply that names none of our mails is to the one whose subject it has: numbers of another are not taken.
func TestOtherTimesBySubject(t *testing.T) {
	for subject, counts := range map[string]bool{
		"Re: May we talk about working as partners?": false,
		"Re: Another time for our conversation?":     true,
	} {
		w, _ := goneBy(t)
		w.receive(w.toBrief("2", 0))
		w.pass()
		w.later(time.Hour)
		mail := w.toBrief("2", 1)
		mail.Refs, mail.Subject, mail.Vouched = nil, subject, true
		w.receive(mail)
		if got := w.find("maya").Start(w.now); got.IsZero() == counts {
			t.Errorf("%q: the talk is at %s", subject, got)
		}
	}
}

// Where no search can be made nothing is offered, and what the partner was offered stays.
func TestOtherTimesWithoutASearch(t *testing.T) {
	for why, trouble := range map[string]func(d *diary){
		"a fault of this program, of which the log says more": func(d *diary) { d.fault = true },
		"private can't be read: the server does not answer":   func(d *diary) { d.state = invites.FailedBusy },
	} {
		w, d := searching(t)
		w.pass()
		brief := w.offered()
		d.take(brief[1])
		w.later(time.Hour)
		w.receive(w.toBrief("2", 0))
		trouble(d)
		w.pass()
		w.want("brief-0")
		w.wantStep("maya", "; "+why+"): coalition invite maya --start TIME", "")
		d.fault = false
		w.later(time.Minute)
		w.receive(w.toBrief("3", 0))
		if got := w.find("maya").Start(w.now); !got.Equal(brief[2]) {
			t.Errorf("%s: the talk is at %s; %s was chosen", why, got, brief[2])
		}
	}
}

// A time is gone as well once it has passed, and a yes without a number is to what was offered, where none of it is
// left.
func TestOtherTimesAfterAllHavePassed(t *testing.T) {
	for _, text := range []string{"1", "Yes, gladly"} {
		w, _ := searching(t)
		w.plan("maya", maya("when: {between: {from: 2027-02-08, to: 2027-03-12}}", "private: {urgency: 5}"))
		w.pass()
		offered := w.offered()
		last := slices.MaxFunc(offered, time.Time.Compare)
		w.now = last.Add(time.Minute)
		w.receive(w.toBrief(text, 0))
		w.pass()
		w.want("brief-0 times-0")
		for _, at := range w.offered() {
			if !at.After(w.now) {
				t.Errorf("%q: %s is offered, which has passed", text, at)
			}
		}
	}
}

// Nothing is offered any more to whoever says no, later or stop, nor once the organizer cancels or names a time.
func TestNoOtherTimes(t *testing.T) {
	for name, then := range map[string]func(w *world){
		"no":    func(w *world) { w.receive(w.toBrief("No, thank you.", 0)) },
		"later": func(w *world) { w.receive(w.toBrief("later", 0)) },
		"stop":  func(w *world) { w.receive(w.toBrief("Please stop writing to me.", 0)) },
		"an earlier stop": func(w *world) {
			c := w.find("maya")
			c.Stopped("maya@example.org", w.now)
			w.commit(c.Record(w.now), nil)
		},
		"cancel": func(w *world) { w.commit(w.callOff(w.find("maya"), "", w.now)) },
		"invite": func(w *world) {
			w.commit(w.invite(w.find("maya"), plan.SlotOf(start.Add(20*24*time.Hour)), "", w.now))
		},
		"another choice": func(w *world) { w.receive(w.toBrief("3", 0)) },
	} {
		for _, waits := range []bool{false, true} {
			w, _ := goneBy(t)
			w.receive(w.toBrief("2", 0))
			ctx := context.Background()
			if err := w.Store.Pause(ctx, true); err != nil {
				t.Fatal(err)
			}
			if waits && name != "an earlier stop" {
				w.pass()
			}
			w.later(time.Minute)
			then(w)
			w.pass()
			if name == "an earlier stop" {
				w.wantStep("maya", "choose a time with Maya Chen yourself, since Maya Chen asked for no more mail", "")
			}
			if err := w.Store.Pause(ctx, false); err != nil {
				t.Fatal(err)
			}
			w.pass()
			if w.wantSent(outbox.Times); t.Failed() {
				t.Fatalf("after %s, waiting %v: %s", name, waits, w.kinds())
			}
		}
	}
}

// While it waits, other words take its place where one of its times goes; numbers mean what the partner has read.
func TestOtherTimesWait(t *testing.T) {
	w, d := searching(t)
	w.pass()
	brief := w.offered()
	d.take(brief[1])
	ctx := context.Background()
	if err := w.Store.Pause(ctx, true); err != nil {
		t.Fatal(err)
	}
	w.later(time.Hour)
	w.receive(w.toBrief("2", 0))
	w.pass()
	before := w.offered()
	// What is better by now does not count: they all fit.
	busy := d.busy
	d.busy = nil
	w.pass()
	if again := w.offered(); !slices.Equal(again, before) {
		t.Fatalf("offered %v, and then %v, with nothing taken", before, again)
	}
	d.busy = busy
	i := slices.IndexFunc(before, func(at time.Time) bool { return !slices.Contains(brief, at) })
	d.take(before[i])
	w.pass()
	after := w.offered()
	if slices.Contains(after, before[i]) || len(after) != 3 {
		t.Fatalf("offered %v after %s was taken", after, before[i])
	}
	w.later(time.Minute)
	w.receive(w.toBrief("3", 0))
	if got := w.find("maya").Start(w.now); !got.Equal(brief[2]) {
		t.Errorf("3 is taken for %s; the brief said %v, and %v waits", got, brief, after)
	}
	if err := w.Store.Pause(ctx, false); err != nil {
		t.Fatal(err)
	}
	w.pass()
	w.want("brief-0 invite-0")
}

// The mail names the time that was chosen last, where that has gone, too.
func TestOtherTimesForAnother(t *testing.T) {
	w, d := searching(t)
	w.pass()
	brief := w.offered()
	d.take(brief[0], brief[1])
	ctx := context.Background()
	if err := w.Store.Pause(ctx, true); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"2", "1"} {
		w.later(time.Minute)
		w.receive(w.toBrief(text, 0))
		w.pass()
	}
	if err := w.Store.Pause(ctx, false); err != nil {
		t.Fatal(err)
	}
	w.pass()
	w.want("brief-0 times-0")
	text, day := string(w.arrived[1].Data), brief[0].Format("Monday, 2 January 2006")
	if !strings.Contains(text, "any more:\r\n"+day) {
		t.Errorf("%s was chosen last:\n%s", brief[0], text)
	}
}

// What could not leave before one of its times came goes with others; what came back is told, and what failed to go.
func TestOtherTimesDoNotArrive(t *testing.T) {
	w, _ := searching(t)
	w.plan("maya", maya("when: {between: {from: 2027-02-08, to: 2027-03-12}}", "private: {urgency: 5}"))
	w.pass()
	d := w.config.FreeBusy.(*diary)
	d.take(w.offered()[0])
	w.later(time.Hour)
	w.receive(w.toBrief("1", 0))
	ctx := context.Background()
	if err := w.Store.Pause(ctx, true); err != nil {
		t.Fatal(err)
	}
	w.pass()
	waited := w.offered()
	w.now = slices.MinFunc(waited, time.Time.Compare)
	if err := w.Store.Pause(ctx, false); err != nil {
		t.Fatal(err)
	}
	w.pass()
	w.want("brief-0")
	// It fell due long ago.
	w.approve("maya")
	w.pass()
	w.want("brief-0 times-0")
	if again := w.offered(); !slices.MinFunc(again, time.Time.Compare).After(w.now) {
		t.Errorf("offered %v at %s", again, w.now)
	}
	w.later(time.Hour)
	w.receive(&invites.Mail{Key: "bounce", At: w.now, Sort: invites.Report, Bounce: &invites.Bounce{
		Of: w.arrived[1].MessageID, Final: true, Code: "5.1.1"}})
	w.pass()
	w.want("brief-0 times-0")
	w.wantStep("maya", "mend the address: the mail with other times came back (5.1.1)", "")
	if kept, _ := w.find("maya").Keeps(w.now); len(kept) > 0 {
		t.Errorf("%v are kept free for a mail that came back", kept)
	}
}

// A mail with other times counts for the limit above which a pass is held, and the organizer's word lets it go.
func TestOtherTimesAreHeld(t *testing.T) {
	w, _ := goneBy(t)
	w.HoldOver = 0
	w.receive(w.toBrief("2", 0))
	w.pass()
	w.want("brief-0 invite-0")
	w.wantStep("maya", "approve the mail with other times: coalition approve maya", "")
	w.approve("maya")
	w.pass()
	w.want("brief-0 invite-0 times-0")
}

// Where no answer comes from the server the same bytes go once more, unless they have been answered, or a time is
// known.
func TestOtherTimesUnclear(t *testing.T) {
	for _, since := range []string{"", "answered", "invited"} {
		w, _ := goneBy(t)
		w.answer = func(p *invites.Submission, dot func() error) error {
			if err := dot(); err != nil {
				return err
			}
			w.arrived = append(w.arrived, p)
			return &invites.DeliveryError{Unclear: true, Text: "silence"}
		}
		w.receive(w.toBrief("2", 0))
		w.pass()
		w.answer = nil
		want := "brief-0 invite-0 times-0 times-0"
		switch since {
		case "answered":
			w.rival("ben", "2027-03-04 10:00")
			w.pass()
			w.later(time.Minute)
			mail := w.toBrief("1", 1)
			mail.Refs, mail.Subject, mail.Vouched = nil, "Re: Another time for our conversation?", true
			w.receive(mail)
			want = "brief-0 invite-0 times-0 invite-0 times-0"
		case "invited":
			w.commit(w.invite(w.find("maya"), plan.SlotOf(start.Add(20*24*time.Hour)), "", w.now))
			want = "brief-0 invite-0 times-0 invite-0"
		}
		w.pass()
		w.again()
		w.want(want)
		var times []string
		for _, p := range w.arrived {
			if p.Kind == "times" {
				times = append(times, string(p.Data))
			}
		}
		if len(times) == 2 && (times[0] == times[1]) != (since == "") {
			t.Errorf("%s: the same bytes %v", since, times[0] == times[1])
		}
	}
}

// On the page whoever chooses a time that has gone chooses among those that are left; who leaves it at that gets no
// mail on top. Where none is left it is a yes, and other times come by mail; their page shows those.
func TestOtherTimesOnThePage(t *testing.T) {
	w, token := goneBy(t)
	w.choose(token, "yes2", "")
	w.later(time.Hour)
	w.pass()
	w.want("brief-0 invite-0")

	s, d := searching(t)
	s.with(func(c *scheduler.Config) {
		c.Link = func(token string) string { return "https://talk.example.org/a/" + token }
	})
	s.pass()
	old := s.token()
	gone := s.offered()
	d.take(gone...)
	s.later(time.Hour)
	if p := s.open(old); len(p.Times) != 0 || !p.Open {
		t.Fatalf("where none is left, the page offers %v", p.Times)
	}
	p := s.choose(old, "yes2", "")
	status := s.status("maya")
	if p.Problem != "" || p.Answer != "yes" || !p.Before.Start.Equal(gone[1]) || status != conversation.Permitted {
		t.Fatalf("the page %+v, %s", p, status)
	}
	s.pass()
	s.want("brief-0")
	s.later(5 * time.Minute)
	ctx := context.Background()
	if err := s.Store.Pause(ctx, true); err != nil {
		t.Fatal(err)
	}
	s.pass()
	if p := s.open(old); p == nil || len(p.Times) != 0 {
		t.Errorf("the only link that she has got leads to %+v", p)
	}
	if err := s.Store.Pause(ctx, false); err != nil {
		t.Fatal(err)
	}
	s.pass()
	s.want("brief-0 times-0")
	newer := s.token()
	if s.open(old) != nil {
		t.Error("the page of the brief outlives that of other times: its numbers mean something else")
	}
	p = s.open(newer)
	if !p.Before.Start.Equal(gone[1]) || !slices.EqualFunc(p.Times, s.offered(), time.Time.Equal) ||
		fmt.Sprint(p.Numbers) != "[1 2 3]" || !p.Open {
		t.Fatalf("the page of other times: %+v", p)
	}
	s.choose(newer, "yes3", "")
	s.later(5 * time.Minute)
	s.pass()
	s.want("brief-0 times-0 invite-0")
	if got := s.find("maya").Start(s.now); !got.Equal(p.Times[2]) {
		t.Errorf("the talk is at %s; %s was chosen", got, p.Times[2])
	}
}

// A yes on the page without any time to choose gets other times as well.
func TestOtherTimesForABareYes(t *testing.T) {
	w, d := searching(t)
	w.with(func(c *scheduler.Config) {
		c.Link = func(token string) string { return "https://talk.example.org/a/" + token }
	})
	w.pass()
	d.take(w.offered()...)
	w.later(time.Hour)
	w.choose(w.token(), "yes", "")
	w.later(5 * time.Minute)
	w.pass()
	w.want("brief-0 times-0")
}
