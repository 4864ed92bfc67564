package exec

import (
	"unsafe"

	"descent/internal/kernel"
)

// emit makes the step of a group.
func (p *Program[T]) emit(g group) {
	if p.f.vals[g.vals[0]].n == 0 {
		p.steps = append(p.steps, nothing{}) // arrays without elements
		return
	}
	if g.region {
		p.steps = append(p.steps, p.regionStep(g))
		return
	}
	i := g.vals[0]
	v := &p.f.vals[i]
	if v.kind == kMap {
		op := scalarOp{code: v.code, dst: p.scalar(i)}
		for k, a := range v.args {
			*[]**float64{&op.a, &op.b, &op.c}[k] = p.scalarOrConst(a)
		}
		p.addScalar(op)
		return
	}
	p.steps = append(p.steps, p.single(i, v))
}

// addScalar adds a primitive on single numbers. Neighbours share a step, but
// in a checking program each step is one group.
func (p *Program[T]) addScalar(op scalarOp) {
	if k := len(p.steps) - 1; k >= 0 && !p.check {
		if s, ok := p.steps[k].(*scalarOps); ok {
			s.ops = append(s.ops, op)
			return
		}
	}
	p.steps = append(p.steps, &scalarOps{[]scalarOp{op}})
}

func (p *Program[T]) single(i Val, v *value) step {
	arg := func(k int) *T { return p.ptr(v.args[k]) }
	switch v.kind {
	case kReduce:
		if v.scalar() {
			return &total[T]{p.scalar(i), arg(0), v.mid}
		}
		return &reduce[T]{kernel.Reduction[T](v.fold), p.ptr(i), arg(0), v.outer, v.mid, v.inner}
	case kDot:
		return p.productStep(i, v)
	case kGather:
		return &gather[T]{p.ptr(i), arg(0), v.views[0]}
	case kPlace:
		s := &placeStep[T]{dst: unsafe.Slice(p.ptr(i), v.n), views: v.views, clear: true}
		written := 0
		for k := range v.args {
			s.src = append(s.src, arg(k))
			written += p.f.vals[v.args[k]].n
		}
		s.clear = written < v.n // pieces do not overlap
		return s
	case kCall:
		s := &call[T]{fn: callFunc[T](v.call)}
		outs := v.outs
		if outs == nil {
			outs = [][]int{v.dims}
		}
		at := 0
		for _, d := range outs {
			s.dst = append(s.dst, unsafe.Slice(elem(p.ptr(i), at), size(d)))
			at += alignUp(size(d))
		}
		for k, a := range v.args {
			s.src = append(s.src, unsafe.Slice(arg(k), p.f.vals[a].n))
		}
		return s
	case kBox:
		return &box1[T]{p.ptr(i), p.scalarOrConst(v.args[0])}
	case kUnbox:
		return &unbox1[T]{p.scalar(i), elem(arg(0), v.from)}
	}
	panic("exec: no step for " + kindNames[v.kind])
}

func callFunc[T kernel.Float](c *Call) func(dst, src [][]T) {
	var f any = c.F64
	if _, ok := any(T(0)).(float32); ok {
		f = c.F32
	}
	return f.(func(dst, src [][]T))
}

// emitCopies makes the updates that could not be computed in place. Sources
// that are leaves are copied aside first: another update may change them.
func (p *Program[T]) emitCopies() {
	root := p.f.roots()
	var second []step
	for _, u := range p.plan.copies {
		v := &p.f.vals[u.Value]
		at := p.f.vals[u.Leaf].leaf
		leaf, wide := p.leaves[at], p.f.leaves[at].Wide
		switch {
		case wide != nil:
			second = append(second, &box1[float64]{wide, p.scalarOrConst(u.Value)})
		case v.scalar():
			second = append(second, &box1[T]{&leaf[0], p.scalarOrConst(u.Value)})
		case p.f.vals[root[u.Value]].kind == kLeaf:
			tmp := kernel.Aligned[T](v.n)
			p.ends = append(p.ends, &move[T]{tmp, unsafe.Slice(p.ptr(u.Value), v.n)})
			second = append(second, &move[T]{leaf, tmp})
		default:
			second = append(second, &move[T]{leaf, unsafe.Slice(p.ptr(u.Value), v.n)})
		}
	}
	p.ends = append(p.ends, second...)
}

// scalarOp is one primitive on single float64 numbers.
type scalarOp struct {
	code    kernel.Code
	dst     *float64
	a, b, c *float64
}

type scalarOps struct{ ops []scalarOp }

func (s *scalarOps) run() {
	for i := range s.ops {
		o := &s.ops[i]
		switch o.code { // the common ones without a call
		case kernel.Add:
			*o.dst = *o.a + *o.b
		case kernel.Sub:
			*o.dst = *o.a - *o.b
		case kernel.Mul:
			*o.dst = *o.a * *o.b
		case kernel.Div:
			*o.dst = *o.a / *o.b
		default:
			x, y, z := *o.a, 0.0, 0.0
			if o.b != nil {
				y = *o.b
			}
			if o.c != nil {
				z = *o.c
			}
			*o.dst = kernel.Eval(o.code, x, y, z)
		}
	}
}

type nothing struct{}

func (nothing) run() {}

type total[T kernel.Float] struct {
	dst *float64
	src *T
	n   int
}

func (s *total[T]) run() { *s.dst = kernel.Total(s.src, s.n) }

type reduce[T kernel.Float] struct {
	fn                kernel.Reducer[T]
	dst, src          *T
	outer, mid, inner int
}

func (s *reduce[T]) run() { s.fn(s.dst, s.src, s.outer, s.mid, s.inner) }

func sizeOf[T kernel.Float](x T) uintptr { return unsafe.Sizeof(x) }

func elem[T kernel.Float](p *T, i int) *T {
	return (*T)(unsafe.Add(unsafe.Pointer(p), i*int(unsafe.Sizeof(*p))))
}

type gather[T kernel.Float] struct {
	dst, src *T
	view     kernel.View
}

func (s *gather[T]) run() { kernel.Gather(s.dst, s.src, &s.view) }

type placeStep[T kernel.Float] struct {
	dst   []T
	src   []*T
	views []kernel.View
	clear bool
}

func (s *placeStep[T]) run() {
	if s.clear {
		clear(s.dst)
	}
	for i, x := range s.src {
		kernel.Scatter(&s.dst[0], x, &s.views[i])
	}
}

type call[T kernel.Float] struct {
	fn       func(dst, src [][]T)
	dst, src [][]T
}

func (s *call[T]) run() { s.fn(s.dst, s.src) }

type box1[T kernel.Float] struct {
	dst *T
	src *float64
}

func (s *box1[T]) run() { *s.dst = T(*s.src) }

type unbox1[T kernel.Float] struct {
	dst *float64
	src *T
}

func (s *unbox1[T]) run() { *s.dst = float64(*s.src) }

type move[T kernel.Float] struct{ dst, src []T }

func (s *move[T]) run() { copy(s.dst, s.src) }
