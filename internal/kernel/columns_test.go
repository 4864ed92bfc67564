package kernel

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestAddColumns compares the kernels with the portable loop bit by bit.
func TestAddColumns(t *testing.T) {
	testAddColumns[float32](t)
	testAddColumns[float64](t)
}

func testAddColumns[T Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 5))
	for n := 2; n < 700; n += 1 + n/20 {
		rows := ColumnStripe(n)
		if m := rows * n; rows > 1 && rows < columnBlock && m%16 != 0 && n < 128 {
			t.Errorf("a stripe of rows of %d has %d elements, no whole vectors", n, m)
		}
		x, start := make([]T, rows*n), make([]float64, n)
		for i := range x {
			x[i] = T(rng.NormFloat64())
		}
		for i := range start {
			start[i] = rng.NormFloat64()
		}
		want := slices.Clone(start)
		portableAddColumns(want, &x[0], rows, n)
		for _, isa := range isas() {
			got := slices.Clone(start)
			if addColumns(isa, got, &x[0], rows, n); !slices.Equal(got, want) {
				t.Fatalf("%v, %d rows of %d: %v, want %v", isa, rows, n, got, want)
			}
		}
	}
}
