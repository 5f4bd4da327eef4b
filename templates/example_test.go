package templates_test

import (
	"fmt"
	"strings"

	"coalition/templates"
)

// A talk is put into words in the language of its reader, on the clocks of both.
func ExampleSet_View() {
	words, err := templates.Load("")
	if err != nil {
		fmt.Println(err)
		return
	}
	lang, _ := words.Language("en-GB")
	view, err := words.View(lang, templates.Sample())
	if err != nil {
		fmt.Println(err)
		return
	}
	brief, err := view.Message(templates.Brief)
	if err != nil {
		fmt.Println(err)
		return
	}
	hello, _, _ := strings.Cut(brief.Text, "\n")
	fmt.Println(brief.Subject)
	fmt.Println(hello)
	fmt.Println(view.When)
	// Output:
	// May we talk about working as partners?
	// Hello Maya Chen,
	// Thursday, 4 March 2027, 11:00–12:00 (Berlin time; in Lisbon 10:00–11:00)
}
