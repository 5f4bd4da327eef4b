package roster

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"coalition/scheduler/conversation"
	"coalition/scheduler/outbox"
	"coalition/scheduler/ways"
)

// An obstacle is why a brief does not go by itself.
type obstacle struct {
	// why is a sentence without its full stop, and next what to do, which begins with a verb.
	why, next string
	// on is whose turn it is meanwhile.
	on conversation.Side
	// again is when it may be gone by itself; zero: when something happens.
	again time.Time
}

// obstacleTo returns what keeps the brief of c from going by itself at now; nil: nothing.
func obstacleTo(c *conversation.Conversation, now time.Time) *obstacle {
	ask := ": " + c.How(ways.Ask)
	last := c.NewestBrief()
	if last.Waits() && last.Approved {
		// Other words for what the organizer has sent themself.
		return nil
	}
	if s := silenceOf(c); !s.at.IsZero() {
		why := s.words(c)
		return &obstacle{why: why, next: "let it rest, since " + why + "; your own word goes all the same" + ask, on: conversation.Nobody}
	}
	if last.Waits() {
		return nil
	}
	name := c.Plan.With.Name
	if b := c.Before; b != nil && c.Insisted.IsZero() && !b.Status(now).Held() {
		o := &obstacle{why: fmt.Sprintf("round %d waits until round %d has been held", c.Round, b.Round), on: conversation.Nobody}
		o.next = fmt.Sprintf("wait until round %d with %s has been held, or ask now%s", b.Round, name, ask)
		if told := b.Told(); told != nil && now.Before(told.End()) {
			o.again = told.End()
		}
		if b.Over(now) {
			// And so never will be.
			if o.why = fmt.Sprintf("round %d was not held", b.Round); b.Cancelled != nil {
				o.why = fmt.Sprintf("round %d was cancelled", b.Round)
			}
			o.next, o.on = "ask yourself, since "+o.why+ask, conversation.Organizer
		}
		return o
	}
	for _, t := range c.Peers {
		if t != c && unanswered(t) {
			return &obstacle{why: "the brief of " + t.Ref() + " to " + name + " is not answered yet",
				next: "wait for the answer of " + name + " to " + t.Ref() + ", or ask now" + ask, on: conversation.Partner}
		}
	}
	for _, t := range c.Peers {
		if t != c && asksBefore(t, c, now) {
			return &obstacle{why: "the brief of " + t.Ref() + " to " + name + " goes first, and one at a time",
				next: "wait until " + name + " has answered " + t.Ref() + ", whose brief goes first, or ask now" + ask, on: conversation.Nobody}
		}
	}
	return nil
}

// unanswered reports whether a brief has gone, or is about to, and the partner has said neither yes nor
// no nor later.
func unanswered(c *conversation.Conversation) bool {
	if c.Cancelled != nil || c.Answer != nil && !c.Said(conversation.Query) || c.Told() != nil {
		return false
	}
	m := c.NewestBrief()
	return m.Waits() || m.State == outbox.Accepted || m.State == outbox.Unclear
}

// asksBefore reports whether c is about to ask by itself, and comes before other, of the same person: what
// matters most does, then what has been due for longest.
func asksBefore(c, other *conversation.Conversation, now time.Time) bool {
	step := c.Next(now)
	if step.Kind != outbox.Brief || !step.IsDue(now) ||
		c.Before != nil && c.Insisted.IsZero() && !c.Before.Status(now).Held() {
		return false
	}
	theirs := other.Next(now)
	return cmp.Or(other.Priority()-c.Priority(), step.Due.Compare(theirs.Due), cmp.Compare(c.ID, other.ID),
		cmp.Compare(c.Round, other.Round)) < 0
}

// Next returns the next thing in a conversation that happens without a word of the organizer, who is asked for it where
// there is more to mind than this one conversation. It is a pure function of the conversations with this partner and
// now.
func Next(c *conversation.Conversation, now time.Time) conversation.Step {
	s := c.Next(now)
	if s.Kind == "" {
		return s
	}
	if s.Kind == outbox.Brief {
		o := obstacleTo(c, now)
		if o == nil || !s.IsDue(now) && c.Before == nil && silenceOf(c).at.IsZero() {
			// Until it is due the obstacle may be gone.
			return s
		}
		return conversation.Step{Next: o.next, On: o.on, Again: o.again}
	}
	silent := silenceOf(c)
	if !silent.stop {
		return s
	}
	rest := conversation.Step{Again: s.Again}
	if told := c.Told(); told != nil && rest.Again.IsZero() {
		rest.Again = told.Start.Time()
	}
	since := ", since " + silent.words(c)
	switch s.Kind {
	case outbox.Times:
		rest.Next = "choose a time with " + c.Plan.With.Name + " yourself" + since + ": " + c.How(ways.InviteAt)
	case outbox.Invite:
		rest.Next = "send the invitation yourself, or let it rest" + since + ": " + c.How(ways.Invite)
	case outbox.Update:
		rest.Next = "tell " + c.Plan.With.Name + " of the change yourself" + since
	case outbox.Cancel:
		rest.Next = "tell " + c.Plan.With.Name + " yourself that it is off" + since
	case outbox.Reminder:
		rest.Next, rest.On = "hold the talk, without a reminder"+since, s.Turn()
	default:
		rest.Next, rest.On = "let it rest"+since, conversation.Nobody
	}
	return rest
}

// Objection returns what the organizer should know before their own command sends a message of that kind to the
// partner; "" for nothing.
func Objection(c *conversation.Conversation, kind outbox.Kind, now time.Time) string {
	if s := silenceOf(c); s.stop {
		return s.words(c) + "."
	}
	if kind != outbox.Brief {
		return ""
	}
	if o := obstacleTo(c, now); o != nil {
		return strings.ToUpper(o.why[:1]) + o.why[1:] + "."
	}
	return ""
}
