package elementary

import (
	"math"
	"math/rand/v2"
	"testing"
)

// Both take the same numbers from the source, and differ at most in the last
// digit of a tail.
func TestNormal(t *testing.T) {
	ours, theirs := rand.New(rand.NewPCG(1, 2)), rand.New(rand.NewPCG(1, 2))
	tails := 0
	for range 2_000_000 {
		x, y := Normal(ours), theirs.NormFloat64()
		if math.Abs(y) > lastStrip {
			tails++
			if math.Abs(x-y) < 1e-14 {
				x = y
			}
		}
		if x != y {
			t.Fatalf("%v, want %v", x, y)
		}
	}
	if tails < 500 {
		t.Errorf("%d numbers in the tails", tails)
	}
}
