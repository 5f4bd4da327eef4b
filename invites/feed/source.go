package feed

import (
	"context"
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"coalition/invites"
	"coalition/invites/feed/collection"
	"coalition/invites/feed/fetch"
	"coalition/invites/freebusy"
	"coalition/invites/plaintext"
	"coalition/invites/reach"
)

// A source is a [Source], and what is known of it.
type source struct {
	Source
	feeds *Feeds
	// path is that of the file in which it is kept.
	path string

	mu   sync.Mutex
	kept kept
	// unkept is why it could not be written there last; "": it could.
	unkept string
}

// A reading is what was read of a calendar.
type reading struct {
	validators
	// unchanged says that it is as it was; then nothing else is given.
	unchanged bool
	// entries are all that is in the calendar; nil where it told busy itself.
	entries []collection.Entry
	busy    []invites.Busy
	// problems is what is missing in it, in words for people.
	problems []string
}

func (s *source) freeBusy(ctx context.Context, q question) invites.FreeBusy {
	if s.isFile() {
		// Nobody has to wait for it.
		ctx = context.WithoutCancel(ctx)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.due(q) || !s.kept.covers(q) {
		// Another process may have asked meanwhile.
		if k, _ := load(s.path, false); k.AskedAt.After(s.kept.AskedAt) {
			s.kept = k
		}
	}
	if s.due(q) && ctx.Err() == nil {
		s.ask(ctx, q)
	}
	if k := &s.kept; !k.covers(q) && !k.Ranged && !k.ReadAt.IsZero() && !s.expandAgain(q) && ctx.Err() == nil {
		// The entries are lost: only a whole reading helps, but not where the last one has just failed.
		if k.validators = (validators{}); k.Failed == "" {
			s.ask(ctx, q)
		}
	}
	return s.answer(q)
}

// due reports whether it is time to ask.
func (s *source) due(q question) bool {
	k := &s.kept
	switch {
	case q.now.Before(k.AskedAt), !q.now.Before(k.Again):
		return true
	case s.isFile():
		return stampOf(s.Address) != k.Stamp
	}
	return k.Ranged && k.Failed == "" && !k.covers(q)
}

func (s *source) isFile() bool { return s.Ask == nil && filepath.IsAbs(s.Address) }

// ask reads the calendar, where it has changed, and keeps what has come of it.
func (s *source) ask(ctx context.Context, q question) {
	limited, cancel := context.WithTimeout(ctx, s.feeds.limit)
	defer cancel()
	next := s.kept
	got, err := s.read(limited, q)
	if err == nil && !got.unchanged {
		err = s.fill(&next, got, q)
	}
	if ctx.Err() != nil {
		// Nobody waits for it any more: that says nothing of the calendar.
		return
	}
	k := &s.kept
	before := k.Failed
	if err != nil {
		text, wait := words(limited, err)
		k.Failed, k.Stamp = text, got.Stamp
		wait = max(wait, min(firstPause<<min(k.Failures, 10), often))
		k.Failures++
		k.Again = q.now.Add(wait)
	} else {
		*k = next
		if !got.unchanged {
			k.validators = got.validators
		}
		k.Failed, k.Failures, k.ReadAt, k.Again = "", 0, q.now, q.now.Add(often)
	}
	k.AskedAt = q.now
	switch k.Failed {
	case before:
	case "":
		s.feeds.Log.Info("a calendar can be read again", "calendar", s.Name)
	default:
		s.feeds.Log.Warn("a calendar can't be read", "calendar", s.Name, "problem", k.Failed)
	}
	if err != nil {
		// They are no good.
		got.entries = nil
	}
	s.keep(got.entries)
}

// read asks the calendar itself.
func (s *source) read(ctx context.Context, q question) (got reading, err error) {
	defer s.guard(&err)
	switch {
	case s.Ask != nil:
		got.Ranged = true
		from, to := q.horizon()
		got.busy, err = s.Ask(ctx, from, to)
		return got, err
	case s.isFile():
		return s.readFile()
	}
	v, err := s.visit(ctx)
	if err != nil {
		return got, err
	}
	defer v.Close()
	if s.Kind == CalDAV {
		return s.readCollection(ctx, v, q)
	}
	return s.readFeed(ctx, v)
}

// words returns what err, which ended work that was bound to ctx, says to people, and how long to wait.
func words(ctx context.Context, err error) (text string, wait time.Duration) {
	var known *fetch.Failure
	var delivery *invites.DeliveryError
	switch {
	case errors.As(err, &known):
		return known.Text, known.Wait
	case errors.As(err, &delivery):
		return plaintext.Line(delivery.Text), delivery.Wait
	}
	return "reading it from its server failed: " + reach.Cause(ctx, err, "its answer can't be understood"), 0
}

// expandAgain makes the spans anew from the entries that are kept, and reports whether they were there.
func (s *source) expandAgain(q question) bool {
	k, entries := load(s.path, true)
	if entries == nil || k.AskedAt.Before(s.kept.AskedAt) {
		return false
	}
	if s.fill(&k, reading{entries: entries}, q) != nil {
		return false
	}
	s.kept = k
	s.keep(entries)
	return true
}

// keep writes down what is known; nil entries: those that were written last.
func (s *source) keep(entries []collection.Entry) {
	s.unkept = ""
	if err := s.kept.save(s.path, entries); err != nil {
		s.unkept = fmt.Sprintf("what was read of it can't be kept in the folder %s: %s", filepath.Dir(s.path), onDisk(err))
		s.feeds.Log.Warn("a calendar can't be kept", "calendar", s.Name, "problem", s.unkept)
	}
}

// answer tells what is known.
func (s *source) answer(q question) invites.FreeBusy {
	k := &s.kept
	told := invites.FreeBusy{Name: s.Name, Kind: s.Kind, Partner: s.Partner, ReadAt: k.ReadAt,
		Busy: k.between(q.from, q.to)}
	var wrong []string
	for _, text := range []string{k.Failed, k.Problems, s.unkept} {
		if text != "" {
			wrong = append(wrong, text)
		}
	}
	told.Error = strings.Join(wrong, "; ")
	switch {
	case k.ReadAt.IsZero() && told.Error == "":
		told.State, told.Error = invites.FailedBusy, NeverRead
	case k.ReadAt.IsZero(), !k.covers(q), q.now.Sub(k.ReadAt).Abs() > day:
		told.State = invites.FailedBusy
	case k.Failed != "", s.due(q):
		told.State = invites.StaleBusy
	default:
		told.State = invites.FreshBusy
	}
	return told
}

// guard, deferred, makes a fault of this program an error of the one calendar that it met: the others go on.
func (s *source) guard(err *error) {
	if fault := recover(); fault != nil {
		s.feeds.Log.Error("a fault of this program; other calendars go on", "calendar", s.Name,
			"fault", fmt.Sprintf("%T", fault), "stack", string(debug.Stack()))
		*err = &fetch.Failure{Text: "it can't be read because of a fault of this program, which its log tells"}
	}
}

// fill puts into k what was read.
func (s *source) fill(k *kept, got reading, q question) (err error) {
	defer s.guard(&err)
	from, to := q.horizon()
	busy, problems := got.busy, got.problems
	if got.entries != nil {
		calendars := make([]*freebusy.Calendar, 0, len(got.entries))
		for _, r := range got.entries {
			if len(r.Data) == 0 && r.Href != "" {
				continue
			}
			c, err := freebusy.Parse(r.Data)
			switch {
			case err == nil:
				calendars = append(calendars, c)
			case r.Href != "":
				name := plaintext.Clip(plaintext.Line(path.Base(r.Href)), 60)
				problems = append(problems, fmt.Sprintf("its entry %s %s", name, err))
			case s.isFile():
				return &fetch.Failure{Text: fmt.Sprintf("the file %s %s", s.Address, err)}
			default:
				return &fetch.Failure{Text: fmt.Sprintf("what its server sends %s; write the address by which calendar programs "+
					"subscribe to it", err)}
			}
		}
		var more []string
		busy, more = freebusy.Merge(calendars...).Busy(s.feeds.Reader, from, to)
		problems = append(problems, more...)
	}
	k.From, k.To, k.Key = from, to, q.key
	k.Problems = several(problems)
	k.encode(busy)
	return nil
}

// horizon returns the window that is looked at for q.
func (q question) horizon() (from, to time.Time) {
	from, to = q.now.Add(-behind), q.now.Add(ahead)
	if q.from.Before(from) {
		from = q.from
	}
	if q.to.After(to) {
		to = q.to
	}
	return from, to
}

// several returns the first of many problems as one line.
func several(problems []string) string {
	const most = 20
	if more := len(problems) - most; more > 0 {
		problems = append(problems[:most:most], fmt.Sprintf("and %d more", more))
	}
	return strings.Join(problems, "; ")
}
