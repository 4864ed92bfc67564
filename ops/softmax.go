package ops

import (
	"fmt"

	"descent/graph"
)

// LogSumExp returns log Σ eˣ over some axes, or over all, without overflow.
func LogSumExp(x *node, axes ...int) *node {
	return reduce("logsumexp", x, axes, func(x *node, ax []int) *node { return graph.Apply(logSumExp{mask(ax)}, x) })
}

// logSumExp keeps its axes.
type logSumExp struct{ ax axisMask }

func (o logSumExp) Name() string { return fmt.Sprintf("logsumexp%v", o.ax.axes()) }
func (o logSumExp) Shape(in []graph.Shape) (graph.Shape, error) {
	return kept(in[0], o.ax.axes()), nil
}
func (o logSumExp) Grad(y, dy *node) []*node {
	return []*node{Mul(dy, Exp(Sub(y.Arg(0), y)))}
}
func (o logSumExp) Lower(b *builder, in []value) value {
	x, ax := in[0], o.ax.axes()
	m := b.MaxOf(x, ax...)
	// Where all are -Inf (or one is +Inf) the difference would be NaN.
	m = b.Where(b.Lt(b.Abs(m), b.Const(maxFloat)), m, b.Const(0))
	return b.Add(b.Log(b.Sum(b.Exp(b.Sub(x, m)), ax...)), m)
}

// maxFloat is below infinity in both element types.
const maxFloat = 3.4028234663852886e38

// Softmax returns eˣ/Σeˣ over some axes, or over all.
func Softmax(x *node, axes ...int) *node { return Exp(LogSoftmax(x, axes...)) }

// LogSoftmax returns log(eˣ/Σeˣ) over some axes, or over all, without overflow:
// of x less its maximum, whose differences are exact however large x is.
func LogSoftmax(x *node, axes ...int) *node {
	z := Sub(x, Keep(StopGradient(AMax(x, axes...)), x, axes...))
	return Sub(z, Keep(Log(Sum(Exp(z), axes...)), x, axes...))
}
