package scheduler_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"coalition/invites"
	"coalition/scheduler"
	"coalition/scheduler/outbox"
	"coalition/scheduler/store"
)

// TestLifeOfSearches lives random lives of several talks whose times are searched, with two daemons on one state that
// crash now and then, and a calendar that fills and empties: what a brief offers is free when it leaves, offered to
// nobody else, and nothing is booked twice. A test of its own memory judges what has left.
func TestLifeOfSearches(t *testing.T) {
	lives := 12
	if testing.Short() {
		lives = 3
	}
	if f := flag.Lookup("rapid.checks"); f != nil && f.Value.String() != f.DefValue {
		if _, err := fmt.Sscan(f.Value.String(), &lives); err != nil {
			t.Fatal(err)
		}
	}
	for seed := range lives {
		searchWith(t, uint64(seed))
		if t.Failed() {
			t.Fatalf("in life %d", seed)
		}
	}
}

// A searchLife is one of these lives.
type searchLife struct {
	*testing.T
	w    *world
	d    *diary
	rnd  *rand.Rand
	ids  []string
	seen int
	did  []string
}

func searchWith(t *testing.T, seed uint64) {
	w, d := newWorld(t), &diary{}
	w.with(func(c *scheduler.Config) { c.FreeBusy = d })
	l := &searchLife{T: t, w: w, d: d, rnd: rand.New(rand.NewPCG(2, seed)), ids: []string{"ann", "ben", "cat", "dan", "eve"}}
	defer func() { w.store.Close() }()
	for _, id := range l.ids {
		w.plan(id, maya("email: "+id+"@example.org", fmt.Sprintf("when: {between: {from: 2027-02-08, to: 2027-02-%02d}}", 9+l.rnd.IntN(3))))
	}
	for range 30 {
		l.deed()
		if t.Failed() {
			t.Logf("what was done: %v", l.did)
			return
		}
	}
}

// deed does one thing.
func (l *searchLife) deed() {
	w, id := l.w, l.ids[l.rnd.IntN(len(l.ids))]
	w.later(time.Duration(1+l.rnd.IntN(40)) * time.Minute)
	what := l.rnd.IntN(12)
	l.did = append(l.did, fmt.Sprint(what, " ", id))
	switch what {
	case 0, 1, 2:
		l.pass()
	case 3:
		l.passesBeside()
	case 4, 5:
		if m := w.find(id).NewestOffer(); m.State == outbox.Accepted {
			w.receive(w.letterTo(id, fmt.Sprint(1+l.rnd.IntN(3))))
		}
	case 6:
		start := time.Date(2027, 2, 8+l.rnd.IntN(4), 9+l.rnd.IntN(8), 15*l.rnd.IntN(4), 0, 0, lisbon)
		l.d.take(start)
	case 7:
		if n := len(l.d.busy); n > 0 {
			l.d.busy = slices.Delete(l.d.busy, n-1, n)
		}
	case 8:
		if c := w.find(id); c.Cancelled == nil && c.Ended(w.now) == nil {
			if draft, err := w.callOff(c, "", w.now); err == nil {
				w.commit(draft, nil)
			}
		}
	case 9:
		// Nothing leaves: what is decided waits, and looks again.
		w.answer = func(*invites.Submission, func() error) error {
			return &invites.DeliveryError{Text: "can't be reached", Err: errors.New("down")}
		}
		l.pass()
		w.answer = nil
	case 10:
		// As after a crash: another process, on the same state.
		w.store.Close()
		w.reopen(store.Open)
		w.with(func(c *scheduler.Config) { c.FreeBusy = l.d })
	case 11:
		if c := w.find(id); c.Cancelled == nil && c.Told() == nil {
			if draft, err := w.ask(c, true, w.now); err == nil && draft.Sent == nil {
				draft.Slots = w.board().Slots
				w.commit(draft, nil)
			}
		}
	}
	l.judge()
}

func (l *searchLife) pass() {
	ctx := context.Background()
	must(l.w.Pass(ctx, l.w.board()))
	l.judge()
	l.w.Delivery.DeliverBoth(ctx, ctx, true)
}

// passesBeside lets two daemons decide on what both have read at the same moment.
func (l *searchLife) passesBeside() {
	ctx := context.Background()
	other := scheduler.New(l.w.config)
	mine, theirs := l.w.board(), must(other.Look(ctx, 0))
	must(l.w.Pass(ctx, mine))
	must(other.Pass(ctx, theirs))
	l.judge()
	l.w.Delivery.DeliverBoth(ctx, ctx, true)
}

// judge holds what stands, and what has left since, against the rules.
func (l *searchLife) judge() {
	l.Helper()
	b := l.w.board()
	type kept struct {
		ref        string
		start, end time.Time
		agreed     bool
	}
	var all []kept
	for _, c := range b.Conversations {
		times, agreed := c.Keeps(b.Now)
		for _, s := range times {
			all = append(all, kept{c.Ref(), s.Time(), s.Time().Add(c.Length()), agreed})
		}
	}
	for i, x := range all {
		for _, y := range all[:i] {
			// Two walks beside each other need the way to both.
			if way := 30 * time.Minute; x.ref != y.ref && x.start.Before(y.end.Add(way)) && y.start.Before(x.end.Add(way)) {
				l.Errorf("%s has %s, and %s has %s", x.ref, x.start, y.ref, y.start)
			}
		}
	}
	for ; l.seen < len(l.w.arrived); l.seen++ {
		p := l.w.arrived[l.seen]
		c := must(b.Find(p.ID))
		var starts []time.Time
		switch p.Kind {
		case "brief", "times":
			for _, s := range c.Offered {
				starts = append(starts, s.Time())
			}
			if len(starts) == 0 {
				l.Errorf("a %s of %s offers nothing", p.Kind, p.ID)
			}
		case "invite":
			starts = append(starts, c.Start(b.Now))
		}
		for _, start := range starts {
			for _, e := range l.d.busy {
				if start.Add(-15*time.Minute).Before(e.End) && e.Start.Before(start.Add(75*time.Minute)) && p.Kind != "invite" {
					l.Errorf("the %s of %s, for %s, leaves at %s, when there is something else from %s", p.Kind, p.ID, start, b.Now, e.Start)
				}
			}
		}
	}
}
