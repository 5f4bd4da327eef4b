package conversation

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
	"time"

	"coalition/invites"
	"coalition/scheduler/outbox"
	"coalition/scheduler/plan"
)

// PlaceKey is the fingerprint of where and how the two talk.
func (c *Conversation) PlaceKey() string {
	where := c.where(&c.Plan)
	// Which goes without saying.
	if where.Caller == plan.CallerMe {
		where.Caller = ""
	}
	// Which is the organizer's own.
	where.Travel = nil
	return Fingerprint(where)
}

// Says is what a message of that kind would say now: a brief, one with other times, or else an invitation.
func (c *Conversation) Says(now time.Time, kind outbox.Kind) outbox.Content {
	p := &c.Plan
	content := outbox.Content{
		Start:  c.StartSlot(now),
		Length: c.Length(),
		Place:  c.PlaceKey(),
		Rest:   Fingerprint(p.Purpose, p.Offer, p.Ask, p.Agenda),
		Aim:    Fingerprint(p.Purpose, p.Offer, p.Ask),
		Form:   Fingerprint(p.With.Name, p.With.Email, c.Language(), c.Zone().String(), c.settings.Organizer, c.settings.Zone),
	}
	if c.InCalendar() {
		content.Form = Fingerprint(content.Form, c.Channel)
	}
	if p.With.Call != "" || p.With.Familiar {
		content.Form = Fingerprint(content.Form, p.With.Call, p.With.Familiar)
	}
	if len(c.Taken) > 0 {
		content.Rest = Fingerprint(content.Rest, c.Taken)
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
		content.Rest = Fingerprint(content.Rest, offers, clocks, d.From, d.To)
		switch {
		case kind == outbox.Times && c.Answer != nil:
			content.Rest = Fingerprint(content.Rest, c.Answer.Taken)
		case kind == outbox.Brief && p.Opening != "":
			content.Form = Fingerprint(content.Form, p.Opening)
		}
	}
	return content
}

// Fingerprint tells values from others: it is the same for the same values, 16 hexadecimal digits.
func Fingerprint(values ...any) string {
	data, err := json.Marshal(values)
	if err != nil {
		// Its types can always.
		panic("scheduler: a plan can't be written as JSON: " + err.Error())
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:8])
}

// where is the plan's setting with the place that was given in the calendar since.
func (c *Conversation) where(t *plan.Terms) plan.Setting {
	where := t.Setting
	if c.Place == nil {
		return where
	}
	place := *c.Place
	where.Place = ""
	var link plan.Link
	switch number := numberIn(place); {
	case where.Kind == plan.Phone && number != "":
		where.Phone = number
		return where
	case where.Kind == plan.Video && strings.HasPrefix(place, "https://") && link.Parse(place) == nil:
		where.URL = link
		return where
	case where.Kind == plan.Video:
		where.URL = ""
	}
	where.Place = place
	return where
}

// Where is where and how the two talk, as it stands.
func (c *Conversation) Where() plan.Setting { return c.where(&c.Plan) }

// numberIn is the phone number at the end of a place such as "Phone: +49 30 1234567"; "": there is none, or
// something else behind it. Other figures stand in places as well: a room, a postal code, a date.
func numberIn(place string) (number plan.PhoneNumber) {
	const shortest = len("tel:0301234")
	start := strings.IndexAny(place, "+0123456789")
	if start < 0 || place[start] != '+' && place[start] != '0' || number.Parse(strings.TrimSpace(place[start:])) != nil || len(number.URI()) < shortest {
		return ""
	}
	return number
}
