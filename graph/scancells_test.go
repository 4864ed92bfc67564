package graph_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"descent/graph"
	"descent/ops"
)

// A cell is a body of a scan, over carried values of B×H, for parts of B×I.
type cell func(g *graph.Graph, w weights) func(carry, x []*node) (next, y []*node)

type weights struct{ w, u, b, s *node }

// cells use what they capture in all ways: once, twice, in products and not.
var cells = map[string]cell{
	"lstm": func(_ *graph.Graph, w weights) func(c, x []*node) (next, y []*node) {
		h := w.u.Shape().Dim(0)
		gate := func(z *node, i int) *node { return ops.Slice(z, 1, i*h, (i+1)*h, 1) }
		return func(c, x []*node) (next, y []*node) {
			z := ops.Add(ops.Add(ops.MatMul(x[0], w.w), w.b), ops.MatMul(c[0], w.u))
			cell := ops.Add(ops.Mul(ops.Sigmoid(gate(z, 1)), c[1]), ops.Mul(ops.Sigmoid(gate(z, 0)), ops.Tanh(gate(z, 2))))
			out := ops.Mul(ops.Sigmoid(gate(z, 3)), ops.Tanh(cell))
			return []*node{out, cell}, []*node{out}
		}
	},
	"twice": func(_ *graph.Graph, w weights) func(c, x []*node) (next, y []*node) {
		return func(c, x []*node) (next, y []*node) {
			z := ops.Add(ops.Add(ops.MatMul(x[0], w.w), w.b), ops.MatMul(c[0], w.u))
			h := ops.Tanh(ops.Add(z, ops.MatMul(ops.Sin(c[0]), w.u)))
			return []*node{h, ops.Add(c[1], ops.Square(h))}, []*node{ops.Mul(h, c[1])}
		}
	},
	"scale": func(_ *graph.Graph, w weights) func(c, x []*node) (next, y []*node) { // the gradient of s is carried
		return func(c, x []*node) (next, y []*node) {
			z := ops.Add(ops.MatMul(x[0], w.w), ops.MatMul(c[0], w.u))
			h := ops.Tanh(ops.Mul(ops.Add(z, c[1]), w.s))
			return []*node{c[1], h}, []*node{ops.Mul(h, w.s)}
		}
	},
	"inputs alone": func(_ *graph.Graph, w weights) func(c, x []*node) (next, y []*node) { // all is computed before the loop
		return func(c, x []*node) (next, y []*node) {
			z := ops.Tanh(ops.Add(ops.MatMul(x[0], w.w), w.b))
			return []*node{ops.Add(c[0], z), c[0]}, []*node{ops.Mul(z, w.s)}
		}
	},
	"relu": func(_ *graph.Graph, w weights) func(c, x []*node) (next, y []*node) {
		return func(c, x []*node) (next, y []*node) {
			h := ops.ReLU(ops.Add(ops.Add(ops.MatMul(x[0], w.w), w.b), ops.MatMul(c[0], w.u)))
			return []*node{h, ops.Where(ops.Less(h, w.s), ops.Sqrt(ops.Shift(1, h)), c[1])}, []*node{ops.Max(h, c[1])}
		}
	},
}

// nested is a scan in a scan, or in either place a loop of Go.
func nested(inner, outer bool) cell {
	return func(_ *graph.Graph, w weights) func(c, x []*node) (next, y []*node) {
		return func(c, x []*node) (next, y []*node) {
			z := ops.Add(ops.Add(ops.MatMul(x[0], w.w), w.b), ops.MatMul(c[0], w.u))
			small := func(c, _ []*node) (next, y []*node) {
				h := ops.Tanh(ops.Add(ops.MatMul(c[0], w.u), z))
				return []*node{h}, []*node{ops.Square(h)}
			}
			last, y := run(inner, graph.ScanOptions{Steps: 3}, []*node{c[0]}, nil, small)
			h, sum := last[0], ops.Add(c[1], ops.Sum(y[0], 0))
			return []*node{h, sum}, []*node{ops.Mul(h, sum)}
		}
	}
}

// run is a scan, or the same unrolled.
func run(loop bool, o graph.ScanOptions, init, xs []*node, body func(c, x []*node) (next, y []*node)) (last, ys []*node) {
	if loop {
		return graph.Scan(init, xs, o, body)
	}
	steps := o.Steps
	if steps == 0 {
		steps = xs[0].Shape().Dim(0)
	}
	var all [][]*node
	for t := range steps {
		if o.Reverse {
			t = steps - 1 - t
		}
		var part []*node
		for _, x := range xs {
			part = append(part, ops.Reshape(ops.Slice(x, 0, t, t+1, 1), x.Shape().Dims()[1:]...))
		}
		next, y := body(init, part)
		if o.Lengths != nil {
			column := ops.ExpandDims(ops.Less(o.Lengths.Graph().Const(float64(t)), o.Lengths), 1)
			for i := range next {
				next[i] = ops.Where(column, next[i], init[i])
			}
			for i := range y {
				y[i] = ops.Where(column, y[i], y[i].Graph().Const(0))
			}
		}
		init = next
		if all == nil {
			all = make([][]*node, len(y))
		}
		for i := range y {
			if all[i] == nil {
				all[i] = make([]*node, steps)
			}
			all[i][t] = y[i]
		}
	}
	for _, y := range all {
		ys = append(ys, ops.Stack(0, y...))
	}
	return init, ys
}

// A recurrent is a loss of a recurrent net and what it is made of.
type recurrent struct {
	loss, x *node
	wrt     []*node
}

func newRecurrent(g *graph.Graph, c cell, loop bool, o graph.ScanOptions, T, B, I, H int) recurrent {
	random := func(rng *rand.Rand, _ graph.Shape, dst []float64) {
		for i := range dst {
			dst[i] = rng.NormFloat64() * 0.4
		}
	}
	x := g.Input("x", T, B, I)
	k := 1
	if strings.HasPrefix(o.Name, "lstm") {
		k = 4
	}
	w := weights{g.Param("w", random, I, k*H), g.Param("u", random, H, k*H), g.Param("b", random, k*H), g.Param("s", random, B, H)}
	h0 := g.Param("h0", random, B, H)
	last, ys := run(loop, o, []*node{h0, g.Const(0.1, B, H)}, []*node{x}, c(g, w))
	sums := ops.Sum(ops.Mul(g.State("weights", random, T, B, H), ops.Sin(ys[0])))
	loss := ops.Add(ops.Add(sums, ops.Sum(ops.Square(last[0]))), ops.Sum(ops.Sin(last[1])))
	return recurrent{loss, x, []*node{w.w, w.u, w.b, w.s, h0, x}}
}

// everything is a loss, its gradients and its Hessian's product with a direction.
func (r recurrent) everything() []*node {
	g := r.loss.Graph()
	var vs []*node
	for i, p := range r.wrt {
		v := make([]float64, p.Shape().Size())
		for j := range v {
			v[j] = math.Sin(float64(i + 3*j))
		}
		vs = append(vs, g.State(fmt.Sprint("v", i), graph.From(v...), p.Shape().Dims()...))
	}
	outs := append([]*node{r.loss}, graph.Grad(r.loss, r.wrt...)...)
	return append(outs, graph.HVP(r.loss, r.wrt, vs)...)
}

func (r recurrent) values(t *testing.T, outs []*node, opt graph.Function) (all []float64) {
	t.Helper()
	opt.Outputs, opt.Verify = outs, true
	p, err := opt.Compile()
	if err != nil {
		t.Fatal(err)
	}
	in := make([]float64, r.x.Shape().Size())
	for i := range in {
		in[i] = math.Cos(float64(7 * i))
	}
	for range 2 { // nothing is left of the first run
		if err := p.Run(graph.Let(r.x, in)); err != nil {
			t.Fatal(err)
		}
	}
	for _, o := range outs {
		all = append(all, p.Float64s(o)...)
	}
	return all
}

// walks are the ways to walk, over 5 steps.
var walks = map[string]graph.ScanOptions{
	"": {}, "reverse": {Reverse: true}, "recomputed": {Every: 1}, "segments of 2": {Every: 2}, "segments of 2, reverse": {Every: 2, Reverse: true},
	"one segment": {Every: 9}, "segments of 4": {Every: 4},
}
