package search

import (
	"math"
	"math/rand/v2"
	"slices"

	"descent/internal/elementary"
	"descent/internal/leastsq"
)

// squares is a sum of squares under search.
type squares struct {
	run          *Run
	n, rows      int
	lower, upper []float64
	usual        float64 // least value from where a search began
	linear       []int   // see separable
	folds        []fold
	starts       []*spot // see folded
	random       *rand.Rand
}

func newSquares(run *Run) *squares {
	p := run.Problem
	s := &squares{run: run, n: len(p.Start), rows: p.Count, lower: p.Lower, upper: p.Upper, random: rand.New(rand.NewPCG(1, 2))}
	if s.lower == nil {
		s.lower = slices.Repeat([]float64{math.Inf(-1)}, s.n)
	}
	if s.upper == nil {
		s.upper = slices.Repeat([]float64{math.Inf(1)}, s.n)
	}
	if p.folds != nil {
		s.folds = p.folds()
	}
	return s
}

// inside moves x into the bounds.
func (s *squares) inside(x []float64) []float64 {
	for k := range x {
		x[k] = max(s.lower[k], min(s.upper[k], x[k]))
	}
	return x
}

// contains tells whether x is within the bounds.
func (s *squares) contains(x []float64) bool {
	for k, v := range x {
		if v < s.lower[k] || v > s.upper[k] {
			return false
		}
	}
	return true
}

// A spot is a point with what is known there. The gradient is Jᵀr.
type spot struct {
	x, r, jac, grad []float64
	bend            []float64 // Σr·∇²r, n x n, once it has been asked for
	f               float64
}

// spot evaluates residuals and Jacobian at x. A derivative that is not a
// number where the residual is one is 0·∞: of a function that has saturated, or
// of 0^p by p. It is taken as 0.
func (s *squares) spot(x []float64) *spot {
	at := &spot{x: slices.Clone(x), r: make([]float64, s.rows), jac: make([]float64, s.rows*s.n), grad: make([]float64, s.n)}
	s.run.Problem.Residuals(x, at.r, at.jac)
	s.run.res.Evaluations++
	for i, r := range at.r {
		for k, j := range at.row(i) {
			if math.IsNaN(j) && !math.IsNaN(r) {
				at.row(i)[k] = 0
			}
		}
		axpy(at.grad, at.grad, r, at.row(i))
	}
	at.f = 0.5 * dot(at.r, at.r)
	s.run.keep(x, at.f)
	return at
}

func (at *spot) row(i int) []float64 { n := len(at.x); return at.jac[i*n : (i+1)*n] }

// noise is by how much rounding of the parameters alone may change the value.
func (at *spot) noise() (sum float64) {
	for i, r := range at.r {
		size := math.Abs(r)
		for k, j := range at.row(i) {
			size += math.Abs(j * at.x[k])
		}
		size *= 0x1p-52
		if finite(size) {
			sum += float64(math.Abs(r)*size) + float64(0.5*size*size)
		}
	}
	return sum
}

// rounding is by how much two values may differ though they are the same, one
// part in 1e10 at most: far parameters have much noise, but little of it counts.
func (at *spot) rounding() float64 { return min(at.noise()+float64(1e-13*at.f), 1e-10*at.f) }

// cosine is the largest cosine of the angle between the residuals and a column
// of J whose parameter can move, and matters: 0 where the value is stationary.
func (s *squares) cosine(at *spot) (c float64) {
	size := math.Sqrt(2 * at.f)
	for k, norm := range columnNorms(at.jac, s.n) {
		if norm*max(1, math.Abs(at.x[k])) > dead*size && !s.held(at, k) {
			c = max(c, math.Abs(at.grad[k])/norm/size)
		}
	}
	return c
}

// dead is how little a parameter may change the residuals, over their size,
// that cannot change the value: beyond the last row of a step, say.
const dead = 1e-8

// held tells whether parameter k is at a bound and wants to leave.
func (s *squares) held(at *spot, k int) bool {
	return at.x[k] <= s.lower[k] && at.grad[k] >= 0 || at.x[k] >= s.upper[k] && at.grad[k] <= 0
}

// live is the rank of J without the columns of parameters whose size does not
// matter beside the residuals: on a plateau, and beyond the last kink, it is
// lower.
func (at *spot) live() int {
	n, size, jac := len(at.x), math.Sqrt(2*at.f), slices.Clone(at.jac)
	for k, norm := range columnNorms(at.jac, n) {
		if norm*math.Abs(at.x[k]) > dead*size {
			continue
		}
		for i := k; i < len(jac); i += n {
			jac[i] = 0
		}
	}
	return leastsq.New(jac, len(at.r), n).Rank()
}

// second returns Σr·∇²r.
func (s *squares) second(at *spot) []float64 {
	if at.bend != nil {
		return at.bend
	}
	at.bend = make([]float64, s.n*s.n)
	unit := make([]float64, s.n)
	for k := range s.n {
		clear(unit)
		unit[k] = 1
		s.run.Problem.Bend(at.x, at.r, unit, at.bend[k*s.n:(k+1)*s.n])
	}
	if !finite(at.bend...) {
		s.bent(at)
	}
	return at.bend
}

// bent takes Σr·∇²r from Jacobians around, in which a row that
// overflows does not spoil the others.
func (s *squares) bent(at *spot) {
	n := s.n
	clear(at.bend)
	for k, x := range at.x {
		h := float64(6e-6 * max(math.Abs(x), 1e-3)) // about the cube root of the rounding
		ends := [2]*spot{}
		for e, to := range []float64{x - h, x + h} {
			moved := slices.Clone(at.x)
			moved[k] = to
			ends[e] = s.spot(s.inside(moved))
		}
		over := ends[1].x[k] - ends[0].x[k]
		if over == 0 {
			continue
		}
		for i, r := range at.r {
			for j, d := range ends[1].row(i) {
				half := float64(0.5 * r * (d - ends[0].row(i)[j]) / over)
				at.bend[k*n+j] += half
				at.bend[j*n+k] += half
			}
		}
	}
	if !finite(at.bend...) {
		clear(at.bend)
	}
}

// columnNorms are the norms of the columns of a Jacobian.
func columnNorms(jac []float64, n int) []float64 {
	norms := make([]float64, n)
	for i, j := range jac {
		norms[i%n] = elementary.Hypot(norms[i%n], j)
	}
	return norms
}

// rescale raises the scales to the norms of J's columns. A scale that is far
// above the norm would hide the parameter.
func (s *squares) rescale(scale []float64, at *spot, unit bool) {
	size := math.Sqrt(2 * at.f)
	for k, norm := range columnNorms(at.jac, s.n) {
		norm = max(norm, 1e-6*size/max(1, math.Abs(at.x[k])))
		switch {
		case unit:
			scale[k] = 1
		case norm > 0:
			scale[k] = max(norm, min(scale[k], 1e4*norm))
		case scale[k] == 0:
			scale[k] = 1
		}
	}
}

// predict returns the fall of the value along d in a model.
func (s *squares) predict(at *spot, d []float64, second bool) float64 {
	fall := 0.0
	for i, r := range at.r {
		jd := dot(at.row(i), d)
		fall -= float64(jd * (r + float64(0.5*jd)))
	}
	if second {
		bend := s.second(at)
		for k := range d {
			fall -= float64(0.5 * d[k] * dot(bend[k*s.n:(k+1)*s.n], d))
		}
	}
	return fall
}

// whole returns the step to the minimum of a model, unlimited but for bounds,
// and the predicted fall; nil where the model has no minimum.
func (s *squares) whole(at *spot, second bool) (d []float64, predicted float64) {
	return s.within(at, nil, math.Inf(1), second && s.run.Problem.Bend != nil)
}

// free minimises a model over the parameters that are not fixed, the fixed
// ones having moved by d. Without scale, directions that the residuals do not
// determine are left out.
func (s *squares) free(at *spot, d []float64, fixed []bool, scale []float64, radius float64, second bool) []float64 {
	n := s.n
	jac, r := slices.Clone(at.jac), slices.Clone(at.r)
	for i := range r {
		for k, fix := range fixed {
			if fix {
				r[i] += float64(jac[i*n+k] * d[k])
				jac[i*n+k] = 0
			}
		}
	}
	f := leastsq.Scaled(jac, s.rows, n, scale)
	if !second && math.IsInf(radius, 1) {
		return f.Solve(r)
	}
	m := &model{f.Spectrum(r), nil}
	if second {
		m.bend(s.second(at), d, fixed, scale == nil)
	}
	z := m.Step(m.minimise(radius))
	for k, fix := range fixed {
		if fix && z != nil {
			z[k] = 0
		}
	}
	return z
}
