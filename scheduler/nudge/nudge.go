// Package nudge knows when the organizer is told by mail, once, of what nobody has just done: that a talk is to be looked
// back on, that no answer has come for long, that clocks are put otherwise, that a week begins. It makes messages of these
// and of all other notices that are due. What is next it leaves to conversation, what is in the mail of the week to
// nurture, the words to templates. The partner never hears of it.
package nudge

import (
	"time"

	"coalition/scheduler/conversation"
	"coalition/scheduler/inbox"
	"coalition/scheduler/outbox"
	"coalition/scheduler/ways"
)

const (
	// quietAfter is how long people may well take for an answer: whoever has a full week, or is away for one, is not
	// slow.
	quietAfter = 7 * 24 * time.Hour
	// within is how long the organizer may still be told of something: of what is further back nobody is told, such as
	// after a long stop.
	within = 7 * 24 * time.Hour
)

// Note lets the organizer have the notices that are due at now, where they want to get any.
func Note(c *conversation.Conversation, now time.Time) {
	if !c.Settings().Notify {
		return
	}
	noteClocks(c, now)
	noteTalk(c, now)
	noteQuiet(c, now)
}

// Again is when one may fall due by itself; zero: none does, as far as is known at now.
func Again(c *conversation.Conversation, now time.Time) (at time.Time) {
	switch {
	case !c.Settings().Notify:
		return time.Time{}
	case c.Status(now) == conversation.Met:
		at = recallAt(c)
	case c.Awaited(now):
		at = handed(c).Add(quietAfter)
	}
	if !at.After(now) {
		return time.Time{}
	}
	return at
}

// noteClocks tells that newer zone data has put the talk at another instant than the partner may know.
func noteClocks(c *conversation.Conversation, now time.Time) {
	if c.Cancelled != nil || c.Said(conversation.No) || !c.Shifted(now) || c.Declined() || c.Lost() ||
		!now.Before(c.Told().Start.Time()) {
		return
	}
	if at := c.Told().Start; c.Clocks.Noted != at.Time().Unix() {
		c.Clocks.Noted = at.Time().Unix()
		c.Tell(inbox.News{What: inbox.NewsClocks, At: now,
			Do: []string{c.How(ways.MoveTo, c.Typed(at)), c.How(ways.Keep, c.Typed(at))}})
	}
}

// recallAt is when the organizer is to be reminded to look back on a talk: in the evening of its day, when their working
// hours are over and it is an hour past. It is fresh then, and nothing presses any more.
func recallAt(c *conversation.Conversation) time.Time {
	past, s := c.Told().End().Add(time.Hour), c.Settings()
	local := past.In(s.Zone.Location("UTC"))
	closes := 0
	for _, block := range s.Hours.On(local.Weekday()) {
		closes = int(block.To)
	}
	if evening := time.Date(local.Year(), local.Month(), local.Day(), 0, closes, 0, 0, local.Location()); evening.After(past) {
		return evening.UTC()
	}
	return past.UTC()
}

// noteTalk tells that a talk is to be looked back on.
func noteTalk(c *conversation.Conversation, now time.Time) {
	if !c.Recalled.IsZero() || c.Status(now) != conversation.Met {
		return
	}
	if at := recallAt(c); !now.Before(at) && now.Sub(at) < within {
		c.Recalled = now
		c.Tell(inbox.News{What: inbox.NewsTalk, Due: now, Do: []string{c.How(ways.Debrief)}})
	}
}

// handed is when the partner last got something that wants an answer; zero: they never did.
func handed(c *conversation.Conversation) (at time.Time) {
	m := c.Last((*outbox.Message).MayHaveLeft, outbox.Brief, outbox.Times, outbox.Invite, outbox.Update)
	if m != nil {
		at = m.Stamp
	}
	// Of what is moved there the calendar tells them.
	if c.Booking != nil && c.Booking.Moved.After(at) {
		at = c.Booking.Moved
	}
	return at
}

// Quiet is since when no answer of the partner has come, where that is a week or more; zero: it is not, or none is
// awaited.
func Quiet(c *conversation.Conversation, now time.Time) time.Time {
	if s := c.Next(now); s.Turn() != conversation.Partner && !s.Silent {
		return time.Time{}
	}
	if since := handed(c); !since.IsZero() && now.Sub(since) >= quietAfter {
		return since
	}
	return time.Time{}
}

// AfterQuiet is what the organizer can do about a partner who has not answered for long, gently: one repeat is a
// reminder, a second one presses. Nothing of it happens by itself.
func AfterQuiet(c *conversation.Conversation) string {
	switch {
	case c.Told() != nil:
		return "the invitation stands all the same; a word in person may be all it takes"
	case c.Said(conversation.Yes):
		return "choose a time in person, then: " + c.How(ways.InviteAt)
	case len(c.Briefs()) < 2:
		return "it may have slipped by, and one friendly repeat is fine: " + c.How(ways.AskAgain)
	}
	return "you have asked twice, so let it rest, speak in person, or let it go without another mail: " + c.How(ways.CancelTold)
}

// noteQuiet tells, once for what was sent, that no answer has come to it. An invitation needs none: the talk stands, and
// the partner is reminded.
func noteQuiet(c *conversation.Conversation, now time.Time) {
	if c.Told() != nil || c.Stop != nil {
		return
	}
	since := Quiet(c, now)
	if since.IsZero() || since.Equal(c.Wondered) || now.Sub(since) >= quietAfter+within {
		return
	}
	c.Wondered = since.UTC()
	n := inbox.News{What: inbox.NewsQuiet, Due: now, Do: []string{c.How(ways.AskAgain), c.How(ways.CancelTold)}}
	switch {
	case c.Said(conversation.Yes):
		n.Do[0] = c.How(ways.InviteAt)
	case len(c.Briefs()) > 1:
		n.What, n.Do = inbox.NewsRest, n.Do[1:]
	}
	c.Tell(n)
}
