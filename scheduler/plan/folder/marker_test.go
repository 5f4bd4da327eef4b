package folder_test

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"coalition/scheduler/plan/folder"
)

func TestMarker(t *testing.T) {
	f := &folder.Folder{Path: t.TempDir()}
	if m, err := f.Marker(); m != nil || err != nil {
		t.Fatal(m, err)
	}
	// Many processes count at once: none is forgotten.
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			own := &folder.Folder{Path: f.Path}
			for range 25 {
				if err := own.SetMarker(false, func(old *folder.Marker) *folder.Marker {
					if old == nil {
						return &folder.Marker{State: "0123456789abcdef0123456789abcdef", Messages: 1}
					}
					return &folder.Marker{State: old.State, Messages: old.Messages + 1}
				}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if m, err := f.Marker(); err != nil || m == nil || m.Messages != 200 || m.State != "0123456789abcdef0123456789abcdef" {
		t.Errorf("%+v, %v; want 200", m, err)
	}
	list, err := os.ReadDir(f.Path)
	if err != nil || len(list) != 1 {
		t.Errorf("left behind: %v, %v", list, err)
	}
	if info, err := os.Stat(f.MarkerPath()); err != nil || info.Mode() != 0o600 {
		t.Errorf("%v, %v; want it for its owner only", info.Mode(), err)
	}
	if set, err := f.Read(time.Now(), 0); err != nil || len(set.Problems) > 0 || len(set.Plans) > 0 {
		t.Errorf("it is taken for a plan: %+v, %v", set, err)
	}
}

func TestMarkerUnreadable(t *testing.T) {
	for name, make := range map[string]func(path string) error{
		"empty":         func(path string) error { return os.WriteFile(path, nil, 0o600) },
		"cut off":       func(path string) error { return os.WriteFile(path, []byte("state: 0123\nmess"), 0o600) },
		"zeros":         func(path string) error { return os.WriteFile(path, []byte{0, 0, 0, 0}, 0o600) },
		"less than one": func(path string) error { return os.WriteFile(path, []byte("state: 0123\nmessages: -3\n"), 0o600) },
		"a folder":      func(path string) error { return os.Mkdir(path, 0o700) },
	} {
		t.Run(name, func(t *testing.T) {
			f := &folder.Folder{Path: t.TempDir()}
			if err := make(filepath.Join(f.Path, ".coalition")); err != nil {
				t.Fatal(err)
			}
			if m, err := f.Marker(); m != nil || !errors.Is(err, folder.ErrMarker) {
				t.Errorf("%+v, %v", m, err)
			}
		})
	}
}
