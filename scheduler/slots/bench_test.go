package slots_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"coalition/invites"
	"coalition/scheduler/slots"
)

// busy makes up that many calendars with 500 events each, spread over so many days from a time on.
func busy(calendars, days int, from time.Time) (list []invites.FreeBusy) {
	random := rand.New(rand.NewPCG(1, 2))
	for i := range calendars {
		f := invites.FreeBusy{Name: fmt.Sprint("calendar ", i), State: invites.FreshBusy, Partner: i%2 == 1}
		for range 500 {
			start := from.Add(time.Duration(random.IntN(days*24*4)) * 15 * time.Minute)
			f.Busy = append(f.Busy, invites.Busy{Span: invites.Span{Start: start, End: start.Add(time.Duration(1+random.IntN(4)) * 15 * time.Minute)}})
		}
		slices.SortFunc(f.Busy, func(a, b invites.Busy) int { return a.Start.Compare(b.Start) })
		list = append(list, f)
	}
	return list
}

// BenchmarkFind looks for a time between twenty calendars of 500 events over half a year, and of which all are in the
// two weeks that it looks at; the ratio is to sorting and merging the same spans, and nothing else.
func BenchmarkFind(b *testing.B) {
	for _, days := range []int{180, 14} {
		b.Run(fmt.Sprintf("%d-days", days), func(b *testing.B) {
			q := office(b)
			q.Busy = busy(20, days, q.Window.Start)
			var all []invites.Span
			for _, f := range q.Busy {
				for _, e := range f.Busy {
					all = append(all, e.Span)
				}
			}
			const times = 50
			start := time.Now()
			for range times {
				merge(slices.Clone(all))
			}
			bare := time.Since(start) / times
			for b.Loop() {
				q.Find()
			}
			b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(bare), "x-bare")
		})
	}
}

func merge(spans []invites.Span) []invites.Span {
	slices.SortFunc(spans, func(a, b invites.Span) int { return a.Start.Compare(b.Start) })
	merged := spans[:1]
	for _, s := range spans[1:] {
		if last := &merged[len(merged)-1]; !s.Start.After(last.End) {
			if s.End.After(last.End) {
				last.End = s.End
			}
			continue
		}
		merged = append(merged, s)
	}
	return merged
}

// office is a query of two weeks between Lisbon and Berlin, with the hours of offices.
func office(t testing.TB) *slots.Query {
	lisbon := zone(t, "Europe/Lisbon")
	start := time.Date(2027, 6, 14, 0, 0, 0, 0, lisbon)
	return &slots.Query{
		Now: start.Add(-10 * time.Hour), Length: time.Hour, Travel: 15 * time.Minute,
		Window:    invites.Span{Start: start, End: start.AddDate(0, 0, 14)},
		Organizer: slots.Person{Zone: lisbon},
		Partner:   slots.Person{Zone: zone(t, "Europe/Berlin")},
		Notice:    24 * time.Hour, Step: 15 * time.Minute, PerDay: 3, Offer: 3, Urgency: 3,
	}
}
