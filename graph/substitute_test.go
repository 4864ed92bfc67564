package graph_test

import (
	"strings"
	"testing"

	"descent/graph"
	"descent/ops"
)

// Equal expressions are one node, so a substitution can be compared with what
// it should have built.
func TestSubstitute(t *testing.T) {
	g := graph.New(graph.Float64, 1)
	x, w, y := g.Input("x", 3), g.Param("w", graph.Fill(2), 3), g.Param("y", graph.Fill(3), 3)
	f := func(x, w *graph.Node) *graph.Node {
		h := ops.Tanh(ops.Mul(x, w))
		return ops.Sum(ops.Add(ops.Mul(h, h), ops.Exp(x)))
	}
	loss := f(x, w)
	check := func(what string, got, want *graph.Node) {
		t.Helper()
		if got != want {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	one := func(from, to []*graph.Node) *graph.Node { return graph.Substitute([]*graph.Node{loss}, from, to)[0] }
	check("one leaf", one([]*graph.Node{w}, []*graph.Node{y}), f(x, y))
	check("two at once", one([]*graph.Node{w, x}, []*graph.Node{x, w}), f(w, x))
	check("a computed node", one([]*graph.Node{ops.Mul(x, w)}, []*graph.Node{y}), ops.Sum(ops.Add(ops.Square(ops.Tanh(y)), ops.Exp(x))))
	moved := ops.Add(w, y)
	check("by what depends on it", one([]*graph.Node{w}, []*graph.Node{moved}), f(x, moved))
	check("nothing", one(nil, nil), loss)
	check("what is not in it", one([]*graph.Node{y}, []*graph.Node{w}), loss)
	check("itself", one([]*graph.Node{loss}, []*graph.Node{g.Const(1)}), g.Const(1))
	if err := one([]*graph.Node{w}, []*graph.Node{g.Const(1)}).Err(); err == nil || !strings.Contains(err.Error(), "in place of") {
		t.Errorf("another shape: %v", err)
	}
}

func TestSnapshot(t *testing.T) {
	g := graph.New(graph.Float32, 1)
	w, s := g.Param("w", graph.From(1, 2), 2), g.State("s", graph.Fill(3))
	saved := g.Store().Snapshot()
	w.Variable().Set([]float64{7, 8})
	s.Variable().Set([]float64{9})
	if err := g.Store().Restore(saved[:1]); err == nil {
		t.Error("a snapshot that lacks a variable is accepted")
	}
	if w.Variable().Float64s()[0] != 7 {
		t.Error("a bad snapshot changed something")
	}
	if err := g.Store().Restore(saved); err != nil {
		t.Fatal(err)
	}
	if w.Variable().Float64s()[1] != 2 || s.Variable().Float64s()[0] != 3 {
		t.Errorf("restored %v %v", w.Variable().Float64s(), s.Variable().Float64s())
	}
}
