package joint_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"descent/graph"
	"descent/graph/graphtest"
	"descent/internal/golden"
	"descent/ops"
	"descent/ops/internal/rowtest"
	"descent/ops/joint"
)

type node = graph.Node

func TestTable(t *testing.T) { rowtest.Check(t, joint.Table) }

func TestMistakes(t *testing.T) {
	g := graph.New(graph.Float64, 1)
	x, v, w, s := g.Input("x", 3, 4), g.Input("v", 3), g.Input("w", 4), g.Input("s")
	p, labels := g.Input("p", 5, 3, 4), g.Indices("labels", 3, 2)
	for _, c := range []struct {
		n    *node
		want string
	}{
		{joint.Sparsemax(x, 2), "axis 2 of an array of 2 axes"},
		{joint.RankPairs(v, w), "the scores are 3 and the relevances 4"},
		{joint.RankPairs(s, s), "both are lists along the last axis"},
		{joint.Cox(v, w, v, true), "scores 3, times 4 and events 3 are not one of each sample"},
		{joint.InfoNCE(x, v, 1), "3x4 and 3 are not two vectors of each sample"},
		{joint.InfoNCE(x, x, 0), "temperature 0; it is above 0"},
		{joint.BatchTriplet(x, w, 1), "3x4 are not vectors with a label each, 4"},
		{joint.CTC(x, labels, v, v, joint.CTCOptions{}), "3x4 are not steps x sequences x classes"},
		{joint.CTC(p, v, v, v, joint.CTCOptions{}), "labels of shape 3 for 3 sequences"},
		{joint.CTC(p, labels, w, v, joint.CTCOptions{}), "numbers of steps 4 and of labels 3 for 3 sequences"},
		{joint.CTC(p, labels, v, v, joint.CTCOptions{Blank: 4}), "blank=4 is none of 4 classes"},
	} {
		err := c.n.Err()
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "joint_test.go:") {
			t.Errorf("%v: %v, want %q", c.n, err, c.want)
		}
	}
}

// CTC of log-softmax is PyTorch's, values and gradients by logits.
func TestCTCOfPyTorch(t *testing.T) {
	for _, c := range golden.Cases(t, "testdata/ctc.json") {
		golden.Compare(t, &c, func(in map[string]*node) map[string]*node {
			g := in["logits"].Graph()
			var labels, lengths []float64
			for _, r := range c.Args["targets"].([]any) {
				for _, l := range r.([]any) {
					labels = append(labels, l.(float64))
				}
			}
			for _, l := range c.Wholes("target_lengths") {
				lengths = append(lengths, max(1, float64(l)))
			}
			n := len(lengths)
			y := joint.CTC(ops.LogSoftmax(in["logits"], 2), g.Array(labels, n, len(labels)/n), whole(g, c.Wholes("input_lengths")), whole(g, c.Wholes("target_lengths")),
				joint.CTCOptions{Blank: c.Wholes("blank")[0], ZeroInfinity: c.Args["zero_infinity"] == true})
			if c.Args["reduction"] == "mean" {
				y = ops.Mean(ops.Div(y, g.Array(lengths, n)))
			}
			return map[string]*node{"y": y}
		})
	}
}

func whole(g *graph.Graph, list []int) *node {
	x := make([]float64, len(list))
	for i, v := range list {
		x[i] = float64(v)
	}
	return g.Array(x, len(x))
}

// What pads labels does not matter, however they are given.
func TestCTCPadding(t *testing.T) {
	g := graph.New(graph.Float64, 1)
	logp, labels := g.Array(golden.Uniform(3, 4*2*3, -3, 0), 4, 2, 3), g.Indices("labels", 2, 3)
	y := joint.CTC(logp, labels, whole(g, []int{4, 3}), whole(g, []int{2, 1}), joint.CTCOptions{})
	p, err := graph.Compile(y)
	if err != nil {
		t.Fatal(err)
	}
	var first []float64
	for _, list := range [][]int{{1, 2, 0, 2, 0, 0}, {1, 2, 2, 2, 1, 2}, {1, 2, -1, 2, -1, -1}} {
		if err := p.Run(graph.Let(labels, list)); err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = p.Float64s(y)
		}
		if !slices.Equal(p.Float64s(y), first) {
			t.Errorf("%v: %v, want %v", list, p.Float64s(y), first)
		}
	}
	if p.Run(graph.Let(labels, []int{1, 3, 0, 2, 0, 0})) == nil {
		t.Error("a label that is no class is taken")
	}
}

// A sample without an alignment is infinite with a gradient that is NaN in its steps, as in
// PyTorch, or 0 if that is asked for; another is not touched by it. By log-probabilities the gradient is minus the
// probability of each class in each step, so it sums to -1 in each.
func TestCTCWithoutAlignment(t *testing.T) {
	for _, zero := range []bool{false, true} {
		for _, dt := range []graph.Dtype{graph.Float32, graph.Float64} {
			g := graph.New(dt, 1)
			logp := g.Param("logp", graph.From(golden.Uniform(3, 3*2*3, -3, 0)...), 3, 2, 3)
			y := joint.CTC(logp, g.Array([]float64{1, 1, 2, 1}, 2, 2), whole(g, []int{2, 3}), whole(g, []int{2, 2}), joint.CTCOptions{ZeroInfinity: zero})
			got := graphtest.Values(t, y, graph.Grad(ops.Sum(y), logp)[0])
			if want := map[bool]float64{false: math.Inf(1), true: 0}[zero]; got[0][0] != want || !(got[0][1] > 0 && got[0][1] < 20) {
				t.Errorf("losses %v", got[0])
			}
			for i, step := range slices.Collect(slices.Chunk(got[1], 3)) {
				want := -float64(i % 2)
				if i%2 == 0 && i/2 < 2 && !zero { // of the first sample, which has two steps
					want = math.NaN()
				}
				if got := step[0] + step[1] + step[2]; math.IsNaN(got) != math.IsNaN(want) || math.Abs(got-want) > 1e-6 {
					t.Errorf("gradients %v sum to something else than %v", step, want)
				}
			}
		}
	}
}
