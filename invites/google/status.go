package google

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// A Status is what is known of an account here, without asking Google.
type Status struct {
	Dead     time.Time // when Google refused the sign-in for good; zero: it has not
	Account  string    // the address; "": not known
	Scopes   []string  // what was granted
	Lacks    []string  // what is to be asked for and was not granted, in Google's words
	Since    time.Time // when it was granted
	Ends     time.Time // when it will not count any more; zero: that is open
	Place    string    // where it lies, in words; "": nowhere
	Synced   time.Time // when the calendar was read last; zero: not yet
	Trouble  string    // what was wrong with it last; ""
	Troubled time.Time // when
}

// Left is how many days from now the sign-in still counts, rounded down; ok is false where that is open.
func (s Status) Left(now time.Time) (days int, ok bool) {
	return max(0, int(s.Ends.Sub(now)/(24*time.Hour))), !s.Ends.IsZero()
}

// Status looks at what lies here. The error is the one that every request would meet; what else is known
// counts all the same.
func (a *Account) Status(ctx context.Context) (Status, error) {
	var s Status
	if n := a.lastNote(); n != nil {
		s.Synced, s.Trouble, s.Troubled = n.Synced, n.Trouble, n.Troubled
	}
	done, err := a.alone(ctx)
	if err != nil {
		return s, err
	}
	defer done()
	_, err = a.load(ctx)
	if a.held != nil {
		a.tell(&s)
	}
	return s, err
}

// Address is that of the account as it is signed in now; "": not known, or nobody is. It waits for no request:
// while there is one it is the address that this is made for.
func (a *Account) Address() string {
	a.init()
	select {
	case a.turn <- struct{}{}:
		_ = a.look(context.Background()) // why it is not known, every request says
		<-a.turn
	default:
	}
	if address := a.address.Load(); address != nil {
		return *address
	}
	return ""
}

// tell fills in what the grant says.
func (a *Account) tell(s *Status) {
	g := a.held
	s.Dead, s.Account, s.Scopes, s.Since, s.Ends, s.Place = g.Dead, g.Account, g.Scopes, g.Since, g.Ends, a.vault.place(a.inRing)
	needed, useful := a.scopes()
	s.Lacks = g.lacks(slices.Concat(needed, useful))
}

// lacks is which of the scopes were not granted, in words.
func (g *grant) lacks(scopes []string) (words []string) {
	for _, scope := range scopes {
		if !slices.Contains(g.Scopes, scope) {
			words = append(words, boxes[scope])
		}
	}
	return words
}

// boxes are the words that Google has beside the box of each scope.
var boxes = map[string]string{
	eventsScope: "View and edit events on all your calendars",
	listScope:   "See the list of Google calendars you’re subscribed to",
	busyScope:   "View your availability in your calendars",
	mailScope:   "Read, compose, send, and permanently delete all your email from Gmail",
}

// A note is what Noted keeps for Status.
type note struct {
	Synced   time.Time `json:"synced,omitzero"`
	Trouble  string    `json:"trouble,omitempty"`
	Troubled time.Time `json:"troubled,omitzero"`
	Written  time.Time `json:"written"` // when
}

func (a *Account) notePath() string { return filepath.Join(a.Folder, "google-status.json") }

// Noted keeps, for [Account.Status], that the calendar was read at that time, or why it could not be. It
// writes only what is new, or a minute old, and only one process should. What can't be written is lost:
// nothing depends on it.
func (a *Account) Noted(at time.Time, err error) {
	if errors.Is(err, context.Canceled) {
		return
	}
	last := a.lastNote()
	if last == nil {
		last = &note{}
	}
	at = at.UTC().Truncate(time.Second)
	next := *last
	next.Written = at
	if err == nil {
		next.Synced = at
	} else {
		next.Trouble, next.Troubled = err.Error(), at
	}
	was, is := last.Troubled.After(last.Synced), next.Troubled.After(next.Synced)
	if was == is && next.Trouble == last.Trouble && at.Sub(last.Written).Abs() < time.Minute {
		return
	}
	data, err := json.Marshal(next)
	if err != nil || os.MkdirAll(a.Folder, 0o700) != nil || replaceFile(a.notePath(), data, false) != nil {
		return
	}
	a.noting.Lock()
	a.note = &next
	a.noting.Unlock()
}

// lastNote is the note as this process has written it, or another one; nil: there is none.
func (a *Account) lastNote() *note {
	a.noting.Lock()
	defer a.noting.Unlock()
	if a.note == nil {
		n := new(note)
		if data, err := os.ReadFile(a.notePath()); err == nil && json.Unmarshal(data, n) == nil {
			return n
		}
	}
	return a.note
}
