package compose

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/textproto"
	"strings"
	"time"

	"github.com/jordan-wright/email"

	"coalition/invites"
	"coalition/invites/ical"
	"coalition/scheduler/conversation"
	"coalition/scheduler/outbox"
	"coalition/scheduler/plan"
	"coalition/templates"
)

// A Composer writes messages.
type Composer struct {
	*conversation.Settings
	Words *templates.Set
	// Finish turns a message into the bytes that travel.
	Finish func(*email.Email) ([]byte, error)
	// Link is the address of a partner's page; nil: there are no pages.
	Link func(token string) string
	// Calendar is the name of the calendar that is written to; nil: there is none.
	Calendar func() string
	// MakesRooms says that it makes rooms for video calls.
	MakesRooms bool
	Log        *slog.Logger
}

// LanguageFor is that of the words for the partner: the one wanted, where there are words in it.
func (s *Composer) LanguageFor(c *conversation.Conversation) string {
	lang, _ := s.Words.Language(c.Language())
	return lang
}

// Talk is all of a conversation that templates may say: the one place where a plan's public words
// leave the scheduler. The private block is no part of [plan.Terms], and never comes near.
func (s *Composer) Talk(c *conversation.Conversation, t *plan.Terms) *templates.Talk {
	talk := &templates.Talk{
		Organizer: templates.Person{Name: s.Organizer.Name, Email: s.Organizer.Email, Zone: s.Zone.Location("UTC")},
		Partner:   templates.Person{Name: t.With.Name, Call: t.With.Call, Email: string(t.With.Email), Zone: c.Zone()},
		Familiar:  t.With.Familiar,
		Opening:   t.Opening,
		Purpose:   t.Purpose,
		Offer:     t.Offer,
		Ask:       t.Ask,
		Setting:   setting(c, t),
		Length:    t.When.Length(),
	}
	for i, item := range t.Agenda {
		talk.Agenda = append(talk.Agenda, templates.Item{Number: i + 1, Topic: item.Topic, Minutes: item.Minutes})
	}
	for _, topic := range c.Taken {
		talk.Agenda = append(talk.Agenda, templates.Item{Number: len(talk.Agenda) + 1, Topic: topic})
	}
	return talk
}

var wording = map[outbox.Kind]templates.Kind{
	outbox.Brief: templates.Brief, outbox.Invite: templates.Invitation, outbox.Update: templates.Update,
	outbox.Cancel: templates.Cancellation, outbox.Reminder: templates.Reminder, outbox.DeclineCounter: templates.Refusal,
}

// Write gives the messages of a draft their words. A notice to the organizer that can't be written keeps nothing
// from going: it is left out, and written another time.
func (s *Composer) Write(d *conversation.Draft) error {
	var written []*outbox.Message
	for _, m := range d.Messages {
		if err := s.write(d, m); err == nil {
			written = append(written, m)
		} else if m.Kind == outbox.Notice {
			s.Log.Error("a notice can't be written", "id", d.Conversation.Ref(), "error", err)
			d.Conversation.Notices = append(d.Conversation.Notices, *d.News[m])
		} else {
			return err
		}
	}
	d.Messages = written
	return nil
}

// write gives m its stamp, its Message-ID and its finished bytes.
func (s *Composer) write(d *conversation.Draft, m *outbox.Message) error {
	c, told, now := d.Conversation, d.Known, d.At
	m.Stamp, m.Changed = c.NextStamp(now), now.UTC()
	page := ""
	if m.Kind == outbox.Brief {
		page = s.openPage(d)
	}
	id := s.Derive("message", c.ID, c.Round, m.Kind, m.Revision, strings.ToLower(m.To), m.Content, says(d, m))
	m.MessageID = hex.EncodeToString(id[:]) + "@" + Domain(s.Organizer.Email)
	kind, want := wording[m.Kind], c.Language()
	switch {
	case m.Kind == outbox.Notice:
		kind, want = templates.Notice, string(s.Language)
	case m.ToOrganizer():
		kind, want = templates.Copy, string(s.Language)
	}
	lang, _ := s.Words.Language(want)
	talk := s.Talk(c, &c.Plan)
	switch m.Kind {
	case outbox.Brief:
		for _, t := range c.Offered {
			talk.Times = append(talk.Times, t.Time())
		}
		if d := c.DatesAt(now); !d.To.IsZero() {
			talk.From, talk.To = d.From.Time(), d.To.Time()
		}
		talk.Again = m.Revision != "1" && c.Reached()
		talk.Page = page
	case outbox.Cancel:
		talk.Reason, talk.Withdrawn, talk.CalledOff = c.Cancelled.Reason, told == nil, told != nil
	case outbox.Update:
		if told != nil && (told.Start != m.Content.Start || told.Length != m.Content.Length) {
			talk.Before = templates.OtherTime{Start: told.Start.Time(), Length: told.Length}
		}
		if told != nil && m.Content.Shifts(told) && told.Length == m.Content.Length {
			talk.Before, talk.NewClocks = templates.OtherTime{Start: time.Unix(told.Unix, 0), Length: told.Length}, true
			if told.Unix == m.Content.Unix { // as they have read it
				talk.Before.Start = told.There.Time()
			}
		}
		talk.NewPlace = told != nil && told.Place != m.Content.Place
		talk.NewAgenda = told != nil && told.Aim != "" && told.Aim == m.Content.Aim && told.Rest != m.Content.Rest
	case outbox.Reminder:
		talk.Setting.NoLink = talk.Setting.URL == "" && c.Plan.Setting.URL == "" && (c.Booking == nil || c.Booking.Is.Join == "")
	case outbox.DeclineCounter:
		talk.Reason = d.Reason
		talk.Proposed = templates.OtherTime{Start: d.Declined.Start, Length: d.Declined.Length}
	case outbox.Notice:
		talk.News = news(c, d.News[m])
		for _, t := range c.Offered {
			talk.Times = append(talk.Times, t.Time())
		}
		if c.Counter != nil {
			talk.Proposed = templates.OtherTime{Start: c.Counter.Start, Length: c.Counter.Length}
		}
	}
	if talk.Start = m.Content.Start.Time(); m.InCalendar() && c.Plan.Setting.URL == "" && c.Place == nil {
		talk.Setting.URL = "" // the room that the calendar has made stands in the event by itself
	}
	view, err := s.Words.View(lang, talk)
	if err != nil {
		return fmt.Errorf("the templates in %q: %w", lang, err)
	}
	if m.InCalendar() {
		m.MessageID = ""
		return s.writeChange(d, m, view)
	}
	words, err := view.Message(kind)
	if err != nil {
		return fmt.Errorf("the template of the %s in %q: %w", m.Kind, lang, err)
	}
	e := &email.Email{
		From:    s.Organizer.Quoted(),
		To:      []string{invites.Address{Name: c.Plan.With.Name, Email: m.To}.Quoted()},
		Subject: words.Subject,
		Text:    []byte(words.Text),
		HTML:    []byte(words.HTML),
		Headers: textproto.MIMEHeader{
			"Date":       {m.Stamp.In(s.Zone.Location("UTC")).Format(time.RFC1123Z)},
			"Message-Id": {"<" + m.MessageID + ">"},
		},
	}
	if m.ToOrganizer() {
		e.To = []string{e.From}
	}
	if m.Kind != outbox.Brief {
		// The brief is a letter, and an out-of-office answer to it is worth knowing; all else must
		// not provoke one (RFC 3834, section 5).
		e.Headers.Set("Auto-Submitted", "auto-generated")
	}
	if ids := c.Thread(m.ToOrganizer()); len(ids) > 0 {
		e.Headers["References"] = ids
	}
	if method := c.Method(m); method != "" {
		m.Calendar, err = s.calendar(c, m, view, method, d.Reason)
		if err != nil {
			return err
		}
		e.Attachments = []*email.Attachment{{Filename: "invite.ics", Content: m.Calendar,
			ContentType: "text/calendar; method=" + string(method) + "; charset=UTF-8"}}
	}
	if m.Data, err = s.Finish(e); err != nil {
		return fmt.Errorf("the %s can't be written as a mail: %w", m.Kind, err)
	}
	return nil
}

// says is what m says beside its Content. Two messages with one Message-ID have to say the same: mail
// servers show one of them only.
func says(d *conversation.Draft, m *outbox.Message) any {
	switch m.Kind {
	case outbox.Brief:
		return d.Conversation.Offered
	case outbox.Cancel:
		return d.Conversation.Cancelled.Reason
	case outbox.DeclineCounter:
		return []any{d.Declined.Start, d.Declined.Length, d.Reason}
	case outbox.Notice:
		return d.News[m]
	}
	return nil
}

// alarm is how long before the start the partner's own calendar rings.
const alarm = 15 * time.Minute

func (s *Composer) calendar(c *conversation.Conversation, m *outbox.Message, view *templates.View, method invites.Method, reason string) ([]byte, error) {
	entry, err := view.Event()
	if err != nil {
		return nil, fmt.Errorf("the template of the calendar entry in %q: %w", view.Lang, err)
	}
	start := m.Content.Start.Time()
	event := ical.VEvent{
		UID: c.UID, Sequence: m.Sequence, Stamp: m.Stamp,
		Start: start, End: start.Add(m.Content.Length),
		Summary:   entry.Summary,
		Organizer: c.Organizer, Attendee: c.Partner(), PartStat: m.Content.PartStat, Alarm: alarm,
		Cancelled: m.Kind == outbox.Cancel,
	}
	if m.Kind == outbox.DeclineCounter { // all else may have changed, and is for a REQUEST to say
		event.Comment = reason
		return event.Encode(method)
	}
	event.Description, event.Location = entry.Description, entry.Location
	switch c.Plan.Setting.Kind {
	case plan.Phone:
		event.Conference = c.Plan.Setting.Phone.URI()
	case plan.Video:
		event.Conference = string(c.Plan.Setting.URL)
	}
	if c.Cancelled != nil {
		event.Comment = c.Cancelled.Reason
	}
	return event.Encode(method)
}

// Publish is the event that the partner has been, or is about to be, invited to, as a file to hand
// out: METHOD:PUBLISH. m is the invitation or update that carries it.
func (s *Composer) Publish(c *conversation.Conversation, m *outbox.Message) ([]byte, error) {
	lang := s.LanguageFor(c)
	talk := s.Talk(c, &c.Plan)
	talk.Start = m.Content.Start.Time()
	view, err := s.Words.View(lang, talk)
	if err != nil {
		return nil, fmt.Errorf("the templates in %q: %w", lang, err)
	}
	return s.calendar(c, m, view, invites.Publish, "")
}

func Domain(address string) string {
	for i := len(address) - 1; i >= 0; i-- {
		if address[i] == '@' {
			return address[i+1:]
		}
	}
	return address
}

// setting is where and how the two talk, in the words that stand.
func setting(c *conversation.Conversation, t *plan.Terms) templates.Setting {
	where := c.Where()
	s := templates.Setting{Kind: string(where.Kind), Place: where.Place, Phone: string(where.Phone), URL: string(where.URL), Caller: string(where.Caller)}
	if s.Kind == plan.Video && t.Setting.URL == "" && c.Place == nil && c.Booking != nil {
		s.URL, s.NoLink = c.Booking.Is.Join, c.Booking.Is.NoRoom
	}
	return s
}

// PlanLocation is the location of the event in the plan's own words, whatever place it was given in the
// calendar.
func (s *Composer) PlanLocation(c *conversation.Conversation) (string, error) {
	own := *c
	own.Place = nil
	talk := s.Talk(&own, &own.Plan)
	talk.Setting.URL = string(c.Plan.Setting.URL) // of a room that the calendar has made the event says by itself
	lang := s.LanguageFor(c)
	view, err := s.Words.View(lang, talk)
	if err != nil {
		return "", err
	}
	entry, err := view.Event()
	if err != nil {
		return "", err
	}
	return entry.Location, nil
}

// writeChange gives m what it writes into the calendar.
func (s *Composer) writeChange(d *conversation.Draft, m *outbox.Message, view *templates.View) error {
	c := d.Conversation
	entry, err := view.Event()
	if err != nil {
		return fmt.Errorf("the template of the calendar entry in %q: %w", view.Lang, err)
	}
	description, err := view.EventHTML()
	if err != nil {
		return fmt.Errorf("the template of the event in %q: %w", view.Lang, err)
	}
	start := m.Content.Start.Time()
	ch := invites.EventChange{Key: conversation.Random(8), Event: invites.Event{
		ID: c.EventID(), Start: start.UTC(), End: m.Content.End().UTC(), Zone: m.Content.Start.Zone,
		Summary: entry.Summary, Description: description, Location: entry.Location,
		Meet:   s.MakesRooms && c.Plan.Setting.Kind == plan.Video && c.Plan.Setting.URL == "",
		Guests: []invites.Guest{{Name: c.Plan.With.Name, Email: string(c.Plan.With.Email)}},
		Alarms: s.Reminders, Ref: fmt.Sprintf("%s/%d", c.ID, c.Round),
	}}
	if c.Place != nil { // in the words of the calendar
		if ch.Location = *c.Place; c.Booking != nil && conversation.PlaceIn(&c.Booking.Wrote) == *c.Place {
			ch.Location = c.Booking.Wrote.Location
		}
	}
	if s.Calendar != nil {
		ch.In = s.Calendar()
	}
	if c.StaysAway(m.Content.Start) {
		ch.Guests = nil
	}
	if b := c.Booking; m.Kind == outbox.Update && b != nil && b.Described && ch.Description != b.Wrote.Description {
		d.Events = append(d.Events, c.Entry(m.Changed, "sync", "the description that was changed in "+c.Calendar().Title+" gives way to that of the plan"))
	}
	switch {
	case m.Kind == outbox.Cancel:
		ch.Cancel, ch.Reason = true, c.Cancelled.Reason
		ch.Restore = c.Booking != nil && c.Booking.Is.Deleted
	case c.Booking != nil:
		ch.Restore = c.Deleted() && c.Booking.Restore
	}
	m.Data, err = json.Marshal(ch)
	return err
}

// openPage gives a brief the page on which it can be answered, and returns its address; "" where there are none.
// Its token has 128 random bits; only its hash is kept beside the finished bytes.
func (s *Composer) openPage(d *conversation.Draft) string {
	if s.Link == nil {
		return ""
	}
	b := make([]byte, 16)
	rand.Read(b) // which never fails
	token := base64.RawURLEncoding.EncodeToString(b)
	d.Page = Hash(token)
	d.Conversation.OpenPage(d.Page, d.At)
	return s.Link(token)
}

// Hash is what is kept of the token of a page.
func Hash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

func news(c *conversation.Conversation, n *conversation.News) *templates.News {
	return &templates.News{What: n.What, From: n.From, How: n.How, At: n.At, Why: n.Why, Text: n.Text, Commands: n.Do,
		Calendar: c.Calendar().Title, Provider: c.Calendar().Provider}
}

// UnderBrief reports whether a mail has the subject of the brief.
func (s *Composer) UnderBrief(c *conversation.Conversation, mail *invites.Mail) bool {
	lang := s.LanguageFor(c)
	talk := s.Talk(c, &c.Plan)
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
