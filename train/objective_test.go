package train

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"descent/data"
	"descent/graph"
	"descent/losses"
	"descent/models"
	"descent/ops"
	"descent/optimizers/search"
)

// noisy returns n rows of 5 inputs with classes 0, 1 and 2.
func noisy(t *testing.T, n int) *data.Dataset {
	t.Helper()
	rng := rand.New(rand.NewPCG(2, 2))
	d, err := data.FromFunc(n, func(int) ([]float64, int) {
		x := make([]float64, 5)
		for k := range x {
			x[k] = rng.NormFloat64()
		}
		return x, rng.IntN(3)
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestChunksAddUp: loss, gradient and Hessian products over chunks, the last of which
// is short, are those of one graph of all rows, with a penalty; and so is each loss of
// several.
func TestChunksAddUp(t *testing.T) {
	const n = 2*chunkRows + 100
	d := noisy(t, n)
	net, other := models.MLP(ops.Tanh, 7, 3), losses.CrossEntropy
	margin := func(pred, y *graph.Node) *graph.Node { return ops.Mean(ops.Square(ops.Sum(pred, 1))) }
	penalty := func(params []*graph.Node) *graph.Node { return losses.L2(0.01, params...) }
	task := Task{Penalty: penalty, Compute: func(b *Batch) Result {
		pred, y := net(b.Numbers("x", 5)), b.Whole("y")
		return Result{Losses: []Loss{{Name: "a", Weight: 1, Node: other(pred, y)}, {Name: "b", Weight: 0.5, Node: margin(pred, y)}}}
	}}
	tr, err := New(task, nil, graph.Float64, 3)
	if err != nil {
		t.Fatal(err)
	}
	o, err := tr.objective(d, nil)
	if err != nil {
		t.Fatal(err)
	}
	p := o.problem()

	g := graph.New(graph.Float64, 9)
	x, y := g.Input("x", n, 5), g.Indices("y", n)
	pred := net(x)
	a, b := other(pred, y), margin(pred, y)
	rows, classes := make([]float64, 0, 5*n), make([]int, n)
	for i := range n {
		classes[i] = d.Class[i]
	}
	for _, v := range d.X.Numbers() {
		rows = append(rows, float64(v))
	}
	whole, err := search.ProblemOf(ops.Add(ops.Add(a, ops.Scale(0.5, b)), penalty(g.Params())), nil, graph.Let(x, rows), graph.Let(y, classes))
	if err != nil {
		t.Fatal(err)
	}
	m := len(p.Start)
	v, got, want := make([]float64, m), make([]float64, m), make([]float64, m)
	for i := range v {
		v[i] = math.Sin(float64(i))
	}
	near := func(what string, got, want []float64) {
		t.Helper()
		size := 0.0
		for _, w := range want {
			size = max(size, math.Abs(w))
		}
		for i := range want {
			if !(math.Abs(got[i]-want[i]) <= 1e-12*size) {
				t.Fatalf("%s, element %d: %v over chunks, %v at once", what, i, got[i], want[i])
			}
		}
	}
	near("loss", []float64{p.Func(p.Start)}, []float64{whole.Func(p.Start)})
	near("loss with gradient", []float64{p.Grad(p.Start, got)}, []float64{whole.Grad(p.Start, want)})
	near("gradient", got, want)
	p.HVP(p.Start, v, got)
	whole.HVP(p.Start, v, want)
	near("product with the Hessian", got, want)
	if o.passes != 3 {
		t.Errorf("%d passes are counted of 3", o.passes)
	}
	r := o.recent[1]
	near("losses", []float64{r.value - r.loss, r.loss}, []float64{penaltyOf(t, penalty, tr), r.parts[0] + 0.5*r.parts[1]})
	graphs, err := graph.Compile(a, b)
	if err != nil {
		t.Fatal(err)
	}
	if err := graphs.Run(graph.Let(x, rows), graph.Let(y, classes)); err != nil {
		t.Fatal(err)
	}
	near("losses by name", r.parts, []float64{graphs.Scalar(a), graphs.Scalar(b)})
}

// penaltyOf is the penalty of a trainer's parameters.
func penaltyOf(t *testing.T, penalty func([]*graph.Node) *graph.Node, tr *Trainer) float64 {
	t.Helper()
	g := tr.root.Sibling()
	var params []*graph.Node
	for _, w := range tr.one.g.Params() {
		params = append(params, g.Param(w.Name(), graph.Zeros, w.Shape().Dims()...))
	}
	node := penalty(params)
	p, err := graph.Compile(node)
	if err == nil {
		err = p.Run()
	}
	if err != nil {
		t.Fatal(err)
	}
	return p.Scalar(node)
}

// TestResiduals: half the sum of their squares is the loss, and their Jacobian gives
// its gradient, for losses with weights and rows with several outputs.
func TestResiduals(t *testing.T) {
	d := noisy(t, 40)
	net := models.MLP(ops.Tanh, 4, 3)
	task := Task{Compute: func(b *Batch) Result {
		r := ops.Sub(net(b.Numbers("x", 5)), b.OneHot("y", 3))
		s := ops.Sum(r, 1)
		return Result{Losses: []Loss{{Name: "a", Weight: 2, Node: ops.Mean(ops.Square(r)), Residuals: r}, {Name: "b", Weight: 0.3, Node: ops.Mean(ops.Square(s)), Residuals: s}}}
	}}
	tr, err := New(task, nil, graph.Float64, 3)
	if err != nil {
		t.Fatal(err)
	}
	o, err := tr.objective(d, nil)
	if err != nil {
		t.Fatal(err)
	}
	p := o.problem()
	n := len(p.Start)
	r, jac, slope := make([]float64, p.Count), make([]float64, p.Count*n), make([]float64, n)
	p.Residuals(p.Start, r, jac)
	sum := 0.0
	for _, x := range r {
		sum += x * x / 2
	}
	at := o.at(sum) // what a method that asks for residuals alone is at
	value := p.Grad(p.Start, slope)
	if len(at.parts) != 2 || math.Abs(2*at.parts[0]+0.3*at.parts[1]-value) > 1e-12*value || math.Abs(at.loss-value) > 1e-12*value {
		t.Errorf("the pass for residuals has found %+v, the loss is %v", at, value)
	}
	if math.Abs(sum-value) > 1e-12*value || p.Count != 40*4 {
		t.Errorf("%d residuals, half the sum of squares is %v, the loss %v", p.Count, sum, value)
	}
	for k := range n {
		d := 0.0
		for i, x := range r {
			d += x * jac[i*n+k]
		}
		if math.Abs(d-slope[k]) > 1e-12 {
			t.Errorf("parameter %d: Jᵀr is %v, the gradient %v", k, d, slope[k])
		}
	}
}

// TestWhatCannotBeSearched: losses that differ from pass to pass, or that chunks do
// not add up to, and residuals that are of another loss.
func TestWhatCannotBeSearched(t *testing.T) {
	small, large := noisy(t, 50), noisy(t, chunkRows+1)
	weighted, err := losses.ByName("cross_entropy(weight=[1, 2, 5])")
	if err != nil {
		t.Fatal(err)
	}
	sum, err := losses.ByName("cross_entropy(reduction=sum)")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		d     *data.Dataset
		model models.Layer
		loss  losses.Loss
		want  string // in the error; "" for none
	}{
		{small, models.Sequential(models.Dropout(0.5), models.Dense(3)), losses.CrossEntropy, "dropout changes dropout.batch"},
		{small, models.Sequential(models.Dense(4), models.BatchNorm(0.1), models.Dense(3)), losses.CrossEntropy, "batchnorm"},
		{large, models.Dense(3), sum.Loss, "mean over rows"},
		{large, models.Dense(3), weighted.Loss, "mean over rows"},
		{small, models.Dense(3), weighted.Loss, ""}, // of one chunk, which is whole
		{noisy(t, chunkRows), models.Dense(3), weighted.Loss, ""},
		{large, models.Sequential(models.Dense(4), models.LayerNorm(), models.Dense(3)), losses.CrossEntropy, ""},
	} {
		tr, err := New(Task{Model: c.model, Loss: c.loss, Features: 5, Classes: 3}, nil, graph.Float32, 1)
		if err != nil {
			t.Fatal(err)
		}
		_, err = tr.objective(c.d, nil)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("error %v, want %q", err, c.want)
		}
	}
	task := Task{Model: models.Dense(3), Loss: losses.MAE, Residuals: ops.Sub, OneHot: true, Features: 5, Classes: 3}
	tr, err := New(task, nil, graph.Float64, 1)
	if err != nil {
		t.Fatal(err)
	}
	run := Run{Train: small, Epochs: 9, Method: search.LevenbergMarquardt{}}
	if _, err := tr.Fit(t.Context(), run); err == nil || !strings.Contains(err.Error(), "not the mean of the squares") {
		t.Errorf("residuals of another loss: %v", err)
	}
}

// TestChunkIsLoadedOnce: the rows of one chunk are still there in the second pass.
func TestChunkIsLoadedOnce(t *testing.T) {
	tr, err := New(Task{Model: models.MLP(ops.ReLU, 8, 3), Loss: losses.CrossEntropy, Features: 5, Classes: 3}, nil, graph.Float32, 1)
	if err != nil {
		t.Fatal(err)
	}
	o, err := tr.objective(noisy(t, 300), nil)
	if err != nil {
		t.Fatal(err)
	}
	p := o.problem()
	var all []float64
	for range 3 {
		g := make([]float64, len(p.Start))
		all = append(all, p.Grad(p.Start, g))
		if all = append(all, g[0], g[len(g)-1]); !slices.Equal(all[len(all)-3:], all[:3]) {
			t.Fatalf("%v differs from pass to pass", all)
		}
	}
}
