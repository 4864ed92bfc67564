package exec

// markFixed finds the values that are made of fixed leaves alone. They are steps of
// their own, which run once, before all others, until a leaf changes.
func (f *Func) markFixed() { f.fixed = f.ofFixed() }

// ofFixed says, by value, whether it is made of fixed leaves alone; nil if there are none.
func (f *Func) ofFixed() []bool {
	fixed, any := make([]bool, len(f.vals)), false
	for i := range f.vals {
		switch v := &f.vals[i]; v.kind {
		case kLeaf:
			fixed[i] = f.leaves[v.leaf].Fixed
			any = any || fixed[i]
		case kConst:
			fixed[i] = true
		default:
			fixed[i] = v.kind != kOperation || v.op.pure()
			for _, a := range v.args {
				fixed[i] = fixed[i] && fixed[a]
			}
		}
	}
	if !any {
		return nil
	}
	return fixed
}

func (f *Func) isFixed(v Val) bool { return f.fixed != nil && f.fixed[v] }
