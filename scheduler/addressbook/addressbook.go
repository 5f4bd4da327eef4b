// Package addressbook knows how address books and spreadsheets hand people over: it reads vCards (RFC 6350, and those
// of version 3.0) and CSV, and gives what they say of a plan with each. Who gets a plan it leaves to others, and what a
// plan may say to form.
package addressbook

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"coalition/scheduler/plan/form"
	"coalition/scheduler/strictyaml"
)

// MaxSize is how large a file may be, in bytes: address books hold pictures.
const MaxSize = 64 << 20

// maxPeople is how many people a file may hold.
const maxPeople = 5000

// A Book is what a file says.
type Book struct {
	People []Person
	// Unread are the headings of columns that say nothing that a plan has a place for.
	Unread []string
}

// A Person is one entry of a file, as it stands there: nothing of it has been checked.
type Person struct {
	// Place is where it stands, such as "row 7".
	Place string
	// Said is what it says of a plan. Several addresses are the address and its aliases, the preferred one first.
	Said form.Said
	// Trouble is why this can't be the partner of a plan; "": there is none yet.
	Trouble string
}

// Read reads a file. Its error is a [strictyaml.Fault], in words that follow the file's name.
func Read(data []byte) (*Book, error) {
	if len(data) > MaxSize {
		return nil, &strictyaml.Fault{Text: fmt.Sprintf("is larger than %d MB", MaxSize>>20),
			Mend: "export fewer people at once"}
	}
	// Spreadsheets mark UTF-8, or write UTF-16, by their first bytes.
	text, _, err := transform.Bytes(unicode.BOMOverride(transform.Nop), data)
	if err != nil || !utf8.Valid(text) || bytes.IndexByte(text, 0) >= 0 {
		return nil, &strictyaml.Fault{Text: "is not UTF-8 text", Mend: "export it as UTF-8 (Excel calls that CSV UTF-8)"}
	}
	text = bytes.TrimSpace(text)
	var book *Book
	switch {
	case len(text) == 0:
		return nil, &strictyaml.Fault{Text: "is empty", Mend: "export the people once more"}
	case len(text) >= len(begin) && strings.EqualFold(string(text[:len(begin)]), begin):
		book, err = readCards(text)
	default:
		book, err = readTable(text)
	}
	if err == nil && len(book.People) > maxPeople {
		err = &strictyaml.Fault{Text: fmt.Sprintf("holds more than %d people", maxPeople),
			Mend: "export those that you want to talk with"}
	}
	if err != nil {
		return nil, err
	}
	return book, nil
}

// address puts addresses into what is said: the first one, and the others as aliases.
func address(said form.Said, list []string) {
	seen := make(map[string]bool)
	for _, a := range list {
		a = strings.TrimSpace(a)
		key := strings.ToLower(a)
		switch {
		case a == "" || seen[key]:
			continue
		case len(said["with.email"]) == 0:
			said["with.email"] = []string{a}
		default:
			said["with.aliases"] = append(said["with.aliases"], a)
		}
		seen[key] = true
	}
}
