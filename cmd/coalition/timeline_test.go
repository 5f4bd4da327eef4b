package main

import (
	"strings"
	"testing"

	"coalition/cmd/coalition/chart"
	"coalition/scheduler/conversation"
)

// TestHeard: of what the history says a picture has the kind, and never the words.
func TestHeard(t *testing.T) {
	for _, tt := range []struct {
		kind, text string
		drawn      chart.EventKind
		words      string
	}{
		{"ready", "checked in", chart.Own, "You checked in with yourself"},
		{"answer", "yes: SECRET", chart.Heard, "They said yes"},
		{"answer", "yes, Thu 4 Mar 2027 10:00 (by mail from SECRET)", chart.Heard, "They said yes"},
		{"answer", "no (on the page): SECRET", chart.Heard, "They said no"},
		{"answer", "later", chart.Heard, "They asked for another moment"},
		{"answer", "question (by mail from SECRET)", chart.Heard, "They asked something first"},
		{"answer", "accepted (in Google Calendar): SECRET", chart.Heard, "They accepted the invitation"},
		{"answer", "declined (by calendar, from SECRET)", chart.Heard, "They declined the invitation"},
		{"answer", "tentative (by calendar)", chart.Heard, "They accepted the invitation, tentatively"},
		{"answer", "asked for no more mail (by mail from SECRET)", chart.Heard, "They asked for no more mail"},
		{"answer", "delegated to SECRET", chart.Heard, "They wrote"},
		{"answer", "nothing goes by itself any more: SECRET", "", ""},
		{"counter", "another time, Fri 5 Mar 2027 10:00: SECRET", chart.Heard, "They proposed another time"},
		{"counter", "took the time proposed, SECRET", chart.Own, "You decided on the time that they proposed"},
		{"counter", "declined the time proposed", chart.Own, "You decided on the time that they proposed"},
		{"mail", "a mail of SECRET", chart.Heard, "They wrote"},
		{"mail", "not believed: SECRET", "", ""},
		{"move", "from SECRET to SECRET", chart.Own, "You moved the talk"},
		{"agenda", "took SECRET", chart.Own, "You decided on what they would add to the agenda"},
		{"cancel", "cancelled: SECRET", chart.Ended, "You cancelled the talk"},
		{"cancel", "the talk did not take place", chart.Ended, "The talk did not take place"},
		{"debrief", "looked back on the talk", chart.Own, "You looked back on the talk"},
		{"bounce", "SECRET", chart.Heard, "A message came back: it had not arrived"},
		{"plan", "SECRET", "", ""}, {"sync", "SECRET", "", ""}, {"hold", "SECRET", "", ""}, {"new", "SECRET", "", ""},
	} {
		drawn, words := heard(conversation.HistoryEntry{Kind: tt.kind, Text: tt.text})
		if drawn != tt.drawn || words != tt.words {
			t.Errorf("%s %q: %s %q", tt.kind, tt.text, drawn, words)
		}
		if strings.Contains(words, "SECRET") {
			t.Errorf("%s %q gets into a picture", tt.kind, tt.text)
		}
	}
}
