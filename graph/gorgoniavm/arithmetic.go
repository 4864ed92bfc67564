package gorgoniavm

import (
	"math"
	"sync"
	"unsafe"

	"descent/internal/kernel"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// arithmetic is the engine of the parameters and gradients of gorgonia.BindDualValues,
// unless gorgonia.WithEngine names one. It is gorgonia's but for what gorgonia's
// solvers do to them: that is done by this library's kernels, to the same bits.
type arithmetic struct{ gorgonia.StandardEngine }

type tensors = tensor.Tensor

func (e arithmetic) Add(a, b tensors, opts ...tensor.FuncOpt) (tensors, error) {
	if y := calculate(kernel.Add, a, b, opts); y != nil {
		return y, nil
	}
	return e.StandardEngine.Add(a, b, opts...)
}

func (e arithmetic) Sub(a, b tensors, opts ...tensor.FuncOpt) (tensors, error) {
	if y := calculate(kernel.Sub, a, b, opts); y != nil {
		return y, nil
	}
	return e.StandardEngine.Sub(a, b, opts...)
}

func (e arithmetic) Mul(a, b tensors, opts ...tensor.FuncOpt) (tensors, error) {
	if y := calculate(kernel.Mul, a, b, opts); y != nil {
		return y, nil
	}
	return e.StandardEngine.Mul(a, b, opts...)
}

func (e arithmetic) Div(a, b tensors, opts ...tensor.FuncOpt) (tensors, error) {
	if y := calculate(kernel.Div, a, b, opts); y != nil {
		return y, nil
	}
	return e.StandardEngine.Div(a, b, opts...)
}

func (e arithmetic) AddScalar(a tensors, b any, left bool, opts ...tensor.FuncOpt) (tensors, error) {
	if y := calculate(kernel.Add, a, b, opts); y != nil {
		return y, nil
	}
	return e.StandardEngine.AddScalar(a, b, left, opts...)
}

func (e arithmetic) MulScalar(a tensors, b any, left bool, opts ...tensor.FuncOpt) (tensors, error) {
	if y := calculate(kernel.Mul, a, b, opts); y != nil {
		return y, nil
	}
	return e.StandardEngine.MulScalar(a, b, left, opts...)
}

func (e arithmetic) Square(a tensors, opts ...tensor.FuncOpt) (tensors, error) {
	if y := calculate(kernel.Mul, a, a, opts); y != nil {
		return y, nil
	}
	return e.StandardEngine.Square(a, opts...)
}

func (e arithmetic) Sqrt(a tensors, opts ...tensor.FuncOpt) (tensors, error) {
	if y := calculate(kernel.Sqrt, a, a, opts); y != nil {
		return y, nil
	}
	return e.StandardEngine.Sqrt(a, opts...)
}

func (e arithmetic) InvSqrt(a tensors, opts ...tensor.FuncOpt) (tensors, error) {
	if y := calculate(invSqrt, a, a, opts); y != nil {
		return y, nil
	}
	return e.StandardEngine.InvSqrt(a, opts...)
}

func (e arithmetic) Clamp(a tensors, from, to any, opts ...tensor.FuncOpt) (tensors, error) {
	o := tensor.ParseFuncOpts(opts...)
	if inPlace := !o.Safe() && o.Incr() == nil && o.Reuse() == nil; inPlace {
		if y := calculate(kernel.Max, a, from, opts); y != nil {
			return calculate(kernel.Min, y, to, opts), nil
		}
	}
	return e.StandardEngine.Clamp(a, from, to, opts...)
}

// invSqrt is 1/√a.
const invSqrt = kernel.NumCodes

// calculate returns the value of a kernel for a tensor and another, or a number, of
// its kind; nil where that is left to gorgonia's engine. As the options ask it
// replaces the first, or is added to a third.
func calculate(code kernel.Code, a tensors, b any, opts []tensor.FuncOpt) tensors {
	x := whole(a)
	switch {
	case x == nil:
		return nil
	case x.Dtype() == tensor.Float32:
		return loops32.calculate(code, x, (*tensor.Dense).Float32s, b, opts)
	}
	return loops64.calculate(code, x, (*tensor.Dense).Float64s, b, opts)
}

// whole returns a tensor of floats, more than one, that lie one after the other, and
// nil for others.
func whole(t tensors) *tensor.Dense {
	d, ok := t.(*tensor.Dense)
	if !ok || !isFloat(d.Dtype()) || d.DataSize() < 2 || d.RequiresIterator() || !d.DataOrder().IsRowMajor() {
		return nil
	}
	return d
}

// like returns a tensor that is whole and has the type and the shape of x, and nil
// for others.
func like(t tensors, x *tensor.Dense) *tensor.Dense {
	d := whole(t)
	if d == nil || d.Dtype() != x.Dtype() || !d.Shape().Eq(x.Shape()) {
		return nil
	}
	return d
}

// tile is how many elements are done at a time, while they are near.
const tile = 1024

// loops are the kernels for one type of elements.
type loops[T kernel.Float] struct {
	of       [kernel.NumCodes]kernel.Func[T]
	inf, one [tile]T
	spaces   sync.Pool // of *workspace[T]
}

// A workspace is what one calculation needs besides its tensors.
type workspace[T kernel.Float] struct {
	opt                 tensor.OpOpt
	number, zeros, part [tile]T
}

var loops32, loops64 = newLoops[float32](), newLoops[float64]()

func newLoops[T kernel.Float]() *loops[T] {
	l := &loops[T]{spaces: sync.Pool{New: func() any { return new(workspace[T]) }}}
	for _, c := range []kernel.Code{kernel.Add, kernel.Sub, kernel.Mul, kernel.Div, kernel.Sqrt, kernel.Min, kernel.Max, kernel.Eq, kernel.Where} {
		l.of[c] = kernel.Vector[T](c)
	}
	for i := range tile {
		l.inf[i], l.one[i] = T(math.Inf(1)), 1
	}
	return l
}

func (l *loops[T]) calculate(code kernel.Code, x *tensor.Dense, elements func(*tensor.Dense) []T, b any, opts []tensor.FuncOpt) tensors {
	w := l.spaces.Get().(*workspace[T])
	defer l.spaces.Put(w)
	for _, o := range opts {
		o(&w.opt)
	}
	to, incr, reuse, safe := x, w.opt.Incr(), w.opt.Reuse(), w.opt.Safe()
	w.opt = tensor.OpOpt{}
	var y []T
	switch b := b.(type) {
	case T:
		y = w.number[:min(tile, x.DataSize())]
		for i := range y {
			y[i] = b
		}
	case tensors:
		if d := like(b, x); d != nil {
			y = elements(d)
		}
	}
	if incr != nil {
		to = like(incr, x)
	}
	switch {
	case y == nil || to == nil || reuse != nil || incr != nil && code == kernel.Div: // which adds nothing where it divides by 0
		return nil
	case incr == nil && safe:
		to = x.Clone().(*tensor.Dense)
	}
	dst, src := elements(to), elements(x)
	if shifted(dst, src) || shifted(dst, y) {
		return nil
	}
	l.run(code, w, dst, src, y, incr != nil)
	return to
}

// shifted says whether two arrays have elements in common, but at other places: what
// is left in them depends on the order then.
func shifted[T kernel.Float](a, b []T) bool {
	from, to := uintptr(unsafe.Pointer(&a[0])), uintptr(unsafe.Pointer(&b[0]))
	return from != to && from < to+uintptr(len(b))*unsafe.Sizeof(b[0]) && to < from+uintptr(len(a))*unsafe.Sizeof(a[0])
}

// run goes over tensors tile by tile; y may be one tile for all.
func (l *loops[T]) run(code kernel.Code, w *workspace[T], dst, x, y []T, adds bool) {
	for i := 0; i < len(dst); i += tile {
		n, to, with := min(tile, len(dst)-i), &dst[i], &y[0]
		if len(y) > i {
			with = &y[i]
		}
		if !adds {
			l.tile(code, w, to, &x[i], with, n)
			continue
		}
		l.tile(code, w, &w.part[0], &x[i], with, n)
		l.of[kernel.Add](to, to, &w.part[0], nil, n)
	}
}

// tile does what gorgonia's loops do, for which x/0 is +∞.
func (l *loops[T]) tile(code kernel.Code, w *workspace[T], dst, x, y *T, n int) {
	switch code {
	case kernel.Div:
		zeros := &w.zeros[0]
		clear(w.zeros[:n])
		l.of[kernel.Eq](zeros, y, zeros, nil, n)
		l.of[kernel.Div](dst, x, y, nil, n)
		l.of[kernel.Where](dst, zeros, &l.inf[0], dst, n)
	case invSqrt:
		l.of[kernel.Sqrt](dst, x, nil, nil, n)
		l.of[kernel.Div](dst, &l.one[0], dst, nil, n)
	default:
		l.of[code](dst, x, y, nil, n)
	}
}
