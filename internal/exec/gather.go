package exec

import (
	"fmt"
	"slices"

	"descent/internal/kernel"
)

// gather is a strided read: a transpose, a slice, a broadcast.
type gather struct {
	plain
	view kernel.View
}

// Gather reads x through a strided view.
func (f *Func) Gather(x Val, v kernel.View) Val {
	return f.operation(gather{view: v}, slices.Clone(v.Dims[:v.Rank]), x)
}

// gathered returns the view of a strided read.
func (v *value) gathered() (view kernel.View, ok bool) {
	if v.kind != kOperation {
		return view, false
	}
	o, ok := v.op.(gather)
	return o.view, ok
}

func (o gather) line(args []string) string { return called("gather", args) }

func (o gather) verify(dims []int, args [][]int) error {
	if !slices.Equal(o.view.Dims[:o.view.Rank], dims) {
		return fmt.Errorf("gather of shape %v", o.view.Dims[:o.view.Rank])
	}
	return nil
}

func (o gather) constant(x float64) (float64, bool) { return x, true }

func (o gather) simplify(f *Func, i Val, v *value) Val {
	if x := &f.vals[v.args[0]]; f.uniform(v) && x.kind == kShape && f.vals[x.args[0]].scalar() {
		v.args[0] = x.args[0] // one number, however it was wrapped
		o = gather{view: BroadcastView(nil, v.dims)}
		v.op = o
	}
	if identityView(&o.view, f.vals[v.args[0]].dims) {
		return v.args[0]
	}
	return i
}

// uniform reports whether v stretches one number.
func (f *Func) uniform(v *value) bool {
	view, ok := v.gathered()
	return ok && f.vals[v.args[0]].n == 1 && view.Offset == 0
}

// BroadcastView is the walk that stretches an array of shape dims to shape to.
func BroadcastView(dims, to []int) kernel.View {
	v := kernel.View{Rank: len(to)}
	copy(v.Dims[:], to)
	stride, k := 1, len(to)-len(dims)
	for i := len(dims) - 1; i >= 0; i-- {
		if dims[i] != 1 {
			v.Stride[k+i] = stride
		}
		stride *= dims[i]
	}
	return v
}

// identityView reports whether a walk visits a dense array in its own order.
func identityView(v *kernel.View, dims []int) bool {
	return slices.Equal(v.Dims[:v.Rank], dims) && *v == BroadcastView(dims, dims)
}

// transposes reports whether a walk swaps the last two axes of a dense array.
func transposes(v *kernel.View, dims []int) bool {
	r := len(dims)
	if r < 2 || v.Rank != r || v.Offset != 0 {
		return false
	}
	swapped := slices.Clone(dims)
	swapped[r-1], swapped[r-2] = swapped[r-2], swapped[r-1]
	if !slices.Equal(v.Dims[:r], swapped) {
		return false
	}
	stride := 1
	for i := r - 1; i >= 0; i-- {
		at := i
		if i >= r-2 {
			at = 2*r - 3 - i
		}
		if v.Stride[at] != stride && dims[i] != 1 {
			return false
		}
		stride *= dims[i]
	}
	return true
}

func (o gather) few(dims []int, args [][]int, _ []bool, n int) operation {
	if o.view.Stride[0] != size(args[0])/args[0][0] {
		return nil
	}
	o.view.Dims[0] = n
	return o
}

func (o gather) step(f anyFrame) step { return stepOf(o, f, gatherStep[float32], gatherStep[float64]) }

func gatherStep[T kernel.Float](o gather, f frame[T]) step {
	n := 1
	if o.view.Rank > 0 {
		n = o.view.Dims[0]
	}
	row := f.v.n / n
	return &copyView[T]{rowsOf(n, row*gatherWork), f.result(), f.arg(0), o.view, row}
}

// gatherWork is about what it takes to read an element at a distance, in
// picoseconds.
const gatherWork = 400

// copyView copies what a view visits. Elements of its first axis are independent.
type copyView[T kernel.Float] struct {
	rows
	dst, src *T
	view     kernel.View
	row      int // elements of the result
}

func (s *copyView[T]) run() { kernel.Gather(s.dst, s.src, &s.view) }

func (s *copyView[T]) slots(visit func(*uintptr)) {
	visit(slot(&s.dst))
	visit(slot(&s.src))
}

func (s *copyView[T]) chunk(i, _ int) {
	v := s.view
	lo, hi := s.span(i)
	v.Dims[0] = hi - lo
	v.Offset += lo * v.Stride[0]
	kernel.Gather(elem(s.dst, lo*s.row), s.src, &v)
}
