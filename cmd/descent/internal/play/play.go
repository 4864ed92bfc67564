// Package play is the playground: a page on which anybody descends any function of one
// or two variables, or trains nets on points. [Answer] is its engine, which runs in the page itself, as WebAssembly,
// and in tests; [Write] makes the page.
package play

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"

	"descent/cmd/descent/internal/draw"
	"descent/graph"
	"descent/internal/calc"
	"descent/internal/elementary"
	"descent/internal/numjson"
	"descent/internal/plot"
	"descent/losses"
	"descent/optimizers/search"
	"descent/optimizers/search/minimum"
)

// A Question is what the page asks.
type Question struct {
	Formula    string       `json:"formula"`
	Problem    string       `json:"problem,omitempty"` // in place of a formula, one of [Problems]
	Start      []float64    `json:"start"`             // of the variables in the order of the formula; what is missing is 1, or the problem's
	Optimizers []string     `json:"optimizers"`        // as [search.ParseMethod] reads them
	Steps      int          `json:"steps"`
	Box        [][2]float64 `json:"box,omitempty"` // what to show of each variable; none lets the paths decide
	// Surface asks for a function of two variables as a surface, too.
	Surface bool `json:"surface,omitempty"`
	// Rates asks, in place of the paths, where each optimizer ends at which learning rate.
	Rates bool `json:"rates,omitempty"`
	// States asks, in place of the paths, what each optimizer keeps from step to step.
	States bool `json:"states,omitempty"`
	// Net, if not nil, is what is asked, and there is nothing else.
	Net *NetQuestion `json:"net,omitempty"`
}

// A Reply is what it is told.
type Reply struct {
	Variables []string     `json:"variables,omitempty"`
	Start     []float64    `json:"start,omitempty"`
	Film      *draw.Film   `json:"film,omitempty"`
	Relief    *draw.Relief `json:"relief,omitempty"`
	Runs      []Run        `json:"runs,omitempty"`
	Curves    []string     `json:"curves,omitempty"` // pictures, as SVG: value, gradient and length of step by step; with Rates, the value by learning rate; with States, those of each optimizer that has some
	Limits    []Limit      `json:"limits,omitempty"`
	Known     *Known       `json:"known,omitempty"` // of a problem
	Net       *NetReply    `json:"net,omitempty"`
}

// A Run is one optimizer's: by step, and in the end.
type Run struct {
	Optimizer string      `json:"optimizer"`
	Path      [][]float64 `json:"path"`
	F         []float64   `json:"f"`
	Gradient  []float64   `json:"gradient"` // its norm
	Moved     []float64   `json:"moved"`    // the length of the step before
	Best      []float64   `json:"best"`     // the best point
	Least     float64     `json:"least"`    // the value there
	Kind      string      `json:"kind"`
	Stopped   string      `json:"stopped"`
	// Curvatures are the eigenvalues of the Hessian at the best point, if it has one.
	Curvatures []float64 `json:"curvatures,omitempty"`
}

// mostSteps bounds what a question costs.
const mostSteps = 5000

// tolerance is the largest element of a gradient at which runs end.
const tolerance = 1e-8

// Answer answers a [Question] with a [Reply].
func Answer(ctx context.Context, question []byte, _ func(part any)) (any, error) {
	var q Question
	if err := numjson.UnmarshalStrict(question, &q); err != nil {
		return nil, err
	}
	return q.answer(ctx)
}

func (q *Question) answer(ctx context.Context) (*Reply, error) {
	if q.Net != nil {
		net, err := q.Net.answer(ctx)
		return &Reply{Net: net}, err
	}
	if q.Steps < 1 || q.Steps > mostSteps {
		return nil, fmt.Errorf("%d steps; there are 1 to %d", q.Steps, mostSteps)
	}
	g, err := q.bind()
	if err != nil {
		return nil, err
	}
	if q.Rates {
		return g.rates(ctx)
	}
	if q.States {
		return g.states(ctx)
	}
	return g.descend(ctx)
}

// A ground is the function of a question.
type ground struct {
	*Question
	names   []string // of the variables
	value   *graph.Node
	params  []*graph.Node
	feeds   []graph.Feed
	known   *Known
	problem *search.Problem
}

func (q *Question) bind() (*ground, error) {
	g := &ground{Question: q}
	of := g.ofFormula
	if q.Problem != "" {
		of = g.ofProblem
	}
	err := of()
	if err == nil {
		g.problem, err = search.ProblemOf(g.value, g.params, g.feeds...)
	}
	return g, err
}

func (g *ground) ofFormula() error {
	f, err := losses.Parse(g.Formula)
	if err != nil {
		return err
	}
	names := f.Names()
	if n := len(names); n < 1 || n > 2 {
		return fmt.Errorf("the formula has %d variables %v; one or two can be drawn: write numbers for the others", n, names)
	}
	var start []calc.Binding
	for i, name := range names {
		x := 1.0
		if i < len(g.Start) {
			x = g.Start[i]
		}
		start = append(start, calc.Binding{Name: name, Value: calc.Number(x)})
	}
	at, err := calc.At(g.Formula, start)
	if err == nil {
		err = at.Scalar()
	}
	if err == nil {
		g.names, g.value, g.params, g.feeds = at.Names, at.Node, at.Params, at.Feeds()
	}
	return err
}

// descend runs all optimizers.
func (g *ground) descend(ctx context.Context) (*Reply, error) {
	l := &draw.Landscape{Names: g.names, F: g.problem.Func, Bounds: make([]search.Bound, len(g.names)), Box: g.Box}
	if g.known != nil {
		l.Mark = g.known.At
	}
	if g.Box != nil && len(g.Box) != len(l.Names) {
		l.Box = nil // it was another function's
	}
	for _, b := range l.Box {
		if !(b[0] < b[1]) || math.IsInf(b[1]-b[0], 0) {
			return nil, fmt.Errorf("nothing lies between %v and %v", b[0], b[1])
		}
	}
	r := &Reply{Variables: g.names, Start: g.problem.Start, Known: g.known}
	s := minimum.Search{Value: g.value, Params: g.params, Feeds: g.feeds, Steps: g.Steps, Tolerance: tolerance}
	for _, text := range g.Optimizers {
		m, err := search.ParseMethod(text, 0)
		if err != nil {
			return nil, err
		}
		if err := s.Move(g.problem.Start); err != nil { // what was asked of the function has moved it
			return nil, err
		}
		f, err := s.Run(ctx, m)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", text, err)
		}
		r.Runs = append(r.Runs, g.told(text, f))
		l.Paths = append(l.Paths, draw.Path{Name: text, X: f.Path, F: f.Trace})
	}
	if len(l.Paths) == 0 {
		return nil, errors.New("no optimizer: add one")
	}
	var err error
	if r.Film, err = l.Film(); err != nil {
		return nil, err
	}
	if g.Surface && len(g.names) == 2 {
		if r.Relief, err = l.Relief(r.Film); err != nil {
			return nil, err
		}
	}
	return r, r.draw()
}

// told is what the page is told of a run.
func (g *ground) told(name string, f *minimum.Found) Run {
	r := Run{Optimizer: name, Path: f.Path, Best: f.X, Least: f.F, Kind: f.Kind, Stopped: f.Stopped, Curvatures: f.Eigenvalues}
	grad := make([]float64, len(g.problem.Start))
	for i, x := range f.Path {
		g.problem.Grad(x, grad)
		moved := 0.0
		if i > 0 {
			d := make([]float64, len(x))
			for k := range x {
				d[k] = x[k] - f.Path[i-1][k]
			}
			moved = norm(d)
		}
		r.F, r.Gradient, r.Moved = append(r.F, f.Trace[i]), append(r.Gradient, norm(grad)), append(r.Moved, moved)
	}
	return r
}

func norm(x []float64) (n float64) {
	for _, v := range x {
		n = elementary.Hypot(n, v)
	}
	return n
}

// draw draws what happens step by step.
func (r *Reply) draw() error {
	var names []string
	for _, run := range r.Runs {
		names = append(names, run.Optimizer)
	}
	colors := plot.Colors(names...)
	least := math.Inf(1)
	for _, run := range r.Runs {
		for _, v := range run.F {
			least = min(least, v)
		}
	}
	for _, c := range []struct {
		label string
		log   bool
		of    func(Run) []float64
	}{{"f", least > 0, func(r Run) []float64 { return r.F }}, {"norm of the gradient", true, func(r Run) []float64 { return r.Gradient }},
		{"length of the step", true, func(r Run) []float64 { return r.Moved[1:] }}} {
		fig := &plot.Figure{X: plot.Axis{Label: "step"}, Y: plot.Axis{Label: c.label, Log: c.log}, Width: 560, Height: 320}
		for _, run := range r.Runs {
			fig.Layers = append(fig.Layers, plot.Line{Name: run.Optimizer, Y: numbers(c.of(run), c.log), Color: colors[run.Optimizer]})
		}
		if err := r.add(fig); err != nil {
			return err
		}
	}
	return nil
}

// numbers are values to draw: on a logarithmic axis those above 0.
func numbers(values []float64, positive bool) (out []float64) {
	for _, x := range values {
		if positive && x <= 0 || math.IsInf(x, 0) {
			x = math.NaN()
		}
		out = append(out, x)
	}
	return out
}

// add adds a picture.
func (r *Reply) add(fig *plot.Figure) error {
	svg, err := picture(fig)
	r.Curves = append(r.Curves, svg)
	return err
}

func picture(fig *plot.Figure) (svg string, err error) {
	var b bytes.Buffer
	err = fig.WriteSVG(&b)
	return b.String(), err
}
