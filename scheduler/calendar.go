package scheduler

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"coalition/invites"
	"coalition/scheduler/plan"
	"coalition/templates"
)

// A Booking is what is known of the talk's event in Google Calendar.
type Booking struct {
	// Wrote is what the next change is measured against: the event as we wrote it last, with the times
	// and the place that somebody has given it there since.
	Wrote invites.Entry `json:"wrote"`
	// Is is the event as Google held it when it was last heard of. Its guests are those whose answers
	// have been taken in.
	Is invites.Entry `json:"is"`

	Told    Content   `json:"told"`              // what the partner knows from it
	Moved   time.Time `json:"moved,omitzero"`    // when somebody moved it there, if that is how the partner learnt of its time
	Placed  time.Time `json:"placed,omitzero"`   // likewise of its place
	Restore bool      `json:"restore,omitempty"` // it was deleted there, and the organizer wants it back

	Described bool `json:"described,omitempty"` // somebody has changed the description there, which stands until that of the plan changes
}

// Named is when the organizer's own word was given, in the plan or by a command, about what may also
// change in the calendar: the newest word wins. It is real time, as the calendar's is.
type Named struct {
	Start time.Time `json:"start,omitzero"` // and length
	Place time.Time `json:"place,omitzero"`
}

// googleUID is what Google makes the UID of an event of, behind its id.
const googleUID = "@google.com"

// EventID is the id of the event in Google Calendar; "" where the talk is not held there.
func (c *Conversation) EventID() string {
	if c.Channel != Google {
		return ""
	}
	return strings.TrimSuffix(c.UID, googleUID)
}

// deleted reports whether the event was deleted in Google Calendar, by somebody else than us.
func (c *Conversation) deleted() bool {
	return c.Booking != nil && c.Booking.Is.Deleted && c.Cancelled == nil
}

// restore lets the next update bring an event back that was deleted.
func (c *Conversation) restore() {
	if c.deleted() {
		b := *c.Booking
		b.Restore = true
		c.Booking = &b
	}
}

// setting is where and how the two talk, in the words that stand.
func (c *Conversation) setting(t *plan.Terms) templates.Setting {
	s := templates.Setting{Kind: string(t.Setting.Kind), Place: t.Setting.Place, Phone: string(t.Setting.Phone), URL: string(t.Setting.URL)}
	if s.Kind == plan.Video && s.URL == "" && c.Booking != nil {
		s.URL = c.Booking.Is.Join
	}
	switch {
	case c.Place == nil:
	case s.Kind == plan.Phone:
		s.Phone, s.Place = *c.Place, ""
	case s.Kind == plan.Video && strings.HasPrefix(*c.Place, "https://"):
		s.URL, s.Place = *c.Place, ""
	case s.Kind == plan.Video:
		s.URL, s.Place = "", *c.Place
	default:
		s.Place = *c.Place
	}
	return s
}

// writeChange gives m what it writes into the calendar.
func (s *Scheduler) writeChange(c *Conversation, m *Message, view *templates.View) error {
	entry, err := view.Entry()
	if err != nil {
		return fmt.Errorf("the template of the calendar entry in %q: %w", view.Lang, err)
	}
	description, err := view.EntryHTML()
	if err != nil {
		return fmt.Errorf("the template of the event in %q: %w", view.Lang, err)
	}
	start := m.Content.Start.Time()
	ch := invites.Change{Key: random(8), Entry: invites.Entry{
		ID: c.EventID(), Start: start.UTC(), End: m.Content.End().UTC(), Zone: m.Content.Start.Zone,
		Summary: entry.Summary, Description: description, Location: entry.Location,
		Meet:   c.Plan.Setting.Kind == plan.Video && c.Plan.Setting.URL == "",
		Guests: []invites.Guest{{Name: c.Plan.With.Name, Email: string(c.Plan.With.Email)}},
		Alarms: s.Reminders, Ref: fmt.Sprintf("%s/%d", c.ID, c.Round),
	}}
	if c.staysAway(m.Content.Start) {
		ch.Guests = nil
	}
	if b := c.Booking; m.Kind == Update && b != nil && b.Described && ch.Description != b.Wrote.Description {
		c.news = append(c.news, c.event(m.Changed, "sync", "the description that was changed in Google Calendar gives way to that of the plan"))
	}
	switch {
	case m.Kind == Cancel:
		ch.Cancel, ch.Reason = true, c.Cancelled.Reason
		ch.Restore = c.Booking != nil && c.Booking.Is.Deleted
	case c.Booking != nil:
		ch.Restore = c.Booking.Restore
	}
	m.Data, err = json.Marshal(ch)
	return err
}

// change is what m does to the event in the calendar, beside what is known of that.
func (m *Message) change() (*invites.Change, error) {
	ch := new(invites.Change)
	if err := json.Unmarshal(m.Data, ch); err != nil {
		return nil, &invites.DeliveryError{Final: true, Text: "what is to be written into the calendar can't be read", Err: err}
	}
	if b := m.booking; b != nil {
		ch.Was, ch.Is = &b.Wrote, &b.Is
	}
	return ch, nil
}

// Written takes in that m has been written into the calendar, which holds the event as m.Entry then.
func (c *Conversation) Written(m *Message) {
	ch, err := m.change()
	if err != nil {
		return // it was read before it was written
	}
	b := Booking{Wrote: ch.Entry, Is: *m.Entry, Told: m.Content}
	b.Is.Guests = ch.Guests
	if c.Booking != nil {
		b.Is.Guests = c.Booking.Is.Guests // what they have answered meanwhile is still to be taken in
	}
	switch old := c.Booking; {
	case m.Kind == Cancel:
		b.Is.Deleted = true
		if old != nil {
			b.Wrote, b.Told = old.Wrote, old.Told
		}
	case m.Entry.Deleted: // by somebody, since: that is still to be heard of
		b.Is.Deleted, b.Is.Etag, c.Behind = false, "", true
	case old != nil:
		if b.Told.Start == old.Told.Start && b.Told.Length == old.Told.Length {
			b.Moved = old.Moved
		}
		if b.Told.Place == old.Told.Place {
			b.Placed = old.Placed
		}
		b.Described = old.Described && b.Wrote.Description == old.Wrote.Description
	}
	c.Booking = &b
	c.Sequence = max(c.Sequence, m.Entry.Sequence)
	// Of what it has taken over, the calendar's clock is the one that counts from here on.
	if at := m.Entry.Updated; c.Named.Start.After(at) && c.Dates != nil && c.start(at) == m.Content.Start {
		c.Named.Start = at
	}
	if at := m.Entry.Updated; c.Named.Place.After(at) && c.place() == m.Content.Place {
		c.Named.Place = at
	}
}

// ReadCalendar takes in what has happened in the calendar since it was read last. Each change counts
// once, however often it is read: the cursor is written when all are taken in. Nothing is sent by it.
func (s *Scheduler) ReadCalendar(ctx context.Context) error {
	name := s.Online.Name()
	at, err := s.Store.Cursor(ctx, name)
	if err != nil {
		return err
	}
	since, err := s.since(ctx)
	if err != nil {
		return err
	}
	if since.IsZero() {
		since = time.Now()
	}
	r := reading{s: s}
	complete := false
	next, err := s.Online.Changes(ctx, at, since.Add(-late), func(page []*invites.Entry, full bool) error {
		if full && !complete {
			complete, r.seen = true, make(map[string]bool)
		}
		for _, e := range page {
			if complete {
				r.seen[e.ID] = true
			}
			if err := r.take(ctx, e); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		err = r.ask(ctx)
	}
	if err != nil || next == at {
		return err
	}
	return s.Store.SetCursor(ctx, Cursor{name, next})
}

// takeStale takes in how an event stands in the calendar, which is why m was not written there.
func (s *Scheduler) takeStale(ctx context.Context, m *Message, e *invites.Entry) error {
	r := reading{s: s, without: m.Row}
	return r.take(ctx, e)
}

// A reading is one pass over the calendar.
type reading struct {
	s       *Scheduler
	b       *Board          // nil: to be read again
	seen    map[string]bool // the events of a full pass
	without int64           // the row of a message that is known not to have been written; 0: there is none
}

func (r *reading) board(ctx context.Context) (err error) {
	if r.b == nil {
		r.b, err = r.s.recall(ctx)
	}
	return err
}

// take takes in how an event stands now.
func (r *reading) take(ctx context.Context, e *invites.Entry) error {
	r.s.intake.Lock()
	defer r.s.intake.Unlock()
	for try := 1; ; try++ {
		if err := r.board(ctx); err != nil {
			return err
		}
		i := slices.IndexFunc(r.b.Conversations, func(c *Conversation) bool { return c.EventID() == e.ID })
		if i < 0 {
			return nil
		}
		c := r.b.Conversations[i]
		for _, m := range c.Messages {
			if m.Row == r.without {
				m.State, m.Unclears = Queued, 0
			}
		}
		if c.writing(r.b.Now) {
			r.s.behind.Store(true)
			if c.Behind {
				return nil
			}
			c.Behind = true
			err := r.s.Store.Commit(ctx, r.s.plain(c, r.b.Now))
			if r.b = nil; errors.Is(err, ErrConflict) && try < 5 {
				continue
			}
			return err
		}
		tried, err := r.s.tried(ctx, c, e.Last)
		if err != nil {
			return err
		}
		d := r.s.takeEntry(c, e, tried, r.b.Now)
		if d == nil {
			return nil
		}
		err = r.s.Store.Commit(ctx, d)
		switch {
		case errors.Is(err, ErrConflict) && try < 5:
			r.b = nil
			continue
		case err != nil:
			return err
		}
		r.s.Log.Info("taken in from the calendar", "id", c.Ref())
		wake(r.s.pokes())
		return nil
	}
}

// writing reports whether a write of ours is on its way, so that nobody can tell yet what of the event
// is somebody else's doing.
func (c *Conversation) writing(now time.Time) bool {
	return slices.ContainsFunc(c.Messages, func(m *Message) bool {
		return m.Channel() == Google && (m.State == Sending || (m.State == Unclear || m.State == Queued && m.Unclears > 0) && !c.givenUp(m, now))
	})
}

// givenUp reports whether nobody knows if a write has counted, and it is not tried again.
func (c *Conversation) givenUp(m *Message, now time.Time) bool {
	if m.Channel() != Google || m.State != Unclear {
		return false
	}
	_, wanted := c.Wanted(m, now)
	return m.Stuck() || !wanted
}

// asks reports whether the calendar is to be asked how the event stands, beside what it tells by itself.
func (c *Conversation) asks(now time.Time) bool {
	return c.Behind || slices.ContainsFunc(c.Messages, func(m *Message) bool { return c.givenUp(m, now) })
}

// A try is a write of ours of which no answer came, and which the event shows to have counted.
type try struct {
	message *Message
	entry   invites.Entry
}

// tried is the one with that key; nil: there is none.
func (s *Scheduler) tried(ctx context.Context, c *Conversation, key string) (*try, error) {
	for _, m := range c.Messages {
		if m.Channel() != Google || m.State != Unclear || m.Kind == Cancel {
			continue
		}
		full, err := s.Store.Message(ctx, m.Row)
		if err != nil {
			return nil, err
		}
		if ch, err := full.change(); err == nil && ch.Key == key {
			return &try{m, ch.Entry}, nil
		}
	}
	return nil, nil
}

// ask asks for each event of ours that a full pass did not show, since a listing that lacks it is no
// proof; and for those that could not be taken in while a write of ours was on its way.
func (r *reading) ask(ctx context.Context) error {
	if err := r.board(ctx); err != nil {
		return err
	}
	for _, c := range r.b.Conversations {
		b := c.Booking
		missing := r.seen != nil && b != nil && !b.Is.Deleted && !r.seen[c.EventID()] && r.b.Now.Before(b.Told.End())
		if c.EventID() == "" || !missing && (!c.asks(r.b.Now) || c.writing(r.b.Now)) {
			continue
		}
		e, err := r.s.Online.Entry(ctx, c.EventID())
		if err != nil {
			return err
		}
		if err := r.take(ctx, e); err != nil {
			return err
		}
		if err := r.board(ctx); err != nil {
			return err
		}
	}
	return nil
}

// takeEntry takes in how the event of a conversation stands; nil where there is nothing new in it. What
// somebody has done to it in the calendar has reached the partner from there, and is not sent again.
func (s *Scheduler) takeEntry(c *Conversation, e *invites.Entry, tried *try, now time.Time) *Draft {
	if c.Booking == nil { // it was not written, as far as is known; to try again would find out
		switch {
		case !c.asks(now):
			return nil
		case tried == nil || e.Deleted:
			c.Behind = false
			d := s.plain(c, now)
			d.Heard = c.resolve(nil, now)
			return d
		}
		b := Booking{Wrote: tried.entry, Is: tried.entry, Told: tried.message.Content}
		c.Booking = &b
	}
	t := &entryTaking{s: s, c: c, e: e, now: now, tried: tried, is: c.Booking.Is, b: *c.Booking}
	if !e.Updated.IsZero() && e.Updated.Before(t.is.Updated) {
		return nil // it was read before it was written
	}
	if !t.take() && e.Etag == t.is.Etag && !c.asks(now) {
		return nil
	}
	// What a deleted event says besides is of no use: often it is only its id.
	if e.Deleted {
		t.b.Is.Deleted, t.b.Is.Etag, t.b.Is.Updated = true, e.Etag, e.Updated
	} else {
		t.b.Is = *e
		c.Sequence = max(c.Sequence, e.Sequence)
	}
	c.Booking, c.Behind = &t.b, false
	d := s.plain(c, now, t.events...)
	d.Heard = c.resolve(tried, now)
	return d
}

// resolve ends what nobody knew the fate of, beside what the event shows: counted did take effect. What has
// not shown by now never will, since it was meant for the event as it was.
func (c *Conversation) resolve(counted *try, now time.Time) (heard []*Message) {
	for _, m := range c.Messages {
		if c.givenUp(m, now) {
			if m.State, m.Error, m.Changed = Superseded, "", now; counted != nil && counted.message == m {
				m.State = Accepted
			}
			heard = append(heard, m)
		}
	}
	return heard
}

// An entryTaking is an event beside the conversation it belongs to.
type entryTaking struct {
	s   *Scheduler
	c   *Conversation
	e   *invites.Entry
	now time.Time

	tried  *try
	is     invites.Entry // how it was known
	b      Booking       // how it is from now on
	events []Event
}

// ours reports whether a write of ours explains what the event shows: then nobody else has done it.
func (t *entryTaking) ours(same func(e *invites.Entry) bool) bool {
	return t.tried != nil && same(&t.tried.entry)
}

func (t *entryTaking) note(format string, args ...any) {
	t.events = append(t.events, t.c.event(t.now, "sync", fmt.Sprintf(format, args...)))
}

func (t *entryTaking) tell(what, text string, commands ...string) {
	n := News{What: what, At: t.now, From: string(t.c.Plan.With.Email), How: "calendar", Text: clip(text, maxLine), Do: commands}
	if what == templates.NewsDeleted {
		n.From, n.How = "", "" // it was not the partner
	}
	t.c.tell(n)
}

// take reports whether there is anything new in it.
func (t *entryTaking) take() bool {
	c, e := t.c, t.e
	over := c.Cancelled != nil || !t.now.Before(t.b.Told.End())
	switch {
	case e.Deleted && t.is.Deleted:
		if t.b.Restore && e.Etag != t.is.Etag { // it was back, and somebody has deleted it once more
			t.b.Restore = false
			t.note("the event was deleted in Google Calendar again")
		}
		return len(t.events) > 0
	case e.Deleted:
		t.note("the event was deleted in Google Calendar")
		if !over {
			t.tell(templates.NewsDeleted, "", "coalition cancel "+c.Ref(), "coalition cancel "+c.Ref()+" --told", "coalition invite "+c.Ref())
		}
		return true
	case t.is.Deleted:
		t.note("the event is back in Google Calendar")
		t.b.Restore = false
	}
	t.takeTime()
	t.takePlace()
	if e.Summary != t.is.Summary && !t.ours(func(w *invites.Entry) bool { return w.Summary == e.Summary }) {
		t.note("renamed in Google Calendar: %s", clip(flat(e.Summary), 300))
	}
	if e.Description != t.is.Description && !t.ours(func(w *invites.Entry) bool { return w.Description == e.Description }) {
		t.b.Described = true
		t.note("the description was changed in Google Calendar")
	}
	if e.Join != t.is.Join && e.Join != "" {
		t.note("the room for the video call is ready: %s", clip(flat(e.Join), 300))
	}
	t.takeGuests(over)
	return len(t.events) > 0
}

// takeTime takes in that the event was moved.
func (t *entryTaking) takeTime() {
	c, e := t.c, t.e
	if e.Start.Equal(t.is.Start) && e.End.Equal(t.is.End) {
		return
	}
	if e.Start.IsZero() {
		t.note("the event has no time of day any more in Google Calendar; here it stays as it was")
		c.hear(Word{At: t.now, From: t.s.Organizer.Email, Text: "the event has no time of day any more in Google Calendar"})
		return
	}
	to := plan.SlotOf(e.Start.In(c.Plan.When.Timezone.Location(c.settings.Zone)))
	if !to.Time().Equal(e.Start) { // on that clock it exists twice
		to = plan.SlotOf(e.Start.UTC())
	}
	mine := c.Says(t.now, Invite)
	text, length := fmt.Sprintf("moved in Google Calendar to %s", to), e.End.Sub(e.Start)
	switch {
	case to == t.b.Told.Start:
		text = fmt.Sprintf("in Google Calendar it takes %d minutes now", int(length.Minutes()))
	case length != t.b.Told.Length:
		text += fmt.Sprintf(", for %d minutes", int(length.Minutes()))
	}
	pending := mine.Start != t.b.Told.Start || mine.Length != t.b.Told.Length // a time of ours that the partner does not know, as far as is known
	t.b.Told.Start, t.b.Told.Length = to, e.End.Sub(e.Start)
	t.b.Wrote.Start, t.b.Wrote.End = e.Start, e.End
	if t.ours(func(w *invites.Entry) bool { return w.Start.Equal(e.Start) && w.End.Equal(e.End) }) {
		return
	}
	t.b.Moved = e.Updated
	c.Sequence++
	c.PartStat, c.Counter = invites.NeedsAction, nil
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
	c.moved()
	t.note("%s", text)
}

// takePlace takes in that the talk is held elsewhere.
func (t *entryTaking) takePlace() {
	c, e := t.c, t.e
	if e.Location == t.is.Location {
		return
	}
	pending := c.place() != t.b.Told.Place
	t.b.Wrote.Location = e.Location
	if t.ours(func(w *invites.Entry) bool { return w.Location == e.Location }) {
		t.b.Told.Place = t.tried.message.Content.Place
		return
	}
	c.Sequence++
	text := "the place was changed in Google Calendar to: " + cmp.Or(clip(flat(e.Location), 300), "none")
	if c.Named.Place.After(e.Updated) {
		t.b.Told.Place = fingerprint(e.Location)
		t.note("%s; the plan has named another since, which stands", text)
		return
	}
	if pending {
		text += "; that of the plan is older, and no longer holds"
	}
	place := clip(flat(e.Location), maxLine)
	c.Place, t.b.Placed = &place, e.Updated
	t.b.Told.Place = c.place()
	t.note("%s", text)
}

// takeGuests takes in what the partner has answered, and who else was invited.
func (t *entryTaking) takeGuests(over bool) {
	c := t.c
	now, was := c.guest(t.e.Guests), c.guest(t.is.Guests)
	for _, g := range t.e.Guests {
		if !c.writes(invites.Address{Email: g.Email}) && !invited(t.is.Guests, g.Email) {
			t.note("%s was invited in Google Calendar, too", g.Email)
		}
	}
	for _, g := range t.is.Guests {
		if !c.writes(invites.Address{Email: g.Email}) && !invited(t.e.Guests, g.Email) {
			t.note("%s is no longer invited in Google Calendar", g.Email)
		}
	}
	if now == nil {
		if was != nil {
			t.note("%s is no longer a guest of the event in Google Calendar", c.Plan.With.Name)
			if t.b.Wrote.Guests = nil; !over {
				c.PartStat = invites.Declined
				t.tell(templates.NewsLeft, "", "coalition move "+c.Ref()+" --start TIME", "coalition cancel "+c.Ref())
			}
		}
		return
	}
	var before invites.Guest
	if was != nil {
		before = *was
	}
	status := cmp.Or(now.PartStat, invites.NeedsAction)
	comment := now.Comment != before.Comment && now.Comment != ""
	changed := status != cmp.Or(before.PartStat, invites.NeedsAction)
	// Who gives the same answer again, to another time, changes nothing but the version.
	again := len(t.events) == 0 && t.e.Updated.After(t.is.Updated) && c.PartStat == invites.NeedsAction && status != invites.NeedsAction
	if !changed && !comment && !again {
		return
	}
	said := strings.ToLower(string(status)) + " (in Google Calendar)"
	says := c.Says(t.now, Invite)
	if changed = changed || again || comment && c.PartStat == invites.NeedsAction; changed && !over && says.moves(&t.b.Told) {
		said += ", to what is about to change"
	}
	if now.Comment != "" {
		said += ": " + clip(flat(now.Comment), maxLine)
	}
	t.events = append(t.events, c.event(t.now, "answer", said))
	if over {
		return
	}
	c.Touched = t.now
	if changed = changed && !says.moves(&t.b.Told); changed {
		c.PartStat, c.Counter = status, nil
	}
	switch {
	case changed && now.PartStat == invites.Declined:
		t.tell(templates.NewsDeclined, now.Comment, "coalition move "+c.Ref()+" --start TIME", "coalition cancel "+c.Ref())
	case changed && now.PartStat == invites.Tentative:
		t.tell(templates.NewsTentative, now.Comment, "coalition show "+c.Ref())
	case comment:
		t.tell(templates.NewsMail, now.Comment, "coalition show "+c.Ref())
	}
	if comment {
		c.hear(Word{At: t.now, From: now.Email, Text: said})
	}
}

// staysAway reports whether the partner has left the event and is not invited to it again: that is for another
// time, and not for less.
func (c *Conversation) staysAway(start plan.Slot) bool {
	b := c.Booking
	return b != nil && c.guest(b.Is.Guests) == nil && start == b.Told.Start
}

func invited(guests []invites.Guest, email string) bool {
	return slices.ContainsFunc(guests, func(g invites.Guest) bool { return strings.EqualFold(g.Email, email) })
}

// guest is the partner among the guests of an event; nil where they are none.
func (c *Conversation) guest(guests []invites.Guest) *invites.Guest {
	for i := range guests {
		if c.writes(invites.Address{Email: guests[i].Email}) {
			return &guests[i]
		}
	}
	return nil
}

// hints gets a value when something may have changed in the calendar.
func (s *Scheduler) hints() chan struct{} {
	s.pokes()
	return s.hint
}

// Hint says that something may have changed in the calendar.
func (s *Scheduler) Hint() { wake(s.hints()) }

// keepInStep reads the calendar again and again, until ctx ends. It closes first when it has been read
// once, or can't be.
func (s *Scheduler) keepInStep(ctx context.Context, first chan struct{}) {
	told := ""
	for attempt := 1; ctx.Err() == nil; attempt++ {
		err := s.ReadCalendar(ctx)
		if first != nil {
			close(first)
			first = nil
		}
		if ctx.Err() != nil {
			return
		}
		wait := time.Duration(float64(s.Poll) * (0.9 + 0.2*rand.Float64())) // those that start together must not ask together
		if err == nil {
			if told != "" {
				s.Log.Info("the calendar can be read again")
			}
			attempt, told = 0, ""
		} else {
			wait = min(Backoff(attempt, rand.Float64()), max(wait, reconnect))
			var fault *invites.DeliveryError
			if errors.As(err, &fault) {
				wait = max(wait, fault.Wait)
			}
			if errors.Is(err, invites.ErrLogin) {
				wait = s.Poll
			}
			if text := strings.Map(noDigit, err.Error()); text != told && (attempt > 1 || errors.Is(err, invites.ErrLogin)) {
				s.Log.Warn("the calendar can't be read; trying again", "error", err)
				told = text
			}
		}
		hints := s.hints()
		if err != nil {
			hints = nil // they don't end what Google has asked for
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-timer.C:
		case <-hints:
		}
		timer.Stop()
	}
}

// ReadCalendarPatiently is [Scheduler.ReadCalendar], and again where it can't be read at the moment, until
// [Patience] is over.
func (s *Scheduler) ReadCalendarPatiently(ctx context.Context) error {
	end := time.Now().Add(Patience)
	for attempt := 1; ; attempt++ {
		err := s.ReadCalendar(ctx)
		var fault *invites.DeliveryError
		if err == nil || errors.Is(err, invites.ErrLogin) || !errors.As(err, &fault) || fault.Final {
			return err
		}
		wait := max(Backoff(attempt, rand.Float64()), fault.Wait)
		if time.Now().Add(wait).After(end) {
			return err
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return err
		case <-timer.C:
		}
	}
}
