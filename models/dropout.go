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
	return inTraining("dropout", "Dropout", func(x, batch *node, name string) *node { return ops.Dropout(x, rate, batch, name) })
}

// SpatialDropout returns the layer that sets whole channels of pictures, or of sequences
// channels × length, to 0 with probability rate in training and scales the others up.
// Tompson and others 2015, https://arxiv.org/abs/1411.4280.
func SpatialDropout(rate float64) Layer {
	drop := inTraining("spatialdropout", "SpatialDropout", func(x, batch *node, name string) *node {
		d := x.Shape().Dims()
		for i := range d[2:] {
			d[2+i] = 1
		}
		return ops.Mul(x, ops.Dropout(x.Graph().Const(1, d...), rate, batch, name))
	})
	return func(x *node) *node {
		if bad := pictured(x, "spatial_dropout"); bad != nil {
			return bad
		}
		return drop(x)
	}
}

// GaussianNoise returns the layer that adds normal numbers of mean 0 and a standard
// deviation to its inputs in training; in evaluation it does nothing.
func GaussianNoise(sd float64) Layer {
	return inTraining("gaussiannoise", "GaussianNoise", func(x, batch *node, name string) *node {
		return ops.Add(x, ops.Scale(sd, ops.Normal(batch, name, x.Shape().Dims()...)))
	})
}

// inTraining is a layer that changes its input at random in training: f is told the
// number of the batch and the name of the place that draws.
func inTraining(kind, title string, f func(x, batch *node, name string) *node) Layer {
	return func(x *node) *node {
		if x.Err() != nil {
			return x
		}
		g := x.Graph()
		name := g.Unique(kind)
		if !g.Training() {
			return g.Mark(title, name, x)
		}
		batch := g.Scalar(name+".batch", 0)
		g.Keep(batch, ops.Shift(1, batch))
		return g.Mark(title, name, f(x, batch, name))
	}
}
