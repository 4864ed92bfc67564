package ops_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"descent/internal/golden"
	"descent/ops"
)

// layer is how a case of testdata/layers is made here: from inputs by name to
// outputs by name.
type layer func(c *golden.Case, in map[string]*node) map[string]*node

var layers = map[string]layer{
	"conv1d": convLayer, "conv2d": convLayer, "conv3d": convLayer,
	"max_pool1d": maxPoolLayer, "max_pool2d": maxPoolLayer, "max_pool3d": maxPoolLayer,
	"avg_pool1d": avgPoolLayer, "avg_pool2d": avgPoolLayer, "avg_pool3d": avgPoolLayer,
	"adaptive_max_pool1d": adaptiveLayer(ops.AdaptiveMaxPool), "adaptive_max_pool2d": adaptiveLayer(ops.AdaptiveMaxPool),
	"adaptive_avg_pool1d": adaptiveLayer(ops.AdaptiveAvgPool), "adaptive_avg_pool2d": adaptiveLayer(ops.AdaptiveAvgPool),
	"layer_norm": func(c *golden.Case, in map[string]*node) map[string]*node {
		x, axes := in["x"], []int{}
		for i := range c.Wholes("normalized") {
			axes = append(axes, -1-i)
		}
		return map[string]*node{"y": affine(ops.Standardize(x, eps(c), axes...), in, 0)}
	},
	"rms_norm": func(c *golden.Case, in map[string]*node) map[string]*node {
		return map[string]*node{"y": affine(ops.RMSNorm(in["x"], eps(c), -1), in, 0)}
	},
	"embedding": func(c *golden.Case, in map[string]*node) map[string]*node {
		o := ops.EmbedOptions{ByCount: c.Args["scale_grad_by_freq"] == true}
		if p := c.Wholes("padding_idx"); p != nil {
			o.Pad, o.Padding = true, p[0]
		}
		return map[string]*node{"y": ops.Embed(in["weight"], in["index"], o)}
	},
	"embedding_bag": func(c *golden.Case, in map[string]*node) map[string]*node {
		rows, bags := ops.Embed(in["weight"], in["index"], ops.EmbedOptions{}), [][2]int{}
		if starts := c.Wholes("offsets"); starts != nil {
			for i, from := range starts {
				bags = append(bags, [2]int{from, append(starts, rows.Shape().Dim(0))[i+1]})
			}
		} else {
			for i := range rows.Shape().Dim(0) {
				bags = append(bags, [2]int{i, i + 1})
			}
		}
		width := rows.Shape().Dims()[rows.Shape().Rank()-1]
		var all []*node
		for _, b := range bags {
			bag := ops.Reshape(ops.Slice(rows, 0, b[0], b[1], 1), -1, width)
			y := ops.Sum(bag, 0)
			if n := bag.Shape().Dim(0); c.Args["mode"] == "mean" && n > 0 {
				y = ops.Scale(1/float64(n), y)
			}
			all = append(all, y)
		}
		return map[string]*node{"y": ops.Stack(0, all...)}
	},
	"embedding_dense_tanh": func(_ *golden.Case, in map[string]*node) map[string]*node {
		y := ops.Embed(in["weight"], in["index"], ops.EmbedOptions{})
		return map[string]*node{"y": ops.Tanh(ops.MatMul(y, in["w"]))}
	},
	"scaled_dot_product_attention": func(c *golden.Case, in map[string]*node) map[string]*node {
		o := ops.AttentionOptions{Causal: c.Args["causal"] == true, Scale: c.Args["scale"].(float64), Bias: in["bias"]}
		if m := in["mask"]; m != nil {
			o.Bias = ops.Where(m, m.Graph().Const(0), m.Graph().Const(math.Inf(-1)))
		}
		return map[string]*node{"y": ops.Attention(in["q"], in["k"], in["v"], o)}
	},
	"gelu": func(_ *golden.Case, in map[string]*node) map[string]*node {
		return map[string]*node{"y": ops.GELU(in["x"])}
	},
	"gelu_tanh": func(_ *golden.Case, in map[string]*node) map[string]*node {
		x := in["x"]
		t := ops.Tanh(ops.Scale(math.Sqrt(2/math.Pi), ops.Add(x, ops.Scale(0.044715, ops.Mul(x, ops.Square(x))))))
		return map[string]*node{"y": ops.Scale(0.5, ops.Mul(x, ops.Shift(1, t)))}
	},
	"swiglu": func(_ *golden.Case, in map[string]*node) map[string]*node {
		return map[string]*node{"y": ops.Mul(ops.SiLU(ops.MatMul(in["x"], in["w"])), ops.MatMul(in["x"], in["v"]))}
	},
	"glu": func(_ *golden.Case, in map[string]*node) map[string]*node {
		n := in["x"].Shape().Dims()[in["x"].Shape().Rank()-1] / 2
		return map[string]*node{"y": ops.Mul(ops.Slice(in["x"], -1, 0, n, 1), ops.Sigmoid(ops.Slice(in["x"], -1, n, 2*n, 1)))}
	},
	"gather": func(c *golden.Case, in map[string]*node) map[string]*node {
		n := in["index"].Shape().Dim(0) // PyTorch's may have fewer lines than x
		return map[string]*node{"y": ops.Gather(ops.Slice(in["x"], 0, 0, n, 1), in["index"], c.Wholes("dim")[0])}
	},
	"scatter_add": func(c *golden.Case, in map[string]*node) map[string]*node {
		return map[string]*node{"y": ops.Add(in["x"], ops.Scatter(in["src"], in["index"], c.Wholes("dim")[0], true, in["x"].Shape().Dims()...))}
	},
	"index_select": func(c *golden.Case, in map[string]*node) map[string]*node {
		return map[string]*node{"y": ops.Take(in["x"], in["index"], c.Wholes("dim")[0])}
	},
	"one_hot": func(c *golden.Case, in map[string]*node) map[string]*node {
		return map[string]*node{"y": ops.OneHot(in["index"], c.Wholes("classes")[0])}
	},
	"sinusoidal_position": func(c *golden.Case, in map[string]*node) map[string]*node {
		x := in["x"]
		return map[string]*node{"y": ops.Add(x, ops.Sinusoid(upTo(x, 1), x.Shape().Dim(2), c.Args["base"].(float64)))}
	},
	"rotary_position": func(c *golden.Case, in map[string]*node) map[string]*node {
		return map[string]*node{"y": ops.Rotary(in["x"], upTo(in["x"], 1), c.Args["base"].(float64))}
	},
	"alibi_softmax": func(_ *golden.Case, in map[string]*node) map[string]*node {
		x := in["x"]
		t, heads := upTo(x, 2), x.Shape().Dim(1)
		far := ops.Abs(ops.Sub(ops.ExpandDims(t, 1), ops.ExpandDims(t, 0)))
		var slopes []float64
		for h := range heads {
			slopes = append(slopes, math.Exp2(-8*float64(h+1)/float64(heads)))
		}
		return map[string]*node{"y": ops.Softmax(ops.Sub(x, ops.Mul(x.Graph().Array(slopes, heads, 1, 1), far)), -1)}
	},
	"group_norm": func(c *golden.Case, in map[string]*node) map[string]*node {
		x := in["x"]
		return map[string]*node{"y": affine(ops.GroupNorm(x, c.Wholes("groups")[0], eps(c)), in, x.Shape().Rank()-2)}
	},
	"instance_norm": func(c *golden.Case, in map[string]*node) map[string]*node {
		x := in["x"]
		return map[string]*node{"y": affine(ops.InstanceNorm(x, eps(c)), in, x.Shape().Rank()-2)}
	},
	"normalize": func(c *golden.Case, in map[string]*node) map[string]*node {
		return map[string]*node{"y": ops.Unit(in["x"], c.Args["p"].(float64), eps(c), c.Wholes("dim")...)}
	},
	"local_response_norm": func(c *golden.Case, in map[string]*node) map[string]*node {
		return map[string]*node{"y": ops.LocalResponseNorm(in["x"], c.Wholes("size")[0], c.Args["alpha"].(float64), c.Args["beta"].(float64), c.Args["k"].(float64))}
	},
	"weight_norm": func(c *golden.Case, in map[string]*node) map[string]*node {
		return map[string]*node{"y": ops.WeightNorm(in["v"], in["g"], c.Wholes("dim")[0])}
	},
	"cumsum":       cumulativeLayer(ops.CumSum, nil),
	"cumprod":      cumulativeLayer(ops.CumProd, nil),
	"logcumsumexp": cumulativeLayer(ops.LogCumSumExp, nil),
	"cummax":       cumulativeLayer(ops.CumMax, ops.ArgCumMax),
	"cummin":       cumulativeLayer(ops.CumMin, ops.ArgCumMin),
	"logsumexp":    cumulativeLayer(func(x *node, axis int) *node { return ops.LogSumExp(x, axis) }, nil),
	"sort": func(c *golden.Case, in map[string]*node) map[string]*node {
		axis, down := c.Wholes("dim")[0], c.Args["descending"] == true
		return map[string]*node{"y": ops.Sort(in["x"], axis, down), "indices": ops.ArgSort(in["x"], axis, down)}
	},
	"topk": func(c *golden.Case, in map[string]*node) map[string]*node {
		k, axis := c.Wholes("k")[0], c.Wholes("dim")[0]
		if c.Args["largest"] == false {
			return map[string]*node{"y": ops.Neg(ops.TopK(ops.Neg(in["x"]), k, axis))}
		}
		return map[string]*node{"y": ops.TopK(in["x"], k, axis), "indices": ops.Slice(ops.ArgSort(in["x"], axis, true), axis, 0, k, 1)}
	},
	"median": func(c *golden.Case, in map[string]*node) map[string]*node {
		axis := c.Wholes("dim")[0]
		return ranked(in["x"], (in["x"].Shape().Dim(axis)+1)/2, axis, ops.Median(in["x"], axis))
	},
	"quantile": func(c *golden.Case, in map[string]*node) map[string]*node {
		return map[string]*node{"y": ops.SampleQuantile(in["x"], c.Args["q"].(float64), c.Wholes("dim")[0])}
	},
	"kthvalue": func(c *golden.Case, in map[string]*node) map[string]*node {
		k, axis := c.Wholes("k")[0], c.Wholes("dim")[0]
		return ranked(in["x"], k, axis, ops.KthValue(in["x"], k, axis))
	},
	"diff": func(c *golden.Case, in map[string]*node) map[string]*node {
		return map[string]*node{"y": ops.Differences(in["x"], c.Wholes("n")[0], c.Wholes("dim")[0])}
	},
}

func cumulativeLayer(f, index func(*node, int) *node) layer {
	return func(c *golden.Case, in map[string]*node) map[string]*node {
		out := map[string]*node{"y": f(in["x"], c.Wholes("dim")[0])}
		if index != nil {
			out["indices"] = index(in["x"], c.Wholes("dim")[0])
		}
		return out
	}
}

// ranked is an element of a rank, and where it is.
func ranked(x *node, k, axis int, y *node) map[string]*node {
	at := ops.Squeeze(ops.Slice(ops.ArgSort(x, axis, false), axis, k-1, k, 1), axis)
	return map[string]*node{"y": y, "indices": at}
}

// upTo are the indices along an axis of x.
func upTo(x *node, axis int) *node {
	n := x.Shape().Dim(axis)
	t := make([]float64, n)
	for i := range t {
		t[i] = float64(i)
	}
	return x.Graph().Array(t, n)
}

func eps(c *golden.Case) float64 { return c.Args["eps"].(float64) }

// affine multiplies by a weight and adds a bias, if there are such inputs, along an
// axis that others follow.
func affine(y *node, in map[string]*node, others int) *node {
	wide := func(x *node) *node {
		return ops.Reshape(x, append(x.Shape().Dims(), slices.Repeat([]int{1}, others)...)...)
	}
	if in["weight"] != nil {
		y = ops.Mul(y, wide(in["weight"]))
	}
	if in["bias"] != nil {
		y = ops.Add(y, wide(in["bias"]))
	}
	return y
}

func convLayer(c *golden.Case, in map[string]*node) map[string]*node {
	o := ops.ConvOptions{Stride: c.Wholes("stride"), Padding: c.Wholes("padding"), Same: c.Args["padding"] == "same", Dilation: c.Wholes("dilation"), Groups: c.Wholes("groups")[0]}
	x := in["x"]
	return map[string]*node{"y": affine(ops.Conv(x, in["weight"], o), map[string]*node{"bias": in["bias"]}, x.Shape().Rank()-2)}
}

func maxPoolLayer(c *golden.Case, in map[string]*node) map[string]*node {
	o := ops.PoolOptions{Kernel: c.Wholes("kernel"), Stride: c.Wholes("stride"), Padding: c.Wholes("padding"), Dilation: c.Wholes("dilation"), Ceil: c.Args["ceil_mode"] == true}
	return map[string]*node{"y": ops.MaxPool(in["x"], o), "indices": ops.MaxPoolIndex(in["x"], o)}
}

func avgPoolLayer(c *golden.Case, in map[string]*node) map[string]*node {
	o := ops.PoolOptions{Kernel: c.Wholes("kernel"), Stride: c.Wholes("stride"), Padding: c.Wholes("padding"), Ceil: c.Args["ceil_mode"] == true,
		Inside: c.Args["count_include_pad"] == false}
	if d := c.Wholes("divisor_override"); d != nil {
		o.Divisor = d[0]
	}
	return map[string]*node{"y": ops.AvgPool(in["x"], o)}
}

func adaptiveLayer(f func(*node, ...int) *node) layer {
	return func(c *golden.Case, in map[string]*node) map[string]*node {
		return map[string]*node{"y": f(in["x"], c.Wholes("output")...)}
	}
}

// TestLayers compares values, gradients and products with the Hessian with
// PyTorch's.
func TestLayers(t *testing.T) {
	for _, file := range []string{"conv", "pool", "norm", "scan", "order", "embedding", "attention"} {
		for _, c := range golden.Cases(t, "testdata/layers/"+file+".json") {
			golden.Compare(t, &c, func(in map[string]*node) map[string]*node { return layers[strings.Fields(c.Op)[0]](&c, in) })
		}
	}
}
