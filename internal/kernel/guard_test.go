package kernel

import (
	"math"
	"testing"

	"descent/internal/guard"
)

// TestProductStaysInside puts every operand against the end, and then the
// start, of accessible memory: reading or writing one element too far faults.
func TestProductStaysInside(t *testing.T) {
	rooms := guard.New(t, 4, 8*300*130)
	eachISA(t, func(t *testing.T, isa ISA) {
		for i := 0; i < 32; i += 3 {
			for _, s := range [][3]int{{1, 1, 1}, {7, 10, 9}, {13, 17, 5}, {3, 45, 7}, {1, 70, 33}, {25, 1, 19}, {66, 300, 21}, {70, 530, 40}, {513, 9, 9}, {33, 3, 40}, {49, 10, 64}, {40, 2, 64}, {70, 20, 90}, {600, 5, 33}, {300, 70, 130}} {
				stayInside[float32](t, rooms, isa, s[0], s[1], s[2], options(i))
				stayInside[float64](t, rooms, isa, s[0], s[1], s[2], options(i))
			}
			o := options(i)
			o.RowA, o.RowB, o.RowC = 77, 78, 79
			for _, s := range [][3]int{{7, 10, 9}, {64, 32, 64}, {16, 64, 33}, {33, 3, 40}} {
				stayInside[float32](t, rooms, isa, s[0], s[1], s[2], o)
			}
		}
	})
}

func stayInside[T Float](t *testing.T, rooms *guard.Rooms, isa ISA, m, n, k int, o ProductOptions) {
	p := newProduct[T](isa, m, n, k, o)
	p.Reserve(1)
	for _, atEnd := range []bool{true, false} {
		var operands [4][]T
		sizes := [4]int{stored(m, n, false, o.RowC), stored(m, k, o.TransA, o.RowA), stored(k, n, o.TransB, o.RowB), n}
		for i, n := range sizes {
			operands[i] = ones[T](rooms, i, n, atEnd)
		}
		c, a, b, bias := &operands[0][0], &operands[1][0], &operands[2][0], &operands[3][0]
		p.RunBias(c, a, b, bias)
		for i := range p.Chunks() {
			p.RunChunk(i, 0, c, a, b, bias)
		}
		for _, v := range operands[0] {
			if math.Abs(float64(v)) > 4*float64(k)+4 {
				t.Fatalf("%v %d×%d×%d %+v: C has %v", isa, m, n, k, o, v)
			}
		}
	}
}

// stored is how many elements a matrix takes whose rows are so far apart.
func stored(rows, columns int, turned bool, apart int) int {
	if turned {
		rows, columns = columns, rows
	}
	return (rows-1)*max(apart, columns) + columns
}

// ones returns n ones next to a page that cannot be accessed.
func ones[T Float](rooms *guard.Rooms, i, n int, atEnd bool) []T {
	x := guard.Take[T](rooms, i, n, atEnd)
	for k := range x {
		x[k] = 1
	}
	return x
}

// tails are lengths up to two vectors of float32 and more, and some around where
// loops are divided.
var tails = append(func() (ns []int) {
	for n := 1; n <= 2*16+3; n++ {
		ns = append(ns, n)
	}
	return ns
}(), 63, 65, 127, 129, 1001, SumBlock-1, SumBlock+1, 5001)

// TestVectorStaysInside does the same for the primitives, each operand in memory
// of its own and in place, within and outside the domains of partial kernels.
func TestVectorStaysInside(t *testing.T) {
	rooms := guard.New(t, 4, 8*5001)
	eachISA(t, func(t *testing.T, isa ISA) {
		for c := Code(1); c < NumCodes; c++ {
			for _, n := range tails {
				vectorStaysInside[float32](rooms, isa, c, n)
				vectorStaysInside[float64](rooms, isa, c, n)
			}
		}
	})
}

func vectorStaysInside[T Float](rooms *guard.Rooms, isa ISA, c Code, n int) {
	f := vector[T](isa, c)
	for _, atEnd := range []bool{true, false} {
		var x [4]*T
		for i := range x {
			x[i] = &ones[T](rooms, i, n, atEnd)[0]
		}
		for k := 2; k < 4; k++ {
			if k-1 > c.Arity() {
				x[k] = nil
			}
		}
		f(x[0], x[1], x[2], x[3], n)
		*element(x[1], n-1) = T(1e30)
		f(x[1], x[1], x[2], x[3], n)
	}
}

// TestReductionStaysInside does the same for reductions, of rows and of columns, and
// for the softmax of rows.
func TestReductionStaysInside(t *testing.T) {
	rooms, long := guard.New(t, 3, 8*3*5001), guard.New(t, 2, 8*4001*33)
	eachISA(t, func(t *testing.T, isa ISA) {
		for _, n := range tails {
			reductionStaysInside[float32](rooms, isa, n)
			reductionStaysInside[float64](rooms, isa, n)
		}
		longColumnsStayInside[float32](long, isa)
		longColumnsStayInside[float64](long, isa)
	})
}

func reductionStaysInside[T Float](rooms *guard.Rooms, isa ISA, n int) {
	for _, atEnd := range []bool{true, false} {
		for f := range numReductions {
			for _, s := range [][3]int{{1, n, 1}, {3, n, 1}, {1, n, 3}, {1, 3, n}, {2, 1, n}, {n, 2, 1}} {
				outer, mid, inner := s[0], s[1], s[2]
				if outer*mid*inner > 3*5001 {
					continue
				}
				src := ones[T](rooms, 1, outer*mid*inner, atEnd)
				reducer[T](isa, f)(&guard.Take[T](rooms, 0, outer*inner, atEnd)[0], &src[0], outer, mid, inner)
			}
		}
		for _, s := range [][2]int{{1, n}, {3, n}, {n, 3}} {
			rows, cols := s[0], s[1]
			src := ones[T](rooms, 1, rows*cols, atEnd)
			dst, lse := guard.Take[T](rooms, 0, rows*cols, atEnd), guard.Take[T](rooms, 2, rows, atEnd)
			softmaxRows(isa, &dst[0], &lse[0], &src[0], rows, cols)
			softmaxRows(isa, &src[0], &lse[0], &src[0], rows, cols)
			logSumExpRows(isa, &lse[0], &src[0], rows, cols)
		}
	}
}

// longColumnsStayInside reduces columns of so many elements that they are done in
// several calls.
func longColumnsStayInside[T Float](rooms *guard.Rooms, isa ISA) {
	const n, inner = 4001, 33
	for _, atEnd := range []bool{true, false} {
		for _, f := range []Reduction{ReduceSum, ReduceProd, ReduceMax, ReduceMin} {
			src := ones[T](rooms, 1, n*inner, atEnd)
			reducer[T](isa, f)(&guard.Take[T](rooms, 0, inner, atEnd)[0], &src[0], 1, n, inner)
		}
	}
}

// TestCopiesStayInside does the same for strided copies, dense and not.
func TestCopiesStayInside(t *testing.T) {
	rooms := guard.New(t, 2, 8*6*5001)
	for _, n := range tails {
		for _, atEnd := range []bool{true, false} {
			for _, stride := range []int{1, 3} {
				v := View{Rank: 2, Dims: [MaxRank]int{2, n}, Stride: [MaxRank]int{stride * (n - 1), stride}}
				dense, strided := ones[float64](rooms, 0, 2*n, atEnd), ones[float64](rooms, 1, 2*stride*(n-1)+1, atEnd)
				Gather(&dense[0], &strided[0], &v)
				Scatter(&strided[0], &dense[0], &v)
			}
		}
	}
}
