package exec

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"descent/internal/kernel"
)

type sharedStepCase struct {
	name   string
	shared bool
	build  func(f *Func, x Val) Val
	want   func(x []float64) []float64
}

// sharedSteps are programs of one large step each, which reads an array of 64×96.
var sharedSteps = []sharedStepCase{
	{"rows", true, func(f *Func, x Val) Val { return f.Reduce(kernel.ReduceSum, x, []int{1}) }, func(x []float64) []float64 {
		return made(64, func(i int) (sum float64) {
			for _, v := range x[i*96:][:96] {
				sum += v
			}
			return sum
		})
	}},
	{"map", true, func(f *Func, x Val) Val { return f.Map(kernel.Abs, x) }, func(x []float64) []float64 {
		return made(len(x), func(i int) float64 { return math.Abs(x[i]) })
	}},
	{"total", true, func(f *Func, x Val) Val {
		return f.Reshape(f.Reshape(f.Reduce(kernel.ReduceSum, x, []int{0, 1}), nil), []int{1})
	}, func(x []float64) []float64 {
		return made(1, func(int) (sum float64) {
			for _, v := range x {
				sum += v
			}
			return sum
		})
	}},
	{"columns of blocks", true, func(f *Func, x Val) Val { return f.Reduce(kernel.ReduceMax, f.Reshape(x, []int{32, 2, 96}), []int{1}) },
		func(x []float64) []float64 {
			return made(32*96, func(i int) float64 { return max(x[i/96*192+i%96], x[i/96*192+96+i%96]) })
		}},
	{"sum of columns", true, func(f *Func, x Val) Val {
		return f.Reduce(kernel.ReduceSum, f.Reshape(f.Map(kernel.Add, f.Const(0, []int{64, 64, 96}), x), []int{4096, 96}), []int{0})
	},
		func(x []float64) []float64 {
			return made(96, func(i int) (sum float64) {
				for k := i; k < len(x); k += 96 {
					sum += 64 * x[k]
				}
				return sum
			})
		}},
	{"transpose", true, func(f *Func, x Val) Val {
		return f.Gather(x, kernel.View{Rank: 2, Dims: [kernel.MaxRank]int{96, 64}, Stride: [kernel.MaxRank]int{1, 96}})
	}, func(x []float64) []float64 { return made(96*64, func(i int) float64 { return x[i%64*96+i/64] }) }},
	{"place", true, func(f *Func, x Val) Val { // zeros between the columns
		v := kernel.View{Rank: 2, Dims: [kernel.MaxRank]int{64, 96}, Stride: [kernel.MaxRank]int{192, 2}, Offset: 1}
		return f.Place([]int{64, 192}, []Val{x}, []kernel.View{v})
	}, func(x []float64) []float64 {
		return made(64*192, func(i int) float64 { return float64(i%2) * x[i/2] })
	}},
	{"join", true, func(f *Func, x Val) Val {
		v := kernel.View{Rank: 2, Dims: [kernel.MaxRank]int{64, 96}, Stride: [kernel.MaxRank]int{192, 1}}
		w := v
		w.Offset = 96
		return f.Place([]int{64, 192}, []Val{x, x}, []kernel.View{v, w})
	}, func(x []float64) []float64 { return made(64*192, func(i int) float64 { return x[i/192*96+i%96] }) }},
	{"call with rows", true, func(f *Func, x Val) Val {
		return f.Call(&Call{Name: "mix", Rows: 50, Work: 100, F32: mixRows[float32](50), F64: mixRows[float64](50)}, [][]int{{500}, {3}}, x)[0]
	}, func(x []float64) []float64 { return x[:500] }},
	{"call over an operand", true, func(f *Func, x Val) Val { return f.Call(evens(64*96), [][]int{{64, 96}}, x, x)[0] }, func(x []float64) []float64 {
		return made(len(x), func(i int) float64 { return []float64{3 * x[i/2], x[i]}[i%2] })
	}},
	{"call", false, func(f *Func, x Val) Val {
		return f.Call(&Call{Name: "mix", F32: mix[float32], F64: mix[float64]}, [][]int{{500}, {3}}, x)[0]
	}, func(x []float64) []float64 { return x[:500] }},
}

func init() {
	window := kernel.Window{In: 8, Out: 8, Kernel: 8, Stride: 1, Dilation: 1, Before: 3}
	for mode, name := range []string{"convolution", "its gradient by the image", "its gradient by the kernel"} {
		s := kernel.ConvShape{Mode: kernel.ConvMode(mode), Batch: 8, In: 12, Out: 8, Groups: 1, Rows: window, Columns: window}
		shapes := [][2][]int{{{8, 8, 8, 12}, {8, 8, 12, 8}}, {{8, 8, 8, 8}, {8, 8, 12, 8}}, {{8, 8, 8, 12}, {8, 8, 8, 8}}}[mode]
		sharedSteps = append(sharedSteps, sharedStepCase{name, true, func(f *Func, x Val) Val {
			x = f.Map(kernel.Floor, f.Map(kernel.Mul, x, f.Const(0x1p-6, nil))) // sums are exact
			part := func(dims []int) Val {
				return f.Reshape(f.Gather(x, kernel.View{Rank: 1, Dims: [kernel.MaxRank]int{size(dims)}, Stride: [kernel.MaxRank]int{1}}), dims)
			}
			return f.Conv(s, part(shapes[0]), part(shapes[1]))
		}, func(x []float64) []float64 {
			x = made(len(x), func(i int) float64 { return math.Floor(x[i] / 64) })
			f := &Func{}
			dst := make([]float64, size(f.Dims(f.Conv(s, f.Const(0, shapes[0]), f.Const(0, shapes[1])))))
			kernel.NewConv[float64](s).Run(&dst[0], &x[0], &x[0], nil)
			return dst
		}})
	}
}

func made(n int, f func(i int) float64) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = f(i)
	}
	return out
}

// TestSharedSteps compares steps that a team shares with their definition, and
// teams of two and three with one worker: the same bits, and no allocation.
func TestSharedSteps(t *testing.T) {
	defer func(n int) { chunkWork = n }(chunkWork)
	chunkWork = 2000
	for _, c := range sharedSteps {
		t.Run(c.name, func(t *testing.T) {
			sharedStep1[float32](t, c.build, c.want, c.shared)
			sharedStep1[float64](t, c.build, c.want, c.shared)
		})
	}
}

func sharedStep1[T kernel.Float](t *testing.T, build func(*Func, Val) Val, want func([]float64) []float64, shared bool) {
	rng := rand.New(rand.NewPCG(1, 1))
	xs := made(64*96, func(int) float64 { return float64(rng.IntN(1000) - 500) }) // sums are exact
	expected := want(xs)
	var alone []T
	for workers := 1; workers <= 3; workers++ {
		team := newTeam(workers)
		f := &Func{}
		x := f.Leaf(Leaf{Name: "x", Dims: []int{64, 96}, Input: true})
		f.Output(build(f, x))
		p, err := Compile[T](f, nil, Options{Team: team, Verify: true})
		if err != nil {
			t.Fatal(err)
		}
		if p.shares != (shared && workers > 1) {
			t.Errorf("%d workers: shared: %v, want %v", workers, p.shares, shared)
		}
		for i, x := range xs {
			p.Input(0)[i] = T(x)
		}
		for i := range p.Output(0) {
			p.Output(0)[i] = T(math.NaN())
		}
		if n := testing.AllocsPerRun(5, p.Run); n != 0 {
			t.Errorf("%d workers: %v allocations a run", workers, n)
		}
		for i, got := range p.Output(0) {
			if got != T(expected[i]) {
				t.Fatalf("%d workers: element %d is %v, want %v", workers, i, got, expected[i])
			}
		}
		for i := range p.Input(0) { // sums are rounded now
			p.Input(0)[i] = T(math.Sin(float64(i)))
		}
		p.Run()
		if alone == nil {
			alone = slices.Clone(p.Output(0))
		} else if !slices.Equal(p.Output(0), alone) {
			t.Errorf("%d workers: other bits than one", workers)
		}
		team.Close()
	}
}

// TestSpans: the chunks of rows are all rows, each in one of them.
func TestSpans(t *testing.T) {
	for _, n := range []int{0, 1, 7, 64, 100, 1000} {
		for _, work := range []int{1, chunkWork / 10, chunkWork, 10 * chunkWork} {
			r := rowsOf(n, work)
			next := 0
			for i := range r.chunks() {
				lo, hi := r.span(i)
				if lo != next || hi < lo || hi == lo && n > 0 {
					t.Fatalf("%d rows, chunk %d of %d: %d to %d, after %d", n, i, r.chunks(), lo, hi, next)
				}
				next = hi
			}
			if next != n || r.chunks() > mostChunks {
				t.Errorf("%d rows: %d chunks end at %d", n, r.chunks(), next)
			}
			if n == 1000 && work == chunkWork && r.chunks() != mostChunks {
				t.Errorf("%d chunks of what is worth a thousand", r.chunks())
			}
		}
	}
}
