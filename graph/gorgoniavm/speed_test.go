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

// A net is a float32 classifier of gorgonia's, with its cost and gradients, beside the
// same as people write it with this library.
type net struct {
	g      *G
	params gorgonia.Nodes
	own    func()
}

func newNet() *net { return &net{g: gorgonia.NewGraph()} }

func (n *net) leaf(name string, v *tensor.Dense) *gnode {
	return gorgonia.NewTensor(n.g, tensor.Float32, v.Dims(), gorgonia.WithShape(v.Shape()...), gorgonia.WithName(name), gorgonia.WithValue(v))
}

func (n *net) param(name string, v *tensor.Dense) *gnode {
	p := n.leaf(name, v)
	n.params = append(n.params, p)
	return p
}

// layers adds dense layers of the given widths to h, and the cost.
func (n *net) layers(h *gnode, widths ...int) *net {
	batch, last := h.Shape()[0], len(widths)-1
	for i := 1; i <= last; i++ {
		w := n.param(fmt.Sprint("w", i), single(-.05, .05, i, widths[i-1], widths[i]))
		b := n.param(fmt.Sprint("b", i), single(0, 0, 0, 1, widths[i]))
		if h = dense(h, w, b); i < last {
			h = must(gorgonia.Rectify(h))
		}
	}
	target := single(0, 0, 0, batch, widths[last])
	for i := range batch {
		target.Float32s()[i*widths[last]+i%widths[last]] = 1
	}
	logs := must(gorgonia.Log(must(gorgonia.SoftMax(h))))
	cost := must(gorgonia.Neg(must(gorgonia.Mean(must(gorgonia.HadamardProd(logs, n.leaf("y", target)))))))
	must(gorgonia.Grad(cost, n.params...))
	return n
}

// perceptrons are dense layers.
func perceptrons(batch int, widths ...int) *net {
	n := newNet()
	n.layers(n.leaf("x", single(0, 1, 1, batch, widths[0])), widths...)
	n.own = own(models.MLP(ops.ReLU, widths[1:]...), widths[len(widths)-1], batch, widths[0])
	return n
}

// convolutions are two layers of them, without biases, and a dense one.
func convolutions(batch int) *net {
	n := newNet()
	h := n.leaf("x", single(0, 1, 1, batch, 1, 28, 28))
	for i, filters := range []int{8, 16} {
		w := n.param(fmt.Sprint("filters", i), single(-.2, .2, i, filters, h.Shape()[1], 3, 3))
		h = must(gorgonia.Conv2d(h, w, tensor.Shape{3, 3}, []int{1, 1}, []int{1, 1}, []int{1, 1}))
		h = must(gorgonia.MaxPool2D(must(gorgonia.Rectify(h)), tensor.Shape{2, 2}, []int{0, 0}, []int{2, 2}))
	}
	n.layers(must(gorgonia.Reshape(h, tensor.Shape{batch, 784})), 784, 10)
	conv := func(filters int) models.Layer {
		return models.ConvWith(models.ConvOptions{Filters: filters, Kernel: []int{3}, NoBias: true, ConvOptions: ops.ConvOptions{Same: true}})
	}
	pool := models.Pool(ops.MaxPool, ops.PoolOptions{Kernel: []int{2}})
	n.own = own(models.Sequential(conv(8), ops.ReLU, pool, conv(16), ops.ReLU, pool, models.Flatten(), models.Dense(10)), 10, batch, 1, 28, 28)
	return n
}

// own is a step of a model of this library, on inputs of that shape.
func own(model models.Layer, classes int, shape ...int) func() {
	g := graph.New(graph.Float32, 1)
	x, y := g.Input("x", shape...), g.Indices("y", shape[0])
	t := optimizers.Descend(losses.CrossEntropy(model(x), y), optimizers.Adam(), g.Params()...)
	p := must(graph.Function{Outputs: []*graph.Node{t.Loss}, Updates: t.Updates}.Compile())
	of := make([]int, shape[0])
	for i := range of {
		of[i] = i % classes
	}
	feeds := []graph.Feed{graph.Let(x, single(0, 1, 1, shape...).Float32s()), graph.Let(y, of), graph.Let(t.LR, []float64{1e-3})}
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
	for _, c := range []struct {
		name string
		make func() *net
	}{
		{"4-16-3", func() *net { return perceptrons(32, 4, 16, 3) }},
		{"64-32-10", func() *net { return perceptrons(32, 64, 32, 10) }},
		{"784-128-10", func() *net { return perceptrons(64, 784, 128, 10) }},
		{"convolutions", func() *net { return convolutions(32) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			ways := []struct {
				name   string
				make   func(*G, ...gorgonia.VMOpt) gorgonia.VM
				solver gorgonia.Solver
			}{{"gorgonia", tape, adam()}, {"its-solver", ours, adam()}, {"drop-in", ours, Solver(adam())}, {"only-read", read, Solver(adam())}}
			var steps []func()
			for _, w := range ways {
				n := c.make()
				vm, grads := w.make(n.g, gorgonia.BindDualValues(n.params...)), gorgonia.NodesToValueGrads(n.params)
				steps = append(steps, func() {
					ok(vm.RunAll())
					ok(w.solver.Step(grads))
					vm.Reset()
				})
			}
			steps = append(steps, c.make().own)
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
