package jit

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"unsafe"

	"descent/internal/kernel"
)

var supported = func() (out []kernel.Code) {
	for c := kernel.Code(1); c < kernel.NumCodes; c++ {
		if Supports(c) {
			out = append(out, c)
		}
	}
	return out
}()

var special = []float64{0, math.Copysign(0, -1), 1, -1, 0.5, 1.5, -2.5, math.Inf(1), math.Inf(-1), math.NaN(), 1e-40, -1e-40, 1e30, 1e-310, 3, 7}

// random makes a block with n instructions over some streams, splats and columns, with
// stores, some of them in place.
func random(rng *rand.Rand, n, sums int) *Block {
	b := &Block{Streams: 1 + rng.IntN(30), Splats: rng.IntN(5)}
	if rng.IntN(3) == 0 {
		b.Columns, b.Row = 1+rng.IntN(6), 1+rng.IntN(40)
	}
	if sums = rng.IntN(1 + sums); sums > 0 {
		b.Row = 1 + rng.IntN([]int{40, 40, 40, 700}[rng.IntN(4)])
	}
	reads := b.Streams
	operand := func(i int) Operand {
		switch k := rng.IntN(4); {
		case k == 3 && b.Columns > 0 && rng.IntN(2) == 0:
			return Operand{Column, rng.IntN(b.Columns)}
		case k == 0 && b.Splats > 0:
			return Operand{Splat, rng.IntN(b.Splats)}
		case k <= 1 || i == 0:
			return Operand{Stream, rng.IntN(reads)}
		}
		return Operand{Value, rng.IntN(i)}
	}
	for i := range n {
		in := Instr{Code: supported[rng.IntN(len(supported))]}
		for k := range in.Code.Arity() {
			in.Args[k] = operand(i)
		}
		b.Instrs = append(b.Instrs, in)
		if i == n-1 || rng.IntN(6) == 0 {
			s := b.Streams
			b.Streams++
			b.Stores = append(b.Stores, Store{i, s})
			if r := rng.IntN(reads * 2); r < reads && !taken(b, r) {
				b.Same = append(b.Same, [2]int{r, s})
			}
		}
	}
	for range sums {
		b.Sums = append(b.Sums, []Operand{{Value, rng.IntN(n)}, {Stream, rng.IntN(reads)}}[rng.IntN(2)])
	}
	return b
}

// wholeRows makes a length one of whole rows, if there are rows.
func wholeRows(b *Block, n int) int {
	if b.Row == 0 {
		return n
	}
	return b.Row * (1 + n%5)
}

func taken(b *Block, r int) bool {
	for _, p := range b.Same {
		if p[0] == r {
			return true
		}
	}
	return false
}

// interpret runs a block element by element with the definition of each
// primitive. It returns the elements of the sums.
func interpret[T kernel.Float](b *Block, streams, columns [][]T, splats []T, n int) [][]T {
	sums := make([][]T, len(b.Sums))
	vals := make([]T, len(b.Instrs))
	for e := range n {
		old := make([]T, len(streams))
		for s := range streams {
			old[s] = streams[s][e]
		}
		for i, in := range b.Instrs {
			var x [3]T
			for k, a := range in.Args[:in.Code.Arity()] {
				switch a.Kind {
				case Value:
					x[k] = vals[a.Index]
				case Stream:
					x[k] = old[a.Index]
				case Splat:
					x[k] = splats[a.Index]
				case Column:
					x[k] = columns[a.Index][e/b.Row]
				}
			}
			kernel.Vector[T](in.Code)(&vals[i], &x[0], &x[1], &x[2], 1)
		}
		for _, s := range b.Stores {
			streams[s.Stream][e] = vals[s.Instr]
		}
		for i, a := range b.Sums {
			if a.Kind == Stream {
				sums[i] = append(sums[i], old[a.Index])
			} else {
				sums[i] = append(sums[i], vals[a.Index])
			}
		}
	}
	return sums
}

// sameChains compares the sums of rows that chains come to with those of their elements.
func sameChains[T kernel.Float](b *Block, chains, elements [][]T) error {
	for i := range chains {
		got, want := make([]T, len(elements[i])/b.Row), make([]T, len(elements[i])/b.Row)
		kernel.JoinChains(&got[0], any(&chains[i][0]).(*float32), len(got), b.Row)
		kernel.ReducerOf[T](kernel.ReduceSum)(&want[0], &elements[i][0], len(want), b.Row, 1)
		for k, w := range want {
			if g := got[k]; g != w && (g == g || w == w) {
				return fmt.Errorf("sum %d of row %d is %v, want %v", i, k, g, w)
			}
		}
	}
	return nil
}

func check[T kernel.Float](t *testing.T, seed uint64, isa kernel.ISA) {
	rng := rand.New(rand.NewPCG(seed, 7))
	b := random(rng, 1+rng.IntN(120), mostSums[T](isa))
	n := 1 + rng.IntN(70)
	n = wholeRows(b, n)
	b.Len = []int{0, n}[rng.IntN(2)]
	if err := compare(rng, b, n, isa, heap[T]); err != nil {
		t.Fatalf("seed %d: %v\n%+v", seed, err, b)
	}
}

// heap returns n elements for a stream.
func heap[T kernel.Float](_, n int) []T { return make([]T, n) }

// compare runs a block on n random numbers as code and in the interpreter. The
// code has streams from memory.
func compare[T kernel.Float](rng *rand.Rand, b *Block, n int, isa kernel.ISA, memory func(stream, n int) []T) error {
	pages := &Pages{}
	code := compileFor[T](pages, b, isa)
	if err := pages.Seal(); err != nil {
		return err
	}
	same := map[int]int{}
	for _, p := range b.Same {
		same[p[1]] = p[0]
	}
	got, want := make([][]T, b.Streams), make([][]T, b.Streams)
	for s := range got {
		if r, ok := same[s]; ok {
			got[s], want[s] = got[r], want[r]
		} else {
			got[s], want[s] = memory(s, n), make([]T, n)
			for i := range n {
				x := rng.NormFloat64() * math.Exp(3*rng.NormFloat64())
				if rng.IntN(3) == 0 {
					x = special[rng.IntN(len(special))]
				}
				got[s][i], want[s][i] = T(x), T(x)
			}
		}
		code.SetStream(s, unsafe.Pointer(&got[s][0]))
	}
	columns := make([][]T, b.Columns)
	for i := range columns {
		columns[i] = make([]T, n/b.Row)
		for k := range columns[i] {
			columns[i][k] = T(rng.NormFloat64())
		}
		code.SetColumn(i, unsafe.Pointer(&columns[i][0]))
	}
	splats := make([]T, b.Splats)
	for i := range splats {
		splats[i] = T(rng.NormFloat64())
		if rng.IntN(3) == 0 {
			splats[i] = T(special[rng.IntN(len(special))])
		}
		code.SetSplat(i, splats[i])
	}
	chains := make([][]T, len(b.Sums))
	for i := range chains {
		chains[i] = make([]T, n/b.Row*kernel.Chains(b.Row))
		code.SetSum(i, &chains[i][0])
	}
	code.Run(n)
	if err := sameChains(b, chains, interpret(b, want, columns, splats, n)); err != nil {
		return err
	}
	for s := range got {
		for i := range n {
			g, w := float64(got[s][i]), float64(want[s][i])
			if g != w && !(g != g && w != w) || g == 0 && math.Signbit(g) != math.Signbit(w) {
				return fmt.Errorf("stream %d[%d] = %v, want %v", s, i, g, w)
			}
		}
	}
	return nil
}

func TestAgainstInterpreter(t *testing.T) {
	eachISA(t, func(t *testing.T, isa kernel.ISA) {
		for seed := range uint64(3000) {
			check[float32](t, seed, isa)
			check[float64](t, seed, isa)
		}
	})
}

// eachISA runs a test for each instruction set of the host.
func eachISA(t *testing.T, f func(t *testing.T, isa kernel.ISA)) {
	if !Available() {
		t.Skip("no machine code on this host")
	}
	for isa := kernel.AVX2; isa <= kernel.Active(); isa++ {
		t.Run(isa.String(), func(t *testing.T) { f(t, isa) })
	}
}

// wide is a block in which n values are wanted at the same time, and as many
// splats: value k is stream k times splat k, and they are added last first.
func wide(n int) *Block {
	b := &chain{Block: Block{Streams: n + 1, Splats: n}}
	for k := range n {
		b.do(kernel.Mul, b.stream(k), b.splat(k))
	}
	sum := Operand{Value, n - 1}
	for k := n - 2; k >= 0; k-- {
		sum = b.do(kernel.Sub, sum, Operand{Value, k})
	}
	b.Stores = []Store{{sum.Index, n}}
	b.Same = [][2]int{{0, n}}
	return &b.Block
}

// TestRegisters uses few and all registers, and more.
func TestRegisters(t *testing.T) {
	eachISA(t, func(t *testing.T, isa kernel.ISA) {
		for n := 1; n < 70; n++ {
			b := wide(n)
			rng := rand.New(rand.NewPCG(uint64(n), 8))
			if err := cmp.Or(compare(rng, b, 50, isa, heap[float32]), compare(rng, b, 50, isa, heap[float64])); err != nil {
				t.Fatalf("%d values: %v", n, err)
			}
			registers := 16 << (isa - kernel.AVX2)
			x := compile(b, asm{wide: isa >= kernel.AVX512})
			if spills := x.entries - fixedCount - b.Splats; spills > 0 != (n > registers) {
				t.Errorf("%d values have %d spilled", n, spills)
			}
		}
	})
}

// FuzzBlock tries one block with one instruction set and element type.
func FuzzBlock(f *testing.F) {
	for seed := range uint64(16) {
		f.Add(seed, byte(seed))
	}
	f.Fuzz(func(t *testing.T, seed uint64, way byte) {
		if !Available() {
			t.Skip("no machine code on this host")
		}
		isa := kernel.AVX2
		if way&1 != 0 {
			isa = kernel.Active()
		}
		if way&2 != 0 {
			check[float32](t, seed, isa)
		} else {
			check[float64](t, seed, isa)
		}
	})
}

// TestChunks runs a block over chunks of whole vectors and what is left, as over
// all.
func TestChunks(t *testing.T) {
	eachISA(t, func(t *testing.T, isa kernel.ISA) {
		const n, chunk = 101, 32
		b := &chain{Block: Block{Streams: 3, Splats: 1, Len: n}}
		b.do(kernel.Sub, b.do(kernel.Mul, b.stream(0), b.splat(0)), b.stream(1))
		b.Stores = []Store{{1, 2}}
		pages := &Pages{}
		code := compileFor[float64](pages, &b.Block, isa)
		if err := pages.Seal(); err != nil {
			t.Fatal(err)
		}
		x, y, z := make([]float64, n), make([]float64, n), make([]float64, n)
		for i := range x {
			x[i], y[i] = float64(i), float64(i*i)
		}
		code.SetSplat(0, 3)
		for o := 0; o < n; o += chunk {
			for s, a := range [][]float64{x, y, z} {
				code.SetStream(s, unsafe.Pointer(&a[o]))
			}
			code.Run(min(chunk, n-o))
		}
		for i := range z {
			if want := float64(3*i - i*i); z[i] != want {
				t.Fatalf("element %d is %v, want %v", i, z[i], want)
			}
		}
	})
}

// TestEqualBlocksShareCode compiles a block twice, with splats and streams of its
// own each time, and one that differs.
func TestEqualBlocksShareCode(t *testing.T) {
	if !Available() {
		t.Skip("no machine code on this host")
	}
	block := func(c kernel.Code) *Block {
		return &Block{Streams: 2, Splats: 1, Instrs: []Instr{{Code: c, Args: [3]Operand{{Stream, 0}, {Splat, 0}}}}, Stores: []Store{{0, 1}}}
	}
	pages := &Pages{}
	codes := []*Code[float32]{Compile[float32](pages, block(kernel.Mul)), Compile[float32](pages, block(kernel.Mul)), Compile[float32](pages, block(kernel.Add))}
	if err := pages.Seal(); err != nil {
		t.Fatal(err)
	}
	if codes[0].entry != codes[1].entry || codes[0].entry == codes[2].entry {
		t.Errorf("entries %v, %v and %v", codes[0].entry, codes[1].entry, codes[2].entry)
	}
	src, want := []float32{7, 15: 0}, []float32{14, 21, 11}
	for i, c := range codes {
		dst := make([]float32, 16)
		c.SetStream(0, unsafe.Pointer(&src[0]))
		c.SetStream(1, unsafe.Pointer(&dst[0]))
		c.SetSplat(0, float32(2+i))
		c.Run(1)
		if dst[0] != want[i] {
			t.Errorf("code %d gives %v, want %v", i, dst[0], want[i])
		}
	}
}

func TestRepeat(t *testing.T) {
	if !Available() {
		t.Skip("no machine code on this host")
	}
	testRepeat[float32](t)
	testRepeat[float64](t)
}

func testRepeat[T kernel.Float](t *testing.T) {
	for repeat := 1; repeat <= MaxRepeat; repeat++ {
		pages := &Pages{}
		s := CompileRepeat[T](pages, repeat)
		if err := pages.Seal(); err != nil {
			t.Fatal(err)
		}
		src := []T{1, -2, 3, 4, 5}
		for n := 1; n <= len(src); n++ {
			dst := make([]T, n*repeat+16)
			for i := range dst {
				dst[i] = 99
			}
			s.Run(&dst[0], &src[0], n)
			for i := range n * repeat {
				if dst[i] != src[i/repeat] {
					t.Fatalf("repeat %d: dst[%d] = %v", repeat, i, dst[i])
				}
			}
			per := 32 / int(unsafe.Sizeof(src[0]))
			for i := n*repeat + per - 1; i < len(dst); i++ {
				if dst[i] != 99 {
					t.Fatalf("repeat %d: wrote dst[%d] of %d", repeat, i, n*repeat)
				}
			}
		}
	}
}
