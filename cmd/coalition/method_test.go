package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-message/mail"
)

// A coach carries out the method with the program: what it says and what leaves is seen as organizer and partner see it.
type coach struct {
	t   *testing.T
	dir string
	// now is the clock of the commands, in UTC.
	now string
	// replies counts what was heard.
	replies int
}

func newCoach(t *testing.T) *coach {
	return &coach{t: t, now: "2027-01-04T09:00:00Z", dir: write(t, "config.yaml", `organizer:
  name: Ana Lopes
  email: ana@example.org
  timezone: Europe/Lisbon
conversations: ./conversations
replies: {trust: [mx.example.org]}
`, "conversations/.keep", "")}
}

// does runs a command at the coach's time, and returns what it prints; want is its exit code.
func (c *coach) does(want int, args ...string) string {
	c.t.Helper()
	code, stdout, stderr := coalition(c.t, c.dir, append([]string{"--at", c.now}, args...)...)
	if code != want {
		c.t.Fatalf("%s, coalition %q: exit %d, want %d\n%s%s", c.now, args, code, want, stdout, stderr)
	}
	return stdout + stderr
}

// plans writes a plan for Maya by flags; more of them win.
func (c *coach) plans(more ...string) {
	c.t.Helper()
	c.does(0, append([]string{"new", "Maya Chen", "maya@example.org", "--id", "maya", "--timezone", "Europe/Berlin",
		"--result", "Spring launch", "--purpose", "Join forces on the spring launch.",
		"--offer", "A seat in our review", "--ask", "An early word when a study changes",
		"--kind", "walk", "--place", "Riverside path", "--start", "2027-01-20 10:00"}, more...)...)
}

// left returns the texts of the mails of that kind that have left, in their order, each with its subject before it.
func (c *coach) left(kind string) (texts []string) {
	c.t.Helper()
	files, err := filepath.Glob(filepath.Join(c.dir, "outbox", "*-"+kind+"-*.eml"))
	if err != nil {
		c.t.Fatal(err)
	}
	slices.Sort(files)
	for _, file := range files {
		f, err := os.Open(file)
		if err != nil {
			c.t.Fatal(err)
		}
		defer f.Close()
		m, err := mail.CreateReader(f)
		if err != nil {
			c.t.Fatal(err)
		}
		subject, _ := m.Header.Subject()
		text := ""
		for {
			part, err := m.NextPart()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				c.t.Fatal(err)
			}
			if kind, _, _ := mime.ParseMediaType(part.Header.Get("Content-Type")); kind == "text/plain" {
				body, err := io.ReadAll(part.Body)
				if err != nil {
					c.t.Fatal(err)
				}
				text += string(body)
			}
		}
		texts = append(texts, subject+"\n"+strings.ReplaceAll(text, "\r\n", "\n"))
	}
	return texts
}

// only returns the one mail of that kind that has left.
func (c *coach) only(kind string) string {
	c.t.Helper()
	texts := c.left(kind)
	if len(texts) != 1 {
		c.t.Fatalf("%d mails of kind %s have left", len(texts), kind)
	}
	return texts[0]
}

// sees wants each of parts in text, in that order.
func (c *coach) sees(text string, parts ...string) {
	c.t.Helper()
	rest := text
	for _, part := range parts {
		at := strings.Index(rest, part)
		if at < 0 {
			c.t.Errorf("%q is missing, or not in its place, in:\n%s", part, text)
			return
		}
		rest = rest[at+len(part):]
	}
}

// row returns a conversation as `list --json` has it.
func (c *coach) row(id string, round int) map[string]any {
	c.t.Helper()
	_, stdout, stderr := coalition(c.t, c.dir, "--at", c.now, "list", "--json")
	var rows []map[string]any
	if err := json.Unmarshal([]byte(stdout), &rows); err != nil {
		c.t.Fatal(err, stdout, stderr)
	}
	for _, r := range rows {
		if r["id"] == id && r["round"] == float64(round) {
			return r
		}
	}
	c.t.Fatalf("%s/%d is not in the list:\n%s", id, round, stdout)
	return nil
}

// TestMethod carries out the method, row by row.
func TestMethod(t *testing.T) {
	for _, row := range []struct {
		name string
		do   func(c *coach)
	}{
		{"1 list with whom, for which result, what matters most first", func(c *coach) {
			c.plans("--importance", "2", "--urgency", "2")
			c.does(0, "new", "Tom Berg", "tom@example.org", "--result", "Spring launch", "--importance", "5", "--urgency", "5")
			c.does(0, "new", "Ida Holm", "ida@example.org", "--result", "Platform budget", "--importance", "5", "--urgency", "2")
			c.sees(c.does(0, "list"), "Tom Berg", "Ida Holm", "Maya Chen")
			c.sees(c.does(0, "map"), "Platform budget", "Ida Holm", "Spring launch", "Maya Chen", "Tom Berg")
		}},
		{"2 know your reasons, which rank and measure, and stay here", func(c *coach) {
			c.plans("--why", "Canary why", "--goal", "Canary goal", "--measure", "Canary measure", "--history", "Canary history",
				"--agenda", "What happened (60)", "--importance", "5", "--urgency", "4")
			if got := c.row("maya", 1)["priority"]; got != 20.0 {
				c.t.Errorf("priority %v, want 20", got)
			}
			c.does(0, "ready", "maya", "--yes")
			c.does(0, "ask", "maya", "--yes")
			c.does(0, "answer", "maya", "yes")
			c.does(0, "daemon", "--once")
			c.now = "2027-01-20T12:00:00Z"
			c.sees(c.does(0, "debrief", "maya", "--met", "1", "--thanks-default", "--yes"), "stays on this machine")
			for _, folder := range []string{"outbox", "state"} {
				files, _ := filepath.Glob(filepath.Join(c.dir, folder, "*"))
				for _, file := range files {
					if data, err := os.ReadFile(file); err != nil || strings.Contains(string(data), "Canary") {
						c.t.Errorf("%s holds what is private (%v)", file, err)
					}
				}
			}
			if got := fmt.Sprint(c.left("brief"), c.left("invite"), c.left("thanks")); strings.Contains(got, "Canary") {
				c.t.Error("what is private has left")
			}
			if info, err := os.Stat(filepath.Join(c.dir, "conversations", "maya.yaml")); err != nil || info.Mode() != 0o600 {
				c.t.Errorf("the plan is there for others, too: %v, %v", info.Mode(), err)
			}
		}},
		{"3 be clear what it is for, what you offer, what you ask", func(c *coach) {
			c.plans()
			c.does(0, "ready", "maya", "--yes")
			c.does(0, "ask", "maya", "--yes")
			told := []string{"Join forces on the spring launch.", "A seat in our review", "An early word when a study changes"}
			c.sees(c.only("brief"), told...)
			c.does(0, "answer", "maya", "yes")
			c.does(0, "invite", "maya", "--yes")
			c.sees(c.only("invite"), told...)
		}},
		{"4 check in with yourself", func(c *coach) {
			c.plans()
			c.sees(c.does(0, "daemon", "--once"), "check in with yourself")
			c.does(2, "ask", "maya", "--yes")
			c.sees(c.does(0, "ready", "maya"), "not yet")
			if got := c.row("maya", 1); got["status"] != "planned" || !strings.Contains(fmt.Sprint(got["next"]), "check in again") {
				c.t.Errorf("after “not yet”: %v, %v", got["status"], got["next"])
			}
			if n := len(c.left("brief")); n != 0 {
				c.t.Errorf("%d briefs have left", n)
			}
			c.does(0, "ready", "maya", "--yes")
			c.does(0, "daemon", "--once")
			c.only("brief")
		}},
		{"5 a safe place, each with its own checks and its time for the way", func(c *coach) {
			c.sees(c.does(2, "new", "A B", "a@example.org", "--kind", "office", "--place", "Her office"), "private_room")
			c.sees(c.does(2, "new", "A B", "a@example.org", "--kind", "phone"), "phone")
			c.sees(c.does(2, "new", "A B", "a@example.org", "--kind", "video"), "url")
			c.plans()
			c.does(0, "new", "Tom Berg", "tom@example.org", "--kind", "phone", "--phone", "+49 30 1234567", "--between", "2027-01-11..2027-01-22")
			var travel [2]float64
			for i, id := range []string{"maya", "tom-berg"} {
				_, stdout, _ := coalition(c.t, c.dir, "--at", c.now, "slots", id, "--json")
				var slots map[string]any
				if err := json.Unmarshal([]byte(stdout), &slots); err != nil {
					c.t.Fatal(err, stdout)
				}
				travel[i] = slots["travel"].(float64)
			}
			if travel[0] == 0 || travel[1] != 0 {
				c.t.Errorf("minutes for the way: %v to a walk, %v to the phone", travel[0], travel[1])
			}
		}},
		{"6 ask not to multitask", func(c *coach) {
			c.plans("--kind", "phone", "--place", "", "--phone", "+49 30 1234567")
			c.does(0, "ready", "maya", "--yes")
			c.does(0, "invite", "maya", "--permitted", "She said yes.", "--yes")
			c.now = "2027-01-19T10:00:00Z"
			c.does(0, "daemon", "--once")
			for _, kind := range []string{"invite", "reminder"} {
				c.sees(strings.ToLower(c.only(kind)), "close", "mail")
			}
		}},
		{"7 enough time", func(c *coach) {
			c.sees(c.does(2, "new", "A B", "a@example.org", "--duration", "30m", "--agenda", "All of it (30)"), "short: true")
			c.does(0, "new", "A B", "a@example.org", "--duration", "30m", "--short", "--agenda", "All of it (30)")
		}},
		{"8 permission first", func(c *coach) {
			c.plans()
			c.does(0, "ready", "maya", "--yes")
			c.does(8, "invite", "maya", "--yes")
			c.does(0, "ask", "maya", "--yes")
			c.sees(c.only("brief"), "partner", "Would you like to have this conversation with me?")
			c.does(8, "invite", "maya", "--yes")
			c.does(0, "answer", "maya", "no", "--note", "Not this year")
			c.does(8, "invite", "maya", "--yes")
			c.does(0, "daemon", "--once")
			if n := len(c.left("invite")); n != 0 {
				c.t.Errorf("%d invitations have left without a yes", n)
			}
			if got := c.row("maya", 1)["answer"].(map[string]any); got["value"] != "no" || got["note"] != "Not this year" {
				c.t.Errorf("the answer is kept as %v", got)
			}
		}},
		{"9 a date and a time, on both clocks", func(c *coach) {
			c.plans()
			c.does(0, "ready", "maya", "--yes")
			c.does(0, "invite", "maya", "--permitted", "She said yes.", "--yes")
			c.sees(c.only("invite"), "20 January 2027", "11:00–12:00 (Berlin time; in Lisbon 10:00–11:00)")
		}},
		{"10 the agenda on the table, always the same", func(c *coach) {
			c.plans("--agenda", "What each of us wants (25)", "--agenda", "What we keep (35)")
			c.does(0, "ready", "maya", "--yes")
			c.does(0, "ask", "maya", "--yes")
			c.does(0, "answer", "maya", "yes")
			c.does(0, "invite", "maya", "--yes")
			c.now = "2027-01-19T10:00:00Z"
			c.does(0, "daemon", "--once")
			var agendas []string
			for _, kind := range []string{"brief", "invite", "reminder"} {
				agendas = append(agendas, strings.Join(regexp.MustCompile(`(?m)^.*(What each of us wants|What we keep).*$`).FindAllString(c.only(kind), -1), "\n"))
			}
			if agendas[0] != agendas[1] || agendas[1] != agendas[2] || !strings.Contains(agendas[0], "25 min") {
				c.t.Errorf("the agendas differ:\n%s", strings.Join(agendas, "\n\n"))
			}
		}},
		{"11 part one: what each of you stands for", func(c *coach) {
			c.plans("--why", "She decides which studies run.")
			c.sees(c.does(0, "prepare", "maya"), "She decides which studies run.", "Part one", "Join forces on the spring launch.",
				"A seat in our review", "What do you care about most")
		}},
		{"12 part two: clean up the past, in a round of its own", func(c *coach) {
			c.plans("--history", "I took the overrun to the board without telling her.")
			if first, second := c.row("maya", 1), c.row("maya", 2); first["start"] == nil || second["status"] != "planned" {
				c.t.Errorf("no first round of its own: %v, %v", first, second)
			}
			c.sees(c.does(0, "prepare", "maya"), "Part two", "I took the overrun to the board", "Part one")
		}},
		{"13 part three: wrap up, thank, and go on", func(c *coach) {
			c.plans("--measure", "A joint review", "--measure", "No surprise")
			c.does(0, "ready", "maya", "--yes")
			c.does(0, "invite", "maya", "--permitted", "She said yes.", "--yes")
			c.now = "2027-01-20T12:00:00Z"
			c.sees(c.does(0, "prepare", "maya"), "Part three")
			c.does(0, "debrief", "maya", "--met", "1", "--unmet", "2", "--promise", "me: send the figures by 2027-02-01",
				"--thanks", "Thank you for saying what March was like for you.", "--next", "2027-04-12", "--yes")
			c.sees(c.only("thanks"), "Thank you for saying what March was like for you.")
			if got := c.row("maya", 1)["status"]; got != "closed" {
				c.t.Errorf("the round is %v", got)
			}
			if got := c.row("maya", 2)["status"]; got != "planned" {
				c.t.Errorf("the next round is %v", got)
			}
		}},
		{"14 nurture over time, by nudges to nobody but the organizer", func(c *coach) {
			c.plans("--measure", "A joint review", "--importance", "5")
			c.does(0, "ready", "maya", "--yes")
			c.does(0, "invite", "maya", "--permitted", "She said yes.", "--yes")
			c.now = "2027-01-20T12:00:00Z"
			c.does(0, "debrief", "maya", "--met", "1", "--learned", "Her team loses two people.",
				"--promise", "me: send the figures by 2027-02-01", "--no-thanks")
			before := len(c.left("*"))
			c.now = "2027-02-02T09:00:00Z"
			c.sees(c.does(0, "list"), "you promised: send the figures", "overdue")
			c.now = "2027-03-20T09:00:00Z"
			c.does(0, "daemon", "--once")
			c.sees(c.does(0, "list"), "you and Maya Chen last talked 8 weeks ago, and no talk is ahead")
			row := c.row("maya", 1)
			if row["last_met"] != "2027-01-20" || row["waiting_on"] != "nobody" || len(row["promises"].([]any)) != 1 || row["age_days"].(float64) < 50 {
				c.t.Errorf("last met %v, waiting on %v, promises %v, %v days", row["last_met"], row["waiting_on"], row["promises"], row["age_days"])
			}
			if after := len(c.left("*")); after != before {
				c.t.Errorf("%d mails have left by themselves", after-before)
			}
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := newCoach(t)
			row.do(c)
		})
	}
}
