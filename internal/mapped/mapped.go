// Package mapped has numbers of a file in memory without reading it: the system reads
// pages as they are looked at, and forgets them where memory is short.
package mapped

import (
	"encoding/binary"
	"io"
	"math"
	"unsafe"
)

// Write writes numbers as they are in memory.
func Write(w io.Writer, numbers []float32) error {
	if len(numbers) == 0 {
		return nil
	}
	_, err := w.Write(unsafe.Slice((*byte)(unsafe.Pointer(&numbers[0])), 4*len(numbers)))
	return err
}

// floats are numbers in bytes that are at an address that 4 divides, or else a copy.
func floats(b []byte) []float32 {
	if len(b) < 4 {
		return nil
	}
	if uintptr(unsafe.Pointer(&b[0]))%4 == 0 {
		return unsafe.Slice((*float32)(unsafe.Pointer(&b[0])), len(b)/4)
	}
	all := make([]float32, len(b)/4)
	for i := range all {
		all[i] = math.Float32frombits(binary.NativeEndian.Uint32(b[4*i:]))
	}
	return all
}
