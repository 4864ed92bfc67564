package graph

import (
	"fmt"

	"descent/internal/spec"
)

// A Call is an operation as data: the name by which a formula calls it, and its
// settings: axes, numbers, flags, words.
type Call = spec.Call

// CallOf returns the call of a name with settings by name:
// CallOf("slice", "axis", 0, "start", 1). Values are ints, float64s, bools,
// strings, []int and []float64.
func CallOf(name string, settings ...any) Call { return spec.Of(name, settings...) }

// A Describer is an op that says what it is as data. All ops of this library
// are; what writes, exports or explains ops reads nothing else. The inputs of a
// formula's call are those of the op, in the same order.
type Describer interface {
	Describe() Call
}

// Describe returns what the op that made n says of itself, false for a leaf and
// for an op that says nothing.
func (n *Node) Describe() (Call, bool) {
	d, ok := n.op.(Describer)
	if !ok {
		return Call{}, false
	}
	return d.Describe(), true
}

// maxListed is the number of elements up to which a title lists them.
const maxListed = 8

// Title writes a call for listings and errors, such as "matmul" or
// "clamp(lo=0, hi=6)": the name of an op that describes itself. Long lists are
// cut short.
func Title(c Call) string {
	short := Call{Name: c.Name}
	for _, a := range c.Args {
		if list, ok := a.Value.([]float64); ok && len(list) > maxListed {
			a.Value = fmt.Sprintf("%d numbers", len(list))
		}
		short.Args = append(short.Args, a)
	}
	return short.String()
}

// A Kink is where the derivative of an op is a matter of convention: where it
// has a corner, jumps, or several operands are the largest. The zero Kink is
// that of an op without.
type Kink struct {
	// Met says what is the case at a kink, "the argument is 0", and "" elsewhere.
	// An elementwise op is asked for one element of each operand and of the
	// result, others for all elements.
	Met func(in [][]float64, out []float64) string
	// Takes says what is taken for the derivative there.
	Takes string
	// Gaps makes expressions of the operands that are 0 at a kink and change sign
	// there; nil if there are none.
	Gaps func(in ...*Node) []*Node
}

// Kink returns the kink that the op that made n declares by a method
// Kink() Kink.
func (n *Node) Kink() Kink {
	if k, ok := n.op.(interface{ Kink() Kink }); ok {
		return k.Kink()
	}
	return Kink{}
}
