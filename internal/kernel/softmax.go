package kernel

import (
	"math"
	"unsafe"

	"descent/internal/elementary"
)

// SoftmaxRows computes the softmax of each row of n elements, and in lse the
// logarithm of the row's sum of exponentials, one per row. dst may be equal to
// src. Sums are made in float64. If the largest element of a row is infinite,
// nothing is subtracted before exponentiating: lse is then that infinity, and
// the softmax has NaN.
func SoftmaxRows[T Float](dst, lse, src *T, rows, n int) {
	softmaxRows(Active(), dst, lse, src, rows, n)
}

// LogSumExpRows computes only the logarithms.
func LogSumExpRows[T Float](lse, src *T, rows, n int) {
	logSumExpRows(Active(), lse, src, rows, n)
}

// rowsPerCall bounds the time of a call of assembly, which cannot be preempted.
func rowsPerCall(n int) int { return max(1, 1<<15/max(n, 1)) }

func portableSoftmaxRows[T Float](dst, lse, src *T, rows, n int) {
	for r := range rows {
		x, y := unsafe.Slice(element(src, r*n), n), unsafe.Slice(element(dst, r*n), n)
		top, sum := rowExponentials(x)
		for i, v := range x {
			y[i] = T(elementary.Exp(float64(v)-top) / sum)
		}
		*element(lse, r) = T(top + elementary.Log(sum))
	}
}

func portableLogSumExpRows[T Float](lse, src *T, rows, n int) {
	for r := range rows {
		top, sum := rowExponentials(unsafe.Slice(element(src, r*n), n))
		*element(lse, r) = T(top + elementary.Log(sum))
	}
}

// rowExponentials returns the largest element, or 0 if that is infinite, and the
// sum of exp(x - top).
func rowExponentials[T Float](x []T) (top, sum float64) {
	top = math.Inf(-1)
	for _, v := range x {
		top = max(top, float64(v))
	}
	if math.IsInf(top, 0) {
		top = 0
	}
	for _, v := range x {
		sum += elementary.Exp(float64(v) - top)
	}
	return top, sum
}
