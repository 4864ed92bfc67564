package kernel

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// TestScale compares C += s·A·B with the product, its multiple and the sum one
// after another: the same bits, wherever CanScale says so.
func TestScale(t *testing.T) {
	for isa := Portable; isa <= Active(); isa++ {
		testScale[float32](t, isa)
		testScale[float64](t, isa)
	}
}

func testScale[T Float](t *testing.T, isa ISA) {
	rng := rand.New(rand.NewPCG(3, 1))
	fused := 0
	for _, s := range [][3]int{{784, 128, 64}, {64, 32, 32}, {5, 70, 9}, {13, 33, 200}, {300, 260, 130}, {1, 40, 7}, {40, 1, 7}, {30, 10, 20}, {6, 16, 1}, {70, 90, 600}, {3, 3, 0}} {
		for trans := range 4 {
			m, n, k, ta, tb := s[0], s[1], s[2], trans&1 != 0, trans&2 != 0
			if !canScale[T](isa, m, n, k, ta, tb) {
				continue
			}
			fused++
			name := fmt.Sprintf("%T %v %d×%d×%d %v %v", T(0), isa, m, n, k, ta, tb)
			x := newCase[T](rng, m, n, k, ProductOptions{TransA: ta, TransB: tb, Scale: true})
			factor := T(-0.37)
			product := make([]T, m*n)
			newProduct[T](isa, m, n, k, ProductOptions{TransA: ta, TransB: tb}).Run(&product[0], x.pointer(x.a), x.pointer(x.b))
			want := append([]T(nil), x.c...)
			for i, old := range x.inner(x.c) {
				want[margin+x.shift+i] = old + T(factor*product[i])
			}
			p := newProduct[T](isa, m, n, k, x.o)
			got := append([]T(nil), x.c...)
			p.RunBias(x.pointer(got), x.pointer(x.a), x.pointer(x.b), &factor)
			sameBits(t, name, got, want)
			if p.Chunks() > 1 {
				p.Reserve(2)
				got = append([]T(nil), x.c...)
				for i := range p.Chunks() {
					p.RunChunk(i, i%2, x.pointer(got), x.pointer(x.a), x.pointer(x.b), &factor)
				}
				sameBits(t, name+" in chunks", got, want)
			}
		}
	}
	if fused < 20 {
		t.Errorf("%v: only %d products can be scaled", isa, fused)
	}
}
