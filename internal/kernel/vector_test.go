package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"unsafe"
)

// forKernels runs a test for each primitive that an instruction set has a
// kernel for.
func forKernels[T Float](t *testing.T, test func(t *testing.T, c Code, f Func[T])) {
	var zero T
	for _, isa := range isas() {
		for c := Neg; c < NumCodes; c++ {
			if f := assembly[T](isa, c); f != nil {
				t.Run(fmt.Sprintf("%s/%s/%T", c, isa, zero), func(t *testing.T) { test(t, c, f) })
			}
		}
	}
}

func sameNumber[T Float](a, b T) bool {
	return a != a && b != b || a == b && math.Signbit(float64(a)) == math.Signbit(float64(b))
}

// awkward are numbers that kernels get wrong, each with its neighbours.
func awkward[T Float]() []T {
	var x []T
	add := func(v float64) {
		x = append(x, T(v), next(T(v), 1), next(T(v), -1), T(-v), next(T(-v), 1), next(T(-v), -1))
	}
	for _, v := range []float64{
		0, 1, 2, 0.5, 0.25, 0.75, 1.5, 4, 3, 5, math.Ln2, math.Ln2 / 2, 3 * math.Ln2 / 2, math.E,
		math.Pi, math.Pi / 2, math.Pi / 4, 3 * math.Pi / 4, 355, 710.0 / 226, 0.925, 9.2, 20, 40, 10, 100,
		87.33654, 88.37, 88.72283, 89, 103.97208, 104, 708.3964, 709.4361, 709.78271289338397, 710, 744.44, 745.13321910194122, 746,
		1 << 17, 1 << 22, 1 << 23, 1 << 24, 1 << 28, 1<<51 - 1, 1 << 52, 1 << 53, 1e10, 1e20, 1e30, 3.4e38,
		math.MaxFloat32, math.SmallestNonzeroFloat32, 0x1p-126, 0x1p-127, 0x1p-60, 1e-5, 1e-8, 1e-20, 1e-40,
		6381956970095103 * 0x1p797, // a double next to a multiple of π/2
	} {
		add(v)
	}
	if unsafe.Sizeof(x[0]) == 8 {
		for _, v := range []float64{0x1p-1022, 0x1p-1023, 5e-324, 1e-310, 1e300, math.MaxFloat64} {
			add(v)
		}
	}
	inf := T(math.Inf(1))
	return append(x, inf, -inf, T(math.NaN()))
}

func next[T Float](x T, direction float64) T {
	to := T(math.Inf(int(direction)))
	if unsafe.Sizeof(x) == 4 {
		return T(math.Nextafter32(float32(x), float32(to)))
	}
	return T(math.Nextafter(float64(x), float64(to)))
}

// operands returns n operands: the awkward ones, and random ones of all sizes,
// most of them moderate.
func operands[T Float](n int, seed uint64) []T {
	r := rand.New(rand.NewPCG(seed, 1))
	x := awkward[T]()
	if len(x) > n {
		r.Shuffle(len(x), func(i, j int) { x[i], x[j] = x[j], x[i] })
		return x[:n]
	}
	for len(x) < n {
		v := r.NormFloat64()
		switch len(x) % 4 {
		case 0:
			v *= 10
		case 1:
			v *= math.Exp(r.NormFloat64() * 5)
		case 2:
			v *= math.Exp(r.NormFloat64() * 50)
		}
		x = append(x, T(v))
	}
	return x
}

// TestVectorExact compares the primitives that round at most once with the
// portable loops, bit by bit.
func TestVectorExact(t *testing.T) {
	testVectorExact[float32](t)
	testVectorExact[float64](t)
}

func testVectorExact[T Float](t *testing.T) {
	forKernels(t, func(t *testing.T, c Code, f Func[T]) {
		if ulpBound[T](c) != 0 {
			t.Skip("approximate")
		}
		n := 20000
		if testing.Short() {
			n = 1000
		}
		a, b, d := operands[T](n, 1), operands[T](n, 2), operands[T](n, 3)
		edge := awkward[T]() // all pairs of awkward numbers
		if testing.Short() {
			edge = edge[len(edge)-80:]
		}
		for _, x := range edge {
			for _, y := range edge {
				a, b, d = append(a, x), append(b, y), append(d, x)
			}
		}
		got, want := make([]T, len(a)), make([]T, len(a))
		f(&got[0], &a[0], &b[0], &d[0], len(a))
		portable[T](c)(&want[0], &a[0], &b[0], &d[0], len(a))
		for i := range got {
			if !sameNumber(got[i], want[i]) {
				t.Fatalf("%s(%v, %v, %v) = %v, want %v", c, a[i], b[i], d[i], got[i], want[i])
			}
		}
	})
}

// TestVectorAccuracy holds the approximate primitives to their bounds, at a
// hundred thousand operands or, with DESCENT_SLOW, at fifty times as many.
func TestVectorAccuracy(t *testing.T) {
	testVectorAccuracy[float32](t)
	testVectorAccuracy[float64](t)
}

func testVectorAccuracy[T Float](t *testing.T) {
	var zero T
	single := unsafe.Sizeof(zero) == 4
	forKernels(t, func(t *testing.T, c Code, f Func[T]) {
		bound := ulpBound[T](c)
		if bound == 0 {
			t.Skip("exact")
		}
		count := 2000 // the reference takes long
		if single {
			count = 100000
		}
		switch {
		case slow():
			count *= 50
		case testing.Short():
			count /= 5
		}
		a, b := sweep[T](c, count), operands[T](count, 2)
		for len(b) < len(a) {
			b = append(b, b[:min(len(b), len(a)-len(b))]...)
		}
		// Sorted, most chunks have no operand that leaves the fast loops; an
		// element alone never sees those. The bits must be the same.
		slices.Sort(a)
		got := make([]T, len(a))
		const chunk = 128
		for i := 0; i < len(a); i += chunk {
			f(&got[i], &a[i], &b[i], nil, min(chunk, len(a)-i))
		}
		for i, v := range got {
			var alone T
			if f(&alone, &a[i], &b[i], nil, 1); !sameNumber(v, alone) {
				t.Fatalf("%s(%v, %v) = %v in a row, %v alone", c, a[i], b[i], v, alone)
			}
		}
		worst, at := 0.0, 0
		for i := range got {
			x, y := float64(a[i]), float64(b[i])
			plain := Eval(c, x, y, 0)
			limit := math.IsInf(plain, 0) || plain == 0
			if special(x) || plain != plain || limit && (single || x == 0 || math.Abs(x) > 1000) || c == Pow && special(y) {
				if !sameNumber(got[i], T(plain)) {
					t.Fatalf("%s(%v, %v) = %v, want %v", c, x, y, got[i], T(plain))
				}
				continue
			}
			want := newBig(plain)
			if !single {
				if r := reference(c, x, y); r != nil {
					want = r
				}
			}
			if math.Signbit(float64(got[i])) != math.Signbit(plain) {
				t.Fatalf("%s(%v, %v) = %v, want %v", c, x, y, got[i], plain)
			}
			if u := ulps(float64(got[i]), want, single); u > worst {
				worst, at = u, i
			}
		}
		t.Logf("at most %.3f ulp: %s(%v, %v) = %v", worst, c, a[at], b[at], got[at])
		if worst > bound {
			t.Errorf("%s(%v, %v) = %v is off by %.3g ulp, more than %v", c, a[at], b[at], got[at], worst, bound)
		}
	})
}

func special(x float64) bool { return x != x || math.IsInf(x, 0) }

// sweep returns arguments over the whole domain of a primitive, dense where it
// changes.
func sweep[T Float](c Code, n int) []T {
	r := rand.New(rand.NewPCG(uint64(c), 3))
	x := awkward[T]()
	low, high := -20.0, 20.0
	var zero T
	switch c {
	case Exp, Expm1, Sigmoid, Sinh, Cosh:
		low, high = -110, 95
		if unsafe.Sizeof(zero) == 8 {
			low, high = -750, 715
		}
	case Log, Log1p, Pow:
		low, high = -1, 10
	case Sin, Cos, Tan:
		low, high = -1000, 1000
	}
	for len(x) < n {
		u, v := r.Float64(), 0.0
		switch len(x) % 5 {
		case 0, 1:
			v = low + u*(high-low)
		case 2:
			v = -2 + 4*u
		case 3: // any bits
			b := r.Uint64()
			if unsafe.Sizeof(zero) == 4 {
				v = float64(math.Float32frombits(uint32(b)))
			} else {
				v = math.Float64frombits(b)
			}
		case 4: // near a multiple of π/2
			v = math.Pi / 2 * math.Round(u*1000) * (1 + 1e-7*r.NormFloat64())
		}
		x = append(x, T(v))
	}
	return x
}

// TestVectorTails runs every length, next to memory that must not change, into
// a separate destination and into each operand. An element's bits may not
// depend on where it is.
func TestVectorTails(t *testing.T) {
	testVectorTails[float32](t)
	testVectorTails[float64](t)
}

func testVectorTails[T Float](t *testing.T) {
	const guard = 20
	most := 131
	if testing.Short() {
		most = 67
	}
	forKernels(t, func(t *testing.T, c Code, f Func[T]) {
		src := [3][]T{operands[T](most, 1), operands[T](most, 2), operands[T](most, 3)}
		one := make([]T, most) // each element alone
		for i := range one {
			f(&one[i], &src[0][i], &src[1][i], &src[2][i], 1)
		}
		for n := 0; n <= most; n++ {
			for place := -1; place < c.Arity(); place++ {
				memory := [4][]T{}
				var p [4]*T
				for j := range memory {
					memory[j] = make([]T, guard+n+guard)
					for i := range memory[j] {
						memory[j][i] = T(1000 + i)
					}
					if j < 3 {
						copy(memory[j][guard:guard+n], src[j])
					}
					p[j] = &memory[j][guard]
				}
				dst := 3
				if place >= 0 {
					dst = place
				}
				f(p[dst], p[0], p[1], p[2], n)
				for i, v := range memory[dst] {
					want := T(1000 + i)
					if i >= guard && i < guard+n {
						want = one[i-guard]
					}
					if !sameNumber(v, want) {
						t.Fatalf("n=%d dst=%d: element %d is %v, want %v", n, place, i-guard, v, want)
					}
				}
			}
		}
	})
}

func BenchmarkVector(b *testing.B) {
	for _, c := range []Code{Add, Mul, Div, Max, Lt, Where, Sqrt, Exp, Tanh, Sigmoid, Log, Expm1, Log1p, Erf, Sin, Cos, Pow} {
		benchmarkVector[float32](b, c)
		benchmarkVector[float64](b, c)
	}
}

func benchmarkVector[T Float](b *testing.B, c Code) {
	var zero T
	for _, n := range []int{10, 1 << 10, 1 << 16, 1 << 20} {
		r := rand.New(rand.NewPCG(1, 1))
		x, y, z, d := make([]T, n), make([]T, n), make([]T, n), make([]T, n)
		for i := range x {
			x[i], y[i], z[i] = T(4*r.Float64()), T(4*r.Float64()), T(r.Float64())
		}
		for _, isa := range isas() {
			f := vector[T](isa, c)
			b.Run(fmt.Sprintf("%s/%T/%d/%s", c, zero, n, isa), func(b *testing.B) {
				for b.Loop() {
					f(&d[0], &x[0], &y[0], &z[0], n)
				}
				b.ReportMetric(float64(n)*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "Gelem/s")
			})
		}
	}
}
