package exec

import (
	"unsafe"

	"descent/internal/jit"
	"descent/internal/kernel"
)

// machineCode is a block of arithmetic as one loop.
type machineCode[T kernel.Float] struct {
	code    *jit.Code[T]
	streams []ref // those that step with the tile
	index   []int // their numbers in the code
	columns []*T  // with an element for so many of the domain
	repeat  int
	sums    []*T // where the chains of a tile's sums go
}

func (m *machineCode[T]) tile(off uintptr, n int) {
	for i, r := range m.streams {
		m.code.SetStream(m.index[i], unsafe.Add(r.ptr, off))
	}
	for i, c := range m.columns {
		m.code.SetColumn(i, unsafe.Pointer(elem(c, int(off/sizeOf(*c))/m.repeat)))
	}
	for i, c := range m.sums {
		m.code.SetSum(i, c)
	}
	m.code.Run(n)
}

func (m *machineCode[T]) slots(visit func(*uintptr)) {
	m.code.Streams(visit)
	for i := range m.streams {
		visit(m.streams[i].slot())
	}
	for i := range m.columns {
		visit(slot(&m.columns[i]))
	}
}

// splat sets a number that all elements share, once a run.
type splat[T kernel.Float] struct {
	code   *jit.Code[T]
	index  int
	scalar *float64
	one    *T
}

func (s *splat[T]) set() {
	if s.scalar != nil {
		s.code.SetSplat(s.index, T(*s.scalar))
	} else {
		s.code.SetSplat(s.index, *s.one)
	}
}

// blockBuilder is the block that is being made.
type blockBuilder[T kernel.Float] struct {
	jit.Block
	streams []int32 // their locations
	splats  []Val
	columns []Val
}

// machineCode adds the members of one phase as machine code.
func (b *regionBuilder[T]) machineCode(vals []Val) {
	k := &b.block
	k.Instrs, k.Stores, k.Same, k.Sums = k.Instrs[:0], k.Stores[:0], k.Same[:0], k.Sums[:0]
	k.streams, k.splats, k.columns = k.streams[:0], k.splats[:0], k.columns[:0]
	for i, v := range vals {
		b.of(v).index = int32(i)
	}
	phase := b.of(vals[0]).phase
	for _, v := range vals {
		x := &b.p.f.vals[v]
		in := jit.Instr{Code: x.code}
		for j, a := range x.args {
			in.Args[j] = b.blockOperand(a, x.dims, phase)
		}
		k.Instrs = append(k.Instrs, in)
	}
	for _, v := range vals {
		b.freeOperands(v)
	}
	for i, v := range vals {
		if b.p.plan.allocs[v].space == spaceNone && !b.stays(v) {
			continue // only read in this block
		}
		at := b.result(v)
		if r := b.locations[at].stream; r > 0 {
			k.Same = append(k.Same, [2]int{int(r - 1), len(k.streams)})
		}
		k.Stores = append(k.Stores, jit.Store{Instr: i, Stream: len(k.streams)})
		k.streams = append(k.streams, at)
	}
	sums := b.addSums(vals)
	k.Streams, k.Splats, k.Columns, k.Row, k.Len = len(k.streams), len(k.splats), len(k.columns), 0, b.r.n
	if len(k.columns) > 0 {
		k.Row = b.row
	}
	if len(sums) > 0 {
		k.Row = b.sumRow
	}
	if b.r.tile < b.r.n && b.r.tile%tileVector != 0 {
		k.Len = 0 // each tile has a tail
	}
	b.finishBlock(sums)
}

// finishBlock compiles the block and connects its operands.
func (b *regionBuilder[T]) finishBlock(sums []*T) {
	k := &b.block
	m := &machineCode[T]{code: jit.Compile[T](b.p.pages, &k.Block), sums: sums}
	for i, at := range k.streams {
		l := &b.locations[at]
		l.stream = 0
		m.code.SetStream(i, l.ptr)
		if l.step == 1 && b.r.n > min(b.r.tile, b.r.each) {
			m.streams = append(m.streams, l.ref)
			m.index = append(m.index, i)
		}
	}
	for _, a := range k.columns {
		b.of(a).splat = 0
		m.columns, m.repeat = append(m.columns, b.p.ptr(a)), b.repeat
	}
	for i, a := range k.splats {
		b.of(a).splat = 0
		x := &b.p.f.vals[a]
		s := splat[T]{code: m.code, index: i}
		switch {
		case x.kind == kConst:
			m.code.SetSplat(i, T(x.imm))
			continue
		case x.scalar():
			s.scalar = b.p.scalar(a)
		default:
			s.one = b.p.ptr(a)
		}
		b.r.splats = append(b.r.splats, s)
	}
	b.r.ops = append(b.r.ops, m)
}

// blockOperand returns the code's name for operand a of a member over dims.
func (b *regionBuilder[T]) blockOperand(a Val, dims []int, phase int32) jit.Operand {
	k, x := b.of(a), &b.p.f.vals[a]
	switch {
	case k.phase == phase:
		return jit.Operand{Kind: jit.Value, Index: int(k.index)}
	case x.kind == kConst || x.n == 1 && k.phase == 0 && b.r.n > 1 || x.scalar():
		if k.splat == 0 {
			b.block.splats = append(b.block.splats, a)
			k.splat = int32(len(b.block.splats))
		}
		return jit.Operand{Kind: jit.Splat, Index: int(k.splat - 1)}
	case b.row > 0 && b.column(dims, a) == b.repeat:
		if k.splat == 0 {
			b.block.columns = append(b.block.columns, a)
			k.splat = int32(len(b.block.columns))
		}
		return jit.Operand{Kind: jit.Column, Index: int(k.splat - 1)}
	}
	at := b.operand(a, dims)
	l := &b.locations[at]
	if l.stream == 0 {
		b.block.streams = append(b.block.streams, at)
		l.stream = int32(len(b.block.streams))
	}
	return jit.Operand{Kind: jit.Stream, Index: int(l.stream - 1)}
}
