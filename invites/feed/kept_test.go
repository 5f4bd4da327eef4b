package feed

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"coalition/invites"
	"coalition/invites/feed/collection"
)

// spans draws busy time in order of its start.
func spans(t *rapid.T) []invites.Busy {
	list := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) invites.Busy {
		start := monday.Add(time.Duration(rapid.Int64Range(-100, 100).Draw(t, "start")) * time.Minute)
		length := time.Duration(rapid.OneOf(rapid.SampledFrom([]int64{1, 60, 3600}),
			rapid.Int64Range(1, 100*365*24*3600)).Draw(t, "length"))
		return invites.Busy{Span: invites.Span{Start: start, End: start.Add(length * time.Second)},
			Title: rapid.OneOf(rapid.SampledFrom([]string{"", "lunch"}), rapid.String()).Draw(t, "title"),
			Ref:   rapid.SampledFrom([]string{"", "maya", "maya/2"}).Draw(t, "ref")}
	}), 0, 30).Draw(t, "busy")
	slices.SortStableFunc(list, func(a, b invites.Busy) int { return a.Start.Compare(b.Start) })
	return list
}

func TestBetween(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := spans(t)
		var k kept
		k.encode(all)
		from := monday.Add(time.Duration(rapid.Int64Range(-110, 110).Draw(t, "from")) * time.Minute)
		to := from.Add(time.Duration(rapid.Int64Range(1, 200).Draw(t, "minutes")) * time.Minute)
		var want []invites.Busy
		for _, b := range all {
			if b.Start.Before(to) && b.End.After(from) {
				want = append(want, b)
			}
		}
		if diff := cmp.Diff(want, k.between(from, to)); diff != "" {
			t.Fatal(diff)
		}
	})
}

// What is kept comes back as it was; of a damaged file nothing is believed that was not so.
func TestDamage(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		path := filepath.Join(dir, "kept")
		k := kept{head: head{ReadAt: monday, AskedAt: monday.Add(time.Hour), Failed: "it hung up", Failures: 2, Key: "key",
			From: monday, To: monday.Add(day),
			validators: validators{ETag: `W/"1"`, Token: "sync 1", Stamp: "5 at 7", Ranged: true}}}
		k.encode(spans(t))
		entries := []collection.Entry{}
		for _, data := range rapid.SliceOfN(rapid.SliceOfN(rapid.Byte(), 0, 100), 0, 3).Draw(t, "entries") {
			entries = append(entries, collection.Entry{Href: "/c/", ETag: "1", Data: data})
		}
		if err := k.save(path, entries); err != nil {
			t.Fatal(err)
		}
		same := cmp.Options{cmp.AllowUnexported(kept{}, head{}, validators{}), cmpopts.EquateEmpty()}
		got, had := load(path, true)
		if diff := cmp.Diff(k, got, same) + cmp.Diff(entries, had, same); diff != "" || had == nil {
			t.Fatal(diff)
		}
		// Without its entries they stay as they are.
		k.Failures++
		if err := k.save(path, nil); err != nil {
			t.Fatal(err)
		}
		if got, had := load(path, true); cmp.Diff(k, got, same)+cmp.Diff(entries, had, same) != "" {
			t.Fatalf("got %+v %+v", got, had)
		}

		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		place := rapid.IntRange(0, len(whole)-1).Draw(t, "place")
		damaged := whole[:place]
		if rapid.Bool().Draw(t, "changed, not cut") {
			damaged = slices.Clone(whole)
			damaged[place] ^= byte(rapid.IntRange(1, 255).Draw(t, "change"))
		}
		if err := os.WriteFile(path, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		got, had = load(path, true)
		if had != nil {
			t.Fatalf("the entries are believed: %+v", had)
		}
		if cmp.Diff(kept{}, got, same) != "" && cmp.Diff(k, got, same) != "" {
			t.Fatalf("this is believed: %+v", got)
		}
	})
}

// Where what is kept is lost, or can't be written, calendars are read as if for the first time.
func TestLost(t *testing.T) {
	s := newServer(t, give(ics("lunch")))
	w := newWorld(t, Source{Kind: ICS, Address: s.URL})
	w.expect(invites.FreshBusy, "", "lunch")
	path := w.sources[0].path
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	// Its entries are gone, and the reader is another one: the spans can't be made anew.
	write(t, path, string(whole[:len(whole)-1]))
	w.Reader.Self = []string{"ana@example.org"}
	w = w.again(w.Sources...)
	w.expect(invites.FreshBusy, "", "lunch")
	if n := s.count(); n != 2 {
		t.Errorf("asked %d times, want 2", n)
	}
	w.again(w.Sources...).expect(invites.FreshBusy, "", "lunch")
	// All of it is.
	write(t, path, "rubbish")
	w = w.again(w.Sources...)
	w.expect(invites.FreshBusy, "", "lunch")
	if n := s.count(); n != 3 {
		t.Errorf("asked %d times, want 3", n)
	}
	if err := os.RemoveAll(w.Dir); err != nil {
		t.Fatal(err)
	}
	write(t, w.Dir, "in the way")
	w = w.again(w.Sources...)
	w.expect(invites.FreshBusy, "can't be kept in the folder "+w.Dir+": not a directory", "lunch")
	w.expect(invites.FreshBusy, "can't be kept", "lunch")
	if n := s.count(); n != 4 {
		t.Errorf("asked %d times, want 4", n)
	}
}
