// Package graphtest checks that an operation is what it says: that its value
// is the same however it is computed, and that its first and second derivatives
// are those of its value. It is for the operations of this library and for
// those written elsewhere:
//
//	func TestSwish(t *testing.T) { graphtest.TestOp(t, Swish) }
//
// # Errors
//
// Derivatives are compared with differences of four values,
//
//	f'(0) ≈ (8(f(h)-f(-h)) - (f(2h)-f(-2h))) / 12h,  h = 2.5e-4,
//
// in float64, along random directions and along single elements; where that
// disagrees, with smaller steps, of which two must agree to be believed. The
// error is
//
//	|derivative - difference| / (scale + 0.01),
//
// where scale is Σ|gᵢvᵢ|, the sum that makes up a directional derivative, for
// first derivatives, and the largest element for products with the Hessian. So
// a bound of 1e-6 is a relative one with an absolute floor of 1e-8. Float32 is
// compared with float64 in the same way.
package graphtest

import (
	"math"
	"math/rand/v2"
	"slices"

	"descent/graph"
	"descent/internal/elementary"
)

// A Case is an operation and how to check it: a row of a table.
type Case struct {
	// Name is what a formula calls the operation: "leaky_relu".
	Name string
	// Inputs is how many nodes it takes, -1 if any number.
	Inputs int
	// Build makes the node, with the numbers of the sample.
	Build func(in []*graph.Node, num []float64) *graph.Node
	// Domain says what to feed to each input, the last one to those that
	// remain. Nil is [Normal].
	Domain []Domain
	// Samples are the shapes and numbers to check with; nil stands for
	// [Shapes] of an elementwise operation.
	Samples []Sample
	// Once says that the second derivative means nothing.
	Once bool
	// Partial says that the domain may have points where the value is not
	// finite. They are counted; of other cases they are mistakes.
	Partial bool
}

// A Sample is the shape of each input, and the numbers.
type Sample struct {
	Shapes [][]int
	Num    []float64
	// Build makes the node instead of the case's, with settings that are not
	// numbers.
	Build func(in []*graph.Node) *graph.Node
}

// Shapes are the samples that elementwise operations of up to three inputs are
// checked with: scalars, vectors, matrices, arrays of rank 3, axes of length 1
// and 0, and pairs that broadcast.
func Shapes(inputs int, num ...float64) []Sample {
	sets := [][][]int{
		{{}, {}, {}},
		{{1}, {}, {1}},
		{{5}, {5}, {}},
		{{3, 4}, {3, 4}, {3, 4}},
		{{2, 3, 2}, {3, 1}, {2}},
		{{3, 1}, {1, 4}, {4}},
		{{4}, {2, 4}, {2, 1}},
		{{0, 3}, {3}, {1, 1}},
	}
	out := make([]Sample, len(sets))
	for i, s := range sets {
		for len(s) < inputs {
			s = append(s, s[len(s)-1])
		}
		out[i] = Sample{Shapes: s[:inputs], Num: num}
	}
	return out
}

// One returns a sample: the shapes of the inputs, without numbers.
func One(shapes ...[]int) Sample { return Sample{Shapes: shapes} }

// With returns the sample with numbers.
func (s Sample) With(num ...float64) Sample { return Sample{Shapes: s.Shapes, Num: num} }

// By returns the sample with a way of its own to make the node.
func (s Sample) By(build func(in []*graph.Node) *graph.Node) Sample {
	return Sample{Shapes: s.Shapes, Build: build}
}

// Node makes the node of a sample.
func (c *Case) Node(s Sample, in []*graph.Node) *graph.Node {
	if s.Build != nil {
		return s.Build(in)
	}
	return c.Build(in, s.Num)
}

// A Domain says where an operation is checked.
type Domain struct {
	// Fill draws the elements of the given input.
	Fill func(rng *rand.Rand, input int, x []float64)
	// Index says that they are whole numbers, fed to a graph.Indices.
	Index bool
	// Fixed says that the operation is not differentiated in this input.
	Fixed bool
}

// Normal draws from the normal distribution.
var Normal = Domain{Fill: each(elementary.Normal)}

// Range draws uniformly between lo and hi.
func Range(lo, hi float64) Domain {
	return Domain{Fill: each(func(rng *rand.Rand) float64 { return lo + float64((hi-lo)*rng.Float64()) })}
}

// Positive draws from 0.2 to 3.
var Positive = Range(0.2, 3)

// Away draws from -4 to 4, but not within 0.01 of the kinks.
func Away(kinks ...float64) Domain {
	near := func(x float64) bool {
		return slices.ContainsFunc(kinks, func(k float64) bool { return math.Abs(x-k) < 0.01 })
	}
	return Domain{Fill: each(func(rng *rand.Rand) float64 {
		for {
			if x := float64(8*rng.Float64()) - 4; !near(x) {
				return x
			}
		}
	})}
}

// Distinct draws numbers of which no two are within 0.01 of each other, also
// in different inputs.
var Distinct = Domain{Fill: func(rng *rand.Rand, input int, x []float64) {
	for i, k := range rng.Perm(len(x)) {
		x[i] = float64(0.3*(float64(k-len(x)/2)+float64(0.1*rng.Float64()))) + float64(0.07*float64(input))
	}
}}

// Below draws indices below n.
func Below(n int) Domain {
	return Domain{Index: true, Fixed: true, Fill: each(func(rng *rand.Rand) float64 { return float64(rng.IntN(n)) })}
}

// Bits draws 0 or 1, for conditions.
var Bits = Domain{Fixed: true, Fill: each(func(rng *rand.Rand) float64 { return float64(rng.IntN(2)) })}

// Fixed returns d for an input that is not differentiated.
func Fixed(d Domain) Domain {
	d.Fixed = true
	return d
}

func each(draw func(*rand.Rand) float64) func(*rand.Rand, int, []float64) {
	return func(rng *rand.Rand, _ int, x []float64) {
		for i := range x {
			x[i] = draw(rng)
		}
	}
}

// At returns the domain of an input.
func (c *Case) At(input int) Domain {
	if len(c.Domain) == 0 {
		return Normal
	}
	return c.Domain[min(input, len(c.Domain)-1)]
}

// Each returns the samples that the case is checked with.
func (c *Case) Each() []Sample {
	if c.Samples == nil {
		return Shapes(max(c.Inputs, 1))
	}
	return c.Samples
}
