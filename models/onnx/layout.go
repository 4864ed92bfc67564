package onnx

import "slices"

// A layout says where the elements of an array are in another one, that what moves elements
// about does not make new: a transpose, a slice, the heads of an attention.
type layout struct {
	offset int
	axes   [][]digit
}

// A digit is a part of an axis: n places, each so many elements behind the one before it.
// An axis of several has them as a number has digits, the first one counting most; an axis
// of one element has none.
type digit struct{ n, stride int }

// contiguous is the layout of an array in itself.
func contiguous(dims []int) layout {
	l := layout{axes: make([][]digit, len(dims))}
	stride := 1
	for i := len(dims) - 1; i >= 0; i-- {
		l.axes[i] = merged([]digit{{dims[i], stride}})
		stride *= dims[i]
	}
	return l
}

// merged has no digits that walk nowhere, and one for those that walk on as one.
func merged(digits []digit) (out []digit) {
	for _, d := range digits {
		if last := len(out) - 1; last >= 0 && out[last].stride == d.n*d.stride {
			out[last] = digit{out[last].n * d.n, d.stride}
		} else if d.n > 1 {
			out = append(out, d)
		}
	}
	return out
}

// length is that of an axis.
func length(axis []digit) int {
	n := 1
	for _, d := range axis {
		n *= d.n
	}
	return n
}

// dims are the lengths of the axes.
func (l layout) dims() (dims []int) {
	for _, axis := range l.axes {
		dims = append(dims, length(axis))
	}
	return dims
}

func (l layout) equal(other layout) bool {
	return l.offset == other.offset && slices.EqualFunc(l.axes, other.axes, slices.Equal)
}

// transpose puts axes in another order; ok is false if that is none.
func (l layout) transpose(perm ...int) (out layout, ok bool) {
	if out.offset = l.offset; len(perm) != len(l.axes) {
		return out, false
	}
	seen := make([]bool, len(perm))
	for _, p := range perm {
		if p < 0 || p >= len(perm) || seen[p] {
			return out, false
		}
		seen[p] = true
		out.axes = append(out.axes, l.axes[p])
	}
	return out, true
}

// reshape divides the elements among axes of other lengths; ok is false if an axis would
// be no digits.
func (l layout) reshape(dims []int) (out layout, ok bool) {
	out.offset = l.offset
	rest := merged(slices.Concat(l.axes...))
	for _, n := range dims {
		if n < 1 {
			return out, false
		}
		var axis []digit
		for n > 1 {
			switch {
			case len(rest) == 0:
				return out, false
			case n%rest[0].n == 0:
				axis = append(axis, rest[0])
				n, rest = n/rest[0].n, rest[1:]
			case rest[0].n%n == 0:
				inner := rest[0].n / n
				axis = append(axis, digit{n, rest[0].stride * inner})
				n, rest[0].n = 1, inner
			default:
				return out, false
			}
		}
		out.axes = append(out.axes, merged(axis))
	}
	return out, len(rest) == 0
}

// slice takes n places of an axis, step apart; ok is false if they are no digits.
func (l layout) slice(axis, start, n, step int) (out layout, ok bool) {
	digits := l.axes[axis]
	size := length(digits)
	if last := start + (n-1)*step; n < 1 || step == 0 || start < 0 || start >= size || last < 0 || last >= size {
		return l, false
	}
	if n == size && step == 1 {
		return l, true
	}
	inner, first := 1, digit{1, 0}
	if len(digits) > 0 {
		first, inner = digits[0], length(digits[1:])
	}
	out = layout{l.offset + start/inner*first.stride, slices.Clone(l.axes)}
	switch {
	case n == 1:
		out.offset, out.axes[axis] = l.offset+place(digits, start), nil
	case inner == 1:
		out.axes[axis] = []digit{{n, first.stride * step}}
	case step == 1 && start%inner == 0 && n%inner == 0:
		out.axes[axis] = merged(append([]digit{{n / inner, first.stride}}, digits[1:]...))
	default:
		return l, false
	}
	return out, true
}

// place is how far behind the first element of an axis another is.
func place(digits []digit, at int) (offset int) {
	for i := len(digits) - 1; i >= 0; i-- {
		offset += at % digits[i].n * digits[i].stride
		at /= digits[i].n
	}
	return offset
}

// apart divides digits where they walk from one axis of an array into the next.
func (l layout) apart(dims []int) layout {
	out := layout{offset: l.offset}
	for _, axis := range l.axes {
		var digits []digit
		for i := len(axis) - 1; i >= 0; i-- {
			d, end := axis[i], 1
			for k := len(dims) - 1; k >= 0 && d.n > 1; k-- {
				if end *= dims[k]; d.stride > 0 && d.stride < end && d.stride*d.n > end && end%d.stride == 0 && d.n%(end/d.stride) == 0 {
					inner := end / d.stride
					digits = append(digits, digit{inner, d.stride})
					d = digit{d.n / inner, end}
				}
			}
			digits = append(digits, d)
		}
		slices.Reverse(digits)
		out.axes = append(out.axes, digits)
	}
	return out
}

// offsets are where the elements are, in their order.
func (l layout) offsets() []int {
	at := []int{l.offset}
	for _, axis := range l.axes {
		for _, d := range axis {
			next := make([]int, 0, len(at)*d.n)
			for _, a := range at {
				for k := range d.n {
					next = append(next, a+k*d.stride)
				}
			}
			at = next
		}
	}
	return at
}
