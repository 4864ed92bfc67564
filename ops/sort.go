package ops

import (
	"fmt"

	"descent/graph"
	"descent/graph/lower"
)

// Order along an axis. Equal elements stay as they are, NaN is above all numbers, and
// each element of a result passes its derivative to the one of x that it is.

// ArgSort returns the indices along an axis in the order of the elements, from the
// least, or from the largest.
func ArgSort(x *node, axis int, descending bool) *node {
	return lineOp("argsort", x, axis, func(ax int) graph.Op { return argSort{ax, descending} })
}

// Sort returns the elements along an axis in their order.
func Sort(x *node, axis int, descending bool) *node {
	return chosenAlong(x, ArgSort(x, axis, descending), axis)
}

// TopK returns the k largest elements along an axis, from the largest.
func TopK(x *node, k, axis int) *node { return ranked("topk", x, k, axis, 0, k, true) }

// KthValue returns the k-th smallest element along an axis, counted from 1, and drops
// the axis.
func KthValue(x *node, k, axis int) *node {
	y := ranked("kthvalue", x, k, axis, k-1, k, false)
	if y.Err() != nil {
		return y
	}
	return Squeeze(y, axis)
}

// Median returns the middle of the elements along an axis, the lower of two, and drops
// the axis. It is NaN where one of them is.
func Median(x *node, axis int) *node {
	return middle("median", x, axis, func(n int, nth func(k int) *node) *node { return nth((n - 1) / 2) })
}

// SampleQuantile returns the q-quantile of the elements along an axis, and drops it: what
// is at q·(n-1) between the n elements in their order, which are 0 to n-1, on a straight
// line from one to the next. It is NaN where one of them is.
func SampleQuantile(x *node, q float64, axis int) *node {
	if !(q >= 0 && q <= 1) {
		return graph.Bad(fmt.Errorf("q=%v; a quantile has one of 0 to 1", q), "sample_quantile", x)
	}
	return middle("sample_quantile", x, axis, func(n int, nth func(k int) *node) *node {
		at := float64(q * float64(n-1))
		below := int(at)
		y := nth(below)
		if part := at - float64(below); part > 0 {
			y = Add(y, Scale(part, Sub(nth(below+1), y)))
		}
		return y
	})
}

// middle makes something of the n elements along an axis, of which nth is the k-th in
// their order, without the axis. The last is NaN if there is one.
func middle(name string, x *node, axis int, f func(n int, nth func(k int) *node) *node) *node {
	if x.Err() != nil {
		return x
	}
	ax, err := x.Shape().Axis(axis)
	if err == nil && x.Shape().Dim(ax) == 0 {
		err = fmt.Errorf("%v has no elements along axis %d", x.Shape(), axis)
	}
	if err != nil {
		return graph.Bad(err, name, x)
	}
	n, order := x.Shape().Dim(ax), ArgSort(x, ax, false)
	nth := func(k int) *node { return Squeeze(Gather(x, Slice(order, ax, k, k+1, 1), ax), ax) }
	return Where(IsNaN(nth(n-1)), nth(n-1), f(n, nth))
}

// ranked returns the elements of ranks from to to.
func ranked(name string, x *node, k, axis, from, to int, descending bool) *node {
	if x.Err() != nil {
		return x
	}
	ax, err := x.Shape().Axis(axis)
	if err == nil && (k < 1 || k > x.Shape().Dim(ax)) {
		err = fmt.Errorf("k=%d of %d elements", k, x.Shape().Dim(ax))
	}
	if err != nil {
		return graph.Bad(err, name, x)
	}
	return Gather(x, Slice(ArgSort(x, ax, descending), ax, from, to, 1), ax)
}

type argSort struct {
	axis       int
	descending bool
}

func (o argSort) Name() string { return graph.Title(o.Describe()) }
func (o argSort) Describe() call {
	if o.descending {
		return graph.CallOf("argsort", "axis", o.axis, "descending", true)
	}
	return graph.CallOf("argsort", "axis", o.axis)
}
func (argSort) Shape(in []graph.Shape) (graph.Shape, error) { return in[0], nil }
func (argSort) Grad(_, _ *node) []*node                     { return nil }
func (o argSort) Lower(b *builder, in []value) value {
	s := b.Shape(in[0])
	l := linesOf(s, o.axis)
	return b.Kernel(lower.Kernel{Name: o.Name(), Key: o, Rows: l.outer, Work: 20 * l.n * l.inner,
		F32: func(dst, src [][]float32, lo, hi int) { sortLines(l, dst[0], dst[1], src[0], lo, hi, o.descending) },
		F64: func(dst, src [][]float64, lo, hi int) { sortLines(l, dst[0], dst[1], src[0], lo, hi, o.descending) },
	}, []graph.Shape{s, s}, in...)[0]
}

// sortLines sorts the indices of each line by merging runs of 1, 2, 4, ... of them
// between dst and other.
func sortLines[T float32 | float64](l lines, dst, other, x []T, lo, hi int, descending bool) {
	for o := lo; o < hi; o++ {
		for i := range l.inner {
			at := func(k int) int { return (o*l.n+k)*l.inner + i }
			before := func(a, b T) bool { // b comes before a
				p, q := x[at(int(a))], x[at(int(b))]
				if descending {
					p, q = q, p
				}
				return q < p || p != p && q == q
			}
			for k := range l.n {
				dst[at(k)] = T(k)
			}
			from, to := dst, other
			for run := 1; run < l.n; run *= 2 {
				for start := 0; start < l.n; start += 2 * run {
					mid, end := min(start+run, l.n), min(start+2*run, l.n)
					a, b := start, mid
					for k := start; k < end; k++ {
						if a < mid && (b == end || !before(from[at(a)], from[at(b)])) {
							to[at(k)] = from[at(a)]
							a++
						} else {
							to[at(k)] = from[at(b)]
							b++
						}
					}
				}
				from, to = to, from
			}
			for k := range l.n {
				dst[at(k)] = from[at(k)]
			}
		}
	}
}
