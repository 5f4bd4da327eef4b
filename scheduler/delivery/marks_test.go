package delivery

import (
	"context"
	"errors"
	"testing"
	"time"

	"coalition/scheduler/organizer"
	"coalition/scheduler/outbox"
	"coalition/scheduler/plan"
	"coalition/scheduler/plan/folder"
)

// What a state may not know of shows beside the marker.
func TestWeigh(t *testing.T) {
	yesterday := time.Now().Add(-24 * time.Hour)
	for _, test := range []struct {
		name       string
		standing   outbox.Standing
		marker     *folder.Marker
		unreadable error
		want       outbox.Doubt
	}{
		{"a first run", outbox.Standing{ID: "a"}, nil, nil, ""},
		{"the first one of a version with markers", outbox.Standing{ID: "a", Sent: 5}, nil, nil, ""},
		{"all is well", outbox.Standing{ID: "a", Sent: 5}, &folder.Marker{State: "a", Messages: 5}, nil, ""},
		{"killed between counting and marking", outbox.Standing{ID: "a", Sent: 5}, &folder.Marker{State: "a", Messages: 4}, nil, ""},
		{"a state that is only looked at, and not there", outbox.Standing{}, &folder.Marker{State: "a", Messages: 5}, nil, outbox.DoubtNew},
		{"deleted", outbox.Standing{ID: "b"}, &folder.Marker{State: "a", Messages: 5}, nil, outbox.DoubtNew},
		{"of somewhere else", outbox.Standing{ID: "b", Sent: 7}, &folder.Marker{State: "a", Messages: 5}, nil, outbox.DoubtOther},
		{"brought back as it was", outbox.Standing{ID: "a", Sent: 4}, &folder.Marker{State: "a", Messages: 5}, nil, outbox.DoubtOlder},
		{"brought back as it was before anything left", outbox.Standing{ID: "a"}, &folder.Marker{State: "a", Messages: 5}, nil, outbox.DoubtOlder},
		{"in doubt already, and more has been sent by hand", outbox.Standing{ID: "a", Sent: 9, Doubt: outbox.DoubtOlder}, &folder.Marker{State: "a", Messages: 5}, nil, outbox.DoubtOlder},
		{"in doubt, and the marker was taken away", outbox.Standing{ID: "b", Doubt: outbox.DoubtNew}, nil, nil, ""},
		{"a backup, and nothing has left since", outbox.Standing{ID: "a", Sent: 5, Copied: yesterday}, &folder.Marker{State: "a", Messages: 5}, nil, ""},
		{"a backup, and more has left since", outbox.Standing{ID: "a", Sent: 5, Copied: yesterday}, &folder.Marker{State: "a", Messages: 6}, nil, outbox.DoubtOlder},
		{"a backup on another machine", outbox.Standing{ID: "a", Sent: 5, Copied: yesterday}, nil, nil, outbox.DoubtCopied},
		{"a backup, in doubt, and still no marker", outbox.Standing{ID: "a", Sent: 5, Copied: yesterday, Doubt: outbox.DoubtCopied}, nil, nil, outbox.DoubtCopied},
		{"a backup beside plans that are older still", outbox.Standing{ID: "a", Sent: 5, Copied: yesterday}, &folder.Marker{State: "a", Messages: 2}, nil, outbox.DoubtCopied},
		{"a marker that can't be read", outbox.Standing{ID: "a", Sent: 5}, nil, errors.New("damaged"), outbox.DoubtMarker},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := weigh(test.standing, test.marker, test.unreadable)
			if got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
			if text := doubtText(got, test.standing, test.marker, "plans/.coalition"); (text == "") != (got == "") {
				t.Errorf("%q is told as %q", got, text)
			}
		})
	}
}

// A busyState sends one more message whenever somebody has looked what it knows of itself.
type busyState struct {
	MarkStore
	marks *Marks
	sent  int64
}

func (b *busyState) Standing(context.Context) (outbox.Standing, error) {
	known := outbox.Standing{ID: "a", Sent: b.sent}
	b.sent++
	return known, b.marks.Plans.SetMarker(false, func(*folder.Marker) *folder.Marker {
		return &folder.Marker{State: "a", Messages: b.sent}
	})
}

// What leaves while the state is held against the marker is no reason to doubt it.
func TestDoubtBesideDelivery(t *testing.T) {
	b := &busyState{sent: 5}
	b.marks = &Marks{Settings: &organizer.Settings{}, Plans: &folder.Folder{Path: t.TempDir()}, Store: b}
	for range 3 {
		if _, d, text, err := b.marks.Doubt(t.Context()); d != "" || err != nil {
			t.Fatalf("%s (%s), %v", d, text, err)
		}
	}
}

// A name is the same whenever the same thing is named, and another one for anything else, and for anybody
// without the secret.
func TestDerive(t *testing.T) {
	s := &organizer.Settings{Secret: []byte("secret")}
	same := s.Derive("message", plan.ID("maya"), 1, outbox.Invite, "1", "maya@example.org", outbox.Content{Length: time.Hour}, nil)
	if again := s.Derive("message", plan.ID("maya"), 1, outbox.Invite, "1", "maya@example.org", outbox.Content{Length: time.Hour}, nil); again != same {
		t.Error("the same message has two names")
	}
	other := &organizer.Settings{Secret: []byte("another")}
	for name, id := range map[string][16]byte{
		"another installation": other.Derive("message", plan.ID("maya"), 1, outbox.Invite, "1", "maya@example.org", outbox.Content{Length: time.Hour}, nil),
		"another round":        s.Derive("message", plan.ID("maya"), 2, outbox.Invite, "1", "maya@example.org", outbox.Content{Length: time.Hour}, nil),
		"another revision":     s.Derive("message", plan.ID("maya"), 1, outbox.Invite, "2", "maya@example.org", outbox.Content{Length: time.Hour}, nil),
		"another reader":       s.Derive("message", plan.ID("maya"), 1, outbox.Invite, "1", "ana@example.org", outbox.Content{Length: time.Hour}, nil),
		"other words":          s.Derive("message", plan.ID("maya"), 1, outbox.Invite, "1", "maya@example.org", outbox.Content{Length: 2 * time.Hour}, nil),
		"the event":            s.Derive("uid", plan.ID("maya"), 1, "maya@example.org"),
		"no secret":            (&organizer.Settings{}).Derive("message", plan.ID("maya"), 1, outbox.Invite, "1", "maya@example.org", outbox.Content{Length: time.Hour}, nil),
	} {
		if id == same {
			t.Errorf("%s has the same name", name)
		}
	}
}
