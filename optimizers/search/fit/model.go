package fit

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"descent/data"
	"descent/internal/suggest"
	"descent/losses"
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
