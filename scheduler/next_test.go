package scheduler_test

import (
	"testing"
	"time"

	"coalition/invites"
	"coalition/scheduler"
	"coalition/scheduler/plan"
)

var (
	start = time.Date(2027, 3, 4, 10, 0, 0, 0, lisbon)
	slot  = plan.SlotOf(start)
)

// message puts a message of that kind and state into c, as the scheduler would have made it at monday.
func message(c *scheduler.Conversation, kind scheduler.Kind, state scheduler.State) *scheduler.Message {
	m := &scheduler.Message{ID: c.ID, Round: 1, Kind: kind, Revision: "1", To: "maya@example.org", State: state, Stamp: monday, Due: monday}
	if state == scheduler.Unclear {
		m.Unclears = 1
	}
	switch kind {
	case scheduler.Brief:
		m.Content = c.Says(monday, scheduler.Brief)
	default:
		m.Content = c.Says(monday, scheduler.Invite)
		if c.UID == "" {
			c.UID, c.PartStat = "u", invites.NeedsAction
		}
	}
	c.Messages = append(c.Messages, m)
	return m
}

// apply applies a change that must be taken.
func apply(t *testing.T, c *scheduler.Conversation, change scheduler.Change) {
	t.Helper()
	if err := c.Apply(change, monday); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, c *scheduler.Conversation, changes ...string) {
	t.Helper()
	if problems := c.Read(parse(t, maya(changes...)), monday.Add(time.Minute)); problems != nil {
		t.Fatal(problems)
	}
}

// TestNext goes through every place in the life of a conversation: what is its status, what comes
// next, and when.
func TestNext(t *testing.T) {
	yes := scheduler.Answer{Value: scheduler.Yes}
	for _, test := range []struct {
		name   string
		plan   []string // changes to maya
		past   func(*testing.T, *scheduler.Conversation)
		at     time.Time // zero: monday
		status scheduler.Status
		kind   scheduler.Kind // to be sent
		due    time.Time      // of that; zero: now
		next   string
	}{
		// Before the brief.
		{name: "no check-in", plan: []string{"ready: false"}, status: scheduler.Planned, next: "check in with yourself (until then nothing goes out): coalition ready maya"},
		{name: "no check-in, incomplete", plan: []string{"ready: false", "purpose: ''"}, status: scheduler.Planned, next: "fill in purpose"},
		{name: "no check-in, a yes in person", plan: []string{"ready: false", "permitted: after the review"}, status: scheduler.Planned, next: "check in with yourself (until then nothing goes out): coalition ready maya"},
		{name: "not yet", plan: []string{"ready: false"}, past: func(t *testing.T, c *scheduler.Conversation) { apply(t, c, scheduler.NotYet{}) },
			status: scheduler.Planned, next: "check in again (until then nothing goes out): coalition ready maya"},
		{name: "not yet, and then", plan: []string{"ready: false"}, past: func(t *testing.T, c *scheduler.Conversation) {
			apply(t, c, scheduler.NotYet{})
			apply(t, c, scheduler.CheckIn{})
		}, status: scheduler.Ready, kind: scheduler.Brief, next: "send the brief"},
		{name: "check-in by command", plan: []string{"ready: false"}, past: func(t *testing.T, c *scheduler.Conversation) { apply(t, c, scheduler.CheckIn{}) },
			status: scheduler.Ready, kind: scheduler.Brief, next: "send the brief"},
		{name: "ready", status: scheduler.Ready, kind: scheduler.Brief, next: "send the brief"},
		{name: "ready for a later day", plan: []string{"ask_on: 2027-02-22"}, status: scheduler.Ready,
			kind: scheduler.Brief, due: time.Date(2027, 2, 22, 9, 0, 0, 0, lisbon), next: "send the brief"},
		{name: "the day has come", plan: []string{"ask_on: 2027-02-22"}, at: time.Date(2027, 2, 22, 9, 0, 0, 0, lisbon),
			status: scheduler.Ready, kind: scheduler.Brief, due: time.Date(2027, 2, 22, 9, 0, 0, 0, lisbon), next: "send the brief"},
		{name: "the times have passed", at: start, status: scheduler.Ready, next: "choose a new time: those of the plan have passed; write others under `when` in its file"},
		{name: "no time at all", plan: []string{"when: {duration: 2h}"}, status: scheduler.Ready, kind: scheduler.Brief, next: "send the brief"},

		// The brief on its way.
		{name: "brief queued", past: func(t *testing.T, c *scheduler.Conversation) { message(c, scheduler.Brief, scheduler.Queued) },
			status: scheduler.Ready, next: "deliver the brief"},
		{name: "brief held", past: func(t *testing.T, c *scheduler.Conversation) { message(c, scheduler.Brief, scheduler.Held) },
			status: scheduler.Ready, next: "approve the brief: coalition approve maya"},
		{name: "brief held, plan changed", past: func(t *testing.T, c *scheduler.Conversation) {
			message(c, scheduler.Brief, scheduler.Held)
			read(t, c, "purpose: Something else.")
		}, status: scheduler.Ready, kind: scheduler.Brief, due: monday, next: "send the brief"},
		{name: "brief being sent, plan changed", past: func(t *testing.T, c *scheduler.Conversation) {
			message(c, scheduler.Brief, scheduler.Sending)
			read(t, c, "purpose: Something else.")
		}, status: scheduler.Ready, next: "deliver the brief"},
		{name: "brief failed", past: func(t *testing.T, c *scheduler.Conversation) { message(c, scheduler.Brief, scheduler.Failed) },
			status: scheduler.Ready, next: "mend what kept the brief from going (coalition log maya), then: coalition ask maya"},
		{name: "brief failed, another address", past: func(t *testing.T, c *scheduler.Conversation) {
			message(c, scheduler.Brief, scheduler.Failed)
			read(t, c, "  email: chen@example.org")
		}, status: scheduler.Ready, kind: scheduler.Brief, next: "send the brief"},
		{name: "brief unclear", past: func(t *testing.T, c *scheduler.Conversation) { message(c, scheduler.Brief, scheduler.Unclear) },
			status: scheduler.Asked, next: "deliver the brief again: no answer came from the server"},
		{name: "brief unclear twice", past: func(t *testing.T, c *scheduler.Conversation) {
			message(c, scheduler.Brief, scheduler.Unclear).Unclears = 2
		},
			status: scheduler.Asked, next: "find out whether the brief arrived; where it did not: coalition approve maya"},
		{name: "brief expired", past: func(t *testing.T, c *scheduler.Conversation) { message(c, scheduler.Brief, scheduler.Expired) },
			status: scheduler.Ready, kind: scheduler.Brief, next: "send the brief"},
		{name: "asked", past: func(t *testing.T, c *scheduler.Conversation) { message(c, scheduler.Brief, scheduler.Accepted) },
			status: scheduler.Asked, next: "wait for the answer of Maya Chen"},
		{name: "asked, plan changed", past: func(t *testing.T, c *scheduler.Conversation) {
			message(c, scheduler.Brief, scheduler.Accepted)
			read(t, c, "purpose: Something else.")
		}, status: scheduler.Asked, next: "wait for the answer of Maya Chen"},
		{name: "asked again", past: func(t *testing.T, c *scheduler.Conversation) {
			message(c, scheduler.Brief, scheduler.Accepted)
			apply(t, c, scheduler.AskAgain{})
		}, status: scheduler.Asked, kind: scheduler.Brief, next: "send the brief"},

		// The answer.
		{name: "no", past: func(t *testing.T, c *scheduler.Conversation) {
			message(c, scheduler.Brief, scheduler.Accepted)
			apply(t, c, scheduler.Answer{Value: scheduler.No})
		}, status: scheduler.Declined, next: "let it rest: Maya Chen said no"},
		{name: "no before it was asked", past: func(t *testing.T, c *scheduler.Conversation) { apply(t, c, scheduler.Answer{Value: scheduler.No}) },
			status: scheduler.Declined, next: "let it rest: Maya Chen said no"},
		{name: "later", past: func(t *testing.T, c *scheduler.Conversation) {
			message(c, scheduler.Brief, scheduler.Accepted)
			apply(t, c, scheduler.Answer{Value: scheduler.Wait})
		}, status: scheduler.Later, next: "ask again when the moment is better: coalition ask maya"},
		{name: "later, with a new day", past: func(t *testing.T, c *scheduler.Conversation) {
			message(c, scheduler.Brief, scheduler.Accepted)
			apply(t, c, scheduler.Answer{Value: scheduler.Wait})
			read(t, c, "ask_on: 2027-02-22")
		}, status: scheduler.Later, kind: scheduler.Brief, due: time.Date(2027, 2, 22, 9, 0, 0, 0, lisbon), next: "send the brief"},
		{name: "a question", past: func(t *testing.T, c *scheduler.Conversation) {
			message(c, scheduler.Brief, scheduler.Accepted)
			apply(t, c, scheduler.Answer{Value: scheduler.Query})
		}, status: scheduler.Asked, next: "answer the question of Maya Chen: coalition show maya"},
		{name: "yes, one time", past: func(t *testing.T, c *scheduler.Conversation) { apply(t, c, yes) },
			status: scheduler.Permitted, kind: scheduler.Invite, due: monday, next: "send the invitation"},
		{name: "yes, several times and none chosen", plan: []string{"when: {times: [2027-03-04 10:00, 2027-03-05 15:00]}"},
			past:   func(t *testing.T, c *scheduler.Conversation) { apply(t, c, yes) },
			status: scheduler.Permitted, next: "choose a time: coalition invite maya --start TIME"},
		{name: "yes, a time chosen", plan: []string{"when: {times: [2027-03-04 10:00, 2027-03-05 15:00]}"},
			past: func(t *testing.T, c *scheduler.Conversation) {
				apply(t, c, scheduler.Answer{Value: scheduler.Yes, Slot: slot})
			},
			status: scheduler.Permitted, kind: scheduler.Invite, due: monday, next: "send the invitation"},
		{name: "yes, too late", past: func(t *testing.T, c *scheduler.Conversation) { apply(t, c, yes) }, at: start,
			status: scheduler.Permitted, next: "choose a new time, the one agreed has passed: coalition invite maya --start TIME"},
		{name: "a yes in person", plan: []string{"permitted: after the review"}, status: scheduler.Permitted, kind: scheduler.Invite, due: monday, next: "send the invitation"},

		// The invitation on its way, and the talk.
		{name: "invitation queued", past: func(t *testing.T, c *scheduler.Conversation) {
			apply(t, c, yes)
			message(c, scheduler.Invite, scheduler.Queued)
		},
			status: scheduler.Permitted, next: "deliver the invitation"},
		{name: "invitation held, moved", past: func(t *testing.T, c *scheduler.Conversation) {
			apply(t, c, yes)
			message(c, scheduler.Invite, scheduler.Held)
			apply(t, c, scheduler.Move{To: plan.SlotOf(start.Add(time.Hour))})
		}, status: scheduler.Permitted, kind: scheduler.Invite, due: monday, next: "send the invitation"},
		{name: "invitation failed", past: func(t *testing.T, c *scheduler.Conversation) {
			apply(t, c, yes)
			message(c, scheduler.Invite, scheduler.Failed)
		},
			status: scheduler.Permitted, next: "mend what kept the invitation from going (coalition log maya), then: coalition invite maya"},
		{name: "invited", past: func(t *testing.T, c *scheduler.Conversation) {
			apply(t, c, yes)
			message(c, scheduler.Invite, scheduler.Accepted)
		},
			status: scheduler.Invited, kind: scheduler.Reminder, due: start.Add(-24 * time.Hour), next: "remind Maya Chen"},
		{name: "invited, and the invitation is unclear", past: func(t *testing.T, c *scheduler.Conversation) {
			apply(t, c, yes)
			message(c, scheduler.Invite, scheduler.Unclear)
		},
			status: scheduler.Invited, next: "deliver the invitation again: no answer came from the server"},
		{name: "confirmed", past: func(t *testing.T, c *scheduler.Conversation) {
			apply(t, c, yes)
			message(c, scheduler.Invite, scheduler.Accepted)
			c.PartStat = invites.Accepted
		}, status: scheduler.Confirmed, kind: scheduler.Reminder, due: start.Add(-24 * time.Hour), next: "remind Maya Chen"},
		{name: "moved", past: func(t *testing.T, c *scheduler.Conversation) {
			apply(t, c, yes)
			message(c, scheduler.Invite, scheduler.Accepted)
			apply(t, c, scheduler.Move{To: plan.SlotOf(start.Add(time.Hour))})
		}, status: scheduler.Invited, kind: scheduler.Update, next: "send the update"},
		{name: "agenda changed", past: func(t *testing.T, c *scheduler.Conversation) {
			apply(t, c, yes)
			message(c, scheduler.Invite, scheduler.Accepted)
			read(t, c, "  - {topic: Something else, minutes: 60}")
		}, status: scheduler.Invited, kind: scheduler.Update, next: "send the update"},
		{name: "name changed", past: func(t *testing.T, c *scheduler.Conversation) {
			apply(t, c, yes)
			message(c, scheduler.Invite, scheduler.Accepted)
			read(t, c, "  name: Maya Chen-Ortiz")
		}, status: scheduler.Invited, kind: scheduler.Reminder, due: start.Add(-24 * time.Hour), next: "remind Maya Chen-Ortiz"},
		{name: "moved into the past", past: func(t *testing.T, c *scheduler.Conversation) {
			apply(t, c, yes)
			message(c, scheduler.Invite, scheduler.Accepted)
			read(t, c, "when: {start: 2027-01-04 10:00}")
		}, status: scheduler.Invited, next: "choose a new time, that of the plan has passed: coalition move maya --start TIME"},
		{name: "no after the invitation", past: func(t *testing.T, c *scheduler.Conversation) {
			apply(t, c, yes)
			message(c, scheduler.Invite, scheduler.Accepted)
			apply(t, c, scheduler.Answer{Value: scheduler.No})
		}, status: scheduler.Declined, next: "cancel the talk, which still stands in the calendars: Maya Chen said no"},
		{name: "no after the invitation, and cancelled", past: func(t *testing.T, c *scheduler.Conversation) {
			apply(t, c, yes)
			message(c, scheduler.Invite, scheduler.Accepted)
			apply(t, c, scheduler.Answer{Value: scheduler.No})
			apply(t, c, scheduler.Withdraw{})
		}, status: scheduler.Cancelled, kind: scheduler.Cancel, due: monday, next: "send the cancellation"},
		{name: "no to the brief, and cancelled", past: func(t *testing.T, c *scheduler.Conversation) {
			message(c, scheduler.Brief, scheduler.Accepted)
			apply(t, c, scheduler.Answer{Value: scheduler.No})
			apply(t, c, scheduler.Withdraw{})
		}, status: scheduler.Cancelled},
		{name: "a day before", past: func(t *testing.T, c *scheduler.Conversation) {
			apply(t, c, yes)
			message(c, scheduler.Invite, scheduler.Accepted)
		},
			at: start.Add(-24 * time.Hour), status: scheduler.Invited, kind: scheduler.Reminder, due: start.Add(-24 * time.Hour), next: "remind Maya Chen"},
		{name: "half an hour before, none sent: only the nearer one", past: func(t *testing.T, c *scheduler.Conversation) {
			apply(t, c, yes)
			message(c, scheduler.Invite, scheduler.Accepted)
		},
			at: start.Add(-30 * time.Minute), status: scheduler.Invited, kind: scheduler.Reminder, due: start.Add(-time.Hour), next: "remind Maya Chen"},
		{name: "invited two hours before: no reminder of the day", past: func(t *testing.T, c *scheduler.Conversation) {
			apply(t, c, yes)
			message(c, scheduler.Invite, scheduler.Accepted).Stamp = start.Add(-2 * time.Hour)
		}, at: start.Add(-90 * time.Minute), status: scheduler.Invited, kind: scheduler.Reminder, due: start.Add(-time.Hour), next: "remind Maya Chen"},
		{name: "invited ten minutes before: none", past: func(t *testing.T, c *scheduler.Conversation) {
			apply(t, c, yes)
			message(c, scheduler.Invite, scheduler.Accepted).Stamp = start.Add(-10 * time.Minute)
		}, at: start.Add(-9 * time.Minute), status: scheduler.Invited, next: "hold the talk", due: start},
		{name: "under way", past: func(t *testing.T, c *scheduler.Conversation) {
			apply(t, c, yes)
			message(c, scheduler.Invite, scheduler.Accepted)
		},
			at: start, status: scheduler.Invited, next: "hold the talk"},
		{name: "over", past: func(t *testing.T, c *scheduler.Conversation) {
			apply(t, c, yes)
			message(c, scheduler.Invite, scheduler.Accepted)
		},
			at: start.Add(time.Hour), status: scheduler.Met, next: "look back on the talk"},
		{name: "check-in taken back after the invitation", past: func(t *testing.T, c *scheduler.Conversation) {
			apply(t, c, yes)
			message(c, scheduler.Invite, scheduler.Accepted)
			read(t, c, "ready: false")
		}, status: scheduler.Invited, next: "check in with yourself (until then nothing goes out): coalition ready maya"},

		// The end.
		{name: "cancelled before the brief", past: func(t *testing.T, c *scheduler.Conversation) { apply(t, c, scheduler.Withdraw{}) }, status: scheduler.Cancelled},
		{name: "cancelled after the brief", past: func(t *testing.T, c *scheduler.Conversation) {
			message(c, scheduler.Brief, scheduler.Accepted)
			apply(t, c, scheduler.Withdraw{})
		}, status: scheduler.Cancelled, kind: scheduler.Cancel, due: monday, next: "send the cancellation"},
		{name: "cancelled after a no", past: func(t *testing.T, c *scheduler.Conversation) {
			message(c, scheduler.Brief, scheduler.Accepted)
			apply(t, c, scheduler.Answer{Value: scheduler.No})
			apply(t, c, scheduler.Withdraw{})
		}, status: scheduler.Cancelled},
		{name: "cancelled after a later", past: func(t *testing.T, c *scheduler.Conversation) {
			message(c, scheduler.Brief, scheduler.Accepted)
			apply(t, c, scheduler.Answer{Value: scheduler.Wait})
			apply(t, c, scheduler.Withdraw{})
		}, status: scheduler.Cancelled},
		{name: "cancelled after the invitation", past: func(t *testing.T, c *scheduler.Conversation) {
			apply(t, c, yes)
			message(c, scheduler.Invite, scheduler.Accepted)
			apply(t, c, scheduler.Withdraw{})
		}, status: scheduler.Cancelled, kind: scheduler.Cancel, due: monday, next: "send the cancellation"},
		{name: "cancelled, and told", past: func(t *testing.T, c *scheduler.Conversation) {
			apply(t, c, yes)
			message(c, scheduler.Invite, scheduler.Accepted)
			apply(t, c, scheduler.Withdraw{})
			message(c, scheduler.Cancel, scheduler.Accepted)
		}, status: scheduler.Cancelled},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := talk(t, test.plan...)
			if test.past != nil {
				test.past(t, c)
			}
			at := test.at
			if at.IsZero() {
				at = monday
			}
			got := c.Next(at)
			if status := c.Status(at); status != test.status || got.Kind != test.kind || got.Next != test.next || !got.Due.Equal(test.due) {
				t.Errorf("status %s, kind %q, due %v, next %q\nwant   %s, kind %q, due %v, next %q",
					status, got.Kind, got.Due, got.Next, test.status, test.kind, test.due, test.next)
			}
		})
	}
}
