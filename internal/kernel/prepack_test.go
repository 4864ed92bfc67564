package kernel

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// A product whose B was packed before has the bits of the same product, run whole or
// in chunks, and looks at B no more.
func TestPrepack(t *testing.T) {
	prepacked[float32](t)
	prepacked[float64](t)
}

func prepacked[T Float](t *testing.T) {
	rng, n := rand.New(rand.NewPCG(4, 4)), 0
	drawn := func(n int) []T {
		x := Aligned[T](n)
		for i := range x {
			x[i] = T(rng.NormFloat64())
		}
		return x
	}
	for _, s := range [][3]int{{32, 256, 64}, {32, 64, 256}, {32, 1024, 256}, {32, 256, 1024}, {40, 50, 50}, {7, 33, 19}, {5, 40, 1}, {4, 17, 600}, {200, 96, 512}, {64, 784, 128}, {1, 64, 64}, {3, 5, 0}} {
		for _, o := range []ProductOptions{{}, {TransB: true}, {TransA: true}, {TransB: true, Bias: true, ReLU: true}} {
			m, cols, k := s[0], s[1], s[2]
			a, b, bias := drawn(m*k+1), drawn(cols*k+1), drawn(cols)
			want, got := Aligned[T](m*cols), Aligned[T](m*cols)
			NewProductWith[T](m, cols, k, o).RunBias(&want[0], &a[0], &b[0], &bias[0])
			p := NewProductWith[T](m, cols, k, o)
			if !p.Prepack() {
				continue
			}
			n++
			p.Pack(&b[0])
			clear(b)
			p.RunBias(&got[0], &a[0], &b[0], &bias[0])
			if !slices.Equal(got, want) {
				t.Errorf("%v %+v: other bits", s, o)
			}
			clear(got)
			p.Reserve(2)
			for i := range p.Chunks() {
				p.RunChunk(i, i%2, &got[0], &a[0], &b[0], &bias[0])
			}
			if !slices.Equal(got, want) {
				t.Errorf("%v %+v: other bits in chunks", s, o)
			}
		}
	}
	if n == 0 && Active() != Portable {
		t.Error("nothing can be packed before")
	}
}
