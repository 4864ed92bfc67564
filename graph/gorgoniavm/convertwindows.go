package gorgoniavm

import (
	"math"
	"slices"

	"descent/graph"
	"descent/ops"
)

// Conversions of what walks over images: convolutions and pools.

// windows are the places of a kernel on images, (batch, channel, height, width).
type windows struct {
	h, w             int // of the kernel
	top, left        int // padding
	strideH, strideW int
	dilateH, dilateW int
	outH, outW       int
}

// padded surrounds images with zeros so that every window is inside.
func (k windows) padded(x *node) *node {
	s := x.Shape()
	b, c, h, w := s.Dim(0), s.Dim(1), s.Dim(2), s.Dim(3)
	H := max(k.top+h, (k.outH-1)*k.strideH+(k.h-1)*k.dilateH+1)
	W := max(k.left+w, (k.outW-1)*k.strideW+(k.w-1)*k.dilateW+1)
	if H == h && W == w {
		return x
	}
	return ops.Place(x, []int{b, c, H, W}, []int{c * H * W, H * W, W, 1}, k.top*W+k.left)
}

// settings reads ints of the op into places.
func (c *conversion) settings(into map[string]*int) error {
	for name, p := range into {
		v, err := c.int(name)
		if err != nil {
			return err
		}
		*p = v
	}
	return nil
}

// columns reads the windows of an im2col.
func (c *conversion) columns() (k windows, err error) {
	k = windows{outH: c.out[1], outW: c.out[2]}
	return k, c.settings(map[string]*int{"h": &k.h, "w": &k.w, "padH": &k.top, "padW": &k.left,
		"strideH": &k.strideH, "strideW": &k.strideW, "dilationH": &k.dilateH, "dilationW": &k.dilateW})
}

// im2col reads images window by window, all channels of each.
func im2col(c *conversion) (*node, error) {
	k, err := c.columns()
	if err != nil {
		return nil, err
	}
	x := k.padded(c.in[0])
	s := x.Shape()
	b, ch, h, w := s.Dim(0), s.Dim(1), s.Dim(2), s.Dim(3)
	lengths := []int{b, k.outH, k.outW, ch, k.h, k.w}
	strides := []int{ch * h * w, k.strideH * w, k.strideW, h * w, k.dilateH * w, k.dilateW}
	return reshaped(ops.View(x, lengths, strides, 0), c.out), nil
}

// convolution makes one node of the six that gorgonia.Conv2d builds, of which n is
// the last: im2col, the kernel as a matrix, their product and its axes in order. It
// is nil if n is no such node. The nodes inside are made for themselves where they
// are read.
func (t *translator) convolution(n *gnode) (*node, error) {
	images, kernel, inside := t.src.convolution(n)
	if inside == nil {
		return nil, nil
	}
	columns := inside[len(inside)-1]
	swapX, swapY, err := (&conversion{translator: t, n: inside[1]}).swaps()
	if err != nil || swapX || !swapY {
		return nil, err
	}
	order, err := (&conversion{translator: t, n: n}).ints("pattern")
	if err != nil || !slices.Equal(order, []int{0, 3, 1, 2}) {
		return nil, err
	}
	k, err := (&conversion{translator: t, n: columns, out: dims(columns)}).columns()
	if err != nil || !slices.Equal(kernel.Shape(), []int{n.Shape()[1], images.Shape()[1], k.h, k.w}) {
		return nil, err
	}
	x, err := t.node(images)
	if err != nil {
		return nil, err
	}
	w, err := t.node(kernel)
	if err != nil {
		return nil, err
	}
	y := ops.Conv(x, w, ops.ConvOptions{Stride: []int{k.strideH, k.strideW}, Padding: []int{k.top, k.left}, Dilation: []int{k.dilateH, k.dilateW}})
	if y.Err() != nil || y.Shape() != graph.Dims(dims(n)...) { // gorgonia has windows that do not fit
		return nil, nil
	}
	for _, i := range inside {
		t.inside[i] = nil
	}
	moved := ops.Transpose(y, 0, 2, 3, 1)
	t.inside[inside[0]], t.inside[inside[1]] = moved, moved // the product and its rows
	return y, nil
}

// isInside says whether a node is inside a convolution that is one node.
func (t *translator) isInside(n *gnode) bool { _, ok := t.inside[n]; return ok }

// openConvolutions makes the nodes inside that were not made yet.
func (t *translator) openConvolutions() error {
	for _, n := range t.src.nodes {
		moved, ok := t.inside[n]
		switch {
		case !ok || t.made[n] != nil:
		case moved != nil:
			t.made[n] = reshaped(moved, dims(n))
			t.all = append(t.all, n)
		default:
			if _, err := t.node(n); err != nil {
				return err
			}
		}
	}
	return nil
}

// convolution finds the images and the kernel of a convolution whose last node is
// n, and the nodes inside, the last of them the im2col; none if n is of other ops.
func (s *source) convolution(n *gnode) (images, kernel *gnode, inside []*gnode) {
	step := func(n *gnode, name string) []*gnode {
		if n == nil || n.Op() == nil || !isFloat(n.Dtype()) || opName(n.Op()) != name || !isTheirs(n.Op()) {
			return []*gnode{nil, nil}
		}
		return s.children(n)
	}
	rows := step(n, "transposeOp")[0]
	product := step(rows, "reshapeOp")[0]
	factors := step(product, "linAlgBinOp")
	columns := step(factors[0], "reshapeOp")[0]
	images, kernel = step(columns, "im2colOp")[0], step(factors[1], "reshapeOp")[0]
	if images == nil || kernel == nil || len(kernel.Shape()) != 4 || len(rows.Shape()) != 4 {
		return nil, nil, nil
	}
	c, r, f := columns.Shape(), rows.Shape(), factors[1].Shape()
	channels := kernel.Shape()[0]
	if !slices.Equal(r, []int{c[0], c[1], c[2], channels}) || !slices.Equal(f, []int{channels, c[3]}) {
		return nil, nil, nil
	}
	return images, kernel, []*gnode{rows, product, factors[0], factors[1], columns}
}

// pool reads a pool's windows. With four paddings gorgonia begins at the third
// and fourth of its fields, south and east.
func (c *conversion) pool() (k windows, err error) {
	k = windows{outH: c.out[2], outW: c.out[3], dilateH: 1, dilateW: 1}
	explicit, err := c.bool("explicitPadding")
	if err != nil {
		return k, err
	}
	top, left := "padNorth", "padWest"
	if explicit {
		top, left = "padSouth", "padEast"
	}
	return k, c.settings(map[string]*int{"h": &k.h, "w": &k.w, top: &k.top, left: &k.left, "strideH": &k.strideH, "strideW": &k.strideW})
}

// pooled applies a pool of ours with gorgonia's windows. Where it pads otherwise
// than ours may, images are padded before, with that number.
func (c *conversion) pooled(pool func(*node, ops.PoolOptions) *node, with float64) (*node, error) {
	k, err := c.pool()
	if err != nil {
		return nil, err
	}
	x := c.in[0]
	height, width := x.Shape().Dim(2), x.Shape().Dim(3)
	o := ops.PoolOptions{Kernel: []int{k.h, k.w}, Stride: []int{k.strideH, k.strideW}, Divisor: width}
	ours := func(length, kernel, stride, pad, out int) bool {
		return 2*pad <= kernel && (length+2*pad-kernel)/stride+1 == out
	}
	if ours(height, k.h, k.strideH, k.top, k.outH) && ours(width, k.w, k.strideW, k.left, k.outW) {
		o.Padding = []int{k.top, k.left}
		return pool(x, o), nil
	}
	padded := k.padded(x)
	if with != 0 {
		inside := k.padded(c.g.Const(1, x.Shape().Dims()...))
		padded = ops.Where(inside, padded, c.g.Const(with))
	}
	y := pool(padded, o)
	return ops.Slice(ops.Slice(y, 2, 0, k.outH, 1), 3, 0, k.outW, 1), nil
}

// maxPool gives the gradient to the first of the largest. What is padded is less
// than all numbers.
func maxPool(c *conversion) (*node, error) { return c.pooled(ops.MaxPool, -math.MaxFloat32) }

// avgPool divides the sum of a window by the width of the image, as gorgonia
// does.
func avgPool(c *conversion) (*node, error) { return c.pooled(ops.AvgPool, 0) }
