package bench

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"descent/internal/plot"
	"descent/internal/stats"
)

// A quantity is one of what a look sees, as a figure.
type quantity struct {
	title, label string
	of           func(*Look) float64 // NaN if there is none
	log          bool
	mark         string // what 1 is, if it is something
}

var quantities = []quantity{
	{"Gradient", "norm", func(l *Look) float64 { return l.Gradient }, true, ""},
	{"Noise of gradients", "noise scale (rows)", func(l *Look) float64 { return or(l.NoiseScale) }, true, ""},
	{"Steps", "length of the step over that of the weights", func(l *Look) float64 { return or(l.Update) }, true, ""},
	{"Curvature", "largest eigenvalue", func(l *Look) float64 { return l.Largest }, true, ""},
	{"Curvature beside the rate", "largest eigenvalue over the bound", func(l *Look) float64 { return l.Largest / or(l.Bound) }, true, "bound"},
	{"Negative curvature", "lowest eigenvalue over the largest", func(l *Look) float64 {
		if l.Largest <= 0 {
			return math.NaN()
		}
		return l.Lowest / l.Largest
	}, false, ""},
}

// or is a number that may be missing.
func or(x *float64) float64 {
	if x == nil {
		return math.NaN()
	}
	return *x
}

// decades is how far below the largest value a figure reaches: the last steps of a
// schedule that ends at 0 are as good as none.
const decades = 1e5

// inside are the figures of the diagnoses, one for each quantity that something has.
func (p *part) inside() (out []*plot.Figure) {
	for _, q := range quantities {
		f := &plot.Figure{Title: q.title, X: plot.Axis{Label: "gradient evaluations", Log: true}, Y: plot.Axis{Label: q.label, Log: q.log}}
		low, high := math.Inf(1), 0.0
		p.layers(f, func(o *Summary, l *plot.Line) {
			l.Marks = true
			for _, d := range only(p.Diagnoses, o.Optimizer, func(d Diagnosis) string { return d.Optimizer }) {
				for i := range d.Looks {
					if y := q.of(&d.Looks[i]); finite(y) && (y > 0 || !q.log) {
						l.X, l.Y = append(l.X, float64(d.Looks[i].Step)), append(l.Y, y)
						low, high = min(low, y), max(high, y)
					}
				}
			}
		})
		if q.log && low < high/decades {
			f.Y.Min, f.Y.Max = high/decades, math.NaN()
		}
		if q.mark != "" && len(f.Layers) > 0 {
			f.Layers = append(f.Layers, plot.HRule{Name: q.mark, At: 1})
		}
		out = append(out, f)
	}
	return out
}

// vicinity is how far from the bound, over the bound, is near it: a quarter.
const vicinity = 0.25

// seen says what the diagnoses show, and nothing of what is not seen in them.
func (p *part) seen() []string {
	var out, strayed []string
	var first, last []float64
	below, looked := 0, 0
	for i := range p.Diagnoses {
		d := &p.Diagnoses[i]
		if !d.Same {
			strayed = append(strayed, d.Optimizer)
		}
		if len(d.Looks) == 0 {
			continue
		}
		from, to := &d.Looks[0], &d.Looks[len(d.Looks)-1]
		first, last = append(first, toldOrMore(from.NoiseScale)), append(last, toldOrMore(to.NoiseScale))
		if looked++; to.Lowest < -to.Error {
			below++
		}
		out = append(out, d.besideBound(p.Budget))
	}
	if looked > 0 {
		out = append(out, fmt.Sprintf("At the last look the lowest eigenvalue is below 0 by more than its error for %d of %d optimizers.", below, looked))
		if !p.function() {
			out = append([]string{fmt.Sprintf("At the first look the noise scale is %s, at the last %s (medians over optimizers); batches of training have %d rows. Where batches have fewer rows than the noise scale, noise is more than half of the square of their gradients.",
				rowsOr(stats.Median(first)), rowsOr(stats.Median(last)), p.Batch)}, out...)
		}
	}
	if len(strayed) > 0 {
		out = append(out, "Done again, these runs went another way, so that what is seen is not of those that count: "+list(strayed)+".")
	}
	return said(append(out, p.ofWhat())...)
}

// toldOrMore is a noise scale; one that cannot be told is larger than others.
func toldOrMore(scale *float64) float64 {
	if scale == nil {
		return math.Inf(1)
	}
	return *scale
}

func rowsOr(scale float64) string {
	if !finite(scale) {
		return "more than can be told"
	}
	return short(scale) + " rows"
}

// besideBound says how the largest eigenvalue lies beside the bound, "" if there is none.
func (d *Diagnosis) besideBound(budget int) string {
	looks, by, beyond, between, stays := 0, 0, 0, 0, true
	for i := range d.Looks {
		l := &d.Looks[i]
		if l.Bound == nil {
			continue
		}
		looks++
		ratio := l.Largest / *l.Bound
		at := math.Abs(ratio-1) <= vicinity
		if at {
			by++
		} else if ratio > 1 {
			beyond++
		}
		if 10*l.Step >= budget && 10*l.Step <= 9*budget {
			between++
			stays = stays && at
		}
	}
	if looks == 0 {
		return ""
	}
	text := fmt.Sprintf("%s: the largest eigenvalue is within a quarter of the bound at %d of %d looks, and further above it at %d", d.Optimizer, by, looks, beyond)
	if stays && between > 1 {
		text += "; from a tenth of the run to nine tenths it stays there at each look"
	}
	return text + "."
}

// whyNote says what the figures are, behind what is seen.
const whyNote = "This is the first scored run of each optimizer, done again and looked at: one run, in which nothing shows that optimizers differ. " +
	"The noise scale is the size of batches of whose squared gradient noise is half. " +
	"The bound is the curvature above which steps of gradient descent at that rate, with the gradient of all rows, grow on a quadratic function; it is known of sgd, with momentum or without."

// why adds the section on what runs are like from inside; of a suite, what a reader opens
// for each problem.
func (v *view) why() {
	s := section{Title: "Why", Note: whyNote}
	for i := range v.Problems {
		p := v.part(i)
		if len(p.Diagnoses) == 0 {
			continue
		}
		figures := v.draw(p.inside()...)
		if v.suite() {
			s.Folded = append(s.Folded, folded{Summary: p.Name, Figures: figures, List: p.seen()})
		} else {
			s.Figures, s.Note = figures, strings.Join(append(p.seen(), whyNote), " ")
		}
	}
	v.add(s)
}

// ofWhat says what gradients and Hessian are of, "" if no run was done again.
func (p *part) ofWhat() string {
	d := slices.MaxFunc(p.Diagnoses, func(a, b Diagnosis) int { return cmp.Compare(a.Batches, b.Batches) })
	switch {
	case d.Batches == 0:
		return ""
	case p.function():
		return fmt.Sprintf("Gradient and Hessian are those of the function, of %d parameters.", d.Parameters)
	}
	return fmt.Sprintf("Gradients are of %d batches of %d training rows, the Hessian is of the mean loss of the first %d of them, by all %d parameters.", d.Batches, d.Size, d.Curved, d.Parameters)
}
