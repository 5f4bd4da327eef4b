package scheduler_test

import (
	"testing"
	"time"

	"coalition/invites"
	"coalition/scheduler/command"
	"coalition/scheduler/conversation"
	"coalition/scheduler/outbox"
	"coalition/scheduler/plan"
	"coalition/scheduler/roster"
)

var (
	start = time.Date(2027, 3, 4, 10, 0, 0, 0, lisbon)
	slot  = plan.SlotOf(start)
)

// message puts a message of that kind and state into c, as the scheduler would have made it at monday.
func message(c *conversation.Conversation, kind outbox.Kind, state outbox.State) *outbox.Message {
	m := &outbox.Message{ID: c.ID, Round: 1, Kind: kind, Revision: "1", To: "maya@example.org", State: state, Repeatable: kind != outbox.Reminder, Stamp: monday, Due: monday}
	if state == outbox.Unclear {
		m.Unclears = 1
	}
	switch kind {
	case outbox.Brief:
		m.Content = c.Says(monday, outbox.Brief)
	default:
		m.Content = c.Says(monday, outbox.Invite)
		if c.UID == "" {
			c.UID, c.PartStat = "u", invites.NeedsAction
		}
	}
	c.Messages = append(c.Messages, m)
	return m
}

// apply applies a change that must be taken.
func apply(t *testing.T, c *conversation.Conversation, change conversation.Change) {
	t.Helper()
	if err := c.Apply(change, monday); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, c *conversation.Conversation, changes ...string) {
	t.Helper()
	if problems := c.Read(parse(t, maya(changes...)), monday.Add(time.Minute)); problems != nil {
		t.Fatal(problems)
	}
}

// TestNext goes through every place in the life of a conversation: what is its status, what comes
// next, and when.
func TestNext(t *testing.T) {
	yes := conversation.Answer{Value: conversation.Yes}
	for _, test := range []struct {
		name   string
		plan   []string // changes to maya
		past   func(*testing.T, *conversation.Conversation)
		at     time.Time // zero: monday
		status conversation.Status
		kind   outbox.Kind // to be sent
		due    time.Time   // of that; zero: now
		next   string
	}{
		// Before the brief.
		{name: "no check-in", plan: []string{"ready: false"}, status: conversation.Planned, next: "check in with yourself (until then nothing goes out): coalition ready maya"},
		{name: "no check-in, incomplete", plan: []string{"ready: false", "purpose: ''"}, status: conversation.Planned, next: "fill in purpose"},
		{name: "no check-in, a yes in person", plan: []string{"ready: false", "permitted: after the review"}, status: conversation.Planned, next: "check in with yourself (until then nothing goes out): coalition ready maya"},
		{name: "not yet", plan: []string{"ready: false"}, past: func(t *testing.T, c *conversation.Conversation) { apply(t, c, conversation.NotYet{}) },
			status: conversation.Planned, next: "check in again (not yet on 1 Feb 2027; until then nothing goes out): coalition ready maya"},
		{name: "not yet, and then", plan: []string{"ready: false"}, past: func(t *testing.T, c *conversation.Conversation) {
			apply(t, c, conversation.NotYet{})
			apply(t, c, command.CheckIn{})
		}, status: conversation.Ready, kind: outbox.Brief, next: "send the brief"},
		{name: "check-in by command", plan: []string{"ready: false"}, past: func(t *testing.T, c *conversation.Conversation) { apply(t, c, command.CheckIn{}) },
			status: conversation.Ready, kind: outbox.Brief, next: "send the brief"},
		{name: "ready", status: conversation.Ready, kind: outbox.Brief, next: "send the brief"},
		{name: "ready for a later day", plan: []string{"ask_on: 2027-02-22"}, status: conversation.Ready,
			kind: outbox.Brief, due: time.Date(2027, 2, 22, 9, 0, 0, 0, lisbon), next: "send the brief"},
		{name: "the day has come", plan: []string{"ask_on: 2027-02-22"}, at: time.Date(2027, 2, 22, 9, 0, 0, 0, lisbon),
			status: conversation.Ready, kind: outbox.Brief, due: time.Date(2027, 2, 22, 9, 0, 0, 0, lisbon), next: "send the brief"},
		{name: "the times have passed", at: start, status: conversation.Ready, next: "choose a new time: those of the plan have passed; write others under `when` in its file"},
		{name: "no time at all", plan: []string{"when: {duration: 2h}"}, status: conversation.Ready, kind: outbox.Brief, next: "send the brief"},

		// The brief on its way.
		{name: "brief queued", past: func(t *testing.T, c *conversation.Conversation) { message(c, outbox.Brief, outbox.Queued) },
			status: conversation.Ready, next: "deliver the brief"},
		{name: "brief held", past: func(t *testing.T, c *conversation.Conversation) { message(c, outbox.Brief, outbox.Held) },
			status: conversation.Ready, next: "approve the brief: coalition approve maya"},
		{name: "brief held, plan changed", past: func(t *testing.T, c *conversation.Conversation) {
			message(c, outbox.Brief, outbox.Held)
			read(t, c, "purpose: Something else.")
		}, status: conversation.Ready, kind: outbox.Brief, due: monday, next: "send the brief"},
		{name: "brief being sent, plan changed", past: func(t *testing.T, c *conversation.Conversation) {
			message(c, outbox.Brief, outbox.Sending)
			read(t, c, "purpose: Something else.")
		}, status: conversation.Ready, next: "deliver the brief"},
		{name: "brief failed", past: func(t *testing.T, c *conversation.Conversation) { message(c, outbox.Brief, outbox.Failed) },
			status: conversation.Ready, next: "mend what kept the brief from going (coalition log maya), then: coalition ask maya"},
		{name: "brief failed, another address", past: func(t *testing.T, c *conversation.Conversation) {
			message(c, outbox.Brief, outbox.Failed)
			read(t, c, "  email: chen@example.org")
		}, status: conversation.Ready, kind: outbox.Brief, next: "send the brief"},
		{name: "brief unclear", past: func(t *testing.T, c *conversation.Conversation) { message(c, outbox.Brief, outbox.Unclear) },
			status: conversation.Asked, next: "deliver the brief again: no answer came from the server"},
		{name: "brief unclear twice", past: func(t *testing.T, c *conversation.Conversation) {
			message(c, outbox.Brief, outbox.Unclear).Unclears = 2
		},
			status: conversation.Asked, next: "find out whether the brief arrived; where it did not: coalition approve maya"},
		{name: "brief expired", past: func(t *testing.T, c *conversation.Conversation) { message(c, outbox.Brief, outbox.Expired) },
			status: conversation.Ready, kind: outbox.Brief, next: "send the brief"},
		{name: "asked", past: func(t *testing.T, c *conversation.Conversation) { message(c, outbox.Brief, outbox.Accepted) },
			status: conversation.Asked, next: "wait for the answer of Maya Chen"},
		{name: "asked, plan changed", past: func(t *testing.T, c *conversation.Conversation) {
			message(c, outbox.Brief, outbox.Accepted)
			read(t, c, "purpose: Something else.")
		}, status: conversation.Asked, next: "wait for the answer of Maya Chen"},
		{name: "asked, the times have passed", at: start, past: func(t *testing.T, c *conversation.Conversation) {
			message(c, outbox.Brief, outbox.Accepted)
			c.Offered = c.Offers(monday)
		}, status: conversation.Asked, next: "choose a new time: those offered have passed without an answer; write others under `when` in its file, then: coalition ask maya --again"},
		{name: "asked, the times have passed, the plan names others", at: start, plan: []string{"when: {start: 2027-03-04 10:00, duration: 2h}"}, past: func(t *testing.T, c *conversation.Conversation) {
			message(c, outbox.Brief, outbox.Accepted)
			c.Offered = c.Offers(monday)
			read(t, c, "when: {start: 2027-03-11 10:00, duration: 2h}")
		}, status: conversation.Asked, next: "ask again, with other times, since those offered have passed without an answer: coalition ask maya --again"},
		{name: "asked again", past: func(t *testing.T, c *conversation.Conversation) {
			message(c, outbox.Brief, outbox.Accepted)
			apply(t, c, command.AskAgain{})
		}, status: conversation.Asked, kind: outbox.Brief, next: "send the brief"},

		// The answer.
		{name: "no", past: func(t *testing.T, c *conversation.Conversation) {
			message(c, outbox.Brief, outbox.Accepted)
			apply(t, c, conversation.Answer{Value: conversation.No})
		}, status: conversation.Declined, next: "let it rest: Maya Chen said no"},
		{name: "no before it was asked", past: func(t *testing.T, c *conversation.Conversation) {
			apply(t, c, conversation.Answer{Value: conversation.No})
		},
			status: conversation.Declined, next: "let it rest: Maya Chen said no"},
		{name: "later", past: func(t *testing.T, c *conversation.Conversation) {
			message(c, outbox.Brief, outbox.Accepted)
			apply(t, c, conversation.Answer{Value: conversation.Wait})
		}, status: conversation.Later, next: "ask again when the moment is better: coalition ask maya"},
		{name: "later, with a new day", past: func(t *testing.T, c *conversation.Conversation) {
			message(c, outbox.Brief, outbox.Accepted)
			apply(t, c, conversation.Answer{Value: conversation.Wait})
			read(t, c, "ask_on: 2027-02-22")
		}, status: conversation.Later, kind: outbox.Brief, due: time.Date(2027, 2, 22, 9, 0, 0, 0, lisbon), next: "send the brief"},
		{name: "a question", past: func(t *testing.T, c *conversation.Conversation) {
			message(c, outbox.Brief, outbox.Accepted)
			apply(t, c, conversation.Answer{Value: conversation.Query})
		}, status: conversation.Asked, next: "answer the question of Maya Chen: coalition show maya"},
		{name: "yes, one time", past: func(t *testing.T, c *conversation.Conversation) { apply(t, c, yes) },
			status: conversation.Permitted, kind: outbox.Invite, due: monday, next: "send the invitation"},
		{name: "yes, several times and none chosen", plan: []string{"when: {times: [2027-03-04 10:00, 2027-03-05 15:00]}"},
			past:   func(t *testing.T, c *conversation.Conversation) { apply(t, c, yes) },
			status: conversation.Permitted, next: "choose a time: coalition invite maya --start TIME"},
		{name: "yes, a time chosen", plan: []string{"when: {times: [2027-03-04 10:00, 2027-03-05 15:00]}"},
			past: func(t *testing.T, c *conversation.Conversation) {
				apply(t, c, conversation.Answer{Value: conversation.Yes, Slot: slot})
			},
			status: conversation.Permitted, kind: outbox.Invite, due: monday, next: "send the invitation"},
		{name: "yes, too late", past: func(t *testing.T, c *conversation.Conversation) { apply(t, c, yes) }, at: start,
			status: conversation.Permitted, next: "choose a new time, the one agreed has passed: coalition invite maya --start TIME"},
		{name: "a yes in person", plan: []string{"permitted: after the review"}, status: conversation.Permitted, kind: outbox.Invite, due: monday, next: "send the invitation"},

		// The invitation on its way, and the talk.
		{name: "invitation queued", past: func(t *testing.T, c *conversation.Conversation) {
			apply(t, c, yes)
			message(c, outbox.Invite, outbox.Queued)
		},
			status: conversation.Permitted, next: "deliver the invitation"},
		{name: "invitation held, moved", past: func(t *testing.T, c *conversation.Conversation) {
			apply(t, c, yes)
			message(c, outbox.Invite, outbox.Held)
			apply(t, c, command.Move{To: plan.SlotOf(start.Add(time.Hour))})
		}, status: conversation.Permitted, kind: outbox.Invite, due: monday, next: "send the invitation"},
		{name: "invitation failed", past: func(t *testing.T, c *conversation.Conversation) {
			apply(t, c, yes)
			message(c, outbox.Invite, outbox.Failed)
		},
			status: conversation.Permitted, next: "mend what kept the invitation from going (coalition log maya), then: coalition invite maya"},
		{name: "invited", past: func(t *testing.T, c *conversation.Conversation) {
			apply(t, c, yes)
			message(c, outbox.Invite, outbox.Accepted)
		},
			status: conversation.Invited, kind: outbox.Reminder, due: start.Add(-24 * time.Hour), next: "remind Maya Chen"},
		{name: "invited, and the invitation is unclear", past: func(t *testing.T, c *conversation.Conversation) {
			apply(t, c, yes)
			message(c, outbox.Invite, outbox.Unclear)
		},
			status: conversation.Invited, next: "deliver the invitation again: no answer came from the server"},
		{name: "confirmed", past: func(t *testing.T, c *conversation.Conversation) {
			apply(t, c, yes)
			message(c, outbox.Invite, outbox.Accepted)
			c.PartStat = invites.Accepted
		}, status: conversation.Confirmed, kind: outbox.Reminder, due: start.Add(-24 * time.Hour), next: "remind Maya Chen"},
		{name: "moved", past: func(t *testing.T, c *conversation.Conversation) {
			apply(t, c, yes)
			message(c, outbox.Invite, outbox.Accepted)
			apply(t, c, command.Move{To: plan.SlotOf(start.Add(time.Hour))})
		}, status: conversation.Invited, kind: outbox.Update, next: "send the update"},
		{name: "agenda changed", past: func(t *testing.T, c *conversation.Conversation) {
			apply(t, c, yes)
			message(c, outbox.Invite, outbox.Accepted)
			read(t, c, "  - {topic: Something else, minutes: 60}")
		}, status: conversation.Invited, kind: outbox.Update, next: "send the update"},
		{name: "name changed", past: func(t *testing.T, c *conversation.Conversation) {
			apply(t, c, yes)
			message(c, outbox.Invite, outbox.Accepted)
			read(t, c, "  name: Maya Chen-Ortiz")
		}, status: conversation.Invited, kind: outbox.Reminder, due: start.Add(-24 * time.Hour), next: "remind Maya Chen-Ortiz"},
		{name: "moved into the past", past: func(t *testing.T, c *conversation.Conversation) {
			apply(t, c, yes)
			message(c, outbox.Invite, outbox.Accepted)
			read(t, c, "when: {start: 2027-01-04 10:00}")
		}, status: conversation.Invited, next: "choose a new time, that of the plan has passed: coalition move maya --start TIME"},
		{name: "no after the invitation", past: func(t *testing.T, c *conversation.Conversation) {
			apply(t, c, yes)
			message(c, outbox.Invite, outbox.Accepted)
			apply(t, c, conversation.Answer{Value: conversation.No})
		}, status: conversation.Declined, next: "cancel the talk, which still stands in the calendars: Maya Chen said no"},
		{name: "no after the invitation, and cancelled", past: func(t *testing.T, c *conversation.Conversation) {
			apply(t, c, yes)
			message(c, outbox.Invite, outbox.Accepted)
			apply(t, c, conversation.Answer{Value: conversation.No})
			apply(t, c, command.Withdraw{})
		}, status: conversation.Cancelled, kind: outbox.Cancel, due: monday, next: "send the cancellation"},
		{name: "no to the brief, and cancelled", past: func(t *testing.T, c *conversation.Conversation) {
			message(c, outbox.Brief, outbox.Accepted)
			apply(t, c, conversation.Answer{Value: conversation.No})
			apply(t, c, command.Withdraw{})
		}, status: conversation.Cancelled},
		{name: "a day before", past: func(t *testing.T, c *conversation.Conversation) {
			apply(t, c, yes)
			message(c, outbox.Invite, outbox.Accepted)
		},
			at: start.Add(-24 * time.Hour), status: conversation.Invited, kind: outbox.Reminder, due: start.Add(-24 * time.Hour), next: "remind Maya Chen"},
		{name: "half an hour before, none sent: only the nearer one", past: func(t *testing.T, c *conversation.Conversation) {
			apply(t, c, yes)
			message(c, outbox.Invite, outbox.Accepted)
		},
			at: start.Add(-30 * time.Minute), status: conversation.Invited, kind: outbox.Reminder, due: start.Add(-time.Hour), next: "remind Maya Chen"},
		{name: "invited two hours before: no reminder of the day", past: func(t *testing.T, c *conversation.Conversation) {
			apply(t, c, yes)
			message(c, outbox.Invite, outbox.Accepted).Stamp = start.Add(-2 * time.Hour)
		}, at: start.Add(-90 * time.Minute), status: conversation.Invited, kind: outbox.Reminder, due: start.Add(-time.Hour), next: "remind Maya Chen"},
		{name: "invited ten minutes before: none", past: func(t *testing.T, c *conversation.Conversation) {
			apply(t, c, yes)
			message(c, outbox.Invite, outbox.Accepted).Stamp = start.Add(-10 * time.Minute)
		}, at: start.Add(-9 * time.Minute), status: conversation.Invited, next: "hold the talk", due: start},
		{name: "under way", past: func(t *testing.T, c *conversation.Conversation) {
			apply(t, c, yes)
			message(c, outbox.Invite, outbox.Accepted)
		},
			at: start, status: conversation.Invited, next: "hold the talk"},
		{name: "over", past: func(t *testing.T, c *conversation.Conversation) {
			apply(t, c, yes)
			message(c, outbox.Invite, outbox.Accepted)
		},
			at: start.Add(time.Hour), status: conversation.Met, next: "look back on the talk: coalition debrief maya"},
		{name: "check-in taken back after the invitation", past: func(t *testing.T, c *conversation.Conversation) {
			apply(t, c, yes)
			message(c, outbox.Invite, outbox.Accepted)
			read(t, c, "ready: false")
		}, status: conversation.Invited, next: "check in with yourself (until then nothing goes out): coalition ready maya"},

		// The end.
		{name: "cancelled before the brief", past: func(t *testing.T, c *conversation.Conversation) { apply(t, c, command.Withdraw{}) }, status: conversation.Cancelled},
		{name: "cancelled after the brief", past: func(t *testing.T, c *conversation.Conversation) {
			message(c, outbox.Brief, outbox.Accepted)
			apply(t, c, command.Withdraw{})
		}, status: conversation.Cancelled, kind: outbox.Cancel, due: monday, next: "send the cancellation"},
		{name: "cancelled after a no", past: func(t *testing.T, c *conversation.Conversation) {
			message(c, outbox.Brief, outbox.Accepted)
			apply(t, c, conversation.Answer{Value: conversation.No})
			apply(t, c, command.Withdraw{})
		}, status: conversation.Cancelled},
		{name: "cancelled after a later", past: func(t *testing.T, c *conversation.Conversation) {
			message(c, outbox.Brief, outbox.Accepted)
			apply(t, c, conversation.Answer{Value: conversation.Wait})
			apply(t, c, command.Withdraw{})
		}, status: conversation.Cancelled},
		{name: "cancelled after the invitation", past: func(t *testing.T, c *conversation.Conversation) {
			apply(t, c, yes)
			message(c, outbox.Invite, outbox.Accepted)
			apply(t, c, command.Withdraw{})
		}, status: conversation.Cancelled, kind: outbox.Cancel, due: monday, next: "send the cancellation"},
		{name: "cancelled, and told", past: func(t *testing.T, c *conversation.Conversation) {
			apply(t, c, yes)
			message(c, outbox.Invite, outbox.Accepted)
			apply(t, c, command.Withdraw{})
			message(c, outbox.Cancel, outbox.Accepted)
		}, status: conversation.Cancelled},
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
			got := roster.Next(c, at)
			if status := c.Status(at); status != test.status || got.Kind != test.kind || got.Next != test.next || !got.Due.Equal(test.due) {
				t.Errorf("status %s, kind %q, due %v, next %q\nwant   %s, kind %q, due %v, next %q",
					status, got.Kind, got.Due, got.Next, test.status, test.kind, test.due, test.next)
			}
		})
	}
}
