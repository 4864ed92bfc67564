package exec

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"descent/internal/kernel"
)

// everyWay compiles a program of one input and some outputs in every way that there is, runs
// it on random numbers, and returns the outputs of the first, one step for each value.
// All must have the same bits.
func everyWay[T kernel.Float](t *testing.T, dims []int, build func(f *Func, x Val), look func(p *Program[T])) (x []T, outs [][]T) {
	t.Helper()
	for i, o := range []Options{{Check: true}, {Verify: true}, {Interpret: true}, {Team: newTeam(2)}, {Team: newTeam(3), Interpret: true}} {
		f := &Func{}
		build(f, f.Leaf(Leaf{Name: "x", Dims: dims, Input: true}))
		p, err := Compile[T](f, nil, o)
		if err != nil {
			t.Fatal(err)
		}
		rng := rand.New(rand.NewPCG(1, 1))
		for i := range p.Input(0) {
			p.Input(0)[i] = T(3 + rng.NormFloat64())
		}
		p.Run()
		if o.Team != nil {
			defer o.Team.Close()
		}
		if i == 0 {
			x = append(x, p.Input(0)...)
			for k := range f.outputs {
				outs = append(outs, append([]T(nil), p.Output(k)...))
			}
			continue
		}
		look(p)
		for k, want := range outs {
			for i, got := range p.Output(k) {
				if math.Float64bits(float64(got)) != math.Float64bits(float64(want[i])) {
					t.Fatalf("%+v: output %d[%d] is %v, one by one %v", o, k, i, got, want[i])
				}
			}
		}
	}
	return x, outs
}

// TestColumnSums adds up columns by themselves, and of what a region reads and computes,
// in it if a stripe makes a tile: as plain loops do, to the bit in float64, and in float32 as
// exactly as so few roundings allow.
func TestColumnSums(t *testing.T) {
	for _, c := range []struct {
		rows, n int
		fused   bool
	}{
		{3000, 16, true}, {70001, 3, true}, {40000, 32, true}, {1025, 100, true}, {300, 2048, true}, {70, 2049, false}, {9, 700, true}, {512, 1023, true},
	} {
		t.Run(fmt.Sprintf("%dx%d", c.rows, c.n), func(t *testing.T) {
			columnSum[float32](t, c.rows, c.n, c.fused)
			columnSum[float64](t, c.rows, c.n, c.fused)
		})
	}
}

func columnSum[T kernel.Float](t *testing.T, rows, n int, fused bool) {
	build := func(f *Func, x Val) {
		f.Output(f.Reduce(kernel.ReduceSum, x, []int{0}))
		f.Output(f.Reduce(kernel.ReduceSum, f.Map(kernel.Sqrt, f.Map(kernel.Abs, x)), []int{0}))
	}
	x, outs := everyWay(t, []int{rows, n}, build, func(p *Program[T]) {
		if got := strings.Count(p.Listing(), "region"); got != 1 || (p.Steps() == 1) != fused {
			t.Errorf("the sums are in the region: %v, want %v\n%s", !fused, fused, p.Listing())
		}
	})
	_, alone := everyWay(t, []int{rows, n}, func(f *Func, x Val) { f.Output(f.Reduce(kernel.ReduceSum, x, []int{0})) }, func(*Program[T]) {})
	if !slices.Equal(alone[0], outs[0]) {
		t.Error("the sum of what a region reads is not the same by itself")
	}
	plain, exact := make([]float64, n), make([]float64, n)
	wide := made(len(x), func(i int) float64 { return float64(x[i]) })
	sumStripes(plain, wide, n)
	for i, v := range wide {
		exact[i%n] += v
	}
	for i, got := range outs[0] {
		want, within := plain[i], 0.0
		if _, narrow := any(got).(float32); narrow {
			want, within = exact[i], 8*0x1p-24*exact[i]
		}
		if math.Abs(float64(got)-want) > within {
			t.Fatalf("column %d is %v, want %v", i, got, want)
		}
	}
}

// TestRecompute is a norm of columns: x less the mean is computed in both regions that
// want it, and nowhere stored.
func TestRecompute(t *testing.T) {
	const rows, n = 5000, 8
	build := func(f *Func, x Val) {
		mean := func(x Val) Val {
			return f.Map(kernel.Div, f.Reduce(kernel.ReduceSum, x, []int{0}), f.Const(rows, nil))
		}
		c := f.Map(kernel.Sub, x, mean(x))
		y := f.Map(kernel.Mul, c, f.Map(kernel.Sqrt, mean(f.Map(kernel.Mul, c, c))))
		f.Output(f.Map(kernel.Max, y, f.Const(0, nil)))
	}
	everyWay(t, []int{rows, n}, build, func(p *Program[float32]) {
		if got := strings.Count(p.Listing(), "= sub x"); got != 2 || p.ArenaBytes() > 4*rows*n+1000 {
			t.Errorf("x less the mean is computed %d times, want 2\n%s", got, p.Listing())
		}
	})
}

// TestStretched repeats a middle axis over the others, long and short ones: nothing as
// large as the domain is written for it.
func TestStretched(t *testing.T) {
	for _, last := range []int{784, 3136, 2053, 1, 7} {
		build := func(f *Func, x Val) {
			row := f.Reduce(kernel.ReduceMax, f.Reduce(kernel.ReduceMax, x, []int{2}), []int{0})
			f.Output(f.Map(kernel.Sub, x, row))
		}
		everyWay(t, []int{6, 5, last}, build, func(p *Program[float64]) {
			if last > 1 && p.ArenaBytes() > 8*(6*5*last+200) {
				t.Errorf("%d bytes\n%s", p.ArenaBytes(), p.Listing())
			}
		})
	}
}
