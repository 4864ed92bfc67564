package optimizers

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"descent/graph"
	"descent/ops"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// fixed is a node with a value and a gradient, as a machine leaves it.
type fixed struct {
	name        string
	value, grad gorgonia.Value
}

func (f *fixed) Name() string                  { return f.name }
func (f *fixed) Value() gorgonia.Value         { return f.value }
func (f *fixed) Grad() (gorgonia.Value, error) { return f.grad, nil }
func dense(backing any, dims ...int) *tensor.Dense {
	return tensor.New(tensor.WithShape(dims...), tensor.WithBacking(backing))
}

// numbers returns n of them of type dt, a slice of which is the backing of a
// tensor.
func numbers(dt graph.Dtype, n int, f func(i int) float64) any {
	if dt == graph.Float64 {
		x := make([]float64, n)
		for i := range x {
			x[i] = f(i)
		}
		return x
	}
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(f(i))
	}
	return x
}

// nth returns element i of a tensor's backing as float64.
func nth(backing any, i int) float64 {
	if x, ok := backing.([]float64); ok {
		return x[i]
	}
	return float64(backing.([]float32)[i])
}

func wave(k int) func(i int) float64 {
	return func(i int) float64 { return math.Sin(float64(i*k + 1)) }
}

// TestSolverInPlace: values of every kind go the way of the rule in a graph, to
// the bit: dense ones, views, transposes, scalars, gradients that move from step
// to step; what lies between the elements of a view stays; gradients are cleared.
func TestSolverInPlace(t *testing.T) {
	rules := []Rule{SGD(), Chain{Clip(0.5), AdamW()}, Momentum(), Muon(), Chain{Adam(), EMA()}}
	for _, dt := range []graph.Dtype{graph.Float32, graph.Float64} {
		for _, rule := range rules {
			t.Run(fmt.Sprint(dt, " ", rule), func(t *testing.T) { solveKinds(t, dt, rule) })
		}
	}
}

func solveKinds(t *testing.T, dt graph.Dtype, rule Rule) {
	const rows, cols, steps = 5, 7, 6
	whole := numbers(dt, 4*rows*cols, wave(3)) // the view is two columns of it
	view := func(x any) *tensor.Dense {
		v, err := dense(x, 4*rows, cols).Slice(gorgonia.S(0, rows), gorgonia.S(2, 4))
		if err != nil {
			t.Fatal(err)
		}
		return v.(*tensor.Dense)
	}
	turned := dense(numbers(dt, rows*cols, wave(5)), cols, rows)
	if err := turned.T(); err != nil { // rows×cols, not moved
		t.Fatal(err)
	}
	scalar := func(x float64) gorgonia.Value {
		if dt == graph.Float32 {
			return gorgonia.NewF32(float32(x))
		}
		return gorgonia.NewF64(x)
	}
	nodes := []*fixed{
		{"dense", dense(numbers(dt, rows*cols, wave(2)), rows, cols), nil},
		{"view", view(whole), nil},
		{"turned", turned, nil},
		{"scalar", scalar(0.3), nil},
		{"moving", dense(numbers(dt, 32, wave(4)), 32), nil},
		{"aligned", dense(numbers(dt, 64, wave(6)), 4, 16), nil},
	}
	g := graph.New(dt, 0)
	element := func(n *fixed, i int) float64 { // in row-major order
		switch v := n.value.(type) {
		case *tensor.Dense:
			if v.Dims() == 1 {
				return nth(v.Data(), i)
			}
			x, err := v.At(i/v.Shape()[1], i%v.Shape()[1])
			if err != nil {
				t.Fatal(err)
			}
			if f, ok := x.(float32); ok {
				return float64(f)
			}
			return x.(float64)
		case *gorgonia.F32:
			return float64(*v)
		default:
			return float64(*v.(*gorgonia.F64))
		}
	}
	var params, ins []*node
	loss := g.Const(0)
	for _, n := range nodes {
		var dims []int
		if d, ok := n.value.(*tensor.Dense); ok {
			dims = d.Shape()
		}
		init := func(i int) float64 { return element(n, i) }
		x := make([]float64, max(1, tensor.Shape(dims).TotalSize()))
		for i := range x {
			x[i] = init(i)
		}
		p, in := g.Param(n.name, graph.From(x...), dims...), g.Input(n.name+"/in", dims...)
		params, ins = append(params, p), append(ins, in)
		loss = ops.Add(loss, ops.Sum(ops.Mul(in, p)))
	}
	tr := Descend(loss, rule)
	prog, err := graph.Function{Updates: tr.Updates}.Compile()
	if err != nil {
		t.Fatal(err)
	}
	solver := NewSolver(rule, 0.05)
	gradView := numbers(dt, 4*rows*cols, wave(1))
	before := slices.Clone([]float64{nth(whole, 0), nth(whole, 4), nth(gradView, 1)})
	nodes[0].grad, nodes[1].grad = dense(numbers(dt, rows*cols, wave(1)), rows, cols), view(gradView)
	for k := range steps {
		feeds := []graph.Feed{graph.Let(tr.LR, []float64{0.05})}
		var model []gorgonia.ValueGrad
		for j, n := range nodes {
			size := ins[j].Shape().Size()
			x := numbers(dt, size, func(i int) float64 { return wave(k + j + 2)(i) })
			switch d, _ := n.grad.(*tensor.Dense); {
			case n.name == "scalar":
				n.grad = scalar(nth(x, 0))
			case d == nil || n.name == "moving":
				n.grad = dense(x, ins[j].Shape().Dims()...)
			default:
				for i := range size {
					var e any = nth(x, i)
					if dt == graph.Float32 {
						e = float32(nth(x, i))
					}
					if err := d.SetAt(e, i/d.Shape()[1], i%d.Shape()[1]); err != nil {
						t.Fatal(err)
					}
				}
			}
			flat := make([]float64, size)
			for i := range flat {
				flat[i] = nth(x, i)
			}
			feeds = append(feeds, graph.Let(ins[j], flat))
			model = append(model, n)
		}
		if err := solver.Step(model); err != nil {
			t.Fatal(err)
		}
		if err := prog.Run(feeds...); err != nil {
			t.Fatal(err)
		}
		for j, n := range nodes {
			for i, want := range params[j].Variable().Float64s() {
				if got := element(n, i); got != want {
					t.Fatalf("step %d: element %d of %s is %v, want %v", k, i, n.name, got, want)
				}
			}
			if got := element(&fixed{value: n.grad}, 0); got != 0 {
				t.Fatalf("step %d: the gradient of %s is %v afterwards", k, n.name, got)
			}
		}
	}
	after := []float64{nth(whole, 0), nth(whole, 4), nth(gradView, 1)}
	if !slices.Equal(before, after) {
		t.Errorf("beside the views %v became %v", before, after)
	}
}

// TestSolverMistakes: what cannot be changed in place is refused by name.
func TestSolverMistakes(t *testing.T) {
	x := []float64{1, 2, 3}
	a := &fixed{"a", dense(x, 3), dense([]float64{1, 1, 1}, 3)}
	for want, model := range map[string][]gorgonia.ValueGrad{
		"a and b are the same memory":             {a, &fixed{"b", dense(x, 3), dense([]float64{1, 1, 1}, 3)}},
		"b is *tensor.Dense, not a value":         {a, &fixed{"b", dense([]float32{1}, 1), dense([]float64{1}, 1)}},
		"a has 3 elements, its gradient 2":        {&fixed{"a", a.value, dense([]float64{1, 1}, 2)}},
		"the first node has no value of type flo": {&fixed{"a", dense([]int{1}, 1), dense([]int{1}, 1)}},
	} {
		if err := NewSolver(Adam(), 0.1).Step(model); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q in it", err, want)
		}
	}
	s := NewSolver(SGD(), 0.1)
	if err := s.Step([]gorgonia.ValueGrad{a}); err != nil {
		t.Fatal(err)
	}
	if err := s.Step([]gorgonia.ValueGrad{a, a}); err == nil {
		t.Error("another model is accepted")
	}
	a.value = dense([]float64{1, 2}, 2)
	if err := s.Step([]gorgonia.ValueGrad{a}); err == nil || !strings.Contains(err.Error(), "had 3 elements and has 2") {
		t.Errorf("another size: %v", err)
	}
}

// weights is an MLP's worth of nodes.
func weights(dt graph.Dtype, sizes ...int) (model []gorgonia.ValueGrad) {
	for i := 1; i < len(sizes); i++ {
		for _, dims := range [][]int{{sizes[i-1], sizes[i]}, {sizes[i]}} {
			n := tensor.Shape(dims).TotalSize()
			model = append(model, &fixed{fmt.Sprint("w", len(model)), dense(numbers(dt, n, wave(2)), dims...), dense(numbers(dt, n, wave(3)), dims...)})
		}
	}
	return model
}

func TestSolverAllocatesNothing(t *testing.T) {
	for _, dt := range []graph.Dtype{graph.Float32, graph.Float64} {
		model := append(weights(dt, 8, 5, 3), &fixed{"s", gorgonia.NewF64(1), gorgonia.NewF64(1)})
		if dt == graph.Float32 {
			model = append(weights(dt, 8, 5, 3), &fixed{"s", gorgonia.NewF32(1), gorgonia.NewF32(1)})
		}
		s := NewSolver(Adam(), 1e-3)
		if n := testing.AllocsPerRun(20, func() {
			if err := s.Step(model); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%v: %v allocations a step", dt, n)
		}
	}
}

// BenchmarkSolver compares a step of our solver with gorgonia's own on the same
// nodes: the ratio of medians of steps that take turns.
func BenchmarkSolver(b *testing.B) {
	for _, c := range []struct {
		name   string
		rule   Rule
		theirs func() gorgonia.Solver
	}{
		{"adam", Adam(), func() gorgonia.Solver { return gorgonia.NewAdamSolver() }},
		{"sgd", SGD(), func() gorgonia.Solver { return gorgonia.NewVanillaSolver() }},
	} {
		for _, dt := range []graph.Dtype{graph.Float32, graph.Float64} {
			for _, sizes := range [][]int{{4, 16, 3}, {64, 32, 10}, {784, 128, 10}} {
				b.Run(fmt.Sprint(c.name, "-", dt, "-", sizes), func(b *testing.B) {
					solvers := []gorgonia.Solver{NewSolver(c.rule, 1e-3), c.theirs()}
					models := [][]gorgonia.ValueGrad{weights(dt, sizes...), weights(dt, sizes...)}
					var times [2][]time.Duration
					for b.Loop() {
						for k, s := range solvers {
							began := time.Now()
							if err := s.Step(models[k]); err != nil {
								b.Fatal(err)
							}
							times[k] = append(times[k], time.Since(began))
						}
					}
					for k := range times {
						slices.Sort(times[k])
					}
					middle := len(times[0]) / 2
					b.ReportMetric(times[1][middle].Seconds()/times[0][middle].Seconds(), "gorgonia/ours")
					b.ReportMetric(times[0][middle].Seconds()*1e6, "us/step")
					b.ReportMetric(0, "ns/op")
				})
			}
		}
	}
}
