package bench

import (
	"bytes"
	"fmt"
	"html/template"
	"math"
	"slices"

	"descent/internal/page"
	"descent/internal/plot"
	"descent/internal/stats"
)

// Figures are half as wide as the page, so that they stay readable when a phone
// puts them below each other.
const figureWidth, figureHeight = 480, 360

// colors gives each optimizer a colour of its own in all figures.
func (r *Results) colors() map[string]plot.Color {
	var names []string
	for _, o := range r.Optimizers {
		names = append(names, o.Optimizer)
	}
	return plot.Colors(names...)
}

// svg draws a figure at that size.
func svg(f *plot.Figure) (template.HTML, error) {
	f.Width, f.Height = figureWidth, figureHeight
	return page.SVG(f)
}

// figures draws the pictures of the report.
func (r *Results) figures() (curves, rates []template.HTML, err error) {
	draw := func(to *[]template.HTML, f *plot.Figure) {
		if err == nil && len(f.Layers) > 0 {
			var s template.HTML
			s, err = svg(f)
			*to = append(*to, s)
		}
	}
	draw(&curves, r.curves("Training loss", func(run *Run) []float64 { return run.TrainLoss }))
	draw(&curves, r.curves("Validation loss", func(run *Run) []float64 { return run.ValLoss }))
	draw(&rates, r.rates())
	draw(&rates, r.scatter())
	return curves, rates, err
}

// curves draws a curve with a band for each optimizer: the mean of its runs,
// from the lowest to the highest, as far as all of them go.
func (r *Results) curves(title string, of func(*Run) []float64) *plot.Figure {
	f := &plot.Figure{Title: title, X: plot.Axis{Label: "step"}, Y: plot.Axis{Label: "loss"}}
	positive, colors := true, r.colors()
	for _, o := range r.Optimizers {
		runs := r.byOptimizer(o.Optimizer)
		l := plot.Line{Name: o.Optimizer, Color: colors[o.Optimizer]}
		for k, step := range r.Checkpoints {
			var at []float64
			for _, run := range runs {
				if c := of(run); k < len(c) {
					at = append(at, c[k])
				}
			}
			if len(at) < len(runs) {
				break
			}
			l.X, l.Y = append(l.X, float64(step)), append(l.Y, stats.Mean(at))
			l.Lo, l.Hi = append(l.Lo, slices.Min(at)), append(l.Hi, slices.Max(at))
			positive = positive && slices.Min(at) > 0
		}
		if len(runs) < 2 {
			l.Lo, l.Hi = nil, nil
		}
		if len(l.X) > 0 {
			f.Layers = append(f.Layers, l)
		}
	}
	f.Y.Log = positive
	return f
}

// rates draws the validation loss over the learning rate.
func (r *Results) rates() *plot.Figure {
	f := &plot.Figure{Title: "Validation loss at each learning rate", X: plot.Axis{Label: "learning rate", Log: true}, Y: plot.Axis{Label: "loss at the end"}}
	low, high, positive, colors := math.Inf(1), 0.0, true, r.colors()
	for _, o := range r.Optimizers {
		l := plot.Line{Name: o.Optimizer, Color: colors[o.Optimizer], Marks: true}
		for _, p := range o.Grid {
			y := p.loss()
			if !finite(y) {
				y = math.NaN() // a gap, which the picture counts
			} else {
				low, high, positive = min(low, y), max(high, y), positive && p.Lo > 0
			}
			l.X, l.Y = append(l.X, p.LR), append(l.Y, y)
			l.Lo, l.Hi = append(l.Lo, p.Lo), append(l.Hi, p.Hi)
		}
		if len(l.X) > 0 {
			f.Layers = append(f.Layers, l)
		}
	}
	f.Y.Log = positive
	if positive && high > 1000*low { // what is worse does not matter
		f.Y.Min, f.Y.Max = math.NaN(), 1000*low
	}
	return f
}

// scatter draws quality over speed, a point for each run.
func (r *Results) scatter() *plot.Figure {
	f := &plot.Figure{Title: "Quality and speed", X: plot.Axis{Label: "steps to the target"}, Y: plot.Axis{Label: "test " + r.Setup.Score}}
	colors := r.colors()
	for _, o := range r.Optimizers {
		l := plot.Scatter{Name: o.Optimizer, Color: colors[o.Optimizer]}
		for _, run := range r.byOptimizer(o.Optimizer) {
			if run.StepsToTarget != nil && finite(r.scoreOf(run)) {
				l.X, l.Y = append(l.X, float64(*run.StepsToTarget)), append(l.Y, r.scoreOf(run))
			}
		}
		if len(l.X) > 0 {
			f.Layers = append(f.Layers, l)
		}
	}
	return f
}

// strip draws the scores of an optimizer's runs as dots on a line that all rows
// of the table share.
func (r *Results) strip(label string) template.HTML {
	lo, hi := math.Inf(1), math.Inf(-1)
	for i := range r.Runs {
		if s := r.scoreOf(&r.Runs[i]); finite(s) {
			lo, hi = min(lo, s), max(hi, s)
		}
	}
	if !(hi > lo) {
		return ""
	}
	const width, height, margin = 120, 18, 6
	at := func(s float64) float64 { return margin + (width-2*margin)*(s-lo)/(hi-lo) }
	dots := r.colors()[label].Hex()
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg class="strip" role="img" width="%d" height="%d" viewBox="0 0 %[1]d %[2]d"><title>%s to %s</title>`, width, height, r.format(lo), r.format(hi))
	fmt.Fprintf(&b, `<path d="M%d 9H%d" stroke="#d5d9de"/>`, margin, width-margin)
	for _, run := range r.byOptimizer(label) {
		if s := r.scoreOf(run); finite(s) {
			fmt.Fprintf(&b, `<circle cx="%.1f" cy="9" r="3.5" fill="%s" fill-opacity=".55"/>`, at(s), dots)
		}
	}
	b.WriteString("</svg>")
	return template.HTML(b.String())
}
