package exec

import (
	"cmp"
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
	if p.team.Size() == 1 || chunks == 1 || chunks > maxChunks {
		return first
	}
	s := &sharedRegion[T]{team: p.team, chunks: chunks, copies: []*region[T]{first}}
	for w := 1; w < p.team.Size(); w++ {
		s.copies = append(s.copies, p.newRegion(g, w))
	}
	s.run1 = s.chunk
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
	b.phases(g)
	b.r.tile = b.tileLen(n)
	for _, v := range b.vals {
		for _, a := range p.f.vals[v].args {
			b.lastUse[a] = max(b.lastUse[a], b.phase[v])
			if b.phase[a] == 0 {
				h := p.plan.homes[a]
				b.readAt[h] = max(b.readAt[h], b.phase[v])
			}
		}
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
	return b.r
}

// phases numbers the members. Blocks of arithmetic get even numbers of a
// coarse count, the calls between them odd ones; then each call gets a phase
// of its own.
func (b *regionBuilder[T]) phases(g group) {
	coarse := map[Val]int{}
	for _, v := range g.vals {
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
	b.vals = slices.Clone(g.vals)
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

// tileLen returns the tile length: the whole domain if one block does all and
// needs no scratch, else what fits in cache, as a multiple of short row
// periods where that is possible, so that rows are spread once a run.
func (b *regionBuilder[T]) tileLen(n int) int {
	var zero T
	tile := tileBytes / int(unsafe.Sizeof(zero))
	const vector = 16 // elements: tiles are whole vectors
	whole := b.p.pages != nil && b.phase[b.vals[len(b.vals)-1]] == 1 && jit.Supports(b.p.f.vals[b.vals[0]].code)
	period := 0
	for _, v := range b.vals {
		for _, a := range b.p.f.vals[v].args {
			x := &b.p.f.vals[a]
			spread := spreadOf(b.p.f.vals[v].dims, x.dims)
			if x.kind == kConst || x.n <= 1 || spread == spreadFull {
				continue
			}
			whole = false
			if spread == spreadRow {
				period = x.n
			}
		}
	}
	b.r.whole = whole
	if whole || n <= tile {
		return max(n, 1)
	}
	if p := period * vector / gcd(max(period, 1), vector); p > 0 && p <= tile {
		return tile / p * p
	}
	return tile
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
		r = ref{unsafe.Pointer(&b.p.constTile(x.imm)[0]), 0}
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
	return ref{unsafe.Add(unsafe.Pointer(b.p.ptr(v)), -b.shift*int(unsafe.Sizeof(zero))), 1}
}

// take returns new tile scratch. All regions share it: only one runs at a
// time.
func (b *regionBuilder[T]) take() []T {
	s := b.p.scratchTile(b.worker, b.next)[:b.r.tile]
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
