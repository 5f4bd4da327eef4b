package ways

import (
	"fmt"
	"strings"
	"time"

	"coalition/scheduler/outbox"
)

// Clocks asks the organizer whether a partner of that name, who was told so, is to hear that clocks are put otherwise.
// there is the partner's zone, typed the start as it is given to a command, and how words a way.
func Clocks(name string, told *outbox.Content, there *time.Location, typed string, how func(way Way, at ...string) string) string {
	at := told.Start.Time()
	zone, what := told.Start.Zone, fmt.Sprintf("calendars may show the talk of %s at %s", at.Format("Mon 2 Jan 2006 15:04"),
		time.Unix(told.Unix, 0).In(at.Location()).Format("15:04"))
	// It is the partner's clock.
	if at.Unix() == told.Unix {
		_, clock, _ := strings.Cut(told.There.Wall, "T")
		zone, what = told.There.Zone, fmt.Sprintf("the talk is there at %s now, where they read %s",
			at.In(there).Format("Mon 2 Jan 2006 15:04"), clock)
	}
	return fmt.Sprintf("say whether %s is to get an update: the clocks of %s are put otherwise by newer zone data, and %s: %s (%s)",
		name, zone, what, how(MoveTo, typed), how(IfTold))
}

// Event asks the organizer what is to become of an event that is gone from the calendar of that title, or has lost its
// time there: deleted and dateless say how. typed is the start as it is given to a command, and how words a way.
func Event(title, typed string, deleted, dateless bool, how func(way Way, at ...string) string) string {
	restore := how(MoveTo, typed) + ", or call it off: " + how(Cancel)
	switch {
	case deleted:
		return "say whether the talk is off, since its event was deleted in " + title + ": " + how(Cancel) + " (" + how(IfTold) +
			"), or bring it back: " + how(Invite)
	case dateless:
		return "say when the talk is, since its event has no time of day any more in " + title + ": " + restore
	}
	return "say when the talk is, since its event repeats in " + title + " now, and here it is one talk: " + restore
}
