package engine

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"descent/graph"
	"descent/ops"
	"descent/optimizers"
)

// growths build, differentiate and compile a program of about n nodes: their
// time should grow as n.
var growths = []struct {
	name  string
	build func(n int) (nodes int, err error)
}{
	{"chain", chain},
	{"tree", tree},
	{"layers", layers},
	{"elementwise", elementwise},
	{"scalars", scalars},
	{"outputs", outputs},
	{"updates", updates},
	{"waiting", waiting},
	{"pieces", pieces},
}

// chain is sin(x) + w again and again: one region in which every value waits for
// its derivative.
func chain(n int) (int, error) {
	g := graph.New(graph.Float64, 1)
	w := g.Param("w", graph.Fill(0.1), 1000)
	x := w
	for range n / 5 {
		x = ops.Add(ops.Sin(x), w)
	}
	return compiled(ops.Sum(x), w)
}

// tree adds the sines of many multiples of w in pairs.
func tree(n int) (int, error) {
	g := graph.New(graph.Float64, 1)
	w := g.Param("w", graph.Fill(0.1), 16)
	var level []*graph.Node
	for i := range n / 9 {
		level = append(level, ops.Sin(ops.Scale(float64(i+1), w)))
	}
	for len(level) > 1 {
		half := level[:0]
		for i := 0; i < len(level); i += 2 {
			x := level[i]
			if i+1 < len(level) {
				x = ops.Add(x, level[i+1])
			}
			half = append(half, x)
		}
		level = half
	}
	return compiled(ops.Sum(level[0]), w)
}

// layers is tanh(x·w + x) again and again.
func layers(n int) (int, error) {
	g := graph.New(graph.Float64, 1)
	x, w := g.Input("x", 4, 8), g.Param("w", graph.Fill(0.1), 8, 8)
	for range n / 12 {
		x = ops.Tanh(ops.Add(ops.MatMul(x, w), x))
	}
	return compiled(ops.Sum(x), w)
}

// elementwise is one region of sines and their derivatives.
func elementwise(n int) (int, error) {
	g := graph.New(graph.Float64, 1)
	w := g.Param("w", graph.Fill(0.1), 100)
	x := w
	for range n / 9 {
		x = ops.Add(ops.Mul(x, w), ops.Sin(x))
	}
	return compiled(ops.Sum(x), w)
}

// scalars is elementwise on single numbers.
func scalars(n int) (int, error) {
	g := graph.New(graph.Float64, 1)
	w := g.Param("w", graph.Fill(0.1))
	x := w
	for range n / 9 {
		x = ops.Add(ops.Mul(x, w), ops.Sin(x))
	}
	return compiled(x, w)
}

func compiled(loss, w *graph.Node) (int, error) {
	_, err := graph.Compile(append(graph.Grad(loss, w), loss)...)
	return loss.Graph().Len(), err
}

// outputs is a program of many results.
func outputs(n int) (int, error) {
	g := graph.New(graph.Float64, 1)
	x := g.Input("x", 4, 8)
	var ys []*graph.Node
	for k := range n / 3 {
		ys = append(ys, ops.Exp(ops.Shift(float64(k), x)))
	}
	_, err := graph.Compile(ys...)
	return g.Len(), err
}

// updates trains many small parameters.
func updates(n int) (int, error) {
	g := graph.New(graph.Float64, 1)
	x := g.Input("x", 1, 5)
	loss := g.Const(0)
	for k := range n / 22 {
		w := g.Param(fmt.Sprint("w", k), graph.Fill(0.1), 5, k%7+1)
		loss = ops.Add(loss, ops.Sum(ops.MatMul(x, w)))
	}
	t := optimizers.Descend(loss, optimizers.Adam())
	_, err := graph.Function{Outputs: []*graph.Node{loss}, Updates: t.Updates}.Compile()
	return g.Len(), err
}

// waiting replaces many states that all are read once more at the end.
func waiting(n int) (int, error) {
	g := graph.New(graph.Float64, 1)
	x := g.Input("x", 4, 8)
	var fn graph.Function
	var last []*graph.Node
	for k := range n / 4 {
		s := g.State(fmt.Sprint("s", k), graph.Zeros, 1, k%7+1)
		fn.Updates = append(fn.Updates, graph.Update{Target: s, Value: ops.Scale(0.5, s)})
		last = append(last, s)
		x = ops.Tanh(x)
	}
	all := ops.Concat(1, last...)
	fn.Outputs = []*graph.Node{ops.Mul(ops.Sum(x), ops.Sum(all))}
	_, err := fn.Compile()
	return g.Len(), err
}

// pieces is a region that reads many arrays for the last time and makes as
// many.
func pieces(n int) (int, error) {
	g := graph.New(graph.Float64, 1)
	x := g.Input("x", n/4, 8)
	var fn graph.Function
	sum := g.Const(0, 1, 8)
	for k := range n / 4 {
		row := ops.Slice(x, 0, k, k+1, 1)
		sum = ops.Add(sum, row)
		fn.Outputs = append(fn.Outputs, ops.Mul(sum, row))
	}
	_, err := fn.Compile()
	return g.Len(), err
}

// allocated builds a program of about n nodes and returns what that allocated for
// each of them.
func allocated(t *testing.T, build func(n int) (int, error), n int) (objects, bytes float64) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	nodes, err := build(n)
	if err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	return float64(after.Mallocs-before.Mallocs) / float64(nodes), float64(after.TotalAlloc-before.TotalAlloc) / float64(nodes)
}

// TestGrowth counts what programs allocate while they are made: for a node of a
// large one it should be as much as for a node of a small one. TestWork and
// BenchmarkGrowth tell the same of time.
func TestGrowth(t *testing.T) {
	for _, c := range growths {
		allocated(t, c.build, 1000) // what is made once
		objects, bytes := allocated(t, c.build, 1000)
		moreObjects, moreBytes := allocated(t, c.build, 16000)
		t.Logf("%s: %.1f and %.1f objects a node, %.0f and %.0f bytes", c.name, objects, moreObjects, bytes, moreBytes)
		if moreObjects > 1.3*objects || moreBytes > 1.3*bytes {
			t.Errorf("%s: of 1,000 nodes each takes %.1f objects and %.0f bytes, of 16,000 %.1f and %.0f", c.name, objects, bytes, moreObjects, moreBytes)
		}
	}
}

// TestDoubling doubles large programs: twice the nodes may take 2.2 times the
// memory. With DESCENT_SLOW it goes on up to a million nodes.
func TestDoubling(t *testing.T) {
	most := 100_000
	if os.Getenv(slow) != "" {
		most = 1_600_000
	}
	for _, c := range growths[:3] {
		objects, bytes := allocated(t, c.build, 25_000)
		for n := 50_000; n <= most; n *= 2 {
			moreObjects, moreBytes := allocated(t, c.build, n)
			t.Logf("%s of %d: %.1f objects a node, %.0f bytes", c.name, n, moreObjects, moreBytes)
			if moreObjects > 1.1*objects || moreBytes > 1.1*bytes {
				t.Errorf("%s: of %d nodes each takes %.1f objects and %.0f bytes, of %d %.1f and %.0f", c.name, n/2, objects, bytes, n, moreObjects, moreBytes)
			}
			objects, bytes = moreObjects, moreBytes
		}
	}
}

const (
	slow      = "DESCENT_SLOW"
	workKind  = "DESCENT_WORK_KIND"
	workNodes = "DESCENT_WORK_NODES"
)

// TestWork, with DESCENT_SLOW, counts how often the statements of the packages that
// make programs are executed, and those of the packages that search and sort for
// them: twice the nodes may take 2.2 times as many. It builds these tests again,
// with counters.
func TestWork(t *testing.T) {
	if os.Getenv(slow) == "" {
		t.Skip("set " + slow + " to count statements")
	}
	dir := t.TempDir()
	counting := filepath.Join(dir, "counting")
	const packages = "descent/graph,descent/ops,descent/internal/exec,descent/internal/jit,descent/internal/kernel,slices,container/heap,bytes,strings"
	if out, err := exec.Command("go", "test", "-c", "-o", counting, "-covermode=count", "-coverpkg="+packages, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, c := range growths {
		last := 0.0
		for n := 25_000; n <= 100_000; n *= 2 {
			profile := filepath.Join(dir, "profile")
			run := exec.Command(counting, "-test.run=^TestMakeOne$", "-test.coverprofile="+profile)
			run.Env = append(os.Environ(), workKind+"="+c.name, fmt.Sprint(workNodes, "=", n))
			if out, err := run.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			work := statements(t, profile)
			t.Logf("%s of %d: %.0f statements a node", c.name, n, work/float64(n))
			if last > 0 && work > 2.2*last {
				t.Errorf("%s: %d nodes take %.0f statements, %d take %.0f", c.name, n/2, last, n, work)
			}
			last = work
		}
	}
}

// statements sums a profile of a test with counters: each line of it has a number
// of statements and how often they were executed.
func statements(t *testing.T, profile string) (sum float64) {
	data, err := os.ReadFile(profile)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(string(data), "\n")[1:] {
		var n, count float64
		if f := strings.Fields(line); len(f) == 3 {
			if _, err := fmt.Sscan(f[1], &n); err != nil {
				t.Fatal(err)
			}
			if _, err := fmt.Sscan(f[2], &count); err != nil {
				t.Fatal(err)
			}
			sum += n * count
		}
	}
	if sum == 0 {
		t.Fatal("no statement was executed")
	}
	return sum
}

// TestMakeOne is what TestWork runs.
func TestMakeOne(t *testing.T) {
	n, err := strconv.Atoi(os.Getenv(workNodes))
	if err != nil {
		t.Skip("for TestWork")
	}
	for _, c := range growths {
		if c.name == os.Getenv(workKind) {
			if _, err := c.build(n); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func BenchmarkGrowth(b *testing.B) {
	for _, c := range growths {
		for _, n := range []int{1000, 20000, 100000, 200000} {
			b.Run(fmt.Sprintf("%s-%d", c.name, n), func(b *testing.B) {
				nodes := 0
				b.ReportAllocs()
				for b.Loop() {
					var err error
					if nodes, err = c.build(n); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(nodes), "nodes")
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/1e3/float64(b.N)/float64(nodes), "us/node")
			})
		}
	}
}
