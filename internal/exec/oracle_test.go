package exec

import (
	"unsafe"

	"descent/internal/kernel"
)

// An oracle computes a Func as it was written, a value at a time: no pass, no
// group, no plan, no shared memory. It is for float64, where scalars are like
// arrays of one element; uniform constants are folded as [Func.fold] does.
type oracle struct {
	f      *Func
	leaves [][]float64
	vals   [][]float64
	consts []bool
}

// run computes outputs and then all updates.
func (o *oracle) run() (outputs [][]float64) {
	f := o.f
	o.vals, o.consts = make([][]float64, len(f.vals)), make([]bool, len(f.vals))
	for i := range f.vals {
		o.vals[i] = make([]float64, size(f.vals[i].dims))
		o.value(Val(i))
	}
	for _, v := range f.outputs {
		outputs = append(outputs, o.vals[v])
	}
	for _, u := range f.updates {
		copy(o.leaves[f.vals[u.Leaf].leaf], o.vals[u.Value])
	}
	return outputs
}

func (o *oracle) value(i Val) {
	v := &o.f.vals[i]
	dst := o.vals[i]
	var args [][]float64
	folds := len(v.args) > 0
	for _, a := range v.args {
		args = append(args, o.vals[a])
		folds = folds && o.consts[a]
	}
	if v.kind == kConst || folds && o.folded(v) {
		o.consts[i] = true
		fillWith(dst, o.imm(v, args))
		return
	}
	if len(dst) == 0 {
		return
	}
	switch v.kind {
	case kLeaf:
		copy(dst, o.leaves[v.leaf])
	case kMap:
		var p [3]*float64
		for k, a := range v.args {
			p[k] = unsafe.SliceData(stretch(args[k], o.f.vals[a].dims, v.dims))
		}
		if v.scalar() {
			in := [3]float64{}
			for k := range v.args {
				in[k] = *p[k]
			}
			dst[0] = kernel.Eval(v.code, in[0], in[1], in[2])
			return
		}
		kernel.Vector[float64](v.code)(&dst[0], p[0], p[1], p[2], len(dst))
	case kReduce:
		if v.mid == 1 && v.fold < kernel.FoldArgMax {
			copy(dst, args[0]) // the one element, also where it is -0
			return
		}
		kernel.Reduction[float64](v.fold)(&dst[0], unsafe.SliceData(args[0]), v.outer, v.mid, v.inner)
	case kDot:
		o.dot(v, dst, args)
	case kGather:
		eachOf(&v.views[0], func(k, at int) { dst[k] = args[0][at] })
	case kPlace:
		for k := range args {
			eachOf(&v.views[k], func(i, at int) { dst[at] = args[k][i] })
		}
	case kShape:
		copy(dst, args[0][v.from:])
	case kCall:
		o.call(v, dst, args)
	}
}

// folded reports whether fold makes a constant of v if its operands are.
func (o *oracle) folded(v *value) bool {
	switch v.kind {
	case kMap, kShape, kGather:
		return true
	case kReduce:
		return v.mid > 0 || v.fold == kernel.FoldSum || v.fold == kernel.FoldProd || v.fold >= kernel.FoldArgMax
	}
	return false
}

func (o *oracle) imm(v *value, args [][]float64) float64 {
	if v.kind == kConst {
		return v.imm
	}
	g := &Func{}
	w := *v
	w.args = nil
	for _, a := range v.args {
		w.args = append(w.args, g.Const(o.constOf(a), nil))
	}
	g.fold(&w)
	return w.imm
}

// constOf returns the number of a constant value, which may have no elements.
func (o *oracle) constOf(a Val) float64 {
	v := &o.f.vals[a]
	if v.kind == kConst {
		return v.imm
	}
	return o.imm(v, nil)
}

func (o *oracle) dot(v *value, dst []float64, args [][]float64) {
	d := v.dot
	p := kernel.NewProductWith[float64](d.m, d.n, d.k, kernel.ProductOptions{TransA: d.ta, TransB: d.tb})
	offA, offB := d.offA, d.offB
	if offA == nil {
		offA, offB = []int{0}, []int{0}
	}
	for i := range offA {
		p.Run(&dst[i*d.m*d.n], elem(unsafe.SliceData(args[0]), offA[i]), elem(unsafe.SliceData(args[1]), offB[i]))
	}
}

func (o *oracle) call(v *value, dst []float64, args [][]float64) {
	outs := v.outs
	if outs == nil {
		outs = [][]int{v.dims}
	}
	var parts [][]float64
	at := 0
	for _, d := range outs {
		parts = append(parts, dst[at:at+size(d)])
		at += alignUp(size(d))
	}
	v.call.F64(parts, args)
}

func stretch(x []float64, dims, to []int) []float64 {
	v := BroadcastView(dims, to)
	out := make([]float64, v.Len())
	eachOf(&v, func(k, at int) { out[k] = x[at] })
	return out
}

// eachOf calls f for each element of a walk, with its number and where it is.
func eachOf(v *kernel.View, f func(k, at int)) {
	for k := range v.Len() {
		at, rest := v.Offset, k
		for i := v.Rank - 1; i >= 0; i-- {
			at += rest % v.Dims[i] * v.Stride[i]
			rest /= v.Dims[i]
		}
		f(k, at)
	}
}

func fillWith(dst []float64, x float64) {
	for i := range dst {
		dst[i] = x
	}
}
