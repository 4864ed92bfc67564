package losses

import (
	"math"

	"descent/graph"
	"descent/ops"
)

// The few operations whose values or gradients a composition of ops cannot get
// right to the last digits.

// logCosh is log cosh r of r = x - y. As |r| + log(1 + e^-2|r|) - log 2 it has no
// digits left near 0, and as log(1 + sinh² r)/2 it overflows far from it.
type logCosh struct{}

func (o logCosh) Name() string                              { return graph.Title(o.Describe()) }
func (logCosh) Describe() graph.Call                        { return graph.CallOf("log_cosh", "reduction", "none") }
func (logCosh) Shape(in []graph.Shape) (graph.Shape, error) { return graph.Broadcast(in[0], in[1]) }
func (logCosh) Locality() graph.Locality                    { return graph.Elementwise }
func (logCosh) Grad(z, dz *node) []*node {
	d := ops.Mul(dz, ops.Tanh(ops.Sub(z.Arg(0), z.Arg(1))))
	return []*node{d, ops.Neg(d)}
}
func (logCosh) Lower(b *graph.Builder, in []graph.Value) graph.Value {
	x := b.Abs(b.Sub(in[0], in[1]))
	s := b.Sinh(b.Min(x, b.Const(1)))
	near := b.Mul(b.Const(0.5), b.Log1p(b.Mul(s, s)))
	far := b.Add(b.Sub(x, b.Const(math.Ln2)), b.Log1p(b.Exp(b.Mul(b.Const(-2), x))))
	return b.Where(b.Lt(x, b.Const(1)), near, far)
}

// bce is -(t·log p + (1-t)·log(1-p)) with both logarithms at least -100 and, in
// place of a derivative that is infinite at 0 and 1, PyTorch's
// (p-t)/max(p·(1-p), tiny).
type bce struct{}

// tiny is the float32 next to 1e-12.
const tiny = float64(float32(1e-12))

func (o bce) Name() string           { return graph.Title(o.Describe()) }
func (bce) Describe() graph.Call     { return graph.CallOf("bce", "reduction", "none") }
func (bce) Locality() graph.Locality { return graph.Elementwise }
func (bce) Shape(in []graph.Shape) (graph.Shape, error) {
	return graph.Broadcast(in[0], in[1])
}
func (bce) Lower(b *graph.Builder, in []graph.Value) graph.Value {
	p, t := in[0], in[1]
	// f is log x, infinite at p = end, which is replaced by a harmless one.
	least := func(end float64, f func(p graph.Value) graph.Value) graph.Value {
		atEnd := b.Eq(p, b.Const(end))
		y := f(b.Where(atEnd, b.Const(0.5), p))
		return b.Where(atEnd, b.Const(-100), b.Max(y, b.Const(-100)))
	}
	yes := least(0, b.Log)
	no := least(1, func(p graph.Value) graph.Value { return b.Log1p(b.Neg(p)) })
	return b.Neg(b.Add(b.Mul(t, yes), b.Mul(b.Sub(b.Const(1), t), no)))
}
func (bce) Grad(y, dy *node) []*node {
	p, t := y.Arg(0), y.Arg(1)
	slope := ops.Max(ops.Mul(p, ops.Sub(number(p, 1), p)), number(p, tiny))
	dp := ops.Mul(dy, ops.Div(ops.Sub(p, t), slope))
	dt := ops.Mul(dy, ops.Sub(log100(ops.Sub(number(p, 1), p)), log100(p)))
	return []*node{dp, dt}
}

// log100 is log x, at least -100.
func log100(x *node) *node { return ops.Clamp(ops.Log(x), -100, inf) }
