// Package formulatest checks that an operation can be written as a formula and
// read again: for the operations of this library, and for those written
// elsewhere that describe themselves ([graph.Describer]).
package formulatest

import (
	"fmt"
	"math"
	"math/rand/v2"

	"descent/graph"
	gt "descent/graph/graphtest"
	"descent/ops/formula"
)

// A Reader reads a formula; [formula.Parse] with what may be called is one.
type Reader func(text string) (*formula.Formula, error)

// RoundTrip writes a case's value, its gradient and its products with the Hessian
// as formulas, at each of its samples, reads them, and returns an error if the
// shapes are not the same or the values differ by more than rounding.
func RoundTrip(c gt.Case, read Reader) error {
	for i, s := range c.Each() {
		if err := sample(&c, s, read, rand.New(rand.NewPCG(uint64(i), 2))); err != nil {
			return fmt.Errorf("%s, shapes %v, numbers %v: %w", c.Name, s.Shapes, s.Num, err)
		}
	}
	return nil
}

// point is the leaves of a graph, by name, and what indices are fed.
type point struct {
	g     *graph.Graph
	in    []*graph.Node
	leaf  map[string]*graph.Node
	feeds []graph.Feed
}

// declare makes the inputs of a case with the given elements, and more leaves of
// the shapes of others.
func declare(c *gt.Case, s gt.Sample, x [][]float64) *point {
	p := &point{g: graph.New(graph.Float64, 1), leaf: map[string]*graph.Node{}}
	for i, d := range s.Shapes {
		name := fmt.Sprint("x", i)
		if !c.At(i).Index {
			p.in = append(p.in, p.param(name, x[i], d))
			continue
		}
		index := make([]int, len(x[i]))
		for k, v := range x[i] {
			index[k] = int(v)
		}
		n := p.g.Indices(name, d...)
		p.in, p.leaf[name] = append(p.in, n), n
		p.feeds = append(p.feeds, graph.Let(n, index))
	}
	return p
}

func (p *point) param(name string, x []float64, dims []int) *graph.Node {
	n := p.g.Param(name, graph.Zeros, dims...)
	p.leaf[name] = n
	if err := n.Variable().Set(x); err != nil {
		panic(err)
	}
	return n
}

// direction is a leaf whose elements depend on its name and shape only.
func (p *point) direction(name string, s graph.Shape) *graph.Node {
	x := make([]float64, s.Size())
	for i := range x {
		x[i] = 1 - float64(0.3*float64(i%5)) + float64(0.01*float64(len(name)))
	}
	return p.param(name, x, s.Dims())
}

// derive returns the value of a case, its gradient and its products with the
// Hessian, and what they are.
func derive(c *gt.Case, s gt.Sample, p *point) (all []*graph.Node, what []string) {
	y := c.Node(s, p.in)
	all, what = []*graph.Node{y}, []string{"value"}
	var wrt, v []*graph.Node
	for i, x := range p.in {
		if !c.At(i).Fixed {
			wrt, v = append(wrt, x), append(v, p.direction(fmt.Sprint("v", i), x.Shape()))
		}
	}
	w := p.direction("w", y.Shape())
	if len(wrt) == 0 || y.Err() != nil {
		return all, what
	}
	loss := graph.SumTo(graph.Mul(w, y), graph.Shape{})
	all = append(all, graph.Grad(loss, wrt...)...)
	if !c.Once {
		all = append(all, graph.HVP(loss, wrt, v)...)
	}
	for i := range all[1:] {
		what = append(what, fmt.Sprintf("derivative of order %d", 1+i/len(wrt)))
	}
	return all, what
}

func sample(c *gt.Case, s gt.Sample, read Reader, rng *rand.Rand) error {
	x := make([][]float64, len(s.Shapes))
	for i, d := range s.Shapes {
		x[i] = make([]float64, graph.Dims(d...).Size())
		c.At(i).Fill(rng, i, x[i])
	}
	p, q := declare(c, s, x), declare(c, s, x)
	all, what := derive(c, s, p)
	want, err := run(p, all)
	if err != nil {
		return err
	}
	for name, n := range p.leaf {
		if q.leaf[name] == nil {
			q.direction(name, n.Shape())
		}
	}
	again, texts := make([]*graph.Node, len(all)), make([]string, len(all))
	for i, n := range all {
		text, err := formula.Text(n)
		if err != nil {
			return fmt.Errorf("%s: %w", what[i], err)
		}
		f, err := read(text[0])
		if err == nil {
			again[i], err = f.Build(q.g, q.leaf)
		}
		if err != nil {
			return fmt.Errorf("%s: %s: %w", what[i], text[0], err)
		}
		if texts[i] = text[0]; again[i].Shape() != n.Shape() {
			return fmt.Errorf("%s: %s has shape %v, not %v", what[i], text[0], again[i].Shape(), n.Shape())
		}
	}
	got, err := run(q, again)
	if err != nil {
		return err
	}
	for i := range want {
		if !alike(got[i], want[i]) {
			return fmt.Errorf("%s: %s is %v, not %v", what[i], texts[i], got[i], want[i])
		}
	}
	return nil
}

// run computes nodes.
func run(p *point, nodes []*graph.Node) ([][]float64, error) {
	program, err := graph.Compile(nodes...)
	if err != nil {
		return nil, err
	}
	if err := program.Run(p.feeds...); err != nil {
		return nil, err
	}
	out := make([][]float64, len(nodes))
	for i, n := range nodes {
		out[i] = program.Float64s(n)
	}
	return out, nil
}

// alike says whether arrays are the same but for rounding.
func alike(a, b []float64) bool {
	scale := 1.0
	for _, x := range b {
		if !math.IsNaN(x) && !math.IsInf(x, 0) {
			scale = max(scale, math.Abs(x))
		}
	}
	for i := range b {
		same := a[i] == b[i] || math.IsNaN(a[i]) && math.IsNaN(b[i])
		if !same && !(math.Abs(a[i]-b[i]) <= 1e-12*scale) {
			return false
		}
	}
	return true
}
