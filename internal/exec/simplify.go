package exec

import (
	"math"
	"slices"

	"descent/internal/elementary"
	"descent/internal/kernel"
)

func simplify(f *Func) {
	rewrite(f, func(i Val, v *value) Val {
		f.fold(v)
		return f.algebra(i, v)
	})
}

// fold replaces a value computed from uniform constants by a constant.
func (f *Func) fold(v *value) {
	for _, a := range v.args {
		if f.vals[a].kind != kConst {
			return
		}
	}
	var x float64
	switch v.kind {
	case kMap:
		var in [3]float64
		for k, a := range v.args {
			in[k] = f.vals[a].imm
		}
		x = kernel.Eval(v.code, in[0], in[1], in[2])
	case kShape, kGather:
		x = f.vals[v.args[0]].imm
	case kReduce:
		x = f.vals[v.args[0]].imm
		switch {
		case v.fold == kernel.FoldSum && v.mid == 0:
			x = 0
		case v.fold == kernel.FoldSum:
			x *= float64(v.mid)
		case v.fold == kernel.FoldProd:
			x = elementary.Pow(x, float64(v.mid))
		case v.fold >= kernel.FoldArgMax:
			x = 0
		case v.mid == 0:
			return
		}
	default:
		return
	}
	*v = value{kind: kConst, imm: x, dims: v.dims, n: v.n, tag: v.tag}
}

// algebra applies identities that hold bit for bit.
func (f *Func) algebra(i Val, v *value) Val {
	switch v.kind {
	case kMap:
		return f.mapIdentity(i, v)
	case kShape:
		x := &f.vals[v.args[0]]
		if x.kind == kShape {
			v.args[0], v.from = x.args[0], v.from+x.from
		}
		if f.uniform(x) && x.n > 1 && v.from == 0 && v.n == x.n {
			*v = value{kind: kGather, args: f.own(x.args), dims: v.dims, n: v.n, views: []kernel.View{BroadcastView(nil, v.dims)}, tag: v.tag}
			return i
		}
		if v.scalar() && x.kind == kReduce && x.fold == kernel.FoldSum && x.outer*x.inner == 1 {
			dims := v.dims // sum straight to a scalar, which keeps float64
			*v = *x
			v.dims, v.args = dims, f.own(x.args)
			return i
		}
		if v.from == 0 && slices.Equal(f.vals[v.args[0]].dims, v.dims) {
			return v.args[0]
		}
	case kReduce:
		if v.mid == 1 && v.fold < kernel.FoldArgMax { // nothing to fold: a reshape
			x := v.args[0]
			if slices.Equal(f.vals[x].dims, v.dims) {
				return x
			}
			*v = value{kind: kShape, args: v.args, dims: v.dims, n: v.n, tag: v.tag}
		}
	case kGather:
		if x := &f.vals[v.args[0]]; f.uniform(v) && x.kind == kShape && f.vals[x.args[0]].scalar() {
			v.args[0] = x.args[0] // one number, however it was wrapped
			v.views = []kernel.View{BroadcastView(nil, v.dims)}
		}
		if identityView(&v.views[0], f.vals[v.args[0]].dims) {
			return v.args[0]
		}
	case kDot:
		d := *v.dot
		for k, t := range []*bool{&d.ta, &d.tb} {
			x := &f.vals[v.args[k]]
			if x.kind == kGather && transposes(&x.views[0], f.vals[x.args[0]].dims) {
				v.args[k] = x.args[0]
				*t = !*t
				v.dot = &d
			}
		}
	}
	return i
}

// uniform reports whether v stretches one number.
func (f *Func) uniform(v *value) bool {
	return v.kind == kGather && f.vals[v.args[0]].n == 1 && v.views[0].Offset == 0
}

// mapIdentity applies x·1, x/1, x-0, x+(-0), -(-x), pow(x, 1 or 2) and choices
// that are known, and drops broadcasts that the primitive does by itself.
func (f *Func) mapIdentity(i Val, v *value) Val {
	for k, a := range v.args {
		x := &f.vals[a]
		if x.kind == kGather {
			src := f.vals[x.args[0]].dims
			if bv := x.views[0]; len(src) <= len(x.dims) && canBroadcast(src, x.dims) && bv == BroadcastView(src, x.dims) && f.stillBroadcasts(v, k, src) {
				v.args[k] = x.args[0]
			}
		}
	}
	same := func(a Val) Val {
		if slices.Equal(f.vals[a].dims, v.dims) {
			return a
		}
		return i
	}
	is := func(a Val, x float64) bool {
		c := &f.vals[a]
		return c.kind == kConst && c.imm == x && math.Signbit(c.imm) == math.Signbit(x)
	}
	negZero := math.Copysign(0, -1)
	switch v.code {
	case kernel.Mul:
		if is(v.args[1], 1) {
			return same(v.args[0])
		}
		if is(v.args[0], 1) {
			return same(v.args[1])
		}
	case kernel.Div:
		if is(v.args[1], 1) {
			return same(v.args[0])
		}
	case kernel.Sub:
		if is(v.args[1], 0) {
			return same(v.args[0])
		}
	case kernel.Add:
		if is(v.args[1], negZero) {
			return same(v.args[0])
		}
		if is(v.args[0], negZero) {
			return same(v.args[1])
		}
	case kernel.Neg:
		if x := &f.vals[v.args[0]]; x.kind == kMap && x.code == kernel.Neg {
			return x.args[0]
		}
	case kernel.Where:
		if is(v.args[0], 1) {
			return same(v.args[1])
		}
		if is(v.args[0], 0) {
			return same(v.args[2])
		}
	case kernel.Pow:
		if is(v.args[1], 1) {
			return same(v.args[0])
		}
		if is(v.args[1], 2) {
			v.code, v.args = kernel.Mul, []Val{v.args[0], v.args[0]}
		}
	}
	return i
}

// stillBroadcasts reports whether v keeps its shape when operand k has shape d.
func (f *Func) stillBroadcasts(v *value, k int, d []int) bool {
	var dims []int
	for j, a := range v.args {
		x := f.vals[a].dims
		if j == k {
			x = d
		}
		dims = broadcast(dims, x)
	}
	return slices.Equal(dims, v.dims)
}

func canBroadcast(from, to []int) bool {
	k := len(to) - len(from)
	for i, d := range from {
		if d != 1 && d != to[k+i] {
			return false
		}
	}
	return true
}

// identityView reports whether a walk visits a dense array in its own order.
func identityView(v *kernel.View, dims []int) bool {
	return slices.Equal(v.Dims[:v.Rank], dims) && *v == BroadcastView(dims, dims)
}

// transposes reports whether a walk swaps the last two axes of a dense array.
func transposes(v *kernel.View, dims []int) bool {
	r := len(dims)
	if r < 2 || v.Rank != r || v.Offset != 0 {
		return false
	}
	swapped := slices.Clone(dims)
	swapped[r-1], swapped[r-2] = swapped[r-2], swapped[r-1]
	if !slices.Equal(v.Dims[:r], swapped) {
		return false
	}
	stride := 1
	for i := r - 1; i >= 0; i-- {
		at := i
		if i >= r-2 {
			at = 2*r - 3 - i
		}
		if v.Stride[at] != stride && dims[i] != 1 {
			return false
		}
		stride *= dims[i]
	}
	return true
}
