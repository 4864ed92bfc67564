package models

import (
	"errors"

	"descent/internal/spec"
	"descent/ops/shape"
)

// Rows of layers that make larger pictures.
var widening = []Row{
	{Row: spec.Row{Name: "conv_transpose", Aliases: []string{"conv_transpose1d", "conv_transpose2d", "conv_transpose3d", "deconv"}, Doc: "the transposed convolution, which makes larger pictures, or sequences", Examples: []string{"8, 4, stride=2, padding=1", "8, 3, bias=false"},
		Settings: []spec.Setting{filters, kernel, stride, {Name: "padding", Doc: "what is left out at both ends of the result", Kind: spec.Wholes, One: true, Range: "[0,4096]", Default: []float64{0}},
			{Name: "output_padding", Doc: "how much longer the result is at its end", Kind: spec.Wholes, One: true, Range: "[0,4096]", Default: []float64{0}},
			dilation, {Name: "groups", Doc: "into which channels are divided", Kind: spec.Whole, Range: units, Default: 1.0}, heInit, bias}},
		make: func(a spec.Args, _ []Layer) Layer {
			return ConvTransposeWith(TransposeOptions{Filters: a.Whole("filters"), Kernel: a.Wholes("kernel"), Weight: initOf(a), NoBias: !a.Flag("bias"), TransposeOptions: shape.TransposeOptions{
				Stride: a.Wholes("stride"), Padding: a.Wholes("padding"), OutputPadding: a.Wholes("output_padding"), Dilation: a.Wholes("dilation"), Groups: a.Whole("groups")}})
		}, Pictures: true},
	{Row: spec.Row{Name: "upsample", Aliases: []string{"interpolate"}, Doc: "pictures with other lengths", Examples: []string{"2", "2, mode=linear", "size=7"},
		Settings: []spec.Setting{{Name: "scale", Doc: "what lengths are multiplied by; one number is for all axes", Kind: spec.List, One: true, Range: "(0,4096]"},
			{Name: "size", Doc: "or the lengths of the result", Kind: spec.Wholes, One: true, Range: small},
			{Name: "mode", Doc: "the element before a place, the nearest, the two beside it along each axis, or four", Kind: spec.Word, Default: "nearest", Choices: []string{"nearest", "nearest_exact", "linear", "cubic"}},
			{Name: "corners", Doc: "first and last elements are at the first and last places", Kind: spec.Flag, Default: false}}},
		check: func(a spec.Args) error {
			if a.Given("scale") == a.Given("size") {
				return errors.New("upsample: a scale or a size says how large the result is, as in upsample(2)")
			}
			return nil
		},
		make: func(a spec.Args, _ []Layer) Layer {
			return Upsample(shape.UpsampleOptions{Mode: shape.Mode(a.Word("mode")), Scale: a.List("scale"), Lengths: a.Wholes("size"), Corners: a.Flag("corners")})
		}, Pictures: true},
	{Row: spec.Row{Name: "pixel_shuffle", Aliases: []string{"pixelshuffle"}, Doc: "squares of pixels of as many channels", Examples: []string{"2"}, Source: "Shi et al. 2016, https://arxiv.org/abs/1609.05158",
		Settings: []spec.Setting{{Name: "factor", Doc: "pixels along a side of a square", Kind: spec.Whole, Range: "[1,64]", Required: true}}},
		make: func(a spec.Args, _ []Layer) Layer { return PixelShuffle(a.Whole("factor")) }, Pictures: true},
	{Row: spec.Row{Name: "pad", Doc: "a frame around pictures", Examples: []string{"1", "[1, 2, 0, 1], mode=reflect"},
		Settings: []spec.Setting{{Name: "size", Doc: "how wide: one number, or two for the last axis, two for the one before it, and so on", Kind: spec.Wholes, One: true, Range: "[0,4096]", Required: true},
			{Name: "mode", Doc: "zeros, the picture mirrored, its edge repeated, or the picture from its other end on", Kind: spec.Word, Default: "zeros", Choices: []string{"zeros", "reflect", "replicate", "circular"}}}},
		make: func(a spec.Args, _ []Layer) Layer {
			return Pad(frames[a.Word("mode")], a.Wholes("size")...)
		}, Pictures: true},
}

// frames are the ways to pad.
var frames = map[string]func(x *node, ends ...int) *node{
	"zeros":   func(x *node, ends ...int) *node { return shape.Pad(x, 0, ends...) },
	"reflect": shape.PadReflect, "replicate": shape.PadReplicate, "circular": shape.PadCircular,
}
