package play

import (
	"context"
	"fmt"
	"math"
	"strings"

	"descent/graph"
	"descent/internal/plot"
	"descent/optimizers"
	"descent/optimizers/search"
)

// A kept number is one that an optimizer keeps from step to step: an element of a state.
type kept struct {
	name   string
	values []float64 // after each step
}

// mostKept is how many are shown of an optimizer.
const mostKept = 8

// states draws what each optimizer keeps.
func (g *ground) states(ctx context.Context) (*Reply, error) {
	r := &Reply{Variables: g.names, Start: g.problem.Start}
	for _, text := range g.Optimizers {
		all, err := g.keeps(ctx, text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", text, err)
		}
		if len(all) == 0 {
			continue
		}
		fig := &plot.Figure{Title: text, X: plot.Axis{Label: "step"}, Y: plot.Axis{Label: "size", Log: true}, Width: 560, Height: 320}
		for _, k := range all[:min(len(all), mostKept)] {
			line := plot.Line{Name: k.name}
			for i, v := range k.values {
				line.X, line.Y = append(line.X, float64(i+1)), append(line.Y, math.Abs(v))
			}
			line.Y = numbers(line.Y, true)
			fig.Layers = append(fig.Layers, line)
		}
		if err := r.add(fig); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// keeps returns what a rule keeps; a search keeps nothing that would be a number.
func (g *ground) keeps(ctx context.Context, text string) ([]kept, error) {
	e, err := search.Parse(text)
	if err != nil || e.Method != nil {
		return nil, err
	}
	if g, err = g.bind(); err != nil { // a graph of its own, which has no states yet
		return nil, err
	}
	t := optimizers.Descend(g.value, e.Rule, g.params...)
	p, err := t.Compile()
	if err != nil {
		return nil, err
	}
	var all []kept
	var nodes []*graph.Node
	for _, u := range t.Updates {
		if u.Target.Role() == graph.State && u.Target != t.T {
			nodes = append(nodes, u.Target)
			for i := range u.Target.Shape().Size() {
				all = append(all, kept{name: g.named(u.Target, i)})
			}
		}
	}
	for range g.Steps {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := p.Run(append([]graph.Feed{graph.Let(t.LR, []float64{e.LR})}, g.feeds...)...); err != nil {
			return nil, err
		}
		k := 0
		for _, n := range nodes {
			for _, v := range n.Variable().Float64s() {
				all[k].values = append(all[k].values, v)
				k++
			}
		}
	}
	return all, nil
}

// named is what an element of a state is called: what its name ends in, and the variable
// that it is of, if it is of one.
func (g *ground) named(state *graph.Node, i int) string {
	of, name, ok := strings.Cut(state.Name(), "/")
	if !ok {
		return of
	}
	_, name, _ = strings.Cut(name, ".") // behind the number of its link in a chain
	switch {
	case len(g.params) == 1 && state.Shape().Size() == len(g.names): // of all variables
		of = g.names[i]
	case state.Shape().Size() > 1:
		return fmt.Sprintf("%s %d", name, i+1)
	}
	return name + " of " + of
}
