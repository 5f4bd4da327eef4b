package addressbook

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/unicode"

	"coalition/scheduler/plan/form"
	"coalition/scheduler/strictyaml"
)

// told is what was read, a line for each person.
func told(t *testing.T, data string) string {
	t.Helper()
	book, err := Read([]byte(data))
	if err != nil {
		var fault *strictyaml.Fault
		if !errors.As(err, &fault) || fault.Mend == "" {
			t.Errorf("no fault with a remedy: %v", err)
		}
		return err.Error()
	}
	var lines []string
	for _, p := range book.People {
		line := p.Place + ":"
		for _, k := range form.Keys() {
			if values := p.Said[k.Path]; len(values) > 0 {
				line += " " + k.Path + "=" + strings.ReplaceAll(strings.Join(values, "|"), "\n", "/")
			}
		}
		if p.Trouble != "" {
			line += " (" + p.Trouble + ")"
		}
		lines = append(lines, line)
	}
	if len(book.Unread) > 0 {
		lines = append(lines, "unread: "+strings.Join(book.Unread, ", "))
	}
	return strings.Join(lines, "\n")
}

// What address books and spreadsheets export is understood, whichever wrote it.
func TestRead(t *testing.T) {
	for _, x := range []struct{ name, data, want string }{
		{"plan", "name,email,why,goal,measures,importance,history,purpose\n" +
			"Maya Chen,maya@example.org,She decides.,A word,A review; No surprise,5,\"The launch,\nin March\",Join forces\n",
			"row 2: with.name=Maya Chen with.email=maya@example.org purpose=Join forces private.why=She decides. private.goal=A word " +
				"private.measures=A review|No surprise private.importance=5 private.history=The launch,/in March"},
		{"paths", "with.name;with.email;private.why;ready;round\nMaya;m@example.org;w;true;2\n",
			"row 2: with.name=Maya with.email=m@example.org private.why=w\nunread: ready, round"},
		{"google", "First Name,Middle Name,Last Name,Phonetic First Name,Nickname,Organization Name,Notes,Labels,E-mail 1 - Label,E-mail 1 - Value,E-mail 2 - Label,E-mail 2 - Value,Phone 1 - Label,Phone 1 - Value\n" +
			"Maya,Li,Chen,,May,ACME,Met in May,* myContacts,Work,maya@example.org ::: m@example.org,Home,chen@example.org,Mobile,+49 30 1\n",
			"row 2: with.name=Maya Li Chen with.email=maya@example.org with.aliases=m@example.org|chen@example.org\n" +
				"unread: Phonetic First Name, Nickname, Organization Name, Notes, Labels, E-mail 1 - Label, E-mail 2 - Label, Phone 1 - Label, Phone 1 - Value"},
		{"outlook", "\ufeff\"Title\",\"First Name\",\"Last Name\",\"E-mail Address\",\"E-mail Type\",\"E-mail Display Name\",\"E-mail 2 Address\"\r\n" +
			"\"Dr.\",\"Maya\",\"Chen\",\"maya@example.org\",\"SMTP\",\"Maya (maya@example.org)\",\"\"\r\n",
			"row 2: with.name=Maya Chen with.email=maya@example.org\nunread: Title, E-mail Type, E-mail Display Name"},
		{"outlook in German", "Anrede;Vorname;Weitere Vornamen;Nachname;E-Mail-Adresse;E-Mail-Typ;E-Mail 2: Adresse\nFrau;Zoë;;Ångström;zoe@example.org;SMTP;z@example.org\n",
			"row 2: with.name=Zoë Ångström with.email=zoe@example.org with.aliases=z@example.org\nunread: Anrede, E-Mail-Typ"},
		{"thunderbird", "First Name,Last Name,Display Name,Nickname,Primary Email,Secondary Email,Screen Name,Work Phone\nMaya,Chen,Maya C.,,maya@example.org,m@example.org,,1\n",
			"row 2: with.name=Maya C. with.email=maya@example.org with.aliases=m@example.org\nunread: Nickname, Screen Name, Work Phone"},
		{"a family name called name", "Vorname\tName\tE-Mail\nMaya\tChen\tmaya@example.org\nBo\tBo Ek\tbo@example.org\n",
			"row 2: with.name=Maya Chen with.email=maya@example.org\nrow 3: with.name=Bo Ek with.email=bo@example.org"},
		{"a marked delimiter", "sep=;\nname;email\nMaya, dear;maya@example.org\n", "row 2: with.name=Maya, dear with.email=maya@example.org"},
		{"numbers without a kind", "name,email,phone,place\nMaya,m@example.org,030 1234567,Here\n", "row 2: with.name=Maya with.email=m@example.org\nunread: phone, place"},
		{"numbers with a kind", "name,email,kind,phone\nMaya,m@example.org,phone,030 1234567\nBo,b@example.org,,030 7\n",
			"row 2: with.name=Maya with.email=m@example.org setting.kind=phone setting.phone=030 1234567\nrow 3: with.name=Bo with.email=b@example.org setting.phone=030 7"},
		{"a formula", "name,email\n\"=HYPERLINK(\"\"https://x\"\")\",m@example.org\nBo,=1+1\n", "row 2: (\"name\" holds a formula)\nrow 3: with.name=Bo (\"email\" holds a formula)"},
		{"a comma too many", "name,email\nChen, Maya,m@example.org\n", "row 2: with.name=Chen (it has more cells than the first row: is one with a comma in it without its quotes?)"},
		{"fewer cells, and empty rows", "name,email,why\nMaya,m@example.org\n,,\n\nBo\n", "row 2: with.name=Maya with.email=m@example.org\nrow 4: with.name=Bo"},
		{"no addresses", "name,phone\nMaya,1\n", "has no column with addresses"},
		{"a quote", "name,email\nMaya \"M\" Chen,m@example.org\n", "can't be read at line 2, column 6: a quote (\") is not closed, or stands inside a cell"},
		{"nothing", " \n", "is empty"},
		{"another encoding", "name,email\nJos\xe9,j@example.org\n", "is not UTF-8 text"},
		{"a program", "name,email\nA\x00B,j@example.org\n", "is not UTF-8 text"},

		{"vCard 3.0", "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Chen;Maya;;;\r\nFN:Maya Ch\r\n en\r\nEMAIL;TYPE=INTERNET,HOME:m@example.org\r\n" +
			"item1.EMAIL;type=INTERNET;type=pref:maya@example.org\r\nPHOTO;ENCODING=b:AAAA\r\n BBBB\r\nTEL:1\r\nEND:VCARD\r\n" +
			"BEGIN:VCARD\r\nVERSION:3.0\r\nN:Ek\\; Lund;Bo;;;\r\nORG:ACME\r\nEND:VCARD\r\n",
			"card 1: with.name=Maya Chen with.email=maya@example.org with.aliases=m@example.org\ncard 2: with.name=Bo Ek; Lund"},
		{"vCard 4.0", "BEGIN:VCARD\nVERSION:4.0\nFN;PREF=2:M. Chen\nFN;PREF=1:Maya\\, Chen\nEMAIL;PREF=2:m@example.org\nEMAIL;PREF=1:maya@example.org\n" +
			"EMAIL:maya@example.org\nLANG:pt-BR\nTZ:America/Sao_Paulo\nEND:VCARD\n",
			"card 1: with.name=Maya, Chen with.email=maya@example.org with.aliases=m@example.org with.timezone=America/Sao_Paulo with.language=pt-BR"},
		{"what is no person", "begin:vcard\nVERSION:4.0\nKIND:group\nFN:Team\nend:vcard\nBEGIN:VCARD\nVERSION:3.0\nFN:ACME\nX-ABShowAs:COMPANY\nTZ:-0500\nEND:VCARD\n",
			"card 1: with.name=Team (it is no single person)\ncard 2: with.name=ACME (it is no single person)"},
		{"vCard 2.1", "BEGIN:VCARD\nVERSION:2.1\nFN;ENCODING=QUOTED-PRINTABLE:M=C3\nEMAIL:m@example.org\nEND:VCARD\n",
			"card 1: with.name=M=C3 with.email=m@example.org (it is a vCard of version 2.1; export it as 3.0 or 4.0)"},
		{"half a card", "BEGIN:VCARD\nVERSION:4.0\nFN:Maya\n", "can't be read from card 1 on"},
		{"something behind it", "BEGIN:VCARD\nVERSION:4.0\nFN:Maya\nEND:VCARD\nhello: you\n", "can't be read from card 2 on"},
	} {
		t.Run(x.name, func(t *testing.T) {
			if got := told(t, x.data); got != x.want {
				t.Errorf("got\n%s\nwant\n%s", got, x.want)
			}
		})
	}
	wide, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String("Name\tE-Mail\nZoë\tzoe@example.org\n")
	if err != nil {
		t.Fatal(err)
	}
	if got := told(t, wide); got != "row 2: with.name=Zoë with.email=zoe@example.org" {
		t.Errorf("UTF-16: %s", got)
	}
}

// What is large takes no longer than it should, or is refused.
func TestLarge(t *testing.T) {
	start := time.Now()
	photo := "PHOTO;ENCODING=b;TYPE=JPEG:" + strings.Repeat("A", 76) + strings.Repeat("\r\n "+strings.Repeat("A", 75), 40_000) + "\r\n"
	var cards strings.Builder
	for i := range 20 {
		fmt.Fprintf(&cards, "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:P %d\r\nEMAIL:p%d@example.org\r\n%sEND:VCARD\r\n", i, i, photo)
	}
	if book, err := Read([]byte(cards.String())); err != nil || len(book.People) != 20 {
		t.Errorf("with pictures: %v", err)
	}
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("60 MB of pictures took %s", took)
	}
	many := "name,email\n" + strings.Repeat("Maya,m@example.org\n", maxPeople+1)
	if got := told(t, many); !strings.Contains(got, "more than 5000 people") {
		t.Errorf("%.200s", got)
	}
	if got := told(t, strings.Repeat("x", MaxSize+1)); got != "is larger than 64 MB" {
		t.Errorf("%.200s", got)
	}
}

// Whatever a file holds, it is read or refused with a remedy, and nobody in it is ready.
func FuzzRead(f *testing.F) {
	f.Add([]byte("name,email,why,ready\nMaya,m@example.org,w,true\n"))
	f.Add([]byte("sep=\n"))
	f.Add([]byte("sep=\"\nname\"email\n"))
	f.Add([]byte("\xff\xfen\x00a\x00"))
	f.Add([]byte("BEGIN:VCARD\nVERSION:3.0\nN:a;b\nEMAIL;TYPE=\"pref:x\nEND:VCARD\n"))
	f.Add([]byte("BEGIN:VCARD\n\n .a;=:\nitem.:\nEND:VCARD\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		book, err := Read(data)
		var fault *strictyaml.Fault
		if err != nil && (!errors.As(err, &fault) || fault.Text == "" || fault.Mend == "") {
			t.Fatalf("%v", err)
		}
		if err != nil {
			return
		}
		known := form.Keys()
		for _, p := range book.People {
			for path, values := range p.Said {
				if path == "ready" || path == "round" || len(values) == 0 ||
					!slices.ContainsFunc(known, func(k form.Key) bool { return k.Path == path }) {
					t.Errorf("%s: %q", path, values)
				}
			}
		}
	})
}
