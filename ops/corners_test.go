package ops_test

import (
	"math"
	"slices"
	"testing"

	"descent/graph"
	"descent/graph/graphtest"
	"descent/ops"
)

// Corners at which one sign, one bound or one element more would go unseen
// elsewhere. Gradients are PyTorch's.
func TestCorners(t *testing.T) {
	up := math.Inf(1)
	for _, c := range []struct {
		what        string
		build       func(x []*node) *node
		in          [][]float64
		value, grad []float64 // of each input, one after the other
	}{
		{"min tie", bin(ops.Min), [][]float64{{2}, {2}}, []float64{2}, []float64{0.5, 0.5}},
		{"max tie", bin(ops.Max), [][]float64{{2}, {2}}, []float64{2}, []float64{0.5, 0.5}},
		{"leaky_relu", un(func(x *node) *node { return ops.LeakyReLU(x, 0.1) }), [][]float64{{-1, 0, 1}}, []float64{-0.1, 0, 1}, []float64{0.1, 0.1, 1}},
		{"one clamp", un(func(x *node) *node { return ops.Clamp(x, 1, 1) }), [][]float64{{0, 1, 2}}, []float64{1, 1, 1}, []float64{0, 1, 0}},
		{"pow at 0, 0", bin(ops.Pow), [][]float64{{0}, {0}}, []float64{1}, []float64{0, 0}},
		{"pow at 0, 1", bin(ops.Pow), [][]float64{{0}, {1}}, []float64{0}, []float64{1, 0}},
		{"pow at 0, 3", bin(ops.Pow), [][]float64{{0}, {3}}, []float64{0}, []float64{0, 0}},
		{"pow at 0, -1", bin(ops.Pow), [][]float64{{0}, {-1}}, []float64{up}, []float64{-up, -up}},
		{"pow at -2, 3", bin(func(x, y *node) *node { return ops.Pow(x, ops.StopGradient(y)) }), [][]float64{{-2}, {3}}, []float64{-8}, []float64{12, 0}},
		{"logsumexp of +Inf", un(func(x *node) *node { return ops.LogSumExp(x) }), [][]float64{{up, 0}}, []float64{up}, nil},
		{"logsumexp of -Inf", un(func(x *node) *node { return ops.LogSumExp(x) }), [][]float64{{-up, -up}}, []float64{-up}, nil},
		{"where the second is widest", func(x []*node) *node { return ops.Where(x[0], x[1], x[2]) },
			[][]float64{{1}, {3, 4, 5}, {7}}, []float64{3, 4, 5}, []float64{0, 1, 1, 1, 0}},
		{"where the third is widest", func(x []*node) *node { return ops.Where(x[0], x[1], x[2]) },
			[][]float64{{0}, {3}, {7, 8}}, []float64{7, 8}, []float64{0, 0, 1, 1}},
	} {
		g := graph.New(graph.Float64, 1)
		var in []*node
		for i, x := range c.in {
			in = append(in, param(g, string(rune('a'+i)), x...))
		}
		y := c.build(in)
		got := graphtest.Values(t, append([]*node{y}, graph.Grad(ops.Sum(y), in...)...)...)
		if !slices.Equal(got[0], c.value) {
			t.Errorf("%s: value %v, want %v", c.what, got[0], c.value)
		}
		if grad := slices.Concat(got[1:]...); c.grad != nil && !slices.Equal(grad, c.grad) {
			t.Errorf("%s: gradient %v, want %v", c.what, grad, c.grad)
		}
	}
}

// The gaps of a kink are 0 where it is met, and nowhere else; they change sign.
func TestGaps(t *testing.T) {
	half := func(x *node) *node { return num(x, 0.5) }
	for name, f := range map[string]func(x *node) *node{
		"abs": ops.Abs, "sign": ops.Sign, "relu": ops.ReLU,
		"leaky": func(x *node) *node { return ops.LeakyReLU(x, 0.1) }, "clamp": func(x *node) *node { return ops.Clamp(x, -1, 0.5) },
		"shrink": func(x *node) *node { return ops.HardShrink(x, 0.5) }, "less": func(x *node) *node { return ops.Less(x, half(x)) },
		"max": func(x *node) *node { return ops.Max(half(x), x) }, "min": func(x *node) *node { return ops.Min(x, half(x)) },
	} {
		at := []float64{-2, -1.5, -1, -0.5, 0, 0.5, 1, 1.5}
		g := graph.New(graph.Float64, 1)
		x := param(g, "x", at...)
		y := f(x)
		var in []*node
		for i := range y.Arity() {
			in = append(in, y.Arg(i))
		}
		gaps := y.Kink().Gaps(in...)
		got := graphtest.Values(t, append(append(slices.Clone(in), y), gaps...)...)
		met := 0
		for i := range at {
			one := make([][]float64, len(in))
			for k := range in {
				one[k] = []float64{got[k][i%len(got[k])]}
			}
			zero := slices.ContainsFunc(got[len(in)+1:], func(gap []float64) bool { return gap[i] == 0 })
			if is := y.Kink().Met(one, got[len(in)][i:i+1]) != ""; is != zero {
				t.Errorf("%s at %v: met %t, a gap is 0 %t", name, at[i], is, zero)
			} else if is {
				met++
			}
		}
		if met != len(gaps) || slices.ContainsFunc(got[len(in)+1:], func(gap []float64) bool { return gap[0]*gap[len(at)-1] >= 0 }) {
			t.Errorf("%s: %d kinks for %d gaps: %v", name, met, len(gaps), got)
		}
	}
}

// What is just allowed.
func TestJustAllowed(t *testing.T) {
	g := graph.New(graph.Float64, 1)
	x, label := g.Input("x", 3, 4), g.Indices("label", 7)
	for _, c := range []struct {
		n    *node
		want graph.Shape
	}{
		{ops.OneHot(label, 0), graph.Dims(7, 0)},
		{ops.Reshape(x, 1, 1, 1, 1, 1, 1, 3, 4), graph.Dims(1, 1, 1, 1, 1, 1, 3, 4)},
		{ops.Dropout(x, 1, g.Const(1), "d"), graph.Dims(3, 4)},
		{ops.Slice(x, 0, 3, 3, 1), graph.Dims(0, 4)},
		{ops.Slice(x, 0, -3, 3, 5), graph.Dims(1, 4)},
	} {
		if c.n.Err() != nil || c.n.Shape() != c.want {
			t.Errorf("shape %v, %v, want %v", c.n.Shape(), c.n.Err(), c.want)
		}
	}
	p, err := graph.Compile(ops.OneHot(label, 3))
	if err != nil {
		t.Fatal(err)
	}
	if p.Run(graph.Let(label, []int{0, 1, 2, 3, 0, 0, 0})) == nil {
		t.Error("onehot takes a class that does not exist")
	}
}

// An element that is read nowhere is 0 again in the second run.
func TestGatherForgets(t *testing.T) {
	g := graph.New(graph.Float64, 1)
	x, i := param(g, "x", 1, 2, 3), param(g, "i", 0, 1)
	y := ops.Take(x, i, 0)
	p, err := graph.Compile(y)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ index, want []float64 }{{[]float64{2, 1}, []float64{3, 2}}, {[]float64{5, -1}, []float64{0, 0}}} {
		if err := i.Variable().Set(c.index); err != nil {
			t.Fatal(err)
		}
		p.Run()
		if got := p.Float64s(y); !slices.Equal(got, c.want) {
			t.Errorf("%v of %v is %v, want %v", c.index, []float64{1, 2, 3}, got, c.want)
		}
	}
}

// Steps of any size draw what the generator says, and a number equal to the
// probability of dropout is kept.
func TestDrawsOfLargeSteps(t *testing.T) {
	for _, step := range []float64{0, 1, 1<<20 - 1, 1 << 20, 1<<30 + 5, 1<<40 + 3} {
		g := graph.New(graph.Float64, 1)
		if got := graphtest.Values(t, ops.Uniform(g.Const(step), "u", 5))[0]; !slices.Equal(got, draw("uniform", "u", step, 5)) {
			t.Errorf("step %v draws %v, want %v", step, got, draw("uniform", "u", step, 5))
		}
	}
	u := draw("uniform", "d", 7, 4)
	for _, c := range []struct {
		p    float64
		want bool
	}{{u[2], true}, {math.Nextafter(u[2], 1), false}, {math.Nextafter(u[2], 0), true}} {
		g := graph.New(graph.Float64, 1)
		y := graphtest.Values(t, ops.Dropout(g.Param("x", graph.Fill(1), 4), c.p, g.Const(7), "d"))[0]
		if kept := y[2] != 0; kept != c.want {
			t.Errorf("%v is kept with probability %v of 0: %v", u[2], c.p, kept)
		}
	}
	g := graph.New(graph.Float64, 1)
	if got := graphtest.Values(t, ops.Uniform(g.Const(1), "", 3), ops.Uniform(g.Const(1), "", 3)); slices.Equal(got[0], got[1]) {
		t.Error("two places without a name draw the same")
	}
}
