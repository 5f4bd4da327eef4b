package plan_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"coalition/scheduler/plan"
	"coalition/scheduler/strictyaml"
)

var longWord = regexp.MustCompile(`\p{L}{12,}`)

// ownWords are the long words of the program's source, in lower case: those that a problem may use
// even when the file has them too.
var ownWords = sync.OnceValue(func() map[string]bool {
	words := make(map[string]bool)
	for _, pattern := range []string{"*.go", "../strictyaml/*.go", "../../invites/*.go"} {
		files, _ := filepath.Glob(pattern)
		for _, file := range files {
			data, _ := os.ReadFile(file)
			for _, w := range longWord.FindAll(bytes.ToLower(data), -1) {
				words[string(w)] = true
			}
		}
	}
	return words
})

// FuzzParse holds any file against what is promised of problems and of plans.
func FuzzParse(f *testing.F) {
	for _, file := range examples(f) {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	if !ownWords()["private_room"] && !ownWords()["conversation"] {
		f.Fatalf("%d words of the program, want them all", len(ownWords()))
	}
	for _, s := range []string{
		good, "\ufeff" + strings.ReplaceAll(good, "\n", "\r\n"), good + "---\nid: x\nround: 2\n" + good, "wiht: {name: A}\n", "", "---\n", "a: &a [*a]\n", "<<: *a\n", "!!str a: b\n", "%TAG ! x\n---\na\n",
		"with: {name: \"a\\u202e\\nb\", email: 'x\n", "[[[[[[[[[[[[[[[[[[[[[[", "- - - - -", "{a: {a: {a: ", "? a\n: b\n? [c]\n", "a: \x00\u2028\u0085", "a:\n\tb: c\n", "round: 99999999999999999999\n",
		"Quetzalcoatlus: 1\nwith: Quetzalcoatlus\nagenda: *Quetzalcoatlus\n", "with:\n  name: |\n    a\n   b\n", "ready: yes\nround: 0x1\nwith: ~\n", "a: 'b\n'c\n", "to: x # y\n...\nz", "a: \"\\uFFFE\"\r\n\r\n", "[&a b]c",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		plans, broken, problems := plan.Parse("f.yaml", "f", data, false)
		lines := strings.Split(strings.TrimPrefix(string(data), "\ufeff"), "\n")
		refused := false
		for _, p := range problems {
			refused = refused || !p.Warning
			if p.Line < 1 || p.Line > len(lines) || p.Column < 1 || p.Column > utf8.RuneCountInString(lines[p.Line-1])+1 {
				t.Errorf("%v is outside of the file", p)
			}
			if p.File != "f.yaml" || p.Text == "" || p.Owner == "" || strings.ContainsFunc(p.Excerpt, func(r rune) bool { return r < ' ' && r != '\n' }) {
				t.Errorf("%+v lacks a word, or could upset a terminal", p)
			}
			for _, w := range longWord.FindAllString(p.Text+" "+p.Mend, -1) {
				if !ownWords()[strings.ToLower(w)] {
					t.Errorf("%v quotes the file: %s", p, w)
				}
			}
		}
		inOrder := slices.IsSortedFunc(problems, func(a, b strictyaml.Problem) int {
			return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
		})
		if !inOrder || len(problems) > 101 || refused != (len(broken) > 0) || len(plans)+len(broken) == 0 {
			t.Errorf("%d plans, broken %v, and in order: %v: %v", len(plans), broken, inOrder, problems)
		}
		// The terms of a plan that is used can be kept as JSON, which is YAML: they say the same again.
		for _, p := range plans {
			kept, err := json.Marshal(p.Terms)
			if err != nil {
				t.Fatal(err)
			}
			var loaded plan.Terms
			if err := json.Unmarshal(kept, &loaded); err != nil {
				t.Fatalf("%s can't be loaded: %v", kept, err)
			}
			if diff := gocmp.Diff(p.Terms, loaded, equalDates, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("kept (-), loaded (+):\n%s", diff)
			}
			again, _, problems := plan.Parse("again.yaml", "f", kept, false)
			if len(again) != 1 {
				t.Fatalf("%s is refused: %v", kept, problems)
			}
			if diff := gocmp.Diff(p.Terms, again[0].Terms, equalDates, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("first (-), again (+):\n%s", diff)
			}
		}
	})
}

// example is a plan as people write them.
func example(t testing.TB) string {
	data, err := os.ReadFile("../../examples/maya.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func BenchmarkParse(b *testing.B) {
	data := []byte(example(b))
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if plans, _, problems := plan.Parse("maya.yaml", "maya", data, false); len(plans) != 1 || len(problems) != 0 {
			b.Fatalf("%d plans, problems %v, want one without", len(plans), problems)
		}
	}
}
