// Package losses measures how far predictions are from targets.
//
// A [Loss] is a function of two nodes, so a loss of your own is written like
// those here, as a composition of ops; its gradient follows from theirs.
// Meanings are PyTorch's, and so are values and gradients at kinks. Losses of
// logits are computed without overflow for logits of any size.
//
// # Names
//
// MSE, CrossEntropy and so on are losses with PyTorch's default settings; those
// which need a number, such as Huber(delta), return one. MSEWith, HuberWith,
// CrossEntropyWith take every setting. A loss value belongs to no graph: the
// same one serves a training graph and an evaluation graph.
//
// # Mistakes
//
// Prediction and target must have equal shapes: stretching one to fit the other
// is always a bug in a loss. A shape that does not fit and a setting out of
// range make a bad node, which [graph.Compile] reports with its line.
package losses

import (
	"fmt"
	"math"
	"slices"

	"descent/graph"
	"descent/ops"
)

// A Loss says how far a prediction is from its target, usually as one number.
type Loss = func(pred, target *graph.Node) *graph.Node

// A Loss3 is a loss of three arrays, each loss says which.
type Loss3 = func(a, b, c *graph.Node) *graph.Node

type node = graph.Node

// A Reduction makes one number of the losses of many elements or samples.
type Reduction uint8

// The reductions. The mean is over elements, but for losses of classes it is
// over samples, weighted if classes are; each loss of that kind says so. With
// BatchMean the sum is divided by the length of the first axis.
const (
	Mean Reduction = iota
	Sum
	None
	BatchMean
)

var reductionNames = []string{Mean: "mean", Sum: "sum", None: "none", BatchMean: "batchmean"}

// String returns PyTorch's name of r, such as "mean".
func (r Reduction) String() string {
	if int(r) < len(reductionNames) {
		return reductionNames[r]
	}
	return fmt.Sprintf("Reduction(%d)", uint8(r))
}

func (r Reduction) check() error {
	if int(r) >= len(reductionNames) {
		return fmt.Errorf("there is no %v; use losses.Mean, Sum, None or BatchMean", r)
	}
	return nil
}

// of reduces x.
func (r Reduction) of(x *node) *node {
	switch {
	case r == Mean:
		return ops.Mean(x)
	case r == Sum:
		return ops.Sum(x)
	case r == BatchMean:
		return ops.Div(ops.Sum(x), number(x, float64(batch(x))))
	}
	return x
}

// batch is the length of the first axis, 1 for a scalar.
func batch(x *node) int {
	if x.Err() != nil || x.Shape().Rank() == 0 {
		return 1
	}
	return x.Shape().Dim(0)
}

// number is the constant c in x's graph.
func number(x *node, c float64) *node { return x.Graph().Const(c) }

// checked is a loss under construction: its name, and the mistakes in its
// settings.
type checked struct {
	name string
	errs []error
}

func check(name string, errs ...error) checked {
	c := checked{name: name}
	for _, err := range errs {
		if err != nil {
			c.errs = append(c.errs, err)
		}
	}
	return c
}

// bad returns a bad node if settings or inputs are wrong, else nil. fit looks at
// shapes; it is called only if there are some.
func (c checked) bad(in []*node, fit func() error) *node {
	err := graph.Mistakes(in...)
	if err == nil && len(c.errs) > 0 {
		err = c.errs[0]
	}
	if err == nil {
		err = fit()
	}
	if err == nil {
		return nil
	}
	return graph.Bad(err, c.name, in...)
}

// elementwise makes a loss of f, which maps an element of the prediction and
// one of the target to a number.
func elementwise(c checked, r Reduction, f func(x, y *node) *node) Loss {
	c = check(c.name, append(c.errs, r.check())...)
	return func(pred, target *node) *node {
		fit := func() error { return equalShapes(pred, target) }
		if bad := c.bad([]*node{pred, target}, fit); bad != nil {
			return bad
		}
		return r.of(f(pred, target))
	}
}

func equalShapes(pred, target *node) error {
	p, t := pred.Shape(), target.Shape()
	switch {
	case target.Role() == graph.Index:
		return fmt.Errorf("the target is an input of whole numbers; declare it with Graph.Input")
	case p == t:
		return nil
	case p.Size() == t.Size():
		return fmt.Errorf("the prediction is %v and the target %v: declare the target as %v, or ops.Reshape one of them", p, t, p)
	}
	return fmt.Errorf("the prediction is %v and the target %v; they must have equal shapes", p, t)
}

var inf = math.Inf(1)

// or is *p, or what a setting is when it is not given.
func or[T any](p *T, unset T) T {
	if p != nil {
		return *p
	}
	return unset
}

// setAxis and dropAxis return a shape with another length of axis k, or
// without it.
func setAxis(s graph.Shape, k, n int) graph.Shape {
	d := s.Dims()
	d[k] = n
	return graph.Dims(d...)
}

func dropAxis(s graph.Shape, k int) graph.Shape {
	return graph.Dims(slices.Delete(s.Dims(), k, k+1)...)
}
