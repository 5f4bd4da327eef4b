package folder_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"coalition/scheduler/plan"
	"coalition/scheduler/plan/folder"
	"coalition/scheduler/strictyaml"
)

// write puts a file into the folder, last changed at that time.
func write(t testing.TB, dir, name, text string, at time.Time) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, at, at); err != nil {
		t.Fatal(err)
	}
}

// A seen is what one reading of a folder gives.
type seen struct {
	Plans    string // id and round
	Unread   []plan.ID
	Problems []string
	Again    time.Duration // from the time of reading
}

func look(t *testing.T, f *folder.Folder, wall time.Time, still time.Duration) seen {
	t.Helper()
	set, err := f.Read(wall, still)
	if err != nil {
		t.Fatal(err)
	}
	var s seen
	for _, p := range set.Plans {
		s.Plans += fmt.Sprintf(" %s/%d", p.ID, p.Round)
	}
	s.Plans = strings.TrimSpace(s.Plans)
	for _, p := range set.Problems {
		s.Problems = append(s.Problems, p.String())
	}
	s.Unread = slices.Sorted(maps.Keys(set.Unread))
	if !set.Again.IsZero() {
		s.Again = set.Again.Sub(wall)
	}
	return s
}

func (s seen) check(t *testing.T, want seen) {
	t.Helper()
	if diff := cmp.Diff(want, s); diff != "" {
		t.Errorf("want (-), got (+):\n%s", diff)
	}
}

var (
	noon = time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)
	long = noon.Add(-time.Hour) // ago
)

// good is a plan without a problem.
const good = `with:
  name: Maya Chen
  email: maya@example.org
purpose: Join forces on the spring launch.
agenda:
  - {topic: Commitments, minutes: 30}
  - {topic: Support, minutes: 30}
setting:
  kind: walk
  place: Riverside path
when:
  start: 2027-03-04 10:00
ready: true
private:
  why: She decides which studies run in our house.
  importance: 5
`

const bad = "wiht: {name: A}\n"

// Which files of a folder are plans, and what is said of those that can't be.
func TestFolder(t *testing.T) {
	dir, elsewhere := t.TempDir(), t.TempDir()
	for _, name := range []string{
		"maya.yaml", "toma\u0301s.yaml", "10.2_b-c.yaml", strings.Repeat("x", 64) + ".yaml",
		"my plan.yaml", "-x.yaml", strings.Repeat("y", 65) + ".yaml", "\x1b[31m.yaml", "old.yml",
	} {
		write(t, dir, name, good, long)
	}
	// Editors' backups, locks and the like; what is in them would be a problem.
	for _, name := range []string{".hidden.yaml", ".#maya.yaml", "maya.yaml~", "#maya.yaml#", "maya.yaml.bak", ".maya.yaml.swp", "4913", "notes.txt", "maya", "yaml", ".yaml", ".yml", ".x.yml"} {
		write(t, dir, name, bad, long)
	}
	for _, name := range []string{"sub.yaml", "sub.yml"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	write(t, filepath.Join(dir, "sub.yaml"), "x.yaml", bad, long)
	write(t, dir, "big.yaml", good+strings.Repeat("#", strictyaml.MaxSize), long)
	write(t, dir, "full.yaml", good+strings.Repeat("#", strictyaml.MaxSize-len(good)), long)
	write(t, dir, "e\u0301mpty.yaml", "", long)
	write(t, elsewhere, "real.txt", good, long)
	write(t, dir, "real", good, long)
	for name, target := range map[string]string{"link.yaml": filepath.Join(dir, "real"), "near.yaml": "real", "out.yaml": filepath.Join(elsewhere, "real.txt"),
		"up.yaml": filepath.Join("..", filepath.Base(elsewhere), "real.txt"), "twice.yaml": "out.yaml", "dangling.yaml": filepath.Join(elsewhere, "none"), "folder.yaml": elsewhere} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	// A pipe would be waited on for ever. Should it be opened, this writer lets it go on, as an empty
	// file that is reported.
	pipe := filepath.Join(dir, "pipe.yaml")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	wrote := make(chan struct{})
	go func() {
		defer close(wrote)
		if w, err := os.OpenFile(pipe, os.O_WRONLY, 0); err == nil {
			w.Close()
		}
	}()
	defer func() {
		if r, err := os.OpenFile(pipe, os.O_RDONLY|syscall.O_NONBLOCK, 0); err == nil {
			<-wrote
			r.Close()
		}
	}()

	const noID = ":1:1: the file's name without .yaml is no id; use up to 64 letters, digits, dots, dashes and underscores, a letter or digit first"
	const leadsOut = ":1:1: this is a link out of the folder of plan files, and is not followed; put the file itself here"
	named := filepath.Join(elsewhere, "plans") // the folder itself may be a link
	if err := os.Symlink(dir, named); err != nil {
		t.Fatal(err)
	}
	f := &folder.Folder{Path: named, Shown: "plans"}
	want := seen{
		Plans:  "10.2_b-c/1 full/1 link/1 maya/1 near/1 tomás/1 " + strings.Repeat("x", 64) + "/1",
		Unread: []plan.ID{"\x1b[31m", "-x", "big", "my plan", "out", "twice", "up", plan.ID(strings.Repeat("y", 65)), "émpty"},
		Problems: []string{
			"plans/old.yml:1:1: warning: this file is not read: plan files end in .yaml; rename it if it is one",
			"plans/out.yaml" + leadsOut, "plans/twice.yaml" + leadsOut, "plans/up.yaml" + leadsOut,
			`plans/"\x1b[31m.yaml"` + noID, "plans/-x.yaml" + noID,
			"plans/big.yaml:1:1: the file is larger than a plan should be; keep it under 1 MiB",
			"plans/e\u0301mpty.yaml:1:1: the file is empty; write what it is for, or remove it",
			"plans/my plan.yaml" + noID, "plans/" + strings.Repeat("y", 65) + ".yaml" + noID,
		},
	}
	look(t, f, noon, 5*time.Second).check(t, want)
	look(t, f, noon, 0).check(t, want) // the same from memory
	if f.Changed() {
		t.Error("nothing has changed")
	}

	if _, err := (&folder.Folder{Path: filepath.Join(dir, "none")}).Read(noon, 0); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a folder that is not there gives %v, want that it is not there", err)
	}
}

// Where the calendar makes rooms, a talk by video needs no address, and all else is as it was.
func TestFolderMeet(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "video.yaml", strings.Replace(good, "kind: walk\n  place: Riverside path", "kind: video", 1), long)
	write(t, dir, "phone.yaml", strings.Replace(good, "kind: walk", "kind: phone", 1), long)
	phone := filepath.Join(dir, "phone.yaml") + ":9:9: a talk by phone needs a number; add `phone:`"
	video := filepath.Join(dir, "video.yaml") + ":9:9: a talk by video needs an address; add `url:`"
	look(t, &folder.Folder{Path: dir, Shown: dir}, noon, 0).check(t, seen{Unread: []plan.ID{"phone", "video"}, Problems: []string{phone, video}})
	look(t, &folder.Folder{Path: dir, Shown: dir, Meet: true}, noon, 0).check(t, seen{Plans: "video/1", Unread: []plan.ID{"phone"}, Problems: []string{phone}})
}

// Two documents with one id and round: nobody can say which is meant, so neither counts.
func TestFolderUnique(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "tom\u00e1s.yaml", good, long)
	write(t, dir, "toma\u0301s.yaml", "round: 1\n"+good, long) // the same name as Unicode sees it
	write(t, dir, "other.yaml", "# Not Maya's file.\n"+good+"---\nid: maya\n"+good+"---\nid: maya\nround: 2\n"+good, long)
	write(t, dir, "maya.yaml", good, long)
	f := &folder.Folder{Path: dir}
	set, err := f.Read(noon, 0)
	if err != nil {
		t.Fatal(err)
	}
	look(t, f, noon, 0).check(t, seen{
		Plans:  "maya/2 other/1",
		Unread: []plan.ID{"maya", "tomás"},
		Problems: []string{
			"maya.yaml:1:1: another document has this id and round: other.yaml:19; give one of them another id or round",
			"other.yaml:19:5: another document has this id and round: maya.yaml:1; give one of them another id or round",
			"toma\u0301s.yaml:1:1: another document has this id and round: tom\u00e1s.yaml:1; give one of them another id or round",
			"tom\u00e1s.yaml:1:1: another document has this id and round: toma\u0301s.yaml:1; give one of them another id or round",
		},
	})
	for i, owner := range []string{"maya", "maya", "tomás", "tomás"} {
		if got := set.Problems[i].Owner; got != owner {
			t.Errorf("%v belongs to %q, want %q", set.Problems[i], got, owner)
		}
	}
	if err := os.Remove(filepath.Join(dir, "maya.yaml")); err != nil {
		t.Fatal(err)
	}
	if got := look(t, f, noon, 0); got.Plans != "maya/1 maya/2 other/1" {
		t.Errorf("with one of them removed the plans are %s, want maya/1 too", got.Plans)
	}
}

// A file is read again only when its size or time has changed.
func TestFolderCache(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "maya.yaml", good, long)
	write(t, dir, "bad.yaml", bad, long)
	f := &folder.Folder{Path: dir}
	purposes := func() (list []string) {
		t.Helper()
		set, err := f.Read(noon, 0)
		if err != nil {
			t.Fatal(err)
		}
		if len(set.Problems) != 5 || !set.Unread["bad"] {
			t.Errorf("problems %v, unread %v, want the five of bad.yaml each time", set.Problems, set.Unread)
		}
		for _, p := range set.Plans {
			list = append(list, p.Purpose)
		}
		return list
	}
	for _, step := range []struct {
		do   string
		file string
		at   time.Time
		want string
	}{
		{"first", good, long, "Join forces on the spring launch."},
		{"changed in secret", strings.Replace(good, "spring", "autumn", 1), long, "Join forces on the spring launch."},
		{"another time", strings.Replace(good, "spring", "autumn", 1), long.Add(time.Nanosecond * 1000), "Join forces on the autumn launch."},
		{"another size", strings.Replace(good, "spring", "late", 1), long.Add(time.Nanosecond * 1000), "Join forces on the late launch."},
		{"an older time", strings.Replace(good, "spring", "next", 1), long.Add(-time.Hour), "Join forces on the next launch."},
	} {
		write(t, dir, "maya.yaml", step.file, step.at)
		if got := purposes(); !slices.Equal(got, []string{step.want}) {
			t.Errorf("%s: %q, want %q", step.do, got, step.want)
		}
	}
}

// A running daemon waits until a file has been left alone; what is being written is not gone.
func TestFolderStill(t *testing.T) {
	const still = 5 * time.Second
	at := func(s float64) time.Time { return noon.Add(time.Duration(s * float64(time.Second))) }
	dir := t.TempDir()
	f := &folder.Folder{Path: dir}
	two := good + "---\nid: tomás\n" + good
	write(t, dir, "old.yaml", good, at(-5))
	write(t, dir, "new.yaml", good, at(-2))
	write(t, dir, "man\u0303ana.yaml", good, at(24*3600))
	for _, step := range []struct {
		do   string
		file string // what two.yaml says from now on; "": as before
		at   float64
		want seen
	}{
		{"first", "", 0, seen{Plans: "old/1", Unread: []plan.ID{"mañana", "new"}, Again: 3 * time.Second}},
		{"just before", "", 2.9, seen{Plans: "old/1", Unread: []plan.ID{"mañana", "new"}, Again: 100 * time.Millisecond}},
		{"one is still", "", 3, seen{Plans: "new/1 old/1", Unread: []plan.ID{"mañana"}, Again: 2 * time.Second}},
		{"a time ahead counts as now", "", 5, seen{Plans: "mañana/1 new/1 old/1"}},
		{"another file, copied with its old time", two, 10, seen{Plans: "mañana/1 new/1 old/1", Unread: []plan.ID{"two"}, Again: still}},
		{"it is still", "", 15, seen{Plans: "mañana/1 new/1 old/1 tomás/1 two/1"}},
		{"it is being written", two + "#", 20, seen{Plans: "mañana/1 new/1 old/1", Unread: []plan.ID{"tomás", "two"}, Again: still}},
		{"and goes on", two + "##", 24, seen{Plans: "mañana/1 new/1 old/1", Unread: []plan.ID{"tomás", "two"}, Again: still}},
		{"not yet", "", 28.9, seen{Plans: "mañana/1 new/1 old/1", Unread: []plan.ID{"tomás", "two"}, Again: 100 * time.Millisecond}},
		{"now", "", 29, seen{Plans: "mañana/1 new/1 old/1 tomás/1 two/1"}},
	} {
		t.Run(step.do, func(t *testing.T) {
			if step.file != "" {
				write(t, dir, "two.yaml", step.file, long)
			}
			look(t, f, at(step.at), still).check(t, step.want)
		})
	}
	write(t, dir, "two.yaml", good, at(100))
	look(t, f, at(100), 0).check(t, seen{Plans: "mañana/1 new/1 old/1 two/1"}) // commands take files as they stand
}

// A conversation whose plan can't be read is not one whose plan is gone, whatever file held it.
func TestFolderUnreadOrGone(t *testing.T) {
	dir := t.TempDir()
	f := &folder.Folder{Path: dir}
	for i, step := range []struct {
		do, file string // "": removed
		plans    string
		unread   []plan.ID
	}{
		{"three", good + "---\nid: y\n" + good + "---\nid: z\n" + good, "x/1 y/1 z/1", nil},
		{"one has a problem", good + "---\nid: y\n" + bad + "---\nid: z\n" + good, "x/1 z/1", []plan.ID{"y"}},
		{"the file can't be read", good + "---\nid: [", "", []plan.ID{"x", "y", "z"}},
		{"nor yet", good + "---\nid: '", "", []plan.ID{"x", "y", "z"}},
		{"one is back, two may be in what has no id", good + "---\nid: z z\n" + good, "x/1", []plan.ID{"x", "y", "z"}},
		{"two are gone", good, "x/1", nil},
		{"all are gone", "", "", nil},
	} {
		t.Run(step.do, func(t *testing.T) {
			path := filepath.Join(dir, "x.yaml")
			if step.file == "" {
				if err := os.Remove(path); err != nil {
					t.Fatal(err)
				}
			} else {
				write(t, dir, "x.yaml", step.file, long.Add(time.Duration(i)*time.Second))
			}
			got := look(t, f, noon, 0)
			if got.Plans != step.plans {
				t.Errorf("plans %s, want %s", got.Plans, step.plans)
			}
			if diff := cmp.Diff(step.unread, got.Unread); diff != "" {
				t.Errorf("unread: want (-), got (+):\n%s", diff)
			}
		})
	}
}

// A file that the system keeps from us is looked at again, since what ends that may leave no trace
// on its size and time.
func TestFolderForbidden(t *testing.T) {
	dir, err := os.MkdirTemp("", "plans") // another user gets into it, which is not so with t.TempDir
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, dir, "maya.yaml", good, long)
	path := filepath.Join(dir, "maya.yaml")
	if err := os.Chmod(path, 0); err != nil {
		t.Fatal(err)
	}
	f := &folder.Folder{Path: dir}
	forbidden := seen{Unread: []plan.ID{"maya"}, Problems: []string{"maya.yaml:1:1: the file can't be opened (permission denied); look at its permissions"}}
	asNobody(t, func() {
		look(t, f, noon, 0).check(t, forbidden)
		look(t, f, noon, 0).check(t, forbidden)
		if !f.Changed() {
			t.Error("Changed is false, want true while a file can't be opened")
		}
	})
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	asNobody(t, func() { look(t, f, noon, 0).check(t, seen{Plans: "maya/1"}) })
	if f.Changed() {
		t.Error("Changed is true, want false once the file has been read")
	}
}

// asNobody runs f without root's right to open every file.
func asNobody(t *testing.T, f func()) {
	t.Helper()
	if os.Geteuid() == 0 {
		if err := syscall.Seteuid(65534); err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := syscall.Seteuid(0); err != nil {
				t.Fatal(err)
			}
		}()
	}
	f()
}

func TestFolderChanged(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	f := &folder.Folder{Path: dir}
	if f.Changed() {
		t.Error("an empty folder that was never read has changed, want not")
	}
	for _, step := range []struct {
		name    string
		do      func() error
		changed bool
	}{
		{"nothing", func() error { return nil }, false},
		{"come", func() error { write(t, dir, "maya.yaml", good, long); return nil }, true},
		{"written", func() error { write(t, dir, "maya.yaml", good+"#", long); return nil }, true},
		{"touched", func() error { return os.Chtimes(path("maya.yaml"), noon, noon) }, true},
		{"replaced by the same", func() error {
			write(t, dir, "maya.yaml.tmp", good+"#", noon)
			return os.Rename(path("maya.yaml.tmp"), path("maya.yaml"))
		}, false},
		{"what is no plan", func() error {
			for _, name := range []string{".maya.yaml", "maya.yaml~", "notes.txt", "maya.yml"} {
				write(t, dir, name, bad, noon)
			}
			return os.Mkdir(path("sub.yaml"), 0o700)
		}, false},
		{"unfinished answers beside the plans", func() error {
			if err := os.Mkdir(path(".drafts"), 0o700); err != nil {
				return err
			}
			write(t, path(".drafts"), "bo.yaml", good, noon)
			return nil
		}, false},
		{"renamed", func() error { return os.Rename(path("maya.yaml"), path("tomas.yaml")) }, true},
		{"gone", func() error { return os.Remove(path("tomas.yaml")) }, true},
		{"nothing more", func() error { return nil }, false},
		{"the folder itself", func() error { return os.RemoveAll(dir) }, true},
	} {
		if err := step.do(); err != nil {
			t.Fatal(err)
		}
		if got := f.Changed(); got != step.changed {
			t.Errorf("%s: Changed is %v, want %v", step.name, got, step.changed)
		}
		if _, err := f.Read(noon, 0); err != nil && step.name != "the folder itself" {
			t.Fatal(err)
		}
	}
}

// The system tells of each change at once; a test that is not told waits for its end.
func TestFolderWatch(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "maya.yaml")
	f := &folder.Folder{Path: dir}
	for _, do := range []func() error{
		func() error { return os.WriteFile(path, []byte(good), 0o600) },
		func() error { return os.WriteFile(path, []byte(good+"#"), 0o600) },
		func() error {
			if err := os.WriteFile(path+"~", []byte(good), 0o600); err != nil {
				return err
			}
			return os.Rename(path+"~", path) // as editors save
		},
		func() error { return os.Remove(path) },
	} {
		ctx, cancel := context.WithCancel(t.Context())
		changed := f.Watch(ctx)
		if err := do(); err != nil {
			t.Fatal(err)
		}
		<-changed
		cancel()
	}

	// Where nothing can be watched, nobody is told, and nothing breaks.
	select {
	case <-(&folder.Folder{Path: path}).Watch(t.Context()):
		t.Error("a change of a folder that is not there was told, want none")
	default:
	}
}

func BenchmarkFolder(b *testing.B) {
	dir := b.TempDir()
	example, err := os.ReadFile("../../../examples/maya.yaml")
	if err != nil {
		b.Fatal(err)
	}
	for i := range 1000 {
		write(b, dir, fmt.Sprintf("talk%04d.yaml", i), string(example), long)
	}
	read := func(f *folder.Folder) {
		set, err := f.Read(noon, 5*time.Second)
		if err != nil || len(set.Plans) != 1000 {
			b.Fatalf("%d plans, %v, want 1000", len(set.Plans), err)
		}
	}
	b.Run("first", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			read(&folder.Folder{Path: dir})
		}
	})
	b.Run("unchanged", func(b *testing.B) {
		f := &folder.Folder{Path: dir}
		read(f)
		b.ReportAllocs()
		for b.Loop() {
			read(f)
		}
	})
}

// Of how many files a reading is told as they are read, only of those that have to be, and when it is over.
func TestFolderProgress(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a.yaml", "b.yaml", "c.yaml"} {
		write(t, dir, name, "with: {}\n", noon.Add(-time.Hour))
	}
	most, calls, over := 0, 0, false
	var mu sync.Mutex
	f := &folder.Folder{Path: dir, Progress: func(done, total int) {
		mu.Lock()
		defer mu.Unlock()
		if done > total {
			t.Errorf("%d of %d", done, total)
		}
		most, over = max(most, done), total == 0
		calls++
	}}
	look(t, f, noon, 0)
	if most != 3 || calls != 4 || !over {
		t.Errorf("%d files and %d calls were told, over: %t; want 3, 4 and true", most, calls, over)
	}
	most, calls = 0, 0
	write(t, dir, "b.yaml", "with: {} # \n", noon.Add(-time.Minute))
	if look(t, f, noon, 0); most != 1 || calls != 2 || !over {
		t.Errorf("%d files and %d calls were told, over: %t; want 1, 2 and true", most, calls, over)
	}
}
