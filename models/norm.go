package models

import (
	"fmt"
	"strings"

	"descent/graph"
	"descent/ops"
)

// NormOptions say how a normalisation differs from the usual.
type NormOptions struct {
	Name string
	// Momentum is by how much the running statistics of a batch norm move towards
	// those of a batch; 0 makes them the mean of those of all batches.
	Momentum float64
	Eps      float64 // added to variances; 1e-5 if 0, as in PyTorch
	Groups   int     // of a group norm
	// Axes is how many of the last axes a layer norm or RMS norm is over; all but
	// the batch's if 0.
	Axes  int
	Plain bool // no gain and no shift
}

// LayerNorm returns the layer that gives each of a batch mean 0 and variance 1, then
// scales and shifts each of its numbers by parameters. Ba, Kiros, Hinton 2016,
// https://arxiv.org/abs/1607.06450.
func LayerNorm() Layer { return LayerNormWith(NormOptions{}) }

// LayerNormWith returns a layer norm with options.
func LayerNormWith(o NormOptions) Layer {
	return overLast("LayerNorm", o, o.standardized)
}

// RMSNorm returns the layer that gives each of a batch mean square 1, then scales
// each of its numbers by parameters. Zhang, Sennrich 2019,
// https://arxiv.org/abs/1910.07467.
func RMSNorm() Layer { return RMSNormWith(NormOptions{}) }

// RMSNormWith returns an RMS norm with options.
func RMSNormWith(o NormOptions) Layer {
	return overLast("RMSNorm", o, func(s graph.Scope, x *node, over []int, others int, shape ...int) *node {
		return o.affine(s, ops.RMSNorm(x, o.eps(), over...), false, others, shape...)
	})
}

// overLast is a normalisation over the last axes, with parameters of their shape.
func overLast(kind string, o NormOptions, norm func(s graph.Scope, x *node, over []int, others int, shape ...int) *node) Layer {
	id := new(graph.Identity)
	return func(x *node) *node {
		s, bad := normScope(id, kind, o, x)
		if bad != nil {
			return bad
		}
		d := x.Shape().Dims()
		n := o.Axes
		if n == 0 {
			n = len(d) - 1
		}
		if n < 0 || n >= len(d) {
			return graph.Bad(fmt.Errorf("%d axes of %v; the first is the batch's", n, x.Shape()), kind, x)
		}
		var over []int
		for i := range n {
			over = append(over, i-n)
		}
		return x.Graph().Mark(kind, s.Name, norm(s, x, over, 0, d[len(d)-n:]...))
	}
}

// GroupNorm returns the layer that gives each of so many groups of channels mean 0
// and variance 1 over the lengths, for each of a batch alone, then scales and shifts
// each channel by parameters. Wu, He 2018, https://arxiv.org/abs/1803.08494.
func GroupNorm(groups int) Layer { return GroupNormWith(NormOptions{Groups: groups}) }

// GroupNormWith returns a group norm with options.
func GroupNormWith(o NormOptions) Layer {
	id := new(graph.Identity)
	return func(x *node) *node {
		s, bad := normScope(id, "GroupNorm", o, x)
		if bad != nil {
			return bad
		}
		y := ops.GroupNorm(x, o.Groups, o.eps())
		return x.Graph().Mark("GroupNorm", s.Name, o.affine(s, y, true, x.Shape().Rank()-2, x.Shape().Dim(1)))
	}
}

// InstanceNormWith returns the layer that gives each channel of each picture mean 0 and
// variance 1, as a group norm of one channel each does. Ulyanov, Vedaldi, Lempitsky 2016,
// https://arxiv.org/abs/1607.08022.
func InstanceNormWith(o NormOptions) Layer {
	id := new(graph.Identity)
	return func(x *node) *node {
		if bad := pictured(x, "InstanceNorm"); bad != nil {
			return bad
		}
		s, bad := normScope(id, "InstanceNorm", o, x)
		if bad != nil {
			return bad
		}
		y := ops.InstanceNorm(x, o.eps())
		return x.Graph().Mark("InstanceNorm", s.Name, o.affine(s, y, true, x.Shape().Rank()-2, x.Shape().Dim(1)))
	}
}

// BatchNorm returns the layer that gives each channel, the second axis, mean 0 and
// variance 1 over the batch and all lengths, then scales and shifts it by parameters.
// In evaluation it uses running means, which move by momentum, usually 0.1, at each
// training step; the running variance is the unbiased one.
// Ioffe, Szegedy 2015, https://arxiv.org/abs/1502.03167.
func BatchNorm(momentum float64) Layer { return BatchNormWith(NormOptions{Momentum: momentum}) }

// BatchNormWith returns a batch norm with options.
func BatchNormWith(o NormOptions) Layer {
	id := new(graph.Identity)
	return func(x *node) *node {
		s, bad := normScope(id, "BatchNorm", o, x)
		if bad != nil {
			return bad
		}
		g, width, others := x.Graph(), x.Shape().Dim(1), x.Shape().Rank()-2
		over := []int{0}
		for i := range others {
			over = append(over, 2+i)
		}
		runMean, runVar := s.State("mean", graph.Zeros, width), s.State("var", graph.Fill(1), width)
		if g.Training() {
			o.follow(s, x, runMean, runVar, over)
			return g.Mark("BatchNorm", s.Name, o.standardized(s, x, over, others, width))
		}
		root := ops.Sqrt(ops.Shift(o.eps(), runVar))
		y := ops.Div(ops.Sub(x, perChannel(runMean, others)), perChannel(root, others))
		return g.Mark("BatchNorm", s.Name, o.affine(s, y, true, others, width))
	}
}

// follow moves the running statistics towards those of a batch.
func (o NormOptions) follow(s graph.Scope, x, runMean, runVar *node, over []int) {
	g := x.Graph()
	n := float64(x.Shape().Size()) / float64(max(1, x.Shape().Dim(1)))
	old, new := g.Const(1-o.Momentum), g.Const(o.Momentum)
	if o.Momentum == 0 {
		batches := g.Scalar(s.Name+".batches", 0)
		count := ops.Shift(1, g.Current(batches))
		g.Keep(batches, count)
		new = ops.Reciprocal(count)
		old = ops.Sub(g.Const(1), new)
	}
	toward := func(state, value *node) {
		g.Keep(state, ops.Add(ops.Mul(old, g.Current(state)), ops.Mul(new, value)))
	}
	toward(runMean, ops.Mean(x, over...))
	if n > 1 { // one number says nothing about the variance
		toward(runVar, ops.Scale(n/(n-1), ops.Variance(x, over...)))
	}
}

// normScope returns the scope of a normalisation of x, or the bad node that it
// is.
func normScope(id *graph.Identity, kind string, o NormOptions, x *node) (s graph.Scope, bad *node) {
	if x.Err() != nil {
		return s, x
	}
	if x.Shape().Rank() < 2 {
		return s, graph.Bad(fmt.Errorf("the input is %v; it takes a batch, of rows, n x inputs, or of what has more axes", x.Shape()), kind, x)
	}
	return x.Graph().Scope(id, strings.ToLower(kind), o.Name), nil
}

func (o NormOptions) eps() float64 {
	if o.Eps == 0 {
		return 1e-5
	}
	return o.Eps
}

// standardized is x with mean 0 and variance 1 over some axes, scaled and shifted as
// by affine.
func (o NormOptions) standardized(s graph.Scope, x *node, over []int, others int, shape ...int) *node {
	if o.Plain {
		return ops.Standardize(x, o.eps(), over...)
	}
	gain, shift := s.Param("gain", graph.Fill(1), shape...), s.Param("shift", graph.Zeros, shape...)
	return ops.Normalize(x, perChannel(gain, others), perChannel(shift, others), o.eps(), over...)
}

// affine scales y, and shifts it, by parameters of the given shape, which others
// axes of length 1 follow.
func (o NormOptions) affine(s graph.Scope, y *node, shifts bool, others int, shape ...int) *node {
	if o.Plain || y.Err() != nil {
		return y
	}
	y = ops.Mul(y, perChannel(s.Param("gain", graph.Fill(1), shape...), others))
	if shifts {
		y = ops.Add(y, perChannel(s.Param("shift", graph.Zeros, shape...), others))
	}
	return y
}
