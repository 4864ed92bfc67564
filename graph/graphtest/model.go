package graphtest

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"descent/graph"
)

// model is a case as a graph: a loss Σ w·y whose derivatives are checked. In a
// deep model the inputs are computed, and y is used more than once.
type model struct {
	leaves   []*graph.Node
	wrt      []*graph.Node // leaves that are differentiated
	input    []int         // and which input each is
	v        []*graph.Node // direction
	w        *graph.Node
	y        *graph.Node
	loss     *graph.Node
	jvp      *graph.Node
	still    bool // nothing to differentiate
	grads    []*graph.Node
	products []*graph.Node
	program  *graph.Program
}

// declare makes the inputs of a case.
func declare(g *graph.Graph, c *Case, s Sample) []*graph.Node {
	var in []*graph.Node
	for i, d := range s.Shapes {
		if name := fmt.Sprint("x", i); c.At(i).Index {
			in = append(in, g.Indices(name, d...))
		} else {
			in = append(in, g.Param(name, graph.Zeros, d...))
		}
	}
	return in
}

func newModel(c *Case, s Sample, dt graph.Dtype, deep bool) *model {
	g := graph.New(dt, 1)
	m := &model{leaves: declare(g, c, s)}
	in := slices.Clone(m.leaves)
	for i, x := range m.leaves {
		d := c.At(i)
		if !d.Fixed {
			m.wrt, m.input = append(m.wrt, x), append(m.input, i)
			m.v = append(m.v, g.Input(fmt.Sprint("v", i), s.Shapes[i]...))
		}
		if deep && !d.Index {
			half := graph.Mul(x, g.Const(0.5))
			in[i] = graph.Add(half, half)
		}
	}
	m.y = c.Node(s, in)
	m.w = g.Input("w", m.y.Shape().Dims()...)
	out := m.y
	if deep {
		out = graph.Add(m.y, graph.Mul(graph.Mul(m.y, m.y), g.Const(0.1)))
	}
	m.loss = graph.SumTo(graph.Mul(m.w, out), graph.Shape{})
	if m.still = len(m.wrt) == 0; m.still {
		return m
	}
	m.grads = graph.Grad(m.loss, m.wrt...)
	m.products = graph.HVP(m.loss, m.wrt, m.v)
	m.jvp = graph.JVP([]*graph.Node{m.loss}, m.wrt, m.v)[0]
	return m
}

// all returns everything to be computed.
func (m *model) all(second bool) []*graph.Node {
	out := append([]*graph.Node{m.y, m.loss}, m.grads...)
	if m.still {
		return out
	}
	if second {
		out = append(out, m.products...)
	}
	return append(out, m.jvp)
}

// set makes a leaf x + t·v.
func (m *model) set(leaf *graph.Node, x, v []float64, t float64) {
	moved := make([]float64, len(x))
	for i := range x {
		moved[i] = x[i] + float64(t*v[i])
	}
	if err := leaf.Variable().Set(moved); err != nil {
		panic(err)
	}
}

// feeds sets the leaves and returns what must be fed.
func (m *model) feeds(in, v [][]float64, w []float64) []graph.Feed {
	out := []graph.Feed{graph.Let(m.w, w)}
	for i, x := range m.leaves {
		if x.Variable() != nil {
			m.set(x, in[i], make([]float64, len(in[i])), 0)
			continue
		}
		index := make([]int, len(in[i]))
		for j, v := range in[i] {
			index[j] = int(v)
		}
		out = append(out, graph.Let(x, index))
	}
	for j, x := range m.v {
		out = append(out, graph.Let(x, v[j]))
	}
	return out
}

// same checks that every way to compute a value gives the same bits: the
// program, again, without fusion, and through each op's gorgonia.Op, where there is
// one; and that none of them changes its inputs.
func (k *trial) same() error {
	var want [][]float64
	all := k.m.all(!k.c.Once)
	for _, n := range all {
		want = append(want, k.full.Float64s(n))
	}
	for _, p := range []*graph.Program{k.full, k.checked} {
		if err := k.start(p); err != nil {
			if bad := (*graph.NonFiniteError)(nil); errors.As(err, &bad) {
				continue // it stopped there
			}
			return err
		}
		for i, n := range all {
			if !identical(p.Float64s(n), want[i]) {
				return fmt.Errorf("%v: %v fused, %v alone or again", n, want[i], p.Float64s(n))
			}
		}
	}
	for i, x := range k.m.leaves {
		if v := x.Variable(); v != nil && !identical(v.Float64s(), k.in[i]) {
			return fmt.Errorf("input %d was changed", i)
		}
	}
	return k.sameByGorgonia(want[0])
}

func identical(a, b []float64) bool {
	for i := range a {
		if a[i] != b[i] && !(math.IsNaN(a[i]) && math.IsNaN(b[i])) {
			return false
		}
	}
	return len(a) == len(b)
}
