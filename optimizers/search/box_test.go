package search

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// linearProblem is ½‖A·x - b‖² within bounds, some columns of A the same.
func linearProblem(rng *rand.Rand, rows, n int) (p *Problem, a []float64) {
	b := make([]float64, rows)
	a = make([]float64, rows*n)
	for i := range a {
		a[i] = rng.NormFloat64() * math.Pow(10, float64(i%n-n/2))
	}
	twin, of := rng.IntN(n), rng.IntN(n)
	for i := range rows {
		a[i*n+twin] = -a[i*n+of]
		b[i] = 3 * rng.NormFloat64()
	}
	residuals := func(x, r, jac []float64) {
		copy(jac, a)
		for i := range r {
			r[i] = -b[i]
			for k, v := range x {
				r[i] += a[i*n+k] * v
			}
		}
	}
	value := func(x []float64) float64 {
		r := make([]float64, rows)
		residuals(x, r, nil)
		return 0.5 * dot(r, r)
	}
	p = &Problem{Func: value, Grad: func(x, g []float64) float64 { return value(x) }, Residuals: residuals, Count: rows}
	for k := range n {
		size := math.Pow(10, -float64(k-n/2))
		low, high := -size*rng.Float64(), size*rng.Float64()
		switch rng.IntN(4) {
		case 0:
			low = math.Inf(-1)
		case 1:
			high = math.Inf(1)
		}
		p.Lower, p.Upper = append(p.Lower, low), append(p.Upper, high)
		p.Start = append(p.Start, max(low, min(high, size*rng.NormFloat64())))
	}
	return p, a
}

// The least sum of squares of a linear problem within bounds is where the
// gradient is 0 in each parameter, or points out of the bound that it is at.
func TestLinearWithinBounds(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 1))
	for trial := range 300 {
		rows, n := 4+rng.IntN(12), 2+rng.IntN(7)
		p, a := linearProblem(rng, rows, n)
		start := slices.Clone(p.Start)
		res, err := Minimize(context.Background(), p, LevenbergMarquardt{}, Stop{})
		if err != nil || !res.Reason.Converged() {
			t.Fatalf("%d: %v, %v", trial, res, err)
		}
		r := make([]float64, rows)
		p.Residuals(res.X, r, make([]float64, rows*n))
		for k, x := range res.X {
			g, norm := 0.0, 0.0
			for i := range rows {
				g += r[i] * a[i*n+k]
				norm = math.Hypot(norm, a[i*n+k])
			}
			g /= norm * (1 + length(r))
			if x < p.Lower[k] || x > p.Upper[k] {
				t.Errorf("%d: parameter %d is %g, not within %g and %g", trial, k, x, p.Lower[k], p.Upper[k])
			}
			if g > 1e-8 && x != p.Lower[k] || g < -1e-8 && x != p.Upper[k] {
				t.Errorf("%d from %v: parameter %d is %g within %g and %g, the cosine of its gradient %g", trial, start, k, x, p.Lower[k], p.Upper[k], g)
			}
		}
	}
}
