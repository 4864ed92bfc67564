package models

import (
	"fmt"
	"math"
	"math/rand/v2"

	"descent/graph"
	"descent/ops"
)

// AttentionOptions say how an attention of several heads differs from
// Attention(heads). Parameters have PyTorch's names and layouts.
type AttentionOptions struct {
	Heads  int
	Causal bool // a step sees itself and those before it
	Rotary bool // queries and keys are turned by their position, see [ops.Rotary]
	NoBias bool
	Name   string
}

// Attention returns the layer of self-attention with so many heads: each step of
// sequences, batch × time × features, becomes a weighted mean of projections of all
// steps. Its parameters are in_proj_weight, 3·features × features, with the rows of
// queries, keys and values, in_proj_bias, out_proj.weight and out_proj.bias.
// Vaswani et al. 2017, https://arxiv.org/abs/1706.03762, section 3.2.
func Attention(heads int) Layer { return AttentionWith(AttentionOptions{Heads: heads}) }

// AttentionWith returns a layer of self-attention with options.
func AttentionWith(o AttentionOptions) Layer {
	attend := CrossAttention(o)
	return func(x *node) *node { return attend(x, x, x, nil) }
}

// CrossAttention returns an attention of queries, batch × steps × features, to keys and
// values of other sequences, batch × steps × any features. seen, if not nil, is batch ×
// steps: 0 for keys that no query sees, such as padding, else 1. If keys or values are
// not as wide as queries there are q_proj_weight, k_proj_weight and v_proj_weight in
// place of in_proj_weight.
func CrossAttention(o AttentionOptions) func(query, key, value, seen *node) *node {
	id := new(graph.Identity)
	return func(query, key, value, seen *node) *node {
		in := []*node{query, key, value}
		if err := graph.Mistakes(in...); err != nil {
			return graph.Bad(err, "attention", in...)
		}
		for _, x := range in {
			if x.Shape().Rank() != 3 {
				return graph.Bad(fmt.Errorf("the input is %v; it takes sequences, batch x time x features", x.Shape()), "attention", in...)
			}
		}
		width := query.Shape().Dim(2)
		if o.Heads < 1 || width%o.Heads != 0 {
			return graph.Bad(fmt.Errorf("%d features do not divide into %d heads", width, o.Heads), "attention", in...)
		}
		m := multihead{o, query.Graph().Scope(id, "attention", o.Name), width}
		q, k, v := m.project(query, key, value)
		if o.Rotary {
			q, k = ops.Rotary(q, positions(query), rotaryBase), ops.Rotary(k, positions(key), rotaryBase)
		}
		causal := o.Causal
		if position, length := query.Graph().Stepwise(); position != nil {
			causal = false
			k, v, seen = m.remember("keys", k, position, length), m.remember("values", v, position, length), upTo(position, length)
		}
		y := ops.Attention(q, k, v, ops.AttentionOptions{Causal: causal, Seen: seen})
		return query.Graph().Mark("Attention", m.s.Name, m.join(y))
	}
}

// remember keeps what keys or values, batch × heads × 1 × width, are at a position, and
// returns those of all positions.
func (m *multihead) remember(name string, x, position *node, length int) *node {
	if x.Err() != nil {
		return x
	}
	if d := x.Shape().Dims(); d[0] != 1 || d[2] != 1 {
		return graph.Bad(fmt.Errorf("%d sequences of %d steps; step by step it takes one of one", d[0], d[2]), "attention", x)
	}
	head := m.width / m.Heads
	kept := m.s.State(name, graph.Zeros, length, m.width)
	now := ops.PutRows(kept, position, ops.Reshape(x, 1, m.width))
	x.Graph().Keep(kept, now)
	return graph.View(now, graph.Dims(1, m.Heads, length, head), []int{length * m.width, head, m.width, 1}, 0)
}

// upTo is 1 for positions up to that of the step, 1 × length.
func upTo(position *node, length int) *node {
	all := make([]float64, length)
	for i := range all {
		all[i] = float64(i)
	}
	return ops.LessEqual(position.Graph().Array(all, 1, length), ops.ExpandDims(position, 0))
}

const rotaryBase = 10000

// positions are those of the steps of sequences, batch × time × features: from 0 on,
// or where a graph that is [graph.Graph.Stepwise] is.
func positions(x *node) *node {
	if position, _ := x.Graph().Stepwise(); position != nil {
		return position
	}
	t := make([]float64, x.Shape().Dim(1))
	for i := range t {
		t[i] = float64(i)
	}
	return x.Graph().Array(t, len(t))
}

// A multihead is an attention in a graph.
type multihead struct {
	AttentionOptions
	s     graph.Scope
	width int
}

// project returns queries, keys and values, batch × heads × time × width of a head.
func (m *multihead) project(query, key, value *node) (q, k, v *node) {
	n := m.width
	in, names := []*node{query, key, value}, []string{"q_proj_weight", "k_proj_weight", "v_proj_weight"}
	var whole, bias *node
	if key.Shape().Dim(2) == n && value.Shape().Dim(2) == n {
		whole = m.s.Param("in_proj_weight", Glorot, 3*n, n)
	}
	if !m.NoBias {
		bias = m.s.Param("in_proj_bias", graph.Zeros, 3*n)
	}
	if query == key && key == value {
		all := linearOf(query, whole, bias)
		return m.split(all, 0), m.split(all, 1), m.split(all, 2)
	}
	for i, x := range in {
		var w, b *node
		if whole != nil {
			w = ops.Slice(whole, 0, i*n, (i+1)*n, 1)
		} else {
			w = m.s.Param(names[i], Glorot, n, x.Shape().Dim(2))
		}
		if bias != nil {
			b = ops.Slice(bias, 0, i*n, (i+1)*n, 1)
		}
		in[i] = m.split(linearOf(x, w, b), 0)
	}
	return in[0], in[1], in[2]
}

// linearOf is x·wᵀ + b of each step, with PyTorch's layout of w.
func linearOf(x, w, b *node) *node {
	if x.Err() != nil || w.Err() != nil {
		return ops.MatMul(x, w)
	}
	y := ops.MatMul(stepRows(x), ops.Transpose(w))
	if b != nil {
		y = ops.Add(y, b)
	}
	d := x.Shape().Dims()
	return ops.Reshape(y, append(d[:len(d)-1], w.Shape().Dim(0))...)
}

// split returns the part-th run of features as batch × heads × time × width of a head.
func (m *multihead) split(x *node, part int) *node {
	if x.Err() != nil {
		return x
	}
	d := x.Shape().Dims()
	head := m.width / m.Heads
	return graph.View(x, graph.Dims(d[0], m.Heads, d[1], head), []int{d[1] * d[2], head, d[2], 1}, part*m.width)
}

// join puts heads side by side again and projects them.
func (m *multihead) join(y *node) *node {
	w := m.s.Param("out_proj.weight", fanIn, m.width, m.width)
	var b *node
	if !m.NoBias {
		b = m.s.Param("out_proj.bias", graph.Zeros, m.width)
	}
	if y.Err() != nil {
		return y
	}
	d := y.Shape().Dims()
	return linearOf(ops.Reshape(ops.Transpose(y, 0, 2, 1, 3), d[0], d[2], m.width), w, b)
}

// fanIn is PyTorch's initialiser of a linear layer, whose weight is outputs × inputs.
func fanIn(rng *rand.Rand, s graph.Shape, dst []float64) {
	uniform(rng, 1/math.Sqrt(float64(s.Dim(1))), dst)
}
