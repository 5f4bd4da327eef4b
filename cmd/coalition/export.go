package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

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

// A dossier is all that is known of one conversation.
type dossier struct {
	ID       string         `json:"id"`
	Exported string         `json:"exported"`
	Plans    []dossierPlan  `json:"plans"`
	Rounds   []dossierRound `json:"rounds"`
	History  []logRow       `json:"history"`
	// nil: there is none.
	Journal *written `json:"journal"`
}

// A dossierPlan is one document of a plan file.
type dossierPlan struct {
	File string   `json:"file"`
	Plan *written `json:"plan"`
}

// A dossierRound is a round as list has it, as it is stored, and its messages.
type dossierRound struct {
	row
	Record   *conversation.Conversation `json:"record"`
	Messages []dossierMessage           `json:"messages"`
}

// A dossierMessage is a message as log has it, and in which file its bytes are.
type dossierMessage struct {
	logRow
	Sequence int    `json:"sequence"`
	File     string `json:"file"`
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

// A written is a document that the organizer has written: as YAML it keeps its comments and its order.
type written struct{ *yaml.Node }

// documents reads the documents of a file; one that is no YAML is a text. There are none in a file that is not there.
func documents(path string) ([]*written, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%s can't be read: %s", path, errorText(err))
	}
	list, err := parsed(data)
	if err != nil {
		list = []*written{{&yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Style: yaml.LiteralStyle, Value: string(data)}}}
	}
	return list, nil
}

// parsed are the documents of YAML.
func parsed(data []byte) (list []*written, err error) {
	dec := yaml.NewDecoder(bytes.NewReader(data))
	for {
		var n yaml.Node
		err := dec.Decode(&n)
		switch {
		case errors.Is(err, io.EOF):
			return list, nil
		case err != nil:
			return nil, err
		case len(n.Content) == 1:
			list = append(list, &written{n.Content[0]})
		}
	}
}

// is reports whether a document of a plan file is one of that conversation; name is what it is called by its file.
func (w *written) is(id plan.ID, name string) bool {
	var doc struct{ ID string }
	if err := w.Decode(&doc); err == nil && doc.ID != "" {
		name = doc.ID
	}
	own := plan.ID("")
	return own.Parse(name) == nil && own == id
}

// MarshalJSON writes it as JSON in the order of its keys. What is neither a number, a yes or no, nor empty is text: so
// plans are read, days and times among it.
func (w *written) MarshalJSON() ([]byte, error) {
	var out bytes.Buffer
	switch w.Kind {
	case yaml.MappingNode, yaml.SequenceNode:
		open, end := "[", "]"
		if w.Kind == yaml.MappingNode {
			open, end = "{", "}"
		}
		out.WriteString(open)
		for i, n := range w.Content {
			switch {
			case w.Kind == yaml.MappingNode && i%2 == 1:
				out.WriteString(":")
			case i > 0:
				out.WriteString(",")
			}
			var value any = &written{n}
			if w.Kind == yaml.MappingNode && i%2 == 0 {
				value = n.Value
			}
			data, err := json.Marshal(value)
			if err != nil {
				return nil, err
			}
			out.Write(data)
		}
		out.WriteString(end)
		return out.Bytes(), nil
	}
	var value any = w.Value
	if tag := w.ShortTag(); tag == "!!int" || tag == "!!float" || tag == "!!bool" || tag == "!!null" {
		if err := w.Decode(&value); err != nil {
			value = w.Value
		}
	}
	return json.Marshal(value)
}

// encode returns the dossier as JSON and as YAML.
func (d *dossier) encode() (asJSON, asYAML []byte, err error) {
	if asJSON, err = json.MarshalIndent(d, "", "  "); err != nil {
		return nil, nil, err
	}
	// JSON is YAML, with marks that nobody needs.
	var doc yaml.Node
	if err := yaml.Unmarshal(asJSON, &doc); err != nil {
		return nil, nil, err
	}
	top := doc.Content[0]
	plain(top)
	for i := 0; i < len(top.Content); i += 2 {
		switch top.Content[i].Value {
		case "plans":
			for j, p := range d.Plans {
				top.Content[i+1].Content[j].Content[3] = p.Plan.Node
			}
		case "journal":
			if d.Journal != nil {
				top.Content[i+1] = d.Journal.Node
			}
		}
	}
	doc.HeadComment = "Everything that coalition knows of " + d.ID + ", " + d.Exported + ".\nWhat is private is in it: keep it to yourself."
	var out bytes.Buffer
	enc := yaml.NewEncoder(&out)
	enc.SetIndent(2)
	err = errors.Join(enc.Encode(&doc), enc.Close())
	return append(asJSON, '\n'), out.Bytes(), err
}

// plain takes the marks of JSON off a node, where nobody needs them: older readers take a bare yes for true, and 09:00
// for a number.
func plain(n *yaml.Node) {
	words := []string{"y", "n", "yes", "no", "on", "off"}
	text := n.Kind == yaml.ScalarNode && n.Tag == "!!str" && n.Value != ""
	switch n.Style = 0; {
	case text && strings.Contains(n.Value, "\n"):
		n.Style = yaml.LiteralStyle
	case text && (n.Value[0] < 'A' || slices.Contains(words, strings.ToLower(n.Value))):
		n.Style = yaml.DoubleQuotedStyle
	}
	for _, child := range n.Content {
		plain(child)
	}
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
