package exec

import (
	"unsafe"

	"descent/internal/jit"
	"descent/internal/kernel"
)

// operand returns where a member finds operand a.
func (b *regionBuilder[T]) operand(a Val, dims []int) int32 {
	known := b.of(a)
	if known.location >= 0 {
		return known.location
	}
	x := &b.p.f.vals[a]
	f := fill[T]{kind: spreadOf(dims, x.dims)}
	var at int32
	switch {
	case x.kind == kConst:
		at = b.locate(ref{unsafe.Pointer(&b.p.constArray(x.imm, b.r.tile)[0]), 0})
	case f.kind == spreadFull && !x.scalar():
		at = b.array(a)
	default:
		f.dst, at = b.take()
		once := true
		switch {
		case x.scalar():
			f.kind, f.scalar = spreadScalar, b.p.scalar(a)
		case x.n == 1:
			f.kind, f.one = spreadScalar, b.p.ptr(a)
		default:
			f.src = unsafe.Slice(b.p.ptr(a), x.n)
			f.repeat = b.r.n / x.n
			if f.kind == spreadCol && b.p.pages != nil && f.repeat <= jit.MaxRepeat {
				f.code = jit.CompileSpread[T](b.p.pages, f.repeat)
			}
			once = b.r.n <= b.r.tile || (f.kind == spreadRow && b.r.tile%x.n == 0)
		}
		if once {
			b.r.fills = append(b.r.fills, f)
		} else {
			b.r.spreads = append(b.r.spreads, f)
		}
	}
	known.location = at
	return at
}

// locate numbers a piece of memory.
func (b *regionBuilder[T]) locate(r ref) int32 {
	b.locations = append(b.locations, location{ref: r})
	return int32(len(b.locations) - 1)
}

// array returns the memory of an array that is walked with the domain: the same
// location for all values that are there.
func (b *regionBuilder[T]) array(v Val) int32 {
	start := b.p.ptr(v)
	at, ok := b.arrays[start]
	if !ok {
		if b.arrays == nil {
			b.arrays = map[*T]int32{}
		}
		at = b.locate(ref{unsafe.Add(unsafe.Pointer(start), -b.shift*int(sizeOf(*start))), 1})
		b.arrays[start] = at
	}
	return at
}

// take returns new tile scratch. All regions share it: only one runs at a
// time.
func (b *regionBuilder[T]) take() ([]T, int32) {
	s := b.p.scratchTile(b.worker, &b.next, b.r.tile)
	return s, b.locate(ref{unsafe.Pointer(&s[0]), 0})
}

// freeOperands gives back the scratch of v's operands that end in its phase.
func (b *regionBuilder[T]) freeOperands(v Val) {
	phase := b.of(v).phase
	for _, a := range b.p.f.vals[v].args {
		if k := b.of(a); k.held && k.lastUse == phase {
			b.free = append(b.free, k.location)
			k.held = false
		}
	}
}

// stays reports whether a member that has no home is wanted after its phase.
func (b *regionBuilder[T]) stays(v Val) bool {
	k := b.of(v)
	return b.p.plan.homes[v].place == placeNone && (k.lastUse > k.phase || !b.compiled(v))
}

// result returns where member v goes: straight to its home if it has one and
// no later phase still reads what is there, else to scratch.
func (b *regionBuilder[T]) result(v Val) int32 {
	k := b.of(v)
	if b.p.plan.homes[v].place == placeNone {
		k.location, k.held = b.scratch(), true
		return k.location
	}
	home := b.array(v)
	if k.location = home; b.locations[home].readAt > k.phase {
		k.location = b.scratch() // until the end of the tile
		b.late = append(b.late, &primitive[T]{fn: copyTile[T], dst: b.locations[home].ref, a: b.locations[k.location].ref})
	}
	return k.location
}

// scratch returns scratch that nobody uses.
func (b *regionBuilder[T]) scratch() int32 {
	if k := len(b.free) - 1; k >= 0 {
		at := b.free[k]
		b.free = b.free[:k]
		return at
	}
	_, at := b.take()
	return at
}

// A cursor is a place in the scratch of a worker.
type cursor struct{ chunk, at int }

// chunkTiles is how many tiles the first chunk of scratch has room for; each
// other is twice as long as the one before, up to mostChunk bytes.
const (
	chunkTiles = 4
	mostChunk  = 1 << 22
)

// scratchTile returns n elements of a worker's scratch and moves the cursor on.
func (p *Program[T]) scratchTile(worker int, c *cursor, n int) []T {
	room := alignUp(n) + Pad // jit.Spread writes beyond
	chunks := &p.scratch[worker]
	for ; c.chunk < len(*chunks); *c = (cursor{c.chunk + 1, 0}) {
		if s := (*chunks)[c.chunk]; len(s)-c.at >= room {
			c.at += room
			return s[c.at-room:][:n]
		}
	}
	size := chunkTiles * room
	if c.chunk > 0 {
		size = max(room, min(2*len((*chunks)[c.chunk-1]), mostChunk/int(sizeOf(T(0)))))
	}
	*chunks = append(*chunks, kernel.Aligned[T](size))
	c.at = room
	return (*chunks)[c.chunk][:n]
}
