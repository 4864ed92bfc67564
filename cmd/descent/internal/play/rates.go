package play

import (
	"context"
	"math"

	"descent/internal/elementary"
	"descent/internal/plot"
	"descent/optimizers/search"
)

// A Limit is the learning rate from which on an optimizer does not descend: it ends above
// its start, or nowhere.
type Limit struct {
	Optimizer string  `json:"optimizer"`
	Rate      float64 `json:"rate"` // 0 if there is none up to the largest that was tried
	Own       float64 `json:"own"`  // that the optimizer has
	Most      float64 `json:"most"` // the largest that was tried
}

// The rates that are tried lie evenly in their logarithm.
const (
	leastRate, mostRate = 1e-4, 100.0
	ratesTried          = 49
	ratesSteps          = 200 // of a run at most
	limitSteps          = 500 // where the limit is looked for: near it, runs diverge slowly
	halvings            = 20  // of the gap in which it lies
)

// rates runs every optimizer that has a learning rate at many.
func (g *ground) rates(ctx context.Context) (*Reply, error) {
	fig := &plot.Figure{X: plot.Axis{Label: "learning rate", Log: true}, Y: plot.Axis{Label: "f at the end"}, Width: 860, Height: 300}
	r := &Reply{Variables: g.names, Start: g.problem.Start}
	colors := plot.Colors(g.Optimizers...)
	top := g.problem.Func(g.problem.Start)
	for _, text := range g.Optimizers {
		e, err := search.Parse(text)
		if err != nil {
			return nil, err
		}
		if e.Method != nil {
			continue // it has no learning rate
		}
		end := func(rate float64, steps int) (float64, error) {
			stop := search.Stop{Grad: tolerance, Iterations: steps}
			res, err := search.Minimize(ctx, g.problem, search.With(e.Rule, rate), stop)
			if err != nil || res.Reason == search.NotFinite || len(res.Trace) == 0 {
				return math.NaN(), err
			}
			return res.Trace[len(res.Trace)-1].F, nil
		}
		line := plot.Line{Name: text, Color: colors[text]}
		lo, hi := 0.0, 0.0
		for i := range ratesTried {
			rate := leastRate * elementary.Pow(mostRate/leastRate, float64(i)/(ratesTried-1))
			f, err := end(rate, min(g.Steps, ratesSteps))
			switch {
			case err != nil:
				return nil, err
			case f <= top:
				line.X, line.Y = append(line.X, rate), append(line.Y, f)
				if hi == 0 {
					lo = rate
				}
			case hi == 0:
				hi = rate
			}
		}
		for i := 0; i < halvings && hi > 0 && lo > 0; i++ {
			middle := math.Sqrt(lo * hi)
			f, err := end(middle, limitSteps)
			if err != nil {
				return nil, err
			}
			if f <= top {
				lo = middle
			} else {
				hi = middle
			}
		}
		r.Limits = append(r.Limits, Limit{text, hi, e.LR, mostRate})
		fig.Layers = append(fig.Layers, line)
	}
	if len(fig.Layers) == 0 {
		return r, nil
	}
	return r, r.add(fig)
}
