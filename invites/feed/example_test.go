package feed_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"coalition/invites/feed"
	"coalition/invites/freebusy"
)

// When somebody is busy on Monday, by a file of theirs.
func Example() {
	dir, err := os.MkdirTemp("", "feed")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "private.ics")
	calendar := "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nDTSTART:20270301T120000Z\nDTEND:20270301T130000Z\n" +
		"SUMMARY:Lunch\nEND:VEVENT\nEND:VCALENDAR\n"
	if err := os.WriteFile(path, []byte(calendar), 0o600); err != nil {
		fmt.Println(err)
		return
	}
	calendars := feed.New(feed.Config{
		Sources: []feed.Source{{Kind: feed.ICS, Address: path}, {Name: "Choir", Kind: feed.ICS, Address: path + ".none"}},
		Dir:     filepath.Join(dir, "kept"),
		Reader:  freebusy.Reader{Zone: time.UTC, Self: []string{"ana@example.org"}},
		Now:     func() time.Time { return time.Date(2027, 2, 26, 9, 0, 0, 0, time.UTC) },
		Log:     slog.New(slog.DiscardHandler),
	})
	monday := time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC)
	for _, c := range calendars.FreeBusy(context.Background(), monday, monday.AddDate(0, 0, 1)) {
		fmt.Println(c.Name, c.State)
		for _, b := range c.Busy {
			fmt.Println(" ", b.Start.Format("15:04"), b.End.Format("15:04"), b.Title)
		}
	}
	// Output:
	// private.ics ok
	//   12:00 13:00 Lunch
	// Choir failed
}
