package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"github.com/spf13/cobra"
	"golang.org/x/text/unicode/norm"

	"coalition/scheduler/conversation"
	"coalition/scheduler/plan"
	"coalition/scheduler/plan/form"
	"coalition/scheduler/roster"
	"coalition/scheduler/strictyaml"
	"coalition/templates"
)

// planFlags are the flags of `new`: one for each key of a plan but the name and the address.
var planFlags = []struct{ path, name, usage string }{
	{"id", "id", "the `ID` (default from the name)"},
	{"round", "round", "`NUMBER` 2 or more: a further talk of the conversation that --id names"},
	{"with.call", "call", "how mails address them: `NAME` (default the name)"},
	{"with.familiar", "familiar", "they are addressed in the familiar form (du, tu)"},
	{"with.language", "language", "their `LANGUAGE`"},
	{"with.timezone", "timezone", "their `ZONE`"},
	{"with.aliases", "alias", "another `ADDRESS` from which they may answer; may be repeated"},
	{"with.working_hours", "working-hours", "when they can be met: `HOURS`, such as \"mon-thu 09:00-17:00\"; may be repeated"},
	{"with.holidays", "holidays", "theirs: a `REGION` such as DE-BE, or a calendar file"},
	{"result", "result", "what several conversations may serve together: `TEXT`"},
	{"opening", "opening", "a sentence or two of your own that begin the brief: `TEXT`"},
	{"purpose", "purpose", "what the partnership is for: `TEXT`"},
	{"offer", "offer", "what you bring: `TEXT`; may be repeated"},
	{"ask", "ask", "how you would like to be supported: `TEXT`; may be repeated"},
	{"agenda", "agenda", "a point of the agenda: `TOPIC` with its minutes, such as \"How we begin (20)\"; may be repeated"},
	{"setting.kind", "kind", "the `KIND` of setting: neutral, walk, coffee, lunch, office, phone or video"},
	{"setting.place", "place", "where to meet: `TEXT`"},
	{"setting.private_room", "private-room", "the office has a door"},
	{"setting.phone", "phone", "the `NUMBER` to call"},
	{"setting.caller", "caller", "for phone: `WHO` calls, me or partner (default me)"},
	{"setting.url", "url", "the `ADDRESS` of the video call"},
	{"setting.travel", "travel", "the `TIME` that you keep free for the way, before and after, such as 45m"},
	{"when.duration", "duration", "how long: `TIME`, such as 90m"},
	{"when.short", "short", "less than an hour is meant"},
	{"when.start", "start", "a fixed `TIME`"},
	{"when.times", "time", "a `TIME` to offer; may be repeated"},
	{"when.between", "between", "the `DAYS` between which a time is looked for: FROM..TO"},
	{"when.timezone", "when-timezone", "the `ZONE` of these times (default yours)"},
	{"ask_on", "ask-on", "the `DAY` on which the brief goes out"},
	{"ready", "ready", "you have checked in with yourself: it may go out"},
	{"permitted", "permitted", "a yes that they gave in person, and how: `TEXT`"},
	{"private.why", "why", "why this person, to what end; stays private: `TEXT`"},
	{"private.goal", "goal", "what you want to come of it; stays private: `TEXT`"},
	{"private.measures", "measure", "by what you will see that it came; stays private: `TEXT`; may be repeated"},
	{"private.importance", "importance", "how much it matters, `1..5`; stays private"},
	{"private.urgency", "urgency", "how soon, `1..5`; stays private"},
	{"private.history", "history", "what stands between you; stays private: `TEXT`"},
}

// A planFlag keeps what a flag says of a key.
type planFlag struct {
	said form.Said
	key  form.Key
}

func (f planFlag) String() string { return strings.Join(f.said[f.key.Path], ", ") }

func (f planFlag) Set(value string) error {
	switch {
	case f.key.List:
		f.said[f.key.Path] = append(f.said[f.key.Path], value)
	case value == "", f.key.Bool && value == "false":
		delete(f.said, f.key.Path)
	default:
		f.said[f.key.Path] = []string{value}
	}
	return nil
}

// Type implements pflag.Value.
func (f planFlag) Type() string {
	if f.key.Bool {
		return "bool"
	}
	return "string"
}

func (a *app) newCommand() *cobra.Command {
	said := form.Said{"when.duration": {"1h"}}
	c := &cobra.Command{
		Use:   "new [NAME EMAIL]",
		Short: "Write a plan file",
		Long: `Write the plan of a conversation, with a suggested agenda. What you leave out stands
in the file as a comment for you to fill in. With --history (what stands between the
two of you; it stays private) a first round for that is proposed, and the talk about
the partnership becomes the second; an --agenda of your own keeps it to one. Without
a time, free ones are found.

Without an address you are asked, on a terminal, for what no flag says: you can go
back, leave things for later, and leave altogether (Ctrl-C). Your answers are kept,
for you only, and the next "coalition new" goes on with them. You see the plan before
it is written, and nothing goes out by writing it.`,
		Example: `  coalition new "Maya Chen" maya@example.org
  coalition new "Maya Chen" maya@example.org --purpose "Join forces on the launch" \
    --kind walk --place "Riverside path" --start "in 10 working days at 10:00"`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) < 2 && terminal(a.stdin) {
				return nil
			}
			return cobra.ExactArgs(2)(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := a.open(cmd.Context(), true); err != nil {
				return err
			}
			b, err := a.look(cmd.Context())
			if err != nil {
				return err
			}
			var id plan.ID
			var path string
			var data []byte
			written := func() {}
			if len(args) < 2 {
				if len(args) > 0 {
					said["with.name"] = args
				}
				w := a.newPlanWalk(b, said)
				written = w.forget
				if id, path, data, err = w.ask(); errors.Is(err, errKept) {
					return nil
				}
			} else {
				said["with.name"], said["with.email"] = args[:1], args[1:]
				if id, path, err = a.place(b, said); err == nil {
					data, err = a.planFile(id, path, said)
				}
				if err == nil {
					a.sayDoubts(b, id, path, data)
				}
			}
			if err == nil {
				err = writeNew(path, data)
			}
			if err != nil {
				return err
			}
			written()
			next := "Fill in what is missing, then: " + a.hint("check "+string(id))
			if plans, _, _ := a.sched.Plans.Parse(path, id, data); len(plans) > 0 && len(plans[0].Missing()) == 0 {
				next = "When you are ready to talk: " + a.hint("ready "+string(id))
			}
			a.say("Wrote %s. %s", path, next)
			return a.data(map[string]string{"id": string(id), "file": path})
		},
	}
	keys := make(map[string]form.Key)
	for _, k := range form.Keys() {
		keys[k.Path] = k
	}
	// As in the file.
	c.Flags().SortFlags = false
	for _, f := range planFlags {
		key := keys[f.path]
		flag := c.Flags().VarPF(planFlag{said, key}, f.name, "", f.usage)
		if key.Bool {
			flag.NoOptDefVal = "true"
		}
	}
	callers := []string{string(plan.CallerMe), string(plan.CallerPartner)}
	for name, words := range map[string][]string{"kind": plan.Kinds, "caller": callers} {
		complete := cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp)
		if err := c.RegisterFlagCompletionFunc(name, complete); err != nil {
			panic(err)
		}
	}
	return c
}

// place returns the id of a new plan, and its file, which is not there yet.
func (a *app) place(b *roster.Roster, said form.Said) (id plan.ID, path string, err error) {
	name, round := said.One("id"), said.Round()
	if name == "" {
		name = slug(said.One("with.name"))
	}
	if err := id.Parse(name); err != nil {
		return "", "", usage("%q %s", "name one with --id", name, err)
	}
	if round < 2 {
		path = filepath.Join(a.sched.Plans.Path, string(id)+".yaml")
		return id, path, taken(b, id, path)
	}
	path = filepath.Join(a.sched.Plans.Path, fmt.Sprintf("%s-%d.yaml", id, round))
	if _, err := os.Stat(path); err == nil {
		return "", "", isThere(path)
	}
	known := slices.ContainsFunc(b.Conversations, func(c *conversation.Conversation) bool {
		return c.ID == id && c.Round == round
	})
	if known {
		return "", "", usage("%s is there already", "give it a later --round", plan.Ref(id, round))
	}
	return id, path, nil
}

// planFile returns the file of a new plan, which is refused where what was said is no plan.
func (a *app) planFile(id plan.ID, path string, said form.Said) ([]byte, error) {
	if path, fault := said.Misread(); fault != nil {
		return nil, usage("--%s %s", fault.Mend+"; nothing was written", flagOf(path), fault.Text)
	}
	if flag := homeless(said); flag != "" {
		return nil, usage("--%s belongs to a setting",
			"add --kind KIND: neutral, walk, coffee, lunch, office, phone or video; nothing was written", flag)
	}
	data, problems, err := a.planData(id, path, said)
	if len(problems) > 0 {
		err = fromFlags(problems)
	}
	return data, err
}

// planData is planFile without the words: it returns what keeps the file from being a plan's.
func (a *app) planData(id plan.ID, path string, said form.Said) ([]byte, []strictyaml.Problem, error) {
	p, err := a.proposal(said)
	if err != nil {
		return nil, nil, err
	}
	p.Head = fmt.Sprintf(`Nothing leaves before you have checked in with yourself: coalition ready %s
What begins with # waits for your own words. What each key means: coalition schema plan`, plan.Ref(id, said.Round()))
	data := said.File(id, p)
	plans, _, problems := a.sched.Plans.Parse(path, id, data)
	for _, p := range plans {
		problems = append(problems, a.misdated(p)...)
	}
	return data, slices.DeleteFunc(problems, func(p strictyaml.Problem) bool { return p.Warning }), nil
}

// misdated returns what is wrong with the times of a new plan, seen from now, as check says it of the file.
func (a *app) misdated(p *plan.Plan) (list []strictyaml.Problem) {
	o, now := &a.config.Organizer, a.sched.Now()
	d, faults := p.Resolve(now, o.Timezone, o.WorkingHours)
	for _, f := range faults {
		list = append(list, p.Problem("this time "+f.Text, "choose another", f.Path...))
	}
	passed := func(s plan.Slot) bool { return !s.IsZero() && !s.Time().After(now) }
	switch {
	case passed(d.Start):
		list = append(list, p.Problem(d.Start.String()+" has passed", "choose a time ahead", "when", "start"))
	case slices.ContainsFunc(d.Times, passed):
		slot := d.Times[slices.IndexFunc(d.Times, passed)]
		list = append(list, p.Problem(slot.String()+" has passed", "choose a time ahead", "when", "times"))
	case d.Passed(now):
		list = append(list, p.Problem("these days have passed", "choose days ahead", "when", "between"))
	case !d.AskOn.IsZero() && !d.Start.IsZero() && !d.AskOn.Before(d.Start.Time()):
		list = append(list, p.Problem("the brief would go when the talk has begun", "ask earlier", "ask_on"))
	}
	return list
}

// sayDoubts says what is worth a second look in a new plan, besides what is not filled in yet.
func (a *app) sayDoubts(b *roster.Roster, id plan.ID, path string, data []byte) {
	plans, _, problems := a.sched.Plans.Parse(path, id, data)
	for _, p := range problems {
		if !strings.HasSuffix(p.Text, "is not filled in yet") {
			a.note("Note: %s; %s.\n%s", p.Text, p.Mend, p.Excerpt)
		}
	}
	for _, c := range b.Conversations {
		if len(plans) > 0 && c.ID != id && slices.ContainsFunc(c.Plan.With.Addresses(), plans[0].With.Email.Same) {
			a.note("Note: there is a conversation with them already: %s (%s).", c.Ref(), c.Status(b.Now))
		}
	}
}

// proposal is what a plan has where nothing was said, in the partner's language and fitted to the length of the talk.
func (a *app) proposal(said form.Said) (p form.Proposal, err error) {
	language, _ := a.sched.Words.Language(cmp.Or(said.One("with.language"), string(a.config.Organizer.Language)))
	round := templates.Partnership
	if said.Round() > 1 {
		round = templates.Further
	}
	if p.Agenda, err = a.sched.Words.Agenda(language, round); err != nil {
		return p, err
	}
	p.Past, err = a.sched.Words.Agenda(language, templates.Past)
	p.Agenda, p.Past = form.Fit(p.Agenda, said.Length()), form.Fit(p.Past, said.Length())
	return p, err
}

// flagOf is the flag that says the key at path.
func flagOf(path string) string {
	for _, f := range planFlags {
		if f.path == path {
			return f.name
		}
	}
	return path
}

// taken refuses an id that names a conversation already, be it over and its file gone: what is on record
// of that one would count for the new one.
func taken(b *roster.Roster, id plan.ID, path string) error {
	there := func(path string) bool { _, err := os.Stat(path); return err == nil }
	var other *conversation.Conversation
	known := make(map[plan.ID]bool)
	for _, c := range b.Conversations {
		if known[c.ID] = true; c.ID == id {
			// The newest round comes last.
			other = c
		}
	}
	if other == nil && !there(path) {
		return nil
	}
	free := id
	for n := 2; known[free] || there(filepath.Join(filepath.Dir(path), string(free)+".yaml")); n++ {
		free = plan.ID(fmt.Sprintf("%s-%d", id, n))
	}
	if there(path) {
		return usage("%s is there already", "look at it, or give the new one an id of its own: --id "+string(free), path)
	}
	what := "has begun already"
	switch other.Status(b.Now) {
	case conversation.Cancelled:
		what = "was cancelled"
	case conversation.Met, conversation.Closed, conversation.Declined:
		what = "is over"
	}
	return usage("%s is the id of a conversation with %s that %s",
		"give the new one an id of its own: --id "+string(free), id, other.Plan.With.Name, what)
}

// slug makes an id of a name; "" where nothing in it can be one.
func slug(name string) string {
	const most = 60
	var b strings.Builder
	n := 0
	for _, r := range strings.ToLower(norm.NFC.String(name)) {
		switch {
		case n >= most:
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			b.WriteRune(r)
			n++
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
			n++
		}
	}
	return strings.Trim(b.String(), "-")
}

// homeless names a flag that would be lost, since it belongs to a setting and none is named; "" if there is none.
func homeless(said form.Said) string {
	if said.One("setting.kind") != "" {
		return ""
	}
	for _, f := range planFlags {
		if strings.HasPrefix(f.path, "setting.") && len(said[f.path]) > 0 {
			return f.name
		}
	}
	return ""
}
