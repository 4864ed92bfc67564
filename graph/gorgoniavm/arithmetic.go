package gorgoniavm

import (
	"math"
	"sync"
	"sync/atomic"
	"unsafe"

	"descent/internal/kernel"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// arithmetic is the engine of the parameters and gradients of gorgonia.BindDualValues,
// unless gorgonia.WithEngine names one. It is gorgonia's but for what gorgonia's
// solvers do to them: that is done by this library's kernels, to the same bits.
type arithmetic struct {
	gorgonia.StandardEngine
	withoutMakeArray
}

// withoutMakeArray has a method makeArray as deep as that of StandardEngine, so that an
// engine with both has none, and tensors ask its Alloc for memory. The other methods
// that are as deep are FMA, FMAScalar and Inner, and those of arithmetic itself.
type withoutMakeArray struct{ tensor.Float32Engine }

// FMA implements tensor.FMAer.
func (e arithmetic) FMA(a, x, y tensors) (tensors, error) { return e.StandardEngine.FMA(a, x, y) }

// FMAScalar implements tensor.FMAer.
func (e arithmetic) FMAScalar(a tensors, x any, y tensors) (tensors, error) {
	return e.StandardEngine.FMAScalar(a, x, y)
}

// Inner implements tensor.InnerProder.
func (e arithmetic) Inner(a, b tensors) (any, error) { return e.StandardEngine.Inner(a, b) }

// lastMemory is alive while makeArray has but a number for it.
var lastMemory atomic.Pointer[memory]

// Alloc implements tensor.Engine.
func (e arithmetic) Alloc(bytes int64) (tensor.Memory, error) {
	if bytes >= worthPuttingOff && cloneOfAdam() {
		return cloneInStep(bytes), nil
	}
	m := newMemory(bytes)
	lastMemory.Store(m)
	return m, nil
}

// Memcpy implements tensor.Engine.
func (e arithmetic) Memcpy(dst, src tensor.Memory) error {
	if s := currentStep(); s != nil && s.copies(dst, src) {
		return nil
	}
	return e.StandardEngine.Memcpy(dst, src)
}

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

// Codes of ours: 1/√x, and x.
const (
	invSqrt = kernel.NumCodes + iota
	copying
)

// calculate returns the value of a kernel for a tensor and another, or a number, of
// its kind; nil where that is left to gorgonia's engine. As the options ask it
// replaces the first, or is added to a third.
func calculate(code kernel.Code, a tensors, b any, opts []tensor.FuncOpt) (y tensors) {
	x, step := whole(a), currentStep()
	switch {
	case x == nil:
	case x.Dtype() == tensor.Float32:
		y = loops32.calculate(code, x, (*tensor.Dense).Float32s, b, opts, step)
	default:
		y = loops64.calculate(code, x, (*tensor.Dense).Float64s, b, opts, step)
	}
	if y == nil && step != nil && !step.over {
		step.leave()
	}
	return y
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
const tile = 512

// A pass is one kernel for whole arrays.
type pass struct {
	code      kernel.Code
	dst, x, y unsafe.Pointer
	number    float64        // in place of y, if that is nil
	sum       unsafe.Pointer // what the value is added to, if that is not nil
}

// loops are the kernels for one type of elements.
type loops[T kernel.Float] struct {
	of       [kernel.NumCodes]kernel.Func[T]
	inf, one [tile]T
	spaces   sync.Pool // of *workspace[T]
}

// A workspace is what calculations need besides tensors.
type workspace[T kernel.Float] struct {
	opt                 tensor.OpOpt
	numbers             [][tile]T // of passes
	zeros, part, hidden [tile]T
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

func (l *loops[T]) calculate(code kernel.Code, x *tensor.Dense, elements func(*tensor.Dense) []T, b any, opts []tensor.FuncOpt, step *adamStep) tensors {
	w := l.spaces.Get().(*workspace[T])
	defer l.spaces.Put(w)
	for _, o := range opts {
		o(&w.opt)
	}
	to, incr, reuse, safe := x, w.opt.Incr(), w.opt.Reuse(), w.opt.Safe()
	w.opt = tensor.OpOpt{}
	p, adds := pass{code: code}, incr != nil
	var y []T
	switch b := b.(type) {
	case T:
		p.number = float64(b)
	case tensors:
		d := like(b, x)
		if d == nil {
			return nil
		}
		y = elements(d)
	default:
		return nil
	}
	if adds {
		to = like(incr, x)
	}
	switch {
	case to == nil || reuse != nil || adds && code == kernel.Div: // which adds nothing where it divides by 0
		return nil
	case !adds && safe:
		to = x.Clone().(*tensor.Dense)
	}
	dst, src := elements(to), elements(x)
	if shifted(dst, src) || y != nil && shifted(dst, y) {
		return nil
	}
	p.dst, p.x, p.y = first(dst), first(src), first(y)
	if adds {
		p.sum = p.dst
	}
	if step.takes(p, len(dst), unsafe.Sizeof(src[0])) {
		return to
	}
	l.run(w, []pass{p}, len(dst), nil)
	if step != nil {
		step.leave()
	}
	return to
}

func first[T kernel.Float](x []T) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(x)) }

// together is run with a workspace of its own.
func (l *loops[T]) together(passes []pass, n int, hidden unsafe.Pointer) {
	w := l.spaces.Get().(*workspace[T])
	defer l.spaces.Put(w)
	l.run(w, passes, n, hidden)
}

// shifted says whether two arrays have elements in common, but at other places: what
// is left in them depends on the order then.
func shifted[T kernel.Float](a, b []T) bool {
	from, to := uintptr(first(a)), uintptr(first(b))
	return from != to && from < to+uintptr(len(b))*unsafe.Sizeof(b[0]) && to < from+uintptr(len(a))*unsafe.Sizeof(a[0])
}

// run does passes over arrays of n elements tile by tile. What they leave in the array
// that is hidden is lost.
func (l *loops[T]) run(w *workspace[T], passes []pass, n int, hidden unsafe.Pointer) {
	for len(w.numbers) < len(passes) {
		w.numbers = append(w.numbers, [tile]T{})
	}
	for k := range passes {
		if passes[k].y == nil {
			fill := w.numbers[k][:min(tile, n)]
			for i := range fill {
				fill[i] = T(passes[k].number)
			}
		}
	}
	for i := 0; i < n; i += tile {
		at := func(x unsafe.Pointer) *T {
			if x == hidden {
				return &w.hidden[0]
			}
			return (*T)(unsafe.Add(x, uintptr(i)*unsafe.Sizeof(w.hidden[0])))
		}
		for k := range passes {
			p, y, n := &passes[k], &w.numbers[k][0], min(tile, n-i)
			if p.y != nil {
				y = at(p.y)
			}
			if p.sum == nil {
				l.pass(p.code, w, at(p.dst), at(p.x), y, n)
				continue
			}
			l.pass(p.code, w, &w.part[0], at(p.x), y, n)
			l.of[kernel.Add](at(p.dst), at(p.sum), &w.part[0], nil, n)
		}
	}
}

// pass does one over n elements, as gorgonia's loops do, for which x/0 is +∞.
func (l *loops[T]) pass(code kernel.Code, w *workspace[T], dst, x, y *T, n int) {
	switch code {
	case copying:
		copy(unsafe.Slice(dst, n), unsafe.Slice(x, n))
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
