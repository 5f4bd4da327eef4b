package main

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

// TestExport lives a whole life with one person and exports it: both texts say the same, the calendar is read by a
// parser that is not ours, each message is as it left, and nobody else may read any of it.
func TestExport(t *testing.T) {
	t.Parallel()
	p := newPast(t, "./state/coalition.db")
	p.live()
	p.do(0, "2027-03-12 10:00", "export zqualle "+filepath.Join(p.dir, "out"))
	out := func(name string) []byte {
		t.Helper()
		data, err := os.ReadFile(filepath.Join(p.dir, "out", name))
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	type text struct {
		Plans []struct {
			File string
			Plan struct {
				With    struct{ Email string }
				Private struct{ Why string }
			}
		}
		Rounds []struct {
			Round    int
			Status   string
			Messages []struct{ File, Kind string }
			Record   map[string]any
		}
		History []map[string]any
		Journal []struct{ Learned string }
	}
	var asJSON, asYAML text
	if err := json.Unmarshal(out("zqualle.json"), &asJSON); err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(out("zqualle.yaml"), &asYAML); err != nil {
		t.Fatal(err)
	}
	normal := func(v text) (n text) {
		data, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(data, &n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if diff := cmp.Diff(normal(asJSON), normal(asYAML)); diff != "" {
		t.Errorf("JSON (-) and YAML (+) differ:\n%s", diff)
	}
	x := asYAML
	if len(x.Plans) != 2 || x.Plans[1].File != "zqualle.yaml" || x.Plans[1].Plan.Private.Why != "Warumkanarek is why" || x.Plans[0].Plan.With.Email != "zofia.w@kanarek-verein.org" {
		t.Errorf("plans: %+v", x.Plans)
	}
	if len(x.Rounds) != 2 || x.Rounds[0].Status != "closed" || x.Rounds[1].Round != 2 || len(x.Journal) != 1 || x.Journal[0].Learned != "Lernvogel" {
		t.Errorf("rounds: %+v, journal %+v", x.Rounds, x.Journal)
	}
	if len(x.History) < 6 || !strings.Contains(string(out("zqualle.json")), "Notizvogel") {
		t.Errorf("history: %v", x.History)
	}
	messages, left := 0, make(map[string]bool)
	for _, file := range inOutbox(t, p.dir, "*-zqualle-*.eml") {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		left[string(data)] = true
	}
	for _, r := range x.Rounds {
		for _, m := range r.Messages {
			messages++
			if !left[string(out(m.File))] {
				t.Errorf("%s is not as it left", m.File)
			}
		}
	}
	if files, _ := filepath.Glob(filepath.Join(p.dir, "out", "messages", "*")); messages < 6 || len(files) != messages {
		t.Errorf("%d messages, %d files", messages, len(files))
	}
	read := exec.Command("/usr/bin/python3", "-c", `import icalendar, sys
c = icalendar.Calendar.from_ical(sys.stdin.buffer.read())
print(c["METHOD"], *[f'{e["UID"]} {e["STATUS"]} {e.decoded("DTSTART").isoformat()} {e["SUMMARY"]}' for e in c.walk("VEVENT")], sep="; ")`)
	read.Stdin = bytes.NewReader(out("zqualle.ics"))
	said, err := read.CombinedOutput()
	if want := "PUBLISH; " + p.uid + " CONFIRMED 2027-03-04T10:00:00+00:00 Conversation: Ana Lopes and Zofia Wiśniewska"; err != nil || strings.TrimSpace(string(said)) != want {
		t.Errorf("the calendar: %v\n%s\nwant %s", err, said, want)
	}
	// One that was called off says so.
	p.do(0, "2027-03-12 10:00", "invite tom --start 2027-03-20_10:00 --yes")
	p.do(0, "2027-03-12 11:00", "cancel tom --yes")
	p.do(0, "2027-03-12 12:00", "export tom "+filepath.Join(p.dir, "tom"))
	if data, err := os.ReadFile(filepath.Join(p.dir, "tom", "tom.ics")); err != nil || !bytes.Contains(data, []byte("STATUS:CANCELLED")) {
		t.Errorf("a talk that is off: %v\n%s", err, data)
	}
	if err := filepath.WalkDir(filepath.Join(p.dir, "out"), func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s may be read by others: %s", path, info.Mode())
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
}
