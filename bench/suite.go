package bench

import (
	"errors"

	"descent/bench/bbob"
	"descent/internal/spec"
)

// A Suite is problems that have a name together. dims are the dimensions that are asked
// for, none for those that are usual.
type Suite struct {
	spec.Row
	Problems func(dims ...int) ([]Problem, error)
}

// Suites lists every suite that can be chosen by name.
var Suites = []Suite{
	{spec.Row{Name: "small", Doc: "24 nets and losses on what is embedded or drawn from a seed, each a fraction of a second"}, own(func() ([]Problem, error) { return nets(Workloads) })},
	{spec.Row{Name: "classic", Doc: "functions with known minima, from quadratics to Rosenbrock's valley"}, own(func() ([]Problem, error) { return functions(Functions), nil })},
	{spec.Row{Name: "bbob", Doc: "the 24 noiseless functions of COCO, with exact gradients, in dimensions from 2 to 40", Source: "Hansen et al. 2009, https://hal.inria.fr/inria-00362633"}, noiseless},
}

// own are problems that have their own dimensions.
func own(problems func() ([]Problem, error)) func(dims ...int) ([]Problem, error) {
	return func(dims ...int) ([]Problem, error) {
		if len(dims) > 0 {
			return nil, errors.New("these problems have dimensions of their own; those of bbob can be chosen")
		}
		return problems()
	}
}

// usualDim is the dimension of a BBOB of which none is asked for.
const usualDim = 10

// noiseless are all functions in all dimensions.
func noiseless(dims ...int) (out []Problem, err error) {
	if len(dims) == 0 {
		dims = []int{usualDim}
	}
	for _, dim := range dims {
		for i := range bbob.Table {
			p := BBOB{Number: i + 1, Dim: dim}
			if _, err := p.Describe(); err != nil {
				return nil, err
			}
			out = append(out, p)
		}
	}
	return out, nil
}

func nets(table []Workload) (out []Problem, err error) {
	for i := range table {
		p, err := table[i].problem()
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

func functions(table []Function) (out []Problem) {
	for _, f := range table {
		out = append(out, f)
	}
	return out
}
