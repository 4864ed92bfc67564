package gorgoniavm

import (
	"fmt"
	"slices"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

type (
	gnode = gorgonia.Node
	gop   = gorgonia.Op
)

// A source is what a machine has of a gorgonia graph: the nodes of the moment at
// which it was made, since nodes that are added later are not its own.
type source struct {
	nodes []*gnode
	in    map[*gnode]bool
	kids  map[*gnode][]*gnode
	used  map[*gnode]bool // an input of a node that is no statement

	objectives []objective                // in the order in which they were differentiated
	below      map[*gnode]map[*gnode]bool // what a cost depends on
}

// An objective is what is differentiated, each weighed by its seed, and the
// variables whose gradients are wanted.
type objective struct {
	costs []*gnode
	seeds []*gnode // of the costs' shapes; nil for ones
	given bool     // the seeds are the gradients that the costs have before a run
	wrt   []*gnode
}

func newSource(nodes []*gnode) *source {
	s := &source{nodes: slices.Clone(nodes), in: map[*gnode]bool{}, kids: map[*gnode][]*gnode{}, used: map[*gnode]bool{}, below: map[*gnode]map[*gnode]bool{}}
	for _, n := range s.nodes {
		s.in[n] = true
		if !isStatement(n) {
			for _, k := range s.children(n) {
				s.used[k] = true
			}
		}
	}
	return s
}

func (s *source) children(n *gnode) []*gnode {
	k, ok := s.kids[n]
	if !ok {
		k = children(n)
		s.kids[n] = k
	}
	return k
}

// Kinds of nodes.

func constantOf(n *gnode) (gorgonia.Value, bool) {
	c, ok := n.Op().(interface{ Value() gorgonia.Value })
	if !ok {
		return nil, false
	}
	return c.Value(), true
}

func isConstant(n *gnode) bool { _, ok := constantOf(n); return ok }

// isStatement says whether a node reads or sets instead of computing.
func isStatement(n *gnode) bool { return n.Type() == nil }

func isRead(n *gnode) bool { return n.Op() != nil && opName(n.Op()) == "readOp" }

func isFloat(dt tensor.Dtype) bool { return dt == tensor.Float32 || dt == tensor.Float64 }

// ofGradient says whether gorgonia.Grad made a node for itself.
func ofGradient(n *gnode) bool {
	g := group(n)
	return g == "gradients" || g == "undifferentiated nodes"
}

// dims are the lengths of a node's value, none of a scalar.
func dims(n *gnode) []int {
	if n.IsScalar() {
		return nil
	}
	return n.Shape()
}

// differentiated finds the variables that gorgonia.Grad was called for, and the
// costs that it was called of.
func (s *source) differentiated() error {
	var wrt []*gnode
	for _, n := range s.nodes {
		if s.isVariable(n) && n.Deriv() != nil && s.in[n.Deriv()] {
			wrt = append(wrt, n)
		}
	}
	if len(wrt) == 0 {
		return nil
	}
	calls := s.calls(wrt[0].Graph().AllNodes()) // a compiled function may be a part of it, without the cost
	for _, c := range calls {
		s.objectives = append(s.objectives, objective{costs: []*gnode{c.cost}, seeds: []*gnode{c.cost.Deriv()}})
	}
	for _, w := range wrt {
		of := -1
		for i, c := range calls {
			if s.reaches(c.cost, w) && (of < 0 || c.began <= w.Deriv().ID()) {
				of = i
			}
		}
		if of < 0 {
			return fmt.Errorf("%v has a gradient, but no cost depends on it", w)
		}
		o := &s.objectives[of]
		o.wrt = append(o.wrt, w)
	}
	return nil
}

// isVariable says whether a node may have a gradient.
func (s *source) isVariable(n *gnode) bool { return !isStatement(n) && n.IsVar() && isFloat(n.Dtype()) }

// A call is one of gorgonia.Grad, as it shows in the graph.
type call struct {
	cost  *gnode
	began int64 // the id of the first node that it made
}

// calls returns the calls of gorgonia.Grad in their order: a cost is what was
// differentiated and is used by nothing that was.
func (s *source) calls(all []*gnode) []call {
	inner := map[*gnode]bool{}
	for _, n := range all {
		if n.Deriv() != nil {
			for _, k := range s.children(n) {
				inner[k] = true
			}
		}
	}
	var calls []call
	of := map[*gnode]int{} // how many costs depend on it
	for _, n := range all {
		if n.Deriv() == nil || inner[n] || isStatement(n) || n.IsVar() {
			continue
		}
		for k := range s.closure(n) {
			of[k]++
		}
		calls = append(calls, call{cost: n})
	}
	for i := range calls {
		c := &calls[i]
		for n := range s.closure(c.cost) {
			if d := n.Deriv(); d != nil && of[n] == 1 && d.ID() > c.cost.ID() && (c.began == 0 || d.ID() < c.began) {
				c.began = d.ID()
			}
		}
	}
	slices.SortFunc(calls, func(a, b call) int { return int(a.began - b.began) })
	return calls
}

// closure is a node and what it depends on.
func (s *source) closure(n *gnode) map[*gnode]bool {
	if seen := s.below[n]; seen != nil {
		return seen
	}
	seen := map[*gnode]bool{n: true}
	s.below[n] = seen
	for todo := []*gnode{n}; len(todo) > 0; {
		n, todo = todo[len(todo)-1], todo[:len(todo)-1]
		for _, k := range s.children(n) {
			if !seen[k] {
				seen[k] = true
				todo = append(todo, k)
			}
		}
	}
	return seen
}

// reaches says whether a cost depends on a node.
func (s *source) reaches(cost, n *gnode) bool { return s.closure(cost)[n] }

// roots makes the sum of the scalar roots the objective of all variables, as it
// is a LispMachine's. If their gradients are given, roots may have any shape.
func (s *source) roots(given bool) error {
	o := objective{given: given}
	for _, n := range s.nodes {
		switch {
		case isStatement(n) || n.Op() == nil || isConstant(n) || s.used[n] || ofGradient(n):
		case !n.IsScalar() && !given:
			return fmt.Errorf("expected cost to be a scalar, got %v with shape %v", n, n.Shape())
		default:
			o.costs = append(o.costs, n)
		}
	}
	for _, n := range s.nodes {
		if s.isVariable(n) && slices.ContainsFunc(o.costs, func(c *gnode) bool { return s.reaches(c, n) }) {
			o.wrt = append(o.wrt, n)
		}
	}
	if len(o.wrt) > 0 {
		s.objectives = append(s.objectives, o)
	}
	return nil
}
