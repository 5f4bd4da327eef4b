package addressbook

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/emersion/go-vcard"

	"coalition/invites"
	"coalition/scheduler/plan/form"
	"coalition/scheduler/strictyaml"
)

const begin = "BEGIN:VCARD"

// Lines that no plan has a place for, and that may be longer than all others together.
var bulky = []string{"PHOTO", "LOGO", "SOUND", "KEY", "NOTE"}

func readCards(data []byte) (*Book, error) {
	d := vcard.NewDecoder(bufio.NewReader(bytes.NewReader(unfolded(data))))
	book := &Book{}
	for len(book.People) <= maxPeople {
		place := fmt.Sprintf("card %d", len(book.People)+1)
		card, err := d.Decode()
		if errors.Is(err, io.EOF) {
			return book, nil
		}
		if err != nil {
			return nil, &strictyaml.Fault{Text: "can't be read from " + place + " on",
				Mend: "export it once more: each card begins with BEGIN:VCARD and ends with END:VCARD"}
		}
		book.People = append(book.People, person(place, card))
	}
	return book, nil
}

// unfolded joins the lines that were broken, and leaves out those that are bulky: the decoder takes long over both.
func unfolded(data []byte) []byte {
	out := make([]byte, 0, len(data))
	skip := false
	for line := range bytes.Lines(data) {
		line = bytes.TrimRight(line, "\r\n")
		if len(line) > 0 && (line[0] == ' ' || line[0] == '\t') {
			if !skip {
				out = append(out, line[1:]...)
			}
			continue
		}
		name := line
		if end := bytes.IndexAny(line, ";:"); end >= 0 {
			name = line[:end]
		}
		if dot := bytes.IndexByte(name, '.'); dot >= 0 {
			name = name[dot+1:]
		}
		skip = slices.Contains(bulky, strings.ToUpper(string(name)))
		if !skip {
			if len(out) > 0 {
				out = append(out, '\n')
			}
			out = append(out, line...)
		}
	}
	return append(out, '\n')
}

// unescaped takes out what the decoder leaves of escapes.
var unescaped = strings.NewReplacer(`\;`, ";", `\:`, ":", `\N`, "\n")

func person(place string, card vcard.Card) Person {
	p := Person{Place: place, Said: make(form.Said)}
	value := func(key string) string { return strings.TrimSpace(unescaped.Replace(card.PreferredValue(key))) }
	name := value(vcard.FieldFormattedName)
	// The family name comes first; a semicolon with a mark before it is its own.
	const mark = "\x00"
	if n := strings.Split(strings.ReplaceAll(card.PreferredValue(vcard.FieldName), `\;`, mark), ";"); name == "" {
		name = strings.ReplaceAll(strings.Join(strings.Fields(append(n, "")[1]+" "+n[0]), " "), mark, ";")
	}
	if name != "" {
		p.Said["with.name"] = []string{name}
	}
	address(p.Said, addresses(card))
	// What is no zone or language here is none of the organizer's making, and can do without.
	if zone := value(vcard.FieldTimezone); zone != "" {
		if _, err := invites.Location(zone); err == nil {
			p.Said["with.timezone"] = []string{zone}
		}
	}
	if language := value(vcard.FieldLanguage); form.Check("with.language", language) == nil && language != "" {
		p.Said["with.language"] = []string{language}
	}
	switch kind := strings.ToLower(value(vcard.FieldKind)); {
	case value(vcard.FieldVersion) == "2.1":
		p.Trouble = "it is a vCard of version 2.1; export it as 3.0 or 4.0"
	case kind != "" && kind != "individual", strings.EqualFold(value("X-ABSHOWAS"), "company"),
		strings.EqualFold(value("X-ADDRESSBOOKSERVER-KIND"), "group"):
		p.Trouble = "it is no single person"
	}
	return p
}

// addresses are those of a card, the preferred ones first: by PREF, as version 4.0 has it, or TYPE=pref, as 3.0 does.
func addresses(card vcard.Card) []string {
	fields := slices.Clone(card[vcard.FieldEmail])
	rank := func(f *vcard.Field) int {
		if n, err := strconv.Atoi(f.Params.Get(vcard.ParamPreferred)); err == nil {
			return n
		}
		if f.Params.HasType("pref") {
			return 1
		}
		return 101
	}
	slices.SortStableFunc(fields, func(a, b *vcard.Field) int { return rank(a) - rank(b) })
	var list []string
	for _, f := range fields {
		list = append(list, strings.TrimPrefix(unescaped.Replace(f.Value), "mailto:"))
	}
	return list
}
