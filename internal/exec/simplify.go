package exec

import (
	"fmt"
	"math"
	"slices"

	"descent/internal/kernel"
)

// A pass improves a program. Passes keep operands before their uses and never
// change a result by a bit, but for uniform constants, which are folded in
// float64, folds of one element, which are that element (a sum of one -0 is 0
// otherwise), and products that read a transposed operand in place (the kernel
// may add in another order).
type pass struct {
	name  string
	why   string
	run   func(*Func)
	joins bool // makes one step of several values: not in checking programs
}

// passes in the order they run.
var passes = []pass{
	{"dead", "first, so that nothing below spends time on unused gradients", dead, false},
	{"simplify", "before cse: folding and algebra make equal what was written differently", simplify, false},
	{"cse", "after simplify; exact, by operands and attributes", cse, false},
	{"dead", "simplify and cse leave the operands of what they replaced", dead, false},
	{"snapshot", "after algebra, which may find that an output is a leaf", snapshot, false},
	{"epilogue", "after dead, which tells what is used once", epilogue, true},
	{"dead", "epilogue leaves the products that it extended", dead, true},
	{"expand", "after algebra, which drops the broadcasts that maps do by themselves", expand, false},
	{"box", "last: scalars live apart from arrays, and only steps care", box, false},
}

// optimize runs the passes, with check after each if it is not nil.
func (f *Func) optimize(check func(*Func) error, join bool) error {
	for _, p := range passes {
		if p.joins && !join {
			continue
		}
		p.run(f)
		if check != nil {
			if err := check(f); err != nil {
				return fmt.Errorf("after pass %s: %w", p.name, err)
			}
		}
	}
	return nil
}

// dead removes values that no output or update needs. Leaves stay: they are
// the program's interface.
func dead(f *Func) {
	live := make([]bool, len(f.vals))
	for _, v := range f.outputs {
		live[v] = true
	}
	for _, u := range f.updates {
		live[u.Leaf], live[u.Value] = true, true
	}
	for i := len(f.vals) - 1; i >= 0; i-- {
		if f.vals[i].kind == kLeaf {
			live[i] = true
		}
		if live[i] {
			for _, a := range f.vals[i].args {
				live[a] = true
			}
		}
	}
	to := make([]Val, len(f.vals))
	kept := f.vals[:0]
	for i, v := range f.vals {
		if live[i] {
			to[i] = Val(len(kept))
			kept = append(kept, v)
		}
	}
	f.vals = kept
	f.rename(to, true)
}

// rename applies a renumbering to outputs and updates and, if asked, operands.
func (f *Func) rename(to []Val, args bool) {
	if args {
		for i := range f.vals {
			for k, a := range f.vals[i].args {
				f.vals[i].args[k] = to[a]
			}
		}
	}
	for i, v := range f.outputs {
		f.outputs[i] = to[v]
	}
	for i, u := range f.updates {
		f.updates[i] = Update{to[u.Leaf], to[u.Value]}
	}
}

// rewrite visits values in order, with operands already replaced; visit may
// change the value in place, or return another earlier one to use instead.
func rewrite(f *Func, visit func(i Val, v *value) Val) {
	to := make([]Val, len(f.vals))
	for i := range f.vals {
		v := &f.vals[i]
		for k, a := range v.args {
			v.args[k] = to[a]
		}
		to[i] = visit(Val(i), v)
	}
	f.rename(to, false)
}

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
			x = math.Pow(x, float64(v.mid))
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

// snapshot copies outputs that are leaves and will be replaced by an update.
func snapshot(f *Func) {
	root := f.roots()
	updated := map[Val]bool{}
	for _, u := range f.updates {
		updated[u.Leaf] = true
	}
	for i, v := range f.outputs {
		if l := root[v]; updated[l] && !f.vals[v].scalar() && !f.vals[l].scalar() {
			f.tag = f.vals[l].tag
			f.outputs[i] = f.Call(&Call{Name: "snapshot", F32: copyCall[float32], F64: copyCall[float64]}, [][]int{f.vals[v].dims}, v)[0]
		}
	}
}

func copyCall[T kernel.Float](dst, src [][]T) { copy(dst[0], src[0]) }

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

// cseKey identifies a computation exactly. Shapes are in it because a reshape
// and a constant are the same but for them.
type cseKey struct {
	kind       kind
	code       kernel.Code
	fold       kernel.Fold
	imm        uint64
	ta, tb     bool
	key        any
	rank, args int
	dims       [kernel.MaxRank]int
	arg        [3]Val
	view       kernel.View
	mid, inner int
	from       int
}

// cse merges values that compute the same thing.
func cse(f *Func) {
	seen := make(map[cseKey]Val, len(f.vals))
	rewrite(f, func(i Val, v *value) Val {
		if v.kind == kLeaf || v.kind == kPlace || len(v.args) > 3 || (v.kind == kCall && v.call.Key == nil) {
			return i
		}
		k := cseKey{kind: v.kind, code: v.code, fold: v.fold, imm: math.Float64bits(v.imm), rank: len(v.dims), args: len(v.args), mid: v.mid, inner: v.inner, from: v.from}
		copy(k.dims[:], v.dims)
		copy(k.arg[:], v.args)
		switch v.kind {
		case kGather:
			k.view = v.views[0]
		case kDot:
			k.ta, k.tb = v.dot.ta, v.dot.tb
		case kCall:
			k.key = v.call.Key
		}
		if j, ok := seen[k]; ok {
			return j
		}
		seen[k] = i
		return i
	})
}

// box makes the crossings between scalars, which are float64, and arrays
// explicit. Maps take scalars as they are; sums make them.
func box(f *Func) {
	old := f.vals
	to := make([]Val, len(old))
	boxed := map[Val]Val{}
	f.vals = make([]value, 0, len(old)+len(old)/8+8)
	emit := func(v value) Val {
		f.vals = append(f.vals, v)
		return Val(len(f.vals) - 1)
	}
	for i, v := range old {
		for k, a := range v.args {
			v.args[k] = to[a]
		}
		crosses := v.kind != kMap && v.kind != kLeaf && v.kind != kConst
		if crosses && v.kind != kShape {
			for k, a := range v.args {
				x := f.vals[a]
				if !x.scalar() {
					continue
				}
				if _, ok := boxed[a]; !ok {
					boxed[a] = emit(value{kind: kBox, args: []Val{a}, dims: []int{1}, n: 1, tag: x.tag})
				}
				v.args[k] = boxed[a]
			}
		}
		switch {
		case v.kind == kShape && v.scalar():
			v.kind = kUnbox
		case v.kind == kShape && f.vals[v.args[0]].scalar():
			v.kind = kBox
		case crosses && v.scalar() && !(v.kind == kReduce && v.fold == kernel.FoldSum):
			v.dims = []int{1}
			v = value{kind: kUnbox, args: []Val{emit(v)}, dims: nil, n: 1, tag: v.tag}
		}
		to[i] = emit(v)
	}
	f.rename(to, false)
}

// Verify checks what every pass must leave true.
func Verify(f *Func) error {
	for i, v := range f.vals {
		if v.n != size(v.dims) {
			return fmt.Errorf("value %d: %d elements for shape %v", i, v.n, v.dims)
		}
		for _, a := range v.args {
			if a < 0 || int(a) >= i {
				return fmt.Errorf("value %d (%s) uses value %d, which does not come before it", i, kindNames[v.kind], a)
			}
		}
		switch v.kind {
		case kMap:
			for _, a := range v.args {
				if !canBroadcast(f.vals[a].dims, v.dims) {
					return fmt.Errorf("value %d (%v): operand %v does not broadcast to %v", i, v.code, f.vals[a].dims, v.dims)
				}
			}
		case kShape:
			if x := f.vals[v.args[0]]; x.n != v.n && x.outs == nil {
				return fmt.Errorf("value %d: reshape of %v to %v", i, f.vals[v.args[0]].dims, v.dims)
			}
		case kReduce:
			if f.vals[v.args[0]].n != v.outer*v.mid*v.inner || v.n != v.outer*v.inner {
				return fmt.Errorf("value %d: %v of %v to %v", i, v.fold, f.vals[v.args[0]].dims, v.dims)
			}
		}
	}
	for _, u := range f.updates {
		if f.vals[u.Leaf].kind != kLeaf || f.vals[u.Leaf].n != f.vals[u.Value].n {
			return fmt.Errorf("update of value %d by value %d does not fit", u.Leaf, u.Value)
		}
	}
	return nil
}
