package templates

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
	texttemplate "text/template"

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
// whatever says the same as in English. What is right as it is stands in its testdata/same.txt, a template a line.
func TestLanguages(t *testing.T) {
	all := make(map[string]map[string]string)
	for _, lang := range folders(t) {
		all[lang] = units(t, lang)
	}
	for lang := range all {
		t.Run(lang, func(t *testing.T) {
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

// units are the templates of a language, by their file and, where they are defined in one, their name.
func units(t *testing.T, lang string) map[string]string {
	t.Helper()
	list := map[string]string{"testdata/replies.txt": string(data(t, lang, "replies.txt"))}
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
			if text := strings.Join(strings.Fields(part.Root.String()), " "); text != "" || part.Name() != "" {
				list[unit] = text
			}
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

// TestReplies: what people answer in each language counts, in whatever language they were written to.
func TestReplies(t *testing.T) {
	s := load(t, "")
	reader, err := s.Answers()
	if err != nil {
		t.Fatal(err)
	}
	for _, lang := range folders(t) {
		for _, r := range replies(t, lang) {
			said := reader.Read(lang, r.text)
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
			if got != r.want {
				t.Errorf("%s: %q is %q, want %q", lang, r.text, got, r.want)
			}
		}
	}
}
