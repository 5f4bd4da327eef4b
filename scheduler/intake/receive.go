package intake

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"coalition/invites"
	"coalition/invites/plaintext"
	"coalition/scheduler/compose"
	"coalition/scheduler/conversation"
	"coalition/scheduler/guard"
	"coalition/scheduler/inbox"
	"coalition/scheduler/lookup"
	"coalition/scheduler/organizer"
	"coalition/scheduler/outbox"
	"coalition/scheduler/plan"
	"coalition/scheduler/plan/folder"
	"coalition/scheduler/roster"
	"coalition/scheduler/ways"
	"coalition/templates/answers"
)

// An Intake takes in what partners say, by mail and on their pages.
type Intake struct {
	*organizer.Settings
	Plans   *folder.Folder
	Store   Store
	Compose *compose.Composer
	// Mailbox is where answers come in by mail; nil: there is none.
	Mailbox Mailbox
	// Understand says what a reply means, as [answers.Reader.Read] does; nothing where the words can't be read.
	Understand func(lang, text string, names ...string) answers.Meaning
	// Busy gives what a roster has as its Busy.
	Busy func(context.Context) func(c *conversation.Conversation, start time.Time) bool
	// Now is the clock of conversations.
	Now func() time.Time
	Log *slog.Logger
	// Poke is called when something has come in, and the conversations are to be looked at again.
	Poke func()
	// Hint is called when something may have changed in the calendar.
	Hint func()

	// What comes in is judged one after the other: who answers first has the time.
	Mu sync.Mutex
	// The folder of plans, and what was read there last, for whoever holds mu; nil before.
	written *folder.Folder
	plans   map[talk]*plan.Plan
	// When the first message left, in Unix ms; 0: it is not known, or none has.
	since atomic.Int64
}

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
func (s *Intake) Receive(ctx context.Context, mails []*invites.Mail) (receipts []Receipt, err error) {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	fresh := false
	for _, mail := range mails {
		r, err := s.receive(ctx, mail, &fresh)
		if err != nil {
			return receipts, err
		}
		receipts = append(receipts, r)
	}
	return receipts, nil
}

// receive takes in one mail; see addressees for fresh.
func (s *Intake) receive(ctx context.Context, mail *invites.Mail, fresh *bool) (r Receipt, err error) {
	var d *conversation.Draft
	err = s.Update(ctx, func() (*roster.Roster, error) {
		return s.addressees(ctx, mail, fresh)
	}, func(b *roster.Roster) (*conversation.Draft, error) {
		r, d = Receipt{Mail: mail, What: "it can't be taken in: a fault of this program, of which the log says more"}, nil
		guard.Run(s.Log, "taking in a mail", mail.Key, func() { r, d = s.take(b, mail) })
		if d != nil {
			d.Key, d.Open = mail.Key, r.open
			if r.Counted {
				d.Slots = b.Slots
			}
			if mail.Cursor != "" {
				d.Cursor = conversation.Cursor{Name: s.Mailbox.Name(), At: mail.Cursor}
			}
		}
		return d, nil
	})
	switch {
	case errors.Is(err, conversation.ErrKnown):
		r.What, r.Counted = "it has been taken in before", false
		return r, nil
	case err == nil && d != nil:
		s.Log.Info("received", "id", plan.Ref(r.ID, r.Round), "counted", r.Counted)
		s.Poke()
	}
	return r, err
}

// Tell keeps a notice of what has become of m for the organizer, where they want to get any.
func (s *Intake) Tell(ctx context.Context, m *outbox.Message, n inbox.News) {
	if !s.Notify {
		return
	}
	err := s.Update(ctx, func() (*roster.Roster, error) {
		return s.Recall(ctx, lookup.Query{IDs: []plan.ID{m.ID}})
	}, func(b *roster.Roster) (*conversation.Draft, error) {
		i := slices.IndexFunc(b.Conversations, func(c *conversation.Conversation) bool { return c.ID == m.ID && c.Round == m.Round })
		if i < 0 {
			return nil, nil
		}
		n.At = b.Now
		b.Conversations[i].Tell(n)
		return b.Conversations[i].Record(b.Now), nil
	})
	// Where it can't be kept, the list says so as well.
	if err == nil {
		s.Poke()
	}
}

// take finds out what a mail means. The draft is nil where nothing is to be written down.
func (s *Intake) take(b *roster.Roster, mail *invites.Mail) (Receipt, *conversation.Draft) {
	if mail.Sort == invites.Report {
		return s.takeReport(b, mail)
	}
	none := Receipt{Mail: mail, What: "it belongs to no conversation"}
	if s.Own(mail.From.Email) {
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
func (s *Intake) addressed(b *roster.Roster, mail *invites.Mail) (c *conversation.Conversation, named, sure bool) {
	for _, c := range b.Conversations {
		if o := mail.Calendar; c.UID != "" && (o != nil && o.UID == c.UID || slices.Contains(mail.UIDs, c.UID)) {
			return c, true, true
		}
	}
	for _, ref := range slices.Backward(mail.Refs) { // the last one is what it answers
		for _, c := range b.Conversations {
			if wrote(c, ref) {
				return c, true, true
			}
		}
	}
	// Without any of that, only a mail of the partner that looks like an answer can be one. Their other mail,
	// and what their calendar says of other meetings, is nobody's business here.
	var maybe []*conversation.Conversation
	for _, c := range b.Conversations {
		theirs := c.Writes(mail.From) || c.Writes(mail.ReplyTo)
		// Whoever answers from another address is not believed, and the organizer is to hear of it.
		theirs = theirs || mail.From.Name != "" && strings.EqualFold(mail.From.Name, c.Plan.With.Name) &&
			c.Awaited(b.Now) && s.Compose.Under(c, mail, outbox.Brief, outbox.Times)
		if theirs && c.Cancelled == nil && c.Reached() && !c.Status(b.Now).Held() {
			maybe = append(maybe, c)
		}
	}
	slices.SortStableFunc(maybe, func(x, y *conversation.Conversation) int { return y.Stamp.Compare(x.Stamp) })
	for _, c := range maybe { // the newest first
		o := mail.Calendar
		switch {
		case o != nil && (o.Method == invites.Reply || o.Method == invites.Counter): // to somebody's other invitation
		case o == nil && mail.Doubt != "" && slices.Contains(mail.UIDs, ""), // of a calendar that may be about ours
			s.Compose.Under(c, mail, outbox.Brief, outbox.Times),
			o == nil && len(mail.UIDs) == 0 && mail.Sort == invites.Personal && c.Awaited(b.Now) &&
				s.Understand(c.Language(), mail.Text, c.Plan.With.Name, c.Plan.With.Call, mail.From.Name).Value != "":
			return c, false, len(maybe) == 1
		}
	}
	// Who wants no more mail is heard wherever their talks stand.
	if mail.Calendar == nil && mail.Sort == invites.Personal {
		var last *conversation.Conversation
		for _, c := range b.Conversations {
			if c.Reached() && (c.Writes(mail.From) || c.Writes(mail.ReplyTo)) && (last == nil || c.Stamp.After(last.Stamp)) {
				last = c
			}
		}
		if last != nil && s.Understand(last.Language(), mail.Text).Stop {
			return last, false, true
		}
	}
	return nil, false, false
}

// answersBrief reports whether a mail is a direct reply to the last brief, or to the mail with other times that has
// gone since: it says so by its references, or, where it has none at all, by its subject. A yes in a talk by mail that
// has gone on since may be to something else, and its numbers to other times. A brief that was handed over as a file may
// have left with a Message-ID that the program which sent it has made, and is known by its subject, too.
func (s *Intake) answersBrief(c *conversation.Conversation, mail *invites.Mail) bool {
	last := c.Last((*outbox.Message).MayHaveLeft, outbox.Brief, outbox.Times)
	switch n := len(mail.Refs); {
	case last == nil:
		return false
	case n > 0 && mail.Refs[n-1] == last.MessageID:
		return true
	case n > 1 || n == 1 && (last.Via != "file" || wrote(c, mail.Refs[0])):
		return false
	}
	return s.Compose.Under(c, mail, last.Kind)
}

// A taking is a mail beside the conversation it belongs to.
type taking struct {
	s    *Intake
	b    *roster.Roster
	c    *conversation.Conversation
	mail *invites.Mail
	at   time.Time

	named  bool              // see addressed
	unsure bool              // it could belong to another conversation of the partner as well
	heard  []*outbox.Message // whose state was learnt from the mail
	why    string            // a mail is no answer, for the notice
}

// newTaking is that of a mail at this moment. A mail from the future, or from before anything was sent
// that it could be about, has a wrong clock, and counts as of now.
func newTaking(s *Intake, b *roster.Roster, c *conversation.Conversation, mail *invites.Mail) *taking {
	if len(c.Messages) == 0 || mail.At.Before(c.Messages[0].Stamp) || mail.At.After(b.Now) {
		mail.At = b.Now
	}
	return &taking{s: s, b: b, c: c, mail: mail, at: b.Now}
}

func (t *taking) take() (Receipt, *conversation.Draft) {
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
	if w := t.c.Remark; w != nil && w.Key != "" && w.Key == t.mail.Key {
		t.c.Remark = nil
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
	case c.Writes(from):
		return "", ""
	case c.Writes(reply) && within(compose.Domain(from.Email), compose.Domain(reply.Email)): // a server that writes in the partner's name
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
		if m.State == outbox.Unclear && !m.InCalendar() && (slices.Contains(t.mail.Refs, m.MessageID) ||
			t.mail.Calendar != nil && t.mail.Calendar.UID == t.c.UID && m.Kind == outbox.Invite && t.mail.Calendar.Method == invites.Reply) {
			m.State, m.Error, m.Changed = outbox.Accepted, "", t.at
			t.heard = append(t.heard, m)
		}
	}
}

// written is a mail that is only written down.
func (t *taking) written(what string) (Receipt, *conversation.Draft) {
	return t.receipt(what, false, t.c.Entry(t.at, "mail", what))
}

// doubted is a mail that is not believed. The organizer hears why, and what to do if it is the partner's
// all the same; stranger is an address that would have to be theirs, "" for none.
func (t *taking) doubted(why, stranger string) (Receipt, *conversation.Draft) {
	c := t.c
	record := c.How(ways.Record)
	over := c.Cancelled != nil || c.Status(t.at).Held()
	switch {
	case over:
	case stranger != "":
		again := "take the mail in again: " + c.How(ways.Receive)
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
		t.tell(inbox.NewsDoubted, t.mail.Text, record, c.How(ways.Show))
	}
	c.Doubted = &inbox.Remark{At: t.mail.At, From: t.from(), Text: t.sort() + t.quoted(" ") + ": " + why, Key: t.mail.Key, Settled: t.settled()}
	r, d := t.receipt(what, false, c.Entry(t.at, "mail", what))
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
func (t *taking) shown(what string, settled ...invites.PartStat) (Receipt, *conversation.Draft) {
	t.c.Hear(inbox.Remark{At: t.mail.At, From: t.from(), Text: what, Settled: settled})
	t.tell(inbox.NewsMail, t.mail.Text, t.c.How(ways.Show))
	return t.written(what)
}

func (t *taking) tell(kind string, text string, commands ...string) {
	n := t.news(text)
	n.What, n.Do = kind, commands
	t.c.Tell(n)
}

// news is what is told of the mail, with these words of it.
func (t *taking) news(text string) inbox.News {
	way := "mail"
	if t.mail.Calendar != nil {
		way = "calendar"
	}
	return inbox.News{At: t.mail.At, From: t.from(), How: way, Why: t.why, Text: plaintext.Clip(text, plaintext.MaxLine)}
}

func (t *taking) receipt(what string, counted bool, events ...conversation.HistoryEntry) (Receipt, *conversation.Draft) {
	d := t.c.Record(t.at, events...)
	d.Heard = t.heard
	roster.Hush(t.c, d)
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
func (t *taking) reacted() (Receipt, *conversation.Draft) {
	what := t.from() + " reacted to your mail with " + t.mail.Text + ", which is no answer"
	if st := t.c.Status(t.at); st != conversation.Cancelled && !st.Held() {
		t.c.Hear(inbox.Remark{At: t.mail.At, From: t.from(), Text: what, Sign: true})
		t.tell(inbox.NewsMail, t.mail.Text, t.c.How(ways.Show))
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
func (t *taking) takeText() (Receipt, *conversation.Draft) {
	c := t.c
	wrote := t.wrote()
	if t.s.Understand(c.Language(), t.mail.Text, c.Plan.With.Name, c.Plan.With.Call, t.mail.From.Name).Stop && (t.named || t.mail.Vouched && len(t.mail.Refs) == 0) {
		return t.takeStop()
	}
	switch {
	case c.Cancelled != nil, c.Status(t.at).Held():
		return t.written(wrote)
	case c.Told() != nil: // it never answers an invitation
		return t.shown(wrote, t.settled()...)
	case c.Answer != nil && t.mail.At.Before(c.Answer.At.Truncate(time.Second)):
		return t.shown("older than the answer on record: " + wrote)
	}
	if why, foreign := t.beside(); why != "" {
		return t.aside(why, foreign)
	}
	a, said := t.understand()
	var own time.Time
	if a.Value == conversation.Query {
		own = OwnTime(c, said, t.mail.At, t.at)
	}
	if a.Value == conversation.Query && (c.Said(conversation.Yes) || c.Said(conversation.No)) {
		// It does not take back what is on record.
		if own.IsZero() || c.Said(conversation.No) {
			return t.shown(wrote)
		}
		return t.proposed(wrote, a, own)
	}
	if err := c.Apply(a, t.at); err != nil {
		return t.shown(wrote + " (" + err.Error() + ")")
	}
	if a.Value != conversation.Query {
		c.Propose(said.Adds)
	}
	return t.proposed(a.Text(), a, own)
}

// proposed ends the taking in of an answer, with a time of the partner's own that came with it, if one did.
func (t *taking) proposed(what string, a conversation.Answer, own time.Time) (Receipt, *conversation.Draft) {
	what += Propose(t.c, own, a, t.at)
	TellAnswer(t.c, a, t.at, t.news(t.mail.Text))
	return t.receipt(what, true, t.c.Entry(t.at, "answer", what))
}

// beside is why a plain mail of the partner is no answer to the brief, whatever it says; "" where it may be
// one. It is foreign where it belongs to something else.
func (t *taking) beside() (why string, foreign bool) {
	direct := t.s.answersBrief(t.c, t.mail)
	n := len(t.mail.Refs)
	switch {
	case !direct && n > 0 && wrote(t.c, t.mail.Refs[n-1]): // an earlier brief: a word about the question all the same
		return "", false
	case !direct && t.named:
		return "not a reply to the brief, but to another mail", false
	case !direct && n > 0 && t.s.Compose.Under(t.c, t.mail, outbox.Brief, outbox.Times):
		return "it has the brief's subject, but is not a reply to the brief that was sent", false
	case !direct:
		return "not a reply to the brief", true
	case t.unsure:
		return "it could answer the brief of another conversation as well", false
	case !t.named && !t.mail.Vouched:
		return "it names no message of ours, and no server in replies.trust says that it comes from " + cmp.Or(compose.Domain(t.mail.From.Email), "there"), false
	}
	return "", false
}

// aside shows a mail that is no answer, with its subject and the reason: it starts nothing.
func (t *taking) aside(why string, foreign bool) (Receipt, *conversation.Draft) {
	c := t.c
	record := c.How(ways.Record)
	under := " without a subject"
	if t.mail.Subject != "" {
		under = " under “" + t.mail.Subject + "”"
	}
	t.why = why
	what := t.from() + " wrote" + under + cmp.Or(t.quoted(": "), t.unread(", without words of their own")) + " (" + why + "; if it is the answer: " + record + ")"
	c.Hear(inbox.Remark{At: t.mail.At, From: t.from(), Text: what, Key: t.mail.Key, Foreign: foreign})
	t.tell(inbox.NewsMail, t.mail.Text, record, c.How(ways.Show))
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
func (t *taking) takeStop() (Receipt, *conversation.Draft) {
	c := t.c
	c.Stopped(t.from(), t.at)
	what := "asked for no more mail (by mail from " + t.from() + ")" + t.quoted(": ") + "; nothing goes to them by itself any more"
	a := conversation.Answer{Value: conversation.No, At: t.mail.At, How: "mail", From: t.from(), Note: plaintext.Clip(plaintext.Line(t.mail.Text), plaintext.MaxLine)}
	if c.Told() != nil || c.Apply(a, t.at) != nil {
		c.Hear(inbox.Remark{At: t.mail.At, From: t.from(), Text: what})
	}
	t.tell(inbox.NewsNo, t.mail.Text, c.How(ways.Show))
	return t.receipt(what, true, c.Entry(t.at, "answer", what))
}

// understand is the answer that a plain reply gives, and what its words mean besides.
func (t *taking) understand() (a conversation.Answer, said answers.Meaning) {
	c := t.c
	a = conversation.Answer{Value: conversation.Query, At: t.mail.At, How: "mail", From: t.from(), Note: plaintext.Clip(plaintext.Line(t.mail.Text), plaintext.MaxLine)}
	if t.mail.Sealed != "" {
		a.Note = "[" + t.sealed() + "]"
		return a, said
	}
	said = t.s.Understand(c.Language(), t.mail.Text, c.Plan.With.Name, c.Plan.With.Call, t.mail.From.Name)
	if !t.s.answersBrief(c, t.mail) {
		return a, answers.Meaning{}
	}
	// What stands in more characters, and is no list of points, wants to be read.
	const long = 400
	if said.Value == "yes" && len(said.Adds) == 0 && said.Length > long {
		return a, said
	}
	switch said.Value {
	case "yes":
		numbers, choices := said.Numbers, c.Choices(t.at)
		// It is to that one, as long as nobody else has it; or to any of those of which none is left.
		if len(numbers) == 0 && len(c.Offered) > 0 && (len(choices) == 1 || len(t.b.Left(c, choices)) == 0) {
			numbers = []int{1}
		}
		slot, unknown := t.b.Pick(c, numbers)
		if unknown != 0 {
			return a, said
		}
		a.Value, a.Slot = conversation.Yes, slot
		// With one time in the brief a bare yes is to that one; and a number to no other.
		a.Other = slot.IsZero() && len(numbers) > 0
		if a.Other {
			a.Taken, a.By = t.b.Taken(c, numbers)
		}
	case "no":
		a.Value = conversation.No
	case "later":
		a.Value = conversation.Wait
	}
	return a, said
}

// TellAnswer tells the organizer of an answer that the program does not carry on with by itself; n says how it came, and
// in which words.
func TellAnswer(c *conversation.Conversation, a conversation.Answer, now time.Time, n inbox.News) {
	switch {
	case a.Value != conversation.No && c.Countered(now):
		n.What, n.Do = inbox.NewsTime, []string{c.How(ways.TakeCounter), c.How(ways.RefuseCounter), c.How(ways.Show)}
	case a.Value == conversation.Query:
		n.What, n.Text = inbox.NewsQuestion, cmp.Or(n.Text, strings.Trim(a.Note, "[]"))
		n.Do = []string{c.How(ways.Record), c.How(ways.Show)}
	case a.Value == conversation.No:
		n.What = inbox.NewsNo
	case a.Value == conversation.Wait:
		n.What, n.Do = inbox.NewsLater, []string{c.How(ways.Ask)}
	// Other times are offered; where there are none, they are told then.
	case c.Gone(now):
		return
	case c.StartSlot(now).IsZero():
		n.What, n.Do = inbox.NewsYes, []string{c.How(ways.InviteAt)}
	case len(c.Proposed) > 0:
		n.What, n.Text = inbox.NewsAdds, strings.Join(c.Proposed, "\n")
		n.Do = []string{c.How(ways.TakeAgenda), c.How(ways.LeaveAgenda)}
	default:
		return
	}
	n.Text = plaintext.Clip(n.Text, plaintext.MaxLine)
	c.Tell(n)
}

// takeCalendar takes in what the partner's calendar says (RFC 5546, section 3.2).
func (t *taking) takeCalendar(o *invites.Object) (Receipt, *conversation.Draft) {
	c := t.c
	told := c.Told()
	switch {
	case (c.UID == "" || o.UID != c.UID) && o.Method != invites.Reply && o.Method != invites.Counter: // it answers our mail with another meeting
		own := "an invitation of their own, from " + t.from()
		if !o.Start.IsZero() {
			own += ", for " + plan.SlotOf(o.Start.In(c.Plan.When.Timezone.Location(c.Settings().Zone))).String()
		}
		return t.shown(strings.TrimSuffix(own+": "+o.Summary, ": ") + " (it is no answer to ours, and nothing is taken from it)")
	case c.UID == "" || o.UID != c.UID:
		return t.doubted("its UID is not that of our invitation", "")
	case o.Method != invites.Reply && o.Method != invites.Counter:
		return t.doubted(fmt.Sprintf("only a REPLY or a COUNTER of the partner counts, and this is a %s", cmp.Or(string(o.Method), "calendar without METHOD")), "")
	case told == nil:
		return t.doubted("it answers an invitation that has not gone", "")
	}
	if c.InCalendar() { // where this belongs; a COUNTER, which it does not know, is for the organizer
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
		return t.written(s + ": " + c.Calendar().Title + " takes it in")
	}
	attendee := t.attendee(o)
	sequence := max(o.Sequence, 0)
	switch {
	case attendee == nil:
		return t.foreign(o)
	case sequence > c.Sequence:
		return t.doubted(fmt.Sprintf("it answers SEQUENCE %d, which was never sent", o.Sequence), "")
	}
	present := c.Present(t.at)
	if o.Sequence < 0 && told.Begins(o.Start) {
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
	silent := inbox.AnyAnswer
	differs := o.Method == invites.Reply && !o.Start.IsZero() && !told.Begins(o.Start)
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
func (t *taking) answered(o *invites.Object, p invites.PartStat, stamp time.Time, said string, words bool) (Receipt, *conversation.Draft) {
	c := t.c
	if o.Comment != "" && t.s.Understand(c.Language(), o.Comment).Stop {
		c.Stopped(t.from(), t.at)
	}
	c.SettleWords(p)
	same := c.PartStat == p
	c.PartStat, c.Replied, c.Counter = p, stamp, nil
	c.Touched = t.at
	switch {
	case p == invites.Declined && !same:
		t.tell(inbox.NewsDeclined, o.Comment, c.How(ways.Move), c.How(ways.Cancel))
	case p == invites.Tentative && !same:
		t.tell(inbox.NewsTentative, o.Comment, c.How(ways.Show))
	case words:
		t.tell(inbox.NewsMail, cmp.Or(o.Comment, said), c.How(ways.Show))
	}
	if words {
		c.Hear(inbox.Remark{At: t.mail.At, From: t.from(), Text: said, Settled: inbox.Others(p)})
	}
	return t.receipt(said, true, c.Entry(t.at, "answer", said))
}

// clock is a time on the clock of the plan, for people.
func (t *taking) clock(at time.Time) string {
	return plan.SlotOf(at.In(t.c.Plan.When.Timezone.Location(t.c.Settings().Zone))).String()
}

// foreign is a calendar that answers for somebody else.
func (t *taking) foreign(o *invites.Object) (Receipt, *conversation.Draft) {
	stranger := ""
	if len(o.Attendees) == 1 {
		stranger = o.Attendees[0].Email
	}
	return t.doubted("it does not answer for "+string(t.c.Plan.With.Email), stranger)
}

// attendee is the line of the object that answers for the partner; nil: there is none.
func (t *taking) attendee(o *invites.Object) *invites.Attendee {
	for i := range o.Attendees {
		if t.c.Writes(invites.Address{Email: o.Attendees[i].Email}) {
			return &o.Attendees[i]
		}
	}
	return nil
}

// stamp orders the answers of a calendar. SOGo repeats the DTSTAMP of the invitation, which says nothing
// about when the answer was given; and none can be given after it has come.
func (t *taking) stamp(o *invites.Object) time.Time {
	ours := slices.ContainsFunc(t.c.Messages, func(m *outbox.Message) bool { return m.Stamp.Equal(o.Stamp) })
	if o.Stamp.IsZero() || ours || o.Stamp.After(t.mail.At) {
		return t.mail.At
	}
	return o.Stamp
}

// takeCounter takes in another time that the partner proposes.
func (t *taking) takeCounter(o *invites.Object, attendee *invites.Attendee, stamp time.Time, said string) (Receipt, *conversation.Draft) {
	c := t.c
	told := c.Told()
	if o.Start.IsZero() || !o.Start.After(t.at) || told.Begins(o.Start) {
		return t.takeTimeless(o, attendee.PartStat, stamp)
	}
	p := &inbox.Proposal{At: t.mail.At, Start: o.Start.UTC(), Length: o.End.Sub(o.Start), Note: o.Comment}
	if p.Length <= 0 { // it names a start alone
		p.Length = c.Length()
	}
	c.SettleWords(invites.Declined) // the decision on another time is what is left of a no
	c.Counter, c.Replied, c.Touched = p, stamp, t.at
	if attendee.PartStat == invites.Tentative || attendee.PartStat == invites.Declined {
		c.PartStat = attendee.PartStat
	}
	what := strings.Replace(said, "another time", "another time, "+c.SlotOf(p).String(), 1)
	if p.Length != c.Length() {
		what += fmt.Sprintf("; for %d minutes", int(p.Length.Minutes()))
	}
	t.tell(inbox.NewsCounter, o.Comment, c.How(ways.TakeCounter), c.How(ways.RefuseCounter))
	return t.receipt(what, true, c.Entry(t.at, "counter", what))
}

// takeTimeless takes in a counter-proposal that names no other time ahead: another place, a comment, or nothing.
// Some programs decline with one. A no or a maybe in it counts; a yes only to what stands.
func (t *taking) takeTimeless(o *invites.Object, p invites.PartStat, stamp time.Time) (Receipt, *conversation.Draft) {
	c := t.c
	told := c.Told()
	length := o.End.Sub(o.Start)
	var why string
	switch {
	case o.Start.IsZero():
		why = "names no time that can be read"
	case told.Begins(o.Start):
		why = "names the time that stands"
		if length > 0 && length != told.Length {
			why = fmt.Sprintf("names the start that stands, for %d minutes", int(length.Minutes()))
		}
	default:
		why = "names a time that has passed, " + t.clock(o.Start)
	}
	place := false
	if o.Location != "" {
		own, err := t.s.Compose.PlanLocation(c)
		if place = err != nil || plaintext.Clip(plaintext.Line(own), 300) != plaintext.Line(o.Location); place {
			why += ", and another place, " + o.Location
		}
	}
	stands := told.Begins(o.Start) && (length <= 0 || length == told.Length) && !place
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
func (s *Intake) takeReport(b *roster.Roster, mail *invites.Mail) (Receipt, *conversation.Draft) {
	none := Receipt{Mail: mail, What: "it is a report about no message of ours"}
	if mail.Bounce == nil {
		return none, nil
	}
	var near *outbox.Message // the last one to the address that a report names which names no message
	var whose *conversation.Conversation
	for _, c := range b.Conversations {
		for _, m := range c.Messages {
			switch {
			case !m.MayHaveLeft() && m.Attempts == 0 || m.InCalendar():
			case mail.Bounce.Of != "" && m.MessageID == mail.Bounce.Of:
				return newTaking(s, b, c, mail).takeBounce(m)
			case mail.Bounce.Of == "" && plan.Email(m.To).Same(plan.Email(mail.Bounce.For)) && !m.ToOrganizer() && (near == nil || m.Stamp.After(near.Stamp)):
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

func (t *taking) takeBounce(m *outbox.Message) (Receipt, *conversation.Draft) {
	bounce := t.mail.Bounce
	what := fmt.Sprintf("the %s to %s", m.Kind.Noun(), m.To)
	show := t.c.How(ways.Log)
	switch {
	case bounce.Unclear:
		return t.written("a server's report on " + what + " that can't be understood: " + t.reported())
	case !bounce.Final:
		return t.written(what + " is late: " + t.reported())
	case bounce.For != "" && !plan.Email(bounce.For).Same(plan.Email(m.To)) && !strings.EqualFold(compose.Domain(bounce.For), compose.Domain(m.To)):
		// The partner's server has taken it, and passed it on: whether a copy stays there nobody knows here.
		passed := fmt.Sprintf("passed on to %s, where it was refused; whether %s has read it is not known: %s", bounce.For, t.c.Plan.With.Name, t.reported())
		what += " was " + passed
		if (m.State == outbox.Accepted || m.State == outbox.Unclear) && m.Kind != outbox.Notice {
			m.State, m.Error, m.Changed = outbox.Accepted, plaintext.Clip(plaintext.Line(passed), 300), t.at
			t.heard = append(t.heard, m)
			t.tell(inbox.NewsPassed, what, show)
		}
		return t.written(what)
	}
	what += " came back: " + t.reported()
	if m.State == outbox.Bounced || m.State == outbox.Sending { // one that goes once more just now has its own fate
		return t.written(what)
	}
	m.State, m.Error, m.Changed = outbox.Bounced, plaintext.Clip(plaintext.Line(t.reported()), 300), t.at
	t.heard = append(t.heard, m)
	if m.Kind != outbox.Notice {
		t.tell(inbox.NewsBounced, what, show)
	}
	return t.receipt(what, true, t.c.Entry(t.at, "bounce", what))
}

// wrote reports whether a message to the partner has that Message-ID, which nobody can guess.
func wrote(c *conversation.Conversation, messageID string) bool {
	return slices.ContainsFunc(c.Messages, func(m *outbox.Message) bool {
		return m.MessageID == messageID && m.Kind != outbox.Notice && !m.ToOrganizer()
	})
}
