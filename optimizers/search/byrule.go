package search

import (
	"math"

	"descent/graph"
	"descent/ops"
	"descent/optimizers"
	"descent/optimizers/schedule"
)

// ByRule is a [Method] that takes the steps of an update rule at the rates of
// a schedule. It is the loop for functions, as package train's is for rows.
type ByRule struct {
	Rule     optimizers.Rule
	Schedule schedule.Schedule
}

// With returns the method for a rule at a constant learning rate.
func With(rule optimizers.Rule, lr float64) ByRule { return ByRule{rule, schedule.Constant(lr)} }

// Search implements [Method]. A problem that is not a graph's gives the rule
// its gradient, but cannot give it curvature or another loss.
func (m ByRule) Search(run *Run) Reason {
	p := run.Problem
	loss, params := p.loss, p.params
	var fed *node
	if loss == nil {
		g := graph.New(graph.Float64, 0)
		params = []*node{g.Param("x", graph.From(p.Start...), len(p.Start))}
		fed = g.Input("gradient", len(p.Start))
		loss = ops.Sum(ops.Mul(fed, params[0]))
	}
	t := optimizers.Descend(loss, m.Rule, params...)
	if fed != nil && t.NeedsLoss() {
		Fail(optimizers.ErrNeedsLoss)
	}
	prog, err := t.Compile(t.Grads...)
	if err == nil {
		err = scatter(params, p.Start)
	}
	if err != nil {
		Fail(err)
	}
	rate := schedule.Rates(m.Schedule)
	x, g := run.Start(), make([]float64, len(p.Start))
	for i := 0; ; i++ {
		feeds := append([]graph.Feed{graph.Let(t.LR, []float64{rate(i)})}, p.feeds...)
		f := math.NaN()
		if fed != nil {
			f = run.Grad(x, g)
			feeds = append(feeds, graph.Let(fed, g))
		}
		if fed == nil {
			run.count()
		}
		if err := prog.Run(feeds...); err != nil {
			Fail(err)
		}
		if fed == nil {
			gather(prog, t.Grads, g)
			f = run.seen(x, prog.Scalar(loss), g)
		}
		if run.Visit(x, f, g) {
			return Finished
		}
		x = x[:0]
		for _, w := range params {
			x = append(x, w.Variable().Float64s()...)
		}
	}
}
