package kernel

import (
	"math"
	"syscall"
	"testing"
	"unsafe"
)

// TestProductStaysInside puts every operand against the end, and then the
// start, of accessible memory: reading or writing one element too far faults.
func TestProductStaysInside(t *testing.T) {
	eachISA(t, func(t *testing.T, isa ISA) {
		for i := 0; i < 32; i += 3 {
			for _, s := range [][3]int{{1, 1, 1}, {7, 10, 9}, {13, 17, 5}, {3, 45, 7}, {1, 70, 33}, {25, 1, 19}, {66, 300, 21}, {70, 530, 40}, {513, 9, 9}, {33, 3, 40}, {49, 10, 64}, {40, 2, 64}, {70, 20, 90}, {600, 5, 33}, {300, 70, 130}} {
				stayInside[float32](t, isa, s[0], s[1], s[2], options(i))
				stayInside[float64](t, isa, s[0], s[1], s[2], options(i))
			}
		}
	})
}

func stayInside[T Float](t *testing.T, isa ISA, m, n, k int, o ProductOptions) {
	p := newProduct[T](isa, m, n, k, o)
	p.Reserve(1)
	for _, atEnd := range []bool{true, false} {
		var operands [4]*T
		var maps [4][]byte
		for i, n := range [4]int{m * n, m * k, k * n, n} {
			operands[i], maps[i] = guarded[T](t, n, atEnd)
		}
		p.RunBias(operands[0], operands[1], operands[2], operands[3])
		for i := range p.Chunks() {
			p.RunChunk(i, 0, operands[0], operands[1], operands[2], operands[3])
		}
		for _, v := range unsafe.Slice(operands[0], m*n) {
			if math.Abs(float64(v)) > 4*float64(k)+4 {
				t.Fatalf("%v %d×%d×%d %+v: C has %v", isa, m, n, k, o, v)
			}
		}
		for _, b := range maps {
			if err := syscall.Munmap(b); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// guarded returns n ones next to a page that cannot be accessed.
func guarded[T Float](t *testing.T, n int, atEnd bool) (*T, []byte) {
	var z T
	page := syscall.Getpagesize()
	size := (n*int(unsafe.Sizeof(z)) + page - 1) / page * page
	b, err := syscall.Mmap(-1, 0, page+size+page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	for _, guard := range [][]byte{b[:page], b[page+size:]} {
		if err := syscall.Mprotect(guard, syscall.PROT_NONE); err != nil {
			t.Fatal(err)
		}
	}
	p := (*T)(unsafe.Pointer(&b[page]))
	if atEnd {
		p = element(p, size/int(unsafe.Sizeof(z))-n)
	}
	for i := range n {
		*element(p, i) = 1
	}
	return p, b
}
