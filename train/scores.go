package train

import (
	"errors"
	"fmt"
	"maps"
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

	// Losses are the means of the task's losses, if there are several.
	Losses map[string]float64
	// More are the metrics that have no field here, see [Task].Metrics.
	More map[string]float64

	bare bool // neither of a classification nor of a regression
}

// lossPrefix is in front of a loss's name, where there are several.
const lossPrefix = "loss_"

// Values returns the scores by the names that logs and [EarlyStopping] use.
func (s *Scores) Values() map[string]float64 {
	values := map[string]float64{"loss": s.Loss}
	kind := OfNumbers
	if s.Confusion != nil {
		kind = OfClasses
	}
	for _, m := range Metrics {
		if m.score != nil && m.Of == kind && !s.bare {
			values[m.Name] = m.score(s)
		}
	}
	for name, x := range s.Losses {
		values[lossPrefix+name] = x
	}
	maps.Copy(values, s.More)
	return values
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
		if t.training == nil { // no rule, no averages
			return f()
		}
		if err := t.training.Swap(); err != nil {
			return err
		}
		return errors.Join(f(), t.training.Swap())
	})
}

// each evaluates d piece by piece and gives f each piece's rows and its program,
// which has run. Targets are only needed for losses.
func (t *Trainer) each(d data.Rows, losses bool, f func(rows []int, p *program)) error {
	return t.averaged(func() error {
		for rows := range data.NewBatches(d.Rows(), evalRows, 0, false).Epoch(0) {
			p, err := t.program(len(rows), evaluate)
			if err != nil {
				return err
			}
			if err := p.load(d, rows, !losses); err != nil {
				return err
			}
			if _, err := t.compute(p, evaluate); err != nil {
				return err
			}
			f(rows, p)
		}
		return nil
	})
}

// Predict returns the model's outputs for the rows of d, row-major, and their
// number for each row: the first prediction of the task. Targets are not needed.
// For many calls, or several goroutines, see [Predictor].
func (t *Trainer) Predict(d data.Rows) (out []float64, width int, err error) {
	if err := t.matchInputs(d); err != nil {
		return nil, 0, err
	}
	if len(t.one.result.Predictions) == 0 {
		return nil, 0, errNoPrediction
	}
	err = t.each(d, false, func(rows []int, p *program) {
		out = append(out, p.p.Float64s(p.result.Predictions[0].Node)...)
		width = len(out) / (rows[len(rows)-1] + 1)
	})
	return out, width, err
}

var errNoPrediction = errors.New("train: the task makes no predictions")

// Decide returns the class that a row of the model's outputs stands for.
func (t *Trainer) Decide(row []float64) int { return t.task.Decide(row) }

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

// Evaluate scores the model on d.
func (t *Trainer) Evaluate(d data.Rows) (*Scores, error) {
	if err := t.Match(d); err != nil {
		return nil, err
	}
	if err := t.matchTruth(d); err != nil {
		return nil, err
	}
	first := ""
	if len(t.one.result.Predictions) > 0 {
		first = t.one.result.Predictions[0].Name
	}
	loss, parts, tally := 0.0, make([]float64, len(t.parts)), newTally(&t.task, d, first)
	err := t.each(d, true, func(rows []int, p *program) {
		share := float64(len(rows)) / float64(d.Rows())
		loss += p.p.Scalar(p.loss) * float64(len(rows)) / float64(d.Rows())
		for i := range parts {
			parts[i] += float64(t.parts[i] * share)
		}
		batch := &Outcome{Rows: d, Index: rows, Predictions: map[string][]float64{}, task: &t.task, first: first}
		for _, x := range p.result.Predictions {
			batch.Predictions[x.Name] = p.p.Float64s(x.Node)
		}
		tally.add(batch)
	})
	if err != nil {
		return nil, err
	}
	s := tally.scores()
	s.Rows, s.Loss, s.Losses = d.Rows(), loss, t.named(parts)
	return s, nil
}

// named returns the losses of a task by name, nil if there is but one.
func (t *Trainer) named(parts []float64) map[string]float64 {
	if len(parts) < 2 {
		return nil
	}
	m := map[string]float64{}
	for i, l := range t.one.result.Losses {
		m[l.Name] = parts[i]
	}
	return m
}
