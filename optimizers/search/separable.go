package search

import (
	"math"
	"slices"

	"descent/internal/leastsq"
)

// separable returns parameters in which the residuals are linear together:
// those whose columns of J stay when they are moved far. With them solved for,
// a search is one over the others. Ruhe, Wedin 1980,
// https://doi.org/10.1137/1022057, algorithm 2.
func (s *squares) separable(at *spot) (set []int) {
	for k := range s.n {
		x := slices.Clone(at.x)
		tried := append(slices.Clone(set), k)
		for i, p := range tried {
			x[p] = s.elsewhere(p, at.x[p], i)
		}
		moved := s.look(x)
		if moved != nil && sameColumns(at, moved, tried) {
			set = tried
		}
	}
	return set
}

// elsewhere is another value of a parameter, of the same order of size.
func (s *squares) elsewhere(k int, x float64, i int) float64 {
	to := float64(-1.618*x) + 0.7 + float64(0.1*float64(i))
	if to < s.lower[k] || to > s.upper[k] {
		to = x + float64(0.382*(max(s.lower[k], min(s.upper[k], to))-x))
	}
	return to
}

// sameColumns compares columns of two Jacobians, but for rounding.
func sameColumns(a, b *spot, set []int) bool {
	norms, root := columnNorms(a.jac, len(a.x)), math.Sqrt(float64(len(a.r)))
	for i := range a.r {
		for _, k := range set {
			x, y := a.row(i)[k], b.row(i)[k]
			if !(math.Abs(x-y) <= 1e-13*max(norms[k]/root, math.Abs(x))) {
				return false
			}
		}
	}
	return true
}

// look is spot, nil where something is not finite.
func (s *squares) look(x []float64) *spot {
	at := s.spot(x)
	if !finite(at.jac...) || !finite(at.r...) {
		return nil
	}
	return at
}

// solved returns where the best values of linear parameters lead, nil if
// nothing finite is there.
func (s *squares) solved(at *spot, linear []int) *spot {
	if !finite(at.jac...) || !finite(at.r...) {
		return nil
	}
	jac := make([]float64, 0, s.rows*len(linear))
	for i := range s.rows {
		for _, k := range linear {
			jac = append(jac, at.row(i)[k])
		}
	}
	d := leastsq.New(jac, s.rows, len(linear)).Solve(at.r)
	x := slices.Clone(at.x)
	for i, k := range linear {
		x[k] += d[i]
	}
	return s.look(s.inside(x))
}

// fromOrigin solves a linear problem once more from where all parameters are 0:
// there the residuals are the data, without the rounding of a model whose
// terms are large and cancel.
func (s *squares) fromOrigin(at *spot) {
	zero := make([]float64, s.n)
	if !s.contains(zero) {
		return
	}
	origin := s.look(zero)
	if origin == nil {
		return
	}
	f := leastsq.New(origin.jac, s.rows, s.n)
	if f.Rank() < s.n {
		return
	}
	x := f.Solve(origin.r)
	if !finite(x...) || !s.contains(x) {
		return
	}
	if next := s.spot(x); next.f <= at.f+min(at.noise(), 1e-6*at.f) {
		s.run.settle(next.x, next.f)
		s.run.Visit(next.x, next.f, next.grad)
	}
}
