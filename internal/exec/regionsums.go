package exec

import (
	"slices"
	"unsafe"

	"descent/internal/jit"
	"descent/internal/kernel"
)

// Machine code adds up what it computes, or reads, while it is in registers: columns
// element by element, rows of float32 in chains (see [kernel.Chains]). What it makes
// for its sums alone is then in no memory.

// chooseSums finds the sums of rows of members that machine code makes.
func (b *regionBuilder[T]) chooseSums() {
	b.sumRow = b.repeat
	for _, v := range b.reductions {
		if a := b.p.f.rootOf(b.p.f.vals[v].args[0]); b.member(a) && b.compiled(a) {
			b.choose(v)
		}
	}
}

// choose makes v one of the sums of rows that machine code makes, if it can be: all are
// of rows of one length, that of columns if there are any. A total's rows are its blocks.
func (b *regionBuilder[T]) choose(v Val) {
	o, _ := b.p.f.vals[v].endsRegion()
	row := o.mid
	if o.isTotal() {
		row = min(row, kernel.SumBlock)
	}
	alike := row <= kernel.SumBlock && o.mid%row == 0 && (b.sumRow == 0 || b.sumRow == row)
	if o.how == kernel.ReduceSum && o.inner == 1 && alike && len(b.rowSums) < jit.MostSums[T]() {
		b.sumRow = row
		b.rowSums = append(b.rowSums, v)
	}
}

// madeInCode reports whether machine code makes reduction v of a member.
func (b *regionBuilder[T]) madeInCode(v Val) bool {
	o, _ := b.p.f.vals[v].endsRegion()
	return b.compiled(b.p.f.rootOf(b.p.f.vals[v].args[0])) && o.sumsColumns() || slices.Contains(b.rowSums, v)
}

// addSums adds to the block that is being made the sums of its members, and of arrays
// that it reads. It returns where the chains of those of rows go.
func (b *regionBuilder[T]) addSums(vals []Val) (chains []*T) {
	for _, v := range b.reductions {
		a, ok := b.summand(v, vals)
		if !ok || b.inCode[v] != nil {
			continue
		}
		o, _ := b.p.f.vals[v].endsRegion()
		if b.inCode == nil {
			b.inCode = map[Val]ending[T]{}
		}
		if o.sumsColumns() {
			b.inCode[v] = b.addColumns(v, o, a)
			continue
		}
		if a.Kind == jit.Stream {
			b.choose(v)
		}
		if !slices.Contains(b.rowSums, v) {
			continue
		}
		s, row := b.newTileReduction(v, o), b.sumRow
		s.row, s.chains = row, kernel.Aligned[T]((min(b.r.tile, b.r.n)+row-1)/row*kernel.Chains(row))
		b.block.Sums, chains = append(b.block.Sums, a), append(chains, &s.chains[0])
		b.inCode[v] = s
	}
	return chains
}

// summand returns what reduction v is of, if the block that is being made has it.
func (b *regionBuilder[T]) summand(v Val, vals []Val) (jit.Operand, bool) {
	a := b.p.f.rootOf(b.p.f.vals[v].args[0])
	if i := slices.Index(vals, a); i >= 0 {
		return jit.Operand{Kind: jit.Value, Index: i}, true
	}
	if b.member(a) || b.p.plan.allocs[a].space == spaceNone {
		return jit.Operand{}, false
	}
	at, ok := b.arrays[(*T)(unsafe.Pointer(b.p.ptr(a)))]
	if !ok || b.locations[at].stream == 0 {
		return jit.Operand{}, false
	}
	return jit.Operand{Kind: jit.Stream, Index: int(b.locations[at].stream - 1)}, true
}
