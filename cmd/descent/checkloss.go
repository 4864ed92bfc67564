package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"

	"descent/graph"
	"descent/graph/graphtest"
	"descent/internal/calc"
	"descent/losses"
	"descent/ops/formula"
	"descent/optimizers/search"
)

// A lossCheck is what check --loss tells.
type lossCheck struct {
	Loss       string           `json:"loss"`
	Worst1     float64          `json:"worst_first"`
	Worst2     float64          `json:"worst_second"`
	Points     int              `json:"points"`
	NotFinite  int              `json:"not_finite"` // points where the loss is not finite
	Unreliable int              `json:"unreliable"` // points where differences say nothing
	Domain     string           `json:"domain,omitempty"`
	Kinks      []string         `json:"kinks"`
	Finite     map[string]reach `json:"finite,omitempty"` // by element type
	Advice     []formula.Advice `json:"advice,omitempty"`
}

// checkLoss compares the derivatives of one loss with differences, shows where
// it has kinks, and how large predictions may be.
func checkLoss(w io.Writer, text, domain string, points int, asJSON bool) error {
	spec, err := losses.ByName(text)
	switch {
	case err != nil:
		return usage(err)
	case spec.Loss == nil:
		return usage(fmt.Errorf("loss %s compares three arrays: check it in Go, with graphtest", text))
	}
	row, loss := spec.Row, spec.Loss
	given, err := domainsOf(domain, row)
	if err != nil {
		return usage(err)
	}
	c, pred, target := lossCase(text, row, loss, given, points)
	n := lossNode(loss, row, c.Samples[0])
	if n.Err() != nil {
		return usage(n.Err())
	}
	x := graphtest.Check(c, points)
	r := lossCheck{Loss: text, Worst1: x.Worst1, Worst2: x.Worst2, Points: x.Points1, NotFinite: x.NotFinite, Unreliable: x.Unreliable}
	r.Kinks = kinksOf(text, row, pred, target)
	if losses.IsFormula(text) {
		r.Domain = fmt.Sprintf("pred: %v; target: %v", pred, target)
		r.Advice = formula.Stable(n)
	}
	if losses.IsFormula(text) && r.Points > 0 {
		if r.Finite, err = lossReach(loss, row, c.Samples[0], pred); err != nil {
			return err
		}
	}
	if asJSON {
		err = printJSON(w, r)
	} else {
		r.print(w)
	}
	if err != nil {
		return err
	}
	return r.verdict(&x)
}

// verdict is what is wrong with the loss.
func (r *lossCheck) verdict(x *graphtest.Result) error {
	if r.Points == 0 && r.NotFinite > 0 && len(x.Problems) == 0 {
		return fmt.Errorf("the loss is finite at none of %d points: say where it is, such as --domain pred=0:1,target=0:1", r.NotFinite)
	}
	if x.Err() != nil {
		return fmt.Errorf("the gradient is wrong: %w", x.Err())
	}
	for _, a := range r.Advice {
		if a.Overflow && r.Finite["float32"].Avoidable {
			return fmt.Errorf("the loss overflows where its value does not: write %s for %s", a.To, a.From)
		}
	}
	return nil
}

func (r *lossCheck) print(w io.Writer) {
	fmt.Fprintf(w, "%s: worst relative error %.2g (first order), %.2g (second order) at %d points\n", r.Loss, r.Worst1, r.Worst2, r.Points)
	if r.Domain != "" {
		fmt.Fprintln(w, r.Domain)
	}
	if r.NotFinite > 0 {
		fmt.Fprintf(w, "%d more points are not finite: they are outside the domain, which --domain gives\n", r.NotFinite)
	}
	if r.Unreliable > 0 {
		fmt.Fprintf(w, "at %d points differences of small steps disagree among themselves, as beside a pole: they say nothing\n", r.Unreliable)
	}
	for _, k := range r.Kinks {
		fmt.Fprintln(w, k)
	}
	if len(r.Kinks) == 0 {
		fmt.Fprintln(w, "no kinks were met")
	}
	for _, t := range slices.Sorted(maps.Keys(r.Finite)) {
		fmt.Fprintf(w, "%s: %s\n", t, r.Finite[t])
	}
	for _, a := range r.Advice {
		if a.Overflow && r.Finite["float32"].Avoidable {
			fmt.Fprintf(w, "trap: %s: %s: write %s\n", a.From, a.Why, a.To)
		} else {
			fmt.Fprintf(w, "hint: %s: %s: %s\n", a.From, a.Why, a.To)
		}
	}
}

// lossNode is the loss of a prediction and a target of some shapes.
func lossNode(loss losses.Loss, row *losses.Row, s graphtest.Sample) *graph.Node {
	g := graph.New(dtypes["float64"], 0)
	return loss(g.Input("pred", s.Shapes[0]...), targetOf(g, row, s.Shapes[1]))
}

func targetOf(g *graph.Graph, row *losses.Row, shape []int) *graph.Node {
	if row.Target == losses.Classes {
		return g.Indices("target", shape...)
	}
	return g.Input("target", shape...)
}

// domainsOf reads --domain.
func domainsOf(text string, row *losses.Row) (map[string]search.Bound, error) {
	given, err := parseBounds(text)
	if err != nil {
		return nil, fmt.Errorf("--domain: %w", err)
	}
	for name, b := range given {
		switch {
		case name != "pred" && name != "target":
			return nil, fmt.Errorf("--domain: %s is neither pred nor target", name)
		case name == "target" && row.Target == losses.Classes:
			return nil, errors.New("--domain: the target is a class, it has no domain")
		case math.IsInf(b.Lo, 0) || math.IsInf(b.Hi, 0):
			return nil, fmt.Errorf("--domain: %s needs two ends, such as %s=0:1", name, name)
		}
	}
	return given, nil
}

// kinksOf looks for kinks and traps at predictions around a target: some kinks of
// each part of the loss, and one trap.
func kinksOf(text string, row *losses.Row, preds, targets span) []string {
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
	seen, count := map[string]bool{}, map[string]int{}
	for _, target := range []float64{0, 1} {
		for i := -40; i <= 40; i++ {
			pred := target + float64(float64(i)/8)
			if !preds.touches(pred) || !targets.touches(target) {
				continue
			}
			e, err := calc.At(text, lossPoint(text, pred, target), "pred")
			if err != nil {
				continue
			}
			remarks, err := e.Remarks()
			if err != nil {
				continue
			}
			for _, m := range remarks {
				part, _, _ := strings.Cut(m.Text, ": ")
				if key := m.Kind + part; !seen[m.Text] && count[key] < map[string]int{"trap": 1, "kink": 4}[m.Kind] {
					seen[m.Text] = true
					count[key]++
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
