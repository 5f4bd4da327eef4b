package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"coalition/scheduler/store/storetest"
)

// races is how often the tests of processes side by side race: COALITION_RACES, or n.
func races(t *testing.T, n int) int {
	t.Helper()
	if s := os.Getenv("COALITION_RACES"); s != "" {
		many, err := strconv.Atoi(s)
		if err != nil {
			t.Fatal(err)
		}
		return many
	}
	return n
}

// TestOneTime: of two partners whose answers to one offered time are taken in at the same moment, by a
// process each, one has the time.
func TestOneTime(t *testing.T) { t.Parallel(); testOneTime(t, "./state/coalition.db") }

// TestOneTimePostgres is the same on the other database.
func TestOneTimePostgres(t *testing.T) { t.Parallel(); testOneTime(t, storetest.Postgres(t)(t)) }

func testOneTime(t *testing.T, state string) {
	rounds := races(t, 4)
	files := []string{"config.yaml", anaConfig + fmt.Sprintf("state: %q\nhold_over: 10000\n", state)}
	for i := range rounds {
		for _, who := range []string{"a", "b"} {
			text := strings.Replace(mayaPlan, "maya@", fmt.Sprintf("%s%d@", who, i), 1)
			text = strings.Replace(text, "times: [in 8 working days at 10:00, in 9 working days at 15:00]", fmt.Sprintf("start: in %d days at %02d:00", 8+i/10, 8+i%10), 1)
			files = append(files, fmt.Sprintf("conversations/%s%d.yaml", who, i), text)
		}
	}
	dir := write(t, files...)
	if code, _, stderr := coalition(t, dir, "daemon", "--once", "-q"); code != 0 {
		t.Fatalf("exit %d\n%s", code, stderr)
	}
	for i := range rounds {
		var both []*exec.Cmd
		for _, who := range []string{"a", "b"} {
			id := fmt.Sprint(who, i)
			brief, err := os.ReadFile(inOutbox(t, dir, "*-"+id+"-brief-0.eml")[0])
			if err != nil {
				t.Fatal(err)
			}
			reply := fmt.Sprintf("From: %s@example.org\nTo: ana@example.org\nSubject: Re: x\nMessage-ID: <%[1]s@x>\nIn-Reply-To: %s\n\n%s\n", id, messageID.FindStringSubmatch(string(brief))[1], []string{"Yes", "1"}[rand.IntN(2)])
			path := filepath.Join(dir, id+".eml")
			if err := os.WriteFile(path, []byte(reply), 0o600); err != nil {
				t.Fatal(err)
			}
			both = append(both, binary("coalition", "--config", filepath.Join(dir, "config.yaml"), "receive", path))
		}
		var said []*strings.Builder
		for _, cmd := range both {
			out := new(strings.Builder)
			cmd.Stdout, cmd.Stderr = out, out
			said = append(said, out)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
		}
		for k, cmd := range both {
			if err := cmd.Wait(); err != nil {
				t.Errorf("round %d: %v\n%s", i, err, said[k])
			}
		}
	}
	_, out, _ := coalition(t, dir, "list", "--json")
	var rows []row
	if err := json.Unmarshal([]byte(out), &rows); err != nil {
		t.Fatal(err)
	}
	taken := make(map[string]int)
	for _, r := range rows {
		if r.Status != "permitted" {
			t.Errorf("%s is %s: its answer is lost", r.ID, r.Status)
		}
		if r.Start != nil {
			taken[r.ID[1:]]++
		}
	}
	for i := range rounds {
		if n := taken[fmt.Sprint(i)]; n != 1 {
			t.Errorf("round %d: %d talks at one time, want 1", i, n)
		}
	}
}

// TestHoldBeside: two daemons over one database hold more messages than hold_over as one would, whichever
// of them sees what first.
func TestHoldBeside(t *testing.T) {
	t.Parallel()
	newDatabase := storetest.Postgres(t)
	people, limit := 60, 40
	if os.Getenv("COALITION_RACES") != "" {
		people, limit = 300, 200
	}
	for i := range races(t, 2) {
		files := []string{"config.yaml", anaConfig + fmt.Sprintf("state: %q\nhold_over: %d\n", newDatabase(t), limit)}
		for k := range people {
			files = append(files, fmt.Sprintf("conversations/p%03d.yaml", k), strings.Replace(mayaPlan, "maya@", fmt.Sprintf("p%d@", k), 1))
		}
		dir := write(t, files...)
		if i%2 == 0 { // else they are still being written
			old := time.Now().Add(-time.Minute)
			for k := range people {
				if err := os.Chtimes(filepath.Join(dir, fmt.Sprintf("conversations/p%03d.yaml", k)), old, old); err != nil {
					t.Fatal(err)
				}
			}
		} else { // over half a second, so that they become still one after the other
			began := time.Now()
			for k := range people {
				at := began.Add(time.Duration(k) * 500 * time.Millisecond / time.Duration(people))
				if err := os.Chtimes(filepath.Join(dir, fmt.Sprintf("conversations/p%03d.yaml", k)), at, at); err != nil {
					t.Fatal(err)
				}
			}
		}
		var daemons []*running
		for n := range 2 {
			if n > 0 && i > 1 { // up to three seconds apart
				<-time.After(time.Duration(rand.IntN(3000)) * time.Millisecond)
			}
			daemons = append(daemons, startDaemon(t, dir))
		}
		held := func() (held, all int) {
			_, out, _ := coalition(t, dir, "log", "--json")
			var rows []logRow
			if err := json.Unmarshal([]byte(out), &rows); err != nil {
				t.Fatal(err)
			}
			for _, r := range rows {
				if r.State != nil {
					if all++; *r.State == "held" {
						held++
					}
				}
			}
			return held, all
		}
		for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
			if _, all := held(); all >= people {
				break
			}
		}
		for _, d := range daemons {
			d.await("msg=started")
			if code := d.stop(); code != 0 {
				t.Errorf("exit %d", code)
			}
		}
		n, all := held()
		if left := len(inOutbox(t, dir, "*.eml")); n != people || left != 0 {
			t.Errorf("round %d: %d of %d held, %d have left; want all held", i, n, all, left)
		}
	}
}
