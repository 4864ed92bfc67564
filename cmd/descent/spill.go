package main

import (
	"errors"
	"fmt"
	"slices"

	"descent/data"
)

// unsampled are the flags that need all rows in memory.
var unsampled = []string{"folds", "repeats", "oof", "interval", "calibrate", "threshold", "search", "for", "group", "time", "weight", "class-weight", "augment", "window"}

// checkSample refuses what --in-memory cannot go with.
func (o *trainOptions) checkSample() error {
	switch {
	case !o.given("in-memory"):
		return nil
	case o.sample < 1:
		return fmt.Errorf("--in-memory %d: at least one row is needed", o.sample)
	case o.dtype != "float32":
		return fmt.Errorf("--in-memory keeps rows as float32; leave out --dtype %s", o.dtype)
	case o.optimizer.Method != nil:
		return fmt.Errorf("--optimizer %s searches with all rows at once; --in-memory is for rules, such as adam", o.optimizer.Entry.Name)
	case o.Model.Codes():
		return fmt.Errorf("model %s learns its inputs; --in-memory is for a target", o.Model)
	}
	for _, flag := range unsampled {
		if o.given(flag) {
			return fmt.Errorf("--%s needs all rows in memory, and --in-memory keeps some of them", flag)
		}
	}
	return nil
}

// spill makes the rows of training all that the table is a sample of, but those that are
// held out.
func (o *trainOptions) spill(parts *data.Parts) error {
	table := o.src.Table
	switch {
	case o.sample == 0 || o.src.Table != nil && table.All() == table.Rows():
		return nil
	case table == nil:
		return usage(errors.New("--in-memory is for tables; bytes of pictures are kept as they are"))
	case parts.Latest > 0:
		return usage(errors.New("the rows are in an order of time, and the latest are held out: with --in-memory others would be as late; --split random holds out any"))
	case o.src.Name == called(stdin):
		return usage(errors.New("--in-memory reads the table twice, which the standard input cannot"))
	}
	csv, err := o.options()
	if err != nil {
		return err
	}
	offset, scale := o.Offset, o.Scale
	if o.Classes > 0 || o.Raw {
		offset, scale = 0, 1
	}
	out := table.Places(slices.Concat(parts.From[1], parts.From[2]))
	slices.Sort(out)
	if o.spilled, err = parts.Schema.Spill(o.src.Name, csv, out, offset, scale); err != nil {
		return o.inFlags(err)
	}
	o.run.Train = o.spilled
	parts.Notes = append(parts.Notes, data.Note{Text: fmt.Sprintf("a sample of %d of the %d rows says how they are encoded and what the baselines are; the model is trained on all that are not held out", table.Rows(), table.All())})
	parts.Notes = append(parts.Notes, o.spilled.Notes()...)
	return nil
}
