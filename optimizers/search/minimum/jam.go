package minimum

import (
	"context"
	"slices"

	"descent/optimizers/search"
	"descent/optimizers/search/point"
)

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

// goOn lets the variables move that can, as long as that helps, where a run has
// ended because others are jammed. It adds to the result.
func (r *run) goOn(ctx context.Context, m search.Method, stop search.Stop, res *search.Result) error {
	for res.Reason == search.NoProgress || res.Reason == search.StepSmall {
		spot := r.fn.At(r.bounded(res.X), make([]float64, len(res.X)))
		open := spot.Loose()
		if kind, err := spot.Kind(); err != nil || kind.Class != point.NotConverged || open == nil {
			return err
		}
		f := &face{r.free, slices.Clone(res.X), open}
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
