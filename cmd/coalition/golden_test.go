package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/cryptotest"
	"time"

	"coalition/scheduler"
	"coalition/scheduler/plan"
)

// TestGolden holds the finished bytes of every kind of message in every language, as they leave, against
// its file: the head, the parts, the pages and the calendars.
func TestGolden(t *testing.T) {
	dir := write(t, "config.yaml", anaConfig+"mail: {copy_to_self: true}\n")
	for i, lang := range []string{"de", "en"} {
		cryptotest.SetGlobalRandom(t, uint64(i))
		text := strings.NewReplacer(
			"timezone: Europe/Berlin", "timezone: Europe/Berlin\n  language: "+lang,
			"in 8 working days at 10:00", "2027-03-04 10:00",
			"in 9 working days at 15:00", "2027-03-05 15:00",
		).Replace(mayaPlan)
		for _, id := range []string{"maya", "tom"} {
			if err := os.MkdirAll(filepath.Join(dir, "conversations"), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, "conversations", id+"-"+lang+".yaml"), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		g := &goldens{T: t, dir: dir, lang: lang, now: time.Date(2027, 2, 22, 9, 0, 0, 0, time.UTC)}
		maya, tom := "maya-"+lang, "tom-"+lang
		g.send(maya, "brief", func(c *scheduler.Conversation) (*scheduler.Draft, error) {
			return g.sched.Brief(c, false, g.now)
		})
		g.send(tom, "", func(c *scheduler.Conversation) (*scheduler.Draft, error) {
			return g.sched.Brief(c, false, g.now)
		})
		g.send(tom, "withdrawal", func(c *scheduler.Conversation) (*scheduler.Draft, error) {
			return g.sched.CallOff(c, "", g.now)
		})
		g.send(maya, "brief-again", func(c *scheduler.Conversation) (*scheduler.Draft, error) {
			return g.sched.Brief(c, true, g.now)
		})
		g.send(maya, "", func(c *scheduler.Conversation) (*scheduler.Draft, error) {
			return g.sched.Take(c, scheduler.Answer{Value: scheduler.Yes, How: "command", Slot: c.Choices(g.now)[0]}, g.now)
		})
		g.send(maya, "invitation", func(c *scheduler.Conversation) (*scheduler.Draft, error) {
			return g.sched.Invite(c, plan.Slot{}, "", g.now)
		})
		g.send(maya, "update", func(c *scheduler.Conversation) (*scheduler.Draft, error) {
			return g.sched.Reschedule(c, c.Choices(g.now)[1], g.now)
		})
		g.now = time.Date(2027, 3, 4, 15, 0, 0, 0, time.UTC)
		g.remind(maya)
		g.send(maya, "cancellation", func(c *scheduler.Conversation) (*scheduler.Draft, error) {
			return g.sched.CallOff(c, "I have to be in Porto that day.", g.now)
		})
	}
}

type goldens struct {
	*testing.T
	*app
	dir, lang string
	now       time.Time
}

// open puts the program together as a command does, but for its clock.
func (g *goldens) open(id string) (*scheduler.Board, *scheduler.Conversation) {
	g.Helper()
	g.app = &app{environ: os.Environ(), stdout: g.Output(), stderr: g.Output(), hard: g.Context(), configFile: filepath.Join(g.dir, "config.yaml")}
	if err := g.app.open(g.Context(), false); err != nil {
		g.Fatal(err)
	}
	g.sched.Now = func() time.Time { return g.now }
	b, err := g.look(g.Context())
	if err != nil {
		g.Fatal(err)
	}
	c, err := g.find(b, id)
	if err != nil {
		g.Fatal(err)
	}
	return b, c
}

// send carries a decision out, and holds what would leave against the files of that name.
func (g *goldens) send(id, name string, decide func(*scheduler.Conversation) (*scheduler.Draft, error)) {
	g.Helper()
	_, c := g.open(id)
	defer g.state.Close()
	d, err := decide(c)
	if err != nil {
		g.Fatal(err)
	}
	for i, m := range d.Messages {
		m.State, m.Changed = scheduler.Accepted, g.now
		if name != "" {
			g.compare(name+[]string{"", "-copy"}[i], m)
		}
	}
	if err := g.state.Commit(g.Context(), d); err != nil {
		g.Fatal(err)
	}
}

// remind lets the daemon decide on what is due, which is a reminder.
func (g *goldens) remind(id string) {
	g.Helper()
	b, c := g.open(id)
	defer g.state.Close()
	b.Conversations = []*scheduler.Conversation{c}
	r, err := g.sched.Pass(g.Context(), b)
	if err != nil {
		g.Fatal(err)
	}
	if len(r.Decided) != 1 || r.Decided[0].Kind != scheduler.Reminder {
		g.Fatalf("decided on %+v", r.Decided)
	}
	m, err := g.state.Message(context.Background(), r.Decided[0].Row)
	if err != nil {
		g.Fatal(err)
	}
	g.compare("reminder", m)
}

func (g *goldens) compare(name string, m *scheduler.Message) {
	g.Helper()
	files := map[string][]byte{g.lang + "-" + name + ".eml": m.Data}
	if m.Calendar != nil {
		files[g.lang+"-"+name+".ics"] = m.Calendar
	}
	for name, got := range files {
		path := filepath.Join("testdata", "golden", name)
		if *update {
			if err := os.WriteFile(path, got, 0o644); err != nil {
				g.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			g.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			g.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
		}
	}
}
