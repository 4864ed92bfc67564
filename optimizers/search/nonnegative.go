package search

import (
	"math"
	"slices"

	"descent/internal/leastsq"
)

// nonNegative returns the weights of columns whose sum is nearest to target, none
// of them negative but of those that are free. Lawson, Hanson 1974, chapter 23.
func nonNegative(columns [][]float64, free []bool, target []float64) []float64 {
	w, in := make([]float64, len(columns)), slices.Clone(free)
	rest, floor := slices.Clone(target), float64(1e-12*length(target))
	solve := func() {
		for {
			z := project(columns, in, target)
			part, which := 1.0, -1
			for i := range z {
				if in[i] && !free[i] && z[i] <= 0 {
					if t := w[i] / (w[i] - z[i]); which < 0 || t < part {
						part, which = t, i
					}
				}
			}
			for i := range w {
				if in[i] {
					w[i] += float64(min(part, 1) * (z[i] - w[i]))
				}
			}
			if which < 0 {
				break
			}
			w[which], in[which] = 0, false
		}
		copy(rest, target)
		for i, c := range columns {
			axpy(rest, rest, -w[i], c)
		}
	}
	solve()
	for range 3 * len(columns) {
		most, which := floor, -1
		for i, c := range columns {
			if d := dot(c, rest) / max(length(c), math.SmallestNonzeroFloat64); !in[i] && d > most {
				most, which = d, i
			}
		}
		if which < 0 {
			break
		}
		before := length(rest)
		in[which] = true
		if solve(); length(rest) >= before*(1-1e-12) {
			break
		}
	}
	return w
}

// project returns the weights of the columns that are in, by least squares.
func project(columns [][]float64, in []bool, target []float64) []float64 {
	z := make([]float64, len(columns))
	var which []int
	for i := range columns {
		if in[i] {
			which = append(which, i)
		}
	}
	if which == nil {
		return z
	}
	n := len(which)
	a, r := make([]float64, n*len(target)), make([]float64, len(target))
	for j := range target {
		r[j] = -target[j]
		for i, col := range which {
			a[j*n+i] = columns[col][j]
		}
	}
	for i, x := range leastsq.New(a, len(target), n).Solve(r) {
		z[which[i]] = x
	}
	return z
}
