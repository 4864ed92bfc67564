package shape_test

import (
	"flag"
	"maps"
	"slices"
	"strings"
	"testing"

	"descent/graph"
	"descent/internal/golden"
	"descent/ops"
	"descent/ops/shape"
)

type node = graph.Node

// made is how a case of testdata is made here, of inputs by name.
var made = map[string]func(c *golden.Case, in map[string]*node) *node{
	"pad_constant": func(c *golden.Case, in map[string]*node) *node {
		return shape.Pad(in["x"], c.Args["value"].(float64), c.Wholes("pad")...)
	},
	"pad_reflect":   frame(shape.PadReflect),
	"pad_replicate": frame(shape.PadReplicate),
	"pad_circular":  frame(shape.PadCircular),
	"roll": func(c *golden.Case, in map[string]*node) *node {
		return shape.Roll(in["x"], c.Wholes("shifts"), c.Wholes("dims")...)
	},
	"flip":             func(c *golden.Case, in map[string]*node) *node { return ops.Flip(in["x"], c.Wholes("dims")...) },
	"tril":             one("diagonal", shape.Tril),
	"triu":             one("diagonal", shape.Triu),
	"pixel_shuffle":    one("factor", shape.PixelShuffle),
	"pixel_unshuffle":  one("factor", shape.PixelUnshuffle),
	"channel_shuffle":  one("groups", shape.ChannelShuffle),
	"conv_transpose1d": transposed, "conv_transpose2d": transposed, "conv_transpose3d": transposed,
	"einsum": func(c *golden.Case, in map[string]*node) *node {
		var xs []*node
		for _, name := range slices.Sorted(maps.Keys(in)) {
			xs = append(xs, in[name])
		}
		return shape.Einsum(c.Args["equation"].(string), xs...)
	},
	"conv1d": framed, "conv2d": framed,
	"lp_pool1d": normed, "lp_pool2d": normed,
	"unfold": func(c *golden.Case, in map[string]*node) *node { return shape.Unfold(in["x"], windowOf(c)) },
	"fold": func(c *golden.Case, in map[string]*node) *node {
		return shape.Fold(in["x"], windowOf(c), c.Wholes("output")...)
	},
	"upsample_nearest":  upsampled(shape.Nearest),
	"upsample_linear":   upsampled(shape.Linear),
	"upsample_bilinear": upsampled(shape.Linear), "upsample_trilinear": upsampled(shape.Linear),
	"upsample_bicubic": upsampled(shape.Cubic), "upsample_nearest-exact": upsampled(shape.NearestExact),
}

func frame(f func(x *node, ends ...int) *node) func(c *golden.Case, in map[string]*node) *node {
	return func(c *golden.Case, in map[string]*node) *node { return f(in["x"], c.Wholes("pad")...) }
}

func one(name string, f func(x *node, n int) *node) func(c *golden.Case, in map[string]*node) *node {
	return func(c *golden.Case, in map[string]*node) *node { return f(in["x"], c.Wholes(name)[0]) }
}

func transposed(c *golden.Case, in map[string]*node) *node {
	y := shape.ConvTranspose(in["x"], in["weight"], shape.TransposeOptions{Stride: c.Wholes("stride"), Padding: c.Wholes("padding"), OutputPadding: c.Wholes("output_padding"),
		Dilation: c.Wholes("dilation"), Groups: c.Wholes("groups")[0]})
	return biased(y, in["bias"])
}

// framed is a convolution of x with another frame than zeros.
func framed(c *golden.Case, in map[string]*node) *node {
	x := in["x"]
	var ends []int
	for i := range x.Shape().Rank() - 2 {
		padding := c.Wholes("padding")
		p := padding[max(0, len(padding)-1-i)]
		ends = append(ends, p, p)
	}
	modes := map[any]func(*node, ...int) *node{"reflect": shape.PadReflect, "replicate": shape.PadReplicate, "circular": shape.PadCircular}
	y := ops.Conv(modes[c.Args["padding_mode"]](x, ends...), in["weight"], ops.ConvOptions{Stride: c.Wholes("stride"), Dilation: c.Wholes("dilation"), Groups: c.Wholes("groups")[0]})
	return biased(y, in["bias"])
}

// biased is y and a number for each channel.
func biased(y, b *node) *node {
	if b == nil {
		return y
	}
	return ops.Add(y, ops.Reshape(b, append([]int{-1}, slices.Repeat([]int{1}, y.Shape().Rank()-2)...)...))
}

func normed(c *golden.Case, in map[string]*node) *node {
	return shape.LPPool(in["x"], c.Args["p"].(float64), ops.PoolOptions{Kernel: c.Wholes("kernel"), Stride: c.Wholes("stride"), Ceil: c.Args["ceil_mode"] == true})
}

func windowOf(c *golden.Case) shape.WindowOptions {
	return shape.WindowOptions{Kernel: c.Wholes("kernel"), Stride: c.Wholes("stride"), Padding: c.Wholes("padding"), Dilation: c.Wholes("dilation")}
}

func upsampled(m shape.Mode) func(c *golden.Case, in map[string]*node) *node {
	return func(c *golden.Case, in map[string]*node) *node {
		o := shape.UpsampleOptions{Mode: m, Lengths: c.Wholes("size"), Corners: c.Args["align_corners"] == true}
		switch s := c.Args["scale_factor"].(type) {
		case float64:
			o.Scale = []float64{s}
		case []any:
			for _, f := range s {
				o.Scale = append(o.Scale, f.(float64))
			}
		}
		return shape.Upsample(in["x"], o)
	}
}

var more = flag.String("cases", "", "a file of more cases, by testdata/generate.py")

// TestPyTorch compares values, gradients and products with the Hessian with
// PyTorch's.
func TestPyTorch(t *testing.T) {
	files := []string{"testdata/shape.json", "testdata/convtranspose.json", "testdata/lppool.json", "testdata/einsum.json", "testdata/convpad.json"}
	if *more != "" {
		files = append(files, *more)
	}
	for _, file := range files {
		for _, c := range golden.Cases(t, file) {
			f := made[strings.Fields(c.Op)[0]]
			if f == nil {
				t.Errorf("%s is not made", c.Op)
				continue
			}
			golden.Compare(t, &c, func(in map[string]*node) map[string]*node { return map[string]*node{"y": f(&c, in)} })
		}
	}
}
