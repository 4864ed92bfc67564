package shape

import (
	"fmt"

	"descent/graph"
	"descent/graph/lower"
	"descent/ops"
)

// Frames of one value around an array, and triangles.

// Pad returns x with elements that are value around it. ends are as PyTorch has them:
// how many before and after along the last axis, then along the one before it, and so
// on. A negative number takes so many away.
func Pad(x *node, value float64, ends ...int) *node {
	before, after, err := framed(x, ends)
	if err != nil {
		return graph.Bad(err, "pad", x)
	}
	x = cropped(x, before, after)
	o := pad{value: value}
	for i, k := range ends {
		o.ends[i] = max(k, 0)
	}
	if o == (pad{value: value}) {
		return x
	}
	return graph.Apply(o, x)
}

// pad puts a frame around its operand, of numbers of elements from the last axis on.
type pad struct {
	ends  [2 * graph.MaxRank]int
	value float64
}

func (o pad) Name() string           { return graph.Title(o.Describe()) }
func (pad) Locality() graph.Locality { return graph.Moves }

func (o pad) Describe() graph.Call {
	ends := o.ends[:]
	for n := len(ends); ends[n-1] == 0 && ends[n-2] == 0; n = len(ends) {
		ends = ends[:n-2]
	}
	if o.value == 0 {
		return graph.CallOf("pad", "ends", ends)
	}
	return graph.CallOf("pad", "ends", ends, "value", o.value)
}

// at is how many elements are before and after along an axis of an array of rank n.
func (o *pad) at(axis, n int) (before, after int) {
	return o.ends[2*(n-1-axis)], o.ends[2*(n-1-axis)+1]
}

func (o pad) Shape(in []graph.Shape) (graph.Shape, error) {
	d := in[0].Dims()
	for i := range d {
		before, after := o.at(i, len(d))
		d[i] += before + after
	}
	return lower.ShapeOf(d)
}

// place is where the operand stands in a result of that shape.
func (o *pad) place(to graph.Shape) (stride []int, offset int) {
	stride = strides(to.Dims())
	for i, s := range stride {
		before, _ := o.at(i, len(stride))
		offset += before * s
	}
	return stride, offset
}

func (o pad) Grad(y, dy *node) []*node {
	stride, offset := o.place(y.Shape())
	return []*node{graph.View(dy, y.Arg(0).Shape(), stride, offset)}
}

func (o pad) Lower(b *builder, in []value) value {
	from := b.Shape(in[0])
	to, _ := o.Shape([]graph.Shape{from})
	stride, offset := o.place(to)
	xs, walks, offsets := []value{in[0]}, [][]int{stride}, []int{offset}
	if o.value != 0 {
		// What is beside the operand along an axis is as long as it along those before,
		// and as the result along those after.
		d, base := to.Dims(), 0
		beside := func(n, at, offset int) {
			d[at] = n
			xs, walks, offsets = append(xs, b.Full(o.value, graph.Dims(d...))), append(walks, stride), append(offsets, offset)
		}
		for i, n := range from.Dims() {
			before, after := o.at(i, len(d))
			if before > 0 {
				beside(before, i, base)
			}
			if base += before * stride[i]; after > 0 {
				beside(after, i, base+n*stride[i])
			}
			d[i] = n
		}
	}
	return b.Place(to, xs, walks, offsets)
}

// framed returns how many elements are put before and after each axis of x.
func framed(x *node, ends []int) (before, after []int, err error) {
	if x.Err() != nil {
		return nil, nil, x.Err()
	}
	s := x.Shape()
	if len(ends)%2 != 0 || len(ends) > 2*s.Rank() {
		return nil, nil, fmt.Errorf("ends %v: two numbers for the last axis of %v, then two for the one before it, and so on", ends, s)
	}
	before, after = make([]int, s.Rank()), make([]int, s.Rank())
	for i := 0; i < len(ends); i += 2 {
		axis := s.Rank() - 1 - i/2
		before[axis], after[axis] = ends[i], ends[i+1]
		if n := s.Dim(axis); n+min(ends[i], 0)+min(ends[i+1], 0) < 0 {
			return nil, nil, fmt.Errorf("%d and %d elements cannot be taken from %d along axis %d", -ends[i], -ends[i+1], n, axis)
		}
	}
	return before, after, nil
}

// cropped takes away what negative numbers say.
func cropped(x *node, before, after []int) *node {
	for i := range before {
		if b, a := max(-before[i], 0), max(-after[i], 0); a+b > 0 {
			x = ops.Slice(x, i, b, x.Shape().Dim(i)-a, 1)
		}
	}
	return x
}

// Tril returns x with zeros above a diagonal of its last two axes: the main one if
// diagonal is 0, one above it if it is 1, below if it is -1.
func Tril(x *node, diagonal int) *node {
	return triangle("tril", x, func(row, column *node) *node { return ops.LessEqual(column, ops.Shift(float64(diagonal), row)) })
}

// Triu returns x with zeros below a diagonal of its last two axes, as [Tril] counts.
func Triu(x *node, diagonal int) *node {
	return triangle("triu", x, func(row, column *node) *node { return ops.LessEqual(ops.Shift(float64(diagonal), row), column) })
}

// triangle is x where kept says, else 0.
func triangle(what string, x *node, kept func(row, column *node) *node) *node {
	if x.Err() != nil {
		return x
	}
	r := x.Shape().Rank()
	if r < 2 {
		return graph.Bad(fmt.Errorf("%v is not a matrix, nor many", x.Shape()), what, x)
	}
	rows, columns := x.Shape().Dim(r-2), x.Shape().Dim(r-1)
	if x.Shape().Size() == 0 {
		return x
	}
	g := x.Graph()
	mask := kept(g.Array(upTo(rows), rows, 1), g.Array(upTo(columns), columns))
	return ops.Where(mask, x, g.Const(0))
}

// upTo are the numbers from 0 to n-1.
func upTo(n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = float64(i)
	}
	return out
}
