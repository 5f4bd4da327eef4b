package main

import (
	"context"
	"fmt"

	"coalition/scheduler/conversation"
	"coalition/scheduler/outbox"
	"coalition/scheduler/plan"
	"coalition/scheduler/roster"
	"coalition/scheduler/ways"
	"coalition/scheduler/worklist"
)

// pausedText says why nothing goes while sending is paused.
const pausedText = "all sending is paused; start it again with: coalition resume"

// sayPaused says that sending is paused, and reports it.
func (a *app) sayPaused(ctx context.Context) (bool, error) {
	paused, err := a.sched.Store.Paused(ctx)
	if paused {
		a.note("Note: %s", pausedText)
	}
	return paused, err
}

// sayGone names the conversations whose plan file is no more.
func (a *app) sayGone(b *roster.Roster) {
	for _, c := range b.Gone {
		a.note("%s: its plan file is gone. Nothing is cancelled by that; use: coalition cancel %[1]s", c.Ref())
	}
}

// sayFresh says that nothing is on record, or not all: somebody who has lost their state wants to know it
// before anything is sent.
func (a *app) sayFresh(b *roster.Roster) {
	a.sayDoubt(b)
	if b.Fresh && b.Doubt == "" {
		a.say("The state is new: nothing is on record yet for the %s here.", count(len(b.Conversations), "plan"))
	}
}

// sayDoubt says why the state may not know of all that has left, where that is so.
func (a *app) sayDoubt(b *roster.Roster) {
	if b.Doubt != "" {
		a.note("Note: %s. Nothing goes by itself until: %s", b.Doubt, a.hint("approve --all"))
	}
}

// wayOut says what to do about a state that may not know of all that has left.
func (a *app) wayOut(ctx context.Context) string {
	st, err := a.sched.Store.Standing(ctx)
	switch {
	case err == nil && st.Doubt == outbox.DoubtNew:
		return fmt.Sprintf("To begin anew: %s, or remove that file. If you have lost the state: %s",
			a.hint("approve --all"), a.hint("restore FILE"))
	case err == nil && st.Doubt == outbox.DoubtMarker:
		return fmt.Sprintf("Look at its permissions, or remove it and: %s", a.hint("approve --all"))
	}
	return fmt.Sprintf("Bring back the newest state there is (%s), or look (%s) and let go what is still meant: %s",
		a.hint("restore FILE"), a.hint("approve"), a.hint("approve --all"))
}

// sayDoors says why nothing goes, or comes, through the doors that are closed.
func (a *app) sayDoors(b *roster.Roster) {
	for _, d := range b.Doors {
		waits := 0
		for _, c := range b.Conversations {
			for _, m := range worklist.AtDoor(c, b.Now) {
				if m.Door() == d {
					waits++
				}
			}
		}
		if waits == 0 && d.Name != outbox.MailboxDoor {
			continue
		}
		text := a.sched.DoorShut(d)
		switch {
		case waits == 1:
			text += ", and 1 message waits"
		case waits > 1:
			text += fmt.Sprintf(", and %d messages wait", waits)
		}
		a.note("Note: %s, since %s: %s\n  %s", text, d.Since.Format("2 Jan 15:04"), d.Text, a.sched.DoorMend(d))
	}
}

// sayStrays says which calendars are not read although talks have their events there.
func (a *app) sayStrays(b *roster.Roster) {
	for _, name := range a.sched.Strays(b) {
		a.note("Talks have their events in another Google calendar, %s: what happens to them there is not seen.\n"+
			"  sign in with an account that may change it, and name it in the config as calendar.google.calendar", name)
	}
}

// sayFailed names the way back for messages that have failed, and are still meant.
func (a *app) sayFailed(failed []*outbox.Message) {
	for _, m := range failed {
		a.note("%s: the %s to %s has failed: %s\n  once that is mended: %s",
			plan.Ref(m.ID, m.Round), m.Kind.Noun(), m.To, m.Error, how(ways.Back(m), plan.Ref(m.ID, m.Round)))
	}
}

// sayOverlaps says with which agreed talks a time overlaps that is about to be agreed on, or to be named to the
// partner.
func (a *app) sayOverlaps(b *roster.Roster, with []*conversation.Conversation) {
	for _, c := range with {
		start := c.Start(b.Now).In(a.zone())
		a.note("Note: this time overlaps with the talk with %s (%s), %s to %s.", c.Plan.With.Name, c.Ref(),
			start.Format(timeLayout), start.Add(c.Length()).Format("15:04"))
	}
}

// whyWaits says why m, which is queued, has not gone, in the form ": reason" with which a line ends.
func (a *app) whyWaits(m *outbox.Message, paused bool) string {
	switch {
	case paused:
		return ": " + pausedText
	case m.InCalendar() && a.online == nil:
		return ": it goes through Google Calendar, and calendar.via in the config is not google"
	case m.Door() != nil:
		return a.atDoor(m.Door())
	case m.Error == "":
		return ": another process is just trying the server; see: coalition list"
	}
	return ": " + m.Error
}

// atDoor says why a message waits at a closed door, told once for all that wait there.
func (a *app) atDoor(d *outbox.Door) string {
	if a.toldDoor == d {
		return ", for the same reason"
	}
	a.toldDoor = d
	return ": " + d.Text + "\n             " + a.sched.DoorMend(d)
}

// sayRest says why the other conversations wait.
func (a *app) sayRest(b *roster.Roster, acted map[string]bool) {
	const most = 10
	waiting := 0
	for _, c := range b.Conversations {
		step, status := roster.Next(c, b.Now), c.Status(b.Now)
		letRest := status == conversation.Declined && step.Again.IsZero()
		if acted[c.Ref()] || step.Next == "" || status.Held() || letRest {
			continue
		}
		if waiting++; waiting <= most {
			a.say("%-13s%s: %s", "waits", c.Ref(), a.nextWords(step, b.Now))
		}
	}
	if waiting > most {
		a.say("%-13s%d more: %s", "wait", waiting-most, a.hint("list"))
	}
}
