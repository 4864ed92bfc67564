package exec

import "container/heap"

// schedule orders the groups: operands first, otherwise in the order they were
// written, with three exceptions. What is fixed comes first. Scalars made of scalars
// alone, such as what an optimizer makes of its step count, are next: they hold up
// nobody then. A group that replaces a leaf runs once everything else that reads the old leaf
// has run, so that it can write in place; its gradient then needs no memory any
// more. The order is deterministic.
func schedule(f *Func, groups []group) []group {
	groups = earlyFirst(f, groups)
	s := newScheduler(f, groups)
	for g := range groups {
		if s.missing[g] == 0 {
			s.ready(int32(g))
		}
	}
	order := make([]group, 0, len(groups))
	for len(order) < len(groups) {
		g := s.next()
		order = append(order, groups[g])
		s.done(g)
	}
	return order
}

// earlyFirst moves groups of early scalars to the front.
func earlyFirst(f *Func, groups []group) []group {
	early := f.early()
	out := make([]group, 0, len(groups))
	for _, first := range []bool{true, false} {
		for _, g := range groups {
			if early[g.vals[0]] == first {
				out = append(out, g)
			}
		}
	}
	return out
}

// A scheduler knows how far every group is. Groups are numbered, leaves are
// values.
type scheduler struct {
	reads   lists   // of a group: leaves
	users   lists   // of a group: groups that need what it makes
	missing []int32 // of a group: groups still to run that it needs; -1 when it has run itself
	by      []int32 // of a leaf: the group that replaces it, or -1
	others  []int32 // of a leaf: groups still to run that read it, but for that one
	targets []int32 // of a group: leaves that it replaces
	blocked []int32 // of a group: those of them that others still read

	fixed []bool // by group

	// Groups that are ready: fixed ones; others that replace nothing; that are not
	// blocked; that are, or were.
	first, free, clear, stuck intHeap
}

func newScheduler(f *Func, groups []group) *scheduler {
	counts := func(n int) []int32 { return make([]int32, n) }
	s := &scheduler{missing: counts(len(groups)), targets: counts(len(groups)), blocked: counts(len(groups)), by: counts(len(f.vals)), others: counts(len(f.vals))}
	root := f.roots()
	maker := counts(len(f.vals)) // group that computes a value
	for i := range maker {
		maker[i], s.by[i] = -1, -1
	}
	for g, gr := range groups {
		s.fixed = append(s.fixed, f.isFixed(gr.vals[0]))
		for _, v := range gr.vals {
			maker[v] = int32(g)
		}
	}
	for _, u := range f.updates {
		if m := maker[root[u.Value]]; m >= 0 {
			s.by[u.Leaf] = m
			s.targets[m]++
		}
	}
	var needs lists
	seen := make([]int32, len(f.vals)) // the last group, plus 1, that reads a leaf
	last := make([]int32, len(groups)) // the last group, plus 1, that needs a group
	for g, gr := range groups {
		me := int32(g) + 1
		for _, v := range gr.vals {
			for _, a := range f.vals[v].args {
				r := root[a]
				if f.vals[r].kind == kLeaf && seen[r] != me {
					seen[r] = me
					s.reads.add(int32(r))
					if s.by[r] != int32(g) {
						s.others[r]++
					}
				}
				if m := maker[r]; m >= 0 && m != int32(g) && last[m] != me {
					last[m] = me
					needs.add(m)
					s.missing[g]++
				}
			}
		}
		s.reads.end()
		needs.end()
	}
	s.users = needs.inverse(len(groups))
	for l, n := range s.others {
		if n > 0 && s.by[l] >= 0 {
			s.blocked[s.by[l]]++
		}
	}
	return s
}

func (s *scheduler) ready(g int32) {
	switch {
	case s.fixed[g]:
		heap.Push(&s.first, g)
	case s.targets[g] == 0:
		heap.Push(&s.free, g)
	case s.blocked[g] == 0:
		heap.Push(&s.clear, g)
	default:
		heap.Push(&s.stuck, g)
	}
}

// next takes the first fixed group, else the first that can write in place, else the first that
// replaces nothing, else the first blocked one, whose result will be copied.
func (s *scheduler) next() int32 {
	for _, h := range []*intHeap{&s.first, &s.clear, &s.free, &s.stuck} {
		for len(*h) > 0 {
			if g := heap.Pop(h).(int32); s.missing[g] == 0 {
				return g // not one that was cleared, and ran, since
			}
		}
	}
	panic("exec: groups need each other")
}

// done tells those who waited for g.
func (s *scheduler) done(g int32) {
	s.missing[g] = -1
	for _, l := range s.reads.of(g) {
		w := s.by[l]
		if w == g {
			continue
		}
		if s.others[l]--; s.others[l] > 0 || w < 0 {
			continue
		}
		if s.blocked[w]--; s.blocked[w] == 0 && s.missing[w] == 0 {
			heap.Push(&s.clear, w)
		}
	}
	for _, u := range s.users.of(g) {
		if s.missing[u]--; s.missing[u] == 0 {
			s.ready(u)
		}
	}
}

// lists are many short lists in one array.
type lists struct {
	items []int32
	ends  []int32
}

func (l *lists) add(x int32) { l.items = append(l.items, x) }

func (l *lists) end() { l.ends = append(l.ends, int32(len(l.items))) }

func (l *lists) of(i int32) []int32 {
	start := int32(0)
	if i > 0 {
		start = l.ends[i-1]
	}
	return l.items[start:l.ends[i]]
}

// inverse lists, for each x below n, the lists that have it.
func (l *lists) inverse(n int) lists {
	out := lists{items: make([]int32, len(l.items)), ends: make([]int32, n+1)}
	for _, x := range l.items {
		out.ends[x+1]++
	}
	for x := range n {
		out.ends[x+1] += out.ends[x]
	}
	for i := range l.ends { // each start moves to its end
		for _, x := range l.of(int32(i)) {
			out.items[out.ends[x]] = int32(i)
			out.ends[x]++
		}
	}
	out.ends = out.ends[:n]
	return out
}

type intHeap []int32

func (h intHeap) Len() int           { return len(h) }
func (h intHeap) Less(i, j int) bool { return h[i] < h[j] }
func (h intHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *intHeap) Push(x any)        { *h = append(*h, x.(int32)) }
func (h *intHeap) Pop() any {
	old := *h
	x := old[len(old)-1]
	*h = old[:len(old)-1]
	return x
}
