// Package data turns rows into batches: it reads tables (CSV, as people write
// it) and pictures (PNG, JPEG, IDX, NumPy), splits them, encodes and scales them by a schema
// fitted on the training rows, and walks over them in seeded mini-batches. It
// knows nothing of graphs or of training.
//
// The usual way is one call for reading and one for everything else:
//
//	src, err := data.Open("iris", data.CSVOptions{}) // or a CSV file, or a folder with images
//	parts, err := src.Prepare("", data.Options{ // the target; "" for that of an embedded set
//		Scaling:   data.Standard,
//		Fractions: data.Fractions{Val: 0.15, Test: 0.15},
//		Seed:      1,
//	})
//	batches := data.NewBatches(parts.Train.Rows(), 32, 1, true)
//
// Keep parts.Schema beside the model; Schema.Apply encodes new rows in the
// same way.
package data

import (
	"fmt"
	"math"
	"slices"
)

// A Dataset is n rows of d numbers, with at most one target per row. A
// dataset that is built by hand (the fields are public) can be checked with
// Check.
type Dataset struct {
	// X holds the inputs, n rows of d numbers ([ArrayOf], [PixelsOf]), in the type that they
	// have in a file: pictures are bytes, what a file has as float32 stays so, and cells of
	// tables become inputs when they are read, by [Array.Row] or [GatherArray].
	X Array
	// Inputs names the d inputs, in the order of X's columns.
	Inputs []string
	// Shape is the shape of one row's inputs, whose product is d: [d] for
	// tables, [28 28] for MNIST.
	Shape []int
	// Levels says, for each input, how many levels it is a number of, below 0 if of none:
	// see [Options].Codes. It is 0 if the input is no such number; nil if none is.
	Levels []int

	// Y holds the n targets of a regression, in their own unit, or the n×k of several
	// targets, row-major, which Outputs names; nil otherwise.
	Y       []float64
	Outputs []string
	// Class holds the n targets of a classification, as indices into Classes;
	// nil otherwise.
	Class []int
	// Classes names the classes.
	Classes []string
	// Target names the target, "" if it has no name.
	Target string

	// Weight holds a weight for each row, nil if all count the same.
	Weight []float64
	// Names says what the rows are, such as files of pictures; nil if that is not
	// known.
	Names []string

	// Missing is the number of cells that were missing, or unknown words that
	// the schema takes for missing.
	Missing int
	// Dropped is the number of rows left out because their target is missing.
	Dropped int
	// Notes say what was done to the rows that their user should know.
	Notes []Note

	// Outside says how far each row is outside the numbers of training, in the column in
	// which it is farthest: in widths of their range, 0 within, infinite where that was
	// one number. [Schema.Apply] and streams fill it in; nil if it is not known.
	Outside []float64

	unseen  []unseen // words, for notes
	outside []outside
}

// Rows returns n.
func (d *Dataset) Rows() int {
	if len(d.Inputs) == 0 {
		return 0
	}
	return d.X.rows
}

// Features returns d, the number of inputs in one row.
func (d *Dataset) Features() int { return len(d.Inputs) }

// targets returns the number of numbers of a target.
func (d *Dataset) targets() int { return max(1, len(d.Outputs)) }

// Subset returns a copy of the given rows in the given order. It panics if a
// row does not exist, or sizes of d do not fit (see CheckSizes). The counts
// Missing and Dropped, and the notes, stay with the whole.
func (d *Dataset) Subset(rows []int) *Dataset {
	if err := d.CheckSizes(); err != nil {
		panic(err.Error())
	}
	s := *d
	s.Missing, s.Dropped, s.Notes, s.unseen, s.outside = 0, 0, nil, nil, nil
	s.X = d.X.subset(rows)
	if d.Y != nil {
		s.Y = make([]float64, len(rows)*d.targets())
		Gather(s.Y, d.Y, d.targets(), rows)
	}
	if d.Class != nil {
		s.Class = make([]int, len(rows))
		Gather(s.Class, d.Class, 1, rows)
	}
	if d.Weight != nil {
		s.Weight = make([]float64, len(rows))
		Gather(s.Weight, d.Weight, 1, rows)
	}
	if d.Outside != nil {
		s.Outside = make([]float64, len(rows))
		Gather(s.Outside, d.Outside, 1, rows)
	}
	if d.Names != nil {
		s.Names = make([]string, len(rows))
		for i, r := range rows {
			s.Names[i] = d.Names[r]
		}
	}
	return &s
}

// ChannelScale returns the mean and the standard deviation of each channel of
// pictures, which are the first of three axes of Shape; other inputs are one channel.
// The deviation of a channel without any is 1.
func (d *Dataset) ChannelScale() (mean, deviation []float64) {
	channels := 1
	if len(d.Shape) == 3 {
		channels = d.Shape[0]
	}
	mean, deviation = make([]float64, channels), make([]float64, channels)
	var row []float64
	each := func(f func(c int, x float64)) {
		for i := range d.Rows() {
			row = d.X.Row(row, i)
			for k, x := range row {
				f(k/(len(row)/channels), x)
			}
		}
	}
	n := float64(d.Rows() * d.Features() / channels)
	each(func(c int, x float64) { mean[c] += x })
	for c := range mean {
		mean[c] /= n
	}
	each(func(c int, x float64) { deviation[c] += float64((x - mean[c]) * (x - mean[c])) })
	for c, square := range deviation {
		if deviation[c] = math.Sqrt(square / n); deviation[c] == 0 {
			deviation[c] = 1
		}
	}
	return mean, deviation
}

// Check reports the first thing that is wrong: sizes that do not fit, a
// target of both sorts, a value that is not finite, a class without a name.
func (d *Dataset) Check() error {
	if err := d.CheckSizes(); err != nil {
		return err
	}
	if p, ok := product(d.Shape); !ok || p != d.Features() {
		return fmt.Errorf("data: shape %v does not hold %d inputs", d.Shape, d.Features())
	}
	return d.checkValues()
}

// CheckSizes reports numbers of values that do not make rows, and targets that
// are not one to a row. It does not look at values, nor at Shape.
func (d *Dataset) CheckSizes() error {
	if d == nil {
		return fmt.Errorf("data: no dataset")
	}
	w := d.Features()
	if w == 0 {
		return fmt.Errorf("data: rows have no inputs; at least one is needed")
	}
	if all := d.X.size(); all != d.X.rows*d.X.width {
		return fmt.Errorf("data: %d numbers are not a whole number of rows of %d inputs", all, w)
	} else if all > 0 && d.X.width != w {
		return fmt.Errorf("data: X has rows of %d numbers, and Inputs names %d", d.X.width, w)
	}
	n := d.Rows()
	if d.Y != nil && d.Class != nil {
		return fmt.Errorf("data: both Y and Class are set; a row has one target")
	}
	if d.Y != nil && len(d.Y) != n*d.targets() {
		return fmt.Errorf("data: %d targets for %d rows", len(d.Y), n)
	}
	if d.Class != nil && len(d.Class) != n {
		return fmt.Errorf("data: %d classes for %d rows", len(d.Class), n)
	}
	if d.Weight != nil && len(d.Weight) != n {
		return fmt.Errorf("data: %d weights for %d rows", len(d.Weight), n)
	}
	if d.Names != nil && len(d.Names) != n {
		return fmt.Errorf("data: %d names for %d rows", len(d.Names), n)
	}
	return nil
}

func (d *Dataset) checkValues() error {
	var row []float64
	for i := range d.Rows() {
		row = d.X.Row(row, i)
		if k := slices.IndexFunc(row, func(v float64) bool { return !finite(v) }); k >= 0 {
			return fmt.Errorf("data: row %d, input %s is %v; inputs must be finite", i, quote(d.Inputs[k]), row[k])
		}
	}
	for i, v := range d.Y {
		if !finite(v) {
			return fmt.Errorf("data: row %d, the target is %v; targets must be finite", i, v)
		}
	}
	for i, w := range d.Weight {
		if !(w >= 0) || !finite(w) {
			return fmt.Errorf("data: row %d has weight %v; weights are finite and at least 0", i, w)
		}
	}
	for i, c := range d.Class {
		if c < 0 || c >= len(d.Classes) {
			return fmt.Errorf("data: row %d, class %d is not one of the %d classes", i, c, len(d.Classes))
		}
	}
	return nil
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// product returns the product of dims; ok is false if one is not positive,
// there is none, or the product does not fit.
func product(dims []int) (p int, ok bool) {
	p = 1
	for _, d := range dims {
		if d <= 0 || p > math.MaxInt/d {
			return 0, false
		}
		p *= d
	}
	return p, len(dims) > 0
}
