package engine

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"descent/graph"
	"descent/losses"
	"descent/models"
	"descent/ops"
	"descent/optimizers"
)

type node = graph.Node

// paperAdam is Adam as a reader of the paper would write it.
type paperAdam struct{}

func (paperAdam) String() string { return "paper" }

func (paperAdam) Update(s *optimizers.Step) *node {
	m, v := average(s, "m", 0.9, s.Grad), average(s, "v", 0.999, ops.Square(s.Grad))
	hat := func(x *node, beta float64) *node {
		return ops.Div(x, ops.Shift(1, ops.Neg(ops.Pow(s.Const(beta), s.T))))
	}
	return ops.Div(hat(m, 0.9), ops.Shift(1e-8, ops.Sqrt(hat(v, 0.999))))
}

// average keeps a running mean of x as a state, and returns its next value.
func average(s *optimizers.Step, name string, beta float64, x *node) *node {
	old := s.State(name)
	next := ops.Add(ops.Scale(beta, old), ops.Scale(1-beta, x))
	s.Set(old, next)
	return next
}

// sharpened is an optimizer that nobody has: a sign step, softened where the mean
// is small beside the mean absolute gradient.
type sharpened struct{}

func (sharpened) String() string { return "sharpened" }

func (sharpened) Update(s *optimizers.Step) *node {
	m, a := average(s, "m", 0.9, s.Grad), average(s, "a", 0.99, ops.Abs(s.Grad))
	r := ops.Div(m, ops.Shift(1e-8, a))
	return ops.Max(ops.Scale(-1, s.Const(1)), ops.Min(s.Const(1), ops.Mul(r, ops.Abs(r))))
}

// focal is a focal loss on probabilities, https://arxiv.org/abs/1708.02002, of
// one-hot targets.
func focal(z, y *node) *node {
	logp := ops.LogSoftmax(z, -1)
	q := ops.Shift(1, ops.Neg(ops.Exp(logp)))
	rows := float64(z.Shape().Dim(0))
	return ops.Scale(-1/rows, ops.Sum(ops.Mul(y, ops.Mul(ops.Square(q), logp))))
}

// ownHuber is the Huber loss by its formula.
func ownHuber(z, y *node) *node {
	e := ops.Abs(ops.Sub(z, y))
	half := ops.Min(e, z.Graph().Const(1))
	return ops.Mean(ops.Mul(half, ops.Sub(e, ops.Scale(0.5, half))))
}

// trains compiles a step of an MLP whose targets have the shape of its outputs.
func trains(b *testing.B, batch int, sizes []int, loss losses.Loss, rule optimizers.Rule) func() {
	g := graph.New(graph.Float32, 1)
	out := sizes[len(sizes)-1]
	x, y := g.Input("x", batch, sizes[0]), g.Input("y", batch, out)
	l := loss(models.MLP(ops.ReLU, sizes[1:]...)(x), y)
	t := optimizers.Descend(l, rule)
	p, err := graph.Function{Outputs: []*node{l}, Updates: t.Updates}.Compile()
	if err != nil {
		b.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 1))
	xs, ys := make([]float32, batch*sizes[0]), make([]float32, batch*out)
	for i := range xs {
		xs[i] = float32(rng.NormFloat64())
	}
	for i := range batch {
		ys[i*out+i%out] = 1
	}
	if err := p.Run(graph.Let(x, xs), graph.Let(y, ys), graph.Let(t.LR, []float64{1e-3})); err != nil {
		b.Fatal(err)
	}
	return func() { p.Run() }
}

// BenchmarkOwn compares steps with an optimizer or a loss written as an expression
// with steps of like size that use the library's: the ratio of medians of batches
// that take turns.
func BenchmarkOwn(b *testing.B) {
	small, large := []int{64, 32, 10}, []int{784, 128, 10}
	probabilities := func(z, y *node) *node { return losses.CrossEntropy(z, y) }
	for _, c := range []struct {
		name      string
		batch     int
		sizes     []int
		own, ours losses.Loss
		rule      [2]optimizers.Rule
	}{
		{"adam-small", 32, small, losses.MSE, losses.MSE, [2]optimizers.Rule{paperAdam{}, optimizers.Adam()}},
		{"adam-large", 64, large, losses.MSE, losses.MSE, [2]optimizers.Rule{paperAdam{}, optimizers.Adam()}},
		{"sharpened-small", 32, small, losses.MSE, losses.MSE, [2]optimizers.Rule{sharpened{}, optimizers.Adam()}},
		{"sharpened-large", 64, large, losses.MSE, losses.MSE, [2]optimizers.Rule{sharpened{}, optimizers.Adam()}},
		{"huber-small", 32, small, ownHuber, losses.Huber(1), [2]optimizers.Rule{optimizers.SGD(), optimizers.SGD()}},
		{"focal-small", 32, small, focal, probabilities, [2]optimizers.Rule{optimizers.SGD(), optimizers.SGD()}},
		{"focal-large", 64, large, focal, probabilities, [2]optimizers.Rule{optimizers.SGD(), optimizers.SGD()}},
	} {
		b.Run(c.name, func(b *testing.B) {
			own := trains(b, c.batch, c.sizes, c.own, c.rule[0])
			ours := trains(b, c.batch, c.sizes, c.ours, c.rule[1])
			batch := max(1, 2000/c.batch)
			var times [2][]time.Duration
			for b.Loop() {
				for k, step := range []func(){own, ours} {
					began := time.Now()
					for range batch {
						step()
					}
					times[k] = append(times[k], time.Since(began))
				}
			}
			for k := range times {
				slices.Sort(times[k])
			}
			middle := len(times[0]) / 2
			b.ReportMetric(times[0][middle].Seconds()/times[1][middle].Seconds(), "own/library")
			b.ReportMetric(0, "ns/op")
		})
	}
}
