package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"coalition/invites/plaintext"
)

// walkPlain asks line by line.
func (a *app) walkPlain(w *walk) error {
	if len(w.questions) > 1 {
		a.note("Enter alone takes what stands in brackets; < goes back; Ctrl-C leaves.")
	}
	for {
		back, err := a.askPlain(w.current())
		if errors.Is(err, io.EOF) {
			a.note("")
			err = errEnded
		}
		if err != nil {
			return err
		}
		if back {
			w.back()
			continue
		}
		if more, err := w.next(); err != nil || !more {
			return err
		}
	}
}

// askPlain asks until there is an answer, or a "<".
func (a *app) askPlain(q *question) (back bool, err error) {
	if q.work != nil {
		a.note("%s …", q.title)
		err := q.work(a.soft)
		if a.soft.Err() != nil {
			err = errStopped
		}
		return false, err
	}
	for _, line := range strings.Split(q.explain, "\n") {
		if line != "" {
			for _, piece := range plaintext.Wrap(line, 76) {
				a.note("  %s", piece)
			}
		}
	}
	prompt := q.title
	switch preset := q.answer(); {
	case q.yes != nil && *q.yes:
		prompt += " [Y/n]"
	case q.yes != nil:
		prompt += " [y/N]"
	case q.choices != nil:
		at := max(0, slices.IndexFunc(q.choices, func(c choice) bool { return c.value == *q.text }))
		*q.text = q.choices[at].value
		for i, line := range q.labels(80, 5) {
			a.note("  %d  %s", i+1, line)
		}
		prompt += fmt.Sprintf(" [%d]", at+1)
	case preset != "":
		if q.list == nil {
			prompt += " [" + preset + "]"
		} else {
			for _, line := range *q.list {
				a.note("    %s", line)
			}
			prompt += " [as above]"
		}
		if !q.needed {
			a.note("  - alone takes out what stands there.")
		}
	}
	if q.list != nil {
		return a.listPlain(q, prompt)
	}
	for {
		read := a.prompt
		if q.secret != nil {
			read = a.promptSecret
		}
		line, err := read(prompt + ": ")
		switch {
		case err != nil:
			return false, err
		case line == "<":
			return true, nil
		case line == "" && (q.answer() != "" || q.choices != nil):
			return false, nil
		case line == "-" && !q.needed && q.text != nil && q.choices == nil && *q.text != "":
			*q.text = ""
			return false, nil
		}
		if q.yes != nil {
			switch strings.ToLower(line) {
			case "y", "yes":
				*q.yes = true
				return false, nil
			case "n", "no":
				*q.yes = false
				return false, nil
			}
			a.note("  Type y or n.")
			continue
		}
		if fault := q.take(line); fault != "" {
			a.note("  %s", fault)
			continue
		}
		return false, nil
	}
}

// listPlain asks for lines until an empty one.
func (a *app) listPlain(q *question, prompt string) (back bool, err error) {
	a.note("  One to a line; an empty line ends it.")
	before := *q.list
	*q.list = nil
	for {
		line, err := a.prompt(fmt.Sprintf("%s, %d: ", prompt, len(*q.list)+1))
		switch n := len(*q.list); {
		case err != nil:
			return false, err
		case line == "<" && n > 0:
			*q.list = (*q.list)[:n-1]
			continue
		case line == "<":
			*q.list = before
			return true, nil
		case line == "-" && n == 0 && !q.needed:
			return false, nil
		case line == "" && n == 0 && len(before) > 0:
			*q.list = before
			return false, nil
		}
		prompt = q.title
		if fault := q.take(line); fault != "" {
			a.note("  %s", fault)
			continue
		}
		if line == "" {
			return false, nil
		}
	}
}
