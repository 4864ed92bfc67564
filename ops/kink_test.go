package ops_test

import (
	"math"
	"testing"

	"descent/graph"
	"descent/ops"
)

// A kink is told where the slopes on both sides, or the values, differ, and nowhere
// else. Both are measured by differences.
func TestKinksAreTold(t *testing.T) {
	one := map[string]func(*node) *node{
		"relu": ops.ReLU, "relu6": ops.ReLU6, "hardtanh": ops.HardTanh, "hardswish": ops.HardSwish,
		"leaky_relu": func(x *node) *node { return ops.LeakyReLU(x, 0.1) },
		"elu":        func(x *node) *node { return ops.ELU(x, 0.5) }, "elu of 1": func(x *node) *node { return ops.ELU(x, 1) },
		"hardshrink": func(x *node) *node { return ops.HardShrink(x, 0.5) }, "softshrink": func(x *node) *node { return ops.SoftShrink(x, 0.5) },
		"abs": ops.Abs, "sign": ops.Sign, "floor": ops.Floor, "ceil": ops.Ceil, "round": ops.Round, "square": ops.Square, "exp": ops.Exp,
		"clamp":          func(x *node) *node { return ops.Clamp(x, -2, 1.5) },
		"norm":           func(x *node) *node { return ops.Norm(x) },
		"less than 1":    func(x *node) *node { return ops.Less(x, x.Graph().Const(1, 1)) },
		"at most 1":      func(x *node) *node { return ops.LessEqual(x, x.Graph().Const(1, 1)) },
		"max with 1":     func(x *node) *node { return ops.Max(x, x.Graph().Const(1, 1)) },
		"min with 1":     func(x *node) *node { return ops.Min(x, x.Graph().Const(1, 1)) },
		"modulo 1.5":     func(x *node) *node { return ops.Remainder(x, x.Graph().Const(1.5, 1)) },
		"remainder of 2": func(x *node) *node { return ops.Fmod(x, x.Graph().Const(2, 1)) },
	}
	const h = 1e-6
	for name, f := range one {
		g := graph.New(graph.Float64, 1)
		x := g.Input("x", 1)
		y := f(x)
		n := y
		for n.Kink().Met == nil && n.Arity() > 0 { // a sum of one element, a product
			n = n.Arg(0)
		}
		p, err := graph.Compile(y)
		if err != nil {
			t.Fatal(name, err)
		}
		at := func(v float64) float64 {
			if err := p.Run(graph.Let(x, []float64{v})); err != nil {
				t.Fatal(name, err)
			}
			out := make([]float64, 1)
			p.Read(y, out)
			return out[0]
		}
		for _, v := range []float64{-6, -3, -2, -1.5, -1, -0.5, -0.25, 0, 0.25, 0.5, 1, 1.5, 2, 2.5, 3, 6} {
			left, right := (at(v)-at(v-h))/h, (at(v+h)-at(v))/h
			bent := !(math.Abs(left-right) <= 1e-3*(1+math.Abs(left))) || math.Abs(left) > 1e3
			in := [][]float64{{v}}
			for i := 1; i < n.Arity(); i++ {
				c, _ := graph.Compile(n.Arg(i))
				if err := c.Run(); err != nil {
					t.Fatal(name, err)
				}
				in = append(in, c.Float64s(n.Arg(i)))
			}
			told := n.Kink().Met != nil && n.Kink().Met(in, []float64{at(v)}) != ""
			if told != bent {
				t.Errorf("%s at %v: the slopes are %v and %v; a kink is told: %v", name, v, left, right, told)
			}
		}
	}
}

// An axis that is one too far on either side is refused, by every call alike.
func TestAxesEnd(t *testing.T) {
	g := graph.New(graph.Float64, 1)
	x := g.Input("x", 2, 3)
	for _, axis := range []int{-4, 3, -100, 100} {
		if err := ops.ExpandDims(x, axis).Err(); err == nil {
			t.Errorf("an axis put at %d of two", axis)
		}
	}
	for axis, want := range map[int]string{0: "1x2x3", 1: "2x1x3", 2: "2x3x1", -1: "2x3x1", -3: "1x2x3"} {
		if got := ops.ExpandDims(x, axis); got.Err() != nil || got.Shape().String() != want {
			t.Errorf("an axis put at %d: %v, %v, want %s", axis, got.Shape(), got.Err(), want)
		}
	}
}
