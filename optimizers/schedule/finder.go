package schedule

import (
	"fmt"
	"math"

	"descent/internal/elementary"
)

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

// Check reports a range that makes no sense.
func (r Range) Check() error {
	if !(r.From > 0 && r.To > r.From && r.Steps >= 2 && r.Smooth >= 0 && r.Smooth < 1 && r.Diverged > 1) {
		return fmt.Errorf("schedule: a range of rates %+v: it rises from a positive one in at least 2 steps, smooth is in [0, 1), diverged above 1", r)
	}
	return nil
}

// At returns the rate of a step, counted from 0: each is the same factor above the
// one before. So a range is a schedule.
func (r Range) At(step int) float64 {
	return r.From * elementary.Pow(r.To/r.From, float64(step)/float64(max(r.Steps-1, 1)))
}

// A Finder makes the curve of a range from the losses that steps begin with; whoever
// has the loop, such as train's Trainer.FindLR, takes steps at the rates of the range
// and puts everything back. Smith 2015, https://arxiv.org/abs/1506.01186.
type Finder struct {
	Range
	Curve []Trial

	mean  float64
	least float64
}

// Add adds a step. It reports false, and adds nothing, once the loss has exploded.
func (f *Finder) Add(lr, loss float64) bool {
	f.mean = float64(f.Smooth*f.mean) + float64((1-f.Smooth)*loss)
	loss = f.mean / (1 - elementary.Pow(f.Smooth, float64(len(f.Curve)+1)))
	if math.IsNaN(loss) || len(f.Curve) > 0 && loss > f.Diverged*f.least {
		return false
	}
	if len(f.Curve) == 0 || loss < f.least {
		f.least = loss
	}
	f.Curve = append(f.Curve, Trial{lr, loss})
	return true
}

// Best returns the rate at which the loss fell fastest, 0 if it never fell. A mean
// that decays by s lags s/(1-s) steps behind, so the rate is that of so many steps
// before its steepest fall; the first steps, whose mean is of a few batches, do not
// count.
func (f *Finder) Best() float64 {
	lag := int(math.Round(f.Smooth / (1 - f.Smooth)))
	i := steepest(f.Curve, lag)
	if i < 0 {
		return 0
	}
	return f.Curve[i-lag].LR
}

// steepest returns the step from the given one on at which the loss falls fastest,
// over five points; -1 if it never falls.
func steepest(curve []Trial, from int) (at int) {
	slope := 0.0
	at = -1
	for i := from + 2; i+2 < len(curve); i++ {
		if d := curve[i+2].Loss - curve[i-2].Loss; d < slope {
			slope, at = d, i
		}
	}
	return at
}
