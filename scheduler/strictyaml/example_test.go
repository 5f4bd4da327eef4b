package strictyaml_test

import (
	"fmt"

	"coalition/scheduler/strictyaml"
)

// Every slip is told at once, each with its place and the way to mend it.
func ExampleDocument_Decode() {
	docs, problems := strictyaml.Parse("talk.yaml", []byte("topic: Our spring launch\nminutes: sixty\nplcae: Riverside path\n"))
	var talk struct {
		Topic   string `yaml:"topic"`
		Minutes int    `yaml:"minutes"`
		Place   string `yaml:"place"`
	}
	if problems == nil {
		problems = docs[0].Decode(&talk)
	}
	for _, p := range problems {
		fmt.Println(p)
	}
	// Output:
	// talk.yaml:2:10: minutes wants a whole number, and this is text; write a whole number
	// talk.yaml:3:1: there is no such key; did you mean `place`?
}
