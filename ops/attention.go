package ops

import (
	"errors"
	"fmt"
	"math"

	"descent/graph"
	"descent/graph/lower"
)

// AttentionOptions say how an attention differs from softmax(q·kᵀ/√width)·v.
type AttentionOptions struct {
	Causal bool    // query i sees the keys 0 to i
	Scale  float64 // of q·kᵀ; 1/√width if it is 0
	// Seen, if not nil, is 0 for keys that no query sees and else 1: n×keys for q, k
	// and v of n×…. Padding is left out so. No gradient goes to it.
	Seen *node
	// Bias, if not nil, is added to the scores and broadcasts to their shape,
	// …×queries×keys: distances, or -∞ for what is not seen.
	Bias *node
}

// Attention returns, for queries q, …×queries×width, keys k, …×keys×width, and values
// v, …×keys×columns, the scaled dot-product attention
//
//	softmax(scale·q·kᵀ + bias)·v,  …×queries×columns
//
// A query that sees no key is NaN. Without a bias there is no array of queries×keys in
// memory where that is large.
// Vaswani et al. 2017, https://arxiv.org/abs/1706.03762, section 3.2.
func Attention(q, k, v *node, o AttentionOptions) *node {
	in := []*node{q, k, v}
	for _, x := range []*node{o.Seen, o.Bias} {
		if x != nil {
			in = append(in, x)
		}
	}
	if err := graph.Mistakes(in...); err != nil {
		return graph.Bad(err, "attention", in...)
	}
	if o.Seen != nil && o.Bias != nil {
		return graph.Bad(errors.New("keys that are not seen, and a bias: -∞ in the bias is the same"), "attention", in...)
	}
	a := attention{causal: o.Causal, scale: o.Scale, seen: o.Seen != nil}
	if _, err := a.Shape(shapesOf(in[:a.operands()])); err != nil {
		return graph.Bad(err, "attention", in...)
	}
	if o.Bias != nil {
		return a.plainly(q, k, v, nil, o.Bias)
	}
	return graph.Apply(a, in...)
}

func shapesOf(in []*node) (all []graph.Shape) {
	for _, x := range in {
		all = append(all, x.Shape())
	}
	return all
}

// attention has the operands q, k and v and, if some keys are not seen, which.
type attention struct {
	causal, seen bool
	scale        float64 // 0 is 1/√width
}

func (o attention) operands() int {
	if o.seen {
		return 4
	}
	return 3
}

func (o attention) Name() string   { return graph.Title(o.Describe()) }
func (o attention) Describe() call { return o.describe("attention") }

func (o attention) describe(name string, more ...any) call {
	return graph.CallOf(name, append([]any{"causal", o.causal, "scale", o.scale, "seen", o.seen}, more...)...)
}

func (o attention) Shape(in []graph.Shape) (graph.Shape, error) {
	if len(in) != o.operands() {
		return graph.Shape{}, fmt.Errorf("%d operands; it takes q, k, v and which keys are seen, or a bias", len(in))
	}
	q, k, v := in[0].Dims(), in[1].Dims(), in[2].Dims()
	r := len(q) - 2
	if r < 0 || len(k) != r+2 || len(v) != r+2 || q[r+1] != k[r+1] || k[r] != v[r] {
		return graph.Shape{}, fmt.Errorf("queries, keys and values of %v, %v and %v do not fit: ... x queries x width, ... x keys x width, ... x keys x columns", in[0], in[1], in[2])
	}
	for i := range r {
		if q[i] != k[i] || q[i] != v[i] {
			return graph.Shape{}, fmt.Errorf("queries, keys and values of %v, %v and %v are not of one batch", in[0], in[1], in[2])
		}
	}
	if o.seen && (r == 0 || in[3] != graph.Dims(q[0], k[r])) {
		return graph.Shape{}, fmt.Errorf("which keys are seen has the shape %v; for keys of %v it is batch x keys", in[3], in[1])
	}
	return graph.Dims(append(q[:r+1:r+1], v[r+1])...), nil
}

// of says of what the attention is, of operands that fit.
func (o attention) of(in []graph.Shape) lower.AttentionShape {
	q, v := in[0], in[2]
	r := q.Rank() - 2
	s := lower.AttentionShape{Pairs: 1, Queries: q.Dim(r), Keys: v.Dim(r), Width: q.Dim(r + 1), Values: v.Dim(r + 1), Scale: o.factor(q), Causal: o.causal}
	for i := range r {
		s.Pairs *= q.Dim(i)
	}
	if o.seen {
		s.Heads = s.Pairs / max(1, q.Dim(0))
	}
	return s
}

func (o attention) factor(q graph.Shape) float64 {
	if o.scale != 0 {
		return o.scale
	}
	return 1 / math.Sqrt(float64(max(1, q.Dim(q.Rank()-1))))
}

func (o attention) Lower(b *builder, in []value) value {
	s := o.of(lowered(b, in))
	y := b.Attention(s, in...)
	q, v := b.Shape(in[0]).Dims(), b.Shape(in[2])
	return b.Reshape(y, graph.Dims(append(q[:len(q)-1], v.Dim(v.Rank()-1))...))
}

func lowered(b *builder, in []value) (all []graph.Shape) {
	for _, x := range in {
		all = append(all, b.Shape(x))
	}
	return all
}

func (o attention) products(in []graph.Shape) int {
	s := o.of(in)
	return s.Pairs * s.Queries * s.Keys * (s.Width + s.Values)
}

func (o attention) Grad(y, dy *node) []*node {
	grads := make([]*node, y.Arity())
	in := append(args(y), dy)
	for by := range 3 {
		grads[by] = graph.Apply(attentionGrad{o, by}, in...)
	}
	return grads
}

func args(y *node) []*node {
	in := make([]*node, y.Arity())
	for i := range in {
		in[i] = y.Arg(i)
	}
	return in
}

// plainly is the attention as separate operations, which its second derivatives are
// of, and which a bias needs.
func (o attention) plainly(q, k, v, seen, bias *node) *node {
	g, last := q.Graph(), q.Shape().Rank()-1
	scores := Scale(o.factor(q.Shape()), MatMul(q, swapped(k)))
	never := g.Const(math.Inf(-1))
	if o.causal {
		query, key := indices(g, q.Shape().Dim(last-1)), indices(g, k.Shape().Dim(last-1))
		scores = Where(LessEqual(ExpandDims(key, 0), ExpandDims(query, 1)), scores, never)
	}
	if seen != nil {
		wide := ExpandDims(seen, 1)
		for range last - 2 {
			wide = ExpandDims(wide, 1)
		}
		scores = Where(wide, scores, never)
	}
	if bias != nil {
		scores = Add(scores, bias)
	}
	return MatMul(Softmax(scores, -1), v)
}

// swapped is x with its last two axes exchanged.
func swapped(x *node) *node {
	order := make([]int, x.Shape().Rank())
	for i := range order {
		order[i] = i
	}
	n := len(order)
	order[n-1], order[n-2] = n-2, n-1
	return Transpose(x, order...)
}

// indices are 0, 1, …, n-1.
func indices(g *graph.Graph, n int) *node {
	x := make([]float64, n)
	enumerate(x)
	return g.Array(x, n)
}

// AttentionGrad returns the gradient of [Attention] by q, k or v, for by = 0, 1 or 2,
// from that by its result, dy. The options have no bias.
func AttentionGrad(q, k, v, dy *node, by int, o AttentionOptions) *node {
	in := []*node{q, k, v}
	if o.Seen != nil {
		in = append(in, o.Seen)
	}
	in = append(in, dy)
	if err := graph.Mistakes(in...); err != nil {
		return graph.Bad(err, "attention_grad", in...)
	}
	if by < 0 || by > 2 || o.Bias != nil {
		return graph.Bad(fmt.Errorf("the gradient by operand %d; it is by q, k or v, 0 to 2, of an attention without a bias", by), "attention_grad", in...)
	}
	return graph.Apply(attentionGrad{attention{o.Causal, o.Seen != nil, o.Scale}, by}, in...)
}

// attentionGrad has the operands of attention, then the gradient by its result.
type attentionGrad struct {
	attention
	by int
}

func (o attentionGrad) Name() string   { return graph.Title(o.Describe()) }
func (o attentionGrad) Describe() call { return o.describe("attention_grad", "by", o.by) }

func (o attentionGrad) Shape(in []graph.Shape) (graph.Shape, error) {
	if len(in) == 0 {
		return graph.Shape{}, errors.New("no operands")
	}
	y, err := o.attention.Shape(in[:len(in)-1])
	switch {
	case err != nil:
		return y, err
	case in[len(in)-1] != y:
		return y, fmt.Errorf("a gradient of shape %v by a result of %v", in[len(in)-1], y)
	}
	return in[o.by], nil
}

func (o attentionGrad) Lower(b *builder, in []value) value {
	n := len(in) - 1
	s := o.of(lowered(b, in[:n]))
	return b.Reshape(b.AttentionGrad(s, in[n], in[:n]...)[o.by], b.Shape(in[o.by]))
}

func (o attentionGrad) products(in []graph.Shape) int {
	return 2 * o.attention.products(in[:len(in)-1])
}

// Grad differentiates the gradient of the separate operations. Its operands may
// depend on each other, dy most of all, so others stand in their places meanwhile.
func (o attentionGrad) Grad(d, dd *node) []*node {
	in := args(d)
	apart := make([]*node, len(in))
	for k, x := range in {
		apart[k] = graph.Apply(standIn{k}, x)
	}
	n := len(in) - 1
	q, k, v, dy, seen := apart[0], apart[1], apart[2], apart[n], (*node)(nil)
	if o.seen {
		seen = apart[3]
	}
	first := graph.VJP([]*node{o.plainly(q, k, v, seen, nil)}, []*node{dy}, q, k, v)[o.by]
	grads := graph.Substitute(graph.VJP([]*node{first}, []*node{dd}, apart...), apart, in)
	if o.seen {
		grads[3] = nil
	}
	return grads
}

// standIn is an operand as if it depended on nothing.
type standIn struct{ k int }

func (standIn) Name() string                                { return "stand_in" }
func (standIn) Describe() call                              { return graph.CallOf("stand_in") }
func (standIn) Shape(in []graph.Shape) (graph.Shape, error) { return in[0], nil }
func (standIn) Grad(_, _ *node) []*node                     { return nil }
func (standIn) Lower(_ *builder, in []value) value          { return in[0] }
