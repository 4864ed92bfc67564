package gorgoniavm

import (
	"fmt"
	"testing"
	"time"

	"descent/graph"
	"descent/losses"
	"descent/models"
	"descent/ops"
	"descent/optimizers"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// single is a float32 tensor of small numbers.
func single(from, to float64, seed int, d ...int) *tensor.Dense {
	wide := array(from, to, seed, d...).Float64s()
	x := make([]float32, len(wide))
	convert(x, wide)
	return tensor.New(tensor.WithShape(d...), tensor.WithBacking(x))
}

// classifier is a float32 network of gorgonia's, of the given widths, with its cost
// and gradients.
func classifier(batch int, widths ...int) (g *G, params gorgonia.Nodes) {
	g = gorgonia.NewGraph()
	node := func(name string, v *tensor.Dense) *gnode {
		return gorgonia.NewMatrix(g, tensor.Float32, gorgonia.WithShape(v.Shape()...), gorgonia.WithName(name), gorgonia.WithValue(v))
	}
	h, last := node("x", single(0, 1, 1, batch, widths[0])), len(widths)-1
	for i := 1; i <= last; i++ {
		w, b := node(fmt.Sprint("w", i), single(-.05, .05, i, widths[i-1], widths[i])), node(fmt.Sprint("b", i), single(0, 0, 0, 1, widths[i]))
		params = append(params, w, b)
		if h = dense(h, w, b); i < last {
			h = must(gorgonia.Rectify(h))
		}
	}
	target := single(0, 0, 0, batch, widths[last])
	for i := range batch {
		target.Float32s()[i*widths[last]+i%widths[last]] = 1
	}
	logs := must(gorgonia.Log(must(gorgonia.SoftMax(h))))
	cost := must(gorgonia.Neg(must(gorgonia.Mean(must(gorgonia.HadamardProd(logs, node("y", target)))))))
	must(gorgonia.Grad(cost, params...))
	return g, params
}

// own is the same step as people write it with this library.
func own(batch int, widths ...int) func() {
	g := graph.New(graph.Float32, 1)
	x, y := g.Input("x", batch, widths[0]), g.Indices("y", batch)
	out := models.MLP(ops.ReLU, widths[1:]...)(x)
	t := optimizers.Descend(losses.CrossEntropy(out, y), optimizers.Adam(), g.Params()...)
	p := must(graph.Function{Outputs: []*graph.Node{t.Loss}, Updates: t.Updates}.Compile())
	classes := make([]int, batch)
	for i := range classes {
		classes[i] = i % widths[len(widths)-1]
	}
	feeds := []graph.Feed{graph.Let(x, single(0, 1, 1, batch, widths[0]).Float32s()), graph.Let(y, classes), graph.Let(t.LR, []float64{1e-3})}
	return func() { ok(p.Run(feeds...)) }
}

// BenchmarkStep interleaves a training step with Adam on gorgonia's machine with
// its solver, on ours with its and with ours, and this library's own, and prints how
// many times as long as the last each takes.
//
//	go test ./graph/gorgoniavm -run xxx -bench Step
func BenchmarkStep(b *testing.B) {
	adam := func() gorgonia.Solver { return gorgonia.NewAdamSolver() }
	tape := func(g *G, o ...gorgonia.VMOpt) gorgonia.VM { return gorgonia.NewTapeMachine(g, o...) }
	ours := func(g *G, o ...gorgonia.VMOpt) gorgonia.VM { return must(Compile(g, o...)) }
	read := func(g *G, o ...gorgonia.VMOpt) gorgonia.VM { return must(Options{OnlyRead: true}.Compile(g, o...)) }
	for _, net := range []struct {
		batch  int
		widths []int
	}{{32, []int{4, 16, 3}}, {32, []int{64, 32, 10}}, {64, []int{784, 128, 10}}} {
		b.Run(fmt.Sprint(net.widths), func(b *testing.B) {
			ways := []struct {
				name   string
				make   func(*G, ...gorgonia.VMOpt) gorgonia.VM
				solver gorgonia.Solver
			}{{"gorgonia", tape, adam()}, {"its-solver", ours, adam()}, {"drop-in", ours, Solver(adam())}, {"only-read", read, Solver(adam())}}
			var steps []func()
			for _, w := range ways {
				g, params := classifier(net.batch, net.widths...)
				vm, grads := w.make(g, gorgonia.BindDualValues(params...)), gorgonia.NodesToValueGrads(params)
				steps = append(steps, func() {
					ok(vm.RunAll())
					ok(w.solver.Step(grads))
					vm.Reset()
				})
			}
			steps = append(steps, own(net.batch, net.widths...))
			best := make([]time.Duration, len(steps))
			for range max(40, min(b.N, 200)) {
				for i, step := range steps {
					began := time.Now()
					for range 10 {
						step()
					}
					if d := time.Since(began) / 10; best[i] == 0 || d < best[i] {
						best[i] = d
					}
				}
			}
			last := best[len(ways)]
			for i, w := range ways {
				b.ReportMetric(float64(best[i])/float64(last), w.name)
			}
			b.ReportMetric(float64(last)/1e3, "own-µs")
		})
	}
}
