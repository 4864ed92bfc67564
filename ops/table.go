package ops

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"descent/graph"
	gt "descent/graph/graphtest"
	"descent/internal/spec"
)

// Table has a row for every operation, in the order of the documentation. A test
// fails when an exported function of this package that makes nodes has no row.
var Table = slices.Concat(
	group("Arithmetic",
		two("add plus", "x + y", Add),
		two("sub subtract", "x - y", Sub),
		two("mul multiply", "x·y, elementwise", Mul),
		two("div divide true_divide", "x/y", Div, gt.Normal, gt.Positive),
		one("neg negative", "-x", Neg),
		num1("scale", "c·x", func(x *node, c float64) *node { return Scale(c, x) }, must(number("c", "the factor", 0)), gt.Normal, -1.5).like("x, 2"),
		num1("shift", "c + x", func(x *node, c float64) *node { return Shift(c, x) }, must(number("c", "the summand", 0)), gt.Normal, 0.3).like("x, 2"),
		one("reciprocal", "1/x", Reciprocal, gt.Positive),
		one("square", "x²", Square),
		one("cube", "x³", Cube),
		one("sqrt", "√x", Sqrt, gt.Positive),
		one("cbrt", "∛x, also of negative x", Cbrt, gt.Positive),
		two("hypot", "√(x²+y²) without overflow on the way", Hypot),
		two("pow power float_power", "xʸ", Pow, gt.Positive, gt.Range(-2, 3)),
		one("abs fabs absolute", "|x|; derivative 0 at 0", Abs, gt.Away(0)),
		one("sign sgn", "-1, 0 or 1", Sign, gt.Away(0)),
		one("floor", "the largest whole number that is not above x", Floor, offWhole),
		one("ceil ceiling", "the smallest whole number that is not below x", Ceil, offWhole),
		one("round rint", "the nearest whole number, the even one of two", Round, gt.Away(-3.5, -2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3.5)),
		two("remainder mod", "x - y·floor(x/y), with the sign of y", Remainder, gt.Range(2.2, 2.8), gt.Range(0.95, 1.04)),
		two("fmod", "x - y·trunc(x/y), with the sign of x", Fmod, gt.Range(-2.8, -2.2), gt.Range(0.95, 1.04)),
		one("stop_gradient detach", "x, as a constant to derivatives", StopGradient, gt.Fixed(gt.Normal)),
	),
	group("Exponentials, logarithms, trigonometry",
		one("exp", "eˣ", Exp),
		one("exp2", "2ˣ, exact for whole x", Exp2),
		one("expm1", "eˣ - 1, accurate near 0", Expm1),
		one("log ln", "the natural logarithm", Log, gt.Positive),
		one("log2", "the logarithm to the base 2, exact for powers of 2", Log2, gt.Positive),
		one("log10", "the logarithm to the base 10, exact for powers of 10", Log10, gt.Positive),
		one("log1p", "log(1+x), accurate near 0", Log1p, gt.Range(-0.7, 3)),
		two("xlogy", "x·log y, 0 where x = 0", XLogY, gt.Normal, gt.Positive),
		two("xlog1py", "x·log(1+y), 0 where x = 0", XLog1pY, gt.Normal, gt.Range(-0.7, 3)),
		two("log_add_exp logaddexp", "log(eˣ + eʸ) without overflow", LogAddExp),
		one("sin", "the sine", Sin),
		one("cos", "the cosine", Cos),
		one("tan tg", "the tangent", Tan, gt.Range(-1.2, 1.2)),
		one("asin arcsin", "the angle in [-π/2, π/2] with that sine", Asin, gt.Range(-0.9, 0.9)),
		one("acos arccos", "the angle in [0, π] with that cosine", Acos, gt.Range(-0.9, 0.9)),
		one("atan arctan arctg", "the angle in (-π/2, π/2) with that tangent", Atan),
		two("atan2 arctan2", "the angle of the point (y, x) in the plane, y being the first argument", Atan2, gt.Normal, gt.Positive),
		one("sinh sh", "the hyperbolic sine", Sinh),
		one("cosh ch", "the hyperbolic cosine", Cosh),
		one("tanh th", "the hyperbolic tangent", Tanh),
		one("sech", "1/cosh x", Sech),
		one("csch", "1/sinh x", Csch, gt.Positive),
		one("coth", "1/tanh x", Coth, gt.Positive),
		one("asinh arcsinh arsinh", "the inverse of sinh", Asinh),
		one("acosh arccosh arcosh", "the inverse of cosh, NaN below 1", Acosh, gt.Range(1.2, 4)),
		one("atanh arctanh artanh", "the inverse of tanh", Atanh, gt.Range(-0.9, 0.9)),
	),
	group("Special functions",
		one("erf", "the error function", Erf),
		one("erfc", "1 - erf(x), accurate where that is small", Erfc),
		one("erfinv", "the inverse of erf", Erfinv, gt.Range(-0.9, 0.9)),
		one("normcdf norm_cdf ndtr", "the probability that a standard normal variable is at most x", NormCDF),
		one("logit", "log(x/(1-x)), the inverse of sigmoid", Logit, gt.Range(0.1, 0.9)),
		one("gamma tgamma", "Γ(x)", Gamma, gt.Range(0.5, 4)),
		one("lgamma gammaln loggamma", "log |Γ(x)|", Lgamma, gt.Range(0.3, 6)),
		one("digamma psi", "ψ(x) = Γ'(x)/Γ(x)", Digamma, gt.Range(0.3, 6)),
		one("trigamma", "ψ'(x)", Trigamma, gt.Range(0.7, 6)),
		two("polygamma", "the n-th derivative of digamma at x; n comes first", Polygamma, orders, gt.Range(0.7, 6)),
		two("betaln lbeta", "log |B(x, y)|", Betaln, gt.Range(0.5, 6)),
		one("sinc", "sin(πx)/(πx), 1 at 0", Sinc),
		two("sinc_derivative", "the n-th derivative of sinc at x; n comes first", SincDerivative, orders, gt.Normal),
	),
	group("Comparisons and choices",
		two("less", "1 where x < y, else 0", Less, gt.Distinct),
		two("less_equal", "1 where x ≤ y, else 0", LessEqual, gt.Distinct),
		two("greater", "1 where x > y, else 0", Greater, gt.Distinct),
		two("greater_equal", "1 where x ≥ y, else 0", GreaterEqual, gt.Distinct),
		two("equal", "1 where x = y, else 0", Equal, gt.Distinct),
		two("not_equal", "1 where x ≠ y, else 0", NotEqual, gt.Distinct),
		one("isnan", "1 where x is NaN, else 0", IsNaN),
		one("isinf", "1 where x is infinite, else 0", IsInf),
		one("isfinite", "1 where x is neither NaN nor infinite, else 0", IsFinite),
		choice("max maximum fmax pmax", "the larger, elementwise; of one array, the largest over some axes", Max, AMax),
		choice("min minimum fmin pmin", "the smaller, elementwise; of one array, the smallest over some axes", Min, AMin),
		row("clamp clip clip_by_value", "x limited to lo..hi; derivative 1 at both", 1, func(in []*node, a spec.Args) *node { return Clamp(in[0], a.Number("lo"), a.Number("hi")) },
			must(number("lo", "the least value", 0, "min", "a_min")), must(number("hi", "the largest value", 0, "max", "a_max"))).
			like("x, -1, 1").in(gt.Away(-1, 0.5)).at(gt.Shapes(1, -1, 0.5)...),
		row("where if IF ifelse iif", "x where c is not 0, else y: where(c, x, y); the branch not taken has the derivative 0", 3, func(in []*node, _ spec.Args) *node { return Where(in[0], in[1], in[2]) }).
			in(gt.Bits, gt.Normal).at(gt.Shapes(3)...),
		row("piecewise", "the value after the first condition that holds, else the last: piecewise(c1, a, c2, b, otherwise)", -1, func(in []*node, _ spec.Args) *node { return Piecewise(in...) }).
			in(gt.Bits, gt.Normal, gt.Bits, gt.Normal).at(gt.Shapes(5)...),
		row("heaviside", "0 where x < 0, h where x = 0 (½ if it is left out), 1 where x > 0: heaviside(x, h)", -1, makeHeaviside).
			in(gt.Away(0), gt.Normal).at(gt.Shapes(2)...),
	),
	group("Activations",
		one("sigmoid expit", "1/(1+e⁻ˣ)", Sigmoid),
		one("logsigmoid log_sigmoid log_expit", "log sigmoid(x), accurate in both tails", LogSigmoid),
		one("softplus", "log(1+eˣ), accurate in both tails", Softplus),
		one("relu", "max(x, 0); derivative 0 at 0", ReLU, gt.Away(0)),
		one("relu6", "x limited to 0..6; derivative 0 at both", ReLU6, gt.Away(0)),
		row("hardtanh", "x limited to lo..hi; derivative 0 at both", 1, func(in []*node, a spec.Args) *node { return unary(hardTanh{a.Number("lo"), a.Number("hi")}, in[0]) },
			number("lo", "the least value", -1, "min_val"), number("hi", "the largest value", 1, "max_val")).in(gt.Away(-1, 1)),
		one("hardsigmoid", "(x+3)/6 limited to 0..1", HardSigmoid, gt.Away(-3, 3)),
		one("hardswish", "x·hardsigmoid(x)", HardSwish, gt.Away(-3, 3)),
		num1("leaky_relu", "x where x > 0, else slope·x", LeakyReLU, number("slope", "below 0", 0.01, "negative_slope"), gt.Away(0), 0.01),
		two("prelu", "x where x > 0, else a·x: prelu(x, a)", PReLU, gt.Away(0), gt.Normal),
		num1("elu", "x where x > 0, else alpha·(eˣ-1)", ELU, number("alpha", "minus the limit at -∞", 1), gt.Away(0), 1.3),
		one("selu", "a scaled elu that keeps mean 0 and variance 1", SELU, gt.Away(0)),
		one("gelu", "x·normcdf(x)", GELU),
		one("gelu_tanh", "nearly gelu, by tanh", GELUTanh),
		one("silu swish", "x·sigmoid(x)", SiLU),
		one("mish", "x·tanh(softplus(x))", Mish),
		one("softsign", "x/(1+|x|)", Softsign, gt.Away(0)),
		num1("hardshrink", "x where |x| > lambda, else 0", HardShrink, number("lambda", "what becomes 0", 0.5, "lambd"), gt.Away(-0.5, 0.5), 0.5),
		num1("softshrink", "x moved towards 0 by lambda, and 0 where |x| ≤ lambda", SoftShrink, number("lambda", "by how much", 0.5, "lambd"), gt.Away(-0.5, 0.5), 0.5),
	),
	group("Reductions",
		over("sum reduce_sum Σ", "the sum", Sum, gt.Normal),
		nonempty(over("mean avg average reduce_mean", "the mean", Mean, gt.Normal)),
		over("prod product reduce_prod", "the product", Prod, gt.Normal),
		nonempty(over("amax", "the largest; equal ones share the derivative", AMax, gt.Distinct)),
		nonempty(over("amin", "the smallest; equal ones share the derivative", AMin, gt.Distinct)),
		along("argmax", "the index of the first largest element", ArgMax),
		along("argmin", "the index of the first smallest element", ArgMin),
		along("max_first", "the largest; the first of equal ones gets the derivative", MaxFirst),
		along("min_first", "the smallest; the first of equal ones gets the derivative", MinFirst),
		over("norm l2norm", "√Σx²; derivative 0 at 0", Norm, gt.Positive),
		over("norm1", "Σ|x|", Norm1, gt.Away(0)),
		nonempty(over("norm_inf", "the largest |x|", NormInf, distinctPositive)),
		nonempty(over("variance var", "the mean of (x - mean)²", Variance, gt.Normal)),
		spread(over("std", "the root of the variance", Std, gt.Distinct)),
		nonempty(over("logsumexp log_sum_exp reduce_logsumexp", "log Σeˣ without overflow", LogSumExp, gt.Normal)),
		over("size", "the number of elements", Size, gt.Fixed(gt.Normal)),
		across("softmax", "eˣ/Σeˣ", Softmax),
		across("logsoftmax log_softmax", "log softmax(x) without overflow", LogSoftmax),
		norms("standardize", "(x - mean)/√(variance + eps): batch, layer and instance norm", Standardize),
		norms("rms_norm", "x/√(mean x² + eps)", RMSNorm),
		norms("inverse_std", "1/√(variance + eps), with the axes at length 1", InverseStd),
		norms("inverse_rms", "1/√(mean x² + eps), with the axes at length 1", InverseRMS),
		row("normalize", "gain·(x - mean)/√(variance + eps) + shift, a whole batch or layer norm: normalize(x, gain, shift, axis)", 3,
			func(in []*node, a spec.Args) *node {
				return Normalize(in[0], in[1], in[2], a.Number("eps"), a.Wholes("axis")...)
			}, axes, epsilon).
			at(gt.One([]int{4}, []int{}, []int{}), gt.One([]int{4}, []int{4}, []int{1}).With(0), gt.One([]int{3, 4}, []int{4}, []int{4}).With(-1),
				gt.One([]int{3, 4}, []int{4}, []int{4}).With(0), gt.One([]int{2, 3, 4}, []int{3, 1}, []int{3, 1}).With(0, 2),
				gt.One([]int{2, 3, 2}, []int{1, 3, 1}, []int{3, 2}).With(0, 2), gt.One([]int{2, 1, 2, 3}, []int{2, 3}, []int{3}).With(2, 3), gt.One([]int{0, 3}, []int{3}, []int{3}).With(0)),
		row("group_norm", "x standardised for each image over each of so many groups of channels: group_norm(x, 2)", 1,
			func(in []*node, a spec.Args) *node { return GroupNorm(in[0], a.Whole("groups"), a.Number("eps")) }, must(groups), epsilon).like("x, 2").
			at(gt.One([]int{2, 4}).With(2), gt.One([]int{1, 2, 3}).With(1), gt.One([]int{2, 4, 3}).With(2, 0.1), gt.One([]int{1, 6, 2, 2}).With(3),
				gt.One([]int{2, 3, 2, 2}).With(3, 0.01), gt.One([]int{0, 2, 3}).With(2)),
		row("instance_norm", "mean 0 and variance 1 for each channel of each image", 1, func(in []*node, a spec.Args) *node { return InstanceNorm(in[0], a.Number("eps")) }, epsilon).
			at(gt.One([]int{1, 2, 3}), gt.One([]int{2, 3, 4}).With(0.1), gt.One([]int{2, 2, 3, 2}), gt.One([]int{1, 1, 2, 2}).With(0.01), gt.One([]int{1, 2, 2, 1, 3}), gt.One([]int{0, 2, 3})),
		row("local_response_norm", "x over a power of the mean of the squares of so many channels around each: local_response_norm(x, 5)", 1,
			func(in []*node, a spec.Args) *node {
				return LocalResponseNorm(in[0], a.Whole("size"), a.Number("alpha"), a.Number("beta"), a.Number("k"))
			}, must(whole("size", "how many channels", 1)), number("alpha", "what the mean is multiplied by", 1e-4), number("beta", "the power", 0.75), number("k", "added to it", 1)).like("x, 3").
			at(gt.One([]int{1, 4}).With(3, 0.5), gt.One([]int{2, 5}).With(2, 0.3, 0.5), gt.One([]int{1, 6, 3}).With(3, 0.1, 0.75, 2), gt.One([]int{2, 3, 2, 2}).With(4, 1, 1.5), gt.One([]int{1, 2, 2}).With(1, 0.7), gt.One([]int{0, 3, 2}).With(3)),
		row("unit l2_normalize", "x over its p-norm along some axes: unit(x, 1, p=1)", 1,
			func(in []*node, a spec.Args) *node {
				return Unit(in[0], a.Number("p"), a.Number("eps"), a.Wholes("axis")...)
			},
			axes, number("p", "the power of the norm; inf is the largest |x|", 2), spec.Setting{Name: "eps", Doc: "the least length that is divided by", Kind: spec.Number, Default: 1e-12, Range: "[0,inf)"}).
			in(distinctPositive).at(gt.One([]int{5}), gt.One([]int{3, 4}).With(1), gt.One([]int{3, 4}).With(-2), gt.One([]int{2, 3, 2}).With(0, 2),
			gt.One([]int{2, 3}).By(func(in []*node) *node { return Unit(in[0], 1, 0, 1) }), gt.One([]int{4, 2}).By(func(in []*node) *node { return Unit(in[0], 3, 0, 0) }),
			gt.One([]int{0, 3}).With(1)),
		row("weight_norm", "g·v/‖v‖, the length being over all axes but one: weight_norm(v, g, 0)", 2, func(in []*node, a spec.Args) *node { return WeightNorm(in[0], in[1], a.Whole("axis")) },
			spec.Setting{Name: "axis", Doc: "whose elements have a length each, which g has", Kind: spec.Whole, Range: whole32, Default: 0.0, Aliases: []string{"dim"}}).
			in(gt.Positive, gt.Normal).at(gt.One([]int{3}, []int{3}), gt.One([]int{3, 4}, []int{3, 1}), gt.One([]int{3, 4}, []int{1, 4}).With(1), gt.One([]int{2, 3, 2}, []int{1, 1, 2}).With(-1),
			gt.One([]int{2, 1, 2, 2}, []int{2, 1, 1, 1}), gt.One([]int{0, 3}, []int{0, 1})),
		row("keep", "y, a reduction of x over some axes, with those axes at length 1: keep(y, x, axis)", 2, func(in []*node, a spec.Args) *node { return Keep(in[0], in[1], a.Wholes("axis")...) }, axes).
			in(gt.Normal, gt.Fixed(gt.Normal)).
			at(gt.One([]int{}, []int{4}), gt.One([]int{3}, []int{3, 4}).With(1), gt.One([]int{4}, []int{3, 4}).With(-2),
				gt.One([]int{3}, []int{2, 3, 4}).With(0, 2), gt.One([]int{}, []int{}), gt.One([]int{3}, []int{3, 0}).With(-1)),
	),
	group("Along an axis", cumulative...),
	group("Products",
		row("matmul mm bmm", "the matrix product of the last two axes", 2, makeMatMul, flag("tx", "transpose x first"), flag("ty", "transpose y first")).
			at(gt.One([]int{1, 1}, []int{1, 1}), gt.One([]int{3, 4}, []int{4, 2}), gt.One([]int{4}, []int{4, 2}), gt.One([]int{3, 4}, []int{4}),
				gt.One([]int{2, 3, 4}, []int{4, 2}), gt.One([]int{3, 4}, []int{2, 4, 2}), gt.One([]int{2, 1, 2, 3}, []int{3, 3, 2}),
				gt.One([]int{0, 4}, []int{4, 2}), gt.One([]int{3, 0}, []int{0, 2})),
		two("linear", "x·wᵀ, of rows x and a row of w for each output", Linear).at(
			gt.One([]int{1, 1}, []int{1, 1}), gt.One([]int{3, 4}, []int{2, 4}), gt.One([]int{1, 4}, []int{3, 4}), gt.One([]int{2, 3, 4}, []int{2, 4}),
			gt.One([]int{5, 1}, []int{2, 1}), gt.One([]int{0, 4}, []int{2, 4}), gt.One([]int{3, 0}, []int{2, 0})),
		two("dot inner", "Σx·y along the last axis", Dot).at(
			gt.One([]int{1}, []int{1}), gt.One([]int{4}, []int{4}), gt.One([]int{3, 4}, []int{3, 4}), gt.One([]int{3, 4}, []int{4}),
			gt.One([]int{2, 3, 2}, []int{3, 1}), gt.One([]int{0}, []int{0})),
		two("outer", "the products of each element of a vector with each of another", Outer).at(
			gt.One([]int{1}, []int{1}), gt.One([]int{3}, []int{4}), gt.One([]int{1}, []int{4}), gt.One([]int{4}, []int{1}),
			gt.One([]int{2}, []int{2}), gt.One([]int{0}, []int{3})),
	),
	group("Convolutions and pools", slices.Concat(convolutions, pools)...),
	group("Moving elements", moving...),
	group("Indices", indexing...),
	group("Random numbers",
		drawn("uniform", "u", "between 0 and 1, of a step that counts: uniform(t, 3, 4)", Uniform),
		drawn("normal", "n", "of the standard normal distribution, of a step that counts", Normal),
		drawn("rademacher", "r", "-1 or 1, of a step that counts", Rademacher),
		row("dropout", "x with elements replaced by 0 with probability p, the others divided by 1-p: dropout(x, t, p)", 2, func(in []*node, a spec.Args) *node { return Dropout(in[0], a.Number("p"), in[1], a.Word("name")) },
			must(spec.Setting{Name: "p", Doc: "the probability", Kind: spec.Number, Range: "[0,1]"}), named("d")).
			like("x, t, 0.5").in(gt.Normal, counts).
			at(gt.One([]int{}, []int{}).With(0.5), gt.One([]int{1}, []int{}).With(0.1), gt.One([]int{5}, []int{}).With(0), gt.One([]int{3, 4}, []int{}).With(0.3),
				gt.One([]int{2, 3, 2}, []int{}).With(0.8), gt.One([]int{3}, []int{}).With(1), gt.One([]int{0, 3}, []int{}).With(0.5)),
	),
)

// cumulative are operations along an axis.
var cumulative = []Row{
	row("recurrence", "y with y[t] = a[t]·y[t-1] + b[t] along an axis; back, y[t] = a[t+1]·y[t+1] + b[t]: recurrence(a, b, 0)", 2, makeRecurrence, axis, flag("back", "from the last to the first")).
		like("x, y, 0").at(gt.One([]int{5}, []int{5}).With(0), gt.One([]int{}, []int{4}).With(0), gt.One([]int{3, 4}, []int{3, 4}).With(-1), gt.One([]int{2, 3, 2}, []int{2, 3, 2}).With(1),
		gt.One([]int{1}, []int{1}).With(0), gt.One([]int{0, 2}, []int{0, 2}).With(0)),
	lined("cumsum", "sums of each element and all before it", CumSum, gt.Normal),
	lined("cumprod", "products of each element and all before it", CumProd, gt.Normal),
	lined("logcumsumexp", "log Σeˣ of each element and all before it, without overflow", LogCumSumExp, gt.Normal),
	lined("cummax", "the largest of each element and all before it; the last of equal ones gets the derivative", CumMax, gt.Distinct),
	lined("cummin", "the smallest of each element and all before it", CumMin, gt.Distinct),
	lined("argcummax", "where the largest of each element and all before it is", ArgCumMax, gt.Fixed(gt.Distinct)),
	lined("argcummin", "where the smallest of each element and all before it is", ArgCumMin, gt.Fixed(gt.Distinct)),
	sorted("sort", "the elements in their order", Sort, gt.Distinct),
	sorted("argsort", "the indices in the order of the elements", ArgSort, gt.Fixed(gt.Distinct)),
	ofRank("topk", "the k largest elements, from the largest, or the k smallest, from the smallest: topk(x, 2, 0)", func(in []*node, a spec.Args) *node {
		k := a.Whole("k")
		return ranked("topk", in[0], k, a.Whole("axis"), 0, k, a.Flag("largest"))
	}, spec.Setting{Name: "largest", Doc: "the largest, not the smallest", Kind: spec.Flag, Default: true}),
	ofRank("kthvalue", "the k-th smallest element, counted from 1, without the axis: kthvalue(x, 2, 0)", func(in []*node, a spec.Args) *node { return KthValue(in[0], a.Whole("k"), a.Whole("axis")) }),
	row("median", "the middle element, the lower of two, without the axis; NaN where one is", 1, func(in []*node, a spec.Args) *node { return Median(in[0], a.Whole("axis")) }, axis).like("x, 0").in(gt.Distinct).
		at(gt.One([]int{1}).With(0), gt.One([]int{5}).With(0), gt.One([]int{3, 4}).With(-1), gt.One([]int{2, 3, 2}).With(1), gt.One([]int{4}).With(0), gt.One([]int{3, 0}).With(0)),
	row("sample_quantile", "the q-quantile, on straight lines between the elements in their order, without the axis: sample_quantile(x, 0.9, 0)", 1, func(in []*node, a spec.Args) *node { return SampleQuantile(in[0], a.Number("q"), a.Whole("axis")) },
		must(spec.Setting{Name: "q", Doc: "the part that is below", Kind: spec.Number, Range: "[0,1]", By: spec.InOrder}), must(whole("axis", "which axis", 0))).like("x, 0.9, 0").in(gt.Distinct).
		at(gt.One([]int{1}).With(0.3, 0), gt.One([]int{5}).With(0.5, 0), gt.One([]int{3, 4}).With(0.9, -1), gt.One([]int{2, 3, 2}).With(0.25, 1), gt.One([]int{4}).With(1, 0), gt.One([]int{6}).With(0, 0), gt.One([]int{3, 0}).With(0.5, 0)),
	row("differences", "differences of neighbours, n times: differences(x, 1, 0)", 1, func(in []*node, a spec.Args) *node { return Differences(in[0], a.Whole("n"), a.Whole("axis")) }, must(whole("n", "how often", 1)), must(whole("axis", "which axis", 0))).
		like("x, 1, 0").at(gt.One([]int{5}).With(1, 0), gt.One([]int{3, 4}).With(2, -1), gt.One([]int{2, 3, 2}).With(1, 1), gt.One([]int{1}).With(1, 0), gt.One([]int{4}).With(0, 0), gt.One([]int{2, 0}).With(1, 0)),
}

var lineSamples = []gt.Sample{gt.One([]int{1}).With(0), gt.One([]int{5}).With(0), gt.One([]int{3, 4}).With(0), gt.One([]int{3, 4}).With(-1), gt.One([]int{2, 4, 3}).With(1), gt.One([]int{0, 3}).With(1), gt.One([]int{3, 0}).With(1)}

// lined is an operation along an axis that keeps it.
func lined(names, doc string, f func(*node, int) *node, d gt.Domain) Row {
	return row(names, doc, 1, func(in []*node, a spec.Args) *node { return f(in[0], a.Whole("axis")) }, axis).like("x, 0").in(d).at(lineSamples...)
}

// sorted is an operation of an order.
func sorted(names, doc string, f func(*node, int, bool) *node, d gt.Domain) Row {
	r := row(names, doc, 1, func(in []*node, a spec.Args) *node { return f(in[0], a.Whole("axis"), a.Flag("descending")) }, axis, flag("descending", "from the largest"))
	return r.like("x, 0").in(d).at(lineSamples...)
}

// ofRank is an operation of an element's rank.
func ofRank(names, doc string, make func([]*node, spec.Args) *node, more ...spec.Setting) Row {
	r := row(names, doc, 1, make, append([]spec.Setting{must(whole("k", "the rank", 1)), must(whole("axis", "which axis", 0))}, more...)...)
	return r.like("x, 1, 0").in(gt.Distinct).at(gt.One([]int{1}).With(1, 0), gt.One([]int{5}).With(2, 0), gt.One([]int{3, 4}).With(3, -1), gt.One([]int{2, 4, 3}).With(2, 1), gt.One([]int{3, 4}).With(1, 0), gt.One([]int{3, 0}).With(1, 0))
}

// makeRecurrence makes a [Recurrence], or the one that its gradient is.
func makeRecurrence(in []*node, a spec.Args) *node {
	if !a.Flag("back") {
		return Recurrence(in[0], in[1], a.Whole("axis"))
	}
	if err := graph.Mistakes(in...); err != nil {
		return graph.Bad(err, "recurrence", in...)
	}
	ax, err := in[1].Shape().Axis(a.Whole("axis"))
	if err != nil {
		return graph.Bad(err, "recurrence", in...)
	}
	return graph.Apply(recurrence{ax, true}, graph.BroadcastTo(in[0], in[1].Shape()), in[1])
}

var moving = []Row{
	row("reshape", "the elements under another shape; one length may be -1", 1, func(in []*node, a spec.Args) *node { return Reshape(in[0], a.Wholes("lengths")...) }, lengths).
		at(gt.One([]int{}).With(1, 1), gt.One([]int{1}), gt.One([]int{6}).With(2, 3), gt.One([]int{3, 4}).With(-1),
			gt.One([]int{2, 3, 2}).With(4, -1), gt.One([]int{0, 3}).With(3, 0)),
	row("expand_dims", "x with an axis of length 1 put before axis", 1, func(in []*node, a spec.Args) *node { return ExpandDims(in[0], a.Whole("axis")) }, axis).like("x, 0").
		at(gt.One([]int{}).With(0), gt.One([]int{1}).With(-1), gt.One([]int{3}).With(0), gt.One([]int{3, 4}).With(1),
			gt.One([]int{2, 3, 2}).With(-2), gt.One([]int{0, 3}).With(1)),
	row("squeeze", "x without some axes of length 1, or all of them", 1, func(in []*node, a spec.Args) *node { return Squeeze(in[0], a.Wholes("axis")...) }, axes).
		at(gt.One([]int{}), gt.One([]int{1}), gt.One([]int{1, 3, 1}), gt.One([]int{1, 3, 1}).With(0),
			gt.One([]int{3, 1}).With(-1), gt.One([]int{0, 1}).With(1)),
	row("broadcast broadcast_to", "x stretched to a shape", 1, func(in []*node, a spec.Args) *node { return Broadcast(in[0], a.Wholes("lengths")...) }, lengths).
		at(gt.One([]int{}).With(2, 3), gt.One([]int{1}).With(4), gt.One([]int{3}).With(2, 3), gt.One([]int{3, 1}).With(3, 4),
			gt.One([]int{2, 1, 3}).With(2, 4, 3), gt.One([]int{1, 3}).With(0, 3)),
	row("transpose", "x with its axes in another order, reversed if none is given", 1, func(in []*node, a spec.Args) *node { return Transpose(in[0], a.Wholes("order")...) },
		rest(wholes("order", "axis i of the result is this one of x", "axes", "dims"))).
		at(gt.One([]int{}), gt.One([]int{3}), gt.One([]int{3, 4}), gt.One([]int{2, 3, 4}).With(2, 0, 1),
			gt.One([]int{2, 3, 4}).With(0, 2, 1), gt.One([]int{2, 1, 3, 2}).With(-1, 1, 0, 2), gt.One([]int{0, 3})),
	row("slice", "the elements start, start+step, … before stop along an axis", 1, makeSlice, axis,
		whole("start", "the first element", 0), number("stop", "the end, which is left out", inf), whole("step", "from one to the next", 1)).like("x, 0, 1, 3").
		at(gt.One([]int{5}).With(0, 1, 4, 1), gt.One([]int{5}).With(0, 0, inf, 2), gt.One([]int{5}).With(0, -1, inf, -1),
			gt.One([]int{3, 4}).With(1, -3, -1, 1), gt.One([]int{2, 5, 2}).With(1, 4, 0, -2), gt.One([]int{1, 3}).With(0, 0, 1, 1),
			gt.One([]int{3, 4}).With(0, 1, 1, 1), gt.One([]int{0, 3}).With(1, 0, 2, 1)),
	row("flip", "x with the order reversed along some axes", 1, func(in []*node, a spec.Args) *node { return Flip(in[0], a.Wholes("axis")...) }, axes).
		at(overSamples...),
	joined("concat concatenate", "arrays joined along an axis", Concat).
		at(gt.One([]int{3}).With(0), gt.One([]int{3}, []int{2}).With(0), gt.One([]int{3, 4}, []int{3, 1}, []int{3, 2}).With(1),
			gt.One([]int{1, 4}, []int{2, 4}).With(-2),
			gt.One([]int{2, 1, 2}, []int{2, 3, 2}, []int{2, 1, 2}, []int{2, 1, 2}).With(1), gt.One([]int{0, 3}, []int{2, 3}).With(0)),
	joined("stack", "arrays of one shape joined along a new axis", Stack).
		at(gt.One([]int{}, []int{}).With(0), gt.One([]int{3}, []int{3}).With(0), gt.One([]int{3}, []int{3}, []int{3}).With(-1),
			gt.One([]int{3, 4}, []int{3, 4}).With(1), gt.One([]int{2, 1, 2}).With(-2), gt.One([]int{0, 3}, []int{0, 3}).With(0)),
	strided("view", "the elements at offset + Σ i·strides, for each index i of the lengths", View).
		at(windows(View, []int{3}, []int{2, 2}, []int{1, 1}, 0), windows(View, []int{6}, []int{3}, []int{-2}, 5), windows(View, []int{3, 4}, []int{4, 3}, []int{1, 4}, 0),
			windows(View, []int{3, 4}, []int{3}, []int{5}, 0), windows(View, []int{1}, []int{1}, []int{1}, 0), windows(View, []int{2, 3}, []int{0}, []int{1}, 0)),
	strided("place", "zeros of the lengths to which x is added at offset + Σ i·strides, for each index i of x", Place).
		at(windows(Place, []int{2, 2}, []int{3}, []int{1, 1}, 0), windows(Place, []int{3}, []int{6}, []int{-2}, 5), windows(Place, []int{4, 3}, []int{3, 4}, []int{1, 4}, 0),
			windows(Place, []int{3}, []int{3, 4}, []int{5}, 0), windows(Place, []int{1}, []int{1}, []int{1}, 0), windows(Place, []int{0}, []int{2, 3}, []int{1}, 0)),
}

type walker = func(x *node, lengths, strides []int, offset int) *node

func strided(name, doc string, f walker) Row {
	return row(name, doc, 1, func(in []*node, a spec.Args) *node {
		return f(in[0], a.Wholes("lengths"), a.Wholes("strides"), a.Whole("offset"))
	},
		must(wholes("lengths", "the shape of the result", "shape")), must(wholes("strides", "the distance of neighbours along each axis of the walk")), whole("offset", "where it begins", 0)).
		like("x, [2], [1]")
}

// windows is a sample of a walk over an array of some shape.
func windows(f walker, shape, lengths, strides []int, offset int) gt.Sample {
	return gt.One(shape).By(func(in []*node) *node { return f(in[0], lengths, strides, offset) })
}

var indexing = []Row{
	row("onehot", "1 at each index and 0 elsewhere, along a new last axis", 1, func(in []*node, a spec.Args) *node { return OneHot(in[0], a.Whole("depth")) },
		must(spec.Setting{Name: "depth", Doc: "the length of that axis", Kind: spec.Whole, Range: length, Aliases: []string{"num_classes"}})).
		like("i, 3").in(gt.Below(3)).at(gt.Shapes(1, 3)...),
	row("take", "x at the indices along an axis: take(x, i, 0)", 2, func(in []*node, a spec.Args) *node { return Take(in[0], in[1], a.Whole("axis")) }, axis).
		like("x, i, 0").in(gt.Normal, gt.Below(3)).
		at(gt.One([]int{3}, []int{}).With(0), gt.One([]int{3}, []int{5}).With(0),
			gt.One([]int{3, 4}, []int{6}).With(0), gt.One([]int{4, 3}, []int{2, 2}).With(-1),
			gt.One([]int{2, 3, 2}, []int{1}).With(1), gt.One([]int{3, 2}, []int{0}).With(0)),
	row("gather", "x at the indices along an axis, each line having its own: gather(x, i, 1)", 2, func(in []*node, a spec.Args) *node { return Gather(in[0], in[1], a.Whole("axis")) }, axis).
		like("x, i, 0").in(gt.Normal, gt.Below(3)).
		at(gt.One([]int{3}, []int{1}).With(0), gt.One([]int{3}, []int{5}).With(0),
			gt.One([]int{3, 4}, []int{6, 4}).With(0), gt.One([]int{4, 3}, []int{4, 2}).With(-1),
			gt.One([]int{2, 3, 2}, []int{2, 1, 2}).With(1), gt.One([]int{3, 2}, []int{0, 2}).With(0)),
	row("scatter", "zeros of the lengths to which x is added at the indices: the gradient of take, or of gather if along", 2,
		func(in []*node, a spec.Args) *node {
			return Scatter(in[0], in[1], a.Whole("axis"), a.Flag("along"), a.Wholes("lengths")...)
		}, axis, lengths, flag("along", "each line has its own indices")).
		like("x, i, 0, 3").in(gt.Normal, gt.Below(3)).
		at(gt.One([]int{5}, []int{5}).With(0, 3), gt.One([]int{}, []int{}).With(0, 3), gt.One([]int{6, 4}, []int{6}).With(0, 3, 4), gt.One([]int{4, 2, 2}, []int{2, 2}).With(-1, 4, 3),
			gt.One([]int{0, 2}, []int{0}).With(0, 3, 2),
			gt.One([]int{6, 4}, []int{6, 4}).By(func(in []*node) *node { return Scatter(in[0], in[1], 0, true, 3, 4) })),
	row("embed", "rows of a table at the indices, as take(x, i, 0), but for gradients: embed(x, i, padding=0)", 2,
		func(in []*node, a spec.Args) *node {
			return Embed(in[0], in[1], EmbedOptions{Pad: a.Whole("padding") >= 0, Padding: a.Whole("padding"), ByCount: a.Flag("by_count")})
		}, whole("padding", "a row whose gradient is 0; none if it is negative", -1), flag("by_count", "divide the gradient of a row by how often it is taken")).
		like("x, i, 0").in(gt.Normal, gt.Below(3)).
		at(gt.One([]int{3}, []int{5}), gt.One([]int{3, 4}, []int{6}), gt.One([]int{4, 3}, []int{2, 2}).With(3), gt.One([]int{4}, []int{}).With(3),
			gt.One([]int{3, 2, 2}, []int{1}).With(-1), gt.One([]int{5, 2}, []int{0}).With(4)),
	row("sinusoid", "sines and cosines of each position times falling rates, which tell positions apart: sinusoid(t, 8)", 1,
		func(in []*node, a spec.Args) *node { return Sinusoid(in[0], a.Whole("width"), a.Number("base")) },
		must(spec.Setting{Name: "width", Doc: "numbers for each, an even number", Kind: spec.Whole, Range: "[2,1048576]"}), rotaryBase).
		like("t, 8").at(gt.One([]int{1}).With(2), gt.One([]int{5}).With(2), gt.One([]int{3}).With(8), gt.One([]int{4}).With(6, 100), gt.One([]int{7}).With(4, 10), gt.One([]int{0}).With(4)),
	row("rotary", "pairs of numbers of x turned by their position times falling rates: rotary(x, t)", 2,
		func(in []*node, a spec.Args) *node { return Rotary(in[0], in[1], a.Number("base")) }, rotaryBase).
		like("x, t").at(gt.One([]int{1, 2}, []int{1}), gt.One([]int{5, 4}, []int{5}), gt.One([]int{2, 3, 6}, []int{3}), gt.One([]int{2, 2, 4, 2}, []int{4}).With(100),
		gt.One([]int{3, 2}, []int{3}).With(2), gt.One([]int{0, 4}, []int{0})),
	attentive("attention", "softmax(scale·q·kᵀ)·v, or of q·kᵀ and a bias: attention(q, k, v, causal=true)", func(in []*node, o AttentionOptions, _ spec.Args) *node {
		return Attention(in[0], in[1], in[2], o)
	}).at(attentionSamples(false)...),
	attentive("attention_grad", "the gradient of attention by q, k or v from that by its result: attention_grad(q, k, v, dy, by=0)", func(in []*node, o AttentionOptions, a spec.Args) *node {
		return AttentionGrad(in[0], in[1], in[2], in[len(in)-1], a.Whole("by"), o)
	}, whole("by", "which operand: 0, 1, 2 for q, k, v", 0)).at(attentionSamples(true)...),
	row("first_rows", "each index that is the first of its kind and below a length, -1 for the others", 1,
		func(in []*node, a spec.Args) *node { return FirstRows(in[0], a.Whole("length")) }, rowsOf).
		like("i, 3").in(gt.Below(3)).at(gt.One([]int{0}).With(3), gt.One([]int{1}).With(3), gt.One([]int{2}).With(5), gt.One([]int{5}).With(3), gt.One([]int{9}).With(3), gt.One([]int{40}).With(4)),
	row("sum_rows", "x with rows of one index added to the first of them, others 0: sum_rows(x, i, 3)", 2,
		func(in []*node, a spec.Args) *node { return SumRows(in[0], in[1], a.Whole("length")) }, rowsOf).
		like("x, i, 3").in(gt.Normal, gt.Below(3)).at(gt.One([]int{5}, []int{5}).With(3), gt.One([]int{1, 4}, []int{1}).With(3), gt.One([]int{6, 4}, []int{6}).With(3),
		gt.One([]int{4, 3, 2}, []int{4}).With(5), gt.One([]int{0, 2}, []int{0}).With(3), gt.One([]int{20, 2}, []int{20}).With(3)),
	row("put_rows", "x with the rows at the indices, each named once, replaced by those of y: put_rows(x, i, y)", 3,
		func(in []*node, _ spec.Args) *node { return PutRows(in[0], in[1], in[2]) }).
		in(gt.Normal, orderly, gt.Normal).at(gt.One([]int{5}, []int{2}, []int{2}), gt.One([]int{5, 3}, []int{5}, []int{5, 3}), gt.One([]int{4, 2}, []int{1}, []int{1, 2}),
		gt.One([]int{3, 2, 2}, []int{2}, []int{2, 2, 2}), gt.One([]int{3, 2}, []int{0}, []int{0, 2}), gt.One([]int{2, 3}, []int{4}, []int{4, 3})),
	two("pick", "the element of the last axis at each index", Pick, gt.Normal, gt.Below(3)).at(gt.One([]int{3}, []int{}),
		gt.One([]int{1, 3}, []int{1}), gt.One([]int{5, 3}, []int{5}),
		gt.One([]int{2, 2, 3}, []int{2, 2}), gt.One([]int{2, 4}, []int{2}), gt.One([]int{0, 3}, []int{0})),
	two("softmax_nll", "-log softmax(z)[y] for each row of logits z and class y", SoftmaxNLL, gt.Normal, gt.Below(3)).at(nllSamples...),
	two("softmax_nll_grad", "softmax(z) - onehot(y), 0 in rows without a class: the gradient of softmax_nll", SoftmaxNLLGrad, gt.Normal, gt.Below(3)).at(nllSamples...),
}

// rotaryBase is how slow the slowest rate of positions is.
var rotaryBase = spec.Setting{Name: "base", Doc: "the rate of pair i is base^(-2i/width)", Kind: spec.Number, Default: 10000.0, Range: "(0,inf)", By: spec.InOrder}

// attentive is an attention, or its gradient, of three or four operands, and for the
// gradient one more.
func attentive(name, doc string, f func(in []*node, o AttentionOptions, a spec.Args) *node, more ...spec.Setting) Row {
	operands := 3 + len(more)
	return row(name, doc, -1, func(in []*node, a spec.Args) *node {
		o := AttentionOptions{Causal: a.Flag("causal"), Scale: a.Number("scale")}
		switch {
		case len(in) == operands && !a.Flag("seen"):
		case len(in) == operands+1 && a.Flag("seen"):
			o.Seen = in[3]
		case len(in) == operands+1:
			o.Bias = in[3]
		default:
			return graph.Bad(fmt.Errorf("%d operands; it takes q, k, v, perhaps a bias or which keys are seen, and the gradient by the result for a gradient", len(in)), name, in...)
		}
		return f(in, o, a)
	}, append([]spec.Setting{flag("causal", "query i sees the keys 0 to i"),
		{Name: "scale", Doc: "of q·kᵀ; 1/√width if it is 0", Kind: spec.Number, Default: 0.0, Range: numbers},
		flag("seen", "the fourth operand is 0 for keys that are not seen, else 1")}, more...)...)
}

// attentionSamples are shapes of q, k and v, and with a gradient of dy.
func attentionSamples(gradient bool) (all []gt.Sample) {
	for i, s := range []struct {
		lead                         []int
		queries, keys, width, values int
		o                            AttentionOptions
		extra                        []int // a bias, or what is seen
	}{
		{nil, 3, 4, 2, 3, AttentionOptions{}, nil}, {[]int{2}, 4, 4, 3, 2, AttentionOptions{Causal: true}, nil},
		{[]int{1, 2}, 2, 5, 1, 1, AttentionOptions{Scale: 0.7}, nil}, {[]int{2, 2}, 3, 2, 2, 2, AttentionOptions{Causal: true, Scale: 2}, nil},
		{[]int{2}, 17, 18, 2, 1, AttentionOptions{Causal: true}, nil}, {[]int{2}, 0, 3, 2, 1, AttentionOptions{}, nil},
		{[]int{2}, 2, 3, 2, 2, AttentionOptions{}, []int{3}},
	} {
		in := [][]int{append(slices.Clone(s.lead), s.queries, s.width), append(slices.Clone(s.lead), s.keys, s.width), append(slices.Clone(s.lead), s.keys, s.values)}
		o := s.o
		if s.extra != nil {
			if gradient {
				continue
			}
			in = append(in, s.extra)
			all = append(all, gt.One(in...).By(func(in []*node) *node {
				o.Bias = in[3]
				return Attention(in[0], in[1], in[2], o)
			}))
			continue
		}
		if !gradient {
			all = append(all, gt.One(in...).By(func(in []*node) *node { return Attention(in[0], in[1], in[2], o) }))
			continue
		}
		in = append(in, append(slices.Clone(s.lead), s.queries, s.values))
		all = append(all, gt.One(in...).By(func(in []*node) *node { return AttentionGrad(in[0], in[1], in[2], in[3], i%3, o) }))
	}
	return all
}

// rowsOf is the length of a table of which rows are taken.
var rowsOf = must(spec.Setting{Name: "length", Doc: "of the table", Kind: spec.Whole, Range: length})

// orderly are the indices from 0 on, in a random order.
var orderly = gt.Domain{Fixed: true, Fill: func(rng *rand.Rand, _ int, x []float64) {
	for i, k := range rng.Perm(len(x)) {
		x[i] = float64(k)
	}
}}

var nllSamples = []gt.Sample{gt.One([]int{1, 3}, []int{1}),
	gt.One([]int{5, 3}, []int{5}), gt.One([]int{4, 4}, []int{4}), gt.One([]int{2, 10}, []int{2}),
	gt.One([]int{6, 2}, []int{6}), gt.One([]int{0, 3}, []int{0})}

var inf = math.Inf(1)
