package main

import (
	"fmt"
	"slices"
	"strings"

	"descent/data"

	"github.com/spf13/cobra"
)

// checkData refuses words that the flags about the data do not have.
func (o *trainOptions) checkData() error {
	tasks := []string{string(data.Regression), string(data.Classification), string(data.Labels)}
	if o.task != "" && !slices.Contains(tasks, o.task) {
		return fmt.Errorf("--task %q: there are %s", o.task, strings.Join(tasks, ", "))
	}
	switch o.scaling {
	case "none":
		o.scaling = string(data.Unscaled)
	case "", string(data.Standard), string(data.MinMax):
	default:
		return fmt.Errorf("--scaling %q: there are standard, minmax and none", o.scaling)
	}
	if o.split != "" && o.split != string(data.SplitRandom) && o.split != string(data.SplitTime) {
		return fmt.Errorf("--split %q: there are random and time", o.split)
	}
	if o.embed < 0 {
		return fmt.Errorf("--embed %d: it is a number of words, or 0 for never", o.embed)
	}
	return checkUnknown(o.unknown)
}

func checkUnknown(policy string) error {
	if policy != "" && policy != string(data.UnknownMissing) && policy != string(data.UnknownRefuse) {
		return fmt.Errorf("--unknown %q: there are %s and %s", policy, data.UnknownMissing, data.UnknownRefuse)
	}
	return nil
}

// addColumns adds the flags about the columns of a table.
func (o *trainOptions) addColumns(cmd *cobra.Command, scaling, scalingHelp string) {
	f := cmd.Flags()
	f.StringVarP(&o.target, "target", "t", "", "column to predict (an embedded set has its own), or several numbers, or 0 and 1, separated by commas")
	f.StringVar(&o.task, "task", "", "regression or classification (default: what the target is), or labels, of which a cell has any number, with ; or | or , between them")
	f.StringVar(&o.scaling, "scaling", scaling, about("scaling", scalingHelp))
	f.StringSliceVar(&o.drop, "drop", nil, "columns that are not to be used, separated by commas")
	f.StringVar(&o.weight, "weight", "", about("weight", ", in the loss and in all scores; it is no input"))
	f.StringVar(&o.classWeight, "class-weight", "", "how much a row of a class counts in the loss: balanced, so that all classes count the same, or numbers such as yes=20,no=1")
	f.StringSliceVar(&o.use, "use", nil, "columns to use although they number or name the rows, separated by commas")
	f.StringSliceVar(&o.categorical, "categorical", nil, "columns of numbers or dates that are words, such as codes, separated by commas")
	f.StringSliceVar(&o.texts, "text", nil, "columns of text whose words are inputs, besides those that have more than five words in a cell, separated by commas")
	f.IntVar(&o.embed, "embed", 50, "words of a column from which on it is embedded: the model learns a row of numbers for each word; 0 for never")
	f.StringVar(&o.group, "group", "", about("group", ""))
	f.StringVar(&o.time, "time", "", about("time", ""))
	f.StringVar(&o.split, "split", "", "rows that are held out: random, or time for the latest (default: time if there is a column of dates)")
	o.images.add(f)
	o.add(cmd)
}

// open divides data that were read.
func (o *trainOptions) open(src *data.Source) (*data.Parts, error) {
	if err := o.origin.inputs(src); err != nil {
		return nil, err
	}
	o.src = src
	if err := o.exploring.begin(o.cmd, o); err != nil {
		return nil, err
	}
	return o.parts(src)
}

// parts divides the rows, and notes what the model has to know of them.
func (o *trainOptions) parts(src *data.Source) (*data.Parts, error) {
	several := o.several(src)
	if several {
		o.divideTarget(src)
	}
	parts, err := o.divide(src)
	switch {
	case err != nil:
	case several:
		of := &parts.Schema.Target
		o.Targets = &targetsSetup{Names: of.Outputs, Labels: of.Task == data.Labels}
	case o.origin.of != nil:
		o.Mean, o.Deviation = o.origin.of.Mean, o.origin.of.Deviation
	case o.whole(src) && o.scaling != "":
		o.Mean, o.Deviation = parts.Train.ChannelScale()
	}
	o.Resized = o.pictures.Width > 0
	return parts, o.inFlags(err)
}

// source reads the data.
func (o *trainOptions) source(name string) (*data.Source, error) {
	if err := find(name); err != nil {
		return nil, err
	}
	kinds := make(map[string]data.Kind)
	for _, c := range o.categorical {
		kinds[c] = data.Categorical
	}
	o.origin.words(kinds)
	var err error
	if o.pictures, err = o.images.options(); err != nil {
		return nil, usage(err)
	}
	o.memory.heed()
	if o.sample == 0 { // of which nobody knows how much memory its rows need
		if err := o.memory.allowReading(name); err != nil {
			return nil, err
		}
	}
	o.draw = o.seed
	src, err := o.tableFlags.open(name, kinds)
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
	if o.scaling == string(data.MinMax) && src.Table != nil && o.augment != nil {
		return nil, usage(fmt.Errorf("--scaling minmax scales each pixel by itself, so that --augment cannot move them; there are standard and none"))
	}
	return src, nil
}

// whole tells whether inputs are scaled as a whole, and not each by itself: those of
// pictures that are bytes, or that are moved.
func (o *trainOptions) whole(src *data.Source) bool {
	return src.Images != nil || len(src.Shape) > 1 && o.augment != nil
}

// divide prepares the rows and holds some out. A table that is trained by the
// recipe for small ones keeps no rows for validation unless told: there, every row
// that is learned from counts for more than stopping at the best epoch.
func (o *trainOptions) divide(src *data.Source) (*data.Parts, error) {
	return src.Prepare(o.target, o.prepareOptions(src))
}

func (o *trainOptions) prepareOptions(src *data.Source) data.Options {
	val := o.val
	if val < 0 {
		if val = 0.15; src.Table != nil && (o.recipe(src.Table.Rows()) || o.exact()) && !o.given("monitor") && !o.given("patience") {
			val = 0
		}
	}
	scaling := data.Scaling(o.scaling)
	if o.whole(src) && scaling == data.Standard {
		scaling = data.Unscaled // the model does it
	}
	codes := o.embed
	if o.Model.Pictures() || o.Model.Codes() {
		codes = 0
	}
	return o.origin.options(data.Options{More: o.more, Codes: codes, Text: o.texts, NoTarget: o.Model.Codes(), Task: data.Task(o.task), Scaling: scaling, Drop: o.drop, Weight: o.weight, Group: o.group, Time: o.time,
		Use: slices.Concat(o.use, o.categorical), Split: data.SplitBy(o.split), Unknown: data.Unknown(o.unknown), Fractions: data.Fractions{Val: val, Test: o.test}, Seed: o.seed})
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
	targets := []string{target}
	if o.several(src) {
		targets = o.targets()
	}
	for _, c := range slices.Concat(targets, o.drop, o.use, o.texts) {
		if _, err := src.Table.Column(c); err != nil && len(src.Table.Columns) == 1 {
			return fmt.Errorf("%w; if its lines have several fields, name what separates them with --comma", err)
		} else if err != nil {
			return err
		}
	}
	return nil
}
