package exec

import (
	"fmt"
	"slices"

	"descent/internal/kernel"
)

// Reshapes have no memory of their own, and scalars do not live in arrays.

// Reshape returns the elements of x under another shape of the same size.
func (f *Func) Reshape(x Val, dims []int) Val {
	if slices.Equal(f.vals[x].dims, dims) {
		return x
	}
	return f.add(value{kind: kShape, args: f.own([]Val{x}), dims: dims})
}

// Part returns some of the elements of a result of an operation, from one on, under
// a shape.
func (f *Func) Part(x Val, from int, dims []int) Val {
	v := &f.vals[x]
	if v.kind == kShape {
		x, from = v.args[0], v.from+from
	} else if from == 0 && slices.Equal(v.dims, dims) {
		return x
	}
	return f.add(value{kind: kShape, args: f.own([]Val{x}), dims: dims, from: from})
}

// shapeIdentity joins reshapes of reshapes, and drops those that do nothing.
func (f *Func) shapeIdentity(i Val, v *value) Val {
	x := &f.vals[v.args[0]]
	if x.kind == kShape {
		v.args[0], v.from = x.args[0], v.from+x.from
	}
	if f.uniform(x) && x.n > 1 && v.from == 0 && v.n == x.n {
		*v = value{kind: kOperation, op: gather{view: BroadcastView(nil, v.dims)}, args: f.own(x.args), dims: v.dims, n: v.n, tag: v.tag}
		return i
	}
	if v.scalar() && x.kind == kOperation && x.op.wide() && x.n == 1 {
		dims := v.dims // straight to a scalar, which keeps float64
		*v = *x
		v.dims, v.args = dims, f.own(x.args)
		return i
	}
	if v.from == 0 && slices.Equal(f.vals[v.args[0]].dims, v.dims) {
		return v.args[0]
	}
	return i
}

// verifyShape checks a reshape, which may be one of several results.
func (f *Func) verifyShape(v *value) error {
	x := &f.vals[v.args[0]]
	if several := x.kind == kOperation && x.op.results() != nil; v.from+v.n > x.n || v.n != x.n && !several {
		return fmt.Errorf("reshape of %v to %v", x.dims, v.dims)
	}
	return nil
}

// crossScalars makes the crossings between scalars, which are float64, and arrays
// explicit. Maps take scalars as they are; operations that are wide make them.
func crossScalars(f *Func) {
	old := f.vals
	to := make([]Val, len(old))
	boxed := map[Val]Val{}
	f.vals = make([]value, 0, len(old)+len(old)/8+8)
	emit := func(v value) Val {
		f.vals = append(f.vals, v)
		return Val(len(f.vals) - 1)
	}
	for i, v := range old {
		for k, a := range v.args {
			v.args[k] = to[a]
		}
		if v.kind == kOperation {
			for k, a := range v.args {
				x := f.vals[a]
				if !x.scalar() {
					continue
				}
				if _, ok := boxed[a]; !ok {
					boxed[a] = emit(value{kind: kOperation, op: box{}, args: []Val{a}, dims: []int{1}, n: 1, tag: x.tag})
				}
				v.args[k] = boxed[a]
			}
		}
		switch {
		case v.kind == kShape && v.scalar():
			v.kind, v.op, v.from = kOperation, unbox{from: v.from}, 0
		case v.kind == kShape && f.vals[v.args[0]].scalar():
			v.kind, v.op = kOperation, box{}
		case v.kind == kOperation && v.scalar() && !v.op.wide():
			v.dims = []int{1}
			v = value{kind: kOperation, op: unbox{}, args: []Val{emit(v)}, dims: nil, n: 1, tag: v.tag}
		}
		to[i] = emit(v)
	}
	f.rename(to, false)
}

// box is a scalar as an array of one element.
type box struct{ plain }

func (box) line(args []string) string   { return called("box", args) }
func (box) verify([]int, [][]int) error { return nil }
func (o box) step(f anyFrame) step      { return stepOf(o, f, boxStep[float32], boxStep[float64]) }

func boxStep[T kernel.Float](_ box, f frame[T]) step {
	return &box1[T]{f.result(), f.p.scalarOrConst(f.v.args[0])}
}

type box1[T kernel.Float] struct {
	dst *T
	src *float64
}

func (s *box1[T]) run()                       { *s.dst = T(*s.src) }
func (s *box1[T]) slots(visit func(*uintptr)) { visit(slot(&s.dst)) }

// unbox is one element of an array as a scalar.
type unbox struct {
	plain
	from int
}

func (unbox) line(args []string) string { return called("unbox", args) }

func (o unbox) verify(_ []int, args [][]int) error {
	if n := size(args[0]); o.from >= n && n > 0 {
		return fmt.Errorf("element %d of %d", o.from, n)
	}
	return nil
}
func (unbox) wide() bool             { return true }
func (o unbox) step(f anyFrame) step { return stepOf(o, f, unboxStep[float32], unboxStep[float64]) }

func unboxStep[T kernel.Float](o unbox, f frame[T]) step {
	return &unbox1[T]{f.scalar(), elem(f.arg(0), o.from)}
}

type unbox1[T kernel.Float] struct {
	dst *float64
	src *T
}

func (s *unbox1[T]) run()                       { *s.dst = float64(*s.src) }
func (s *unbox1[T]) slots(visit func(*uintptr)) { visit(slot(&s.src)) }
