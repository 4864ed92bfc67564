package models

import (
	"fmt"

	"descent/graph"
)

type errDense struct {
	in    graph.Shape
	units int
}

func (e errDense) Error() string {
	if e.units < 1 {
		return fmt.Sprintf("%d units; a layer has at least one", e.units)
	}
	return fmt.Sprintf("the input is %v; a dense layer takes rows, n x inputs", e.in)
}
