package exec

import (
	"cmp"
	"math"
	"slices"

	"descent/internal/jit"
	"descent/internal/kernel"
)

// A regionBuilder turns a group of maps into a region. The members are divided
// into phases: with machine code, all arithmetic that can run before the next
// call of a transcendental is one phase; without, each member is. One builder
// makes all regions of a program, so that a region costs what its members do.
type regionBuilder[T kernel.Float] struct {
	p      *Program[T]
	number []int32 // of values: their place in known, plus 1, or 0
	buffers[T]
	worker int // whose scratch is used
	shift  int // elements by which the arrays of a batch start before its own
	// Of columns that machine code repeats: how often each element, and how many
	// elements of a tile at a time; row is 0 if it repeats none.
	repeat, row int
	r           *region[T]
	reductions  []Val             // reductions at the end
	rowSums     []Val             // the sums of rows of members that machine code makes
	sumRow      int               // the length of their rows
	inCode      map[Val]ending[T] // reductions that machine code does most of
	arrays      map[*T]int32      // locations of arrays
	next        cursor            // where more scratch is
	late        []tileOp[T]       // copies at the end of the tile
}

// buffers are lists that each region fills anew.
type buffers[T kernel.Float] struct {
	vals      []Val   // members, in the order of phases
	known     []known // members and their operands
	locations []location
	free      []int32 // locations of scratch that is no longer needed
	count     []int32 // see sort
	block     blockBuilder[T]
}

// known is what a builder knows of a value.
type known struct {
	val      Val
	phase    int32 // of a member; 0 of others
	lastUse  int32 // the last phase that reads it
	location int32 // where it is, or -1
	index    int32 // of a member: its place in the block of its phase
	splat    int32 // its number among the splats, or columns, of the block being made, plus 1, or 0
	held     bool  // it has scratch, which nobody else has
	stream   bool  // it is read or written as an array, for work
}

// location is memory that members read or write.
type location struct {
	ref
	readAt int32 // the last phase that reads, from outside, what is there
	stream int32 // its number among the streams of the block being made, plus 1, or 0
}

// regionStep makes the step of a region; large ones are divided among the
// team, each worker with a copy that has scratch of its own.
func (p *Program[T]) regionStep(g group) step {
	first := p.newRegion(g, 0)
	if p.team.Size() == 1 || first.chunks() == 1 {
		return first
	}
	copies := regionCopies[T]{first}
	for w := 1; w < p.team.Size(); w++ {
		copies = append(copies, p.newRegion(g, w))
	}
	return p.shared(copies)
}

func (p *Program[T]) newRegion(g group, worker int) *region[T] {
	n, shift := p.f.vals[g.vals[0]].n, 0
	if len(g.batch) > 0 {
		// The code of the longest member serves for all.
		best := slices.MaxFunc(g.batch, func(a, b member) int { return cmp.Compare(p.f.vals[a.vals[0]].n, p.f.vals[b.vals[0]].n) })
		n, shift, g = g.n, best.at, group{vals: best.vals, region: true}
	}
	b := p.builder()
	b.worker, b.shift, b.next, b.repeat, b.row = worker, shift, cursor{}, 0, 0
	b.r = &region[T]{n: n}
	maps := slices.IndexFunc(g.vals, func(v Val) bool { return p.f.vals[v].kind == kOperation })
	if maps < 0 {
		maps = len(g.vals)
	}
	b.reductions = g.vals[maps:]
	b.know(g.vals[:maps])
	b.phases(g.vals[:maps])
	whole := b.whole()
	b.repeat = b.columnRepeat()
	b.chooseSums()
	b.uses()
	b.r.tile = b.tileLen(n, whole)
	b.row = b.rowLen()
	b.r.each = b.chunkLen(n, whole)
	b.eachPhase(func(vals []Val) {
		if b.compiled(vals[0]) {
			b.machineCode(vals)
		} else {
			b.primitive(vals[0])
		}
	})
	b.r.ops = append(b.r.ops, b.late...)
	for _, v := range b.reductions {
		b.reduction(v)
	}
	b.forget()
	return b.r
}

// builder returns the program's builder of regions, with empty buffers.
func (p *Program[T]) builder() *regionBuilder[T] {
	if p.regions == nil {
		p.regions = &regionBuilder[T]{p: p, number: make([]int32, len(p.f.vals))}
	}
	return p.regions
}

// know numbers the members and their operands.
func (b *regionBuilder[T]) know(vals []Val) {
	add := func(v Val) {
		if b.number[v] == 0 {
			b.known = append(b.known, known{val: v, location: -1})
			b.number[v] = int32(len(b.known))
		}
	}
	for _, v := range vals {
		for _, a := range b.p.f.vals[v].args {
			add(a)
		}
		add(v)
	}
}

// of returns what is known of a member or an operand.
func (b *regionBuilder[T]) of(v Val) *known { return &b.known[b.number[v]-1] }

// member reports whether the region computes v.
func (b *regionBuilder[T]) member(v Val) bool { return b.number[v] > 0 && b.of(v).phase > 0 }

// forget empties the buffers.
func (b *regionBuilder[T]) forget() {
	for i := range b.known {
		b.number[b.known[i].val] = 0
	}
	b.vals, b.known, b.locations, b.free, b.late, b.arrays = b.vals[:0], b.known[:0], b.locations[:0], b.free[:0], nil, nil
	b.rowSums, b.inCode = nil, nil
}

// uses finds the last phase that reads each value, and each array from outside.
func (b *regionBuilder[T]) uses() {
	for _, v := range b.vals {
		phase := b.of(v).phase
		for _, a := range b.p.f.vals[v].args {
			k := b.of(a)
			k.lastUse = max(k.lastUse, phase)
			if h := b.p.plan.allocs[a].space; k.phase == 0 && (h == spaceArena || h == spaceLeaf) {
				l := &b.locations[b.array(a)]
				l.readAt = max(l.readAt, phase)
			}
		}
	}
	for _, v := range b.reductions {
		a := b.p.f.rootOf(b.p.f.vals[v].args[0])
		if !b.member(a) {
			continue
		}
		if !b.madeInCode(v) {
			b.of(a).lastUse = math.MaxInt32
		}
	}
}

// eachPhase visits the members of each phase.
func (b *regionBuilder[T]) eachPhase(visit func(vals []Val)) {
	for i := 0; i < len(b.vals); {
		j := i + 1
		for j < len(b.vals) && b.of(b.vals[j]).phase == b.of(b.vals[i]).phase {
			j++
		}
		visit(b.vals[i:j])
		i = j
	}
}

// compiled reports whether a member is machine code.
func (b *regionBuilder[T]) compiled(v Val) bool {
	return b.p.pages != nil && jit.Supports(b.p.f.vals[v].code)
}

// primitive adds a member as a loop of its own.
func (b *regionBuilder[T]) primitive(v Val) {
	x := &b.p.f.vals[v]
	m := &primitive[T]{fn: kernel.Vector[T](x.code)}
	for k, a := range x.args {
		*[]*ref{&m.a, &m.b, &m.c}[k] = b.locations[b.operand(a, x.dims)].ref
	}
	b.freeOperands(v)
	m.dst = b.locations[b.result(v)].ref
	b.r.ops = append(b.r.ops, m)
}
