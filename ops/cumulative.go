package ops

import (
	"fmt"
	"math"

	"descent/graph"
	"descent/graph/lower"
	"descent/internal/elementary"
)

// Operations along an axis whose elements are made of those before them.

// Recurrence returns y with yₜ = aₜ·yₜ₋₁ + bₜ along an axis, y₋₁ being 0: sums, products
// and linear filters. a stretches to the shape of b.
func Recurrence(a, b *node, axis int) *node {
	if err := graph.Mistakes(a, b); err != nil {
		return graph.Bad(err, "recurrence", a, b)
	}
	ax, err := b.Shape().Axis(axis)
	if err != nil {
		return graph.Bad(err, "recurrence", a, b)
	}
	return graph.Apply(recurrence{ax, false}, graph.BroadcastTo(a, b.Shape()), b)
}

// recurrence is yₜ = aₜ·yₜ₋₁ + bₜ, or back, yₜ = aₜ₊₁·yₜ₊₁ + bₜ: each is the gradient of
// the other by b.
type recurrence struct {
	axis int
	back bool
}

func (o recurrence) Name() string { return graph.Title(o.Describe()) }
func (o recurrence) Describe() call {
	if o.back {
		return graph.CallOf("recurrence", "axis", o.axis, "back", true)
	}
	return graph.CallOf("recurrence", "axis", o.axis)
}

func (o recurrence) Shape(in []graph.Shape) (graph.Shape, error) {
	if in[0] != in[1] {
		return graph.Shape{}, fmt.Errorf("factors %v for %v", in[0], in[1])
	}
	return in[1], nil
}

// Grad: by aₜ it is that by the sum it is in, times what it multiplies.
func (o recurrence) Grad(y, dy *node) []*node {
	db := graph.Apply(recurrence{o.axis, !o.back}, y.Arg(0), dy)
	if o.back {
		return []*node{Mul(later(db, o.axis, 0), y), db}
	}
	return []*node{Mul(db, later(y, o.axis, 0)), db}
}

func (o recurrence) Lower(b *builder, in []value) value {
	s := b.Shape(in[1])
	l := linesOf(s, o.axis)
	return b.Kernel(lower.Kernel{Name: "recurrence", Key: o, Rows: l.outer, Work: 2 * l.n * l.inner,
		F32: func(dst, src [][]float32, lo, hi int) { recur(l, dst[0], src[0], src[1], lo, hi, o.back) },
		F64: func(dst, src [][]float64, lo, hi int) { recur(l, dst[0], src[0], src[1], lo, hi, o.back) },
	}, []graph.Shape{s}, in...)[0]
}

// A lines is how an axis of n elements, inner apart, divides an array.
type lines struct{ outer, n, inner int }

func linesOf(s graph.Shape, axis int) lines {
	l := lines{1, s.Dim(axis), 1}
	for i, d := range s.Dims() {
		if i < axis {
			l.outer *= d
		} else if i > axis {
			l.inner *= d
		}
	}
	return l
}

func recur[T float32 | float64](l lines, y, a, b []T, lo, hi int, back bool) {
	for o := lo; o < hi; o++ {
		for k := range l.n {
			t, from, factor := k, k-1, k
			if back {
				t = l.n - 1 - k
				from, factor = t+1, t+1
			}
			at := (o*l.n + t) * l.inner
			for i := range l.inner {
				y[at+i] = b[at+i]
				if k > 0 {
					y[at+i] += T(a[(o*l.n+factor)*l.inner+i] * y[(o*l.n+from)*l.inner+i])
				}
			}
		}
	}
}

// later is x moved on by one along an axis, with first in front.
func later(x *node, axis int, first float64) *node {
	if x.Err() != nil || x.Shape().Size() == 0 {
		return x
	}
	d := x.Shape().Dims()
	n := d[axis]
	d[axis] = 1
	return Concat(axis, x.Graph().Const(first, d...), Slice(x, axis, 0, n-1, 1))
}

// CumSum returns the sums of each element along an axis and all before it.
func CumSum(x *node, axis int) *node {
	if x.Err() != nil {
		return x
	}
	return Recurrence(x.Graph().Const(1, x.Shape().Dims()...), x, axis)
}

// CumProd returns the products of each element along an axis and all before it. Its
// derivatives are right where elements are 0.
func CumProd(x *node, axis int) *node {
	if x.Err() != nil {
		return x
	}
	ax, err := x.Shape().Axis(axis)
	if err != nil || x.Shape().Size() == 0 {
		return CumSum(x, axis) // empty, or a mistake
	}
	d := x.Shape().Dims()
	d[ax]--
	return Recurrence(x, Concat(ax, Slice(x, ax, 0, 1, 1), x.Graph().Const(0, d...)), ax)
}

// LogCumSumExp returns log Σeˣ of each element along an axis and all before it, without
// overflow.
func LogCumSumExp(x *node, axis int) *node {
	return lineOp("logcumsumexp", x, axis, func(ax int) graph.Op { return logCumSumExp{ax} })
}

// lineOp applies an op along an axis.
func lineOp(name string, x *node, axis int, op func(axis int) graph.Op) *node {
	if x.Err() != nil {
		return x
	}
	ax, err := x.Shape().Axis(axis)
	if err != nil {
		return graph.Bad(err, name, x)
	}
	return graph.Apply(op(ax), x)
}

type logCumSumExp struct{ axis int }

func (o logCumSumExp) Name() string                              { return graph.Title(o.Describe()) }
func (o logCumSumExp) Describe() call                            { return graph.CallOf("logcumsumexp", "axis", o.axis) }
func (logCumSumExp) Shape(in []graph.Shape) (graph.Shape, error) { return in[0], nil }

// Grad: yₜ = log(exp yₜ₋₁ + exp xₜ), so dyₜ/dyₜ₋₁ = exp(yₜ₋₁-yₜ) and dyₜ/dxₜ = exp(xₜ-yₜ).
func (o logCumSumExp) Grad(y, dy *node) []*node {
	a := Exp(Sub(later(y, o.axis, math.Inf(-1)), y))
	return []*node{Mul(Exp(Sub(y.Arg(0), y)), graph.Apply(recurrence{o.axis, true}, a, dy))}
}

func (o logCumSumExp) Lower(b *builder, in []value) value {
	s := b.Shape(in[0])
	l := linesOf(s, o.axis)
	return b.Kernel(lower.Kernel{Name: "logcumsumexp", Key: o, Rows: l.outer, Work: 40 * l.n * l.inner,
		F32: func(dst, src [][]float32, lo, hi int) { logSums(l, dst[0], src[0], lo, hi) },
		F64: func(dst, src [][]float64, lo, hi int) { logSums(l, dst[0], src[0], lo, hi) },
	}, []graph.Shape{s}, in...)[0]
}

func logSums[T float32 | float64](l lines, y, x []T, lo, hi int) {
	for o := lo; o < hi; o++ {
		for i := range l.inner {
			sum := math.Inf(-1)
			for t := range l.n {
				at := (o*l.n+t)*l.inner + i
				large, small := float64(x[at]), sum
				if large < small {
					large, small = small, large
				}
				if sum = large; small > math.Inf(-1) && large < math.Inf(1) || small != small {
					sum += elementary.Log1p(elementary.Exp(small - large))
				}
				y[at] = T(sum)
			}
		}
	}
}

// CumMax returns the largest of each element along an axis and all before it; the
// last of equal ones gets the derivative.
func CumMax(x *node, axis int) *node { return chosenAlong(x, ArgCumMax(x, axis), axis) }

// CumMin returns the smallest, likewise.
func CumMin(x *node, axis int) *node { return chosenAlong(x, ArgCumMin(x, axis), axis) }

// chosenAlong is x at indices along an axis.
func chosenAlong(x, index *node, axis int) *node {
	if index.Err() != nil {
		return index
	}
	return Gather(x, index, axis)
}

// ArgCumMax returns where the largest of each element along an axis and all before it
// is, the last place of equal ones.
func ArgCumMax(x *node, axis int) *node {
	return lineOp("argcummax", x, axis, func(ax int) graph.Op { return cumulativeIndex{ax, false} })
}

// ArgCumMin returns where the smallest is, likewise.
func ArgCumMin(x *node, axis int) *node {
	return lineOp("argcummin", x, axis, func(ax int) graph.Op { return cumulativeIndex{ax, true} })
}

type cumulativeIndex struct {
	axis int
	min  bool
}

func (o cumulativeIndex) Name() string { return graph.Title(o.Describe()) }
func (o cumulativeIndex) Describe() call {
	if o.min {
		return graph.CallOf("argcummin", "axis", o.axis)
	}
	return graph.CallOf("argcummax", "axis", o.axis)
}
func (cumulativeIndex) Shape(in []graph.Shape) (graph.Shape, error) { return in[0], nil }
func (cumulativeIndex) Grad(_, _ *node) []*node                     { return nil }
func (o cumulativeIndex) Lower(b *builder, in []value) value {
	s := b.Shape(in[0])
	l := linesOf(s, o.axis)
	return b.Kernel(lower.Kernel{Name: o.Name(), Key: o, Rows: l.outer, Work: 2 * l.n * l.inner,
		F32: func(dst, src [][]float32, lo, hi int) { bestSoFar(l, dst[0], src[0], lo, hi, o.min) },
		F64: func(dst, src [][]float64, lo, hi int) { bestSoFar(l, dst[0], src[0], lo, hi, o.min) },
	}, []graph.Shape{s}, in...)[0]
}

func bestSoFar[T float32 | float64](l lines, dst, x []T, lo, hi int, least bool) {
	for o := lo; o < hi; o++ {
		for i := range l.inner {
			best := 0
			for t := range l.n {
				v, b := x[(o*l.n+t)*l.inner+i], x[(o*l.n+best)*l.inner+i]
				if v != v || b == b && (v == b || least == (v < b)) {
					best = t
				}
				dst[(o*l.n+t)*l.inner+i] = T(best)
			}
		}
	}
}

// Differences returns the differences of neighbours along an axis, n times.
func Differences(x *node, n, axis int) *node {
	if x.Err() != nil {
		return x
	}
	ax, err := x.Shape().Axis(axis)
	if err == nil && (n < 0 || n > x.Shape().Dim(ax)) {
		err = fmt.Errorf("%d differences of %d elements", n, x.Shape().Dim(ax))
	}
	if err != nil {
		return graph.Bad(err, "differences", x)
	}
	for range n {
		m := x.Shape().Dim(ax)
		x = Sub(Slice(x, ax, 1, m, 1), Slice(x, ax, 0, m-1, 1))
	}
	return x
}
