package train

import (
	"descent/data"
	"descent/graph"
	"descent/optimizers"

	"gorgonia.org/tensor"
)

// A mode is what a program does with a batch.
type mode uint8

const (
	evaluate mode = iota // loss and predictions
	step                 // a whole training step
	gather               // add the gradient to what has been gathered
	apply                // a step with the gradient and what has been gathered
)

// moves tells whether the mode ends a training step.
func (m mode) moves() bool { return m == step || m == apply }

type programKey struct {
	rows int
	mode mode
}

// program is a compiled graph for batches of so many rows.
type program struct {
	p          *graph.Program
	x, y       *graph.Node
	pred, loss *graph.Node
	training   *optimizers.Training
	feeds      []graph.Feed // of the memory below

	// The inputs of a batch: the program's own memory, or nil if it does not
	// need them.
	x32 []float32
	x64 []float64
	// The targets of a batch, one of both.
	classes []int
	ys      []float64
	width   int // of ys
	rate    [1]float64
	share   [1]float64
}

// program returns the program for batches of n rows.
func (t *Trainer) program(n int, m mode) (*program, error) {
	key := programKey{n, m}
	if p := t.programs[key]; p != nil {
		return p, nil
	}
	g := t.root.Sibling()
	if m == evaluate {
		g.Evaluation()
	}
	p := &program{x: g.Input("x", n, t.task.Features)}
	p.pred = t.task.Model(p.x)
	if err := rowwise(p.pred, n); err != nil {
		return nil, err
	}
	p.y = t.task.Target(p.pred, n)
	if err := graph.Mistakes(p.y); err != nil {
		return nil, err
	}
	p.stageTarget()
	p.loss = t.task.Loss(p.pred, p.y)
	fn := graph.Function{Outputs: []*graph.Node{p.loss}, Check: t.check, Team: t.team}
	if m == evaluate {
		if t.task.Output != nil {
			p.pred = t.task.Output(p.pred)
		}
		fn.Outputs = append(fn.Outputs, p.pred)
	} else {
		fn.Updates = p.learn(t, m)
	}
	var err error
	if p.p, err = fn.Compile(); err != nil {
		return nil, err
	}
	if g.Dtype() == tensor.Float32 {
		p.x32 = graph.Buffer[float32](p.p, p.x)
	} else {
		p.x64 = graph.Buffer[float64](p.p, p.x)
	}
	if m == apply || t.training == nil {
		t.training = p.training // its states are those that this run changes
	}
	t.programs[key] = p
	return p, nil
}

// Target declares the input "y" that the loss compares a batch of n
// predictions with, see [Task].Loss.
func (task *Task) Target(pred *graph.Node, n int) *graph.Node {
	g, out := pred.Graph(), pred.Shape()
	one := out.Rank() == 2 && out.Dim(1) == 1
	switch {
	case task.Classes == 0, task.Classes == 2 && one:
		return g.Input("y", n, 1)
	case task.OneHot:
		return g.Input("y", n, task.Classes)
	}
	return g.Indices("y", n)
}

// stageTarget makes the memory of a batch's targets.
func (p *program) stageTarget() {
	if s := p.y.Shape(); p.y.Role() == graph.Index {
		p.classes = make([]int, s.Size())
		p.feeds = append(p.feeds, graph.Let(p.y, p.classes))
	} else {
		p.ys, p.width = make([]float64, s.Size()), s.Dim(1)
		p.feeds = append(p.feeds, graph.Let(p.y, p.ys))
	}
}

// learn returns the updates of a training mode. Gradients are gathered in a
// state for each parameter, each batch's with its share of the step's rows, so
// that the sum is the gradient of the whole.
func (p *program) learn(t *Trainer, m mode) []graph.Update {
	g, objective := p.loss.Graph(), p.loss
	if t.task.Penalty != nil {
		objective = graph.Add(objective, t.task.Penalty(g.Params()))
	}
	rule := t.rule
	if m != step {
		share := g.Input("share")
		p.feeds = append(p.feeds, graph.Let(share, p.share[:]))
		if m == gather {
			updates := g.Kept()
			for i, d := range graph.Grad(objective, g.Params()...) {
				sum := gathered(g.Params()[i])
				updates = append(updates, graph.Update{Target: sum, Value: graph.Add(sum, graph.Mul(share, d))})
			}
			return updates
		}
		chain, ok := rule.(optimizers.Chain)
		if !ok {
			chain = optimizers.Chain{rule}
		}
		rule = append(optimizers.Chain{addGathered{share}}, chain...)
	}
	p.training = optimizers.Descend(objective, rule)
	p.feeds = append(p.feeds, graph.Let(p.training.LR, p.rate[:]))
	return p.training.Updates
}

// gathered returns the state that gathers a parameter's gradient.
func gathered(param *graph.Node) *graph.Node {
	return param.Graph().State(param.Name()+"/gathered", graph.Zeros, param.Shape().Dims()...)
}

// addGathered is the rule that adds what has been gathered, and clears it.
type addGathered struct{ share *graph.Node }

func (r addGathered) Update(s *optimizers.Step) *graph.Node {
	sum := gathered(s.Old())
	s.Set(sum, s.Old().Graph().Const(0, sum.Shape().Dims()...))
	return graph.Add(sum, graph.Mul(r.share, s.Grad))
}

// load copies rows of a dataset to the program's memory.
func (p *program) load(t *Trainer, d *data.Dataset, rows []int) {
	switch {
	case p.x32 != nil:
		data.Gather(p.x32, t.float32s(d), d.Features(), rows)
	case p.x64 != nil:
		data.Gather(p.x64, d.X, d.Features(), rows)
	}
	switch {
	case p.classes != nil && d.Class != nil:
		data.Gather(p.classes, d.Class, 1, rows)
	case d.Class != nil:
		clear(p.ys)
		for i, row := range rows {
			if c := d.Class[row]; p.width > 1 {
				p.ys[i*p.width+c] = 1
			} else {
				p.ys[i] = float64(c)
			}
		}
	case d.Y != nil:
		data.Gather(p.ys, d.Y, 1, rows)
	}
}

// float32s returns the inputs of a dataset in the element type of the program,
// converted once and not at every step.
func (t *Trainer) float32s(d *data.Dataset) []float32 {
	x := t.inputs[d]
	if len(x) != len(d.X) {
		x = make([]float32, len(d.X))
		for i, v := range d.X {
			x[i] = float32(v)
		}
		t.inputs[d] = x
	}
	return x
}
