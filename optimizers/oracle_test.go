package optimizers

import (
	"math"
	"testing"

	"descent/graph"
	"descent/ops"
)

// moves returns the change of one parameter by one step of rate 1.
func moves(t *testing.T, rule Rule, x, g []float64, dims ...int) []float64 {
	t.Helper()
	gr := graph.New(graph.Float64, 1)
	p, in := gr.Param("p", graph.From(x...), dims...), gr.Input("g", dims...)
	tr := Descend(ops.Sum(ops.Mul(in, p)), rule)
	prog, err := tr.Compile()
	if err != nil {
		t.Fatal(err)
	}
	if err := prog.Run(graph.Let(in, g), graph.Let(tr.LR, []float64{1})); err != nil {
		t.Fatal(err)
	}
	d := p.Variable().Float64s()
	for i := range d {
		d[i] = x[i] - d[i]
	}
	return d
}

func TestFirstStepsByHand(t *testing.T) {
	x := []float64{3, 0, 4, 0, 1, 0} // columns (3,4,1) and (0,0,0)
	g := []float64{1, 2, 2, 4, 2, 4} // columns (1,2,2) and (2,4,4)
	sgd := func(r Rule) Rule { return Chain{r, SGD()} }
	p, n := math.Sqrt(26), math.Sqrt(45)
	for _, c := range []struct {
		rule Rule
		want []float64
	}{
		{sgd(ClipEach(1)), []float64{1 / n, 2 / n, 2 / n, 4 / n, 2 / n, 4 / n}},
		{sgd(ClipValue(2)), []float64{1, 2, 2, 2, 2, 2}},
		{sgd(AGCRule{0.5, 0.1}), []float64{p / 6, 0.05 / 3, p / 3, 0.1 / 3, p / 3, 0.1 / 3}},
		{sgd(Centralize()), []float64{-2.0 / 3, -4.0 / 3, 1.0 / 3, 2.0 / 3, 1.0 / 3, 2.0 / 3}},
		{LARSRule{Trust: 0.1}, []float64{.1 * p / n, .2 * p / n, .2 * p / n, .4 * p / n, .2 * p / n, .4 * p / n}},
		{LAMBRule{}, []float64{p / math.Sqrt(6), p / math.Sqrt(6), p / math.Sqrt(6), p / math.Sqrt(6), p / math.Sqrt(6), p / math.Sqrt(6)}},
		// rank 1: rows (2.5, 10, 10), columns (3, 12), their product over 7.5 is g².
		{Adafactor(), []float64{p / math.Sqrt(6), p / math.Sqrt(6), p / math.Sqrt(6), p / math.Sqrt(6), p / math.Sqrt(6), p / math.Sqrt(6)}},
	} {
		if got := moves(t, c.rule, x, g, 3, 2); apart([][]float64{got}, [][]float64{c.want}) > 1e-12 {
			t.Errorf("%v moves by %v, want %v", c.rule, got, c.want)
		}
	}
}

// Muon's step has the singular vectors of the momentum and singular values
// that Newton-Schulz has brought to about 1, on either side of square.
func TestMuonOrthogonalises(t *testing.T) {
	// g = Σ sᵢ uᵢvᵢᵀ with u, v the axes: a diagonal matrix keeps its axes.
	for _, dims := range [][]int{{2, 3}, {3, 2}} {
		g := make([]float64, 6)
		g[0], g[dims[1]+1] = 5, 2
		d := moves(t, Muon(), make([]float64, 6), g, dims...)
		scale := math.Sqrt(max(1, float64(dims[1])/float64(dims[0])))
		for i, v := range d {
			onAxis := i == 0 || i == dims[1]+1
			if s := v / scale; onAxis && (s < 0.6 || s > 1.3) || !onAxis && math.Abs(v) > 1e-12 {
				t.Errorf("%v: step %v", dims, d)
				break
			}
		}
	}
}

// Muon moves a matrix of inputs by outputs as PyTorch moves its transpose.
// torchMuon is torch.optim.Muon's first step for a matrix of outputs by inputs.
func TestMuonIsTorchs(t *testing.T) {
	for _, dims := range [][]int{{2, 5}, {5, 2}, {3, 3}, {1, 4}, {4, 1}} {
		in, out := dims[0], dims[1]
		g, turned := make([]float64, in*out), make([][]float64, out)
		for o := range out {
			turned[o] = make([]float64, in)
			for i := range in {
				v := math.Sin(float64(1 + 3*i + 7*o*o))
				g[i*out+o], turned[o][i] = v, v
			}
		}
		got, want := moves(t, Muon(), make([]float64, in*out), g, dims...), torchMuon(turned)
		for o := range out {
			for i := range in {
				if d := got[i*out+o] - want[o][i]; math.Abs(d) > 1e-12 {
					t.Errorf("%d inputs, %d outputs: element (%d, %d) is off by %v", in, out, i, o, d)
				}
			}
		}
	}
}

func torchMuon(g [][]float64) [][]float64 {
	buf := func(a [][]float64, f func(i, j int) float64) [][]float64 {
		out := make([][]float64, len(a))
		for i := range a {
			for j := range a[i] {
				out[i] = append(out[i], f(i, j))
			}
		}
		return out
	}
	transpose := func(a [][]float64) [][]float64 {
		out := make([][]float64, len(a[0]))
		for j := range out {
			for i := range a {
				out[j] = append(out[j], a[i][j])
			}
		}
		return out
	}
	times := func(a, b [][]float64) [][]float64 {
		out := make([][]float64, len(a))
		for i := range a {
			out[i] = make([]float64, len(b[0]))
			for k, v := range a[i] {
				for j, w := range b[k] {
					out[i][j] += v * w
				}
			}
		}
		return out
	}
	rows, cols := len(g), len(g[0])
	// The buffer is 0.05·g, and looking ahead mixes 0.05 of g with 0.95 of it.
	size := 0.0
	x := buf(g, func(i, j int) float64 { return 0.05*g[i][j] + 0.95*0.05*g[i][j] })
	for _, r := range x {
		for _, v := range r {
			size += v * v
		}
	}
	x = buf(x, func(i, j int) float64 { return x[i][j] / math.Sqrt(size) })
	if rows > cols {
		x = transpose(x)
	}
	for range 5 {
		a := times(x, transpose(x))
		aa := times(a, a)
		bx := times(buf(a, func(i, j int) float64 { return -4.7750*a[i][j] + 2.0315*aa[i][j] }), x)
		x = buf(x, func(i, j int) float64 { return 3.4445*x[i][j] + bx[i][j] })
	}
	if rows > cols {
		x = transpose(x)
	}
	factor := math.Sqrt(max(1, float64(rows)/float64(cols)))
	return buf(x, func(i, j int) float64 { return factor * x[i][j] })
}

// On ½Σ cᵢxᵢ² the Hessian's diagonal is exact whatever the random signs, SAM's
// gradient is known, and Polyak's step is f/‖g‖².
func TestCurvatureRulesOnAQuadratic(t *testing.T) {
	c, x0 := []float64{1, 4}, []float64{2, -1}
	step := func(r Rule) []float64 {
		g := graph.New(graph.Float64, 1)
		p := g.Param("p", graph.From(x0...), 2)
		tr := Descend(ops.Scale(0.5, ops.Sum(ops.Mul(g.State("c", graph.From(c...), 2), ops.Square(p)))), r)
		prog, err := tr.Compile()
		if err != nil {
			t.Fatal(err)
		}
		if err := prog.Run(graph.Let(tr.LR, []float64{1})); err != nil {
			t.Fatal(err)
		}
		return p.Variable().Float64s()
	}
	n := math.Sqrt(4 + 16)
	for _, k := range []struct {
		rule Rule
		want []float64
	}{
		{AdaHessianRule{0.9, 0.999, 0}, []float64{0, 0}}, // Newton's step
		{SophiaRule{0, 0, 1, 1e-12, 1}, []float64{1, 0}}, // Newton's step of at most 1
		{Chain{SAMRule{0.5}, SGD()}, []float64{2 - (2 + 0.5*2/n), -1 - 4*(-1-0.5*4/n)}},
		{Polyak(), []float64{2 - 4.0/20*2, -1 + 4.0/20*4}},
	} {
		if got := step(k.rule); apart([][]float64{got}, [][]float64{k.want}) > 1e-12 {
			t.Errorf("%v: %v, want %v", k.rule, got, k.want)
		}
	}
}

// Cautious steps never go against the gradient, and what is 0 counts as that.
func TestCautious(t *testing.T) {
	G := [][]float64{{1, 1, 1, 1}, {-0.1, 1, 1, 0}}
	want := [][]float64{{-1, -1, -1, -1}, {-1, -1 - 2*1.9, -1 - 2*1.9, -1}}
	fed(t, []float64{0, 0, 0, 0}, G, Chain{Momentum(), Cautious()}, 1, false, func(step int, x []float64) {
		if apart([][]float64{x}, want[step-1:step]) > 1e-12 {
			t.Errorf("step %d: %v, want %v", step, x, want[step-1])
		}
	})
}
