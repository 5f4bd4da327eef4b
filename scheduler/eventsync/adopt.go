package eventsync

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"coalition/invites"
	"coalition/scheduler/conversation"
	"coalition/scheduler/event"
	"coalition/scheduler/outbox"
	"coalition/scheduler/plan"
	"coalition/scheduler/roster"
)

// adopts reports whether an event of the calendar bears our mark and belongs to no conversation that knows of it:
// the state that did may be lost.
func (r *reading) adopts(ctx context.Context, e *invites.Event) (bool, error) {
	if e.Ref == "" || e.Deleted {
		return false, nil
	}
	c, _, err := r.s.of(ctx, e.ID)
	return err == nil && (c == nil || uninvited(c)), err
}

// adopt takes up events that bear the mark of a conversation which does not know of them: the partner has been
// invited, with a yes and a check-in that are not on record any more. No second event is made, and nobody is written
// to. The plan says whose event it may be.
func (s *Sync) adopt(ctx context.Context, found []*invites.Event) error {
	if len(found) == 0 {
		return nil
	}
	s.Intake.Mu.Lock()
	defer s.Intake.Mu.Unlock()
	// Of several under one name the newest is meant: those before were erased.
	slices.SortStableFunc(found, func(x, y *invites.Event) int {
		return cmp.Compare(event.EraOf(y.Ref), event.EraOf(x.Ref))
	})
	for try := 1; ; try++ {
		b, err := s.Look(ctx)
		if err != nil {
			return err
		}
		conflict := false
		for _, e := range found {
			i := slices.IndexFunc(b.Conversations, func(c *conversation.Conversation) bool { return c.EventRef().Owns(e.Ref) })
			if i < 0 {
				continue
			}
			d := s.takeUp(b.Conversations[i], e, b)
			if d == nil {
				continue
			}
			if d.Conversation.Rev == 0 {
				// It may have been erased since.
				d.Slots = b.Slots
			}
			switch err := s.Store.Commit(ctx, d); {
			case errors.Is(err, conversation.ErrConflict) && try < 5:
				conflict = true
			case err != nil:
				return err
			default:
				s.Log.Info("an event of ours, of which the state did not know, is taken up from the calendar", "id", d.Conversation.Ref())
				s.Intake.Poke()
			}
		}
		if !conflict {
			return nil
		}
	}
}

// takeUp gives c the event that bears its mark; nil where it is not that of the plan's partner.
func (s *Sync) takeUp(c *conversation.Conversation, e *invites.Event, b *roster.Roster) *conversation.Draft {
	now := b.Now
	guest := c.Guest(e.Guests)
	if guest == nil || !uninvited(c) || !c.Planned() {
		return nil
	}
	start, length := c.StartSlot(now), c.Length()
	if !e.Start.IsZero() {
		if start = plan.SlotOf(e.Start.In(c.Plan.When.Timezone.Location(c.Settings().Zone))); !start.Time().Equal(e.Start) {
			start = plan.SlotOf(e.Start.UTC())
		}
		length = e.End.Sub(e.Start)
	}
	if start.IsZero() {
		return nil
	}
	c.Channel, c.Organizer, c.Sequence = s.Settings.Calendar, s.Organizer, e.Sequence
	c.UID = e.ID + c.Calendar().UIDSuffix
	c.Ready, c.Counter = true, nil
	c.Era = event.EraOf(e.Ref)
	if !c.Said(conversation.Yes) && !c.Said(conversation.No) { // a no stands, whatever the calendar holds
		c.Answered(conversation.Answer{Value: conversation.Yes, At: now, How: "calendar", Seen: true})
	}
	booking := event.Booking{Wrote: *e, Is: *e, In: cmp.Or(s.Calendar.Name(), e.In)}
	booking.Wrote.Guests = []invites.Guest{{Name: c.Plan.With.Name, Email: guest.Email}}
	booking.Wrote.Alarms, booking.Wrote.Meet = s.Reminders, e.Join != ""
	if guest.PartStat != invites.NeedsAction {
		booking.Answer = guest.PartStat
	}
	if start != c.StartSlot(now) {
		c.Chosen, booking.Moved = start, e.Updated
	}
	if c.Lasts = 0; length != c.Plan.When.Length() {
		c.Lasts, booking.Moved = length, e.Updated
	}
	if own, err := s.Intake.Compose.PlanLocation(c); err == nil && own != e.Location {
		place := event.PlaceIn(e)
		c.Place, booking.Placed = &place, e.Updated
	}
	c.Booking = &booking
	c.Settle(now)
	booking.Told = c.Says(now, outbox.Invite)
	m := c.Message(outbox.Invite, now)
	m.Revision, m.Sequence, m.Content = c.NextRevision(outbox.Invite, ""), c.Sequence, booking.Told
	m.Deadline, m.Stamp, m.Changed = booking.Told.Start.Time().UTC(), c.NextStamp(now), now.UTC()
	m.State, m.Approved, m.Via = outbox.Accepted, true, string(c.Channel)
	var err error
	if m.Data, err = json.Marshal(invites.EventChange{Key: cmp.Or(e.Last, rand.Text()), Event: booking.Wrote}); err != nil {
		return nil
	}
	text := "the state did not know of this talk, and took it up from " + c.Calendar().Title + ": " + start.String()
	if guest.PartStat != "" && guest.PartStat != invites.NeedsAction {
		text += ", " + strings.ToLower(string(guest.PartStat))
	}
	d := c.Record(now, c.Entry(now, "sync", text))
	d.Messages = []*outbox.Message{m}
	return d
}
