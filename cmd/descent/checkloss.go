package main

import (
	"fmt"
	"io"
	"strings"

	"descent/graph"
	"descent/graph/graphtest"
	"descent/internal/calc"
	"descent/losses"
)

// A lossCheck is what check --loss tells.
type lossCheck struct {
	Loss   string   `json:"loss"`
	Worst1 float64  `json:"worst_first"`
	Worst2 float64  `json:"worst_second"`
	Points int      `json:"points"`
	Kinks  []string `json:"kinks"`
}

// checkLoss compares the derivatives of one loss with differences, and shows
// where it has kinks.
func checkLoss(w io.Writer, text string, points int, asJSON bool) error {
	loss, err := losses.ByName(text)
	switch {
	case err != nil:
		return usage(err)
	case loss.Loss == nil:
		return usage(fmt.Errorf("loss %s compares three arrays: check it in Go, with graphtest", text))
	}
	row := loss.Row
	c := lossCase(text, row, loss.Loss)
	in := graph.New(dtypes["float64"], 0)
	if err := loss.Loss(in.Input("pred", c.Samples[0].Shapes[0]...), targetOf(in, row, c.Samples[0].Shapes[1])).Err(); err != nil {
		return usage(err)
	}
	x := graphtest.Check(c, points)
	r := lossCheck{Loss: text, Worst1: x.Worst1, Worst2: x.Worst2, Points: x.Points1, Kinks: kinksOf(text, row)}
	if asJSON {
		if err := printJSON(w, r); err != nil {
			return err
		}
	} else {
		fmt.Fprintf(w, "%s: worst relative error %.2g (first order), %.2g (second order) at %d points\n", text, r.Worst1, r.Worst2, r.Points)
		for _, k := range r.Kinks {
			fmt.Fprintln(w, k)
		}
		if len(r.Kinks) == 0 {
			fmt.Fprintln(w, "no kinks were met")
		}
	}
	if x.Err() != nil {
		return fmt.Errorf("the gradient is wrong: %w", x.Err())
	}
	return nil
}

func targetOf(g *graph.Graph, row *losses.Row, shape []int) *graph.Node {
	if row.Target == losses.Classes {
		return g.Indices("target", shape...)
	}
	return g.Input("target", shape...)
}

// lossCase says where a loss is checked.
func lossCase(text string, row *losses.Row, loss losses.Loss) graphtest.Case {
	for _, c := range losses.Cases() {
		if c.Name == text {
			return c
		}
	}
	c := graphtest.Case{Name: text, Inputs: 2, Domain: []graphtest.Domain{graphtest.Normal, graphtest.Normal},
		Samples: []graphtest.Sample{graphtest.One([]int{4, 3}, []int{4, 3}), graphtest.One([]int{3}, []int{3})},
		Build:   func(in []*graph.Node, _ []float64) *graph.Node { return loss(in[0], in[1]) }}
	switch {
	case row.Target == losses.Classes:
		c.Domain[1] = graphtest.Below(3)
		c.Samples = []graphtest.Sample{graphtest.One([]int{4, 3}, []int{4})}
	case row.Pred == losses.Probabilities || row.Target == losses.Probabilities:
		c.Domain = []graphtest.Domain{graphtest.Range(0.05, 0.95), graphtest.Fixed(graphtest.Range(0.05, 0.95))}
	}
	return c
}

// kinksOf looks for kinks at predictions around a target.
func kinksOf(text string, row *losses.Row) []string {
	if row.Target == losses.Classes {
		return nil
	}
	if !losses.IsFormula(text) {
		name, settings, ok := strings.Cut(strings.TrimSuffix(strings.TrimSpace(text), ")"), "(")
		if text = name + "(pred, target"; ok && strings.TrimSpace(settings) != "" {
			text += ", " + settings
		}
		text += ")"
	}
	var out []string
	seen := map[string]bool{}
	for _, target := range []float64{0, 1} {
		for i := -40; i <= 40; i++ {
			pred := target + float64(i)/8
			e, err := calc.At(text, lossPoint(text, pred, target), "pred")
			if err != nil {
				continue
			}
			remarks, err := e.Remarks()
			if err != nil {
				continue
			}
			for _, m := range remarks {
				if !seen[m.Text] {
					seen[m.Text] = true
					out = append(out, fmt.Sprintf("%s at pred = %v, target = %v: %s", m.Kind, pred, target, m.Text))
				}
			}
		}
	}
	return out
}

// lossPoint binds the names that the loss uses to one prediction.
func lossPoint(text string, pred, target float64) []calc.Binding {
	point := []calc.Binding{{Name: "pred", Value: calc.Value{Shape: []int{1}, Data: []float64{pred}}}}
	if f, err := losses.Parse(text); err == nil && f.Uses("target") {
		point = append(point, calc.Binding{Name: "target", Value: calc.Value{Shape: []int{1}, Data: []float64{target}}})
	}
	return point
}
