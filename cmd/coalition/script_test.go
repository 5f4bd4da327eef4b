package main

import (
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "rewrite what the scripts compare with")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"coalition": main, "killed": killed, "xdg-open": browse, "open": browse})
}

// TestScripts runs the program as people do: each file of testdata/script is a session, with what is
// typed and what must come of it. "code N" runs the program and wants that exit code; "shipped" puts
// the example config and plans of the repository into the folder; "files N PATTERN" counts files.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		UpdateScripts: *update,
		Setup: func(e *testscript.Env) error {
			e.Setenv("TZ", "UTC")
			return nil
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
