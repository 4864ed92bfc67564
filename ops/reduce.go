package ops

import (
	"fmt"
	"slices"

	"descent/graph"
)

// Reductions take the axes to reduce, counted from the end when negative; none
// means all. The reduced axes are dropped; [Keep] keeps them with length 1.

// axesOf returns the axes as a sorted list of distinct axes of a shape.
func axesOf(s graph.Shape, axes []int) ([]int, error) {
	if len(axes) == 0 {
		all := make([]int, s.Rank())
		for i := range all {
			all[i] = i
		}
		return all, nil
	}
	out := make([]int, 0, len(axes))
	for _, a := range axes {
		k, err := axisOf(s, a)
		if err != nil {
			return nil, err
		}
		if slices.Contains(out, k) {
			return nil, fmt.Errorf("axis %d twice", a)
		}
		out = append(out, k)
	}
	slices.Sort(out)
	return out, nil
}

// kept returns the shape with the axes at length 1, dropped the shape without.
func kept(s graph.Shape, axes []int) graph.Shape {
	d := s.Dims()
	for _, a := range axes {
		d[a] = 1
	}
	return graph.Dims(d...)
}

func dropped(s graph.Shape, axes []int) graph.Shape {
	var d []int
	for i, n := range s.Dims() {
		if !slices.Contains(axes, i) {
			d = append(d, n)
		}
	}
	return graph.Dims(d...)
}

// reduce applies f, a reduction that keeps axes, and drops them.
func reduce(what string, x *node, axes []int, f func(x *node, axes []int) *node) *node {
	if x.Err() != nil {
		return x
	}
	ax, err := axesOf(x.Shape(), axes)
	if err != nil {
		return graph.Bad(err, what, x)
	}
	return graph.Reshape(f(x, ax), dropped(x.Shape(), ax))
}

// Sum returns the sum of x over some axes, or over all.
func Sum(x *node, axes ...int) *node {
	return reduce("sum", x, axes, func(x *node, ax []int) *node { return graph.SumTo(x, kept(x.Shape(), ax)) })
}

// Mean returns the mean of x over some axes, or over all.
func Mean(x *node, axes ...int) *node {
	s := Sum(x, axes...)
	if s.Err() != nil || s.Shape().Size() == 0 {
		return s
	}
	return Div(s, x.Graph().Const(float64(x.Shape().Size()/s.Shape().Size())))
}

// Keep gives y, a reduction of x over some axes, x's number of axes back: the
// reduced ones have length 1, so that y broadcasts against x.
func Keep(y, x *node, axes ...int) *node {
	if x.Err() != nil {
		return x
	}
	ax, err := axesOf(x.Shape(), axes)
	if err != nil {
		return graph.Bad(err, "keep", x)
	}
	return graph.Reshape(y, kept(x.Shape(), ax))
}

// LogSumExp returns log Σ eˣ over some axes, or over all, without overflow.
func LogSumExp(x *node, axes ...int) *node {
	return reduce("logsumexp", x, axes, func(x *node, ax []int) *node { return graph.Apply(logSumExp{mask(ax)}, x) })
}

// axisMask is a set of axes as a comparable value.
type axisMask uint16

func mask(axes []int) (m axisMask) {
	for _, a := range axes {
		m |= 1 << a
	}
	return m
}

func (m axisMask) axes() (out []int) {
	for i := range graph.MaxRank {
		if m>>i&1 == 1 {
			out = append(out, i)
		}
	}
	return out
}

// logSumExp keeps its axes.
type logSumExp struct{ ax axisMask }

func (o logSumExp) Name() string { return fmt.Sprintf("logsumexp%v", o.ax.axes()) }
func (o logSumExp) Shape(in []graph.Shape) (graph.Shape, error) {
	return kept(in[0], o.ax.axes()), nil
}
func (o logSumExp) Grad(y, dy *node) []*node {
	return []*node{Mul(dy, Exp(Sub(y.Arg(0), y)))}
}
func (o logSumExp) Lower(b *builder, in []value) value {
	x, ax := in[0], o.ax.axes()
	m := b.MaxOf(x, ax...)
	// Where all are -Inf (or one is +Inf) the difference would be NaN.
	m = b.Where(b.Lt(b.Abs(m), b.Const(maxFloat)), m, b.Const(0))
	return b.Add(b.Log(b.Sum(b.Exp(b.Sub(x, m)), ax...)), m)
}

// maxFloat is below infinity in both element types.
const maxFloat = 3.4028234663852886e38

// Softmax returns eˣ/Σeˣ along an axis.
func Softmax(x *node, axis int) *node { return Exp(LogSoftmax(x, axis)) }

// LogSoftmax returns log(eˣ/Σeˣ) along an axis, without overflow.
func LogSoftmax(x *node, axis int) *node {
	return Sub(x, Keep(LogSumExp(x, axis), x, axis))
}
