package tree

import (
	"text/template"
	"text/template/parse"
)

// BothWays returns a copy of t, which has these functions, that carries out all there is: of every condition each part and
// both branches, and of every loop the whole.
func BothWays(t *template.Template, functions template.FuncMap) *template.Template {
	last := func(first any, more ...any) any {
		if len(more) > 0 {
			return more[len(more)-1]
		}
		return first
	}
	// As functions of ours, and and or look at all of their arguments.
	all := template.New("").Funcs(functions).Funcs(template.FuncMap{"and": last, "or": last})
	for _, each := range t.Templates() {
		if each.Tree != nil {
			tree := each.Copy()
			unfold(tree.Root)
			template.Must(all.AddParseTree(each.Name(), tree))
		}
	}
	return all
}

// unfold makes {{if x}}a{{else}}b{{end}} into {{x}}a b, and {{with x}}a{{else}}b{{end}} into
// {{x}}b{{with x}}a{{end}}, since b sees the same dot as what stands around it; range is as with.
func unfold(list *parse.ListNode) *parse.ListNode {
	if list == nil {
		return &parse.ListNode{NodeType: parse.NodeList}
	}
	for i, n := range list.Nodes {
		switch n := n.(type) {
		case *parse.IfNode:
			list.Nodes[i] = scope(value(n.Pipe), scope(unfold(n.List)), scope(unfold(n.ElseList)))
		case *parse.WithNode:
			unfold(n.List)
			list.Nodes[i] = scope(scope(value(n.Pipe), unfold(n.ElseList)), n)
		case *parse.RangeNode:
			unfold(n.List)
			list.Nodes[i] = scope(scope(value(n.Pipe), unfold(n.ElseList)), n)
		case *parse.BreakNode, *parse.ContinueNode:
			list.Nodes[i] = scope()
		}
	}
	return list
}

// value returns {{pipe}}, with the variables that it declares.
func value(pipe *parse.PipeNode) parse.Node {
	return &parse.ActionNode{NodeType: parse.NodeAction, Pos: pipe.Pos, Line: pipe.Line, Pipe: pipe}
}

// scope returns {{if true}}, the nodes, and {{end}}: what they declare ends there.
func scope(nodes ...parse.Node) parse.Node {
	always := &parse.BoolNode{NodeType: parse.NodeBool, True: true}
	yes := &parse.CommandNode{NodeType: parse.NodeCommand, Args: []parse.Node{always}}
	return &parse.IfNode{BranchNode: parse.BranchNode{
		NodeType: parse.NodeIf,
		Pipe:     &parse.PipeNode{NodeType: parse.NodePipe, Cmds: []*parse.CommandNode{yes}},
		List:     &parse.ListNode{NodeType: parse.NodeList, Nodes: nodes},
	}}
}
