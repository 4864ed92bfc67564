package jit

import (
	"strconv"
	"testing"

	"descent/internal/kernel"
)

// long is a block of n instructions that read one splat and store each result.
func long(n int) *Block {
	b := &Block{Streams: 1, Splats: 1}
	for i := range n {
		x := Operand{Stream, 0}
		if i > 0 {
			x = Operand{Value, i - 1}
		}
		b.Instrs = append(b.Instrs, Instr{Code: kernel.Add, Args: [3]Operand{x, {Splat, 0}}})
		b.Stores = append(b.Stores, Store{i, b.Streams})
		b.Streams++
	}
	return b
}

// BenchmarkCompile compiles long blocks: its time per instruction should not
// grow with their length.
func BenchmarkCompile(b *testing.B) {
	for _, n := range []int{1000, 20000} {
		block := long(n)
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			for b.Loop() {
				compile(block, asm{wide: kernel.Active() >= kernel.AVX512})
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/instr")
		})
	}
}
