package exec

import (
	"math"
	"strings"
	"testing"

	"descent/internal/kernel"
)

// Products that are wanted for their sum alone are added in one place, with the bits of a
// step for each value.
func TestAddProducts(t *testing.T) {
	for _, c := range []struct {
		name string
		ks   []int // columns of the left factors
		bias int   // the product that has one, or -1
		kept bool  // the first product is wanted as well
		adds int   // products that are added to another
	}{
		{"two", []int{16, 32}, -1, false, 1},
		{"a bias with the first", []int{16, 32}, 0, false, 1},
		{"a bias with the last", []int{16, 32}, 1, false, 1},
		{"four", []int{8, 8, 24, 16}, -1, false, 3},
		{"one is wanted", []int{16, 32}, -1, true, 0},
	} {
		want, _ := compiled(t, sumOfProducts(c.ks, c.bias, c.kept), Options{Check: true})
		for _, o := range []Options{{Verify: true}, {Verify: true, Interpret: true}} {
			got, listing := compiled(t, sumOfProducts(c.ks, c.bias, c.kept), o)
			if adds := strings.Count(listing, "+add"); adds != c.adds && kernel.CanScale[float64](20, 40, 32, false, false) {
				t.Errorf("%s: %d products are added, want %d\n%s", c.name, adds, c.adds, listing)
			}
			for i, x := range got {
				if math.Float64bits(x) != math.Float64bits(want[i]) {
					t.Fatalf("%s: element %d is %v, step by step %v", c.name, i, x, want[i])
				}
			}
		}
	}
}

// sumOfProducts adds products one after another.
func sumOfProducts(ks []int, bias int, kept bool) *Func {
	const m, n = 20, 40
	f := &Func{}
	leaf := func(dims ...int) Val { return f.Leaf(Leaf{Name: "leaf", Dims: dims, Input: true}) }
	var sum, first Val
	for i, k := range ks {
		x := f.Dot(leaf(m, k), leaf(k, n), false, false)
		if i == 0 {
			first = x
		}
		if i == bias {
			x = f.Map(kernel.Add, x, leaf(n))
		}
		if i == 0 {
			sum = x
		} else {
			sum = f.Map(kernel.Add, sum, x)
		}
	}
	f.Output(f.Map(kernel.Neg, sum))
	if kept {
		f.Output(first)
	}
	return f
}
