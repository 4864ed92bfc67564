// Package jit turns a straight line of elementwise arithmetic into machine
// code: one loop over all operands, with intermediate values in registers. It
// exists because a loop per operation, however fast, reads and writes memory
// for each; on chains of arithmetic the difference is two- to fourfold. The code
// is for AVX-512 or AVX2, whichever is in use.
//
// Pages are written first and made executable after, never both. Where the
// host cannot do that, or has no AVX2, [Available] is false and callers run
// their loops one by one.
package jit

import (
	"encoding/binary"

	"descent/internal/kernel"
)

// An Operand of an instruction.
type Operand struct {
	Kind  OperandKind
	Index int
}

// OperandKind says where an operand is found.
type OperandKind uint8

const (
	None   OperandKind = iota
	Value              // result of an earlier instruction
	Stream             // array: one element for each element of the loop
	Splat              // one number for all
	Column             // array: one element for each row of the loop
)

// An Instr computes one value.
type Instr struct {
	Code kernel.Code
	Args [3]Operand
}

// A Block is a straight-line loop body.
type Block struct {
	Instrs  []Instr
	Stores  []Store
	Streams int // number of streams, read or written
	Splats  int
	// Columns is the number of columns, and Row how many elements a row has: the loop is
	// then over whole rows. Row is 0 where there are none.
	Columns, Row int
	// Sums are values and streams of float32 that are added up along each row, in chains
	// (see [kernel.Chains]); at most [MostSums].
	Sums []Operand
	// Len is how many elements the block is for: it runs over all of them, or
	// over chunks of whole vectors and what is left. 0 is any number.
	Len int
	// Same lists pairs of streams {read, written} that are one array. Other
	// streams do not overlap.
	Same [][2]int
}

// needs says which code a block needs for vectors of so many elements: the loop
// over whole vectors, and the tail that does what is left.
func (b *Block) needs(per int) (loop, tail bool) {
	if b.Row > 0 {
		return b.Row >= per, b.Row%per != 0
	}
	return b.Len == 0 || b.Len >= per, b.Len%per != 0 || b.Len == 0
}

// key identifies the code of a block for elements of so many bytes, in vectors of
// per: equal keys mean equal code.
func (b *Block) key(size, per int) string {
	k := make([]byte, 0, 16+8*len(b.Instrs)+4*len(b.Stores))
	word := func(xs ...int) {
		for _, x := range xs {
			k = binary.AppendUvarint(k, uint64(x))
		}
	}
	loop, tail := b.needs(per)
	k = append(k, flag(loop)|2*flag(tail))
	word(size, b.Streams, b.Splats, b.Columns, b.Row, len(b.Instrs), len(b.Stores), len(b.Sums))
	for i := range b.Instrs {
		in := &b.Instrs[i]
		k = append(k, byte(in.Code))
		for _, a := range in.Args[:in.Code.Arity()] {
			k = append(k, byte(a.Kind))
			word(a.Index)
		}
	}
	for _, s := range b.Stores {
		word(s.Instr, s.Stream)
	}
	for _, p := range b.Same {
		word(p[0], p[1])
	}
	for _, a := range b.Sums {
		word(int(a.Kind), a.Index)
	}
	return string(k)
}

func flag(x bool) byte {
	if x {
		return 1
	}
	return 0
}

// A Store writes the result of an instruction to a stream.
type Store struct{ Instr, Stream int }

// Supports reports whether a primitive can be in a block.
func Supports(c kernel.Code) bool {
	switch c {
	case kernel.Neg, kernel.Abs, kernel.Sign, kernel.Sqrt, kernel.Floor, kernel.Ceil, kernel.Round,
		kernel.Add, kernel.Sub, kernel.Mul, kernel.Div, kernel.Min, kernel.Max,
		kernel.Lt, kernel.Le, kernel.Eq, kernel.Ne, kernel.Where:
		return true
	}
	return false
}
