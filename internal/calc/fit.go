package calc

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"descent/data"
	"descent/graph"
	"descent/internal/suggest"
	"descent/losses"
	"descent/ops"
	"descent/optimizers"

	"gorgonia.org/tensor"
)

// A Model is a formula that is to be fitted to the columns of a table:
// response ~ expression.
type Model struct {
	Text     string
	Response *losses.Formula
	Formula  *losses.Formula
	Table    *data.Table
	Start    []Binding
	Bounds   map[string]Bound
	columns  []string // that the formula uses
}

// NewModel reads "y ~ b1*(1-exp(-b2*x))": names are columns of the table, or
// parameters that start somewhere.
func NewModel(text string, table *data.Table, start []Binding, bounds map[string]Bound) (*Model, error) {
	left, right, ok := strings.Cut(text, "~")
	if !ok {
		return nil, fmt.Errorf("%q: write response ~ formula, such as 'y ~ a*x + b'", text)
	}
	m := &Model{Text: text, Table: table, Start: start, Bounds: bounds}
	var err error
	if m.Response, err = losses.Parse(left); err != nil {
		return nil, fmt.Errorf("response: %w", err)
	}
	if m.Formula, err = losses.Parse(right); err != nil {
		return nil, fmt.Errorf("formula after ~: %w", err)
	}
	return m, m.check()
}

// check finds names that are neither columns nor parameters, or both.
func (m *Model) check() error {
	known := m.Table.Names()
	var given []string
	for _, b := range m.Start {
		if slices.Contains(given, b.Name) {
			return fmt.Errorf("--start: %s is given twice", b.Name)
		}
		if slices.Contains(known, b.Name) {
			return fmt.Errorf("--start: %s is a column of %s; a parameter needs another name", b.Name, m.Table.Name)
		}
		if len(b.Value.Shape) > 0 {
			return fmt.Errorf("--start: %s has shape %v; parameters are numbers", b.Name, b.Value.Shape)
		}
		if !m.Formula.Uses(b.Name) {
			return fmt.Errorf("--start: %s is not in the formula, which has %s", b.Name, strings.Join(m.Formula.Names(), ", "))
		}
		given = append(given, b.Name)
	}
	for name := range m.Bounds {
		if !slices.Contains(given, name) {
			return fmt.Errorf("--bounds: %s is not a parameter; there are %s", name, strings.Join(given, ", "))
		}
	}
	for _, n := range m.Response.Names() {
		if _, err := m.Table.Column(n); err != nil {
			return err
		}
	}
	for _, n := range m.Formula.Names() {
		switch {
		case slices.Contains(known, n):
			m.columns = append(m.columns, n)
		case !slices.Contains(given, n):
			if err := m.Formula.Explain(n); err != nil {
				return err
			}
			if near := suggest.Nearest(n, append(slices.Clone(known), given...)); near != "" {
				return fmt.Errorf("%s is neither a column nor in --start; did you mean %q?", n, near)
			}
			return fmt.Errorf("%s is neither a column of %s (%s) nor in --start: add --start %s=1", n, m.Table.Name, strings.Join(known, ", "), n)
		}
	}
	if len(given) == 0 {
		return errors.New("--start is missing: it names the parameters, such as --start a=1,b=0.5")
	}
	return nil
}

// column returns a column's numbers.
func column1(t *data.Table, name string) ([]float64, error) {
	c, err := t.Column(name)
	if err != nil {
		return nil, err
	}
	if c.Kind != data.Numeric {
		return nil, fmt.Errorf("%s: column %s has words, such as %q; a fit needs numbers", t.Name, name, c.Levels[0])
	}
	for i, x := range c.Values {
		if math.IsNaN(x) {
			return nil, fmt.Errorf("%s: column %s has no value in data row %d", t.Name, name, i+1)
		}
	}
	return c.Values, nil
}

// A system is a model's nodes in a graph of its own.
type system struct {
	params   []*graph.Node
	model    *graph.Node // one number for each row
	response *graph.Node // nil where a table has none
	feeds    []graph.Feed
	rows     int
	free     []Bound // nil if the parameters are the bounded ones
}

// system builds the model over a table's rows. With free, the parameters are
// the variables behind the bounds.
func (m *Model) system(t *data.Table, at []float64, free, response bool) (*system, error) {
	g := graph.New(tensor.Float64, 0)
	s := &system{rows: t.Rows()}
	bind, columns := map[string]*graph.Node{}, map[string]*graph.Node{}
	used := slices.Clone(m.columns)
	if response {
		used = append(used, m.Response.Names()...)
	}
	for _, name := range used {
		if columns[name] != nil {
			continue
		}
		values, err := column1(t, name)
		if err != nil {
			return nil, err
		}
		n := g.Input(name, len(values))
		s.feeds = append(s.feeds, graph.Let(n, values))
		columns[name], bind[name] = n, n
	}
	for i, b := range m.Start {
		x, bound := at[i], m.Bounds[b.Name].filled()
		if free {
			var err error
			if x, err = bound.inward(b.Name, x); err != nil {
				return nil, err
			}
			s.free = append(s.free, bound)
		}
		p := g.Param(b.Name, graph.Fill(x))
		s.params = append(s.params, p)
		if bind[b.Name] = p; free {
			bind[b.Name] = bound.node(p)
		}
	}
	var err error
	if s.model, err = m.rowwise(m.Formula, "formula after ~", g, bind, s.rows); err != nil || !response {
		return s, err
	}
	s.response, err = m.rowwise(m.Response, "response", g, columns, s.rows)
	return s, err
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
	Method optimizers.Method // nil is Levenberg-Marquardt
	Loss   losses.Loss       // nil is least squares
	Steps  int
	Level  float64 // of the confidence intervals
}

// Fit fits the model.
func (m *Model) Fit(ctx context.Context, how How) (*Fit, error) {
	start := make([]float64, len(m.Start))
	for i, b := range m.Start {
		start[i] = b.Value.Data[0]
	}
	s, err := m.system(m.Table, start, true, true)
	if err != nil {
		return nil, err
	}
	residual := ops.Sub(s.response, s.model)
	p, err := optimizers.ResidualProblem(residual, s.params, s.feeds...)
	if how.Loss != nil {
		p, err = optimizers.ProblemOf(how.Loss(s.model, s.response), s.params, s.feeds...)
	}
	if err != nil {
		return nil, err
	}
	if how.Method == nil {
		how.Method = optimizers.LevenbergMarquardt{}
		if how.Loss != nil {
			how.Method = optimizers.NewLBFGS()
		}
	}
	if v := p.Func(p.Start); math.IsNaN(v) || math.IsInf(v, 0) {
		return nil, fmt.Errorf("the model is not finite at --start: the loss is %v there", v)
	}
	stop := optimizers.Stop{Iterations: how.Steps}
	if _, marquardt := how.Method.(optimizers.LevenbergMarquardt); !marquardt {
		stop.Grad = 1e-10
	}
	res, err := optimizers.Minimize(ctx, p, how.Method, stop)
	if err != nil {
		return nil, err
	}
	x := make([]float64, len(res.X))
	for i, u := range res.X {
		x[i] = s.free[i].value(u)
	}
	f := &Fit{model: m, at: x, Steps: max(len(res.Trace)-1, 0), Evaluations: res.Evaluations, Stopped: string(res.Reason), Level: how.Level}
	if how.Loss != nil {
		f.Loss = &res.F
	}
	return f, f.finish()
}
