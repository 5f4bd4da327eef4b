package folder

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// A Marker is what a small file beside the plans says of the state that has sent for them: without it, a
// state that was lost, or brought back as it was long ago, would send everything once more.
type Marker struct {
	State    string // the id of that state
	Messages int64  // how many messages have left; it only rises
}

// ErrMarker is returned by [Folder.Marker] for a marker that is there and can't be read.
var ErrMarker = errors.New("the marker beside the plans can't be read")

// MarkerPath is where the marker is.
func (f *Folder) MarkerPath() string { return filepath.Join(f.Path, ".coalition") }

// All markers are of one length, less than a sector of any disk: one is written over the other in a
// single step, with a lock on the file that keeps other processes out.
const markerText = `# coalition counts here what has left for these plans, and which state has sent it,
# so that a new, an older or another state is known before it sends anything again.
state: %-32s
messages: %-19d
`

// Marker is what the marker says now; nil where there is none. The error is [ErrMarker].
func (f *Folder) Marker() (*Marker, error) {
	file, err := os.Open(f.MarkerPath())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%w (%s)", ErrMarker, reason(err))
	}
	defer file.Close()
	unlock := lockMarker(file.Name(), false)
	defer unlock()
	return readMarker(file)
}

func readMarker(r io.Reader) (*Marker, error) {
	data, err := io.ReadAll(io.LimitReader(r, 4096))
	if err != nil {
		return nil, fmt.Errorf("%w (%s)", ErrMarker, reason(err))
	}
	m := &Marker{Messages: -1}
	for line := range strings.Lines(string(data)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		switch value = strings.TrimSpace(value); key {
		case "state":
			m.State = value
		case "messages":
			if _, err := fmt.Sscanf(value, "%d", &m.Messages); err != nil {
				m.Messages = -1
			}
		}
	}
	if m.State == "" || m.Messages < 0 {
		return nil, fmt.Errorf("%w (it is damaged)", ErrMarker)
	}
	return m, nil
}

// lockWait is how long the marker is waited for: others hold it for less than a millisecond each, but the
// machine may be busy, and a marker that two write at once counts one message too few.
const lockWait = 2 * time.Second

// lockMarker keeps the marker to this process for a moment. Where the system has no locks, or somebody
// holds it for long, the marker goes without: that it lags behind by a message is better than that none leaves.
// Who waits looks again soon, however long it has waited: otherwise those who come later are always faster.
func lockMarker(path string, write bool) (unlock func()) {
	l := flock.New(path, flock.SetFlag(os.O_RDONLY))
	try := l.TryRLock
	if write {
		try = l.TryLock
	}
	wait := 50 * time.Microsecond
	for deadline := time.Now().Add(lockWait); ; wait = min(2*wait, 2*time.Millisecond) {
		if ok, err := try(); ok || err != nil || time.Now().After(deadline) {
			break
		}
		time.Sleep(wait)
	}
	return func() { _ = l.Close() }
}

// SetMarker writes what change makes of the marker; old is nil where there is none, or none that can be
// read, and a result of nil leaves everything as it is. Everybody sees it at once; with sync it is on the
// disk when SetMarker returns.
func (f *Folder) SetMarker(sync bool, change func(old *Marker) *Marker) error {
	file, err := os.OpenFile(f.MarkerPath(), os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		if err := f.newMarker(change(nil)); !errors.Is(err, fs.ErrExist) {
			return err
		}
		file, err = os.OpenFile(f.MarkerPath(), os.O_RDWR, 0) // another process was faster
	}
	if err != nil {
		return err
	}
	defer file.Close()
	unlock := lockMarker(file.Name(), true)
	defer unlock()
	old, _ := readMarker(file)
	m := change(old)
	if m == nil || old != nil && *m == *old {
		return nil
	}
	text := fmt.Appendf(nil, markerText, m.State, m.Messages)
	if _, err := file.WriteAt(text, 0); err != nil {
		return err
	}
	if info, err := file.Stat(); err == nil && info.Size() > int64(len(text)) {
		if err := file.Truncate(int64(len(text))); err != nil {
			return err
		}
	}
	if sync {
		return file.Sync()
	}
	return nil
}

// SyncMarker brings the marker to the disk.
func (f *Folder) SyncMarker() error {
	file, err := os.Open(f.MarkerPath())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer file.Close()
	return file.Sync()
}

// newMarker writes a marker where there is none: whole, or not at all.
func (f *Folder) newMarker(m *Marker) error {
	if m == nil {
		return nil
	}
	temp, err := os.CreateTemp(f.Path, ".coalition-*") // for the owner only
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name())
	_, err = fmt.Fprintf(temp, markerText, m.State, m.Messages)
	if err := errors.Join(err, temp.Sync(), temp.Close()); err != nil {
		return err
	}
	err = os.Link(temp.Name(), f.MarkerPath())
	if err != nil && !errors.Is(err, fs.ErrExist) { // the file system has no hard links
		err = os.Rename(temp.Name(), f.MarkerPath())
	}
	return err
}
