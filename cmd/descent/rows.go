package main

import (
	"fmt"
	"slices"
	"strings"

	"descent/data"
)

// checkData refuses words that the flags about the data do not have.
func (o *trainOptions) checkData() error {
	tasks := []string{string(data.Regression), string(data.Classification)}
	if o.task != "" && !slices.Contains(tasks, o.task) {
		return fmt.Errorf("--task %q: there are %s", o.task, strings.Join(tasks, " and "))
	}
	switch o.scaling {
	case "none":
		o.scaling = string(data.Unscaled)
	case "", string(data.Standard), string(data.MinMax):
	default:
		return fmt.Errorf("--scaling %q: there are standard, minmax and none", o.scaling)
	}
	if o.unknown != "" && o.unknown != string(data.UnknownMissing) {
		return fmt.Errorf("--unknown %q: there is %s", o.unknown, data.UnknownMissing)
	}
	return nil
}

// open reads the data and divides them.
func (o *trainOptions) open(name string) (*data.Parts, error) {
	if err := find(name); err != nil {
		return nil, err
	}
	src, err := o.tableFlags.open(name, nil)
	if err != nil {
		return nil, err
	}
	if src.Table != nil {
		if err := o.checkColumns(src); err != nil {
			return nil, usage(err)
		}
	} else if !o.given("scaling") {
		o.scaling = "" // pixels are from 0 to 1
	}
	parts, err := o.divide(src)
	return parts, o.inFlags(err)
}

// divide prepares the rows and holds some out. A small table of classes keeps
// no rows for validation unless told: there, every row that is learned from
// counts for more than stopping at the best epoch.
func (o *trainOptions) divide(src *data.Source) (*data.Parts, error) {
	const tiny, small = 20, 1000
	val := o.val
	if val < 0 {
		val = 0.15
		if src.Table != nil && src.Table.Rows() < tiny {
			val = 0
		}
	}
	prepare := func() (*data.Parts, error) {
		return src.Prepare(o.target, data.Options{Task: data.Task(o.task), Scaling: data.Scaling(o.scaling), Drop: o.drop,
			Unknown: data.Unknown(o.unknown), Fractions: data.Fractions{Val: val, Test: o.test}, Seed: o.seed})
	}
	parts, err := prepare()
	if err == nil && o.val < 0 && parts.Train.Classes != nil && parts.Train.Rows() < small*0.65 {
		val = 0
		return prepare()
	}
	return parts, err
}

// checkColumns finds wrong names of columns.
func (o *trainOptions) checkColumns(src *data.Source) error {
	target := o.target
	if target == "" {
		target = src.Target
	}
	if target == "" {
		return fmt.Errorf("--target is missing: which column of %s is to be predicted? There are %s", src.Name, strings.Join(src.Table.Names(), ", "))
	}
	for _, c := range append([]string{target}, o.drop...) {
		if _, err := src.Table.Column(c); err != nil {
			return err
		}
	}
	return nil
}
