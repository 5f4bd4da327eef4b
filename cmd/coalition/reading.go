package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-message"

	"coalition/invites"
	"coalition/invites/email/inbound/prose"
	"coalition/scheduler/conversation"
	"coalition/scheduler/outbox"
	"coalition/scheduler/plan"
)

// rehearse shows the finished message.
func (a *app) rehearse(ctx context.Context, d *conversation.Draft) error {
	messages := d.Messages
	if d.Objection != "" {
		a.note("Note: %s", d.Objection)
	}
	if d.Sent != nil {
		m, err := a.sched.Store.Message(ctx, d.Sent.Row)
		if err != nil {
			return err
		}
		switch m.State {
		case outbox.Accepted, outbox.Bounced:
			a.say("The %s is %s already; nothing more would be sent.", m.Kind.Noun(), m.State.Shown())
		case outbox.Sending, outbox.Expired:
			a.say("The %s is %s; nothing would be sent.", m.Kind.Noun(), m.State.Shown())
		default:
			a.say("The %s is %s; it would be sent now.", m.Kind.Noun(), m.State.Shown())
		}
		messages = append(messages, m)
	} else if len(messages) == 0 {
		a.say("Nothing would be sent.")
	}
	return a.printReadings(messages)
}

// A reading is a message as a person reads it, which is what `--dry-run --json` shows.
type reading struct {
	ID      string `json:"id"`
	Round   int    `json:"round"`
	Kind    string `json:"kind"`
	From    string `json:"from"`
	To      string `json:"to"`
	Subject string `json:"subject"`
	Text    string `json:"text"`
	// The iCalendar object; "" where there is none.
	Calendar string `json:"calendar"`
}

func (a *app) printReadings(messages []*outbox.Message) error {
	list := []reading{}
	for _, m := range messages {
		r, err := read(m)
		if err != nil {
			return err
		}
		list = append(list, r)
	}
	if a.json {
		return a.printJSON(list)
	}
	for _, r := range list {
		r.print(a.stdout)
	}
	return nil
}

func read(m *outbox.Message) (reading, error) {
	r := reading{ID: string(m.ID), Round: m.Round, Kind: string(m.Kind)}
	r.Calendar = strings.ReplaceAll(string(m.Calendar), "\r\n", "\n")
	if m.InCalendar() {
		return r, r.event(m)
	}
	entity, err := message.Read(bytes.NewReader(m.Data))
	if err != nil {
		return r, err
	}
	for name, value := range map[string]*string{"From": &r.From, "To": &r.To, "Subject": &r.Subject} {
		if *value, err = new(mime.WordDecoder).DecodeHeader(entity.Header.Get(name)); err != nil {
			return r, err
		}
	}
	return r, entity.Walk(func(_ []int, part *message.Entity, err error) error {
		if err != nil {
			return err
		}
		if kind, _, _ := part.Header.ContentType(); kind != "text/plain" {
			return nil
		}
		body, err := io.ReadAll(part.Body)
		r.Text = strings.ReplaceAll(string(body), "\r\n", "\n")
		return err
	})
}

// event fills in the reading of what is written into Google Calendar.
func (r *reading) event(m *outbox.Message) error {
	var ch invites.EventChange
	if err := json.Unmarshal(m.Data, &ch); err != nil {
		return err
	}
	zone, err := invites.Location(ch.Zone)
	if err != nil {
		return err
	}
	r.From, r.To, r.Subject = "Google Calendar", m.To, ch.Summary
	if ch.Cancel {
		r.Subject = "Cancelled: " + ch.Summary
	}
	text := ""
	if ch.Restore && !ch.Cancel {
		text = "The event was deleted in Google Calendar; this brings it back.\n\n"
	}
	start, end := ch.Start.In(zone), ch.End.In(zone)
	text += fmt.Sprintf("%s to %s (%s)\n", start.Format(timeLayout), end.Format("15:04"), ch.Zone)
	if ch.Location != "" {
		text += ch.Location + "\n"
	}
	if ch.Meet {
		text += "Google makes a room for a video call.\n"
	}
	if ch.Reason != "" {
		text += "\n" + ch.Reason + "\n"
	}
	if !ch.Cancel {
		text += "\n" + prose.FromHTML(ch.Description)
	}
	r.Text = strings.TrimRight(text, "\n") + "\n"
	return nil
}

func (r *reading) print(w io.Writer) {
	fmt.Fprintf(w, "From: %s\nTo: %s\nSubject: %s\n\n%s\n", r.From, r.To, r.Subject, r.Text)
	if r.Calendar != "" {
		fmt.Fprintf(w, "--- invite.ics\n%s\n", r.Calendar)
	}
}

// longest is how many messages are shown in full before they are asked about; of more, the heads are.
const longest = 3

// present shows what is asked about: to whom, when, where, and the words. Code that programs read is
// left out.
func (a *app) present(c *conversation.Conversation, m *outbox.Message) error {
	r, err := read(m)
	if err != nil {
		return err
	}
	a.presentHead(c, m, &r)
	a.note("\n%s", r.Text)
	return nil
}

func (a *app) presentHead(c *conversation.Conversation, m *outbox.Message, r *reading) {
	line := func(name, value string) {
		if value != "" {
			a.note("%-9s%s", name, value)
		}
	}
	line("To:", r.To)
	line("Subject:", r.Subject)
	var times []string
	switch zone := a.zone(); {
	case !m.Content.Start.IsZero():
		times = append(times, spanWords(m.Content.Start.Time(), m.Content.Length, zone, c.Zone()))
	case m.Kind == outbox.Brief || m.Kind == outbox.Times:
		for _, slot := range c.Offered {
			times = append(times, spanWords(slot.Time(), c.Length(), zone, c.Zone()))
		}
	}
	head := "When:"
	for _, t := range times {
		line(head, t)
		head = ""
	}
	line("Where:", whereWords(c.Where()))
}

// spanWords tells a time of a talk on the clocks of both.
func spanWords(start time.Time, length time.Duration, here, there *time.Location) string {
	at := start.In(here)
	s := at.Format(timeLayout) + " to " + at.Add(length).Format("15:04") + " (" + here.String() + ")"
	if theirs := start.In(there); theirs.Format(timeLayout) != at.Format(timeLayout) {
		s += "; for them " + theirs.Format(timeLayout) + " (" + there.String() + ")"
	}
	return s
}

// whereWords tells a setting in one line.
func whereWords(s plan.Setting) string {
	caller := ""
	if s.Kind == plan.Phone {
		caller = "you call them"
		if s.Caller == plan.CallerPartner {
			caller = "they call you"
		}
	}
	parts := []string{string(s.Kind), s.Place, caller, string(s.Phone), string(s.URL)}
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ", ")
}

// unheard says why nobody hears of m, and what to do.
func unheard(m *outbox.Message) string {
	return m.To + " has left the event there, and is told nothing: write to them yourself where they should know."
}
