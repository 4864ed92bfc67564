package leastsq

import (
	"math"

	"descent/internal/elementary"
)

// Covariance returns the n x n matrix (JᵀJ)⁺ in the parameters' units; times
// the variance of a residual it is the covariance of the estimates. Rows and
// columns of parameters that are not identified mean nothing. With full rank
// it is refined, as [Factor.Solve] is: (JᵀJ)·d = e is s + J·d = 0, Jᵀ·s = -e.
func (f *Factor) Covariance() []float64 {
	n := f.n
	cov := make([]float64, n*n)
	if f.rank == n {
		for k := range n {
			e := make([]float64, n)
			e[k] = -1
			copy(cov[k*n:], f.refined(make([]float64, f.rows), e))
		}
		return cov
	}
	for i := range n {
		for j := range n {
			t := 0.0
			for k := range f.rank {
				t += float64((f.v[i*n+k] / f.s[k]) * (f.v[j*n+k] / f.s[k]))
			}
			cov[i*n+j] = t / f.norm[i] / f.norm[j]
		}
	}
	return cov
}

// Identified reports whether the data determine parameter k, at least
// locally: no direction of [Factor.Null] moves it.
func (f *Factor) Identified(k int) bool {
	size := 0.0
	for j := f.rank; j < f.n; j++ {
		size = elementary.Hypot(size, f.v[k*f.n+j])
	}
	return size <= f.noise()
}

// noise is how far from zero the elements of null vectors may be: a vector of
// the null space turns by the error of J over the least singular value that
// counts.
func (f *Factor) noise() float64 {
	if f.rank == 0 {
		return 1e-8
	}
	return max(1e-8, f.tolerance()/f.s[f.rank-1])
}

// Null returns n - rank directions, each of length n, along which J does not
// change to first order, in the parameters' units: moving the parameters
// along one of them changes no residual. They span all such directions and
// have as many zeros as elimination gives: for the model a*x + b*x + c*z + d*z
// they are (1, -1, 0, 0) and (0, 0, 1, -1). The largest element of each is 1.
func (f *Factor) Null() [][]float64 {
	n, count := f.n, f.n-f.rank
	rows := make([][]float64, count)
	for j := range rows {
		rows[j] = make([]float64, n)
		for k := range n {
			rows[j][k] = f.v[k*n+f.rank+j]
		}
	}
	Reduce(rows)
	noise := f.noise()
	for _, row := range rows {
		at := 0
		for k := range row {
			if math.Abs(row[k]) <= noise {
				row[k] = 0
			}
			row[k] /= f.norm[k]
			if math.Abs(row[k]) > math.Abs(row[at]) {
				at = k
			}
		}
		for k, largest := 0, row[at]; k < n; k++ {
			row[k] /= largest
		}
	}
	return rows
}

// Reduce brings independent rows to the form in which each has a column of its
// own, with complete pivoting, and returns these columns.
func Reduce(rows [][]float64) (pivots []int) {
	for done := range rows {
		r, c := done, 0
		for i := done; i < len(rows); i++ {
			for k, x := range rows[i] {
				if math.Abs(x) > math.Abs(rows[r][c]) {
					r, c = i, k
				}
			}
		}
		rows[done], rows[r] = rows[r], rows[done]
		pivots = append(pivots, c)
		pivot := rows[done]
		for k, p := 0, pivot[c]; k < len(pivot); k++ {
			pivot[k] /= p
		}
		for i, row := range rows {
			if t := row[c]; i != done && t != 0 {
				for k := range row {
					row[k] -= float64(t * pivot[k])
				}
			}
		}
	}
	return pivots
}
