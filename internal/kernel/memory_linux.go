package kernel

import (
	"syscall"
	"unsafe"
)

const hugePage = 2 << 20

// adviseHuge asks for huge pages under the part of b that can have them. Most
// systems give them to those who ask only, and Go's heap does not: walking a
// large array then misses in the TLB every 4 KB. It is advice, so an error
// does not matter.
func adviseHuge(b []byte) {
	head := int(-uintptr(unsafe.Pointer(&b[0])) % hugePage)
	if n := (len(b) - head) / hugePage * hugePage; n > 0 {
		syscall.Madvise(b[head:][:n], syscall.MADV_HUGEPAGE)
	}
}

// forget drops the whole pages of b: they read as zeros when they are next used.
func forget(b []byte) {
	page := syscall.Getpagesize()
	head := int(-uintptr(unsafe.Pointer(&b[0])) % uintptr(page))
	if n := (len(b) - head) / page * page; n > 0 {
		syscall.Madvise(b[head:][:n], syscall.MADV_DONTNEED)
	}
}
