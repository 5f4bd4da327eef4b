package holidays

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"coalition/invites/freebusy"
	"coalition/scheduler/strictyaml"
)

// IsFile reports whether a name is one of a calendar file, and not a region's.
func IsFile(name string) bool { return strings.EqualFold(filepath.Ext(name), ".ics") }

// A Reader reads holidays by their names. Its zero value is ready, and safe for concurrent use.
type Reader struct {
	// Folder is what the names of files are relative to.
	Folder string

	mu    sync.Mutex
	known map[string]reading
}

// A reading is what has become of a name, and of which state of its file.
type reading struct {
	size     int64
	modified time.Time
	calendar *Calendar
	err      error
}

// maxSize is how large a file may be, in bytes.
const maxSize = 5 << 20

// Read returns the holidays of a region (see [Region]) or of a calendar file (iCalendar, RFC 5545: its all-day events),
// and of none for "". A file is read again when it has changed. The error is a [strictyaml.Fault], to be read after the
// key that the name stands at.
func (r *Reader) Read(name string) (*Calendar, error) {
	if name == "" {
		return nil, nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	var now reading
	path := name
	if IsFile(name) {
		if !filepath.IsAbs(path) {
			path = filepath.Join(r.Folder, path)
		}
		info, err := os.Stat(path)
		switch {
		case err != nil:
			return nil, unreadable(err)
		case !info.Mode().IsRegular():
			return nil, &strictyaml.Fault{Text: "is no file", Mend: nameAnother}
		case info.Size() > maxSize:
			return nil, &strictyaml.Fault{Text: "is a file of more than 5 MB", Mend: nameAnother}
		}
		now.size, now.modified = info.Size(), info.ModTime()
	}
	if known, ok := r.known[name]; ok && known.size == now.size && known.modified.Equal(now.modified) {
		return known.calendar, known.err
	}
	if IsFile(name) {
		now.calendar, now.err = readFile(path)
	} else {
		now.calendar, now.err = Region(name)
	}
	if r.known == nil {
		r.known = make(map[string]reading)
	}
	r.known[name] = now
	return now.calendar, now.err
}

// Check returns what is wrong with the holidays of that name, and, as warnings, what could not be understood of those
// of the year of now and of the next. at makes a problem of it, at the key that the name stands at.
func (r *Reader) Check(
	name string, now time.Time, at func(text, mend string) strictyaml.Problem,
) (list []strictyaml.Problem) {
	calendar, err := r.Read(name)
	if fault := new(strictyaml.Fault); errors.As(err, &fault) {
		return append(list, at(fault.Text, fault.Mend))
	}
	for _, text := range append(calendar.Problems(now.Year()), calendar.Problems(now.Year()+1)...) {
		p := at("names a file of which this is not understood: "+text, "mend it in the calendar that it comes from")
		if p.Warning = true; !slices.Contains(list, p) {
			list = append(list, p)
		}
	}
	return list
}

const nameAnother = "name a calendar file (.ics) that lists the holidays"

func readFile(path string) (*Calendar, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, unreadable(err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxSize))
	if err != nil {
		return nil, unreadable(err)
	}
	calendar, err := freebusy.Parse(data)
	if err != nil {
		return nil, &strictyaml.Fault{Text: "names a file that " + err.Error(), Mend: nameAnother}
	}
	return newCalendar(listed(calendar)), nil
}

func unreadable(err error) error {
	why := err.Error()
	if path := new(fs.PathError); errors.As(err, &path) {
		why = path.Err.Error()
	}
	return &strictyaml.Fault{Text: "names a file that can't be read (" + why + ")",
		Mend: "look at its name, and its permissions"}
}
