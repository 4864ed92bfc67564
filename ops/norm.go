package ops

import (
	"fmt"

	"descent/graph"
)

// Standardize returns (x - mean)/√(variance + eps) over some axes, or over all:
// what batch norm (all axes but the channels'), layer norm (the last axes) and
// instance norm (the spatial axes) do before they scale and shift. The variance is
// the mean of (x - mean)².
func Standardize(x *node, eps float64, axes ...int) *node {
	return normalized("standardize", norming{eps: eps, centred: true}, x, axes)
}

// RMSNorm returns x/√(mean x² + eps) over some axes, or over all. Zhang, Sennrich
// 2019, https://arxiv.org/abs/1910.07467.
func RMSNorm(x *node, eps float64, axes ...int) *node {
	return normalized("rms_norm", norming{eps: eps}, x, axes)
}

// InverseStd returns 1/√(variance + eps) over some axes, or over all, which are
// kept with length 1.
func InverseStd(x *node, eps float64, axes ...int) *node {
	return normalized("inverse_std", norming{eps: eps, centred: true, factor: true}, x, axes)
}

// InverseRMS returns 1/√(mean x² + eps) over some axes, or over all, which are kept
// with length 1.
func InverseRMS(x *node, eps float64, axes ...int) *node {
	return normalized("inverse_rms", norming{eps: eps, factor: true}, x, axes)
}

// GroupNorm returns x, images × channels × lengths, standardised for each image
// over the lengths and the channels of each of so many groups. As many groups as
// channels make an instance norm. Wu, He 2018, https://arxiv.org/abs/1803.08494.
func GroupNorm(x *node, groups int, eps float64) *node {
	if x.Err() != nil {
		return x
	}
	s := x.Shape()
	if s.Rank() < 2 || groups < 1 || s.Dim(1)%groups != 0 {
		return graph.Bad(fmt.Errorf("the channels of %v, its second axis, do not divide into %d groups", s, groups), "group_norm", x)
	}
	n := s.Dim(0) * groups
	if n == 0 {
		return x
	}
	return graph.Reshape(Standardize(Reshape(x, n, s.Size()/n), eps, 1), s)
}

func normalized(what string, o norming, x *node, axes []int, affine ...*node) *node {
	if x.Err() != nil {
		return x
	}
	ax, err := axesOf(x.Shape(), axes)
	if err == nil && !(o.eps >= 0) {
		err = fmt.Errorf("eps=%v; what is added to a variance is 0 or more", o.eps)
	}
	if err != nil {
		return graph.Bad(err, what, x)
	}
	o.ax = mask(ax)
	if affine != nil {
		return graph.Apply(normalizing{o.ax, o.eps}, append([]*node{x}, affine...)...)
	}
	return graph.Apply(o, x)
}

// norming is y = (x-m)·s with s = 1/√(mean (x-m)² + eps), or s itself. m is the
// mean, or 0.
type norming struct {
	ax      axisMask
	eps     float64
	centred bool // about the mean
	factor  bool // it is s
}

func (o norming) Name() string { return graph.Title(o.Describe()) }
func (o norming) Describe() call {
	name := orMin(o.centred, "rms_norm", "standardize")
	if o.factor {
		name = orMin(o.centred, "inverse_rms", "inverse_std")
	}
	return graph.CallOf(name, "axis", o.ax.axes(), "eps", o.eps)
}
func (o norming) Shape(in []graph.Shape) (graph.Shape, error) {
	if o.factor {
		return o.Mixed(in[0]), nil
	}
	return in[0], nil
}
func (o norming) Mixed(x graph.Shape) graph.Shape { return kept(x, o.ax.axes()) }

// Grad: dx = s·(dy - mean dy - y·mean(y·dy)), the first mean only about the mean;
// and ds/dx = -s²·y/n.
func (o norming) Grad(z, dz *node) []*node {
	x, ax := z.Arg(0), o.ax.axes()
	n := float64(max(1, x.Shape().Size())) / float64(max(1, o.Mixed(x.Shape()).Size()))
	if o.factor {
		o.factor = false
		return []*node{Scale(-1/n, Mul(Mul(dz, Square(z)), graph.Apply(o, x)))}
	}
	mean := func(d *node) *node { return Div(graph.SumTo(d, kept(x.Shape(), ax)), constant(x, n)) }
	d := Sub(dz, Mul(z, mean(Mul(z, dz))))
	if o.centred {
		d = Sub(d, mean(dz))
	}
	o.factor = true
	return []*node{Mul(graph.Apply(o, x), d)}
}

func (o norming) Lower(b *builder, in []value) value {
	c, s := standard(b, in[0], o.ax.axes(), o.eps, o.centred)
	if o.factor {
		return s
	}
	return b.Mul(c, s)
}

// standard returns x, less its mean over some axes if it is centred, and the inverse
// root of that one's mean square plus eps.
func standard(b *builder, x value, ax []int, eps float64, centred bool) (c, s value) {
	all := b.Shape(x)
	n := b.Const(float64(max(1, all.Size())) / float64(max(1, kept(all, ax).Size())))
	if centred {
		x = b.Sub(x, b.Div(b.Sum(x, ax...), n))
	}
	square := b.Div(b.Sum(b.Mul(x, x), ax...), n)
	return x, b.Div(b.Const(1), b.Sqrt(b.Add(square, b.Const(eps))))
}
