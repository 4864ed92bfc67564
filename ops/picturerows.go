package ops

import (
	gt "descent/graph/graphtest"
	"descent/internal/spec"
)

// The rows of what walks over pictures. Their samples have strides, padding,
// dilation and groups, alone and together.

var (
	stride   = wholes("stride", "from place to place", "strides")
	dilation = wholes("dilation", "from element to element of the window", "dilations")
	spaces   = must(wholes("lengths", "the spatial lengths of the result", "output_size"))
	groups   = spec.Setting{Name: "groups", Doc: "channels are divided into so many, each convolved alone", Kind: spec.Whole, Default: 1.0, Range: "[1,2147483647]"}
	window   = must(wholes("kernel", "the lengths of the window", "kernel_size"))
	convPad  = wholes("padding", "zeros around: one number, one for each axis, or those before all axes and then those after", "pads")
	same     = flag("same", "as much padding as keeps lengths at stride 1, the odd one after")
	poolings = []spec.Setting{stride, wholes("padding", "around, at most half the window; it is no element"), dilation, flag("ceil", "windows may hang over the end", "ceil_mode")}
	averages = []spec.Setting{window, stride, poolings[1], poolings[3], flag("inside", "leave padding out of the means"),
		{Name: "divisor", Doc: "what sums are divided by, instead of the number of elements", Kind: spec.Whole, Default: 0.0, Range: length, Aliases: []string{"divisor_override"}}}
)

func convOptions(a spec.Args) ConvOptions {
	return ConvOptions{Stride: a.Wholes("stride"), Padding: a.Wholes("padding"), Same: a.Flag("same"), Dilation: a.Wholes("dilation"), Groups: a.Whole("groups")}
}

func poolOptions(a spec.Args) PoolOptions {
	return PoolOptions{Kernel: a.Wholes("kernel"), Stride: a.Wholes("stride"), Padding: a.Wholes("padding"), Dilation: a.Wholes("dilation"), Ceil: a.Flag("ceil")}
}

func averageOptions(a spec.Args) PoolOptions {
	return PoolOptions{Kernel: a.Wholes("kernel"), Stride: a.Wholes("stride"), Padding: a.Wholes("padding"), Ceil: a.Flag("ceil"), Inside: a.Flag("inside"), Divisor: a.Whole("divisor")}
}

var convSettings = []spec.Setting{stride, convPad, dilation, groups, same}

var convolutions = []Row{
	row("conv conv1d conv2d conv3d", "the convolution of x with a kernel w, in 1, 2 or 3 dimensions: conv(x, w, stride=2, padding=1)", 2,
		func(in []*node, a spec.Args) *node { return Conv(in[0], in[1], convOptions(a)) }, convSettings...).
		at(convSamples(func(in []*node, o ConvOptions, _, _ []int) *node { return Conv(in[0], in[1], o) }, 0, 1)...),
	row("conv_input", "the gradient of conv by x, which has these lengths: conv_input(dy, w, [8, 8])", 2,
		func(in []*node, a spec.Args) *node {
			return ConvInput(in[0], in[1], convOptions(a), a.Wholes("lengths")...)
		},
		append([]spec.Setting{spaces}, convSettings...)...).like("dy, w, [8, 8]").
		at(convSamples(func(in []*node, o ConvOptions, x, _ []int) *node { return ConvInput(in[0], in[1], o, x...) }, 2, 1)...),
	row("conv_weights", "the gradient of conv by w, which has these lengths: conv_weights(x, dy, [3, 3])", 2,
		func(in []*node, a spec.Args) *node {
			return ConvWeights(in[0], in[1], convOptions(a), a.Wholes("lengths")...)
		},
		append([]spec.Setting{spaces}, convSettings...)...).like("x, dy, [3, 3]").
		at(convSamples(func(in []*node, o ConvOptions, _, w []int) *node { return ConvWeights(in[0], in[1], o, w...) }, 0, 2)...),
}

// convSamples are samples of a product of two of x, w and y, which are numbered so.
func convSamples(f func(in []*node, o ConvOptions, x, w []int) *node, first, second int) (all []gt.Sample) {
	for _, c := range []struct {
		x, w, y []int
		o       ConvOptions
	}{
		{[]int{2, 1, 4}, []int{1, 1, 1}, []int{2, 1, 4}, ConvOptions{}},
		{[]int{2, 2, 6}, []int{3, 2, 3}, []int{2, 3, 3}, ConvOptions{Stride: []int{2}, Padding: []int{1}}},
		{[]int{1, 2, 5}, []int{2, 1, 2}, []int{1, 2, 5}, ConvOptions{Dilation: []int{2}, Groups: 2, Same: true}},
		{[]int{2, 2, 4, 3}, []int{3, 2, 3, 2}, []int{2, 3, 2, 2}, ConvOptions{}},
		{[]int{1, 2, 5, 4}, []int{2, 2, 3, 3}, []int{1, 2, 3, 2}, ConvOptions{Stride: []int{2}, Padding: []int{1}}},
		{[]int{1, 4, 4, 4}, []int{2, 2, 2, 1}, []int{1, 2, 2, 4}, ConvOptions{Dilation: []int{2, 1}, Groups: 2}},
		{[]int{2, 3, 3, 3}, []int{3, 1, 3, 3}, []int{2, 3, 3, 3}, ConvOptions{Groups: 3, Same: true}},
		{[]int{1, 1, 4, 5}, []int{2, 1, 2, 2}, []int{1, 2, 2, 3}, ConvOptions{Stride: []int{3, 2}, Padding: []int{1, 0, 0, 1}}},
		{[]int{1, 2, 3, 3}, []int{2, 2, 1, 1}, []int{1, 2, 1, 1}, ConvOptions{Stride: []int{3}}},
		{[]int{0, 2, 3, 3}, []int{2, 2, 2, 2}, []int{0, 2, 2, 2}, ConvOptions{}},
		{[]int{1, 2, 3, 3, 2}, []int{2, 2, 2, 3, 1}, []int{1, 2, 3, 2, 1}, ConvOptions{Stride: []int{1, 2, 2}, Padding: []int{1, 1, 0, 0, 1, 0}}},
		{[]int{1, 2, 4, 2, 3}, []int{2, 1, 2, 2, 2}, []int{1, 2, 4, 2, 3}, ConvOptions{Dilation: []int{2, 1, 1}, Groups: 2, Same: true}},
		{[]int{2, 0, 3}, []int{2, 0, 2}, []int{2, 2, 2}, ConvOptions{}},
	} {
		shapes := [][]int{c.x, c.w, c.y}
		all = append(all, gt.One(shapes[first], shapes[second]).By(func(in []*node) *node { return f(in, c.o, c.x[2:], c.w[2:]) }))
	}
	return all
}

var pools = []Row{
	row("max_pool max_pool1d max_pool2d max_pool3d", "the largest element of each window, in 1, 2 or 3 dimensions; the first of equal ones gets the derivative: max_pool(x, 2)", 1,
		func(in []*node, a spec.Args) *node { return MaxPool(in[0], poolOptions(a)) }, append([]spec.Setting{window}, poolings...)...).
		like("x, 2").in(gt.Distinct).at(poolSamples(MaxPool, true)...),
	row("max_pool_index", "which element max_pool takes, in its plane", 1,
		func(in []*node, a spec.Args) *node { return MaxPoolIndex(in[0], poolOptions(a)) }, append([]spec.Setting{window}, poolings...)...).
		like("x, 2").in(gt.Distinct).at(poolSamples(MaxPoolIndex, true)...),
	row("max_unpool", "zeros of these lengths to which each element of y is added where index says: max_unpool(y, index, [8, 8])", 2,
		func(in []*node, a spec.Args) *node { return MaxUnpool(in[0], in[1], a.Wholes("lengths")...) }, spaces).
		like("y, i, [4, 4]").in(gt.Normal, gt.Below(6)).
		at(gt.One([]int{2, 2, 3}, []int{2, 2, 3}).By(unpool(6)), gt.One([]int{1, 2, 2, 2}, []int{1, 2, 2, 2}).By(unpool(2, 3)),
			gt.One([]int{1, 1, 3, 1}, []int{1, 1, 3, 1}).By(unpool(3, 3)), gt.One([]int{1, 2, 2, 1, 2}, []int{1, 2, 2, 1, 2}).By(unpool(2, 3, 2)), gt.One([]int{1, 1, 1}, []int{1, 1, 1}).By(unpool(8)), gt.One([]int{2, 3, 4}, []int{2, 3, 4}).By(unpool(7)), gt.One([]int{0, 1, 2}, []int{0, 1, 2}).By(unpool(6))),
	row("avg_pool avg_pool1d avg_pool2d avg_pool3d", "the mean of each window, in 1, 2 or 3 dimensions: avg_pool(x, 2)", 1,
		func(in []*node, a spec.Args) *node { return AvgPool(in[0], averageOptions(a)) }, averages...).
		like("x, 2").at(poolSamples(AvgPool, false)...),
	row("avg_pool_grad", "the gradient of avg_pool by x, which has these lengths: avg_pool_grad(dy, [4, 4], 2)", 1,
		func(in []*node, a spec.Args) *node {
			return AvgPoolGrad(in[0], averageOptions(a), a.Wholes("lengths")...)
		}, append([]spec.Setting{spaces}, averages...)...).
		like("dy, [4, 4], 2").
		at(gt.One([]int{1, 1, 1}).By(share(PoolOptions{Kernel: []int{1}}, 1)), gt.One([]int{2, 1, 3}).By(share(PoolOptions{Kernel: []int{2}}, 6)),
			gt.One([]int{2, 2, 3}).By(share(PoolOptions{Kernel: []int{3}, Stride: []int{2}, Ceil: true}, 6)),
			gt.One([]int{1, 2, 3, 2}).By(share(PoolOptions{Kernel: []int{3, 2}, Stride: []int{2}, Padding: []int{1}, Inside: true}, 5, 3)),
			gt.One([]int{1, 1, 2, 2}).By(share(PoolOptions{Kernel: []int{2}, Divisor: 3}, 4, 5)), gt.One([]int{0, 1, 3}).By(share(PoolOptions{Kernel: []int{2}}, 6)),
			gt.One([]int{1, 2, 2, 1, 2}).By(share(PoolOptions{Kernel: []int{2, 3, 2}, Divisor: 5}, 4, 3, 5))),
	adapted("adaptive_max_pool", "the largest element of each of as many windows as the result has lengths: adaptive_max_pool(x, [2, 2])", AdaptiveMaxPool).in(gt.Distinct),
	adapted("adaptive_max_pool_index", "which element adaptive_max_pool takes, in its plane", AdaptiveMaxPoolIndex).in(gt.Distinct),
	adapted("adaptive_avg_pool", "the mean of each of as many windows as the result has lengths: adaptive_avg_pool(x, [2, 2])", AdaptiveAvgPool),
	adapted("adaptive_avg_pool_grad", "the gradient of adaptive_avg_pool by x, which has these lengths", AdaptiveAvgPoolGrad),
	one("global_max_pool", "the largest element of each channel", GlobalMaxPool, gt.Distinct).at(pictureSamples...),
	one("global_avg_pool", "the mean of each channel", GlobalAvgPool).at(pictureSamples...),
}

var pictureSamples = []gt.Sample{gt.One([]int{1, 1, 1}), gt.One([]int{2, 3, 4}), gt.One([]int{2, 2, 3, 2}), gt.One([]int{0, 2, 3}), gt.One([]int{1, 3, 1, 1}), gt.One([]int{3, 1, 2, 5}), gt.One([]int{1, 2, 2, 3, 2})}

// adapted is a pool over windows that the lengths of its result make.
func adapted(names, doc string, f func(*node, ...int) *node) Row {
	by := func(lengths ...int) func(in []*node) *node {
		return func(in []*node) *node { return f(in[0], lengths...) }
	}
	return row(names, doc, 1, func(in []*node, a spec.Args) *node { return f(in[0], a.Wholes("lengths")...) }, spaces).like("x, [2, 2]").
		at(gt.One([]int{2, 2, 5}).By(by(3)), gt.One([]int{1, 2, 3}).By(by(4)), gt.One([]int{1, 2, 4, 5}).By(by(2, 3)), gt.One([]int{2, 1, 3, 3}).By(by(1, 1)), gt.One([]int{1, 2, 3, 2, 4}).By(by(2, 3, 2)),
			gt.One([]int{1, 1, 1}).By(by(1)), gt.One([]int{0, 2, 4}).By(by(2)))
}

// poolSamples are windows alone, side by side, overlapping, padded, hanging over.
func poolSamples(f func(x *node, o PoolOptions) *node, dilated bool) []gt.Sample {
	by := func(o PoolOptions) func(in []*node) *node { return func(in []*node) *node { return f(in[0], o) } }
	spread := PoolOptions{Kernel: []int{3, 2}, Stride: []int{1, 2}, Padding: []int{0, 1}, Inside: true}
	if dilated {
		spread = PoolOptions{Kernel: []int{2, 3}, Stride: []int{1}, Padding: []int{1}, Dilation: []int{2, 1}}
	}
	return []gt.Sample{
		gt.One([]int{1, 1, 1}).By(by(PoolOptions{Kernel: []int{1}})),
		gt.One([]int{2, 2, 7}).By(by(PoolOptions{Kernel: []int{3}, Stride: []int{2}})),
		gt.One([]int{1, 2, 6}).By(by(PoolOptions{Kernel: []int{2}, Stride: []int{3}, Padding: []int{1}, Ceil: true})),
		gt.One([]int{2, 2, 4, 4}).By(by(PoolOptions{Kernel: []int{2}})),
		gt.One([]int{1, 2, 5, 4}).By(by(PoolOptions{Kernel: []int{3}, Stride: []int{2}, Padding: []int{1}, Ceil: true})),
		gt.One([]int{1, 2, 5, 4}).By(by(spread)),
		gt.One([]int{0, 2, 4, 4}).By(by(PoolOptions{Kernel: []int{2}})),
		gt.One([]int{1, 2, 4, 3, 4}).By(by(PoolOptions{Kernel: []int{2, 3, 2}, Stride: []int{2}, Padding: []int{1, 0, 1}, Ceil: true})),
	}
}

// share is a mean's gradient.
func share(o PoolOptions, lengths ...int) func(in []*node) *node {
	return func(in []*node) *node { return AvgPoolGrad(in[0], o, lengths...) }
}

// unpool puts elements where indices say.
func unpool(lengths ...int) func(in []*node) *node {
	return func(in []*node) *node { return MaxUnpool(in[0], in[1], lengths...) }
}
