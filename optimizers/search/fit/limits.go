package fit

import (
	"math"
	"slices"

	"descent/graph"
	"descent/internal/elementary"
	"descent/optimizers/search"
)

// squaresOf is optimizers.ResidualProblem with derivatives also where the chain
// rule has none: (x/k)^n at x = 0 is 0 for every k, and so is its derivative by
// k, but the rule finds 0·∞ for n below 1. There they are differences.
func squaresOf(r *graph.Node, params []*graph.Node, feeds []graph.Feed) (*search.Problem, error) {
	p, err := search.ResidualProblem(r, params, feeds...)
	if err != nil {
		return nil, err
	}
	exact, gradient := p.Residuals, p.Grad
	p.Residuals = func(x, r, jac []float64) {
		exact(x, r, jac)
		if slices.ContainsFunc(jac, notFinite) {
			differences(exact, x, r, jac)
		}
	}
	r0, jac := make([]float64, p.Count), make([]float64, p.Count*len(p.Start))
	p.Grad = func(x, grad []float64) float64 {
		f := gradient(x, grad)
		if notFinite(f) || !slices.ContainsFunc(grad, notFinite) {
			return f
		}
		p.Residuals(x, r0, jac)
		clear(grad)
		for i, d := range jac {
			grad[i%len(grad)] += float64(d * r0[i/len(grad)])
		}
		return f
	}
	return p, nil
}

// differences puts central differences in place of derivatives that are not
// finite, in rows that are.
func differences(residuals func(x, r, jac []float64), x, r, jac []float64) {
	n, rest := len(x), make([]float64, len(jac))
	for k := range x {
		if !slices.ContainsFunc(seq(len(r)), func(i int) bool { return notFinite(jac[i*n+k]) }) {
			continue
		}
		h := float64(elementary.Cbrt(0x1p-52) * max(math.Abs(x[k]), 1e-3))
		var ends [2][]float64
		moved := slices.Clone(x)
		for end, at := range []float64{x[k] - h, x[k] + h} {
			ends[end], moved[k] = make([]float64, len(r)), at
			residuals(moved, ends[end], rest)
		}
		for i := range r {
			if notFinite(jac[i*n+k]) && !notFinite(r[i]) {
				jac[i*n+k] = (ends[1][i] - ends[0][i]) / (2 * h)
			}
		}
	}
}
