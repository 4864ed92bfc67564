// Package schedule gives the learning rate of each step.
package schedule

import (
	"math"
	"slices"

	"descent/internal/kernel"
	"descent/internal/spec"
)

// A Schedule gives the learning rate of each step, counted from 0. Schedules
// are plain values that [Format] writes as they are parsed. Those of PyTorch compute as
// it does, which for most is by recurrence: [Rates] remembers the step before.
// [Check] reports settings that make no sense, as runs do before they
// begin; At does not look at them.
type Schedule interface {
	At(step int) float64
}

// A recurrence is a schedule whose rate at step t follows from that at t-1;
// next(lr, 0) is the first, from the base rate.
type recurrence interface {
	next(lr float64, t int) float64
}

// Rates returns the schedule as a function that is fast when steps come in
// order.
func Rates(s Schedule) func(step int) float64 { return Start(s, false).rate }

// recurrent returns the schedule as a recurrence. A product is one when none of
// its parts sets the rate regardless of what it was.
func recurrent(s Schedule) (recurrence, bool) {
	p, ok := s.(Product)
	if !ok {
		r, ok := s.(recurrence)
		return r, ok
	}
	for _, s := range p {
		switch s := s.(type) {
		case CosineSchedule:
			ok = s.Warmup == 0 && s.Final == 0 && s.Periodic
		case LinearSchedule:
			ok = s.Start != 0
		default:
			_, ok = recurrent(s)
		}
		if !ok {
			return nil, false
		}
	}
	return p, true
}

// replay returns the rate at a step from the first on.
func replay(r recurrence, base float64, step int) float64 {
	for t := 0; t <= step; t++ {
		base = r.next(base, t)
	}
	return base
}

// baseOf returns the rate that a recurrence starts from.
func baseOf(s Schedule) float64 {
	if c, ok := s.(Product); ok {
		return baseOf(c[0])
	}
	for _, f := range spec.Fields(s) {
		if f.Name == "lr" {
			return f.Default.(float64)
		}
	}
	return 1
}

func pow(x, y float64) float64 { return kernel.Eval(kernel.Pow, x, y, 0) }
func cos(x float64) float64    { return kernel.Eval(kernel.Cos, x, 0, 0) }

// Lambda is any function of the step, torch's LambdaLR.
type Lambda func(step int) float64

// At implements [Schedule].
func (f Lambda) At(step int) float64 { return f(step) }

// Multiplicative multiplies the rate by Factor(t) at each step t ≥ 1.
type Multiplicative struct {
	LR     float64
	Factor func(step int) float64
}

// At implements [Schedule].
func (s Multiplicative) At(t int) float64 { return replay(s, s.LR, t) }

func (s Multiplicative) next(lr float64, t int) float64 {
	if t == 0 {
		return lr
	}
	return lr * s.Factor(t)
}

// ConstantSchedule is the same rate at every step, but for a factor on the
// first ones.
type ConstantSchedule struct {
	LR     float64 `help:"learning rate" range:"[0,inf)"`
	Factor float64 `help:"factor of the first steps" range:"(0,1]"`
	Steps  int     `help:"how many are first" range:"[0,inf)"`
}

// Constant returns a rate that stays.
func Constant(lr float64) ConstantSchedule { return ConstantSchedule{LR: lr, Factor: 1} }

// At implements [Schedule].
func (s ConstantSchedule) At(t int) float64 { return replay(s, s.LR, min(t, s.Steps)) }

func (s ConstantSchedule) next(lr float64, t int) float64 {
	switch {
	case t == 0 && s.Steps > 0:
		return lr * s.Factor
	case t == s.Steps && t > 0:
		return lr * (1 / s.Factor)
	}
	return lr
}

// LinearSchedule goes from lr·Start to lr·End in a straight line.
type LinearSchedule struct {
	LR    float64 `help:"learning rate" range:"[0,inf)"`
	Start float64 `help:"factor of the first step" range:"[0,1]"`
	End   float64 `help:"factor from the last step on" range:"[0,1]"`
	Steps int     `help:"steps from start to end" range:"[1,inf)"`
}

// Linear returns a rate that goes from lr·start to lr·end.
func Linear(lr, start, end float64, steps int) LinearSchedule {
	return LinearSchedule{lr, start, end, steps}
}

// At implements [Schedule].
func (s LinearSchedule) At(t int) float64 { return replay(s, s.LR, min(t, s.Steps)) }

func (s LinearSchedule) next(lr float64, t int) float64 {
	switch {
	case t == 0:
		return lr * s.Start
	case t > s.Steps:
		return lr
	case s.Start == 0: // PyTorch divides by 0
		return s.LR * s.End * float64(t) / float64(s.Steps)
	}
	rise := s.End - s.Start
	return lr * (1 + rise/(float64(float64(s.Steps)*s.Start)+float64(float64(t-1)*rise)))
}

// ExponentialSchedule multiplies the rate at each step.
type ExponentialSchedule struct {
	LR     float64 `help:"learning rate" range:"[0,inf)"`
	Factor float64 `help:"of each step" range:"(0,inf)"`
}

// Exponential returns a rate that falls by a factor at each step.
func Exponential(lr, factor float64) ExponentialSchedule { return ExponentialSchedule{lr, factor} }

// At implements [Schedule].
func (s ExponentialSchedule) At(t int) float64 { return replay(s, s.LR, t) }

func (s ExponentialSchedule) next(lr float64, t int) float64 {
	if t == 0 {
		return lr
	}
	return lr * s.Factor
}

// StepSchedule multiplies the rate every so many steps.
type StepSchedule struct {
	LR     float64 `help:"learning rate" range:"[0,inf)"`
	Every  int     `help:"steps between falls" range:"[1,inf)"`
	Factor float64 `help:"of each fall" range:"(0,inf)"`
}

// Staircase returns a rate that falls every so many steps.
func Staircase(lr float64, every int, factor float64) StepSchedule {
	return StepSchedule{lr, every, factor}
}

// At implements [Schedule].
func (s StepSchedule) At(t int) float64 {
	lr := s.LR
	for range t / s.Every {
		lr *= s.Factor
	}
	return lr
}

func (s StepSchedule) next(lr float64, t int) float64 {
	if t == 0 || t%s.Every != 0 {
		return lr
	}
	return lr * s.Factor
}

// MultiStepSchedule multiplies the rate at given steps.
type MultiStepSchedule struct {
	LR     float64 `help:"learning rate" range:"[0,inf)"`
	Steps  []int   `name:"at" help:"steps of the falls"`
	Factor float64 `help:"of each fall" range:"(0,inf)"`
}

// MultiStep returns a rate that falls at given steps.
func MultiStep(lr, factor float64, at ...int) MultiStepSchedule {
	return MultiStepSchedule{lr, at, factor}
}

// At implements [Schedule].
func (s MultiStepSchedule) At(t int) float64 {
	lr := s.LR
	at := slices.Sorted(slices.Values(s.Steps))
	for _, k := range slices.Compact(at) {
		if k <= t {
			lr = s.next(lr, k)
		}
	}
	return lr
}

func (s MultiStepSchedule) next(lr float64, t int) float64 {
	n := 0
	for _, k := range s.Steps {
		if k == t {
			n++
		}
	}
	if n == 0 {
		return lr
	}
	return lr * pow(s.Factor, float64(n))
}

// PolynomialSchedule falls to 0 along a power of what is left.
type PolynomialSchedule struct {
	LR    float64 `help:"learning rate" range:"[0,inf)"`
	Steps int     `help:"steps until 0" range:"[1,inf)"`
	Power float64 `help:"power of what is left" range:"(0,inf)"`
}

// Polynomial returns a rate that falls to 0.
func Polynomial(lr float64, steps int, power float64) PolynomialSchedule {
	return PolynomialSchedule{lr, steps, power}
}

// At implements [Schedule].
func (s PolynomialSchedule) At(t int) float64 { return replay(s, s.LR, min(t, s.Steps)) }

func (s PolynomialSchedule) next(lr float64, t int) float64 {
	if t == 0 || t > s.Steps {
		return lr
	}
	n := float64(s.Steps)
	return lr * pow((1-float64(t)/n)/(1-float64(t-1)/n), s.Power)
}

// A Product multiplies schedules, as torch's ChainedScheduler does: the base
// rate is that of the first, the others' is best left at 1.
type Product []Schedule

// At implements [Schedule].
func (p Product) At(t int) float64 { return Rates(p)(t) }

func (p Product) next(lr float64, t int) float64 {
	for i, s := range p {
		if t == 0 && i > 0 {
			lr *= baseOf(s)
		}
		lr = s.(recurrence).next(lr, t)
	}
	return lr
}

// A Phase is a schedule that begins at a step; its own steps count from there.
type Phase struct {
	From int
	Schedule
}

// A Sequence is one schedule after the other, torch's SequentialLR.
type Sequence []Phase

// At implements [Schedule].
func (q Sequence) At(t int) float64 {
	p := q[q.phase(t)]
	return p.Schedule.At(t - p.From)
}

// phase returns which schedule a step belongs to.
func (q Sequence) phase(t int) int {
	i := 0
	for i+1 < len(q) && t >= q[i+1].From {
		i++
	}
	return i
}

// warm multiplies a rate by t/steps during the first steps.
func warm(lr float64, t, steps int) float64 {
	if t < steps {
		return lr * float64(t) / float64(steps)
	}
	return lr
}

// part returns t/steps, within 0 and 1.
func part(t, steps int) float64 { return math.Min(math.Max(float64(t)/float64(max(steps, 1)), 0), 1) }
