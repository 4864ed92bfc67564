package train

import (
	"descent/data"
	"descent/graph"
	"descent/optimizers"
)

// A mode is what a program does with a batch.
type mode uint8

const (
	evaluate mode = iota // losses and predictions
	predict              // predictions alone
	value                // losses in training, for a search
	slope                // and their gradient
	curve                // and the product of their Hessian with a direction
	squares              // and residuals, and their gradients
	step                 // a whole training step
	gather               // add the gradient to what has been gathered
	apply                // a step with the gradient and what has been gathered
)

// trains tells whether the mode is one of training.
func (m mode) trains() bool { return m >= step }

// searches tells whether the mode is one of an [objective].
func (m mode) searches() bool { return m >= value && m <= squares }

// moves tells whether the mode ends a training step.
func (m mode) moves() bool { return m == step || m == apply }

type programKey struct {
	rows int
	mode mode
}

// program is a compiled graph for batches of so many rows.
type program struct {
	p        *graph.Program
	g        *graph.Graph
	n        int // rows of a batch
	fields   []*field
	result   Result
	loss     *graph.Node
	training *optimizers.Training
	feeds    []graph.Feed
	rate     [1]float64
	share    [1]float64

	// Of a mode that searches.
	objective *graph.Node   // the loss and the penalty
	derived   []*graph.Node // derivatives, one for each parameter and residual
	squared   []*graph.Node // the residuals, one by one
	along     [][]float64   // the direction, one for each parameter
	holds     *int          // the first of the rows that are loaded
}

// program returns the program for batches of n rows.
func (t *Trainer) program(n int, m mode) (*program, error) {
	key := programKey{n, m}
	if p := t.programs[key]; p != nil {
		return p, nil
	}
	p, err := t.build(n, m)
	if err != nil {
		return nil, err
	}
	if m == apply || m.trains() && t.training == nil {
		t.training = p.training // its states are those that this run changes
	}
	t.programs[key] = p
	return p, nil
}

func (t *Trainer) build(n int, m mode) (*program, error) {
	p, fn, err := t.outline(n, m)
	if err != nil {
		return nil, err
	}
	if p.p, err = fn.Compile(); err != nil {
		return nil, err
	}
	for _, f := range p.fields {
		p.feeds = append(p.feeds, f.stage(p.p, p.g.Dtype())...)
	}
	return p, nil
}

// outline is a program before it is compiled.
func (t *Trainer) outline(n int, m mode) (*program, graph.Function, error) {
	g := t.root.Sibling()
	if !m.trains() && !m.searches() {
		g.Evaluation()
	}
	b := &Batch{g: g, n: n}
	p := &program{g: g, n: n, result: t.task.compute(b)}
	p.fields = b.fields
	fn := graph.Function{Check: t.check, Team: t.team}
	if err := p.result.check(n); err != nil {
		return nil, fn, err
	}
	if err := t.task.checkGives(&p.result); err != nil {
		return nil, fn, err
	}
	p.loss = p.result.total()
	if m != predict {
		fn.Outputs = append(fn.Outputs, p.loss)
		for _, l := range p.reported() {
			fn.Outputs = append(fn.Outputs, l.Node)
		}
	}
	switch {
	case m.trains() && t.rule == nil:
		return nil, fn, errNoRule
	case m.trains():
		fn.Updates = p.learn(t, m)
	case m.searches():
		fn.Outputs = append(fn.Outputs, p.derive(t, m)...)
	default:
		for _, x := range p.result.Predictions {
			fn.Outputs = append(fn.Outputs, x.Node)
		}
		p.markPredicting()
	}
	return p, fn, nil
}

// reported returns the losses that have names of their own.
func (p *program) reported() []Loss {
	if len(p.result.Losses) < 2 {
		return nil
	}
	return p.result.Losses
}

// learn returns the updates of a training mode. Gradients are gathered in a
// state for each parameter, each batch's with its share of the step's rows, so
// that the sum is the gradient of the whole.
func (p *program) learn(t *Trainer, m mode) []graph.Update {
	g, objective, rule := p.g, p.penalised(t), t.rule
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

// penalised is the loss and the penalty.
func (p *program) penalised(t *Trainer) *graph.Node {
	if t.task.Penalty == nil {
		return p.loss
	}
	return graph.Add(p.loss, t.task.Penalty(p.g.Params()))
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

// model returns the variables of the program's graph.
func (p *program) model() (vars []*graph.Variable) {
	for _, v := range p.g.Store().Variables() {
		if p.g.Leaf(v.Name()) != nil {
			vars = append(vars, v)
		}
	}
	return vars
}

// markPredicting notes which fields predictions are made of.
func (p *program) markPredicting() {
	of := map[*graph.Node]bool{}
	for _, x := range p.result.Predictions {
		for _, n := range graph.Below(x.Node) {
			of[n] = true
		}
	}
	for _, f := range p.fields {
		f.predicts = of[f.node]
	}
}

// load copies rows to the program's memory, or only what predictions are made of:
// what the losses take stays as it is then.
func (p *program) load(d data.Rows, rows []int, predictions bool) error {
	for _, f := range p.fields {
		if f.predicts || !predictions {
			if err := f.load(d, rows); err != nil {
				return err
			}
		}
	}
	return nil
}

// Function returns a training step on so many rows as nodes of a graph of its own, which
// shares weights and states: for what writes it in another form. The loss is its first
// output. Inputs are leaves by the names of arrays, "x" and "y" in the usual form of a
// task, and the learning rate, "lr".
func (t *Trainer) Function(rows int) (graph.Function, error) {
	_, fn, err := t.outline(rows, step)
	return fn, err
}
