//go:build !nogorgonia

package graph

import (
	"errors"
	"fmt"
	"hash"
	"hash/fnv"
	"slices"

	"descent/graph/lower"
	"descent/internal/exec"

	"github.com/chewxy/hm"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// This file is the only one that knows gorgonia's interfaces of nodes and ops. exprOp
// implements them once for every Op.

// mirror is the gorgonia graph of our nodes. It is brought up to date when
// somebody asks for it: gorgonia's AddNode scans all nodes, which would make
// building quadratic, and a program does not need it.
type mirror struct {
	g     *gorgonia.ExprGraph
	built int // nodes already there
	wraps map[*gorgonia.Node]*Node
}

// Expr returns the gorgonia expression graph whose nodes are g's nodes: it can
// be drawn, and run by gorgonia's own machines. Tensors of variables are shared
// with it; scalar variables have there the value of the time of this call.
func (g *Graph) Expr() *gorgonia.ExprGraph {
	g.sync()
	for _, n := range g.leaves {
		if n.v != nil && n.shape.Rank() == 0 && n.expr != nil {
			gorgonia.Let(n.expr, g.value(n.v))
		}
	}
	return g.expr.g
}

// Expr returns the gorgonia node behind n, nil if n cannot be computed.
func (n *Node) Expr() *gorgonia.Node {
	if n.expr == nil {
		n.g.sync()
	}
	return n.expr
}

func (g *Graph) sync() {
	defer g.use.give(g.building())
	if g.expr.g == nil {
		g.expr.g = gorgonia.NewGraph()
		g.expr.wraps = map[*gorgonia.Node]*Node{}
	}
	for ; g.expr.built < len(g.nodes); g.expr.built++ {
		n := g.nodes[g.expr.built]
		if n.err != nil || n.role == foreign {
			continue
		}
		n.expr = g.mirrorNode(n)
		g.expr.wraps[n.expr] = n
	}
}

// mirrorNode makes the gorgonia node of n. Nodes are made unique, since
// gorgonia merges nodes whose 32-bit hashes agree; ours are merged already.
func (g *Graph) mirrorNode(n *Node) *gorgonia.Node {
	typ, shape := g.typeOf(n.shape), tensorShape(n.shape)
	opts := []gorgonia.NodeConsOpt{gorgonia.In(g.expr.g), gorgonia.WithType(typ), gorgonia.WithShape(shape...)}
	if n.op == nil {
		opts = append(opts, gorgonia.WithName(n.name))
		if n.v != nil && n.shape.Size() > 0 {
			opts = append(opts, gorgonia.WithValue(g.value(n.v)))
		}
		return gorgonia.NewUniqueNode(opts...)
	}
	op := &exprOp{Op: n.op, g: g, id: n.id, out: n.shape}
	children := make(gorgonia.Nodes, len(n.in))
	for i, x := range n.in {
		op.in = append(op.in, x.shape)
		children[i] = x.expr
	}
	opts = append(opts, gorgonia.WithOp(op))
	if len(children) > 0 {
		opts = append(opts, gorgonia.WithChildren(children))
	}
	return gorgonia.NewUniqueNode(opts...)
}

// value returns a variable as gorgonia sees it: tensors share its storage,
// scalars are values that [Graph.Expr] binds anew.
func (g *Graph) value(v *Variable) gorgonia.Value {
	if v.shape.Rank() > 0 {
		return v.Tensor()
	}
	x := v.Float64s()[0]
	if g.dtype == Float32 {
		return gorgonia.NewF32(float32(x))
	}
	return gorgonia.NewF64(x)
}

func tensorShape(s Shape) tensor.Shape {
	if s.Rank() == 0 {
		return tensor.ScalarShape()
	}
	return tensor.Shape(s.Dims())
}

func (g *Graph) typeOf(s Shape) hm.Type {
	if s.Rank() == 0 {
		return g.dtype
	}
	return gorgonia.TensorType{Dims: s.Rank(), Of: g.dtype}
}

// exprOp is an Op as gorgonia.Op and gorgonia.SDOp.
type exprOp struct {
	Op
	g   *Graph
	id  int // of the node: ops are told apart by it, hashes collide
	in  []Shape
	out Shape
	fn  func(in []gorgonia.Value) (gorgonia.Value, error)
}

var _ gorgonia.SDOp = (*exprOp)(nil)

func (o *exprOp) Arity() int           { return len(o.in) }
func (o *exprOp) ReturnsPtr() bool     { return false }
func (o *exprOp) CallsExtern() bool    { return false }
func (o *exprOp) OverwritesInput() int { return -1 }
func (o *exprOp) String() string       { return o.Name() }

// Type is made anew each time: gorgonia takes it apart.
func (o *exprOp) Type() hm.Type {
	ts := make([]hm.Type, 0, len(o.in)+1)
	for _, s := range o.in {
		ts = append(ts, o.g.typeOf(s))
	}
	return hm.NewFnType(append(ts, o.g.typeOf(o.out))...)
}

func (o *exprOp) InferShape(...gorgonia.DimSizer) (tensor.Shape, error) {
	return tensorShape(o.out), nil
}

func (o *exprOp) WriteHash(h hash.Hash) {
	fmt.Fprintf(h, "%d %s %v %v", o.id, o.Name(), o.in, o.out)
}

func (o *exprOp) Hashcode() uint32 {
	h := fnv.New32a()
	o.WriteHash(h)
	return h.Sum32()
}

// Do computes the op alone, for gorgonia's machines.
func (o *exprOp) Do(in ...gorgonia.Value) (gorgonia.Value, error) {
	if o.fn == nil {
		var err error
		o.fn, err = o.alone()
		if err != nil {
			return nil, err
		}
	}
	return o.fn(in)
}

func (o *exprOp) alone() (func([]gorgonia.Value) (gorgonia.Value, error), error) {
	f := &exec.Func{}
	in := make([]Value, len(o.in))
	for i, s := range o.in {
		in[i] = Value(f.Leaf(exec.Leaf{Name: fmt.Sprint("in", i), Dims: s.Dims(), Input: true}))
	}
	f.Output(exec.Val(o.Lower(lower.New(f), in)))
	p, err := exec.NewMachine(f, o.g.dtype == Float64, nil, exec.Options{})
	if err != nil {
		return nil, err
	}
	return func(vals []gorgonia.Value) (gorgonia.Value, error) {
		if len(vals) != len(o.in) {
			return nil, fmt.Errorf("%s takes %d inputs, got %d", o.Name(), len(o.in), len(vals))
		}
		for i, v := range vals {
			var f Feed
			if !f.bind(v) || v.Dtype() != o.g.dtype {
				return nil, fmt.Errorf("%s: input %d is %T", o.Name(), i, v.Data())
			}
			f.write(p, i, o.in[i].Rank() == 0)
		}
		p.Run()
		if o.out.Rank() > 0 {
			var backing any
			if a := p.Output(0); a.F32 != nil {
				backing = slices.Clone(a.F32)
			} else {
				backing = slices.Clone(a.F64)
			}
			return tensor.New(tensor.WithShape(o.out.Dims()...), tensor.WithBacking(backing)), nil
		}
		if o.g.dtype == Float32 {
			return gorgonia.NewF32(float32(p.Scalar(0))), nil
		}
		return gorgonia.NewF64(p.Scalar(0)), nil
	}, nil
}

// DiffWRT says that gradients flow to every input; rules return nil for zero.
func (o *exprOp) DiffWRT(inputs int) []bool {
	d := make([]bool, inputs)
	for i := range d {
		d[i] = true
	}
	return d
}

var errForeign = errors.New("graph: this gorgonia node was not made by descent")

// SymDiff lets gorgonia.Grad use our gradient rules.
func (o *exprOp) SymDiff(inputs gorgonia.Nodes, output, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	y := o.g.expr.wraps[output]
	if y == nil {
		return nil, errForeign
	}
	ds := y.op.Grad(y, o.g.wrap(grad, y.shape))
	out := make(gorgonia.Nodes, len(inputs))
	for i, x := range y.in {
		d := o.g.Const(0, x.shape.Dims()...)
		if ds != nil && ds[i] != nil {
			d = SumTo(ds[i], x.shape)
		}
		if d.err != nil {
			return nil, d.err
		}
		out[i] = d.Expr()
	}
	return out, nil
}

// wrap makes a gorgonia node usable in our rules.
func (g *Graph) wrap(e *gorgonia.Node, s Shape) *Node {
	if n := g.expr.wraps[e]; n != nil {
		return n
	}
	n := g.add(Node{role: foreign, name: e.Name(), shape: s, expr: e})
	g.expr.wraps[e] = n
	return n
}
