package linalg

import (
	"math"

	"descent/graph"
	"descent/graph/lower"
	"descent/ops"
)

// Cofactor returns the matrices of cofactors of n×n matrices, which are the gradients of
// their determinants: det a·a⁻ᵀ, but also of singular matrices. The second derivative of a
// determinant, its own gradient, is NaN there.
func Cofactor(a *node) *node { return graph.Apply(cofactor{}, a) }

type cofactor struct{}

func (cofactor) Name() string                                { return "cofactor" }
func (cofactor) Describe() graph.Call                        { return graph.CallOf("cofactor") }
func (cofactor) Shape(in []graph.Shape) (graph.Shape, error) { return inverse{}.Shape(in) }

// Grad: with w = a⁻ᵀ, c = det a·w and so da = (c·dc)·w - c·dcᵀ·w, where c·dc is a number.
func (cofactor) Grad(c, dc *node) []*node {
	w := mT(Inverse(c.Arg(0)))
	along := perMatrix(ops.Sum(ops.Mul(c, dc), -2, -1))
	return []*node{ops.Sub(ops.Mul(along, w), ops.MatMul(c, ops.MatMul(mT(dc), w)))}
}

func (o cofactor) Lower(b *builder, in []value) value {
	s := b.Shape(in[0])
	n := s.Dim(s.Rank() - 1)
	batch := lead(s, 2)
	return b.Kernel(lower.Kernel{Name: "cofactor", Key: o, Rows: count(s, 2), Work: 3*n*n*n + 10*n*n,
		F32: func(dst, src [][]float32, lo, hi int) { cofactorEach(dst, src[0], n, lo, hi) },
		F64: func(dst, src [][]float64, lo, hi int) { cofactorEach(dst, src[0], n, lo, hi) },
	}, []graph.Shape{s, withLead(batch, 2*n*n), withLead(batch, 2*n)}, in[0])[0]
}

func cofactorEach[T float32 | float64](dst [][]T, a []T, n, lo, hi int) {
	for i := lo; i < hi; i++ {
		x, c := a[i*n*n:][:n*n], dst[0][i*n*n:][:n*n]
		work, order := dst[1][i*2*n*n:][:2*n*n], dst[2][i*2*n:][:2*n]
		finite := true
		for _, v := range x {
			finite = finite && !math.IsNaN(float64(v)) && !math.IsInf(float64(v), 0)
		}
		if !finite {
			fill(c, nan)
			continue
		}
		copy(work, x)
		cofactors(c, work[:n*n], work[n*n:], order[:n], order[n:], n)
	}
}

// cofactors sets c to the cofactors of x, which it decomposes with the largest pivots there
// are: P·x·Q = l·u. So adj x = ±Q·adj u·l⁻¹·P, and what is 0 in a singular x is the last pivot,
// by which nothing need be divided.
func cofactors[T float32 | float64](c, x, adj, rows, columns []T, n int) {
	m, sign := dense(x, n), 1.0
	for k := range n {
		rows[k], columns[k] = T(k), T(k)
	}
	for k := range n {
		p, q := largest(m, k, n)
		if p != k {
			swapRows(m, k, p, n)
			rows[k], rows[p], sign = rows[p], rows[k], -sign
		}
		if q != k {
			swapRows(m.transposed(), k, q, n)
			columns[k], columns[q], sign = columns[q], columns[k], -sign
		}
		d := float64(x[k*n+k])
		if d == 0 && k < n-1 {
			fill(c, 0) // two pivots are 0
			return
		}
		for i := k + 1; i < n; i++ {
			f := float64(x[i*n+k]) / d
			x[i*n+k] = T(f)
			for j := k + 1; j < n; j++ {
				x[i*n+j] = T(float64(x[i*n+j]) - float64(f*float64(x[k*n+j])))
			}
		}
	}
	adjugate(adj, x, n)
	// adj·l⁻¹ from the right: its transpose is l⁻ᵀ·adjᵀ.
	solveTriangle(m, dense(adj, n).transposed(), n, n, Triangle{Transposed: true, Unit: true})
	for i := range n {
		for j := range n {
			c[int(rows[j])*n+int(columns[i])] = T(sign * float64(adj[i*n+j]))
		}
	}
}

// adjugate sets adj to det u·u⁻¹ of the upper triangle u, whose last pivot d alone may be 0.
// Of u = (v w; 0 d) it is (d·det v·v⁻¹, -det v·v⁻¹·w; 0, det v).
func adjugate[T float32 | float64](adj, u []T, n int) {
	fill(adj, 0)
	if n == 0 {
		return
	}
	det := 1.0
	for k := range n - 1 {
		det *= float64(u[k*n+k])
	}
	for k := range n - 1 {
		adj[k*n+k] = T(det * float64(u[n*n-1]))
		adj[k*n+n-1] = T(-det * float64(u[k*n+n-1]))
	}
	adj[n*n-1] = T(det)
	solveTriangle(dense(u, n), dense(adj, n), n-1, n, Triangle{Upper: true})
}

// largest is where the largest element is of what is not decomposed yet, the first of equal
// ones.
func largest[T float32 | float64](m matrix[T], k, n int) (row, column int) {
	row, column = k, k
	for i := k; i < n; i++ {
		for j := k; j < n; j++ {
			if abs(m.x[m.at(i, j)]) > abs(m.x[m.at(row, column)]) {
				row, column = i, j
			}
		}
	}
	return row, column
}
