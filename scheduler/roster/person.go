package roster

import (
	"cmp"
	"slices"
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
	// in is where they said so; nil: in a conversation that is erased.
	in *conversation.Conversation
	// at is when it was taken in; zero: nothing keeps us.
	at time.Time
	// stop says that not only no brief goes: nothing at all.
	stop bool
}

// silenceOf returns the newest no, or the wish to get no more mail, that nothing has overruled: a no is by the
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
		if e := t.Erased; e != nil && e.Stop && e.At.After(s.at) {
			s = silence{at: e.At, stop: true}
		}
	}
	if !s.at.IsZero() {
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
		if e := t.Erased; e != nil && !e.Stop && e.At.After(s.at) {
			s = silence{at: e.At}
		}
	}
	overruled := answered(s.at, func(t *conversation.Conversation) bool {
		return t.Answer.How == "command" && !t.Said(conversation.No)
	})
	insisted := func(t *conversation.Conversation) bool { return t.Insisted.After(s.at) }
	if overruled || slices.ContainsFunc(c.Peers, insisted) {
		return silence{}
	}
	return s
}

// Silent returns what keeps briefs, or with Stop everything, from going to the partner of c by itself, and where they
// have said so: nil for a conversation that is erased. It is nil where nothing does.
func Silent(c *conversation.Conversation) (*conversation.Silence, *conversation.Conversation) {
	s := silenceOf(c)
	if s.at.IsZero() {
		return nil, nil
	}
	return &conversation.Silence{At: s.at, Stop: s.stop}, s.in
}

// words returns what the person has said, as a sentence without its full stop.
func (s silence) words(c *conversation.Conversation) string {
	where := "in a conversation that is erased"
	if s.in != nil {
		where = s.in.Ref()
	}
	when := s.at.In(c.Settings().Zone.Location("UTC")).Format("2 Jan 2006") + ", " + where
	if s.stop {
		return c.Plan.With.Name + " asked for no more mail (" + when + ")"
	}
	return c.Plan.With.Name + " said no (" + when + ")"
}

// Hush ends what waits in the outbox and does not go any more by what the partner has just said, in all
// conversations with them.
func Hush(c *conversation.Conversation, d *conversation.Draft) {
	s := silenceOf(c)
	if s.at.IsZero() {
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
			case m.Kind == outbox.Brief && t.Insisted.After(s.at):
				// The organizer has asked since.
				continue
			case m.Kind == outbox.Thanks:
				// It is their own command, but they did not know then.
				if !s.stop || !s.at.After(m.Due) {
					continue
				}
			case m.Kind != outbox.Brief && (!s.stop || m.Approved):
				// It is agreed on, or their own command.
				continue
			}
			d.Drop[m] = outbox.Dropped
			if m.Unclears > 0 {
				// It may have arrived, and is not repeated.
				d.Drop[m] = outbox.Unclear
			}
			if t != c && !told {
				told = true
				d.Events = append(d.Events,
					t.Entry(d.At, "answer", "nothing goes by itself any more: "+s.words(t)))
			}
		}
	}
}
