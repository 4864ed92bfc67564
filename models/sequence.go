package models

import (
	"errors"
	"fmt"

	"descent/graph"
	"descent/ops"
)

// Layers of sequences, which are batch × time × features.

// EmbedOptions say how an embedding differs from Embed(width).
type EmbedOptions struct {
	ops.EmbedOptions            // padding
	Width            int        // numbers in a row of the table
	Rows             int        // of the table; if 0, what the indices have to be below
	Name             string     // prefix of its parameter
	Weight           graph.Init // of w, rows × width; Normal(1) if nil
}

// Embed returns the layer that gives each of the indices it is fed (tokens, levels)
// a row of a table w that is learned: of batch × time indices it makes batch × time ×
// width numbers.
func Embed(width int) Layer { return EmbedWith(EmbedOptions{Width: width}) }

// EmbedWith returns an embedding with options.
func EmbedWith(o EmbedOptions) Layer {
	id := new(graph.Identity)
	return func(x *node) *node {
		if x.Err() != nil {
			return x
		}
		limit, fed := graph.IndexLimit(x)
		rows := o.Rows
		if rows == 0 {
			rows = limit
		}
		switch {
		case o.Width < 1:
			return graph.Bad(fmt.Errorf("%d numbers in a row; there is at least one", o.Width), "embed", x)
		case rows < 1 && !fed:
			return graph.Bad(errors.New("its input is no indices with a limit, such as tokens; say how many rows the table has"), "embed", x)
		case o.Rows > 0 && fed && limit > o.Rows:
			return graph.Bad(fmt.Errorf("indices below %d do not fit a table of %d rows", limit, o.Rows), "embed", x)
		}
		s := x.Graph().Scope(id, "embed", o.Name)
		w := s.Param("w", or(o.Weight, Normal(1)), rows, o.Width)
		return x.Graph().Mark("Embed", s.Name, ops.Embed(w, x, o.EmbedOptions))
	}
}

// Transpose returns the layer that exchanges the last two axes: of sequences, batch ×
// time × features, it makes batch × channels × length, which convolutions take, and
// the other way round.
func Transpose() Layer {
	return named("transpose", "Transpose", func(x *node) *node {
		if x.Err() != nil {
			return x
		}
		if r := x.Shape().Rank(); r != 3 {
			return graph.Bad(fmt.Errorf("the input is %v; it takes sequences, batch x time x features, or n x channels x length", x.Shape()), "transpose", x)
		}
		return ops.Transpose(x, 0, 2, 1)
	})
}

// stepRows makes a row of each step of sequences.
func stepRows(x *node) *node {
	d := x.Shape().Dims()
	width := d[len(d)-1]
	return ops.Reshape(x, x.Shape().Size()/max(width, 1), width)
}
