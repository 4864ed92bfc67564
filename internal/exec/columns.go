package exec

import (
	"unsafe"

	"descent/internal/jit"
	"descent/internal/kernel"
)

// sumsColumns reports whether o adds up columns that are long enough for stripes
// (see [kernel.ColumnStripe]).
func (o reduction) sumsColumns() bool {
	return o.how == kernel.ReduceSum && o.outer == 1 && o.inner > 1 && o.mid > 2*kernel.ColumnStripe(o.inner)
}

// stripe is how many elements a stripe has.
func (o reduction) stripe() int { return kernel.ColumnStripe(o.inner) * o.inner }

// columnSums adds up the columns of an array, or of what a region computes. Its tiles
// are stripes, and blocks of them are done by one worker.
type columnSums[T kernel.Float] struct {
	src    ref
	add    kernel.Func[T] // nil where machine code adds what it computes to acc
	n      int            // elements in all
	acc    []T            // the sums of a chain so far; 0 before it
	totals []float64      // those of each block: all workers' copies share them
	dst    []T
}

func (s *columnSums[T]) tile(off uintptr, n int) {
	var zero T
	at := int(off / sizeOf(zero))
	stripe := at / len(s.acc)
	total := s.totals[stripe/kernel.ColumnBlock*len(s.dst):][:len(s.dst)]
	if stripe%kernel.ColumnBlock == 0 {
		clear(total)
	}
	acc := &s.acc[0]
	if s.add != nil {
		s.add(acc, acc, (*T)(s.src.at(off)), nil, n)
	}
	if stripe%kernel.ColumnChain == kernel.ColumnChain-1 || at+n == s.n {
		kernel.AddColumns(total, acc, len(s.acc)/len(s.dst), len(s.dst))
		clear(s.acc)
	}
}

func (s *columnSums[T]) slots(visit func(*uintptr)) {
	visit(s.src.slot())
	visit(start(&s.dst))
}

// finish joins the blocks, in order.
func (s *columnSums[T]) finish() {
	sum := s.totals[:len(s.dst)]
	for at := len(sum); at < len(s.totals); at += len(sum) {
		for i, x := range s.totals[at:][:len(sum)] {
			sum[i] += x
		}
	}
	for i, x := range sum {
		s.dst[i] = T(x)
	}
}

// newColumnSums makes those of value v for a worker; src and add are for the caller to
// set.
func (p *Program[T]) newColumnSums(v Val, o reduction) *columnSums[T] {
	blocks := (o.mid*o.inner + o.stripe()*kernel.ColumnBlock - 1) / (o.stripe() * kernel.ColumnBlock)
	return &columnSums[T]{n: o.mid * o.inner, acc: kernel.Aligned[T](o.stripe()), totals: p.sums(v, blocks*o.inner), dst: unsafe.Slice(p.ptr(v), o.inner)}
}

// columnStep is a sum of columns by itself: a region without maps.
func (p *Program[T]) columnStep(v Val, o reduction) step {
	var copies regionCopies[T]
	for range p.team.Size() {
		r := &region[T]{n: o.mid * o.inner, tile: o.stripe()}
		s := p.newColumnSums(v, o)
		s.src, s.add = ref{unsafe.Pointer(p.ptr(p.f.vals[v].args[0])), 1}, kernel.Vector[T](kernel.Add)
		r.each = chunkLen(r.n, r.tile*kernel.ColumnBlock, columnWork)
		r.ops, r.reductions = []tileOp[T]{s}, []ending[T]{s}
		copies = append(copies, r)
	}
	return copies
}

// columnWork is about what it takes to add an element, in picoseconds.
const columnWork = 60

// addColumns adds to the block that is being made the sum of columns v, of an operand.
func (b *regionBuilder[T]) addColumns(v Val, o reduction, a jit.Operand) ending[T] {
	k := &b.block
	s := b.p.newColumnSums(v, o)
	at, n := b.locate(ref{unsafe.Pointer(&s.acc[0]), 0}), len(k.streams)
	k.streams = append(k.streams, at, at)
	k.Same = append(k.Same, [2]int{n, n + 1})
	k.Stores = append(k.Stores, jit.Store{Instr: len(k.Instrs), Stream: n + 1})
	k.Instrs = append(k.Instrs, jit.Instr{Code: kernel.Add, Args: [3]jit.Operand{{Kind: jit.Stream, Index: n}, a}})
	return s
}
