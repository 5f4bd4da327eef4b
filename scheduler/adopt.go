package scheduler

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"coalition/invites"
	"coalition/scheduler/plan"
)

// adopts reports whether an event of the calendar bears our mark and belongs to no conversation that knows of it:
// the state that did may be lost.
func (r *reading) adopts(ctx context.Context, e *invites.Event) (bool, error) {
	if e.Ref == "" || e.Deleted {
		return false, nil
	}
	if err := r.board(ctx); err != nil {
		return false, err
	}
	i := slices.IndexFunc(r.b.Conversations, func(c *Conversation) bool { return c.EventID() == e.ID })
	return i < 0 || r.b.Conversations[i].uninvited(), nil
}

// uninvited reports whether nothing is known to have been tried to invite the partner.
func (c *Conversation) uninvited() bool {
	return c.Booking == nil && c.told() == nil && c.Cancelled == nil && c.Channel != Mail && !slices.ContainsFunc(c.Messages, func(m *Message) bool {
		return (m.Kind == Invite || m.Kind == Update) && (m.Attempts > 0 || m.State == Sending)
	})
}

// adopt takes up events that bear the mark of a conversation which does not know of them: the partner has been
// invited, with a yes and a check-in that are not on record any more. No second event is made, and nobody is written
// to. The plan says whose event it may be.
func (s *Scheduler) adopt(ctx context.Context, found []*invites.Event) error {
	if len(found) == 0 {
		return nil
	}
	s.intake.Lock()
	defer s.intake.Unlock()
	for try := 1; ; try++ {
		b, err := s.Look(ctx, 0)
		if err != nil {
			return err
		}
		conflict := false
		for _, e := range found {
			i := slices.IndexFunc(b.Conversations, func(c *Conversation) bool { return fmt.Sprintf("%s/%d", c.ID, c.Round) == e.Ref })
			if i < 0 {
				continue
			}
			d := s.takeUp(b.Conversations[i], e, b)
			if d == nil {
				continue
			}
			switch err := s.Store.Commit(ctx, d); {
			case errors.Is(err, ErrConflict) && try < 5:
				conflict = true
			case err != nil:
				return err
			default:
				s.Log.Info("an event of ours, of which the state did not know, is taken up from the calendar", "id", d.Conversation.Ref())
				wake(s.pokes())
			}
		}
		if !conflict {
			return nil
		}
	}
}

// takeUp gives c the event that bears its mark; nil where it is not that of the plan's partner.
func (s *Scheduler) takeUp(c *Conversation, e *invites.Event, b *Board) *Draft {
	now := b.Now
	guest := c.guest(e.Guests)
	if guest == nil || !c.uninvited() || c.file != fileRead {
		return nil
	}
	start, length := c.start(now), c.Length()
	if !e.Start.IsZero() {
		if start = plan.SlotOf(e.Start.In(c.Plan.When.Timezone.Location(c.settings.Zone))); !start.Time().Equal(e.Start) {
			start = plan.SlotOf(e.Start.UTC())
		}
		length = e.End.Sub(e.Start)
	}
	if start.IsZero() {
		return nil
	}
	c.Channel, c.UID, c.Organizer, c.Sequence = Google, e.ID+googleUID, s.Organizer, e.Sequence
	c.Ready, c.Counter = true, nil
	if !c.said(Yes) && !c.said(No) { // a no stands, whatever the calendar holds
		c.answered(Answer{Value: Yes, At: now, How: "calendar", Seen: true})
	}
	booking := Booking{Wrote: *e, Is: *e, In: cmp.Or(s.Online.Name(), e.In)}
	booking.Wrote.Guests = []invites.Guest{{Name: c.Plan.With.Name, Email: guest.Email}}
	booking.Wrote.Alarms, booking.Wrote.Meet = s.Reminders, e.Join != ""
	if guest.PartStat != invites.NeedsAction {
		booking.Answer = guest.PartStat
	}
	if start != c.start(now) {
		c.Chosen, booking.Moved = start, e.Updated
	}
	if c.Lasts = 0; length != c.Plan.When.Length() {
		c.Lasts, booking.Moved = length, e.Updated
	}
	if own, err := s.planLocation(c); err == nil && own != e.Location {
		place := placeIn(e)
		c.Place, booking.Placed = &place, e.Updated
	}
	c.Booking = &booking
	c.Settle(now)
	booking.Told = c.Says(now, Invite)
	m := &Message{ID: c.ID, Round: c.Round, Kind: Invite, Revision: c.nextRevision(Invite, ""), To: string(c.Plan.With.Email), Sequence: c.Sequence,
		Content: booking.Told, Due: now, Deadline: booking.Told.Start.Time().UTC(), State: Accepted, Approved: true, Via: string(Google), Stamp: c.stamp(now), Changed: now.UTC()}
	var err error
	if m.Data, err = json.Marshal(invites.EventChange{Key: cmp.Or(e.Last, random(8)), Event: booking.Wrote}); err != nil {
		return nil
	}
	text := "the state did not know of this talk, and took it up from Google Calendar: " + start.String()
	if guest.PartStat != "" && guest.PartStat != invites.NeedsAction {
		text += ", " + strings.ToLower(string(guest.PartStat))
	}
	d := c.plain(now, c.event(now, "sync", text))
	d.Messages = []*Message{m}
	return d
}
