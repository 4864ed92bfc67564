package exec

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unsafe"

	"descent/internal/kernel"
)

// The updates of a net's many small parameters do the same arithmetic on
// arrays of different lengths. A gang is a set of such regions whose operands
// lie side by side in memory, in the same order for each operand: it runs as
// one loop. Parameters and states are made that way (see [Slab]), and the plan
// puts their gradients so. The few unused elements between two arrays are
// computed too, and mean nothing.

// gangLimit is the length from which an array is worth a loop of its own.
const gangLimit = 4096

// gangUp replaces groups that can run as one loop by one group. memory gives
// the leaves.
func gangUp[T kernel.Float](f *Func, groups []group, memory func(leaf int) []T) []group {
	users, root := f.useCounts(), f.roots()
	kinds := map[string][]group{}
	var order []string
	out := groups[:0:0]
	for _, g := range groups {
		key := ""
		if g.region {
			key = f.gangKey(g, users, root)
		}
		if key == "" {
			out = append(out, g)
			continue
		}
		if kinds[key] == nil {
			order = append(order, key)
		}
		kinds[key] = append(kinds[key], g)
	}
	for _, key := range order {
		out = append(out, joinAdjacent(f, kinds[key], memory)...)
	}
	return out
}

// gangKey describes the code of a region so that equal keys mean equal code;
// it is empty if the region cannot be part of a gang: because it is long, has
// an operand that is spread, or has results that are more than updates.
func (f *Func) gangKey(g group, users []int, root []Val) string {
	if n := f.vals[g.vals[0]].n; n < 2 || n > gangLimit {
		return "" // an array of one element is a scalar to its region
	}
	updates := 0
	index := map[Val]int{}
	slots := map[Val]int{}
	var b strings.Builder
	for i, v := range g.vals {
		x := &f.vals[v]
		fmt.Fprintf(&b, "%d", x.code)
		for _, a := range x.args {
			y := &f.vals[a]
			if k, ok := index[a]; ok {
				fmt.Fprintf(&b, " v%d", k)
				users[a]--
				continue
			}
			switch {
			case y.kind == kConst:
				fmt.Fprintf(&b, " c%x", y.imm)
			case y.scalar():
				fmt.Fprintf(&b, " s%d", a)
			case y.n == x.n && f.ganged(root[a], x.n) && spreadOf(x.dims, y.dims) == spreadFull:
				k, ok := slots[a]
				if !ok {
					k = len(slots)
					slots[a] = k
				}
				fmt.Fprintf(&b, " a%d", k)
			default:
				return ""
			}
		}
		index[v] = i
		b.WriteByte('\n')
	}
	for i, v := range g.vals {
		if users[v] == 0 {
			continue
		}
		if users[v] != 1 || !slices.ContainsFunc(f.updates, func(u Update) bool { return u.Value == v }) {
			return ""
		}
		updates++
		fmt.Fprintf(&b, "u%d", i)
	}
	if updates == 0 {
		return ""
	}
	return b.String()
}

// ganged reports whether an array of n elements can lie beside others: its
// memory is all its own, and not an input's, which lies where it lies.
func (f *Func) ganged(root Val, n int) bool {
	x := &f.vals[root]
	return x.n == n && !(x.kind == kLeaf && f.leaves[x.leaf].Input)
}

// slots returns the array operands of a region and the leaves that it
// replaces, in the order of its code.
func (f *Func) slots(g group) (in, out []Val) {
	member := map[Val]bool{}
	for _, v := range g.vals {
		member[v] = true
	}
	for _, v := range g.vals {
		for _, a := range f.vals[v].args {
			if x := &f.vals[a]; !member[a] && x.kind != kConst && !x.scalar() && !slices.Contains(in, a) {
				in = append(in, a)
			}
		}
		for _, u := range f.updates {
			if u.Value == v {
				out = append(out, u.Leaf)
			}
		}
	}
	return in, out
}

// joinAdjacent makes gangs of the groups of one kind whose leaves lie side by
// side.
func joinAdjacent[T kernel.Float](f *Func, gs []group, memory func(int) []T) []group {
	root := f.roots()
	type placed struct {
		g       group
		in, out []Val
		n       int
		addr    []uintptr // of each leaf operand and result; 0 for others
	}
	ps := make([]placed, len(gs))
	for i, g := range gs {
		p := placed{g: g, n: f.vals[g.vals[0]].n}
		p.in, p.out = f.slots(g)
		for _, v := range append(slices.Clone(p.in), p.out...) {
			a := uintptr(0)
			if x := &f.vals[root[v]]; x.kind == kLeaf {
				a = uintptr(unsafe.Pointer(unsafe.SliceData(memory(x.leaf))))
			}
			p.addr = append(p.addr, a)
		}
		ps[i] = p
	}
	slices.SortStableFunc(ps, func(a, b placed) int { return cmp.Compare(a.addr[len(a.addr)-1], b.addr[len(b.addr)-1]) })
	var zero T
	next := func(a, b placed) bool {
		for k := range a.addr {
			step := uintptr(alignUp(a.n)) * unsafe.Sizeof(zero)
			if (a.addr[k] == 0) != (b.addr[k] == 0) || a.addr[k] != 0 && b.addr[k] != a.addr[k]+step {
				return false
			}
		}
		return true
	}
	var out []group
	for i := 0; i < len(ps); {
		j := i + 1
		for j < len(ps) && next(ps[j-1], ps[j]) {
			j++
		}
		g := ps[i].g
		if j > i+1 {
			g = group{region: true}
			at := 0
			for _, p := range ps[i:j] {
				g.vals = append(g.vals, p.g.vals...)
				g.gang = append(g.gang, part{vals: p.g.vals, in: p.in, out: p.out, at: at})
				at += alignUp(p.n)
			}
			for _, u := range f.updates {
				if slices.Contains(g.vals, u.Value) {
					g.updated = append(g.updated, u.Value)
				}
			}
			g.n = at
		}
		out = append(out, g)
		i = j
	}
	return out
}

// part is one of the regions of a gang; its arrays start at elements into the
// gang's.
type part struct {
	vals []Val
	in   []Val // array operands, in the order of the code
	out  []Val // leaves that it replaces
	at   int
}

// gangArrays lists, for each array operand of a gang that is computed, its
// values: they must lie side by side.
func (f *Func) gangArrays(g group, root []Val) (out [][]Val) {
	if len(g.gang) == 0 {
		return nil
	}
	for k := range g.gang[0].in {
		var vals []Val
		for _, p := range g.gang {
			vals = append(vals, root[p.in[k]])
		}
		if f.vals[vals[0]].kind != kLeaf {
			out = append(out, vals)
		}
	}
	return out
}

// breakGangs undoes gangs whose operands cannot be put side by side, because
// one of them is wanted by two, and gangs of which one part reads what another
// replaces.
func breakGangs(f *Func, groups []group) []group {
	root := f.roots()
	taken := map[Val]bool{}
	var out []group
	for _, g := range groups {
		ok := !f.overlaps(g, root)
		for _, vals := range f.gangArrays(g, root) {
			for _, v := range vals {
				x := &f.vals[v]
				ok = ok && !taken[v] && x.kind != kConst && !x.scalar()
				taken[v] = true
			}
		}
		if ok || len(g.gang) == 0 {
			out = append(out, g)
		} else {
			out = append(out, g.parts()...)
		}
	}
	return out
}

// overlaps reports whether a part of a gang reads a leaf that another replaces.
func (f *Func) overlaps(g group, root []Val) bool {
	writer := map[Val]int{}
	for i, p := range g.gang {
		for _, l := range p.out {
			writer[l] = i
		}
	}
	for i, p := range g.gang {
		for _, a := range p.in {
			if w, ok := writer[root[a]]; ok && w != i {
				return true
			}
		}
	}
	return false
}

// parts returns the regions of a gang.
func (g group) parts() (out []group) {
	for _, p := range g.gang {
		out = append(out, group{vals: p.vals, region: true})
	}
	return out
}

// splitGangs undoes the gangs whose results cannot all be computed in place, or
// of which an operand is computed in a leaf, and reports whether there were any.
func (p *plan) splitGangs(f *Func, groups []group, root []Val) ([]group, bool) {
	var out []group
	for i, g := range groups {
		served := true
		for _, v := range g.updated {
			served = served && p.homes[v].place == placeLeaf
		}
		for _, vals := range f.gangArrays(g, root) {
			for _, v := range vals {
				served = served && p.homes[v].place == placeNone
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
		out = append(out, g.parts()...)
	}
	if out == nil {
		return groups, false
	}
	return out, true
}

// A Slab hands out pieces of memory that lie side by side, for leaves whose
// updates should run as one loop.
type Slab[T kernel.Float] struct{ free []T }

// Take returns n elements, zero, on a 64-byte boundary.
func (s *Slab[T]) Take(n int) []T {
	if n > gangLimit {
		return aligned[T](n)
	}
	k := alignUp(max(n, 1))
	if len(s.free) < k {
		s.free = aligned[T](gangLimit)
	}
	p := s.free[:n:k]
	s.free = s.free[k:]
	return p
}
