package bench

import (
	_ "embed"
	"errors"
	"fmt"
	"html/template"
	"io"
	"math"
	"slices"

	"descent/internal/page"
	"descent/internal/plot"
	"descent/internal/stats"
)

//go:embed html/suite.html
var suiteBody string

var suiteTemplate = page.Body(suiteBody)

// suiteView is what the page of a suite shows.
type suiteView struct {
	Lead      string
	Sentences []string
	Results   *SuiteResults
	Rows      []struct {
		Optimizer string
		Cells     []string
	}
	Profiles []template.HTML
	Map      template.HTML
}

// WriteHTML writes the report: one page that needs nothing else, runs no
// script, and loads nothing.
func (r *SuiteResults) WriteHTML(w io.Writer) error {
	if len(r.Verdict) == 0 || len(r.Problems) == 0 {
		return errors.New("bench: these results are empty: there is nothing to report")
	}
	v := &suiteView{Lead: r.Verdict[0], Sentences: r.Verdict[1:], Results: r}
	for _, m := range r.Optimizers {
		v.Rows = append(v.Rows, struct {
			Optimizer string
			Cells     []string
		}{m.Optimizer, r.cells(m)})
	}
	for _, f := range []*plot.Figure{r.dataProfile(), r.performanceProfile()} {
		s, err := svg(f)
		if err != nil {
			return err
		}
		v.Profiles = append(v.Profiles, s)
	}
	f := r.heat()
	f.Width, f.Height = 860, 120+float64(26*float64(len(r.Problems)))
	var err error
	if v.Map, err = page.SVG(f); err != nil {
		return err
	}
	p := page.Page{Title: "Optimizers on the suite " + r.Suite}
	p.Subtitle = fmt.Sprintf("%d problems, %d starts each, %d optimizers, %d runs of up to %d gradient evaluations in %.1f s",
		len(r.Problems), r.Starts, len(r.Optimizers), len(r.Runs), r.Budget, r.Timing.Seconds)
	return p.Write(w, suiteTemplate, v)
}

// colors gives each optimizer a colour of its own in all figures.
func (r *SuiteResults) colors() map[string]plot.Color {
	var names []string
	for _, m := range r.Optimizers {
		names = append(names, m.Optimizer)
	}
	return plot.Colors(names...)
}

// dataProfile draws the share of targets reached over the budget, as COCO does.
// Moré, Wild 2009, https://doi.org/10.1137/080724083.
func (r *SuiteResults) dataProfile() *plot.Figure {
	f := &plot.Figure{Title: "Targets reached", X: plot.Axis{Label: "gradient evaluations", Log: true, Min: 1, Max: float64(r.Budget)},
		Y: plot.Axis{Label: "share of targets", Min: 0, Max: 1}}
	colors := r.colors()
	for _, m := range r.Optimizers {
		var hits []float64
		for _, run := range m.best {
			for _, h := range run.Hits {
				if h > 0 {
					hits = append(hits, float64(h))
				}
			}
		}
		f.Layers = append(f.Layers, steps(m.Optimizer, colors[m.Optimizer], hits, len(m.best)*len(r.Targets), float64(r.Budget)))
	}
	return f
}

// profileTarget is the target that single figures are about, as an index: a
// ten-thousandth of the way is left.
const profileTarget = 3

// performanceProfile draws the share of runs that reach the target within a
// factor of the fastest optimizer's evaluations.
// Dolan, Moré 2002, https://doi.org/10.1007/s101070100263.
func (r *SuiteResults) performanceProfile() *plot.Figure {
	const most = 32
	f := &plot.Figure{Title: "Performance profile", X: plot.Axis{Label: "times the evaluations of the fastest", Log: true, Min: 1, Max: most},
		Y: plot.Axis{Label: "share of runs", Min: 0, Max: 1}}
	fastest := make([]float64, len(r.Optimizers[0].best))
	for k := range fastest {
		fastest[k] = math.Inf(1)
		for _, m := range r.Optimizers {
			if h := m.best[k].Hits[profileTarget]; h > 0 {
				fastest[k] = min(fastest[k], float64(h))
			}
		}
	}
	colors := r.colors()
	for _, m := range r.Optimizers {
		var ratios []float64
		for k, run := range m.best {
			if h := run.Hits[profileTarget]; h > 0 {
				ratios = append(ratios, float64(h)/fastest[k])
			}
		}
		f.Layers = append(f.Layers, steps(m.Optimizer, colors[m.Optimizer], ratios, len(m.best), most))
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
func (r *SuiteResults) heat() *plot.Figure {
	h := plot.Heat{Label: "gradient evaluations", Numbers: true, Log: true}
	for _, m := range r.Optimizers {
		h.Cols = append(h.Cols, m.Optimizer)
	}
	for _, p := range r.Problems {
		h.Rows = append(h.Rows, p.Name)
		var line []float64
		for _, m := range r.Optimizers {
			var hits []float64
			for _, run := range m.best {
				if run.Problem != p.Name {
					continue
				}
				hit := math.Inf(1)
				if h := run.Hits[profileTarget]; h > 0 {
					hit = float64(h)
				}
				hits = append(hits, hit)
			}
			x := stats.Median(hits)
			if !finite(x) {
				x = math.NaN()
			}
			line = append(line, x)
		}
		h.Z = append(h.Z, line)
	}
	return &plot.Figure{X: plot.Axis{Label: "optimizer"}, Y: plot.Axis{Label: "problem"}, Layers: []plot.Layer{h}}
}
