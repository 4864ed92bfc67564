package exec

import (
	"testing"
	"unsafe"

	"descent/internal/kernel"
)

// Arrays of a slab are aligned and zero, and writing one, up to a whole vector,
// changes no other.
func TestSlab(t *testing.T) {
	const large = kernel.HugeFrom / 4 / 3
	var s Slab[float32]
	var arrays [][]float32
	for i, n := range []int{0, 1, 16, 17, batchLimit, batchLimit + 1, large, 1, large + 5, large, large, 4 * large, 7, large + 1, large, large} {
		p := s.Take(n)
		if at := uintptr(unsafe.Pointer(unsafe.SliceData(p))); len(p) != n || at%64 != 0 {
			t.Fatalf("array %d: %d elements at %#x, want %d", i, len(p), at, n)
		}
		whole := unsafe.Slice(unsafe.SliceData(p), alignUp(max(n, 1)))
		for k := range whole {
			if whole[k] != 0 {
				t.Fatalf("array %d: element %d of %d is %v", i, k, n, whole[k])
			}
			whole[k] = float32(i + 1)
		}
		arrays = append(arrays, p)
	}
	for i, p := range arrays {
		for k, x := range p {
			if x != float32(i+1) {
				t.Fatalf("array %d: element %d of %d is now %v", i, k, len(p), x)
			}
		}
	}
}
