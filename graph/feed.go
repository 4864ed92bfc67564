package graph

import (
	"fmt"

	"descent/internal/exec"
	"descent/internal/goroutine"
	"descent/internal/kernel"
)

// A Feed is the value of an input for the runs that follow.
type Feed struct {
	n    *Node
	f32  []float32
	f64  []float64
	ints []int
}

// Let feeds v, in row-major order, to the input n. Numbers are converted to
// the graph's element type. v is copied when the program runs.
func Let[E float32 | float64 | int](n *Node, v []E) Feed {
	f := Feed{n: n}
	switch v := any(v).(type) {
	case []float32:
		f.f32 = v
	case []float64:
		f.f64 = v
	case []int:
		f.ints = v
	}
	return f
}

func (p *Program) feed(f *Feed) error {
	n := f.n
	if !n.isInput() {
		return fmt.Errorf("graph: %v is not an input", n)
	}
	if n.g != p.g {
		return fmt.Errorf("graph: input %v belongs to another graph", n)
	}
	size := n.shape.Size()
	if got := len(f.f32) + len(f.f64) + len(f.ints); got != size {
		return fmt.Errorf("graph: input %v needs %d values, got %d", n, size, got)
	}
	if n.role == Index {
		if f.ints == nil && size > 0 {
			return fmt.Errorf("graph: input %v takes whole numbers, as []int", n)
		}
		if err := n.checkIndices(f.ints); err != nil {
			return err
		}
	}
	for i := range p.inputs {
		if in := &p.inputs[i]; in.node == n {
			in.fed = true
			if size > 0 {
				f.write(p.m, in.leaf, n.shape.Rank() == 0)
			}
			break
		}
	}
	return nil // also if the program does not depend on it
}

// Buffer returns the memory of an input that is not a scalar, to be filled
// before Run instead of feeding it; nil if the program does not depend on it.
// It panics if n is not an input, or T not the graph's element type.
func Buffer[T kernel.Float](p *Program, n *Node) []T {
	u, ok := p.running(goroutine.ID())
	if !ok {
		panic(ErrInUse)
	}
	defer p.done(u)
	for i := range p.inputs {
		if in := &p.inputs[i]; in.node == n && n.shape.Rank() > 0 {
			in.fed = true
			return elements[T](p, p.m.Input(in.leaf))
		}
	}
	if n.g == p.g && n.isInput() && n.shape.Rank() > 0 {
		return nil
	}
	panic(fmt.Sprintf("graph: %v is not an array that this program is fed", n))
}

// elements returns an array's elements; it panics if T is not the program's type.
func elements[T kernel.Float](p *Program, a exec.Array) []T {
	s, ok := any(a.F32).([]T)
	if p.g.dtype == Float64 {
		s, ok = any(a.F64).([]T)
	}
	if !ok {
		panic(fmt.Sprintf("graph: the elements are %v", p.g.dtype))
	}
	return s
}

// write writes what a leaf is fed.
func (f *Feed) write(m exec.Machine, leaf int, scalar bool) {
	if scalar {
		dst := m.ScalarInput(leaf)
		switch {
		case f.f64 != nil:
			*dst = f.f64[0]
		case f.f32 != nil:
			*dst = float64(f.f32[0])
		default:
			*dst = float64(f.ints[0])
		}
		return
	}
	a := m.Input(leaf)
	writeTo(a.F32, f)
	writeTo(a.F64, f)
}

// writeTo writes to an array, if there is one.
func writeTo[T kernel.Float](dst []T, f *Feed) {
	if dst == nil {
		return
	}
	switch {
	case f.f64 != nil:
		convert(dst, f.f64)
	case f.f32 != nil:
		convert(dst, f.f32)
	default:
		for i, x := range f.ints {
			dst[i] = T(x)
		}
	}
}

func convert[T, S kernel.Float](dst []T, src []S) {
	if s, ok := any(src).([]T); ok {
		copy(dst, s)
		return
	}
	for i, x := range src {
		dst[i] = T(x)
	}
}
