package exec

import (
	"fmt"
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

func (o *place) step32(f frame[float32]) step { return newPlaceStep(o, f) }
func (o *place) step64(f frame[float64]) step { return newPlaceStep(o, f) }

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
