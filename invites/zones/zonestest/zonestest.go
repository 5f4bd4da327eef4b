// Package zonestest has other zone data than today's, for tests of what follows when governments change
// their minds.
package zonestest

import (
	"embed"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"coalition/invites/zones"
)

// Those that have changed since, and a place whose clocks follow the moon.
//
//go:embed all:2025b
var files embed.FS

// Old is the database as it was in 2025, in which Vancouver still puts its clocks back in November 2026.
func Old(t testing.TB) *zones.Database {
	t.Helper()
	sub, err := fs.Sub(files, "2025b")
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	if err := os.CopyFS(folder, sub); err != nil {
		t.Fatal(err)
	}
	return open(t, folder)
}

// Like is a folder with a database of that version in which each of the named places has the clocks of
// another one; all else is as in the built-in database.
func Like(t testing.TB, version string, clocks map[string]string) (folder string) {
	t.Helper()
	folder = t.TempDir()
	write := func(name string, data []byte) {
		path := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("tzdata.zi", []byte("# version "+version+"\n# This zic input file is in the public domain.\n"))
	for place, other := range clocks {
		data, err := zones.BuiltIn().Data(other)
		if err != nil {
			t.Fatal(err)
		}
		write(place, data)
	}
	return folder
}

// Use puts a database in the place of the newest one, until the test ends.
func Use(t testing.TB, d *zones.Database) {
	t.Cleanup(zones.Use(d))
}

// UseFolder is [Use] of what [zones.Folder] finds.
func UseFolder(t testing.TB, folder string) {
	t.Helper()
	Use(t, open(t, folder))
}

func open(t testing.TB, folder string) *zones.Database {
	t.Helper()
	d, err := zones.Folder(folder)
	if err != nil {
		t.Fatal(err)
	}
	return d
}
