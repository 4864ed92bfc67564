package shape

import (
	"errors"
	"fmt"
	"slices"

	"descent/graph"
	"descent/graph/lower"
	"descent/ops"
)

// Windows as columns, and transposed convolutions.

// WindowOptions say how a window walks. A list has a number for each spatial axis, or
// one for all of them.
type WindowOptions struct {
	Kernel   []int // lengths of the window
	Stride   []int // from place to place; 1 if nil
	Padding  []int // zeros at both ends; 0 if nil
	Dilation []int // from element to element of the window; 1 if nil
}

// walk is a window along one axis of so many elements.
type walk struct{ in, kernel, stride, padding, dilation, out int }

// walks returns the window along each axis.
func (o *WindowOptions) walks(lengths []int) ([]walk, error) {
	n := len(lengths)
	kernel, e1 := lower.PerAxis("kernel", o.Kernel, n, 0, 1)
	stride, e2 := lower.PerAxis("stride", o.Stride, n, 1, 1)
	padding, e3 := lower.PerAxis("padding", o.Padding, n, 0, 0)
	dilation, e4 := lower.PerAxis("dilation", o.Dilation, n, 1, 1)
	if err := errors.Join(e1, e2, e3, e4); err != nil {
		return nil, err
	}
	all := make([]walk, n)
	for i, d := range lengths {
		w := walk{in: d, kernel: kernel[i], stride: stride[i], padding: padding[i], dilation: dilation[i]}
		span := w.dilation*(w.kernel-1) + 1
		if span > d+2*w.padding {
			return nil, fmt.Errorf("a window of %d elements does not fit in a length of %d with %d of padding", span, d, 2*w.padding)
		}
		w.out = (d+2*w.padding-span)/w.stride + 1
		all[i] = w
	}
	return all, nil
}

// Unfold returns the windows of x, images × channels × one to three lengths, as
// columns: images × channels·(elements of a window) × places.
func Unfold(x *node, o WindowOptions) *node {
	if x.Err() != nil {
		return x
	}
	lengths, err := spatial(x.Shape())
	var walks []walk
	if err == nil {
		walks, err = o.walks(lengths)
	}
	if err != nil {
		return graph.Bad(err, "unfold", x)
	}
	wide := Pad(x, 0, zeros(walks)...)
	to, stride := windowed(wide.Shape().Dims(), walks)
	columns, places := x.Shape().Dim(1), 1
	for _, w := range walks {
		columns, places = columns*w.kernel, places*w.out
	}
	return ops.Reshape(ops.View(wide, to, stride, 0), x.Shape().Dim(0), columns, places)
}

// Fold returns an array of these lengths to whose windows the columns of x are added:
// the gradient of [Unfold].
func Fold(x *node, o WindowOptions, lengths ...int) *node {
	if x.Err() != nil {
		return x
	}
	s, n := x.Shape(), len(lengths)
	if s.Rank() != 3 || n < 1 || n > 3 {
		return graph.Bad(fmt.Errorf("%v is not images x columns x places, of one to three lengths; there are %d", s, n), "fold", x)
	}
	walks, err := o.walks(lengths)
	elements, places := 1, 1
	for _, w := range walks {
		elements, places = elements*w.kernel, places*w.out
	}
	if err == nil && (s.Dim(1)%elements != 0 || s.Dim(2) != places) {
		err = fmt.Errorf("windows of %d elements at %d places are not what %v has", elements, places, s)
	}
	if err != nil {
		return graph.Bad(err, "fold", x)
	}
	wide := []int{s.Dim(0), s.Dim(1) / elements}
	for _, w := range walks {
		wide = append(wide, w.in+2*w.padding)
	}
	from, stride := windowed(wide, walks)
	y := ops.Place(ops.Reshape(x, from...), wide, stride, 0)
	ends := zeros(walks)
	for i := range ends {
		ends[i] = -ends[i]
	}
	return Pad(y, 0, ends...)
}

// zeros is how much padding there is, as [Pad] takes it.
func zeros(walks []walk) (ends []int) {
	for _, w := range slices.Backward(walks) {
		ends = append(ends, w.padding, w.padding)
	}
	return ends
}

// windowed is the view of windows of an array: images, channels, elements of a window,
// places.
func windowed(dims []int, walks []walk) (to, stride []int) {
	dense := strides(dims)
	to, stride = slices.Clone(dims[:2]), slices.Clone(dense[:2])
	for i, w := range walks {
		to, stride = append(to, w.kernel), append(stride, w.dilation*dense[2+i])
	}
	for i, w := range walks {
		to, stride = append(to, w.out), append(stride, w.stride*dense[2+i])
	}
	return to, stride
}
