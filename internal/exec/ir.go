// Package exec runs straight-line programs well. A program is built as a list
// of values ([Func]), improved by a table of passes, given memory in one arena
// and turned into flat steps ([Program]). It does not know what an operation
// means to its author, where a gradient came from, or that gorgonia exists.
package exec

import (
	"slices"

	"descent/internal/kernel"
)

// A Val is a value of a [Func]: its position in the list. Operands come before
// the values that use them.
type Val int32

type kind uint8

const (
	kLeaf      kind = iota // memory that outlives a run: parameter, state, input
	kConst                 // every element is imm
	kMap                   // a vector primitive over broadcast operands
	kShape                 // the same elements, or a run of them, under another shape
	kOperation             // anything else: what op says
)

// value is one line of a program. Which fields matter depends on kind.
type value struct {
	kind kind
	args []Val
	dims []int // shape of the result
	n    int   // number of elements of the result

	code kernel.Code // kMap
	imm  float64     // kConst
	op   operation   // kOperation
	from int         // kShape: where in the operand's elements it starts
	leaf int         // kLeaf: index in Func.leaves
	tag  int         // whose value this is, for messages: an index the builder chose

	again bool // kMap: computed once more, where it is used, see recompute
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
	// Fixed says that the leaf holds the same in all runs, until [Program.Renew]; of a
	// loop's body, that its memory is the same, and holds the same, in all steps.
	Fixed bool
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

	double bool   // elements are float64; known when it is compiled
	dense  bool   // a source of it is made: attentions have nothing between rows, products are not added in place
	fixed  []bool // by value, see markFixed; nil if none is
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
