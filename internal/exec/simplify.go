package exec

import "descent/internal/kernel"

func simplify(f *Func) {
	rewrite(f, func(i Val, v *value) Val {
		f.foldConstant(v)
		return f.algebra(i, v)
	})
}

// foldConstant replaces a value computed from uniform constants by a constant.
func (f *Func) foldConstant(v *value) {
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
	case kShape:
		x = f.vals[v.args[0]].imm
	case kOperation:
		ok := len(v.args) == 1
		if ok {
			x, ok = v.op.constant(f.vals[v.args[0]].imm)
		}
		if !ok {
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
		return f.shapeIdentity(i, v)
	case kOperation:
		return v.op.simplify(f, i, v)
	}
	return i
}
