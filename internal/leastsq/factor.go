// Package leastsq factorises a Jacobian so that its rank is known: steps of
// least norm, covariances, and the directions that the data do not determine.
package leastsq

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/lapack"
	"gonum.org/v1/gonum/lapack/lapack64"
)

// A Factor is a Jacobian J of rows x n, its columns divided by their norms c:
//
//	rows of J·C⁻¹ sorted by size = Q·R·Pᵀ,  R = U·S·Vᵀ,  C = diag(c)
//
// Sorting the rows makes Householder's reflections accurate also where rows
// differ widely in scale. Cox, Higham 1998, https://doi.org/10.1007/BF02510759.
type Factor struct {
	rows, n int // rows is at least n: zeros are added
	jac     []float64
	norm    []float64 // c, or the caller's; 1 where a column is zero
	order   []int     // of the rows
	pivot   []int     // column k of R is column pivot[k] of J
	qr      blas64.General
	tau     []float64
	u, v    []float64 // n x n; v by columns of J, not of R
	s       []float64 // falling
	rank    int
}

// ulps is how many units in the last place an element of a Jacobian may be
// wrong: derivatives that are equal in exact arithmetic differ by some tens.
const ulps = 100

// Tolerance is the singular value of a matrix with n columns, over its
// largest, up to which it may be zero in exact arithmetic: elements wrong by 100 units in the
// last place change no singular value by more than their Frobenius norm.
func Tolerance(n int) float64 { return ulps * 0x1p-53 * math.Sqrt(float64(n)) }

// New factorises the rows x n matrix jac, its rows one after the other. It
// keeps no reference to jac. If an element is not finite, the rank is 0.
func New(jac []float64, rows, n int) *Factor { return Scaled(jac, rows, n, nil) }

// Scaled is New with other numbers in place of the norms of the columns, none
// of them zero. The rank is then that of the Jacobian in these units.
func Scaled(jac []float64, rows, n int, scale []float64) *Factor {
	f := &Factor{rows: max(rows, n), n: n, norm: make([]float64, n)}
	f.jac = append(slices.Clone(jac[:rows*n]), make([]float64, (f.rows-rows)*n)...)
	for k := range n {
		f.norm[k] = columnNorm(f.jac[k:], n)
		if math.IsNaN(f.norm[k]) || math.IsInf(f.norm[k], 0) {
			clear(f.jac) // no derivative can be trusted
			return Scaled(f.jac, rows, n, scale)
		}
		if f.norm[k] == 0 {
			f.norm[k] = 1
		}
	}
	if scale != nil {
		copy(f.norm, scale)
	}
	f.decompose()
	for f.rank < n && f.s[f.rank] > f.tolerance() {
		f.rank++
	}
	return f
}

// tolerance is the least singular value that counts.
func (f *Factor) tolerance() float64 { return Tolerance(f.n) * f.s[0] }

// columnNorm is the norm of every n-th element, without overflow.
func columnNorm(a []float64, n int) float64 {
	return blas64.Nrm2(blas64.Vector{N: (len(a) + n - 1) / n, Data: a, Inc: n})
}

// decompose computes the QR factorisation of the scaled and sorted rows, and
// the singular values of R.
func (f *Factor) decompose() {
	m, n := f.rows, f.n
	a, size := make([]float64, m*n), make([]float64, m)
	for i := range m {
		f.order = append(f.order, i)
		for k := range n {
			size[i] = max(size[i], math.Abs(f.jac[i*n+k]/f.norm[k]))
		}
	}
	slices.SortStableFunc(f.order, func(i, j int) int { return cmp.Compare(size[j], size[i]) })
	for row, i := range f.order {
		for k := range n {
			a[row*n+k] = f.jac[i*n+k] / f.norm[k]
		}
	}
	f.qr = blas64.General{Rows: m, Cols: n, Stride: n, Data: a}
	f.tau, f.pivot = make([]float64, n), slices.Repeat([]int{-1}, n)
	work := make([]float64, 2*n+(n+1)*32)
	lapack64.Geqp3(f.qr, f.pivot, f.tau, work, len(work))
	r := make([]float64, n*n)
	for i := range n {
		copy(r[i*n+i:(i+1)*n], a[i*n+i:(i+1)*n])
	}
	f.u, f.s, f.v = SVD(r, n)
	permuted := make([]float64, n*n)
	for k, p := range f.pivot {
		copy(permuted[p*n:(p+1)*n], f.v[k*n:(k+1)*n])
	}
	f.v = permuted
}

// SVD returns U, S and V of the n x n matrix a = U·S·Vᵀ, S falling. It
// overwrites a.
func SVD(a []float64, n int) (u, s, v []float64) {
	square := func(d []float64) blas64.General { return blas64.General{Rows: n, Cols: n, Stride: n, Data: d} }
	u, s, v = make([]float64, n*n), make([]float64, n), make([]float64, n*n)
	work := make([]float64, 1)
	lapack64.Gesvd(lapack.SVDAll, lapack.SVDAll, square(a), square(u), square(v), s, work, -1)
	work = make([]float64, int(work[0]))
	lapack64.Gesvd(lapack.SVDAll, lapack.SVDAll, square(a), square(u), square(v), s, work, len(work))
	for i := range n { // Vᵀ to V
		for j := range i {
			v[i*n+j], v[j*n+i] = v[j*n+i], v[i*n+j]
		}
	}
	return u, s, v
}

// Rank is the number of directions that J determines.
func (f *Factor) Rank() int { return f.rank }

// Condition is the ratio of the largest singular value of the scaled Jacobian
// to the least that counts; 1 if none counts.
func (f *Factor) Condition() float64 {
	if f.rank == 0 {
		return 1
	}
	return f.s[0] / f.s[f.rank-1]
}

// turned returns Qᵀb.
func (f *Factor) turned(b []float64) []float64 {
	c := make([]float64, f.rows)
	for row, i := range f.order {
		if i < len(b) {
			c[row] = b[i]
		}
	}
	f.reflect(blas.Trans, c)
	return c
}

// back returns Q·c with the rows in the order of J.
func (f *Factor) back(c []float64) []float64 {
	c = slices.Clone(c)
	f.reflect(blas.NoTrans, c)
	b := make([]float64, f.rows)
	for row, i := range f.order {
		b[i] = c[row]
	}
	return b
}

func (f *Factor) reflect(t blas.Transpose, c []float64) {
	col := blas64.General{Rows: f.rows, Cols: 1, Stride: 1, Data: c}
	work := make([]float64, f.rows*33)
	lapack64.Ormqr(blas.Left, t, f.qr, f.tau, col, work, len(work))
}
