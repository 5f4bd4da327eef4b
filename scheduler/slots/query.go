package slots

import (
	"time"

	"coalition/invites"
	"coalition/scheduler/plan"
)

// A Query is what a time is looked for by. Nothing changes it while it is used.
type Query struct {
	// Now is from when Notice counts, an instant.
	Now time.Time
	// Length is that of the talk; Travel is kept free of busy time before and after it, 0 or more.
	Length, Travel time.Duration
	// Window is within which the talk lies: whole days of the organizer's clock.
	Window invites.Span

	Organizer, Partner Person

	// Notice is how much later than Now the talk begins at least, counted on to the next whole minute.
	Notice time.Duration
	// Step is on which minutes of the organizer's clock offered times begin: a part of an hour, in whole minutes.
	Step time.Duration
	// PerDay is how many talks a day of the organizer may have, this one among them.
	PerDay int
	// Offer is how many times are chosen at most.
	Offer int
	// Suits is within one span of which the whole talk lies, on the partner's clock; none: at any time.
	Suits plan.Hours
	// KeepFree is touched by no talk, on the organizer's clock; none: nothing is.
	KeepFree plan.Hours

	// Busy is when either of the two has no time, as far as it is known for the window, [Beyond] after it, and Travel
	// beside both. Events of no length block nothing.
	Busy []invites.FreeBusy
	// Stale offers times also where a calendar is [invites.FailedBusy].
	Stale bool
	// Talks are those of other conversations, from when they are offered on; one for each time that is offered.
	Talks []Talk
	// Urgency is from 1 (it may be late) to 5 (soon).
	Urgency int
}

// Beyond is how long after a window [Query.Remedies] looks for times.
const Beyond = 14 * 24 * time.Hour

// A Person is one of the two who are to talk.
type Person struct {
	// Zone is that of their clock.
	Zone *time.Location
	// Hours are when they can be met.
	Hours plan.Hours
	// Holiday names the holiday on a day of their calendar, which is given as its midnight in UTC; nil: none is known.
	Holiday func(day time.Time) (name string, ok bool)
}

// A Talk is one of this program's, agreed on with or offered to somebody else.
type Talk struct {
	invites.Span
	// Travel is kept free before and after it.
	Travel time.Duration
	// Agreed says that it is settled; else it is one of the times that they were offered.
	Agreed bool
	// Ref is the reference of its conversation.
	Ref string
}

// Who is whose time is blocked.
type Who string

// Whose time it is.
const (
	Organizer Who = "organizer"
	Partner   Who = "partner"
	Both      Who = "both"
)

// Why is the rule by which time is blocked.
type Why string

// The rules: words of `slots --json`, besides Window and Travel.
const (
	// Busy is an event in a calendar, or a talk agreed on with somebody else.
	Busy Why = "busy"
	// NoHours is outside somebody's working hours.
	NoHours Why = "hours"
	Holiday Why = "holiday"
	// Notice is too soon.
	Notice Why = "notice"
	// Unsuited is when the setting does not suit, such as lunch in the evening.
	Unsuited Why = "suits"
	KeepFree Why = "keep_free"
	// PerDay is a day that has as many talks as it may have.
	PerDay Why = "per_day"
	// Offered is a time that somebody else has been offered.
	Offered Why = "offered"

	// Window is before or after the days between which a time is looked for; only [Query.Breaks] and
	// [Query.Remedies] say it.
	Window Why = "window"
	// Travel is the way to and from the talk, which only [Query.Remedies] names.
	Travel Why = "travel"
)

// A Blocked is time in which the talk can't be, and why. A boundary between two days has no length: no talk may
// cross it.
type Blocked struct {
	invites.Span
	Who Who
	Why Why
	// Source is the name of the calendar or of the holiday, or the reference of the conversation; may be empty.
	Source string
	// Title is that of the event, where the calendar is the organizer's own; for nobody else's eyes.
	Title string
	// Travel is how much time before and after it is blocked, too: the way to or from it.
	Travel time.Duration
}

// Reach is within which no part of the talk may be: what is blocked, with the way to and from it.
func (b *Blocked) Reach() invites.Span {
	return invites.Span{Start: b.Start.Add(-b.Travel), End: b.End.Add(b.Travel)}
}

// Daily is the same time on every day.
func Daily(from, to plan.Clock) plan.Hours {
	b := plan.Block{From: from, To: to}
	for day := range time.Saturday + 1 {
		b.Days = append(b.Days, plan.Weekday(day))
	}
	return plan.Hours{b}
}
