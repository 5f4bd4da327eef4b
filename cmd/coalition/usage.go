package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"coalition/scheduler/plan"
)

// What the library says of a command line that it can't read.
var (
	unknownCommand = regexp.MustCompile(`^unknown command "(.*)" for "`)
	wrongCount     = regexp.MustCompile(`^(?:accepts|requires) .*arg\(s\)`)
	unknownFlag    = regexp.MustCompile(`^unknown flag: --(.*)$`)
	unknownLetter  = regexp.MustCompile(`^unknown shorthand flag: '(.)'`)
	noValue        = regexp.MustCompile(`^flag needs an argument: (?:--(\S+)|'(.)' in)`)
	wrongValue     = regexp.MustCompile(`^invalid argument "(.*)" for "(?:-., )?(--[^"]+)" flag`)
)

// misread tells what is wrong with the command line of cmd, in the words of this program, and what to write
// instead. err is the library's.
func misread(cmd *cobra.Command, err error) (text, mend string) {
	line := strings.Split(err.Error(), "\n")[0]
	mend = fmt.Sprintf("see: %s --help", cmd.CommandPath())
	did := func(prefix, typed string, names []string) {
		if list := closest(typed, names); len(list) > 0 {
			for i := range list {
				list[i] = prefix + list[i]
			}
			mend = "did you mean " + oneOfWords(list) + "?"
		}
	}
	if m := unknownCommand.FindStringSubmatch(line); m != nil {
		if cmd.HasAvailableSubCommands() {
			did("", m[1], commandNames(cmd))
			return fmt.Sprintf("there is no command %q", m[1]), mend
		}
		return fmt.Sprintf("%q is too much: write %s", m[1], cmd.CommandPath()), mend
	}
	if wrongCount.MatchString(line) {
		return misfit(cmd, cmd.Flags().Args()), mend
	}
	if m := unknownFlag.FindStringSubmatch(line); m != nil {
		var names []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
		did("--", m[1], names)
		return fmt.Sprintf("%s has no flag --%s", cmd.Name(), m[1]), mend
	}
	if m := unknownLetter.FindStringSubmatch(line); m != nil {
		return fmt.Sprintf("%s has no flag -%s", cmd.Name(), m[1]), mend
	}
	if m := noValue.FindStringSubmatch(line); m != nil {
		if f := cmd.Flags().Lookup(m[1]); f != nil {
			value, _ := pflag.UnquoteUsage(f)
			return "--" + f.Name + " is followed by nothing", fmt.Sprintf("write --%s %s", f.Name, value)
		}
		return "a flag is followed by nothing", mend
	}
	if m := wrongValue.FindStringSubmatch(line); m != nil {
		return fmt.Sprintf("%s can't be %q", m[2], m[1]), mend
	}
	return line, mend
}

// misfit says how a command with too few or too many words after it is written.
func misfit(cmd *cobra.Command, args []string) string {
	form := cmd.CommandPath() + strings.TrimPrefix(cmd.Use, cmd.Name())
	if f := cmd.Flags().Lookup("start"); f != nil && len(args) > 1 {
		// Quotes may be missing, too.
		for i := 1; i < len(args); i++ {
			if _, err := plan.ParseDate(strings.Join(args[1:i+1], " ")); err == nil {
				return fmt.Sprintf("a time goes after --start: %s %s --start %q",
					cmd.CommandPath(), args[0], strings.Join(args[1:], " "))
			}
		}
	}
	if len(args) == 0 {
		return fmt.Sprintf("%s needs more: %s", cmd.Name(), form)
	}
	more := append(slices.Clone(args), "", "")
	if cmd.ValidateArgs(more[:len(args)+1]) == nil || cmd.ValidateArgs(more) == nil {
		return fmt.Sprintf("after %q something is missing: %s", args[len(args)-1], form)
	}
	for n := len(args) - 1; n > 0; n-- {
		if cmd.ValidateArgs(args[:n]) == nil {
			return fmt.Sprintf("%q is too much: %s", strings.Join(args[n:], " "), form)
		}
	}
	return "this is written otherwise: " + form
}

func commandNames(cmd *cobra.Command) (names []string) {
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() {
			names = append(names, c.Name())
		}
	}
	return names
}

// closest returns the names that were most likely meant by what was typed, at most three.
func closest(typed string, names []string) []string {
	known := &cobra.Command{}
	for _, name := range names {
		known.AddCommand(&cobra.Command{Use: name, Run: func(*cobra.Command, []string) {}})
	}
	for distance := 1; distance <= 2; distance++ {
		known.SuggestionsMinimumDistance = distance
		if list := known.SuggestionsFor(typed); len(list) > 0 {
			return list[:min(3, len(list))]
		}
	}
	return nil
}

// oneOfWords writes a list as in "ask, answer or agenda".
func oneOfWords(list []string) string {
	if len(list) == 1 {
		return list[0]
	}
	return strings.Join(list[:len(list)-1], ", ") + " or " + list[len(list)-1]
}

// helpCommand makes `help`, which refuses what it does not know.
func (a *app) helpCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Help about any command",
		RunE: func(cmd *cobra.Command, args []string) error {
			about, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				if about == nil {
					about = cmd.Root()
				}
				word := strings.Join(args, " ")
				if len(rest) > 0 {
					word = rest[0]
				}
				text, mend := misread(about, fmt.Errorf("unknown command %q for %q", word, about.CommandPath()))
				return usage("%s", mend, text)
			}
			about.InitDefaultHelpFlag()
			return about.Help()
		},
	}
}
