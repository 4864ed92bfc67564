package exec

import (
	"math"
	"math/rand/v2"
	"testing"

	"descent/internal/kernel"
)

// longFunc is one region of so many maps over n elements, of which functions makes
// one in that many a transcendental; old values are wanted again at any distance.
// Its results are a sum, an array and a new value of its parameter.
func longFunc(maps, n, functions int) *Func {
	rng := rand.New(rand.NewPCG(uint64(maps), uint64(n)))
	f := &Func{}
	w := f.Leaf(Leaf{Name: "w", Dims: []int{n}})
	row := f.Leaf(Leaf{Name: "s"})
	vals := []Val{w}
	old := func() Val { return vals[rng.IntN(len(vals))] }
	x := w
	for i := range maps {
		switch k := rng.IntN(8); {
		case functions > 0 && i%functions == 0:
			x = f.Map([]kernel.Code{kernel.Sin, kernel.Tanh, kernel.Exp}[rng.IntN(3)], f.Map(kernel.Min, x, f.Const(3, nil)))
		case k == 0:
			x = f.Map(kernel.Mul, x, f.Const(0.5+float64(i%7)/16, nil))
		case k == 1:
			x = f.Map(kernel.Where, f.Map(kernel.Lt, x, old()), f.Map(kernel.Neg, x), row)
		case k == 2:
			x = f.Map(kernel.Sub, old(), x)
		default:
			x = f.Map(kernel.Mul, f.Map(kernel.Add, x, old()), f.Const(0.5, nil))
		}
		vals = append(vals, x)
	}
	f.Output(f.Reduce(kernel.ReduceSum, x, []int{0}))
	f.Output(vals[len(vals)/2])
	f.Update(w, x)
	return f
}

func runLong[T kernel.Float](t *testing.T, f *Func, n int, o Options) (p *Program[T], bits []uint64) {
	leaves := [][]T{make([]T, n), {0.25}}
	for i := range leaves[0] {
		leaves[0][i] = T(math.Sin(float64(i)))
	}
	p, err := Compile(f, func(leaf int) []T { return leaves[leaf] }, o)
	if err != nil {
		t.Fatal(err)
	}
	p.Run()
	p.Run()
	for _, s := range [][]T{p.Output(0), p.Output(1), leaves[0]} {
		for _, x := range s {
			bits = append(bits, math.Float64bits(float64(x)))
		}
	}
	return p, bits
}

// TestLongRegion makes regions of more values than fit a cache: the same bits as
// one step per value.
func TestLongRegion(t *testing.T) {
	defer func(n int) { chunkWork = n }(chunkWork)
	chunkWork = 1000
	team := newTeam(2)
	defer team.Close()
	for _, c := range []struct{ maps, n, functions int }{{4000, 700, 0}, {5000, 333, 50}, {3000, 2100, 3}} {
		same := func(want, got []uint64, o Options) {
			for i := range want {
				if got[i] != want[i] {
					t.Fatalf("%+v, %+v: number %d is %v, one by one %v", c, o, i, math.Float64frombits(got[i]), math.Float64frombits(want[i]))
				}
			}
		}
		_, want32 := runLong[float32](t, longFunc(c.maps, c.n, c.functions), c.n, Options{Check: true, Interpret: true})
		_, want64 := runLong[float64](t, longFunc(c.maps, c.n, c.functions), c.n, Options{Check: true, Interpret: true})
		for _, o := range []Options{{Verify: true}, {Interpret: true}, {Team: team}} {
			_, got32 := runLong[float32](t, longFunc(c.maps, c.n, c.functions), c.n, o)
			same(want32, got32, o)
			_, got64 := runLong[float64](t, longFunc(c.maps, c.n, c.functions), c.n, o)
			same(want64, got64, o)
		}
	}
}

// TestLongRegionIsBounded looks at regions of many values that wait for the end:
// their tiles get shorter, but not too short.
func TestLongRegionIsBounded(t *testing.T) {
	const n = 5000
	for _, maps := range []int{100, 1000, 10_000, 40_000} {
		f := &Func{}
		w := f.Leaf(Leaf{Name: "w", Dims: []int{n}})
		vals := []Val{w}
		for range maps / 2 {
			vals = append(vals, f.Map(kernel.Sin, f.Map(kernel.Add, vals[len(vals)-1], w)))
		}
		sum := w
		for i := len(vals) - 1; i > 0; i-- { // the first is wanted last
			sum = f.Map(kernel.Add, f.Map(kernel.Mul, sum, vals[i]), w)
		}
		f.Output(f.Reduce(kernel.ReduceSum, sum, []int{0}))
		p, err := Compile(f, func(int) []float64 { return make([]float64, n) }, Options{})
		if err != nil {
			t.Fatal(err)
		}
		r := p.steps[0].(*region[float64])
		if r.tile < leastTile {
			t.Errorf("%d maps: tiles of %d elements", maps, r.tile)
		}
		scratch := 0
		for _, c := range p.scratch[0] {
			scratch += len(c)
		}
		if most := max(4*scratchBytes, 2*maps*(leastTile+Pad)*8); scratch*8 > most {
			t.Errorf("%d maps: %d bytes of scratch, at most %d", maps, scratch*8, most)
		}
	}
}

// TestLongBlock makes one block of machine code of very many sums, over more
// elements than one call of it may do.
func TestLongBlock(t *testing.T) {
	const maps, n = 100_000, 1000
	f := &Func{}
	w := f.Leaf(Leaf{Name: "w", Dims: []int{n}})
	x := w
	for range maps {
		x = f.Map(kernel.Add, x, w)
	}
	f.Output(x)
	leaf := make([]float64, n)
	for i := range leaf {
		leaf[i] = float64(i)
	}
	p, err := Compile(f, func(int) []float64 { return leaf }, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if r := p.steps[0].(*region[float64]); p.pages != nil && (r.tile*maps > callWork || r.tile < leastTile || len(r.ops) != 1) {
		t.Errorf("%d calls of %d elements", len(r.ops), r.tile)
	}
	p.Run()
	for i, x := range p.Output(0) {
		if want := float64(i) * (maps + 1); x != want {
			t.Fatalf("element %d is %v, want %v", i, x, want)
		}
	}
}
