package exec

import (
	"slices"

	"descent/internal/kernel"
)

// A reduction of what a region computes is part of the region where nothing else
// wants the array that it folds: a tile is folded while it is in cache, and the
// array needs no memory. Totals are made of the sums of blocks, and other folds
// of whole rows, so the order of operations is the one that a fold alone has.

// foldTile is the most elements that a tile may have for the sake of a fold.
const foldTile = kernel.SumBlock

// foldMaps is how many maps a region may have that folds: the tile of one with more
// should be short.
const foldMaps = 1000

// foldIn moves reductions into the regions that compute their operands.
func foldIn(f *Func, groups []group) []group {
	root := f.roots()
	maker := make([]int, len(f.vals)) // region that computes a value, or -1
	for i := range maker {
		maker[i] = -1
	}
	for g, gr := range groups {
		for _, v := range gr.vals {
			if gr.region && len(gr.gang) == 0 && len(gr.vals) <= foldMaps {
				maker[v] = g
			}
		}
	}
	wanted := f.readElsewhere(root, maker)
	unit := make([]int, len(groups))    // by region: what its tile must be a multiple of
	folds := make([][]Val, len(groups)) // by region
	left := make([]bool, len(groups))   // groups that remain
	for g, gr := range groups {
		v := gr.vals[0]
		left[g] = true
		if x := &f.vals[v]; x.foldsRows() {
			a := root[x.args[0]]
			if k := maker[a]; k >= 0 && !wanted[a] && x.outer*x.mid == f.vals[a].n {
				if u := x.tileUnit(max(unit[k], tileVector)); u <= foldTile || x.outer*x.mid <= foldTile {
					unit[k], folds[k], left[g] = u, append(folds[k], v), false
				}
			}
		}
	}
	out := groups[:0:0]
	for g, gr := range groups {
		if left[g] {
			gr.vals = append(slices.Clip(gr.vals), folds[g]...)
			out = append(out, gr)
		}
	}
	return out
}

// foldsRows reports whether v folds rows of neighbouring elements.
func (v *value) foldsRows() bool { return v.kind == kReduce && v.inner == 1 && v.n > 0 && v.mid > 0 }

// isTotal reports whether v is the sum of a whole array.
func (v *value) isTotal() bool { return v.fold == kernel.FoldSum && v.outer == 1 }

// tileUnit returns the least multiple of unit that suits v, a fold: whole blocks
// of a total, whole rows of others.
func (v *value) tileUnit(unit int) int {
	n := v.mid
	if v.isTotal() {
		n = kernel.SumBlock
	}
	return unit / gcd(unit, n) * n
}

// readElsewhere tells of each value whether its memory is read by others than the
// maps of its region and folds of rows.
func (f *Func) readElsewhere(root []Val, maker []int) []bool {
	read := make([]bool, len(f.vals))
	for i := range f.vals {
		v := &f.vals[i]
		if v.kind == kShape { // only another name
			continue
		}
		for _, a := range v.args {
			r := root[a]
			if !v.foldsRows() && (maker[i] < 0 || maker[i] != maker[r]) {
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

// foldOp folds the tiles of a region.
type foldOp[T kernel.Float] struct {
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

func (s *foldOp[T]) tile(off uintptr, n int) {
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

// finish is called after all tiles.
func (s *foldOp[T]) finish() {
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

// fold adds a reduction at the end of the tile.
func (b *regionBuilder[T]) fold(v Val) {
	x := &b.p.f.vals[v]
	s := &foldOp[T]{src: b.locations[b.of(b.p.f.rootOf(x.args[0])).location].ref, n: b.r.n, row: x.mid}
	if x.scalar() {
		s.scalar = b.p.scalar(v)
	} else {
		s.dst = b.p.ptr(v)
	}
	if x.isTotal() {
		s.blocks = b.p.blockSums(v, b.r.n)
	} else {
		s.fn = kernel.Reduction[T](x.fold)
	}
	b.r.ops = append(b.r.ops, s)
	b.r.folds = append(b.r.folds, s)
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
