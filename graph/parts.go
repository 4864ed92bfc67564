package graph

import "slices"

// A Part is a named piece of a model, such as a layer: a row of its summary.
type Part struct {
	Name string // prefix of its parameters, "dense2"
	Kind string // "Dense"
	Out  *Node
	// Frozen tells that it was built in [Graph.Freeze].
	Frozen bool
}

// Mark says that out is the result of the part called name. It returns out.
func (g *Graph) Mark(kind, name string, out *Node) *Node {
	defer g.use.give(g.building())
	g.parts = append(g.parts, Part{name, kind, out, g.frozen > 0})
	return out
}

// Parts returns the marked parts in the order they were built.
func (g *Graph) Parts() []Part {
	defer g.use.give(g.building())
	return g.parts
}

// Freeze returns what build makes, of which nothing is trained: the parameters that it
// declares, or uses by their [Scope], are not among [Graph.Params], so that no rule,
// decay or penalty sees them, and layers act as in evaluation, so that dropout does
// nothing and running statistics stay. Gradients go through it. A variable that another
// part of the graph uses as well is frozen there, too.
func (g *Graph) Freeze(build func() *Node) *Node {
	g.frozen++
	defer func() { g.frozen-- }()
	return build()
}

// freeze takes a parameter out of those that are trained.
func (g *Graph) freeze(param *Node) {
	g.params = slices.DeleteFunc(slices.Clone(g.params), func(p *Node) bool { return p == param })
}

// Keep makes a state of a layer, such as a running mean, take a new value at
// the end of each training step. Whoever compiles the step adds [Graph.Kept]
// to its updates; optimizers.Descend does.
//
// A layer that is applied more than once keeps a value each time: the later
// one starts from [Graph.Current].
func (g *Graph) Keep(state, value *Node) {
	defer g.use.give(g.building())
	for i := range g.kept {
		if g.kept[i].Target == state {
			g.kept[i].Value = value
			return
		}
	}
	g.kept = append(g.kept, Update{state, value})
}

// Current returns the value that a state has been told to take, or the state.
func (g *Graph) Current(state *Node) *Node {
	defer g.use.give(g.building())
	for _, u := range g.kept {
		if u.Target == state {
			return u.Value
		}
	}
	return state
}

// Kept returns the updates of the layers' own states.
func (g *Graph) Kept() []Update {
	defer g.use.give(g.building())
	return g.kept
}
