package ops

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"descent/graph"
	"descent/graph/lower"
)

// Volumes: convolutions and pools along three axes, depth, rows and columns, made of
// those along two.

// isVolume reports whether x is images × channels × three lengths.
func isVolume(x *node) bool { return x.Err() == nil && x.Shape().Rank() == 5 }

// A volume is a convolution along three axes as one along two: what a window along the
// depth meets are channels, and the places along the depth are images.
type volume struct {
	batch, in, out       int
	depth, rows, columns lower.Window
	plane                ConvOptions // along rows and columns
}

// newVolume returns the convolution of x with w, arrays of five axes.
func newVolume(x, w graph.Shape, o ConvOptions) (v volume, err error) {
	if err := channelsFit(x, w, o.Groups); err != nil {
		return v, err
	}
	walks, err := o.walks(x.Dims()[2:], w.Dims()[2:])
	if err != nil {
		return v, err
	}
	v = volume{batch: x.Dim(0), in: x.Dim(1), out: w.Dim(0), depth: walks[0], rows: walks[1], columns: walks[2]}
	v.plane = ConvOptions{Stride: of(walks[1:], func(w lower.Window) int { return w.Stride }), Dilation: of(walks[1:], func(w lower.Window) int { return w.Dilation }),
		Padding: slices.Concat(of(walks[1:], func(w lower.Window) int { return w.Before }), of(walks[1:], after)), Groups: o.Groups}
	return v, nil
}

// padded are the lengths of x with its padding along the depth.
func (v *volume) padded() []int {
	return []int{v.batch, v.in, v.depth.Before + v.depth.In + after(v.depth), v.rows.In, v.columns.In}
}

// windows is the view of what is padded that has an image for each place along the
// depth, and a channel for each channel and element of the kernel along it.
func (v *volume) windows() (lengths, stride []int) {
	s := strides(graph.Dims(v.padded()...))
	return []int{v.batch, v.depth.Out, v.in, v.depth.Kernel, v.rows.In, v.columns.In},
		[]int{s[0], v.depth.Stride * s[2], s[1], v.depth.Dilation * s[2], s[3], s[4]}
}

// flat is x as images along two axes.
func (v *volume) flat(x *node) *node {
	wide := v.padded()
	if wide[2] > v.depth.In {
		s := strides(graph.Dims(wide...))
		x = Place(x, wide, s, v.depth.Before*s[2])
	}
	lengths, stride := v.windows()
	return Reshape(View(x, lengths, stride, 0), v.batch*v.depth.Out, v.in*v.depth.Kernel, v.rows.In, v.columns.In)
}

// deep undoes flat, and adds up where windows overlap.
func (v *volume) deep(x *node) *node {
	wide := v.padded()
	lengths, stride := v.windows()
	x = Place(Reshape(x, lengths...), wide, stride, 0)
	return Slice(x, 2, v.depth.Before, v.depth.Before+v.depth.In, 1)
}

// kernel is w as one along two axes.
func (v *volume) kernel(w *node) *node {
	return Reshape(w, v.out, v.in/max(v.plane.Groups, 1)*v.depth.Kernel, v.rows.Kernel, v.columns.Kernel)
}

// images is y, or its gradient, as images along two axes, and volumes undoes that.
func (v *volume) images(y *node) *node {
	return Reshape(Transpose(y, 0, 2, 1, 3, 4), v.batch*v.depth.Out, v.out, v.rows.Out, v.columns.Out)
}

func (v *volume) volumes(y *node) *node {
	return Transpose(Reshape(y, v.batch, v.depth.Out, v.out, v.rows.Out, v.columns.Out), 0, 2, 1, 3, 4)
}

// convolveVolume is one of the three products of a convolution along three axes, of
// arrays a and b; x and w are the shapes of what is convolved.
func convolveVolume(mode lower.ConvMode, what string, a, b *node, x, w []int, o ConvOptions) *node {
	xs, err := resolve(-1, x)
	var ws graph.Shape
	if err == nil {
		ws, err = resolve(-1, w)
	}
	var v volume
	if err == nil {
		v, err = newVolume(xs, ws, o)
	}
	y := graph.Dims(v.batch, v.out, v.depth.Out, v.rows.Out, v.columns.Out)
	if err == nil && (mode == lower.ConvInput && a.Shape() != y || mode == lower.ConvWeights && b.Shape() != y) {
		err = errFit
	}
	if err != nil {
		return graph.Bad(err, what, a, b)
	}
	switch mode {
	case lower.ConvInput:
		return v.deep(ConvInput(v.images(a), v.kernel(b), v.plane, v.rows.In, v.columns.In))
	case lower.ConvWeights:
		return Reshape(ConvWeights(v.flat(a), v.images(b), v.plane, v.rows.Kernel, v.columns.Kernel), w...)
	}
	return v.volumes(Conv(v.flat(a), v.kernel(b), v.plane))
}

// A volumePool is a pool along three axes: that of each plane, and of what this makes
// along the depth.
type volumePool struct {
	x           []int
	plane, deep pool
}

// newVolumePool returns the pool of an array of that shape.
func newVolumePool(x []int, o PoolOptions, adapts bool) (v volumePool, err error) {
	if _, err := resolve(-1, x); err != nil {
		return v, err
	}
	v.x = x
	plane, deep, err := o.apart()
	if err == nil {
		v.plane, err = newPool(graph.Dims(x[0]*x[1], x[2], x[3], x[4]), plane, adapts)
	}
	if err == nil {
		if adapts {
			deep.Kernel[1] = v.places()
		}
		v.deep, err = newPool(graph.Dims(x[0], x[1], x[2], v.places()), deep, adapts)
	}
	if err == nil && x[2]*x[3]*x[4] > mostIndex {
		err = fmt.Errorf("volumes of more than %d elements", mostIndex)
	}
	return v, err
}

// places are those of a plane.
func (v *volumePool) places() int { return v.plane.Rows.Out * v.plane.Columns.Out }

// planes is x as images of a channel for each depth; lines is what pools make of
// planes, as depth × places; whole is the result, depth × rows × columns.
func (v *volumePool) planes(x *node) *node {
	return Reshape(x, v.x[0]*v.x[1], v.x[2], v.x[3], v.x[4])
}

func (v *volumePool) lines(y *node) *node { return Reshape(y, v.x[0], v.x[1], v.x[2], v.places()) }

func (v *volumePool) shape() []int {
	return []int{v.x[0], v.x[1], v.deep.Rows.Out, v.plane.Rows.Out, v.plane.Columns.Out}
}

// pooledVolume applies a pool along three axes. Of equal numbers the first is taken
// each time, which is the first of all.
func pooledVolume(what string, x *node, o PoolOptions, adapts, mean bool) *node {
	v, err := newVolumePool(x.Shape().Dims(), o, adapts)
	if mean && o.dilated() {
		err = errDilated
	}
	if err != nil {
		return graph.Bad(err, what, x)
	}
	planes := v.planes(x)
	var y *node
	switch {
	case mean:
		y = graph.Apply(avgPool{v.deep, false}, v.lines(graph.Apply(avgPool{v.plane, false}, planes)))
	case strings.HasSuffix(what, "_index"):
		y = v.index(planes)
	default:
		y = graph.Apply(maxPool{v.deep, false}, v.lines(graph.Apply(maxPool{v.plane, false}, planes)))
	}
	return Reshape(y, v.shape()...)
}

// index is which element of a volume the largest is.
func (v *volumePool) index(planes *node) *node {
	lines := func(x *node) *node { return Reshape(x, v.x[0], v.x[1], x.Shape().Size()/max(1, v.x[0]*v.x[1])) }
	at := lines(graph.Apply(maxPool{v.deep, true}, v.lines(graph.Apply(maxPool{v.plane, false}, planes))))
	within := Gather(lines(graph.Apply(maxPool{v.plane, true}, planes)), at, 2)
	depth := Floor(Div(at, constant(at, float64(v.places()))))
	return Add(Scale(float64(v.x[3]*v.x[4]), depth), within)
}

// sharedVolume is the gradient of a mean along three axes, by what has that shape.
func sharedVolume(what string, dy *node, o PoolOptions, x []int, adapts bool) *node {
	v, err := newVolumePool(x, o, adapts)
	if o.dilated() {
		err = errDilated
	}
	if err == nil && graph.Dims(v.shape()...) != dy.Shape() {
		err = errFit
	}
	if err != nil {
		return graph.Bad(err, what, dy)
	}
	lines := graph.Apply(avgPool{v.deep, true}, Reshape(dy, v.x[0], v.x[1], v.deep.Rows.Out, v.places()))
	planes := graph.Apply(avgPool{v.plane, true}, Reshape(lines, v.x[0]*v.x[1], v.x[2], v.plane.Rows.Out, v.plane.Columns.Out))
	return Reshape(planes, x...)
}

// apart divides the options of a pool along three axes into those of planes, and those
// of what these make, depth × places.
func (o PoolOptions) apart() (plane, deep PoolOptions, err error) {
	plane, deep = o, o
	if o.Divisor > 0 {
		plane.Divisor = 1
	}
	split := func(what string, list []int, by, least int, rows, line *[]int, one int) {
		each, e := lower.PerAxis(what, list, 3, by, least)
		if e != nil {
			err = errors.Join(err, e)
			return
		}
		*rows, *line = each[1:], []int{each[0], one}
	}
	split("kernel", o.Kernel, 0, 1, &plane.Kernel, &deep.Kernel, 1)
	if len(o.Stride) > 0 {
		split("stride", o.Stride, 1, 1, &plane.Stride, &deep.Stride, 1)
	}
	split("padding", o.Padding, 0, 0, &plane.Padding, &deep.Padding, 0)
	split("dilation", o.Dilation, 1, 1, &plane.Dilation, &deep.Dilation, 1)
	return plane, deep, err
}

// unpooledVolume is [MaxUnpool] along three axes, as along one.
func unpooledVolume(y, index *node, lengths []int) *node {
	d := y.Shape().Dims()
	flat := func(x *node) *node { return Reshape(x, d[0], d[1], d[2]*d[3]*d[4]) }
	x := MaxUnpool(flat(y), flat(index), graph.Dims(lengths...).Size())
	return Reshape(x, append(d[:2:2], lengths...)...)
}
