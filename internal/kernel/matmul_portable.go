package kernel

import "unsafe"

// runPortable computes a region in plain Go, in tiles of 4×4 sums.
func (p *Product[T]) runPortable(r *region, c, a, b, bias *T) {
	// The columns of B in a tile are reused for all rows while they are in
	// the cache.
	for j := r.col; j < r.col+r.cols; j += 4 {
		cols := min(4, r.col+r.cols-j)
		for i := r.row; i < r.row+r.rows; i += 4 {
			rows := min(4, r.row+r.rows-i)
			var s [4][4]T
			aRow, aCol := p.stridesA()
			bRow, bCol := p.stridesB()
			if a, b := element(a, i*aRow), element(b, j*bCol); rows == 4 && cols == 4 {
				tile4x4(&s, a, b, aRow, aCol, bRow, bCol, p.k)
			} else {
				tileEdge(&s, rows, cols, a, b, aRow, aCol, bRow, bCol, p.k)
			}
			p.finishPortable(&s, i, j, rows, cols, c, bias)
		}
	}
}

// tile4x4 multiplies four rows of A and four columns of B. The conversions
// forbid fused multiplication, so that all architectures round alike.
func tile4x4[T Float](s *[4][4]T, a, b *T, aRow, aCol, bRow, bCol, depth int) {
	var s00, s01, s02, s03, s10, s11, s12, s13 T
	var s20, s21, s22, s23, s30, s31, s32, s33 T
	// Offsets, not pointers: a pointer past the end of an operand must not
	// exist when the garbage collector looks.
	for l := range depth {
		a, b := element(a, l*aCol), element(b, l*bRow)
		a0, a1, a2, a3 := *a, *element(a, aRow), *element(a, 2*aRow), *element(a, 3*aRow)
		b0, b1, b2, b3 := *b, *element(b, bCol), *element(b, 2*bCol), *element(b, 3*bCol)
		s00 += T(a0 * b0)
		s01 += T(a0 * b1)
		s02 += T(a0 * b2)
		s03 += T(a0 * b3)
		s10 += T(a1 * b0)
		s11 += T(a1 * b1)
		s12 += T(a1 * b2)
		s13 += T(a1 * b3)
		s20 += T(a2 * b0)
		s21 += T(a2 * b1)
		s22 += T(a2 * b2)
		s23 += T(a2 * b3)
		s30 += T(a3 * b0)
		s31 += T(a3 * b1)
		s32 += T(a3 * b2)
		s33 += T(a3 * b3)
	}
	*s = [4][4]T{{s00, s01, s02, s03}, {s10, s11, s12, s13}, {s20, s21, s22, s23}, {s30, s31, s32, s33}}
}

func tileEdge[T Float](s *[4][4]T, rows, cols int, a, b *T, aRow, aCol, bRow, bCol, depth int) {
	for x := range rows {
		for y := range cols {
			var t T
			for l := range depth {
				t += T(*element(a, x*aRow+l*aCol) * *element(b, l*bRow+y*bCol))
			}
			s[x][y] = t
		}
	}
}

// finishPortable stores a tile: C = relu(s + C + bias), each part on request, or
// C + bias·s.
func (p *Product[T]) finishPortable(s *[4][4]T, i, j, rows, cols int, c, bias *T) {
	for x := range rows {
		row := unsafe.Slice(element(c, (i+x)*p.rowC+j), cols)
		for y := range row {
			v := s[x][y]
			if p.o.Scale {
				v = row[y] + T(v**bias)
			}
			if p.o.Accumulate {
				v += row[y]
			}
			if p.o.Bias {
				v += *element(bias, j+y)
			}
			if p.o.ReLU {
				v = max(v, 0)
			}
			row[y] = v
		}
	}
}

// element returns the address of the i-th element from p.
func element[T Float](p *T, i int) *T {
	return (*T)(unsafe.Add(unsafe.Pointer(p), i*int(unsafe.Sizeof(*p))))
}
