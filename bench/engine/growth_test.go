package engine

import (
	"fmt"
	"testing"

	"descent/graph"
	"descent/ops"

	"gorgonia.org/tensor"
)

// chain builds, differentiates and compiles n layers of tanh(x·w + x): its
// time should grow as n.
func chain(n int) error {
	g := graph.New(tensor.Float64, 1)
	x, w := g.Input("x", 4, 8), g.Param("w", graph.Fill(0.1), 8, 8)
	for range n {
		x = ops.Tanh(ops.Add(ops.MatMul(x, w), x))
	}
	loss := ops.Sum(x)
	_, err := graph.Compile(append(graph.Grad(loss, w), loss)...)
	return err
}

// elementwise is the same for n sines, which become one region.
func elementwise(n int) error {
	g := graph.New(tensor.Float64, 1)
	w := g.Param("w", graph.Fill(0.1), 100)
	x := w
	for range n {
		x = ops.Add(ops.Mul(x, w), ops.Sin(x))
	}
	loss := ops.Sum(x)
	_, err := graph.Compile(append(graph.Grad(loss, w), loss)...)
	return err
}

func BenchmarkGrowth(b *testing.B) {
	for name, build := range map[string]func(int) error{"layers": chain, "elementwise": elementwise} {
		for _, n := range []int{100, 1000, 3000} {
			b.Run(fmt.Sprintf("%s-%d", name, n), func(b *testing.B) {
				for b.Loop() {
					if err := build(n); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/float64(n), "us/layer")
			})
		}
	}
}
