package scheduler

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// A Stop is a partner's word that they want no more mail of ours. It belongs to the person: to all
// addresses that were known as theirs then.
type Stop struct {
	At        time.Time `json:"at"` // when it was taken in
	From      string    `json:"from"`
	Addresses []string  `json:"addresses"`
}

// A person is all conversations with one partner: with one address and its aliases, over all plans.
type person struct{ talks []*Conversation }

// addresses are those under which the partner is known, in lower case.
func (c *Conversation) addresses() (list []string) {
	add := func(a string) {
		if a = strings.ToLower(a); a != "" && !slices.Contains(list, a) {
			list = append(list, a)
		}
	}
	add(string(c.Plan.With.Email))
	for _, a := range c.Plan.With.Aliases {
		add(string(a))
	}
	if c.source != nil {
		add(string(c.source.With.Email))
		for _, a := range c.source.With.Aliases {
			add(string(a))
		}
	}
	if c.Stop != nil {
		for _, a := range c.Stop.Addresses {
			add(a)
		}
	}
	return list
}

// acquaint tells each conversation of the others with the same person, and of the round before it.
func acquaint(list []*Conversation) {
	by := make(map[string]*person)
	for _, c := range list {
		all := &person{}
		for _, a := range c.addresses() {
			if p := by[a]; p != nil && p != all {
				if len(p.talks) > len(all.talks) {
					p, all = all, p
				}
				for _, t := range p.talks {
					for _, a := range t.addresses() {
						by[a] = all
					}
				}
				all.talks = append(all.talks, p.talks...)
			}
			by[a] = all
		}
		for _, a := range c.addresses() {
			by[a] = all
		}
		all.talks = append(all.talks, c)
	}
	rounds := make(map[string][]*Conversation)
	for _, c := range list {
		c.person, c.before, c.after = nil, nil, nil
		if addresses := c.addresses(); len(addresses) > 0 {
			c.person = by[addresses[0]]
		}
		rounds[string(c.ID)] = append(rounds[string(c.ID)], c)
	}
	for _, talks := range rounds {
		slices.SortFunc(talks, func(x, y *Conversation) int { return cmp.Compare(x.Round, y.Round) })
		for i := 1; i < len(talks); i++ {
			talks[i].before, talks[i-1].after = talks[i-1], talks[i]
		}
	}
}

// A silence is why nothing, or no brief, goes to a person by itself.
type silence struct {
	in   *Conversation // where they said so; nil: nothing keeps us
	at   time.Time     // when it was taken in
	stop bool          // not only no brief: nothing at all
}

// silence is the newest no, or the wish to get no more mail, that nothing has overruled: a no is by the
// organizer's own ask or answer, a stop only by a later yes of the partner themself.
func (c *Conversation) silence() (s silence) {
	if c.person == nil {
		return s
	}
	answered := func(since time.Time, counts func(*Conversation) bool) bool {
		return slices.ContainsFunc(c.person.talks, func(t *Conversation) bool {
			return t.Answer != nil && t.Answer.At.After(since) && counts(t)
		})
	}
	for _, t := range c.person.talks {
		if t.Stop != nil && t.Stop.At.After(s.at) {
			s = silence{t, t.Stop.At, true}
		}
	}
	if s.in != nil {
		if !answered(s.at, func(t *Conversation) bool { return t.said(Yes) && (t.Answer.How == "mail" || t.Answer.How == "page") }) {
			return s
		}
		s = silence{}
	}
	for _, t := range c.person.talks {
		if t.said(No) {
			if at := cmp.Or(t.Refused, t.Answer.At); at.After(s.at) {
				s = silence{in: t, at: at}
			}
		}
	}
	if s.in == nil || answered(s.at, func(t *Conversation) bool { return t.Answer.How == "command" && !t.said(No) }) ||
		slices.ContainsFunc(c.person.talks, func(t *Conversation) bool { return t.Insisted.After(s.at) }) {
		return silence{}
	}
	return s
}

// words are what the person has said, as a sentence without its full stop.
func (s silence) words(c *Conversation) string {
	when := s.at.In(c.settings.Zone.Location("UTC")).Format("2 Jan 2006") + ", " + s.in.Ref()
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
func (c *Conversation) obstacle(now time.Time) *obstacle {
	ask := ": coalition ask " + c.Ref()
	last := c.newestBrief()
	if last.open() && last.Approved { // other words for what the organizer has sent themself
		return nil
	}
	if s := c.silence(); s.in != nil {
		why := s.words(c)
		return &obstacle{why: why, next: "let it rest, since " + why + "; your own word goes all the same" + ask}
	}
	if last.open() {
		return nil
	}
	name := c.Plan.With.Name
	if b := c.before; b != nil && c.Insisted.IsZero() && b.Status(now) != Met {
		o := &obstacle{why: fmt.Sprintf("round %d waits until round %d has been held", c.Round, b.Round)}
		o.next = fmt.Sprintf("wait until round %d with %s has been held, or ask now%s", b.Round, name, ask)
		if told := b.told(); told != nil && now.Before(told.End()) {
			o.again = told.End()
		}
		if b.over(now) { // and so never will be
			o.why = fmt.Sprintf("round %d was %s", b.Round, map[bool]string{true: "cancelled", false: "not held"}[b.Cancelled != nil])
			o.next = "ask yourself, since " + o.why + ask
		}
		return o
	}
	if c.person == nil {
		return nil
	}
	for _, t := range c.person.talks {
		if t != c && t.unanswered() {
			return &obstacle{why: "the brief of " + t.Ref() + " to " + name + " is not answered yet", next: "wait for the answer of " + name + " to " + t.Ref() + ", or ask now" + ask}
		}
	}
	for _, t := range c.person.talks {
		if t != c && t.asksBefore(c, now) {
			return &obstacle{why: "the brief of " + t.Ref() + " to " + name + " goes first, and one at a time", next: "wait until " + name + " has answered " + t.Ref() + ", whose brief goes first, or ask now" + ask}
		}
	}
	return nil
}

// unanswered reports whether a brief has gone, or is about to, and the partner has said neither yes nor
// no nor later.
func (c *Conversation) unanswered() bool {
	if c.Cancelled != nil || c.Answer != nil && !c.said(Query) || c.told() != nil {
		return false
	}
	m := c.newestBrief()
	return m.open() || m.State == Accepted || m.State == Unclear
}

// asksBefore reports whether c is about to ask by itself, and comes before other, of the same person: what
// matters most does, then what has been due for longest.
func (c *Conversation) asksBefore(other *Conversation, now time.Time) bool {
	step := c.step(now)
	if step.Kind != Brief || !step.IsDue(now) || c.before != nil && c.Insisted.IsZero() && c.before.Status(now) != Met {
		return false
	}
	theirs := other.step(now)
	return cmp.Or(other.Priority()-c.Priority(), step.Due.Compare(theirs.Due), cmp.Compare(c.ID, other.ID), cmp.Compare(c.Round, other.Round)) < 0
}

// byItself is what of a step happens without a word of the organizer, who is asked for it where there is more
// to mind than this one conversation.
func (c *Conversation) byItself(s Step, now time.Time) Step {
	if s.Kind == "" || c.own {
		return s
	}
	if s.Kind == Brief {
		o := c.obstacle(now)
		if o == nil || !s.IsDue(now) && c.before == nil && c.silence().in == nil { // until then it may be gone
			return s
		}
		return Step{Next: o.next, Again: o.again}
	}
	silent := c.silence()
	if !silent.stop {
		return s
	}
	rest := Step{Again: s.Again}
	if told := c.told(); told != nil && rest.Again.IsZero() {
		rest.Again = told.Start.Time()
	}
	since := ", since " + silent.words(c)
	switch s.Kind {
	case Invite:
		rest.Next = "send the invitation yourself, or let it rest" + since + ": coalition invite " + c.Ref()
	case Update:
		rest.Next = "tell " + c.Plan.With.Name + " of the change yourself" + since
	case Cancel:
		rest.Next = "tell " + c.Plan.With.Name + " yourself that it is off" + since
	case Reminder:
		rest.Next = "hold the talk, without a reminder" + since
	default:
		rest.Next = "let it rest" + since
	}
	return rest
}

// Objection is what the organizer should know before their own command sends a message of that kind to the
// partner; "" for nothing.
func (c *Conversation) Objection(kind Kind, now time.Time) string {
	if s := c.silence(); s.stop {
		return s.words(c) + "."
	}
	if kind != Brief {
		return ""
	}
	if o := c.obstacle(now); o != nil {
		return strings.ToUpper(o.why[:1]) + o.why[1:] + "."
	}
	return ""
}

// hush ends what waits in the outbox and does not go any more by what the partner has just said, in all
// conversations with them.
func (c *Conversation) hush(d *Draft) {
	s := c.silence()
	if s.in == nil {
		return
	}
	if d.Drop == nil {
		d.Drop = make(map[*Message]State)
	}
	for _, t := range c.person.talks {
		told := false
		for _, m := range t.Messages {
			switch {
			case d.Drop[m] != "" || m.copy() || !m.open() && (m.State != Unclear || m.Stuck()):
				continue
			case m.Kind == Brief && t.Insisted.After(s.at): // the organizer has asked since
				continue
			case m.Kind != Brief && (!s.stop || m.Approved): // it is agreed on, or their own command
				continue
			}
			d.Drop[m] = Dropped
			if m.Unclears > 0 { // it may have arrived, and is not repeated
				d.Drop[m] = Unclear
			}
			if t != c && !told {
				told = true
				d.Events = append(d.Events, t.event(d.At, "answer", "nothing goes by itself any more: "+s.words(t)))
			}
		}
	}
}

// stopped takes in that the partner wants no more mail.
func (c *Conversation) stopped(from string, now time.Time) {
	c.Stop = &Stop{At: now, From: from, Addresses: c.addresses()}
}

// over reports whether nothing more comes of the conversation, whatever its plan says.
func (c *Conversation) over(now time.Time) bool {
	told := c.told()
	return c.Cancelled != nil || told != nil && !now.Before(told.End())
}

// another is how a further talk begins where this one is over.
func (c *Conversation) another() string {
	next := c
	for next.after != nil {
		next = next.after
	}
	if next != c {
		return "the newest is " + next.Ref()
	}
	return fmt.Sprintf("begin another with a document of its own, below a line `---` in the plan file or in a new one: `id: %s` and `round: %d`, then: coalition ready %s", c.ID, c.Round+1, Ref(c.ID, c.Round+1))
}

// changed leads to the first key of the plan that says something else than when the conversation was over.
func (c *Conversation) changed() []string {
	was, is := &c.Plan, &c.source.Terms
	for _, x := range []struct {
		key      string
		was, now any
	}{
		{"with", was.With, is.With}, {"purpose", was.Purpose, is.Purpose}, {"offer", was.Offer, is.Offer}, {"ask", was.Ask, is.Ask}, {"agenda", was.Agenda, is.Agenda},
		{"setting", was.Setting, is.Setting}, {"when", was.When, is.When}, {"ask_on", was.AskOn, is.AskOn}, {"ready", was.Ready, is.Ready}, {"permitted", was.Permitted, is.Permitted},
	} {
		if fingerprint(x.was) != fingerprint(x.now) {
			return []string{x.key}
		}
	}
	return nil
}
