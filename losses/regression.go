package losses

import (
	"descent/graph"
	"descent/internal/spec"
	"descent/ops"
)

// Losses of a real number, elementwise in r = pred - target. Prediction and
// target have the same shape, any shape.

// MSE is the mean of r²: the least squares of regression, for errors of Gaussian
// shape. Its minimiser is the mean of the target given the input.
// (torch.nn.MSELoss)
func MSE(pred, target *graph.Node) *graph.Node { return MSEWith(Mean)(pred, target) }

// MSEWith is [MSE] with another reduction.
func MSEWith(red Reduction) Loss {
	return elementwise(check("mse"), red, func(x, y *node) *node {
		return ops.Square(ops.Sub(x, y))
	})
}

// MAE is the mean of |r|, with gradient 0 where r = 0. It bears outliers; its
// minimiser is the median of the target given the input. (torch.nn.L1Loss)
func MAE(pred, target *graph.Node) *graph.Node { return MAEWith(Mean)(pred, target) }

// MAEWith is [MAE] with another reduction.
func MAEWith(red Reduction) Loss {
	return elementwise(check("mae"), red, func(x, y *node) *node {
		return ops.Abs(ops.Sub(x, y))
	})
}

// Huber is the mean of ½r² where |r| < delta, and of delta·(|r| - ½delta)
// elsewhere: MSE near the target, MAE far from it. delta is above 0.
// (Huber 1964; torch.nn.HuberLoss)
func Huber(delta float64) Loss { return HuberWith(delta, Mean) }

// HuberWith is [Huber] with another reduction.
func HuberWith(delta float64, red Reduction) Loss {
	return elementwise(check("huber", spec.InRange(positive, "delta", delta)), red, func(x, y *node) *node {
		return huber(ops.Sub(x, y), delta)
	})
}

// huber is c·(r - ½c), where c is r clamped to ±delta: both cases in one.
func huber(r *node, delta float64) *node {
	c := ops.Clamp(r, -delta, delta)
	return ops.Mul(c, ops.Sub(r, ops.Scale(0.5, c)))
}

// SmoothL1 is the mean of ½r²/beta where |r| < beta, and of |r| - ½beta
// elsewhere: Huber(beta)/beta, so its slope far from the target is 1 whatever
// beta is. beta is at least 0, where the loss is [MAE]. (Girshick 2015, Fast
// R-CNN; torch.nn.SmoothL1Loss)
func SmoothL1(beta float64) Loss { return SmoothL1With(beta, Mean) }

// SmoothL1With is [SmoothL1] with another reduction.
func SmoothL1With(beta float64, red Reduction) Loss {
	return elementwise(check("smooth_l1", spec.InRange(notNegative, "beta", beta)), red, func(x, y *node) *node {
		if beta == 0 {
			return ops.Abs(ops.Sub(x, y))
		}
		return ops.Scale(1/beta, huber(ops.Sub(x, y), beta))
	})
}

// LogCosh is the mean of log cosh r, about ½r² near the target and |r| - log 2
// far from it: a [Huber] loss whose derivatives, the first of which is tanh r,
// are all continuous.
func LogCosh(pred, target *graph.Node) *graph.Node { return LogCoshWith(Mean)(pred, target) }

// LogCoshWith is [LogCosh] with another reduction.
func LogCoshWith(red Reduction) Loss {
	return elementwise(check("log_cosh"), red, func(x, y *node) *node {
		return graph.Apply(logCosh{}, x, y)
	})
}

// Quantile is the mean of tau·e where e = target - pred is positive, and of
// (tau-1)·e where it is negative. Its minimiser is the tau-quantile of the
// target given the input. tau is between 0 and 1. At e = 0 the gradient is the
// mean of those on both sides. (Koenker and Bassett 1978)
func Quantile(tau float64) Loss { return QuantileWith(tau, Mean) }

// QuantileWith is [Quantile] with another reduction.
func QuantileWith(tau float64, red Reduction) Loss {
	return elementwise(check("quantile", spec.InRange(between, "tau", tau)), red, func(x, y *node) *node {
		e := ops.Sub(y, x)
		return ops.Max(ops.Scale(tau, e), ops.Scale(tau-1, e))
	})
}
