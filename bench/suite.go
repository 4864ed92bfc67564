package bench

import (
	"slices"

	"descent/bench/bbob"
	"descent/internal/spec"
)

// A Suite is problems that have a name together.
type Suite struct {
	spec.Row
	Files, Dims bool // what of the options it has a use for
	// Problems returns its problems, and says which are left out since the folder does not
	// have their files.
	Problems func(o SuiteOptions) (problems []Problem, leftOut []string, err error)
}

// SuiteOptions choose problems of a suite.
type SuiteOptions struct {
	Files string // the folder with files that are not part of the program
	Dims  []int  // dimensions of functions, none for those that are usual
}

// Suites lists every suite that can be chosen by name.
var Suites = []Suite{
	{Row: spec.Row{Name: "small", Doc: "24 nets and losses on what is embedded or drawn from a seed, each a fraction of a second"}, Problems: nets(Workloads)},
	{Row: spec.Row{Name: "medium", Doc: "those of small, and 9 larger ones: LeNet, a residual net, an LSTM, a transformer"}, Problems: nets(Workloads, Medium)},
	{Row: spec.Row{Name: "full", Doc: "those of medium, and 5 on files that are not part of the program"}, Files: true, Problems: nets(Workloads, Medium, Full)},
	{Row: spec.Row{Name: "classic", Doc: "functions with known minima, from quadratics to Rosenbrock's valley"}, Problems: func(SuiteOptions) ([]Problem, []string, error) { return functions(Functions), nil, nil }},
	{Row: spec.Row{Name: "bbob", Doc: "the 24 noiseless functions of COCO, with exact gradients, in dimensions from 2 to 40", Source: "Hansen et al. 2009, https://hal.inria.fr/inria-00362633"}, Dims: true, Problems: noiseless},
}

// usualDim is the dimension of a BBOB of which none is asked for.
const usualDim = 10

// noiseless are all functions in all dimensions.
func noiseless(o SuiteOptions) (out []Problem, _ []string, _ error) {
	dims := o.Dims
	if len(dims) == 0 {
		dims = []int{usualDim}
	}
	for _, dim := range dims {
		for i := range bbob.Table {
			p := BBOB{Number: i + 1, Dim: dim}
			if _, err := p.Describe(); err != nil {
				return nil, nil, err
			}
			out = append(out, p)
		}
	}
	return out, nil, nil
}

// nets makes the problems of tables.
func nets(tables ...[]Workload) func(o SuiteOptions) ([]Problem, []string, error) {
	return func(o SuiteOptions) (out []Problem, leftOut []string, err error) {
		all := slices.Concat(tables...)
		for i := range all {
			missing, err := all[i].missing(o.Files)
			if err != nil {
				return nil, nil, err
			}
			if missing != "" {
				leftOut = append(leftOut, all[i].Name+" ("+missing+")")
				continue
			}
			p, err := all[i].problem(o.Files)
			if err != nil {
				return nil, nil, err
			}
			out = append(out, p)
		}
		return out, leftOut, nil
	}
}

func functions(table []Function) (out []Problem) {
	for _, f := range table {
		out = append(out, f)
	}
	return out
}
