package ops

import (
	"math"

	"descent/graph"
)

// Special functions. Names and conventions are those of torch.special and SciPy.

// Lgamma returns log |Γ(x)|, with gradient [Digamma].
func Lgamma(x *node) *node { return unary(lgamma{}, x) }

type lgamma struct{}

func (lgamma) describe() call                  { return graph.CallOf("lgamma") }
func (lgamma) value(b *builder, x value) value { return b.Lgamma(x) }
func (lgamma) grad(x, _, dy *node) *node       { return Mul(dy, Digamma(x)) }

// Digamma returns ψ(x) = Γ'(x)/Γ(x).
func Digamma(x *node) *node { return Polygamma(constant(x, 0), x) }

// Polygamma returns the n-th derivative of [Digamma] at x, for whole numbers n
// from 0 to 100; of others it is NaN. It has no gradient with respect to n.
func Polygamma(n, x *node) *node { return binary(polygamma{}, n, x) }

type polygamma struct{}

func (polygamma) describe() call                     { return graph.CallOf("polygamma") }
func (polygamma) value(b *builder, n, x value) value { return b.Polygamma(n, x) }
func (polygamma) grad(n, x, _, dz *node) (dn, dx *node) {
	return nil, Mul(dz, Polygamma(next(n), x))
}

// Trigamma returns ψ'(x), the derivative of [Digamma].
func Trigamma(x *node) *node { return Polygamma(constant(x, 1), x) }

// next is the order of one derivative more.
func next(n *node) *node {
	if c, ok := n.IsConst(); ok {
		return constant(n, c+1)
	}
	return Shift(1, n)
}

// Gamma returns Γ(x), with gradient Γ(x)·ψ(x).
func Gamma(x *node) *node { return unary(gamma{}, x) }

type gamma struct{}

func (gamma) describe() call                  { return graph.CallOf("gamma") }
func (gamma) value(b *builder, x value) value { return b.Gamma(x) }
func (gamma) grad(x, y, dy *node) *node       { return Mul(dy, Mul(y, Digamma(x))) }

// Betaln returns log |B(x, y)|, where B(x, y) = Γ(x)·Γ(y)/Γ(x+y).
func Betaln(x, y *node) *node { return binary(betaln{}, x, y) }

type betaln struct{}

func (betaln) describe() call                     { return graph.CallOf("betaln") }
func (betaln) value(b *builder, x, y value) value { return b.Betaln(x, y) }
func (betaln) grad(x, y, _, dz *node) (dx, dy *node) {
	both := Digamma(Add(x, y))
	return Mul(dz, Sub(Digamma(x), both)), Mul(dz, Sub(Digamma(y), both))
}

// Erfc returns 1 - erf(x), accurate where that is small, with gradient
// -2/√π·exp(-x²).
func Erfc(x *node) *node { return unary(erfc{}, x) }

type erfc struct{}

func (erfc) describe() call                  { return graph.CallOf("erfc") }
func (erfc) value(b *builder, x value) value { return b.Erfc(x) }
func (erfc) grad(x, _, dy *node) *node {
	return Mul(dy, Scale(-2/math.Sqrt(math.Pi), Exp(Neg(Square(x)))))
}

// Erfinv returns the y with erf(y) = x, which is ±Inf at ±1 and NaN beyond, with
// gradient √π/2·exp(y²).
func Erfinv(x *node) *node { return unary(erfinv{}, x) }

type erfinv struct{}

func (erfinv) describe() call                  { return graph.CallOf("erfinv") }
func (erfinv) value(b *builder, x value) value { return b.Erfinv(x) }
func (erfinv) grad(_, y, dy *node) *node {
	return Mul(dy, Scale(math.Sqrt(math.Pi)/2, Exp(Square(y))))
}

// NormCDF returns the probability that a standard normal variable is at most x,
// accurate in the lower tail, with gradient exp(-x²/2)/√(2π).
func NormCDF(x *node) *node { return unary(normCDF{}, x) }

type normCDF struct{}

func (normCDF) describe() call                  { return graph.CallOf("normcdf") }
func (normCDF) value(b *builder, x value) value { return b.NormCDF(x) }
func (normCDF) grad(x, _, dy *node) *node {
	return Mul(dy, Scale(1/math.Sqrt(2*math.Pi), Exp(Scale(-0.5, Square(x)))))
}

// Logit returns log(p/(1-p)), the inverse of [Sigmoid]: ±Inf at 1 and 0, NaN
// outside. Its gradient is 1/(p·(1-p)).
func Logit(p *node) *node { return unary(logit{}, p) }

type logit struct{}

func (logit) describe() call { return graph.CallOf("logit") }
func (logit) value(b *builder, p value) value {
	one := b.Const(1)
	rest := b.Sub(one, p) // exact from ½ on
	middle := b.Mul(b.Lt(b.Const(0.25), p), b.Lt(p, b.Const(0.75)))
	near := b.Log1p(b.Div(b.Sub(b.Add(p, p), one), rest)) // keeps the digits about ½
	return b.Where(middle, near, b.Sub(b.Log(p), b.Log1p(b.Neg(p))))
}
func (logit) grad(p, _, dy *node) *node { return Div(dy, Mul(p, Sub(constant(p, 1), p))) }

// LogAddExp returns log(eˣ + eʸ) without overflow, with gradients [Sigmoid] of
// x-y and of y-x.
func LogAddExp(x, y *node) *node { return binary(logAddExp{}, x, y) }

type logAddExp struct{}

func (logAddExp) describe() call { return graph.CallOf("log_add_exp") }
func (logAddExp) value(b *builder, x, y value) value {
	// Equal infinities have no difference; there is nothing to add to them.
	apart := b.Where(b.Eq(x, y), b.Const(0), b.Sub(x, y))
	rest := b.Log1p(b.Exp(b.Neg(b.Abs(apart))))
	return b.Add(b.Max(x, y), rest)
}
func (logAddExp) grad(x, y, _, dz *node) (dx, dy *node) {
	d := Sub(x, y)
	return Mul(dz, Sigmoid(d)), Mul(dz, Sigmoid(Neg(d)))
}

// Sinc returns sin(πx)/(πx), and 1 at 0: the normalised one of NumPy and
// PyTorch.
func Sinc(x *node) *node { return SincDerivative(constant(x, 0), x) }

// SincDerivative returns the n-th derivative of [Sinc] at x, for whole numbers n
// from 0 to 100; of others it is NaN. It has no gradient with respect to n.
func SincDerivative(n, x *node) *node { return binary(sincDerivative{}, n, x) }

type sincDerivative struct{}

func (sincDerivative) describe() call                     { return graph.CallOf("sinc_derivative") }
func (sincDerivative) value(b *builder, n, x value) value { return b.Sinc(n, x) }
func (sincDerivative) grad(n, x, _, dz *node) (dn, dx *node) {
	return nil, Mul(dz, SincDerivative(next(n), x))
}

// Sech returns 1/cosh x, with gradient -sech x·tanh x.
func Sech(x *node) *node { return unary(sech{}, x) }

type sech struct{}

func (sech) describe() call                  { return graph.CallOf("sech") }
func (sech) value(b *builder, x value) value { return b.Div(b.Const(1), b.Cosh(x)) }
func (sech) grad(x, y, dy *node) *node       { return Neg(Mul(dy, Mul(y, Tanh(x)))) }

// Csch returns 1/sinh x, with gradient -csch x·coth x.
func Csch(x *node) *node { return unary(csch{}, x) }

type csch struct{}

func (csch) describe() call                  { return graph.CallOf("csch") }
func (csch) value(b *builder, x value) value { return b.Div(b.Const(1), b.Sinh(x)) }
func (csch) grad(x, y, dy *node) *node       { return Neg(Mul(dy, Mul(y, Coth(x)))) }

// Coth returns 1/tanh x, with gradient -csch² x.
func Coth(x *node) *node { return unary(coth{}, x) }

type coth struct{}

func (coth) describe() call                  { return graph.CallOf("coth") }
func (coth) value(b *builder, x value) value { return b.Div(b.Const(1), b.Tanh(x)) }
func (coth) grad(x, _, dy *node) *node       { return Neg(Mul(dy, Square(Csch(x)))) }
