package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"coalition/invites/feed"
	"coalition/scheduler"
	"coalition/scheduler/holidays"
	"coalition/scheduler/organizer"
	"coalition/scheduler/plan"
	"coalition/scheduler/slots"
	"coalition/scheduler/strictyaml"
)

// A timesConfig is the block times: by which rules free times are found. What it leaves out has the default named here.
type timesConfig struct {
	Notice   notice       `yaml:"notice" doc:"No time is offered that begins sooner after the brief has left: 0h to 720h; default 24h."`
	PerDay   int          `yaml:"per_day" doc:"How many talks a day you have at most: 1 to 20; default 3."`
	Offer    int          `yaml:"offer" doc:"How many times a brief offers: 1 to 6; default 3."`
	Step     step         `yaml:"step" doc:"On which minutes of your clock talks begin: 5m, 10m, 15m, 30m or 1h; default 15m."`
	Travel   travelConfig `yaml:"travel" doc:"What is kept free before and after a talk, by the kind of its setting."`
	Suits    suitsConfig  `yaml:"suits" doc:"Within which hours of the partner's clock a talk is, by the kind of its setting."`
	KeepFree []plan.Block `yaml:"keep_free" strict:"alone" doc:"A block, or a list of them, in which no talk is, on your clock; without days on each, without times all day."`
	Hold     bool         `yaml:"hold" doc:"true: offered times stand as tentative events in your Google calendar."`
}

type travelConfig struct {
	Neutral plan.Travel `yaml:"neutral" doc:"Default 30m."`
	Walk    plan.Travel `yaml:"walk" doc:"Default 15m."`
	Coffee  plan.Travel `yaml:"coffee" doc:"Default 10m."`
	Lunch   plan.Travel `yaml:"lunch" doc:"Default 10m."`
	Office  plan.Travel `yaml:"office" doc:"Default 10m."`
	Phone   plan.Travel `yaml:"phone" doc:"Default 0m."`
	Video   plan.Travel `yaml:"video" doc:"Default 0m."`
}

type suitsConfig struct {
	Neutral hoursConfig `yaml:"neutral" doc:"Default: any hour."`
	Walk    hoursConfig `yaml:"walk" doc:"Default: any hour."`
	Coffee  hoursConfig `yaml:"coffee" doc:"Default 09:00 to 17:00."`
	Lunch   hoursConfig `yaml:"lunch" doc:"Default 11:30 to 14:00."`
	Office  hoursConfig `yaml:"office" doc:"Default: any hour."`
	Phone   hoursConfig `yaml:"phone" doc:"Default: any hour."`
	Video   hoursConfig `yaml:"video" doc:"Default: any hour."`
}

// hoursConfig is a part of any day; both 0: all of it.
type hoursConfig struct {
	From plan.Clock `yaml:"from" doc:"Such as \"11:30\"."`
	To   plan.Clock `yaml:"to" doc:"Such as \"14:00\"."`
}

// notice is how long after a brief the first time may be that it offers: nothing to 30 days.
type notice time.Duration

// Parse implements [strictyaml.Scalar].
func (n *notice) Parse(text string) error {
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 || d > 30*24*time.Hour {
		return &strictyaml.Fault{Text: "is no time from nothing to 30 days", Mend: "write 24h, 48h or 30m"}
	}
	*n = notice(d)
	return nil
}

// step is on which minutes talks begin: one of steps.
type step time.Duration

var steps = []string{"5m", "10m", "15m", "30m", "1h"}

// Parse implements [strictyaml.Scalar].
func (s *step) Parse(text string) error {
	if !slices.Contains(steps, text) {
		return strictyaml.OneOf(steps...)
	}
	// Which all of them are.
	d, _ := time.ParseDuration(text)
	*s = step(d)
	return nil
}

// JSONSchema describes what Parse reads.
func (step) JSONSchema() map[string]any { return strictyaml.Enum(steps...) }

func defaultTimes() timesConfig {
	const minute = plan.Travel(time.Minute)
	return timesConfig{
		Notice: notice(24 * time.Hour), PerDay: 3, Offer: 3, Step: step(15 * time.Minute),
		Travel: travelConfig{Neutral: 30 * minute, Walk: 15 * minute, Coffee: 10 * minute, Lunch: 10 * minute,
			Office: 10 * minute},
		Suits: suitsConfig{Lunch: hoursConfig{11*60 + 30, 14 * 60}, Coffee: hoursConfig{9 * 60, 17 * 60}},
	}
}

// travels returns the travel of each kind.
func (t *travelConfig) travels() map[plan.Kind]time.Duration {
	return map[plan.Kind]time.Duration{
		plan.Neutral: time.Duration(t.Neutral), plan.Walk: time.Duration(t.Walk), plan.Coffee: time.Duration(t.Coffee),
		plan.Lunch: time.Duration(t.Lunch), plan.Office: time.Duration(t.Office), plan.Phone: time.Duration(t.Phone),
		plan.Video: time.Duration(t.Video),
	}
}

// kinds returns the hours of each kind.
func (s *suitsConfig) kinds() map[plan.Kind]hoursConfig {
	return map[plan.Kind]hoursConfig{
		plan.Neutral: s.Neutral, plan.Walk: s.Walk, plan.Coffee: s.Coffee, plan.Lunch: s.Lunch, plan.Office: s.Office,
		plan.Phone: s.Phone, plan.Video: s.Video,
	}
}

// fillTimes gives blocks that are kept free the days and the times that they leave out.
func (c *config) fillTimes() {
	for i := range c.Times.KeepFree {
		if b := &c.Times.KeepFree[i]; len(b.Days) == 0 {
			*b = slots.Daily(b.From, b.To)[0]
		}
	}
	c.fill(c.Times.KeepFree, 0, 24*60, "times", "keep_free")
}

func (c *config) timesRules(refuse refusing) {
	t := &c.Times
	for _, key := range []struct {
		name        string
		value, most int
	}{{"per_day", t.PerDay, 20}, {"offer", t.Offer, 6}} {
		if key.value < 1 || key.value > key.most {
			refuse(fmt.Sprintf("%s is no number from 1 to %d", key.name, key.most), "write one of them", "times", key.name)
		}
	}
	for kind, hours := range t.Suits.kinds() {
		at := []string{"times", "suits", string(kind)}
		from, to := append(slices.Clip(at), "from"), append(slices.Clip(at), "to")
		written, faulty := c.doc.Has(from...) || c.doc.Has(to...), c.doc.Faulty(from...) || c.doc.Faulty(to...)
		if written && !faulty && hours.From >= hours.To {
			refuse("these hours end before they begin", `write from: "11:30" and a later to:`, at...)
		}
	}
	plan.Hours(t.KeepFree).Check(c.doc, refuse, "times", "keep_free")
	for i, b := range t.KeepFree {
		at := []string{"times", "keep_free", fmt.Sprint(i)}
		if !c.doc.Has(append(at, "days")...) && b.From == 0 && b.To == 24*60 && !c.doc.Faulty(at...) {
			refuse("this would keep all of every week free", "add days:, or from: and to:", at...)
		}
	}
}

// busyRules are those of the calendars that block time.
func (c *config) busyRules(refuse refusing) {
	for i, b := range c.Calendar.Busy {
		at := []string{"calendar", "busy", fmt.Sprint(i)}
		kinds := 0
		for _, kind := range []string{"google", "ics", "caldav"} {
			if c.doc.Has(append(at, kind)...) {
				kinds++
			}
		}
		if kinds != 1 {
			refuse("a busy calendar is one of google, ics and caldav", "keep one of them", at...)
		}
		if strings.Contains(b.ICS, "://") || strings.HasPrefix(b.ICS, "webcal:") {
			if err := (feed.Source{Kind: feed.ICS, Address: b.ICS}).Check(); err != nil {
				refuse(err.Error(), "write https://…, or the path of a file", append(at, "ics")...)
			}
		}
		if b.CalDAV != "" {
			if err := (feed.Source{Kind: feed.CalDAV, Address: string(b.CalDAV)}).Check(); err != nil {
				refuse(err.Error(), "write https://…", append(at, "caldav")...)
			}
		}
		switch {
		case b.Google == "":
			c.signInRules(refuse, b.signIn, at...)
		case b.signIn != signIn{}:
			refuse("a Google calendar is read by the account that you sign in to",
				"take username and its password out", at...)
		case c.Calendar.Google.ClientFile == "":
			refuse("a Google calendar needs a client of your own", "add `client_file:` under calendar.google, "+
				"with the Desktop client that you have downloaded from Google's console", append(at, "google")...)
		}
	}
}

// timesWarnings names what the block says, and nothing follows from.
func (c *config) timesWarnings() (list []strictyaml.Problem) {
	if c.Times.Hold && c.Calendar.Via != "google" {
		list = append(list, c.doc.Warning("only a Google calendar can hold what is offered, and invitations go by mail",
			"write `via: google` under calendar, or take hold out", "times", "hold"))
	}
	return list
}

// holidays returns those of the organizer, by the whole path where they are in a file.
func (c *config) holidays() plan.Holidays {
	name := string(c.Organizer.Holidays)
	if !holidays.IsFile(name) {
		return c.Organizer.Holidays
	}
	path := c.resolve(name)
	if whole, err := filepath.Abs(path); err == nil {
		path = whole
	}
	return plan.Holidays(path)
}

// holidayProblems says what is wrong with the file of the organizer's holidays.
func (c *config) holidayProblems(s *scheduler.Scheduler) (list []strictyaml.Problem) {
	return s.Finder.Holidays.Check(string(s.Holidays), s.Now(), func(text, mend string) strictyaml.Problem {
		return c.doc.Problem("organizer.holidays "+text, mend, "organizer", "holidays")
	})
}

// times returns the rules by which free times are found.
func (c *config) times() organizer.Times {
	t := &c.Times
	times := organizer.Times{
		Notice: time.Duration(t.Notice), PerDay: t.PerDay, Offer: t.Offer, Step: time.Duration(t.Step), Hold: t.Hold,
		Travel: t.Travel.travels(), Suits: make(map[plan.Kind]plan.Hours), KeepFree: t.KeepFree,
	}
	for kind, hours := range t.Suits.kinds() {
		if hours != (hoursConfig{}) {
			times.Suits[kind] = slots.Daily(hours.From, hours.To)
		}
	}
	return times
}
