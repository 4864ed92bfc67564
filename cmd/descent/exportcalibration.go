package main

import (
	"descent/graph"
	"descent/ops"
	"descent/train/score"
)

// calibrated is what [score.Calibration.Apply] makes of probabilities, n × classes, as
// nodes.
func calibrated(c *score.Calibration, p *graph.Node) *graph.Node {
	if c.Trained != nil {
		p = normalized(ops.Div(p, p.Graph().Array(c.Trained, len(c.Trained))))
	}
	switch c.Method {
	case "temperature":
		return ops.Exp(ops.LogSoftmax(ops.Scale(1/c.Temperature, logarithm(p)), 1))
	case "platt":
		return eachClass(p, func(k int, p *graph.Node) *graph.Node {
			logit := ops.Sub(logarithm(p), logarithm(ops.Shift(1, ops.Neg(p))))
			return ops.Sigmoid(ops.Shift(c.Lines[k].Offset, ops.Scale(c.Lines[k].Slope, logit)))
		})
	case "isotonic":
		return eachClass(p, func(k int, p *graph.Node) *graph.Node { return climbed(c.Steps[k], p) })
	}
	return p
}

// logarithm is that of probabilities, of which score takes none below 1e-9.
func logarithm(p *graph.Node) *graph.Node {
	return ops.Log(ops.Max(p, p.Graph().Const(1e-9)))
}

func normalized(p *graph.Node) *graph.Node {
	return ops.Div(p, ops.ExpandDims(ops.Sum(p, 1), 1))
}

// eachClass replaces the probability of the second of two classes, or of each of more
// against the rest, by what f makes of it, n × 1.
func eachClass(p *graph.Node, f func(k int, p *graph.Node) *graph.Node) *graph.Node {
	classes := p.Shape().Dim(1)
	column := func(k int) *graph.Node { return ops.Slice(p, 1, k, k+1, 1) }
	if classes == 2 {
		q := f(0, column(1))
		return ops.Concat(1, ops.Shift(1, ops.Neg(q)), q)
	}
	var all []*graph.Node
	for k := range classes {
		all = append(all, f(k, column(k)))
	}
	q := ops.Concat(1, all...)
	none := ops.ExpandDims(ops.LessEqual(ops.Sum(q, 1), q.Graph().Const(0)), 1) // of all classes
	return normalized(ops.Add(q, none))
}

// climbed is the height of a curve at p, n × 1: where it begins, and of each piece as much
// as p has of it.
func climbed(s score.Steps, p *graph.Node) *graph.Node {
	g, n := p.Graph(), len(s.X)-1
	if n < 1 {
		return ops.Add(ops.Scale(0, p), g.Const(s.Y[0]))
	}
	const least = 1e-30 // the width of a piece that is a jump
	width, rise := make([]float64, n), make([]float64, n)
	for i := range n {
		width[i], rise[i] = max(s.X[i+1]-s.X[i], least), s.Y[i+1]-s.Y[i]
	}
	part := ops.Clamp(ops.Div(ops.Sub(p, g.Array(s.X[:n], n)), g.Array(width, n)), 0, 1)
	return ops.Shift(s.Y[0], ops.MatMul(part, g.Array(rise, n, 1)))
}
