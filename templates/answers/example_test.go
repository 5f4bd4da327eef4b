package answers_test

import (
	"fmt"

	"coalition/templates/answers"
	"coalition/templates/answers/phrases"
)

// Words are lists; a language needs all that [phrases.Required] names, most of which may be empty.
func ExampleReader_Read() {
	lists := make(map[string][]string)
	for _, name := range phrases.Required() {
		lists[name] = nil
	}
	lists["yes"] = []string{"yes", "[that] works [for me]"}
	lists["no"] = []string{"no"}
	lists["doubt"] = []string{"if"}
	lists["label"] = []string{"option"}
	lists["number"] = []string{"one=1", "two=2"}
	reader, err := answers.New([]phrases.Words{{Language: "en", Lists: lists}})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, text := range []string{"Yes, option two works for me.\nBring the plan.", "No!", "Yes, if it rains.", "Who are you?"} {
		said := reader.Read("en", text)
		fmt.Printf("%q %v %q\n", said.Value, said.Numbers, said.Adds)
	}
	// Output:
	// "yes" [2] ["Bring the plan."]
	// "no" [] []
	// "" [] []
	// "" [] []
}
