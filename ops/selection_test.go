package ops_test

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"

	"descent/graph"
	"descent/graph/graphtest"
	"descent/ops"
)

// selections do not choose their operand where it is 0.
var selections = map[string]func(x *node) *node{
	"max":        func(x *node) *node { return ops.Max(x, num(x, 1)) },
	"max[1]":     func(x *node) *node { return ops.Max(num(x, 1), x) },
	"min":        func(x *node) *node { return ops.Min(x, num(x, -1)) },
	"clamp":      func(x *node) *node { return ops.Clamp(x, 1, 2) },
	"relu":       func(x *node) *node { return ops.ReLU(ops.Shift(-1, x)) },
	"relu6":      func(x *node) *node { return ops.ReLU6(ops.Shift(7, x)) },
	"hardtanh":   func(x *node) *node { return ops.HardTanh(ops.Shift(3, x)) },
	"hardshrink": func(x *node) *node { return ops.HardShrink(x, 0.5) },
	"softshrink": func(x *node) *node { return ops.SoftShrink(x, 0.5) },
	"amax":       func(x *node) *node { return ops.AMax(ops.Stack(1, x, num2(x, 1)), 1) },
	"amin":       func(x *node) *node { return ops.AMin(ops.Stack(0, x, num2(x, -1)), 0) },
	"max_first":  func(x *node) *node { return ops.MaxFirst(ops.Stack(0, num2(x, 1), x), 0) },
	"min_first":  func(x *node) *node { return ops.MinFirst(ops.Stack(1, x, num2(x, -1)), 1) },
	"norm_inf":   func(x *node) *node { return ops.NormInf(ops.Stack(1, x, num2(x, -1)), 1) },
	"chain":      func(x *node) *node { return ops.ReLU(ops.Min(ops.Max(ops.Neg(x), num(x, 1)), num(x, 9))) },
	"of a total": func(x *node) *node { return ops.Max(ops.Sum(x), num(x, 1)) },
}

func num2(x *node, c float64) *node { return x.Graph().Const(c, x.Shape().Dims()...) }

// TestSelectionsAreExact: what was not chosen gets exactly 0, at first and
// second order, whatever its derivatives; what is NaN makes them NaN.
func TestSelectionsAreExact(t *testing.T) {
	inside := map[string]func(x *node) *node{
		"x":    func(x *node) *node { return x },
		"sqrt": ops.Sqrt,
		"norm": func(x *node) *node { return ops.Sqrt(ops.Square(x)) },
		"pow":  func(x *node) *node { return ops.Pow(x, num(x, 0.5)) },
		"lost": func(x *node) *node { return ops.Scale(0.25, ops.Sqrt(ops.Sin(x))) },
	}
	for _, dt := range []graph.Dtype{graph.Float32, graph.Float64} {
		for name, choose := range selections {
			for of, f := range inside {
				g := graph.New(dt, 1)
				x, y := param(g, "x", 0, 0), param(g, "y", math.NaN(), math.NaN())
				derivatives := func(x *node) (d, h *node) {
					loss := ops.Sum(ops.Square(choose(f(x))))
					return graph.Grad(loss, x)[0], graph.HVP(loss, []*node{x}, []*node{g.Const(1, 2)})[0]
				}
				d, h := derivatives(x)
				dn, hn := derivatives(y)
				got := graphtest.Values(t, d, h, dn, hn, choose(f(y)))
				what := fmt.Sprintf("%s of %s, %v", name, of, dt)
				for i := range 2 {
					if want := []float64{0, 0}; !slices.Equal(got[i], want) {
						t.Errorf("%s: derivative %d at 0 is %v", what, i+1, got[i])
					}
				}
				for i, v := range got[2:] {
					if slices.ContainsFunc(v, func(v float64) bool { return v == v }) {
						t.Errorf("%s: at NaN number %d is %v", what, i, v)
					}
				}
			}
		}
	}
}

// TestSelectionOfNaNThatIsNotTaken: the branch that is not taken has the gradient
// 0 whatever was NaN in it, also a selection.
func TestSelectionOfNaNThatIsNotTaken(t *testing.T) {
	more := map[string]func(x *node) *node{
		"relu itself": ops.ReLU,
		"leaky_relu":  func(x *node) *node { return ops.LeakyReLU(x, 0.1) },
		"prelu":       func(x *node) *node { return ops.PReLU(x, ops.Neg(x)) },
		"twice":       func(x *node) *node { return ops.ReLU(ops.Max(ops.Square(x), num(x, 0))) },
		"scaled":      func(x *node) *node { return ops.Mul(ops.Exp(x), ops.ReLU(ops.Exp(x))) },
		"log_softmax": func(x *node) *node { return ops.LogSoftmax(ops.Stack(1, x, x), 1) },
	}
	maps.Copy(more, selections)
	for name, choose := range more {
		for _, of := range []func(*node) *node{func(x *node) *node { return x }, ops.Exp} {
			g := graph.New(graph.Float64, 1)
			x := param(g, "x", math.NaN(), 2, math.NaN())
			y := choose(of(x))
			bad := ops.IsNaN(x)
			switch s := y.Shape(); {
			case s.Rank() == 2:
				bad = ops.Keep(bad, y, 1)
			case s.Rank() == 0:
				bad = num(x, 1)
			}
			loss := ops.Sum(ops.Square(ops.Where(bad, num(x, 0), y)))
			d := graph.Grad(loss, x)[0]
			h := graph.HVP(loss, []*node{x}, []*node{g.Const(1, 3)})[0]
			for i, v := range graphtest.Values(t, d, h) {
				if v[0] != 0 || v[2] != 0 || math.IsNaN(v[1]) {
					t.Errorf("%s: derivative %d is %v", name, i+1, v)
				}
			}
		}
	}
}

// TestChosenIsAlive: a derivative that is not finite goes through where the
// operand was chosen, and half of it at a tie.
func TestChosenIsAlive(t *testing.T) {
	g := graph.New(graph.Float64, 1)
	x := param(g, "x", 0)
	for i, c := range []struct {
		y    *node
		want float64
	}{
		{ops.Max(ops.Sqrt(x), num(x, -1)), inf},
		{ops.Max(ops.Sqrt(x), num(x, 0)), inf},
		{ops.Max(ops.Mul(x, ops.Log(x)), num(x, 1)), nan},
		{ops.Clamp(ops.Sqrt(x), 0, 1), inf},
		{ops.AMax(ops.Sqrt(x), 0), inf},
		{ops.Max(x, x), 1},
		{ops.LeakyReLU(ops.Sqrt(x), 0.5), inf},
		{ops.PReLU(num(x, 1), ops.Sqrt(x)), 0},
		{ops.PReLU(num(x, -1), ops.Sqrt(x)), -inf},
	} {
		if got := graphtest.Values(t, graph.Grad(ops.Sum(c.y), x)[0])[0][0]; got != c.want && (got == got || c.want == c.want) {
			t.Errorf("%d: %v: %v, want %v", i, c.y, got, c.want)
		}
	}
}

// TestXLogYAtZero: the value is linear in x, so the derivative is log y at 0
// too, and the second derivatives are 0 and 1/y.
func TestXLogYAtZero(t *testing.T) {
	g := graph.New(graph.Float64, 1)
	x, y := param(g, "x", 0, 0, 0, 0), param(g, "y", 2, math.Inf(1), 0, math.NaN())
	z := ops.XLogY(x, y)
	d := graph.Grad(ops.Sum(z), x, y)
	dxx, dxy := graph.Grad(ops.Sum(d[0]), x)[0], graph.Grad(ops.Sum(d[0]), y)[0]
	for i, want := range [][]float64{{0, 0, 0, nan}, {math.Ln2, inf, 0, nan}, {0, 0, nan, nan}, {0, 0, 0, 0}, {0.5, 0, 0, nan}} {
		if got := graphtest.Values(t, []*node{z, d[0], d[1], dxx, dxy}[i])[0]; fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%d: %v, want %v", i, got, want)
		}
	}
}

// TestFarOut: float64 has numbers that float32 has not.
func TestFarOut(t *testing.T) {
	g := graph.New(graph.Float64, 1)
	x := g.Param("x", graph.From(1e300, 1, 4e38, 4e38, -1e300, -1e300, math.MaxFloat64, -math.MaxFloat64), 4, 2)
	label := g.State("label", graph.From(0, 1, 0, 0), 4)
	half := math.Ln2
	for i, c := range []struct {
		y    *node
		want []float64
	}{
		{ops.LogSumExp(x, 1), []float64{1e300, 4e38 + half, -1e300 + half, math.MaxFloat64}},
		{ops.Softmax(x, 1), []float64{1, 0, 0.5, 0.5, 0.5, 0.5, 1, 0}},
		{ops.LogSoftmax(x, 1), []float64{0, -1e300, -half, -half, -half, -half, 0, math.Inf(-1)}},
		{graph.Grad(ops.Sum(ops.LogSumExp(x, 1)), x)[0], []float64{1, 0, 1, 1, 1, 1, 1, 0}},
		{ops.SoftmaxNLL(x, label), []float64{0, half, half, 0}},
		{ops.Sigmoid(x), []float64{1, 0.7310585786300049, 1, 1, 0, 0, 1, 0}},
		{ops.Softplus(x), []float64{1e300, 1.3132616875182228, 4e38, 4e38, 0, 0, math.MaxFloat64, 0}},
	} {
		got := graphtest.Values(t, c.y)[0]
		for k, w := range c.want {
			if got[k] != w && !(math.Abs(got[k]-w) <= 1e-15*math.Abs(w)) {
				t.Errorf("%d: %v, want %v", i, got, c.want)
				break
			}
		}
	}
}
