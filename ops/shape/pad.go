package shape

import (
	"fmt"

	"descent/graph"
	"descent/ops"
)

// Frames around an array, rolls and triangles.

// Pad returns x with elements that are value around it. ends are as PyTorch has them:
// how many before and after along the last axis, then along the one before it, and so
// on. A negative number takes so many away.
func Pad(x *node, value float64, ends ...int) *node {
	before, after, err := framed(x, ends)
	if err != nil {
		return graph.Bad(err, "pad", x)
	}
	x = cropped(x, before, after)
	from := x.Shape().Dims()
	to, offset, grown := x.Shape().Dims(), 0, false
	for i := range to {
		to[i] += max(before[i], 0) + max(after[i], 0)
		grown = grown || to[i] > from[i]
	}
	if !grown {
		return x
	}
	stride := strides(to)
	for i := range to {
		offset += max(before[i], 0) * stride[i]
	}
	place := func(x *node) *node { return ops.Place(x, to, stride, offset) }
	if value == 0 {
		return place(x)
	}
	return ops.Where(place(x.Graph().Const(1, from...)), place(x), x.Graph().Const(value))
}

// PadReflect returns x with what is next to each end, mirrored at its last element:
// 3 2 | 1 2 3 | 2 1. ends are as for [Pad], and below the length of their axis.
func PadReflect(x *node, ends ...int) *node {
	return extended(x, "pad_reflect", ends, func(x *node, axis, n, before, after int) (left, right *node, err error) {
		if before >= n || after >= n {
			return nil, nil, fmt.Errorf("%d and %d mirrored elements of %d along axis %d; fewer than there are can be", before, after, n, axis)
		}
		return ops.Flip(ops.Slice(x, axis, 1, before+1, 1), axis), ops.Flip(ops.Slice(x, axis, n-1-after, n-1, 1), axis), nil
	})
}

// PadReplicate returns x with its first and last elements repeated: 1 1 | 1 2 3 | 3 3.
// ends are as for [Pad].
func PadReplicate(x *node, ends ...int) *node {
	return extended(x, "pad_replicate", ends, func(x *node, axis, n, before, after int) (left, right *node, err error) {
		if n == 0 && before+after > 0 {
			return nil, nil, fmt.Errorf("no element to repeat along axis %d of %v", axis, x.Shape())
		}
		repeat := func(at, times int) *node {
			d := x.Shape().Dims()
			d[axis] = times
			return ops.Broadcast(ops.Slice(x, axis, at, at+1, 1), d...)
		}
		return repeat(0, before), repeat(n-1, after), nil
	})
}

// PadCircular returns x with what follows when it is repeated: 2 3 | 1 2 3 | 1 2. ends
// are as for [Pad], and at most the length of their axis.
func PadCircular(x *node, ends ...int) *node {
	return extended(x, "pad_circular", ends, func(x *node, axis, n, before, after int) (left, right *node, err error) {
		if before > n || after > n {
			return nil, nil, fmt.Errorf("%d and %d elements from the other end of %d along axis %d", before, after, n, axis)
		}
		return ops.Slice(x, axis, n-before, n, 1), ops.Slice(x, axis, 0, after, 1), nil
	})
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

// extended is x with what edges makes of each end of each axis, the last axis first,
// and without what negative numbers take away.
func extended(x *node, what string, ends []int, edges func(x *node, axis, n, before, after int) (left, right *node, err error)) *node {
	before, after, err := framed(x, ends)
	if err != nil {
		return graph.Bad(err, what, x)
	}
	y := x
	for i := range before {
		axis := len(before) - 1 - i
		b, a := max(before[axis], 0), max(after[axis], 0)
		if a+b == 0 {
			continue
		}
		left, right, err := edges(y, axis, y.Shape().Dim(axis), b, a)
		if err != nil {
			return graph.Bad(err, what, x)
		}
		y = beside(axis, left, y, right)
	}
	return cropped(y, before, after)
}

// beside joins what is not empty along an axis.
func beside(axis int, parts ...*node) *node {
	var some []*node
	for _, p := range parts {
		if p.Err() != nil || p.Shape().Dim(axis) > 0 {
			some = append(some, p)
		}
	}
	if len(some) == 0 {
		return parts[0]
	}
	return ops.Concat(axis, some...)
}

// Roll returns x moved on by so many places along each of some axes, what leaves at one
// end coming in at the other. Without axes there is one shift, of the elements as one
// row.
func Roll(x *node, shifts []int, axes ...int) *node {
	if x.Err() != nil {
		return x
	}
	if len(axes) == 0 && len(shifts) == 1 {
		return ops.Reshape(Roll(ops.Reshape(x, -1), shifts, 0), x.Shape().Dims()...)
	}
	if len(shifts) != len(axes) {
		return graph.Bad(fmt.Errorf("%d shifts for %d axes", len(shifts), len(axes)), "roll", x)
	}
	y := x
	for i, a := range axes {
		axis, err := axisOf(x.Shape(), a)
		if err != nil {
			return graph.Bad(err, "roll", x)
		}
		n := x.Shape().Dim(axis)
		if n == 0 {
			continue
		}
		at := (n - shifts[i]%n) % n // what is first
		y = beside(axis, ops.Slice(y, axis, at, n, 1), ops.Slice(y, axis, 0, at, 1))
	}
	return y
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
