package bench

import "descent/internal/spec"

// A Suite is problems that have a name together.
type Suite struct {
	spec.Row
	Problems []Problem
}

// Suites lists every suite that can be chosen by name.
var Suites = []Suite{
	{spec.Row{Name: "classic", Doc: "functions with known minima, from quadratics to Rosenbrock's valley"}, functions(Functions)},
}

func functions(table []Function) (out []Problem) {
	for _, f := range table {
		out = append(out, f)
	}
	return out
}
