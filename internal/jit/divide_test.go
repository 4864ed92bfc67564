package jit

import (
	"math"
	"math/rand/v2"
	"testing"
	"unsafe"

	"descent/internal/kernel"
)

// quotients compiles x/s, or √x/s, and compares with Go's division.
type quotients[T kernel.Float] struct {
	t      *testing.T
	code   *Code[T]
	root   bool
	x, got []T
}

func newQuotients[T kernel.Float](t *testing.T, isa kernel.ISA, root bool, n int) *quotients[T] {
	b := &chain{Block: Block{Streams: 2, Splats: 1}}
	x := b.stream(0)
	if root {
		x = b.do(kernel.Sqrt, x)
	}
	x = b.do(kernel.Div, x, b.splat(0))
	b.Stores = []Store{{x.Index, 1}}
	pages := &Pages{}
	q := &quotients[T]{t: t, code: compileFor[T](pages, &b.Block, isa), root: root}
	if err := pages.Seal(); err != nil {
		t.Fatal(err)
	}
	q.x, q.got = make([]T, n, n+16), make([]T, n, n+16)
	return q
}

// check divides all of q.x by y.
func (q *quotients[T]) check(y T) {
	q.t.Helper()
	q.code.SetSplat(0, y)
	q.code.SetStream(0, unsafe.Pointer(&q.x[0]))
	q.code.SetStream(1, unsafe.Pointer(&q.got[0]))
	q.code.Run(len(q.x))
	for i, x := range q.x {
		if q.root {
			x = T(math.Sqrt(float64(x)))
		}
		want, got := x/y, q.got[i]
		if got != want && (got == got || want == want) || got == 0 && math.Signbit(float64(got)) != math.Signbit(float64(want)) {
			q.t.Fatalf("%v / %v = %v, want %v", x, y, got, want)
		}
	}
}

// TestDivideAllMantissas divides every float32 of [1,2) by divisors of which
// the rounded reciprocal is as far off as can be, by such as are near a power of
// two, and by random ones.
func TestDivideAllMantissas(t *testing.T) {
	eachISA(t, func(t *testing.T, isa kernel.ISA) {
		q := newQuotients[float32](t, isa, false, 1<<23)
		for i := range q.x {
			q.x[i] = math.Float32frombits(0x3f800000 + uint32(i))
		}
		for _, y := range worstDivisors(12) {
			q.check(y)
		}
	})
}

// worstDivisors returns divisors from [1,2), n of them the worst of a million.
func worstDivisors(n int) []float32 {
	ys := []float32{1 + 0x1p-23, 1 + 0x1p-22, 1 + 0x3p-23, 2 - 0x1p-23, 2 - 0x1p-22, 2 - 0x3p-23, 1.5 + 0x1p-23, 1.5 - 0x1p-23, 4 / 3., 1.0 / 3 * 4}
	rng := rand.New(rand.NewPCG(1, 2))
	off := func(y float32) float64 { return math.Abs(math.FMA(float64(1/y), float64(y), -1)) / float64(y) }
	for range n {
		var worst float32 = 1
		for range 1 << 20 / n {
			if y := 1 + float32(rng.IntN(1<<23))/(1<<23); off(y) > off(worst) {
				worst = y
			}
		}
		ys = append(ys, worst, 1+float32(rng.IntN(1<<23))/(1<<23))
	}
	return ys
}

func TestDivide(t *testing.T) {
	eachISA(t, func(t *testing.T, isa kernel.ISA) {
		testDivide[float32](t, isa)
		testDivide[float64](t, isa)
	})
}

func testDivide[T kernel.Float](t *testing.T, isa kernel.ISA) {
	rng := rand.New(rand.NewPCG(3, 4))
	for _, root := range []bool{false, true} {
		q := newQuotients[T](t, isa, root, 0)
		edges := edges[T]()
		for _, y := range edges {
			// One at a time too: others must not send it to the real division.
			q.x, q.got = edges, make([]T, len(edges), len(edges)+16)
			q.check(y)
			for _, x := range edges {
				q.x = q.x[:0:0]
				for range 16 {
					q.x = append(q.x, x)
				}
				q.check(y)
			}
		}
		q.x, q.got = make([]T, 4096), make([]T, 4096)
		for range 1000 {
			y := randomBits[T](rng)
			if rng.IntN(2) == 0 {
				y = T((1 + rng.Float64()) * math.Exp2(float64(rng.IntN(40)-20)))
			}
			for i := range q.x {
				q.x[i] = randomBits[T](rng)
				if i < 3000 {
					q.x[i] = T((1 + rng.Float64()) * math.Exp2(float64(rng.IntN(60)-30)))
				}
			}
			q.check(y)
		}
	}
}

func randomBits[T kernel.Float](rng *rand.Rand) T { return fromBits[T](rng.Uint64()) }

// edges returns numbers around all limits, of both signs.
func edges[T kernel.Float]() (xs []T) {
	f := formatOf[T]()
	tiny, most := fromBits[T](1), T(math.MaxFloat32)
	if f.p == 53 {
		most = T(math.Float64frombits(0x7fefffffffffffff))
	}
	xs = []T{0, tiny, 3 * tiny, most, T(math.Inf(1)), T(math.NaN()), T(1) / 3, 3, 10, 0.1}
	for _, e := range []int{0, 1, f.max, f.max + 1, -f.max, -f.max - 1, f.low, f.low + 1, f.low - 1, f.max + f.low, f.low - f.max} {
		x := T(math.Ldexp(1, e))
		u := x - fromBits[T](toBits(x)-1)
		xs = append(xs, x, x+2*u, x-u, x+x/3)
	}
	normal := fromBits[T](1 << (f.p - 1))
	xs = append(xs, normal, normal-tiny, normal+tiny)
	for _, x := range xs {
		xs = append(xs, -x)
	}
	return xs
}

// TestDivideHardCases divides the numbers whose float64 quotients are nearest
// to where rounding changes.
func TestDivideHardCases(t *testing.T) {
	eachISA(t, func(t *testing.T, isa kernel.ISA) {
		rng := rand.New(rand.NewPCG(5, 6))
		q := newQuotients[float64](t, isa, false, 0)
		unfit := 0
		for range 20000 {
			Y := rng.Uint64N(1<<52) | 1<<52 | 1
			y := math.Ldexp(float64(Y), -52)
			q.x, q.got = q.x[:0], make([]float64, 64)
			inverse := Y
			for range 6 {
				inverse *= 2 - Y*inverse
			}
			for k := uint64(1); k <= 9; k += 2 { // M·Y = ±k modulo 2^54
				for _, M := range []uint64{k * inverse & (1<<54 - 1), -k * inverse & (1<<54 - 1)} {
					x := float64(M>>1) / (1 << 53) * y
					q.x = append(q.x, x, math.Nextafter(x, 3), math.Nextafter(x, 0), 2*x)
				}
			}
			q.check(y)
			q.check(-y)
			if e := reciprocal(y, true); e[divHigh] == 0 {
				unfit++
			}
		}
		t.Logf("%d of 20000 divisors are not fit", unfit)
	})
}
