package addressbook

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"

	"coalition/scheduler/plan/form"
	"coalition/scheduler/strictyaml"
)

// What a column of people holds that is no key of a plan.
const (
	first  = "first"
	middle = "middle"
	last   = "last"
	full   = "full"
	mail   = "mail"
)

// headings are those of other programs: Google Contacts, Outlook and Thunderbird, also in the languages of their users.
// They stand here as plainly writes them.
var headings = map[string][]string{
	full: {"fullname", "displayname", "anzeigename", "nomcomplet", "nombrecompleto", "nomecompleto", "volledigenaam",
		"weergavenaam", "partner", "person"},
	first: {"firstname", "givenname", "vorname", "prénom", "nombre", "nome", "primeironome", "nomepróprio", "voornaam"},
	middle: {"middlename", "additionalname", "weiterevornamen", "zweitervorname", "deuxièmeprénom", "segundonombre",
		"secondonome"},
	last: {"lastname", "familyname", "surname", "nachname", "familienname", "nom", "nomdefamille", "apellidos",
		"apellido", "cognome", "apelido", "sobrenome", "achternaam"},
	mail: {"email", "emailvalue", "emailaddress", "mail", "emails", "mailaddress", "primaryemail", "secondaryemail",
		"emailadresse", "emailadressen", "primäreemailadresse", "sekundäreemailadresse", "emailwert",
		"adressedemessagerie", "adresseemail", "courriel", "adresseélectronique", "correoelectrónico",
		"direccióndecorreoelectrónico", "direccióndecorreo", "indirizzodipostaelettronica", "indirizzoemail",
		"endereçodeemail", "correioeletrónico", "correioeletrônico", "emailadres"},
}

// others are short names of keys of a plan.
var others = map[string]string{"measure": "private.measures", "alias": "with.aliases", "time": "when.times", "name": "with.name",
	"timezone": "with.timezone", "zone": "with.timezone", "email": "with.email", "hours": "with.working_hours"}

// never are keys that no file of people sets: to check in is the organizer's own, and a round follows another.
var never = []string{"ready", "round"}

// plainly is a heading without its case, and what is no letter.
func plainly(heading string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, heading)
}

// column is what a heading stands for: one of the above, or the path of a key; "": nothing that is known.
func column(heading string) string {
	name := plainly(heading)
	if name == "" {
		return ""
	}
	for what, list := range headings {
		if slices.Contains(list, name) {
			return what
		}
	}
	if path := others[name]; path != "" {
		return path
	}
	for _, k := range form.Keys() {
		if (name == plainly(k.Path) || name == plainly(k.Name())) && !slices.Contains(never, k.Path) {
			return k.Path
		}
	}
	return ""
}

func readTable(data []byte) (*Book, error) {
	comma := delimiter(data)
	// Excel reads, and some programs write, the delimiter in a line of its own.
	if line, rest, _ := bytes.Cut(data, []byte("\n")); len(line) >= 5 && strings.EqualFold(string(line[:4]), "sep=") {
		comma, data = rune(line[4]), rest
	}
	r := csv.NewReader(bytes.NewReader(data))
	r.Comma = comma
	r.FieldsPerRecord = -1
	r.ReuseRecord = true
	head, err := r.Read()
	if err != nil {
		return nil, unread(err)
	}
	book := &Book{}
	columns := make([]string, len(head))
	for i, heading := range head {
		if columns[i] = column(heading); columns[i] == "" && strings.TrimSpace(heading) != "" {
			book.Unread = append(book.Unread, strings.TrimSpace(heading))
		}
		if columns[i] == "with.email" {
			columns[i] = mail
		}
	}
	if !slices.Contains(columns, "setting.kind") {
		// Numbers and places belong to nothing then.
		for i, path := range columns {
			if strings.HasPrefix(path, "setting.") {
				columns[i] = ""
				book.Unread = append(book.Unread, strings.TrimSpace(head[i]))
			}
		}
	}
	if !slices.Contains(columns, mail) {
		return nil, &strictyaml.Fault{Text: "has no column with addresses",
			Mend: "its first row names the columns, such as name,email,purpose"}
	}
	names := slices.Clone(head)
	for row := 2; len(book.People) <= maxPeople; row++ {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return book, nil
		}
		if err != nil {
			return nil, unread(err)
		}
		if !slices.ContainsFunc(cells, func(c string) bool { return strings.TrimSpace(c) != "" }) {
			continue
		}
		book.People = append(book.People, entry(fmt.Sprintf("row %d", row), names, columns, cells))
	}
	return book, nil
}

// entry is one row of a table.
func entry(place string, names, columns, cells []string) Person {
	p := Person{Place: place, Said: make(form.Said)}
	parts := make(map[string]string)
	var addresses []string
	for i, cell := range cells {
		cell = strings.TrimSpace(strings.ReplaceAll(cell, "\r\n", "\n"))
		switch {
		case cell == "":
			continue
		case i >= len(columns):
			p.Trouble = "it has more cells than the first row: is one with a comma in it without its quotes?"
			return p
		case columns[i] == "":
			continue
		case cell[0] == '=':
			p.Trouble = fmt.Sprintf("%q holds a formula", names[i])
			return p
		}
		switch what := columns[i]; what {
		case first, middle, last, full:
			if parts[what] == "" {
				parts[what] = cell
			}
		case mail:
			// Google puts several into one cell so.
			addresses = append(addresses, strings.Split(cell, ":::")...)
		default:
			p.say(what, cell)
		}
	}
	if name := naming(parts, p.Said.One("with.name")); name != "" {
		p.Said["with.name"] = []string{name}
	}
	address(p.Said, addresses)
	return p
}

// say adds what a cell says of a key; lists have a line, or what stands between two semicolons, for each value.
func (p *Person) say(path, cell string) {
	for _, k := range form.Keys() {
		switch {
		case k.Path != path:
			continue
		case !k.List:
			if len(p.Said[path]) == 0 {
				p.Said[path] = []string{cell}
			}
			return
		}
		for _, value := range strings.FieldsFunc(cell, func(r rune) bool { return r == '\n' || r == ';' }) {
			if value = strings.TrimSpace(value); value != "" {
				p.Said[path] = append(p.Said[path], value)
			}
		}
	}
}

// naming makes a name of its parts. A column that is only called name holds a family name where another one holds first
// names, and does not repeat them.
func naming(parts map[string]string, name string) string {
	given := strings.TrimSpace(parts[first] + " " + parts[middle])
	switch {
	case parts[full] != "":
		return parts[full]
	case name != "" && parts[last] == "" && parts[first] != "" && !strings.Contains(name, parts[first]):
		return given + " " + name
	case name != "":
		return name
	}
	return strings.TrimSpace(given + " " + parts[last])
}

// delimiter is what stands between the cells of the first row: a comma, or what spreadsheets of other countries write.
func delimiter(data []byte) rune {
	line, _, _ := bytes.Cut(data, []byte("\n"))
	best := ','
	for _, r := range ";\t" {
		if bytes.Count(line, []byte(string(r))) > bytes.Count(line, []byte(string(best))) {
			best = r
		}
	}
	return best
}

// unread is what is wrong with a table that can't be read.
func unread(err error) error {
	var parse *csv.ParseError
	if !errors.As(err, &parse) {
		return &strictyaml.Fault{Text: "can't be read", Mend: "export it once more, as CSV"}
	}
	const text = "can't be read at line %d, column %d: a quote (\") is not closed, or stands inside a cell"
	return &strictyaml.Fault{Text: fmt.Sprintf(text, parse.Line, parse.Column),
		Mend: `write "" for a quote inside a cell that has quotes around it`}
}
