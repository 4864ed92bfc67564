package formula

import (
	"math"

	"descent/graph"
	"descent/ops"

	"github.com/expr-lang/expr/ast"
)

// subscript is x[i], x[a:b], x[i, a:b], and chains of these.
func (l *lowerer) subscript(n ast.Node) (*graph.Node, error) {
	axis := 0
	var base ast.Node
	switch n := n.(type) {
	case *ast.MemberNode:
		base = n.Node
	case *ast.SliceNode:
		base = n.Node
	}
	x, err := l.lower(base)
	if err != nil {
		return nil, err
	}
	if l.source(n) == ',' {
		axis = l.nextAxis(base)
	}
	if axis >= x.Shape().Rank() {
		return nil, l.fail(n, "a subscript too many for an array of shape %v", x.Shape())
	}
	switch n := n.(type) {
	case *ast.MemberNode:
		return l.element(n, x, axis)
	case *ast.SliceNode:
		return l.slice(n, x, axis)
	}
	return nil, l.fail(n, "this is not part of a formula")
}

// nextAxis is the axis after those of a subscript, of which each index has
// taken one away.
func (l *lowerer) nextAxis(n ast.Node) int {
	axis := 0
	for {
		switch m := n.(type) {
		case *ast.SliceNode:
			axis++
			n = m.Node
			if l.source(m) != ',' {
				return axis
			}
		case *ast.MemberNode:
			n = m.Node
			if _, ok := l.static(m.Property); !ok {
				axis++ // a list keeps the axis
			}
			if l.source(m) != ',' {
				return axis
			}
		default:
			return axis
		}
	}
}

func (l *lowerer) element(n *ast.MemberNode, x *graph.Node, axis int) (*graph.Node, error) {
	size := x.Shape().Dim(axis)
	if i, ok := l.static(n.Property); ok {
		if i != math.Trunc(i) || i < float64(-size) || i >= float64(size) {
			return nil, l.fail(n, "index %v is not in %d..%d: the shape is %v", i, -size, size-1, x.Shape())
		}
		at := (int(i) + size) % size
		return l.made(n, "subscript", ops.Squeeze(ops.Slice(x, axis, at, at+1, 1), axis))
	}
	if list, ok := n.Property.(*ast.ArrayNode); ok {
		values, _, ok := l.constant(list)
		for _, v := range values {
			if ok && (v != math.Trunc(v) || v < 0 || v >= float64(size)) {
				return nil, l.fail(n, "index %v is not in 0..%d: the shape is %v", v, size-1, x.Shape())
			}
		}
	}
	i, err := l.lower(n.Property)
	if err != nil {
		return nil, err
	}
	return l.made(n, "subscript", ops.Take(x, i, axis))
}

// slice is x[from:to] or x[from:to:step]. As in Python, ends beyond the axis are
// the axis's, and a negative step goes from the last element to the first.
func (l *lowerer) slice(n *ast.SliceNode, x *graph.Node, axis int) (*graph.Node, error) {
	size := x.Shape().Dim(axis)
	last, step := n.To, 1
	if b, ok := n.To.(*ast.BinaryNode); ok && b.Operator == "or" && l.source(b) == ':' {
		last = b.Left
		if given(b.Right) {
			s, err := l.whole(b.Right, "step")
			if err != nil {
				return nil, err
			}
			if step = int(s); step == 0 {
				return nil, l.fail(b.Right, "subscript: a step of 0 goes nowhere")
			}
		}
	}
	low, high := 0, size // the first element from which, and the end to which one can go
	if step < 0 {
		low, high = -1, size-1
	}
	bound := func(n ast.Node, otherwise int) (int, error) {
		if !given(n) {
			return otherwise, nil
		}
		v, err := l.whole(n, "bound")
		if v < 0 {
			v += float64(size)
		}
		return int(max(float64(low), min(v, float64(high)))), err
	}
	start, end := low, high
	if step < 0 {
		start, end = high, low
	}
	from, err := bound(n.From, start)
	if err != nil {
		return nil, err
	}
	to, err := bound(last, end)
	if err != nil {
		return nil, err
	}
	switch {
	case from == 0 && to == size && step == 1:
		return x, nil
	case step > 0 && to <= from, step < 0 && to >= from:
		return nil, l.fail(n, "no elements %d to %d of %v", from, to, x.Shape())
	case to < 0:
		to = ops.End
	}
	return l.made(n, "slice", ops.Slice(x, axis, from, to, step))
}

// given says whether a bound of a subscript is there.
func given(n ast.Node) bool {
	id, ok := n.(*ast.IdentifierNode)
	return n != nil && !(ok && id.Value == allOfAxis)
}

// whole is a whole number of a subscript.
func (l *lowerer) whole(n ast.Node, what string) (float64, error) {
	x, ok := l.static(n)
	if !ok {
		return 0, l.fail(n, "subscript: %s must be written as a number", what)
	}
	if x != math.Trunc(x) || math.Abs(x) >= 1<<31 {
		return 0, l.fail(n, "subscript: %s must be a whole number, not %v", what, x)
	}
	return x, nil
}
