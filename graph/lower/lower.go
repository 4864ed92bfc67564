// Package lower is the language in which an op says what it computes: primitives on
// arrays of static shapes, which the compiler fuses, orders and runs.
package lower

import (
	"descent/internal/exec"
	"descent/internal/kernel"
)

// A Value is a step of an op's program, see [Builder].
type Value exec.Val

// A Builder writes an op as a straight-line program of primitives, all with
// static shapes. Elementwise primitives broadcast as in NumPy; neighbouring
// ones are fused, whichever ops they came from. The builder's caller has
// checked shapes; a Builder panics on a mistake of the op.
type Builder struct{ f *exec.Func }

// New returns a builder that writes to f.
func New(f *exec.Func) *Builder { return &Builder{f} }

// Func returns what the builder writes to.
func (b *Builder) Func() *exec.Func { return b.f }

// Shape returns the shape of a value.
func (b *Builder) Shape(x Value) Shape { return Dims(b.f.Dims(exec.Val(x))...) }

// Const returns a scalar; it broadcasts to any shape.
func (b *Builder) Const(x float64) Value { return Value(b.f.Const(x, nil)) }

// Full returns an array whose every element is x.
func (b *Builder) Full(x float64, s Shape) Value { return Value(b.f.Const(x, s.Dims())) }

func (b *Builder) map1(c kernel.Code, x Value) Value { return Value(b.f.Map(c, exec.Val(x))) }
func (b *Builder) map2(c kernel.Code, x, y Value) Value {
	return Value(b.f.Map(c, exec.Val(x), exec.Val(y)))
}

// Elementwise primitives of one operand.
func (b *Builder) Neg(x Value) Value     { return b.map1(kernel.Neg, x) }
func (b *Builder) Abs(x Value) Value     { return b.map1(kernel.Abs, x) }
func (b *Builder) Sign(x Value) Value    { return b.map1(kernel.Sign, x) }
func (b *Builder) Sqrt(x Value) Value    { return b.map1(kernel.Sqrt, x) }
func (b *Builder) Floor(x Value) Value   { return b.map1(kernel.Floor, x) }
func (b *Builder) Ceil(x Value) Value    { return b.map1(kernel.Ceil, x) }
func (b *Builder) Round(x Value) Value   { return b.map1(kernel.Round, x) }
func (b *Builder) Exp(x Value) Value     { return b.map1(kernel.Exp, x) }
func (b *Builder) Expm1(x Value) Value   { return b.map1(kernel.Expm1, x) }
func (b *Builder) Log(x Value) Value     { return b.map1(kernel.Log, x) }
func (b *Builder) Log1p(x Value) Value   { return b.map1(kernel.Log1p, x) }
func (b *Builder) Sin(x Value) Value     { return b.map1(kernel.Sin, x) }
func (b *Builder) Cos(x Value) Value     { return b.map1(kernel.Cos, x) }
func (b *Builder) Tan(x Value) Value     { return b.map1(kernel.Tan, x) }
func (b *Builder) Asin(x Value) Value    { return b.map1(kernel.Asin, x) }
func (b *Builder) Acos(x Value) Value    { return b.map1(kernel.Acos, x) }
func (b *Builder) Atan(x Value) Value    { return b.map1(kernel.Atan, x) }
func (b *Builder) Sinh(x Value) Value    { return b.map1(kernel.Sinh, x) }
func (b *Builder) Cosh(x Value) Value    { return b.map1(kernel.Cosh, x) }
func (b *Builder) Tanh(x Value) Value    { return b.map1(kernel.Tanh, x) }
func (b *Builder) Erf(x Value) Value     { return b.map1(kernel.Erf, x) }
func (b *Builder) Sigmoid(x Value) Value { return b.map1(kernel.Sigmoid, x) }
func (b *Builder) Lgamma(x Value) Value  { return b.map1(kernel.Lgamma, x) } // log |Γ(x)|
func (b *Builder) Gamma(x Value) Value   { return b.map1(kernel.Gamma, x) }
func (b *Builder) Erfc(x Value) Value    { return b.map1(kernel.Erfc, x) }
func (b *Builder) Erfinv(x Value) Value  { return b.map1(kernel.Erfinv, x) }
func (b *Builder) NormCDF(x Value) Value { return b.map1(kernel.NormCDF, x) }

// Elementwise primitives of two operands. Min and Max are NaN if either
// operand is; comparisons are 1 or 0.
func (b *Builder) Add(x, y Value) Value   { return b.map2(kernel.Add, x, y) }
func (b *Builder) Sub(x, y Value) Value   { return b.map2(kernel.Sub, x, y) }
func (b *Builder) Mul(x, y Value) Value   { return b.map2(kernel.Mul, x, y) }
func (b *Builder) Div(x, y Value) Value   { return b.map2(kernel.Div, x, y) }
func (b *Builder) Min(x, y Value) Value   { return b.map2(kernel.Min, x, y) }
func (b *Builder) Max(x, y Value) Value   { return b.map2(kernel.Max, x, y) }
func (b *Builder) Pow(x, y Value) Value   { return b.map2(kernel.Pow, x, y) }
func (b *Builder) Atan2(x, y Value) Value { return b.map2(kernel.Atan2, x, y) }
func (b *Builder) Lt(x, y Value) Value    { return b.map2(kernel.Lt, x, y) }
func (b *Builder) Le(x, y Value) Value    { return b.map2(kernel.Le, x, y) }
func (b *Builder) Eq(x, y Value) Value    { return b.map2(kernel.Eq, x, y) }
func (b *Builder) Ne(x, y Value) Value    { return b.map2(kernel.Ne, x, y) }
func (b *Builder) Fmod(x, y Value) Value  { return b.map2(kernel.Fmod, x, y) }
func (b *Builder) Betaln(x, y Value) Value {
	return b.map2(kernel.Betaln, x, y)
}

// Polygamma and Sinc are derivatives, of the order that is the first operand, of
// digamma and of sin(πx)/(πx).
func (b *Builder) Polygamma(order, x Value) Value { return b.map2(kernel.Polygamma, order, x) }
func (b *Builder) Sinc(order, x Value) Value      { return b.map2(kernel.Sinc, order, x) }

// Where is y where c is not 0, else z. The operand not taken is not looked at.
func (b *Builder) Where(c, y, z Value) Value {
	return Value(b.f.Map(kernel.Where, exec.Val(c), exec.Val(y), exec.Val(z)))
}

func (b *Builder) reduce(how kernel.Reduction, x Value, axes []int) Value {
	return Value(b.f.Reduce(how, exec.Val(x), axes))
}

// Reductions over some axes, which are kept with length 1. An index is that of
// the first best element and needs a single axis.
func (b *Builder) Sum(x Value, axes ...int) Value  { return b.reduce(kernel.ReduceSum, x, axes) }
func (b *Builder) Prod(x Value, axes ...int) Value { return b.reduce(kernel.ReduceProd, x, axes) }
func (b *Builder) MaxOf(x Value, axes ...int) Value {
	return b.reduce(kernel.ReduceMax, x, axes)
}
func (b *Builder) MinOf(x Value, axes ...int) Value {
	return b.reduce(kernel.ReduceMin, x, axes)
}
func (b *Builder) ArgMax(x Value, axis int) Value {
	return b.reduce(kernel.ReduceArgMax, x, []int{axis})
}
func (b *Builder) ArgMin(x Value, axis int) Value {
	return b.reduce(kernel.ReduceArgMin, x, []int{axis})
}

// Reshape returns the elements of x under another shape of the same size.
func (b *Builder) Reshape(x Value, s Shape) Value {
	return Value(b.f.Reshape(exec.Val(x), s.Dims()))
}

// Broadcast stretches x to shape s.
func (b *Builder) Broadcast(x Value, s Shape) Value {
	return Value(b.f.Gather(exec.Val(x), exec.BroadcastView(b.Shape(x).Dims(), s.Dims())))
}

// Strided reads x at offset + Σ i·stride for each index i of shape s.
func (b *Builder) Strided(x Value, s Shape, stride []int, offset int) Value {
	return Value(b.f.Gather(exec.Val(x), strided(s, stride, offset)))
}

// Place returns zeros of shape s in which the k-th of xs has been written at
// offsets[k] + Σ i·strides[k] for each of its indices i: no two at one place.
func (b *Builder) Place(s Shape, xs []Value, strides [][]int, offsets []int) Value {
	vals := make([]exec.Val, len(xs))
	views := make([]kernel.View, len(xs))
	for k, x := range xs {
		vals[k] = exec.Val(x)
		views[k] = strided(b.Shape(x), strides[k], offsets[k])
	}
	return Value(b.f.Place(s.Dims(), vals, views))
}

func strided(s Shape, stride []int, offset int) kernel.View {
	v := kernel.View{Rank: s.Rank(), Offset: offset}
	copy(v.Dims[:], s.Dims())
	copy(v.Stride[:], stride)
	return v
}

// MatMul multiplies the last two axes of x and y as matrices; the axes before
// them broadcast. With tx or ty the operand is transposed first.
func (b *Builder) MatMul(x, y Value, tx, ty bool) Value {
	return Value(b.f.Dot(exec.Val(x), exec.Val(y), tx, ty))
}

// A Loop is an op's own loop, for what primitives do not express. It must set
// every element of dst, whatever it held, and change nothing else; a scalar is
// a slice of one element. See [Kernel] for loops with several results, and for
// those that a team of workers shares.
type Loop struct {
	Name string
	F32  func(dst []float32, src [][]float32)
	F64  func(dst []float64, src [][]float64)
	// Key, if not nil, is comparable, and loops with equal keys on equal
	// operands compute the same: it is of a type of the op's own.
	Key any
}

// Loop runs l to make an array of shape s.
func (b *Builder) Loop(l Loop, s Shape, in ...Value) Value {
	k := Kernel{Name: l.Name, Key: l.Key}
	if l.F32 != nil {
		k.F32 = func(dst, src [][]float32, _, _ int) { l.F32(dst[0], src) }
	}
	if l.F64 != nil {
		k.F64 = func(dst, src [][]float64, _, _ int) { l.F64(dst[0], src) }
	}
	return b.Kernel(k, []Shape{s}, in...)[0]
}

// A Kernel is a [Loop] with one or more results that may be divided. What it
// computes is Rows rows, each independent of the others: whatever the op likes,
// such as the rows of a matrix or the images of a batch. A call sets those
// elements of each dst that belong to the rows lo to hi-1, whatever they held,
// and changes nothing else; dst and src are whole arrays. The workers of a
// team call it at the same time, with different rows, so it keeps nothing
// between calls. Results are the same bits for any number of workers if a row's
// do not depend on what else is in the call. The caller of a program without a
// team asks for all rows at once.
type Kernel struct {
	Name string
	F32  func(dst, src [][]float32, lo, hi int)
	F64  func(dst, src [][]float64, lo, hi int)
	// Rows is how many rows there are. A kernel with 0 is not divided: it does
	// all, and lo and hi mean nothing.
	Rows int
	// Work is about how long one row takes, in nanoseconds: how many make a chunk
	// for a worker is decided by it. 0 stands for one nanosecond for each element
	// of the results.
	Work int
	// Over says that the one result begins as a copy of the first operand, of which
	// the rows replace parts, and that the loop does not look at that operand: as
	// the new value of a variable the result has its memory, and nothing is copied.
	Over bool
	// Key is that of a [Loop].
	Key any
	// Source writes a call of a function that does the same, of all rows, for models
	// that are exported as source; nil if there is none.
	Source func(dst, src []string) string
}

// A Failure is what the function of a loop or kernel panics with if it asks somebody
// else, such as another program, who does not answer. The run ends with it as an error.
// It must be a kernel that is not divided.
type Failure struct{ Err error }

func (f *Failure) Error() string { return f.Err.Error() }
func (f *Failure) Unwrap() error { return f.Err }

// Kernel runs k to make arrays of the given shapes. Ops that want different
// results of the same kernel on the same operands share one run of it, if its
// Key is set.
func (b *Builder) Kernel(k Kernel, shapes []Shape, in ...Value) []Value {
	outs := make([][]int, len(shapes))
	for i, s := range shapes {
		outs[i] = s.Dims()
	}
	made := b.f.Call((*exec.Call)(&k), outs, vals(in)...)
	vals := make([]Value, len(made))
	for i, v := range made {
		vals[i] = Value(v)
	}
	return vals
}

func vals(in []Value) []exec.Val {
	out := make([]exec.Val, len(in))
	for i, x := range in {
		out[i] = exec.Val(x)
	}
	return out
}
