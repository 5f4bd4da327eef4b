// Package zones is the time zone database: when, and where on earth, clocks are put. Governments change that within
// months, and machines learn of it late or never. So the newest data that can be had is used: the system's, or a copy
// that is built in, whichever has the higher version. All zones of this program come from here.
package zones

//go:generate go run generate.go

import (
	"archive/zip"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// ErrUnknown is returned for a name that is no zone of a [Database].
var ErrUnknown = errors.New("is no IANA time zone")

// A Database is one version of the time zone database, safe for concurrent use.
type Database struct {
	// Version is as IANA names it, such as "2026f"; versions compare as strings.
	Version string
	// Released is the day on which it came out, in UTC; estimated for a version newer than the one built in.
	Released time.Time
	// Path is the folder it is read from; "" for the one built in.
	Path string

	open func(name string) (fs.File, error)
	// also has the names that this one lacks; nil: nobody has.
	also *Database
	// links are the names that are only other names of a zone.
	links map[string]string

	// loaded is the *time.Location of each name; a load costs more than an invitation.
	loaded sync.Map
}

// String says which one it is: 2026f, built in.
func (d *Database) String() string {
	if d.Path == "" {
		return d.Version + ", built in"
	}
	return d.Version + ", from " + d.Path
}

// Expires returns when the data is no longer to be relied on unseen: half a year after it came out.
func (d *Database) Expires() time.Time { return d.Released.AddDate(0, 6, 0) }

// Location returns the zone of that IANA name, always the same value of one database. The error is [ErrUnknown].
func (d *Database) Location(name string) (*time.Location, error) {
	if name == "UTC" {
		return time.UTC, nil
	}
	if l, ok := d.loaded.Load(name); ok {
		return l.(*time.Location), nil
	}
	data, err := d.Data(name)
	if err != nil {
		return nil, ErrUnknown
	}
	l, err := time.LoadLocationFromTZData(name, data)
	if err != nil {
		return nil, ErrUnknown
	}
	first, _ := d.loaded.LoadOrStore(name, l)
	return first.(*time.Location), nil
}

// Data returns the TZif data (RFC 9636) of a zone. Some systems leave out the old names of zones, which are found
// by what they are other names of: the rules must not be older than those of all others.
func (d *Database) Data(name string) ([]byte, error) {
	if !fs.ValidPath(name) || strings.Contains(name, `\`) {
		return nil, ErrUnknown
	}
	data, err := d.file(name)
	if err == nil {
		return data, nil
	}
	links := d.links
	if d.also != nil {
		links = d.also.links
	}
	if target, ok := links[name]; ok {
		if data, err := d.file(target); err == nil {
			return data, nil
		}
	}
	if d.also == nil {
		return nil, ErrUnknown
	}
	return d.also.Data(name)
}

func (d *Database) file(name string) ([]byte, error) {
	f, err := d.open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	// A zone has some 4 kB.
	const most = 256 << 10
	data, err := io.ReadAll(io.LimitReader(f, most))
	// It is zone.tab, say.
	if err == nil && !strings.HasPrefix(string(data), "TZif") {
		err = ErrUnknown
	}
	return data, err
}

//go:embed zoneinfo.zip
var zoneinfo string

// BuiltIn is the database that is part of this program.
var BuiltIn = sync.OnceValue(func() *Database {
	d := &Database{links: make(map[string]string)}
	z, err := zip.NewReader(strings.NewReader(zoneinfo), int64(len(zoneinfo)))
	if err != nil {
		// A test opens it.
		panic("zones: zoneinfo.zip can't be read: " + err.Error())
	}
	files := make(map[string]*zip.File, len(z.File))
	for _, f := range z.File {
		files[f.Name] = f
	}
	d.open = func(name string) (fs.File, error) {
		f := files[name]
		if f == nil {
			return nil, fs.ErrNotExist
		}
		r, err := f.Open()
		return zipped{r}, err
	}
	text := func(name string) string {
		f, err := z.Open(name)
		if err != nil {
			panic("zones: zoneinfo.zip has no " + name)
		}
		defer f.Close()
		data, err := io.ReadAll(f)
		if err != nil {
			panic("zones: zoneinfo.zip: " + err.Error())
		}
		return string(data)
	}
	d.Version = strings.TrimSpace(text("version"))
	for line := range strings.Lines(text("links")) {
		if other, name, ok := strings.Cut(strings.TrimSpace(line), " "); ok {
			d.links[other] = name
		}
	}
	for line := range strings.Lines(text("releases")) {
		if version, day, _ := strings.Cut(strings.TrimSpace(line), " "); version == d.Version {
			d.Released, _ = time.Parse(time.DateOnly, day)
		}
	}
	return d
})

// zipped lets a file of a zip be one of fs, of which only Read and Close are used.
type zipped struct{ io.ReadCloser }

func (zipped) Stat() (fs.FileInfo, error) { return nil, errors.ErrUnsupported }

// Folder returns the database in a folder of compiled zones, such as /usr/share/zoneinfo. It is refused where it
// does not name its version, in tzdata.zi (Debian, Fedora, Alpine and others) or +VERSION (macOS, BSD).
func Folder(path string) (*Database, error) {
	for _, name := range []string{"tzdata.zi", "+VERSION", "version"} {
		version, written, ok := versionIn(filepath.Join(path, name))
		if !ok {
			continue
		}
		folder := os.DirFS(path)
		return &Database{Version: version, Released: released(version, written), Path: path,
			open: folder.Open, also: BuiltIn()}, nil
	}
	return nil, fmt.Errorf("the zones in %s name no version", path)
}

var versionForm = regexp.MustCompile(`^(?:# version |tzdata-?)?(\d{4}[a-z]{1,2})\s*$`)

// versionIn returns the version that a file names in its first line, and when the file was written.
func versionIn(path string) (version string, written time.Time, ok bool) {
	f, err := os.Open(path)
	if err != nil {
		return "", time.Time{}, false
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return "", time.Time{}, false
	}
	start := make([]byte, 100)
	// It may be shorter.
	n, _ := io.ReadFull(f, start)
	line, _, _ := strings.Cut(string(start[:n]), "\n")
	m := versionForm.FindStringSubmatch(line)
	if m == nil {
		return "", time.Time{}, false
	}
	return m[1], info.ModTime(), true
}

// released returns the day on which a version came out. Of one newer than what is built in nothing says it: it is
// not before the built-in one, not after the file that names it was made, and in the year of its name.
func released(version string, written time.Time) time.Time {
	builtIn := BuiltIn()
	if version == builtIn.Version {
		return builtIn.Released
	}
	first, err := time.Parse("2006", version[:4])
	if err != nil {
		return time.Time{}
	}
	last := first.AddDate(1, 0, -1)
	if version > builtIn.Version && builtIn.Released.After(first) {
		first = builtIn.Released
	} else if version < builtIn.Version && builtIn.Released.Before(last) {
		last = builtIn.Released
	}
	day := written.UTC().Truncate(24 * time.Hour)
	if day.After(last) {
		day = last
	}
	if day.Before(first) {
		day = first
	}
	return day
}

// systems are the folders in which systems keep their zones.
var systems = []string{"/usr/share/zoneinfo", "/usr/lib/zoneinfo", "/usr/share/lib/zoneinfo", "/etc/zoneinfo",
	"/var/db/timezone/zoneinfo"}

var current atomic.Pointer[Database]

// Newest returns the database in use: of the one built in, those of the system, and that of a folder named in
// ZONEINFO, the one with the highest version; of equal ones the built-in one. It is chosen at its first use.
func Newest() *Database {
	if d := current.Load(); d != nil {
		return d
	}
	current.CompareAndSwap(nil, choose())
	return current.Load()
}

func choose() *Database {
	best := BuiltIn()
	folders := systems
	if named := os.Getenv("ZONEINFO"); named != "" {
		folders = append([]string{named}, systems...)
	}
	for _, path := range folders {
		if d, err := Folder(path); err == nil && d.Version > best.Version {
			best = d
		}
	}
	return best
}

// Refresh chooses again, for a program that runs while its system gets newer zones. It reports whether
// others are in use from now on.
func Refresh() bool {
	old, best := Newest(), choose()
	return best.Version > old.Version && current.CompareAndSwap(old, best)
}

// Use puts a database in the place of [Newest], for tests, and gives back what undoes that.
func Use(d *Database) (undo func()) {
	old := current.Swap(d)
	return func() { current.Store(old) }
}
