package ways

import (
	"fmt"
	"slices"

	"coalition/scheduler/outbox"
)

// Waiting is what is next for a message to a partner that is on its way or stuck, and begins with a verb; "" for one
// that needs nothing. itself says that it goes on without a word of the organizer. provider is who runs the online
// calendar of its conversation, and how words a way for that.
func Waiting(m *outbox.Message, provider string, how func(way Way, at ...string) string) (next string, itself bool) {
	the := "the " + m.Kind.Noun()
	if m.InCalendar() && m.Code == outbox.CodeStray && (m.State == outbox.Queued || m.State == outbox.Unclear) {
		return "name the calendar of its event in the config again, or sign in with its account, for " + the + ": " +
			how(Log), false
	}
	if why := unthanked(m); why != "" {
		return "say your thanks yourself, " + the + " " + why, false
	}
	if m.Door() != nil && !m.Stuck() {
		return atDoor(m.Door(), m, provider, how)
	}
	switch m.State {
	case outbox.Held:
		return "approve " + the + ": " + how(Approve), false
	case outbox.Queued, outbox.Sending:
		switch {
		case m.NeedsLogin():
			return "sign in to " + provider + " again, for " + the + ": " + how(SignIn), false
		case m.Kind == outbox.Invite && m.InCalendar() && m.Code == outbox.CodeGuests:
			return "wait until " + provider + " takes guests again, or send the invitation by mail: " + how(InviteByMail), true
		}
		return "deliver " + the, true
	case outbox.Unclear:
		if m.InCalendar() && m.Unclears < 2 {
			return "deliver " + the + " again: no answer came from " + provider, true
		}
		if m.Stuck() {
			return "find out whether " + the + " arrived; where it did not: " + how(Approve), false
		}
		return "deliver " + the + " again: no answer came from the server", true
	case outbox.Failed:
		if !m.InCalendar() && slices.Contains(noMailbox, m.Code) {
			return "mend the address, " + the + " was refused" + m.Because() + ", then: " + how(Back(m)), false
		}
		return "mend what kept " + the + " from going (" + how(Log) + "), then: " + how(Back(m)), false
	case outbox.Bounced:
		return "mend the address: " + the + " came back" + m.Because(), false
	case outbox.Expired:
		way := "; write it under `when` in the plan file"
		switch m.Kind {
		case outbox.Invite:
			way = ": " + how(InviteAt)
		case outbox.Update:
			way = ": " + how(Move)
		}
		return "choose a new time, " + the + " could not go before the old one" + way, false
	}
	return "", false
}

// unthanked is why a thank-you reaches nobody any more, since an address is not mended once the talk is over; "": it may.
func unthanked(m *outbox.Message) string {
	switch {
	case m.Kind != outbox.Thanks:
	case m.State == outbox.Expired:
		return "could not go within a week"
	case m.State == outbox.Bounced:
		return "came back" + m.Because()
	case m.State == outbox.Failed && slices.Contains(noMailbox, m.Code):
		return "was refused" + m.Because()
	}
	return ""
}

// Back is how a message goes again that has failed.
func Back(m *outbox.Message) Way {
	switch {
	case m.ToOrganizer():
	case m.Kind == outbox.Brief:
		return Ask
	case m.Kind == outbox.Invite:
		return Invite
	}
	return Approve
}

// atDoor is what is next for a message that waits at the door.
func atDoor(d *outbox.Door, m *outbox.Message, provider string, how func(way Way, at ...string) string) (next string, itself bool) {
	what, at := m.Kind.Noun(), "at "+d.Until.Format("15:04")
	if d.Remains <= 0 {
		at = "at once where a daemon runs"
	}
	switch {
	case d.Code == outbox.CodeLogin:
		return "sign in to " + provider + " again, for the " + what + ": " + how(SignIn), false
	case d.Code == outbox.CodeGuests && m.Kind == outbox.Invite:
		return "wait until " + provider + " takes guests again, or send the invitation by mail: " + how(InviteByMail), true
	case d.Fault == outbox.FaultAccount:
		return fmt.Sprintf("mend what keeps the %s from going, then: %s (it is tried again %s): %s", what, how(Resume), at,
			d.Text), false
	case d.Remains > outbox.KnockServer:
		return fmt.Sprintf("deliver the %s, which is tried again %s: %s", what, at, d.Text), true
	}
	return fmt.Sprintf("deliver the %s, which is tried again within a minute: %s", what, d.Text), true
}

// noMailbox are the replies by which a server says that it takes no mail for an address (RFC 5321, section
// 4.2.3, and RFC 7504).
var noMailbox = []int{521, 550, 551, 553, 556}
