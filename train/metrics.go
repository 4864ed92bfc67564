package train

import (
	"fmt"

	"descent/data"
	"descent/internal/spec"
	"descent/train/score"
)

// A Kind of task says which metrics fit it.
type Kind uint8

// The kinds.
const (
	AnyTask   Kind = iota
	OfClasses      // the first prediction decides for a class
	OfNumbers      // the first number of the first prediction is one
)

// A Metric says how good predictions are, as one number: of the classes or numbers of
// all rows, of all that was predicted, or of sums over batches.
type Metric struct {
	Name   string // in logs; of validation rows with val_ in front
	Doc    string
	Of     Kind
	Larger bool // is better
	// Unit says that it is in the unit of the target.
	Unit bool
	// Probabilities says that it needs some; it is left out where a task gives none.
	Probabilities bool
	// Averaged says that of more than two classes it is the mean of each against the
	// rest, Detail that tables of classes show it class by class.
	Averaged, Detail bool

	// Classes is the metric of a classification, Numbers that of a regression.
	Classes func(c *score.Classes) float64
	Numbers func(x *score.Numbers) float64

	// Whole is the metric of all rows.
	Whole func(all *Outcome) float64

	// Add adds what a batch has to Sums numbers, which are zeros at first, and Mean
	// makes the metric of them.
	Sums int
	Add  func(batch *Outcome, sums []float64)
	Mean func(sums []float64) float64

	asked    bool // by a text
	from, to int  // the numbers of classes for which it is computed unasked; 0 is any
	settings []spec.Setting
	set      func(m *Metric, a spec.Args, classes []string) error
}

// An Outcome is what a model makes of some rows.
type Outcome struct {
	// Rows and Index say which they are: row i is row Index[i] of Rows.
	Rows  data.Rows
	Index []int
	// Predictions are the outputs by name, row-major.
	Predictions map[string][]float64

	task  *Task
	first string // name of the first prediction
}

// Len returns the number of rows.
func (o *Outcome) Len() int { return len(o.Index) }

// Prediction returns the outputs of the first prediction, row-major, and how many
// there are for a row.
func (o *Outcome) Prediction() (values []float64, width int) {
	values = o.Predictions[o.first]
	return values, len(values) / max(o.Len(), 1)
}

// Decided returns the class that is decided for, for each row.
func (o *Outcome) Decided() []int {
	values, width := o.Prediction()
	out := make([]int, o.Len())
	for i := range out {
		out[i] = min(o.task.Decide(values[i*width:(i+1)*width]), o.task.Classes-1)
	}
	return out
}

// Probabilities returns those of the classes, row-major; nil if the task gives none.
func (o *Outcome) Probabilities() []float64 {
	if o.task.Gives == OtherScores {
		return nil
	}
	values, width := o.Prediction()
	out := make([]float64, 0, o.Len()*o.task.Classes)
	for i := range o.Len() {
		out = append(out, o.task.Probabilities(values[i*width:(i+1)*width])...)
	}
	return out
}

// Weights returns the weights of the rows; nil if the task has none.
func (o *Outcome) Weights() []float64 {
	if !o.task.Weighted {
		return nil
	}
	return o.Numbers(weights)
}

// classes are the rows as scores of classes take them, with probabilities where a score
// needs some.
func (o *Outcome) classes(probabilities bool) *score.Classes {
	c := &score.Classes{K: o.task.Classes, Truth: o.Whole(o.task.truth()), Decided: o.Decided(), Weight: o.Weights()}
	if probabilities {
		c.P = o.Probabilities()
	}
	return c
}

// numbers are the rows as scores of numbers take them.
func (o *Outcome) numbers() *score.Numbers {
	values, width := o.Prediction()
	x := &score.Numbers{Truth: o.Numbers(o.task.truth()), Predicted: make([]float64, o.Len()), Weight: o.Weights()}
	for i := range x.Predicted {
		if x.Predicted[i] = values[i*width]; o.task.Unit != nil {
			x.Truth[i], x.Predicted[i] = o.task.Unit(x.Truth[i]), o.task.Unit(x.Predicted[i])
		}
	}
	return x
}

// Numbers returns an array of the rows; it panics if there is none of that name.
func (o *Outcome) Numbers(name string) []float64 { return gatherAll[float64](o, name) }

// Whole returns an array of int or uint8 of the rows; it panics if there is none.
func (o *Outcome) Whole(name string) []int { return gatherAll[int](o, name) }

func gatherAll[T float64 | int](o *Outcome, name string) []T {
	a, ok := o.Rows.Array(name)
	if !ok {
		panic(fmt.Sprintf("train: the rows have no array %q", name))
	}
	width := 1
	for _, n := range a.Shape() {
		width *= n
	}
	out := make([]T, o.Len()*width)
	data.GatherArray(out, a, o.Index)
	return out
}

// append adds what comes next of the same rows. The first predictions are taken as they
// are: rows of one batch are not copied.
func (o *Outcome) append(b *Outcome) {
	o.Index = append(o.Index, b.Index...)
	for name, values := range b.Predictions {
		if before := o.Predictions[name]; len(before) > 0 {
			values = append(before, values...)
		}
		o.Predictions[name] = values
	}
}
