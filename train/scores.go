package train

import (
	"errors"
	"maps"

	"descent/data"
	"descent/train/score"
)

// Scores say how good predictions are.
type Scores struct {
	Rows int
	Loss float64 // mean over the rows
	// Losses are the means of the task's losses, if there are several.
	Losses map[string]float64
	// Metrics are the scores by the names of [Metrics], and of [Task].Metrics.
	Metrics map[string]float64

	// Of a classification: how many rows of each class, a row of the table, were
	// decided to be of each; and the scores of each class.
	Confusion [][]int
	Each      []score.Class
}

// lossPrefix is in front of a loss's name, where there are several.
const lossPrefix = "loss_"

// Values returns losses and metrics by the names that logs and [EarlyStopping] use.
func (s *Scores) Values() map[string]float64 {
	values := map[string]float64{"loss": s.Loss}
	for name, x := range s.Losses {
		values[lossPrefix+name] = x
	}
	maps.Copy(values, s.Metrics)
	return values
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

// Evaluate scores the model on d: by all metrics of the task, or by those that are
// named.
func (t *Trainer) Evaluate(d data.Rows, only ...string) (*Scores, error) {
	return t.evaluate(d, d, only...)
}

// evaluate is Evaluate of rows that are also there as the programs take them.
func (t *Trainer) evaluate(d, taken data.Rows, only ...string) (*Scores, error) {
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
	loss, parts, tally := 0.0, make([]float64, len(t.parts)), newTally(&t.task, d, first, only)
	err := t.each(taken, true, func(rows []int, p *program) {
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
