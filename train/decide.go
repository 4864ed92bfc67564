package train

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"descent/data"
	"descent/internal/elementary"
	"descent/train/score"
)

// A Meaning says what the first prediction of a classification is, and so how it
// becomes probabilities.
type Meaning uint8

// The meanings.
const (
	OtherScores   Meaning = iota // of which the largest decides, or what is above Threshold
	Probabilities                // of each class, or of the second of two
	Logits                       // whose softmax is the probabilities, or whose sigmoid that of the second of two
)

// Decide returns the class that a row of the model's outputs stands for.
func (t *Trainer) Decide(row []float64) int { return t.task.Decide(row) }

// Probabilities returns the probability of each class that a row of the model's
// outputs stands for; nil if the task gives none.
func (t *Trainer) Probabilities(row []float64) []float64 { return t.task.Probabilities(row) }

// Decide returns the class that a row of the model's outputs stands for.
func (task *Task) Decide(row []float64) int {
	if task.Calibration != nil {
		return task.Calibration.Decide(task.Probabilities(row))
	}
	if len(row) == 1 {
		if row[0] > task.Threshold {
			return 1
		}
		return 0
	}
	best := 0
	for c, x := range row {
		if x > row[best] || math.IsNaN(row[best]) {
			best = c
		}
	}
	return best
}

// Probabilities returns the probability of each class that a row of the model's
// outputs stands for; nil if the task gives none, see [Task].Gives.
func (task *Task) Probabilities(row []float64) []float64 {
	p := task.ofModel(row)
	if task.Calibration != nil {
		task.Calibration.Apply(p)
	}
	return p
}

// ofModel are the probabilities before they are calibrated.
func (task *Task) ofModel(row []float64) []float64 {
	switch {
	case task.Gives == OtherScores:
		return nil
	case len(row) == 1 && task.Gives == Logits:
		return []float64{elementary.Sigmoid(-row[0]), elementary.Sigmoid(row[0])}
	case len(row) == 1:
		return []float64{1 - row[0], row[0]}
	case task.Gives == Probabilities:
		return slices.Clone(row)
	}
	p, sum, top := make([]float64, len(row)), 0.0, slices.Max(row)
	for k, x := range row {
		p[k] = elementary.Exp(x - top)
		sum += p[k]
	}
	for k := range p {
		p[k] /= sum
	}
	return p
}

// Calibrate corrects the probabilities of the model, and what it decides, from now on;
// nil no longer does.
func (t *Trainer) Calibrate(c *score.Calibration) error {
	task := t.task
	task.Calibration = c
	if err := task.complete(); err != nil {
		return err
	}
	t.task.Calibration = c
	return nil
}

// Classes returns what the model makes of rows of a classification, for scores and for
// [score.Calibrate].
func (t *Trainer) Classes(d data.Rows) (*score.Classes, error) {
	o, err := t.outcome(d)
	if err != nil || t.task.Classes == 0 {
		return nil, cmp.Or(err, errors.New("train: the task is no classification"))
	}
	return o.classes(true), nil
}

// Numbers returns what the model makes of rows of a regression, for scores.
func (t *Trainer) Numbers(d data.Rows) (*score.Numbers, error) {
	o, err := t.outcome(d)
	if err != nil || t.task.Classes > 0 {
		return nil, cmp.Or(err, errors.New("train: the task is no regression"))
	}
	return o.numbers(), nil
}

// outcome is the first prediction of rows that have a truth.
func (t *Trainer) outcome(d data.Rows) (*Outcome, error) {
	if t.task.truth() == "" {
		return nil, errors.New("train: the task has no Truth")
	}
	if err := cmp.Or(t.Match(d), t.matchTruth(d)); err != nil {
		return nil, err
	}
	out, _, err := t.Predict(d)
	if err != nil {
		return nil, err
	}
	first := t.one.result.Predictions[0].Name
	o := &Outcome{Rows: d, Index: make([]int, d.Rows()), Predictions: map[string][]float64{first: out}, task: &t.task, first: first}
	for i := range o.Index {
		o.Index[i] = i
	}
	return o, nil
}

// checkGives reports predictions that are no probabilities of the classes.
func (task *Task) checkGives(r *Result) error {
	if task.Gives == OtherScores {
		return nil
	}
	if len(r.Predictions) == 0 || task.Classes == 0 || task.truth() == "" {
		return errors.New("train: Gives of the task says that it has probabilities; that is for a classification with a prediction and a truth")
	}
	s := r.Predictions[0].Node.Shape()
	if r.Predictions[0].Node.Err() == nil && s.Size() != s.Dim(0)*task.Classes && !(task.Classes == 2 && s.Size() == s.Dim(0)) {
		return fmt.Errorf("train: the predictions %v are no probabilities of %d classes; there is one for each class, or one of the second of two", s, task.Classes)
	}
	return nil
}
