// Package worklist knows what of one conversation waits for the organizer: what a partner or a calendar has said, what
// the plan file says otherwise, and which messages need a word of theirs. What is next in it, it leaves to conversation.
package worklist

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"coalition/invites"
	"coalition/invites/plaintext"
	"coalition/scheduler/conversation"
	"coalition/scheduler/inbox"
	"coalition/scheduler/outbox"
	"coalition/scheduler/ways"
)

// Lines are what has come from the partner, or in their name, and waits for the organizer: a line for
// each, for people.
func Lines(c *conversation.Conversation, now time.Time) (lines []string) {
	if st := c.Status(now); st.Held() || st == conversation.Cancelled || st == conversation.Declined {
		return nil
	}
	zone := c.Settings().Zone.Location("UTC")
	at := func(w *inbox.Remark) string { return w.At.In(zone).Format("Mon 2 Jan 15:04") }
	if c.Said(conversation.Query) && c.Answer.Note != "" {
		note := plaintext.Clip(c.Answer.Note, 300)
		// Which are not the partner's words.
		if !strings.HasPrefix(note, "[") {
			note = "“" + note + "”"
		}
		lines = append(lines, note+" ("+c.Answer.At.In(zone).Format("Mon 2 Jan 15:04")+")")
	}
	if n := len(c.Proposed); n > 0 {
		lines = append(lines, fmt.Sprintf("proposed for the agenda (%s): %s", c.How(ways.TakeAgenda),
			strings.Join(c.Proposed, "; ")))
	}
	if c.Remark != nil {
		lines = append(lines, at(c.Remark)+", "+c.Remark.Text)
	}
	if m := passedOn(c, now); m != nil {
		lines = append(lines, "the "+m.Kind.Noun()+" to "+m.To+" was "+m.Error)
	}
	if b := c.Booking; b != nil && b.Wrote.Meet && b.Is.Join == "" && !b.Is.Deleted && c.Place == nil {
		lines = append(lines, c.Calendar().Provider+" has made no room for the video call yet; if it stays so, add `url:` "+
			"to the setting in the plan")
	}
	if b := c.Booking; b != nil && b.Away {
		lines = append(lines, "its event is in another "+c.Calendar().Provider+" calendar of yours, "+b.In+
			", and is followed there")
	}
	if p := c.UnheardAnswer(); p != "" {
		lines = append(lines, strings.ToLower(string(p))+" stands in "+c.Calendar().Title+", but perhaps to the talk as it "+
			"was before: it does not count until "+c.Plan.With.Name+" answers anew")
	}
	if c.Doubted != nil {
		lines = append(lines, at(c.Doubted)+", not believed, from "+c.Doubted.From+": "+c.Doubted.Text)
	}
	return lines
}

// passedOn is the last message that the partner has to answer, where their server has passed it on to another address;
// nil: it has not, or it is answered.
func passedOn(c *conversation.Conversation, now time.Time) *outbox.Message {
	m := c.Last((*outbox.Message).MayHaveLeft, outbox.Brief, outbox.Times, outbox.Invite, outbox.Update)
	if m == nil || m.State != outbox.Accepted || m.Error == "" {
		return nil
	}
	open := c.PartStat == invites.NeedsAction
	switch m.Kind {
	case outbox.Brief:
		open = c.Answer == nil
	case outbox.Times:
		open = c.Gone(now)
	}
	if !open {
		return nil
	}
	return m
}

// Difference says what the plan file says otherwise than what was decided since; "" where they agree.
func Difference(c *conversation.Conversation, now time.Time) string {
	if !c.Planned() || c.Cancelled != nil {
		return ""
	}
	var list []string
	switch d, start := c.DatesAt(now), c.StartSlot(now); {
	case c.Chosen.IsZero():
	case !d.Start.IsZero() && d.Start != start:
		list = append(list, "the plan file says "+d.Start.String()+"; "+start.String()+" stands")
	case !c.Searched() && d.Start.IsZero() && !slices.Contains(d.Times, start):
		list = append(list, "the plan file offers other times; "+start.String()+" stands")
	}
	if length := c.Plan.When.Length(); c.Lasts != 0 && c.Lasts != length {
		list = append(list, fmt.Sprintf("the plan file says %d minutes; %d stand", int(length.Minutes()),
			int(c.Lasts.Minutes())))
	}
	if c.Place != nil {
		list = append(list, "the plan file has another place; "+cmp.Or(*c.Place, "none")+" stands")
	}
	return strings.Join(list, "; ")
}
