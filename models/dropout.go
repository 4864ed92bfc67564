package models

import (
	"descent/ops"
)

// Dropout returns the layer that sets its inputs to 0 with probability rate in
// training and scales the others up; in evaluation it does nothing. Which ones
// depends on the graph's seed, the layer and the number of the batch alone, so
// that a run can be repeated and resumed.
// Srivastava et al. 2014, https://jmlr.org/papers/v15/srivastava14a.html.
func Dropout(rate float64) Layer {
	return func(x *node) *node {
		if x.Err() != nil {
			return x
		}
		g := x.Graph()
		name := g.Unique("dropout")
		if !g.Training() {
			return g.Mark("Dropout", name, x)
		}
		batch := g.Scalar(name+".batch", 0)
		g.Keep(batch, ops.Shift(1, batch))
		return g.Mark("Dropout", name, ops.Dropout(x, rate, batch, name))
	}
}
