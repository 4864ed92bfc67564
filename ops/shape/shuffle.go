package shape

import (
	"fmt"
	"slices"

	"descent/graph"
	"descent/ops"
)

// Channels that become places, places that become channels, and channels in another
// order.

// PixelShuffle returns x, images × channels·r² × rows × columns, as images × channels ×
// rows·r × columns·r: the r² channels of each are the pixels of a square. Shi and others
// 2016, https://arxiv.org/abs/1609.05158. With one or three lengths it takes r or r³.
func PixelShuffle(x *node, r int) *node {
	if x.Err() != nil {
		return x
	}
	lengths, err := spatial(x.Shape())
	n, channels := len(lengths), 0
	if err == nil {
		channels, err = divided(x.Shape().Dim(1), r, n)
	}
	if err != nil {
		return graph.Bad(err, "pixel_shuffle", x)
	}
	apart := slices.Concat([]int{x.Shape().Dim(0), channels}, slices.Repeat([]int{r}, n), lengths)
	order, to := []int{0, 1}, []int{x.Shape().Dim(0), channels}
	for i, d := range lengths {
		order, to = append(order, 2+n+i, 2+i), append(to, d*r)
	}
	return ops.Reshape(ops.Transpose(ops.Reshape(x, apart...), order...), to...)
}

// divided returns channels/rⁿ.
func divided(channels, r, n int) (int, error) {
	left := channels
	for range n {
		if r < 1 || left%r != 0 {
			return 0, fmt.Errorf("%d channels are not whole blocks of %d places along each of %d axes", channels, r, n)
		}
		left /= r
	}
	return left, nil
}

// PixelUnshuffle undoes [PixelShuffle]: each square of r × r pixels becomes r² channels.
func PixelUnshuffle(x *node, r int) *node {
	if x.Err() != nil {
		return x
	}
	lengths, err := spatial(x.Shape())
	for _, d := range lengths {
		if err == nil && (r < 1 || d%r != 0) {
			err = fmt.Errorf("a length of %d does not divide into %d", d, r)
		}
	}
	if err != nil {
		return graph.Bad(err, "pixel_unshuffle", x)
	}
	n, channels := len(lengths), x.Shape().Dim(1)
	apart, order := []int{x.Shape().Dim(0), channels}, []int{0, 1}
	to := []int{x.Shape().Dim(0), channels}
	for i, d := range lengths {
		apart = append(apart, d/r, r)
		order = append(order, 3+2*i)
		to[1] *= r
		to = append(to, d/r)
	}
	for i := range n {
		order = append(order, 2+2*i)
	}
	return ops.Reshape(ops.Transpose(ops.Reshape(x, apart...), order...), to...)
}

// ChannelShuffle returns x with its channels, the second axis, dealt out: the first of
// each of so many groups, then the second of each, and so on. Zhang and others 2017,
// https://arxiv.org/abs/1707.01083.
func ChannelShuffle(x *node, groups int) *node {
	if x.Err() != nil {
		return x
	}
	d := x.Shape().Dims()
	if len(d) < 2 || groups < 1 || d[1]%groups != 0 {
		return graph.Bad(fmt.Errorf("the channels of %v, its second axis, do not divide into %d groups", x.Shape(), groups), "channel_shuffle", x)
	}
	apart := ops.Reshape(x, d[0], groups, d[1]/groups, graph.Dims(d[2:]...).Size())
	return ops.Reshape(ops.Transpose(apart, 0, 2, 1, 3), d...)
}
