package train

import (
	"errors"
	"fmt"
	"math"

	"descent/data"
)

// Scores say how good predictions are. The definitions are scikit-learn's.
type Scores struct {
	Rows int
	Loss float64 // mean over the rows

	// Of a classification. Precision, recall and F1 are means over the classes
	// that occur in truth or prediction; a quotient 0/0 counts as 0.
	Accuracy, Precision, Recall, F1 float64
	Confusion                       [][]int // rows are the truth, columns the prediction

	// Of a regression. R2 is NaN for fewer than two rows.
	R2, MAE, RMSE float64
}

// Values returns the scores by the names that logs and [EarlyStopping] use.
func (s *Scores) Values() map[string]float64 {
	if s.Confusion != nil {
		return map[string]float64{"loss": s.Loss, "accuracy": s.Accuracy, "precision": s.Precision, "recall": s.Recall, "f1": s.F1}
	}
	return map[string]float64{"loss": s.Loss, "r2": s.R2, "mae": s.MAE, "rmse": s.RMSE}
}

// Classified scores predicted classes, numbers below classes. It panics if one is
// not, or truth and predictions are not as many.
func Classified(truth, pred []int, classes int) *Scores {
	checkPairs(len(truth), len(pred))
	for i, c := range truth {
		if p := pred[i]; c < 0 || c >= classes || p < 0 || p >= classes {
			panic(fmt.Sprintf("train: row %d is of class %d and predicted as %d; there are %d classes, counted from 0", i, c, p, classes))
		}
	}
	s := &Scores{Rows: len(truth), Confusion: make([][]int, max(classes, 0))}
	for i := range s.Confusion {
		s.Confusion[i] = make([]int, classes)
	}
	right := 0
	for i, c := range truth {
		s.Confusion[c][pred[i]]++
		if c == pred[i] {
			right++
		}
	}
	s.Accuracy = quotient(right, len(truth))
	occur := 0
	for c, row := range s.Confusion {
		actual, predicted := 0, 0
		for k := range row {
			actual += row[k]
			predicted += s.Confusion[k][c]
		}
		if actual+predicted == 0 {
			continue
		}
		occur++
		s.Precision += quotient(row[c], predicted)
		s.Recall += quotient(row[c], actual)
		s.F1 += quotient(2*row[c], actual+predicted)
	}
	if occur > 0 {
		s.Precision /= float64(occur)
		s.Recall /= float64(occur)
		s.F1 /= float64(occur)
	}
	return s
}

func quotient(a, b int) float64 {
	if b == 0 {
		return 0
	}
	return float64(a) / float64(b)
}

// checkPairs panics unless there is a prediction for each row.
func checkPairs(truth, pred int) {
	if truth != pred {
		panic(fmt.Sprintf("train: %d predictions for %d rows", pred, truth))
	}
}

// Regressed scores predicted numbers. It panics if truth and predictions are not
// as many.
func Regressed(truth, pred []float64) *Scores {
	checkPairs(len(truth), len(pred))
	s := &Scores{Rows: len(truth)}
	n := float64(len(truth))
	mean, square, total := 0.0, 0.0, 0.0
	for _, y := range truth {
		mean += y / n
	}
	for i, y := range truth {
		e := y - pred[i]
		s.MAE += math.Abs(e) / n
		square += float64(e * e)
		total += float64((y - mean) * (y - mean))
	}
	s.RMSE = math.Sqrt(square / n)
	switch {
	case len(truth) < 2:
		s.R2 = math.NaN()
	case total > 0:
		s.R2 = 1 - square/total
	case square == 0:
		s.R2 = 1
	}
	return s
}

// evalRows is the number of rows evaluated at once.
const evalRows = 1024

// averaged calls f while the model has the weights to evaluate: averages, if
// the rule keeps some.
func (t *Trainer) averaged(f func() error) error {
	return t.alone(func() error {
		if err := t.training.Swap(); err != nil {
			return err
		}
		return errors.Join(f(), t.training.Swap())
	})
}

// each evaluates d piece by piece and gives f the numbers of the rows, their
// mean loss and their predictions.
func (t *Trainer) each(d *data.Dataset, f func(rows []int, loss float64, pred []float64)) error {
	return t.averaged(func() error {
		for rows := range data.NewBatches(d.Rows(), evalRows, 0, false).Epoch(0) {
			loss, err := t.run(d, rows, evaluate, 0, 0)
			if err != nil {
				return err
			}
			p := t.programs[programKey{len(rows), evaluate}]
			f(rows, loss, p.p.Float64s(p.pred))
		}
		return nil
	})
}

// Predict returns the model's outputs for the rows of d, row-major, and their
// number for each row. Targets are not needed.
func (t *Trainer) Predict(d *data.Dataset) (out []float64, width int, err error) {
	if err := t.matchInputs(d); err != nil {
		return nil, 0, err
	}
	err = t.each(d, func(rows []int, _ float64, pred []float64) {
		out = append(out, pred...)
		width = len(pred) / len(rows)
	})
	return out, width, err
}

// Decide returns the class that a row of the model's outputs stands for.
func (t *Trainer) Decide(row []float64) int {
	if len(row) == 1 {
		if row[0] > t.task.Threshold {
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

// Evaluate scores the model on d.
func (t *Trainer) Evaluate(d *data.Dataset) (*Scores, error) {
	if err := t.Match(d); err != nil {
		return nil, err
	}
	loss := 0.0
	var classes []int
	var values []float64
	err := t.each(d, func(rows []int, l float64, pred []float64) {
		loss += l * float64(len(rows)) / float64(d.Rows())
		width := len(pred) / len(rows)
		for i := range rows {
			if row := pred[i*width : (i+1)*width]; t.task.Classes > 0 {
				classes = append(classes, min(t.Decide(row), t.task.Classes-1))
			} else {
				values = append(values, row[0])
			}
		}
	})
	if err != nil {
		return nil, err
	}
	var s *Scores
	if t.task.Classes > 0 {
		s = Classified(d.Class, classes, t.task.Classes)
	} else {
		s = Regressed(d.Y, values)
	}
	s.Loss = loss
	return s, nil
}
