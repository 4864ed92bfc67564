package exec

import (
	"cmp"
	"encoding/binary"
	"math"
	"slices"
	"unsafe"

	"descent/internal/kernel"
)

// The updates of a net's many small parameters do the same arithmetic on
// arrays of different lengths. A batch is a set of such regions whose operands
// lie side by side in memory, in the same order for each operand: it runs as
// one loop. Parameters and states are made that way (see [Slab]), and the plan
// puts their gradients so. The few unused elements between two arrays are
// computed too, and mean nothing: leaves must be padded.

// batchLimit is the length from which an array is worth a loop of its own.
const batchLimit = 4096

// batchCode is how many maps the code of a batch may have: a loop of more is not
// what a batch is for.
const batchCode = 200

// batchUpdates replaces groups that can run as one loop by one group. memory gives
// the leaves.
func batchUpdates[T kernel.Float](f *Func, groups []group, memory func(leaf int) []T) []group {
	b := batcher{f: f, root: f.roots(), users: f.useCounts(), target: map[Val]Val{}}
	for _, u := range f.updates {
		b.target[u.Value] = u.Leaf
	}
	kinds := map[string][]member{}
	var order []string
	out := make([]group, 0, len(groups))
	for _, g := range groups {
		p, ok := b.member(g)
		if !ok {
			out = append(out, g)
			continue
		}
		key := string(b.key)
		if kinds[key] == nil {
			order = append(order, key)
		}
		kinds[key] = append(kinds[key], p)
	}
	for _, key := range order {
		out = append(out, joinAdjacent(f, kinds[key], b.root, memory)...)
	}
	return out
}

// A member is one of the regions of a batch; its arrays start at elements into the
// batch's.
type member struct {
	vals []Val
	in   []Val // array operands, in the order of the code
	out  []Val // leaves that it replaces, too
	at   int
}

type batcher struct {
	f      *Func
	root   []Val
	users  []int       // by value
	target map[Val]Val // the leaf that a value replaces; if there are several, users tells
	key    []byte
}

// member returns what a region reads and replaces, and sets key so that equal
// keys mean equal code. It is not ok if the region cannot be in a batch:
// because it is long, has an operand that broadcasts, or has results that are
// more than updates.
func (b *batcher) member(g group) (p member, ok bool) {
	f := b.f
	if n := f.vals[g.vals[0]].n; !g.region || n < 2 || n > batchLimit || len(g.vals) > batchCode {
		return p, false // an array of one element is a scalar to its region
	}
	p.vals, b.key = g.vals, b.key[:0]
	word := func(kind byte, x uint64) { b.key = binary.AppendUvarint(append(b.key, kind), x) }
	for i, v := range g.vals {
		x := &f.vals[v]
		word('=', uint64(x.code))
		for _, a := range x.args {
			y := &f.vals[a]
			if k := slices.Index(g.vals[:i], a); k >= 0 {
				word('v', uint64(k))
				b.users[a]--
				continue
			}
			switch {
			case y.kind == kConst:
				word('c', math.Float64bits(y.imm))
			case y.scalar():
				word('s', uint64(a))
			case y.n == x.n && f.canBatch(b.root[a], x.n) && broadcastOf(x.dims, y.dims) == broadcastNone:
				k := slices.Index(p.in, a)
				if k < 0 {
					k = len(p.in)
					p.in = append(p.in, a)
				}
				word('a', uint64(k))
			default:
				return p, false
			}
		}
	}
	for i, v := range g.vals {
		if b.users[v] == 0 {
			continue
		}
		l, updates := b.target[v]
		if b.users[v] != 1 || !updates || !f.canBatch(l, f.vals[l].n) {
			return p, false
		}
		p.out = append(p.out, l)
		word('u', uint64(i))
	}
	return p, len(p.out) > 0
}

// canBatch reports whether an array of n elements can lie beside others: its
// memory is all its own, and not an input's, which lies where it lies, and what
// follows it is unused.
func (f *Func) canBatch(root Val, n int) bool {
	x := &f.vals[root]
	if x.kind != kLeaf {
		_, placed := x.placedIn()
		return x.n == n && !placed
	}
	l := &f.leaves[x.leaf]
	return x.n == n && !l.Input && l.Padded
}

// joinAdjacent makes batches of the members of one kind whose leaves lie side by
// side.
func joinAdjacent[T kernel.Float](f *Func, ps []member, root []Val, memory func(int) []T) (out []group) {
	addr := func(v Val) uintptr { // of a leaf; 0 for others
		if x := &f.vals[root[v]]; x.kind == kLeaf {
			return uintptr(unsafe.Pointer(unsafe.SliceData(memory(x.leaf))))
		}
		return 0
	}
	var zero T
	next := func(a, b member) bool {
		step := uintptr(alignUp(f.vals[a.vals[0]].n)) * sizeOf(zero)
		beside := func(a, b Val) bool {
			x, y := addr(a), addr(b)
			return x == 0 && y == 0 || x != 0 && y == x+step
		}
		return slices.EqualFunc(a.in, b.in, beside) && slices.EqualFunc(a.out, b.out, beside)
	}
	slices.SortStableFunc(ps, func(a, b member) int { return cmp.Compare(addr(a.out[0]), addr(b.out[0])) })
	for i := 0; i < len(ps); {
		j := i + 1
		for j < len(ps) && next(ps[j-1], ps[j]) {
			j++
		}
		out = append(out, f.batch(ps[i:j]))
		i = j
	}
	return out
}

// batch returns the group of some members; one alone is a plain region.
func (f *Func) batch(ps []member) group {
	g := group{region: true}
	for _, p := range ps {
		p.at = g.n
		g.vals = append(g.vals, p.vals...)
		g.batch = append(g.batch, p)
		g.n += alignUp(f.vals[p.vals[0]].n)
	}
	if len(ps) == 1 {
		g.batch = nil
	}
	return g
}

// batchArrays lists, for each array operand of a batch that is computed, its
// values: they must lie side by side.
func (f *Func) batchArrays(g group, root []Val) (out [][]Val) {
	if len(g.batch) == 0 {
		return nil
	}
	for k := range g.batch[0].in {
		var vals []Val
		for _, p := range g.batch {
			vals = append(vals, root[p.in[k]])
		}
		if f.vals[vals[0]].kind != kLeaf {
			out = append(out, vals)
		}
	}
	return out
}

// splitConflicting undoes batches whose operands cannot be put side by side, because
// one of them is wanted by two, and batches of which one member reads what another
// replaces.
func splitConflicting(f *Func, groups []group) []group {
	root := f.roots()
	taken := map[Val]bool{}
	out := make([]group, 0, len(groups))
	for _, g := range groups {
		if len(g.batch) == 0 {
			out = append(out, g)
			continue
		}
		ok := !f.overlaps(g, root)
		for _, vals := range f.batchArrays(g, root) {
			for _, v := range vals {
				x := &f.vals[v]
				ok = ok && !taken[v] && x.kind != kConst && !x.scalar()
				taken[v] = true
			}
		}
		if ok {
			out = append(out, g)
		} else {
			out = append(out, g.regions()...)
		}
	}
	return out
}

// overlaps reports whether a member of a batch reads a leaf that another replaces.
func (f *Func) overlaps(g group, root []Val) bool {
	writer := map[Val]int{}
	for i, p := range g.batch {
		for _, l := range p.out {
			writer[l] = i
		}
	}
	for i, p := range g.batch {
		for _, a := range p.in {
			if w, ok := writer[root[a]]; ok && w != i {
				return true
			}
		}
	}
	return false
}

// regions returns the regions of a batch.
func (g group) regions() (out []group) {
	for _, p := range g.batch {
		out = append(out, group{vals: p.vals, region: true})
	}
	return out
}

// splitUnserved undoes the batches whose results cannot all be computed in place, or
// of which an operand is computed in a leaf, and reports whether there were any.
func (p *plan) splitUnserved(f *Func, groups []group, root []Val) ([]group, bool) {
	var out []group
	for i, g := range groups {
		served := true
		for _, q := range g.batch {
			served = served && p.inPlace(q)
		}
		for _, vals := range f.batchArrays(g, root) {
			for _, v := range vals {
				served = served && p.allocs[v].space == spaceNone
			}
		}
		if served {
			if out != nil {
				out = append(out, g)
			}
			continue
		}
		if out == nil {
			out = slices.Clone(groups[:i])
		}
		out = append(out, g.regions()...)
	}
	if out == nil {
		return groups, false
	}
	return out, true
}

// inPlace reports whether a member of a batch computes all its updates in place.
func (p *plan) inPlace(q member) bool {
	n := 0
	for _, v := range q.vals {
		if p.allocs[v].space == spaceLeaf {
			n++
		}
	}
	return n == len(q.out)
}

// A Slab hands out arrays of memory that lie side by side, for leaves whose
// updates should run as one loop. Once a good many large ones were taken they
// lie side by side, too, for then the memory can have huge pages.
type Slab[T kernel.Float] struct {
	small, large []T // not taken yet
	taken        int // bytes, of large arrays
}

// Take returns n elements, zero, on a 64-byte boundary.
func (s *Slab[T]) Take(n int) []T {
	k := alignUp(max(n, 1))
	if n <= batchLimit {
		return take(&s.small, n, k, batchLimit)
	}
	var zero T
	size, block := int(unsafe.Sizeof(zero)), 0
	if s.taken >= kernel.HugeFrom {
		block = min(s.taken, 4*kernel.HugeFrom) / size
	}
	s.taken += k * size
	return take(&s.large, n, k, block)
}

// take cuts n elements, and as many unused ones as make k, off free, which is
// replaced by at least block elements if it is too short.
func take[T kernel.Float](free *[]T, n, k, block int) []T {
	if len(*free) < k {
		*free = kernel.Aligned[T](max(k, block))
	}
	p := (*free)[:n:k]
	*free = (*free)[k:]
	return p
}
