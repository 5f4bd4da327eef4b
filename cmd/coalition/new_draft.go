package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"coalition/scheduler/plan"
	"coalition/scheduler/plan/form"
	"coalition/scheduler/strictyaml"
)

// drafts is the folder, beside the plans, of answers to `new` that were left unfinished; they may be private. No plan
// is read from there: its name begins with a dot.
func (a *app) drafts() string { return filepath.Join(a.sched.Plans.Path, ".drafts") }

// A planDraft is such answers.
type planDraft struct {
	// After is the question that was answered last.
	After string    `yaml:"after"`
	Said  form.Said `yaml:"said"`
	// What only belongs to the questions; see planWalk.
	Time string `yaml:"time,omitempty"`
	From string `yaml:"from,omitempty"`
	To   string `yaml:"to,omitempty"`
	Past *bool  `yaml:"past,omitempty"`

	path string
	left time.Time
}

func (d *planDraft) name() string { return strings.TrimSuffix(filepath.Base(d.path), ".yaml") }

// unfinished returns the drafts there are, the newest first. One that can't be read is told of, and left alone.
func (a *app) unfinished() (list []planDraft) {
	for _, path := range matches(a.drafts(), "*.yaml") {
		d := planDraft{path: path}
		info, err := os.Stat(path)
		if err == nil && info.Size() > strictyaml.MaxSize {
			err = errors.New("it is too large")
		}
		var data []byte
		if err == nil {
			d.left = info.ModTime()
			data, err = os.ReadFile(path)
		}
		if err == nil {
			err = yaml.Unmarshal(data, &d)
		}
		known := make(form.Said)
		for _, k := range form.Keys() {
			if values := d.Said[k.Path]; len(values) > 0 {
				known[k.Path] = values
			}
		}
		if d.Said = known; err != nil || known.One("with.name") == "" {
			a.note("Note: the unfinished answers in %s can't be read; remove the file, or mend it.", path)
			continue
		}
		list = append(list, d)
	}
	slices.SortFunc(list, func(x, y planDraft) int { return y.left.Compare(x.left) })
	return list
}

// save keeps the answers so far, so that nothing is lost however the walk ends.
func (w *planWalk) save() error {
	data, err := yaml.Marshal(planDraft{After: w.after, Said: w.said, Time: *w.time, From: *w.from, To: *w.to, Past: w.past})
	if err != nil {
		return err
	}
	name := w.said.One("id")
	if name == "" {
		name = slug(w.said.One("with.name"))
	}
	if new(plan.ID).Parse(name) != nil {
		name = "unnamed"
	}
	folder := w.a.drafts()
	path := filepath.Join(folder, name+".yaml")
	if path != w.draft {
		// Another draft of that name is somebody else's.
		for n := 2; ; n++ {
			if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) || n > 99 {
				break
			}
			path = filepath.Join(folder, fmt.Sprintf("%s-%d.yaml", name, n))
		}
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return usage("the answers so far can't be kept in %s", "make that folder yourself", folder)
	}
	head := "# Answers that were left unfinished. Go on with: coalition new\n"
	if err := privateFile(path, append([]byte(head), data...)); err != nil {
		return usage("the answers so far can't be kept in %s", "look at the disk", path)
	}
	if w.draft != "" && w.draft != path {
		_ = os.Remove(w.draft)
	}
	w.draft = path
	return nil
}

// forget removes the draft, which is written as a plan, or not wanted.
func (w *planWalk) forget() {
	if w.draft == "" {
		return
	}
	_ = os.Remove(w.draft)
	// Others may be in it.
	_ = os.Remove(filepath.Dir(w.draft))
	w.draft = ""
}

// resume offers what was left unfinished, and takes it up.
func (w *planWalk) resume() error {
	const another, away = "another", "away"
	list := slices.DeleteFunc(w.a.unfinished(), func(d planDraft) bool {
		// Those about somebody else are not meant.
		return w.flagged["with.name"] && d.Said.One("with.name") != w.said.One("with.name")
	})
	if len(list) == 0 {
		return nil
	}
	what := new(string)
	q := &question{title: "Go on", text: what, explain: "There are answers that you left unfinished."}
	for _, d := range list {
		left := fmt.Sprintf("with %s, left on %s", d.Said.One("with.name"), w.a.local(d.left))
		q.choices = append(q.choices, choice{d.name(), left})
	}
	*what = list[0].name()
	q.choices = append(q.choices, choice{another, "begin another plan"})
	throw := choice{away, "throw these answers away, and begin another plan"}
	if len(list) > 1 {
		throw.explain = fmt.Sprintf("throw the answers of all %d away, and begin another plan", len(list))
	}
	q.choices = append(q.choices, throw)
	if err := w.a.walk([]*question{q}, nil); err != nil {
		return err
	}
	if i := slices.IndexFunc(list, func(d planDraft) bool { return d.name() == *what }); i >= 0 {
		d := list[i]
		for path, values := range d.Said {
			if !w.flagged[path] {
				w.said[path] = values
			}
		}
		w.draft, w.after, *w.time, *w.from, *w.to = d.path, d.After, cmp.Or(d.Time, timeFound), d.From, d.To
		if d.Past != nil {
			w.past = d.Past
		}
	} else if *what == away {
		for _, d := range list {
			w.draft = d.path
			w.forget()
		}
	}
	return nil
}
