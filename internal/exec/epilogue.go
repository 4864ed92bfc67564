package exec

import (
	"math"
	"slices"

	"descent/internal/kernel"
)

// epilogue lets matrix products add a bias row and take max(·, 0) while the
// result is still in registers, where nothing else wants the plain product.
func epilogue(f *Func) {
	uses := f.useCounts()
	for i := range f.vals {
		v := &f.vals[i]
		if v.kind != kMap || v.scalar() {
			continue
		}
		for k := range v.args {
			x := &f.vals[v.args[k]]
			if x.kind != kDot || uses[v.args[k]] != 1 || !slices.Equal(x.dims, v.dims) || x.dot.relu || len(v.args) != 2 {
				continue
			}
			other := v.args[1-k]
			y := &f.vals[other]
			d := *x.dot
			switch {
			case v.code == kernel.Add && len(x.args) == 2 && isRow(y, d.n):
				*v = value{kind: kDot, args: []Val{x.args[0], x.args[1], other}, dims: v.dims, n: v.n, dot: &d, tag: v.tag}
			case v.code == kernel.Max && y.kind == kConst && y.imm == 0 && !math.Signbit(y.imm):
				d.relu = true
				*v = value{kind: kDot, args: f.own(x.args), dims: v.dims, n: v.n, dot: &d, tag: v.tag}
			default:
				continue
			}
			break
		}
	}
}

// descend lets a matrix product that is the gradient of a parameter move the
// parameter, p ← p - s·(A·B), while the gradient is in registers, if that is all
// that it is for. It is p + (-s)·(A·B), which is the same to the bit.
func descend(f *Func) {
	uses := f.useCounts()
	for _, u := range f.updates {
		v := &f.vals[u.Value]
		if v.kind != kMap || v.code != kernel.Sub || uses[u.Value] != 1 || v.args[0] != u.Leaf {
			continue
		}
		m := &f.vals[v.args[1]]
		if m.kind != kMap || m.code != kernel.Mul || uses[v.args[1]] != 1 {
			continue
		}
		s, g := m.args[0], m.args[1]
		if f.vals[g].scalar() {
			s, g = g, s
		}
		x := &f.vals[g]
		if !f.vals[s].scalar() || x.kind != kDot || uses[g] != 1 || len(x.args) != 2 || x.dot.relu || !slices.Equal(x.dims, v.dims) {
			continue
		}
		d := *x.dot
		if d.offA != nil || !f.canScale(d.m, d.n, d.k, d.ta, d.tb) {
			continue
		}
		d.scaled = true
		*v = value{kind: kDot, args: []Val{x.args[0], x.args[1], v.args[1], u.Leaf}, dims: v.dims, n: v.n, dot: &d, tag: v.tag}
		*m = value{kind: kMap, code: kernel.Neg, args: []Val{s}, n: 1, tag: m.tag}
	}
}

// isRow reports whether y is an array of n elements along the last axis.
func isRow(y *value, n int) bool {
	return !y.scalar() && y.n == n && y.dims[len(y.dims)-1] == n && y.kind != kConst
}

// useCounts counts how often each value is read, by values, outputs and
// updates.
func (f *Func) useCounts() []int {
	uses := make([]int, len(f.vals))
	for _, v := range f.vals {
		for _, a := range v.args {
			uses[a]++
		}
	}
	for _, v := range f.outputs {
		uses[v]++
	}
	for _, u := range f.updates {
		uses[u.Value]++
	}
	return uses
}
