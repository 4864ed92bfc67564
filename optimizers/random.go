package optimizers

import (
	"fmt"
	"hash/fnv"
	"math"

	"descent/graph"
	"descent/internal/elementary"
	"descent/internal/rng"
)

// random is an array of random numbers that depends on nothing but its key and
// its input, the number of the step: a run can be repeated, resumed and
// differentiated.
type random struct {
	key    uint64
	normal bool // else -1 or 1
	shape  graph.Shape
}

// noise returns random numbers for a parameter, new at each step.
func (s *Step) noise(normal bool) *node {
	h := fnv.New64a()
	h.Write([]byte(s.prefix + s.Name()))
	return graph.Apply(random{h.Sum64() ^ s.old.Graph().Seed()*rng.Golden, normal, s.old.Shape()}, s.T)
}

func (r random) Name() string                             { return fmt.Sprintf("random[%x]", r.key) }
func (r random) Shape([]graph.Shape) (graph.Shape, error) { return r.shape, nil }
func (r random) Grad(_, _ *node) []*node                  { return nil }
func (r random) Lower(b *graph.Builder, in []graph.Value) graph.Value {
	return b.Loop(graph.Loop{Name: r.Name(), Key: r,
		F32: func(dst []float32, src [][]float32) { fillRandom(r, dst, float64(src[0][0])) },
		F64: func(dst []float64, src [][]float64) { fillRandom(r, dst, src[0][0]) },
	}, r.shape, in...)
}

func fillRandom[T float32 | float64](r random, dst []T, step float64) {
	state := rng.Mix(r.key + uint64(step)*0xbf58476d1ce4e5b9)
	for i := range dst {
		bits := rng.Mix(state + uint64(i)*rng.Golden)
		if !r.normal {
			dst[i] = T(int64(bits>>63)*2 - 1)
			continue
		}
		// Box and Muller 1958.
		u := (float64(bits>>11) + 0.5) / (1 << 53)
		v := float64(rng.Mix(bits)>>11) / (1 << 53)
		dst[i] = T(math.Sqrt(-2*elementary.Log(u)) * elementary.Cos(2*math.Pi*v))
	}
}
