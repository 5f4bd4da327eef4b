package conversation

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"coalition/invites"
	"coalition/scheduler/outbox"
	"coalition/scheduler/plan"
	"coalition/scheduler/ways"
)

// Status is the conversation's place in its life.
func (c *Conversation) Status(now time.Time) Status {
	told := c.Told()
	switch {
	case c.Cancelled != nil:
		return Cancelled
	case !c.Closed.IsZero():
		return Closed
	case told != nil && c.Said(No):
		return Declined
	case told != nil && !now.Before(told.End()) && !c.Declined():
		return Met
	case told != nil && c.PartStat == invites.Accepted:
		return Confirmed
	case told != nil:
		return Invited
	case c.Said(No):
		return Declined
	case c.Said(Wait):
		return Later
	case c.Said(Yes) && c.Ready:
		return Permitted
	case c.Last((*outbox.Message).MayHaveLeft, outbox.Brief) != nil:
		return Asked
	case c.Ready:
		return Ready
	}
	return Planned
}

// Next is the one next thing in the conversation, why it is that, and when to look again, beside no other
// conversation. It is a pure function of the conversation and now, and the only place that decides what is sent.
func (c *Conversation) Next(now time.Time) Step {
	if m := c.InFlight(); m != nil {
		return Step{Next: "deliver the " + m.Kind.Noun(), On: Nobody}
	}
	if m := c.cutOff(now); m != nil {
		return Step{Next: "write " + c.settings.CalendarOf(m.Channel()).Config + " in the config again, for the " + m.Kind.Noun(), Again: m.Deadline}
	}
	told := c.Told()
	switch {
	case c.Cancelled != nil:
		return c.nextCancelled(now)
	case !c.Closed.IsZero():
		return c.nextClosed(now)
	case c.Said(No) && told != nil && now.Before(told.Start.Time()) && !c.Deleted():
		return Step{Next: "cancel the talk, which still stands in the calendars: " + c.Plan.With.Name + " said no", Again: told.Start.Time()}
	case c.Said(No):
		return Step{Next: "let it rest: " + c.Plan.With.Name + " said no", On: Nobody}
	case told != nil && !now.Before(told.End()) && c.Declined():
		return Step{Next: "let it rest, or plan another round: " + c.Plan.With.Name + " declined the invitation", On: Nobody}
	case told != nil && !now.Before(told.End()):
		return Step{Next: "look back on the talk: " + c.How(ways.Debrief)}
	case !c.Ready:
		return c.nextPlanned()
	case told != nil && !c.willing():
		return Step{Next: "move the talk, or cancel it: " + c.Plan.With.Name + " asked for another moment", Again: told.End()}
	case told != nil:
		return c.nextInvited(now, told)
	case c.Countered(now):
		s := c.nextCounter()
		s.Again = c.Counter.Start
		return s
	case c.Said(Yes):
		return c.nextPermitted(now)
	}
	return c.nextAsk(now)
}

// awaitedBy is whose turn it is in a talk that stands in the calendars: the partner's until they have answered the
// invitation in some way.
func (c *Conversation) awaitedBy() Side {
	if c.PartStat == invites.NeedsAction {
		return Partner
	}
	return Nobody
}

// cutOff is what is to be written into an online calendar, where the config does not name that any more; nil:
// there is nothing.
func (c *Conversation) cutOff(now time.Time) *outbox.Message {
	for _, m := range c.Messages {
		if m.State != outbox.Queued || !m.InCalendar() || c.settings.Calendar != "" {
			continue
		}
		if _, wanted := c.Wanted(m, now); wanted {
			return m
		}
	}
	return nil
}

// willing reports whether the partner is willing to talk: there is a yes, or they have asked for another
// moment after the invitation, and the organizer has named one since.
func (c *Conversation) willing() bool {
	return c.Said(Yes) || c.Said(Wait) && c.Answer.Moved
}

// Declined reports whether the partner has declined the invitation in their calendar.
func (c *Conversation) Declined() bool { return c.PartStat == invites.Declined }

func (c *Conversation) nextPlanned() Step {
	if missing := c.Plan.Missing(); len(missing) > 0 {
		return Step{Next: "fill in " + strings.Join(missing, ", ")}
	}
	if c.NotYet {
		day := ""
		if !c.AskedSelf.IsZero() {
			day = "not yet on " + c.AskedSelf.In(c.settings.Zone.Location("UTC")).Format("2 Jan 2006") + "; "
		}
		return Step{Next: "check in again (" + day + "until then nothing goes out): " + c.How(ways.Ready)}
	}
	return Step{Next: "check in with yourself (until then nothing goes out): " + c.How(ways.Ready)}
}

// withPlan is the step that begins something new, which needs the plan's word of today.
func (c *Conversation) withPlan(s Step) Step {
	switch c.file {
	case fileUnread:
		return Step{Next: "mend the plan file"}
	case fileGone:
		return Step{Next: "put the plan file back, or: " + c.How(ways.Cancel)}
	}
	if missing := c.Plan.Missing(); len(missing) > 0 {
		return c.nextPlanned()
	}
	return s
}

func (c *Conversation) nextAsk(now time.Time) Step {
	briefs, asks := c.Briefs(), c.Asks
	if c.Answer == nil {
		asks = max(1, asks)
	}
	if len(briefs) < asks {
		if c.timesPassed(now) {
			return c.withPlan(Step{Next: "choose a new time: those of the plan have passed; write others under `when` in its file"})
		}
		if c.NoTimes != "" {
			return c.withPlan(c.noTimes(now))
		}
		return c.withPlan(Step{Kind: outbox.Brief, Due: c.DatesAt(now).AskOn, Next: "send the brief"})
	}
	if len(briefs) > 0 {
		last := briefs[len(briefs)-1]
		if c.NoTimes != "" && c.Answer == nil && last.Replaceable() {
			return c.withPlan(c.noTimes(now))
		}
		if c.Answer == nil && last.Replaceable() && last.Content != c.Says(now, outbox.Brief) {
			return c.withPlan(Step{Kind: outbox.Brief, Due: last.Due, Next: "send the brief"})
		}
		if s, ok := c.waiting(last); ok {
			return s
		}
	}
	switch {
	case c.Said(Wait):
		return Step{Next: "ask again when the moment is better: " + c.How(ways.Ask)}
	case c.Said(Query):
		return Step{Next: "answer the question of " + c.Plan.With.Name + ": " + c.How(ways.Show)}
	case c.Answer == nil && c.Remark != nil && !c.Remark.Foreign && !c.Remark.Sign:
		return Step{Next: "read what " + c.Plan.With.Name + " wrote (" + c.How(ways.Show) + "); if it is the answer: " + c.How(ways.Record)}
	case len(c.Offered) > 0 && len(ahead(c.Offered, now)) == 0:
		// A yes could not be kept any more, so that it is not for the partner to go on.
		if c.timesPassed(now) {
			return c.withPlan(Step{Silent: true, Next: "choose a new time: those offered have passed without an answer; " +
				"write others under `when` in its file, then: " + c.How(ways.AskAgain)})
		}
		return c.withPlan(Step{Silent: true, Next: "ask again, with other times, since those offered have passed without an answer: " +
			c.How(ways.AskAgain)})
	}
	return Step{Next: "wait for the answer of " + c.Plan.With.Name, On: Partner}
}

// timesPassed reports whether no time can be offered any more by what the plan says.
func (c *Conversation) timesPassed(now time.Time) bool {
	d := c.DatesAt(now)
	return d.Passed(now) || !c.Searched() && len(c.Offers(now)) == 0
}

func (c *Conversation) nextPermitted(now time.Time) Step {
	start := c.StartSlot(now)
	if start.IsZero() {
		return c.nextTime(now)
	}
	if !start.Time().After(now) {
		return Step{Next: "choose a new time, the one agreed has passed: " + c.How(ways.InviteAt)}
	}
	if m := c.Last(nil, outbox.Invite); c.unseen() && (m == nil || !m.Waits() || !m.Approved) {
		if c.Remark == nil {
			return Step{Next: "take or leave what " + c.Plan.With.Name + " adds to the agenda: " + c.How(ways.Agenda)}
		}
		return Step{Next: "read what " + c.Plan.With.Name + " wrote (" + c.How(ways.Show) + "), then: " + c.How(ways.Invite)}
	}
	if m := c.Last(nil, outbox.Invite, outbox.Update); m != nil && (m.State == outbox.Sending || m.Content == c.Says(now, outbox.Invite)) {
		if s, ok := c.waiting(m); ok {
			return s
		}
	}
	due := c.Touched
	if until := c.Answer.Until; until.After(due) {
		due = until
	}
	return c.withPlan(Step{Kind: outbox.Invite, Due: due, Next: "send the invitation"})
}

func (c *Conversation) nextInvited(now time.Time, told *outbox.Content) Step {
	if !now.Before(told.Start.Time()) && !c.Declined() {
		return Step{Next: "hold the talk", On: Nobody, Again: told.End()}
	}
	content, follows := c.Says(now, outbox.Invite), c.follows(now)
	if follows.Waits {
		return Step{Next: ways.Event(c.Calendar().Title, c.Typed(told.Start), c.Deleted(), c.Booking.Is.Start.IsZero(), c.How), Again: told.End()}
	}
	if follows.Tells {
		if !content.Start.Time().After(now) {
			return Step{Next: "choose a new time, that of the plan has passed: " + c.How(ways.Move)}
		}
		if m := c.Last(nil, outbox.Invite, outbox.Update); m.State == outbox.Sending || m.Content == content {
			if s, ok := c.waiting(m); ok {
				return s
			}
		}
		if c.file == fileRead {
			return c.withPlan(Step{Kind: outbox.Update, Next: "send the update"})
		}
	}
	if m := c.Last(nil, outbox.Invite, outbox.Update); m.State == outbox.Unclear {
		s, _ := c.waiting(m)
		s.Again = told.Start.Time()
		return s
	}
	reminder, ok := c.nextReminder(now, told)
	if ok && reminder.IsDue(now) {
		return reminder
	}
	again := told.Start.Time()
	if ok {
		again = reminder.Again
	}
	switch who := c.Plan.With.Name; {
	case c.Shifted(now) && !c.Declined() && !c.Lost():
		return Step{Next: ways.Clocks(c.Plan.With.Name, told, c.Zone(), c.Typed(told.Start), c.How), Again: again}
	case c.Counter != nil && c.Counter.Start.After(now):
		s := c.nextCounter()
		s.Again = again
		return s
	case c.Declined():
		// Too late for both.
		if !now.Before(told.Start.Time()) {
			return Step{Next: "let it rest, or plan another round: " + who + " declined the invitation", On: Nobody}
		}
		return Step{Next: "move the talk, or cancel it: " + who + " declined the invitation", Again: told.Start.Time()}
	case c.Lost():
		return Step{Next: "find another way to reach " + who + ": the " + c.Last(nil, outbox.Invite, outbox.Update).Kind.Noun() + " came back", Again: again}
	case ok:
		return reminder
	}
	return Step{Next: "hold the talk", Due: told.Start.Time(), On: c.awaitedBy(), Again: again}
}

// Shifted reports whether newer zone data has put the talk at another instant than the partner's calendar may
// show, and the organizer has not said yet what is to follow from that.
func (c *Conversation) Shifted(now time.Time) bool {
	known := c.Told()
	if known == nil {
		return false
	}
	says := c.Says(now, outbox.Invite)
	return says.Shifts(known) && c.Clocks.Retold != says.Unix && c.Clocks.Kept != says.Unix
}

// Typed is a start as the organizer gives it to a command.
func (c *Conversation) Typed(s plan.Slot) string {
	return s.Time().In(c.settings.Zone.Location("UTC")).Format("2006-01-02 15:04")
}

// Present is the SEQUENCE of what stands: that of a change that is still to reach the partner, or else of
// what they know. One that was taken back before it reached them leaves a gap.
func (c *Conversation) Present(now time.Time) int {
	known := c.Last((*outbox.Message).MayHaveLeft, outbox.Invite, outbox.Update)
	if says := c.Says(now, outbox.Invite); known == nil || says.Moves(&known.Content) || says.Shifts(&known.Content) && c.Clocks.Retold == says.Unix {
		return c.Sequence
	}
	return known.Sequence
}

// Lost reports whether the newest invitation or update has come back, and the partner has not answered
// it all the same.
func (c *Conversation) Lost() bool {
	return c.Last(nil, outbox.Invite, outbox.Update).State == outbox.Bounced && c.PartStat == invites.NeedsAction
}

// nextReminder is the reminder that is due or comes next. One that was passed over because the
// talk was agreed too late for it, or because a nearer one is due as well, does not go any more.
func (c *Conversation) nextReminder(now time.Time, told *outbox.Content) (Step, bool) {
	if c.Declined() || c.Lost() || c.LostTime() || c.UnheardAnswer() == invites.Declined {
		return Step{}, false
	}
	// When the partner first learnt of this time.
	var agreed time.Time
	for _, m := range slices.Backward(c.Messages) {
		if (m.Kind == outbox.Invite || m.Kind == outbox.Update) && m.MayHaveLeft() && !m.ToOrganizer() && m.Content.Start == told.Start {
			agreed = m.Stamp
		}
	}
	if c.Booking != nil && c.Booking.Moved.After(agreed) {
		agreed = c.Booking.Moved
	}
	before := slices.Clone(c.settings.Reminders)
	slices.Sort(before)
	var next *Step
	// From the nearest to the start outwards.
	for _, b := range before {
		due := told.Start.Time().Add(-b)
		if !due.After(agreed) {
			break
		}
		s := Step{Kind: outbox.Reminder, Due: due, Next: "remind " + c.Plan.With.Name, On: c.awaitedBy(), Again: due,
			revision: fmt.Sprintf("%s %s %s", told.Start.Wall, told.Start.Zone, b)}
		if due.After(now) {
			next = &s
			continue
		}
		if slices.ContainsFunc(c.Messages, func(m *outbox.Message) bool { return m.Kind == outbox.Reminder && m.Revision == s.revision }) {
			break
		}
		// It may have been moved: better late than wrong, and late than never.
		if c.blind {
			if s.Due = due.Add(b / 2); s.Due.After(now) {
				s.Next, s.Again = "remind "+c.Plan.With.Name+", once it is known how the event stands in "+c.Calendar().Title, s.Due
			}
		}
		return s, true
	}
	if next == nil {
		return Step{}, false
	}
	return *next, true
}

func (c *Conversation) nextCancelled(now time.Time) Step {
	if c.Returned(now) {
		return Step{Next: "take the event out again, which somebody has brought back in " + c.Calendar().Title + ": " + c.How(ways.Cancel), Again: c.Told().Start.Time()}
	}
	if m := c.Last(nil, outbox.Cancel); m != nil {
		s, _ := c.waiting(m)
		if m.State == outbox.Expired {
			return Step{}
		}
		return s
	}
	if !c.tellsCancel(now) {
		return Step{}
	}
	return Step{Kind: outbox.Cancel, Due: c.Cancelled.At, Next: "send the cancellation"}
}

// Returned reports whether the event of a talk that was cancelled is in the calendar again.
func (c *Conversation) Returned(now time.Time) bool {
	if b := c.Booking; c.Cancelled == nil || b == nil || b.Is.Deleted || !now.Before(b.Told.Start.Time()) {
		return false
	}
	m := c.Last(nil, outbox.Cancel)
	return m == nil && c.Cancelled.Told || m != nil && m.State == outbox.Accepted
}

// tellsCancel reports whether the partner is to be told that the talk is off: where there is an
// event ahead in their calendar, or a question that they may still be thinking about.
func (c *Conversation) tellsCancel(now time.Time) bool {
	if c.Cancelled.Told {
		return false
	}
	if told := c.Told(); told != nil {
		return now.Before(told.Start.Time())
	}
	return !c.Said(No) && !c.Said(Wait) && c.Last((*outbox.Message).MayHaveLeft, outbox.Brief) != nil
}

// Wanted looks again at a message that is about to leave: does the conversation still mean it? If not,
// end is the state in which it ends: [outbox.Dropped], [outbox.Superseded], [outbox.Expired], or [outbox.Unclear] for one that may
// have arrived before and is just not repeated.
func (c *Conversation) Wanted(m *outbox.Message, now time.Time) (end outbox.State, ok bool) {
	if end = c.unwanted(m, now); end == "" {
		return "", true
	}
	if m.Unclears > 0 {
		return outbox.Unclear, false
	}
	return end, false
}

func (c *Conversation) unwanted(m *outbox.Message, now time.Time) outbox.State {
	switch {
	case !m.Deadline.IsZero() && !now.Before(m.Deadline):
		return outbox.Expired
	case m.ToOrganizer() || m.Kind == outbox.Cancel || m.Kind == outbox.Thanks:
		return ""
	case c.Cancelled != nil || !c.Ready:
		return outbox.Dropped
	}
	switch m.Kind {
	case outbox.Brief:
		switch {
		case c.Answer != nil || c.NoTimes != "" && m.Unclears == 0:
			return outbox.Dropped
		// It may have arrived: the same bytes again, unless it was asked for once more.
		case m.Unclears > 0:
			if m.Number() < c.Asks {
				return outbox.Superseded
			}
		case m.Content != c.Says(now, outbox.Brief):
			return outbox.Superseded
		}
	case outbox.Times:
		switch {
		case !c.Gone(now) || c.NoTimes != "" && m.Unclears == 0:
			return outbox.Dropped
		// It may have arrived: the same bytes again, unless they have answered since.
		case m.Unclears > 0:
			if m.Number() <= c.Answer.Others {
				return outbox.Superseded
			}
		case m.Content != c.Says(now, outbox.Times):
			return outbox.Superseded
		}
	case outbox.Invite, outbox.Update:
		switch {
		case c.Told() != nil && c.follows(now).Waits:
			return outbox.Dropped
		case !c.willing() || m.Kind == outbox.Invite && !m.Approved && m.Unclears == 0 && c.Said(Yes) &&
			(c.unseen() || c.Countered(now)):
			return outbox.Dropped
		// It may have arrived: the same bytes again, unless an update says more.
		case m.Unclears > 0:
			if says := c.Says(now, outbox.Invite); !says.Tells(&m.Content) {
				return outbox.Superseded
			}
		case m.Content != c.Says(now, outbox.Invite):
			return outbox.Superseded
		// Somebody has done the same in the calendar.
		case m.Kind == outbox.Update && c.Booking != nil && !c.Booking.Restore && m.Content.Tells(&c.Booking.Told) && !m.Content.Shifts(&c.Booking.Told):
			return outbox.Superseded
		}
	case outbox.Reminder:
		switch {
		case !c.willing() || c.Declined() || c.Deleted() || c.LostTime() || c.UnheardAnswer() == invites.Declined:
			return outbox.Dropped
		case m.Content.Start != c.StartSlot(now):
			return outbox.Superseded
		}
		// One nearer to the start is due as well.
		for _, before := range c.settings.Reminders {
			if due := m.Content.Start.Time().Add(-before); due.After(m.Due) && !due.After(now) {
				return outbox.Superseded
			}
		}
	case outbox.DeclineCounter:
		switch {
		case c.Said(No):
			return outbox.Dropped
		// Another time stands by now.
		case m.Content.Start != c.StartSlot(now):
			return outbox.Superseded
		}
	}
	return ""
}

// A Step is the one next thing in a conversation.
type Step struct {
	// What the program is to send; "" when the step is not the program's.
	Kind outbox.Kind
	// When the step falls due; zero: now, or undated.
	Due time.Time
	// For people: begins with a verb; "" when nothing is left to do.
	Next string
	// Whose turn it is; "": the organizer's where the step is neither the program's nor empty, else nobody's.
	On Side
	// Silent says that the partner has not answered, although it is not their turn any more.
	Silent bool

	// Again is when to look again although nothing has happened. Zero: only a change can bring
	// something new.
	Again time.Time

	// Of a reminder.
	revision string
}

// A Side is whose turn it is in a conversation.
type Side string

// The sides. It is nobody's turn where all is in hand: something is on its way, a talk ahead is agreed on both sides, or
// nothing is left to do.
const (
	Organizer Side = "me"
	Partner   Side = "partner"
	Nobody    Side = "nobody"
)

// Turn is whose turn it is.
func (s Step) Turn() Side {
	switch {
	case s.On != "":
		return s.On
	case s.Kind != "" || s.Next == "":
		return Nobody
	}
	return Organizer
}

// IsDue reports whether the program has something to send now.
func (s Step) IsDue(now time.Time) bool { return s.Kind != "" && !s.Due.After(now) }
