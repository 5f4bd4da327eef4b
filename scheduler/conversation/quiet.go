package conversation

import (
	"time"

	"coalition/scheduler/inbox"
	"coalition/scheduler/outbox"
	"coalition/scheduler/ways"
)

const (
	// quietAfter is how long people may well take for an answer: whoever has a full week, or is away for one, is not
	// slow.
	quietAfter = 7 * 24 * time.Hour
	// wonderWithin is how long after that the organizer may still be told, unlike after a long stop.
	wonderWithin = 7 * 24 * time.Hour
)

// unanswered is since when the partner has had what they have not answered; zero: it is not their turn.
func (c *Conversation) unanswered(now time.Time) time.Time {
	if c.Next(now).Turn() != Partner {
		return time.Time{}
	}
	return c.handed()
}

// handed is when the partner last got something that wants an answer; zero: they never did.
func (c *Conversation) handed() (at time.Time) {
	if m := c.Last((*outbox.Message).MayHaveLeft, outbox.Brief, outbox.Times, outbox.Invite, outbox.Update); m != nil {
		at = m.Stamp
	}
	// Of what is moved there the calendar tells them.
	if c.Booking != nil && c.Booking.Moved.After(at) {
		at = c.Booking.Moved
	}
	return at
}

// Quiet is since when no answer of the partner has come, where that is a week or more; zero: it is not, or it is not
// their turn.
func (c *Conversation) Quiet(now time.Time) time.Time {
	if since := c.unanswered(now); !since.IsZero() && now.Sub(since) >= quietAfter {
		return since
	}
	return time.Time{}
}

// quietAt is when the organizer is to be told that no answer has come; zero: not any more, or not at all.
func (c *Conversation) quietAt(now time.Time) time.Time {
	at := c.handed().Add(quietAfter)
	if !c.settings.Notify || !at.After(now) {
		return time.Time{}
	}
	return at
}

// AfterQuiet is what the organizer can do about a partner who has not answered for long, gently: one repeat is a
// reminder, a second one presses. Nothing of it happens by itself.
func (c *Conversation) AfterQuiet() string {
	switch {
	case c.Told() != nil:
		return "the invitation stands all the same; a word in person may be all it takes"
	case c.Said(Yes):
		return "choose a time in person, then: " + c.How(ways.InviteAt)
	case len(c.Briefs()) < 2:
		return "it may have slipped by, and one friendly repeat is fine: " + c.How(ways.AskAgain)
	}
	return "you have asked twice, so let it rest, speak in person, or let it go without another mail: " + c.How(ways.CancelTold)
}

// NoteQuiet lets the organizer have a notice, once for what was sent, that no answer has come to it. An invitation needs
// none: the talk stands, and the partner is reminded.
func (c *Conversation) NoteQuiet(now time.Time) {
	if !c.settings.Notify || c.Told() != nil || c.Stop != nil {
		return
	}
	since := c.Quiet(now)
	if since.IsZero() || since.Equal(c.Wondered) || now.Sub(since) >= quietAfter+wonderWithin {
		return
	}
	c.Wondered = since.UTC()
	n := inbox.News{What: inbox.NewsQuiet, Due: now, Do: []string{c.How(ways.AskAgain), c.How(ways.CancelTold)}}
	switch {
	case c.Said(Yes):
		n.Do[0] = c.How(ways.InviteAt)
	case len(c.Briefs()) > 1:
		n.What, n.Do = inbox.NewsRest, n.Do[1:]
	}
	c.Tell(n)
}
