package data

import (
	"fmt"
	"math"
	"slices"
	"strconv"
)

// Options says how a table becomes inputs and a target. The zero value leaves
// numbers as they are, holds out nothing, and lets the target decide the task.
type Options struct {
	// Task overrides what the target is. Otherwise words are classes, and so
	// are whole numbers 0, 1, ..., k-1 that all occur, for k from 2 to 20;
	// other numbers are a regression.
	Task Task
	// Scaling is applied to numeric inputs. Targets are never scaled.
	Scaling Scaling
	// Fractions are held out, by Seed; classes keep their shares.
	Fractions Fractions
	Seed      uint64

	// Drop names columns that are not to be used.
	Drop []string
	// DropIdentifiers drops columns that only number the rows: whole numbers
	// that increase from each row to the next, and words of which no two are
	// equal.
	DropIdentifiers bool
	// KeepConstant keeps columns that have the same value in each row. Shape
	// implies it.
	KeepConstant bool
	// Unknown is the policy for words that no row of the table has. With
	// UnknownMissing, each categorical column has the level MissingLevel.
	Unknown Unknown
	// MaxLevels bounds the levels of one column; 0 means 1000. Each of them is
	// an input.
	MaxLevels int
	// Shape is the shape of one row's inputs, such as [8 8] for the pixels of
	// an image; nil means one axis.
	Shape []int
}

const (
	defaultMaxLevels = 1000
	maxNumberClasses = 20
)

// Prepare divides the rows of a table, fits a schema, and encodes each part by
// it. Rows without a target are left out and counted in the schema.
//
// What the inputs are (which columns, of which kind, with which levels, and the
// classes) follows from all rows that have a target, so that it does not depend
// on the seed. The numbers (means, ranges, values for missing cells) come from
// the training rows alone.
//
// Left out, with the reason in the schema, are columns that have no value or
// only one. It is an error if a name is not that of a column, there are fewer
// than two rows, or one class only, no input is left, a column has more than
// MaxLevels levels, or a part that was asked for would have no row.
func Prepare(t *Table, target string, o Options) (*Parts, error) {
	if err := t.check(); err != nil {
		return nil, err
	}
	if err := o.check(t, target); err != nil {
		return nil, err
	}
	column, err := t.Column(target)
	if err != nil {
		return nil, err
	}
	rows := slices.DeleteFunc(allRows(t), column.missing)
	if len(rows) < 2 {
		return nil, fmt.Errorf("%s: rows with a value of %s: %d; at least 2 are needed", t.Name, quote(target), len(rows))
	}
	s := &Schema{Unknown: o.Unknown}
	if s.Target, err = fitTarget(t, column, rows, o.Task); err != nil {
		return nil, err
	}
	split, err := splitTable(t, column, s.Target.Classes, rows, o)
	if err != nil {
		return nil, err
	}
	if err := s.fitInputs(t, target, rows, split[0], o); err != nil {
		return nil, err
	}
	parts := &Parts{Schema: s}
	for i, part := range []**Dataset{&parts.Train, &parts.Val, &parts.Test} {
		if *part, err = s.encodeLabelled(t, column, split[i]); err != nil {
			return nil, err
		}
	}
	parts.Train.Dropped = s.Target.Missing
	return parts, nil
}

// check refuses options that would be without effect or not understood.
func (o *Options) check(t *Table, target string) error {
	if target == "" {
		return fmt.Errorf("%s: no target is named; columns are %s", t.Name, list(t.Names()))
	}
	known := setOf(t.Names())
	for _, name := range o.Drop {
		if !known[name] {
			_, err := t.Column(name) // says what there is instead
			return advise(err, Advice{Text: "take it out of Drop", Option: "Drop", Value: name, Remove: true})
		}
		if name == target {
			return advise(fmt.Errorf("%s: %s is the target", t.Name, quote(name)), Advice{Text: "take it out of Drop", Option: "Drop", Value: name, Remove: true})
		}
	}
	if err := o.Scaling.check(); err != nil {
		return err
	}
	if o.Task != "" && o.Task != Regression && o.Task != Classification {
		return unknown("task", string(o.Task), Regression, Classification)
	}
	if o.Unknown != UnknownError && o.Unknown != UnknownMissing {
		return unknown("policy", string(o.Unknown), UnknownMissing)
	}
	if o.MaxLevels < 0 {
		return fmt.Errorf("MaxLevels is %d; it must be positive, or 0 for %d", o.MaxLevels, defaultMaxLevels)
	}
	return nil
}

// splitTable divides rows, which all have a target, into rows of the table for
// each part.
func splitTable(t *Table, target *Column, classes []string, rows []int, o Options) (partRows, error) {
	var class []int
	if classes != nil {
		find := finder(target, classes)
		for _, row := range rows {
			class = append(class, find(row))
		}
	}
	parts, err := splitRows(len(rows), class, o.Fractions, o.Seed)
	if err != nil {
		return parts, fmt.Errorf("%s: %w", t.Name, err)
	}
	for _, part := range parts {
		for i, at := range part {
			part[i] = rows[at]
		}
	}
	return parts, nil
}

// fitTarget decides the task and lists the classes that occur in rows.
func fitTarget(t *Table, c *Column, rows []int, task Task) (Target, error) {
	target := Target{Name: c.Name, Task: task, Missing: t.Rows() - len(rows)}
	if task == "" && c.Kind == Numeric && !countsClasses(c, rows) {
		target.Task = Regression
		return target, varies(t, c, c.Values, rows)
	}
	if task == Regression {
		values, err := numericCells(t, c, rows)
		if err != nil {
			return target, err
		}
		return target, varies(t, c, values, rows)
	}
	target.Task, target.Classes = Classification, wordsOf(c, rows)
	switch n := len(target.Classes); {
	case n < 2:
		return target, fmt.Errorf("%s: column %s: each row is %s; a classification needs two classes", t.Name, quote(c.Name), list(target.Classes))
	case n > defaultMaxLevels:
		return target, advise(fmt.Errorf("%s: column %s has %d different values, too many for classes (at most %d)", t.Name, quote(c.Name), n, defaultMaxLevels),
			Advice{Text: fmt.Sprintf("set Task to %q if it is a number", Regression), Option: "Task", Value: string(Regression)})
	}
	return target, nil
}

// varies reports a target that is one number: any model fits it.
func varies(t *Table, c *Column, values []float64, rows []int) error {
	for _, row := range rows[1:] {
		if values[row] != values[rows[0]] {
			return nil
		}
	}
	return fmt.Errorf("%s: column %s: each row is %v; there is nothing to predict", t.Name, quote(c.Name), values[rows[0]])
}

// countsClasses tells whether the values of rows are 0, 1, ..., k-1, all of
// them, for a small k.
func countsClasses(c *Column, rows []int) bool {
	var seen [maxNumberClasses]bool
	k := 0
	for _, row := range rows {
		v := c.Values[row]
		if v != math.Trunc(v) || v < 0 || v >= maxNumberClasses {
			return false
		}
		seen[int(v)] = true
		k = max(k, int(v)+1)
	}
	return k >= 2 && !slices.Contains(seen[:k], false)
}

// wordsOf returns the different words of rows, in order, without missing ones.
func wordsOf(c *Column, rows []int) []string {
	if c.Kind == Categorical {
		// The levels are sorted already; keep those that occur.
		occurs := make([]bool, len(c.Levels))
		for _, row := range rows {
			if !c.missing(row) {
				occurs[c.Codes[row]] = true
			}
		}
		var words []string
		for i, l := range c.Levels {
			if occurs[i] {
				words = append(words, l)
			}
		}
		return words
	}
	var values []float64
	for _, row := range rows {
		if !c.missing(row) {
			values = append(values, c.Values[row])
		}
	}
	slices.Sort(values)
	var words []string
	for _, v := range slices.Compact(values) {
		words = append(words, formatNumber(v))
	}
	return words
}

// formatNumber prints a number in the shortest form that reads back the same,
// and whole numbers as people write them.
func formatNumber(v float64) string {
	if v == math.Trunc(v) && math.Abs(v) < 1e15 {
		return strconv.FormatFloat(v+0, 'f', 0, 64) // +0: there is no level -0
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}
