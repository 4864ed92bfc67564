package ops

import (
	"fmt"
	"math"
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
		k, err := s.Axis(a)
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

// keeping describes a reduction that keeps its axes.
func keeping(name string, ax axisMask) call {
	return graph.CallOf(name, "axis", ax.axes(), "keepdims", true)
}

func keepingOne(name string, axis int) call {
	return graph.CallOf(name, "axis", axis, "keepdims", true)
}

// orMin is the second of two names if what is looked for is the smallest.
func orMin(min bool, largest, smallest string) string {
	if min {
		return smallest
	}
	return largest
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

// Sum returns Σx over some axes, or over all.
func Sum(x *node, axes ...int) *node {
	return reduce("sum", x, axes, func(x *node, ax []int) *node { return graph.SumTo(x, kept(x.Shape(), ax)) })
}

// Mean returns the mean of x over some axes, or over all. That of no elements
// is NaN.
func Mean(x *node, axes ...int) *node {
	return reduce("mean", x, axes, func(x *node, ax []int) *node {
		s := graph.SumTo(x, kept(x.Shape(), ax))
		if s.Err() != nil || s.Shape().Size() == 0 {
			return s
		}
		if len(ax) == x.Shape().Rank() {
			s = graph.Reshape(s, graph.Dims()) // a scalar is float64
		}
		return Div(s, constant(x, count(x, s)))
	})
}

// count returns how many elements of x were reduced to each of y.
func count(x, y *node) float64 {
	return float64(x.Shape().Size() / y.Shape().Size())
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

// Prod returns the product of x over some axes, or over all. It is a tree of
// multiplications, so that its gradients of every order are exact where
// factors are 0.
func Prod(x *node, axes ...int) *node {
	return reduce("prod", x, axes, func(x *node, ax []int) *node {
		if len(ax) == x.Shape().Rank() && len(ax) > 0 {
			x, ax = Reshape(x, -1), []int{0}
		}
		for _, a := range ax {
			x = prod1(x, a)
		}
		return x
	})
}

// prod1 multiplies along an axis by halving it.
func prod1(x *node, axis int) *node {
	n := x.Shape().Dim(axis)
	if n == 0 {
		return x.Graph().Const(1, kept(x.Shape(), []int{axis}).Dims()...)
	}
	for n > 1 {
		half := n / 2
		y := Mul(Slice(x, axis, 0, half, 1), Slice(x, axis, half, 2*half, 1))
		if n%2 == 1 {
			y = Concat(axis, y, Slice(x, axis, n-1, n, 1))
		}
		x, n = y, n-half
	}
	return x
}

// AMax returns the largest of x over some axes, or over all. The largest
// elements share the gradient evenly. See also [MaxFirst].
func AMax(x *node, axes ...int) *node {
	return reduce("amax", x, axes, func(x *node, ax []int) *node { return graph.Apply(extreme{mask(ax), false}, x) })
}

// AMin returns the smallest of x over some axes, or over all. The smallest
// elements share the gradient evenly. See also [MinFirst].
func AMin(x *node, axes ...int) *node {
	return reduce("amin", x, axes, func(x *node, ax []int) *node { return graph.Apply(extreme{mask(ax), true}, x) })
}

// extreme is the largest or smallest over axes that are kept.
type extreme struct {
	ax  axisMask
	min bool
}

func (o extreme) Name() string                                { return graph.Title(o.Describe()) }
func (o extreme) Describe() call                              { return keeping(orMin(o.min, "amax", "amin"), o.ax) }
func (extreme) Kink() graph.Kink                              { return shared("they share the derivative") }
func (o extreme) Shape(in []graph.Shape) (graph.Shape, error) { return keptNonempty(in[0], o.ax) }
func (o extreme) Lower(b *builder, in []value) value {
	if o.min {
		return b.MinOf(in[0], o.ax.axes()...)
	}
	return b.MaxOf(in[0], o.ax.axes()...)
}
func (o extreme) Grad(y, dy *node) []*node {
	x := y.Arg(0)
	is := Equal(x, y)
	return []*node{chosen(is, y, Div(dy, graph.SumTo(is, y.Shape())))}
}
func (o extreme) Mixed(x graph.Shape) graph.Shape { return kept(x, o.ax.axes()) }

// keptNonempty is kept, for reductions that mean nothing over no elements.
func keptNonempty(s graph.Shape, ax axisMask) (graph.Shape, error) {
	out := kept(s, ax.axes())
	if s.Size() == 0 && out.Size() > 0 {
		return out, fmt.Errorf("%v has no elements to choose from", s)
	}
	return out, nil
}

// ArgMax returns the index of the first largest element along an axis, which is
// dropped. Its gradient is 0.
func ArgMax(x *node, axis int) *node { return argExtreme("argmax", x, axis, false) }

// ArgMin returns the index of the first smallest element along an axis, which
// is dropped. Its gradient is 0.
func ArgMin(x *node, axis int) *node { return argExtreme("argmin", x, axis, true) }

func argExtreme(what string, x *node, axis int, min bool) *node {
	return reduce(what, x, []int{axis}, func(x *node, ax []int) *node { return graph.Apply(argOf{ax[0], min}, x) })
}

type argOf struct {
	axis int
	min  bool
}

func (o argOf) Name() string   { return graph.Title(o.Describe()) }
func (o argOf) Describe() call { return keepingOne(orMin(o.min, "argmax", "argmin"), o.axis) }
func (o argOf) Shape(in []graph.Shape) (graph.Shape, error) {
	return keptNonempty(in[0], mask([]int{o.axis}))
}
func (argOf) Grad(_, _ *node) []*node { return nil }
func (o argOf) Lower(b *builder, in []value) value {
	if o.min {
		return b.ArgMin(in[0], o.axis)
	}
	return b.ArgMax(in[0], o.axis)
}

// MaxFirst returns the largest of x along an axis, which is dropped. The first
// of the largest elements gets the whole gradient. See also [AMax].
func MaxFirst(x *node, axis int) *node { return firstExtreme("max_first", x, axis, false) }

// MinFirst returns the smallest of x along an axis, which is dropped. The first
// of the smallest elements gets the whole gradient. See also [AMin].
func MinFirst(x *node, axis int) *node { return firstExtreme("min_first", x, axis, true) }

func firstExtreme(what string, x *node, axis int, min bool) *node {
	return reduce(what, x, []int{axis}, func(x *node, ax []int) *node { return graph.Apply(firstOf{ax[0], min}, x) })
}

// firstOf keeps its axis.
type firstOf struct {
	axis int
	min  bool
}

func (o firstOf) extreme() extreme                            { return extreme{mask([]int{o.axis}), o.min} }
func (o firstOf) Name() string                                { return graph.Title(o.Describe()) }
func (o firstOf) Describe() call                              { return keepingOne(orMin(o.min, "max_first", "min_first"), o.axis) }
func (firstOf) Kink() graph.Kink                              { return shared("the first gets the derivative") }
func (o firstOf) Shape(in []graph.Shape) (graph.Shape, error) { return o.extreme().Shape(in) }
func (o firstOf) Lower(b *builder, in []value) value          { return o.extreme().Lower(b, in) }
func (o firstOf) Mixed(x graph.Shape) graph.Shape             { return o.extreme().Mixed(x) }
func (o firstOf) Grad(y, dy *node) []*node {
	x := y.Arg(0)
	at := OneHot(argExtreme("argmax", x, o.axis, o.min), x.Shape().Dim(o.axis)) // its axis is the last
	order := make([]int, 0, x.Shape().Rank())
	for i := range x.Shape().Rank() - 1 {
		order = append(order, i)
	}
	order = slices.Insert(order, o.axis, len(order))
	return []*node{chosen(Mul(Transpose(at, order...), Equal(y, y)), y, dy)}
}

// Norm returns y = √Σx² over some axes, or over all, with gradient x/y: 0 where
// y = 0, the smallest of the subgradients.
func Norm(x *node, axes ...int) *node {
	return reduce("norm", x, axes, func(x *node, ax []int) *node { return graph.Apply(norm{mask(ax)}, x) })
}

// norm keeps its axes.
type norm struct{ ax axisMask }

func (o norm) Name() string                                { return graph.Title(o.Describe()) }
func (o norm) Describe() call                              { return keeping("norm", o.ax) }
func (o norm) Shape(in []graph.Shape) (graph.Shape, error) { return o.Mixed(in[0]), nil }
func (o norm) Mixed(x graph.Shape) graph.Shape             { return kept(x, o.ax.axes()) }
func (o norm) Lower(b *builder, in []value) value {
	return b.Sqrt(b.Sum(b.Mul(in[0], in[0]), o.ax.axes()...))
}
func (norm) Kink() graph.Kink {
	return graph.Kink{Takes: takes0, Met: func(_ [][]float64, out []float64) string {
		if slices.Contains(out, 0) {
			return "the norm is 0"
		}
		return ""
	}}
}
func (o norm) Grad(y, dy *node) []*node {
	zero := constant(y, 0)
	safe := Where(Equal(y, zero), constant(y, 1), y)
	return []*node{Mul(Where(Equal(y, zero), zero, Div(dy, safe)), y.Arg(0))}
}

// Norm1 returns Σ|x| over some axes, or over all.
func Norm1(x *node, axes ...int) *node { return Sum(Abs(x), axes...) }

// NormInf returns max |x| over some axes, or over all.
func NormInf(x *node, axes ...int) *node { return AMax(Abs(x), axes...) }

// Variance returns the mean of (x - mean x)² over some axes, or over all.
func Variance(x *node, axes ...int) *node { return Mean(Square(centred(x, axes)), axes...) }

// Std returns the square root of [Variance]. Its gradient is 0 where all
// elements are equal.
func Std(x *node, axes ...int) *node {
	y := Norm(centred(x, axes), axes...)
	if y.Err() != nil || y.Shape().Size() == 0 {
		return y
	}
	return Div(y, constant(x, math.Sqrt(count(x, y))))
}

// centred returns x minus its mean.
func centred(x *node, axes []int) *node { return Sub(x, Keep(Mean(x, axes...), x, axes...)) }
