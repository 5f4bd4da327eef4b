// Package compose knows how what was decided becomes finished bytes: it fills templates with what a conversation may
// say, and puts the words into a mail or an event. What to say, and when, it leaves to package conversation; the words
// themselves to templates; the forms of mail and iCalendar to invites. Nothing private comes near: there is no type for
// it here.
package compose

import (
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/textproto"
	"slices"
	"strings"
	"time"

	"github.com/jordan-wright/email"

	"coalition/invites"
	"coalition/scheduler/conversation"
	"coalition/scheduler/organizer"
	"coalition/scheduler/outbox"
	"coalition/templates"
)

// A Composer writes messages.
type Composer struct {
	*organizer.Settings
	Words *templates.Set
	// Finish turns a message into the bytes that travel.
	Finish func(*email.Email) ([]byte, error)
	// Link returns the address of a partner's page; nil: there are no pages.
	Link func(token string) string
	// Calendar returns the name of the calendar that is written to; nil: there is none.
	Calendar func() string
	// MakesRooms says that it makes rooms for video calls.
	MakesRooms bool
	Log        *slog.Logger
}

// Write gives the messages of a draft their words. A notice to the organizer that can't be written keeps nothing from
// going: it is left out, and written another time.
func (co *Composer) Write(d *conversation.Draft) error {
	var written []*outbox.Message
	for _, m := range d.Messages {
		if err := co.write(d, m); err == nil {
			written = append(written, m)
		} else if m.Kind == outbox.Notice {
			co.Log.Error("a notice can't be written", "id", d.Conversation.Ref(), "error", err)
			if d.News[m].Week == nil {
				d.Conversation.Notices = append(d.Conversation.Notices, *d.News[m])
			}
		} else {
			return err
		}
	}
	d.Messages = written
	return nil
}

// write gives m its stamp, its Message-ID and its finished bytes.
func (co *Composer) write(d *conversation.Draft, m *outbox.Message) error {
	c, now := d.Conversation, d.At
	m.Stamp, m.Changed = c.NextStamp(now), now.UTC()
	page := ""
	if m.Kind == outbox.Brief || m.Kind == outbox.Times {
		page = co.openPage(d)
	}
	id := c.Derive("message", m.Kind, m.Revision, strings.ToLower(m.To), m.Content, says(d, m))
	m.MessageID = hex.EncodeToString(id[:]) + "@" + Domain(co.Organizer.Email)
	kind, lang := wording[m.Kind], c.Language()
	switch {
	case m.Kind == outbox.Notice:
		kind, lang = templates.Notice, string(co.Language)
		if d.News[m].Week != nil {
			kind = templates.Digest
		}
	case m.ToOrganizer():
		kind, lang = templates.Copy, string(co.Language)
	}
	lang, _ = co.Words.Language(lang)
	talk := co.Talk(c, &c.Plan)
	fill(talk, d, m)
	talk.Page = page
	view, err := co.view(lang, talk)
	if err != nil {
		return err
	}
	if m.InCalendar() {
		m.MessageID = ""
		return co.writeChange(d, m, view)
	}
	words, err := view.Message(kind)
	if err != nil {
		return fmt.Errorf("the template of the %s in %q: %w", m.Kind, lang, err)
	}
	e := co.mail(c, m, words)
	if method := c.Method(m); method != "" {
		m.Calendar, err = object(c, m, view, method, d.Reason)
		if err != nil {
			return err
		}
		e.Attachments = []*email.Attachment{{Filename: "invite.ics", Content: m.Calendar,
			ContentType: "text/calendar; method=" + string(method) + "; charset=UTF-8"}}
	}
	if m.Data, err = co.Finish(e); err != nil {
		return fmt.Errorf("the %s can't be written as a mail: %w", m.Kind, err)
	}
	return nil
}

// mail returns the mail that m is, with its words and without a calendar.
func (co *Composer) mail(c *conversation.Conversation, m *outbox.Message, words *templates.Wording) *email.Email {
	e := &email.Email{
		From:    co.Organizer.Quoted(),
		To:      []string{invites.Address{Name: c.Plan.With.Name, Email: m.To}.Quoted()},
		Subject: words.Subject,
		Text:    []byte(words.Text),
		HTML:    []byte(words.HTML),
		Headers: textproto.MIMEHeader{
			"Date":       {m.Stamp.In(co.Zone.Location("UTC")).Format(time.RFC1123Z)},
			"Message-Id": {"<" + m.MessageID + ">"},
		},
	}
	if m.ToOrganizer() {
		e.To = []string{e.From}
	}
	if m.Kind != outbox.Brief && m.Kind != outbox.Thanks {
		// These are letters that the organizer sends, and an out-of-office answer to a brief is worth knowing; all else
		// must not provoke one (RFC 3834, section 5).
		e.Headers.Set("Auto-Submitted", "auto-generated")
	}
	if ids := thread(c, m.ToOrganizer()); len(ids) > 0 && !m.OfAll() {
		e.Headers["References"] = ids
	}
	return e
}

// thread is the ids of the messages that one to the same reader belongs to, oldest first.
func thread(c *conversation.Conversation, own bool) []string {
	var ids []string
	for _, m := range c.Messages {
		if m.MayHaveLeft() && m.ToOrganizer() == own && m.Kind != outbox.Notice && m.MessageID != "" {
			ids = append(ids, "<"+m.MessageID+">")
		}
	}
	// Enough for every mail program to find the thread.
	const most = 5
	return slices.Clone(ids[max(0, len(ids)-most):])
}

// says returns what m says beside its Content. Two messages with one Message-ID have to say the same: mail servers show
// one of them only.
func says(d *conversation.Draft, m *outbox.Message) any {
	switch m.Kind {
	case outbox.Brief, outbox.Times:
		return d.Conversation.Offered
	case outbox.Cancel:
		return d.Conversation.Cancelled.Reason
	case outbox.DeclineCounter:
		return []any{d.Declined.Start, d.Declined.Length, d.Reason}
	case outbox.Thanks:
		return d.Thanks
	case outbox.Notice:
		if week := d.News[m].Week; week != nil {
			return week
		}
		return d.News[m]
	}
	return nil
}

// Domain returns what stands behind the last @ of an address; all of it where there is none.
func Domain(address string) string { return address[strings.LastIndexByte(address, '@')+1:] }
