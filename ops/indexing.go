package ops

import (
	"fmt"

	"descent/graph"
)

// OneHot returns an array with one more axis, of length depth, that is 1 at
// each index and 0 elsewhere. An index outside 0..depth-1 gives zeros.
func OneHot(index *node, depth int) *node {
	graph.LimitIndex(index, depth, nil)
	return graph.Apply(oneHot{depth}, index)
}

type oneHot struct{ depth int }

func (o oneHot) Name() string { return fmt.Sprintf("onehot[%d]", o.depth) }
func (o oneHot) Shape(in []graph.Shape) (graph.Shape, error) {
	if in[0].Rank() == graph.MaxRank {
		return graph.Shape{}, fmt.Errorf("more than %d axes", graph.MaxRank)
	}
	return graph.Dims(append(in[0].Dims(), o.depth)...), nil
}
func (oneHot) Grad(_, _ *node) []*node { return nil }
func (o oneHot) Lower(b *builder, in []value) value {
	s := b.Shape(in[0])
	at := b.Loop(iota(o.depth), graph.Dims(o.depth))
	return b.Eq(b.Reshape(in[0], graph.Dims(append(s.Dims(), 1)...)), at)
}

// iota is the loop that counts 0, 1, 2, …
func iota(n int) graph.Loop {
	return graph.Loop{Name: "iota", Key: n,
		F32: func(dst []float32, _ [][]float32) { count(dst) },
		F64: func(dst []float64, _ [][]float64) { count(dst) }}
}

func count[T float32 | float64](dst []T) {
	for i := range dst {
		dst[i] = T(i)
	}
}
