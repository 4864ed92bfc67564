package gorgoniavm

import (
	"fmt"

	"descent/graph"
	"descent/internal/gvalue"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// An Imported graph is one of gorgonia's as nodes of ours, to go on with: our
// optimizers, derivatives of derivatives, listings.
type Imported struct {
	// Graph has the nodes.
	Graph *graph.Graph
	// Costs are what gorgonia.Grad was called of, in the order of the calls.
	Costs []*graph.Node

	t     *translator
	feeds []func() (graph.Feed, error)
}

// Import returns what a gorgonia graph computes at this moment as nodes of ours.
// Variables of which gorgonia.Grad has taken the gradient, and params, become
// parameters that live in the tensors they are bound to; they are scalars, or
// contiguous tensors of the graph's element type. Other variables become inputs:
// [Imported.Feeds] has what they are bound to. Statements, and gorgonia's nodes of
// gradients, are left out.
func Import(g *gorgonia.ExprGraph, params ...*gorgonia.Node) (im *Imported, err error) {
	defer func() {
		if r := recover(); r != nil {
			im, err = nil, fmt.Errorf("gorgoniavm: the graph cannot be read: %v", r)
		}
	}()
	if err := checked(); err != nil {
		return nil, err
	}
	nodes := g.AllNodes()
	src := newSource(nodes)
	if err := src.differentiated(); err != nil {
		return nil, err
	}
	l := &importer{params: map[*gnode]bool{}}
	for _, p := range params {
		l.params[p] = true
	}
	for _, o := range src.objectives {
		for _, w := range o.wrt {
			l.params[w] = true
		}
	}
	im = &Imported{t: newTranslator(src, elements(nodes), l)}
	l.to, im.Graph = im, im.t.g
	if _, err := im.t.differentiate(); err != nil {
		return nil, err
	}
	for _, l := range im.t.losses {
		im.Costs = append(im.Costs, l.of...)
	}
	for _, n := range src.nodes {
		if !isStatement(n) && !src.used[n] && !ofGradient(n) && !isConstant(n) {
			if _, err := im.t.node(n); err != nil {
				return nil, err
			}
		}
	}
	return im, nil
}

// Node returns our node of n: of a gradient, ours. It is nil if n is not in the
// graph, or was made for a gradient only.
func (im *Imported) Node(n *gorgonia.Node) *graph.Node { return im.t.made[n] }

// Feeds returns the values that the inputs are bound to.
func (im *Imported) Feeds() ([]graph.Feed, error) {
	out := make([]graph.Feed, len(im.feeds))
	for i, f := range im.feeds {
		var err error
		if out[i], err = f(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// importer makes the leaves of an imported graph.
type importer struct {
	to     *Imported
	params map[*gnode]bool
	steps  *node
}

func (l *importer) variable(t *translator, n *gnode) (*node, error) {
	if l.params[n] {
		return l.param(t, n)
	}
	name := t.g.Unique(n.Name())
	if n.Dtype() == tensor.Int {
		x := t.g.Indices(name, dims(n)...)
		l.feed(n, func() (graph.Feed, error) {
			v, err := wholes(nil, n.Value())
			return graph.Let(x, v), err
		})
		return x, nil
	}
	x := t.g.Input(name, dims(n)...)
	l.feed(n, func() (graph.Feed, error) {
		v, err := numbers(nil, n.Value())
		return graph.Let(x, v), err
	})
	return x, nil
}

// feed adds a feed of a variable that is bound to a value by then.
func (l *importer) feed(n *gnode, f func() (graph.Feed, error)) {
	l.to.feeds = append(l.to.feeds, func() (graph.Feed, error) {
		if n.Value() == nil {
			return graph.Feed{}, errNoValue(n)
		}
		return f()
	})
}

func (l *importer) param(t *translator, n *gnode) (*node, error) {
	if n.Value() == nil {
		return nil, errNoValue(n)
	}
	memory, err := lasting(t.g.Dtype(), n.Name(), n.Value())
	if err != nil {
		return nil, err
	}
	return t.g.Over(graph.Param, t.g.Unique(n.Name()), memory, dims(n)...), nil
}

func (l *importer) drawn(t *translator, n *gnode, draw func() (gorgonia.Value, error)) (*node, error) {
	x := t.g.Input(t.g.Unique("random"), dims(n)...)
	l.to.feeds = append(l.to.feeds, func() (graph.Feed, error) {
		v, err := draw()
		if err != nil {
			return graph.Feed{}, err
		}
		e, err := numbers(nil, v)
		return graph.Let(x, e), err
	})
	return x, nil
}

func (l *importer) lent(t *translator, name string, v tensor.Tensor) (*node, error) {
	memory, err := lasting(t.g.Dtype(), name, v)
	if err != nil {
		return nil, err
	}
	return t.g.Over(graph.State, name, memory, v.Shape()...), nil
}

func (l *importer) count(t *translator) *node {
	if l.steps == nil {
		l.steps = t.g.Scalar("gorgonia/steps", 0)
		t.g.Keep(l.steps, graph.Add(l.steps, t.g.Const(1)))
	}
	return l.steps
}

// lasting is the memory of a value.
func lasting(dt graph.Dtype, name string, v gorgonia.Value) (any, error) {
	if d, ok := v.(*tensor.Dense); ok && (d.RequiresIterator() || !d.DataOrder().IsRowMajor()) {
		return nil, fmt.Errorf("%s is a view: its elements are not one after the other", name)
	}
	if dt == graph.Float32 {
		return gvalue.Elements[float32](name, v)
	}
	return gvalue.Elements[float64](name, v)
}

func (l *importer) fed(t *translator, n *gnode, size int, now func() ([]int, error)) *node {
	x := t.g.Indices(t.g.Unique("slice"), size)
	l.to.feeds = append(l.to.feeds, func() (graph.Feed, error) {
		at, err := now()
		return graph.Let(x, at), err
	})
	return x
}
