package kernel

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestChainErrors holds sums of float32 against sums in float64. Errors are in units of
// 2⁻²⁴ times the sum of magnitudes: 0.5 is what rounding the result alone may cost.
func TestChainErrors(t *testing.T) {
	for _, c := range []struct {
		name     string
		mean, sd float64
		n        int
		most     float64
	}{
		{"a layer's", 0, 1, 128, 0.3}, {"not whole", 0, 1, 271, 0.3}, {"a block", 0, 1, SumBlock, 0.15}, {"long", 0, 1, 1 << 18, 0.02},
		{"of one sign", 1, 0.3, 784, 0.3}, {"of a large mean", 1000, 1, 128, 0.45}, {"and long", 1000, 1, 1 << 18, 0.03},
	} {
		worst := 0.0
		for seed := range uint64(20) {
			rng := rand.New(rand.NewPCG(seed, 1))
			x, want, size := make([]float32, c.n), 0.0, 0.0
			for i := range x {
				x[i] = float32(c.mean + c.sd*rng.NormFloat64())
				want += float64(x[i])
				size += math.Abs(float64(x[i]))
			}
			worst = max(worst, math.Abs(Total(&x[0], c.n)-want)/size*(1<<24))
		}
		if worst > c.most {
			t.Errorf("%s: the error is %.3f, more than %v", c.name, worst, c.most)
		}
	}
}
