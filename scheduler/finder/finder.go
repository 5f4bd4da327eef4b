// Package finder knows what a search for a time is made of: the window of a plan, the hours and holidays of both, the
// organizer's rules, what calendars say and what other conversations have agreed on or offered. What fits it leaves to
// slots, what is done with it to conversation, and reading calendars to whoever implements [Calendars].
package finder

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"coalition/invites"
	"coalition/scheduler/conversation"
	"coalition/scheduler/holidays"
	"coalition/scheduler/organizer"
	"coalition/scheduler/plan"
	"coalition/scheduler/roster"
	"coalition/scheduler/slots"
)

// Calendars say when people have no time.
type Calendars interface {
	// FreeBusy returns what each calendar of the organizer says of the time between from and to, and that of the person
	// with this address, where it is shown; "": of nobody else. It may ask servers, unless ctx has ended: then it tells
	// what is known.
	FreeBusy(ctx context.Context, address string, from, to time.Time) []invites.FreeBusy
}

// A Finder looks for times.
type Finder struct {
	Settings *organizer.Settings
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
	q.Busy = f.freeBusy(ctx, c, string(c.Plan.With.Email), q.Window.Start.Add(-margin),
		q.Window.End.Add(slots.Beyond+margin), agreed(b)...)
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
	return &slots.Query{Now: b.Now, Length: c.Length(), Travel: c.Travel(), Window: window(c, b.Now),
		Organizer: slots.Person{Zone: s.Zone.Location("UTC"), Hours: s.Hours, Holiday: mine.On},
		Partner:   slots.Person{Zone: c.Zone(), Hours: c.Hours(), Holiday: theirs.On},
		Notice:    s.Times.Notice, Step: s.Times.Step, PerDay: s.Times.PerDay, Offer: s.Times.Offer,
		Suits: s.Times.Suits[c.Where().Kind], KeepFree: s.Times.KeepFree,
		Urgency: c.Urgency(), Talks: f.talks(b, c)}, nil
}

// Known returns what the organizer's own calendars say of a time; none where there are none.
func (f *Finder) Known(ctx context.Context, from, to time.Time) []invites.FreeBusy {
	if f.Calendars == nil {
		return nil
	}
	return f.Calendars.FreeBusy(ctx, "", from, to)
}

// freeBusy is what calendars say, without the event of this talk itself, which is no obstacle to it, and without those of
// the talks that have such an EventRef, and are known better. address is that of the person whose calendar counts as
// well; "": nobody's does.
func (f *Finder) freeBusy(ctx context.Context, c *conversation.Conversation, address string, from, to time.Time,
	known ...string) []invites.FreeBusy {
	if f.Calendars == nil {
		return nil
	}
	list := f.Calendars.FreeBusy(ctx, address, from, to)
	known = append(known, c.EventRef().String())
	told := c.Told()
	var talk invites.Span
	if told != nil {
		talk = invites.Span{Start: told.Start.Time().UTC(), End: told.End().UTC()}
	}
	for i := range list {
		if list[i].Partner {
			// All that is known is that they are busy, and this talk may be why.
			if told != nil && !c.Declined() {
				list[i].Busy = without(list[i].Busy, talk)
			}
			continue
		}
		list[i].Busy = slices.DeleteFunc(slices.Clone(list[i].Busy), func(b invites.Busy) bool {
			// What goes by mail stands in a calendar that knows nothing of conversations.
			mailed := told != nil && !c.InCalendar() && b.Start.Equal(talk.Start) && b.End.Equal(talk.End) &&
				names(b.Title, c)
			return mailed || b.Ref != "" && slices.Contains(known, b.Ref)
		})
	}
	return list
}

// names reports whether the title of an event may be that of a talk with the partner: it has a part of their name, or is
// not known.
func names(title string, c *conversation.Conversation) bool {
	words := func(text string) []string {
		return strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) })
	}
	theirs := words(c.Plan.With.Name + " " + c.Plan.With.Call)
	return title == "" || slices.ContainsFunc(words(title), func(word string) bool { return slices.Contains(theirs, word) })
}

// without is a list of busy times less those of one talk.
func without(list []invites.Busy, talk invites.Span) (rest []invites.Busy) {
	for _, b := range list {
		before, after := b, b
		if before.End = talk.Start; b.End.Before(talk.Start) {
			before.End = b.End
		}
		if after.Start = talk.End; b.Start.After(talk.End) {
			after.Start = b.Start
		}
		for _, part := range []invites.Busy{before, after} {
			if part.Start.Before(part.End) {
				rest = append(rest, part)
			}
		}
	}
	return rest
}

// Busy returns what says whether the organizer's calendars leave no time for a talk at that start, with the way to it.
// It knows that only of talks whose times were found by them: a time that the organizer has named is theirs to judge.
// Somebody may be waiting for the page: a calendar that takes its time is asked for [patience] in all, and then counts as
// it is known.
func (f *Finder) Busy(ctx context.Context) func(c *conversation.Conversation, start time.Time) bool {
	until := time.Now().Add(patience)
	return func(c *conversation.Conversation, start time.Time) bool {
		if !c.Searched() {
			return false
		}
		ctx, cancel := context.WithDeadline(ctx, until)
		defer cancel()
		travel := c.Travel()
		from, to := start.Add(-travel), start.Add(c.Length()+travel)
		return slices.ContainsFunc(f.freeBusy(ctx, c, "", from, to), func(calendar invites.FreeBusy) bool {
			return slices.ContainsFunc(calendar.Busy, func(b invites.Busy) bool {
				return b.Start.Before(to) && from.Before(b.End)
			})
		})
	}
}

// patience is how long calendars are waited for while an answer is taken in, in real time.
const patience = 3 * time.Second

// agreed are what calendars call the talks that were agreed on.
func agreed(b *roster.Roster) (refs []string) {
	for _, c := range b.Conversations {
		if _, agreed := c.Keeps(b.Now); agreed {
			refs = append(refs, c.EventRef().String())
		}
	}
	return refs
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

// window returns in which time a talk is looked for: that of the plan, or, where it names a time, the next ten working
// days.
func window(c *conversation.Conversation, now time.Time) invites.Span {
	d := c.DatesAt(now)
	if d.To.IsZero() {
		d, _ = new(plan.Terms).Resolve(now, c.Settings().Zone, c.Settings().Hours)
	}
	return invites.Span{Start: d.From.Time().UTC(), End: d.To.Time().UTC()}
}
