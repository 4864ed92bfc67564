// Package gvalue lets programs work on the memory of gorgonia's values: in place
// where a value has elements of its own in row-major order, on a copy otherwise.
package gvalue

import (
	"fmt"
	"slices"
	"unsafe"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Float is the elements that programs have.
type Float interface{ float32 | float64 }

// An Array is a value of gorgonia's as a program has it. Its Memory is what a
// variable may stand over ([descent/graph.Graph.Over]).
type Array[T Float] struct {
	Name   string
	Dims   []int
	Memory []T // the value's own elements, or a copy

	own     bool  // the former
	raw     []T   // the value's elements, when they were last fetched
	at      []int // where in raw they are, in row-major order; nil if one after the other
	strides []int // that at was made for
}

// New returns the array of a value. Scalars are copied: gorgonia makes them anew
// as it likes.
func New[T Float](name string, v gorgonia.Value) (a Array[T], err error) {
	a = Array[T]{Name: name}
	if a.raw, err = Elements[T](name, v); err != nil {
		return a, err
	}
	d, ok := v.(*tensor.Dense)
	if !ok || d.IsScalar() {
		a.Memory = make([]T, 1)
		return a, nil
	}
	a.Dims = append([]int(nil), d.Shape()...)
	if a.walk(d); a.at != nil {
		a.Memory = make([]T, len(a.at))
		return a, nil
	}
	a.own, a.Memory = true, a.raw
	return a, nil
}

// Copied returns an array whose values are not known yet: they are copied.
func Copied[T Float](name string, dims ...int) Array[T] {
	size := 1
	for _, d := range dims {
		size *= d
	}
	return Array[T]{Name: name, Dims: dims, Memory: make([]T, size)}
}

// Raw returns the first of the value's elements, to tell memory apart; nil if
// there is none.
func (a *Array[T]) Raw() *T { return unsafe.SliceData(a.raw) }

// walk finds out where in the memory of a tensor its elements are.
func (a *Array[T]) walk(d *tensor.Dense) {
	if !d.RequiresIterator() && d.DataOrder().IsRowMajor() {
		a.at, a.strides = nil, nil
		return
	}
	if a.at != nil && slices.Equal(a.strides, d.Strides()) && len(a.at) == d.Shape().TotalSize() {
		return
	}
	a.strides = slices.Clone(d.Strides())
	dims := d.Shape()
	if len(a.strides) == 1 { // all that a vector has, also one of shape n×1
		dims = tensor.Shape{dims.TotalSize()}
	}
	a.at = []int{0}
	for axis, n := range dims {
		inner := make([]int, 0, len(a.at)*n)
		for _, start := range a.at {
			for i := range n {
				inner = append(inner, start+i*a.strides[axis])
			}
		}
		a.at = inner
	}
}

// Elements returns the memory of a value, without making anything.
func Elements[T Float](name string, v gorgonia.Value) ([]T, error) {
	var out []T
	switch p := any(&out).(type) {
	case *[]float32:
		switch v := v.(type) {
		case *tensor.Dense:
			if v.Dtype() == tensor.Float32 {
				*p = v.Float32s()
			}
		case *gorgonia.F32:
			*p = unsafe.Slice((*float32)(v), 1)
		}
	case *[]float64:
		switch v := v.(type) {
		case *tensor.Dense:
			if v.Dtype() == tensor.Float64 {
				*p = v.Float64s()
			}
		case *gorgonia.F64:
			*p = unsafe.Slice((*float64)(v), 1)
		}
	}
	if out == nil {
		return nil, fmt.Errorf("%s is %T, not a value of type %T that can be changed in place", name, v, *new(T))
	}
	return out, nil
}

// Fetch gets the elements of a value. One that is not where it was is copied from
// now on: its memory is another, and programs that work on it are to be made
// again.
func (a *Array[T]) Fetch(v gorgonia.Value) (moved bool, err error) {
	if a.stays(v) {
		a.raw = a.Memory
		return false, nil
	}
	if a.raw, err = Elements[T](a.Name, v); err != nil {
		return false, err
	}
	if a.own && unsafe.SliceData(a.raw) != unsafe.SliceData(a.Memory) {
		a.Memory, a.own, moved = make([]T, len(a.Memory)), false, true
	}
	n := len(a.raw)
	if d, ok := v.(*tensor.Dense); ok && !a.own {
		if a.walk(d); a.at != nil {
			n = len(a.at)
		}
	}
	if n != len(a.Memory) {
		return false, fmt.Errorf("%s had %d elements and has %d", a.Name, len(a.Memory), n)
	}
	a.take()
	return moved, nil
}

// stays says whether a value is where it was, in the array's own memory.
func (a *Array[T]) stays(v gorgonia.Value) bool {
	d, ok := v.(*tensor.Dense)
	return ok && a.own && len(a.Memory) > 0 && d.MemSize() == uintptr(len(a.Memory))*unsafe.Sizeof(a.Memory[0]) &&
		d.Uintptr() == uintptr(unsafe.Pointer(&a.Memory[0])) && d.Dtype() == dtype[T]()
}

func dtype[T Float]() tensor.Dtype {
	if _, ok := any(*new(T)).(float32); ok {
		return tensor.Float32
	}
	return tensor.Float64
}

// Settle makes the memory that was fetched last the array's own again, if it can:
// programs are to be made again then, which need no copy.
func (a *Array[T]) Settle() bool {
	if a.own || a.at != nil || len(a.Dims) == 0 {
		return false
	}
	a.Memory, a.own = a.raw, true
	return true
}

func (a *Array[T]) take() {
	switch {
	case a.own:
	case a.at == nil:
		copy(a.Memory, a.raw)
	default:
		for i, k := range a.at {
			a.Memory[i] = a.raw[k]
		}
	}
}

// Store hands back what a program has made of the value that was fetched.
func (a *Array[T]) Store() {
	switch {
	case a.own:
	case a.at == nil:
		copy(a.raw, a.Memory)
	default:
		for i, k := range a.at {
			a.raw[k] = a.Memory[i]
		}
	}
}

// Clear sets the value that was fetched to 0.
func (a *Array[T]) Clear() {
	if a.at == nil {
		clear(a.raw)
		return
	}
	for _, k := range a.at { // what lies between is not its own
		a.raw[k] = 0
	}
}
