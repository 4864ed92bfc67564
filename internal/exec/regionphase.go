package exec

import (
	"descent/internal/jit"
	"descent/internal/kernel"
)

// phases numbers the members. Blocks of arithmetic get even numbers of a
// coarse count, the calls between them odd ones; then each call gets a phase of
// its own. A block may be very long: code is read in order, and what waits in it is
// a vector, while from one block to the next each value takes a tile of scratch.
func (b *regionBuilder[T]) phases(vals []Val) {
	most := int32(0)
	for _, v := range vals {
		x := &b.p.f.vals[v]
		c := int32(0)
		for _, a := range x.args {
			c = max(c, b.of(a).phase)
		}
		if want := int32(bool2int(!jit.Supports(x.code))); c%2 != want {
			c++
		}
		b.of(v).phase = c
		most = max(most, c)
	}
	b.sort(vals, int(most))
	n, last := int32(0), int32(-1)
	for _, v := range b.vals {
		k := b.of(v)
		if together := b.p.pages != nil && k.phase%2 == 0 && k.phase == last; !together {
			n++
		}
		last, k.phase = k.phase, n
	}
}

// sort orders the members by their numbers up to most, and as they are among
// equals.
func (b *regionBuilder[T]) sort(vals []Val, most int) {
	b.count = append(b.count[:0], make([]int32, most+2)...)
	for _, v := range vals {
		b.count[b.of(v).phase+1]++
	}
	for i := range most {
		b.count[i+1] += b.count[i]
	}
	b.vals = append(b.vals[:0], vals...)
	for _, v := range vals {
		at := &b.count[b.of(v).phase]
		b.vals[*at] = v
		*at++
	}
}

func bool2int(x bool) int {
	if x {
		return 1
	}
	return 0
}

// whole reports whether one block does all and needs no scratch: the domain can
// then be one tile, which may be divided anywhere.
func (b *regionBuilder[T]) whole() bool {
	if b.p.pages == nil || len(b.reductions) > 0 || b.of(b.vals[len(b.vals)-1]).phase != 1 || !jit.Supports(b.p.f.vals[b.vals[0]].code) {
		return false
	}
	for _, v := range b.vals {
		for _, a := range b.p.f.vals[v].args {
			if _, is := b.broadcasts(v, a); is {
				return false
			}
		}
	}
	return true
}

// broadcasts reports whether operand a of member v is an array that is shorter than
// the domain, and how it covers it.
func (b *regionBuilder[T]) broadcasts(v, a Val) (broadcastKind, bool) {
	x := &b.p.f.vals[a]
	s := broadcastOf(b.p.f.vals[v].dims, x.dims)
	return s, x.kind != kConst && x.n > 1 && s != broadcastNone
}

// scratchBytes is what the scratch of a region may take: about a second-level
// cache. Regions of very many values have shorter tiles, down to leastTile
// elements, instead of more.
const (
	scratchBytes = 1 << 20
	leastTile    = 64
)

// callWork bounds a call of machine code, which cannot be preempted, to about a
// millisecond: its instructions times the elements.
const callWork = 1 << 24

// tileLen returns the tile length: the whole domain if it can be one tile (or what
// one call may do of it), else
// what fits in cache, as a multiple of what the reductions need and, where that is
// possible, of a short row's period, so that the row is repeated once a run.
func (b *regionBuilder[T]) tileLen(n int, whole bool) int {
	var zero T
	call := max(callWork/len(b.vals)&^(chunkUnit-1), leastTile)
	if whole {
		return max(min(n, call), 1)
	}
	tile := min(tileBytes/int(sizeOf(zero)), call)
	if len(b.vals) == 1 || b.p.pages != nil && b.of(b.vals[len(b.vals)-1]).phase == 1 && len(b.rowSums) > 0 {
		tile *= 4 // nothing comes back to a tile: fewer calls
	}
	if most := scratchBytes / int(sizeOf(zero)) / max(b.scratchTiles(), 1); most < tile {
		tile = max(leastTile, most&^(tileVector-1))
	}
	var suited tiling
	for _, v := range b.reductions {
		o, _ := b.p.f.vals[v].endsRegion()
		suited.suit(o)
	}
	if suited.stripe > 0 {
		return min(n, suited.stripe)
	}
	unit := max(suited.unit, tileVector)
	if u := unit / gcd(unit, b.repeat) * b.repeat; b.repeat > 0 && u <= reduceTile {
		unit = u
	} else if suited.unit == 0 && b.repeat > reduceTile {
		if t := partOf(b.repeat); t > 0 {
			return t
		}
	}
	tile = max(tile, unit)
	if n <= tile || unit > reduceTile {
		return max(n, 1)
	}
	period := 1
	for _, v := range b.vals {
		for _, a := range b.p.f.vals[v].args {
			if s, ok := b.broadcasts(v, a); ok && s == broadcastRow {
				period = b.p.f.vals[a].n
			}
		}
	}
	if p := unit / gcd(unit, period) * period; p <= tile {
		unit = p
	}
	return tile / unit * unit
}

// columnRepeat returns how often machine code of the region repeats each element of a
// column, or 0. Columns of another length are written to scratch.
func (b *regionBuilder[T]) columnRepeat() int {
	for _, v := range b.vals {
		if b.compiled(v) {
			for _, a := range b.p.f.vals[v].args {
				if n := b.column(b.p.f.vals[v].dims, a); n > 0 {
					return n
				}
			}
		}
	}
	return 0
}

// column returns how often an operand of a member over dims is repeated, if it is a
// column, else 0.
func (b *regionBuilder[T]) column(dims []int, a Val) int {
	x := &b.p.f.vals[a]
	if x.n <= 1 || x.kind == kConst || b.of(a).phase != 0 || broadcastOf(dims, x.dims) != broadcastColumn {
		return 0
	}
	return b.r.n / x.n
}

// rowLen returns how many elements of a tile machine code does for one of a column:
// all that it is for, or those of a tile, or 0 if neither fits.
func (b *regionBuilder[T]) rowLen() int {
	switch {
	case b.repeat == 0:
	case b.r.tile%b.repeat == 0:
		return b.repeat
	case b.repeat%b.r.tile == 0:
		return b.r.tile
	}
	return 0
}

// partOf returns a length of tiles that divides a long row, or 0.
func partOf(row int) int {
	for parts := (row + reduceTile - 1) / reduceTile; parts <= row/(reduceTile/4); parts++ {
		if row%parts == 0 {
			return row / parts
		}
	}
	return 0
}

// scratchTiles returns how many tiles of scratch the region needs: for members that are
// wanted at the same time, and for operands that are written to scratch once.
func (b *regionBuilder[T]) scratchTiles() int {
	live, most, once := 0, 0, 0
	b.eachPhase(func(vals []Val) {
		for _, v := range vals {
			for _, a := range b.p.f.vals[v].args {
				switch k := b.of(a); {
				case k.phase == 0 && !k.held && b.writtenOnce(v, a):
					k.held = true
					once++
				case k.held && k.phase != 0 && k.lastUse == b.of(v).phase:
					k.held = false
					live--
				}
			}
		}
		for _, v := range vals {
			if b.stays(v) {
				b.of(v).held = true
				live++
			}
		}
		most = max(most, live)
	})
	for i := range b.known {
		b.known[i].held = false
	}
	return most + once
}

// writtenOnce reports whether operand a of member v, which is not a member, needs
// scratch of its own.
func (b *regionBuilder[T]) writtenOnce(v, a Val) bool {
	x := &b.p.f.vals[a]
	_, is := b.broadcasts(v, a)
	return is || !b.compiled(v) && (x.kind == kConst || x.n == 1)
}

// chunkUnit is what chunks of a region without tiles are a multiple of, in elements:
// whole cache lines, so that workers do not share one.
const chunkUnit = 64

// chunkLen returns how many elements a worker takes at a time. It depends on the
// region only.
func (b *regionBuilder[T]) chunkLen(n int, whole bool) int {
	unit := b.r.tile
	if whole {
		unit = chunkUnit
	}
	for _, v := range b.reductions {
		if o, _ := b.p.f.vals[v].endsRegion(); o.sumsColumns() {
			unit = o.stripe() * kernel.ColumnBlock
		}
	}
	return chunkLen(n, unit, b.work())
}

// work estimates the time of an element, in picoseconds, of data in the
// second-level cache.
func (b *regionBuilder[T]) work() int {
	sum, streams := 0, 0
	note := func(k *known, stream bool) {
		if stream && !k.stream {
			k.stream = true
			streams++
		}
	}
	for _, v := range b.vals {
		x := &b.p.f.vals[v]
		switch {
		case !jit.Supports(x.code):
			sum += 400
		case x.code == kernel.Div || x.code == kernel.Sqrt:
			sum += 120
		default:
			sum += 25
		}
		for _, a := range x.args {
			k := b.of(a)
			note(k, k.phase == 0 && b.p.f.vals[a].n == x.n)
		}
		note(b.of(v), b.p.plan.allocs[v].space != spaceNone)
	}
	sum += 40*len(b.reductions) + 30*streams
	var zero T
	return sum * int(sizeOf(zero)) / 4
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
