package models

import (
	"fmt"

	"descent/graph"
	"descent/ops"
)

// normEps keeps the root of a variance away from 0, as in PyTorch.
const normEps = 1e-5

// LayerNorm returns the layer that gives each row mean 0 and variance 1, then
// scales and shifts each input by parameters. Ba, Kiros, Hinton 2016,
// https://arxiv.org/abs/1607.06450.
func LayerNorm() Layer {
	id := new(graph.Identity)
	return func(x *node) *node {
		s, bad := normScope(id, "layernorm", x)
		if bad != nil {
			return bad
		}
		mean, variance := moments(x, 1)
		return scaled("LayerNorm", s, x, mean, variance)
	}
}

// BatchNorm returns the layer that gives each input mean 0 and variance 1 over
// the batch, then scales and shifts it by parameters. In evaluation it uses
// running means, which move by momentum, usually 0.1, at each training step.
// Ioffe, Szegedy 2015, https://arxiv.org/abs/1502.03167.
func BatchNorm(momentum float64) Layer {
	id := new(graph.Identity)
	return func(x *node) *node {
		s, bad := normScope(id, "batchnorm", x)
		if bad != nil {
			return bad
		}
		g, n, width := x.Graph(), x.Shape().Dim(0), x.Shape().Dim(1)
		runMean, runVar := s.State("mean", graph.Zeros, width), s.State("var", graph.Fill(1), width)
		if !g.Training() {
			return scaled("BatchNorm", s, x, runMean, runVar)
		}
		mean, variance := moments(x, 0)
		toward := func(state, value *node) {
			value = ops.Reshape(value, width)
			g.Keep(state, ops.Add(ops.Scale(1-momentum, g.Current(state)), ops.Scale(momentum, value)))
		}
		toward(runMean, mean)
		if n > 1 { // one row says nothing about the variance
			toward(runVar, ops.Scale(float64(n)/float64(n-1), variance))
		}
		return scaled("BatchNorm", s, x, mean, variance)
	}
}

// normScope returns the scope of a normalisation of x, or the bad node that it
// is.
func normScope(id *graph.Identity, kind string, x *node) (s graph.Scope, bad *node) {
	if x.Err() != nil {
		return s, x
	}
	if x.Shape().Rank() != 2 {
		return s, graph.Bad(fmt.Errorf("the input is %v; it takes rows, n x inputs", x.Shape()), kind, x)
	}
	return x.Graph().Scope(id, kind, ""), nil
}

// moments returns the mean and the variance of x over an axis, which is kept.
func moments(x *node, axis int) (mean, variance *node) {
	mean = ops.Keep(ops.Mean(x, axis), x, axis)
	return mean, ops.Keep(ops.Mean(ops.Square(ops.Sub(x, mean)), axis), x, axis)
}

// scaled returns (x - mean)/√(variance + ε)·gain + shift.
func scaled(kind string, s graph.Scope, x, mean, variance *node) *node {
	width := x.Shape().Dim(1)
	y := ops.Div(ops.Sub(x, mean), ops.Sqrt(ops.Shift(normEps, variance)))
	gain, shift := s.Param("gain", graph.Fill(1), width), s.Param("shift", graph.Zeros, width)
	return x.Graph().Mark(kind, s.Name, ops.Add(ops.Mul(y, gain), shift))
}
