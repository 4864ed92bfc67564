package jit

import (
	"fmt"
	"testing"
	"unsafe"

	"descent/internal/kernel"
)

// chains are blocks like those of training steps.
var chains = []struct {
	name  string
	block func() *Block
}{
	{"adam", func() *Block { // m, v, p, g; b1, 1-b1, b2, 1-b2, lr, 1-b1^t, sqrt(1-b2^t), eps
		b := &chain{Block: Block{Streams: 7, Splats: 8}}
		m := b.do(kernel.Add, b.do(kernel.Mul, b.splat(0), b.stream(0)), b.do(kernel.Mul, b.splat(1), b.stream(3)))
		v := b.do(kernel.Add, b.do(kernel.Mul, b.splat(2), b.stream(1)), b.do(kernel.Mul, b.splat(3), b.do(kernel.Mul, b.stream(3), b.stream(3))))
		root := b.do(kernel.Add, b.do(kernel.Div, b.do(kernel.Sqrt, v), b.splat(6)), b.splat(7))
		step := b.do(kernel.Div, b.do(kernel.Div, b.do(kernel.Mul, b.splat(4), m), b.splat(5)), root)
		p := b.do(kernel.Sub, b.stream(2), step)
		return b.inPlace(m, v, p)
	}},
	{"adagrad", func() *Block { // s, p, g; lr, eps
		b := &chain{Block: Block{Streams: 5, Splats: 2}}
		s := b.do(kernel.Add, b.stream(0), b.do(kernel.Mul, b.stream(2), b.stream(2)))
		step := b.do(kernel.Div, b.do(kernel.Mul, b.splat(0), b.stream(2)), b.do(kernel.Add, b.do(kernel.Sqrt, s), b.splat(1)))
		return b.inPlace(s, b.do(kernel.Sub, b.stream(1), step))
	}},
	{"tanhgrad", func() *Block { // dy, y; 1
		b := &chain{Block: Block{Streams: 3, Splats: 1}}
		one := b.do(kernel.Sub, b.splat(0), b.do(kernel.Mul, b.stream(1), b.stream(1)))
		b.do(kernel.Mul, b.stream(0), one)
		b.Stores = []Store{{2, 2}}
		return &b.Block
	}},
	{"six", func() *Block { // ((x·a + b)·x + c)·x·y
		b := &chain{Block: Block{Streams: 3, Splats: 3}}
		x := b.stream(0)
		q := b.do(kernel.Add, b.do(kernel.Mul, x, b.splat(0)), b.splat(1))
		q = b.do(kernel.Add, b.do(kernel.Mul, q, x), b.splat(2))
		b.do(kernel.Mul, b.do(kernel.Mul, q, x), b.stream(1))
		b.Stores = []Store{{5, 2}}
		return &b.Block
	}},
	{"divide", func() *Block { // x / s
		b := &chain{Block: Block{Streams: 2, Splats: 1}}
		b.do(kernel.Div, b.stream(0), b.splat(0))
		b.Stores = []Store{{0, 1}}
		return &b.Block
	}},
}

// chain builds a block.
type chain struct{ Block }

func (b *chain) stream(i int) Operand { return Operand{Stream, i} }
func (b *chain) splat(i int) Operand  { return Operand{Splat, i} }

func (b *chain) do(c kernel.Code, args ...Operand) Operand {
	in := Instr{Code: c}
	copy(in.Args[:], args)
	b.Instrs = append(b.Instrs, in)
	return Operand{Value, len(b.Instrs) - 1}
}

// inPlace stores values over the first streams.
func (b *chain) inPlace(vals ...Operand) *Block {
	for i, v := range vals {
		s := b.Streams - len(vals) + i
		b.Stores = append(b.Stores, Store{v.Index, s})
		b.Same = append(b.Same, [2]int{i, s})
	}
	return &b.Block
}

func BenchmarkChain(b *testing.B) {
	if !Available() {
		b.Skip("no machine code on this host")
	}
	for _, n := range []int{1024, 4096, 1 << 20} {
		for _, c := range chains {
			for isa := kernel.AVX2; isa <= kernel.Active(); isa++ {
				b.Run(fmt.Sprintf("%s-%d-%v-f32", c.name, n, isa), func(b *testing.B) { benchChain[float32](b, c.block(), n, isa) })
				b.Run(fmt.Sprintf("%s-%d-%v-f64", c.name, n, isa), func(b *testing.B) { benchChain[float64](b, c.block(), n, isa) })
			}
		}
	}
}

func benchChain[T kernel.Float](b *testing.B, block *Block, n int, isa kernel.ISA) {
	pages := &Pages{}
	code := compileFor[T](pages, block, isa)
	if err := pages.Seal(); err != nil {
		b.Fatal(err)
	}
	same := map[int]int{}
	for _, p := range block.Same {
		same[p[1]] = p[0]
	}
	arrays := make([][]T, block.Streams)
	for i := range arrays {
		// Arrays start at different places of a page, as those of a program do.
		arrays[i] = kernel.Aligned[T](n + 1024)[i*96:]
		if r, ok := same[i]; ok {
			arrays[i] = arrays[r]
		}
		for k := range n {
			arrays[i][k] = T(k%97)/97 + 0.1
		}
		code.SetStream(i, unsafe.Pointer(&arrays[i][0]))
	}
	for i, x := range []T{0.9, 0.1, 0.999, 0.001, 1e-3, 0.271, 0.0447, 1e-8}[:block.Splats] {
		code.SetSplat(i, x)
	}
	for b.Loop() {
		code.Run(n)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/elem")
}
