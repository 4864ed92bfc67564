package exec

import (
	"testing"

	"descent/internal/kernel"
)

// TestListing: a step of gradient descent on a line, as people read it.
func TestListing(t *testing.T) {
	f := &Func{}
	x := f.Leaf(Leaf{Name: "x", Dims: []int{5, 3}, Input: true})
	w := f.Leaf(Leaf{Name: "w", Dims: []int{3, 2}})
	kept := f.Leaf(Leaf{Name: "kept", Dims: []int{5, 3}})
	rate := f.Leaf(Leaf{Name: "rate", Input: true})
	y := f.Map(kernel.Tanh, f.Dot(x, w, false, false))
	f.Output(f.Reshape(f.Reduce(kernel.ReduceSum, y, []int{0, 1}), nil))
	half := f.Map(kernel.Mul, f.Map(kernel.Exp, rate), f.Const(0.5, nil))
	f.Update(w, f.Map(kernel.Sub, w, f.Map(kernel.Mul, half, f.Map(kernel.Sin, f.Dot(x, y, true, false)))))
	f.Update(kept, x)
	p, err := Compile(f, func(int) []float64 { return make([]float64, Pad) }, Options{})
	if err != nil {
		t.Fatal(err)
	}
	const want = `  0  %7 = exp rate  []
     %9 = mul %7 0.5  []
  1  %4 = dot[5x3x2] x w  [5 2] @0
  2  region [5 2]
       %5 = tanh %4  [5 2] @0
       %6 = sum[1,10,1] %5  []
  3  %10 = dot[3x5x2] xᵀ %5  [3 2] @16
  4  region [3 2]
       %11 = sin %10  [3 2]
       %12 = mul %9 %11  [3 2]
       %13 = sub w %12  [3 2] in place of w
  5  kept <- x
7 steps, arena 256 bytes, 4 scalars
`
	if got := p.Listing(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
