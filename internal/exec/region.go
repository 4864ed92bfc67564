package exec

import (
	"unsafe"

	"descent/internal/jit"
	"descent/internal/kernel"
)

// tileBytes is the length of the tiles that a region works on. Short enough
// that a tile of every operand stays in the first-level cache, long enough
// that a primitive's call is small beside its work.
const tileBytes = 2048

// tileVector is what the length of a tile is a multiple of, in elements: tiles are
// whole vectors.
const tileVector = 16

// A region computes maps over one domain tile by tile: each op runs over a
// whole tile before the next, through scratch that stays in cache. An op is
// one primitive, or a block of arithmetic as machine code.
type region[T kernel.Float] struct {
	n, tile    int
	each       int       // elements of a chunk: whole tiles, or vectors where a tile is all
	runFills   []fill[T] // once a run: scalars, and rows whose period divides the tile
	tileFills  []fill[T] // once a tile: columns, and other rows
	splats     []splat[T]
	ops        []tileOp[T]
	reductions []ending[T] // those of ops that must be finished
}

// tileOp does its part of the tile that starts off bytes into the domain and
// has n elements.
type tileOp[T kernel.Float] interface {
	tile(off uintptr, n int)
	slots(visit func(*uintptr))
}

// ending is a tileOp with something to do after all tiles.
type ending[T kernel.Float] interface {
	tileOp[T]
	finish()
}

// ref is an operand's memory. Arrays step with the tile, scratch does not:
// step is 1 or 0.
type ref struct {
	ptr  unsafe.Pointer
	step uintptr
}

func (r *ref) slot() *uintptr { return (*uintptr)(unsafe.Pointer(&r.ptr)) }

func (r ref) at(bytes uintptr) unsafe.Pointer { return unsafe.Add(r.ptr, bytes*r.step) }

// primitive is one vector primitive.
type primitive[T kernel.Float] struct {
	fn           kernel.Func[T]
	dst, a, b, c ref
}

func (m *primitive[T]) tile(off uintptr, n int) {
	m.fn((*T)(m.dst.at(off)), (*T)(m.a.at(off)), (*T)(m.b.at(off)), (*T)(m.c.at(off)), n)
}

func (m *primitive[T]) slots(visit func(*uintptr)) {
	for _, r := range []*ref{&m.dst, &m.a, &m.b, &m.c} {
		visit(r.slot())
	}
}

func (r *region[T]) slots(visit func(*uintptr)) {
	for _, fills := range [][]fill[T]{r.runFills, r.tileFills} {
		for i := range fills {
			visit(slot(&fills[i].one))
			visit(start(&fills[i].src))
		}
	}
	for i := range r.splats {
		visit(slot(&r.splats[i].one))
	}
	for _, op := range r.ops {
		op.slots(visit)
	}
}

func (r *region[T]) run() {
	r.prepare()
	r.span(0, r.n)
	r.finish()
}

func (r *region[T]) finish() {
	for _, s := range r.reductions {
		s.finish()
	}
}

// prepare writes the operands that are the same for all tiles.
func (r *region[T]) prepare() {
	for i := range r.runFills {
		r.runFills[i].fill(0, len(r.runFills[i].dst))
	}
	for i := range r.splats {
		r.splats[i].set()
	}
}

// span computes the elements lo to hi; lo is a multiple of the tile length.
func (r *region[T]) span(lo, hi int) {
	var zero T
	es := sizeOf(zero)
	for o := lo; o < hi; o += r.tile {
		n := min(r.tile, hi-o)
		for i := range r.tileFills {
			r.tileFills[i].fill(o, n)
		}
		for _, op := range r.ops {
			op.tile(uintptr(o)*es, n)
		}
	}
}

// chunks returns how many chunks a region divides into.
func (r *region[T]) chunks() int { return max(1, (r.n+r.each-1)/r.each) }

// regionCopies is a region that a team shares: each worker has a copy with
// scratch of its own.
type regionCopies[T kernel.Float] []*region[T]

func (c regionCopies[T]) slots(visit func(*uintptr)) {
	for _, r := range c {
		r.slots(visit)
	}
}

func (c regionCopies[T]) run()        { c[0].run() }
func (c regionCopies[T]) chunks() int { return c[0].chunks() }
func (c regionCopies[T]) reserve(int) {}
func (c regionCopies[T]) finish()     { c[0].finish() }

func (c regionCopies[T]) prepare() {
	for _, r := range c {
		r.prepare()
	}
}

func (c regionCopies[T]) chunk(i, worker int) {
	r := c[worker]
	r.span(i*r.each, min(r.n, (i+1)*r.each))
}

// fill writes an operand that is smaller than the domain into tile scratch.
type fill[T kernel.Float] struct {
	kind   broadcastKind
	dst    []T
	scalar *float64 // broadcastScalar
	one    *T       // broadcastScalar, from an array of one element
	src    []T      // broadcastRow, broadcastColumn
	repeat int      // broadcastColumn: elements of the domain for each of src
	code   *jit.Repeat[T]
}

// fill writes the operand's elements for domain positions o to o+n.
func (f *fill[T]) fill(o, n int) {
	d := f.dst[:n]
	switch f.kind {
	case broadcastScalar:
		var x T
		if f.scalar != nil {
			x = T(*f.scalar)
		} else {
			x = *f.one
		}
		for i := range d {
			d[i] = x
		}
	case broadcastRow:
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
	case broadcastColumn:
		f.columns(d, o)
	}
}

// columns writes each element of src repeat times, from domain position o on.
func (f *fill[T]) columns(d []T, o int) {
	k, within := o/f.repeat, o%f.repeat
	for i := 0; i < len(d); k++ {
		if rows := (len(d) - i) / f.repeat; f.code != nil && within == 0 && rows > 0 {
			f.code.Run(&d[i], &f.src[k], rows)
			i, k = i+rows*f.repeat, k+rows-1
			continue
		}
		m := min(len(d), i+f.repeat-within)
		x := f.src[k]
		for ; i < m; i++ {
			d[i] = x
		}
		within = 0
	}
}

func copyTile[T kernel.Float](dst, a, _, _ *T, n int) {
	copy(unsafe.Slice(dst, n), unsafe.Slice(a, n))
}
