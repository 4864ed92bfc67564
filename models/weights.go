package models

import (
	"math"
	"math/rand/v2"
	"slices"

	"descent/graph"
	"descent/ops"
)

// A WeightNorm says how the weights of a layer are made of its parameters.
type WeightNorm string

// The norms of weights; without one, weights are a parameter.
const (
	// ByLength is a direction v for each output, and how long its weights g are:
	// w = g·v/‖v‖. Salimans, Kingma 2016, https://arxiv.org/abs/1602.07868.
	ByLength WeightNorm = "weight"
	// Spectral divides weights by their largest singular value, which a step of
	// the power method a batch follows. Miyato and others 2018,
	// https://arxiv.org/abs/1802.05957.
	Spectral WeightNorm = "spectral"
)

// weights are those of a layer, whose outputs are along an axis.
func (n WeightNorm) weights(s graph.Scope, init graph.Init, out int, dims ...int) *node {
	switch n {
	case ByLength:
		v := s.Param("v", init, dims...)
		wide := slices.Repeat([]int{1}, len(dims))
		wide[out] = dims[out]
		g := s.Param("g", lengthsLike(init, out, dims), wide...)
		return ops.WeightNorm(v, g, out)
	case Spectral:
		return spectral(s, init, out, dims)
	default:
		return s.Param("w", init, dims...)
	}
}

// lengthsLike draws weights, of which each output's length is taken: its direction is
// drawn by itself.
func lengthsLike(init graph.Init, out int, dims []int) graph.Init {
	return func(rng *rand.Rand, _ graph.Shape, dst []float64) {
		shape := graph.Dims(dims...)
		drawn := make([]float64, shape.Size())
		init(rng, shape, drawn)
		inner := graph.Dims(dims[out+1:]...).Size()
		squares := make([]float64, len(dst))
		for i, x := range drawn {
			squares[i/inner%dims[out]] += float64(x * x)
		}
		for i, x := range squares {
			dst[i] = math.Sqrt(x)
		}
	}
}

// spectral are weights over their largest singular value σ = uᵀ·w·v, w having a row for
// each output. In training u and v, which are constants to derivatives, take a step
// towards its vectors first.
func spectral(s graph.Scope, init graph.Init, out int, dims []int) *node {
	w := s.Param("orig", init, dims...)
	if w.Err() != nil {
		return w
	}
	g, outputs := w.Graph(), dims[out]
	order := []int{out}
	for i := range dims {
		if i != out {
			order = append(order, i)
		}
	}
	rows := ops.Reshape(ops.Transpose(w, order...), outputs, -1)
	u := s.State("u", ofLength1, outputs)
	v := s.State("v", ofLength1, graph.Dims(dims...).Size()/outputs)
	if g.Training() {
		still := ops.StopGradient(rows)
		nextV := ops.Unit(ops.MatMul(g.Current(u), still), 2, 1e-12)
		nextU := ops.Unit(ops.MatMul(still, nextV), 2, 1e-12)
		g.Keep(u, nextU)
		g.Keep(v, nextV)
		u, v = nextU, nextV
	}
	return ops.Div(w, ops.Dot(u, ops.MatMul(rows, v)))
}

// ofLength1 draws a vector of length 1.
func ofLength1(rng *rand.Rand, s graph.Shape, dst []float64) {
	normal(rng, 1, dst)
	sum := 0.0
	for _, x := range dst {
		sum += float64(x * x)
	}
	for i := range dst {
		dst[i] /= math.Sqrt(sum)
	}
}
