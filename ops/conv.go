package ops

import (
	"errors"
	"fmt"
	"slices"

	"descent/graph"
	"descent/graph/lower"
)

// ConvOptions say how a convolution walks. A list has a number for each spatial
// axis, or one for all of them.
type ConvOptions struct {
	Stride []int // from place to place; 1 if nil
	// Padding is zeros around x: as many at both ends of an axis or, in a list
	// twice as long, those before all axes and then those after; 0 if nil.
	Padding []int
	// Same pads with dilation·(kernel-1) zeros in all, the odd one after, so that
	// a stride of 1 keeps lengths. Padding is not looked at then.
	Same     bool
	Dilation []int // from element to element of the kernel; 1 if nil
	// Groups divides the channels of x and those of the result: group by group,
	// they are convolved alone; 0 is 1. With as many as channels it is depthwise.
	Groups int
}

// Conv returns the convolution of x with the kernel w, in one, two or three dimensions:
//
//	y[n,o,p] = Σ w[o,c,k]·x[n,c,stride·p + dilation·k - padding]
//
// which is the cross-correlation, as in other libraries. x is images × channels ×
// lengths, w is channels of y × channels of a group of x × lengths, as in PyTorch
// and gorgonia. y has ⌊(length + padding - dilation·(kernel-1) - 1)/stride⌋ + 1
// places along an axis, padding being that of both ends.
func Conv(x, w *node, o ConvOptions) *node {
	if isVolume(x) && w.Err() == nil {
		return convolveVolume(lower.ConvForward, "conv", x, w, x.Shape().Dims(), w.Shape().Dims(), o)
	}
	return convolve("conv", x, w, func() (conv, error) { return newConv(x.Shape(), w.Shape(), o) })
}

// ConvInput returns the gradient of [Conv] by x, whose spatial lengths are given:
// what is called a transposed convolution of dy with w.
func ConvInput(dy, w *node, o ConvOptions, lengths ...int) *node {
	if isVolume(dy) && isVolume(w) {
		x := slices.Concat([]int{dy.Shape().Dim(0), w.Shape().Dim(1) * max(o.Groups, 1)}, lengths)
		return convolveVolume(lower.ConvInput, "conv_input", dy, w, x, w.Shape().Dims(), o)
	}
	return convolve("conv_input", dy, w, func() (conv, error) {
		d, k := dy.Shape().Dims(), w.Shape().Dims()
		if len(d) != len(lengths)+2 || len(k) != len(d) {
			return conv{}, errFit
		}
		x, err := resolve(-1, slices.Concat([]int{d[0], k[1] * max(o.Groups, 1)}, lengths))
		if err != nil {
			return conv{}, err
		}
		c, err := newConv(x, w.Shape(), o)
		c.Mode = lower.ConvInput
		return c, err
	})
}

// ConvWeights returns the gradient of [Conv] by w, whose spatial lengths are given.
func ConvWeights(x, dy *node, o ConvOptions, lengths ...int) *node {
	if isVolume(x) && isVolume(dy) {
		w := slices.Concat([]int{dy.Shape().Dim(1), x.Shape().Dim(1) / max(o.Groups, 1)}, lengths)
		return convolveVolume(lower.ConvWeights, "conv_weights", x, dy, x.Shape().Dims(), w, o)
	}
	return convolve("conv_weights", x, dy, func() (conv, error) {
		d, k := x.Shape().Dims(), dy.Shape().Dims()
		if len(d) != len(lengths)+2 || len(k) != len(d) {
			return conv{}, errFit
		}
		w, err := resolve(-1, slices.Concat([]int{k[1], d[1] / max(o.Groups, 1)}, lengths))
		if err != nil {
			return conv{}, err
		}
		c, err := newConv(x.Shape(), w, o)
		c.Mode = lower.ConvWeights
		return c, err
	})
}

// convolve applies a convolution, or its gradient, to two of x, w and dy.
func convolve(what string, a, b *node, of func() (conv, error)) *node {
	err := graph.Mistakes(a, b)
	var c conv
	if err == nil {
		c, err = of()
	}
	if err != nil {
		return graph.Bad(err, what, a, b)
	}
	return graph.Apply(c, a, b)
}

// conv is one of the products that make a convolution, of arrays of known sizes.
type conv struct {
	lower.Convolution
	axes int // spatial ones
}

// newConv returns the convolution of x with w.
func newConv(x, w graph.Shape, o ConvOptions) (c conv, err error) {
	if err := pictures(x); err != nil {
		return c, err
	}
	if err := channelsFit(x, w, o.Groups); err != nil {
		return c, err
	}
	walks, err := o.walks(x.Dims()[2:], w.Dims()[2:])
	if err != nil {
		return c, err
	}
	c.axes = len(walks)
	c.Batch, c.In, c.Out, c.Groups = x.Dim(0), x.Dim(1), w.Dim(0), max(o.Groups, 1)
	c.Rows, c.Columns = rowsAndColumns(walks)
	return c, nil
}

// channelsFit checks that the kernel w is for the channels of x, in groups.
func channelsFit(x, w graph.Shape, groups int) error {
	n := max(groups, 1)
	switch {
	case w.Rank() != x.Rank():
		return fmt.Errorf("the kernel %v has not as many axes as %v", w, x)
	case groups < 0 || x.Dim(1)%n != 0 || w.Dim(0)%n != 0:
		return fmt.Errorf("%d channels and %d of the result do not divide into %d groups", x.Dim(1), w.Dim(0), groups)
	case w.Dim(1) != x.Dim(1)/n:
		return fmt.Errorf("the kernel %v is for %d channels, and %v has %d", w, w.Dim(1)*n, x, x.Dim(1))
	}
	return nil
}

// walks returns the walk along each axis.
func (o *ConvOptions) walks(x, kernel []int) ([]lower.Window, error) {
	n := len(x)
	ends := o.Padding
	if len(ends) != 2*n {
		each, err := lower.PerAxis("padding", ends, n, 0, 0)
		if err != nil {
			return nil, err
		}
		ends = slices.Concat(each, each)
	}
	_, e1 := lower.PerAxis("padding", ends, 2*n, 0, 0)
	stride, e2 := lower.PerAxis("stride", o.Stride, n, 1, 1)
	dilation, e3 := lower.PerAxis("dilation", o.Dilation, n, 1, 1)
	if err := errors.Join(e1, e2, e3); err != nil {
		return nil, err
	}
	out := make([]lower.Window, n)
	for i := range out {
		w := lower.Window{In: x[i], Kernel: kernel[i], Stride: stride[i], Dilation: dilation[i], Before: ends[i]}
		padding := ends[i] + ends[n+i]
		if o.Same {
			padding = w.Dilation * (w.Kernel - 1)
			w.Before = padding / 2
		}
		var err error
		if w.Out, err = places(w, padding); err != nil {
			return nil, err
		}
		out[i] = w
	}
	return out, nil
}

// shapes are those of x, w and y.
func (o conv) shapes() (x, w, y graph.Shape) {
	walks := spatial(o.Rows, o.Columns, o.axes)
	shape := func(a, b int, f func(w lower.Window) int) graph.Shape {
		return graph.Dims(append([]int{a, b}, of(walks, f)...)...)
	}
	return shape(o.Batch, o.In, func(w lower.Window) int { return w.In }),
		shape(o.Out, o.In/o.Groups, func(w lower.Window) int { return w.Kernel }),
		shape(o.Batch, o.Out, func(w lower.Window) int { return w.Out })
}

func (o conv) Name() string { return graph.Title(o.Describe()) }

func (o conv) Describe() call {
	walks := spatial(o.Rows, o.Columns, o.axes)
	var set []any
	add := func(name string, by int, f func(w lower.Window) int) {
		if list := of(walks, f); slices.Max(list) != by || slices.Min(list) != by {
			set = append(set, name, list)
		}
	}
	add("stride", 1, func(w lower.Window) int { return w.Stride })
	before := of(walks, func(w lower.Window) int { return w.Before })
	if all := slices.Concat(before, of(walks, after)); slices.Max(all) > 0 {
		set = append(set, "padding", all)
	}
	add("dilation", 1, func(w lower.Window) int { return w.Dilation })
	if o.Groups > 1 {
		set = append(set, "groups", o.Groups)
	}
	switch o.Mode {
	case lower.ConvInput:
		return graph.CallOf("conv_input", append([]any{"lengths", of(walks, func(w lower.Window) int { return w.In })}, set...)...)
	case lower.ConvWeights:
		return graph.CallOf("conv_weights", append([]any{"lengths", of(walks, func(w lower.Window) int { return w.Kernel })}, set...)...)
	}
	return graph.CallOf("conv", set...)
}

func (o conv) Shape(in []graph.Shape) (graph.Shape, error) {
	x, w, y := o.shapes()
	made, want := y, [2]graph.Shape{x, w}
	switch o.Mode {
	case lower.ConvInput:
		made, want[0] = x, y
	case lower.ConvWeights:
		made, want[1] = w, y
	}
	if in[0] != want[0] || in[1] != want[1] {
		return made, fmt.Errorf("of %v and %v it takes %v and %v", in[0], in[1], want[0], want[1])
	}
	return made, nil
}

// Grad: each product is linear in both operands, and its gradients are the other
// two.
func (o conv) Grad(z, dz *node) []*node {
	a, b := z.Arg(0), z.Arg(1)
	switch o.Mode {
	case lower.ConvInput: // of dy and w
		return []*node{o.as(lower.ConvForward, dz, b), o.as(lower.ConvWeights, dz, a)}
	case lower.ConvWeights: // of x and dy
		return []*node{o.as(lower.ConvInput, b, dz), o.as(lower.ConvForward, a, dz)}
	}
	return []*node{o.as(lower.ConvInput, dz, b), o.as(lower.ConvWeights, a, dz)}
}

// as is another of the three products.
func (o conv) as(mode lower.ConvMode, a, b *node) *node {
	o.Mode = mode
	return graph.Apply(o, a, b)
}

func (o conv) Lower(b *builder, in []value) value {
	wide := b.Conv(o.Convolution, widened(b, in[0]), widened(b, in[1]))
	made, _ := o.Shape([]graph.Shape{b.Shape(in[0]), b.Shape(in[1])})
	return b.Reshape(wide, made)
}
