package inbox

import "time"

// News is something that has come in and that the program does not carry on with by itself: the organizer
// gets a notice of it by mail.
type News struct {
	// One of templates.News….
	What string `json:"what"`
	// A word that may still be changed is told when it stands.
	Due  time.Time `json:"due"`
	At   time.Time `json:"at"`
	From string    `json:"from"`
	// "mail", "page" or "calendar".
	How string `json:"how"`
	// It is no answer, or not believed; a phrase.
	Why string `json:"why,omitempty"`
	// In the partner's words.
	Text string `json:"text,omitempty"`
	// The commands that go on from here.
	Do []string `json:"do,omitempty"`
	// Of the begin of a week; it is of that moment, and never stored. nil: it is of something else.
	Week *Week `json:"-"`
}

// What a [News] tells of: the words that templates go by.
const (
	// Or a reply that says neither yes nor no nor later beyond doubt.
	NewsQuestion = "question"
	// Without one of the Times of the talk, if any were offered.
	NewsYes   = "yes"
	NewsLater = "later"
	NewsNo    = "no"
	// The invitation, in the calendar.
	NewsDeclined = "declined"
	// Likewise.
	NewsTentative = "tentative"
	// The time Proposed in the talk; zero: only another place.
	NewsCounter = "counter"
	// Likewise, in place of those offered, before there is an invitation.
	NewsTime = "time"
	// A message of ours came back.
	NewsBounced = "bounced"
	// A message of ours was refused at once, or given up.
	NewsFailed = "failed"
	// A message of ours came back from an address that the partner's passes mail on to.
	NewsPassed = "passed"
	// A yes to a time that another talk has by now.
	NewsTaken = "taken"
	// Lines for the agenda, in Text.
	NewsAdds = "adds"
	// A mail that is no answer, such as one after the invitation.
	NewsMail = "mail"
	// A mail that may not be the partner's.
	NewsDoubted = "doubted"
	// The event, by the organizer or somebody else who may change it.
	NewsDeleted = "deleted"
	// The partner, who is no guest of the event any more.
	NewsLeft = "left"
	// Newer zone data has put the start at another instant.
	NewsClocks = "clocks"
	// The talk is over, and is to be looked back on.
	NewsTalk = "talk"
	// No answer has come for a week, to what was sent once, or to a repeat.
	NewsQuiet = "quiet"
	NewsRest  = "rest"
	// The week begins.
	NewsWeek = "week"
	// The invitation waits, since the calendar takes no more guests for now; in its words, if in any.
	NewsRefused = "guests"
)
