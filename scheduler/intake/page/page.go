// Package page knows what the partner's page shows, and what an answer given there changes. It leaves how it looks to
// templates, its addresses and forms to invites/web, and what is taken in by mail to intake.
package page

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"coalition/invites/plaintext"
	"coalition/scheduler/compose"
	"coalition/scheduler/conversation"
	"coalition/scheduler/inbox"
	"coalition/scheduler/intake"
	"coalition/scheduler/lookup"
	"coalition/scheduler/outbox"
	"coalition/scheduler/plan"
	"coalition/scheduler/roster"
	"coalition/scheduler/ways"
	"coalition/templates"
)

// A Desk knows the talks behind the links, and takes answers in.
type Desk struct{ *intake.Intake }

// changeable is how long an answer on the page may be changed before anything follows from it.
const changeable = 5 * time.Minute

// paged is the conversation of a page, and those that matter beside it; nil where the token leads nowhere.
func (s *Desk) paged(ctx context.Context, token string) (*conversation.Conversation, *roster.Roster, error) {
	id, round, err := s.Store.Page(ctx, compose.Hash(token))
	if err != nil || round == 0 {
		return nil, nil, err
	}
	b, err := s.Recall(ctx, lookup.Query{IDs: []plan.ID{id}, Around: s.Rivals})
	if err != nil {
		return nil, nil, err
	}
	for _, c := range b.Conversations {
		if c.ID == id && c.Round == round && hasPage(c, compose.Hash(token)) && c.Cancelled == nil {
			until := c.PageUntil
			if told := c.Told(); told != nil && told.End().After(until) {
				until = told.End()
			}
			if b.Now.Before(until) {
				return c, b, nil
			}
		}
	}
	return nil, nil, nil
}

// Page is what a partner sees under a link, and the language to show it in; nil where the token leads
// nowhere: it was never given out, it has expired, or another brief has gone since.
func (s *Desk) Page(ctx context.Context, token string) (*templates.Page, string, error) {
	c, b, err := s.paged(ctx, token)
	if c == nil || err != nil {
		return nil, "", err
	}
	p, lang := s.page(c, b)
	return p, lang, nil
}

func (s *Desk) page(c *conversation.Conversation, b *roster.Roster) (*templates.Page, string) {
	p := &templates.Page{Talk: *s.Compose.Talk(c, &c.Plan), Invited: c.Invited()}
	d := c.DatesAt(b.Now)
	if !d.To.IsZero() {
		p.From, p.To = d.From.Time(), d.LastDay()
	}
	choices := c.Choices(b.Now)
	for _, slot := range b.Left(c, choices) {
		p.Times, p.Numbers = append(p.Times, slot.Time()), append(p.Numbers, 1+slices.Index(choices, slot))
	}
	if a := c.Answer; a != nil {
		p.Answer = templates.Choice(a.Value)
		// What the organizer has recorded was not answered here.
		if a.How == "page" || a.How == "mail" {
			p.At = a.At
		}
		if a.Value == conversation.Yes {
			p.Start = c.Start(b.Now)
		}
		if a.Until.After(b.Now) {
			p.Changeable = a.Until
		}
		if c.Gone(b.Now) {
			p.Before = templates.OtherTime{Start: a.Taken.Time(), Length: c.Length()}
		}
	}
	if c.Countered(b.Now) {
		p.Proposed = templates.OtherTime{Start: c.Counter.Start, Length: c.Counter.Length}
	}
	if told := c.Told(); told != nil {
		p.Start = told.Start.Time()
	}
	p.Open = c.Open(b.Now)
	p.HasCalendar = !p.Start.IsZero() && c.Said(conversation.Yes) && c.UID != "" && p.Start.After(b.Now) && !c.Declined()
	lang := s.Compose.LanguageFor(c)
	return p, lang
}

// Answer takes in what a partner has sent under a link. Where it does not count, Problem of the page says why. The page
// is nil where the token leads nowhere.
func (s *Desk) Answer(ctx context.Context, token string, reply templates.Reply) (p *templates.Page, lang string,
	err error) {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	var c *conversation.Conversation
	var d *conversation.Draft
	err = s.Update(ctx, func() (b *roster.Roster, err error) {
		c, b, err = s.paged(ctx, token)
		return b, err
	}, func(b *roster.Roster) (_ *conversation.Draft, err error) {
		p, d = nil, nil
		if c != nil {
			p, lang = s.page(c, b)
			d, err = s.answer(c, b, p, reply)
		}
		return d, err
	})
	if c == nil || err != nil {
		return nil, "", err
	}
	if d != nil {
		s.Poke()
	}
	return p, lang, nil
}

// answer is the draft of what a partner has sent, nil where there is nothing to write down, and takes into p how the
// page is then, and why it does not count.
func (s *Desk) answer(c *conversation.Conversation, b *roster.Roster, p *templates.Page,
	reply templates.Reply) (*conversation.Draft, error) {
	if !p.Open {
		p.Problem, p.Note = templates.TooLate, reply.Note
		return s.tooLate(c, reply, b.Now), nil
	}
	own, ahead := s.own(c, &reply, b.Now)
	if !ahead {
		p.Problem, p.Note, p.Own = templates.TimeGone, reply.Note, reply.Own
		return nil, nil
	}
	note := reply.Note
	a := conversation.Answer{How: "page", From: string(c.Plan.With.Email),
		Note: plaintext.Clip(plaintext.Line(note), plaintext.MaxLine), Until: b.Now.Add(changeable)}
	switch reply.Choice {
	case templates.ChooseLater:
		a.Value = conversation.Wait
	case templates.ChooseNo:
		a.Value = conversation.No
	case templates.ChooseAsk:
		a.Value = conversation.Query
	case templates.ChooseYes:
		a.Value, a.Other = conversation.Yes, len(c.Choices(b.Now)) > 0
		if len(p.Numbers) == 0 {
			a.Taken, a.By = b.Taken(c, []int{1})
		}
	default:
		n := number(reply.Choice)
		switch {
		case slices.Contains(p.Numbers, n):
			a.Value, a.Slot = conversation.Yes, c.Choices(b.Now)[n-1]
		case len(p.Numbers) == 0 && n > 0 && n <= len(c.Choices(b.Now)):
			// Nothing is left to choose from here: it is a yes, and other times are looked for.
			a.Value, a.Other = conversation.Yes, true
			a.Taken, a.By = b.Taken(c, []int{n})
		default:
			p.Problem, p.Note = templates.TimeGone, note
			return s.gone(c, b, n), nil
		}
	}
	d, err := s.answerPage(c, a, note, own, b.Now)
	if err != nil {
		return nil, err
	}
	d.Slots = b.Slots
	after, _ := s.page(c, b)
	*p = *after
	s.Log.Info("answered on the page", "id", c.Ref())
	return d, nil
}

// own is the time of their own that a partner has sent, in its field or in words of the note; zero: none that is plain.
// What of it is none stands in the note then. ahead is false for one that has passed.
func (s *Desk) own(c *conversation.Conversation, reply *templates.Reply, now time.Time) (at time.Time, ahead bool) {
	// As browsers write it.
	const layout = "2006-01-02T15:04"
	words := reply.Note
	if reply.Own != "" {
		// Clocks may skip it.
		at, err := time.ParseInLocation(layout, reply.Own, c.Zone())
		if err == nil && at.Format(layout) == reply.Own && reply.Choice != templates.ChooseNo {
			return at, at.After(now)
		}
		words = reply.Own
	}
	switch reply.Choice {
	case templates.ChooseYes, templates.ChooseLater, templates.ChooseAsk:
		said := s.Understand(c.Language(), words, c.Plan.With.Name, c.Plan.With.Call)
		at = intake.OwnTime(c, said, now, now)
	}
	if at.IsZero() && reply.Own != "" {
		reply.Note = strings.TrimSpace(reply.Own + "\n" + reply.Note)
	}
	return at, true
}

// gone writes down that the partner has chosen a time on the page that can't be had any more: they see that there,
// beside those that are left, and choose again. Whoever leaves it at that gets no mail on top.
func (s *Desk) gone(c *conversation.Conversation, b *roster.Roster, n int) *conversation.Draft {
	slot, by := b.Taken(c, []int{n})
	if slot.IsZero() {
		return nil
	}
	what := "on the page: " + conversation.Answer{Taken: slot, By: by}.TakenText() +
		"; they were told, and can choose another"
	// It was sent once more.
	if c.Remark != nil && strings.Contains(c.Remark.Text, what) {
		return nil
	}
	c.Hear(inbox.Remark{At: b.Now, From: string(c.Plan.With.Email), Text: what, Sign: true})
	return c.Record(b.Now, c.Entry(b.Now, "page", what))
}

// number is that of the time in a yes with one; 0 in all others.
func number(choice templates.Choice) int {
	digits, ok := strings.CutPrefix(string(choice), string(templates.ChooseYes))
	n, err := strconv.ParseUint(digits, 10, 8)
	if !ok || err != nil {
		return 0
	}
	return int(n)
}

// answerPage takes in an answer of the page in place of the one that it changes, if it does, and a time of the
// partner's own; zero: none.
func (s *Desk) answerPage(c *conversation.Conversation, a conversation.Answer, note string,
	own, now time.Time) (*conversation.Draft, error) {
	// Nobody knows what is meant, as in a mail.
	if a.Value == conversation.Yes && s.Understand(c.Language(), note).Stop {
		a = conversation.Answer{Value: conversation.Query, How: a.How, From: a.From, Note: a.Note, Until: a.Until}
	}
	if old := c.Answer; old != nil && old.How == "page" {
		// The words that came with it need not be written again.
		if a.Note == "" && old.Until.After(now) {
			a.Note, note = old.Note, old.Note
		}
		// They belonged to that one.
		if a.Note != old.Note || a.Value != conversation.Yes {
			c.Proposed = nil
		}
	}
	if err := c.Apply(a, now); err != nil {
		return nil, err
	}
	if a.Value == conversation.Yes {
		c.Identify()
	}
	// Without a time, the words are rather about that.
	if a.Value == conversation.Yes && !c.StartSlot(now).IsZero() {
		var lines []string
		for line := range strings.Lines(note) {
			if line = plaintext.Line(line); line != "" && len([]rune(line)) <= 200 {
				lines = append(lines, line)
			}
		}
		c.Propose(lines)
	}
	what := a.Text() + intake.Propose(c, own, a, now)
	intake.TellAnswer(c, a, now, inbox.News{Due: a.Until, At: now, From: string(c.Plan.With.Email), How: "page",
		Text: note})
	if s.Understand(c.Language(), note).Stop && a.Value != conversation.Yes {
		c.Stopped(a.From, now)
	}
	d := c.Record(now, c.Entry(now, "answer", what))
	roster.Hush(c, d)
	return d, nil
}

// tooLate shows the organizer what a partner has sent from a page that was open for too long.
func (s *Desk) tooLate(c *conversation.Conversation, reply templates.Reply, now time.Time) *conversation.Draft {
	what := fmt.Sprintf("on the page, too late to count: %s", reply.Choice)
	note := strings.TrimSpace(reply.Own + "\n" + reply.Note)
	if note = plaintext.Clip(plaintext.Line(note), plaintext.MaxLine); note != "" {
		what += ": “" + note + "”"
	}
	// It was sent once more.
	if c.Remark != nil && strings.Contains(c.Remark.Text, what) {
		return nil
	}
	c.Hear(inbox.Remark{At: now, From: string(c.Plan.With.Email), Text: what})
	c.Tell(inbox.News{What: inbox.NewsMail, At: now, From: string(c.Plan.With.Email), How: "page", Text: what,
		Do: []string{c.How(ways.Show)}})
	return c.Record(now, c.Entry(now, "page", what))
}

// Calendar is the talk agreed on as a file for the partner's calendar; nil where there is none.
func (s *Desk) Calendar(ctx context.Context, token string) ([]byte, error) {
	c, b, err := s.paged(ctx, token)
	if c == nil || err != nil {
		return nil, err
	}
	p, _ := s.page(c, b)
	if !p.HasCalendar {
		return nil, nil
	}
	content := c.Says(b.Now, outbox.Invite)
	if told := c.Told(); told != nil {
		content = *told
	}
	// The invitation that follows has the same UID and a later DTSTAMP: calendars put it in this one's place.
	stamp := c.Answer.At.Truncate(time.Second)
	if c.Stamp.After(stamp) {
		stamp = c.Stamp
	}
	return s.Compose.Publish(c, &outbox.Message{Content: content, Sequence: c.Sequence, Stamp: stamp})
}

// hasPage reports whether a hash is that of the page of the last offer that may have arrived.
func hasPage(c *conversation.Conversation, hash string) bool {
	return c.Page == hash || c.PageBefore == hash && !c.NewestOffer().MayHaveLeft()
}
