//go:build !amd64

package kernel

func softmaxRows[T Float](_ ISA, dst, lse, src *T, rows, n int) {
	portableSoftmaxRows(dst, lse, src, rows, n)
}

func logSumExpRows[T Float](_ ISA, lse, src *T, rows, n int) {
	portableLogSumExpRows(lse, src, rows, n)
}
