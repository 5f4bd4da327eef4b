package conversation

import "coalition/scheduler/outbox"

// A Way is something that the organizer can do next. How it is done, by which command or button, and in which
// words, says whoever shows it: see [Settings].
type Way string

// The ways. Each is about one conversation, but the last ones.
const (
	WayReady         Way = "ready"
	WayAsk           Way = "ask"
	WayRecord        Way = "record"
	WayRecordYes     Way = "record-yes"
	WayInvite        Way = "invite"
	WayInviteAt      Way = "invite-at"
	WayInviteByMail  Way = "invite-by-mail"
	WayMove          Way = "move"
	WayMoveTo        Way = "move-to"
	WayKeep          Way = "keep"
	WayCancel        Way = "cancel"
	WayCancelTold    Way = "cancel-told"
	WayIfTold        Way = "if-told"
	WayCounter       Way = "counter"
	WayTakeCounter   Way = "take-counter"
	WayRefuseCounter Way = "refuse-counter"
	WayAgenda        Way = "agenda"
	WayTakeAgenda    Way = "take-agenda"
	WayLeaveAgenda   Way = "leave-agenda"
	WayShow          Way = "show"
	WaySlots         Way = "slots"
	WayLog           Way = "log"
	WayApprove       Way = "approve"

	WayList       Way = "list"
	WayApproveAll Way = "approve-all"
	WayReceive    Way = "receive"
	WaySignIn     Way = "sign-in"
	WayResume     Way = "resume"
)

// How words a way for the conversation; at is the time of [WayMoveTo] and [WayKeep].
func (c *Conversation) How(w Way, at ...string) string { return c.settings.How(w, c.Ref(), at...) }

// WayToRival is how to look at what has a time that was chosen: another talk, or, where that is "", the calendars.
func (c *Conversation) WayToRival(ref string) string {
	if ref == "" {
		return c.How(WaySlots)
	}
	return c.settings.How(WayShow, ref)
}

// A Calendar is what people call an online calendar that talks may be held in.
type Calendar struct {
	// Channel is its name in stored records.
	Channel outbox.Channel
	// Title is its whole name, and Provider who runs it.
	Title, Provider string
	// UIDSuffix is what it puts behind the id of an event to make the UID of the invitation.
	UIDSuffix string
	// Config is how the config is told to use it.
	Config string
	// Key is that of the config which names one of the account's calendars.
	Key string
}

// CalendarOf is the calendar of that channel, or of the one that invitations go to where it is none.
func (s *Settings) CalendarOf(channel outbox.Channel) Calendar {
	for _, c := range s.Calendars {
		if c.Channel == channel || channel == "" && c.Channel == s.Calendar {
			return c
		}
	}
	return Calendar{Channel: channel, Title: string(channel), Provider: string(channel)}
}

// InCalendar reports whether the talk is, or is to be, an event in an online calendar.
func (c *Conversation) InCalendar() bool { return c.Channel != "" && c.Channel != outbox.Mail }

// Calendar is the one that the talk is held in.
func (c *Conversation) Calendar() Calendar { return c.settings.CalendarOf(c.Channel) }
