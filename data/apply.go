package data

import (
	"fmt"
	"math"
	"slices"

	"descent/internal/suggest"
)

// Apply encodes all rows of a table for prediction: one row of inputs for each
// row of the table, in its order, without targets. The order of the columns
// does not matter, and columns that the schema does not use are ignored. It is
// an error if a column is missing, a cell of a numeric column is not a number,
// or a word is not among the levels of its column (unless s.Unknown says that
// it counts as missing).
func (s *Schema) Apply(t *Table) (*Dataset, error) {
	if err := t.check(); err != nil {
		return nil, err
	}
	return s.encode(t, allRows(t))
}

// ApplyLabelled encodes the rows of a table that have a target, for measuring
// a model; Dataset.Dropped counts those that have none. Errors are those of
// Apply, for the target too.
func (s *Schema) ApplyLabelled(t *Table) (*Dataset, error) {
	if err := t.check(); err != nil {
		return nil, err
	}
	target, err := t.Column(s.Target.Name)
	if err != nil {
		return nil, err
	}
	rows := slices.DeleteFunc(allRows(t), target.missing)
	if len(rows) == 0 {
		return nil, fmt.Errorf("%s: column %s: the target is missing in every row", t.Name, quote(target.Name))
	}
	d, err := s.encodeLabelled(t, target, rows)
	if err == nil {
		d.Dropped = t.Rows() - len(rows)
	}
	return d, err
}

func allRows(t *Table) []int {
	rows := make([]int, t.Rows())
	for i := range rows {
		rows[i] = i
	}
	return rows
}

// encodeLabelled encodes rows with their targets, none of which is missing.
func (s *Schema) encodeLabelled(t *Table, target *Column, rows []int) (*Dataset, error) {
	d, err := s.encode(t, rows)
	if err != nil {
		return nil, err
	}
	d.Target, d.Classes = s.Target.Name, slices.Clone(s.Target.Classes)
	if s.Target.Task == Regression {
		values, err := numericCells(t, target, rows)
		if err != nil {
			return nil, err
		}
		d.Y = make([]float64, len(rows))
		Gather(d.Y, values, 1, rows)
		return d, nil
	}
	find := finder(target, s.Target.Classes)
	d.Class = make([]int, len(rows))
	for i, row := range rows {
		if d.Class[i] = find(row); d.Class[i] < 0 {
			return nil, unknownLevel(t, target, row, "class", s.Target.Classes)
		}
	}
	return d, nil
}

// maxCells bounds the inputs of a dataset: 2³⁰ numbers are 8 GiB.
const maxCells = 1 << 30

// encode encodes the inputs of rows.
func (s *Schema) encode(t *Table, rows []int) (*Dataset, error) {
	d := &Dataset{Inputs: s.Features(), Shape: slices.Clone(s.Shape)}
	w := d.Features()
	if len(rows) > maxCells/max(w, 1) {
		return nil, fmt.Errorf("%s: %d rows of %d inputs need %s; at most %s are allowed: drop columns with many levels, or rows",
			t.Name, len(rows), w, size(8*int64(len(rows))*int64(w)), size(8*maxCells))
	}
	d.X = make([]float64, len(rows)*w)
	// A search for each input would take a minute for 65,000 columns.
	columns := make(map[string]*Column, len(t.Columns))
	for i := range t.Columns {
		columns[t.Columns[i].Name] = &t.Columns[i]
	}
	at := 0
	for i := range s.Inputs {
		in := &s.Inputs[i]
		c, ok := columns[in.Name]
		if !ok {
			_, err := t.Column(in.Name) // says what there is instead
			return nil, err
		}
		var err error
		if in.Kind == Numeric {
			err = in.encodeNumbers(d, at, t, c, rows)
		} else {
			err = in.encodeWords(d, at, t, c, rows, s.Unknown)
		}
		if err != nil {
			return nil, err
		}
		at += in.width()
	}
	return d, nil
}

// encodeNumbers fills column at of d.X.
func (in *Input) encodeNumbers(d *Dataset, at int, t *Table, c *Column, rows []int) error {
	values, err := numericCells(t, c, rows)
	if err != nil {
		return err
	}
	w := d.Features()
	for i, row := range rows {
		v := values[row]
		if math.IsNaN(v) {
			v = in.Impute
			d.Missing++
		}
		x := (v - in.Offset) / in.Scale
		if !finite(x) {
			return fmt.Errorf("%s: column %s: %v is too far from the training rows to be scaled", t.Where(row), quote(c.Name), v)
		}
		d.X[i*w+at] = x
	}
	return nil
}

// encodeWords fills the columns of d.X from at on, one for each level.
func (in *Input) encodeWords(d *Dataset, at int, t *Table, c *Column, rows []int, policy Unknown) error {
	find := finder(c, in.Levels)
	missing := slices.Index(in.Levels, MissingLevel)
	w := d.Features()
	for i, row := range rows {
		level := find(row)
		if level < 0 && (policy == UnknownMissing || c.missing(row)) {
			level = missing
			d.Missing++
		}
		if level < 0 {
			return unknownLevel(t, c, row, "level", in.Levels, Advice{Text: "correct it"},
				Advice{Text: fmt.Sprintf("set Unknown to %q before training", UnknownMissing), Option: "Unknown", Value: string(UnknownMissing)})
		}
		d.X[i*w+at+level] = 1
	}
	return nil
}

// unknownLevel says that the word in a row is not one of the levels.
func unknownLevel(t *Table, c *Column, row int, what string, levels []string, advice ...Advice) error {
	word := c.word(row)
	near := ""
	if n := suggest.Nearest(word, levels); n != "" {
		near = fmt.Sprintf(" (did you mean %s?)", quote(n))
	}
	return advise(fmt.Errorf("%s: column %s: unknown %s %s; known are %s%s", t.Where(row), quote(c.Name), what, quote(word), list(levels), near), advice...)
}

// word returns the cell of a row as text.
func (c *Column) word(row int) string {
	switch {
	case c.missing(row):
		return MissingLevel
	case c.Kind == Numeric:
		return formatNumber(c.Values[row])
	}
	return c.Levels[c.Codes[row]]
}

// numericCells returns the cells of a column as numbers, NaN where one is
// missing, and fails if one in rows is a word.
func numericCells(t *Table, c *Column, rows []int) ([]float64, error) {
	if c.Kind == Numeric {
		return c.Values, nil
	}
	// A column of a new file may be categorical by itself because of rows that
	// are not asked for, or because its reader was told so.
	values := make([]float64, len(c.Codes))
	for _, row := range rows {
		values[row] = math.NaN()
		if c.missing(row) {
			continue
		}
		v, ok := number(c.word(row))
		if !ok || !finite(v) {
			return nil, fmt.Errorf("%s: column %s: %s is not a number", t.Where(row), quote(c.Name), quote(c.word(row)))
		}
		values[row] = v
	}
	return values, nil
}

// finder returns the function from a row to the index of its word in levels, or
// -1. A word that is not there as it stands is compared as a number, since "1",
// "1.0" and the number 1 are the same level to anybody who looks at the file;
// unless two levels have that number.
func finder(c *Column, levels []string) func(row int) int {
	words, numbers := make(map[string]int), make(map[float64]int)
	for i, l := range levels {
		words[l] = i
		if v, ok := number(l); ok {
			if _, twice := numbers[v]; twice {
				i = -1
			}
			numbers[v] = i
		}
	}
	byNumber := func(v float64) int {
		if i, ok := numbers[v]; ok {
			return i
		}
		return -1
	}
	if c.Kind == Numeric {
		return func(row int) int { return byNumber(c.Values[row]) }
	}
	index := make([]int, len(c.Levels))
	for i, l := range c.Levels {
		index[i] = -1
		if at, ok := words[l]; ok {
			index[i] = at
		} else if v, ok := number(l); ok {
			index[i] = byNumber(v)
		}
	}
	return func(row int) int {
		if c.Codes[row] < 0 {
			return -1
		}
		return index[c.Codes[row]]
	}
}
