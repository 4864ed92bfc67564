package losses

import (
	"math"
	"strings"
	"testing"

	"descent/graph"
)

// A loss written as a formula is the loss of that name.
func TestFormulasAreLosses(t *testing.T) {
	for _, c := range [][2]string{
		{"mse", "mean((pred - target)^2)"},
		{"mse", "(pred - target)^2"}, // reduced to its mean
		{"mae", "mean(abs(pred - target))"},
		{"huber(delta=0.5)", "huber(pred, target, delta=0.5)"},
		{"huber(delta=1)", "let r = abs(pred - target); mean(where(r < 1, r^2/2, r - 0.5))"},
		{"bce_logits", "mean(softplus(pred) - target*pred)"},
		{"log_cosh", "mean(log((exp(pred-target) + exp(target-pred))/2))"},
	} {
		g := graph.New(graph.Float64, 0)
		pred, target := g.Param("pred", graph.From(0.3, -1.2, 2), 3), g.Input("target", 3)
		var out []*graph.Node
		for _, text := range c {
			loss, err := ByName(text)
			if err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			y := loss.Loss(pred, target)
			out = append(out, y, graph.Grad(y, pred)[0])
		}
		p, err := graph.Compile(out...)
		if err != nil {
			t.Fatalf("%s: %v", c, err)
		}
		if err := p.Run(graph.Let(target, []float64{1, 0, 0.25})); err != nil {
			t.Fatal(err)
		}
		for i := range 2 {
			a, b := p.Float64s(out[i]), p.Float64s(out[i+2])
			for k := range a {
				if math.Abs(a[k]-b[k]) > 1e-14 {
					t.Errorf("%s is %v, %s is %v", c[0], a, c[1], b)
				}
			}
		}
	}
}

func TestFormulaMistakes(t *testing.T) {
	for _, c := range [][2]string{
		{"mean((pred-targt)^2)", "a loss is a formula in pred and target; targt is neither"},
		{"mean((y-yhat)^2)", "a loss is a formula in pred and target; y is neither"},
		{"max((y-p)^2)", "y is neither"},
		{"mean((target-yhat)^2)", "yhat is neither"},
		{"mean(y_true)", "y_true is neither"},
		{"abs(target)", "does not depend on pred"},
		{"mean((y-yhat)^2", "is never closed"},
		{"mean(exp[pred])", "exp has no value; it is a function"},
		{"mse(y, yhat)", "y is neither"},
		{"foo", `unknown loss "foo"`},
		{"mean(pred-target", "never closed"},
		{"mae(pred)", "takes 2 arguments"},
		{"huber(pred, target, dleta=1)", `did you mean "delta"`},
	} {
		loss, err := ByName(c[0])
		if err == nil {
			g := graph.New(graph.Float64, 0)
			err = loss.Loss(g.Input("p", 3), g.Input("y", 3)).Err()
		}
		if err == nil || !strings.Contains(err.Error(), c[1]) {
			t.Errorf("%s: %v, want %q", c[0], err, c[1])
		}
	}
	loss, err := ByName("mean((pred - target)^2)")
	if err != nil {
		t.Fatal(err)
	}
	g := graph.New(graph.Float64, 0)
	if err := loss.Loss(g.Input("p", 3), g.Input("y", 3, 1)).Err(); err == nil || !strings.Contains(err.Error(), "3x1") {
		t.Errorf("shapes that differ: %v", err)
	}
}
