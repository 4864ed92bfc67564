package losses

import (
	"fmt"

	"descent/graph"
	"descent/internal/spec"
	"descent/ops"
)

// Losses of two classes, elementwise. The prediction is a score whose sign says
// the class, or for BCE a probability. Targets are -1 and 1, or 0 and 1 (and
// what is between, as a probability of class 1); each loss says which.

// Hinge is the mean of max(0, 1 - target·pred) for targets -1 and 1: the loss
// of support vector machines. (Cortes and Vapnik 1995)
func Hinge(pred, target *graph.Node) *graph.Node { return HingeWith(Mean)(pred, target) }

// HingeWith is [Hinge] with another reduction.
func HingeWith(red Reduction) Loss {
	return elementwise(check("hinge"), red, shortfall)
}

// SquaredHinge is the mean of max(0, 1 - target·pred)² for targets -1 and 1: a
// [Hinge] with a continuous gradient.
func SquaredHinge(pred, target *graph.Node) *graph.Node { return SquaredHingeWith(Mean)(pred, target) }

// SquaredHingeWith is [SquaredHinge] with another reduction.
func SquaredHingeWith(red Reduction) Loss {
	return elementwise(check("squared_hinge"), red, func(x, s *node) *node { return ops.Square(shortfall(x, s)) })
}

// shortfall is max(0, 1 - s·x).
func shortfall(x, s *node) *node { return ops.ReLU(ops.Sub(number(x, 1), ops.Mul(s, x))) }

// Perceptron is the mean of max(0, -target·pred) for targets -1 and 1.
// (Rosenblatt 1958)
func Perceptron(pred, target *graph.Node) *graph.Node { return PerceptronWith(Mean)(pred, target) }

// PerceptronWith is [Perceptron] with another reduction.
func PerceptronWith(red Reduction) Loss {
	return elementwise(check("perceptron"), red, func(x, s *node) *node {
		return ops.ReLU(ops.Neg(ops.Mul(s, x)))
	})
}

// SoftMargin is the mean of log(1 + e^(-target·pred)) for targets -1 and 1:
// logistic regression. (torch.nn.SoftMarginLoss)
func SoftMargin(pred, target *graph.Node) *graph.Node { return SoftMarginWith(Mean)(pred, target) }

// SoftMarginWith is [SoftMargin] with another reduction.
func SoftMarginWith(red Reduction) Loss {
	return elementwise(check("soft_margin"), red, func(x, s *node) *node {
		return ops.Softplus(ops.Neg(ops.Mul(s, x)))
	})
}

// HingeEmbedding is the mean of pred where the target is 1, and of
// max(0, margin - pred) where it is -1; pred is a distance, which is to be small
// or at least margin. (torch.nn.HingeEmbeddingLoss, whose margin is 1)
func HingeEmbedding(margin float64) Loss { return HingeEmbeddingWith(margin, Mean) }

// HingeEmbeddingWith is [HingeEmbedding] with another reduction.
func HingeEmbeddingWith(margin float64, red Reduction) Loss {
	return elementwise(check("hinge_embedding", spec.InRange(anything, "margin", margin)), red, func(x, s *node) *node {
		return bySign(s, x, atLeast0(ops.Sub(number(x, margin), x)))
	})
}

// bySign is near where s is 1, far where it is -1, and their sum elsewhere.
func bySign(s, near, far *node) *node {
	return ops.Add(
		ops.Mul(ops.NotEqual(s, number(s, -1)), near),
		ops.Mul(ops.NotEqual(s, number(s, 1)), far))
}

// atLeast0 is max(x, 0) with gradient 1 at 0, as PyTorch has it where a margin
// is just met.
func atLeast0(x *node) *node { return ops.Clamp(x, 0, inf) }

// BCE is binary cross-entropy of probabilities, the mean of
// -(target·log pred + (1-target)·log(1-pred)), for targets from 0 to 1. The
// logarithms are at least -100, and the gradient is at most 1e12. Where the
// model ends in a sigmoid, [BCELogits] of its input is better.
// (torch.nn.BCELoss)
func BCE(pred, target *graph.Node) *graph.Node { return BCEWith(BCEOptions{})(pred, target) }

// BCEOptions are the settings of [BCEWith].
type BCEOptions struct {
	// Weight multiplies the loss of each element: one number for each column,
	// or for each element of the last axes. The mean is over elements all the
	// same. For weights that are fed, use the None reduction and multiply.
	Weight    []float64
	Reduction Reduction
}

// BCEWith is [BCE] with settings.
func BCEWith(o BCEOptions) Loss {
	return weighted("bce", o.Weight, nil, o.Reduction, func(p, t, _ *node) *node {
		return graph.Apply(bce{}, p, t)
	})
}

// BCELogits is [BCE] of sigmoid(pred), computed without overflow and without
// loss of digits: target·log(1+e^-pred) + (1-target)·log(1+e^pred).
// (torch.nn.BCEWithLogitsLoss)
func BCELogits(pred, target *graph.Node) *graph.Node {
	return BCELogitsWith(BCELogitsOptions{})(pred, target)
}

// BCELogitsOptions are the settings of [BCELogitsWith].
type BCELogitsOptions struct {
	// Weight is as in [BCEOptions].
	Weight []float64
	// PosWeight multiplies the loss of the positive class, that is, the term of
	// target: one number, or one for each column, or for each element of the
	// last axes. Above 1 it raises recall.
	PosWeight []float64
	Reduction Reduction
}

// BCELogitsWith is [BCELogits] with settings.
func BCELogitsWith(o BCELogitsOptions) Loss {
	return weighted("bce_logits", o.Weight, o.PosWeight, o.Reduction, func(x, t, pos *node) *node {
		if pos != nil {
			return ops.Add(ops.Mul(ops.Mul(pos, t), ops.Softplus(ops.Neg(x))), negative(x, t))
		}
		return bceLogits(x, t)
	})
}

// bceLogits is t·log(1+e^-x) + (1-t)·log(1+e^x).
func bceLogits(x, t *node) *node {
	return ops.Add(ops.Mul(t, ops.Softplus(ops.Neg(x))), negative(x, t))
}

// negative is the negative class's part of bceLogits.
func negative(x, t *node) *node { return ops.Mul(not(t), ops.Softplus(x)) }

func not(t *node) *node { return ops.Sub(number(t, 1), t) }

// weighted makes an elementwise loss whose elements have weights; f is also
// given pos as an array, or nil.
func weighted(name string, weight, pos []float64, red Reduction, f func(x, t, pos *node) *node) Loss {
	return func(pred, target *node) *node {
		c := check(name)
		var w, p *node
		if pred.Err() == nil {
			var werr, perr error
			w, werr = trailing("weight", weight, pred)
			p, perr = trailing("pos_weight", pos, pred)
			c = check(name, werr, perr)
		}
		return elementwise(c, red, func(x, t *node) *node {
			loss := f(x, t, p)
			if w != nil {
				loss = ops.Mul(w, loss)
			}
			return loss
		})(pred, target)
	}
}

// trailing shapes the values of a setting as the last axes of x, as many as
// they fill. It returns nil for no values.
func trailing(name string, values []float64, x *node) (*node, error) {
	if values == nil {
		return nil, nil
	}
	if err := weightsInRange(name, values); err != nil {
		return nil, err
	}
	if len(values) == 1 {
		return number(x, values[0]), nil
	}
	dims := x.Shape().Dims()
	for k, n := len(dims)-1, 1; k >= 0; k-- {
		if n *= dims[k]; n == len(values) {
			return x.Graph().Array(values, dims[k:]...), nil
		}
	}
	return nil, fmt.Errorf("%s has %d numbers; a prediction of shape %v needs 1 or as many as its last axis", name, len(values), x.Shape())
}

func weightsInRange(name string, values []float64) error {
	for i, v := range values {
		if err := spec.InRange(notNegative, fmt.Sprintf("%s[%d]", name, i), v); err != nil {
			return err
		}
	}
	return nil
}

// Focal is [BCELogits] with each element's loss multiplied by (1-q)^gamma,
// where q is the probability given to the true class, so that easy elements
// count little; and by alpha for class 1 and 1-alpha for class 0. A negative
// alpha means no such weights; gamma is at least 0. Usual are gamma 2 and alpha
// 0.25. (Lin et al. 2017, https://arxiv.org/abs/1708.02002;
// torchvision.ops.sigmoid_focal_loss, whose reduction is none)
func Focal(gamma, alpha float64) Loss { return FocalWith(gamma, alpha, Mean) }

// FocalWith is [Focal] with another reduction.
func FocalWith(gamma, alpha float64, red Reduction) Loss {
	c := check("focal", spec.InRange(notNegative, "gamma", gamma), spec.InRange(atMost1, "alpha", alpha))
	return elementwise(c, red, func(x, t *node) *node {
		// 1-q by way of sigmoid(-x), so that nothing cancels.
		missed := ops.Add(ops.Mul(ops.Sigmoid(x), not(t)), ops.Mul(ops.Sigmoid(ops.Neg(x)), t))
		if gamma < 1 { // the slope at 0 is infinite
			missed = ops.Max(missed, number(x, smallest(x.Graph())))
		}
		loss := ops.Mul(bceLogits(x, t), ops.Pow(missed, number(x, gamma)))
		if alpha >= 0 {
			loss = ops.Mul(loss, ops.Add(ops.Scale(alpha, t), ops.Scale(1-alpha, not(t))))
		}
		return loss
	})
}

// smallest is a number so small that it does not count, above the subnormals.
func smallest(g *graph.Graph) float64 {
	if g.Dtype() == graph.Float32 {
		return 1e-37
	}
	return 1e-300
}
