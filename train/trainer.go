// Package train turns a loss node, a rule and batches into a run: metrics,
// progress, checkpoints, stopping. It knows no particular op, loss, rule or
// model.
//
//	t, err := train.New(task, optimizers.Adam(), graph.Float32, seed)
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
	"slices"

	"descent/data"
	"descent/graph"
	"descent/optimizers"
)

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
	step     int
	check    bool
	training *optimizers.Training
	one      *program          // that evaluates one row: what the task takes
	model    []*graph.Variable // what evaluation needs
	parts    []float64         // the losses of the last run
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
// row, so that every mistake in the task is reported here. Without a rule (nil) it
// is one for runs with a [Run].Method.
func New(task Task, rule optimizers.Rule, dtype graph.Dtype, seed uint64) (*Trainer, error) {
	if err := checkTask(&task, dtype); err != nil {
		return nil, err
	}
	t := &Trainer{task: task, rule: rule, root: graph.New(dtype, seed),
		programs: map[programKey]*program{}}
	if rule != nil {
		if _, err := t.program(1, step); err != nil {
			return nil, err
		}
	}
	p, err := t.program(1, evaluate)
	if err != nil {
		return nil, err
	}
	if task.Truth != "" && len(p.result.Predictions) == 0 {
		return nil, errNoPrediction
	}
	t.one, t.model = p, p.model()
	if len(p.g.Params()) == 0 && slices.ContainsFunc(t.model, func(v *graph.Variable) bool { return v.Role() == graph.Param }) {
		return nil, errFrozen
	}
	t.parts = make([]float64, len(p.result.Losses))
	return t, nil
}

var errFrozen = errors.New("train: all layers of the model are frozen: nothing is left to be trained")

var errNoRule = errors.New("train: the trainer has no rule: give New one, such as optimizers.Adam(), or the run a Method")

// checkTask reports tasks and element types that make no sense.
func checkTask(task *Task, dtype graph.Dtype) error {
	if err := task.complete(); err != nil {
		return err
	}
	if dtype != graph.Float32 && dtype != graph.Float64 {
		return fmt.Errorf("train: element type %v; use graph.Float32 or graph.Float64", dtype)
	}
	return checkMetrics(task)
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

// Reset makes the trainer what [New] would return with this seed: fresh
// parameters and states, no steps. Nothing is compiled again, so a search that
// trains many nets alike needs one trainer for each goroutine.
func (t *Trainer) Reset(seed uint64) error {
	return t.alone(func() error {
		t.step = 0
		return t.Store().Reset(seed)
	})
}

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
// number is not that of a row. In steady state it allocates nothing. Many steps on the
// same rows are faster if they are converted before, see [Trainer.Convert].
func (t *Trainer) Step(d data.Rows, rows []int, lr float64) (loss float64, err error) {
	if err := t.match(d); err != nil {
		return 0, err
	}
	if err := matchRows(d, rows); err != nil {
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
func (t *Trainer) run(d data.Rows, rows []int, m mode, lr, share float64) (float64, error) {
	p, err := t.program(len(rows), m)
	if err != nil {
		return 0, err
	}
	p.rate, p.share = [1]float64{lr}, [1]float64{share}
	if err := p.load(d, rows, false); err != nil {
		return 0, err
	}
	return t.compute(p, m)
}

// compute runs a program whose batch is loaded.
func (t *Trainer) compute(p *program, m mode) (float64, error) {
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
	t.parts[0] = loss
	for i, l := range p.reported() {
		t.parts[i] = p.p.Scalar(l.Node)
	}
	if m.trains() && (math.IsNaN(loss) || math.IsInf(loss, 0)) {
		return loss, &DivergedError{t.step, loss, nil}
	}
	return loss, nil
}
