package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"coalition/invites/zones"
	"coalition/scheduler/strictyaml"
)

// lookAtConfig reads the config, and reports whether it can be worked with.
func (d *doctor) lookAtConfig() bool {
	const area = "config"
	path, err := d.findConfig()
	var wrong *usageError
	if errors.As(err, &wrong) {
		d.tell(area, "the file", faulty, wrong.text, wrong.hint)
		return false
	}
	rule, hidden := d.configRule(path)
	if hidden != "" {
		d.tell(area, "another file", doubt, fmt.Sprintf("%s is there, too, and counts for nothing, as %s", d.tilde(hidden),
			rule),
			"remove the one that is not meant, or name the other: --config "+d.tilde(hidden))
	}
	_, err = d.readConfig()
	var problems problemsError
	switch {
	case errors.As(err, &problems):
		for _, p := range problems {
			d.tell(area, d.place(p), faulty, p.Text, p.Mend)
		}
		return false
	case errors.As(err, &wrong):
		d.tell(area, "the file", faulty, wrong.text, wrong.hint)
		return false
	}
	d.tell(area, "the file", fine, d.tilde(path)+"; "+rule, "")
	for _, p := range append(d.config.warnings(), d.config.clientProblems()...) {
		state := faulty
		if p.Warning {
			state = doubt
		}
		d.tell(area, d.place(p), state, p.Text, p.Mend)
	}
	return true
}

// place is where a problem stands, for people.
func (d *doctor) place(p strictyaml.Problem) string {
	return fmt.Sprintf("%s:%d:%d", d.tilde(p.File), p.Line, p.Column)
}

// configRule says by which rule the config file at path counts, and which other one is hidden by that; "": none.
func (d *doctor) configRule(path string) (rule, hidden string) {
	there := func(other string) bool {
		_, err := os.Stat(other)
		return err == nil && !sameFile(other, path)
	}
	own := ""
	if base := d.getenv("XDG_CONFIG_HOME"); base != "" {
		own = filepath.Join(base, "coalition", "config.yaml")
	} else if home := d.getenv("HOME"); home != "" {
		own = filepath.Join(home, ".config", "coalition", "config.yaml")
	}
	switch {
	case d.configFile != "":
		return "--config names it", ""
	case d.getenv("COALITION_CONFIG") != "":
		if rule = "COALITION_CONFIG names it"; there("config.yaml") {
			hidden = "config.yaml"
		}
		return rule, hidden
	case path == "config.yaml":
		if there(own) {
			hidden = own
		}
		return "it lies in this folder", hidden
	}
	return "it lies where yours belongs", ""
}

// lookAtTemplates looks at the organizer's own templates. Without their folder the built-in ones have to do.
func (d *doctor) lookAtTemplates() {
	const area = "templates"
	before := len(d.found)
	if _, err := d.config.words(); err != nil {
		d.tell(area, "the folder", faulty, d.config.resolve(d.config.Templates)+" is no folder of templates",
			"make it, or leave `templates:` out of the config")
		d.config.Templates = ""
	}
	words, err := d.config.words()
	if err != nil {
		d.tell(area, "the built-in ones", faulty, err.Error(), "install the program anew")
		return
	}
	if lang := string(d.config.Organizer.Language); lang != "" {
		if _, ok := words.Language(lang); !ok {
			d.tell(area, "your language", doubt, fmt.Sprintf("there are no words in %s: what leaves is in English", lang),
				"choose one of "+strings.Join(words.Languages(), ", ")+" as organizer.language, or write templates of your own")
		}
	}
	own := 0
	for _, name := range words.Files() {
		if words.Own(name) {
			own++
		}
	}
	var problems []strictyaml.Problem
	// The built-in ones were looked at before they were built in.
	if own > 0 || len(words.Ignored()) > 0 {
		problems = templateProblems(words, d.config)
	}
	for _, p := range problems {
		state := faulty
		if p.Warning {
			state = doubt
		}
		d.tell(area, d.place(p), state, p.Text, p.Mend)
	}
	switch {
	case len(d.found) > before:
	case own > 0:
		d.tell(area, "your own", fine, count(own, "template")+" in place of those built in", "")
	default:
		d.tell(area, "all of them", fine, "the built-in ones", "")
	}
}

// lookAtZones looks at the data by which clocks are put.
func (d *doctor) lookAtZones() {
	data := zones.Newest()
	day := data.Released.Format("2 Jan 2006")
	if d.wall().After(data.Expires()) {
		d.tell("zones", "the zone data", doubt,
			fmt.Sprintf("%s, of %s, over six months ago: clocks may be put otherwise by now", data, day),
			"bring the zone data of the system up to date (on Debian: the package tzdata), or this program")
		return
	}
	d.tell("zones", "the zone data", fine, fmt.Sprintf("%s, of %s", data, day), "")
}

// lookAtClock compares the clock with what can be known without asking anybody. That the newest message has left
// already, lookAtMessages knows.
func (d *doctor) lookAtClock() {
	const area = "clock"
	if d.at != "" {
		d.tell(area, "--at", doubt, "what is due is told as of "+d.at+", and not as of now", "leave --at out")
	}
	if built := built(); built.date != "" {
		if day, err := time.Parse(time.DateOnly, built.date); err == nil && d.wall().Before(day) {
			d.tell(area, "the day", faulty, "it is "+d.local(d.wall())+" here, and this program was made later", setClock)
		}
	}
	here, err := d.here()
	// Servers are on UTC, wherever their owners are.
	if loc, err2 := zones.Newest().Location(here); err == nil && err2 == nil && !sameClock(d.wall(), loc, d.zone()) &&
		!sameClock(d.wall(), loc, time.UTC) {
		d.tell(area, "the time zone", doubt, fmt.Sprintf("this machine is on the clock of %s, and your plans on that of %s",
			here, d.zone()),
			"if you have moved, change organizer.timezone in the config")
		return
	}
	d.tell(area, "the time", fine, "it is "+d.local(d.wall())+" in "+d.zone().String(), "")
}

// sameClock reports whether the clocks of two zones show the same at that moment.
func sameClock(at time.Time, x, y *time.Location) bool {
	return at.In(x).Format(time.DateTime) == at.In(y).Format(time.DateTime)
}

// setClock is the remedy for a clock that is wrong.
const setClock = "put the clock of this machine right (on most Linux systems: timedatectl set-ntp true)"
