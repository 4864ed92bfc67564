package losses

import (
	"math/rand/v2"
	"slices"

	"descent/graph"
	"descent/graph/graphtest"
	"descent/internal/spec"
)

// Cases returns what is needed to check the derivatives of every loss in
// [Table], with its default settings and with those of its examples. A loss of
// class indices that also takes probabilities has a case for each.
func Cases() []graphtest.Case {
	var out []graphtest.Case
	for i := range Table {
		row := &Table[i]
		for _, settings := range append([]string{""}, row.Examples...) {
			name := row.Name
			if settings != "" {
				name += "(" + settings + ")"
			}
			out = append(out, row.cases(name)...)
		}
	}
	return out
}

// cases checks the loss with the settings of a text. The samples suit the
// settings of the examples: three columns or classes.
func (row *Row) cases(text string) []graphtest.Case {
	s, err := ByName(text)
	if err != nil {
		panic(err) // of the table
	}
	if row.make == nil {
		return []graphtest.Case{row.comparison(text, s.Loss3)}
	}
	loss := s.Loss
	c := graphtest.Case{Name: text, Inputs: 2,
		Build:   func(in []*graph.Node, _ []float64) *graph.Node { return loss(in[0], in[1]) },
		Domain:  []graphtest.Domain{row.predPoints(s.Args), row.targetPoints(s.Args)},
		Samples: same(2, []int{4, 3}, []int{3}, []int{2, 2, 3}, []int{1, 3}, []int{5, 3}, []int{3, 1, 2, 3})}
	switch {
	case row.Pred == MeanLogVariance:
		c.Samples = samples([]int{4, 6}, []int{4, 3}, []int{2}, []int{1}, []int{1, 2}, []int{1, 1}, []int{5, 2}, []int{5, 1},
			[]int{2, 2, 6}, []int{2, 2, 3}, []int{3, 4}, []int{3, 2})
		c.Domain[0] = graphtest.Normal
	case row.Name == "multi_margin":
		c.Samples = samples([]int{4, 3}, []int{4}, []int{3}, nil, []int{1, 3}, []int{1}, []int{2, 3}, []int{2}, []int{5, 3}, []int{5}, []int{7, 3}, []int{7})
	case row.Name == "cross_entropy":
		p := c
		p.Name, p.Domain = text+" of probabilities", []graphtest.Domain{graphtest.Normal, points(Probabilities)}
		p.Samples = same(2, []int{4, 3}, []int{2, 3, 2}, []int{3}, []int{1, 3}, []int{5, 3}, []int{2, 3, 1, 2})
		c.Samples = classes
		return []graphtest.Case{c, p}
	case row.Target == Classes:
		c.Samples = classes
	}
	return []graphtest.Case{c}
}

// classes are predictions, with the classes along axis 1, and class numbers.
var classes = samples([]int{4, 3}, []int{4}, []int{2, 3, 2}, []int{2, 2}, []int{3}, nil,
	[]int{1, 3}, []int{1}, []int{5, 3}, []int{5}, []int{2, 3, 1, 2}, []int{2, 1, 2})

func (row *Row) comparison(text string, loss Loss3) graphtest.Case {
	c := graphtest.Case{Name: text, Inputs: 3,
		Build:   func(in []*graph.Node, _ []float64) *graph.Node { return loss(in[0], in[1], in[2]) },
		Domain:  []graphtest.Domain{graphtest.Distinct, graphtest.Distinct, points(row.Target)},
		Samples: same(3, []int{4, 3}, []int{3}, []int{1, 3}, []int{5, 3}, []int{2, 4}, []int{4, 2})}
	if row.Name == "cosine_embedding" {
		c.Samples = nil
		for _, n := range []int{4, 1, 2, 5, 7} {
			c.Samples = append(c.Samples, graphtest.One([]int{n, 3}, []int{n, 3}, []int{n}))
		}
		c.Samples = append(c.Samples, graphtest.One([]int{3}, []int{3}, nil))
	}
	return c
}

// predPoints and targetPoints heed the settings that change what the numbers
// mean, and the kinks of hinges.
func (row *Row) predPoints(a spec.Args) graphtest.Domain {
	if a.Is("log_input", false) {
		return graphtest.Positive
	}
	if row.Target == PlusMinus {
		return graphtest.Away(-1, 0, 1)
	}
	return points(row.Pred)
}

func (row *Row) targetPoints(a spec.Args) graphtest.Domain {
	if a.Is("log_target", true) {
		return points(LogProbabilities)
	}
	return points(row.Target)
}

// points are where derivatives are checked, which is not at kinks.
func points(d Domain) graphtest.Domain {
	switch d {
	case Counts:
		return oneOf(0, 1, 2, 3, 7)
	case Logits, MeanLogVariance:
		return graphtest.Normal
	case Positives:
		return graphtest.Positive
	case Probabilities, Fractions:
		return graphtest.Range(0.1, 0.9)
	case LogProbabilities:
		return graphtest.Range(-3, -0.1)
	case PlusMinus:
		return oneOf(-1, 1)
	case Classes:
		return graphtest.Below(3)
	}
	return graphtest.Distinct
}

// oneOf draws from values, for targets that are not differentiated.
func oneOf(values ...float64) graphtest.Domain {
	return graphtest.Domain{Fixed: true, Fill: func(rng *rand.Rand, _ int, x []float64) {
		for i := range x {
			x[i] = values[rng.IntN(len(values))]
		}
	}}
}

func samples(shapes ...[]int) (out []graphtest.Sample) {
	for i := 0; i < len(shapes); i += 2 {
		out = append(out, graphtest.One(shapes[i], shapes[i+1]))
	}
	return out
}

// same are samples in which all inputs have one shape.
func same(inputs int, shapes ...[]int) (out []graphtest.Sample) {
	for _, s := range shapes {
		out = append(out, graphtest.One(slices.Repeat([][]int{s}, inputs)...))
	}
	return out
}
