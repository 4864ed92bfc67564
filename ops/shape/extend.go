package shape

import (
	"fmt"
	"math"

	"descent/graph"
	"descent/graph/lower"
)

// Frames made of what they surround, and rolls: each is a few stretches of elements
// along an axis, side by side.

// An Edge says what is beyond the ends of an axis.
type Edge string

// The edges.
const (
	Reflect   Edge = "reflect"   // mirrored at the last element: 3 2 | 1 2 3 | 2 1
	Replicate Edge = "replicate" // the last element, again and again: 1 1 | 1 2 3 | 3
	Circular  Edge = "circular"  // from the other end on: 2 3 | 1 2 3 | 1 2
)

// PadReflect returns x with what is next to each end, mirrored at its last element. ends
// are as for [Pad], and below the length of their axis.
func PadReflect(x *node, ends ...int) *node { return extended("pad_reflect", x, Reflect, ends) }

// PadReplicate returns x with its first and last elements repeated. ends are as for
// [Pad].
func PadReplicate(x *node, ends ...int) *node { return extended("pad_replicate", x, Replicate, ends) }

// PadCircular returns x with what follows when it is repeated. ends are as for [Pad],
// and at most the length of their axis.
func PadCircular(x *node, ends ...int) *node { return extended("pad_circular", x, Circular, ends) }

// extended is x with edges along each axis, the last one first, and without what
// negative numbers take away.
func extended(what string, x *node, edge Edge, ends []int) *node {
	before, after, err := framed(x, ends)
	if err != nil {
		return graph.Bad(err, what, x)
	}
	y := x
	for axis := len(before) - 1; axis >= 0; axis-- {
		if b, a := max(before[axis], 0), max(after[axis], 0); a+b > 0 {
			o := extend{axis: axis, from: x.Shape().Dim(axis), before: b, after: a, edge: edge}
			if err := o.check(); err != nil {
				return graph.Bad(err, what, x)
			}
			y = graph.Apply(o, y)
		}
	}
	return cropped(y, before, after)
}

// Extend returns x with so many elements before and after along one axis.
func Extend(x *node, axis, before, after int, edge Edge) *node {
	return extend{axis: axis, before: before, after: after, edge: edge}.of(x)
}

// extend is that, of an axis of a length; back, its gradient.
type extend struct {
	axis, from, before, after int
	edge                      Edge
	back                      bool
}

// of applies the operation to x.
func (o extend) of(x *node) *node {
	if x.Err() != nil {
		return x
	}
	var err error
	if o.axis, err = x.Shape().Axis(o.axis); err == nil {
		if o.from = x.Shape().Dim(o.axis); o.back {
			o.from -= o.before + o.after
		}
		err = o.check()
	}
	if err != nil {
		return graph.Bad(err, "extend", x)
	}
	return graph.Apply(o, x)
}

func (o extend) check() error {
	least, most := min(o.before, o.after), max(o.before, o.after)
	switch {
	case o.edge != Reflect && o.edge != Replicate && o.edge != Circular:
		return fmt.Errorf("edge %q; there are reflect, replicate, circular", o.edge)
	case least < 0 || o.from < 0 || o.from+o.before+o.after > math.MaxInt32:
		return fmt.Errorf("%d and %d elements beside %d", o.before, o.after, o.from)
	case o.edge == Reflect && most > max(0, o.from-1):
		return fmt.Errorf("%d and %d mirrored elements of %d along axis %d; fewer than there are can be", o.before, o.after, o.from, o.axis)
	case o.edge == Replicate && most > 0 && o.from == 0:
		return fmt.Errorf("no element to repeat along axis %d", o.axis)
	case o.edge == Circular && most > o.from:
		return fmt.Errorf("%d and %d elements from the other end of %d along axis %d", o.before, o.after, o.from, o.axis)
	}
	return nil
}

func (o extend) Name() string           { return graph.Title(o.Describe()) }
func (extend) Locality() graph.Locality { return graph.Moves }

func (o extend) Describe() graph.Call {
	set := []any{"axis", o.axis, "before", o.before, "after", o.after, "edge", string(o.edge)}
	if o.back {
		set = append(set, "back", true)
	}
	return graph.CallOf("extend", set...)
}

func (o extend) Shape(in []graph.Shape) (graph.Shape, error) {
	d := in[0].Dims()
	if d[o.axis] = o.from; !o.back {
		d[o.axis] += o.before + o.after
	}
	return lower.ShapeOf(d)
}

func (o extend) Grad(_, dy *node) []*node {
	o.back = !o.back
	return []*node{graph.Apply(o, dy)}
}

// runs are the stretches that the result is made of; the middle one is the operand.
func (o extend) runs() []run {
	switch n := o.from; o.edge {
	case Reflect:
		return []run{{o.before, -1, o.before}, {0, 1, n}, {n - 2, -1, o.after}}
	case Replicate:
		return []run{{0, 0, o.before}, {0, 1, n}, {n - 1, 0, o.after}}
	default:
		return []run{{n - o.before, 1, o.before}, {0, 1, n}, {0, 1, o.after}}
	}
}

func (o extend) Lower(b *builder, in []value) value {
	s := b.Shape(in[0])
	to, _ := o.Shape([]graph.Shape{s})
	m := mover{runs: o.runs(), from: o.from, to: o.from + o.before + o.after, inner: strides(s.Dims())[o.axis]}
	if !o.back {
		return m.lower(b, "extend", o, to, in[0])
	}
	rows := to.Size() / max(1, m.from*m.inner)
	return b.Kernel(lower.Kernel{Name: "extend", Key: o, Rows: rows, Work: m.to * m.inner / 2,
		F32: func(dst, src [][]float32, lo, hi int) { addRuns(m, dst[0], src[0], lo, hi) },
		F64: func(dst, src [][]float64, lo, hi int) { addRuns(m, dst[0], src[0], lo, hi) },
	}, []graph.Shape{to}, in[0])[0]
}

// Roll returns x moved on by so many places along each of some axes, what leaves at one
// end coming in at the other. Without axes there is one shift, of the elements as one
// row.
func Roll(x *node, shifts []int, axes ...int) *node {
	if x.Err() != nil {
		return x
	}
	if len(axes) == 0 && len(shifts) == 1 {
		return graph.Reshape(Roll(graph.Reshape(x, graph.Dims(x.Shape().Size())), shifts, 0), x.Shape())
	}
	if len(shifts) != len(axes) {
		return graph.Bad(fmt.Errorf("%d shifts for %d axes", len(shifts), len(axes)), "roll", x)
	}
	y := x
	for i, a := range axes {
		axis, err := x.Shape().Axis(a)
		if err != nil {
			return graph.Bad(err, "roll", x)
		}
		y = graph.Apply(roll{axis, shifts[i]}, y)
	}
	return y
}

// roll is that along one axis.
type roll struct{ axis, shift int }

func (o roll) Name() string           { return graph.Title(o.Describe()) }
func (roll) Locality() graph.Locality { return graph.Moves }
func (o roll) Describe() graph.Call {
	return graph.CallOf("roll", "shifts", []int{o.shift}, "axis", []int{o.axis})
}
func (o roll) Shape(in []graph.Shape) (graph.Shape, error) { return in[0], nil }
func (o roll) Grad(_, dy *node) []*node                    { return []*node{graph.Apply(roll{o.axis, -o.shift}, dy)} }

func (o roll) Lower(b *builder, in []value) value {
	s := b.Shape(in[0])
	n := s.Dim(o.axis)
	first := 0 // what comes first
	if n > 0 {
		first = ((-o.shift)%n + n) % n
	}
	m := mover{runs: []run{{first, 1, n - first}, {0, 1, first}}, from: n, to: n, inner: strides(s.Dims())[o.axis]}
	return m.lower(b, "roll", o, s, in[0])
}

// A run is so many elements along an axis, from one on, each a step from the one before
// it: 1, -1 or 0.
type run struct{ from, step, n int }

// A mover makes an axis of other elements, of those of an operand, which have inner
// neighbours each.
type mover struct {
	runs            []run
	from, to, inner int
}

func (m mover) lower(b *builder, name string, key any, to graph.Shape, x value) value {
	rows := to.Size() / max(1, m.to*m.inner)
	return b.Kernel(lower.Kernel{Name: name, Key: key, Rows: rows, Work: m.to * m.inner / 4,
		F32: func(dst, src [][]float32, lo, hi int) { copyRuns(m, dst[0], src[0], lo, hi) },
		F64: func(dst, src [][]float64, lo, hi int) { copyRuns(m, dst[0], src[0], lo, hi) },
	}, []graph.Shape{to}, x)[0]
}

// copyRuns makes the rows lo to hi of dst.
func copyRuns[T float32 | float64](m mover, dst, src []T, lo, hi int) {
	for o := lo; o < hi; o++ {
		x, y := src[o*m.from*m.inner:][:m.from*m.inner], dst[o*m.to*m.inner:][:m.to*m.inner]
		for _, r := range m.runs {
			if r.step == 1 {
				y = y[copy(y[:r.n*m.inner], x[r.from*m.inner:]):]
				continue
			}
			for k := range r.n {
				y = y[copy(y[:m.inner], x[(r.from+k*r.step)*m.inner:]):]
			}
		}
	}
}

// addRuns makes the rows lo to hi of dst, of three runs: the middle one is all of it, and
// the others are added to it.
func addRuns[T float32 | float64](m mover, dst, src []T, lo, hi int) {
	for o := lo; o < hi; o++ {
		x, y := dst[o*m.from*m.inner:][:m.from*m.inner], src[o*m.to*m.inner:][:m.to*m.inner]
		copy(x, y[m.runs[0].n*m.inner:])
		for i, r := range m.runs {
			if i == 1 {
				y = y[r.n*m.inner:]
				continue
			}
			for k := range r.n {
				to := x[(r.from+k*r.step)*m.inner:][:m.inner]
				for j, v := range y[:m.inner] {
					to[j] += v
				}
				y = y[m.inner:]
			}
		}
	}
}
