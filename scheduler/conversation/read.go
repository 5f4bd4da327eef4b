package conversation

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"coalition/scheduler/plan"
	"coalition/scheduler/strictyaml"
)

// Read takes in what the plan file says. A field speaks only when its own value in the file has
// changed since it was last read; what was decided elsewhere in the meantime stands until then. A
// plan that can't be meant is not taken in: the problems say why, and the conversation is as if its
// file could not be read.
func (c *Conversation) Read(p *plan.Plan, now time.Time) []strictyaml.Problem {
	c.source, c.private, c.file = p, p.Private, fileUnread
	first := c.Plan.With.Email == ""
	if !first && !c.Plan.With.Email.Same(p.With.Email) && c.Reached() {
		return []strictyaml.Problem{p.Problem("this is another address than the one that was written to",
			"permission does not pass to another person: put the old address back, or plan a conversation of its own", "with", "email")}
	}
	// Its plan has had its word.
	if !first && c.Over(now) {
		c.file, c.Plan.With.Aliases = fileRead, p.With.Aliases
		c.edited = plan.Fingerprint(c.Plan) != plan.Fingerprint(p.Terms)
		return nil
	}
	differs := plan.Diff(&c.Plan, &p.Terms)
	if !differs.Any && c.Dates != nil {
		c.file = fileRead
		return nil
	}
	dates, problems := c.refix(p, differs, now)
	if len(problems) > 0 {
		return problems
	}
	c.file = fileRead
	if !differs.Any {
		return nil
	}
	known := c.StartSlot(now)
	c.regained = c.Gains(&p.With)
	c.Reread = c.Reread || c.regained
	c.Plan, c.Touched, c.dirty = p.Terms, now, !first
	if c.Dates != nil {
		c.Dates = &dates
	}
	for _, change := range changes(differs, p, known, first) {
		_ = change.Apply(c, now) // which refuses nothing
	}
	return nil
}

// changes are what follows from a difference, in its order; first says that the plan has not been read before. known
// is the start in force before.
func changes(d plan.Difference, p *plan.Plan, known plan.Slot, first bool) (list []Change) {
	if first || d.Ready {
		list = append(list, planReady{p.Ready, first})
	}
	if d.Permitted {
		list = append(list, planPermitted(p.Permitted))
	}
	if first {
		return list
	}
	if d.Place {
		list = append(list, planPlace{p})
	}
	if d.Length {
		list = append(list, planLength{p})
	}
	if d.Times {
		list = append(list, planTimes{})
	}
	if d.Start || d.Times && p.When.Start.IsZero() {
		list = append(list, planStart{p, known})
	}
	if d.AskOn && !p.AskOn.IsZero() {
		list = append(list, planAskOn{})
	}
	return list
}

// refix is the plan's dates with what differs counted from now: what was fixed before, and says the same, stays so.
// The problems are those of the others.
func (c *Conversation) refix(p *plan.Plan, differs plan.Difference, now time.Time) (d plan.Dates, problems []strictyaml.Problem) {
	d, faults := p.Resolve(now, c.settings.Zone, c.settings.Hours)
	var fixed []string
	if old := c.Dates; old != nil {
		if !differs.Start {
			d.Start, fixed = old.Start, append(fixed, "start")
		}
		// Times that were found go with what they were looked for by, as long as nobody was told of them.
		searched := len(p.When.Offered()) == 0
		keeps := c.Searched() == searched && (!searched || c.Reached() || !differs.Days && !differs.Length)
		if !differs.Times && keeps {
			d.Times, fixed = old.Times, append(fixed, "times")
		}
		if !differs.Days {
			d.From, d.To, fixed = old.From, old.To, append(fixed, "between")
		}
		if !differs.AskOn {
			d.AskOn, fixed = old.AskOn, append(fixed, "ask_on")
		}
	}
	for _, f := range faults {
		if key := f.Path[min(1, len(f.Path)-1)]; !slices.Contains(fixed, key) {
			problems = append(problems, p.Problem("this time "+f.Text, "choose another", f.Path...))
		}
	}
	return d, problems
}

type planReady struct{ ready, first bool }

func (r planReady) Apply(c *Conversation, _ time.Time) error {
	c.Ready = r.ready || r.first && c.Ready
	return nil
}

type planPermitted string

func (note planPermitted) Apply(c *Conversation, now time.Time) error {
	a := Answer{Value: Yes, At: now, How: "plan", Note: string(note)}
	c.Answered(a)
	c.news = append(c.news, c.Entry(now, "answer", a.Text()))
	return nil
}

type planPlace struct{ p *plan.Plan }

func (x planPlace) Apply(c *Conversation, now time.Time) error {
	if c.Place != nil && c.speaks(x.p, c.Booking.Placed, now, "the plan's place", cmp.Or(*c.Place, "no place")) {
		c.news = append(c.news, c.Entry(now, "plan",
			"the plan's new place replaces that of "+c.Calendar().Title+": "+cmp.Or(*c.Place, "none")))
		c.Place = nil
	}
	c.Named.Place = x.p.Modified
	return nil
}

type planLength struct{ p *plan.Plan }

func (x planLength) Apply(c *Conversation, now time.Time) error {
	if c.Lasts != 0 && c.speaks(x.p, c.Booking.Moved, now, "the plan's length", fmt.Sprintf("%d minutes", int(c.Lasts.Minutes()))) {
		c.Lasts = 0
	}
	return nil
}

type planTimes struct{}

func (planTimes) Apply(c *Conversation, now time.Time) error {
	// An answer has been given to those that were offered, and none is to be chosen any more.
	if c.Answer != nil && !c.Gone(now) {
		c.Offered, c.OfferedBefore = nil, nil
	}
	return nil
}

type planStart struct {
	p     *plan.Plan
	known plan.Slot
}

func (x planStart) Apply(c *Conversation, now time.Time) error {
	named := !x.p.When.Start.IsZero() || len(x.p.When.Times) == 1
	switch {
	case named && c.Booking != nil && !c.speaks(x.p, c.Booking.Moved, now, "the plan's time", x.known.String()):
		c.Chosen = x.known
	case named, c.Told() == nil:
		c.Named.Start = x.p.Modified
		if !c.Chosen.IsZero() {
			c.news = append(c.news, c.Entry(now, "plan", "the plan's new time replaces the earlier "+c.Chosen.String()))
		}
		c.Chosen = plan.Slot{}
		if named {
			c.Moved()
		}
	case c.Chosen.IsZero():
		// The plan names no start any more, and the partner knows one.
		c.Chosen = x.known
	}
	return nil
}

type planAskOn struct{}

func (planAskOn) Apply(c *Conversation, _ time.Time) error {
	if c.Said(Wait) {
		c.Asks = len(c.Briefs()) + 1
	}
	return nil
}

// speaks reports whether what the plan file says anew is newer than what was changed in the calendar at
// that time; where it is not, the history says what stands.
func (c *Conversation) speaks(p *plan.Plan, at, now time.Time, what, stands string) bool {
	if !at.After(p.Modified) {
		return true
	}
	c.news = append(c.news, c.Entry(now, "plan", what+" is older than the change in "+c.Calendar().Title+": "+stands+" stands"))
	return false
}

// Settle fixes the plan's dates, counted from now, once the plan is acted on: from then on "in 10
// days" is a day.
func (c *Conversation) Settle(now time.Time) {
	if c.Ready && (c.Dates == nil || c.Dates.None()) {
		d := c.DatesAt(now)
		c.Dates, c.dirty = &d, true
	}
}

// DatesAt are the plan's dates: as they were fixed, or else counted from now.
func (c *Conversation) DatesAt(now time.Time) plan.Dates {
	if c.Dates != nil && !c.Dates.None() {
		return *c.Dates
	}
	// Read has seen its problems.
	d, _ := c.Plan.Resolve(now, c.settings.Zone, c.settings.Hours)
	if c.Dates != nil {
		d.AskOn = c.Dates.AskOn
	}
	return d
}

// Gains reports whether mail was refused that may be from an address which with has, and the plan as it was
// read last has not.
func (c *Conversation) Gains(with *plan.With) bool {
	return c.Doubted != nil && with.Email.Same(c.Plan.With.Email) && slices.ContainsFunc(with.Aliases,
		func(e plan.Email) bool { return !slices.ContainsFunc(c.Plan.With.Aliases, e.Same) })
}
