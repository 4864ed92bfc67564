package exec

import (
	"cmp"
	"math"
	"slices"
	"unsafe"

	"descent/internal/jit"
	"descent/internal/kernel"
)

// regionBuilder turns a group of maps into a region. The members are divided
// into phases: with machine code, all arithmetic that can run before the next
// call of a transcendental is one phase; without, each member is.
type regionBuilder[T kernel.Float] struct {
	p       *Program[T]
	worker  int // whose scratch is used
	shift   int // elements by which the arrays of a gang start before its own
	r       *region[T]
	vals    []Val       // members, in the order of phases
	folds   []Val       // reductions at the end
	phase   map[Val]int // of members
	ref     map[Val]ref
	lastUse map[Val]int  // the last phase that reads a value
	readAt  map[home]int // the last phase that reads, from outside, what is there
	free    [][]T        // scratch of values that are no longer needed
	scratch map[Val][]T
	next    int         // pieces of scratch taken
	late    []tileOp[T] // copies at the end of the tile
}

// regionStep makes the step of a region; large ones are divided among the
// team, each worker with a copy that has scratch of its own.
func (p *Program[T]) regionStep(g group) step {
	first := p.newRegion(g, 0)
	chunks := first.chunks()
	if p.team.Size() == 1 || chunks == 1 {
		return first
	}
	s := &sharedRegion[T]{team: p.team, chunks: chunks, copies: []*region[T]{first}}
	for w := 1; w < p.team.Size(); w++ {
		s.copies = append(s.copies, p.newRegion(g, w))
	}
	s.run1 = s.chunk
	p.shares = true
	return s
}

func (p *Program[T]) newRegion(g group, worker int) *region[T] {
	n, shift := p.f.vals[g.vals[0]].n, 0
	if len(g.gang) > 0 {
		// The code of the longest part serves for all.
		best := slices.MaxFunc(g.gang, func(a, b part) int { return cmp.Compare(p.f.vals[a.vals[0]].n, p.f.vals[b.vals[0]].n) })
		n, shift, g = g.n, best.at, group{vals: best.vals, region: true}
	}
	b := &regionBuilder[T]{p: p, worker: worker, shift: shift, phase: map[Val]int{}, ref: map[Val]ref{}, lastUse: map[Val]int{}, readAt: map[home]int{}, scratch: map[Val][]T{}}
	b.r = &region[T]{n: n}
	maps := slices.IndexFunc(g.vals, func(v Val) bool { return p.f.vals[v].kind == kReduce })
	if maps < 0 {
		maps = len(g.vals)
	}
	b.folds = g.vals[maps:]
	b.phases(g.vals[:maps])
	whole := b.whole()
	b.r.tile = b.tileLen(n, whole)
	b.r.part = b.partLen(n, whole)
	for _, v := range b.vals {
		for _, a := range p.f.vals[v].args {
			b.lastUse[a] = max(b.lastUse[a], b.phase[v])
			if b.phase[a] == 0 {
				h := p.plan.homes[a]
				b.readAt[h] = max(b.readAt[h], b.phase[v])
			}
		}
	}
	for _, v := range b.folds {
		b.lastUse[p.f.rootOf(p.f.vals[v].args[0])] = math.MaxInt
	}
	for i := 0; i < len(b.vals); {
		j := i + 1
		for j < len(b.vals) && b.phase[b.vals[j]] == b.phase[b.vals[i]] {
			j++
		}
		if p.pages != nil && jit.Supports(p.f.vals[b.vals[i]].code) {
			b.block(b.vals[i:j])
		} else {
			b.primitive(b.vals[i])
		}
		i = j
	}
	b.r.ops = append(b.r.ops, b.late...)
	for _, v := range b.folds {
		b.fold(v)
	}
	return b.r
}

// phases numbers the members. Blocks of arithmetic get even numbers of a
// coarse count, the calls between them odd ones; then each call gets a phase
// of its own.
func (b *regionBuilder[T]) phases(vals []Val) {
	coarse := map[Val]int{}
	for _, v := range vals {
		x := &b.p.f.vals[v]
		c := 0
		for _, a := range x.args {
			c = max(c, coarse[a])
		}
		if want := bool2int(!jit.Supports(x.code)); c%2 != want {
			c++
		}
		coarse[v] = c
	}
	b.vals = slices.Clone(vals)
	slices.SortStableFunc(b.vals, func(x, y Val) int { return cmp.Compare(coarse[x], coarse[y]) })
	n := 0
	for i, v := range b.vals {
		together := i > 0 && b.p.pages != nil && coarse[v]%2 == 0 && coarse[v] == coarse[b.vals[i-1]]
		if !together {
			n++
		}
		b.phase[v] = n
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
	if b.p.pages == nil || len(b.folds) > 0 || b.phase[b.vals[len(b.vals)-1]] != 1 || !jit.Supports(b.p.f.vals[b.vals[0]].code) {
		return false
	}
	for _, v := range b.vals {
		for _, a := range b.p.f.vals[v].args {
			if _, spread := b.spreads(v, a); spread {
				return false
			}
		}
	}
	return true
}

// spreads reports whether operand a of member v is an array that is shorter than
// the domain, and how it covers it.
func (b *regionBuilder[T]) spreads(v, a Val) (spread, bool) {
	x := &b.p.f.vals[a]
	s := spreadOf(b.p.f.vals[v].dims, x.dims)
	return s, x.kind != kConst && x.n > 1 && s != spreadFull
}

// tileLen returns the tile length: the whole domain if it can be one tile, else
// what fits in cache, as a multiple of what the folds need and, where that is
// possible, of a short row's period, so that the row is spread once a run.
func (b *regionBuilder[T]) tileLen(n int, whole bool) int {
	var zero T
	tile := tileBytes / int(sizeOf(zero))
	if len(b.vals) == 1 {
		tile *= 4 // nothing comes back to a tile: fewer calls
	}
	unit := tileVector
	for _, v := range b.folds {
		unit = b.p.f.vals[v].tileUnit(unit)
	}
	tile = max(tile, unit)
	if whole || n <= tile || unit > foldTile {
		return max(n, 1)
	}
	period := 1
	for _, v := range b.vals {
		for _, a := range b.p.f.vals[v].args {
			if s, ok := b.spreads(v, a); ok && s == spreadRow {
				period = b.p.f.vals[a].n
			}
		}
	}
	if p := unit / gcd(unit, period) * period; p <= tile {
		unit = p
	}
	return tile / unit * unit
}

// partLen returns how many elements a worker takes at a time: all that are
// worth no handing over, or equal parts, so that a team of two, four or eight
// ends together. It depends on the region only.
func (b *regionBuilder[T]) partLen(n int, whole bool) int {
	unit := b.r.tile
	if whole {
		unit = 64 // elements: whole cache lines, so that workers do not share one
	}
	parts := n * b.work() / partWork
	if parts < 2 || unit >= n {
		return max(n, 1)
	}
	if parts > 8 {
		parts = min(parts&^7, mostParts)
	}
	return ((n+parts-1)/parts + unit - 1) / unit * unit
}

// work estimates the time of an element, in picoseconds, of data in the
// second-level cache.
func (b *regionBuilder[T]) work() int {
	sum := 0
	streams := map[Val]bool{}
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
			streams[a] = streams[a] || b.phase[a] == 0 && b.p.f.vals[a].n == x.n
		}
		streams[v] = b.p.plan.homes[v].place != placeNone
	}
	sum += 40 * len(b.folds)
	for _, s := range streams {
		sum += 30 * bool2int(s)
	}
	var zero T
	return sum * int(sizeOf(zero)) / 4
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// primitive adds a member as a loop of its own.
func (b *regionBuilder[T]) primitive(v Val) {
	x := &b.p.f.vals[v]
	m := &primitive[T]{fn: kernel.Vector[T](x.code)}
	for k, a := range x.args {
		*[]*ref{&m.a, &m.b, &m.c}[k] = b.operand(a, x.dims)
	}
	b.freeOperands(v)
	m.dst = b.result(v)
	b.r.ops = append(b.r.ops, m)
}

// operand returns where a member finds operand a.
func (b *regionBuilder[T]) operand(a Val, dims []int) ref {
	if r, ok := b.ref[a]; ok {
		return r
	}
	x := &b.p.f.vals[a]
	f := fill[T]{kind: spreadOf(dims, x.dims)}
	var r ref
	switch {
	case x.kind == kConst:
		r = ref{unsafe.Pointer(&b.p.constArray(x.imm, b.r.tile)[0]), 0}
	case f.kind == spreadFull && !x.scalar():
		r = b.array(a)
	default:
		f.dst = b.take()
		r = ref{unsafe.Pointer(&f.dst[0]), 0}
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
	b.ref[a] = r
	return r
}

// array returns the memory of an array that is walked with the domain.
func (b *regionBuilder[T]) array(v Val) ref {
	var zero T
	return ref{unsafe.Add(unsafe.Pointer(b.p.ptr(v)), -b.shift*int(sizeOf(zero))), 1}
}

// take returns new tile scratch. All regions share it: only one runs at a
// time.
func (b *regionBuilder[T]) take() []T {
	s := b.p.scratchTile(b.worker, b.next, b.r.tile)
	b.next++
	return s
}

// freeOperands gives back the scratch of v's operands that end in its phase.
func (b *regionBuilder[T]) freeOperands(v Val) {
	for _, a := range b.p.f.vals[v].args {
		if s, ok := b.scratch[a]; ok && b.lastUse[a] == b.phase[v] {
			b.free = append(b.free, s)
			delete(b.scratch, a)
		}
	}
}

// result returns where member v goes: straight to its home if it has one and
// no later phase still reads what is there, else to scratch.
func (b *regionBuilder[T]) result(v Val) ref {
	h := b.p.plan.homes[v]
	if h.place == placeNone {
		return b.scratchRef(v)
	}
	home := b.array(v)
	if b.readAt[h] <= b.phase[v] {
		b.ref[v] = home
		return home
	}
	r := b.scratchRef(v)
	b.late = append(b.late, &primitive[T]{fn: copyTile[T], dst: home, a: r})
	delete(b.scratch, v) // it is needed until the end of the tile
	return r
}

func (b *regionBuilder[T]) scratchRef(v Val) ref {
	var s []T
	if k := len(b.free) - 1; k >= 0 {
		s, b.free = b.free[k], b.free[:k]
	} else {
		s = b.take()
	}
	b.scratch[v] = s
	r := ref{unsafe.Pointer(&s[0]), 0}
	b.ref[v] = r
	return r
}
