package kernel

import (
	"math"
	"math/rand/v2"
	"testing"

	"descent/internal/guard"
)

// TestTakeRows compares rows of every length with a loop over their elements. Indices
// are at the borders of the table, beyond them, and no numbers; what is behind the
// table, the indices and the result cannot be accessed.
func TestTakeRows(t *testing.T) {
	rooms := guard.New(t, 3, 8*9*1001)
	eachISA(t, func(t *testing.T, isa ISA) {
		for _, inner := range tails {
			if inner <= 1001 {
				testTakeRows[float32](t, rooms, isa, inner)
				testTakeRows[float64](t, rooms, isa, inner)
			}
		}
	})
}

func testTakeRows[T Float](t *testing.T, rooms *guard.Rooms, isa ISA, inner int) {
	t.Helper()
	const n = 5
	indices := []float64{4, 0, -1, 2, 5, -0.5, 2, math.NaN(), 4}
	for _, atEnd := range []bool{true, false} {
		x, dst := ones[T](rooms, 0, n*inner, atEnd), ones[T](rooms, 1, len(indices)*inner, atEnd)
		index := guard.Take[T](rooms, 2, len(indices), atEnd)
		for i := range x {
			x[i] = T(i + 1)
		}
		for k, i := range indices {
			index[k] = T(i)
		}
		takeRows(isa, &dst[0], &x[0], &index[0], len(indices), n, inner)
		for k, v := range dst {
			want := T(0)
			if i := indices[k/inner]; i >= 0 && i < n {
				want = T(int(i)*inner + k%inner + 1)
			}
			if v != want {
				t.Fatalf("%T, %d of row %d of %d, index %v: %v, want %v", v, k%inner, k/inner, inner, indices[k/inner], v, want)
			}
		}
	}
}

// TestTakeRowsOfTables takes some rows of the result of several tables, and of one that
// has no rows.
func TestTakeRowsOfTables(t *testing.T) {
	s := RowIndex{Outer: 3, N: 2, Count: 4, Inner: 2}
	x, index, dst := []float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, []float64{1, 0, 2, 1}, make([]float64, 24)
	TakeRows(&s, dst, x, index, 3, 10)
	want := []float64{0, 0, 0, 0, 0, 0, 3, 4, 7, 8, 5, 6, 0, 0, 7, 8, 11, 12, 9, 10, 0, 0, 0, 0}
	for i, v := range dst {
		if v != want[i] {
			t.Fatalf("%v, want %v", dst, want)
		}
	}
	none := RowIndex{Outer: 2, N: 0, Count: 3, Inner: 2}
	TakeRows(&none, dst, nil, index, 0, 6)
	for _, v := range dst[:12] {
		if v != 0 {
			t.Fatalf("rows of an empty table: %v", dst[:12])
		}
	}
}

// TestSumRows adds rows of equal indices, of which there are few and many, in the order
// of a loop over all of them.
func TestSumRows(t *testing.T) {
	for _, n := range []int{1, 3, 40, 5000} {
		for _, inner := range []int{1, 5, 64} {
			const count = 200
			rng := rand.New(rand.NewPCG(uint64(n), uint64(inner)))
			x, index, want := make([]float32, count*inner), make([]float32, count), make([]float32, count*inner)
			first := map[int]int{}
			for k := range index {
				i := rng.IntN(n+2) - 1 // some are no rows
				index[k] = float32(i)
				at, met := first[i]
				if !met {
					first[i], at = k, k
				}
				for j := range inner {
					x[k*inner+j] = float32(rng.NormFloat64())
					if i >= 0 && i < n {
						want[at*inner+j] += x[k*inner+j]
					}
				}
			}
			rows, next, table, dst := make([]float32, count), make([]float32, count), make([]float32, 512), make([]float32, count*inner)
			FirstRows(rows, next, table, index, n)
			for _, part := range [][2]int{{0, 77}, {77, count}} {
				SumRows(dst, x, rows, next, inner, part[0], part[1])
			}
			for k, v := range dst {
				if v != want[k] {
					t.Fatalf("%d of row %d of %d, n=%d: %v, want %v", k%inner, k/inner, inner, n, v, want[k])
				}
			}
		}
	}
}
