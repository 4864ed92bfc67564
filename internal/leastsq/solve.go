package leastsq

import (
	"math"

	"descent/internal/elementary"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
)

// Solve returns the step d that minimises ‖J·d + r‖; where the rank is not
// full, the one with the least ‖C·d‖, C the norms of J's columns. With full
// rank it is refined with residuals of twice the precision, so that it is the
// solution for the elements of J and r as given nearly to the last digit, as
// long as the condition of the scaled J is below about 1e14.
func (f *Factor) Solve(r []float64) []float64 {
	b := make([]float64, f.rows)
	for i, x := range r {
		b[i] = -x
	}
	if f.rank < f.n {
		return f.leastNorm(b)
	}
	return f.refined(b, make([]float64, f.n))
}

// leastNorm solves by the singular vectors that count.
func (f *Factor) leastNorm(b []float64) []float64 {
	p := f.Spectrum(b)
	w := make([]float64, f.n)
	for k := range f.rank {
		w[k] = p.T[k] / f.s[k]
	}
	return p.Step(w)
}

// refined solves the augmented system
//
//	s + J·d = b,  Jᵀ·s = c
//
// again for what is missing in it, while that becomes smaller. Björck 1967,
// https://doi.org/10.1007/BF01939321.
func (f *Factor) refined(b, c []float64) []float64 {
	s, d := make([]float64, f.rows), make([]float64, f.n)
	top, bottom := b, c
	before := math.Inf(1)
	for range 10 {
		ds, dd := f.augmented(top, bottom)
		size := 0.0
		for k := range dd {
			size = elementary.Hypot(size, dd[k]*f.norm[k])
		}
		if !(size < before/2) {
			break
		}
		before = size
		for i := range s {
			s[i] += ds[i]
		}
		for k := range d {
			d[k] += dd[k]
		}
		top, bottom = f.missing(b, c, s, d)
	}
	return d
}

// augmented solves s + J·d = top, Jᵀ·s = bottom by the factors.
func (f *Factor) augmented(top, bottom []float64) (s, d []float64) {
	n := f.n
	r := blas64.Triangular{Uplo: blas.Upper, Diag: blas.NonUnit, N: n, Stride: n, Data: f.qr.Data[:n*n]}
	c, h := f.turned(top), make([]float64, n)
	for k, p := range f.pivot {
		h[k] = bottom[p] / f.norm[p]
	}
	blas64.Trsv(blas.Trans, r, blas64.Vector{N: n, Data: h, Inc: 1})
	y := make([]float64, n)
	for k := range y {
		y[k] = c[k] - h[k]
	}
	blas64.Trsv(blas.NoTrans, r, blas64.Vector{N: n, Data: y, Inc: 1})
	d = make([]float64, n)
	for k, p := range f.pivot {
		d[p] = y[k] / f.norm[p]
	}
	copy(c, h)
	return f.back(c), d
}

// missing returns b - s - J·d and c - Jᵀ·s, summed with twice the precision.
func (f *Factor) missing(b, c, s, d []float64) (top, bottom []float64) {
	top, bottom = make([]float64, f.rows), make([]float64, f.n)
	for i := range top {
		var t Sum
		t.Add(b[i])
		t.Add(-s[i])
		for k, x := range d {
			t.AddProduct(-f.jac[i*f.n+k], x)
		}
		top[i] = t.Value()
	}
	for k := range bottom {
		var t Sum
		t.Add(c[k])
		for i, x := range s {
			t.AddProduct(-f.jac[i*f.n+k], x)
		}
		bottom[k] = t.Value()
	}
	return top, bottom
}

// A Sum adds numbers as if with twice the precision. Ogita, Rump, Oishi 2005,
// https://doi.org/10.1137/030601818.
type Sum struct{ high, low float64 }

// Add adds x.
func (s *Sum) Add(x float64) {
	h := s.high + x
	z := h - s.high
	s.low += (s.high - (h - z)) + (x - z)
	s.high = h
}

// AddProduct adds x·y.
func (s *Sum) AddProduct(x, y float64) {
	p := float64(x * y)
	s.Add(p)
	s.low += math.FMA(x, y, -p)
}

// Value is the sum, rounded once.
func (s *Sum) Value() float64 { return s.high + s.low }

// A Spectrum is a least-squares problem in the basis of J's singular vectors:
//
//	‖J·d + r‖² = ‖S·w + T‖² + a constant, for d = Step(w)
type Spectrum struct {
	S, T []float64 // S falls
	Rank int       // of J: the first elements of S, those that count
	of   *Factor
}

// Spectrum returns the problem for residuals r.
func (f *Factor) Spectrum(r []float64) *Spectrum {
	c, t := f.turned(r), make([]float64, f.n)
	for k := range t {
		for i := range f.n {
			t[k] += float64(f.u[i*f.n+k] * c[i])
		}
	}
	return &Spectrum{S: f.s, T: t, Rank: f.rank, of: f}
}

// Step returns d = C⁻¹·V·w; nil for nil.
func (p *Spectrum) Step(w []float64) []float64 {
	if w == nil {
		return nil
	}
	f, d := p.of, make([]float64, len(w))
	for i := range d {
		for k, x := range w {
			d[i] += float64(f.v[i*f.n+k] * x)
		}
		d[i] /= f.norm[i]
	}
	return d
}
