package bench

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"

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

// checks verifies the training step and the repeatability of a run.
func (s *Study) checks(ctx context.Context, first *outcome) ([]Check, error) {
	var out []Check
	if s.Task.Penalty == nil { // it would be in the gradient but not in the loss
		worst, err := s.checkGradient()
		if err != nil {
			return nil, err
		}
		out = append(out, Check{"gradient", worst <= gradientTolerance,
			fmt.Sprintf("the training step's gradient agrees with finite differences of the loss to %.0e (%d directions, float64)", worst, directions)})
	}
	// By a trainer of its own, while the first may have done other runs before.
	again, err := newLab(s).scoreOne(ctx, s.Entrants[0], first.LR, first.Seed)
	if err != nil {
		return nil, err
	}
	c := Check{"repeat", first.equal(&again.Run), "a run that was repeated gave the same bits"}
	if !c.OK {
		c.Detail = "a run that was repeated gave other numbers"
	}
	return append(out, c), nil
}

const (
	directions        = 8
	gradientTolerance = 1e-5
	stride            = 1e-5 // of the differences
	checkRows         = 8
)

// checkGradient compares the gradient that a step of plain descent takes, which
// is the change of the parameters at learning rate 1, with differences of the
// loss along random directions. It returns the largest relative error. What is
// checked is the compiled step itself: forward, backward and update.
func (s *Study) checkGradient() (float64, error) {
	t, err := train.New(s.Task, optimizers.SGD(), graph.Float64, seedOf(s.Seed, "check", 0))
	if err != nil {
		return 0, err
	}
	rows := make([]int, min(checkRows, s.Parts.Train.Rows()))
	for i := range rows {
		rows[i] = i
	}
	vars := t.Store().Variables()
	start := make([][]float64, len(vars))
	for i, v := range vars {
		start[i] = v.Float64s()
	}
	// step starts from the initial state, moved by h along d.
	step := func(h float64, d [][]float64, lr float64) (float64, error) {
		for i, v := range vars {
			x := append([]float64(nil), start[i]...)
			for k := range x {
				if d != nil && d[i] != nil {
					x[k] += float64(h * d[i][k])
				}
			}
			if err := v.Set(x); err != nil {
				return 0, err
			}
		}
		return t.Step(s.Parts.Train, rows, lr)
	}
	if _, err := step(0, nil, 1); err != nil {
		return s.noGradient(err)
	}
	grad := make([][]float64, len(vars))
	for i, v := range vars {
		if v.Role() == graph.Param {
			grad[i] = v.Float64s()
			for k := range grad[i] {
				grad[i][k] = start[i][k] - grad[i][k]
			}
		}
	}
	rng := rand.New(rand.NewPCG(s.Seed, 1))
	worst := 0.0
	for range directions {
		d, along, size := direction(rng, grad)
		up, err1 := step(stride, d, 0)
		down, err2 := step(-stride, d, 0)
		if err := errors.Join(err1, err2); err != nil {
			return s.noGradient(err)
		}
		worst = max(worst, math.Abs((up-down)/(2*stride)-along)/max(size, 1e-12))
	}
	return worst, nil
}

// noGradient is the result where the loss is not a number at the start.
func (s *Study) noGradient(err error) (float64, error) {
	var d *train.DivergedError
	if errors.As(err, &d) {
		return math.Inf(1), nil
	}
	return 0, err
}

// direction draws a direction of length 1. It returns the derivative along it,
// and the length of the gradient, which errors are relative to.
func direction(rng *rand.Rand, grad [][]float64) (d [][]float64, along, size float64) {
	d = make([][]float64, len(grad))
	length := 0.0
	for i, g := range grad {
		if g == nil {
			continue
		}
		d[i] = make([]float64, len(g))
		for k := range g {
			d[i][k] = elementary.Normal(rng)
			length += float64(d[i][k] * d[i][k])
			size += float64(g[k] * g[k])
		}
	}
	length = math.Sqrt(length)
	for i, g := range grad {
		for k := range g {
			d[i][k] /= length
			along += float64(d[i][k] * g[k])
		}
	}
	return d, along, math.Sqrt(size)
}

// sayChecks warns of checks that failed.
func (r *Results) sayChecks() string {
	for _, c := range r.Checks {
		if !c.OK {
			return "Warning: a check of the benchmark itself failed, do not trust these numbers: " + c.Detail + "."
		}
	}
	return ""
}
