package graph_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"descent/graph"
	"descent/graph/graphtest"
	"descent/ops"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// wantError fails unless err is one line that contains what.
func wantError(t *testing.T, err error, what string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), what) || strings.Contains(err.Error(), "\n") {
		t.Errorf("error %q, want one line with %q", err, what)
	}
}

// TestOtherGraph: the nodes of a sibling have the same names and often the same
// numbers, but they are not the nodes of this graph.
func TestOtherGraph(t *testing.T) {
	g := graph.New(graph.Float64, 1)
	x, w := g.Input("x", 3), g.Param("w", normal, 3)
	loss := ops.Sum(ops.Mul(x, w))
	e := g.Sibling()
	ex, ew := e.Input("x", 3), e.Param("w", normal, 3)
	const other = "another graph"
	wantError(t, graph.Mistakes(graph.Grad(loss, ew)...), other)
	wantError(t, graph.Mistakes(graph.VJP([]*node{loss}, []*node{e.Const(1)}, w)...), other)
	wantError(t, graph.Mistakes(graph.HVP(loss, []*node{w}, []*node{ew})...), other)
	wantError(t, graph.Mistakes(graph.Jacobian(x, ew)), other)
	wantError(t, graph.Mistakes(graph.Substitute([]*node{loss}, []*node{w}, []*node{ew})...), other)
	wantError(t, graph.Mistakes(graph.Substitute([]*node{loss}, []*node{ew}, []*node{w})...), other)
	if msg := graph.Grad(loss, ew)[0].Err().Error(); !strings.HasPrefix(msg, "misuse_test.go:") {
		t.Errorf("%q does not begin with where the mistake is", msg)
	}
	p, err := graph.Compile(loss)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Run(graph.Let(x, []float64{1, 2, 3})); err != nil {
		t.Fatal(err)
	}
	wantError(t, p.Run(graph.Let(ex, []float64{4, 5, 6})), other) // not: run with the old x
}

func TestLeafMistakes(t *testing.T) {
	g := graph.New(graph.Float64, 1)
	wantError(t, g.Param("w", nil, 3).Err(), "an Init is required")
	g.Param("v", normal, 3)
	e := g.Sibling()
	wantError(t, e.State("v", normal, 3).Err(), "as a parameter of shape 3")
	if n := g.Sibling().Param("v", nil, 3); n.Err() != nil {
		t.Errorf("a shared parameter needs no Init: %v", n.Err())
	}
}

// TestFeedsAreChecked, also those that the program does not need.
func TestFeedsAreChecked(t *testing.T) {
	g := graph.New(graph.Float64, 1)
	x, unused, s := g.Input("x", 3), g.Input("unused", 2), g.Input("s")
	y := g.Indices("y", 2)
	p, err := graph.Compile(ops.Sum(ops.Mul(x, s)), ops.Sum(ops.OneHot(y, 0)))
	if err != nil {
		t.Fatal(err)
	}
	wantError(t, p.Run(graph.Let(unused, []float64{1})), "needs 2 values, got 1")
	wantError(t, p.Run(graph.Let(y, []int{0, 0})), "y[0] = 0")
	defer func() {
		if recover() == nil {
			t.Error("a scalar has no buffer")
		}
	}()
	graph.Buffer[float64](p, s)
}

// TestBufferOfOtherType panics with the type that the elements have.
func TestBufferOfOtherType(t *testing.T) {
	g := graph.New(graph.Float32, 1)
	x := g.Input("x", 3)
	p, err := graph.Compile(ops.Neg(x))
	if err != nil {
		t.Fatal(err)
	}
	if b := graph.Buffer[float32](p, x); len(b) != 3 {
		t.Errorf("buffer of %d elements", len(b))
	}
	defer func() {
		if r := recover(); !strings.Contains(fmt.Sprint(r), "float32") {
			t.Errorf("panic %v", r)
		}
	}()
	graph.Buffer[float64](p, x)
}

// TestNoDirections: derivatives along nothing are 0.
func TestNoDirections(t *testing.T) {
	g := graph.New(graph.Float64, 1)
	w := g.Param("w", normal, 3)
	loss := ops.Sum(ops.Square(w))
	if got := graphtest.Values(t, graph.Directional(loss, nil, nil), graph.JVP([]*node{loss}, nil, nil)[0]); got[0][0] != 0 || got[1][0] != 0 {
		t.Errorf("got %v", got)
	}
	if got := graph.HVP(loss, nil, nil); len(got) != 0 {
		t.Errorf("got %v", got)
	}
}

// TestIndicesByGorgonia: whole numbers come as floats and are not rounded.
func TestIndicesByGorgonia(t *testing.T) {
	g := graph.New(graph.Float32, 1)
	y := g.Indices("y", 2)
	p, err := graph.Compile(ops.OneHot(y, 3))
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range [][]float32{{0, 1.5}, {float32(math.NaN()), 0}} {
		if err := gorgonia.Let(y.Expr(), tensor.New(tensor.WithBacking(v))); err != nil {
			t.Fatal(err)
		}
		wantError(t, p.RunAll(), "not a whole number")
	}
}

// TestScalarVariableInGorgonia: what gorgonia sees of a scalar parameter is its
// value now, not when the node was made.
func TestScalarVariableInGorgonia(t *testing.T) {
	g := graph.New(graph.Float64, 1)
	w := g.Param("w", graph.Fill(2))
	y := ops.Square(w)
	g.Expr()
	if err := w.Variable().Set([]float64{3}); err != nil {
		t.Fatal(err)
	}
	vm := gorgonia.NewTapeMachine(g.Expr())
	defer vm.Close()
	if err := vm.RunAll(); err != nil {
		t.Fatal(err)
	}
	if got := y.Expr().Value().Data().(float64); got != 9 {
		t.Errorf("3² = %v", got)
	}
}
