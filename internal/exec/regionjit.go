package exec

import (
	"slices"
	"unsafe"

	"descent/internal/jit"
	"descent/internal/kernel"
)

// machineCode is a block of arithmetic as one loop.
type machineCode[T kernel.Float] struct {
	code    *jit.Code[T]
	streams []ref // those that step with the tile
	index   []int // their numbers in the code
}

func (m *machineCode[T]) tile(off uintptr, n int) {
	for i, r := range m.streams {
		m.code.SetStream(m.index[i], unsafe.Add(r.ptr, off))
	}
	m.code.Run(n)
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

// blockBuilder numbers the operands of one block.
type blockBuilder[T kernel.Float] struct {
	b       *regionBuilder[T]
	block   jit.Block
	index   map[Val]int // of members, as instructions
	streams []ref
	splats  map[Val]int
	fixed   map[int]float64 // splats that are constants
	live    []Val           // other splats, by number; -1 for constants
}

// block adds the members of one phase as machine code.
func (b *regionBuilder[T]) block(vals []Val) {
	k := &blockBuilder[T]{b: b, index: map[Val]int{}, splats: map[Val]int{}, fixed: map[int]float64{}}
	for i, v := range vals {
		k.index[v] = i
	}
	for _, v := range vals {
		x := &b.p.f.vals[v]
		in := jit.Instr{Code: x.code}
		for j, a := range x.args {
			in.Args[j] = k.operand(a, x.dims)
		}
		k.block.Instrs = append(k.block.Instrs, in)
	}
	reads := len(k.streams)
	for _, v := range vals {
		b.freeOperands(v)
	}
	for i, v := range vals {
		if b.lastUse[v] <= b.phase[v] && b.p.plan.homes[v].place == placeNone {
			continue // only read in this block
		}
		k.block.Stores = append(k.block.Stores, jit.Store{Instr: i, Stream: len(k.streams)})
		k.streams = append(k.streams, b.result(v))
	}
	for w := reads; w < len(k.streams); w++ {
		if r := slices.Index(k.streams[:reads], k.streams[w]); r >= 0 {
			k.block.Same = append(k.block.Same, [2]int{r, w})
		}
	}
	k.block.Streams, k.block.Splats = len(k.streams), len(k.live)
	k.finish()
}

// finish compiles the block and connects its operands.
func (k *blockBuilder[T]) finish() {
	b := k.b
	m := &machineCode[T]{code: jit.Compile[T](b.p.pages, &k.block)}
	for i, r := range k.streams {
		m.code.SetStream(i, r.ptr)
		if r.step == 1 && b.r.n > min(b.r.tile, b.r.part) {
			m.streams = append(m.streams, r)
			m.index = append(m.index, i)
		}
	}
	for i, a := range k.live {
		if c, ok := k.fixed[i]; ok {
			m.code.SetSplat(i, T(c))
			continue
		}
		s := splat[T]{code: m.code, index: i}
		if b.p.f.vals[a].scalar() {
			s.scalar = b.p.scalar(a)
		} else {
			s.one = b.p.ptr(a)
		}
		b.r.splats = append(b.r.splats, s)
	}
	b.r.ops = append(b.r.ops, m)
}

// operand returns the code's name for operand a of a member over dims.
func (k *blockBuilder[T]) operand(a Val, dims []int) jit.Operand {
	if i, ok := k.index[a]; ok {
		return jit.Operand{Kind: jit.Value, Index: i}
	}
	x := &k.b.p.f.vals[a]
	if x.kind == kConst || x.n == 1 && k.b.phase[a] == 0 && k.b.r.n > 1 || x.scalar() {
		i, ok := k.splats[a]
		if !ok {
			i = len(k.live)
			k.splats[a] = i
			k.live = append(k.live, a)
			if x.kind == kConst {
				k.fixed[i] = x.imm
			}
		}
		return jit.Operand{Kind: jit.Splat, Index: i}
	}
	r := k.b.operand(a, dims)
	i := slices.Index(k.streams, r)
	if i < 0 {
		i = len(k.streams)
		k.streams = append(k.streams, r)
	}
	return jit.Operand{Kind: jit.Stream, Index: i}
}
