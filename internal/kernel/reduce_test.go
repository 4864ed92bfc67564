package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

func forReducers[T Float](t *testing.T, test func(t *testing.T, f Reduction, r Reducer[T])) {
	var zero T
	for _, isa := range isas() {
		for f := ReduceSum; f < numReductions; f++ {
			if r := assemblyReducer[T](isa, f); r != nil {
				t.Run(fmt.Sprintf("%s/%s/%T", f, isa, zero), func(t *testing.T) { test(t, f, r) })
			}
		}
	}
}

// TestReduction compares the kernels with the portable loops bit by bit, between
// memory that must not change and memory that must not be read.
func TestReduction(t *testing.T) {
	testReduction[float32](t)
	testReduction[float64](t)
}

func testReduction[T Float](t *testing.T) {
	const guard = 17
	forReducers(t, func(t *testing.T, f Reduction, r Reducer[T]) {
		rng := rand.New(rand.NewPCG(uint64(f), 5))
		check := func(outer, n, inner int, nan float64) {
			t.Helper()
			src := make([]T, guard+outer*n*inner+guard)
			for i := range src {
				src[i] = T(math.NaN())
			}
			for i := range outer * n * inner {
				v := rng.NormFloat64()
				switch {
				case f == ReduceProd:
					v = 1 + v/8
				case f != ReduceSum && i%3 == 0:
					v = math.Round(v) // equal extremes
				}
				if rng.Float64() < nan {
					v = math.NaN()
				}
				src[guard+i] = T(v)
			}
			got, want := make([]T, guard+outer*inner+guard), make([]T, outer*inner+1)
			for i := range got {
				got[i] = T(1000 + i)
			}
			r(&got[guard], &src[guard], outer, n, inner)
			portableReduce[T](f)(&want[0], &src[guard], outer, n, inner)
			for i, v := range got {
				w := T(1000 + i)
				if i >= guard && i < guard+outer*inner {
					w = want[i-guard]
				}
				if !sameNumber(v, w) {
					t.Fatalf("%d×%d×%d: result %d is %v, want %v", outer, n, inner, i-guard, v, w)
				}
			}
		}
		step := 1
		if testing.Short() {
			step = 9
		}
		for n := 0; n < 100; n += step {
			for _, outer := range []int{0, 1, 3} {
				for _, nan := range []float64{0, 0.02} {
					check(outer, n, 1, nan)
					check(outer, n%7, max(n, 1), nan)
					check(outer, n, 1+n%11, nan)
				}
			}
		}
		if testing.Short() {
			return
		}
		for _, n := range []int{127, 128, 129, 255, 256, 257, 2047, 2048, 2049, 4096, 5000, 20001} {
			check(1, n, 1, 0)
			check(2, n, 1, 0.0001)
			check(1, n, 9, 0)
			check(2, n, 37, 0.0001)
		}
		// More than one call.
		check(70000, 3, 1, 0)
		check(1, 20001, 7, 0.00001)
		check(1, 300, 521, 0.00001)
		check(2, 1001, 259, 0)
	})
}

func TestReductionDoesNotAllocate(t *testing.T) {
	src, dst := make([]float32, 1000*300), make([]float32, 300)
	for _, isa := range isas() {
		for _, f := range []Reduction{ReduceSum, ReduceMax} {
			r := reducer[float32](isa, f)
			if n := testing.AllocsPerRun(3, func() { r(&dst[0], &src[0], 1, 1000, 300) }); n != 0 {
				t.Errorf("%s: %s of long columns allocates %v times", isa, f, n)
			}
		}
	}
}

// TestReductionZeros checks extremes of zeros of both signs.
func TestReductionZeros(t *testing.T) {
	zero, minus := 0.0, math.Copysign(0, -1)
	rng := rand.New(rand.NewPCG(1, 3))
	for _, isa := range isas() {
		for _, c := range []struct {
			name                    string
			fill, other, floor, top float64
			max, min                float64
		}{
			{"-0", minus, minus, minus, minus, minus, minus},
			{"0", zero, zero, zero, zero, zero, zero},
			{"-0 and a 0", minus, zero, minus, minus, zero, minus},
			{"0 and a -0", zero, minus, zero, zero, zero, minus},
			{"-1, 0 and a -0", zero, minus, -1, zero, zero, -1},
			{"1, -0 and a 0", minus, zero, minus, 1, 1, minus},
		} {
			for n := 3; n < 80; n++ {
				const inner = 21
				for _, shape := range [][2]int{{inner, 1}, {1, inner}} { // rows and columns
					src, got := make([]float32, n*inner), make([]float32, inner)
					for i := range inner {
						for k, v := range rng.Perm(n) {
							at := i*n + k
							if shape[1] > 1 {
								at = k*inner + i
							}
							src[at] = float32(c.fill)
							if v < 3 {
								src[at] = float32([]float64{c.other, c.floor, c.top}[v])
							}
						}
					}
					for f, want := range map[Reduction]float64{ReduceMax: c.max, ReduceMin: c.min} {
						reducer[float32](isa, f)(&got[0], &src[0], shape[0], n, shape[1])
						for _, v := range got {
							if !sameNumber(float64(v), want) {
								t.Fatalf("%s: %s of %d along %v: %s is %v, want %v", isa, f, n, shape, c.name, v, want)
							}
						}
					}
				}
			}
		}
	}
}

func TestReductionInfinities(t *testing.T) {
	inf := math.Inf(1)
	for _, isa := range isas() {
		for _, n := range []int{1, 7, 8, 40} {
			src := make([]float64, n)
			for i := range src {
				src[i] = -inf
			}
			var got float64
			reducer[float64](isa, ReduceMax)(&got, &src[0], 1, n, 1)
			if got != -inf {
				t.Errorf("%s: max of %d -Inf is %v", isa, n, got)
			}
			reducer[float64](isa, ReduceArgMax)(&got, &src[0], 1, n, 1)
			if got != 0 {
				t.Errorf("%s: argmax of %d -Inf is %v", isa, n, got)
			}
			src[n-1] = math.NaN()
			reducer[float64](isa, ReduceArgMin)(&got, &src[0], 1, n, 1)
			if got != float64(n-1) {
				t.Errorf("%s: argmin with NaN at %d is %v", isa, n-1, got)
			}
		}
	}
}

// TestTotal checks that sums keep what a running float32 total loses, and that
// they do not depend on the instruction set.
func TestTotal(t *testing.T) {
	ones := make([]float32, 1<<25)
	for i := range ones {
		ones[i] = 1
	}
	mixed := make([]float64, 100003)
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range mixed {
		mixed[i] = rng.NormFloat64()
	}
	for _, isa := range isas() {
		if got := total(isa, &ones[0], len(ones)); got != 1<<25 {
			t.Errorf("%s: sum of 2^25 ones is %v", isa, got)
		}
		for n := 0; n <= len(mixed); n = n*5/4 + 1 {
			if got, want := total(isa, &mixed[0], n), total(Portable, &mixed[0], n); got != want {
				t.Errorf("%s: sum of %d is %v, want %v", isa, n, got, want)
			}
		}
	}
	if n := testing.AllocsPerRun(10, func() { Total(&ones[0], 10000) }); n != 0 {
		t.Errorf("Total allocates %v times", n)
	}
}

func BenchmarkReduction(b *testing.B) {
	for _, f := range []Reduction{ReduceSum, ReduceMax, ReduceArgMax} {
		for _, shape := range [][3]int{{64, 10, 1}, {1, 1024, 1}, {64, 1024, 1}, {1, 64, 128}, {1, 1024, 1024}} {
			benchmarkReduction[float32](b, f, shape)
			benchmarkReduction[float64](b, f, shape)
		}
	}
}

func benchmarkReduction[T Float](b *testing.B, f Reduction, s [3]int) {
	n := s[0] * s[1] * s[2]
	src, dst := make([]T, n), make([]T, s[0]*s[2])
	for i := range src {
		src[i] = T(i % 1000)
	}
	for _, isa := range isas() {
		r := reducer[T](isa, f)
		b.Run(fmt.Sprintf("%s/%T/%dx%dx%d/%s", f, src[0], s[0], s[1], s[2], isa), func(b *testing.B) {
			for b.Loop() {
				r(&dst[0], &src[0], s[0], s[1], s[2])
			}
			b.ReportMetric(float64(n)*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "Gelem/s")
		})
	}
}
