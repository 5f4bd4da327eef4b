package scheduler_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"coalition/invites"
	"coalition/scheduler/command"
	"coalition/scheduler/conversation"
	"coalition/scheduler/outbox"
	"coalition/scheduler/plan"
	"coalition/scheduler/refusal"
	"coalition/scheduler/roster"
	"coalition/scheduler/store"
	"coalition/scheduler/worklist"
)

// An online calendar in memory, which does what [eventsync.Calendar] asks for.
type online struct {
	now     func() time.Time
	events  map[string]*invites.Event
	changed []string // ids, in the order of their last change
	version int
	told    []string // what its guests got
	asked   int      // listings
	gets    int
	forget  bool // the cursor is of no use any more
	name    string
	host    string // behind the ids of its events, in their UIDs
	can     invites.Capabilities
	others  []string // more calendars of the account
	asks    bool     // a write of ours that gives it another start takes back the guests' answers, too; whether Google does is not known
	during  func()   // a listing

	before, after error // what the next write meets: nothing of it has happened, or all of it
}

func newOnline(w *world) *online {
	o := &online{now: func() time.Time { return time.Now().Add(-2 * time.Hour) }, events: make(map[string]*invites.Event), name: "ana@example.org", host: "@google.com",
		can: invites.Capabilities{MailsGuests: true, MakesRooms: true, KnowsFreeBusy: true}}
	w.Calendar = "google"
	w.online(o)
	return o
}

func (o *online) Name() string { return o.name }

func (o *online) Capabilities() invites.Capabilities { return o.can }

// cursor is the name that its cursor has in the store.
func (o *online) cursor() string { return "google:" + o.name }

func (o *online) touch(id string) {
	o.version++
	e := o.events[id]
	e.Etag, e.Updated = fmt.Sprint(o.version), o.now().UTC().Truncate(time.Millisecond)
	o.changed = append(slices.DeleteFunc(o.changed, func(s string) bool { return s == id }), id)
}

func (o *online) tell(what string, e *invites.Event) {
	for _, g := range e.Guests {
		o.told = append(o.told, fmt.Sprintf("%s %s %s", what, g.Email, e.Start.In(lisbon).Format("2 Jan 15:04")))
	}
}

func hasGuest(e *invites.Event, email string) bool {
	return slices.ContainsFunc(e.Guests, func(g invites.Guest) bool { return g.Email == email })
}

func clone(e *invites.Event) *invites.Event {
	c := *e
	c.Guests = slices.Clone(e.Guests)
	return &c
}

func (o *online) Write(_ context.Context, ch *invites.EventChange, dot func() error) (*invites.Event, error) {
	at := o.events[ch.ID]
	if at != nil && !at.Deleted && at.Last == ch.Key { // it counted; what differs was done since, and is still to be heard of
		done := clone(at)
		if !at.Start.Equal(ch.Start) || !at.End.Equal(ch.End) || at.Location != ch.Location || at.Description != ch.Description || at.Summary != ch.Summary {
			done.Start, done.End, done.Location, done.Description, done.Summary, done.Etag = ch.Start, ch.End, ch.Location, ch.Description, ch.Summary, ""
		}
		return done, nil
	}
	if at != nil && !at.Deleted && ch.Was == nil && !ch.Cancel { // a write of ours that nobody knew to have counted
		ch.Was, ch.Is = clone(at), clone(at)
	}
	stale := func() (*invites.Event, error) {
		return nil, &invites.DeliveryError{Text: "it has changed", Stale: clone(at)}
	}
	switch {
	case at == nil && ch.Cancel:
		return &invites.Event{ID: ch.ID, Deleted: true}, nil
	case at != nil && at.Deleted && ch.Cancel && (!ch.Restore || ch.Is.Etag != at.Etag):
		return clone(at), nil
	case at != nil && at.Deleted && (!ch.Restore || ch.Is.Etag != at.Etag):
		return stale()
	case at != nil && ch.Is != nil && ch.Is.Etag != at.Etag:
		if !at.Deleted && !ch.Cancel && at.Start.Equal(ch.Start) && at.End.Equal(ch.End) && at.Location == ch.Location && at.Description == ch.Description {
			return clone(at), nil
		}
		return stale()
	}
	if err := dot(); err != nil {
		return nil, err
	}
	if err := o.before; err != nil {
		o.before = nil
		return nil, err
	}
	switch {
	case at == nil:
		o.events[ch.ID] = clone(&ch.Event)
		at = o.events[ch.ID]
		at.UID = at.ID + o.host
		o.tell("invitation", at)
	case ch.Cancel:
		at.Deleted = true
		o.tell("cancellation", at)
	case !ch.Restore && ch.Start.Equal(ch.Was.Start) && ch.End.Equal(ch.Was.End) && ch.Location == ch.Was.Location && ch.Summary == ch.Was.Summary && ch.Description == ch.Was.Description && ch.Repeats == ch.Was.Repeats && len(ch.Guests) == len(ch.Was.Guests):
		return clone(at), nil // there is nothing to write
	default:
		if at.Deleted { // all of it is compared with what is there
			was := *clone(at)
			was.Guests = ch.Guests
			if ch.Was = &was; !hasGuest(at, "maya@example.org") {
				was.Guests = nil
			}
		}
		at.Deleted = false
		for _, g := range ch.Guests {
			if !hasGuest(ch.Was, g.Email) && !hasGuest(at, g.Email) {
				at.Guests = append(at.Guests, g)
			}
		}
		at.Guests = slices.DeleteFunc(at.Guests, func(g invites.Guest) bool { return hasGuest(ch.Was, g.Email) && !hasGuest(&ch.Event, g.Email) })
		if !ch.Start.Equal(ch.Was.Start) || !ch.End.Equal(ch.Was.End) {
			if o.asks && !at.Start.Equal(ch.Start) {
				o.reset(at, clone(at))
			}
			at.Start, at.End, at.Zone = ch.Start, ch.End, ch.Zone
			at.Sequence++
		}
		if ch.Was.Repeats {
			at.Repeats = false
		}
		if ch.Location != ch.Was.Location {
			at.Location = ch.Location
		}
		if ch.Summary != ch.Was.Summary {
			at.Summary = ch.Summary
		}
		if ch.Description != ch.Was.Description {
			at.Description = ch.Description
		}
		o.tell("update", at)
	}
	o.touch(ch.ID)
	at.Last = ch.Key
	if err := o.after; err != nil {
		o.after = nil
		return nil, err
	}
	return clone(at), nil
}

func (o *online) Changes(_ context.Context, cursor string, _ time.Time, take func([]*invites.Event, bool) error) (string, error) {
	o.asked++
	if o.during != nil {
		o.during()
	}
	since, full := 0, cursor == "" || o.forget
	o.forget = false
	if !full {
		fmt.Sscan(cursor, &since)
	}
	var page []*invites.Event
	for _, id := range o.changed {
		e := clone(o.events[id])
		var version int
		fmt.Sscan(e.Etag, &version)
		switch {
		case full && e.Deleted, !full && version <= since:
			continue
		case e.Deleted: // little else comes with it
			e = &invites.Event{ID: e.ID, Etag: e.Etag, Updated: e.Updated, Deleted: true}
		}
		page = append(page, e)
	}
	if err := take(page, full); err != nil {
		return "", err
	}
	return fmt.Sprint(o.version), nil
}

func (o *online) Reaches(_ context.Context, name string) bool { return slices.Contains(o.others, name) }

func (o *online) Event(_ context.Context, _, id string) (*invites.Event, error) {
	o.gets++
	if e := o.events[id]; e != nil {
		return clone(e), nil
	}
	return &invites.Event{ID: id, Deleted: true}, nil
}

// edit is what somebody does to the one event there is. Where it starts at another time, Google asks its guests
// anew.
func (o *online) edit(change func(e *invites.Event)) {
	for id, e := range o.events {
		was := clone(e)
		change(e)
		if !e.Start.Equal(was.Start) {
			o.reset(e, was)
		}
		o.touch(id)
	}
}

// reset takes back the answers of guests who have given no other.
func (o *online) reset(e, was *invites.Event) {
	for i, g := range e.Guests {
		if slices.ContainsFunc(was.Guests, func(w invites.Guest) bool { return w.Email == g.Email && w.PartStat == g.PartStat }) {
			e.Guests[i].PartStat = invites.NeedsAction
		}
	}
}

func (o *online) only(t *testing.T) *invites.Event {
	t.Helper()
	if len(o.events) != 1 {
		t.Fatalf("%d events; want 1", len(o.events))
	}
	return slices.Collect(maps.Values(o.events))[0]
}

func (o *online) want(t *testing.T, told ...string) {
	t.Helper()
	if !slices.Equal(o.told, told) {
		t.Errorf("guests were told: %q; want %q", o.told, told)
	}
}

// sync looks at the calendar once.
func (w *world) sync() {
	w.t.Helper()
	if err := w.Sync.ReadCalendar(context.Background()); err != nil {
		w.t.Fatal(err)
	}
}

// history is what has happened in words, of these kinds.
func (w *world) history(kinds ...string) string {
	w.t.Helper()
	var list []string
	for _, e := range must(w.store.History(context.Background(), "")) {
		if slices.Contains(kinds, e.Kind) {
			list = append(list, e.Text)
		}
	}
	return strings.Join(list, "\n")
}

// booked is a world with a talk that maya was invited to through Google.
func booked(t *testing.T, changes ...string) (*world, *online) {
	t.Helper()
	w := newWorld(t)
	o := newOnline(w)
	w.plan("maya", maya(append([]string{"permitted: She said yes."}, changes...)...))
	w.pass()
	return w, o
}

const invitation = "invitation maya@example.org 4 Mar 10:00"

func accept(e *invites.Event) { e.Guests[0].PartStat = invites.Accepted }

// Who is signed in with another account, or names another calendar, hears nothing of the events there, and
// nothing is written beside them.
func TestElsewhere(t *testing.T) {
	t.Run("an event", func(t *testing.T) {
		w, o := booked(t)
		w.sync()
		there, changed := o.events, o.changed
		o.name, o.events, o.changed = "bo@example.org", map[string]*invites.Event{}, nil
		w.sync()
		w.plan("maya", maya("permitted: She said yes.", "setting: {kind: walk, place: South gate}"))
		w.pass()
		if m := w.find("maya").Messages; len(o.events) != 0 || o.gets != 0 || w.history("sync") != "" || m[len(m)-1].State != outbox.Queued || !strings.Contains(m[len(m)-1].Error, "another Google calendar, ana@example.org") {
			t.Fatalf("%d events, sync %q, %+v", len(o.events), w.history("sync"), m[len(m)-1])
		}
		o.name, o.events, o.changed = "ana@example.org", there, changed
		w.again()
		o.want(t, invitation, "update maya@example.org 4 Mar 10:00")
	})
	t.Run("written while it is not known whose calendar it is", func(t *testing.T) {
		w, o := booked(t)
		w.sync()
		o.name = ""
		w.commit(w.reschedule(w.find("maya"), plan.SlotOf(start.Add(24*time.Hour)), w.now))
		w.pass()
		if in := w.find("maya").Booking.In; in != "ana@example.org" {
			t.Errorf("it is in %q", in)
		}
	})
	t.Run("nobody is signed in", func(t *testing.T) {
		w, o := booked(t)
		o.name = ""
		if got := w.Strays(w.board()); len(got) != 0 {
			t.Errorf("strays: %v", got)
		}
		o.before = &invites.DeliveryError{Channel: true, Err: invites.ErrLogin, Text: "sign in"}
		w.commit(w.reschedule(w.find("maya"), plan.SlotOf(start.Add(24*time.Hour)), w.now))
		w.pass()
		if m := w.find("maya").Messages; !m[len(m)-1].NeedsLogin() {
			t.Errorf("it waits for something else: %s", m[len(m)-1].Error)
		}
	})
	t.Run("Google is not in the config any more, and something has come in", func(t *testing.T) {
		w, _ := booked(t)
		w.sync()
		w.Calendar = ""
		w.online(nil)
		w.Hint()
		if r, err := w.Once(context.Background(), context.Background(), func(*roster.Roster) {}); err != nil || r.Apart != nil {
			t.Errorf("%+v, %v", r, err)
		}
	})
	t.Run("Google is not in the config any more", func(t *testing.T) {
		w, _ := booked(t)
		w.commit(w.reschedule(w.find("maya"), plan.SlotOf(start.Add(24*time.Hour)), w.now))
		w.Calendar = ""
		w.online(nil)
		w.pass()
		if next := roster.Next(w.find("maya"), w.now).Next; !strings.Contains(next, "write `via: google` under calendar in the config again, for the update") {
			t.Errorf("next: %s", next)
		}
		w.later(start.Add(48 * time.Hour).Sub(w.now))
		if next := roster.Next(w.find("maya"), w.now).Next; next != "look back on the talk: coalition debrief maya" {
			t.Errorf("when it is over, next: %s", next)
		}
	})
	t.Run("an event that may be there", func(t *testing.T) {
		w := newWorld(t)
		o := newOnline(w)
		o.after = &invites.DeliveryError{Unclear: true, Text: "the connection was cut"}
		w.plan("maya", maya("permitted: She said yes."))
		w.pass()
		there := o.events
		o.name, o.events = "bo@example.org", map[string]*invites.Event{}
		w.again()
		if next := roster.Next(w.find("maya"), w.now).Next; len(o.events) != 0 || !strings.Contains(next, "name the calendar of its event") {
			t.Fatalf("%d events; next: %s", len(o.events), next)
		}
		o.name, o.events = "ana@example.org", there
		w.sync() // which lets it go at once
		w.pass()
		o.want(t, invitation)
		if w.find("maya").Booking == nil {
			t.Error("the event is not known")
		}
	})
	t.Run("an invitation that was not tried", func(t *testing.T) {
		w := newWorld(t)
		o := newOnline(w)
		o.before = &invites.DeliveryError{Channel: true, Text: "there is no such calendar"}
		w.plan("maya", maya("permitted: She said yes."))
		w.pass()
		o.name = "team"
		w.again()
		o.want(t, invitation)
		if in := w.find("maya").Booking.In; in != "team" {
			t.Errorf("it is in %q", in)
		}
	})
	t.Run("within a reading", func(t *testing.T) {
		w, o := booked(t)
		w.sync()
		before := must(w.store.Cursor(context.Background(), o.cursor()))
		o.edit(accept)
		o.during = func() { o.name = "bo@example.org" }
		w.sync()
		o.name, o.during = "ana@example.org", nil
		if at := must(w.store.Cursor(context.Background(), o.cursor())); at != before || w.status("maya") != conversation.Invited {
			t.Fatalf("it is %s; the cursor went from %s to %s", w.status("maya"), before, at)
		}
		w.sync()
		if w.status("maya") != conversation.Confirmed {
			t.Errorf("the answer is lost: it is %s", w.status("maya"))
		}
	})
}

func TestBooked(t *testing.T) {
	w, o := booked(t)
	o.want(t, invitation)
	w.want("") // nothing goes by mail
	e, c := o.only(t), w.find("maya")
	if e.ID != c.EventID() || c.UID != e.UID || c.Channel != outbox.Channel("google") || !strings.Contains(e.Description, "research") && e.Description == "" || e.Location != "Riverside path" || e.Zone != "Europe/Lisbon" {
		t.Errorf("the event is %+v, the conversation says %s %s %s", e, c.Channel, c.UID, c.EventID())
	}
	w.sync()
	rev := w.find("maya").Rev
	at := must(w.store.Cursor(context.Background(), o.cursor()))
	w.sync()
	if again := must(w.store.Cursor(context.Background(), o.cursor())); w.find("maya").Rev != rev || at != again {
		t.Error("our own write was taken for somebody else's")
	}
	o.edit(accept)
	w.sync()
	if w.status("maya") != conversation.Confirmed || w.find("maya").PartStat != invites.Accepted {
		t.Errorf("after the guest has accepted: %s, %s", w.status("maya"), w.find("maya").PartStat)
	}
	w.pass()
	o.want(t, invitation)

	w.commit(w.reschedule(w.find("maya"), plan.SlotOf(start.Add(24*time.Hour)), w.now))
	w.pass()
	w.sync()
	if c := w.find("maya"); c.PartStat != invites.NeedsAction || c.Sequence != 1 || !o.only(t).Start.Equal(start.Add(24*time.Hour)) {
		t.Errorf("after a move: %s, SEQUENCE %d, at %s", c.PartStat, c.Sequence, o.only(t).Start)
	}
	if o.only(t).Guests[0].PartStat != invites.Accepted {
		t.Error("the guest's answer was wiped")
	}
	w.commit(w.callOff(w.find("maya"), "", w.now))
	w.pass()
	w.sync()
	w.pass()
	o.want(t, invitation, "update maya@example.org 5 Mar 10:00", "cancellation maya@example.org 5 Mar 10:00")
	w.want("")
}

// TestInGoogle is what people do to the event there, and what follows.
func TestInGoogle(t *testing.T) {
	later := start.Add(3 * time.Hour)
	move := func(e *invites.Event) { e.Start, e.End = later, later.Add(time.Hour) }
	cases := []struct {
		name  string
		do    func(w *world, o *online)
		check func(c *conversation.Conversation) string // what is wrong
		log   string
		told  []string // beside the invitation
	}{
		{"move", func(w *world, o *online) { o.edit(accept); w.sync(); o.edit(move) }, func(c *conversation.Conversation) string {
			if !c.Start(monday).Equal(later) || c.PartStat != invites.NeedsAction || c.Sequence != 1 || worklist.Difference(c, monday) == "" {
				return fmt.Sprint(c.Start(monday), c.PartStat, c.Sequence, worklist.Difference(c, monday))
			}
			return ""
		}, "moved in Google Calendar to Thu 4 Mar 2027 13:00 (Europe/Lisbon)", nil},
		{"move and accept at once", func(w *world, o *online) { o.edit(move); o.edit(accept) }, func(c *conversation.Conversation) string {
			if !c.Start(monday).Equal(later) || c.PartStat != invites.Accepted {
				return fmt.Sprint(c.Start(monday), c.PartStat)
			}
			return ""
		}, "moved in Google", nil},
		{"a longer talk", func(w *world, o *online) { o.edit(func(e *invites.Event) { e.End = e.Start.Add(2 * time.Hour) }) }, func(c *conversation.Conversation) string {
			if c.Length() != 2*time.Hour {
				return c.Length().String()
			}
			return ""
		}, "it takes 120 minutes now", nil},
		{"another place", func(w *world, o *online) { o.edit(func(e *invites.Event) { e.Location = "South gate" }) }, func(c *conversation.Conversation) string {
			return map[bool]string{false: fmt.Sprint(c.Place)}[c.Place != nil && *c.Place == "South gate"]
		}, "the place was changed in Google Calendar to: South gate", nil},
		{"another title", func(w *world, o *online) { o.edit(func(e *invites.Event) { e.Summary = "Walk" }) }, nil, "renamed in Google Calendar: Walk", nil},
		{"another description", func(w *world, o *online) { o.edit(func(e *invites.Event) { e.Description += "more" }) }, nil, "the description was changed", nil},
		{"deleted", func(w *world, o *online) { o.edit(func(e *invites.Event) { e.Deleted = true }) }, func(c *conversation.Conversation) string {
			if step := roster.Next(c, monday); step.Kind != "" || !strings.Contains(step.Next, "coalition cancel maya") || c.Status(monday) != conversation.Invited {
				return fmt.Sprint(step, c.Status(monday))
			}
			return ""
		}, "the event was deleted in Google Calendar", nil},
		{"deleted and back", func(w *world, o *online) {
			o.edit(func(e *invites.Event) { e.Deleted = true })
			w.sync()
			o.edit(func(e *invites.Event) { e.Deleted = false })
		}, func(c *conversation.Conversation) string {
			return map[bool]string{false: roster.Next(c, monday).Next}[roster.Next(c, monday).Next == "remind Maya Chen"]
		}, "the event is back in Google Calendar", nil},
		{"deleted, and nobody hears of it in a listing", func(w *world, o *online) {
			w.sync()
			o.edit(func(e *invites.Event) { e.Deleted = true })
			o.forget = true
		}, nil, "the event was deleted in Google Calendar", nil},
		{"tentative, with words", func(w *world, o *online) {
			o.edit(func(e *invites.Event) {
				e.Guests[0].PartStat, e.Guests[0].Comment = invites.Tentative, "If the train is in time."
			})
		}, func(c *conversation.Conversation) string {
			if c.PartStat != invites.Tentative || c.Remark == nil || !strings.Contains(c.Remark.Text, "train") {
				return fmt.Sprint(c.PartStat, c.Remark)
			}
			return ""
		}, "", nil},
		{"words without an answer", func(w *world, o *online) {
			o.edit(func(e *invites.Event) { e.Guests[0].Comment = "Is there parking?" })
		}, func(c *conversation.Conversation) string {
			return map[bool]string{false: fmt.Sprint(c.Remark)}[c.Remark != nil && c.Remark.Text == "wrote (in Google Calendar): Is there parking?"]
		}, "", nil},
		{"a no, and deleted", func(w *world, o *online) {
			w.take("maya", conversation.Answer{Value: conversation.No, How: "command"})
			o.edit(func(e *invites.Event) { e.Deleted = true })
		}, func(c *conversation.Conversation) string {
			return map[bool]string{false: roster.Next(c, monday).Next}[roster.Next(c, monday).Next == "let it rest: Maya Chen said no"]
		}, "the event was deleted in Google Calendar", nil},
		{"declined", func(w *world, o *online) {
			o.edit(func(e *invites.Event) { e.Guests[0].PartStat = invites.Declined })
		}, func(c *conversation.Conversation) string {
			return map[bool]string{false: roster.Next(c, monday).Next}[strings.HasPrefix(roster.Next(c, monday).Next, "move the talk, or cancel it")]
		}, "", nil},
		{"the guest leaves", func(w *world, o *online) { o.edit(func(e *invites.Event) { e.Guests = nil }) }, func(c *conversation.Conversation) string {
			return map[bool]string{false: string(c.PartStat)}[c.PartStat == invites.Declined]
		}, "Maya Chen is no longer a guest", nil},
		{"the guest is back", func(w *world, o *online) {
			guests := o.only(t).Guests
			o.edit(func(e *invites.Event) { e.Guests = nil })
			w.sync()
			o.edit(func(e *invites.Event) { e.Guests = guests })
		}, func(c *conversation.Conversation) string {
			return map[bool]string{false: string(c.PartStat) + " " + roster.Next(c, monday).Next}[c.PartStat == invites.NeedsAction && roster.Next(c, monday).Next == "remind Maya Chen"]
		}, "Maya Chen is a guest of the event in Google Calendar again", nil},
		{"the guest is back, and has answered", func(w *world, o *online) {
			o.edit(func(e *invites.Event) { e.Guests = nil })
			w.sync()
			o.edit(func(e *invites.Event) {
				e.Guests = []invites.Guest{{Email: "maya@example.org", PartStat: invites.Accepted}}
			})
		}, func(c *conversation.Conversation) string {
			return map[bool]string{false: string(c.PartStat)}[c.PartStat == invites.Accepted]
		}, "Maya Chen is a guest of the event in Google Calendar again", nil},
		{"the place, and back", func(w *world, o *online) {
			o.edit(func(e *invites.Event) { e.Location = "South gate" })
			w.sync()
			o.edit(func(e *invites.Event) { e.Location = "Riverside path" })
		}, func(c *conversation.Conversation) string {
			return map[bool]string{false: fmt.Sprint(c.Place)}[c.Place == nil && worklist.Difference(c, monday) == ""]
		}, "the place was changed in Google Calendar to: Riverside path", nil},
		{"over, moved and declined at once", func(w *world, o *online) {
			w.later(start.Sub(w.now) + 2*time.Hour)
			o.edit(func(e *invites.Event) {
				e.Start, e.End = e.Start.AddDate(0, 0, 7), e.End.AddDate(0, 0, 7)
				e.Guests[0].PartStat = invites.Declined
			})
		}, func(c *conversation.Conversation) string {
			return map[bool]string{false: string(c.PartStat)}[c.PartStat == invites.Declined]
		}, "moved in Google Calendar", nil},
		{"another guest", func(w *world, o *online) {
			o.edit(func(e *invites.Event) { e.Guests = append(e.Guests, invites.Guest{Email: "zoe@example.org"}) })
		}, nil, "zoe@example.org was invited in Google Calendar, too", nil},
		{"a series", func(w *world, o *online) { o.edit(func(e *invites.Event) { e.Repeats = true }) }, func(c *conversation.Conversation) string {
			return map[bool]string{false: roster.Next(c, monday).Next}[strings.Contains(roster.Next(c, monday).Next, "repeats")]
		}, "the event repeats in Google Calendar now", nil},
		{"all day", func(w *world, o *online) {
			o.edit(func(e *invites.Event) { e.Start, e.End = time.Time{}, time.Time{} })
		}, func(c *conversation.Conversation) string {
			return map[bool]string{false: c.Start(monday).String()}[c.Start(monday).Equal(start)]
		}, "no time of day any more", nil},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			w, o := booked(t)
			w.sync()
			tc.do(w, o)
			w.sync()
			c := w.find("maya")
			if tc.check != nil {
				if wrong := tc.check(c); wrong != "" {
					t.Errorf("it is %s", wrong)
				}
			}
			if log := w.history("sync"); !strings.Contains(log, tc.log) {
				t.Errorf("the log says %q; want %q", log, tc.log)
			}
			rev := c.Rev
			w.sync()
			w.pass()
			o.forget = true
			w.sync()
			if w.find("maya").Rev != rev {
				t.Error("it was taken in twice")
			}
			o.want(t, append([]string{invitation}, tc.told...)...)
			w.want("")
		})
	}
}

// TestDeletedInGoogle is what the organizer can say about a talk whose event they have deleted.
func TestDeletedInGoogle(t *testing.T) {
	gone := func(t *testing.T) (*world, *online) {
		w, o := booked(t)
		w.sync()
		o.edit(func(e *invites.Event) { e.Deleted = true })
		w.sync()
		w.later(29 * 24 * time.Hour) // past every reminder
		w.pass()
		w.want("")
		return w, o
	}
	t.Run("cancel tells the partner", func(t *testing.T) {
		w, o := gone(t)
		w.commit(w.callOff(w.find("maya"), "", w.now))
		w.pass()
		o.want(t, invitation, "cancellation maya@example.org 4 Mar 10:00")
	})
	t.Run("cancel, and they know", func(t *testing.T) {
		w, o := gone(t)
		w.take("maya", command.Withdraw{Told: true})
		w.pass()
		if o.want(t, invitation); w.status("maya") != conversation.Cancelled {
			t.Error(w.status("maya"))
		}
	})
	t.Run("invite brings it back", func(t *testing.T) {
		w, o := gone(t)
		w.commit(w.invite(w.find("maya"), plan.Slot{}, "", w.now))
		w.pass()
		w.sync()
		if o.want(t, invitation, "update maya@example.org 4 Mar 10:00"); o.only(t).Deleted || w.status("maya") != conversation.Invited {
			t.Error("it is not back")
		}
	})
	t.Run("invite brings it back at another time", func(t *testing.T) {
		w, o := gone(t)
		other := plan.SlotOf(start.Add(24 * time.Hour))
		if _, err := w.reschedule(w.find("maya"), other, w.now); !errors.Is(err, refusal.ErrUnfit) {
			t.Errorf("a mere move is taken: %v", err)
		}
		w.commit(w.invite(w.find("maya"), other, "", w.now))
		w.pass()
		o.want(t, invitation, "update maya@example.org 5 Mar 10:00")
	})
	t.Run("a change of the plan does not", func(t *testing.T) {
		w, o := gone(t)
		w.plan("maya", maya("permitted: She said yes.", "purpose: Something else."))
		w.pass()
		w.pass()
		o.want(t, invitation)
	})
	t.Run("told before it was deleted", func(t *testing.T) {
		w, _ := booked(t)
		if _, err := w.Take(w.find("maya"), command.Withdraw{Told: true}, w.now); !errors.Is(err, refusal.ErrUnfit) {
			t.Errorf("it is taken: %v", err)
		}
	})
}

// TestNewestWord is about a plan that is edited and an event that is moved, both before either side
// has heard of the other.
func TestNewestWord(t *testing.T) {
	plansTime, googles := start.Add(5*time.Hour), start.Add(3*time.Hour)
	edit := func(w *world) {
		w.plan("maya", maya("permitted: She said yes.", "when: {start: 2027-03-04 15:00}"))
	}
	for _, tc := range []struct {
		name      string
		planFirst bool // the plan was edited before the event was moved
		passFirst bool // and its change is decided before the calendar is read
		want      time.Time
		told      []string
		log       string
	}{
		{"the plan is newer, and read later", false, false, plansTime, []string{"update maya@example.org 4 Mar 15:00"}, "the plan's new time replaces the earlier Thu 4 Mar 2027 13:00"},
		{"the plan is newer, and read first", false, true, plansTime, []string{"update maya@example.org 4 Mar 15:00"}, "before Thu 4 Mar 2027 15:00 (Europe/Lisbon) was named, which stands"},
		{"the calendar is newer, and read first", true, false, googles, nil, "the plan's time is older than the change in Google Calendar"},
		{"the calendar is newer, and read later", true, true, googles, nil, "Thu 4 Mar 2027 15:00 (Europe/Lisbon), which was named before that, no longer holds"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w, o := booked(t)
			w.sync()
			clock := time.Now()
			o.now = func() time.Time {
				return clock.Add(map[bool]time.Duration{true: time.Hour, false: -time.Hour}[tc.planFirst])
			}
			o.edit(func(e *invites.Event) { e.Start, e.End = googles, googles.Add(time.Hour) })
			edit(w)
			if tc.passFirst {
				o.before = &invites.DeliveryError{Text: "not now", Wait: time.Hour}
				must(w.Pass(context.Background(), w.board()))
			}
			w.sync()
			o.before = nil
			w.pass()
			w.sync()
			w.pass()
			if c := w.find("maya"); !c.Start(w.now).Equal(tc.want) || !o.only(t).Start.Equal(tc.want) {
				t.Errorf("it is at %s, in Google at %s; want %s", c.Start(w.now), o.only(t).Start, tc.want)
			}
			o.want(t, append([]string{invitation}, tc.told...)...)
			if log := w.history("sync", "plan"); !strings.Contains(log, tc.log) {
				t.Errorf("the log says %q; want %q", log, tc.log)
			}
		})
	}
}

// TestTakenBack: an answer that is gone was reset by Google, which is no word of the guest's.
func TestTakenBack(t *testing.T) {
	for _, moved := range []bool{false, true} {
		w, o := booked(t)
		w.sync()
		o.edit(accept)
		w.sync()
		o.edit(func(e *invites.Event) {
			if e.Guests[0].PartStat = invites.NeedsAction; moved {
				e.Start, e.End = e.Start.AddDate(0, 0, 7), e.End.AddDate(0, 0, 7)
			}
		})
		w.sync()
		if got := w.history("answer"); !strings.HasSuffix(got, "accepted (in Google Calendar)") || w.find("maya").PartStat != invites.NeedsAction {
			t.Errorf("moved: %t: it is %s; the log: %q", moved, w.find("maya").PartStat, got)
		}
	}
}

// TestRemindsBlind: while the calendar can't be read, nobody knows whether the talk has been moved there. A
// reminder waits for that, but not until it is of no use.
func TestRemindsBlind(t *testing.T) {
	due := start.Add(-24 * time.Hour)
	blinded := func(t *testing.T) (*world, *meddler) {
		w, o := booked(t)
		w.sync()
		m := meddle(w, o)
		m.listed = func() error { return &invites.DeliveryError{Channel: true, Text: "no answer"} }
		w.later(due.Sub(w.now) + time.Minute)
		if err := w.Sync.ReadCalendar(context.Background()); err == nil {
			t.Fatal("it could be read")
		}
		w.pass()
		w.want("")
		if step := roster.Next(w.find("maya"), w.now); !step.Due.Equal(due.Add(12*time.Hour)) || !strings.Contains(step.Next, "once it is known how the event stands") {
			t.Fatalf("next: %+v", step)
		}
		return w, m
	}
	t.Run("it can be read again", func(t *testing.T) {
		w, m := blinded(t)
		m.listed = nil
		w.sync()
		w.pass()
		w.want("reminder-0")
	})
	t.Run("it was moved", func(t *testing.T) {
		w, m := blinded(t)
		m.listed = nil
		m.edit(func(e *invites.Event) { e.Start, e.End = e.Start.AddDate(0, 0, 7), e.End.AddDate(0, 0, 7) })
		w.sync()
		w.pass()
		w.want("")
	})
	t.Run("half of the time is over", func(t *testing.T) {
		w, _ := blinded(t)
		w.later(12 * time.Hour)
		w.pass()
		w.want("reminder-0")
	})
	t.Run("nobody has looked yet", func(t *testing.T) {
		w, o := booked(t)
		w.sync()
		w.store.Close()
		w.reopen(store.Open)
		w.Calendar = "google"
		w.online(o)
		w.later(due.Sub(w.now) + time.Minute)
		w.pass()
		w.want("")
		w.sync()
		w.pass()
		w.want("reminder-0")
	})
	t.Run("it is in another calendar", func(t *testing.T) {
		w, o := booked(t)
		w.sync()
		o.name = "bo@example.org"
		w.sync()
		w.later(due.Sub(w.now) + time.Minute)
		w.pass()
		w.want("")
		if got := w.Strays(w.board()); len(got) != 1 || got[0] != "ana@example.org" {
			t.Errorf("strays: %v", got)
		}
	})
}

// TestWhere is about the place, which the plan and the calendar can name. Only who names another one has a word.
func TestWhere(t *testing.T) {
	const walk, coffee = "setting: {kind: walk, place: %s}", "setting: {kind: coffee, place: %s}"
	for _, tc := range []struct {
		name    string
		setting string // of the plan, after the place was changed in the calendar to South gate
		before  string // and before that; "": as it was
		later   time.Duration
		want    string
		status  conversation.Status
		told    []string
		log     string
	}{
		{"the same in both", fmt.Sprintf(walk, "South gate"), "", 0, "South gate", conversation.Confirmed, nil, ""},
		{"another kind, the same words", fmt.Sprintf(coffee, "Riverside path"), "", 0, "South gate", conversation.Invited, []string{"update maya@example.org 4 Mar 10:00"}, ""},
		{"another one", fmt.Sprintf(walk, "West gate"), "", 0, "West gate", conversation.Invited, []string{"update maya@example.org 4 Mar 10:00"}, "the plan's new place replaces that of Google Calendar: South gate"},
		{"an older one", fmt.Sprintf(walk, "West gate"), fmt.Sprintf(walk, "West gate"), time.Hour, "South gate", conversation.Invited, nil, "to: South gate; that of the plan is older, and no longer holds"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w, o := booked(t)
			w.sync()
			if tc.before != "" {
				w.plan("maya", maya("permitted: She said yes.", tc.before))
			}
			clock := time.Now().Add(tc.later)
			o.now = func() time.Time { return clock.Add(-time.Minute) }
			o.edit(func(e *invites.Event) { e.Location = "South gate" })
			if tc.before == "" { // else the answer comes beside the place, and may be to the old one
				w.sync()
			}
			o.edit(accept)
			if tc.before == "" {
				w.sync()
				w.plan("maya", maya("permitted: She said yes.", tc.setting))
			}
			w.pass()
			w.sync()
			w.pass()
			if e := o.only(t); e.Location != tc.want || w.status("maya") != tc.status {
				t.Errorf("it is at %s, and %s", e.Location, w.status("maya"))
			}
			o.want(t, append([]string{invitation}, tc.told...)...)
			if log := w.history("sync", "plan"); !strings.Contains(log, tc.log) {
				t.Errorf("the log says %q; want %q", log, tc.log)
			}
		})
	}
}

// TestSamePlace: who names the same place in the plan and in the calendar is heard once.
func TestSamePlace(t *testing.T) {
	for _, planFirst := range []bool{true, false} {
		w, o := booked(t)
		w.sync()
		clock, file := time.Now().Add(10*time.Second), time.Now().Add(20*time.Second)
		if planFirst {
			clock, file = file, clock
		}
		o.now = func() time.Time { return clock }
		o.edit(func(e *invites.Event) { e.Location = "South gate" })
		w.plan("maya", maya("permitted: She said yes.", "setting: {kind: walk, place: South gate}"))
		if err := os.Chtimes(filepath.Join(w.Plans.Path, "maya.yaml"), file, file); err != nil {
			t.Fatal(err)
		}
		w.pass()
		w.again()
		w.sync()
		w.again()
		o.want(t, invitation)
		if c := w.find("maya"); worklist.Difference(c, w.now) != "" || roster.Next(c, w.now).Next != "remind Maya Chen" {
			t.Errorf("plan first: %t: %s; next: %s", planFirst, worklist.Difference(c, w.now), roster.Next(c, w.now).Next)
		}
	}
}

// TestReached is about what people write into the place of a talk by phone or video, and where it is read.
func TestReached(t *testing.T) {
	phone, video := "setting: {kind: phone, phone: +49 30 1234567}", "setting: {kind: video, url: \"https://meet.example.org/ana\"}"
	for _, tc := range []struct{ name, setting, to, want string }{
		{"a number", phone, "Phone: +49 30 99999", "By phone: I will call you on +49 30 99999"},
		{"words", phone, "call me at home", "By phone: I will call you on +49 30 1234567 (call me at home)"},
		{"a short number", phone, "Room 5", "By phone: I will call you on +49 30 1234567 (Room 5)"},
		{"a room", phone, "Room 0815", "By phone: I will call you on +49 30 1234567 (Room 0815)"},
		{"a postal code", phone, "Berlin 10115", "By phone: I will call you on +49 30 1234567 (Berlin 10115)"},
		{"a day", phone, "2027-03-04", "By phone: I will call you on +49 30 1234567 (2027-03-04)"},
		{"hours", phone, "Office 12 (10-12)", "By phone: I will call you on +49 30 1234567 (Office 12 (10-12))"},
		{"a number from here", phone, "Maya, 030 1234 999", "By phone: I will call you on 030 1234 999"},
		{"a number and words", phone, "+49 30 99999 or so", "By phone: I will call you on +49 30 1234567 (+49 30 99999 or so)"},
		{"a link", video, "https://other.example.org/x", "By video: https://other.example.org/x"},
		{"no link", video, "Room 5", "By video (Room 5), through the link in the invitation"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWorld(t)
			o := newOnline(w)
			w.plan("maya", maya("permitted: She said yes.", tc.setting))
			w.pass()
			o.edit(func(e *invites.Event) { e.Location = tc.to })
			w.sync()
			w.plan("maya", maya("permitted: She said yes.", tc.setting, "purpose: Another one."))
			w.pass()
			if got := o.only(t).Location; got != tc.to || !strings.Contains(o.only(t).Description, "Another one") {
				t.Errorf("the next change has made of it %q", got)
			}
			w.later(start.Sub(w.now) - 23*time.Hour)
			w.pass()
			if text := strings.NewReplacer("=\r\n", "", "\r\n", " ").Replace(string(w.arrived[len(w.arrived)-1].Data)); !strings.Contains(text, tc.want) {
				t.Errorf("the reminder says\n%s\nwant %s", text, tc.want)
			}
		})
	}
}

// TestTrouble is about writes that fail: there is one event, and one notice for each change.
func TestTroubleInGoogle(t *testing.T) {
	cut := &invites.DeliveryError{Unclear: true, Text: "the connection was cut"}
	busy := &invites.DeliveryError{Text: "503"}
	for _, tc := range []struct {
		name          string
		before, after error
	}{{"refused for now", busy, nil}, {"cut before the effect", cut, nil}, {"cut after the effect", nil, cut}} {
		t.Run(tc.name, func(t *testing.T) {
			trouble := func(w *world, o *online) {
				o.before, o.after = tc.before, tc.after
				w.pass()
				w.sync()
				o.edit(func(e *invites.Event) { // it reaches its guest all the same, who answers at once
					if tc.after != nil && len(o.told) > 1 {
						e.Guests[0].PartStat = invites.Tentative
					}
				})
				w.sync()
				w.again()
				w.sync()
				w.pass()
			}
			w := newWorld(t)
			o := newOnline(w)
			w.plan("maya", maya("permitted: She said yes."))
			trouble(w, o)
			o.want(t, invitation)
			o.edit(accept)
			w.sync()
			if w.status("maya") != conversation.Confirmed {
				t.Errorf("after the guest has accepted: %s", w.status("maya"))
			}
			w.commit(w.reschedule(w.find("maya"), plan.SlotOf(start.Add(24*time.Hour)), w.now))
			trouble(w, o)
			o.want(t, invitation, "update maya@example.org 5 Mar 10:00")
			w.commit(w.callOff(w.find("maya"), "", w.now))
			trouble(w, o)
			o.want(t, invitation, "update maya@example.org 5 Mar 10:00", "cancellation maya@example.org 5 Mar 10:00")
			for _, m := range w.find("maya").Messages {
				if m.State != outbox.Accepted || m.Flagged {
					t.Errorf("the %s is %s", m.Kind, m.State)
				}
			}
		})
	}
}

// TestLanes sees that mail goes on while Google wants a sign-in, and that what waits for it goes by
// mail where the organizer says so.
func TestLanes(t *testing.T) {
	w := newWorld(t)
	o := newOnline(w)
	o.before = &invites.DeliveryError{Channel: true, Text: "sign in again", Err: invites.ErrLogin}
	w.plan("maya", maya("permitted: She said yes."))
	w.plan("tom", strings.ReplaceAll(maya(), "maya@", "tom@"))
	w.pass()
	w.want("brief-0")
	c := w.find("maya")
	if m := c.Messages[0]; !m.NeedsLogin() || !strings.Contains(roster.Next(c, w.now).Next, "coalition auth google") || time.Until(m.Door().Until) < 9*time.Minute {
		t.Errorf("the invitation is %s %d, at %+v; next: %s", m.State, m.Code, m.Door(), roster.Next(c, w.now).Next)
	}
	if err := w.store.Hurry(context.Background(), outbox.Channel("google")); err != nil {
		t.Fatal(err)
	}
	w.Notify = true
	o.before = &invites.DeliveryError{Channel: true, Text: "no more guests", Err: invites.ErrGuests}
	w.pass()
	w.pass()
	w.Notify = false
	w.want("brief-0 notice-0")
	w.arrived = w.arrived[:1]
	c = w.find("maya")
	if !strings.Contains(roster.Next(c, w.now).Next, "coalition invite maya --mail") {
		t.Errorf("next: %s", roster.Next(c, w.now).Next)
	}
	if err := c.Apply(command.ByMail{}, w.now); err != nil {
		t.Fatal(err)
	}
	w.commit(w.invite(c, plan.Slot{}, "", w.now))
	w.pass()
	w.want("brief-0 invite-0")
	w.again()
	w.sync()
	w.pass()
	o.want(t)
	if c := w.find("maya"); c.Channel != outbox.Mail || c.EventID() != "" || len(o.events) != 0 {
		t.Errorf("it went by %s, event %q", c.Channel, c.EventID())
	}
}

// TestLifeInGoogle lives random lives of one talk in Google Calendar: the plan, commands, people in
// the calendar, and a network that cuts writes off before and after their effect. In the end there is one
// event, where the newest word has put it, and nobody was told of a change twice.
func TestLifeInGoogle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // all clocks are one, and every deed has a moment of its own
		rapid.Check(struct{ testing.TB }{t}, func(rt *rapid.T) { // which must not ask for a deadline here
			w := newWorld(&tb{T: t, fail: rt})
			w.now = monday
			o := newOnline(w)
			o.now = time.Now
			starts := []string{"2027-03-04 10:00", "2027-03-05 15:00", "2027-03-08 09:00"}
			slot := func() plan.Slot {
				d := must(plan.ParseDate(rapid.SampledFrom(starts).Draw(rt, "start")))
				return must(d.Slot(w.now, "Europe/Lisbon", ana.Hours, 0))
			}
			when, place, purpose := starts[0], "Riverside path", "Join forces."
			wantStart, wantPlace := start, place
			words := 0 // of the organizer, to the program
			write := func() {
				w.plan("maya", maya("permitted: She said yes.", "purpose: "+purpose, "when: {start: "+when+"}", "setting: {kind: walk, place: "+place+"}"))
				now := time.Now()
				if err := os.Chtimes(filepath.Join(w.Plans.Path, "maya.yaml"), now, now); err != nil {
					rt.Fatal(err)
				}
			}
			write()
			inGoogle := func(change func(e *invites.Event)) { // where there is something to change
				for _, e := range o.events {
					if e.Deleted || w.find("maya").Cancelled != nil {
						return
					}
					if b := w.find("maya").Booking; b == nil || b.Is.Etag != e.Etag { // of several changes Google tells only the time of the last one
						w.sync()
						w.again()
						w.sync()
					}
				}
				o.edit(change)
			}
			rt.Repeat(map[string]func(*rapid.T){
				"": func(*rapid.T) { time.Sleep(10 * time.Millisecond) },
				"edit": func(rt *rapid.T) {
					if w.find("maya").Cancelled != nil {
						return
					}
					if rapid.Bool().Draw(rt, "first look") {
						w.sync()
					}
					switch rapid.IntRange(0, 2).Draw(rt, "what") {
					case 0:
						if d := rapid.SampledFrom(starts).Draw(rt, "start"); d != when {
							when, words = d, words+1
							wantStart = must(must(plan.ParseDate(d)).Slot(w.now, "Europe/Lisbon", ana.Hours, 0)).Time()
						}
					case 1:
						if p := rapid.SampledFrom([]string{"Riverside path", "Corner café"}).Draw(rt, "place"); p != place {
							place, wantPlace, words = p, p, words+1
						}
					case 2:
						purpose, words = rapid.SampledFrom([]string{"Join forces.", "Something else."}).Draw(rt, "purpose"), words+1
					}
					write()
					must(w.Pass(context.Background(), w.board())) // it is read, and goes later
				},
				"move": func(rt *rapid.T) {
					to := slot()
					w.sync() // as commands do
					d, err := w.reschedule(w.find("maya"), to, w.now)
					if err != nil || d.Sent != nil {
						return
					}
					wantStart, words = to.Time(), words+1
					w.commit(d, nil)
				},
				"cancel": func(rt *rapid.T) {
					if rapid.IntRange(0, 9).Draw(rt, "really") == 0 {
						w.commit(w.callOff(w.find("maya"), "", w.now))
					}
				},
				"bring back": func(*rapid.T) {
					if d, err := w.invite(w.find("maya"), plan.Slot{}, "", w.now); err == nil {
						words++
						w.commit(d, nil)
					}
				},
				"move in Google": func(rt *rapid.T) {
					to := slot().Time().UTC()
					inGoogle(func(e *invites.Event) {
						if !e.Start.Equal(to) {
							e.Start, e.End, wantStart = to, to.Add(time.Hour), to
						}
					})
				},
				"place in Google": func(rt *rapid.T) {
					to := rapid.SampledFrom([]string{"South gate", "Riverside path"}).Draw(rt, "place")
					inGoogle(func(e *invites.Event) {
						if e.Location != to {
							e.Location, wantPlace = to, to
						}
					})
				},
				"answer": func(rt *rapid.T) {
					p := rapid.SampledFrom([]invites.PartStat{invites.Accepted, invites.Tentative, invites.Declined}).Draw(rt, "answer")
					inGoogle(func(e *invites.Event) { e.Guests[0].PartStat = p })
				},
				"delete": func(rt *rapid.T) {
					if rapid.IntRange(0, 3).Draw(rt, "really") == 0 {
						w.sync() // what was changed before can't be seen any more
						w.again()
						inGoogle(func(e *invites.Event) { e.Deleted = true })
					}
				},
				"network": func(rt *rapid.T) {
					o.before, o.after = nil, nil
					switch rapid.SampledFrom([]string{"fine", "fine", "refused", "cut before", "cut after"}).Draw(rt, "network") {
					case "refused":
						o.before = &invites.DeliveryError{Text: "503"}
					case "cut before":
						o.before = &invites.DeliveryError{Unclear: true, Text: "cut"}
					case "cut after":
						o.after = &invites.DeliveryError{Unclear: true, Text: "cut"}
					}
				},
				"pass":  func(*rapid.T) { w.pass() },
				"again": func(*rapid.T) { w.again() },
				"sync":  func(*rapid.T) { w.sync() },
				"lost":  func(*rapid.T) { o.forget = true },
			})
			o.before, o.after = nil, nil
			for range 4 {
				w.again()
				w.sync()
			}
			c := w.find("maya")
			if len(o.events) > 1 {
				rt.Fatalf("there are %d events", len(o.events))
			}
			for i, told := range o.told {
				if strings.HasPrefix(told, "invitation") != (i == 0) || strings.HasPrefix(told, "cancellation") && i != len(o.told)-1 {
					rt.Fatalf("guests were told: %q", o.told)
				}
			}
			if n := len(o.told); n > 2+words {
				rt.Fatalf("guests were told %d times of %d words: %q", n, words, o.told)
			}
			if len(w.arrived) > 0 {
				rt.Fatalf("mail has left: %s", w.kinds())
			}
			for _, m := range c.Messages {
				if m.State == outbox.Queued || m.State == outbox.Sending {
					rt.Fatalf("the %s is still %s: %s", m.Kind, m.State, m.Error)
				}
			}
			for _, e := range o.events {
				switch deleted := c.Booking != nil && c.Booking.Is.Deleted; {
				case c.Cancelled != nil && !e.Deleted:
					rt.Fatal("it is cancelled, and its event is still there")
				case c.Cancelled != nil:
				case deleted != e.Deleted:
					rt.Fatalf("it was deleted: %t, which is known: %t", e.Deleted, deleted)
				case e.Deleted:
				case !c.Start(w.now).Equal(wantStart) || !e.Start.Equal(wantStart):
					rt.Fatalf("the talk is at %s, its event at %s; the newest word is %s\n%s", c.Start(w.now), e.Start, wantStart, w.history("sync", "plan", "move"))
				case e.Location != wantPlace:
					rt.Fatalf("its event is at %q; the newest word is %q\n%s", e.Location, wantPlace, w.history("sync", "plan"))
				case c.Booking.Is.Guests[0].PartStat != e.Guests[0].PartStat:
					rt.Fatalf("the guest's answer is %s, which is not known", e.Guests[0].PartStat)
				}
			}
		})
	})
}
