package bench

import (
	"math"
	"slices"

	"descent/internal/plot"
)

// dataProfile draws the share of targets reached over the budget, as COCO does.
// Moré, Wild 2009, https://doi.org/10.1137/080724083.
func (r *Results) dataProfile() *plot.Figure {
	budget := 1.0
	for _, p := range r.Problems {
		budget = max(budget, float64(p.Budget))
	}
	f := &plot.Figure{Title: "Targets reached", X: plot.Axis{Label: "gradient evaluations", Log: true, Min: 1, Max: budget},
		Y: plot.Axis{Label: "share of targets", Min: 0, Max: 1}}
	colors := colors(r.Optimizers)
	for _, m := range r.Overall {
		var hits []float64
		targets := 0
		for _, run := range r.tuned(m.Optimizer) {
			targets += len(run.Hits)
			for _, h := range run.Hits {
				if h > 0 {
					hits = append(hits, float64(h))
				}
			}
		}
		f.Layers = append(f.Layers, steps(m.Optimizer, colors[m.Optimizer], hits, targets, budget))
	}
	return f
}

// performanceProfile draws the share of runs that reach the target within a
// factor of the fastest optimizer's evaluations.
// Dolan, Moré 2002, https://doi.org/10.1007/s101070100263.
func (r *Results) performanceProfile() *plot.Figure {
	const most = 32
	f := &plot.Figure{Title: "Performance profile", X: plot.Axis{Label: "times the evaluations of the fastest", Log: true, Min: 1, Max: most},
		Y: plot.Axis{Label: "share of runs", Min: 0, Max: 1}}
	best := make([][]*Outcome, len(r.Overall))
	fastest := map[Job]float64{} // of all optimizers
	of := func(run *Outcome) Job { return Job{Problem: run.Problem, Seed: run.Seed, Start: run.Start} }
	for i, m := range r.Overall {
		best[i] = r.tuned(m.Optimizer)
		for _, run := range best[i] {
			h, before := float64(run.hit()), fastest[of(run)]
			if h > 0 && (before == 0 || h < before) {
				fastest[of(run)] = h
			}
		}
	}
	colors := colors(r.Optimizers)
	for i, m := range r.Overall {
		var ratios []float64
		for _, run := range best[i] {
			if h := run.hit(); h > 0 {
				ratios = append(ratios, float64(h)/fastest[of(run)])
			}
		}
		f.Layers = append(f.Layers, steps(m.Optimizer, colors[m.Optimizer], ratios, len(best[i]), most))
	}
	return f
}

// steps is the line of the share of n that is at most x, up to end.
func steps(name string, color plot.Color, x []float64, n int, end float64) plot.Line {
	slices.Sort(x)
	l := plot.Line{Name: name, Color: color, Step: true, X: []float64{1}, Y: []float64{0}}
	for k, v := range x {
		if v > end {
			break
		}
		l.X, l.Y = append(l.X, v), append(l.Y, float64(k+1)/float64(n))
	}
	l.X, l.Y = append(l.X, end), append(l.Y, l.Y[len(l.Y)-1])
	return l
}

// heat draws the evaluations that each optimizer needs for each problem.
func (r *Results) heat() *plot.Figure {
	h := plot.Heat{Label: "gradient evaluations", Numbers: true, Log: true}
	for _, m := range r.Overall {
		h.Cols = append(h.Cols, m.Optimizer)
	}
	for i := range r.Problems {
		p := r.part(i)
		h.Rows = append(h.Rows, p.Name)
		var line []float64
		for _, m := range r.Overall {
			x := math.NaN()
			for _, o := range p.Optimizers {
				if o.Optimizer == m.Optimizer && o.Steps != nil {
					x = *o.Steps
				}
			}
			line = append(line, x)
		}
		h.Z = append(h.Z, line)
	}
	return &plot.Figure{X: plot.Axis{Label: "optimizer"}, Y: plot.Axis{Label: "problem"}, Layers: []plot.Layer{h}, Width: 860, Height: 120 + float64(26*float64(len(r.Problems)))}
}
