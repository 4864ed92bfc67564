package models_test

import (
	"math"
	"slices"
	"testing"

	"descent/graph"
	"descent/models"
)

// TestDropoutGoesOn: beyond 2²⁴ batches, where float32 does not count, each batch
// still has masks of its own, the same for either element type.
func TestDropoutGoesOn(t *testing.T) {
	ones := slices.Repeat([]float64{1}, 64)
	masks := func(dtype graph.Dtype) (out [][]float64) {
		g := graph.New(dtype, 7)
		x := g.Input("x", 1, 64)
		y := models.Dropout(0.5)(x)
		p, err := graph.Function{Outputs: []*graph.Node{y}, Updates: g.Kept()}.Compile()
		if err != nil {
			t.Fatal(err)
		}
		if err := g.Store().Lookup("dropout.batch").Set([]float64{1<<24 - 2}); err != nil {
			t.Fatal(err)
		}
		for range 6 {
			if err := p.Run(graph.Let(x, ones)); err != nil {
				t.Fatal(err)
			}
			out = append(out, p.Float64s(y))
		}
		return out
	}
	single, double := masks(graph.Float32), masks(graph.Float64)
	for i := range single {
		if !slices.Equal(single[i], double[i]) {
			t.Errorf("batch %d has another mask in float32", i)
		}
		for k := range i {
			if slices.Equal(single[i], single[k]) {
				t.Errorf("batches %d and %d have one mask", k, i)
			}
		}
		if kept := slices.Max(single[i]); math.Abs(kept-2) > 1e-6 {
			t.Errorf("what is kept is multiplied by %v", kept)
		}
	}
}
