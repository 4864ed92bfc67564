package exec

import (
	"cmp"
	"slices"
)

// A loop whose results are stacks, as the gradients of gates are, leaves them in the place
// of others that it walks along in the same way, such as the gates, if nobody else wants
// those: each step then writes over the parts that it has read.

// loopsInPlace finds such loops.
func loopsInPlace(f *Func) {
	uses, fixed := f.useCounts(), f.ofFixed()
	for i := range f.vals {
		v := &f.vals[i]
		o, ok := v.op.(*loop)
		if !ok || o.partial() {
			continue
		}
		over := f.placesFor(o, v, uses)
		if over == nil {
			continue
		}
		at := f.rootOf(v.args[o.Leaves[over[0]].Array])
		if once := fixed != nil && fixed[at] && !fixed[i]; !once { // it is wanted in the next run
			v.op = o.over(over)
		}
	}
}

// placesFor returns, for each result of the loop, the leaf of the body that walks along an
// operand in whose place it may be, or nil. The operands are results of one operation,
// side by side as those of the loop are.
func (f *Func) placesFor(o *loop, v *value, uses []int) (over []int) {
	results := o.leftStacks()
	if results == nil {
		return nil
	}
	operand := func(leaf int) *value { return &f.vals[v.args[o.Leaves[leaf].Array]] }
	var free []int // leaves
	for leaf, w := range o.Leaves {
		if !o.walksAlone(leaf) || w.Result || uses[v.args[w.Array]] != 1 {
			continue
		}
		if x := operand(leaf); x.kind == kShape && f.severalResults(x.args[0]) {
			free = append(free, leaf)
		}
	}
	slices.SortFunc(free, func(a, b int) int {
		x, y := operand(a), operand(b)
		return cmp.Or(cmp.Compare(x.args[0], y.args[0]), cmp.Compare(x.from, y.from))
	})
	for ; len(free) >= len(results); free = free[1:] {
		first, at, fits := operand(free[0]), 0, true
		for r, left := range results {
			x := operand(free[r])
			fits = fits && x.args[0] == first.args[0] && x.from == first.from+at && x.n == size(o.Results[r]) && o.alike(free[r], left)
			at += alignUp(x.n)
		}
		if fits && f.readersOf(first.args[0], first.from, at) == len(results) {
			return free[:len(results)]
		}
	}
	return nil
}

// leftStacks returns, for each result, the leaf of the body that walks along it; nil if
// one is anything else than a stack that steps only write.
func (o *loop) leftStacks() (leaves []int) {
	uses := o.Body.useCounts()
	for r := range o.Results {
		leaf := slices.IndexFunc(o.Leaves, func(w Walk) bool { return w.Result && w.Array == r })
		read := leaf < 0 || slices.ContainsFunc(o.Starts, func(s Start) bool { return s.Result == r })
		for i := range o.Body.vals {
			read = read || o.Body.vals[i].kind == kLeaf && o.Body.vals[i].leaf == leaf && uses[i] > 0
		}
		if read || !o.walksAlone(leaf) {
			return nil
		}
		leaves = append(leaves, leaf)
	}
	return leaves
}

// walksAlone reports whether a leaf moves from part to part, and no other is of its array.
func (o *loop) walksAlone(leaf int) bool {
	w, others := o.Leaves[leaf], 0
	for _, x := range o.Leaves {
		if x.Result == w.Result && x.Array == w.Array {
			others++
		}
	}
	return others == 1 && w.Step != 0
}

// alike reports whether two leaves walk in the same way along their arrays.
func (o *loop) alike(a, b int) bool {
	x, y := o.Leaves[a], o.Leaves[b]
	return x.Start == y.Start && x.Step == y.Step && slices.Equal(o.Body.leaves[a].Dims, o.Body.leaves[b].Dims)
}

// severalResults reports whether v is the array of several results, which may be written
// over.
func (f *Func) severalResults(v Val) bool {
	x := &f.vals[v]
	o, placed := x.op.(*loop)
	return x.kind == kOperation && x.op.results() != nil && !(placed && o.places != nil)
}

// readersOf counts the values that have some of n elements of an array, from one on; of an
// array that somebody has as a whole, all values of the program.
func (f *Func) readersOf(v Val, from, n int) (count int) {
	for i := range f.vals {
		x := &f.vals[i]
		switch {
		case !slices.Contains(x.args, v):
		case x.kind != kShape:
			return len(f.vals)
		case x.from < from+n && from < x.from+x.n:
			count++
		}
	}
	if slices.Contains(f.outputs, v) || slices.ContainsFunc(f.updates, func(u Update) bool { return u.Value == v }) {
		return len(f.vals)
	}
	return count
}

// over is the loop with its results where leaves of its body walk along operands.
func (o *loop) over(leaves []int) *loop {
	l, body := *o.Loop, *o.Body
	l.Body, l.Leaves, body.updates = &body, slices.Clone(l.Leaves), slices.Clone(body.updates)
	n := &loop{Loop: &l, places: make([]int, len(leaves))}
	of := func(leaf int) int { // of the body's values
		return slices.IndexFunc(body.vals, func(v value) bool { return v.kind == kLeaf && v.leaf == leaf })
	}
	for r, leaf := range leaves {
		left := slices.IndexFunc(o.Leaves, func(w Walk) bool { return w.Result && w.Array == r })
		for i, u := range body.updates {
			if int(u.Leaf) == of(left) {
				body.updates[i].Leaf = Val(of(leaf))
			}
		}
		n.places[r] = o.Leaves[leaf].Array
		l.Leaves[leaf].Result, l.Leaves[leaf].Array = true, r
	}
	return n
}

// placedIn returns the value in whose place the results of operation v begin; it is not ok
// if they have memory of their own.
func (v *value) placedIn() (at Val, ok bool) {
	if o, is := v.op.(*loop); is && o.places != nil {
		return v.args[o.places[0]], true
	}
	return 0, false
}
