package exec

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"descent/internal/kernel"
)

// TestSharedProducts compares batches of products that a team shares with one
// worker's: the same bits, and every pair right by the definition.
func TestSharedProducts(t *testing.T) {
	defer func(n int) { pairWork = n }(pairWork)
	team := newTeam(3)
	defer team.Close()
	for _, c := range []struct {
		a, b   []int
		ta, tb bool
		work   int
	}{
		{[]int{7, 5, 4}, []int{7, 4, 3}, false, false, 1},
		{[]int{7, 5, 4}, []int{4, 3}, false, false, 25},
		{[]int{2, 1, 4, 5}, []int{3, 4, 3}, true, false, 1},
		{[]int{1, 3, 2}, []int{6, 5, 2}, false, true, 1},
		{[]int{3, 90, 200}, []int{3, 200, 300}, false, false, 10_000}, // several chunks each
	} {
		pairWork = c.work
		t.Run(fmt.Sprint(c.a, c.b, c.ta, c.tb), func(t *testing.T) {
			sharedProduct1[float32](t, c.a, c.b, c.ta, c.tb, team)
			sharedProduct1[float64](t, c.a, c.b, c.ta, c.tb, team)
		})
	}
}

func sharedProduct1[T kernel.Float](t *testing.T, a, b []int, ta, tb bool, team *Team) {
	var got [2][]T
	rng := rand.New(rand.NewPCG(1, 1))
	xs, ys := make([]T, size(a)), make([]T, size(b))
	for _, s := range [][]T{xs, ys} {
		for i := range s {
			s[i] = T(rng.IntN(9) - 4) // sums are exact
		}
	}
	var dims []int
	for i, o := range []Options{{}, {Team: team}} {
		f := &Func{}
		x, y := f.Leaf(Leaf{Name: "x", Dims: a, Input: true}), f.Leaf(Leaf{Name: "y", Dims: b, Input: true})
		z := f.Dot(x, y, ta, tb)
		dims = f.Dims(z)
		f.Output(z)
		p, err := Compile[T](f, nil, o)
		if err != nil {
			t.Fatal(err)
		}
		if shared := o.Team != nil; p.shares != shared {
			t.Fatalf("shared: %v, want %v", p.shares, shared)
		}
		copy(p.Input(0), xs)
		copy(p.Input(1), ys)
		for range 3 {
			clear(p.Output(0))
			p.Run()
		}
		got[i] = slices.Clone(p.Output(0))
	}
	if !slices.Equal(got[0], got[1]) {
		t.Fatal("a team gives other bits")
	}
	m, n := dims[len(dims)-2], dims[len(dims)-1]
	k := a[len(a)-1]
	if ta {
		k = a[len(a)-2]
	}
	lead := dims[:len(dims)-2]
	offA, offB := offsets(lead, a[:len(a)-2], m*k), offsets(lead, b[:len(b)-2], k*n)
	for p := range offA {
		for i := range m {
			for j := range n {
				var want T
				for l := range k {
					at, bt := i*k+l, l*n+j
					if ta {
						at = l*m + i
					}
					if tb {
						bt = j*k + l
					}
					want += xs[offA[p]+at] * ys[offB[p]+bt]
				}
				if g := got[0][(p*m+i)*n+j]; g != want {
					t.Fatalf("pair %d, row %d, column %d: %v, want %v", p, i, j, g, want)
				}
			}
		}
	}
}

// TestEpilogueInside: a bias and a ReLU behind a reshape are the product's, if what is added
// is a row there, whatever shape it was made with, and not a column.
func TestEpilogueInside(t *testing.T) {
	for _, c := range []struct {
		dims  []int // of 8 numbers that are added to 8×8
		steps int
	}{{[]int{1, 8}, 2}, {[]int{8}, 2}, {[]int{8, 1}, 3}} {
		build := func(f *Func, x Val) {
			b := f.Reduce(kernel.ReduceMax, x, []int{0})
			y := f.Reshape(f.Dot(f.Reshape(x, []int{1, 8, 8}), f.Reshape(x, []int{1, 8, 8}), false, false), []int{8, 8})
			sum := f.Map(kernel.Add, y, f.Reshape(f.Reshape(b, []int{2, 4}), c.dims))
			f.Output(f.Map(kernel.Max, sum, f.Const(0, []int{1})))
		}
		everyWay(t, []int{8, 8}, build, func(p *Program[float64]) {
			if p.Steps() != c.steps {
				t.Errorf("%v: %d steps, want %d\n%s", c.dims, p.Steps(), c.steps, p.Listing())
			}
		})
	}
}
