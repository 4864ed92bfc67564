package search

import (
	"math"

	"descent/internal/leastsq"
)

// A model is a quadratic model of ½Σr² in the basis of J's singular vectors:
//
//	½‖S·w + t‖² + ½wᵀKw + kᵀw
type model struct {
	*leastsq.Spectrum
	second *curvature
}

// curvature is K, in rows, and k; some directions are left out.
type curvature struct {
	k, slope []float64
	out      []bool
}

// bend adds second derivatives, where d are the steps of the fixed
// parameters. Directions that J does not determine are left out if they have no
// curvature but for rounding; with determined, all of them are.
func (m *model) bend(b, d []float64, fixed []bool, determined bool) {
	n := len(d)
	c := &curvature{make([]float64, n*n), make([]float64, n), make([]bool, n)}
	columns := make([][]float64, n)
	for j := range n {
		w := make([]float64, n)
		w[j] = 1
		columns[j] = m.Step(w)
		for k, fix := range fixed {
			if fix {
				columns[j][k] = 0
			}
		}
	}
	bd := make([]float64, n)
	for j := range n {
		for k := range n {
			bd[k] = dot(b[k*n:(k+1)*n], columns[j])
		}
		for i := range n {
			c.k[i*n+j] = dot(columns[i], bd)
		}
		c.slope[j] = dot(bd, d)
	}
	for j := m.Rank; j < n; j++ {
		c.out[j] = determined || length(c.k[j*n:(j+1)*n]) <= 1e-13*length(c.k)
	}
	for i := range n {
		for j := range n {
			if c.out[i] || c.out[j] {
				c.k[i*n+j] = 0
			}
		}
	}
	m.second = c
}

// minimise returns the w of the model's minimum with ‖w‖ ≤ radius; nil if it
// has none and the radius is infinite.
func (m *model) minimise(radius float64) []float64 {
	h, try, floor := m.slope(), m.damped, 0.0
	if m.second != nil {
		try = func(lambda float64) []float64 { return m.newton(lambda, h) }
		floor = length(m.second.k)
	}
	within := func(lambda float64) []float64 {
		w := try(lambda)
		if w == nil || !(length(w) <= radius) {
			return nil
		}
		return w
	}
	w := within(0)
	if w != nil || math.IsInf(radius, 1) {
		return w
	}
	w, lambda := leastDamping(within, 2*(floor+length(h)/radius))
	if m.second != nil && w != nil && length(w) < 0.8*radius {
		m.lengthen(w, h, lambda, radius)
	}
	return w
}

// slope is the model's gradient at w = 0.
func (m *model) slope() []float64 {
	h := make([]float64, len(m.S))
	for i, s := range m.S {
		h[i] = float64(s * m.T[i])
		switch {
		case m.second == nil:
		case m.second.out[i]:
			h[i] = 0
		default:
			h[i] += m.second.slope[i]
		}
	}
	return h
}

// lengthen extends w to the radius along the direction of the least curvature,
// found by inverse iteration: at a saddle the slope alone leads nowhere.
func (m *model) lengthen(w, h []float64, lambda, radius float64) {
	v := make([]float64, len(w))
	for i := range v {
		v[i] = 1 / float64(i+1)
	}
	for range 4 {
		v = m.newton(lambda, v)
		size := length(v)
		if v == nil || !finite(size) || size == 0 {
			return
		}
		for i := range v {
			v[i] /= size
		}
	}
	t := math.Sqrt(float64(radius*radius) - dot(w, w))
	if dot(v, h) > 0 {
		t = -t
	}
	axpy(w, w, t, v)
	if over := length(w) / radius; over > 1 {
		axpy(w, w, 1/over-1, w)
	}
}

// leastDamping returns what try gives for about the least λ for which it gives
// something; high is one that is large enough but for rounding.
func leastDamping(try func(float64) []float64, high float64) (w []float64, lambda float64) {
	w = try(high)
	for range 60 {
		if w != nil {
			break
		}
		high *= 2
		w = try(high)
	}
	low := high
	for range 200 {
		low /= 4
		if t := try(low); t != nil {
			w, high = t, low
			continue
		}
		break
	}
	for range 4 {
		mid := math.Sqrt(low) * math.Sqrt(high)
		if t := try(mid); t != nil {
			w, high = t, mid
		} else {
			low = mid
		}
	}
	return w, high
}

// damped solves (S² + λ)·w = -S·t; what is not determined does not move.
func (m *model) damped(lambda float64) []float64 {
	w := make([]float64, len(m.S))
	for i, s := range m.S {
		if i < m.Rank {
			w[i] = -m.T[i] / (s + lambda/s)
		}
	}
	return w
}

// newton solves (S² + K + λ)·w = -h by Cholesky's method with the diagonal
// scaled to 1, which keeps the accuracy of small singular values. It returns
// nil if the matrix is not positive definite.
func (m *model) newton(lambda float64, h []float64) []float64 {
	n := len(m.S)
	a, w, d := make([]float64, n*n), make([]float64, n), make([]float64, n)
	for i, s := range m.S {
		x := float64(s*s) + m.second.k[i*n+i] + lambda
		if m.second.out[i] {
			x = 1
		}
		if !(x > 0) {
			return nil
		}
		d[i] = math.Sqrt(x)
		if !m.second.out[i] {
			w[i] = -h[i] / d[i]
		}
	}
	for i := range n {
		a[i*n+i] = 1
		for j := range i {
			a[i*n+j] = m.second.k[i*n+j] / d[i] / d[j]
		}
	}
	if !cholesky(a, n) {
		return nil
	}
	for i := range n {
		w[i] = (w[i] - dot(a[i*n:i*n+i], w[:i])) / a[i*n+i]
	}
	for i := n - 1; i >= 0; i-- {
		for k := i + 1; k < n; k++ {
			w[i] -= float64(a[k*n+i] * w[k])
		}
		w[i] /= a[i*n+i]
	}
	for i := range w {
		w[i] /= d[i]
	}
	return w
}

// cholesky replaces the lower triangle of a matrix with diagonal 1 by its
// factor, unless the matrix is not positive definite but for rounding.
func cholesky(a []float64, n int) bool {
	for i := range n {
		for j := range i {
			a[i*n+j] = (a[i*n+j] - dot(a[i*n:i*n+j], a[j*n:j*n+j])) / a[j*n+j]
		}
		rest := a[i*n+i] - dot(a[i*n:i*n+i], a[i*n:i*n+i])
		if !(rest > 1e-14) {
			return false
		}
		a[i*n+i] = math.Sqrt(rest)
	}
	return true
}
