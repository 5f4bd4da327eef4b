package chart

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"coalition/scheduler/conversation"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var today = time.Date(2027, 5, 20, 0, 0, 0, 0, time.UTC)

func five() *Map {
	ago := func(days int) time.Time { return today.AddDate(0, 0, -days) }
	return &Map{Organizer: "Ana Lopes", Day: today, People: []Person{
		{ID: "maya", Name: "Maya Chen", Result: "Spring launch", Round: 2, Status: conversation.Confirmed, LastMet: ago(12),
			Mine: Promises{2, 1}, Theirs: Promises{1, 0}},
		{ID: "tomas", Name: "Tomás Rivera", Result: "Spring launch", Round: 1, Status: conversation.Closed, LastMet: ago(75), Theirs: Promises{1, 1}},
		{ID: "fz", Name: "فاطمة الزهراء", Result: "Spring launch", Round: 1, Status: conversation.Asked},
		{ID: "yamada", Name: "山田太郎 <script>alert(1)</script> & “Söhne”", Result: "Platform budget", Round: 3,
			Status: conversation.Declined, LastMet: ago(400)},
		{ID: "priya", Name: "Priya Natarajan-Featherstonehaugh of the other research group", Round: 1, Status: conversation.Planned},
	}}
}

// spring is the coalition that the README shows.
func spring() *Map {
	ago := func(days int) time.Time { return today.AddDate(0, 0, -days) }
	return &Map{Organizer: "Ana Lopes", Day: today, People: []Person{
		{ID: "maya", Name: "Maya Chen", Result: "Spring launch", Round: 2, Status: conversation.Confirmed, LastMet: ago(12),
			Mine: Promises{1, 0}, Theirs: Promises{1, 0}},
		{ID: "tomas", Name: "Tomás Rivera", Result: "Spring launch", Round: 1, Status: conversation.Closed, LastMet: ago(75), Theirs: Promises{1, 1}},
		{ID: "aisha", Name: "Aisha Bello", Result: "Spring launch", Round: 1, Status: conversation.Asked},
		{ID: "priya", Name: "Priya Natarajan", Result: "Platform budget", Round: 2, Status: conversation.Invited, LastMet: ago(20), Mine: Promises{2, 0}},
		{ID: "jonas", Name: "Jonas Weber", Result: "Platform budget", Round: 1, Status: conversation.Declined},
		{ID: "lin", Name: "Lin Yue", Round: 3, Status: conversation.Closed, LastMet: ago(160)},
		{ID: "sara", Name: "Sara Duarte", Round: 1, Status: conversation.Planned},
	}}
}

func rounds() *Timeline {
	at := func(s string) time.Time {
		t, err := time.Parse("2006-01-02 15:04", s)
		if err != nil {
			panic(err)
		}
		return t
	}
	return &Timeline{Name: "Maya Chen", Result: "Spring launch", Now: at("2027-05-20 12:00"), Rounds: []Round{
		{1, conversation.Closed, []Event{
			{at("2027-02-20 09:00"), false, Own, "You checked in with yourself"},
			{at("2027-02-22 09:00"), false, Sent, "The brief"},
			{at("2027-02-22 15:00"), false, Heard, "They said yes"},
			{at("2027-02-22 15:05"), false, Sent, "The invitation, for Thu 4 Mar 2027 10:00"},
			{at("2027-03-04 10:00"), false, Talk, "The talk, 60 minutes"},
			{at("2027-04-18 23:59"), true, Mine, "A promise of yours was due, and is overdue"},
			{at("2027-06-20 23:59"), true, Mine, "A promise of yours is due"},
		}},
		{2, conversation.Declined, []Event{
			{at("2027-04-01 09:00"), false, Sent, "The brief"},
			{at("2027-04-02 09:00"), false, Heard, "They said no"},
			{at("2027-04-02 09:01"), false, Ended, "You cancelled the talk, in words so long that one line of the picture has no room for all of them"},
		}},
		{3, conversation.Confirmed, []Event{
			{at("2027-05-15 09:00"), false, Sent, "The brief"},
			{at("2027-05-25 23:59"), true, Theirs, "A promise to you is due"},
			{at("2027-06-02 10:00"), false, Talk, "The talk, 60 minutes"},
		}},
	}}
}

// TestGolden holds pictures against golden files, whatever the order is in which people are given.
func TestGolden(t *testing.T) {
	page, err := five().HTML()
	if err != nil {
		t.Fatal(err)
	}
	turned := five()
	slices.Reverse(turned.People)
	for _, tt := range []struct {
		name string
		got  []byte
	}{
		{"map.svg", five().SVG()}, {"map.svg", turned.SVG()}, {"map.html", page}, {"timeline.svg", rounds().SVG()},
		{"../../../../docs/coalition.svg", spring().SVG()},
		{"empty.svg", (&Map{Organizer: "Ana Lopes", Day: today}).SVG()},
	} {
		path := filepath.Join("testdata", tt.name)
		if *update {
			if err := os.WriteFile(path, tt.got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(tt.got)); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}

// A text is one that is drawn, with the room it takes.
type text struct {
	x, y, right, bottom float64
	words               string
}

// A drawn is what a picture says.
type drawn struct {
	width, height float64
	texts         []text
	titles        []string
	elements      map[string]int
}

// read reads a picture as XML.
func read(t rapid.TB, data []byte) *drawn {
	t.Helper()
	d := &drawn{elements: make(map[string]int)}
	dec := xml.NewDecoder(bytes.NewReader(data))
	sizes := []struct {
		class string
		size  float64
	}{{"title", 22}, {"result", 15}, {"small", 11.5}, {"number", 10.5}}
	size := func(class string) float64 {
		for _, s := range sizes {
			if slices.Contains(strings.Fields(class), s.class) {
				return s.size
			}
		}
		return nameSize
	}
	var now text
	var classes []string
	var wide, tall float64
	title := false
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return d
		}
		if err != nil {
			t.Fatalf("%v in:\n%s", err, data)
		}
		switch token := token.(type) {
		case xml.StartElement:
			d.elements[token.Name.Local]++
			attr := make(map[string]string)
			for _, a := range token.Attr {
				attr[a.Name.Local] = a.Value
			}
			number := func(name string) float64 {
				f, err := strconv.ParseFloat(attr[name], 64)
				if err != nil {
					t.Fatalf("%s of %s is %q", name, token.Name.Local, attr[name])
				}
				return f
			}
			classes = append(classes, attr["class"])
			switch token.Name.Local {
			case "svg":
				d.width, d.height = number("width"), number("height")
			case "title":
				title = true
				d.titles = append(d.titles, "")
			case "text":
				now, wide, tall = text{x: number("x"), y: number("y")}, 0, size(attr["class"])
			case "tspan":
				if attr["dx"] != "" {
					wide += number("dx")
				}
				tall = max(tall, size(attr["class"]))
			}
		case xml.CharData:
			class := classes
			switch {
			case title:
				d.titles[len(d.titles)-1] += string(token)
			case len(class) > 0:
				wide += width(string(token), size(class[len(class)-1]))
				now.words += string(token)
			}
		case xml.EndElement:
			class := strings.Fields(classes[len(classes)-1])
			classes = classes[:len(classes)-1]
			switch {
			case token.Name.Local == "title":
				title = false
			case token.Name.Local != "text" || slices.Contains(class, "halo"):
			default:
				switch {
				case slices.Contains(class, "end"):
					now.x -= wide
				case slices.Contains(class, "mid"):
					now.x -= wide / 2
				}
				now.right, now.bottom = now.x+wide, now.y+.22*tall
				now.y -= .76 * tall
				d.texts = append(d.texts, now)
			}
		}
	}
}

// tidy checks that nothing is written over anything else, or beside the picture.
func tidy(t rapid.TB, data []byte) *drawn {
	t.Helper()
	d := read(t, data)
	for i, a := range d.texts {
		if a.x < 0 || a.y < 0 || a.right > d.width || a.bottom > d.height {
			t.Errorf("%q is not within %g by %g: %+v", a.words, d.width, d.height, a)
		}
		for _, b := range d.texts[:i] {
			if a.x < b.right && b.x < a.right && a.y < b.bottom && b.y < a.bottom {
				t.Errorf("%q is written over %q: %+v, %+v", a.words, b.words, a, b)
			}
		}
	}
	if d.elements["script"]+d.elements["b"]+d.elements["image"] > 0 {
		t.Errorf("a name has become an element: %v", d.elements)
	}
	return d
}

var anybody = rapid.OneOf(
	rapid.StringMatching(`[A-Z][a-zéñü]{1,12} [A-Z][a-z]{1,14}(-[A-Z][a-z]{1,12})?`),
	rapid.SampledFrom([]string{"Maya Chen", "Maya Chen", "W", "WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW", "山田太郎山田太郎山田太郎山田太郎山田太郎山田太郎",
		"فاطمة الزهراء بنت محمد بن عبد الله الكبير", "</title><script>alert(1)</script>", `"><image href="x"/>`, "&amp; <b>", "\ufffe\uffff", "]]>",
		"👩‍👧👩‍👧👩‍👧👩‍👧👩‍👧👩‍👧👩‍👧👩‍👧👩‍👧👩‍👧👩‍👧", "é́́́́́", "שלום Cohen"}))

func coalitions(most int) *rapid.Generator[*Map] {
	return rapid.Custom(func(t *rapid.T) *Map {
		m := &Map{Organizer: anybody.Draw(t, "organizer"), Day: today}
		results := append(rapid.SliceOfN(anybody, 0, 9).Draw(t, "results"), "")
		for i := range rapid.IntRange(0, most).Draw(t, "people") {
			m.People = append(m.People, Person{ID: fmt.Sprint(i), Name: anybody.Draw(t, "name"), Round: 1, Result: rapid.SampledFrom(results).Draw(t, "result")})
		}
		live(t, m)
		return m
	})
}

// live lets some time pass in a coalition.
func live(t *rapid.T, m *Map) {
	promises := rapid.Custom(func(t *rapid.T) (p Promises) {
		p.Open = rapid.IntRange(0, 120).Draw(t, "open")
		p.Overdue = rapid.IntRange(0, p.Open).Draw(t, "overdue")
		return p
	})
	for i := range m.People {
		p := &m.People[i]
		p.Status = rapid.SampledFrom(looks).Draw(t, "status").status
		p.LastMet = time.Time{}
		if days := rapid.IntRange(-1, 4000).Draw(t, "days"); days >= 0 {
			p.LastMet = today.AddDate(0, 0, -days)
		}
		p.Mine, p.Theirs = promises.Draw(t, "mine"), promises.Draw(t, "theirs")
	}
}

// TestMapTidy: in a map of whomever, nothing is written over anything else, and everybody can be found by ear.
func TestMapTidy(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := coalitions(45).Draw(t, "map")
		d := tidy(t, m.SVG())
		var want []string
		for i := range m.People {
			// What is no character of XML is drawn as U+FFFD.
			name := strings.NewReplacer("\ufffe", "\ufffd", "\uffff", "\ufffd").Replace(m.People[i].Name)
			want = append(want, isolated(name)+": "+m.Stands(&m.People[i]))
		}
		for _, w := range want {
			if !slices.Contains(d.titles, w) {
				t.Errorf("no title says %q", w)
			}
		}
	})
}

// TestPlaceKept: whatever becomes of people, and in whatever order they come, they keep their place.
func TestPlaceKept(t *testing.T) {
	places := func(m *Map) map[string][2]float64 {
		by := make(map[string][2]float64)
		p := m.plane()
		for side, blocks := range [][]*block{p.right, p.left} {
			for _, b := range blocks {
				for i, person := range b.People {
					by[person.ID] = [2]float64{float64(side), b.y + float64(i)*rowHeight}
				}
			}
		}
		return by
	}
	rapid.Check(t, func(t *rapid.T) {
		m := coalitions(60).Draw(t, "map")
		before := places(m)
		live(t, m)
		m.People = rapid.Permutation(m.People).Draw(t, "order")
		if diff := cmp.Diff(before, places(m)); diff != "" {
			t.Errorf("somebody stands elsewhere: %s", diff)
		}
	})
}

// TestTimelineTidy does for timelines what TestMapTidy does for maps.
func TestTimelineTidy(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tl := &Timeline{Name: anybody.Draw(t, "name"), Result: anybody.Draw(t, "result"), Now: today}
		at := today.AddDate(0, -3, 0)
		for n := range rapid.IntRange(0, 3).Draw(t, "rounds") {
			r := Round{Number: n + 1, Status: rapid.SampledFrom(looks).Draw(t, "status").status}
			for range rapid.IntRange(0, 12).Draw(t, "events") {
				at = at.Add(time.Duration(rapid.IntRange(0, 30*24*60).Draw(t, "minutes")) * time.Minute)
				words := rapid.StringMatching(`[A-Z][a-z]{1,9}( [a-z]{1,12}){0,20}`).Draw(t, "words")
				r.Events = append(r.Events, Event{at, rapid.Bool().Draw(t, "day"), rapid.SampledFrom(kinds).Draw(t, "kind").EventKind, words})
			}
			tl.Rounds = append(tl.Rounds, r)
		}
		d := tidy(t, tl.SVG())
		for _, r := range tl.Rounds {
			for _, e := range r.Events {
				if !slices.ContainsFunc(d.titles, func(s string) bool { return strings.HasSuffix(s, ": "+e.Words) }) {
					t.Errorf("no title says %q", e.Words)
				}
			}
		}
	})
}

// TestForms: each status has a form of its own, which needs no colour.
func TestForms(t *testing.T) {
	forms := make(map[string]conversation.Status)
	for _, l := range looks {
		form := fmt.Sprint(l.path, l.full, l.dashed, l.over)
		if other, known := forms[form]; known {
			t.Errorf("%s looks like %s", l.status, other)
		}
		forms[form] = l.status
	}
	for _, s := range []conversation.Status{conversation.Planned, conversation.Ready, conversation.Asked, conversation.Permitted,
		conversation.Declined, conversation.Later, conversation.Invited, conversation.Confirmed, conversation.Met, conversation.Closed,
		conversation.Cancelled} {
		if !slices.ContainsFunc(looks, func(l look) bool { return l.status == s }) {
			t.Errorf("%s has no form", s)
		}
	}
}

// TestContrast computes what WCAG 2.2 asks for: 4.5 to 1 for text, 3 to 1 for what has a meaning.
func TestContrast(t *testing.T) {
	for name, p := range map[string]*palette{"light": light(), "dark": dark()} {
		check := func(what, color string, least float64) {
			for _, under := range []string{p.ground, p.band} {
				if got := contrast(t, color, under); got < least {
					t.Errorf("%s: %s, %s on %s, has a contrast of %.2f, less than %g", name, what, color, under, got, least)
				}
			}
		}
		for what, color := range map[string]string{"ink": p.ink, "muted": p.muted, "the number of mine": p.mine, "the number of theirs": p.theirs} {
			check(what, color, 4.5)
		}
		check("a tie", p.tie, 3)
		for hue, color := range p.hues {
			check(hue, color, 3)
		}
	}
}

// contrast is that of two colours (WCAG 2.2, "contrast ratio").
func contrast(t *testing.T, a, b string) float64 {
	light := func(color string) float64 {
		sum := 0.0
		for i, weight := range []float64{.2126, .7152, .0722} {
			n, err := strconv.ParseUint(color[1+2*i:3+2*i], 16, 8)
			if err != nil {
				t.Fatal(err)
			}
			c := float64(n) / 255
			if c <= .04045 {
				c /= 12.92
			} else {
				c = math.Pow((c+.055)/1.055, 2.4)
			}
			sum += weight * c
		}
		return sum + .05
	}
	x, y := light(a), light(b)
	return max(x, y) / min(x, y)
}

func BenchmarkMap(b *testing.B) {
	m := &Map{Organizer: "Ana Lopes", Day: today}
	for i := range 1000 {
		m.People = append(m.People, Person{ID: fmt.Sprint(i), Name: fmt.Sprintf("Somebody Number %d", i), Result: fmt.Sprint("Result ", i%17),
			Status: looks[i%len(looks)].status, LastMet: today.AddDate(0, 0, -i), Mine: Promises{i % 3, 0}})
	}
	for b.Loop() {
		if _, err := m.HTML(); err != nil {
			b.Fatal(err)
		}
	}
}
