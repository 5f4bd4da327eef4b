package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"coalition/scheduler/conversation"
	"coalition/scheduler/journal"
	"coalition/scheduler/plan"
	"coalition/scheduler/sheet"
	"coalition/scheduler/ways"
)

func (a *app) prepareCommand() *cobra.Command {
	var markdown, html string
	c := &cobra.Command{
		Use:   "prepare ID",
		Short: "Make your own sheet for the talk",
		Long: `Make the sheet that you take along to a talk, for yourself alone: when and where, why
you want it and how you will see that it worked, the agenda, what your partner has said,
what you know from the talks before, and what to say and to ask in its three parts.
Where your plan says that something stands between you, that part comes first.

It is shown here, or written to a file that only you can read: as Markdown, or as a page
to print (A4 or Letter), which is shortened where it would not fit on one page, and says
so. It is made of your files as they are now; nothing of it is sent, or kept in the
state. A file that is there is replaced only if you say so.

With --json, an object:
  id, round, with             which talk, and with whom
  as_of, status, standing     the day of the sheet, and how the talk stands
  start, end, offered         on your clock; offered: while no time is fixed
  minutes, their_timezone, setting, join
  unplanned                   true: there is no plan file, and so nothing private
  why, goal, measures, history
                              what is private in the plan
  purpose, offer, ask, agenda the plan; taken and proposed are your partner's lines for
  taken, proposed             the agenda: those in it, and those that wait for you
  words                       [{from, text}]: what your partner has written
  before                      the talks before, newest first: [{id, round, on, learned,
                              measures: [{text, met}], note}]
  promises                    those that are open: [{by, text, due, overdue}]; by is me or them`,
		Example: `  coalition prepare maya
  coalition prepare maya/2 --html maya.html
  coalition prepare maya --markdown - | less`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.ids,
		RunE: func(cmd *cobra.Command, args []string) error {
			if markdown != "" && html != "" {
				return usage("--markdown and --html exclude each other", "run it once for each")
			}
			return a.prepare(cmd.Context(), args[0], markdown, html)
		},
	}
	c.Flags().StringVar(&markdown, "markdown", "", "write it into `FILE`, as Markdown (- for standard output)")
	c.Flags().StringVar(&html, "html", "", "write it into `FILE`, as a page to print (- for standard output)")
	c.Flags().BoolVarP(&a.yes, "yes", "y", false, "replace a file that is there without asking")
	return c
}

// prepare shows the sheet, or writes it to the one of the two files that has a name.
func (a *app) prepare(ctx context.Context, ref, markdown, html string) error {
	b, c, err := a.boardOf(ctx, ref)
	if err != nil {
		return err
	}
	past, err := a.pastOf(c)
	if err != nil {
		return err
	}
	s := sheet.New(c, b.Now, past)
	switch {
	case html != "":
		var page []byte
		if page, err = s.HTML(); err == nil {
			err = a.putSheet(s, html, page)
		}
	case markdown != "":
		err = a.putSheet(s, markdown, []byte(s.Markdown()))
	case a.json:
		err = a.printJSON(s)
	default:
		_, err = io.WriteString(a.stdout, s.Text(min(a.width(), 100), a.bold))
	}
	if err == nil && s.Status == conversation.Met {
		a.note("The talk is over. Look back on it with: %s", c.How(ways.Debrief))
	}
	return err
}

// putSheet writes a form of the sheet to a file that only the organizer may read, or, at "-", to standard output.
func (a *app) putSheet(s *sheet.Sheet, file string, data []byte) error {
	if file == "-" {
		_, err := a.stdout.Write(data)
		return err
	}
	if err := a.mayOverwrite(file, data); err != nil {
		return err
	}
	if err := privateFile(file, data); err != nil {
		return err
	}
	a.say("%s: your sheet is in %s, which only you can read.", plan.Ref(s.ID, s.Round), file)
	return a.data(s)
}

// pastOf reads the journals of all conversations with the partner of this one. One that can't be read is refused: what
// was promised would be missing.
func (a *app) pastOf(c *conversation.Conversation) (map[plan.ID][]journal.Entry, error) {
	past := make(map[plan.ID][]journal.Entry)
	for _, peer := range slices.Concat(c.Peers, []*conversation.Conversation{c}) {
		if _, read := past[peer.ID]; read {
			continue
		}
		j, problems := journal.Read(a.config.journals(), peer.ID)
		if len(problems) > 0 {
			return nil, problemsError(problems)
		}
		past[peer.ID] = j.Entries
	}
	return past, nil
}

// mayOverwrite refuses to write to a file that is there with other contents, unless the organizer says so.
func (a *app) mayOverwrite(path string, data []byte) error {
	there, err := fileAt(path)
	if err != nil || !there || a.yes {
		return err
	}
	old, err := os.ReadFile(path)
	switch {
	case err == nil && bytes.Equal(old, data):
		return nil
	case !terminal(a.stdin):
		return usage("%s is there already, with other contents", "add --yes to replace it, or name another file", path)
	}
	yes, err := a.agrees(fmt.Sprintf("%s is there already, with other contents. Replace it?", path))
	if err == nil && !yes {
		err = usage("nothing was written", "")
	}
	return err
}
