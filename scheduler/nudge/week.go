package nudge

import (
	"log/slog"
	"slices"
	"time"

	"coalition/scheduler/conversation"
	"coalition/scheduler/guard"
	"coalition/scheduler/inbox"
	"coalition/scheduler/journal"
	"coalition/scheduler/nurture"
	"coalition/scheduler/outbox"
	"coalition/scheduler/plan"
	"coalition/scheduler/roster"
)

// weekWithin is how long the notice of a week may be on its way: after that it is no news.
const weekWithin = 48 * time.Hour

// NoteWeek lets the organizer have a mail at the begin of their week, once, and only on its first day: after a long stop
// there is none for the weeks that have passed. It belongs to the first conversation on record. again is when to look
// for the next; zero: there is none. journals are read only for a mail.
func NoteWeek(b *roster.Roster, journals func() map[plan.ID]*journal.Journal, log *slog.Logger) (again time.Time) {
	s := b.Settings
	if !s.Digest || b.Doubt != "" {
		return time.Time{}
	}
	zone := s.Zone.Location("UTC")
	begin := nurture.BeginOfWeek(b.Now, s.Hours, zone)
	if b.Now.Before(begin) {
		return begin
	}
	// Where nothing else happens, nobody would look just then.
	again = nurture.BeginOfWeek(begin.AddDate(0, 0, 7), s.Hours, zone)
	day := string(journal.DayOf(begin.In(zone)))
	if string(journal.DayOf(b.Now.In(zone))) != day {
		return again
	}
	var bearer *conversation.Conversation
	for _, c := range b.Conversations {
		if bearer == nil && c.Rev > 0 {
			bearer = c
		}
		if slices.ContainsFunc(c.Messages, func(m *outbox.Message) bool {
			return m.Kind == outbox.Notice && m.Revision == outbox.WeekRevision+day
		}) {
			return again
		}
	}
	if bearer == nil {
		return again
	}
	guard.Run(log, "the week", "", func() {
		if week := nurture.WeekOf(b, nurture.All(b, journals(), zone), zone); week != nil {
			bearer.Notices = append(bearer.Notices, inbox.News{What: inbox.NewsWeek, Due: b.Now, Week: week})
		}
	})
	return again
}
