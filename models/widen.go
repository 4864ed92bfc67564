package models

import (
	"fmt"
	"slices"

	"descent/graph"
	"descent/ops"
	"descent/ops/shape"
)

// Layers that make larger pictures, or pictures of another shape.

// TransposeOptions say how a transposed convolution differs from
// ConvTranspose(filters, stride, kernel).
type TransposeOptions struct {
	shape.TransposeOptions       // stride, padding, output padding, dilation, groups
	Filters                int   // channels of its output
	Kernel                 []int // lengths of the kernel; one number is for all axes
	Name                   string
	Weight                 graph.Init // He if nil
	Bias                   graph.Init // zeros if nil
	NoBias                 bool
}

// ConvTranspose returns the layer that widens images × channels × lengths, by a stride
// for all axes, with kernels w, channels × filters × lengths, and adds b to each channel.
func ConvTranspose(filters, stride int, kernel ...int) Layer {
	return ConvTransposeWith(TransposeOptions{Filters: filters, Kernel: kernel, TransposeOptions: shape.TransposeOptions{Stride: []int{stride}}})
}

// ConvTransposeWith returns a transposed convolution with options.
func ConvTransposeWith(o TransposeOptions) Layer {
	id := new(graph.Identity)
	return func(x *node) *node {
		if bad := pictured(x, "conv_transpose"); bad != nil {
			return bad
		}
		channels, axes, groups := x.Shape().Dim(1), x.Shape().Rank()-2, max(o.Groups, 1)
		kernel, err := kernelOf(o.Kernel, x, axes)
		switch {
		case err != nil:
		case o.Filters < 1:
			err = fmt.Errorf("%d filters; a layer has at least one", o.Filters)
		case channels%groups != 0 || channels == 0 || o.Filters%groups != 0:
			err = fmt.Errorf("%d channels and %d filters do not divide into %d groups", channels, o.Filters, groups)
		}
		if err != nil {
			return graph.Bad(err, "conv_transpose", x)
		}
		s := x.Graph().Scope(id, "convtranspose", o.Name)
		w := s.Param("w", or(o.Weight, He), append([]int{channels, o.Filters / groups}, kernel...)...)
		y := shape.ConvTranspose(x, w, o.TransposeOptions)
		if !o.NoBias {
			y = ops.Add(y, perChannel(s.Param("b", or(o.Bias, graph.Zeros), o.Filters), axes))
		}
		return x.Graph().Mark("ConvTranspose", s.Name, y)
	}
}

// kernelOf returns the lengths of a kernel along each axis of x.
func kernelOf(kernel []int, x *node, axes int) ([]int, error) {
	if len(kernel) == 1 {
		kernel = slices.Repeat(kernel, axes)
	}
	if len(kernel) != axes || slices.Min(kernel) < 1 {
		return nil, fmt.Errorf("a kernel of %v; %v has %d axes to walk along", kernel, x.Shape(), axes)
	}
	return kernel, nil
}

// Upsample returns the layer that gives pictures other lengths.
func Upsample(o shape.UpsampleOptions) Layer {
	return widened("upsample", "Upsample", func(x *node) *node { return shape.Upsample(x, o) })
}

// PixelShuffle returns the layer that makes squares of r × r pixels of each r² channels.
func PixelShuffle(r int) Layer {
	return widened("pixelshuffle", "PixelShuffle", func(x *node) *node { return shape.PixelShuffle(x, r) })
}

// Pad returns the layer that puts a frame around pictures: pad is a function such as
// [shape.PadReflect], and ends are one number for all sides, or two for each of the last
// axes, the last one first.
func Pad(pad func(x *node, ends ...int) *node, ends ...int) Layer {
	return widened("pad", "Pad", func(x *node) *node {
		if len(ends) == 1 {
			return pad(x, slices.Repeat(ends, 2*(x.Shape().Rank()-2))...)
		}
		return pad(x, ends...)
	})
}

// widened is a layer of pictures without parameters.
func widened(name, kind string, f Layer) Layer {
	return named(name, kind, func(x *node) *node {
		if bad := pictured(x, name); bad != nil {
			return bad
		}
		return f(x)
	})
}
