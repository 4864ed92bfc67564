package graph

import (
	"errors"
	"fmt"

	"descent/internal/exec"
)

// A Source is a function as statements of Go that need no library: see
// [Function.Source].
type Source struct {
	// Statements call functions that a file of source is given with them. They work in
	// an array m.arena of Arena elements of type real.
	Statements string
	Arena      int
	// Outputs are slices of reals, or a float64 if an output has rank 0, after the
	// statements.
	Outputs []string
	// Leaves are the inputs and variables that they need.
	Leaves []*Node
}

// Source writes the function as source that computes, bit for bit, what its program
// does with portable kernels (DESCENT_ISA=portable). leaf says where each input and
// variable is: in an array, from an element on, or, if it has rank 0, in a variable, which
// is from -1 on. Arrays are of reals, and of float64s for [Graph.Scalar]. Besides what
// [Function.Compile] reports, it is an error if an op is not known as source.
func (fn Function) Source(leaf func(*Node) (array string, from int)) (*Source, error) {
	all, err := fn.nodes()
	if err != nil {
		return nil, err
	}
	g := all[0].g
	defer g.use.give(g.building())
	p := &Program{fn: fn, g: g}
	f, leaves, err := p.lower(all)
	if err != nil {
		return nil, err
	}
	made, err := exec.SourceOf(f, g.dtype == Float64, func(i int) (string, int) { return leaf(leaves[i]) })
	if bad := (*exec.Unwritten)(nil); errors.As(err, &bad) {
		return nil, fmt.Errorf("%v: %w", g.nodes[bad.Tag], err)
	}
	if err != nil {
		return nil, err
	}
	s := &Source{Statements: made.Statements, Arena: made.Arena, Outputs: made.Outputs}
	for i, n := range leaves {
		if made.Read[i] {
			s.Leaves = append(s.Leaves, n)
		}
	}
	return s, nil
}
