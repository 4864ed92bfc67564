package kernel

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"
	"unsafe"
)

// TestSoftmaxFarOut has logits that float32 cannot hold, in rows of every length.
func TestSoftmaxFarOut(t *testing.T) {
	for _, isa := range isas() {
		for n := 2; n < 70; n++ {
			for _, top := range []float64{1e39, 1e300, math.MaxFloat64, -1e300} {
				src, dst, lse := make([]float64, n), make([]float64, n), make([]float64, 2)
				for i := range src {
					src[i] = -math.MaxFloat64
				}
				src[0], src[n-1] = top, top
				softmaxRows(isa, &dst[0], &lse[0], &src[0], 1, n)
				logSumExpRows(isa, &lse[1], &src[0], 1, n)
				want := make([]float64, n)
				want[0], want[n-1] = 0.5, 0.5
				for i := range dst {
					if math.Abs(dst[i]-want[i]) > 1e-15 {
						t.Fatalf("%s: %d logits, the largest %v: %v", isa, n, top, dst)
					}
				}
				if lse[0] != top || lse[1] != top {
					t.Fatalf("%s: %d logits, the largest %v: logarithms %v", isa, n, top, lse)
				}
			}
		}
	}
}

// TestSoftmaxRows compares rows of every length with sums in float64.
func TestSoftmaxRows(t *testing.T) {
	for _, isa := range isas() {
		t.Run(fmt.Sprintf("%s/float32", isa), func(t *testing.T) { testSoftmaxRows[float32](t, isa) })
		t.Run(fmt.Sprintf("%s/float64", isa), func(t *testing.T) { testSoftmaxRows[float64](t, isa) })
	}
}

func testSoftmaxRows[T Float](t *testing.T, isa ISA) {
	const guard = 17
	rng := rand.New(rand.NewPCG(1, 7))
	epsilon := 0x1p-52
	if unsafe.Sizeof(T(0)) == 4 {
		epsilon = 0x1p-23
	}
	lengths := []int{100, 1000, 1003}
	for n := 1; n < 70; n++ {
		lengths = append(lengths, n)
	}
	for _, n := range lengths {
		rows := 1 + n%11
		for _, place := range []string{"apart", "in place", "logarithm only"} {
			src, dst := make([]T, guard+rows*n+guard), make([]T, guard+rows*n+guard)
			lse := make([]T, guard+rows+guard)
			for i := range src {
				src[i], dst[i] = T(math.NaN()), T(1000+i)
			}
			for i := range lse {
				lse[i] = T(1000 + i)
			}
			for i := range rows * n {
				src[guard+i] = T(rng.NormFloat64() * math.Exp(3*rng.NormFloat64()))
			}
			x := append([]T(nil), src...)
			switch place {
			case "in place":
				for i := range guard {
					src[i], src[guard+rows*n+i] = T(1000+i), T(1000+guard+rows*n+i)
				}
				dst = src
				softmaxRows(isa, &dst[guard], &lse[guard], &src[guard], rows, n)
			case "apart":
				softmaxRows(isa, &dst[guard], &lse[guard], &src[guard], rows, n)
			default:
				logSumExpRows(isa, &lse[guard], &src[guard], rows, n)
			}
			for i := range guard {
				if dst[i] != T(1000+i) || dst[guard+rows*n+i] != T(1000+guard+rows*n+i) || lse[i] != T(1000+i) || lse[guard+rows+i] != T(1000+guard+rows+i) {
					t.Fatalf("n=%d, %s: wrote outside", n, place)
				}
			}
			for r := range rows {
				row := x[guard+r*n : guard+r*n+n]
				top, sum := exactExponentials(row)
				want := top + math.Log(sum)
				if got := float64(lse[guard+r]); math.Abs(got-want) > 2*epsilon*max(1, math.Abs(want)) {
					t.Fatalf("n=%d, %s: logarithm %v, want %v", n, place, got, want)
				}
				if place == "logarithm only" {
					continue
				}
				for i, v := range row {
					want := math.Exp(float64(v)-top) / sum
					// The difference from the maximum is rounded, and so are the n
					// sums.
					bound := epsilon * want * (4 + math.Abs(float64(v)-top) + math.Sqrt(float64(n))/4)
					if unsafe.Sizeof(v) == 4 {
						bound += 0x1p-148
					} else {
						bound += 0x1p-1060
					}
					if got := float64(dst[guard+r*n+i]); math.Abs(got-want) > bound {
						t.Fatalf("n=%d, %s: softmax of %v is %v, want %v", n, place, v, got, want)
					}
				}
			}
		}
	}
}

// exactExponentials is rowExponentials with the errors of exp only: those of
// adding a long row up in float64 would be larger than what is tested.
func exactExponentials[T Float](x []T) (top, sum float64) {
	top, _ = rowExponentials(x)
	total := newBig(0)
	for _, v := range x {
		total = addBig(total, newBig(math.Exp(float64(v)-top)))
	}
	sum, _ = total.Float64()
	return top, sum
}

// TestSoftmaxBatch checks that a row has the same bits alone and in a batch of
// any size, whatever its neighbours are.
func TestSoftmaxBatch(t *testing.T) {
	for _, isa := range isas() {
		t.Run(fmt.Sprintf("%s/float32", isa), func(t *testing.T) { testSoftmaxBatch[float32](t, isa) })
		t.Run(fmt.Sprintf("%s/float64", isa), func(t *testing.T) { testSoftmaxBatch[float64](t, isa) })
	}
}

func testSoftmaxBatch[T Float](t *testing.T, isa ISA) {
	const most = 19
	rng := rand.New(rand.NewPCG(3, 7))
	for n := 1; n <= 67; n++ {
		src := make([]T, most*n)
		for i := range src {
			src[i] = T(10 * rng.NormFloat64())
		}
		for i, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), 1e30, -1e30, -200} {
			src[(2+3*i)*n+rng.IntN(n)] = T(v)
		}
		want, wantLog := make([]T, most*n), make([]T, most)
		for r := range most {
			softmaxRows(isa, &want[r*n], &wantLog[r], &src[r*n], 1, n)
		}
		for rows := 1; rows <= most; rows++ {
			first := (most - rows) / 2
			got, gotLog, only := make([]T, rows*n), make([]T, rows), make([]T, rows)
			softmaxRows(isa, &got[0], &gotLog[0], &src[first*n], rows, n)
			logSumExpRows(isa, &only[0], &src[first*n], rows, n)
			if bitsOf(got) != bitsOf(want[first*n:(first+rows)*n]) {
				t.Fatalf("%d×%d: %v, alone %v", rows, n, got, want[first*n:(first+rows)*n])
			}
			if log := bitsOf(wantLog[first : first+rows]); bitsOf(gotLog) != log || bitsOf(only) != log {
				t.Fatalf("%d×%d: logarithms %v and %v, alone %v", rows, n, gotLog, only, wantLog[first:first+rows])
			}
		}
	}
}

// TestSoftmaxShort holds rows of 2 to 32 elements to a bound in units in the last
// place of the exact result for the rounded differences from the maximum: half a
// unit or so for the exponential, its sum's reciprocal and their product, each of
// which may count twice. Some rows have logits that are nearly equal, where the
// differences are exact.
func TestSoftmaxShort(t *testing.T) {
	for _, isa := range isas()[1:] { // the portable loop does not round the differences
		t.Run(fmt.Sprintf("%s/float32", isa), func(t *testing.T) { testSoftmaxShort[float32](t, isa) })
		t.Run(fmt.Sprintf("%s/float64", isa), func(t *testing.T) { testSoftmaxShort[float64](t, isa) })
	}
}

func testSoftmaxShort[T Float](t *testing.T, isa ISA) {
	const rows = 64
	single, bound := true, 2.5
	if unsafe.Sizeof(T(0)) == 8 {
		single, bound = false, 4 // the sum too is rounded, as often as there are elements
	}
	rng := rand.New(rand.NewPCG(5, 7))
	worst := 0.0
	for n := 2; n <= 32; n++ {
		x, y, lse := make([]T, rows*n), make([]T, rows*n), make([]T, rows)
		for r := range rows {
			center, spread := T(4*rng.NormFloat64()), math.Exp2(float64(2-r%26))
			for i := range n {
				x[r*n+i] = center + T(spread*rng.NormFloat64())
			}
		}
		softmaxRows(isa, &y[0], &lse[0], &x[0], rows, n)
		for r := range rows {
			row := x[r*n : r*n+n]
			e, sum := make([]*big.Float, n), newBig(0)
			top := slices.Max(row)
			for i, v := range row {
				e[i] = expBig(newBig(float64(v - top)))
				sum = addBig(sum, e[i])
			}
			for i := range row {
				u := ulps(float64(y[r*n+i]), quoBig(e[i], sum), single)
				if worst = max(worst, u); u > bound {
					t.Fatalf("softmax %d of %v is %v, off by %.3g ulp", i, row, y[r*n+i], u)
				}
			}
			estimate, _ := sum.Float64()
			want := addBig(newBig(float64(top)), logBig(sum, math.Log(estimate)))
			if u := ulps(float64(lse[r]), want, single); u > bound && math.Abs(float64(lse[r])) > 1 {
				t.Fatalf("logarithm of the sum of %v is %v, off by %.3g ulp", row, lse[r], u)
			}
		}
	}
	t.Logf("at most %.3f ulp", worst)
}

func TestSoftmaxInfinite(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for _, isa := range isas() {
		for _, c := range []struct{ x, want, log float64 }{
			{-inf, nan, -inf}, {inf, nan, inf}, {nan, nan, nan}, {0, 0.2, math.Log(5)}, {1e300, 0.2, 1e300},
		} {
			x := []float64{c.x, c.x, c.x, c.x, c.x}
			lse := []float64{0}
			softmaxRows(isa, &x[0], &lse[0], &x[0], 1, len(x))
			if !sameNumber(lse[0], c.log) && math.Abs(lse[0]-c.log) > 1e-15 {
				t.Errorf("%s: logarithm for five %v is %v, want %v", isa, c.x, lse[0], c.log)
			}
			for i, v := range x {
				if !sameNumber(v, c.want) && math.Abs(v-c.want) > 1e-16 {
					t.Errorf("%s: softmax %d of five %v is %v, want %v", isa, i, c.x, v, c.want)
				}
			}
		}
	}
}

func BenchmarkSoftmaxRows(b *testing.B) {
	for _, s := range [][2]int{{32, 3}, {32, 10}, {64, 32}, {64, 100}, {64, 1000}} {
		n := s[0] * s[1]
		src, dst, lse := make([]float32, n), make([]float32, n), make([]float32, s[0])
		for i := range src {
			src[i] = float32(i%100) / 50
		}
		for _, isa := range isas() {
			b.Run(fmt.Sprintf("%dx%d/%s", s[0], s[1], isa), func(b *testing.B) {
				for b.Loop() {
					softmaxRows(isa, &dst[0], &lse[0], &src[0], s[0], s[1])
				}
				b.ReportMetric(float64(n)*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "Gelem/s")
			})
		}
	}
}
