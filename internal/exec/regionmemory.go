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
	f := fill[T]{kind: broadcastOf(dims, x.dims)}
	var at int32
	switch {
	case x.kind == kConst:
		at = b.locate(ref{unsafe.Pointer(&b.p.constArray(x.imm, b.r.tile)[0]), 0})
	case f.kind == broadcastNone && !x.scalar():
		at = b.array(a)
	default:
		f.dst, at = b.take()
		once := true
		switch {
		case x.scalar():
			f.kind, f.scalar = broadcastScalar, b.p.scalar(a)
		case x.n == 1:
			f.kind, f.one = broadcastScalar, b.p.ptr(a)
		default:
			f.src = unsafe.Slice(b.p.ptr(a), x.n)
			f.repeat = b.r.n / x.n
			if f.kind == broadcastColumn && b.p.pages != nil && f.repeat <= jit.MaxRepeat {
				f.code = jit.CompileRepeat[T](b.p.pages, f.repeat)
			}
			once = b.r.n <= b.r.tile || (f.kind == broadcastRow && b.r.tile%x.n == 0)
		}
		if once {
			b.r.runFills = append(b.r.runFills, f)
		} else {
			b.r.tileFills = append(b.r.tileFills, f)
		}
	}
	known.location = at
	return at
}

// locate numbers memory.
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

// stays reports whether a member that has no memory is wanted after its phase.
func (b *regionBuilder[T]) stays(v Val) bool {
	k := b.of(v)
	return b.p.plan.allocs[v].space == spaceNone && (k.lastUse > k.phase || !b.compiled(v))
}

// result returns where member v goes: straight to its memory if it has one and
// no later phase still reads what is there, else to scratch.
func (b *regionBuilder[T]) result(v Val) int32 {
	k := b.of(v)
	if b.p.plan.allocs[v].space == spaceNone {
		k.location, k.held = b.scratch(), true
		return k.location
	}
	own := b.array(v)
	if k.location = own; b.locations[own].readAt > k.phase {
		k.location = b.scratch() // until the end of the tile
		b.late = append(b.late, &primitive[T]{fn: copyTile[T], dst: b.locations[own].ref, a: b.locations[k.location].ref})
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
type cursor struct{ segment, at int }

// segmentTiles is how many tiles the first segment of scratch has room for; each
// other is twice as long as the one before, up to mostSegment bytes.
const (
	segmentTiles = 4
	mostSegment  = 1 << 22
)

// scratchTile returns n elements of a worker's scratch and moves the cursor on.
func (p *Program[T]) scratchTile(worker int, c *cursor, n int) []T {
	room := alignUp(n) + Pad // jit.Repeat writes beyond
	segments := &p.scratch[worker]
	for ; c.segment < len(*segments); *c = (cursor{c.segment + 1, 0}) {
		if s := (*segments)[c.segment]; len(s)-c.at >= room {
			c.at += room
			return s[c.at-room:][:n]
		}
	}
	size := segmentTiles * room
	if c.segment > 0 {
		size = max(room, min(2*len((*segments)[c.segment-1]), mostSegment/int(sizeOf(T(0)))))
	}
	*segments = append(*segments, kernel.Aligned[T](size))
	c.at = room
	return (*segments)[c.segment][:n]
}
