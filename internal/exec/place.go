package exec

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"unsafe"

	"descent/internal/kernel"
)

// place is strided writes over zeros: the joining of arrays, padding, the
// gradient of a slice. What is written does not overlap.
type place struct {
	plain
	views []kernel.View
}

// Place returns zeros of the given shape with each of xs written through its
// view: no two elements at one place.
func (f *Func) Place(dims []int, xs []Val, views []kernel.View) Val {
	return f.operation(&place{views: views}, dims, xs...)
}

// join makes one place of a sum of two that do not meet, such as the gradients of
// slices that lie side by side.
func join(f *Func) {
	uses := f.useCounts()
	for i := range f.vals {
		v := &f.vals[i]
		if v.kind != kMap || v.code != kernel.Add || v.n == 0 {
			continue
		}
		x, y := &f.vals[v.args[0]], &f.vals[v.args[1]]
		p, ok := x.op.(*place)
		q, also := y.op.(*place)
		if !ok || !also || uses[v.args[0]] != 1 || uses[v.args[1]] != 1 || !slices.Equal(x.dims, y.dims) || p.meets(q, v.dims) {
			continue
		}
		o := &place{views: slices.Concat(p.views, q.views)}
		*v = value{kind: kOperation, op: o, args: f.own(slices.Concat(x.args, y.args)), dims: v.dims, n: v.n, tag: v.tag}
	}
}

// meets reports whether an element may be written by both.
func (o *place) meets(p *place, dims []int) bool {
	for i := range o.views {
		for j := range p.views {
			if !apart(&o.views[i], &p.views[j], dims) {
				return true
			}
		}
	}
	return false
}

// apart reports whether two views of an array of shape dims are boxes that do not
// meet.
func apart(v, w *kernel.View, dims []int) bool {
	return apartIn(v, w, dims) || apartBy(gridOf(v), gridOf(w))
}

// A grid is a view by the strides of its axes, from the largest down, those that go on
// each other as one.
type grid struct {
	dims, strides []int
	offset        int
}

func gridOf(v *kernel.View) (b grid) {
	b.offset = v.Offset
	for _, i := range byStride(v) {
		d, s, last := v.Dims[i], v.Stride[i], len(b.dims)-1
		if last >= 0 && b.strides[last] == d*s {
			b.dims[last], b.strides[last] = b.dims[last]*d, s
		} else {
			b.dims, b.strides = append(b.dims, d), append(b.strides, s)
		}
	}
	return b
}

// byStride lists the axes of more than one element, those first whose elements are
// furthest apart.
func byStride(v *kernel.View) (axes []int) {
	for i, d := range v.Dims[:v.Rank] {
		if d != 1 {
			axes = append(axes, i)
		}
	}
	slices.SortStableFunc(axes, func(a, b int) int { return cmp.Compare(v.Stride[b], v.Stride[a]) })
	return axes
}

// apartBy reports whether two boxes in one grid do not meet.
func apartBy(b, c grid) bool {
	if !slices.Equal(b.strides, c.strides) || slices.Contains(b.strides, 0) {
		return false
	}
	apart, whole := false, math.MaxInt
	for i, s := range b.strides {
		from, other := b.offset%whole/s, c.offset%whole/s
		if i > 0 && max(from+b.dims[i], other+c.dims[i])*s > whole {
			return false // goes on in the next of the axis before
		}
		apart = apart || from+b.dims[i] <= other || other+c.dims[i] <= from
		whole = s
	}
	return apart
}

// apartIn is apart for views with the axes of the array.
func apartIn(v, w *kernel.View, dims []int) bool {
	dense := BroadcastView(dims, dims)
	for _, b := range []*kernel.View{v, w} {
		for i := range dims {
			if b.Rank != len(dims) || b.Stride[i] != dense.Stride[i] && b.Dims[i] > 1 && dims[i] > 1 {
				return false
			}
		}
	}
	for i, d := range dims {
		if d == 1 {
			continue
		}
		from, other := v.Offset/dense.Stride[i]%d, w.Offset/dense.Stride[i]%d
		if from+v.Dims[i] <= other || other+w.Dims[i] <= from {
			return true
		}
	}
	return false
}

// simplify makes a strided read of a place that is filled by one array.
func (o *place) simplify(_ *Func, i Val, v *value) Val {
	if len(o.views) == 1 {
		if view, ok := inverse(&o.views[0], v.dims); ok {
			v.op = gather{view: view}
		}
	}
	return i
}

// inverse returns, of a view that visits every element of an array of shape dims once,
// the view of what is visited that has the array's order.
func inverse(v *kernel.View, dims []int) (w kernel.View, ok bool) {
	if v.Offset != 0 || v.Len() != size(dims) || v.Len() == 0 {
		return w, false
	}
	at := BroadcastView(v.Dims[:v.Rank], v.Dims[:v.Rank]) // where an axis's elements are among those that are visited
	axes := byStride(v)
	stride := 1
	for k := len(axes) - 1; k >= 0; k-- {
		if v.Stride[axes[k]] != stride {
			return w, false
		}
		stride *= v.Dims[axes[k]]
	}
	w.Rank = len(dims)
	copy(w.Dims[:], dims)
	for i, d := range dims {
		if d == 1 {
			continue
		}
		if len(axes) == 0 || v.Dims[axes[0]] != d {
			return w, false
		}
		w.Stride[i], axes = at.Stride[axes[0]], axes[1:]
	}
	return w, true
}

func (o *place) line(args []string) string { return called("place", args) }

func (o *place) verify(_ []int, args [][]int) error {
	if len(args) != len(o.views) {
		return fmt.Errorf("%d places for %d arrays", len(o.views), len(args))
	}
	for k, d := range args {
		if n := o.views[k].Len(); n != size(d) {
			return fmt.Errorf("place %d: %d elements for %v", k, n, d)
		}
	}
	return nil
}

func (o *place) few(dims []int, _ [][]int, rows []bool, n int) operation {
	few := &place{views: slices.Clone(o.views)}
	for k := range few.views {
		v := &few.views[k]
		if !rows[k] || v.Dims[0] != dims[0] || v.Stride[0] != size(dims)/dims[0] {
			return nil
		}
		v.Dims[0] = n
	}
	return few
}

func (o *place) step(f anyFrame) step {
	return stepOf(o, f, newPlaceStep[float32], newPlaceStep[float64])
}

// placeWork is about what it takes to write an element, in picoseconds.
const placeWork = 400

func newPlaceStep[T kernel.Float](o *place, f frame[T]) step {
	s := &placeStep[T]{dst: unsafe.Slice(f.result(), f.v.n), views: o.views}
	written := 0
	for k := range f.v.args {
		s.src = append(s.src, f.arg(k))
		written += o.views[k].Len()
	}
	s.clear = written < f.v.n
	if f.p.team.Size() > 1 && written*placeWork >= 2*chunkWork {
		s.divide()
	}
	return s
}

// divide makes chunks of rows of each array.
func (s *placeStep[T]) divide() {
	for k := range s.views {
		v := &s.views[k]
		if v.Rank == 0 || v.Len() == 0 {
			s.divided = append(s.divided, placeChunk{k, *v, 0})
			continue
		}
		row := v.Len() / v.Dims[0]
		r := rowsOf(v.Dims[0], row*placeWork)
		for i := range r.chunks() {
			lo, hi := r.span(i)
			view := *v
			view.Dims[0] = hi - lo
			view.Offset += lo * v.Stride[0]
			s.divided = append(s.divided, placeChunk{k, view, lo * row})
		}
	}
}

type placeStep[T kernel.Float] struct {
	dst     []T
	src     []*T
	views   []kernel.View
	clear   bool
	divided []placeChunk // by chunk
}

// placeChunk is where some rows of an array go, from its element start on.
type placeChunk struct {
	array int
	view  kernel.View
	start int
}

func (s *placeStep[T]) run() {
	s.prepare()
	for i, x := range s.src {
		kernel.Scatter(&s.dst[0], x, &s.views[i])
	}
}

func (s *placeStep[T]) slots(visit func(*uintptr)) {
	visit(start(&s.dst))
	for i := range s.src {
		visit(slot(&s.src[i]))
	}
}

func (s *placeStep[T]) chunks() int { return max(1, len(s.divided)) }
func (s *placeStep[T]) reserve(int) {}
func (s *placeStep[T]) finish()     {}

func (s *placeStep[T]) prepare() {
	if s.clear {
		clear(s.dst)
	}
}

func (s *placeStep[T]) chunk(i, _ int) {
	c := &s.divided[i]
	kernel.Scatter(&s.dst[0], elem(s.src[c.array], c.start), &c.view)
}
