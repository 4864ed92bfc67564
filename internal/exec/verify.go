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
				if p.homes[r].place == placeNone && int(def[r]) != s {
					return fmt.Errorf("step %d reads value %d, which has no memory", s, r)
				}
			}
		}
	}
	for i := range f.vals {
		for j := range i {
			a, b := Val(j), Val(i)
			ha, hb := p.homes[a], p.homes[b]
			if ha.place != hb.place || f.vals[a].memoryless() || f.vals[b].memoryless() {
				continue
			}
			apart := def[a] >= last[b] || def[b] >= last[a]
			if ha.place == placeArena && ha.at < hb.at+f.vals[b].n && hb.at < ha.at+f.vals[a].n && !apart {
				return fmt.Errorf("values %d and %d share memory in steps %d to %d and %d to %d", a, b, def[a], last[a], def[b], last[b])
			}
		}
	}
	for i := range f.vals {
		h := p.homes[i]
		if h.place != placeLeaf || f.vals[i].memoryless() {
			continue
		}
		for s, g := range groups {
			for _, v := range g.vals {
				for _, a := range f.vals[v].args {
					if r := root[a]; f.vals[r].kind == kLeaf && p.homes[r] == h && s > int(def[i]) {
						return fmt.Errorf("step %d reads %s, which step %d has replaced", s, f.leaves[h.at].Name, def[i])
					}
				}
			}
		}
	}
	return nil
}
