package templates

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"coalition/templates/answers/phrases"
)

// TestAnswersLanguages: a further language is only words; where they can't be read, nothing reads
// answers, since its conditions would go unnoticed.
func TestAnswersLanguages(t *testing.T) {
	dir := own(t)
	if err := os.CopyFS(filepath.Join(dir, "xx"), sub(t, "de")); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, list := range phrases.Required() {
		fmt.Fprintf(&b, `{{define "answer %s"}}%s{{end}}`, list, map[string]string{"yes": "ja, graag", "no": "nee, sure", "doubt": "maar", "number": "tweede=2"}[list])
	}
	write := func(text string) *Set {
		if err := os.WriteFile(filepath.Join(dir, "xx", "answers.tmpl"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return load(t, dir)
	}
	s := write(b.String())
	if list := s.Check(); len(list) > 0 {
		t.Error(list)
	}
	reader, err := s.Answers()
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{"Graag, tweede": "yes 2", "nee": "no", "yes": "yes", "yes maar": "", "Yes. Maar Tom": "", "sure": ""} {
		said := reader.Read("xx", text)
		if got := strings.TrimSpace(said.Value + " " + strings.Trim(fmt.Sprint(said.Numbers), "[]")); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
	for text, want := range map[string]string{
		strings.Replace(b.String(), "tweede=2", "tweede", 1):                `"tweede" does not say which number`,
		strings.Replace(b.String(), "nee,", "ja,", 1):                       `"ja" has another meaning already`,
		strings.Replace(b.String(), `{{define "answer or"}}{{end}}`, "", 1): `there is no "answer or"`,
		strings.Replace(b.String(), `nee`, "{{.Nothing | printf}}", 1):      "printf",
	} {
		s := write(text)
		if list := s.Check(); len(list) != 1 || list[0].File != "xx/answers.tmpl" || !strings.Contains(list[0].Text, want) {
			t.Errorf("want %q, got %v", want, list)
		}
		if _, err := s.Answers(); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "xx/answers.tmpl:1:") {
			t.Errorf("with %q the answers are read, or %v", want, err)
		}
	}
}
