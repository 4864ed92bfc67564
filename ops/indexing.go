package ops

import (
	"fmt"
	"slices"

	"descent/graph"
	"descent/graph/lower"
)

// Operations that take whole numbers: classes, tokens, positions. Where an
// index is an input ([graph.Graph.Indices]), one out of range is an error when
// it is fed; a computed one that is out of range reads 0 and writes nothing.

// OneHot returns an array with one more axis, of length depth, that is 1 at
// each index and 0 elsewhere. An index outside 0..depth-1 gives zeros.
func OneHot(index *node, depth int) *node {
	if depth < 0 {
		return graph.Bad(fmt.Errorf("depth %d", depth), "onehot", index)
	}
	graph.LimitIndex(index, depth, nil)
	return graph.Apply(oneHot{depth}, index)
}

type oneHot struct{ depth int }

func (o oneHot) Name() string   { return graph.Title(o.Describe()) }
func (o oneHot) Describe() call { return graph.CallOf("onehot", "depth", o.depth) }
func (o oneHot) Shape(in []graph.Shape) (graph.Shape, error) {
	return dims(append(in[0].Dims(), o.depth))
}
func (oneHot) Grad(_, _ *node) []*node { return nil }
func (o oneHot) Lower(b *builder, in []value) value {
	s := b.Shape(in[0])
	at := b.Loop(lower.Loop{Name: "iota", Key: o,
		F32: func(dst []float32, _ [][]float32) { enumerate(dst) },
		F64: func(dst []float64, _ [][]float64) { enumerate(dst) },
	}, graph.Dims(o.depth))
	return b.Eq(b.Reshape(in[0], graph.Dims(append(s.Dims(), 1)...)), at)
}

// dims is [graph.Dims] for axis lengths that may be too many.
func dims(d []int) (graph.Shape, error) {
	if len(d) > graph.MaxRank {
		return graph.Shape{}, fmt.Errorf("more than %d axes", graph.MaxRank)
	}
	return graph.Dims(d...), nil
}

// enumerate sets dst to 0, 1, 2, …
func enumerate[T float32 | float64](dst []T) {
	for i := range dst {
		dst[i] = T(i)
	}
}

// Take returns x at the indices along one axis, which is replaced by the axes
// of index: the rows of a table when axis is 0. The gradient adds up where an
// index occurs more than once, in the order of the indices.
func Take(x, index *node, axis int) *node { return gatherAt(x, index, axis, false) }

// Gather returns x at the indices along one axis, each index choosing within
// its own line: y[i,j] = x[i, index[i,j]] when axis is 1. But for that axis,
// index has x's shape.
func Gather(x, index *node, axis int) *node { return gatherAt(x, index, axis, true) }

// Pick returns the element of x's last axis at each index: y[i] = x[i, index[i]].
// The shape of index is x's without the last axis.
func Pick(x, index *node) *node {
	y := Gather(x, ExpandDims(index, -1), -1)
	return Squeeze(y, -1)
}

func gatherAt(x, index *node, axis int, along bool) *node {
	if err := graph.Mistakes(x, index); err != nil {
		return graph.Bad(err, "gather", x, index)
	}
	ax, err := x.Shape().Axis(axis)
	if err != nil {
		return graph.Bad(err, "gather", x, index)
	}
	graph.LimitIndex(index, x.Shape().Dim(ax), nil)
	return graph.Apply(gather{ax, along}, x, index)
}

// gather reads x[o, index, i]: the axis splits x into outer, n and inner.
type gather struct {
	axis  int
	along bool // each line of x has its own indices
}

func (o gather) Name() string { return graph.Title(o.Describe()) }

func (o gather) Describe() call {
	if o.along {
		return graph.CallOf("gather", "axis", o.axis)
	}
	return graph.CallOf("take", "axis", o.axis)
}

func (o gather) Shape(in []graph.Shape) (graph.Shape, error) {
	x, index := in[0].Dims(), in[1].Dims()
	if !o.along {
		return dims(slices.Concat(x[:o.axis], index, x[o.axis+1:]))
	}
	want := slices.Clone(index)
	if len(want) == len(x) {
		want[o.axis] = x[o.axis]
	}
	if !slices.Equal(want, x) {
		return graph.Shape{}, fmt.Errorf("indices of shape %v do not choose along axis %d of %v", in[1], o.axis, in[0])
	}
	return in[1], nil
}

func (o gather) Grad(y, dy *node) []*node {
	return []*node{graph.Apply(scatter{o, y.Arg(0).Shape()}, dy, y.Arg(1)), nil}
}

func (o gather) Locality() graph.Locality { return graph.Moves }

func (o gather) Lower(b *builder, in []value) value {
	w, s := o.walk(b.Shape(in[0]), b.Shape(in[1])), b.Shape(in[0]).Dims()
	out := b.Shape(in[1])
	if !o.along {
		out = graph.Dims(slices.Concat(s[:o.axis], out.Dims(), s[o.axis+1:])...)
		return b.TakeRows(w.rows(), out, in[0], in[1])
	}
	return b.Kernel(lower.Kernel{Name: "gather", Key: o, Rows: w.outer * w.count, Work: 2 + w.inner,
		F32: func(dst, src [][]float32, lo, hi int) { gatherLoop(w, dst[0], src[0], src[1], lo, hi) },
		F64: func(dst, src [][]float64, lo, hi int) { gatherLoop(w, dst[0], src[0], src[1], lo, hi) },
	}, []graph.Shape{out}, in...)[0]
}

// scatter is the gradient of gather: zeros to which each dy[o, k, i] is added
// at [o, index, i].
type scatter struct {
	gather
	to graph.Shape
}

func (o scatter) Name() string                             { return graph.Title(o.Describe()) }
func (o scatter) Shape([]graph.Shape) (graph.Shape, error) { return o.to, nil }
func (o scatter) Describe() call {
	return graph.CallOf("scatter", "axis", o.axis, "lengths", o.to.Dims(), "along", o.along)
}
func (o scatter) Grad(y, dy *node) []*node {
	return []*node{graph.Apply(o.gather, dy, y.Arg(1)), nil}
}
func (o scatter) Lower(b *builder, in []value) value {
	w := o.walk(o.to, b.Shape(in[1]))
	if !o.along {
		return b.AddRows(w.rows(), o.to, in[0], in[1])
	}
	return b.Loop(lower.Loop{Name: "scatter", Key: o,
		F32: func(dst []float32, src [][]float32) { scatterLoop(w, dst, src[0], src[1]) },
		F64: func(dst []float64, src [][]float64) { scatterLoop(w, dst, src[0], src[1]) },
	}, o.to, in...)
}

// indexWalk says where the index for position [o, k, i] of a line of its own is.
type indexWalk struct {
	outer, n, inner int // of x
	count           int // indices along the axis
}

func (o gather) walk(x, index graph.Shape) indexWalk {
	w := indexWalk{outer: 1, inner: 1, n: x.Dim(o.axis), count: index.Size()}
	for i, d := range x.Dims() {
		if i < o.axis {
			w.outer *= d
		} else if i > o.axis {
			w.inner *= d
		}
	}
	if o.along {
		w.count = index.Dim(o.axis)
	}
	return w
}

// rows is the walk of indices that are those of all lines.
func (w indexWalk) rows() lower.RowIndex {
	return lower.RowIndex{Outer: w.outer, N: w.n, Count: w.count, Inner: w.inner}
}

// gatherLoop reads x in the order of the result, 0 where an index is out of range:
// its rows lo to hi, of which there are count for each outer index.
func gatherLoop[T float32 | float64](w indexWalk, dst, x, index []T, lo, hi int) {
	at := lo * w.inner
	for r := lo; r < hi; r++ {
		o := r / w.count
		for i := range w.inner {
			j := index[at]
			dst[at] = 0
			if j >= 0 && j < T(w.n) {
				dst[at] = x[(o*w.n+int(j))*w.inner+i]
			}
			at++
		}
	}
}

func scatterLoop[T float32 | float64](w indexWalk, dst, dy, index []T) {
	clear(dst)
	at := 0
	for o := range w.outer {
		for range w.count {
			for i := range w.inner {
				if j := index[at]; j >= 0 && j < T(w.n) {
					dst[(o*w.n+int(j))*w.inner+i] += dy[at]
				}
				at++
			}
		}
	}
}
