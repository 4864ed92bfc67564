package search

import (
	"fmt"
	"math"

	"descent/graph"
	"descent/internal/elementary"
	"descent/ops"
)

// A Bound is a range that a variable stays in; either end may be infinite.
// The zero Bound is none.
//
// A bounded variable is a function of a free one, as in MINUIT: a sine between
// two bounds, a hyperbola above or below one. Both reach the bound itself.
// James, Roos 1975, https://doi.org/10.1016/0010-4655(75)90039-9.
type Bound struct{ Lo, Hi float64 }

// Ends are the two ends of the range, infinite where there is none.
func (b Bound) Ends() (lo, hi float64) {
	if b == (Bound{}) {
		return math.Inf(-1), math.Inf(1)
	}
	return b.Lo, b.Hi
}

// Contains reports whether x is within the range; NaN is within none.
func (b Bound) Contains(x float64) bool {
	lo, hi := b.Ends()
	return lo <= x && x <= hi
}

// Check refuses a start of a variable that is outside.
func (b Bound) Check(name string, start float64) error {
	if lo, hi := b.Ends(); start < lo || start > hi {
		return fmt.Errorf("the start %s=%v is not within its bounds %v to %v", name, start, lo, hi)
	}
	return nil
}

// has says which of the ends are finite.
func (b Bound) has() (lo, hi bool) {
	l, h := b.Ends()
	return !math.IsInf(l, 0), !math.IsInf(h, 0)
}

// Node is the bounded variable of a free one, element by element.
func (b Bound) Node(free *graph.Node) *graph.Node {
	hyperbola := func() *graph.Node { return ops.Shift(-1, ops.Sqrt(ops.Shift(1, ops.Square(free)))) }
	switch lo, hi := b.has(); {
	case lo && hi:
		return ops.Shift((b.Lo+b.Hi)/2, ops.Scale((b.Hi-b.Lo)/2, ops.Sin(free)))
	case lo:
		return ops.Shift(b.Lo, hyperbola())
	case hi:
		return ops.Shift(b.Hi, ops.Neg(hyperbola()))
	}
	return free
}

// Value is what Node computes, of a number.
func (b Bound) Value(free float64) float64 {
	switch lo, hi := b.has(); {
	case lo && hi:
		return float64((b.Lo+b.Hi)/2) + float64((b.Hi-b.Lo)/2*elementary.Sin(free))
	case lo:
		return b.Lo + math.Sqrt(1+float64(free*free)) - 1
	case hi:
		return b.Hi + 1 - math.Sqrt(1+float64(free*free))
	}
	return free
}

// slopes are the first and the second derivative of Value.
func (b Bound) slopes(free float64) (first, second float64) {
	root := math.Sqrt(1 + float64(free*free))
	switch lo, hi := b.has(); {
	case lo && hi:
		half := (b.Hi - b.Lo) / 2
		return half * elementary.Cos(free), -half * elementary.Sin(free)
	case lo:
		return free / root, 1 / (root * root * root)
	case hi:
		return -free / root, -1 / (root * root * root)
	}
	return 1, 0
}

// Free is the free variable of a start x within the range, which is moved a
// little away from a bound: there the derivative is 0.
func (b Bound) Free(x float64) float64 {
	const margin = 1e-3
	switch lo, hi := b.has(); {
	case lo && hi:
		return elementary.Asin(max(-1+margin, min(1-margin, (float64(2*x)-b.Lo-b.Hi)/(b.Hi-b.Lo))))
	case lo:
		return math.Sqrt(elementary.Pow(max(x-b.Lo, margin)+1, 2) - 1)
	case hi:
		return math.Sqrt(elementary.Pow(max(b.Hi-x, margin)+1, 2) - 1)
	}
	return x
}

// Side is -1 where x is at the lower bound, but for rounding, 1 at the upper one
// and 0 between them.
func (b Bound) Side(x float64) float64 {
	near := func(end float64) bool { return math.Abs(x-end) <= 1e-6*min(1+math.Abs(end), b.Hi-b.Lo) }
	switch lo, hi := b.has(); {
	case lo && near(b.Lo):
		return -1
	case hi && near(b.Hi):
		return 1
	}
	return 0
}
