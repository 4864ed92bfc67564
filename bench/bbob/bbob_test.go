package bbob

import (
	"math"
	"slices"
	"strings"
	"testing"

	"descent/graph"
	"descent/internal/golden"
)

// evaluator returns the value of a function, and its gradient.
func evaluator(t *testing.T, f *Function) func(x []float64) (float64, []float64) {
	t.Helper()
	g := graph.New(graph.Float64, 1)
	in := g.Input("x", f.Dim)
	y := f.Value(in)
	d := graph.Grad(y, in)[0]
	p, err := graph.Compile(y, d)
	if err != nil {
		t.Fatalf("%s: %v", f.Name, err)
	}
	return func(x []float64) (float64, []float64) {
		if err := p.Run(graph.Let(in, x)); err != nil {
			t.Fatal(err)
		}
		return p.Scalar(y), p.Float64s(d)
	}
}

// Minima, optima and values are those of COCO's own program: within the domain, near
// the optimum, and outside.
func TestAgainstCOCO(t *testing.T) {
	var rows []struct {
		F, N, Instance int
		Min            float64
		At, X          []float64
		Y              float64
	}
	golden.Read(t, "testdata/coco.json", &rows)
	if len(rows) < 24*13*3 {
		t.Fatalf("%d rows", len(rows))
	}
	worst := 0.0
	for i := 0; i < len(rows); {
		c := rows[i]
		f, err := New(c.F, c.N, c.Instance)
		if err != nil {
			t.Fatal(err)
		}
		eval := evaluator(t, f)
		if f.Min != c.Min {
			t.Errorf("%s, %d dimensions, instance %d: the least value is %v, want %v", f.Name, c.N, c.Instance, f.Min, c.Min)
		}
		for k, x := range c.At {
			if math.Abs(f.At[k]-x) > 1e-9 { // Schwefel's is known to ten digits
				t.Errorf("%s, %d dimensions, instance %d: the optimum is %v, want %v", f.Name, c.N, c.Instance, f.At, c.At)
				break
			}
		}
		for ; i < len(rows) && rows[i].F == c.F && rows[i].N == c.N && rows[i].Instance == c.Instance; i++ {
			r := rows[i]
			y, _ := eval(r.X)
			d := math.Abs(y+f.Min-r.Y) / (1 + math.Abs(r.Y))
			worst = max(worst, d)
			if !(d < 1e-11) {
				t.Errorf("%s, %d dimensions, instance %d: %v, want %v", f.Name, r.N, r.Instance, y+f.Min, r.Y)
			}
		}
	}
	t.Logf("%d values, relative difference at most %.2g", len(rows), worst)
}

// The lowest point has the lowest value, near it the function is higher, and gradients
// are numbers at both.
func TestMinima(t *testing.T) {
	for number := range len(Table) {
		for _, dim := range []int{2, 5, 20} {
			f, err := New(number+1, dim, 3)
			if err != nil {
				t.Fatal(err)
			}
			eval := evaluator(t, f)
			at, slope := eval(f.At)
			if math.Abs(at) > 1e-10 {
				t.Errorf("%s, %d dimensions: %v above the minimum at the lowest point", f.Name, dim, at)
			}
			for k := range f.At {
				x := slices.Clone(f.At)
				x[k] -= math.Copysign(0.05, x[k])
				near, side := eval(x)
				if !(near > 1e-9) {
					t.Errorf("%s, %d dimensions: %v beside the lowest point", f.Name, dim, near)
				}
				for _, d := range append(side, slope...) {
					if math.IsNaN(d) || math.IsInf(d, 0) {
						t.Fatalf("%s, %d dimensions: gradients %v and %v", f.Name, dim, slope, side)
					}
				}
			}
		}
	}
}

// Gradients are slopes. What changes at small scales is looked at there: far out,
// Griewank's ripples are 1e-5 long; the smallest waves of Weierstrass' function are 6e-6
// long, Katsuura's teeth 2e-10.
func TestGradients(t *testing.T) {
	scales := map[string]struct{ h, tol float64 }{"griewank-rosenbrock": {1e-8, 1e-5}, "weierstrass": {1e-9, 1e-3}, "katsuura": {1e-12, 0.05}}
	for number := range len(Table) {
		f, err := New(number+1, 4, 2)
		if err != nil {
			t.Fatal(err)
		}
		s, ok := scales[f.Name]
		if !ok {
			s.h, s.tol = 1e-6, 1e-5
		}
		eval := evaluator(t, f)
		for _, reach := range []float64{0.3, 3, 7} { // the last is outside the domain
			x := make([]float64, f.Dim)
			for i := range x {
				x[i] = reach * math.Sin(float64(i+3*number)+0.5)
			}
			_, g := eval(x)
			largest := 1e-3
			for _, d := range g {
				largest = max(largest, math.Abs(d))
			}
			for i := range x {
				up, down := slices.Clone(x), slices.Clone(x)
				up[i] += s.h
				down[i] -= s.h
				high, _ := eval(up)
				low, _ := eval(down)
				if slope := (high - low) / (up[i] - down[i]); !(math.Abs(slope-g[i]) <= s.tol*largest) {
					t.Errorf("%s at %v: derivative %d is %v, the slope %v", f.Name, x, i, g[i], slope)
				}
			}
		}
	}
}

func TestTargets(t *testing.T) {
	for i, want := range map[int]float64{0: 100, 5: 10, 25: 1e-3, 49: 1e-8 * math.Pow(10, 0.2), 50: 1e-8} {
		if math.Abs(Targets[i]/want-1) > 1e-14 {
			t.Errorf("target %d is %v, want %v", i, Targets[i], want)
		}
	}
}

func TestMistakes(t *testing.T) {
	for _, c := range []struct {
		number, dim, instance int
		want                  string
	}{{0, 2, 1, "function 0"}, {25, 2, 1, "there are 1 to 24"}, {1, 1, 1, "dimension 1"}, {1, 41, 1, "from 2 to 40"}, {1, 2, 0, "instance 0"}, {1, 2, 1 << 20, "instance"}} {
		if _, err := New(c.number, c.dim, c.instance); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v", c, err)
		}
	}
	names := map[string]bool{}
	for _, r := range Table {
		if names[r.Name] || r.About == "" {
			t.Errorf("%q: twice, or incomplete", r.Name)
		}
		names[r.Name] = true
	}
}
