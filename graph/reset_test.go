package graph_test

import (
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"descent/graph"
	"descent/ops"
)

// TestStoreReset: variables begin again, and random numbers follow the seed, in
// programs that were compiled for another one.
func TestStoreReset(t *testing.T) {
	draw := func(r *rand.Rand, _ graph.Shape, dst []float64) {
		for i := range dst {
			dst[i] = r.Float64()
		}
	}
	build := func(dtype graph.Dtype, seed uint64) (*graph.Graph, func() []float64) {
		g := graph.New(dtype, seed)
		w, n := g.Param("w", draw, 5), g.Scalar("n", 3)
		m := g.State("m", graph.Fill(0.5), 5)
		y := ops.Add(ops.Mul(w, m), ops.Uniform(n, "noise", 5))
		p, err := graph.Function{Outputs: []*node{y}, Updates: []graph.Update{
			{Target: w, Value: y}, {Target: m, Value: ops.Scale(2, m)}, {Target: n, Value: ops.Shift(1, n)}}}.Compile()
		if err != nil {
			t.Fatal(err)
		}
		return g, func() (out []float64) {
			for range 3 {
				if err := p.Run(); err != nil {
					t.Fatal(err)
				}
				out = append(out, p.Float64s(y)...)
			}
			return out
		}
	}
	for _, dtype := range []graph.Dtype{graph.Float32, graph.Float64} {
		g, run := build(dtype, 1)
		_, fresh := build(dtype, 2)
		first := run()
		if err := g.Store().Reset(2); err != nil {
			t.Fatal(err)
		}
		if got, want := run(), fresh(); !reflect.DeepEqual(got, want) {
			t.Errorf("%v: %v, a new graph computes %v", dtype, got, want)
		}
		if err := g.Store().Reset(1); err != nil || g.Store().Seed() != 1 || g.Sibling().Store().Seed() != 1 {
			t.Errorf("seed %d, %v", g.Store().Seed(), err)
		}
		if got := run(); !reflect.DeepEqual(got, first) {
			t.Errorf("%v: %v, at first it was %v", dtype, got, first)
		}
	}
	g, _ := build(graph.Float64, 1)
	g.Over(graph.Param, "mine", make([]float64, 2), 2)
	before := g.Store().Snapshot()
	if err := g.Store().Reset(2); err == nil || !strings.Contains(err.Error(), "mine") || !reflect.DeepEqual(g.Store().Snapshot(), before) {
		t.Errorf("memory of the caller's: %v", err)
	}
}
