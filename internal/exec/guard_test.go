package exec

import (
	"fmt"
	"os"
	"os/exec"
	"testing"

	"descent/internal/guard"
	"descent/internal/kernel"
)

// Leaves may be anybody's memory: a program reads and writes no element beside
// them. The tests put each next to a page that cannot be accessed.

// TestGuardedPrograms runs random programs so, as TestRandomPrograms does, with the
// same bits as beside slabs.
func TestGuardedPrograms(t *testing.T) {
	rooms := guard.New(t, 60, 8*2*130*130)
	for seed := range uint64(80) {
		sameBits[float64](t, seed, rooms)
		sameBits[float32](t, seed, rooms)
	}
}

// guardedSteps are programs over leaves w and v of n elements and a scalar s. What
// they return replaces w; they may replace others by themselves. Between them they
// have a step of every kind that reads a leaf, and of every kind that writes one.
var guardedSteps = []struct {
	name  string
	build func(f *Func, w, v, s Val, n int) Val
}{
	{"arithmetic", func(f *Func, w, v, s Val, _ int) Val { return f.Map(kernel.Add, f.Map(kernel.Mul, w, s), v) }},
	{"division", func(f *Func, w, v, s Val, _ int) Val { return f.Map(kernel.Div, f.Map(kernel.Sqrt, w), s) }},
	{"functions", func(f *Func, w, v, _ Val, _ int) Val { return f.Map(kernel.Pow, f.Map(kernel.Exp, w), v) }},
	{"both", func(f *Func, w, v, _ Val, _ int) Val {
		return f.Map(kernel.Mul, f.Map(kernel.Tanh, f.Map(kernel.Add, w, v)), f.Map(kernel.Sin, f.Map(kernel.Mul, w, v)))
	}},
	{"choice", func(f *Func, w, v, _ Val, _ int) Val {
		return f.Map(kernel.Where, f.Map(kernel.Lt, w, v), f.Map(kernel.Max, w, v), f.Map(kernel.Sign, v))
	}},
	{"exchange", func(f *Func, w, v, _ Val, _ int) Val { f.Update(v, w); return v }},
	{"copy of a computed array", func(f *Func, w, v, _ Val, _ int) Val {
		x := f.Map(kernel.Exp, v)
		f.Update(v, x)
		f.Output(f.Map(kernel.Mul, w, x))
		return x
	}},
	{"totals", func(f *Func, w, v, s Val, _ int) Val {
		sum := f.Reduce(kernel.ReduceSum, f.Map(kernel.Mul, w, v), []int{0})
		return f.Map(kernel.Mul, w, f.Map(kernel.Add, sum, f.Reduce(kernel.ReduceMax, v, []int{0})))
	}},
	{"rows", func(f *Func, w, v, _ Val, n int) Val {
		x := f.Map(kernel.Mul, f.Reshape(w, []int{n, 1}), f.Reshape(v, []int{1, n})) // a column and a row that broadcast
		f.Output(f.Reduce(kernel.ReduceMin, x, []int{0}))
		return f.Reshape(f.Reduce(kernel.ReduceSum, x, []int{1}), []int{n})
	}},
	{"columns", func(f *Func, w, v, _ Val, n int) Val {
		f.Output(f.Reduce(kernel.ReduceSum, f.Reshape(v, []int{1, n, 1}), []int{0}))
		x := f.Place([]int{2 * n}, []Val{v, w}, []kernel.View{{Rank: 1, Dims: [kernel.MaxRank]int{n}, Stride: [kernel.MaxRank]int{2}}, {Rank: 1, Dims: [kernel.MaxRank]int{n}, Stride: [kernel.MaxRank]int{2}, Offset: 1}})
		return f.Reshape(f.Reduce(kernel.ReduceProd, f.Reshape(x, []int{2, n}), []int{0}), []int{n})
	}},
	{"index", func(f *Func, w, v, _ Val, n int) Val {
		return f.Map(kernel.Add, w, f.Map(kernel.Add, f.Reduce(kernel.ReduceArgMax, w, []int{0}), f.Reduce(kernel.ReduceArgMin, v, []int{0})))
	}},
	{"product with a row", func(f *Func, w, v, _ Val, n int) Val { // w is a row of weights, v the bias
		x := f.Dot(f.Reshape(v, []int{n, 1}), f.Reshape(w, []int{1, n}), false, false)
		x = f.Map(kernel.Max, f.Map(kernel.Add, x, v), f.Const(0, nil))
		return f.Reshape(f.Reduce(kernel.ReduceMax, x, []int{0}), []int{n})
	}},
	{"walk", func(f *Func, w, v, _ Val, n int) Val {
		back := kernel.View{Rank: 1, Dims: [kernel.MaxRank]int{n}, Stride: [kernel.MaxRank]int{-1}, Offset: n - 1}
		return f.Gather(w, back)
	}},
	{"call", func(f *Func, w, v, _ Val, n int) Val {
		return f.Call(&Call{Name: "mix", F32: mix[float32], F64: mix[float64]}, [][]int{{n}, {2}}, w, v)[0]
	}},
	{"loop", func(f *Func, w, v, _ Val, n int) Val { // rows of one element
		f.Output(sums(f, v, f.Const(0, []int{1}), n, 1)[0])
		return f.Part(sums(f, w, f.Gather(v, kernel.View{Rank: 1, Dims: [kernel.MaxRank]int{1}}), n, 1)[0], 1, []int{n})
	}},
	{"call over a leaf", func(f *Func, w, v, _ Val, n int) Val { return f.Call(evens(n), [][]int{{n}}, w, v)[0] }},
	{"call over what it reads", func(f *Func, w, v, _ Val, n int) Val { return f.Call(evens(n), [][]int{{n}}, w, w)[0] }},
	{"one number", func(f *Func, w, v, s Val, n int) Val {
		f.Update(s, f.Map(kernel.Add, s, f.Reshape(f.Gather(v, kernel.View{Rank: 1, Dims: [kernel.MaxRank]int{1}, Offset: n - 1}), nil)))
		return f.Gather(f.Reshape(s, []int{1}), BroadcastView([]int{1}, []int{n}))
	}},
}

func TestStepsStayInside(t *testing.T) {
	rooms := guard.New(t, 3, 8*5001)
	team := newTeam(2)
	defer team.Close()
	options := []Options{{}, {Interpret: true}, {Check: true}, {Team: team}, {Check: true, Interpret: true}}
	for _, c := range guardedSteps {
		t.Run(c.name, func(t *testing.T) {
			for n := 1; n <= 40; n++ {
				for k, o := range options {
					stayInside[float32](t, rooms, c.build, n, o, k%2 == 0)
					stayInside[float64](t, rooms, c.build, n, o, k%2 == 1)
					stayInside[float32](t, rooms, c.build, n, o, k%2 == 1)
					stayInside[float64](t, rooms, c.build, n, o, k%2 == 0)
				}
			}
			if c.name == "rows" || c.name == "product with a row" { // squares
				return
			}
			for _, atEnd := range []bool{true, false} {
				for _, n := range []int{1001, 2049, 5000, 5001} {
					stayInside[float32](t, rooms, c.build, n, Options{}, atEnd)
					stayInside[float64](t, rooms, c.build, n, Options{Interpret: true}, atEnd)
				}
			}
		})
	}
}

func stayInside[T kernel.Float](t *testing.T, rooms *guard.Rooms, build func(f *Func, w, v, s Val, n int) Val, n int, o Options, atEnd bool) {
	f := &Func{}
	w, v, s := f.Leaf(Leaf{Name: "w", Dims: []int{n}}), f.Leaf(Leaf{Name: "v", Dims: []int{n}}), f.Leaf(Leaf{Name: "s"})
	f.Update(w, build(f, w, v, s, n))
	leaves := make([][]T, 3)
	for i, n := range []int{n, n, 1} {
		leaves[i] = guard.Take[T](rooms, i, n, atEnd)
		for k := range leaves[i] {
			leaves[i][k] = 0.5
		}
	}
	p, err := Compile(f, func(leaf int) []T { return leaves[leaf] }, o)
	if err != nil {
		t.Fatal(err)
	}
	p.Run()
	p.Run()
}

// TestProductsStayInside multiplies leaves of many sizes, alone, with a bias, and
// into a parameter that they move.
func TestProductsStayInside(t *testing.T) {
	rooms := guard.New(t, 5, 8*130*130)
	sizes := [][3]int{{33, 40, 24}, {128, 130, 24}, {64, 16, 3}}
	for n := 1; n <= 35; n++ {
		sizes = append(sizes, [3]int{n, 3, 2}, [3]int{3, n, 4}, [3]int{2, 5, n})
	}
	scaled := 0
	for i, s := range sizes {
		scaled += productsStayInside[float32](t, rooms, s, i%2 == 0) + productsStayInside[float64](t, rooms, s, i%2 == 0)
		scaled += productsStayInside[float32](t, rooms, s, i%2 == 1) + productsStayInside[float64](t, rooms, s, i%2 == 1)
	}
	if scaled == 0 && kernel.CanScale[float32](33, 40, 24, true, false) {
		t.Error("no product moved a parameter")
	}
}

// productsStayInside returns how many of the products are scaled ones.
func productsStayInside[T kernel.Float](t *testing.T, rooms *guard.Rooms, size [3]int, atEnd bool) (scaled int) {
	m, n, k := size[0], size[1], size[2]
	f := &Func{}
	w, a, b := f.Leaf(Leaf{Name: "w", Dims: []int{m, n}}), f.Leaf(Leaf{Name: "a", Dims: []int{k, m}}), f.Leaf(Leaf{Name: "b", Dims: []int{k, n}})
	bias, lr := f.Leaf(Leaf{Name: "bias", Dims: []int{n}}), f.Leaf(Leaf{Name: "lr"})
	y := f.Map(kernel.Max, f.Map(kernel.Add, f.Dot(a, w, false, false), bias), f.Const(0, nil))
	f.Output(y)
	f.Output(f.Dot(y, w, false, true))
	f.Update(w, f.Map(kernel.Sub, w, f.Map(kernel.Mul, lr, f.Dot(a, b, true, false))))
	leaves := make([][]T, 5)
	for i, n := range []int{m * n, k * m, k * n, n, 1} {
		leaves[i] = guard.Take[T](rooms, i, n, atEnd)
		for j := range leaves[i] {
			leaves[i][j] = T(j%7) / 8
		}
	}
	p, err := Compile(f, func(leaf int) []T { return leaves[leaf] }, Options{})
	if err != nil {
		t.Fatal(err)
	}
	p.Run()
	for i := range f.vals {
		if o, _ := f.vals[i].op.(dot); o.scaled {
			scaled++
		}
	}
	return scaled
}

// TestBetweenLeaves updates two leaves alike that lie as far from each other as
// those of a slab do: what is between them is not theirs.
func TestBetweenLeaves(t *testing.T) {
	for _, padded := range []bool{false, true} {
		memory := kernel.Aligned[float64](2 * Pad)
		for i := range memory {
			memory[i] = 7
		}
		f := &Func{}
		for range 2 {
			w := f.Leaf(Leaf{Name: "w", Dims: []int{5}, Padded: padded})
			f.Update(w, f.Map(kernel.Mul, w, f.Const(0.5, nil)))
		}
		p, err := Compile(f, func(leaf int) []float64 { return memory[leaf*Pad:][:5] }, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if p.Run(); (len(p.steps) == 1) != padded {
			t.Errorf("padded %v: %d steps", padded, len(p.steps))
		}
		for i, x := range memory {
			want := 7.0
			if i%Pad < 5 {
				want = 3.5
			}
			if x != want && !(padded && i%Pad >= 5) {
				t.Errorf("padded %v: element %d is %v, want %v", padded, i, x, want)
			}
		}
	}
}

// TestOtherInstructionSets runs the tests above on the instruction sets below the
// host's, which a process chooses when it starts.
func TestOtherInstructionSets(t *testing.T) {
	const variable = "DESCENT_ISA"
	if os.Getenv(variable) != "" {
		t.Skip("the instruction set was chosen")
	}
	for isa := range kernel.Active() {
		t.Run(fmt.Sprint(isa), func(t *testing.T) {
			c := exec.Command(os.Args[0], "-test.run=^(TestGuardedPrograms|TestStepsStayInside|TestProductsStayInside)$")
			c.Env = append(os.Environ(), fmt.Sprintf("%s=%v", variable, isa))
			if out, err := c.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}
