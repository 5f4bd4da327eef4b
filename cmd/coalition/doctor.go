package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/mattn/go-runewidth"
	"github.com/spf13/cobra"
	"github.com/thlib/go-timezone-local/tzlocal"

	"coalition/invites/plaintext"
)

// What becomes of what the doctor has looked at.
const (
	fine   = "ok"
	doubt  = "warning"
	faulty = "error"
)

// doctorAreas are what the doctor looks at, in the order in which it is told.
var doctorAreas = []string{"config", "plans", "templates", "clock", "zones", "smtp", "imap", "google", "calendars",
	"outbox", "daemon", "files", "state", "web"}

// A finding is one thing that was looked at.
type finding struct {
	Area string `json:"area"`
	// What was looked at, in few words; Text says how it is, and Mend what to do about it, "" where all is fine.
	What  string `json:"what"`
	State string `json:"state"`
	Text  string `json:"text"`
	Mend  string `json:"mend"`
}

const (
	// looksWithin is how long all looks on the network take at most; they go side by side.
	looksWithin = 14 * time.Second
	// stateWithin is how long the state is waited for, beside them.
	stateWithin = 14 * time.Second
)

// A doctor looks at one installation, and changes nothing in it.
type doctor struct {
	*app
	noNetwork bool
	dns       mailResolver
	volume    func(path string) (volume, bool)
	// here returns the IANA name of the machine's time zone.
	here func() (string, error)

	found []finding
	// short says that most could not be looked at, since the config can't be read.
	short bool
}

// errFaults ends doctor where it has found an error, which has been printed.
var errFaults = errors.New("the doctor has found errors")

func (a *app) doctorCommand() *cobra.Command {
	d := &doctor{app: a, dns: net.DefaultResolver, volume: volumeOf, here: tzlocal.RuntimeTZ}
	c := &cobra.Command{
		Use:   "doctor",
		Short: "Look whether all is well: config, mail, calendars, state",
		Long: `Look at everything that has to be right: the config and the plans, the clock, the
sign-ins to your mail servers and to Google, the calendars, what waits to leave, the
daemon, who can read your files, the state. For whatever is not, it says what to do.
Nothing is changed, and no mail is sent. With --no-network nobody is asked.

Exit 0 where there is no error, else 1; a warning is none.

With --json, an array of {area, what, state, text, mend}:
  area    config, plans, templates, clock, zones, smtp, imap, google, calendars,
          outbox, daemon, files, state or web
  what    what was looked at
  state   ok, warning or error
  text    how it is
  mend    what to do about it; empty where nothing is to be done`,
		Example: "  coalition doctor\n  coalition doctor --no-network --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := d.examine(cmd.Context()); err != nil {
				return err
			}
			return d.report()
		},
	}
	c.Flags().BoolVar(&d.noNetwork, "no-network", false, "ask no server")
	return c
}

// tell adds what was found.
func (d *doctor) tell(area, what, state, text, mend string) {
	d.found = append(d.found, finding{area, what, state, text, mend})
}

// examine looks at everything. Its error is of how it was called.
func (d *doctor) examine(ctx context.Context) error {
	if !d.lookAtConfig() {
		d.lookAtZones()
		d.lookAtConfigFile()
		d.short = true
		return nil
	}
	if d.at != "" {
		if _, err := d.parseTime(d.at, d.wall()); err != nil {
			return err
		}
	}
	// What several looks share is made before they part.
	d.config.account()
	finished := d.network(ctx)
	d.lookAtTemplates()
	d.lookAtZones()
	d.lookAtClock()
	d.lookAtFiles()
	d.lookAtFolder()
	d.lookAtSignIn(ctx)
	func() {
		ctx, cancel := context.WithTimeout(ctx, stateWithin)
		defer cancel()
		d.lookAtState(ctx)
	}()
	d.found = append(d.found, finished()...)
	return ctx.Err()
}

// A look is a question to somebody on the network; whom says whom it is about to ask, for people.
type look struct {
	area, what, whom string
	ask              func(ctx context.Context) []finding
}

// looks are those that this config wants.
func (d *doctor) looks(ctx context.Context) (list []look) {
	return slices.Concat(d.mailLooks(), d.googleLooks(ctx), d.calendarLooks(), d.webLooks(), d.clockLooks())
}

// network asks everybody side by side; finished waits for them, and gives what they have said.
func (d *doctor) network(ctx context.Context) (finished func() []finding) {
	looks := d.looks(ctx)
	var found []finding
	if d.noNetwork {
		for _, l := range looks {
			if l.area != "clock" {
				found = append(found, finding{l.area, l.what, fine, "not looked at, as --no-network says", ""})
			}
		}
		return func() []finding { return found }
	}
	if len(looks) == 0 {
		return func() []finding { return nil }
	}
	ctx, cancel := context.WithTimeout(ctx, looksWithin)
	answers := make([]chan []finding, len(looks))
	var whom []string
	for i, l := range looks {
		answers[i] = make(chan []finding, 1)
		go func() { answers[i] <- l.ask(ctx) }()
		if !slices.Contains(whom, l.whom) {
			whom = append(whom, l.whom)
		}
	}
	waits := d.stage("Asking "+strings.Join(whom, ", "), "")
	waits.begin()
	// Whoever has been told to stop, and does not, is not waited for.
	late, end := context.WithTimeout(context.WithoutCancel(ctx), looksWithin+time.Second)
	return func() []finding {
		defer cancel()
		defer end()
		defer waits.end()
		for i, answer := range answers {
			select {
			case list := <-answer:
				found = append(found, list...)
			case <-late.Done():
				found = append(found, finding{looks[i].area, looks[i].what, doubt,
					fmt.Sprintf("no answer within %s", looksWithin), "look at the network, and try again"})
			}
		}
		return found
	}
}

// report prints what was found, in the order of the areas, and what is wrong first in each.
func (d *doctor) report() error {
	weight := map[string]int{faulty: 0, doubt: 1, fine: 2}
	slices.SortStableFunc(d.found, func(x, y finding) int {
		return cmp.Or(slices.Index(doctorAreas, x.Area)-slices.Index(doctorAreas, y.Area), weight[x.State]-weight[y.State])
	})
	// One file may be the password of two servers.
	d.found = slices.Compact(d.found)
	counts := make(map[string]int)
	for _, f := range d.found {
		counts[f.State]++
	}
	if d.json {
		if err := d.printJSON(d.found); err != nil {
			return err
		}
	} else {
		d.print()
		d.say("\n%s.", verdict(counts[faulty], counts[doubt], len(d.found)))
		if d.short {
			d.say("The rest can be looked at once the config is right.")
		}
	}
	if counts[faulty] > 0 {
		return errFaults
	}
	return nil
}

// verdict sums up in a sentence.
func verdict(faults, doubts, all int) string {
	var parts []string
	if faults > 0 {
		parts = append(parts, count(faults, "error"))
	}
	if doubts > 0 {
		parts = append(parts, count(doubts, "warning"))
	}
	if len(parts) == 0 {
		return fmt.Sprintf("All is well: %s looked at", count(all, "thing"))
	}
	return fmt.Sprintf("%s, of %s looked at", strings.Join(parts, " and "), count(all, "thing"))
}

// print prints a line for each finding, with what to do below.
func (d *doctor) print() {
	// The widest area and state, with what stands between them.
	const indent = 11 + 9
	out := bufio.NewWriter(d.stdout)
	before := ""
	for _, f := range d.found {
		area := f.Area
		if area == before {
			area = ""
		}
		before = f.Area
		state := d.colored(f.State, runewidth.FillRight(f.State, 9))
		// Some of it is what servers, certificates and mails say of themselves.
		lines := plaintext.Wrap(plaintext.Line(f.What+": "+f.Text), max(d.width()-indent, 20))
		fmt.Fprintf(out, "%s%s%s\n", runewidth.FillRight(area, 11), state, lines[0])
		for _, line := range lines[1:] {
			fmt.Fprintf(out, "%s%s\n", strings.Repeat(" ", indent), line)
		}
		if f.Mend == "" {
			continue
		}
		for i, line := range plaintext.Wrap(plaintext.Line(f.Mend), max(d.width()-indent-2, 20)) {
			mark := "  "
			if i == 0 {
				mark = "→ "
			}
			fmt.Fprintf(out, "%s%s%s\n", strings.Repeat(" ", indent), mark, d.bold(line))
		}
	}
	// Who has closed the pipe wants no more.
	_ = out.Flush()
}

// colored puts a word for a state in a colour, where there are any; the word says it, too.
func (d *doctor) colored(state, text string) string {
	codes := map[string]string{fine: "32", doubt: "33", faulty: "1;31"}
	if !d.color() {
		return text
	}
	return "\x1b[" + codes[state] + "m" + text + "\x1b[0m"
}

// tilde shortens a path below the home of whoever reads it.
func (d *doctor) tilde(path string) string {
	home := d.getenv("HOME")
	if rest, ok := strings.CutPrefix(path, home+string(os.PathSeparator)); ok && home != "" {
		return "~" + string(os.PathSeparator) + rest
	}
	return path
}
