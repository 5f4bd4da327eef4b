package feed

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"coalition/invites"
	"coalition/invites/freebusy"
)

// twenty writes calendars of 500 events each, 15 % of which repeat, half a year around monday.
func twenty(b *testing.B) (sources []Source, texts []string) {
	dir := b.TempDir()
	for n := range 20 {
		var text strings.Builder
		text.WriteString("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\n")
		for i := range 500 {
			event := vevent(fmt.Sprintf("event %d of %d", i, n), monday.Add(time.Duration(i*9+n-2000)*time.Hour))
			if i%20 < 3 {
				event = strings.Replace(event, "SUMMARY", []string{"RRULE:FREQ=DAILY;COUNT=30\r\n",
					"RRULE:FREQ=WEEKLY;BYDAY=TU,TH\r\n", "RRULE:FREQ=MONTHLY;BYMONTHDAY=1\r\n"}[i%20]+"SUMMARY", 1)
			}
			text.WriteString(event)
		}
		text.WriteString("END:VCALENDAR\r\n")
		path := filepath.Join(dir, fmt.Sprintf("%d.ics", n))
		write(b, path, text.String())
		sources, texts = append(sources, Source{Kind: ICS, Address: path}), append(texts, text.String())
	}
	return sources, texts
}

// search is what one search asks.
func search(b *testing.B, w *world) {
	for _, f := range w.FreeBusy(b.Context(), monday, monday.Add(14*day)) {
		if f.State != invites.FreshBusy || len(f.Busy) == 0 {
			b.Fatalf("%s: %s, %d spans", f.State, f.Error, len(f.Busy))
		}
	}
}

// BenchmarkFreeBusy answers one search over 20 calendars: read for the first time, by a new process that finds them
// kept, and by one that has them in memory. The ratios are to a parser that does nothing but parse the same bytes.
func BenchmarkFreeBusy(b *testing.B) {
	sources, texts := twenty(b)
	var parse time.Duration
	b.Run("parse", func(b *testing.B) {
		for b.Loop() {
			for _, text := range texts {
				if _, err := freebusy.Parse([]byte(text)); err != nil {
					b.Fatal(err)
				}
			}
		}
		parse = b.Elapsed() / time.Duration(b.N)
	})
	ratio := func(b *testing.B) {
		b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(max(parse, 1)), "parses/op")
	}
	b.Run("cold", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			w := newWorld(b, sources...)
			b.StartTimer()
			search(b, w)
		}
		ratio(b)
	})
	w := newWorld(b, sources...)
	search(b, w)
	b.Run("disk", func(b *testing.B) {
		for b.Loop() {
			search(b, w.again(sources...))
		}
		ratio(b)
	})
	b.Run("memory", func(b *testing.B) {
		for b.Loop() {
			search(b, w)
		}
		ratio(b)
	})
}
