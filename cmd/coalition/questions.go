package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/mattn/go-runewidth"

	"coalition/invites/plaintext"
	"coalition/scheduler/strictyaml"
)

// A question is one step of a walk. What it asks for is told by which of text, list, yes, secret and work is set: what
// stands there beforehand is proposed, what is answered is put there.
type question struct {
	// key names the question to then, and to whoever keeps the answers.
	key string
	// title is the question in a few words; explain says, in a line, what hangs on it. Neither ends in a colon.
	title, explain string

	// text is one line; of several choices, the value of one.
	text    *string
	choices []choice
	// long: the line may well be longer than the screen is wide.
	long bool
	// list is several lines, of which an empty one ends the question.
	list *[]string
	yes  *bool
	// secret is a line that is not shown.
	secret *string
	// work asks nothing: it is done, with its title shown, before what follows is asked. Going back passes over it.
	// Its error ends the walk.
	work func(context.Context) error

	// needed: nothing is no answer.
	needed bool
	// valid says what is wrong with a line, be it a strictyaml.Fault, and is not asked about an empty one.
	valid func(string) error
	// when reports whether the question applies, after the answers so far; nil: it does.
	when func() bool
	// now, where it is set, puts in what depends on the answers so far, before the question is asked.
	now func(*question)
	// then names the question to go on with, after this one was answered; nil or "": the one that follows.
	then func() string

	// unsent is what was typed when somebody went back instead of sending it; it is not lost.
	unsent string
}

// A choice is one of several answers, with a line that says what it means.
type choice struct{ value, explain string }

// errEnded ends a walk whose answers have come to an end before it has.
var errEnded = usage("nothing was written: the answers ended too soon", "")

// A walk goes through questions in their order, and back.
type walk struct {
	questions []*question
	// at is the one that is asked; past are those answered on the way there.
	at   int
	past []int
	// kept is told of each answer; its error ends the walk.
	kept func(*question) error
}

// walk asks the questions, on a terminal. Somebody may go back, also over those that no longer apply. kept, unless it
// is nil, is told of each answer. The error is errStopped after Ctrl-C, errEnded, or what work or kept has returned.
func (a *app) walk(questions []*question, kept func(*question) error) error {
	return a.walkAfter("", questions, kept)
}

// walkAfter goes on behind the question of that key, as if those up to it had been answered just now.
func (a *app) walkAfter(key string, questions []*question, kept func(*question) error) error {
	w := &walk{questions: questions, at: -1, kept: kept}
	last := slices.IndexFunc(questions, func(q *question) bool { return key != "" && q.key == key })
	for w.at < last && w.forward() && w.at <= last {
		if w.current().work == nil {
			w.past = append(w.past, w.at)
		}
	}
	w.at = last
	if !w.forward() {
		return nil
	}
	if a.plain() {
		return a.walkPlain(w)
	}
	return a.walkScreen(w)
}

// plain reports whether questions are lines of text: for screen readers, and terminals whose cursor can't be moved.
func (a *app) plain() bool {
	t := a.getenv("TERM")
	return t == "" || t == "dumb" || a.getenv("ACCESSIBLE") != "" || !terminal(a.stdin) || !terminal(a.stderr)
}

func (w *walk) current() *question { return w.questions[w.at] }

// forward goes to the next question that applies, and reports whether there is one.
func (w *walk) forward() bool {
	for w.at++; w.at < len(w.questions); w.at++ {
		q := w.current()
		if q.when != nil && !q.when() {
			continue
		}
		if q.now != nil {
			q.now(q)
		}
		return true
	}
	return false
}

// next goes on from the current question, which has been answered.
func (w *walk) next() (more bool, err error) {
	q := w.current()
	if q.work == nil {
		w.past = append(w.past, w.at)
		if w.kept != nil {
			if err := w.kept(q); err != nil {
				return false, err
			}
		}
	}
	to := ""
	if q.then != nil {
		to = q.then()
	}
	if i := slices.IndexFunc(w.questions, func(q *question) bool { return to != "" && q.key == to }); i >= 0 {
		w.at = i - 1
		// Whoever goes back from there comes to what was before it.
		w.past = slices.DeleteFunc(w.past, func(p int) bool { return p >= i })
	}
	return w.forward(), nil
}

// back goes to the question that was answered last and still applies; at the first one, it stays.
func (w *walk) back() {
	for len(w.past) > 0 {
		i := w.past[len(w.past)-1]
		w.past = w.past[:len(w.past)-1]
		if q := w.questions[i]; q.when == nil || q.when() {
			if w.at = i; q.now != nil {
				q.now(q)
			}
			return
		}
	}
}

// take puts an answer to a question of one line, or adds one to a list. The fault is in words that people read; "" is
// none.
func (q *question) take(answer string) (fault string) {
	// What was copied may have a line break behind it.
	answer = strings.TrimSpace(answer)
	if q.choices != nil {
		return q.choose(answer)
	}
	if answer == "" && q.needed && (q.list == nil || len(*q.list) == 0) {
		return "This one is needed; Ctrl-C leaves."
	}
	if answer != "" {
		err := plaintext.CheckLine(answer)
		if err == nil && q.valid != nil {
			err = q.valid(answer)
		}
		var wrong *strictyaml.Fault
		switch {
		case errors.As(err, &wrong) && wrong.Mend != "":
			return fmt.Sprintf("This %s; %s.", wrong.Text, wrong.Mend)
		case err != nil:
			return fmt.Sprintf("This %s.", err)
		}
	}
	switch {
	case q.secret != nil:
		*q.secret = answer
	case q.text != nil:
		*q.text = answer
	case answer != "":
		*q.list = append(*q.list, answer)
	}
	return ""
}

// choose takes the choice that a number or the beginning of its name stands for.
func (q *question) choose(answer string) (fault string) {
	if n, err := strconv.Atoi(answer); err == nil && n >= 1 && n <= len(q.choices) {
		*q.text = q.choices[n-1].value
		return ""
	}
	var found []string
	for _, c := range q.choices {
		switch {
		case strings.EqualFold(c.value, answer):
			*q.text = c.value
			return ""
		case answer != "" && strings.HasPrefix(strings.ToLower(c.value), strings.ToLower(answer)):
			found = append(found, c.value)
		}
	}
	if len(found) == 1 {
		*q.text = found[0]
		return ""
	}
	return fmt.Sprintf("Type a number from 1 to %d.", len(q.choices))
}

// answer is what stands there, as it is shown.
func (q *question) answer() string {
	switch {
	case q.text != nil && *q.text == "" && q.choices != nil:
		for _, c := range q.choices {
			if c.value == "" {
				return c.explain
			}
		}
		return ""
	case q.text != nil:
		return *q.text
	case q.list != nil:
		return strings.Join(*q.list, "; ")
	case q.yes != nil && *q.yes:
		return "yes"
	case q.yes != nil:
		return "no"
	case q.secret != nil && *q.secret != "":
		return "(not shown)"
	}
	return ""
}

// inquire asks one question of one line, until the answer is one that valid takes; an empty one stands for preset.
// Where nothing may be left out, needed says so.
func (a *app) inquire(title, preset string, needed bool, valid func(string) error) (string, error) {
	answer := preset
	err := a.walk([]*question{{title: title, text: &answer, needed: needed, valid: valid}}, nil)
	return answer, err
}

// labels are the choices with what they mean, in two blocks side by side; before the first of their lines are so many
// columns, of that many in all.
func (q *question) labels(columns, before int) []string {
	width := 0
	for _, c := range q.choices {
		width = max(width, runewidth.StringWidth(c.value))
	}
	list := make([]string, len(q.choices))
	for i, c := range q.choices {
		if list[i] = c.explain; c.value == "" {
			continue
		}
		left := before + width + 2
		explain := strings.Join(plaintext.Wrap(c.explain, max(20, columns-left)), "\n"+strings.Repeat(" ", left))
		list[i] = strings.TrimRight(runewidth.FillRight(c.value, width)+"  "+explain, " ")
	}
	return list
}
