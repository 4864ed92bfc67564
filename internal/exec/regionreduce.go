package exec

import (
	"slices"
	"unsafe"

	"descent/internal/kernel"
)

// A reduction of what a region computes, or reads, is part of the region: a tile is reduced while
// it is in cache, and the array needs no memory if nothing else wants it. Totals are
// made of the sums of blocks, sums of columns of those of stripes, and other
// reductions of whole rows, so the order of operations is the one that a reduction
// alone has.

// reduceTile is the most elements that a tile may have for the sake of a reduction.
const reduceTile = kernel.SumBlock

// reduceMaps is how many maps a region may have that reduces: the tile of one with more
// should be short.
const reduceMaps = 1000

// reducing is how far reductions have been moved into regions.
type reducing struct {
	f       *Func
	groups  []group
	root    []Val
	updated map[Val]bool // leaves
	tiles   []tiling     // by region
	ends    [][]Val      // by region: its reductions
	into    []int        // by group: the region that it has become a part of, or itself
	moved   [][]int      // by region: the groups that have
}

// reduceInRegions moves reductions into the regions that compute their operands, or
// have them in their tiles anyway.
func reduceInRegions(f *Func, groups []group) []group {
	n := len(groups)
	r := &reducing{f: f, groups: groups, root: f.roots(), updated: map[Val]bool{}, tiles: make([]tiling, n), ends: make([][]Val, n), into: make([]int, n), moved: make([][]int, n)}
	for _, u := range f.updates {
		r.updated[u.Leaf] = true
	}
	maker := make([]int, len(f.vals)) // region that computes a value, or -1
	for i := range maker {
		maker[i] = -1
	}
	for g, gr := range groups {
		r.into[g] = g
		for _, v := range gr.vals {
			if r.region(g) {
				maker[v] = g
			}
		}
	}
	for g, gr := range groups {
		v := gr.vals[0]
		if o, ok := f.vals[v].endsRegion(); ok {
			a := r.root[f.vals[v].args[0]]
			if k := maker[a]; k >= 0 && o.outer*o.mid*o.inner == f.vals[a].n && r.tiles[k].suit(o) {
				r.ends[k], r.moved[k], r.into[g] = append(r.ends[k], v), append(r.moved[k], g), k
			}
		}
	}
	r.join()
	out := groups[:0:0]
	for g, gr := range groups {
		if r.into[g] == g {
			gr.vals = append(slices.Clip(gr.vals), r.ends[g]...)
			out = append(out, gr)
		}
	}
	return out
}

// region reports whether group g is a region that reductions may end.
func (r *reducing) region(g int) bool {
	return r.groups[g].region && len(r.groups[g].batch) == 0 && len(r.groups[g].vals) <= reduceMaps
}

// endsRegion returns the reduction that v is, if it is one of rows of neighbouring
// elements or a sum of columns.
func (v *value) endsRegion() (o reduction, ok bool) {
	if v.kind == kOperation {
		o, ok = v.op.(reduction)
	}
	return o, ok && (o.inner == 1 || o.sumsColumns()) && v.n > 0 && o.mid > 0
}

// isTotal reports whether o is the sum of a whole array.
func (o reduction) isTotal() bool { return o.how == kernel.ReduceSum && o.outer == 1 && o.inner == 1 }

// A tiling is what the tile of a region must be for its reductions: a multiple of
// unit, or just a stripe.
type tiling struct{ unit, stripe int }

// suit reports whether a reduction may be one of the region's, and then makes the tile
// suit it: whole blocks of a total, whole rows, a stripe.
func (t *tiling) suit(o reduction) bool {
	next, whole := *t, max(t.unit, tileVector)
	switch {
	case o.sumsColumns():
		next.stripe = o.stripe()
	case o.isTotal():
		next.unit = whole / gcd(whole, kernel.SumBlock) * kernel.SumBlock
	default:
		next.unit = whole / gcd(whole, o.mid) * o.mid
	}
	switch {
	case t.stripe != 0 && t.stripe != next.stripe || next.stripe > reduceTile,
		next.stripe != 0 && next.unit != 0 && next.stripe%next.unit != 0,
		next.unit > reduceTile && o.outer*o.mid*o.inner > reduceTile:
		return false
	}
	*t = next
	return true
}

// tileReduction reduces the tiles of a region.
type tileReduction[T kernel.Float] struct {
	src    ref
	chains []T // of a tile's sums, where machine code makes them
	// Of rows:
	fn  kernel.Reducer[T]
	dst *T
	row int
	// Of all, where blocks is not nil: the sum of each, which is a row, and where their total goes.
	n      int
	blocks []float64
	scalar *float64
}

func (s *tileReduction[T]) tile(off uintptr, n int) {
	var zero T
	src, at := (*T)(s.src.at(off)), int(off/sizeOf(zero))
	switch {
	case s.blocks == nil && s.chains == nil:
		s.fn(elem(s.dst, at/s.row), src, n/s.row, s.row, 1)
	case s.blocks == nil:
		kernel.JoinChains(elem(s.dst, at/s.row), chains32(s.chains), n/s.row, s.row)
	case s.chains != nil:
		kernel.JoinChains(&s.blocks[at/s.row], chains32(s.chains), n/s.row, s.row)
	default:
		for i := 0; i < n; i += kernel.SumBlock {
			s.blocks[(at+i)/kernel.SumBlock] = kernel.Total(elem(src, i), min(n-i, kernel.SumBlock))
		}
	}
}

// chains32 is chains as what they are: only those of float32 are made.
func chains32[T kernel.Float](c []T) *float32 { return (*float32)(unsafe.Pointer(&c[0])) }

func (s *tileReduction[T]) slots(visit func(*uintptr)) {
	visit(s.src.slot())
	visit(slot(&s.dst))
}

// finish is called after all tiles.
func (s *tileReduction[T]) finish() {
	if s.blocks == nil {
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
	if s := b.inCode[v]; s != nil {
		b.end(s)
		return
	}
	o, _ := b.p.f.vals[v].endsRegion()
	if o.sumsColumns() {
		s := b.p.newColumnSums(v, o)
		s.src, s.add = b.source(v), kernel.Vector[T](kernel.Add)
		b.end(s)
		return
	}
	s := b.newTileReduction(v, o)
	s.src = b.source(v)
	b.end(s)
}

// newTileReduction makes that of value v; src or chains are for the caller to set.
func (b *regionBuilder[T]) newTileReduction(v Val, o reduction) *tileReduction[T] {
	s := &tileReduction[T]{n: b.r.n, row: o.mid}
	if b.p.f.vals[v].scalar() {
		s.scalar = b.p.scalar(v)
	} else {
		s.dst = b.p.ptr(v)
	}
	if o.isTotal() {
		s.blocks = b.p.sums(v, (b.r.n+kernel.SumBlock-1)/kernel.SumBlock)
	} else {
		s.fn = kernel.ReducerOf[T](o.how)
	}
	return s
}

// source is the tile that reduction v is of.
func (b *regionBuilder[T]) source(v Val) ref {
	a := b.p.f.rootOf(b.p.f.vals[v].args[0])
	if b.member(a) {
		return b.locations[b.of(a).location].ref
	}
	return b.locations[b.array(a)].ref
}

func (b *regionBuilder[T]) end(s ending[T]) {
	b.r.ops = append(b.r.ops, s)
	b.r.reductions = append(b.r.reductions, s)
}

// sums returns the memory for the sums of the blocks of v, n numbers: all workers'
// copies of a region share it.
func (p *Program[T]) sums(v Val, n int) []float64 {
	if p.blocks == nil {
		p.blocks = map[Val][]float64{}
	}
	if p.blocks[v] == nil {
		p.blocks[v] = make([]float64, n)
	}
	return p.blocks[v]
}
