package exec

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"descent/internal/kernel"
)

// TestReductionsInRegions sums squares in rows of many lengths, and in all: the same bits as one
// step per value, and in the region only where whole rows make a short tile.
func TestReductionsInRegions(t *testing.T) {
	for _, c := range []struct {
		rows, n int
		fused   bool
	}{
		{300, 10, true}, {300, 784, true}, {300, 999, false}, {300, 785, false}, {2, 999, true},
		{9, 2048, true}, {9, 2064, false}, {1, 5000, true}, {1, 30, true}, {5000, 2, true},
	} {
		t.Run(fmt.Sprintf("%dx%d", c.rows, c.n), func(t *testing.T) {
			regionReduction[float32](t, c.rows, c.n, c.fused)
			regionReduction[float64](t, c.rows, c.n, c.fused)
		})
	}
}

func regionReduction[T kernel.Float](t *testing.T, rows, n int, fused bool) {
	var want []T
	for _, o := range []Options{{Check: true}, {Verify: true}, {Interpret: true}} {
		f := &Func{}
		x := f.Leaf(Leaf{Name: "x", Dims: []int{rows, n}, Input: true})
		f.Output(f.Reduce(kernel.ReduceSum, f.Map(kernel.Mul, x, x), []int{1}))
		p, err := Compile[T](f, nil, o)
		if err != nil {
			t.Fatal(err)
		}
		if r, ok := p.steps[0].(*region[T]); !ok || !o.Check && (len(r.reductions) > 0) != fused {
			t.Errorf("%+v: the reduction is in the region: %v, want %v", o, !fused, fused)
		} else if len(r.reductions) > 0 && r.tile > reduceTile {
			t.Errorf("%+v: tiles of %d elements", o, r.tile)
		}
		rng := rand.New(rand.NewPCG(1, 1))
		for i := range p.Input(0) {
			p.Input(0)[i] = T(rng.NormFloat64())
		}
		p.Run()
		got := p.Output(0)
		if want == nil {
			want = append(want, got...)
		}
		for i := range want {
			if math.Float64bits(float64(got[i])) != math.Float64bits(float64(want[i])) {
				t.Fatalf("%+v: sum %d is %v, one by one %v", o, i, got[i], want[i])
			}
		}
	}
}

// TestConstantReductions reduces arrays of one constant, which the compiler does
// itself: what the loops give, for lengths of 0 and 1 too.
func TestConstantReductions(t *testing.T) {
	up := math.Inf(1)
	for _, c := range []struct {
		how  kernel.Reduction
		x    float64
		n    int
		want float64
	}{
		{kernel.ReduceSum, 1.5, 4, 6}, {kernel.ReduceSum, 1.5, 1, 1.5}, {kernel.ReduceSum, 1.5, 0, 0},
		{kernel.ReduceProd, 1.5, 3, 3.375}, {kernel.ReduceProd, 2, 0, 1}, {kernel.ReduceProd, -1, 3, -1},
		{kernel.ReduceMax, -2, 3, -2}, {kernel.ReduceMax, -2, 0, -up}, {kernel.ReduceMin, -2, 3, -2}, {kernel.ReduceMin, -2, 0, up},
		{kernel.ReduceArgMax, 7, 3, 0}, {kernel.ReduceArgMin, 7, 3, 0},
	} {
		f := &Func{}
		f.Output(f.Reduce(c.how, f.Const(c.x, []int{c.n, 2}), []int{0}))
		p, err := Compile[float64](f, nil, Options{Verify: true})
		if err != nil {
			t.Fatal(err)
		}
		p.Run()
		if got := p.Output(0); got[0] != c.want || got[1] != c.want {
			t.Errorf("%v of %d times %v is %v, want %v", c.how, c.n, c.x, got, c.want)
		}
	}
}
