package templates

import (
	"io"
	"path"
	"slices"
	texttemplate "text/template"
	"text/template/parse"
	"time"
)

// Check reads every template of every language and carries each out on a talk that has all there is,
// both branches of each condition included, so that a misspelt field is found before it is needed.
func (s *Set) Check() []Problem {
	var list []Problem
	add := func(file string, err error) {
		if err == nil {
			return
		}
		if p := problem(file, err); !slices.Contains(list, p) {
			list = append(list, p)
		}
	}
	for _, lang := range s.languages {
		l, err := s.language(lang)
		add(path.Join(lang, "words.tmpl"), err)
		if err != nil {
			continue
		}
		text, err := bothWays(l.text)
		add(path.Join(lang, "words.tmpl"), err)
		html, err2 := bothWays(asText(l))
		add("layout.html", err2)
		if err != nil || err2 != nil {
			continue
		}
		for _, kind := range settings {
			talk := Sample()
			talk.Setting.Kind = kind
			v, err := l.view(text, talk)
			add(path.Join(lang, "words.tmpl"), err)
			if err != nil {
				continue
			}
			run := func(t *texttemplate.Template, file, name string) {
				add(path.Join(lang, file), t.ExecuteTemplate(io.Discard, name, v))
			}
			run(text, "event.txt", path.Join(lang, "event.txt"))
			run(text, "event.txt", "summary")
			run(text, "event.txt", "location")
			for _, k := range Kinds {
				name := string(k)
				run(text, name+".txt", "subject "+name)
				run(text, name+".txt", path.Join(lang, name+".txt"))
				run(html, name+".html", path.Join(lang, name+".html"))
			}
		}
		for _, k := range Kinds { // and once as they are, for what only html/template sees
			if v, err := s.View(lang, Sample()); err == nil {
				_, err = v.Message(k)
				add(path.Join(lang, string(k)+".html"), err)
			}
		}
	}
	return list
}

// settings are the kinds of setting, for each of which there are words.
var settings = []string{"neutral", "walk", "coffee", "lunch", "office", "phone", "video"}

// asText is the HTML templates of l as plain ones.
func asText(l *language) *texttemplate.Template {
	plain := texttemplate.New("")
	for _, t := range l.html.Templates() {
		if t.Tree != nil {
			texttemplate.Must(plain.AddParseTree(t.Name(), t.Tree.Copy()))
		}
	}
	return plain
}

// bothWays is a copy of t in which every {{if}} carries out its condition and both of its branches.
func bothWays(t *texttemplate.Template) (*texttemplate.Template, error) {
	all := texttemplate.New("")
	for _, each := range t.Templates() {
		if each.Tree == nil || each.Root == nil {
			continue
		}
		tree := each.Tree.Copy()
		unfold(tree.Root)
		if _, err := all.AddParseTree(each.Name(), tree); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func unfold(list *parse.ListNode) {
	if list == nil {
		return
	}
	var nodes []parse.Node
	for _, n := range list.Nodes {
		switch n := n.(type) {
		case *parse.IfNode:
			unfold(n.List)
			unfold(n.ElseList)
			if len(n.Pipe.Decl) > 0 {
				nodes = append(nodes, n) // its variable belongs to its branches
				continue
			}
			nodes = append(nodes, &parse.ActionNode{NodeType: parse.NodeAction, Pos: n.Pos, Line: n.Line, Pipe: n.Pipe})
			nodes = append(nodes, n.List.Nodes...)
			if n.ElseList != nil {
				nodes = append(nodes, n.ElseList.Nodes...)
			}
			continue
		case *parse.RangeNode:
			nodes = append(nodes, otherwise(&n.BranchNode)...)
		case *parse.WithNode:
			nodes = append(nodes, otherwise(&n.BranchNode)...)
		}
		nodes = append(nodes, n)
	}
	list.Nodes = nodes
}

// otherwise unfolds both branches and is the nodes of the second, which sees the same dot as what
// stands around it.
func otherwise(n *parse.BranchNode) []parse.Node {
	unfold(n.List)
	unfold(n.ElseList)
	if n.ElseList == nil {
		return nil
	}
	return n.ElseList.Nodes
}

// Sample is a talk in which everything is said that can be said, for checks and for looking at
// templates.
func Sample() *Talk {
	berlin, lisbon := zone("Europe/Berlin"), zone("Europe/Lisbon")
	start := time.Date(2027, 3, 4, 10, 0, 0, 0, lisbon)
	return &Talk{
		Organizer: Person{Name: "Ana Lopes", Email: "ana@example.org", Zone: lisbon},
		Partner:   Person{Name: "Maya Chen", Email: "maya@example.org", Zone: berlin},
		Purpose:   "Join forces on the spring launch, so that research and product pull the same way.",
		Offer:     []string{"A standing seat for research in our roadmap review"},
		Ask:       []string{"An early word when a study changes what we should build"},
		Agenda: []Item{
			{1, "What each of us is committed to", 20},
			{2, "How we could support each other", 25},
			{3, "What we agree on and how we keep it", 15},
		},
		Setting: Setting{Kind: "walk", Place: "Riverside path, meeting at the north gate", Phone: "+49 30 1234567", URL: "https://meet.example.org/x"},
		Length:  time.Hour,
		Start:   start,
		Times:   []time.Time{start, start.Add(29 * time.Hour)},
		From:    start,
		To:      start.AddDate(0, 0, 11),
		Before:  start.Add(-24 * time.Hour),
		Reason:  "I have to be in Porto that day.",
	}
}

func zone(name string) *time.Location {
	l, err := time.LoadLocation(name)
	if err != nil {
		return time.UTC
	}
	return l
}
