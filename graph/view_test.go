package graph_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"descent/graph"
	"descent/ops"
)

// TestViewGradient compares the gradient of Σ w·view(x)³ and its product with a
// direction with loops over the places, for windows that overlap and others.
func TestViewGradient(t *testing.T) {
	for _, c := range []struct {
		name   string
		n      int
		dims   []int
		stride []int
		offset int
	}{
		{"sliding", 9, []int{7, 3}, []int{1, 1}, 0},
		{"sliding by two", 9, []int{4, 3}, []int{2, 1}, 0},
		{"apart", 9, []int{3, 3}, []int{3, 1}, 0},
		{"turned", 9, []int{3, 3}, []int{1, 3}, 0},
		{"backwards", 9, []int{7, 3}, []int{-1, 1}, 6},
		{"one element", 4, []int{5}, []int{0}, 2},
		{"stretched", 4, []int{3, 4}, []int{0, 1}, 0},
		{"rows meet once", 6, []int{2, 3}, []int{2, 1}, 1},
		{"interleaved", 12, []int{3, 2, 2}, []int{4, 1, 2}, 0},
		{"interleaved, meeting", 12, []int{3, 3, 2}, []int{3, 2, 1}, 0},
		{"patches", 20, []int{3, 4, 2, 2}, []int{5, 1, 5, 1}, 0},
		{"nothing", 4, []int{0, 3}, []int{1, 1}, 0},
	} {
		for _, dt := range []graph.Dtype{graph.Float32, graph.Float64} {
			rng := rand.New(rand.NewPCG(1, 2))
			whole := func(n int) []float64 { // sums are exact in both types
				out := make([]float64, n)
				for i := range out {
					out[i] = float64(rng.IntN(9) - 4)
				}
				return out
			}
			s := graph.Dims(c.dims...)
			xs, vs, ws := whole(c.n), whole(c.n), whole(s.Size())
			g := graph.New(dt, 1)
			x := g.Param("x", graph.From(xs...), c.n)
			v, w := g.State("v", graph.From(vs...), c.n), g.Const(1, c.dims...)
			if s.Size() > 0 {
				w = g.State("w", graph.From(ws...), c.dims...)
			}
			loss := ops.Sum(ops.Mul(w, ops.Cube(graph.View(x, s, c.stride, c.offset))))
			d, hv := graph.Grad(loss, x)[0], graph.HVP(loss, []*node{x}, []*node{v})[0]
			p, err := graph.Function{Outputs: []*node{d, hv}, Verify: true}.Compile()
			if err != nil {
				t.Fatal(err)
			}
			p.Run()
			first, second := make([]float64, c.n), make([]float64, c.n)
			for k, weight := range ws {
				at, rest := c.offset, k
				for i := len(c.dims) - 1; i >= 0; i-- {
					at += rest % c.dims[i] * c.stride[i]
					rest /= c.dims[i]
				}
				first[at] += 3 * weight * xs[at] * xs[at]
				second[at] += 6 * weight * xs[at] * vs[at]
			}
			if got := p.Float64s(d); !slices.Equal(got, first) {
				t.Errorf("%s: gradient %v, want %v", c.name, got, first)
			}
			if got := p.Float64s(hv); !slices.Equal(got, second) {
				t.Errorf("%s: second derivative %v, want %v", c.name, got, second)
			}
			if n := testing.AllocsPerRun(5, func() { p.Run() }); n != 0 {
				t.Errorf("%s: %v allocations", c.name, n)
			}
		}
	}
}
