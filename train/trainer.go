// Package train turns a loss node, a rule and batches into a run: metrics,
// progress, checkpoints, stopping. It knows no particular op, loss, rule or
// model.
package train

import (
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
	Loss  func(pred, target *graph.Node) *graph.Node
	// Penalty, if not nil, is added to the loss in training: a regulariser
	// over the parameters.
	Penalty func(params []*graph.Node) *graph.Node

	Features int // inputs of one row
	Classes  int // 0 for regression: the target is then one number
}

// A Trainer holds a model's parameters and the programs that train and
// evaluate it, one for each batch size, made when first needed.
type Trainer struct {
	task  Task
	rule  optimizers.Rule
	root  *graph.Graph
	train map[int]*program
	eval  map[int]*program
	step  int
	check bool
}

// program is a compiled graph for batches of n rows.
type program struct {
	p          *graph.Program
	x, y       *graph.Node
	pred, loss *graph.Node
	lr         *graph.Node
	xs         []float64 // staging for one batch
	ys         []float64
	classes    []int
	rate       [1]float64
}

// New returns a trainer with fresh parameters. It compiles the program for one
// row, so that every mistake in the task is reported here.
func New(task Task, rule optimizers.Rule, dtype tensor.Dtype, seed uint64) (*Trainer, error) {
	t := &Trainer{task: task, rule: rule, root: graph.New(dtype, seed), train: map[int]*program{}, eval: map[int]*program{}}
	if _, err := t.program(1, true); err != nil {
		return nil, err
	}
	return t, nil
}

// Store returns the parameters and the optimizer's states.
func (t *Trainer) Store() *graph.Store { return t.root.Store() }

// Steps returns the number of steps done.
func (t *Trainer) Steps() int { return t.step }

// program returns the program for batches of n rows.
func (t *Trainer) program(n int, training bool) (*program, error) {
	cache := t.eval
	if training {
		cache = t.train
	}
	if p := cache[n]; p != nil {
		return p, nil
	}
	g := t.root.Sibling()
	if !training {
		g.Evaluation()
	}
	p := &program{x: g.Input("x", n, t.task.Features)}
	p.pred = t.task.Model(p.x)
	if t.task.Classes > 0 {
		p.y = g.Indices("y", n)
		p.classes = make([]int, n)
	} else {
		p.y = g.Input("y", n, 1)
		p.ys = make([]float64, n)
	}
	p.xs = make([]float64, n*t.task.Features)
	p.loss = t.task.Loss(p.pred, p.y)
	fn := graph.Function{Outputs: []*graph.Node{p.loss, p.pred}, Check: t.check}
	if training {
		fn.Outputs = fn.Outputs[:1]
		objective := p.loss
		if t.task.Penalty != nil {
			objective = graph.Add(objective, t.task.Penalty(g.Params()))
		}
		s := optimizers.Minimize(objective, t.rule)
		p.lr, fn.Updates = s.LR, s.Updates
	}
	var err error
	if p.p, err = fn.Compile(); err != nil {
		return nil, err
	}
	cache[n] = p
	return p, nil
}

// feed copies rows of a dataset to the program's inputs.
func (p *program) feed(d *data.Dataset, rows []int) error {
	data.Gather(p.xs, d.X, d.Features(), rows)
	var y graph.Feed
	if p.classes != nil {
		data.Gather(p.classes, d.Class, 1, rows)
		y = graph.Let(p.y, p.classes)
	} else {
		data.Gather(p.ys, d.Y, 1, rows)
		y = graph.Let(p.y, p.ys)
	}
	if p.lr != nil {
		return p.p.Run(graph.Let(p.x, p.xs), y, graph.Let(p.lr, p.rate[:]))
	}
	return p.p.Run(graph.Let(p.x, p.xs), y)
}

// A DivergedError says that the loss is no longer a number.
type DivergedError struct {
	Step int // counted from 1
	Loss float64
}

func (e *DivergedError) Error() string {
	return fmt.Sprintf("loss is %v at step %d; lower the learning rate, or clip", e.Loss, e.Step)
}

// Step trains on the given rows and returns their mean loss before the step.
func (t *Trainer) Step(d *data.Dataset, rows []int, lr float64) (float64, error) {
	p, err := t.program(len(rows), true)
	if err != nil {
		return 0, err
	}
	p.rate[0] = lr
	t.step++
	if err := p.feed(d, rows); err != nil {
		return 0, fmt.Errorf("step %d: %w", t.step, err)
	}
	loss := p.p.Scalar(p.loss)
	if math.IsNaN(loss) || math.IsInf(loss, 0) {
		return loss, &DivergedError{t.step, loss}
	}
	return loss, nil
}
