package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"unsafe"

	"descent/graph"
	"descent/internal/kernel"
	"descent/losses"
	"descent/models"
	"descent/ops"
	"descent/optimizers"
)

type node = graph.Node

// rules are the optimizers by the names of works, with the rates used.
var rules = map[string]struct {
	rule optimizers.Rule
	lr   float64
}{
	"sgd":      {optimizers.SGD(), 0.1},
	"momentum": {optimizers.Momentum(), 0.01},
	"adagrad":  {optimizers.AdaGrad(), 0.01},
	"rmsprop":  {optimizers.RMSProp(), 0.001},
	"adam":     {optimizers.Adam(), 0.001},
	"adamw":    {optimizers.AdamW(), 0.001},
}

// layers returns an MLP whose weights are those of every peer.
func layers(act models.Layer, seed int, sizes []int) models.Layer {
	return func(x *node) *node {
		for l, units := range sizes {
			if l > 0 {
				x = act(x)
			}
			x = models.DenseWith(models.DenseOptions{Units: units, Weight: weights(seed + l)})(x)
		}
		return x
	}
}

func weights(seed int) graph.Init {
	return func(_ *rand.Rand, s graph.Shape, dst []float64) {
		k := 1 / float32(math.Sqrt(float64(s.Dim(0))))
		for i := range dst {
			dst[i] = float64(between(-k, k, hash(seed, i)))
		}
	}
}

// classify returns the cross-entropy of an MLP on a batch, and what to feed.
func classify(act models.Layer, batch int, sizes []int) (loss *node, feeds []graph.Feed) {
	g := graph.New(graph.Float32, 1)
	x, y := g.Input("x", batch, sizes[0]), g.Indices("y", batch)
	xs, ys := examples(batch, sizes[0], sizes[len(sizes)-1])
	loss = losses.CrossEntropy(layers(act, 10, sizes[1:])(x), y)
	return loss, []graph.Feed{graph.Let(x, xs), graph.Let(y, ys)}
}

// examples returns rows and classes. Every row is there twice with classes of
// its own, so the loss cannot fall to zero and the gradients stay gradients.
func examples(batch, width, classes int) ([]float32, []int) {
	distinct := uniform(1, batch/2*width, -2, 2)
	xs, ys := make([]float32, batch*width), make([]int, batch)
	for i := range batch {
		copy(xs[i*width:(i+1)*width], distinct[i/2*width:])
		ys[i] = int(hash(2, i)>>8) % classes
	}
	return xs, ys
}

// trained returns the task of a training step.
func trained(loss *node, t *optimizers.Training, lr float64, team *graph.Team, feeds ...graph.Feed) (task, error) {
	p, err := graph.Function{Outputs: []*node{loss}, Updates: t.Updates, Team: team}.Compile()
	if err != nil {
		return task{}, err
	}
	feeds = append(feeds, graph.Let(t.LR, []float64{lr}))
	first := true
	step := func() {
		if first {
			must(p.Run(feeds...))
			first = false
			return
		}
		p.Run()
	}
	return task{step, func() float64 { return p.Scalar(loss) }, true}, nil
}

func mlp(rule string, batch int, sizes []int, team *graph.Team) (task, error) {
	loss, feeds := classify(ops.ReLU, batch, sizes)
	r := rules[rule]
	return trained(loss, optimizers.Descend(loss, r.rule), r.lr, team, feeds...)
}

func rosenbrock() (task, error) {
	g := graph.New(graph.Float32, 1)
	x, y := g.Param("x", graph.Fill(-1.2)), g.Param("y", graph.Fill(1))
	loss := ops.Add(ops.Square(ops.Shift(1, ops.Neg(x))), ops.Scale(100, ops.Square(ops.Sub(y, ops.Square(x)))))
	return trained(loss, optimizers.Descend(loss, optimizers.SGD()), 2e-4, nil)
}

func hvp(batch int, sizes []int) (task, error) {
	loss, feeds := classify(ops.Tanh, batch, sizes)
	g := loss.Graph()
	xs := g.Params()
	var vs []*node
	for k, x := range xs {
		v := g.Input(fmt.Sprint("v", k), x.Shape().Dims()...)
		vs = append(vs, v)
		feeds = append(feeds, graph.Let(v, uniform(20+k, x.Shape().Size(), -1, 1)))
	}
	hv := graph.HVP(loss, xs, vs)
	p, err := graph.Compile(hv...)
	if err != nil {
		return task{}, err
	}
	must(p.Run(feeds...))
	return task{step: func() { p.Run() }, number: func() float64 {
		var sum float64
		n := 0
		for _, h := range hv {
			for _, x := range graph.Output[float32](p, h) {
				sum += math.Abs(float64(x))
				n++
			}
		}
		return sum / float64(n)
	}}, nil
}

// update moves n parameters in so many tensors by gradients that do not
// change: those of Σ p·g.
func update(rule string, n, tensors int) (task, error) {
	g := graph.New(graph.Float32, 1)
	var terms []*node
	var feeds []graph.Feed
	grads := uniform(3, n/tensors, -1, 1)
	for k := range tensors {
		p, d := g.Param(fmt.Sprint("p", k), graph.Fill(1), n/tensors), g.Input(fmt.Sprint("g", k), n/tensors)
		terms = append(terms, ops.Sum(ops.Mul(p, d)))
		feeds = append(feeds, graph.Let(d, grads))
	}
	loss := terms[0]
	for _, t := range terms[1:] {
		loss = ops.Add(loss, t)
	}
	r := rules[rule]
	t := optimizers.Descend(loss, r.rule)
	p, err := graph.Function{Updates: t.Updates}.Compile()
	if err != nil {
		return task{}, err
	}
	must(p.Run(append(feeds, graph.Let(t.LR, []float64{r.lr}))...))
	must(p.Run())
	return task{step: func() { p.Run() }, number: func() float64 {
		var sum float64
		for _, p := range t.Params {
			for _, x := range p.Variable().Float64s() {
				sum += math.Abs(x - 1)
			}
		}
		return sum / float64(n)
	}}, nil
}

// apply is a function of n numbers.
func apply(name string, n int) (task, error) {
	f := map[string]func(*node) *node{"exp": ops.Exp, "tanh": ops.Tanh, "sigmoid": ops.Sigmoid, "log": ops.Log}[name]
	g := graph.New(graph.Float32, 1)
	x := g.Input("x", n)
	y := f(x)
	p, err := graph.Compile(y)
	if err != nil {
		return task{}, err
	}
	must(p.Run(graph.Let(x, uniform(6, n, 0.01, 4))))
	return task{step: func() { p.Run() }, number: func() float64 { return meanAbs(graph.Output[float32](p, y)) }}, nil
}

// gemm is one of the three products of a dense layer of m rows, k inputs and
// n outputs: x·w, xᵀ·dy, dy·wᵀ.
func gemm(name string, m, k, n int) task {
	var ta, tb bool
	switch name {
	case "wgrad":
		ta, m, k = true, k, m
	case "xgrad":
		tb, k, n = true, n, k
	}
	p := kernel.NewProduct[float32](m, n, k, ta, tb)
	a, b, c := uniform(4, m*k, -1, 1), uniform(5, k*n, -1, 1), aligned(m*n)
	return task{step: func() { p.Run(&c[0], &a[0], &b[0]) }, number: func() float64 { return meanAbs(c) }}
}

func meanAbs(x []float32) float64 {
	var sum float64
	for _, v := range x {
		sum += math.Abs(float64(v))
	}
	return sum / float64(len(x))
}

// aligned returns n zeros that begin at a multiple of 64 bytes.
func aligned(n int) []float32 {
	s := make([]float32, n+15)
	skip := -uintptr(unsafe.Pointer(&s[0])) % 64 / 4
	return s[skip:][:n]
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
