// Package models declares parameters and composes ops. A layer is a function
// from node to node that infers the size of its input, so ops.ReLU is one; a
// model is a layer. A layer owns its parameters: applied twice, in one graph or
// in graphs that share a store, it uses the same ones, so an encoder can be
// shared and weights can be tied, and the training and the evaluation graph are
// built by the same model.
package models

import (
	"errors"
	"fmt"

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

// Freeze applies layers in order, of which training changes nothing: no rule moves their
// parameters or makes them decay, running statistics stay, and dropout does nothing, as
// in evaluation ([graph.Graph.Freeze]). Gradients go through it to what is before it.
func Freeze(layers ...Layer) Layer {
	inner := Sequential(layers...)
	return func(x *node) *node { return x.Graph().Freeze(func() *node { return inner(x) }) }
}

// DenseOptions say how a dense layer differs from Dense(units).
type DenseOptions struct {
	Units  int
	Name   string     // prefix of its parameters; dense, dense2, … if empty
	Weight graph.Init // of w, inputs×units; Glorot if nil
	Norm   WeightNorm // of w; none if empty
	Bias   graph.Init // of b; zeros if nil
	NoBias bool
	Steps  bool // each step of sequences, batch × time × inputs, is a row by itself
}

// Dense returns the layer x·w + b, for x of shape n×inputs, with w inputs×units
// and b of units elements. What has more axes, such as pictures, is made rows first.
func Dense(units int) Layer { return DenseWith(DenseOptions{Units: units}) }

// DenseWith returns a dense layer with options.
func DenseWith(o DenseOptions) Layer {
	id := new(graph.Identity)
	return func(x *node) *node {
		switch {
		case x.Err() != nil:
			return x
		case o.Units < 1:
			return graph.Bad(fmt.Errorf("%d units; a layer has at least one", o.Units), "dense", x)
		case x.Shape().Rank() < 2:
			return graph.Bad(fmt.Errorf("the input is %v; a dense layer takes rows, n x inputs", x.Shape()), "dense", x)
		}
		lead := x.Shape().Dims()[:x.Shape().Rank()-1]
		if o.Steps {
			x = stepRows(x)
		} else {
			x = flat(x)
		}
		s := x.Graph().Scope(id, "dense", o.Name)
		y := ops.MatMul(x, o.Norm.weights(s, or(o.Weight, Glorot), 1, x.Shape().Dim(1), o.Units))
		if !o.NoBias {
			y = ops.Add(y, s.Param("b", or(o.Bias, graph.Zeros), o.Units))
		}
		if o.Steps {
			y = ops.Reshape(y, append(lead, o.Units)...)
		}
		return x.Graph().Mark("Dense", s.Name, y)
	}
}

func or(init, otherwise graph.Init) graph.Init {
	if init == nil {
		return otherwise
	}
	return init
}

// MLP returns a multilayer perceptron: dense layers of the given sizes with an
// activation between them; the last size is that of the output.
func MLP(act Layer, sizes ...int) Layer {
	if act == nil {
		return func(x *node) *node { return graph.Bad(errors.New("no activation; ops.ReLU is one"), "mlp", x) }
	}
	var layers []Layer
	for i, n := range sizes {
		if i > 0 {
			layers = append(layers, act)
		}
		layers = append(layers, Dense(n))
	}
	return Sequential(layers...)
}

// Linear returns the linear model of one number, x·w + b, which with the
// squared error is linear regression. Its weights start at 0: the problem is
// convex, and so is a good place to start.
func Linear() Layer { return linear(1) }

// Logistic returns the model of logistic regression: the logit of the second
// of two classes, for a binary cross-entropy with logits.
func Logistic() Layer { return linear(1) }

// Softmax returns the model of softmax regression: a logit for each class, for
// a cross-entropy.
func Softmax(classes int) Layer { return linear(classes) }

func linear(outputs int) Layer {
	return DenseWith(DenseOptions{Units: outputs, Weight: graph.Zeros})
}
