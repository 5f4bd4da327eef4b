package scheduler_test

import (
	"context"
	"fmt"
	"testing"

	"coalition/scheduler"
)

// BenchmarkSearches is a pass over a thousand briefs whose times are searched. The calendars are asked once
// for each, which questions/search counts; they are read once for all (see package feed).
func BenchmarkSearches(b *testing.B) {
	const searches = 1000
	for b.Loop() {
		b.StopTimer()
		w, d := newWorld(b), &diary{}
		w.Times.PerDay, w.Times.Offer = 20, 1
		w.with(func(c *scheduler.Config) { c.FreeBusy = d })
		for i := range searches {
			id := fmt.Sprintf("p%d", i)
			w.plan(id, maya("email: "+id+"@example.org", "when: {between: {from: 2027-02-08, to: 2027-06-30}}"))
		}
		board := w.board()
		b.StartTimer()
		r := must(w.Pass(context.Background(), board))
		if len(r.Decided) < searches/2 {
			b.Fatalf("%d briefs were decided on", len(r.Decided))
		}
		b.ReportMetric(float64(d.asked)/searches, "questions/search")
	}
}
