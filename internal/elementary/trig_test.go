package elementary

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// The series of sine and cosine in 400 bits.
func TestSineAndCosineAreCorrectlyRounded(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	wrong := 0
	const cases = 1000
	for i := range cases {
		x := 10 * rng.NormFloat64()
		if i%4 == 0 {
			x = float64(rng.IntN(20)) * math.Pi / 2 // near a zero of one of them
		}
		s, c := bigTrig(x)
		if Sin(x) != s || Sin(-x) != -s {
			wrong++
		}
		if Cos(x) != c || Cos(-x) != c {
			wrong++
		}
	}
	if wrong > 1 {
		t.Errorf("%d of %d results are not correctly rounded", wrong, 2*cases)
	}
	for _, x := range []float64{0, math.Copysign(0, -1), 1e-9, math.Inf(1), math.NaN()} {
		if a, b := Sin(x), math.Sin(x); a != b && !math.IsNaN(b) || math.Signbit(a) != math.Signbit(b) {
			t.Errorf("sin %v = %v", x, a)
		}
	}
}

func bigTrig(x float64) (s, c float64) {
	const prec = 400
	bx := new(big.Float).SetPrec(prec).SetFloat64(x)
	term := new(big.Float).SetPrec(prec).SetInt64(1)
	sum := [2]*big.Float{new(big.Float).SetPrec(prec), new(big.Float).SetPrec(prec)}
	for k := range 240 {
		if k&2 == 0 {
			sum[k&1].Add(sum[k&1], term)
		} else {
			sum[k&1].Sub(sum[k&1], term)
		}
		term.Mul(term, bx)
		term.Quo(term, new(big.Float).SetInt64(int64(k+1)))
	}
	c, _ = sum[0].Float64()
	s, _ = sum[1].Float64()
	return s, c
}
