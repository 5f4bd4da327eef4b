package delivery

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"coalition/invites"
	"coalition/invites/plaintext"
	"coalition/scheduler/event"
	"coalition/scheduler/guard"
	"coalition/scheduler/inbox"
	"coalition/scheduler/outbox"
	"coalition/scheduler/plan"
	"coalition/scheduler/ways"
)

// manyLooks is after how many attempts a message that may have arrived goes again although the folder of sent mail
// can't be read: a quarter of an hour.
const manyLooks = 10

const gaveUp = "given up after five days"

// send hands m over, whatever happens to this program meanwhile.
func (r *run) send(m *outbox.Message) {
	defer r.busy.Done()
	dotted := false
	if !guard.Run(r.Log, "a delivery", plan.Ref(m.ID, m.Round), func() { r.handOver(m, &dotted) }) {
		if m.State = m.Again(); dotted {
			m.State, m.Unclears = outbox.Unclear, m.Unclears+1
		}
		m.Error, m.NotBefore = "a fault of this program", time.Now().Add(Backoff(m.Attempts))
		r.settle(m)
	}
}

// handOver hands m over, and writes down what has become of it. dotted is set once it may have been accepted.
func (r *run) handOver(m *outbox.Message, dotted *bool) {
	if closed, _ := r.door(); !closed.IsZero() || r.ctx.Err() != nil {
		// It stays where it is.
		m.State, m.Untried = m.Again(), true
		r.settle(m)
		return
	}
	if m.Unclears > 0 && r.by == outbox.Mail && r.look(m) {
		r.settle(m)
		return
	}
	r.mu.Lock()
	r.tried = true
	r.mu.Unlock()
	before := m.Code
	dot := func() error {
		if r.by == outbox.Mail {
			// All has been taken but the end.
			r.works()
		}
		if err := r.Store.Dot(r.hard, m); err != nil {
			return err
		}
		*dotted = true
		r.Marks.mark(r.hard, m.Count)
		return nil
	}
	var err error
	if r.by == outbox.Mail {
		m.Via = r.Via
		err = r.Sender.Send(r.hard, &invites.Submission{From: r.Organizer.Email, To: m.To, Data: m.Data,
			Calendar: m.Calendar, MessageID: m.MessageID, ID: string(m.ID), Kind: string(m.Kind), Sequence: m.Sequence,
			Stamp: m.Stamp}, dot)
	} else {
		err = r.writeEvent(m, dot)
	}
	stale := r.judge(m, err, *dotted)
	if m.State == outbox.Accepted && r.by == outbox.Mail {
		// The next message need not wait until this is on the disk: its own dot is written after it.
		r.busy.Go(func() { r.settle(m) })
		return
	}
	if stale != nil {
		// Whether the change is still meant is seen when it is claimed again, beside that.
		if err := r.Stale(r.hard, m, stale); err != nil {
			r.Log.Error("what has changed in the calendar can't be taken in", "id", m.ID, "error", err)
		} else if m.Attempts < 5 {
			// Somebody may be at it just now.
			m.NotBefore = time.Time{}
		}
	}
	r.settle(m)
	r.tell(m, before)
}

// look looks for a mail that may have arrived in the folder of sent mail, and reports whether it is not to be sent now:
// it is there, or could not be looked for, which proves nothing.
func (r *run) look(m *outbox.Message) bool {
	switch found, err := r.Sent(r.hard, m); {
	case found:
		m.State, m.Via, m.Changed, m.Code, m.Error = outbox.Accepted, r.Via, r.Now().UTC(), 0, ""
		return true
	case err != nil && m.Attempts < manyLooks:
		m.State, m.NotBefore = m.Again(), time.Now().Add(Backoff(m.Attempts))
		return true
	}
	return false
}

// tell tells the organizer of a message that was refused, or waits until the calendar takes guests again; before was
// its Code when it was claimed.
func (r *run) tell(m *outbox.Message, before int) {
	how := func(w ways.Way) string { return r.How(w, plan.Ref(m.ID, m.Round)) }
	if m.Kind == outbox.Invite && m.Code == outbox.CodeGuests && before != outbox.CodeGuests {
		r.Tell(r.hard, m, inbox.News{What: inbox.NewsRefused,
			Do: []string{how(ways.InviteByMail)}})
	}
	if m.State == outbox.Failed && !m.ToOrganizer() {
		what := fmt.Sprintf("the %s to %s was refused%s", m.Kind.Noun(), m.To, m.Because())
		if strings.HasPrefix(m.Error, gaveUp) {
			what = fmt.Sprintf("the %s to %s did not go: %s", m.Kind.Noun(), m.To, m.Error)
		}
		r.Tell(r.hard, m, inbox.News{What: inbox.NewsFailed, Text: what,
			Do: []string{how(ways.Log), how(ways.Back(m))}})
	}
}

var errElsewhere = errors.New("the event is in another calendar")

// writeEvent writes m into the calendar.
func (r *run) writeEvent(m *outbox.Message, dot func() error) error {
	booking := r.booking(m)
	change, err := event.ChangeOf(m, booking)
	if err != nil {
		return err
	}
	m.Guests = change.Guests
	in := ""
	switch {
	case booking != nil:
		in = booking.In
	case m.Unclears > 0:
		// It may be there already.
		in = change.In
	}
	away := booking != nil && booking.Away
	if event.Stray(in, r.Calendar.Name()) && (!away || !r.Reaches(r.hard, in)) {
		return &invites.DeliveryError{Wait: time.Minute, Err: errElsewhere, Text: "the event is in another " +
			r.CalendarOf(r.by).Provider + " calendar, " + in +
			"; sign in with an account that may change it, and name it in the config as " + r.CalendarOf(r.by).Key}
	}
	if m.Entry, err = r.Calendar.Write(r.hard, change, dot); err == nil {
		m.In = cmp.Or(in, r.Calendar.Name(), m.Entry.In)
	}
	return err
}

// judge writes into m what has become of it. stale is how the calendar holds its event, where that is not how it was
// known.
func (r *run) judge(m *outbox.Message, err error, dotted bool) (stale *invites.Event) {
	m.Changed, m.NotBefore, m.Code, m.Error = r.Now().UTC(), time.Time{}, 0, ""
	var fault *invites.DeliveryError
	switch {
	case err == nil:
		m.State = outbox.Accepted
		r.accepted()
		r.Log.Info("sent", "id", m.ID, "kind", m.Kind, "to", m.To)
		return nil
	case errors.Is(err, outbox.ErrFenced):
		// Whoever fenced it has written its state already; this holds only after a pause.
		m.State = m.Again()
		return nil
	case errors.As(err, &fault):
	default:
		fault = &invites.DeliveryError{Unclear: dotted, Text: err.Error()}
	}
	m.Code, m.Error = codeOf(err, fault.Code, r.by == outbox.Mail), plaintext.Clip(plaintext.Line(fault.Text), 300)
	m.NotBefore = time.Now().Add(max(Backoff(m.Attempts), fault.Wait))
	// Of a fault that meets all alike, the door says when, and what it was.
	atDoor := fault.Channel && !fault.Begun && !fault.Unclear
	if atDoor {
		m.NotBefore, m.Untried = time.Time{}, m.Attempts > 1
	}
	if r.after(m, fault); m.State == outbox.Accepted {
		return nil
	}
	switch {
	case fault.Channel:
		if r.fails(fault); atDoor {
			return nil
		}
	case r.by == outbox.Mail && fault.Code/100 == 4 && r.deferred():
		r.fails(fault)
	case fault.Code != 0:
		// The server has spoken, and about this message only.
		r.works()
	}
	r.Log.Warn("a message was not accepted", "id", m.ID, "kind", m.Kind, "state", m.State.Shown(), "code", m.Code,
		"error", m.Error, "attempt", m.Attempts)
	return fault.Stale
}

// after gives m the state that follows from a fault.
func (r *run) after(m *outbox.Message, fault *invites.DeliveryError) {
	old := r.Now().Sub(m.Stamp) > outbox.GiveUp
	switch {
	case fault.Unclear && r.by != outbox.Mail && !old:
		// The calendar can be asked, however often.
		m.State, m.Unclears = outbox.Unclear, 1
	case fault.Unclear:
		m.State = outbox.Unclear
		m.Unclears++
	case fault.Final && !fault.Channel:
		// What is wrong with all of it can be mended.
		m.State = outbox.Failed
	case fault.Stale != nil && fault.Stale.Deleted && r.booking(m) == nil:
		// It was there, and somebody has deleted it since.
		m.State, m.Entry, m.Code, m.Error = outbox.Accepted, fault.Stale, 0, ""
	case fault.Stale != nil:
		// Which shows that it has not counted.
		m.State, m.Unclears = outbox.Queued, 0
	case old && (!fault.Channel || fault.Begun):
		m.State, m.Error = outbox.Failed, gaveUp+": "+m.Error
	default:
		m.State = m.Again()
	}
}

// codeOf returns the Code of a message, or of a door, after err with that reply of the server. A status means many
// things in a calendar, and counts only in mail.
func codeOf(err error, reply int, mail bool) int {
	switch {
	case errors.Is(err, invites.ErrLogin):
		// Until somebody has signed in, which lets it go at once.
		return outbox.CodeLogin
	case errors.Is(err, invites.ErrGuests):
		return outbox.CodeGuests
	case errors.Is(err, errElsewhere):
		return outbox.CodeStray
	case mail:
		return reply
	}
	return 0
}

// settle writes what has become of m. It tries until it is written: a message that was accepted and is not on record as
// such would go twice.
func (r *run) settle(m *outbox.Message) {
	for attempt := 1; ; attempt++ {
		err := r.Store.Settle(context.WithoutCancel(r.hard), m)
		if err == nil {
			r.mu.Lock()
			r.settled++
			r.mu.Unlock()
			if r.Progress != nil {
				r.Progress(int(r.progress.Add(1)), 0)
			}
			if r.by != outbox.Mail {
				r.Settled()
			}
			return
		}
		r.Log.Error("what became of a message can't be written down; trying again", "id", m.ID, "kind", m.Kind, "state",
			m.State.Shown(), "error", err)
		select {
		case <-time.After(Backoff(attempt)):
		case <-r.hard.Done():
			// The claim stays, and is found to be unclear by the next process.
			return
		}
	}
}
