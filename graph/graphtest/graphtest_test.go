package graphtest_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"descent/graph"
	"descent/graph/graphtest"
	"descent/graph/lower"
	"descent/ops"
)

type node = graph.Node

// wrong is an operation of two inputs, z = x²·y, whose gradient rule has been
// tampered with. The right one is dx = 2xy·dz, dy = x²·dz.
type wrong struct{ how string }

func (w wrong) Name() string                              { return "wrong " + w.how }
func (wrong) Shape(in []graph.Shape) (graph.Shape, error) { return graph.Broadcast(in[0], in[1]) }
func (wrong) Lower(b *graph.Builder, in []graph.Value) graph.Value {
	return b.Mul(b.Mul(in[0], in[0]), in[1])
}
func (w wrong) Grad(z, dz *node) []*node {
	x, y := z.Arg(0), z.Arg(1)
	dx, dy := ops.Scale(2, ops.Mul(dz, ops.Mul(x, y))), ops.Mul(dz, ops.Square(x))
	switch w.how {
	case "nothing":
	case "sign of x":
		dx = ops.Neg(dx)
	case "sign of y":
		dy = ops.Neg(dy)
	case "factor 2":
		dx = ops.Scale(2, dx)
	case "factor 1/2":
		dy = ops.Scale(0.5, dy)
	case "dropped x":
		dx = nil
	case "dropped y":
		dy = nil
	case "zero":
		dy = ops.Scale(0, dy)
	case "swapped":
		dx, dy = dy, dx
	case "1e-4 in x":
		dx = ops.Scale(1+1e-4, dx)
	case "1e-4 in y":
		dy = ops.Scale(1-1e-4, dy)
	case "upstream ignored":
		dx = ops.Scale(2, ops.Mul(x, y))
	case "y for x":
		dx = ops.Scale(2, ops.Mul(dz, ops.Square(y)))
	case "stopped": // right at first order, nothing at second
		dx = ops.Mul(dz, ops.StopGradient(ops.Scale(2, ops.Mul(x, y))))
	case "no sum":
		// As if broadcasting were summed by hand and an axis forgotten: the
		// mean instead.
		if dx.Shape() != x.Shape() {
			n := float64(dx.Shape().Size()) / float64(max(x.Shape().Size(), 1))
			dx = ops.Scale(1/n, dx)
		}
	default:
		panic(w.how)
	}
	return []*node{dx, dy}
}

var plants = []string{"sign of x", "sign of y", "factor 2", "factor 1/2", "dropped x", "dropped y", "zero", "swapped",
	"1e-4 in x", "1e-4 in y", "upstream ignored", "y for x", "stopped", "no sum"}

func TestPlantedErrorsAreCaught(t *testing.T) {
	check := func(how string) error {
		c := graphtest.Case{Name: how, Inputs: 2, Samples: graphtest.Shapes(2),
			Build: func(in []*node, _ []float64) *node { return graph.Apply(wrong{how}, in[0], in[1]) }}
		r := graphtest.Check(c, 5)
		return r.Err()
	}
	if err := check("nothing"); err != nil {
		t.Error(err)
	}
	for _, how := range plants {
		if check(how) == nil {
			t.Errorf("%s: not caught", how)
		}
	}
}

// Other ways to be wrong, in operations of one input.
type bad struct{ how string }

func (o bad) Name() string                              { return "bad " + o.how }
func (bad) Shape(in []graph.Shape) (graph.Shape, error) { return in[0], nil }
func (bad) Grad(_, dy *node) []*node                    { return []*node{dy} }
func (o bad) Lower(b *graph.Builder, in []graph.Value) graph.Value {
	calls := 0
	return b.Loop(lower.Loop{
		F64: func(dst []float64, src [][]float64) {
			calls++
			copy(dst, src[0])
			switch {
			case len(dst) == 0:
			case o.how == "writes its input":
				src[0][0]++
			case o.how == "is never the same":
				dst[0] += float64(calls)
			}
		},
		F32: func(dst []float32, src [][]float32) {
			copy(dst, src[0])
			if len(dst) > 0 && o.how == "has another float32" {
				dst[0] *= 1.001
			}
		},
	}, b.Shape(in[0]), in[0])
}

type record struct{ errs []error }

func (*record) Helper() {}
func (r *record) Errorf(format string, args ...any) {
	r.errs = append(r.errs, fmt.Errorf(format, args...))
}

func TestOtherMistakesAreCaught(t *testing.T) {
	graphtest.TestOp(t, bad{"nothing"})
	for _, how := range []string{"writes its input", "is never the same", "has another float32"} {
		var r record
		graphtest.TestOp(&r, bad{how})
		if len(r.errs) == 0 {
			t.Errorf("%s: not caught", how)
		}
	}
}

func TestOpTakesFunctions(t *testing.T) {
	graphtest.TestOp(t, ops.Tanh)
	graphtest.TestOp(t, ops.Mul, [][]int{{3, 4}, {4}})
	graphtest.TestOp(t, func(xs ...*node) *node { return ops.Concat(0, xs...) }, [][]int{{2}, {3}})
	var r record
	graphtest.TestOp(&r, 3)
	graphtest.TestOp(&r, func(x *node) *node { return graph.Bad(errors.New("no"), "op", x) })
	if len(r.errs) != 2 {
		t.Errorf("errors: %v", r.errs)
	}
}

func TestReport(t *testing.T) {
	var r graphtest.Report
	tanh, _ := ops.Lookup("tanh")
	floor, _ := ops.Lookup("onehot")
	r.Add("op", []graphtest.Case{tanh.Case(), floor.Case()}, 2)
	b, err := json.Marshal(r)
	if err != nil || len(r.Rows) != 2 || r.Rows[1].Order != 2 || r.Worst1 == 0 || r.Problems != nil {
		t.Errorf("%s %v", b, err)
	}
}
