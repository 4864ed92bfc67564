package linalg

import (
	"math"

	"descent/graph"
	"descent/graph/lower"
)

// decomposed is a matrix a as factors, with its rows exchanged so that pivots are large:
// P·a = l·u.
type decomposed struct {
	lu    value // u, and below its diagonal l, whose diagonal is ones
	swaps value // row i was exchanged with this one, one after the other
	// pivots are the diagonal of u, the first with the sign of the permutation: their
	// product is the determinant.
	pivots value
}

// decompose is shared by all that is done with one matrix.
func decompose(b *builder, a value) decomposed {
	s := b.Shape(a)
	n := s.Dim(s.Rank() - 1)
	row := withLead(lead(s, 2), n)
	out := b.Kernel(lower.Kernel{Name: "lu", Key: decomposed{}, Rows: count(s, 2), Work: n*n*n/4 + 8*n*n,
		F32: func(dst, src [][]float32, lo, hi int) { luEach(dst, src[0], n, lo, hi) },
		F64: func(dst, src [][]float64, lo, hi int) { luEach(dst, src[0], n, lo, hi) },
	}, []graph.Shape{s, row, row}, a)
	return decomposed{out[0], out[1], out[2]}
}

func luEach[T float32 | float64](dst [][]T, a []T, n, lo, hi int) {
	for i := lo; i < hi; i++ {
		x := dst[0][i*n*n:][:n*n]
		copy(x, a[i*n*n:][:n*n])
		swaps, pivots := dst[1][i*n:][:n], dst[2][i*n:][:n]
		luFactor(dense(x, n), swaps, n)
		sign := T(1)
		for k := range n {
			pivots[k] = x[k*n+k]
			if swaps[k] != T(k) {
				sign = -sign
			}
		}
		if n > 0 {
			pivots[0] *= sign
		}
	}
}

// luFactor decomposes m, some columns at a time: each takes what the columns before it do
// to it, then its pivots. https://doi.org/10.56021/9781421407944, algorithm 3.4.3.
func luFactor[T float32 | float64](m matrix[T], swaps []T, n int) {
	for j := 0; j < n; j += tileColumns {
		block := matrix[T]{m.x, m.at(0, j), m.row, m.column}
		end := min(j+tileColumns, n)
		substitute(m, block, j, end-j, true)
		for i := j; i < n; i += tileRows {
			s := tile(&m, &block, i, n, 0, end-j, j)
			for r := i; r < min(i+tileRows, n); r++ {
				for c := j; c < end; c++ {
					at := m.at(r, c)
					m.x[at] = T(float64(m.x[at]) - s[(r-i)*tileColumns+c-j])
				}
			}
		}
		for c := j; c < end; c++ {
			for k := j; k < c; k++ {
				for r := k + 1; r < n; r++ {
					m.x[m.at(r, c)] -= T(m.x[m.at(r, k)] * m.x[m.at(k, c)])
				}
			}
			swaps[c] = T(pivot(m, c, n))
		}
	}
}

// pivot exchanges row c with the one below that is largest in column c, the first of equal
// ones, and divides what is below by it. It returns which row that was.
func pivot[T float32 | float64](m matrix[T], c, n int) int {
	p := c
	for r := c + 1; r < n; r++ {
		if math.Abs(float64(m.x[m.at(r, c)])) > math.Abs(float64(m.x[m.at(p, c)])) {
			p = r
		}
	}
	if p != c {
		swapRows(m, c, p, n)
	}
	if d := m.x[m.at(c, c)]; d != 0 {
		for r := c + 1; r < n; r++ {
			m.x[m.at(r, c)] /= d
		}
	}
	return p
}

func swapRows[T float32 | float64](m matrix[T], i, k, columns int) {
	for j := range columns {
		p, q := m.at(i, j), m.at(k, j)
		m.x[p], m.x[q] = m.x[q], m.x[p]
	}
}

// luSolve replaces x, n×columns, by the solution of a·y = x, or of aᵀ·y = x.
func luSolve[T float32 | float64](x, lu, swaps []T, n, columns int, transposed bool) {
	t, y := dense(lu, n), dense(x, columns)
	if hasZero(t, n) {
		fill(x, nan)
		return
	}
	if !transposed {
		for i := range n {
			swapRows(y, i, int(swaps[i]), columns)
		}
		solveTriangle(t, y, n, columns, Triangle{Unit: true})
		solveTriangle(t, y, n, columns, Triangle{Upper: true})
		return
	}
	solveTriangle(t, y, n, columns, Triangle{Upper: true, Transposed: true})
	solveTriangle(t, y, n, columns, Triangle{Unit: true, Transposed: true})
	for i := n - 1; i >= 0; i-- {
		swapRows(y, i, int(swaps[i]), columns)
	}
}
