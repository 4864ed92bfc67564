package data

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
)

// Options says how a table becomes inputs and a target. The zero value leaves
// numbers as they are, holds out nothing, and lets the target decide the task.
type Options struct {
	// Task overrides what the target is. Otherwise words are classes, and so
	// are 0 and 1, two or three whole numbers of three rows each, and 0, 1, ...,
	// k-1 that all occur, for k up to 10 and in two rows each, on average;
	// other numbers are a regression.
	Task Task
	// More names further targets: with them, targets are Labels if all are 0 and 1, else, or
	// if Task is Regression, Numbers. Rows that lack one are left out. Labels alone says
	// that the cells of the target are labels with ; or | or , between them.
	More []string
	// Scaling is applied to numeric inputs. Targets are never scaled.
	Scaling Scaling
	// Fractions are held out, by Seed; classes keep their shares.
	Fractions Fractions
	Seed      uint64

	// Split says which rows are held out; "" means SplitTime if there is a
	// column of dates, else SplitRandom.
	Split SplitBy
	// Group names a column whose rows of one value are all held out or none, such as the
	// patients of which there are several rows; it is no input.
	Group string
	// Time names a column of dates or numbers by which the rows are in order: the latest
	// are held out, see SplitTime; it is no input.
	Time string

	// Drop names columns that are not to be used.
	Drop []string
	// Weight names a column that has the weights of rows, numbers of at least 0, and is
	// no input; "" if all count the same. Those for training then have mean 1.
	Weight string
	// Use names columns that are to be used although they seem to tell rows
	// apart: names, numbers of rows, free text.
	Use []string
	// KeepConstant keeps columns that have the same value in each row. Shape
	// implies it.
	KeepConstant bool
	// Unknown is the policy for words that no row of the table has; "" means
	// UnknownMissing.
	Unknown Unknown
	// MaxLevels bounds the levels of one column; 0 means 1000. Each of them is
	// an input.
	MaxLevels int
	// Codes, if not 0, is the number of levels from which on a column of words becomes one
	// input, the number of the level, see [Input].Coded; there may be 65,536 then.
	// [Dataset].Levels says where they are, for a model that learns a row for each.
	Codes int
	// Text names columns that are texts, besides those that have more than five words in a
	// cell: each becomes [Grams] inputs.
	Text []string
	// NoTarget says that rows are wanted for their inputs alone: images need no
	// labels then.
	NoTarget bool
	// Shape is the shape of one row's inputs, such as [8 8] for the pixels of
	// an image; nil means one axis.
	Shape []int
	// Schema, if not nil, is that of a model which is trained further: its inputs are
	// taken as they are, with its numbers and levels, and no option that says what inputs
	// are may be set. The target may be another.
	Schema *Schema
}

const (
	defaultMaxLevels = 1000
	maxCodes         = 1 << 16
	maxNumberClasses = 10 // digits are; more are counts
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
// only one, and those that tell rows apart instead of describing them: words of
// which nearly each row has its own, whole numbers that count the rows or are
// called an id, more than MaxLevels words. What was guessed is in
// Parts.Notes. It is an error if a name is not that of a column, there are fewer
// than two rows, or one class only, no input is left, a column in Use has more
// than MaxLevels levels, nearly each row has a class of its own, or a part that
// was asked for would have no row.
func Prepare(t *Table, target string, o Options) (*Parts, error) {
	p, err := begin(t, target, o)
	if err != nil {
		return nil, err
	}
	split, err := p.split(o)
	if err != nil {
		return nil, err
	}
	if err := p.encode(o, split); err != nil {
		return nil, err
	}
	return &p.Parts, nil
}

// A preparation is parts that are being made.
type preparation struct {
	Parts
	table  *Table
	target *Column
	rows   []int // those that have a target
}

// begin finds out what the target is.
func begin(t *Table, target string, o Options) (*preparation, error) {
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
	p := &preparation{table: t, target: column, rows: slices.DeleteFunc(allRows(t.Rows()), column.missing)}
	for _, name := range o.More {
		more, err := t.Column(name)
		if err != nil {
			return nil, err
		}
		p.rows = slices.DeleteFunc(p.rows, more.missing)
	}
	if len(p.rows) < 2 {
		return nil, fmt.Errorf("%s: rows with a value of %s: %d; at least 2 are needed", t.Name, quote(target), len(p.rows))
	}
	p.Notes = slices.Clone(t.Notes)
	p.Schema = &Schema{Unknown: cmp.Or(o.Unknown, UnknownMissing), MissingWords: t.missing}
	if o.several() {
		return p, p.fitSeveral(t, o)
	}
	return p, p.fitTarget(t, column, p.rows, o.Task)
}

// encode fits the schema on the training rows, and makes the parts.
func (p *preparation) encode(o Options, split partRows) (err error) {
	s := p.Schema
	if o.Schema != nil {
		err = s.takeInputs(o.Schema, p.table, p.target.Name, split[0], o)
	} else {
		err = s.fitInputs(p.table, p.target.Name, p.rows, split[0], o)
	}
	if err != nil {
		return err
	}
	for i, part := range []**Dataset{&p.Train, &p.Val, &p.Test} {
		if *part, err = s.encodeLabelled(p.table, p.target, split[i]); err != nil {
			return err
		}
	}
	for _, n := range p.Train.Notes { // words that the model which is trained further has not seen
		p.Notes = append(p.Notes, Note{Text: n.Text})
	}
	if o.Weight != "" {
		if err := p.weigh(p.table, o.Weight, split); err != nil {
			return err
		}
	}
	p.From, p.Group = split, p.groupsOf(split[0], o)
	p.Train.Dropped = s.Target.Missing
	p.Notes = append(p.Notes, s.Notes()...)
	return nil
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
	for _, name := range o.Use {
		if !known[name] {
			_, err := t.Column(name)
			return advise(err, Advice{Text: "take it out of Use", Option: "Use", Value: name, Remove: true})
		}
		if slices.Contains(o.Drop, name) {
			return advise(fmt.Errorf("%s: %s is both to be used and to be dropped", t.Name, quote(name)),
				Advice{Text: "take it out of Use", Option: "Use", Value: name, Remove: true}, Advice{Text: "take it out of Drop", Option: "Drop", Value: name, Remove: true})
		}
	}
	for _, name := range o.Text {
		if c, err := t.Column(name); err != nil || c.Kind != Categorical || name == target {
			if err == nil {
				err = fmt.Errorf("%s: column %s is no text that is an input", t.Name, quote(name))
			}
			return advise(err, Advice{Text: "take it out of Text", Option: "Text", Value: name, Remove: true})
		}
	}
	if o.Codes < 0 {
		return fmt.Errorf("%d Codes; it must be positive, or 0 for none", o.Codes)
	}
	if o.Weight != "" {
		if err := o.checkWeight(t, target); err != nil {
			return err
		}
	}
	if err := o.checkOrder(t, target); err != nil {
		return err
	}
	if o.Split != "" && o.Split != SplitRandom && o.Split != SplitTime {
		return unknown("split", string(o.Split), SplitRandom, SplitTime)
	}
	if err := o.Scaling.check(); err != nil {
		return err
	}
	if o.Task != "" && o.Task != Regression && o.Task != Classification && o.Task != Labels {
		return unknown("task", string(o.Task), Regression, Classification, Labels)
	}
	if err := o.checkMore(t, target); err != nil {
		return err
	}
	if o.Unknown != "" && o.Unknown != UnknownRefuse && o.Unknown != UnknownMissing {
		return unknown("policy", string(o.Unknown), UnknownMissing, UnknownRefuse)
	}
	if o.Schema != nil {
		advice := leaveOut(map[string]bool{"Scaling": o.Scaling != Unscaled, "Drop": len(o.Drop) > 0, "Use": len(o.Use) > 0, "KeepConstant": o.KeepConstant,
			"Unknown": o.Unknown != "", "MaxLevels": o.MaxLevels != 0, "Shape": o.Shape != nil})
		if advice != nil {
			return advise(fmt.Errorf("%s: what the inputs are follows from Schema", t.Name), advice...)
		}
	}
	if o.MaxLevels < 0 {
		return fmt.Errorf("MaxLevels is %d; it must be positive, or 0 for %d", o.MaxLevels, defaultMaxLevels)
	}
	return nil
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
			values = append(values, c.Values.at(row))
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
