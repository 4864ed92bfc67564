package kernel

import (
	"testing"
	"unsafe"
)

func TestAligned(t *testing.T) {
	for _, n := range []int{0, 1, 15, 16, 17, 1000, HugeFrom/4 - 1, HugeFrom/4 + 1, 3*HugeFrom/4 + 7} {
		testAligned[float32](t, n)
		testAligned[float64](t, n)
	}
}

func testAligned[T Float](t *testing.T, n int) {
	s := Aligned[T](n)
	if len(s) != n || cap(s) != n {
		t.Fatalf("%d elements: length %d, capacity %d", n, len(s), cap(s))
	}
	p := unsafe.SliceData(s)
	if at := uintptr(unsafe.Pointer(p)); at%64 != 0 {
		t.Errorf("%d elements start at %#x", n, at)
	}
	for i, x := range unsafe.Slice(p, (n+15)/16*16) {
		if x != 0 {
			t.Fatalf("%d elements: number %d is %v", n, i, x)
		}
		*element(p, i) = 1
	}
}
