package optimizers

import (
	"fmt"
	"unsafe"

	"descent/graph"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// A solved is the nodes that a [Solver] moves: for each its value and its
// gradient.
type solved[T float32 | float64] struct{ values, grads []array[T] }

// An array is a value of gorgonia's as the solver's program has it.
type array[T float32 | float64] struct {
	name   string
	dims   []int
	memory []T   // what the program works on: the value's own elements, or a copy
	own    bool  // the former
	raw    []T   // the value's elements, in this step
	at     []int // where in raw they are, in row-major order; nil if one after the other
}

func newModel[T float32 | float64](model []gorgonia.ValueGrad) (*solved[T], error) {
	s := &solved[T]{}
	seen := map[*T]string{}
	for i, n := range model {
		name := fmt.Sprint("p", i)
		if named, ok := n.(gorgonia.Namer); ok && named.Name() != "" {
			name = named.Name()
		}
		grad, err := n.Grad()
		if err != nil {
			return nil, fmt.Errorf("optimizers: %s has no gradient: %w", name, err)
		}
		x, err := newArray[T](name, n.Value())
		if err != nil {
			return nil, err
		}
		d, err := newArray[T]("the gradient of "+name, grad)
		if err != nil {
			return nil, err
		}
		if len(x.memory) != len(d.memory) {
			return nil, fmt.Errorf("optimizers: %s has %d elements, its gradient %d", name, len(x.memory), len(d.memory))
		}
		for _, a := range []array[T]{x, d} {
			p := unsafe.SliceData(a.raw)
			if other := seen[p]; p != nil && other != "" {
				return nil, fmt.Errorf("optimizers: %s and %s are the same memory", other, a.name)
			}
			seen[p] = a.name
		}
		s.values, s.grads = append(s.values, x), append(s.grads, d)
	}
	return s, nil
}

func newArray[T float32 | float64](name string, v gorgonia.Value) (a array[T], err error) {
	a = array[T]{name: name}
	if a.raw, err = elements[T](name, v); err != nil {
		return a, err
	}
	d, ok := v.(*tensor.Dense)
	if !ok || d.IsScalar() { // gorgonia makes these anew as it likes
		a.memory = make([]T, 1)
		return a, nil
	}
	a.dims = append([]int(nil), d.Shape()...)
	if a.at = places(d); a.at != nil {
		a.memory = make([]T, len(a.at))
		return a, nil
	}
	a.own, a.memory = true, a.raw
	return a, nil
}

// places returns where in the memory of a tensor its elements are, in row-major
// order; nil if they are one after the other.
func places(d *tensor.Dense) []int {
	if !d.RequiresIterator() && d.DataOrder().IsRowMajor() {
		return nil
	}
	dims, strides := d.Shape(), d.Strides()
	if len(strides) == 1 { // all that a vector has, also one of shape n×1
		dims = tensor.Shape{d.Shape().TotalSize()}
	}
	at := []int{0}
	for axis, n := range dims {
		inner := make([]int, 0, len(at)*n)
		for _, start := range at {
			for i := range n {
				inner = append(inner, start+i*strides[axis])
			}
		}
		at = inner
	}
	return at
}

// elements returns the memory of a value, without making anything.
func elements[T float32 | float64](name string, v gorgonia.Value) ([]T, error) {
	var out []T
	switch p := any(&out).(type) {
	case *[]float32:
		switch v := v.(type) {
		case *tensor.Dense:
			if v.Dtype() == graph.Float32 {
				*p = v.Float32s()
			}
		case *gorgonia.F32:
			*p = unsafe.Slice((*float32)(v), 1)
		}
	case *[]float64:
		switch v := v.(type) {
		case *tensor.Dense:
			if v.Dtype() == graph.Float64 {
				*p = v.Float64s()
			}
		case *gorgonia.F64:
			*p = unsafe.Slice((*float64)(v), 1)
		}
	}
	if out == nil {
		return nil, fmt.Errorf("optimizers: %s is %T, not a value of type %T that can be changed in place", name, v, *new(T))
	}
	return out, nil
}

func (s *solved[T]) size() int { return len(s.values) }

func (s *solved[T]) dtype() graph.Dtype {
	if _, ok := any(*new(T)).(float32); ok {
		return graph.Float32
	}
	return graph.Float64
}

func (s *solved[T]) declare(g *graph.Graph) (params, grads []*node) {
	for i := range s.values {
		x, d := &s.values[i], &s.grads[i]
		name := g.Unique(x.name)
		params = append(params, g.Over(graph.Param, name, x.memory, x.dims...))
		grads = append(grads, g.Over(graph.State, name+"/gradient", d.memory, x.dims...))
	}
	return params, grads
}

func (s *solved[T]) fetch(model []gorgonia.ValueGrad) (moved bool, err error) {
	for i, n := range model {
		grad, err := n.Grad()
		if err != nil {
			return false, fmt.Errorf("optimizers: %s has no gradient: %w", s.values[i].name, err)
		}
		m, err := s.values[i].fetch(n.Value())
		if err != nil {
			return false, err
		}
		m2, err := s.grads[i].fetch(grad)
		if err != nil {
			return false, err
		}
		moved = moved || m || m2
	}
	return moved, nil
}

// fetch gets the elements of a value. One that is not where it was is copied from
// now on: its memory is another.
func (a *array[T]) fetch(v gorgonia.Value) (moved bool, err error) {
	n := len(a.raw)
	if a.raw, err = elements[T](a.name, v); err != nil {
		return false, err
	}
	if len(a.raw) != n {
		return false, fmt.Errorf("optimizers: %s had %d elements and has %d", a.name, n, len(a.raw))
	}
	if a.own && unsafe.SliceData(a.raw) != unsafe.SliceData(a.memory) {
		a.memory, a.own, moved = make([]T, n), false, true
	}
	switch {
	case a.own:
	case a.at == nil:
		copy(a.memory, a.raw)
	default:
		for i, k := range a.at {
			a.memory[i] = a.raw[k]
		}
	}
	return moved, nil
}

func (s *solved[T]) store() {
	for i := range s.values {
		s.values[i].store()
		s.grads[i].clear()
	}
}

// store hands back what the program has made of a value.
func (a *array[T]) store() {
	switch {
	case a.own:
	case a.at == nil:
		copy(a.raw, a.memory)
	default:
		for i, k := range a.at {
			a.raw[k] = a.memory[i]
		}
	}
}

func (a *array[T]) clear() {
	if a.at == nil {
		clear(a.raw)
		return
	}
	for _, k := range a.at { // what lies between is not its own
		a.raw[k] = 0
	}
}
