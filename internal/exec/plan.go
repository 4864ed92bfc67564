package exec

import (
	"cmp"
	"slices"
)

// Where a value lives.
type space uint8

const (
	spaceNone   space = iota // inside a region, or a constant: no memory of its own
	spaceScalar              // slot of the scalar file
	spaceArena               // offset in the arena
	spaceLeaf                // memory of leaf number at
)

type allocation struct {
	space space
	at    int
}

// A plan gives every value that needs memory its memory.
type plan struct {
	allocs  []allocation
	copies  []Update // updates that could not be computed in place
	arena   int      // elements
	slots   int      // scalars
	inBatch map[Val]bool
	rooms   map[Val]int // of operations that need memory for themselves: offset in the arena
}

// Pad is how many elements the start of an array of ours is a multiple of: 64
// bytes of float32, 128 of float64.
const Pad = 16

func alignUp(n int) int { return (n + Pad - 1) &^ (Pad - 1) }

// interval is the life of an arena array, in steps.
type interval struct {
	val       Val
	def, last int
	n         int
	at        int   // in the arena
	rest      []Val // values that follow val in the same memory
	room      bool  // it is no value, but what the step of val works in
}

// planMemory assigns allocs for groups in schedule order. Each array lives from
// the step that makes it to the last that reads it; a sweep over the steps
// hands freed space on, and a region may write where an operand that ends with
// it was. The groups come back with the batches undone that could not be served.
func planMemory(f *Func, groups []group) (*plan, []group) {
	p := &plan{allocs: make([]allocation, len(f.vals)), inBatch: map[Val]bool{}, rooms: map[Val]int{}}
	root := f.roots()
	def, last := lifetimes(f, groups, root)
	p.placeLeaves(f)
	p.updatesInPlace(f, groups, root, def)
	if split, any := p.splitUnserved(f, groups, root); any {
		return planMemory(f, split)
	}

	ivs := p.batches(f, groups, root, def, last)
	for i := range f.vals {
		v := &f.vals[i]
		if _, placed := v.placedIn(); placed || v.memoryless() || p.allocs[i].space != spaceNone || p.inBatch[Val(i)] {
			continue
		}
		switch {
		case v.scalar():
			p.allocs[i] = allocation{spaceScalar, p.slots}
			p.slots++
		case last[i] >= 0: // somebody outside its group reads it
			ivs = append(ivs, interval{val: Val(i), def: int(def[i]), last: int(last[i]), n: alignUp(max(v.n, 1))})
		}
	}
	p.sweep(f, groups, append(ivs, f.rooms(groups)...), root)
	for i, v := range f.vals {
		if at, placed := v.placedIn(); placed {
			p.allocs[i] = p.allocs[at]
		} else if v.kind == kShape {
			p.allocs[i] = p.allocs[v.args[0]]
			p.allocs[i].at += v.from
		}
	}
	return p, groups
}

// rooms are the lives of what operations work in: their own step.
func (f *Func) rooms(groups []group) (ivs []interval) {
	for s, g := range groups {
		if v := &f.vals[g.vals[0]]; v.kind == kOperation && v.op.room() > 0 {
			ivs = append(ivs, interval{val: g.vals[0], def: s, last: s, n: alignUp(v.op.room()), room: true})
		}
	}
	return ivs
}

// batches returns one interval for each operand of a batch that is computed: its
// arrays lie side by side from when the first is made.
func (p *plan) batches(f *Func, groups []group, root []Val, def, last []int32) (ivs []interval) {
	for _, g := range groups {
		for _, vals := range f.batchArrays(g, root) {
			iv := interval{val: vals[0], rest: vals[1:], def: int(def[vals[0]])}
			for _, v := range vals {
				p.inBatch[v] = true
				iv.def, iv.last = min(iv.def, int(def[v])), max(iv.last, int(last[v]))
				iv.n += alignUp(f.vals[v].n)
			}
			ivs = append(ivs, iv)
		}
	}
	return ivs
}

// lifetimes returns the step that makes each value and the last other step
// that reads its memory (-1 if none does; one past the end for outputs, and for
// fixed values that others are made of).
func lifetimes(f *Func, groups []group, root []Val) (def, last []int32) {
	def, last = make([]int32, len(f.vals)), make([]int32, len(f.vals))
	for i := range def {
		def[i], last[i] = -1, -1
	}
	for s, g := range groups {
		for _, v := range g.vals {
			def[v] = int32(s)
		}
	}
	end := int32(len(groups))
	for s, g := range groups {
		for _, v := range g.vals {
			for _, a := range f.vals[v].args {
				switch r := root[a]; {
				case f.isFixed(r) && !f.isFixed(v):
					last[r] = end
				case def[r] != int32(s):
					last[r] = max(last[r], int32(s))
				}
			}
		}
	}
	for _, v := range f.outputs {
		last[root[v]] = end
	}
	for _, u := range f.updates {
		last[root[u.Value]] = end
	}
	for i := range f.vals {
		if at, placed := f.vals[i].placedIn(); placed {
			last[root[at]] = max(last[root[at]], last[i])
		}
	}
	return def, last
}

func (p *plan) placeLeaves(f *Func) {
	for i, v := range f.vals {
		if v.kind != kLeaf {
			continue
		}
		if v.scalar() {
			p.allocs[i] = allocation{spaceScalar, p.slots}
			p.slots++
		} else {
			p.allocs[i] = allocation{spaceLeaf, v.leaf}
		}
	}
}

// updatesInPlace lets what computes an update write straight into the leaf, if no
// later step reads the old value, nor the same one but element by element; other
// updates become copies.
func (p *plan) updatesInPlace(f *Func, groups []group, root []Val, def []int32) {
	lastRead := map[Val]int32{}
	for s, g := range groups {
		for _, v := range g.vals {
			for _, a := range f.vals[v].args {
				if r := root[a]; f.vals[r].kind == kLeaf {
					lastRead[r] = int32(s)
				}
			}
		}
	}
	keep := map[Val]bool{} // leaves whose old value is itself wanted at the end
	for _, v := range f.outputs {
		keep[root[v]] = true
	}
	for _, u := range f.updates {
		if f.vals[root[u.Value]].kind == kLeaf {
			keep[root[u.Value]] = true
		}
	}
	for _, u := range f.updates {
		v, l := root[u.Value], u.Leaf
		x := &f.vals[v]
		inPlace := !f.isFixed(v) && (x.arrayMap() || x.kind == kOperation) && p.allocs[v].space == spaceNone && !keep[l] && p.allocs[l].space == spaceLeaf
		last := def[v] // step that may still read the old value
		if x.kind == kOperation && !f.overwrites(x, l) {
			last--
			inPlace = inPlace && x.op.results() == nil
		}
		if read, ok := lastRead[l]; ok && read > last {
			inPlace = false
		}
		if inPlace {
			p.allocs[v] = p.allocs[l]
		} else {
			p.copies = append(p.copies, u)
		}
	}
}

// overwrites reports whether x is an operation that may be written over l, which is
// only that one of its operands.
func (f *Func) overwrites(x *value, l Val) bool {
	if x.kind != kOperation || x.op.overwrites() < 0 {
		return false
	}
	for k, a := range x.args {
		if (f.rootOf(a) == l) != (k == x.op.overwrites()) {
			return false
		}
	}
	return true
}

// sweep walks the steps once, handing out arena space first-fit from a list of
// holes and taking it back when lives end.
func (p *plan) sweep(f *Func, groups []group, ivs []interval, root []Val) {
	slices.SortFunc(ivs, func(a, b interval) int {
		return cmp.Or(cmp.Compare(a.def, b.def), cmp.Compare(a.val, b.val), cmp.Compare(bool2int(a.room), bool2int(b.room)))
	})
	ending := make([][]interval, len(groups)+1)
	// Small arrays have an end of the arena to themselves: one in the middle of a
	// hole that a large one left would be in the way of the next large one.
	var large, small holes
	zone := func(iv interval) *holes {
		if iv.n <= smallArray {
			return &small
		}
		return &large
	}
	next := 0
	for s := range groups {
		start := next
		for next < len(ivs) && ivs[next].def == s {
			next++
		}
		made := ivs[start:next]
		if groups[s].region {
			made = p.inherit(f, groups[s], made, ending, s, root)
		} else {
			made = p.overwrite(f, made, ending, s, root)
		}
		for _, iv := range made {
			iv.at = zone(iv).take(iv.n)
			ending[iv.last] = append(ending[iv.last], iv)
			if iv.room {
				p.rooms[iv.val] = iv.at
				continue
			}
			p.allocs[iv.val] = allocation{spaceArena, iv.at}
			next := iv.at + alignUp(f.vals[iv.val].n)
			for _, v := range iv.rest {
				p.allocs[v] = allocation{spaceArena, next}
				next += alignUp(f.vals[v].n)
			}
		}
		for _, iv := range ending[s] {
			zone(iv).give(iv.at, iv.n)
		}
	}
	for _, iv := range ivs {
		if zone(iv) == &small {
			p.shift(iv, large.end)
		}
	}
	p.arena = large.end + small.end
}

// smallArray is the length up to which an array is a small one, in elements.
const smallArray = 1 << 14

// shift moves an interval's memory.
func (p *plan) shift(iv interval, by int) {
	if iv.room {
		p.rooms[iv.val] += by
		return
	}
	for _, v := range append([]Val{iv.val}, iv.rest...) {
		p.allocs[v].at += by
	}
}

// inherit gives results of a region the memory of dense operands that end with
// it, and returns the results that remain. An operand is dense if every read of
// it is of one element by one element.
func (p *plan) inherit(f *Func, g group, made []interval, ending [][]interval, s int, root []Val) []interval {
	if len(made) == 0 || len(ending[s]) == 0 {
		return made
	}
	stretched := map[Val]bool{}
	for _, v := range g.vals {
		for _, a := range f.vals[v].args {
			if f.vals[v].kind != kMap || broadcastOf(f.vals[v].dims, f.vals[a].dims) != broadcastNone {
				stretched[root[a]] = true
			}
		}
	}
	type extent struct{ memory, elements int }
	of := func(iv interval) extent { return extent{iv.n, f.vals[iv.val].n} }
	heirless := map[extent][]int{} // places in ending[s], in order
	for k, old := range ending[s] {
		if old.rest == nil && !stretched[old.val] {
			heirless[of(old)] = append(heirless[of(old)], k)
		}
	}
	var left []interval
	for _, iv := range made {
		olds := heirless[of(iv)]
		if iv.rest != nil || len(olds) == 0 {
			left = append(left, iv)
			continue
		}
		old := &ending[s][olds[0]]
		heirless[of(iv)] = olds[1:]
		p.allocs[iv.val], iv.at = p.allocs[old.val], old.at
		old.n = 0
		ending[iv.last] = append(ending[iv.last], iv)
	}
	ending[s] = slices.DeleteFunc(ending[s], func(old interval) bool { return old.n == 0 })
	return left
}

// overwrite gives the result of an operation the memory of an operand that it may be
// written over and that ends with it, and returns the lives that remain.
func (p *plan) overwrite(f *Func, made []interval, ending [][]interval, s int, root []Val) []interval {
	if len(made) != 1 || made[0].room || made[0].rest != nil {
		return made
	}
	iv := made[0]
	v := &f.vals[iv.val]
	if v.op.overwrites() < 0 {
		return made
	}
	old := root[v.args[v.op.overwrites()]]
	k := slices.IndexFunc(ending[s], func(x interval) bool { return x.val == old && x.rest == nil && !x.room && x.n == iv.n })
	if k < 0 || !f.overwrites(v, old) {
		return made
	}
	iv.at = ending[s][k].at
	p.allocs[iv.val] = p.allocs[old]
	ending[s] = slices.Delete(ending[s], k, k+1)
	ending[iv.last] = append(ending[iv.last], iv)
	return nil
}

// holes is the free space below end, as disjoint ranges in order.
type holes struct {
	free []struct{ at, n int }
	end  int
}

func (h *holes) take(n int) int {
	for i := range h.free {
		r := &h.free[i]
		if r.n < n {
			continue
		}
		at := r.at
		r.at, r.n = r.at+n, r.n-n
		if r.n == 0 {
			h.free = slices.Delete(h.free, i, i+1)
		}
		return at
	}
	if k := len(h.free) - 1; k >= 0 && h.free[k].at+h.free[k].n == h.end {
		at := h.free[k].at // grow the last hole
		h.free = h.free[:k]
		h.end = at + n
		return at
	}
	at := h.end
	h.end += n
	return at
}

func (h *holes) give(at, n int) {
	i, _ := slices.BinarySearchFunc(h.free, at, func(r struct{ at, n int }, at int) int { return cmp.Compare(r.at, at) })
	h.free = slices.Insert(h.free, i, struct{ at, n int }{at, n})
	if i+1 < len(h.free) && h.free[i].at+h.free[i].n == h.free[i+1].at {
		h.free[i].n += h.free[i+1].n
		h.free = slices.Delete(h.free, i+1, i+2)
	}
	if i > 0 && h.free[i-1].at+h.free[i-1].n == h.free[i].at {
		h.free[i-1].n += h.free[i].n
		h.free = slices.Delete(h.free, i, i+1)
	}
}
