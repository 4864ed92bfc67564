package ops_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"descent/graph"
	"descent/graph/graphtest"
	"descent/ops"
)

func param(g *graph.Graph, name string, values ...float64) *node {
	return g.Param(name, graph.From(values...), len(values))
}

// TestWhereIsExact puts infinite derivatives of many kinds in a branch that is
// not taken: its inputs get exactly 0, at first and second order.
func TestWhereIsExact(t *testing.T) {
	branches := map[string]func(x *node) *node{
		"sqrt":     ops.Sqrt,
		"log":      ops.Log,
		"1/x":      ops.Reciprocal,
		"x/x":      func(x *node) *node { return ops.Div(x, x) },
		"pow":      func(x *node) *node { return ops.Pow(x, num(x, -0.5)) },
		"exp":      func(x *node) *node { return ops.Exp(ops.Div(num(x, 1), x)) },
		"acos":     func(x *node) *node { return ops.Acos(ops.Shift(1, ops.Neg(x))) },
		"chain":    func(x *node) *node { return ops.Sin(ops.Square(ops.Log(ops.Abs(ops.Neg(x))))) },
		"nested":   func(x *node) *node { return ops.Where(ops.Less(x, num(x, 7)), ops.Sqrt(x), ops.Log(x)) },
		"twice":    func(x *node) *node { s := ops.Sqrt(x); return ops.Add(ops.Mul(s, s), s) },
		"moved":    func(x *node) *node { return ops.Flip(ops.Flip(ops.Log(ops.Transpose(ops.Reshape(x, -1, 1)))), 1) },
		"stacked":  func(x *node) *node { return ops.Slice(ops.Concat(0, ops.Log(x), x), 0, 0, 3, 1) },
		"gathered": func(x *node) *node { return ops.Take(ops.Log(x), x.Graph().Leaf("index"), 0) },
		"stopped":  func(x *node) *node { return ops.Mul(ops.StopGradient(x), ops.Log(x)) },
	}
	for name, branch := range branches {
		g := graph.New(graph.Float64, 1)
		g.State("index", graph.From(0, 1, 2), 3)
		x := param(g, "x", 0, 0.5, 0)
		up := ops.Greater(x, num(x, 0))
		y := ops.Reshape(branch(x), 3)
		safe := ops.Sum(ops.Where(up, y, ops.Scale(3, x)))
		swapped := ops.Sum(ops.Where(ops.Equal(up, num(x, 0)), ops.Scale(3, x), y))
		hv := graph.HVP(safe, []*node{x}, []*node{g.Const(1, 3)})[0]
		got := graphtest.Values(t, graph.Grad(safe, x)[0], graph.Grad(swapped, x)[0], hv, graph.JVP([]*node{safe}, []*node{x}, []*node{g.Const(1, 3)})[0])
		for i := range 2 {
			if d := got[i]; d[0] != 3 || d[2] != 3 || math.IsNaN(d[1]) {
				t.Errorf("%s: gradient %v, want 3 at 0", name, d)
			}
		}
		if d := got[2]; d[0] != 0 || d[2] != 0 || math.IsNaN(d[1]) {
			t.Errorf("%s: second derivative %v, want 0 at 0", name, d)
		}
		if d := got[3][0] - got[0][0] - got[0][1] - got[0][2]; math.Abs(d) > 1e-12 {
			t.Errorf("%s: forward mode differs by %v", name, d)
		}
	}
}

// TestWhereOfReductions has a condition for whole rows, or for everything.
func TestWhereOfReductions(t *testing.T) {
	g := graph.New(graph.Float64, 1)
	x := g.Param("x", graph.From(0, 0, 1, 4), 2, 2)
	s := g.Param("s", graph.From(0))
	rows := ops.Sum(ops.Log(x), 1) // -Inf, finite
	byRow := ops.Sum(ops.Where(ops.Greater(ops.Sum(x, 1), num(x, 0)), rows, num(x, 0)))
	whole := ops.Where(num(x, 0), ops.Sum(ops.MatMul(ops.Log(x), ops.Sqrt(x))), ops.Sum(x))
	spread := ops.Sum(ops.Where(ops.Less(x, num(x, 0)), ops.Mul(ops.Sqrt(s), x), x))
	inf := math.Inf(-1)
	m := g.Param("m", graph.From(inf, inf, 0, 0), 2, 2) // the first row is masked out
	rowOn, on := g.State("rowOn", graph.From(0, 1), 2), g.State("on", graph.From(0, 0, 1, 0), 2, 2)
	zero := num(x, 0)
	soft := ops.Sum(ops.Where(on, ops.LogSoftmax(m, 1), zero))
	lse := ops.Sum(ops.Where(rowOn, ops.LogSumExp(m, 1), zero))
	largest := ops.Sum(ops.Where(rowOn, ops.AMax(ops.Log(x), 1), zero))
	got := graphtest.Values(t, graph.Grad(byRow, x)[0], graph.Grad(whole, x)[0], graph.Grad(spread, s)[0],
		graph.Grad(soft, m)[0], graph.Grad(lse, m)[0], graph.Grad(largest, x)[0])
	for i, want := range [][]float64{{0, 0, 1, 0.25}, {1, 1, 1, 1}, {0}, {0, 0, 0.5, -0.5}, {0, 0, 0.5, 0.5}, {0, 0, 0, 0.25}} {
		if !slices.Equal(got[i], want) {
			t.Errorf("%d: %v, want %v", i, got[i], want)
		}
	}
}

// TestZeroIsNotDead holds where nobody branched: 0·inf stays NaN.
func TestZeroIsNotDead(t *testing.T) {
	g := graph.New(graph.Float64, 1)
	x := param(g, "x", 0)
	y := ops.Sum(ops.Add(ops.Mul(x, ops.Log(x)), ops.Where(ops.Less(x, num(x, 9)), x, ops.Log(x))))
	if d := graphtest.Values(t, graph.Grad(y, x)[0])[0]; !math.IsNaN(d[0]) {
		t.Errorf("gradient %v", d)
	}
}

// TestStable evaluates functions and their derivatives far out.
func TestStable(t *testing.T) {
	g := graph.New(graph.Float64, 1)
	x := param(g, "x", -1000, -40, 0, 40, 1000)
	e := math.Exp(-40)
	for _, c := range []struct {
		name    string
		f       func(*node) *node
		y, d, h []float64
	}{
		{"softplus", ops.Softplus, []float64{0, e, math.Ln2, 40, 1000}, []float64{0, e, 0.5, 1, 1}, []float64{0, e, 0.25, 0, 0}},
		{"logsigmoid", ops.LogSigmoid, []float64{-1000, -40, -math.Ln2, -e, 0}, []float64{1, 1, 0.5, e, 0}, []float64{0, 0, -0.25, -e, 0}},
		{"sigmoid", ops.Sigmoid, []float64{0, e, 0.5, 1, 1}, []float64{0, e, 0.25, 0, 0}, []float64{0, e, 0, 0, 0}},
		{"tanh", ops.Tanh, []float64{-1, -1, 0, 1, 1}, []float64{0, 0, 1, 0, 0}, []float64{0, 0, 0, 0, 0}},
		{"elu", func(x *node) *node { return ops.ELU(x, 1) }, []float64{-1, e - 1, 0, 40, 1000}, []float64{0, e, 1, 1, 1}, []float64{0, e, 1, 0, 0}},
		{"gelu", ops.GELU, []float64{0, 0, 0, 40, 1000}, []float64{0, 0, 0.5, 1, 1}, []float64{0, 0, math.Sqrt(2 / math.Pi), 0, 0}},
		{"silu", ops.SiLU, []float64{0, -40 * e, 0, 40, 1000}, []float64{0, -39 * e, 0.5, 1, 1}, []float64{0, -38 * e, 0.5, 0, 0}},
		{"mish", ops.Mish, []float64{0, -40 * e, 0, 40, 1000}, []float64{0, -39 * e, 0.6, 1, 1}, []float64{0, -38 * e, 0.64, 0, 0}},
	} {
		y := c.f(x)
		d := graph.Grad(ops.Sum(y), x)[0]
		got := graphtest.Values(t, y, d, graph.Grad(ops.Sum(d), x)[0])
		for i, want := range [][]float64{c.y, c.d, c.h} {
			for k, w := range want {
				if math.Abs(got[i][k]-w) > 2e-16+1e-14*math.Abs(w) {
					t.Errorf("%s order %d at %v: %v, want %v", c.name, i, x.Variable().Float64s()[k], got[i][k], w)
				}
			}
		}
	}
	lse := ops.LogSumExp(x)
	v := ops.Variance(ops.Shift(1e3, param(g, "v", 1, 2, 3)))
	soft := ops.Sum(ops.Square(ops.Softmax(x)))
	d := graph.Grad(soft, x)[0]
	got := graphtest.Values(t, lse, graph.Grad(lse, x)[0], v, d, graph.Grad(ops.Sum(ops.Square(d)), x)[0])
	if got[0][0] != 1000 || !slices.Equal(got[1], []float64{0, 0, 0, 0, 1}) || math.Abs(got[2][0]-2.0/3) > 1e-12 {
		t.Errorf("logsumexp %v, gradient %v; variance %v", got[0], got[1], got[2])
	}
	for _, s := range got[3:] {
		for _, v := range s {
			if v != 0 {
				t.Errorf("derivatives of a saturated softmax: %v", got[3:])
			}
		}
	}
}

// TestProdOfZeros: the product's derivatives of every order exist at 0.
func TestProdOfZeros(t *testing.T) {
	g := graph.New(graph.Float64, 1)
	x := param(g, "x", 0, 2, 0, 5)
	d := graph.Grad(ops.Prod(x), x)[0]
	h := graph.Grad(ops.Sum(ops.Slice(d, 0, 0, 1, 1)), x)[0] // row 0 of the Hessian
	got := graphtest.Values(t, d, h)
	if !slices.Equal(got[0], []float64{0, 0, 0, 0}) || !slices.Equal(got[1], []float64{0, 0, 10, 0}) {
		t.Errorf("gradient %v, Hessian row %v", got[0], got[1])
	}
}

func TestIndicesOutOfRange(t *testing.T) {
	g := graph.New(graph.Float64, 1)
	x := g.Param("x", graph.From(1, 2, 3, 4, 5, 6), 3, 2)
	i := param(g, "i", -1, 2, 3, math.NaN(), 1e300, 0, 2)
	y := ops.Take(x, i, 0)
	d := graph.Grad(ops.Sum(y), x)[0]
	got := graphtest.Values(t, y, d, ops.OneHot(i, 2))
	if want := []float64{0, 0, 5, 6, 0, 0, 0, 0, 0, 0, 1, 2, 5, 6}; !slices.Equal(got[0], want) {
		t.Errorf("take %v, want %v", got[0], want)
	}
	if want := []float64{1, 1, 0, 0, 2, 2}; !slices.Equal(got[1], want) {
		t.Errorf("gradient %v, want %v", got[1], want)
	}
	for k, v := range got[2] {
		if want := float64(map[bool]int{true: 1}[k == 10]); v != want {
			t.Errorf("onehot %v", got[2])
		}
	}
	// An input is checked when it is fed, also through a reshape.
	label := g.Indices("label", 3)
	p, err := graph.Compile(ops.Pick(x, label))
	if err != nil {
		t.Fatal(err)
	}
	if p.Run(graph.Let(label, []int{0, 1, 2})) == nil || p.Run(graph.Let(label, []int{0, 1, 1})) != nil {
		t.Error("indices are not checked")
	}
}

func TestMoves(t *testing.T) {
	g := graph.New(graph.Float64, 1)
	x := g.Param("x", graph.From(0, 1, 2, 3, 4, 5), 2, 3)
	for i, c := range []struct {
		n    *node
		want []float64
	}{
		{ops.Transpose(x), []float64{0, 3, 1, 4, 2, 5}},
		{ops.Slice(x, 1, -1, ops.End, -2), []float64{2, 0, 5, 3}},
		{ops.Slice(x, 1, 0, ops.End, 2), []float64{0, 2, 3, 5}},
		{ops.Slice(x, 0, 1, 2, 1), []float64{3, 4, 5}},
		{ops.Slice(x, 1, 1, 1, 1), []float64{}},
		{ops.Flip(x), []float64{5, 4, 3, 2, 1, 0}},
		{ops.Flip(x, -1), []float64{2, 1, 0, 5, 4, 3}},
		{ops.Concat(1, x, ops.Slice(x, 1, 0, 1, 1)), []float64{0, 1, 2, 0, 3, 4, 5, 3}},
		{ops.Stack(-1, x, ops.Neg(x)), []float64{0, 0, 1, -1, 2, -2, 3, -3, 4, -4, 5, -5}},
		{ops.ArgMax(x, 1), []float64{2, 2}},
		{ops.MatMul(x, g.Const(1, 3)), []float64{3, 12}},
		{ops.Prod(x, 1), []float64{0, 60}},
	} {
		if got := graphtest.Values(t, c.n)[0]; !slices.Equal(got, c.want) {
			t.Errorf("%d: %v = %v, want %v", i, c.n, got, c.want)
		}
	}
}

// TestTransposesFold: transposing a factor is free.
func TestTransposesFold(t *testing.T) {
	g := graph.New(graph.Float64, 1)
	x, w := g.Param("x", graph.Fill(1), 4, 3), g.Param("w", graph.Fill(1), 5, 4)
	p, err := graph.Compile(ops.MatMul(ops.Transpose(x), ops.Transpose(w)))
	if err != nil {
		t.Fatal(err)
	}
	if p.Stats().Steps != 1 {
		t.Errorf("%v", p)
	}
}

func TestRandomNumbers(t *testing.T) {
	draw := func(dt graph.Dtype, seed uint64, name string, step float64, n int) []float64 {
		g := graph.New(dt, seed)
		return graphtest.Values(t, ops.Uniform(g.Const(step), name, n))[0]
	}
	const n = 100000
	u := draw(graph.Float64, 1, "a", 3, n)
	var mean, square, lag float64
	for i, v := range u {
		if v <= 0 || v >= 1 {
			t.Fatal(v)
		}
		mean += v / n
		square += v * v / n
		lag += (v - 0.5) * (u[(i+1)%n] - 0.5) / n
	}
	if math.Abs(mean-0.5) > 0.003 || math.Abs(square-1.0/3) > 0.003 || math.Abs(lag) > 0.001 {
		t.Errorf("mean %v, mean square %v, correlation %v", mean, square, lag)
	}
	if !slices.Equal(u[:10], draw(graph.Float32, 1, "a", 3, 10)) {
		t.Error("float32 draws other numbers")
	}
	for _, other := range [][]float64{draw(graph.Float64, 2, "a", 3, 9), draw(graph.Float64, 1, "b", 3, 9), draw(graph.Float64, 1, "a", 4, 9),
		draw(graph.Float32, 1, "a", 1<<30, 9), draw(graph.Float32, 1, "a", 1<<30+1, 9)} {
		if other[0] == u[0] || other[1] == u[1] {
			t.Error("seed, name or step does not matter")
		}
	}
	if slices.Equal(draw(graph.Float32, 1, "a", 1<<30, 9), draw(graph.Float32, 1, "a", 1<<30+1, 9)) {
		t.Error("large steps are not told apart")
	}
}

func TestDropout(t *testing.T) {
	masks := map[graph.Dtype][]float64{}
	for _, dt := range []graph.Dtype{graph.Float32, graph.Float64} {
		g := graph.New(dt, 7)
		x, step := g.Param("x", graph.Fill(1), 20000), g.State("step", graph.From(5))
		y := ops.Dropout(x, 0.3, step, "")
		got := graphtest.Values(t, y, graph.Grad(ops.Sum(y), x)[0], ops.Dropout(x, 0.3, step, ""))
		if !slices.Equal(got[0], got[1]) {
			t.Error("the gradient has another mask")
		}
		if slices.Equal(got[0], got[2]) {
			t.Error("two places have the same mask")
		}
		zeros := 0
		for i, v := range got[0] {
			if v == 0 {
				zeros++
			} else if math.Abs(v-1/0.7) > 1e-6 {
				t.Fatalf("element %d is %v", i, v)
			}
			masks[dt] = append(masks[dt], math.Round(v))
		}
		if math.Abs(float64(zeros)/20000-0.3) > 0.015 {
			t.Errorf("%d zeros", zeros)
		}
	}
	if !slices.Equal(masks[graph.Float32], masks[graph.Float64]) {
		t.Error("the mask depends on the element type")
	}
}

func TestLookup(t *testing.T) {
	g := graph.New(graph.Float64, 1)
	c, ok := ops.Lookup("clamp")
	if !ok || c.Inputs != 1 || len(c.Settings) != 2 {
		t.Fatal(c, ok)
	}
	if got := graphtest.Values(t, c.Build([]*node{param(g, "x", -2, 2)}, []float64{-1, 1}))[0]; !slices.Equal(got, []float64{-1, 1}) {
		t.Error(got)
	}
	if c, ok := ops.Lookup("arcsin"); !ok || c.Name != "asin" {
		t.Error(c, ok)
	}
	if _, ok := ops.Lookup("nothing"); ok {
		t.Error("found nothing")
	}
}

// What convolutions and pools refuse.
func TestPictureMistakes(t *testing.T) {
	g := graph.New(graph.Float64, 1)
	x, w := g.Input("x", 2, 4, 5, 5), g.Input("w", 6, 2, 3, 3)
	two := ops.PoolOptions{Kernel: []int{2}}
	for want, y := range map[string]*node{
		"the kernel 6x2x3x3 is for 2 channels":         ops.Conv(x, w, ops.ConvOptions{}),
		"do not divide into 4 groups":                  ops.Conv(x, w, ops.ConvOptions{Groups: 4}),
		"a window of 9 elements does not fit":          ops.Conv(x, w, ops.ConvOptions{Groups: 2, Dilation: []int{4}}),
		"stride 0; at least 1":                         ops.Conv(x, w, ops.ConvOptions{Groups: 2, Stride: []int{0}}),
		"padding [1 1 1]: one number":                  ops.Conv(x, w, ops.ConvOptions{Groups: 2, Padding: []int{1, 1, 1}}),
		"is not images x channels":                     ops.Conv(g.Input("v", 3, 4), w, ops.ConvOptions{}),
		"has not as many axes":                         ops.Conv(x, g.Input("u", 6, 2, 3), ops.ConvOptions{Groups: 2}),
		"do not fit the operands":                      ops.ConvInput(x, w, ops.ConvOptions{}, 3),
		"takes 2x6x5x5 and 6x2x3x3":                    ops.ConvInput(x, w, ops.ConvOptions{Groups: 2}, 7, 7),
		"padding 2 is more than half of a window of 3": ops.MaxPool(x, ops.PoolOptions{Kernel: []int{3}, Padding: []int{2}}),
		"windows of means have no dilation":            ops.AvgPool(x, ops.PoolOptions{Kernel: []int{2}, Dilation: []int{2}}),
		"kernel [2 2 2]: one number":                   ops.MaxPool(x, ops.PoolOptions{Kernel: []int{2, 2, 2}}),
		"has no elements to choose from":               ops.MaxPool(g.Input("e", 1, 2, 0), two),
		"has planes of more than 16777216 elements":    ops.MaxPoolIndex(g.Input("l", 1, 1, 1<<25), two),
		"do not fit each other":                        ops.MaxUnpool(x, x, 3),
		"do not divide into 3 groups":                  ops.GroupNorm(x, 3, 1e-5),
		"eps=-1; what is added to a variance is 0":     ops.Standardize(x, -1),
	} {
		if err := y.Err(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
