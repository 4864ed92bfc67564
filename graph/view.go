package graph

import (
	"fmt"
	"slices"

	"descent/graph/lower"
	"descent/internal/kernel"
)

// Moving elements without computing: strided reads and writes. All transposes,
// slices and diagonals are views; joining arrays is the one write of several.

// walk is where a strided read or write goes, as a comparable value.
type walk struct {
	s      Shape
	stride [MaxRank]int
	offset int
}

// describe describes a read or a write whose result has the given shape; that
// of the other end is the operand's.
func (w *walk) describe(name string, s Shape) Call {
	return CallOf(name, "lengths", s.Dims(), "strides", w.stride[:w.s.Rank()], "offset", w.offset)
}

// overlaps reports whether an element is visited twice: two indices have the
// same place. Axes that are sorted by stride cannot meet if each step is longer
// than all that the smaller ones reach; else places are counted.
func (w *walk) overlaps() bool {
	var axes []int
	for i, d := range w.s.Dims() {
		if d == 0 {
			return false
		}
		if d > 1 {
			axes = append(axes, i)
		}
	}
	step := func(i int) int { return max(w.stride[i], -w.stride[i]) }
	slices.SortFunc(axes, func(i, j int) int { return step(i) - step(j) })
	reach := 0
	for _, i := range axes {
		if step(i) <= reach {
			var idx [MaxRank]int
			seen := map[int]bool{}
			for at := w.offset; len(seen) < w.s.Size(); at = w.next(&idx, at) {
				if seen[at] {
					return true
				}
				seen[at] = true
			}
			return false
		}
		reach += step(i) * (w.s.Dim(i) - 1)
	}
	return false
}

// next returns the place after at, in row-major order, and advances the index.
func (w *walk) next(idx *[MaxRank]int, at int) int {
	for i := w.s.Rank() - 1; i >= 0; i-- {
		at += w.stride[i]
		if idx[i]++; idx[i] < w.s.Dim(i) {
			break
		}
		at -= w.stride[i] * idx[i]
		idx[i] = 0
	}
	return at
}

// View reads x, in row-major order, at offset + Σ i·stride for each index i of
// shape s: none outside x, the caller has checked. Windows may overlap; the
// gradient adds up what is read more than once.
func View(x *Node, s Shape, stride []int, offset int) *Node {
	w := walk{s: s, offset: offset}
	copy(w.stride[:], stride)
	return Apply(view{w}, x)
}

type view struct{ walk }

func (o view) Name() string                 { return Title(o.Describe()) }
func (o view) Describe() Call               { return o.describe("view", o.s) }
func (view) Locality() Locality             { return Moves }
func (o view) Shape([]Shape) (Shape, error) { return o.s, nil }
func (o view) Lower(b *Builder, in []Value) Value {
	return b.Strided(in[0], o.s, o.stride[:o.s.Rank()], o.offset)
}
func (o view) Grad(y, dy *Node) []*Node {
	return []*Node{Apply(place{o.walk, y.in[0].shape}, dy)}
}

// place is the gradient of view: zeros of shape to, to which it is added.
type place struct {
	walk
	to Shape
}

func (o place) Name() string                 { return Title(o.Describe()) }
func (o place) Describe() Call               { return o.describe("place", o.to) }
func (place) Locality() Locality             { return Moves }
func (o place) Shape([]Shape) (Shape, error) { return o.to, nil }
func (o place) Grad(_, dy *Node) []*Node     { return []*Node{Apply(view{o.walk}, dy)} }
func (o place) Lower(b *Builder, in []Value) Value {
	if !o.overlaps() {
		return b.Place(o.to, in, [][]int{o.stride[:o.s.Rank()]}, []int{o.offset})
	}
	dims, stride := o.s.Dims(), o.stride[:o.s.Rank()]
	for len(dims) < 2 {
		dims, stride = append([]int{1}, dims...), append([]int{0}, stride...)
	}
	return b.Loop(lower.Loop{Name: "place", Key: o,
		F32: func(dst []float32, src [][]float32) { clear(dst); addRows(dims, stride, dst, src[0], o.offset) },
		F64: func(dst []float64, src [][]float64) { clear(dst); addRows(dims, stride, dst, src[0], o.offset) },
	}, o.to, in...)
}

// addRows adds src, in its order, to the places of dst that two or more axes lead to,
// and returns what is left of it.
func addRows[T kernel.Float](dims, stride []int, dst, src []T, at int) []T {
	if len(dims) > 2 {
		for i := range dims[0] {
			src = addRows(dims[1:], stride[1:], dst, src, at+i*stride[0])
		}
		return src
	}
	n, step := dims[1], stride[1]
	for range dims[0] {
		row := src[:n]
		if step == 1 {
			to := dst[at:][:n]
			for i, v := range row {
				to[i] += v
			}
		} else {
			for i, v := range row {
				dst[at+i*step] += v
			}
		}
		src, at = src[n:], at+stride[0]
	}
	return src
}

// Concat joins arrays along an axis; the other axes agree. It panics if there is
// no array.
func Concat(axis int, xs ...*Node) *Node { return Apply(concat{axis}, xs...) }

type concat struct{ axis int }

func (o concat) Name() string   { return Title(o.Describe()) }
func (o concat) Describe() Call { return CallOf("concat", "axis", o.axis) }

func (o concat) Shape(in []Shape) (Shape, error) {
	if o.axis < 0 || o.axis >= in[0].Rank() {
		return Shape{}, fmt.Errorf("axis %d of %v", o.axis, in[0])
	}
	joined := in[0].Dims()
	for _, s := range in[1:] {
		if s.Rank() != in[0].Rank() {
			return Shape{}, o.mismatch(in[0], s)
		}
		for i, n := range s.Dims() {
			switch {
			case i == o.axis:
				joined[i] += n
			case n != joined[i]:
				return Shape{}, o.mismatch(in[0], s)
			}
		}
	}
	return lower.ShapeOf(joined)
}

func (o concat) mismatch(a, b Shape) error {
	return fmt.Errorf("cannot join %v and %v along axis %d", a, b, o.axis)
}

// pieces returns the stride that all pieces share, and where each starts.
func (o concat) pieces(out Shape, in []Shape) (stride, offset []int) {
	stride = make([]int, out.Rank())
	n := 1
	for i := out.Rank() - 1; i >= 0; i-- {
		stride[i] = n
		n *= out.Dim(i)
	}
	at := 0
	for _, s := range in {
		offset = append(offset, at*stride[o.axis])
		at += s.Dim(o.axis)
	}
	return stride, offset
}

func (o concat) Grad(y, dy *Node) []*Node {
	in := make([]Shape, len(y.in))
	for i, x := range y.in {
		in[i] = x.shape
	}
	stride, offset := o.pieces(y.shape, in)
	out := make([]*Node, len(in))
	for i, s := range in {
		out[i] = View(dy, s, stride, offset[i])
	}
	return out
}

func (concat) Locality() Locality { return Moves }

func (o concat) Lower(b *Builder, in []Value) Value {
	shapes := make([]Shape, len(in))
	for i, x := range in {
		shapes[i] = b.Shape(x)
	}
	out, err := o.Shape(shapes)
	if err != nil {
		panic(err)
	}
	stride, offset := o.pieces(out, shapes)
	return b.Place(out, in, slices.Repeat([][]int{stride}, len(in)), offset)
}
