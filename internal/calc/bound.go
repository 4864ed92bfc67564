package calc

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"descent/graph"
	"descent/internal/elementary"
	"descent/ops"
)

// A Bound is a range that a variable stays in; either end may be infinite.
// The zero Bound is none.
type Bound struct{ Lo, Hi float64 }

// ParseBounds reads "x=0:5,y=:1".
func ParseBounds(text string) (map[string]Bound, error) {
	out := map[string]Bound{}
	if strings.TrimSpace(text) == "" {
		return out, nil
	}
	for _, pair := range strings.Split(text, ",") {
		name, ends, ok := strings.Cut(pair, "=")
		lo, hi, also := strings.Cut(ends, ":")
		name = strings.TrimSpace(name)
		if !ok || !also || name == "" {
			return nil, fmt.Errorf("bounds %q: write name=lo:hi, such as x=0:5, or x=0: for no upper one", strings.TrimSpace(pair))
		}
		if _, twice := out[name]; twice {
			return nil, fmt.Errorf("bounds of %s are given twice", name)
		}
		b := Bound{math.Inf(-1), math.Inf(1)}
		for _, end := range []struct {
			text string
			to   *float64
		}{{lo, &b.Lo}, {hi, &b.Hi}} {
			if t := strings.TrimSpace(end.text); t != "" {
				x, err := strconv.ParseFloat(t, 64)
				if err != nil || math.IsNaN(x) {
					return nil, fmt.Errorf("bounds of %s: %q is not a number", name, t)
				}
				*end.to = x
			}
		}
		if !(b.Lo < b.Hi) {
			return nil, fmt.Errorf("bounds of %s: nothing is between %v and %v", name, b.Lo, b.Hi)
		}
		out[name] = b
	}
	return out, nil
}

// filled is the bound with infinities in place of the zero Bound.
func (b Bound) filled() Bound {
	if b == (Bound{}) {
		return Bound{math.Inf(-1), math.Inf(1)}
	}
	return b
}

// A bounded variable is a function of a free one, as in MINUIT: a sine between
// two bounds, a hyperbola above or below one. Both reach the bound itself.

func (b Bound) sides() (lo, hi bool) { return !math.IsInf(b.Lo, 0), !math.IsInf(b.Hi, 0) }

// node is the bounded variable of a free one.
func (b Bound) node(u *graph.Node) *graph.Node {
	hyperbola := func() *graph.Node { return ops.Shift(-1, ops.Sqrt(ops.Shift(1, ops.Square(u)))) }
	switch lo, hi := b.sides(); {
	case lo && hi:
		return ops.Shift((b.Lo+b.Hi)/2, ops.Scale((b.Hi-b.Lo)/2, ops.Sin(u)))
	case lo:
		return ops.Shift(b.Lo, hyperbola())
	case hi:
		return ops.Shift(b.Hi, ops.Neg(hyperbola()))
	}
	return u
}

// value is node as a number.
func (b Bound) value(u float64) float64 {
	switch lo, hi := b.sides(); {
	case lo && hi:
		return float64((b.Lo+b.Hi)/2) + float64((b.Hi-b.Lo)/2*elementary.Sin(u))
	case lo:
		return b.Lo + math.Sqrt(1+float64(u*u)) - 1
	case hi:
		return b.Hi + 1 - math.Sqrt(1+float64(u*u))
	}
	return u
}

// contains refuses a start that is outside.
func (b Bound) contains(name string, x float64) error {
	if x < b.Lo || x > b.Hi {
		return fmt.Errorf("the start %s=%v is not within its bounds %v to %v", name, x, b.Lo, b.Hi)
	}
	return nil
}

// inward is the free variable for a start, which is moved a little away from a
// bound: there the derivative is 0.
func (b Bound) inward(name string, x float64) (float64, error) {
	if err := b.contains(name, x); err != nil {
		return 0, err
	}
	const margin = 1e-3
	switch lo, hi := b.sides(); {
	case lo && hi:
		return elementary.Asin(max(-1+margin, min(1-margin, (float64(2*x)-b.Lo-b.Hi)/(b.Hi-b.Lo)))), nil
	case lo:
		return math.Sqrt(elementary.Pow(max(x-b.Lo, margin)+1, 2) - 1), nil
	case hi:
		return math.Sqrt(elementary.Pow(max(b.Hi-x, margin)+1, 2) - 1), nil
	}
	return x, nil
}

// at says whether x is at the bound, but for rounding.
func (b Bound) at(x float64) bool { return b.side(x) != 0 }

// side is -1 where x is at the lower bound, but for rounding, 1 at the upper one
// and 0 between them.
func (b Bound) side(x float64) float64 {
	near := func(end float64) bool { return math.Abs(x-end) <= 1e-6*min(1+math.Abs(end), b.Hi-b.Lo) }
	switch lo, hi := b.sides(); {
	case lo && near(b.Lo):
		return -1
	case hi && near(b.Hi):
		return 1
	}
	return 0
}
