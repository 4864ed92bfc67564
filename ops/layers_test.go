package ops_test

import (
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
	"conv1d": convLayer, "conv2d": convLayer,
	"max_pool1d": maxPoolLayer, "max_pool2d": maxPoolLayer,
	"avg_pool1d": avgPoolLayer, "avg_pool2d": avgPoolLayer,
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
	"group_norm": func(c *golden.Case, in map[string]*node) map[string]*node {
		x := in["x"]
		return map[string]*node{"y": affine(ops.GroupNorm(x, c.Wholes("groups")[0], eps(c)), in, x.Shape().Rank()-2)}
	},
	"instance_norm": func(c *golden.Case, in map[string]*node) map[string]*node {
		x := in["x"]
		return map[string]*node{"y": affine(ops.GroupNorm(x, x.Shape().Dim(1), eps(c)), in, x.Shape().Rank()-2)}
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
		return map[string]*node{"y": ops.TopK(in["x"], k, axis), "indices": ops.Slice(ops.ArgSort(in["x"], axis, true), axis, 0, k, 1)}
	},
	"median": func(c *golden.Case, in map[string]*node) map[string]*node {
		axis := c.Wholes("dim")[0]
		return ranked(in["x"], (in["x"].Shape().Dim(axis)+1)/2, axis, ops.Median(in["x"], axis))
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
	for _, file := range []string{"conv", "pool", "norm", "scan"} {
		for _, c := range golden.Cases(t, "testdata/layers/"+file+".json") {
			golden.Compare(t, &c, func(in map[string]*node) map[string]*node { return layers[strings.Fields(c.Op)[0]](&c, in) })
		}
	}
}
