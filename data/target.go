package data

import (
	"fmt"
	"math"
	"slices"
)

// fitTarget decides the task and lists the classes that occur in rows.
func (p *Parts) fitTarget(t *Table, c *Column, rows []int, task Task) error {
	target := &p.Schema.Target
	*target = Target{Name: c.Name, Task: task, Missing: t.Rows() - len(rows)}
	if c.Kind == Date {
		return fmt.Errorf("%s: column %s has dates; a model predicts numbers or classes", t.Name, quote(c.Name))
	}
	if task == "" {
		target.Task = Classification
		if c.Kind == Numeric {
			target.Task = p.taskOf(c, rows)
		}
	}
	if target.Task == Regression {
		values, bad := numericCells(t, c, rows)
		if bad != nil {
			return bad.err
		}
		return varies(t, c, values, rows)
	}
	target.Classes = wordsOf(c, rows)
	n := len(target.Classes)
	numbers := countIf(target.Classes, isNumber)
	switch {
	case n < 2:
		return fmt.Errorf("%s: column %s: each row is %s; a classification needs two classes", t.Name, quote(c.Name), list(target.Classes))
	case task == "" && (ownWord(n, len(rows)) || oddNumbers(target.Classes)):
		return ownClasses(t, c, target.Classes, len(rows))
	case n > defaultMaxLevels:
		return advise(fmt.Errorf("%s: column %s has %d different values, too many for classes (at most %d)", t.Name, quote(c.Name), n, defaultMaxLevels),
			Advice{Text: fmt.Sprintf("set Task to %q if it is a number", Regression), Option: "Task", Value: string(Regression)})
	case task == "" && c.Kind == Categorical && n >= 8 && numbers < n && numbers*10 >= n*8:
		word := target.Classes[slices.IndexFunc(target.Classes, func(l string) bool { return !isNumber(l) })]
		p.Notes = append(p.Notes, Note{Text: fmt.Sprintf("target %s: %d numbers and words such as %s are taken as classes", quote(c.Name), numbers, quote(word)), Guess: true,
			Advice: []Advice{{Text: "list such words in Missing if they stand for none", Option: "Missing", Value: word}}})
	}
	return nil
}

// oddNumbers tells whether words are many numbers that are not written in one
// way. Those that are may be classes by order, such as postal codes.
func oddNumbers(words []string) bool {
	const few = 20
	_, plain := numbersOf(words)
	return len(words) > few && !plain && countIf(words, isNumber) == len(words)
}

// ownClasses refuses a target of which nearly each row has its own value.
func ownClasses(t *Table, c *Column, classes []string, rows int) error {
	err := fmt.Errorf("%s: column %s has %d different words in %d rows, such as %s: they are no classes", t.Name, quote(c.Name), len(classes), rows, few(classes))
	if oddNumbers(classes) {
		return advise(fmt.Errorf("%w, and no numbers written in one way", err), Advice{Text: "write them alike"})
	}
	return advise(err, Advice{Text: "choose another target"}, Advice{Text: "set Task if they are classes", Option: "Task", Value: string(Classification)})
}

// taskOf tells whether numbers are classes, and says so where they may be
// something else.
func (p *Parts) taskOf(c *Column, rows []int) Task {
	const few = 20
	values := make(map[float64]bool)
	for _, row := range rows {
		v := c.Values.at(row)
		if values[v] = true; v != math.Trunc(v) || len(values) > few {
			return Regression
		}
	}
	lo, hi := math.Inf(1), math.Inf(-1)
	for v := range values {
		lo, hi = min(lo, v), max(hi, v)
	}
	which := fmt.Sprintf("%d whole numbers from %s to %s", len(values), formatNumber(lo), formatNumber(hi))
	if len(values) == 2 {
		which = fmt.Sprintf("the numbers %s and %s", formatNumber(lo), formatNumber(hi))
	}
	note := Note{Guess: true}
	task, other, as := Classification, Regression, "quantities"
	switch k := len(values); {
	case k == 2 && lo == 0 && hi == 1:
		return Classification
	// Few rows say little, and y = 0, 1, 2, ... in some rows is a line.
	case k <= 3 && len(rows) >= 3*k, lo == 0 && hi == float64(k-1) && k <= maxNumberClasses && len(rows) >= 2*k:
		note.Text = fmt.Sprintf("target %s: %s are taken as classes", quote(c.Name), which)
	default:
		task, other, as = Regression, Classification, "classes"
		note.Text = fmt.Sprintf("target %s: %s are taken as quantities (a regression)", quote(c.Name), which)
	}
	note.Advice = []Advice{{Text: fmt.Sprintf("set Task to %q if they are %s", other, as), Option: "Task", Value: string(other)}}
	p.Notes = append(p.Notes, note)
	return task
}

// varies reports a target that is one number: any model fits it.
func varies(t *Table, c *Column, values Array, rows []int) error {
	first := values.at(rows[0])
	for _, row := range rows[1:] {
		if values.at(row) != first {
			return nil
		}
	}
	return fmt.Errorf("%s: column %s: each row is %v; there is nothing to predict", t.Name, quote(c.Name), first)
}
