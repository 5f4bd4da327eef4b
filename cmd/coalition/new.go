package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"unicode"

	"github.com/spf13/cobra"
	"github.com/thlib/go-timezone-local/tzlocal"
	"go.yaml.in/yaml/v3"

	"coalition/scheduler/plan"
	"coalition/scheduler/strictyaml"
)

func (a *app) initCommand() *cobra.Command {
	var name, address, zone, language string
	c := &cobra.Command{
		Use:   "init",
		Short: "Write a config file",
		Long: `Write a config file: config.yaml, or the one that --config names. The time zone is
that of this machine unless you name one. Mail goes to a folder of files until you
say how to send it.`,
		Example: "  coalition init --name \"Ana Lopes\" --email ana@example.org",
		Args:    cobra.NoArgs,
		RunE: func(_ *cobra.Command, _ []string) error {
			if name == "" || address == "" {
				return usage("init needs your name and your address", "add --name NAME --email ADDRESS")
			}
			if zone == "" {
				var err error
				if zone, err = tzlocal.RuntimeTZ(); err != nil {
					return usage("the time zone of this machine can't be told", "add --timezone, such as --timezone Europe/Lisbon")
				}
			}
			path := a.configFile
			if path == "" {
				path = "config.yaml"
			}
			data := fmt.Appendf(nil, configTemplate, quoted(name), quoted(address), quoted(zone), quoted(language))
			if _, problems := parseConfig(path, data); len(problems) > 0 {
				return fromFlags(problems)
			}
			if err := writeNew(path, data); err != nil {
				return err
			}
			folder := filepath.Join(filepath.Dir(path), "conversations")
			if err := os.MkdirAll(folder, 0o700); err != nil {
				return usage("the folder %s can't be made", "make it yourself", folder)
			}
			a.say("Wrote %s. Next, plan a conversation: coalition new NAME EMAIL", path)
			return nil
		},
	}
	c.Flags().StringVar(&name, "name", "", "your `NAME`, as your partners know it")
	c.Flags().StringVar(&address, "email", "", "your `ADDRESS`")
	c.Flags().StringVar(&zone, "timezone", "", "the IANA name of your `ZONE`")
	c.Flags().StringVar(&language, "language", "en", "the `LANGUAGE` in which you write")
	return c
}

const configTemplate = `# What each key means: coalition schema config, or config.example.yaml.
organizer:
  name: %s
  email: %s
  timezone: %s
  language: %s
conversations: ./conversations
mail:
  via: outbox   # a folder of .eml files; smtp sends
`

// fromFlags are the problems of a file that was made of flags: their places mean nothing.
func fromFlags(problems []strictyaml.Problem) error {
	var lines []string
	for _, p := range problems {
		lines = append(lines, strings.TrimSuffix(p.Text+"; "+p.Mend, "; "))
	}
	return usage("%s", "nothing was written", strings.Join(lines, "\n  "))
}

// quoted is s as one YAML value.
func quoted(s string) string {
	b, err := yaml.Marshal(s)
	if err != nil || bytes.Count(b, []byte("\n")) > 1 {
		return fmt.Sprintf("%q", s)
	}
	return strings.TrimSpace(string(b))
}

// writeNew writes a file that is not there yet.
func writeNew(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return usage("%s is there already", "look at it, or name another file", path)
	}
	if err != nil {
		return usage("%s can't be written", "is its folder there?", path)
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}

// newPlan are the flags of `new`.
type newPlan struct {
	id, timezone, language, purpose, result, kind, place, phone, url, start, duration, askOn, history string
	offer, ask, times                                                                                 []string
	privateRoom                                                                                       bool
}

func (a *app) newCommand() *cobra.Command {
	var n newPlan
	c := &cobra.Command{
		Use:   "new NAME EMAIL",
		Short: "Write a plan file",
		Long: `Write the plan of a conversation, with a suggested agenda. What you leave out stands
in the file as a comment for you to fill in. With --history (what stands between the
two of you; it stays private) a first round for that is proposed, and the talk about
the partnership becomes the second.`,
		Example: "  coalition new \"Maya Chen\" maya@example.org\n  coalition new \"Maya Chen\" maya@example.org --purpose \"Join forces on the launch\" \\\n    --kind walk --place \"Riverside path\" --start \"in 10 working days at 10:00\"",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := a.open(cmd.Context(), true); err != nil {
				return err
			}
			if n.id == "" {
				n.id = slug(args[0])
			}
			var id plan.ID
			if err := id.Parse(n.id); err != nil {
				return usage("%q %s", "name one with --id", n.id, err)
			}
			path := filepath.Join(a.sched.Plans.Path, string(id)+".yaml")
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
			a.say("Wrote %s. Fill in what is missing, then: coalition check %s", path, id)
			if a.json {
				return a.printJSON(map[string]string{"id": string(id), "file": path})
			}
			return nil
		},
	}
	f := c.Flags()
	f.StringVar(&n.id, "id", "", "the `ID` (default from the name)")
	f.StringVar(&n.timezone, "timezone", "", "their `ZONE`")
	f.StringVar(&n.language, "language", "", "their `LANGUAGE`")
	f.StringVar(&n.result, "result", "", "what several conversations may serve together: `TEXT`")
	f.StringVar(&n.purpose, "purpose", "", "what the partnership is for: `TEXT`")
	f.StringArrayVar(&n.offer, "offer", nil, "what you bring: `TEXT`; may be repeated")
	f.StringArrayVar(&n.ask, "ask", nil, "how you would like to be supported: `TEXT`; may be repeated")
	f.StringVar(&n.kind, "kind", "", "the `KIND` of setting: neutral, walk, coffee, lunch, office, phone or video")
	f.StringVar(&n.place, "place", "", "where to meet: `TEXT`")
	f.BoolVar(&n.privateRoom, "private-room", false, "the office has a door")
	f.StringVar(&n.phone, "phone", "", "the `NUMBER` to call")
	f.StringVar(&n.url, "url", "", "the `ADDRESS` of the video call")
	f.StringVar(&n.duration, "duration", "1h", "how long: `TIME`, such as 90m")
	f.StringVar(&n.start, "start", "", "a fixed `TIME`")
	f.StringArrayVar(&n.times, "time", nil, "a `TIME` to offer; may be repeated")
	f.StringVar(&n.askOn, "ask-on", "", "the `DAY` on which the brief goes out")
	f.StringVar(&n.history, "history", "", "what stands between you; stays private: `TEXT`")
	return c
}

// slug is a name as an id.
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
			if n.url != "" {
				line("  url: %s", quoted(n.url))
			}
		}
		line("when:")
		line("  duration: %s", n.duration)
		if n.start != "" || len(n.times) == 0 {
			value("  ", "start", n.start, "2027-03-04 10:00   # or times: [2027-03-04 10:00, in 8 working days at 15:00]")
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

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Example: "  coalition version", Args: cobra.NoArgs,
		RunE: func(_ *cobra.Command, _ []string) error {
			v := version()
			if a.json {
				return a.printJSON(map[string]string{"version": v})
			}
			fmt.Fprintln(a.stdout, "coalition "+v)
			return nil
		},
	}
}

// version is that of the module, with the commit where it was built from one.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	v := strings.Trim(info.Main.Version, "()")
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && v == "devel" {
			v += "-" + s.Value[:min(12, len(s.Value))]
		}
	}
	return v
}
