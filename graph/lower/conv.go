package lower

import (
	"fmt"
	"slices"

	"descent/internal/exec"
	"descent/internal/kernel"
)

// A Window is how a kernel walks along an axis of an array.
type Window = kernel.Window

// PerAxis returns a number for each of n axes, from as many, from one for all, or from
// none, which stands for by. It is an error if one is below least.
func PerAxis(what string, list []int, n, by, least int) ([]int, error) {
	switch {
	case len(list) == 0:
		list = slices.Repeat([]int{by}, n)
	case len(list) == 1:
		list = slices.Repeat(list, n)
	case len(list) != n:
		return nil, fmt.Errorf("%s %v: one number, or one for each of %d axes", what, list, n)
	}
	if k := slices.Min(list); k < least {
		return nil, fmt.Errorf("%s %d; at least %d is needed", what, k, least)
	}
	return list, nil
}

// A Convolution says which of the three products of a convolution is computed,
// and of what.
type Convolution = kernel.ConvShape

// ConvMode is which product.
type ConvMode = kernel.ConvMode

// The products: each is linear in both operands, and its gradients are the others.
const (
	ConvForward = kernel.ConvForward // y of x and w
	ConvInput   = kernel.ConvInput   // dx of dy and w
	ConvWeights = kernel.ConvWeights // dw of x and dy
)

// Conv computes one of them. x is images × channels × rows × columns, w channels of
// y × channels of a group × rows × columns.
func (b *Builder) Conv(s Convolution, p, q Value) Value {
	weights := s.Mode != ConvWeights
	p = b.inner(p, false)
	q = b.inner(q, weights)
	return b.outer(Value(b.f.Conv(s, exec.Val(p), exec.Val(q))), !weights)
}

// inner puts channels last, as loops over pixels want them; those of weights are
// the first axes, and both go last, in the other order.
func (b *Builder) inner(x Value, weights bool) Value {
	if weights {
		return b.permuted(x, 2, 3, 1, 0)
	}
	return b.permuted(x, 0, 2, 3, 1)
}

// outer undoes inner.
func (b *Builder) outer(x Value, weights bool) Value {
	if weights {
		return b.permuted(x, 3, 2, 0, 1)
	}
	return b.permuted(x, 0, 3, 1, 2)
}

// permuted is x with axes in another order.
func (b *Builder) permuted(x Value, order ...int) Value {
	from := b.Shape(x)
	stride, n := make([]int, from.Rank()), 1
	for i := from.Rank() - 1; i >= 0; i-- {
		stride[i] = n
		n *= from.Dim(i)
	}
	to, walk, moved, last := make([]int, len(order)), make([]int, len(order)), false, -1
	for i, k := range order {
		to[i], walk[i] = from.Dim(k), stride[k]
		if to[i] != 1 {
			moved = moved || k < last
			last = k
		}
	}
	if !moved {
		return b.Reshape(x, Dims(to...))
	}
	return b.Strided(x, Dims(to...), walk, 0)
}
