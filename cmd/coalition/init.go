package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

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
say how to send it. On a terminal you are asked for what no flag says.`,
		Example: "  coalition init\n  coalition init --name \"Ana Lopes\" --email ana@example.org",
		Args:    cobra.NoArgs,
		RunE: func(_ *cobra.Command, _ []string) error {
			path := cmp.Or(a.configFile, "config.yaml")
			if name == "" || address == "" {
				if !terminal(a.stdin) {
					return usage("init needs your name and your address", "add --name NAME --email ADDRESS")
				}
				if _, err := os.Stat(path); err == nil {
					return isThere(path)
				}
				if _, err := os.Stat(filepath.Dir(path)); err != nil {
					return noFolder(path)
				}
				if err := a.inquireConfig(&name, &address, &zone, &language); err != nil {
					return err
				}
			}
			if zone == "" {
				var err error
				if zone, err = tzlocal.RuntimeTZ(); err != nil {
					return usage("the time zone of this machine can't be told",
						"add --timezone, such as --timezone Europe/Lisbon")
				}
			}
			language = cmp.Or(language, "en")
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
			a.say("Wrote %s. Next, plan a conversation: %s", path, a.hint("new NAME EMAIL"))
			if other := a.getenv("COALITION_CONFIG"); other != "" && !sameFile(other, path) {
				a.note("But COALITION_CONFIG names %s, which commands use instead. "+
					"End that with: unset COALITION_CONFIG", other)
			}
			return nil
		},
	}
	c.Flags().StringVar(&name, "name", "", "your `NAME`, as your partners know it")
	c.Flags().StringVar(&address, "email", "", "your `ADDRESS`")
	c.Flags().StringVar(&zone, "timezone", "", "the IANA name of your `ZONE`")
	c.Flags().StringVar(&language, "language", "", "the `LANGUAGE` in which you write (default en)")
	return c
}

// inquireConfig asks for what no flag has said.
func (a *app) inquireConfig(name, address, zone, language *string) error {
	if *zone == "" {
		// It is only proposed.
		*zone, _ = tzlocal.RuntimeTZ()
	}
	*language = cmp.Or(*language, "en")
	return a.walk([]*question{
		{key: "name", title: "Your name", explain: "As your partners know it.", text: name, needed: true},
		{key: "email", title: "Your mail address", explain: "Your partners see it, and answers come back here.",
			text: address, needed: true, valid: new(plan.Email).Parse},
		{key: "timezone", title: "Your time zone", explain: "Times without a zone are meant on this clock.",
			text: zone, needed: true, valid: new(plan.Zone).Parse},
		{key: "language", title: "The language in which you write",
			explain: "A plan may name another one for its partner.",
			text:    language, needed: true, valid: new(plan.Language).Parse},
	}, nil)
}

// sameFile reports whether two paths lead to one file.
func sameFile(a, b string) bool {
	x, err := os.Stat(a)
	y, err2 := os.Stat(b)
	return err == nil && err2 == nil && os.SameFile(x, y)
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

// fromFlags returns as one error the problems of a file that was made of flags: their places mean nothing.
func fromFlags(problems []strictyaml.Problem) error {
	var lines []string
	for _, p := range problems {
		lines = append(lines, strings.TrimSuffix(p.Text+"; "+p.Mend, "; "))
	}
	return usage("%s", "nothing was written", strings.Join(lines, "\n  "))
}

// quoted returns s as one YAML value.
func quoted(s string) string {
	b, err := yaml.Marshal(s)
	if err != nil || bytes.Count(b, []byte("\n")) > 1 {
		return fmt.Sprintf("%q", s)
	}
	return strings.TrimSpace(string(b))
}

func isThere(path string) error {
	return usage("%s is there already", "look at it, or name another file", path)
}

func noFolder(path string) error {
	return usage("%s can't be written", "is its folder there?", path)
}

// writeNew writes a file that is not there yet, for its owner only: whole, or not at all.
func writeNew(path string, data []byte) error {
	if _, err := os.Lstat(path); err == nil {
		return isThere(path)
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".writing-*")
	if err != nil {
		return noFolder(path)
	}
	defer os.Remove(f.Name())
	_, err = f.Write(data)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	err = os.Link(f.Name(), path)
	switch {
	case errors.Is(err, fs.ErrExist):
		return isThere(path)
	case err != nil:
		// The file system has no hard links.
		return os.Rename(f.Name(), path)
	}
	return nil
}
