package calc

import (
	"fmt"
	"strings"

	"descent/graph"
	"descent/losses"
	"descent/ops"
)

// A Relation is an equation or an inequality between two formulas.
type Relation struct {
	Text  string
	Equal bool
	// Node is left - right, or right - left of >=: 0 where an equation holds, not
	// above 0 where an inequality does.
	Node        *graph.Node
	left, right *losses.Formula
	swapped     bool
}

// parseRelation reads "x + y <= 1", with <=, >=, = or ==.
func parseRelation(text string) (*Relation, error) {
	signs := findSigns(text)
	if len(signs) != 1 {
		return nil, fmt.Errorf("%q: write two formulas with one of <=, >=, = between them, such as 'x + y <= 1'", text)
	}
	r, sign := &Relation{Text: strings.TrimSpace(text)}, signs[0]
	left, right := text[:sign[0]], text[sign[1]:]
	switch op := text[sign[0]:sign[1]]; op {
	case "<", ">":
		return nil, fmt.Errorf("%q: write %s=, since the least value may be where both sides are equal", text, op)
	case "=", "==":
		r.Equal = true
	case ">=":
		r.swapped = true
	}
	var err error
	if r.left, err = losses.Parse(left); err == nil {
		r.right, err = losses.Parse(right)
	}
	if err != nil {
		return nil, fmt.Errorf("%q: %w", text, err)
	}
	return r, nil
}

// findSigns returns where relations begin and end that stand in no brackets and
// no name in backquotes.
func findSigns(text string) (out [][2]int) {
	depth, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '`':
			quoted = !quoted
		case quoted:
		case c == '(' || c == '[':
			depth++
		case c == ')' || c == ']':
			depth--
		case depth == 0 && strings.IndexByte("<>=", c) >= 0 && (i == 0 || text[i-1] != '!'):
			end := i + 1
			if end < len(text) && text[end] == '=' {
				end++
			}
			out = append(out, [2]int{i, end})
			i = end - 1
		}
	}
	return out
}

// build makes the node.
func (r *Relation) build(g *graph.Graph, bind map[string]*graph.Node) error {
	left, err := r.left.Build(g, bind)
	if err != nil {
		return fmt.Errorf("%q: %w", r.Text, err)
	}
	right, err := r.right.Build(g, bind)
	if err != nil {
		return fmt.Errorf("%q: %w", r.Text, err)
	}
	if r.swapped {
		left, right = right, left
	}
	if r.Node = ops.Sub(left, right); r.Node.Err() != nil {
		return fmt.Errorf("%q: %w", r.Text, r.Node.Err())
	}
	return nil
}
