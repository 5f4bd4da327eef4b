package feed

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"coalition/invites"
	"coalition/invites/feed/fetch"
	"coalition/invites/freebusy"
	"coalition/invites/plaintext"
	"coalition/invites/zones"
)

// The kinds of calendars that are read here.
const (
	// ICS is an iCalendar file, or the address of one: a feed.
	ICS = "ics"
	// CalDAV is a calendar collection on a CalDAV server.
	CalDAV = "caldav"
)

// NeverRead is the error of a calendar that nobody has asked yet.
const NeverRead = "it was never read"

// A Source is one calendar.
type Source struct {
	// Name is what people call it; "": the host of its address, or the name of its file.
	Name string
	// Kind is [ICS], [CalDAV], or, with Ask, a word for what it is, such as "google".
	Kind string
	// Address is the absolute path of a file (only ICS), or the address of the feed or the collection: https or
	// webcal, or http to this machine itself. It is a secret. With Ask: what tells it from others of its kind.
	Address string
	// Username and Password sign in (RFC 7617), where its server wants that; Password is called for each reading. Its
	// error is shown to people. Either may be missing.
	Username string
	Password func(context.Context) (string, error)
	// Ask asks a calendar of another kind when it is busy between two instants; nil for ICS and CalDAV.
	Ask func(ctx context.Context, from, to time.Time) ([]invites.Busy, error)
	// Partner says that it is the partner's, and not one of the organizer's own.
	Partner bool
}

// Check reports why s can't be a calendar, as a phrase for whoever has written it, which does not repeat the address.
func (s Source) Check() error {
	if s.Ask != nil || s.Kind == ICS && filepath.IsAbs(s.Address) {
		return nil
	}
	_, err := fetch.Address(s.Address)
	return err
}

// A Config is what [New] needs.
type Config struct {
	Sources []Source
	// Dir is the folder for what is kept of them, which is made where it is missing.
	Dir string
	// Reader is whose calendars they are.
	Reader freebusy.Reader
	// Now is the clock by which calendars age; Log gets what fails, without addresses and titles.
	Now func() time.Time
	Log *slog.Logger
}

const (
	// often is how long what was read counts as what the calendar says now.
	often = 15 * time.Minute
	// day is how long it counts at all.
	day = 24 * time.Hour
	// firstPause is after a failure, doubling with each one up to often.
	firstPause = 30 * time.Second
	// behind and ahead are how far around now is looked, whatever is asked for, so that the next question needs no
	// further look.
	behind, ahead = 2 * day, 60 * day
)

// Feeds are the calendars of a [Config], safe for concurrent use.
type Feeds struct {
	Config
	sources []*source
	// limit is for all of one reading over the network.
	limit time.Duration
}

// New returns the calendars of c. Nothing is read yet; what can't be read at all says so when it is asked.
func New(c Config) *Feeds {
	f := &Feeds{Config: c, limit: time.Minute}
	names := make(map[string]int)
	for _, s := range c.Sources {
		s.Name = plaintext.Clip(plaintext.Line(cmp.Or(s.Name, s.short())), 60)
		if names[s.Name]++; names[s.Name] > 1 {
			s.Name = fmt.Sprintf("%s (%d)", s.Name, names[s.Name])
		}
		f.sources = append(f.sources, &source{Source: s, feeds: f, path: s.Kept(c.Dir)})
	}
	return f
}

// Kept returns where what the calendar said last is kept in a folder.
func (s Source) Kept(dir string) string {
	id := sha256.Sum256([]byte(strings.Join([]string{s.Kind, s.Address, s.Username}, "\x00")))
	return filepath.Join(dir, hex.EncodeToString(id[:16]))
}

// short returns a name for a calendar that was given none, in which nothing is secret.
func (s Source) short() string {
	switch {
	case s.Ask != nil:
		return s.Address
	case filepath.IsAbs(s.Address):
		return filepath.Base(s.Address)
	}
	if u, err := fetch.Address(s.Address); err == nil {
		return u.Hostname()
	}
	return s.Kind
}

// A question is what [Feeds.FreeBusy] is asked, and when.
type question struct {
	from, to, now time.Time
	// key tells for what spans are made besides a calendar's resources: the reader, the zones, this program.
	key string
}

// FreeBusy returns what each calendar says of the half-open window from from to to, in the order of [Config.Sources],
// with whole events that may reach beyond it. Where it is time to, calendars are asked first. Where ctx has ended, only
// files are, and of others what is known is told.
func (f *Feeds) FreeBusy(ctx context.Context, from, to time.Time) []invites.FreeBusy {
	q := question{from: from.UTC(), to: to.UTC(), now: f.Now().UTC(), key: f.key()}
	all := make([]invites.FreeBusy, len(f.sources))
	var asked sync.WaitGroup
	for i, s := range f.sources {
		asked.Go(func() { all[i] = s.freeBusy(ctx, q) })
	}
	asked.Wait()
	return all
}

// program tells one version of this program from others.
var program = sync.OnceValue(func() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	return info.Main.Version
})

func (f *Feeds) key() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %s %s %q",
		program(), zones.Newest().Version, f.Reader.Zone, f.Reader.Self))
	return hex.EncodeToString(sum[:8])
}
