package exec

import (
	"unsafe"

	"descent/internal/kernel"
)

// An oracle computes a Func as it was written, a value at a time: no pass, no
// group, no plan, no shared memory. It is for float64, where scalars are like
// arrays of one element; uniform constants are folded as [Func.foldConstant] does.
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
	case kShape:
		copy(dst, args[0][v.from:])
	case kOperation:
		o.operation(v, dst, args)
	}
}

func (o *oracle) operation(v *value, dst []float64, args [][]float64) {
	switch op := v.op.(type) {
	case reduction:
		if op.mid == 1 && op.how < kernel.ReduceArgMax {
			copy(dst, args[0]) // the one element, also where it is -0
			return
		}
		if op.sumsColumns() {
			sumStripes(dst, args[0], op.inner)
			break
		}
		kernel.ReducerOf[float64](op.how)(&dst[0], unsafe.SliceData(args[0]), op.outer, op.mid, op.inner)
	case dot:
		p := kernel.NewProductWith[float64](op.m, op.n, op.k, kernel.ProductOptions{TransA: op.ta, TransB: op.tb})
		p.Run(&dst[0], unsafe.SliceData(args[0]), unsafe.SliceData(args[1])) // the generator makes no batches
	case conv:
		kernel.NewConv[float64](op.ConvShape).Run(&dst[0], unsafe.SliceData(args[0]), unsafe.SliceData(args[1]), nil)
	case gather:
		eachOf(&op.view, func(k, at int) { dst[k] = args[0][at] })
	case *place:
		for k := range args {
			eachOf(&op.views[k], func(i, at int) { dst[at] = args[k][i] })
		}
	case *call:
		outs := op.outs
		if outs == nil {
			outs = [][]int{v.dims}
		}
		results := parts(dst, outs)
		if op.Over {
			copy(results[0], args[0])
		}
		op.F64(results, args, 0, op.Rows)
	case *loop:
		o.loop(op.Loop, dst, args)
	case attention:
		o.attention(op, dst, args)
	default:
		panic("exec: the oracle does not know " + v.op.line(nil))
	}
}

// folded reports whether foldConstant makes a constant of v if its operands are.
func (o *oracle) folded(v *value) bool {
	switch v.kind {
	case kMap, kShape:
		return true
	case kOperation:
		switch op := v.op.(type) {
		case gather:
			return true
		case reduction:
			return op.mid > 0 || op.how == kernel.ReduceSum || op.how == kernel.ReduceProd || op.how >= kernel.ReduceArgMax
		}
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
	g.foldConstant(&w)
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

// sumStripes adds up the columns of rows of n numbers: those of stripes, of chains of
// stripes, of blocks of chains.
func sumStripes(dst, x []float64, n int) {
	stripe := kernel.ColumnStripe(n) * n
	chain := stripe * kernel.ColumnChain
	for c := range n {
		total, block := 0.0, 0.0
		for at := 0; at < len(x); at += chain {
			sum := 0.0
			for i := c; i < stripe; i += n {
				lane := 0.0
				for k := at + i; k < min(at+chain, len(x)); k += stripe {
					lane += x[k]
				}
				sum += lane
			}
			if block += sum; (at+chain)%(stripe*kernel.ColumnBlock) == 0 {
				total, block = total+block, 0
			}
		}
		dst[c] = total + block
	}
}
