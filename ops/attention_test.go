package ops_test

import (
	"math"
	"slices"
	"testing"

	"descent/graph"
	"descent/internal/golden"
	"descent/ops"
)

// attended is what an attention of random numbers makes, and its gradients by q, k and
// v, one after another.
func attended(t *testing.T, team *graph.Team, pairs, queries, keys int, attend func(q, k, v *node) *node) (all []float64) {
	t.Helper()
	g := graph.New(graph.Float64, 1)
	var in []*node
	for i, d := range [][]int{{pairs, 2, queries, 3}, {pairs, 2, keys, 3}, {pairs, 2, keys, 5}} {
		in = append(in, g.Param("qkv"[i:i+1], graph.From(golden.Uniform(uint32(i), graph.Dims(d...).Size(), -2, 2)...), d...))
	}
	y := attend(in[0], in[1], in[2])
	outs := append([]*node{y}, graph.Grad(ops.Sum(ops.Square(y)), in...)...)
	p, err := graph.Function{Outputs: outs, Team: team}.Compile()
	if err == nil {
		err = p.Run()
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range outs {
		all = append(all, p.Float64s(o)...)
	}
	return all
}

// TestAttentionInBlocks compares blocks of queries, with weights that are kept and with
// weights that are computed again, and keys that are not seen, with separate operations
// on all pairs of steps.
func TestAttentionInBlocks(t *testing.T) {
	never := math.Inf(-1)
	for _, c := range []struct {
		pairs, queries, keys int
		o                    ops.AttentionOptions
		hidden               []int // keys of the first of the batch that are not seen
	}{
		{2, 100, 70, ops.AttentionOptions{}, nil}, {1, 130, 150, ops.AttentionOptions{Causal: true}, nil}, {1, 70, 40, ops.AttentionOptions{Causal: true}, nil},
		{2, 600, 500, ops.AttentionOptions{Scale: 0.3}, nil}, {2, 800, 800, ops.AttentionOptions{Causal: true}, nil},
		{2, 20, 30, ops.AttentionOptions{}, []int{3, 29}}, {2, 40, 40, ops.AttentionOptions{Causal: true}, []int{5, 6, 7}},
	} {
		got := attended(t, nil, c.pairs, c.queries, c.keys, func(q, k, v *node) *node {
			o := c.o
			if c.hidden != nil {
				seen := slices.Repeat([]float64{1}, c.pairs*c.keys)
				for _, j := range c.hidden {
					seen[j] = 0
				}
				o.Seen = q.Graph().Array(seen, c.pairs, c.keys)
			}
			return ops.Attention(q, k, v, o)
		})
		want := attended(t, nil, c.pairs, c.queries, c.keys, func(q, k, v *node) *node {
			bias := make([]float64, c.pairs*c.keys)
			for _, j := range c.hidden {
				bias[j] = never
			}
			o := c.o
			o.Bias = q.Graph().Array(bias, c.pairs, 1, 1, c.keys)
			return ops.Attention(q, k, v, o)
		})
		golden.Near(t, "attention in blocks", got, want)
	}
}

// TestAttentionByTeams: any number of workers gives the same bits.
func TestAttentionByTeams(t *testing.T) {
	attend := func(q, k, v *node) *node { return ops.Attention(q, k, v, ops.AttentionOptions{Causal: true}) }
	one := attended(t, nil, 20, 64, 64, attend)
	for _, workers := range []int{2, 3} {
		team := graph.NewTeam(workers)
		if !slices.Equal(one, attended(t, team, 20, 64, 64, attend)) {
			t.Errorf("%d workers give other bits than one", workers)
		}
		team.Close()
	}
}

// TestAttentionSeesNothing: a query without a key is NaN, as in PyTorch.
func TestAttentionSeesNothing(t *testing.T) {
	g := graph.New(graph.Float64, 1)
	x := g.Const(1, 1, 2, 3)
	y := ops.Attention(x, x, x, ops.AttentionOptions{Seen: g.Const(0, 1, 2)})
	p, err := graph.Compile(y)
	if err == nil {
		err = p.Run()
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range p.Float64s(y) {
		if !math.IsNaN(v) {
			t.Errorf("a mean of nothing is %v", v)
		}
	}
}
