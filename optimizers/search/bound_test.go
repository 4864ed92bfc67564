package search

import (
	"math"
	"testing"

	"descent/graph"
	"descent/ops"
)

var bounds = map[string]Bound{"none": {}, "both": {-2, 5}, "lower": {1, math.Inf(1)}, "upper": {math.Inf(-1), -3}, "open": {math.Inf(-1), math.Inf(1)}}

// The variable of a free one is within its bounds, is the same as a node and as
// a number, and starts where it is asked to.
func TestBounds(t *testing.T) {
	for name, b := range bounds {
		g := graph.New(graph.Float64, 0)
		u := g.Param("u", graph.Zeros)
		x := b.Node(u)
		p, err := graph.Compile(x)
		if err != nil {
			t.Fatal(err)
		}
		for _, free := range []float64{-1e3, -2, -0.3, 0, 0.7, 1, 40} {
			if err := u.Variable().Set([]float64{free}); err != nil {
				t.Fatal(err)
			}
			if err := p.Run(); err != nil {
				t.Fatal(err)
			}
			got := b.Value(free)
			if d := math.Abs(got - p.Scalar(x)); !(d <= 1e-14*(1+math.Abs(got))) {
				t.Errorf("%s: %v as a number, %v as a node", name, got, p.Scalar(x))
			}
			const h = 1e-4
			first, second := b.slopes(free)
			low, high := b.Value(free-h), b.Value(free+h)
			if math.Abs(first-(high-low)/(2*h)) > 1e-6 || math.Abs(second-(high+low-2*got)/(h*h)) > 1e-4 {
				t.Errorf("%s: slopes %v and %v at %v", name, first, second, free)
			}
			if !b.Contains(got) {
				t.Errorf("%s: %v is outside of %v", name, got, b)
			}
			lo, hi := b.Ends()
			inside := lo+0.01 < got && got < hi-0.01
			if back := b.Value(b.Free(got)); inside && !(math.Abs(back-got) <= 1e-9*(1+math.Abs(got))) {
				t.Errorf("%s: a start of %v begins at %v", name, got, back)
			}
		}
	}
}

func TestSides(t *testing.T) {
	inf := math.Inf(1)
	for _, c := range []struct {
		b    Bound
		x    float64
		in   bool
		side float64
	}{
		{Bound{}, 0, true, 0}, {Bound{}, math.NaN(), false, 0}, {Bound{0, 1}, 0, true, -1}, {Bound{0, 1}, 1 - 1e-9, true, 1}, {Bound{0, 1}, 0.5, true, 0},
		{Bound{0, 1}, 1.5, false, 0}, {Bound{0, inf}, -1, false, 0}, {Bound{0, inf}, 1e-9, true, -1}, {Bound{-inf, 2}, 2, true, 1}, {Bound{-inf, 2}, 3, false, 0},
		{Bound{1e6, 2e6}, 1e6 + 0.5, true, -1}, {Bound{0, 1e-9}, 5e-10, true, 0}, // near is relative to the bound, and to the range
	} {
		if got := c.b.Side(c.x); got != c.side {
			t.Errorf("%v in %v: side %v, want %v", c.x, c.b, got, c.side)
		}
		if got := c.b.Contains(c.x); got != c.in || !math.IsNaN(c.x) && (c.b.Check("x", c.x) == nil) != c.in {
			t.Errorf("%v in %v: %t", c.x, c.b, got)
		}
	}
}

// The Hessian of x²y + sin(z)·y at a point, by hand.
func TestHessian(t *testing.T) {
	g := graph.New(graph.Float64, 0)
	a, z := g.Param("a", graph.From(3, 2), 2), g.Param("z", graph.From(0.5))
	x, y := ops.Sum(ops.Slice(a, 0, 0, 1, 1)), ops.Sum(ops.Slice(a, 0, 1, 2, 1))
	p, err := ProblemOf(ops.Add(ops.Mul(ops.Square(x), y), ops.Mul(ops.Sin(z), y)), []*graph.Node{a, z})
	if err != nil {
		t.Fatal(err)
	}
	h, err := p.Hessian(p.Start)
	if err != nil {
		t.Fatal(err)
	}
	c, s := math.Cos(0.5), math.Sin(0.5)
	want := []float64{4, 6, 0, 6, 0, c, 0, c, -2 * s}
	for i := range want {
		if !(math.Abs(h[i]-want[i]) <= 1e-14) {
			t.Fatalf("%v, want %v", h, want)
		}
	}
}
