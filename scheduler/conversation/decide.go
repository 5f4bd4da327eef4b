package conversation

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"coalition/invites"
	"coalition/scheduler/outbox"
	"coalition/scheduler/plan"
)

// Ask decides on the permission-asking brief: the first one, or with again one more. The error is
// a [Refusal].
func (c *Conversation) Ask(again bool, now time.Time) (*Draft, error) {
	if err := c.Ended(now); err != nil {
		return nil, err
	}
	if !c.Said(No) && !c.Said(Yes) && !c.Ready {
		return nil, c.notReady()
	}
	if briefs := c.Briefs(); len(briefs) > 0 && c.Answer == nil {
		m := briefs[len(briefs)-1]
		if m.Waits() || m.State == outbox.Unclear && !again || m.MayHaveLeft() && m.State != outbox.Bounced && !again {
			return &Draft{At: now, Conversation: c, Sent: m}, nil
		}
	}
	c.Settle(now)
	if err := c.Apply(AskAgain{}, now); err != nil {
		return nil, err
	}
	return c.draft(outbox.Brief, now)
}

// Invite decides on the invitation, at the slot if that is not zero. permitted, where not empty, is a
// yes that the partner has given in person. The error is a [Refusal].
func (c *Conversation) Invite(at plan.Slot, permitted string, now time.Time) (*Draft, error) {
	if err := c.busy(); err != nil {
		return nil, err
	}
	if m := c.Last((*outbox.Message).MayHaveLeft, outbox.Invite, outbox.Update); m != nil && c.Cancelled == nil {
		if c.Deleted() {
			if !at.IsZero() && at != c.StartSlot(now) {
				if err := c.Apply(Move{To: at, At: time.Now()}, now); err != nil {
					return nil, err
				}
			}
			c.restore()
			return c.draft(outbox.Update, now)
		}
		if !at.IsZero() && at != c.StartSlot(now) {
			if err := c.Ended(now); err != nil {
				return nil, err
			}
			return nil, &Refusal{ErrUnfit, "the invitation has gone already, for " + c.StartSlot(now).String(), "use: " + c.How(WayMove)}
		}
		if m.State == outbox.Bounced { // it goes again as a message of its own
			m.State = outbox.Superseded
			if c.Told() == nil {
				return c.draft(outbox.Invite, now)
			}
			return c.draft(outbox.Update, now)
		}
		return &Draft{At: now, Conversation: c, Sent: m}, nil
	}
	if c.Cancelled == nil && !c.Ready {
		return nil, c.notReady()
	}
	var events []HistoryEntry
	if permitted != "" {
		if err := c.Apply(Answer{Value: Yes, How: "command", Note: permitted}, now); err != nil {
			return nil, err
		}
		events = append(events, c.Entry(now, "answer", "yes (in person): "+permitted))
	}
	if c.Cancelled == nil && !c.Said(Yes) {
		return nil, &Refusal{ErrNoYes, fmt.Sprintf("no yes of %s is on record", c.Plan.With.Name),
			"ask first (" + c.How(WayAsk) + "), or record it (" + c.How(WayRecordYes) + ")"}
	}
	if !at.IsZero() && at != c.StartSlot(now) {
		if err := c.Apply(Move{To: at, At: time.Now()}, now); err != nil {
			return nil, err
		}
	}
	if c.Said(Yes) { // whoever invites has seen what came with the yes
		c.seen()
	}
	if m := c.Last(nil, outbox.Invite); m != nil && (m.Waits() || m.State == outbox.Failed) && m.Content == c.Says(now, outbox.Invite) {
		return &Draft{At: now, Conversation: c, Sent: m}, nil
	}
	d, err := c.draft(outbox.Invite, now)
	if d != nil {
		d.Events = append(events, d.Events...)
	}
	return d, err
}

// Reschedule decides on a new start for a talk that the partner has been invited to. The error is a
// [Refusal].
func (c *Conversation) Reschedule(to plan.Slot, now time.Time) (*Draft, error) {
	if err := c.busy(); err != nil {
		return nil, err
	}
	told := c.Told()
	if told == nil {
		return nil, &Refusal{ErrUnfit, "there is no invitation to move yet",
			"change the plan, or use: " + c.How(WayInviteAt)}
	}
	if c.Deleted() {
		return nil, &Refusal{ErrUnfit, "its event was deleted in " + c.Calendar().Title, "bring it back with: " + c.How(WayInviteAt) + ", or call it off: " + c.How(WayCancel)}
	}
	mends := c.lostTime()
	says := c.Says(now, outbox.Invite)
	shifts := to == says.Start && says.Shifts(told)
	if m := c.Last(nil, outbox.Invite, outbox.Update); to == says.Start && !mends && (!shifts || m != nil && c.Clocks.Retold == says.Unix && m.Content == says) {
		if c.Cancelled == nil && (m.Content.Start == to || told.Start == to && told.Length == c.Length()) {
			return &Draft{At: now, Conversation: c, Sent: m}, nil
		}
	}
	from := c.StartSlot(now)
	if err := c.Apply(Move{To: to, At: time.Now()}, now); err != nil {
		return nil, err
	}
	if mends {
		c.restore()
	} else if shifts {
		c.Clocks.Retold = says.Unix
	} else if told.Start == to && told.Length == c.Length() { // back to what the partner knows, before they heard of another
		return c.Record(now, c.Entry(now, "move", "back to "+to.String())), nil
	}
	d, err := c.draft(outbox.Update, now)
	if d != nil {
		text := fmt.Sprintf("from %s to %s", from, to)
		if shifts {
			text = fmt.Sprintf("stays at %s, on clocks that are put otherwise now", to)
		}
		d.Events = append(d.Events, c.Entry(now, "move", text))
	}
	return d, err
}

// TakeCounter decides on the time that the partner has proposed. The error is a [Refusal].
func (c *Conversation) TakeCounter(now time.Time) (*Draft, error) {
	if c.Counter == nil {
		return nil, c.noCounter()
	}
	if at := c.Counter.Slot(c); !at.Time().Equal(c.Counter.Start) {
		return nil, &Refusal{ErrUnfit, fmt.Sprintf("on the clock of %s this time exists twice", at.Zone), "choose another with: " + c.How(WayMove)}
	}
	return c.Reschedule(c.Counter.Slot(c), now)
}

// DeclineCounter decides on declining the time that the partner has proposed: they are told once, with
// the reason where there is one. The error is a [Refusal].
func (c *Conversation) DeclineCounter(reason string, now time.Time) (*Draft, error) {
	if c.Counter == nil {
		return nil, c.noCounter()
	}
	switch {
	case c.Cancelled != nil:
		return nil, c.isOver("cancelled")
	case !now.Before(c.Told().Start.Time()):
		return nil, c.begun(now)
	case c.Said(No):
		return nil, &Refusal{ErrUnfit, c.Plan.With.Name + " said no", "nothing more goes out"}
	case !c.Ready:
		return nil, c.notReady()
	}
	if err := line("the reason", reason); err != nil {
		return nil, err
	}
	text := strings.TrimSuffix("declined the time proposed, "+c.Counter.Slot(c).String()+": "+reason, ": ")
	d := c.Decide(Step{Kind: outbox.DeclineCounter}, now, true)
	d.Declined, d.Reason = c.Counter, reason
	c.Counter, c.Touched = nil, now
	d.Events = append(d.Events, c.Entry(now, "counter", text))
	return d, nil
}

func (c *Conversation) noCounter() error {
	return &Refusal{ErrUnfit, "no other time is proposed for " + c.Ref(), "see: " + c.How(WayShow)}
}

// Slot is the time proposed, on the clock of the plan.
func (p *Proposal) Slot(c *Conversation) plan.Slot {
	return plan.SlotOf(p.Start.In(c.Plan.When.Timezone.Location(c.settings.Zone)))
}

// Identify gives the round its one UID, and ORGANIZER, which never change from then on.
func (c *Conversation) Identify() {
	if c.UID == "" {
		id := c.settings.Derive("uid", c.ID, c.Round, strings.ToLower(string(c.Plan.With.Email)))
		if c.UID = hex.EncodeToString(id[:]); c.Channel == "" {
			c.Channel = c.settings.Calendar
		}
		if c.InCalendar() {
			c.UID = invites.EventID(id) + c.Calendar().UIDSuffix
		}
		c.Organizer, c.PartStat = c.settings.Organizer, invites.NeedsAction
	}
}

// ByFile turns a draft whose message waits in the outbox into one of a message for a file: the one
// that waits will not go. The error is a [Refusal].
func ByFile(d *Draft) (*Draft, error) {
	c := d.Conversation
	for _, m := range c.Messages {
		if m == d.Sent {
			m.State = outbox.Superseded
		}
	}
	step := c.Next(d.At)
	if step.Kind != d.Sent.Kind {
		return nil, &Refusal{ErrUnfit, theNoun(d.Sent.Kind) + " is being sent at this moment", "look again with: " + c.How(WayLog)}
	}
	file := c.Decide(step, d.At, true)
	file.Drop[d.Sent] = outbox.Superseded
	return file, nil
}

// CallOff decides on a cancellation, and on telling the partner where there is something to tell. The
// error is a [Refusal].
func (c *Conversation) CallOff(reason string, now time.Time) (*Draft, error) {
	if err := c.busy(); err != nil {
		return nil, err
	}
	if c.returned(now) {
		off := *c.Cancelled
		off.Reason, off.Told = cmp.Or(reason, off.Reason), false
		c.Cancelled = &off
		d := c.Decide(Step{Kind: outbox.Cancel}, now, true)
		d.Events = append(d.Events, c.Entry(now, "cancel", strings.TrimSuffix("cancelled once more, since its event was back in "+c.Calendar().Title+": "+reason, ": ")))
		return d, nil
	}
	if c.Cancelled != nil {
		return &Draft{At: now, Conversation: c, Sent: c.Last(nil, outbox.Cancel)}, nil
	}
	if err := c.Apply(Withdraw{Reason: reason}, now); err != nil {
		return nil, err
	}
	event := c.Entry(now, "cancel", strings.TrimSuffix("cancelled: "+reason, ": "))
	if c.Next(now).Kind != outbox.Cancel {
		return c.Record(now, event), nil
	}
	d, err := c.draft(outbox.Cancel, now)
	if d != nil {
		d.Events = append(d.Events, event)
	}
	return d, err
}

// Take takes in a change that sends nothing by itself. The error is a [Refusal].
func (c *Conversation) Take(change Change, now time.Time) (*Draft, error) {
	if err := c.Apply(change, now); err != nil {
		return nil, err
	}
	event := c.Entry(now, "ready", "checked in")
	switch change := change.(type) {
	case NotYet:
		return c.Record(now), nil
	case Answer:
		event = c.Entry(now, "answer", change.Text())
	case Agenda:
		event = c.Entry(now, "agenda", change.text())
	case Keep:
		event = c.Entry(now, "move", "stays at "+change.To.String()+", and they know that clocks are put otherwise")
	case Withdraw:
		event = c.Entry(now, "cancel", strings.TrimSuffix("cancelled, and they know: "+change.Reason, ": "))
	}
	return c.Record(now, event), nil
}

func (a Answer) Text() string {
	s := a.Value
	if !a.Slot.IsZero() {
		s += ", " + a.Slot.String()
	}
	if !a.Taken.IsZero() {
		s += ", but " + a.TakenText()
	}
	switch a.How {
	case "mail":
		s += " (by mail from " + a.From + ")"
	case "page":
		s += " (on the page)"
	}
	if a.Note != "" {
		s += ": " + a.Note
	}
	return s
}

// TakenText says that the time chosen is not free any more.
func (a Answer) TakenText() string {
	return a.Taken.String() + ", which they chose, is taken by the talk " + a.By
}

func (c *Conversation) Entry(now time.Time, kind, text string) HistoryEntry {
	return HistoryEntry{At: now, ID: c.ID, Round: c.Round, Kind: kind, Text: text}
}

// Record is the draft of a conversation that has changed without anything to send.
func (c *Conversation) Record(now time.Time, events ...HistoryEntry) *Draft {
	c.Settle(now)
	c.weigh(now)
	return &Draft{At: now, Conversation: c, Drop: c.stale(now), Events: append(c.news, events...)}
}

// draft is the message of that kind, by the organizer's own command. Where the next step is
// another one, the refusal names it.
func (c *Conversation) draft(kind outbox.Kind, now time.Time) (*Draft, error) {
	c.Settle(now)
	step := c.Next(now)
	switch {
	case c.Cancelled != nil && kind != outbox.Cancel:
		return nil, c.isOver("cancelled")
	case step.Kind != kind:
		return nil, &Refusal{ErrUnfit, fmt.Sprintf("%s can't be sent now", theNoun(kind)), "first " + step.Next}
	}
	return c.Decide(step, now, true), nil
}

func theNoun(k outbox.Kind) string { return "the " + k.Noun() }

// Decide turns a step into messages, whose words are still to be written. It changes c; nothing is stored yet.
func (c *Conversation) Decide(step Step, now time.Time, approved bool) *Draft {
	c.Settle(now)
	c.weigh(now)
	told := c.Told()
	m := c.Message(step.Kind, step.Due)
	m.Revision, m.Approved = step.revision, approved
	if m.Due.IsZero() {
		m.Due = now
	}
	switch step.Kind {
	case outbox.Brief:
		c.Answer = nil
		c.Offered = c.Offers(now)
		m.Content = c.Says(now, outbox.Brief)
		for _, t := range c.Offered {
			if at := t.Time(); m.Deadline.IsZero() || at.Before(m.Deadline) {
				m.Deadline = at
			}
		}
		if d := c.DatesAt(now); m.Deadline.IsZero() && !d.To.IsZero() {
			m.Deadline = d.To.Time()
		}
	case outbox.Invite, outbox.Update:
		c.Identify()
		m.Content = c.Says(now, outbox.Invite)
		m.Deadline = m.Content.Start.Time()
		last := c.lastDecided()
		asks := told != nil && c.follows(now).Asks
		if told == nil { // an invitation that was refused may have been seen all the same
			asks = last.Attempts > 0 && m.Content.Moves(&last.Content)
		}
		if asks {
			if last.MayHaveLeft() || m.Content.Moves(&last.Content) || c.lostTime() { // else the last one has raised it, and never went
				c.Sequence++
			}
			if told == nil {
				c.PartStat = invites.NeedsAction
			}
			c.Counter, c.Replied = nil, time.Time{} // DTSTAMP orders within a SEQUENCE
			m.Content.PartStat = ""
		}
	case outbox.Cancel:
		if told != nil {
			c.Sequence++
			m.Content, m.Deadline = *told, told.Start.Time()
		}
	case outbox.Reminder, outbox.DeclineCounter:
		m.Content, m.Deadline = *told, told.Start.Time()
		m.Content.PartStat = c.Says(now, outbox.Invite).PartStat // which they may have answered since
	}
	m.Deadline = m.Deadline.UTC()
	if step.Kind != outbox.Brief && (told != nil || step.Kind == outbox.Invite) {
		m.Sequence = c.Sequence
	}
	if step.Kind == outbox.DeclineCounter {
		m.Sequence = c.Present(now)
	}
	if m.Revision == "" {
		m.Revision = c.NextRevision(m.Kind, "")
	}
	if c.InCalendar() && (step.Kind == outbox.Invite || step.Kind == outbox.Update || step.Kind == outbox.Cancel && told != nil) {
		m.Via = string(c.Channel)
	}
	d := &Draft{At: now, Conversation: c, Known: told, Messages: []*outbox.Message{m}, Events: c.news}
	if own := c.settings.Organizer.Email; c.settings.CopyToSelf && c.Method(m) != "" && m.Kind != outbox.DeclineCounter && m.To != own {
		also := *m
		also.Revision, also.To = c.NextRevision(m.Kind, outbox.CopyRevision), own
		d.Messages = append(d.Messages, &also)
	}
	d.Drop = c.stale(now)
	for old := range d.Drop {
		if old.State == outbox.Held && !approved {
			for _, m := range d.Messages { // other words for something that waits for approval wait, too
				m.State = outbox.Held
			}
		}
	}
	return d
}

func Random(n int) string {
	b := make([]byte, n)
	rand.Read(b) // which never fails
	return hex.EncodeToString(b)
}
