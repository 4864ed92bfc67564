// Package baseline has what a net must beat to be worth its trouble: saying the
// same for all rows, and a linear model whose optimum is computed.
package baseline

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"descent/data"
	"descent/graph"
	"descent/losses"
	"descent/models"
	"descent/ops"
	"descent/optimizers"
	"descent/train"
	"descent/train/score"
)

// Scores are those of the baselines on the same rows.
type Scores struct {
	// Constant is of the most frequent class of the training rows, or of their
	// mean.
	Constant *train.Scores
	// Linear is of ridge or logistic regression; nil where that is too large
	// to be computed beside a training.
	Linear *train.Scores
	// Last is of the target of one training row, the latest; nil where rows have no
	// order. See [LastValue].
	Last *train.Scores
}

// Best is the larger score of both, of one that is the better the larger it is, and
// which one has it.
func (s *Scores) Best(by string) (score float64, name string) {
	score, name = s.Constant.Metrics[by], constant(s.Constant)
	if s.Last != nil && s.Last.Metrics[by] > score {
		score, name = s.Last.Metrics[by], "always saying the last value"
	}
	if s.Linear != nil && !(s.Linear.Metrics[by] <= score) {
		score, name = s.Linear.Metrics[by], "the solved linear model"
	}
	return score, name
}

// Verdict says that a model with scores of the same rows beats none of the
// baselines by a score, or not the linear one; it is "" if the model beats both.
func (s *Scores) Verdict(of *train.Scores, by string) string {
	best, name := s.Best(by)
	own := of.Metrics[by]
	if own > best || math.IsNaN(best) {
		return ""
	}
	what := strings.ReplaceAll(by, "_", " ")
	if by == "r2" {
		what = "R2"
	}
	if own == best {
		return fmt.Sprintf("the model does not beat %s, which does as well: %s %.4f", name, what, best)
	}
	return fmt.Sprintf("the model does not beat %s: %s %.4f, and that has %.4f", name, what, own, best)
}

func constant(s *train.Scores) string {
	if s.Confusion != nil {
		return "always saying the most frequent class"
	}
	return "always saying the mean"
}

// Usual names the score that models are compared by if nothing else was asked for:
// accuracy, or R2.
func Usual(s *train.Scores) string {
	if s.Confusion != nil {
		return "accuracy"
	}
	return "r2"
}

// work is how many products of a weight and an input one evaluation of the
// linear model may have.
const work = 20e6

// Solvable tells whether the optimum of a linear model of the rows is computed in
// no more time than a training takes.
func Solvable(d *data.Dataset) bool {
	inputs := d.Features()
	for _, n := range d.Levels {
		inputs += n
	}
	return float64(d.Rows())*float64(inputs)*float64(max(1, len(d.Classes))) <= work
}

// Of fits the baselines to training rows and scores them on others, by the metrics
// and in the unit of a task. Inputs are expected to be of one scale, since the penalty
// treats them alike.
func Of(ctx context.Context, task *train.Task, training, scored *data.Dataset) (*Scores, error) {
	all, err := All(ctx, task, training, scored)
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

// All is Of for several data sets, which the same baselines are scored on.
func All(ctx context.Context, task *train.Task, training *data.Dataset, scored ...*data.Dataset) (all []*Scores, err error) {
	for _, d := range scored {
		all = append(all, &Scores{Constant: sayTheSame(task, training, d)})
	}
	if !Solvable(training) {
		return all, nil
	}
	t, err := linear(ctx, train.Task{Unit: task.Unit, Metrics: plain(task.Metrics), Weighted: task.Weighted}, training)
	if err != nil {
		return nil, err
	}
	for i, d := range scored {
		if all[i].Linear, err = t.Evaluate(d); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Linear returns the solved linear model of the rows: the minimum of
//
//	mean (x·w + b - y)² + ‖w‖²/n    or    mean cross-entropy + ½‖w‖²/n
//
// for n rows, which are the defaults of scikit-learn's Ridge and
// LogisticRegression. Of a number of a level it sees which level that is.
func Linear(ctx context.Context, d *data.Dataset) (*train.Trainer, error) {
	return linear(ctx, train.Task{}, d)
}

// linear completes a task that says how it is scored.
func linear(ctx context.Context, task train.Task, d *data.Dataset) (*train.Trainer, error) {
	loss, model, outputs := "cross_entropy", models.Softmax, len(d.Classes)
	switch outputs {
	case 0:
		loss, outputs = "mse", 1
	case 2:
		loss, outputs = "bce_logits", 1
	}
	if task.Weighted {
		loss += "(reduction=none)"
	}
	l, err := losses.ByName(loss)
	if err != nil {
		return nil, err
	}
	task.Model, task.Loss, task.Features, task.Classes = models.Sequential(models.OneHotLevels(d.Levels), model(outputs)), l.Loss, d.Features(), len(d.Classes)
	if task.Classes > 0 {
		task.Gives = train.Logits
	}
	t, err := train.New(task, optimizers.SGD(), graph.Float64, 1)
	if err != nil {
		return nil, err
	}
	_, err = t.Solve(ctx, d, Ridge(d))
	return t, err
}

// Ridge is the penalty of [Linear], on weights and not on biases.
func Ridge(d *data.Dataset) func(params []*graph.Node) *graph.Node {
	strength := 1 / float64(d.Rows())
	if len(d.Classes) > 0 {
		strength /= 2
	}
	return func(params []*graph.Node) *graph.Node {
		w := slices.IndexFunc(params, func(p *graph.Node) bool { return p.Shape().Rank() == 2 })
		return ops.Scale(strength, ops.Sum(ops.Square(params[w])))
	}
}

// sayTheSame scores the most frequent class, with the frequencies of all as
// probabilities, or the mean.
func sayTheSame(task *train.Task, training, scored *data.Dataset) *train.Scores {
	share := shares(task, training)
	if classes := len(training.Classes); classes > 0 {
		p := make([]float64, classes)
		for i, c := range training.Class {
			p[c] += share(i)
		}
		return ofClass(task, scored, slices.Index(p, slices.Max(p)), p)
	}
	mean := 0.0
	for i, y := range training.Y {
		mean += float64(y * share(i))
	}
	return ofNumber(task, scored, mean)
}

// LastValue scores saying of all rows what one row of training has, the latest.
func LastValue(task *train.Task, training *data.Dataset, row int, scored *data.Dataset) *train.Scores {
	if len(training.Classes) > 0 {
		return ofClass(task, scored, training.Class[row], nil)
	}
	return ofNumber(task, scored, training.Y[row])
}

// ofClass scores saying one class, with probabilities if there are some.
func ofClass(task *train.Task, scored *data.Dataset, class int, p []float64) *train.Scores {
	n := scored.Rows()
	c := &score.Classes{K: len(scored.Classes), Truth: scored.Class, Decided: slices.Repeat([]int{class}, n), Weight: weights(task, scored)}
	if p != nil {
		c.P = slices.Repeat(p, n)
	}
	return train.Classified(c, task.Metrics...)
}

// ofNumber scores saying one number.
func ofNumber(task *train.Task, scored *data.Dataset, y float64) *train.Scores {
	x := &score.Numbers{Truth: slices.Clone(scored.Y), Predicted: slices.Repeat([]float64{y}, scored.Rows()), Weight: weights(task, scored)}
	for i := range x.Truth {
		if task.Unit != nil {
			x.Truth[i], x.Predicted[i] = task.Unit(x.Truth[i]), task.Unit(x.Predicted[i])
		}
	}
	return train.Regressed(x, task.Metrics...)
}

// weights are those of the rows, nil if the task has none.
func weights(task *train.Task, d *data.Dataset) []float64 {
	if !task.Weighted {
		return nil
	}
	return d.Weight
}

// shares returns the share that each row has in a mean.
func shares(task *train.Task, d *data.Dataset) func(i int) float64 {
	each, total := weights(task, d), float64(d.Rows())
	if each == nil {
		return func(int) float64 { return 1 / total }
	}
	total = 0
	for _, w := range each {
		total += w
	}
	return func(i int) float64 { return each[i] / total }
}

// plain are the metrics of classes and numbers, which any model has.
func plain(metrics []train.Metric) []train.Metric {
	return slices.DeleteFunc(slices.Clone(metrics), func(m train.Metric) bool { return m.Classes == nil && m.Numbers == nil })
}
