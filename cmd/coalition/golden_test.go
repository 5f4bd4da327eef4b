package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/cryptotest"
	"time"

	"coalition/invites"
	"coalition/scheduler"
	"coalition/scheduler/command"
	"coalition/scheduler/conversation"
	"coalition/scheduler/outbox"
	"coalition/scheduler/plan"
	"coalition/scheduler/roster"
	"coalition/templates"
)

// TestGolden holds the finished bytes of every kind of message in every language, as they leave, against
// its file: the head, the parts, the pages and the calendars.
func TestGolden(t *testing.T) {
	words, err := templates.Load("")
	if err != nil {
		t.Fatal(err)
	}
	for _, lang := range words.Languages() {
		// The words of a region are held where templates are.
		if strings.Contains(lang, "-") {
			continue
		}
		t.Run(lang, func(t *testing.T) { golden(t, lang) })
	}
}

func golden(t *testing.T, lang string) {
	dir := write(t, "config.yaml", anaConfig+"mail: {copy_to_self: true}\nnotify: true\nweb: {listen: 127.0.0.1:8080, public_url: https://talk.example.org}\n")
	if code, stdout, stderr := coalition(t, dir, "pause"); code != 0 { // which makes the state, and its secret
		t.Fatal(stdout, stderr)
	}
	if code, stdout, stderr := coalition(t, dir, "resume"); code != 0 {
		t.Fatal(stdout, stderr)
	}
	seed := uint64(0)
	if lang == "en" { // whose files were made with another one
		seed = 1
	}
	cryptotest.SetGlobalRandom(t, seed)
	text := strings.NewReplacer(
		"timezone: Europe/Berlin", "timezone: Europe/Berlin\n  language: "+lang,
		"in 8 working days at 10:00", "2027-03-04 10:00",
		"in 9 working days at 15:00", "2027-03-05 15:00",
	).Replace(mayaPlan)
	g := &goldens{T: t, dir: dir, lang: lang, now: time.Date(2027, 2, 22, 9, 0, 0, 0, time.UTC),
		shown: make(map[templates.Kind]bool)}
	maya, tom := "maya-"+lang, "tom-"+lang
	g.plan(maya, text)
	g.plan(tom, text)
	g.send(maya, "brief", func(c *conversation.Conversation) (*conversation.Draft, error) {
		return command.Ask(c, false, func() {}, g.now)
	})
	g.send(tom, "", func(c *conversation.Conversation) (*conversation.Draft, error) {
		return command.Ask(c, false, func() {}, g.now)
	})
	g.send(tom, "withdrawal", func(c *conversation.Conversation) (*conversation.Draft, error) {
		return command.CallOff(c, "", g.now)
	})
	g.send(maya, "brief-again", func(c *conversation.Conversation) (*conversation.Draft, error) {
		return command.Ask(c, true, func() {}, g.now)
	})
	g.receive(maya, &invites.Mail{Text: "What would it be about?\nMaya"})
	g.pass(maya, "notice-question")
	g.receive(maya, &invites.Mail{Text: "1\n\nThe hiring plan"})
	g.send(maya, "invitation", func(c *conversation.Conversation) (*conversation.Draft, error) {
		return command.Invite(c, plan.Slot{}, "", g.now, time.Now())
	})
	g.pass(maya, "notice-adds")
	g.receive(maya, &invites.Mail{Calendar: &invites.Object{Method: invites.Reply, Attendees: []invites.Attendee{{PartStat: invites.Accepted}}}})
	g.send(maya, "", func(c *conversation.Conversation) (*conversation.Draft, error) {
		return g.sched.Take(c, command.Agenda{Take: true}, g.now)
	})
	g.pass(maya, "update-accepted")
	other := time.Date(2027, 3, 5, 17, 0, 0, 0, time.UTC)
	g.receive(maya, &invites.Mail{Calendar: &invites.Object{Method: invites.Counter, Start: other, End: other.Add(time.Hour), Comment: "I am in Porto.",
		Attendees: []invites.Attendee{{PartStat: invites.Tentative}}}})
	g.pass(maya, "notice-counter")
	g.send(maya, "refusal", func(c *conversation.Conversation) (*conversation.Draft, error) {
		return command.DeclineCounter(c, "I am on the train then.", g.now)
	})
	g.send(maya, "update", func(c *conversation.Conversation) (*conversation.Draft, error) {
		return command.Reschedule(c, c.Choices(g.now)[1], g.now, time.Now())
	})
	g.now = time.Date(2027, 3, 4, 15, 0, 0, 0, time.UTC)
	g.pass(maya, "reminder")
	g.send(maya, "cancellation", func(c *conversation.Conversation) (*conversation.Draft, error) {
		return command.CallOff(c, "I have to be in Porto that day.", g.now)
	})
	nia, ben := "nia-"+lang, "ben-"+lang
	text = strings.NewReplacer("03-04 10:00", "03-10 10:00", "03-05 15:00", "03-11 15:00").Replace(text)
	g.plan(nia, text)
	g.plan(ben, strings.NewReplacer("03-10 10:00", "03-10 9:30", "maya@", "ben@").Replace(text))
	for _, id := range []string{nia, ben} {
		g.send(id, "", func(c *conversation.Conversation) (*conversation.Draft, error) {
			return command.Ask(c, false, func() {}, g.now)
		})
	}
	g.receive(ben, &invites.Mail{Text: "1"})
	g.send(ben, "", func(c *conversation.Conversation) (*conversation.Draft, error) {
		return command.Invite(c, plan.Slot{}, "", g.now, time.Now())
	})
	g.receive(nia, &invites.Mail{Text: "1"})
	g.pass(nia, "times")
	g.now = time.Date(2027, 3, 10, 19, 0, 0, 0, time.UTC)
	g.pass(ben, "notice-talk")
	g.send(ben, "thanks", func(c *conversation.Conversation) (*conversation.Draft, error) {
		return command.Debrief(c, &command.Thanks{}, g.now)
	})
	g.digest, g.now = true, time.Date(2027, 3, 22, 9, 0, 0, 0, time.UTC)
	g.pass(ben, "notice-digest")
	for _, kind := range templates.Kinds {
		if !g.shown[kind] {
			t.Errorf("no golden file is a %s: let the talks above come to one", kind)
		}
	}
}

type goldens struct {
	*testing.T
	*app
	dir, lang string
	now       time.Time
	// digest says that the organizer is told of their week.
	digest bool
	// shown are the kinds of message of which there is a golden file.
	shown map[templates.Kind]bool
}

// plan writes a plan file.
func (g *goldens) plan(id, text string) {
	g.Helper()
	folder := filepath.Join(g.dir, "conversations")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		g.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, id+".yaml"), []byte(text), 0o644); err != nil {
		g.Fatal(err)
	}
}

// open puts the program together as a command does, but for its clock.
func (g *goldens) open(id string) (*roster.Roster, *conversation.Conversation) {
	g.Helper()
	g.app = &app{wall: time.Now, environ: os.Environ(), stdout: g.Output(), stderr: g.Output(), hard: g.Context(), configFile: filepath.Join(g.dir, "config.yaml")}
	if err := g.app.open(g.Context(), false); err != nil {
		g.Fatal(err)
	}
	g.parts.Now = func() time.Time { return g.now }
	// Each state has another one: names are random here, as the test wants them.
	g.parts.Settings.Secret = nil
	g.parts.Settings.Digest = g.digest
	g.sched = scheduler.New(g.parts)
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
func (g *goldens) send(id, name string, decide func(*conversation.Conversation) (*conversation.Draft, error)) {
	g.Helper()
	_, c := g.open(id)
	defer g.state.Close()
	d, err := g.sched.Decide(c, g.now, func() (*conversation.Draft, error) { return decide(c) })
	if err != nil {
		g.Fatal(err)
	}
	for i, m := range d.Messages {
		m.State, m.Changed = outbox.Accepted, g.now
		if name != "" {
			g.compare(name+[]string{"", "-copy"}[i], m)
		}
	}
	if err := g.state.Commit(g.Context(), d); err != nil {
		g.Fatal(err)
	}
}

// receive takes in a mail of Maya's that answers what she got last.
func (g *goldens) receive(id string, mail *invites.Mail) {
	g.Helper()
	_, c := g.open(id)
	defer g.state.Close()
	mail.Key, mail.At, mail.From, mail.Sort = fmt.Sprint(id, len(c.Messages), g.now), g.now, c.Partner(), invites.Personal
	for _, m := range c.Messages {
		if m.To == mail.From.Email {
			mail.Refs = append(mail.Refs, m.MessageID)
		}
	}
	if o := mail.Calendar; o != nil {
		o.UID, o.Sequence, o.Stamp, o.Attendees[0].Email = c.UID, c.Sequence, g.now, mail.From.Email
	}
	r, err := g.sched.Intake.Receive(g.Context(), []*invites.Mail{mail})
	if err != nil || !r[0].Counted {
		g.Fatalf("%+v, %v", r, err)
	}
	g.now = g.now.Add(time.Minute)
}

// pass lets the daemon decide on what is due, which is one message and perhaps its copy.
func (g *goldens) pass(id, name string) {
	g.Helper()
	b, c := g.open(id)
	defer g.state.Close()
	b.Conversations = slices.DeleteFunc(b.Conversations, func(other *conversation.Conversation) bool {
		return other != c && roster.Next(other, g.now).IsDue(g.now)
	})
	r, err := g.sched.Pass(g.Context(), b)
	if err != nil {
		g.Fatal(err)
	}
	if len(r.Decided) == 0 || !strings.HasPrefix(name, string(r.Decided[0].Kind)) {
		g.Fatalf("decided on %+v; want the %s", r.Decided, name)
	}
	for i, decided := range r.Decided {
		m, err := g.state.Message(context.Background(), decided.Row)
		if err != nil {
			g.Fatal(err)
		}
		g.compare(name+[]string{"", "-copy"}[i], m)
	}
	if err := g.sched.Delivery.DeliverBoth(g.Context(), g.Context(), false).Err; err != nil {
		g.Fatal(err)
	}
}

func (g *goldens) compare(name string, m *outbox.Message) {
	g.Helper()
	switch {
	case m.OfAll():
		g.shown[templates.Digest] = true
	case m.Kind != outbox.Notice && m.ToOrganizer():
		g.shown[templates.Copy] = true
	default:
		g.shown[templates.Kind(m.Kind)], g.shown[templates.Kind(m.Kind.Noun())] = true, true
	}
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
			g.Fatal(err, "(a new language gets its golden files with -update)")
		}
		if !bytes.Equal(got, want) {
			g.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
		}
	}
}
