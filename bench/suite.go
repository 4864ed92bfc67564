package bench

import "descent/internal/spec"

// A Suite is problems that have a name together.
type Suite struct {
	spec.Row
	Problems func() ([]Problem, error)
}

// Suites lists every suite that can be chosen by name.
var Suites = []Suite{
	{spec.Row{Name: "small", Doc: "24 nets and losses on what is embedded or drawn from a seed, each a fraction of a second"}, func() ([]Problem, error) { return nets(Workloads) }},
	{spec.Row{Name: "classic", Doc: "functions with known minima, from quadratics to Rosenbrock's valley"}, func() ([]Problem, error) { return functions(Functions), nil }},
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
