package train

import (
	"errors"
	"fmt"

	"descent/data"
	"descent/graph"
)

// Match reports why rows cannot be used for the task, or nil.
func (t *Trainer) Match(d data.Rows) error {
	if err := t.match(d); err != nil {
		return err
	}
	for _, f := range t.one.fields {
		if f.classes == 0 {
			continue
		}
		if err := f.inClasses(d); err != nil {
			return err
		}
	}
	return nil
}

// matchTruth reports what scores cannot be compared with.
func (t *Trainer) matchTruth(d data.Rows) error {
	name := t.task.Truth
	if name == "" {
		return nil // or the targets, which fit
	}
	f := field{name: name, kind: numbers, classes: t.task.Classes}
	if f.classes > 0 {
		f.kind = whole
	}
	if err := f.fits(d); err != nil || f.classes == 0 {
		return err
	}
	return f.inClasses(d)
}

// match is [Trainer.Match] but for the rows, which it does not look at.
func (t *Trainer) match(d data.Rows) error {
	if err := t.matchInputs(d); err != nil {
		return err
	}
	if d.Rows() == 0 {
		return errors.New("train: no rows")
	}
	if set, ok := d.(*data.Dataset); ok && t.task.Compute == nil {
		switch {
		case t.task.Classes == 0 && set.Y == nil:
			return errors.New("train: a regression needs numbers as targets")
		case t.task.Classes > 0 && set.Class == nil:
			return errors.New("train: a classification needs classes as targets")
		case t.task.Classes > 0 && len(set.Classes) > t.task.Classes:
			return fmt.Errorf("train: %d classes, the task has %d", len(set.Classes), t.task.Classes)
		}
	}
	for _, f := range t.one.fields {
		if err := f.fits(d); err != nil {
			return err
		}
	}
	return nil
}

// matchInputs is the part of [Trainer.Match] that prediction needs.
func (t *Trainer) matchInputs(d data.Rows) error { return t.one.matchInputs(d, &t.task) }

func (p *program) matchInputs(d data.Rows, task *Task) error {
	if none(d) {
		return errors.New("train: no dataset")
	}
	set, ok := d.(*data.Dataset)
	if ok && task.Compute == nil && set.Features() != task.Features {
		return fmt.Errorf("train: rows have %d inputs, the task has %d", set.Features(), task.Features)
	}
	if c, ok := d.(interface{ CheckSizes() error }); ok {
		if err := c.CheckSizes(); err != nil {
			return fmt.Errorf("train: %w", err)
		}
	}
	for _, f := range p.fields {
		if f.predicts {
			if err := f.fits(d); err != nil {
				return err
			}
		}
	}
	return nil
}

// Convert returns the rows with their numbers in the element type of the trainer, so
// that each call of [Trainer.Step] need not convert them, nor encode the cells of tables.
// [Trainer.Fit] does that itself.
func (t *Trainer) Convert(d data.Rows) data.Rows {
	if t.root.Dtype() == graph.Float32 {
		return data.Convert[float32](d, t.one.numbers()...)
	}
	return data.Convert[float64](d, t.one.numbers()...)
}

// numbers names the arrays that a program takes as numbers.
func (p *program) numbers() (names []string) {
	for _, f := range p.fields {
		if f.kind == numbers {
			names = append(names, f.name)
		}
	}
	return names
}

// none tells whether there are no rows, as is a dataset that is nil.
func none(d data.Rows) bool {
	set, ok := d.(*data.Dataset)
	return d == nil || ok && set == nil
}

// matchRows reports the first row number that d does not have.
func matchRows(d data.Rows, rows []int) error {
	if len(rows) == 0 {
		return errors.New("train: no rows to train on")
	}
	n := d.Rows()
	for i, row := range rows {
		if row < 0 || row >= n {
			return fmt.Errorf("train: rows[%d] is %d; the dataset has %d rows, counted from 0", i, row, n)
		}
	}
	return nil
}
