// Package tree knows what is done to templates once they are parsed: their elements are dressed in their styles, and for a
// check all their branches are laid open. Reading them, and what they say, it leaves to templates.
package tree

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"text/template/parse"
)

// Dresser returns what puts the declarations of each class of css beside the class itself, since many mail programs read
// no style sheet, and the rules below the line "dark", which can't be inlined, where the layout wants them. It works on
// parsed templates, so that a message costs nothing more and a fault is still found in the place where it was written.
func Dresser(css string) func(*parse.ListNode) {
	rules, classes := regexp.MustCompile(`(?m)^\.([\w-]+) \{([^}]*)\}`), regexp.MustCompile(`class="([\w-]+)"`)
	above, below, _ := strings.Cut(css, "/* dark */")
	below = strings.TrimSpace(below)
	styles := make(map[string]string)
	shorter := strings.NewReplacer(": ", ":", "; ", ";", `"`, "'")
	for _, m := range rules.FindAllStringSubmatch(above, -1) {
		rule := shorter.Replace(strings.Join(strings.Fields(m[2]), " "))
		styles[m[1]] = strings.TrimSuffix(rule, ";")
	}
	dress := func(n *parse.TextNode) {
		n.Text = classes.ReplaceAllFunc(n.Text, func(attr []byte) []byte {
			style := styles[string(classes.FindSubmatch(attr)[1])]
			if style == "" {
				return attr
			}
			return fmt.Appendf(nil, `%s style="%s"`, attr, style)
		})
		n.Text = bytes.ReplaceAll(n.Text, []byte("/* style.css */"), []byte(below))
	}
	return func(root *parse.ListNode) { eachText(root, dress) }
}

// eachText does something with each text below a list.
func eachText(list *parse.ListNode, do func(*parse.TextNode)) {
	if list == nil {
		return
	}
	branches := func(n *parse.BranchNode) {
		eachText(n.List, do)
		eachText(n.ElseList, do)
	}
	for _, n := range list.Nodes {
		switch n := n.(type) {
		case *parse.TextNode:
			do(n)
		case *parse.IfNode:
			branches(&n.BranchNode)
		case *parse.RangeNode:
			branches(&n.BranchNode)
		case *parse.WithNode:
			branches(&n.BranchNode)
		}
	}
}
