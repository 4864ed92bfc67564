package jit

import (
	"math"
	"runtime"
	"unsafe"

	"descent/internal/kernel"
)

// Code is a compiled block with the frame that it reads. It is used by one
// goroutine at a time.
type Code[T kernel.Float] struct {
	entry    uintptr
	frame    []uintptr // see frameBytes
	table    []T
	wide     bool
	per      int     // elements of a vector
	row      int     // elements of a row, or 0
	columns  int     // the first column's place in the frame
	sums     int     // the first sum's
	divisors []int32 // of splats: the first of their entries as divisors, or -1
	pages    *Pages  // keeps the machine code
}

// Compile adds a block to pages, for the instruction set in use; blocks that
// compute the same share their code. Run must not be called before pages are
// sealed.
func Compile[T kernel.Float](p *Pages, b *Block) *Code[T] {
	return compileFor[T](p, b, kernel.Active())
}

func compileFor[T kernel.Float](p *Pages, b *Block, isa kernel.ISA) *Code[T] {
	es := int(unsafe.Sizeof(T(0)))
	a := asm{double: es == 8, wide: isa >= kernel.AVX512}
	key := b.key(es, a.lanes())
	x, known := p.blocks[key]
	if !known {
		x = compile(b, a)
		x.at, x.code = p.add(x.code), nil
		if p.blocks == nil {
			p.blocks = map[string]compiled{}
		}
		p.blocks[key] = x
	}
	c := &Code[T]{frame: make([]uintptr, frameWords+b.Streams+b.Columns+len(b.Sums)+1), wide: a.wide, per: x.vector / es,
		row: b.Row, columns: frameWords + b.Streams, sums: frameWords + b.Streams + b.Columns, divisors: x.divisors, pages: p}
	c.table = kernel.Aligned[T](x.entries * c.per)
	for k, pattern := range fixedBits[T]() {
		c.set(k, fromBits[T](pattern))
	}
	c.frame[frameTable/8] = uintptr(unsafe.Pointer(&c.table[0]))
	p.link(x.at, &c.entry)
	return c
}

// Fixed entries of the table.
const (
	fixedSign  = iota // only the sign bit
	fixedAbs          // all but the sign bit
	fixedOne          // 1
	fixedZero         // 0
	fixedLeast        // the least finite number
	fixedZeros        // for vFixup: -0 for zeros and infinities
	fixedCount
)

func fixedBits[T kernel.Float]() [fixedCount]uint64 {
	sign := toBits(T(math.Copysign(0, -1)))
	// A nibble for each kind of number: two of NaN, zero, one, -Inf, +Inf,
	// negative, positive. 7 is -0, 0 leaves the result alone.
	const zeros = 7<<8 | 7<<16 | 7<<20
	return [fixedCount]uint64{sign, sign - 1, toBits(T(1)), 0, toBits(T(math.Inf(-1))) - 1, zeros}
}

// toBits returns the bits of a number.
func toBits[T kernel.Float](x T) uint64 {
	if unsafe.Sizeof(x) == 4 {
		return uint64(math.Float32bits(float32(x)))
	}
	return math.Float64bits(float64(x))
}

// fromBits returns the number with some bits.
func fromBits[T kernel.Float](b uint64) (x T) {
	switch p := any(&x).(type) {
	case *float32:
		*p = math.Float32frombits(uint32(b))
	case *float64:
		*p = math.Float64frombits(b)
	}
	return x
}

// set fills a table entry.
func (c *Code[T]) set(k int, x T) {
	s := c.table[k*c.per:][:c.per]
	for i := range s {
		s[i] = x
	}
}

// SetSplat sets a number that is the same for all elements.
func (c *Code[T]) SetSplat(i int, x T) {
	c.set(fixedCount+i, x)
	if d := c.divisors[i]; d >= 0 {
		for k, e := range reciprocal(x, c.per*int(unsafe.Sizeof(x)) == 64) {
			c.set(int(d)+k, e)
		}
	}
}

// SetStream sets the address of a stream. The caller keeps the array alive.
func (c *Code[T]) SetStream(i int, p unsafe.Pointer) { c.frame[frameWords+i] = uintptr(p) }

// Streams visits where the addresses of the streams are kept.
func (c *Code[T]) Streams(visit func(*uintptr)) {
	for i := frameWords; i < c.columns; i++ {
		visit(&c.frame[i])
	}
}

// SetColumn sets the address of a column: of its element for the first row of the next
// run.
func (c *Code[T]) SetColumn(i int, p unsafe.Pointer) { c.frame[c.columns+i] = uintptr(p) }

// SetSum sets where the chains of a sum go in the next run: those of each row, one row
// after the other.
func (c *Code[T]) SetSum(i int, chains *T) { c.frame[c.sums+i] = uintptr(unsafe.Pointer(chains)) }

// masks are those of vmaskmov: a window of it has as many elements on as a tail
// of 256 bits.
var masks = [16]int32{-1, -1, -1, -1, -1, -1, -1, -1}

// Run computes n elements, whole rows if there are rows, and neither reads nor writes
// what is beyond them.
func (c *Code[T]) Run(n int) {
	if n <= 0 {
		return
	}
	size, left := int(unsafe.Sizeof(T(0))), n%c.per
	c.frame[frameBytes/8] = uintptr((n - left) * size)
	if c.row > 0 {
		left = c.row % c.per
		c.frame[frameBytes/8] = uintptr(n * size)
	}
	switch {
	case left == 0:
		c.frame[frameMask/8] = 0
	case c.wide:
		c.frame[frameMask/8] = 1<<left - 1
	default:
		c.frame[frameMask/8] = uintptr(unsafe.Pointer(&masks[(c.per-left)*size/4]))
	}
	call(c.entry, unsafe.Pointer(&c.frame[0]))
	runtime.KeepAlive(c) // and with it the pages and the table, which the frame holds as numbers
}
