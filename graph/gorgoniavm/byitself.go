package gorgoniavm

import (
	"errors"
	"fmt"

	"descent/graph"
	"descent/graph/lower"
	"descent/ops"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// byItself makes a node that runs an op of gorgonia's, or of a user's, by its own
// Do. Its gradient is what the op's SymDiff makes, translated in turn.
func (t *translator) byItself(n *gnode, in []*node) (*node, error) {
	t.byDo[opName(n.Op())]++
	f := &foreign{t: t, n: n, kids: t.src.children(n), out: graph.Dims(dims(n)...)}
	return graph.Apply(foreignOp{f}, in...), nil
}

// foreignOp is one node: ops are told apart by what they point to.
type foreignOp struct{ *foreign }

type foreign struct {
	t    *translator
	n    *gnode
	kids []*gnode
	out  graph.Shape
}

// A doError is a mistake of a foreign op in a run, also where it panics.
type doError struct{ error }

func (o foreignOp) Name() string                             { return graph.Title(o.Describe()) }
func (o foreignOp) Shape([]graph.Shape) (graph.Shape, error) { return o.out, nil }

// Describe implements graph.Describer.
func (o foreignOp) Describe() graph.Call {
	return graph.CallOf("gorgonia", "op", fmt.Sprint(o.n.Op()), "node", int(o.n.ID()))
}

func (o foreignOp) Lower(b *graph.Builder, in []graph.Value) graph.Value {
	return b.Loop(lower.Loop{Name: o.Name(),
		F32: func(dst []float32, src [][]float32) { do(o.foreign, dst, src) },
		F64: func(dst []float64, src [][]float64) { do(o.foreign, dst, src) },
	}, o.out, in...)
}

// do calls the op with values of its own, which it may keep.
func do[T float32 | float64](o *foreign, dst []T, src [][]T) {
	fail := func(err error) {
		if err != nil {
			panic(doError{fmt.Errorf("%v: %w", o.n, err)})
		}
	}
	defer func() {
		switch r := recover().(type) {
		case nil:
		case doError:
			panic(r)
		default:
			fail(fmt.Errorf("its Do panics: %v", r))
		}
	}()
	in := make([]gorgonia.Value, len(src))
	for i, s := range src {
		var err error
		if in[i], err = newValue(o.kids[i].Dtype(), dims(o.kids[i])); err == nil {
			err = fill(in[i], s)
		}
		fail(err)
	}
	y, err := o.n.Op().Do(in...)
	fail(err)
	if d, ok := y.(*tensor.Dense); ok && !d.RequiresIterator() && d.DataOrder().IsRowMajor() {
		if x, ok := d.Data().([]T); ok && len(x) == len(dst) {
			copy(dst, x)
			return
		}
	}
	x, err := numbers(nil, y)
	fail(err)
	if len(x) != len(dst) {
		fail(fmt.Errorf("its Do returns %d elements in place of %d", len(x), len(dst)))
	}
	convert(dst, x)
}

// Grad asks the op for its derivative, in a graph of gorgonia's where its inputs
// and the gradient are variables, and translates that.
func (o foreignOp) Grad(y, dy *node) []*node {
	sd, ok := o.n.Op().(gorgonia.SDOp)
	if !ok {
		return nil
	}
	out, err := o.derive(sd, y, dy)
	if err != nil {
		return []*node{graph.Bad(fmt.Errorf("its SymDiff: %w", err), o.Name(), y)}
	}
	return out
}

func (o foreignOp) derive(sd gorgonia.SDOp, y, dy *node) (out []*node, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("it panics: %v", r)
		}
	}()
	g := gorgonia.NewGraph()
	made := map[*gnode]*node{}
	kids := make(gorgonia.Nodes, len(o.kids))
	for i, k := range o.kids {
		kids[i] = stand(g, k, fmt.Sprint("input ", i))
		made[kids[i]] = y.Arg(i)
	}
	z, err := gorgonia.ApplyOp(o.n.Op(), append(gorgonia.Nodes(nil), kids...)...)
	if err != nil {
		return nil, err
	}
	seed := stand(g, o.n, "gradient")
	made[z], made[seed] = y, reshaped(dy, dims(o.n))
	ds, err := sd.SymDiff(kids, z, seed)
	if err != nil {
		return nil, err
	}
	in := *o.t
	in.src, in.made, in.all, in.theirs = newSource(g.AllNodes()), made, nil, true
	defer func() { o.t.changes = in.changes }()
	out = make([]*node, len(kids))
	for i, on := range sd.DiffWRT(len(kids)) {
		if i >= len(ds) || ds[i] == nil || !on {
			continue
		}
		if _, ok := ds[i].Op().(gorgonia.Iop); ok {
			return nil, errors.New("it leaves a result in the input of another op, by gorgonia.Iop")
		}
		d, err := in.node(ds[i])
		if err != nil {
			return nil, err
		}
		out[i] = ops.Reshape(d, y.Arg(i).Shape().Dims()...)
	}
	return out, nil
}

// stand is a variable that stands for a node.
func stand(g *gorgonia.ExprGraph, n *gnode, name string) *gnode {
	if n.IsScalar() {
		return gorgonia.NewScalar(g, n.Dtype(), gorgonia.WithName(name))
	}
	s := n.Shape()
	return gorgonia.NewTensor(g, n.Dtype(), len(s), gorgonia.WithShape(s...), gorgonia.WithName(name))
}
