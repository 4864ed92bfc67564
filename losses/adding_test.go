package losses_test

import (
	"strings"
	"testing"

	"descent/graph"
	"descent/graph/graphtest"
	"descent/ops"
)

// The example of docs/adding-a-loss.md, and that it fails if a rule is wrong.
func TestAddingALoss(t *testing.T) {
	c := graphtest.Case{Name: "pinball", Inputs: 2,
		Build:   func(in []*graph.Node, _ []float64) *graph.Node { return Pinball(0.3)(in[0], in[1]) },
		Samples: []graphtest.Sample{graphtest.One([]int{5}, []int{5}), graphtest.One([]int{4, 3}, []int{4, 3})}}
	graphtest.TestCase(t, c)

	right := c.Build
	c.Build = func(in []*graph.Node, num []float64) *graph.Node {
		y := right(in, num)
		return ops.Add(ops.StopGradient(ops.Scale(0.5, y)), ops.Scale(0.5, y))
	}
	r := graphtest.Check(c, 5)
	if err := r.Err(); err == nil || !strings.Contains(err.Error(), "gradient: error") || !strings.Contains(err.Error(), "for inputs of shapes") {
		t.Errorf("a gradient of half its size: %v", err)
	}
	c.Samples = graphtest.Shapes(2) // of which one is empty: its mean is NaN
	r = graphtest.Check(c, 5)
	if err := r.Err(); err == nil || !strings.Contains(err.Error(), "gradient: NaN for inputs of shapes [[0 3] [3]]") {
		t.Errorf("the mean of nothing: %v", err)
	}
}
