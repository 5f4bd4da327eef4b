package account

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
	// Dead is when Google refused the sign-in for good; zero: it has not.
	Dead time.Time
	// Account is its address; "": not known.
	Account string
	// Scopes are what was granted, and Lacks what is to be asked for and was not, in Google's words.
	Scopes, Lacks []string
	// Since is when it was granted, and Ends when it will not count any more; zero: that is open.
	Since, Ends time.Time
	// Place is where the sign-in lies, in words; "": nowhere.
	Place string
	// Synced is when the calendar was read last; zero: not yet.
	Synced time.Time
	// Trouble is what was wrong with the calendar last, and Troubled when; "": nothing ever was.
	Trouble  string
	Troubled time.Time
}

// Left returns how many days from now the sign-in still counts, rounded down; ok is false where that is open.
func (s Status) Left(now time.Time) (days int, ok bool) {
	return max(0, int(s.Ends.Sub(now)/(24*time.Hour))), !s.Ends.IsZero()
}

// Status looks at what lies here. The error is the one that every request would meet; what else is known
// counts all the same.
func (a *Account) Status(ctx context.Context) (Status, error) {
	var s Status
	if r := a.lastRecord(); r != nil {
		s.Synced, s.Trouble, s.Troubled = r.Synced, r.Trouble, r.Troubled
	}
	done, err := a.alone(ctx)
	if err != nil {
		return s, err
	}
	defer done()
	_, err = a.load(ctx)
	if a.held != nil {
		a.describe(&s)
	}
	return s, err
}

// Address returns that of the account as it is signed in now; "": not known, or nobody is. It waits for no
// request: while there is one it is the address that this is made for.
func (a *Account) Address() string {
	select {
	case a.turn <- struct{}{}:
		// Why it is not known, every request says.
		_ = a.look(context.Background())
		<-a.turn
	default:
	}
	if address := a.address.Load(); address != nil {
		return *address
	}
	return ""
}

// describe fills in what the grant says.
func (a *Account) describe(s *Status) {
	g := a.held
	s.Dead, s.Account, s.Scopes, s.Since, s.Ends = g.Dead, g.Account, g.Scopes, g.Since, g.Ends
	s.Place = a.vault.place(a.inRing)
	needed, useful := a.scopes()
	s.Lacks = g.lacks(slices.Concat(needed, useful))
}

// A record is what Record keeps for Status.
type record struct {
	Synced   time.Time `json:"synced,omitzero"`
	Trouble  string    `json:"trouble,omitempty"`
	Troubled time.Time `json:"troubled,omitzero"`
	Written  time.Time `json:"written"`
}

func (a *Account) recordPath() string { return filepath.Join(a.config.Folder, "google-status.json") }

// Record keeps, for [Account.Status], that the calendar was read at that time, or why it could not be. It writes only
// what is new, or a minute old, and only one process should. What can't be written is lost: nothing depends on it.
func (a *Account) Record(at time.Time, err error) {
	if errors.Is(err, context.Canceled) {
		return
	}
	last := a.lastRecord()
	if last == nil {
		last = &record{}
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
	if err != nil || os.MkdirAll(a.config.Folder, 0o700) != nil || replaceFile(a.recordPath(), data, false) != nil {
		return
	}
	a.recording.Lock()
	a.last = &next
	a.recording.Unlock()
}

// lastRecord returns the record as this process has written it, or another one; nil: there is none.
func (a *Account) lastRecord() *record {
	a.recording.Lock()
	defer a.recording.Unlock()
	if a.last == nil {
		r := new(record)
		if data, err := os.ReadFile(a.recordPath()); err == nil && json.Unmarshal(data, r) == nil {
			return r
		}
	}
	return a.last
}
