package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"unicode"

	"github.com/spf13/cobra"

	"coalition/scheduler/conversation"
	"coalition/scheduler/plan"
	"coalition/scheduler/roster"
	"coalition/scheduler/strictyaml"
)

// newPlan are the flags of `new`.
type newPlan struct {
	id, timezone, language, call, opening, purpose, result, history string
	kind, place, phone, caller, url, start, duration, askOn         string
	offer, ask, times                                               []string
	privateRoom, familiar                                           bool
}

func (a *app) newCommand() *cobra.Command {
	var n newPlan
	c := &cobra.Command{
		Use:   "new [NAME EMAIL]",
		Short: "Write a plan file",
		Long: `Write the plan of a conversation, with a suggested agenda. What you leave out stands
in the file as a comment for you to fill in. With --history (what stands between the
two of you; it stays private) a first round for that is proposed, and the talk about
the partnership becomes the second. Without a name you are asked, on a terminal; an
empty answer leaves that for later.`,
		Example: `  coalition new "Maya Chen" maya@example.org
  coalition new "Maya Chen" maya@example.org --purpose "Join forces on the launch" \
    --kind walk --place "Riverside path" --start "in 10 working days at 10:00"`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 && terminal(a.stdin) {
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
			asked := len(args) == 0
			if asked {
				if args, err = a.inquireWho(); err != nil {
					return err
				}
			}
			if n.id == "" {
				n.id = slug(args[0])
			}
			var id plan.ID
			if err := id.Parse(n.id); err != nil {
				return usage("%q %s", "name one with --id", n.id, err)
			}
			path := filepath.Join(a.sched.Plans.Path, string(id)+".yaml")
			if err := taken(b, id, path); err != nil {
				return err
			}
			if asked {
				if err := a.inquirePlan(&n); err != nil {
					return err
				}
			}
			if flag := n.homeless(); flag != "" {
				return usage("--%s belongs to a setting",
					"add --kind KIND: neutral, walk, coffee, lunch, office, phone or video; nothing was written", flag)
			}
			data := []byte(n.file(args[0], args[1]))
			_, _, problems := a.sched.Plans.Parse(path, id, data)
			var wrong []strictyaml.Problem
			for _, p := range problems {
				if !p.Warning {
					wrong = append(wrong, p)
				}
			}
			if len(wrong) > 0 {
				return fromFlags(wrong)
			}
			if err := writeNew(path, data); err != nil {
				return err
			}
			a.say("Wrote %s. Fill in what is missing, then: %s", path, a.hint("check "+string(id)))
			return a.data(map[string]string{"id": string(id), "file": path})
		},
	}
	f := c.Flags()
	f.StringVar(&n.id, "id", "", "the `ID` (default from the name)")
	f.StringVar(&n.timezone, "timezone", "", "their `ZONE`")
	f.StringVar(&n.language, "language", "", "their `LANGUAGE`")
	f.StringVar(&n.call, "call", "", "how mails address them: `NAME` (default the name)")
	f.BoolVar(&n.familiar, "familiar", false, "they are addressed in the familiar form (du)")
	f.StringVar(&n.opening, "opening", "", "a sentence or two of your own that begin the brief: `TEXT`")
	f.StringVar(&n.result, "result", "", "what several conversations may serve together: `TEXT`")
	f.StringVar(&n.purpose, "purpose", "", "what the partnership is for: `TEXT`")
	f.StringArrayVar(&n.offer, "offer", nil, "what you bring: `TEXT`; may be repeated")
	f.StringArrayVar(&n.ask, "ask", nil, "how you would like to be supported: `TEXT`; may be repeated")
	f.StringVar(&n.kind, "kind", "", "the `KIND` of setting: neutral, walk, coffee, lunch, office, phone or video")
	f.StringVar(&n.place, "place", "", "where to meet: `TEXT`")
	f.BoolVar(&n.privateRoom, "private-room", false, "the office has a door")
	f.StringVar(&n.phone, "phone", "", "the `NUMBER` to call")
	f.StringVar(&n.caller, "caller", "", "for phone: `WHO` calls, me or partner (default me)")
	f.StringVar(&n.url, "url", "", "the `ADDRESS` of the video call")
	f.StringVar(&n.duration, "duration", "1h", "how long: `TIME`, such as 90m")
	f.StringVar(&n.start, "start", "", "a fixed `TIME`")
	f.StringArrayVar(&n.times, "time", nil, "a `TIME` to offer; may be repeated")
	f.StringVar(&n.askOn, "ask-on", "", "the `DAY` on which the brief goes out")
	f.StringVar(&n.history, "history", "", "what stands between you; stays private: `TEXT`")
	return c
}

// taken refuses an id that names a conversation already, be it over and its file gone: what is on record
// of that one would count for the new one.
func taken(b *roster.Roster, id plan.ID, path string) error {
	if _, err := os.Stat(path); err == nil {
		return isThere(path)
	}
	var other *conversation.Conversation
	known := make(map[plan.ID]bool)
	for _, c := range b.Conversations {
		if known[c.ID] = true; c.ID == id {
			// The newest round comes last.
			other = c
		}
	}
	if other == nil {
		return nil
	}
	what := "has begun already"
	switch other.Status(b.Now) {
	case conversation.Cancelled:
		what = "was cancelled"
	case conversation.Met, conversation.Declined:
		what = "is over"
	}
	free := id
	for n := 2; known[free]; n++ {
		free = plan.ID(fmt.Sprintf("%s-%d", id, n))
	}
	return usage("%s is the id of a conversation with %s that %s",
		"give the new one an id of its own: --id "+string(free), id, other.Plan.With.Name, what)
}

// inquireWho asks with whom the talk is to be.
func (a *app) inquireWho() ([]string, error) {
	name, err := a.inquire("With whom (their name)", "", true, nil)
	if err != nil {
		return nil, err
	}
	address, err := a.inquire("Their mail address", "", true, new(plan.Email).Parse)
	return []string{name, address}, err
}

// inquirePlan asks for what the brief can't do without, as far as no flag has said it.
func (a *app) inquirePlan(n *newPlan) error {
	a.note("What you leave empty stands in the file as a comment, for you to fill in later.")
	ask := func(value *string, question string, valid func(string) error) (err error) {
		if *value == "" {
			*value, err = a.inquire(question, "", false, valid)
		}
		return err
	}
	if err := ask(&n.purpose, "What the partnership is for (it is told openly)", nil); err != nil {
		return err
	}
	if err := ask(&n.kind, "Where you meet ("+strings.Join(plan.Kinds, ", ")+")", new(plan.Kind).Parse); err != nil {
		return err
	}
	var err error
	switch n.kind {
	case "":
	case plan.Phone:
		if n.phone == "" {
			n.phone, err = a.inquire("The number to call", "", true, new(plan.PhoneNumber).Parse)
		}
	case plan.Video:
		if n.url == "" {
			n.url, err = a.inquire("The address of the video call", "", !a.sched.Plans.Meet, new(plan.Link).Parse)
		}
	case plan.Office:
		if !n.privateRoom {
			if n.privateRoom, err = a.agrees("Does the office have a door"); err == nil && !n.privateRoom {
				a.note("  An office is a safe place only with a door; the setting is left for later.")
				n.kind = ""
				break
			}
		}
		fallthrough
	default:
		if err == nil {
			err = ask(&n.place, "The place", nil)
		}
	}
	if err != nil || n.start != "" || len(n.times) > 0 {
		return err
	}
	return ask(&n.start, "When it begins (2027-03-04 10:00, or in 10 working days at 10:00)", func(s string) error {
		d, err := plan.ParseDate(s)
		if err == nil && !d.HasClock() {
			err = &strictyaml.Fault{Text: "has no time of day", Mend: "write it as 2027-03-04 10:00"}
		}
		return err
	})
}

// slug makes an id of a name.
func slug(name string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(name) {
		switch {
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	return strings.Trim(b.String(), "-")
}

// homeless names a flag that would be lost, since it belongs to a setting and none is named; "" if there is none.
func (n *newPlan) homeless() string {
	switch {
	case n.kind != "":
		return ""
	case n.place != "":
		return "place"
	case n.privateRoom:
		return "private-room"
	case n.phone != "":
		return "phone"
	case n.caller != "":
		return "caller"
	case n.url != "":
		return "url"
	}
	return ""
}

// file returns the plan file.
func (n *newPlan) file(name, address string) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	// value writes the key, as a comment where there is nothing to write.
	value := func(indent, key, v, example string) {
		if v == "" {
			line("%s# %s: %s", indent, key, example)
		} else {
			line("%s%s: %s", indent, key, quoted(v))
		}
	}
	list := func(indent, key string, values []string, example string) {
		if len(values) == 0 {
			line("%s# %s: [%s]", indent, key, example)
			return
		}
		line("%s%s:", indent, key)
		for _, v := range values {
			line("%s  - %s", indent, quoted(v))
		}
	}
	document := func(agenda [][2]string) {
		line("with:")
		line("  name: %s", quoted(name))
		line("  email: %s", quoted(address))
		value("  ", "timezone", n.timezone, "Europe/Berlin   # theirs; default yours")
		value("  ", "language", n.language, "de              # default yours")
		value("  ", "call", n.call, "Maya            # how mails address them; default the name")
		if n.familiar {
			line("  familiar: true")
		} else {
			line("  # familiar: true          # du, in languages that have it")
		}
		value("", "opening", n.opening, "a sentence or two of your own that begin the brief")
		value("", "result", n.result, "what several conversations may serve together")
		value("", "purpose", n.purpose, "what the partnership is for, in a sentence or two; it is told openly")
		list("", "offer", n.offer, "what you bring")
		list("", "ask", n.ask, "how you would like to be supported")
		line("agenda:   # sent as it stands")
		for _, item := range agenda {
			line("  - topic: %s", quoted(item[0]))
			line("    minutes: %s", item[1])
		}
		if n.kind == "" {
			line("# setting:")
			line("#   kind: walk   # neutral, walk, coffee, lunch, office, phone or video")
			line("#   place: where to meet")
		} else {
			line("setting:")
			line("  kind: %s", n.kind)
			value("  ", "place", n.place, "where to meet")
			if n.privateRoom {
				line("  private_room: true")
			}
			if n.phone != "" {
				line("  phone: %s", quoted(n.phone))
			}
			if n.caller != "" {
				line("  caller: %s", quoted(n.caller))
			}
			if n.url != "" {
				line("  url: %s", quoted(n.url))
			}
		}
		line("when:")
		line("  duration: %s", n.duration)
		if n.start != "" || len(n.times) == 0 {
			value("  ", "start", n.start,
				"2027-03-04 10:00   # or times: [2027-03-04 10:00, in 8 working days at 15:00]")
		}
		if len(n.times) > 0 {
			list("  ", "times", n.times, "")
		}
		value("", "ask_on", n.askOn, "2027-02-22   # default: as soon as you are ready")
		line("# ready: true   # or: coalition ready ID; nothing is sent before")
	}
	partnership := [][2]string{
		{"What each of us is committed to, and what matters most to us now", "20"},
		{"How we could support each other", "25"},
		{"What we agree on, and how we keep it", "15"},
	}
	private := func() {
		line("private:   # never leaves this machine")
		line("  # why: why this person, to what end")
		line("  # goal: what you want to come of it")
		line("  # measures: [by what you will see that it came]")
		line("  # importance: 3   # 1 to 5")
		line("  # urgency: 3      # 1 to 5")
		value("  ", "history", n.history, "what stands between you, if anything does")
	}
	if n.history == "" {
		document(partnership)
		private()
		return b.String()
	}
	// What is past comes first, and may take more than one talk.
	document([][2]string{
		{"What I want for the two of us", "10"},
		{"What happened, as each of us saw it", "30"},
		{"What is mine in it, and what we leave behind", "20"},
	})
	private()
	again := *n
	again.start, again.times, again.askOn = "", nil, ""
	n = &again
	line("---")
	line("# The talk about the partnership itself: plan it when the first one has gone well.")
	line("id: %s", n.id)
	line("round: 2")
	document(partnership)
	return b.String()
}
