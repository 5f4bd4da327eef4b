package templates

import "time"

// A Kind names what is said.
type Kind string

// The kinds of message. Each language has one text and one HTML template for each.
const (
	// Brief is the question whether the two may talk.
	Brief Kind = "brief"
	// Times offers other times where one that was chosen has gone.
	Times Kind = "times"
	// Invitation is to a talk that was agreed to, and Update changes one.
	Invitation Kind = "invitation"
	Update     Kind = "update"
	// Cancellation calls off an invitation, or the question.
	Cancellation Kind = "cancellation"
	Reminder     Kind = "reminder"
	// Copy goes to the organizer, for the own calendar.
	Copy Kind = "copy"
	// Refusal answers another time that the partner has proposed.
	Refusal Kind = "refusal"
	// Thanks goes to the partner after the talk.
	Thanks Kind = "thanks"
	// Notice goes to the organizer: something has come that waits for a decision.
	Notice Kind = "notice"
	// Digest goes to the organizer at the begin of a week.
	Digest Kind = "digest"
)

// Kinds are all kinds of message.
var Kinds = []Kind{Brief, Times, Invitation, Update, Cancellation, Reminder, Copy, Refusal, Thanks, Notice, Digest}

// A Person is one of the two.
type Person struct {
	Name string
	// Call is how letters address them; "" is their name.
	Call  string
	Email string
	// Zone is that of their own clock. It is required.
	Zone *time.Location
}

// An Item is one point of the agenda.
type Item struct {
	// Number counts from 1.
	Number int
	Topic  string
	// Minutes is 0 where no time was set.
	Minutes int
}

// A Setting is where and how the two talk.
type Setting struct {
	// Kind is neutral, walk, coffee, lunch, office, phone or video.
	Kind, Place string
	// Phone and URL are empty for other kinds than phone and video. URL is so, too, while the calendar is still to
	// make the room: then the invitation leads there.
	Phone, URL string
	// NoLink says of a video call without URL that nothing the partner has got says how to join, as far as is known.
	NoLink bool
	// Caller is who calls whom on the phone: "partner", or "me" (the organizer), as "" is.
	Caller string
}

// A Talk is all that a template may say. Times are instants; the zones are those of the two people.
type Talk struct {
	Organizer, Partner Person
	// Familiar says that the partner is addressed in the familiar form, where the language has one.
	Familiar bool
	// Opening is words of the organizer with which a brief begins; it may be empty.
	Opening    string
	Purpose    string
	Offer, Ask []string
	Agenda     []Item
	Setting    Setting
	Length     time.Duration

	// Start is zero where it is not known yet.
	Start time.Time
	// Times are those offered in a brief, or in place of one that has gone; one is the time proposed.
	Times []time.Time
	// From and To are the first and the last day between which a time is looked for; zero: none.
	From, To time.Time

	// Again says of a brief that it has been sent before.
	Again bool
	// Page is the address of the page where a brief, or other times, can be answered; "" where there is none.
	Page string
	// Before is the time until now, in an update (zero: unchanged), or the one that has gone.
	Before OtherTime
	// NewPlace says of an update that the setting has changed; NewClocks, that the talk keeps its time on a clock that
	// is put otherwise, and Before is what calendars may have shown; NewAgenda, that nothing has changed but the
	// agenda.
	NewPlace, NewClocks, NewAgenda bool
	// Withdrawn says of a cancellation that there was a brief but no invitation.
	Withdrawn bool
	// CalledOff says of a copy that the talk is cancelled.
	CalledOff bool
	// Reason is the organizer's words for a cancellation or a refusal; it may be empty.
	Reason string
	// Thanks is the organizer's own words of a thank-you; "": those of the template.
	Thanks string
	// Proposed is another time that the partner has proposed, in a refusal or a notice; zero: none, perhaps another
	// place.
	Proposed OtherTime
	// News is what a notice tells, which has nothing to say without it.
	News *News
	// Week is what a digest tells, likewise.
	Week *Week
}

// A Week is what the organizer is told at its begin. Day, and every At, is any moment of a day.
type Week struct {
	Day   time.Time
	Talks []WeekTalk
	// Yours are the partners who wait for the organizer, LookBack those of talks that were not looked back on.
	Yours, LookBack []string
	// Theirs are those whose answer is awaited, since they were written to; Drifting those whom the organizer has not
	// talked with for long, and when they did last.
	Theirs, Drifting []WeekSince
	Promises         []WeekPromises
}

// A WeekTalk is a talk of the week. Zone is that of the partner's clock.
type WeekTalk struct {
	Name   string
	Start  time.Time
	Length time.Duration
	Zone   *time.Location
}

// A WeekSince is a partner, and a day.
type WeekSince struct {
	Name string
	At   time.Time
}

// A WeekPromises counts the promises that are due: the organizer's, and the partner's.
type WeekPromises struct {
	Name         string
	Mine, Theirs int
}

// OtherTime is a time that does not hold: that until now, one that has gone, or one proposed.
type OtherTime struct {
	Start  time.Time
	Length time.Duration
}

// News is what has come from the partner, or from Google, or is over, and waits for a decision of the organizer.
type News struct {
	// What has come: question, yes, later, no, declined, tentative, counter, time, bounced, failed, passed, taken, adds,
	// mail, doubted, deleted, left, clocks, guests, talk, or, where nothing has come, quiet or rest.
	What string
	// From is the address it came from; it may be empty.
	From string
	// How is "mail", "page" or "calendar"; "" is as good as none of them.
	How string
	// At is when it came; zero: not known.
	At time.Time
	// Why is why it is no answer, or not believed: a phrase in English. It may be empty.
	Why string
	// Text is the partner's own words, or those of a server; it may be empty.
	Text string
	// Commands are those to act on it with, each as it is typed.
	Commands []string
	// Calendar is what people call the online calendar that the talk is in, and Provider who runs it.
	Calendar, Provider string
}

// A Wording is a talk put into words. Subject is one line; the lines of Text end in \n.
type Wording struct {
	Subject, Text, HTML string
}

// An EventWording is a talk as it stands in a calendar. Summary and Location are one line each.
type EventWording struct {
	Summary, Location, Description string
}
