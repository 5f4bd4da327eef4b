package roster

import (
	"fmt"
	"slices"
	"time"

	"coalition/scheduler/conversation"
	"coalition/scheduler/outbox"
	"coalition/scheduler/plan"
	"coalition/scheduler/ways"
)

// Free reports whether the organizer has agreed on no other talk then, and has no event in the calendars by which the
// time of c was found. A talk that is only proposed leaves it free: who answers first has it. One that was found, and let
// go since, may have been offered to somebody else, whose it is then.
func (r *Roster) Free(start time.Time, c *conversation.Conversation) bool {
	return len(r.Overlaps(start, c.Length(), c)) == 0 && (r.Busy == nil || !r.Busy(c, start)) && r.rival(start, c) == nil
}

// rival returns who keeps a time that c was offered and has let go; nil: nobody does.
func (r *Roster) rival(start time.Time, c *conversation.Conversation) *conversation.Conversation {
	own, _ := c.Keeps(r.Now)
	at := func(s plan.Slot) bool { return s.Time().Equal(start) }
	if !c.Searched() || slices.ContainsFunc(own, at) {
		return nil
	}
	for _, other := range r.Conversations {
		way := c.Travel() + other.Travel()
		kept, _ := other.Keeps(r.Now)
		if other != c && slices.ContainsFunc(kept, func(s plan.Slot) bool {
			return s.Time().Before(start.Add(c.Length()+way)) && start.Before(s.Time().Add(other.Length()+way))
		}) {
			return other
		}
	}
	return nil
}

// Clashes returns the other talks agreed on in the time to which a draft invites its partner, or moves a talk.
func (r *Roster) Clashes(d *conversation.Draft) (list []*conversation.Conversation) {
	m, told := d.Sent, d.Conversation.Told()
	if len(d.Messages) > 0 {
		m = d.Messages[0]
	}
	if m == nil || m.Kind != outbox.Invite && m.Kind != outbox.Update || m.MayHaveLeft() {
		return nil
	}
	if told != nil && told.Start == m.Content.Start && told.Length == m.Content.Length {
		return nil
	}
	return r.Overlaps(m.Content.Start.Time(), m.Content.Length, d.Conversation)
}

// Overlaps returns the other talks agreed on in that span.
func (r *Roster) Overlaps(start time.Time, length time.Duration,
	except *conversation.Conversation) (list []*conversation.Conversation) {
	for _, c := range r.Conversations {
		other := c.Start(r.Now)
		agreed := (c.Said(conversation.Yes) || c.Told() != nil) && c.Cancelled == nil && !c.Said(conversation.No)
		if c == except || other.IsZero() || !agreed {
			continue
		}
		if other.Before(start.Add(length)) && start.Before(other.Add(c.Length())) {
			list = append(list, c)
		}
	}
	return list
}

// Pick returns the earliest of the times with these numbers, as a brief counts them from 1, that is still
// free, zero where none is; or the first number that means no time.
func (r *Roster) Pick(c *conversation.Conversation, numbers []int) (best plan.Slot, unknown int) {
	offered := c.Choices(r.Now)
	for _, n := range numbers {
		if n < 1 || n > len(offered) {
			return plan.Slot{}, n
		}
		if slot := offered[n-1]; (best.IsZero() || slot.Time().Before(best.Time())) && r.left(c, slot) {
			best = slot
		}
	}
	return best, 0
}

// Left returns those of some times offered that can still be had: they are ahead and free, and the plan stands by them.
func (r *Roster) Left(c *conversation.Conversation, offered []plan.Slot) (list []plan.Slot) {
	for _, slot := range offered {
		if r.left(c, slot) {
			list = append(list, slot)
		}
	}
	return list
}

func (r *Roster) left(c *conversation.Conversation, slot plan.Slot) bool {
	at := slot.Time()
	return at.After(r.Now) && c.Stands(slot, r.Now) && r.Free(at, c)
}

// Taken returns the first of the times with these numbers that can't be had any more, and which other talk has it; "":
// none has.
func (r *Roster) Taken(c *conversation.Conversation, numbers []int) (plan.Slot, string) {
	offered := c.Choices(r.Now)
	for _, n := range numbers {
		if n < 1 || n > len(offered) || r.left(c, offered[n-1]) {
			continue
		}
		slot := offered[n-1]
		if others := r.Overlaps(slot.Time(), c.Length(), c); len(others) > 0 {
			return slot, others[0].Ref()
		}
		if other := r.rival(slot.Time(), c); other != nil {
			return slot, other.Ref()
		}
		return slot, ""
	}
	return plan.Slot{}, ""
}

// Choose returns the earliest of the times with these numbers, as a brief counts them from 1, that is still
// free. The error is a [refusal.Error].
func (r *Roster) Choose(c *conversation.Conversation, numbers []int) (plan.Slot, error) {
	if slices.Contains(numbers, 0) {
		return plan.Slot{}, unfit("there is no time with the number 0", "see: "+c.How(ways.Show))
	}
	slot, unknown := r.Pick(c, numbers)
	switch {
	case unknown != 0:
		return slot, unfit(fmt.Sprintf("there is no time with the number %d", unknown), "see: "+c.How(ways.Show))
	case slot.IsZero():
		return slot, unfit("none of these times is free any more",
			"record the yes without --time, and choose another one together")
	}
	return slot, nil
}
