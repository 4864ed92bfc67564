// Package train turns a loss node, a rule and batches into a run: metrics,
// progress, checkpoints, stopping. It knows no particular op, loss, rule or
// model.
//
//	t, err := train.New(task, optimizers.Adam(), tensor.Float32, seed)
//	history, err := t.Fit(ctx, train.Run{Train: parts.Train, Val: parts.Val, Epochs: 20, Batch: 32,
//		Schedule: optimizers.Constant(1e-3)})
//	scores, err := t.Evaluate(parts.Test)
//
// Trainers of several goroutines may work at once; one [Trainer] works for one at
// a time, and refuses others.
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
	// Model makes n×outputs predictions of n×Features inputs, for any n.
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
// it is given must not change between calls. A trainer is used by one goroutine
// at a time; while it is, Fit included, methods called by others return
// [graph.ErrInUse]. The callbacks of a run may use its trainer.
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
	if err := task.complete(); err != nil {
		return nil, err
	}
	if rule == nil {
		return nil, errors.New("train: no rule; optimizers.Adam() is one")
	}
	if dtype != tensor.Float32 && dtype != tensor.Float64 {
		return nil, fmt.Errorf("train: element type %v; use tensor.Float32 or tensor.Float64", dtype)
	}
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

// complete reports what a task lacks.
func (task *Task) complete() error {
	switch {
	case task.Model == nil:
		return errors.New("train: the task has no Model")
	case task.Loss == nil:
		return errors.New("train: the task has no Loss")
	case task.Features < 1:
		return fmt.Errorf("train: Features of the task is %d; it is the number of inputs of a row", task.Features)
	case task.Classes < 0 || task.Classes == 1:
		return fmt.Errorf("train: Classes of the task is %d; it is 0 for a regression, else at least 2", task.Classes)
	}
	return nil
}

// rowwise reports predictions that are not a row for each of n inputs. A vector
// is refused, too: compared with n×1 targets it would be stretched to n×n.
func rowwise(pred *graph.Node, n int) error {
	if s := pred.Shape(); pred.Err() == nil && (s.Rank() != 2 || s.Dim(0) != n) {
		return fmt.Errorf("train: the model makes %v of %d rows; it must make rows×outputs (ops.Reshape can)", s, n)
	}
	return nil
}

// Check makes the programs check every value from now on: a step that makes
// NaN or infinity returns a [graph.NonFiniteError] that names the node. That
// is slow. It panics while another goroutine uses the trainer.
func (t *Trainer) Check() {
	if err := t.alone(func() error {
		t.check = true
		clear(t.programs)
		return nil
	}); err != nil {
		panic(err)
	}
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

// Step trains on the given rows and returns their mean loss before the step. It
// is an error, and nothing is changed, if the dataset is not one of the task, or a
// number is not that of a row. In steady state it allocates nothing.
func (t *Trainer) Step(d *data.Dataset, rows []int, lr float64) (loss float64, err error) {
	if err := t.match(d); err != nil {
		return 0, err
	}
	if err := t.matchRows(d, rows); err != nil {
		return 0, err
	}
	err = t.alone(func() (err error) {
		loss, err = t.run(d, rows, step, lr, 1)
		return err
	})
	return loss, err
}

// alone calls f while no other goroutine uses the trainer.
func (t *Trainer) alone(f func() error) error {
	if err := t.Store().Exclusive(f); !errors.Is(err, graph.ErrInUse) {
		return err
	}
	return errInUse
}

var errInUse = fmt.Errorf("train: another goroutine is using this trainer at this moment: call its methods from one goroutine at a time, "+
	"for instance under a sync.Mutex, or give each goroutine a trainer of its own: %w", graph.ErrInUse)

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
	if err := t.match(d); err != nil {
		return err
	}
	for row, c := range d.Class {
		if err := t.matchClass(row, c); err != nil {
			return err
		}
	}
	return nil
}

// matchInputs is the part of [Trainer.Match] that prediction needs.
func (t *Trainer) matchInputs(d *data.Dataset) error {
	if d == nil {
		return errors.New("train: no dataset")
	}
	if d.Features() != t.task.Features {
		return fmt.Errorf("train: rows have %d inputs, the task has %d", d.Features(), t.task.Features)
	}
	if err := d.CheckSizes(); err != nil {
		return fmt.Errorf("train: %w", err)
	}
	return nil
}

// match is [Trainer.Match] but for the rows, which it does not look at.
func (t *Trainer) match(d *data.Dataset) error {
	if err := t.matchInputs(d); err != nil {
		return err
	}
	switch {
	case d.Rows() == 0:
		return errors.New("train: no rows")
	case t.task.Classes == 0 && d.Y == nil:
		return errors.New("train: a regression needs numbers as targets")
	case t.task.Classes > 0 && d.Class == nil:
		return errors.New("train: a classification needs classes as targets")
	case t.task.Classes > 0 && len(d.Classes) > t.task.Classes:
		return fmt.Errorf("train: %d classes, the task has %d", len(d.Classes), t.task.Classes)
	}
	return nil
}

// matchRows reports the first row number that d does not have, or whose class the
// task does not have.
func (t *Trainer) matchRows(d *data.Dataset, rows []int) error {
	if len(rows) == 0 {
		return errors.New("train: no rows to train on")
	}
	n := d.Rows()
	for i, row := range rows {
		if row < 0 || row >= n {
			return fmt.Errorf("train: rows[%d] is %d; the dataset has %d rows, counted from 0", i, row, n)
		}
		if d.Class != nil {
			if err := t.matchClass(row, d.Class[row]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t *Trainer) matchClass(row, class int) error {
	if t.task.Classes > 0 && (class < 0 || class >= t.task.Classes) {
		return fmt.Errorf("train: row %d is of class %d; the task has %d classes, counted from 0", row, class, t.task.Classes)
	}
	return nil
}
