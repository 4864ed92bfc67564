package search

import (
	"math"
	"slices"
)

// within returns the step that minimises a model within the bounds and the
// trust region, and the fall that the model predicts. Parameters at a bound
// that want to leave are fixed; the model is minimised over the others, as far
// as the first bound on the way, where its parameter is fixed too, and so on;
// a fixed one that wants back then is released. The convex model falls all the
// way. Stark, Parker 1995, https://doi.org/10.1007/978-3-642-76233-7_3.
func (s *squares) within(at *spot, scale []float64, radius float64, second bool) (d []float64, predicted float64) {
	fixed, d := make([]bool, s.n), make([]float64, s.n)
	for k := range fixed {
		fixed[k] = s.held(at, k)
	}
	for range 4*s.n + 1 {
		z := s.free(at, d, fixed, scale, radius, second)
		if z == nil {
			return nil, 0
		}
		if !s.advance(at, d, z, fixed) {
			continue
		}
		if second || !s.release(at, d, fixed) {
			break
		}
	}
	return d, s.predict(at, d, second)
}

// advance moves the free parameters of d towards z, as far as the first bound.
// It fixes what is there, and reports whether d is z.
func (s *squares) advance(at *spot, d, z []float64, fixed []bool) (whole bool) {
	part, first := 1.0, -1
	for k, to := range z {
		end := max(s.lower[k], min(s.upper[k], at.x[k]+to))
		if fixed[k] || end == at.x[k]+to {
			continue
		}
		if t := max(0, (end-at.x[k]-d[k])/(to-d[k])); t < part || first < 0 {
			part, first = t, k
		}
	}
	for k, to := range z {
		switch {
		case fixed[k]:
		case first < 0:
			d[k] = to
		case k == first:
			d[k], fixed[k] = max(s.lower[k], min(s.upper[k], at.x[k]+to))-at.x[k], true
		default:
			d[k] += float64(part * (to - d[k]))
		}
	}
	return first < 0
}

// release frees the fixed parameter whose column has the largest cosine with
// the residuals of the linear model at d, if moving it inside lowers them.
func (s *squares) release(at *spot, d []float64, fixed []bool) bool {
	if !slices.Contains(fixed, true) {
		return false
	}
	r, grad := slices.Clone(at.r), make([]float64, s.n)
	for i := range r {
		r[i] += dot(at.row(i), d)
		axpy(grad, grad, r[i], at.row(i))
	}
	most, which, size := 1e-8, -1, length(r)
	for k, norm := range columnNorms(at.jac, s.n) {
		low := at.x[k]+d[k] <= s.lower[k]
		if !fixed[k] || s.lower[k] == s.upper[k] || low != (grad[k] < 0) {
			continue
		}
		if c := math.Abs(grad[k]) / norm / size; c > most {
			most, which = c, k
		}
	}
	if which >= 0 {
		fixed[which] = false
	}
	return which >= 0
}
