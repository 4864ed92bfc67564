package ops

import (
	"fmt"

	"descent/graph"
)

// Normalize returns gain·(x - mean)/√(variance + eps) + shift, the mean and variance
// being over some axes of x, or over all: the whole of a batch or layer norm. gain and
// shift broadcast to x. It is [Standardize] with the gradients of all three made of
// the same few sums.
func Normalize(x, gain, shift *node, eps float64, axes ...int) *node {
	return normalized("normalize", norming{eps: eps, centred: true}, x, axes, gain, shift)
}

// normalizing is y = c·s·gain + shift with c = x - mean x and s = 1/√(mean c² + eps).
// Unlike norming's, its gradient does not say where it is dead: that would be one more
// sum over x.
type normalizing struct {
	ax  axisMask
	eps float64
}

func (o normalizing) Name() string { return graph.Title(o.Describe()) }
func (o normalizing) Describe() call {
	return graph.CallOf("normalize", "axis", o.ax.axes(), "eps", o.eps)
}
func (o normalizing) Shape(in []graph.Shape) (graph.Shape, error) {
	for i, p := range in[1:] {
		if s, err := graph.Broadcast(in[0], p); err != nil || s != in[0] {
			return s, fmt.Errorf("%s %v does not broadcast to %v", orMin(i == 0, "shift", "gain"), p, in[0])
		}
	}
	return in[0], nil
}

// kept is the shape of a mean.
func (o normalizing) kept(x graph.Shape) graph.Shape { return kept(x, o.ax.axes()) }

// uniform reports whether p, a gain of x, is the same for all that is summed.
func (o normalizing) uniform(x, p graph.Shape) bool {
	s, err := graph.Broadcast(o.kept(x), p)
	return err == nil && s == o.kept(x)
}

// Grad: with d = gain·dy, dx = s·(d - mean d - c·s²·mean(c·d)). A gain that is the same
// for all that is summed is a factor of the sums, which then are those of the gradients
// of gain and shift as well.
func (o normalizing) Grad(y, dy *node) []*node {
	x, gain, shift := y.Arg(0), y.Arg(1), y.Arg(2)
	small := o.kept(x.Shape())
	n := constant(x, float64(max(1, x.Shape().Size()))/float64(max(1, small.Size())))
	sum := func(d *node) *node { return graph.SumTo(d, small) }
	c := Sub(x, Div(sum(x), n))
	s := InverseStd(x, o.eps, o.ax.axes()...)
	// part is by(d - mean d - c·s²·mean(c·d)), given two sums.
	part := func(by, d, sd, scd *node) *node {
		return Mul(by, Sub(d, Add(Div(sd, n), Mul(c, Div(Mul(Square(s), scd), n)))))
	}
	if !o.uniform(x.Shape(), gain.Shape()) {
		d := Mul(dy, gain)
		return []*node{part(s, d, sum(d), sum(Mul(c, d))), Mul(dy, Mul(c, s)), dy}
	}
	sd, scd := sum(dy), sum(Mul(c, dy))
	dShift := dy
	if o.uniform(x.Shape(), shift.Shape()) {
		dShift = graph.SumTo(sd, shift.Shape())
	}
	return []*node{part(Mul(s, gain), dy, sd, scd), graph.SumTo(Mul(s, scd), gain.Shape()), dShift}
}

func (o normalizing) Lower(b *builder, in []value) value {
	x, gain, shift := in[0], in[1], in[2]
	c, s := standard(b, x, o.ax.axes(), o.eps, true)
	if o.uniform(b.Shape(x), b.Shape(gain)) {
		return b.Add(b.Mul(c, b.Mul(s, gain)), shift)
	}
	return b.Add(b.Mul(b.Mul(c, s), gain), shift)
}
