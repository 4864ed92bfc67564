package exec

import (
	"fmt"
	"slices"
)

// A group is what one step computes: a region of maps over one domain, a run
// of scalar maps, or a single value of another kind.
type group struct {
	vals   []Val // in order; of a region, maps and then reductions of what they compute
	region bool
	batch  []member // regions that run as one loop; vals are those of all
	n      int      // elements of that loop
}

// arrayMap reports whether v is a map over an array (not a scalar).
func (v *value) arrayMap() bool { return v.kind == kMap && !v.scalar() }

// memoryless reports whether v needs no step: it is there before the run, or
// it is another name for the memory of its operand.
func (v *value) memoryless() bool {
	return v.kind == kLeaf || v.kind == kConst || v.kind == kShape
}

// roots maps each value to the one whose memory holds it.
func (f *Func) roots() []Val {
	root := make([]Val, len(f.vals))
	for i, v := range f.vals {
		root[i] = Val(i)
		if v.kind == kShape {
			root[i] = root[v.args[0]]
		}
	}
	return root
}

// rootOf returns the value whose memory holds v.
func (f *Func) rootOf(v Val) Val {
	for f.vals[v].kind == kShape {
		v = f.vals[v].args[0]
	}
	return v
}

// fuse partitions the values into groups. Two maps over the same domain may
// share a step exactly when no path between them leaves the maps over that
// domain; with level(v) counting the edges that do leave on the way to v, that
// is so whenever their levels are equal. One pass computes levels, a second
// sinks cheap maps to their only user, a third splits what is not connected.
func fuse(f *Func) []group {
	level := f.levels()
	f.sink(level)

	parent := make([]Val, len(f.vals))
	for i := range parent {
		parent[i] = Val(i)
	}
	find := func(v Val) Val {
		for parent[v] != v {
			parent[v] = parent[parent[v]]
			v = parent[v]
		}
		return v
	}
	together := func(a, b Val) bool {
		return level[a] == level[b] && f.isFixed(a) == f.isFixed(b) && slices.Equal(f.vals[a].dims, f.vals[b].dims)
	}
	type use struct {
		arg Val
		lvl int32
	}
	reader := map[use]Val{} // a map of this level that reads the array arg
	for i, v := range f.vals {
		if !v.arrayMap() {
			continue
		}
		for _, a := range v.args {
			x := &f.vals[a]
			if x.arrayMap() && together(a, Val(i)) {
				parent[find(Val(i))] = find(a)
			} else if x.n == v.n && x.kind != kConst {
				if r, ok := reader[use{a, level[i]}]; ok && together(r, Val(i)) {
					parent[find(Val(i))] = find(r)
				}
				reader[use{a, level[i]}] = Val(i)
			}
		}
	}
	at := map[Val]int{}
	groups := make([]group, 0, len(f.vals))
	for i := range f.vals {
		v := &f.vals[i]
		if v.memoryless() {
			continue
		}
		if !v.arrayMap() {
			groups = append(groups, group{vals: f.own([]Val{Val(i)})})
			continue
		}
		r := find(Val(i))
		k, ok := at[r]
		if !ok {
			k = len(groups)
			at[r] = k
			groups = append(groups, group{region: true})
		}
		groups[k].vals = append(groups[k].vals, Val(i))
	}
	return groups
}

// levels counts, for each value, the edges on the longest path to it that are
// not between maps over one domain.
func (f *Func) levels() []int32 {
	level := make([]int32, len(f.vals))
	early := f.early() // no path between maps has one
	for i := range f.vals {
		v := &f.vals[i]
		if early[i] {
			continue
		}
		for _, a := range v.args {
			x := &f.vals[a]
			l := level[a]
			if !(v.arrayMap() && x.arrayMap() && slices.Equal(v.dims, x.dims)) {
				l++
			}
			level[i] = max(level[i], l)
		}
	}
	return level
}

// early tells which values are scalars made of scalars alone.
func (f *Func) early() []bool {
	early := make([]bool, len(f.vals))
	for i := range f.vals {
		v := &f.vals[i]
		early[i] = v.scalar() && (v.kind == kMap || v.memoryless())
		for _, a := range v.args {
			early[i] = early[i] && early[a]
		}
	}
	return early
}

// sink moves a map into the group of its users when all of them are there, so
// that it is computed where it is used and never stored, as long as that keeps
// at most one array alive in its stead, or was put there by recompute.
func (f *Func) sink(level []int32) {
	users := make([]int32, len(f.vals)) // level of all array-map users; -1 if they differ
	const none, mixed = -2, -1
	for i := range users {
		users[i] = none
	}
	for _, v := range f.outputs {
		users[v] = mixed
	}
	for _, u := range f.updates {
		users[u.Value] = mixed
	}
	for i := len(f.vals) - 1; i >= 0; i-- {
		v := &f.vals[i]
		if v.arrayMap() && users[i] >= 0 && users[i] != level[i] && (v.again || f.arrayOperands(v) <= 1) {
			level[i] = users[i]
		}
		for _, a := range v.args {
			x := &f.vals[a]
			switch {
			case !v.arrayMap() || !slices.Equal(v.dims, x.dims):
				users[a] = mixed
			case users[a] == none:
				users[a] = level[i]
			case users[a] != level[i]:
				users[a] = mixed
			}
		}
	}
}

// arrayOperands counts the distinct operands of v that are as large as v.
func (f *Func) arrayOperands(v *value) int {
	n := 0
	for k, a := range v.args {
		if x := &f.vals[a]; x.n == v.n && x.kind != kConst && !slices.Contains(v.args[:k], a) {
			n++
		}
	}
	return n
}

// A broadcastKind is how a region operand covers the region's domain.
type broadcastKind uint8

const (
	broadcastNone   broadcastKind = iota // one element each
	broadcastScalar                      // one element for all
	broadcastRow                         // repeats as a whole: element i mod n
	broadcastColumn                      // repeats each element: element i / (domain/n)
	broadcastOther                       // needs a copy
)

// broadcastOf classifies an operand of shape dims over a domain.
func broadcastOf(domain, dims []int) broadcastKind {
	n, k := 1, len(domain)-len(dims)
	first, last := -1, -1 // of the axes that the operand walks
	repeats := false
	for i, d := range domain {
		n *= d
		if d == 1 {
			continue
		}
		if i < k || dims[i-k] == 1 {
			repeats = true
			continue
		}
		if first < 0 {
			first = i
		}
		last = i
	}
	if first < 0 {
		if n == 1 {
			return broadcastNone
		}
		return broadcastScalar
	}
	if !repeats {
		return broadcastNone
	}
	before, after := false, false // of the walked block, is there repetition?
	for i, d := range domain {
		if d == 1 || (i >= k && dims[i-k] != 1) {
			continue
		}
		switch {
		case i < first:
			before = true
		case i > last:
			after = true
		default:
			return broadcastOther
		}
	}
	switch {
	case before && after:
		return broadcastOther
	case before:
		return broadcastRow
	}
	return broadcastColumn
}

// stretches reports whether the map v has an operand that the tile loop does
// not repeat by itself.
func (f *Func) stretches(v value) bool {
	return v.arrayMap() && slices.ContainsFunc(v.args, func(a Val) bool { return f.stretched(&v, a) })
}

func (f *Func) stretched(v *value, a Val) bool {
	x := &f.vals[a]
	return x.kind != kConst && broadcastOf(v.dims, x.dims) == broadcastOther
}

// stretchedShape is that to which an operand of shape dims is copied, so that the tile loop
// repeats it over a domain: what repeats behind its last axis is left to that.
func stretchedShape(dims, domain []int) []int {
	out := slices.Clone(domain)
	for i, k := len(domain)-1, len(dims)-1; k >= 0 && dims[k] == 1; i, k = i-1, k-1 {
		out[i] = 1
	}
	return out
}

// expand copies each region operand that repeats in a way the tile loop does
// not do by itself, such as a×1×b over a×c×b.
func expand(f *Func) {
	if !slices.ContainsFunc(f.vals, f.stretches) {
		return
	}
	old := f.vals
	to := make([]Val, len(old))
	f.vals = make([]value, 0, len(old)+len(old)/8+8)
	type stretched struct {
		arg  Val
		dims string
	}
	made := map[stretched]Val{}
	for i, v := range old {
		for k, a := range v.args {
			v.args[k] = to[a]
		}
		if v.arrayMap() {
			for k, a := range v.args {
				if !f.stretched(&v, a) {
					continue
				}
				x := &f.vals[a]
				dims := stretchedShape(x.dims, v.dims)
				key := stretched{a, fmt.Sprint(dims)}
				if _, ok := made[key]; !ok {
					view := BroadcastView(x.dims, dims)
					f.vals = append(f.vals, value{kind: kOperation, op: gather{view: view}, args: f.own(v.args[k : k+1]), dims: dims, n: size(dims), tag: v.tag})
					made[key] = Val(len(f.vals) - 1)
				}
				v.args[k] = made[key]
			}
		}
		f.vals = append(f.vals, v)
		to[i] = Val(len(f.vals) - 1)
	}
	f.rename(to, false)
}
