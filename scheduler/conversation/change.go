package conversation

import (
	"errors"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"coalition/invites/plaintext"
	"coalition/scheduler/outbox"
	"coalition/scheduler/plan"
)

// The reasons for which a change or a message is refused, for [errors.Is].
var (
	ErrNotReady = errors.New("the organizer has not checked in")
	ErrNoYes    = errors.New("no yes is on record")
	ErrUnfit    = errors.New("this does not fit the conversation as it stands")
	ErrBusy     = errors.New("a change is being written into the calendar at this moment") // a moment later it may fit
)

// A Refusal says in words for people why something was not done, and what to do instead. It wraps
// [ErrNotReady], [ErrNoYes], [ErrUnfit] or [ErrBusy].
type Refusal struct {
	Reason error
	Text   string // one sentence without its full stop
	Mend   string // what to do, likewise; may be empty
}

// Refuse is the refusal for that reason, in those words.
func Refuse(reason error, text, mend string) *Refusal { return &Refusal{reason, text, mend} }

// Error is the text and the mend.
func (r *Refusal) Error() string {
	if r.Mend == "" {
		return r.Text
	}
	return r.Text + "; " + r.Mend
}

// Unwrap is the reason.
func (r *Refusal) Unwrap() error { return r.Reason }

// A Change is a word of the organizer or the partner that did not come from the plan file: a
// [CheckIn], a [NotYet], an [Answer], an [AskAgain], a [Move], a [Withdraw], an [Agenda].
type Change interface {
	apply(c *Conversation, now time.Time) error
}

// Apply takes in a change. The error is a [Refusal]; the conversation is then as it was.
func (c *Conversation) Apply(change Change, now time.Time) error {
	err := change.apply(c, now)
	if _, ok := change.(NotYet); ok { // which says nothing of what the partner knows or wrote
		return err
	}
	if err == nil {
		c.Touched = now
		if a, ok := change.(Answer); !ok || a.How == "command" { // the organizer has had a look
			c.Word, c.Doubted = nil, nil
		}
	}
	return err
}

// CheckIn is the organizer's word that they are ready for the talk.
type CheckIn struct{}

func (CheckIn) apply(c *Conversation, now time.Time) error {
	if err := c.checksIn(now); err != nil {
		return err
	}
	c.Ready, c.NotYet = true, false
	return nil
}

// checksIn refuses a check-in for what is over, or can't be sent yet.
func (c *Conversation) checksIn(now time.Time) error {
	if err := c.Ended(now); err != nil {
		return err
	}
	if missing := c.Plan.Missing(); len(missing) > 0 {
		return &Refusal{ErrNotReady, "the plan is not complete", c.nextPlanned().Next}
	}
	return nil
}

// Ended says how a further talk begins where this one is over or cancelled; nil where it is neither. The
// error is a [Refusal].
func (c *Conversation) Ended(now time.Time) error {
	switch {
	case c.Cancelled != nil:
		return c.isOver("cancelled")
	case c.Over(now):
		return c.isOver("over")
	}
	return nil
}

// begun says that a talk can't be changed any more, since it has begun.
func (c *Conversation) begun(now time.Time) error {
	if err := c.Ended(now); err != nil {
		return err
	}
	return c.isOver("under way")
}

// NotYet is the organizer's word that they are not ready for the talk yet: nothing goes out.
type NotYet struct{}

func (NotYet) apply(c *Conversation, now time.Time) error {
	if c.Ready {
		return &Refusal{ErrUnfit, "you have checked in for " + c.Ref() + " already", ""}
	}
	if err := c.checksIn(now); err != nil {
		return err
	}
	c.NotYet = true
	return nil
}

func (a Answer) apply(c *Conversation, now time.Time) error {
	switch {
	case c.Cancelled != nil:
		return c.isOver("cancelled")
	case c.Status(now) == Met:
		return c.isOver("over")
	}
	if err := line("the note", a.Note); err != nil {
		return err
	}
	if a.How == "command" && a.Value == No {
		if err := c.busy(); err != nil {
			return err
		}
	}
	if !a.Slot.IsZero() {
		if !a.Slot.Time().After(now) {
			return &Refusal{ErrUnfit, "that time has passed", "choose one ahead"}
		}
		if told := c.Told(); told != nil && a.Slot != c.StartSlot(now) {
			return &Refusal{ErrUnfit, "the invitation for " + told.Start.String() + " has gone already", "use move for another time"}
		}
		c.Chosen = a.Slot
	}
	if c.Told() == nil && (a.Value != Yes || a.Other) {
		c.Chosen = plan.Slot{} // the time was part of the yes
	}
	if a.At.IsZero() { // a mail was written earlier
		a.At = now
	}
	c.Answered(a)
	if a.Value == No {
		c.Refused = now
	}
	if n := len(c.Briefs()); a.Value == Wait && n > 0 && c.DatesAt(now).AskOn.After(now) {
		c.Asks = n + 1 // the plan has named another day already
	}
	return nil
}

// AskAgain is the organizer's wish that the brief goes (once more), now.
type AskAgain struct{}

func (AskAgain) apply(c *Conversation, now time.Time) error {
	switch {
	case c.Cancelled != nil:
		return c.isOver("cancelled")
	case c.Over(now):
		return c.isOver("over")
	case c.Said(No):
		return &Refusal{ErrUnfit, c.Plan.With.Name + " said no",
			"if that has changed, record it with: " + c.How(WayRecordYes)}
	case c.Said(Yes):
		return &Refusal{ErrUnfit, c.Plan.With.Name + " has said yes already", "go on with: " + c.How(WayInvite)}
	case !c.Ready:
		return c.notReady()
	}
	c.Asks, c.Insisted = len(c.Briefs())+1, now
	d := c.DatesAt(now)
	d.AskOn = time.Time{} // the organizer's word of now overrules the plan's day
	c.Dates = &d
	return nil
}

// Move is another start for the talk.
type Move struct {
	To plan.Slot
	At time.Time // in real time, beside which the calendar's word is older or newer
}

func (m Move) apply(c *Conversation, now time.Time) error {
	switch {
	case c.Cancelled != nil:
		return c.isOver("cancelled")
	case !m.To.Time().After(now):
		return &Refusal{ErrUnfit, "that time has passed", "choose one ahead"}
	}
	if told := c.Told(); told != nil && !now.Before(told.Start.Time()) {
		return c.begun(now)
	}
	c.Chosen, c.Named.Start = m.To, m.At
	c.Moved()
	return nil
}

// Keep is the organizer's word that the partner knows the start, although newer zone data has put its clocks
// otherwise: nothing is sent.
type Keep struct{ To plan.Slot }

func (k Keep) apply(c *Conversation, now time.Time) error {
	if err := c.busy(); err != nil {
		return err
	}
	says := c.Says(now, outbox.Invite)
	switch known := c.Told(); {
	case c.Cancelled != nil:
		return c.isOver("cancelled")
	case known == nil || k.To != known.Start || !says.Shifts(known):
		return &Refusal{ErrUnfit, "nothing has told " + c.Plan.With.Name + " of another time, as far as is known", "leave out --told"}
	case c.Last((*outbox.Message).Waits, outbox.Invite, outbox.Update) != nil && c.Clocks.Retold == says.Unix:
		return &Refusal{ErrUnfit, "the update is on its way already", "see: " + c.How(WayLog)}
	}
	c.Clocks.Kept = says.Unix
	return nil
}

// ByMail is the organizer's decision that the invitation goes by mail, although others go through an online
// calendar.
type ByMail struct{}

func (ByMail) apply(c *Conversation, _ time.Time) error {
	if err := c.busy(); err != nil {
		return err
	}
	switch {
	case c.Channel == outbox.Mail:
	case c.Cancelled != nil:
		return c.isOver("cancelled")
	case c.Told() != nil && c.InCalendar():
		return &Refusal{ErrUnfit, "the invitation has gone through " + c.Calendar().Title + ", or may have", "what follows goes the same way"}
	case c.Plan.Setting.Kind == plan.Video && c.Plan.Setting.URL == "":
		return &Refusal{ErrUnfit, "by mail there is no room for the video call", "add `url:` to the setting in the plan"}
	case c.Told() == nil:
		c.Channel, c.UID = outbox.Mail, ""
	}
	return nil
}

// Withdraw is the organizer's decision to let the conversation go.
type Withdraw struct {
	Reason string
	Told   bool // the partner knows already; only where the event has been deleted in the calendar
}

func (w Withdraw) apply(c *Conversation, now time.Time) error {
	if err := c.busy(); err != nil {
		return err
	}
	if c.Cancelled != nil {
		return c.isOver("cancelled already")
	}
	if told := c.Told(); told != nil && !now.Before(told.Start.Time()) {
		return c.begun(now)
	}
	if err := line("the reason", w.Reason); err != nil {
		return err
	}
	if w.Told && !c.Deleted() {
		return &Refusal{ErrUnfit, "nothing has told " + c.Plan.With.Name + " yet, as far as is known", "leave out --told, or delete the event in " + c.Calendar().Title + " first"}
	}
	c.Cancelled = &Cancellation{At: now, Reason: w.Reason, Told: w.Told}
	return nil
}

// Agenda is the organizer's word about lines that the partner has proposed for the agenda.
type Agenda struct {
	Lines []int // which of [Conversation.Proposed], from 1; none: all
	Take  bool  // into the agenda; false: they are left out
}

func (g Agenda) apply(c *Conversation, now time.Time) error {
	switch {
	case c.Cancelled != nil:
		return c.isOver("cancelled")
	case c.Status(now) == Met:
		return c.isOver("over")
	case c.Said(No):
		return &Refusal{ErrUnfit, c.Plan.With.Name + " said no", ""}
	case len(c.Proposed) == 0:
		return &Refusal{ErrUnfit, c.Plan.With.Name + " has proposed nothing for the agenda", "see: " + c.How(WayShow)}
	}
	var rest []string
	for _, n := range g.Lines {
		if n < 1 || n > len(c.Proposed) {
			return &Refusal{ErrUnfit, fmt.Sprintf("there is no proposed line %d", n), "see: " + c.How(WayAgenda)}
		}
	}
	taken := slices.Clone(c.Taken) // the conversation's own stays as it was where this does not count
	for i, line := range c.Proposed {
		switch {
		case len(g.Lines) > 0 && !slices.Contains(g.Lines, i+1):
			rest = append(rest, line)
		case g.Take:
			taken = append(taken, line)
		}
	}
	c.Proposed, c.Taken = rest, taken
	c.seen()
	return nil
}

func (g Agenda) text() string {
	s := "left out what was proposed"
	if g.Take {
		s = "took into the agenda what was proposed"
	}
	for i, n := range g.Lines {
		s += []string{": ", ", "}[min(i, 1)] + fmt.Sprint(n)
	}
	return s
}

// line refuses what is no single line of sane length.
func line(what, text string) error {
	if err := plaintext.CheckLine(text); err != nil {
		return &Refusal{ErrUnfit, what + " " + err.Error(), "write it as one line"}
	}
	if n := utf8.RuneCountInString(text); n > MaxLine {
		return &Refusal{ErrUnfit, fmt.Sprintf("%s is %d characters long", what, n), fmt.Sprintf("keep it under %d", MaxLine)}
	}
	return nil
}

const MaxLine = 2000 // characters

// inFlight is the message that is being written into the calendar at this moment; nil: there is none. What
// the partner knows is not known until it is there.
func (c *Conversation) inFlight() *outbox.Message {
	for _, m := range c.Messages {
		if m.InCalendar() && m.State == outbox.Sending {
			return m
		}
	}
	return nil
}

func (c *Conversation) busy() error {
	if m := c.inFlight(); m != nil {
		return &Refusal{ErrBusy, theNoun(m.Kind) + " is being written into " + c.Calendar().Title + " at this moment", "try again in a moment"}
	}
	return nil
}

func (c *Conversation) isOver(how string) error {
	mend := ""
	if how == "cancelled" || how == "over" {
		mend = c.Another()
	}
	return &Refusal{ErrUnfit, fmt.Sprintf("the conversation %s is %s", c.Ref(), how), mend}
}

func (c *Conversation) notReady() error {
	return &Refusal{ErrNotReady, fmt.Sprintf("%s is not ready: you have not checked in with yourself yet", c.Ref()), "use: " + c.How(WayReady)}
}

// Ref is how people name the conversation: its id, with the round where that is not the first.
func (c *Conversation) Ref() string { return plan.Ref(c.ID, c.Round) }
