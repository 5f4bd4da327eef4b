package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"

	"coalition/scheduler/ways"
)

// TestWays: whatever the organizer can do next has words, and they name it.
func TestWays(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "../../scheduler/ways/ways.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		name, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		seen++
		if words := how(ways.Way(name), "maya/2", "2027-03-04 10:00"); words == "" || strings.Contains(words, "%") {
			t.Errorf("%s is told as %q", name, words)
		}
		return true
	})
	if seen == 0 || seen != len(commands) {
		t.Errorf("%d ways, and words for %d", seen, len(commands))
	}
}
