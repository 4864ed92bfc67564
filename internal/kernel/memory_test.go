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

// TestForget uses forgotten memory again, and what lies around it.
func TestForget(t *testing.T) {
	for _, n := range []int{0, 100, forgetFrom / 8, forgetFrom/8 + 777} {
		s := make([]float64, n+2000)
		for i := range s {
			s[i] = 1
		}
		Forget(s[1000 : n+1000])
		for i := range 1000 {
			if s[i] != 1 || s[n+1000+i] != 1 {
				t.Fatalf("forgetting %d elements changed one beside them", n)
			}
		}
		for i := range s {
			s[i] = float64(i)
		}
		for i, x := range s {
			if x != float64(i) {
				t.Fatalf("element %d of %d is %v", i, n, x)
			}
		}
	}
}
