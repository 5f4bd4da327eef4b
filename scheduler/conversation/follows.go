package conversation

import (
	"time"

	"coalition/invites"
	"coalition/scheduler/outbox"
	"coalition/scheduler/plan"
)

// Three values say where a talk stands, all of one type, [outbox.Content]: what the partner knows of it (told), what
// we mean (Says), and what their calendar holds (stands). What the partner knows is changed by whatever has
// reached them, a message of ours or somebody's hand in the calendar, and by nothing else. What follows from
// the three says [follows], alone.

// A consequence is what follows from what the partner knows, what we mean, and what stands.
type consequence struct {
	// An update is to reach the partner.
	Tells bool
	// Which asks them again: an answer to what they know is none to that.
	Asks bool
	// But it needs the organizer's word first: the event is gone, or has lost its time.
	Waits bool
	// Theirs, to what is meant; NEEDS-ACTION where there is none.
	Answer invites.PartStat
}

// follows is what follows from the three. given is the partner's answer to what they know, "" for none; willed
// says that the organizer wants an event that is gone, or has lost its time, to be again what is meant; retold
// that the partner is to hear of clocks that are put otherwise.
func follows(known, meant, stands *outbox.Content, given invites.PartStat, willed, retold bool) (f consequence) {
	// Its time.
	lost := stands.Start.IsZero() || stands.Repeats
	f.Asks = meant.Moves(known) || lost
	// Every update says how clocks are put now.
	if meant.Shifts(known) && (retold || !meant.Tells(known)) {
		f.Asks = true
	}
	f.Tells = f.Asks || !meant.Tells(known) || stands.Gone
	// Another time than the one known is a word of the organizer that gives the event its time back.
	f.Waits = !willed && (stands.Gone || lost && meant.Start == known.Start && meant.Length == known.Length)
	if f.Answer = invites.NeedsAction; !f.Asks && given != "" {
		f.Answer = given
	}
	return f
}

// follows is what follows for the conversation; only once the partner has been invited.
func (c *Conversation) follows(now time.Time) consequence {
	meant, known := c.Says(now, outbox.Invite), c.Told()
	stands := *known
	b := c.Booking
	if b == nil {
		given := c.Given
		if c.GivenTo != c.Present(now) {
			given = ""
		}
		f := follows(known, &meant, &stands, given, false, c.Clocks.Retold == meant.Unix)
		// An update that came back, and was answered all the same, goes again and asks nothing.
		if last := c.LastDecided(); given != "" && c.GivenTo == last.Sequence && !meant.Moves(&last.Content) && !meant.Shifts(&last.Content) {
			f.Asks, f.Answer = false, given
		}
		return f
	}
	stands.Gone, stands.Repeats = c.Deleted(), b.Is.Repeats
	if b.Is.Start.IsZero() {
		stands.Start = plan.Slot{}
	}
	f := follows(known, &meant, &stands, b.Answer, b.Restore, c.Clocks.Retold == meant.Unix)
	// Who has left needs no more words for it.
	if c.StaysAway(meant.Start) {
		f.Answer = invites.Declined
	}
	return f
}

// LostTime reports whether the talk's event has lost its time, and is there.
func (c *Conversation) LostTime() bool {
	return c.Booking.LostTime() && c.Cancelled == nil && !c.Deleted()
}

// weigh brings PartStat in line with what the partner has answered, and to what. While nobody is to be asked, or
// nothing can change any more, it stays.
func (c *Conversation) weigh(now time.Time) {
	known := c.Told()
	if known == nil || c.Cancelled != nil || !now.Before(known.End()) {
		return
	}
	if m := c.Last((*outbox.Message).MayHaveLeft, outbox.Invite, outbox.Update); c.Booking == nil && c.PartStat != invites.NeedsAction && m.Sequence >= c.GivenTo {
		c.Given, c.GivenTo = c.PartStat, m.Sequence
	}
	c.PartStat = c.follows(now).Answer
}

// UnheardAnswer is an answer that stands in the calendar beside the partner's name and does not count, since it may
// have been given before the talk was changed; "" for none.
func (c *Conversation) UnheardAnswer() invites.PartStat {
	if b := c.Booking; b != nil && !b.Is.Deleted && c.PartStat == invites.NeedsAction {
		if g := c.Guest(b.Is.Guests); g != nil && g.PartStat != invites.NeedsAction {
			return g.PartStat
		}
	}
	return ""
}
