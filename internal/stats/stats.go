// Package stats has the few numbers that describe a sample.
package stats

import (
	"math"
	"slices"
)

// Mean returns the arithmetic mean, NaN of nothing.
func Mean(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v
	}
	return sum / float64(len(x))
}

// Quantile returns the q-quantile of sorted numbers by linear interpolation
// (type 7 of Hyndman and Fan, what R and NumPy do), NaN of nothing.
func Quantile(sorted []float64, q float64) float64 {
	if len(sorted) == 0 {
		return math.NaN()
	}
	at := float64(q * float64(len(sorted)-1))
	i := min(int(at), len(sorted)-1)
	if f := at - float64(i); f > 0 {
		return sorted[i] + float64(f*(sorted[i+1]-sorted[i]))
	}
	return sorted[i]
}

// Median returns the middle of numbers in any order. Infinities, which stand for
// what never arrived, count as large.
func Median(x []float64) float64 {
	s := slices.Sorted(slices.Values(x))
	if n := len(s); n > 0 && n%2 == 0 && math.IsInf(s[n/2], 1) {
		return s[n/2] // half of them arrived: the middle is not known
	}
	return Quantile(s, 0.5)
}
