package optimizers

import (
	"errors"
	"math"
	"testing"

	"descent/graph"
	"descent/internal/golden"
	"descent/ops"
	"descent/optimizers/schedule"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// A gorgonia program with gorgonia's machine and our rule goes the same way as
// ours.
func TestSolverWithTapeMachine(t *testing.T) {
	for _, rule := range []Rule{Adam(), Chain{Clip(0.5), AdamW()}, Chain{L2(0.1), Nesterov()}} {
		xs, ys := []float64{1, 2, 3, -1, 0.5, 2}, []float64{1, -1, 2}
		w0, b0 := []float64{0.3, -0.2}, 0.1

		g := gorgonia.NewGraph()
		x := gorgonia.NewMatrix(g, graph.Float64, gorgonia.WithShape(3, 2), gorgonia.WithName("x"), gorgonia.WithValue(tensor.New(tensor.WithShape(3, 2), tensor.WithBacking(xs))))
		y := gorgonia.NewVector(g, graph.Float64, gorgonia.WithShape(3), gorgonia.WithName("y"), gorgonia.WithValue(tensor.New(tensor.WithShape(3), tensor.WithBacking(ys))))
		w := gorgonia.NewVector(g, graph.Float64, gorgonia.WithShape(2), gorgonia.WithName("w"), gorgonia.WithValue(tensor.New(tensor.WithShape(2), tensor.WithBacking(append([]float64(nil), w0...)))))
		b := gorgonia.NewScalar(g, graph.Float64, gorgonia.WithName("b"), gorgonia.WithValue(b0))
		pred := gorgonia.Must(gorgonia.Add(gorgonia.Must(gorgonia.Mul(x, w)), b))
		loss := gorgonia.Must(gorgonia.Sum(gorgonia.Must(gorgonia.Square(gorgonia.Must(gorgonia.Sub(pred, y))))))
		if _, err := gorgonia.Grad(loss, w, b); err != nil {
			t.Fatal(err)
		}
		vm := gorgonia.NewTapeMachine(g, gorgonia.BindDualValues(w, b))
		defer vm.Close()
		solver := NewSolver(rule, 0.05)

		og := graph.New(graph.Float64, 1)
		ox, oy := og.Input("x", 3, 2), og.Input("y", 3)
		ow, ob := og.Param("w", graph.From(w0...), 2), og.Param("b", graph.From(b0))
		op := ops.Add(ops.Reshape(ops.MatMul(ox, ops.Reshape(ow, 2, 1)), 3), ob)
		tr := Descend(ops.Sum(ops.Square(ops.Sub(op, oy))), rule)
		prog, err := tr.Compile()
		if err != nil {
			t.Fatal(err)
		}
		for range 20 {
			if err := vm.RunAll(); err != nil {
				t.Fatal(err)
			}
			if err := solver.Step(gorgonia.NodesToValueGrads(gorgonia.Nodes{w, b})); err != nil {
				t.Fatal(err)
			}
			vm.Reset()
			if err := prog.Run(graph.Let(ox, xs), graph.Let(oy, ys), graph.Let(tr.LR, []float64{0.05})); err != nil {
				t.Fatal(err)
			}
		}
		got := append(append([]float64(nil), w.Value().Data().([]float64)...), b.Value().Data().(float64))
		want := append(ow.Variable().Float64s(), ob.Variable().Float64s()...)
		for i := range want {
			if math.Abs(got[i]-want[i]) > 1e-12 {
				t.Errorf("%v: gorgonia %v, ours %v", rule, got, want)
				break
			}
		}
		if err := NewSolver(SAM(), 1).Step(gorgonia.NodesToValueGrads(gorgonia.Nodes{w, b})); !errors.Is(err, ErrNeedsLoss) {
			t.Errorf("sam without a loss: %v", err)
		}
	}
}

// Each rule, interrupted in the middle and resumed in another process's graph,
// ends with the same bits.
func TestResumeIsBitIdentical(t *testing.T) {
	build := func(r Rule) (*graph.Graph, *Training, *graph.Program) {
		g := graph.New(graph.Float32, 5)
		w := g.Param("w", ramp, 4, 3)
		b := g.Param("b", ramp, 3)
		loss := ops.Mean(ops.Square(ops.Sub(ops.Tanh(ops.Add(w, b)), g.Const(0.3, 4, 3))))
		tr := Descend(loss, r)
		p, err := tr.Compile()
		if err != nil {
			t.Fatal(err)
		}
		return g, tr, p
	}
	steps := func(tr *Training, p *graph.Program, n int) {
		for range n {
			if err := p.Run(graph.Let(tr.LR, []float64{0.03})); err != nil {
				t.Fatal(err)
			}
		}
	}
	for i := range Table {
		r := with(&Table[i], Table[i].New())
		whole, tr, p := build(r)
		steps(tr, p, 14)
		first, tr, p := build(r)
		steps(tr, p, 7)
		second, tr, p := build(r)
		if err := second.Store().Restore(first.Store().Snapshot()); err != nil {
			t.Fatal(err)
		}
		steps(tr, p, 7)
		for k, v := range second.Store().Snapshot() {
			if want := whole.Store().Snapshot()[k]; !equalBits(v.Values, want.Values) {
				t.Errorf("%s: %s is %v after a pause, %v without", Table[i].Name, v.Name, v.Values, want.Values)
			}
		}
	}
	a, _, _ := build(Adam())
	b, _, _ := build(SGD())
	if err := b.Store().Restore(a.Store().Snapshot()); err == nil {
		t.Error("adam's states fit into sgd")
	}
}

// The loss after k steps, differentiated by the learning rate and by the start.
func TestHypergradients(t *testing.T) {
	for _, rule := range []Rule{SGD(), Momentum(), Adam(), AdamW(), Chain{Clip(3), RMSProp()}} {
		g := graph.New(graph.Float64, 1)
		w := g.Param("w", graph.From(3, -2), 2)
		at := func(i int) *node { return ops.Sum(ops.Slice(w, 0, i, i+1, 1)) }
		tr := Descend(golden.Problems["quad"](at(0), at(1)), rule)
		after := Unroll(tr, 5)
		grads := graph.Grad(after, tr.LR, w)
		p, err := graph.Compile(append(grads, after)...)
		if err != nil {
			t.Fatal(err)
		}
		eval := func(lr, w0 float64) float64 {
			w.Variable().Set([]float64{w0, -2})
			if err := p.Run(graph.Let(tr.LR, []float64{lr})); err != nil {
				t.Fatal(err)
			}
			return p.Scalar(after)
		}
		const lr, h = 0.02, 1e-5
		byLR := (eval(lr+h, 3) - eval(lr-h, 3)) / (2 * h)
		byStart := (eval(lr, 3+h) - eval(lr, 3-h)) / (2 * h)
		value := eval(lr, 3)
		if got := p.Scalar(grads[0]); math.Abs(got-byLR) > 1e-6*(1+math.Abs(byLR)) {
			t.Errorf("%v: ∂loss/∂lr = %v, differences %v", rule, got, byLR)
		}
		if got := p.Float64s(grads[1])[0]; math.Abs(got-byStart) > 1e-6*(1+math.Abs(byStart)) {
			t.Errorf("%v: ∂loss/∂start = %v, differences %v", rule, got, byStart)
		}
		prog, err := tr.Compile()
		if err != nil {
			t.Fatal(err)
		}
		for range 6 {
			if err := prog.Run(graph.Let(tr.LR, []float64{lr})); err != nil {
				t.Fatal(err)
			}
		}
		if got := prog.Scalar(tr.Loss); math.Abs(got-value) > 1e-12*math.Abs(value) {
			t.Errorf("%v: unrolled loss %v, loss after 5 steps %v", rule, value, got)
		}
	}
}

func TestFinder(t *testing.T) {
	g := graph.New(graph.Float64, 1)
	w := g.Param("w", graph.From(3, -2), 2)
	at := func(i int) *node { return ops.Sum(ops.Slice(w, 0, i, i+1, 1)) }
	tr := Descend(golden.Problems["quad"](at(0), at(1)), Momentum())
	p, err := tr.Compile()
	if err != nil {
		t.Fatal(err)
	}
	f := schedule.Finder{Range: schedule.DefaultRange()}
	for step := range f.Steps {
		lr := f.At(step)
		if err := p.Run(graph.Let(tr.LR, []float64{lr})); err != nil {
			t.Fatal(err)
		}
		if !f.Add(lr, p.Scalar(tr.Loss)) {
			break
		}
	}
	// The curvature is 10: rates above 2·1.9/10 diverge.
	if best := f.Best(); best < 1e-4 || best > 0.38 || len(f.Curve) < 50 || len(f.Curve) == 100 {
		t.Errorf("best rate %v of %d", best, len(f.Curve))
	}
}
