package losses_test

import (
	"math"
	"strings"
	"testing"

	"descent/graph"
	"descent/graph/graphtest"
	"descent/internal/misuse"
	"descent/losses"
)

// What is not set is PyTorch's default, at places where it counts.
func TestDefaultsCount(t *testing.T) {
	c := func(g *graph.Graph, v ...float64) *graph.Node { return g.Array(v, len(v)) }
	for name, x := range map[string]struct {
		loss func(g *graph.Graph) *graph.Node
		want float64
	}{
		"poisson_nll of a rate": {func(g *graph.Graph) *graph.Node {
			return losses.PoissonNLLWith(losses.PoissonNLLOptions{Rate: true})(c(g, 2e-8), c(g, 1))
		}, 2e-8 - math.Log(2e-8+1e-8)},
		"poisson_nll": {func(g *graph.Graph) *graph.Node { return losses.PoissonNLL(c(g, 0.5), c(g, 3)) }, math.Exp(0.5) - 3*0.5},
		"gaussian_nll of a tiny variance": {func(g *graph.Graph) *graph.Node {
			return losses.GaussianNLLWith(losses.GaussianNLLOptions{})(c(g, 1), c(g, 0.5), c(g, 1e-9))
		}, 0.5 * (math.Log(1e-6) + 0.25/1e-6)},
		"huber": {func(g *graph.Graph) *graph.Node { return losses.Huber(1)(c(g, 3), c(g, 0)) }, 2.5},
		"a formula": {func(g *graph.Graph) *graph.Node {
			return call(t, "mean(margin_ranking(pred, 2*pred, target))", c(g, 1), c(g, -1))
		}, 0},
		"and turned": {func(g *graph.Graph) *graph.Node {
			return call(t, "mean(margin_ranking(pred, 2*pred, target, margin=0.5))", c(g, 1), c(g, 1))
		}, 1.5},
	} {
		if got := graphtest.Values(t, x.loss(graph.New(graph.Float64, 1)))[0][0]; !(math.Abs(got-x.want) <= 1e-12*(1+math.Abs(x.want))) {
			t.Errorf("%s: %v, want %v", name, got, x.want)
		}
	}
}

func call(t *testing.T, text string, pred, target *graph.Node) *graph.Node {
	t.Helper()
	s, err := losses.ByName(text)
	if err != nil {
		t.Fatal(err)
	}
	return s.Loss(pred, target)
}

// A text that is no loss is an error, and what was there stays.
func TestSpecText(t *testing.T) {
	s, err := losses.ByName("huber(delta=2)")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.UnmarshalText([]byte("no loss")); err == nil || s.String() != "huber(delta=2)" {
		t.Errorf("%v, and it is %v", err, s)
	}
	if err := s.UnmarshalText([]byte("mae")); err != nil || s.String() != "mae" {
		t.Errorf("%v, and it is %v", err, s)
	}
}

// What cannot be is said, whatever the rank.
func TestAtTheEdgeOfShapes(t *testing.T) {
	g := graph.New(graph.Float64, 1)
	one, three := g.Input("one"), g.Input("three", 3)
	if err := losses.GaussianNLL(one, g.Input("y"), three).Err(); err == nil || !strings.Contains(err.Error(), "they must have equal shapes") {
		t.Errorf("three variances of one mean: %v", err)
	}
	if text := misuse.Outcome(t, func() any { return losses.L1(0.1) }); text != "panic: losses: l1 of no parameters" {
		t.Error(text)
	}
}
