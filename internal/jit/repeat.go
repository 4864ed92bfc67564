package jit

import (
	"runtime"
	"unsafe"

	"descent/internal/kernel"
)

// A Repeat writes each of some numbers several times in a row, as a column is
// stretched over a matrix: dst[i] = src[i/repeat]. It stores 256 bits at a time
// on AVX-512, too: where a store of 512 takes twice as long it is not faster, and
// it writes more beyond the end.
type Repeat[T kernel.Float] struct {
	entry uintptr
	frame [3]uintptr // end of src, dst, src
	pages *Pages
}

// MaxRepeat is the largest repeat count that is worth code of its own: the
// stores of one number are unrolled.
const MaxRepeat = 128

// CompileRepeat adds code for a repeat count up to [MaxRepeat].
func CompileRepeat[T kernel.Float](p *Pages, repeat int) *Repeat[T] {
	var zero T
	es := int(unsafe.Sizeof(zero))
	a := &asm{double: es == 8}
	a.load(rcx, mem{rdi, -1, 0})
	a.load(rdx, mem{rdi, -1, 8})
	a.load(rsi, mem{rdi, -1, 16})
	top := len(a.b)
	a.rm(&vBroadcast, 0, 0, mem{rsi, -1, 0})
	for at := 0; at < repeat*es; at += a.vector() {
		a.rm(&vMovStore, 0, 0, mem{rdx, -1, int32(at)})
	}
	a.addImm(rdx, repeat*es)
	a.addImm(rsi, es)
	a.b = append(a.b, 0x48, 0x39, 0xce) // cmp rsi, rcx
	a.jump(jb, top)
	a.b = append(a.b, 0xc3)
	s := &Repeat[T]{pages: p}
	p.link(p.add(a.b), &s.entry)
	return s
}

// Run repeats n numbers, at least one. It writes whole vectors: up to 31 bytes
// beyond the last result.
func (s *Repeat[T]) Run(dst, src *T, n int) {
	s.frame[0] = uintptr(unsafe.Pointer(src)) + uintptr(n)*unsafe.Sizeof(*src)
	s.frame[1] = uintptr(unsafe.Pointer(dst))
	s.frame[2] = uintptr(unsafe.Pointer(src))
	call(s.entry, unsafe.Pointer(&s.frame[0]))
	runtime.KeepAlive(s)
	runtime.KeepAlive(src) // the frame holds numbers
	runtime.KeepAlive(dst)
}
