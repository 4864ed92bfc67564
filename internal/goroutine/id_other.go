//go:build !amd64 && !arm64 && !wasm

package goroutine

import (
	"bytes"
	"runtime"
	"strconv"
)

// ID returns a positive number that no other living goroutine has: the one that
// stack traces print, which takes a microsecond to read.
func ID() int64 {
	var buf [64]byte
	trace := bytes.TrimPrefix(buf[:runtime.Stack(buf[:], false)], []byte("goroutine "))
	number, _, _ := bytes.Cut(trace, []byte(" "))
	id, err := strconv.ParseInt(string(number), 10, 64)
	if err != nil {
		panic("goroutine: a stack trace without a number") // since Go 1.0 there is one
	}
	return id
}
