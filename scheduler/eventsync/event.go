package eventsync

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"coalition/invites"
	"coalition/invites/plaintext"
	"coalition/scheduler/conversation"
	"coalition/scheduler/event"
	"coalition/scheduler/inbox"
	"coalition/scheduler/outbox"
	"coalition/scheduler/plan"
	"coalition/scheduler/roster"
	"coalition/scheduler/ways"
)

// takeEntry takes in how the event of a conversation stands; nil where there is nothing new in it. What
// somebody has done to it in the calendar has reached the partner from there, and is not sent again.
func (s *Sync) takeEntry(c *conversation.Conversation, e *invites.Event, tried *try, now time.Time) *conversation.Draft {
	if c.Booking == nil { // it was not written, as far as is known; to try again would find out
		switch {
		case !asks(c, now):
			return nil
		case tried == nil || e.Deleted:
			c.Behind = false
			d := c.Record(now)
			d.Heard = resolve(c, nil, now)
			return d
		}
		b := event.Booking{Wrote: tried.event, Is: tried.event, In: s.Calendar.Name(), Told: tried.message.Content}
		c.Booking = &b
	}
	t := &entryTaking{s: s, c: c, e: e, now: now, tried: tried, is: c.Booking.Is, b: *c.Booking}
	if !e.Updated.IsZero() && e.Updated.Before(t.is.Updated) {
		return nil // it was read before it was written
	}
	if !t.take() && e.Etag == t.is.Etag && !asks(c, now) {
		return nil
	}
	if e.Deleted && bare(e) {
		t.b.Is.Deleted, t.b.Is.Etag, t.b.Is.Updated = true, e.Etag, e.Updated
	} else {
		guests, hidden := t.b.Is.Guests, e.Omitted && c.Guest(e.Guests) == nil
		if t.b.Is = *e; hidden {
			t.b.Is.Guests = guests
		}
		if c.Sequence = max(c.Sequence, e.Sequence); e.Deleted && c.Guest(e.Guests) == nil {
			t.b.Is.Guests = guests
		}
	}
	c.Booking, c.Behind = &t.b, false
	d := c.Record(now, t.events...)
	roster.Hush(c, d)
	d.Heard = resolve(c, tried, now)
	return d
}

// An entryTaking is an event beside the conversation it belongs to.
type entryTaking struct {
	s   *Sync
	c   *conversation.Conversation
	e   *invites.Event
	now time.Time

	tried  *try
	is     invites.Event // how it was known
	b      event.Booking // how it is from now on
	events []conversation.HistoryEntry

	restarted bool // somebody has given it another start, which the calendar asks the guests about anew
	reshaped  bool // or only another length, another place, or made a series of it, which it does not
}

// ours reports whether a write of ours explains what the event shows: then nobody else has done it.
func (t *entryTaking) ours(same func(e *invites.Event) bool) bool {
	return t.tried != nil && same(&t.tried.event)
}

// title is what people call the calendar.
func (t *entryTaking) title() string { return t.c.Calendar().Title }

func (t *entryTaking) note(format string, args ...any) {
	t.events = append(t.events, t.c.Entry(t.now, "sync", fmt.Sprintf(format, args...)))
}

func (t *entryTaking) tell(what, text string, commands ...string) {
	n := inbox.News{What: what, At: t.now, From: string(t.c.Plan.With.Email), How: "calendar", Text: plaintext.Clip(text, plaintext.MaxLine), Do: commands}
	if what == inbox.NewsDeleted {
		n.From, n.How = "", "" // it was not the partner
	}
	t.c.Tell(n)
}

// take reports whether there is anything new in it.
func (t *entryTaking) take() bool {
	c, e := t.c, t.e
	over := c.Cancelled != nil || !t.now.Before(t.b.Told.End())
	switch {
	case e.Deleted && t.is.Deleted:
		if t.b.Restore && e.Etag != t.is.Etag { // it was back, and somebody has deleted it once more
			t.b.Restore = false
			t.note("the event was deleted in %s again", t.title())
		}
		return len(t.events) > 0
	case e.Deleted:
		if !bare(e) { // what was changed before, without a look in between
			t.takeTime()
			t.takePlace()
			if c.Guest(e.Guests) != nil && c.Guest(t.is.Guests) != nil {
				t.takeAnswer(c.Guest(e.Guests), c.Guest(t.is.Guests), over)
			}
		}
		t.b.Restore = false // what was wanted of it before, it is not there for
		t.note("the event was deleted in %s", t.title())
		if !over {
			t.tell(inbox.NewsDeleted, "", c.How(ways.Cancel), c.How(ways.CancelTold), c.How(ways.Invite))
		}
		return true
	case t.is.Deleted:
		t.note("the event is back in %s", t.title())
		t.b.Restore = false
	}
	if e.In != "" && e.In != t.b.In {
		if t.b.In != "" {
			t.note("the event is in another calendar of the account now, %s, and is followed there", e.In)
		}
		home := cmp.Or(t.s.Calendar.Name(), strings.ToLower(c.Organizer.Email))
		t.b.In, t.b.Away = e.In, t.b.In != "" && e.In != home
	}
	if t.tried != nil {
		t.b.Wrote.Summary, t.b.Wrote.Description = t.tried.event.Summary, t.tried.event.Description
		t.b.Told.Rest, t.b.Told.Form = t.tried.message.Content.Rest, t.tried.message.Content.Form
	}
	t.takeTime()
	t.takePlace()
	if e.Summary != t.is.Summary && !t.ours(func(w *invites.Event) bool { return w.Summary == e.Summary }) {
		t.note("renamed in %s: %s", t.title(), plaintext.Clip(plaintext.Line(e.Summary), 300))
	}
	if e.Description != t.is.Description && !t.ours(func(w *invites.Event) bool { return w.Description == e.Description }) {
		t.b.Described = true
		t.note("the description was changed in %s", t.title())
	}
	if e.Join != t.is.Join && e.Join != "" {
		t.note("the room for the video call is ready: %s", plaintext.Clip(plaintext.Line(e.Join), 300))
	}
	t.takeGuests(c.Cancelled != nil || !t.now.Before(t.b.Told.End())) // which may be another one by now
	return len(t.events) > 0
}

// bare reports whether no more is known of a deleted event than that it is gone.
func bare(e *invites.Event) bool { return e.UID == "" }

// changed takes in that somebody has changed what was agreed on: an answer to that is none to this.
func (t *entryTaking) changed(start bool) {
	if start {
		t.restarted = true
	} else {
		t.reshaped = true
	}
	t.c.Sequence++
	t.b.Answer, t.c.Counter = "", nil
}

// takeTime takes in that the event was moved, or has lost its time.
func (t *entryTaking) takeTime() {
	c, e := t.c, t.e
	if e.Repeats != t.is.Repeats {
		t.b.Wrote.Repeats, t.b.Restore = e.Repeats, false
		t.changed(false)
		if e.Repeats {
			t.note("the event repeats in %s now; here it is one talk, the first one", t.title())
		} else {
			t.note("the event no longer repeats in %s", t.title())
		}
	}
	if e.Start.Equal(t.is.Start) && e.End.Equal(t.is.End) {
		return
	}
	if e.Start.IsZero() {
		t.b.Wrote.Start, t.b.Wrote.End, t.b.Restore = e.Start, e.End, false
		t.changed(true)
		t.note("the event has no time of day any more in %s", t.title())
		return
	}
	to := plan.SlotOf(e.Start.In(c.Plan.When.Timezone.Location(c.Settings().Zone)))
	if !to.Time().Equal(e.Start) { // on that clock it exists twice
		to = plan.SlotOf(e.Start.UTC())
	}
	mine := c.Says(t.now, outbox.Invite)
	text, length := fmt.Sprintf("moved in %s to %s", t.title(), to), e.End.Sub(e.Start)
	if stands := (outbox.Content{Start: to, Unix: e.Start.Unix()}); stands.Shifts(&t.b.Told) && length == t.b.Told.Length {
		// Nobody has moved it: it is where it was agreed on, by the newer zone data that the calendar has as well.
		t.b.Told.Unix, t.b.Told.There, t.b.Wrote.Start, t.b.Wrote.End = stands.Unix, plan.SlotOf(e.Start.In(c.Zone())), e.Start, e.End
		t.note("%s goes by the new clocks of %s, too; %s stands", t.title(), to.Zone, to)
		return
	}
	switch {
	case t.is.Start.IsZero() && to == t.b.Told.Start && length == t.b.Told.Length:
		text = fmt.Sprintf("in %s it is at %s again", t.title(), to)
	case t.is.Start.IsZero():
	case to == t.b.Told.Start:
		text = fmt.Sprintf("in %s it takes %d minutes now", t.title(), int(length.Minutes()))
	case length != t.b.Told.Length:
		text += fmt.Sprintf(", for %d minutes", int(length.Minutes()))
	}
	starts := !e.Start.Equal(t.is.Start)
	pending := mine.Start != t.b.Told.Start || mine.Length != t.b.Told.Length // a time of ours that the partner does not know, as far as is known
	t.b.Told.Start, t.b.Told.Unix, t.b.Told.There, t.b.Told.Length = to, e.Start.Unix(), plan.SlotOf(e.Start.In(c.Zone())), e.End.Sub(e.Start)
	t.b.Wrote.Start, t.b.Wrote.End = e.Start, e.End
	if t.ours(func(w *invites.Event) bool { return w.Start.Equal(e.Start) && w.End.Equal(e.End) }) {
		t.b.Answer = ""
		return
	}
	t.b.Moved, t.b.Restore = e.Updated, t.b.Restore && e.Deleted
	t.changed(starts)
	switch {
	case c.Cancelled != nil:
	case c.Named.Start.After(e.Updated):
		t.note("%s before %s was named, which stands", text, mine.Start)
		return
	case pending:
		text += fmt.Sprintf("; %s, which was named before that, no longer holds", mine.Start)
	}
	c.Chosen = to
	if c.Lasts = t.b.Told.Length; c.Lasts == c.Plan.When.Length() {
		c.Lasts = 0
	}
	c.Moved()
	t.note("%s", text)
}

// takePlace takes in that the talk is held elsewhere.
func (t *entryTaking) takePlace() {
	c, e := t.c, t.e
	if e.Location == t.is.Location {
		return
	}
	pending := c.PlaceKey() != t.b.Told.Place
	t.b.Wrote.Location = e.Location
	if t.ours(func(w *invites.Event) bool { return w.Location == e.Location }) {
		t.b.Told.Place = t.tried.message.Content.Place
		t.b.Answer = ""
		return
	}
	t.changed(false)
	text := "the place was changed in " + t.title() + " to: " + cmp.Or(plaintext.Clip(plaintext.Line(e.Location), 300), "none")
	if own, err := t.s.Intake.Compose.PlanLocation(c); err == nil && own == e.Location {
		c.Place, t.b.Placed = nil, e.Updated
		t.b.Told.Place = c.PlaceKey()
		t.note("%s", text)
		return
	}
	if c.Named.Place.After(e.Updated) {
		t.b.Told.Place = plan.Fingerprint(e.Location)
		t.note("%s; the plan has named another since, which stands", text)
		return
	}
	if pending {
		text += "; that of the plan is older, and no longer holds"
	}
	place := event.PlaceIn(e)
	c.Place, t.b.Placed = &place, e.Updated
	t.b.Told.Place = c.PlaceKey()
	t.note("%s", text)
}

// takeGuests takes in what the partner has answered, and who else was invited.
func (t *entryTaking) takeGuests(over bool) {
	c := t.c
	now, was := c.Guest(t.e.Guests), c.Guest(t.is.Guests)
	for _, g := range t.e.Guests {
		if !c.Writes(invites.Address{Email: g.Email}) && !event.HasGuest(t.is.Guests, g.Email) {
			t.note("%s was invited in %s, too", g.Email, t.title())
		}
	}
	for _, g := range t.is.Guests {
		if !c.Writes(invites.Address{Email: g.Email}) && !event.HasGuest(t.e.Guests, g.Email) {
			t.note("%s is no longer invited in %s", g.Email, t.title())
		}
	}
	if now == nil && t.e.Omitted && was != nil { // who is not shown has not left
		t.b.Is.Guests = append(slices.Clone(t.e.Guests), *was)
		return
	}
	if now == nil {
		if was != nil {
			t.note("%s is no longer a guest of the event in %s", c.Plan.With.Name, t.title())
			if t.b.Wrote.Guests = nil; !over {
				t.tell(inbox.NewsLeft, "", c.How(ways.Move), c.How(ways.Cancel))
			}
		}
		return
	}
	if was == nil { // the calendar has invited them once more
		t.note("%s is a guest of the event in %s again", c.Plan.With.Name, t.title())
		t.b.Wrote.Guests = []invites.Guest{{Name: c.Plan.With.Name, Email: now.Email}}
		t.b.Answer, was = "", &invites.Guest{}
	}
	t.takeAnswer(now, was, over)
}

// takeAnswer takes in what the partner has answered, which is what they did to their own entry and nothing else.
// Calendars reset answers where the start changes: so one that stands beside a new start was given to that. Beside a
// new length or place alone it may be the old one, and so it counts for nothing; the list names it.
func (t *entryTaking) takeAnswer(now, was *invites.Guest, over bool) {
	c := t.c
	status, before := cmp.Or(now.PartStat, invites.NeedsAction), cmp.Or(was.PartStat, invites.NeedsAction)
	comment := now.Comment != was.Comment && now.Comment != ""
	answered := status != invites.NeedsAction && (status != before || t.restarted || comment)
	if status == invites.NeedsAction && status != before && t.b.Answer != "" { // a guest can't do that
		t.b.Answer = ""
		t.note("%s asks %s again", t.title(), c.Plan.With.Name)
	}
	if !answered && !comment {
		return
	}
	counts := answered && (t.restarted || !t.reshaped)
	said := "wrote (in " + t.title() + ")"
	if answered {
		said = strings.ToLower(string(status)) + " (in " + t.title() + ")"
	}
	says := c.Says(t.now, outbox.Invite)
	pending := says.Moves(&t.b.Told)
	switch {
	case over || !answered:
	case !counts:
		said += ", perhaps to the talk as it was before"
	case pending:
		said += ", to what is about to change"
	}
	if now.Comment != "" {
		said += ": " + plaintext.Clip(plaintext.Line(now.Comment), plaintext.MaxLine)
	}
	t.events = append(t.events, c.Entry(t.now, "answer", said))
	if over {
		return
	}
	c.Touched = t.now
	if counts {
		t.b.Answer = status
	}
	if counts = counts && !pending; counts {
		c.Counter = nil
		c.SettleWords(status)
	}
	switch {
	case counts && now.PartStat == invites.Declined:
		t.tell(inbox.NewsDeclined, now.Comment, c.How(ways.Move), c.How(ways.Cancel))
	case counts && now.PartStat == invites.Tentative:
		t.tell(inbox.NewsTentative, now.Comment, c.How(ways.Show))
	case comment:
		t.tell(inbox.NewsMail, now.Comment, c.How(ways.Show))
	}
	if comment && t.s.Intake.Understand(c.Language(), now.Comment).Stop {
		c.Stopped(now.Email, t.now)
		said += "; nothing goes to them by itself any more"
	}
	if comment {
		c.Hear(inbox.Remark{At: t.now, From: now.Email, Text: said, Settled: inbox.Others(status)})
	}
}
