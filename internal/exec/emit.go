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
	p.steps = append(p.steps, p.operationStep(i, v))
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

type nothing struct{}

func (nothing) run()                 {}
func (nothing) slots(func(*uintptr)) {}

func sizeOf[T kernel.Float](x T) uintptr { return unsafe.Sizeof(x) }

func elem[T kernel.Float](p *T, i int) *T {
	return (*T)(unsafe.Add(unsafe.Pointer(p), i*int(unsafe.Sizeof(*p))))
}

type move[T kernel.Float] struct{ dst, src []T }

func (s *move[T]) run() { copy(s.dst, s.src) }

func (s *move[T]) slots(visit func(*uintptr)) {
	visit(start(&s.dst))
	visit(start(&s.src))
}

// slot is where an address is kept, start where that of a slice's first element is.
func slot[P ~*T, T any](p *P) *uintptr      { return (*uintptr)(unsafe.Pointer(p)) }
func start[T kernel.Float](s *[]T) *uintptr { return (*uintptr)(unsafe.Pointer(s)) }
