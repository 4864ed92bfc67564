package elementary

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// Roots are powers that can be checked: x^(n/8) is right when its eighth power
// in 400 bits straddles x^n between the neighbours' midpoints.
func TestPowIsCorrectlyRounded(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	wrong := 0
	const cases = 1000
	for range cases {
		x := math.Exp(8 * rng.NormFloat64())
		n := rng.IntN(63) + 1
		if rng.IntN(4) == 0 {
			n *= 8
		}
		r := Pow(x, float64(n)/8)
		if !(r > 1e-280 && r < 1e280) {
			continue // math.Pow's
		}
		want := power(new(big.Float).SetPrec(4000).SetFloat64(x), n)
		below := power(midpoint(r, math.Nextafter(r, 0)), 8)
		above := power(midpoint(r, math.Nextafter(r, math.Inf(1))), 8)
		if below.Cmp(want) > 0 || above.Cmp(want) < 0 {
			wrong++
		}
	}
	if wrong > 0 {
		t.Errorf("%d of %d results are not correctly rounded", wrong, cases)
	}
	for _, c := range [][3]float64{{-8, 1.0 / 3, math.NaN()}, {0, -0.5, math.Inf(1)}, {0, 0, 1}, {math.Inf(1), -0.5, 0}, {-2, 3, -8}, {2, -2, 0.25},
		{math.NaN(), 0, 1}, {1, math.NaN(), 1}, {2, 0.5, math.Sqrt2}, {5e-324, 0.5, math.Pow(5e-324, 0.5)}, {2, 1e9, math.Inf(1)}, {0.5, 1e10, 0},
		{5e-324, 1e-8, 0.9999925556269903}, {3e-310, -0.125, 4.9018480332776086e38}} {
		if got := Pow(c[0], c[1]); got != c[2] && !(math.IsNaN(got) && math.IsNaN(c[2])) {
			t.Errorf("Pow(%v, %v) = %v, want %v", c[0], c[1], got, c[2])
		}
	}
}

func midpoint(a, b float64) *big.Float {
	m := new(big.Float).SetPrec(4000).SetFloat64(a)
	return m.Quo(m.Add(m, new(big.Float).SetFloat64(b)), new(big.Float).SetFloat64(2))
}

func power(x *big.Float, n int) *big.Float {
	out := new(big.Float).SetPrec(4000).SetFloat64(1)
	for range n {
		out.Mul(out, x)
	}
	return out
}
