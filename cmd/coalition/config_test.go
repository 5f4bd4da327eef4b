package main

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"coalition/scheduler/strictyaml"
)

// commented is a block that is commented out: its lines begin with # and the key, or its indentation.
var commented = regexp.MustCompile(`(?m)(^#(  +[^ ]|[a-z]).*\n)+`)

// fullConfig is the example with all of its optional blocks.
func fullConfig(t testing.TB) []byte {
	data, err := os.ReadFile("../../config.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return commented.ReplaceAllFunc(data, func(block []byte) []byte {
		return regexp.MustCompile(`(?m)^#`).ReplaceAll(block, nil)
	})
}

// TestExampleConfig: config.example.yaml works as it stands, and with each of its optional blocks.
func TestExampleConfig(t *testing.T) {
	data, err := os.ReadFile("../../config.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if _, problems := parseConfig("config.example.yaml", data); len(problems) > 0 {
		t.Errorf("as it stands: %v", problems)
	}
	blocks := commented.FindAll(data, -1)
	if len(blocks) != 6 { // google and busy stand together
		t.Fatalf("%d blocks are commented out, want 6", len(blocks))
	}
	for _, b := range blocks {
		plain := regexp.MustCompile(`(?m)^#`).ReplaceAll(b, nil)
		if _, problems := parseConfig("config.example.yaml", bytes.Replace(data, b, plain, 1)); len(problems) > 0 {
			t.Errorf("with the block\n%s%v", plain, problems)
		}
	}
	c, problems := parseConfig("config.example.yaml", fullConfig(t))
	if len(problems) > 0 {
		t.Errorf("with all blocks: %v", problems)
	}
	// The comments call what they show the default: leaving all out must give the same.
	bare, problems := parseConfig("config.yaml", []byte("organizer: {name: Ana Lopes, email: ana@example.org, timezone: Europe/Lisbon}\n"))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	defaults := func(c *config) string {
		times := c.Times
		times.KeepFree = nil
		hours := c.Organizer.WorkingHours
		return fmt.Sprintf("%v", []any{c.Reminders, c.HoldOver, c.Mail.Via, c.Calendar.Via, c.Mail.SMTP.Port, c.Mail.SMTP.Connections, c.Organizer.Language,
			hours.On(time.Monday), hours.Has(time.Saturday), c.Calendar.Google.Poll, c.Calendar.Google.Calendar, times})
	}
	if shown, want := defaults(c), defaults(bare); shown != want {
		t.Errorf("the example shows other defaults than there are:\n%s\n%s", shown, want)
	}
	// And the other form of a key, in its comment.
	other := regexp.MustCompile(`(?m)^  working_hours:.*\n((?:  #.*\n)*)  # (working_hours: .*\n)`)
	if !other.Match(data) {
		t.Fatal("the example shows no list of hours")
	}
	c, problems = parseConfig("config.example.yaml", other.ReplaceAll(data, []byte("$1  $2")))
	if len(problems) > 0 || len(c.settings().Hours) != 2 {
		t.Errorf("with a list of hours: %v, %v", problems, c.settings().Hours)
	}
}

// TestHostileConfig puts what could break out of a line into every value of the config: it is refused
// where it stands.
func TestHostileConfig(t *testing.T) {
	data := fullConfig(t)
	var root yaml.Node
	if err := yaml.Unmarshal(data, &root); err != nil {
		t.Fatal(err)
	}
	var values []*yaml.Node
	var walk func(*yaml.Node)
	walk = func(n *yaml.Node) {
		if n.Kind == yaml.ScalarNode {
			values = append(values, n)
		}
		for i, child := range n.Content {
			if n.Kind != yaml.MappingNode || i%2 == 1 {
				walk(child)
			}
		}
	}
	walk(&root)
	if len(values) < 40 {
		t.Fatalf("only %d values were found", len(values))
	}
	for _, v := range values {
		for _, hostile := range []string{`"a\r\nBcc: x"`, `"a\tb"`, `"a\0b"`, `"a\u202eb"`, `"` + strings.Repeat("x", 100_000) + `"`, `[a]`, `{a: b}`} {
			lines := bytes.Split(bytes.Clone(data), []byte("\n"))
			line := []rune(string(lines[v.Line-1]))
			old := utf8.RuneCountInString(v.Value)
			if v.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0 {
				old += 2
			}
			lines[v.Line-1] = []byte(string(line[:v.Column-1]) + hostile + string(line[v.Column-1+old:]))
			_, problems := parseConfig("config.yaml", bytes.Join(lines, []byte("\n")))
			if !slices.ContainsFunc(problems, func(p strictyaml.Problem) bool { return p.Line == v.Line && p.Column == v.Column }) {
				t.Errorf("%.20s in place of %q in line %d: %v", hostile, v.Value, v.Line, problems)
			}
		}
	}
}

// FuzzConfig holds any file against what is promised of a config and of its problems.
func FuzzConfig(f *testing.F) {
	f.Add(fullConfig(f))
	for _, block := range commented.FindAll(fullConfig(f), -1) {
		f.Add(block)
	}
	for _, s := range []string{
		anaConfig, anaConfig + "mail: {via: smtp}\n", anaConfig + "reminders: [1h, -1h, 99999999h]\nhold_over: 0x7fffffff\n",
		anaConfig + "calendar: {via: google, google: {client_file: x, poll: 1e9s, endpoint: 'http://[::1]:1/'}}\nmail: {via: smtp, smtp: {host: x, username: y, auth: xoauth2}}\nreplies: {imap: {host: x, username: y, auth: xoauth2}}\n",
		anaConfig + "calendar: {busy: [{}, {google: a, ics: b}]}\n", anaConfig + "---\n" + anaConfig, "organizer: &a [*a]\n", "", "[[[[", "{a: {a: ",
		"organizer: {working_hours: {from: \"24:00\", to: \"00:00\", days: []}}\n",
		"organizer: {working_hours: [{from: \"09:00\"}, {}, mon, {days: []}], holidays: XX-Y}\ntimes: {keep_free: [{}], suits: {lunch: {to: \"00:00\"}}, travel: {walk: 0}, step: 60m}\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, problems := parseConfig("config.yaml", data)
		lines := strings.Split(strings.TrimPrefix(string(data), "\ufeff"), "\n")
		for _, p := range problems {
			if p.Line < 1 || p.Line > len(lines) || p.Column < 1 || p.Column > utf8.RuneCountInString(lines[p.Line-1])+1 {
				t.Errorf("%v is outside of the file", p)
			}
			if p.File != "config.yaml" || p.Text == "" || strings.ContainsFunc(p.Excerpt, func(r rune) bool { return r < ' ' && r != '\n' }) {
				t.Errorf("%+v lacks a word, or could upset a terminal", p)
			}
		}
		if len(problems) > 0 {
			return
		}
		s := c.settings()
		if s.Organizer.Name == "" || s.Zone == "" || strings.ContainsAny(s.Organizer.Name+s.Organizer.Email, "\r\n\x00") {
			t.Errorf("accepted for the organizer: %+v", s.Organizer)
		}
		for _, r := range s.Reminders {
			if r <= 0 {
				t.Errorf("accepted a reminder %v before the start", r)
			}
		}
		if n := c.sender().Connections(); n < 1 {
			t.Errorf("accepted %d connections", n)
		}
		c.warnings()
		if m := c.mailbox(); m != nil && m.Name() == "" {
			t.Error("accepted a mailbox without a name")
		}
	})
}

// TestJournals: journals lie beside the folder of plan files, and where plans lie beside the config, in a folder there.
func TestJournals(t *testing.T) {
	for _, tt := range []struct{ config, keys, want string }{
		{"/home/ana/config.yaml", "", "/home/ana/journal"},
		{"config.yaml", "", "journal"},
		{"/home/ana/config.yaml", "conversations: .\n", "/home/ana/journal"},
		{"config.yaml", "conversations: .\n", "journal"},
		{"/home/ana/config.yaml", "conversations: /srv/talks/plans\n", "/srv/talks/journal"},
		{"/home/ana/config.yaml", "journal: ../notes\n", "/home/notes"},
	} {
		c, problems := parseConfig(tt.config, []byte(anaConfig+tt.keys))
		if len(problems) > 0 || c.journals() != tt.want {
			t.Errorf("%s with %q: %s, %v; want %s", tt.config, tt.keys, c.journals(), problems, tt.want)
		}
	}
}
