// Package train turns a loss node, a rule and batches into a run: metrics,
// progress, checkpoints, stopping. It knows no particular op, loss, rule or
// model.
//
//	t, err := train.New(task, optimizers.Adam(), tensor.Float32, seed)
//	history, err := t.Fit(ctx, train.Run{Train: parts.Train, Val: parts.Val, Epochs: 20, Batch: 32,
//		Schedule: optimizers.Constant(1e-3)})
//	scores, err := t.Evaluate(parts.Test)
package train

import (
	"errors"
	"fmt"
	"math"

	"descent/data"
	"descent/graph"
	"descent/optimizers"

	"gorgonia.org/tensor"
)

// A Task is what is to be learned: a model and a loss.
type Task struct {
	Model func(x *graph.Node) *graph.Node
	// Loss compares predictions with targets. Targets are n×1 numbers, or n
	// class numbers if there are Classes; but with two classes and a model of
	// one output they are n×1 numbers, 0 and 1.
	Loss func(pred, target *graph.Node) *graph.Node
	// Output, if not nil, makes what is predicted of what the loss takes:
	// probabilities of logits, counts of their logarithms.
	Output func(pred *graph.Node) *graph.Node
	// Penalty, if not nil, is added to the loss in training: a regulariser
	// over the parameters.
	Penalty func(params []*graph.Node) *graph.Node

	Features int // inputs of one row
	Classes  int // 0 for regression: the target is then one number
	// OneHot gives the loss n×Classes targets, 1 for the row's class and else
	// 0, instead of class numbers.
	OneHot bool
	// Threshold divides two classes if the model has one output: the second is
	// predicted above it. 0.5 is right for probabilities, 0 for other scores.
	Threshold float64
}

// A Trainer holds a model's parameters and the programs that train and
// evaluate it, one for each batch size, made when first needed. The datasets
// it is given must not change between calls.
type Trainer struct {
	task     Task
	rule     optimizers.Rule
	root     *graph.Graph
	programs map[programKey]*program
	inputs   map[*data.Dataset][]float32
	step     int
	check    bool
	training *optimizers.Training
	model    []*graph.Variable // what evaluation needs
	team     *graph.Team       // shares large steps; nil outside of a run
}

// share makes programs whose large steps are shared by n workers, until the
// function that it returns is called.
func (t *Trainer) share(n int) (end func()) {
	alone := t.programs
	t.team, t.programs = graph.NewTeam(n), map[programKey]*program{}
	return func() {
		t.team.Close()
		t.team, t.programs = nil, alone
	}
}

// New returns a trainer with fresh parameters. It compiles programs for one
// row, so that every mistake in the task is reported here.
func New(task Task, rule optimizers.Rule, dtype tensor.Dtype, seed uint64) (*Trainer, error) {
	t := &Trainer{task: task, rule: rule, root: graph.New(dtype, seed),
		programs: map[programKey]*program{}, inputs: map[*data.Dataset][]float32{}}
	if _, err := t.program(1, step); err != nil {
		return nil, err
	}
	p, err := t.program(1, evaluate)
	if err != nil {
		return nil, err
	}
	for _, v := range t.Store().Variables() {
		if p.x.Graph().Leaf(v.Name()) != nil {
			t.model = append(t.model, v)
		}
	}
	return t, nil
}

// Check makes the programs check every value from now on: a step that makes
// NaN or infinity returns a [graph.NonFiniteError] that names the node. That
// is slow.
func (t *Trainer) Check() {
	t.check = true
	clear(t.programs)
}

// Store returns the parameters and the optimizer's states.
func (t *Trainer) Store() *graph.Store { return t.root.Store() }

// Steps returns the number of steps done.
func (t *Trainer) Steps() int { return t.step }

// A DivergedError says that the loss is no longer a number.
type DivergedError struct {
	Step int // counted from 1
	Loss float64
	// Node says which node was the first to become NaN or infinite, a
	// [graph.NonFiniteError], if that is known.
	Node error
}

func (e *DivergedError) Error() string {
	const advice = "lower the learning rate, or clip gradients"
	if e.Node != nil {
		return fmt.Sprintf("diverged at step %d: %v; %s", e.Step, e.Node, advice)
	}
	return fmt.Sprintf("diverged at step %d: the loss is %v; %s", e.Step, e.Loss, advice)
}

func (e *DivergedError) Unwrap() error { return e.Node }

// Step trains on the given rows and returns their mean loss before the step.
// In steady state it allocates nothing.
func (t *Trainer) Step(d *data.Dataset, rows []int, lr float64) (float64, error) {
	return t.run(d, rows, step, lr, 1)
}

// run runs a program on some rows and returns the loss. With mode evaluate its
// predictions are left in the program.
func (t *Trainer) run(d *data.Dataset, rows []int, m mode, lr, share float64) (float64, error) {
	p, err := t.program(len(rows), m)
	if err != nil {
		return 0, err
	}
	p.rate, p.share = [1]float64{lr}, [1]float64{share}
	p.load(t, d, rows)
	if m.moves() {
		t.step++
	}
	if err := p.p.Run(p.feeds...); err != nil {
		var bad *graph.NonFiniteError
		if errors.As(err, &bad) {
			return math.NaN(), &DivergedError{t.step, math.NaN(), bad}
		}
		return 0, fmt.Errorf("step %d: %w", t.step, err)
	}
	loss := p.p.Scalar(p.loss)
	if m != evaluate && (math.IsNaN(loss) || math.IsInf(loss, 0)) {
		return loss, &DivergedError{t.step, loss, nil}
	}
	return loss, nil
}

// Match reports why a dataset cannot be used for the task, or nil.
func (t *Trainer) Match(d *data.Dataset) error {
	switch {
	case d.Rows() == 0:
		return errors.New("train: no rows")
	case d.Features() != t.task.Features:
		return fmt.Errorf("train: rows have %d inputs, the task has %d", d.Features(), t.task.Features)
	case t.task.Classes == 0 && d.Y == nil:
		return errors.New("train: a regression needs numbers as targets")
	case t.task.Classes > 0 && d.Class == nil:
		return errors.New("train: a classification needs classes as targets")
	case t.task.Classes > 0 && len(d.Classes) > t.task.Classes:
		return fmt.Errorf("train: %d classes, the task has %d", len(d.Classes), t.task.Classes)
	}
	return nil
}
