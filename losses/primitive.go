package losses

import (
	"encoding/binary"
	"fmt"
	"math"

	"descent/graph"
	"descent/ops"
)

// The few operations whose values or gradients a composition of ops cannot get
// right to the last digits.

// logCosh is log cosh x. As |x| + log(1 + e^-2|x|) - log 2 it has no digits
// left near 0, and as log(1 + sinh² x)/2 it overflows far from it.
type logCosh struct{}

func (logCosh) Name() string                                { return "logcosh" }
func (logCosh) Shape(in []graph.Shape) (graph.Shape, error) { return in[0], nil }
func (logCosh) Locality() graph.Locality                    { return graph.Elementwise }
func (logCosh) Grad(y, dy *node) []*node                    { return []*node{ops.Mul(dy, ops.Tanh(y.Arg(0)))} }
func (logCosh) Lower(b *graph.Builder, in []graph.Value) graph.Value {
	x := b.Abs(in[0])
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

func (bce) Name() string             { return "bce" }
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

// array returns a constant array. Its elements are kept as a string because ops
// are compared with ==.
func array(g *graph.Graph, values []float64, dims ...int) *node {
	bits := make([]byte, 0, 8*len(values))
	for _, v := range values {
		bits = binary.LittleEndian.AppendUint64(bits, math.Float64bits(v))
	}
	return g.Apply(literal{string(bits), graph.Dims(dims...)})
}

type literal struct {
	bits string
	s    graph.Shape
}

func (o literal) Name() string                             { return fmt.Sprintf("constant %v", o.s) }
func (o literal) Shape([]graph.Shape) (graph.Shape, error) { return o.s, nil }
func (literal) Grad(_, _ *node) []*node                    { return nil }
func (o literal) Lower(b *graph.Builder, _ []graph.Value) graph.Value {
	return b.Loop(graph.Loop{Name: "constant", Key: o,
		F32: func(dst []float32, _ [][]float32) { decode(dst, o.bits) },
		F64: func(dst []float64, _ [][]float64) { decode(dst, o.bits) }}, o.s)
}

func decode[T float32 | float64](dst []T, bits string) {
	for i := range dst {
		dst[i] = T(math.Float64frombits(binary.LittleEndian.Uint64([]byte(bits[8*i : 8*i+8]))))
	}
}
