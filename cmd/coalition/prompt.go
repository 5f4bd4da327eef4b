package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"coalition/scheduler/conversation"
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

// errStopped ends a command at whose question somebody has pressed Ctrl-C.
var errStopped = errors.New("stopped at a question")

// prompt returns the line that is typed behind text; the error is io.EOF at the end of the input, or errStopped.
func (a *app) prompt(text string) (string, error) {
	if a.lines == nil {
		a.lines = bufio.NewReader(a.stdin)
	}
	line, err := a.typed(text, func() (string, error) { return a.lines.ReadString('\n') })
	return strings.TrimSpace(line), err
}

// promptSecret does what prompt does, on a terminal, and shows nothing of what is typed.
func (a *app) promptSecret(text string) (string, error) {
	f, ok := a.stdin.(*os.File)
	if !ok {
		return a.prompt(text)
	}
	shown, err := term.GetState(int(f.Fd()))
	if err != nil {
		return a.prompt(text)
	}
	// A terminal hands over one line at a time: nothing that was typed ahead is held back in a.lines.
	line, err := a.typed(text, func() (string, error) {
		line, err := term.ReadPassword(int(f.Fd()))
		return string(line), err
	})
	if errors.Is(err, errStopped) {
		// The read goes on, and would leave the terminal as it is.
		_ = term.Restore(int(f.Fd()), shown)
		return "", err
	}
	a.note("")
	return line, err
}

// typed returns what read gets, once text has been shown.
func (a *app) typed(text string, read func() (string, error)) (string, error) {
	fmt.Fprint(a.stderr, text)
	type input struct {
		line string
		err  error
	}
	got := make(chan input, 1)
	// Nothing calls a read back.
	go func() {
		line, err := read()
		if line != "" {
			err = nil
		}
		got <- input{line, err}
	}()
	select {
	case in := <-got:
		return in.line, in.err
	case <-a.soft.Done():
		return "", errStopped
	}
}
