package conversation

import (
	"time"

	"coalition/invites"
	"coalition/scheduler/outbox"
	"coalition/scheduler/plan"
)

// PlaceKey is the fingerprint of where and how the two talk.
func (c *Conversation) PlaceKey() string {
	where := c.Where()
	// Which goes without saying.
	if where.Caller == plan.CallerMe {
		where.Caller = ""
	}
	// Which is the organizer's own.
	where.Travel = nil
	return plan.Fingerprint(where)
}

// Says is what a message of that kind would say now: a brief, one with other times, or else an invitation.
func (c *Conversation) Says(now time.Time, kind outbox.Kind) outbox.Content {
	p := &c.Plan
	content := outbox.Content{
		Start:  c.StartSlot(now),
		Length: c.Length(),
		Place:  c.PlaceKey(),
		Rest:   plan.Fingerprint(p.Purpose, p.Offer, p.Ask, p.Agenda),
		Aim:    plan.Fingerprint(p.Purpose, p.Offer, p.Ask),
		Form:   plan.Fingerprint(p.With.Name, p.With.Email, c.Language(), c.Zone().String(), c.settings.Organizer, c.settings.Zone),
	}
	if c.InCalendar() {
		content.Form = plan.Fingerprint(content.Form, c.Channel)
	}
	if p.With.Call != "" || p.With.Familiar {
		content.Form = plan.Fingerprint(content.Form, p.With.Call, p.With.Familiar)
	}
	if len(c.Taken) > 0 {
		content.Rest = plan.Fingerprint(content.Rest, c.Taken)
	}
	// Which knows it itself.
	if kind != outbox.Brief && c.PartStat != invites.NeedsAction && !c.InCalendar() {
		content.PartStat = c.PartStat
	}
	if !content.Start.IsZero() {
		at := content.Start.Time()
		content.Unix, content.There = at.Unix(), plan.SlotOf(at.In(c.Zone()))
	}
	if kind == outbox.Brief || kind == outbox.Times {
		d := c.DatesAt(now)
		content.Start, content.Unix, content.There = plan.Slot{}, 0, plan.Slot{}
		offers := c.Offers(now)
		// Both people's, which the words name.
		var clocks []string
		for _, slot := range offers {
			clocks = append(clocks, slot.Time().UTC().Format(time.RFC3339), slot.Time().In(c.Zone()).Format(time.RFC3339))
		}
		content.Rest = plan.Fingerprint(content.Rest, offers, clocks, d.From, d.To)
		switch {
		case kind == outbox.Times && c.Answer != nil:
			content.Rest = plan.Fingerprint(content.Rest, c.Answer.Taken)
		case kind == outbox.Brief && p.Opening != "":
			content.Form = plan.Fingerprint(content.Form, p.Opening)
		}
	}
	return content
}

// Where is where and how the two talk: the plan's setting, with the place that was given in the calendar since.
func (c *Conversation) Where() plan.Setting {
	if c.Place == nil {
		return c.Plan.Setting
	}
	return c.Plan.Setting.At(*c.Place)
}
