package graph

import (
	"fmt"
	"slices"
)

// Moving elements without computing: strided reads and writes. All transposes,
// slices and diagonals are views; joining arrays is the one write of several.

// walk is where a strided read or write goes, as a comparable value.
type walk struct {
	s      Shape
	stride [MaxRank]int
	offset int
}

// Walk says how a node moves elements, if it was made by [View] or is the
// gradient of one: it reads its input, or writes it into zeros if placed, at
// offset + Σ i·stride for each index i of shape s.
func (n *Node) Walk() (s Shape, stride []int, offset int, placed, ok bool) {
	var w walk
	switch o := n.op.(type) {
	case view:
		w = o.walk
	case place:
		w, placed = o.walk, true
	default:
		return s, nil, 0, false, false
	}
	return w.s, slices.Clone(w.stride[:w.s.Rank()]), w.offset, placed, true
}

// View reads x, in row-major order, at offset + Σ i·stride for each index i of
// shape s. No element may be read twice, and none outside x: the caller has
// checked. what is its name in listings.
func View(x *Node, what string, s Shape, stride []int, offset int) *Node {
	w := walk{s: s, offset: offset}
	copy(w.stride[:], stride)
	return Apply(view{what, w}, x)
}

type view struct {
	what string
	walk
}

func (o view) Name() string                 { return o.what }
func (view) Locality() Locality             { return Moves }
func (o view) Shape([]Shape) (Shape, error) { return o.s, nil }
func (o view) Lower(b *Builder, in []Value) Value {
	return b.Strided(in[0], o.s, o.stride[:o.s.Rank()], o.offset)
}
func (o view) Grad(y, dy *Node) []*Node {
	return []*Node{Apply(place{o.what, o.walk, y.in[0].shape}, dy)}
}

// place is the gradient of view: zeros of shape to, into which it is written.
type place struct {
	what string
	walk
	to Shape
}

func (o place) Name() string                 { return "place " + o.what }
func (place) Locality() Locality             { return Moves }
func (o place) Shape([]Shape) (Shape, error) { return o.to, nil }
func (o place) Grad(_, dy *Node) []*Node     { return []*Node{Apply(view{o.what, o.walk}, dy)} }
func (o place) Lower(b *Builder, in []Value) Value {
	return b.Place(o.to, in, [][]int{o.stride[:o.s.Rank()]}, []int{o.offset})
}

// Concat joins arrays along an axis; the other axes agree. It panics if there is
// no array.
func Concat(axis int, xs ...*Node) *Node { return Apply(concat{axis}, xs...) }

type concat struct{ axis int }

func (o concat) Name() string { return fmt.Sprintf("concat[%d]", o.axis) }

func (o concat) Shape(in []Shape) (Shape, error) {
	out := in[0]
	if o.axis < 0 || o.axis >= out.Rank() {
		return Shape{}, fmt.Errorf("axis %d of %v", o.axis, out)
	}
	for _, s := range in[1:] {
		a, b := s, in[0]
		a.dim[o.axis], b.dim[o.axis] = 0, 0
		if a != b {
			return Shape{}, fmt.Errorf("cannot join %v and %v along axis %d", in[0], s, o.axis)
		}
		out.dim[o.axis] += s.dim[o.axis]
	}
	return out, nil
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
		out[i] = View(dy, "slice", s, stride, offset[i])
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
