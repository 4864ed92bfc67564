package models

import (
	"fmt"
	"slices"

	"descent/internal/spec"
	"descent/ops"
)

// Rows of the table: norms, layers of pictures, layers of layers.

var (
	momentum = spec.Setting{Name: "momentum", Doc: "how fast the running statistics move; 0 is the mean of all batches", Kind: spec.Number, Default: 0.1, Range: "[0,1]"}
	epsilon  = spec.Setting{Name: "eps", Doc: "added to the variance", Kind: spec.Number, Default: 1e-5, Range: "(0,inf)"}
	affine   = spec.Setting{Name: "affine", Doc: "scale and shift by parameters", Kind: spec.Flag, Default: true}
	last     = spec.Setting{Name: "axes", Doc: "over so many of the last axes; all but the batch's if 0", Kind: spec.Whole, Default: 0.0, Range: "[0,7]"}
)

var norms = []Row{
	{Row: spec.Row{Name: "layer_norm", Aliases: []string{"layernorm"}, Doc: "mean 0 and variance 1 for each row, or picture", Source: "Ba, Kiros, Hinton 2016, https://arxiv.org/abs/1607.06450",
		Settings: []spec.Setting{last, epsilon, affine}},
		make: func(a spec.Args, _ []Layer) Layer { return LayerNormWith(normOptions(a)) }},
	{Row: spec.Row{Name: "rms_norm", Aliases: []string{"rmsnorm"}, Doc: "mean square 1 for each row, or picture", Source: "Zhang, Sennrich 2019, https://arxiv.org/abs/1910.07467",
		Settings: []spec.Setting{last, epsilon, affine}},
		make: func(a spec.Args, _ []Layer) Layer { return RMSNormWith(normOptions(a)) }},
	{Row: spec.Row{Name: "batch_norm", Aliases: []string{"batchnorm", "norm"}, Doc: "mean 0 and variance 1 over the batch, of each number of a row, or each channel", Source: "Ioffe, Szegedy 2015, https://arxiv.org/abs/1502.03167",
		Settings: []spec.Setting{momentum, epsilon, affine}},
		make: func(a spec.Args, _ []Layer) Layer { return BatchNormWith(normOptions(a)) }},
	{Row: spec.Row{Name: "group_norm", Aliases: []string{"groupnorm"}, Doc: "mean 0 and variance 1 of each of so many groups of channels", Examples: []string{"4"}, Source: "Wu, He 2018, https://arxiv.org/abs/1803.08494",
		Settings: []spec.Setting{{Name: "groups", Doc: "of channels", Kind: spec.Whole, Range: units, Required: true}, epsilon, affine}},
		make: func(a spec.Args, _ []Layer) Layer { return GroupNormWith(normOptions(a)) }},
	{Row: spec.Row{Name: "instance_norm", Aliases: []string{"instancenorm"}, Doc: "mean 0 and variance 1 of each channel of each picture", Source: "Ulyanov, Vedaldi, Lempitsky 2016, https://arxiv.org/abs/1607.08022",
		Settings: []spec.Setting{epsilon, plainly(affine)}},
		make: func(a spec.Args, _ []Layer) Layer { return InstanceNormWith(normOptions(a)) }, Pictures: true},
}

// plainly is affine of a norm that has no parameters if it is not told.
func plainly(s spec.Setting) spec.Setting { s.Default = false; return s }

func normOptions(a spec.Args) NormOptions {
	o := NormOptions{Eps: a.Number("eps"), Plain: !a.Flag("affine")}
	switch a.Row().Name {
	case "batch_norm":
		o.Momentum = a.Number("momentum")
	case "group_norm":
		o.Groups = a.Whole("groups")
	case "instance_norm":
	default:
		o.Axes = a.Whole("axes")
	}
	return o
}

const small = "[1,4096]"

var (
	filters  = spec.Setting{Name: "filters", Doc: "channels of its output", Kind: spec.Whole, Range: units, Required: true}
	kernel   = spec.Setting{Name: "kernel", Doc: "lengths of the kernel; one number is for all axes", Kind: spec.Wholes, One: true, Range: small, Required: true, By: spec.InOrder}
	stride   = spec.Setting{Name: "stride", Doc: "from place to place", Kind: spec.Wholes, One: true, Range: small, Default: []float64{1}}
	dilation = spec.Setting{Name: "dilation", Doc: "from element to element of the kernel", Kind: spec.Wholes, One: true, Range: small, Default: []float64{1}}
	padding  = spec.Setting{Name: "padding", Doc: "zeros around: numbers, same (lengths are kept at stride 1) or valid (none)", Kind: spec.Wholes, One: true, Range: "[0,4096]", Default: "same", Choices: []string{"same", "valid"}}
	bias     = spec.Setting{Name: "bias", Doc: "add b", Kind: spec.Flag, Default: true}
	heInit   = spec.Setting{Name: "init", Doc: "initialiser of weights", Kind: spec.Word, Default: "he", Choices: initNames()}

	window  = spec.Setting{Name: "size", Doc: "lengths of the window; one number is for all axes", Kind: spec.Wholes, One: true, Range: small, Required: true}
	by      = spec.Setting{Name: "stride", Doc: "from place to place; the lengths of the window if it is not given", Kind: spec.Wholes, One: true, Range: small}
	around  = spec.Setting{Name: "padding", Doc: "around, at most half the window", Kind: spec.Wholes, One: true, Range: "[0,2048]", Default: []float64{0}}
	hanging = spec.Setting{Name: "ceil", Doc: "windows may hang over the end", Kind: spec.Flag, Default: false}
)

var pictures = []Row{
	{Row: spec.Row{Name: "conv", Aliases: []string{"conv1d", "conv2d", "conv3d"}, Doc: "the convolution of pictures, sequences or volumes with kernels", Examples: []string{"16, 3", "32, 3, stride=2, bias=false", "8, 5, padding=0"},
		Settings: []spec.Setting{filters, kernel, stride, padding, dilation, {Name: "groups", Doc: "into which channels are divided", Kind: spec.Whole, Range: units, Default: 1.0}, heInit, bias, ofWeights}},
		make: func(a spec.Args, _ []Layer) Layer {
			o := convOptions(a)
			o.Filters, o.Groups = a.Whole("filters"), a.Whole("groups")
			return ConvWith(o)
		}, check: directed, Pictures: true},
	{Row: spec.Row{Name: "depthwise", Doc: "the convolution of each channel alone", Examples: []string{"3", "3, stride=2, bias=false"},
		Settings: []spec.Setting{kernel, stride, padding, dilation, {Name: "multiplier", Doc: "kernels for each channel", Kind: spec.Whole, Range: units, Default: 1.0}, heInit, bias, ofWeights}},
		make: func(a spec.Args, _ []Layer) Layer {
			o := convOptions(a)
			o.Depthwise, o.Filters = true, a.Whole("multiplier")
			return ConvWith(o)
		}, check: directed, Pictures: true},
	{Row: spec.Row{Name: "pool", Aliases: []string{"maxpool", "max_pool"}, Doc: "the largest number in each window", Examples: []string{"2", "3, stride=2, padding=1"}, Settings: []spec.Setting{window, by, around, hanging}},
		make: func(a spec.Args, _ []Layer) Layer { return Pool(ops.MaxPool, poolOptions(a)) }, Pictures: true},
	{Row: spec.Row{Name: "avg_pool", Aliases: []string{"avgpool"}, Doc: "the mean of each window", Examples: []string{"2", "3, stride=2, padding=1"},
		Settings: []spec.Setting{window, by, around, hanging, {Name: "inside", Doc: "leave padding out of the means", Kind: spec.Flag, Default: false}}},
		make: func(a spec.Args, _ []Layer) Layer {
			o := poolOptions(a)
			o.Inside = a.Flag("inside")
			return Pool(ops.AvgPool, o)
		}, Pictures: true},
	{Row: spec.Row{Name: "adaptive_pool", Doc: "the mean of each of as many windows as are wanted", Examples: []string{"4"},
		Settings: []spec.Setting{{Name: "size", Doc: "lengths of the result", Kind: spec.Wholes, One: true, Range: small, Required: true}, {Name: "of", Doc: "the mean or the largest", Kind: spec.Word, Default: "mean", Choices: []string{"mean", "max"}}}},
		make: func(a spec.Args, _ []Layer) Layer {
			pool := ops.AdaptiveAvgPool
			if a.Word("of") == "max" {
				pool = ops.AdaptiveMaxPool
			}
			return named("pool", "Pool", func(x *node) *node { return pool(x, allAxes(a.Wholes("size"), x)...) })
		}, Pictures: true},
	{Row: spec.Row{Name: "global_pool", Aliases: []string{"globalpool"}, Doc: "a row of a number for each channel: its mean, or its largest",
		Settings: []spec.Setting{{Name: "of", Doc: "the mean or the largest", Kind: spec.Word, Default: "mean", Choices: []string{"mean", "max"}}}},
		make: func(a spec.Args, _ []Layer) Layer {
			if a.Word("of") == "max" {
				return GlobalPool(ops.GlobalMaxPool)
			}
			return GlobalPool(ops.GlobalAvgPool)
		}, Pictures: true},
	{Row: spec.Row{Name: "flatten", Doc: "a row of all numbers of a picture; dense does so by itself"}, make: func(spec.Args, []Layer) Layer { return Flatten() }},
}

func convOptions(a spec.Args) ConvOptions {
	return ConvOptions{Kernel: a.Wholes("kernel"), Weight: initOf(a), NoBias: !a.Flag("bias"), Norm: WeightNorm(a.Word("norm")), ConvOptions: ops.ConvOptions{
		Stride: a.Wholes("stride"), Padding: a.Wholes("padding"), Same: a.Word("padding") == "same", Dilation: a.Wholes("dilation")}}
}

func poolOptions(a spec.Args) ops.PoolOptions {
	return ops.PoolOptions{Kernel: a.Wholes("size"), Stride: a.Wholes("stride"), Padding: a.Wholes("padding"), Ceil: a.Flag("ceil")}
}

// allAxes repeats one number for each length of x.
func allAxes(list []int, x *node) []int {
	if n := x.Shape().Rank() - 2; len(list) == 1 && x.Err() == nil && n > 0 {
		return slices.Repeat(list, n)
	}
	return list
}

// frozen is the name of what makes layers stay as they are, and is else as they are.
const frozen = "freeze"

var joints = []Row{
	{Row: spec.Row{Name: frozen, Doc: "layers that training leaves as they are: no rule moves them, statistics stay, and dropout does nothing", Examples: []string{"dense(64) | relu"},
		Settings: []spec.Setting{{Name: "layers", Doc: "which", Kind: spec.Calls, Required: true}}},
		make: func(_ spec.Args, inside []Layer) Layer { return Freeze(inside...) }},
	{Row: spec.Row{Name: "residual", Doc: "x plus what layers make of it; where they change the shape, plus a projection of x", Examples: []string{"dense(64) | relu | dense(64)"},
		Settings: []spec.Setting{{Name: "layers", Doc: "what is added to x", Kind: spec.Calls, Required: true}, {Name: "skip", Doc: "what x goes through instead", Kind: spec.Calls}},
		Source:   "He, Zhang, Ren, Sun 2015, https://arxiv.org/abs/1512.03385"},
		make: func(_ spec.Args, inside []Layer) Layer {
			if len(inside) == 2 {
				return Residual(inside[0], inside[1])
			}
			return Residual(inside[0], nil)
		}},
	{Row: spec.Row{Name: "concat", Doc: "what each of some layers makes of x, side by side: the channels of pictures, the numbers of rows", Examples: []string{"conv(8, 1), conv(8, 3) | relu"},
		Settings: []spec.Setting{{Name: "branches", Doc: "the layers", Kind: spec.Branches, Required: true, By: spec.Rest}}},
		make: func(_ spec.Args, inside []Layer) Layer { return Concat(inside...) }},
}

// chainOf parses layers that a name is short for.
func chainOf(text string) spec.Chain {
	return must(spec.ParseChain(text))
}

func lenet(spec.Args) spec.Chain {
	return chainOf("conv(6, 5) | relu | avg_pool(2) | conv(16, 5, padding=valid) | relu | avg_pool(2) | dense(120) | relu | dense(84) | relu")
}

// resnetDepth checks that there are as many blocks in each third.
func resnetDepth(a spec.Args) error {
	if n := a.Whole("depth"); (n-2)%6 != 0 {
		return fmt.Errorf("resnet: depth=%d is not 6n+2, such as %d or %d", n, (n-2)/6*6+2, (n-2)/6*6+8)
	}
	return nil
}

func resnet(a spec.Args) spec.Chain {
	conv := func(n int, stride int) spec.Chain {
		c := spec.Of("conv", "filters", n, "kernel", 3, "bias", false)
		if stride > 1 {
			c = spec.Of("conv", "filters", n, "kernel", 3, "stride", stride, "bias", false)
		}
		c.Args[0].Name, c.Args[1].Name = "", ""
		return spec.Chain{c, spec.Of("batch_norm")}
	}
	relu := spec.Of("relu")
	width := a.Whole("width")
	chain := append(conv(width, 1), relu)
	for third := range 3 {
		for block := range (a.Whole("depth") - 2) / 6 {
			stride, n := 1, width<<third
			if third > 0 && block == 0 {
				stride = 2
			}
			body := slices.Concat(conv(n, stride), spec.Chain{relu}, conv(n, 1))
			chain = append(chain, spec.Call{Name: "residual", Args: []spec.Arg{{Value: body}}}, relu)
		}
	}
	return append(chain, spec.Of("global_pool"))
}
