package graph_test

import (
	"slices"
	"testing"

	"descent/graph"
	"descent/graph/graphtest"
	"descent/ops"

	"gorgonia.org/gorgonia"
)

const full = 1 << 24 // from here on float32 does not count

// TestScalarCounts: a counter of a float32 graph counts beyond what float32
// holds, also where it is read as it was, swapped, and met by arrays.
func TestScalarCounts(t *testing.T) {
	g := graph.New(graph.Float32, 1)
	n, m := g.Scalar("n", full), g.Scalar("m", 0.1)
	own := g.State("own", graph.Fill(0.1))
	x := g.Input("x", 2)
	odd := ops.Sub(n, ops.Scale(2, ops.Floor(ops.Scale(0.5, n))))
	scaled := ops.Mul(x, odd)
	p, err := graph.Function{
		Outputs: []*node{n, scaled, odd},
		Updates: []graph.Update{{Target: n, Value: ops.Shift(1, n)}, {Target: m, Value: own}, {Target: own, Value: m}},
		Verify:  true,
	}.Compile()
	if err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		if err := p.Run(graph.Let(x, []float64{2, 3})); err != nil {
			t.Fatal(err)
		}
		if got := p.Scalar(n); got != float64(full+i) {
			t.Fatalf("run %d reads %v", i, got)
		}
		if got, want := p.Scalars([]float64{-1}), []float64{-1, float64(full + i), float64(i % 2)}; !slices.Equal(got, want) {
			t.Fatalf("run %d has the scalars %v, want %v", i, got, want)
		}
		if got, want := p.Float64s(scaled)[1], 3*float64(i%2); got != want {
			t.Fatalf("run %d: 3 if the count is odd is %v, want %v", i, got, want)
		}
	}
	if got := n.Variable().Float64s()[0]; got != full+5 {
		t.Errorf("the count is %v", got)
	}
	// After five swaps each holds what the other began with, as far as a float32 does.
	if a, b := m.Variable().Float64s()[0], own.Variable().Float64s()[0]; a != float64(float32(0.1)) || b != float64(float32(0.1)) {
		t.Errorf("swapped %v and %v", a, b)
	}
	if n.Variable().Dtype() != graph.Float64 || own.Variable().Dtype() != graph.Float32 {
		t.Errorf("types %v and %v", n.Variable().Dtype(), own.Variable().Dtype())
	}
}

// TestScalarIsKept: snapshots, siblings, tensors and gorgonia see all digits, or
// as many as their type has.
func TestScalarIsKept(t *testing.T) {
	g := graph.New(graph.Float32, 1)
	n := g.Scalar("n", full+1)
	s := g.Store().Snapshot()
	if err := n.Variable().Set([]float64{7}); err != nil {
		t.Fatal(err)
	}
	if err := g.Store().Restore(s); err != nil {
		t.Fatal(err)
	}
	e := g.Sibling()
	if got := graphtest.Values(t, ops.Shift(1, e.Scalar("n", 0)))[0][0]; got != full+2 {
		t.Errorf("the sibling counts to %v", got)
	}
	wantError(t, g.Sibling().State("n", graph.Zeros).Err(), "as a state of shape scalar and type float64")
	if got := n.Variable().Tensor().ScalarValue(); got != float64(full+1) {
		t.Errorf("as a tensor %v (%T)", got, got)
	}
	y := ops.Shift(1, ops.Scale(0.25, n))
	vm := gorgonia.NewTapeMachine(g.Expr())
	defer vm.Close()
	if err := vm.RunAll(); err != nil {
		t.Fatal(err)
	}
	if got := y.Expr().Value().Data().(float32); got != full/4+1 {
		t.Errorf("gorgonia computes %v", got)
	}
}
