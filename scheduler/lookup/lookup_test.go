package lookup

import (
	"slices"
	"testing"
	"time"

	"coalition/scheduler/conversation"
	"coalition/scheduler/organizer"
	"coalition/scheduler/plan"
)

// A talk that a calendar has made years long is not looked up by each of its days, and is found all the same.
func TestKeysOfLongTalks(t *testing.T) {
	start := time.Date(2027, 3, 4, 10, 0, 0, 0, time.UTC)
	for _, length := range []time.Duration{time.Hour, 20 * 24 * time.Hour, 250 * 365 * 24 * time.Hour} {
		c := conversation.New("maya", 1, &organizer.Settings{Zone: "UTC"})
		c.Answer, c.Chosen, c.Lasts = &conversation.Answer{Value: conversation.Yes}, plan.SlotOf(start), length
		keys := Keys(c)
		if len(keys) > 40 {
			t.Errorf("%d keys for %s", len(keys), length)
		}
		if around := SpanKeys(start, time.Hour); !slices.ContainsFunc(keys, func(k string) bool { return slices.Contains(around, k) }) {
			t.Errorf("a talk of %s is not found in its first hour: %q", length, keys)
		}
	}
	if n := len(SpanKeys(start, 250*365*24*time.Hour)); n > 4000 {
		t.Errorf("a talk of centuries asks for %d keys", n)
	}
}
