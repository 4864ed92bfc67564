package jit

import (
	"testing"
	"time"

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

// TestCompileIsLinear: twenty times the instructions may not take a hundred
// times as long, as they would if each looked at all uses and stores.
func TestCompileIsLinear(t *testing.T) {
	best := func(n int) time.Duration {
		b, d := long(n), time.Hour
		for range 3 {
			start := time.Now()
			compile(b, false)
			d = min(d, time.Since(start))
		}
		return d
	}
	if few, many := best(1000), best(20000); many > 100*few {
		t.Errorf("1000 instructions take %v, 20000 take %v", few, many)
	}
}
