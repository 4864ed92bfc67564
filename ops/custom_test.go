package ops_test

import (
	"reflect"
	"strings"
	"testing"

	"descent/graph"
	"descent/ops"
)

// A step with the derivative passed straight through, a clipped derivative, and
// one that is turned round, to second order.
func TestCustom(t *testing.T) {
	through := func(dy *graph.Node) []*graph.Node { return []*graph.Node{dy} }
	for _, c := range []struct {
		name          string
		f             func(x *graph.Node) *graph.Node
		value         float64
		first, second []float64
	}{
		{"straight through", func(x *graph.Node) *graph.Node {
			return ops.Sum(ops.Square(graph.Custom(ops.Round(x), through, x)))
		}, 4 + 1, []float64{4, -2}, []float64{2, 2}}, // the square's own, through the step twice
		{"clipped", func(x *graph.Node) *graph.Node {
			clip := func(dy *graph.Node) []*graph.Node { return []*graph.Node{ops.Clamp(dy, -3, 3)} }
			return ops.Sum(ops.Square(graph.Custom(x, clip, x)))
		}, 1.75*1.75 + 1.25*1.25, []float64{3, -2.5}, []float64{0, 2}},
		{"reversed", func(x *graph.Node) *graph.Node {
			turn := func(dy *graph.Node) []*graph.Node { return []*graph.Node{ops.Neg(dy)} }
			return ops.Sum(ops.Cube(graph.Custom(x, turn, x)))
		}, 1.75*1.75*1.75 - 1.25*1.25*1.25, []float64{-3 * 1.75 * 1.75, -3 * 1.25 * 1.25}, []float64{6 * 1.75, -6 * 1.25}},
	} {
		g := graph.New(graph.Float64, 0)
		x := g.Param("x", graph.From(1.75, -1.25), 2)
		y := c.f(x)
		d := graph.Grad(y, x)[0]
		dd := graph.Grad(ops.Sum(d), x)[0]
		p, err := graph.Compile(y, d, dd)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Run(); err != nil {
			t.Fatal(err)
		}
		if p.Scalar(y) != c.value || !reflect.DeepEqual(p.Float64s(d), c.first) || !reflect.DeepEqual(p.Float64s(dd), c.second) {
			t.Errorf("%s: %v, %v, %v, want %v, %v, %v", c.name, p.Scalar(y), p.Float64s(d), p.Float64s(dd), c.value, c.first, c.second)
		}
	}
}

func TestCustomMistakes(t *testing.T) {
	g := graph.New(graph.Float64, 0)
	x := g.Param("x", graph.Zeros, 2)
	for want, grad := range map[string]func(dy *graph.Node) []*graph.Node{
		"there is no gradient":       nil,
		"0 gradients for 1 nodes":    func(*graph.Node) []*graph.Node { return nil },
		"the gradient of x (2) is 3": func(*graph.Node) []*graph.Node { return []*graph.Node{g.Const(1, 3)} },
	} {
		err := graph.Grad(ops.Sum(graph.Custom(ops.Exp(x), grad, x)), x)[0].Err()
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "custom_test.go:") {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
