package exec

import (
	"fmt"
	"slices"

	"descent/internal/elementary"
	"descent/internal/kernel"
)

// reduction reduces the middle axis of an array outer×mid×inner.
type reduction struct {
	plain
	how               kernel.Reduction
	outer, mid, inner int
}

// Reduce reduces x over some axes, which are kept with length 1.
func (f *Func) Reduce(how kernel.Reduction, x Val, axes []int) Val {
	axes = slices.Clone(axes)
	slices.Sort(axes)
	for len(axes) > 0 {
		// One run of neighbouring axes at a time, the last run first.
		hi := len(axes) - 1
		lo := hi
		for lo > 0 && axes[lo-1] == axes[lo]-1 {
			lo--
		}
		src := f.vals[x].dims
		dims := slices.Clone(src)
		a, b := axes[lo], axes[hi]+1
		for i := a; i < b; i++ {
			dims[i] = 1
		}
		x = f.operation(reduction{how: how, outer: size(src[:a]), mid: size(src[a:b]), inner: size(src[b:])}, dims, x)
		axes = axes[:lo]
	}
	return x
}

func (o reduction) line(args []string) string {
	return called(fmt.Sprintf("%v[%d,%d,%d]", o.how, o.outer, o.mid, o.inner), args)
}

func (o reduction) verify(dims []int, args [][]int) error {
	if size(args[0]) != o.outer*o.mid*o.inner || size(dims) != o.outer*o.inner {
		return fmt.Errorf("%v of %d×%d×%d elements", o.how, o.outer, o.mid, o.inner)
	}
	return nil
}

// wide: a sum is added up in float64.
func (o reduction) wide() bool { return o.how == kernel.ReduceSum }

func (o reduction) constant(x float64) (float64, bool) {
	switch {
	case o.how == kernel.ReduceSum && o.mid == 0:
		return 0, true
	case o.how == kernel.ReduceSum:
		return x * float64(o.mid), true
	case o.how == kernel.ReduceProd:
		return elementary.Pow(x, float64(o.mid)), true
	case o.how >= kernel.ReduceArgMax:
		return 0, true
	}
	return x, o.mid > 0
}

// simplify makes a reshape of what reduces nothing.
func (o reduction) simplify(f *Func, i Val, v *value) Val {
	if o.mid != 1 || o.how >= kernel.ReduceArgMax {
		return i
	}
	if x := v.args[0]; slices.Equal(f.vals[x].dims, v.dims) {
		return x
	}
	*v = value{kind: kShape, args: v.args, dims: v.dims, n: v.n, tag: v.tag}
	return i
}

func (o reduction) few(dims []int, _ [][]int, _ []bool, n int) operation {
	if o.outer%dims[0] != 0 {
		return nil
	}
	o.outer = o.outer / dims[0] * n
	return o
}

func (o reduction) step(f anyFrame) step {
	return stepOf(o, f, reduceStep[float32], reduceStep[float64])
}

func reduceStep[T kernel.Float](o reduction, f frame[T]) step {
	if o.sumsColumns() {
		return f.p.columnStep(f.i, o)
	}
	if f.v.scalar() {
		blocks := (o.mid + kernel.SumBlock - 1) / kernel.SumBlock
		return &total[T]{rows: rowsOf(blocks, kernel.SumBlock*reduceWork), dst: f.scalar(), src: f.arg(0), size: o.mid}
	}
	return &reduce[T]{rowsOf(o.outer, o.mid*o.inner*reduceWork), o, kernel.ReducerOf[T](o.how), f.result(), f.arg(0)}
}

// reduceWork is about what it takes to reduce an element, in picoseconds.
const reduceWork = 150

// reduce is a reduction. Its outer elements are independent.
type reduce[T kernel.Float] struct {
	rows
	reduction
	fn       kernel.Reducer[T]
	dst, src *T
}

func (s *reduce[T]) run() { s.fn(s.dst, s.src, s.outer, s.mid, s.inner) }

func (s *reduce[T]) slots(visit func(*uintptr)) {
	visit(slot(&s.dst))
	visit(slot(&s.src))
}

func (s *reduce[T]) chunk(i, _ int) {
	lo, hi := s.span(i)
	s.fn(elem(s.dst, lo*s.inner), elem(s.src, lo*s.mid*s.inner), hi-lo, s.mid, s.inner)
}

// total is the sum of a whole array as a scalar: of those of its blocks.
type total[T kernel.Float] struct {
	rows
	dst  *float64
	src  *T
	size int
	sums []float64 // of blocks, where a team shares it
}

func (s *total[T]) run() { *s.dst = kernel.Total(s.src, s.size) }

func (s *total[T]) slots(visit func(*uintptr)) { visit(slot(&s.src)) }

func (s *total[T]) reserve(int) { s.sums = make([]float64, s.rows.n) }

func (s *total[T]) chunk(i, _ int) {
	lo, hi := s.span(i)
	for b := lo; b < hi; b++ {
		at := b * kernel.SumBlock
		s.sums[b] = kernel.Total(elem(s.src, at), min(kernel.SumBlock, s.size-at))
	}
}

func (s *total[T]) finish() { *s.dst = kernel.JoinBlocks(s.sums, s.size) }
