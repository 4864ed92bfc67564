package graph

// A Part is a named piece of a model, such as a layer: a row of its summary.
type Part struct {
	Name string // prefix of its parameters, "dense2"
	Kind string // "Dense"
	Out  *Node
}

// Mark says that out is the result of the part called name. It returns out.
func (g *Graph) Mark(kind, name string, out *Node) *Node {
	g.parts = append(g.parts, Part{name, kind, out})
	return out
}

// Parts returns the marked parts in the order they were built.
func (g *Graph) Parts() []Part { return g.parts }

// Keep makes a state of a layer, such as a running mean, take a new value at
// the end of each training step. Whoever compiles the step adds [Graph.Kept]
// to its updates; optimizers.Descend does.
func (g *Graph) Keep(state, value *Node) { g.kept = append(g.kept, Update{state, value}) }

// Kept returns the updates of the layers' own states.
func (g *Graph) Kept() []Update { return g.kept }
