package losses

import (
	"fmt"

	"descent/graph"
	"descent/internal/spec"
	"descent/ops"
	"descent/ops/formula"
)

// Penalties are numbers to add to a loss. They are of the parameters that are
// named, and of no others: leave out biases by not naming them. They panic if
// there are none. A strength is at least 0.

// L2 is lambda/2·Σw² over the elements of the parameters. Its gradient is
// lambda·w, which is what a weight decay of lambda adds in SGD. Where a text
// writes lambda·Σw², use [SumSquares].
func L2(lambda float64, params ...*graph.Node) *graph.Node {
	return penalty("l2", lambda, params, func(w *node) *node { return ops.Scale(0.5, ops.Sum(ops.Square(w))) })
}

// SumSquares is lambda·Σw², twice [L2]; its gradient is 2·lambda·w.
func SumSquares(lambda float64, params ...*graph.Node) *graph.Node {
	return penalty("sum_squares", lambda, params, func(w *node) *node { return ops.Sum(ops.Square(w)) })
}

// L1 is lambda·Σ|w|. Its gradient is lambda·sign(w), 0 where w is 0.
func L1(lambda float64, params ...*graph.Node) *graph.Node {
	return penalty("l1", lambda, params, func(w *node) *node { return ops.Sum(ops.Abs(w)) })
}

// ElasticNet is alpha·(l1Ratio·Σ|w| + (1-l1Ratio)/2·Σw²), as in scikit-learn;
// l1Ratio is in [0, 1]. (Zou and Hastie 2005)
func ElasticNet(alpha, l1Ratio float64, params ...*graph.Node) *graph.Node {
	if err := spec.InRange(fraction, "l1_ratio", l1Ratio); err != nil && len(params) > 0 {
		return graph.Bad(err, "elastic_net", params...)
	}
	return penalty("elastic_net", alpha, params, func(w *node) *node {
		return ops.Add(ops.Scale(l1Ratio, ops.Sum(ops.Abs(w))), ops.Scale((1-l1Ratio)/2, ops.Sum(ops.Square(w))))
	})
}

// penalties are those of one array as functions of formulas.
var penalties = []formula.Func{
	strength("l1", "lambda·Σ|w|", L1), strength("l2", "lambda/2·Σw²", L2), strength("sum_squares", "lambda·Σw²", SumSquares),
	{Row: spec.Row{Name: "elastic_net", Doc: "alpha·(l1_ratio·Σ|w| + (1-l1_ratio)/2·Σw²)", Settings: []spec.Setting{
		setting("alpha", 1, notNegative, "the strength"), setting("l1_ratio", 0.5, fraction, "the part of the first sum")}}, Inputs: 1,
		Build: func(in []*graph.Node, a spec.Args) *graph.Node {
			return ElasticNet(a.Number("alpha"), a.Number("l1_ratio"), in...)
		}},
}

func strength(name, doc string, f func(float64, ...*graph.Node) *graph.Node) formula.Func {
	return formula.Func{Row: spec.Row{Name: name, Doc: doc, Settings: []spec.Setting{setting("lambda", 0.5, notNegative, "the strength")}}, Inputs: 1,
		Build: func(in []*graph.Node, a spec.Args) *graph.Node { return f(a.Number("lambda"), in...) }}
}

// penalty is strength·Σf(w).
func penalty(name string, strength float64, params []*node, f func(w *node) *node) *node {
	if len(params) == 0 {
		panic(fmt.Sprintf("losses: %s of no parameters", name))
	}
	if err := spec.InRange(notNegative, "strength", strength); err != nil {
		return graph.Bad(err, name, params...)
	}
	sum := f(params[0])
	for _, w := range params[1:] {
		sum = ops.Add(sum, f(w))
	}
	return ops.Scale(strength, sum)
}
