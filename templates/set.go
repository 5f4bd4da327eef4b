package templates

import (
	"embed"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"sync"
)

// Each folder that has templates is a language.
//
//go:embed layout.html style.css page.css */*.tmpl */*.txt */*.html
var embedded embed.FS

// fallback is the language that serves where there is nothing in another.
const fallback = "en"

// first are the kinds of message that there were from the first version on: own templates of a further language have
// them all, or it is not known. All later files these may lack, since they may be older: see [Set.spoken].
var first = []Kind{Brief, Invitation, Update, Cancellation, Reminder, Copy}

// A Set is the templates in all languages: those built in, and the organizer's own in their place.
// It is safe for concurrent use.
type Set struct {
	source    fs.FS
	languages []string

	mu     sync.Mutex
	parsed map[string]*language
	sites  map[string]*site
}

// Load returns the set with the organizer's own versions from the folder own, which has the layout of
// `coalition template list`; "" means none. A language of which every template is there is known,
// too; where one is missing that older versions did not have, the English one serves. One of a region takes from the
// folder of its language, such as pt for pt-BR, what its own lacks. Templates are parsed when they are first used;
// [Set.Check] looks at the organizer's own.
func Load(own string) (*Set, error) {
	s := &Set{source: embedded, parsed: make(map[string]*language), sites: make(map[string]*site)}
	if own != "" {
		info, err := os.Stat(own)
		if err != nil || !info.IsDir() {
			return nil, fmt.Errorf("%s is no folder of templates", own)
		}
		s.source = overlay{os.DirFS(own), embedded}
	}
	entries, err := fs.ReadDir(s.source, ".")
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if s.complete(e.Name()) {
			s.languages = append(s.languages, e.Name())
		}
	}
	slices.Sort(s.languages)
	return s, nil
}

func (s *Set) complete(lang string) bool {
	return !slices.ContainsFunc(neededFiles(), func(name string) bool { return s.file(lang, name) == "" })
}

// broader returns a language without the last part of its tag, such as pt for pt-BR; "" for one of a single part.
func broader(lang string) string { return lang[:max(strings.LastIndexByte(lang, '-'), 0)] }

// file returns which file has the template of that name for readers of lang: that in its own folder or, where there is
// none, in the folder of the broader language; "": there is none in these.
func (s *Set) file(lang, name string) string {
	for ; lang != ""; lang = broader(lang) {
		if file := path.Join(lang, name); s.has(file) {
			return file
		}
	}
	return ""
}

// files returns the same as a list; of templates that are named one by one, as in words.tmpl, it has all files, and what
// a later one names stands in the place of what an earlier one does.
func (s *Set) files(lang, name string) (list []string) {
	for file := s.file(lang, name); file != ""; file = s.file(broader(path.Dir(file)), name) {
		list = slices.Insert(list, 0, file)
		if path.Ext(name) != ".tmpl" {
			break
		}
	}
	return list
}

func (s *Set) has(name string) bool {
	_, err := fs.Stat(s.source, name)
	return err == nil
}

// spoken returns the language in which the files of those names are there for readers of lang: lang
// itself, or English where one of them is missing.
func (s *Set) spoken(lang string, names ...string) string {
	for _, name := range names {
		if s.file(lang, name) == "" {
			return fallback
		}
	}
	return lang
}

// sharedFiles serve all languages.
var sharedFiles = []string{"layout.html", "style.css", "page.css"}

// languageFiles returns all templates that a language can have.
func languageFiles() []string { return append(messageFiles(), siteFiles...) }

func messageFiles() []string {
	return append([]string{"words.tmpl", "answers.tmpl", "event.txt", "event.html", "hold.txt", "agenda.txt"}, filesOf(Kinds)...)
}

// neededFiles returns those of [messageFiles] that a language must have to be known.
func neededFiles() []string { return append([]string{"words.tmpl", "event.txt"}, filesOf(first)...) }

func filesOf(kinds []Kind) (list []string) {
	for _, k := range kinds {
		list = append(list, string(k)+".txt", string(k)+".html")
	}
	return list
}

// overlay is a file system in which the files of own stand before those of base.
type overlay struct{ own, base fs.FS }

// has reports whether own has a file of that name, be it one that can't be read: then that is said,
// and the built-in one is not taken in silence.
func (o overlay) has(name string) bool {
	info, err := fs.Stat(o.own, name)
	return err == nil && !info.IsDir()
}

func (o overlay) Open(name string) (fs.File, error) {
	if o.has(name) {
		return o.own.Open(name)
	}
	return o.base.Open(name)
}

// Stat implements fs.StatFS.
func (o overlay) Stat(name string) (fs.FileInfo, error) {
	if o.has(name) {
		return fs.Stat(o.own, name)
	}
	return fs.Stat(o.base, name)
}

// ReadDir implements fs.ReadDirFS: the names of both.
func (o overlay) ReadDir(name string) ([]fs.DirEntry, error) {
	list, err := fs.ReadDir(o.base, name)
	if more, err2 := fs.ReadDir(o.own, name); err2 == nil {
		err = nil
		for _, e := range more {
			if !slices.ContainsFunc(list, func(b fs.DirEntry) bool { return b.Name() == e.Name() }) {
				list = append(list, e)
			}
		}
	}
	return list, err
}

// Languages returns those that can be written, in alphabetical order.
func (s *Set) Languages() []string { return s.languages }

// Language returns the known language that serves the wanted one best: itself, the one without its
// region, or else English; ok is false for the last.
func (s *Set) Language(want string) (lang string, ok bool) {
	for ; want != ""; want = broader(want) {
		for _, lang := range s.languages {
			if strings.EqualFold(lang, want) {
				return lang, true
			}
		}
	}
	return fallback, false
}

// Files returns the names of all templates.
func (s *Set) Files() []string {
	list := slices.Clone(sharedFiles)
	for _, lang := range s.languages {
		for _, name := range languageFiles() {
			if name = path.Join(lang, name); s.has(name) {
				list = append(list, name)
			}
		}
	}
	return list
}

// Ignored returns the organizer's own files that count for nothing: no template has their name, or their language lacks
// others that it needs to be known. Files that no template could be are nobody's business.
func (s *Set) Ignored() (list []Problem) {
	o, ok := s.source.(overlay)
	if !ok {
		return nil
	}
	known := s.Files()
	for _, pattern := range []string{"*", "*/*"} {
		// The pattern is in order.
		names, _ := fs.Glob(o.own, pattern)
		for _, name := range names {
			lang, file := path.Split(name)
			lang = path.Clean(lang)
			if !slices.Contains([]string{".txt", ".html", ".tmpl", ".css"}, path.Ext(name)) || strings.HasPrefix(file, ".") ||
				strings.HasPrefix(file, "README") || !o.has(name) || slices.Contains(known, name) {
				continue
			}
			p := Problem{File: name, Line: 1, Column: 1, Text: "no template has this name, and so the file counts for nothing"}
			if slices.Contains(languageFiles(), file) && lang != "." && !slices.Contains(s.languages, lang) {
				missing := slices.DeleteFunc(neededFiles(), func(name string) bool { return s.file(lang, name) != "" })
				p.Text = fmt.Sprintf("the language %s counts for nothing as long as it lacks %s", lang, strings.Join(missing, ", "))
			}
			list = append(list, p)
		}
	}
	return list
}

// Source returns the text of a template named by [Set.Files].
func (s *Set) Source(name string) ([]byte, error) {
	if !slices.Contains(s.Files(), name) {
		return nil, fmt.Errorf("there is no template %q", name)
	}
	return fs.ReadFile(s.source, name)
}

// Own reports whether the template of that name is the organizer's own.
func (s *Set) Own(name string) bool {
	o, ok := s.source.(overlay)
	return ok && o.has(name)
}
