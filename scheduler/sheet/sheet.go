// Package sheet knows what the organizer takes along to a talk: what it is for, where and when, their own reasons, what
// is known of the partner, and the prompts of its three parts, as text, as Markdown and as one printed page. All of it
// is private. Where it is written, and who may read it there, it leaves to cmd; what is asked after the talk, to the
// journal.
package sheet

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"coalition/invites/plaintext"
	"coalition/scheduler/conversation"
	"coalition/scheduler/journal"
	"coalition/scheduler/plan"
)

// A Sheet is what is on the sheet of one talk. Its private part is that of the plan file as it was read just now. It can
// be JSON for whoever asked for that; no store keeps it.
type Sheet struct {
	ID    plan.ID `json:"id"`
	Round int     `json:"round"`
	// With is the partner's name.
	With string `json:"with"`
	// AsOf is the day on which the sheet was made, on the organizer's clock.
	AsOf   string              `json:"as_of"`
	Status conversation.Status `json:"status"`
	// Standing is how the talk stands, in a sentence.
	Standing string `json:"standing"`

	// Start and End are on the organizer's clock; nil: no time is fixed. Offered are those that may still be chosen.
	Start   *time.Time  `json:"start"`
	End     *time.Time  `json:"end"`
	Offered []time.Time `json:"offered"`
	// Minutes is how long the talk takes.
	Minutes int `json:"minutes"`
	// Their is the partner's time zone.
	Their   string       `json:"their_timezone"`
	Setting plan.Setting `json:"setting"`
	// Join is where a talk by video is joined; "": nowhere yet, or it is none.
	Join string `json:"join"`

	// Unplanned says that there is no plan file, and so nothing private.
	Unplanned bool     `json:"unplanned"`
	Why       string   `json:"why"`
	Goal      string   `json:"goal"`
	Measures  []string `json:"measures"`
	History   string   `json:"history"`

	Purpose string      `json:"purpose"`
	Offer   []string    `json:"offer"`
	Ask     []string    `json:"ask"`
	Agenda  []plan.Item `json:"agenda"`
	// Taken are the partner's lines that the agenda has, and Proposed those that wait for the organizer's word.
	Taken    []string `json:"taken"`
	Proposed []string `json:"proposed"`
	// Words are the partner's own, with when and where they come from.
	Words []Words `json:"words"`

	// Before are the talks before this one, the newest first, and Promises those that are open, the most urgent first.
	Before   []Talk    `json:"before"`
	Promises []Promise `json:"promises"`

	theirs *time.Location
}

// Words are something that the partner has written.
type Words struct {
	// From says what they were written beside, such as "23 Feb 2027, yes by mail".
	From string `json:"from"`
	Text string `json:"text"`
}

// New is the sheet of a conversation as it stands; past are the journals of all conversations with the same partner.
func New(c *conversation.Conversation, now time.Time, past map[plan.ID][]journal.Entry) *Sheet {
	p := &c.Plan
	zone := c.Settings().Zone.Location("UTC")
	s := &Sheet{
		ID: c.ID, Round: c.Round, With: p.With.Name,
		AsOf: now.In(zone).Format(time.DateOnly), Status: c.Status(now),
		Offered: []time.Time{}, Minutes: int(c.Length().Minutes()), Their: c.Zone().String(), theirs: c.Zone(),
		Setting: c.Where(), Join: string(p.Setting.URL), Measures: []string{},
		Purpose: text(p.Purpose), Offer: all(p.Offer), Ask: all(p.Ask), Agenda: append([]plan.Item{}, p.Agenda...),
		Taken: all(c.Taken), Proposed: all(c.Proposed), Words: []Words{},
		Before: []Talk{}, Promises: []Promise{},
	}
	if b := c.Booking; b != nil && b.Is.Join != "" {
		s.Join = b.Is.Join
	}
	// A calendar may have given both.
	s.Setting.Place, s.Join = plaintext.Line(s.Setting.Place), plaintext.Line(s.Join)
	s.Standing = standing(c, now)
	if start := c.Start(now); !start.IsZero() {
		start = start.In(zone)
		end := start.Add(c.Length())
		s.Start, s.End = &start, &end
	} else {
		for _, slot := range c.Choices(now) {
			s.Offered = append(s.Offered, slot.Time().In(zone))
		}
	}
	if file := c.Source(); file != nil {
		private := &file.Private
		s.Why, s.Goal, s.History = text(private.Why), text(private.Goal), text(private.History)
		s.Measures = all(private.Measures)
	} else {
		s.Unplanned = true
	}
	s.hear(c, zone)
	s.remember(c, journal.DayOf(now.In(zone)), past)
	return s
}

// Format keeps it out of logs and messages, for every verb.
func (*Sheet) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "(private)") }

// hear takes in what the partner has written, as far as it is believed to be theirs, and theirs about this talk.
func (s *Sheet) hear(c *conversation.Conversation, zone *time.Location) {
	add := func(at time.Time, what, words string) {
		if words != "" {
			s.Words = append(s.Words, Words{at.In(zone).Format(dayLayout) + ", " + what, words})
		}
	}
	if a := c.Answer; a != nil {
		add(a.At, answerWords[a.Value]+howWords[a.How], text(a.Note))
	}
	if p := c.Counter; p != nil {
		start := p.Start.In(zone)
		add(p.At, "another time", strings.TrimSuffix(s.span(start, start.Add(p.Length))+"\n"+text(p.Note), "\n"))
	}
	if r := c.Remark; r != nil && !r.Foreign && !r.Sign {
		add(r.At, "by mail", text(r.Text))
	}
}

var (
	answerWords = map[string]string{
		conversation.Yes: "yes", conversation.No: "no", conversation.Wait: "later", conversation.Query: "a question first",
	}
	howWords = map[string]string{"mail": " by mail", "page": " on the page", "calendar": " in the calendar",
		"command": ", as you noted", "plan": ", as you noted"}
)

// text makes what people wrote safe to show wherever it comes from: its lines, without what can't be seen.
func text(s string) string {
	var lines []string
	for line := range strings.Lines(plaintext.Text(s)) {
		if line = plaintext.Line(line); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

// all does the same for a list, each item in one line. It is never nil.
func all(list []string) []string {
	safe := make([]string, 0, len(list))
	for _, s := range list {
		safe = append(safe, plaintext.Line(s))
	}
	return slices.DeleteFunc(safe, func(s string) bool { return s == "" })
}
