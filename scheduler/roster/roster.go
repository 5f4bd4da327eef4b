// Package roster knows all conversations of an organizer beside each other, at one moment: which one people mean, which
// times are taken twice, and what several with one person have to do with each other. What is next in each by itself it
// leaves to package conversation; who reads them, and when, to the scheduler. It is pure: nothing is written.
package roster

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"coalition/scheduler/conversation"
	"coalition/scheduler/organizer"
	"coalition/scheduler/outbox"
	"coalition/scheduler/refusal"
	"coalition/scheduler/strictyaml"
	"coalition/scheduler/ways"
	"coalition/scheduler/worklist"
)

// A Roster is all conversations at one moment: plans and state together.
type Roster struct {
	// Settings are what the organizer has configured.
	Settings *organizer.Settings
	Now      time.Time
	// Slots is what Slots of the store was before it was read.
	Slots int64
	// Conversations are ordered by id and round.
	Conversations []*conversation.Conversation
	// Gone are those that are not over, and whose plan file is no more.
	Gone []*conversation.Conversation
	// Problems are those of the plans.
	Problems []strictyaml.Problem
	// Again is when a plan file should be read once more, in real time; zero: never.
	Again time.Time
	// Writing counts plan files that are not read yet since they have just been written.
	Writing int
	// Fresh says that the store has never held a conversation, and there are plans.
	Fresh bool
	// Doors are those that are closed.
	Doors []*outbox.Door
	// Busy reports whether a calendar of the organizer's leaves no time for a talk at that start, which was found by it;
	// nil: none is known.
	Busy func(c *conversation.Conversation, start time.Time) bool
	// Doubt is why the state may not know of all that has left for the plans; "": it does.
	Doubt string
}

// unfit returns a [refusal.Error] of what does not fit.
func unfit(text, remedy string) error {
	return refusal.New(refusal.ErrUnfit, text, remedy)
}

// Find returns the conversation of a reference as people write it: an id or the start of one, with "/2" behind it for
// the second round. Without a round it is the first one that is not over. The error is a [refusal.Error].
func (r *Roster) Find(ref string) (*conversation.Conversation, error) {
	name, round := ref, 0
	if i := strings.LastIndexByte(ref, '/'); i >= 0 {
		if _, err := fmt.Sscanf(ref[i+1:], "%d", &round); err != nil || round < 1 {
			return nil, unfit(fmt.Sprintf("%q names no round", ref), "write it as maya/2")
		}
		name = ref[:i]
	}
	var exact, begins []*conversation.Conversation
	for _, c := range r.Conversations {
		if round != 0 && c.Round != round {
			continue
		}
		if string(c.ID) == name {
			exact = append(exact, c)
		} else if name != "" && strings.HasPrefix(string(c.ID), name) {
			begins = append(begins, c)
		}
	}
	list := exact
	if list == nil {
		list = begins
		for _, c := range begins {
			if c.ID != begins[0].ID {
				return nil, unfit(fmt.Sprintf("%q could be %s or %s", ref, begins[0].ID, c.ID), "write more of it")
			}
		}
	}
	if len(list) == 0 {
		return nil, unfit(fmt.Sprintf("there is no conversation %q", ref), "see: "+r.Settings.How(ways.List, ""))
	}
	for _, c := range list {
		if st := c.Status(r.Now); !st.Held() && st != conversation.Cancelled {
			return c, nil
		}
	}
	return list[len(list)-1], nil
}

// Result returns the message of that row as it stands now, with its conversation; nil where there is none.
func (r *Roster) Result(row int64) (*conversation.Conversation, *outbox.Message) {
	for _, c := range r.Conversations {
		for _, m := range c.Messages {
			if m.Row == row {
				return c, m
			}
		}
	}
	return nil, nil
}

// HeldBeside reports whether messages are held besides these.
func (r *Roster) HeldBeside(these []*outbox.Message) bool {
	for _, c := range r.Conversations {
		for _, m := range worklist.Approvable(c, r.Now) {
			same := func(t *outbox.Message) bool { return t.Row == m.Row }
			if m.State == outbox.Held && !slices.ContainsFunc(these, same) {
				return true
			}
		}
	}
	return false
}
