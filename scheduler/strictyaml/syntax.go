package strictyaml

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"sort"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// syntaxFaults are the parser's words and ours. The parser's are not handed on: they may quote the
// file, and a problem may end up in a log.
var syntaxFaults = []struct{ parser, text, mend string }{
	{"unknown anchor", "aliases (*name) are not read here", "put text that begins with * in quotes"},
	{"mapping values are not allowed", "a colon can't stand here", "put text that holds a colon in quotes, and indent the keys of a block alike"},
	{"did not find expected key", "a key is expected here", "indent the keys of a block alike, and put all of a text inside its quotes"},
	{"could not find expected ':'", "a colon is missing behind a key", "write the key, a colon and the value; indent text that goes on in a further line"},
	{"expected '-' indicator", "a list item is expected here", "begin each item with -, all indented alike"},
	{"expected ',' or ']'", "a list that begins with [ is not closed, or a comma is missing", "put commas between its items and ] behind the last one"},
	{"expected ',' or '}'", "a block that begins with { is not closed, or a comma is missing", "put commas between its keys and } behind the last one"},
	{"block sequence entries", "a list item can't stand here", "begin the list in a line of its own, or put text that begins with - in quotes"},
	{"unexpected end of stream", "a quote is opened and not closed", "close it; write ' twice inside single quotes"},
	{"unexpected document indicator", "a quote is opened and not closed", "close it; write ' twice inside single quotes"},
	{"tab character", "a tab stands where the indentation belongs", "indent with spaces"},
	{"cannot start any token", "a value can't begin like this", "put text that begins with @, ` or % in quotes"},
	{"expected node content", "a value is missing here", "close what begins with [ or {, and put text that begins with ], } or a comma in quotes"},
	{"escape character", `\ means something else in double quotes`, `write it twice, or use single quotes`},
	{"escape code", `\ means something else in double quotes`, `write it twice, or use single quotes`},
	{"hexdecimal", `\ means something else in double quotes`, `write it twice, or use single quotes`},
	{"alphabetic or numeric", "anchors and aliases are not read here", "put text that begins with & or * in quotes"},
	{"tag", "tags (!name) are not read here", "leave the tag out, or put the text in quotes"},
	{"expected '!'", "tags (!name) are not read here", "leave the tag out, or put the text in quotes"},
	{"document start", "something is left over here", "close what is open above, and indent the keys of a block alike"},
	{"exceeded max depth", "it is nested too deep", tooDeep},
}

var tooDeep = fmt.Sprintf("nest no deeper than %d levels", maxDepth)

// A syntaxFault is what the parser said, as far as it counts here.
type syntaxFault struct {
	line       int // 0: the parser named none
	text, mend string
}

var yamlLine = regexp.MustCompile(`^yaml: line (\d+): `)

func faultOf(err error) (f syntaxFault) {
	if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
		f.line, _ = strconv.Atoi(m[1])
	}
	f.text, f.mend = "it can't be read", "compare the indentation, the colons and the quotes with the lines above"
	for _, known := range syntaxFaults {
		if strings.Contains(err.Error(), known.parser) {
			f.text, f.mend = known.text, known.mend
			break
		}
	}
	return f
}

// syntax is the problem of a file that the parser refuses.
func (d *Document) syntax(err error) Problem {
	f := faultOf(err)
	line := d.lineOf(f)
	l := d.lines[line-1]
	indent := l[:len(l)-len(bytes.TrimLeft(l, " \t"))]
	column := len(indent) + 1
	if tab := bytes.IndexByte(indent, '\t'); tab >= 0 {
		column, f.text, f.mend = tab+1, "a tab stands where the indentation belongs", "indent with spaces"
	}
	return d.at(line, column, "this is not YAML ("+f.text+")", f.mend)
}

// lineOf is the first line with which the parser fails as it did. Its own word would not do: often
// it names the line above the block in which it got lost, or none.
func (d *Document) lineOf(f syntaxFault) int {
	const most = 32 << 10 // bytes; beyond, the parser's word is good enough
	if size := len(bytes.Join(d.lines, []byte("\n"))); size > most {
		return min(max(f.line, 1), len(d.lines))
	}
	failsWith := func(lines int) (f syntaxFault, failed bool) {
		dec := yaml.NewDecoder(bytes.NewReader(bytes.Join(d.lines[:lines], []byte("\n"))))
		for {
			if err := dec.Decode(new(yaml.Node)); errors.Is(err, io.EOF) {
				return f, false
			} else if err != nil {
				return faultOf(err), true
			}
		}
	}
	// For what begins in the first line the parser names no line, or that of the end.
	if first, failed := failsWith(1); failed && first.text == f.text {
		return 1
	}
	return 1 + sort.Search(len(d.lines)-1, func(i int) bool {
		before, failed := failsWith(i + 1)
		return failed && before == f
	})
}
