package main

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"coalition/invites"
	"coalition/invites/feed"
	"coalition/scheduler/conversation"
	"coalition/scheduler/plan"
	"coalition/scheduler/roster"
	"coalition/scheduler/slots"
	"coalition/scheduler/strictyaml"
	"coalition/scheduler/ways"
)

// inTheWay says in a few words what stands in the way of a talk, and when.
func (a *app) inTheWay(b *slots.Blocked, c *conversation.Conversation) string {
	rules := &slots.Query{Notice: a.sched.Times.Notice, PerDay: a.sched.Times.PerDay}
	rules.Organizer.Zone = a.sched.Zone.Location("UTC")
	p := &picture{query: rules, partner: c.Plan.With.Name, setting: c.Where().Kind}
	if b.Why == slots.Busy || b.Why == slots.Offered {
		return p.why(b) + ", " + p.times(b.Span)
	}
	return p.why(b)
}

// sayBreaks says which rules a start breaks that the organizer has named: it is their word that counts.
func (a *app) sayBreaks(ctx context.Context, b *roster.Roster, c *conversation.Conversation, start plan.Slot) {
	blocked, err := a.sched.Finder.Breaks(ctx, b, c, start.Time())
	if err != nil {
		a.note("Note: whether this time suits is not known: %s", err)
		return
	}
	var said []string
	for i := range blocked {
		// Which is said by itself.
		if other, err := b.Find(blocked[i].Source); blocked[i].Why == slots.Busy && err == nil && other.Ref() == blocked[i].Source {
			continue
		}
		if text := a.inTheWay(&blocked[i], c); !slices.Contains(said, text) {
			said = append(said, text)
			a.note("Note: %s: %s.", start, text)
		}
	}
}

// judgeCounters lets conversations say whether the times that partners propose are free, as is known without asking the
// calendars.
func (a *app) judgeCounters(b *roster.Roster) {
	known, cancel := context.WithCancel(context.Background())
	cancel()
	for _, c := range b.Conversations {
		if c.Counter == nil || !c.Counter.Start.After(b.Now) || c.Cancelled != nil {
			continue
		}
		blocked, err := a.sched.Finder.Breaks(known, b, c, c.Counter.Start)
		if err != nil {
			continue
		}
		var said []string
		for i := range blocked {
			if text := a.inTheWay(&blocked[i], c); !slices.Contains(said, text) {
				said = append(said, text)
			}
		}
		if len(said) == 0 {
			c.Judge("which is free as far as is known")
		} else {
			c.Judge("which does not suit (" + strings.Join(said, "; ") + ")")
		}
	}
}

// startOf returns the start that the organizer has named, or, where choose says so and there is a terminal, chooses now;
// zero for none. It says what that breaks. Where the command is carried out anew, the start named stays.
func (a *app) startOf(ctx context.Context, b *roster.Roster, c *conversation.Conversation, named *string,
	choose bool) (plan.Slot, error) {
	zone := c.Plan.When.Timezone.Location(a.sched.Zone)
	if *named != "" {
		at, err := a.parseStart(*named, zone)
		if err == nil && !a.judged {
			a.judged = true
			a.sayBreaks(ctx, b, c, at)
		}
		return at, err
	}
	if !choose || !terminal(a.stdin) || a.yes {
		return plan.Slot{}, nil
	}
	at, err := a.chooseStart(ctx, b, c)
	*named, a.judged = at.Time().Format(time.RFC3339), true
	return at, err
}

// chooseStart lets the organizer choose one of the next free times, or name another, on a terminal.
func (a *app) chooseStart(ctx context.Context, b *roster.Roster, c *conversation.Conversation) (plan.Slot, error) {
	found, err := a.searchFor(ctx, b, c, false)
	if err != nil {
		return plan.Slot{}, err
	}
	if len(found.Result.Offered) == 0 {
		return plan.Slot{}, usage("there is no time to offer: %s", "choose one yourself: --start TIME", found.Why())
	}
	a.note("These times suit both:")
	for i, o := range found.Result.Offered {
		a.note("  %d  %s", i+1, found.both(o.Span))
	}
	zone := c.Plan.When.Timezone.Location(a.sched.Zone)
	var chosen plan.Slot
	_, err = a.inquire("Which one? A number, or a time of your own", "", true, func(answer string) error {
		if n, err := strconv.Atoi(answer); err == nil {
			if n < 1 || n > len(found.Result.Offered) {
				return &strictyaml.Fault{Text: "is no number of a time here", Mend: "choose one of those above"}
			}
			chosen = plan.SlotOf(found.Result.Offered[n-1].Start.In(zone))
			return nil
		}
		var err error
		chosen, err = a.parseStart(answer, zone)
		return err
	})
	if err == nil {
		a.sayBreaks(ctx, b, c, chosen)
	}
	return chosen, err
}

// sayCalendars names what the calendars have at the time of talks ahead, and those that could not be read, as is known
// without asking a server.
func (a *app) sayCalendars(b *roster.Roster) {
	known, cancel := context.WithCancel(context.Background())
	cancel()
	a.sayClashes(known, b)
	for _, s := range a.sched.Finder.Known(known, b.Now, b.Now) {
		if s.State != invites.FreshBusy && s.Error != "" && s.Error != feed.NeverRead {
			a.note("The calendar %s can't be read: %s", s.Name, s.Error)
		}
	}
}

// sayClashes names what the calendars have at the time of talks ahead.
func (a *app) sayClashes(ctx context.Context, b *roster.Roster) {
	for _, c := range b.Conversations {
		for _, e := range a.sched.Finder.Clashes(ctx, c, b.Now) {
			way := ways.Move
			if c.Told() == nil {
				way = ways.Slots
			}
			a.note("%s: there is something else on %s: %s. See: %s", c.Ref(), c.StartSlot(b.Now), a.inTheWay(&e, c),
				c.How(way))
		}
	}
}

// calendarProblems says what is wrong with the calendars that are to be kept free, and which talks with a start in a plan
// clash with them.
func (a *app) calendarProblems(ctx context.Context, b *roster.Roster) (list []strictyaml.Problem) {
	own := a.sched.Finder.Known(ctx, b.Now, b.Now.AddDate(0, 0, 60))
	first := len(own) - len(a.config.Calendar.Busy)
	unusable := len(a.config.clientProblems()) > 0
	for i, s := range own {
		// Which says it.
		if s.Error == "" || unusable && s.Kind == string(googleChannel) {
			continue
		}
		path := []string{"calendar", "via"}
		if i >= first {
			path = []string{"calendar", "busy", strconv.Itoa(i - first)}
		}
		list = append(list, a.config.doc.Warning("the calendar "+s.Name+": "+s.Error,
			"until it is mended, what it says is not known whole", path...))
	}
	for _, c := range b.Conversations {
		if c.Source() == nil || !c.Planned() {
			continue
		}
		for _, e := range a.sched.Finder.Clashes(ctx, c, b.Now) {
			list = append(list, c.Source().Warning("at this time there is something else: "+a.inTheWay(&e, c),
				"choose another time, or leave it if it is meant", "when", "start"))
		}
	}
	return list
}
