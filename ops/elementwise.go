// Package ops says what each operation is: its shape, its value and its
// gradient, together in one block. Operations broadcast as in NumPy and follow
// PyTorch at kinks and singular points, except that [Where] never lets a NaN
// out of the branch that is not taken.
//
// Axes are counted from the end when negative. A mistake (an axis out of range,
// shapes that do not fit) makes a bad node, which graph.Compile reports with
// the line that made it.
package ops

import "descent/graph"

// Most operations act on one element, or on one pair of elements, at a time.
// unary and binary turn a name, a value and a derivative into an op, so that
// each op is three lines, and one more if it has a kink.

type (
	node    = graph.Node
	value   = graph.Value
	builder = graph.Builder
	call    = graph.Call
)

type elem1 interface {
	describe() call
	value(b *builder, x value) value
	grad(x, y, dy *node) *node // nil is zero
}

type elem2 interface {
	describe() call
	value(b *builder, x, y value) value
	grad(x, y, z, dz *node) (dx, dy *node) // z is the result; nil is zero
}

func unary(f elem1, x *node) *node     { return graph.Apply(op1{f}, x) }
func binary(f elem2, x, y *node) *node { return graph.Apply(op2{f}, x, y) }

type op1 struct{ f elem1 }

func (o op1) Name() string                                { return graph.Title(o.f.describe()) }
func (o op1) Describe() call                              { return o.f.describe() }
func (o op1) Kink() graph.Kink                            { return kinkOf(o.f) }
func (o op1) Shape(in []graph.Shape) (graph.Shape, error) { return in[0], nil }
func (o op1) Grad(y, dy *node) []*node                    { return []*node{o.f.grad(y.Arg(0), y, dy)} }
func (o op1) Lower(b *builder, in []value) value          { return o.f.value(b, in[0]) }
func (op1) Locality() graph.Locality                      { return graph.Elementwise }

type op2 struct{ f elem2 }

func (o op2) Name() string                                { return graph.Title(o.f.describe()) }
func (o op2) Describe() call                              { return o.f.describe() }
func (o op2) Kink() graph.Kink                            { return kinkOf(o.f) }
func (o op2) Shape(in []graph.Shape) (graph.Shape, error) { return graph.Broadcast(in[0], in[1]) }
func (o op2) Lower(b *builder, in []value) value          { return o.f.value(b, in[0], in[1]) }
func (op2) Locality() graph.Locality                      { return graph.Elementwise }
func (o op2) Grad(y, dy *node) []*node {
	dx0, dx1 := o.f.grad(y.Arg(0), y.Arg(1), y, dy)
	return []*node{dx0, dx1}
}

// Arithmetic.

// Add returns x + y.
func Add(x, y *node) *node { return graph.Add(x, y) }

// Mul returns x · y, elementwise.
func Mul(x, y *node) *node { return graph.Mul(x, y) }

// Sub returns x - y.
func Sub(x, y *node) *node { return binary(sub{}, x, y) }

type sub struct{}

func (sub) describe() call                        { return graph.CallOf("sub") }
func (sub) value(b *builder, x, y value) value    { return b.Sub(x, y) }
func (sub) grad(_, _, _, dz *node) (dx, dy *node) { return dz, Neg(dz) }

// Div returns z = x / y, with gradients 1/y and -z/y.
func Div(x, y *node) *node { return binary(div{}, x, y) }

type div struct{}

func (div) describe() call                     { return graph.CallOf("div") }
func (div) value(b *builder, x, y value) value { return b.Div(x, y) }
func (div) grad(_, y, z, dz *node) (dx, dy *node) {
	dx = Div(dz, y)
	return dx, Neg(Mul(dx, z))
}

// Neg returns -x.
func Neg(x *node) *node { return unary(neg{}, x) }

type neg struct{}

func (neg) describe() call                  { return graph.CallOf("neg") }
func (neg) value(b *builder, x value) value { return b.Neg(x) }
func (neg) grad(_, _, dy *node) *node       { return Neg(dy) }

// Scale returns c · x.
func Scale(c float64, x *node) *node { return Mul(x, constant(x, c)) }

// Shift returns c + x.
func Shift(c float64, x *node) *node { return Add(x, constant(x, c)) }

// constant returns c as a scalar in x's graph.
func constant(x *node, c float64) *node { return x.Graph().Const(c) }

// Reciprocal returns 1 / x.
func Reciprocal(x *node) *node { return Div(constant(x, 1), x) }

// Square returns x².
func Square(x *node) *node { return Mul(x, x) }

// Cube returns x³.
func Cube(x *node) *node { return Mul(Square(x), x) }

// Sqrt returns y = √x, with gradient 1/2y: infinite at 0.
func Sqrt(x *node) *node { return unary(sqrt{}, x) }

type sqrt struct{}

func (sqrt) describe() call                  { return graph.CallOf("sqrt") }
func (sqrt) value(b *builder, x value) value { return b.Sqrt(x) }
func (sqrt) grad(_, y, dy *node) *node       { return Div(dy, Scale(2, y)) }

// Pow returns z = xʸ, with gradients y·xʸ⁻¹ and z·log x. The first is 0 where
// y = 0, and the second where x = 0 and y ≥ 0.
func Pow(x, y *node) *node { return binary(pow{}, x, y) }

type pow struct{}

func (pow) describe() call                     { return graph.CallOf("pow") }
func (pow) value(b *builder, x, y value) value { return b.Pow(x, y) }
func (pow) grad(x, y, z, dz *node) (dx, dy *node) {
	zero := constant(x, 0)
	dx = Mul(dz, Where(Equal(y, zero), zero, Mul(y, Pow(x, Shift(-1, y)))))
	if _, ok := y.IsConst(); ok {
		return dx, nil
	}
	flat := Mul(Equal(x, zero), LessEqual(zero, y))
	return dx, Mul(dz, Where(flat, zero, Mul(z, Log(x))))
}

// Abs returns |x|, with gradient sign x: 0 at 0.
func Abs(x *node) *node { return unary(abs{}, x) }

type abs struct{}

func (abs) describe() call                  { return graph.CallOf("abs") }
func (abs) kink() graph.Kink                { return atZero(takes0) }
func (abs) value(b *builder, x value) value { return b.Abs(x) }
func (abs) grad(x, _, dy *node) *node       { return Mul(dy, Sign(x)) }

// Steps, whose gradient is 0 everywhere.

// step is the gradient of a function that is constant but for jumps.
type step struct{}

func (step) grad(_, _, _ *node) *node { return nil }

// Sign returns -1, 0 or 1.
func Sign(x *node) *node { return unary(sign{}, x) }

type sign struct{ step }

func (sign) describe() call                  { return graph.CallOf("sign") }
func (sign) kink() graph.Kink                { return atZero(jumps) }
func (sign) value(b *builder, x value) value { return b.Sign(x) }

// Floor returns the largest whole number ≤ x.
func Floor(x *node) *node { return unary(floor{}, x) }

type floor struct{ step }

func (floor) describe() call                  { return graph.CallOf("floor") }
func (floor) kink() graph.Kink                { return atWhole(0) }
func (floor) value(b *builder, x value) value { return b.Floor(x) }

// Ceil returns the smallest whole number ≥ x.
func Ceil(x *node) *node { return unary(ceil{}, x) }

type ceil struct{ step }

func (ceil) describe() call                  { return graph.CallOf("ceil") }
func (ceil) kink() graph.Kink                { return atWhole(0) }
func (ceil) value(b *builder, x value) value { return b.Ceil(x) }

// Round returns the nearest whole number, the even one of two.
func Round(x *node) *node { return unary(round{}, x) }

type round struct{ step }

func (round) describe() call                  { return graph.CallOf("round") }
func (round) kink() graph.Kink                { return atWhole(0.5) }
func (round) value(b *builder, x value) value { return b.Round(x) }

// StopGradient returns x, as a constant to reverse mode.
func StopGradient(x *node) *node { return unary(stopGradient{}, x) }

type stopGradient struct{ step }

func (stopGradient) describe() call                  { return graph.CallOf("stop_gradient") }
func (stopGradient) value(_ *builder, x value) value { return x }
