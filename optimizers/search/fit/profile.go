package fit

import (
	"context"
	"fmt"
	"math"
	"slices"

	"descent/optimizers/search"
)

// Profile makes the interval of each parameter of the values v at which
//
//	(S(v) - S) / s² <= t²
//
// where S(v) is the least sum of squares with the parameter held at v, S the least of
// all, and t the quantile of the level.
type Profile struct{}

func (Profile) of(ctx context.Context, f *Fit, how How) error {
	if f.factor == nil || !f.Converged || f.Exact && !f.Absolute {
		f.Notes = append(f.Notes, "no profiles: they need a minimum, residuals and degrees of freedom")
		return nil
	}
	s, err := f.model.system(f.at, false)
	if err != nil {
		return err
	}
	problem, err := search.ResidualProblem(s.residual(), s.params, s.feeds...)
	if err != nil {
		return err
	}
	f.model.limit(problem)
	for j, name := range f.Names() {
		e := f.Parameters[name]
		if math.IsNaN(e.Stderr) || e.Stderr == 0 {
			continue
		}
		p := &profile{ctx: ctx, f: f, problem: problem, steps: how.Steps, j: j, least: 2 * problem.Func(f.at)}
		for _, side := range []struct {
			sign float64
			end  *float64
		}{{-1, &e.Lower}, {1, &e.Upper}} {
			if *side.end, err = p.end(side.sign, e.Stderr); err != nil {
				return err
			}
		}
		f.Parameters[name] = e
		f.Notes = append(f.Notes, p.notes...)
	}
	return ctx.Err()
}

// A profile is the least sum of squares as a function of parameter j.
type profile struct {
	ctx     context.Context
	f       *Fit
	problem *search.Problem
	steps   int
	j       int
	least   float64 // the sum of squares of the fit
	at      []float64
	notes   []string
}

// end is where the profile has risen enough on one side: it is stepped towards from
// the estimate, and halved in on by regula falsi.
func (p *profile) end(sign, stderr float64) (float64, error) {
	lo, hi := p.f.model.Params[p.j].Bound.Ends()
	limit := lo
	if sign > 0 {
		limit = hi
	}
	p.at = slices.Clone(p.f.at)
	a, low := p.f.at[p.j], -p.f.quantile // τ less the quantile
	step := sign * p.f.quantile * stderr
	const doublings = 40
	for range doublings {
		b := a + step
		if stop := sign*b >= sign*limit; stop {
			b = limit
		}
		high, err := p.rise(b)
		if err != nil || p.ctx.Err() != nil {
			return math.NaN(), err
		}
		if high >= 0 {
			return p.between(a, b, low, high)
		}
		if a, low = b, high; b == limit {
			p.note("%s: the profile does not rise enough up to its bound %v", limit)
			return limit, nil
		}
		step *= 2
	}
	p.note("%s: the profile does not rise enough up to %v", a)
	return math.Inf(int(sign)), nil
}

// between finds where the rise is 0 between a, where it is low, and b, where it is high.
func (p *profile) between(a, b, low, high float64) (float64, error) {
	for range 100 {
		if math.Abs(b-a) <= 1e-11*max(math.Abs(a), math.Abs(b)) || high == 0 {
			break
		}
		x := b - float64(high*(b-a)/(high-low))
		y, err := p.rise(x)
		if err != nil || p.ctx.Err() != nil {
			return math.NaN(), err
		}
		if y >= 0 == (high >= 0) {
			low *= 0.5 // Illinois: the end that stays counts half
		} else {
			a, low = b, high
		}
		b, high = x, y
	}
	return b, nil
}

// rise is √((S(v)-S)/s²) less the quantile.
func (p *profile) rise(v float64) (float64, error) {
	p.problem.Start = slices.Clone(p.at)
	p.problem.Start[p.j] = v
	lo, hi := p.problem.Lower[p.j], p.problem.Upper[p.j]
	p.problem.Lower[p.j], p.problem.Upper[p.j] = v, v
	defer func() { p.problem.Lower[p.j], p.problem.Upper[p.j] = lo, hi }()
	res, err := search.Minimize(p.ctx, p.problem, search.LevenbergMarquardt{Once: true}, search.Stop{Iterations: p.steps})
	if err != nil {
		return 0, err
	}
	copy(p.at, res.X)
	over := float64(2*res.F) - p.least
	if over < -1e-8*p.least {
		p.note("%s: the sum of squares is lower, %.10g, where it is %v: the fit is not the least", float64(2*res.F), v)
	}
	return math.Sqrt(max(0, over)/p.f.variance) - p.f.quantile, nil
}

// note adds a note on the parameter, once.
func (p *profile) note(format string, args ...any) {
	if len(p.notes) < 2 {
		p.notes = append(p.notes, fmt.Sprintf(format, append([]any{p.f.Names()[p.j]}, args...)...))
	}
}
