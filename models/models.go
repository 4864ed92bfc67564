// Package models declares parameters and composes ops. A layer is a function
// from node to node that infers the size of its input, so ops.ReLU is one; a
// model is a layer. Applied to a sibling graph, a model finds its parameters
// by name: the same code builds the training and the evaluation graph.
package models

import (
	"math"
	"math/rand/v2"

	"descent/graph"
	"descent/ops"
)

type node = graph.Node

// A Layer makes a node of its input, a batch of rows.
type Layer = func(x *node) *node

// Sequential applies layers in order.
func Sequential(layers ...Layer) Layer {
	return func(x *node) *node {
		for _, l := range layers {
			x = l(x)
		}
		return x
	}
}

// DenseOptions say how a dense layer differs from Dense(units).
type DenseOptions struct {
	Units  int
	Name   string     // prefix of its parameters; dense, dense2, … if empty
	Weight graph.Init // of w, inputs×units; Glorot if nil
	Bias   graph.Init // of b; zeros if nil
	NoBias bool
}

// Dense returns the layer x·w + b, for x of shape n×inputs, with w inputs×units
// and b of units elements.
func Dense(units int) Layer { return DenseWith(DenseOptions{Units: units}) }

// DenseWith returns a dense layer with options.
func DenseWith(o DenseOptions) Layer {
	return func(x *node) *node {
		if x.Err() != nil {
			return x
		}
		if x.Shape().Rank() != 2 || o.Units < 1 {
			return graph.Bad(errDense{x.Shape(), o.Units}, "dense", x)
		}
		g, name := x.Graph(), o.Name
		if name == "" {
			name = g.Unique("dense")
		}
		weight, bias := o.Weight, o.Bias
		if weight == nil {
			weight = Glorot
		}
		if bias == nil {
			bias = graph.Zeros
		}
		y := ops.MatMul(x, g.Param(name+".w", weight, x.Shape().Dim(1), o.Units))
		if o.NoBias {
			return y
		}
		return ops.Add(y, g.Param(name+".b", bias, o.Units))
	}
}

// MLP returns a multilayer perceptron: dense layers of the given sizes with an
// activation between them; the last size is that of the output.
func MLP(act Layer, sizes ...int) Layer {
	return func(x *node) *node {
		for i, n := range sizes {
			if i > 0 {
				x = act(x)
			}
			x = Dense(n)(x)
		}
		return x
	}
}

// Glorot is the uniform initialiser with limit √(6/(inputs+outputs)), for
// symmetric activations. Glorot, Bengio 2010.
func Glorot(rng *rand.Rand, s graph.Shape, dst []float64) {
	in, out := fans(s)
	uniform(rng, math.Sqrt(6/float64(in+out)), dst)
}

// fans returns the numbers of inputs and outputs of a weight of shape s.
func fans(s graph.Shape) (in, out int) {
	switch s.Rank() {
	case 0:
		return 1, 1
	case 1:
		return s.Dim(0), s.Dim(0)
	}
	out = s.Dim(s.Rank() - 1)
	return s.Size() / max(out, 1), out
}

func uniform(rng *rand.Rand, limit float64, dst []float64) {
	for i := range dst {
		dst[i] = limit * (2*rng.Float64() - 1)
	}
}
