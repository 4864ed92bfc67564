package shape

import (
	"slices"

	gt "descent/graph/graphtest"
	"descent/internal/spec"
	"descent/ops"
)

// Table has a row for every operation of this package. A test fails when an exported
// function that makes nodes has no row.
var Table = slices.Concat(
	group("Frames and orders", frames...),
	group("Resampling", resamplings...),
	group("Windows", windows...),
	group("Sums by letters", sums...),
)

var frames = []ops.Row{
	padded("pad pad_constant", "x with value around it: numbers before and after along the last axis, then the one before it; negative ones take away: pad(x, [1, 2])",
		func(in []*node, a spec.Args) *node { return Pad(in[0], a.Number("value"), a.Wholes("ends")...) },
		func(x *node, ends ...int) *node { return Pad(x, 1.5, ends...) }, fill),
	around("pad_reflect", "x with what is next to its ends mirrored around it: pad_reflect(x, [1, 2])", PadReflect),
	around("pad_replicate", "x with its first and last elements repeated around it: pad_replicate(x, [1, 2])", PadReplicate),
	around("pad_circular", "x with what follows when it is repeated around it: pad_circular(x, [1, 2])", PadCircular),
	row("extend", "x with elements before and after along one axis, as pad_reflect, pad_replicate and pad_circular have them along several: extend(x, 0, 1, 2)", "x, 0, 1, 1", 1,
		func(in []*node, a spec.Args) *node {
			return extend{axis: a.Whole("axis"), before: a.Whole("before"), after: a.Whole("after"), edge: Edge(a.Word("edge")), back: a.Flag("back")}.of(in[0])
		}, extendSamples(),
		whole("axis", "which axis", any32), whole("before", "elements before it", length), whole("after", "elements after it", length),
		spec.Setting{Name: "edge", Doc: "what is beyond the ends", Kind: spec.Word, Default: "reflect", Choices: []string{"reflect", "replicate", "circular"}},
		spec.Setting{Name: "back", Doc: "the gradient, x being that by the result", Kind: spec.Flag, Default: false}),
	row("roll", "x moved on by so many places along each axis, or as one row if there is none; what leaves comes in at the other end: roll(x, 1, 0)", "x, 1", 1,
		func(in []*node, a spec.Args) *node { return Roll(in[0], a.Wholes("shifts"), a.Wholes("axis")...) },
		[]gt.Sample{gt.One([]int{5}).By(rolled(2)), gt.One([]int{4, 3}).By(rolled(-1, 0)), gt.One([]int{3, 4}).By(rolled(6, 1)),
			gt.One([]int{2, 3, 2}).By(rolled(7, -2)), gt.One([]int{2, 3}).By(rolled(0, 1)), gt.One([]int{2, 3}).By(rolled(4)), gt.One([]int{0, 2}).By(rolled(1, 0))},
		must(wholes("shifts", "by how many places", any32)), wholes("axis", "which axes", any32, "axes", "dims")),
	triangular("tril", "x with zeros above a diagonal of its last two axes", Tril),
	triangular("triu", "x with zeros below a diagonal of its last two axes", Triu),
	shuffled("pixel_shuffle depth_to_space", "images x c·r² x rows x columns as images x c x rows·r x columns·r: pixel_shuffle(x, 2)", PixelShuffle, side,
		gt.One([]int{1, 4, 2, 3}).With(2), gt.One([]int{2, 9, 2, 1}).With(3), gt.One([]int{2, 8, 1, 2}).With(2), gt.One([]int{1, 3, 4}).With(3), gt.One([]int{1, 8, 1, 2, 1}).With(2), gt.One([]int{0, 4, 2, 2}).With(2)),
	shuffled("pixel_unshuffle space_to_depth", "images x c x rows·r x columns·r as images x c·r² x rows x columns: pixel_unshuffle(x, 2)", PixelUnshuffle, side,
		gt.One([]int{1, 1, 4, 6}).With(2), gt.One([]int{2, 1, 6, 3}).With(3), gt.One([]int{2, 2, 2, 4}).With(2), gt.One([]int{1, 1, 12}).With(3), gt.One([]int{1, 1, 2, 4, 2}).With(2), gt.One([]int{0, 1, 2, 2}).With(2)),
	shuffled("channel_shuffle", "channels dealt out: the first of each group, then the second of each: channel_shuffle(x, 2)", ChannelShuffle, whole("groups", "into which channels are divided", positive),
		gt.One([]int{1, 6}).With(3), gt.One([]int{2, 6, 2}).With(2), gt.One([]int{1, 6, 2, 2}).With(3), gt.One([]int{2, 4, 3}).With(1), gt.One([]int{1, 4, 1, 2, 2}).With(4), gt.One([]int{0, 4, 3}).With(2)),
}

var resamplings = []ops.Row{
	row("upsample interpolate", "images x channels x lengths with other lengths: upsample(x, scale=2), upsample(x, [7, 5], mode=linear)", "x, [4, 6]", 1,
		func(in []*node, a spec.Args) *node {
			return Upsample(in[0], UpsampleOptions{Mode: modeOf(a), Lengths: a.Wholes("lengths"), Scale: a.List("scale"), Corners: a.Flag("corners")})
		}, upsampleSamples(),
		wholes("lengths", "of the result, one or one for each axis", positive, "size"),
		spec.Setting{Name: "scale", Doc: "or what lengths are multiplied by", Kind: spec.List, Range: "(0,inf)", One: true, Aliases: []string{"scale_factor"}}, mode, corners),
	row("resample", "x with another length along one axis, as upsample has it along each: resample(x, 0, 7)", "x, 0, 7", 1,
		func(in []*node, a spec.Args) *node {
			o := resample{axis: a.Whole("axis"), to: a.Whole("length"), mode: modeOf(a), corners: a.Flag("corners"), scale: a.Number("scale"), back: a.Flag("back")}
			return o.of(in[0])
		}, resampleSamples(),
		whole("axis", "which axis", any32), whole("length", "of the result along it", length), mode, corners,
		spec.Setting{Name: "scale", Doc: "how far apart elements are in the result; by the lengths if it is 0", Kind: spec.Number, Default: 0.0, Range: "[0,inf)"},
		spec.Setting{Name: "back", Doc: "the gradient, x being of that by the result, and length that of the operand", Kind: spec.Flag, Default: false}),
}

var windows = []ops.Row{
	row("unfold im2col", "windows of images x channels x lengths as columns, images x channels·elements x places: unfold(x, 3)", "x, 2", 1,
		func(in []*node, a spec.Args) *node { return Unfold(in[0], windowOptions(a)) }, unfoldSamples(), kernel, stride, padding, dilation),
	row("fold col2im", "an array of these lengths to whose windows columns are added, the gradient of unfold: fold(x, [4, 4], 2)", "x, [4, 4], 2", 1,
		func(in []*node, a spec.Args) *node { return Fold(in[0], windowOptions(a), a.Wholes("lengths")...) }, foldSamples(),
		must(wholes("lengths", "of the result", positive, "output_size")), kernel, stride, padding, dilation),
	row("conv_transpose conv_transpose1d conv_transpose2d conv_transpose3d deconv", "the transposed convolution of x with a kernel w, channels x channels of a group of the result x lengths: conv_transpose(x, w, stride=2)", "x, w", 2,
		func(in []*node, a spec.Args) *node { return ConvTranspose(in[0], in[1], transposeOptions(a)) }, transposeSamples(),
		stride, wholes("padding", "what is left out at both ends of the result", length, "pads"), wholes("output_padding", "how much longer the result is at its end", length), dilation, groups),
	in(gt.Positive, row("lp_pool lp_pool1d lp_pool2d lp_pool3d", "(Σ x^p)^(1/p) of each window: lp_pool(x, 2, 3)", "x, 2, 2", 1,
		func(in []*node, a spec.Args) *node {
			return LPPool(in[0], a.Number("p"), ops.PoolOptions{Kernel: a.Wholes("kernel"), Stride: a.Wholes("stride"), Ceil: a.Flag("ceil")})
		}, lpSamples(),
		spec.Setting{Name: "p", Doc: "the power", Kind: spec.Number, Range: "(0,inf)", Required: true, Aliases: []string{"norm_type"}}, kernel, stride,
		spec.Setting{Name: "ceil", Doc: "windows may hang over the end", Kind: spec.Flag, Default: false, Aliases: []string{"ceil_mode"}})),
}

var sums = []ops.Row{
	row("einsum", "sums of products, by letters for axes: einsum(\"ij,jk->ik\", x, y); ... are axes without a letter", `"ij->i", x`, -1,
		func(in []*node, a spec.Args) *node { return Einsum(a.Word("equation"), in...) }, einsumSamples(),
		spec.Setting{Name: "equation", Doc: "the letters of each operand, and of the result", Kind: spec.Text, Required: true, Aliases: []string{"subscripts"}}),
}
