package exec

import "fmt"

// verifyPlan checks that each operand is made before it is read, that arrays
// which live at the same time do not share memory, and that no step writes a
// leaf that a later one still reads. Quadratic, for tests.
func verifyPlan(f *Func, groups []group, p *plan) error {
	root := f.roots()
	def, last := lifetimes(f, groups, root)
	for s, g := range groups {
		for _, v := range g.vals {
			for _, a := range f.vals[v].args {
				r := root[a]
				if f.vals[r].memoryless() {
					continue
				}
				if def[r] < 0 || int(def[r]) > s {
					return fmt.Errorf("step %d reads value %d, which step %d makes", s, r, def[r])
				}
				if p.allocs[r].space == spaceNone && int(def[r]) != s {
					return fmt.Errorf("step %d reads value %d, which has no memory", s, r)
				}
			}
		}
	}
	for i := range f.vals {
		for j := range i {
			a, b := Val(j), Val(i)
			ha, hb := p.allocs[a], p.allocs[b]
			if ha.space != hb.space || f.vals[a].memoryless() || f.vals[b].memoryless() {
				continue
			}
			apart := def[a] >= last[b] || def[b] >= last[a]
			if at, placed := f.vals[b].placedIn(); placed && root[at] == a {
				continue
			}
			if ha.space == spaceArena && ha.at < hb.at+f.vals[b].n && hb.at < ha.at+f.vals[a].n && !apart {
				return fmt.Errorf("values %d and %d share memory in steps %d to %d and %d to %d", a, b, def[a], last[a], def[b], last[b])
			}
		}
	}
	if err := verifyRooms(f, groups, p, def, last); err != nil {
		return err
	}
	for i := range f.vals {
		h := p.allocs[i]
		if h.space != spaceLeaf || f.vals[i].memoryless() {
			continue
		}
		for s, g := range groups {
			for _, v := range g.vals {
				for _, a := range f.vals[v].args {
					if r := root[a]; f.vals[r].kind == kLeaf && p.allocs[r] == h && s > int(def[i]) {
						return fmt.Errorf("step %d reads %s, which step %d has replaced", s, f.leaves[h.at].Name, def[i])
					}
				}
			}
		}
	}
	return nil
}

// verifyRooms checks that what operations work in is nobody's while they do.
func verifyRooms(f *Func, groups []group, p *plan, def, last []int32) error {
	for s, g := range groups {
		at, ok := p.rooms[g.vals[0]]
		for i := range f.vals {
			h := p.allocs[i]
			lives := int(def[i]) <= s && (int(last[i]) >= s || int(def[i]) == s)
			if ok && lives && h.space == spaceArena && !f.vals[i].memoryless() && h.at < at+f.vals[g.vals[0]].op.room() && at < h.at+f.vals[i].n {
				return fmt.Errorf("step %d works where value %d is", s, i)
			}
		}
	}
	return nil
}

// Verify checks what every pass must leave true.
func Verify(f *Func) error {
	for i, v := range f.vals {
		if v.n != size(v.dims) {
			return fmt.Errorf("value %d: %d elements for shape %v", i, v.n, v.dims)
		}
		for _, a := range v.args {
			if a < 0 || int(a) >= i {
				return fmt.Errorf("value %d uses value %d, which does not come before it", i, a)
			}
		}
		if err := f.verifyValue(&v); err != nil {
			return fmt.Errorf("value %d: %w", i, err)
		}
	}
	for _, u := range f.updates {
		if f.vals[u.Leaf].kind != kLeaf || f.vals[u.Leaf].n != f.vals[u.Value].n {
			return fmt.Errorf("update of value %d by value %d does not fit", u.Leaf, u.Value)
		}
	}
	return nil
}

// verifyValue checks a value's shape.
func (f *Func) verifyValue(v *value) error {
	switch v.kind {
	case kMap:
		for _, a := range v.args {
			if !canBroadcast(f.vals[a].dims, v.dims) {
				return fmt.Errorf("%v: operand %v does not broadcast to %v", v.code, f.vals[a].dims, v.dims)
			}
		}
	case kShape:
		return f.verifyShape(v)
	case kOperation:
		args := make([][]int, len(v.args))
		for k, a := range v.args {
			args[k] = f.vals[a].dims
		}
		if err := v.op.verify(v.dims, args); err != nil {
			return fmt.Errorf("%w: %v of %v", err, v.dims, args)
		}
	}
	return nil
}
