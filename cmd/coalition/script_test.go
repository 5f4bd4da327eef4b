package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"coalition/invites/zones"
	"coalition/templates"
)

var update = flag.Bool("update", false, "rewrite what the scripts compare with")

func TestMain(m *testing.M) {
	if err := flag.Set("test.parallel", "6"); err != nil { // they mostly wait for each other's processes; -parallel still counts
		panic(err)
	}
	testscript.Main(m, map[string]func(){"coalition": main, "killed": killed, "debriefed": debriefed, "questionnaire": questionnaire, "laborer": laborer, "lab": inLab, "xdg-open": browse, "open": browse})
}

// TestScripts runs the program as people do: each file of testdata/script is a session, with what is
// typed and what must come of it. "code N" runs the program and wants that exit code; "shipped" puts
// the example config and plans of the repository into the folder; "files N PATTERN" counts files; "zones
// VERSION PLACE OTHER" makes a database in which a place has the clocks of another one, and lets the system have it.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		UpdateScripts: *update,
		Setup: func(e *testscript.Env) error {
			e.Setenv("TZ", "UTC")
			words, err := templates.Load("")
			if err == nil {
				e.Setenv("LANGUAGES", fmt.Sprint(words.Languages()))
			}
			return err
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"code": func(ts *testscript.TestScript, _ bool, args []string) {
				want, err := strconv.Atoi(args[0])
				ts.Check(err)
				got := 0
				if err := ts.Exec("coalition", args[1:]...); err != nil {
					var exit *exec.ExitError
					if !errors.As(err, &exit) {
						ts.Fatalf("%v", err)
					}
					got = exit.ExitCode()
				}
				if got != want {
					ts.Fatalf("exit code %d, want %d", got, want)
				}
			},
			"shipped": func(ts *testscript.TestScript, _ bool, _ []string) {
				ts.Check(os.CopyFS(ts.MkAbs("examples"), os.DirFS("../../examples")))
				ts.Check(os.RemoveAll(ts.MkAbs("examples/.coalition"))) // of whoever has tried the tour here
				config, err := os.ReadFile("../../config.example.yaml")
				ts.Check(err)
				ts.Check(os.WriteFile(ts.MkAbs("config.example.yaml"), config, 0o600))
			},
			"zones": func(ts *testscript.TestScript, _ bool, args []string) {
				data, err := zones.BuiltIn().Data(args[2])
				ts.Check(err)
				file := ts.MkAbs(filepath.Join("zoneinfo", args[0], args[1]))
				ts.Check(os.MkdirAll(filepath.Dir(file), 0o700))
				ts.Check(os.WriteFile(file, data, 0o600))
				ts.Check(os.WriteFile(ts.MkAbs(filepath.Join("zoneinfo", args[0], "tzdata.zi")), []byte("# version "+args[0]+"\n"), 0o600))
				ts.Setenv("ZONEINFO", ts.MkAbs(filepath.Join("zoneinfo", args[0])))
			},
			"files": func(ts *testscript.TestScript, _ bool, args []string) {
				want, err := strconv.Atoi(args[0])
				ts.Check(err)
				got, err := filepath.Glob(ts.MkAbs(args[1]))
				ts.Check(err)
				if len(got) != want {
					ts.Fatalf("%d files, want %d: %v", len(got), want, got)
				}
			},
		},
	})
}
