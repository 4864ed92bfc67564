package fit

import (
	"context"
	"math"
	"slices"
	"strconv"
	"strings"

	"descent/data"
	"descent/graph"
	"descent/ops"
)

// By says how rows are grouped: each value of a column has parameters of its own, but
// for those that are shared by all. The zero value is one group.
type By struct {
	Column string
	Shared []string
}

// grouping is a By with the groups that the table has.
type grouping struct {
	By
	labels []string
	of     []int // of each row of the table; -1 for none
	only   int   // the group that is fitted; -1 for all
}

// Group gives each group of rows its own parameters, which are called a[group], and
// keeps those that are shared. The starts of the parameters are those of each group;
// the fit of each alone is where that of all begins. There is one variance.
func (m *Model) Group(by By) error {
	c, err := m.Table.Column(by.Column)
	if err != nil {
		return err
	}
	if slices.Contains(m.columns, by.Column) || slices.Contains(m.responseColumns(), by.Column) {
		return fail("{by}: %s is in the formula: groups need a column of their own", by.Column)
	}
	for _, name := range by.Shared {
		if !slices.ContainsFunc(m.Params, func(p Parameter) bool { return p.Name == name }) {
			return fail("{shared}: %s is not a parameter; there are %s", name, strings.Join(m.named(), ", "))
		}
	}
	m.by = &grouping{By: by, only: -1}
	m.by.of, m.by.labels = labelled(c)
	m.base = m.Params
	kept, err := m.keep()
	if err != nil {
		return err
	}
	m.by.used(kept.rows)
	m.Params = nil
	for _, p := range m.base {
		if slices.Contains(by.Shared, p.Name) {
			m.Params = append(m.Params, p)
			continue
		}
		for _, label := range m.by.labels {
			own := p
			own.Name = p.Name + "[" + label + "]"
			m.Params = append(m.Params, own)
		}
	}
	return nil
}

// labelled returns the label of each cell, -1 for none, and the labels in their order.
func labelled(c *data.Column) (of []int, labels []string) {
	if c.Kind == data.Categorical {
		return slices.Clone(c.Codes), slices.Clone(c.Levels)
	}
	all := c.Values.Numbers()
	values := slices.Compact(slices.Sorted(slices.Values(slices.DeleteFunc(slices.Clone(all), math.IsNaN))))
	for _, v := range values {
		labels = append(labels, strconv.FormatFloat(v, 'g', -1, 64))
	}
	for _, v := range all {
		k, ok := slices.BinarySearch(values, v)
		if !ok {
			k = -1
		}
		of = append(of, k)
	}
	return of, labels
}

// used leaves out groups that have none of the rows.
func (g *grouping) used(rows []int) {
	to, labels := make([]int, len(g.labels)), []string(nil)
	for k := range to {
		to[k] = -1
	}
	for k, label := range g.labels {
		if slices.ContainsFunc(rows, func(row int) bool { return g.of[row] == k }) {
			to[k], labels = len(labels), append(labels, label)
		}
	}
	for row, k := range g.of {
		if k >= 0 {
			g.of[row] = to[k]
		}
	}
	g.labels = labels
}

// rows returns the group of each row of a table, -1 for one that is not known.
func (g *grouping) rows(t *data.Table) ([]int, error) {
	c, err := t.Column(g.Column)
	if err != nil {
		return nil, err
	}
	of, labels := labelled(c)
	for row, k := range of {
		if k >= 0 {
			of[row] = slices.Index(g.labels, labels[k])
		}
	}
	return of, nil
}

// has tells whether a row of the table is in a group that is fitted.
func (g *grouping) has(row int) bool {
	return g.of[row] >= 0 && (g.only < 0 || g.only == g.of[row])
}

// alone are the models of the groups one by one.
func (m *Model) alone() (out []*Model) {
	for k := range m.by.labels {
		one := *m
		own := *m.by
		own.only = k
		one.by, one.Params, one.base = &own, slices.Clone(m.base), nil // which is of one group
		out = append(out, &one)
	}
	return out
}

// declare declares the parameters in a graph, each behind its bound if free, and binds
// their names: that of one that is not shared to its value in each row.
func (m *Model) declare(s *system, g *graph.Graph, bind map[string]*graph.Node, at []float64, free bool) {
	next := 0
	declare := func() *graph.Node {
		p, x := m.Params[next], at[next]
		next++
		if free {
			x = p.Bound.Free(x)
			s.free = append(s.free, p.Bound)
		}
		n := g.Param(p.Name, graph.Fill(x))
		s.params = append(s.params, n)
		if free {
			return p.Bound.Node(n)
		}
		return n
	}
	if m.base == nil {
		for _, p := range m.Params {
			bind[p.Name] = declare()
		}
		return
	}
	index := g.Indices(g.Unique(m.by.Column+" (group)"), s.rows)
	s.feeds = append(s.feeds, graph.Let(index, s.groups))
	for _, p := range m.base {
		if slices.Contains(m.by.Shared, p.Name) {
			bind[p.Name] = declare()
			continue
		}
		var own []*graph.Node
		for range m.by.labels {
			own = append(own, ops.Reshape(declare(), 1))
		}
		bind[p.Name] = ops.Take(ops.Concat(0, own...), index, 0)
	}
}

// startAlone fits each group alone, and begins the fit of all there: with the median of
// what is shared.
func (m *Model) startAlone(ctx context.Context, how How) error {
	found := make([][]float64, len(m.base))
	for k, one := range m.alone() {
		err := error(nil)
		if m.shape != nil {
			one.Params = slices.Clone(m.asked)
			err = one.guess()
		}
		var f *Fit
		if err == nil {
			f, err = one.fit(ctx, How{Method: how.Method, Loss: how.Loss, Steps: how.Steps, Level: how.Level})
		}
		if err != nil {
			return fail("group %s: %w", m.by.labels[k], err)
		}
		for i, x := range f.at {
			found[i] = append(found[i], x)
		}
	}
	next := 0
	for i, p := range m.base {
		if slices.Contains(m.by.Shared, p.Name) {
			slices.Sort(found[i])
			m.Params[next].Start = found[i][len(found[i])/2]
			next++
			continue
		}
		for _, x := range found[i] {
			m.Params[next].Start = x
			next++
		}
	}
	return nil
}
