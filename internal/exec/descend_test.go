package exec

import (
	"math"
	"math/rand/v2"
	"testing"

	"descent/internal/kernel"
)

// TestDescend trains parameters by products, fused and one step per value: the
// same bits, in place or not.
func TestDescend(t *testing.T) {
	for _, c := range []struct {
		name    string
		in, out int
		more    func(f *Func, w, g Val)  // other wants
		after   func(f *Func, g Val) Val // what is done to the gradient
		scaled  bool
	}{
		{"alone", 784, 128, nil, nil, true},
		{"small", 40, 33, nil, nil, true},
		{"the gradient is rectified", 784, 128, nil, func(f *Func, g Val) Val { return f.Map(kernel.Max, g, f.Const(0, nil)) }, false},
		{"a row is added to the gradient", 784, 128, nil, func(f *Func, g Val) Val {
			return f.Map(kernel.Add, g, f.Leaf(Leaf{Name: "row", Dims: f.Dims(g)[1:], Input: true}))
		}, false},
		{"the gradient is halved", 784, 128, nil, func(f *Func, g Val) Val { return f.Map(kernel.Mul, g, f.Const(0.5, nil)) }, false},
		{"the old value is an output", 40, 33, func(f *Func, w, _ Val) { f.Output(w) }, nil, true},
		{"the old value goes elsewhere", 40, 33, func(f *Func, w, _ Val) { f.Update(f.Leaf(Leaf{Name: "old", Dims: f.Dims(w)}), w) }, nil, true},
		{"the gradient is an output", 40, 33, func(f *Func, _, g Val) { f.Output(g) }, nil, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			descend1[float32](t, c.in, c.out, c.more, c.after, c.scaled)
			descend1[float64](t, c.in, c.out, c.more, c.after, c.scaled)
		})
	}
}

func descend1[T kernel.Float](t *testing.T, in, out int, more func(f *Func, w, g Val), after func(f *Func, g Val) Val, scaled bool) {
	const batch = 24
	team := newTeam(2)
	defer team.Close()
	var want []T
	for k, o := range []Options{{Check: true}, {Verify: true}, {Interpret: true}, {Team: team}} {
		f := &Func{}
		x := f.Leaf(Leaf{Name: "x", Dims: []int{batch, in}, Input: true})
		lr := f.Leaf(Leaf{Name: "lr", Input: true})
		w := f.Leaf(Leaf{Name: "w", Dims: []int{in, out}})
		y := f.Map(kernel.Tanh, f.Dot(x, w, false, false)) // reads w before it moves
		g := f.Dot(x, y, true, false)
		if after != nil {
			g = after(f, g)
		}
		f.Output(y)
		f.Update(w, f.Map(kernel.Sub, w, f.Map(kernel.Mul, lr, g)))
		if more != nil {
			more(f, w, g)
		}
		rng := rand.New(rand.NewPCG(1, 1))
		var leaves [][]T
		p, err := Compile(f, func(leaf int) []T {
			for len(leaves) <= leaf {
				l := kernel.Aligned[T](in * out)
				for i := range l {
					l[i] = T(rng.NormFloat64())
				}
				leaves = append(leaves, l)
			}
			return leaves[leaf]
		}, o)
		if err != nil {
			t.Fatal(err)
		}
		fused := false
		for i := range f.vals {
			o, _ := f.vals[i].op.(dot)
			fused = fused || o.scaled
		}
		if may := scaled && k > 0 && kernel.CanScale[T](in, out, batch, true, false); fused != may {
			t.Errorf("%+v: scaled product: %v, want %v", o, fused, may)
		}
		for i, l := range f.leaves {
			if l.Input && len(l.Dims) > 0 {
				for k := range p.Input(i) {
					p.Input(i)[k] = T(rng.NormFloat64())
				}
			}
		}
		*p.ScalarInput(1) = 0.01
		for range 3 {
			p.Run()
		}
		var got []T
		for i := range p.outputs {
			got = append(got, p.Output(i)...)
		}
		for _, l := range leaves[2:] {
			got = append(got, l...)
		}
		if want == nil {
			want = got
		}
		for i := range want {
			if math.Float64bits(float64(got[i])) != math.Float64bits(float64(want[i])) {
				t.Fatalf("%+v: number %d is %v, one by one %v", o, i, got[i], want[i])
			}
		}
	}
}

// TestDescendInBatches: a parameter of several matrices, whose gradient is a batch of
// products, by the definition.
func TestDescendInBatches(t *testing.T) {
	const batch, in, out, rows = 3, 40, 33, 24
	f := &Func{}
	x := f.Leaf(Leaf{Name: "x", Dims: []int{batch, rows, in}, Input: true})
	d := f.Leaf(Leaf{Name: "d", Dims: []int{batch, rows, out}, Input: true})
	lr := f.Leaf(Leaf{Name: "lr", Input: true})
	w := f.Leaf(Leaf{Name: "w", Dims: []int{batch, in, out}})
	f.Update(w, f.Map(kernel.Sub, w, f.Map(kernel.Mul, lr, f.Dot(x, d, true, false))))
	leaf := make([]float64, batch*in*out)
	p, err := Compile(f, func(int) []float64 { return leaf }, Options{Verify: true})
	if err != nil {
		t.Fatal(err)
	}
	for k := range 2 { // small whole numbers: sums are exact
		for i := range p.Input(k) {
			p.Input(k)[i] = float64((i+k)%7 - 3)
		}
	}
	*p.ScalarInput(2) = 0.5
	p.Run()
	for b := range batch {
		for i := range in {
			for j := range out {
				want := 0.0
				for r := range rows {
					want -= 0.5 * p.Input(0)[(b*rows+r)*in+i] * p.Input(1)[(b*rows+r)*out+j]
				}
				if got := leaf[(b*in+i)*out+j]; got != want {
					t.Fatalf("matrix %d, row %d, column %d: %v, want %v", b, i, j, got, want)
				}
			}
		}
	}
}
