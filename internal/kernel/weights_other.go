//go:build !amd64

package kernel

func weightRows[T Float](_ ISA, dst, src, scale *T, rows, n, seen, more int) {
	portableWeightRows(dst, src, scale, rows, n, seen, more)
}

func weightGradRows[T Float](_ ISA, dp, p, scale *T, rows, n int) {
	portableWeightGradRows(dp, p, scale, rows, n)
}
