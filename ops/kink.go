package ops

import (
	"fmt"
	"math"
	"slices"

	"descent/graph"
)

// Kinks of elementwise operations; an op declares its own by a method kink.

const (
	takes0 = "the derivative there is taken as 0"
	jumps  = "it jumps there, the derivative is 0"
)

func kinkOf(f any) graph.Kink {
	if k, ok := f.(interface{ kink() graph.Kink }); ok {
		return k.kink()
	}
	return graph.Kink{}
}

// when is a kink of a function of one element.
func when(holds func(x float64) bool, takes string) graph.Kink {
	return graph.Kink{Takes: takes, Met: func(in [][]float64, _ []float64) string {
		if x := in[0][0]; holds(x) {
			return fmt.Sprintf("the argument is %v", x)
		}
		return ""
	}}
}

// at is a kink at some points.
func at(takes string, points ...float64) graph.Kink {
	k := when(func(x float64) bool { return slices.Contains(points, x) }, takes)
	k.Gaps = func(in ...*node) (gaps []*node) {
		for _, p := range points {
			gaps = append(gaps, Shift(-p, in[0]))
		}
		return gaps
	}
	return k
}

func atZero(takes string) graph.Kink { return at(takes, 0) }

// atWhole is a jump at the whole numbers, moved by offset.
func atWhole(offset float64) graph.Kink {
	return when(func(x float64) bool { return x-offset == math.Floor(x-offset) }, jumps)
}

// atTie is a kink of two operands where they are equal.
func atTie(takes string) graph.Kink {
	return graph.Kink{Takes: takes, Met: func(in [][]float64, _ []float64) string {
		if x := in[0][0]; x == in[1][0] {
			return fmt.Sprintf("both sides are %.6g", x)
		}
		return ""
	}, Gaps: func(in ...*node) []*node { return []*node{Sub(in[0], in[1])} }}
}

// atMultiple is a jump where one operand is a multiple of the other, or a multiple
// but 0.
func atMultiple(wraps string, but0 bool) graph.Kink {
	takes := "it jumps there, the derivatives are 1 and " + wraps + " of the quotient"
	return graph.Kink{Takes: takes, Met: func(in [][]float64, _ []float64) string {
		if x, y := in[0][0], in[1][0]; math.Mod(x, y) == 0 && !(but0 && x == 0) {
			return fmt.Sprintf("%v is a multiple of %v", x, y)
		}
		return ""
	}}
}

// shared is a kink of a choice among all elements, where several are chosen.
func shared(takes string) graph.Kink {
	return graph.Kink{Takes: takes, Met: func(in [][]float64, out []float64) string {
		count := 0
		for _, x := range in[0] {
			if len(out) == 1 && x == out[0] {
				count++
			}
		}
		if count < 2 {
			return ""
		}
		return fmt.Sprintf("%d elements are equal", count)
	}}
}

// atBothZero is a kink of two operands where both are 0.
func atBothZero(takes string) graph.Kink {
	return graph.Kink{Takes: takes, Met: func(in [][]float64, _ []float64) string {
		if in[0][0] == 0 && in[1][0] == 0 {
			return "both arguments are 0"
		}
		return ""
	}}
}
