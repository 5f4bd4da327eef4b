package sheet

import (
	"fmt"
	"strings"
	"time"

	"coalition/invites"
	"coalition/scheduler/conversation"
	"coalition/scheduler/journal"
	"coalition/scheduler/plan"
)

// dayLayout is how a day is written.
const dayLayout = "2 Jan 2006"

// standing says how the talk stands.
func standing(c *conversation.Conversation, now time.Time) string {
	switch c.Status(now) {
	case conversation.Planned:
		return "You have not checked in with yourself yet; nothing has been sent."
	case conversation.Ready:
		return "Not asked yet."
	case conversation.Asked:
		if c.Said(conversation.Query) {
			return "Asked; there is a question before the answer."
		}
		return "Asked, and not answered yet."
	case conversation.Permitted:
		return "The answer is yes; the invitation has not gone yet."
	case conversation.Declined:
		return "The answer is no, and that is an answer."
	case conversation.Later:
		return "The answer is \"later\"."
	case conversation.Invited:
		switch c.PartStat {
		case invites.Declined:
			return "Invited, and declined."
		case invites.Tentative:
			return "Invited; they may come."
		}
		return "Invited, and not accepted yet."
	case conversation.Confirmed:
		return "The invitation is accepted."
	case conversation.Met:
		return "The talk is over; this is what it was meant to be."
	case conversation.Closed:
		return "The talk is over, and you have looked back on it; this is what it was meant to be."
	case conversation.Cancelled:
		return "Off: you have cancelled it."
	}
	return ""
}

// A block is a part of the sheet.
type block struct {
	title string
	lines []line
}

// A line is one of a block. Without a text its label leads in those below it.
type line struct {
	// "", "-", "[ ]", or a number with its dot.
	mark string
	// In our words, before the text.
	label string
	text  string
	// In our words, behind the text.
	tail string
	// The text is somebody's own words: it may be in any script, and may be shortened on paper.
	own bool
	// It is one of several, which stand below each other and may be fewer on paper.
	listed bool
}

// joinLabel is that of the address of a talk by video.
const joinLabel = "Join at"

// facts are what stands at the top of the sheet: when, where and how.
func (s *Sheet) facts() []line {
	facts := []line{{label: "When", text: s.when()}}
	fact := func(label, text string, own bool) {
		if text != "" {
			facts = append(facts, line{label: label, text: text, own: own})
		}
	}
	fact("Where", s.where(), true)
	fact(joinLabel, s.Join, true)
	fact("State", s.Standing, false)
	switch s.Setting.Kind {
	case plan.Phone, plan.Video:
		fact("First", "ask them to leave mail, messages and all else on the phone alone while you talk, and do so yourself",
			false)
	default:
		fact("First", "phones away, both of you", false)
	}
	return facts
}

func (s *Sheet) when() string {
	if s.Start != nil {
		return s.span(*s.Start, *s.End)
	}
	words := fmt.Sprintf("Not fixed yet; it takes %d minutes.", s.Minutes)
	if len(s.Offered) > 0 {
		words += " To choose from:"
	}
	for _, t := range s.Offered {
		words += "\n" + s.span(t, t.Add(time.Duration(s.Minutes)*time.Minute))
	}
	return words
}

// span is a time of the talk on the clocks of both; start and end are on the organizer's.
func (s *Sheet) span(start, end time.Time) string {
	const clock = "15:04"
	words := start.Format("Mon "+dayLayout) + ", " + start.Format(clock) + " to " + end.Format(clock)
	theirs := start.In(s.theirs)
	if theirs.Format(time.DateTime) == start.Format(time.DateTime) {
		return words
	}
	there := theirs.Format(clock) + " to " + end.In(s.theirs).Format(clock)
	if theirs.Day() != start.Day() {
		there = theirs.Format("Mon ") + there
	}
	return words + " (" + city(start.Location()) + "); for them " + there + " (" + city(s.theirs) + ")"
}

// city is the last part of a zone's name.
func city(zone *time.Location) string {
	name := zone.String()
	return strings.ReplaceAll(name[strings.LastIndexByte(name, '/')+1:], "_", " ")
}

func (s *Sheet) where() string {
	kinds := map[plan.Kind]string{
		plan.Neutral: "On neutral ground", plan.Walk: "A walk", plan.Coffee: "Over coffee", plan.Lunch: "Over lunch",
		plan.Office: "In their office, with the door closed", plan.Phone: "By phone, you call them", plan.Video: "By video",
	}
	if s.Setting.Caller == plan.CallerPartner {
		kinds[plan.Phone] = "By phone, they call you"
	}
	words := kinds[s.Setting.Kind]
	if words == "" {
		return "Not said yet"
	}
	for _, more := range []string{string(s.Setting.Phone), s.Setting.Place} {
		if more != "" {
			words += ", " + more
		}
	}
	return words
}

// blocks are the sheet below its facts, in their order: what is for the organizer alone, what is on the table, what is
// known, and the three parts of the talk, of which the past comes first where something stands between the two.
func (s *Sheet) blocks() []block {
	list := []block{s.reasons(), s.table()}
	for _, known := range []block{s.promises(), s.before(), s.said()} {
		if len(known.lines) > 0 {
			list = append(list, known)
		}
	}
	if s.History != "" {
		return append(list, s.past(), s.commitment(), s.wrapUp())
	}
	return append(list, s.commitment(), s.past(), s.wrapUp())
}

func (s *Sheet) reasons() block {
	b := block{title: "For you alone"}
	b.own("", "Why:", s.Why)
	b.own("", "What should come of it:", s.Goal)
	if len(s.Measures) > 0 {
		b.say("", "You will see it by:")
		for _, measure := range s.Measures {
			b.item("[ ]", measure, "")
		}
	}
	switch {
	case len(b.lines) > 0:
	case s.Unplanned:
		b.say("", "The plan file is not there, and your reasons with it.")
	default:
		b.say("", "Your reasons are not written down yet. Take a minute for them:")
		b.say("-", "Why do you want to talk with them?")
		b.say("-", "What do you want to come of it?")
		b.say("-", "By what will you see it?")
	}
	return b
}

func (s *Sheet) table() block {
	b := block{title: fmt.Sprintf("On the table: %d minutes", s.Minutes)}
	if len(s.Agenda)+len(s.Taken) == 0 {
		b.say("", "No agenda yet.")
	}
	for i, item := range s.Agenda {
		minutes := ""
		if item.Minutes > 0 {
			minutes = fmt.Sprintf(" (%d min)", item.Minutes)
		}
		b.item(fmt.Sprintf("%d.", i+1), item.Topic, minutes)
	}
	for i, topic := range s.Taken {
		b.item(fmt.Sprintf("%d.", len(s.Agenda)+i+1), topic, " (theirs)")
	}
	if len(s.Proposed) > 0 {
		b.say("", "They propose besides, and you have not decided yet:")
		for _, topic := range s.Proposed {
			b.item("-", topic, "")
		}
	}
	return b
}

func (s *Sheet) promises() block {
	b := block{title: "Promises that are open"}
	for _, p := range s.Promises {
		label := "You"
		if p.By == journal.Them {
			label = "They"
		}
		if p.Due != nil {
			label += ", by " + p.Due.Time().Format(dayLayout)
		}
		if p.Overdue {
			label += ", overdue"
		}
		b.lines = append(b.lines, line{mark: "[ ]", label: label + ":", text: p.Text, own: true, listed: true})
	}
	return b
}

func (s *Sheet) before() block {
	b := block{title: "What you know from before"}
	for _, t := range s.Before {
		var met, unmet, open, said []string
		for _, m := range t.Measures {
			switch {
			case m.Met == nil:
				open = append(open, m.Text)
			case *m.Met:
				met = append(met, m.Text)
			default:
				unmet = append(unmet, m.Text)
			}
		}
		for _, part := range [][2]string{{"What matters to them: ", t.Learned}, {"Reached: ", strings.Join(met, "; ")},
			{"Not reached: ", strings.Join(unmet, "; ")}, {"Open: ", strings.Join(open, "; ")}, {"", t.Note}} {
			if part[1] != "" {
				said = append(said, part[0]+part[1])
			}
		}
		if len(said) == 0 {
			said = []string{"You have written nothing down."}
		}
		label := t.On.Time().Format(dayLayout)
		if t.ID != s.ID {
			label += " (" + plan.Ref(t.ID, t.Round) + ")"
		}
		b.lines = append(b.lines, line{label: label + ":", text: strings.Join(said, "\n"), own: true, listed: true})
	}
	return b
}

func (s *Sheet) said() block {
	b := block{title: "What they have said"}
	for _, w := range s.Words {
		b.own("", w.From+":", w.Text)
	}
	return b
}

func (s *Sheet) commitment() block {
	b := block{title: "Part one: what each of you stands for"}
	b.say("", "Tell them:")
	b.say("-", "What you are committed to, and why with them.")
	b.own("-", "What it is for:", s.Purpose)
	b.own("-", "What you bring:", strings.Join(s.Offer, "; "))
	b.own("-", "What would help you:", strings.Join(s.Ask, "; "))
	b.say("", "Ask, and hear the answers out:")
	b.say("-", "What do you care about most in your work these days?")
	b.say("-", "Which of your goals weighs most?")
	b.say("-", "What have you taken on, for now and for later?")
	b.say("-", "What is unclear? Could I help you think it through?")
	b.say("-", "Do our aims fit? Can each of us stand by the other's?")
	b.say("-", "What would you like to ask me?")
	b.say("", "Agree, and say it aloud:")
	b.say("-", "Each of you backs what the other is after.")
	b.say("-", "Who takes which part; how you hold each other to it.")
	return b
}

func (s *Sheet) past() block {
	if s.History == "" {
		b := block{title: "Part two: if something old comes up"}
		b.say("-", "Own what was yours, and hear how it was for them.")
		b.say("-", "It may need a talk of its own. Then agree on one.")
		return b
	}
	b := block{title: "Part two comes first: the past"}
	b.own("", "Between you:", s.History)
	b.say("-", "Begin with what you want for the two of you.")
	b.say("-", "Own what was yours in it, without a \"but\".")
	b.say("-", "Say how it was for you. Hear how it was for them.")
	b.say("-", "Neither of you has to have been perfect.")
	b.say("-", "It may take more than one talk. That is fine.")
	b.say("-", "Thank them for going into it with you.")
	return b
}

func (s *Sheet) wrapUp() block {
	b := block{title: "Part three: before you part"}
	b.say("-", "What is open may stay open for now.")
	b.say("-", "Say once more who does what, and by when.")
	b.say("-", "Thank them: for how they were, and what they dared.")
	b.say("-", "Say that you want them to succeed.")
	b.say("-", "If there is more to say, find the day for it now.")
	b.say("-", "If it went badly, you can try again another day.")
	return b
}

// say adds a line of ours.
func (b *block) say(mark, words string) { b.lines = append(b.lines, line{mark: mark, label: words}) }

// own adds what somebody wrote, if anything, behind what it is.
func (b *block) own(mark, label, words string) {
	if words != "" {
		b.lines = append(b.lines, line{mark: mark, label: label, text: words, own: true})
	}
}

// item adds one of a list that somebody wrote, and what we say behind it.
func (b *block) item(mark, words, tail string) {
	b.lines = append(b.lines, line{mark: mark, text: words, tail: tail, own: true, listed: true})
}

// words are all of a line.
func (l *line) words() string { return strings.TrimSpace(l.label+" "+l.text) + l.tail }

func (s *Sheet) title() string {
	title := "Your sheet for the talk with " + s.With
	if s.Round > 1 {
		title = fmt.Sprintf("%s, round %d", title, s.Round)
	}
	return title
}

func (s *Sheet) notice() string { return "Private: for you alone. It is as of " + s.AsOf + "." }
