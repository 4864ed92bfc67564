package fit

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"descent/data"
)

// Weights says how much each row of a fit counts. The zero value counts all
// alike.
type Weights struct {
	Weight string // the column of weights w: the variance of a row is σ²/w
	Sigma  string // the column of the rows' standard deviations: w = 1/sigma²
	// Absolute says that the numbers of Sigma are the standard deviations
	// themselves, not only up to a common factor σ that the residuals tell.
	Absolute bool
}

func (w Weights) given() bool { return w.column() != "" }

func (w Weights) column() string {
	if w.Sigma != "" {
		return w.Sigma
	}
	return w.Weight
}

func (w Weights) check(t *data.Table) error {
	switch {
	case w.Weight != "" && w.Sigma != "":
		return fail("{weight} and {sigma} say the same in two ways; give one of them")
	case w.Absolute && w.Sigma == "":
		return fail("{absolute-sigma} needs {sigma}, the column of standard deviations")
	case !w.given():
		return nil
	}
	_, err := t.Column(w.column())
	return err
}

// roots are the square roots of the weights of rows.
func (w Weights) roots(t *data.Table, rows []int) ([]float64, error) {
	values, err := numbers(t, w.column(), rows)
	if err != nil {
		return nil, err
	}
	for i, v := range values {
		switch {
		case w.Sigma != "" && !(v > 0):
			return nil, fmt.Errorf("%s: the standard deviation %s is %v; it must be above 0", t.Where(rows[i]), w.Sigma, v)
		case w.Sigma != "":
			values[i] = 1 / v
		case v < 0:
			return nil, fmt.Errorf("%s: the weight %s is %v; it must not be negative", t.Where(rows[i]), w.Weight, v)
		default:
			values[i] = math.Sqrt(v)
		}
		if math.IsInf(values[i], 0) {
			return nil, fmt.Errorf("%s: the standard deviation %s is %v, too small to divide by", t.Where(rows[i]), w.Sigma, v)
		}
	}
	return values, nil
}

// kept are the rows that are fitted.
type kept struct {
	rows []int     // of the table
	root []float64 // square roots of their weights, nil if all count alike
	// Rows that are not: of which a cell is missing, and in which columns; and
	// those of weight 0.
	incomplete, weightless int
	missing                []string
}

// keep chooses the rows that have all that is needed, and a weight.
func (m *Model) keep() (*kept, error) {
	used := slices.Concat(m.responseColumns(), m.columns, m.with)
	if m.Weights.given() {
		used = append(used, m.Weights.column())
	}
	rows, lacking, err := complete(m.Table, used)
	if err != nil {
		return nil, err
	}
	k := &kept{incomplete: m.Table.Rows() - len(rows), missing: lacking}
	for _, row := range rows {
		if m.by == nil || m.by.has(row) {
			k.rows = append(k.rows, row)
		}
	}
	if lost := len(rows) - len(k.rows); lost > 0 {
		k.incomplete += lost
		k.missing = append(k.missing, fmt.Sprintf("%s %d", m.by.Column, lost))
	}
	rows = k.rows
	if len(rows) == 0 {
		return nil, fmt.Errorf("%s: no row has a value of each of %s", m.Table.Name, strings.Join(used, ", "))
	}
	if !m.Weights.given() {
		return k, nil
	}
	root, err := m.Weights.roots(m.Table, rows)
	if err != nil {
		return nil, err
	}
	k.rows = nil
	for i, r := range root {
		if r == 0 {
			k.weightless++
			continue
		}
		k.rows, k.root = append(k.rows, rows[i]), append(k.root, r)
	}
	if len(k.rows) == 0 {
		return nil, fmt.Errorf("%s: the weight %s is 0 in every row", m.Table.Name, m.Weights.Weight)
	}
	return k, nil
}

// complete returns the rows of which no cell in the columns is missing, and how
// many each column lacks: "y 2".
func complete(t *data.Table, columns []string) (rows []int, lacking []string, err error) {
	whole := make([]bool, t.Rows())
	for i := range whole {
		whole[i] = true
	}
	for i, name := range columns {
		if slices.Contains(columns[:i], name) {
			continue
		}
		values, err := numbers(t, name, nil)
		if err != nil {
			return nil, nil, err
		}
		n := 0
		for row, v := range values {
			if math.IsNaN(v) {
				whole[row] = false
				n++
			}
		}
		if n > 0 {
			lacking = append(lacking, fmt.Sprintf("%s %d", name, n))
		}
	}
	for row, ok := range whole {
		if ok {
			rows = append(rows, row)
		}
	}
	return rows, lacking, nil
}

// numbers returns a column's numbers in rows, or in all if rows is nil; NaN
// where a cell is missing.
func numbers(t *data.Table, name string, rows []int) ([]float64, error) {
	c, err := t.Column(name)
	if err != nil {
		return nil, err
	}
	switch c.Kind {
	case data.Date:
		return nil, fmt.Errorf("%s: column %s has dates; a fit needs numbers, such as the days since the first", t.Name, name)
	case data.Categorical:
		return nil, fmt.Errorf("%s: column %s has words, such as %q; a fit needs numbers", t.Name, name, c.Levels[0])
	}
	if rows == nil {
		return c.Values.Numbers(), nil
	}
	out := make([]float64, len(rows))
	data.GatherArray(out, c.Values, rows)
	return out, nil
}

// finiteAt names the first row in which the response, or the model with the
// parameters at start, is not finite.
func (m *Model) finiteAt(start []float64) error {
	s, err := m.system(start, false)
	if err != nil {
		return err
	}
	y, err := s.observed()
	if err != nil {
		return err
	}
	if i := slices.IndexFunc(y, notFinite); i >= 0 {
		return fail("%s: the response %s is %v where %s: it is not finite at {start}, nor anywhere else",
			m.Table.Where(m.kept.rows[i]), strings.TrimSpace(m.Response.Text), y[i], m.cells(i, m.responseColumns()))
	}
	fitted, jac, err := s.linearise(start)
	if err != nil {
		return err
	}
	where := func(i int) string {
		if len(m.columns) == 0 {
			return ""
		}
		return " where " + m.cells(i, m.columns)
	}
	if i := slices.IndexFunc(fitted, notFinite); i >= 0 {
		return fail("%s: the model is not finite at {start}: it is %v%s", m.Table.Where(m.kept.rows[i]), fitted[i], where(i))
	}
	if at := slices.IndexFunc(jac, notFinite); at >= 0 {
		i, k := at/len(start), at%len(start)
		return fail("%s: the model's derivative by %s is not finite at {start}: it is %v%s", m.Table.Where(m.kept.rows[i]), m.Params[k].Name, jac[at], where(i))
	}
	return nil
}

func notFinite(x float64) bool { return math.IsNaN(x) || math.IsInf(x, 0) }

// cells writes what is in columns of a row that is fitted.
func (m *Model) cells(i int, columns []string) string {
	var out []string
	for _, name := range columns {
		if c, err := m.Table.Column(name); err == nil {
			out = append(out, fmt.Sprintf("%s = %v", name, c.Values.Row(nil, m.kept.rows[i])[0]))
		}
	}
	return strings.Join(out, ", ")
}

// notes say which rows do not count.
func (k *kept) notes() (out []string) {
	if k.incomplete > 0 {
		out = append(out, fmt.Sprintf("%s left out because a cell is missing (%s)", rows(k.incomplete), strings.Join(k.missing, ", ")))
	}
	if k.weightless > 0 {
		out = append(out, fmt.Sprintf("%s of weight 0 left out", rows(k.weightless)))
	}
	return out
}

func rows(n int) string {
	if n == 1 {
		return "1 row"
	}
	return fmt.Sprintf("%d rows", n)
}
