// Package ops says what each operation is: its shape, its value and its
// gradient, together in one block. Operations broadcast as in NumPy and follow
// PyTorch at kinks and singular points.
package ops

import (
	"fmt"
	"strings"

	"descent/graph"
)

// Most operations act on one element, or on one pair of elements, at a time.
// unary and binary turn a value and a derivative into an op, so that each op
// is two lines.

type (
	node    = graph.Node
	value   = graph.Value
	builder = graph.Builder
)

type elem1 interface {
	value(b *builder, x value) value
	grad(x, y, dy *node) *node // nil is zero
}

type elem2 interface {
	value(b *builder, x, y value) value
	grad(x, y, z, dz *node) (dx, dy *node) // z is the result; nil is zero
}

func unary(f elem1, x *node) *node     { return graph.Apply(op1{f}, x) }
func binary(f elem2, x, y *node) *node { return graph.Apply(op2{f}, x, y) }

type op1 struct{ f elem1 }

func (o op1) Name() string                                   { return opName(o.f) }
func (o op1) Shape(in []graph.Shape) (graph.Shape, error)    { return in[0], nil }
func (o op1) Grad(y, dy *node) []*node                       { return []*node{o.f.grad(y.Arg(0), y, dy)} }
func (o op1) Lower(b *graph.Builder, in []graph.Value) value { return o.f.value(b, in[0]) }

type op2 struct{ f elem2 }

func (o op2) Name() string                                   { return opName(o.f) }
func (o op2) Shape(in []graph.Shape) (graph.Shape, error)    { return graph.Broadcast(in[0], in[1]) }
func (o op2) Lower(b *graph.Builder, in []graph.Value) value { return o.f.value(b, in[0], in[1]) }
func (o op2) Grad(y, dy *node) []*node {
	dx0, dx1 := o.f.grad(y.Arg(0), y.Arg(1), y, dy)
	return []*node{dx0, dx1}
}

// opName derives "tanh" from tanh{} and "clamp{0 6}" from clamp{0, 6}.
func opName(f any) string {
	s := strings.TrimPrefix(fmt.Sprintf("%T", f), "ops.")
	if v := fmt.Sprint(f); v != "{}" {
		s += v
	}
	return s
}

// Arithmetic.

// Add returns x + y.
func Add(x, y *node) *node { return graph.Add(x, y) }

// Mul returns x · y, elementwise.
func Mul(x, y *node) *node { return graph.Mul(x, y) }

// Sub returns x - y.
func Sub(x, y *node) *node { return binary(sub{}, x, y) }

type sub struct{}

func (sub) value(b *builder, x, y value) value    { return b.Sub(x, y) }
func (sub) grad(_, _, _, dz *node) (dx, dy *node) { return dz, Neg(dz) }

// Div returns x / y.
func Div(x, y *node) *node { return binary(div{}, x, y) }

type div struct{}

func (div) value(b *builder, x, y value) value { return b.Div(x, y) }
func (div) grad(_, y, z, dz *node) (dx, dy *node) {
	dx = Div(dz, y)
	return dx, Neg(Mul(dx, z))
}

// Neg returns -x.
func Neg(x *node) *node { return unary(neg{}, x) }

type neg struct{}

func (neg) value(b *builder, x value) value { return b.Neg(x) }
func (neg) grad(_, _, dy *node) *node       { return Neg(dy) }

// Scale returns c · x.
func Scale(c float64, x *node) *node { return Mul(x, x.Graph().Const(c)) }

// Shift returns c + x.
func Shift(c float64, x *node) *node { return Add(x, x.Graph().Const(c)) }

// Square returns x².
func Square(x *node) *node { return Mul(x, x) }

// Sqrt returns √x; its derivative at 0 is infinite.
func Sqrt(x *node) *node { return unary(sqrt{}, x) }

type sqrt struct{}

func (sqrt) value(b *builder, x value) value { return b.Sqrt(x) }
func (sqrt) grad(_, y, dy *node) *node       { return Div(dy, Scale(2, y)) }

// Abs returns |x|; its derivative at 0 is 0.
func Abs(x *node) *node { return unary(abs{}, x) }

type abs struct{}

func (abs) value(b *builder, x value) value { return b.Abs(x) }
func (abs) grad(x, _, dy *node) *node       { return Mul(dy, Sign(x)) }

// Sign returns -1, 0 or 1; its derivative is 0 everywhere.
func Sign(x *node) *node { return unary(sign{}, x) }

type sign struct{}

func (sign) value(b *builder, x value) value { return b.Sign(x) }
func (sign) grad(_, _, _ *node) *node        { return nil }

// Exp returns eˣ.
func Exp(x *node) *node { return unary(exp{}, x) }

type exp struct{}

func (exp) value(b *builder, x value) value { return b.Exp(x) }
func (exp) grad(_, y, dy *node) *node       { return Mul(dy, y) }

// Log returns the natural logarithm of x.
func Log(x *node) *node { return unary(log{}, x) }

type log struct{}

func (log) value(b *builder, x value) value { return b.Log(x) }
func (log) grad(x, _, dy *node) *node       { return Div(dy, x) }

// Tanh returns the hyperbolic tangent of x.
func Tanh(x *node) *node { return unary(tanh{}, x) }

type tanh struct{}

func (tanh) value(b *builder, x value) value { return b.Tanh(x) }
func (tanh) grad(_, y, dy *node) *node       { return Mul(dy, Sub(y.Graph().Const(1), Square(y))) }

// Sigmoid returns 1/(1+e⁻ˣ).
func Sigmoid(x *node) *node { return unary(sigmoid{}, x) }

type sigmoid struct{}

func (sigmoid) value(b *builder, x value) value { return b.Sigmoid(x) }
func (sigmoid) grad(_, y, dy *node) *node {
	return Mul(dy, Mul(y, Sub(y.Graph().Const(1), y)))
}

// ReLU returns max(x, 0); its derivative at 0 is 0.
func ReLU(x *node) *node { return unary(relu{}, x) }

type relu struct{}

func (relu) value(b *builder, x value) value { return b.Max(x, b.Const(0)) }
func (relu) grad(_, y, dy *node) *node {
	zero := y.Graph().Const(0)
	return Where(Less(zero, y), dy, zero)
}

// Comparisons, which are 1 where they hold and 0 elsewhere; their derivatives
// are 0.

// Less returns 1 where x < y, else 0.
func Less(x, y *node) *node { return binary(less{}, x, y) }

type less struct{}

func (less) value(b *builder, x, y value) value   { return b.Lt(x, y) }
func (less) grad(_, _, _, _ *node) (dx, dy *node) { return nil, nil }

// Equal returns 1 where x = y, else 0.
func Equal(x, y *node) *node { return binary(equal{}, x, y) }

type equal struct{}

func (equal) value(b *builder, x, y value) value   { return b.Eq(x, y) }
func (equal) grad(_, _, _, _ *node) (dx, dy *node) { return nil, nil }

// Max returns the larger of x and y, elementwise; at a tie each gets half of
// the gradient.
func Max(x, y *node) *node { return binary(maximum{}, x, y) }

type maximum struct{}

func (maximum) value(b *builder, x, y value) value { return b.Max(x, y) }
func (maximum) grad(x, y, _, dz *node) (dx, dy *node) {
	wx := Scale(0.5, Add(Less(y, x), Sub(x.Graph().Const(1), Less(x, y)))) // 1, ½ or 0
	return Mul(dz, wx), Mul(dz, Sub(x.Graph().Const(1), wx))
}

// Where returns x where c is not 0, else y. The branch that is not taken gets
// a gradient of exactly 0, whatever its derivative is there.
func Where(c, x, y *node) *node { return graph.Apply(where{}, c, x, y) }

type where struct{}

func (where) Name() string { return "where" }
func (where) Shape(in []graph.Shape) (graph.Shape, error) {
	s, err := graph.Broadcast(in[0], in[1])
	if err != nil {
		return s, err
	}
	return graph.Broadcast(s, in[2])
}
func (where) Lower(b *builder, in []value) value { return b.Where(in[0], in[1], in[2]) }
func (where) Grad(y, dy *node) []*node {
	zero := y.Graph().Const(0)
	return []*node{nil, Where(y.Arg(0), dy, zero), Where(y.Arg(0), zero, dy)}
}

// Quotient returns a and b if x is a/b.
func Quotient(x *node) (a, b *node, ok bool) {
	if o, is := x.Op().(op2); is {
		if _, is := o.f.(div); is {
			return x.Arg(0), x.Arg(1), true
		}
	}
	return nil, nil, false
}
