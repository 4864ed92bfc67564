package graph_test

import (
	"fmt"
	"math"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"descent/graph"
	"descent/graph/graphtest"
	"descent/graph/lower"
)

// PrefixSum adds up each row of an n×m matrix: y[i,j] = Σ_{k≤j} x[i,k].
func PrefixSum(x *graph.Node) *graph.Node { return graph.Apply(prefixSum{}, x) }

type prefixSum struct{ back bool } // back: Σ_{k≥j}

func (o prefixSum) Name() string {
	if o.back {
		return "suffix_sum"
	}
	return "prefix_sum"
}

func (o prefixSum) Shape(in []graph.Shape) (graph.Shape, error) {
	if in[0].Rank() != 2 {
		return graph.Shape{}, fmt.Errorf("%v is not a matrix", in[0])
	}
	return in[0], nil
}

// Grad: x[i,k] is in every sum from j = k on, so their gradients add up backwards.
func (o prefixSum) Grad(_, dy *graph.Node) []*graph.Node {
	return []*graph.Node{graph.Apply(prefixSum{!o.back}, dy)}
}

func (o prefixSum) Lower(b *graph.Builder, in []graph.Value) graph.Value {
	s := b.Shape(in[0])
	rows, cols := s.Dim(0), s.Dim(1)
	return b.Kernel(lower.Kernel{
		Name: o.Name(),
		Key:  o,
		F32:  func(dst, src [][]float32, lo, hi int) { prefixSums(dst[0], src[0], cols, lo, hi, o.back) },
		F64:  func(dst, src [][]float64, lo, hi int) { prefixSums(dst[0], src[0], cols, lo, hi, o.back) },
		Rows: rows,
		Work: cols, // about a nanosecond an addition
	}, []graph.Shape{s}, in[0])[0]
}

// prefixSums sets the rows lo to hi of dst.
func prefixSums[T float32 | float64](dst, src []T, cols, lo, hi int, back bool) {
	for i := lo; i < hi; i++ {
		y, x, sum := dst[i*cols:][:cols], src[i*cols:][:cols], 0.0
		for j := range x {
			if back {
				j = cols - 1 - j
			}
			sum += float64(x[j])
			y[j] = T(sum)
		}
	}
}

// TestAddingAKernel is the test of docs/adding-a-kernel.md, whose program is above.
func TestAddingAKernel(t *testing.T) {
	graphtest.TestOp(t, PrefixSum, [][]int{{3, 4}}, [][]int{{1, 1}}, [][]int{{0, 2}}, [][]int{{2, 0}})

	doc, err := os.ReadFile("../docs/adding-a-kernel.md")
	if err != nil {
		t.Fatal(err)
	}
	own, err := os.ReadFile("kernel_test.go")
	if err != nil {
		t.Fatal(err)
	}
	_, code, found := strings.Cut(string(doc), "```go\n")
	if code, _, _ = strings.Cut(code, "```"); !found || !strings.Contains(string(own), code) {
		t.Error("the program of docs/adding-a-kernel.md is not the one that is tested here")
	}
}

// TestKernelsAreShared runs a kernel and its gradient with one, two and three
// workers: the same bits, those of a plain loop, and nothing is allocated.
func TestKernelsAreShared(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(3))
	kernelsAreShared[float32](t, graph.Float32)
	kernelsAreShared[float64](t, graph.Float64)
}

func kernelsAreShared[T float32 | float64](t *testing.T, dt graph.Dtype) {
	const n, m = 301, 210
	x, w := make([]T, n*m), make([]T, n*m)
	for i := range x {
		x[i], w[i] = T(math.Sin(float64(i))), T(math.Cos(float64(i)))
	}
	var sums, grad []T
	for i := range n {
		sums, grad = append(sums, make([]T, m)...), append(grad, make([]T, m)...)
		forward, backward := 0.0, 0.0
		for j := range m {
			forward += float64(x[i*m+j])
			sums[i*m+j] = T(forward)
			backward += float64(w[i*m+m-1-j])
			grad[i*m+m-1-j] = T(backward)
		}
	}
	for workers := 1; workers <= 3; workers++ {
		g := graph.New(dt, 1)
		a, b := g.Input("x", n, m), g.Input("w", n, m)
		y := PrefixSum(a)
		da := graph.VJP([]*graph.Node{y}, []*graph.Node{b}, a)
		team := graph.NewTeam(workers)
		p, err := graph.Function{Outputs: []*graph.Node{y, da[0]}, Team: team}.Compile()
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Run(graph.Let(a, x), graph.Let(b, w)); err != nil {
			t.Fatal(err)
		}
		if allocated := testing.AllocsPerRun(3, func() { p.Run() }); allocated != 0 {
			t.Errorf("%d workers: %v allocations a run", workers, allocated)
		}
		for k, want := range [][]T{sums, grad} {
			got := p.Float64s([]*graph.Node{y, da[0]}[k])
			for i := range want {
				if got[i] != float64(want[i]) {
					t.Fatalf("%d workers: output %d, element %d is %v, want %v", workers, k, i, got[i], want[i])
				}
			}
		}
		team.Close()
	}
}

// counted copies a vector and counts how often each of its rows, its elements, was
// asked for.
type counted struct{ calls, rows *atomic.Int64 }

func (counted) Name() string                                { return "counted" }
func (counted) Shape(in []graph.Shape) (graph.Shape, error) { return in[0], nil }
func (counted) Grad(_, dy *graph.Node) []*graph.Node        { return []*graph.Node{dy} }

func (o counted) Lower(b *graph.Builder, in []graph.Value) graph.Value {
	s := b.Shape(in[0])
	return b.Kernel(lower.Kernel{Name: "counted", Rows: s.Size(), Work: 100_000,
		F64: func(dst, src [][]float64, lo, hi int) {
			o.calls.Add(1)
			o.rows.Add(int64(hi - lo))
			copy(dst[0][lo:hi], src[0][lo:hi])
		}}, []graph.Shape{s}, in[0])[0]
}

// TestKernelIsDivided counts calls: one for all rows without a team; with one,
// several, which do each row once.
func TestKernelIsDivided(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	for workers := 1; workers <= 2; workers++ {
		g := graph.New(graph.Float64, 1)
		x := g.Input("x", 50)
		o := counted{new(atomic.Int64), new(atomic.Int64)}
		team := graph.NewTeam(workers)
		p, err := graph.Function{Outputs: []*graph.Node{graph.Apply(o, x)}, Team: team}.Compile()
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Run(graph.Let(x, make([]float64, 50))); err != nil {
			t.Fatal(err)
		}
		team.Close()
		if calls, rows := o.calls.Load(), o.rows.Load(); rows != 50 || (calls > 1) != (workers > 1) {
			t.Errorf("%d workers: %d calls for %d rows", workers, calls, rows)
		}
	}
}
