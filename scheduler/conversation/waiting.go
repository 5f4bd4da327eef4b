package conversation

import (
	"fmt"
	"slices"
	"strings"

	"coalition/invites/plaintext"
	"coalition/scheduler/outbox"
)

// waiting is the step of a conversation whose message m is on its way or stuck.
func (c *Conversation) waiting(m *outbox.Message) (s Step, ok bool) {
	if m.InCalendar() && m.Code == outbox.CodeStray && (m.State == outbox.Queued || m.State == outbox.Unclear) {
		return Step{Next: "name the calendar of its event in the config again, or sign in with its account, for the " + m.Kind.Noun() + ": " + c.How(WayLog)}, true
	}
	if m.Door() != nil && !m.Stuck() {
		return Step{Next: c.waitsAt(m.Door(), m)}, true
	}
	switch m.State {
	case outbox.Held:
		return Step{Next: "approve the " + m.Kind.Noun() + ": " + c.How(WayApprove)}, true
	case outbox.Queued, outbox.Sending:
		switch {
		case m.NeedsLogin():
			return Step{Next: "sign in to " + c.Calendar().Provider + " again, for the " + m.Kind.Noun() + ": " + c.How(WaySignIn)}, true
		case m.Kind == outbox.Invite && m.InCalendar() && m.Code == outbox.CodeGuests:
			return Step{Next: "wait until " + c.Calendar().Provider + " takes guests again, or send the invitation by mail: " + c.How(WayInviteByMail)}, true
		}
		return Step{Next: "deliver the " + m.Kind.Noun()}, true
	case outbox.Unclear:
		if m.InCalendar() && m.Unclears < 2 {
			return Step{Next: "deliver the " + m.Kind.Noun() + " again: no answer came from " + c.Calendar().Provider}, true
		}
		if m.Stuck() {
			return Step{Next: "find out whether the " + m.Kind.Noun() + " arrived; where it did not: " + c.How(WayApprove)}, true
		}
		return Step{Next: "deliver the " + m.Kind.Noun() + " again: no answer came from the server"}, true
	case outbox.Failed:
		if !m.InCalendar() && slices.Contains(noMailbox, m.Code) {
			return Step{Next: "mend the address, the " + m.Kind.Noun() + " was refused" + Because(m) + ", then: " + c.How(WayBack(m))}, true
		}
		return Step{Next: "mend what kept the " + m.Kind.Noun() + " from going (" + c.How(WayLog) + "), then: " + c.How(WayBack(m))}, true
	case outbox.Bounced:
		return Step{Next: "mend the address: the " + m.Kind.Noun() + " came back" + Because(m)}, true
	case outbox.Expired:
		way := "; write it under `when` in the plan file"
		switch m.Kind {
		case outbox.Invite:
			way = ": " + c.How(WayInviteAt)
		case outbox.Update:
			way = ": " + c.How(WayMove)
		}
		return Step{Next: "choose a new time, the " + m.Kind.Noun() + " could not go before the old one" + way}, true
	}
	return Step{}, false
}

// WayBack is how a message goes again that has failed.
func WayBack(m *outbox.Message) Way {
	switch {
	case m.ToOrganizer():
	case m.Kind == outbox.Brief:
		return WayAsk
	case m.Kind == outbox.Invite:
		return WayInvite
	}
	return WayApprove
}

// Because is what the server said, in brackets; "" where it said nothing.
func Because(m *outbox.Message) string {
	why := m.Error
	if m.Code != 0 {
		why = fmt.Sprintf("%d %s", m.Code, strings.TrimPrefix(why, fmt.Sprint(m.Code)+" "))
	}
	if why == "" {
		return ""
	}
	return " (" + plaintext.Clip(why, 120) + ")"
}

// waitsAt is the next step of a conversation whose message m waits at the door.
func (c *Conversation) waitsAt(d *outbox.Door, m *outbox.Message) string {
	what, at := m.Kind.Noun(), "at "+d.Until.Format("15:04")
	if d.Remains <= 0 {
		at = "at once where a daemon runs"
	}
	switch {
	case d.Code == outbox.CodeLogin:
		return "sign in to " + c.Calendar().Provider + " again, for the " + what + ": " + c.How(WaySignIn)
	case d.Code == outbox.CodeGuests && m.Kind == outbox.Invite:
		return "wait until " + c.Calendar().Provider + " takes guests again, or send the invitation by mail: " + c.How(WayInviteByMail)
	case d.Fault == outbox.FaultAccount:
		return fmt.Sprintf("mend what keeps the %s from going, then: %s (it is tried again %s): %s", what, c.How(WayResume), at, d.Text)
	case d.Remains > outbox.KnockServer:
		return fmt.Sprintf("deliver the %s, which is tried again %s: %s", what, at, d.Text)
	}
	return fmt.Sprintf("deliver the %s, which is tried again within a minute: %s", what, d.Text)
}

// noMailbox are the replies by which a server says that it takes no mail for an address (RFC 5321, section
// 4.2.3, and RFC 7504).
var noMailbox = []int{521, 550, 551, 553, 556}

// DoorShut is what does not go, or is not read, while that door is closed, in words that begin a sentence.
func (s *Settings) DoorShut(d *outbox.Door) string {
	switch d.Name {
	case string(outbox.Mail):
		return "mail does not go"
	case outbox.MailboxDoor:
		return "the mailbox can't be read"
	}
	return s.CalendarOf(outbox.Channel(d.Name)).Title + " takes nothing"
}

// DoorMend is the way out for what waits at the door.
func (s *Settings) DoorMend(d *outbox.Door) string {
	switch {
	case d.NeedsLogin():
		return s.How(WaySignIn, "")
	case d.Fault == outbox.FaultAccount:
		return "mend it, then: " + s.How(WayResume, "")
	}
	return "it is tried again by itself, and at once by: " + s.How(WayResume, "")
}
