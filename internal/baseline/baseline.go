// Package baseline has what a net must beat to be worth its trouble: saying the
// same for all rows, and a linear model whose optimum is computed.
package baseline

import (
	"context"
	"fmt"
	"math"
	"slices"

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
}

// Best is the larger accuracy or R2 of both, and which one has it.
func (s *Scores) Best() (score float64, name string) {
	score, name = Merit(s.Constant), constant(s.Constant)
	if s.Linear != nil && !(Merit(s.Linear) <= score) {
		score, name = Merit(s.Linear), "the solved linear model"
	}
	return score, name
}

// Verdict says that a model with scores of the same rows beats none of the
// baselines, or not the linear one; it is "" if the model beats both.
func (s *Scores) Verdict(of *train.Scores) string {
	best, name := s.Best()
	if Merit(of) > best || math.IsNaN(best) {
		return ""
	}
	what := "R2"
	if of.Confusion != nil {
		what = "accuracy"
	}
	if Merit(of) == best {
		return fmt.Sprintf("the model does not beat %s, which does as well: %s %.4f", name, what, best)
	}
	return fmt.Sprintf("the model does not beat %s: %s %.4f, and that has %.4f", name, what, Merit(of), best)
}

func constant(s *train.Scores) string {
	if s.Confusion != nil {
		return "always saying the most frequent class"
	}
	return "always saying the mean"
}

// Merit is the accuracy, or R2.
func Merit(s *train.Scores) float64 {
	if s.Confusion != nil {
		return s.Metrics["accuracy"]
	}
	return s.Metrics["r2"]
}

// work is how many products of a weight and an input one evaluation of the
// linear model may have.
const work = 20e6

// Solvable tells whether the optimum of a linear model of the rows is computed in
// no more time than a training takes.
func Solvable(d *data.Dataset) bool {
	return float64(d.Rows()*d.Features())*float64(max(1, len(d.Classes))) <= work
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
	t, err := linear(ctx, train.Task{Unit: task.Unit, Metrics: plain(task.Metrics)}, training)
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
// LogisticRegression.
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
	l, err := losses.ByName(loss)
	if err != nil {
		return nil, err
	}
	task.Model, task.Loss, task.Features, task.Classes = model(outputs), l.Loss, d.Features(), len(d.Classes)
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
	n := scored.Rows()
	if classes := len(training.Classes); classes > 0 {
		p := make([]float64, classes)
		for _, c := range training.Class {
			p[c] += 1 / float64(training.Rows())
		}
		most := slices.Index(p, slices.Max(p))
		return train.Classified(&score.Classes{K: classes, Truth: scored.Class, Decided: slices.Repeat([]int{most}, n), P: slices.Repeat(p, n)}, task.Metrics...)
	}
	mean := 0.0
	for _, y := range training.Y {
		mean += y / float64(len(training.Y))
	}
	x := &score.Numbers{Truth: slices.Clone(scored.Y), Predicted: slices.Repeat([]float64{mean}, n)}
	for i := range n {
		if task.Unit != nil {
			x.Truth[i], x.Predicted[i] = task.Unit(x.Truth[i]), task.Unit(x.Predicted[i])
		}
	}
	return train.Regressed(x, task.Metrics...)
}

// plain are the metrics of classes and numbers, which any model has.
func plain(metrics []train.Metric) []train.Metric {
	return slices.DeleteFunc(slices.Clone(metrics), func(m train.Metric) bool { return m.Classes == nil && m.Numbers == nil })
}
