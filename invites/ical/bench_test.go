package ical_test

import (
	"bytes"
	"io"
	"strings"
	"testing"

	goical "github.com/emersion/go-ical"

	"coalition/invites"
	"coalition/invites/ical"
)

// BenchmarkEncode writes an invitation with an agenda of 1.5 KB, a VTIMEZONE and a VALARM. Beside it
// are two yardsticks, both of the same components and both unfolded: go-ical builds the event and
// writes it with a VTIMEZONE that is ready, and go-ical writes what has all been built beforehand.
func BenchmarkEncode(b *testing.B) {
	e := talk(b, "video")
	e.Description = strings.ToValidUTF8(strings.Repeat(agenda, 3)[:1500], "")
	calendar, err := goical.NewDecoder(bytes.NewReader(encode(b, e, invites.Request))).Decode()
	if err != nil {
		b.Fatal(err)
	}
	for _, bench := range []struct {
		name string
		run  func() error
	}{
		{"coalition", func() error { _, err := e.Encode(invites.Request); return err }},
		{"go-ical", func() error { return goical.NewEncoder(io.Discard).Encode(build(e, calendar)) }},
		{"go-ical-writing", func() error { return goical.NewEncoder(io.Discard).Encode(calendar) }},
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
func build(e *ical.VEvent, like *goical.Calendar) *goical.Calendar {
	calendar := goical.NewCalendar()
	calendar.Props = like.Props
	event, alarm := goical.NewEvent(), goical.NewComponent(goical.CompAlarm)
	event.Props.SetText(goical.PropUID, e.UID)
	event.Props.SetDateTime(goical.PropDateTimeStamp, e.Stamp.UTC())
	event.Props.SetText(goical.PropSequence, "2")
	event.SetStatus(goical.EventConfirmed)
	event.Props.SetDateTime(goical.PropDateTimeStart, e.Start)
	event.Props.SetDateTime(goical.PropDateTimeEnd, e.End)
	event.Props.SetText(goical.PropSummary, e.Summary)
	event.Props.SetText(goical.PropDescription, e.Description)
	event.Props.SetText(goical.PropLocation, e.Location)
	event.Props.SetText(goical.PropTransparency, "OPAQUE")
	for _, name := range []string{goical.PropOrganizer, goical.PropAttendee, "CONFERENCE", "X-GOOGLE-CONFERENCE"} {
		prop := goical.NewProp(name)
		for param, values := range like.Children[1].Props.Get(name).Params {
			prop.Params[param] = values
		}
		prop.Value = like.Children[1].Props.Get(name).Value
		event.Props.Set(prop)
	}
	alarm.Props.SetText(goical.PropAction, "DISPLAY")
	alarm.Props.SetText(goical.PropTrigger, "-PT15M")
	alarm.Props.SetText(goical.PropDescription, e.Summary)
	event.Children = []*goical.Component{alarm}
	calendar.Children = []*goical.Component{like.Children[0], event.Component}
	return calendar
}
