package losses

import (
	"fmt"
	"math"

	"descent/graph"
	"descent/internal/elementary"
	"descent/internal/spec"
	"descent/ops"
)

// Negative log-likelihoods of distributions other than those of classes.

// PoissonNLL is the mean of e^pred - target·pred, for counts: pred is the
// logarithm of the expected count. (torch.nn.PoissonNLLLoss)
func PoissonNLL(pred, target *graph.Node) *graph.Node {
	return PoissonNLLWith(PoissonNLLOptions{})(pred, target)
}

// PoissonNLLOptions are the settings of [PoissonNLLWith].
type PoissonNLLOptions struct {
	// Rate says that pred is the expected count itself: the loss is
	// pred - target·log(pred + Eps). (PyTorch's log_input=False)
	Rate bool
	// Full adds Stirling's approximation of log target!,
	// target·log target - target + ½log(2π·target), where target > 1.
	Full bool
	// Eps keeps the logarithm of a Rate finite; nil is 1e-8.
	Eps       *float64
	Reduction Reduction
}

// PoissonNLLWith is [PoissonNLL] with settings.
func PoissonNLLWith(o PoissonNLLOptions) Loss {
	eps := or(o.Eps, 1e-8)
	return elementwise(check("poisson_nll", spec.InRange(notNegative, "eps", eps)), o.Reduction, func(x, y *node) *node {
		var loss *node
		if o.Rate {
			loss = ops.Sub(x, ops.Mul(y, ops.Log(ops.Shift(eps, x))))
		} else {
			loss = ops.Sub(ops.Exp(x), ops.Mul(y, x))
		}
		if o.Full {
			one := number(y, 1)
			loss = ops.Add(loss, ops.Mul(ops.Greater(y, one), stirling(ops.Max(y, one))))
		}
		return loss
	})
}

// stirling is n·log n - n + ½log(2πn), about log n!.
func stirling(n *node) *node {
	return ops.Add(ops.Sub(ops.Mul(n, ops.Log(n)), n), ops.Scale(0.5, ops.Log(ops.Scale(2*math.Pi, n))))
}

// GaussianNLL is the mean of ½(log v + (mean - target)²/v), where v is the
// predicted variance, but at least 1e-6: regression that also says how sure it
// is. The variance has the mean's shape; or its last axis may have length 1 or
// be missing, for one variance for all targets of a sample.
// (Nix and Weigend 1994; torch.nn.GaussianNLLLoss)
func GaussianNLL(mean, target, variance *graph.Node) *graph.Node {
	return GaussianNLLWith(GaussianNLLOptions{})(mean, target, variance)
}

// GaussianNLLOptions are the settings of [GaussianNLLWith].
type GaussianNLLOptions struct {
	// Full adds the constant ½log 2π.
	Full bool
	// Eps is the least variance; nil is 1e-6. The gradient ignores this limit,
	// so a variance below it can grow again.
	Eps       *float64
	Reduction Reduction
}

// GaussianNLLWith is [GaussianNLL] with settings; its arrays are the mean, the
// target and the variance.
func GaussianNLLWith(o GaussianNLLOptions) Loss3 {
	eps := or(o.Eps, 1e-6)
	c := check("gaussian_nll", spec.InRange(notNegative, "eps", eps), o.Reduction.check())
	return func(mean, target, variance *node) *node {
		fit := func() error {
			if err := equalShapes(mean, target); err != nil {
				return err
			}
			return varianceFits(mean.Shape(), variance.Shape())
		}
		if bad := c.bad([]*node{mean, target, variance}, fit); bad != nil {
			return bad
		}
		v := variance
		if v.Shape().Rank() < mean.Shape().Rank() {
			v = graph.Reshape(v, graph.Dims(append(v.Shape().Dims(), 1)...))
		}
		// v + (max(v, eps) - v) with the gradient of v.
		v = ops.Add(v, ops.StopGradient(ops.Sub(ops.Max(v, number(v, eps)), v)))
		loss := ops.Scale(0.5, ops.Add(ops.Log(v), ops.Div(ops.Square(ops.Sub(mean, target)), v)))
		if o.Full {
			loss = ops.Shift(0.5*elementary.Log(2*math.Pi), loss)
		}
		return o.Reduction.of(loss)
	}
}

func varianceFits(mean, v graph.Shape) error {
	k := mean.Rank() - 1
	if mean == v || k >= 0 && v == dropAxis(mean, k) || k >= 0 && v == setAxis(mean, k, 1) {
		return nil
	}
	return fmt.Errorf("the mean is %v and the variance %v; they must have equal shapes, or the variance's last axis length 1", mean, v)
}

// KL is the Kullback-Leibler divergence target·(log target - pred) of
// probabilities from a prediction of log-probabilities, as the mean over
// elements, like PyTorch's default; the divergence of distributions as
// mathematics defines it is KLWith with Reduction: BatchMean. A target of 0
// counts 0·log 0 as 0. (torch.nn.KLDivLoss)
func KL(pred, target *graph.Node) *graph.Node { return KLWith(KLOptions{})(pred, target) }

// KLOptions are the settings of [KLWith].
type KLOptions struct {
	// LogTarget says that the target holds log-probabilities too.
	LogTarget bool
	Reduction Reduction
}

// KLWith is [KL] with settings.
func KLWith(o KLOptions) Loss {
	return elementwise(check("kl"), o.Reduction, func(x, y *node) *node {
		if o.LogTarget {
			return ops.Mul(ops.Exp(y), ops.Sub(y, x))
		}
		return ops.Sub(ops.XLogY(y, y), ops.Mul(y, x))
	})
}
