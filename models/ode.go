package models

import (
	"errors"
	"fmt"

	"descent/graph"
	"descent/ops"
)

// ODEOptions say how [ODE] integrates.
type ODEOptions struct {
	Method string  // of [Integrators]; "rk4" if empty
	Steps  int     // of equal length
	Time   float64 // until when
	Every  int     // what is kept for the gradient, see [graph.ScanOptions]
}

// Integrators are the ways to go on by a time h from x, where dx/dt = f(x).
var Integrators = []struct {
	Name, Doc string
	Step      func(f Layer, x *node, h float64) *node
}{
	{"euler", "x + h·f(x), an error of order h", func(f Layer, x *node, h float64) *node { return ops.Add(x, ops.Scale(h, f(x))) }},
	{"midpoint", "h·f in the middle of a step of Euler's, of order h²", func(f Layer, x *node, h float64) *node {
		return ops.Add(x, ops.Scale(h, f(ops.Add(x, ops.Scale(h/2, f(x))))))
	}},
	{"rk4", "the classical method of Runge and Kutta, of order h⁴", rk4},
}

func rk4(f Layer, x *node, h float64) *node {
	k1 := f(x)
	k2 := f(ops.Add(x, ops.Scale(h/2, k1)))
	k3 := f(ops.Add(x, ops.Scale(h/2, k2)))
	k4 := f(ops.Add(x, ops.Scale(h, k3)))
	return ops.Add(x, ops.Scale(h/6, ops.Add(ops.Add(k1, k4), ops.Scale(2, ops.Add(k2, k3)))))
}

// ODE returns the layer that starts at its input and follows dx/dt = f(x) for a time:
// a residual net of as many layers as it has steps, all with the parameters of f. Chen,
// Rubanova, Bettencourt, Duvenaud 2018, https://arxiv.org/abs/1806.07366; gradients
// are those of the steps, not of the equation.
func ODE(f Layer, o ODEOptions) Layer {
	return named("ode", "ODE", func(x *node) *node {
		if o.Method == "" {
			o.Method = "rk4"
		}
		for _, m := range Integrators {
			if m.Name != o.Method {
				continue
			}
			if x.Err() == nil && o.Steps < 1 {
				return graph.Bad(errors.New("no steps"), "ode", x)
			}
			same := func(x *node) *node {
				y := f(x)
				if y.Err() == nil && y.Shape() != x.Shape() {
					return graph.Bad(fmt.Errorf("f makes %v of %v; dx/dt has the shape of x", y.Shape(), x.Shape()), "ode", x, y)
				}
				return y
			}
			last, _ := graph.Scan([]*node{x}, nil, graph.ScanOptions{Name: "ode", Steps: o.Steps, Every: o.Every}, func(x, _ []*node) (next, y []*node) {
				return []*node{m.Step(same, x[0], o.Time/float64(o.Steps))}, nil
			})
			return last[0]
		}
		return graph.Bad(fmt.Errorf("no method %q; there are euler, midpoint and rk4", o.Method), "ode", x)
	})
}
