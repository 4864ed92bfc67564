package kernel

import (
	"math"
	"unsafe"

	"descent/internal/elementary"
)

// WeightRows computes the softmax of scale·x over the elements of each row of n that
// are seen: the first, 0 < seen, in the first row, more than that in each after it, up
// to n. The others become 0. dst may be equal to src. Where the softmax is not a normal
// number it may be 0; where the largest element is infinite it has NaN.
func WeightRows[T Float](dst, src, scale *T, rows, n, seen, more int) {
	weightRows(Active(), dst, src, scale, rows, n, seen, more)
}

// WeightGradRows makes of dp, the gradient by weights p that [WeightRows] has computed,
// that by its x: scale·p·(dp - Σ p·dp) in each row.
func WeightGradRows[T Float](dp, p, scale *T, rows, n int) {
	weightGradRows(Active(), dp, p, scale, rows, n)
}

func portableWeightRows[T Float](dst, src, scale *T, rows, n, seen, more int) {
	for r := range rows {
		count := min(seen+r*more, n)
		x, y := unsafe.Slice(element(src, r*n), n), unsafe.Slice(element(dst, r*n), n)
		top := math.Inf(-1)
		for i, v := range x[:count] {
			y[i] = v * *scale
			top = max(top, float64(y[i]))
		}
		if math.IsInf(top, 0) {
			top = 0
		}
		sum := 0.0
		for _, v := range y[:count] {
			sum += elementary.Exp(float64(v) - top)
		}
		for i, v := range y[:count] {
			y[i] = T(elementary.Exp(float64(v)-top) / sum)
		}
		clear(y[count:])
	}
}

func portableWeightGradRows[T Float](dp, p, scale *T, rows, n int) {
	for r := range rows {
		d, w := unsafe.Slice(element(dp, r*n), n), unsafe.Slice(element(p, r*n), n)
		sum := 0.0
		for i, v := range w {
			sum += float64(float64(v) * float64(d[i]))
		}
		mean := T(sum)
		for i, v := range w {
			d[i] = (d[i] - mean) * (v * *scale)
		}
	}
}
