package graph

import (
	"fmt"

	"descent/graph/lower"
)

// An Identity tells one layer from another: a layer that is applied twice uses
// the variables that it declared the first time. new(Identity) is a new one.
type Identity struct{ _ byte }

// A Scope is where a layer declares its variables in a graph.
type Scope struct {
	Name  string // prefix of the variables' names, "dense2"
	g     *Graph
	again bool // the layer has been applied in this graph before
}

// Scope returns the scope of what id stands for. Its name is name or, if that
// is empty, made of kind: dense, dense2, ... in the order of first use. Graphs
// that share a store have the same name for it.
func (g *Graph) Scope(id *Identity, kind, name string) Scope {
	defer g.use.give(g.building())
	g.store.mu.Lock()
	defer g.store.mu.Unlock()
	if known := g.store.scopes[id]; known != "" {
		name = known
	} else if name == "" {
		name = g.Unique(kind)
	}
	again := g.scopes[name] == id
	if g.scopes == nil {
		g.scopes = map[string]*Identity{}
	}
	if g.store.scopes == nil {
		g.store.scopes = map[*Identity]string{}
	}
	g.scopes[name], g.store.scopes[id] = id, name
	return Scope{name, g, again}
}

// Param declares a parameter of the scope, or returns it if it has been declared
// in this graph before.
func (s Scope) Param(name string, init Init, dims ...int) *Node {
	return s.leaf(name, dims, func(name string) *Node { return s.g.Param(name, init, dims...) })
}

// State declares a state of the scope, or returns it if it has been declared in
// this graph before.
func (s Scope) State(name string, init Init, dims ...int) *Node {
	return s.leaf(name, dims, func(name string) *Node { return s.g.State(name, init, dims...) })
}

func (s Scope) leaf(name string, dims []int, declare func(name string) *Node) *Node {
	name = s.Name + "." + name
	old := s.g.Leaf(name)
	if old == nil || !s.again {
		return declare(name)
	}
	switch shape, err := lower.ShapeOf(dims); {
	case err != nil:
		return Bad(err, s.Name, old)
	case old.shape != shape:
		return Bad(fmt.Errorf("it was applied to an input of another size before: %s is %v, and this one needs %v", name, old.shape, shape), s.Name, old)
	}
	if s.g.frozen > 0 {
		s.g.freeze(old)
	}
	return old
}
