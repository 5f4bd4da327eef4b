package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"coalition/invites"
	"coalition/invites/plaintext"
	"coalition/scheduler/addressbook"
	"coalition/scheduler/plan"
	"coalition/scheduler/plan/form"
	"coalition/scheduler/roster"
	"coalition/scheduler/strictyaml"
)

// An importing is what comes of a file of people.
type importing struct {
	Written []newcomer `json:"written"`
	LeftOut []leftOut  `json:"left_out"`
	// Unread are the columns that no plan has a place for.
	Unread []string `json:"unread"`
}

// A newcomer is somebody who gets a plan.
type newcomer struct {
	ID    plan.ID `json:"id"`
	File  string  `json:"file"`
	Name  string  `json:"name"`
	Email string  `json:"email"`

	data []byte
}

// A leftOut is somebody who does not.
type leftOut struct {
	Place string `json:"place"`
	Name  string `json:"name"`
	Why   string `json:"why"`
}

func (a *app) importCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "import FILE",
		Short: "Write plans for many people at once, from a vCard or CSV file",
		Long: `Write plans for the people of an address book: a vCard file (3.0 or 4.0), or a CSV
file in UTF-8. The first row of a CSV file names its columns by the keys of a plan,
such as name, email, purpose, offer, why, goal, measures, importance, urgency and
history (with.name, private.why and so on do, too), or as Google Contacts, Outlook and
Thunderbird export them. Several values of one cell stand in lines of their own, or
with ; between them.

You see who gets a plan, and who is left out and why, such as somebody with whom a
conversation is planned already, and are asked once. All of the plans are written, or
none. Nothing goes out by it: each plan waits for you to fill in the rest, and to
check in with yourself.

With --json:
  written     [{id, file, name, email}]
  left_out    [{place, name, why}]
  unread      the columns that no plan has a place for`,
		Example: "  coalition import contacts.vcf --dry-run\n  coalition import team.csv",
		Args:    cobra.ExactArgs(1),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return []string{"vcf", "csv"}, cobra.ShellCompDirectiveFilterFileExt
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.importPeople(cmd.Context(), args[0])
		},
	}
	c.Flags().BoolVarP(&a.yes, "yes", "y", false, "write without asking")
	c.Flags().BoolVar(&a.dryRun, "dry-run", false, "show what would be written, all of it, and write nothing")
	return c
}

func (a *app) importPeople(ctx context.Context, file string) error {
	b, err := a.board(ctx)
	if err != nil {
		return err
	}
	info, err := os.Stat(file)
	if err != nil || !info.Mode().IsRegular() {
		return usage("%s can't be read", "name a file that is there", file)
	}
	if info.Size() > addressbook.MaxSize {
		return usage("%s is larger than %d MB", "export fewer people at once", file, addressbook.MaxSize>>20)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return usage("%s can't be read (%s)", "look at its permissions", file, errorText(err))
	}
	book, err := addressbook.Read(data)
	var fault *strictyaml.Fault
	if errors.As(err, &fault) {
		return usage("%s %s", fault.Mend+"; nothing was written", file, fault.Text)
	}
	if err != nil {
		return err
	}
	i, err := a.sift(b, book)
	if err != nil {
		return err
	}
	a.sayImporting(i)
	switch {
	case len(i.Written) == 0 && len(i.LeftOut) == 0:
		return usage("nobody is in %s", "export the people once more", file)
	case len(i.Written) == 0 || a.dryRun:
		return a.data(i)
	case !a.yes && !terminal(a.stdin):
		return usage("nobody can be asked here whether to write these plans", "add --yes, or look first with --dry-run")
	case !a.yes:
		yes, err := a.agrees(fmt.Sprintf("Write %s?", count(len(i.Written), "plan")))
		if err != nil {
			return err
		}
		if !yes {
			return usage("nothing was written", "")
		}
	}
	if err := a.writePlans(i.Written); err != nil {
		return err
	}
	a.say("Wrote %s to %s. Each waits for you; see: %s", count(len(i.Written), "plan"), a.sched.Plans.Path, a.hint("check"))
	return a.data(i)
}

// sift decides who of a book gets a plan, and makes it.
func (a *app) sift(b *roster.Roster, book *addressbook.Book) (*importing, error) {
	i := &importing{Written: []newcomer{}, LeftOut: []leftOut{}, Unread: []string{}}
	for _, heading := range book.Unread {
		i.Unread = append(i.Unread, plaintext.Clip(plaintext.Line(heading), plaintext.MaxLine))
	}
	ids := make(map[plan.ID]bool)
	planned := make(map[string]string)
	for _, c := range b.Conversations {
		ids[c.ID] = true
		for _, address := range c.Plan.With.Addresses() {
			planned[strings.ToLower(string(address))] = "there is a conversation with them: " + c.Ref()
		}
	}
	looking := a.stage("Looking through the people", "")
	defer looking.end()
	unknown := make(map[string]bool)
	for _, p := range b.Problems {
		if !p.Warning {
			ids[plan.ID(p.Owner)], unknown[p.File] = true, true
		}
	}
	if len(unknown) > 0 {
		a.note("Note: who stands in %s with problems is not known; see: %s", count(len(unknown), "plan file"), a.hint("check"))
	}
	for n, p := range book.People {
		looking.set(n, len(book.People))
		// An address more that is none keeps nobody out.
		aliases := len(p.Said["with.aliases"])
		p.Said["with.aliases"] = slices.DeleteFunc(p.Said["with.aliases"], func(alias string) bool {
			_, err := invites.ParseEmail(alias)
			return err != nil
		})
		if p.Trouble == "" {
			p.Trouble = a.misfit(p.Said, planned)
		}
		name := plaintext.Clip(plaintext.Line(p.Said.One("with.name")), 60)
		if p.Trouble != "" {
			i.LeftOut = append(i.LeftOut, leftOut{p.Place, name, p.Trouble})
			continue
		}
		if p.Said.One("when.duration") == "" {
			p.Said["when.duration"] = []string{"1h"}
		}
		id := a.idFor(p.Said, ids)
		path := filepath.Join(a.sched.Plans.Path, string(id)+".yaml")
		data, problems, err := a.planData(id, path, p.Said)
		if err != nil {
			return nil, err
		}
		if len(problems) > 0 {
			why := strings.TrimSuffix(problems[0].Text+"; "+problems[0].Mend, "; ")
			i.LeftOut = append(i.LeftOut, leftOut{p.Place, name, why})
			continue
		}
		ids[id] = true
		for _, address := range append([]string{p.Said.One("with.email")}, p.Said["with.aliases"]...) {
			planned[strings.ToLower(address)] = "they stand in " + p.Place + " already"
		}
		if len(p.Said["with.aliases"]) < aliases {
			a.note("Note: %s (%s): a further address that can't be read is left out.", p.Place, name)
		}
		i.Written = append(i.Written, newcomer{id, path, name, p.Said.One("with.email"), data})
	}
	return i, nil
}

// misfit says why somebody can't get a plan; "": they can, as far as that can be told without it.
func (a *app) misfit(said form.Said, planned map[string]string) string {
	address := said.One("with.email")
	_, err := invites.ParseEmail(address)
	path, fault := said.Misread()
	switch {
	case address == "":
		return "there is no address"
	case said.One("with.name") == "":
		return "there is no name"
	case err != nil:
		return fmt.Sprintf("their address %s", err)
	case a.sched.Own(address):
		return "this is your own address"
	case invites.NoReply(address):
		return "this looks like an address that nobody reads"
	case fault != nil:
		return fmt.Sprintf("%s %s; %s", path, fault.Text, fault.Mend)
	}
	for _, known := range append([]string{address}, said["with.aliases"]...) {
		if why := planned[strings.ToLower(known)]; why != "" {
			return why
		}
	}
	return ""
}

// idFor is an id that neither a conversation nor a file has.
func (a *app) idFor(said form.Said, taken map[plan.ID]bool) plan.ID {
	base := said.One("id")
	delete(said, "id")
	local, _, _ := strings.Cut(said.One("with.email"), "@")
	var id plan.ID
	for _, name := range []string{base, slug(said.One("with.name")), slug(local), "person"} {
		if base = name; id.Parse(name) == nil {
			break
		}
	}
	for n := 2; ; n++ {
		_, err := os.Lstat(filepath.Join(a.sched.Plans.Path, string(id)+".yaml"))
		if !taken[id] && errors.Is(err, fs.ErrNotExist) {
			return id
		}
		id = plan.ID(fmt.Sprintf("%s-%d", plaintext.Clip(base, 58), n))
	}
}

// sayImporting shows who gets a plan and who does not.
func (a *app) sayImporting(i *importing) {
	const shown = 20
	most := shown
	if a.dryRun {
		most = len(i.Written) + len(i.LeftOut)
	}
	if a.quiet || a.json {
		return
	}
	if len(i.Written) > 0 {
		rows := [][]string{{"ID", "WITH", "ADDRESS"}}
		for _, n := range i.Written[:min(most, len(i.Written))] {
			rows = append(rows, []string{string(n.ID), n.Name, n.Email})
		}
		a.table(rows)
		a.sayMore(len(i.Written) - most)
	}
	if len(i.LeftOut) > 0 {
		a.say("Left out:")
		for _, l := range i.LeftOut[:min(most, len(i.LeftOut))] {
			who := l.Place
			if l.Name != "" {
				who += " (" + l.Name + ")"
			}
			a.say("  %s: %s", who, l.Why)
		}
		a.sayMore(len(i.LeftOut) - most)
	}
	if len(i.Unread) > 0 {
		a.say("Not read, since a plan has no place for it: %s.", strings.Join(i.Unread, ", "))
	}
	if len(i.Written) > 0 {
		a.say("%s to be written, %d left out.", count(len(i.Written), "plan"), len(i.LeftOut))
	} else if len(i.LeftOut) > 0 {
		a.say("There is nobody to plan with anew.")
	}
}

func (a *app) sayMore(n int) {
	if n > 0 {
		a.say("  … and %d more; see all with --dry-run", n)
	}
}

// writePlans writes all of the plans, or none: each lies beside its place before the first one is put there.
func (a *app) writePlans(list []newcomer) (err error) {
	folder, err := os.MkdirTemp(a.sched.Plans.Path, ".importing-*")
	if err != nil {
		return usage("the plans can't be written to %s", "look at its permissions", a.sched.Plans.Path)
	}
	defer os.RemoveAll(folder)
	writing := a.stage("Writing plans", "")
	defer writing.end()
	var placed []string
	defer func() {
		if err == nil {
			return
		}
		for _, path := range placed {
			_ = os.Remove(path)
		}
	}()
	for _, n := range list {
		if err := os.WriteFile(filepath.Join(folder, filepath.Base(n.File)), n.data, 0o600); err != nil {
			return fmt.Errorf("the plans can't be written (%s); nothing was", errorText(err))
		}
	}
	for i, n := range list {
		writing.set(i, len(list))
		if a.soft.Err() != nil {
			return errStopped
		}
		// A link, unlike a rename, never takes the place of a file that has come meanwhile.
		err := os.Link(filepath.Join(folder, filepath.Base(n.File)), n.File)
		if err != nil && !errors.Is(err, fs.ErrExist) {
			// Some file systems have none.
			err = writeNew(n.File, n.data)
		}
		if errors.Is(err, fs.ErrExist) {
			err = isThere(n.File)
		}
		if err != nil {
			return err
		}
		placed = append(placed, n.File)
	}
	return nil
}
