package guard

import (
	"runtime/debug"
	"testing"
	"unsafe"
)

// TestRooms reads both ends of every room, and one element beyond them.
func TestRooms(t *testing.T) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	r := New(t, 3, 5000)
	for i := range 3 {
		for _, atEnd := range []bool{true, false} {
			x := Take[float64](r, i, 5, atEnd)
			for k := range x {
				x[k] = 1
			}
			past := -1
			if atEnd {
				past = len(x)
			}
			if !faults((*float64)(unsafe.Add(unsafe.Pointer(&x[0]), past*8))) {
				t.Errorf("room %d, at its end %v: element %d can be read", i, atEnd, past)
			}
		}
	}
}

func faults(p *float64) (fault bool) {
	defer func() { fault = recover() != nil }()
	return *p == 0 && false
}
