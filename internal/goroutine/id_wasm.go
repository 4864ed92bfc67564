package goroutine

// ID returns 1: WebAssembly runs goroutines one after the other, and none is
// interrupted while it computes.
func ID() int64 { return 1 }
