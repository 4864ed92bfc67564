package jit

import (
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

// random makes a block with n instructions over some streams and splats, with
// stores, some of them in place.
func random(rng *rand.Rand, n int) *Block {
	b := &Block{Streams: 1 + rng.IntN(30), Splats: rng.IntN(5)}
	reads := b.Streams
	operand := func(i int) Operand {
		switch k := rng.IntN(4); {
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
	return b
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
// primitive.
func interpret[T kernel.Float](b *Block, streams [][]T, splats []T, n int) {
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
				}
			}
			kernel.Vector[T](in.Code)(&vals[i], &x[0], &x[1], &x[2], 1)
		}
		for _, s := range b.Stores {
			streams[s.Stream][e] = vals[s.Instr]
		}
	}
}

func check[T kernel.Float](t *testing.T, seed uint64, isa kernel.ISA) {
	rng := rand.New(rand.NewPCG(seed, 7))
	b := random(rng, 1+rng.IntN(120))
	n := 1 + rng.IntN(70)
	pages := &Pages{}
	code := compileFor[T](pages, b, isa)
	if err := pages.Seal(); err != nil {
		t.Fatal(err)
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
			got[s], want[s] = make([]T, n+16), make([]T, n+16)
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
	splats := make([]T, b.Splats)
	for i := range splats {
		splats[i] = T(rng.NormFloat64())
		code.SetSplat(i, splats[i])
	}
	code.Run(n)
	interpret(b, want, splats, n)
	for s := range got {
		for i := range n {
			g, w := float64(got[s][i]), float64(want[s][i])
			if g != w && !(g != g && w != w) || g == 0 && math.Signbit(g) != math.Signbit(w) {
				t.Fatalf("seed %d: stream %d[%d] = %v, want %v\n%+v", seed, s, i, g, w, b)
			}
		}
	}
}

func TestAgainstInterpreter(t *testing.T) {
	if !Available() {
		t.Skip("no machine code on this host")
	}
	for isa := kernel.AVX2; isa <= kernel.Active(); isa++ {
		t.Run(isa.String(), func(t *testing.T) {
			for seed := range uint64(3000) {
				check[float32](t, seed, isa)
				check[float64](t, seed, isa)
			}
		})
	}
}

func FuzzBlock(f *testing.F) {
	f.Fuzz(func(t *testing.T, seed uint64) {
		if !Available() {
			t.Skip("no machine code on this host")
		}
		for isa := kernel.AVX2; isa <= kernel.Active(); isa++ {
			check[float32](t, seed, isa)
			check[float64](t, seed, isa)
		}
	})
}

func TestSpread(t *testing.T) {
	if !Available() {
		t.Skip("no machine code on this host")
	}
	testSpread[float32](t)
	testSpread[float64](t)
}

func testSpread[T kernel.Float](t *testing.T) {
	for repeat := 1; repeat <= MaxRepeat; repeat++ {
		pages := &Pages{}
		s := CompileSpread[T](pages, repeat)
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
