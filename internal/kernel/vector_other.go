//go:build !amd64

package kernel

// assembly returns an instruction set's kernel for a primitive: here there are
// none.
func assembly[T Float](ISA, Code) Func[T] { return nil }
