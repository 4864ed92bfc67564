package ops

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"descent/graph"
	"descent/graph/lower"
)

// PoolOptions say how the window of a pool walks. A list has a number for each
// spatial axis, or one for all of them.
type PoolOptions struct {
	Kernel   []int // lengths of the window
	Stride   []int // from place to place; those lengths if nil
	Padding  []int // at both ends, at most half the window; 0 if nil
	Dilation []int // from element to element; 1 if nil. Of [MaxPool] only
	// Ceil lets the last window hang over the end, if it begins within the array
	// or the padding before it.
	Ceil bool
	// Of [AvgPool] only: Inside leaves padding out of the means, as
	// count_include_pad=False does in PyTorch; Divisor, if it is not 0, is what
	// sums are divided by.
	Inside  bool
	Divisor int
}

// MaxPool returns the largest element of each window of x, images × channels × one
// to three lengths. Its derivative is that of the first of the largest, row by row.
// Padding is no element. A NaN is larger than all.
func MaxPool(x *node, o PoolOptions) *node { return pooled("max_pool", x, o, false) }

// MaxPoolIndex returns which element [MaxPool] takes: its index in its plane of
// lengths, row by row. It has no derivative.
func MaxPoolIndex(x *node, o PoolOptions) *node { return pooled("max_pool_index", x, o, false) }

// AvgPool returns the mean of each window of x, images × channels × one to
// three lengths. Padding counts as zeros; what hangs over it does not count.
func AvgPool(x *node, o PoolOptions) *node { return pooled("avg_pool", x, o, false) }

// AvgPoolGrad is the gradient of [AvgPool] by x, whose spatial lengths are given.
func AvgPoolGrad(dy *node, o PoolOptions, lengths ...int) *node {
	return shares("avg_pool_grad", dy, o, lengths, false)
}

// AdaptiveMaxPool is [MaxPool] over as many windows as the result has lengths: the
// i-th of m windows over n elements are those from ⌊i·n/m⌋ to before ⌈(i+1)·n/m⌉.
func AdaptiveMaxPool(x *node, lengths ...int) *node {
	return pooled("adaptive_max_pool", x, PoolOptions{Kernel: lengths}, true)
}

// AdaptiveMaxPoolIndex is [MaxPoolIndex] of [AdaptiveMaxPool].
func AdaptiveMaxPoolIndex(x *node, lengths ...int) *node {
	return pooled("adaptive_max_pool_index", x, PoolOptions{Kernel: lengths}, true)
}

// AdaptiveAvgPool is [AvgPool] over the windows of [AdaptiveMaxPool].
func AdaptiveAvgPool(x *node, lengths ...int) *node {
	return pooled("adaptive_avg_pool", x, PoolOptions{Kernel: lengths}, true)
}

// AdaptiveAvgPoolGrad is the gradient of [AdaptiveAvgPool] by x, whose spatial
// lengths are given.
func AdaptiveAvgPoolGrad(dy *node, lengths ...int) *node {
	return shares("adaptive_avg_pool_grad", dy, PoolOptions{}, lengths, true)
}

// MaxUnpool returns zeros of the given lengths to which each element of y is added
// at the index that [MaxPoolIndex] gives: the gradient of [MaxPool].
func MaxUnpool(y, index *node, lengths ...int) *node {
	if err := graph.Mistakes(y, index); err != nil {
		return graph.Bad(err, "max_unpool", y, index)
	}
	s := y.Shape()
	var err error
	if !isVolume(y) {
		err = pictures(s)
	}
	if err == nil && (index.Shape() != s || len(lengths) != s.Rank()-2) {
		err = fmt.Errorf("%v, indices of %v and lengths %v do not fit each other", s, index.Shape(), lengths)
	}
	if err == nil {
		_, err = resolve(-1, lengths)
	}
	if err != nil {
		return graph.Bad(err, "max_unpool", y, index)
	}
	if isVolume(y) {
		return unpooledVolume(y, index, lengths)
	}
	p := pool{axes: len(lengths)}
	p.Batch, p.Channels, p.Adaptive = s.Dim(0), s.Dim(1), true
	p.Rows, p.Columns = rowsAndColumns(adaptive(lengths, s.Dims()[2:]))
	return graph.Apply(maxUnpool{p}, y, index)
}

// GlobalAvgPool returns the mean of each channel of each image, with lengths 1.
func GlobalAvgPool(x *node) *node { return global("global_avg_pool", x, AdaptiveAvgPool) }

// GlobalMaxPool returns the largest element of each channel of each image, with
// lengths 1.
func GlobalMaxPool(x *node) *node { return global("global_max_pool", x, AdaptiveMaxPool) }

func global(what string, x *node, f func(*node, ...int) *node) *node {
	if x.Err() != nil {
		return x
	}
	if err := pictures(x.Shape()); err != nil && !isVolume(x) {
		return graph.Bad(err, what, x)
	}
	return f(x, slices.Repeat([]int{1}, x.Shape().Rank()-2)...)
}

// pool is what all operations of pools know: windows over arrays of known sizes.
type pool struct {
	lower.Pool
	axes int // spatial ones
}

// pooled applies the pool of that name.
func pooled(what string, x *node, o PoolOptions, adapts bool) *node {
	if x.Err() != nil {
		return x
	}
	mean := strings.HasSuffix(what, "avg_pool")
	if !mean {
		o.Inside, o.Divisor = false, 0
	}
	if isVolume(x) {
		return pooledVolume(what, x, o, adapts, mean)
	}
	p, err := newPool(x.Shape(), o, adapts)
	if mean && o.dilated() {
		err = errDilated
	}
	if err != nil {
		return graph.Bad(err, what, x)
	}
	switch what {
	case "avg_pool", "adaptive_avg_pool":
		return graph.Apply(avgPool{p, false}, x)
	case "max_pool", "adaptive_max_pool":
		return graph.Apply(maxPool{p, false}, x)
	}
	return graph.Apply(maxPool{p, true}, x)
}

// shares applies the gradient of a mean.
func shares(what string, dy *node, o PoolOptions, lengths []int, adapts bool) *node {
	if dy.Err() != nil {
		return dy
	}
	d := dy.Shape().Dims()
	if isVolume(dy) && len(lengths) == 3 {
		if adapts {
			o.Kernel = d[2:]
		}
		return sharedVolume(what, dy, o, slices.Concat(d[:2], lengths), adapts)
	}
	err := pictures(dy.Shape())
	if err == nil && len(lengths) != len(d)-2 {
		err = errFit
	}
	if adapts && err == nil {
		o.Kernel = d[2:]
	}
	if o.dilated() {
		err = errDilated
	}
	var p pool
	if err == nil {
		var x graph.Shape
		if x, err = resolve(-1, slices.Concat(d[:2], lengths)); err == nil {
			p, err = newPool(x, o, adapts)
		}
	}
	if _, y := p.shapes(); err == nil && y != dy.Shape() {
		err = errFit
	}
	if err != nil {
		return graph.Bad(err, what, dy)
	}
	return graph.Apply(avgPool{p, true}, dy)
}

var errDilated = errors.New("windows of means have no dilation")

// dilated reports whether there is anything between the elements of a window.
func (o *PoolOptions) dilated() bool {
	return slices.ContainsFunc(o.Dilation, func(d int) bool { return d != 1 })
}

// mostIndex is how many elements a plane may have for float32 to tell them apart.
const mostIndex = 1 << 24

// newPool returns the pool of x.
func newPool(x graph.Shape, o PoolOptions, adapts bool) (p pool, err error) {
	if err := pictures(x); err != nil {
		return p, err
	}
	lengths := x.Dims()[2:]
	n := len(lengths)
	p.axes, p.Batch, p.Channels, p.Adaptive, p.Inside, p.Divisor = n, x.Dim(0), x.Dim(1), adapts, o.Inside, o.Divisor
	kernel, err := lower.PerAxis("kernel", o.Kernel, n, 0, 1)
	if err != nil {
		return p, err
	}
	if o.Divisor < 0 {
		return p, fmt.Errorf("a divisor of %d", o.Divisor)
	}
	walks := adaptive(lengths, kernel)
	if !adapts {
		walks, err = o.walks(lengths, kernel)
	}
	switch size := graph.Dims(lengths...).Size(); {
	case size < 1:
		err = fmt.Errorf("%v has no elements to choose from", x)
	case size > mostIndex:
		err = fmt.Errorf("%v has planes of more than %d elements", x, mostIndex)
	}
	if err != nil {
		return p, err
	}
	p.Rows, p.Columns = rowsAndColumns(walks)
	return p, nil
}

// adaptive are windows over n elements with m places.
func adaptive(n, m []int) (walks []lower.Window) {
	for i := range n {
		walks = append(walks, lower.Window{In: n[i], Out: m[i], Kernel: 1, Stride: 1, Dilation: 1})
	}
	return walks
}

// walks returns the walk along each axis.
func (o *PoolOptions) walks(lengths, kernel []int) ([]lower.Window, error) {
	n := len(lengths)
	by := o.Stride
	if len(by) == 0 {
		by = kernel
	}
	stride, e1 := lower.PerAxis("stride", by, n, 1, 1)
	padding, e2 := lower.PerAxis("padding", o.Padding, n, 0, 0)
	dilation, e3 := lower.PerAxis("dilation", o.Dilation, n, 1, 1)
	if err := errors.Join(e1, e2, e3); err != nil {
		return nil, err
	}
	out := make([]lower.Window, n)
	for i := range out {
		w := lower.Window{In: lengths[i], Kernel: kernel[i], Stride: stride[i], Dilation: dilation[i], Before: padding[i]}
		if 2*w.Before > w.Kernel {
			return nil, fmt.Errorf("padding %d is more than half of a window of %d", w.Before, w.Kernel)
		}
		count, err := places(w, 2*w.Before)
		if err != nil {
			return nil, err
		}
		if w.Out = count; o.Ceil {
			over := count * w.Stride // where one more window begins
			if span := w.Dilation*(w.Kernel-1) + 1; (count-1)*w.Stride+span < w.In+2*w.Before && over < w.In+w.Before {
				w.Out++
			}
		}
		out[i] = w
	}
	return out, nil
}

// shapes are those of x and y.
func (o pool) shapes() (x, y graph.Shape) {
	walks := spatial(o.Rows, o.Columns, max(o.axes, 1))
	head := []int{o.Batch, o.Channels}
	return graph.Dims(append(slices.Clone(head), of(walks, func(w lower.Window) int { return w.In })...)...),
		graph.Dims(append(head, of(walks, func(w lower.Window) int { return w.Out })...)...)
}

// settings describe the windows; with back also the lengths that they are of.
func (o pool) settings(name string, back bool) call {
	walks := spatial(o.Rows, o.Columns, o.axes)
	list := func(f func(w lower.Window) int) []int { return of(walks, f) }
	var set []any
	if back {
		set = append(set, "lengths", list(func(w lower.Window) int { return w.In }))
	}
	if o.Adaptive {
		if name = "adaptive_" + name; !back {
			set = append(set, "lengths", list(func(w lower.Window) int { return w.Out }))
		}
		return graph.CallOf(name, set...)
	}
	kernel := list(func(w lower.Window) int { return w.Kernel })
	set = append(set, "kernel", kernel)
	if stride := list(func(w lower.Window) int { return w.Stride }); !slices.Equal(stride, kernel) {
		set = append(set, "stride", stride)
	}
	if padding := list(func(w lower.Window) int { return w.Before }); slices.Max(padding) > 0 {
		set = append(set, "padding", padding)
	}
	if dilation := list(func(w lower.Window) int { return w.Dilation }); slices.Max(dilation) > 1 {
		set = append(set, "dilation", dilation)
	}
	if o.hangs() {
		set = append(set, "ceil", true)
	}
	if o.Inside {
		set = append(set, "inside", true)
	}
	if o.Divisor > 0 {
		set = append(set, "divisor", o.Divisor)
	}
	return graph.CallOf(name, set...)
}

// hangs reports whether a window hangs over an end.
func (o pool) hangs() bool {
	for _, w := range spatial(o.Rows, o.Columns, o.axes) {
		if w.At(w.Out-1, w.Kernel-1) >= w.In+w.Before {
			return true
		}
	}
	return false
}

// maxPool is the largest element of each window, or its index.
type maxPool struct {
	pool
	index bool
}

func (o maxPool) Name() string { return graph.Title(o.Describe()) }
func (o maxPool) Describe() call {
	if o.index {
		return o.settings("max_pool_index", false)
	}
	return o.settings("max_pool", false)
}
func (o maxPool) Shape([]graph.Shape) (graph.Shape, error) {
	_, y := o.shapes()
	return y, nil
}
func (maxPool) Kink() graph.Kink { return shared("the first gets the derivative") }
func (o maxPool) Grad(y, dy *node) []*node {
	if o.index {
		return nil
	}
	x := y.Arg(0)
	return []*node{MaxUnpool(dy, graph.Apply(maxPool{o.pool, true}, x), x.Shape().Dims()[2:]...)}
}
func (o maxPool) Lower(b *builder, in []value) value {
	y, index := b.MaxPool(o.Pool, widened(b, in[0]))
	if o.index {
		y = index
	}
	_, s := o.shapes()
	return b.Reshape(y, s)
}

// maxUnpool adds each element where its index says.
type maxUnpool struct{ pool }

func (o maxUnpool) Name() string { return graph.Title(o.Describe()) }
func (o maxUnpool) Describe() call {
	x, _ := o.shapes()
	return graph.CallOf("max_unpool", "lengths", x.Dims()[2:])
}
func (o maxUnpool) Shape([]graph.Shape) (graph.Shape, error) {
	x, _ := o.shapes()
	return x, nil
}
func (o maxUnpool) Grad(x, dx *node) []*node {
	_, to := o.shapes()
	plane := func(x *node, size int) *node {
		return Reshape(x, o.Batch, o.Channels, size)
	}
	picked := Gather(plane(dx, o.Rows.In*o.Columns.In), plane(x.Arg(1), o.Rows.Out*o.Columns.Out), 2)
	return []*node{graph.Reshape(picked, to), nil}
}
func (o maxUnpool) Lower(b *builder, in []value) value {
	x, _ := o.shapes()
	return b.Reshape(b.MaxUnpool(o.Pool, widened(b, in[0]), widened(b, in[1])), x)
}

// avgPool is the mean of each window, or the gradient of that.
type avgPool struct {
	pool
	back bool
}

func (o avgPool) Name() string { return graph.Title(o.Describe()) }
func (o avgPool) Describe() call {
	if o.back {
		return o.settings("avg_pool_grad", true)
	}
	return o.settings("avg_pool", false)
}
func (o avgPool) Shape([]graph.Shape) (graph.Shape, error) {
	x, y := o.shapes()
	if o.back {
		y = x
	}
	return y, nil
}
func (o avgPool) Grad(_, dy *node) []*node {
	o.back = !o.back
	return []*node{graph.Apply(o, dy)}
}
func (o avgPool) Lower(b *builder, in []value) value {
	x, y := o.shapes()
	if o.back {
		return b.Reshape(b.AvgPoolGrad(o.Pool, widened(b, in[0])), x)
	}
	return b.Reshape(b.AvgPool(o.Pool, widened(b, in[0])), y)
}
