package main

import (
	"fmt"
	"io"
	"strings"

	"descent/graph"
)

// writeDOT draws the nodes that roots depend on, in the language of Graphviz.
// Nodes come in the order in which they are computed. Updates are dashed edges
// from the new value to the variable.
func writeDOT(w io.Writer, title string, roots []*graph.Node, updates []graph.Update) error {
	d := &dot{id: map[*graph.Node]int{}}
	fmt.Fprintf(&d.b, "digraph {\n\tlabel=%s; labelloc=t; rankdir=BT; node [fontname=Helvetica, fontsize=10, shape=box, style=rounded];\n", quoteDOT(title))
	all := roots
	for _, u := range updates {
		all = append(all[:len(all):len(all)], u.Value, u.Target)
	}
	for i, n := range graph.Below(all...) {
		d.id[n] = i
		d.node(n)
	}
	for _, n := range roots {
		fmt.Fprintf(&d.b, "\tn%d [penwidth=2];\n", d.id[n])
	}
	for _, u := range updates {
		fmt.Fprintf(&d.b, "\tn%d -> n%d [style=dashed, constraint=false];\n", d.id[u.Value], d.id[u.Target])
	}
	d.b.WriteString("}\n")
	_, err := io.WriteString(w, d.b.String())
	return err
}

type dot struct {
	b  strings.Builder
	id map[*graph.Node]int
}

// fill gives leaves a colour by role.
var fill = map[graph.Role]string{graph.Input: "#d5e8f7", graph.Index: "#d5e8f7", graph.Param: "#fbe3c0", graph.State: "#e3e3e3"}

// node draws n, whose inputs are there.
func (d *dot) node(n *graph.Node) {
	id, label := d.id[n], n.Name()
	if n.Op() != nil {
		label = n.Op().Name()
	}
	if s := n.Shape(); s.Rank() > 0 {
		label += "\n" + s.String()
	}
	style := ""
	if c := fill[n.Role()]; c != "" {
		style = fmt.Sprintf(", style=filled, fillcolor=%q", c)
	}
	fmt.Fprintf(&d.b, "\tn%d [label=%s%s];\n", id, quoteDOT(label), style)
	for i := range n.Arity() {
		fmt.Fprintf(&d.b, "\tn%d -> n%d;\n", d.id[n.Arg(i)], id)
	}
}

// quoteDOT quotes text: in Graphviz only quotes and backslashes are special,
// and a line break is \n.
func quoteDOT(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", "").Replace(s) + `"`
}
