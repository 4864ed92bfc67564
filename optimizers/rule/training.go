package rule

import (
	"strings"

	"descent/graph"
	"descent/ops"
)

// A Training is what one training step computes, as nodes.
type Training struct {
	Loss    *node
	Params  []*node
	Grads   []*node // of the parameters
	LR      *node   // scalar input "lr", fed before each step
	T       *node   // scalar state "step": steps done
	Updates []graph.Update
	// Eval are the weights to evaluate, a node for each parameter: itself, or
	// the state where a rule such as EMA keeps its average.
	Eval []*node

	lowered   *node  // what is minimised
	needsLoss bool   // a rule asked for it: a gradient alone is not enough
	suffix    string // tells the states of a graph's second training from the first's
}

// Build returns the step that moves params by rules, in their order, so that loss falls,
// or rises. With no
// params, all of the graph's are moved. A parameter that the loss does not use
// (see [graph.GradUsed]) stays as it is and has no states.
func Build(loss *node, rules []Rule, params []*node, up bool) *Training {
	g := loss.Graph()
	if len(params) == 0 {
		params = g.Params()
	}
	name := g.Unique("step")
	suffix := strings.TrimPrefix(name, "step")
	grads, used := graph.GradUsed(loss, params...)
	t := &Training{Loss: loss, Params: params, Grads: grads,
		LR: g.Input("lr" + suffix), T: g.Scalar(name, 0), lowered: loss, suffix: suffix}
	if up {
		t.lowered = ops.Neg(loss)
	}
	now := ops.Shift(1, t.T)
	t.Updates = append([]graph.Update{{Target: t.T, Value: now}}, g.Kept()...)
	steps := make([]*Step, len(params))
	for i, p := range params {
		d := t.Grads[i]
		if up {
			d = ops.Neg(d)
		}
		steps[i] = &Step{Param: p, Grad: d, LR: t.LR, Size: t.LR, T: now, train: t, raw: d, old: p, still: !used[i]}
		if x, index, ok := ops.Scattered(t.Grads[i]); ok && !up && spare(rules) {
			steps[i].narrow(x, index)
		}
	}
	InOrder(rules, steps)
	t.Eval = append([]*node(nil), params...)
	for i, s := range steps {
		if s.still {
			continue
		}
		t.Updates = append(t.Updates, s.finish()...)
		if s.eval != nil {
			t.Eval[i] = s.eval
		}
	}
	return t
}

// state returns the state of that name, declaring it the first time.
func (t *Training) state(name string, init graph.Init, dims []int) *node {
	return t.once(name, func(name string) *node { return t.Loss.Graph().State(name, init, dims...) })
}

// scalar returns the float64 state of that name, declaring it the first time.
func (t *Training) scalar(name string, start float64) *node {
	return t.once(name, func(name string) *node { return t.Loss.Graph().Scalar(name, start) })
}

func (t *Training) once(name string, declare func(name string) *node) *node {
	if t.suffix != "" {
		name += "#" + t.suffix
	}
	if n := t.Loss.Graph().Leaf(name); n != nil {
		return n
	}
	return declare(name)
}

// NeedsLoss reports whether a rule asked for the loss itself: its gradient alone
// is not enough.
func (t *Training) NeedsLoss() bool { return t.needsLoss }

// Compile returns the program of the step, with the loss before the step and
// more as outputs.
func (t *Training) Compile(more ...*node) (*graph.Program, error) {
	return graph.Function{Outputs: append([]*node{t.Loss}, more...), Updates: t.Updates}.Compile()
}

// Swap exchanges the parameters with the weights to evaluate, where a rule
// keeps an average. Swap again before training goes on.
func (t *Training) Swap() error {
	for i, p := range t.Params {
		if p == t.Eval[i] {
			continue
		}
		a, b := p.Variable(), t.Eval[i].Variable()
		x, y := a.Float64s(), b.Float64s()
		if err := a.Set(y); err != nil {
			return err
		}
		if err := b.Set(x); err != nil {
			return err
		}
	}
	return nil
}
