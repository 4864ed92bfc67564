package calc

import (
	"context"
	"slices"

	"descent/optimizers/search"
)

// loose returns the variables that are not jammed: at an edge of the domain or at
// a kink, each for itself. A line search ends there though others could move on,
// since its direction goes over the edge. It is nil if that holds for all or none.
func (s *spot) loose() (open []int) {
	for i := range s.x {
		axis := make([]float64, len(s.x))
		axis[i] = s.scale[i]
		c := s.cut(axis, 10*converged)
		blunt := c.left == wall || c.right == wall || c.order > 0 && c.order < 1.5
		if !blunt || c.left == down || c.right == down {
			open = append(open, i)
		}
	}
	if len(open) == len(s.x) {
		return nil
	}
	return open
}

// A face is a problem over the variables of another that are not held at x.
type face struct {
	p    *search.Problem
	x    []float64
	open []int // the variables that are left
}

// whole is the full vector of a face's, with base elsewhere.
func (f *face) whole(base, part []float64) []float64 {
	full := slices.Clone(base)
	for k, i := range f.open {
		full[i] = part[k]
	}
	return full
}

// part fills out with the face's elements of a full vector.
func (f *face) part(full, out []float64) {
	for k, i := range f.open {
		out[k] = full[i]
	}
}

func (f *face) problem() *search.Problem {
	full, zero := make([]float64, len(f.x)), make([]float64, len(f.x))
	p := &search.Problem{Start: make([]float64, len(f.open)),
		Func: func(y []float64) float64 { return f.p.Func(f.whole(f.x, y)) },
		Grad: func(y, g []float64) float64 {
			v := f.p.Grad(f.whole(f.x, y), full)
			f.part(full, g)
			return v
		},
		HVP: func(y, v, hv []float64) {
			f.p.HVP(f.whole(f.x, y), f.whole(zero, v), full)
			f.part(full, hv)
		}}
	f.part(f.x, p.Start)
	return p
}

// goOn lets the variables move that can, as long as that helps, where a search
// has ended because others are jammed. It adds to the result.
func (t *terrain) goOn(ctx context.Context, p *search.Problem, b *bounded, m search.Method, stop search.Stop, res *search.Result) error {
	for res.Reason == search.NoProgress || res.Reason == search.StepSmall {
		spot := t.at(b.outside(res.X), make([]float64, len(res.X)))
		open := spot.loose()
		if v, err := spot.verdict(); err != nil || v.kind != kindOpen || open == nil {
			return err
		}
		f := &face{p, slices.Clone(res.X), open}
		rest := stop
		rest.Iterations = max(stop.Iterations-res.Iterations, 1)
		rest.Confirm = func(y []float64) search.Reason { return stop.Confirm(f.whole(f.x, y)) }
		next, err := search.Minimize(ctx, f.problem(), m, rest)
		if err != nil {
			return err
		}
		for _, at := range next.Trace {
			at.X = f.whole(f.x, at.X)
			res.Trace = append(res.Trace, at)
		}
		res.Evaluations += next.Evaluations
		res.Iterations += next.Iterations
		if !(next.F < res.F) {
			return nil
		}
		res.X, res.F, res.Reason = f.whole(f.x, next.X), next.F, next.Reason
	}
	return nil
}
