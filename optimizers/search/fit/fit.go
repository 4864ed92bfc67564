// Package fit fits formulas to the columns of tables: by least squares, with
// standard errors and confidence intervals, or by another loss.
package fit

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"descent/data"
	"descent/graph"
	"descent/internal/suggest"
	"descent/losses"
	"descent/ops"
	"descent/ops/formula"
	"descent/optimizers/search"
)

// A Model is a formula that is to be fitted to the columns of a table:
// response ~ expression.
type Model struct {
	Text     string
	Response *losses.Formula
	Formula  *losses.Formula
	Table    *data.Table
	Params   []Parameter
	Weights  Weights
	columns  []string    // that the formula uses
	with     []string    // further columns of which no cell may be missing
	shape    *called     // nil if the formula is none
	asked    []Parameter // of a shape, before it has found their start
	by       *grouping   // nil if all rows are one group
	base     []Parameter // of the formula, if each group has its own
	kept     *kept
}

// A Parameter is a number that is fitted. Its start is NaN if only its bound is known:
// shapes find it.
type Parameter struct {
	Name  string
	Start float64
	Bound search.Bound
}

// New reads "y ~ b1*(1-exp(-b2*x))": names are columns of the table, or
// parameters; or "y ~ logistic(x)", one of [Shapes], which finds the start of the
// parameters that have none.
func New(text string, table *data.Table, params []Parameter, weights Weights) (*Model, error) {
	m, err := read(text, table, weights)
	if err != nil {
		return nil, err
	}
	if err := m.take(params); err != nil {
		return nil, err
	}
	return m, weights.check(table)
}

// NewAll is New for several texts, each of which takes those of the parameters that it
// uses; each is used by one at least.
func NewAll(texts []string, table *data.Table, params []Parameter, weights Weights) ([]*Model, error) {
	if len(texts) == 1 {
		m, err := New(texts[0], table, params, weights)
		return []*Model{m}, err
	}
	var all []*Model
	used := map[string]bool{}
	for _, text := range texts {
		m, err := read(text, table, weights)
		if err != nil {
			return nil, err
		}
		own := slices.DeleteFunc(slices.Clone(params), func(p Parameter) bool { return !m.Formula.Uses(p.Name) })
		for _, p := range own {
			used[p.Name] = true
		}
		if err := m.take(own); err != nil {
			return nil, fmt.Errorf("%s: %w", text, err)
		}
		all = append(all, m)
	}
	for _, p := range params {
		if !used[p.Name] {
			return nil, fail("{start}, {bounds}: %s is in none of the formulas", p.Name)
		}
	}
	return all, weights.check(table)
}

// read parses a text.
func read(text string, table *data.Table, weights Weights) (*Model, error) {
	left, right, ok := cutTilde(text)
	if !ok {
		return nil, fmt.Errorf("%q: write response ~ formula, such as 'y ~ a*x + b'", text)
	}
	m := &Model{Text: text, Table: table, Weights: weights}
	var err error
	if right, m.shape, err = expand(right); err != nil {
		return nil, fmt.Errorf("formula after ~: %w", err)
	}
	if m.Response, err = losses.Parse(left); err != nil {
		return nil, fmt.Errorf("response: %w%s", err, unquoted(left, table))
	}
	if m.Formula, err = losses.Parse(right); err != nil {
		return nil, fmt.Errorf("formula after ~: %w%s", err, unquoted(right, table))
	}
	return m, nil
}

// take gives the model its parameters. Those of a shape are in its order.
func (m *Model) take(params []Parameter) error {
	m.Params = params
	if m.shape == nil {
		return m.check()
	}
	m.Params = nil
	for _, name := range m.shape.params {
		p := Parameter{Name: name, Start: math.NaN()}
		if i := slices.IndexFunc(params, func(p Parameter) bool { return p.Name == name }); i >= 0 {
			p = params[i]
			params = slices.Delete(slices.Clone(params), i, i+1)
		}
		m.Params = append(m.Params, p)
	}
	m.Params = append(m.Params, params...) // which check refuses
	m.asked = slices.Clone(m.Params)
	if err := m.check(); err != nil {
		return err
	}
	return m.guess()
}

// unquoted is advice for a text that has a column whose name is no word.
func unquoted(text string, t *data.Table) string {
	for _, name := range t.Names() {
		if q := formula.Quote(name); q != name && strings.Contains(text, name) && !strings.Contains(text, q) {
			return fmt.Sprintf("; the column %q is written %s", name, q)
		}
	}
	return ""
}

// cutTilde cuts at the first ~ that is not within a name in backquotes.
func cutTilde(text string) (left, right string, ok bool) {
	quoted := false
	for i, r := range text {
		switch {
		case r == '`':
			quoted = !quoted
		case r == '~' && !quoted:
			return text[:i], text[i+1:], true
		}
	}
	return "", "", false
}

// check finds names that are neither columns nor parameters, or both.
func (m *Model) check() error {
	known := m.Table.Names()
	var given []string
	for _, p := range m.Params {
		if slices.Contains(given, p.Name) {
			return fail("{start}: %s is given twice", p.Name)
		}
		if math.IsNaN(p.Start) && m.shape == nil {
			return fail("{bounds}: %s is not a parameter; there are %s", p.Name, strings.Join(m.named(), ", "))
		}
		if slices.Contains(known, p.Name) && m.shape != nil {
			return fail("%s is a column of %s; give the parameters of %s names of your own after what it is a function of: %s",
				p.Name, m.Table.Name, m.shape.Name, strings.Join(m.shape.names(), ", "))
		}
		if slices.Contains(known, p.Name) {
			return fail("{start}: %s is a column of %s; a parameter needs another name", p.Name, m.Table.Name)
		}
		if !m.Formula.Uses(p.Name) {
			return fail("{start}: %s is not in the formula, which has %s", p.Name, strings.Join(m.Formula.Names(), ", "))
		}
		if err := p.Bound.Check(p.Name, p.Start); err != nil {
			return fail("{bounds}: %w", err)
		}
		given = append(given, p.Name)
	}
	for _, n := range m.Response.Names() {
		if _, err := m.Table.Column(n); err != nil {
			return err
		}
	}
	if len(m.responseColumns()) == 0 {
		return fmt.Errorf("the response %s has no column of %s, which has %s", strings.TrimSpace(m.Response.Text), m.Table.Name, strings.Join(known, ", "))
	}
	for _, n := range known { // also those called as a constant is, such as e
		if m.Formula.Uses(n) {
			m.columns = append(m.columns, n)
		}
	}
	for _, n := range m.Formula.Names() {
		switch {
		case slices.Contains(known, n):
		case !slices.Contains(given, n):
			if err := m.Formula.Explain(n); err != nil {
				return err
			}
			if near := suggest.Nearest(n, append(slices.Clone(known), given...)); near != "" {
				return fail("%s is neither a column nor in {start}; did you mean %q?", n, near)
			}
			return fail("%s is neither a column of %s (%s) nor in {start}: add {start} %s=1%s", n, m.Table.Name, strings.Join(known, ", "), n, unquoted(m.Formula.Text, m.Table))
		}
	}
	if err := m.misspelt(); err != nil {
		return err
	}
	if len(given) == 0 {
		return fail("{start} is missing: it names the parameters, such as {start} a=1,b=0.5")
	}
	return nil
}

// misspelt is an error if the formula is a call of what is nearly the name of a shape.
func (m *Model) misspelt() error {
	match := callOfShape.FindStringSubmatch(m.Formula.Text)
	if m.shape != nil || match == nil || m.Formula.Explain(match[1]) == nil {
		return nil
	}
	var known []string
	for _, s := range Shapes {
		known = append(append(known, s.Name), s.Aliases...)
	}
	if near := suggest.Nearest(match[1], known); near != "" {
		return fmt.Errorf("%s is no function; did you mean the shape %q?", match[1], near)
	}
	return m.Formula.Explain(match[1])
}

// named are the parameters that have a start.
func (m *Model) named() (out []string) {
	for _, p := range m.Params {
		if !math.IsNaN(p.Start) {
			out = append(out, p.Name)
		}
	}
	return out
}

// responseColumns are the columns that the response uses.
func (m *Model) responseColumns() (out []string) {
	for _, n := range m.Table.Names() {
		if m.Response.Uses(n) {
			out = append(out, n)
		}
	}
	return out
}

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
