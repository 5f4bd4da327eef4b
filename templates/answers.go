package templates

import (
	"errors"
	"fmt"
	"path"
	"slices"

	"coalition/templates/answers"
	"coalition/templates/answers/phrases"
)

// Answers returns what reads people's answers in all languages that have an answers.tmpl. It reads those anew each
// time, which takes a hundredth of a second for each. The error names the file and the line of what can't be read: a
// reader without that language would miss its conditions.
func (s *Set) Answers() (*answers.Reader, error) {
	var all []phrases.Words
	for _, lang := range s.languages {
		l, err := s.language(lang)
		if err != nil {
			return nil, err
		}
		words, err := l.answers()
		if err != nil {
			return nil, err
		}
		if words != nil {
			all = append(all, *words)
		}
	}
	reader, err := answers.New(all)
	return reader, s.placed(err)
}

// answers returns the words that stand in the answers.tmpl of a language; nil where there is none.
func (l *language) answers() (*phrases.Words, error) {
	if l.answersFile == "" {
		return nil, nil
	}
	words := &phrases.Words{Language: l.name, Lists: make(map[string][]string), Weekdays: l.weekdays, Months: l.months,
		MonthFirst: l.text.Lookup("month first") != nil, Variant: path.Dir(l.answersFile) != l.name}
	if words.Variant {
		return words, nil
	}
	for _, list := range slices.Concat(phrases.Required(), phrases.Optional()) {
		if l.text.Lookup("answer "+list) == nil {
			continue
		}
		entries, err := l.list("answer " + list)
		if err != nil {
			return nil, err
		}
		words.Lists[list] = entries
	}
	return words, nil
}

// placed gives an error of [answers.New] the place of the list in its file.
func (s *Set) placed(err error) error {
	var wrong *phrases.ListError
	if !errors.As(err, &wrong) {
		return err
	}
	list := "answer " + wrong.List
	if wrong.Problem == "" {
		return fmt.Errorf("template: %s:1:1: there is no %q", path.Join(wrong.Language, "answers.tmpl"), list)
	}
	l, err := s.language(wrong.Language)
	if err != nil {
		return err
	}
	return l.fault(list, wrong.Problem)
}

// fault returns an error that says where the template of that name stands.
func (l *language) fault(name, problem string) error {
	tree := l.text.Lookup(name).Tree
	place, _ := tree.ErrorContext(tree.Root)
	return fmt.Errorf("template: %s: %q: %s", place, name, problem)
}
