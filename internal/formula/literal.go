package formula

import (
	"encoding/binary"
	"fmt"
	"math"

	"descent/graph"
)

// Array returns a constant array of a graph. Its elements are kept as a string
// because ops are compared with ==.
func Array(g *graph.Graph, values []float64, dims ...int) *graph.Node {
	bits := make([]byte, 0, 8*len(values))
	for _, v := range values {
		bits = binary.LittleEndian.AppendUint64(bits, math.Float64bits(v))
	}
	return g.Apply(literal{string(bits), graph.Dims(dims...)})
}

type literal struct {
	bits string
	s    graph.Shape
}

func (o literal) Name() string                             { return fmt.Sprintf("list %v", o.s) }
func (o literal) Shape([]graph.Shape) (graph.Shape, error) { return o.s, nil }
func (literal) Grad(_, _ *graph.Node) []*graph.Node        { return nil }
func (o literal) Lower(b *graph.Builder, _ []graph.Value) graph.Value {
	return b.Loop(graph.Loop{Name: "list", Key: o,
		F32: func(dst []float32, _ [][]float32) { decode(dst, o.bits) },
		F64: func(dst []float64, _ [][]float64) { decode(dst, o.bits) }}, o.s)
}

func decode[T float32 | float64](dst []T, bits string) {
	for i := range dst {
		dst[i] = T(math.Float64frombits(binary.LittleEndian.Uint64([]byte(bits[8*i : 8*i+8]))))
	}
}
