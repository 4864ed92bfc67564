package graph_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"descent/graph"
	"descent/ops"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

func normal(rng *rand.Rand, _ graph.Shape, w []float64) {
	for i := range w {
		w[i] = rng.NormFloat64()
	}
}

// mlp is a small classifier with its loss.
func mlp(g *graph.Graph, batch int) (x, y, loss *graph.Node) {
	x, y = g.Input("x", batch, 4), g.Indices("y", batch)
	h := ops.Tanh(ops.Add(ops.MatMul(x, g.Param("w1", normal, 4, 6)), g.Param("b1", normal, 6)))
	z := ops.Add(ops.MatMul(h, g.Param("w2", normal, 6, 3)), g.Param("b2", normal, 3))
	picked := ops.Sum(ops.Mul(ops.LogSoftmax(z, -1), ops.OneHot(y, 3)))
	return x, y, ops.Neg(ops.Div(picked, g.Const(float64(batch))))
}

func batchOf(n int) (xs []float64, ys []int) {
	rng := rand.New(rand.NewPCG(1, 1))
	for i := range n {
		for range 4 {
			xs = append(xs, rng.NormFloat64())
		}
		ys = append(ys, i%3)
	}
	return xs, ys
}

func TestGradientAgainstDifferences(t *testing.T) {
	for _, dt := range []graph.Dtype{graph.Float64, graph.Float32} {
		g := graph.New(dt, 3)
		x, y, loss := mlp(g, 5)
		grads := graph.Grad(loss, g.Params()...)
		p, err := graph.Function{Outputs: append(grads, loss), Verify: true}.Compile()
		if err != nil {
			t.Fatal(err)
		}
		xs, ys := batchOf(5)
		if err := p.Run(graph.Let(x, xs), graph.Let(y, ys)); err != nil {
			t.Fatal(err)
		}
		t.Logf("\n%v", p)
		h, tol := 1e-5, 1e-8
		if dt == graph.Float32 {
			h, tol = 1e-2, 2e-3
		}
		var got [][]float64
		for k := range g.Params() {
			got = append(got, p.Float64s(grads[k]))
		}
		for k, w := range g.Params() {
			v := w.Variable()
			old := v.Float64s()
			for i := range old {
				at := func(d float64) float64 {
					s := append([]float64(nil), old...)
					s[i] += d
					v.Set(s)
					p.Run()
					return p.Scalar(loss)
				}
				fd := (at(h) - at(-h)) / (2 * h)
				v.Set(old)
				if math.Abs(fd-got[k][i]) > tol {
					t.Errorf("%v %v[%d]: gradient %v, differences %v", dt, w, i, got[k][i], fd)
				}
			}
		}
	}
}

func TestErrorsAreReportedOnce(t *testing.T) {
	g := graph.New(graph.Float64, 1)
	x := g.Input("x", 32, 784)
	w := g.Param("w", graph.Zeros, 128, 784)
	h := ops.MatMul(x, w) // wrong
	loss := ops.Mean(ops.Tanh(h))
	other := ops.Add(x, g.Input("y", 32, 10)) // wrong too
	_, err := graph.Compile(loss, other)
	if err == nil {
		t.Fatal("no error")
	}
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != 2 || !strings.Contains(lines[0], "graph_test.go:") ||
		!strings.Contains(lines[0], "matmul(x (32x784), w (128x784)): cannot multiply 32x784 by 128x784") {
		t.Error(err)
	}
}

func TestGorgoniaAgrees(t *testing.T) {
	g := graph.New(graph.Float64, 3)
	x, y, loss := mlp(g, 5)
	grads := graph.Grad(loss, g.Params()...)
	p, err := graph.Compile(append(grads, loss)...)
	if err != nil {
		t.Fatal(err)
	}
	xs, ys := batchOf(5)
	if err := p.Run(graph.Let(x, xs), graph.Let(y, ys)); err != nil {
		t.Fatal(err)
	}
	e := g.Expr()
	var yf []float64
	for _, v := range ys {
		yf = append(yf, float64(v))
	}
	gorgonia.Let(x.Expr(), tensor.New(tensor.WithShape(5, 4), tensor.WithBacking(xs)))
	gorgonia.Let(y.Expr(), tensor.New(tensor.WithShape(5), tensor.WithBacking(yf)))
	// gorgonia.Grad differentiates the same graph by our rules.
	var wrt gorgonia.Nodes
	for _, w := range g.Params() {
		wrt = append(wrt, w.Expr())
	}
	theirs, err := gorgonia.Grad(loss.Expr(), wrt...)
	if err != nil {
		t.Fatal(err)
	}
	var lossVal gorgonia.Value
	gorgonia.Read(loss.Expr(), &lossVal)
	vals := make([]gorgonia.Value, 2*len(grads))
	for i, d := range grads {
		gorgonia.Read(d.Expr(), &vals[i])
		gorgonia.Read(theirs[i], &vals[len(grads)+i])
	}
	vm := gorgonia.NewTapeMachine(e)
	defer vm.Close()
	if err := vm.RunAll(); err != nil {
		t.Fatal(err)
	}
	if d := math.Abs(lossVal.Data().(float64) - p.Scalar(loss)); d > 1e-12 {
		t.Errorf("loss %v, gorgonia %v", p.Scalar(loss), lossVal)
	}
	for i, d := range grads {
		for k, v := range p.Float64s(d) {
			for _, val := range []gorgonia.Value{vals[i], vals[len(grads)+i]} {
				if w := val.Data().([]float64)[k]; math.Abs(v-w) > 1e-12 {
					t.Errorf("gradient %d[%d] %v, gorgonia %v", i, k, v, w)
				}
			}
		}
	}
}

func TestUpdatesSeeOldValues(t *testing.T) {
	g := graph.New(graph.Float64, 1)
	a, b := g.Param("a", graph.From(1, 2), 2), g.Param("b", graph.From(10, 20), 2)
	c := g.State("c", graph.From(0))
	p, err := graph.Function{
		Outputs: []*graph.Node{a, c},
		Updates: []graph.Update{{a, b}, {b, ops.Add(a, b)}, {c, ops.Add(c, ops.Sum(a))}},
		Verify:  true,
	}.Compile()
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := p.Run(); err != nil {
			t.Fatal(err)
		}
	}
	want := map[*graph.Node][]float64{a: {11, 22}, b: {21, 42}, c: {33}}
	for n, w := range want {
		for i, v := range n.Variable().Float64s() {
			if v != w[i] {
				t.Errorf("%v = %v, want %v", n, n.Variable().Float64s(), w)
			}
		}
	}
	if got := p.Float64s(a); got[0] != 10 || got[1] != 20 {
		t.Errorf("output a = %v, want its value before the update", got)
	}
}

// Below lists each node once, after its inputs.
func TestBelow(t *testing.T) {
	g := graph.New(graph.Float64, 1)
	x, y := g.Input("x"), g.Input("y")
	s := graph.Add(x, y)
	p := graph.Mul(s, s)
	q := graph.Add(p, x)
	g.Input("z") // is of none
	if got, want := graph.Below(p, q), []*graph.Node{x, y, s, p, q}; !slices.Equal(got, want) {
		t.Errorf("%v, not %v", got, want)
	}
	if got := graph.Below(); got != nil {
		t.Errorf("of nothing %v", got)
	}
}
