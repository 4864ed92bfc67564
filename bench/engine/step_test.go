// Package engine holds the benchmarks of the engine itself: whole training
// steps, compilation, and what the steps are made of.
package engine

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"descent/graph"
	"descent/losses"
	"descent/models"
	"descent/ops"
	"descent/optimizers"
)

// work is one line of the comparison with other engines.
type work struct {
	batch int
	sizes []int // inputs first
	rule  optimizers.Rule
}

func (w work) String() string { return fmt.Sprintf("B%d-%v-%v", w.batch, w.sizes, name(w.rule)) }

func name(r optimizers.Rule) string {
	if _, ok := r.(optimizers.AdamRule); ok {
		return "adam"
	}
	return "sgd"
}

var works = []work{
	{32, []int{4, 16, 3}, optimizers.Adam()},
	{32, []int{64, 32, 10}, optimizers.SGD()},
	{32, []int{64, 32, 10}, optimizers.Adam()},
	{64, []int{784, 128, 10}, optimizers.SGD()},
	{64, []int{784, 128, 10}, optimizers.Adam()},
	{256, []int{784, 512, 256, 10}, optimizers.Adam()},
	{256, []int{1024, 1024, 1024, 10}, optimizers.Adam()},
}

// step compiles a training step of an MLP with ReLU and cross-entropy, with
// random inputs fed.
func step(w work) (*graph.Program, error) {
	p, _, err := build(w, graph.Function{})
	return p, err
}

// build compiles the step with the options of fn.
func build(w work, fn graph.Function) (*graph.Program, *graph.Graph, error) {
	g := graph.New(graph.Float32, 1)
	x, y := g.Input("x", w.batch, w.sizes[0]), g.Indices("y", w.batch)
	z := models.MLP(ops.ReLU, w.sizes[1:]...)(x)
	classes := w.sizes[len(w.sizes)-1]
	loss := losses.CrossEntropy(z, y)
	t := optimizers.Descend(loss, w.rule)
	fn.Outputs, fn.Updates = []*graph.Node{loss}, t.Updates
	p, err := fn.Compile()
	if err != nil {
		return nil, nil, err
	}
	rng := rand.New(rand.NewPCG(1, 1))
	xs, ys := make([]float32, w.batch*w.sizes[0]), make([]int, w.batch)
	for i := range xs {
		xs[i] = float32(rng.NormFloat64())
	}
	for i := range ys {
		ys[i] = rng.IntN(classes)
	}
	return p, g, p.Run(graph.Let(x, xs), graph.Let(y, ys), graph.Let(t.LR, []float64{1e-3}))
}

func BenchmarkStep(b *testing.B) {
	for _, w := range works {
		b.Run(w.String(), func(b *testing.B) {
			p, err := step(w)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				p.Run()
			}
		})
	}
}

// BenchmarkCompile builds, differentiates and compiles a step.
func BenchmarkCompile(b *testing.B) {
	for _, w := range works[2:3] {
		b.Run(w.String(), func(b *testing.B) {
			for b.Loop() {
				if _, err := step(w); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func TestStepAllocatesNothing(t *testing.T) {
	for _, w := range works[:3] {
		p, err := step(w)
		if err != nil {
			t.Fatal(err)
		}
		if n := testing.AllocsPerRun(20, func() { p.Run() }); n != 0 {
			t.Errorf("%v: %v allocations a step", w, n)
		}
	}
}

// TestFusedTrainingIsBitExact trains with everything fused and with one step
// per value: the parameters must agree to the bit.
func TestFusedTrainingIsBitExact(t *testing.T) {
	for _, w := range works[:3] {
		var got [2][]float64
		for i, check := range []bool{false, true} {
			p, g, err := build(w, graph.Function{Check: check, Verify: true})
			if err != nil {
				t.Fatal(err)
			}
			for range 20 {
				if err := p.Run(); err != nil {
					t.Fatal(err)
				}
			}
			for _, v := range g.Store().Variables() {
				got[i] = append(got[i], v.Float64s()...)
			}
		}
		for k := range got[0] {
			if got[0][k] != got[1][k] {
				t.Fatalf("%v: number %d is %v fused and %v one by one", w, k, got[0][k], got[1][k])
			}
		}
	}
}
