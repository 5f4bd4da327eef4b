// Package finder knows what a search for a time is made of: the window of a plan, the hours and holidays of both, the
// organizer's rules, what calendars say and what other conversations have agreed on or offered. What fits it leaves to
// slots, what is done with it to conversation, and reading calendars to whoever implements [Calendars].
package finder

import (
	"context"
	"fmt"
	"slices"
	"time"

	"coalition/invites"
	"coalition/scheduler/conversation"
	"coalition/scheduler/holidays"
	"coalition/scheduler/roster"
	"coalition/scheduler/slots"
)

// Calendars say when people have no time.
type Calendars interface {
	// FreeBusy returns what each calendar of the organizer says of the time between from and to, and that of the person
	// with this address, where it is shown. It may ask servers, and waits for none longer than a few seconds.
	FreeBusy(ctx context.Context, address string, from, to time.Time) []invites.FreeBusy
}

// A Finder looks for times.
type Finder struct {
	Settings *conversation.Settings
	// Calendars may be nil: then nothing is known of anybody's time.
	Calendars Calendars
	// Holidays reads those that the config and plans name.
	Holidays *holidays.Reader
}

// A Search is one search for the time of a talk.
type Search struct {
	Query  *slots.Query
	Result *slots.Result
}

// Find looks for the times of a conversation, one of b. stale lets it offer times although a calendar is not known well
// enough. The error is one of a file of holidays, in words.
func (f *Finder) Find(ctx context.Context, b *roster.Roster, c *conversation.Conversation, stale bool) (*Search, error) {
	q, err := f.query(b, c)
	if err != nil {
		return nil, err
	}
	q.Stale = stale
	margin := q.Travel + longestTravel
	q.Busy = f.freeBusy(ctx, c, q.Window.Start.Add(-margin), q.Window.End.Add(slots.Beyond+margin))
	return &Search{Query: q, Result: q.Find()}, nil
}

// longestTravel is that of a plan.
const longestTravel = 12 * time.Hour

// query is the question, without what calendars say.
func (f *Finder) query(b *roster.Roster, c *conversation.Conversation) (*slots.Query, error) {
	s := f.Settings
	mine, err := f.Holidays.Read(string(s.Holidays))
	if err != nil {
		return nil, fmt.Errorf("organizer.holidays %w", err)
	}
	theirs, err := f.Holidays.Read(string(c.Plan.With.Holidays))
	if err != nil {
		return nil, fmt.Errorf("with.holidays %w", err)
	}
	return &slots.Query{Now: b.Now, Length: c.Length(), Travel: c.Travel(), Window: c.Window(b.Now),
		Organizer: slots.Person{Zone: s.Zone.Location("UTC"), Hours: s.Hours, Holiday: mine.On},
		Partner:   slots.Person{Zone: c.Zone(), Hours: c.Hours(), Holiday: theirs.On},
		Notice:    s.Times.Notice, Step: s.Times.Step, PerDay: s.Times.PerDay, Offer: s.Times.Offer,
		Suits: s.Times.Suits[c.Where().Kind], KeepFree: s.Times.KeepFree,
		Urgency: c.Urgency(), Talks: f.talks(b, c)}, nil
}

// freeBusy is what calendars say, without the event of this talk itself: that is no obstacle to it.
func (f *Finder) freeBusy(ctx context.Context, c *conversation.Conversation, from, to time.Time) []invites.FreeBusy {
	if f.Calendars == nil {
		return nil
	}
	list := f.Calendars.FreeBusy(ctx, string(c.Plan.With.Email), from, to)
	told := c.Told()
	if told == nil {
		return list
	}
	start, end := told.Start.Time(), told.End()
	for i := range list {
		list[i].Busy = slices.DeleteFunc(slices.Clone(list[i].Busy), func(b invites.Busy) bool {
			return b.Start.Equal(start) && b.End.Equal(end)
		})
	}
	return list
}

// Busy returns what says whether the organizer's calendars leave no time for a talk at that start, with the way to it.
// It knows that only of talks whose times were found by them: a time that the organizer has named is theirs to judge.
func (f *Finder) Busy(ctx context.Context) func(c *conversation.Conversation, start time.Time) bool {
	return func(c *conversation.Conversation, start time.Time) bool {
		if !c.Searched() {
			return false
		}
		travel := c.Travel()
		from, to := start.Add(-travel), start.Add(c.Length()+travel)
		return slices.ContainsFunc(f.freeBusy(ctx, c, from, to), func(calendar invites.FreeBusy) bool {
			return !calendar.Partner && slices.ContainsFunc(calendar.Busy, func(b invites.Busy) bool {
				return b.Start.Before(to) && from.Before(b.End)
			})
		})
	}
}

// talks are those of other conversations that were agreed on or offered.
func (f *Finder) talks(b *roster.Roster, except *conversation.Conversation) (list []slots.Talk) {
	for _, c := range b.Conversations {
		if c.ID == except.ID && c.Round == except.Round {
			continue
		}
		times, agreed := c.Keeps(b.Now)
		for _, t := range times {
			start := t.Time().UTC()
			list = append(list, slots.Talk{Span: invites.Span{Start: start, End: start.Add(c.Length())},
				Travel: c.Travel(), Agreed: agreed, Ref: c.Ref()})
		}
	}
	return list
}
