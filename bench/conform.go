package bench

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"descent/graph"
	"descent/internal/elementary"
	"descent/optimizers"
	"descent/train"
)

// A Check is something a study verified about itself, so that its reader can
// trust the ranking.
type Check struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail"`
}

// checks verifies the training steps of nets, and the repeatability of a run.
func (w *work) checks(ctx context.Context, r *Results) error {
	checked, worst := false, 0.0
	for _, p := range w.Problems {
		own, ok := p.(interface{ net() *Net }) // also one that embeds it
		if !ok {
			continue
		}
		n := own.net()
		if n.Task.Penalty != nil { // it would be in the gradient but not in the loss
			continue
		}
		e, err := n.checkGradient(w.Seed)
		if err != nil {
			return err
		}
		checked, worst = true, max(worst, e)
	}
	if checked {
		r.Checks = append(r.Checks, Check{"gradient", worst <= gradientTolerance,
			fmt.Sprintf("the training step's gradient agrees with finite differences of the loss to %.0e (%d directions, float64)", worst, directions)})
	}
	// By a trainer of its own, while the first may have done other runs before.
	first := w.pairings[0].runs[0]
	fresh, err := NewRunner(w.Problems[:1], w.Entrants[:1]...)
	if err != nil {
		return err
	}
	again, err := fresh.Do(ctx, first.Job)
	if err != nil {
		return err
	}
	c := Check{"repeat", first.equal(again), "a run that was repeated gave the same bits"}
	if !c.OK {
		c.Detail = "a run that was repeated gave other numbers"
	}
	r.Checks = append(r.Checks, c)
	return nil
}

const (
	directions        = 8
	gradientTolerance = 1e-5
	stride            = 1e-5 // of the differences
	checkRows         = 8
)

// checkGradient compares the gradient that a step of plain descent takes, which
// is the change of the parameters at learning rate 1, with differences of the
// loss along random directions. It returns the largest relative error, infinite where
// the loss is not a number. What is checked is the compiled step itself: forward,
// backward and update.
func (n *Net) checkGradient(seed uint64) (float64, error) {
	t, err := train.New(n.Task, optimizers.SGD(), graph.Float64, seedOf(seed, "check", 0))
	if err != nil {
		return 0, err
	}
	rows := make([]int, min(checkRows, n.Parts.Train.Rows()))
	for i := range rows {
		rows[i] = i
	}
	vars := t.Store().Variables()
	values := func() (x []float64) {
		for _, v := range vars {
			x = append(x, v.Float64s()...)
		}
		return x
	}
	start := values()
	var failed error
	// step starts from the initial state, moved by h along d.
	step := func(h float64, d []float64, lr float64) (loss float64) {
		x := slices.Clone(start)
		for k := range d {
			x[k] += float64(h * d[k])
		}
		for _, v := range vars {
			size := v.Shape().Size()
			failed = cmp.Or(failed, v.Set(x[:size]))
			x = x[size:]
		}
		loss, err := t.Step(n.Parts.Train, rows, lr)
		failed = cmp.Or(failed, err)
		return loss
	}
	step(0, nil, 1)
	grad, size := values(), 0.0
	var trained []bool // what is kept but not trained stays as it is
	for _, v := range vars {
		trained = append(trained, slices.Repeat([]bool{v.Role() == graph.Param}, v.Shape().Size())...)
	}
	for k := range grad {
		if grad[k] = start[k] - grad[k]; trained[k] {
			size += float64(grad[k] * grad[k])
		}
	}
	size = math.Sqrt(size)
	rng, worst := rand.New(rand.NewPCG(seed, 1)), 0.0
	for range directions {
		d, along := direction(rng, grad, trained)
		slope := (step(stride, d, 0) - step(-stride, d, 0)) / (2 * stride)
		worst = max(worst, math.Abs(slope-along)/max(size, 1e-12))
	}
	var bad *train.DivergedError
	if errors.As(failed, &bad) {
		return math.Inf(1), nil
	}
	return worst, failed
}

// direction draws a direction of length 1 of what is trained, and returns the
// derivative along it.
func direction(rng *rand.Rand, grad []float64, trained []bool) (d []float64, along float64) {
	d = make([]float64, len(grad))
	length := 0.0
	for k := range d {
		if trained[k] {
			d[k] = elementary.Normal(rng)
			length += float64(d[k] * d[k])
		}
	}
	length = math.Sqrt(length)
	for k := range d {
		d[k] /= length
		along += float64(d[k] * grad[k])
	}
	return d, along
}

// sayChecks warns of checks that failed.
func sayChecks(checks []Check) string {
	for _, c := range checks {
		if !c.OK {
			return "Warning: a check of the benchmark itself failed, do not trust these numbers: " + c.Detail + "."
		}
	}
	return ""
}
