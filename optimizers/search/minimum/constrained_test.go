package minimum

import (
	"bufio"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"descent/internal/calc"
	"descent/optimizers/search"
)

// A program is a formula, where to start, bounds and constraints.
type program struct {
	text, start, bounds string
	constraints         []string
}

// search is the program as a search, and the formulas of value and constraints.
func (p program) search(t *testing.T) *Search {
	t.Helper()
	var given []calc.Binding
	var names []string
	for _, pair := range strings.Split(p.start, ",") {
		name, text, _ := strings.Cut(pair, "=")
		v, err := calc.ParseValue(text)
		if err != nil {
			t.Fatal(err)
		}
		given, names = append(given, calc.Binding{Name: name, Value: v}), append(names, name)
	}
	e, relations, err := calc.Under(p.text, p.constraints, given, names...)
	if err != nil {
		t.Fatal(err)
	}
	s := &Search{Value: e.Node, Params: e.Params, Bounds: boundsOf(t, p.bounds, names), Steps: 10000, Tolerance: 1e-8}
	for _, r := range relations {
		s.Constraints = append(s.Constraints, Constraint{r.Text, r.Node, r.Equal})
	}
	return s
}

func (p program) run(t *testing.T, method string) (*Search, *Found) {
	t.Helper()
	s := p.search(t)
	m, err := search.ParseMethod(method, 1)
	if err != nil {
		t.Fatal(err)
	}
	f, err := s.Run(context.Background(), m)
	if err != nil {
		t.Fatal(err)
	}
	return s, f
}

// A published program is one of the collection, with its least value.
type published struct {
	program
	name  string
	least float64
}

func collection(t *testing.T) (out []published) {
	t.Helper()
	file, err := os.Open("testdata/hock_schittkowski.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "#") {
			continue
		}
		cells := strings.Split(lines.Text(), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		least, err := strconv.ParseFloat(cells[5], 64)
		if err != nil {
			t.Fatal(err)
		}
		p := published{program{cells[1], cells[2], cells[3], nil}, cells[0], least}
		if cells[4] != "" {
			p.constraints = strings.Split(cells[4], " ; ")
		}
		out = append(out, p)
	}
	return out
}

// Each problem of the collection ends in its published minimum, or in the other one
// that is named here, and the conditions for a minimum hold there by differences.
func TestHockSchittkowski(t *testing.T) {
	others := map[string]float64{"2": 4.941229317989185, "55": 20.0 / 3}
	all := collection(t)
	if len(all) < 70 {
		t.Fatalf("%d problems", len(all))
	}
	for _, p := range all {
		if p.name == "13" {
			continue // see TestNoMultipliers
		}
		s, f := p.run(t, "lbfgs")
		want, ok := others[p.name]
		if !ok {
			want = p.least
		}
		if !f.Converged || !(math.Abs(f.F-want) <= 1e-6*max(1, math.Abs(want))) {
			t.Errorf("HS%s: %v, want %v: %s, %s", p.name, f.F, want, f.Kind, f.Stopped)
			continue
		}
		s.satisfied(t, "HS"+p.name, f)
	}
}

// satisfied holds a point against the conditions for a minimum, by differences of
// the value and of the constraints alone.
func (s *Search) satisfied(t *testing.T, name string, f *Found) {
	t.Helper()
	r, err := s.prepare()
	if err != nil {
		t.Fatal(err)
	}
	p := r.fn.Problem
	lagrangian := func(x []float64) float64 {
		sum := p.Func(x)
		if p.Constraints == nil {
			return sum
		}
		c := make([]float64, len(f.Constraints))
		p.Constraints.Value(x, c)
		for i, h := range f.Constraints {
			sum += h.Multiplier * c[i]
		}
		return sum
	}
	for _, h := range f.Constraints {
		if h.Violated > 1e-7 || h.Multiplier*h.Slack > 1e-6 || h.Slack > 0 && h.Multiplier < 0 {
			t.Errorf("%s: %+v", name, h)
		}
	}
	size, slopes := 0.0, make([]float64, len(f.X))
	for i := range f.X {
		h := 1e-5 * max(1e-2, math.Abs(f.X[i]))
		at := func(step float64) []float64 {
			x := slices.Clone(f.X)
			x[i] += step
			return x
		}
		slopes[i] = (lagrangian(at(h)) - lagrangian(at(-h))) / (2 * h)
		size = max(size, math.Abs(p.Func(at(h))-p.Func(at(-h)))/(2*h))
	}
	for i, slope := range slopes {
		lo, hi := r.bounds[i].Ends()
		tol := 1e-4 * max(size, 1e-3)
		switch {
		case f.X[i] < lo || f.X[i] > hi:
			t.Errorf("%s: variable %d is %v, out of its bounds", name, i, f.X[i])
		case f.X[i]-lo < 1e-6 && slope >= -tol, hi-f.X[i] < 1e-6 && slope <= tol:
		case !(math.Abs(slope) <= tol):
			t.Errorf("%s: the slope of the Lagrangian by variable %d is %v", name, i, slope)
		}
	}
}

// Any method can be driven; each is given the problems that are small and smooth.
func TestConstrainedMethods(t *testing.T) {
	chosen := []string{"6", "7", "12", "22", "28", "35", "43", "48", "71"}
	for _, p := range collection(t) {
		if !slices.Contains(chosen, p.name) {
			continue
		}
		for _, method := range []string{"bfgs", "cg", "newton", "cmaes", "steepest", "adam(lr=0.1)"} {
			if _, f := p.run(t, method); !f.Converged || !(math.Abs(f.F-p.least) <= 1e-6*max(1, math.Abs(p.least))) {
				t.Errorf("HS%s by %s: %v, want %v: %s, %s", p.name, method, f.F, p.least, f.Kind, f.Stopped)
			}
		}
	}
}

// At the minimum of problem 13 the gradients of the constraints are dependent: there
// are no multipliers, and what is found near it does not count as converged.
func TestNoMultipliers(t *testing.T) {
	for _, p := range collection(t) {
		if p.name != "13" {
			continue
		}
		if _, f := p.run(t, "lbfgs"); f.Converged || math.Abs(f.F-1) > 0.01 {
			t.Errorf("%v: %s", f.F, f.Kind)
		}
	}
}

// What is said where there is no minimum, or more to say of it than that.
func TestConstrainedKinds(t *testing.T) {
	for _, c := range []struct {
		program
		kind      string
		converged bool
	}{
		{program{"x", "x=1,y=0", "", []string{"y = 0"}}, "unbounded", false},
		{program{"x+y", "x=1,y=0", "", []string{"x >= 1", "x <= 0"}}, "infeasible", false},
		{program{"x^2+y^2", "x=1,y=0", "x=0:1", []string{"x >= 2"}}, "infeasible", false},
		{program{"x^2", "x=1", "", []string{"x^2 = -1"}}, "infeasible", false},
		{program{"exp(-x)", "x=3", "", []string{"x >= 1"}}, "not converged", false},
		{program{"x+y", "x=3,y=2", "", []string{"x+y >= 1"}}, "minimum under the constraints, flat to second order in 1", true},
		{program{"(x-1)^2", "x=3", "", []string{"x >= 0"}}, "minimum under the constraints", true},
		{program{"log(x)+y", "x=-1,y=0", "", []string{"x+y >= 1", "x*y = 0.1"}}, "minimum under the constraints", true},
		{program{"1e-12*(x^2+y^2)", "x=3,y=1", "", []string{"1e9*(x+y-1) >= 0"}}, "minimum under the constraints", true},
	} {
		s, f := c.run(t, "lbfgs")
		if !strings.HasPrefix(f.Kind, c.kind) || f.Converged != c.converged {
			t.Errorf("%q under %q: %s at %v", c.text, c.constraints, f.Kind, f.X)
		}
		if c.converged {
			s.satisfied(t, c.text, f)
		}
	}
	s := program{"x*y", "x=1,y=1", "", []string{"2*x+2*y = 8"}}.search(t)
	s.Maximize = true
	f, err := s.Run(context.Background(), search.NewLBFGS())
	if err != nil || f.Kind != "maximum under the constraints" || math.Abs(f.F-4) > 1e-9 || math.Abs(f.Constraints[0].Multiplier-1) > 1e-7 {
		t.Errorf("%+v, %v", f, err)
	}
}

// Many variables have no Hessian: the conditions are found to hold, and no more is said.
func TestConstrainedLarge(t *testing.T) {
	const n = 250
	e, relations, err := calc.Under("sum(w^2)", []string{"sum(w) = 1"}, []calc.Binding{{Name: "w", Value: calc.Value{Shape: []int{n}, Data: make([]float64, n)}}}, "w")
	if err != nil {
		t.Fatal(err)
	}
	s := &Search{Value: e.Node, Params: e.Params, Constraints: []Constraint{{relations[0].Text, relations[0].Node, true}}, Steps: 1000, Tolerance: 1e-8}
	f, err := s.Run(context.Background(), search.NewLBFGS())
	if err != nil || !f.Converged || !strings.HasPrefix(f.Kind, "unknown: the conditions hold") || math.Abs(f.F-1.0/n) > 1e-9 || math.Abs(f.Constraints[0].Multiplier+2.0/n) > 1e-7 {
		t.Errorf("%v, %s, %v", f.F, f.Kind, err)
	}
}

// A multiplier is by how much the least value falls for a small change of the limit.
func TestMultipliersAreSensitivities(t *testing.T) {
	at := func(a, b float64) *Found {
		_, f := program{"(x-2)^2+(y-1)^2+exp(z)", "x=0,y=0,z=0", "", []string{
			fmt.Sprintf("x^2+y^2+z^2 <= %v", 1+a), fmt.Sprintf("x-y+z = %v", 0.2+b)}}.run(t, "newton")
		return f
	}
	const h = 1e-4
	f := at(0, 0)
	for i, change := range []float64{at(-h, 0).F - at(h, 0).F, at(0, -h).F - at(0, h).F} {
		if got := f.Constraints[i].Multiplier; math.Abs(got-change/(2*h)) > 1e-6 {
			t.Errorf("constraint %d: multiplier %v, difference %v", i, got, change/(2*h))
		}
	}
}

// Random convex quadratic programs, by trying all sets of active constraints.
func TestQuadraticPrograms(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for range 25 {
		n, m := 2+rng.IntN(3), 1+rng.IntN(4)
		q, a, b := make([]float64, n), make([][]float64, m), make([]float64, m)
		var p program
		var value, start []string
		for i := range n {
			q[i] = rng.NormFloat64() * 3
			value, start = append(value, fmt.Sprintf("(x%d-(%v))^2*%d", i, q[i], i+1)), append(start, fmt.Sprintf("x%d=0", i))
		}
		for k := range m {
			var side []string
			for i := range n {
				a[k] = append(a[k], rng.NormFloat64())
				side = append(side, fmt.Sprintf("(%v)*x%d", a[k][i], i))
			}
			b[k] = rng.Float64() // 0 is feasible
			p.constraints = append(p.constraints, fmt.Sprintf("%s <= %v", strings.Join(side, "+"), b[k]))
		}
		p.text, p.start = strings.Join(value, "+"), strings.Join(start, ",")
		want := enumerate(q, a, b)
		if _, f := p.run(t, "lbfgs"); !f.Converged || math.Abs(f.F-want) > 1e-8*max(1, want) {
			t.Errorf("%s under %q: %v, want %v: %s", p.text, p.constraints, f.F, want, f.Kind)
		}
	}
}

// enumerate is the least Σ(i+1)(x-q)² with a·x <= b: of the minima with some of the
// constraints as equations, the least one that satisfies all.
func enumerate(q []float64, a [][]float64, b []float64) float64 {
	n, least := len(q), math.Inf(1)
	for set := range 1 << len(a) {
		var rows []int
		for k := range a {
			if set>>k&1 == 1 {
				rows = append(rows, k)
			}
		}
		size := n + len(rows)
		system := make([][]float64, size) // 2D(x-q) + Aᵀλ = 0, A·x = b
		for i := range n {
			system[i] = make([]float64, size+1)
			system[i][i], system[i][size] = 2*float64(i+1), 2*float64(i+1)*q[i]
		}
		for r, k := range rows {
			system[n+r] = make([]float64, size+1)
			for i := range n {
				system[n+r][i], system[i][n+r] = a[k][i], a[k][i]
			}
			system[n+r][size] = b[k]
		}
		x, ok := eliminate(system)
		for k := range a {
			sum := 0.0
			for i := range n {
				sum += a[k][i] * x[i]
			}
			ok = ok && sum <= b[k]+1e-9
		}
		value := 0.0
		for i := range n {
			value += float64(i+1) * (x[i] - q[i]) * (x[i] - q[i])
		}
		if ok {
			least = min(least, value)
		}
	}
	return least
}

// eliminate solves a system by Gauss and Jordan; it reports whether it could.
func eliminate(a [][]float64) ([]float64, bool) {
	n := len(a)
	x := make([]float64, n)
	for k := range n {
		p := k
		for i := k; i < n; i++ {
			if math.Abs(a[i][k]) > math.Abs(a[p][k]) {
				p = i
			}
		}
		if math.Abs(a[p][k]) < 1e-9 {
			return x, false
		}
		a[k], a[p] = a[p], a[k]
		for i := range n {
			if i == k {
				continue
			}
			part := a[i][k] / a[k][k]
			for j := k; j <= n; j++ {
				a[i][j] -= part * a[k][j]
			}
		}
	}
	for k := range n {
		x[k] = a[k][n] / a[k][k]
	}
	return x, true
}
