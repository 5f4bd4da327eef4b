// Package refusal knows how people are told why something was not done, and what to do instead. What is refused it
// leaves to whoever does so.
package refusal

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"coalition/invites/plaintext"
)

// The reasons for which a change or a message is refused, for [errors.Is].
var (
	ErrNotReady = errors.New("the organizer has not checked in")
	ErrNoYes    = errors.New("no yes is on record")
	ErrUnfit    = errors.New("this does not fit the conversation as it stands")
	// A moment later it may fit.
	ErrBusy = errors.New("a change is being written into the calendar at this moment")
)

// An Error says in words for people why something was not done, and what to do instead. It wraps
// [ErrNotReady], [ErrNoYes], [ErrUnfit] or [ErrBusy].
type Error struct {
	Reason error
	// One sentence without its full stop.
	Text string
	// What to do, likewise; may be empty.
	Mend string
}

// New is the refusal for that reason, in those words.
func New(reason error, text, mend string) *Error { return &Error{reason, text, mend} }

// Error is the text and the mend.
func (r *Error) Error() string {
	if r.Mend == "" {
		return r.Text
	}
	return r.Text + "; " + r.Mend
}

// Unwrap is the reason.
func (r *Error) Unwrap() error { return r.Reason }

// longest is how many characters a letter may have.
const longest = 4000

// CheckLetter refuses what is no plain text of sane length, in one line or several.
func CheckLetter(what, text string) error {
	if err := plaintext.CheckText(text); err != nil {
		return New(ErrUnfit, what+" "+err.Error(), "write it as plain text")
	}
	if n := utf8.RuneCountInString(text); n > longest {
		return New(ErrUnfit, fmt.Sprintf("%s is %d characters long", what, n), fmt.Sprintf("keep it to %d", longest))
	}
	return nil
}

// CheckText refuses what is no single line of sane length.
func CheckText(what, text string) error {
	if err := plaintext.CheckLine(text); err != nil {
		return New(ErrUnfit, what+" "+err.Error(), "write it as one line")
	}
	if n := utf8.RuneCountInString(text); n > plaintext.MaxLine {
		return New(ErrUnfit, fmt.Sprintf("%s is %d characters long", what, n),
			fmt.Sprintf("keep it under %d", plaintext.MaxLine))
	}
	return nil
}
