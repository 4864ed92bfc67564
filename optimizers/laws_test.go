package optimizers

import (
	"math"
	"slices"
	"testing"

	"descent/graph"
	"descent/internal/spec"
	"descent/ops"
)

// valley is a well-conditioned problem on a matrix, a vector and a scalar: a
// sum of (x-1)²·c and a smooth coupling. It returns the parameters after each
// of some steps.
func valley(t *testing.T, dt graph.Dtype, rule Rule, lr float64, steps int, change func(loss *node) *node, up bool) [][]float64 {
	t.Helper()
	g := graph.New(dt, 3)
	ps := []*node{g.Param("w", ramp, 3, 2), g.Param("b", ramp, 2), g.Param("a", graph.Fill(2))}
	loss := ops.Square(ops.Shift(-0.2, ops.Add(ops.Mean(ps[0]), ops.Mul(ps[2], ops.Mean(ps[1])))))
	for i, p := range ps {
		loss = ops.Add(loss, ops.Scale(0.5+0.25*float64(i), ops.Sum(ops.Square(ops.Shift(-1, p)))))
	}
	if change != nil {
		loss = change(loss)
	}
	tr := Descend(loss, rule)
	if up {
		tr = Ascend(loss, rule)
	}
	p, err := tr.Compile()
	if err != nil {
		t.Fatal(rule, err)
	}
	var out [][]float64
	for range steps {
		if err := p.Run(graph.Let(tr.LR, []float64{lr})); err != nil {
			t.Fatal(err)
		}
		var x []float64
		for _, w := range ps {
			x = append(x, w.Variable().Float64s()...)
		}
		out = append(out, x)
	}
	return out
}

// apart returns the largest difference of two runs, relative to 1+|x|.
func apart(a, b [][]float64) (d float64) {
	for i := range a {
		for k := range a[i] {
			if e := math.Abs(a[i][k]-b[i][k]) / (1 + math.Abs(a[i][k])); !(e <= d) {
				d = e
			}
		}
	}
	return d
}

// lrOf is a moderate rate for a rule in tests.
func lrOf(e *Entry) float64 {
	if e.LR == 0 || e.Name == "muon" {
		return 0.01
	}
	return min(e.LR, 0.05)
}

func TestLaws(t *testing.T) {
	run := func(r Rule, lr float64) [][]float64 { return valley(t, graph.Float64, r, lr, 40, nil, false) }
	const huge = 1e12
	for _, c := range []struct {
		law  string
		a, b [][]float64
		tol  float64
	}{
		{"adamw without decay is adam", run(Chain{Decay(0), Adam()}, 0.1), run(Adam(), 0.1), 0},
		{"lookahead with alpha 1 is its rule", run(Chain{Adam(), LookaheadRule{3, 1}}, 0.1), run(Adam(), 0.1), 0},
		{"lookahead with k 1 and alpha ½ is half the rate", run(Chain{SGD(), LookaheadRule{1, 0.5}}, 0.1), run(SGD(), 0.05), 1e-14},
		{"l2 on sgd is decay of the same strength", run(Chain{L2(0.3), SGD()}, 0.05), run(Chain{Decay(0.3), SGD()}, 0.05), 1e-14},
		{"a clip that is never reached does nothing", run(Chain{ClipRule{huge, true}, Adam()}, 0.1), run(Adam(), 0.1), 0},
		{"sam with rho 0 is its rule", run(Chain{SAMRule{0}, Adam()}, 0.1), run(Adam(), 0.1), 1e-14},
		{"noise of variance 0 does nothing", run(Chain{NoiseRule{0, 1}, Adam()}, 0.1), run(Adam(), 0.1), 0},
		{"accumulating 1 batch does nothing", run(Chain{Accumulate(1), Adam()}, 0.1), run(Adam(), 0.1), 0},
		{"adam without memory is signsgd", run(AdamRule{Eps: 1e-12}, 0.1), run(SignSGD(), 0.1), 1e-9},
		{"qhm with ν 1 is the mean", run(QHMRule{0.9, 1}, 0.1), run(SGDRule{Momentum: 0.9, Dampening: 0}, 0.01), 1e-13},
		{"qhadam with ν 1 is adam", run(QHAdamRule{0.9, 0.999, 1, 1, 1e-8}, 0.1), run(Adam(), 0.1), 1e-12},
		{"ademamix with α 0 is adam", run(AdEMAMixRule{0.9, 0.999, 0.9, 0, 1e-8}, 0.1), run(Adam(), 0.1), 1e-12},
		{"schedule-free with β 0 goes as its rule", run(Chain{SGD(), ScheduleFreeRule{0}}, 0.1), run(SGD(), 0.1), 1e-14},
		{"a group of factor 1 does nothing", run(Chain{Group("*", 1), Adam()}, 0.1), run(Adam(), 0.1), 0},
		{"maximize twice does nothing", run(Chain{Maximize(), Maximize(), Adam()}, 0.1), run(Adam(), 0.1), 0},
		{"adam with a huge eps is momentum with correction", run(AdamRule{Beta1: 0, Beta2: 0.9, Eps: 1e9}, 0.05*1e9), run(SGD(), 0.05), 1e-8},
	} {
		if d := apart(c.a, c.b); d > c.tol {
			t.Errorf("%s: runs are %g apart", c.law, d)
		}
	}
}

// Adam with a huge ε and its rate times ε is momentum: with the bias
// correction of the mean undone by the rate of each step.
func TestAdamWithHugeEpsIsMomentum(t *testing.T) {
	const beta, eps, lr = 0.9, 1e12, 0.05
	x0 := []float64{1, -2}
	var G [][]float64
	for i := range 30 {
		G = append(G, []float64{math.Sin(float64(i)), 1 / float64(i+1)})
	}
	var a, b [][]float64
	g := graph.New(graph.Float64, 1)
	p, in := g.Param("p", graph.From(x0...), 2), g.Input("g", 2)
	tr := Descend(ops.Sum(ops.Mul(p, in)), AdamRule{Beta1: beta, Beta2: 0.999, Eps: eps})
	prog, err := tr.Compile()
	if err != nil {
		t.Fatal(err)
	}
	for i, grad := range G {
		rate := lr * eps * (1 - math.Pow(beta, float64(i+1))) / (1 - beta)
		if err := prog.Run(graph.Let(in, grad), graph.Let(tr.LR, []float64{rate})); err != nil {
			t.Fatal(err)
		}
		a = append(a, p.Variable().Float64s())
	}
	fed(t, x0, G, Momentum(), lr, false, func(_ int, x []float64) { b = append(b, x) })
	if d := apart(a, b); d > 1e-9 {
		t.Errorf("%g apart", d)
	}
}

// Lowering f and raising -f are the same, and turning the gradient round in the
// chain is, too.
func TestMaximizeIsMinimizeOfMinus(t *testing.T) {
	for i := range Table {
		e := &Table[i]
		if e.Name == "maximize" || e.Name == "noise" || e.Name == "polyak" { // polyak knows f's least value
			continue
		}
		r := with(e, e.New())
		a := valley(t, graph.Float64, r, lrOf(e), 15, nil, false)
		b := valley(t, graph.Float64, r, lrOf(e), 15, ops.Neg, true)
		if d := apart(a, b); d > 1e-12 {
			t.Errorf("%s: %g apart", e.Name, d)
		}
	}
}

// Rules that divide the gradient by its size do not see the loss's scale.
func TestScaleInvariance(t *testing.T) {
	const c = 1024 // a power of two: not even rounding differs
	double := func(loss *node) *node { return ops.Scale(c, loss) }
	for _, r := range []Rule{SignSGD(), Signum(), Lion(), Rprop(), AdamRule{Beta1: 0.9, Beta2: 0.999}, AdamaxRule{0.9, 0.999, 0}, AdaGradRule{}, RMSPropRule{Alpha: 0.9},
		NAdamRule{0.9, 0.999, 0, 0.004}, AdanRule{Beta1: 0.98, Beta2: 0.92, Beta3: 0.99}, LAMBRule{Beta1: 0.9, Beta2: 0.999}, LARS()} {
		a := valley(t, graph.Float64, r, 0.01, 30, nil, false)
		b := valley(t, graph.Float64, r, 0.01, 30, double, false)
		if d := apart(a, b); d > 1e-12 {
			t.Errorf("%v: %g apart", r, d)
		}
	}
}

// Elementwise rules do not see the order of a parameter's elements, nor their
// signs.
func TestPermutationAndSign(t *testing.T) {
	x0 := []float64{1, -2, 3, 0.5}
	perm, sign := []int{2, 0, 3, 1}, []float64{1, -1, -1, 1}
	var G, H [][]float64
	turn := func(x []float64) []float64 {
		y := make([]float64, len(x))
		for i, k := range perm {
			y[i] = sign[i] * x[k]
		}
		return y
	}
	for i := range 25 {
		g := make([]float64, 4)
		for k := range g {
			g[k] = math.Sin(float64(3*i+k*k) + 0.1)
		}
		G, H = append(G, g), append(H, turn(g))
	}
	for i := range Table {
		e := &Table[i]
		if e.Name == "noise" || e.Name == "adahessian" || e.Name == "sophia" || e.Name == "sam" || e.Name == "polyak" {
			continue // random, or not a function of the gradient alone
		}
		if e.Name == "yogi" {
			continue // its mean starts at 1e-6, not at 0, as in Optax
		}
		var a, b [][]float64
		r := e.New()
		fed(t, x0, G, named(r), lrOf(e), false, func(_ int, x []float64) { a = append(a, turn(x)) })
		fed(t, turn(x0), H, named(r), lrOf(e), false, func(_ int, x []float64) { b = append(b, x) })
		if d := apart(a, b); d > 1e-12 {
			t.Errorf("%s: %g apart", e.Name, d)
		}
	}
}

// named puts a rule that does not move beside one that does.
func named(r Rule) Rule {
	if e, err := spec.Find("rule", Table, Format(r)); err == nil {
		return with(e, r)
	}
	return r
}

// k micro-batches accumulated are one batch of their mean.
func TestAccumulationIsOneBatch(t *testing.T) {
	const k = 3
	x0 := []float64{1, -2, 3}
	var micro, whole [][]float64
	for i := range 12 {
		mean := make([]float64, 3)
		for j := range k {
			g := []float64{math.Cos(float64(i + j)), float64(i-j) / 5, 1}
			for n := range g {
				mean[n] += g[n]
			}
			micro = append(micro, g)
		}
		for n := range mean {
			mean[n] /= k
		}
		whole = append(whole, mean)
	}
	for i := range Table {
		e := &Table[i]
		if e.Name == "adahessian" || e.Name == "sophia" || e.Name == "sam" || e.Name == "polyak" || e.Name == "accumulate" || e.Name == "noise" {
			continue // of one loss, not of a sum; or random, by its place in the chain
		}
		r := with(e, e.New())
		var a, b [][]float64
		fed(t, x0, micro, Chain{Accumulate(k), r}, lrOf(e), false, func(step int, x []float64) {
			prev := x0
			if len(a) > 0 {
				prev = a[len(a)-1]
			}
			if step%k == 0 {
				a = append(a, x)
			} else if !equalBits(prev, x) {
				t.Errorf("%s moves between batches", e.Name)
			}
		})
		fed(t, x0, whole, Chain{r}, lrOf(e), false, func(_ int, x []float64) { b = append(b, x) })
		if d := apart(a, b); d > 1e-12 {
			t.Errorf("%s: %g apart", e.Name, d)
		}
	}
}

// loose is how far apart runs may be where rounding grows with what is computed: a
// better's wealth grows exponentially.
var loose = map[string]float64{"mechanic": 1e-2}

// A run in float32 stays near the run in float64.
func TestFloat32(t *testing.T) {
	for i := range Table {
		e := &Table[i]
		if e.Name == "maximize" {
			continue // there is no highest point
		}
		r := with(e, e.New())
		a := valley(t, graph.Float64, r, lrOf(e)/5, 100, nil, false)
		b := valley(t, graph.Float32, r, lrOf(e)/5, 100, nil, false)
		if d := apart(a, b); !(d <= max(1e-4, loose[e.Name])) {
			t.Errorf("%s: float32 is %g from float64", e.Name, d)
		}
	}
}

// At its default setting no rule ends in NaN on Rosenbrock's function.
func TestRosenbrockStaysFinite(t *testing.T) {
	for i := range Table {
		e := &Table[i]
		lr := e.LR
		if lr == 0 {
			lr = 1e-4
		}
		r := with(e, e.New())
		if e.Name == "freeze" || e.Name == "group" {
			continue
		}
		bad := false
		onProblem(t, graph.Float64, "rosenbrock", r, lr, false, 500, func(step int, x []float64) {
			if !bad && math.IsNaN(x[0]+x[1]) {
				bad = true
				t.Errorf("%s with lr=%g is %v after %d steps", e.Name, lr, x, step)
			}
		})
	}
}

// What is to be evaluated is the average, and Swap puts it in place and back.
func TestAverages(t *testing.T) {
	G := [][]float64{{1}, {-2}, {4}, {1}, {0.5}}
	path := []float64{3, 2.9, 3.1, 2.7, 2.6, 2.55}
	for _, c := range []struct {
		rule Rule
		want float64
	}{
		{Chain{SGD(), EMARule{0.5}}, ((((path[1]/2+path[2]/2)/2+path[3]/2)/2+path[4]/2)/2 + path[5]/2)},
		{Chain{SGD(), SWA()}, (path[1] + path[2] + path[3] + path[4] + path[5]) / 5},
		{Chain{SGD(), SWARule{Start: 2, Every: 3}}, (path[2] + path[5]) / 2},
		{ASGDRule{Lambda: 0, Alpha: 0, T0: 2}, (path[4] + path[5]) / 2}, // PyTorch averages from step t0+2 on,
	} {
		g := graph.New(graph.Float64, 1)
		p, in := g.Param("p", graph.From(3), 1), g.Input("g", 1)
		tr := Descend(ops.Sum(ops.Mul(in, p)), c.rule)
		prog, err := tr.Compile()
		if err != nil {
			t.Fatal(err)
		}
		for _, grad := range G {
			if err := prog.Run(graph.Let(in, grad), graph.Let(tr.LR, []float64{0.1})); err != nil {
				t.Fatal(err)
			}
		}
		if got := tr.Eval[0].Variable().Float64s()[0]; math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%v: average %v, want %v", c.rule, got, c.want)
		}
		if err := tr.Swap(); err != nil {
			t.Fatal(err)
		}
		if got := p.Variable().Float64s()[0]; math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%v: swapped %v, want %v", c.rule, got, c.want)
		}
		tr.Swap()
		if got := p.Variable().Float64s()[0]; math.Abs(got-path[5]) > 1e-12 {
			t.Errorf("%v: swapped back %v, want %v", c.rule, got, path[5])
		}
	}
}

// Groups, masks and frozen parameters reach the parameters they name.
func TestGroups(t *testing.T) {
	base := valley(t, graph.Float64, SGD(), 0.1, 1, nil, false)[0]
	start := valley(t, graph.Float64, Chain{Group("*", 0), SGD()}, 0.1, 1, nil, false)[0]
	w, b, a := []int{0, 1, 2, 3, 4, 5}, []int{6, 7}, []int{8}
	for _, c := range []struct {
		rule   Rule
		factor map[int]float64 // of the step, by element
	}{
		{Chain{Freeze("w|a"), SGD()}, weigh(w, 0, b, 1, a, 0)},
		{Chain{Group("b", 0.5), SGD()}, weigh(w, 1, b, 0.5, a, 1)},
		{Chain{Group("!w", 3), SGD()}, weigh(w, 1, b, 3, a, 3)},
	} {
		got := valley(t, graph.Float64, c.rule, 0.1, 1, nil, false)[0]
		for i := range got {
			if want := start[i] + c.factor[i]*(base[i]-start[i]); math.Abs(got[i]-want) > 1e-14 {
				t.Errorf("%v: element %d is %v, want %v", c.rule, i, got[i], want)
			}
		}
	}
	spared := valley(t, graph.Float64, Chain{DecayRule{1, "*", true}, SGD()}, 0.1, 1, nil, false)[0]
	for i := range spared {
		want := base[i]
		if i < 6 {
			want -= 0.1 * start[i]
		}
		if math.Abs(spared[i]-want) > 1e-14 {
			t.Errorf("spared decay: element %d is %v, want %v", i, spared[i], want)
		}
	}
	for _, c := range []struct {
		pattern, name string
		want          bool
	}{{"*", "x", true}, {"*.b", "l1.b", true}, {"*.b", "l1.bias", false}, {"l*.w*", "l1.w2", true}, {"!*.b|x", "x", false}, {"!*.b|x", "y", true}, {"", "", true}, {"l*", "l", true}, {"*b", "b", true}, {"l*b", "lb", true}, {"l*b", "bl", false}} {
		if matches(c.pattern, c.name) != c.want {
			t.Errorf("%q on %q is not %v", c.pattern, c.name, c.want)
		}
	}
}

func weigh(w []int, fw float64, b []int, fb float64, a []int, fa float64) map[int]float64 {
	out := map[int]float64{}
	for _, s := range []struct {
		at []int
		f  float64
	}{{w, fw}, {b, fb}, {a, fa}} {
		for _, i := range s.at {
			out[i] = s.f
		}
	}
	return out
}

// A parameter that the loss does not use is left alone by every rule, as
// PyTorch leaves one whose gradient is None; one whose gradient is 0 is not.
func TestUnusedIsLeftAlone(t *testing.T) {
	rules := []Rule{Chain{L2(0.1), Adam()}, Chain{Decay(0.1), Momentum()}, Chain{Clip(1), AdamW()}, Chain{Group("u", 2), AdamW()},
		Chain{Decay(0.1), SGD(), EMA()}, Chain{AdamW(), Lookahead()}, Chain{Freeze("u"), AdamW()}, Chain{DecayRule{0.1, "u", false}, SGD()}}
	for _, e := range Table {
		r := e.New()
		if e.LR == 0 {
			r = Chain{L2(0.1), r, AdamW()}
			if e.After {
				r = Chain{L2(0.1), AdamW(), e.New()}
			}
		}
		rules = append(rules, r)
	}
	for _, r := range rules {
		g := graph.New(graph.Float64, 1)
		w, u, stopped := g.Param("w", graph.From(1, 2), 2), g.Param("u", graph.From(1, -3), 2), g.Param("x", graph.From(5))
		loss := ops.Add(ops.Sum(ops.Square(w)), ops.StopGradient(stopped))
		tr := Descend(loss, r)
		p, err := tr.Compile()
		if err != nil {
			t.Fatalf("%v: %v", r, err)
		}
		for range 3 {
			if err := p.Run(graph.Let(tr.LR, []float64{0.1})); err != nil {
				t.Fatal(err)
			}
		}
		if tr.Eval[1] != u || !slices.Equal(u.Variable().Float64s(), []float64{1, -3}) || stopped.Variable().Float64s()[0] != 5 {
			t.Errorf("%v moves what the loss does not use to %v, %v", r, u.Variable().Float64s(), stopped.Variable().Float64s())
		}
	}
	g := graph.New(graph.Float64, 1)
	z := g.Param("z", graph.From(1))
	tr := Descend(ops.Mul(z, g.Const(0)), AdamW())
	p, err := tr.Compile()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Run(graph.Let(tr.LR, []float64{1})); err != nil || z.Variable().Float64s()[0] != 0.99 {
		t.Errorf("a gradient of 0 is no reason to leave out decay: %v, %v", z.Variable().Float64s(), err)
	}
}

// A rule that changes the direction after the parameter has landed is a
// mistake that is reported.
func TestLandedIsReported(t *testing.T) {
	if _, err := testNet(graph.Float64, Chain{SGD(), Lookahead(), Adam()}, 1); err == nil {
		t.Error("a rule after lookahead is silently ignored")
	}
}
