package losses_test

import (
	"testing"

	"descent/graph"
	"descent/losses"
)

func TestPenalties(t *testing.T) {
	a := array{Dims: []int{3}, Data: numbers{3, 0, -4}}
	b := array{Dims: []int{1, 2}, Data: numbers{1, -2}}
	for _, c := range []struct {
		name   string
		f      func(in []*graph.Node) *graph.Node
		value  float64
		da, db []float64
	}{
		{"l2", func(in []*graph.Node) *graph.Node { return losses.L2(0.1, in...) }, 0.05 * 30, []float64{0.3, 0, -0.4}, []float64{0.1, -0.2}},
		{"sum of squares", func(in []*graph.Node) *graph.Node { return losses.SumSquares(0.1, in...) }, 0.1 * 30, []float64{0.6, 0, -0.8}, []float64{0.2, -0.4}},
		{"l1", func(in []*graph.Node) *graph.Node { return losses.L1(0.1, in...) }, 0.1 * 10, []float64{0.1, 0, -0.1}, []float64{0.1, -0.1}},
		{"elastic net", func(in []*graph.Node) *graph.Node { return losses.ElasticNet(0.1, 0.25, in...) },
			0.1 * (0.25*10 + 0.375*30), []float64{0.025 + 0.225, 0, -0.025 - 0.3}, []float64{0.025 + 0.075, -0.025 - 0.15}},
		{"of one", func(in []*graph.Node) *graph.Node { return losses.L2(1, in[1]) }, 2.5, []float64{0, 0, 0}, []float64{1, -2}},
		{"of strength 0", func(in []*graph.Node) *graph.Node { return losses.L1(0, in...) }, 0, []float64{0, 0, 0}, []float64{0, 0}},
	} {
		got, err := run(graph.Float64, c.f, a, b)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		for i, d := range []string{differ(got.value, []float64{c.value}, 1e-15), differ(got.grad[0], c.da, 1e-15), differ(got.grad[1], c.db, 1e-15)} {
			if d != "" {
				t.Errorf("%s: result %d: %s", c.name, i, d)
			}
		}
	}
}

func TestPenaltyOfNothing(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a penalty of no parameters is not reported")
		}
	}()
	losses.L2(1)
}
