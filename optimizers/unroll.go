package optimizers

import (
	"fmt"
	"math"

	"descent/graph"
	"descent/internal/elementary"
)

// Unroll returns the loss after k steps, as an expression of the parameters and
// states before the first, of the inputs, and of the learning rate t.LR: all
// of them can be differentiated with respect to. The expression is k times as
// long as a step.
func Unroll(t *Training, k int) *node {
	targets := make([]*node, len(t.Updates))
	next := make([]*node, len(t.Updates))
	for i, u := range t.Updates {
		targets[i], next[i] = u.Target, u.Value
	}
	now := targets
	for range k {
		now = graph.Substitute(next, targets, now)
	}
	return graph.Substitute([]*node{t.Loss}, targets, now)[0]
}

// A Trial is a point of a learning-rate finder's curve.
type Trial struct {
	LR   float64
	Loss float64 // smoothed
}

// A Range is what a learning-rate finder tries.
type Range struct {
	From, To float64
	Steps    int
	Smooth   float64 // decay of the running mean of the loss
	Diverged float64 // it stops at this many times the least loss
}

// DefaultRange tries 100 rates from 1e-7 to 10.
func DefaultRange() Range { return Range{From: 1e-7, To: 10, Steps: 100, Smooth: 0.9, Diverged: 4} }

// FindLR trains with a rate that grows at each step until the loss explodes,
// and returns the curve and the rate at which the loss fell fastest. batch
// returns the feeds of a step. All variables of the graph's store are put back
// as they were. Smith 2015, https://arxiv.org/abs/1506.01186.
func FindLR(t *Training, r Range, batch func(step int) []graph.Feed) (curve []Trial, best float64, err error) {
	if !(r.From > 0 && r.To > r.From && r.Steps >= 2 && r.Smooth >= 0 && r.Smooth < 1 && r.Diverged > 1) {
		return nil, 0, fmt.Errorf("optimizers: a range of rates %+v: it rises from a positive one in at least 2 steps, smooth is in [0, 1), diverged above 1", r)
	}
	prog, err := t.Compile()
	if err != nil {
		return nil, 0, err
	}
	store := t.Loss.Graph().Store()
	before := store.Snapshot()
	defer func() {
		if e := store.Restore(before); err == nil {
			err = e
		}
	}()
	mean, least := 0.0, math.Inf(1)
	for i := range r.Steps {
		lr := r.From * elementary.Pow(r.To/r.From, float64(i)/float64(max(r.Steps-1, 1)))
		var feeds []graph.Feed
		if batch != nil {
			feeds = batch(i)
		}
		if err := prog.Run(append(feeds, graph.Let(t.LR, []float64{lr}))...); err != nil {
			return nil, 0, err
		}
		mean = float64(r.Smooth*mean) + float64((1-r.Smooth)*prog.Scalar(t.Loss))
		loss := mean / (1 - elementary.Pow(r.Smooth, float64(i+1)))
		if math.IsNaN(loss) || loss > r.Diverged*least && i > 0 {
			break
		}
		least = min(least, loss)
		curve = append(curve, Trial{lr, loss})
	}
	return curve, steepest(curve), nil
}

// steepest returns the rate where the loss falls fastest, over five points.
func steepest(curve []Trial) (lr float64) {
	slope := 0.0
	for i := 2; i+2 < len(curve); i++ {
		if d := curve[i+2].Loss - curve[i-2].Loss; d < slope {
			slope, lr = d, curve[i].LR
		}
	}
	return lr
}
