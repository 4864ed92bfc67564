package engine

import (
	"fmt"
	"runtime"
	"testing"

	"descent/graph"
	"descent/ops"
	"descent/optimizers"

	"gorgonia.org/tensor"
)

// growths build, differentiate and compile a program of about n nodes: their
// time should grow as n.
var growths = []struct {
	name  string
	build func(n int) (nodes int, err error)
}{
	{"layers", layers},
	{"elementwise", elementwise},
	{"scalars", scalars},
	{"outputs", outputs},
	{"updates", updates},
	{"waiting", waiting},
	{"pieces", pieces},
}

// layers is tanh(x·w + x) again and again.
func layers(n int) (int, error) {
	g := graph.New(tensor.Float64, 1)
	x, w := g.Input("x", 4, 8), g.Param("w", graph.Fill(0.1), 8, 8)
	for range n / 12 {
		x = ops.Tanh(ops.Add(ops.MatMul(x, w), x))
	}
	return compiled(ops.Sum(x), w)
}

// elementwise is one region of sines and their derivatives.
func elementwise(n int) (int, error) {
	g := graph.New(tensor.Float64, 1)
	w := g.Param("w", graph.Fill(0.1), 100)
	x := w
	for range n / 9 {
		x = ops.Add(ops.Mul(x, w), ops.Sin(x))
	}
	return compiled(ops.Sum(x), w)
}

// scalars is elementwise on single numbers.
func scalars(n int) (int, error) {
	g := graph.New(tensor.Float64, 1)
	w := g.Param("w", graph.Fill(0.1))
	x := w
	for range n / 9 {
		x = ops.Add(ops.Mul(x, w), ops.Sin(x))
	}
	return compiled(x, w)
}

func compiled(loss, w *graph.Node) (int, error) {
	_, err := graph.Compile(append(graph.Grad(loss, w), loss)...)
	return loss.Graph().Len(), err
}

// outputs is a program of many results.
func outputs(n int) (int, error) {
	g := graph.New(tensor.Float64, 1)
	x := g.Input("x", 4, 8)
	var ys []*graph.Node
	for k := range n / 3 {
		ys = append(ys, ops.Exp(ops.Shift(float64(k), x)))
	}
	_, err := graph.Compile(ys...)
	return g.Len(), err
}

// updates trains many small parameters.
func updates(n int) (int, error) {
	g := graph.New(tensor.Float64, 1)
	x := g.Input("x", 1, 5)
	loss := g.Const(0)
	for k := range n / 22 {
		w := g.Param(fmt.Sprint("w", k), graph.Fill(0.1), 5, k%7+1)
		loss = ops.Add(loss, ops.Sum(ops.MatMul(x, w)))
	}
	t := optimizers.Descend(loss, optimizers.Adam())
	_, err := graph.Function{Outputs: []*graph.Node{loss}, Updates: t.Updates}.Compile()
	return g.Len(), err
}

// waiting replaces many states that all are read once more at the end.
func waiting(n int) (int, error) {
	g := graph.New(tensor.Float64, 1)
	x := g.Input("x", 4, 8)
	var fn graph.Function
	var last []*graph.Node
	for k := range n / 4 {
		s := g.State(fmt.Sprint("s", k), graph.Zeros, 1, k%7+1)
		fn.Updates = append(fn.Updates, graph.Update{Target: s, Value: ops.Scale(0.5, s)})
		last = append(last, s)
		x = ops.Tanh(x)
	}
	all := ops.Concat(1, last...)
	fn.Outputs = []*graph.Node{ops.Mul(ops.Sum(x), ops.Sum(all))}
	_, err := fn.Compile()
	return g.Len(), err
}

// pieces is a region that reads many arrays for the last time and makes as
// many.
func pieces(n int) (int, error) {
	g := graph.New(tensor.Float64, 1)
	x := g.Input("x", n/4, 8)
	var fn graph.Function
	sum := g.Const(0, 1, 8)
	for k := range n / 4 {
		row := ops.Slice(x, 0, k, k+1, 1)
		sum = ops.Add(sum, row)
		fn.Outputs = append(fn.Outputs, ops.Mul(sum, row))
	}
	_, err := fn.Compile()
	return g.Len(), err
}

// TestGrowth counts what programs allocate while they are made: for a node of a
// large one it should be as much as for a node of a small one. BenchmarkGrowth
// tells the same of time.
func TestGrowth(t *testing.T) {
	for _, c := range growths {
		measure := func(n int) (objects, bytes float64) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			nodes, err := c.build(n)
			if err != nil {
				t.Fatal(err)
			}
			runtime.ReadMemStats(&after)
			return float64(after.Mallocs-before.Mallocs) / float64(nodes), float64(after.TotalAlloc-before.TotalAlloc) / float64(nodes)
		}
		measure(1000) // what is made once
		objects, bytes := measure(1000)
		moreObjects, moreBytes := measure(16000)
		t.Logf("%s: %.1f and %.1f objects a node, %.0f and %.0f bytes", c.name, objects, moreObjects, bytes, moreBytes)
		if moreObjects > 1.3*objects || moreBytes > 1.3*bytes {
			t.Errorf("%s: of 1,000 nodes each takes %.1f objects and %.0f bytes, of 16,000 %.1f and %.0f", c.name, objects, bytes, moreObjects, moreBytes)
		}
	}
}

func BenchmarkGrowth(b *testing.B) {
	for _, c := range growths {
		for _, n := range []int{1000, 5000, 20000} {
			b.Run(fmt.Sprintf("%s-%d", c.name, n), func(b *testing.B) {
				nodes := 0
				b.ReportAllocs()
				for b.Loop() {
					var err error
					if nodes, err = c.build(n); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(nodes), "nodes")
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/1e3/float64(b.N)/float64(nodes), "us/node")
			})
		}
	}
}
