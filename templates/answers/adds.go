package answers

import (
	"slices"
	"strings"
	"unicode/utf8"

	"coalition/templates/answers/phrases"
)

// mostAdds is how many lines are a list of points, and longestAdd how many characters one of them may have.
const mostAdds, longestAdd = 5, 200

// adds returns what stands between the tokens rest and end, line by line: without what every reply says, without the
// marks of lists, and without a name below an empty line. ok is false where that is no list of points any more.
func (r *reading) adds(rest, end int) (list []string, ok bool) {
	if end == len(r.tokens) && end > 0 {
		if name := lineStart(r.tokens, end-1); name >= rest && r.isName(name) {
			end = name
		}
	}
	for _, s := range r.points(rest, end) {
		marked := strings.TrimLeft(r.text[s.from:s.to], " \t-–—*•·‣◦>.):")
		line := strings.Join(strings.Fields(marked), " ")
		if utf8.RuneCountInString(line) > longestAdd || len(list) == mostAdds {
			return nil, false
		}
		if line != "" {
			list = append(list, line)
		}
	}
	return list, true
}

// points returns where in the text the sentences between the tokens rest and end stand that say something of their
// own, one for each line.
func (r *reading) points(rest, end int) (list []part) {
	for i := rest; i < end; {
		if r.tokens[i].Item {
			i++
			continue
		}
		next := i + 1
		for next < end && !strings.ContainsAny(r.tokens[next].Gap, "\n.!;") {
			next++
		}
		s := part{r.sentenceStart(i), len(r.text)}
		if next < len(r.tokens) {
			s.to = r.sentenceStart(next)
		}
		last := r.tokens[next-1].End
		if line := strings.IndexByte(r.text[last:s.to], '\n'); line >= 0 {
			s.to = last + line
		}
		if from, ok := r.point(i, next); ok {
			if from > i {
				s.from = r.tokens[from].Start
			}
			if n := len(list); n > 0 && !strings.Contains(r.text[list[n-1].to:s.from], "\n") {
				list[n-1].to = s.to
			} else {
				list = append(list, s)
			}
		}
		i = next
	}
	return list
}

// point reports whether the sentence from token i to end says more than every reply does and the writer's name, and
// from which token on: behind "I would add".
func (r *reading) point(i, end int) (from int, ok bool) {
	foreign := func(t phrases.Token) bool { return !slices.Contains(r.names, t.Word) }
	if !slices.ContainsFunc(r.tokens[i:end], foreign) {
		return 0, false
	}
	for k := i; k < end; {
		p, n := r.own.Match(r.tokens, k)
		if n == 0 {
			return i, true
		}
		k += n
		if p.Has(phrases.Adds) {
			return k, k < end
		}
	}
	return 0, false
}

// sentenceStart returns where the sentence that begins with token i begins in the text.
func (l *letter) sentenceStart(i int) int {
	if i == 0 {
		return 0
	}
	from := l.tokens[i-1].End
	return from + 1 + strings.LastIndexAny(l.text[from:l.tokens[i].Start], "\n.!;")
}
