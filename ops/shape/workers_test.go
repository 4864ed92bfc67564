package shape_test

import (
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"descent/graph"
	"descent/ops"
	"descent/ops/shape"
)

func drawn(rng *rand.Rand, _ graph.Shape, dst []float64) {
	for i := range dst {
		dst[i] = rng.NormFloat64()
	}
}

// Values and gradients are the same bits for any number of workers, and a run allocates
// nothing.
func TestWorkers(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(3))
	for name, f := range map[string]func(x *node) *node{
		"resample": func(x *node) *node {
			return shape.Upsample(x, shape.UpsampleOptions{Scale: []float64{1.5}, Mode: shape.Cubic})
		},
		"nearest": func(x *node) *node { return shape.Upsample(x, shape.UpsampleOptions{Scale: []float64{2}}) },
		"extend":  func(x *node) *node { return shape.PadReflect(x, 3, 2, 1, 4) },
		"roll":    func(x *node) *node { return shape.Roll(x, []int{5, -3}, 2, 3) },
		"pad":     func(x *node) *node { return shape.Pad(x, 2, 1, 2, 3, 4) },
		"fold": func(x *node) *node {
			return shape.Unfold(x, shape.WindowOptions{Kernel: []int{3}, Padding: []int{1}})
		},
		"pixels": func(x *node) *node { return shape.PixelShuffle(x, 2) },
		"einsum": func(x *node) *node { return shape.Einsum("nchw,nchv,ncuw->nuv", x, x, x) },
	} {
		var want [][]float64
		for workers := 1; workers <= 3; workers++ {
			g := graph.New(graph.Float32, 1)
			x := g.Param("x", drawn, 8, 8, 24, 20)
			y := f(x)
			dx := graph.Grad(ops.Sum(ops.Sin(y)), x)[0]
			team := graph.NewTeam(workers)
			p, err := graph.Function{Outputs: []*node{y, dx}, Team: team}.Compile()
			if err == nil {
				err = p.Run()
			}
			if err != nil {
				t.Fatal(err)
			}
			if allocated := testing.AllocsPerRun(2, func() { _ = p.Run() }); allocated != 0 {
				t.Errorf("%s, %d workers: %v allocations a run", name, workers, allocated)
			}
			got := [][]float64{p.Float64s(y), p.Float64s(dx)}
			team.Close()
			if want == nil {
				want = got
			} else if !slices.EqualFunc(got, want, slices.Equal) {
				t.Errorf("%s: %d workers make other bits", name, workers)
			}
		}
	}
}
