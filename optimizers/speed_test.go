package optimizers

import (
	"testing"

	"descent/graph"
	"descent/ops"
)

// BenchmarkRules measures the update of four million float32 parameters in bytes/s
// of what it must read and write: gradient, parameter and states. Memcpy, the
// first line, is the measure.
func BenchmarkRules(b *testing.B) {
	const n = 1 << 22
	src, dst := make([]float32, n), make([]float32, n)
	for i := range src {
		src[i], dst[i] = float32(i), 1 // touch the pages
	}
	b.Run("memcpy", func(b *testing.B) {
		b.SetBytes(2 * 4 * n)
		for b.Loop() {
			copy(dst, src)
		}
	})
	for i := range Table {
		e := &Table[i]
		if e.LR == 0 {
			continue
		}
		r := e.New()
		b.Run(e.Name, func(b *testing.B) { benchmarkRule(b, r, n) })
	}
}

func benchmarkRule(b *testing.B, r Rule, n int) {
	g := graph.New(graph.Float32, 1)
	p, in := g.Param("p", ramp, n), g.Input("g", n)
	t := Descend(ops.Sum(ops.Mul(in, p)), r)
	prog, err := graph.Function{Outputs: []*node{t.T}, Updates: t.Updates}.Compile()
	if err != nil {
		b.Fatal(err)
	}
	grad := make([]float32, n)
	for i := range grad {
		grad[i] = float32(i%17)/8 - 1
	}
	if err := prog.Run(graph.Let(in, grad), graph.Let(t.LR, []float64{1e-3})); err != nil {
		b.Fatal(err)
	}
	bytes := 4 * n // the gradient
	for _, u := range t.Updates {
		bytes += 2 * 4 * u.Target.Shape().Size()
	}
	b.SetBytes(int64(bytes))
	for b.Loop() {
		if err := prog.Run(); err != nil {
			b.Fatal(err)
		}
	}
}
