package bench

import (
	"bytes"
	"fmt"
	"html/template"
	"math"
	"slices"

	"descent/internal/plot"
	"descent/internal/stats"
)

// Figures are half as wide as the page, so that they stay readable when a phone
// puts them below each other.
const figureWidth, figureHeight = 480, 360

// colors gives each optimizer a colour of its own in all figures.
func colors(optimizers []Summary) map[string]plot.Color {
	return plot.Colors(words(optimizers, func(o *Summary) string { return o.Optimizer })...)
}

// layers adds what draw makes of each optimizer, if it has points.
func (p *part) layers(f *plot.Figure, draw func(o *Summary, l *plot.Line)) {
	colors := colors(p.Optimizers)
	for i := range p.Optimizers {
		o := &p.Optimizers[i]
		l := plot.Line{Name: o.Optimizer, Color: colors[o.Optimizer]}
		if draw(o, &l); len(l.X) > 0 {
			f.Layers = append(f.Layers, l)
		}
	}
}

// curves draws a curve with a band for each optimizer: the mean of its runs,
// from the lowest to the highest, as far as all of them go.
func (p *part) curves(title string, of func(*Outcome) []float64) *plot.Figure {
	f := &plot.Figure{Title: title, X: plot.Axis{Label: "step"}, Y: plot.Axis{Label: "loss"}}
	positive := true
	p.layers(f, func(o *Summary, l *plot.Line) {
		runs := p.of(o.Optimizer)
		for k, step := range p.Checkpoints {
			var at []float64
			for _, run := range runs {
				if c := of(run); k < len(c) {
					at = append(at, c[k])
				}
			}
			if len(at) == 0 || len(at) < len(runs) {
				break
			}
			l.X, l.Y = append(l.X, float64(step)), append(l.Y, stats.Mean(at))
			l.Lo, l.Hi = append(l.Lo, slices.Min(at)), append(l.Hi, slices.Max(at))
			positive = positive && slices.Min(at) > 0
		}
		if len(runs) < 2 {
			l.Lo, l.Hi = nil, nil
		}
	})
	f.Y.Log = positive
	return f
}

// rates draws the validation loss over the learning rate, where that alone was
// searched for.
func (p *part) rates() *plot.Figure {
	f := &plot.Figure{Title: "Validation loss at each learning rate", X: plot.Axis{Label: "learning rate", Log: true}, Y: plot.Axis{Label: "loss at the end"}}
	low, high, positive := math.Inf(1), 0.0, true
	p.layers(f, func(o *Summary, l *plot.Line) {
		l.Marks = true
		for _, t := range byRate(p.trialsOf(o.Optimizer)) {
			y := t.end()
			if !finite(y) {
				y = math.NaN() // a gap, which the picture counts
			} else {
				low, high, positive = min(low, y), max(high, y), positive && y > 0
			}
			l.X, l.Y = append(l.X, t.LR), append(l.Y, y)
		}
	})
	f.Y.Log = positive
	if positive && high > 1000*low { // what is worse does not matter
		f.Y.Min, f.Y.Max = math.NaN(), 1000*low
	}
	return f
}

// budgets draws the score that so many trials are expected to find.
func (p *part) budgets() *plot.Figure {
	f := &plot.Figure{Title: "Test " + p.Score + " over trials", X: plot.Axis{Label: "trials beside the default"}, Y: plot.Axis{Label: "expected test " + p.Score}}
	p.layers(f, func(o *Summary, l *plot.Line) {
		for k, y := range o.BestOf {
			if finite(y) {
				l.X, l.Y = append(l.X, float64(k)), append(l.Y, y)
			}
		}
	})
	return f
}

// scatter draws quality over speed, a point for each run.
func (p *part) scatter() *plot.Figure {
	f := &plot.Figure{Title: "Quality and speed", X: plot.Axis{Label: "steps to the target"}, Y: plot.Axis{Label: "test " + p.Score}}
	colors := colors(p.Optimizers)
	for i := range p.Optimizers {
		o := &p.Optimizers[i]
		l := plot.Scatter{Name: o.Optimizer, Color: colors[o.Optimizer]}
		for _, run := range p.of(o.Optimizer) {
			if k := run.hit(); k > 0 && finite(p.scoreOf(run)) {
				l.X, l.Y = append(l.X, float64(k)), append(l.Y, p.scoreOf(run))
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
func (p *part) strip(o *Summary) template.HTML {
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, run := range p.Runs {
		if s := p.scoreOf(run); finite(s) {
			lo, hi = min(lo, s), max(hi, s)
		}
	}
	if !(hi > lo) {
		return ""
	}
	const width, height, margin = 120, 18, 6
	at := func(s float64) float64 { return margin + (width-2*margin)*(s-lo)/(hi-lo) }
	dots := colors(p.Optimizers)[o.Optimizer].Hex()
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg class="strip" role="img" width="%d" height="%d" viewBox="0 0 %[1]d %[2]d"><title>%s to %s</title>`, width, height, p.format(lo), p.format(hi))
	fmt.Fprintf(&b, `<path d="M%d 9H%d" stroke="#d5d9de"/>`, margin, width-margin)
	for _, run := range p.of(o.Optimizer) {
		if s := p.scoreOf(run); finite(s) {
			fmt.Fprintf(&b, `<circle cx="%.1f" cy="9" r="3.5" fill="%s" fill-opacity=".55"/>`, at(s), dots)
		}
	}
	b.WriteString("</svg>")
	return template.HTML(b.String())
}
