package bench

import (
	"math"
	"slices"

	"descent/bench/inference"
	"descent/internal/plot"
	"descent/internal/stats"
)

// dataProfile draws the share of targets reached over the part of the budget, as COCO
// does. Moré, Wild 2009, https://doi.org/10.1137/080724083.
func (r *Results) dataProfile() *plot.Figure {
	const least = 1e-3
	f := &plot.Figure{Title: "Targets reached", X: plot.Axis{Label: "part of the budget", Log: true, Min: least, Max: 1},
		Y: plot.Axis{Label: "share of targets", Min: 0, Max: 1}}
	colors := colors(r.Optimizers)
	for _, m := range r.Overall {
		var hits []float64
		targets := 0
		for _, run := range r.of(m.Optimizer) {
			targets += len(run.Hits)
			for _, h := range run.Hits {
				if h > 0 {
					hits = append(hits, float64(h)/float64(run.Budget))
				}
			}
		}
		f.Layers = append(f.Layers, steps(m.Optimizer, colors[m.Optimizer], hits, targets, least, 1))
	}
	return f
}

// of returns the runs of an optimizer on all problems.
func (r *Results) of(label string) []*Outcome {
	return only(r.Runs, label, func(o *Outcome) string { return o.Optimizer })
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
	of := func(run *Outcome) Job { return Job{Problem: run.Problem, Seed: run.Seed, Case: run.Case} }
	for i, m := range r.Overall {
		best[i] = r.of(m.Optimizer)
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
		f.Layers = append(f.Layers, steps(m.Optimizer, colors[m.Optimizer], ratios, len(best[i]), 1, most))
	}
	return f
}

// steps is the line of the share of n that is at most x, from one end to the other.
func steps(name string, color plot.Color, x []float64, n int, from, to float64) plot.Line {
	slices.Sort(x)
	l := plot.Line{Name: name, Color: color, Step: true, X: []float64{from}, Y: []float64{0}}
	for k, v := range x {
		if v > to {
			break
		}
		l.X, l.Y = append(l.X, max(v, from)), append(l.Y, float64(k+1)/float64(n))
	}
	l.X, l.Y = append(l.X, to), append(l.Y, l.Y[len(l.Y)-1])
	return l
}

// tuning draws mean ranks over the number of trials.
func (r *Results) tuning() *plot.Figure {
	f := &plot.Figure{Title: "Mean rank over trials", X: plot.Axis{Label: "trials beside the default"}, Y: plot.Axis{Label: "mean rank (1 is best)"}}
	colors := colors(r.Optimizers)
	for _, m := range r.Overall {
		l := plot.Line{Name: m.Optimizer, Color: colors[m.Optimizer], Y: m.Ranks}
		for k := range m.Ranks {
			l.X = append(l.X, float64(k))
		}
		if len(l.X) > 0 {
			f.Layers = append(f.Layers, l)
		}
	}
	return f
}

// heat draws the mean normalised score of each optimizer on each problem.
func (r *Results) heat() *plot.Figure {
	h := plot.Heat{Label: "score", Numbers: true}
	for _, p := range r.Problems {
		h.Rows = append(h.Rows, p.Name)
	}
	h.Z = make([][]float64, len(r.Problems))
	for _, m := range r.Overall {
		h.Cols = append(h.Cols, m.Optimizer)
		for w, own := range r.normal(m.Optimizer) {
			h.Z[w] = append(h.Z[w], math.Round(1000*stats.Mean(own))/1000)
		}
	}
	return &plot.Figure{X: plot.Axis{Label: "optimizer"}, Y: plot.Axis{Label: "problem"}, Layers: []plot.Layer{h}, Width: 860, Height: 120 + float64(26*float64(len(r.Problems)))}
}

// differences draws mean ranks, best on top, and beside them for each optimizer that is
// the last of a group which the critical difference does not tell apart a bar up to the
// first. Demšar 2006, https://jmlr.org/papers/v7/demsar06a.html.
func (r *Results) differences() *plot.Figure {
	n := len(r.Overall)
	f := &plot.Figure{X: plot.Axis{Label: "mean rank (1 is best)", Min: 1, Max: float64(n)}, Width: 860, Height: 100 + float64(24*float64(n))}
	ranks, points := make([]float64, n), plot.Scatter{Name: "mean rank"}
	for i, m := range r.Overall {
		ranks[i] = m.Rank
		points.X, points.Y = append(points.X, m.Rank), append(points.Y, float64(n-1-i))
	}
	for i := range n {
		f.Y.Names = append(f.Y.Names, r.Overall[n-1-i].Optimizer)
	}
	for k, group := range inference.Groups(ranks, inference.CriticalDifference(n, len(r.Problems))) {
		first, last := group[0], group[len(group)-1]
		bar := plot.Line{X: []float64{ranks[last], ranks[last]}, Y: []float64{points.Y[last], points.Y[first]}, Color: plot.Colors("points", "bars")["bars"]}
		if k == 0 {
			bar.Name = "not told apart"
		}
		f.Layers = append(f.Layers, bar)
	}
	f.Layers = append(f.Layers, points)
	return f
}
