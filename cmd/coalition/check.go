package main

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"coalition/invites/zones"
	"coalition/scheduler/check"
	"coalition/scheduler/journal"
	"coalition/scheduler/plan"
	"coalition/scheduler/roster"
	"coalition/scheduler/strictyaml"
	"coalition/templates"
)

func (a *app) checkCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "check [ID…]",
		Short: "Check config, plans, journals and templates",
		Long: `Check config, plans, journals and templates, and say everything that is wrong at once:
where it stands, what it is, and how to mend it. Warnings are worth a look and keep nothing
from being sent. The last line says by which data clocks are put: the newest of the
system's and that built in, which a warning names when it is over six months old.
Nothing is changed.`,
		Example:           "  coalition check\n  coalition check maya --json",
		ValidArgsFunction: a.ids,
		RunE: func(cmd *cobra.Command, args []string) error {
			b, err := a.board(cmd.Context())
			if err != nil {
				return err
			}
			list := a.planProblems(cmd.Context(), b)
			_, unread := journal.ReadAll(a.config.journals())
			list = append(list, unread...)
			if len(args) > 0 {
				wanted := make(map[string]bool)
				for _, ref := range args {
					c, err := b.Find(ref)
					switch {
					case err == nil:
						wanted[string(c.ID)] = true
					case !slices.ContainsFunc(list, func(p strictyaml.Problem) bool { return p.Owner == ref }):
						return err
					default:
						wanted[ref] = true
					}
				}
				var some []strictyaml.Problem
				for _, p := range list {
					if wanted[p.Owner] {
						some = append(some, p)
					}
				}
				list = some
			} else {
				list = slices.Concat(a.config.clientProblems(), a.config.secretProblems(), a.config.holidayProblems(a.sched),
					a.config.warnings(), a.config.oldZones(b.Now), list)
				if b.Doubt != "" {
					list = append(list, strictyaml.Problem{
						File: a.sched.Plans.MarkerPath(), Line: 1, Column: 1, Warning: true,
						Text: b.Doubt, Mend: "nothing goes by itself until: coalition approve --all"})
				}
				list = append(list, templateProblems(a.sched.Words, a.config)...)
			}
			err = a.sayProblems(count(len(b.Conversations), "conversation"), list)
			a.say("%s.", zoneData())
			return err
		},
	}
}

// planProblems is what is wrong with the plans, and the calendars beside them.
func (a *app) planProblems(ctx context.Context, b *roster.Roster) []strictyaml.Problem {
	return append(check.Plans(b, a.sched.Words, a.sched.Finder.Holidays), a.calendarProblems(ctx, b)...)
}

// oldZones warns of zone data that may have been overtaken.
func (c *config) oldZones(now time.Time) []strictyaml.Problem {
	d := zones.Newest()
	if !now.After(d.Expires()) {
		return nil
	}
	return []strictyaml.Problem{c.doc.Warning(
		fmt.Sprintf("the zone data in use (%s) came out on %s, over six months ago: clocks may be put otherwise by now",
			d, d.Released.Format("2 Jan 2006")),
		"bring the zone data of the system up to date (on Debian: the package tzdata), or this program",
		"organizer", "timezone")}
}

// errFound ends check where there is a problem; what it is has been printed.
var errFound = errors.New("there are problems")

func (a *app) sayProblems(checked string, list []strictyaml.Problem) error {
	wrong := 0
	for _, p := range list {
		if !p.Warning {
			wrong++
		}
	}
	if a.json {
		if list == nil {
			list = []strictyaml.Problem{}
		}
		if err := a.printJSON(list); err != nil {
			return err
		}
	} else {
		printProblems(a.stdout, list, true)
		warnings := ""
		if n := len(list) - wrong; n > 0 {
			warnings = ", " + count(n, "warning")
		}
		if wrong == 0 {
			a.say("%s, no problem%s.", checked, warnings)
		} else {
			a.say("%s%s.", count(wrong, "problem"), warnings)
		}
	}
	if wrong > 0 {
		return errFound
	}
	return nil
}

func (a *app) schemaCommand() *cobra.Command {
	schemas := map[string]reflect.Type{"plan": reflect.TypeFor[plan.Plan](), "config": reflect.TypeFor[config]()}
	return &cobra.Command{
		Use:   "schema plan|config",
		Short: "Print the JSON Schema of plan or config files, for editors",
		Long: `Print the JSON Schema of plan or config files. Editors that know YAML complete keys
and check with it while you type.`,
		Example:   "  coalition schema plan > plan.schema.json",
		Args:      cobra.ExactArgs(1),
		ValidArgs: []string{"plan", "config"},
		RunE: func(_ *cobra.Command, args []string) error {
			t, ok := schemas[args[0]]
			if !ok {
				return usage("there is no schema of %q", "write plan or config", args[0])
			}
			return a.printJSON(strictyaml.Schema(t, "coalition "+args[0]))
		},
	}
}

func (a *app) templateCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "template",
		Short: "List, show or check the templates of what is sent",
		Long: `The words of all that is sent stand in templates, one folder for each language. To
say something otherwise, put your own version of a file into the folder that
templates: names in the config, under the same name. The folder of a region, such
as pt-BR, has only what is said otherwise there; the rest is in that of pt.`,
		Example: "  coalition template list\n  coalition template show de/brief.txt > templates/de/brief.txt",
		RunE:    onlyGroup,
	}
	c.AddCommand(&cobra.Command{
		Use: "list", Short: "List all templates", Example: "  coalition template list", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := a.open(cmd.Context(), true); err != nil {
				return err
			}
			if a.json {
				return a.printJSON(a.sched.Words.Files())
			}
			for _, name := range a.sched.Words.Files() {
				own := ""
				if a.sched.Words.Own(name) {
					own = "  (your own)"
				}
				fmt.Fprintln(a.stdout, name+own)
			}
			return nil
		},
	}, &cobra.Command{
		Use: "show NAME", Short: "Print a template", Args: cobra.ExactArgs(1),
		Example: "  coalition template show en/brief.txt",
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := a.open(cmd.Context(), true); err != nil {
				return err
			}
			source, err := a.sched.Words.Source(args[0])
			if err != nil {
				return usage("%s", "see: coalition template list", err)
			}
			_, err = a.stdout.Write(source)
			return err
		},
	}, &cobra.Command{
		Use: "check", Short: "Check all templates", Example: "  coalition template check", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := a.open(cmd.Context(), true); err != nil {
				return err
			}
			return a.sayProblems(count(len(a.sched.Words.Files()), "template"), templateProblems(a.sched.Words, a.config))
		},
	})
	return c
}

// templateProblems is what is wrong with the templates in use.
func templateProblems(words *templates.Set, c *config) (list []strictyaml.Problem) {
	own := func(name string) string {
		return strings.TrimSuffix(c.resolve(c.Templates), "/") + "/" + name
	}
	for _, p := range words.Check() {
		file := p.File
		if words.Own(file) {
			file = own(file)
		}
		list = append(list, strictyaml.Problem{File: file, Line: p.Line, Column: p.Column, Text: p.Text,
			Mend: "compare it with the built-in one"})
	}
	for _, p := range words.Ignored() {
		list = append(list, strictyaml.Problem{File: own(p.File), Line: p.Line, Column: p.Column, Text: p.Text,
			Mend: "see the names in: coalition template list", Warning: true})
	}
	return list
}
