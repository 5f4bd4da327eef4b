package scheduler

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"coalition/invites"
	"coalition/invites/plaintext"
	"coalition/scheduler/plan"
	"coalition/templates"
)

// A Receipt says what has become of a mail that came in.
type Receipt struct {
	Mail    *invites.Mail
	ID      plan.ID // of the conversation it belongs to; "": it is none of ours
	Round   int
	What    string // one line for people
	Counted bool   // it changed the conversation, and was not just written down

	open bool // it was not believed, or is no answer as it stands, which something may be done about
}

// Receive takes in mails in their order. Each counts once, however often it comes. Nothing is sent by it.
func (s *Scheduler) Receive(ctx context.Context, mails []*invites.Mail) ([]Receipt, error) {
	s.intake.Lock()
	defer s.intake.Unlock()
	var receipts []Receipt
	var b *Board
	for _, mail := range mails {
		for patience := newPatience(); ; {
			var err error
			if b == nil {
				if b, err = s.recall(ctx); err != nil {
					return receipts, err
				}
				s.hearAliases(b)
			}
			r, d := Receipt{Mail: mail, What: "it can't be taken in: a fault of this program, of which the log says more"}, (*Draft)(nil)
			if !s.guard("taking in a mail", mail.Key, func() { r, d = s.take(b, mail) }) {
				b = nil // it may be half taken in
			}
			if d != nil {
				d.Key, d.Open = mail.Key, r.open
				if r.Counted {
					d.Slots = b.Slots
				}
				if mail.Cursor != "" {
					d.Cursor = Cursor{s.Mailbox.Name(), mail.Cursor}
				}
				err = s.Store.Commit(ctx, d)
			}
			switch {
			case errors.Is(err, ErrKnown):
				r.What, r.Counted = "it has been taken in before", false
				b = nil // it shows what the mail would have changed
			case errors.Is(err, ErrConflict) && patience.wait(ctx):
				b = nil
				continue
			case err != nil:
				return receipts, err
			case d != nil && d.Slots != 0:
				b.Slots++
			}
			if d != nil && err == nil {
				s.Log.Info("received", "id", Ref(r.ID, r.Round), "counted", r.Counted)
				wake(s.pokes())
			}
			receipts = append(receipts, r)
			break
		}
	}
	return receipts, nil
}

// patience is how often something is decided anew because others were faster: each one of them has got on,
// so that it comes to an end, but there may be many.
type patience struct{ until time.Time }

func newPatience() patience { return patience{time.Now().Add(30 * time.Second)} }

// wait lets others go first, and reports whether to try once more.
func (p patience) wait(ctx context.Context) bool {
	if time.Now().After(p.until) {
		return false
	}
	select {
	case <-ctx.Done():
		return false
	case <-time.After(time.Duration(rand.IntN(20)) * time.Millisecond):
		return true
	}
}

// hearAliases looks up in the plan files which addresses are the partners'. All else in them speaks when a
// pass reads them; but whoever has just added one means the mail that is read next.
func (s *Scheduler) hearAliases(b *Board) {
	if s.written == nil { // Plans waits until a file has been still, and is another goroutine's
		s.written = &plan.Folder{Path: s.Plans.Path, Meet: s.Plans.Meet}
	}
	set, err := s.written.Read(time.Now(), 0)
	if err != nil {
		return // the plans as they were read last are good enough
	}
	type round struct {
		id plan.ID
		n  int
	}
	plans := make(map[round]*plan.Plan, len(set.Plans))
	for _, p := range set.Plans {
		plans[round{p.ID, p.Round}] = p
	}
	for _, c := range b.Conversations {
		c.source = plans[round{c.ID, c.Round}]
	}
	acquaint(b.Conversations)
}

// recall is the conversations that something has happened in, without a look at their plan files:
// these speak when a pass reads them.
func (s *Scheduler) recall(ctx context.Context) (*Board, error) {
	slots, err := s.Store.Slots(ctx)
	if err != nil {
		return nil, err
	}
	stored, err := s.Store.Load(ctx)
	for _, c := range stored {
		c.settings = &s.Settings
	}
	acquaint(stored)
	return &Board{Now: s.Now(), Slots: slots, Conversations: stored}, err
}

// pokes gets a value when something has come in, and the conversations are to be looked at again.
func (s *Scheduler) pokes() chan struct{} {
	s.poked.Do(func() {
		s.poke, s.hint, s.retry = make(chan struct{}, 1), make(chan struct{}, 1), make(chan struct{}, 1)
	})
	return s.poke
}

// take finds out what a mail means. The draft is nil where nothing is to be written down.
func (s *Scheduler) take(b *Board, mail *invites.Mail) (Receipt, *Draft) {
	if mail.Sort == invites.Report {
		return s.takeReport(b, mail)
	}
	none := Receipt{Mail: mail, What: "it belongs to no conversation"}
	if s.own(mail.From.Email) {
		none.What = "it comes from yourself"
		return none, nil
	}
	c, named, sure := s.addressed(b, mail)
	if c == nil {
		return none, nil
	}
	t := newTaking(s, b, c, mail)
	t.named, t.unsure = named, !sure
	return t.take()
}

// addressed is the conversation that a mail belongs to, as far as it says so itself; nil: none. It is named
// where the mail has something of it that only the partner has been told: the UID, or the Message-ID of a
// message. It is not sure where the mail could belong to another one as well.
func (s *Scheduler) addressed(b *Board, mail *invites.Mail) (c *Conversation, named, sure bool) {
	for _, c := range b.Conversations {
		if o := mail.Calendar; c.UID != "" && (o != nil && o.UID == c.UID || slices.Contains(mail.UIDs, c.UID)) {
			return c, true, true
		}
	}
	for _, ref := range slices.Backward(mail.Refs) { // the last one is what it answers
		for _, c := range b.Conversations {
			if c.wrote(ref) {
				return c, true, true
			}
		}
	}
	// Without any of that, only a mail of the partner that looks like an answer can be one. Their other mail,
	// and what their calendar says of other meetings, is nobody's business here.
	var maybe []*Conversation
	for _, c := range b.Conversations {
		theirs := c.writes(mail.From) || c.writes(mail.ReplyTo)
		// Whoever answers from another address is not believed, and the organizer is to hear of it.
		theirs = theirs || mail.From.Name != "" && strings.EqualFold(mail.From.Name, c.Plan.With.Name) && c.Status(b.Now) == Asked && s.underBrief(c, mail)
		if theirs && c.Cancelled == nil && c.reached() && c.Status(b.Now) != Met {
			maybe = append(maybe, c)
		}
	}
	slices.SortStableFunc(maybe, func(x, y *Conversation) int { return y.Stamp.Compare(x.Stamp) })
	for _, c := range maybe { // the newest first
		o := mail.Calendar
		switch {
		case o != nil && (o.Method == invites.Reply || o.Method == invites.Counter): // to somebody's other invitation
		case o == nil && mail.Doubt != "" && slices.Contains(mail.UIDs, ""), // of a calendar that may be about ours
			s.underBrief(c, mail),
			o == nil && len(mail.UIDs) == 0 && mail.Sort == invites.Personal && c.Status(b.Now) == Asked && s.Understand(c.Language(), mail.Text, c.Plan.With.Name, c.Plan.With.Call, mail.From.Name).Value != "":
			return c, false, len(maybe) == 1
		}
	}
	// Who wants no more mail is heard wherever their talks stand.
	if mail.Calendar == nil && mail.Sort == invites.Personal {
		var last *Conversation
		for _, c := range b.Conversations {
			if c.reached() && (c.writes(mail.From) || c.writes(mail.ReplyTo)) && (last == nil || c.Stamp.After(last.Stamp)) {
				last = c
			}
		}
		if last != nil && s.Understand(last.Language(), mail.Text).Stop {
			return last, false, true
		}
	}
	return nil, false, false
}

// wrote reports whether a message to the partner has that Message-ID, which nobody can guess.
func (c *Conversation) wrote(messageID string) bool {
	return slices.ContainsFunc(c.Messages, func(m *Message) bool {
		return m.MessageID == messageID && m.Kind != Notice && !m.copy()
	})
}

// writes reports whether an address is the partner's.
func (c *Conversation) writes(a invites.Address) bool {
	if a.Email == "" {
		return false
	}
	with := c.Plan.With
	if c.source != nil && sameAddress(c.source.With.Email, with.Email) {
		with = c.source.With
	}
	return slices.ContainsFunc(append([]plan.Email{with.Email}, with.Aliases...),
		func(e plan.Email) bool { return strings.EqualFold(string(e), a.Email) })
}

// answersBrief reports whether a mail is a direct reply to the last brief: it says so by its references,
// or, where it has none at all, by its subject. A yes in a talk by mail that has gone on since may be to
// something else, and its numbers to other times. A brief that was handed over as a file may have left
// with a Message-ID that the program which sent it has made, and is known by its subject, too.
func (s *Scheduler) answersBrief(c *Conversation, mail *invites.Mail) bool {
	last := c.last((*Message).left, Brief)
	switch n := len(mail.Refs); {
	case last == nil:
		return false
	case n > 0 && mail.Refs[n-1] == last.MessageID:
		return true
	case n > 1 || n == 1 && (last.Via != "file" || c.wrote(mail.Refs[0])):
		return false
	}
	return s.underBrief(c, mail)
}

// underBrief reports whether a mail has the subject of the brief.
func (s *Scheduler) underBrief(c *Conversation, mail *invites.Mail) bool {
	lang, _ := s.Words.Language(c.Language())
	talk := s.talk(c, &c.Plan)
	for _, talk.Again = range []bool{false, true} {
		view, err := s.Words.View(lang, talk)
		if err != nil {
			return false
		}
		if subject, err := view.Heading(templates.Brief); err == nil && subject != "" && strings.HasSuffix(strings.ToLower(mail.Subject), strings.ToLower(subject)) {
			return true
		}
	}
	return false
}

// A taking is a mail beside the conversation it belongs to.
type taking struct {
	s    *Scheduler
	b    *Board
	c    *Conversation
	mail *invites.Mail
	at   time.Time

	named  bool       // see addressed
	unsure bool       // it could belong to another conversation of the partner as well
	heard  []*Message // whose state was learnt from the mail
	until  time.Time  // of an answer on the page: it may be changed before
	why    string     // a mail is no answer, for the notice
}

// newTaking is that of a mail at this moment. A mail from the future, or from before anything was sent
// that it could be about, has a wrong clock, and counts as of now.
func newTaking(s *Scheduler, b *Board, c *Conversation, mail *invites.Mail) *taking {
	if len(c.Messages) == 0 || mail.At.Before(c.Messages[0].Stamp) || mail.At.After(b.Now) {
		mail.At = b.Now
	}
	return &taking{s: s, b: b, c: c, mail: mail, at: b.Now}
}

func (t *taking) take() (Receipt, *Draft) {
	switch t.mail.Sort {
	case invites.Robot:
		return t.written("an automatic reply from " + t.from() + t.quoted(": "))
	case invites.List, invites.Spam:
		return t.doubted("it is marked as "+map[invites.Sort]string{invites.List: "list mail", invites.Spam: "spam"}[t.mail.Sort], "")
	}
	if doubt, stranger := t.unbelievable(); doubt != "" {
		return t.doubted(doubt, stranger)
	}
	if d := t.c.Doubted; d != nil && d.Key == t.mail.Key { // it has come once more
		t.c.Doubted = nil
	}
	if w := t.c.Word; w != nil && w.Key != "" && w.Key == t.mail.Key {
		t.c.Word = nil
	}
	t.arrived()
	if t.mail.Sort == invites.Reaction {
		return t.reacted()
	}
	if t.mail.Calendar != nil {
		return t.takeCalendar(t.mail.Calendar)
	}
	return t.takeText()
}

// from is who wrote the mail.
func (t *taking) from() string { return cmp.Or(t.mail.From.Email, "an unreadable address") }

// unbelievable is why the mail is not taken for the partner's; "" where it is. Where that is for an address
// that the plan does not name, stranger is it.
func (t *taking) unbelievable() (why, stranger string) {
	c, from, reply := t.c, t.mail.From, t.mail.ReplyTo
	switch {
	case t.mail.Doubt != "":
		return t.mail.Doubt, ""
	case t.mail.Refused != "" && !t.named:
		return "the receiving server could not verify who sent it (" + t.mail.Refused + "), and it names no message of ours", ""
	case c.writes(from):
		return "", ""
	case c.writes(reply) && within(domain(from.Email), domain(reply.Email)): // a server that writes in the partner's name
		return "", ""
	}
	return "it does not come from " + string(c.Plan.With.Email), from.Email
}

// within reports whether a domain is the other one, or below it.
func within(domain, other string) bool {
	domain, other = strings.ToLower(domain), strings.ToLower(other)
	return domain == other || strings.HasSuffix(domain, "."+other)
}

// arrived learns from a believed answer that what it answers has arrived.
func (t *taking) arrived() {
	for _, m := range t.c.Messages {
		if m.State == Unclear && m.Channel() == Mail && (slices.Contains(t.mail.Refs, m.MessageID) ||
			t.mail.Calendar != nil && t.mail.Calendar.UID == t.c.UID && m.Kind == Invite && t.mail.Calendar.Method == invites.Reply) {
			m.State, m.Error, m.Changed = Accepted, "", t.at
			t.heard = append(t.heard, m)
		}
	}
}

// written is a mail that is only written down.
func (t *taking) written(what string) (Receipt, *Draft) {
	return t.receipt(what, false, t.c.event(t.at, "mail", what))
}

// doubted is a mail that is not believed. The organizer hears why, and what to do if it is the partner's
// all the same; stranger is an address that would have to be theirs, "" for none.
func (t *taking) doubted(why, stranger string) (Receipt, *Draft) {
	c := t.c
	record := "coalition answer " + c.Ref() + " yes|no|later"
	over := c.Cancelled != nil || c.Status(t.at) == Met
	switch {
	case over:
	case stranger != "":
		again := "take the mail in again: coalition receive FILE"
		if t.mail.Cursor != "" {
			again = "the mailbox is read again"
		}
		why += ". If " + stranger + " is theirs, too, add it to with.aliases in the plan, and " + again + "; or record what it says: " + record
	default:
		why += ". If it is theirs all the same, record it: " + record
	}
	what := fmt.Sprintf("not believed: %s from %s: %s", t.sort(), t.from(), why)
	if old := c.Doubted; !over && (old == nil || !strings.EqualFold(old.From, t.from()) || !strings.HasSuffix(old.Text, why)) { // one of many alike is told
		t.why = why
		t.tell(templates.NewsDoubted, t.mail.Text, record, "coalition show "+c.Ref())
	}
	c.Doubted = &Word{At: t.mail.At, From: t.from(), Text: t.sort() + t.quoted(" ") + ": " + why, Key: t.mail.Key, Settled: t.settled()}
	r, d := t.receipt(what, false, c.event(t.at, "mail", what))
	r.open = true
	return r, d
}

// sort is what the mail seems to be.
func (t *taking) sort() string {
	o := t.mail.Calendar
	switch {
	case o == nil:
		return "a mail"
	case o.Method == invites.Counter:
		return "a counter-proposal"
	case o.Method == invites.Reply:
		for _, a := range o.Attendees {
			return "the answer " + strings.ToLower(string(a.PartStat))
		}
	}
	return "a calendar"
}

// shown is a mail that the organizer is to read, and that changes nothing. An answer of the calendar that
// is one of settled leaves nothing of it to be read.
func (t *taking) shown(what string, settled ...invites.PartStat) (Receipt, *Draft) {
	t.c.hear(Word{At: t.mail.At, From: t.from(), Text: what, Settled: settled})
	t.tell(templates.NewsMail, t.mail.Text, "coalition show "+t.c.Ref())
	return t.written(what)
}

func (t *taking) tell(kind string, text string, commands ...string) {
	way := "mail"
	switch {
	case t.mail.Calendar != nil:
		way = "calendar"
	case !t.until.IsZero():
		way = "page"
	}
	t.c.tell(News{What: kind, Due: t.until, At: t.mail.At, From: t.from(), How: way, Why: t.why, Text: plaintext.Clip(text, maxLine), Do: commands})
}

func (t *taking) receipt(what string, counted bool, events ...Event) (Receipt, *Draft) {
	d := t.c.plain(t.at, events...)
	d.Heard = t.heard
	t.c.hush(d)
	return Receipt{Mail: t.mail, ID: t.c.ID, Round: t.c.Round, What: what, Counted: counted}, d
}

// quoted is the writer's own words on one line behind lead; "" where there are none.
func (t *taking) quoted(lead string) string {
	if text := plaintext.Clip(plaintext.Line(t.mail.Text), 300); text != "" {
		return lead + "“" + text + "”"
	}
	return ""
}

// reacted is a mail that says no more than that the partner has put a sign to one of ours.
func (t *taking) reacted() (Receipt, *Draft) {
	what := t.from() + " reacted to your mail with " + t.mail.Text + ", which is no answer"
	if st := t.c.Status(t.at); st != Cancelled && st != Met {
		t.c.hear(Word{At: t.mail.At, From: t.from(), Text: what, Sign: true})
		t.tell(templates.NewsMail, t.mail.Text, "coalition show "+t.c.Ref())
	}
	return t.written(what)
}

// wrote is what has come, in a line for people.
func (t *taking) wrote() string {
	return t.from() + " wrote" + cmp.Or(t.quoted(": "), t.unread(" without words of their own"))
}

// unread says why there are no words of a mail: its text can't be read, or there is none.
func (t *taking) unread(none string) string {
	if t.mail.Sealed != "" {
		return " a mail whose text " + t.sealed()
	}
	return none
}

// sealed says that the text of the mail can't be read here.
func (t *taking) sealed() string {
	return "can't be read here: " + t.mail.Sealed + "; open it in your mail program"
}

// takeText takes in a plain reply.
func (t *taking) takeText() (Receipt, *Draft) {
	c := t.c
	wrote := t.wrote()
	if t.s.Understand(c.Language(), t.mail.Text, c.Plan.With.Name, c.Plan.With.Call, t.mail.From.Name).Stop && (t.named || t.mail.Vouched && len(t.mail.Refs) == 0) {
		return t.takeStop()
	}
	switch {
	case c.Cancelled != nil, c.Status(t.at) == Met:
		return t.written(wrote)
	case c.told() != nil: // it never answers an invitation
		return t.shown(wrote, t.settled()...)
	case c.Answer != nil && t.mail.At.Before(c.Answer.At.Truncate(time.Second)):
		return t.shown("older than the answer on record: " + wrote)
	}
	if why, foreign := t.beside(); why != "" {
		return t.aside(why, foreign)
	}
	a, adds := t.understand()
	if a.Value == Query && (c.said(Yes) || c.said(No)) { // it does not take back what is on record
		return t.shown(wrote)
	}
	if err := c.Apply(a, t.at); err != nil {
		return t.shown(wrote + " (" + err.Error() + ")")
	}
	c.propose(adds)
	t.tellAnswer(a)
	return t.receipt(a.text(), true, c.event(t.at, "answer", a.text()))
}

// beside is why a plain mail of the partner is no answer to the brief, whatever it says; "" where it may be
// one. It is foreign where it belongs to something else.
func (t *taking) beside() (why string, foreign bool) {
	direct := t.s.answersBrief(t.c, t.mail)
	n := len(t.mail.Refs)
	switch {
	case !direct && n > 0 && t.c.wrote(t.mail.Refs[n-1]): // an earlier brief: a word about the question all the same
		return "", false
	case !direct && t.named:
		return "not a reply to the brief, but to another mail", false
	case !direct && n > 0 && t.s.underBrief(t.c, t.mail):
		return "it has the brief's subject, but is not a reply to the brief that was sent", false
	case !direct:
		return "not a reply to the brief", true
	case t.unsure:
		return "it could answer the brief of another conversation as well", false
	case !t.named && !t.mail.Vouched:
		return "it names no message of ours, and no server in replies.trust says that it comes from " + cmp.Or(domain(t.mail.From.Email), "there"), false
	}
	return "", false
}

// aside shows a mail that is no answer, with its subject and the reason: it starts nothing.
func (t *taking) aside(why string, foreign bool) (Receipt, *Draft) {
	c := t.c
	record := "coalition answer " + c.Ref() + " yes|no|later"
	under := " without a subject"
	if t.mail.Subject != "" {
		under = " under “" + t.mail.Subject + "”"
	}
	t.why = why
	what := t.from() + " wrote" + under + cmp.Or(t.quoted(": "), t.unread(", without words of their own")) + " (" + why + "; if it is the answer: " + record + ")"
	c.hear(Word{At: t.mail.At, From: t.from(), Text: what, Key: t.mail.Key, Foreign: foreign})
	t.tell(templates.NewsMail, t.mail.Text, record, "coalition show "+c.Ref())
	r, d := t.written(what)
	r.open = true
	return r, d
}

// settled are the answers of a calendar that say the same as the mail.
func (t *taking) settled() []invites.PartStat {
	if o := t.mail.Calendar; o != nil {
		if o.Method == invites.Reply && len(o.Attendees) == 1 {
			return []invites.PartStat{o.Attendees[0].PartStat}
		}
		return nil
	}
	switch said := t.s.Understand(t.c.Language(), t.mail.Text, t.c.Plan.With.Name, t.c.Plan.With.Call, t.mail.From.Name); {
	case len(said.Adds) > 0:
	case said.Value == "yes":
		return []invites.PartStat{invites.Accepted}
	case said.Value == "no":
		return []invites.PartStat{invites.Declined}
	}
	return nil
}

// takeStop takes in that the partner wants no more mail. Before the invitation that is their answer, too; behind
// it, whether the talk stands is for the two to say.
func (t *taking) takeStop() (Receipt, *Draft) {
	c := t.c
	c.stopped(t.from(), t.at)
	what := "asked for no more mail (by mail from " + t.from() + ")" + t.quoted(": ") + "; nothing goes to them by itself any more"
	a := Answer{Value: No, At: t.mail.At, How: "mail", From: t.from(), Note: plaintext.Clip(plaintext.Line(t.mail.Text), maxLine)}
	if c.told() != nil || c.Apply(a, t.at) != nil {
		c.hear(Word{At: t.mail.At, From: t.from(), Text: what})
	}
	t.tell(templates.NewsNo, t.mail.Text, "coalition show "+c.Ref())
	return t.receipt(what, true, c.event(t.at, "answer", what))
}

// understand is the answer that a plain reply gives, and what it adds to the agenda.
func (t *taking) understand() (a Answer, adds []string) {
	c := t.c
	a = Answer{Value: Query, At: t.mail.At, How: "mail", From: t.from(), Note: plaintext.Clip(plaintext.Line(t.mail.Text), maxLine)}
	if t.mail.Sealed != "" {
		a.Note = "[" + t.sealed() + "]"
		return a, nil
	}
	said := t.s.Understand(c.Language(), t.mail.Text, c.Plan.With.Name, c.Plan.With.Call, t.mail.From.Name)
	const long = 400 // characters: what stands in more of them, and is no list of points, wants to be read
	if !t.s.answersBrief(c, t.mail) || said.Value == "yes" && len(said.Adds) == 0 && said.Length > long {
		return a, nil
	}
	switch said.Value {
	case "yes":
		numbers := said.Numbers
		if len(numbers) == 0 && len(c.Offered) == 1 { // it is to that one, as long as nobody else has it
			numbers = []int{1}
		}
		slot, unknown := t.b.choose(c, numbers)
		if unknown != 0 {
			return a, nil
		}
		a.Value, a.Slot = Yes, slot
		// With one time in the brief a bare yes is to that one; and a number to no other.
		a.Other = slot.IsZero() && len(numbers) > 0
		if a.Other {
			a.Taken, a.By = t.b.taken(c, numbers)
		}
	case "no":
		a.Value = No
	case "later":
		a.Value = Wait
	}
	return a, said.Adds
}

// choose is the earliest of the times with these numbers, as a brief counts them from 1, that is still
// free, zero where none is; or the first number that means no time.
func (b *Board) choose(c *Conversation, numbers []int) (best plan.Slot, unknown int) {
	offered := c.Choices(b.Now)
	for _, n := range numbers {
		if n < 1 || n > len(offered) {
			return plan.Slot{}, n
		}
		slot := offered[n-1]
		if at := slot.Time(); at.After(b.Now) && c.stands(slot, b.Now) && b.Free(at, c.Length(), c) && (best.IsZero() || at.Before(best.Time())) {
			best = slot
		}
	}
	return best, 0
}

// taken is the first of the times with these numbers that another talk has, and which one has it.
func (b *Board) taken(c *Conversation, numbers []int) (plan.Slot, string) {
	offered := c.Choices(b.Now)
	for _, n := range numbers {
		if n < 1 || n > len(offered) || !offered[n-1].Time().After(b.Now) || !c.stands(offered[n-1], b.Now) {
			continue
		}
		if others := b.Overlaps(offered[n-1].Time(), c.Length(), c); len(others) > 0 {
			return offered[n-1], others[0].Ref()
		}
	}
	return plan.Slot{}, ""
}

// Choose is the earliest of the times with these numbers, as a brief counts them from 1, that is still
// free. The error is a [Refusal].
func (b *Board) Choose(c *Conversation, numbers []int) (plan.Slot, error) {
	if slices.Contains(numbers, 0) {
		return plan.Slot{}, &Refusal{ErrUnfit, "there is no time with the number 0", "see: coalition show " + c.Ref()}
	}
	slot, unknown := b.choose(c, numbers)
	switch {
	case unknown != 0:
		return slot, &Refusal{ErrUnfit, fmt.Sprintf("there is no time with the number %d", unknown), "see: coalition show " + c.Ref()}
	case slot.IsZero():
		return slot, &Refusal{ErrUnfit, "none of these times is free any more", "record the yes without --time, and choose another one together"}
	}
	return slot, nil
}

// most is how many lines for the agenda wait at a time.
const most = 10

// propose keeps lines that the partner proposes for the agenda.
func (c *Conversation) propose(lines []string) {
	for _, line := range lines {
		if len(c.Proposed) < most && line != "" && !slices.Contains(c.Proposed, line) && !slices.Contains(c.Taken, line) {
			c.Proposed = append(c.Proposed, line)
		}
	}
}

// tellAnswer tells the organizer of an answer that the program does not carry on with by itself.
func (t *taking) tellAnswer(a Answer) {
	ref := t.c.Ref()
	switch a.Value {
	case Query:
		t.tell(templates.NewsQuestion, cmp.Or(t.mail.Text, strings.Trim(a.Note, "[]")), "coalition answer "+ref+" yes|no|later", "coalition show "+ref)
	case No:
		t.tell(templates.NewsNo, t.mail.Text)
	case Wait:
		t.tell(templates.NewsLater, t.mail.Text, "coalition ask "+ref)
	case Yes:
		if !a.Taken.IsZero() {
			t.tell(templates.NewsTaken, t.mail.Text, "coalition invite "+ref+" --start TIME", "coalition show "+a.By)
		} else if t.c.start(t.at).IsZero() {
			t.tell(templates.NewsYes, t.mail.Text, "coalition invite "+ref+" --start TIME")
		} else if len(t.c.Proposed) > 0 {
			t.tell(templates.NewsAdds, strings.Join(t.c.Proposed, "\n"), "coalition agenda "+ref+" take", "coalition agenda "+ref+" leave")
		}
	}
}

// takeCalendar takes in what the partner's calendar says (RFC 5546, section 3.2).
func (t *taking) takeCalendar(o *invites.Object) (Receipt, *Draft) {
	c := t.c
	told := c.told()
	switch {
	case (c.UID == "" || o.UID != c.UID) && o.Method != invites.Reply && o.Method != invites.Counter: // it answers our mail with another meeting
		own := "an invitation of their own, from " + t.from()
		if !o.Start.IsZero() {
			own += ", for " + plan.SlotOf(o.Start.In(c.Plan.When.Timezone.Location(c.settings.Zone))).String()
		}
		return t.shown(strings.TrimSuffix(own+": "+o.Summary, ": ") + " (it is no answer to ours, and nothing is taken from it)")
	case c.UID == "" || o.UID != c.UID:
		return t.doubted("its UID is not that of our invitation", "")
	case o.Method != invites.Reply && o.Method != invites.Counter:
		return t.doubted(fmt.Sprintf("only a REPLY or a COUNTER of the partner counts, and this is a %s", cmp.Or(string(o.Method), "calendar without METHOD")), "")
	case told == nil:
		return t.doubted("it answers an invitation that has not gone", "")
	}
	if c.Channel == Google { // where this belongs; a COUNTER, which it does not know, is for the organizer
		s := strings.ToLower(string(o.Method)) + " (by mail, from " + t.from() + ")"
		if o.Method == invites.Counter {
			said := strings.TrimSuffix("another time (by mail, from "+t.from()+"): "+o.Comment, ": ")
			switch {
			case t.attendee(o) == nil:
				return t.foreign(o)
			case c.Cancelled != nil || !t.at.Before(told.End()):
				return t.written("too late: " + said)
			}
			return t.takeCounter(o, &invites.Attendee{}, c.Replied, said) // what they have answered says the calendar
		}
		t.s.Hint()
		return t.written(s + ": Google Calendar takes it in")
	}
	attendee := t.attendee(o)
	sequence := max(o.Sequence, 0)
	switch {
	case attendee == nil:
		return t.foreign(o)
	case sequence > c.Sequence:
		return t.doubted(fmt.Sprintf("it answers SEQUENCE %d, which was never sent", o.Sequence), "")
	}
	present := c.present(t.at)
	if o.Sequence < 0 && told.begins(o.Start) {
		sequence = present // KDE does not say it, and repeats the time instead
	}
	said := strings.ToLower(string(attendee.PartStat))
	switch {
	case o.Method == invites.Counter:
		said = "another time"
	case attendee.PartStat == "DELEGATED":
		said = "delegated to " + cmp.Or(attendee.Delegates, "somebody whom it does not name")
	}
	said += " (by calendar, from " + t.from() + ")"
	silent := anyAnswer
	differs := o.Method == invites.Reply && !o.Start.IsZero() && !told.begins(o.Start)
	if differs { // it is to our invitation all the same, by its UID and SEQUENCE
		said += fmt.Sprintf(", where %s is named as the start, and the talk is at %s", t.clock(o.Start), told.Start)
	}
	if o.Comment != "" {
		said += ": " + o.Comment
		silent = nil
	}
	stamp := t.stamp(o)
	switch {
	case c.Cancelled != nil || !t.at.Before(told.End()):
		return t.written("too late: " + said)
	case sequence != present:
		return t.shown(fmt.Sprintf("%s, to another version of the invitation (SEQUENCE %d): it does not count for the present one", said, sequence), silent...)
	case stamp.Before(c.Replied):
		return t.shown("an earlier answer that came late: "+said, silent...)
	case o.Method == invites.Counter:
		return t.takeCounter(o, attendee, stamp, said)
	}
	switch attendee.PartStat {
	case invites.Accepted, invites.Declined, invites.Tentative:
	default:
		return t.shown(said, silent...)
	}
	return t.answered(o, attendee.PartStat, stamp, said, differs || o.Comment != "")
}

// answered takes in the answer of the partner's calendar. words says that there is more in it than that, which the
// organizer is to read.
func (t *taking) answered(o *invites.Object, p invites.PartStat, stamp time.Time, said string, words bool) (Receipt, *Draft) {
	c := t.c
	if o.Comment != "" && t.s.Understand(c.Language(), o.Comment).Stop {
		c.stopped(t.from(), t.at)
	}
	c.settle(p)
	same := c.PartStat == p
	c.PartStat, c.Replied, c.Counter = p, stamp, nil
	c.Touched = t.at
	switch {
	case p == invites.Declined && !same:
		t.tell(templates.NewsDeclined, o.Comment, "coalition move "+c.Ref()+" --start TIME", "coalition cancel "+c.Ref())
	case p == invites.Tentative && !same:
		t.tell(templates.NewsTentative, o.Comment, "coalition show "+c.Ref())
	case words:
		t.tell(templates.NewsMail, cmp.Or(o.Comment, said), "coalition show "+c.Ref())
	}
	if words {
		c.hear(Word{At: t.mail.At, From: t.from(), Text: said, Settled: others(p)})
	}
	return t.receipt(said, true, c.event(t.at, "answer", said))
}

// clock is a time on the clock of the plan, for people.
func (t *taking) clock(at time.Time) string {
	return plan.SlotOf(at.In(t.c.Plan.When.Timezone.Location(t.c.settings.Zone))).String()
}

// begins reports whether c begins at that instant, by the zone data in use or by that which it was written with.
func (c *Content) begins(at time.Time) bool {
	return at.Equal(c.Start.Time()) || c.Unix != 0 && at.Unix() == c.Unix
}

// hear keeps words for the organizer, behind those that they have not had a look at.
func (c *Conversation) hear(w Word) {
	if old := c.Word; old != nil {
		if strings.Contains(old.Text, w.Text) {
			w.Text = old.Text
		} else {
			w.Text = plaintext.Clip(old.Text+"; then "+w.Text, maxLine)
		}
		w.Key, w.Foreign, w.Sign = "", w.Foreign && old.Foreign, w.Sign && old.Sign
		w.Settled = slices.DeleteFunc(slices.Clone(w.Settled), func(p invites.PartStat) bool { return !slices.Contains(old.Settled, p) })
	}
	c.Word = &w
}

// settle takes in that the partner has given that answer in their calendar, which may leave nothing of their
// words to be read.
func (c *Conversation) settle(p invites.PartStat) {
	if c.Word != nil && slices.Contains(c.Word.Settled, p) {
		c.Word = nil
	}
	if c.Doubted != nil && slices.Contains(c.Doubted.Settled, p) {
		c.Doubted = nil
	}
}

// anyAnswer settles what a calendar has said before, where nobody has put it into words.
var anyAnswer = []invites.PartStat{invites.Accepted, invites.Tentative, invites.Declined}

// others are the answers that take that one back, with what was said beside it.
func others(p invites.PartStat) []invites.PartStat {
	if !slices.Contains(anyAnswer, p) {
		return nil // words alone
	}
	return slices.DeleteFunc(slices.Clone(anyAnswer), func(other invites.PartStat) bool { return other == p })
}

// foreign is a calendar that answers for somebody else.
func (t *taking) foreign(o *invites.Object) (Receipt, *Draft) {
	stranger := ""
	if len(o.Attendees) == 1 {
		stranger = o.Attendees[0].Email
	}
	return t.doubted("it does not answer for "+string(t.c.Plan.With.Email), stranger)
}

// attendee is the line of the object that answers for the partner; nil: there is none.
func (t *taking) attendee(o *invites.Object) *invites.Attendee {
	for i := range o.Attendees {
		if t.c.writes(invites.Address{Email: o.Attendees[i].Email}) {
			return &o.Attendees[i]
		}
	}
	return nil
}

// stamp orders the answers of a calendar. SOGo repeats the DTSTAMP of the invitation, which says nothing
// about when the answer was given; and none can be given after it has come.
func (t *taking) stamp(o *invites.Object) time.Time {
	ours := slices.ContainsFunc(t.c.Messages, func(m *Message) bool { return m.Stamp.Equal(o.Stamp) })
	if o.Stamp.IsZero() || ours || o.Stamp.After(t.mail.At) {
		return t.mail.At
	}
	return o.Stamp
}

// takeCounter takes in another time that the partner proposes.
func (t *taking) takeCounter(o *invites.Object, attendee *invites.Attendee, stamp time.Time, said string) (Receipt, *Draft) {
	c := t.c
	told := c.told()
	if o.Start.IsZero() || !o.Start.After(t.at) || told.begins(o.Start) {
		return t.takeTimeless(o, attendee.PartStat, stamp)
	}
	p := &Proposal{At: t.mail.At, Start: o.Start.UTC(), Length: o.End.Sub(o.Start), Note: o.Comment}
	if p.Length <= 0 { // it names a start alone
		p.Length = c.Length()
	}
	c.settle(invites.Declined) // the decision on another time is what is left of a no
	c.Counter, c.Replied, c.Touched = p, stamp, t.at
	if attendee.PartStat == invites.Tentative || attendee.PartStat == invites.Declined {
		c.PartStat = attendee.PartStat
	}
	what := strings.Replace(said, "another time", "another time, "+p.slot(c).String(), 1)
	if p.Length != c.Length() {
		what += fmt.Sprintf("; for %d minutes", int(p.Length.Minutes()))
	}
	t.tell(templates.NewsCounter, o.Comment, "coalition counter "+c.Ref()+" take", "coalition counter "+c.Ref()+" decline")
	return t.receipt(what, true, c.event(t.at, "counter", what))
}

// takeTimeless takes in a counter-proposal that names no other time ahead: another place, a comment, or nothing.
// Some programs decline with one. A no or a maybe in it counts; a yes only to what stands.
func (t *taking) takeTimeless(o *invites.Object, p invites.PartStat, stamp time.Time) (Receipt, *Draft) {
	c := t.c
	told := c.told()
	length := o.End.Sub(o.Start)
	var why string
	switch {
	case o.Start.IsZero():
		why = "names no time that can be read"
	case told.begins(o.Start):
		why = "names the time that stands"
		if length > 0 && length != told.Length {
			why = fmt.Sprintf("names the start that stands, for %d minutes", int(length.Minutes()))
		}
	default:
		why = "names a time that has passed, " + t.clock(o.Start)
	}
	place := false
	if o.Location != "" {
		own, err := t.s.planLocation(c)
		if place = err != nil || plaintext.Clip(plaintext.Line(own), 300) != plaintext.Line(o.Location); place {
			why += ", and another place, " + o.Location
		}
	}
	stands := told.begins(o.Start) && (length <= 0 || length == told.Length) && !place
	said := fmt.Sprintf("a counter-proposal (by calendar, from %s) that %s", t.from(), why)
	counts := p == invites.Declined || p == invites.Tentative || p == invites.Accepted && stands
	switch {
	case counts:
		said = fmt.Sprintf("%s (by calendar, from %s), in a counter-proposal that %s", strings.ToLower(string(p)), t.from(), why)
	case p == invites.Accepted:
		said += "; its yes is to that, and does not count for the talk as it stands"
	}
	if o.Comment != "" {
		said += ": " + o.Comment
	}
	if counts {
		return t.answered(o, p, stamp, said, true)
	}
	return t.shown(said)
}

// takeReport takes in what a mail server says about a message of ours.
func (s *Scheduler) takeReport(b *Board, mail *invites.Mail) (Receipt, *Draft) {
	none := Receipt{Mail: mail, What: "it is a report about no message of ours"}
	if mail.Bounce == nil {
		return none, nil
	}
	var near *Message // the last one to the address that a report names which names no message
	var whose *Conversation
	for _, c := range b.Conversations {
		for _, m := range c.Messages {
			switch {
			case !m.left() && m.Attempts == 0 || m.Channel() != Mail:
			case mail.Bounce.Of != "" && m.MessageID == mail.Bounce.Of:
				return newTaking(s, b, c, mail).takeBounce(m)
			case mail.Bounce.Of == "" && sameAddress(plan.Email(m.To), plan.Email(mail.Bounce.For)) && !m.copy() && (near == nil || m.Stamp.After(near.Stamp)):
				near, whose = m, c
			}
		}
	}
	if near == nil {
		return none, nil
	}
	t := newTaking(s, b, whose, mail)
	return t.written("a server's report on a mail to " + near.To + ", which does not say on which: " + t.reported())
}

// reported is what a report says about its message, in the server's words or else in its own.
func (t *taking) reported() string {
	b := t.mail.Bounce
	why := b.Text
	if !strings.Contains(why, b.Code) {
		why = strings.TrimSpace(b.Code + " " + why)
	}
	if why == "" && b.Unclear {
		why = strings.TrimSpace(t.mail.Subject + t.quoted(": "))
	}
	return cmp.Or(why, "no reason was given")
}

func (t *taking) takeBounce(m *Message) (Receipt, *Draft) {
	bounce := t.mail.Bounce
	what := fmt.Sprintf("the %s to %s", m.Kind.noun(), m.To)
	show := "coalition log " + string(t.c.ID)
	switch {
	case bounce.Unclear:
		return t.written("a server's report on " + what + " that can't be understood: " + t.reported())
	case !bounce.Final:
		return t.written(what + " is late: " + t.reported())
	case bounce.For != "" && !sameAddress(plan.Email(bounce.For), plan.Email(m.To)) && !strings.EqualFold(domain(bounce.For), domain(m.To)):
		// The partner's server has taken it, and passed it on: whether a copy stays there nobody knows here.
		passed := fmt.Sprintf("passed on to %s, where it was refused; whether %s has read it is not known: %s", bounce.For, t.c.Plan.With.Name, t.reported())
		what += " was " + passed
		if (m.State == Accepted || m.State == Unclear) && m.Kind != Notice {
			m.State, m.Error, m.Changed = Accepted, plaintext.Clip(plaintext.Line(passed), 300), t.at
			t.heard = append(t.heard, m)
			t.tell(templates.NewsPassed, what, show)
		}
		return t.written(what)
	}
	what += " came back: " + t.reported()
	if m.State == Bounced || m.State == Sending { // one that goes once more just now has its own fate
		return t.written(what)
	}
	m.State, m.Error, m.Changed = Bounced, plaintext.Clip(plaintext.Line(t.reported()), 300), t.at
	t.heard = append(t.heard, m)
	if m.Kind != Notice {
		t.tell(templates.NewsBounced, what, show)
	}
	return t.receipt(what, true, t.c.event(t.at, "bounce", what))
}

// Waiting is what has come from the partner, or in their name, and waits for the organizer: a line for
// each, for people.
func (c *Conversation) Waiting(now time.Time) (lines []string) {
	if st := c.Status(now); st == Met || st == Cancelled || st == Declined {
		return nil
	}
	zone := c.settings.Zone.Location("UTC")
	at := func(w *Word) string { return w.At.In(zone).Format("Mon 2 Jan 15:04") }
	if c.said(Query) && c.Answer.Note != "" {
		note := plaintext.Clip(c.Answer.Note, 300)
		if !strings.HasPrefix(note, "[") { // which are not the partner's words
			note = "“" + note + "”"
		}
		lines = append(lines, note+" ("+c.Answer.At.In(zone).Format("Mon 2 Jan 15:04")+")")
	}
	if n := len(c.Proposed); n > 0 {
		lines = append(lines, fmt.Sprintf("proposed for the agenda (coalition agenda %s take): %s", c.Ref(), strings.Join(c.Proposed, "; ")))
	}
	if c.Word != nil {
		lines = append(lines, at(c.Word)+", "+c.Word.Text)
	}
	if m := c.last((*Message).left, Brief, Invite, Update); m != nil && m.State == Accepted && m.Error != "" && (m.Kind == Brief && c.Answer == nil || m.Kind != Brief && c.PartStat == invites.NeedsAction) {
		lines = append(lines, "the "+m.Kind.noun()+" to "+m.To+" was "+m.Error)
	}
	if b := c.Booking; b != nil && b.Wrote.Meet && b.Is.Join == "" && !b.Is.Deleted && c.Place == nil {
		lines = append(lines, "Google has made no room for the video call yet; if it stays so, add `url:` to the setting in the plan")
	}
	if b := c.Booking; b != nil && b.Away {
		lines = append(lines, "its event is in another Google calendar of yours, "+b.In+", and is followed there")
	}
	if p := c.unheardAnswer(); p != "" {
		lines = append(lines, strings.ToLower(string(p))+" stands in Google Calendar, but perhaps to the talk as it was before: it does not count until "+c.Plan.With.Name+" answers anew")
	}
	if c.Doubted != nil {
		lines = append(lines, at(c.Doubted)+", not believed, from "+c.Doubted.From+": "+c.Doubted.Text)
	}
	return lines
}
