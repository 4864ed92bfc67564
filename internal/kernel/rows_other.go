//go:build !amd64

package kernel

func takeRows[T Float](_ ISA, dst, x, index *T, rows, n, inner int) {
	portableTakeRows(dst, x, index, rows, n, inner)
}
