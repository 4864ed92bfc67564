package search

import (
	"math"
	"slices"

	"descent/internal/elementary"
)

// fillIn gives a problem derivatives also where the chain rule has none: (x/k)^n
// at x = 0 is 0 for every k, and so is its derivative by k, but the rule finds
// 0·∞ for n below 1; so it does where an exponential within a quotient
// overflows. There they are differences.
func (p *Problem) fillIn() {
	exact, gradient := p.Residuals, p.Grad
	p.Residuals = func(x, r, jac []float64) {
		exact(x, r, jac)
		if !finite(jac...) {
			differences(exact, x, r, jac)
		}
	}
	r, jac := make([]float64, p.Count), make([]float64, p.Count*len(p.Start))
	p.Grad = func(x, grad []float64) float64 {
		f := gradient(x, grad)
		if !finite(f) || finite(grad...) {
			return f
		}
		p.Residuals(x, r, jac)
		clear(grad)
		for i, d := range jac {
			grad[i%len(grad)] += float64(d * r[i/len(grad)])
		}
		return f
	}
}

// differences puts central differences, where there are any, in place of
// derivatives that are not finite, in rows that are.
func differences(residuals func(x, r, jac []float64), x, r, jac []float64) {
	n, rest := len(x), make([]float64, len(jac))
	for k := range x {
		var rows []int
		for i := range r {
			if !finite(jac[i*n+k]) && finite(r[i]) {
				rows = append(rows, i)
			}
		}
		if rows == nil {
			continue
		}
		h := float64(elementary.Cbrt(0x1p-52) * max(math.Abs(x[k]), 1e-3))
		var ends [2][]float64
		moved := slices.Clone(x)
		for end, at := range []float64{x[k] - h, x[k] + h} {
			ends[end], moved[k] = make([]float64, len(r)), at
			residuals(moved, ends[end], rest)
		}
		for _, i := range rows {
			if slope := (ends[1][i] - ends[0][i]) / (2 * h); finite(slope) {
				jac[i*n+k] = slope
			}
		}
	}
}
