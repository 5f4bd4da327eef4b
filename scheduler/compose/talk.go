package compose

import (
	"fmt"
	"strings"
	"time"

	"coalition/invites"
	"coalition/scheduler/conversation"
	"coalition/scheduler/inbox"
	"coalition/scheduler/outbox"
	"coalition/scheduler/plan"
	"coalition/templates"
)

// wording says which template each kind of message to the partner has.
var wording = map[outbox.Kind]templates.Kind{
	outbox.Brief: templates.Brief, outbox.Times: templates.Times, outbox.Invite: templates.Invitation,
	outbox.Update: templates.Update, outbox.Cancel: templates.Cancellation, outbox.Reminder: templates.Reminder,
	outbox.DeclineCounter: templates.Refusal, outbox.Thanks: templates.Thanks,
}

// LanguageFor returns the language of the words for the partner: the one wanted, where there are words in it.
func (co *Composer) LanguageFor(c *conversation.Conversation) string {
	lang, _ := co.Words.Language(c.Language())
	return lang
}

// view returns the templates in a language with what they may say.
func (co *Composer) view(lang string, talk *templates.Talk) (*templates.View, error) {
	view, err := co.Words.View(lang, talk)
	if err != nil {
		return nil, fmt.Errorf("the templates in %q: %w", lang, err)
	}
	return view, nil
}

// Talk returns all of a conversation that templates may say: the one place where a plan's public words leave the
// scheduler. The private block is no part of [plan.Terms], and never comes near.
func (co *Composer) Talk(c *conversation.Conversation, t *plan.Terms) *templates.Talk {
	talk := &templates.Talk{
		Organizer: templates.Person{Name: co.Organizer.Name, Email: co.Organizer.Email, Zone: co.Zone.Location("UTC")},
		Partner: templates.Person{Name: t.With.Name, Call: t.With.Call, Email: string(t.With.Email),
			Zone: c.Zone()},
		Familiar: t.With.Familiar,
		Opening:  t.Opening,
		Purpose:  t.Purpose,
		Offer:    t.Offer,
		Ask:      t.Ask,
		Setting:  setting(c, t),
		Length:   t.When.Length(),
	}
	for i, item := range t.Agenda {
		talk.Agenda = append(talk.Agenda, templates.Item{Number: i + 1, Topic: item.Topic, Minutes: item.Minutes})
	}
	for _, topic := range c.Taken {
		talk.Agenda = append(talk.Agenda, templates.Item{Number: len(talk.Agenda) + 1, Topic: topic})
	}
	return talk
}

// setting returns where and how the two talk, in the words that stand.
func setting(c *conversation.Conversation, t *plan.Terms) templates.Setting {
	where := c.Where()
	s := templates.Setting{Kind: string(where.Kind), Place: where.Place, Phone: string(where.Phone),
		URL: string(where.URL), Caller: string(where.Caller)}
	if s.Kind == plan.Video && t.Setting.URL == "" && c.Place == nil && c.Booking != nil {
		s.URL, s.NoLink = c.Booking.Is.Join, c.Booking.Is.NoRoom
	}
	return s
}

// fill puts into talk what only this message says.
func fill(talk *templates.Talk, d *conversation.Draft, m *outbox.Message) {
	c := d.Conversation
	switch m.Kind {
	case outbox.Brief:
		talk.Times = starts(c.Offered)
		if days := c.DatesAt(d.At); !days.To.IsZero() && len(talk.Times) == 0 {
			talk.From, talk.To = days.From.Time(), days.LastDay()
		}
		talk.Again = m.Revision != "1" && c.Reached()
	case outbox.Times:
		talk.Times = starts(c.Offered)
		talk.Before = templates.OtherTime{Start: c.Answer.Taken.Time(), Length: c.Length()}
	case outbox.Cancel:
		talk.Reason, talk.Withdrawn, talk.CalledOff = c.Cancelled.Reason, d.Known == nil, d.Known != nil
	case outbox.Update:
		if d.Known != nil {
			fillUpdate(talk, d.Known, &m.Content)
		}
	case outbox.Reminder:
		talk.Setting.NoLink = talk.Setting.URL == "" && c.Plan.Setting.URL == "" &&
			(c.Booking == nil || c.Booking.Is.Join == "")
	case outbox.DeclineCounter:
		talk.Reason = d.Reason
		talk.Proposed = templates.OtherTime{Start: d.Declined.Start, Length: d.Declined.Length}
	case outbox.Thanks:
		talk.Thanks = d.Thanks
	case outbox.Notice:
		n := d.News[m]
		talk.Week = week(n.Week)
		talk.News = &templates.News{What: n.What, From: n.From, How: n.How, At: n.At, Why: n.Why, Text: n.Text,
			Commands: n.Do, Calendar: c.Calendar().Title, Provider: c.Calendar().Provider}
		if len(c.Offered) > 0 {
			talk.Times = starts(c.Choices(d.At))
		}
		if c.Counter != nil {
			talk.Proposed = templates.OtherTime{Start: c.Counter.Start, Length: c.Counter.Length}
		}
	}
	if talk.Start = m.Content.Start.Time(); m.InCalendar() && c.Plan.Setting.URL == "" && c.Place == nil {
		// The room that the calendar has made stands in the event by itself.
		talk.Setting.URL = ""
	}
}

// week is the begin of a week for templates.
func week(w *inbox.Week) *templates.Week {
	if w == nil {
		return nil
	}
	day := func(s string) time.Time {
		// It was written by us.
		t, _ := time.Parse(time.DateOnly, s)
		return t
	}
	since := func(list []inbox.WeekSince) (all []templates.WeekSince) {
		for _, s := range list {
			all = append(all, templates.WeekSince{Name: s.Name, At: day(s.Day)})
		}
		return all
	}
	all := &templates.Week{Day: day(w.Day), Yours: w.Yours, LookBack: w.LookBack, Theirs: since(w.Theirs), Drifting: since(w.Drifting)}
	for _, t := range w.Talks {
		all.Talks = append(all.Talks, templates.WeekTalk{Name: t.Name, Start: t.Start, Length: t.Length, Zone: plan.Zone(t.Zone).Location("UTC")})
	}
	for _, p := range w.Promises {
		all.Promises = append(all.Promises, templates.WeekPromises(p))
	}
	return all
}

// fillUpdate puts into talk what is new to a partner who knows of told.
func fillUpdate(talk *templates.Talk, told, now *outbox.Content) {
	if told.Start != now.Start || told.Length != now.Length {
		talk.Before = templates.OtherTime{Start: told.Start.Time(), Length: told.Length}
	}
	if now.Shifts(told) && told.Length == now.Length {
		talk.Before, talk.NewClocks = templates.OtherTime{Start: time.Unix(told.Unix, 0), Length: told.Length}, true
		if told.Unix == now.Unix {
			// As they have read it.
			talk.Before.Start = told.There.Time()
		}
	}
	talk.NewPlace = told.Place != now.Place
	talk.NewAgenda = told.Aim != "" && told.Aim == now.Aim && told.Rest != now.Rest
}

// starts returns when talks at these times begin.
func starts(slots []plan.Slot) (times []time.Time) {
	for _, t := range slots {
		times = append(times, t.Time())
	}
	return times
}

// Under reports whether a mail has the subject of a brief, or of a mail with other times: of one of these kinds.
func (co *Composer) Under(c *conversation.Conversation, mail *invites.Mail, kinds ...outbox.Kind) bool {
	talk := co.Talk(c, &c.Plan)
	for _, talk.Again = range []bool{false, true} {
		view, err := co.view(co.LanguageFor(c), talk)
		if err != nil {
			return false
		}
		for _, kind := range kinds {
			subject, err := view.Heading(wording[kind])
			if err == nil && subject != "" && strings.HasSuffix(strings.ToLower(mail.Subject), strings.ToLower(subject)) {
				return true
			}
		}
	}
	return false
}
