package conversation

import (
	"encoding/hex"
	"strings"
	"time"

	"coalition/invites"
	"coalition/scheduler/inbox"
	"coalition/scheduler/outbox"
	"coalition/scheduler/plan"
)

// SlotOf is the time proposed, on the clock of the plan.
func (c *Conversation) SlotOf(p *inbox.Proposal) plan.Slot {
	return plan.SlotOf(p.Start.In(c.Plan.When.Timezone.Location(c.settings.Zone)))
}

// Identify gives the round its one UID, and ORGANIZER, which never change from then on.
func (c *Conversation) Identify() {
	if c.UID == "" {
		id := c.Derive("uid", strings.ToLower(string(c.Plan.With.Email)))
		if c.UID = hex.EncodeToString(id[:]); c.Channel == "" {
			c.Channel = c.settings.Calendar
		}
		if c.InCalendar() {
			c.UID = invites.EventID(id) + c.Calendar().UIDSuffix
		}
		c.Organizer, c.PartStat = c.settings.Organizer, invites.NeedsAction
	}
}

// Derive is [organizer.Settings.Derive] for something of this conversation. One that was erased had the same id, and
// mail programs and calendars still know its names.
func (c *Conversation) Derive(what string, parts ...any) [16]byte {
	parts = append([]any{what, c.ID, c.Round}, parts...)
	if c.Era > 0 {
		parts = append(parts, c.Era)
	}
	return c.settings.Derive(parts...)
}

// Text is the answer in a line for people.
func (a Answer) Text() string {
	s := a.Value
	if !a.Slot.IsZero() {
		s += ", " + a.Slot.String()
	}
	if !a.Taken.IsZero() {
		s += ", but " + a.TakenText()
	}
	switch a.How {
	case "mail":
		s += " (by mail from " + a.From + ")"
	case "page":
		s += " (on the page)"
	}
	if a.Note != "" {
		s += ": " + a.Note
	}
	return s
}

// TakenText says that the time chosen can't be had any more.
func (a Answer) TakenText() string {
	why := "is not free any more"
	switch {
	case a.By != "":
		why = "is taken by the talk " + a.By
	case !a.At.IsZero() && !a.Taken.Time().After(a.At):
		why = "has passed"
	}
	return a.Taken.String() + ", which was offered, " + why
}

// Entry is one of the history of the conversation.
func (c *Conversation) Entry(now time.Time, kind, text string) HistoryEntry {
	return HistoryEntry{At: now, ID: c.ID, Round: c.Round, Kind: kind, Text: text}
}

// Record is the draft of a conversation that has changed without anything to send.
func (c *Conversation) Record(now time.Time, events ...HistoryEntry) *Draft {
	c.Settle(now)
	c.weigh(now)
	return &Draft{At: now, Conversation: c, Drop: c.stale(now), Events: append(c.news, events...)}
}

// Decide turns a step into messages, whose words are still to be written. It changes c; nothing is stored yet.
func (c *Conversation) Decide(step Step, now time.Time, approved bool) *Draft {
	c.Settle(now)
	c.weigh(now)
	told := c.Told()
	m := c.Message(step.Kind, step.Due)
	m.Revision, m.Approved = step.revision, approved
	if m.Due.IsZero() {
		m.Due = now
	}
	switch step.Kind {
	case outbox.Brief, outbox.Times:
		// The yes stands, and only its time is asked for.
		if step.Kind == outbox.Brief {
			c.Answer = nil
		}
		if c.NewestOffer().MayHaveLeft() {
			c.OfferedBefore = c.Offered
		}
		c.Offered = c.Offers(now)
		m.Content = c.Says(now, step.Kind)
		for _, t := range c.Offered {
			if at := t.Time(); m.Deadline.IsZero() || at.Before(m.Deadline) {
				m.Deadline = at
			}
		}
		if d := c.DatesAt(now); m.Deadline.IsZero() && !d.To.IsZero() {
			m.Deadline = d.To.Time()
		}
	case outbox.Invite, outbox.Update:
		c.Identify()
		m.Content = c.Says(now, outbox.Invite)
		m.Deadline = m.Content.Start.Time()
		last := c.LastDecided()
		asks := told != nil && c.follows(now).Asks
		// An invitation that was refused may have been seen all the same.
		if told == nil {
			asks = last.Attempts > 0 && m.Content.Moves(&last.Content)
		}
		if asks {
			// Else the last one has raised it, and never went.
			if last.MayHaveLeft() || m.Content.Moves(&last.Content) || c.LostTime() {
				c.Sequence++
			}
			if told == nil {
				c.PartStat = invites.NeedsAction
			}
			// DTSTAMP orders within a SEQUENCE.
			c.Counter, c.Replied = nil, time.Time{}
			m.Content.PartStat = ""
		}
	case outbox.Cancel:
		if told != nil {
			c.Sequence++
			m.Content, m.Deadline = *told, told.Start.Time()
		}
	case outbox.Thanks:
		m.Content, m.Deadline = *told, now.Add(thanksWithin)
	case outbox.Reminder, outbox.DeclineCounter:
		m.Content, m.Deadline = *told, told.Start.Time()
		// Which they may have answered since.
		m.Content.PartStat = c.Says(now, outbox.Invite).PartStat
	}
	m.Deadline = m.Deadline.UTC()
	if step.Kind != outbox.Brief && (told != nil || step.Kind == outbox.Invite) {
		m.Sequence = c.Sequence
	}
	if step.Kind == outbox.DeclineCounter {
		m.Sequence = c.Present(now)
	}
	if m.Revision == "" {
		m.Revision = c.NextRevision(m.Kind, "")
	}
	if c.InCalendar() && (step.Kind == outbox.Invite || step.Kind == outbox.Update || step.Kind == outbox.Cancel && told != nil) {
		m.Via = string(c.Channel)
	}
	d := &Draft{At: now, Conversation: c, Known: told, Messages: []*outbox.Message{m}, Events: c.news}
	if own := c.settings.Organizer.Email; c.settings.CopyToSelf && c.Method(m) != "" && m.Kind != outbox.DeclineCounter && m.To != own {
		also := *m
		also.Revision, also.To = c.NextRevision(m.Kind, outbox.CopyRevision), own
		d.Messages = append(d.Messages, &also)
	}
	d.Drop = c.stale(now)
	for old := range d.Drop {
		if old.State == outbox.Held && !approved {
			// Other words for something that waits for approval wait, too.
			for _, m := range d.Messages {
				m.State = outbox.Held
			}
		}
	}
	return d
}
