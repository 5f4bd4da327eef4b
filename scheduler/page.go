package scheduler

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"coalition/invites"
	"coalition/invites/plaintext"
	"coalition/templates"
)

const (
	// changeable is how long an answer on the page may be changed before anything follows from it.
	changeable = 5 * time.Minute
	// pageLife is how long a page can be opened where no time is offered.
	pageLife = 60 * 24 * time.Hour
)

// openPage gives a brief the page on which it can be answered, and returns its address; "" where there are none.
// Its token has 128 random bits; only its hash is kept beside the finished bytes.
func (s *Scheduler) openPage(d *Draft) string {
	if s.Link == nil {
		return ""
	}
	b := make([]byte, 16)
	rand.Read(b) // which never fails
	token := base64.RawURLEncoding.EncodeToString(b)
	d.Page = hash(token)
	d.Conversation.openPage(d.Page, d.At)
	return s.Link(token)
}

// openPage takes in that the next brief has the page whose token has that hash. The page of an earlier brief
// ends when this one has left.
func (c *Conversation) openPage(hash string, now time.Time) {
	if c.newestBrief().left() { // a page that nobody has got a link to is none
		c.PageBefore = c.Page
	}
	c.Page, c.PageUntil = hash, now.Add(pageLife).UTC()
	for _, t := range c.Offered {
		if end := t.Time().Add(c.Length()); t == c.Offered[0] || end.After(c.PageUntil) {
			c.PageUntil = end.UTC()
		}
	}
}

func hash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// paged is the conversation of a page, and all others beside it; nil where the token leads nowhere.
func (s *Scheduler) paged(ctx context.Context, token string) (*Conversation, *Board, error) {
	id, round, err := s.Store.Page(ctx, hash(token))
	if err != nil || round == 0 {
		return nil, nil, err
	}
	b, err := s.recall(ctx)
	if err != nil {
		return nil, nil, err
	}
	for _, c := range b.Conversations {
		if c.ID == id && c.Round == round && c.hasPage(hash(token)) && c.Cancelled == nil {
			until := c.PageUntil
			if told := c.told(); told != nil && told.End().After(until) {
				until = told.End()
			}
			if b.Now.Before(until) {
				return c, b, nil
			}
		}
	}
	return nil, nil, nil
}

// hasPage reports whether a hash is that of the page of the last brief that may have arrived.
func (c *Conversation) hasPage(hash string) bool {
	return c.Page == hash || c.PageBefore == hash && !c.newestBrief().left()
}

// newestBrief is the one that was decided on last, whatever has become of it.
func (c *Conversation) newestBrief() *Message {
	for _, m := range slices.Backward(c.Messages) {
		if m.Kind == Brief {
			return m
		}
	}
	return &Message{}
}

// Page is what a partner sees under a link, and the language to show it in; nil where the token leads
// nowhere: it was never given out, it has expired, or another brief has gone since.
func (s *Scheduler) Page(ctx context.Context, token string) (*templates.Page, string, error) {
	c, b, err := s.paged(ctx, token)
	if c == nil || err != nil {
		return nil, "", err
	}
	p, lang := s.page(c, b)
	return p, lang, nil
}

func (s *Scheduler) page(c *Conversation, b *Board) (*templates.Page, string) {
	p := &templates.Page{Talk: *s.talk(c, &c.Plan), Invited: c.Invited()}
	d := c.dates(b.Now)
	if !d.To.IsZero() {
		p.From, p.To = d.From.Time(), d.To.Time()
	}
	for i, slot := range c.Choices(b.Now) {
		if at := slot.Time(); at.After(b.Now) && c.stands(slot, b.Now) && b.Free(at, c.Length(), c) {
			p.Times, p.Numbers = append(p.Times, at), append(p.Numbers, i+1)
		}
	}
	if a := c.Answer; a != nil {
		p.Answer = templates.Choice(a.Value)
		if a.How == "page" || a.How == "mail" { // what the organizer has recorded was not answered here
			p.At = a.At
		}
		if a.Value == Yes {
			p.Start = c.Start(b.Now)
		}
		if a.Until.After(b.Now) {
			p.Changeable = a.Until
		}
		if !a.Taken.IsZero() && p.Start.IsZero() {
			p.Problem = templates.TimeGone
		}
	}
	if told := c.told(); told != nil {
		p.Start = told.Start.Time()
	}
	p.Open = c.open(b.Now)
	p.HasCalendar = !p.Start.IsZero() && c.said(Yes) && c.UID != "" && p.Start.After(b.Now) && !c.declined()
	lang, _ := s.Words.Language(c.Language())
	return p, lang
}

// open reports whether the partner can answer on the page: until the invitation goes, or, after a no,
// as long as it can be changed.
func (c *Conversation) open(now time.Time) bool {
	if m := c.last(nil, Invite); c.Invited() || m != nil && m.State == Sending {
		return false
	}
	return !c.said(No) || c.Answer.Until.After(now)
}

// Answer takes in what a partner has chosen under a link, with a note of any number of lines. Where it
// does not count, Problem of the page says why. The page is nil where the token leads nowhere.
func (s *Scheduler) Answer(ctx context.Context, token string, choice templates.Choice, note string) (*templates.Page, string, error) {
	s.intake.Lock()
	defer s.intake.Unlock()
	for patience := newPatience(); ; {
		c, b, err := s.paged(ctx, token)
		if c == nil || err != nil {
			return nil, "", err
		}
		p, lang := s.page(c, b)
		if !p.Open {
			err := s.tooLate(ctx, c, choice, note, b.Now)
			if errors.Is(err, ErrConflict) && patience.wait(ctx) {
				continue
			}
			p.Problem, p.Note = templates.TooLate, note
			return p, lang, err
		}
		a := Answer{How: "page", From: string(c.Plan.With.Email), Note: plaintext.Clip(plaintext.Line(note), maxLine), Until: b.Now.Add(changeable)}
		switch choice {
		case templates.ChooseLater:
			a.Value = Wait
		case templates.ChooseNo:
			a.Value = No
		case templates.ChooseAsk:
			a.Value = Query
		case templates.ChooseYes:
			a.Value, a.Other = Yes, len(c.Choices(b.Now)) > 0
		default:
			n := number(choice)
			if !slices.Contains(p.Numbers, n) {
				p.Problem, p.Note = templates.TimeGone, note
				err := s.gone(ctx, c, b, n)
				if errors.Is(err, ErrConflict) && patience.wait(ctx) {
					continue
				}
				return p, lang, err
			}
			a.Value, a.Slot = Yes, c.Choices(b.Now)[n-1]
		}
		d, err := s.answerPage(c, a, note, b.Now)
		if err == nil {
			d.Slots = b.Slots
			err = s.Store.Commit(ctx, d)
		}
		switch {
		case errors.Is(err, ErrConflict) && patience.wait(ctx):
			continue
		case err != nil:
			return nil, "", err
		}
		s.Log.Info("answered on the page", "id", c.Ref())
		wake(s.pokes())
		p, lang = s.page(c, b)
		return p, lang, nil
	}
}

// gone writes down that the partner has chosen a time on the page which another talk has by now: they see
// that there, and choose again.
func (s *Scheduler) gone(ctx context.Context, c *Conversation, b *Board, n int) error {
	slot, by := b.taken(c, []int{n})
	if by == "" {
		return nil
	}
	what := "on the page: " + Answer{Taken: slot, By: by}.taken() + "; they were told, and can choose another"
	if c.Word != nil && strings.Contains(c.Word.Text, what) {
		return nil // it was sent once more
	}
	c.hear(Word{At: b.Now, From: string(c.Plan.With.Email), Text: what, Sign: true})
	c.tell(News{What: templates.NewsTaken, At: b.Now, From: string(c.Plan.With.Email), How: "page", Do: []string{"coalition show " + c.Ref(), "coalition show " + by}})
	err := s.Store.Commit(ctx, c.plain(b.Now, c.event(b.Now, "page", what)))
	wake(s.pokes())
	return err
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

// answerPage takes in an answer of the page in place of the one that it changes, if it does.
func (s *Scheduler) answerPage(c *Conversation, a Answer, note string, now time.Time) (*Draft, error) {
	if a.Value == Yes && s.Understand(c.Language(), note).Stop { // nobody knows what is meant, as in a mail
		a = Answer{Value: Query, How: a.How, From: a.From, Note: a.Note, Until: a.Until}
	}
	if old := c.Answer; old != nil && old.How == "page" {
		if a.Note == "" && old.Until.After(now) { // the words that came with it need not be written again
			a.Note, note = old.Note, old.Note
		}
		if a.Note != old.Note || a.Value != Yes {
			c.Proposed = nil // they belonged to that one
		}
	}
	if err := c.Apply(a, now); err != nil {
		return nil, err
	}
	if a.Value == Yes {
		c.identify()
	}
	if a.Value == Yes && !c.start(now).IsZero() { // without a time, the words are rather about that
		var lines []string
		for line := range strings.Lines(note) {
			if line = plaintext.Line(line); line != "" && len([]rune(line)) <= 200 {
				lines = append(lines, line)
			}
		}
		c.propose(lines)
	}
	t := &taking{s: s, c: c, at: now, mail: &invites.Mail{At: now, From: c.Partner(), Text: note}, until: a.Until}
	t.tellAnswer(a)
	if s.Understand(c.Language(), note).Stop && a.Value != Yes {
		c.stopped(a.From, now)
	}
	d := c.plain(now, c.event(now, "answer", a.text()))
	c.hush(d)
	return d, nil
}

// tooLate shows the organizer what a partner has sent from a page that was open for too long.
func (s *Scheduler) tooLate(ctx context.Context, c *Conversation, choice templates.Choice, note string, now time.Time) error {
	what := fmt.Sprintf("on the page, too late to count: %s", choice)
	if note = plaintext.Clip(plaintext.Line(note), maxLine); note != "" {
		what += ": “" + note + "”"
	}
	if c.Word != nil && strings.Contains(c.Word.Text, what) {
		return nil // it was sent once more
	}
	c.hear(Word{At: now, From: string(c.Plan.With.Email), Text: what})
	c.tell(News{What: templates.NewsMail, At: now, From: string(c.Plan.With.Email), How: "page", Text: what, Do: []string{"coalition show " + c.Ref()}})
	err := s.Store.Commit(ctx, c.plain(now, c.event(now, "page", what)))
	wake(s.pokes())
	return err
}

// Calendar is the talk agreed on as a file for the partner's calendar; nil where there is none.
func (s *Scheduler) Calendar(ctx context.Context, token string) ([]byte, error) {
	c, b, err := s.paged(ctx, token)
	if c == nil || err != nil {
		return nil, err
	}
	p, _ := s.page(c, b)
	if !p.HasCalendar {
		return nil, nil
	}
	content := c.Says(b.Now, Invite)
	if told := c.told(); told != nil {
		content = *told
	}
	// The invitation that follows has the same UID and a later DTSTAMP: calendars put it in this one's place.
	stamp := c.Answer.At.Truncate(time.Second)
	if c.Stamp.After(stamp) {
		stamp = c.Stamp
	}
	return s.Publish(c, &Message{Content: content, Sequence: c.Sequence, Stamp: stamp})
}
