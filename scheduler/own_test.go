package scheduler_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"coalition/invites"
	"coalition/scheduler"
	"coalition/scheduler/conversation"
)

// A shelf is what several calendars say.
type shelf []invites.FreeBusy

// FreeBusy implements [finder.Calendars].
func (s shelf) FreeBusy(context.Context, string, time.Time, time.Time) []invites.FreeBusy { return s }

// The talk that another time is looked for is no obstacle to it, wherever it stands; what else is at that time is.
func TestOwnTalkIsNoObstacle(t *testing.T) {
	at := time.Date(2027, 2, 9, 11, 0, 0, 0, lisbon)
	event := func(ref string, from, to int) invites.Busy {
		hours := func(h int) time.Time { return at.Add(time.Duration(h) * time.Hour).UTC() }
		return invites.Busy{Span: invites.Span{Start: hours(from), End: hours(to)}, Ref: ref}
	}
	for _, test := range []struct {
		name                    string
		mail, partner, declined bool
		busy                    []invites.Busy
		// free are the hours at which the talk fits, of two before to two after its start.
		free []int
	}{
		{name: "its event", busy: []invites.Busy{event("maya/1", 0, 1)}, free: []int{-2, -1, 0, 1, 2}},
		{name: "its event, moved", busy: []invites.Busy{event("maya/1", 1, 2)}, free: []int{-2, -1, 0, 1, 2}},
		{name: "another at its time", busy: []invites.Busy{event("maya/1", 0, 1), event("", 0, 1)}, free: []int{-2, -1, 1, 2}},
		{name: "another beside it", busy: []invites.Busy{event("maya/1", 0, 1), event("", 1, 2)}, free: []int{-2, -1, 0, 2}},
		{name: "another round", busy: []invites.Busy{event("maya/2", 0, 1)}, free: []int{-2, -1, 1, 2}},
		{name: "by mail", mail: true, busy: []invites.Busy{event("", 0, 1)}, free: []int{-2, -1, 0, 1, 2}},
		{name: "by mail, another", mail: true, busy: []invites.Busy{event("", 0, 2)}, free: []int{-2, -1, 2}},
		{name: "the partner's", partner: true, busy: []invites.Busy{event("", -1, 2)}, free: []int{-2, 0, 2}},
		{name: "the partner's, and others", partner: true, busy: []invites.Busy{event("", -2, -1), event("", 2, 3)},
			free: []int{-1, 0, 1}},
		{name: "the partner's, declined", partner: true, declined: true, busy: []invites.Busy{event("", 0, 1)},
			free: []int{-2, -1, 1, 2}},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			if !test.mail {
				newOnline(w)
			}
			w.with(func(c *scheduler.Config) {
				c.FreeBusy = shelf{{Name: "x", State: invites.FreshBusy, Partner: test.partner, Busy: test.busy}}
			})
			w.plan("maya", maya("permitted: She said yes.", `setting: {kind: phone, phone: "+49 30 1234567"}`,
				"when: {start: 2027-02-09 11:00}"))
			w.pass()
			b := w.board()
			c := must(b.Find("maya"))
			if c.Told() == nil {
				t.Fatal("she is not invited")
			}
			if test.declined {
				c.PartStat = invites.Declined
			}
			search := must(w.Finder.Find(context.Background(), b, c, false))
			var free []int
			for h := -2; h <= 2; h++ {
				if len(search.Query.Breaks(at.Add(time.Duration(h)*time.Hour))) == 0 {
					free = append(free, h)
				}
			}
			if !slices.Equal(free, test.free) {
				t.Errorf("it fits at %v; want %v", free, test.free)
			}
		})
	}
}

// The event of another talk of ours blocks what its conversation says, and not what a calendar said of it a while ago.
func TestOtherTalkSpeaksForItself(t *testing.T) {
	w := newWorld(t)
	newOnline(w)
	at := time.Date(2027, 2, 9, 11, 0, 0, 0, lisbon)
	// It was there before it was moved.
	old := invites.Busy{Span: invites.Span{Start: at.AddDate(0, 0, 1).UTC(), End: at.AddDate(0, 0, 1).Add(time.Hour).UTC()}, Ref: "maya/1"}
	w.with(func(c *scheduler.Config) {
		c.FreeBusy = shelf{{Name: "x", State: invites.FreshBusy, Busy: []invites.Busy{old}}}
	})
	w.plan("maya", maya("permitted: She said yes.", "when: {start: 2027-02-09 11:00}"))
	w.plan("tom", maya("email: tom@example.org", "when: {between: {from: 2027-02-08, to: 2027-02-12}}", "ready: false"))
	w.pass()
	b := w.board()
	search := must(w.Finder.Find(context.Background(), b, must(b.Find("tom")), false))
	if len(search.Query.Breaks(at)) == 0 || len(search.Query.Breaks(old.Start)) > 0 {
		t.Errorf("at its time: %v; where it was: %v", search.Query.Breaks(at), search.Query.Breaks(old.Start))
	}
}

// An answer to the time that the talk has already meets no event but others.
func TestOwnTalkLeavesItsTimeFree(t *testing.T) {
	w := newWorld(t)
	newOnline(w)
	var there shelf
	w.with(func(c *scheduler.Config) { c.FreeBusy = &there })
	w.plan("maya", maya("when: {between: {from: 2027-02-08, to: 2027-02-12}}"))
	w.pass()
	w.take("maya", conversation.Answer{Value: conversation.Yes, How: "command", Slot: w.find("maya").Offered[0]})
	w.pass()
	c := w.find("maya")
	start := c.Start(w.now)
	own := invites.Busy{Span: invites.Span{Start: start.UTC(), End: start.Add(time.Hour).UTC()}, Ref: "maya/1"}
	there = shelf{{State: invites.FreshBusy, Busy: []invites.Busy{own}}}
	if c.Told() == nil || w.Finder.Busy(context.Background())(c, start) {
		t.Errorf("told: %v; her own talk takes its time", c.Told())
	}
	own.Ref = ""
	there[0].Busy = append(there[0].Busy, own)
	if !w.Finder.Busy(context.Background())(c, start) {
		t.Error("another event at that time leaves it free")
	}
}
