package ops

import (
	"fmt"
	"math"

	"descent/graph"
)

// Arrays over their lengths: vectors, channels, weights.

// Unit returns x/max(‖x‖, eps) over some axes, or over all, ‖x‖ being the p-norm
// (Σ|x|^p)^(1/p), for p = ∞ the largest |x|.
func Unit(x *node, p, eps float64, axes ...int) *node {
	if x.Err() != nil {
		return x
	}
	if !(p > 0 && eps >= 0) {
		return graph.Bad(fmt.Errorf("p=%v, eps=%v; a power is above 0, and the least length not below", p, eps), "unit", x)
	}
	var length *node
	switch {
	case p == 1:
		length = Norm1(x, axes...)
	case p == 2:
		length = Norm(x, axes...)
	case math.IsInf(p, 1):
		length = NormInf(x, axes...)
	default:
		length = Pow(Sum(Pow(Abs(x), constant(x, p)), axes...), constant(x, 1/p))
	}
	return Div(x, Max(Keep(length, x, axes...), constant(x, eps)))
}

// WeightNorm returns g·v/‖v‖, the length being over all axes but one, of which each
// element has its g: an array of that length there, and 1 elsewhere. Salimans, Kingma
// 2016, https://arxiv.org/abs/1602.07868.
func WeightNorm(v, g *node, axis int) *node {
	if err := graph.Mistakes(v, g); err != nil {
		return graph.Bad(err, "weight_norm", v, g)
	}
	s := v.Shape()
	ax, err := s.Axis(axis)
	if err != nil {
		return graph.Bad(err, "weight_norm", v, g)
	}
	var others []int
	wide := make([]int, s.Rank())
	for i := range wide {
		if wide[i] = 1; i == ax {
			wide[i] = s.Dim(i)
		} else {
			others = append(others, i)
		}
	}
	if g.Shape() != graph.Dims(wide...) {
		return graph.Bad(fmt.Errorf("lengths %v for axis %d of %v, not %v", g.Shape(), axis, s, graph.Dims(wide...)), "weight_norm", v, g)
	}
	length := Abs(v) // of one number
	if others != nil {
		length = Keep(Norm(v, others...), v, others...)
	}
	return Mul(v, Div(g, length))
}

// InstanceNorm returns x, images × channels × lengths, with mean 0 and variance 1 for
// each channel of each image: x - mean over √(variance + eps). Ulyanov, Vedaldi,
// Lempitsky 2016, https://arxiv.org/abs/1607.08022.
func InstanceNorm(x *node, eps float64) *node {
	if x.Err() != nil {
		return x
	}
	if x.Shape().Rank() < 2 {
		return graph.Bad(fmt.Errorf("%v has no channels, its second axis", x.Shape()), "instance_norm", x)
	}
	return GroupNorm(x, max(1, x.Shape().Dim(1)), eps)
}

// LocalResponseNorm returns x/(k + alpha·m)^beta, m being the mean of the squares of so
// many channels, the second axis, around each, with zeros beyond the ends; of an even
// number one more is before it. Krizhevsky, Sutskever, Hinton 2012.
func LocalResponseNorm(x *node, channels int, alpha, beta, k float64) *node {
	if x.Err() != nil {
		return x
	}
	s := x.Shape()
	if s.Rank() < 2 || channels < 1 || channels > math.MaxInt32 {
		return graph.Bad(fmt.Errorf("means over %d channels of %v, whose second axis they are", channels, s), "local_response_norm", x)
	}
	if s.Size() == 0 {
		return x
	}
	n, image := s.Dim(0), s.Size()/(s.Dim(0)*s.Dim(1))
	before, after := channels/2, (channels-1)/2
	square := Reshape(Square(x), n, 1, s.Dim(1), image)
	frame := func(length int) *node { return x.Graph().Const(0, n, 1, length, image) }
	padded := Concat(2, frame(before), square, frame(after))
	mean := AvgPool(padded, PoolOptions{Kernel: []int{channels, 1}, Stride: []int{1}})
	return Div(x, Pow(Shift(k, Scale(alpha, graph.Reshape(mean, s))), constant(x, beta)))
}
