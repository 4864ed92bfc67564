package losses

import (
	"math"

	"descent/graph"
	"descent/internal/elementary"
	"descent/internal/spec"
	"descent/ops"
	"descent/ops/joint"
)

// Negative log-likelihoods of counts, amounts, shares and numbers with outliers, whose
// spread is a setting.

// NegativeBinomialNLL is that of counts with the mean μ = e^pred and the variance
// μ + alpha·μ²: a Poisson distribution of a rate that varies. It is the mean of
// (y + 1/alpha)·log(1 + alpha·μ) - y·pred; alpha is above 0.
// (Hilbe 2011; MASS::glm.nb, whose theta is 1/alpha)
func NegativeBinomialNLL(alpha float64) Loss { return NegativeBinomialNLLWith(alpha, false, Mean) }

// NegativeBinomialNLLWith is [NegativeBinomialNLL] with another reduction, and with full
// the terms that do not depend on the prediction:
// log Γ(1/alpha) + log y! - log Γ(y + 1/alpha) - y·log alpha.
func NegativeBinomialNLLWith(alpha float64, full bool, red Reduction) Loss {
	r := 1 / alpha
	return elementwise(check("negative_binomial_nll", spec.InRange(positive, "alpha", alpha)), red, func(x, y *node) *node {
		loss := ops.Sub(ops.Mul(ops.Shift(r, y), ops.Softplus(ops.Shift(elementary.Log(alpha), x))), ops.Mul(y, x))
		if full {
			ways := ops.Sub(ops.Lgamma(ops.Shift(1, y)), ops.Lgamma(ops.Shift(r, y)))
			loss = ops.Add(loss, ops.Sub(ops.Add(ways, ops.Lgamma(number(y, r))), ops.Scale(elementary.Log(alpha), y)))
		}
		return loss
	})
}

// GammaNLL is that of amounts above 0 with the mean μ = e^pred and the variance μ²/shape:
// the mean of shape·(pred + y/μ). With shape 1 that is the exponential distribution.
// (McCullagh and Nelder 1989, chapter 8)
func GammaNLL(shape float64) Loss { return GammaNLLWith(shape, false, Mean) }

// GammaNLLWith is [GammaNLL] with another reduction, and with full the terms that do not
// depend on the prediction: log Γ(shape) - shape·log shape - (shape-1)·log y.
func GammaNLLWith(shape float64, full bool, red Reduction) Loss {
	return elementwise(check("gamma_nll", spec.InRange(positive, "shape", shape)), red, func(x, y *node) *node {
		loss := ops.Scale(shape, ops.Add(x, ops.Mul(y, ops.Exp(ops.Neg(x)))))
		if full {
			rest := ops.Sub(ops.Lgamma(number(y, shape)), number(y, shape*elementary.Log(shape)))
			loss = ops.Add(loss, ops.Sub(rest, ops.Scale(shape-1, ops.Log(y))))
		}
		return loss
	})
}

// BetaNLL is that of shares between 0 and 1 with the mean m = sigmoid(pred) and the variance
// m·(1-m)/(1+precision): the mean of log B(a, b) - (a-1)·log y - (b-1)·log(1-y) with
// a = precision·m and b = precision·(1-m).
// (Ferrari and Cribari-Neto 2004, https://doi.org/10.1080/0266476042000214501)
func BetaNLL(precision float64) Loss { return BetaNLLWith(precision, Mean) }

// BetaNLLWith is [BetaNLL] with another reduction.
func BetaNLLWith(precision float64, red Reduction) Loss {
	return elementwise(check("beta_nll", spec.InRange(positive, "precision", precision)), red, func(x, y *node) *node {
		a, b := ops.Scale(precision, ops.Sigmoid(x)), ops.Scale(precision, ops.Sigmoid(ops.Neg(x)))
		far := ops.Add(ops.Mul(ops.Shift(-1, a), ops.Log(y)), ops.Mul(ops.Shift(-1, b), ops.Log1p(ops.Neg(y))))
		return ops.Sub(ops.Betaln(a, b), far)
	})
}

// StudentNLL is that of Student's t distribution around the prediction, with df degrees of
// freedom and a scale s: the mean of (df+1)/2·log(1 + ((y-pred)/s)²/df) + log s. It bears
// outliers: the gradient falls where they are far.
// (Lange, Little, Taylor 1989, https://doi.org/10.1080/01621459.1989.10478852)
func StudentNLL(df, scale float64) Loss { return StudentNLLWith(df, scale, false, Mean) }

// StudentNLLWith is [StudentNLL] with another reduction, and with full the constant
// log Γ(df/2) - log Γ((df+1)/2) + ½log(π·df).
func StudentNLLWith(df, scale float64, full bool, red Reduction) Loss {
	c := check("student_nll", spec.InRange(positive, "df", df), spec.InRange(positive, "scale", scale))
	return elementwise(c, red, func(x, y *node) *node {
		r := ops.Scale(1/scale, ops.Sub(y, x))
		loss := ops.Shift(elementary.Log(scale), ops.Scale((df+1)/2, log1pSquare(ops.Scale(1/math.Sqrt(df), r))))
		if full {
			constant := ops.Sub(ops.Lgamma(number(y, df/2)), ops.Lgamma(number(y, (df+1)/2)))
			loss = ops.Add(loss, ops.Shift(elementary.Log(math.Pi*df)/2, constant))
		}
		return loss
	})
}

// log1pSquare is log(1 + u²), also where u² is too large for a float32.
func log1pSquare(u *node) *node {
	const large = 1e9 // 1 is nothing beside its square
	length := ops.Hypot(u, number(u, 1))
	return ops.Where(ops.Greater(length, number(u, large)), ops.Scale(2, ops.Log(length)), ops.Log1p(ops.Square(ops.Clamp(u, -large, large))))
}

// Sparsemax is the loss of [joint.Sparsemax] as [CrossEntropy] is that of softmax: the mean
// over samples of p·z - ½‖p‖² + ½ - z_y for scores z along axis 1, p = sparsemax(z) and a
// class index y; its gradient is p - onehot(y), which is 0 once the score of the class leads
// by 1. Samples whose index is -100 are ignored.
// (Martins and Astudillo 2016, https://arxiv.org/abs/1602.02068)
func Sparsemax(pred, target *graph.Node) *graph.Node {
	return SparsemaxWith(SparsemaxOptions{})(pred, target)
}

// SparsemaxOptions are the settings of [SparsemaxWith], as in [CrossEntropyOptions].
type SparsemaxOptions struct {
	IgnoreIndex *int
	Reduction   Reduction
}

// SparsemaxWith is [Sparsemax] with settings.
func SparsemaxWith(o SparsemaxOptions) Loss {
	c := check("sparsemax_loss", o.Reduction.check())
	return func(pred, target *node) *node {
		fit := func() error { return classesFit(pred, target, nil) }
		if bad := c.bad([]*node{pred, target}, fit); bad != nil {
			return bad
		}
		same := CrossEntropyOptions{IgnoreIndex: o.IgnoreIndex, Reduction: o.Reduction}
		return same.average(pred, target, func(z, y *node) *node {
			k := classAxis(z.Shape())
			p := joint.Sparsemax(z, k)
			// p·z - ½‖p‖² is ½Σ p·(2z - p); the score of the class is taken off first, which p,
			// whose sum is 1, does not notice.
			z = ops.Sub(z, ops.Keep(at(z, y, k), z, k))
			each := ops.Scale(0.5, ops.Mul(p, ops.Sub(ops.Scale(2, z), p)))
			some := isClass(y, z.Shape().Dim(k))
			return ops.Mul(some, ops.Shift(0.5, ops.Sum(each, k)))
		})
	}
}
