package ops

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"descent/graph"
)

// Operations that only move elements.

// Reshape returns the elements of x, in row-major order, under another shape of
// the same size. One length may be -1: it is what remains.
func Reshape(x *node, lengths ...int) *node {
	if x.Err() != nil {
		return x
	}
	s, err := resolve(x.Shape().Size(), lengths)
	if err != nil {
		return graph.Bad(err, "reshape", x)
	}
	return graph.Reshape(x, s)
}

func resolve(size int, lengths []int) (graph.Shape, error) {
	d, rest, at := slices.Clone(lengths), 1, -1
	for i, n := range d {
		switch {
		case n == -1 && at < 0 && size >= 0:
			at = i
		case n < 0 || n > math.MaxInt32:
			return graph.Shape{}, fmt.Errorf("%d is not a length", n)
		default:
			rest *= n
		}
	}
	if at >= 0 {
		if rest == 0 || size%rest != 0 {
			return graph.Shape{}, fmt.Errorf("%d elements do not divide into %v", size, lengths)
		}
		d[at] = size / rest
	}
	return dims(d)
}

// ExpandDims returns x with an axis of length 1 put before axis; -1 puts it
// last.
func ExpandDims(x *node, axis int) *node {
	if x.Err() != nil {
		return x
	}
	d := x.Shape().Dims()
	k := axis
	if k < 0 {
		k += len(d) + 1
	}
	if k < 0 || k > len(d) {
		return graph.Bad(fmt.Errorf("axis %d of an array of %d axes", axis, len(d)+1), "expand_dims", x)
	}
	return Reshape(x, slices.Insert(d, k, 1)...)
}

// Squeeze returns x without some axes of length 1, or without all of them.
func Squeeze(x *node, axes ...int) *node {
	if x.Err() != nil {
		return x
	}
	s := x.Shape()
	if len(axes) == 0 {
		return Reshape(x, slices.DeleteFunc(s.Dims(), func(n int) bool { return n == 1 })...)
	}
	ax, err := axesOf(s, axes)
	if err != nil {
		return graph.Bad(err, "squeeze", x)
	}
	for _, a := range ax {
		if s.Dim(a) != 1 {
			return graph.Bad(fmt.Errorf("axis %d of %v is not of length 1", a, s), "squeeze", x)
		}
	}
	return graph.Reshape(x, dropped(s, ax))
}

// Broadcast stretches x to a shape, by NumPy's rule.
func Broadcast(x *node, lengths ...int) *node {
	s, err := resolve(-1, lengths)
	if err != nil {
		return graph.Bad(err, "broadcast", x)
	}
	return graph.BroadcastTo(x, s)
}

// Transpose returns x with its axes in another order: axis i of the result is
// axis order[i] of x. Without an order, the axes are reversed.
func Transpose(x *node, order ...int) *node {
	if x.Err() != nil {
		return x
	}
	s := x.Shape()
	if len(order) == 0 {
		for i := range s.Rank() {
			order = append(order, s.Rank()-1-i)
		}
	}
	if len(order) != s.Rank() {
		return graph.Bad(fmt.Errorf("an order of %d axes for %v", len(order), s), "transpose", x)
	}
	from := strides(s)
	to, stride, seen := make([]int, s.Rank()), make([]int, s.Rank()), make([]bool, s.Rank())
	for i, a := range order {
		k, err := s.Axis(a)
		if err == nil && seen[k] {
			err = fmt.Errorf("axis %d twice", a)
		}
		if err != nil {
			return graph.Bad(err, "transpose", x)
		}
		seen[k] = true
		to[i], stride[i] = s.Dim(k), from[k]
	}
	if slices.Equal(to, s.Dims()) && slices.Equal(stride, from) {
		return x
	}
	return graph.View(x, graph.Dims(to...), stride, 0)
}

// strides returns the distance of neighbours along each axis of a dense array.
func strides(s graph.Shape) []int {
	out, n := make([]int, s.Rank()), 1
	for i := s.Rank() - 1; i >= 0; i-- {
		out[i] = n
		n *= s.Dim(i)
	}
	return out
}

// End as the stop of a [Slice] is the end of the axis in the direction of the
// step.
const End = math.MaxInt

// Slice returns the elements start, start+step, … before stop along an axis.
// Bounds count from the end when negative and must lie in the axis. With a
// negative step, stop is below start: Slice(x, 0, -1, End, -1) is reversed.
func Slice(x *node, axis, start, stop, step int) *node {
	if x.Err() != nil {
		return x
	}
	s := x.Shape()
	ax, err := s.Axis(axis)
	if err != nil {
		return graph.Bad(err, "slice", x)
	}
	first, count, err := bounds(s.Dim(ax), start, stop, step)
	if err != nil {
		return graph.Bad(fmt.Errorf("%w along axis %d of %v", err, axis, s), "slice", x)
	}
	to, stride := s.Dims(), strides(s)
	offset := first * stride[ax]
	to[ax] = count
	stride[ax] *= step
	return graph.View(x, graph.Dims(to...), stride, offset)
}

// bounds returns the first element and the number of elements of a slice of n.
func bounds(n, start, stop, step int) (first, count int, err error) {
	if step == 0 {
		return 0, 0, errors.New("step 0")
	}
	if start < 0 {
		start += n
	}
	switch {
	case stop == End && step > 0:
		stop = n
	case stop == End:
		stop = -1
	case stop < 0:
		stop += n
	}
	low, high := start, stop // of what is read: low ≤ element < high
	if step < 0 {
		low, high = stop+1, start+1
	}
	if low < 0 || high > n || low > high {
		return 0, 0, fmt.Errorf("no elements %d to %d", start, stop)
	}
	span, by := high-low, max(step, -step)
	return start, (span + by - 1) / by, nil
}

// Flip returns x with the order reversed along some axes, or along all.
func Flip(x *node, axes ...int) *node {
	if x.Err() != nil {
		return x
	}
	ax, err := axesOf(x.Shape(), axes)
	if err != nil {
		return graph.Bad(err, "flip", x)
	}
	for _, a := range ax {
		if x.Shape().Dim(a) > 0 {
			x = Slice(x, a, -1, End, -1)
		}
	}
	return x
}

// Concat joins arrays along an axis; the other axes agree.
func Concat(axis int, xs ...*node) *node {
	if len(xs) == 0 {
		panic("ops: Concat of nothing")
	}
	if xs[0].Err() != nil {
		return xs[0]
	}
	ax, err := xs[0].Shape().Axis(axis)
	if err != nil {
		return graph.Bad(err, "concat", xs...)
	}
	return graph.Concat(ax, xs...)
}

// Stack joins arrays of one shape along a new axis put before axis; -1 puts it
// last.
func Stack(axis int, xs ...*node) *node {
	if len(xs) == 0 {
		panic("ops: Stack of nothing")
	}
	for _, x := range xs {
		if x.Err() == nil && xs[0].Err() == nil && x.Shape() != xs[0].Shape() {
			return graph.Bad(fmt.Errorf("shapes %v and %v differ", xs[0].Shape(), x.Shape()), "stack", xs...)
		}
	}
	if r := xs[0].Shape().Rank() + 1; axis < 0 {
		axis += r
	}
	wide := make([]*node, len(xs))
	for i, x := range xs {
		wide[i] = ExpandDims(x, axis)
	}
	return Concat(axis, wide...)
}
