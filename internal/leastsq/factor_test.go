package leastsq

import (
	"math"
	"slices"
	"testing"
)

// table is a Jacobian with a column for each function, at x = 1, 2, ... .
func table(rows int, columns ...func(x float64) float64) []float64 {
	jac := make([]float64, 0, rows*len(columns))
	for i := range rows {
		for _, c := range columns {
			jac = append(jac, c(float64(i+1)))
		}
	}
	return jac
}

func one(float64) float64  { return 1 }
func id(x float64) float64 { return x }
func none(float64) float64 { return 0 }

func times(t float64, f func(float64) float64) func(float64) float64 {
	return func(x float64) float64 { return t * f(x) }
}

func sum(f, g func(float64) float64) func(float64) float64 {
	return func(x float64) float64 { return f(x) + g(x) }
}

func decay(x float64) float64 { return math.Exp(-0.3 * x) }

// The directions follow from the columns by hand.
func TestNull(t *testing.T) {
	third := 1 / 3.0
	for name, c := range map[string]struct {
		columns []func(float64) float64
		null    [][]float64
	}{
		"full rank":        {[]func(float64) float64{one, id, decay}, nil},
		"duplicate":        {[]func(float64) float64{one, id, id}, [][]float64{{0, 1, -1}}},
		"product":          {[]func(float64) float64{decay, times(3, decay)}, [][]float64{{1, -third}}},
		"two pairs":        {[]func(float64) float64{id, id, decay, decay}, [][]float64{{1, -1, 0, 0}, {0, 0, 1, -1}}},
		"three":            {[]func(float64) float64{id, decay, sum(id, decay)}, [][]float64{{1, 1, -1}}},
		"dead":             {[]func(float64) float64{id, none, one}, [][]float64{{0, 1, 0}}},
		"nothing":          {[]func(float64) float64{none, none}, [][]float64{{1, 0}, {0, 1}}},
		"units":            {[]func(float64) float64{times(1e200, one), times(1e-200, id)}, nil},
		"units duplicate":  {[]func(float64) float64{times(1e150, id), times(1e-150, id), one}, [][]float64{{-1e-300, 1, 0}}},
		"NaN":              {[]func(float64) float64{id, times(math.NaN(), id)}, [][]float64{{1, 0}, {0, 1}}},
		"one part in 1e10": {[]func(float64) float64{id, sum(id, times(1e-10, decay))}, nil},
	} {
		n := len(c.columns)
		f := New(table(9, c.columns...), 9, n)
		if f.Rank() != n-len(c.null) {
			t.Errorf("%s: rank %d of %d: %v", name, f.Rank(), n, f.s)
			continue
		}
		null := f.Null()
		for _, want := range c.null {
			if !slices.ContainsFunc(null, func(got []float64) bool { return parallel(got, want) }) {
				t.Errorf("%s: %v has no %v", name, null, want)
			}
		}
		for k := range n {
			moved := slices.ContainsFunc(c.null, func(d []float64) bool { return d[k] != 0 })
			if f.Identified(k) == moved {
				t.Errorf("%s: parameter %d identified: %v", name, k, !moved)
			}
		}
	}
}

func parallel(a, b []float64) bool {
	for i := range a {
		if math.Abs(math.Abs(a[i])-math.Abs(b[i])) > 1e-9*math.Abs(b[i]) || a[i]*b[0] != 0 && b[i]*a[0] != 0 && (a[i]*b[0] > 0) != (b[i]*a[0] > 0) {
			return false
		}
	}
	return true
}

// Fewer rows than columns, and duplicates: the solution of least norm in units
// of the columns.
func TestSolveLeastNorm(t *testing.T) {
	for name, c := range map[string]struct {
		jac     []float64
		rows, n int
		r, want []float64
	}{
		"duplicate":     {[]float64{1, 1, 2, 2}, 2, 2, []float64{-4, -8}, []float64{2, 2}},
		"product":       {[]float64{1, 3, 2, 6}, 2, 2, []float64{-6, -12}, []float64{3, 1}}, // each column does half
		"under":         {[]float64{3, 4}, 1, 2, []float64{-24}, []float64{4, 3}},
		"dead":          {[]float64{1, 0, 1, 0}, 2, 2, []float64{-1, -3}, []float64{2, 0}},
		"weighted rows": {[]float64{1e12, 2e12, 1, -1, 1, -1}, 3, 2, []float64{-5e12, 1, 1}, []float64{1, 2}},
	} {
		got := New(c.jac, c.rows, c.n).Solve(c.r)
		for k, w := range c.want {
			if !(math.Abs(got[k]-w) <= 1e-13*(1+math.Abs(w))) {
				t.Errorf("%s: %v, want %v", name, got, c.want)
				break
			}
		}
	}
}

// Wampler's polynomials have whole coefficients and whole data: refinement
// returns them to the last digits, though the condition is 1e5.
func TestSolveRefines(t *testing.T) {
	const n, rows = 6, 21
	jac, r := make([]float64, 0, n*rows), make([]float64, rows)
	for i := range rows {
		for p, k := 1.0, 0; k < n; k++ {
			jac = append(jac, p)
			r[i] -= p
			p *= float64(i)
		}
	}
	for _, noise := range []float64{0, 1e6} {
		f := New(jac, rows, n)
		// noise orthogonal to polynomials of degree 5: binomials of order 20
		for i, c := 0, noise; i < rows; i++ {
			r[i] -= c
			c *= -float64(20-i) / float64(i+1)
		}
		for k, d := range f.Solve(r) {
			if math.Abs(d-1) > 1e-14 {
				t.Errorf("noise %g: coefficient %d is %.17g (condition %.1g)", noise, k, d, f.Condition())
			}
		}
	}
}

// The covariance of a line's coefficients has a closed form.
func TestCovariance(t *testing.T) {
	const rows = 10
	for _, unit := range []float64{1, 1e-100, 1e100} {
		f := New(table(rows, one, times(unit, id)), rows, 2)
		cov := f.Covariance()
		sx, sxx := 55.0, 385.0
		det := rows*sxx - sx*sx
		for i, w := range []float64{sxx / det, -sx / det / unit, -sx / det / unit, rows / det / unit / unit} {
			if math.Abs(cov[i]-w) > 1e-13*math.Abs(w) {
				t.Errorf("unit %g: element %d is %g, want %g", unit, i, cov[i], w)
			}
		}
	}
}
