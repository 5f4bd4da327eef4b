package inbound

import (
	_ "embed"
	"regexp"
	"strings"
	"sync"
)

// words are the expressions for what machines and people write; words.txt says how they stand there.
//
//go:embed words.txt
var words string

var wordsRef = regexp.MustCompile(`%\w+%`)

// named returns a function that gives the expression of that name in [words], compiled when it is first needed.
func named(name string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression(name)) })
}

func expression(name string) string {
	_, text, ok := strings.Cut(words, "\n["+name+"]\n")
	if !ok {
		panic("words.txt has no [" + name + "]")
	}
	text, _, _ = strings.Cut(text, "\n\n")
	return wordsRef.ReplaceAllStringFunc(strings.ReplaceAll(text, "\n", ""), func(ref string) string {
		return expression(strings.Trim(ref, "%"))
	})
}
