package templates

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	texttemplate "text/template"
	"time"

	"coalition/templates/answers"
	"coalition/templates/answers/phrases"
)

// folders are those of the languages built in, complete or not.
func folders(t *testing.T) (list []string) {
	t.Helper()
	entries, err := fs.ReadDir(embedded, ".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.IsDir() {
			list = append(list, e.Name())
		}
	}
	return list
}

// TestLanguages names what a language built in still lacks: files, templates, lists of answers, replies to try, and
// whatever says the same as in English. What is right as it is stands in its testdata/same.txt, a template a line. One of
// a region, such as pt-BR, has only what is said otherwise there.
func TestLanguages(t *testing.T) {
	all := make(map[string]map[string]string)
	for _, lang := range folders(t) {
		all[lang] = units(t, lang)
	}
	for lang := range all {
		t.Run(lang, func(t *testing.T) {
			for unit, says := range all[lang] {
				english := sentences(all[fallback][unit])
				if i := slices.IndexFunc(sentences(says), func(s string) bool { return slices.Contains(english, s) }); i >= 0 &&
					lang != fallback && broader(lang) != fallback {
					t.Errorf("%s/%s says in English: %s", lang, unit, sentences(says)[i])
				}
			}
			if of := all[broader(lang)]; of != nil {
				for unit, says := range all[lang] {
					// A file that is no list of templates stands as a whole.
					file, name, _ := strings.Cut(unit, ": ")
					whole := name == "" || path.Ext(file) == ".tmpl"
					if whole && of[unit] == says && path.Ext(file) != ".html" {
						t.Errorf("%s/%s says the same as in %s, and need not be here", lang, unit, broader(lang))
					}
				}
				return
			}
			for _, name := range languageFiles() {
				if _, err := fs.Stat(embedded, path.Join(lang, name)); err != nil {
					t.Errorf("there is no %s/%s", lang, name)
				}
			}
			same := strings.Split(string(data(t, lang, "same.txt")), "\n")
			for _, unit := range slices.Sorted(maps.Keys(all[fallback])) {
				says, ok := all[lang][unit]
				switch {
				case !ok:
					t.Errorf("%s/%s is not there", lang, unit)
				case lang == fallback || says != all[fallback][unit] || slices.Contains(same, unit):
				case !slices.ContainsFunc(folders(t), func(other string) bool {
					return other != lang && other != fallback && all[other][unit] == says // there are no words in it
				}):
					t.Errorf("%s/%s says the same as in English", lang, unit)
				}
			}
			if wrong := strings.TrimSpace(string(data(t, lang, "wrong.txt"))); wrong != "" {
				for unit, says := range all[lang] {
					found := regexp.MustCompile(wrong).FindString(shown(says))
					if found != "" && !strings.HasPrefix(unit, "answers.tmpl") && !strings.HasPrefix(unit, "testdata") {
						t.Errorf("%s/%s: %q is never right", lang, unit, found)
					}
				}
			}
			for _, list := range slices.Concat(phrases.Required(), phrases.Optional()) {
				if unit := "answers.tmpl: answer " + list; all[fallback][unit] == "" {
					t.Errorf("%s/%s is not there", fallback, unit)
				}
			}
			var tried []string
			for _, r := range replies(t, lang) {
				tried = append(tried, strings.Fields(r.want)[0])
			}
			for _, kind := range []string{"yes", "no", "later", "stop", "-"} {
				if !slices.Contains(tried, kind) {
					t.Errorf("%s/testdata/replies.txt has no line that begins with \"%s:\"", lang, kind)
				}
			}
		})
	}
}

var (
	action  = regexp.MustCompile(`\{\{.*?\}\}`)
	quoted  = regexp.MustCompile(`"[^"]*"`)
	element = regexp.MustCompile(`<[^>]*>`)
)

// shown is what readers see of a template, and of what stands in its actions.
func shown(source string) string {
	words := action.ReplaceAllStringFunc(source, func(of string) string {
		return " " + strings.Join(quoted.FindAllString(of, -1), " ") + " "
	})
	return element.ReplaceAllString(words, "")
}

// breaks reports whether a line may break at that character.
func breaks(r rune) bool { return strings.ContainsRune(" \t\n", r) }

// units are the templates of a language, by their file and, where they are defined in one, their name.
func units(t *testing.T, lang string) map[string]string {
	t.Helper()
	list := make(map[string]string)
	if replies := string(data(t, lang, "replies.txt")); replies != "" {
		list["testdata/replies.txt"] = replies
	}
	for _, name := range languageFiles() {
		source, err := fs.ReadFile(embedded, path.Join(lang, name))
		if err != nil {
			continue // TestLanguages says so
		}
		set, err := texttemplate.New("").Funcs(functions).Parse(string(source))
		if err != nil {
			t.Errorf("%s/%s: %v", lang, name, err)
			continue
		}
		for _, part := range set.Templates() {
			unit := name
			if part.Name() != "" {
				unit += ": " + part.Name()
			}
			if text := strings.Join(strings.FieldsFunc(part.Root.String(), breaks), " "); text != "" || part.Name() != "" {
				list[unit] = text
			}
		}
	}
	return list
}

var marks = regexp.MustCompile(`\{\{[^}]*\}\}|<[^>]*>`)

// sentences are what stands in a template between its marks, and has four words at least.
func sentences(template string) (list []string) {
	for _, part := range marks.Split(template, -1) {
		if part = strings.TrimSpace(part); len(strings.Fields(part)) >= 4 {
			list = append(list, part)
		}
	}
	return list
}

// data is a file that only tests of a language need; nil where there is none.
func data(t *testing.T, lang, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(path.Join(lang, "testdata", name))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return b
}

// TestVariant: a language of a region takes from the broader one what its own folder lacks, file by file, and of what is
// named in words.tmpl and answers.tmpl one by one; also from an organizer's own.
func TestVariant(t *testing.T) {
	dir := own(t,
		"en/brief.txt", `{{define "subject brief"}}Mine{{end}}{{.When}}`,
		"en/hold.txt", "Mine",
		"en-US/hold.txt", "Held",
		"en-ZA/words.tmpl", `{{define "day"}}{{.Day}} {{.Month}}{{end}}{{define "min"}}minutes{{end}}`,
		"de-CH/answers.tmpl", `{{define "answer yes"}}gärn{{end}}`)
	s := load(t, dir)
	for _, lang := range []string{"de-CH", "en-US", "en-ZA"} {
		if !slices.Contains(s.Languages(), lang) {
			t.Errorf("%s is not among %v", lang, s.Languages())
		}
	}
	if list := s.Check(); len(list) > 0 {
		t.Error(list)
	}
	for lang, want := range map[string]string{
		"en":    "Thursday, 4 March 2027, 11:00–12:00 (Berlin time; in Lisbon 10:00–11:00)\n",
		"en-US": "Thursday, March 4, 2027, 11:00 AM–12:00 noon (Berlin time; in Lisbon 10:00 AM–11:00 AM)\n",
		"en-ZA": "4 March, 11:00–12:00 (Berlin time; in Lisbon 10:00–11:00)\n",
	} {
		if m := message(t, view(t, s, lang, Sample()), Brief); m.Subject != "Mine" || m.Text != want || !strings.Contains(m.HTML, `lang="`+lang+`"`) {
			t.Errorf("%s: got %q, %q", lang, m.Subject, m.Text)
		}
	}
	for lang, want := range map[string]string{"en": "Mine", "en-US": "Held", "en-ZA": "Mine"} {
		if got, err := view(t, s, lang, Sample()).Hold(); got != want {
			t.Errorf("%s: a hold is %q (%v), want %q", lang, got, err, want)
		}
	}
	reader, err := s.Answers()
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct{ lang, text, want string }{
		{"de-CH", "gärn", "yes"}, {"de-CH", "abgemacht", ""}, {"de-CH", "nein", "no"}, {"de-CH", "yes", "yes"}, {"de", "gärn", ""}, {"en", "gärn", ""},
		{"en-ZA", "yes", "yes"}, {"en-GB", "yes", "yes"}, {"xx-YY", "yes", "yes"},
	} {
		if got := reader.Read(x.lang, x.text).Value; got != x.want {
			t.Errorf("%s: %q is %q, want %q", x.lang, x.text, got, x.want)
		}
	}
	// A fault is in the file where it stands, and found once.
	s = load(t, own(t, "en/brief.txt", `{{define "subject brief"}}Mine{{end}}`+"\n{{.Nothing}}", "en-US/copy.txt", `{{define "subject copy"}}{{.Nope}}{{end}}`))
	var places []string
	for _, p := range s.Check() {
		places = append(places, fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column))
	}
	if want := []string{"en/brief.txt:2:3", "en-US/copy.txt:1:28"}; !slices.Equal(places, want) {
		t.Errorf("the problems are at %v, want %v", places, want)
	}
}

// TestClock: in the United States it is never open which half of the day is meant.
func TestClock(t *testing.T) {
	s := load(t, "")
	for hour, want := range map[int]string{0: "12:00 midnight–1:00 AM", 8: "8:00 AM–9:00 AM", 11: "11:00 AM–12:00 noon", 12: "12:00 noon–1:00 PM", 13: "1:00 PM–2:00 PM", 23: "11:00 PM–12:00 midnight"} {
		talk := Sample()
		talk.Partner.Zone, talk.Organizer.Zone = time.UTC, time.UTC
		talk.Start = time.Date(2027, 3, 4, hour, 0, 0, 0, time.UTC)
		if got := view(t, s, "en-US", talk).When.String(); got != "Thursday, March 4, 2027, "+want {
			t.Errorf("at %d it is %q, want %q", hour, got, want)
		}
		talk.Start = talk.Start.Add(30 * time.Minute)
		got := view(t, s, "en-US", talk).When.There.From
		if want := talk.Start.Format("3:04 PM"); got != want {
			t.Errorf("at half past %d it is %q, want %q", hour, got, want)
		}
	}
}

// A reply is a line of testdata/replies.txt: what it means, and how it is put.
type reply struct{ want, text string }

func replies(t *testing.T, lang string) (list []reply) {
	t.Helper()
	for line := range strings.Lines(string(data(t, lang, "replies.txt"))) {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		want, text, ok := strings.Cut(line, ": ")
		if !ok {
			t.Fatalf("%s/testdata/replies.txt: %q has no colon", lang, line)
		}
		list = append(list, reply{want, strings.ReplaceAll(text, `\n`, "\n")})
	}
	return list
}

// TestReplies: what people answer in each language counts, in whatever language they were written to. That other one
// may know a few of the shortest as words of its own, such as a Portuguese "no", and leave them open; it never takes
// them for something else.
func TestReplies(t *testing.T) {
	s := load(t, "")
	reader, err := s.Answers()
	if err != nil {
		t.Fatal(err)
	}
	for _, lang := range folders(t) {
		list := replies(t, lang)
		for _, to := range s.Languages() {
			var open []string
			for _, r := range list {
				switch got := meaning(reader.Read(to, r.text)); {
				case got == r.want:
				case got == "-" && to != lang:
					open = append(open, r.text)
				default:
					t.Errorf("%s, to %s: %q is %q, want %q", lang, to, r.text, got, r.want)
				}
			}
			const most = 0.03
			if float64(len(open)) > most*float64(len(list)) {
				t.Errorf("%s, to %s: %q are left open", lang, to, open)
			}
		}
	}
}

// TestCommon: what a language says in its own letters is no word of doubt there, whatever it is in another language; its
// "answer common" names such words.
func TestCommon(t *testing.T) {
	s := load(t, "")
	words := make(map[string]*phrases.Lexicon)
	for _, lang := range s.Languages() {
		l, err := s.language(lang)
		if err != nil {
			t.Fatal(err)
		}
		w, err := l.answers()
		if err != nil {
			t.Fatal(err)
		}
		if w.Variant {
			continue
		}
		v, err := w.Spell()
		if err != nil {
			t.Fatal(err)
		}
		words[lang] = v.Own
	}
	const doubts = phrases.Doubt | phrases.Negation | phrases.Regret | phrases.Reason | phrases.Time | phrases.Number | phrases.Ordinal
	for lang, own := range words {
		for _, name := range append(filesOf(slices.DeleteFunc(slices.Clone(Kinds), func(k Kind) bool { return k == Notice })), "page.html") {
			source, err := fs.ReadFile(embedded, path.Join(lang, name))
			if err != nil {
				continue // TestLanguages says so
			}
			text := marks.ReplaceAllString(string(source), "\n")
			tokens := phrases.Tokenize(text, nil)
			for i := range tokens {
				if _, n := own.Match(tokens, i); n > 0 {
					continue
				}
				for other, foreign := range words {
					if p, n := foreign.Match(tokens, i); p.Has(doubts) && other != lang {
						t.Errorf("%s/%s: %q is a word of doubt in %s", lang, name, text[tokens[i].Start:tokens[i+n-1].End], other)
					}
				}
			}
		}
	}
}

// meaning is that of a reply, as testdata/replies.txt puts it.
func meaning(said answers.Meaning) string {
	got := said.Value
	switch {
	case said.Stop:
		got = "stop"
	case got == "":
		got = "-"
	}
	for _, n := range said.Numbers {
		got += fmt.Sprint(" ", n)
	}
	return got
}

// TestDoubts: a yes does not count with a condition, a doubt or a question behind it, wherever that stands and in whatever
// language they were written to. A language has some of these in its testdata/doubts.txt.
func TestDoubts(t *testing.T) {
	reader, err := load(t, "").Answers()
	if err != nil {
		t.Fatal(err)
	}
	for _, lang := range folders(t) {
		if broader(lang) != "" {
			continue
		}
		doubts := data(t, lang, "doubts.txt")
		if len(doubts) == 0 {
			t.Errorf("there is no %s/testdata/doubts.txt", lang)
		}
		// The first, the shortest with a number, and one that takes its leave.
		var yes []string
		for _, r := range replies(t, lang) {
			if r.want == "yes" && len(yes) == 0 || strings.HasPrefix(r.want, "yes ") && len(yes) == 1 {
				yes = append(yes, strings.TrimRight(r.text, ".!"))
			}
		}
		yes = append(yes, "👍")
		for doubt := range strings.Lines(string(doubts)) {
			if strings.HasPrefix(doubt, "#") {
				continue
			}
			for _, said := range yes {
				for _, behind := range []string{". ", ", ", "! ", "\n", "\n\n"} {
					text := said + behind + strings.TrimSpace(doubt)
					for _, to := range []string{lang, "en", "es"} {
						if got := meaning(reader.Read(to, text)); got != "-" {
							t.Errorf("%s, to %s: %q is %q", lang, to, text, got)
						}
					}
				}
			}
		}
	}
}
