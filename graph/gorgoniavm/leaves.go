package gorgoniavm

import (
	"errors"
	"fmt"
	"unsafe"

	"descent/graph"
	"descent/internal/gvalue"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Leaves of an engine's program.

func errNoValue(n *gnode) error { return fmt.Errorf("no value bound to node %v (%x)", n, n.ID()) }

// variable stands over the memory of the value, if it has one, until that moves.
func (e *engine[T]) variable(t *translator, n *gnode) (*node, error) {
	name := fmt.Sprint("variable ", n.ID())
	switch dt := n.Dtype(); {
	case dt == tensor.Int:
		return e.indices(t, name, dims(n), func(dst []int) ([]int, error) {
			if n.Value() == nil {
				return nil, errNoValue(n)
			}
			return wholes(dst, n.Value())
		}), nil
	case dt != e.dt:
		return e.converted(t, name, n, func() (gorgonia.Value, error) {
			if n.Value() == nil {
				return nil, errNoValue(n)
			}
			return n.Value(), nil
		}), nil
	}
	a := e.arrays[n]
	if a == nil {
		a = new(lent[T])
		if n.Value() == nil {
			a.Array = gvalue.Copied[T](n.Name(), dims(n)...)
		} else {
			var err error
			if a.Array, err = gvalue.New[T](n.Name(), n.Value()); err != nil {
				return nil, err
			}
		}
		e.arrays[n] = a
	}
	e.supplies = append(e.supplies, func() (bool, error) {
		v := n.Value()
		if v == nil {
			return false, errNoValue(n)
		}
		moved, err := a.Fetch(v)
		return moved || e.settles(a), err
	})
	return t.g.Over(graph.State, name, a.Memory, dims(n)...), nil
}

// lent is the memory of a variable's value.
type lent[T gvalue.Float] struct {
	gvalue.Array[T]
	last    *T // where the value was in the run before
	settled bool
}

// worthSettling is how many elements take longer to copy, run after run, than
// another program does to make.
const worthSettling = 1 << 12

// settles stops copying a large value that stays where it is, once: it was not
// bound yet when the program was made, or moved then.
func (e *engine[T]) settles(a *lent[T]) bool {
	if a.settled || len(a.Memory) < worthSettling {
		return false
	}
	p := a.Raw()
	if p != a.last || e.makes(p) {
		a.last = p
		return false
	}
	a.settled = true
	return a.Settle()
}

// makes says whether memory is the program's own, where runs leave what they like.
func (e *engine[T]) makes(p *T) bool {
	for _, g := range e.grads {
		if g.array.Raw() == p {
			return true
		}
	}
	at := uintptr(unsafe.Pointer(p))
	for _, r := range e.results {
		if len(r.src) > 0 {
			from := uintptr(unsafe.Pointer(&r.src[0]))
			if at >= from && at < from+uintptr(len(r.src))*unsafe.Sizeof(*p) {
				return true
			}
		}
	}
	return false
}

// converted is a leaf of another type, or one that is made for each run.
func (e *engine[T]) converted(t *translator, name string, n *gnode, get func() (gorgonia.Value, error)) *node {
	memory := make([]T, graph.Dims(dims(n)...).Size())
	var wide []float64
	e.supplies = append(e.supplies, func() (bool, error) {
		v, err := get()
		if err != nil {
			return false, err
		}
		if wide, err = numbers(wide[:0], v); err != nil || len(wide) != len(memory) {
			return false, errors.Join(err, fmt.Errorf("%v has %d elements, not %d", n, len(wide), len(memory)))
		}
		convert(memory, wide)
		return false, nil
	})
	return t.g.Over(graph.State, t.g.Unique(name), memory, dims(n)...)
}

func (e *engine[T]) drawn(t *translator, n *gnode, draw func() (gorgonia.Value, error)) (*node, error) {
	return e.converted(t, fmt.Sprint("drawn ", n.ID()), n, func() (v gorgonia.Value, err error) {
		defer func() {
			if r := recover(); r != nil {
				err = fmt.Errorf("%v: its Do panics: %v", n, r)
			}
		}()
		return draw()
	}), nil
}

func (e *engine[T]) lent(t *translator, name string, v tensor.Tensor) (*node, error) {
	memory, err := gvalue.Elements[T](name, v)
	if err != nil {
		return nil, err
	}
	return t.g.Over(graph.State, name, memory, v.Shape()...), nil
}

func (e *engine[T]) count(t *translator) *node {
	const name = "run"
	if n := t.g.Leaf(name); n != nil {
		return n
	}
	n := t.g.Input(name)
	e.feeds = append(e.feeds, graph.Let(n, e.runs[:]))
	return n
}

func (e *engine[T]) fed(t *translator, n *gnode, size int, now func() ([]int, error)) *node {
	return e.indices(t, fmt.Sprint("slice ", n.ID()), []int{size}, func(dst []int) ([]int, error) {
		at, err := now()
		return append(dst, at...), err
	})
}

// indices is a leaf of whole numbers.
func (e *engine[T]) indices(t *translator, name string, dims []int, get func(dst []int) ([]int, error)) *node {
	values := make([]int, graph.Dims(dims...).Size())
	n := t.g.Indices(name, dims...)
	e.feeds = append(e.feeds, graph.Let(n, values))
	e.supplies = append(e.supplies, func() (bool, error) {
		now, err := get(values[:0])
		if err == nil && len(now) != len(values) {
			err = fmt.Errorf("%s has %d elements, not %d", name, len(now), len(values))
		}
		return false, err
	})
	return n
}
