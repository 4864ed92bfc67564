package models

import (
	"fmt"

	"descent/graph"
	"descent/ops"
)

// TransformerOptions say how a block of a transformer differs from
// Transformer(heads).
type TransformerOptions struct {
	Heads    int
	Hidden   int   // units between its two dense layers; 4 times the features if 0
	Causal   bool  // a step sees itself and those before it
	Rotary   bool  // see [AttentionOptions]
	PostNorm bool  // norms come after the sums, as in the paper, and not before the layers
	Act      Layer // between the dense layers; ops.GELU if nil
	Dropout  float64
	Norm     NormOptions
}

// Transformer returns a block of a transformer: an attention and two dense layers for
// each step, each added to what it was given,
//
//	x ← x + attention(norm(x)),  x ← x + dense(act(dense(norm(x))))
//
// Vaswani et al. 2017, https://arxiv.org/abs/1706.03762; norms before the layers:
// Xiong et al. 2020, https://arxiv.org/abs/2002.04745.
func Transformer(heads int) Layer { return TransformerWith(TransformerOptions{Heads: heads}) }

// TransformerWith returns a block with options.
func TransformerWith(o TransformerOptions) Layer {
	attend := AttentionWith(AttentionOptions{Heads: o.Heads, Causal: o.Causal, Rotary: o.Rotary})
	first, second, feed := o.norm(), o.norm(), (Layer)(nil)
	return func(x *node) *node {
		if x.Err() != nil {
			return x
		}
		if x.Shape().Rank() != 3 {
			return graph.Bad(fmt.Errorf("the input is %v; it takes sequences, batch x time x features", x.Shape()), "transformer", x)
		}
		if feed == nil { // it has parameters: once
			feed = o.feed(x.Shape().Dim(2))
		}
		return o.around(second, feed, o.around(first, attend, x))
	}
}

// around adds what a layer makes of x to x.
func (o TransformerOptions) around(norm, layer Layer, x *node) *node {
	drop := func(y *node) *node {
		if o.Dropout > 0 {
			return Dropout(o.Dropout)(y)
		}
		return y
	}
	if o.PostNorm {
		return norm(ops.Add(x, drop(layer(x))))
	}
	return ops.Add(x, drop(layer(norm(x))))
}

func (o TransformerOptions) norm() Layer {
	n := o.Norm
	n.Axes = 1
	return LayerNormWith(n)
}

// feed is the two dense layers of a block of some width.
func (o TransformerOptions) feed(width int) Layer {
	hidden, act := o.Hidden, o.Act
	if hidden == 0 {
		hidden = 4 * width
	}
	if act == nil {
		act = ops.GELU
	}
	layers := []Layer{DenseWith(DenseOptions{Units: hidden, Steps: true}), act}
	if o.Dropout > 0 {
		layers = append(layers, Dropout(o.Dropout))
	}
	return Sequential(append(layers, DenseWith(DenseOptions{Units: width, Steps: true}))...)
}

// Positions returns the layer that adds to each step of sequences a row that says where
// it stands: of a parameter w, time × features, which begins small. Sequences may then
// be shorter than the first that it saw, not longer.
func Positions() Layer {
	id := new(graph.Identity)
	return func(x *node) *node {
		if bad := sequenced(x, "position"); bad != nil {
			return bad
		}
		g := x.Graph()
		s := g.Scope(id, "position", "")
		most, time, width := x.Shape().Dim(1), x.Shape().Dim(1), x.Shape().Dim(2)
		if v := g.Store().Lookup(s.Name + ".w"); v != nil && v.Shape().Rank() == 2 {
			most = v.Shape().Dim(0)
		}
		if time > most {
			return graph.Bad(fmt.Errorf("%d steps; positions are those of %d", time, most), "position", x)
		}
		w := s.Param("w", Normal(0.02), most, width)
		at := ops.Slice(w, 0, 0, time, 1)
		if position, _ := g.Stepwise(); position != nil {
			at = ops.Take(w, position, 0)
		}
		return g.Mark("Position", s.Name, ops.Add(x, at))
	}
}

// Sinusoids returns the layer that adds sines and cosines of its position to each step
// of sequences, see [ops.Sinusoid]. It has no parameters.
func Sinusoids() Layer {
	return named("position", "Position", func(x *node) *node {
		if bad := sequenced(x, "position"); bad != nil {
			return bad
		}
		return ops.Add(x, ops.Sinusoid(positions(x), x.Shape().Dim(2), rotaryBase))
	})
}

// sequenced returns x if it is a mistake, or the mistake that it is not batch × time ×
// features.
func sequenced(x *node, what string) *node {
	if x.Err() != nil {
		return x
	}
	if x.Shape().Rank() != 3 {
		return graph.Bad(fmt.Errorf("the input is %v; it takes sequences, batch x time x features", x.Shape()), what, x)
	}
	return nil
}
