package roster

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"coalition/scheduler/conversation"
	"coalition/scheduler/outbox"
)

// A person is all conversations with one partner: with one address and its aliases, over all plans.
type person struct{ talks []*conversation.Conversation }

// Acquaint tells each conversation of the others with the same person, and of the round before it.
func Acquaint(list []*conversation.Conversation) {
	by := make(map[string]*person)
	for _, c := range list {
		all := &person{}
		for _, a := range c.Addresses() {
			if p := by[a]; p != nil && p != all {
				if len(p.talks) > len(all.talks) {
					p, all = all, p
				}
				for _, t := range p.talks {
					for _, a := range t.Addresses() {
						by[a] = all
					}
				}
				all.talks = append(all.talks, p.talks...)
			}
			by[a] = all
		}
		for _, a := range c.Addresses() {
			by[a] = all
		}
		all.talks = append(all.talks, c)
	}
	rounds := make(map[string][]*conversation.Conversation)
	for _, c := range list {
		c.Peers, c.Before, c.After = nil, nil, nil
		if addresses := c.Addresses(); len(addresses) > 0 {
			c.Peers = by[addresses[0]].talks
		}
		rounds[string(c.ID)] = append(rounds[string(c.ID)], c)
	}
	for _, talks := range rounds {
		slices.SortFunc(talks, func(x, y *conversation.Conversation) int { return cmp.Compare(x.Round, y.Round) })
		for i := 1; i < len(talks); i++ {
			talks[i].Before, talks[i-1].After = talks[i-1], talks[i]
		}
	}
}

// A silence is why nothing, or no brief, goes to a person by itself.
type silence struct {
	in   *conversation.Conversation // where they said so; nil: nothing keeps us
	at   time.Time                  // when it was taken in
	stop bool                       // not only no brief: nothing at all
}

// silence is the newest no, or the wish to get no more mail, that nothing has overruled: a no is by the
// organizer's own ask or answer, a stop only by a later yes of the partner themself.
func silenceOf(c *conversation.Conversation) (s silence) {
	answered := func(since time.Time, counts func(*conversation.Conversation) bool) bool {
		return slices.ContainsFunc(c.Peers, func(t *conversation.Conversation) bool {
			return t.Answer != nil && t.Answer.At.After(since) && counts(t)
		})
	}
	for _, t := range c.Peers {
		if t.Stop != nil && t.Stop.At.After(s.at) {
			s = silence{t, t.Stop.At, true}
		}
	}
	if s.in != nil {
		if !answered(s.at, func(t *conversation.Conversation) bool {
			return t.Said(conversation.Yes) && (t.Answer.How == "mail" || t.Answer.How == "page")
		}) {
			return s
		}
		s = silence{}
	}
	for _, t := range c.Peers {
		if t.Said(conversation.No) {
			if at := cmp.Or(t.Refused, t.Answer.At); at.After(s.at) {
				s = silence{in: t, at: at}
			}
		}
	}
	if s.in == nil || answered(s.at, func(t *conversation.Conversation) bool { return t.Answer.How == "command" && !t.Said(conversation.No) }) ||
		slices.ContainsFunc(c.Peers, func(t *conversation.Conversation) bool { return t.Insisted.After(s.at) }) {
		return silence{}
	}
	return s
}

// words are what the person has said, as a sentence without its full stop.
func (s silence) words(c *conversation.Conversation) string {
	when := s.at.In(c.Settings().Zone.Location("UTC")).Format("2 Jan 2006") + ", " + s.in.Ref()
	if s.stop {
		return c.Plan.With.Name + " asked for no more mail (" + when + ")"
	}
	return c.Plan.With.Name + " said no (" + when + ")"
}

// An obstacle is why a brief does not go by itself.
type obstacle struct {
	why   string    // a sentence without its full stop
	next  string    // what to do, which begins with a verb
	again time.Time // when it may be gone by itself; zero: when something happens
}

// obstacle is what keeps the brief of c from going by itself at now; nil: nothing.
func obstacleTo(c *conversation.Conversation, now time.Time) *obstacle {
	ask := ": " + c.How(conversation.WayAsk)
	last := c.NewestBrief()
	if last.Waits() && last.Approved { // other words for what the organizer has sent themself
		return nil
	}
	if s := silenceOf(c); s.in != nil {
		why := s.words(c)
		return &obstacle{why: why, next: "let it rest, since " + why + "; your own word goes all the same" + ask}
	}
	if last.Waits() {
		return nil
	}
	name := c.Plan.With.Name
	if b := c.Before; b != nil && c.Insisted.IsZero() && b.Status(now) != conversation.Met {
		o := &obstacle{why: fmt.Sprintf("round %d waits until round %d has been held", c.Round, b.Round)}
		o.next = fmt.Sprintf("wait until round %d with %s has been held, or ask now%s", b.Round, name, ask)
		if told := b.Told(); told != nil && now.Before(told.End()) {
			o.again = told.End()
		}
		if b.Over(now) { // and so never will be
			o.why = fmt.Sprintf("round %d was %s", b.Round, map[bool]string{true: "cancelled", false: "not held"}[b.Cancelled != nil])
			o.next = "ask yourself, since " + o.why + ask
		}
		return o
	}
	for _, t := range c.Peers {
		if t != c && unanswered(t) {
			return &obstacle{why: "the brief of " + t.Ref() + " to " + name + " is not answered yet", next: "wait for the answer of " + name + " to " + t.Ref() + ", or ask now" + ask}
		}
	}
	for _, t := range c.Peers {
		if t != c && asksBefore(t, c, now) {
			return &obstacle{why: "the brief of " + t.Ref() + " to " + name + " goes first, and one at a time", next: "wait until " + name + " has answered " + t.Ref() + ", whose brief goes first, or ask now" + ask}
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
func asksBefore(c *conversation.Conversation, other *conversation.Conversation, now time.Time) bool {
	step := c.Next(now)
	if step.Kind != outbox.Brief || !step.IsDue(now) || c.Before != nil && c.Insisted.IsZero() && c.Before.Status(now) != conversation.Met {
		return false
	}
	theirs := other.Next(now)
	return cmp.Or(other.Priority()-c.Priority(), step.Due.Compare(theirs.Due), cmp.Compare(c.ID, other.ID), cmp.Compare(c.Round, other.Round)) < 0
}

// Next is the next thing in a conversation that happens without a word of the organizer, who is asked for it where
// there is more to mind than this one conversation. It is a pure function of the conversations with this partner and
// now.
func Next(c *conversation.Conversation, now time.Time) conversation.Step {
	s := c.Next(now)
	if s.Kind == "" {
		return s
	}
	if s.Kind == outbox.Brief {
		o := obstacleTo(c, now)
		if o == nil || !s.IsDue(now) && c.Before == nil && silenceOf(c).in == nil { // until then it may be gone
			return s
		}
		return conversation.Step{Next: o.next, Again: o.again}
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
	case outbox.Invite:
		rest.Next = "send the invitation yourself, or let it rest" + since + ": " + c.How(conversation.WayInvite)
	case outbox.Update:
		rest.Next = "tell " + c.Plan.With.Name + " of the change yourself" + since
	case outbox.Cancel:
		rest.Next = "tell " + c.Plan.With.Name + " yourself that it is off" + since
	case outbox.Reminder:
		rest.Next = "hold the talk, without a reminder" + since
	default:
		rest.Next = "let it rest" + since
	}
	return rest
}

// Objection is what the organizer should know before their own command sends a message of that kind to the
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

// Hush ends what waits in the outbox and does not go any more by what the partner has just said, in all
// conversations with them.
func Hush(c *conversation.Conversation, d *conversation.Draft) {
	s := silenceOf(c)
	if s.in == nil {
		return
	}
	if d.Drop == nil {
		d.Drop = make(map[*outbox.Message]outbox.State)
	}
	for _, t := range c.Peers {
		told := false
		for _, m := range t.Messages {
			switch {
			case d.Drop[m] != "" || m.ToOrganizer() || !m.Waits() && (m.State != outbox.Unclear || m.Stuck()):
				continue
			case m.Kind == outbox.Brief && t.Insisted.After(s.at): // the organizer has asked since
				continue
			case m.Kind != outbox.Brief && (!s.stop || m.Approved): // it is agreed on, or their own command
				continue
			}
			d.Drop[m] = outbox.Dropped
			if m.Unclears > 0 { // it may have arrived, and is not repeated
				d.Drop[m] = outbox.Unclear
			}
			if t != c && !told {
				told = true
				d.Events = append(d.Events, t.Entry(d.At, "answer", "nothing goes by itself any more: "+s.words(t)))
			}
		}
	}
}
