// Package organizer knows what the organizer has configured about themself, and about how their conversations are carried
// out; leaves where that is written to whoever reads it, and what follows from it to the rooms above.
package organizer

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"coalition/invites"
	"coalition/scheduler/outbox"
	"coalition/scheduler/plan"
	"coalition/scheduler/ways"
)

// Settings are what the organizer has configured about themself and about how conversations are
// carried out. They are the same for all conversations and never stored.
type Settings struct {
	Organizer invites.Address
	// Other addresses of the organizer.
	Aliases []string
	// Required.
	Zone plan.Zone
	// Required.
	Language plan.Language
	// When the organizer can be met, on the clock of Zone.
	Hours plan.Hours
	// On which days the organizer has off; the path of a file is absolute.
	Holidays plan.Holidays
	// By which free times are found.
	Times Times
	// How long before the start; any order.
	Reminders []time.Duration
	// See [scheduler.Scheduler.Pass].
	HoldOver int
	// The organizer gets each invitation as a METHOD:PUBLISH mail, and each cancellation as METHOD:CANCEL.
	CopyToSelf bool
	// The organizer gets a short mail about each answer that waits for them.
	Notify bool
	// The organizer gets a mail at the begin of each week: who waits for whom, and what is ahead.
	Digest bool

	// Calendar is the online calendar that new invitations go to; "": they go by mail. Calendars are all that talks may
	// be held in.
	Calendar  outbox.Channel
	Calendars []Calendar
	// How words what the organizer can do: the way, for the conversation of that reference. at is a time, for
	// [ways.MoveTo] and [ways.Keep].
	How func(way ways.Way, ref string, at ...string) string

	// How mail goes, for the log: "outbox" or "smtp".
	Via string

	// Secret is that of the installation, from which UIDs and Message-IDs derive; none: they are random.
	Secret []byte
}

// Times are the rules by which free times are found.
type Times struct {
	// Notice is how long after the search the first time may be, from 0 on.
	Notice time.Duration
	// PerDay is how many talks the organizer has on a day at most, and Offer how many times a brief offers (1 to 6).
	PerDay, Offer int
	// Step is on which minutes of the organizer's clock talks begin, counted from midnight: 5 to 60 minutes.
	Step time.Duration
	// Travel is what is kept free before and after a talk in a setting of that kind; none: nothing.
	Travel map[plan.Kind]time.Duration
	// Suits are the hours of the partner's clock within which the whole of such a talk lies; none: any.
	Suits map[plan.Kind]plan.Hours
	// KeepFree is touched by no talk, on the organizer's clock; none: nothing is.
	KeepFree plan.Hours
	// Hold says that offered times stand as tentative events in the organizer's online calendar.
	Hold bool
}

// Own reports whether the address is the organizer's.
func (s *Settings) Own(address string) bool {
	return slices.ContainsFunc(
		append([]string{s.Organizer.Email}, s.Aliases...),
		func(a string) bool { return strings.EqualFold(a, address) },
	)
}

// Derive is a name of 128 bits that nobody can guess without the secret of the installation, and that is
// the same whenever it is asked for: a message that is written once more, after its first copy was
// forgotten, is taken for the same one by mail programs and calendars.
func (s *Settings) Derive(parts ...any) (id [16]byte) {
	if len(s.Secret) == 0 {
		// Which never fails.
		rand.Read(id[:])
		return id
	}
	data, err := json.Marshal(parts)
	if err != nil {
		// Its types can always.
		panic("scheduler: what names a message can't be written as JSON: " + err.Error())
	}
	mac := hmac.New(sha256.New, s.Secret)
	mac.Write(data)
	copy(id[:], mac.Sum(nil))
	return id
}
