package ops_test

import (
	"math"
	"slices"
)

// The value of every row, by a plain loop in float64 that shares nothing with
// it: the definition as package math or a textbook has it. That the derivatives
// are those of this value is TestTable's business.

// array is an argument or a value: axis lengths and elements, row-major.
type array struct {
	dims []int
	x    []float64
}

// oracle computes a row's value.
type oracle func(in []array, num []float64) array

// edges are where elementwise functions go wrong.
var edges = []float64{0, math.Copysign(0, -1), 1, -1, 0.5, -0.5, 1.5, 2.5, -2.5, 3, -3, 6, 20, -20, 88, -104, 700, -745, 1e-8, -1e-8, 1e-30, -1e-30,
	5e-324, -5e-324, 1e16, -1e16, 1e30, -1e30, 1e300, -1e300, math.MaxFloat64, math.Inf(1), math.Inf(-1), math.NaN()}

// values has every row: a test fails without it.
var values = map[string]oracle{
	"add":           zip(func(x ...float64) float64 { return x[0] + x[1] }),
	"sub":           zip(func(x ...float64) float64 { return x[0] - x[1] }),
	"mul":           zip(func(x ...float64) float64 { return x[0] * x[1] }),
	"div":           zip(func(x ...float64) float64 { return x[0] / x[1] }),
	"neg":           each(func(x float64) float64 { return 0 - x }),
	"scale":         with(func(x float64, n []float64) float64 { return n[0] * x }),
	"shift":         with(func(x float64, n []float64) float64 { return x + n[0] }),
	"reciprocal":    each(func(x float64) float64 { return 1 / x }),
	"square":        each(func(x float64) float64 { return x * x }),
	"cube":          each(func(x float64) float64 { return x * x * x }),
	"sqrt":          each(math.Sqrt),
	"pow":           zip(power),
	"abs":           each(math.Abs),
	"sign":          each(signum),
	"floor":         each(math.Floor),
	"ceil":          each(math.Ceil),
	"round":         each(math.RoundToEven),
	"stop_gradient": each(func(x float64) float64 { return x }),

	"cbrt":  each(math.Cbrt),
	"hypot": zip(func(x ...float64) float64 { return math.Hypot(x[0], x[1]) }),
	"exp2":  each(math.Exp2),
	"log2":  each(func(x float64) float64 { return ln(x) / math.Ln2 }),
	"log10": each(func(x float64) float64 { return ln(x) / math.Ln10 }),

	"exp":   each(math.Exp),
	"expm1": each(math.Expm1),
	"log":   each(ln),
	"log1p": each(math.Log1p),
	"xlogy": zip(func(x ...float64) float64 {
		if x[0] == 0 {
			return 0 + nanOf(x...)
		}
		return x[0] * ln(x[1])
	}),
	"xlog1py": zip(func(x ...float64) float64 {
		if x[0] == 0 {
			return 0 + nanOf(x...)
		}
		return x[0] * math.Log1p(x[1])
	}),
	"sin":   each(math.Sin),
	"cos":   each(math.Cos),
	"tan":   each(math.Tan),
	"asin":  each(math.Asin),
	"acos":  each(math.Acos),
	"atan":  each(math.Atan),
	"atan2": zip(func(x ...float64) float64 { return math.Copysign(math.Atan2(x[0], x[1]), x[0]) }),
	"sinh":  each(math.Sinh),
	"cosh":  each(math.Cosh),
	"tanh":  each(math.Tanh),
	"asinh": each(math.Asinh),
	"acosh": each(math.Acosh),
	"atanh": each(math.Atanh),
	"erf":   each(math.Erf),

	"lgamma":    each(func(x float64) float64 { y, _ := math.Lgamma(x); return y }),
	"digamma":   each(func(x float64) float64 { return polygamma(0, x) }),
	"trigamma":  each(func(x float64) float64 { return polygamma(1, x) }),
	"polygamma": zip(func(x ...float64) float64 { return polygamma(int(x[0]), x[1]) }),
	"gamma":     each(math.Gamma),
	"betaln":    zip(func(x ...float64) float64 { return betaln(x[0], x[1]) }),
	"erfc":      each(math.Erfc),
	"erfinv":    each(math.Erfinv),
	"normcdf":   each(func(x float64) float64 { return math.Erfc(-x/math.Sqrt2) / 2 }),
	"logit":     each(func(p float64) float64 { return math.Log(p) - math.Log1p(-p) }),
	"log_add_exp": zip(func(x ...float64) float64 {
		if x[0] == x[1] || math.IsInf(math.Max(x[0], x[1]), 1) && nanOf(x...) == 0 {
			return math.Max(x[0], x[1]) + math.Ln2
		}
		return logSumExp(x) + nanOf(x...)
	}),
	"sinc":            each(func(x float64) float64 { return sincDerivative(0, x) }),
	"sinc_derivative": zip(func(x ...float64) float64 { return sincDerivative(int(x[0]), x[1]) }),
	"sech":            each(func(x float64) float64 { return 1 / math.Cosh(x) }),
	"csch":            each(func(x float64) float64 { return 1 / math.Sinh(x) }),
	"coth":            each(func(x float64) float64 { return 1 / math.Tanh(x) }),

	"less":          zip(func(x ...float64) float64 { return truth(x[0] < x[1]) }),
	"less_equal":    zip(func(x ...float64) float64 { return truth(x[0] <= x[1]) }),
	"greater":       zip(func(x ...float64) float64 { return truth(x[0] > x[1]) }),
	"greater_equal": zip(func(x ...float64) float64 { return truth(x[0] >= x[1]) }),
	"equal":         zip(func(x ...float64) float64 { return truth(x[0] == x[1]) }),
	"not_equal":     zip(func(x ...float64) float64 { return truth(x[0] != x[1]) }),
	"max":           zip(func(x ...float64) float64 { return math.Max(x[0], x[1]) + nanOf(x...) }),
	"min":           zip(func(x ...float64) float64 { return math.Min(x[0], x[1]) + nanOf(x...) }),
	"remainder": zip(func(x ...float64) float64 {
		r := math.Mod(x[0], x[1])
		if r != 0 && (r < 0) != (x[1] < 0) {
			r += x[1]
		}
		return r
	}),
	"fmod": zip(func(x ...float64) float64 { return math.Mod(x[0], x[1]) }),
	"heaviside": zip(func(x ...float64) float64 {
		switch {
		case x[0] == 0:
			return x[1]
		case x[0] != x[0]:
			return x[0]
		}
		return truth(x[0] > 0)
	}),
	"isnan":    each(func(x float64) float64 { return truth(math.IsNaN(x)) }),
	"isinf":    each(func(x float64) float64 { return truth(math.IsInf(x, 0)) }),
	"isfinite": each(func(x float64) float64 { return truth(x-x == 0) }),
	"clamp":    with(func(x float64, n []float64) float64 { return limit(x, n[0], n[1]) }),
	"where": zip(func(x ...float64) float64 {
		if x[0] != 0 {
			return x[1]
		}
		return x[2]
	}),

	"sigmoid":     each(sigmoid),
	"logsigmoid":  each(func(x float64) float64 { return -softplus(-x) }),
	"softplus":    each(softplus),
	"relu":        each(func(x float64) float64 { return limit(x, 0, math.Inf(1)) }),
	"relu6":       each(func(x float64) float64 { return limit(x, 0, 6) }),
	"hardtanh":    each(func(x float64) float64 { return limit(x, -1, 1) }),
	"hardsigmoid": each(func(x float64) float64 { return limit(x+3, 0, 6) / 6 }),
	"hardswish":   each(func(x float64) float64 { return x * (limit(x+3, 0, 6) / 6) }),
	"leaky_relu":  with(func(x float64, n []float64) float64 { return leak(x, n[0]*x) }),
	"prelu":       zip(func(x ...float64) float64 { return leak(x[0], x[1]*x[0]) }),
	"elu":         with(func(x float64, n []float64) float64 { return leak(x, n[0]*math.Expm1(x)) }),
	"selu":        each(func(x float64) float64 { return 1.0507009873554805 * leak(x, 1.6732632423543772*math.Expm1(x)) }),
	"gelu":        each(func(x float64) float64 { return x * 0.5 * (1 + math.Erf(x*0.7071067811865476)) }),
	"gelu_tanh": each(func(x float64) float64 {
		return x * 0.5 * (1 + math.Tanh(0.7978845608028654*(x+0.044715*x*x*x)))
	}),
	"silu":     each(func(x float64) float64 { return x * sigmoid(x) }),
	"mish":     each(func(x float64) float64 { return x * math.Tanh(softplus(x)) }),
	"softsign": each(func(x float64) float64 { return x / (1 + math.Abs(x)) }),
	"hardshrink": with(func(x float64, n []float64) float64 {
		if x >= -n[0] && x <= n[0] {
			return 0
		}
		return x
	}),
	"softshrink": with(func(x float64, n []float64) float64 { return x - limit(x, -n[0], n[0]) }),

	"sum":       over(total),
	"mean":      over(func(x []float64) float64 { return total(x) / float64(len(x)) }),
	"prod":      over(product),
	"amax":      over(func(x []float64) float64 { return x[first(x, 1)] }),
	"amin":      over(func(x []float64) float64 { return x[first(x, -1)] }),
	"argmax":    over(func(x []float64) float64 { return float64(first(x, 1)) }),
	"argmin":    over(func(x []float64) float64 { return float64(first(x, -1)) }),
	"max_first": over(func(x []float64) float64 { return x[first(x, 1)] }),
	"min_first": over(func(x []float64) float64 { return x[first(x, -1)] }),
	"norm": over(func(x []float64) float64 {
		return math.Sqrt(total(mapped(x, func(v float64) float64 { return v * v })))
	}),
	"norm1":     over(func(x []float64) float64 { return total(mapped(x, math.Abs)) }),
	"norm_inf":  over(func(x []float64) float64 { y := mapped(x, math.Abs); return y[first(y, 1)] }),
	"variance":  over(spread),
	"std":       over(func(x []float64) float64 { return math.Sqrt(spread(x)) }),
	"logsumexp": over(logSumExp),
	"softmax": lines(func(x []float64) []float64 {
		s := logSumExp(x)
		return mapped(x, func(v float64) float64 { return math.Exp(v - s) })
	}),
	"logsoftmax": lines(func(x []float64) []float64 {
		s := logSumExp(x)
		return mapped(x, func(v float64) float64 { return v - s })
	}),
	"unit": lines(func(x []float64) []float64 {
		square := 0.0
		for _, v := range x {
			square += v * v
		}
		return mapped(x, func(v float64) float64 { return v / math.Max(math.Sqrt(square), 1e-12) })
	}),
	"standardize": normedOver(true, false), "rms_norm": normedOver(false, false),
	"inverse_std": normedOver(true, true), "inverse_rms": normedOver(false, true),
	"normalize": func(in []array, num []float64) array {
		y := normedOver(true, false)(in[:1], num)
		return zip(func(x ...float64) float64 { return x[0]*x[1] + x[2] })([]array{y, in[1], in[2]}, nil)
	},
	"group_norm": func(in []array, num []float64) array {
		d, eps := in[0].dims, 1e-5
		if len(num) > 1 {
			eps = num[1]
		}
		out := array{d, slices.Clone(in[0].x)}
		each := size(d[1:]) / int(num[0])
		for at := 0; at < len(out.x); at += each {
			normed(out.x[at:at+each], true, eps)
		}
		return out
	},
	"instance_norm": func(in []array, num []float64) array {
		out := array{in[0].dims, slices.Clone(in[0].x)}
		each := size(in[0].dims[2:])
		for at := 0; at < len(out.x); at += each {
			normed(out.x[at:at+each], true, append(num, 1e-5)[0])
		}
		return out
	},
	"local_response_norm": func(in []array, num []float64) array {
		n, set := len(num), []float64{0, 1e-4, 0.75, 1}
		copy(set, num[:n])
		out, d := array{in[0].dims, slices.Clone(in[0].x)}, in[0].dims
		inner, many := size(d[2:]), int(set[0])
		for i := range out.x {
			c, sum := i/inner%d[1], 0.0
			for k := c - many/2; k <= c+(many-1)/2; k++ {
				if k >= 0 && k < d[1] {
					v := in[0].x[i+(k-c)*inner]
					sum += v * v / float64(many)
				}
			}
			out.x[i] /= math.Pow(set[3]+set[1]*sum, set[2])
		}
		return out
	},
	"weight_norm": func(in []array, num []float64) array {
		v, g, axis := in[0], in[1], 0
		if len(num) > 0 {
			axis = (int(num[0]) + len(v.dims)) % len(v.dims)
		}
		out, inner := array{v.dims, slices.Clone(v.x)}, size(v.dims[axis+1:])
		square := make([]float64, v.dims[axis])
		for i, x := range v.x {
			square[i/inner%len(square)] += x * x
		}
		for i := range out.x {
			k := i / inner % len(square)
			out.x[i] *= g.x[k] / math.Sqrt(square[k])
		}
		return out
	},
	"keep": func(in []array, num []float64) array {
		out := array{slices.Clone(in[1].dims), in[0].x}
		for i := range reducedOf(out.dims, num) {
			out.dims[i] = 1
		}
		return out
	},

	"matmul": matmul,
	"linear": func(in []array, _ []float64) array {
		x, w, last := in[0], in[1], len(in[0].dims)-1
		return build(append(slices.Clone(x.dims[:last]), w.dims[0]), func(at []int) (sum float64) {
			for k := range w.dims[1] {
				sum += x.x[position(x.dims, append(slices.Clone(at[:last]), k))] * w.x[position(w.dims, []int{at[last], k})]
			}
			return sum
		})
	},
	"dot": func(in []array, _ []float64) array {
		p := zip(func(x ...float64) float64 { return x[0] * x[1] })(in, nil)
		return over(total)([]array{p}, []float64{-1})
	},
	"outer": func(in []array, _ []float64) array {
		out := array{dims: []int{len(in[0].x), len(in[1].x)}}
		for _, a := range in[0].x {
			for _, b := range in[1].x {
				out.x = append(out.x, a*b)
			}
		}
		return out
	},

	"reshape": func(in []array, num []float64) array {
		d := whole(num)
		for i, n := range d {
			if n < 0 {
				d[i] = 1
				d[i] = len(in[0].x) / size(d)
			}
		}
		return array{d, in[0].x}
	},
	"expand_dims": func(in []array, num []float64) array {
		at := int(num[0])
		if at < 0 {
			at += len(in[0].dims) + 1
		}
		return array{slices.Insert(slices.Clone(in[0].dims), at, 1), in[0].x}
	},
	"squeeze": func(in []array, num []float64) array {
		gone := reducedOf(in[0].dims, num)
		var d []int
		for i, n := range in[0].dims {
			if n != 1 || !gone[i] {
				d = append(d, n)
			}
		}
		return array{d, in[0].x}
	},
	"broadcast": func(in []array, num []float64) array {
		return build(whole(num), func(at []int) float64 { return stretched(in[0], at) })
	},
	"transpose": func(in []array, num []float64) array {
		rank := len(in[0].dims)
		order, d := whole(num), make([]int, rank)
		for i := range d {
			if len(num) == 0 {
				order = append(order, rank-1-i)
			}
			order[i] = (order[i] + rank) % rank
			d[i] = in[0].dims[order[i]]
		}
		return build(d, func(at []int) float64 {
			from := make([]int, rank)
			for i, k := range order {
				from[k] = at[i]
			}
			return in[0].x[position(in[0].dims, from)]
		})
	},
	"slice": func(in []array, num []float64) array {
		axis, d := int(num[0]), slices.Clone(in[0].dims)
		n := d[axis]
		start, step := int(num[1]), int(num[3])
		if start < 0 {
			start += n
		}
		var from []int
		for k := start; k >= 0 && k < n; k += step {
			if stop := num[2]; !math.IsInf(stop, 1) && (k-(int(stop)+n)%n)*step >= 0 && !(stop == float64(n)) {
				break
			}
			from = append(from, k)
		}
		d[axis] = len(from)
		return build(d, func(at []int) float64 {
			at = slices.Clone(at)
			at[axis] = from[at[axis]]
			return in[0].x[position(in[0].dims, at)]
		})
	},
	"flip": func(in []array, num []float64) array {
		turned := reducedOf(in[0].dims, num)
		return build(in[0].dims, func(at []int) float64 {
			at = slices.Clone(at)
			for i := range turned {
				at[i] = in[0].dims[i] - 1 - at[i]
			}
			return in[0].x[position(in[0].dims, at)]
		})
	},
	"concat": func(in []array, num []float64) array { return join(in, axisIn(num[0], len(in[0].dims))) },
	"stack": func(in []array, num []float64) array {
		axis := axisIn(num[0], len(in[0].dims)+1)
		var wide []array
		for _, a := range in {
			wide = append(wide, array{slices.Insert(slices.Clone(a.dims), axis, 1), a.x})
		}
		return join(wide, axis)
	},

	"onehot": func(in []array, num []float64) array {
		return build(append(slices.Clone(in[0].dims), int(num[0])), func(at []int) float64 {
			n := len(at) - 1
			return truth(in[0].x[position(in[0].dims, at[:n])] == float64(at[n]))
		})
	},
	"take": func(in []array, num []float64) array {
		axis, k := axisIn(num[0], len(in[0].dims)), len(in[1].dims)
		return build(slices.Concat(in[0].dims[:axis], in[1].dims, in[0].dims[axis+1:]), func(at []int) float64 {
			index := int(in[1].x[position(in[1].dims, at[axis:axis+k])])
			return in[0].x[position(in[0].dims, slices.Concat(at[:axis], []int{index}, at[axis+k:]))]
		})
	},
	"gather": func(in []array, num []float64) array {
		axis := axisIn(num[0], len(in[0].dims))
		return build(in[1].dims, func(at []int) float64 {
			from := slices.Clone(at)
			from[axis] = int(in[1].x[position(in[1].dims, at)])
			return in[0].x[position(in[0].dims, from)]
		})
	},
	"embed": func(in []array, _ []float64) array {
		return build(slices.Concat(in[1].dims, in[0].dims[1:]), func(at []int) float64 {
			k := len(in[1].dims)
			return in[0].x[position(in[0].dims, append([]int{int(in[1].x[position(in[1].dims, at[:k])])}, at[k:]...))]
		})
	},
	"attention": func(in []array, _ []float64) array {
		n := len(in[0].dims)
		width, keys := in[0].dims[n-1], in[1].dims[n-2]
		dims := append(slices.Clone(in[0].dims[:n-1]), in[2].dims[n-1])
		return build(dims, func(at []int) (y float64) {
			p := attentionWeights(in, at[:n-1], width, keys)
			for j := range p {
				y += p[j] * in[2].x[position(in[2].dims, append(slices.Clone(at[:n-2]), j, at[n-1]))]
			}
			return y
		})
	},
	"attention_grad": func(in []array, _ []float64) array { // by q: Σ_j p_j·(dy·v_j - Σ_i p_i·dy·v_i)·k_j/√width
		n := len(in[0].dims)
		width, keys := in[0].dims[n-1], in[1].dims[n-2]
		return build(in[0].dims, func(at []int) (d float64) {
			row, p := at[:n-1], attentionWeights(in, at[:n-1], width, keys)
			along, mean := make([]float64, keys), 0.0
			for j := range along {
				for c := range in[2].dims[n-1] {
					along[j] += in[3].x[position(in[3].dims, append(slices.Clone(row), c))] * in[2].x[position(in[2].dims, append(slices.Clone(row[:n-2]), j, c))]
				}
				mean += p[j] * along[j]
			}
			for j := range along {
				d += p[j] * (along[j] - mean) * in[1].x[position(in[1].dims, append(slices.Clone(row[:n-2]), j, at[n-1]))]
			}
			return d / math.Sqrt(float64(width))
		})
	},
	"sinusoid": func(in []array, num []float64) array {
		return build([]int{len(in[0].x), int(num[0])}, func(at []int) float64 {
			a := in[0].x[at[0]] * math.Pow(baseOf(num[1:]), -2*float64(at[1]/2)/num[0])
			return []float64{math.Sin(a), math.Cos(a)}[at[1]%2]
		})
	},
	"rotary": func(in []array, num []float64) array {
		last := len(in[0].dims) - 1
		return build(in[0].dims, func(at []int) float64 {
			a := in[1].x[at[last-1]] * math.Pow(baseOf(num), -2*float64(at[last]/2)/float64(in[0].dims[last]))
			p := position(in[0].dims, at)
			if at[last]%2 == 0 {
				return in[0].x[p]*math.Cos(a) - in[0].x[p+1]*math.Sin(a)
			}
			return in[0].x[p-1]*math.Sin(a) + in[0].x[p]*math.Cos(a)
		})
	},
	"first_rows": func(in []array, num []float64) array {
		return build(in[0].dims, func(at []int) float64 {
			i := in[0].x[at[0]]
			if slices.Index(in[0].x, i) < at[0] || i >= num[0] {
				return -1
			}
			return i
		})
	},
	"sum_rows": func(in []array, _ []float64) array {
		index := in[1].x
		return build(in[0].dims, func(at []int) (sum float64) {
			if slices.Index(index, index[at[0]]) < at[0] {
				return 0
			}
			for k, i := range index {
				if i == index[at[0]] {
					sum += in[0].x[position(in[0].dims, append([]int{k}, at[1:]...))]
				}
			}
			return sum
		})
	},
	"put_rows": func(in []array, _ []float64) array {
		return build(in[0].dims, func(at []int) float64 {
			if k := slices.Index(in[1].x, float64(at[0])); k >= 0 {
				return in[2].x[position(in[2].dims, append([]int{k}, at[1:]...))]
			}
			return in[0].x[position(in[0].dims, at)]
		})
	},
	"pick": func(in []array, _ []float64) array {
		out := array{dims: in[1].dims}
		for i, k := range in[1].x {
			out.x = append(out.x, in[0].x[i*in[0].dims[len(in[0].dims)-1]+int(k)])
		}
		return out
	},
	"piecewise": zip(func(x ...float64) float64 {
		for i := 0; i+1 < len(x); i += 2 {
			if x[i] != 0 {
				return x[i+1]
			}
		}
		return x[len(x)-1]
	}),
	"size": func(in []array, num []float64) array {
		n := 1
		for k, d := range in[0].dims {
			if len(num) == 0 || slices.Contains(num, float64(k)) || slices.Contains(num, float64(k-len(in[0].dims))) {
				n *= d
			}
		}
		return array{x: []float64{float64(n)}}
	},
	"softmax_nll_grad": func(in []array, _ []float64) array {
		out, n := array{dims: in[0].dims}, in[0].dims[1]
		for i, k := range in[1].x {
			row := in[0].x[i*n : (i+1)*n]
			for c, z := range row {
				p := math.Exp(z - logSumExp(row))
				switch {
				case int(k) >= n: // no class, no loss
					p = 0
				case int(k) == c:
					p--
				}
				out.x = append(out.x, p)
			}
		}
		return out
	},
	"softmax_nll": func(in []array, _ []float64) array {
		out, n := array{dims: in[1].dims}, in[0].dims[1]
		for i, k := range in[1].x {
			row, loss := in[0].x[i*n:(i+1)*n], 0.0
			if int(k) < n {
				loss = logSumExp(row) - row[int(k)]
			}
			out.x = append(out.x, loss)
		}
		return out
	},

	"uniform":    draws("uniform", "u"),
	"normal":     draws("normal", "n"),
	"rademacher": draws("rademacher", "r"),
	"dropout": func(in []array, num []float64) array {
		out := array{in[0].dims, slices.Clone(in[0].x)}
		for i, u := range draw("uniform", "d", in[1].x[0], len(out.x)) {
			if u < num[0] || num[0] == 1 {
				out.x[i] = 0
			} else {
				out.x[i] /= 1 - num[0]
			}
		}
		return out
	},
}

// normed divides numbers by the root of their mean square, about their mean if they
// are centred, and returns what they are multiplied by.
func normed(x []float64, centred bool, eps float64) float64 {
	mean, square := 0.0, 0.0
	if centred {
		mean = total(x) / float64(len(x))
	}
	for _, v := range x {
		square += (v - mean) * (v - mean) / float64(len(x))
	}
	for i, v := range x {
		x[i] = (v - mean) / math.Sqrt(square+eps)
	}
	return 1 / math.Sqrt(square+eps)
}

func normedOver(centred, factor bool) oracle {
	return func(in []array, num []float64) array {
		if factor {
			kept := over(func(x []float64) float64 { return normed(slices.Clone(x), centred, 1e-5) })(in, num)
			kept.dims = slices.Clone(in[0].dims)
			for i := range reducedOf(kept.dims, num) {
				kept.dims[i] = 1
			}
			return kept
		}
		return lines(func(x []float64) []float64 {
			y := slices.Clone(x)
			normed(y, centred, 1e-5)
			return y
		})(in, num)
	}
}

func draws(of, name string) oracle {
	return func(in []array, num []float64) array {
		return array{whole(num), draw(of, name, in[0].x[0], size(whole(num)))}
	}
}

// baseOf is the setting base of positions.
func baseOf(num []float64) float64 {
	if len(num) == 0 {
		return 10000
	}
	return num[0]
}

// attentionWeights are the softmax of q·kᵀ/√width, and of a bias that may follow v,
// for the query at row.
func attentionWeights(in []array, row []int, width, keys int) []float64 {
	p, sum := make([]float64, keys), 0.0
	for j := range p {
		key := append(slices.Clone(row[:len(row)-1]), j)
		for c := range width {
			p[j] += in[0].x[position(in[0].dims, append(slices.Clone(row), c))] * in[1].x[position(in[1].dims, append(slices.Clone(key), c))]
		}
		p[j] /= math.Sqrt(float64(width))
		if len(in) > 3 && len(in[3].dims) == 1 {
			p[j] += in[3].x[j]
		}
		p[j] = math.Exp(p[j])
		sum += p[j]
	}
	for j := range p {
		p[j] /= sum
	}
	return p
}
