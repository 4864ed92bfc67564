package graph_test

import (
	"errors"
	"strings"
	"testing"

	"descent/graph"
	"descent/graph/graphtest"
	"descent/internal/misuse"
	"descent/ops"

	"gorgonia.org/tensor"
)

// outcome is what a call with something wrong ends in: a node's error counts as
// one that is returned.
func outcome(t *testing.T, f func() any) string {
	t.Helper()
	return misuse.Outcome(t, func() any {
		switch v := f().(type) {
		case *node:
			return v.Err()
		case []*node:
			return graph.Mistakes(v...)
		default:
			return v
		}
	})
}

// TestEntriesAreChecked: each entry that takes indices, names or sizes names what
// is wrong with them: where nodes are built by a bad node, else by an error, and
// where there is none by a panic with a clear text.
func TestEntriesAreChecked(t *testing.T) {
	g := graph.New(graph.Float64, 1)
	x, w := g.Input("x", 2, 3), g.Param("w", graph.Fill(1), 3)
	array := ops.Mul(x, w)
	s := ops.Sum(array)
	p, err := graph.Compile(s, array)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Run(graph.Let(x, make([]float64, 6))); err != nil {
		t.Fatal(err)
	}
	one := func(n *node) []*node { return []*node{n} }
	saved := func(dims []int) error {
		return g.Store().Restore([]graph.Saved{{Name: "w", Dims: dims, Values: []float64{1, 2, 3}}})
	}
	for want, f := range map[string]func() any{
		"axis 0 of length -1":                func() any { return g.Input("a", -1) },
		"9 axes, at most 8":                  func() any { return g.Input("b", make([]int, 9)...) },
		"axis 1 of length -2":                func() any { return g.Indices("c", 1, -2) },
		"axis 0 of length -3":                func() any { return g.Param("d", graph.Zeros, -3) },
		"more than 2^40 elements":            func() any { return g.State("e", graph.Zeros, 1<<30, 1<<30) },
		"2 values for 3 elements":            func() any { return g.Param("f", graph.From(1, 2), 3) },
		"a name is required":                 func() any { return g.Scalar("", 0) },
		"axis 0 of length -4":                func() any { return g.Const(1, -4) },
		"its memory is []float32":            func() any { return g.Over(graph.Param, "g", []float32{1}, 1) },
		"its memory has 1 elements":          func() any { return g.Over(graph.Param, "h", []float64{1}, 2) },
		"its role is input":                  func() any { return g.Over(graph.Input, "i", []float64{1}, 1) },
		"axis 0 of length -5":                func() any { return g.Over(graph.Param, "j", []float64{1}, -5) },
		"a sibling graph has it":             func() any { return g.Sibling().Over(graph.Param, "w", []float64{1}, 1) },
		"axis 5 of 2x3":                      func() any { return graph.Concat(5, x, x) },
		"axis -1 of 2x3":                     func() any { return graph.Concat(-1, x, x) },
		"of no nodes":                        func() any { return graph.Concat(0) },
		"panic: graph: f of no nodes":        func() any { return graph.Bad(errors.New("e"), "f") },
		"0 seeds for 1 nodes":                func() any { return graph.VJP(one(s), nil, w) },
		"0 directions for 1 nodes":           func() any { return graph.HVP(s, one(w), nil) },
		"2 directions for 1 nodes":           func() any { return graph.JVP(one(s), one(w), []*node{w, w}) },
		"1 directions for 0 nodes":           func() any { return graph.Directional(s, nil, one(w)) },
		"0 replacements for 1 nodes":         func() any { return graph.Substitute(one(s), one(w), nil) },
		"panic: graph: input 7":              func() any { return s.Arg(7) },
		"panic: graph: axis 7 of the shape":  func() any { return x.Shape().Dim(7) },
		"panic: graph: axis -1 of the shape": func() any { return x.Shape().Dim(-1) },
		"panic: graph: axis 0 of length -6":  func() any { return graph.Dims(-6) },
		"needs 6 values, got 1":              func() any { return p.Run(graph.Let(x, []float64{1})) },
		"6 elements, there is room for 2":    func() any { p.Read(array, make([]float64, 2)); return nil },
		"1 elements, there is room for 0":    func() any { p.Read(s, nil); return nil },
		"6 elements, there is room for 7":    func() any { p.Read(array, make([]float64, 7)); return nil },
		"is not a scalar":                    func() any { return p.Scalar(array) },
		"is a scalar":                        func() any { return graph.Output[float64](p, s) },
		"not an output":                      func() any { return p.Scalar(ops.Sum(w)) },
		"shape [-1] and 3 values":            func() any { return saved([]int{-1}) },
		"shape [0 0 0 0 0 0 0 0 0]":          func() any { return saved(make([]int, 9)) },
		"w (3) has 3 elements, got 2":        func() any { return w.Variable().Set([]float64{1, 2}) },
		"element type int":                   func() any { return graph.New(tensor.Int, 1) },
	} {
		if got := outcome(t, f); !strings.Contains(got, want) {
			t.Errorf("%q, want %q in it", got, want)
		}
	}
}

// TestOver: a program reads and changes the caller's memory, which a sibling has
// under the same name.
func TestOver(t *testing.T) {
	g := graph.New(graph.Float32, 1)
	memory := make([]float32, 32)
	for i := range memory {
		memory[i] = float32(i)
	}
	w := g.Over(graph.Param, "w", memory, 2, 16)
	p, err := graph.Function{Updates: []graph.Update{{Target: w, Value: ops.Scale(2, w)}}, Verify: true}.Compile()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Run(); err != nil {
		t.Fatal(err)
	}
	for i, x := range memory {
		if x != float32(2*i) {
			t.Fatalf("element %d is %v", i, x)
		}
	}
	memory[3] = 100
	if got := graphtest.Values(t, ops.Sum(g.Sibling().Param("w", nil, 2, 16)))[0][0]; got != 31*32-6+100 {
		t.Errorf("the sibling's sum is %v", got)
	}
}
