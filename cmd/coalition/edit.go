package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"coalition/scheduler/conversation"
	"coalition/scheduler/plan"
	"coalition/scheduler/roster"
	"coalition/scheduler/strictyaml"
	"coalition/scheduler/worklist"
)

func (a *app) editCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "edit ID",
		Short: "Open a plan in your editor, and check it afterwards",
		Long: `Open the plan of a conversation in your editor ($VISUAL, or else $EDITOR), and check
it afterwards: what is wrong is shown with its line, and you may go back to it. Then
it says what follows from the change, such as an update to somebody who is invited.`,
		Example:           "  coalition edit maya\n  EDITOR=\"code -w\" coalition edit maya",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.ids,
		RunE: func(cmd *cobra.Command, args []string) error {
			b, err := a.board(cmd.Context())
			if err != nil {
				return err
			}
			path, err := a.planPath(b, args[0])
			if err != nil {
				return err
			}
			if !terminal(a.stdin) {
				return usage("an editor needs a terminal, and there is none here",
					"change "+path+" by other means, then: "+a.hint("check "+args[0]))
			}
			return a.edit(cmd.Context(), b, path)
		},
	}
}

// planPath returns the file of the plan that a command names, be it one that can't be used.
func (a *app) planPath(b *roster.Roster, ref string) (string, error) {
	c, err := b.Find(ref)
	id := plan.ID(ref)
	if err == nil {
		id = c.ID
		if c.Source() != nil {
			// The round may have a file of its own.
			return c.Source().Problem("", "").File, nil
		}
	}
	switch paths := slices.Sorted(maps.Keys(a.sched.Plans.Holding(id))); {
	case len(paths) > 0:
		return paths[0], nil
	case err == nil:
		return "", usage("the plan of %s is in no file any more", "write one anew, or: "+a.hint("cancel "+ref), c.Ref())
	}
	return "", err
}

// edit lets somebody change a plan file, until it has no problem or they leave it at that.
func (a *app) edit(ctx context.Context, b *roster.Roster, path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return usage("the plan file %s can't be read", "look at its permissions", path)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		return usage("the plan file %s can't be read", "look at its permissions", path)
	}
	for {
		failed := a.runEditor(path)
		after, err := os.ReadFile(path)
		if err != nil {
			return errors.Join(failed, usage("the plan file %s is not there any more",
				"that cancels nothing; bring it back, or see: "+a.hint("list"), path))
		}
		// Some editors write a new file in place of the old one.
		if now, err := os.Stat(path); err == nil && now.Mode().Perm() != info.Mode().Perm() {
			if err := os.Chmod(path, info.Mode().Perm()); err != nil {
				a.note("Note: look at who may read %s: the editor has changed that (%s).", path, errorText(err))
			}
		}
		if bytes.Equal(before, after) && failed != nil {
			return failed
		}
		next, err := a.look(ctx)
		if err != nil {
			return err
		}
		list := slices.DeleteFunc(a.planProblems(ctx, next), func(p strictyaml.Problem) bool { return p.File != path })
		found := a.sayProblems(path, list)
		if found == nil {
			if bytes.Equal(before, after) {
				a.say("Nothing has changed.")
			} else {
				a.sayChange(b, next, path)
			}
			return failed
		}
		again := true
		err = a.walk([]*question{{title: "Open it again", yes: &again,
			explain: "As it stands, nothing goes out by it; the other plans go on."}}, nil)
		switch {
		case errors.Is(err, errEnded) || err == nil && !again:
			return found
		case err != nil:
			return err
		}
	}
}

// sayChange says what comes next in the conversations of a file that was edited, where that has changed.
func (a *app) sayChange(before, after *roster.Roster, path string) {
	words := func(b *roster.Roster, c *conversation.Conversation) string {
		return a.nextWords(roster.Next(c, b.Now), b.Now)
	}
	was := make(map[string]string)
	for _, c := range before.Conversations {
		was[c.Ref()] = words(before, c)
	}
	said := false
	for _, c := range after.Conversations {
		if c.Source() == nil || c.Source().Problem("", "").File != path {
			continue
		}
		if next := words(after, c); next != was[c.Ref()] {
			a.say("%s: %s. Next: %s", c.Ref(), c.Status(after.Now), next)
			said = true
		}
		if difference := worklist.Difference(c, after.Now); difference != "" {
			a.say("%s: %s", c.Ref(), difference)
		}
	}
	if !said {
		a.say("What comes next is as before.")
	}
}

// runEditor lets the editor run on a file. It takes the terminal, and Ctrl-C, as it likes.
func (a *app) runEditor(path string) error {
	editor, err := a.editor()
	if err != nil {
		return err
	}
	// The shell knows quotes, as in every program that starts an editor.
	cmd := exec.Command("sh", "-c", editor+` "$@"`, editor, path)
	if runtime.GOOS == "windows" {
		words := append(strings.Fields(editor), path)
		cmd = exec.Command(words[0], words[1:]...)
	}
	cmd.Env = a.environ
	cmd.Stdin, cmd.Stdout, cmd.Stderr = a.stdin, a.stderr, a.stderr
	if terminal(a.stdout) {
		cmd.Stdout = a.stdout
	}
	err = cmd.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &exit) && exit.ExitCode() > 0 && exit.ExitCode() < 126:
		return fmt.Errorf("the editor ended with a fault (exit code %d)", exit.ExitCode())
	case errors.As(err, &exit) && exit.ExitCode() < 0:
		return fmt.Errorf("the editor was ended (%w)", exit)
	}
	return usage("the editor %s can't be started", "name another in $EDITOR, such as EDITOR=nano", editor)
}

// editor is the command that opens an editor.
func (a *app) editor() (string, error) {
	named := a.getenv("EDITOR")
	if a.getenv("TERM") != "dumb" {
		named = cmp.Or(a.getenv("VISUAL"), named)
	}
	if named != "" {
		return named, nil
	}
	usual := []string{"sensible-editor", "editor", "nano", "vi"}
	if runtime.GOOS == "windows" {
		usual = []string{"notepad"}
	}
	for _, name := range usual {
		if _, err := exec.LookPath(name); err == nil {
			return name, nil
		}
	}
	return "", usage("there is no editor here", "name one in $EDITOR, such as EDITOR=nano")
}
