package exec

import (
	"slices"

	"descent/internal/kernel"
)

// Outside, arrays are images × channels × lengths; loops over pixels want channels
// last, the inner order, and whoever builds a program puts a strided read on either
// side of them. The pass layout moves these reads behind elementwise values and
// reductions, so that those too are computed in the inner order, and drops pairs that
// undo each other. What reads of an array's elements in another order, such as a
// reshape to rows, ends it.

// layout rebuilds the program.
func layout(f *Func) {
	if !slices.ContainsFunc(f.vals, func(v value) bool { return f.turned(&v) }) {
		return
	}
	old := f.vals
	to := make([]Val, len(old))
	f.vals = make([]value, 0, len(old)+len(old)/4+8)
	for i, v := range old {
		for k, a := range v.args {
			v.args[k] = to[a]
		}
		f.tag = v.tag
		to[i] = f.laidOut(v)
	}
	f.rename(to, false)
}

// laidOut adds v, or what computes it in the inner order.
func (f *Func) laidOut(v value) Val {
	var x Val
	ok := false
	switch o := v.op.(type) {
	case gather:
		x, ok = f.composed(o.view, v.args[0])
	case reduction:
		if x, ok = f.innerReduction(o, &v); !ok {
			v = f.joinReductions(o, v)
		}
	default:
		switch v.kind {
		case kMap:
			x, ok = f.innerMap(&v)
		case kShape:
			x, ok = f.innerShape(&v)
		}
	}
	if ok {
		return x
	}
	f.vals = append(f.vals, v)
	return Val(len(f.vals) - 1)
}

// inner puts the second axis last.
func inner[E any](axes []E) []E {
	if len(axes) < 3 {
		return axes
	}
	return append(append([]E{axes[0]}, axes[2:]...), axes[1])
}

// outerView reads an array in the inner order as one of shape dims.
func outerView(dims []int) kernel.View {
	v := kernel.View{Rank: len(dims)}
	copy(v.Dims[:], dims)
	stride := 1
	place := func(axis int) {
		v.Stride[axis] = stride
		stride *= dims[axis]
	}
	place(1)
	for i := len(dims) - 1; i >= 2; i-- {
		place(i)
	}
	place(0)
	return v
}

// ordered reports whether the inner order of an array is its own.
func ordered(dims []int) bool {
	return len(dims) < 3 || dims[1] == 1 || size(dims[2:]) == 1
}

// turned reports whether v reads an array in the inner order as it is outside.
func (f *Func) turned(v *value) bool {
	view, ok := v.gathered()
	if !ok || ordered(v.dims) || view.Offset != 0 || f.vals[v.args[0]].n != v.n {
		return false
	}
	want := outerView(v.dims)
	for i, d := range v.dims {
		if d != 1 && view.Stride[i] != want.Stride[i] {
			return false
		}
	}
	return true
}

// walked is x read through a view, as simply as it can be.
func (f *Func) walked(x Val, v kernel.View) Val {
	dims := slices.Clone(v.Dims[:v.Rank])
	stride, dense := 1, v.Offset == 0 && v.Len() == f.vals[x].n
	for i := v.Rank - 1; i >= 0; i-- {
		dense = dense && (dims[i] == 1 || v.Stride[i] == stride)
		stride *= dims[i]
	}
	if dense {
		return f.Reshape(x, dims)
	}
	return f.Gather(x, v)
}

// composed joins a read of all elements of a, its axes in another order, with the read
// that a is.
func (f *Func) composed(view kernel.View, a Val) (Val, bool) {
	v := &f.vals[a]
	first, ok := v.gathered()
	if !ok || view.Offset != 0 || view.Len() != v.n {
		return 0, false
	}
	dense := BroadcastView(v.dims, v.dims)
	for i, d := range view.Dims[:view.Rank] {
		if d == 1 {
			continue
		}
		k := slices.IndexFunc(v.dims, func(n int) bool { return n == d })
		for k >= 0 && k < len(v.dims) && (v.dims[k] != d || dense.Stride[k] != view.Stride[i]) {
			k++
		}
		if k < 0 || k == len(v.dims) {
			return 0, false
		}
		view.Stride[i] = first.Stride[k]
	}
	view.Offset = first.Offset
	return f.walked(v.args[0], view), true
}

// innerShape is a turned array, or one that is repeated, that gets or loses axes of
// length 1.
func (f *Func) innerShape(v *value) (Val, bool) {
	x := &f.vals[v.args[0]]
	if v.from != 0 || v.n != x.n || len(v.dims) > kernel.MaxRank || !f.turned(x) && !f.repeats(x) {
		return 0, false
	}
	view, _ := x.gathered()
	var long, strides []int
	for i, d := range x.dims {
		if d != 1 {
			long, strides = append(long, d), append(strides, view.Stride[i])
		}
	}
	to := kernel.View{Rank: len(v.dims), Offset: view.Offset}
	copy(to.Dims[:], v.dims)
	k := 0
	for i, d := range v.dims {
		if d == 1 {
			continue
		}
		if k == len(long) || long[k] != d {
			return 0, false
		}
		to.Stride[i] = strides[k]
		k++
	}
	return f.walked(x.args[0], to), true
}

// innerMap computes a map in the inner order if no fewer of its operands have been
// turned than would have to be. What repeats a smaller array is read in either order.
func (f *Func) innerMap(v *value) (Val, bool) {
	if ordered(v.dims) {
		return 0, false
	}
	turned, others := 0, 0
	for _, a := range v.args {
		x := &f.vals[a]
		switch {
		case x.n != v.n || x.kind == kConst || f.repeats(x):
		case f.turned(x) && len(x.dims) == len(v.dims):
			turned++
		default:
			others++
		}
	}
	if turned == 0 || turned < others {
		return 0, false
	}
	args := make([]Val, len(v.args))
	for k, a := range v.args {
		args[k] = f.toInner(a, len(v.dims))
	}
	return f.Gather(f.Map(v.code, args...), outerView(v.dims)), true
}

// toInner is an operand of a map of so many axes in the inner order.
func (f *Func) toInner(a Val, rank int) Val {
	v := f.vals[a]
	if v.n == 1 {
		return a
	}
	dims := append(slices.Repeat([]int{1}, rank-len(v.dims)), v.dims...)
	if v.kind == kConst {
		return f.Const(v.imm, inner(dims))
	}
	if f.turned(&v) && len(v.dims) == rank {
		return f.Reshape(v.args[0], inner(dims))
	}
	walk := BroadcastView(dims, dims)
	if f.repeats(&v) && len(v.dims) == rank {
		walk, _ = v.gathered()
		a = v.args[0]
	}
	turned := kernel.View{Rank: rank, Offset: walk.Offset}
	copy(turned.Dims[:], inner(walk.Dims[:rank]))
	copy(turned.Stride[:], inner(walk.Stride[:rank]))
	return f.walked(a, turned)
}

// repeats reports whether v reads elements of an array again and again.
func (f *Func) repeats(v *value) bool {
	view, ok := v.gathered()
	return ok && f.vals[v.args[0]].n < v.n && slices.Contains(view.Stride[:view.Rank], 0)
}

// innerReduction reduces a turned array in the inner order.
func (f *Func) innerReduction(o reduction, v *value) (Val, bool) {
	x := &f.vals[v.args[0]]
	if o.how >= kernel.ReduceArgMax || len(x.dims) != len(v.dims) || !f.turned(x) {
		return 0, false
	}
	var axes []int
	for i, k := range inner(axesUpTo(len(v.dims))) {
		if v.dims[k] != x.dims[k] {
			axes = append(axes, i)
		}
	}
	y := f.Reduce(o.how, f.Reshape(x.args[0], inner(x.dims)), axes)
	return f.walked(y, outerView(v.dims)), true
}

// joinReductions makes one reduction of second, over the first axes, and of the one of
// the axes behind them that is its operand, such as those of images and of pixels.
func (f *Func) joinReductions(second reduction, v value) value {
	x := &f.vals[f.rootOf(v.args[0])]
	first, ok := x.op.(reduction)
	if ok && first.how == second.how && second.outer == 1 && first.outer == second.mid && first.inner == second.inner && x.n == first.outer*first.inner {
		v.op = reduction{how: first.how, outer: 1, mid: first.outer * first.mid, inner: first.inner}
		v.args = f.own(x.args)
	}
	return v
}

// axesUpTo lists the axes of an array.
func axesUpTo(rank int) []int {
	axes := make([]int, rank)
	for i := range axes {
		axes[i] = i
	}
	return axes
}
