package graphtest

import (
	"fmt"

	"descent/graph"
)

// T is the part of *testing.T that is needed here.
type T interface {
	Helper()
	Errorf(format string, args ...any)
}

// TestOp tests an operation, which is a function of one, two or three nodes or
// of ...*graph.Node, or a graph.Op of one input. Each of shapes lists the
// shapes of the inputs; without any, elementwise shapes are used, and one input
// for a variadic function. Inputs are normal numbers; to have others, use
// [TestCase].
func TestOp(t T, op any, shapes ...[][]int) {
	t.Helper()
	c := Case{Name: fmt.Sprintf("%T", op)}
	switch f := op.(type) {
	case graph.Op:
		c.Name, c.Inputs = f.Name(), 1
		c.Build = func(in []*graph.Node, _ []float64) *graph.Node { return graph.Apply(f, in...) }
	case func(*graph.Node) *graph.Node:
		c.Inputs = 1
		c.Build = func(in []*graph.Node, _ []float64) *graph.Node { return f(in[0]) }
	case func(_, _ *graph.Node) *graph.Node:
		c.Inputs = 2
		c.Build = func(in []*graph.Node, _ []float64) *graph.Node { return f(in[0], in[1]) }
	case func(_, _, _ *graph.Node) *graph.Node:
		c.Inputs = 3
		c.Build = func(in []*graph.Node, _ []float64) *graph.Node { return f(in[0], in[1], in[2]) }
	case func(...*graph.Node) *graph.Node:
		c.Inputs = -1
		c.Build = func(in []*graph.Node, _ []float64) *graph.Node { return f(in...) }
	default:
		t.Errorf("graphtest: %T is not an operation", op)
		return
	}
	for _, s := range shapes {
		c.Samples = append(c.Samples, One(s...))
	}
	TestCase(t, c)
}

// TestCase tests a row of a table at 20 points for each sample.
func TestCase(t T, c Case) {
	t.Helper()
	r := Check(c, 20)
	if err := r.Err(); err != nil {
		t.Errorf("%v", err)
	}
}

// A Report is the result of checking tables, as `descent check --json` prints
// it.
type Report struct {
	Worst1   float64  `json:"worst1"` // of all first derivatives
	Worst2   float64  `json:"worst2"` // of all second derivatives
	Rows     []Row    `json:"rows"`
	Problems []string `json:"problems,omitempty"`
}

// A Row is the worst error of the derivatives of one order of one operation.
type Row struct {
	Name   string  `json:"name"`
	Kind   string  `json:"kind"` // "op" or "loss"
	Order  int     `json:"order"`
	Worst  float64 `json:"worst"`
	Points int     `json:"points"`
}

// Add checks the cases of a table at the given number of points for each
// sample and adds their rows; 20 points are what the tests use.
func (r *Report) Add(kind string, table []Case, points int) {
	for _, c := range table {
		x := Check(c, points)
		r.Worst1, r.Worst2 = max(r.Worst1, x.Worst1), max(r.Worst2, x.Worst2)
		if x.Points1 > 0 {
			r.Rows = append(r.Rows, Row{c.Name, kind, 1, x.Worst1, x.Points1})
		}
		if x.Points2 > 0 {
			r.Rows = append(r.Rows, Row{c.Name, kind, 2, x.Worst2, x.Points2})
		}
		if err := x.Err(); err != nil {
			r.Problems = append(r.Problems, err.Error())
		}
	}
}
