package main

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/emersion/go-message"
)

// canaries are the words of the private block, and of the journal, each one found nowhere else.
var canaries = map[string]string{
	"why": "Whykanarienvogel", "goal": "Goalkanarienvogel", "measure": "Measurekanarienvogel", "history": "Historykanarienvogel",
	"learned": "Learnedkanarienvogel", "promise": "Promisekanarienvogel", "note": "Notekanarienvogel",
	"slip": "Slipkanarienvogel",
}

func canaryFiles() []string {
	private := fmt.Sprintf("private:\n  why: %s is why\n  goal: To reach %s\n  measures: [%s]\n  history: Since %s\n  importance: 5\n",
		canaries["why"], canaries["goal"], canaries["measure"], canaries["history"])
	return []string{"config.yaml", anaConfig + "mail: {copy_to_self: true}\nreplies: {trust: [mx.example.org]}\nnotify: true\nweb: {listen: \"127.0.0.1:0\", public_url: https://talk.example.org}\n",
		"conversations/maya.yaml", mayaPlan + private,
		"conversations/tomas.yaml", strings.Replace(mayaPlan, "ready: true", "ready: true\npermitted: In person.", 1) + private,
		"conversations/priya.yaml", strings.Replace(mayaPlan, "ready: true", "", 1) + private,
		// Answers of the partner, with what is private repeated by nobody.
		"reply.eml", "Authentication-Results: mx.example.org; dmarc=pass\nFrom: maya@example.org\nSubject: Re: May we talk about working as partners?\n\nWhat is it about?\n",
		"forged.eml", "From: x@example.net\nReply-To: maya@example.org\nSubject: Re: May we talk about working as partners?\n\nno\n",
		// A slip turns private words into a key, into an alias, and into no YAML at all.
		"conversations/slip.yaml", mayaPlan + "private:\n  " + canaries["slip"] + ": x\n",
		"conversations/star.yaml", mayaPlan + "private: {goal: *" + canaries["history"] + "}\n",
		"conversations/torn.yaml", mayaPlan + "private: {why: '" + canaries["why"] + "\n",
	}
}

// showsPromises are the commands that show the organizer their promises.
var showsPromises = regexp.MustCompile(`\blist|\bshow .* --json|\bagenda$`)

// everything does what can be done with the program at path in dir, and gives all that it said but the
// lines of the plans, which check shows on purpose, and promises where they are shown.
func everything(t *testing.T, program func(args ...string) *exec.Cmd, dir string) (said []byte) {
	t.Helper()
	var all bytes.Buffer
	for _, args := range []string{
		"daemon --once", "receive reply.eml", "receive forged.eml", "list", "list --json", "agenda maya", "show maya", "show maya --json", "show maya --svg -", "map", "map --json", "map --svg -", "map --html -", "log", "log --json", "check --json", "doctor --no-network --json",
		"ask maya --again --yes", "answer maya yes --time 1", "invite maya --dry-run", "invite maya --yes", "invite maya --ics - --publish",
		"move maya --start in_30_days_at_11:00 --yes", "cancel maya --yes", "ready priya --yes", "ask priya --eml priya.eml", "daemon --once",
		"invite tomas --start in_9_working_days_at_15:00 --yes", "show slip", "schema plan", "template list", "daemon --once --json", "__complete show ''",
		"--at in_60_days debrief tomas --met 1 --learned " + canaries["learned"] + " --promise me:_" + canaries["promise"] +
			"_by_in_70_days --note " + canaries["note"] + " --thanks-default --next in_80_days --yes",
		"--at in_60_days debrief tomas --met 1 --yes", "--at in_60_days list --json", "--at in_60_days agenda", "--at in_60_days agenda --ics feed.ics", "--at in_60_days list", "--at in_60_days log --json",
		"--at in_60_days show tomas/1", "--at in_60_days show tomas/2 --json", "--at in_60_days check --json", "--at in_60_days daemon --once",
	} {
		words := strings.Fields(args)
		for i, w := range words {
			words[i] = strings.ReplaceAll(w, "_", " ")
			if strings.HasPrefix(w, "__") {
				words[i] = w
			}
		}
		cmd := program(append([]string{"--config", filepath.Join(dir, "config.yaml")}, words...)...)
		cmd.Dir = dir
		out, _ := cmd.CombinedOutput() // some are refused; what they say counts all the same
		if showsPromises.MatchString(args) {
			out = bytes.ReplaceAll(out, []byte(canaries["promise"]), nil)
		}
		fmt.Fprintf(&all, "$ %s\n%s\n", strings.ReplaceAll(args, "kanarienvogel", "…"), out)
	}
	return all.Bytes()
}

var percent = regexp.MustCompile(`%[0-9A-Fa-f]{2}`)

// leaked are the canaries in what was said and in every file outside the folder of plans, as they stand
// and decoded in every way that mail knows.
func leaked(t *testing.T, dir string, said []byte) (found []string) {
	t.Helper()
	look := func(where string, data []byte) {
		for key, canary := range canaries {
			if bytes.Contains(bytes.ToLower(data), []byte(strings.ToLower(canary))) {
				found = append(found, key+" in "+where)
			}
		}
	}
	look("what was said", said)
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if folder := filepath.Base(filepath.Dir(path)); err != nil || d.IsDir() || folder == "conversations" || folder == "journal" {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(dir, path)
		look(name, data)
		switch filepath.Ext(path) {
		case ".ics":
			look(name+", unfolded", regexp.MustCompile(`\r\n[ \t]`).ReplaceAll(data, nil))
		case ".eml":
			entity, err := message.Read(bytes.NewReader(data))
			if err != nil {
				return err
			}
			return entity.Walk(func(_ []int, part *message.Entity, err error) error {
				if err != nil || strings.HasPrefix(part.Header.Get("Content-Type"), "multipart/") {
					return err
				}
				body, err := io.ReadAll(part.Body)
				look(name+", decoded", body)
				look(name+", unescaped", []byte(html.UnescapeString(string(body))))
				look(name+", unfolded", regexp.MustCompile(`\r\n[ \t]`).ReplaceAll(body, nil))
				look(name+", unquoted", percent.ReplaceAllFunc(body, func(b []byte) []byte {
					plain, err := hex.DecodeString(string(b[1:]))
					if err != nil {
						return b
					}
					return plain
				}))
				return err
			})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// TestPrivate: what stands under private:, or in a journal, is in no byte that leaves, in no file of the state and in
// no line that is said or logged.
func TestPrivate(t *testing.T) {
	dir := write(t, canaryFiles()...)
	said := everything(t, func(args ...string) *exec.Cmd { return binary("coalition", args...) }, dir)
	if found := leaked(t, dir, said); len(found) > 0 {
		t.Errorf("leaked: %v", found)
	}
	for _, sign := range []string{"maya, the brief to", "maya: question", "not believed", "is on its way", `"status": "permitted"`, "METHOD:PUBLISH", "The cancellation to", "The thank-you to"} {
		if !bytes.Contains(said, []byte(sign)) {
			t.Errorf("the run has not come to %q:\n%s", sign, said)
		}
	}
	if files, _ := filepath.Glob(filepath.Join(dir, "outbox", "*.eml")); len(files) < 8 {
		t.Errorf("only %d messages have left", len(files))
	}
}

// TestPrivateLeak: the test above is worth something. A build that is made leaky on purpose, in five places, is found
// out, and each of its leaks.
func TestPrivateLeak(t *testing.T) {
	t.Parallel()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	leaks := []struct{ name, file, old, new, found string }{
		{"into the words of a message", "scheduler/compose/talk.go", "Purpose:  t.Purpose,", "Purpose: t.Purpose + c.Source().Private.Why,", "why in outbox"},
		{"into the thanks", "cmd/coalition/hindsight.go", "Words: strings.TrimSpace(d.thanks)", "Words: strings.TrimSpace(d.thanks) + d.learned", "learned in outbox"},
		{"into the database", "scheduler/conversation/read.go", "c.source, c.private, c.file = p, p.Private, fileUnread", "c.source, c.private, c.file = p, p.Private, fileUnread; p.Result += p.Private.Goal", "goal in state"},
		{"into the log", "scheduler/pass.go", "func (s *Scheduler) HoldStale(ctx context.Context, b *roster.Roster) (held int, err error) {",
			"func (s *Scheduler) HoldStale(ctx context.Context, b *roster.Roster) (held int, err error) {\n\tfor _, c := range b.Conversations { s.Log.Error(c.Source().Private.History) }", "history in what was said"},
		{"into a problem", "scheduler/strictyaml/decode.go", `text := "there is no such key"`, `text := "there is no such key " + key.Value`, "slip in what was said"},
	}
	tmp, leaky := t.TempDir(), make(map[string]string)
	for i, leak := range leaks {
		path := filepath.Join(root, leak.file)
		source, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Count(string(source), leak.old) != 1 {
			t.Fatalf("%s does not hold %q once: the leak has to be made anew", leak.file, leak.old)
		}
		leaky[path] = filepath.Join(tmp, fmt.Sprintf("leaky%d.go", i))
		if err := os.WriteFile(leaky[path], []byte(strings.Replace(string(source), leak.old, leak.new, 1)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	overlay, err := json.Marshal(map[string]any{"Replace": leaky})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(tmp, "overlay.json"), overlay, 0o600); err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(tmp, "coalition")
	if out, err := exec.Command("go", "build", "-overlay", filepath.Join(tmp, "overlay.json"), "-o", program, "coalition/cmd/coalition").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	dir := write(t, canaryFiles()...)
	said := everything(t, func(args ...string) *exec.Cmd { return exec.Command(program, args...) }, dir)
	found := strings.Join(leaked(t, dir, said), "; ")
	for _, leak := range leaks {
		if !strings.Contains(found, leak.found) {
			t.Errorf("the leak %s was not found: %q, want %q", leak.name, found, leak.found)
		}
	}
}
