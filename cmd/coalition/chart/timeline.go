package chart

import (
	"fmt"
	"time"

	"coalition/scheduler/conversation"
)

// A Timeline is one partnership over its rounds, at one moment. Its words come from the program alone: it has no place
// for what somebody has written but the names.
type Timeline struct {
	// Name is the partner's; Result is what the partnership serves, "" where none is named.
	Name, Result string
	// Now is on the organizer's clock, as all times are.
	Now time.Time
	// Rounds are in their order.
	Rounds []Round
}

// A Round is one of a partnership.
type Round struct {
	Number int
	Status conversation.Status
	// Events are in the order of their times.
	Events []Event
}

// An Event is something that has happened, or is ahead.
type Event struct {
	At time.Time
	// Day says that its time of day means nothing.
	Day   bool
	Kind  EventKind
	Words string
}

// An EventKind is whose doing an event is.
type EventKind string

// The kinds of event.
const (
	// Own is a step of the organizer's that goes to nobody, Sent a message, Heard the partner's word.
	Own   EventKind = "own"
	Sent  EventKind = "sent"
	Heard EventKind = "heard"
	// Talk is the talk itself.
	Talk EventKind = "talk"
	// Mine and Theirs are the days of promises.
	Mine   EventKind = "mine"
	Theirs EventKind = "theirs"
	// Ended ends a round without a talk.
	Ended EventKind = "ended"
)

const pennant = "M-6 9V-8L7-3.5L-3 1V9Z"

// kinds are how events are drawn, and what is said of that, in the order of the legend.
var kinds = []struct {
	EventKind
	look
	means string
}{
	{Own, look{hue: "begun", path: "M-5 0A5 5 0 1 1 5 0A5 5 0 1 1-5 0Z"}, "a step of yours"},
	{Sent, look{hue: "asked", path: "M-8-5.5H8V5.5H-8ZM-8-5.5L0 1.5L8-5.5"}, "a message to them"},
	{Heard, look{hue: "permitted", path: "M7-7L-7 0L7 7Z", full: true}, "a word of theirs"},
	{Talk, look{hue: "done", path: "M-8.5 0A8.5 8.5 0 1 1 8.5 0A8.5 8.5 0 1 1-8.5 0Z", full: true}, "the talk"},
	{Mine, look{hue: "mark-mine", path: pennant, full: true}, "a promise of yours"},
	{Theirs, look{hue: "mark-theirs", path: pennant}, "a promise to you"},
	{Ended, look{hue: "ended", path: "M-7-4L-4-7L0-3L4-7L7-4L3 0L7 4L4 7L0 3L-4 7L-7 4L-3 0Z", full: true}, "the end of a round"},
}

// Where things stand in a timeline.
const (
	timeWidth  = 740.0
	timeDates  = 186.0
	timeAxis   = 217.0
	timeWords  = 241.0
	timeRow    = 30.0
	timeLine   = 17.0
	timeSpan   = 22.0
	timeHead   = 40.0
	longSilent = 14
)

// SVG is the timeline as a drawing, from the top down.
func (t *Timeline) SVG() []byte {
	s, body := &canvas{}, &canvas{}
	y, told := t.draw(body)
	key := t.key()
	title := "You and " + isolated(t.Name)
	s.begin(timeWidth, y+14+key.height+margin, title, told, true)
	s.text("title", margin, margin+22, fit(title, titleSize, timeWidth-2*margin))
	s.text("small muted", margin, margin+42, fit(t.summary(), smallSize, timeWidth-2*margin))
	s.b.Write(body.b.Bytes())
	key.draw(s, margin, y+14)
	s.add("</svg>\n")
	return s.b.Bytes()
}

// summary says where it stands.
func (t *Timeline) summary() string {
	text := day(t.Now)
	if n := len(t.Rounds); n > 0 {
		text += fmt.Sprintf(": round %d, %s", t.Rounds[n-1].Number, t.Rounds[n-1].Status)
	}
	if t.Result != "" {
		text += "; for " + isolated(t.Result)
	}
	return text
}

// draw draws the rounds, and returns how far down that goes, and the same in words.
func (t *Timeline) draw(s *canvas) (y float64, told string) {
	y, told = margin+58, t.summary()+"."
	for n, r := range t.Rounds {
		name := fmt.Sprintf("Round %d", r.Number)
		told += fmt.Sprintf(" %s, %s.", name, r.Status)
		top, inner := y, &canvas{}
		inner.mark(lookOf(r.Status), timeAxis, y+timeHead/2)
		inner.line("row", timeWords, y+timeHead/2+5, run{"result", name}, run{"small muted", string(r.Status)})
		y += timeHead
		axis := y - timeHead/2 + 10
		// A promise of an early round may be due when a later one is over.
		today := false
		var last time.Time
		for _, e := range r.Events {
			if !today && e.At.After(t.Now) {
				today = true
				y = t.today(inner, y)
			} else if days := int(e.At.Sub(last).Hours() / 24); !last.IsZero() && days >= longSilent {
				inner.text("small muted", timeWords, y+timeSpan/2+2, span(days)+" later")
				y += timeSpan
			}
			var words string
			y, words = t.event(inner, e, last, y)
			told += " " + words + "."
			last = e.At
		}
		if len(r.Events) == 0 {
			inner.text("muted", timeWords, y+timeRow/2+4.5, "Nothing has happened yet.")
			y += timeRow
		}
		if !today && n == len(t.Rounds)-1 {
			y = t.today(inner, y)
		}
		y += footHeight
		s.add(`<g role="list" aria-label="%s, %s">`+"\n", name, r.Status)
		s.add(`<rect class="band" x="%s" y="%s" width="%s" height="%s" rx="9"/>`+"\n", num(margin), num(top),
			num(timeWidth-2*margin), num(y-top))
		s.path("tie trunk", fmt.Sprintf("M%s %sV%s", num(timeAxis), num(axis), num(y-footHeight-8)))
		s.b.Write(inner.b.Bytes())
		s.add("</g>\n")
		y += gap
	}
	return y, told
}

// today draws the line between what has happened and what is ahead.
func (t *Timeline) today(s *canvas, y float64) float64 {
	s.path("tie near4", fmt.Sprintf("M%s %sH%s", num(margin+8), num(y+timeSpan/2), num(timeWidth-margin-8)))
	words := "today, " + day(t.Now)
	s.text("halo wide", timeWords, y+timeSpan/2+4, words)
	s.text("small", timeWords, y+timeSpan/2+4, words)
	return y + timeSpan + 4
}

// event draws one, after another at last, and returns how far down that goes, and the same in words.
func (t *Timeline) event(s *canvas, e Event, last time.Time, y float64) (float64, string) {
	date, clock := e.At.Format("Mon 2 Jan 2006"), e.At.Format("15:04")
	words := date + ", " + clock + ": " + e.Words
	if e.Day {
		words, clock = date+": "+e.Words, ""
	}
	s.add(`<g role="listitem"><title>`)
	s.escape(words)
	s.add("</title>\n")
	middle := y + timeRow/2
	switch {
	case date != last.Format("Mon 2 Jan 2006") && clock != "":
		s.line("row end", timeDates, middle+4.5, run{"", date}, run{"small muted", clock})
	case clock == "":
		s.text("end", timeDates, middle+4.5, date)
	default:
		s.text("small muted end", timeDates, middle+4.5, clock)
	}
	for _, k := range kinds {
		if k.EventKind == e.Kind {
			l := k.look
			// What is ahead is an outline.
			if e.At.After(t.Now) {
				l.full, l.dashed = false, e.Kind == Talk
			}
			s.mark(l, timeAxis, middle)
		}
	}
	lines := wrap(e.Words, nameSize, timeWidth-2*margin-timeWords)
	for i, line := range lines {
		s.text("row", timeWords, middle+4.5+float64(i)*timeLine, line)
	}
	s.add("</g>\n")
	return y + timeRow + float64(len(lines)-1)*timeLine, words
}

// key is the legend of a timeline.
func (t *Timeline) key() *legend {
	l := &legend{}
	used, ahead := make(map[EventKind]bool), false
	for _, r := range t.Rounds {
		for _, e := range r.Events {
			if e.Kind == Talk && e.At.After(t.Now) {
				ahead = true
				continue
			}
			used[e.Kind] = true
		}
	}
	for _, k := range kinds {
		if used[k.EventKind] {
			k.status = conversation.Status(k.means)
			l.state(k.look)
		}
	}
	if ahead {
		l.state(look{status: "the talk, ahead", hue: "done", path: kinds[3].path, dashed: true})
	}
	l.place(timeWidth - 2*margin)
	return l
}
