package strictyaml

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// Doubts are warnings of text that [Document.Decode] has read otherwise than it may be meant: what stands
// behind a # that follows a space, and begins a word, is no part of the text; and a no-break space looks like
// a space and is none.
func (d *Document) Doubts() []Problem { return First(slices.Clone(d.doubts)) }

func (d *Document) doubt(line, column int, text, mend string) {
	p := d.at(line, column, text, mend)
	p.Warning = true
	d.doubts = append(d.doubts, p)
}

// weigh adds to the doubts what there is of the value n, which is text.
func (d *Document) weigh(n *yaml.Node) {
	if line, column, ok := d.cut(n); ok {
		d.doubt(line, column, cutText, cutMend)
	}
	value := strings.TrimSpace(n.Value)
	if !strings.ContainsFunc(value, noBreak) {
		return
	}
	line, column := n.Line, n.Column
	for i := n.Line; i <= len(d.lines) && i <= n.Line+bytes.Count([]byte(n.Value), []byte("\n"))+maxItems; i++ {
		text, from := d.lines[i-1], 0
		if i == n.Line {
			from = offset(text, n.Column)
		}
		if at := bytes.IndexFunc(text[from:], noBreak); at >= 0 {
			line, column = i, 1+utf8.RuneCount(text[:from+at])
			break
		}
	}
	d.doubt(line, column, "a no-break space stands here", "write a plain space, unless it is meant")
}

// noBreak reports whether r looks like a space, and keeps the words on both sides on one line.
func noBreak(r rune) bool { return r == '\u00a0' || r == '\u202f' || r == '\u2007' }

const (
	cutText = "the text ends before this #, which begins a comment"
	cutMend = "put the whole text in quotes, or a space behind the # where a comment is meant"
)

const spaceFault, spaceMend = "a no-break space stands where a plain one belongs", "write a plain space"

// misplaced matches a no-break space where YAML wants a plain one: as indentation, or behind a mark.
var misplaced = regexp.MustCompile(`^[ -]*[\x{a0}\x{202f}\x{2007}]|^[ -]*[\w]+:[ ]*[\x{a0}\x{202f}\x{2007}]`)

// misplacedSpaces is the first problem of a file that can't be read because of a no-break space in it.
func (d *Document) misplacedSpaces() []Problem {
	for i, line := range d.lines {
		if !bytes.ContainsFunc(line, noBreak) {
			continue
		}
		if at := misplaced.FindIndex(line); at != nil {
			_, size := utf8.DecodeLastRune(line[:at[1]])
			return []Problem{d.at(i+1, 1+utf8.RuneCount(line[:at[1]-size]), spaceFault, spaceMend)}
		}
	}
	return nil
}

// cutOpen is the first problem of a file that can't be read because a # that begins a word has cut what closes a
// list or a block.
func (d *Document) cutOpen() []Problem {
	for i, line := range d.lines {
		mark := comment(line)
		if mark == len(line) || bytes.Count(line[:mark], []byte(`"`))%2+bytes.Count(line[:mark], []byte("'"))%2 > 0 {
			continue
		}
		open := bytes.Count(line[:mark], []byte("[")) + bytes.Count(line[:mark], []byte("{"))
		shut := bytes.Count(line[:mark], []byte("]")) + bytes.Count(line[:mark], []byte("}"))
		if next, _ := utf8.DecodeRune(line[mark+1:]); open > shut && (unicode.IsLetter(next) || unicode.IsDigit(next)) {
			return []Problem{d.at(i+1, 1+utf8.RuneCount(line[:mark]), cutText, cutMend)}
		}
	}
	return nil
}

// cutAbove is the problem of a file that can't be read from this line on because a # that begins a word has cut the
// text that it continues.
func (d *Document) cutAbove(fault int) []Problem {
	for i := fault - 2; i >= 0; i-- {
		line := d.lines[i]
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		mark := comment(line)
		text := bytes.TrimSpace(line[:mark])
		if mark == len(line) || len(text) == 0 || bytes.HasSuffix(text, []byte(":")) || bytes.ContainsAny(text[len(text)-1:], `"'`) {
			return nil
		}
		if next, _ := utf8.DecodeRune(line[mark+1:]); unicode.IsLetter(next) || unicode.IsDigit(next) {
			return []Problem{d.at(i+1, 1+utf8.RuneCount(line[:mark]), cutText, cutMend)}
		}
		return nil
	}
	return nil
}

// offset is where the column begins in a line, in bytes.
func offset(line []byte, column int) int {
	at := 0
	for range column - 1 {
		if at >= len(line) {
			break
		}
		_, size := utf8.DecodeRune(line[at:])
		at += size
	}
	return at
}

// cut is where the plain text n, or nothing at all, is followed by a # that begins a word. The parser tells
// neither where a text ends nor where a comment begins: the source does.
func (d *Document) cut(n *yaml.Node) (line, column int, ok bool) {
	if n.Kind != yaml.ScalarNode || n.Style&^yaml.TaggedStyle != 0 {
		return 0, 0, false
	}
	want := strings.Fields(n.Value)
	for i := n.Line; i >= 1 && i <= len(d.lines); i++ {
		text, from := d.lines[i-1], 0
		if i == n.Line {
			from = offset(text, n.Column)
		}
		rest := text[from:]
		mark := comment(rest)
		words := strings.Fields(string(rest[:mark]))
		if len(words) > len(want) || !slices.Equal(words, want[:len(words)]) {
			return 0, 0, false // the text ends within this line, and something else follows
		}
		if want = want[len(words):]; len(want) > 0 {
			continue
		}
		if mark == len(rest) {
			return 0, 0, false
		}
		next, _ := utf8.DecodeRune(rest[mark+1:])
		return i, 1 + utf8.RuneCount(text[:from+mark]), unicode.IsLetter(next) || unicode.IsDigit(next)
	}
	return 0, 0, false
}

// comment is where one begins in a line that a plain text stands in, or the line's length.
func comment(line []byte) int {
	for i, c := range line {
		if c == '#' && (i == 0 || line[i-1] == ' ' || line[i-1] == '\t') {
			return i
		}
	}
	return len(line)
}
