package exec

import (
	"container/heap"
	"slices"
)

// schedule orders the groups: operands first, otherwise in the order they were
// written, except that a group which replaces a leaf waits until everything
// else that reads the old leaf has run, so that it can write in place. The
// order is deterministic.
func schedule(f *Func, groups []group) []group {
	root := f.roots()
	maker := make([]int32, len(f.vals)) // group that computes a value
	for i := range maker {
		maker[i] = -1
	}
	for g, gr := range groups {
		for _, v := range gr.vals {
			maker[v] = int32(g)
		}
	}
	s := scheduler{missing: make([]int, len(groups)), readers: map[Val]int{}, targets: make([][]Val, len(groups)), groups: groups}
	users := make([][]int32, len(groups))
	reads := make([][]Val, len(groups)) // leaves read
	for g, gr := range groups {
		var from []int32
		for _, v := range gr.vals {
			for _, a := range f.vals[v].args {
				r := root[a]
				if f.vals[r].kind == kLeaf && !slices.Contains(reads[g], r) {
					reads[g] = append(reads[g], r)
				}
				if m := maker[r]; m >= 0 && m != int32(g) {
					from = append(from, m)
				}
			}
		}
		slices.Sort(from)
		from = slices.Compact(from)
		s.missing[g] = len(from)
		for _, m := range from {
			users[m] = append(users[m], int32(g))
		}
		for _, l := range reads[g] {
			s.readers[l]++
		}
	}
	for _, u := range f.updates {
		if m := maker[root[u.Value]]; m >= 0 {
			s.targets[m] = append(s.targets[m], u.Leaf)
		}
	}
	for g := range groups {
		if s.missing[g] == 0 {
			s.ready(g)
		}
	}
	order := make([]group, 0, len(groups))
	for len(order) < len(groups) {
		g := s.next(reads)
		order = append(order, groups[g])
		for _, l := range reads[g] {
			s.readers[l]--
		}
		for _, u := range users[g] {
			if s.missing[u]--; s.missing[u] == 0 {
				s.ready(int(u))
			}
		}
	}
	return order
}

type scheduler struct {
	groups  []group
	missing []int
	readers map[Val]int // groups still to run that read a leaf
	targets [][]Val     // leaves that a group replaces
	free    intHeap     // ready, replaces nothing
	held    []int       // ready, replaces a leaf
}

func (s *scheduler) ready(g int) {
	if len(s.targets[g]) == 0 {
		heap.Push(&s.free, g)
	} else {
		s.held = append(s.held, g)
	}
}

// next takes a held group that nobody waits for, else the first free one, else
// the first held one (whose result will be copied).
func (s *scheduler) next(reads [][]Val) int {
	for i, g := range s.held {
		clear := true
		for _, l := range s.targets[g] {
			left := s.readers[l]
			if slices.Contains(reads[g], l) {
				left--
			}
			clear = clear && left == 0
		}
		if clear {
			s.held = slices.Delete(s.held, i, i+1)
			return g
		}
	}
	if len(s.free) > 0 {
		return heap.Pop(&s.free).(int)
	}
	i := 0
	for k, g := range s.held {
		if g < s.held[i] {
			i = k
		}
	}
	g := s.held[i]
	s.held = slices.Delete(s.held, i, i+1)
	return g
}

type intHeap []int

func (h intHeap) Len() int           { return len(h) }
func (h intHeap) Less(i, j int) bool { return h[i] < h[j] }
func (h intHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *intHeap) Push(x any)        { *h = append(*h, x.(int)) }
func (h *intHeap) Pop() any {
	old := *h
	x := old[len(old)-1]
	*h = old[:len(old)-1]
	return x
}
