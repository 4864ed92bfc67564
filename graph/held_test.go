package graph_test

import (
	"reflect"
	"testing"

	"descent/graph"
	"descent/graph/lower"
	"descent/ops"
)

// watched is x; it counts how often that is computed.
type watched struct{ times *int }

func (watched) Name() string                                { return "watched" }
func (watched) Shape(in []graph.Shape) (graph.Shape, error) { return in[0], nil }
func (watched) Grad(_, dy *node) []*node                    { return []*node{dy} }
func (o watched) Lower(b *graph.Builder, in []graph.Value) graph.Value {
	return b.Loop(lower.Loop{Name: "watched", Key: o,
		F32: func(dst []float32, src [][]float32) { *o.times++; copy(dst, src[0]) },
	}, b.Shape(in[0]), in...)
}

// TestHeldVariables: what a program that only predicts makes of variables alone it makes
// once, and again after any change of a variable.
func TestHeldVariables(t *testing.T) {
	root := graph.New(graph.Float32, 1)
	mine := []float32{5, 6, 7}
	build := func(g *graph.Graph, times *int) (w, y *node) {
		w = g.Param("w", graph.Fill(2), 2, 3)
		over := g.State("mine", graph.Zeros, 3)
		x := g.Input("x", 4, 3)
		held := graph.Apply(watched{times}, ops.Transpose(ops.Exp(w)))
		return w, ops.Add(ops.MatMul(ops.Add(x, over), held), ops.Mul(g.Scalar("s", 1), g.State("m", graph.Fill(3), 2)))
	}
	root.Over(graph.State, "mine", mine, 3)
	evaluation := root.Sibling().Evaluation()
	times := 0
	w, y := build(evaluation, &times)
	compile := func(fn graph.Function) *graph.Program {
		p, err := fn.Compile()
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	run := func(p *graph.Program, y *node, x float32) []float64 {
		xs := make([]float32, 12)
		for i := range xs {
			xs[i] = x + float32(i)
		}
		if err := p.Run(graph.Let(y.Graph().Leaf("x"), xs)); err != nil {
			t.Fatal(err)
		}
		return p.Float64s(y)
	}
	predicts := compile(graph.Function{Outputs: []*node{y}})

	trained, other := root.Sibling(), 0
	tw, ty := build(trained, &other)
	trains := compile(graph.Function{Outputs: []*node{ty}, Updates: []graph.Update{{Target: tw, Value: ops.Scale(0.9, tw)}}})
	saved := root.Store().Snapshot()
	for _, c := range []struct {
		name   string
		change func()
		held   bool // what is made of variables alone is not made again
	}{
		{"nothing", func() {}, true},
		{"another input", func() {}, true},
		{"an update", func() { run(trains, ty, 1) }, false},
		{"Set", func() { w.Variable().Set([]float64{1, 2, 3, 4, 5, 6}) }, false},
		{"Restore", func() { root.Store().Restore(saved) }, false},
		{"Set of a scalar", func() { root.Store().Lookup("s").Set([]float64{4}) }, false},
		{"memory of the caller's", func() { mine[1]++ }, true},
		{"its tensor", func() { w.Variable().Tensor().Data().([]float32)[2]++ }, false},
		{"its tensor again", func() { root.Store().Lookup("w").Tensor().Data().([]float32)[1]++ }, false},
	} {
		run(predicts, y, 1)
		c.change()
		before := times
		got := run(predicts, y, 2)
		if held := times == before; held != c.held {
			t.Errorf("%s: made %d times more", c.name, times-before)
		}
		fresh := root.Sibling().Evaluation()
		_, z := build(fresh, &other)
		if want := run(compile(graph.Function{Outputs: []*node{z}, Check: true}), z, 2); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, a program that is compiled now computes %v", c.name, got, want)
		}
	}
}
