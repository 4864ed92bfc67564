package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"unsafe"

	"descent/internal/guard"
)

// TestWeightRows compares rows of every length, of which more and more is seen, with
// exponentials and sums of package math, and their gradients with the derivatives
// p·(dp - Σ p·dp). What is behind the rows cannot be accessed.
func TestWeightRows(t *testing.T) {
	rooms := guard.New(t, 2, 8*3*1003)
	eachISA(t, func(t *testing.T, isa ISA) {
		for n := 1; n < 140; n++ {
			testWeightRows[float32](t, rooms, isa, n)
			testWeightRows[float64](t, rooms, isa, n)
		}
		testWeightRows[float32](t, rooms, isa, 1003)
	})
}

func testWeightRows[T Float](t *testing.T, rooms *guard.Rooms, isa ISA, n int) {
	t.Helper()
	const rows = 3
	rng := rand.New(rand.NewPCG(uint64(n), 7))
	eps := 0x1p-50
	if unsafe.Sizeof(T(0)) == 4 {
		eps = 0x1p-21
	}
	for more := range 3 {
		for _, scale := range []T{0.25, -0.5} {
			seen := 1 + rng.IntN(n)
			if more == 0 {
				seen = n
			}
			p, dp := guard.Take[T](rooms, 0, rows*n, more > 0), guard.Take[T](rooms, 1, rows*n, more > 0)
			x, d := make([]float64, rows*n), make([]float64, rows*n)
			for i := range p {
				p[i], dp[i] = T(10*rng.NormFloat64()), T(rng.NormFloat64())
				x[i], d[i] = float64(p[i]), float64(dp[i])
			}
			weightRows(isa, &p[0], &p[0], &scale, rows, n, seen, more)
			weightGradRows(isa, &dp[0], &p[0], &scale, rows, n)
			for r := range rows {
				name := fmt.Sprintf("%T, %d of %d, row %d, scale %v", scale, seen, n, r, scale)
				at := r * n
				compareWeights(t, name, p[at:at+n], dp[at:at+n], x[at:at+n], d[at:at+n], float64(scale), min(n, seen+r*more), eps)
			}
		}
	}
}

func compareWeights[T Float](t *testing.T, name string, p, dp []T, x, d []float64, scale float64, count int, eps float64) {
	t.Helper()
	sum, mean, size := 0.0, 0.0, 0.0
	for _, v := range x[:count] {
		sum += math.Exp(scale * v)
	}
	weight := func(i int) float64 {
		if i >= count {
			return 0
		}
		return math.Exp(scale*x[i]) / sum
	}
	for i, v := range d {
		mean += weight(i) * v
		size += math.Abs(weight(i) * v)
	}
	for i := range p {
		w := weight(i)
		if got := float64(p[i]); math.Abs(got-w) > eps*w*(4+math.Abs(scale*x[i])) {
			t.Fatalf("%s: weight %d is %v, want %v", name, i, got, w)
		}
		if got, want := float64(dp[i]), scale*w*(d[i]-mean); math.Abs(got-want) > eps*math.Abs(scale)*w*(4+math.Abs(scale*x[i]))*(8+math.Abs(d[i])+8*size) {
			t.Fatalf("%s: gradient %d is %v, want %v", name, i, got, want)
		}
	}
}

// TestWeightRowsFarOut: scores that are not finite, and rows in which they are.
func TestWeightRowsFarOut(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for _, c := range []struct{ x, want []float64 }{
		{[]float64{0, -inf, 0}, []float64{0.5, 0, 0.5}}, {[]float64{-2e38, 0}, []float64{0, 1}}, {[]float64{3e38, 3e38}, []float64{0.5, 0.5}},
		{[]float64{-inf, -inf}, []float64{nan, nan}}, {[]float64{nan, 1}, []float64{nan, nan}}, {[]float64{1, nan, 2}, []float64{nan, nan, nan}},
	} {
		eachISA(t, func(t *testing.T, isa ISA) {
			x, one := make([]float32, len(c.x)), float32(1)
			for i, v := range c.x {
				x[i] = float32(v)
			}
			weightRows(isa, &x[0], &x[0], &one, 1, len(x), len(x), 0)
			for i, w := range c.want {
				if v := float64(x[i]); v != w && !(math.IsNaN(v) && math.IsNaN(w)) {
					t.Errorf("weights of %v: %v, want %v", c.x, x, c.want)
				}
			}
		})
	}
}
