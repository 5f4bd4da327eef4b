package scheduler_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-ical"
	"pgregory.net/rapid"

	"coalition/invites"
	"coalition/scheduler/command"
	"coalition/scheduler/conversation"
	"coalition/scheduler/outbox"
	"coalition/scheduler/plan"
	"coalition/scheduler/roster"
)

// TestLife lives random lives: plans are edited, partners answer, organizers move and cancel,
// servers refuse and fall silent, time passes. Whatever happens, what reaches the partner obeys the
// rules of the house.
func TestLife(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		l := &life{world: newWorld(&tb{T: t, fail: rt}), later: -1, times: []string{"2027-03-04 10:00", "2027-03-05 15:00", "2027-02-03 09:00"}}
		l.plan("maya", maya())
		l.server()
		rt.Repeat(map[string]func(*rapid.T){
			"":       l.check,
			"edit":   l.edit,
			"ready":  func(rt *rapid.T) { l.try(command.CheckIn{}) },
			"answer": l.partnerAnswers,
			"write":  l.partnerWrites,
			"reply":  l.calendarReplies,
			"decide": l.decidesOnCounter,
			"bounce": l.bounces,
			"ask": func(rt *rapid.T) {
				c := l.find("maya")
				d, err := l.ask(c, rapid.Bool().Draw(rt, "again"), l.now)
				if err == nil && d.Sent == nil {
					l.asks++
				}
				l.command(d, err)
			},
			"invite": func(rt *rapid.T) {
				d, err := l.invite(l.find("maya"), l.slot(rt), "", l.now)
				if err == nil && d.Sent == nil {
					l.moved = d.Conversation.Start(l.now)
				}
				l.command(d, err)
			},
			"move": func(rt *rapid.T) {
				d, err := l.reschedule(l.find("maya"), l.slot(rt), l.now)
				if err == nil && d.Sent == nil {
					l.moved = d.Conversation.Start(l.now)
				}
				l.command(d, err)
			},
			"cancel": func(rt *rapid.T) {
				if rapid.IntRange(0, 9).Draw(rt, "really") == 0 {
					l.command(l.callOff(l.find("maya"), "It can't be.", l.now))
				}
			},
			"debrief": func(rt *rapid.T) {
				var thanks *command.Thanks
				if rapid.Bool().Draw(rt, "thanks") {
					thanks = &command.Thanks{Words: rapid.SampledFrom([]string{"", "Thank you."}).Draw(rt, "words")}
				}
				l.command(l.debrief("maya", thanks))
			},
			"not held": func(rt *rapid.T) {
				if rapid.IntRange(0, 4).Draw(rt, "really") == 0 {
					l.try(command.NotHeld{})
				}
			},
			"pass":    func(rt *rapid.T) { l.pass() },
			"approve": l.approveAll,
			"time": func(rt *rapid.T) {
				l.now = l.now.Add(time.Duration(rapid.SampledFrom([]int{1, 30, 60, 24 * 60, 7 * 24 * 60}).Draw(rt, "minutes")) * time.Minute)
			},
			"weather": func(rt *rapid.T) {
				l.weather = rapid.SampledFrom([]string{"fine", "fine", "fine", "later", "never", "silent"}).Draw(rt, "weather")
			},
		})
		l.weather = "fine"
		l.approveAll(rt)
		l.settled(rt)
	})
}

// tb lets the helpers of a world fail the property.
type tb struct {
	*testing.T
	fail *rapid.T
}

func (t *tb) Fatal(args ...any)            { t.fail.Fatal(args...) }
func (t *tb) Fatalf(f string, args ...any) { t.fail.Fatalf(f, args...) }
func (t *tb) TempDir() string {
	dir, err := os.MkdirTemp("", "life")
	if err != nil {
		t.fail.Fatal(err)
	}
	t.fail.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}
func (t *tb) Cleanup(f func()) { t.fail.Cleanup(f) }

// A life is a world with a memory of what was meant.
type life struct {
	*world
	times   []string
	weather string // what the mail server is like

	text  []string  // the changes of the plan as it stands
	asks  int       // briefs that a command has asked for
	days  int       // new days on which to ask, after a later
	later int       // how often it had been asked for when the partner last said later; -1: never
	moved time.Time // a start that was set by a command or an answer, and holds until the plan names another

	seen int // submissions that check has looked at
	last struct {
		uid      string
		stamp    time.Time
		sequence int
		start    string
		place    string
		length   time.Duration
	}
	briefs, cancels, thanks int
	noted                   map[*invites.Submission]moment
	said                    invites.PartStat // what the partner's calendar has answered; "" since it was asked anew
	saidTo                  outbox.Content
	mails                   []*invites.Mail // that have come in
}

// moment is what was true when a submission left.
type moment struct {
	at     time.Time
	yes    bool // or the organizer has named another start after a "later" to the invitation
	no     bool
	ready  bool
	cancel bool
	closed bool
	over   bool // the talk that the partner knows of
}

// server makes the partner's mail server behave like the weather, and notes what was true when it
// took something.
func (l *life) server() {
	l.noted = make(map[*invites.Submission]moment)
	l.answer = func(p *invites.Submission, dot func() error) error {
		switch l.weather {
		case "later":
			return &invites.DeliveryError{Code: 451, Text: "not now"}
		case "never":
			return &invites.DeliveryError{Code: 550, Text: "nobody here", Final: true}
		}
		if err := dot(); err != nil {
			return err
		}
		c := l.find("maya")
		l.noted[p] = moment{at: l.now, ready: c.Ready, cancel: c.Cancelled != nil, closed: !c.Closed.IsZero(), over: c.Invited() && !l.now.Before(c.Told().End()),
			yes: c.Answer != nil && (c.Answer.Value == conversation.Yes || c.Answer.Moved), no: c.Answer != nil && c.Answer.Value == conversation.No}
		if l.weather == "silent" { // it took the message, and the answer is lost
			l.arrived = append(l.arrived, p)
			return &invites.DeliveryError{Unclear: true, Text: "silence"}
		}
		return nil
	}
}

func (l *life) slot(rt *rapid.T) plan.Slot {
	d := must(plan.ParseDate(rapid.SampledFrom(l.times).Draw(rt, "time")))
	return must(d.Slot(l.now, "Europe/Lisbon", ana.Hours, 0))
}

// edit changes one line of the plan.
func (l *life) edit(rt *rapid.T) {
	change := rapid.SampledFrom([]string{
		"purpose: Join forces on the spring launch.", "purpose: Something else.",
		"setting: {kind: walk, place: Riverside path}", "setting: {kind: coffee, place: Corner café}",
		"when: {start: 2027-03-04 10:00}", "when: {start: 2027-03-05 15:00}", "when: {start: 2027-03-04 10:00, duration: 90m}", "when: {times: [2027-03-04 10:00, 2027-03-05 15:00]}",
		"  - {topic: What each of us is committed to, minutes: 60}", "  - {topic: Something new, minutes: 30}",
		"ask_on: 2027-02-08", "ask_on: 2027-02-22", "permitted: She said so.", "ready: true",
	}).Draw(rt, "change")
	key, _, _ := strings.Cut(change, ":")
	before := maya(l.text...)
	for i, line := range l.text {
		if strings.HasPrefix(line, key+":") {
			l.text = append(l.text[:i:i], l.text[i+1:]...)
			break
		}
	}
	l.text = append(l.text, change)
	if maya(l.text...) == before {
		return
	}
	if strings.HasPrefix(change, "when: {start") || strings.HasPrefix(change, "when:") && !l.find("maya").Invited() {
		l.moved = time.Time{}
	}
	if strings.HasPrefix(change, "ask_on") {
		l.days++
	}
	l.plan("maya", maya(l.text...))
	l.pass() // a change counts when it is read; two that undo each other in between are none
}

func (l *life) partnerAnswers(rt *rapid.T) {
	a := conversation.Answer{Value: rapid.SampledFrom([]string{conversation.Yes, conversation.Yes, conversation.No, conversation.Wait}).Draw(rt, "answer"), How: "command"}
	if a.Value == conversation.Yes && rapid.Bool().Draw(rt, "chooses") {
		a.Slot = l.slot(rt)
	}
	if !l.try(a) {
		return
	}
	if !a.Slot.IsZero() {
		l.moved = a.Slot.Time()
	}
	if a.Value == conversation.Wait {
		l.later = l.asks + l.days
	}
	if a.Value != conversation.Yes && !l.find("maya").Invited() { // the time was part of a yes
		l.moved = time.Time{}
	}
}

// comes takes in a mail in answer to the newest message, perhaps twice, and perhaps forged: then nothing
// may follow from it.
func (l *life) comes(rt *rapid.T, change func(*invites.Mail)) (first *conversation.Conversation) {
	if len(l.arrived) == 0 {
		return l.find("maya")
	}
	mail := l.letter("")
	mail.Key = fmt.Sprint(len(l.mails))
	change(mail)
	l.mails = append(l.mails, mail)
	forged := rapid.IntRange(0, 3).Draw(rt, "forged") == 0
	if forged {
		mail.From.Email = "mallory@example.net"
	}
	before := *l.find("maya")
	r := l.receive(mail)
	c := l.find("maya")
	if forged && (r.Counted || c.PartStat != before.PartStat || fmt.Sprint(c.Answer) != fmt.Sprint(before.Answer) && c.Answer.Value != before.Answer.Value || c.Chosen != before.Chosen) {
		rt.Fatalf("a forged mail counted: %+v", r)
	}
	heard := func(o *invites.Object, c *conversation.Conversation) {
		if o == nil {
			return
		}
		if p := o.Attendees[0].PartStat; c.PartStat == invites.NeedsAction { // it is to what she knows, and another is meant by now
			known := c.Told()
			if o.Method == invites.Reply || p != invites.Accepted || known.Begins(o.Start) && o.End.Sub(o.Start) == known.Length {
				l.said, l.saidTo = p, *known
			}
			return
		}
		if l.said, l.saidTo = c.PartStat, c.Says(l.now, outbox.Invite); o.Method == invites.Reply && c.PartStat != o.Attendees[0].PartStat {
			rt.Fatalf("she has answered %s, and it is %s", o.Attendees[0].PartStat, c.PartStat)
		}
	}
	if r.Counted {
		heard(mail.Calendar, c)
	}
	old := rapid.SampledFrom(l.mails).Draw(rt, "again") // one that was not believed may count now
	if l.receive(old).Counted {
		if old.Calendar == nil && old == mail {
			rt.Fatalf("a mail counted twice: %+v", old)
		}
		heard(old.Calendar, l.find("maya"))
	}
	if !r.Counted {
		return c
	}
	if a := c.Answer; mail.Calendar == nil && a != nil {
		if !a.Slot.IsZero() {
			l.moved = a.Slot.Time()
		}
		if a.Value == conversation.Wait {
			l.later = l.asks + l.days
		}
		if a.Value != conversation.Yes || a.Other { // the time was part of a yes, or of one to another time
			l.moved = time.Time{}
		}
	}
	return c
}

func (l *life) partnerWrites(rt *rapid.T) {
	text := rapid.SampledFrom([]string{"yes", "1", "2", "no", "later", "What about?", "yes, 1\n\nHiring", ""}).Draw(rt, "text")
	l.comes(rt, func(m *invites.Mail) { m.Text = text })
}

func (l *life) calendarReplies(rt *rapid.T) {
	c := l.find("maya")
	if c.UID == "" {
		return
	}
	sequence := rapid.IntRange(-1, c.Sequence+1).Draw(rt, "sequence")
	p := rapid.SampledFrom([]invites.PartStat{invites.Accepted, invites.Accepted, invites.Declined, invites.Tentative}).Draw(rt, "partstat")
	counter := rapid.IntRange(0, 2).Draw(rt, "counter") == 0
	at := l.slot(rt).Time().UTC()
	after := l.comes(rt, func(m *invites.Mail) {
		m.Calendar = &invites.Object{Method: invites.Reply, UID: c.UID, Sequence: sequence, Stamp: l.now.UTC(), Start: at, End: at.Add(time.Hour),
			Attendees: []invites.Attendee{{Email: "maya@example.org", PartStat: p}}}
		if counter {
			m.Calendar.Method = invites.Counter
		}
	})
	present, says, same := c.Sequence, c.Says(l.now, outbox.Invite), false // a counter-proposal of the time that stands is none
	for _, m := range c.Messages {
		same = same || m.Attempts > 0 && at.Equal(m.Content.Start.Time())
	}
	for _, m := range c.Messages { // a move that was taken back before it had gone leaves a gap
		if (m.Kind == outbox.Invite || m.Kind == outbox.Update) && m.To == "maya@example.org" && m.Attempts > 0 &&
			m.Content.Start == says.Start && m.Content.Length == says.Length && m.Content.Place == says.Place {
			present = m.Sequence
		}
	}
	if after.PartStat == invites.Accepted && c.PartStat != invites.Accepted && (counter && at.After(l.now) && !same || sequence > c.Sequence || sequence >= 0 && sequence < present) {
		rt.Fatalf("SEQUENCE %d of %d, counter %t: the talk counts as accepted", sequence, c.Sequence, counter)
	}
	if after.Sequence != c.Sequence || !after.Start(l.now).Equal(c.Start(l.now)) {
		rt.Fatal("what came in has moved the talk")
	}
}

func (l *life) decidesOnCounter(rt *rapid.T) {
	if rapid.Bool().Draw(rt, "take") {
		d, err := l.takeCounter(l.find("maya"), l.now)
		if err == nil && d.Sent == nil {
			l.moved = d.Conversation.Start(l.now)
		}
		l.command(d, err)
		return
	}
	d, err := l.declineCounter(l.find("maya"), "", l.now)
	l.command(d, err)
}

func (l *life) bounces(rt *rapid.T) {
	if len(l.arrived) == 0 || rapid.IntRange(0, 4).Draw(rt, "really") > 0 {
		return
	}
	p := rapid.SampledFrom(l.arrived).Draw(rt, "message")
	l.receive(&invites.Mail{Key: fmt.Sprint("bounce", len(l.mails), l.now), At: l.now, Sort: invites.Report, Bounce: &invites.Bounce{Of: p.MessageID, Final: true, Code: "5.1.1"}})
}

// try commits a change where it is taken.
func (l *life) try(change conversation.Change) bool {
	d, err := l.Take(l.find("maya"), change, l.now)
	if err == nil {
		l.commit(d, nil)
	}
	return err == nil
}

// command carries out what a command has decided.
func (l *life) command(d *conversation.Draft, err error) {
	if err != nil || d.Sent != nil {
		return
	}
	l.commit(d, nil)
	ctx := context.Background()
	if err := l.Delivery.DeliverBoth(ctx, ctx, false).Err; err != nil {
		l.t.Fatal(err)
	}
}

func (l *life) approveAll(rt *rapid.T) {
	var rows []int64
	for _, c := range l.board().Conversations {
		for _, m := range c.Messages {
			if m.State == outbox.Held || m.State == outbox.Queued || m.State == outbox.Unclear {
				rows = append(rows, m.Row) // as if the time to try again had come
			}
		}
	}
	if rows == nil {
		return
	}
	ctx := context.Background()
	if err := l.store.Approve(ctx, rows); err != nil {
		rt.Fatal(err)
	}
	if err := l.Delivery.DeliverBoth(ctx, ctx, false).Err; err != nil {
		rt.Fatal(err)
	}
}

// check looks at what has arrived since it last looked.
func (l *life) check(rt *rapid.T) {
	for _, p := range l.arrived[l.seen:] {
		l.seen++
		m := l.noted[p]
		switch {
		case m.cancel && p.Kind != "cancel":
			rt.Fatalf("a %s left after the conversation was cancelled", p.Kind)
		case m.no && (p.Kind != "cancel" || p.Calendar == nil): // which takes the event out of their calendar
			rt.Fatalf("a %s left after a no", p.Kind)
		case m.closed != (p.Kind == "thanks"):
			rt.Fatalf("a %s left; the talk was looked back on: %v", p.Kind, m.closed)
		case p.Kind == "thanks" && !m.over:
			rt.Fatal("the thanks left before the talk was over")
		case !m.ready && p.Kind != "cancel":
			rt.Fatalf("a %s left without a check-in", p.Kind)
		}
		repeat := false // a message that fell silent is repeated byte for byte
		for _, earlier := range l.arrived[:l.seen-1] {
			repeat = repeat || bytes.Equal(earlier.Data, p.Data)
		}
		switch {
		case repeat:
			continue
		case p.Kind == "brief":
			if l.later >= l.asks+l.days {
				rt.Fatal("a brief left after a later, and nobody has asked again")
			}
			if l.briefs++; l.briefs > 1+l.asks+l.days {
				rt.Fatalf("%d briefs left; one was due, and %d were asked for", l.briefs, l.asks+l.days)
			}
		case p.Kind == "cancel":
			if l.cancels++; l.cancels > 1 {
				rt.Fatal("a second cancellation left")
			}
		case p.Kind == "thanks":
			if l.thanks++; l.thanks > 1 {
				rt.Fatal("thanks left a second time")
			}
		case !m.yes && p.Kind != "declinecounter":
			rt.Fatalf("a %s left without a yes on record", p.Kind)
		}
		if p.Kind == "declinecounter" && l.last.stamp.After(p.Stamp) { // one that had to wait says no to the same time, whatever has gone since
			continue
		}
		if !p.Stamp.After(l.last.stamp) {
			rt.Fatalf("the Date of a %s is %s, not after the last one's %s", p.Kind, p.Stamp, l.last.stamp)
		}
		l.last.stamp = p.Stamp
		if p.Calendar == nil {
			continue
		}
		l.checkEvent(rt, p, m)
	}
	if c := l.find("maya"); c.Invited() && c.Cancelled == nil && !c.Status(l.now).Held() {
		says := c.Says(l.now, outbox.Invite)
		same := says.Start == l.saidTo.Start && says.Length == l.saidTo.Length && says.Place == l.saidTo.Place
		switch {
		case c.PartStat != invites.NeedsAction && (l.said != c.PartStat || !same):
			rt.Fatalf("it is %s; she has said %q to %+v, and there stands %+v", c.PartStat, l.said, l.saidTo, says)
		case c.PartStat == invites.NeedsAction && l.said != "" && same:
			rt.Fatalf("she has said %s to what stands, and it is open", l.said)
		}
	}
	if c := l.find("maya"); !l.moved.IsZero() && !c.Start(l.now).Equal(l.moved) {
		rt.Fatalf("the start is %s, but %s was set and the plan's own start has not changed since", c.Start(l.now), l.moved)
	}
}

func (l *life) checkEvent(rt *rapid.T, p *invites.Submission, m moment) {
	cal, err := ical.NewDecoder(bytes.NewReader(p.Calendar)).Decode()
	if err != nil {
		rt.Fatal(err)
	}
	e := cal.Events()[0]
	start, err := e.DateTimeStart(time.UTC)
	if err != nil {
		rt.Fatal(err)
	}
	if !start.After(m.at) {
		rt.Fatalf("a %s for %s left at %s", p.Kind, start, m.at)
	}
	uid := e.Props.Get(ical.PropUID).Value
	if l.last.uid != "" && uid != l.last.uid {
		rt.Fatal("the round has a second UID")
	}
	where, err := e.Props.Text(ical.PropLocation)
	if err != nil {
		rt.Fatal(err)
	}
	if p.Kind == "declinecounter" {
		if where != "" {
			rt.Fatalf("a declinecounter names the place %q, which may not have been told", where)
		}
		where = l.last.place
	}
	if end, err := e.DateTimeEnd(time.UTC); err != nil || start.String() != l.last.start || where != l.last.place || end.Sub(start) != l.last.length {
		if l.last.length = end.Sub(start); p.Kind == "invite" || p.Kind == "update" { // which asks anew, unless what was said was said to this
			if s := l.saidTo; !s.Start.Time().Equal(start) || s.Length != end.Sub(start) || l.last.uid != "" && p.Sequence > l.last.sequence {
				l.said = ""
			}
		}
	}
	changed := l.last.uid != "" && (start.String() != l.last.start || where != l.last.place)
	switch {
	case p.Sequence < l.last.sequence:
		rt.Fatalf("SEQUENCE fell from %d to %d", l.last.sequence, p.Sequence)
	case (changed || p.Kind == "cancel") && p.Sequence == l.last.sequence && l.last.uid != "":
		rt.Fatalf("SEQUENCE stayed at %d although the time or the place changed, or it was cancelled", p.Sequence)
	case !changed && p.Kind == "update" && p.Sequence != l.last.sequence && fmt.Sprint(p.Sequence) != fmt.Sprint(l.find("maya").Sequence):
		rt.Fatalf("SEQUENCE rose to %d without a change of time or place", p.Sequence)
	}
	l.last.uid, l.last.sequence, l.last.start, l.last.place = uid, p.Sequence, start.String(), where
}

// settled checks that with a well server, and time enough, everything that was meant has arrived.
func (l *life) settled(rt *rapid.T) {
	for range 4 {
		l.pass()
		l.approveAll(rt)
		l.check(rt)
	}
	c := l.find("maya")
	step := roster.Next(c, l.now)
	if step.IsDue(l.now) {
		rt.Fatalf("still due after four passes: %s", step.Next)
	}
	for _, m := range c.Messages {
		if m.State == outbox.Queued || m.State == outbox.Sending || m.State == outbox.Held {
			rt.Fatalf("a %s is still %s", m.Kind, m.State)
		}
	}
	if status := c.Status(l.now); status == conversation.Invited && c.PartStat != invites.Declined && c.Answer.Value == conversation.Yes && c.Start(l.now).After(l.now) &&
		l.last.start != c.Start(l.now).String() && !strings.Contains(step.Next, "mend") && !strings.Contains(step.Next, "find another way") && !strings.Contains(step.Next, "find out") {
		rt.Fatalf("the partner knows of %s, but the talk is at %s; next: %s", l.last.start, c.Start(l.now), step.Next)
	}
}
