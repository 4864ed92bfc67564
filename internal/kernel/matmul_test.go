package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// A matmulCase is a product with its operands, each in the middle of a longer
// array: the margins of A and B are NaN, so that reading them shows, and those
// of C must keep their values.
type matmulCase[T Float] struct {
	m, n, k       int
	o             ProductOptions
	c, a, b, bias []T // with margins
	shift         int // misaligns the operands
}

const margin = 40

func newCase[T Float](rng *rand.Rand, m, n, k int, o ProductOptions) *matmulCase[T] {
	x := &matmulCase[T]{m: m, n: n, k: k, o: o, shift: rng.IntN(4)}
	fill := func(n int) []T {
		s := make([]T, margin+x.shift+n+margin)
		for i := range s {
			s[i] = T(math.NaN())
		}
		for i := range n {
			s[margin+x.shift+i] = T(rng.NormFloat64())
		}
		return s
	}
	x.a, x.b, x.bias, x.c = fill(m*k), fill(k*n), fill(n), fill(m*n)
	return x
}

func (x *matmulCase[T]) inner(s []T) []T { return s[margin+x.shift : len(s)-margin] }

func (x *matmulCase[T]) pointer(s []T) *T { return &s[margin+x.shift] }

// want returns C computed in float64, and bounds on the errors of any order of
// summation.
func (x *matmulCase[T]) want() (c, bound []float64) {
	a, b, old, bias := x.inner(x.a), x.inner(x.b), x.inner(x.c), x.inner(x.bias)
	c, bound = make([]float64, x.m*x.n), make([]float64, x.m*x.n)
	for i := range x.m {
		for l := range x.k {
			at := i*x.k + l
			if x.o.TransA {
				at = l*x.m + i
			}
			from, step := l*x.n, 1
			if x.o.TransB {
				from, step = l, x.k
			}
			for j := range x.n {
				t := float64(a[at]) * float64(b[from+j*step])
				c[i*x.n+j] += t
				bound[i*x.n+j] += math.Abs(t)
			}
		}
	}
	var z T
	eps := 0x1p-24
	if _, double := any(z).(float64); double {
		eps = 0x1p-52 // twice, as the oracle rounds too
	}
	for i := range c {
		if x.o.Accumulate {
			c[i] += float64(old[i])
			bound[i] += math.Abs(float64(old[i]))
		}
		if x.o.Bias {
			c[i] += float64(bias[i%x.n])
			bound[i] += math.Abs(float64(bias[i%x.n]))
		}
		if x.o.ReLU {
			c[i] = max(c[i], 0)
		}
		bound[i] *= eps * float64(x.k+3)
	}
	return c, bound
}

// check runs the product on instruction sets, whole and in chunks.
func (x *matmulCase[T]) check(t *testing.T, isas ...ISA) {
	t.Helper()
	want, bound := x.want()
	for _, isa := range isas {
		x.checkOn(t, isa, want, bound)
	}
}

func (x *matmulCase[T]) checkOn(t *testing.T, isa ISA, want, bound []float64) {
	t.Helper()
	p := newProduct[T](isa, x.m, x.n, x.k, x.o)
	got := append([]T(nil), x.c...)
	p.RunBias(x.pointer(got), x.pointer(x.a), x.pointer(x.b), x.pointer(x.bias))
	name := fmt.Sprintf("%T %v %d×%d×%d %+v", got[0], isa, x.m, x.n, x.k, x.o)
	x.compare(t, name, got[margin+x.shift:], x.n, want, bound)
	for i, v := range got {
		if at := i - margin - x.shift; (at < 0 || at >= x.m*x.n) && v == v {
			t.Fatalf("%s: wrote %v outside C, at %d", name, v, at)
		}
	}
	if p.Chunks() > 1 {
		p.Reserve(2)
		again := append([]T(nil), x.c...)
		for i := p.Chunks() - 1; i >= 0; i-- {
			p.RunChunk(i, i%2, x.pointer(again), x.pointer(x.a), x.pointer(x.b), x.pointer(x.bias))
		}
		sameBits(t, name+" in chunks", again, got)
	}
}

// compare holds C, whose rows are so far apart, against what it should be.
func (x *matmulCase[T]) compare(t *testing.T, name string, c []T, row int, want, bound []float64) {
	t.Helper()
	for at, w := range want {
		i, j := at/x.n, at%x.n
		v := float64(c[i*row+j])
		if d := math.Abs(v - w); !(d <= bound[at]) && !(v != v && w != w) && v != w {
			t.Fatalf("%s: C[%d,%d] = %v, want %v ± %.2g", name, i, j, v, w, bound[at])
		}
	}
}

func sameBits[T Float](t *testing.T, name string, got, want []T) {
	t.Helper()
	for i := range got {
		if math.Float64bits(float64(got[i])) != math.Float64bits(float64(want[i])) {
			t.Fatalf("%s: element %d is %v, want %v", name, i, got[i], want[i])
		}
	}
}

// options returns one of the 32 combinations.
func options(i int) ProductOptions {
	return ProductOptions{
		TransA: i&1 != 0, TransB: i&2 != 0,
		Accumulate: i&4 != 0, Bias: i&8 != 0, ReLU: i&16 != 0,
	}
}

func eachISA(t *testing.T, f func(t *testing.T, isa ISA)) {
	for _, isa := range isas() {
		t.Run(isa.String(), func(t *testing.T) { f(t, isa) })
	}
}

// TestProductTails covers every remainder of every tile, vector and unrolled
// loop; with DESCENT_SLOW every combination of them, otherwise each pair of m and
// n meets a third of the k.
func TestProductTails(t *testing.T) {
	var ms, ns []int
	for i := range 34 {
		if !testing.Short() || i < 4 || i%5 == 0 {
			ms, ns = append(ms, i), append(ns, i)
		}
	}
	ms = append(ms, 48, 49)
	ns = append(ns, 47, 48, 63, 64, 65, 130)
	rng := rand.New(rand.NewPCG(1, 2))
	for _, m := range ms {
		for _, n := range ns {
			for i, k := range []int{0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 17, 33} {
				if !slow() && (i+m+n)%3 != 0 {
					continue
				}
				newCase[float32](rng, m, n, k, options(rng.IntN(32))).check(t, isas()...)
				newCase[float64](rng, m, n, k, options(rng.IntN(32))).check(t, isas()...)
			}
		}
	}
}

// TestProductBlocks covers shapes that are packed and computed in several
// blocks and chunks.
func TestProductBlocks(t *testing.T) {
	shapes := [][3]int{
		{64, 1030, 20}, {70, 70, 530}, {600, 40, 70}, {1, 300, 700}, {300, 1, 700}, {3, 530, 130},
		{130, 10, 64}, {33, 17, 1100}, {530, 70, 130}, {140, 70, 1030}, {40, 600, 300},
		{2000, 10, 300}, {1030, 3, 70}, {300, 20, 700}, {90, 40, 40},
	}
	if testing.Short() {
		shapes = shapes[:8]
	}
	rng := rand.New(rand.NewPCG(3, 4))
	for _, s := range shapes {
		for trans := range 4 {
			o := options(trans + rng.IntN(8)*4)
			newCase[float32](rng, s[0], s[1], s[2], o).check(t, isas()...)
			newCase[float64](rng, s[0], s[1], s[2], o).check(t, isas()...)
		}
	}
}

// TestProductRandom tries random shapes of all proportions.
func TestProductRandom(t *testing.T) {
	count := 200
	if testing.Short() {
		count = 30
	}
	rng := rand.New(rand.NewPCG(5, 6))
	size := func(limit float64) int { return int(math.Exp(rng.Float64() * math.Log(limit))) }
	for range count {
		m, n := size(600), size(600)
		k := size(min(1500, 2e6/float64(m*n)))
		o := options(rng.IntN(32))
		newCase[float32](rng, m, n, k, o).check(t, isas()...)
		newCase[float64](rng, m, n, k, o).check(t, isas()...)
	}
}

// TestProductRowsApart puts something between the rows of operands and of C: NaN,
// which nobody may read or overwrite.
func TestProductRowsApart(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	for _, s := range [][3]int{{1, 1, 1}, {1, 20, 9}, {20, 1, 9}, {9, 20, 1}, {2, 40, 30}, {16, 16, 16}, {64, 32, 64}, {64, 64, 32}, {33, 3, 40}, {70, 10, 64}, {30, 130, 20}, {600, 20, 530}, {140, 70, 1030}} {
		for i := range 32 {
			if s[2] > 500 && i%5 != 0 {
				continue
			}
			newCase[float32](rng, s[0], s[1], s[2], options(i)).checkApart(t, rng)
			newCase[float64](rng, s[0], s[1], s[2], options(i)).checkApart(t, rng)
		}
	}
}

// checkApart runs the product with rows a random number of elements apart, on all
// instruction sets.
func (x *matmulCase[T]) checkApart(t *testing.T, rng *rand.Rand) {
	t.Helper()
	columns := [3]int{x.k, x.n, x.n} // of A, B and C as they are stored
	if x.o.TransA {
		columns[0] = x.m
	}
	if x.o.TransB {
		columns[1] = x.k
	}
	o := x.o
	o.RowA, o.RowB, o.RowC = columns[0]+rng.IntN(20), columns[1]+rng.IntN(20), columns[2]+rng.IntN(20)
	rows, in := [3]int{o.RowA, o.RowB, o.RowC}, [3][]T{x.inner(x.a), x.inner(x.b), x.inner(x.c)}
	for i, s := range in {
		apart := make([]T, len(s)/columns[i]*rows[i])
		for k := range apart {
			apart[k] = T(math.NaN())
		}
		for k, v := range s {
			apart[k/columns[i]*rows[i]+k%columns[i]] = v
		}
		in[i] = apart
	}
	want, bound := x.want()
	for _, isa := range isas() {
		name := fmt.Sprintf("%T %v %d×%d×%d %+v", x.c[0], isa, x.m, x.n, x.k, o)
		p := newProduct[T](isa, x.m, x.n, x.k, o)
		got, again := slices.Clone(in[2]), slices.Clone(in[2])
		p.RunBias(&got[0], &in[0][0], &in[1][0], x.pointer(x.bias))
		x.compare(t, name, got, o.RowC, want, bound)
		for i, v := range got {
			if i%o.RowC >= x.n && v == v {
				t.Fatalf("%s: wrote %v between rows of C, at %d", name, v, i)
			}
		}
		p.Reserve(2)
		for i := p.Chunks() - 1; i >= 0; i-- {
			p.RunChunk(i, i%2, &again[0], &in[0][0], &in[1][0], x.pointer(x.bias))
		}
		sameBits(t, name+" in chunks", again, got)
	}
}

// FuzzProduct tries one small product with one instruction set: thousands a
// second.
func FuzzProduct(f *testing.F) {
	f.Add(uint8(7), uint8(17), uint8(9), uint8(31), uint64(1))
	f.Add(uint8(1), uint8(63), uint8(40), uint8(2), uint64(2))
	f.Add(uint8(0), uint8(5), uint8(0), uint8(9), uint64(3))
	f.Fuzz(func(t *testing.T, m, n, k, o uint8, seed uint64) {
		rng := rand.New(rand.NewPCG(seed, 0))
		all := isas()
		isa, rows, columns, inner := all[seed%uint64(len(all))], int(m%40), int(n%64), int(k%64)
		if seed>>32&1 == 0 {
			newCase[float32](rng, rows, columns, inner, options(int(o))).check(t, isa)
		} else {
			newCase[float64](rng, rows, columns, inner, options(int(o))).check(t, isa)
		}
	})
}

// TestProductNonFinite checks that NaN and infinities come through, also
// against zeros, and that NaN survives the ReLU.
func TestProductNonFinite(t *testing.T) {
	eachISA(t, func(t *testing.T, isa ISA) {
		testNonFinite[float32](t, isa)
		testNonFinite[float64](t, isa)
	})
}

func testNonFinite[T Float](t *testing.T, isa ISA) {
	rng := rand.New(rand.NewPCG(7, 8))
	for range 400 {
		m, n, k := 1+rng.IntN(40), 1+rng.IntN(40), 1+rng.IntN(80)
		x := newCase[T](rng, m, n, k, options(rng.IntN(32)))
		for _, s := range [][]T{x.a, x.b, x.c, x.bias} {
			s = x.inner(s)
			for i := range s {
				if rng.IntN(4) == 0 {
					s[i] = 0
				}
			}
			s[rng.IntN(len(s))] = T([]float64{math.NaN(), math.Inf(1), math.Inf(-1)}[rng.IntN(3)])
		}
		x.check(t, isa)
	}
}

// TestProductReLUZero checks that the ReLU makes no negative zero.
func TestProductReLUZero(t *testing.T) {
	eachISA(t, func(t *testing.T, isa ISA) {
		for _, n := range []int{1, 3, 16, 33} {
			p := newProduct[float64](isa, 1, n, 1, ProductOptions{ReLU: true})
			b, c := make([]float64, n), make([]float64, n)
			for i := range b {
				b[i] = -math.SmallestNonzeroFloat64
			}
			tiny := 0.25
			p.Run(&c[0], &tiny, &b[0])
			for _, v := range c {
				if math.Signbit(v) {
					t.Fatalf("n = %d: got %v", n, v)
				}
			}
		}
	})
}

// TestProductEmpty checks that operands of a product with k = 0 may be nil.
func TestProductEmpty(t *testing.T) {
	eachISA(t, func(t *testing.T, isa ISA) {
		for trans := range 4 {
			c := []float32{1, 2, 3, 4, 5, 6}
			newProduct[float32](isa, 2, 3, 0, options(trans)).Run(&c[0], nil, nil)
			for _, v := range c {
				if v != 0 {
					t.Fatalf("C = %v", c)
				}
			}
		}
	})
}

func TestProductDoesNotAllocate(t *testing.T) {
	eachISA(t, func(t *testing.T, isa ISA) {
		for i := 0; i < 32; i += 5 {
			for _, s := range [][3]int{{1, 33, 40}, {33, 1, 40}, {20, 20, 20}, {70, 300, 100}} {
				x := newCase[float32](rand.New(rand.NewPCG(9, 9)), s[0], s[1], s[2], options(i))
				p := newProduct[float32](isa, s[0], s[1], s[2], x.o)
				p.Reserve(2)
				if a := testing.AllocsPerRun(5, func() {
					p.RunBias(x.pointer(x.c), x.pointer(x.a), x.pointer(x.b), x.pointer(x.bias))
					p.RunChunk(p.Chunks()-1, 1, x.pointer(x.c), x.pointer(x.a), x.pointer(x.b), x.pointer(x.bias))
				}); a != 0 {
					t.Errorf("%v %v: %v allocations", s, x.o, a)
				}
			}
		}
	})
}
