package models_test

import (
	"slices"
	"testing"

	"descent/graph"
	"descent/graph/graphtest"
	"descent/models"
	"descent/ops"
)

// TestEmbedLevels: rows of tables are looked up, which is a product with what says which
// level it is, and the gradient is that of the product.
func TestEmbedLevels(t *testing.T) {
	g := graph.New(graph.Float64, 1)
	levels := []int{0, 3, 0, 0, 2}
	x := g.Const(0, 4, 5)
	x = ops.Add(x, g.Array([]float64{7, 2, 8, 9, 0, 1, -1, 2, 3, 1, 4, 0, 5, 6, -1, 1, 2, 1, 1, 1}, 4, 5))
	y := models.EmbedLevels(levels, 2)(x)
	one := models.OneHotLevels(levels)(x)
	if y.Shape() != graph.Dims(4, 3+2*2) || one.Shape() != graph.Dims(4, 3+3+2) {
		t.Fatalf("%v and %v", y.Shape(), one.Shape())
	}
	first, second := g.Params()[0], g.Params()[1]
	cut := func(from, to int) *graph.Node { return ops.Slice(one, 1, from, to, 1) }
	want := ops.Concat(1, cut(0, 1), ops.MatMul(cut(1, 4), first), cut(4, 6), ops.MatMul(cut(6, 8), second))
	loss := func(y *graph.Node) *graph.Node { return ops.Sum(ops.Square(ops.Sin(y))) }
	values := graphtest.Values(t, slices.Concat([]*graph.Node{y, want, one}, graph.Grad(loss(y), first, second), graph.Grad(loss(want), first, second))...)
	if !slices.Equal(values[0], values[1]) || !slices.Equal(values[3], values[5]) || !slices.Equal(values[4], values[6]) {
		t.Errorf("looked up %v, products %v", values, want)
	}
	if row := values[2][8:16]; !slices.Equal(row, []float64{1, 0, 0, 0, 2, 3, 0, 1}) {
		t.Errorf("a row with no first level is %v", row)
	}
	for _, c := range []struct{ levels, width int }{{1, 2}, {10, 6}, {100, 21}, {300, 39}, {60000, 50}} {
		if w := models.LevelWidth(c.levels); w != c.width {
			t.Errorf("%d levels are embedded by %d numbers, not %d", c.levels, w, c.width)
		}
	}
	if bad := models.EmbedLevels([]int{2}, 0)(x); bad.Err() == nil {
		t.Error("rows of five numbers with one level")
	}
}
