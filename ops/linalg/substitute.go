package linalg

// A matrix within a slice: element (i, k) is at start + i·row + k·column.
type matrix[T float32 | float64] struct {
	x                  []T
	start, row, column int
}

func (m *matrix[T]) at(i, k int) int { return m.start + i*m.row + k*m.column }

// The rows and columns of a tile, whose sums are kept in registers.
const tileRows, tileColumns = 4, 4

// tile returns Σₖ a[i,k]·b[k,j] over k < n for the four rows of a from i on and the four
// columns of b from j on. What is beyond the last of each repeats that one.
func tile[T float32 | float64](a, b *matrix[T], i, rows, j, columns, n int) (s [tileRows * tileColumns]float64) {
	x, y := a.x, b.x
	a0, a1, a2, a3 := a.at(i, 0), a.at(min(i+1, rows-1), 0), a.at(min(i+2, rows-1), 0), a.at(min(i+3, rows-1), 0)
	b0, b1, b2, b3 := b.at(0, j), b.at(0, min(j+1, columns-1)), b.at(0, min(j+2, columns-1)), b.at(0, min(j+3, columns-1))
	var s00, s01, s02, s03, s10, s11, s12, s13, s20, s21, s22, s23, s30, s31, s32, s33 float64
	p, q := 0, 0
	for range n {
		u0, u1, u2, u3 := float64(y[b0+q]), float64(y[b1+q]), float64(y[b2+q]), float64(y[b3+q])
		w := float64(x[a0+p])
		s00 += float64(w * u0)
		s01 += float64(w * u1)
		s02 += float64(w * u2)
		s03 += float64(w * u3)
		w = float64(x[a1+p])
		s10 += float64(w * u0)
		s11 += float64(w * u1)
		s12 += float64(w * u2)
		s13 += float64(w * u3)
		w = float64(x[a2+p])
		s20 += float64(w * u0)
		s21 += float64(w * u1)
		s22 += float64(w * u2)
		s23 += float64(w * u3)
		w = float64(x[a3+p])
		s30 += float64(w * u0)
		s31 += float64(w * u1)
		s32 += float64(w * u2)
		s33 += float64(w * u3)
		p += a.column
		q += b.row
	}
	return [...]float64{s00, s01, s02, s03, s10, s11, s12, s13, s20, s21, s22, s23, s30, s31, s32, s33}
}

// substitute replaces the rows of b by those of the solution x of t·x = b, for a
// triangular t with zeros above its diagonal, n×n; unit says that there are ones on it.
// What t has above, and on it if it is unit, is not read.
func substitute[T float32 | float64](t, b matrix[T], n, columns int, unit bool) {
	for j := 0; j < columns; j += tileColumns {
		for i := 0; i < n; i += tileRows {
			s := tile(&t, &b, i, n, j, columns, i)
			for c := j; c < min(j+tileColumns, columns); c++ {
				for r := i; r < min(i+tileRows, n); r++ {
					at := b.at(r, c)
					v := float64(b.x[at]) - s[(r-i)*tileColumns+c-j]
					for k := i; k < r; k++ {
						v -= float64(float64(t.x[t.at(r, k)]) * float64(b.x[b.at(k, c)]))
					}
					if !unit {
						v /= float64(t.x[t.at(r, r)])
					}
					b.x[at] = T(v)
				}
			}
		}
	}
}

// backward is the same matrix from its last row and column, of rows×columns, to the
// first: so an upper triangle becomes a lower one.
func (m matrix[T]) backward(rows, columns int) matrix[T] {
	return matrix[T]{m.x, m.at(rows-1, columns-1), -m.row, -m.column}
}

// upsideDown is the same matrix with its rows from the last to the first.
func (m matrix[T]) upsideDown(rows int) matrix[T] {
	return matrix[T]{m.x, m.at(rows-1, 0), -m.row, m.column}
}

// transposed is the matrix with rows for columns.
func (m matrix[T]) transposed() matrix[T] { return matrix[T]{m.x, m.start, m.column, m.row} }

// dense is the matrix of a slice, with rows of some length.
func dense[T float32 | float64](x []T, columns int) matrix[T] { return matrix[T]{x, 0, columns, 1} }

// solveTriangle replaces b, n×columns, by the solution of t·x = b, or of tᵀ·x = b.
func solveTriangle[T float32 | float64](t, b matrix[T], n, columns int, o Triangle) {
	if n == 0 || columns == 0 {
		return
	}
	if o.Transposed {
		t = t.transposed()
	}
	if o.Upper != o.Transposed {
		t, b = t.backward(n, n), b.upsideDown(n)
	}
	substitute(t, b, n, columns, o.Unit)
}
