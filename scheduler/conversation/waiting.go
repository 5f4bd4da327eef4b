package conversation

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"coalition/invites/plaintext"
	"coalition/scheduler/outbox"
	"coalition/scheduler/plan"
)

// waiting is the step of a conversation whose message m is on its way or stuck.
func waiting(m *outbox.Message) (s Step, ok bool) {
	if m.Channel() == outbox.Google && m.Code == outbox.CodeStray && (m.State == outbox.Queued || m.State == outbox.Unclear) {
		return Step{Next: "name the calendar of its event in the config again, or sign in with its account, for the " + m.Kind.Noun() + ": coalition log " + string(m.ID)}, true
	}
	if m.Door() != nil && !m.Stuck() {
		return Step{Next: waitsAt(m.Door(), m)}, true
	}
	switch m.State {
	case outbox.Held:
		return Step{Next: "approve the " + m.Kind.Noun() + ": coalition approve " + plan.Ref(m.ID, m.Round)}, true
	case outbox.Queued, outbox.Sending:
		switch {
		case m.NeedsLogin():
			return Step{Next: "sign in to Google again, for the " + m.Kind.Noun() + ": coalition auth google"}, true
		case m.Kind == outbox.Invite && m.Channel() == outbox.Google && m.Code == outbox.CodeGuests:
			return Step{Next: "wait until Google takes guests again, or send the invitation by mail: coalition invite " + plan.Ref(m.ID, m.Round) + " --mail"}, true
		}
		return Step{Next: "deliver the " + m.Kind.Noun()}, true
	case outbox.Unclear:
		if m.Channel() == outbox.Google && m.Unclears < 2 {
			return Step{Next: "deliver the " + m.Kind.Noun() + " again: no answer came from Google"}, true
		}
		if m.Stuck() {
			return Step{Next: "find out whether the " + m.Kind.Noun() + " arrived; where it did not: coalition approve " + plan.Ref(m.ID, m.Round)}, true
		}
		return Step{Next: "deliver the " + m.Kind.Noun() + " again: no answer came from the server"}, true
	case outbox.Failed:
		if m.Channel() == outbox.Mail && slices.Contains(noMailbox, m.Code) {
			return Step{Next: "mend the address, the " + m.Kind.Noun() + " was refused" + Because(m) + ", then: " + WayBack(m)}, true
		}
		return Step{Next: "mend what kept the " + m.Kind.Noun() + " from going (coalition log " + string(m.ID) + "), then: " + WayBack(m)}, true
	case outbox.Bounced:
		return Step{Next: "mend the address: the " + m.Kind.Noun() + " came back" + Because(m)}, true
	case outbox.Expired:
		way := map[outbox.Kind]string{outbox.Invite: ": coalition invite " + plan.Ref(m.ID, m.Round) + " --start TIME", outbox.Update: ": coalition move " + plan.Ref(m.ID, m.Round) + " --start TIME"}[m.Kind]
		return Step{Next: "choose a new time, the " + m.Kind.Noun() + " could not go before the old one" + cmp.Or(way, "; write it under `when` in the plan file")}, true
	}
	return Step{}, false
}

// WayBack is the command by which a message goes again that has failed.
func WayBack(m *outbox.Message) string {
	switch {
	case m.ToOrganizer():
	case m.Kind == outbox.Brief:
		return "coalition ask " + plan.Ref(m.ID, m.Round)
	case m.Kind == outbox.Invite:
		return "coalition invite " + plan.Ref(m.ID, m.Round)
	}
	return "coalition approve " + plan.Ref(m.ID, m.Round)
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
func waitsAt(d *outbox.Door, m *outbox.Message) string {
	what, at := m.Kind.Noun(), "at "+d.Until.Format("15:04")
	if !time.Now().Before(d.Until) {
		at = "at once where a daemon runs"
	}
	switch {
	case d.Code == outbox.CodeLogin:
		return "sign in to Google again, for the " + what + ": coalition auth google"
	case d.Code == outbox.CodeGuests && m.Kind == outbox.Invite:
		return "wait until Google takes guests again, or send the invitation by mail: coalition invite " + plan.Ref(m.ID, m.Round) + " --mail"
	case d.Fault == outbox.FaultAccount:
		return fmt.Sprintf("mend what keeps the %s from going, then: coalition resume (it is tried again %s): %s", what, at, d.Text)
	case time.Until(d.Until) > outbox.KnockServer:
		return fmt.Sprintf("deliver the %s, which is tried again %s: %s", what, at, d.Text)
	}
	return fmt.Sprintf("deliver the %s, which is tried again within a minute: %s", what, d.Text)
}

// noMailbox are the replies by which a server says that it takes no mail for an address (RFC 5321, section
// 4.2.3, and RFC 7504).
var noMailbox = []int{521, 550, 551, 553, 556}
