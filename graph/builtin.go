package graph

import (
	"encoding/binary"
	"fmt"
	"math"

	"descent/graph/lower"
)

// The few operations that reverse mode itself needs. All others are in package
// ops, which gives these their public names.

// Const returns an array of the given shape filled with x.
func (g *Graph) Const(x float64, dims ...int) *Node {
	s, err := lower.ShapeOf(dims)
	if err != nil {
		return g.bad(err, "constant")
	}
	return g.Apply(constOp{math.Float64bits(x), s})
}

// constOp keeps the bits, so that NaN is equal to itself.
type constOp struct {
	bits uint64
	s    Shape
}

func (c constOp) Name() string { return fmt.Sprint(math.Float64frombits(c.bits)) }
func (c constOp) Describe() Call {
	return CallOf("constant", "value", math.Float64frombits(c.bits), "lengths", c.s.Dims())
}
func (c constOp) Shape([]Shape) (Shape, error)      { return c.s, nil }
func (c constOp) Grad(_, _ *Node) []*Node           { return nil }
func (c constOp) Lower(b *Builder, _ []Value) Value { return b.Full(math.Float64frombits(c.bits), c.s) }

// IsConst reports whether n is a constant array, and its element.
func (n *Node) IsConst() (float64, bool) {
	c, ok := n.op.(constOp)
	return math.Float64frombits(c.bits), ok
}

// Array returns a constant array with the given elements, in row-major order.
func (g *Graph) Array(values []float64, dims ...int) *Node {
	s, err := lower.ShapeOf(dims)
	if err == nil && s.Size() != len(values) {
		err = fmt.Errorf("%d numbers for %v, which has %d elements", len(values), s, s.Size())
	}
	if err != nil {
		return g.bad(err, "array")
	}
	bits := make([]byte, 0, 8*len(values))
	for _, v := range values {
		bits = binary.LittleEndian.AppendUint64(bits, math.Float64bits(v))
	}
	return g.Apply(arrayOp{string(bits), s})
}

// arrayOp keeps its elements as a string because ops are compared with ==.
type arrayOp struct {
	bits string
	s    Shape
}

func (o arrayOp) Name() string                 { return fmt.Sprintf("array %v", o.s) }
func (o arrayOp) Shape([]Shape) (Shape, error) { return o.s, nil }
func (arrayOp) Grad(_, _ *Node) []*Node        { return nil }
func (o arrayOp) Describe() Call {
	values := make([]float64, o.s.Size())
	decode(values, o.bits)
	return CallOf("array", "values", values, "lengths", o.s.Dims())
}
func (o arrayOp) Lower(b *Builder, _ []Value) Value {
	return b.Loop(lower.Loop{Name: "array", Key: o,
		F32: func(dst []float32, _ [][]float32) { decode(dst, o.bits) },
		F64: func(dst []float64, _ [][]float64) { decode(dst, o.bits) }}, o.s)
}

func decode[T float32 | float64](dst []T, bits string) {
	for i := range dst {
		dst[i] = T(math.Float64frombits(binary.LittleEndian.Uint64([]byte(bits[8*i : 8*i+8]))))
	}
}

// Add returns a + b.
func Add(a, b *Node) *Node { return Apply(addOp{}, a, b) }

type addOp struct{}

func (o addOp) Name() string                     { return Title(o.Describe()) }
func (addOp) Describe() Call                     { return CallOf("add") }
func (addOp) Locality() Locality                 { return Elementwise }
func (addOp) Shape(in []Shape) (Shape, error)    { return Broadcast(in[0], in[1]) }
func (addOp) Grad(_, dy *Node) []*Node           { return []*Node{dy, dy} }
func (addOp) Lower(b *Builder, in []Value) Value { return b.Add(in[0], in[1]) }

// Mul returns a · b, elementwise.
func Mul(a, b *Node) *Node { return Apply(mulOp{}, a, b) }

type mulOp struct{}

func (o mulOp) Name() string                     { return Title(o.Describe()) }
func (mulOp) Describe() Call                     { return CallOf("mul") }
func (mulOp) Locality() Locality                 { return Elementwise }
func (mulOp) Shape(in []Shape) (Shape, error)    { return Broadcast(in[0], in[1]) }
func (mulOp) Lower(b *Builder, in []Value) Value { return b.Mul(in[0], in[1]) }
func (mulOp) Grad(y, dy *Node) []*Node {
	return []*Node{Mul(dy, y.in[1]), Mul(dy, y.in[0])}
}

// Where returns x where c is not 0, else y; see ops.Where.
func Where(c, x, y *Node) *Node { return Apply(whereOp{}, c, x, y) }

type whereOp struct{}

func (o whereOp) Name() string                     { return Title(o.Describe()) }
func (whereOp) Describe() Call                     { return CallOf("where") }
func (whereOp) Locality() Locality                 { return Elementwise }
func (whereOp) Lower(b *Builder, in []Value) Value { return b.Where(in[0], in[1], in[2]) }
func (whereOp) Shape(in []Shape) (Shape, error) {
	s, err := Broadcast(in[0], in[1])
	if err != nil {
		return s, err
	}
	return Broadcast(s, in[2])
}
func (whereOp) Grad(y, dy *Node) []*Node {
	dx, dz := Branches(y.in[0], dy)
	return []*Node{nil, dx, dz}
}

// SumTo sums x over the axes that broadcasting stretched from shape s.
func SumTo(x *Node, s Shape) *Node {
	if x.err == nil && x.shape == s {
		return x
	}
	return Apply(sumTo{s}, x)
}

type sumTo struct{ s Shape }

func (o sumTo) Name() string     { return Title(o.Describe()) }
func (o sumTo) Describe() Call   { return CallOf("sum_to", "lengths", o.s.Dims()) }
func (sumTo) Locality() Locality { return Moves }
func (o sumTo) Shape(in []Shape) (Shape, error) {
	if !stretches(o.s, in[0]) {
		return Shape{}, fmt.Errorf("%v does not stretch to %v", o.s, in[0])
	}
	return o.s, nil
}
func (o sumTo) Grad(y, dy *Node) []*Node { return []*Node{BroadcastTo(dy, y.in[0].shape)} }
func (o sumTo) Lower(b *Builder, in []Value) Value {
	from := b.Shape(in[0])
	lead := from.Rank() - o.s.Rank()
	var axes []int
	for i := range from.Rank() {
		if i < lead || o.s.Dim(i-lead) != from.Dim(i) {
			axes = append(axes, i)
		}
	}
	return b.Reshape(b.Sum(in[0], axes...), o.s)
}

// stretches reports whether an array of one shape broadcasts to another.
func stretches(from, to Shape) bool {
	s, err := Broadcast(from, to)
	return err == nil && s == to
}

// BroadcastTo stretches x to shape s.
func BroadcastTo(x *Node, s Shape) *Node {
	if x.err == nil && x.shape == s {
		return x
	}
	return Apply(broadcastTo{s}, x)
}

type broadcastTo struct{ s Shape }

func (o broadcastTo) Name() string     { return Title(o.Describe()) }
func (o broadcastTo) Describe() Call   { return CallOf("broadcast", "lengths", o.s.Dims()) }
func (broadcastTo) Locality() Locality { return Moves }
func (o broadcastTo) Shape(in []Shape) (Shape, error) {
	if !stretches(in[0], o.s) {
		return Shape{}, fmt.Errorf("cannot stretch %v to %v", in[0], o.s)
	}
	return o.s, nil
}
func (broadcastTo) Grad(y, dy *Node) []*Node             { return []*Node{SumTo(dy, y.in[0].shape)} }
func (o broadcastTo) Lower(b *Builder, in []Value) Value { return b.Broadcast(in[0], o.s) }

// Reshape returns the elements of x, in row-major order, under another shape
// of the same size.
func Reshape(x *Node, s Shape) *Node {
	if x.err == nil && x.shape == s {
		return x
	}
	return Apply(reshape{s}, x)
}

type reshape struct{ s Shape }

func (o reshape) Name() string     { return Title(o.Describe()) }
func (o reshape) Describe() Call   { return CallOf("reshape", "lengths", o.s.Dims()) }
func (reshape) Locality() Locality { return Moves }
func (o reshape) Shape(in []Shape) (Shape, error) {
	if in[0].Size() != o.s.Size() {
		return Shape{}, fmt.Errorf("%v has %d elements, %v has %d", in[0], in[0].Size(), o.s, o.s.Size())
	}
	return o.s, nil
}
func (reshape) Grad(y, dy *Node) []*Node             { return []*Node{Reshape(dy, y.in[0].shape)} }
func (o reshape) Lower(b *Builder, in []Value) Value { return b.Reshape(in[0], o.s) }
