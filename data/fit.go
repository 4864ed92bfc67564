package data

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// fitInputs decides what becomes of each column but the target: rows decide
// whether and how it is used, the rows of train give the numbers.
func (s *Schema) fitInputs(t *Table, target string, rows, train []int, o Options) error {
	if o.MaxLevels == 0 {
		o.MaxLevels = defaultMaxLevels
	}
	drop := setOf(o.Drop)
	for i := range t.Columns {
		c := &t.Columns[i]
		if c.Name == target {
			continue
		}
		reason := "dropped on request"
		if !drop[c.Name] {
			reason = ignore(c, rows, o)
		}
		if reason != "" {
			s.Ignored = append(s.Ignored, Ignore{c.Name, reason})
			continue
		}
		in, err := fitInput(c, rows, train, o)
		if err != nil {
			return within(fmt.Sprintf("%s: column %s", t.Name, quote(c.Name)), err)
		}
		s.Inputs = append(s.Inputs, in)
	}
	if len(s.Inputs) == 0 {
		return fmt.Errorf("%s: no inputs are left besides the target %s: %s", t.Name, quote(target), s.ignoredList())
	}
	return s.setShape(t.Name, o.Shape)
}

// setShape sets the shape, which must hold the inputs, and refuses two inputs
// of one name ("a=b" and level b of a), which nobody could tell apart.
func (s *Schema) setShape(table string, shape []int) error {
	features := s.Features()
	if twice, ok := repeated(features); ok {
		return fmt.Errorf("%s: two inputs would be called %s; rename a column", table, quote(twice))
	}
	if shape == nil {
		shape = []int{len(features)}
	}
	if p, ok := product(shape); !ok || p != len(features) {
		return fmt.Errorf("%s: shape %v does not hold its %d inputs", table, shape, len(features))
	}
	s.Shape = slices.Clone(shape)
	return nil
}

func (s *Schema) ignoredList() string {
	if len(s.Ignored) == 0 {
		return "the table has no other column"
	}
	var names []string
	for _, ig := range s.Ignored {
		names = append(names, ig.Name+": "+ig.Reason)
	}
	return list(names)
}

// ignore returns why a column that nobody dropped is not used, "" if it is.
func ignore(c *Column, rows []int, o Options) string {
	first := slices.IndexFunc(rows, func(row int) bool { return !c.missing(row) })
	switch {
	case first < 0:
		return "all values are missing"
	case o.DropIdentifiers && identifies(c, rows):
		return "only numbers the rows (DropIdentifiers)"
	case o.KeepConstant || o.Shape != nil:
		return ""
	}
	word := c.word(rows[first])
	for _, row := range rows {
		// Missing cells of a numeric column get the mean, which is the same
		// value again; in a categorical one they are a level.
		if c.missing(row) && c.Kind == Numeric {
			continue
		}
		if c.missing(row) || !c.equal(row, rows[first]) {
			return ""
		}
	}
	return "each value is " + quote(word)
}

// equal tells whether two cells are, neither of them missing.
func (c *Column) equal(a, b int) bool {
	if c.Kind == Categorical {
		return c.Codes[a] == c.Codes[b]
	}
	return c.Values[a] == c.Values[b]
}

// identifies tells whether a column only numbers the rows.
func identifies(c *Column, rows []int) bool {
	if slices.ContainsFunc(rows, c.missing) {
		return false
	}
	if c.Kind == Categorical {
		return len(wordsOf(c, rows)) == len(rows)
	}
	for i, row := range rows {
		v := c.Values[row]
		if v != math.Trunc(v) || i > 0 && v <= c.Values[rows[i-1]] {
			return false
		}
	}
	return true
}

func fitInput(c *Column, rows, train []int, o Options) (Input, error) {
	in := Input{Name: c.Name, Kind: c.Kind}
	for _, row := range train {
		if c.missing(row) {
			in.Missing++
		}
	}
	if c.Kind == Numeric {
		in.Scaling = o.Scaling
		return in, in.fitNumbers(c, train)
	}
	in.Levels = wordsOf(c, rows)
	if n := len(in.Levels); n > o.MaxLevels {
		return in, advise(fmt.Errorf("%d different words in %d rows, each of which would be an input (at most %d)", n, len(rows), o.MaxLevels),
			Advice{Text: "drop the column", Option: "Drop", Value: c.Name}, Advice{Text: "raise MaxLevels", Option: "MaxLevels"})
	}
	// MissingLevel may be a word of the file; it is the same level then.
	had := len(in.Levels)
	in.Levels = slices.DeleteFunc(in.Levels, func(l string) bool { return l == MissingLevel })
	if had > len(in.Levels) || o.Unknown == UnknownMissing || slices.ContainsFunc(rows, c.missing) {
		in.Levels = append(in.Levels, MissingLevel)
	}
	return in, nil
}

// fitNumbers sets what a numeric column needs from the training rows: cells
// that are missing there count neither for the mean nor for the spread.
func (in *Input) fitNumbers(c *Column, train []int) error {
	var values []float64
	for _, row := range train {
		if !c.missing(row) {
			values = append(values, c.Values[row])
		}
	}
	if len(values) == 0 {
		return advise(errors.New("all values are missing in the training rows, so there is no mean for the others"),
			Advice{Text: "drop the column", Option: "Drop", Value: c.Name})
	}
	m, sd := meanAndDeviation(values)
	lo, hi := slices.Min(values), slices.Max(values)
	if lo == hi {
		m = lo // exactly: a constant column becomes zeros, not rounding noise
	}
	in.Impute, in.Scale = m, 1
	switch in.Scaling {
	case Standard:
		in.Offset, in.Scale = m, sd
	case MinMax:
		in.Offset, in.Scale = lo, hi-lo
	}
	// A column that is constant in the training rows has no unit to scale by.
	if lo == hi || in.Scale == 0 {
		in.Scale = 1
	}
	if !finite(in.Impute) || !finite(in.Offset) || !finite(in.Scale) {
		return fmt.Errorf("values from %v to %v are too large for a mean or a range; divide them first", lo, hi)
	}
	return nil
}

// meanAndDeviation returns the mean and the standard deviation (divided by n).
// Both are corrected by the remainder that rounding leaves, so that columns
// with a large offset (years, areas) do not lose digits.
func meanAndDeviation(values []float64) (mean, deviation float64) {
	n := float64(len(values))
	for _, v := range values {
		mean += v
	}
	mean /= n
	rest := 0.0
	for _, v := range values {
		rest += v - mean
	}
	mean += rest / n
	squares, rest := 0.0, 0.0
	for _, v := range values {
		squares += float64((v - mean) * (v - mean))
		rest += v - mean
	}
	return mean, math.Sqrt(max(squares-rest*rest/n, 0) / n)
}
