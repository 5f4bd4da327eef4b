package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"coalition/invites"
	"coalition/scheduler/conversation"
	"coalition/scheduler/finder"
	"coalition/scheduler/roster"
)

// errNoTimes ends `slots` where there is nothing to offer, which has been said.
var errNoTimes = errors.New("there is no time to offer")

func (a *app) slotsCommand() *cobra.Command {
	var all, explain, stale bool
	var svg string
	c := &cobra.Command{
		Use:   "slots ID",
		Short: "Find times that suit both",
		Long: `Find times for a talk that suit both: within the hours of both, on no holiday, free in
your calendars (and in theirs, as far as they show it), offered to nobody else, and by
your own rules under times: in the config. What is shown first is what the brief would
offer now, or has offered while it is unanswered. Nothing is sent, and nothing is kept
but what the calendars have said.

--explain draws each day, with what stands in the way. A calendar that could not be read
for a day stops offering; --stale offers times all the same. Exit 0 where there is a time
to offer, else 1.

With --json, an object. Times are RFC 3339, on your clock:
  id, round                   which talk
  length, travel              in minutes; travel is kept free before and after it
  timezone, window            {from, to}: within which time is looked
  offered                     [{start, end, score, parts}], best first; score is 0 to 1
  free                        [{start, end}]: within these the talk may lie anywhere
  days                        [{date, free, blocked}], blocked: [{start, end, who, why, source,
                              title}]; who is organizer, partner or both; why is busy, hours,
                              holiday, notice, suits, keep_free, per_day or offered
  sources                     [{name, kind, state, read_at, error}]; state is ok, stale or failed`,
		Example:           "  coalition slots maya\n  coalition slots maya --explain\n  coalition slots maya --svg week.svg",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.ids,
		RunE: func(cmd *cobra.Command, args []string) error {
			b, c, err := a.boardOf(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			found, err := a.searchFor(cmd.Context(), b, c, stale)
			if err != nil {
				return err
			}
			if svg != "" {
				if err := a.drawFound(found, svg); err != nil {
					return err
				}
			}
			if svg == "-" {
				return nil
			}
			if !a.json {
				a.showFound(found, all, explain)
			} else if err := a.printJSON(slotsRowOf(string(c.ID), c.Round, found.Query, found.Result)); err != nil {
				return err
			}
			if len(found.Result.Offered) == 0 {
				return errNoTimes
			}
			return nil
		},
	}
	c.Flags().BoolVar(&all, "all", false, "show all free spans")
	c.Flags().BoolVar(&explain, "explain", false, "draw each day, with what stands in the way")
	c.Flags().BoolVar(&stale, "stale", false, "offer times although a calendar could not be read for a day")
	c.Flags().StringVar(&svg, "svg", "", "draw the days into `FILE`, as a picture (- for standard output)")
	return c
}

// A foundTimes is a search for the times of a conversation, as it is shown. What its result offers is what the brief
// would offer now, or, while that is unanswered, has offered.
type foundTimes struct {
	*finder.Search
	*picture
	// asked says that the brief has offered it.
	asked bool
}

// searchFor looks for the times of a conversation.
func (a *app) searchFor(ctx context.Context, b *roster.Roster, c *conversation.Conversation,
	stale bool) (*foundTimes, error) {
	search, err := a.sched.Finder.Find(ctx, b, c, stale)
	if err != nil {
		return nil, err
	}
	times, agreed := c.Keeps(b.Now)
	asked := len(times) > 0 && !agreed && (c.Answer == nil || c.Gone(b.Now))
	if asked {
		search.Result.Offered = nil
		for _, t := range times {
			search.Result.Offered = append(search.Result.Offered, search.Query.Rate(t.Time()))
		}
	}
	return &foundTimes{search, newPicture(search.Query, search.Result, c.Plan.With.Name, c.Where().Kind), asked}, nil
}

// showFound shows a search in words, with all free spans or each day drawn where that is wanted.
func (a *app) showFound(f *foundTimes, all, explain bool) {
	offered := f.Result.Offered
	switch {
	case explain:
		fmt.Fprint(a.stdout, f.text(a.pen()))
	default:
		a.say("%s (%s).", f.heading(), f.zone())
	}
	switch {
	case len(offered) == 0:
		a.say("\nThere is nothing to offer: %s.", f.Why())
		if remedies := f.Query.Remedies(); f.Trusted() == nil && len(remedies) > 0 {
			a.say("What would help:")
			for _, r := range remedies {
				a.say("  %s", finder.Remedy(r))
			}
		}
	case explain:
	case f.asked:
		a.say("\nOffered, and not answered yet:")
	default:
		a.say("\nTo offer, best first:")
	}
	if !explain {
		for i, o := range offered {
			a.say("  %d  %s   score %.2f", i+1, f.both(o.Span), o.Score)
		}
	}
	if all {
		a.say("\nFree:")
		for _, s := range f.Result.Free {
			a.say("  %s", f.both(s))
		}
	}
	a.saySources(f.Query.Busy, f.Query.Stale)
}

// both is a span on the organizer's clock, and on the partner's where that is another.
func (p *picture) both(s invites.Span) string {
	text := s.Start.In(p.zone()).Format("Mon 2 Jan") + ", " + p.times(s)
	mine, theirs := s.Start.In(p.zone()), s.Start.In(p.query.Partner.Zone)
	switch {
	case mine.Format(time.DateTime) == theirs.Format(time.DateTime):
		return text
	case mine.Day() != theirs.Day():
		return text + " (" + theirs.Format("Mon 15:04") + " for " + p.partner + ")"
	}
	return text + " (" + theirs.Format("15:04") + " for " + p.partner + ")"
}

// drawFound writes the days as a picture to a file, which only the organizer may read: it has the titles of events.
func (a *app) drawFound(f *foundTimes, path string) error {
	data, err := f.svg()
	if err != nil {
		return err
	}
	if err := a.putPicture(path, data); err != nil || path == "-" {
		return err
	}
	a.note("The days are drawn in %s. It shows what is in your calendars: it is for you alone.", path)
	return nil
}

// saySources tells which calendars were looked at, and what is wrong with them; stale says that times are offered all the
// same.
func (a *app) saySources(list []invites.FreeBusy, stale bool) {
	if len(list) == 0 {
		a.note("No calendar is looked at: name yours under calendar.busy in the config, and what stands there is kept free.")
		return
	}
	a.say("")
	for _, s := range list {
		read := "never read"
		if !s.ReadAt.IsZero() {
			read = "read " + a.local(s.ReadAt)
		}
		text := fmt.Sprintf("%s (%s): %s", s.Name, s.Kind, read)
		if s.State != invites.FreshBusy {
			text += ", " + s.State
		}
		if s.Error != "" {
			text += ": " + s.Error
		}
		a.say("%s", text)
	}
	if !stale && slices.ContainsFunc(list, func(s invites.FreeBusy) bool { return s.State == invites.FailedBusy }) {
		a.note("Nothing is offered while that lasts; --stale offers times all the same.")
	}
}
