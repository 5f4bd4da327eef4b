package templates

import (
	"fmt"
	"io"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"coalition/templates/answers"
	"coalition/templates/answers/phrases"
	"coalition/templates/tree"
)

// A Problem is a fault in a template, found by [Set.Check].
type Problem struct {
	// File is as [Set.Files] names it: "en/brief.txt".
	File string
	// Line and Column count from 1.
	Line, Column int
	Text         string
}

func (p Problem) place() Problem { return Problem{File: p.File, Line: p.Line, Column: p.Column} }

// Check reads every template of each language for which the organizer has some of their own, and carries it out on a
// talk that has all there is, in every setting and with both branches of each condition, so that a misspelt field is
// found before it is needed.
func (s *Set) Check() []Problem {
	var list []Problem
	for _, lang := range s.languages {
		if !s.changed(lang) {
			continue
		}
		add := func(file string, err error) {
			if err == nil {
				return
			}
			p := s.problem(path.Join(lang, file), err)
			// A file may serve several languages.
			if !slices.ContainsFunc(list, func(q Problem) bool { return q.place() == p.place() }) {
				list = append(list, p)
			}
		}
		l, err := s.language(lang)
		if err != nil {
			add("words.tmpl", err)
			continue
		}
		words, err := l.answers()
		if words != nil && !words.Variant {
			_, err = answers.New([]phrases.Words{*words})
		}
		add("answers.tmpl", s.placed(err))
		text, pages := tree.BothWays(l.text, functions), tree.BothWays(l.pages, functions)
		if s.spoken(lang, "agenda.txt") == lang {
			add("agenda.txt", text.ExecuteTemplate(io.Discard, path.Join(lang, "agenda.txt"), proposal{}))
		}
		for _, setting := range settings {
			talk := Sample()
			talk.Setting.Kind = setting
			v, err := l.view(text, talk)
			if err != nil {
				add("words.tmpl", err)
				continue
			}
			for _, part := range []string{"summary", "location", path.Join(lang, "event.txt")} {
				add("event.txt", text.ExecuteTemplate(io.Discard, part, v))
			}
			if s.spoken(lang, "hold.txt") == lang {
				add("hold.txt", text.ExecuteTemplate(io.Discard, path.Join(lang, "hold.txt"), v))
			}
			if s.spoken(lang, "event.html") == lang {
				add("event.html", pages.ExecuteTemplate(io.Discard, path.Join(lang, "event.html"), v))
				add("event.html", l.html.ExecuteTemplate(io.Discard, path.Join(lang, "event.html"), v))
			}
			for _, k := range Kinds {
				txt, html := string(k)+".txt", string(k)+".html"
				if s.spoken(lang, txt, html) != lang {
					if (s.file(lang, txt) == "") != (s.file(lang, html) == "") {
						const half = "a %s needs both %s and %s; with one of them missing it is written in English"
						add(txt, fmt.Errorf(half, k, txt, html))
					}
					continue
				}
				add(txt, text.ExecuteTemplate(io.Discard, "subject "+string(k), v))
				add(txt, text.ExecuteTemplate(io.Discard, path.Join(lang, txt), v))
				add(html, pages.ExecuteTemplate(io.Discard, path.Join(lang, html), v))
				// Once more as it is, for what only html/template sees.
				add(html, l.html.ExecuteTemplate(io.Discard, path.Join(lang, html), v))
			}
		}
		s.checkSite(lang, add)
	}
	return list
}

// changed reports whether the organizer has a template of their own that serves readers of lang.
func (s *Set) changed(lang string) bool {
	if slices.ContainsFunc(sharedFiles, s.Own) {
		return true
	}
	for ; lang != ""; lang = broader(lang) {
		if slices.ContainsFunc(languageFiles(), func(name string) bool { return s.Own(path.Join(lang, name)) }) {
			return true
		}
	}
	return false
}

// checkSite does the same for the pages of a language that has some.
func (s *Set) checkSite(lang string, add func(file string, err error)) {
	for _, name := range siteFiles {
		file := path.Join(lang, name)
		if s.file(lang, name) == "" {
			continue
		}
		t, err := s.site(lang, name)
		if err != nil {
			add(name, err)
			continue
		}
		var data any = t.gone(NoTalk)
		if name == "page.html" {
			data, err = t.view(t.language.text, SamplePage())
		}
		// Otherwise it is a fault of the words, which is said already.
		if err == nil {
			add(name, tree.BothWays(t.plain, functions).ExecuteTemplate(io.Discard, file, data))
			add(name, t.html.ExecuteTemplate(io.Discard, file, data))
		}
	}
}

// settings are the kinds of setting, for each of which there are words.
var settings = []string{"neutral", "walk", "coffee", "lunch", "office", "phone", "video"}

var templateError = regexp.MustCompile(`^(?:html/)?template: ?([^:"]+)(?::(\d+))?(?::(\d+))?: (.*)$`)

// problem reads the place out of an error of text/template or html/template; file is what was being
// read or carried out.
func (s *Set) problem(file string, err error) Problem {
	p := Problem{File: file, Line: 1, Column: 1, Text: err.Error()}
	m := templateError.FindStringSubmatch(err.Error())
	if m == nil {
		return p
	}
	p.File, p.Text = m[1], m[4]
	if line, err := strconv.Atoi(m[2]); err == nil {
		p.Line = line
	}
	before, err := strconv.Atoi(m[3])
	source, err2 := s.read(p.File)
	lines := strings.Split(source, "\n")
	if err == nil && err2 == nil && p.Line <= len(lines) && before <= len(lines[p.Line-1]) {
		p.Column = 1 + utf8.RuneCountInString(lines[p.Line-1][:before])
	}
	return p
}
