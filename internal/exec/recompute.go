package exec

import (
	"slices"

	"descent/internal/jit"
	"descent/internal/kernel"
)

// Two regions that want the same cheap map, such as a batch norm's x - mean going forward
// and back, had better both compute it: where that reads no more arrays than the map's
// own result would be, it saves writing that. A ReLU's mask or a normalised array is
// then never in memory.

const (
	recomputeFrom = 1 << 14 // elements: shorter arrays stay in cache
	recomputeMaps = 8       // the most that are computed again for one value
	recomputeIn   = 2       // the most arrays that they read
)

// A source is what it takes to compute a map: how many maps, of what arrays. There are
// none if it is not to be computed again.
type source struct {
	maps int
	in   []Val
}

// recompute copies maps into the levels (see [fuse]) that use them.
func recompute(f *Func) {
	r := recomputer{f: f, level: f.levels(), wanted: make([]levels, len(f.vals))}
	f.sink(r.level)
	r.sources()
	r.reads = make(map[int32][]Val)
	for i := range f.vals {
		if v := &f.vals[i]; v.arrayMap() && v.n >= recomputeFrom {
			r.reads[r.level[i]] = append(r.reads[r.level[i]], r.external(v)...)
		}
	}
	again := false
	for i := len(f.vals) - 1; i >= 0; i-- {
		again = r.settle(Val(i)) || again
	}
	if again {
		r.rebuild()
	}
}

type levels []int32

func (l *levels) add(x int32) {
	if !slices.Contains(*l, x) {
		*l = append(*l, x)
	}
}

type recomputer struct {
	f      *Func
	level  []int32
	source []source
	reads  map[int32][]Val // by level: arrays that its maps read
	wanted []levels        // of a value: where it is used, and after settle computed
	copies map[copied]Val
	to     []Val
}

type copied struct {
	val   Val
	level int32
}

// sources finds what each map could be computed from again.
func (r *recomputer) sources() {
	f := r.f
	stored, updated := f.storedAnyway(), map[Val]bool{}
	for _, u := range f.updates {
		updated[u.Leaf] = true
	}
	r.source = make([]source, len(f.vals))
	for i := range f.vals {
		v := &f.vals[i]
		if !v.arrayMap() || v.n < recomputeFrom || !jit.Supports(v.code) || v.code == kernel.Div || v.code == kernel.Sqrt || stored[i] {
			continue
		}
		s := source{maps: 1, in: r.external(v)}
		for _, a := range v.args {
			if r.again(v, a) {
				s.maps += r.source[a].maps
				s.in = union(s.in, r.source[a].in)
			}
		}
		if s.maps <= recomputeMaps && len(s.in) <= recomputeIn && !slices.ContainsFunc(s.in, func(a Val) bool { return updated[f.rootOf(a)] }) {
			r.source[i] = s
		}
	}
}

// again reports whether operand a of the map v can be computed again with it.
func (r *recomputer) again(v *value, a Val) bool {
	return r.source[a].maps > 0 && slices.Equal(r.f.vals[a].dims, v.dims)
}

// external lists the arrays that a map reads element by element, but for maps that can
// be computed again.
func (r *recomputer) external(v *value) (in []Val) {
	for _, a := range v.args {
		if x := &r.f.vals[a]; x.n == v.n && x.kind != kConst && !r.again(v, a) {
			in = union(in, []Val{a})
		}
	}
	return in
}

func union(a, b []Val) []Val {
	for _, x := range b {
		if !slices.Contains(a, x) {
			a = append(a, x)
		}
	}
	return a
}

// storedAnyway tells which values are read by others than maps over their domain and
// reductions that a region can end with.
func (f *Func) storedAnyway() []bool {
	stored := make([]bool, len(f.vals))
	for i := range f.vals {
		v := &f.vals[i]
		_, ends := v.endsRegion()
		for _, a := range v.args {
			if !ends && !(v.kind == kMap && slices.Equal(v.dims, f.vals[a].dims)) {
				stored[a] = true
			}
		}
	}
	for _, v := range f.outputs {
		stored[v] = true
	}
	for _, u := range f.updates {
		stored[u.Value] = true
	}
	return stored
}

// settle decides where v is computed, and reports whether that is not only where it is
// first possible. Its users have been settled.
func (r *recomputer) settle(i Val) (again bool) {
	s, own := r.source[i], r.level[i]
	for _, l := range r.wanted[i] {
		missing := 0
		for _, a := range s.in {
			if !slices.Contains(r.reads[l], a) {
				missing++
			}
		}
		again = again || l != own
		if s.maps == 0 || missing > 1 {
			again = false
			break
		}
	}
	if !again {
		r.wanted[i] = levels{own}
	}
	v := &r.f.vals[i]
	for _, a := range v.args {
		switch {
		case v.arrayMap() && r.source[a].maps > 0 && slices.Equal(r.f.vals[a].dims, v.dims):
			for _, l := range r.wanted[i] {
				r.wanted[a].add(l)
			}
		default:
			r.wanted[a].add(r.level[a])
		}
	}
	return again
}

// rebuild writes the program with the copies.
func (r *recomputer) rebuild() {
	f := r.f
	old := f.vals
	r.copies, r.to = map[copied]Val{}, make([]Val, len(old))
	f.vals = make([]value, 0, len(old)+len(old)/4)
	for i, v := range old {
		v.args = f.own(v.args)
		for k, a := range v.args {
			v.args[k] = r.at(old, a, r.level[i])
		}
		f.vals = append(f.vals, v)
		r.to[i] = Val(len(f.vals) - 1)
	}
	f.rename(r.to, false)
}

// at returns value a for a user of some level.
func (r *recomputer) at(old []value, a Val, level int32) Val {
	if level == r.level[a] || !slices.Contains(r.wanted[a], level) {
		return r.to[a]
	}
	c, ok := r.copies[copied{a, level}]
	if !ok {
		v := old[a]
		v.args, v.again = r.f.own(v.args), true
		for k, b := range v.args {
			v.args[k] = r.at(old, b, level)
		}
		r.f.vals = append(r.f.vals, v)
		c = Val(len(r.f.vals) - 1)
		r.copies[copied{a, level}] = c
	}
	return c
}
