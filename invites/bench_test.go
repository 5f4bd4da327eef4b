package invites_test

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/emersion/go-ical"

	"coalition/invites"
)

// BenchmarkEncode writes an invitation with an agenda of 1.5 KB, a VTIMEZONE and a VALARM. Beside it
// are two yardsticks, both of the same components and both unfolded: go-ical builds the event and
// writes it with a VTIMEZONE that is ready, and go-ical writes what has all been built beforehand.
func BenchmarkEncode(b *testing.B) {
	e := talk(b, "video")
	e.Description = strings.ToValidUTF8(strings.Repeat(agenda, 3)[:1500], "")
	calendar, err := ical.NewDecoder(bytes.NewReader(encode(b, e, invites.Request))).Decode()
	if err != nil {
		b.Fatal(err)
	}
	for _, bench := range []struct {
		name string
		run  func() error
	}{
		{"coalition", func() error { _, err := e.Encode(invites.Request); return err }},
		{"go-ical", func() error { return ical.NewEncoder(io.Discard).Encode(build(e, calendar)) }},
		{"go-ical-writing", func() error { return ical.NewEncoder(io.Discard).Encode(calendar) }},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := bench.run(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "invitations/s")
		})
	}
}

// build makes the components of e anew, as a user of go-ical would; like is where they came from.
func build(e *invites.VEvent, like *ical.Calendar) *ical.Calendar {
	calendar := ical.NewCalendar()
	calendar.Props = like.Props
	event, alarm := ical.NewEvent(), ical.NewComponent(ical.CompAlarm)
	event.Props.SetText(ical.PropUID, e.UID)
	event.Props.SetDateTime(ical.PropDateTimeStamp, e.Stamp.UTC())
	event.Props.SetText(ical.PropSequence, "2")
	event.SetStatus(ical.EventConfirmed)
	event.Props.SetDateTime(ical.PropDateTimeStart, e.Start)
	event.Props.SetDateTime(ical.PropDateTimeEnd, e.End)
	event.Props.SetText(ical.PropSummary, e.Summary)
	event.Props.SetText(ical.PropDescription, e.Description)
	event.Props.SetText(ical.PropLocation, e.Location)
	event.Props.SetText(ical.PropTransparency, "OPAQUE")
	for _, name := range []string{ical.PropOrganizer, ical.PropAttendee, "CONFERENCE", "X-GOOGLE-CONFERENCE"} {
		prop := ical.NewProp(name)
		for param, values := range like.Children[1].Props.Get(name).Params {
			prop.Params[param] = values
		}
		prop.Value = like.Children[1].Props.Get(name).Value
		event.Props.Set(prop)
	}
	alarm.Props.SetText(ical.PropAction, "DISPLAY")
	alarm.Props.SetText(ical.PropTrigger, "-PT15M")
	alarm.Props.SetText(ical.PropDescription, e.Summary)
	event.Children = []*ical.Component{alarm}
	calendar.Children = []*ical.Component{like.Children[0], event.Component}
	return calendar
}
