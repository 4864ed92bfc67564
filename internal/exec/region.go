package exec

import (
	"unsafe"

	"descent/internal/kernel"
)

// tileBytes is the length of the pieces that a region works on. Short enough
// that a piece of every operand stays in the first-level cache, long enough
// that a primitive's call is small beside its work.
const tileBytes = 2048

// A region computes maps over one domain tile by tile: each primitive runs
// over a whole tile before the next, through scratch that stays in cache.
type region[T kernel.Float] struct {
	n, tile int
	fills   []fill[T] // once a run: scalars, and rows whose period divides the tile
	spreads []fill[T] // once a tile: columns, and other rows
	ops     []micro[T]
	vals    []Val // for listings: what each op computes
}

// micro is one primitive. Operands that are arrays step with the tile, those
// in scratch do not: step is 1 or 0.
type micro[T kernel.Float] struct {
	fn      kernel.Func[T]
	dst     ref
	a, b, c ref
	val     Val
	code    kernel.Code
}

type ref struct {
	ptr  unsafe.Pointer
	step uintptr
}

func (r ref) at(bytes uintptr) unsafe.Pointer { return unsafe.Add(r.ptr, bytes*r.step) }

// fill writes an operand that is smaller than the domain into tile scratch.
type fill[T kernel.Float] struct {
	kind   spread
	dst    []T
	scalar *float64 // spreadScalar
	one    *T       // spreadScalar, from an array of one element
	src    []T      // spreadRow, spreadCol
	repeat int      // spreadCol: elements of the domain for each of src
}

func (r *region[T]) run() {
	for i := range r.fills {
		r.fills[i].fill(0, len(r.fills[i].dst))
	}
	var zero T
	es := uintptr(unsafe.Sizeof(zero))
	for o := 0; o < r.n; o += r.tile {
		n := min(r.tile, r.n-o)
		for i := range r.spreads {
			r.spreads[i].fill(o, n)
		}
		off := uintptr(o) * es
		for i := range r.ops {
			m := &r.ops[i]
			m.fn((*T)(m.dst.at(off)), (*T)(m.a.at(off)), (*T)(m.b.at(off)), (*T)(m.c.at(off)), n)
		}
	}
}

// fill writes the operand's elements for domain positions o to o+n.
func (f *fill[T]) fill(o, n int) {
	d := f.dst[:n]
	switch f.kind {
	case spreadScalar:
		x := T(0)
		if f.scalar != nil {
			x = T(*f.scalar)
		} else {
			x = *f.one
		}
		for i := range d {
			d[i] = x
		}
	case spreadRow:
		k := copy(d, f.src[o%len(f.src):])
		if o%len(f.src) != 0 && k < n {
			k += copy(d[k:], f.src)
			for k < n {
				k += copy(d[k:], f.src)
			}
			return
		}
		for k < n { // double what is there: whole periods so far
			k += copy(d[k:], d[:k])
		}
	case spreadCol:
		for i := 0; i < n; {
			k := (o + i) / f.repeat
			m := min(n, (k+1)*f.repeat-o)
			x := f.src[k]
			for ; i < m; i++ {
				d[i] = x
			}
		}
	}
}

func copyTile[T kernel.Float](dst, a, _, _ *T, n int) {
	copy(unsafe.Slice(dst, n), unsafe.Slice(a, n))
}

// regionBuilder turns a group of maps into a region.
type regionBuilder[T kernel.Float] struct {
	p       *Program[T]
	r       *region[T]
	member  map[Val]bool
	ref     map[Val]ref
	lastUse map[Val]int // index of the last member that reads a value
	free    [][]T       // scratch of values that are no longer needed
	scratch map[Val][]T
	nextBuf int
	late    []micro[T] // copies at the end of the tile
}

func (p *Program[T]) newRegion(g group) *region[T] {
	n := p.f.vals[g.vals[0]].n
	b := &regionBuilder[T]{p: p, member: map[Val]bool{}, ref: map[Val]ref{}, lastUse: map[Val]int{}, scratch: map[Val][]T{}}
	b.r = &region[T]{n: n, tile: p.tileFor(g, n), vals: g.vals}
	for i, v := range g.vals {
		b.member[v] = true
		for _, a := range p.f.vals[v].args {
			b.lastUse[a] = i
		}
	}
	for i, v := range g.vals {
		x := &p.f.vals[v]
		m := micro[T]{fn: kernel.Vector[T](x.code), val: v, code: x.code}
		for k, a := range x.args {
			*[]*ref{&m.a, &m.b, &m.c}[k] = b.operand(a, x.dims)
		}
		for k, a := range x.args { // scratch of operands that end here
			if s, ok := b.scratch[a]; ok && b.lastUse[a] == i && (k == 0 || a != x.args[0]) {
				b.free = append(b.free, s)
				delete(b.scratch, a)
			}
		}
		m.dst = b.result(g, i, v)
		b.r.ops = append(b.r.ops, m)
	}
	b.r.ops = append(b.r.ops, b.late...)
	return b.r
}

// tileFor returns the tile length: a multiple of short row periods where that
// is possible, so that rows are spread once a run instead of once a tile.
func (p *Program[T]) tileFor(g group, n int) int {
	var zero T
	tile := tileBytes / int(unsafe.Sizeof(zero))
	if n <= tile {
		return max(n, 1)
	}
	for _, v := range g.vals {
		for _, a := range p.f.vals[v].args {
			x := &p.f.vals[a]
			if x.kind != kConst && x.n > 1 && x.n <= tile/4 && spreadOf(p.f.vals[v].dims, x.dims) == spreadRow {
				return tile / x.n * x.n
			}
		}
	}
	return tile
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
		r = ref{unsafe.Pointer(b.p.ptr(a)), 1}
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

// take returns tile scratch, from what has been freed if it can. Scratch is
// shared by all regions: only one runs at a time.
func (b *regionBuilder[T]) take() []T {
	s := b.p.scratchTile(b.nextBuf)[:b.r.tile]
	b.nextBuf++
	return s
}

// result returns where member v goes: straight to its home if it has one and
// nothing in this tile still reads what is there, else to scratch.
func (b *regionBuilder[T]) result(g group, i int, v Val) ref {
	h := b.p.plan.homes[v]
	if h.place != placeNone {
		home := ref{unsafe.Pointer(b.p.ptr(v)), 1}
		if !b.readLater(g, i, h) {
			b.ref[v] = home
			return home
		}
		r := b.scratchRef(v)
		b.late = append(b.late, micro[T]{fn: copyTile[T], dst: home, a: r, val: v})
		delete(b.scratch, v) // it is needed until the end of the tile
		return r
	}
	return b.scratchRef(v)
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

// readLater reports whether a member after i reads memory h from outside.
func (b *regionBuilder[T]) readLater(g group, i int, h home) bool {
	for _, v := range g.vals[i+1:] {
		for _, a := range b.p.f.vals[v].args {
			if !b.member[a] && b.p.plan.homes[a] == h {
				return true
			}
		}
	}
	return false
}
