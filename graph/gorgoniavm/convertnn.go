package gorgoniavm

import (
	"fmt"

	"descent/graph"
	"descent/ops"

	"gorgonia.org/gorgonia"
)

// Conversions of layers.

// softmax is over the last axis unless told otherwise, of a column over its only
// one.
func softmax(c *conversion) (*node, error) {
	axis, err := c.int("axis")
	if err != nil {
		return nil, err
	}
	isLog, err := c.bool("isLog")
	if err != nil {
		return nil, err
	}
	if axis == -1 {
		axis = c.in[0].Shape().Rank() - 1
		if c.kids[0].Shape().IsColVec() {
			axis = 0
		}
	}
	if isLog {
		return ops.LogSoftmax(c.in[0], axis), nil
	}
	return ops.Softmax(c.in[0], axis), nil
}

// sparsemax has gorgonia's value and the derivative of the paper's: within the
// support, what is above its mean. Martins, Astudillo 2016,
// https://arxiv.org/abs/1602.02068, section 2.5. Over axis 0 of a matrix gorgonia
// returns the rows of the transposed result one after the other.
func sparsemax(c *conversion) (*node, error) {
	axis, err := c.int("axis")
	if err != nil {
		return nil, err
	}
	x := c.in[0]
	across := axis == 0 && x.Shape().Rank() == 2
	if !across && axis != -1 && axis != x.Shape().Rank()-1 {
		return nil, nil
	}
	y, err := c.byItself(c.n, c.in)
	if err != nil {
		return nil, err
	}
	return graph.Custom(y, func(dy *node) []*node {
		p := y
		if across {
			s := swapped(x).Shape().Dims()
			p, dy = reshaped(p, s), reshaped(dy, s)
		}
		last := p.Shape().Rank() - 1
		on := ops.Greater(p, c.g.Const(0))
		mean := ops.Div(ops.Sum(ops.Mul(on, dy), last), ops.Sum(on, last))
		dx := ops.Mul(on, ops.Sub(dy, ops.ExpandDims(mean, last)))
		if across {
			dx = swapped(dx)
		}
		return []*node{dx}
	}, x), nil
}

// ctcLoss has gorgonia's value and derivative, which passes a LogSoftMax and where
// the mean over examples and their lengths is taken as the value is.
func ctcLoss(c *conversion) (*node, error) {
	kind, err := c.int("reduction")
	if err != nil {
		return nil, err
	}
	y, err := c.byItself(c.n, c.in)
	if err != nil || kind != int(gorgonia.ReductionMean) {
		return y, err
	}
	x, lengths := c.in[0], c.in[3]
	return graph.Custom(y, func(dy *node) []*node {
		d := y.Op().Grad(y, dy)[0]
		if d == nil || d.Err() != nil {
			return []*node{d}
		}
		n := lengths.Shape().Size()
		each := ops.Scale(float64(n), ops.Max(lengths, c.g.Const(1)))
		return []*node{ops.Div(d, reshaped(each, []int{1, n, 1}))}
	}, x), nil
}

// dropout draws its own masks, the same in every process: gorgonia's generator
// starts at the time of day.
func dropout(c *conversion) (*node, error) {
	p, err := c.float("probability")
	if err != nil {
		return nil, err
	}
	training, err := c.mode("isTraining")
	if err != nil {
		return nil, err
	}
	if !training || p == 0 {
		return c.in[0], nil
	}
	return ops.Dropout(c.in[0], p, c.user.count(c.translator), fmt.Sprint("dropout ", c.n.ID())), nil
}

// batchNorm normalises each channel: by the batch, which running statistics
// follow, or by them.
func batchNorm(c *conversion) (*node, error) {
	op := c.n.Op().(*gorgonia.BatchNormOp)
	momentum, err := c.float("momentum")
	if err != nil {
		return nil, err
	}
	eps, err := c.float("epsilon")
	if err != nil {
		return nil, err
	}
	training, err := c.mode("training")
	if err != nil {
		return nil, err
	}
	x := c.in[0]
	s := x.Shape()
	axes, count, per := []int{0}, s.Dim(0), make([]int, s.Rank())
	for i := range per {
		per[i] = 1
		if i > 1 {
			axes, count = append(axes, i), count*s.Dim(i)
		}
	}
	per[1] = s.Dim(1)
	rm, rv := op.Stats()
	name := fmt.Sprint("batch norm ", c.n.ID())
	mean, err := c.user.lent(c.translator, name+"/mean", rm)
	if err != nil {
		return nil, err
	}
	variance, err := c.user.lent(c.translator, name+"/variance", rv)
	if err != nil {
		return nil, err
	}
	m, v := mean, variance
	if training {
		m, v = ops.Mean(x, axes...), ops.Variance(x, axes...)
		toward := func(state, to *node) {
			c.g.Keep(state, ops.Add(ops.Scale(momentum, to), ops.Scale(1-momentum, c.g.Current(state))))
		}
		toward(mean, m)
		toward(variance, ops.Scale(float64(count)/float64(count-1), v))
	}
	return ops.Div(ops.Sub(x, reshaped(m, per)), ops.Sqrt(ops.Shift(eps, reshaped(v, per)))), nil
}

// groupNorm normalises groups of channels of each example. Of groups that are no
// whole number of gorgonia's vectors, it leaves out the rest.
func groupNorm(c *conversion) (*node, error) {
	groups, err := c.int("numGroups")
	if err != nil {
		return nil, err
	}
	eps, err := c.float("epsilon")
	if err != nil {
		return nil, err
	}
	x := c.in[0]
	inner := x.Shape().Size() / (x.Shape().Dim(0) * groups)
	g := reshaped(x, []int{x.Shape().Dim(0) * groups, inner})
	m, v := ops.ExpandDims(ops.Mean(g, 1), 1), ops.ExpandDims(ops.Variance(g, 1), 1)
	return reshaped(ops.Div(ops.Sub(g, m), ops.Sqrt(ops.Shift(eps, v))), c.out), nil
}

// upsample repeats pixels in both directions.
func upsample(c *conversion) (*node, error) {
	more, err := c.int("stride")
	if err != nil {
		return nil, err
	}
	s := c.in[0].Shape()
	b, ch, h, w, k := s.Dim(0), s.Dim(1), s.Dim(2), s.Dim(3), more+1
	x := reshaped(c.in[0], []int{b, ch, h, 1, w, 1})
	return reshaped(ops.Broadcast(x, b, ch, h, k, w, k), c.out), nil
}
