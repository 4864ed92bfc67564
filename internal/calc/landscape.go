package calc

import (
	"fmt"
	"math"

	"descent/graph"
	"descent/internal/plot"
)

// A Landscape is a function of one or two numbers to draw, and what was walked
// on it.
type Landscape struct {
	Names  []string
	F      func(x ...float64) float64
	Runs   []*Found
	Lo, Hi []float64 // what to show
}

// Landscape returns the function of a search, if it has one or two variables.
// Its ranges hold the paths and some space around them.
func (s *Search) Landscape(runs []*Found) (*Landscape, error) {
	e, err := s.plain()
	if err != nil {
		return nil, err
	}
	prog, err := graph.Compile(e.Node)
	if err != nil {
		return nil, err
	}
	l := &Landscape{Runs: runs, Names: e.elements()}
	l.F = func(x ...float64) float64 {
		for _, p := range e.Params {
			n := p.Shape().Size()
			if p.Variable().Set(x[:n]) != nil {
				return math.NaN()
			}
			x = x[n:]
		}
		if prog.Run(e.feeds...) != nil {
			return math.NaN()
		}
		return prog.Scalar(e.Node)
	}
	if len(l.Names) <= 2 {
		l.frame(s)
	}
	return l, nil
}

// frame chooses the ranges: those of all points that are not lost, and a
// quarter more.
func (l *Landscape) frame(s *Search) {
	for i, name := range l.Names {
		lo, hi := math.Inf(1), math.Inf(-1)
		for _, r := range l.Runs {
			first, last := r.Path[0][i], r.Path[len(r.Path)-1][i]
			reach := 10 * (1 + math.Abs(first))
			for _, x := range r.Path {
				if math.Abs(x[i]-first) <= reach || math.Abs(x[i]-last) <= reach && math.Abs(last) < 1e6 {
					lo, hi = min(lo, x[i]), max(hi, x[i])
				}
			}
		}
		pad := max(0.25*(hi-lo), 0.5)
		lo, hi = lo-pad, hi+pad
		b := s.Bounds[name].filled()
		l.Lo, l.Hi = append(l.Lo, max(lo, b.Lo)), append(l.Hi, min(hi, b.Hi))
	}
}

// Picture draws the curve, the contour map or the surface with the paths; for
// more than two variables, the values at each step.
func (l *Landscape) Picture(title string, surface bool) (*plot.Figure, error) {
	fig := &plot.Figure{Title: title}
	switch {
	case surface && len(l.Names) != 2:
		return nil, fmt.Errorf("a surface needs two variables, and there are %d", len(l.Names))
	case len(l.Names) == 1:
		l.curve(fig)
	case len(l.Names) == 2:
		fig.X = plot.Axis{Label: l.Names[0], Min: l.Lo[0], Max: l.Hi[0]}
		fig.Y = plot.Axis{Label: l.Names[1], Min: l.Lo[1], Max: l.Hi[1]}
		f := func(x, y float64) float64 { return l.F(x, y) }
		if surface {
			fig.Layers = append(fig.Layers, plot.Surface{Z: plot.Axis{Label: "f"}, F: f})
		} else {
			fig.Layers = append(fig.Layers, plot.Contour{Label: "f", F: f, Log: l.steep()})
		}
		for _, r := range l.Runs {
			x, y := column(r.Path, 0), column(r.Path, 1)
			fig.Layers = append(fig.Layers, walked(r, x, y))
		}
	default:
		fig.X.Label, fig.Y.Label = "step", "f"
		for _, r := range l.Runs {
			fig.Layers = append(fig.Layers, plot.Line{Name: r.Optimizer, Y: r.Trace})
		}
	}
	return fig, nil
}

// walked is a path, or a cloud of the points that were tried.
func walked(r *Found, x, y []float64) plot.Layer {
	if r.Jumps {
		return plot.Scatter{Name: r.Optimizer + ", ends of the starts", X: x, Y: y}
	}
	return plot.Path{Name: r.Optimizer, X: x, Y: y}
}

// steep says whether the function's values span so much that bands of equal
// height would show nothing of the bottom.
func (l *Landscape) steep() bool {
	const n = 15
	low, high, sum := math.Inf(1), math.Inf(-1), 0.0
	for i := range n * n {
		v := l.F(l.Lo[0]+(l.Hi[0]-l.Lo[0])*float64(i%n)/(n-1), l.Lo[1]+(l.Hi[1]-l.Lo[1])*float64(i/n)/(n-1))
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
	line := plot.Line{Name: "f"}
	for i := range samples {
		x := l.Lo[0] + (l.Hi[0]-l.Lo[0])*float64(i)/(samples-1)
		line.X, line.Y = append(line.X, x), append(line.Y, l.F(x))
	}
	fig.Layers = append(fig.Layers, line)
	for _, r := range l.Runs {
		x := column(r.Path, 0)
		fig.Layers = append(fig.Layers, walked(r, x, r.Trace))
	}
	fig.X.Min, fig.X.Max = l.Lo[0], l.Hi[0]
}

func column(path [][]float64, i int) []float64 {
	out := make([]float64, len(path))
	for k, x := range path {
		out[k] = x[i]
	}
	return out
}
