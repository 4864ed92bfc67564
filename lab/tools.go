package lab

import (
	"bytes"
	"context"
	"embed"
	"math"
	"strings"

	"descent/data"
	"descent/graph"
	"descent/internal/plot"
	"descent/losses"
	"descent/optimizers"
	"descent/optimizers/search"
)

//go:embed testdata/*.csv
var files embed.FS

// column returns a column of one of the tutorials' data files.
func column(file, name string) []float64 {
	text, err := files.ReadFile("testdata/" + file + ".csv")
	must(err)
	t, err := data.ReadCSV(bytes.NewReader(text), data.CSVOptions{Name: file})
	must(err)
	c, err := t.Column(name)
	must(err)
	return c.Values.Numbers()
}

// A function is a formula of some variables, and of data.
type function struct {
	text  string
	names []string
	data  map[string][]float64
}

// fun returns the formula as a function of the named variables.
func fun(text string, names ...string) function {
	return function{text, names, map[string][]float64{}}
}

// with gives a name of the formula data.
func (f function) with(name string, values []float64) function {
	d := map[string][]float64{name: values}
	for k, v := range f.data {
		d[k] = v
	}
	return function{f.text, f.names, d}
}

// build makes the function's nodes at a point.
func (f function) build(x ...float64) (y *graph.Node, params []*graph.Node, feeds []graph.Feed) {
	p, err := losses.Parse(f.text)
	must(err)
	g := graph.New(graph.Float64, 0)
	bind := map[string]*graph.Node{}
	for i, name := range f.names {
		params = append(params, g.Param(name, graph.Fill(x[i])))
		bind[name] = params[i]
	}
	for name, values := range f.data {
		n := g.Input(name, len(values))
		bind[name] = n
		feeds = append(feeds, graph.Let(n, values))
	}
	y, err = p.Build(g, bind)
	must(err)
	return y, params, feeds
}

func compute(feeds []graph.Feed, nodes ...*graph.Node) []float64 {
	p, err := graph.Compile(nodes...)
	must(err)
	must(p.Run(feeds...))
	var out []float64
	for _, n := range nodes {
		out = append(out, p.Float64s(n)...)
	}
	return out
}

// at returns the value at a point.
func (f function) at(x ...float64) float64 {
	y, _, feeds := f.build(x...)
	return compute(feeds, y)[0]
}

// values returns a fast function of the same values, for pictures.
func (f function) values() func(x ...float64) float64 {
	p := f.problem(make([]float64, len(f.names))...)
	return func(x ...float64) float64 { return p.Func(x) }
}

// gradients returns a fast function of the same gradients; each is overwritten by the next.
func (f function) gradients() func(x ...float64) []float64 {
	p, g := f.problem(make([]float64, len(f.names))...), make([]float64, len(f.names))
	return func(x ...float64) []float64 {
		p.Grad(x, g)
		return g
	}
}

// grad returns the gradient at a point.
func (f function) grad(x ...float64) []float64 {
	y, params, feeds := f.build(x...)
	return compute(feeds, graph.Grad(y, params...)...)
}

// second returns the second derivative along a direction.
func (f function) second(dir []float64, x ...float64) float64 {
	y, params, feeds := f.build(x...)
	vs := make([]*graph.Node, len(params))
	for i := range params {
		vs[i] = y.Graph().Const(dir[i])
	}
	s := 0.0
	for i, h := range compute(feeds, graph.HVP(y, params, vs)...) {
		s += float64(h * dir[i])
	}
	return s
}

// directional returns the derivative along a direction.
func (f function) directional(dir []float64, x ...float64) float64 {
	y, params, feeds := f.build(x...)
	vs := make([]*graph.Node, len(params))
	for i := range params {
		vs[i] = y.Graph().Const(dir[i])
	}
	return compute(feeds, graph.Directional(y, params, vs))[0]
}

func (f function) problem(start ...float64) *search.Problem {
	y, params, feeds := f.build(start...)
	p, err := search.ProblemOf(y, params, feeds...)
	must(err)
	return p
}

// search minimises the function from a start; the trace keeps the path.
func (f function) search(m search.Method, stop search.Stop, start ...float64) *search.Result {
	stop.Path = true
	res, err := search.Minimize(context.Background(), f.problem(start...), m, stop)
	must(err)
	return res
}

// sgd takes a number of steps of plain gradient descent and returns the path,
// with the start.
func (f function) sgd(lr float64, steps int, start ...float64) *search.Result {
	return f.search(search.With(optimizers.SGD(), lr), search.Stop{Iterations: steps}, start...)
}

// newton returns the critical point near a start.
func (f function) newton(start ...float64) []float64 {
	x := append([]float64(nil), start...)
	for range 50 {
		g := f.grad(x...)
		moved := 0.0
		for i := range x { // the lab's functions are sums over their variables
			unit := make([]float64, len(x))
			unit[i] = 1
			d := g[i] / f.second(unit, x...)
			x[i] -= d
			moved = max(moved, math.Abs(d))
		}
		if moved < 1e-15 {
			break
		}
	}
	return x
}

// last is where a search ended.
func last(r *search.Result) search.Point { return r.Trace[len(r.Trace)-1] }

// walk returns the points of a path, variable by variable, and the values.
func walk(r *search.Result) (x [][]float64, f []float64) {
	x = make([][]float64, len(r.X))
	for _, p := range r.Trace {
		for i := range x {
			x[i] = append(x[i], p.X[i])
		}
		f = append(f, p.F)
	}
	return x, f
}

// curve samples a function of one variable.
func curve(name string, f function, lo, hi float64) plot.Line {
	at := f.values()
	l := plot.Line{Name: name}
	const n = 400
	for i := range n + 1 {
		x := lo + (hi-lo)*float64(i)/n
		l.X, l.Y = append(l.X, x), append(l.Y, at(x))
	}
	return l
}

// color is that of an optimizer, wherever it is named; others take the next.
func color(name string) plot.Color {
	if strings.HasPrefix(name, "SGD") || strings.HasPrefix(name, "Adam") {
		return plot.Colors(name)[name]
	}
	return plot.Auto
}

// path1 and path2 draw a search on a curve and on a plane.
func path1(name string, r *search.Result) plot.Path {
	x, f := walk(r)
	return plot.Path{Name: name, X: x[0], Y: f, Color: color(name)}
}

func path2(name string, r *search.Result) plot.Path {
	x, _ := walk(r)
	return plot.Path{Name: name, X: x[0], Y: x[1], Color: color(name)}
}

// descentCurve draws the values of a search.
func descentCurve(name string, r *search.Result) plot.Line {
	_, f := walk(r)
	return plot.Line{Name: name, Y: f, Color: color(name)}
}

// plane is a contour map of a function of two variables.
func plane(title string, f function, lo, hi [2]float64, layers ...plot.Layer) *plot.Figure {
	at := f.values()
	return &plot.Figure{Title: title, X: plot.Axis{Label: f.names[0], Min: lo[0], Max: hi[0]}, Y: plot.Axis{Label: f.names[1], Min: lo[1], Max: hi[1]},
		Layers: append([]plot.Layer{plot.Contour{Label: "f", F: func(x, y float64) float64 { return at(x, y) }}}, layers...)}
}

func figure(title, x, y string, layers ...plot.Layer) *plot.Figure {
	return &plot.Figure{Title: title, X: plot.Axis{Label: x}, Y: plot.Axis{Label: y}, Layers: layers}
}

// ramp returns n+1 numbers from lo to hi.
func ramp(lo, hi float64, n int) []float64 {
	out := make([]float64, n+1)
	for i := range out {
		out[i] = lo + (hi-lo)*float64(i)/float64(n)
	}
	return out
}
