package exec

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"descent/internal/kernel"
)

// randomFunc makes a program over arrays of a few shapes that broadcast
// against each other, with reductions, products, views, outputs and updates.
func randomFunc(rng *rand.Rand) *Func {
	f := &Func{}
	r, c := 1+rng.IntN(40), 1+rng.IntN(40)
	shapes := [][]int{{r, c}, {r, c}, {r, c}, {c}, {r, 1}, {}, {1, 1}, {2, r, c}, {2, 1, c}}
	var vals []Val
	var leaves []Val
	for i, s := range shapes {
		l := f.Leaf(Leaf{Name: fmt.Sprint("l", i), Dims: s})
		vals, leaves = append(vals, l), append(leaves, l)
	}
	for range 3 {
		vals = append(vals, f.Const(rng.NormFloat64(), nil))
	}
	codes := []kernel.Code{kernel.Add, kernel.Sub, kernel.Mul, kernel.Div, kernel.Max, kernel.Lt, kernel.Where, kernel.Neg,
		kernel.Abs, kernel.Sqrt, kernel.Exp, kernel.Tanh, kernel.Add, kernel.Mul, kernel.Sub, kernel.Sin}
	for range 5 + rng.IntN(60) {
		x := vals[rng.IntN(len(vals))]
		switch k := rng.IntN(12); {
		case k == 0 && len(f.vals[x].dims) > 0:
			vals = append(vals, f.Reduce(kernel.Fold(rng.IntN(4)), x, []int{rng.IntN(len(f.vals[x].dims))}))
		case k == 1 && len(f.vals[x].dims) == 2:
			d := f.vals[x].dims
			t := f.Gather(x, kernel.View{Rank: 2, Dims: [kernel.MaxRank]int{d[1], d[0]}, Stride: [kernel.MaxRank]int{1, d[1]}})
			vals = append(vals, f.Dot(x, t, false, false), f.Dot(t, x, false, false))
		case k == 2:
			vals = append(vals, f.Reshape(x, []int{f.vals[x].n}), f.Reshape(f.Reshape(x, []int{f.vals[x].n, 1}), f.vals[x].dims))
		default:
			code := codes[rng.IntN(len(codes))]
			args := []Val{x}
			dims := f.vals[x].dims
			for len(args) < code.Arity() {
				y := vals[max(0, len(vals)-1-rng.IntN(1+rng.IntN(len(vals))))]
				if d := tryBroadcast(dims, f.vals[y].dims); d != nil || len(dims)+len(f.vals[y].dims) == 0 {
					dims, args = d, append(args, y)
				} else {
					args = append(args, args[0])
				}
			}
			vals = append(vals, f.Map(code, args...))
		}
	}
	for range 1 + rng.IntN(6) {
		f.Output(vals[rng.IntN(len(vals))])
	}
	for _, l := range leaves {
		for range 20 {
			v := vals[rng.IntN(len(vals))]
			if fmt.Sprint(f.vals[v].dims) == fmt.Sprint(f.vals[l].dims) && rng.IntN(2) == 0 {
				f.Update(l, v)
				break
			}
		}
	}
	return f
}

func tryBroadcast(a, b []int) (out []int) {
	defer func() {
		if recover() != nil {
			out = nil
		}
	}()
	return broadcast(a, b)
}

// runRandom compiles and runs one random program a few times and returns all
// outputs and leaves as bits.
func runRandom[T kernel.Float](t *testing.T, seed uint64, o Options) []uint64 {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 1))
	f := randomFunc(rng)
	mem := make([][]T, len(f.leaves))
	for i, l := range f.leaves {
		mem[i] = aligned[T](size(l.Dims))
		for k := range mem[i] {
			mem[i][k] = T(rng.NormFloat64())
		}
	}
	p, err := Compile(f, func(i int) []T { return mem[i] }, o)
	if err != nil {
		t.Fatalf("seed %d: %v", seed, err)
	}
	var bits []uint64
	put := func(x float64) {
		if x != x {
			x = math.NaN()
		}
		bits = append(bits, math.Float64bits(x))
	}
	for range 3 {
		p.Run()
		for i := range p.outputs {
			if p.outputs[i].scalar != nil {
				put(p.Scalar(i))
				continue
			}
			for _, x := range p.Output(i) {
				put(float64(x))
			}
		}
		for _, m := range mem {
			for _, x := range m {
				put(float64(x))
			}
		}
	}
	return bits
}

// TestRandomPrograms compares fused machine code, fused interpretation, both
// also shared by a team, and one step per value: all must give the same bits.
func TestRandomPrograms(t *testing.T) {
	for seed := range uint64(400) {
		sameBits[float64](t, seed)
		sameBits[float32](t, seed)
	}
}

func FuzzProgram(f *testing.F) {
	f.Fuzz(func(t *testing.T, seed uint64) {
		sameBits[float64](t, seed)
		sameBits[float32](t, seed)
	})
}

func sameBits[T kernel.Float](t *testing.T, seed uint64) {
	defer func(n int) { chunkElems = n }(chunkElems)
	chunkElems = 64
	team := NewTeam(3)
	defer team.Close()
	want := runRandom[T](t, seed, Options{Check: true, Interpret: true})
	for _, o := range []Options{{Verify: true}, {Interpret: true, Verify: true}, {Team: team}, {Team: team, Interpret: true}} {
		got := runRandom[T](t, seed, o)
		for i := range want {
			if got[i] != want[i] {
				t.Fatalf("seed %d %T %+v: number %d is %v, want %v", seed, T(0), o, i, math.Float64frombits(got[i]), math.Float64frombits(want[i]))
			}
		}
	}
}
