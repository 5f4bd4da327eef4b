package google

import (
	"cmp"
	"context"
	"slices"
	"time"

	"google.golang.org/api/calendar/v3"

	"coalition/invites"
)

const (
	// mostCalendars is Google's limit for one question.
	mostCalendars = 50
	// longestWindow is for one question; Google refuses more than about three months.
	longestWindow = 60 * 24 * time.Hour
)

// Busy returns when the calendars with these ids are taken between from and to: the organizer's own (none: the
// one that is c), and those of guests who share theirs, whose ids are their addresses. Events that were
// declined, or that are shown as free, leave the time free. Each calendar that could be looked at has its
// spans, in UTC, in order, disjoint and within from and to, or none; unknown are the others, of which
// nothing is known. It is there for the search for times that suit both.
func (c *Calendar) Busy(ctx context.Context, from, to time.Time, ids ...string) (
	busy map[string][]invites.Span, unknown []string, err error,
) {
	if len(ids) == 0 {
		ids = []string{c.id}
	}
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	busy = make(map[string][]invites.Span, len(ids))
	for _, id := range ids {
		busy[id] = nil
	}
	from, to = from.UTC(), to.UTC()
	for some := range slices.Chunk(ids, mostCalendars) {
		for start := from; start.Before(to); start = start.Add(longestWindow) {
			end := earlier(start.Add(longestWindow), to)
			answer, f := c.freeBusy(ctx, start, end, some)
			if f != nil {
				return nil, nil, f
			}
			for _, id := range some {
				of, there := answer.Calendars[id]
				spans, readable := spans(of, start, end)
				if !there || !readable {
					unknown = append(unknown, id)
				}
				busy[id] = append(busy[id], spans...)
			}
		}
	}
	slices.Sort(unknown)
	unknown = slices.Compact(unknown)
	for _, id := range unknown {
		delete(busy, id)
	}
	for id := range busy {
		busy[id] = merge(busy[id])
	}
	return busy, unknown, nil
}

// freeBusy asks once, for as many calendars and as long a time as one question may be about.
func (c *Calendar) freeBusy(ctx context.Context, from, to time.Time, ids []string) (
	answer *calendar.FreeBusyResponse, f *invites.DeliveryError,
) {
	question := &calendar.FreeBusyRequest{CalendarExpansionMax: mostCalendars,
		TimeMin: from.Format(time.RFC3339Nano), TimeMax: to.Format(time.RFC3339Nano)}
	for _, id := range ids {
		question.Items = append(question.Items, &calendar.FreeBusyRequestItem{Id: id})
	}
	call := c.service.Freebusy.Query(question).Fields("calendars").Context(ctx)
	f = c.read(ctx, func() (err error) { answer, err = notNull(call.Do()); return err })
	return answer, f
}

// spans returns what of one calendar lies between from and to, where Google could look at it.
func spans(of calendar.FreeBusyCalendar, from, to time.Time) (list []invites.Span, readable bool) {
	if len(of.Errors) > 0 {
		return nil, false
	}
	for _, period := range of.Busy {
		if period == nil {
			return nil, false
		}
		start, known := instant(period.Start, "")
		end, too := instant(period.End, "")
		if !known || !too {
			return nil, false
		}
		if start, end = later(start, from), earlier(end, to); start.Before(end) {
			list = append(list, invites.Span{Start: start, End: end})
		}
	}
	return list, true
}

// merge puts spans in order, and those together that overlap or touch.
func merge(list []invites.Span) (merged []invites.Span) {
	slices.SortFunc(list, func(a, b invites.Span) int {
		return cmp.Or(a.Start.Compare(b.Start), a.End.Compare(b.End))
	})
	for _, s := range list {
		if n := len(merged); n > 0 && !s.Start.After(merged[n-1].End) {
			merged[n-1].End = later(merged[n-1].End, s.End)
			continue
		}
		merged = append(merged, s)
	}
	return merged
}

func earlier(a, b time.Time) time.Time { return slices.MinFunc([]time.Time{a, b}, time.Time.Compare) }

func later(a, b time.Time) time.Time { return slices.MaxFunc([]time.Time{a, b}, time.Time.Compare) }
