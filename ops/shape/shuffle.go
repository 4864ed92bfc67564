package shape

import (
	"errors"
	"fmt"
	"slices"

	"descent/graph"
	"descent/graph/lower"
	"descent/ops"
)

// Channels that become places, places that become channels, and channels in another
// order.

// PixelShuffle returns x, images × channels·r² × rows × columns, as images × channels ×
// rows·r × columns·r: the r² channels of each are the pixels of a square. Shi and others
// 2016, https://arxiv.org/abs/1609.05158. With one or three lengths it takes r or r³.
func PixelShuffle(x *node, r int) *node { return pixels{r, false}.of(x) }

// PixelUnshuffle undoes [PixelShuffle]: each square of r × r pixels becomes r² channels.
func PixelUnshuffle(x *node, r int) *node { return pixels{r, true}.of(x) }

// pixels is that shuffle, or back. Each is the gradient of the other.
type pixels struct {
	r    int
	back bool
}

func (o pixels) of(x *node) *node {
	if x.Err() != nil {
		return x
	}
	return graph.Apply(o, x)
}

func (o pixels) Name() string           { return graph.Title(o.Describe()) }
func (pixels) Locality() graph.Locality { return graph.Moves }

func (o pixels) Describe() graph.Call {
	if o.back {
		return graph.CallOf("pixel_unshuffle", "factor", o.r)
	}
	return graph.CallOf("pixel_shuffle", "factor", o.r)
}

func (o pixels) Shape(in []graph.Shape) (graph.Shape, error) {
	lengths, err := spatial(in[0])
	if err != nil {
		return in[0], err
	}
	d := in[0].Dims()
	for i, n := range lengths {
		whole, part := &d[1], &d[2+i]
		if o.back {
			whole, part = part, whole
		}
		if o.r < 1 || *whole%o.r != 0 {
			what := fmt.Sprintf("%d channels are not whole blocks of %d places along each of %d axes", in[0].Dim(1), o.r, len(lengths))
			if o.back {
				what = fmt.Sprintf("a length of %d does not divide into %d", n, o.r)
			}
			return in[0], errors.New(what)
		}
		*whole, *part = *whole/o.r, *part*o.r
	}
	return lower.ShapeOf(d)
}

func (o pixels) Grad(_, dy *node) []*node {
	o.back = !o.back
	return []*node{graph.Apply(o, dy)}
}

func (o pixels) Lower(b *builder, in []value) value {
	s := b.Shape(in[0])
	to, _ := o.Shape([]graph.Shape{s})
	small := s // with channels for pixels: images × channels × pixels of a square × lengths
	if o.back {
		small = to
	}
	d := small.Dims()
	n := len(d) - 2
	apart := slices.Concat([]int{d[0], d[1]}, slices.Repeat([]int{o.r}, n), d[2:])
	for range n {
		apart[1] /= o.r
	}
	order := []int{0, 1} // of the axes in the array with larger lengths
	for i := range n {
		order = append(order, 2+n+i, 2+i)
	}
	lengths := make([]int, len(order))
	for i, k := range order {
		lengths[i] = apart[k]
	}
	stride := strides(lengths)
	if !o.back {
		dense := strides(apart)
		for i, k := range order {
			stride[i] = dense[k]
		}
		return b.Reshape(b.Strided(in[0], graph.Dims(lengths...), stride, 0), to)
	}
	turned := make([]int, len(order))
	for i, k := range order {
		turned[k] = stride[i]
	}
	return b.Reshape(b.Strided(in[0], graph.Dims(apart...), turned, 0), to)
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
