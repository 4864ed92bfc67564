// Package draw makes the pictures and the animation of the commands min, fit and
// grad.
package draw

import (
	"fmt"
	"math"

	"descent/internal/plot"
	"descent/optimizers/search"
)

// A Path is where a method went on a function.
type Path struct {
	Name  string
	X     [][]float64
	F     []float64 // the value at each point
	Jumps bool      // the points are no steps from one to the next
}

// A Landscape is a function to draw, and what was walked on it.
type Landscape struct {
	Names  []string // of the variables
	F      func(x []float64) float64
	Bounds []search.Bound // of each variable
	Box    [][2]float64   // what to show of each variable; nil lets the paths decide
	Limits []Limit
	Mark   []float64 // a point that a film marks; nil for none
	Paths  []Path
	lo, hi []float64 // what to show
}

// A Limit is a constraint: F is not above 0 where it holds, or 0 if it is an equation.
type Limit struct {
	Name  string
	F     func(x []float64) float64
	Equal bool
}

// frame chooses the ranges: those of all points that are not lost, and a
// quarter more.
func (l *Landscape) frame() {
	l.lo, l.hi = nil, nil
	for _, b := range l.Box {
		l.lo, l.hi = append(l.lo, b[0]), append(l.hi, b[1])
	}
	for i := len(l.Box); i < len(l.Names); i++ {
		lo, hi := math.Inf(1), math.Inf(-1)
		for _, p := range l.Paths {
			first, last := p.X[0][i], p.X[len(p.X)-1][i]
			reach := 10 * (1 + math.Abs(first))
			for _, x := range p.X {
				if math.Abs(x[i]-first) <= reach || math.Abs(x[i]-last) <= reach && math.Abs(last) < 1e6 {
					lo, hi = min(lo, x[i]), max(hi, x[i])
				}
			}
		}
		pad := max(0.25*(hi-lo), 0.5)
		lo, hi = lo-pad, hi+pad
		least, most := l.Bounds[i].Ends()
		l.lo, l.hi = append(l.lo, max(lo, least)), append(l.hi, min(hi, most))
	}
}

// Picture draws the curve, the contour map or the surface with the paths; for
// more than two variables, the values at each step.
func (l *Landscape) Picture(title string, surface bool) (*plot.Figure, error) {
	fig := &plot.Figure{Title: title}
	if len(l.Names) <= 2 {
		l.frame()
	}
	switch {
	case surface && len(l.Names) != 2:
		return nil, fmt.Errorf("a surface needs two variables, and there are %d", len(l.Names))
	case len(l.Names) == 1:
		l.curve(fig)
	case len(l.Names) == 2:
		fig.X = plot.Axis{Label: l.Names[0], Min: l.lo[0], Max: l.hi[0]}
		fig.Y = plot.Axis{Label: l.Names[1], Min: l.lo[1], Max: l.hi[1]}
		f := func(x, y float64) float64 { return l.F([]float64{x, y}) }
		if surface {
			fig.Layers = append(fig.Layers, plot.Surface{Z: plot.Axis{Label: "f"}, F: f})
		} else {
			fig.Layers = append(fig.Layers, plot.Contour{Label: "f", F: f, Log: l.steep()})
			fig.Layers = append(fig.Layers, l.limits()...)
		}
		for _, p := range l.Paths {
			fig.Layers = append(fig.Layers, l.layer(p, column(p.X, 0), column(p.X, 1)))
		}
	default:
		fig.X.Label, fig.Y.Label = "step", "f"
		for _, p := range l.Paths {
			fig.Layers = append(fig.Layers, plot.Line{Name: p.Name, Y: p.F, Color: l.colors()[p.Name]})
		}
	}
	return fig, nil
}

// limits veils where constraints do not hold, then draws their edges.
func (l *Landscape) limits() (veils []plot.Layer) {
	var edges []plot.Layer
	for _, c := range l.Limits {
		r := plot.Region{F: func(x, y float64) float64 { return c.F([]float64{x, y}) }}
		if !c.Equal {
			veils = append(veils, r)
		}
		r.Name, r.Edge = c.Name, true
		edges = append(edges, r)
	}
	return append(veils, edges...)
}

// colors gives each method the colour that belongs to its name.
func (l *Landscape) colors() map[string]plot.Color {
	var names []string
	for _, p := range l.Paths {
		names = append(names, p.Name)
	}
	return plot.Colors(names...)
}

// layer draws the points: a path, or a cloud of those that were tried.
func (l *Landscape) layer(p Path, x, y []float64) plot.Layer {
	c := l.colors()[p.Name]
	if p.Jumps {
		return plot.Scatter{Name: p.Name + ", ends of the starts", X: x, Y: y, Color: c}
	}
	return plot.Path{Name: p.Name, X: x, Y: y, Color: c}
}

// steep says whether the function's values span so much that bands of equal
// height would show nothing of the bottom.
func (l *Landscape) steep() bool {
	const n = 15
	low, high, sum := math.Inf(1), math.Inf(-1), 0.0
	for i := range n * n {
		v := l.F([]float64{l.lo[0] + (l.hi[0]-l.lo[0])*float64(i%n)/(n-1), l.lo[1] + (l.hi[1]-l.lo[1])*float64(i/n)/(n-1)})
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			low, high, sum = min(low, v), max(high, v), sum+v/(n*n)
		}
	}
	return high > low && (sum-low)/(high-low) < 0.15
}

// samples is the number of points of a curve.
const samples = 401

func (l *Landscape) curve(fig *plot.Figure) {
	fig.X, fig.Y = plot.Axis{Label: l.Names[0]}, plot.Axis{Label: "f"}
	line := plot.Line{Name: "f", Color: plot.Gray}
	for i := range samples {
		x := l.lo[0] + (l.hi[0]-l.lo[0])*float64(i)/(samples-1)
		line.X, line.Y = append(line.X, x), append(line.Y, l.F([]float64{x}))
	}
	fig.Layers = append(fig.Layers, line)
	for _, p := range l.Paths {
		fig.Layers = append(fig.Layers, l.layer(p, column(p.X, 0), p.F))
	}
	fig.X.Min, fig.X.Max = l.lo[0], l.hi[0]
}

func column(path [][]float64, i int) []float64 {
	out := make([]float64, len(path))
	for k, x := range path {
		out[k] = x[i]
	}
	return out
}
