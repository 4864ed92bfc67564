package gorgoniavm

import (
	"fmt"

	"descent/graph"
	"descent/internal/gvalue"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// A gradient is where that of a variable goes: the value of the node that is the
// gradient in gorgonia's graph, or a gradient of the variable's own.
type gradient[T gvalue.Float] struct {
	n     *gnode
	to    *gnode // nil: n's own
	adds  bool   // to what was there, as with gorgonia.BindDualValues
	val   gorgonia.Value
	at    uintptr // where val is, while it is whole
	array gvalue.Array[T]
	set   *settings
}

// begin finds the memory.
func (g *gradient[T]) begin() (err error) {
	if g.to == nil && isDual(g.n) {
		if g.val, err = g.n.Grad(); err != nil {
			return err
		}
	}
	if g.val == nil {
		if err := g.make(); err != nil {
			return err
		}
	}
	g.at = place(g.val)
	g.array, err = gvalue.New[T](fmt.Sprint("the gradient of ", g.n.Name()), g.val)
	return err
}

func (g *gradient[T]) make() (err error) {
	if g.val, err = newValue(g.n.Dtype(), dims(g.n)); err != nil {
		return err
	}
	if g.adds {
		g.set.ownSolved(g.val)
	} else {
		g.set.own(g.val)
	}
	return nil
}

// supply binds the memory if it is not, and gets what somebody else may have put
// in its place.
func (g *gradient[T]) supply() (moved bool, err error) {
	var v gorgonia.Value
	switch {
	case g.to == nil && isDual(g.n):
		v, err = g.n.Grad()
	case g.to != nil && g.to.Value() == g.val:
		v = g.val
	}
	if v != nil || err != nil {
		return g.fetch(v, err)
	}
	if place(g.val) != g.at { // unbinding nodes takes tensors apart
		if err := g.make(); err != nil {
			return false, err
		}
	}
	if g.to != nil {
		err = gorgonia.UnsafeLet(g.to, g.val)
	} else {
		gorgonia.WithGrad(g.val)(g.n)
	}
	return g.fetch(g.val, err)
}

func (g *gradient[T]) fetch(v gorgonia.Value, err error) (moved bool, _ error) {
	if err != nil {
		return false, err
	}
	g.at = place(g.val)
	return g.array.Fetch(v)
}

// A result is a value that a run leaves in a node.
type result[T gvalue.Float] struct {
	n   *gnode
	x   *node
	val gorgonia.Value
	src []T // elements in the program, of an array
	one [1]T

	scalar int // which of the scalars it is; -1 if none

	own bool    // val stands over src
	at  uintptr // where val is, while it is whole

	set  *settings
	dual bool // it is the gradient in the node's dual value
}

// elements are the result's, valid until the next run.
func (r *result[T]) elements(e *engine[T]) []T {
	if r.scalar >= 0 {
		r.one[0] = T(e.scalars[r.scalar])
		return r.one[:]
	}
	if r.src == nil {
		r.src = graph.Output[T](e.prog, r.x)
	}
	return r.src
}

// bind gives the node its value. It is the same object after every run.
func (r *result[T]) bind(e *engine[T]) (err error) {
	src := r.elements(e)
	now := r.n.Value()
	if r.dual {
		now, _ = r.n.Grad()
	}
	if r.val == nil || now != r.val && place(r.val) != r.at { // unbinding nodes takes tensors apart
		if d := dims(r.n); len(d) > 0 && isElement[T](r.n.Dtype()) && len(src) > 0 {
			r.val, r.own = tensor.New(tensor.WithShape(d...), tensor.WithBacking(src)), true
		} else if r.val, err = valueFor(r.n); err != nil {
			return err
		}
		r.set.own(r.val)
		r.at = place(r.val)
	}
	if !r.own {
		if err := fill(r.val, src); err != nil {
			return err
		}
	}
	switch {
	case now == r.val:
	case r.dual:
		gorgonia.WithGrad(r.val)(r.n)
	default:
		return bind(r.n, r.val)
	}
	return nil
}

func isElement[T gvalue.Float](dt tensor.Dtype) bool {
	if _, ok := any(*new(T)).(float32); ok {
		return dt == tensor.Float32
	}
	return dt == tensor.Float64
}

// A read copies a result to where gorgonia.Read was told to.
type read[T gvalue.Float] struct {
	result[T]
	into *gorgonia.Value
}

func (r *read[T]) read(e *engine[T]) (err error) {
	if *r.into == nil {
		if *r.into, err = valueFor(r.n); err != nil {
			return err
		}
		r.set.own(*r.into)
	}
	return fill(*r.into, r.elements(e))
}

// place is where the elements of a value are, 0 where it was taken apart.
func place(v gorgonia.Value) uintptr {
	if d, ok := v.(*tensor.Dense); ok && d.DataSize() == 0 {
		return 0
	}
	return v.Uintptr()
}
