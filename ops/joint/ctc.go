package joint

import (
	"fmt"

	"descent/graph"
	"descent/ops"
)

// CTCOptions are the settings of [CTC].
type CTCOptions struct {
	Blank int // the class that stands for no label
	// ZeroInfinity gives the loss 0 with the gradient 0, not +∞ and NaN, to a sample whose
	// labels have no alignment.
	ZeroInfinity bool
}

// CTC returns minus the log probability of the labels of each of n sequences: the sum over
// all ways to say one class in each step of which the labels are left when repetitions are
// made one and blanks are dropped. logp, steps×n×classes, are log-probabilities (of logits,
// [ops.LogSoftmax] of the last axis); labels, n×most, are padded with any class, or -1; inputs and
// lengths say how many steps and labels each sequence has. Gradients are by whatever logp is
// made of: by logp itself minus the expected number of times that each class is said. Where
// there is no alignment the loss is +∞, with the gradient NaN in all steps of the sequence.
// (Graves et al. 2006, https://doi.org/10.1145/1143844.1143891; torch.nn.functional.ctc_loss
// with reduction='none')
func CTC(logp, labels, inputs, lengths *node, o CTCOptions) *node {
	if b := bad("ctc", func() error { return o.fit(logp.Shape(), labels.Shape(), inputs.Shape(), lengths.Shape()) }, logp, labels, inputs, lengths); b != nil {
		return b
	}
	graph.LimitIndex(labels, logp.Shape().Dim(2), new(-1))
	steps, n, most := logp.Shape().Dim(0), logp.Shape().Dim(1), labels.Shape().Dim(1)
	g, none := logp.Graph(), number(logp, never)
	// What may be said: blank, label, blank, label, ..., blank.
	blanks := g.Const(float64(o.Blank), n, most)
	said := ops.Concat(1, ops.Reshape(ops.Stack(2, blanks, labels), n, 2*most), g.Const(float64(o.Blank), n, 1))
	k := 2*most + 1
	gone := func(x *node, by int, with float64) *node { // x moved on along the axis 1
		by = min(by, k)
		return ops.Concat(1, g.Const(with, n, by), ops.Slice(x, 1, 0, k-by, 1))
	}
	// A label follows another one at once if it is not the same.
	skip := ops.Mul(ops.NotEqual(said, number(said, float64(o.Blank))), ops.NotEqual(said, gone(said, 2, float64(o.Blank))))
	each := ops.Gather(logp, ops.Broadcast(said, steps, n, k), 2)

	// alpha is the log-probability of being at each place after so many steps.
	place := ops.Broadcast(ops.CumSum(g.Const(1, k), 0), n, k)
	alpha := ops.Where(ops.LessEqual(place, number(place, 1)), number(place, 0), none) // before the first place, in a way
	inside := ops.ExpandDims(inputs, 1)
	for t := range steps {
		now := ops.Squeeze(ops.Slice(each, 0, t, t+1, 1), 0)
		next := ops.LogAddExp(alpha, gone(alpha, 1, never))
		if t > 0 {
			next = ops.LogAddExp(next, ops.Where(skip, gone(alpha, 2, never), none))
		}
		alpha = ops.Where(ops.Less(number(inside, float64(t)), inside), ops.Add(next, now), alpha)
	}
	last := ops.ExpandDims(ops.Scale(2, lengths), 1)
	end := func(at *node) *node { return ops.Squeeze(ops.Gather(alpha, at, 1), 1) }
	before := ops.Where(ops.Greater(lengths, number(lengths, 0)), end(ops.Max(ops.Shift(-1, last), number(last, 0))), none)
	total := ops.LogAddExp(end(last), before)
	lost := ops.Less(total, number(total, never/2))
	loss := ops.Neg(ops.Where(lost, number(logp, 0), total))
	if o.ZeroInfinity {
		return loss
	}
	// -log 0 where all is lost: +∞, whose slope is no number.
	return ops.Sub(loss, ops.Log(ops.Where(lost, ops.Scale(0, total), number(logp, 1))))
}

func (o CTCOptions) fit(p, labels, inputs, lengths graph.Shape) error {
	switch {
	case p.Rank() != 3 || p.Dim(0) == 0:
		return fmt.Errorf("log-probabilities of shape %v are not steps x sequences x classes", p)
	case labels.Rank() != 2 || labels.Dim(0) != p.Dim(1):
		return fmt.Errorf("labels of shape %v for %d sequences; they are sequences x labels", labels, p.Dim(1))
	case inputs != graph.Dims(p.Dim(1)) || lengths != inputs:
		return fmt.Errorf("numbers of steps %v and of labels %v for %d sequences", inputs, lengths, p.Dim(1))
	case o.Blank < 0 || o.Blank >= p.Dim(2):
		return fmt.Errorf("blank=%d is none of %d classes", o.Blank, p.Dim(2))
	}
	return nil
}
