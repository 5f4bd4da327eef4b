// Package nurture knows how a partnership is kept alive: when the two last talked, what they have promised each other,
// for whom it waits and since when, whether they are drifting apart, and what is ahead. Where journals lie it leaves to
// journal, what is next to conversation and roster, and the words and columns for people to cmd.
package nurture

import (
	"slices"
	"time"

	"coalition/scheduler/conversation"
	"coalition/scheduler/journal"
	"coalition/scheduler/outbox"
	"coalition/scheduler/plan"
	"coalition/scheduler/roster"
)

// A Partnership is all rounds of talking with one partner, as they stand at one moment.
type Partnership struct {
	// Rounds are in their order; there is one at least.
	Rounds []*conversation.Conversation
	// LastMet is the day of the last talk that was held; "": there was none.
	LastMet journal.Day
	// Promises are the open ones, in the order in which they were made. They are private.
	Promises []journal.Promise
	// Wrote is when the last message to the partner left; zero: none has.
	Wrote time.Time
	// Today is the organizer's day.
	Today journal.Day

	now  time.Time
	zone *time.Location
}

// Of returns the partnership that a round belongs to. entries are all that is written of its talks, and zone the
// organizer's.
func Of(c *conversation.Conversation, entries []journal.Entry, now time.Time, zone *time.Location) *Partnership {
	p := &Partnership{LastMet: journal.LastMet(entries), Promises: journal.Open(entries), Today: journal.DayOf(now.In(zone)),
		now: now, zone: zone}
	for c.Before != nil {
		c = c.Before
	}
	for ; c != nil; c = c.After {
		p.Rounds = append(p.Rounds, c)
		if told := Held(c, now); told != nil {
			p.LastMet = max(p.LastMet, journal.DayOf(told.Start.Time().In(zone)))
		}
		for _, m := range c.Messages {
			if !m.ToOrganizer() && m.MayHaveLeft() && m.Stamp.After(p.Wrote) {
				p.Wrote = m.Stamp
			}
		}
	}
	return p
}

// All returns the partnerships of all conversations, by their ids.
func All(b *roster.Roster, journals map[plan.ID]*journal.Journal, zone *time.Location) map[plan.ID]*Partnership {
	all := make(map[plan.ID]*Partnership)
	for _, c := range b.Conversations {
		if all[c.ID] != nil {
			continue
		}
		var entries []journal.Entry
		if j := journals[c.ID]; j != nil {
			entries = j.Entries
		}
		all[c.ID] = Of(c, entries, b.Now, zone)
	}
	return all
}

// Held is the talk of a round as it was held; nil: it was not, or not yet.
func Held(c *conversation.Conversation, now time.Time) *outbox.Content {
	told := c.Told()
	if told == nil || !c.Status(now).Held() || now.Before(told.End()) {
		return nil
	}
	return told
}

// Newest is the last round.
func (p *Partnership) Newest() *conversation.Conversation { return p.Rounds[len(p.Rounds)-1] }

// SinceMet is how many days ago the last talk was; -1: there was none.
func (p *Partnership) SinceMet() int { return p.since(p.LastMet) }

// SinceWrote is how many days ago the last message to the partner left; -1: none has.
func (p *Partnership) SinceWrote() int {
	if p.Wrote.IsZero() {
		return -1
	}
	return p.since(journal.DayOf(p.Wrote.In(p.zone)))
}

// since is how many days ago a day was; -1: it is none.
func (p *Partnership) since(day journal.Day) int {
	if day == "" {
		return -1
	}
	return max(0, DaysBetween(day, p.Today))
}

// DaysBetween is how many days to is after from; below 0 where it is before it.
func DaysBetween(from, to journal.Day) int {
	return int(to.Time().Sub(from.Time()) / (24 * time.Hour))
}

// soon is how many days ahead a promise is named.
const soon = 7

// Pressing are the open promises whose day is over, is today, or within a week.
func (p *Partnership) Pressing() (list []journal.Promise) {
	for _, promise := range p.Promises {
		if promise.Due != "" && DaysBetween(p.Today, promise.Due) <= soon {
			list = append(list, promise)
		}
	}
	return list
}

// apart is how many weeks may pass from one talk to the next before two people drift, by how important the partnership
// is to the organizer, from 1 to 5.
var apart = [...]int{1: 16, 2: 12, 3: 8, 4: 6, 5: 4}

// Drifts reports whether the two are drifting apart: they have talked before, longer ago than fits what the partnership
// means to the organizer, and nothing is under way: no talk ahead, no yes to one, no message to the partner that is on
// its way or that they have not answered. Who has said no, or wants no more mail, is let be, and so is a partnership
// whose last round the organizer has called off.
func (p *Partnership) Drifts() bool {
	last := p.Newest()
	days := p.SinceMet()
	if days < 0 || days <= 7*apart[last.Importance()] || last.Cancelled != nil {
		return false
	}
	if silence, _ := roster.Silent(last); silence != nil {
		return false
	}
	return !slices.ContainsFunc(p.Rounds, func(c *conversation.Conversation) bool {
		step := roster.Next(c, p.now)
		return c.Status(p.now) == conversation.Permitted || step.Kind != "" || step.Turn() == conversation.Partner || ahead(c, p.now)
	})
}

// ahead reports whether the partner is invited to a talk that is still to be.
func ahead(c *conversation.Conversation, now time.Time) bool {
	return stands(c) && now.Before(c.Told().End())
}

// stands reports whether a talk is in the partner's calendar, and they have not declined it.
func stands(c *conversation.Conversation) bool {
	return c.Told() != nil && c.Cancelled == nil && !c.Said(conversation.No) && !c.Declined() && !c.Deleted()
}
