package feed

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"

	"coalition/invites/feed/collection"
	"coalition/invites/feed/fetch"
	"coalition/invites/plaintext"
)

// visit prepares the reading of a calendar over the network.
func (s *source) visit(ctx context.Context) (*fetch.Visit, error) {
	home, err := fetch.Address(s.Address)
	if err != nil {
		return nil, &fetch.Failure{Text: "its address in the config can't be used: " + err.Error()}
	}
	var password string
	if s.Password != nil {
		if password, err = s.Password(ctx); err != nil {
			return nil, &fetch.Failure{Text: "its password can't be had: " + plaintext.Line(err.Error())}
		}
	}
	return fetch.NewVisit(home, s.Username, password)
}

// readCollection reads a CalDAV collection.
func (s *source) readCollection(ctx context.Context, v *fetch.Visit, q question) (got reading, err error) {
	was := collection.State{Ranged: s.kept.Ranged}
	if k, entries := load(s.path, true); entries != nil {
		was.Token, was.Entries = k.Token, entries
	}
	from, to := q.horizon()
	now, changed, problems, err := collection.Read(ctx, v, was, from, to)
	got.Token, got.Ranged, got.entries = now.Token, now.Ranged, now.Entries
	got.unchanged, got.problems = !changed, problems
	return got, err
}

// readFeed reads an iCalendar file by its address.
func (s *source) readFeed(ctx context.Context, v *fetch.Visit) (got reading, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, v.Home.String(), nil)
	if err != nil {
		return got, err
	}
	r.Header.Set("Accept", "text/calendar, */*;q=0.1")
	if was := s.kept.validators; !s.kept.ReadAt.IsZero() {
		for name, value := range map[string]string{"If-None-Match": was.ETag, "If-Modified-Since": was.Modified} {
			if value != "" {
				r.Header.Set(name, value)
			}
		}
	}
	answer, err := v.Do(r)
	if err != nil {
		return got, err
	}
	switch answer.StatusCode {
	case http.StatusOK:
	case http.StatusNotModified:
		got.unchanged = true
		return got, answer.Body.Close()
	default:
		return got, v.Refused(answer)
	}
	data, err := v.Body(answer)
	got.ETag, got.Modified = answer.Header.Get("ETag"), answer.Header.Get("Last-Modified")
	got.entries = []collection.Entry{{Data: data}}
	return got, err
}

// readFile reads an iCalendar file of this machine.
func (s *source) readFile() (got reading, err error) {
	if got.Stamp = stampOf(s.Address); got.Stamp != "" && got.Stamp == s.kept.Stamp && s.kept.Failed == "" {
		got.unchanged = true
		return got, nil
	}
	cannot := func(why string) error { return &fetch.Failure{Text: fmt.Sprintf("the file %s %s", s.Address, why)} }
	// What waits for somebody to write into it is not opened.
	info, err := os.Stat(s.Address)
	switch {
	case err != nil:
		return got, cannot("can't be read: " + onDisk(err))
	case !info.Mode().IsRegular():
		return got, cannot("is no ordinary file")
	}
	file, err := os.Open(s.Address)
	if err != nil {
		return got, cannot("can't be read: " + onDisk(err))
	}
	defer file.Close()
	data, err := fetch.All(file, info.Size())
	switch {
	case errors.Is(err, fetch.TooLarge):
		return got, cannot("is larger than 25 MB")
	case err != nil:
		return got, cannot("can't be read: " + onDisk(err))
	}
	got.entries = []collection.Entry{{Data: data}}
	return got, nil
}

// stampOf tells one state of a file from the next; "": there is none.
func stampOf(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return ""
	}
	return fmt.Sprintf("%d at %d", info.Size(), info.ModTime().UnixNano())
}
