package main

import (
	"bytes"
	"cmp"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"coalition/cmd/coalition/chart"
	"coalition/scheduler/journal"
	"coalition/scheduler/nurture"
	"coalition/scheduler/plan"
	"coalition/scheduler/roster"
	"coalition/scheduler/strictyaml"
)

func (a *app) mapCommand() *cobra.Command {
	var svg, html string
	c := &cobra.Command{
		Use:   "map",
		Short: "Draw your coalition: people around the results they serve",
		Long: `Show your coalition: the people around the results they serve (result: in their plans),
how each partnership stands, how long ago the last talk was, and how many promises are
open on both sides. Nothing is sent or kept, and no network is needed.

--svg draws it, --html makes a page of the drawing, with a table of the same in words.
Whoever has kept a place keeps it: people stand by their names, not by what matters more.
Besides names and results it shows only how things stand and counts; no words of a plan
or a journal. The file is for you alone to read; show it to whom you like.

With --json, an array in the same order. What is absent is null:
  id, round, name             of the newest round
  result, status              what it serves; how it stands, as in list
  last_met                    the day of the last talk
  promises                    {mine: {open, overdue}, theirs: {open, overdue}}`,
		Example: "  coalition map\n  coalition map --svg coalition.svg\n  coalition map --html coalition.html",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if svg != "" && html != "" {
				return usage("--svg and --html are two pictures", "ask for one, then for the other")
			}
			b, err := a.board(cmd.Context())
			if err != nil {
				return err
			}
			m := a.mapOf(b)
			switch {
			case svg != "":
				return a.draw(svg, m.SVG(), "The map")
			case html != "":
				page, err := m.HTML()
				if err != nil {
					return err
				}
				return a.draw(html, page, "The map")
			}
			return a.showMap(m)
		},
	}
	c.Flags().StringVar(&svg, "svg", "", "draw it into `FILE`, as a picture (- for standard output)")
	c.Flags().StringVar(&html, "html", "", "write it into `FILE`, as a page (- for standard output)")
	return c
}

// mapOf is the coalition as it stands, a person for each partnership.
func (a *app) mapOf(b *roster.Roster) *chart.Map {
	today := journal.DayOf(b.Now.In(a.zone()))
	m := &chart.Map{Organizer: a.config.Organizer.Name, Day: today.Time()}
	partnerships := a.partnerships(b)
	for _, c := range b.Conversations {
		// The newest round has the last word.
		if c.After != nil {
			continue
		}
		p := partnerships[c.ID]
		person := chart.Person{ID: string(c.ID), Name: c.Plan.With.Name, Result: c.Plan.Result, Round: c.Round,
			Status: c.Status(b.Now), LastMet: p.LastMet.Time()}
		for _, promise := range p.Promises {
			of := &person.Mine
			if promise.By == journal.Them {
				of = &person.Theirs
			}
			of.Open++
			if promise.Overdue(p.Today) {
				of.Overdue++
			}
		}
		m.People = append(m.People, person)
	}
	return m
}

// partnerships are all of them as they stand, by their ids, with what is in the journals.
func (a *app) partnerships(b *roster.Roster) map[plan.ID]*nurture.Partnership {
	journals, bad := journal.ReadAll(a.config.journals())
	a.noteJournals(bad)
	return nurture.All(b, journals, a.zone())
}

// noteJournals tells of each journal that can't be used.
func (a *app) noteJournals(problems []strictyaml.Problem) {
	told := make(map[string]bool)
	for _, p := range problems {
		of := cmp.Or(p.Owner, p.File)
		if !told[of] {
			a.note("The journal of %s can't be used, and is left out; see: coalition check", of)
		}
		told[of] = true
	}
}

// showMap shows it in words, or as JSON.
func (a *app) showMap(m *chart.Map) error {
	if a.json {
		type open struct {
			Open    int `json:"open"`
			Overdue int `json:"overdue"`
		}
		type promises struct {
			Mine   open `json:"mine"`
			Theirs open `json:"theirs"`
		}
		type mapRow struct {
			ID       string   `json:"id"`
			Round    int      `json:"round"`
			Name     string   `json:"name"`
			Result   *string  `json:"result"`
			Status   string   `json:"status"`
			LastMet  *string  `json:"last_met"`
			Promises promises `json:"promises"`
		}
		rows := []mapRow{}
		for _, g := range m.Groups() {
			for _, p := range g.People {
				rows = append(rows, mapRow{p.ID, p.Round, p.Name, orNull(p.Result), string(p.Status),
					orNull(dateOf(p.LastMet)), promises{open(p.Mine), open(p.Theirs)}})
			}
		}
		return a.printJSON(rows)
	}
	if len(m.People) == 0 {
		a.say("No conversations yet. Plan one with: coalition new NAME EMAIL")
		return nil
	}
	table := [][]string{{"RESULT", "ID", "WITH", "HOW IT STANDS"}}
	for _, g := range m.Groups() {
		result := cmp.Or(g.Result, "(none named)")
		for _, p := range g.People {
			table = append(table, []string{result, plan.Ref(plan.ID(p.ID), p.Round), p.Name, m.Stands(p)})
			result = ""
		}
	}
	a.table(table)
	return nil
}

func dateOf(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.DateOnly)
}

// draw puts a picture into a file that only the organizer may read, or, at "-", on standard output, and says so.
func (a *app) draw(path string, data []byte, what string) error {
	if err := a.putPicture(path, data); err != nil || path == "-" {
		return err
	}
	a.say("%s is in %s. It shows names and how things stand; think of that before you show it.", what, path)
	return nil
}

// putPicture is draw without a word. A picture takes the place of an older one, but of nothing else.
func (a *app) putPicture(path string, data []byte) error {
	if path == "-" {
		_, err := a.stdout.Write(data)
		return err
	}
	there, err := fileAt(path)
	if err != nil {
		return err
	}
	if there {
		if old, err := os.ReadFile(path); err != nil || !drawn(old) {
			return usage("%s is there already, and is no picture of this kind", "name another file", path)
		}
	}
	return privateFile(path, data)
}

// drawn reports whether a file may be a picture of ours.
func drawn(data []byte) bool {
	begin := strings.ToLower(string(bytes.TrimSpace(data[:min(len(data), 100)])))
	return begin == "" || strings.HasPrefix(begin, "<svg") || strings.HasPrefix(begin, "<!doctype html")
}
