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
		more    func(f *Func, w, g Val) // other wants
		scaled  bool
	}{
		{"alone", 784, 128, nil, true},
		{"small", 40, 33, nil, true},
		{"the old value is an output", 40, 33, func(f *Func, w, _ Val) { f.Output(w) }, true},
		{"the old value goes elsewhere", 40, 33, func(f *Func, w, _ Val) { f.Update(f.Leaf(Leaf{Name: "old", Dims: f.Dims(w)}), w) }, true},
		{"the gradient is an output", 40, 33, func(f *Func, _, g Val) { f.Output(g) }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			descend1[float32](t, c.in, c.out, c.more, c.scaled)
			descend1[float64](t, c.in, c.out, c.more, c.scaled)
		})
	}
}

func descend1[T kernel.Float](t *testing.T, in, out int, more func(f *Func, w, g Val), scaled bool) {
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
		for i := range p.Input(0) {
			p.Input(0)[i] = T(rng.NormFloat64())
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
