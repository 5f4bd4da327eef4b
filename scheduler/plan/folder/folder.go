// Package folder knows the folder that plan files lie in: which of them are read, and when, and the marker beside them.
// What a plan file may say it leaves to plan.
package folder

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fsnotify/fsnotify"
	"golang.org/x/text/unicode/norm"

	"coalition/invites/plaintext"
	"coalition/scheduler/plan"
	"coalition/scheduler/strictyaml"
)

// A Set is what a folder of plan files holds.
type Set struct {
	Plans    []*plan.Plan // by id and round; only those without a problem
	Problems []strictyaml.Problem
	// Unread holds the ids whose plan is there but can't be read now, because it has a problem or is
	// still being written: such a conversation is left alone, and not taken for one without a plan.
	Unread map[plan.ID]bool
	// Again is when a file that was still being written should be looked at once more; zero: never.
	Again time.Time
	// Fresh is how many files are still being written, or may be.
	Fresh int
}

// A Folder reads the plan files of one folder, and reads again only those that have changed.
// It is not safe for concurrent use.
type Folder struct {
	Path string
	// Shown is how problems name the folder; the files' own names are joined to it.
	Shown string
	// Meet says that a talk by video needs no address: the calendar makes a room for it.
	Meet bool
	// Progress is told how many of the files that have to be read anew have been, and 0 of 0 when all are; while they
	// are found their total grows. It is called from several goroutines; nil: nobody is told.
	Progress func(done, total int)
	files    map[string]*file
}

type file struct {
	size     int64
	modified time.Time
	seen     time.Time // wall time at which this size and modification were first seen
	read     bool      // plans and problems are of this version
	contents
}

// contents are what one file says.
type contents struct {
	plans    []*plan.Plan
	broken   []plan.ID // of the documents that have a problem
	problems []strictyaml.Problem
	again    bool // the system would not let it be read, which may pass without a trace on the file
}

// Read reads the folder. With a still of more than zero, a file counts only once neither its size
// nor its time has changed for that long of wall time: nobody should be written to from half a
// sentence.
func (f *Folder) Read(wall time.Time, still time.Duration) (*Set, error) {
	entries, err := os.ReadDir(f.Path)
	if err != nil {
		return nil, fmt.Errorf("the folder of plan files can't be read: %w", err)
	}
	first := f.files == nil
	if first {
		f.files = make(map[string]*file)
	}
	set := &Set{Unread: make(map[plan.ID]bool)}
	present := make(map[string]bool, len(entries))
	var names []string
	work := make(chan fresh, len(entries))
	var found atomic.Int64
	parsed := f.parse(work, &found) // while further files are looked for
	for _, e := range entries {
		name := e.Name()
		if strings.HasPrefix(name, ".") || e.IsDir() {
			continue
		}
		if strings.HasSuffix(name, ".yml") {
			set.Problems = append(set.Problems, strictyaml.Problem{File: f.shown(name), Line: 1, Column: 1, Warning: true,
				Text: "this file is not read: plan files end in .yaml", Mend: "rename it if it is one"})
		}
		if !strings.HasSuffix(name, ".yaml") {
			continue
		}
		info, err := os.Stat(filepath.Join(f.Path, name)) // follows links
		if err != nil || !info.Mode().IsRegular() {
			continue
		}
		if f.leadsOut(e) {
			set.Problems = append(set.Problems, strictyaml.Problem{File: f.shown(name), Line: 1, Column: 1, Owner: string(idOf(name)),
				Text: "this is a link out of the folder of plan files, and is not followed", Mend: "put the file itself here"})
			set.Unread[idOf(name)] = true
			continue
		}
		present[name] = true
		names = append(names, name)
		known := f.files[name]
		if known == nil || known.size != info.Size() || !known.modified.Equal(info.ModTime()) {
			seen := wall
			if first && info.ModTime().Before(wall) {
				seen = info.ModTime()
			}
			next := &file{size: info.Size(), modified: info.ModTime(), seen: seen}
			if known != nil {
				next.broken = known.broken
				for _, p := range known.plans {
					next.broken = append(next.broken, p.ID)
				}
			}
			f.files[name], known = next, next
		}
		if !known.read {
			if until := known.seen.Add(still); still > 0 && until.After(wall) {
				if set.Again.IsZero() || until.Before(set.Again) {
					set.Again = until
				}
				set.Unread[idOf(name)] = true
				set.Fresh++
				continue
			}
			found.Add(1)
			work <- fresh{name, known}
		}
	}
	for name := range f.files {
		if !present[name] {
			delete(f.files, name)
		}
	}
	close(work)
	if parsed.Wait(); f.Progress != nil {
		f.Progress(0, 0)
	}
	for _, name := range names {
		known := f.files[name]
		set.Plans = append(set.Plans, known.plans...)
		set.Problems = append(set.Problems, known.problems...)
		for _, id := range known.broken {
			set.Unread[id] = true
		}
	}
	set.unique()
	return set, nil
}

// Watch gets a value when a file of the folder may have changed, until ctx ends. Where the system
// can't tell, it never does: read the folder from time to time as well.
func (f *Folder) Watch(ctx context.Context) <-chan struct{} {
	changed := make(chan struct{}, 1)
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return changed
	}
	if err := w.Add(f.Path); err != nil { // the folder, not its files: editors replace them
		w.Close()
		return changed
	}
	go func() {
		defer w.Close()
		for {
			select {
			case <-ctx.Done():
				return
			case _, ok := <-w.Errors: // some changes may have been missed: look
				if !ok {
					return
				}
			case e, ok := <-w.Events:
				if !ok {
					return
				}
				if strings.HasPrefix(filepath.Base(e.Name), ".") { // the marker is written with each message
					continue
				}
			}
			select {
			case changed <- struct{}{}:
			default:
			}
		}
	}()
	return changed
}

// Changed reports whether a file has come, gone or changed since the folder was read.
func (f *Folder) Changed() bool {
	entries, err := os.ReadDir(f.Path)
	if err != nil {
		return true
	}
	present := 0
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".yaml") || strings.HasPrefix(e.Name(), ".") || f.leadsOut(e) {
			continue
		}
		info, err := os.Stat(filepath.Join(f.Path, e.Name()))
		if err != nil || !info.Mode().IsRegular() {
			continue
		}
		known := f.files[e.Name()]
		if known == nil || known.size != info.Size() || !known.modified.Equal(info.ModTime()) || known.again {
			return true
		}
		present++
	}
	return present != len(f.files)
}

// ChangedOf reports whether a file has changed since the folder was read that held one of these ids then, or one of
// them was in no file. What other files hold now it does not say.
func (f *Folder) ChangedOf(ids map[plan.ID]bool) bool {
	held := make(map[plan.ID]bool)
	for name, known := range f.files {
		holds := false
		hold := func(id plan.ID) {
			if ids[id] {
				holds, held[id] = true, true
			}
		}
		for _, p := range known.plans {
			hold(p.ID)
		}
		for _, id := range known.broken {
			hold(id)
		}
		if !holds {
			continue
		}
		info, err := os.Stat(filepath.Join(f.Path, name))
		if err != nil || known.size != info.Size() || !known.modified.Equal(info.ModTime()) || known.again {
			return true
		}
	}
	return len(held) < len(ids)
}

// Holding returns the files that hold a conversation, by their paths, and the other ids that each of them holds, as the
// folder was read last.
func (f *Folder) Holding(id plan.ID) map[string][]plan.ID {
	files := make(map[string][]plan.ID)
	for name, known := range f.files {
		ids := slices.Clone(known.broken)
		for _, p := range known.plans {
			ids = append(ids, p.ID)
		}
		if slices.Contains(ids, id) {
			ids = slices.DeleteFunc(ids, func(other plan.ID) bool { return other == id })
			slices.Sort(ids)
			files[filepath.Join(f.Path, name)] = slices.Compact(ids)
		}
	}
	return files
}

// leadsOut reports whether an entry of the folder is a link to a file elsewhere: whoever may put a link here
// could have any file of this machine read, and shown.
func (f *Folder) leadsOut(e fs.DirEntry) bool {
	if e.Type()&fs.ModeSymlink == 0 {
		return false
	}
	path, err := filepath.Abs(f.Path)
	if err != nil {
		return true
	}
	folder, err := filepath.EvalSymlinks(path) // which may be a link itself
	if err != nil {
		return true
	}
	to, err := filepath.EvalSymlinks(filepath.Join(path, e.Name()))
	if errors.Is(err, fs.ErrNotExist) { // to nothing
		return false
	}
	if err == nil {
		to, err = filepath.Rel(folder, to)
	}
	return err != nil || !filepath.IsLocal(to)
}

func idOf(name string) plan.ID {
	return plan.ID(norm.NFC.String(strings.TrimSuffix(name, ".yaml")))
}

func (f *Folder) shown(name string) string {
	if plaintext.CheckLine(name) != nil {
		name = strconv.QuoteToASCII(name) // it will be printed
	}
	return filepath.Join(f.Shown, name)
}

// keep takes the ids that the file held before for broken, unless they have a plan again: while the
// file has a problem, they may stand in what can't be read.
func (c *contents) keep(before []plan.ID) {
	if len(c.broken) == 0 {
		return
	}
	for _, id := range before {
		if !slices.Contains(c.broken, id) && !slices.ContainsFunc(c.plans, func(p *plan.Plan) bool { return p.ID == id }) {
			c.broken = append(c.broken, id)
		}
	}
}

// A fresh file is one whose contents are not known yet.
type fresh struct {
	name string
	*file
}

// parse reads the files of work on all cores, until work is closed: a thousand plans should not be felt. found is
// how many have been put into work.
func (f *Folder) parse(work <-chan fresh, found *atomic.Int64) *sync.WaitGroup {
	var wg sync.WaitGroup
	var done atomic.Int64
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for it := range work {
				before := it.broken
				it.contents = f.parseFile(it.name, it.size)
				for _, p := range it.plans {
					p.Modified = it.modified
				}
				it.keep(before)
				it.read = !it.again
				if f.Progress != nil {
					f.Progress(int(done.Add(1)), int(found.Load()))
				}
			}
		})
	}
	return &wg
}

func (f *Folder) parseFile(name string, size int64) contents {
	whole := func(text, mend string) contents {
		return contents{broken: []plan.ID{idOf(name)},
			problems: []strictyaml.Problem{{File: f.shown(name), Line: 1, Column: 1, Text: text, Mend: mend, Owner: string(idOf(name))}}}
	}
	var id plan.ID
	if err := id.Parse(strings.TrimSuffix(name, ".yaml")); err != nil {
		var fault *strictyaml.Fault
		errors.As(err, &fault)
		return whole("the file's name without .yaml "+fault.Text, fault.Mend)
	}
	r, err := os.Open(filepath.Join(f.Path, name))
	if err != nil {
		c := whole("the file can't be opened ("+reason(err)+")", "look at its permissions")
		c.again = true
		return c
	}
	defer r.Close()
	data := bytes.NewBuffer(make([]byte, 0, min(size, strictyaml.MaxSize)+bytes.MinRead))
	// One byte more than the limit is enough to see that it is passed.
	if _, err := io.Copy(data, io.LimitReader(r, strictyaml.MaxSize+1)); err != nil {
		c := whole("the file can't be read ("+reason(err)+")", "look at the disk")
		c.again = true
		return c
	}
	if data.Len() > strictyaml.MaxSize {
		return whole("the file is larger than a plan should be", "keep it under 1 MiB")
	}
	var c contents
	c.plans, c.broken, c.problems = f.Parse(f.shown(name), id, data.Bytes())
	return c
}

// Parse is [plan.Parse] for a file that is to be one of the folder's.
func (f *Folder) Parse(file string, id plan.ID, data []byte) (plans []*plan.Plan, broken []plan.ID, problems []strictyaml.Problem) {
	return plan.Parse(file, id, data, f.Meet)
}

func reason(err error) string {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err.Error()
	}
	return err.Error()
}

// unique refuses documents that claim the same id and round: nobody can say which is meant.
func (s *Set) unique() {
	slices.SortStableFunc(s.Plans, func(a, b *plan.Plan) int {
		return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Round, b.Round))
	})
	var kept []*plan.Plan
	for i := 0; i < len(s.Plans); {
		j := i + 1
		for j < len(s.Plans) && s.Plans[j].ID == s.Plans[i].ID && s.Plans[j].Round == s.Plans[i].Round {
			j++
		}
		if j == i+1 {
			kept = append(kept, s.Plans[i])
		} else {
			s.Unread[s.Plans[i].ID] = true
			for k, p := range s.Plans[i:j] {
				other := s.Plans[i:j][(k+1)%(j-i)].Problem("", "")
				s.Problems = append(s.Problems, p.Problem(
					fmt.Sprintf("another document has this id and round: %s:%d", other.File, other.Line),
					"give one of them another id or round", "id"))
			}
		}
		i = j
	}
	s.Plans = kept
}
