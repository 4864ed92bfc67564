// Package shape has operations that move elements or walk over them in patterns:
// frames, rolls, triangles, shuffles of pixels, resampling, windows side by side,
// transposed convolutions, and sums of products of axes that have letters.
//
// Most are compositions of package ops, which the compiler fuses; what they are given
// and what they make is PyTorch's. Axes are counted from the end when negative, and a
// mistake makes a bad node, as there.
package shape

import (
	"fmt"

	"descent/graph"
)

type (
	node    = graph.Node
	value   = graph.Value
	builder = graph.Builder
)

// spatial checks that x is images × channels × one to three lengths, and returns those.
func spatial(x graph.Shape) ([]int, error) {
	if r := x.Rank(); r < 3 || r > 5 {
		return nil, fmt.Errorf("%v is not images x channels x one, two or three lengths", x)
	}
	return x.Dims()[2:], nil
}

// strides returns the distance of neighbours along each axis of a dense array.
func strides(dims []int) []int {
	out, n := make([]int, len(dims)), 1
	for i := len(dims) - 1; i >= 0; i-- {
		out[i] = n
		n *= dims[i]
	}
	return out
}
