package models

import (
	"fmt"
	"slices"

	"descent/graph"
	"descent/ops"
)

// ConvOptions say how a convolutional layer differs from Conv(filters, kernel).
type ConvOptions struct {
	ops.ConvOptions       // stride, padding, dilation, groups
	Filters         int   // channels of its output
	Kernel          []int // lengths of the kernel; one number is for all axes
	Depthwise       bool  // convolve each channel alone: Filters of them for each, 1 if 0
	Name            string
	Weight          graph.Init // He if nil, since ReLUs follow
	Norm            WeightNorm // of weights; none if empty
	Bias            graph.Init // zeros if nil
	NoBias          bool
}

// Conv returns the layer that convolves images × channels × lengths with so many
// kernels w, filters × channels × lengths, and adds b to each channel; padding keeps
// lengths.
func Conv(filters int, kernel ...int) Layer {
	return ConvWith(ConvOptions{Filters: filters, Kernel: kernel, ConvOptions: ops.ConvOptions{Same: true}})
}

// ConvWith returns a convolutional layer with options.
func ConvWith(o ConvOptions) Layer {
	id := new(graph.Identity)
	return func(x *node) *node {
		if bad := pictured(x, "conv"); bad != nil {
			return bad
		}
		filters, channels, axes, groups := o.Filters, x.Shape().Dim(1), x.Shape().Rank()-2, max(o.Groups, 1)
		if o.Depthwise {
			groups, filters = channels, channels*max(o.Filters, 1)
		}
		kernel, err := kernelOf(o.Kernel, x, axes)
		switch {
		case err != nil:
			return graph.Bad(err, "conv", x)
		case filters < 1:
			return graph.Bad(fmt.Errorf("%d filters; a layer has at least one", filters), "conv", x)
		case channels%groups != 0 || channels == 0:
			return graph.Bad(fmt.Errorf("%d channels do not divide into %d groups", channels, groups), "conv", x)
		}
		s := x.Graph().Scope(id, "conv", o.Name)
		walk := o.ConvOptions
		walk.Groups = groups
		w := o.Norm.weights(s, or(o.Weight, He), 0, append([]int{filters, channels / groups}, kernel...)...)
		y := ops.Conv(x, w, walk)
		if !o.NoBias {
			y = ops.Add(y, perChannel(s.Param("b", or(o.Bias, graph.Zeros), filters), axes))
		}
		return x.Graph().Mark("Conv", s.Name, y)
	}
}

// pictured returns x if it is a mistake, or the mistake that it is not images ×
// channels × lengths.
func pictured(x *node, what string) *node {
	if x.Err() != nil {
		return x
	}
	if r := x.Shape().Rank(); r < 3 || r > 5 {
		return graph.Bad(fmt.Errorf("the input is %v; it takes pictures, n x channels x rows x columns, volumes, which have a depth before these, or sequences, n x channels x length", x.Shape()), what, x)
	}
	return nil
}

// perChannel gives a vector of a number for each channel its axes.
func perChannel(v *node, axes int) *node {
	if v.Err() != nil {
		return v
	}
	return ops.Reshape(v, append(v.Shape().Dims(), slices.Repeat([]int{1}, axes)...)...)
}

// Pool returns the layer of a pool over windows, such as [ops.MaxPool].
func Pool(pool func(*node, ops.PoolOptions) *node, o ops.PoolOptions) Layer {
	return named("pool", "Pool", func(x *node) *node { return pool(x, o) })
}

// GlobalPool returns the layer that makes one number of each channel by pool, such
// as [ops.GlobalAvgPool], and rows of them.
func GlobalPool(pool func(*node) *node) Layer {
	return named("globalpool", "GlobalPool", func(x *node) *node { return flat(pool(x)) })
}

// Flatten returns the layer that makes a row of each of a batch.
func Flatten() Layer { return named("flatten", "Flatten", flat) }

// flat makes rows of what has more axes.
func flat(x *node) *node {
	if x.Err() != nil || x.Shape().Rank() < 3 {
		return x
	}
	n := x.Shape().Dim(0)
	return ops.Reshape(x, n, x.Shape().Size()/max(n, 1))
}

// named is a layer without parameters.
func named(name, kind string, f Layer) Layer {
	return func(x *node) *node {
		y := f(x)
		if y.Err() != nil {
			return y
		}
		return x.Graph().Mark(kind, x.Graph().Unique(name), y)
	}
}

// Pictures returns the layer that gives rows of numbers the shape of pictures, rows ×
// columns of one channel or channels × rows × columns, of volumes, or of sequences of a
// length.
func Pictures(shape ...int) Layer {
	if len(shape) < 3 {
		shape = append([]int{1}, shape...)
	}
	return func(x *node) *node {
		if x.Err() != nil {
			return x
		}
		return ops.Reshape(x, append([]int{x.Shape().Dim(0)}, shape...)...)
	}
}

// Residual returns the layer x + f(x). Where f changes the shape, skip makes x fit;
// if it is nil, a convolution with kernels of one element does, of the stride that
// there has to be, and a batch norm; for rows, a dense layer.
// He, Zhang, Ren, Sun 2015, https://arxiv.org/abs/1512.03385.
func Residual(f, skip Layer) Layer {
	made := map[int]Layer{} // by the stride: they have parameters
	return func(x *node) *node {
		y := f(x)
		if y.Err() != nil {
			return y
		}
		short := x
		switch {
		case skip != nil:
			short = skip(x)
		case x.Shape() != y.Shape():
			stride, channels, err := between(x.Shape(), y.Shape())
			if err != nil {
				return graph.Bad(err, "residual", x, y)
			}
			if made[stride] == nil {
				made[stride] = projection(channels, stride)
			}
			short = made[stride](x)
		}
		if short.Err() == nil && short.Shape() != y.Shape() {
			return graph.Bad(fmt.Errorf("what is added is %v, and the layers make %v", short.Shape(), y.Shape()), "residual", x)
		}
		return named("residual", "Residual", func(x *node) *node { return ops.Add(y, short) })(x)
	}
}

// projection makes so many channels of x at every stride-th place; stride 0 is for
// rows.
func projection(channels, stride int) Layer {
	if stride == 0 {
		return DenseWith(DenseOptions{Units: channels, NoBias: true})
	}
	return Sequential(ConvWith(ConvOptions{Filters: channels, Kernel: []int{1}, NoBias: true, ConvOptions: ops.ConvOptions{Stride: []int{stride}}}), BatchNorm(0.1))
}

// between returns the stride of a projection of x to the shape of y, 0 for rows, and
// its channels.
func between(x, y graph.Shape) (stride, channels int, err error) {
	if x.Rank() == 2 && y.Rank() == 2 {
		return 0, y.Dim(1), nil
	}
	if x.Rank() == y.Rank() && x.Rank() > 2 && y.Size() > 0 {
		stride = (x.Dim(2) + y.Dim(2) - 1) / y.Dim(2)
		fits := true
		for i := 2; i < x.Rank(); i++ {
			fits = fits && (x.Dim(i)-1)/stride+1 == y.Dim(i)
		}
		if fits {
			return stride, y.Dim(1), nil
		}
	}
	return 0, 0, fmt.Errorf("%v cannot be added to %v, which its layers make: say with skip what makes it fit", x, y)
}

// Concat returns the layer that gives its input to each of some layers and joins what
// they make: the channels of pictures, the columns of rows.
func Concat(layers ...Layer) Layer {
	return func(x *node) *node {
		var all []*node
		for _, l := range layers {
			y := l(x)
			if y.Err() != nil {
				return y
			}
			all = append(all, y)
		}
		if len(all) == 0 {
			return x
		}
		return named("concat", "Concat", func(*node) *node { return ops.Concat(1, all...) })(x)
	}
}
