package kernel

import (
	"math/rand/v2"
	"testing"

	"descent/internal/guard"
)

// TestGather reads arrays with axes in another order, such that vectors are turned in
// the middle and at the ends, next to a page that cannot be accessed.
func TestGather(t *testing.T) {
	rooms := guard.New(t, 2, 8*1<<17)
	rng := rand.New(rand.NewPCG(1, 8))
	for range 300 {
		gatherPermuted[float32](t, rooms, rng)
		gatherPermuted[float64](t, rooms, rng)
	}
}

func gatherPermuted[T Float](t *testing.T, rooms *guard.Rooms, rng *rand.Rand) {
	v := View{Rank: 2 + rng.IntN(3)}
	n := 1
	for _, axis := range rng.Perm(v.Rank) { // the first is the innermost of what is read
		v.Dims[axis], v.Stride[axis] = 1+rng.IntN(40), n
		if v.Rank > 2 {
			v.Dims[axis] = 1 + rng.IntN([]int{3, 20}[rng.IntN(2)])
		}
		n *= v.Dims[axis]
	}
	src, dst := guard.Take[T](rooms, 0, n, rng.IntN(2) == 0), guard.Take[T](rooms, 1, n, rng.IntN(2) == 0)
	for i := range src {
		src[i] = T(i)
	}
	Gather(&dst[0], &src[0], &v)
	for k := range dst {
		at, rest := 0, k
		for axis := v.Rank - 1; axis >= 0; axis-- {
			at += rest % v.Dims[axis] * v.Stride[axis]
			rest /= v.Dims[axis]
		}
		if dst[k] != T(at) {
			t.Fatalf("%+v: element %d is %v, want %d", v, k, dst[k], at)
		}
	}
}
