package exec

import (
	"slices"

	"descent/internal/kernel"
)

// epilogue lets operations compute the maps that follow them as well, such as a
// product its bias and max(·, 0) while the result is in registers, where nobody
// else wants the plain result.
func epilogue(f *Func) {
	uses := f.useCounts()
	for i := range f.vals {
		v := &f.vals[i]
		if v.kind != kMap || v.scalar() || len(v.args) != 2 {
			continue
		}
		for k, a := range v.args {
			x := &f.vals[a]
			if uses[a] != 1 || !slices.Equal(x.dims, v.dims) {
				continue
			}
			if x.kind == kShape {
				if f.epilogueInside(v, k, uses) {
					break
				}
				continue
			}
			if x.kind != kOperation {
				continue
			}
			if o, args := x.op.epilogue(f, x, v, k); o != nil {
				*v = value{kind: kOperation, op: o, args: args, dims: v.dims, n: v.n, tag: v.tag}
				break
			}
		}
	}
}

// epilogueInside is [epilogue] where the k-th operand of v is a reshape that keeps
// the last axis: v becomes the reshape of what computes both.
func (f *Func) epilogueInside(v *value, k int, uses []int) bool {
	shape := &f.vals[v.args[k]]
	a := shape.args[0]
	x := &f.vals[a]
	last := func(dims []int) int { return dims[len(dims)-1] }
	if x.kind != kOperation || uses[a] != 1 || x.n != v.n || len(x.dims) == 0 || last(x.dims) != last(v.dims) {
		return false
	}
	m := *v
	m.args = slices.Clone(v.args)
	if y := f.rootOf(v.args[1-k]); f.vals[y].n == v.dims[len(v.dims)-1] && isRow(&f.vals[v.args[1-k]], f.vals[y].n) {
		m.args[1-k] = y // which is made before its reshapes
	}
	o, args := x.op.epilogue(f, x, &m, k)
	if o == nil || slices.ContainsFunc(args, func(arg Val) bool { return arg >= a }) {
		return false
	}
	x.op, x.args = o, args
	*v = value{kind: kShape, args: f.own([]Val{a}), dims: v.dims, n: v.n, tag: v.tag}
	return true
}

// descend lets an operation that is the gradient of a parameter move the
// parameter, p ← p - s·x, while the gradient is in registers, if that is all that
// it is for. It is p + (-s)·x, which is the same to the bit.
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
		if !f.vals[s].scalar() || x.kind != kOperation || uses[g] != 1 || !slices.Equal(x.dims, v.dims) {
			continue
		}
		o := x.op.accumulate(f, x)
		if o == nil {
			continue
		}
		args := append(slices.Clone(x.args), v.args[1], u.Leaf)
		*v = value{kind: kOperation, op: o, args: args, dims: v.dims, n: v.n, tag: v.tag}
		*m = value{kind: kMap, code: kernel.Neg, args: []Val{s}, n: 1, tag: m.tag}
	}
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
