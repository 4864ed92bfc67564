package bench

import (
	"math"
	"testing"

	"descent/graph"
)

// evaluator returns a problem's value and gradient.
func evaluator(t *testing.T, p Function) func(x []float64) (float64, []float64) {
	t.Helper()
	g := graph.New(graph.Float64, 1)
	in := g.Input("x", len(p.Start))
	f := p.F(in)
	d := graph.Grad(f, in)[0]
	prog, err := graph.Compile(f, d)
	if err != nil {
		t.Fatalf("%s: %v", p.Name, err)
	}
	return func(x []float64) (float64, []float64) {
		if err := prog.Run(graph.Let(in, x)); err != nil {
			t.Fatal(err)
		}
		return prog.Scalar(f), prog.Float64s(d)
	}
}

func TestFunctions(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range Functions {
		if seen[p.Name] || p.About == "" || len(p.At) != len(p.Start) {
			t.Errorf("%s: twice, or incomplete", p.Name)
		}
		seen[p.Name] = true
		eval := evaluator(t, p)
		low, slope := eval(p.At)
		near(t, p.Name+" at its minimum", low, p.Min, 1e-9*max(1, math.Abs(p.Min)))
		for _, d := range slope {
			if p.Name != "absolute-5" && !(math.Abs(d) < 1e-8*max(1, math.Abs(p.Min))*100) {
				t.Errorf("%s: slope %v at the minimum", p.Name, slope)
			}
		}
		f0, g := eval(p.Start)
		if !(f0 > p.Min) {
			t.Errorf("%s starts at its minimum", p.Name)
		}
		x := append([]float64(nil), p.Start...)
		for i := range x {
			const h = 1e-6
			x[i] = p.Start[i] + h
			up, _ := eval(x)
			x[i] = p.Start[i] - h
			down, _ := eval(x)
			x[i] = p.Start[i]
			near(t, p.Name+": slope", g[i], (up-down)/(2*h), 1e-4*max(1, math.Abs(g[i])))
		}
	}
}
