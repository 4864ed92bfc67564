package jit

import (
	"runtime"
	"unsafe"

	"descent/internal/kernel"
)

// Code is a compiled block with the frame that it reads. It is used by one
// goroutine at a time.
type Code[T kernel.Float] struct {
	entry  uintptr
	frame  []uintptr // see frameBytes
	table  []T
	splats int
	pages  *Pages // keeps the machine code
}

// Compile adds a block to pages. Run must not be called before pages are
// sealed.
func Compile[T kernel.Float](p *Pages, b *Block) *Code[T] {
	var zero T
	code, spills := compile(b, unsafe.Sizeof(zero) == 8)
	per := vector / int(unsafe.Sizeof(zero))
	c := &Code[T]{frame: make([]uintptr, 2+b.Streams), splats: b.Splats, pages: p}
	c.table = kernel.Aligned[T]((fixedCount + b.Splats + spills) * per)
	fillFixed(c.table)
	c.frame[1] = uintptr(unsafe.Pointer(&c.table[0]))
	p.add(code, &c.entry)
	return c
}

// SetSplat sets a number that is the same for all elements.
func (c *Code[T]) SetSplat(i int, x T) {
	per := vector / int(unsafe.Sizeof(x))
	s := c.table[(fixedCount+i)*per:][:per]
	for k := range s {
		s[k] = x
	}
}

// SetStream sets the address of a stream. The caller keeps the array alive; it
// must be readable, and if stored to writable, up to a whole number of vectors.
func (c *Code[T]) SetStream(i int, p unsafe.Pointer) { c.frame[2+i] = uintptr(p) }

// Run computes n elements, rounded up to whole vectors of 32 bytes.
func (c *Code[T]) Run(n int) {
	if n <= 0 {
		return
	}
	var zero T
	c.frame[0] = uintptr(n)*unsafe.Sizeof(zero) + vector - 1
	c.frame[0] &^= vector - 1
	call(c.entry, unsafe.Pointer(&c.frame[0]))
	runtime.KeepAlive(c) // and with it the pages and the table, which the frame holds as numbers
}
