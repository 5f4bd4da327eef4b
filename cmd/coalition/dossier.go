package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"coalition/scheduler/conversation"
	"coalition/scheduler/plan"
)

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
