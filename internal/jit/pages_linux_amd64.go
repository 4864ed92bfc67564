package jit

import (
	"runtime"
	"sync"
	"syscall"
	"unsafe"

	"descent/internal/kernel"
)

//go:noescape
func call(entry uintptr, frame unsafe.Pointer)

// Pages are executable memory for the blocks of one program.
type Pages struct {
	code    []byte
	entries []*uintptr
	offsets []int
	blocks  map[string]compiled // by what they compute: their code is there
	mem     []byte
}

// add places code and returns where it is.
func (p *Pages) add(code []byte) (at int) {
	for len(p.code)%32 != 0 {
		p.code = append(p.code, 0xcc)
	}
	at = len(p.code)
	p.code = append(p.code, code...)
	return at
}

// link makes Seal set entry to the address of the code that is at.
func (p *Pages) link(at int, entry *uintptr) {
	p.offsets = append(p.offsets, at)
	p.entries = append(p.entries, entry)
}

// Seal maps the code of all blocks so that it can run. The memory is given
// back when p is no longer reachable.
func (p *Pages) Seal() error {
	if len(p.code) == 0 {
		return nil
	}
	mem, err := mapCode(p.code)
	if err != nil {
		return err
	}
	p.mem = mem
	for i, e := range p.entries {
		*e = uintptr(unsafe.Pointer(&mem[p.offsets[i]]))
	}
	p.code, p.entries, p.blocks = nil, nil, nil
	runtime.AddCleanup(p, func(m []byte) { syscall.Munmap(m) }, mem)
	return nil
}

func mapCode(code []byte) ([]byte, error) {
	mem, err := syscall.Mmap(-1, 0, len(code), syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		return nil, err
	}
	copy(mem, code)
	if err := syscall.Mprotect(mem, syscall.PROT_READ|syscall.PROT_EXEC); err != nil {
		syscall.Munmap(mem)
		return nil, err
	}
	return mem, nil
}

// Available reports whether code can be made and run here: it needs AVX2 and
// a host that lets a page become executable.
var Available = sync.OnceValue(func() bool {
	if kernel.Active() < kernel.AVX2 {
		return false
	}
	mem, err := mapCode([]byte{0xc3})
	if err != nil {
		return false
	}
	syscall.Munmap(mem)
	return true
})
