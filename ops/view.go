package ops

import (
	"errors"
	"fmt"
	"math"

	"descent/graph"
)

// Reads and writes of elements by their places, of which the derivatives of
// slices, windows and choices are made.

var errWalk = errors.New("lengths and strides of the same axes, and an offset, stay within the array")

// View reads x, as one row of elements, at offset + Σ i·strides for each index i
// of the given lengths. Windows may overlap.
func View(x *node, lengths, strides []int, offset int) *node {
	if x.Err() != nil {
		return x
	}
	s, err := resolve(-1, lengths)
	if err != nil || !within(x.Shape().Size(), s, strides, offset) {
		return graph.Bad(errors.Join(err, errWalk), "view", x)
	}
	return graph.View(x, s, strides, offset)
}

// Place is the gradient of [View]: zeros of the given lengths, as one row of
// elements, to which x is added at offset + Σ i·strides for each of its indices i.
func Place(x *node, lengths, strides []int, offset int) *node {
	if x.Err() != nil {
		return x
	}
	to, err := resolve(-1, lengths)
	if err != nil || !within(to.Size(), x.Shape(), strides, offset) {
		return graph.Bad(errors.Join(err, errWalk), "place", x)
	}
	v := graph.View(x.Graph().Const(0, lengths...), x.Shape(), strides, offset)
	return v.Op().Grad(v, x)[0]
}

// within says whether a strided walk stays in an array of some size.
func within(size int, s graph.Shape, strides []int, offset int) bool {
	if len(strides) != s.Rank() || offset < 0 {
		return false
	}
	if s.Size() == 0 {
		return true
	}
	low, high := offset, offset
	for i, stride := range strides {
		if stride > math.MaxInt32 || stride < -math.MaxInt32 {
			return false
		}
		if span := (s.Dim(i) - 1) * stride; span < 0 {
			low += span
		} else {
			high += span
		}
		if low < 0 || high >= size {
			return false
		}
	}
	return low >= 0 && high < size
}

// Scatter is the gradient of [Take], or of [Gather] if along is set: zeros of the
// given lengths to which each element of x is added where index says. It adds up
// in the order of the indices.
func Scatter(x, index *node, axis int, along bool, lengths ...int) *node {
	if err := graph.Mistakes(x, index); err != nil {
		return graph.Bad(err, "scatter", x, index)
	}
	to, err := resolve(-1, lengths)
	if err == nil {
		axis, err = to.Axis(axis)
	}
	if err != nil {
		return graph.Bad(err, "scatter", x, index)
	}
	o := gather{axis, along}
	if from, err := o.Shape([]graph.Shape{to, index.Shape()}); err != nil || from != x.Shape() {
		return graph.Bad(fmt.Errorf("%v does not fit indices of shape %v into %v", x.Shape(), index.Shape(), to), "scatter", x, index)
	}
	graph.LimitIndex(index, to.Dim(axis), nil)
	return graph.Apply(scatter{o, to}, x, index)
}

// Size returns the number of elements of x, or that along some axes.
func Size(x *node, axes ...int) *node {
	if x.Err() != nil {
		return x
	}
	ax, err := axesOf(x.Shape(), axes)
	if err != nil {
		return graph.Bad(err, "size", x)
	}
	n := 1
	for _, a := range ax {
		n *= x.Shape().Dim(a)
	}
	return constant(x, float64(n))
}
