package ops

import (
	"fmt"
	"math"

	"descent/graph"
)

// LogSumExp returns log Σ eˣ over some axes, or over all, without overflow.
func LogSumExp(x *node, axes ...int) *node {
	return reduce("logsumexp", x, axes, func(x *node, ax []int) *node { return graph.Apply(logSumExp{mask(ax)}, x) })
}

// logSumExp keeps its axes.
type logSumExp struct{ ax axisMask }

func (o logSumExp) Name() string                                { return graph.Title(o.Describe()) }
func (o logSumExp) Describe() call                              { return keeping("logsumexp", o.ax) }
func (o logSumExp) Shape(in []graph.Shape) (graph.Shape, error) { return o.Mixed(in[0]), nil }
func (o logSumExp) Mixed(x graph.Shape) graph.Shape             { return kept(x, o.ax.axes()) }
func (o logSumExp) Grad(y, dy *node) []*node {
	return []*node{Mul(dy, Exp(Sub(y.Arg(0), y)))}
}
func (o logSumExp) Lower(b *builder, in []value) value {
	_, m, log := shifted(b, in[0], o.ax)
	return b.Add(log, m)
}

// shifted returns x - m, m and log Σ exp(x-m), where m is the largest of x, or 0
// where that is infinite and would make differences NaN.
func shifted(b *builder, x value, over axisMask) (less, m, log value) {
	ax := over.axes()
	m = b.MaxOf(x, ax...)
	m = b.Where(b.Lt(b.Abs(m), b.Const(math.Inf(1))), m, b.Const(0))
	less = b.Sub(x, m)
	return less, m, b.Log(b.Sum(b.Exp(less), ax...))
}

// Softmax returns eˣ/Σeˣ over some axes, or over all.
func Softmax(x *node, axes ...int) *node { return Exp(LogSoftmax(x, axes...)) }

// LogSoftmax returns log(eˣ/Σeˣ) over some axes, or over all, without overflow
// and as exact for large x as for small.
func LogSoftmax(x *node, axes ...int) *node {
	if x.Err() != nil {
		return x
	}
	ax, err := axesOf(x.Shape(), axes)
	if err != nil {
		return graph.Bad(err, "logsoftmax", x)
	}
	return graph.Apply(logSoftmax{mask(ax)}, x)
}

type logSoftmax struct{ ax axisMask }

func (o logSoftmax) Name() string                                { return graph.Title(o.Describe()) }
func (o logSoftmax) Describe() call                              { return graph.CallOf("logsoftmax", "axis", o.ax.axes()) }
func (o logSoftmax) Shape(in []graph.Shape) (graph.Shape, error) { return in[0], nil }
func (o logSoftmax) Mixed(x graph.Shape) graph.Shape             { return kept(x, o.ax.axes()) }
func (o logSoftmax) Grad(y, dy *node) []*node {
	sum := graph.SumTo(dy, o.Mixed(y.Shape()))
	return []*node{Sub(dy, Mul(Exp(y), sum))}
}
func (o logSoftmax) Lower(b *builder, in []value) value {
	less, _, log := shifted(b, in[0], o.ax)
	return b.Sub(less, log)
}

// SoftmaxNLL returns -log softmax(z)[y] for each row of logits z, N×C, and
// class index y, N: what cross-entropy averages, from one pass over the logits
// and exact for logits of any size. A row whose index is not in 0..C-1 has loss
// 0 and gradient 0.
func SoftmaxNLL(z, y *node) *node { return graph.Apply(softmaxNLL{}, z, y) }

type softmaxNLL struct{}

func (o softmaxNLL) Name() string { return graph.Title(o.Describe()) }
func (softmaxNLL) Describe() call { return graph.CallOf("softmax_nll") }
func (softmaxNLL) Shape(in []graph.Shape) (graph.Shape, error) {
	z, y := in[0], in[1]
	if z.Rank() != 2 || y != graph.Dims(z.Dim(0)) {
		return graph.Shape{}, fmt.Errorf("logits are N x C and class indices N, these are %v and %v", z, y)
	}
	return y, nil
}
func (softmaxNLL) Grad(l, dl *node) []*node {
	return []*node{Mul(ExpandDims(dl, 1), SoftmaxNLLGrad(l.Arg(0), l.Arg(1))), nil}
}
func (softmaxNLL) Lower(b *builder, in []value) value {
	nll, _ := b.SoftmaxNLL(in[0], in[1])
	return nll
}

// SoftmaxNLLGrad returns softmax(z) - onehot(y), the gradient of [SoftmaxNLL], and
// 0 in rows whose index is not a class.
func SoftmaxNLLGrad(z, y *node) *node { return graph.Apply(softmaxNLLGrad{}, z, y) }

type softmaxNLLGrad struct{}

func (o softmaxNLLGrad) Name() string { return graph.Title(o.Describe()) }
func (softmaxNLLGrad) Describe() call { return graph.CallOf("softmax_nll_grad") }
func (softmaxNLLGrad) Shape(in []graph.Shape) (graph.Shape, error) {
	_, err := softmaxNLL{}.Shape(in)
	return in[0], err
}
func (softmaxNLLGrad) Grad(g, dg *node) []*node {
	z, y := g.Arg(0), g.Arg(1)
	p := Softmax(z, 1)
	inner := Keep(Sum(Mul(dg, p), 1), z, 1)
	some := Mul(GreaterEqual(y, g.Graph().Const(0)), Less(y, g.Graph().Const(float64(z.Shape().Dim(1)))))
	return []*node{Mul(ExpandDims(some, 1), Mul(p, Sub(dg, inner))), nil}
}
func (softmaxNLLGrad) Lower(b *builder, in []value) value {
	_, g := b.SoftmaxNLL(in[0], in[1])
	return g
}
