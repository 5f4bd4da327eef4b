// Package ways knows by which ways the organizer goes on, and which of them a message that is on its way, or stuck,
// waits for. When it is to be said it leaves to conversation; what a way is called, a command or a button, to whoever
// shows it.
package ways

// A Way is something that the organizer can do next. How it is done, by which command or button, and in which
// words, says whoever shows it.
type Way string

// The ways. Each is about one conversation, but the last ones.
const (
	Ready         Way = "ready"
	Ask           Way = "ask"
	AskAgain      Way = "ask-again"
	Record        Way = "record"
	RecordYes     Way = "record-yes"
	Invite        Way = "invite"
	InviteAt      Way = "invite-at"
	InviteByMail  Way = "invite-by-mail"
	Move          Way = "move"
	MoveTo        Way = "move-to"
	Keep          Way = "keep"
	Cancel        Way = "cancel"
	CancelTold    Way = "cancel-told"
	IfTold        Way = "if-told"
	Counter       Way = "counter"
	TakeCounter   Way = "take-counter"
	RefuseCounter Way = "refuse-counter"
	Agenda        Way = "agenda"
	TakeAgenda    Way = "take-agenda"
	LeaveAgenda   Way = "leave-agenda"
	Show          Way = "show"
	Slots         Way = "slots"
	Log           Way = "log"
	Approve       Way = "approve"
	Debrief       Way = "debrief"

	List       Way = "list"
	ApproveAll Way = "approve-all"
	Receive    Way = "receive"
	SignIn     Way = "sign-in"
	Resume     Way = "resume"
)
