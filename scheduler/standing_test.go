package scheduler

import (
	"errors"
	"testing"
	"time"

	"coalition/scheduler/plan"
)

// What a state may not know of shows beside the marker.
func TestWeigh(t *testing.T) {
	yesterday := time.Now().Add(-24 * time.Hour)
	for _, test := range []struct {
		name       string
		standing   Standing
		marker     *plan.Marker
		unreadable error
		want       Doubt
	}{
		{"a first run", Standing{ID: "a"}, nil, nil, ""},
		{"the first one of a version with markers", Standing{ID: "a", Sent: 5}, nil, nil, ""},
		{"all is well", Standing{ID: "a", Sent: 5}, &plan.Marker{State: "a", Messages: 5}, nil, ""},
		{"killed between counting and marking", Standing{ID: "a", Sent: 5}, &plan.Marker{State: "a", Messages: 4}, nil, ""},
		{"a state that is only looked at, and not there", Standing{}, &plan.Marker{State: "a", Messages: 5}, nil, DoubtNew},
		{"deleted", Standing{ID: "b"}, &plan.Marker{State: "a", Messages: 5}, nil, DoubtNew},
		{"of somewhere else", Standing{ID: "b", Sent: 7}, &plan.Marker{State: "a", Messages: 5}, nil, DoubtOther},
		{"brought back as it was", Standing{ID: "a", Sent: 4}, &plan.Marker{State: "a", Messages: 5}, nil, DoubtOlder},
		{"brought back as it was before anything left", Standing{ID: "a"}, &plan.Marker{State: "a", Messages: 5}, nil, DoubtOlder},
		{"in doubt already, and more has been sent by hand", Standing{ID: "a", Sent: 9, Doubt: DoubtOlder}, &plan.Marker{State: "a", Messages: 5}, nil, DoubtOlder},
		{"in doubt, and the marker was taken away", Standing{ID: "b", Doubt: DoubtNew}, nil, nil, ""},
		{"a backup, and nothing has left since", Standing{ID: "a", Sent: 5, Copied: yesterday}, &plan.Marker{State: "a", Messages: 5}, nil, ""},
		{"a backup, and more has left since", Standing{ID: "a", Sent: 5, Copied: yesterday}, &plan.Marker{State: "a", Messages: 6}, nil, DoubtOlder},
		{"a backup on another machine", Standing{ID: "a", Sent: 5, Copied: yesterday}, nil, nil, DoubtCopied},
		{"a backup, in doubt, and still no marker", Standing{ID: "a", Sent: 5, Copied: yesterday, Doubt: DoubtCopied}, nil, nil, DoubtCopied},
		{"a backup beside plans that are older still", Standing{ID: "a", Sent: 5, Copied: yesterday}, &plan.Marker{State: "a", Messages: 2}, nil, DoubtCopied},
		{"a marker that can't be read", Standing{ID: "a", Sent: 5}, nil, errors.New("damaged"), DoubtMarker},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := weigh(test.standing, test.marker, test.unreadable)
			if got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
			if text := got.text(test.standing, test.marker, "plans/.coalition"); (text == "") != (got == "") {
				t.Errorf("%q is told as %q", got, text)
			}
		})
	}
}

// A name is the same whenever the same thing is named, and another one for anything else, and for anybody
// without the secret.
func TestDerive(t *testing.T) {
	s := &Settings{Secret: []byte("secret")}
	same := s.Derive("message", plan.ID("maya"), 1, Invite, "1", "maya@example.org", Content{Length: time.Hour}, nil)
	if again := s.Derive("message", plan.ID("maya"), 1, Invite, "1", "maya@example.org", Content{Length: time.Hour}, nil); again != same {
		t.Error("the same message has two names")
	}
	other := &Settings{Secret: []byte("another")}
	for name, id := range map[string][16]byte{
		"another installation": other.Derive("message", plan.ID("maya"), 1, Invite, "1", "maya@example.org", Content{Length: time.Hour}, nil),
		"another round":        s.Derive("message", plan.ID("maya"), 2, Invite, "1", "maya@example.org", Content{Length: time.Hour}, nil),
		"another revision":     s.Derive("message", plan.ID("maya"), 1, Invite, "2", "maya@example.org", Content{Length: time.Hour}, nil),
		"another reader":       s.Derive("message", plan.ID("maya"), 1, Invite, "1", "ana@example.org", Content{Length: time.Hour}, nil),
		"other words":          s.Derive("message", plan.ID("maya"), 1, Invite, "1", "maya@example.org", Content{Length: 2 * time.Hour}, nil),
		"the event":            s.Derive("uid", plan.ID("maya"), 1, "maya@example.org"),
		"no secret":            (&Settings{}).Derive("message", plan.ID("maya"), 1, Invite, "1", "maya@example.org", Content{Length: time.Hour}, nil),
	} {
		if id == same {
			t.Errorf("%s has the same name", name)
		}
	}
}
