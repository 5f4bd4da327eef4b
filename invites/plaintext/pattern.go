package plaintext

import (
	"regexp"
	"sync"
)

// Pattern returns a function that gives the expression, compiled when it is first needed: most runs of the
// program read no mail. Like [regexp.MustCompile] it panics then where the expression is none.
func Pattern(expression string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
}
