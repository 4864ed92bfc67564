package exec

import (
	"slices"

	"descent/internal/kernel"
)

// A reduction of an array that is in memory, such as a bias' gradient, joins a region
// that reads that array anyway, and one of a map that nobody else wants a region that
// has the same map: what they read is then read once. The region must not need what
// the reduction makes.

// joinLimit is how many groups are looked at to find that out.
const joinLimit = 256

// A joiner moves reductions that are left.
type joiner struct {
	*reducing
	uses   []int            // of values
	arrays map[Val][]int    // by array that a reduction is of: regions that read it
	maps   map[mapKey][]int // by map that only reductions want: regions that have it
	users  lists            // by group: those that need what it makes
	lo, hi []int32          // by group: levels of its values; none needs one of a higher level
}

// A mapKey is equal for maps that compute the same.
type mapKey struct {
	code kernel.Code
	args [3]Val
}

func (v *value) mapKey() mapKey {
	k := mapKey{v.code, [3]Val{-1, -1, -1}}
	copy(k.args[:], v.args)
	return k
}

// join finds regions for the reductions that are left.
func (r *reducing) join() {
	j := joiner{reducing: r, uses: r.f.useCounts(), arrays: map[Val][]int{}, maps: map[mapKey][]int{}}
	for g := range r.groups {
		if a, ok := j.array(g); ok {
			j.arrays[a] = []int{}
		} else if m, ok := j.only(g); ok {
			j.maps[r.f.vals[m].mapKey()] = []int{}
		}
	}
	if len(j.arrays)+len(j.maps) == 0 {
		return
	}
	j.look()
	j.order()
	for g := range r.groups {
		if a, ok := j.array(g); ok {
			j.move(g, r.groups[g].vals, j.arrays[a])
		} else if m, ok := j.only(g); ok {
			j.move(g, r.ends[g], j.maps[r.f.vals[m].mapKey()])
		}
	}
}

// array returns what group g reduces, if it is a reduction that is left.
func (j *joiner) array(g int) (a Val, ok bool) {
	v := &j.f.vals[j.groups[g].vals[0]]
	o, ok := v.endsRegion()
	if !ok || j.into[g] != g {
		return 0, false
	}
	a = j.root[v.args[0]]
	return a, o.outer*o.mid*o.inner == j.f.vals[a].n && j.f.vals[a].kind != kConst && !j.updated[a]
}

// only returns the one map of region g, if nothing but the reductions at its end wants it.
func (j *joiner) only(g int) (m Val, ok bool) {
	m = j.groups[g].vals[0]
	other := func(v Val) bool { return j.root[j.f.vals[v].args[0]] != m }
	return m, j.region(g) && len(j.groups[g].vals) == 1 && j.uses[m] == len(j.ends[g]) && !slices.ContainsFunc(j.ends[g], other)
}

// look finds the regions that have what is wanted.
func (j *joiner) look() {
	for g, gr := range j.groups {
		if !j.region(g) {
			continue
		}
		for _, v := range gr.vals {
			x := &j.f.vals[v]
			if in, ok := j.maps[x.mapKey()]; ok {
				j.maps[x.mapKey()] = append(in, g)
			}
			for _, a := range x.args {
				a = j.root[a]
				if in, ok := j.arrays[a]; ok && j.f.vals[a].n == x.n {
					j.arrays[a] = append(in, g)
				}
			}
		}
	}
}

// order finds which groups need which, and their levels.
func (j *joiner) order() {
	maker := make([]int32, len(j.f.vals))
	for g, gr := range j.groups {
		for _, v := range gr.vals {
			maker[v] = int32(g) + 1
		}
	}
	level := j.f.levels()
	j.lo, j.hi = make([]int32, len(j.groups)), make([]int32, len(j.groups))
	var needs lists
	for g, gr := range j.groups {
		j.lo[g] = level[gr.vals[0]]
		for _, v := range gr.vals {
			j.lo[g], j.hi[g] = min(j.lo[g], level[v]), max(j.hi[g], level[v])
			for _, a := range j.f.vals[v].args {
				if m := maker[j.root[a]] - 1; m >= 0 && int(m) != g {
					needs.add(m)
				}
			}
		}
		needs.end()
	}
	j.users = needs.inverse(len(j.groups))
}

// move lets the reductions of group g end one of some regions: rather one whose tiles
// stay as they are.
func (j *joiner) move(g int, ends []Val, regions []int) {
	for _, change := range []bool{false, true} {
		for _, k := range regions {
			t, suits := j.tiles[k], k != g && j.into[k] == k && j.f.isFixed(ends[0]) == j.f.isFixed(j.groups[k].vals[0])
			for _, v := range ends {
				o, _ := j.f.vals[v].endsRegion()
				suits = suits && t.suit(o)
			}
			if !suits || !change && t != j.tiles[k] || j.reaches(g, k) {
				continue
			}
			j.tiles[k], j.into[g] = t, k
			j.ends[k], j.moved[k] = append(j.ends[k], ends...), append(j.moved[k], g)
			for _, v := range ends {
				j.rename(v, k)
			}
			return
		}
	}
}

// rename makes reduction v one of the map of region k that is the same as its operand.
func (j *joiner) rename(v Val, k int) {
	x := &j.f.vals[j.root[j.f.vals[v].args[0]]]
	if !x.arrayMap() {
		return
	}
	for _, m := range j.groups[k].vals {
		if j.f.vals[m].mapKey() == x.mapKey() {
			j.f.vals[v].args = j.f.own([]Val{m})
		}
	}
}

// reaches reports whether region k needs something of group g, or it takes too long to
// find that out.
func (j *joiner) reaches(g, k int) bool {
	todo, seen := []int{g}, map[int]bool{}
	for len(todo) > 0 {
		at := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if seen[at] {
			continue
		}
		if seen[at] = true; len(seen) > joinLimit {
			return true
		}
		todo = append(todo, j.moved[at]...)
		for _, u := range j.users.of(int32(at)) {
			switch u := j.into[u]; {
			case u == k:
				return true
			case j.lo[u] <= j.hi[k]:
				todo = append(todo, u)
			}
		}
	}
	return false
}
