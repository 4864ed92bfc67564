package onnx

import (
	"math"
	"slices"
)

// Operations of package shape, and transposed convolutions.
var shapes = []Row{
	{"conv_input", "ConvTranspose", writeConvTranspose},
	{"pad", "Pad", func(w *writer, p pair, c call) string {
		return w.padded(p, "constant", c.wholes("ends"), c.number("value"))
	}},
	{"extend", "Pad, Slice, Concat", writeExtend},
	{"resample", "Reshape, Resize", writeResample},
	{"pixel_shuffle", "Reshape, Transpose", func(w *writer, p pair, c call) string {
		d := p.arg(0).dims()
		n, r := len(d)-2, c.whole("factor")
		apart, order := append([]int{d[0], p.dims()[1]}, slices.Repeat([]int{r}, n)...), []int{0, 1}
		for i := range n {
			order = append(order, 2+n+i, 2+i)
		}
		x := w.reshape(w.name(p.arg(0)), append(apart, d[2:]...))
		return w.reshape(w.add("Transpose", []string{x}, set("perm", order)), p.dims())
	}},
}

// writeConvTranspose writes the gradient of a convolution by what it convolves.
func writeConvTranspose(w *writer, p pair, c call) string {
	kernel, from, to := p.arg(1).dims()[2:], p.arg(0).dims()[2:], c.wholes("lengths")
	n := len(kernel)
	stride, dilation := slices.Repeat([]int{1}, n), slices.Repeat([]int{1}, n)
	if list := c.wholes("stride"); list != nil {
		stride = list
	}
	if list := c.wholes("dilation"); list != nil {
		dilation = list
	}
	pads, more := make([]int, 2*n), make([]int, n)
	if list := c.wholes("padding"); list != nil {
		copy(pads, list[:n])
	}
	for i := range n { // what is reached and not wanted is left out, what is wanted and not reached is 0
		reach := (from[i]-1)*stride[i] + dilation[i]*(kernel[i]-1) + 1 - pads[i]
		pads[n+i], more[i] = max(0, reach-to[i]), max(0, to[i]-reach)
	}
	return w.add("ConvTranspose", w.args(p), set("kernel_shape", kernel), set("strides", stride), set("dilations", dilation),
		set("pads", pads), set("output_padding", more), set("group", max(1, c.whole("groups"))))
}

// padded writes a frame, of two numbers for each axis from the last one on.
func (w *writer) padded(p pair, mode string, ends []int, value float64) string {
	n := len(p.dims())
	pads := make([]int, 2*n)
	for i := 0; i < len(ends); i += 2 {
		pads[n-1-i/2], pads[2*n-1-i/2] = ends[i], ends[i+1]
	}
	in := []string{w.name(p.arg(0)), w.list(pads...)}
	if mode == "constant" {
		in = append(in, w.number(value))
	}
	return w.add("Pad", in, set("mode", mode))
}

// writeExtend writes a frame of what is within it.
func writeExtend(w *writer, p pair, c call) string {
	axis, before, after := c.whole("axis"), c.whole("before"), c.whole("after")
	if c.flag("back") {
		return w.fail("%v cannot be written", p.a)
	}
	modes := map[string]string{"reflect": "reflect", "replicate": "edge"}
	if mode := modes[c.Get("edge").(string)]; mode != "" {
		ends := make([]int, 2*(len(p.dims())-axis))
		ends[len(ends)-2], ends[len(ends)-1] = before, after
		return w.padded(p, mode, ends, 0)
	}
	x, length := w.name(p.arg(0)), p.arg(0).dims()[axis]
	part := func(from, to int) string {
		return w.one("Slice", x, w.list(from), w.list(to), w.list(axis))
	}
	return w.add("Concat", []string{part(length-before, length), x, part(0, after)}, set("axis", axis))
}

// writeResample writes other lengths along an axis, as those of rows of pictures: all that
// is before the axis but the first are their channels, all after it their columns.
func writeResample(w *writer, p pair, c call) string {
	axis, mode, scale, to := c.whole("axis"), c.Get("mode").(string), c.number("scale"), c.whole("length")
	d := p.arg(0).dims()
	odd := scale > 0 && math.Floor(scale*float64(d[axis])) != float64(to) // a scale that does not make this length
	if odd || c.flag("back") || axis == 0 && d[0] == ofRows || slices.Contains(d[1:], ofRows) {
		return w.fail("%v cannot be written", p.a)
	}
	if axis == 0 {
		d, axis = append([]int{1}, d...), 1
	}
	channels, _ := size(d[1:axis])
	columns, _ := size(d[axis+1:])
	in := []string{w.reshape(w.name(p.arg(0)), []int{d[0], channels, d[axis], columns}), ""}
	switch {
	case scale > 0 && scale*float64(d[axis]) != float64(to):
		in = append(in, w.constant("scales", []int{4}, []float64{1, 1, scale, 1}))
	case d[0] == ofRows:
		in = append(in, "", w.add("Concat", []string{w.times(p.a.Shape().Dim(0) / someRows), w.list(channels, to, columns)}, set("axis", 0)))
	default:
		in = append(in, "", w.list(d[0], channels, to, columns))
	}
	places := "half_pixel"
	switch {
	case mode == "nearest":
		places = "asymmetric"
	case c.flag("corners"):
		places = "align_corners"
	}
	of, settings := mode, []attribute{set("coordinate_transformation_mode", places)}
	switch mode {
	case "nearest":
		settings = append(settings, set("nearest_mode", "floor"))
	case "nearest_exact":
		of, settings = "nearest", append(settings, set("nearest_mode", "round_prefer_ceil"))
	case "cubic":
		settings = append(settings, set("cubic_coeff_a", float32(-0.75)))
	}
	return w.reshape(w.add("Resize", in, append(settings, set("mode", of))...), p.dims())
}
