package formula

import (
	"math"
	"testing"

	"descent/graph"
)

// The advised form has the values of the one that is written, stays finite where
// it overflows, and there is advice for nothing else.
func TestStable(t *testing.T) {
	for _, c := range []struct {
		text     string
		advice   int
		overflow bool
	}{
		{"log(1 + exp(x))", 1, true}, {"log(exp(-2*x) + 1)", 1, true}, {"log(1 + e^x)", 1, true}, {"log(sigmoid(x))", 1, true}, {"log(1 - sigmoid(x))", 1, true},
		{"log(softmax(v))", 1, true}, {"log(softmax(m, axis=1))", 1, true}, {"log(sum(exp(v)))", 1, true}, {"log(sum(exp(m), axis=0))", 1, true}, {"log(mean(exp(v)))", 1, true},
		{"log(exp(x) + exp(2*x))", 1, true}, {"log(exp(v) + exp(2*v))", 1, true}, {"log(exp(x) + exp(y) + exp(2*x))", 1, true},
		{"1/(1 + exp(-x))", 1, true}, {"exp(x)/(1 + exp(x))", 1, true}, {"y/(exp(v) + 1)", 1, true}, {"exp(v)/sum(exp(v))", 1, true}, {"log(cosh(x))", 1, true},
		{"log(1 + x)", 1, false}, {"log(1 - x*y)", 1, false}, {"exp(x) - 1", 1, false}, {"1 - exp(x)", 1, false}, {"x*log(y)", 1, false}, {"x*log(x/y)", 1, false},
		{"softplus(x)", 0, false}, {"log(x)", 0, false}, {"log(2 + exp(x))", 0, false}, {"log(1 + exp(x) + x)", 1, false}, {"exp(x)", 0, false}, {"exp(x) - 2", 0, false}, {"logsumexp(v)", 0, false}, {"1/(1 + x)", 0, false}, {"3*log(x)", 0, false},
	} {
		f, err := Parse(c.text)
		if err != nil {
			t.Fatal(err)
		}
		build := func(size float64, text string) []float64 {
			g := graph.New(graph.Float64, 0)
			names := map[string]*graph.Node{
				"x": g.Param("x", graph.Fill(0.7*size)), "y": g.Param("y", graph.Fill(1.3*size)),
				"v": g.Param("v", graph.From(0.1*size, -0.5*size, 2*size), 3), "m": g.Param("m", graph.From(0.1*size, -0.5*size, 2*size, 0.3*size), 2, 2),
			}
			f, err := Parse(text)
			if err != nil {
				t.Fatal(text, err)
			}
			n, err := f.Build(g, names)
			if err != nil {
				t.Fatal(text, err)
			}
			if text == c.text && size == 1 {
				if got := Stable(n); len(got) != c.advice || c.advice > 0 && got[0].Overflow != c.overflow {
					t.Errorf("%s: %+v", c.text, got)
				}
			}
			p, err := graph.Compile(n)
			if err != nil || p.Run() != nil {
				t.Fatal(text, err)
			}
			return p.Float64s(n)
		}
		want := build(1, c.text)
		g := graph.New(graph.Float64, 0)
		n, err := f.Build(g, map[string]*graph.Node{"x": g.Param("x", graph.Zeros), "y": g.Param("y", graph.Zeros), "v": g.Param("v", graph.Zeros, 3), "m": g.Param("m", graph.Zeros, 2, 2)})
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range Stable(n) {
			from, to := build(1, a.From), build(1, a.To)
			for i := range from {
				if len(to) != len(from) || math.Abs(to[i]-from[i]) > 1e-14*(1+math.Abs(from[i])) {
					t.Errorf("%s: %s = %v, %s = %v", c.text, a.From, from, a.To, to)
					break
				}
			}
			if len(from) != len(want) {
				t.Errorf("%s: %s is not the whole", c.text, a.From)
			}
			for _, size := range []float64{1e3, -1e3} {
				for _, y := range build(size, a.To) {
					if a.Overflow && (math.IsNaN(y) || math.IsInf(y, 0)) {
						t.Errorf("%s: %s at %v is %v", c.text, a.To, size, y)
					}
				}
			}
		}
	}
}
