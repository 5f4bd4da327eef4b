package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"coalition/invites/plaintext"
	"coalition/scheduler/conversation"
	"coalition/scheduler/strictyaml"
)

// terminal reports whether v is a terminal.
func terminal(v any) bool {
	f, ok := v.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// confirm asks y/N on a terminal. Where nobody can be asked, --yes is needed.
func (a *app) confirm(question string) error {
	if a.yes {
		return nil
	}
	if !terminal(a.stdin) {
		return usage("nobody can be asked here whether to send", "add --yes, or look first with --dry-run")
	}
	yes, err := a.agrees(question)
	if err == nil && !yes {
		err = usage("nothing was sent", "")
	}
	return err
}

// confirmQuiet asks before something that sends nothing and can't be taken back.
func (a *app) confirmQuiet(d *conversation.Draft) error {
	if !terminal(a.stdin) {
		return nil
	}
	return a.confirm(fmt.Sprintf("%s: %s, and nobody is written to. Do it?", d.Conversation.Ref(), d.What()))
}

// agrees asks y/N; no answer is a no.
func (a *app) agrees(question string) (bool, error) {
	answer, err := a.prompt(question + " [y/N] ")
	if errors.Is(err, io.EOF) {
		// What follows begins on a line of its own.
		a.note("")
		err = nil
	}
	answer = strings.ToLower(answer)
	return answer == "y" || answer == "yes", err
}

// allTheSame returns a question with what the organizer should know first, which is said, too, where nobody is asked.
func (a *app) allTheSame(objection, question string) string {
	if objection == "" {
		return question
	}
	if a.yes {
		a.note("Note: %s", objection)
	}
	return objection + " " + strings.TrimSuffix(question, "?") + " all the same?"
}

// inquire asks until the answer is one that valid takes; an empty one stands for preset. Where nothing may
// be left out, needed says so.
func (a *app) inquire(question, preset string, needed bool, valid func(string) error) (string, error) {
	if preset != "" {
		question += " [" + preset + "]"
	}
	for {
		answer, err := a.prompt(question + ": ")
		if errors.Is(err, io.EOF) {
			a.note("")
			return "", usage("nothing was written: the answers ended too soon", "")
		}
		if err != nil {
			return "", err
		}
		if answer == "" {
			answer = preset
		}
		switch {
		case answer == "" && !needed:
			return "", nil
		case answer == "":
			a.note("  This one is needed; Ctrl-C leaves.")
			continue
		}
		if err := plaintext.CheckLine(answer); err != nil {
			a.note("  This %s.", err)
			continue
		}
		if valid == nil {
			return answer, nil
		}
		var fault *strictyaml.Fault
		switch err := valid(answer); {
		case err == nil:
			return answer, nil
		case errors.As(err, &fault):
			a.note("  This %s; %s.", fault.Text, fault.Mend)
		default:
			a.note("  This %s.", err)
		}
	}
}

// errStopped ends a command at whose question somebody has pressed Ctrl-C.
var errStopped = errors.New("stopped at a question")

// prompt returns the line that is typed behind text; the error is io.EOF at the end of the input, or errStopped.
func (a *app) prompt(text string) (string, error) {
	fmt.Fprint(a.stderr, text)
	if a.lines == nil {
		a.lines = bufio.NewReader(a.stdin)
	}
	type input struct {
		line string
		err  error
	}
	typed := make(chan input, 1)
	// Nothing calls a read back.
	go func() {
		line, err := a.lines.ReadString('\n')
		if line = strings.TrimSpace(line); line != "" {
			err = nil
		}
		typed <- input{line, err}
	}()
	select {
	case in := <-typed:
		return in.line, in.err
	case <-a.soft.Done():
		return "", errStopped
	}
}
