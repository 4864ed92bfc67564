package ops

import (
	"math"
	"math/rand/v2"
	"strings"

	gt "descent/graph/graphtest"
)

// Table has a row for every operation: what a formula calls it, how to build
// it, and where its derivatives are checked. A test fails when an exported
// function of this package that makes nodes has no row.
var Table = []gt.Case{
	// Arithmetic.
	op2n("add", Add),
	op2n("sub", Sub),
	op2n("mul", Mul),
	op2n("div", Div, gt.Normal, gt.Positive),
	op1n("neg", Neg),
	num1("scale", "c", func(x *node, n []float64) *node { return Scale(n[0], x) }, gt.Normal, -1.5, 0),
	num1("shift", "c", func(x *node, n []float64) *node { return Shift(n[0], x) }, gt.Normal, 0.3),
	op1n("reciprocal", Reciprocal, gt.Positive),
	op1n("square", Square),
	op1n("cube", Cube),
	op1n("sqrt", Sqrt, gt.Positive),
	op2n("pow", Pow, gt.Positive, gt.Range(-2, 3)),
	op1n("abs", Abs, gt.Away(0)),
	op1n("sign", Sign, gt.Away(0)),
	op1n("floor", Floor, offWhole),
	op1n("ceil", Ceil, offWhole),
	op1n("round", Round, gt.Away(-3.5, -2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3.5)),
	op1n("stop_gradient", StopGradient, gt.Fixed(gt.Normal)),

	// Functions.
	op1n("exp", Exp),
	op1n("expm1", Expm1),
	op1n("log", Log, gt.Positive),
	op1n("log1p", Log1p, gt.Range(-0.7, 3)),
	op2n("xlogy", XLogY, gt.Normal, gt.Positive),
	op2n("xlog1py", XLog1pY, gt.Normal, gt.Range(-0.7, 3)),
	op1n("sin", Sin),
	op1n("cos", Cos),
	op1n("tan", Tan, gt.Range(-1.2, 1.2)),
	op1n("asin", Asin, gt.Range(-0.9, 0.9)),
	op1n("acos", Acos, gt.Range(-0.9, 0.9)),
	op1n("atan", Atan),
	op2n("atan2", Atan2, gt.Normal, gt.Positive),
	op1n("sinh", Sinh),
	op1n("cosh", Cosh),
	op1n("tanh", Tanh),
	op1n("asinh", Asinh),
	op1n("acosh", Acosh, gt.Range(1.2, 4)),
	op1n("atanh", Atanh, gt.Range(-0.9, 0.9)),
	op1n("erf", Erf),

	// Special functions.
	op1n("lgamma", Lgamma, gt.Range(0.3, 6)),
	op1n("digamma", Digamma, gt.Range(0.3, 6)),
	op2n("polygamma", Polygamma, orders, gt.Range(0.7, 6)),
	op1n("gamma", Gamma, gt.Range(0.5, 4)),
	op2n("betaln", Betaln, gt.Range(0.5, 6)),
	op1n("erfc", Erfc),
	op1n("erfinv", Erfinv, gt.Range(-0.9, 0.9)),
	op1n("normcdf", NormCDF),
	op1n("logit", Logit, gt.Range(0.1, 0.9)),
	op2n("log_add_exp", LogAddExp),
	op1n("sinc", Sinc),
	op2n("sinc_derivative", SincDerivative, orders, gt.Normal),
	op1n("sech", Sech),
	op1n("csch", Csch, gt.Positive),
	op1n("coth", Coth, gt.Positive),

	// Comparisons and choices.
	op2n("less", Less, gt.Distinct),
	op2n("less_equal", LessEqual, gt.Distinct),
	op2n("greater", Greater, gt.Distinct),
	op2n("greater_equal", GreaterEqual, gt.Distinct),
	op2n("equal", Equal, gt.Distinct),
	op2n("not_equal", NotEqual, gt.Distinct),
	op2n("max", Max, gt.Distinct),
	op2n("min", Min, gt.Distinct),
	op2n("remainder", Remainder, gt.Range(2.2, 2.8), gt.Range(0.95, 1.04)),
	op2n("fmod", Fmod, gt.Range(-2.8, -2.2), gt.Range(0.95, 1.04)),
	op2n("heaviside", Heaviside, gt.Away(0), gt.Normal),
	op1n("isnan", IsNaN),
	op1n("isinf", IsInf),
	op1n("isfinite", IsFinite),
	num1("clamp", "lo, hi", func(x *node, n []float64) *node { return Clamp(x, n[0], n[1]) }, gt.Away(-1, 0.5), -1, 0.5),
	{Name: "where", Inputs: 3, Domain: []gt.Domain{gt.Bits, gt.Normal}, Samples: gt.Shapes(3),
		Build: func(in []*node, _ []float64) *node { return Where(in[0], in[1], in[2]) }},

	// Activations.
	op1n("sigmoid", Sigmoid),
	op1n("logsigmoid", LogSigmoid),
	op1n("softplus", Softplus),
	op1n("relu", ReLU, gt.Away(0)),
	op1n("relu6", ReLU6, gt.Away(0)),
	op1n("hardtanh", HardTanh, gt.Away(-1, 1)),
	op1n("hardsigmoid", HardSigmoid, gt.Away(-3, 3)),
	op1n("hardswish", HardSwish, gt.Away(-3, 3)),
	num1("leaky_relu", "slope", func(x *node, n []float64) *node { return LeakyReLU(x, n[0]) }, gt.Away(0), 0.01),
	op2n("prelu", PReLU, gt.Away(0), gt.Normal),
	num1("elu", "alpha", func(x *node, n []float64) *node { return ELU(x, n[0]) }, gt.Away(0), 1.3),
	op1n("selu", SELU, gt.Away(0)),
	op1n("gelu", GELU),
	op1n("gelu_tanh", GELUTanh),
	op1n("silu", SiLU),
	op1n("mish", Mish),
	op1n("softsign", Softsign, gt.Away(0)),
	num1("hardshrink", "lambda", func(x *node, n []float64) *node { return HardShrink(x, n[0]) }, gt.Away(-0.5, 0.5), 0.5),
	num1("softshrink", "lambda", func(x *node, n []float64) *node { return SoftShrink(x, n[0]) }, gt.Away(-0.5, 0.5), 0.5),

	// Reductions.
	over("sum", Sum, gt.Normal),
	nonempty(over("mean", Mean, gt.Normal)),
	over("prod", Prod, gt.Normal),
	nonempty(over("amax", AMax, gt.Distinct)),
	nonempty(over("amin", AMin, gt.Distinct)),
	along("argmax", ArgMax),
	along("argmin", ArgMin),
	along("max_first", MaxFirst),
	along("min_first", MinFirst),
	over("norm", Norm, gt.Positive),
	over("norm1", Norm1, gt.Away(0)),
	nonempty(over("norm_inf", NormInf, distinctPositive)),
	nonempty(over("variance", Variance, gt.Normal)),
	spread(over("std", Std, gt.Distinct)),
	nonempty(over("logsumexp", LogSumExp, gt.Normal)),
	over("softmax", Softmax, gt.Normal),
	over("logsoftmax", LogSoftmax, gt.Normal),
	{Name: "keep", Inputs: 2, Numbers: "axes...", Build: func(in []*node, n []float64) *node { return Keep(in[0], in[1], ints(n)...) },
		Domain: []gt.Domain{gt.Normal, gt.Fixed(gt.Normal)},
		Samples: []gt.Sample{gt.One([]int{}, []int{4}), gt.One([]int{3}, []int{3, 4}).With(1), gt.One([]int{4}, []int{3, 4}).With(-2),
			gt.One([]int{3}, []int{2, 3, 4}).With(0, 2), gt.One([]int{}, []int{}), gt.One([]int{3}, []int{3, 0}).With(-1)}},

	// Products.
	{Name: "matmul", Inputs: 2, Build: two(MatMul), Samples: []gt.Sample{
		gt.One([]int{1, 1}, []int{1, 1}), gt.One([]int{3, 4}, []int{4, 2}), gt.One([]int{4}, []int{4, 2}), gt.One([]int{3, 4}, []int{4}),
		gt.One([]int{2, 3, 4}, []int{4, 2}), gt.One([]int{3, 4}, []int{2, 4, 2}), gt.One([]int{2, 1, 2, 3}, []int{3, 3, 2}),
		gt.One([]int{0, 4}, []int{4, 2}), gt.One([]int{3, 0}, []int{0, 2})}},
	{Name: "dot", Inputs: 2, Build: two(Dot), Samples: []gt.Sample{
		gt.One([]int{1}, []int{1}), gt.One([]int{4}, []int{4}), gt.One([]int{3, 4}, []int{3, 4}), gt.One([]int{3, 4}, []int{4}),
		gt.One([]int{2, 3, 2}, []int{3, 1}), gt.One([]int{0}, []int{0})}},
	{Name: "outer", Inputs: 2, Build: two(Outer), Samples: []gt.Sample{
		gt.One([]int{1}, []int{1}), gt.One([]int{3}, []int{4}), gt.One([]int{1}, []int{4}), gt.One([]int{4}, []int{1}),
		gt.One([]int{2}, []int{2}), gt.One([]int{0}, []int{3})}},

	// Moving elements.
	{Name: "reshape", Inputs: 1, Numbers: "lengths...", Build: func(in []*node, n []float64) *node { return Reshape(in[0], ints(n)...) },
		Samples: []gt.Sample{gt.One([]int{}).With(1, 1), gt.One([]int{1}), gt.One([]int{6}).With(2, 3), gt.One([]int{3, 4}).With(-1),
			gt.One([]int{2, 3, 2}).With(4, -1), gt.One([]int{0, 3}).With(3, 0)}},
	{Name: "expand_dims", Inputs: 1, Numbers: "axis", Build: func(in []*node, n []float64) *node { return ExpandDims(in[0], int(n[0])) },
		Samples: []gt.Sample{gt.One([]int{}).With(0), gt.One([]int{1}).With(-1), gt.One([]int{3}).With(0), gt.One([]int{3, 4}).With(1),
			gt.One([]int{2, 3, 2}).With(-2), gt.One([]int{0, 3}).With(1)}},
	{Name: "squeeze", Inputs: 1, Numbers: "axes...", Build: func(in []*node, n []float64) *node { return Squeeze(in[0], ints(n)...) },
		Samples: []gt.Sample{gt.One([]int{}), gt.One([]int{1}), gt.One([]int{1, 3, 1}), gt.One([]int{1, 3, 1}).With(0),
			gt.One([]int{3, 1}).With(-1), gt.One([]int{0, 1}).With(1)}},
	{Name: "broadcast", Inputs: 1, Numbers: "lengths...", Build: func(in []*node, n []float64) *node { return Broadcast(in[0], ints(n)...) },
		Samples: []gt.Sample{gt.One([]int{}).With(2, 3), gt.One([]int{1}).With(4), gt.One([]int{3}).With(2, 3), gt.One([]int{3, 1}).With(3, 4),
			gt.One([]int{2, 1, 3}).With(2, 4, 3), gt.One([]int{1, 3}).With(0, 3)}},
	{Name: "transpose", Inputs: 1, Numbers: "order...", Build: func(in []*node, n []float64) *node { return Transpose(in[0], ints(n)...) },
		Samples: []gt.Sample{gt.One([]int{}), gt.One([]int{3}), gt.One([]int{3, 4}), gt.One([]int{2, 3, 4}).With(2, 0, 1),
			gt.One([]int{2, 3, 4}).With(0, 2, 1), gt.One([]int{2, 1, 3, 2}).With(-1, 1, 0, 2), gt.One([]int{0, 3})}},
	{Name: "slice", Inputs: 1, Numbers: "axis, start, stop, step", Build: func(in []*node, n []float64) *node {
		return Slice(in[0], int(n[0]), int(n[1]), stopOf(n[2]), int(n[3]))
	}, Samples: []gt.Sample{gt.One([]int{5}).With(0, 1, 4, 1), gt.One([]int{5}).With(0, 0, math.Inf(1), 2),
		gt.One([]int{5}).With(0, -1, math.Inf(1), -1),
		gt.One([]int{3, 4}).With(1, -3, -1, 1), gt.One([]int{2, 5, 2}).With(1, 4, 0, -2), gt.One([]int{1, 3}).With(0, 0, 1, 1),
		gt.One([]int{3, 4}).With(0, 1, 1, 1), gt.One([]int{0, 3}).With(1, 0, 2, 1)}},
	{Name: "flip", Inputs: 1, Numbers: "axes...", Build: func(in []*node, n []float64) *node { return Flip(in[0], ints(n)...) },
		Samples: overSamples},
	{Name: "concat", Inputs: -1, Numbers: "axis", Build: func(in []*node, n []float64) *node { return Concat(int(n[0]), in...) },
		Samples: []gt.Sample{gt.One([]int{3}).With(0), gt.One([]int{3}, []int{2}).With(0), gt.One([]int{3, 4}, []int{3, 1}, []int{3, 2}).With(1),
			gt.One([]int{1, 4}, []int{2, 4}).With(-2),
			gt.One([]int{2, 1, 2}, []int{2, 3, 2}, []int{2, 1, 2}, []int{2, 1, 2}).With(1), gt.One([]int{0, 3}, []int{2, 3}).With(0)}},
	{Name: "stack", Inputs: -1, Numbers: "axis", Build: func(in []*node, n []float64) *node { return Stack(int(n[0]), in...) },
		Samples: []gt.Sample{gt.One([]int{}, []int{}).With(0), gt.One([]int{3}, []int{3}).With(0), gt.One([]int{3}, []int{3}, []int{3}).With(-1),
			gt.One([]int{3, 4}, []int{3, 4}).With(1), gt.One([]int{2, 1, 2}).With(-2), gt.One([]int{0, 3}, []int{0, 3}).With(0)}},

	// Indices.
	{Name: "onehot", Inputs: 1, Numbers: "depth", Build: func(in []*node, n []float64) *node { return OneHot(in[0], int(n[0])) },
		Domain: []gt.Domain{gt.Below(3)}, Samples: gt.Shapes(1, 3)},
	{Name: "take", Inputs: 2, Numbers: "axis", Build: func(in []*node, n []float64) *node { return Take(in[0], in[1], int(n[0])) },
		Domain: []gt.Domain{gt.Normal, gt.Below(3)}, Samples: []gt.Sample{gt.One([]int{3}, []int{}).With(0), gt.One([]int{3}, []int{5}).With(0),
			gt.One([]int{3, 4}, []int{6}).With(0), gt.One([]int{4, 3}, []int{2, 2}).With(-1),
			gt.One([]int{2, 3, 2}, []int{1}).With(1), gt.One([]int{3, 2}, []int{0}).With(0)}},
	{Name: "gather", Inputs: 2, Numbers: "axis", Build: func(in []*node, n []float64) *node { return Gather(in[0], in[1], int(n[0])) },
		Domain: []gt.Domain{gt.Normal, gt.Below(3)}, Samples: []gt.Sample{gt.One([]int{3}, []int{1}).With(0), gt.One([]int{3}, []int{5}).With(0),
			gt.One([]int{3, 4}, []int{6, 4}).With(0), gt.One([]int{4, 3}, []int{4, 2}).With(-1),
			gt.One([]int{2, 3, 2}, []int{2, 1, 2}).With(1), gt.One([]int{3, 2}, []int{0, 2}).With(0)}},
	{Name: "pick", Inputs: 2, Build: two(Pick),
		Domain: []gt.Domain{gt.Normal, gt.Below(3)}, Samples: []gt.Sample{gt.One([]int{3}, []int{}),
			gt.One([]int{1, 3}, []int{1}), gt.One([]int{5, 3}, []int{5}),
			gt.One([]int{2, 2, 3}, []int{2, 2}), gt.One([]int{2, 4}, []int{2}), gt.One([]int{0, 3}, []int{0})}},
	{Name: "softmax_nll", Inputs: 2, Build: two(SoftmaxNLL),
		Domain: []gt.Domain{gt.Normal, gt.Below(3)}, Samples: []gt.Sample{gt.One([]int{1, 3}, []int{1}),
			gt.One([]int{5, 3}, []int{5}), gt.One([]int{4, 4}, []int{4}), gt.One([]int{2, 10}, []int{2}),
			gt.One([]int{6, 2}, []int{6}), gt.One([]int{0, 3}, []int{0})}},

	// Random numbers; the step is their input.
	{Name: "uniform", Inputs: 1, Numbers: "lengths...", Build: func(in []*node, n []float64) *node { return Uniform(in[0], "u", ints(n)...) },
		Domain: []gt.Domain{gt.Below(1000)}, Samples: draws},
	{Name: "normal", Inputs: 1, Numbers: "lengths...", Build: func(in []*node, n []float64) *node { return Normal(in[0], "n", ints(n)...) },
		Domain: []gt.Domain{gt.Below(1000)}, Samples: draws},
	{Name: "rademacher", Inputs: 1, Numbers: "lengths...", Build: func(in []*node, n []float64) *node { return Rademacher(in[0], "r", ints(n)...) },
		Domain: []gt.Domain{gt.Below(1000)}, Samples: draws},
	{Name: "dropout", Inputs: 2, Numbers: "p", Build: func(in []*node, n []float64) *node { return Dropout(in[0], n[0], in[1], "d") },
		Domain: []gt.Domain{gt.Normal, gt.Below(1000)}, Samples: []gt.Sample{gt.One([]int{}, []int{}).With(0.5), gt.One([]int{1}, []int{}).With(0.1),
			gt.One([]int{5}, []int{}).With(0), gt.One([]int{3, 4}, []int{}).With(0.3),
			gt.One([]int{2, 3, 2}, []int{}).With(0.8), gt.One([]int{3}, []int{}).With(1), gt.One([]int{0, 3}, []int{}).With(0.5)}},
}

// draws are shapes of random numbers.
var draws = []gt.Sample{gt.One([]int{}), gt.One([]int{}).With(1), gt.One([]int{}).With(5),
	gt.One([]int{}).With(3, 4), gt.One([]int{}).With(2, 1, 3), gt.One([]int{}).With(0, 3)}

// Lookup returns the row of that name.
func Lookup(name string) (gt.Case, bool) {
	for _, c := range Table {
		if strings.EqualFold(c.Name, name) {
			return c, true
		}
	}
	return gt.Case{}, false
}

func op1n(name string, f func(*node) *node, d ...gt.Domain) gt.Case {
	return gt.Case{Name: name, Inputs: 1, Domain: d, Build: func(in []*node, _ []float64) *node { return f(in[0]) }}
}

func op2n(name string, f func(_, _ *node) *node, d ...gt.Domain) gt.Case {
	return gt.Case{Name: name, Inputs: 2, Domain: d, Build: two(f)}
}

func two(f func(_, _ *node) *node) func([]*node, []float64) *node {
	return func(in []*node, _ []float64) *node { return f(in[0], in[1]) }
}

// num1 is a row for an elementwise operation with numbers.
func num1(name, numbers string, f func(*node, []float64) *node, d gt.Domain, num ...float64) gt.Case {
	return gt.Case{Name: name, Inputs: 1, Numbers: numbers, Domain: []gt.Domain{d}, Samples: gt.Shapes(1, num...),
		Build: func(in []*node, n []float64) *node { return f(in[0], n) }}
}

// overSamples are for operations over some axes.
var overSamples = []gt.Sample{
	gt.One([]int{}), gt.One([]int{1}), gt.One([]int{5}), gt.One([]int{3, 4}), gt.One([]int{3, 4}).With(0), gt.One([]int{3, 4}).With(-1),
	gt.One([]int{2, 3, 4}).With(0, 2), gt.One([]int{2, 3, 2, 2}).With(1, -1), gt.One([]int{3, 1}).With(1),
	gt.One([]int{0, 3}).With(1), gt.One([]int{2, 0}).With(-1),
}

func over(name string, f func(*node, ...int) *node, d gt.Domain) gt.Case {
	return gt.Case{Name: name, Inputs: 1, Numbers: "axes...", Domain: []gt.Domain{d}, Samples: overSamples,
		Build: func(in []*node, n []float64) *node { return f(in[0], ints(n)...) }}
}

// nonempty drops the sample that reduces no elements: that is NaN, infinite or
// a mistake.
func nonempty(c gt.Case) gt.Case {
	c.Samples = overSamples[:len(overSamples)-1]
	return c
}

// spread drops the samples in which all elements are equal.
func spread(c gt.Case) gt.Case {
	c.Samples = []gt.Sample{overSamples[2]}
	for _, s := range overSamples[3:] {
		if n := s.Shapes[0][len(s.Shapes[0])-1]; n > 1 {
			c.Samples = append(c.Samples, s)
		}
	}
	return c
}

func along(name string, f func(*node, int) *node) gt.Case {
	return gt.Case{Name: name, Inputs: 1, Numbers: "axis", Domain: []gt.Domain{gt.Distinct},
		Build: func(in []*node, n []float64) *node { return f(in[0], int(n[0])) },
		Samples: []gt.Sample{gt.One([]int{1}).With(0), gt.One([]int{5}).With(0), gt.One([]int{3, 4}).With(0), gt.One([]int{3, 4}).With(-1),
			gt.One([]int{2, 3, 4}).With(1), gt.One([]int{3, 1}).With(1), gt.One([]int{0, 3}).With(1)}}
}

// orders are those of derivatives.
var orders = gt.Domain{Fixed: true, Fill: func(rng *rand.Rand, _ int, x []float64) {
	for i := range x {
		x[i] = float64(rng.IntN(4))
	}
}}

var offWhole = gt.Away(-4, -3, -2, -1, 0, 1, 2, 3, 4)

var distinctPositive = gt.Domain{Fill: func(rng *rand.Rand, input int, x []float64) {
	gt.Distinct.Fill(rng, input, x)
	for i := range x {
		x[i] += 5
	}
}}

func ints(n []float64) []int {
	out := make([]int, len(n))
	for i, x := range n {
		out[i] = int(x)
	}
	return out
}

// stopOf is the stop of a slice; infinity is [End].
func stopOf(x float64) int {
	if math.IsInf(x, 1) {
		return End
	}
	return int(x)
}
