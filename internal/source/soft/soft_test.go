package soft

import (
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"
	"testing"
)

// edges are numbers at the ends of ranges.
var edges = []float64{0, math.Copysign(0, -1), 1, -1, 0.5, 1.5, 2.5, -2.5, 5e-324, 0x1p-1022, 0x1.fffffffffffffp-1023, math.MaxFloat64, 0x1p52, 0x1p52 + 0.5, 0x1p53, 1e300, 1e-300, math.Inf(1), math.Inf(-1), math.NaN()}

// number returns an edge, a number of any exponent, or one of an exponent near that of z.
func number(r *rand.Rand, z float64) float64 {
	switch r.IntN(4) {
	case 0:
		return edges[r.IntN(len(edges))]
	case 1:
		return math.Float64frombits(r.Uint64())
	case 2:
		return z * math.Ldexp(1+r.Float64(), r.IntN(120)-60)
	}
	return r.NormFloat64()
}

func TestAsPackageMath(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, f := range []struct {
		name       string
		ours, math func(x, y, z float64) float64
	}{
		{"Abs", func(x, _, _ float64) float64 { return Abs(x) }, func(x, _, _ float64) float64 { return math.Abs(x) }},
		{"Copysign", func(x, y, _ float64) float64 { return Copysign(x, y) }, func(x, y, _ float64) float64 { return math.Copysign(x, y) }},
		{"Min", func(x, y, _ float64) float64 { return Min(x, y) }, func(x, y, _ float64) float64 { return min(x, y) }},
		{"Max", func(x, y, _ float64) float64 { return Max(x, y) }, func(x, y, _ float64) float64 { return max(x, y) }},
		{"Trunc", func(x, _, _ float64) float64 { return Trunc(x) }, func(x, _, _ float64) float64 { return math.Trunc(x) }},
		{"Floor", func(x, _, _ float64) float64 { return Floor(x) }, func(x, _, _ float64) float64 { return math.Floor(x) }},
		{"Ceil", func(x, _, _ float64) float64 { return Ceil(x) }, func(x, _, _ float64) float64 { return math.Ceil(x) }},
		{"RoundToEven", func(x, _, _ float64) float64 { return RoundToEven(x) }, func(x, _, _ float64) float64 { return math.RoundToEven(x) }},
		{"Sqrt", func(x, _, _ float64) float64 { return Sqrt(x) }, func(x, _, _ float64) float64 { return math.Sqrt(x) }},
		{"Mod", func(x, y, _ float64) float64 { return Mod(x, y) }, func(x, y, _ float64) float64 { return math.Mod(x, y) }},
		{"Inf", func(x, _, _ float64) float64 { return Inf(int(Copysign(1, x))) }, func(x, _, _ float64) float64 { return math.Inf(int(math.Copysign(1, x))) }},
	} {
		for range 200_000 {
			x := number(r, 1)
			y := number(r, x)
			z := number(r, x*y)
			got, want := f.ours(x, y, z), f.math(x, y, z)
			if math.Float64bits(got) != math.Float64bits(want) && !(got != got && want != want) {
				t.Fatalf("%s(%x, %x, %x) = %x, math has %x", f.name, x, y, z, got, want)
			}
		}
	}
}

// FMA is exact where the sum cancels: rounding errors of products, what quotients lack.
func TestFMA(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 500_000 {
		x, y := math.Ldexp(r.NormFloat64(), r.IntN(200)-100), math.Ldexp(r.NormFloat64(), r.IntN(200)-100)
		q := x / y
		for _, c := range [][3]float64{{x, y, -float64(x * y)}, {-q, y, x}, {-math.Nextafter(q, 0), y, x}} {
			if got, want := FMA(c[0], c[1], c[2]), math.FMA(c[0], c[1], c[2]); got != want {
				t.Fatalf("FMA(%x, %x, %x) = %x, math has %x", c[0], c[1], c[2], got, want)
			}
		}
	}
}

func TestTests(t *testing.T) {
	for _, x := range edges {
		if IsNaN(x) != math.IsNaN(x) || Signbit(x) != math.Signbit(x) {
			t.Error(x)
		}
		for sign := -1; sign <= 1; sign++ {
			if IsInf(x, sign) != math.IsInf(x, sign) {
				t.Error(x, sign)
			}
		}
	}
	for _, c := range [][2]float64{{Pi, math.Pi}, {Ln10, math.Ln10}, {Sqrt2, math.Sqrt2}, {SqrtPi, math.SqrtPi}, {MaxFloat64, math.MaxFloat64}, {NaN(), math.NaN()}} {
		if math.Float64bits(c[0]) != math.Float64bits(c[1]) {
			t.Error(c)
		}
	}
}

func TestAsPackageBits(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 10_000 {
		a, b, c := r.Uint64()>>r.IntN(64), r.Uint64()>>r.IntN(64), r.Uint64()&1
		pair := func(x, y uint64) string { return fmt.Sprint(x, y) }
		for i, s := range [][2]string{
			{pair(Mul64(a, b)), pair(bits.Mul64(a, b))}, {pair(Add64(a, b, c)), pair(bits.Add64(a, b, c))}, {pair(Sub64(a, b, c)), pair(bits.Sub64(a, b, c))},
			{fmt.Sprint(LeadingZeros64(a)), fmt.Sprint(bits.LeadingZeros64(a))},
		} {
			if s[0] != s[1] {
				t.Fatal(i, a, b, c, s)
			}
		}
	}
	if LeadingZeros64(0) != 64 {
		t.Error("zero")
	}
}
