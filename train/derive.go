package train

import (
	"math"

	"descent/graph"
	"descent/ops"
)

// derive returns what a mode of a search computes beside the losses.
func (p *program) derive(t *Trainer, m mode) []*graph.Node {
	p.objective = p.penalised(t)
	params := p.g.Params()
	switch m {
	case slope:
		p.derived = graph.Grad(p.objective, params...)
	case curve:
		var inputs []*graph.Node
		for _, w := range params {
			in := p.g.Input(p.g.Unique(w.Name()+"/direction"), w.Shape().Dims()...)
			inputs = append(inputs, in)
			p.along = append(p.along, make([]float64, w.Shape().Size()))
			p.feeds = append(p.feeds, graph.Let(in, p.along[len(p.along)-1]))
		}
		p.derived = graph.HVP(p.objective, params, inputs)
	case squares:
		for _, r := range p.result.scaled() {
			p.squared = append(p.squared, r)
			p.derived = append(p.derived, graph.Grad(r, params...)...)
		}
	}
	return append(append([]*graph.Node{p.objective}, p.squared...), p.derived...)
}

// scaled returns the residuals of a row one by one, so that what is minimised is the
// sum of their squares.
func (r *Result) scaled() (all []*graph.Node) {
	for _, l := range r.Losses {
		if l.Weight == 0 {
			continue
		}
		size := l.Residuals.Shape().Size()
		flat := ops.Scale(math.Sqrt(l.Weight/float64(size)), ops.Reshape(l.Residuals, size))
		for i := range size {
			all = append(all, ops.Sum(ops.Slice(flat, 0, i, i+1, 1)))
		}
	}
	return all
}

// residuals returns how many residuals a row has, 0 if what is minimised is no sum
// of squares alone.
func (task *Task) residuals(one *program) (n int) {
	for _, l := range one.result.Losses {
		switch {
		case l.Weight == 0:
		case l.Residuals == nil:
			return 0
		default:
			n += l.Residuals.Shape().Size()
		}
	}
	if task.Penalty != nil {
		return 0
	}
	return n
}

// direct sets the direction of a product.
func (p *program) direct(v []float64) {
	for _, part := range p.along {
		v = v[copy(part, v):]
	}
}

// derivatives copies the derivatives to one vector.
func (p *program) derivatives(x []float64) {
	for _, d := range p.derived {
		size := d.Shape().Size()
		p.p.Read(d, x[:size])
		x = x[size:]
	}
}

// residuals copies the residuals of a row, and their gradients, and tells whether
// their squares add up to the loss.
func (p *program) residuals(r, jac []float64) bool {
	sum := 0.0
	for i, s := range p.squared {
		r[i] = p.p.Scalar(s)
		sum += float64(r[i] * r[i])
	}
	p.derivatives(jac)
	loss := p.p.Scalar(p.objective)
	return !(math.Abs(sum-loss) > 1e-9*math.Abs(loss))
}
