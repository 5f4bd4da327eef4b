package outbox

import (
	"time"

	"coalition/invites"
	"coalition/scheduler/plan"
)

// Content is what a message says, as far as it matters whether it has been said already.
type Content struct {
	// Start is that of the event; zero in a brief.
	Start  plan.Slot     `json:"start,omitzero"`
	Length time.Duration `json:"length"`
	// Place is a fingerprint of the setting, Rest one of purpose, offer, ask and agenda, Aim one of Rest without the
	// agenda, Form one of all that shapes the words besides.
	Place string `json:"place,omitempty"`
	Rest  string `json:"rest,omitempty"`
	Aim   string `json:"aim,omitempty"`
	Form  string `json:"form,omitempty"`
	// PartStat is that of the attendee; "" is NEEDS-ACTION.
	PartStat invites.PartStat `json:"partstat,omitempty"`
	// Unix is the instant of Start, in seconds, by the zone data that it was written with; 0: not known. An appointment
	// is a time on a clock: it keeps that where a government puts the clocks otherwise.
	Unix int64 `json:"unix,omitempty"`
	// There is what the partner's clock shows at Start, by the same data; zero: not known.
	There plan.Slot `json:"there,omitzero"`

	// Gone says, of what stands in the calendar, that somebody else than us has deleted it, and Repeats that it is a
	// series.
	Gone    bool `json:"-"`
	Repeats bool `json:"-"`
}

// End returns when the talk is over.
func (c *Content) End() time.Time { return c.Start.Time().Add(c.Length) }

// Moves reports whether somebody who knows of other would have to be asked again.
func (c *Content) Moves(other *Content) bool {
	return c.Start != other.Start || c.Length != other.Length || c.Place != other.Place
}

// Shifts reports whether c is at the same time of the same clock as other, and at another instant, or at another time
// of the partner's clock, since clocks are put otherwise by newer zone data.
func (c *Content) Shifts(other *Content) bool {
	if c.Start != other.Start || c.Unix == 0 || other.Unix == 0 {
		return false
	}
	return c.Unix != other.Unix || c.There.Zone == other.There.Zone && c.There.Wall != other.There.Wall
}

// Tells reports whether somebody who knows of other knows c.
func (c *Content) Tells(other *Content) bool { return !c.Moves(other) && c.Rest == other.Rest }

// Begins reports whether c begins at that instant, by the zone data in use or by that which it was written with.
func (c *Content) Begins(at time.Time) bool {
	return at.Equal(c.Start.Time()) || c.Unix != 0 && at.Unix() == c.Unix
}
