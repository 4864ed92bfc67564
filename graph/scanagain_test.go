package graph_test

import (
	"math"
	"strings"
	"testing"

	"descent/graph"
	"descent/ops"
)

// A function of a carried value is computed again for the gradient where its stack would
// be large: of Σ xₜ·tanh(cₜ), cₜ = cₜ₋₁/2 + xₜ, the gradient is that of a loop of Go.
func TestScanComputesAgain(t *testing.T) {
	const steps, rows, columns = 16, 256, 256
	const part = rows * columns
	g := graph.New(graph.Float64, 1)
	x, zero := g.Input("x", steps, rows, columns), g.Const(0, rows, columns)
	last, _ := graph.Scan([]*node{zero, zero}, []*node{x}, graph.ScanOptions{}, func(c, x []*node) (next, y []*node) {
		n := ops.Add(ops.Scale(0.5, c[0]), x[0])
		return []*node{n, ops.Add(c[1], ops.Mul(x[0], ops.Tanh(n)))}, nil
	})
	dx := graph.Grad(ops.Sum(last[1]), x)[0]
	p, err := graph.Function{Outputs: []*node{dx}}.Compile()
	if err != nil {
		t.Fatal(err)
	}
	xs := make([]float64, steps*part)
	for i := range xs {
		xs[i] = math.Sin(float64(i))
	}
	if err := p.Run(graph.Let(x, xs)); err != nil {
		t.Fatal(err)
	}
	got := p.Float64s(dx)
	for i := range part {
		var h [steps]float64
		c := 0.0
		for k := range steps {
			c = 0.5*c + xs[k*part+i]
			h[k] = math.Tanh(c)
		}
		d := 0.0
		for k := steps - 1; k >= 0; k-- {
			d = 0.5*d + xs[k*part+i]*(1-h[k]*h[k])
			if want := h[k] + d; math.Abs(got[k*part+i]-want) > 1e-13 {
				t.Fatalf("step %d, element %d: %v, want %v", k, i, got[k*part+i], want)
			}
		}
	}
	if both := strings.Count(p.String(), "= tanh"); both != 2 {
		t.Errorf("tanh is computed in %d loops, want 2\n%v", both, p)
	}
}
