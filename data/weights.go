package data

import (
	"fmt"
	"slices"
)

// checkWeight refuses a column of weights that cannot be one.
func (o *Options) checkWeight(t *Table, target string) error {
	column, err := t.Column(o.Weight)
	remove := Advice{Text: "leave Weight out", Option: "Weight", Value: o.Weight, Remove: true}
	switch {
	case err != nil:
		return advise(err, remove)
	case o.Weight == target:
		return advise(fmt.Errorf("%s: %s is the target, and cannot have the weights of the rows", t.Name, quote(target)), remove)
	case slices.Contains(o.Drop, o.Weight) || slices.Contains(o.Use, o.Weight):
		return advise(fmt.Errorf("%s: %s has the weights of the rows; it is no input, to be used or dropped", t.Name, quote(o.Weight)), remove)
	case column.Kind != Numeric:
		return advise(fmt.Errorf("%s: column %s has no numbers; weights are numbers of at least 0", t.Name, quote(o.Weight)), remove)
	}
	return nil
}

// weigh gives the rows of each part their weights, divided by the mean of those for
// training: losses keep their scale.
func (p *Parts) weigh(t *Table, name string, rows partRows) error {
	column, err := t.Column(name)
	if err != nil {
		return err
	}
	mean := 0.0
	for part, set := range []*Dataset{p.Train, p.Val, p.Test} {
		set.Weight = make([]float64, len(rows[part]))
		sum := 0.0
		for i, row := range rows[part] {
			w := column.Values.at(row)
			if column.missing(row) || !(w >= 0) || !finite(w) {
				return fmt.Errorf("%s: column %s: the weight %s; each row needs one of at least 0", t.Where(row), quote(name), quote(column.word(row)))
			}
			set.Weight[i] = w
			sum += w
		}
		if part == 0 {
			mean = sum / float64(len(rows[part]))
		}
		if sum == 0 && len(rows[part]) > 0 {
			return fmt.Errorf("%s: column %s: all rows for %s have weight 0", t.Name, quote(name), partNames[part])
		}
		for i := range set.Weight {
			set.Weight[i] /= mean
		}
	}
	return nil
}
