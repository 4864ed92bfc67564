package engine

import (
	"math/rand/v2"
	"testing"

	"descent/graph"
	"descent/losses"
	"descent/models"
	"descent/ops"
	"descent/optimizers"
)

// BenchmarkRosenbrock is one gradient step on 100(y-x²)² + (1-x)², with x and y
// scalar parameters.
func BenchmarkRosenbrock(b *testing.B) {
	g := graph.New(graph.Float64, 1)
	x, y := g.Param("x", graph.Fill(-1.2)), g.Param("y", graph.Fill(1))
	f := ops.Add(ops.Scale(100, ops.Square(ops.Sub(y, ops.Square(x)))), ops.Square(ops.Sub(g.Const(1), x)))
	t := optimizers.Descend(f, optimizers.SGD())
	p, err := graph.Function{Outputs: []*graph.Node{f}, Updates: t.Updates}.Compile()
	if err != nil {
		b.Fatal(err)
	}
	if err := p.Run(graph.Let(t.LR, []float64{1e-4})); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		p.Run()
	}
}

// BenchmarkHVP is a Hessian-vector product of the cross-entropy of an MLP
// 64-64-10 with respect to all parameters, batch 32.
func BenchmarkHVP(b *testing.B) {
	g := graph.New(graph.Float32, 1)
	x, y := g.Input("x", 32, 64), g.Indices("y", 32)
	loss := losses.CrossEntropy(models.MLP(ops.Tanh, 64, 10)(x), y)
	var vs []*graph.Node
	var feeds []graph.Feed
	rng := rand.New(rand.NewPCG(1, 1))
	random := func(n int) []float64 {
		v := make([]float64, n)
		for i := range v {
			v[i] = rng.NormFloat64()
		}
		return v
	}
	for _, w := range g.Params() {
		v := g.Input("v "+w.Name(), w.Shape().Dims()...)
		vs = append(vs, v)
		feeds = append(feeds, graph.Let(v, random(v.Shape().Size())))
	}
	p, err := graph.Compile(graph.HVP(loss, g.Params(), vs)...)
	if err != nil {
		b.Fatal(err)
	}
	feeds = append(feeds, graph.Let(x, random(32*64)), graph.Let(y, make([]int, 32)))
	if err := p.Run(feeds...); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		p.Run()
	}
}

// BenchmarkTeam runs the large steps with one worker and with two.
func BenchmarkTeam(b *testing.B) {
	for _, w := range works[3:] {
		for _, n := range []int{1, 2} {
			b.Run(w.String()+"-workers"+string(rune('0'+n)), func(b *testing.B) {
				team := graph.NewTeam(n)
				defer team.Close()
				p, _, err := build(w, graph.Function{Team: team})
				if err != nil {
					b.Fatal(err)
				}
				for b.Loop() {
					p.Run()
				}
			})
		}
	}
}
