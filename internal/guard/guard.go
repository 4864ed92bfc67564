// Package guard gives tests memory beside pages that cannot be accessed: who
// reads or writes one element too far faults.
package guard

import (
	"testing"
	"unsafe"
)

// Rooms are pieces of memory, each between two pages that cannot be accessed.
type Rooms struct {
	mem  []byte
	size int // bytes of a room
	step int // from one room to the next
}

// New returns n rooms for at least so many bytes each, which are given back when
// the test ends. On systems other than Linux it skips the test.
func New(t testing.TB, n, bytes int) *Rooms { return newRooms(t, n, bytes) }

// Take returns n elements, whatever they hold, at the start of room i, or at its
// end.
func Take[T any](r *Rooms, i, n int, atEnd bool) []T {
	room := r.mem[i*r.step:][:r.size]
	at := 0
	if atEnd {
		at = r.size - n*int(unsafe.Sizeof(*new(T)))
	}
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(room[at:]))), n)
}
