// Package fit fits formulas to the columns of tables: by least squares, with
// standard errors and confidence intervals, or by another loss.
package fit

import (
	"context"
	"fmt"
	"math"
	"slices"

	"descent/data"
	"descent/graph"
	"descent/losses"
	"descent/ops"
	"descent/optimizers/search"
)

// A system is a model's nodes in a graph of its own.
type system struct {
	params   []*graph.Node
	model    *graph.Node // one number for each row
	response *graph.Node // nil where a table has none
	root     *graph.Node // of the weights, nil if all rows count alike
	feeds    []graph.Feed
	fed      [][]float64 // the numbers of feeds
	rows     int
	groups   []int          // of each row; nil if all are one
	free     []search.Bound // nil if the parameters are the bounded ones
}

// system builds the model over the rows that are fitted. With free, the
// parameters are the variables behind the bounds.
func (m *Model) system(at []float64, free bool) (*system, error) {
	s, columns, err := m.over(m.Table, m.kept.rows, append(slices.Clone(m.columns), m.responseColumns()...), at, free)
	if err != nil {
		return nil, err
	}
	if s.response, err = m.rowwise(m.Response, "response", s.model.Graph(), columns, s.rows); err != nil {
		return nil, err
	}
	if root := m.kept.root; root != nil {
		g := s.model.Graph()
		s.root = g.Input(g.Unique("root of the weight"), s.rows)
		s.feed(s.root, slices.Clone(root))
	}
	return s, nil
}

// over builds the model over rows of a table, with the columns that are used.
func (m *Model) over(t *data.Table, rows []int, used []string, at []float64, free bool) (*system, map[string]*graph.Node, error) {
	g := graph.New(graph.Float64, 0)
	s := &system{rows: len(rows)}
	bind, columns := map[string]*graph.Node{}, map[string]*graph.Node{}
	for _, name := range used {
		if columns[name] != nil {
			continue
		}
		values, err := numbers(t, name, rows)
		if err != nil {
			return nil, nil, err
		}
		n := g.Input(name, len(values))
		s.feed(n, values)
		columns[name], bind[name] = n, n
	}
	var err error
	if m.base != nil {
		all, err := m.by.rows(t)
		if err != nil {
			return nil, nil, err
		}
		s.groups = make([]int, len(rows))
		data.Gather(s.groups, all, 1, rows)
	}
	m.declare(s, g, bind, at, free)
	s.model, err = m.rowwise(m.Formula, "formula after ~", g, bind, s.rows)
	return s, columns, err
}

// residual is what least squares makes small in each row: √w·(y - f).
func (s *system) residual() *graph.Node {
	r := ops.Sub(s.response, s.model)
	if s.root != nil {
		r = ops.Mul(s.root, r)
	}
	return r
}

// rowwise builds a formula that has one number for each row.
func (m *Model) rowwise(f *losses.Formula, what string, g *graph.Graph, bind map[string]*graph.Node, rows int) (*graph.Node, error) {
	n, err := f.Build(g, bind)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	if n.Shape().Rank() == 0 {
		n = ops.Broadcast(n, rows)
	}
	if n.Shape() != graph.Dims(rows) {
		return nil, fmt.Errorf("%s: its shape is %v, and there are %d rows", what, n.Shape(), rows)
	}
	return n, nil
}

// How is how to fit.
type How struct {
	Method search.Method // nil is Levenberg-Marquardt
	Loss   losses.Loss   // nil is least squares
	Steps  int
	Level  float64 // of the confidence intervals
	// Intervals are how those are made; nil is [Wald]. Workers are those of the
	// bootstrap, 0 is one for each processor; Progress is told how far it is, by one
	// goroutine at a time, and may be nil.
	Intervals Intervals
	Workers   int
	Progress  func(done, of int)
}

// Check refuses what does not suit a model.
func (how How) Check(m *Model) error {
	if how.Loss != nil && m.Weights.given() {
		return fail("weights are those of least squares: {loss} has none")
	}
	if _, profile := how.Intervals.(Profile); profile && how.Loss != nil {
		return fail("{intervals} profile is of least squares; with {loss} there is {intervals} bootstrap")
	}
	return nil
}

// Fit fits the model.
func (m *Model) Fit(ctx context.Context, how How) (*Fit, error) {
	if err := how.Check(m); err != nil {
		return nil, err
	}
	if m.base != nil {
		if err := m.startAlone(ctx, how); err != nil {
			return nil, err
		}
	}
	return m.fit(ctx, how)
}

// fit searches from the starts.
func (m *Model) fit(ctx context.Context, how How) (*Fit, error) {
	var err error
	if m.kept, err = m.keep(); err != nil {
		return nil, err
	}
	start := make([]float64, len(m.Params))
	for i, p := range m.Params {
		start[i] = p.Start
	}
	if err := m.finiteAt(start); err != nil {
		return nil, err
	}
	s, err := m.system(start, !how.marquardt())
	if err != nil {
		return nil, err
	}
	p, squares, err := how.problems(m, s)
	if err != nil {
		return nil, err
	}
	if v := p.Func(p.Start); math.IsNaN(v) || math.IsInf(v, 0) {
		return nil, fail("the loss is not finite at {start}: it is %v, though the model is finite in each row", v)
	}
	end, err := how.search(ctx, &ending{problem: p, residuals: squares, free: s.free, once: m.base != nil})
	if err != nil {
		return nil, err
	}
	res := end.result
	x := slices.Clone(res.X)
	for i, b := range s.free {
		x[i] = b.Value(x[i])
	}
	f := &Fit{model: m, at: x, Steps: end.steps, Evaluations: res.Evaluations, Stopped: string(res.Reason), Level: how.Level}
	if how.Loss != nil {
		f.Loss = &res.F
	}
	if err := f.finish(); err != nil {
		return nil, err
	}
	f.judge(end)
	return f, f.makeIntervals(ctx, how)
}

// problems are what is minimised, and the least squares of the same system.
func (how How) problems(m *Model, s *system) (p, squares *search.Problem, err error) {
	if squares, err = search.ResidualProblem(s.residual(), s.params, s.feeds...); err != nil {
		return nil, nil, err
	}
	p = squares
	if how.Loss != nil {
		p, err = search.ProblemOf(how.Loss(s.model, s.response), s.params, s.feeds...)
	}
	if err == nil && s.free == nil {
		m.limit(p)
	}
	return p, squares, err
}

// marquardt tells whether the method is the one for least squares, which keeps
// bounds by itself.
func (how How) marquardt() bool { return how.Method == nil && how.Loss == nil }

// limit hands the bounds on to the method.
func (m *Model) limit(p *search.Problem) {
	for _, param := range m.Params {
		lo, hi := param.Bound.Ends()
		p.Lower, p.Upper = append(p.Lower, lo), append(p.Upper, hi)
	}
}

// search minimises. Without a method of the user's it is Levenberg-Marquardt
// for least squares, for another loss L-BFGS; both go on from lower points
// nearby where they are stuck at a kink.
func (how How) search(ctx context.Context, s *ending) (*ending, error) {
	const restarts = 100
	method, stop := how.Method, search.Stop{Iterations: how.Steps, Grad: 1e-10}
	switch {
	case how.marquardt():
		method, stop.Grad, s.marquardt = search.LevenbergMarquardt{Once: s.once}, 0, true
	case method == nil:
		method = search.NewLBFGS()
	}
	evaluations := 0
	for tries := 0; ; tries++ {
		res, err := search.Minimize(ctx, s.problem, method, stop)
		if err != nil {
			return nil, err
		}
		evaluations += res.Evaluations
		s.result, s.steps = res, s.steps+max(len(res.Trace)-1, 0)
		stop.Iterations = how.Steps - s.steps
		stuck := res.Reason == search.NoProgress || res.Reason == search.Edge || res.Reason.Converged() && !s.marquardt
		if how.Method != nil || !stuck || stop.Iterations < 1 || tries == restarts {
			break
		}
		at, found := s.lower()
		if !found {
			break
		}
		copy(s.problem.Start, at)
		if s.marquardt {
			method = search.LevenbergMarquardt{Once: true}
		}
	}
	s.result.Evaluations = evaluations
	return s, nil
}
