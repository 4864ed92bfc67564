package kernel

import "unsafe"

const cacheLine = 64

// HugeFrom is the size in bytes from which an array has huge pages, where there
// are any: of a smaller one too little could have them.
const HugeFrom = 4 << 20

// Aligned returns n zeros that start on a 64-byte boundary and are followed by
// as many unused ones as make their number a multiple of 16: vector code works
// on whole vectors.
func Aligned[T Float](n int) []T {
	var zero T
	size := int(unsafe.Sizeof(zero))
	buf := make([]T, (n+15)&^15+cacheLine/size)
	if bytes := len(buf) * size; bytes >= HugeFrom {
		adviseHuge(unsafe.Slice((*byte)(unsafe.Pointer(&buf[0])), bytes))
	}
	past := int(uintptr(unsafe.Pointer(&buf[0])) % cacheLine)
	skip := (cacheLine - past) % cacheLine / size
	return buf[skip : skip+n : skip+n]
}

// forgetFrom is the size in bytes from which memory is worth giving back.
const forgetFrom = 1 << 20

// Forget gives the memory under large scratch back to the system until it is
// used again. What s holds is lost.
func Forget[T Float](s []T) {
	var zero T
	if bytes := len(s) * int(unsafe.Sizeof(zero)); bytes >= forgetFrom {
		forget(unsafe.Slice((*byte)(unsafe.Pointer(&s[0])), bytes))
	}
}
