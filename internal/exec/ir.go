// Package exec runs straight-line programs well. A program is built as a list
// of values ([Func]), improved by a table of passes, given memory in one arena
// and turned into flat steps ([Program]). It does not know what an operation
// means to its author, where a gradient came from, or that gorgonia exists.
package exec

import (
	"fmt"
	"slices"

	"descent/internal/kernel"
)

// A Val is a value of a [Func]: its position in the list. Operands come before
// the values that use them.
type Val int32

type kind uint8

const (
	kLeaf   kind = iota // memory that outlives a run: parameter, state, input
	kConst              // every element is imm
	kMap                // a vector primitive over broadcast operands
	kReduce             // a fold over the middle of outer×n×inner
	kDot                // a batched matrix product
	kGather             // a strided read: transpose, slice, broadcast
	kPlace              // strided writes over zeros: concat, pad
	kShape              // the same elements, or a run of them, under another shape
	kCall               // a loop that somebody else wrote
	kBox                // a scalar as an array of one element
	kUnbox              // the one element of an array as a scalar
)

var kindNames = [...]string{"leaf", "const", "map", "reduce", "dot", "gather", "place", "reshape", "call", "box", "unbox"}

// A Call is an opaque loop: it must fill its results dst, whatever they held,
// from its operands src, and nothing else. Operands and results of rank 0 are
// slices of one element.
type Call struct {
	Name string
	F32  func(dst, src [][]float32)
	F64  func(dst, src [][]float64)
	// Key makes two calls the same computation when their keys are equal and
	// not nil. It must be comparable.
	Key any
}

// value is one line of a program. Which fields matter depends on kind.
type value struct {
	kind kind
	args []Val
	dims []int // shape of the result
	n    int   // number of elements of the result

	code  kernel.Code // kMap
	fold  kernel.Fold // kReduce
	outer int         // kReduce
	mid   int         // kReduce
	inner int         // kReduce
	imm   float64     // kConst
	dot   *dot        // kDot; shared, so not changed in place
	views []kernel.View
	call  *Call
	outs  [][]int // kCall with several results: their shapes
	from  int     // kShape, kUnbox: where in the operand's elements it starts
	leaf  int     // kLeaf: index in Func.leaves
	tag   int     // whose value this is, for messages: an index the builder chose
}

// dot is C = op(A)·op(B) for each of batch pairs of matrices. A third operand
// is a row that is added to every row of C; then relu takes max(C, 0). If it is
// scaled, the third operand is a number and the fourth an array: C is the array
// plus the number times the product.
type dot struct {
	m, n, k    int
	ta, tb     bool
	relu       bool
	scaled     bool
	offA, offB []int // where each pair starts; both nil when there is one
}

// scalar reports whether v has rank 0. Such values are float64 in every
// program: hyperparameters and losses lose nothing in a float32 run.
func (v *value) scalar() bool { return len(v.dims) == 0 }

// Leaf describes memory that outlives a run.
type Leaf struct {
	Name  string
	Dims  []int
	Input bool // fed before each run; otherwise it belongs to the caller
	// Wide is the caller's memory of a leaf of rank 0 that is float64 whatever
	// the program's element type, such as a counter of steps; else nil.
	Wide *float64
	// Padded says that the memory goes on, unused, to a multiple of [Pad]
	// elements, as a [Slab]'s does. What is behind other leaves is not touched.
	Padded bool
}

// An Update makes a leaf take a new value at the end of each run. All updates
// see the leaves as they were at its start.
type Update struct{ Leaf, Value Val }

// A Func is a program under construction.
type Func struct {
	vals    []value
	leaves  []Leaf
	outputs []Val
	updates []Update
	tag     int
	operand []Val // memory for operands, see own

	canScale func(m, n, k int, ta, tb bool) bool // [kernel.CanScale] for the element type
}

// Reserve makes room for about n values.
func (f *Func) Reserve(n int) { f.vals = slices.Grow(f.vals, n) }

// own copies operands to memory that belongs to one value alone: passes change
// operands in place.
func (f *Func) own(args []Val) []Val {
	if len(args) == 0 {
		return nil
	}
	if cap(f.operand)-len(f.operand) < len(args) {
		f.operand = make([]Val, 0, max(256, len(args)))
	}
	at := len(f.operand)
	f.operand = append(f.operand, args...)
	return f.operand[at:len(f.operand):len(f.operand)]
}

// Tag marks the values made from now on, for messages and for [Program.Check].
func (f *Func) Tag(t int) { f.tag = t }

// Dims returns the shape of a value. It must not be changed.
func (f *Func) Dims(v Val) []int { return f.vals[v].dims }

// Output asks for v to be readable after each run.
func (f *Func) Output(v Val) { f.outputs = append(f.outputs, v) }

// Update asks for a leaf to be replaced at the end of each run.
func (f *Func) Update(leaf, v Val) { f.updates = append(f.updates, Update{leaf, v}) }

// add appends a value. Its operands are own.
func (f *Func) add(v value) Val {
	v.n = size(v.dims)
	v.tag = f.tag
	f.vals = append(f.vals, v)
	return Val(len(f.vals) - 1)
}

func size(dims []int) int {
	n := 1
	for _, d := range dims {
		n *= d
	}
	return n
}

// Leaf adds memory that outlives a run.
func (f *Func) Leaf(l Leaf) Val {
	f.leaves = append(f.leaves, l)
	return f.add(value{kind: kLeaf, dims: l.Dims, leaf: len(f.leaves) - 1})
}

// Const adds an array whose every element is x.
func (f *Func) Const(x float64, dims []int) Val {
	return f.add(value{kind: kConst, imm: x, dims: dims})
}

// Map applies a primitive elementwise; operands broadcast as in NumPy.
func (f *Func) Map(c kernel.Code, args ...Val) Val {
	if len(args) != c.Arity() {
		panic(fmt.Sprintf("exec: %v takes %d operands, got %d", c, c.Arity(), len(args)))
	}
	var dims []int
	for _, a := range args {
		dims = broadcast(dims, f.vals[a].dims)
	}
	return f.add(value{kind: kMap, code: c, args: f.own(args), dims: dims})
}

// broadcast returns NumPy's common shape of two that are known to have one.
func broadcast(a, b []int) []int {
	if len(a) < len(b) {
		a, b = b, a
	}
	k := len(a) - len(b)
	for i, d := range b {
		if d != a[k+i] && d != 1 {
			out := slices.Clone(a)
			for i, d := range b {
				if out[k+i] == 1 {
					out[k+i] = d
				} else if d != 1 && d != out[k+i] {
					panic(fmt.Sprintf("exec: shapes %v and %v do not broadcast", a, b))
				}
			}
			return out
		}
	}
	return a
}

// Reduce folds x over some axes, which are kept with length 1.
func (f *Func) Reduce(fold kernel.Fold, x Val, axes []int) Val {
	axes = slices.Clone(axes)
	slices.Sort(axes)
	for len(axes) > 0 {
		// Fold one run of neighbouring axes at a time, the last run first.
		hi := len(axes) - 1
		lo := hi
		for lo > 0 && axes[lo-1] == axes[lo]-1 {
			lo--
		}
		src := f.vals[x].dims
		dims := slices.Clone(src)
		a, b := axes[lo], axes[hi]+1
		for i := a; i < b; i++ {
			dims[i] = 1
		}
		x = f.add(value{kind: kReduce, fold: fold, args: f.own([]Val{x}), dims: dims,
			outer: size(src[:a]), mid: size(src[a:b]), inner: size(src[b:])})
		axes = axes[:lo]
	}
	return x
}

// Reshape returns the elements of x under another shape of the same size.
func (f *Func) Reshape(x Val, dims []int) Val {
	if slices.Equal(f.vals[x].dims, dims) {
		return x
	}
	return f.add(value{kind: kShape, args: f.own([]Val{x}), dims: dims})
}

// Gather reads x through a strided view.
func (f *Func) Gather(x Val, v kernel.View) Val {
	return f.add(value{kind: kGather, args: f.own([]Val{x}), dims: slices.Clone(v.Dims[:v.Rank]), views: []kernel.View{v}})
}

// Place returns zeros of the given shape with each of xs written through its
// view, in order.
func (f *Func) Place(dims []int, xs []Val, views []kernel.View) Val {
	return f.add(value{kind: kPlace, args: f.own(xs), dims: dims, views: views})
}

// Dot multiplies the last two axes of a and b as matrices; the axes before
// them broadcast. With ta or tb the stored matrix is the transpose.
func (f *Func) Dot(a, b Val, ta, tb bool) Val {
	da, db := f.vals[a].dims, f.vals[b].dims
	ra, rb := len(da)-2, len(db)-2
	d := &dot{m: da[ra], k: da[ra+1], n: db[rb+1], ta: ta, tb: tb}
	if ta {
		d.m, d.k = d.k, d.m
	}
	if tb {
		d.n = db[rb]
	}
	lead := broadcast(da[:ra], db[:rb])
	if size(lead) != 1 {
		d.offA = offsets(lead, da[:ra], d.m*d.k)
		d.offB = offsets(lead, db[:rb], d.n*d.k)
	}
	dims := append(slices.Clone(lead), d.m, d.n)
	return f.add(value{kind: kDot, args: f.own([]Val{a, b}), dims: dims, dot: d})
}

// offsets lists where each matrix of a broadcast batch starts.
func offsets(lead, dims []int, each int) []int {
	v := BroadcastView(dims, lead)
	out := make([]int, 0, v.Len())
	idx := make([]int, len(lead))
	for range v.Len() {
		at := 0
		for i, k := range idx {
			at += k * v.Stride[i]
		}
		out = append(out, at*each)
		for i := len(idx) - 1; i >= 0; i-- {
			if idx[i]++; idx[i] < lead[i] {
				break
			}
			idx[i] = 0
		}
	}
	return out
}

// BroadcastView is the walk that stretches an array of shape dims to shape to.
func BroadcastView(dims, to []int) kernel.View {
	v := kernel.View{Rank: len(to)}
	copy(v.Dims[:], to)
	stride, k := 1, len(to)-len(dims)
	for i := len(dims) - 1; i >= 0; i-- {
		if dims[i] != 1 {
			v.Stride[k+i] = stride
		}
		stride *= dims[i]
	}
	return v
}

// Call runs an opaque loop whose results have the given shapes.
func (f *Func) Call(c *Call, outs [][]int, args ...Val) []Val {
	if len(outs) == 1 {
		return []Val{f.add(value{kind: kCall, call: c, args: f.own(args), dims: outs[0]})}
	}
	// Several results are parts of one array.
	total, starts := 0, make([]int, len(outs))
	for i, d := range outs {
		starts[i] = total
		total += alignUp(size(d))
	}
	all := f.add(value{kind: kCall, call: c, args: f.own(args), dims: []int{total}})
	vals := make([]Val, len(outs))
	for i, d := range outs {
		vals[i] = f.add(value{kind: kShape, args: f.own([]Val{all}), dims: d, from: starts[i]})
	}
	f.vals[all].outs = outs
	return vals
}
