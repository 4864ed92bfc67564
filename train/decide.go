package train

import (
	"errors"
	"fmt"
	"math"

	"descent/internal/elementary"
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
	switch {
	case task.Gives == OtherScores:
		return nil
	case len(row) == 1 && task.Gives == Logits:
		return []float64{elementary.Sigmoid(-row[0]), elementary.Sigmoid(row[0])}
	case len(row) == 1:
		return []float64{1 - row[0], row[0]}
	case task.Gives == Logits:
		return softmax(row)
	}
	return append([]float64(nil), row...)
}

func softmax(row []float64) []float64 {
	top, sum := math.Inf(-1), 0.0
	for _, x := range row {
		top = max(top, x)
	}
	p := make([]float64, len(row))
	for k, x := range row {
		p[k] = elementary.Exp(x - top)
		sum += p[k]
	}
	for k := range p {
		p[k] /= sum
	}
	return p
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
