package search

import (
	"fmt"
	"math"

	"descent/graph"
	"descent/ops"
)

// Constraints are functions c of the variables of a problem that are to be 0, or
// at most 0; J is their Jacobian.
type Constraints struct {
	Equal []bool // of each: it is to be 0; otherwise it is to be at most 0
	// Value fills c.
	Value func(x, c []float64)
	// Push fills out with J·v, Pull with Jᵀ·w, and Bend with Σw·∇²c·v.
	Push func(x, v, out []float64)
	Pull func(x, w, out []float64)
	Bend func(x, w, v, out []float64)
}

// Constrain adds constraints to a problem of a graph: the elements of the vector c
// are to be 0 where equal says so, and at most 0 elsewhere.
func (p *Problem) Constrain(c *node, equal []bool) error {
	if c.Shape() != graph.Dims(len(equal)) {
		return fmt.Errorf("search: constraints of shape %v, and %d of them are said to be equations or not", c.Shape(), len(equal))
	}
	g := c.Graph()
	inputs := func(suffix string) (vs []*node) {
		for _, w := range p.params {
			vs = append(vs, g.Input(g.Unique(w.Name()+suffix), w.Shape().Dims()...))
		}
		return vs
	}
	vs := inputs("/along the constraints")
	weights := g.Input(g.Unique("multipliers"), len(equal))
	sum := ops.Sum(ops.Mul(weights, c))
	outputs := [][]*node{{c}, graph.JVP([]*node{c}, p.params, vs), graph.Grad(sum, p.params...), graph.HVP(sum, p.params, vs)}
	var programs []*graph.Program
	for _, out := range outputs {
		prog, err := p.program(out...)
		if err != nil {
			return err
		}
		programs = append(programs, prog)
	}
	compute := func(which int, x, out []float64, feeds ...graph.Feed) {
		p.run(programs[which], x, feeds...)
		gather(programs[which], outputs[which], out)
	}
	p.Constraints = &Constraints{Equal: equal,
		Value: func(x, c []float64) { compute(0, x, c) },
		Push:  func(x, v, out []float64) { compute(1, x, out, along(vs, v)...) },
		Pull:  func(x, w, out []float64) { compute(2, x, out, graph.Let(weights, w)) },
		Bend: func(x, w, v, out []float64) {
			compute(3, x, out, append(along(vs, v), graph.Let(weights, w))...)
		}}
	return nil
}

// rows are the gradients of the constraints, one after the other.
func (c *Constraints) rows(x []float64) []float64 {
	m, n := len(c.Equal), len(x)
	jac, unit := make([]float64, m*n), make([]float64, m)
	for i := range m {
		clear(unit)
		unit[i] = 1
		c.Pull(x, unit, jac[i*n:(i+1)*n])
	}
	return jac
}

// Violation is by how much constraint i is violated where its value is c.
func (c *Constraints) Violation(i int, value float64) float64 {
	if c.Equal[i] {
		return math.Abs(value)
	}
	return max(0, value)
}
