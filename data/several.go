package data

import (
	"fmt"
	"slices"
	"strings"
)

// The tasks of several targets.
const (
	Numbers Task = "numbers" // several numbers
	Labels  Task = "labels"  // any of several labels: columns of 0 and 1, or words of one column
)

// predictedToo is why a target beside the first is no input.
const predictedToo = "it is predicted, too"

// separators are what may stand between the labels of a cell, in the order in which they
// are tried.
var separators = []string{";", "|", ","}

// several tells whether there is more to predict than one number or class.
func (o *Options) several() bool { return len(o.More) > 0 || o.Task == Labels }

// checkMore reports further targets that there are not.
func (o *Options) checkMore(t *Table, target string) error {
	for i, name := range o.More {
		if _, err := t.Column(name); err != nil {
			return err
		}
		if name == target || slices.Contains(o.More[:i], name) {
			return fmt.Errorf("%s: %s is a target twice", t.Name, quote(name))
		}
		if slices.Contains(o.Drop, name) {
			return advise(fmt.Errorf("%s: %s is a target", t.Name, quote(name)), Advice{Text: "take it out of Drop", Option: "Drop", Value: name, Remove: true})
		}
	}
	switch {
	case len(o.More) > 0 && o.Task == Classification:
		return fmt.Errorf("%s: several targets are numbers, or columns of 0 and 1; classes are predicted one column at a time", t.Name)
	case o.several() && o.Schema != nil:
		return fmt.Errorf("%s: the inputs of another model are for one target", t.Name)
	}
	return nil
}

// fitSeveral says what several targets are: columns of 0 and 1 are labels unless they are
// to be numbers, and one column is cells of labels.
func (p *preparation) fitSeveral(t *Table, o Options) error {
	target := &p.Schema.Target
	target.Missing = t.Rows() - len(p.rows)
	if len(o.More) == 0 {
		return p.fitLabels(t)
	}
	target.Task, target.Outputs = Labels, append([]string{p.target.Name}, o.More...)
	target.Name = strings.Join(target.Outputs, ", ")
	for _, name := range target.Outputs {
		c, err := t.Column(name)
		if err != nil {
			return err
		}
		if c.Kind != Numeric {
			return fmt.Errorf("%s: column %s has no numbers; several targets are numbers, or 0 and 1", t.Name, quote(name))
		}
		if err := varies(t, c, c.Values, p.rows); err != nil {
			return err
		}
		if o.Task == Regression || slices.ContainsFunc(p.rows, func(row int) bool { return c.Values.at(row) != 0 && c.Values.at(row) != 1 }) {
			target.Task = Numbers
		}
	}
	if target.Task == Numbers && o.Task == Labels {
		return fmt.Errorf("%s: columns of labels have 0 and 1; some of %s have other numbers", t.Name, list(target.Outputs))
	}
	return nil
}

// fitLabels finds what separates the labels of cells, and lists them.
func (p *preparation) fitLabels(t *Table) error {
	c, target := p.target, &p.Schema.Target
	target.Name, target.Task = c.Name, Labels
	most := 0
	for _, sep := range separators { // by all words of the column, so that parts of its rows have the same labels
		n := 0
		for _, word := range c.Levels {
			if strings.Contains(word, sep) {
				n++
			}
		}
		if n > most {
			target.Separator, most = sep, n
		}
	}
	if most == 0 {
		return advise(fmt.Errorf("%s: column %s: no cell has several labels with ; or | or , between them", t.Name, quote(c.Name)),
			Advice{Text: fmt.Sprintf("set Task to %q if a cell is one", Classification), Option: "Task", Value: string(Classification)})
	}
	seen := map[string]bool{}
	for _, word := range c.Levels {
		for _, l := range target.split(word) {
			seen[l] = true
		}
	}
	for l := range seen {
		target.Outputs = append(target.Outputs, l)
	}
	slices.Sort(target.Outputs)
	if n := len(target.Outputs); n < 2 || n > defaultMaxLevels {
		return fmt.Errorf("%s: column %s has %d labels; there are 2 to %d", t.Name, quote(c.Name), n, defaultMaxLevels)
	}
	return nil
}

// split returns the labels of a cell.
func (t *Target) split(cell string) (labels []string) {
	for _, l := range strings.Split(cell, t.Separator) {
		if l = strings.TrimSpace(l); l != "" {
			labels = append(labels, l)
		}
	}
	return labels
}

// encodeSeveral fills d.Y with the targets of rows.
func (s *Schema) encodeSeveral(d *Dataset, t *Table, rows []int) error {
	target := &s.Target
	k := len(target.Outputs)
	d.Outputs, d.Y = slices.Clone(target.Outputs), make([]float64, len(rows)*k)
	if target.Separator == "" {
		for j, name := range target.Outputs {
			c, err := t.Column(name)
			if err != nil {
				return err
			}
			values, bad := numericCells(t, c, rows)
			if bad != nil {
				return bad.err
			}
			for i, row := range rows {
				d.Y[i*k+j] = values.at(row)
			}
		}
		return nil
	}
	c, err := t.Column(target.Name)
	if err != nil {
		return err
	}
	for i, row := range rows {
		for _, l := range target.split(c.word(row)) {
			j := slices.Index(target.Outputs, l)
			if j < 0 {
				return fmt.Errorf("%s: column %s: unknown label %s; known are %s", t.Where(row), quote(c.Name), quote(l), list(target.Outputs))
			}
			d.Y[i*k+j] = 1
		}
	}
	return nil
}

// checkSeveral reports several targets that make no sense.
func (t *Target) checkSeveral() error {
	twice, ok := repeated(t.Outputs)
	switch {
	case len(t.Classes) > 0:
		return fmt.Errorf("%s have no classes", t.Task)
	case len(t.Outputs) < 2:
		return fmt.Errorf("%d targets; several are two or more", len(t.Outputs))
	case ok:
		return fmt.Errorf("two targets %s", quote(twice))
	case t.Separator != "" && (t.Task != Labels || !slices.Contains(separators, t.Separator)):
		return fmt.Errorf("%s with %s between them", t.Task, quote(t.Separator))
	}
	return nil
}
