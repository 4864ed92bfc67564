package search

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"

	"descent/graph"
	"descent/internal/leastsq"
	"descent/ops"
	"descent/ops/formula"
)

// squaresFile may be a longer list of the same generator.
var squaresFile = flag.String("squares", "testdata/squares.json", "fits with scipy's sums of squares")

// A squaresProblem is a fit with the sum of squares that scipy's trust-region
// code reached; see testdata/README.md.
type squaresProblem struct {
	Base, Kind, Formula string
	Names               []string
	Start, X, Z, Y      []float64
	Columns             map[string][]float64 // more of them
	Bounds              [][2]*float64
	Status              int
	RSS                 *float64
	Estimates, Stderr   []float64
}

func squaresProblems(t *testing.T, path string) (ps []squaresProblem) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(text, &ps)
	}
	if err != nil {
		t.Fatal(err)
	}
	return ps
}

// problem builds y - formula.
func (p *squaresProblem) problem(t *testing.T) *Problem {
	t.Helper()
	g := graph.New(graph.Float64, 1)
	bind := map[string]*node{}
	for name, v := range map[string][]float64{"x": p.X, "z": p.Z} {
		if v != nil {
			bind[name] = g.State("data/"+name, graph.From(v...), len(v))
		}
	}
	for name, v := range p.Columns {
		bind[name] = g.State("data/"+name, graph.From(v...), len(v))
	}
	for i, name := range p.Names {
		bind[name] = g.Param(name, graph.Fill(p.Start[i]))
	}
	f, err := formula.Parse(p.Formula)
	if err != nil {
		t.Fatal(err)
	}
	model, err := f.Build(g, bind)
	if err != nil {
		t.Fatal(err)
	}
	var params []*node
	for _, name := range p.Names {
		params = append(params, bind[name])
	}
	prob, err := ResidualProblem(ops.Sub(g.State("data/y", graph.From(p.Y...), len(p.Y)), model), params)
	if err != nil {
		t.Fatalf("%s: %v", p.Formula, err)
	}
	if p.Bounds != nil {
		for _, b := range p.Bounds {
			lo, hi := math.Inf(-1), math.Inf(1)
			if b[0] != nil {
				lo = *b[0]
			}
			if b[1] != nil {
				hi = *b[1]
			}
			prob.Lower, prob.Upper = append(prob.Lower, lo), append(prob.Upper, hi)
		}
	}
	return prob
}

// floor is the sum of squares that rounding of the data makes.
func (p *squaresProblem) floor() float64 {
	s := 0.0
	for _, y := range p.Y {
		s += math.Pow(1e-13*y, 2)
	}
	return s + 1e-28*float64(len(p.Y))
}

// lowest watches a problem for the lowest value seen.
func lowest(p *Problem) *float64 {
	low := math.Inf(1)
	value, residuals := p.Func, p.Residuals
	p.Func = func(x []float64) float64 {
		v := value(x)
		if v < low {
			low = v
		}
		return v
	}
	p.Residuals = func(x, r, jac []float64) {
		residuals(x, r, jac)
		if v := 0.5 * dot(r, r); v < low {
			low = v
		}
	}
	return &low
}

// Of the problems that scipy's trust-region code solves, nearly all are
// solved; a result that is worse is never called converged, and none is above
// a point that was visited.
func TestLeastSquaresBesideScipy(t *testing.T) {
	ps := squaresProblems(t, *squaresFile)
	solvable, solved, evals := 0, 0, 0
	for i := range ps {
		p := &ps[i]
		prob := p.problem(t)
		low := lowest(prob)
		first := prob.Func(prob.Start)
		res, err := Minimize(context.Background(), prob, LevenbergMarquardt{}, Stop{})
		if err != nil {
			t.Fatal(err)
		}
		evals += res.Evaluations
		name := fmt.Sprintf("%d %s %s: %s from %v", i, p.Base, p.Kind, p.Formula, p.Start)
		if first == first && (!(res.F <= *low*(1+2e-10)+p.floor()) || !(res.F <= first*(1+1e-14))) {
			t.Errorf("%s: ends at %g, has seen %g, started at %g", name, res.F, *low, first)
		}
		if p.RSS == nil {
			continue
		}
		rss := 2 * res.F
		worse := !(rss <= *p.RSS*(1+1e-8)+p.floor())
		if worse && res.Reason.Converged() {
			t.Errorf("%s: RSS %.12g is called converged, scipy has %.12g: %v, %s", name, rss, *p.RSS, res.X, res.Reason)
		}
		if p.Status > 0 {
			solvable++
			if !worse && res.Reason.Converged() {
				solved++
			} else {
				t.Logf("not solved: %s: RSS %.12g, scipy %.12g, %d evaluations, %s", name, rss, *p.RSS, res.Evaluations, res.Reason)
			}
		}
	}
	t.Logf("%d of %d solved, %d evaluations", solved, solvable, evals)
	if solved < solvable*99/100 {
		t.Errorf("%d of %d are solved", solved, solvable)
	}
}

// Linear problems against rational arithmetic: polynomials, and Longley's
// regression.
func TestLinearLeastSquares(t *testing.T) {
	for _, p := range squaresProblems(t, "testdata/linear.json") {
		prob := p.problem(t)
		res, err := Minimize(context.Background(), prob, LevenbergMarquardt{}, Stop{})
		if err != nil {
			t.Fatal(err)
		}
		want := 1e-13
		if strings.Contains(p.Base, "far from 0") {
			want = 1e-8 // x^10 itself is rounded
		}
		miss := farthest(res.X, p.Estimates)
		t.Logf("%s: error %.1g, %s, %d evaluations", p.Base, miss, res.Reason, res.Evaluations)
		if !(miss <= want) || !res.Reason.Converged() {
			t.Errorf("%s: %v, want %v: %s", p.Base, res.X, p.Estimates, res.Reason)
		}
		if *p.RSS <= p.floor() {
			continue // only rounding
		}
		got := stderrs(prob, res.X)
		if err := farthest(got, p.Stderr); !(err <= 100*want) {
			t.Errorf("%s: standard errors %v, want %v (%.1g)", p.Base, got, p.Stderr, err)
		}
	}
}

// NIST's problems of the highest difficulty whose data are short, from both
// starts, with second derivatives and without.
func TestHardLeastSquares(t *testing.T) {
	for _, p := range squaresProblems(t, "testdata/nist.json") {
		for _, first := range []bool{false, true} {
			prob := p.problem(t)
			if first {
				prob.Bend = nil
			}
			res, err := Minimize(context.Background(), prob, LevenbergMarquardt{}, Stop{})
			if err != nil {
				t.Fatal(err)
			}
			miss := farthest(res.X, p.Estimates)
			t.Logf("%s %s: error %.1g, %s, %d evaluations", p.Base, p.Kind, miss, res.Reason, res.Evaluations)
			if !(miss <= 1e-9) || !res.Reason.Converged() {
				t.Errorf("%s %s: %v, want %v: %s", p.Base, p.Kind, res.X, p.Estimates, res.Reason)
			}
		}
	}
}

// farthest is the largest relative error; absolute where 0 is wanted.
func farthest(got, want []float64) (worst float64) {
	for k, w := range want {
		size := math.Abs(w)
		if w == 0 {
			size = 1
		}
		worst = math.Max(worst, math.Abs(got[k]-w)/size)
	}
	return worst
}

// stderrs are the standard errors at x.
func stderrs(p *Problem, x []float64) []float64 {
	n := len(x)
	r, jac := make([]float64, p.Count), make([]float64, p.Count*n)
	p.Residuals(x, r, jac)
	cov, out := leastsq.New(jac, p.Count, n).Covariance(), make([]float64, n)
	for k := range out {
		out[k] = math.Sqrt(cov[k*n+k] * dot(r, r) / float64(p.Count-n))
	}
	return out
}

// What a search says about where it ended: a kink whose slopes do not vanish is
// not converged, a value that falls up to where it overflows or for ever
// neither; a step that is as steep as can be told is. Bounds are kept, weights of
// 1e12 between rows are no trouble, steps out of the domain are taken back,
// kinks are found from beyond the rows.
func TestLeastSquaresTellsTheTruth(t *testing.T) {
	x := []float64{1, 2, 3, 4, 5, 6}
	zero, one := 0.0, 1.0
	for name, c := range map[string]struct {
		squaresProblem
		want   []float64 // nil: not known
		reason Reason
	}{
		"kink":        {squaresProblem{Formula: "abs(a-1)+x", Y: []float64{0, 1, 2, 3, 4, 5}, Start: []float64{3}}, []float64{1}, NoProgress},
		"at a bound":  {squaresProblem{Formula: "a*x", Y: x, Start: []float64{0.5}, Bounds: [][2]*float64{{nil, &zero}}}, []float64{0}, ChangeSmall},
		"two bounds":  {squaresProblem{Formula: "a*x+b", Y: []float64{5, 7, 9, 11, 13, 15}, Start: []float64{0.5, 0.5}, Bounds: [][2]*float64{{&zero, &one}, {&zero, nil}}}, []float64{1, 6.5}, ChangeSmall},
		"rows":        {squaresProblem{Formula: "(a*x+b)*10^(12*(x-3)/3)", Y: []float64{3e-8, 5e-4, 7, 9e4, 11e8, 13e12}, Start: []float64{1, 1}}, []float64{2, 1}, ChangeSmall},
		"domain":      {squaresProblem{Formula: "log(a)*x", Y: x, Start: []float64{40}}, []float64{math.E}, ChangeSmall},
		"undefined":   {squaresProblem{Formula: "sqrt(a)*x", Y: x, Start: []float64{0}}, []float64{1}, ChangeSmall},
		"saddle":      {squaresProblem{Formula: "a*b*x", Y: x, Start: []float64{0, 0}}, nil, ChangeSmall},
		"unreachable": {squaresProblem{Formula: "exp(a)*0*x+x", Y: []float64{2, 4, 6, 8, 10, 12}, Start: []float64{0}}, []float64{0}, ChangeSmall},
		"beyond":      {squaresProblem{Formula: "a*abs(x-b)+c", Y: []float64{5, 3, 1, 3, 5, 7}, Start: []float64{1, 100, 0}, RSS: &zero}, []float64{2, 3, 1}, ChangeSmall},
		"step":        {squaresProblem{Formula: "where(x<b,a,c)", Y: []float64{7, 7, 7, 7, 2, 2}, Start: []float64{1, -40, 0}, RSS: &zero}, nil, ChangeSmall},
		"waves":       {squaresProblem{Formula: "a*cos(b*x+c)", Y: []float64{2, -2, 2, -2, 2, -2}, Start: []float64{1, 0.4, 0}, RSS: &zero}, nil, ChangeSmall},
		"two kinks":   {squaresProblem{Formula: "2*max(0,x-a)-2*max(0,x-b)", Y: []float64{0, 0, 2, 4, 4, 4}, Start: []float64{100, 200}, RSS: &zero}, nil, ChangeSmall},
		"saturated":   {squaresProblem{Formula: "a/(1+exp(-b*(x-c)))", Y: []float64{1, 1, 2, -2, -3, 1}, Start: []float64{1, 1, 3}}, nil, ChangeSmall},
		"overflow":    {squaresProblem{Formula: "log(a)+0*x", Y: []float64{-800, -800, -800, -800, -800, -800}, Start: []float64{1}}, nil, Edge},
		"no minimum": {squaresProblem{Formula: "a*exp(-(x-b)^2/(2*c^2))+d", X: []float64{-1.5705, 1.3311, 3.128, 3.2423, 4.5143},
			Y: []float64{0.5984468847766329, -0.14523208530360654, 0.26314348959654843, 0.017182188066395966, -1.0313089127780586}, Start: []float64{0.383655, -1.62269, 0.77626, 0.201177}}, nil, NoMinimum},
	} {
		p := c.squaresProblem
		if p.X == nil {
			p.X = x
		}
		p.Names = []string{"a", "b", "c", "d"}[:len(p.Start)]
		prob := p.problem(t)
		low := lowest(prob)
		res, err := Minimize(context.Background(), prob, LevenbergMarquardt{}, Stop{})
		if err != nil {
			t.Fatal(err)
		}
		if c.want != nil && !(farthest(res.X, c.want) <= 1e-9) && !(res.F == 0) || res.Reason != c.reason || res.F > *low*(1+1e-12) || p.RSS != nil && !(res.F <= 1e-20) {
			t.Errorf("%s: %v with %g, want %v, %q: %s", name, res.X, res.F, c.want, c.reason, res.Reason)
		}
	}
}
