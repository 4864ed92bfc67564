package models

import (
	"descent/ops"
)

// Dropout returns the layer that sets a share rate of its inputs to 0 in
// training and scales the others up; in evaluation it does nothing. Which ones
// depends on the graph's seed, the layer and the number of the step alone.
// Srivastava et al. 2014, https://jmlr.org/papers/v15/srivastava14a.html.
func Dropout(rate float64) Layer {
	return func(x *node) *node { return ops.Scale(1-rate, x) }
}
