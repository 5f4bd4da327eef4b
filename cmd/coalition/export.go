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
	"time"

	"github.com/spf13/cobra"

	"coalition/scheduler/conversation"
	"coalition/scheduler/journal"
	"coalition/scheduler/plan"
	"coalition/scheduler/roster"
)

func (a *app) exportCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "export [ID] DIR",
		Short: "Write everything about one conversation, or all, into a folder",
		Long: `Write everything about one conversation with all its rounds, or about all of them, into
a new folder that only you can read:

  ID.yaml, ID.json   the plans, what the state knows, the history, the journal; both
                     say the same, the first in the words of your own files
  ID.ics             the talks, as a calendar to keep
  messages/          each message as it left, as .eml (as .json where it was written
                     into an online calendar)

What is private is in it: it is for yourself. Nothing is overwritten. While it is
being written the folder is called DIR.unfinished.

With --json: {folder, conversations, messages}.`,
		Example: "  coalition export maya maya-2027\n  coalition export everything",
		Args:    cobra.RangeArgs(1, 2),
		ValidArgsFunction: func(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveFilterDirs
			}
			return a.ids(cmd, args, begun)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			ref, folder := "", args[len(args)-1]
			if len(args) == 2 {
				ref = args[0]
			}
			return a.export(cmd.Context(), ref, filepath.Clean(folder))
		},
	}
}

func (a *app) export(ctx context.Context, ref, folder string) error {
	b, err := a.board(ctx)
	if err != nil {
		return err
	}
	ids, err := a.exported(b, ref)
	if err != nil {
		return err
	}
	unfinished, err := begunFolder(folder)
	if err != nil {
		return err
	}
	messages := 0
	for _, id := range ids {
		n, err := a.exportOne(ctx, b, id, unfinished)
		if err != nil {
			return errors.Join(fmt.Errorf("nothing was exported: %w", err), os.RemoveAll(unfinished))
		}
		messages += n
	}
	// An empty folder may be there.
	if err := os.Remove(folder); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return cantWrite(folder, err)
	}
	if err := os.Rename(unfinished, folder); err != nil {
		return cantWrite(folder, err)
	}
	a.say("%s holds all that is known of %s, with %s, and what is private: keep it to yourself.", folder,
		count(len(ids), "conversation"), count(messages, "message"))
	return a.data(map[string]any{"folder": folder, "conversations": len(ids), "messages": messages})
}

// exported returns the ids to export: that of a reference, or all of which there is something.
func (a *app) exported(b *roster.Roster, ref string) (ids []plan.ID, err error) {
	if ref != "" {
		c, err := b.Find(ref)
		if err == nil {
			return []plan.ID{c.ID}, nil
		}
		// It may have a plan alone, which can't be used.
		if id := plan.ID(ref); len(a.sched.Plans.Holding(id)) > 0 {
			return []plan.ID{id}, nil
		}
		return nil, err
	}
	for _, c := range b.Conversations {
		ids = append(ids, c.ID)
	}
	for _, p := range b.Problems {
		if id := plan.ID(p.Owner); len(a.sched.Plans.Holding(id)) > 0 {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids), nil
}

// begunFolder makes the folder in which an export is written before it gets its name, and refuses where something is
// in the way.
func begunFolder(folder string) (string, error) {
	there, err := os.ReadDir(folder)
	switch {
	case err == nil && len(there) > 0:
		return "", usage("%s is there already, and not empty", "name a new folder: nothing is overwritten", folder)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return "", usage("%s is there already, and no folder", "name a new folder: nothing is overwritten", folder)
	}
	unfinished := folder + ".unfinished"
	err = os.Mkdir(unfinished, 0o700)
	switch {
	case errors.Is(err, fs.ErrExist):
		return "", usage("%s is there already: an export was cut off, or is being written", "delete it first", unfinished)
	case errors.Is(err, fs.ErrNotExist):
		return "", usage("there is no folder %s", "make it, or name a folder elsewhere", filepath.Dir(folder))
	case err != nil:
		return "", cantWrite(folder, err)
	}
	return unfinished, os.Mkdir(filepath.Join(unfinished, "messages"), 0o700)
}

// exportOne writes the files of one conversation into a folder, and returns how many messages there are.
func (a *app) exportOne(ctx context.Context, b *roster.Roster, id plan.ID, folder string) (messages int, err error) {
	d := &dossier{ID: string(id), Exported: *stamp(b.Now, a.zone()), Plans: []dossierPlan{}, Rounds: []dossierRound{},
		History: []logRow{}}
	var rounds []*conversation.Conversation
	for _, c := range b.Conversations {
		if c.ID != id {
			continue
		}
		rounds = append(rounds, c)
		r := dossierRound{row: a.row(c, b.Now), Record: c, Messages: []dossierMessage{}}
		for _, m := range c.Messages {
			// It names others.
			if m.OfAll() {
				continue
			}
			file, err := a.exportMessage(ctx, m.Row, folder)
			if err != nil {
				return 0, err
			}
			r.Messages = append(r.Messages, dossierMessage{a.messageRow(m), m.Sequence, file})
			messages++
		}
		d.Rounds = append(d.Rounds, r)
	}
	history, err := a.sched.Store.History(ctx, id)
	if err != nil {
		return 0, err
	}
	for _, e := range history {
		d.History = append(d.History, a.eventRow(e))
	}
	if err := a.ownFiles(d, id); err != nil {
		return 0, err
	}
	calendar, err := a.sched.Compose.Collection(rounds)
	if err != nil {
		return 0, err
	}
	asJSON, asYAML, err := d.encode()
	if err != nil {
		return 0, err
	}
	for ext, data := range map[string][]byte{".json": asJSON, ".yaml": asYAML, ".ics": calendar} {
		if err := writeOnce(filepath.Join(folder, d.ID+ext), data); err != nil {
			return 0, err
		}
	}
	return messages, nil
}

// exportMessage writes the bytes of a message into a folder, and returns the name of the file in it.
func (a *app) exportMessage(ctx context.Context, row int64, folder string) (name string, err error) {
	m, err := a.sched.Store.Message(ctx, row)
	if err != nil {
		return "", err
	}
	ext := ".eml"
	if m.InCalendar() {
		ext = ".json"
	}
	for at := m.Stamp.UTC(); ; at = at.Add(time.Second) {
		name = fmt.Sprintf("messages/%s-%s-%s-%d%s", at.Format("20060102T150405Z"), m.ID, m.Kind, m.Sequence, ext)
		if err = writeOnce(filepath.Join(folder, name), m.Data); !errors.Is(err, fs.ErrExist) {
			return name, err
		}
	}
}

// ownFiles takes in what the organizer has written about a conversation: the plans, and the journal.
func (a *app) ownFiles(d *dossier, id plan.ID) error {
	for path := range a.sched.Plans.Holding(id) {
		docs, err := documents(path)
		if err != nil {
			return err
		}
		for _, doc := range docs {
			if doc.is(id, strings.TrimSuffix(filepath.Base(path), ".yaml")) {
				d.Plans = append(d.Plans, dossierPlan{filepath.Base(path), doc})
			}
		}
	}
	slices.SortStableFunc(d.Plans, func(x, y dossierPlan) int { return strings.Compare(x.File, y.File) })
	docs, err := documents(journal.Path(a.config.journals(), id))
	if err != nil || len(docs) == 0 {
		return err
	}
	d.Journal = docs[0]
	return nil
}

// writeOnce writes a new file for its owner only. Where one is there the error is [fs.ErrExist].
func writeOnce(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	switch {
	case errors.Is(err, fs.ErrExist):
		return err
	case err != nil:
		return cantWrite(path, err)
	}
	_, err = f.Write(data)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return cantWrite(path, err)
	}
	return nil
}
