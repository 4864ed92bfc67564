//go:build amd64 || arm64

package goroutine

// ID returns a positive number that no other living goroutine has: the address
// of the runtime's descriptor of the caller, which does not move.
func ID() int64
