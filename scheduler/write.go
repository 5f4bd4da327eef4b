package scheduler

import (
	"encoding/hex"
	"fmt"
	"net/textproto"
	"slices"
	"strings"
	"time"

	"github.com/jordan-wright/email"

	"coalition/invites"
	"coalition/invites/ical"
	"coalition/scheduler/plan"
	"coalition/templates"
)

// talk is all of a conversation that templates may say: the one place where a plan's public words
// leave the scheduler. The private block is no part of [plan.Terms], and never comes near.
func (s *Scheduler) talk(c *Conversation, t *plan.Terms) *templates.Talk {
	talk := &templates.Talk{
		Organizer: templates.Person{Name: s.Organizer.Name, Email: s.Organizer.Email, Zone: s.Zone.Location("UTC")},
		Partner:   templates.Person{Name: t.With.Name, Call: t.With.Call, Email: string(t.With.Email), Zone: c.Zone()},
		Familiar:  t.With.Familiar,
		Opening:   t.Opening,
		Purpose:   t.Purpose,
		Offer:     t.Offer,
		Ask:       t.Ask,
		Setting:   c.setting(t),
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

var wording = map[Kind]templates.Kind{
	Brief: templates.Brief, Invite: templates.Invitation, Update: templates.Update,
	Cancel: templates.Cancellation, Reminder: templates.Reminder, DeclineCounter: templates.Refusal,
}

// Write gives the messages of a draft their words. A notice to the organizer that can't be written keeps nothing
// from going: it is left out, and written another time.
func (s *Scheduler) Write(d *Draft) error {
	var written []*Message
	for _, m := range d.Messages {
		if err := s.write(d, m); err == nil {
			written = append(written, m)
		} else if m.Kind == Notice {
			s.Log.Error("a notice can't be written", "id", d.Conversation.Ref(), "error", err)
			d.Conversation.Notices = append(d.Conversation.Notices, *m.Basis.News)
		} else {
			return err
		}
	}
	for _, m := range written {
		m.Basis = nil
	}
	d.Messages = written
	return nil
}

// write gives m its stamp, its Message-ID and its finished bytes.
func (s *Scheduler) write(d *Draft, m *Message) error {
	c, told, now := d.Conversation, m.Basis.Known, d.At
	m.Stamp, m.Changed = c.stamp(now), now.UTC()
	page := ""
	if m.Kind == Brief {
		page = s.openPage(d)
	}
	id := s.Derive("message", c.ID, c.Round, m.Kind, m.Revision, strings.ToLower(m.To), m.Content, c.says(m))
	m.MessageID = hex.EncodeToString(id[:]) + "@" + domain(s.Organizer.Email)
	kind, want := wording[m.Kind], c.Language()
	switch {
	case m.Kind == Notice:
		kind, want = templates.Notice, string(s.Language)
	case m.copy():
		kind, want = templates.Copy, string(s.Language)
	}
	lang, _ := s.Words.Language(want)
	talk := s.talk(c, &c.Plan)
	switch m.Kind {
	case Brief:
		for _, t := range c.Offered {
			talk.Times = append(talk.Times, t.Time())
		}
		if d := c.dates(now); !d.To.IsZero() {
			talk.From, talk.To = d.From.Time(), d.To.Time()
		}
		talk.Again = m.Revision != "1" && c.reached()
		talk.Page = page
	case Cancel:
		talk.Reason, talk.Withdrawn, talk.CalledOff = c.Cancelled.Reason, told == nil, told != nil
	case Update:
		if told != nil && (told.Start != m.Content.Start || told.Length != m.Content.Length) {
			talk.Before = templates.OtherTime{Start: told.Start.Time(), Length: told.Length}
		}
		if told != nil && m.Content.shifts(told) && told.Length == m.Content.Length {
			talk.Before, talk.NewClocks = templates.OtherTime{Start: time.Unix(told.Unix, 0), Length: told.Length}, true
			if told.Unix == m.Content.Unix { // as they have read it
				talk.Before.Start = told.There.Time()
			}
		}
		talk.NewPlace = told != nil && told.Place != m.Content.Place
		talk.NewAgenda = told != nil && told.Aim != "" && told.Aim == m.Content.Aim && told.Rest != m.Content.Rest
	case Reminder:
		talk.Setting.NoLink = talk.Setting.URL == "" && c.Plan.Setting.URL == "" && (c.Booking == nil || c.Booking.Is.Join == "")
	case DeclineCounter:
		talk.Reason = m.Basis.Reason
		talk.Proposed = templates.OtherTime{Start: m.Basis.Declined.Start, Length: m.Basis.Declined.Length}
	case Notice:
		talk.News = m.Basis.News.news()
		for _, t := range c.Offered {
			talk.Times = append(talk.Times, t.Time())
		}
		if c.Counter != nil {
			talk.Proposed = templates.OtherTime{Start: c.Counter.Start, Length: c.Counter.Length}
		}
	}
	if talk.Start = m.Content.Start.Time(); m.Channel() == Google && c.Plan.Setting.URL == "" && c.Place == nil {
		talk.Setting.URL = "" // the room that Google has made stands in the event by itself
	}
	view, err := s.Words.View(lang, talk)
	if err != nil {
		return fmt.Errorf("the templates in %q: %w", lang, err)
	}
	if m.Channel() == Google {
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
	if m.copy() {
		e.To = []string{e.From}
	}
	if m.Kind != Brief {
		// The brief is a letter, and an out-of-office answer to it is worth knowing; all else must
		// not provoke one (RFC 3834, section 5).
		e.Headers.Set("Auto-Submitted", "auto-generated")
	}
	if ids := c.thread(m.copy()); len(ids) > 0 {
		e.Headers["References"] = ids
	}
	if method := c.method(m); method != "" {
		m.Calendar, err = s.calendar(c, m, view, method)
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
func (c *Conversation) says(m *Message) any {
	switch m.Kind {
	case Brief:
		return c.Offered
	case Cancel:
		return c.Cancelled.Reason
	case DeclineCounter:
		return []any{m.Basis.Declined.Start, m.Basis.Declined.Length, m.Basis.Reason}
	case Notice:
		return m.Basis.News
	}
	return nil
}

// method is the iTIP method of the calendar that m carries; "" where it carries none.
func (c *Conversation) method(m *Message) invites.Method {
	switch {
	case c.Channel == Google: // one channel carries the event; that a time is not taken is said in a plain mail
		return ""
	case m.Content.Start.IsZero() || m.Kind == Brief || m.Kind == Reminder || m.Channel() == Google:
		return ""
	case m.Kind == Cancel: // for the organizer, too: calendars take an entry out for nothing else
		return invites.Cancel
	case m.copy():
		return invites.Publish
	case m.Kind == DeclineCounter:
		return invites.DeclineCounter
	}
	return invites.Request
}

// alarm is how long before the start the partner's own calendar rings.
const alarm = 15 * time.Minute

func (s *Scheduler) calendar(c *Conversation, m *Message, view *templates.View, method invites.Method) ([]byte, error) {
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
		Cancelled: m.Kind == Cancel,
	}
	if m.Kind == DeclineCounter { // all else may have changed, and is for a REQUEST to say
		event.Comment = m.Basis.Reason
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
func (s *Scheduler) Publish(c *Conversation, m *Message) ([]byte, error) {
	lang, _ := s.Words.Language(c.Language())
	talk := s.talk(c, &c.Plan)
	talk.Start = m.Content.Start.Time()
	view, err := s.Words.View(lang, talk)
	if err != nil {
		return nil, fmt.Errorf("the templates in %q: %w", lang, err)
	}
	return s.calendar(c, m, view, invites.Publish)
}

// thread is the ids of the messages that one to the same reader belongs to, oldest first.
func (c *Conversation) thread(own bool) []string {
	var ids []string
	for _, m := range c.Messages {
		if m.left() && m.copy() == own && m.Kind != Notice && m.MessageID != "" {
			ids = append(ids, "<"+m.MessageID+">")
		}
	}
	const most = 5 // enough for every mail program to find the thread
	return slices.Clone(ids[max(0, len(ids)-most):])
}

func domain(address string) string {
	for i := len(address) - 1; i >= 0; i-- {
		if address[i] == '@' {
			return address[i+1:]
		}
	}
	return address
}
