package jit

import (
	"math/rand/v2"
	"testing"

	"descent/internal/guard"
	"descent/internal/kernel"
)

// TestStaysInside puts every stream against the end, and then the start, of
// accessible memory, for all lengths up to two vectors and more: reading or
// writing one element too far faults.
func TestStaysInside(t *testing.T) {
	rooms := guard.New(t, 200, 14000)
	eachISA(t, func(t *testing.T, isa kernel.ISA) {
		for seed := range uint64(80) {
			for n := 1; n <= 35; n++ {
				stayInside[float32](t, rooms, seed, n, isa)
				stayInside[float64](t, rooms, seed, n, isa)
			}
		}
	})
}

func stayInside[T kernel.Float](t *testing.T, rooms *guard.Rooms, seed uint64, n int, isa kernel.ISA) {
	rng := rand.New(rand.NewPCG(seed, uint64(n)))
	b := random(rng, 1+rng.IntN(60), mostSums[T](isa))
	n = wholeRows(b, n)
	b.Len = []int{0, n}[rng.IntN(2)]
	atEnd := rng.IntN(3) > 0
	memory := func(stream, n int) []T { return guard.Take[T](rooms, stream, n, atEnd) }
	if err := compare(rng, b, n, isa, memory); err != nil {
		t.Fatalf("seed %d, %d elements: %v", seed, n, err)
	}
}
