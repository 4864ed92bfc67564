package exec

import (
	"slices"

	"descent/internal/kernel"
)

// A reduction of what a region computes is part of the region where nothing else
// wants the array that it reduces: a tile is reduced while it is in cache, and the
// array needs no memory. Totals are made of the sums of blocks, and other
// reductions of whole rows, so the order of operations is the one that a reduction
// alone has.

// reduceTile is the most elements that a tile may have for the sake of a reduction.
const reduceTile = kernel.SumBlock

// reduceMaps is how many maps a region may have that reduces: the tile of one with more
// should be short.
const reduceMaps = 1000

// reduceInRegions moves reductions into the regions that compute their operands.
func reduceInRegions(f *Func, groups []group) []group {
	root := f.roots()
	maker := make([]int, len(f.vals)) // region that computes a value, or -1
	for i := range maker {
		maker[i] = -1
	}
	for g, gr := range groups {
		for _, v := range gr.vals {
			if gr.region && len(gr.batch) == 0 && len(gr.vals) <= reduceMaps {
				maker[v] = g
			}
		}
	}
	wanted := f.readElsewhere(root, maker)
	unit := make([]int, len(groups))   // by region: what its tile must be a multiple of
	ends := make([][]Val, len(groups)) // by region
	left := make([]bool, len(groups))  // groups that remain
	for g, gr := range groups {
		v := gr.vals[0]
		left[g] = true
		if o, ok := f.vals[v].reducesRows(); ok {
			a := root[f.vals[v].args[0]]
			if k := maker[a]; k >= 0 && !wanted[a] && o.outer*o.mid == f.vals[a].n {
				if u := o.tileUnit(max(unit[k], tileVector)); u <= reduceTile || o.outer*o.mid <= reduceTile {
					unit[k], ends[k], left[g] = u, append(ends[k], v), false
				}
			}
		}
	}
	out := groups[:0:0]
	for g, gr := range groups {
		if left[g] {
			gr.vals = append(slices.Clip(gr.vals), ends[g]...)
			out = append(out, gr)
		}
	}
	return out
}

// reducesRows returns the reduction that v is, if it is one of rows of neighbouring
// elements.
func (v *value) reducesRows() (o reduction, ok bool) {
	if v.kind == kOperation {
		o, ok = v.op.(reduction)
	}
	return o, ok && o.inner == 1 && v.n > 0 && o.mid > 0
}

// isTotal reports whether o is the sum of a whole array.
func (o reduction) isTotal() bool { return o.how == kernel.ReduceSum && o.outer == 1 }

// tileUnit returns the least multiple of unit that suits o at the end of a region:
// whole blocks of a total, whole rows of others.
func (o reduction) tileUnit(unit int) int {
	n := o.mid
	if o.isTotal() {
		n = kernel.SumBlock
	}
	return unit / gcd(unit, n) * n
}

// readElsewhere tells of each value whether its memory is read by others than the
// maps of its region and reductions of rows.
func (f *Func) readElsewhere(root []Val, maker []int) []bool {
	read := make([]bool, len(f.vals))
	for i := range f.vals {
		v := &f.vals[i]
		if v.kind == kShape { // only another name
			continue
		}
		_, rows := v.reducesRows()
		for _, a := range v.args {
			r := root[a]
			if !rows && (maker[i] < 0 || maker[i] != maker[r]) {
				read[r] = true
			}
		}
	}
	for _, v := range f.outputs {
		read[root[v]] = true
	}
	for _, u := range f.updates {
		read[root[u.Value]] = true
	}
	return read
}

// tileReduction reduces the tiles of a region.
type tileReduction[T kernel.Float] struct {
	src ref
	// Of rows:
	fn  kernel.Reducer[T]
	dst *T
	row int
	// Of all, where fn is nil: the sum of each block, and where their total goes.
	n      int
	blocks []float64
	scalar *float64
}

func (s *tileReduction[T]) tile(off uintptr, n int) {
	var zero T
	src, at := (*T)(s.src.at(off)), int(off/sizeOf(zero))
	if s.fn != nil {
		s.fn(elem(s.dst, at/s.row), src, n/s.row, s.row, 1)
		return
	}
	for i := 0; i < n; i += kernel.SumBlock {
		s.blocks[(at+i)/kernel.SumBlock] = kernel.Total(elem(src, i), min(n-i, kernel.SumBlock))
	}
}

func (s *tileReduction[T]) slots(visit func(*uintptr)) {
	visit(s.src.slot())
	visit(slot(&s.dst))
}

// finish is called after all tiles.
func (s *tileReduction[T]) finish() {
	if s.fn != nil {
		return
	}
	total := kernel.JoinBlocks(s.blocks, s.n)
	if s.scalar != nil {
		*s.scalar = total
	} else {
		*s.dst = T(total)
	}
}

// reduction adds one at the end of the tile.
func (b *regionBuilder[T]) reduction(v Val) {
	x := &b.p.f.vals[v]
	o, _ := x.reducesRows()
	s := &tileReduction[T]{src: b.locations[b.of(b.p.f.rootOf(x.args[0])).location].ref, n: b.r.n, row: o.mid}
	if x.scalar() {
		s.scalar = b.p.scalar(v)
	} else {
		s.dst = b.p.ptr(v)
	}
	if o.isTotal() {
		s.blocks = b.p.blockSums(v, b.r.n)
	} else {
		s.fn = kernel.ReducerOf[T](o.how)
	}
	b.r.ops = append(b.r.ops, s)
	b.r.reductions = append(b.r.reductions, s)
}

// blockSums returns the memory for the sums of a total's blocks: all workers'
// copies of a region share it.
func (p *Program[T]) blockSums(v Val, n int) []float64 {
	if p.blocks == nil {
		p.blocks = map[Val][]float64{}
	}
	if p.blocks[v] == nil {
		p.blocks[v] = make([]float64, (n+kernel.SumBlock-1)/kernel.SumBlock)
	}
	return p.blocks[v]
}
