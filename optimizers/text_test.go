package optimizers

import (
	"strings"
	"testing"

	"descent/graph"
)

// A rule as text is the rule that it says.
func TestFormulas(t *testing.T) {
	for text, want := range map[string]string{
		"d = g; d":                              "sgd",
		"m = 0.9*m + g; m":                      "momentum",
		"m=0.9*m+g;g + 0.9*m":                   "nesterov",
		"G = G + g^2; h = sqrt(G) + 1e-10; g/h": "adagrad",
		"m = 0.9*m + 0.1*g; v = 0.999*v + 0.001*g^2; (m/(1-0.9^t)) / (sqrt(v/(1-0.999^t)) + 1e-8)": "adam",
		"u = 0.9*m + 0.1*g; m = 0.99*m + 0.01*g; sign(u)":                                          "lion",
		"clip(0.5) | m = 0.9*m + g; m | ema(0.9)":                                                  "clip(0.5) | momentum | ema(0.9)",
		"d = g + 0.1*p; d":                  "l2(0.1) | sgd",
		"d = where(t == 1, g, g); d":        "sgd",
		"d = 1; d":                          "d = p - p + 1; d",
		"s = s + lr; g*where(s >= 0, 1, 0)": "sgd",
	} {
		a, b := parsed(t, text), parsed(t, want)
		x := valley(t, graph.Float64, a.Rule, 0.02, 50, nil, false)
		y := valley(t, graph.Float64, b.Rule, 0.02, 50, nil, false)
		if d := apart(x, y); d > 1e-12 {
			t.Errorf("%q is %g from %q", text, d, want)
		}
		if again := parsed(t, Format(a.Rule)); Format(again.Rule) != Format(a.Rule) {
			t.Errorf("%q is written %q, which is read as %q", text, Format(a.Rule), Format(again.Rule))
		}
	}
}

func parsed(t *testing.T, text string) Optimizer {
	t.Helper()
	o, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	if o.LR == 0 {
		t.Errorf("%q has no rate to start from", text)
	}
	return o
}

func TestFormulaMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"m = 0.9*m + g":            "the last statement is the direction of the step, such as m",
		"m = 0.9*m + g; m; m":      "\"m\" gives nothing",
		"g = 2*g; g":               "g is given and cannot be changed",
		"m = 0.9*m + gradient; m":  "gradient has no value",
		"m = 0.9*m + ; m":          "rule \"m = 0.9*m + ; m\"",
		"2m = g; g":                "\"2m\" is no name",
		"m = g; ":                  "rule \"m = g;\"",
		"adam | m = 0.9*m + x; m":  "x has no value",
		"adam(beta3=1) | m = g; m": "beta3",
		"m = g; m | adma":          "adam",
	} {
		if _, err := Parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, not %q", text, err, want)
		}
	}
	// What only the shapes tell is a mistake of the loss.
	g := graph.New(graph.Float64, 1)
	p := g.Param("p", graph.Zeros, 2, 3)
	tr := Descend(graph.SumTo(graph.Mul(p, p), graph.Dims()), FormulaRule{"m = matmul(g, g); m"})
	if _, err := tr.Compile(); err == nil || !strings.Contains(err.Error(), "matmul") {
		t.Errorf("a product that does not fit: %v", err)
	}
}
