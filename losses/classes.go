package losses

import (
	"errors"
	"fmt"

	"descent/graph"
	"descent/internal/spec"
	"descent/ops"
)

// Losses of many classes. The classes are axis 1 of the prediction, as in
// N×C or N×C×d; or the only axis, C, of one sample. Targets are either indices,
// of the prediction's shape without that axis, declared by
// [graph.Graph.Indices] or computed; or probabilities, of the prediction's shape.

var errNoClasses = errors.New("the prediction must have an axis of classes")

func classAxis(s graph.Shape) int { return min(1, s.Rank()-1) }

// CrossEntropy is the mean over samples of -log softmax(pred)[target] for class
// indices, and of -Σ target·log softmax(pred) for probabilities; pred are
// logits. Samples whose index is -100 are ignored; if all are, the mean is NaN.
// (torch.nn.CrossEntropyLoss)
func CrossEntropy(pred, target *graph.Node) *graph.Node {
	return CrossEntropyWith(CrossEntropyOptions{})(pred, target)
}

// CrossEntropyOptions are the settings of [CrossEntropyWith].
type CrossEntropyOptions struct {
	// Weight has a number for each class, nil is 1 for all. For indices, the
	// mean is divided by the sum of the samples' weights; for probabilities, by
	// the number of samples.
	Weight []float64
	// IgnoreIndex is an index that marks samples to ignore; nil is -100.
	// Probabilities cannot be ignored.
	IgnoreIndex *int
	// LabelSmoothing, in [0, 1], moves this part of the target to all classes
	// evenly. (Szegedy et al. 2015, https://arxiv.org/abs/1512.00567)
	LabelSmoothing float64
	Reduction      Reduction
}

// CrossEntropyWith is [CrossEntropy] with settings.
func CrossEntropyWith(o CrossEntropyOptions) Loss {
	c := check("cross_entropy", spec.InRange(fraction, "label_smoothing", o.LabelSmoothing), o.Reduction.check())
	return func(pred, target *node) *node {
		distribution := isDistribution(pred, target)
		fit := func() error {
			if !distribution {
				return classesFit(pred, target, o.Weight)
			}
			if o.IgnoreIndex != nil {
				return fmt.Errorf("ignore_index is for class indices, and the target is probabilities of shape %v", target.Shape())
			}
			return weightFits(pred, o.Weight)
		}
		if bad := c.bad([]*node{pred, target}, fit); bad != nil {
			return bad
		}
		if !distribution && o.LabelSmoothing == 0 && pred.Shape().Rank() == 2 {
			return o.average(pred, target, ops.SoftmaxNLL)
		}
		logp := logSoftmax(pred, classAxis(pred.Shape()))
		if distribution {
			return o.probabilities(logp, target)
		}
		return o.indices(logp, target)
	}
}

// logSoftmax is [ops.LogSoftmax] of x less its maximum, whose differences are
// exact however large x is.
func logSoftmax(x *node, k int) *node {
	top := ops.Keep(ops.AMax(x, k), x, k)
	return ops.LogSoftmax(ops.Sub(x, ops.StopGradient(top)), k)
}

// isDistribution reports whether the target gives a probability to each class.
func isDistribution(pred, target *node) bool {
	return target.Role() != graph.Index && pred.Shape() == target.Shape()
}

// probabilities is the cross-entropy of log-probabilities against a
// distribution.
func (o CrossEntropyOptions) probabilities(logp, target *node) *node {
	k := classAxis(logp.Shape())
	if e := o.LabelSmoothing; e != 0 {
		target = ops.Shift(e/float64(logp.Shape().Dim(k)), ops.Scale(1-e, target))
	}
	return o.Reduction.of(ops.Neg(ops.Sum(ops.Mul(target, byClass(logp, o.Weight)), k)))
}

// average weighs and averages nll(pred, y), the loss of each row, where y are
// the class indices with those to ignore put outside the classes.
func (o CrossEntropyOptions) average(pred, target *node, nll func(pred, y *node) *node) *node {
	classes := pred.Shape().Dim(classAxis(pred.Shape()))
	y := o.marked(target, classes)
	loss := nll(pred, y)
	if o.Weight == nil && o.Reduction != Mean {
		return o.Reduction.of(loss)
	}
	w := weightOf(y, classes, o.Weight)
	if o.Weight != nil {
		loss = ops.Mul(w, loss)
	}
	if o.Reduction == Mean {
		return ratio(ops.Sum(loss), ops.Sum(w))
	}
	return o.Reduction.of(loss)
}

// marked is the target with -1 where it is to be ignored and is a class.
func (o CrossEntropyOptions) marked(target *node, classes int) *node {
	ignore := or(o.IgnoreIndex, -100)
	graph.LimitIndex(target, classes, &ignore)
	if ignore < 0 || ignore >= classes {
		return target
	}
	return ops.Where(ops.Equal(target, number(target, float64(ignore))), number(target, -1), target)
}

// indices is the cross-entropy of log-probabilities against class indices:
// (1-e)·w_y·(-log p_y) + e/C·Σ_c w_c·(-log p_c).
func (o CrossEntropyOptions) indices(logp, target *node) *node {
	k := classAxis(logp.Shape())
	classes := logp.Shape().Dim(k)
	if o.LabelSmoothing == 0 {
		return o.average(logp, target, func(logp, y *node) *node { return ops.Neg(at(logp, y, k)) })
	}
	y, e := o.marked(target, classes), o.LabelSmoothing
	w := weightOf(y, classes, o.Weight)
	all := ops.Mul(isClass(y, classes), ops.Neg(ops.Sum(byClass(logp, o.Weight), k)))
	loss := ops.Add(ops.Scale(1-e, ops.Mul(w, ops.Neg(at(logp, y, k)))), ops.Scale(e/float64(classes), all))
	if o.Reduction == Mean {
		return ratio(ops.Sum(loss), ops.Sum(w))
	}
	return o.Reduction.of(loss)
}

// isClass is 1 where y is a class and 0 elsewhere.
func isClass(y *node, classes int) *node {
	return ops.Mul(ops.LessEqual(number(y, 0), y), ops.Less(y, number(y, float64(classes))))
}

// at is x at index y of axis k, which is dropped.
func at(x, y *node, k int) *node {
	return ops.Squeeze(ops.Gather(x, ops.ExpandDims(y, k), k), k)
}

// weightOf is the weight of each class index in y, 0 where it is no class.
func weightOf(y *node, classes int, weight []float64) *node {
	if weight == nil {
		return isClass(y, classes)
	}
	return ops.Take(y.Graph().Array(weight, classes), y, 0)
}

// byClass is x with each class multiplied by its weight.
func byClass(x *node, weight []float64) *node {
	if weight == nil {
		return x
	}
	k := classAxis(x.Shape())
	dims := make([]int, x.Shape().Rank()-k) // C, 1, 1, …
	for i := range dims {
		dims[i] = 1
	}
	dims[0] = len(weight)
	return ops.Mul(x, x.Graph().Array(weight, dims...))
}

// ratio is sum/weight, where weight depends on no parameter. If weight is 0 it
// is NaN with a gradient of 0, not of 0·∞.
func ratio(sum, weight *node) *node {
	zero := number(weight, 0)
	some := ops.NotEqual(weight, zero)
	y := ops.Div(sum, ops.Add(weight, not(some)))
	return ops.Add(y, ops.Div(zero, some))
}

// NLL is the mean over samples of -pred[target], where pred are
// log-probabilities and target are class indices. CrossEntropy of the logits
// is the same and better. Samples whose index is -100 are ignored; if all are,
// the mean is NaN. (torch.nn.NLLLoss)
func NLL(pred, target *graph.Node) *graph.Node { return NLLWith(NLLOptions{})(pred, target) }

// NLLOptions are the settings of [NLLWith], as in [CrossEntropyOptions].
type NLLOptions struct {
	Weight      []float64
	IgnoreIndex *int
	Reduction   Reduction
}

// NLLWith is [NLL] with settings.
func NLLWith(o NLLOptions) Loss {
	c := check("nll", o.Reduction.check())
	return func(pred, target *node) *node {
		fit := func() error { return classesFit(pred, target, o.Weight) }
		if bad := c.bad([]*node{pred, target}, fit); bad != nil {
			return bad
		}
		same := CrossEntropyOptions{Weight: o.Weight, IgnoreIndex: o.IgnoreIndex, Reduction: o.Reduction}
		return same.indices(pred, target)
	}
}

// classesFit reports class indices that do not fit the prediction.
func classesFit(pred, target *node, weight []float64) error {
	p, t := pred.Shape(), target.Shape()
	if p.Rank() == 0 {
		return errNoClasses
	}
	k := classAxis(p)
	switch want := dropAxis(p, k); {
	case t == want && target.Role() != graph.Index && target.Role() != graph.Computed:
		return fmt.Errorf("the target holds real numbers; declare class indices with Graph.Indices")
	case t != want:
		return fmt.Errorf("the prediction is %v, %d classes along axis %d, and the target %v; it must be class indices of shape %v or, where a loss takes them, probabilities of shape %v",
			p, p.Dim(k), k, t, want, p)
	}
	return weightFits(pred, weight)
}

// weightFits reports class weights that do not fit the prediction.
func weightFits(pred *node, weight []float64) error {
	if pred.Shape().Rank() == 0 || pred.Shape().Dim(classAxis(pred.Shape())) == 0 {
		return errNoClasses
	}
	classes := pred.Shape().Dim(classAxis(pred.Shape()))
	if weight != nil && len(weight) != classes {
		return fmt.Errorf("weight has %d numbers for %d classes", len(weight), classes)
	}
	return weightsInRange("weight", weight)
}

// MultiMargin is the mean over samples of Σ max(0, 1 - pred[y] + pred[c])/C over
// the classes c other than the target y: a hinge for C classes. Targets are
// class indices; the prediction is N×C, or C.
// (Crammer and Singer 2001; torch.nn.MultiMarginLoss)
func MultiMargin(pred, target *graph.Node) *graph.Node {
	return MultiMarginWith(MultiMarginOptions{})(pred, target)
}

// MultiMarginOptions are the settings of [MultiMarginWith].
type MultiMarginOptions struct {
	Squared bool // each term is squared (PyTorch's p=2)
	// Margin replaces the 1; nil is 1.
	Margin *float64
	// Weight has a number for each target class; the mean is over the number of
	// samples all the same.
	Weight    []float64
	Reduction Reduction
}

// MultiMarginWith is [MultiMargin] with settings.
func MultiMarginWith(o MultiMarginOptions) Loss {
	margin := or(o.Margin, 1)
	c := check("multi_margin", spec.InRange(anything, "margin", margin), o.Reduction.check())
	return func(pred, target *node) *node {
		fit := func() error {
			if pred.Shape().Rank() > 2 {
				return fmt.Errorf("the prediction is %v; it must be samples x classes", pred.Shape())
			}
			return classesFit(pred, target, o.Weight)
		}
		if bad := c.bad([]*node{pred, target}, fit); bad != nil {
			return bad
		}
		k := classAxis(pred.Shape())
		classes := pred.Shape().Dim(k)
		other := not(ops.OneHot(target, classes))
		short := ops.ReLU(ops.Add(ops.Sub(number(pred, margin), ops.Keep(at(pred, target, k), pred, k)), pred))
		if o.Squared {
			short = ops.Square(short)
		}
		loss := ops.Mean(ops.Mul(other, short), k)
		return o.Reduction.of(ops.Mul(weightOf(target, classes, o.Weight), loss))
	}
}

// MultiLabelSoftMargin is the mean over samples and classes of [BCELogits], for
// samples that have any number of labels: the target is 1 for each class that
// applies, else 0, and the classes are the last axis. Without reduction there
// is a loss for each sample. (torch.nn.MultiLabelSoftMarginLoss)
func MultiLabelSoftMargin(pred, target *graph.Node) *graph.Node {
	return MultiLabelSoftMarginWith(MultiLabelSoftMarginOptions{})(pred, target)
}

// MultiLabelSoftMarginOptions are the settings of [MultiLabelSoftMarginWith].
type MultiLabelSoftMarginOptions struct {
	Weight    []float64 // a number for each class, as in [BCEOptions]
	Reduction Reduction
}

// MultiLabelSoftMarginWith is [MultiLabelSoftMargin] with settings.
func MultiLabelSoftMarginWith(o MultiLabelSoftMarginOptions) Loss {
	each := weighted("multilabel_soft_margin", o.Weight, nil, None, func(x, t, _ *node) *node { return bceLogits(x, t) })
	return func(pred, target *node) *node {
		c := check("multilabel_soft_margin", o.Reduction.check())
		fit := func() error {
			if pred.Shape().Rank() == 0 {
				return errNoClasses
			}
			return nil
		}
		if bad := c.bad([]*node{pred, target}, fit); bad != nil {
			return bad
		}
		return o.Reduction.of(ops.Mean(each(pred, target), -1))
	}
}
